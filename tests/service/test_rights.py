"""What rights rest on: papers (RULES B7 to B9), grants, the three administrators; and the watermark on what is classified."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image, ImageChops, ImageDraw
from sqlalchemy import select

from intake.formats.fonts import HAN_FONT, font
from service.access import accounts, paper_entries, people
from service.access.papers import PaperGiven, state_of
from service.access.policy import Actor, Granted, Reach, decide, document_tokens, reader_tokens
from service.clock import CHINA
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import filing, grants, ledger_rows
from service.flow.credit import customers
from service.flow.intake import documents, render, thumbnails
from service.flow.search.find import find
from service.records.tables import AuditEntry, CaseFile, Document, Person, Term
from tests.service.conftest import OWNER, Office
from tests.service.test_flow import new_contract

FROM = date(2020, 1, 1)


def degree(until: date | None = None) -> PaperGiven:
    return PaperGiven("degree", FROM, until, "人事档案")


def today(office: Office, login: str) -> Actor:
    """Return the actor as they stand today."""
    with office.house.database.read() as session:
        person = session.scalars(select(Person).where(Person.login == login)).one()
    return people.actor_of_person(office.house, person)


def set_tier(office: Office, document_id: str, tier: str) -> None:
    documents.set_tier(office.house, OWNER, document_id, tier, "定密")


def test_a_paper_counts_from_its_first_day_to_its_last():
    paper = PaperGiven("exam", date(2026, 1, 1), date(2026, 1, 31))
    for day, state in ((date(2025, 12, 31), "missing"), (date(2026, 1, 1), "valid"), (date(2026, 1, 31), "valid")):
        assert state_of([paper], "exam", day) == state
    assert state_of([paper], "exam", date(2026, 2, 1)) == "expired"
    assert state_of([paper], "degree", date(2026, 1, 1)) == "missing"


def test_b7_b8_nobody_becomes_archivist_without_the_qualifications(embedded):
    house = embedded.house
    with pytest.raises(RuleRefused, match=r"archivist.*degree \(missing\)"):
        embedded.hire("new", "archivist", papers=())
    embedded.hire("new", "handler", papers=())
    with pytest.raises(RuleRefused, match="retrieval"):
        accounts.change_person(house, OWNER, "new", roles=["archivist"])
    for kind in ("degree", "retrieval", "exam"):
        paper_entries.add_paper(house, embedded["administrator"], "new", PaperGiven(kind, FROM, None, "人事档案"))
    assert accounts.change_person(house, OWNER, "new", roles=["archivist"]).roles == ["archivist"]
    assert decide(today(embedded, "new"), "file.archive").allowed


def test_b7_b8_a_role_stops_working_when_a_qualification_lapses_and_says_why(embedded):
    house = embedded.house
    kept = ("agreement", "degree", "retrieval")
    embedded.hire("later", "handler", papers=kept)
    last = house.clock.today() + timedelta(days=1)
    made = paper_entries.add_paper(house, OWNER, "later", PaperGiven("exam", FROM, last, "考试成绩单"))
    accounts.change_person(house, OWNER, "later", roles=["archivist", "handler"])
    assert today(embedded, "later").roles == {"archivist", "handler"}
    house.clock.move_to(last + timedelta(days=1))
    actor = today(embedded, "later")
    assert actor.roles == {"handler"}
    assert decide(actor, "file.archive").reason == "qualification_expired"
    house.clock.move_to(last)
    paper_entries.revoke_paper(house, embedded["administrator"], "later", made.id, "成绩作废")
    assert decide(today(embedded, "later"), "file.archive").reason == "qualification_missing"
    _, lacking = paper_entries.who_lacks(house, embedded["administrator"])
    assert [(lack.login, lack.states) for lack in lacking] == [("later", {"exam": "missing"})]


def test_b9_nothing_classified_opens_without_a_signed_agreement(embedded):
    house = embedded.house
    document_id = embedded.take_in()
    unsigned = embedded.hire("unsigned", "archivist", clearance="core", papers=("degree", "retrieval", "exam"))
    signed = embedded.hire("signed", "archivist", clearance="core")
    assert find(house, unsigned, "技术服务").total == 1
    set_tier(embedded, document_id, "secret")
    for look in (
        lambda actor: documents.get_document(house, actor, document_id),
        lambda actor: render.read_rendition(house, actor, document_id, "page-image", 1),
    ):
        look(signed)
        with pytest.raises(NotFound):
            look(unsigned)
    assert (find(house, signed, "技术服务").total, find(house, unsigned, "技术服务").total) == (1, 0)
    assert documents.list_documents(house, unsigned)[0] == 0
    assert decide(unsigned, "document.read", Reach(None, "secret")).reason == "agreement_missing"
    paper_entries.add_paper(house, OWNER, "unsigned", PaperGiven("agreement", FROM, house.clock.today(), "保密协议"))
    assert find(house, today(embedded, "unsigned"), "技术服务").total == 1
    house.clock.move_to(house.clock.today() + timedelta(days=1))
    assert decide(today(embedded, "unsigned"), "document.read", Reach(None, "secret")).reason == "agreement_expired"


def test_an_archive_of_an_earlier_release_has_time_to_enter_papers(embedded):
    house = embedded.house
    with house.database.write() as session:
        session.add(Term(name="papers", day=house.clock.today() + timedelta(days=1)))
    old = embedded.hire("old", "archivist", clearance="core", papers=())
    assert decide(old, "document.read", Reach(None, "core")).allowed
    house.clock.move_to(house.clock.today() + timedelta(days=1))
    assert today(embedded, "old").roles == frozenset()
    house.settings = replace(house.settings, papers_from=date(2099, 1, 1))
    assert today(embedded, "old").roles == {"archivist"}


def test_nobody_keeps_their_own_papers_and_wrong_ones_are_refused(embedded):
    house, keeper = embedded.house, embedded["administrator"]
    with pytest.raises(RuleRefused, match="their own papers"):
        paper_entries.add_paper(house, keeper, "administrator", degree())
    with pytest.raises(NotAllowed):
        paper_entries.add_paper(house, embedded["handler"], "head", degree())
    wrong = PaperGiven("diploma", date(2030, 1, 1), date(2029, 1, 1), " ")
    with pytest.raises(BadInput) as refused:
        paper_entries.add_paper(house, keeper, "head", wrong)
    assert set(refused.value.fields) == {"kind", "valid_from", "valid_until", "note"}


def test_a_grant_opens_one_thing_to_one_person_for_a_time_for_reading(embedded):
    house = embedded.house
    other = people.create_department(house, OWNER, "CG", "采购部")
    embedded.hire("guest", "handler", department_id=other.id)
    _, file_id = new_contract(embedded)
    document_id, until = embedded.take_in(), house.clock.today() + timedelta(days=7)
    filing.file_document(house, embedded["handler"], document_id, file_id)
    with pytest.raises(NotFound):
        documents.get_document(house, today(embedded, "guest"), document_id)
    grant = grants.give_grant(house, embedded["archivist"], "guest", "file", file_id, until, "诉讼需要")
    guest = today(embedded, "guest")
    assert decide(guest, "file.read", Reach("xs", "internal", things=(f"file:{file_id}",))).reason == "grant"
    assert documents.get_document(house, guest, document_id).id == document_id
    assert find(house, guest, "技术服务").total == 1
    assert [file.id for file in filing.list_case_files(house, guest)[1]] == [file_id]
    assert ledger_rows.list_contracts(house, guest)[0] == 1
    with pytest.raises(NotAllowed):
        documents.set_category(house, guest, document_id, "1.10")
    with pytest.raises(NotAllowed):
        filing.mark_not_applicable(house, guest, file_id, "1.3", "无")
    house.clock.move_to(until + timedelta(days=1))
    assert find(house, today(embedded, "guest"), "技术服务").total == 0
    house.clock.move_to(until)
    grants.end_grant(house, embedded["archivist"], grant.id)
    with pytest.raises(NotFound):
        documents.get_document(house, today(embedded, "guest"), document_id)


def test_a_grant_opens_no_more_than_its_tier_and_needs_the_agreement_all_the_same(embedded):
    house = embedded.house
    document_id, until = embedded.take_in(), date(2099, 1, 1)
    set_tier(embedded, document_id, "secret")
    embedded.hire("keeper", "archivist", clearance="secret")
    embedded.hire("unsigned", "handler", papers=())
    for login in ("handler", "unsigned"):
        grants.give_grant(house, today(embedded, "keeper"), login, "document", document_id, until, "尽职调查")
    assert documents.get_document(house, today(embedded, "handler"), document_id)
    with pytest.raises(NotFound):
        documents.get_document(house, today(embedded, "unsigned"), document_id)
    set_tier(embedded, document_id, "core")
    with pytest.raises(NotFound):
        documents.get_document(house, today(embedded, "handler"), document_id)
    assert find(house, today(embedded, "handler"), "技术服务").total == 0


def test_a_customer_is_opened_with_its_files(embedded):
    house = embedded.house
    other = people.create_department(house, OWNER, "CG", "采购部")
    embedded.hire("guest", "handler", department_id=other.id)
    _, file_id = new_contract(embedded)
    (customer,) = customers.list_customers(house, embedded["archivist"])[1]
    with pytest.raises(NotFound):
        customers.get_customer(house, today(embedded, "guest"), customer.id)
    grants.give_grant(house, OWNER, "guest", "customer", customer.id, date(2099, 1, 1), "授信调查")
    view = customers.get_customer(house, today(embedded, "guest"), customer.id)
    assert ([file.id for file in view.files], len(view.contracts)) == ([file_id], 1)


def test_who_may_give_what(embedded):
    house, until = embedded.house, date(2099, 1, 1)
    document_id = embedded.take_in()
    set_tier(embedded, document_id, "secret")
    with pytest.raises(NotFound):  # above the archivist's clearance: it does not exist for them
        grants.give_grant(house, embedded["archivist"], "handler", "document", document_id, until, "r")
    with pytest.raises(RuleRefused, match="to themselves"):
        grants.give_grant(house, embedded["archivist"], "archivist", "document", document_id, until, "r")
    with pytest.raises(NotAllowed):
        grants.give_grant(house, embedded["head"], "handler", "document", document_id, until, "r")
    guard = embedded.hire("guard", "security_administrator", clearance="secret")
    assert grants.give_grant(house, guard, "handler", "document", document_id, until, "r").tier == "secret"
    with pytest.raises(NotFound):
        documents.get_document(house, guard, document_id)
    with pytest.raises(NotAllowed, match="clearance"):
        grants.give_grant(house, guard, "handler", "document", document_id, until, "r", "core")


def test_tokens_of_grants_mirror_the_decision():
    actor = Actor("person:a", roles=frozenset({"handler"}), grants=(Granted("file:f", "secret"),))
    for tier, agreement in ((t, a) for t in ("internal", "secret", "core") for a in ("", "agreement_missing")):
        reach = Reach("xs", tier, "person:b", ("document:d", "file:f"))
        asking = replace(actor, agreement=agreement)
        held = reader_tokens(asking) or frozenset()
        assert bool(held & set(document_tokens(reach))) == decide(asking, "document.read", reach).allowed


def test_three_administrators_exclude_one_another_and_share_the_work_where_it_is_said(embedded):
    house = embedded.house
    for pair in (["administrator", "security_administrator"], ["security_administrator", "auditor"]):
        with pytest.raises(BadInput, match="exclude one another"):
            people.invite(house, OWNER, "two.hats", "某", pair)
    house.settings = replace(house.settings, separated_administrators=True)
    root = embedded.hire("root", "administrator")
    guard = embedded.hire("guard", "security_administrator")
    with pytest.raises(NotAllowed, match=r"rights\.give"):
        people.invite(house, root, "new", "新人", ["handler"])
    people.invite(house, root, "new", "新人", [])
    with pytest.raises(NotAllowed, match=r"rights\.give"):
        accounts.change_person(house, root, "new", clearance="core")
    assert accounts.change_person(house, guard, "new", roles=["handler"]).roles == ["handler"]
    with pytest.raises(NotAllowed):
        people.renew_invitation(house, guard, "new")


def pixels(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def test_what_is_classified_is_seen_with_a_watermark_and_kept_without(embedded):
    house = embedded.house
    document_id = embedded.take_in()
    reader = embedded.hire("reader", "handler", clearance="core")
    keeper = embedded.hire("keeper", "archivist", clearance="core")

    def page(actor: Actor) -> bytes:
        return render.read_rendition(house, actor, document_id, "page-image", 1)[0].read()

    plain = page(reader)
    set_tier(embedded, document_id, "secret")
    marked = page(reader)
    assert page(OWNER) == plain
    difference = ImageChops.difference(pixels(plain), pixels(marked)).convert("L").point(lambda v: 255 * (v > 24))
    width, height = difference.size
    for left, top in ((0, 0), (width // 2, 0), (0, height // 2), (width // 2, height // 2)):
        assert difference.crop((left, top, left + width // 2, top + height // 2)).getbbox(), "every quarter carries it"
    with pytest.raises(NotAllowed, match="no role"), render.open_rendition(house, reader, document_id, "original"):
        pass
    with render.open_rendition(house, keeper, document_id, "original") as opened:
        assert opened.stream.read(5) == b"%PDF-"
    with house.database.read() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
        digest = session.get_one(Document, document_id).sha256
    assert json.loads(last.detail) == {"rendition": "original", "page": 0, "sha256": digest}, (
        "which bytes left the house"
    )
    with render.open_rendition(house, reader, document_id, "copy") as opened, pikepdf.open(opened.stream) as copy:
        assert len(copy.pages) == 2
    with house.database.read() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
    assert (last.action, last.actor, '"watermark":true' in last.detail) == ("document.open", "person:reader", True)


def test_a_watermark_says_who_looked_and_when(embedded, monkeypatch):
    """On each way to see or take pages; in the program's own font, for a machine need not have one for Chinese names."""
    house = embedded.house
    document_id = embedded.take_in()
    set_tier(embedded, document_id, "secret")
    reader = embedded.hire("reader", "handler", clearance="core")
    drawn: list[tuple[str, str]] = []
    real = ImageDraw.ImageDraw.text

    def text(self: ImageDraw.ImageDraw, place: tuple[int, int], said: str, **more: Any) -> None:
        drawn.append((said, str(more["font"].path)))
        real(self, place, said, **more)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    ways: dict[str, Callable[[Actor], bytes]] = {
        "page": lambda who: render.read_rendition(house, who, document_id, "page-image", 1)[0].read(),
        "copy": lambda who: render.read_rendition(house, who, document_id, "copy")[0].read(),
        "strip": lambda who: thumbnails.strip(house, who, document_id, 1, 2),
    }
    began = datetime.now(CHINA).replace(microsecond=0)
    for name, way in ways.items():
        drawn.clear()
        way(reader)
        (words,) = {said for said, _ in drawn}
        said = re.fullmatch(r"reader 某 reader (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", words)
        assert said is not None, name
        assert began <= datetime.fromisoformat(said[1]).replace(tzinfo=CHINA) <= datetime.now(CHINA), name
        assert {Path(path) for _, path in drawn} == {HAN_FONT}
        with house.database.read() as session:
            last = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
        assert (last.action, last.actor, '"watermark":true' in last.detail) == ("document.open", "person:reader", True)
    drawn.clear()
    assert ImageChops.difference(pixels(ways["strip"](reader)), pixels(ways["strip"](OWNER))).getbbox()
    nothing = bytes(font(20).getmask("\U0010ffff"))
    assert nothing not in [bytes(font(20).getmask(character)) for character in "某龘喆"], "the font has them"


def test_a_classified_file_hides_its_contract(embedded):
    house = embedded.house
    new_contract(embedded)
    with house.database.write() as session:
        session.scalars(select(CaseFile)).one().tier = "core"
    assert ledger_rows.list_contracts(house, embedded["handler"])[0] == 0
    assert ledger_rows.list_contracts(house, embedded["archivist"])[0] == 0
