"""A2.1: what papers say of the customer they name, and two people verified there, is known without being typed again."""

import json
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from service.flow.archive.filing import credit_file
from service.flow.credit.collected import facts_of, history_of
from service.flow.credit.fact_documents import CatchUp, catch_up, follow
from service.flow.credit.fact_entry import recheck_fact
from service.flow.intake import checking
from service.records.tables import (
    AuditEntry,
    Customer,
    CustomerFact,
    Document,
    DocumentField,
    FactDuty,
    FactVoice,
    new_id,
)
from tests.service.conftest import TODAY
from tests.service.test_register import CODE, OTHER_CODE, customer, fact

NAME = "云桥智联信息技术有限公司"
TWO = ["person:archivist", "person:administrator"]


@pytest.fixture
def known(embedded):
    return customer(embedded, NAME, counterparty_code=CODE)


def paper(office, customer_id, kind, tier="internal", by=TWO, day=datetime(2026, 11, 20, tzinfo=UTC), **fields):
    """A paper in the customer's credit file, with values that two people confirmed."""
    file = credit_file(office.house, office["administrator"], customer_id)
    document_id = new_id()
    with office.house.database.write() as session:
        session.add(
            Document(
                id=document_id,
                filename=f"{kind}.pdf",
                media_type="application/pdf",
                size=1,
                sha256=document_id.replace("-", "") * 2,
                pages=2,
                status="stored",
                kind=kind,
                title=kind,
                tier=tier,
                category="1.9",
                received_at=day,
                received_by="person:handler",
                department_id=file.department_id,
                case_file_id=file.id,
            )
        )
        session.flush()
        for name, value in fields.items():
            row = DocumentField(document_id=document_id, name=name, value=value, page=2, box=[0, 0, 1, 1], marks=[])
            row.confidence, row.entered_by, row.confirmed_by, row.heard = 0.9, "ocr", list(by), []
            session.add(row)
    follow(office.house, [document_id])
    return document_id


def values(office, customer_id, day=TODAY):
    with office.house.database.read() as session:
        return {kind: known.fact.value for kind, known in facts_of(session, customer_id, day).items()}


def line(office, customer_id, kind):
    with office.house.database.read() as session:
        return facts_of(session, customer_id, TODAY)[kind]


def task(office, customer_id, kind):
    with office.house.database.read() as session:
        duty = session.get(FactDuty, (customer_id, kind))
        return duty.changed_on if duty else None


@pytest.mark.parametrize(
    ("kind", "fields", "found"),
    [
        (
            "authorization",
            {"principal": NAME, "agent": "王芳", "legal_representative": "赵明", "signed_on": "2026-10-01", "valid_until": "2027-10-01"},
            {"agent": "王芳", "legal_representative": "赵明", "name": NAME},
        ),
        ("contract", {"party_a": "华岳实业集团有限公司", "party_b": NAME, "party_b_code": CODE, "signed_on": "2026-09-01"}, {"code": CODE}),
        (
            "guarantee",
            {"debtor": NAME, "guarantor": "丁公司", "amount": "500000.00", "signed_on": "2026-09-01", "valid_until": "2027-09-01"},
            {"guarantor": "丁公司", "guaranteed_amount": "500000.00"},
        ),
        ("acceptance", {"party_b": NAME, "signed_on": "2026-11-02"}, {"last_acceptance": "2026-11-02"}),
        ("voucher", {"payer": NAME, "payee": "华岳实业集团有限公司", "signed_on": "2026-11-03"}, {"last_payment": "2026-11-03"}),
        ("financial_condition", {"name": NAME, "code": CODE, "registered_capital": "1000000.00", "signed_on": "2026-04-01"}, {"registered_capital": "1000000.00"}),
        ("credit_application", {"code": CODE, "address": "杭州市文三路 1 号", "signed_on": "2026-04-01"}, {"address": "杭州市文三路 1 号"}),
    ],
)  # fmt: skip
def test_A2_1_a_verified_paper_says_what_it_says_with_its_page_and_who_verified_it(
    embedded, known, kind, fields, found
):
    document_id = paper(embedded, known, kind, **fields)
    assert found.items() <= values(embedded, known).items()
    for name in found:
        one = line(embedded, known, name)
        assert (one.fact.document_id, one.fact.page, one.fact.taken, one.state) == (document_id, 2, True, "verified")
        assert one.fact.source in ("transaction_record", "third_party", "site_visit")
    again = values(embedded, known)
    follow(embedded.house, [document_id])
    with embedded.house.database.read() as session:
        history = history_of(session, known)
        assert all(len(rows) == 1 for rows in history.facts.values())  # twice changes nothing
        trail = session.scalars(select(AuditEntry).where(AuditEntry.action == "fact.take_over")).one()
    assert (trail.subject, json.loads(trail.detail)["document"]) == (f"customer:{known}", document_id)
    assert values(embedded, known) == again


@pytest.mark.parametrize(
    ("fields", "more"),
    [
        ({"principal": "别的公司", "agent": "王芳"}, {}),
        ({"principal": NAME, "agent": "王芳", "code": OTHER_CODE}, {}),  # another code is another company
        ({"principal": NAME, "agent": "王芳"}, {"by": ["person:archivist"]}),  # one person alone confirmed it
        ({"principal": NAME, "agent": "王芳"}, {"tier": "secret"}),
        ({"principal": NAME, "agent": "王芳", "signed_on": "2020-01-01", "valid_until": "2021-01-01"}, {}),  # long over
    ],
)
def test_A2_1_a_paper_that_names_another_or_is_not_verified_or_classified_or_over_says_nothing(
    embedded, known, fields, more
):
    paper(embedded, known, "authorization", **more, **fields)
    assert "agent" not in values(embedded, known)


