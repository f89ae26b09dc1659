"""The forms of the credit file after a re-assessment of all (RULES B5): one of a kind for each customer, whatever is killed."""

import threading
from collections import Counter

import pytest
from sqlalchemy import func, select

from service.errors import RuleRefused
from service.flow.archive import filing
from service.flow.credit import credit_forms, portfolio, portfolio_run, run_forms
from service.records.tables import AssessmentRecord, AuditEntry, CreditForm, Document
from service.reports.credit_forms import form_pdf
from tests.service.test_scorecards import enough


def drawing(category, data):
    """A form as few bytes as tell it apart: how it is drawn is tested elsewhere."""
    return form_pdf("5.4", {"amount": "1", "days": "1", "name": data["name"], "form_number": category + data["number"]})


def approved(office, many):
    """A run over the portfolio that took effect."""
    ids = enough(office, many)
    run = portfolio.start_run(office.house, office["administrator"], "reassess")
    portfolio_run.advance(office.house, run.id)
    return ids, portfolio.decide_run(office.house, office["head"], run.id, approve=True, reason="年度评估")


def kept(house, run_id):
    with house.database.read() as session:
        query = select(CreditForm, AssessmentRecord).join(
            AssessmentRecord, AssessmentRecord.id == CreditForm.assessment_id
        )
        return [(form, record) for form, record in session.execute(query.where(AssessmentRecord.run_id == run_id))]


def test_B5_a_run_that_took_effect_leaves_the_forms_of_each_customer_once_whatever_is_killed(office, monkeypatch):
    house = office.house
    monkeypatch.setattr(run_forms, "PIECE", 7)
    ids, run = approved(office, 30)
    assert kept(house, run.id) == []  # the decision waits for no form
    stopped = iter([True, False])
    assert run_forms.want_all(house, lambda: next(stopped)) == 7

    def killed(*_args, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(run_forms, "names_of", killed)
        with pytest.raises(KeyboardInterrupt):
            run_forms.want_all(house)
    threads = [threading.Thread(target=run_forms.want_all, args=(house,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run_forms.want_all(house) == 0
    found = kept(house, run.id)
    wanted = [(customer_id, category) for customer_id in ids for category in ("5.3", "5.7")]
    assert Counter((form.customer_id, form.category) for form, _ in found) == dict.fromkeys(wanted, 1)
    one, record = next((form, record) for form, record in found if form.category == "5.7")
    assert (one.made_by, one.data["decided_on"], one.data["conclusion"]) == ("person:head", "2026-11-25", "年度评估")
    assert one.data["grade"] == record.grade
    assert one.data["before"] != one.data["assessed_on"]


def test_B5_forms_of_a_run_are_filed_after_those_that_somebody_waits_for_and_the_run_says_how_far_they_are(
    embedded, monkeypatch
):
    house = embedded.house
    ids, run = approved(embedded, 6)
    run_forms.want_all(house)
    credit_forms.fill_form(house, embedded["administrator"], ids[0], "5.4", {"amount": "1", "days": "30"})
    drawn = []

    def draw(category, data):
        drawn.append((category, data["number"]))
        return drawing(category, data)

    left = iter([True] * 6)
    credit_forms.file_wanted(house, draw, lambda: next(left, False))
    assert drawn[0] == ("5.4", "K00000")
    view = portfolio.get_run(house, embedded["administrator"], run.id)
    total = len(kept(house, run.id))
    assert (view.forms.state, view.forms.wanted) == ("made", total)
    assert 0 < view.forms.filed < total

    def fails(category, data):
        if data["number"] == "K00001":
            raise RuleRefused("not now")
        return drawing(category, data)

    credit_forms.file_wanted(house, fails)
    with house.database.read() as session:
        waiting = set(session.scalars(select(CreditForm.customer_id).where(CreditForm.state == "wanted")))
    assert waiting <= {ids[1]}
    credit_forms.file_wanted(house, drawing)
    assert portfolio.get_run(house, embedded["administrator"], run.id).forms.filed == total
    file = filing.credit_file(house, embedded["administrator"], ids[5])
    with house.database.read() as session:
        rows = session.scalars(select(Document.category).where(Document.case_file_id == file.id))
        assert sorted(rows) == ["5.3", "5.7"]
        noted = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "assessment.file")
        assert session.scalar(noted) == total + 1
        assert session.scalar(
            select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "portfolio.forms")
        )


def test_A1_2_two_who_decide_on_a_run_at_once_decide_once_and_its_forms_are_made_once(office):
    house = office.house
    office.hire("head2", "department_head")
    ids = enough(office, 4)
    run = portfolio.start_run(house, office["administrator"], "reassess")
    portfolio_run.advance(house, run.id)
    said = []

    def decide(login, approve):
        try:
            said.append(portfolio.decide_run(house, office[login], run.id, approve=approve, reason="r").state)
        except RuleRefused as error:
            said.append(str(error))

    threads = [threading.Thread(target=decide, args=given) for given in (("head", True), ("head2", False))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "this run was decided on already" in said
    (state,) = set(said) - {"this run was decided on already"}
    run_forms.want_all(house)
    assert len(kept(house, run.id)) == (2 * len(ids) if state == "approved" else 0)
    with house.database.read() as session:
        states = set(session.scalars(select(AssessmentRecord.state).where(AssessmentRecord.run_id == run.id)))
    assert states == {"in_force" if state == "approved" else "refused"}
