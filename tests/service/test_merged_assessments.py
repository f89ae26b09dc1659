"""Two customers that are one and were both assessed: the stricter counts, and who assesses is told (RULES A1.1, A1.2)."""

from datetime import date

import pytest
from sqlalchemy import func, select

from service.flow.credit import assessments, blocks, due_assessments, portfolio, portfolio_run
from service.flow.credit.customer_merge import merge_customers, undo_merge
from service.flow.credit.report_facts import rated_of
from service.flow.credit.scoring import stands_up
from service.records.tables import AssessmentRecord, AuditEntry, CreditEvent, Customer, CustomerMerge, Delivery
from tests.service.conftest import TODAY
from tests.service.test_assessments import BAD, GOOD, decide, make
from tests.service.test_register import customer


@pytest.fixture
def two(office):
    """A customer assessed as BBB in March, and the same again under another name, assessed lower in January."""
    house = office.house
    kept, merged = customer(office, "云桥智联信息技术有限公司"), customer(office, "云桥智联信息技术有限责任公司")
    for day, customer_id, inputs in ((date(2026, 1, 5), merged, BAD), (date(2026, 3, 2), kept, GOOD)):
        house.clock.move_to(day)
        decide(office, make(office, customer_id, inputs))
    house.clock.move_to(TODAY)
    return kept, merged


def grade(office, customer_id):
    status = blocks.credit_status(office.house, office["administrator"], customer_id)
    return status.grade, status.line


def states(office, customer_id):
    with office.house.database.read() as session:
        query = select(AssessmentRecord).where(AssessmentRecord.customer_id == customer_id)
        return sorted(row.state for row in session.scalars(query))


def told(office, customer_id):
    with office.house.database.read() as session:
        query = select(Delivery).where(Delivery.event == "grade.changed", Delivery.customer_id == customer_id)
        rows = session.scalars(query.order_by(Delivery.created_at, Delivery.id))
        return [row.content["data"]["grade"]["after"] for row in rows]


def test_A1_2_of_two_assessments_the_stricter_counts_from_the_merger_on_and_a_new_one_is_due_at_once(office, two):
    house, who = office.house, office["administrator"]
    kept, merged = two
    low, high = grade(office, merged), grade(office, kept)
    assert low[0] > high[0]
    merge_customers(house, who, kept, merged, "同一家公司")
    assert grade(office, kept) == low
    assert states(office, kept) == ["in_force", "replaced", "replaced"]
    found = assessments.list_assessments(house, who, kept)
    assert stands_up(found.current, found.cards[found.current.scorecard])
    assert (found.current.assessed_on, found.current.decided_by) == (date(2026, 1, 5), "person:administrator")
    assert (found.due.due, found.due.reasons[0].en) == (TODAY, "two records of the customer merged (2026-11-25)")
    assert [row.customer.id for row in due_assessments.list_due(house, who)[1]] == [kept]
    assert low[0] in told(office, kept)
    assert assessments.scores_of(found)[-1][1] == found.current.score
    with house.database.read() as session:
        rated, _last = rated_of(session, [kept], date(2099, 12, 31))
    assert rated[-1].grade == low[0]  # of all that took effect the last
    decide(office, make(office, kept))
    assert grade(office, kept)[0] == high[0]
    assert due_assessments.list_due(house, who)[0] == 0


def test_A1_2_a_merger_that_is_undone_gives_both_their_assessment_back(office, two):
    house, who = office.house, office["administrator"]
    kept, merged = two
    before = {key: grade(office, key) for key in two}
    merge_id = merge_customers(house, who, kept, merged, "同一家公司")
    undo_merge(house, who, merge_id)
    assert {key: grade(office, key) for key in two} == before
    assert states(office, merged) == ["in_force"]
    assert states(office, kept) == ["in_force", "refused"]
    assert told(office, kept)[-1] == before[kept][0]
    assert due_assessments.list_due(house, who)[0] == 0
    with house.database.read() as session:
        assert session.scalars(select(CreditEvent)).all() == []
        trail = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "assessment.event")
        assert session.scalar(trail) == 1  # what was demanded stays on record
    merge_customers(house, who, merged, kept, "还是同一家，保留另一个")
    assert grade(office, merged) == before[merged]


def test_A1_2_what_was_decided_after_a_merger_stays_with_the_one_that_was_kept(office, two):
    house, who = office.house, office["administrator"]
    kept, merged = two
    before = grade(office, merged)
    merge_id = merge_customers(house, who, kept, merged, "同一家公司")
    run = portfolio.start_run(house, who, "reassess")
    portfolio_run.advance(house, run.id)
    portfolio.decide_run(house, office["head"], run.id, approve=True)
    assert states(office, kept) == ["in_force", "replaced", "replaced", "replaced"]
    undo_merge(house, who, merge_id)
    assert grade(office, merged) == before
    found = assessments.list_assessments(house, who, kept)
    assert found.current.run_id == run.id
    assert not found.events


def test_A1_2_the_assessment_of_one_alone_counts_for_both_and_a_new_one_is_due(office):
    house, who = office.house, office["administrator"]
    kept, merged = customer(office, "云桥智联信息技术有限公司"), customer(office, "云桥智联信息技术有限责任公司")
    third = customer(office, "丙公司")
    decide(office, make(office, merged))
    merge_customers(house, who, kept, third, "同一家公司")
    with house.database.read() as session:
        assert session.scalars(select(CreditEvent)).all() == []
        assert session.scalars(select(CustomerMerge)).one().moved["assessments"] == {}
        assert session.get_one(Customer, third).merged_into == kept
    merge_customers(house, who, kept, merged, "同一家公司")
    assert states(office, kept) == ["in_force"]
    assert assessments.list_assessments(house, who, kept).due.due == TODAY
