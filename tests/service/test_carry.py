"""Corrections that were made before the pages of a batch were put right: none is lost with the document it was made on."""

import io
from typing import Any

import pytest
from sqlalchemy import event, func, select

from intake.batches.cutting import Cutter
from intake.errors import Rejected
from intake.model import Field, Understanding
from search.sketch import Sketch
from service.access import people
from service.errors import NotFound
from service.flow.common import claims
from service.flow.common.values import Entry, Place, fields_read, find, state_of
from service.flow.intake import batches, checking, documents, extraction, parts, process, stacks
from service.flow.intake.checking import Given
from service.flow.intake.receive import receive
from service.flow.intake.rescan import rescan
from service.flow.search import find as searching
from service.records.tables import AuditEntry, Desk, Document, DocumentField, FieldCorrection, LastSave
from tests.service.conftest import DIGITAL, OWNER, Office
from tests.service.test_batches import SHEET, change, original, rows, scanner, send, sound, stack, whole

__all__ = ["scanner"]
BOX = (10, 20, 110, 50)


def understood(**places: tuple[str, int]) -> Understanding:
    fields = {name: Field(value, page, BOX, 0.9) for name, (value, page) in places.items()}
    return Understanding("1.9", "contract", "合同", 0.9, fields)


def read(office: Office, document_id: str, found: Understanding) -> None:
    """Let a document be read: what the reader said is `found`."""
    with office.house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, pages = "reading", document.pages
        claims.take(document, office.house.clock.now())
    done = process._Reading(pages, found, [], (Sketch((), (), ()), []))
    assert process._finish(office.house, document_id, done, process._as_people_say(office.house, document_id, done))


def of_page(office: Office, page: str) -> Document:
    parts = batches.get_batch(office.house, OWNER, "B-1").parts
    part = next(p for p in parts if page in [key.partition("@")[0] for key in p.pages])
    return documents.get_document(office.house, OWNER, part.document_id)


@pytest.fixture
def checked(scanner: Office, tmp_path: Any) -> Office:
    """A document of pages 1.1 to 1.3, read; a value of each page was corrected, one was typed without a place."""
    send(scanner, stack(tmp_path, 1, 2, 3, SHEET, 4))
    first = whole(scanner).parts[0].document_id
    read(scanner, first, understood(title=("合同书", 1), party_a=("甲方", 1), party_b=("乙方", 2), amount=("1.00", 3)))
    entries = [
        Entry("title", "采购合同", "合同书"),
        Entry("party_b", "丙方公司", "乙方"),
        Entry("amount", "2.00", "1.00"),
        Entry("agent", "陈立", ""),
        Entry("signed_on", "2026-03-24", "", Place(2, (1, 2, 3, 4))),
    ]
    house = scanner.house
    checking.save(house, scanner["administrator"], first, Given(entries=entries))
    checking.save(house, scanner["archivist"], first, Given(seen={"party_b": "丙方公司"}))
    return scanner


def test_what_people_said_goes_with_the_pages_it_stands_on(checked: Office) -> None:
    house, first = checked.house, whole(checked).parts[0].document_id
    change(checked, "split", "1.2")
    front, back = of_page(checked, "1.1"), of_page(checked, "1.2")
    assert {f.name for f in front.fields} == {"title", "agent"}
    assert (front.review_reasons, back.review_reasons) == (["look_again:agent"], [])
    party_b, signed_on, amount = (find(back, name) for name in ("party_b", "signed_on", "amount"))
    assert party_b
    assert (party_b.value, party_b.page, party_b.box, party_b.confirmed_by, party_b.read_value) == (
        "丙方公司", 1, list(BOX), ["person:archivist"], "乙方")  # fmt: skip
    assert signed_on
    assert (signed_on.page, signed_on.box) == (1, [1, 2, 3, 4])
    assert amount
    assert amount.page == 2
    with house.database.read() as session:
        kept = {c.field: c.document_id for c in session.scalars(select(FieldCorrection))}
        for table in (DocumentField, FieldCorrection, LastSave, Desk):
            assert not session.scalar(select(func.count()).where(table.document_id == first))
    assert (kept["party_b"], kept["title"]) == (back.id, front.id)
    # The reading that follows leaves the words of people as they are.
    read(checked, back.id, understood(party_b=("乙方", 1), currency=("CNY", 1)))
    again = documents.get_document(house, OWNER, back.id)
    assert {f.name: f.value for f in again.fields} == {
        "party_b": "丙方公司", "currency": "CNY", "amount": "2.00", "signed_on": "2026-03-24"}  # fmt: skip
    assert sound(checked)


