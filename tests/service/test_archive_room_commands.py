"""`juanzong company|incident|schedule|milestone|numbers`: the same flows as page and API, in one line each (RULES B2, B6, Part B)."""

import json
from datetime import date

import pytest
from sqlalchemy import select

from service.flow.archive import holds, incidents, reviews
from service.records.tables import AccessRequest, AuditEntry, CaseFile
from tests.service.conftest import TODAY, embedded_env, open_office
from tests.service.test_destruction_steps import due, say
from tests.service.test_flow import new_contract
from tools.bench_destruction import APPROVER, GROUP, SUPERVISORS


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """An office with a signed contract; its id and that of its file."""
    office = open_office(embedded_env(tmp_path_factory.mktemp("room")))
    office.env["JUANZONG_TODAY"] = TODAY.isoformat()
    contract_id, file_id = new_contract(office, term_until="2027-12-31")
    yield office, contract_id, file_id
    office.house.database.dispose()


@pytest.fixture
def run(room, juanzong_here):
    """Run a command with --json; returns its exit code and the objects it printed."""

    def call(*args: object, code: int = 0):
        ran = juanzong_here(room[0].env, *args, "--json", check=code)
        return [json.loads(line) for line in ran.stdout.splitlines()], ran.stderr

    return call


def test_companies_are_made_changed_moved_into_and_closed(room, run):
    run("company", "add", "JT", "华岳集团", "--fonds", "J009")
    run("company", "add", "ZG", "华岳子公司", "--fonds", "J010", "--above", "JT")
    run("company", "department", "XS", "ZG")
    run("company", "change", "ZG", "--name", "华岳实业")
    listed, _ = run("company", "list")
    by_code = {row["code"]: row for row in listed}
    assert (by_code["ZG"]["above"], by_code["ZG"]["departments"], by_code["ZG"]["name"]) == ("JT", ["XS"], "华岳实业")
    _, said = run("company", "close", "ZG", code=4)  # it has an open department
    assert said.count("\n") == 1
    run("company", "department", "XS", "")
    run("company", "close", "ZG")
    _, said = run("company", "add", "JT", "又一家", "--fonds", "J011", code=3)
    assert said


def test_milestones_are_noted_done_dropped_and_listed_late(room, run):
    _office, contract_id, _file_id = room
    (paid,), _ = run(
        "milestone",
        "add",
        contract_id,
        "--kind",
        "payment",
        "--title",
        "首付款",
        "--due",
        "2026-11-01",
        "--amount",
        "20000",
    )
    (done,), _ = run("milestone", "add", contract_id, "--kind", "performance", "--title", "交货", "--due", "2027-02-01")
    late, _ = run("milestone", "list", "--late")
    assert [row["id"] for row in late] == [paid["id"]]
    run("milestone", "done", paid["id"], "--on", "2026-11-20")
    run("milestone", "drop", done["id"], "--reason", "改由甲方自提")
    states = {row["id"]: row["state"] for row in run("milestone", "list", "--contract", contract_id)[0]}
    assert states == {paid["id"]: "done_late", done["id"]: "dropped"}
    for wrong in ("2026-02-30", "20261301"):
        _, said = run("milestone", "add", contract_id, "--kind", "payment", "--title", "x", "--due", wrong, code=3)
        assert "a date YYYY-MM-DD" in said


def test_an_incident_is_reported_examined_and_closed_by_another_person(room, run):
    office, _contract_id, file_id = room
    given = ("--kind", "lost", "--on", "2026-11-20", "--what", "搬库时缺一卷")
    (made,), _ = run("incident", "report", file_id, *given)
    run(
        "incident",
        "examine",
        made["id"],
        "--responsible",
        "孙文静=保管",
        "--findings",
        "夹在邻卷",
        "--measures",
        "重新上架",
    )
    (row,), _ = run("incident", "list", "--open")
    assert row["responsible"] == [{"name": "孙文静", "part": "保管"}]
    _, said = run("incident", "close", made["id"], "--outcome", "找回", code=4)  # who examined does not close
    assert said.count("\n") == 1
    incidents.close(office.house, office["administrator"], made["id"], "找回")
    assert run("incident", "list", "--open")[0] == []
    _, said = run("incident", "report", file_id, "--kind", "lost", "--on", "2026-12-31", "--what", "x", code=3)
    assert said


