"""`juanzong company|incident|schedule|milestone|numbers`: the same flows as page and API, in one line each (RULES B2, B6, Part B)."""

import json

import pytest

from service.flow import incidents
from service.records.tables import CaseFile
from tests.service.conftest import embedded_env, open_office
from tests.service.test_flow import new_contract


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """An office with a signed contract; its id and that of its file."""
    office = open_office(embedded_env(tmp_path_factory.mktemp("room")))
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
    from service.flow import schedules

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
    from service.flow import number_templates

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
    ):
        juanzong_here(office.env, *args)
    assert "HT-XS-2026-0001" in juanzong_here(office.env, "milestone", "list", "--contract", contract_id).stdout
