"""Checking what was read: who is given what, what their word does, and what is kept of it (RULES A2.2)."""

import json
import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text

from intake.confidence import lowest_of
from intake.model import Word
from service.access import people
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import destroy, filing, ledger, reviews
from service.flow.common import values
from service.flow.common.hints import apply_hint
from service.flow.common.index import load_pages
from service.flow.common.values import Entry, Place
from service.flow.intake import checking, desk, documents, extraction
from service.flow.intake.checking import Given
from service.flow.intake.desk import Want
from service.flow.intake.letters import take_letter
from service.house import SYSTEM
from service.records.tables import (
    AuditEntry,
    Batch,
    BatchPart,
    Desk,
    Document,
    DocumentField,
    ExtractionCount,
    FieldCorrection,
    LastSave,
    Rendition,
)
from tests.intake.test_mail import letter
from tests.service.conftest import DIGITAL, OWNER, Office
from tests.service.test_flow import archive, decide_all, fill, new_contract, propose
from vault.errors import StoreUnavailable

PARTY_B = "云桥智联信息技术有限公司"
OTHER = "云桥智联信息科技有限公司"


def field(office: Office, document_id: str, name: str) -> Any:
    found = documents.get_document(office.house, OWNER, document_id)
    return next(f for f in found.fields if f.name == name)


def shown(office: Office, document_id: str) -> dict[str, str]:
    return {f.name: f.value for f in documents.get_document(office.house, OWNER, document_id).fields}


def say(office: Office, login: str, document_id: str, **more: Any) -> None:
    checking.save(office.house, office[login], document_id, Given(**more))


def actions(office: Office, document_id: str) -> list[str]:
    with office.house.database.read() as session:
        query = (
            select(AuditEntry.action).where(AuditEntry.subject == f"document:{document_id}").order_by(AuditEntry.seq)
        )
        return list(session.scalars(query))


def waiting_for(office: Office, login: str, reason: str = "look", **more: str) -> list[str]:
    rows = desk.list_waiting(office.house, office[login], Want(reason, **more), limit=50)[1]
    return [document.id for document, _holder in rows]


def several(office: Office, how_many: int, status: str = "needs_review") -> list[str]:
    """One document that was read, and copies of its row that wait."""
    first = office.take_in()
    ids = [f"{n:08}-0000-4000-8000-000000000000" for n in range(1, how_many)]
    with office.house.database.write() as session:
        document = session.get_one(Document, first)
        document.status, document.review_reasons = status, ["low_confidence:amount"]
        columns = {c.name: getattr(document, c.name) for c in Document.__table__.columns}
        for n, new in enumerate(ids, 1):
            received = document.received_at + timedelta(seconds=n)
            session.add(Document(**{**columns, "id": new, "sha256": f"{n:064}", "received_at": received}))
    return [first, *ids]


def brought(office: Office) -> list[str]:
    """Three documents that wait, in this order: a person's, one that lay in the server's folder, one that came with a letter."""
    by_person, in_folder = several(office, 2)
    message = letter(From="王芳 <wang.fang@partner.example>", Subject="三月的合同")
    message.add_attachment(DIGITAL.read_bytes() + b"%", maintype="application", subtype="pdf", filename="报价单.pdf")
    welcome = replace(office.house.settings, mailbox_senders=("@partner.example",))
    with TemporaryDirectory() as spool:
        house = replace(office.house, settings=welcome)
        (with_letter,) = take_letter(house, message.as_bytes(), Path(spool), office.department_id).documents
    with office.house.database.write() as session:
        document = session.get_one(Document, by_person)
        document.received_by, document.channel = "person:handler", "web"
        document = session.get_one(Document, in_folder)
        document.received_by, document.channel = SYSTEM.name, "folder"
        document = session.get_one(Document, with_letter)
        document.status, document.review_reasons = "needs_review", ["unknown_kind"]
        document.received_at += timedelta(days=1)
    return [by_person, in_folder, with_letter]


def test_two_who_did_not_enter_it_make_a_value_verified_and_the_document_says_so(office: Office) -> None:
    document_id = office.take_in()
    assert values.state_of(field(office, document_id, "party_b")) == "unconfirmed"
    assert waiting_for(office, "administrator", "unconfirmed") == [document_id]
    seen = {f.name: f.value for f in documents.get_document(office.house, OWNER, document_id).fields}
    say(office, "administrator", document_id, seen=seen, finish=True)
    assert waiting_for(office, "administrator", "all") == []
    assert waiting_for(office, "archivist", "second") == [document_id]
    say(office, "archivist", document_id, seen=seen, finish=True)
    found = documents.get_document(office.house, OWNER, document_id)
    assert found.verification == "verified"
    assert {values.state_of(f) for f in found.fields} == {"verified"}
    assert waiting_for(office, "handler", "all") == []


def test_a_disagreement_waits_for_a_third_person_alone(office: Office) -> None:
    document_id = office.take_in()
    say(office, "administrator", document_id, seen={"party_b": PARTY_B})
    say(office, "archivist", document_id, entries=[Entry("party_b", OTHER, PARTY_B)])
    odds = field(office, document_id, "party_b")
    assert (odds.value, odds.rival["value"], odds.rival["by"]) == (PARTY_B, OTHER, "person:archivist")
    assert waiting_for(office, "handler", "disputed") == [document_id]
    assert waiting_for(office, "handler") == [document_id]
    for login in ("administrator", "archivist"):
        with pytest.raises(BadInput, match="third person"):
            say(office, login, document_id, decided={"party_b": OTHER})
    with pytest.raises(BadInput, match="one of the two"):
        say(office, "handler", document_id, decided={"party_b": "某某公司"})
    say(office, "handler", document_id, decided={"party_b": OTHER})
    decided = field(office, document_id, "party_b")
    assert (decided.value, decided.entered_by, decided.confirmed_by) == (OTHER, "person:archivist", ["person:handler"])
    assert values.state_of(decided) == "once"
    with pytest.raises(BadInput, match="has decided"):
        say(office, "administrator", document_id, entries=[Entry("party_b", PARTY_B, OTHER)])
    say(office, "administrator", document_id, seen={"party_b": OTHER})
    assert values.is_verified(field(office, document_id, "party_b"))
    assert [a for a in actions(office, document_id) if a in ("document.dispute", "document.decide")] == [
        "document.dispute", "document.decide"]  # fmt: skip