def test_a_schedule_is_drafted_tried_and_activated_and_one_with_a_hole_says_where(room, run, tmp_path):
    office, _contract_id, _file_id = room
    listed, _ = run("schedule", "list")
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps(listed[0]), "utf-8")
    (made,), _ = run("schedule", "draft", "2027", rules, "--note", "年度修订")
    assert (made["state"], made["problems"]) == ("draft", [])
    (tried,), _ = run("schedule", "what-if", "2027")
    assert tried["longer"] == 0
    hole = [rule for rule in listed[0]["rules"] if rule["kind"] != "credit"]
    rules.write_text(json.dumps(hole), "utf-8")
    (made,), _ = run("schedule", "draft", "2028", rules, code=3)
    assert any("credit" in problem["why"]["en"] for problem in made["problems"])
    run("schedule", "activate", "2028", code=4)
    run("schedule", "activate", "2027", code=4)  # by who drafted it
    for text in ("{", "[1]", '{"rules": 7}'):
        rules.write_text(text, "utf-8")
        assert "no rules in JSON" in run("schedule", "draft", "2029", rules, code=3)[1]
    from service.flow.archive import schedules

    schedules.activate(office.house, office["administrator"], "2027")
    assert run("schedule", "list")[0][0]["version"] == "2027"


def test_templates_are_tried_drafted_and_activated_by_another_and_a_number_is_void(room, run):
    office, _contract_id, file_id = room
    wrong, _ = run("numbers", "try", "{fonds}-{serial:1}", code=3)
    assert wrong[0]["problems"]
    template = run("numbers", "templates", code=0)[0]
    assert template == []
    good = "{fonds}-{category}·{year}-{retention}-{department}-{serial:05}"
    (tried,), _ = run("numbers", "try", good)
    assert tried["numbers"][0].endswith("-00001")
    (draft,), _ = run("numbers", "draft", good)
    run("numbers", "activate", draft["id"], code=4)
    from service.flow.archive import number_templates

    number_templates.activate_template(office.house, office["administrator"], draft["id"])
    assert [row["state"] for row in run("numbers", "templates")[0]] == ["active"]
    _, said = run("numbers", "void", "nonsense", "--reason", "写错", code=3)
    assert said
    with office.house.database.read() as session:
        assert session.get_one(CaseFile, file_id).archive_number is None  # nothing was given by trying


def test_people_get_tables_and_lines(room, juanzong_here):
    office, contract_id, _file_id = room
    for args in (
        ("company", "list"),
        ("incident", "list"),
        ("schedule", "list"),
        ("milestone", "list"),
        ("numbers", "templates"),
        ("outside", "list"),
        ("ledger", "list"),
        ("hold", "list"),
        ("review", "due"),
        ("review", "list"),
    ):
        juanzong_here(office.env, *args)
    assert "HT-XS-2026-0001" in juanzong_here(office.env, "milestone", "list", "--contract", contract_id).stdout


# --- files, transfers, loans, statistics (RULES B1 to B6) ---


def test_a_file_says_what_it_holds_and_lacks_b1_b5(room, run, tmp_path):
    _office, _contract_id, file_id = room
    (file,), _ = run("file", "list", "--kind", "contract")
    assert file["id"] == file_id
    (shown,), _ = run("file", "show", file_id)
    assert "1.6" in shown["missing"]
    run("file", "mark", file_id, "1.6", "--reason", "无担保人")
    (shown,), _ = run("file", "show", file_id)
    assert "1.6" not in shown["missing"]
    run("file", "mark", file_id, "9.9", "--reason", "x", code=3)
    run("file", "print", file_id, "catalogue", tmp_path / "catalogue.pdf")
    assert (tmp_path / "catalogue.pdf").read_bytes().startswith(b"%PDF")


