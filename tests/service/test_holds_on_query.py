"""A hold on a query stays on what matched (RULES Part B, Hold); two people release it."""

import hashlib
import json

import pytest
from sqlalchemy import select

from retention.errors import TransitionRefused
from search.errors import BadQuery, IndexUnavailable
from service.access import people
from service.errors import BadInput, NotAllowed
from service.flow.archive import filing, holds
from service.flow.common.index import index_documents
from service.flow.search import find_all
from service.records.tables import AuditEntry, Document, Hold
from tests.service.conftest import OWNER
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_api_outages import no_index
from tests.service.test_find_orders import copies
from tests.service.test_flow import new_contract
from tests.service.web.conftest import Site, site  # noqa: F401 - a fixture


def test_it_covers_what_matches_now_and_not_what_comes_later(office):
    house = office.house
    _, first = new_contract(office, counterparty="甲方贸易有限公司")
    _, second = new_contract(office, title="甲方贸易的补充协议")
    new_contract(office, counterparty="乙方物流有限公司")
    hold, count = holds.place_on_query(house, office["head"], "（2026）川01民初1号", "诉讼保全", " 甲方贸易 ")
    assert (count, set(holds.files_of(house, office["head"], hold.id))) == (2, {first, second})
    _, third = new_contract(office, counterparty="甲方贸易有限公司")
    assert third not in holds.files_of(house, office["head"], hold.id)
    with house.database.read() as session:
        entries = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "hold.place")).all()
    digest = hashlib.sha256("甲方贸易".encode()).hexdigest()
    assert [json.loads(entry)["query_sha256"] for entry in entries] == [digest] * 2
    assert not any("甲方贸易" in entry for entry in entries)
    holds.ask_release(house, office["head"], hold.id, "结案")
    with pytest.raises(TransitionRefused):
        holds.release(house, office["head"], hold.id)
    holds.release(house, office["administrator"], hold.id)


def test_a_query_reaches_no_further_than_its_person(embedded):
    house = embedded.house
    _, mine = new_contract(embedded, counterparty="甲方贸易有限公司")
    other = people.create_department(house, OWNER, "CG", "采购部")
    elsewhere = embedded.hire("elsewhere", "handler", department_id=other.id)
    embedded.actors["handler"] = elsewhere
    new_contract(embedded, counterparty="甲方贸易有限公司", department_id=other.id)
    assert [file.id for file in holds.matching(house, embedded["head"], "甲方").files] == [mine]
    assert len(holds.matching(house, embedded["administrator"], "HT-").files) == 2
    for text in ("", "  ", "没有这样的案卷", "%"):
        with pytest.raises(BadInput):
            holds.place_on_query(house, embedded["head"], "事项", "理由", text)
    with pytest.raises(NotAllowed):
        holds.matching(house, embedded["auditor"], "甲方")
    assert holds.list_holds(house, OWNER) == []


def filed(office, document_id, **more):
    """Put a document into a new contract's file."""
    _, file_id = new_contract(office, **more)
    filing.file_document(office.house, office["handler"], document_id, file_id)
    index_documents(office.house, [document_id])
    return file_id


def test_words_on_pages_count_in_the_language_of_search(office, monkeypatch):
    house, head = office.house, office["head"]
    papers = copies(office, 3)
    files = [filed(office, paper) for paper in papers]
    _, by_title = new_contract(office, title="钢材采购合同")
    with_pages = filed(office, office.take_in())  # the same paper, whose words were read
    monkeypatch.setattr(find_all, "MAX_LIMIT", 1)  # complete, however many pages of hits there are
    found = holds.matching(house, head, "钢材")
    assert [file.id for file in found.files] == [*files, by_title]
    assert (found.documents, found.unread) == (dict.fromkeys(files, 1), 0)
    for query, expected in (
        ("title:钢材1号", files[1:2]),
        ("钢材 -标题:钢材1号", [files[0], files[2], by_title]),
        ("题名:钢材采购 OR 题名:钢材2号", [files[2], by_title]),
        ("采购合同 钢材", [by_title]),
        ("“钢材采购” -合同", []),
        ("接入生产设备不少于二百台", [with_pages]),
        ("amount:>50万 故障预警", [with_pages]),
    ):
        assert [file.id for file in holds.matching(house, head, query).files] == expected, query
    hold, count = holds.place_on_query(house, head, "1号", "保全", "钢材")
    assert (count, set(holds.files_of(house, head, hold.id))) == (4, {*files, by_title})


