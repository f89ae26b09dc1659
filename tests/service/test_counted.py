"""What is counted over everything (B2, B4): in the background where there is much, kept with who asked, exactly once whatever is killed."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from service.errors import BadInput, DatabaseUnavailable, NotAllowed, RuleRefused
from service.flow.archive import check_samples, counted_facts, number_check, statistics, submissions
from service.flow.archive.number_check import ask_check, check_numbers, latest_check
from service.flow.common import counted, long_runs
from service.flow.credit import deliveries
from service.flow.upkeep import upkeep
from service.records.tables import AuditEntry, CaseFile, CheckSample, CheckSampleFile, Counter, LongRun
from tests.service.conftest import embedded_env
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_flow import new_contract
from tests.service.test_long_runs import Killed, now_again
from tests.service.test_statistics import busy  # noqa: F401 - a fixture
from tests.service.web.conftest import open_site


@pytest.fixture
def many(monkeypatch):
    """Let a handful of files be many, looked at two at a time, and each step be told."""
    monkeypatch.setattr(counted, "FEW", 1)
    monkeypatch.setattr(number_check, "_SLICE", 2)
    monkeypatch.setattr(long_runs, "SAY_EVERY", 0.0)


def filed(office, archived=5):
    """Five contracts, their files archived by number, the fourth of which is missing."""
    for _ in range(archived):
        new_contract(office)
    with office.house.database.write() as session:
        for n, file in enumerate(session.scalars(select(CaseFile)), 1):
            file.archive_number = f"J001-HT·2026-D10-XS-{n + (n > 3):04}"
        session.add(Counter(prefix="J001-HT·2026-D10-XS", value=archived + 1))


def actions(house):
    with house.database.read() as session:
        return [(entry.actor, entry.action) for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.seq))]


def work(house, what="the counts that were asked for"):
    """Let a worker look once at what was asked for."""
    (duty,) = [duty for duty in upkeep(house) if duty.name == what]
    duty.look()


def draw(house):
    work(house, "the sample that was asked for")


def test_B2_many_numbers_are_checked_in_the_background_and_the_result_stays(office, many, monkeypatch):
    house, me = office.house, office["archivist"]
    filed(office)
    assert latest_check(house, me) == counted.Standing()
    asked = ask_check(house, me)
    assert (asked.kept, asked.line.state, asked.going) == (None, "waiting", True)
    assert ask_check(house, office["auditor"]).line.id == asked.line.id, "what is ordered is not ordered twice"
    seen, real = [], long_runs.Progress.__call__

    def watched(progress, done, total):
        real(progress, done, total)
        line = latest_check(house, me).line
        seen.append((line.state, line.done, line.total))

    monkeypatch.setattr(long_runs.Progress, "__call__", watched)
    work(house)
    assert seen == [("running", done, 10) for done in (5, 7, 9, 10)]
    found = latest_check(house, office["auditor"])
    assert (found.kept.by, found.kept.asked_at, found.going) == ("person:archivist", asked.line.began, False)
    assert [found.kept.found[name] for name in ("contracts", "archived", "wrong", "ok")] == [5, 5, 1, False]
    gap = {"kind": "gap", "prefix": "J001-HT·2026-D10-XS", "numbers": ["4"], "more": 0}
    assert found.kept.found["faults"] == [gap]
    assert actions(house).count(("person:archivist", "numbers.check")) == 1
    with house.database.write() as session:
        session.scalars(
            select(CaseFile).where(CaseFile.archive_number.contains("0006"))
        ).one().archive_number = "J001-HT·2026-D10-XS-0004"
        session.get_one(Counter, "J001-HT·2026-D10-XS").value = 5
    ask_check(house, office["auditor"])
    assert latest_check(house, me).kept.found["faults"] == [gap], "until then the last result stays"
    work(house)
    work(house)
    again = latest_check(house, me)
    assert (again.kept.by, again.kept.found["ok"], again.line.id) == ("person:auditor", True, asked.line.id)
    assert [action for _who, action in actions(house)].count("numbers.check") == 2


@pytest.mark.parametrize(("module", "name"), [(number_check, "look"), (long_runs, "finish")])
def test_B2_a_killed_check_is_begun_again_and_kept_once(embedded, many, module, name):
    house, me = embedded.house, embedded["archivist"]
    filed(embedded)
    run_id = ask_check(house, me).line.id
    real = getattr(module, name)

    def killed(*given):
        real(*given)
        raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, name, killed)
        with pytest.raises(Killed):
            work(house)
    assert latest_check(house, me).kept is None
    with house.database.write() as session:
        session.scalars(select(LongRun)).one().held_by = "elsewhere:1:1:1"
    work(house)
    assert latest_check(house, me).kept is None, "a worker of another machine, dead or not, holds it for a while"
    now_again(embedded)
    work(house)
    work(house)
    found = latest_check(house, me)
    assert (found.kept.found["wrong"], found.line.id, found.line.state) == (1, run_id, "done")
    assert [action for _who, action in actions(house)].count("numbers.check") == 1


def test_B2_what_a_worker_lost_to_another_is_not_kept_twice(embedded, many, monkeypatch):
    house, me = embedded.house, embedded["archivist"]
    filed(embedded)
    ask_check(house, me)
    real = number_check._seen

    def taken(*given):
        with house.database.write() as session:
            session.scalars(select(LongRun)).one().held_by = "elsewhere:1:1:1"
        real(*given)

    monkeypatch.setattr(number_check, "_seen", taken)
    work(house)
    assert latest_check(house, me).kept is None
    with pytest.raises(RuleRefused, match="counted already"):
        check_numbers(house, me)
    assert [action for _who, action in actions(house)].count("numbers.check") == 0


def test_B2_a_check_that_fails_is_told_and_asked_for_anew(embedded, many, monkeypatch):
    house, me = embedded.house, embedded["archivist"]
    filed(embedded)
    ask_check(house, me)

    def away(*_given):
        raise DatabaseUnavailable("the database does not answer")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(number_check, "look", away)
        for _ in range(long_runs.MOST_ATTEMPTS):
            now_again(embedded)
            work(house)
    site = open_site(embedded)
    page = site.signed_in("archivist").get("/numbers").text
    assert "没有做成" in page
    assert "再检查一次" not in page
    assert [row.content["en"] for row in deliveries.inbox_of(house, me)[1]] == [
        "the check of numbers does not get on: the database does not answer"
    ]
    ask_check(house, me)
    work(house)
    assert latest_check(house, me).line.state == "done"


def test_B2_few_numbers_are_checked_at_once_on_the_page_and_a_void_one_checks_them_anew(embedded):
    site = open_site(embedded)
    filed(embedded)
    browser = site.signed_in("archivist")
    assert "还没有检查过" in browser.get("/numbers").text
    assert browser.post("/numbers").status_code == 303
    page = browser.get("/numbers").text
    assert "1 处不对" in page
    assert "http-equiv" not in page
    void = {"form": "void", "number": "J001-HT·2026-D10-XS-0004", "reason": "缺号"}
    assert browser.post("/numbers/void", void).status_code == 303
    assert "没有断号，没有重号" in browser.get("/numbers").text
    assert site.signed_in("handler").post("/numbers").status_code == 403


def test_B2_many_numbers_show_how_far_the_check_is_without_a_script(embedded, many):
    site = open_site(embedded)
    filed(embedded)
    browser = site.signed_in("archivist")
    assert browser.post("/numbers").status_code == 303
    page = browser.get("/numbers").text
    assert '<noscript><meta http-equiv="refresh"' in page
    assert 'max="1" value="0"' in page
    work(embedded.house)
    page = browser.get("/numbers").text
    assert "http-equiv" not in page
    assert "1 处不对" in page


def test_B2_by_api_and_command_line(client, headers, embedded, many, juanzong_here):  # noqa: F811 - the fixtures
    filed(embedded)
    address, me = "/api/v1/numbers/check", headers("auditor")
    first = client.get(address, headers=me).json
    assert (first["ok"], first["counted_at"], first["run"]) == (None, None, None)
    ordered = client.post(address, headers=me)
    assert (ordered.status_code, ordered.json["run"]["state"], ordered.json["ok"]) == (202, "waiting", None)
    work(embedded.house)
    told = client.get(address, headers=me).json
    assert (told["ok"], told["wrong"], told["asked_by"], told["run"]["state"]) == (False, 1, "person:auditor", "done")
    env = embedded_env(embedded.house.settings.home)
    assert "1 faults" in juanzong_here(env, "ledger", "check", check=3).stdout
    assert client.get(address, headers=me).json["asked_by"] != "person:auditor"


def test_B2_of_very_many_faults_some_are_kept_and_the_others_counted(monkeypatch):
    monkeypatch.setattr(number_check, "MOST_NUMBERS", 2)
    monkeypatch.setattr(number_check, "MOST_FAULTS", 1)
    faults = tuple(number_check.Fault("gap", prefix, ("1", "3", "5-9")) for prefix in "AB")
    told = number_check.checked_as_json(number_check.Checked(9, 9, 0, faults))
    assert (told["wrong"], told["faults"]) == (2, [{"kind": "gap", "prefix": "A", "numbers": ["1", "3"], "more": 1}])


def test_B4_much_is_counted_in_the_background_and_says_the_same(busy, monkeypatch):  # noqa: F811 - the fixture
    house, me = busy.house, busy["administrator"]
    at_once = {kind: statistics.report(house, me, kind, "2026-H1") for kind in statistics.COUNTED}
    assert all(found.counted and found.standing == counted.Standing() for found in at_once.values())
    monkeypatch.setattr(counted, "FEW", 1)
    for kind, before in at_once.items():
        waits = statistics.report(house, me, kind, "2026-H1")
        assert (waits.counted, waits.lines, waits.whole, waits.standing.line.state) == (False, (), None, "waiting")
        with pytest.raises(RuleRefused, match="being counted"):
            statistics.note_export(house, me, waits, "csv")
        work(house)
        found = statistics.report(house, me, kind, "2026-H1")
        assert (found.lines, found.whole) == (before.lines, before.whole)
        assert (found.standing.kept.by, found.standing.going) == (me.name, False)
    head = statistics.report(house, busy["head"], "contracts", "2026-H1")
    assert [line.unit.code for line in head.lines] == ["XS"]
    assert head.whole is None
    for refused, error in ((busy["handler"], NotAllowed), (me, BadInput)):
        with pytest.raises(error):
            statistics.count_anew(house, refused, "nonsense", "2026-H1")


def test_B4_a_report_is_prepared_from_what_was_counted_lately(busy, monkeypatch):  # noqa: F811 - the fixture
    house, head = busy.house, busy["head"]
    monkeypatch.setattr(counted, "FEW", 1)
    given = ("contracts", "department", "XS", "2026-H1")
    with pytest.raises(RuleRefused, match="the figures of 2026-H1 are being counted"):
        submissions.prepare(house, head, *given)
    work(house)
    made = submissions.prepare(house, head, *given)
    assert (made.figures["signed"], made.figures["signed_amount:CNY"]) == ("2", "100.10")
    with pytest.MonkeyPatch.context() as later:
        later.setattr(statistics, "OLDEST", timedelta(0))
        with pytest.raises(RuleRefused, match="being counted"):
            submissions.prepare(house, head, *given)
    aged = statistics.report(house, head, "contracts", "2026-H1")
    assert (aged.counted, aged.standing.going) == (True, True), "what was counted before is shown until then"
    work(house)
    assert submissions.prepare(house, head, *given).version == 2


def test_B4_what_was_counted_before_a_period_ended_is_not_what_it_ended_with(busy, monkeypatch):  # noqa: F811
    house, me = busy.house, busy["administrator"]
    monkeypatch.setattr(counted, "FEW", 1)
    house.clock.move_to(date(2026, 12, 31))
    statistics.count_anew(house, me, "contracts", "2026")
    work(house)
    assert not statistics.report(house, me, "contracts", "2026").standing.going
    house.clock.move_to(date(2027, 1, 1))
    with pytest.raises(RuleRefused, match="being counted"):
        submissions.prepare(house, busy["head"], "contracts", "department", "XS", "2026")


def test_B4_a_killed_count_is_begun_again(embedded, many):
    house, me = embedded.house, embedded["administrator"]
    filed(embedded)
    statistics.report(house, me, "contracts", "2026")
    real = counted_facts._handed

    def killed(*given):
        list(real(*given))
        raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(counted_facts, "_handed", killed)
        with pytest.raises(Killed):
            work(house)
    waits = statistics.report(house, me, "contracts", "2026")
    assert (waits.counted, waits.standing.line.done, waits.standing.line.total) == (False, 3, 4)
    work(house)
    found = statistics.report(house, me, "contracts", "2026")
    assert (found.whole["signed", ""], found.standing.line.state) == (5, "done")


def test_B4_the_page_shows_how_far_it_is_and_of_when_the_figures_are(embedded, many):
    site = open_site(embedded)
    filed(embedded)
    browser, address = site.signed_in("administrator"), "/statistics?period=2026"
    page = browser.get(address).text
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "集团合计" not in page
    assert browser.get("/statistics/export.csv?period=2026").status_code == 409
    work(embedded.house)
    page = browser.get(address).text
    assert "http-equiv" not in page
    assert "集团合计" in page
    assert "统计于" in page
    assert browser.get("/statistics/export.pdf?period=2026").data.startswith(b"%PDF")
    assert browser.post("/statistics/counts", {"kind": "contracts", "period": "2026"}).status_code == 303
    assert "下面是上一次的结果" in browser.get(address).text
    assert "2026" in browser.get("/runs").text
    assert site.signed_in("handler").post("/statistics/counts", {"period": "2026"}).status_code == 403


def test_B4_counted_by_api_and_command_line(client, headers, embedded, many, juanzong_here, tmp_path):  # noqa: F811
    filed(embedded)
    me, address = headers("administrator"), "/api/v1/statistics?period=2026"
    first = client.get(address, headers=me).json
    assert (first["units"], first["group"], first["counted"], first["run"]["state"]) == ([], None, False, "waiting")
    assert client.get("/api/v1/statistics/export?period=2026", headers=me).status_code == 409
    work(embedded.house)
    told = client.get(address, headers=me).json
    assert (told["group"]["signed"], told["counted"], told["asked_by"]) == ("5", True, "person:administrator")
    ordered = client.post("/api/v1/statistics/counts", json={"period": "2026"}, headers=me)
    assert (ordered.status_code, ordered.json["run"]["state"], ordered.json["counted_at"]) == (
        202,
        "waiting",
        told["counted_at"],
    )
    env = embedded_env(embedded.house.settings.home)
    juanzong_here(env, "statistics", "export", "2026", str(tmp_path / "figures.csv"))
    assert "集团" not in (tmp_path / "figures.csv").read_text("utf-8-sig")
    assert client.get(address, headers=me).json["run"]["state"] == "done"


def archived(office):
    filed(office)
    with office.house.database.write() as session:
        for file in session.scalars(select(CaseFile)):
            file.state, file.archived_on = "archived", date(2020, 1, 1)


def samples(house):
    with house.database.read() as session:
        drawn = [(s.percent, s.population, s.drawn_by, s.seed) for s in session.scalars(select(CheckSample))]
        return (
            drawn,
            set(session.scalars(select(CheckSampleFile.case_file_id))),
            list(session.scalars(select(CaseFile.id))),
        )


def test_a_sample_of_many_files_is_drawn_in_the_background_once(office, many, monkeypatch):
    house, me = office.house, office["archivist"]
    for percent, error in ((0, BadInput), (5, RuleRefused)):
        with pytest.raises(error):
            check_samples.ask_draw(house, me, percent)
    archived(office)
    monkeypatch.setattr(check_samples, "LEAST", 2)
    with pytest.raises(NotAllowed):
        check_samples.ask_draw(house, office["handler"])
    run_id = check_samples.ask_draw(house, me, 60).line.id
    assert check_samples.ask_draw(house, me, 20).line.id == run_id
    assert check_samples.sample_due(house, lambda: False) == 0
    assert samples(house)[0] == [], "what somebody asked for is not drawn in another way meanwhile"
    draw(house)
    draw(house)
    (sample,), chosen, ids = samples(house)
    assert sample[:3] == (60, 5, "person:archivist")
    assert chosen == set(check_samples.drawn(ids, sample[3], 3))
    assert (check_samples.drawing(house).line.state, check_samples.drawing(house).line.total) == ("done", 5)
    with pytest.raises(RuleRefused, match="drawn already"):
        check_samples.ask_draw(house, me)


@pytest.mark.parametrize(("module", "name"), [(check_samples, "_drawing"), (check_samples, "_keep")])
def test_a_drawing_that_is_killed_is_begun_again(embedded, many, module, name):
    house = embedded.house
    archived(embedded)
    check_samples.ask_draw(house, embedded["archivist"])
    real = getattr(module, name)

    def killed(*given, **more):
        real(*given, **more)
        raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, name, killed)
        with pytest.raises(Killed):
            draw(house)
    assert samples(house)[0] == []
    draw(house)
    assert len(samples(house)[0]) == 1
    assert [action for _who, action in actions(house)].count("check.sample") == 1


def test_the_page_shows_how_far_drawing_and_checking_are(client, headers, embedded, many):  # noqa: F811 - the fixtures
    site, me = open_site(embedded), headers("archivist")
    archived(embedded)
    browser = site.signed_in("archivist")
    assert browser.post("/check-samples", {"form": "sample", "percent": "5"}).status_code == 303
    waits = browser.get("/check-samples").text
    assert '<noscript><meta http-equiv="refresh"' in waits
    assert "抽取百分之几" not in waits
    assert "还没有抽检" not in waits
    assert client.get("/api/v1/check-samples", headers=me).json["run"]["state"] == "waiting"
    draw(embedded.house)
    assert 'max="5" value="0"' in browser.get("/check-samples").text
    assert check_samples.sample_due(embedded.house, lambda: True) == 5
    assert "http-equiv" not in browser.get("/check-samples").text
    assert client.post("/api/v1/check-samples", json={}, headers=me).status_code == 409