def test_a_transfer_is_listed_handed_over_and_returned_with_its_reason_b3(room, run):
    (row,), _ = run("transfer", "list")
    assert row["due_on"]
    run("transfer", "accept", row["id"], code=4)  # nothing was handed over yet
    run("transfer", "hand-over", row["id"])
    _, said = run("transfer", "accept", row["id"], code=4)  # by who handed it over
    assert said.count("\n") == 1
    assert run("transfer", "list", "--stage", "handler")[0][0]["state"] == "handed_over"


def test_a_loan_is_lent_and_returned_and_never_returned_before_b6(room, run):
    office, _contract_id, file_id = room
    from service.flow.archive import loans

    asked = loans.ask(office.house, office["head"], file_id, "核对付款条件")
    run("loan", "return", asked.id, "--found", "whole", code=4)  # a return before the loan
    _, said = run("loan", "lend", asked.id, "--back", "2026-02-30", code=3)
    assert "a date YYYY-MM-DD" in said
    run("loan", "lend", asked.id, "--back", "2026-12-15")
    assert run("loan", "list")[0][0]["state"] == "lent"
    run("loan", "return", asked.id, "--found", "whole")
    other = loans.ask(office.house, office["head"], file_id, "再看一次")
    run("loan", "refuse", other.id, "--reason", "用途不清")


def test_a_file_is_asked_for_in_a_readers_name_by_the_readers_rights_b6(room, run):
    office, _contract_id, file_id = room
    given = ("--reader", "head", "--purpose", "核对")
    (asked,), _ = run("loan", "ask", file_id, *given)
    with office.house.database.read() as session:
        request = session.get_one(AccessRequest, asked["id"])
        by = session.scalars(select(AuditEntry.actor).where(AuditEntry.action == "loan.ask")).all()
    assert (request.state, request.reader_id) == ("asked", office["head"].person_id)
    assert by[-1].startswith("cli:")  # who typed it is who asked
    run("loan", "refuse", asked["id"], "--reason", "已有副本")
    run("loan", "ask", file_id, "--reader", "nobody", "--purpose", "x", code=3)
    run("loan", "ask", "no-such-file", *given, code=3)


def test_a_contract_is_entered_finished_cancelled_listed_and_exported_b2(room, run, tmp_path):
    given = ("--department", "XS", "--handler", "handler", "--counterparty", "云桥智联信息技术有限公司")
    (made,), _ = run("ledger", "enter", "设备租赁合同", *given, "--amount", "120000", "--until", "2027-06-30")
    run("ledger", "finish", made["id"], "performed", "--on", "2026-11-20", code=4)  # before signing
    run("ledger", "finish", made["id"], "signed", "--on", "2026-02-30", code=3)
    run("ledger", "finish", made["id"], "signed", "--on", "2026-11-20")
    (other,), _ = run("ledger", "enter", "作废的合同", *given)
    run("ledger", "cancel", other["id"], "--reason", "重复")
    _, said = run("ledger", "cancel", made["id"], "--reason", "重复", code=4)  # it was signed
    assert said.count("\n") == 1
    listed = {row["number"]: row["status"] for row in run("ledger", "list", "--department", "XS")[0]}
    assert (listed[made["number"]], listed[other["number"]]) == ("signed", "cancelled")
    assert [row["number"] for row in run("ledger", "list", "--status", "cancelled")[0]] == [other["number"]]
    run("ledger", "list", "--department", "nowhere", code=3)
    run("ledger", "list", "--signed-from", "soon", code=3)
    (wrote,), _ = run("ledger", "export", tmp_path / "ledger.csv", "--text", "租赁")
    assert wrote["contracts"] == 1
    assert made["number"] in (tmp_path / "ledger.csv").read_text("utf-8-sig")
    run("ledger", "export", tmp_path / "ledger.xlsx")
    assert (tmp_path / "ledger.xlsx").read_bytes()[:2] == b"PK"
    run("ledger", "export", tmp_path / "ledger.pdf")
    assert (tmp_path / "ledger.pdf").read_bytes()[:5] == b"%PDF-"
    run("ledger", "export", tmp_path / "ledger.doc", code=3)