def test_a_page_that_was_turned_keeps_its_values_without_their_place(checked: Office) -> None:
    change(checked, "rotate", "1.2", "90")
    found = {f.name: f for f in of_page(checked, "1.2").fields}
    assert (found["party_b"].page, found["party_b"].box) == (2, [])
    assert (found["title"].page, found["title"].box) == (1, list(BOX))
    assert found["agent"].value == "陈立"
    assert of_page(checked, "1.2").review_reasons == []


def test_the_values_of_a_page_that_is_scanned_again_stay_and_are_to_be_looked_at_again(
    checked: Office, tmp_path: Any
) -> None:
    house, keeper = checked.house, checked["administrator"]
    documents.set_category(house, keeper, of_page(checked, "1.5").id, "1.7")
    for page, bars in (("1.2", 7), ("1.5", 8)):
        version = whole(checked).batch.version
        rescan(house, checked["handler"], "B-1", version, page, stack(tmp_path, bars, name=f"{bars}.tif"), "new.tif")
    again = of_page(checked, "2.1")
    found = {f.name: f for f in again.fields}
    assert {"title", "party_b", "signed_on", "amount", "agent"} <= found.keys()
    assert (found["party_b"].value, found["party_b"].confirmed_by) == ("丙方公司", ["person:archivist"])
    assert (found["party_b"].page, found["party_b"].box, found["title"].box) == (2, [], list(BOX))
    assert again.review_reasons == ["look_again:party_b", "look_again:signed_on"]
    assert of_page(checked, "3.1").category == "1.7"
    change(checked, "undo", "")
    assert of_page(checked, "1.5").category == "1.7"
    assert sound(checked)


def test_what_stood_on_a_page_that_is_left_out_is_to_be_looked_at_again(checked: Office) -> None:
    change(checked, "drop", "1.3")
    left = of_page(checked, "1.1")
    assert "amount" not in {f.name for f in left.fields}
    assert "look_again:amount" in left.review_reasons
    read(checked, left.id, understood(title=("合同书", 1)))
    read_on = documents.get_document(checked.house, OWNER, left.id)
    assert (read_on.status, "look_again:amount" in read_on.review_reasons) == ("needs_review", True)
    checking.save(checked.house, checked["administrator"], left.id, Given(entries=[Entry("amount", "2.00", "")]))
    assert "look_again:amount" not in documents.get_document(checked.house, OWNER, left.id).review_reasons


def test_what_people_said_goes_along_though_the_document_stays_with_others(checked: Office) -> None:
    house, first = checked.house, whole(checked).parts[0].document_id
    again = receive(house, checked["handler"], io.BytesIO(original(checked, first)), "again.tif", batch="elsewhere")
    assert again.document_id == first
    change(checked, "split", "1.2")
    assert (find(of_page(checked, "1.1"), "title") or Field("", 0, BOX, 0)).value == "采购合同"
    assert (find(of_page(checked, "1.2"), "party_b") or Field("", 0, BOX, 0)).value == "丙方公司"
    kept = documents.get_document(house, OWNER, first)
    assert (kept.batch, {f.name: f.value for f in kept.fields}["party_b"]) == ("elsewhere", "丙方公司")


def test_two_documents_that_become_one_do_not_overwrite_each_other(checked: Office) -> None:
    second = whole(checked).parts[1].document_id
    read(checked, second, understood(party_b=("丁方", 1)))
    entries = [Entry("party_b", "戊方公司", "丁方")]
    checking.save(checked.house, checked["administrator"], second, Given(entries=entries))
    change(checked, "merge", "1.1")
    one = of_page(checked, "1.1")
    assert one.id == of_page(checked, "1.5").id
    party_b = find(one, "party_b")
    assert party_b
    assert (party_b.value, state_of(party_b)) == ("丙方公司", "once")
    assert one.review_reasons == ["look_again:party_b"]


