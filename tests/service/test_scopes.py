"""What a token may do: never more than its account, its scopes and its networks; and stations, which hand in and see their receipts."""

import re
from itertools import product

import pytest

from service.access import accounts, people, tokens
from service.access.policy import ACTIONS, ROLES, SCOPES, STATION, Actor, Reach, decide, reader_tokens, scope_of
from service.api.app import GROUPS
from service.errors import BadInput, NotAllowed, NotSignedIn, RuleRefused
from service.flow.intake import documents
from service.flow.intake.process import process
from service.flow.search import find
from tests.service.conftest import DIGITAL, OWNER, SCANS
from tests.service.test_api import client, upload  # noqa: F401 - one is a fixture
from tests.service.test_cli import env, lines  # noqa: F401 - one is a fixture

LICENCE = SCANS / "licence-portrait.jpg"
HERE = "10.1.2.3"


@pytest.mark.parametrize(("role", "action"), list(product((*ROLES, STATION), ACTIONS)))
def test_a_scope_takes_away_and_never_gives(role, action):
    person = Actor("person:a", person_id="1", roles=frozenset({role}), department_id="xs")
    for reach in (None, Reach("xs", "internal"), Reach("cg", "secret")):
        free = decide(person, action, reach)
        for scope in SCOPES:
            bound = decide(_with(person, scope), action, reach)
            assert bound == (free if scope == scope_of(action) else type(free)(allowed=False, reason="scope_missing"))


def _with(actor: Actor, *scopes: str) -> Actor:
    return Actor(
        actor.name,
        actor.person_id,
        actor.display,
        actor.roles,
        actor.department_id,
        actor.clearance,
        scopes=frozenset(scopes),
    )


def test_reading_is_a_scope_of_search_and_lists_too(embedded):
    document_id = embedded.take_in()
    blind, seeing = (_with(embedded["handler"], scope) for scope in ("work", "read"))
    assert reader_tokens(blind) == frozenset()
    assert reader_tokens(seeing) == reader_tokens(embedded["handler"])
    for step in (documents.list_documents, lambda house, actor: find.find(house, actor, "技术服务")):
        with pytest.raises(NotAllowed, match="scope"):
            step(embedded.house, blind)
        assert step(embedded.house, seeing)
    assert documents.get_document(embedded.house, seeing, document_id).id == document_id


def test_scopes_are_chosen_from_what_there_is():
    assert tokens.scopes_of(None, SCOPES, None) == list(SCOPES)
    assert tokens.scopes_of(["work", "read", "read"], SCOPES, None) == ["read", "work"]
    assert tokens.scopes_of(None, SCOPES, ["read"]) == ["read"]
    for wanted, most, makers in (
        ([], SCOPES, None),
        (["everything"], SCOPES, None),
        (["read", "everything"], SCOPES, None),
        (["read"], tokens.STATION_SCOPES, None),
        (["work"], SCOPES, ["read", "administer"]),
    ):
        with pytest.raises(BadInput):
            tokens.scopes_of(wanted, most, makers)


@pytest.mark.parametrize(
    ("address", "networks", "good"),
    [
        ("10.1.2.3", [], True),
        ("10.1.2.3", ["10.1.0.0/16"], True),
        ("::ffff:10.1.2.3", ["10.1.0.0/16"], True),
        ("10.2.2.3", ["10.1.0.0/16", "2001:db8::/32"], False),
        ("2001:db8::1", ["10.1.0.0/16", "2001:db8::/32"], True),
        ("", ["10.1.0.0/16"], False),
        ("nonsense", ["0.0.0.0/0"], False),
    ],
)
def test_a_bound_token_works_from_its_networks_alone(address, networks, good):
    assert tokens.is_from(address, networks) is good


