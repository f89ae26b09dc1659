"""What an event does to a credit file is shown before it is recorded; original or copy is said with a reason."""

import json
from datetime import date

import pytest
from sqlalchemy import select

from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import filing, holds, ledger, reviews, transfers
from service.flow.intake import documents
from service.flow.search.outlook import outlook
from service.records.tables import AuditEntry, CaseFile
from tests.service.conftest import Office
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_flow import archive, due_file, fill, new_contract, propose


def credit_file(office: Office, *, archived: bool) -> str:
    """A credit file, empty but for what is said of its categories."""
    contract_id, contract_file = new_contract(office)
    ledger.finish_event(office.house, office["handler"], contract_id, "performed", "2026-11-10")
    with office.house.database.read() as session:
        customer_id = session.get_one(CaseFile, contract_file).customer_id or ""
    file = filing.credit_file(office.house, office["administrator"], customer_id)
    if archived:
        for category in filing.completeness(office.house, office["administrator"], file.id).missing:
            filing.mark_not_applicable(office.house, office["administrator"], file.id, category, "无此类材料")
        transfers.archive(office.house, office["archivist"], file.id)
    return file.id


def details(office: Office, action: str) -> list[dict]:
    with office.house.database.read() as session:
        return [json.loads(e.detail) for e in session.scalars(select(AuditEntry).where(AuditEntry.action == action))]


def test_what_is_shown_is_what_is_recorded(office):
    house, administrator = office.house, office["administrator"]
    file_id = credit_file(office, archived=True)
    ahead = outlook(house, administrator, file_id, "litigation")
    assert (ahead.before.code, ahead.after.code, ahead.known) == ("D10", "D30", False)
    ended = outlook(house, administrator, file_id, "ended", "2026-11-20")
    assert (ended.after.code, ended.after.due_on) == ("D10", date(2037, 1, 1))
    file = filing.get_case_file(house, administrator, file_id)
    assert (file.retention, file.events, file.closed_on, file.due_on) == ("D10", [], None, None)  # only looked at
    filing.record_event(house, administrator, file_id, "litigation", "（2026）川01民初118号")
    assert outlook(house, administrator, file_id, "litigation").known
    ended = outlook(house, administrator, file_id, "ended", "2026-11-20")
    assert (ended.before.due_on, ended.after.due_on) == (None, date(2057, 1, 1))
    filing.close_credit_file(house, administrator, file_id, "2026-11-20", "注销")
    file = filing.get_case_file(house, administrator, file_id)
    assert (file.retention, file.due_on) == (ended.after.code, ended.after.due_on)
    assert details(office, "file.event") == [
        {"event": "litigation", "retention": "D30", "note": "（2026）川01民初118号"}
    ]
    assert details(office, "file.close") == [{"ended_on": "2026-11-20", "retention": "D30", "note": "注销"}]


def test_an_event_never_shortens_what_the_appraisal_kept(embedded):
    house = embedded.house
    file_id = credit_file(embedded, archived=True)
    with house.database.write() as session:
        file = session.get_one(CaseFile, file_id)
        file.retention, file.due_on = "Y", None
    ahead = outlook(house, embedded["administrator"], file_id, "ended", "2026-11-20")
    assert (ahead.after.code, ahead.after.due_on) == ("Y", None)
    assert "never_shorter" in ahead.after.why.to_json()


@pytest.mark.parametrize(
    ("event", "day"), [("fire", ""), ("ended", ""), ("ended", "2026-11-26"), ("ended", "gestern"), ("", "")]
)
def test_a_wrong_event_is_refused(embedded, event, day):
    file_id = credit_file(embedded, archived=False)
    with pytest.raises(BadInput):
        outlook(embedded.house, embedded["administrator"], file_id, event, day)