def test_nobody_speaks_about_a_value_they_have_not_seen(embedded: Office) -> None:
    document_id = embedded.take_in()
    say(embedded, "administrator", document_id, entries=[Entry("party_b", OTHER, PARTY_B)])
    for given in ({"seen": {"party_b": PARTY_B}}, {"entries": [Entry("party_b", "别的公司", PARTY_B)]}):
        with pytest.raises(BadInput, match="in the meantime"):
            say(embedded, "archivist", document_id, **given)
    assert field(embedded, document_id, "party_b").confirmed_by == []


def test_a_save_is_kept_whole_or_not_at_all(embedded: Office) -> None:
    document_id = embedded.take_in()
    wrong = [Entry("party_b", OTHER, PARTY_B), Entry("signed_on", "2026-02-30"), Entry("amount", "a lot")]
    before = actions(embedded, document_id)
    with pytest.raises(BadInput) as refused:
        say(embedded, "administrator", document_id, entries=wrong, seen={"title": "技术服务合同"})
    assert set(refused.value.fields) == {"signed_on", "amount"}
    assert field(embedded, document_id, "party_b").value == PARTY_B
    assert field(embedded, document_id, "title").confirmed_by == []
    assert actions(embedded, document_id)[: len(before)] == before
    assert not {"document.correct", "document.confirm"} & set(actions(embedded, document_id))


def test_what_is_typed_takes_the_archives_form_and_its_sum_is_held_against_the_words(embedded: Office) -> None:
    document_id = embedded.take_in()
    with pytest.raises(BadInput, match=r"words beside it is 680000\.00"):
        say(embedded, "administrator", document_id, entries=[Entry("amount", "86万元")])
    typed = [
        Entry("amount", "86万元", as_printed=True),
        Entry("signed_on", "2026年3月25日"),
        Entry("term_until", "长期"),
    ]
    say(embedded, "administrator", document_id, entries=typed)
    amount = field(embedded, document_id, "amount")
    assert (amount.value, amount.marks, amount.read_value) == ("860000.00", ["amount_mismatch"], "680000.00")
    assert field(embedded, document_id, "signed_on").value == "2026-03-25"
    assert field(embedded, document_id, "term_until").value == "long-term"
    say(embedded, "administrator", document_id, entries=[Entry("amount", "陆拾捌万元整")])
    assert field(embedded, document_id, "amount").marks == ["amount_agrees"]


def test_a_sum_that_a_third_person_chooses_is_held_against_the_words_too(embedded: Office) -> None:
    document_id = embedded.take_in()
    say(embedded, "administrator", document_id, seen={"amount": "680000.00"})
    say(embedded, "archivist", document_id, entries=[Entry("amount", "86万元", as_printed=True)])
    say(embedded, "handler", document_id, decided={"amount": "860000.00"})
    amount = field(embedded, document_id, "amount")
    assert (amount.value, amount.marks) == ("860000.00", ["amount_mismatch"])


def test_a_check_digit_that_fails_needs_the_word_that_it_is_printed_so(embedded: Office) -> None:
    document_id = embedded.take_in()
    wrong = field(embedded, document_id, "party_b_code").value[:-1] + "0"
    with pytest.raises(BadInput, match="check digit"):
        say(embedded, "administrator", document_id, entries=[Entry("party_b_code", wrong)])
    say(embedded, "administrator", document_id, entries=[Entry("party_b_code", wrong, as_printed=True)])
    assert field(embedded, document_id, "party_b_code").marks == ["check_digit_failed"]
    with pytest.raises(BadInput, match="18 letters"):
        say(embedded, "administrator", document_id, entries=[Entry("party_b_code", "望江路", as_printed=True)])


def test_finishing_leaves_a_failed_check_digit_to_the_word_of_each_of_two_people(embedded: Office) -> None:
    document_id, house = embedded.take_in(), embedded.house
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.review_reasons = "needs_review", ["check_digit_failed:party_b_code", "missing:agent"]
        next(f for f in document.fields if f.name == "party_b_code").marks = ["check_digit_failed"]
    seen = {f.name: f.value for f in documents.get_document(house, OWNER, document_id).fields}
    for login in ("administrator", "archivist"):
        held = {"party_b_code": "check_digit_failed"}
        assert checking.save(house, embedded[login], document_id, Given(seen=seen, finish=True)).values == held
        assert documents.confirm_all(house, embedded[login], document_id) == held
        assert f"person:{login}" in field(embedded, document_id, "title").confirmed_by
        assert f"person:{login}" not in field(embedded, document_id, "party_b_code").confirmed_by
        if login == "administrator":
            left = documents.get_document(house, OWNER, document_id)
            assert left.review_reasons == ["check_digit_failed:party_b_code", "missing:agent"]
        given = Given(seen=seen, finish=True, as_printed=["party_b_code"])
        assert checking.save(house, embedded[login], document_id, given).values == {}
    assert values.is_verified(field(embedded, document_id, "party_b_code"))
    assert documents.get_document(house, OWNER, document_id).review_reasons == []


def misread(office: Office, document_id: str, **read: str) -> None:
    """Let the machine have read other values than the page has, without a mark."""
    with office.house.database.write() as session:
        for row in session.get_one(Document, document_id).fields:
            if row.name in read:
                row.value, row.marks = read[row.name], []


