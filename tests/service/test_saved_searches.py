"""Saved searches: kept by their owner, news only of what the owner may read, no trace of what was destroyed."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from search.errors import BadQuery
from service.access import people
from service.api.app import blueprint
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.common.index import index_document
from service.flow.search import saved_searches
from service.flow.search.saved_searches import (
    change_search,
    count_news,
    delete_search,
    forget,
    list_saved,
    look_for_all,
    mark_seen,
    save_search,
    saved_of,
)
from service.records.tables import AuditEntry, Document, SavedSearch, SavedSearchFind
from tests.service.conftest import OWNER, Office, Ran
from tests.service.test_find_orders import copies


def later(office: Office) -> None:
    """Let time pass: the worker looks through what was received before a minute ago."""
    office.house.clock.move_to(office.house.clock.today() + timedelta(days=1))


def saved_before(office: Office, login: str = "handler", text: str = "钢材") -> str:
    """Save a search a day before anything comes."""
    search_id = save_search(office.house, office[login], "钢", text).id
    with office.house.database.write() as session:
        row = session.get_one(SavedSearch, search_id)
        row.created_at -= timedelta(days=1)
        row.looked_until -= timedelta(days=1)
    return search_id


def test_its_owner_is_told_once_of_each_document_that_comes(office: Office) -> None:
    house, handler = office.house, office["handler"]
    search_id = saved_before(office)
    later(office)
    assert look_for_all(house) == 0
    made = copies(office, 4)
    later(office)
    assert look_for_all(house) == 4
    (mine,) = list_saved(house, handler)
    assert (mine.news, {one.id for one in mine.newest}, count_news(house, handler)) == (4, set(made), 4)
    later(office)
    assert look_for_all(house) == 0
    mark_seen(house, handler, search_id)
    assert count_news(house, handler) == 0
    assert list_saved(house, handler)[0].newest == ()


def test_what_was_here_before_is_no_news(embedded: Office) -> None:
    copies(embedded, 3)
    later(embedded)
    save_search(embedded.house, embedded["handler"], "钢", "钢材")
    later(embedded)
    assert look_for_all(embedded.house) == 0


def test_rights_decide_when_it_is_noted_and_again_when_it_is_shown(embedded: Office) -> None:
    house, handler, archivist = embedded.house, embedded["handler"], embedded["archivist"]
    saved_before(embedded)
    saved_before(embedded, "archivist")
    made = copies(embedded, 3)
    with house.database.write() as session:
        for document in session.scalars(select(Document).where(Document.id == made[0])):
            document.tier = "core"  # the index does not know it yet
    later(embedded)
    assert look_for_all(house) == 4  # two each
    assert (count_news(house, handler), count_news(house, archivist)) == (2, 2)
    with house.database.write() as session:
        session.get_one(Document, made[1]).tier = "core"
    assert (count_news(house, handler), list_saved(house, handler)[0].news) == (1, 1)


def test_a_destroyed_document_leaves_no_trace(embedded: Office) -> None:
    house, handler = embedded.house, embedded["handler"]
    saved_before(embedded)
    made = copies(embedded, 2)
    later(embedded)
    look_for_all(house)
    with house.database.write() as session:
        session.get_one(Document, made[0]).status = "destroyed"
    assert [one.id for one in list_saved(house, handler)[0].newest] == [made[1]]
    with house.database.write() as session:
        forget(session, [made[0]])
    with house.database.read() as session:
        assert list(session.scalars(select(SavedSearchFind.document_id))) == [made[1]]


def test_a_document_that_is_read_late_is_news_all_the_same(embedded: Office) -> None:
    saved_before(embedded)
    made = copies(embedded, 2)
    with embedded.house.database.write() as session:
        session.get_one(Document, made[0]).status = "reading"
    embedded.house.index.remove(made[0])
    later(embedded)
    assert look_for_all(embedded.house) == 1
    later(embedded)
    with embedded.house.database.write() as session:
        document = session.get_one(Document, made[0])
        document.status = "stored"
    index_document(embedded.house, made[0])
    assert look_for_all(embedded.house) == 1


def test_a_search_is_its_owners_alone(embedded: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    house, handler = embedded.house, embedded["handler"]
    search_id = saved_before(embedded)
    assert change_search(house, handler, search_id, name=" 钢 材 ").name == "钢 材"
    for step in (mark_seen, delete_search, lambda *given: change_search(*given, name="x")):
        with pytest.raises(NotFound):
            step(house, embedded["archivist"], search_id)
    assert list_saved(house, embedded["archivist"]) == []
    for actor in (OWNER, embedded["auditor"]):
        with pytest.raises(NotAllowed):
            save_search(house, actor, "a", "钢材")
    for name, text, filters, error in (
        ("", "钢材", {}, BadInput),
        ("x" * 81, "钢材", {}, BadInput),
        ("a", "", {}, BadQuery),
        ("a", '"钢材', {}, BadQuery),
        ("a", "钢材", {"colour": "red"}, BadInput),
    ):
        with pytest.raises(error):
            save_search(house, handler, name, text, filters)
    monkeypatch.setattr(saved_searches, "MOST_SAVED", 1)
    with pytest.raises(RuleRefused):
        save_search(house, handler, "another", "钢材")
    delete_search(house, handler, search_id)
    assert list_saved(house, handler) == []
    with house.database.read() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("saved_search"))).all()
    assert [entry.action.rpartition(".")[2] for entry in noted] == ["create", "change", "list", "end", "list"]
    assert not any("钢材" in entry.detail for entry in noted)


def test_the_api_keeps_lists_renames_and_forgets(embedded: Office) -> None:
    app = Flask("test")
    app.register_blueprint(blueprint(embedded.house))
    client = app.test_client()
    token = people.create_token(embedded.house, OWNER, "handler", "test")
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    answer = client.post("/api/v1/saved-searches", json={"name": "钢", "query": "钢材", "filters": {"category": "1.9"}})
    assert answer.status_code == 201, answer.text
    address = f"/api/v1/saved-searches/{answer.json['id']}"
    wrong = client.post("/api/v1/saved-searches", json={"name": "钢", "query": "钢材 colour:red"})
    assert (wrong.status_code, wrong.json["position"]) == (400, 3)
    assert client.patch(address, json={"name": "材"}).json["name"] == "材"
    (listed,) = client.get("/api/v1/saved-searches").json["saved_searches"]
    assert (listed["name"], listed["query"], listed["news"], listed["newest"]) == ("材", "钢材", 0, [])
    assert client.post(f"{address}/seen").status_code == 204
    assert client.delete(address).status_code == 204
    assert client.delete(address).status_code == 404


def test_the_command_line_lists_runs_and_suggests(embedded: Office, juanzong_here: Callable[..., Ran]) -> None:
    made = copies(embedded, 2)
    save_search(embedded.house, embedded["handler"], "钢 材", "钢材1号", {"category": "1.9"})
    (listed,) = juanzong_here(embedded.env, "saved", "handler", "--json").stdout.splitlines()
    assert json.loads(listed) == {
        "name": "钢 材",
        "query": "钢材1号",
        "filters": {"category": "1.9"},
        "news": 0,
        "mail": False,
    }
    found = json.loads(juanzong_here(embedded.env, "search", "--saved", "handler", "钢 材", "--json").stdout)
    assert [hit["document_id"] for hit in found["hits"]] == [made[1]]
    suggested = juanzong_here(embedded.env, "suggest", "钢材", "--json").stdout.splitlines()
    assert {json.loads(one)["text"] for one in suggested} == {"钢材0号", "钢材1号"}
    missing = juanzong_here(embedded.env, "search", "--saved", "handler", "没有", check=None)
    assert (missing.returncode, "no such saved search" in missing.stderr) == (3, True)
    assert juanzong_here(embedded.env, "search", "钢", "--saved", "handler", "钢 材", check=None).returncode == 2
    with embedded.house.database.read() as session:
        noted = session.scalars(select(AuditEntry.subject).where(AuditEntry.action == "saved_search.list")).all()
    assert set(noted) == {"person:handler"}


def test_only_the_owner_of_the_machine_and_the_person_see_them(embedded: Office) -> None:
    save_search(embedded.house, embedded["handler"], "钢", "钢材")
    assert [one.search.name for one in saved_of(embedded.house, embedded["handler"], "handler")] == ["钢"]
    with pytest.raises(NotAllowed):
        saved_of(embedded.house, embedded["archivist"], "handler")
    with pytest.raises(NotFound):
        saved_of(embedded.house, OWNER, "nobody")
