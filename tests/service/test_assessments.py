"""Assessments through the flow, the API and the customer's page, on both set-ups (RULES A1.1, A1.2, A4.1)."""

import re
import threading
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from credit.errors import CreditError
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.credit import assessments as flow
from service.flow.credit.cards import champion
from service.flow.credit.customers import get_customer
from service.flow.credit.scoring import InputGiven
from service.records.tables import AssessmentRecord, AuditEntry, Customer
from tests.service.conftest import TODAY
from tests.service.test_flow import new_contract
from tests.service.web.conftest import open_site

GOOD = {
    "payment_history": InputGiven("12.5"),
    "financial_condition": InputGiven("60"),
    "industry_position": InputGiven("leading"),
    "operating_stability": InputGiven("7"),
}
BAD = {**GOOD, "payment_history": InputGiven("90"), "industry_position": InputGiven("weak")}


@pytest.fixture
def customer_id(office):
    return known(office)


def known(office):
    new_contract(office)
    with office.house.database.read() as session:
        return session.scalars(select(Customer.id)).one()


def make(office, customer_id, inputs=None, **more):
    return flow.make_assessment(office.house, office["administrator"], customer_id, inputs or GOOD, **more)


def decide(office, record, who="head", **more):
    flow.decide_assessment(office.house, office[who], record.customer_id, record.id, **{"approve": True, **more})


def test_A1_1_an_assessment_takes_effect_when_a_second_person_says_so_and_can_be_recomputed(office, customer_id):
    record = make(office, customer_id)
    assert (record.score, record.grade, record.state) == (Decimal("71.50"), "BBB", "waiting")
    assert get_customer(office.house, office["handler"], customer_id).assessed.current is None
    with pytest.raises(RuleRefused, match="waits for a decision"):
        make(office, customer_id)
    with pytest.raises(RuleRefused, match="does not decide"):
        decide(office, record, "administrator")
    decide(office, record)
    with pytest.raises(RuleRefused, match="decided on already"):
        decide(office, record)
    found = flow.list_assessments(office.house, office["handler"], customer_id)
    assert found.current is not None
    assert (found.current.grade, found.current.decided_by) == ("BBB", "person:head")
    assert all(flow.stands_up(row, found.cards[row.scorecard]) for row in found.history)
    with office.house.database.read() as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("assessment.")))
        assert sorted(actions) == ["assessment.approve", "assessment.form", "assessment.list", "assessment.make"]


def test_A1_1_a_kept_assessment_that_was_tampered_with_does_not_stand_up(office, customer_id):
    record = make(office, customer_id)
    with office.house.database.write() as session:
        row = session.get_one(AssessmentRecord, record.id)
        row.lines = [{**row.lines[0], "points": "100"}, *row.lines[1:]]
    with office.house.database.read() as session:
        assert not flow.stands_up(session.get_one(AssessmentRecord, record.id), champion(session))


def test_A1_1_the_command_line_computes_every_assessment_again_and_says_which_was_changed(embedded, juanzong_here):
    customer_id = known(embedded)
    decide(embedded, make(embedded, customer_id))
    said = juanzong_here(embedded.env, "credit", "assessments", customer_id).stdout
    assert [word in said for word in ("71.50", "BBB", "in_force", "yes")] == [True] * 4
    with embedded.house.database.write() as session:
        row = session.scalars(select(AssessmentRecord)).one()
        row.lines = [{**row.lines[0], "points": "100"}, *row.lines[1:]]
    found = juanzong_here(embedded.env, "credit", "assessments", customer_id, "--json", check=6).stdout
    assert '"recomputed":false' in found
    assert "CHANGED" in juanzong_here(embedded.env, "credit", "assessments", customer_id, check=6).stdout


def test_A1_2_the_next_is_due_a_year_later(office, customer_id):
    assert flow.list_assessments(office.house, office["head"], customer_id).due.reasons[0].en == "never assessed"
    decide(office, make(office, customer_id))
    due = flow.list_assessments(office.house, office["head"], customer_id).due
    assert (due.due, due.overdue) == (date(2027, 11, 25), False)
    office.house.clock.move_to(date(2027, 11, 26))
    assert flow.list_assessments(office.house, office["head"], customer_id).due.overdue