def test_networks_are_kept_as_networks():
    assert tokens.networks_of(["10.1.2.3", " 10.1.9.9/16 ", ""]) == ["10.1.0.0/16", "10.1.2.3/32"]
    for wrong in (["10.1.2"], ["example.com"], [f"10.0.0.{n}" for n in range(21)]):
        with pytest.raises(BadInput):
            tokens.networks_of(wrong)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_a_token_for_reading_changes_nothing_and_makes_no_other(client, embedded):  # noqa: F811 - the fixture
    house = embedded.house
    secret = people.create_token(house, OWNER, "handler", "report", scopes=["read"])
    mine = bearer(secret)
    assert client.get("/api/v1/documents", headers=mine).status_code == 200
    for answer in (
        upload(client, mine),
        client.post("/api/v1/accounts/handler/tokens", json={"name": "more"}, headers=mine),
        client.get("/api/v1/accounts/handler/tokens", headers=mine),
        client.get("/api/v1/accounts/handler/sessions", headers=mine),
        client.post("/api/v1/me/password", json={"old": "x", "new": "a long new one"}, headers=mine),
    ):
        assert answer.status_code == 403
        assert "scope" in answer.get_json()["title"]
    actor = people.actor_of_token(house, secret)
    with pytest.raises(NotAllowed):
        people.create_token(house, actor, "handler", "more")
    own = people.actor_of_token(house, people.create_token(house, OWNER, "handler", "x", scopes=["administer", "read"]))
    with pytest.raises(BadInput):
        people.create_token(house, own, "handler", "more", scopes=["work"])
    more = people.create_token(house, own, "handler", "more")
    assert people.actor_of_token(house, more).scopes == {"read", "administer"}


def test_the_administrator_makes_no_token_of_another_person(embedded):
    root = embedded.hire("root", "administrator")
    with pytest.raises(RuleRefused, match="makes their own tokens"):
        people.create_token(embedded.house, root, "archivist", "mine now")
    assert people.create_token(embedded.house, root, "root", "my own")


def test_when_and_whence_a_token_was_used_is_kept(embedded, monkeypatch):
    house = embedded.house
    secret = people.create_token(house, OWNER, "handler", "report")

    def used() -> tuple[object, str]:
        ((token, _login),) = people.list_tokens(house, OWNER, "handler")
        return token.last_used_at, token.last_address

    assert used() == (None, "")
    people.actor_of_token(house, secret, HERE)
    first, address = used()
    assert address == HERE
    people.actor_of_token(house, secret, "10.9.9.9")
    assert used() == (first, HERE)  # written down every five minutes, not at every call
    later = house.clock.now() + tokens.USED * 2
    monkeypatch.setattr(house.clock, "now", lambda: later)
    people.actor_of_token(house, secret, "10.9.9.9")
    assert used() == (later, "10.9.9.9")


@pytest.fixture
def station(embedded):
    """The secret of a station's token, which works from the test's own address."""
    root = embedded.hire("root", "administrator")
    accounts.create_station(embedded.house, root, "desk1", "前台扫描站", embedded.department_id)
    return people.create_token(embedded.house, root, "desk1", "前台", 90, networks=["127.0.0.0/8"])


def test_a_station_hands_in_and_sees_its_own_receipts(client, embedded, station):  # noqa: F811 - the fixture
    mine = bearer(station)
    other = embedded.take_in(LICENCE)
    answer = upload(client, mine)
    assert answer.status_code == 201
    document_id = answer.get_json()["document_id"]
    process(embedded.house, document_id)
    receipts = client.get("/api/v1/receipts", headers=mine).get_json()
    assert receipts["total"] == 1
    (receipt,) = receipts["receipts"]
    assert receipt["document_id"] == document_id
    assert receipt["status"] in ("stored", "needs_review")
    assert (receipt["pages"], receipt["size"]) == (2, len(DIGITAL.read_bytes()))
    assert "技术服务" not in str(receipts)
    for found in (document_id, other):
        assert client.get(f"/api/v1/documents/{found}", headers=mine).status_code in (403, 404)
    # What it handed in belongs to its department, and is read there.
    assert documents.get_document(embedded.house, embedded["handler"], document_id).received_by == "person:desk1"
    assert client.get("/api/v1/receipts", headers=mine, query_string={"offset": 1}).get_json()["receipts"] == []


def test_nothing_else_of_the_api_is_open_to_a_station(client, embedded, station):  # noqa: F811 - the fixture
    embedded.take_in()
    mine = bearer(station)
    open_to_it = {
        "create_document",
        "list_own_receipts",
        "print_separators",
    }  # blank ones; what names a contract is refused
    open_to_it |= {"create_upload", "tell_upload", "add_to_upload", "remove_upload", "override_upload", "show_upload"}
    for group in GROUPS:
        for operation in group.found:
            if operation.name in open_to_it:
                continue
            path = "/api/v1" + re.sub(r"\{login\}", "desk1", re.sub(r"\{(?!login)\w+\}", "x", operation.path))
            answer = client.open(path, method=operation.method, headers=mine, json={})
            assert answer.status_code >= 400, (operation.name, answer.status_code)


