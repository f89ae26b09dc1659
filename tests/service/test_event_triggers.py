"""A1.2: what the archive knows of a major event makes the re-assessment due at once, without anybody recording it; A4.1: on every change."""

from sqlalchemy import select

from service.flow.credit import fact_entry
from service.flow.credit.due_assessments import list_due
from service.flow.credit.fact_entry import FactGiven, confirm_fact, record_fact
from service.flow.intake import process as reading
from service.records.tables import AssessmentDuty, CreditEvent, CustomerFact, Document
from tests.service.conftest import TODAY, Office
from tests.service.test_assessments import GOOD, decide, make
from tests.service.test_papers_speak import NAME, paper
from tests.service.test_register import CODE, customer
from tests.service.test_warnings import a_customer, bring, invoice, standing


def events(office: Office, customer_id: str) -> list[tuple[str, str, str]]:
    """What was recorded, in order: (kind, note, who recorded it)."""
    with office.house.database.read() as session:
        query = select(CreditEvent).where(CreditEvent.customer_id == customer_id)
        rows = session.scalars(query.order_by(CreditEvent.recorded_at, CreditEvent.id))
        return [(row.kind, row.note, row.recorded_by) for row in rows]


def due(office: Office, customer_id: str) -> list[str]:
    """Why a customer is due today; nothing for one that is not."""
    rows = list_due(office.house, office["administrator"])[1]
    return [reason.en for row in rows if row.customer.id == customer_id for reason in row.state.reasons]


def fact_id(office: Office, customer_id: str, kind: str) -> str:
    with office.house.database.read() as session:
        query = select(CustomerFact.id).where(CustomerFact.customer_id == customer_id, CustomerFact.kind == kind)
        return session.scalars(query.order_by(CustomerFact.seq.desc())).first()


def verified(office: Office, customer_id: str, kind: str, value: str, since: str) -> None:
    """A value that one enters and two others confirm."""
    given = FactGiven(kind, value, "public_record", valid_from=since, collected_on=since, note="公示系统")
    record_fact(office.house, office["handler"], customer_id, given)
    for login in ("administrator", "head"):
        confirm_fact(office.house, office[login], customer_id, fact_id(office, customer_id, kind))


def test_A1_2_large_overdue_debt_makes_the_assessment_due_at_once_and_is_recorded_once(office: Office):
    name = "东方贸易有限公司"
    customer_id = a_customer(office, name)
    decide(office, make(office, customer_id))
    assert due(office, customer_id) == []
    bring(office, invoice("F1", name, "2026-10-01"))  # 55 days: a warning, not yet large
    assert (events(office, customer_id), due(office, customer_id)) == ([], [])
    bring(office, invoice("F2", name, "2026-08-01"))
    assert events(office, customer_id) == [("large_overdue_debt", "逾期 116 天", "system")]
    assert due(office, customer_id) == [f"large overdue debt ({TODAY})"]
    with office.house.database.read() as session:
        planned = session.get_one(AssessmentDuty, customer_id)
    assert (planned.why, planned.due_on) == ("event", TODAY)
    bring(office, invoice("F3", name, "2026-07-01"))
    assert len(events(office, customer_id)) == 1
    entered = {code: given for code, given in GOOD.items() if code != "payment_history"}  # the books say how they pay
    decide(office, make(office, customer_id, entered))
    assert due(office, customer_id) == []
    bring(office, invoice("F4", name, "2026-06-01"))
    assert (len(events(office, customer_id)), due(office, customer_id)) == (1, [])


def test_A1_2_a_verified_change_of_legal_representative_makes_it_due_and_an_unverified_one_does_not(embedded: Office):
    customer_id = customer(embedded, NAME)
    decide(embedded, make(embedded, customer_id))
    verified(embedded, customer_id, "legal_representative", "赵明", "2026-01-01")
    verified(embedded, customer_id, "lawsuits", "无", "2026-01-01")
    assert events(embedded, customer_id) == []
    given = FactGiven("legal_representative", "钱进", "public_record", valid_from="2026-11-01", note="公示系统")
    record_fact(embedded.house, embedded["handler"], customer_id, given)
    confirm_fact(embedded.house, embedded["head"], customer_id, fact_id(embedded, customer_id, given.kind))
    assert events(embedded, customer_id) == []
    confirm_fact(embedded.house, embedded["administrator"], customer_id, fact_id(embedded, customer_id, given.kind))
    assert events(embedded, customer_id) == [("legal_representative_changed", "赵明 → 钱进", "system")]
    assert due(embedded, customer_id) == [f"change of legal representative ({TODAY})"]
    decide(embedded, make(embedded, customer_id))
    fact_entry.recheck_fact(
        embedded.house, embedded["handler"], customer_id, fact_id(embedded, customer_id, given.kind), "再看过"
    )
    assert (len(events(embedded, customer_id)), due(embedded, customer_id)) == (1, [])
    verified(embedded, customer_id, "lawsuits", "被诉买卖合同纠纷", "2026-11-20")
    assert events(embedded, customer_id)[-1] == ("lawsuit", "无 → 被诉买卖合同纠纷", "system")


def test_A1_2_a_corrected_reading_is_no_change(embedded: Office):
    customer_id = customer(embedded, NAME)
    verified(embedded, customer_id, "controller", "赵某", "2026-01-01")
    fact_entry.contradict_fact(
        embedded.house, embedded["head"], customer_id, fact_id(embedded, customer_id, "controller"), "赵莫", "看错了"
    )
    embedded.hire("judge", "department_head")
    fact_entry.contradict_fact(
        embedded.house, embedded["judge"], customer_id, fact_id(embedded, customer_id, "controller"), "赵莫", "看过原件"
    )
    assert events(embedded, customer_id) == []


def test_A1_2_A4_1_a_licence_that_has_expired_warns_when_it_is_filed_and_makes_it_due(embedded: Office):
    customer_id = customer(embedded, NAME, counterparty_code=CODE)
    paper(embedded, customer_id, "licence", name=NAME, code=CODE, valid_until="2026-11-01", issued_on="2016-11-02")
    assert {row.kind for row in standing(embedded, customer_id)} == {"expired"}
    assert [kind for kind, _note, _by in events(embedded, customer_id)] == ["licence_expired"]


def test_A4_1_an_authorization_nobody_verified_warns_when_it_is_filed(embedded: Office):
    customer_id = customer(embedded, NAME, counterparty_code=CODE)
    paper(embedded, customer_id, "authorization", by=[], principal=NAME, code=CODE, valid_until="2026-12-01")
    assert [row.kind for row in standing(embedded, customer_id)] == ["expiring"]
    assert events(embedded, customer_id) == []


def test_A2_1_A4_1_a_paper_that_was_filed_before_it_was_read_is_followed_when_it_is(embedded: Office, monkeypatch):
    customer_id = customer(embedded, NAME, counterparty_code=CODE)
    document_id = paper(
        embedded, customer_id, "contract", name=NAME, code=CODE, valid_until="2026-11-01", issued_on="2016-11-02"
    )
    with embedded.house.database.write() as session:
        row = session.get_one(Document, document_id)
        row.kind, row.indexed = "licence", False  # as the reading leaves it
    monkeypatch.setattr(reading, "index_document", lambda *_given: None)
    reading.process(embedded.house, document_id)
    assert {row.kind for row in standing(embedded, customer_id)} == {"expired"}