def test_A4_1_a_score_that_falls_below_the_line_warns_on_the_card(office, customer_id):
    decide(office, make(office, customer_id))
    assert get_customer(office.house, office["handler"], customer_id).warnings == ()
    office.house.clock.move_to(date(2027, 1, 5))
    record = make(office, customer_id, BAD)
    assert get_customer(office.house, office["handler"], customer_id).warnings == ()  # it waits, it has no effect
    decide(office, record)
    view = get_customer(office.house, office["handler"], customer_id)
    assert {warning.kind for warning in view.warnings} == {"score_below", "score_drop"}
    assert [row.state for row in view.assessed.history] == ["in_force", "replaced"]


def test_A1_1_a_grade_set_by_hand_keeps_the_score_and_its_reason(office, customer_id):
    with pytest.raises(CreditError, match="name and a reason"):
        make(office, customer_id, grade="BB")
    with pytest.raises(CreditError, match="up by 1 and down by 3"):
        make(office, customer_id, grade="AAA", reason="熟人")
    record = make(office, customer_id, grade="BB", reason="涉诉")
    assert (record.score_grade, record.grade, record.set_reason) == ("BBB", "BB", "涉诉")
    with pytest.raises(BadInput, match="reason"):
        decide(office, record, approve=False, reason=" ")
    decide(office, record, approve=False, reason="依据不足")
    assert make(office, customer_id).state == "waiting"


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ({"mood": InputGiven("1")}, BadInput),
        ({**GOOD, "payment_history": InputGiven("many")}, BadInput),
        ({**GOOD, "payment_history": InputGiven("NaN")}, BadInput),
        ({**GOOD, "payment_history": InputGiven("1e400")}, BadInput),
        ({**GOOD, "payment_history": InputGiven("1e999999999")}, BadInput),
        ({**GOOD, "payment_history": InputGiven("0.0000001")}, BadInput),
        ({**GOOD, "payment_history": InputGiven("")}, CreditError),
        ({**GOOD, "industry_position": InputGiven("best")}, CreditError),
        ({**GOOD, "industry_position": InputGiven("leading", ("no such document",))}, NotFound),
        ({**GOOD, "industry_position": InputGiven("leading", ("x",) * 21)}, BadInput),
    ],
)
def test_inputs_that_do_not_fit_leave_nothing(embedded, inputs, error):
    customer_id = known(embedded)
    with pytest.raises(error):
        make(embedded, customer_id, inputs)
    with embedded.house.database.read() as session:
        assert session.scalars(select(AssessmentRecord)).all() == []


def test_who_may_not(office, customer_id):
    house = office.house
    for login in ("handler", "archivist", "head"):
        with pytest.raises(NotAllowed):
            flow.make_assessment(house, office[login], customer_id, GOOD)
    with pytest.raises(NotFound):
        flow.make_assessment(house, office["administrator"], "no such customer", GOOD)
    record = make(office, customer_id)
    with pytest.raises(NotAllowed):
        decide(office, record, "handler")


def test_two_who_decide_at_once_decide_once(office, customer_id):
    office.hire("head2", "department_head")
    record = make(office, customer_id)
    outcomes = []

    def run(who):
        try:
            decide(office, record, who)
            outcomes.append("done")
        except RuleRefused:
            outcomes.append("refused")

    threads = [threading.Thread(target=run, args=(who,)) for who in ("head", "head2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused"]


def test_the_page_assesses_and_lets_the_second_person_decide(embedded):
    customer_id = known(embedded)
    site = open_site(embedded)
    path = f"/customers/{customer_id}"
    first, second, reader = (site.signed_in(login) for login in ("administrator", "head", "handler"))
    mine = f"{path}/assessments"
    assert "还没有评估过" in first.get(path).text
    assert "交第二人决定" in first.get(mine).text
    assert "交第二人决定" not in reader.get(mine).text
    wrong = first.post(mine, {"form": "assess", "payment_history.evidence": "", "payment_history": "many"})
    assert wrong.status_code == 422
    assert "写成数字" in wrong.text
    given = {code: row.value for code, row in GOOD.items()} | {f"{code}.evidence": "" for code in GOOD}
    assert first.post(mine, {"form": "assess", **given}).status_code == 303
    page = second.get(mine).text
    (target,) = re.findall(rf'action="({path}/assessments/[^"]+/decision)"', page)
    assert "71.50" in page
    own = first.post(target, {"approve": "1"})
    assert own.status_code == 409
    assert "作出评估的人不能自己决定" in own.text
    assert second.post(target, {"approve": "1"}).status_code == 303
    assert "现行" in reader.get(mine).text
    assert ">BBB<" in reader.get(path).text
    second.client.set_cookie("language", "en")
    english = second.get(mine).text
    assert "In force" in english
    assert f"{TODAY.year + 1}-11-25" in english