def test_a_station_has_no_part_in_anything_but_handing_in():
    station = Actor("person:desk1", person_id="1", roles=frozenset({STATION}), department_id="xs")
    assert {action for action in ACTIONS if decide(station, action).allowed} == {
        "document.upload",
        "receipt.read",
        "batch.add",
    }
    assert decide(station, "batch.add", Reach("xs", "public", "person:desk1")).allowed
    assert not decide(station, "batch.add", Reach("xs", "public", "person:handler")).allowed  # other people's
    assert not decide(station, "document.upload", Reach("cg", "public")).allowed


def test_a_stations_token_is_bound(embedded, station):
    house, root = embedded.house, embedded["root"]
    with pytest.raises(NotSignedIn, match="does not work from this address"):
        people.actor_of_token(house, station, HERE)
    for scopes in (["read"], ["hand_in", "work"]):
        with pytest.raises(BadInput):
            people.create_token(house, root, "desk1", "more", scopes=scopes)
    actor = people.actor_of_token(house, station, "127.0.0.1")
    for step in (
        lambda: people.create_token(house, actor, "desk1", "more"),
        lambda: people.list_tokens(house, actor, "desk1"),
        lambda: accounts.list_sessions(house, actor, "desk1"),
        lambda: accounts.change_password(house, actor, "", "a long new password"),
    ):
        with pytest.raises(NotAllowed):
            step()
    with pytest.raises(RuleRefused, match="its role and clearance stay"):
        accounts.change_person(house, root, "desk1", roles=["archivist"])
    with pytest.raises(RuleRefused, match="its role and clearance stay"):
        accounts.change_person(house, root, "desk1", clearance="core")
    assert accounts.change_person(house, root, "desk1", name="二楼扫描站").name == "二楼扫描站"
    with pytest.raises(BadInput):
        accounts.change_person(house, root, "handler", roles=[STATION])
    accounts.close_account(house, root, "desk1")
    with pytest.raises(NotSignedIn):
        people.actor_of_token(house, station, "127.0.0.1")


@pytest.mark.parametrize(
    ("login", "name", "department", "wrong"),
    [("Desk", "x", None, "login"), ("handler", "x", None, "login"), ("desk", " ", None, "name")],
)
def test_a_wrong_station_is_refused_at_the_field(embedded, login, name, department, wrong):
    with pytest.raises(BadInput) as refused:
        accounts.create_station(embedded.house, OWNER, login, name, department)
    assert set(refused.value.fields) == {wrong}


def test_through_the_api(client, embedded):  # noqa: F811 - the fixture
    embedded.hire("root", "administrator")
    keeper, mine = (bearer(people.create_token(embedded.house, OWNER, login, "test")) for login in ("root", "handler"))
    body = {"login": "desk2", "name": "二楼扫描站", "department": "XS"}
    assert client.post("/api/v1/stations", json=body, headers=mine).status_code == 403
    made = client.post("/api/v1/stations", json=body, headers=keeper)
    assert (made.status_code, made.get_json()["kind"], made.get_json()["roles"]) == (201, "station", ["station"])
    assert client.post("/api/v1/stations", json=body, headers=keeper).status_code == 422
    assert client.post("/api/v1/stations", json=body | {"department": "ZZ"}, headers=keeper).status_code == 404
    token = client.post("/api/v1/accounts/desk2/tokens", json={"name": "x", "days": 30}, headers=keeper).get_json()
    assert upload(client, bearer(token["token"])).status_code == 201
    assert client.post("/api/v1/accounts/desk2/link", headers=keeper).status_code == 409
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            people.sign_in(embedded.house, "handler", "wrong", "", HERE)
    assert client.get("/api/v1/accounts/handler/locks", headers=mine).status_code == 403
    (lock,) = client.get("/api/v1/accounts/handler/locks", headers=keeper).get_json()["locks"]
    assert (lock["place"], lock["failures"]) == (HERE, 5)
    assert client.delete("/api/v1/accounts/handler/locks", headers=mine).status_code == 403
    assert client.delete("/api/v1/accounts/handler/locks", headers=keeper).status_code == 204
    assert client.get("/api/v1/accounts/handler/locks", headers=keeper).get_json() == {"locks": []}
    assert client.delete("/api/v1/accounts/handler/second-factor", headers=mine).status_code == 403
    assert client.delete("/api/v1/accounts/handler/second-factor", headers=keeper).status_code == 409
    assert client.get("/api/v1/accounts/handler/identities", headers=keeper).get_json() == {"identities": []}
    link = client.post("/api/v1/accounts/handler/identities", json={"subject": "E-1"}, headers=keeper)
    assert link.status_code == 404  # there is no company's sign-in here
    assert client.delete("/api/v1/accounts/handler/identities/E-1", headers=keeper).status_code == 204