def test_A2_2_a_paper_that_says_otherwise_is_a_task_once_and_never_takes_the_place_of_what_is_known(embedded, known):
    fact(embedded, known, "legal_representative", "赵明")
    told = {"principal": NAME, "agent": "王芳", "legal_representative": "钱进", "signed_on": "2026-11-25"}
    document_id = paper(embedded, known, "authorization", **told)
    assert values(embedded, known)["legal_representative"] == "赵明"
    assert task(embedded, known, "legal_representative") == TODAY
    fact_id = line(embedded, known, "legal_representative").fact.id
    recheck_fact(embedded.house, embedded["handler"], known, fact_id, "电话核实")
    assert task(embedded, known, "legal_representative") is None
    for _ in range(2):
        follow(embedded.house, [document_id])
    assert task(embedded, known, "legal_representative") is None  # they looked: the same paper asks no more
    paper(embedded, known, "authorization", **told | {"agent": "孙一"})
    assert task(embedded, known, "legal_representative") == TODAY  # another paper does


def test_A2_3_the_latest_authorization_counts_while_it_holds_and_older_papers_only_tell_of_their_time(embedded, known):
    given = {"principal": NAME, "signed_on": "2026-06-01", "valid_until": "2027-06-01"}
    paper(embedded, known, "authorization", agent="王芳", **given)
    paper(embedded, known, "authorization", agent="李四", **given | {"signed_on": "2026-10-01"})
    paper(embedded, known, "authorization", agent="周五", **given | {"signed_on": "2026-03-01"})
    when = [("2026-04-01", "周五"), ("2026-07-01", "王芳"), ("2026-11-01", "李四")]
    for day, agent in when:
        assert values(embedded, known, date.fromisoformat(day))["agent"] == agent
    assert "agent" not in values(embedded, known, date(2027, 6, 2))
    for day in ("2026-11-02", "2026-09-02", "2026-10-02"):
        paper(embedded, known, "voucher", payer=NAME, signed_on=day)
    assert values(embedded, known)["last_payment"] == "2026-11-02"
    assert values(embedded, known, date(2026, 10, 20))["last_payment"] == "2026-10-02"


def test_A2_1_what_a_paper_bears_out_is_found_again_on_its_day_and_what_is_older_says_nothing(embedded, known):
    with embedded.house.database.write() as session:
        session.get_one(Customer, known).name = NAME
    paper(embedded, known, "contract", party_a=NAME, signed_on="2026-08-01")
    for day in ("2026-11-20", "2019-05-05", "2018-05-05"):
        paper(embedded, known, "contract", party_a=NAME, signed_on=day)
    one = line(embedded, known, "name")
    assert one.checked_on.isoformat() == "2026-11-20"
    with embedded.house.database.read() as session:
        assert len(session.scalars(select(CustomerFact).where(CustomerFact.kind == "name")).all()) == 1
        assert len(session.scalars(select(FactVoice).where(FactVoice.act == "recheck")).all()) == 1


def test_A2_1_an_identity_card_speaks_of_the_customer_whose_legal_representative_it_is(embedded, known):
    paper(embedded, known, "identity_card", name="赵明", valid_from="2015-01-01")
    assert "legal_representative" not in values(embedded, known)  # nobody said yet that this is theirs
    paper(embedded, known, "authorization", principal=NAME, legal_representative="赵明", signed_on="2026-06-01")
    paper(embedded, known, "identity_card", name="赵明", valid_from="2015-01-01")
    one = line(embedded, known, "legal_representative")
    assert (one.fact.value, one.checked_on.isoformat()) == ("赵明", "2026-11-20")


def test_A2_2_what_is_corrected_on_the_paper_is_corrected_with_the_customer(embedded, known):
    document_id = paper(embedded, known, "voucher", payer=NAME, signed_on="2026-11-03")
    with embedded.house.database.write() as session:
        row = session.get_one(DocumentField, (document_id, "signed_on"))
        row.value, row.entered_by, row.confirmed_by = "2026-11-08", "person:handler", list(TWO)
    follow(embedded.house, [document_id])
    assert values(embedded, known)["last_payment"] == "2026-11-08"


def test_A2_1_what_was_missed_is_followed_by_the_worker_and_then_not_again_for_a_day(embedded, known, monkeypatch):
    from service.flow.credit import fact_documents

    with monkeypatch.context() as patched:
        patched.setattr(fact_documents, "_follow", lambda *_given: None)  # the process died before it came to this
        paper(embedded, known, "voucher", payer=NAME, signed_on="2026-11-03")
    assert "last_payment" not in values(embedded, known)
    looked = []
    worker = CatchUp(embedded.house)
    worker.look(lambda: True)
    assert values(embedded, known)["last_payment"] == "2026-11-03"
    with monkeypatch.context() as patched:
        patched.setattr(fact_documents, "catch_up", lambda *given: looked.append(given) or "")
        worker.look(lambda: True)
    assert looked == []
    assert catch_up(embedded.house, lambda: False) == ""


def test_A2_1_what_two_people_find_right_on_their_screens_is_known_of_the_customer(embedded, known):
    document_id = paper(embedded, known, "acceptance", by=(), party_b=NAME, signed_on="2026-11-02")
    for login in ("archivist", "administrator"):
        assert "last_acceptance" not in values(embedded, known)
        seen = {"party_b": NAME, "signed_on": "2026-11-02"}
        checking.save(embedded.house, embedded[login], document_id, checking.Given(seen=seen, finish=True))
    assert values(embedded, known)["last_acceptance"] == "2026-11-02"
    assert line(embedded, known, "last_acceptance").stand.confirmed_by == ("person:archivist", "person:administrator")
