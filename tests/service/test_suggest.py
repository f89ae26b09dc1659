"""Suggestions while typing: what the person may read, and nothing else."""

import pytest

from service.access.policy import Actor
from service.errors import NotAllowed
from service.flow.archive.filing import file_document
from service.flow.common.index import index_documents
from service.flow.search.suggest import MOST, suggest
from service.records.tables import Document
from tests.service.conftest import OWNER, Office
from tests.service.test_find_orders import copies
from tests.service.test_flow import new_contract


def texts(office: Office, actor: Actor, typed: str) -> list[str]:
    return [one.text for one in suggest(office.house, actor, typed)]


def test_names_numbers_and_values_are_suggested_by_what_was_typed(office: Office) -> None:
    _, file_id = new_contract(office)
    document_id = office.take_in()
    file_document(office.house, office["handler"], document_id, file_id)
    handler = office["handler"]
    with office.house.database.read() as session:
        row = session.get_one(Document, document_id)
        contract = row.case_file.contract if row.case_file else None
        assert contract
        number, customer = contract.number, contract.customer.name
        party = next(field.value for field in row.fields if field.name == "party_b")
    assert number in texts(office, handler, number[:8].lower())
    assert customer in texts(office, handler, customer[2:5])
    assert party in texts(office, handler, party[:3])
    for typed in ("", "  ", "\x00", "不存在的字", '"', "*", "x" * 500, "colour:red"):
        assert texts(office, handler, typed) == []


def test_nothing_is_suggested_of_what_one_may_not_read(office: Office) -> None:
    made = copies(office, 12)
    assert len(texts(office, office["handler"], "钢材")) == MOST
    assert texts(office, Actor("person:x", roles=frozenset({"handler"}), clearance="public"), "钢材") == []
    with office.house.database.write() as session:  # the index does not know it yet
        for document_id in made[1:]:
            session.get_one(Document, document_id).status = "destroyed"
    assert texts(office, office["handler"], "钢材") == ["钢材0号"]
    with office.house.database.write() as session:
        session.get_one(Document, made[0]).tier = "core"
    assert texts(office, office["handler"], "钢材") == []
    with pytest.raises(NotAllowed):
        suggest(office.house, office["auditor"], "钢材")


def test_values_beyond_the_first_documents_are_suggested_too(embedded: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    copies(embedded, 12)
    monkeypatch.setattr("service.flow.search.suggest._LOOKED_AT", 3)
    assert len(texts(embedded, OWNER, "钢材")) == MOST


def test_a_name_is_suggested_without_its_brackets_and_a_number_without_its_hyphens(embedded: Office) -> None:
    (made,) = copies(embedded, 1)
    with embedded.house.database.write() as session:
        session.get_one(Document, made).title = "钢材（华东）HT-2026-01"
    index_documents(embedded.house, [made])
    for typed in ("钢材华东", "ht202601", "钢材（华东）"):
        assert texts(embedded, OWNER, typed) == ["钢材（华东）HT-2026-01"], typed


def test_a_suggestion_is_a_query_that_finds_it(embedded: Office) -> None:
    made = copies(embedded, 1)
    with embedded.house.database.write() as session:
        session.get_one(Document, made[0]).title = '-钢材 (甲) OR "乙": 一'
    (one,) = suggest(embedded.house, OWNER, "钢材")
    assert one.query == '"-钢材 (甲) OR  乙 : 一"'