def test_small_letters_find_capitals_and_a_list_of_names_fills_a_query(office):
    _, file_id = new_contract(office, title="ABC采购")
    new_contract(office, title="其他")
    names = " OR ".join(map(chr, range(0x4E00, 0x4E00 + 198)))
    for query in ("abc采", "题名:abc", f"{names} OR c"):
        assert file_id in [file.id for file in holds.matching(office.house, office["head"], query).files], query
    assert holds.matching(office.house, office["head"], "购HT").files == ()  # of two columns


def test_words_on_pages_out_of_sight_find_nothing(embedded):
    house = embedded.house
    first, second = copies(embedded, 2)
    file_id = filed(embedded, first)
    filed(embedded, second)
    with house.database.write() as session:
        session.get(Document, first).tier = "core"
        session.get(Document, second).indexed = False
    found = holds.matching(house, embedded["head"], "title:钢材0号")
    assert (found.files, found.unread) == ((), 1)  # the index says so still, the database has the last word
    assert [file.id for file in holds.matching(house, OWNER, "title:钢材0号").files] == [file_id]


def test_what_cannot_be_looked_for_freezes_nothing(site: Site, monkeypatch):  # noqa: F811 - the fixture
    house, head = site.office.house, site.office["head"]
    new_contract(site.office, counterparty="甲方贸易有限公司")
    browser = site.signed_in("head")
    form = {"form": "query", "matter": "1号", "reason": "查", "text": "甲方"}
    with no_index(site.office):
        with pytest.raises(IndexUnavailable):
            holds.place_on_query(house, head, "1号", "查", "甲方")
        assert browser.get("/holds?text=甲方").status_code == 503
        assert browser.post("/holds", form).status_code == 503
        assert browser.get("/holds").status_code == 200
    with pytest.raises(BadQuery):
        holds.matching(house, head, "甲方 OR")
    answer = browser.get("/holds?text=甲方 OR")
    assert (answer.status_code, "OR 要放在两个词之间" in answer.text) == (400, True)
    assert browser.post("/holds", form | {"text": "-甲方 -乙方"}).status_code == 400
    copies(site.office, 2)
    monkeypatch.setattr(find_all, "MOST_FOUND", 1)
    with pytest.raises(BadInput, match="2 documents match, more than 1"):
        holds.place_on_query(house, OWNER, "1号", "查", "钢材")
    with house.database.read() as session:
        assert session.scalars(select(Hold)).all() == []


def test_on_the_page_and_through_the_api(site: Site, client, headers, embedded):  # noqa: F811 - the fixtures
    office = site.office
    new_contract(office, counterparty="甲方贸易有限公司")
    browser = site.signed_in("head")
    assert "查到 1 卷" in browser.get("/holds?text=甲方").text
    assert "没有查到案卷" in browser.get("/holds?text=丙方").text
    assert browser.post("/holds", {"form": "query", "text": "甲方", "matter": "", "reason": "查"}).status_code == 422
    assert browser.post("/holds", {"form": "query", "text": "甲方", "matter": "1号", "reason": "查"}).status_code == 303
    assert "已冻结查到的 1 卷" in browser.get("/holds").text
    assert "按条件冻结" not in site.signed_in("auditor").get("/holds").text
    body = {"query": "HT-XS", "matter": "2号", "reason": "检查"}
    shown = client.get("/api/v1/holds/matching?query=HT-XS", headers=headers("archivist"))
    assert [file["documents"] for file in shown.get_json()["files"]] == [0]
    assert shown.get_json()["unread"] == 0
    answer = client.post("/api/v1/holds/on-query", json=body, headers=headers("archivist"))
    assert (answer.status_code, answer.get_json()["files"]) == (201, 1)
    assert client.get("/api/v1/holds/matching?query=x", headers=headers("handler")).status_code == 403
