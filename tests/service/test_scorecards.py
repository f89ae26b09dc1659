"""Scorecards, statements, events, expert reviews, runs over the portfolio and forms, on both set-ups (RULES A1.1, A1.2, A1.3, B5)."""

import copy
import io
import json
import random
import re
import threading
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from credit.card import Card, card_as_json
from credit.default_card import EXAMPLE_CARD
from credit.errors import BadScorecard
from credit.forms import ITEMS
from credit.freshness import a_year_after
from credit.override import rate
from credit.scorecard import GRADES, Input, assess
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import filing
from service.flow.credit import (
    assessments,
    comparison,
    credit_events,
    credit_forms,
    deliveries,
    due_assessments,
    expert_reviews,
    portfolio,
    portfolio_run,
    scorecards,
    statements,
)
from service.flow.credit.cards import champion, load_card
from service.flow.credit.due_assessments import _a_year_before
from service.flow.credit.known import NOTHING
from service.flow.credit.scoring import (
    Drawn,
    InputGiven,
    Line,
    assessment_of,
    carry,
    draw,
    line_for,
    made,
    record_of,
    stands_up,
)
from service.flow.intake.process import process
from service.records.tables import (
    AssessmentRecord,
    AuditEntry,
    CreditEvent,
    CreditForm,
    Customer,
    Document,
    RunRow,
    ScorecardRecord,
)
from service.reports.credit_forms import form_pdf
from service.reports.sheets import Table, to_xlsx
from tests.credit.test_scorecard import drawn
from tests.service.conftest import TODAY
from tests.service.test_assessments import BAD, GOOD, known
from tests.service.web.conftest import open_site

FIGURES = {
    "total_assets": "10000000",
    "current_assets": "6000000",
    "inventory": "1000000",
    "total_debts": "4000000",
    "current_debts": "3000000",
    "equity": "6000000",
    "retained": "2000000",
    "turnover": "20000000",
    "earnings_before": "1500000",
    "net_profit": "900000",
}


def card(version="2027-1", **weights):
    """The example under another version, with other weights."""
    body = copy.deepcopy(card_as_json(EXAMPLE_CARD)) | {"version": version}
    for row in body["indicators"]:
        row["weight"] = weights.get(row["code"], row["weight"])
    return body


def other(version="2027-1"):
    return card(version, payment_history="60", financial_condition="10")


def enough(office, many, seed=1):
    """Put customers with an assessment in force into the register; returns their ids."""
    rng, house = random.Random(seed), office.house
    ids = []
    with house.database.write() as session:
        card = champion(session)
        for number in range(many):
            customer = Customer(number=f"K{number:05}", name=f"客户{number:05}", created_at=house.clock.now())
            session.add(customer)
            session.flush()
            ids.append(customer.id)
            given = {
                "payment_history": InputGiven(str(rng.randrange(90))),
                "financial_condition": InputGiven(rng.choice(["", "35.5", "61", "95"])),
                "industry_position": InputGiven(rng.choice(["leading", "weak", ""])),
                "operating_stability": InputGiven(str(rng.randrange(15))),
            }
            drawn = draw(card, NOTHING, given, office["administrator"])
            rating = made(card, drawn)
            row = record_of(
                customer.id, rating, drawn, line_for(card, rating.grade, NOTHING),
                TODAY - timedelta(rng.randrange(800)), house.clock.now(),
            )  # fmt: skip
            row.state, row.made_by = "in_force", "person:administrator"
            session.add(row)
    return ids


def try_out(office, body=None):
    """Keep a scorecard and try it on the portfolio."""
    kept = scorecards.create_scorecard(office.house, office["administrator"], body or other())
    run = portfolio.start_run(office.house, office["administrator"], "what_if", kept.version)
    assert not portfolio_run.advance(office.house, run.id)
    return portfolio.get_run(office.house, office["administrator"], run.id).run


def test_A1_1_a_scorecard_is_drafted_tested_and_activated_by_a_second_person(office):
    house, first, second = office.house, office["administrator"], office["head"]
    assert scorecards.create_scorecard(house, first, other()).state == "draft"
    with pytest.raises(RuleRefused, match="only one that was tested"):
        scorecards.activate_scorecard(house, second, "2027-1")
    with pytest.raises(RuleRefused, match="there is a scorecard 2027-1 already"):
        scorecards.create_scorecard(house, first, other())
    run = portfolio.start_run(house, first, "what_if", "2027-1")
    portfolio_run.advance(house, run.id)
    with pytest.raises(RuleRefused, match="made or changed"):
        scorecards.activate_scorecard(house, first, "2027-1")
    assert scorecards.activate_scorecard(house, second, "2027-1").state == "active"
    states = {row.version: row.state for row in scorecards.list_scorecards(house, second)}
    assert states == {"2027-1": "active", "example-1": "retired"}
    for version in states:
        with pytest.raises(RuleRefused, match="is not changed any more"):
            scorecards.change_scorecard(house, first, version, other(version))
    with house.database.read() as session:
        assert champion(session).version == "2027-1"
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("scorecard.")))
        assert {"scorecard.create", "scorecard.test", "scorecard.activate"} <= set(actions)


