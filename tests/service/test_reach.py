"""Who sees and changes what beyond their own department, and that every reading is noted."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select
from stdnum.cn import uscc

from service.access import people
from service.errors import BadInput, NotAllowed, NotFound
from service.flow import counts
from service.flow.archive import destroy, filing, holds, ledger, ledger_rows, loans, reviews, transfers
from service.flow.common import tiers
from service.flow.credit import customers
from service.flow.intake import desk, documents, render
from service.flow.intake.process import process
from service.flow.intake.receive import receive
from service.flow.search.find import find
from service.flow.trust import trail
from service.records.tables import AuditEntry, Customer, Person
from tests.service.conftest import DIGITAL, OWNER, Office
from tests.service.test_flow import decide_all, due_file, new_contract, propose

CODE = "91110108551385082Q"


def strangers(office: Office) -> list:
    """A handler and a head of another department."""
    other = people.create_department(office.house, OWNER, "CG", "采购部")
    return [office.hire(f"other.{role}", role, department_id=other.id) for role in ("handler", "department_head")]


def destroyed(office: Office) -> tuple[str, str]:
    """Return (file id, review id) of a file that was destroyed."""
    file_id, _ = due_file(office)
    review_id = propose(office, file_id)
    decide_all(office, review_id, file_id)
    office.house.clock.move_to(date(2037, 1, 12))
    for name in ("fourth", "fifth"):
        reviews.supervise(office.house, office[name], review_id)
    destroy.execute(office.house, office["archivist"], review_id)
    return file_id, review_id


def entries(office: Office) -> int:
    with office.house.database.read() as session:
        return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def last(office: Office) -> tuple[str, str]:
    with office.house.database.read() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
        return entry.action, entry.subject


def test_every_reading_is_noted_once(embedded):
    house = embedded.house
    file_id, review_id = destroyed(embedded)
    contract_id, _ = new_contract(embedded, signed_on="")
    document_id = embedded.take_in()
    with house.database.read() as session:
        customer_id = session.scalars(select(Customer.id).limit(1)).one()
    auditor, handler = embedded["auditor"], embedded["handler"]
    readings = [
        ("document.open", lambda: render.page_text(house, handler, document_id, 1)),
        ("document.view", lambda: ledger.contract_input_from_document(house, handler, document_id)),
        ("contract.view", lambda: ledger.get_contract(house, handler, contract_id)),
        ("customer.view", lambda: customers.get_customer(house, handler, customer_id)),
        ("review.view", lambda: reviews.get_review(house, auditor, review_id)),
        ("stub.view", lambda: destroy.get_stub(house, auditor, file_id)),
        ("register.view", lambda: destroy.register(house, auditor)),
        ("hold.list", lambda: holds.list_holds(house, auditor)),
        ("audit.view", lambda: trail.list_entries(house, auditor)),
        ("document.list", lambda: documents.list_documents(house, handler)),
        ("document.list", lambda: desk.list_waiting(house, handler, desk.Want("all"), limit=10)),
        ("contract.list", lambda: ledger_rows.list_contracts(house, handler)),
        ("file.list", lambda: filing.list_case_files(house, handler)),
        ("transfer.list", lambda: transfers.list_transfers(house, handler)),
        ("customer.list", lambda: customers.list_customers(house, handler)),
        ("loan.list", lambda: loans.list_loans(house, handler)),
        ("review.list", lambda: reviews.list_reviews(house, auditor)),
        ("candidate.list", lambda: reviews.candidates(house, auditor)),
    ]
    for action, read in readings:
        before = entries(embedded)
        read()
        assert (entries(embedded), last(embedded)[0]) == (before + 1, action)


def test_a_destroyed_file_does_not_exist_for_another_department(embedded):
    house = embedded.house
    file_id, _ = destroyed(embedded)
    for stranger in strangers(embedded):
        for look in (destroy.get_stub, destroy.prove):
            with pytest.raises(NotFound):
                look(house, stranger, file_id)
        assert destroy.register(house, stranger) == []
    for name in ("archivist", "administrator", "auditor", "head", "handler"):
        assert destroy.get_stub(house, embedded[name], file_id)
        assert destroy.prove(house, embedded[name], file_id).ok
        assert [row["file_id"] for row in destroy.register(house, embedded[name])] == [file_id]


def test_a_supervisor_from_another_department_sees_the_proof(embedded):
    _, embedded.actors["fourth"] = strangers(embedded)
    file_id, review_id = destroyed(embedded)
    assert reviews.get_review(embedded.house, embedded["fourth"], review_id).my_part == "supervisor"
    assert destroy.prove(embedded.house, embedded["fourth"], file_id).ok


def test_a_review_exists_for_its_people_and_for_those_who_watch_over_all(embedded):
    house = embedded.house
    file_id, _ = due_file(embedded)
    review_id = propose(embedded, file_id)
    outsiders = [*strangers(embedded), embedded["handler"], embedded.hire("sixth", "department_head")]
    for outsider in outsiders:
        with pytest.raises(NotFound):
            reviews.get_review(house, outsider, review_id)
        assert reviews.list_reviews(house, outsider) == []
        assert counts.waiting(house, outsider)["reviews"] == 0
    for name in ("first", "head", "fourth", "archivist", "administrator", "auditor"):
        assert reviews.get_review(house, embedded[name], review_id)
        assert len(reviews.list_reviews(house, embedded[name])) == 1
        assert counts.waiting(house, embedded[name])["reviews"] == 1


def test_a_review_exists_for_those_cleared_for_all_its_files(embedded):
    """A part opens other departments and no tier; nobody gets one in a review of what they may not see (RULES B9)."""
    house = embedded.house
    file_id, _ = due_file(embedded)
    keeper = embedded.hire("keeper", "archivist", clearance="core")
    unsigned = embedded.hire("unsigned", "archivist", clearance="core", papers=("degree", "retrieval", "exam"))
    tiers.set_file_tier(house, OWNER, file_id, "secret", "定密")
    persons = [embedded[name].person_id or "" for name in ("first", "second", "third", "head", "fourth", "fifth")]
    embedded.actors |= {"archivist": keeper}
    with pytest.raises(BadInput, match="person:first may not see all files"):
        propose(embedded, file_id)
    with house.database.write() as session:
        for person in session.scalars(select(Person).where(Person.id.in_(persons))):
            person.clearance = "secret"
    review_id = propose(embedded, file_id)
    cleared = {name: replace(embedded[name], clearance="secret") for name in ("first", "fourth")}
    for outsider in (embedded["administrator"], embedded["first"], unsigned, *strangers(embedded)):
        with pytest.raises(NotFound):
            reviews.get_review(house, outsider, review_id)
        assert reviews.list_reviews(house, outsider) == []
        assert not any(reviews.board(house, outsider).values())
        assert counts.waiting(house, outsider)["reviews"] == 0
    for insider in (keeper, embedded["auditor"], *cleared.values()):
        assert reviews.get_review(house, insider, review_id).files
        assert len(reviews.list_reviews(house, insider)) == 1
    sixth = embedded.hire("sixth", "department_head")
    with pytest.raises(BadInput, match="person:sixth may not see"):
        reviews.ask_co_reviewer(house, keeper, review_id, sixth.person_id or "", [file_id], "请会同")
    with pytest.raises(BadInput, match="person:sixth may not see"):
        reviews.replace_person(house, keeper, review_id, "person:first", sixth.person_id or "", "请假")


def test_a_hold_exists_for_the_department_of_its_files(embedded):
    house = embedded.house
    _, file_id = new_contract(embedded)
    hold = holds.place_hold(house, embedded["head"], "诉讼", "保全", [file_id])
    _, stranger = strangers(embedded)
    assert holds.list_holds(house, stranger) == []
    assert holds.files_of(house, stranger, hold.id) == []
    with pytest.raises(NotFound):
        holds.ask_release(house, stranger, hold.id, "结案")
    with pytest.raises(NotFound):
        holds.release(house, stranger, hold.id)
    for name in ("first", "archivist", "administrator", "auditor"):
        assert [found.id for found in holds.list_holds(house, embedded[name])] == [hold.id]
        assert holds.files_of(house, embedded[name], hold.id) == [file_id]


def test_a_customers_code_is_checked_and_its_change_noted(embedded):
    house = embedded.house
    assert uscc.is_valid(CODE)
    new_contract(embedded)
    with pytest.raises(BadInput) as refused:
        new_contract(embedded, counterparty_code=CODE[:-1] + "0")
    assert set(refused.value.fields) == {"counterparty_code"}
    with house.database.read() as session:
        (customer,) = session.scalars(select(Customer))
        assert customer.code is None
    for _ in range(2):
        new_contract(embedded, counterparty_code=CODE.lower())
    with house.database.read() as session:
        (customer,) = session.scalars(select(Customer))
        assert customer.code == CODE
        updates = session.scalars(select(AuditEntry).where(AuditEntry.action == "customer.update")).all()
        assert [(entry.actor, entry.subject) for entry in updates] == [("person:handler", f"customer:{customer.id}")]
        assert CODE not in updates[0].detail


def test_nobody_raises_a_tier_above_their_clearance_and_few_lower_one(embedded):
    house = embedded.house
    document_id = embedded.take_in()
    boss = embedded.hire("boss", "department_head", clearance="secret")
    with pytest.raises(NotAllowed, match="clearance"):
        documents.set_tier(house, embedded["administrator"], document_id, "core", "密级有误")
    with pytest.raises(NotAllowed, match="role"):
        documents.set_tier(house, embedded["handler"], document_id, "internal", "密级有误")
    with pytest.raises(NotAllowed, match="role"):
        documents.set_tier(house, boss, document_id, "public", "密级有误")
    documents.set_tier(house, boss, document_id, "secret", "密级有误")
    with pytest.raises(NotAllowed, match="role"):
        documents.set_tier(house, boss, document_id, "internal", "密级有误")
    keeper = embedded.hire("keeper", "archivist", clearance="secret")
    documents.set_tier(house, keeper, document_id, "public", "密级有误")
    assert documents.get_document(house, embedded["handler"], document_id).tier == "public"


def test_a_document_is_given_to_a_department_that_exists_and_is_ones_own(embedded):
    house = embedded.house
    other = people.create_department(house, OWNER, "CG", "采购部")
    with pytest.raises(BadInput) as refused:
        receive(house, embedded["handler"], DIGITAL, "a.pdf", department_id="no-such-department")
    assert set(refused.value.fields) == {"department_id"}
    with pytest.raises(NotAllowed, match="another department"):
        receive(house, embedded["handler"], DIGITAL, "a.pdf", department_id=other.id)
    received = receive(house, embedded["archivist"], DIGITAL, "a.pdf", department_id=other.id)
    again = receive(house, embedded["handler"], DIGITAL, "a.pdf", department_id=embedded.department_id)
    assert again.duplicate
    assert again.document_id == received.document_id


def test_what_came_without_a_department_goes_to_the_one_that_sends_it_again(embedded):
    office, house = embedded, embedded.house
    first = receive(house, OWNER, DIGITAL, "a.pdf").document_id
    process(house, first)
    handler, head = office["handler"], office.hire("own.head", "department_head")
    stranger, strange_head = strangers(office)
    with pytest.raises(NotFound):
        documents.get_document(house, handler, first)
    again = receive(house, handler, DIGITAL, "b.pdf")
    assert (again.duplicate, again.document_id) == (True, first)
    with house.database.read() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
        assert (entry.action, entry.actor, entry.subject) == ("document.adopt", "person:handler", f"document:{first}")
        assert office.department_id in entry.detail
    assert documents.get_document(house, head, first).department_id == office.department_id
    assert first in [hit.document_id for hit in find(house, head, "合同").hits]
    receive(house, stranger, DIGITAL, "c.pdf")  # it has a home now
    assert documents.get_document(house, head, first).department_id == office.department_id
    for one in (stranger, strange_head):
        with pytest.raises(NotFound):
            documents.get_document(house, one, first)