def test_finishing_leaves_what_the_page_or_its_own_check_digit_contradicts_though_nothing_marked_it(
    embedded: Office,
) -> None:
    document_id, house = embedded.take_in(), embedded.house
    code = field(embedded, document_id, "party_b_code").value
    misread(embedded, document_id, amount="860000.00", party_b_code=code[:-1] + ("0" if code[-1] != "0" else "1"))
    held = {"party_b_code": "check_digit_failed", "amount": "amount_mismatch"}
    seen = {f.name: f.value for f in documents.get_document(house, OWNER, document_id).fields}
    assert checking.save(house, embedded["handler"], document_id, Given(seen=seen, finish=True)).values == held
    assert documents.confirm_all(house, embedded["archivist"], document_id) == held
    assert field(embedded, document_id, "amount").confirmed_by == []
    assert field(embedded, document_id, "title").confirmed_by == ["person:handler", "person:archivist"]
    given = Given(seen=seen, finish=True, as_printed=list(held))
    assert checking.save(house, embedded["handler"], document_id, given).values == {}


def test_of_a_sum_without_a_place_the_mark_counts_that_all_pages_gave_it(embedded: Office) -> None:
    document_id, house = embedded.take_in(), embedded.house
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.fields = [f for f in document.fields if f.name != "amount"]
    with pytest.raises(BadInput, match="in words beside it"):
        documents.correct_field(house, embedded["handler"], document_id, "amount", "860000.00")
    documents.correct_field(house, embedded["handler"], document_id, "amount", "860000.00", as_printed=True)
    assert field(embedded, document_id, "amount").page == 0
    assert documents.confirm_all(house, embedded["archivist"], document_id) == {"amount": "amount_mismatch"}
    misread(embedded, document_id, amount="860000.00")  # a part of the pages would say nothing reliable
    assert documents.confirm_all(house, embedded["archivist"], document_id) == {}


@pytest.mark.parametrize(
    ("name", "mark"), [("term_until", "term_mismatch"), ("signed_on", "birth_mismatch"), ("party_a", "seal_mismatch")]
)
def test_finishing_leaves_every_failed_check_to_a_word_of_its_own(embedded: Office, name: str, mark: str) -> None:
    document_id = embedded.take_in()
    with embedded.house.database.write() as session:
        next(f for f in session.get_one(Document, document_id).fields if f.name == name).marks = [mark]
    assert documents.confirm_all(embedded.house, embedded["handler"], document_id) == {name: mark}
    documents.confirm_field(embedded.house, embedded["handler"], document_id, name)
    assert documents.confirm_all(embedded.house, embedded["handler"], document_id) == {}


def test_finishing_leaves_a_seal_completed_from_the_paper_to_whoever_compared_it(embedded: Office) -> None:
    document_id, house = embedded.take_in(), embedded.house
    with house.database.write() as session:
        next(f for f in session.get_one(Document, document_id).fields if f.name == "party_a").marks = ["seal_completed"]
    held, given = {"party_a": "seal_completed"}, Given(seen=shown(embedded, document_id), finish=True)
    assert documents.confirm_all(house, embedded["handler"], document_id) == held
    assert checking.save(house, embedded["handler"], document_id, given).values == held
    assert field(embedded, document_id, "party_a").confirmed_by == []
    assert checking.save(house, embedded["handler"], document_id, replace(given, as_printed=["party_a"])).values == {}
    assert field(embedded, document_id, "party_a").confirmed_by == ["person:handler"]


def test_finishing_waits_for_a_value_that_was_added_since_the_person_looked(embedded: Office) -> None:
    document_id, house = embedded.take_in(), embedded.house
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.review_reasons = "needs_review", ["missing:scope", "look_again"]
    seen = shown(embedded, document_id)
    say(embedded, "administrator", document_id, entries=[Entry("agent", "陈立", "")])
    held = {"agent": "unseen"}
    given = Given(seen=seen, finish=True, as_printed=["agent"])  # named without its value it is not seen either
    assert checking.save(house, embedded["handler"], document_id, given).values == held
    assert documents.confirm_all(house, embedded["archivist"], document_id, seen=seen) == held
    found = documents.get_document(house, OWNER, document_id)
    assert (found.status, found.review_reasons) == ("needs_review", ["missing:scope", "look_again"])
    assert field(embedded, document_id, "agent").confirmed_by == []
    assert field(embedded, document_id, "title").confirmed_by == ["person:handler", "person:archivist"]
    given = Given(seen=shown(embedded, document_id), finish=True)
    assert checking.save(house, embedded["handler"], document_id, given).values == {}
    assert field(embedded, document_id, "agent").confirmed_by == ["person:handler"]
    assert documents.get_document(house, OWNER, document_id).status == "stored"


def place(office: Office, document_id: str, name: str) -> tuple[int, int]:
    """The page of a value, and how many corners its place there has."""
    found = field(office, document_id, name)
    return found.page, len(found.box)


def test_a_value_typed_without_a_place_takes_the_one_where_it_stands(office: Office) -> None:
    document_id, house = office.take_in(), office.house
    said = [
        Entry("agent", "苏 明澈", ""),
        Entry("signed_on", "2026年4月1日"),
        Entry("contract_number", "HY-XX-2026-0053"),
    ]
    misread_at = field(office, document_id, "contract_number").box
    assert place(office, document_id, "signed_on") == (2, 4)
    say(office, "administrator", document_id, entries=said)
    assert [place(office, document_id, e.name) for e in said] == [(2, 4), (1, 4), (1, 4)]
    assert field(office, document_id, "contract_number").box == misread_at  # it stands nowhere: it was misread there
    x0, y0, x1, y1 = field(office, document_id, "agent").box
    with house.database.read() as session:
        (page,) = load_pages(house, session, document_id, [2])
    words = [w for line in page.lines for w in line.words if x0 <= w.box[0] and w.box[2] <= x1 and y0 <= w.box[1] < y1]
    assert "".join(w.text for w in words) == "苏明澈"
    documents.correct_field(house, office["administrator"], document_id, "agent", "韩亦舟")
    assert (place(office, document_id, "agent"), field(office, document_id, "agent").box != [x0, y0, x1, y1]) == (
        (2, 4),
        True,
    )