def test_A1_1_a_changed_draft_is_a_draft_again_and_two_editors_do_not_overwrite_one_another(office):
    house, me = office.house, office["administrator"]
    try_out(office)
    row, _ = scorecards.get_scorecard(house, me, "2027-1")
    assert (row.state, row.revision) == ("tested", 1)
    changed = scorecards.change_scorecard(house, me, "2027-1", card("2027-1"), revision=1)
    assert (changed.state, changed.revision, changed.tested) == ("draft", 2, {})
    with pytest.raises(RuleRefused, match="changed this scorecard meanwhile"):
        scorecards.change_scorecard(house, me, "2027-1", other(), revision=1)
    assert scorecards.retire_scorecard(house, me, "2027-1").state == "retired"
    with pytest.raises(RuleRefused, match="is retired"):
        scorecards.activate_scorecard(house, office["head"], "2027-1")


def test_A1_1_weights_of_99_9_per_cent_leave_nothing(office):
    with pytest.raises(BadInput) as refused:
        scorecards.create_scorecard(office.house, office["administrator"], card(payment_history="39.9"))
    assert refused.value.fields == {"weights": "weights sum to 99.9 %, not to 100 %"}
    with office.house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ScorecardRecord)) == 1


def test_A1_1_two_who_activate_at_once_activate_one(office):
    house = office.house
    office.hire("head2", "department_head")
    for version in ("a", "b"):
        try_out(office, other(version))
    outcomes, ready = [], threading.Barrier(2)

    def run(who, version):
        ready.wait(60)
        try:
            scorecards.activate_scorecard(house, office[who], version)
            outcomes.append(version)
        except RuleRefused:
            outcomes.append("refused")

    threads = [threading.Thread(target=run, args=given) for given in (("head", "a"), ("head2", "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with house.database.read() as session:
        rows = {row.version: row.state for row in session.scalars(select(ScorecardRecord))}
    assert sorted(outcomes) == ["a", "b"]  # one after the other: the later took the place of the earlier
    assert sorted(rows.values()) == ["active", "retired", "retired"]
    assert champion_of(house).version == outcomes[-1] or rows[outcomes[0]] == "active"


def champion_of(house):
    with house.database.read() as session:
        return champion(session)


def test_A1_1_a_scorecard_changed_behind_the_program_assesses_nobody(embedded):
    customer_id = known(embedded)
    with embedded.house.database.write() as session:
        row = session.get_one(ScorecardRecord, "example-1")
        row.body = row.body | {"name": "other"}
    with pytest.raises(BadScorecard, match="not what it was when it was kept"):
        assessments.make_assessment(embedded.house, embedded["administrator"], customer_id, GOOD)


def test_A1_1_a_what_if_says_who_moves_and_every_cell_equals_a_recount(office):
    ids = enough(office, 60)
    run = try_out(office)
    with office.house.database.read() as session:
        old, new = load_card(session, "example-1"), load_card(session, "2027-1")
        expected = {}
        for customer_id in ids:
            row = session.scalars(select(AssessmentRecord).where(AssessmentRecord.customer_id == customer_id)).one()
            inputs = {line.code: line for line in assessment_of(row).lines}
            pair = []
            for one in (old, new):
                total = sum(
                    indicator.weight * (indicator.rate(inputs[indicator.code].value)[0]
                                        if inputs[indicator.code].value is not None else indicator.missing_points)
                    for indicator in one.scorecard.indicators
                ) / 100  # fmt: skip
                pair.append(one.scorecard.grade(total.quantize(Decimal("0.01"), "ROUND_HALF_UP")))
            expected[tuple(pair)] = expected.get(tuple(pair), 0) + 1
        moved = session.scalar(select(func.count()).select_from(RunRow).where(RunRow.run_id == run.id))
    assert portfolio.matrix_of(run) == expected
    assert moved == sum(n for (a, b), n in expected.items() if a != b) > 0
    view = portfolio.get_run(office.house, office["administrator"], run.id, limit=500)
    falls = [row.notches for row, _ in view.rows]
    assert falls == sorted(falls, reverse=True)
    assert all(row.notches == GRADES.index(row.after_grade) - GRADES.index(row.before_grade) for row, _ in view.rows)


def test_A1_2_a_run_goes_on_where_it_was_killed_and_takes_effect_by_a_second_person(office, monkeypatch):
    house, me = office.house, office["administrator"]
    ids = enough(office, 25)
    with house.database.write() as session:
        extra = Customer(number="X", name="没有数据", created_at=house.clock.now())
        session.add(extra)
    monkeypatch.setattr(portfolio_run, "PIECE", 10)
    run = portfolio.start_run(house, me, "reassess")
    with pytest.raises(RuleRefused, match="is going on"):
        portfolio.start_run(house, me, "reassess")

    def killed(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        portfolio_run.advance(house, run.id, told=killed)
    threads = [threading.Thread(target=portfolio_run.advance, args=(house, run.id)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    view = portfolio.get_run(house, me, run.id, refused=True)
    assert (view.run.state, view.run.done, view.run.summary["assessed"]) == ("done", 26, 25)
    assert [(customer.number, row.why) for row, customer in view.rows] == [
        ("X", "there is no data for payment_history, and the scorecard does not let it be missing")
    ]
    with house.database.read() as session:
        found = list(session.scalars(select(AssessmentRecord).where(AssessmentRecord.run_id == run.id)))
        card = champion(session)
    assert sorted(row.customer_id for row in found) == sorted(ids)
    assert all(row.state == "waiting" and stands_up(row, card) for row in found)
    with pytest.raises(RuleRefused, match="who started a run"):
        portfolio.decide_run(house, me, run.id, approve=True)
    with pytest.raises(BadInput, match="reason"):
        portfolio.decide_run(house, office["head"], run.id, approve=False)
    portfolio.decide_run(house, office["head"], run.id, approve=True)
    with pytest.raises(RuleRefused, match="decided on already"):
        portfolio.decide_run(house, office["head"], run.id, approve=True)
    with house.database.read() as session:
        states = session.execute(select(AssessmentRecord.state, func.count()).group_by(AssessmentRecord.state)).all()
    assert sorted(map(tuple, states)) == [("in_force", 25), ("replaced", 25)]
    assert due_assessments.list_due(house, me)[0] == 1  # the one that could not be assessed


def test_A1_2_who_is_due_is_listed_with_the_reason_and_only_they_are_assessed(office):
    house, me = office.house, office["administrator"]
    ids = enough(office, 12)
    with house.database.read() as session:
        dates = dict(session.execute(select(AssessmentRecord.customer_id, AssessmentRecord.assessed_on)).all())
    late = {customer_id for customer_id in ids if dates[customer_id] <= date(2025, 11, 25)}
    total, rows = due_assessments.list_due(house, me)
    assert {row.customer.id for row in rows} == late
    assert total == len(late) < 12
    fresh = next(customer_id for customer_id in ids if customer_id not in late)
    event = credit_events.record_event(house, me, fresh, "lawsuit", "2026-11-20", note="被诉")
    found = next(row for row in due_assessments.list_due(house, me)[1] if row.customer.id == fresh)
    assert (found.state.due, found.state.reasons[0].zh) == (date(2026, 11, 20), "诉讼（2026-11-20）")
    run = portfolio.start_run(house, me, "reassess", only_due=True)
    portfolio_run.advance(house, run.id)
    portfolio.decide_run(house, office["head"], run.id, approve=True)
    with house.database.read() as session:
        rows = session.scalars(select(AssessmentRecord).where(AssessmentRecord.run_id == run.id)).all()
        assert {row.customer_id for row in rows} == late | {fresh}
        answered = session.get_one(CreditEvent, event.id).answered_by
        assert answered in {row.id for row in rows if row.customer_id == fresh}
    assert due_assessments.list_due(house, me)[0] == 0


@pytest.mark.parametrize("year", [2023, 2024, 2025, 2027, 2028])
def test_A1_2_the_list_and_the_rule_agree_on_every_day_around_a_leap_day(year):
    for ahead in range(-3, 5):
        until = date(year, 2, 27) + timedelta(ahead)
        for back in range(362, 370):
            assessed = until - timedelta(back)
            assert (a_year_after(assessed) <= until) == (assessed <= _a_year_before(until)), (until, assessed)


def test_A1_2_an_event_needs_what_shows_it_and_is_answered_by_the_next_assessment(office):
    customer_id, house = known(office), office.house
    for kind, day, note in (("mood", "2026-11-20", "x"), ("lawsuit", "2026-11-26", "x"), ("lawsuit", "2026-11-20", "")):
        with pytest.raises(BadInput):
            credit_events.record_event(house, office["handler"], customer_id, kind, day, note=note)
    with pytest.raises(NotFound):
        credit_events.record_event(house, office["handler"], customer_id, "lawsuit", "2026-11-20", document_id="none")
    credit_events.record_event(house, office["handler"], customer_id, "lawsuit", "2026-11-20", note="被诉")
    found = assessments.list_assessments(house, office["head"], customer_id)
    assert (found.due.due, found.due.overdue) == (date(2026, 11, 20), True)
    record = assessments.make_assessment(house, office["administrator"], customer_id, GOOD)
    assessments.decide_assessment(house, office["head"], customer_id, record.id, approve=True)
    found = assessments.list_assessments(house, office["head"], customer_id)
    assert (found.events, found.due.overdue) == ((), False)


def test_A1_1_statements_feed_the_assessment_by_themselves(office):
    customer_id, house, me = known(office), office.house, office["administrator"]
    row = statements.enter_statement(house, office["handler"], customer_id, "2025", FIGURES)
    ratios = statements.ratios_of(house, row)
    assert (ratios["debt_to_assets"], ratios["current_ratio"], ratios["altman_z"]) == (40, 2, Decimal("5.20"))
    rest = {code: given for code, given in GOOD.items() if code != "financial_condition"}
    with pytest.raises(BadInput, match="say in the note why"):
        assessments.make_assessment(house, me, customer_id, GOOD)
    record = assessments.make_assessment(house, me, customer_id, rest)
    line = next(line for line in record.lines if line["code"] == "financial_condition")
    assert (line["value"], line["from"], line["points"]) == ("40.0000", "computed", "75")
    assert record.line == Decimal(600000)  # A: 10 % of the equity
    assert record.grade == "A"
    assessments.decide_assessment(house, office["head"], customer_id, record.id, approve=True)
    with house.database.read() as session:
        assert assessments.line_of(session, customer_id) == 600000
    with pytest.raises(BadInput, match="the rule gives at most 600000"):
        assessments.make_assessment(house, me, customer_id, rest, line="600001")
    assert assessments.make_assessment(house, me, customer_id, rest, line="1000.00").line == 1000


def test_A1_1_what_was_computed_and_is_no_more_is_missing_and_what_a_person_entered_is_carried(embedded):
    house = embedded.house
    with house.database.read() as session:
        now_in_use = champion(session)
    given = {"payment_history": "5", "financial_condition": "30", "operating_stability": "7"}
    origins = {"payment_history": "entered", "financial_condition": "computed", "operating_stability": "carried"}
    before = Drawn({code: Input(Decimal(value)) for code, value in given.items()}, origins)
    rating = made(now_in_use, before)
    last = record_of("c", rating, before, line_for(now_in_use, rating.grade, NOTHING), TODAY, house.clock.now())
    drawn_again = carry(now_in_use, NOTHING, last)
    assert {code: given.value for code, given in drawn_again.inputs.items()} == {
        "payment_history": Decimal(5), "operating_stability": Decimal(7),
    }  # fmt: skip
    lines = {line.code: line.matched for line in made(now_in_use, drawn_again).assessment.lines}
    assert lines["financial_condition"] == "missing"


def test_A1_1_statements_that_cannot_be_leave_nothing(office):
    customer_id, house = known(office), office.house
    for change, field in (
        ({"total_debts": "-1"}, "total_debts"),
        ({"total_assets": "10000002"}, "total_assets"),
        ({"inventory": "7000000"}, "inventory"),
        ({"equity": "many"}, "equity"),
        ({"mood": "1"}, "mood"),
        (dict.fromkeys(FIGURES, ""), "total_assets"),
    ):
        with pytest.raises(BadInput) as refused:
            statements.enter_statement(house, office["handler"], customer_id, "2025", FIGURES | change)
        assert field in refused.value.fields
    for year in ("", "1900", "2027", "２０２５"):
        with pytest.raises(BadInput, match="year"):
            statements.enter_statement(house, office["handler"], customer_id, year, FIGURES)
    assert statements.statements_of(house, office["handler"], customer_id)[1] == ()


def test_A1_1_statements_are_confirmed_by_two_others_and_corrections_keep_what_was(office):
    customer_id, house = known(office), office.house
    first = statements.enter_statement(house, office["handler"], customer_id, "2025", FIGURES)
    with pytest.raises(RuleRefused, match="dual verification"):
        statements.confirm_statement(house, office["handler"], customer_id, first.id)
    for login in ("administrator", "head", "head"):
        row = statements.confirm_statement(house, office[login], customer_id, first.id)
    assert row.confirmed_by == ["person:administrator", "person:head"]
    second = statements.enter_statement(
        house, office["administrator"], customer_id, "2025", FIGURES | {"net_profit": "1"}
    )
    with pytest.raises(RuleRefused, match="were corrected"):
        statements.confirm_statement(house, office["head"], customer_id, first.id)
    _, rows = statements.statements_of(house, office["head"], customer_id)
    assert [(row.id, row.replaced_by) for row in rows] == [(second.id, None), (first.id, second.id)]


def test_A1_1_statements_come_from_a_workbook_all_or_none(office):
    customer_id, house, me = known(office), office.house, office["administrator"]
    heads = ["客户", "年度", "资产总计", "负债合计", "所有者权益"]
    name = "云桥智联信息技术有限公司"
    bad = to_xlsx(
        Table(
            "t",
            heads,
            [[name, 2025, "100", "40", "60"], ["nobody", 2025, "1", "", ""], [name, 2024, "100", "40", "70"]],
        )
    )
    found = statements.import_statements(house, me, bad, apply=True)
    assert [(w.line, w.field) for w in found.wrong] == [(3, "customer"), (4, "total_assets")]
    assert statements.statements_of(house, me, customer_id)[1] == ()
    good = to_xlsx(Table("t", heads, [[name, 2025, "100", "40", "60"], [name, 2024, "90", "40", "50"]]))
    assert statements.import_statements(house, me, good, apply=False).wrong == ()
    assert statements.import_statements(house, me, good, apply=True).rows == 2
    assert [row.year for row in statements.statements_of(house, me, customer_id)[1]] == [2025, 2024]
    with pytest.raises(BadInput, match="XLSX"):
        statements.import_statements(house, me, b"nothing", apply=False)


@pytest.fixture
def rich(office):
    """An office where every line calls for experts, with an assessment that waits."""
    office.house.settings = replace(office.house.settings, expert_line=500_000)
    customer_id = known(office)
    statements.enter_statement(office.house, office["handler"], customer_id, "2025", FIGURES)
    rest = {code: given for code, given in GOOD.items() if code != "financial_condition"}
    record = assessments.make_assessment(office.house, office["administrator"], customer_id, rest)
    assert record.high_value == "line:600000"
    return office, customer_id, record.id


def test_A1_3_a_high_value_customer_needs_two_experts_and_a_conclusion_and_nobody_fills_two_parts(rich):
    office, customer_id, record_id = rich
    house, me = office.house, office["administrator"]
    key = (customer_id, record_id)

    def decide(who, reason="同意"):
        assessments.decide_assessment(house, office[who], *key, approve=True, reason=reason)

    with pytest.raises(RuleRefused, match="opinions of two named experts"):
        decide("head")
    for logins, why in (
        (["first"], "name 2 to"),
        (["first", "first"], "name 2 to"),
        (["first", "administrator"], "made the assessment"),
        (["first", "auditor"], "has no role"),
        (["first", "nobody"], "nobody who works here"),
    ):
        with pytest.raises(BadInput, match=why):
            expert_reviews.name_experts(house, me, *key, logins)
    expert_reviews.name_experts(house, me, *key, ["first", "second"])
    expert_reviews.name_experts(house, me, *key, ["first", "third"])
    for login, told in (("first", 1), ("second", 1), ("third", 1), ("head", 0)):
        total, messages = deliveries.inbox_of(house, office[login])
        assert (total, [row.event for row in messages]) == (told, ["assessment.review"] * told), login
    with pytest.raises(RuleRefused, match="2 of 2 experts"):
        decide("head")
    with pytest.raises(RuleRefused, match="only an expert who was named"):
        expert_reviews.give_opinion(house, office["second"], *key, grade="A", opinion="可以")
    expert_reviews.give_opinion(house, office["first"], *key, grade="A", opinion="经营稳健")
    with pytest.raises(RuleRefused, match="given already"):
        expert_reviews.give_opinion(house, office["first"], *key, grade="D", opinion="改主意了")
    with pytest.raises(RuleRefused, match="stays in the review"):
        expert_reviews.name_experts(house, me, *key, ["second", "third"])
    with house.database.read() as session:
        assert [record.id for record, _ in expert_reviews.reviews_for(session, office["third"])] == [record_id]
    expert_reviews.give_opinion(house, office["third"], *key, grade="BBB", opinion="额度偏高")
    with pytest.raises(RuleRefused, match="an expert of the review does not decide"):
        decide("first")
    with pytest.raises(RuleRefused, match="who made an assessment"):
        decide("administrator")
    with pytest.raises(BadInput, match="conclusion"):
        decide("head", " ")
    decide("head", "按 A 级执行，半年后复查")
    assert assessments.list_assessments(house, me, customer_id).current.id == record_id


def test_A1_3_a_run_leaves_high_value_customers_to_their_experts(office):
    house = office.house
    customer_id = known(office)
    statements.enter_statement(house, office["handler"], customer_id, "2025", FIGURES)
    rest = {code: given for code, given in GOOD.items() if code != "financial_condition"}
    record = assessments.make_assessment(house, office["administrator"], customer_id, rest)
    assessments.decide_assessment(house, office["head"], customer_id, record.id, approve=True)
    house.settings = replace(house.settings, expert_line=500_000)
    run = portfolio.start_run(house, office["administrator"], "reassess")
    portfolio_run.advance(house, run.id)
    run = portfolio.decide_run(house, office["head"], run.id, approve=True)
    assert run.summary["high_value"] == 1
    found = assessments.list_assessments(house, office["head"], customer_id)
    assert found.current is not None
    assert found.waiting is not None
    assert (found.current.id, found.waiting.high_value) == (record.id, "line:600000")


def test_B5_the_forms_are_made_from_data_and_filed_under_their_category(embedded):
    customer_id, house = known(embedded), embedded.house
    asked = {"applied_on": "2026-11-20", "applicant": "王一", "amount": "500000", "days": "60", "purpose": "扩大采购"}
    survey = {
        "surveyed_on": "2026-11-21",
        "surveyor": "李二",
        "way": "实地走访",
        "business": "正常",
        "conclusion": "可以授信",
    }
    with pytest.raises(BadInput) as refused:
        credit_forms.fill_form(
            house, embedded["handler"], customer_id, "5.1", {**asked, "days": "x", "amount": "-1", "y": "1"}
        )
    assert set(refused.value.fields) == {"days", "amount", "y"}
    credit_forms.fill_form(house, embedded["handler"], customer_id, "5.1", asked)
    credit_forms.fill_form(house, embedded["handler"], customer_id, "5.2", survey)
    statements.enter_statement(house, embedded["handler"], customer_id, "2025", FIGURES)
    rest = {code: given for code, given in GOOD.items() if code != "financial_condition"}
    for inputs in (rest, {**rest, "payment_history": BAD["payment_history"]}):
        record = assessments.make_assessment(house, embedded["administrator"], customer_id, inputs)
        assessments.decide_assessment(house, embedded["head"], customer_id, record.id, approve=True, reason="同意")
    assert credit_forms.file_wanted(house, form_pdf) == 6
    assert credit_forms.file_wanted(house, form_pdf) == 0
    file = filing.credit_file(house, embedded["administrator"], customer_id)
    with house.database.read() as session:
        rows = session.scalars(select(Document).where(Document.case_file_id == file.id)).all()
        assert sorted(row.category for row in rows) == ["5.1", "5.2", "5.3", "5.3", "5.4", "5.7"]
        review = next(row.id for row in rows if row.category == "5.7")
        form = session.scalars(select(CreditForm).where(CreditForm.category == "5.7")).one()
    assert form.data["moved"][0].startswith("付款记录（平均逾期天数）：-32")
    process(house, review)
    with house.database.read() as session:
        document = session.get_one(Document, review)
        assert (document.category, document.status) == ("5.7", document.status)
        values = {field.name: field.value for field in document.fields}
    assert document.confidence > 0
    assert "年审评价报告" in document.title
    assert values["grade"] == form.data["grade"]
    assert {"5.1", "5.2", "5.3", "5.4", "5.7"} <= filing_categories(house, file)


def filing_categories(house, file):
    with house.database.read() as session:
        return filing.categories_present(session, file)


def test_B5_a_form_whose_filing_was_killed_is_filed_once(embedded, monkeypatch):
    customer_id, house = known(embedded), embedded.house
    credit_forms.fill_form(house, embedded["handler"], customer_id, "5.4", {"amount": "1", "days": "30"})

    def killed(*_args, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(credit_forms, "file_document", killed)
        with pytest.raises(KeyboardInterrupt):
            credit_forms.file_wanted(house, form_pdf)
    assert credit_forms.file_wanted(house, form_pdf) == 1
    with house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Document)) == 1


@pytest.mark.parametrize("category", ["5.4", "5.7"])
def test_B5_a_form_is_drawn_the_same_from_the_same_data(category):
    data = {item.name: "12" if item.kind in ("money", "days") else "某" * 60 for item in ITEMS[category]}
    data |= {"arithmetic": ["一", "二"], "experts": []} if "arithmetic" in data else {}
    assert form_pdf(category, data) == form_pdf(category, data)
    assert form_pdf(category, data).startswith(b"%PDF")


def test_A1_1_champion_and_challenger_are_held_against_what_happened(office):
    house, me = office.house, office["administrator"]
    ids = enough(office, 40)
    with house.database.write() as session:
        for row in session.scalars(select(AssessmentRecord)):
            row.assessed_on = date(2025, 6, 1)
            bad = next(line["value"] for line in row.lines if line["code"] == "payment_history")
            if int(bad) > 60:
                session.add(
                    CreditEvent(customer_id=row.customer_id, kind="default", known_on=date(2026, 3, 1), note="x",
                                recorded_by="x", recorded_at=house.clock.now())
                )  # fmt: skip
    try_out(
        office,
        card("2027-1", payment_history="90", financial_condition="4", industry_position="2", operating_stability="4"),
    )
    found = comparison.back_tests(house, me)
    assert (found.on, found.customers) == (TODAY - timedelta(365), len(ids))
    first, second = found.tests
    assert [first.version, second.version] == ["example-1", "2027-1"]
    assert first.report is not None
    assert second.report is not None
    assert second.report.gini > first.report.gini > 0
    assert second.report.gini == 1  # it scores by what decides here
    with pytest.raises(BadInput, match="there is no scorecard x"):
        comparison.back_tests(house, me, ["x"])
    nothing = comparison.back_tests(house, me, (), date(2026, 11, 1))
    assert "needs customers that defaulted" in nothing.tests[0].why


def test_A1_1_ten_thousand_stored_assessments_are_recomputed_to_the_last_digit(embedded):
    """Stored under random scorecards, read back from the database, computed again with the scorecard out of the database."""
    rng, house = random.Random(4711), embedded.house
    known(embedded)
    with house.database.write() as session:
        customer_id = session.scalars(select(Customer.id)).one()
        for number in range(100):
            card, _ = drawn(rng)
            indicators = tuple(replace(i, zh="指标", en="indicator") for i in card.indicators)
            card = replace(card, version=f"random-{number}", indicators=indicators)
            body = card_as_json(Card(card))
            session.add(
                ScorecardRecord(version=card.version, body=body, digest=scorecards.digest_of(body), made_by="x",
                                made_at=house.clock.now(), changed_by="x", changed_at=house.clock.now(), tested={})
            )  # fmt: skip
            for _ in range(100):
                inputs = inputs_of(rng, card)
                rating = rate(assess(card, inputs), None, 0, 0)
                row = record_of(customer_id, rating, Drawn(inputs, {}), Line(None, {}), TODAY, house.clock.now())
                row.state, row.made_by = "replaced", "x"
                session.add(row)
    with house.database.read() as session:
        cards = {}
        rows = session.scalars(select(AssessmentRecord).execution_options(yield_per=1000))
        checked = 0
        for row in rows:
            if row.scorecard not in cards:
                cards[row.scorecard] = load_card(session, row.scorecard)
            assert stands_up(row, cards[row.scorecard])
            checked += 1
    assert checked == 10_000


def inputs_of(rng, card):
    found = {}
    for item in card.indicators:
        if item.missing_points is not None and rng.random() < 0.2:
            continue
        if item.choices:
            value = rng.choice(sorted(item.choices))
        elif item.expert:
            value = Decimal(rng.randrange(1_000_001)).scaleb(-4)
        else:
            value = Decimal(rng.randrange(-2_000_000, 2_000_000)).scaleb(-3)
        found[item.code] = Input(value, (), "周敏", "走访")
    return found


def test_who_may_not(office):
    customer_id, house = known(office), office.house
    for login in ("handler", "archivist", "head"):
        with pytest.raises(NotAllowed):
            scorecards.create_scorecard(house, office[login], other())
        with pytest.raises(NotAllowed):
            portfolio.start_run(house, office[login], "reassess")
    with pytest.raises(NotAllowed):
        scorecards.list_scorecards(house, office["handler"])
    for login in ("archivist", "auditor"):
        with pytest.raises((NotAllowed, NotFound)):
            statements.enter_statement(house, office[login], customer_id, "2025", FIGURES)


def test_the_pages_draft_try_and_activate_a_scorecard(embedded):
    enough(embedded, 5)
    site = open_site(embedded)
    first, second = site.signed_in("administrator"), site.signed_in("head")
    page = first.get("/scorecards/new").text
    form = fields(page) | {"version": "2027-1"}
    wrong = first.post("/scorecards", form | {"indicators.1.weight": "39.9"})
    assert wrong.status_code == 422
    assert "权重之和是 99.9 %，不是 100 %" in wrong.text
    assert 'value="39.9"' in wrong.text
    assert first.post("/scorecards", form).headers["Location"] == "/scorecards/2027-1"
    assert (
        first.post(
            "/scorecards/2027-1/edit", fields(first.get("/scorecards/2027-1/edit").text) | {"name": "新卡"}
        ).status_code
        == 303
    )
    started = first.post("/scorecards/2027-1/try", {})
    run = started.headers["Location"]
    assert "进行中" in first.get(run).text
    portfolio_run.advance_all(embedded.house)
    assert "迁移矩阵" in first.get(run).text
    own = first.post("/scorecards/2027-1/activate", {})
    assert (own.status_code, "编制或修改评分卡的人不能启用" in own.text) == (409, True)
    assert second.post("/scorecards/2027-1/activate", {}).status_code == 303
    exported = second.get("/scorecards/2027-1/export.json")
    assert json.loads(exported.data)["name"] == "新卡"
    body = json.loads(exported.data) | {"version": "2027-2"}
    for data, status in ((json.dumps(body), 303), ("[]", 422), (json.dumps({**body, "mood": 1}), 422)):
        sent = first.post(
            "/scorecards", {"file": (io.BytesIO(data.encode()), "card.json")}, content_type="multipart/form-data"
        )
        assert sent.status_code == status, sent.text
    second.client.set_cookie("language", "en")
    for path in ("/scorecards", "/scorecards/2027-1", "/scorecard-comparison", "/assessments", run):
        answer = second.get(path)
        assert answer.status_code == 200
        assert "<main" in answer.text
    assert second.get("/scorecard-comparison?on=never").status_code == 422


def fields(page):
    """What stands in the forms of a page: inputs, chosen options, texts."""
    found = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]*? value="([^"]*)"', page))
    found |= dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</textarea>', page))
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.findall(r'<option value="([^"]*)" selected', options) or re.findall(
            r'<option value="([^"]*)"', options
        )
        found[name] = chosen[0] if chosen else ""
    for name in ("csrf_token", "q", "language", "next"):
        found.pop(name, None)
    return found


def test_the_pages_of_a_customer_take_statements_events_and_forms(embedded):
    customer_id = known(embedded)
    site = open_site(embedded)
    first = site.signed_in("administrator")
    path = f"/customers/{customer_id}"
    wrong = first.post(
        f"{path}/statements",
        {"form": "statement", "year": "2025", "total_assets": "1", "total_debts": "2", "equity": "3"},
    )
    assert wrong.status_code == 422
    assert "资产 1 不等于负债 2 加所有者权益 3" in wrong.text
    assert first.post(f"{path}/statements", {"form": "statement", "year": "2025", **FIGURES}).status_code == 303
    shown = first.get(f"{path}/statements").text
    assert "Altman" in shown
    assert "5.20" in shown
    assert "由数据算出" in first.get(f"{path}/assessments").text
    assert (
        first.post(
            f"{path}/events", {"form": "event", "kind": "lawsuit", "known_on": "2026-11-20", "note": "被诉"}
        ).status_code
        == 303
    )
    assert "诉讼（2026-11-20）" in first.get("/assessments").text
    assert (
        first.post(f"{path}/forms", {"form": "5.4", "category": "5.4", "amount": "1", "days": "x"}).status_code == 422
    )
    assert (
        first.post(f"{path}/forms", {"form": "5.4", "category": "5.4", "amount": "1", "days": "30"}).status_code == 303
    )
    assert "正在制作" in first.get(f"{path}/assessments").text
    assert first.get("/statements/import").status_code == 200
    assert first.get("/statements/import/form.xlsx").data.startswith(b"PK")


def test_the_command_line_imports_tries_and_lists(embedded, juanzong_here, tmp_path):
    enough(embedded, 6)
    file = tmp_path / "card.json"
    file.write_text(json.dumps(card(payment_history="39.9")))
    wrong = juanzong_here(embedded.env, "credit", "import-scorecard", file, check=3)
    assert "weights sum to 99.9 %, not to 100 %" in wrong.stdout
    file.write_text(json.dumps(other()))
    juanzong_here(embedded.env, "credit", "import-scorecard", file)
    assert "customers" in juanzong_here(embedded.env, "credit", "what-if", "2027-1").stdout
    refused = juanzong_here(embedded.env, "credit", "activate-scorecard", "2027-1", check=4)
    assert "who made or changed" in refused.stderr
    listed = juanzong_here(embedded.env, "credit", "scorecards", "--json").stdout.splitlines()
    assert [json.loads(line)["state"] for line in listed] == ["active", "tested"]
    juanzong_here(embedded.env, "credit", "export-scorecard", "2027-1", "-o", tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == other()
    done = json.loads(juanzong_here(embedded.env, "credit", "reassess", "--due", "--json").stdout)
    assert (done["state"], done["done"]) == ("done", 6)
    assert juanzong_here(embedded.env, "credit", "due").stdout.endswith("due\n")
    book = tmp_path / "s.xlsx"
    book.write_bytes(to_xlsx(Table("t", ["客户", "年度", "资产总计"], [["客户00001", 2025, "100"]])))
    assert "all can be entered" in juanzong_here(embedded.env, "credit", "import-statements", book).stdout
    assert "entered" in juanzong_here(embedded.env, "credit", "import-statements", book, "--apply").stdout
