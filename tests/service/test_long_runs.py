"""Long runs (RULES A1.2, A4.1, A5.1): progress, stopping, going on after a kill, nothing made or told twice, failures told."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from service.errors import NotAllowed, NotFound, RuleRefused
from service.flow.common import long_runs
from service.flow.credit import (
    credit_reports,
    deliveries,
    portfolio,
    portfolio_run,
    report_facts,
    report_keeping,
    report_runs,
    report_schedules,
    scorecards,
    warnings,
)
from service.flow.intake import made
from service.flow.intake.process import sweep
from service.records.tables import CreditReport, Document, LongRun, PortfolioRun, WarningRun
from service.reports.drawing import drawn
from tests.service.test_scorecards import enough, other
from tests.service.web.conftest import open_site
from vault.errors import StoreUnavailable

PAST = datetime(2026, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """The process ends here."""


def told(office, login="administrator", event="report.ready"):
    rows = deliveries.inbox_of(office.house, office[login])[1]
    return [row.content["zh"] for row in rows if row.event == event]


def runs(office):
    with office.house.database.read() as session:
        return list(session.scalars(select(LongRun).order_by(LongRun.ordered_at)))


def reports(office):
    with office.house.database.read() as session:
        return list(session.scalars(select(CreditReport)))


def now_again(office):
    """Let whatever waits or is held be due."""
    with office.house.database.write() as session:
        for run in session.scalars(select(LongRun)):
            run.next_at = PAST


def test_A5_1_an_ordered_report_shows_how_far_it_is_and_tells_when_it_is_there(office, monkeypatch):
    house, me = office.house, office["administrator"]
    enough(office, 7)
    run = report_runs.order_report(house, me)
    with pytest.raises(RuleRefused, match="made for you already"):
        report_runs.order_report(house, me)
    monkeypatch.setattr(report_facts, "_AT_ONCE", 3)
    monkeypatch.setattr(long_runs, "SAY_EVERY", 0.0)
    seen, real = [], long_runs.Progress.__call__

    def watched(progress, done, total):
        real(progress, done, total)
        line = long_runs.get_run(house, me, run.id)
        seen.append((line.state, line.done, line.total))

    monkeypatch.setattr(long_runs.Progress, "__call__", watched)
    assert report_runs.make_ordered(house, drawn) == 1
    assert seen == [("running", 0, 7), ("running", 3, 7), ("running", 6, 7)]
    assert report_runs.make_ordered(house, drawn) == 0
    line = long_runs.get_run(house, me, run.id)
    (report,) = reports(office)
    assert (line.state, line.result, report.document_id is not None) == ("done", report.id, True)
    assert told(office) == [f"客户信用组合分析报告（{report.period}）已做好"]
    with pytest.raises(NotFound):
        long_runs.get_run(house, office["head"], run.id)
    for login in ("handler", "auditor"):
        with pytest.raises(NotAllowed):
            report_runs.order_report(house, office[login])


@pytest.mark.parametrize("where", ["facts", "sealed"])
def test_A5_1_a_killed_report_is_made_again_and_kept_and_told_of_once(embedded, monkeypatch, where):
    house = embedded.house
    enough(embedded, 3)
    report_runs.order_report(house, embedded["administrator"])
    module, name = (report_keeping, "portfolio_facts") if where == "facts" else (made, "record_sealed")
    real = getattr(module, name)

    def killed(*given):
        real(*given)
        raise Killed

    monkeypatch.setattr(module, name, killed)
    monkeypatch.setattr(made, "discard", lambda *_given: None)  # who is killed tidies nothing
    with pytest.raises(Killed):
        report_runs.make_ordered(house, drawn)
    monkeypatch.undo()
    assert (reports(embedded), told(embedded)) == ([], [])
    with house.database.write() as session:
        session.scalars(select(LongRun)).one().held_by = "elsewhere:1:1:1"
    assert report_runs.make_ordered(house, drawn) == 0, "a worker of another machine, dead or not, holds it for a while"
    now_again(embedded)
    assert report_runs.make_ordered(house, drawn) == 1
    now_again(embedded)
    assert report_runs.make_ordered(house, drawn) == 0
    assert (len(reports(embedded)), len(told(embedded))) == (1, 1)
    if where == "sealed":
        with house.database.write() as session:
            left = session.scalars(select(Document).where(Document.status == "receiving")).one()
            left.claimed_by, left.claimed_until = "gone:1:1:1", None
        sweep(house)
    with house.database.read() as session:
        kept = session.scalars(select(Document).where(Document.channel == made.CHANNEL)).all()
        assert [document.id for document in kept] == [reports(embedded)[0].document_id]


def test_A5_1_a_worker_thought_dead_that_comes_back_keeps_nothing(embedded, monkeypatch):
    house = embedded.house
    enough(embedded, 3)
    report_runs.order_report(house, embedded["administrator"])
    real = report_keeping.keep_made

    def slow(inner, given, also):
        monkeypatch.setattr(report_keeping, "keep_made", real)
        now_again(embedded)
        assert report_runs.make_ordered(house, drawn) == 1  # another worker took it for dead
        return real(inner, given, also)

    monkeypatch.setattr(report_keeping, "keep_made", slow)
    assert report_runs.make_ordered(house, drawn) == 0
    assert (len(reports(embedded)), len(told(embedded))) == (1, 1)
    assert [run.state for run in runs(embedded)] == ["done"]


@pytest.mark.parametrize("fails", [False, True])
def test_A5_1_a_worker_that_comes_back_late_leaves_the_run_to_who_has_it(embedded, monkeypatch, fails):
    house = embedded.house
    enough(embedded, 3)
    report_runs.order_report(house, embedded["administrator"])
    real = report_keeping.keep_made

    def late(*given):
        with house.database.write() as session:
            session.scalars(select(LongRun)).one().held_by = "elsewhere:1:1:1"
        if fails:
            raise StoreUnavailable("the object store does not answer")
        return real(*given)

    monkeypatch.setattr(report_keeping, "keep_made", late)
    assert report_runs.make_ordered(house, drawn) == 0
    (run,) = runs(embedded)
    assert (run.state, run.held_by, run.failures) == ("running", "elsewhere:1:1:1", 0)
    assert (reports(embedded), told(embedded)) == ([], [])
    with house.database.read() as session:
        assert session.scalars(select(Document).where(Document.channel == made.CHANNEL)).all() == []


def test_A5_1_a_stopped_report_leaves_nothing_and_can_be_begun_again(embedded, monkeypatch):
    house, me = embedded.house, embedded["administrator"]
    enough(embedded, 3)
    run = report_runs.order_report(house, me)
    real = report_keeping.portfolio_facts

    def stopped(*given):
        long_runs.stop(house, me, run.id)
        return real(*given)

    monkeypatch.setattr(report_keeping, "portfolio_facts", stopped)
    assert report_runs.make_ordered(house, drawn) == 0
    monkeypatch.undo()
    assert (reports(embedded), told(embedded), runs(embedded)[0].state) == ([], [], "stopped")
    assert report_runs.make_ordered(house, drawn) == 0
    with pytest.raises(RuleRefused, match="finished already"):
        long_runs.stop(house, me, run.id)
    long_runs.again(house, me, run.id)
    with pytest.raises(RuleRefused, match="going on"):
        long_runs.again(house, me, run.id)
    assert report_runs.make_ordered(house, drawn) == 1


def test_A5_1_a_scheduled_report_that_fails_is_tried_again_and_told_once(embedded, monkeypatch):
    house = embedded.house
    report_schedules.add_schedule(house, embedded["administrator"], "portfolio", "month", "head")
    house.clock.move_to(date(2026, 12, 1))

    def down(*_given):
        raise StoreUnavailable("the object store does not answer")

    monkeypatch.setattr(report_keeping, "keep_made", down)
    for attempt in range(1, 4):
        now_again(embedded)
        assert report_schedules.make_due(house, drawn) == 0
        assert report_schedules.make_due(house, drawn) == 0, "it waits a while"
        (run,) = runs(embedded)
        assert (run.failures, run.why) == (attempt, "the object store does not answer")
    assert run.state == "failed"
    said = ["信用报告进行不下去：the object store does not answer"]
    assert told(embedded, "administrator", "run.failed") == told(embedded, "head", "run.failed") == said
    monkeypatch.undo()
    now_again(embedded)
    assert report_schedules.make_due(house, drawn) == 0, "until somebody begins it again"
    long_runs.again(house, embedded["administrator"], run.id)
    assert report_runs.make_ordered(house, drawn) == 1
    assert (len(told(embedded, "head")), told(embedded)) == (1, [])


def test_A1_2_a_run_that_fails_holds_up_no_other_and_is_told_once(embedded, monkeypatch):
    house, me = embedded.house, embedded["administrator"]
    enough(embedded, 3)
    first = portfolio.start_run(house, me, "what_if", scorecards.create_scorecard(house, me, other()).version)
    second = portfolio.start_run(house, me, "reassess")
    real = portfolio_run.advance

    def broken(inner, run_id, **more):
        if run_id == first.id:
            raise ValueError("a body that cannot be")
        return real(inner, run_id, **more)

    monkeypatch.setattr(portfolio_run, "advance", broken)
    for _attempt in range(5):
        with pytest.raises(ValueError, match="cannot be"):
            portfolio_run.advance_all(house)
    with house.database.read() as session:
        assert session.get_one(PortfolioRun, second.id).state == "done"
        row = session.get_one(PortfolioRun, first.id)
        assert (row.state, row.failures) == ("running", 5)
        assert row.trouble == "unexpected ValueError: a body that cannot be"
    assert len(told(embedded, event="run.failed")) == 1
    assert told(embedded, event="run.done") == ["批量重新评估已做完，共 3 家客户"]
    monkeypatch.undo()
    portfolio_run.advance_all(house)
    with house.database.read() as session:
        row = session.get_one(PortfolioRun, first.id)
        assert (row.state, row.failures, row.trouble) == ("done", 0, "")


def test_A4_1_a_daily_look_that_fails_says_why_and_how_far_it_came(embedded, monkeypatch):
    house, me = embedded.house, embedded["administrator"]
    enough(embedded, 5)
    monkeypatch.setattr(warnings, "LOOKED_AT_ONCE", 2)
    real, calls = warnings._look_at_some, []

    def broken(inner, after):
        calls.append(after)
        if len(calls) == 2:
            raise ValueError("a row that cannot be")
        return real(inner, after)

    monkeypatch.setattr(warnings, "_look_at_some", broken)
    with pytest.raises(ValueError, match="cannot be"):
        warnings.run_daily(house)
    (line,) = [line for line in long_runs.list_runs(house, me) if line.kind == "warnings"]
    assert (line.state, line.done, line.total, line.why) == (
        "running",
        2,
        5,
        "unexpected ValueError: a row that cannot be",
    )
    with house.database.write() as session:
        session.scalars(select(WarningRun)).one().claimed_until = PAST
    assert warnings.run_daily(house).customers == 3
    (line,) = [line for line in long_runs.list_runs(house, me) if line.kind == "warnings"]
    assert (line.state, line.done, line.why) == ("done", 5, "")


def test_A4_1_a_daily_look_is_stopped_keeps_what_it_found_and_is_begun_again(embedded, monkeypatch, juanzong_here):
    house, me, head = embedded.house, embedded["administrator"], embedded["head"]
    enough(embedded, 7)
    monkeypatch.setattr(warnings, "LOOKED_AT_ONCE", 2)
    real, day = warnings._look_at_some, house.clock.today().isoformat()

    def stopped(inner, after):
        with pytest.raises(NotAllowed):
            long_runs.stop(house, head, day)
        assert long_runs.stop(house, me, day).state == "stopped"
        return real(inner, after)

    monkeypatch.setattr(warnings, "_look_at_some", stopped)
    looked = warnings.run_daily(house)
    assert (looked.customers, looked.done) == (2, False)
    monkeypatch.setattr(warnings, "_look_at_some", real)
    assert warnings.run_daily(house).customers == 0, "nobody goes on with it"
    line = long_runs.get_run(house, me, day)
    assert (line.state, line.done, line.total, line.why, line.may) == ("stopped", 2, 7, "", ("again",))
    assert long_runs.get_run(house, head, day).may == ()
    with pytest.raises(RuleRefused, match="finished already"):
        long_runs.stop(house, me, day)
    page = open_site(embedded).signed_in("administrator")
    assert "重新开始" in page.get("/runs").text
    assert page.post(f"/runs/{day}/again", {}).status_code == 303
    assert f"/runs/{day}/stop" in page.get("/runs").text
    assert (
        '"stopped"'
        in juanzong_here(embedded.env | {"JUANZONG_TODAY": day}, "credit", "runs", "--stop", day, "--json").stdout
    )
    long_runs.again(house, me, day)
    looked = warnings.run_daily(house)
    assert (looked.customers, looked.done) == (5, True)
    line = long_runs.get_run(house, me, day)
    assert (line.state, line.done, line.may) == ("done", 7, ())
    with pytest.raises(RuleRefused, match="was finished"):
        long_runs.again(house, me, day)
    with pytest.raises(NotFound):
        long_runs.stop(house, me, "2026-11-24")
    assert warnings.run_daily(house, again=True).customers == 7
    assert long_runs.get_run(house, me, day).done == 7


def test_the_pages_order_show_and_stop_long_runs(embedded, monkeypatch):
    enough(embedded, 3)
    monkeypatch.setattr(credit_reports, "MOST_AT_ONCE", 2)
    site = open_site(embedded)
    me, head = site.signed_in("administrator"), site.signed_in("head")
    page = me.get("/reports/portfolio").text
    assert "客户多于 2 家" in page
    assert me.get("/reports/portfolio/export.pdf").status_code == 409
    assert me.post("/reports", {"kind": "portfolio"}).status_code == 409
    assert me.post("/reports/runs", {}).headers["Location"] == "/runs"
    assert me.post("/reports/runs", {}).status_code == 409
    (run,) = runs(embedded)
    shown = me.get("/runs").text
    assert f"/runs/{run.id}/stop" in shown
    assert 'http-equiv="refresh"' in shown
    assert f"/runs/{run.id}" not in head.get("/runs").text
    assert head.post(f"/runs/{run.id}/stop", {}).status_code == 404
    assert me.post(f"/runs/{run.id}/stop", {}).status_code == 303
    assert me.post(f"/runs/{run.id}/again", {}).status_code == 303
    assert me.post(f"/runs/{run.id}/never", {}).status_code == 404
    assert report_runs.make_ordered(embedded.house, drawn) == 1
    me.client.set_cookie("language", "en")
    assert "Finished" in me.get("/runs").text
    assert "is there" in me.get("/inbox").text


def test_the_command_line_lists_and_stops_runs(embedded, juanzong_here):
    env = embedded.env | {"JUANZONG_TODAY": "2026-11-25"}
    run = report_runs.order_report(embedded.house, embedded["administrator"])
    assert run.id in juanzong_here(env, "credit", "runs").stdout
    assert '"stopped"' in juanzong_here(env, "credit", "runs", "--stop", run.id, "--json").stdout
    assert juanzong_here(env, "credit", "runs", "--stop", run.id, check=None).returncode == 4