def test_a_value_that_stands_on_several_pages_takes_the_page_open_or_none_and_never_that_of_another_value(
    embedded: Office,
) -> None:
    document_id, ours = embedded.take_in(), "华岳实业集团有限公司"
    with embedded.house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.fields = [f for f in document.fields if f.name != "party_a"]
    say(embedded, "administrator", document_id, entries=[Entry("party_b", ours)])
    assert place(embedded, document_id, "party_b") == (0, 0)
    say(embedded, "administrator", document_id, entries=[Entry("party_b", "苏明澈")], leaf=1)
    assert place(embedded, document_id, "party_b") == (2, 4)
    say(embedded, "administrator", document_id, entries=[Entry("party_b", ours)], leaf=1)
    assert place(embedded, document_id, "party_b") == (1, 4)
    say(embedded, "administrator", document_id, entries=[Entry("scope", "第一条", "", Place(2, (1, 2, 3, 4)))], leaf=1)
    assert (place(embedded, document_id, "scope"), field(embedded, document_id, "scope").box) == ((2, 4), [1, 2, 3, 4])


def test_in_a_disagreement_each_value_has_its_own_place(embedded: Office) -> None:
    document_id = embedded.take_in()
    say(embedded, "administrator", document_id, seen={"party_b": PARTY_B})
    before = place(embedded, document_id, "party_b"), field(embedded, document_id, "party_b").box
    say(embedded, "archivist", document_id, entries=[Entry("party_b", "苏明澈", PARTY_B)])
    assert (place(embedded, document_id, "party_b"), field(embedded, document_id, "party_b").box) == before
    say(embedded, "handler", document_id, entries=[Entry("party_b", "苏明澈", PARTY_B)])
    assert field(embedded, document_id, "party_b").value == "苏明澈"
    assert place(embedded, document_id, "party_b") == (2, 4)


