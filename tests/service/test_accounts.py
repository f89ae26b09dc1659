"""Accounts after the invitation: changed, closed and opened; sessions and tokens that end at once; departments."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from service.access import accounts, departments, people
from service.errors import BadInput, NotAllowed, NotFound, NotSignedIn, RuleRefused
from service.flow.archive import filing, ledger, transfers
from service.flow.intake import corrections
from service.records.tables import AuditEntry, CaseFile, Contract, Document, Person
from tests.service.conftest import OWNER, Office
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_cli import env, lines  # noqa: F401 - one is a fixture
from tests.service.test_flow import archive, fill, new_contract

PASSWORD = "correct horse battery"


@pytest.fixture
def root(embedded):
    return embedded.hire("root", "administrator")


def entries(office: Office, action: str) -> list[dict]:
    with office.house.database.read() as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.seq))
        return [json.loads(entry.detail) for entry in found]


def test_rights_that_are_taken_away_end_at_once(embedded, root):
    house = embedded.house
    embedded.hire("li", "handler", password=PASSWORD)
    cookie, token = people.sign_in(house, "li", PASSWORD), people.create_token(house, OWNER, "li", "scanner")
    other = people.create_department(house, OWNER, "CG", "采购部")
    accounts.change_person(house, root, "li", roles=["operator"], department_id=other.id, clearance="public")
    for actor in (people.actor_of_session(house, cookie), people.actor_of_token(house, token)):
        assert (actor.roles, actor.department_id, actor.clearance) == ({"operator"}, other.id, "public")
    assert filing.list_case_files(house, people.actor_of_token(house, token))[0] == 0
    assert entries(embedded, "person.change") == [
        {
            "roles": [["handler"], ["operator"]],
            "department_id": [embedded.department_id, other.id],
            "clearance": ["internal", "public"],
        }
    ]
    assert accounts.change_person(house, root, "li", department_id="").department_id is None


@pytest.mark.parametrize(
    ("wanted", "wrong"),
    [
        ({"name": "  "}, {"name"}),
        ({"roles": []}, {"roles"}),
        ({"roles": ["king"], "clearance": "top"}, {"roles", "clearance"}),
        ({"roles": ["administrator", "auditor"]}, {"roles"}),
        ({"department_id": "nowhere"}, {"department_id"}),
        ({"name": "handler 某"}, set()),
        ({}, set()),
    ],
)
def test_a_wrong_change_is_refused_whole(embedded, root, wanted, wrong):
    with pytest.raises(BadInput) as refused:
        accounts.change_person(embedded.house, root, "handler", **wanted)
    assert set(refused.value.fields) == wrong
    person = accounts.get_person(embedded.house, root, "handler")
    assert (person.name, person.roles, person.clearance) == ("handler 某", ["handler"], "internal")


def test_nobody_gives_rights_to_themselves_or_shuts_the_last_door(embedded, root):
    house = embedded.house
    for wanted in ({"roles": ["administrator", "archivist"]}, {"clearance": "core"}, {"department_id": ""}):
        with pytest.raises(RuleRefused, match="another administrator"):
            accounts.change_person(house, root, "root", **wanted)
    with pytest.raises(RuleRefused, match="another administrator"):
        accounts.close_account(house, root, "root")
    assert accounts.change_person(house, root, "root", name="褚工").name == "褚工"
    for step in (
        lambda: accounts.change_person(house, embedded["archivist"], "archivist", clearance="core"),
        lambda: accounts.close_account(house, embedded["archivist"], "handler"),
        lambda: accounts.open_again(house, embedded["archivist"], "handler"),
        lambda: accounts.list_sessions(house, embedded["archivist"], "handler"),
        lambda: accounts.end_session(house, embedded["archivist"], "handler", "x"),
        lambda: accounts.get_person(house, embedded["handler"], "handler"),
        lambda: departments.rename_department(house, embedded["archivist"], "XS", "x"),
        lambda: departments.close_department(house, embedded["archivist"], "XS"),
    ):
        with pytest.raises(NotAllowed):
            step()
    with pytest.raises(NotFound):
        accounts.close_account(house, root, "nobody")


def test_an_account_that_is_opened_again_needs_a_new_password(embedded, root):
    house = embedded.house
    embedded.hire("li", "handler", password=PASSWORD)
    cookie, token = people.sign_in(house, "li", PASSWORD), people.create_token(house, OWNER, "li", "scanner")
    with pytest.raises(RuleRefused, match="is open"):
        accounts.open_again(house, root, "li")
    accounts.close_account(house, root, "li")
    for step in (
        lambda: people.renew_invitation(house, root, "li"),
        lambda: people.create_token(house, OWNER, "li", "x"),
    ):
        with pytest.raises(RuleRefused, match="open it again first"):
            step()
    secret = accounts.open_again(house, root, "li")
    for attempt in (
        lambda: people.sign_in(house, "li", PASSWORD),
        lambda: people.actor_of_session(house, cookie),
        lambda: people.actor_of_token(house, token),
    ):
        with pytest.raises(NotSignedIn):
            attempt()
    people.set_password(house, secret, "a different password")
    assert people.sign_in(house, "li", "a different password")


def test_sessions_are_listed_and_ended_one_by_one(embedded, root):
    house = embedded.house
    li = embedded.hire("li", "handler", password=PASSWORD)
    first, second = (people.sign_in(house, "li", PASSWORD, name) for name in ("Firefox", "Chromium"))
    found = {session.user_agent: session.id for session in accounts.list_sessions(house, li, "li")}
    accounts.end_session(house, embedded["root"], "handler", found["Firefox"])  # another person's: nothing ends
    assert people.actor_of_session(house, first)
    accounts.end_session(house, li, "li", found["Firefox"])
    with pytest.raises(NotSignedIn):
        people.actor_of_session(house, first)
    assert people.actor_of_session(house, second)
    accounts.end_session(house, root, "li", found["Chromium"])
    accounts.end_session(house, root, "li", found["Chromium"])
    with pytest.raises(NotSignedIn):
        people.actor_of_session(house, second)
    assert len(entries(embedded, "session.end")) == 2


def test_ones_own_password_is_changed_with_the_old_one_only(embedded, monkeypatch):
    house = embedded.house
    li = embedded.hire("li", "handler", password=PASSWORD)
    here, elsewhere = people.sign_in(house, "li", PASSWORD), people.sign_in(house, "li", PASSWORD)
    with pytest.raises(BadInput):
        accounts.change_password(house, li, PASSWORD, "short", here)
    with pytest.raises(NotSignedIn):
        accounts.change_password(house, li, "wrong password", "a different password", here)
    accounts.change_password(house, li, PASSWORD, "a different password", here)
    assert people.actor_of_session(house, here)
    with pytest.raises(NotSignedIn):
        people.actor_of_session(house, elsewhere)
    with pytest.raises(NotSignedIn):
        people.sign_in(house, "li", PASSWORD)
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            accounts.change_password(house, li, "guessed again", "mine from now on", here)
    with pytest.raises(NotSignedIn):  # locked, as signing in is
        accounts.change_password(house, li, "a different password", "mine from now on", here)
    later = house.clock.now() + timedelta(minutes=6)
    monkeypatch.setattr(house.clock, "now", lambda: later)
    accounts.change_password(house, li, "a different password", "mine from now on")
    assert accounts.list_sessions(house, li, "li") == []
    with pytest.raises(NotAllowed):
        accounts.change_password(house, OWNER, "", "a different password")


def test_a_closed_department_takes_nothing_new_and_keeps_what_it_has(embedded, root):
    house = embedded.house
    contract_id, file_id = new_contract(embedded)
    assert departments.rename_department(house, root, "XS", " 营销中心 ").name == "营销中心"
    for name in ("", "长" * 121):
        with pytest.raises(BadInput):
            departments.rename_department(house, root, "XS", name)
    with pytest.raises(RuleRefused, match=r"has 1 open files: HT-XS-2026-0001$"):
        departments.close_department(house, root, "XS")
    fill(embedded, file_id)
    archive(embedded, file_id)
    ledger.finish_event(house, embedded["handler"], contract_id, "amended", "2026-11-20")
    with pytest.raises(RuleRefused, match=r"has 1 open files: HT-XS-2026-0001$"):  # the amendment is to be handed over
        departments.close_department(house, root, "XS")
    archive(embedded, file_id)
    departments.close_department(house, root, "XS")
    departments.close_department(house, root, "XS")
    with pytest.raises(BadInput, match="the department is closed"):
        new_contract(embedded)
    with pytest.raises(BadInput, match="the department is closed"):
        people.invite(house, root, "new", "新人", ["handler"], embedded.department_id)
    accounts.change_person(house, root, "handler", name="陈立")  # who is in it stays in it
    embedded.hire("out", "handler", department_id=people.create_department(house, OWNER, "CG", "采购部").id)
    with pytest.raises(BadInput, match="the department is closed"):
        accounts.change_person(house, root, "out", department_id=embedded.department_id)
    assert filing.get_case_file(house, embedded["handler"], file_id).contract_id == contract_id
    assert [d.code for d in people.list_departments(house, closed=False)] == ["CG"]
    departments.open_department(house, root, "XS")
    new_contract(embedded)
    assert len(entries(embedded, "department.close")) == len(entries(embedded, "department.open")) == 1
    with pytest.raises(NotFound):
        departments.close_department(house, root, "ZZ")
    with pytest.raises(BadInput):
        people.create_department(house, root, "ZZ", "x", "long fonds")


def test_a_merged_department_keeps_its_old_numbers_and_gives_all_else_away(office):
    house, root = office.house, office.hire("root", "administrator")
    other = people.create_department(house, OWNER, "CG", "采购部")
    office.hire("buyer", "handler", department_id=other.id)
    contract_id, file_id = new_contract(office)
    document_id = office.take_in()
    with pytest.raises(NotFound):
        filing.get_case_file(house, office["buyer"], file_id)
    for into in ("XS", "ZZ"):
        with pytest.raises((BadInput, NotFound)):
            departments.merge_department(house, root, "XS", into)
    departments.merge_department(house, root, "XS", "CG")
    with house.database.read() as session:
        contract, file = session.get_one(Contract, contract_id), session.get_one(CaseFile, file_id)
        document = session.get_one(Document, document_id)
        handler = session.scalars(select(Person).where(Person.login == "handler")).one()
    assert (contract.number, file.department_id) == ("HT-XS-2026-0001", other.id)
    assert (document.department_id, document.indexed, handler.department_id) == (other.id, False, other.id)
    assert filing.get_case_file(house, office["buyer"], file_id).id == file_id
    assert [item.transfer.case_file_id for item in transfers.list_transfers(house, office["buyer"])] == [file_id]
    with pytest.raises(BadInput, match="the department is closed"):
        new_contract(office)
    with pytest.raises(RuleRefused, match="closed already"):
        departments.merge_department(house, root, "XS", "CG")
    assert [(c.what, c.old, c.new) for c in departments.history(house, root)] == [("merge", "XS", "CG")]
    correction = corrections.Correction(title="改后", handler_id=office["buyer"].person_id)
    corrections.correct_contract(house, office["administrator"], contract_id, correction, "换承办人")
    fill_as = office["buyer"]
    for category in filing.completeness(house, fill_as, file_id).missing:
        filing.mark_not_applicable(house, fill_as, file_id, category, "无此类材料")
    for item in transfers.transfers_of(house, fill_as, file_id):
        transfers.hand_over(house, fill_as, item.transfer.id)
        transfers.accept(house, office["administrator"], item.transfer.id)
    for item in transfers.transfers_of(house, fill_as, file_id):
        if item.transfer.state == "pending":
            transfers.hand_over(house, office["administrator"], item.transfer.id)
    archived = transfers.archive(house, office["archivist"], file_id)
    assert archived.archive_number is not None
    assert archived.archive_number.startswith("J001-HT·2026-D10-CG-")


def test_through_the_api(client, headers, embedded, root):  # noqa: F811 - the fixtures
    keeper, mine = headers("root"), headers("handler")
    body = {"login": "chen", "name": "陈立", "roles": ["handler"], "department": "XS"}
    assert client.post("/api/v1/accounts", json=body, headers=mine).status_code == 403
    made = client.post("/api/v1/accounts", json=body, headers=keeper)
    assert made.status_code == 201
    people.set_password(embedded.house, made.get_json()["link"].rpartition("/")[2], PASSWORD)
    assert client.post("/api/v1/accounts", json=body | {"department": "ZZ"}, headers=keeper).status_code == 404
    changed = client.patch("/api/v1/accounts/chen", json={"roles": ["operator"], "department": ""}, headers=keeper)
    assert (changed.get_json()["roles"], changed.get_json()["department"]) == (["operator"], None)
    assert client.patch("/api/v1/accounts/chen", json={"login": "x"}, headers=keeper).status_code == 422
    assert client.patch("/api/v1/accounts/root", json={"clearance": "core"}, headers=keeper).status_code == 409
    made = client.post("/api/v1/accounts/chen/tokens", json={"name": "扫描站"}, headers=keeper)
    assert made.status_code == 409  # who has a person's token is that person
    chen = headers("chen")
    made = client.post("/api/v1/accounts/chen/tokens", json={"name": "扫描站", "scopes": ["read"]}, headers=chen)
    assert made.status_code == 201
    wrong = {"name": "x", "scopes": ["everything"], "networks": ["nowhere"]}
    assert client.post("/api/v1/accounts/chen/tokens", json=wrong, headers=chen).status_code == 422
    assert client.get("/api/v1/accounts/handler/tokens", headers=chen).status_code == 403
    first, listed = client.get("/api/v1/accounts/chen/tokens", headers=chen).get_json()["tokens"]
    assert (listed["name"], listed["scopes"], listed["last_used_at"]) == ("扫描站", ["read"], None)
    assert first["last_used_at"]
    people.sign_in(embedded.house, "chen", PASSWORD, "Firefox")
    (session,) = client.get("/api/v1/accounts/chen/sessions", headers=chen).get_json()["sessions"]
    assert client.delete(f"/api/v1/accounts/chen/sessions/{session['id']}", headers=keeper).status_code == 204
    assert client.get("/api/v1/accounts/chen/sessions", headers=chen).get_json() == {"sessions": []}
    wrong = client.post("/api/v1/me/password", json={"old": "no", "new": "a different password"}, headers=chen)
    assert wrong.status_code == 401
    right = client.post("/api/v1/me/password", json={"old": PASSWORD, "new": "a different password"}, headers=chen)
    assert right.status_code == 204
    assert client.delete(f"/api/v1/accounts/handler/tokens/{listed['id']}", headers=keeper).status_code == 404
    assert client.delete(f"/api/v1/accounts/chen/tokens/{listed['id']}", headers=chen).status_code == 204
    assert client.delete(f"/api/v1/accounts/chen/tokens/{first['id']}", headers=chen).status_code == 204
    assert client.get("/api/v1/accounts/chen/tokens", headers=chen).status_code == 401
    assert client.post("/api/v1/accounts/chen/closing", headers=keeper).status_code == 204
    assert client.post("/api/v1/accounts/chen/link", headers=keeper).status_code == 409
    assert client.post("/api/v1/accounts/chen/opening", headers=keeper).get_json()["link"]
    assert client.get("/api/v1/accounts", headers=mine).status_code == 403
    shown = {
        p["login"]: p["has_password"] for p in client.get("/api/v1/accounts", headers=keeper).get_json()["accounts"]
    }
    assert shown["chen"] is False
    made = client.post("/api/v1/departments", json={"code": "FW", "name": "法务部"}, headers=keeper)
    assert made.status_code == 201
    assert client.patch("/api/v1/departments/FW", json={"name": "法务中心"}, headers=keeper).status_code == 200
    assert client.post("/api/v1/departments/FW/closing", headers=keeper).get_json()["closed"]
    listed = client.get("/api/v1/departments", headers=mine).get_json()["departments"]
    assert [(d["code"], d["name"], d["closed"]) for d in listed] == [
        ("FW", "法务中心", True),
        ("XS", "销售部", False),
    ]
    assert client.post("/api/v1/departments/FW/opening", headers=mine).status_code == 403


def test_on_the_command_line(env, juanzong_here):  # noqa: F811 - the fixture
    def said(*arguments: str) -> dict:
        return lines(juanzong_here(env, *arguments, "--json"))[-1]

    said("department", "add", "XS", "销售部")
    said("user", "add", "li", "--name", "李某", "--role", "handler", "--department", "XS")
    changed = said("user", "change", "li", "--role", "operator", "--role", "handler", "--department", "-")
    assert (changed["roles"], changed["department"], changed["name"]) == (["handler", "operator"], None, "李某")
    juanzong_here(env, "user", "change", "li", check=3)
    juanzong_here(env, "user", "enable", "li", check=4)
    said("user", "disable", "li")
    assert "/invite/" in said("user", "enable", "li")["link"]
    assert said("department", "rename", "XS", "营销中心") == {"code": "XS", "name": "营销中心", "closed": False}
    assert said("department", "close", "XS")["closed"]
    assert said("department", "list")["closed"]
    assert not said("department", "open", "XS")["closed"]
    juanzong_here(env, "department", "close", "ZZ", check=3)