# --- holds and reviews (RULES Part B) ---


def test_what_is_due_is_frozen_proposed_taken_off_stopped_and_carried_out(room, run, monkeypatch):
    office, _contract_id, _file_id = room
    house = office.house
    files = [due(office, number) for number in (1, 2, 3)]
    house.clock.move_to(TODAY)
    assert {row["id"] for row in run("review", "due")[0]} >= set(files)
    (hold,), _ = run("hold", "place", "(2026) 民初 7 号", "--query", '"客户信用档案 1"', "--reason", "诉讼")
    assert hold["count"] == 1
    assert [row["id"] for row in run("hold", "matching", '"客户信用档案 1"')[0]] == files[:1]
    run("hold", "place", "m", "--reason", "x", code=3)  # neither files nor a query
    run("hold", "release", hold["id"], code=4)  # nobody asked
    run("hold", "ask-release", hold["id"], "--reason", "结案")
    _, said = run("hold", "release", hold["id"], code=4)  # by who asked
    assert said.count("\n") == 1
    assert run("hold", "list", "--standing")[0][0]["files"] == files[:1]
    holds.release(house, office["archivist"], hold["id"])
    assert run("hold", "list", "--standing")[0] == []
    parts = [word for name in GROUP for word in ("--group", name)]
    parts += ["--approver", APPROVER, *(word for name in SUPERVISORS for word in ("--supervisor", name))]
    run("review", "propose", *parts, code=3)  # neither files nor --all
    run("review", "propose", files[0], *parts[:-1], "nobody", code=3)
    (made,), _ = run("review", "propose", *files, *parts)
    run("review", "propose", files[0], *parts, code=4)  # it stands on one already
    run("review", "take-off", made["id"], files[2], "--reason", "仍需使用")
    say(office, made["id"], files[:2])
    assert run("review", "list")[0][0]["state"] == "decided"
    run("review", "execute", made["id"], "--yes", code=4)  # a step is missing
    reviews.approve(house, office[APPROVER], made["id"])
    (shown,), _ = run("review", "show", made["id"])
    later = date.fromisoformat(shown["execution_from"])
    house.clock.move_to(later)
    for name in SUPERVISORS:
        reviews.supervise(house, office[name], made["id"])
    run("review", "execute", made["id"], code=3)  # without --yes
    run("review", "execute", made["id"], "--yes", code=4)  # the waiting period runs
    (second,), _ = run("review", "propose", due(office, 4), *parts)
    run("review", "stop", second["id"], "--reason", "发现诉讼")
    assert [row["id"] for row in run("review", "list")[0]] == [made["id"]]
    monkeypatch.setitem(office.env, "JUANZONG_TODAY", later.isoformat())
    outcomes = {row["file_id"]: row["outcome"] for row in run("review", "execute", made["id"], "--yes")[0]}
    assert outcomes == {files[0]: "destroyed", files[1]: "destroyed", files[2]: "kept"}


def test_the_figures_and_the_duties_of_a_half_year_b4(room, run, tmp_path, juanzong_here):
    (made,), _ = run("statistics", "export", "2026-H1", tmp_path / "figures.xlsx")
    assert made["units"] >= 1
    assert (tmp_path / "figures.xlsx").read_bytes()[:2] == b"PK"
    run("statistics", "export", "2026-Q1", tmp_path / "a.csv", code=3)
    run("statistics", "export", "2026-H1", tmp_path / "a.doc", code=3)
    late = juanzong_here({**room[0].env, "JUANZONG_TODAY": "2027-01-12"}, "statistics", "duties", "--late", "--json")
    owed = [json.loads(line) for line in late.stdout.splitlines()]
    assert {(row["kind"], row["period"], row["due_on"]) for row in owed} >= {("contracts", "2026", "2027-01-10")}