def test_while_the_pages_cannot_be_read_what_is_typed_is_kept_all_the_same(
    embedded: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = embedded.take_in()

    def down(*_asked: object) -> None:
        raise StoreUnavailable("the object store is down")

    monkeypatch.setattr(embedded.house.vault, "open", down)
    say(embedded, "administrator", document_id, entries=[Entry("agent", "苏明澈", "")])
    assert (field(embedded, document_id, "agent").value, place(embedded, document_id, "agent")) == ("苏明澈", (0, 0))


def marked(office: Office, document_id: str) -> dict[str, list[str]]:
    return {f.name: f.marks for f in documents.get_document(office.house, OWNER, document_id).fields}


def test_a_seal_is_held_against_a_party_anew_when_a_person_corrects_either(embedded: Office) -> None:
    document_id, house = embedded.take_in(), embedded.house
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.review_reasons = "needs_review", ["seal_mismatch:seal", "look_again:title"]
        document.fields.append(
            DocumentField(name="seal", position=20, value=OTHER, page=2, box=[1, 2, 3, 4], confidence=1.0,
                          marks=["seal_mismatch"], entered_by="ocr", confirmed_by=[], rival={}, heard=[],
                          read_value=OTHER, read_confidence=1.0, engine="rapidocr")
        )  # fmt: skip
    say(embedded, "handler", document_id, entries=[Entry("party_b", OTHER, PARTY_B)])
    assert marked(embedded, document_id)["seal"] == ["seal_ok"]
    assert documents.get_document(house, OWNER, document_id).review_reasons == ["look_again:title"]
    assert documents.confirm_all(house, embedded["archivist"], document_id) == {}
    say(embedded, "handler", document_id, entries=[Entry("seal", "澜江恒锐精密机械有限公司", OTHER)])
    assert field(embedded, document_id, "seal").rival  # confirmed by another: nothing changes yet
    assert marked(embedded, document_id)["seal"] == ["seal_ok"]
    say(embedded, "administrator", document_id, decided={"seal": "澜江恒锐精密机械有限公司"})
    assert marked(embedded, document_id)["seal"] == ["seal_mismatch"]
    checking.undo(house, embedded["administrator"], document_id)
    assert marked(embedded, document_id)["seal"] == ["seal_ok"]


def test_a_seal_completed_from_a_party_is_no_proof_for_it_whatever_is_corrected(embedded: Office) -> None:
    document_id, house = embedded.take_in(), embedded.house
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.review_reasons = "needs_review", ["low_confidence:seal"]
        document.fields.append(
            DocumentField(name="seal", position=20, value=OTHER, page=2, box=[1, 2, 3, 4], confidence=0.5,
                          marks=["seal_completed"], entered_by="ocr", confirmed_by=[], rival={}, heard=[],
                          read_value=OTHER, read_confidence=0.5, engine="rapidocr")
        )  # fmt: skip
    say(embedded, "handler", document_id, entries=[Entry("party_b", OTHER, PARTY_B)])
    assert marked(embedded, document_id)["seal"] == ["seal_completed"]
    assert documents.get_document(house, OWNER, document_id).review_reasons == ["low_confidence:seal"]


def test_a_term_and_a_birthday_are_not_said_to_differ_from_what_has_been_corrected(embedded: Office) -> None:
    document_id, house = embedded.take_in(), embedded.house
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        for row in document.fields:
            if row.name in ("term_from", "term_until"):
                row.marks = ["term_mismatch"]
            if row.name == "signed_on":
                row.name, row.marks, row.value = "born_on", ["birth_mismatch"], "1980-05-06"
    said = [Entry("term_until", "2028-03-31"), Entry("identity_number", "11010119800506001X", as_printed=True)]
    say(embedded, "handler", document_id, entries=said[:1])
    assert marked(embedded, document_id)["term_from"] == []
    assert marked(embedded, document_id)["born_on"] == ["birth_mismatch"]
    say(embedded, "handler", document_id, entries=said[1:])
    assert marked(embedded, document_id)["born_on"] == []
    say(embedded, "handler", document_id, entries=[Entry("born_on", "1981-05-06")])
    assert marked(embedded, document_id)["born_on"] == ["birth_mismatch"]


def test_nothing_is_confirmed_along_while_the_pages_cannot_be_asked(
    embedded: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = embedded.take_in()

    def down(*_asked: Any) -> Any:
        raise StoreUnavailable("the object store is down")

    monkeypatch.setattr("service.flow.common.index.read_kept", down)
    for finish in (
        lambda: documents.confirm_all(embedded.house, embedded["handler"], document_id),
        lambda: say(embedded, "handler", document_id, finish=True, seen={"title": "技术服务合同"}),
    ):
        with pytest.raises(StoreUnavailable):
            finish()
    assert field(embedded, document_id, "title").confirmed_by == []


def test_the_last_save_is_undone_whole_and_only_by_who_made_it(office: Office) -> None:
    document_id = office.take_in()
    house = office.house
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.review_reasons = "needs_review", ["low_confidence:amount"]
    before = documents.get_document(house, OWNER, document_id)
    say(office, "administrator", document_id, entries=[Entry("party_b", OTHER, PARTY_B), Entry("contract_number", "X-1")],
        seen=shown(office, document_id), finish=True)  # fmt: skip
    assert documents.get_document(house, OWNER, document_id).status == "stored"
    with pytest.raises(RuleRefused, match="nothing of yours"):
        checking.undo(house, office["archivist"], document_id)
    checking.undo(house, office["administrator"], document_id)
    after = documents.get_document(house, OWNER, document_id)
    assert (after.status, after.review_reasons, after.verification) == (
        "needs_review",
        ["low_confidence:amount"],
        "unconfirmed",
    )
    assert [(f.name, f.value, f.entered_by, f.confirmed_by, f.position) for f in after.fields] == [
        (f.name, f.value, f.entered_by, f.confirmed_by, f.position) for f in before.fields]  # fmt: skip
    with house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(FieldCorrection)) == 0
    with pytest.raises(RuleRefused, match="nothing of yours"):
        checking.undo(house, office["administrator"], document_id)
    assert actions(office, document_id)[-2:].count("document.undo") == 1


def test_what_the_pages_have_is_settled_by_name_alone_and_the_trail_says_which(embedded: Office) -> None:
    document_id, house = embedded.take_in(), embedded.house
    of_pages = ["rescan:2:blurred", "unread:2:timeout", "pages_missing:3,5", "attachment_refused:amount"]
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status = "needs_review"
        document.review_reasons = ["missing:agent", "separator_differs", "look_again:amount", *of_pages]
    say(embedded, "administrator", document_id, seen=shown(embedded, document_id), finish=True)
    found = documents.get_document(house, OWNER, document_id)
    assert (found.status, found.review_reasons) == ("needs_review", of_pages)
    documents.confirm_all(house, embedded["archivist"], document_id)
    assert documents.get_document(house, OWNER, document_id).review_reasons == of_pages
    with pytest.raises(BadInput, match="about values"):
        say(embedded, "administrator", document_id, dismissed=["missing:agent"])
    say(embedded, "administrator", document_id, dismissed=of_pages[:1])
    checking.undo(house, embedded["administrator"], document_id)
    assert documents.get_document(house, OWNER, document_id).review_reasons == of_pages
    say(embedded, "administrator", document_id, dismissed=of_pages[:2])
    documents.confirm_all(house, embedded["archivist"], document_id, of_pages[2:])
    found = documents.get_document(house, OWNER, document_id)
    assert (found.status, found.review_reasons) == ("stored", [])
    with house.database.read() as session:
        query = select(AuditEntry).where(AuditEntry.action == "document.dismiss").order_by(AuditEntry.seq)
        told = [(entry.actor, json.loads(entry.detail)["dismissed"]) for entry in session.scalars(query)]
    assert told == [
        ("person:administrator", ["missing:agent", "separator_differs"]),
        ("person:administrator", of_pages[:1]),
        ("person:administrator", of_pages[:2]),
        ("person:archivist", of_pages[2:]),
    ]


def test_a_reason_that_somebody_else_settled_keeps_nothing_from_being_saved(embedded: Office) -> None:
    document_id, house = embedded.take_in(), embedded.house
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.review_reasons = "needs_review", ["rescan:2:blurred", "pages_missing:3"]
    say(embedded, "archivist", document_id, dismissed=["rescan:2:blurred"])
    both = ["rescan:2:blurred", "pages_missing:3"]
    say(embedded, "administrator", document_id, entries=[Entry("party_b", OTHER, PARTY_B)], dismissed=both)
    assert field(embedded, document_id, "party_b").value == OTHER
    assert documents.get_document(house, OWNER, document_id).review_reasons == []
    documents.confirm_all(house, embedded["archivist"], document_id, both)
    with house.database.read() as session:
        query = select(AuditEntry).where(AuditEntry.action == "document.dismiss").order_by(AuditEntry.seq)
        assert [json.loads(entry.detail)["dismissed"] for entry in session.scalars(query)] == [both[:1], both[1:]]


def test_an_added_field_and_a_category_are_undone_too(embedded: Office) -> None:
    document_id = embedded.take_in()
    say(embedded, "administrator", document_id, category="1.7", entries=[Entry("agent", "陈立")])
    checking.undo(embedded.house, embedded["administrator"], document_id)
    found = documents.get_document(embedded.house, OWNER, document_id)
    assert (found.category, found.kind) == ("1.9", "contract")
    assert "agent" not in {f.name for f in found.fields}
    assert field(embedded, document_id, "amount").value == "680000.00"


def test_what_others_said_since_is_never_undone(embedded: Office) -> None:
    document_id = embedded.take_in()
    say(embedded, "administrator", document_id, seen={"party_b": PARTY_B})
    say(embedded, "archivist", document_id, seen={"party_b": PARTY_B})
    documents.confirm_field(embedded.house, embedded["handler"], document_id, "title")
    with pytest.raises(RuleRefused, match="changed since"):
        checking.undo(embedded.house, embedded["archivist"], document_id)
    assert values.is_verified(field(embedded, document_id, "party_b"))


def test_another_category_reads_the_kept_pages_anew_and_leaves_the_words_of_people(embedded: Office) -> None:
    document_id = embedded.take_in()
    say(embedded, "administrator", document_id, seen={"party_b": PARTY_B}, entries=[Entry("title", "服务协议")])
    documents.set_category(embedded.house, embedded["administrator"], document_id, "1.11")
    found = documents.get_document(embedded.house, OWNER, document_id)
    assert (found.category, found.kind) == ("1.11", "voucher")
    names = {f.name: f.value for f in found.fields}
    assert names["title"] == "服务协议"
    assert names["party_b"] == PARTY_B
    assert "term_from" not in names
    documents.set_category(embedded.house, embedded["administrator"], document_id, "1.9")
    again = documents.get_document(embedded.house, OWNER, document_id)
    assert {"term_from", "party_a", "amount"} <= {f.name for f in again.fields}
    assert [f.position for f in again.fields] == list(range(len(again.fields)))
    assert next(f for f in again.fields if f.name == "party_b").confirmed_by == ["person:administrator"]


def test_where_no_page_is_kept_the_values_stay(embedded: Office) -> None:
    document_id = embedded.take_in()
    with embedded.house.database.write() as session:
        session.execute(delete(Rendition))
    documents.set_category(embedded.house, embedded["administrator"], document_id, "1.7")
    found = documents.get_document(embedded.house, OWNER, document_id)
    assert found.category == "1.7"
    assert next(f for f in found.fields if f.name == "party_b").value == PARTY_B


def test_nobody_gets_the_document_another_has(office: Office) -> None:
    ids = several(office, 6)
    got: dict[str, list[str | None]] = {}

    def work(login: str) -> None:
        actor, mine, after = office[login], list[str | None](), None
        for _ in range(2):
            after = desk.take_next(office.house, actor, Want(), after)
            mine.append(after)
        got[login] = mine

    threads = [threading.Thread(target=work, args=(login,)) for login in ("administrator", "archivist", "handler")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = [mine[-1] for mine in got.values()]
    assert len(set(last)) == 3
    assert set(last) <= set(ids)
    with office.house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Desk)) == 3