def test_on_the_command_line(env, juanzong_here):  # noqa: F811 - the fixture
    def said(*arguments: str) -> dict:
        return lines(juanzong_here(env, *arguments, "--json"))[-1]

    said("department", "add", "XS", "销售部")
    assert said("user", "add-station", "desk1", "--name", "前台", "--department", "XS")["kind"] == "station"
    said("token", "create", "--user", "desk1", "--network", "10.1.0.0/16", "--days", "30")
    listed = said("token", "list", "--user", "desk1")
    assert (listed["scopes"], listed["networks"], listed["last_used_at"]) == (["hand_in"], ["10.1.0.0/16"], None)
    juanzong_here(env, "token", "create", "--user", "desk1", "--scope", "read", check=3)
    juanzong_here(env, "user", "invite", "desk1", check=4)
    said("user", "disable", "desk1")
    assert said("user", "enable", "desk1")["done"] == "is open"
    assert said("user", "unlock", "desk1")["login"] == "desk1"
    juanzong_here(env, "user", "reset-second-factor", "desk1", check=4)
    juanzong_here(env, "user", "link", "desk1", "E-1", check=3)


def test_an_upload_goes_on_only_with_a_token_that_hands_in(client, embedded):  # noqa: F811 - the fixture
    house = embedded.house
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "9", "Upload-Metadata": "filename YS5wZGY="}
    handing, reading = (
        bearer(people.create_token(house, OWNER, "handler", scope, scopes=[scope])) for scope in ("hand_in", "read")
    )
    assert client.post("/api/v1/uploads", headers=reading | tus).status_code == 403
    address = client.post("/api/v1/uploads", headers=handing | tus).headers["Location"]
    more = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    for answer in (
        client.get(address, headers=reading),
        client.patch(address, headers=reading | more, data=b"x"),
        client.delete(address, headers=reading | more),
    ):
        assert answer.status_code == 404
    assert client.patch(address, headers=handing | more, data=b"x").headers["Upload-Offset"] == "1"


def test_every_operation_of_a_person_wants_a_scope(client, embedded):  # noqa: F811 - the fixture
    """Whatever is one's own is no way round: a token without any scope that fits is refused everywhere."""
    house = embedded.house
    embedded.take_in()
    answered = set()
    for scope in SCOPES:
        mine = bearer(people.create_token(house, OWNER, "archivist", scope, scopes=[scope]))
        for operation in (operation for group in GROUPS for operation in group.found):
            path = "/api/v1" + re.sub(r"\{login\}", "archivist", re.sub(r"\{(?!login)\w+\}", "x", operation.path))
            answer = client.open(path, method=operation.method, headers=mine, json={})
            if answer.status_code < 400:
                answered.add((operation.name, scope))
    assert {name for name, scope in answered if scope == "read"} >= {"list_documents", "list_contracts"}
    assert {(name, scope) for name, scope in answered if _WANTED.get(name, "read") != scope} == set()


# What answers an archivist's empty call, and is no reading.
_WANTED = {
    "list_own_receipts": "hand_in",
    "print_separators": "hand_in",
    "list_tokens": "administer",
    "list_sessions": "administer",
    "list_identities": "administer",
    "list_papers": "administer",
    "end_session": "administer",
    "unlink_identity": "administer",
    "list_review_queue": "work",
    "take_next_document": "work",
    "list_grants": "administer",
    "mark_inbox_read": "work",
}
