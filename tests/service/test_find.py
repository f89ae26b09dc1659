"""Search through the service: near-misses when asked for or when nothing else is found, ranges of what was read."""

import re
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event, select

from intake.codec import lines_at, to_json
from intake.model import Line, PageText, Seal, Word
from search.errors import BadQuery
from service.access import people
from service.access.policy import Actor
from service.flow.archive import grants
from service.flow.common.places import boxes_in, boxes_of
from service.flow.search.find import find
from service.flow.search.find_export import export_found
from service.flow.search.hits import hits_in
from service.flow.search.suggest import suggest
from service.records.tables import Document, Person
from tests.service.conftest import DIGITAL, OWNER, Office


@pytest.fixture
def archive(office: Office) -> Office:
    office.take_in()
    return office


def test_what_was_read_from_a_page_is_found_as_a_person_means_it(archive: Office) -> None:
    def found(query: str, **how: bool) -> list[bool]:
        return [hit.approximate for hit in find(archive.house, OWNER, query, **how).hits]

    assert found("設備物聯監測平臺") == [False]
    assert found("设备物联监侧平台") == [True]  # nothing is exact: near-misses come unasked
    assert found("技术服务", near=True) == [False]
    assert found("设备物联监侧平台 -技术服务") == []
    assert found("技术 near:0 服务") == [False]
    assert found("received:>2000-01") == [False]
    assert found("received:<2000") == []
    with pytest.raises(BadQuery) as refused:
        found("合同 received:昨天")
    assert refused.value.position == 12


@pytest.mark.parametrize("query", ["乙方:云桥智联", "yqzl", "amount:>60万", "签订日期:2026-03", "code:91440305"])
def test_a_value_that_was_read_is_shown_where_the_page_bears_it(query: str, embedded: Office) -> None:
    document_id = embedded.take_in()
    (hit,) = find(embedded.house, embedded["handler"], query).hits
    assert hit.boxes
    there = hits_in(embedded.house, embedded["handler"], document_id, query, page=hit.page)
    assert [box for one in there.lighted for box in one.boxes] == list(hit.boxes)
    assert not there.near


def test_near_misses_stay_within_what_one_may_see(archive: Office) -> None:
    stranger = Actor("person:stranger", roles=frozenset({"handler"}), clearance="public")
    assert find(archive.house, OWNER, "设备物联监侧平台").total == 1
    hidden = find(archive.house, stranger, "设备物联监侧平台")
    assert (hidden.total, hidden.hits, set(map(len, hidden.facets.values()))) == (0, (), {0})


def test_the_database_has_the_last_word_on_what_is_shown(archive: Office) -> None:
    house = archive.house
    (hit,) = find(house, archive["handler"], "技术服务").hits
    with house.database.write() as session:
        session.get_one(Document, hit.document_id).tier = "core"  # the index does not know it yet
    assert find(house, archive["handler"], "技术服务").hits == ()
    assert [one.document_id for one in find(house, OWNER, "技术服务").hits] == [hit.document_id]


def test_a_withdrawn_grant_counts_from_the_next_query_on(archive: Office) -> None:
    house = archive.house
    elsewhere = people.create_department(house, OWNER, "CG", "采购部")
    archive.hire("buyer", "handler", department_id=elsewhere.id)

    def seen() -> tuple[int, int, int]:
        with house.database.read() as session:
            person = session.scalars(select(Person).where(Person.login == "buyer")).one()
        buyer = people.actor_of_person(house, person)
        rows = export_found(house, buyer, "技术服务", "csv")
        return find(house, buyer, "技术服务").total, len(rows), len(suggest(house, buyer, "技术"))

    with house.database.read() as session:
        document_id = session.scalars(select(Document.id)).one()
    assert seen() == (0, 0, 0)
    grant = grants.give_grant(house, OWNER, "buyer", "document", document_id, date(2099, 1, 1), "r")
    total, rows, suggested = seen()
    assert (total, rows) == (1, 1)
    assert suggested > 0
    grants.end_grant(house, OWNER, grant.id)
    assert seen() == (0, 0, 0)


def test_places_are_the_same_in_the_touched_lines_alone() -> None:
    def line(text: str, top: int) -> Line:
        words = tuple(Word(at, char, (50 * at, top, 50 * at + 48, top + 50), 0.9) for at, char in enumerate(text))
        return Line(text, (0, top, 50 * len(text), top + 50), 0.9, words)

    lines = (line("合同编号一", 0), line("违约金", 60), Line("", (0, 120, 1, 170), 0.9), line("逾期交货", 180))
    page = PageText(1, 900, 900, 0, "rapidocr", lines, (Seal((600, 600, 800, 800), "某某公司", 0.9),))
    size = sum(len(one.text) + 1 for one in page.with_seals)
    for start in range(size):
        for end in range(start, size):
            spans = [(start, end), (2, 3)]
            assert boxes_in(lines_at(to_json(page), spans), spans) == boxes_of(page, spans)
    assert lines_at(to_json(page), [(2, 3)]) == [(0, lines[0])]


def test_what_a_search_asks_of_the_database_takes_as_long_in_a_large_archive(embedded: Office, tmp_path: Path) -> None:
    embedded.take_in()
    (tmp_path / "another.pdf").write_bytes(DIGITAL.read_bytes() + b"\n")
    embedded.take_in(tmp_path / "another.pdf")
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection, _cursor, statement: str, parameters: tuple[object, ...], *_more: object) -> None:
        asked.append((statement, parameters))

    engine = embedded.house.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert len([hit for hit in find(embedded.house, embedded["handler"], "技术服务").hits if hit.boxes]) == 2
        assert not find(embedded.house, embedded["handler"], "没有写过的话").hits
    finally:
        event.remove(engine, "before_cursor_execute", note)
    asked = [one for one in asked if one[0].startswith("SELECT")]
    with engine.connect() as connection:
        plans = [
            " / ".join(str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given))
            for statement, given in asked
        ]
    assert any("FROM renditions" in statement for statement, _ in asked)
    for plan in plans:
        rest = plan.replace(
            "SCAN documents USING INDEX ix_documents_received_at_id", ""
        )  # from the newest on, to the third
        assert not re.search(r"SCAN (documents|renditions|wrapped_keys|case_files)|TEMP B-TREE", rest), plan