def test_two_who_confirm_at_the_same_moment_both_count(office: Office) -> None:
    document_id = office.take_in()
    seen = {f.name: f.value for f in documents.get_document(office.house, OWNER, document_id).fields}
    troubles: list[Exception] = []

    def work(login: str) -> None:
        try:
            say(office, login, document_id, seen=seen, finish=True)
        except Exception as error:  # noqa: BLE001 - handed to the test
            troubles.append(error)

    threads = [threading.Thread(target=work, args=(login,)) for login in ("administrator", "archivist")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    assert documents.get_document(office.house, OWNER, document_id).verification == "verified"


def test_of_two_who_correct_at_the_same_moment_none_overwrites_the_other(office: Office) -> None:
    document_id = office.take_in()
    refused: list[BadInput] = []

    def work(login: str, value: str) -> None:
        try:
            say(office, login, document_id, entries=[Entry("party_b", value, PARTY_B)])
        except BadInput as error:
            refused.append(error)

    pairs = (("administrator", "甲公司"), ("archivist", "乙公司"))
    threads = [threading.Thread(target=work, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ["in the meantime" in str(error) for error in refused] == [True]
    assert field(office, document_id, "party_b").value in ("甲公司", "乙公司")


def test_a_place_at_the_desk_is_shown_to_others_and_ends_by_itself(embedded: Office) -> None:
    first, second = several(embedded, 2)
    house, one, other = embedded.house, embedded["administrator"], embedded["archivist"]
    assert desk.take_next(house, one, Want()) == first
    assert desk.take_next(house, other, Want()) == second
    assert desk.take_next(house, embedded["handler"], Want()) is None
    assert not desk.sit_down(house, other, first).mine
    assert desk.take_next(house, other, Want()) == second  # what one had oneself is free for oneself
    rows = desk.list_waiting(house, other, Want(), limit=9)[1]
    assert [(d.id, h and (h.name, h.mine)) for d, h in rows] == [
        (first, ("person:administrator", False)), (second, ("person:archivist", True))]  # fmt: skip
    with house.database.write() as session:
        session.get_one(Desk, first).until = house.clock.now() - timedelta(seconds=1)
    assert desk.sit_down(house, other, first).mine
    desk.get_up(house, other, first)
    assert desk.take_next(house, one, Want(), second) == first


def test_next_goes_round_and_stays_within_what_was_asked_for(embedded: Office) -> None:
    first, second, third = several(embedded, 3)
    house, actor = embedded.house, embedded["administrator"]
    with house.database.write() as session:
        session.get_one(Document, second).category = "5.1"
        session.get_one(Document, third).review_reasons = ["missing:amount"]
    assert desk.take_next(house, actor, Want(), first) == second
    assert desk.take_next(house, actor, Want(), third) == first
    assert desk.take_next(house, actor, Want(category="5.1"), first) == second
    assert desk.take_next(house, actor, Want("missing")) == third
    assert desk.take_next(house, actor, Want("missing"), third) is None
    assert waiting_for(embedded, "administrator", "low_confidence") == [first, second]
    with pytest.raises(BadInput):
        desk.take_next(house, actor, Want('"; drop'))
    place = desk.place_of(house, actor, documents.get_document(house, OWNER, third), Want())
    assert (place.position, place.total) == (3, 3)


def test_who_may_not_correct_is_given_nothing_and_changes_nothing(embedded: Office) -> None:
    document_id = embedded.take_in()
    other = people.create_department(embedded.house, OWNER, "CG", "采购部")
    embedded.hire("stranger", "handler", department_id=other.id)
    house = embedded.house
    for call in (
        lambda who: desk.take_next(house, who, Want("all")),
        lambda who: desk.list_waiting(house, who, Want("all"), limit=9),
        lambda who: checking.save(house, who, document_id, Given(finish=True)),
        lambda who: checking.undo(house, who, document_id),
        lambda who: desk.sit_down(house, who, document_id),
    ):
        with pytest.raises((NotAllowed, NotFound)):
            call(embedded["auditor"])
    assert waiting_for(embedded, "stranger", "all") == []
    for step in (checking.undo, desk.sit_down, checking.look):
        with pytest.raises(NotFound):
            step(house, embedded["stranger"], document_id)
    assert extraction.report(house, embedded["auditor"]).rows
    with pytest.raises(NotAllowed):
        extraction.report(house, embedded["head"])


def test_looking_is_noted_once_and_brings_the_pages_of_all_values(embedded: Office) -> None:
    document_id = embedded.take_in()
    before = checking.look(embedded.house, embedded["administrator"], document_id)
    assert set(before.pages) == {1, 2}
    assert "680000.00" in {capital.value for capital in before.capitals}
    assert before.holder
    assert before.holder.mine
    assert actions(embedded, document_id)[-1] == "document.view"
    page = before.pages[1]
    box = next(f.box for f in before.document.fields if f.name == "party_b")
    found = checking.unsure_words(page, box, 1.01)
    assert "".join(word.text for word, _unsure in found) == PARTY_B
    assert all(unsure for _word, unsure in found)
    assert not any(unsure for _word, unsure in checking.unsure_words(page, box, 0.0))
    assert checking.unsure_words(page, [], 0.5) == []
    assert isinstance(found[0][0], Word)


def destroyed(office: Office, document_id: str) -> str:
    """File, archive and destroy the document; returns the file's id."""
    contract_id, file_id = new_contract(office)
    filing.file_document(office.house, office["handler"], document_id, file_id)
    fill(office, file_id)
    archive(office, file_id)
    ledger.finish_event(office.house, office["handler"], contract_id, "performed", "2026-11-20")
    file = archive(office, file_id)
    assert file.due_on
    office.house.clock.move_to(file.due_on)
    review_id = propose(office, file_id)
    decide_all(office, review_id, file_id)
    office.house.clock.move_to(date(2037, 1, 12))
    for name in ("fourth", "fifth"):
        reviews.supervise(office.house, office[name], review_id)
    destroy.execute(office.house, office["archivist"], review_id)
    return file_id


def test_corrections_go_with_their_document_and_the_counts_stay(office: Office) -> None:
    document_id = office.take_in()
    house = office.house
    say(office, "administrator", document_id, entries=[Entry("party_b", OTHER, PARTY_B), Entry("agent", "陈立")],
        seen={"title": "技术服务合同"})  # fmt: skip
    with house.database.read() as session:
        kept = {row.field: row for row in session.scalars(select(FieldCorrection))}
    row = kept["party_b"]
    assert (row.read_value, row.corrected_value, row.engine, row.category, row.kind, row.page, row.by) == (
        PARTY_B, OTHER, "text-layer", "1.9", "contract", 1, "person:administrator")  # fmt: skip
    assert kept["agent"].read_value == ""
    before = extraction.report(house, office["administrator"])
    by_name = {r.field: r for r in before.rows}
    assert (by_name["party_b"].corrected, by_name["party_b"].sure_wrong, by_name["party_b"].right) == (1, 1, 0.0)
    assert (by_name["title"].confirmed, by_name["title"].right) == (1, 1.0)
    assert (by_name["agent"].added, by_name["agent"].read) == (1, 0)
    assert (by_name["amount"].unseen, by_name["amount"].right) == (1, None)
    assert [(band.lowest, band.checked, band.wrong) for band in before.bands] == [(0.99, 2, 1)]
    assert before.engines["text-layer"] == (2, 1)
    file_id = destroyed(office, document_id)
    assert destroy.prove(house, OWNER, file_id).ok
    with house.database.read() as session:
        for table in (FieldCorrection, LastSave, Desk):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        columns = {c.name for c in ExtractionCount.__table__.columns}
        assert columns == {"received_on", "category", "field", "engine", "outcome", "band", "count"}
    after = extraction.report(house, office["administrator"])
    assert after.rows == before.rows
    assert after.bands == before.bands
    day = next(iter(documents.list_documents(house, OWNER)[1])).received_at.date()
    assert extraction.report(house, OWNER, day + timedelta(days=2)).rows == ()
    assert extraction.report(house, OWNER, day - timedelta(days=2)).rows == before.rows


def test_corrections_of_the_category_are_counted_from_what_to_what_and_outlive_destruction(office: Office) -> None:
    def counted(since: date | None = None) -> list[tuple[str, str, int, bool]]:
        found = extraction.report(office.house, office["auditor"], since)
        return [(row.read_as, row.category, row.documents, row.right) for row in found.categories]

    document_id = office.take_in()
    assert counted() == []
    say(office, "administrator", document_id, category="1.2")
    assert counted() == [("1.9", "1.2", 1, False)]
    checking.undo(office.house, office["administrator"], document_id)
    assert counted() == []
    documents.confirm_all(office.house, office["administrator"], document_id)
    assert counted() == [("1.9", "1.9", 1, True)]
    day = documents.get_document(office.house, OWNER, document_id).received_at.date()
    assert counted(day + timedelta(days=2)) == []
    documents.set_category(office.house, office["handler"], document_id, "1.11")
    documents.set_category(office.house, office["handler"], document_id, "1.10")
    destroyed(office, document_id)
    assert counted() == [("1.9", "1.10", 1, False)]


def test_the_confidence_of_categories_is_held_against_what_people_made_of_them(office: Office) -> None:
    def counted() -> list[tuple[float, int, int]]:
        found = extraction.report(office.house, office["auditor"])
        return [(band.lowest, band.checked, band.wrong) for band in found.category_bands]

    first, *others = several(office, 4)
    with office.house.database.write() as session:
        for document_id, sure in zip(others, (0.62, 0.89, 0.0), strict=True):  # the last came from another archive
            document = session.get_one(Document, document_id)
            document.confidence, document.checked_by = sure, ["person:administrator"]
        assert session.get_one(Document, first).confidence >= 0.95
    assert counted() == [(0.5, 1, 0), (0.8, 1, 0)]
    say(office, "administrator", first, category="1.2")
    lowest = lowest_of(documents.get_document(office.house, OWNER, first).confidence)
    assert counted() == [(0.5, 1, 0), (0.8, 1, 0), (lowest, 1, 1)]


def test_what_a_sheet_said_of_a_category_counts_once_somebody_looked(embedded: Office) -> None:
    document_id = embedded.take_in()
    with embedded.house.database.write() as session:
        session.add(Batch(name="B-1", operator="person:handler", opened_at=embedded.house.clock.now()))
        session.flush()
        session.add(
            BatchPart(batch="B-1", position=1, pages=["1.1"], category="1.11", document_id=document_id, made=True)
        )
        session.flush()
        apply_hint(session, session.get_one(Document, document_id))
    assert extraction.report(embedded.house, OWNER).categories == ()
    documents.confirm_all(embedded.house, embedded["administrator"], document_id)
    (row,) = extraction.report(embedded.house, OWNER).categories
    assert (row.read_as, row.category, row.documents) == ("1.9", "1.11", 1)


def test_a_destroyed_document_takes_no_values(embedded: Office) -> None:
    document_id = embedded.take_in()
    destroyed(embedded, document_id)
    with pytest.raises(RuleRefused, match="destroyed"):
        say(embedded, "administrator", document_id, entries=[Entry("title", "新的")])
    with pytest.raises(RuleRefused, match="destroyed"):
        documents.correct_field(embedded.house, OWNER, document_id, "title", "新的")
    with pytest.raises(RuleRefused, match="destroyed"):
        documents.confirm_all(embedded.house, OWNER, document_id)


def test_values_typed_while_reading_had_failed_outlive_the_next_reading(embedded: Office) -> None:
    from service.flow.intake.process import process, read_again

    document_id = embedded.take_in(DIGITAL)
    with embedded.house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.error, document.fields = "failed", "for the test", []
    say(embedded, "administrator", document_id, entries=[Entry("party_b", OTHER, "")])
    read_again(embedded.house, embedded["administrator"], document_id)
    process(embedded.house, document_id)
    found = {f.name: f for f in documents.get_document(embedded.house, OWNER, document_id).fields}
    assert (found["party_b"].value, found["party_b"].entered_by) == (OTHER, "person:administrator")
    assert found["party_a"].entered_by == "ocr"


def test_a_field_is_said_not_to_be_on_the_paper_and_a_second_person_agrees(office: Office) -> None:
    document_id, house = office.take_in(), office.house
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.review_reasons = "needs_review", ["missing:agent", "low_confidence:amount"]
    nothing = [Entry("party_b", "", PARTY_B, not_here=True), Entry("agent", "", "", not_here=True)]
    say(office, "administrator", document_id, entries=nothing)
    gone = field(office, document_id, "party_b")
    assert (gone.value, gone.marks, gone.read_value, values.state_of(gone)) == ("", ["not_here"], PARTY_B, "entered")
    assert documents.get_document(house, OWNER, document_id).review_reasons == ["low_confidence:amount"]
    with house.database.read() as session:
        kept = [(c.field, c.read_value, c.corrected_value) for c in session.scalars(select(FieldCorrection))]
    assert kept == [("party_b", PARTY_B, "")]
    with pytest.raises(BadInput, match="you entered"):
        say(office, "administrator", document_id, seen={"party_b": ""})
    say(office, "archivist", document_id, seen={"party_b": "", "agent": ""})
    assert values.state_of(field(office, document_id, "party_b")) == "once"
    say(office, "handler", document_id, entries=[Entry("party_b", "", "", not_here=True)])
    assert values.is_verified(field(office, document_id, "party_b"))
    rows = {row.field: row for row in extraction.report(house, OWNER).rows}
    assert (rows["party_b"].not_here, rows["party_b"].read, rows["party_b"].right, rows["party_b"].sure_wrong) == (
        1, 1, 0.0, 1)  # fmt: skip
    assert (rows["agent"].nothing, rows["agent"].added, rows["agent"].read) == (1, 0, 0)
    given = ledger.contract_input_from_document(house, OWNER, document_id)
    assert (given.counterparty, given.currency) == ("", "CNY")
    file_id = destroyed(office, document_id)
    assert destroy.prove(house, OWNER, file_id).ok
    assert {row.field: row for row in extraction.report(house, OWNER).rows}["party_b"] == rows["party_b"]


def test_that_a_field_is_not_there_can_be_argued_about_and_taken_back(embedded: Office) -> None:
    document_id = embedded.take_in()
    say(embedded, "administrator", document_id, seen={"party_b": PARTY_B})
    say(embedded, "archivist", document_id, entries=[Entry("party_b", "", PARTY_B, not_here=True)])
    odds = field(embedded, document_id, "party_b")
    assert (odds.value, odds.rival["value"], values.state_of(odds)) == (PARTY_B, "", "disputed")
    say(embedded, "handler", document_id, decided={"party_b": ""})
    decided = field(embedded, document_id, "party_b")
    assert (decided.value, decided.marks, decided.confirmed_by) == ("", ["not_here"], ["person:handler"])
    checking.undo(embedded.house, embedded["handler"], document_id)
    assert values.state_of(field(embedded, document_id, "party_b")) == "disputed"
    with pytest.raises(BadInput, match="one of the two"):
        say(embedded, "handler", document_id, entries=[Entry("title", "服务合同", not_here=True)])


def test_thousands_that_wait_are_listed_in_the_order_they_lie_in(embedded: Office) -> None:
    several(embedded, 40)
    with embedded.house.database.read() as session:
        bare = desk.waiting(embedded["administrator"]).with_only_columns(Document.id, maintain_column_froms=True)
        bare = bare.order_by(Document.received_at, Document.id).limit(50)
        sql = str(bare.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
        session.execute(text("ANALYZE"))
        plan = " / ".join(row[3] for row in session.execute(text(f"EXPLAIN QUERY PLAN {sql}")))
    assert "ix_documents_received_at_id" in plan, plan
    assert "TEMP B-TREE" not in plan, plan
