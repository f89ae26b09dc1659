"""A hold on a query stays on what matched (RULES Part B, Hold); two people release it."""

import json

import pytest
from sqlalchemy import select

from retention.errors import TransitionRefused
from service.access import people
from service.errors import BadInput, NotAllowed
from service.flow.archive import holds
from service.records.tables import AuditEntry
from tests.service.conftest import OWNER
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
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
    assert [json.loads(entry)["query"] for entry in entries] == ["甲方贸易"] * 2
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
    assert [file.id for file in holds.matching(house, embedded["head"], "甲方")] == [mine]
    assert len(holds.matching(house, embedded["administrator"], "HT-")) == 2
    for text in ("", "  ", "没有这样的案卷", "%"):
        with pytest.raises(BadInput):
            holds.place_on_query(house, embedded["head"], "事项", "理由", text)
    with pytest.raises(NotAllowed):
        holds.matching(house, embedded["auditor"], "甲方")
    assert holds.list_holds(house, OWNER) == []


def test_on_the_page_and_through_the_api(site: Site, client, headers, embedded):  # noqa: F811 - the fixtures
    office = site.office
    new_contract(office, counterparty="甲方贸易有限公司")
    browser = site.signed_in("head")
    assert "查到 1 卷" in browser.get("/holds?text=甲方").text
    assert "没有查到案卷" in browser.get("/holds?text=丙方").text
    assert browser.post("/holds", {"form": "query", "text": "甲方", "matter": "", "reason": "查"}).status_code == 422
    assert browser.post("/holds", {"form": "query", "text": "甲方", "matter": "1号", "reason": "查"}).status_code == 303
    assert "1号" in browser.get("/holds").text
    assert "按条件冻结" not in site.signed_in("auditor").get("/holds").text
    body = {"query": "HT-XS", "matter": "2号", "reason": "检查"}
    shown = client.get("/api/v1/holds/matching?query=HT-XS", headers=headers("archivist"))
    assert len(shown.get_json()["files"]) == 1
    answer = client.post("/api/v1/holds/on-query", json=body, headers=headers("archivist"))
    assert (answer.status_code, answer.get_json()["files"]) == (201, 1)
    assert client.get("/api/v1/holds/matching?query=x", headers=headers("handler")).status_code == 403
