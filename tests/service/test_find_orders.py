"""Result lists through every door: sorted, paged by sealed cursors, and clear about what cannot be."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from search.orders import ORDERS
from service.access import people
from service.api.app import blueprint
from service.api.documents import Search
from service.commands.reading import search as search_command
from service.errors import BadCursor, BadInput
from service.flow.common.index import index_documents
from service.flow.search import find_export
from service.flow.search.find import MAX_LIMIT, Found, find
from service.records.tables import AuditEntry, Document
from service.web.words import SEARCH_ORDERS
from tests.service.conftest import OWNER, Office, Ran

MANY = 45


def copies(office: Office, count: int = MANY) -> list[str]:
    """Take a document in and make it stand in the archive `count` times more, without pages, received an hour apart; all in the index."""
    first, made = office.take_in(), []
    with office.house.database.write() as session:
        row = session.scalars(select(Document).where(Document.id == first)).one()
        columns = {name.key: getattr(row, name.key) for name in Document.__table__.columns}
        for n in range(count):
            made.append(str(uuid4()))
            when = row.received_at + timedelta(hours=n + 1)
            session.add(
                Document(
                    **{
                        **columns,
                        "id": made[-1],
                        "sha256": f"{n:064}",
                        "pages": 0,
                        "received_at": when,
                        "title": f"钢材{n}号",
                    }
                )
            )
    index_documents(office.house, made)
    return made


def walk(office: Office, order: str, **how: object) -> list[Found]:
    pages = [find(office.house, OWNER, "钢材", limit=20, order=order, **how)]
    while pages[-1].next:
        pages.append(find(office.house, OWNER, "钢材", limit=20, order=order, cursor=pages[-1].next, **how))
    return pages


@pytest.fixture
def client(embedded: Office) -> FlaskClient:
    app = Flask("test")
    app.register_blueprint(blueprint(embedded.house))
    client = app.test_client()
    token = people.create_token(embedded.house, OWNER, "handler", "test")
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def test_every_door_knows_the_same_orders() -> None:
    named = Search.model_json_schema()["properties"]["sort"]["enum"]
    choices = next(option for option in search_command.params if option.name == "sort").type.choices
    assert list(ORDERS) == named == list(choices) == list(SEARCH_ORDERS)


def test_a_list_is_paged_to_its_end_in_every_order(office: Office) -> None:
    made = copies(office)
    for order in ORDERS:
        pages = walk(office, order)
        ids = [hit.document_id for page in pages for hit in page.hits]
        assert (len(pages), len(ids), set(ids)) == (3, MANY, set(made)), order
        assert {page.total for page in pages} == {MANY}
    newest, oldest = (
        [hit.document_id for page in walk(office, order) for hit in page.hits]
        for order in ("newest_received", "oldest_received")
    )
    assert (newest, oldest) == (made[::-1], made)


def test_near_misses_are_paged_too(embedded: Office) -> None:
    made = copies(embedded)
    pages = [find(embedded.house, OWNER, "钢材1号 OR 钢材", limit=20, near=True)]
    while pages[-1].next:
        pages.append(find(embedded.house, OWNER, "钢材1号 OR 钢材", limit=20, cursor=pages[-1].next))
    assert sorted(hit.document_id for page in pages for hit in page.hits) == sorted(made)


def test_a_cursor_serves_its_own_question_and_person_alone(embedded: Office) -> None:
    copies(embedded)
    house, handler = embedded.house, embedded["handler"]
    cursor = find(house, handler, "钢材", limit=5).next
    assert len(find(house, handler, "钢材", limit=5, cursor=cursor).hits) == 5
    flipped = ("B" if cursor[20] == "A" else "A").join((cursor[:20], cursor[21:]))
    for actor, text, how in (
        (handler, "钢材", {"cursor": flipped}),
        (handler, "钢材", {"cursor": cursor[:-4]}),
        (handler, "钢材", {"cursor": "é"}),
        (handler, "钢材", {"cursor": "A"}),
        (handler, "钢材", {"cursor": "A" * 5000}),
        (handler, "钢", {"cursor": cursor}),
        (handler, "钢材", {"cursor": cursor, "order": "number"}),
        (handler, "钢材", {"cursor": cursor, "filters": {"category": "1.9"}}),
        (embedded["archivist"], "钢材", {"cursor": cursor}),
    ):
        with pytest.raises(BadCursor):
            find(house, actor, text, limit=5, **how)
    assert "钢" not in cursor


def test_what_a_grant_opened_is_gone_from_the_next_page(embedded: Office) -> None:
    copies(embedded)
    house = embedded.house
    first = find(house, embedded["handler"], "钢材", limit=20)
    with house.database.write() as session:
        for document in session.scalars(select(Document)):
            document.tier, document.received_by = "core", "person:somebody"
    rest = find(house, embedded["handler"], "钢材", limit=20, cursor=first.next)
    assert (first.total, len(rest.hits)) == (MANY, 0)


def test_the_api_sorts_pages_and_refuses_foreign_cursors(client: FlaskClient, embedded: Office) -> None:
    made = copies(embedded)
    found, at = [], ""
    while True:
        answer = client.get("/api/v1/search", query_string={"q": "钢材", "sort": "oldest_received", "cursor": at}).json
        found += [hit["document_id"] for hit in answer["hits"]]
        if not (at := answer["next"]):
            break
    assert found == made
    refused = client.get("/api/v1/search", query_string={"q": "钢材", "cursor": "AAAA"})
    assert (refused.status_code, refused.mimetype) == (400, "application/problem+json")
    assert "begin again" in refused.json["title"]
    assert client.get("/api/v1/search", query_string={"q": "钢材", "sort": "colour"}).status_code == 422


@pytest.mark.parametrize(
    ("query", "position"),
    [
        ("", 0),
        ("   ", 0),
        ("钢" * 10_000, 1000),
        ('合同 "未完', 3),
        ("钢\x00材", 1),
        ("钢材\x1b[31m", 2),
        ("钢材 colour:red", 3),
        ("-钢材 -合同", 0),
        ("signed:昨天", 7),
        ("amount:>many", 8),
        ("(" * 200 + "钢" + ")" * 200, None),
    ],
)
def test_a_wrong_query_is_a_400_with_its_position(client: FlaskClient, query: str, position: int | None) -> None:
    answer = client.get("/api/v1/search", query_string={"q": query})
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json"), answer.text
    assert isinstance(answer.json["position"], int)
    assert position is None or answer.json["position"] == position
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "query",
    [
        ".*",
        "/钢.*/",
        "[a TO b]",
        "+钢材 && !x",
        "_exists_",
        "{!x}",
        "\\",
        "钢材~2",
        "^钢",
        '{"match_all": {}}',
    ],
)
def test_what_engines_call_syntax_is_text(office: Office, query: str) -> None:
    office.take_in()
    assert find(office.house, OWNER, query).total == 0


def test_the_whole_list_is_exported_as_its_reader_may_see_it(client: FlaskClient, embedded: Office) -> None:
    made = copies(embedded, 205)
    with embedded.house.database.write() as session:
        hidden = session.get_one(Document, made[-1])
        hidden.tier, hidden.received_by = "core", "person:somebody"  # the index does not know it yet
        session.get_one(Document, made[0]).title = "=cmd|' /C calc'!A0 钢材"
    index_documents(embedded.house, made[:1])
    asked = {"q": "钢材", "sort": "newest_received"}
    answer = client.get("/api/v1/search/export", query_string={**asked, "form": "csv"})
    assert (answer.status_code, answer.headers["Content-Disposition"]) == (200, "attachment; filename=search.csv")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["document_id"] for row in rows] == made[-2::-1]
    assert rows[-1]["title"].startswith("'=cmd")
    book = load_workbook(io.BytesIO(client.get("/api/v1/search/export", query_string=asked).data))
    cell = next(cell for cell in book.active["B"] if "calc" in str(cell.value))
    assert (cell.data_type, cell.value) == ("s", "=cmd|' /C calc'!A0 钢材")
    with embedded.house.database.read() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "search.export")).all()
    details = [json.loads(entry.detail) for entry in noted]
    assert [(detail["form"], detail["rows"]) for detail in details] == [("csv", 204), ("xlsx", 204)]
    assert "钢" not in str(details)


def test_too_long_a_list_is_not_exported(embedded: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    copies(embedded, 4)
    monkeypatch.setattr(find_export, "MAX_FOUND", 3)
    with pytest.raises(BadInput, match="more than 3 documents"):
        find_export.export_found(embedded.house, OWNER, "钢材", "csv")


def test_the_command_exports_and_goes_on_at_a_cursor(
    embedded: Office, juanzong_here: Callable[..., Ran], tmp_path: Path
) -> None:
    made = copies(embedded, 5)
    first = json.loads(
        juanzong_here(embedded.env, "search", "钢材", "--sort", "oldest_received", "--limit", "3", "--json").stdout
    )
    again = ("search", "钢材", "--sort", "oldest_received", "--limit", "3", "--json", "--cursor", first["next"])
    second = json.loads(juanzong_here(embedded.env, *again).stdout)
    assert [hit["document_id"] for hit in first["hits"] + second["hits"]] == made
    assert second["next"] is None
    listed = tmp_path / "found.csv"
    assert juanzong_here(embedded.env, "search", "钢材", "-o", str(listed)).returncode == 0
    assert len(listed.read_text("utf-8-sig").splitlines()) == 6
    assert juanzong_here(embedded.env, "search", "钢材", "-o", str(tmp_path / "found.pdf"), check=2).returncode == 2
    refused = juanzong_here(embedded.env, "search", "钢材", "--cursor", "x", check=3)
    assert (refused.returncode, "begin again" in refused.stderr) == (3, True)


@pytest.mark.parametrize("offset", [MANY, 99_999, 100_000, 10**9, 10**15])
def test_beyond_the_last_hit_there_is_an_empty_page(office: Office, offset: int) -> None:
    copies(office, 3)
    for order in ORDERS:
        found = find(office.house, OWNER, "钢材", offset=offset, order=order)
        assert (found.total, found.hits, found.next) == (3, (), "")
    assert find(office.house, OWNER, "钢材", limit=10**9).total == 3 <= MAX_LIMIT