def test_a_document_that_was_read_already_takes_them_over(checked: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.flow.intake import parts

    real = parts._make_one

    def make(house: Any, actor: Any, batch: Any, part: Any, *rest: Any) -> None:
        real(house, actor, batch, part, *rest)
        with house.database.write() as session:
            document = session.get_one(Document, part.document_id)
            document.status, document.review_reasons = "needs_review", ["low_confidence:party_b"]
            document.fields = fields_read(understood(party_b=("乙方", 2), title=("合同书", 1)), [])

    monkeypatch.setattr(parts, "_make_one", make)
    change(checked, "later", "1.1")
    found = of_page(checked, "1.1")
    assert {f.name: (f.value, f.page) for f in found.fields} == {
        "party_b": ("丙方公司", 1), "title": ("采购合同", 2), "amount": ("2.00", 3), "agent": ("陈立", 0),
        "signed_on": ("2026-03-24", 1)}  # fmt: skip
    assert (found.status, found.review_reasons, found.verification) == ("stored", [], "unconfirmed")
    assert batches.get_batch(checked.house, OWNER, "B-1").busy is False


def test_the_category_that_people_chose_goes_with_the_pages_and_outlives_the_reading(checked: Office) -> None:
    house, first = checked.house, whole(checked).parts[0].document_id
    documents.set_category(house, checked["administrator"], first, "1.10")
    change(checked, "rotate", "1.2", "90")
    turned = of_page(checked, "1.1")
    assert turned.id != first
    assert (turned.category, turned.categorised_by) == ("1.10", "person:administrator")
    read(checked, turned.id, understood(title=("合同书", 1)))
    read_on = documents.get_document(house, OWNER, turned.id)
    assert (read_on.category, read_on.status, read_on.review_reasons) == ("1.10", "stored", [])
    rows = [(row.read_as, row.category) for row in extraction.report(house, OWNER).categories]
    assert ("1.9", "1.10") in rows
    change(checked, "undo", "")
    assert of_page(checked, "1.1").category == "1.10"
    assert sound(checked)


def test_of_a_document_that_is_split_the_first_keeps_its_category_and_the_others_are_looked_at(checked: Office) -> None:
    documents.set_category(checked.house, checked["administrator"], whole(checked).parts[0].document_id, "1.10")
    change(checked, "split", "1.2")
    front, back = of_page(checked, "1.1"), of_page(checked, "1.2")
    assert (front.category, back.category) == ("1.10", "")
    assert back.review_reasons == ["look_again:kind"]
    read(checked, back.id, understood())
    read_on = documents.get_document(checked.house, OWNER, back.id)
    assert (read_on.category, read_on.review_reasons) == ("1.9", ["look_again:kind"])
    documents.set_category(checked.house, checked["administrator"], back.id, "1.9")
    assert documents.get_document(checked.house, OWNER, back.id).review_reasons == []


def test_pages_put_behind_those_of_another_document_do_not_give_it_their_category(checked: Office) -> None:
    second = whole(checked).parts[1].document_id
    read(checked, second, understood())
    documents.set_category(checked.house, checked["administrator"], second, "1.10")
    change(checked, "merge", "1.1")
    one = of_page(checked, "1.1")
    assert (one.category, one.review_reasons) == ("", ["look_again:kind"])


def test_a_document_that_was_read_before_its_category_came_is_read_as_that(
    checked: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.flow.intake import parts

    documents.set_category(checked.house, checked["administrator"], whole(checked).parts[0].document_id, "1.10")
    real = parts._make_one

    def make(house: Any, actor: Any, batch: Any, part: Any, *rest: Any) -> None:
        real(house, actor, batch, part, *rest)
        read(checked, part.document_id, understood(title=("合同书", 1)))

    monkeypatch.setattr(parts, "_make_one", make)
    change(checked, "rotate", "1.2", "90")
    found = of_page(checked, "1.1")
    assert (found.status, found.category) == ("received", "1.10")


@pytest.fixture
def keeper(scanner: Office) -> str:
    """Who may see and say what is secret."""
    scanner.hire("keeper", "credit_administrator", clearance="core")
    return "keeper"


def tier(office: Office, page: str) -> str:
    return of_page(office, page).tier


def say(office: Office, page: str, to: str) -> None:
    documents.set_tier(office.house, office["keeper"], of_page(office, page).id, to, "涉密")


def test_what_is_secret_stays_secret_whatever_becomes_of_its_pages(scanner: Office, keeper: str, tmp_path: Any) -> None:
    send(scanner, stack(tmp_path, 1, 2, 3, SHEET, 4))
    say(scanner, "1.1", "secret")
    for action, page in (("rotate", "1.2"), ("split", "1.3"), ("later", "1.1"), ("undo", ""), ("undo", "")):
        change(scanner, action, page, "90" if action == "rotate" else "", keeper)
        assert [tier(scanner, key) for key in ("1.1", "1.2", "1.3", "1.5")] == ["secret"] * 3 + ["internal"]
    change(scanner, "drop", "1.3", login=keeper)
    say(scanner, "1.1", "internal")  # the page that was left out is as secret as it was
    change(scanner, "merge", "1.1", login=keeper)
    assert tier(scanner, "1.1") == "internal"
    change(scanner, "keep", "1.3", login=keeper)
    assert (tier(scanner, "1.3"), of_page(scanner, "1.3").id) == ("secret", of_page(scanner, "1.5").id)
    with pytest.raises(NotFound):
        whole(scanner)
    entries = [e.detail for e in rows(scanner, AuditEntry) if e.action == "document.carry"]
    assert any('"tier":"secret"' in detail.replace(" ", "") for detail in entries)
    assert sound(scanner)


def test_a_page_left_out_of_a_secret_document_is_shown_to_nobody_else(
    scanner: Office, keeper: str, tmp_path: Any
) -> None:
    def seen(login: str) -> int:
        return len(batches.page_picture(scanner.house, scanner[login], "B-1", "1.3"))

    send(scanner, stack(tmp_path, 1, SHEET, 2), sheets=3, sides=1)
    plain = seen(keeper)
    say(scanner, "1.3", "secret")
    change(scanner, "drop", "1.3", login=keeper)
    for login in ("scanner", "colleague"):
        for look in (seen, lambda who: whole(scanner, who), lambda who: change(scanner, "keep", "1.3", login=who)):
            with pytest.raises(NotFound):
                look(login)
    assert not batches.list_batches(scanner.house, scanner["scanner"])
    assert seen(keeper) != plain  # with the watermark
    *_, noted = [e.detail for e in rows(scanner, AuditEntry) if e.action == "batch.view"]
    assert '"watermark":true' in noted.replace(" ", "")
    batches.release(scanner.house, scanner[keeper], "B-1")
    assert whole(scanner).batch.state == "released"  # nothing of the page is left


def test_a_new_scan_of_a_page_is_as_secret_as_the_first_and_so_is_the_first_after_it(
    scanner: Office, keeper: str, tmp_path: Any
) -> None:
    send(scanner, stack(tmp_path, 1), sheets=1, sides=1)
    new = stack(tmp_path, 2, name="new.tif")
    say(scanner, "1.1", "secret")
    version = whole(scanner, keeper).batch.version
    rescan(scanner.house, scanner[keeper], "B-1", version, "1.1", new, "new.tif")
    assert tier(scanner, "2.1") == "secret"
    say(scanner, "2.1", "core")
    change(scanner, "undo", "", login=keeper)
    assert tier(scanner, "1.1") == "core"


def test_between_its_making_and_its_coming_into_force_nobody_finds_what_is_secret(
    scanner: Office, keeper: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    def found(login: str) -> int:
        return searching.find(scanner.house, scanner[login], "技术服务").total

    first = send(scanner, DIGITAL, sheets=2, sides=1).documents[0].document_id
    process.process(scanner.house, first)
    assert found("handler") == 1
    say(scanner, "1.1", "secret")
    with monkeypatch.context() as patched:
        patched.setattr(parts, "_put_into_force", die)
        with pytest.raises(KeyboardInterrupt):
            change(scanner, "rotate", "1.2", "180", keeper)
    (fresh,) = [d for d in rows(scanner, Document) if d.id != first]
    process.process(scanner.house, fresh.id)
    assert (fresh.tier, found("handler"), found(keeper)) == ("secret", 0, 2)
    # What is said of the one that goes is said of the one that comes.
    documents.change(scanner.house, scanner[keeper], first, tier="core", original=True, reason="涉密")
    (fresh,) = [d for d in rows(scanner, Document) if d.id != first]
    assert (fresh.tier, fresh.is_original) == ("core", True)
    stacks.resume(scanner.house)
    assert (tier(scanner, "1.1"), found("handler"), found(keeper)) == ("core", 0, 1)


def _secret_then_damaged(office: Office, keeper: str, monkeypatch: pytest.MonkeyPatch, *pages: int) -> None:
    """Let these pages refuse to be cut out, after somebody made the document secret that came before them."""
    real, before = Cutter.write, {document.id for document in rows(office, Document)}

    def write(cutter: Cutter, pieces: Any, target: Any) -> str:
        if [piece.page for piece in pieces] == list(pages):
            fresh = next(document for document in rows(office, Document) if document.id not in before)
            documents.set_tier(office.house, office[keeper], fresh.id, "secret", "涉密")
            raise Rejected("truncated", "The PDF is damaged or cut short.")
        return real(cutter, pieces, target)

    monkeypatch.setattr(Cutter, "write", write)


def test_what_became_secret_while_a_change_was_made_is_secret_when_it_is_given_up(
    scanner: Office, keeper: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(scanner, stack(tmp_path, 1, 2, 3), sheets=3, sides=1)
    (first,) = rows(scanner, Document)
    _secret_then_damaged(scanner, keeper, monkeypatch, 3)
    with pytest.raises(Rejected):
        change(scanner, "split", "1.3")
    assert [(document.id, document.tier) for document in rows(scanner, Document)] == [(first.id, "secret")]
    entries = [e.detail for e in rows(scanner, AuditEntry) if e.subject == f"document:{first.id}"]
    assert any('"to":"secret"' in detail.replace(" ", "") for detail in entries)


def test_what_became_secret_before_its_stack_was_left_whole_makes_all_of_it_secret(
    scanner: Office, keeper: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _secret_then_damaged(scanner, keeper, monkeypatch, 5, 6)
    send(scanner, stack(tmp_path, 1, SHEET, 2, SHEET, 3, 4), sheets=6, sides=1)
    (made,) = rows(scanner, Document)
    assert (made.pages, made.tier) == (6, "secret")


def test_a_document_of_others_with_the_same_bytes_does_not_tell_what_became_secret(
    scanner: Office, keeper: str, tmp_path: Any
) -> None:
    for name, seed in (("Y", 1), ("B-1", 3)):
        send(scanner, stack(tmp_path, seed, SHEET, 2, 4, name=f"{name}.tif"), batch=name, sheets=4, sides=1)
    version = whole(scanner, name="Y").batch.version
    batches.change_pages(scanner.house, scanner["scanner"], "Y", version, "split", "1.4")
    others = {part.document_id for part in whole(scanner, name="Y").parts}
    say(scanner, "1.3", "secret")
    change(scanner, "split", "1.4", login=keeper)
    assert {of_page(scanner, page).id for page in ("1.3", "1.4")} < others
    assert [tier(scanner, page) for page in ("1.1", "1.3", "1.4")] == ["internal", "secret", "secret"]
    # What comes again with nothing said of it raises nothing.
    say(scanner, "1.1", "public")
    send(scanner, stack(tmp_path, 3, SHEET, 7, name="again.tif"), batch="Z", sheets=3, sides=1)
    assert tier(scanner, "1.1") == "public"


def test_the_paper_of_a_batch_is_read_once_for_all_documents_that_are_made(scanner: Office, tmp_path: Any) -> None:
    """Not once for each: of a batch of some thousand pages that is much."""
    engine, seen = scanner.house.database.engine, list[str]()

    def note(*given: Any) -> None:
        if given[2].startswith("SELECT stacks.position, stacks.looked"):
            seen.append(given[2])

    times = []
    event.listen(engine, "before_cursor_execute", note)
    try:
        for many in (2, 5):
            seen.clear()
            pages = [what for number in range(many) for what in (10 * many + number, SHEET)]
            got = send(scanner, stack(tmp_path, *pages, name=f"{many}.pdf"), batch=f"B-{many}")
            assert len(got.documents) == many
            times.append(len(seen))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert times[0] == times[1] > 0


def test_department_and_original_go_with_the_pages_where_all_say_the_same(scanner: Office, tmp_path: Any) -> None:
    house, keeper = scanner.house, scanner["archivist"]
    send(scanner, stack(tmp_path, 1, 2, SHEET, 3))
    other = people.create_department(house, OWNER, "CW", "财务部").id
    documents.change(
        house, keeper, of_page(scanner, "1.1").id, original=True, department_id=other, reason="原件在财务部"
    )
    with house.database.write() as session:
        session.get_one(Document, of_page(scanner, "1.1").id).notes = ["from:a-letter"]
    change(scanner, "split", "1.2", login="archivist")
    for page in ("1.1", "1.2"):
        half = of_page(scanner, page)
        assert (half.is_original, half.department_id, half.notes) == (True, other, ["from:a-letter"])
    change(scanner, "merge", "1.2", login="archivist")
    mixed = of_page(scanner, "1.2")
    assert (mixed.is_original, mixed.department_id) == (False, scanner.department_id)
    assert mixed.review_reasons == ["look_again:department", "look_again:original"]
    documents.change(house, keeper, mixed.id, original=True, department_id=other, reason="都是原件")
    assert of_page(scanner, "1.2").review_reasons == []