def test_only_credit_files_and_only_for_those_who_may_record(embedded):
    house = embedded.house
    file_id = credit_file(embedded, archived=False)
    assert outlook(house, embedded["administrator"], file_id, "bad_debt").after.code == "D30"  # not archived yet
    _, contract_file = new_contract(embedded, counterparty="别家有限公司")
    with pytest.raises(RuleRefused, match="file of a contract"):
        outlook(house, embedded["administrator"], contract_file, "ended", "2026-11-20")
    with pytest.raises(BadInput, match=r"one of litigation, bad_debt$"):
        outlook(house, embedded["administrator"], file_id, "major")
    with pytest.raises(NotAllowed):
        outlook(house, embedded["archivist"], file_id, "litigation")
    with pytest.raises(NotFound):
        outlook(house, embedded["auditor"], file_id, "litigation")
    filing.close_credit_file(house, embedded["administrator"], file_id, "2026-11-20")
    with pytest.raises(RuleRefused, match="was closed on"):
        outlook(house, embedded["administrator"], file_id, "ended", "2026-11-21")


def test_an_original_voucher_lengthens_the_archived_file_and_a_copy_does_not_shorten_it(embedded):
    house, administrator = embedded.house, embedded["administrator"]
    _, file_id = new_contract(embedded)
    document_id = embedded.take_in()
    filing.file_document(house, embedded["handler"], document_id, file_id, "1.11")
    fill(embedded, file_id)
    assert archive(embedded, file_id).retention == "D10"
    with pytest.raises(BadInput) as refused:
        documents.change(house, administrator, document_id, original=True)
    assert set(refused.value.fields) == {"reason"}
    with pytest.raises(NotAllowed):  # archived: no longer the handler's
        documents.change(house, embedded["handler"], document_id, original=True, reason="是原件")
    documents.change(house, administrator, document_id, original=True, reason=" 核对纸质件，是原件 ")
    assert filing.get_case_file(house, administrator, file_id).retention == "D30"
    with pytest.raises(BadInput, match="nothing was changed"):
        documents.change(house, administrator, document_id, original=True, reason="是原件")
    documents.change(house, administrator, document_id, original=False, reason="看错")
    assert filing.get_case_file(house, administrator, file_id).retention == "D30"
    assert details(embedded, "document.original") == [
        {"to": True, "reason": "核对纸质件，是原件", "retention": ["D10", "D30"]},
        {"to": False, "reason": "看错"},
    ]


def test_on_a_review_the_papers_stay_what_they_were_said_to_be(embedded):
    file_id, document_id = due_file(embedded)
    review_id = propose(embedded, file_id)
    with pytest.raises(RuleRefused, match="stands on review"):
        documents.change(embedded.house, embedded["administrator"], document_id, original=True, reason="是原件")
    reviews.stop(embedded.house, embedded["archivist"], review_id, "先核对")
    hold = holds.place_hold(embedded.house, embedded["archivist"], "（2026）川01民初118号", "诉讼保全", [file_id])
    assert hold.id
    documents.change(embedded.house, embedded["administrator"], document_id, original=True, reason="是原件")


def test_through_the_api(client, headers, embedded):  # noqa: F811 - the fixtures
    keeper = headers("administrator")
    file_id = credit_file(embedded, archived=True)
    path = f"/api/v1/files/{file_id}"
    ahead = client.get(f"{path}/outlook?event=ended&ended_on=2026-11-20", headers=keeper).get_json()
    assert (ahead["before"]["due_on"], ahead["after"]["due_on"]) == (None, "2037-01-01")
    assert client.get(f"{path}/outlook?event=ended", headers=keeper).status_code == 422
    done = client.post(f"{path}/events", json={"event": "bad_debt", "note": "2025 年货款"}, headers=keeper)
    assert done.get_json()["retention"] == "D30"
    document_id = embedded.take_in()
    path = f"/api/v1/documents/{document_id}"
    for wanted in ({"original": True}, {"tier": "public"}):
        assert client.patch(path, json=wanted, headers=keeper).status_code == 422
    done = client.patch(path, json={"original": True, "tier": "public", "reason": "核对"}, headers=keeper).get_json()
    assert (done["original"], done["tier"]) == (True, "public")
    assert details(embedded, "document.tier") == [{"from": "internal", "to": "public", "reason": "核对"}]
