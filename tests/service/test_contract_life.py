"""RULES B2: the full life of a contract with who, when and on which paper; amendments keep the old values; milestones and what is overdue."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import amendments, filing, ledger, milestones, transfers
from service.flow.archive.amendments import Amendment
from service.records.tables import CaseFile, Contract, Transfer
from tests.service.conftest import OWNER, Office
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_flow import archive, fill, new_contract


def event(office: Office, contract_id: str, kind: str, day: str, **more: str) -> None:
    ledger.finish_event(office.house, office["handler"], contract_id, kind, day, **more)


def row_of(office: Office, contract_id: str) -> Contract:
    with office.house.database.read() as session:
        return session.get_one(Contract, contract_id)


def test_a_contract_goes_from_draft_to_its_end_and_only_the_formalities_start_clocks(embedded):
    contract_id, file_id = new_contract(embedded, signed_on="")
    with pytest.raises(RuleRefused, match="cannot be performing before it is signed"):
        event(embedded, contract_id, "performing", "2026-10-05")
    event(embedded, contract_id, "approved", "2026-10-05", note="总经理办公会")
    with pytest.raises(RuleRefused, match="only a draft is approved"):
        event(embedded, contract_id, "approved", "2026-10-06")
    with pytest.raises(RuleRefused, match="before it was approved"):
        event(embedded, contract_id, "signed", "2026-10-04")
    for kind, day in (("signed", "2026-10-08"), ("performing", "2026-10-10"), ("amended", "2026-10-20")):
        event(embedded, contract_id, kind, day)
        assert row_of(embedded, contract_id).status == kind
    event(embedded, contract_id, "performing", "2026-10-21")
    with pytest.raises(
        RuleRefused, match="cannot be performed before 2026-10-21, when something else was done with it"
    ):
        event(embedded, contract_id, "performed", "2026-10-20")
    event(embedded, contract_id, "performed", "2026-11-20")
    with pytest.raises(RuleRefused, match="nothing more happens"):
        event(embedded, contract_id, "terminated", "2026-11-21")
    told = ledger.events_of_contract(embedded.house, embedded["head"], contract_id)
    kinds = [e.kind for e in told]
    assert kinds == ["approved", "signed", "performing", "amended", "performing", "performed"]
    assert (told[0].note, told[0].recorded_by) == ("总经理办公会", "person:handler")
    with embedded.house.database.read() as session:
        clocks = session.scalars(select(Transfer.event_kind).where(Transfer.case_file_id == file_id)).all()
    assert sorted(clocks) == ["amended", "performed", "signed"]


def test_an_approved_contract_is_cancelled_and_a_signed_one_is_not(embedded):
    contract_id, _ = new_contract(embedded, signed_on="")
    event(embedded, contract_id, "approved", "2026-10-05")
    ledger.cancel_contract(embedded.house, embedded["handler"], contract_id, "不做了")
    assert row_of(embedded, contract_id).status == "cancelled"
    with pytest.raises(RuleRefused, match="nothing more happens"):
        event(embedded, contract_id, "signed", "2026-10-06")
    other, _ = new_contract(embedded)
    event(embedded, other, "performing", "2026-11-02")
    with pytest.raises(RuleRefused, match="terminated instead"):
        ledger.cancel_contract(embedded.house, embedded["handler"], other, "不做了")


def test_an_amendment_changes_the_ledger_keeps_the_old_values_and_its_paper_and_never_shortens(office):
    house = office.house
    contract_id, file_id = new_contract(office, amount="60000.00", term_until="2027-12-31")
    document_id = office.take_in()
    with pytest.raises(BadInput, match="lies in another file"):
        event(office, contract_id, "performing", "2026-11-02", document_id=document_id)
    filing.file_document(house, office["handler"], document_id, file_id)
    fill(office, file_id)
    archive(office, file_id)
    with pytest.raises(BadInput, match="before the beginning"):
        amendments.finish_amendment(
            house, office["handler"], contract_id, "2026-11-10", Amendment(term_from="2028-01-01")
        )
    assert row_of(office, contract_id).status == "signed"
    amendments.finish_amendment(
        house,
        office["handler"],
        contract_id,
        "2026-11-10",
        Amendment(amount="48000.00", term_until="2028-12-31"),
        document_id=document_id,
        note="补充协议一",
    )
    row = row_of(office, contract_id)
    assert (row.status, row.amount, row.term_until) == ("amended", Decimal("48000.00"), date(2028, 12, 31))
    told = ledger.events_of_contract(house, office["handler"], contract_id)[-1]
    assert told.changes == {"amount": ["60000.00", "48000.00"], "term_until": ["2027-12-31", "2028-12-31"]}
    assert (told.document_id, told.note) == (document_id, "补充协议一")
    with house.database.read() as session:
        file = session.get_one(CaseFile, file_id)
    assert file.retention == "D30"  # by the new amount it would be ten years
    assert "never_shorter" in file.retention_why
    numbers = [transfers.transfers_of(house, office["handler"], file_id)]
    assert len(numbers[0]) == 3  # the signing at both stages, and the amendment's own clock


def test_milestones_are_due_done_late_or_dropped(embedded):
    house, handler = embedded.house, embedded["handler"]
    contract_id, _file_id = new_contract(embedded)
    with pytest.raises(BadInput) as refused:
        milestones.add_milestone(house, handler, contract_id, "party", " ", "2026-13-01", "1,5")
    assert set(refused.value.fields) == {"kind", "title", "due_on", "amount"}
    paid = milestones.add_milestone(house, handler, contract_id, "payment", "首付款", "2026-11-10", "20000")
    soon = milestones.add_milestone(house, handler, contract_id, "performance", "交货", "2026-11-30")
    later = milestones.add_milestone(house, handler, contract_id, "payment", "尾款", "2027-03-01", "28000")
    states = [(m.milestone.title, m.state) for m in milestones.milestones_of(house, handler, contract_id)]
    assert states == [("首付款", "late"), ("交货", "soon"), ("尾款", "open")]
    total, late = milestones.list_milestones(house, embedded["administrator"], late=True)
    assert (total, late[0].milestone.id, late[0].days) == (1, paid.id, -15)
    with pytest.raises(BadInput, match="not in the future"):
        milestones.finish_milestone(house, handler, paid.id, "2026-12-01")
    with pytest.raises(RuleRefused, match="before it is signed"):
        milestones.finish_milestone(house, handler, paid.id, "2026-10-01")
    milestones.finish_milestone(house, handler, paid.id, "2026-11-12")
    milestones.finish_milestone(house, handler, soon.id, "2026-11-25")
    with pytest.raises(RuleRefused, match="settled already"):
        milestones.finish_milestone(house, handler, paid.id, "2026-11-12")
    with pytest.raises(BadInput):
        milestones.drop_milestone(house, handler, later.id, " ")
    milestones.drop_milestone(house, handler, later.id, "一次付清")
    states = [m.state for m in milestones.milestones_of(house, handler, contract_id)]
    assert states == ["done_late", "done", "dropped"]
    assert milestones.list_milestones(house, handler)[0] == 0
    with pytest.raises(NotAllowed):
        milestones.add_milestone(house, embedded["archivist"], contract_id, "payment", "x", "2027-01-01")


def test_what_ended_waits_for_nobody_and_another_department_sees_nothing(embedded):
    house, handler = embedded.house, embedded["handler"]
    contract_id, _ = new_contract(embedded)
    row = milestones.add_milestone(house, handler, contract_id, "payment", "首付款", "2026-11-10")
    from service.access import people

    other = people.create_department(house, OWNER, "CG", "采购部")
    stranger = embedded.hire("stranger", "handler", department_id=other.id)
    assert milestones.list_milestones(house, stranger)[0] == 0
    with pytest.raises(NotFound):
        milestones.drop_milestone(house, stranger, row.id, "不要")
    event(embedded, contract_id, "terminated", "2026-11-20")
    assert milestones.list_milestones(house, handler)[0] == 0
    with pytest.raises(RuleRefused, match="nothing more happens"):
        milestones.add_milestone(house, handler, contract_id, "payment", "x", "2027-01-01")


def test_the_api_tells_events_and_milestones(embedded, client, headers):  # noqa: F811 - the fixtures
    contract_id, _ = new_contract(embedded)
    mine = headers("handler")
    events = f"/api/v1/contracts/{contract_id}/events"
    sent = {"kind": "amended", "finished_on": "2026-11-02", "amount": "50000.00"}
    assert client.post(events, json=sent, headers=mine).json["amount"] == "50000.00"
    sent = {"kind": "performing", "finished_on": "2026-11-03", "amount": "1.00"}
    assert client.post(events, json=sent, headers=mine).status_code == 422
    told = client.get(events, headers=mine).json["events"]
    assert told[-1]["changes"] == {"amount": ["48000.00", "50000.00"]}
    made = client.post(
        f"/api/v1/contracts/{contract_id}/milestones",
        json={"kind": "payment", "title": "首付", "due_on": "2026-11-20", "amount": "100.00"},
        headers=mine,
    )
    assert made.status_code == 201
    (late,) = client.get("/api/v1/milestones?late=true", headers=mine).json["milestones"]
    assert (late["state"], late["amount"]) == ("late", "100.00")
    done = client.post(f"/api/v1/milestones/{made.json['id']}/done", json={"done_on": "2026-11-24"}, headers=mine)
    assert done.status_code == 204
