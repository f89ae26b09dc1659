"""RULES Part B, Four checks, and B3: at transfer, at archiving, yearly on a sample; a file that fails waits for an exception by two."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select, update

from retention.four_checks import CHECKS
from service.errors import BadInput, NotAllowed, RuleRefused
from service.flow.archive import check_samples, filing, four_checks, ledger, transfers
from service.records.tables import (
    AuditEntry,
    CaseFile,
    CheckRun,
    CheckSampleFile,
    Delivery,
    Document,
    Person,
    Rendition,
)
from tests.service.conftest import OWNER, Office
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_flow import fill, new_contract


def handed_over(office: Office) -> tuple[str, str]:
    """Return (case file id, document id) of a file that waits for the archive room."""
    _contract, file_id = new_contract(office)
    document_id = office.take_in()
    filing.file_document(office.house, office["handler"], document_id, file_id)
    fill(office, file_id)
    for giver in ("handler", "administrator"):
        for item in transfers.transfers_of(office.house, office["handler"], file_id):
            if item.transfer.state == "pending":
                transfers.hand_over(office.house, office[giver], item.transfer.id)
                if item.transfer.stage == "handler":
                    transfers.accept(office.house, office["administrator"], item.transfer.id)
    return file_id, document_id


def runs_of(office: Office, file_id: str):
    return four_checks.checks_of(office.house, office["administrator"], file_id).runs


def tamper(office: Office, document_id: str, **values: object) -> None:
    with office.house.database.write() as session:
        session.execute(update(Document).where(Document.id == document_id).values(**values))


def test_the_checks_run_at_both_transfers_and_at_archiving_and_stay(office):
    file_id, document_id = handed_over(office)
    assert [c.run.occasion for c in runs_of(office, file_id)] == ["transfer", "transfer"]
    transfers.archive(office.house, office["archivist"], file_id)
    newest = runs_of(office, file_id)[0]
    assert (newest.run.occasion, newest.run.failed, newest.run.documents) == ("archiving", 0, [document_id])
    assert list(newest.results) == list(CHECKS)
    assert newest.results["malware"] == "notice"  # no scanner is set, and that is said
    digest = next(f for f in newest.findings if f.check == "digest")
    assert "SHA-256" in digest.why.zh
    with office.house.database.read() as session:
        detail = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "file.archive")).one()
    assert newest.run.id in detail


def test_a_file_that_fails_is_archived_only_with_an_exception_that_a_second_person_approved(embedded):
    house = embedded.house
    file_id, document_id = handed_over(embedded)
    tamper(embedded, document_id, sha256="0" * 64)
    with pytest.raises(RuleRefused, match="four checks of the file found faults: source, digest"):
        transfers.archive(house, embedded["archivist"], file_id)
    assert filing.get_case_file(house, OWNER, file_id).archive_number is None
    assert runs_of(embedded, file_id)[0].run.failed == 2  # what was found is kept, though nothing was archived

    with pytest.raises(NotAllowed):
        four_checks.ask_exception(house, embedded["handler"], file_id, "急用")
    with pytest.raises(BadInput):
        four_checks.ask_exception(house, embedded["archivist"], file_id, "  ")
    asked = four_checks.ask_exception(house, embedded["archivist"], file_id, "原件在库房，已与纸质核对")
    with pytest.raises(RuleRefused, match="found faults"):  # asked is not approved
        transfers.archive(house, embedded["archivist"], file_id)
    with pytest.raises(RuleRefused, match="a second person approves"):
        four_checks.approve_exception(house, embedded["archivist"], file_id, asked.id)
    four_checks.approve_exception(house, embedded["administrator"], file_id, asked.id)
    with pytest.raises(RuleRefused, match="approved already"):
        four_checks.approve_exception(house, embedded["administrator"], file_id, asked.id)
    file = transfers.archive(house, embedded["archivist"], file_id)
    assert file.archive_number
    with house.database.read() as session:
        detail = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "file.archive")).one()
    assert asked.id in detail
    (kept,) = four_checks.checks_of(house, embedded["archivist"], file_id).exceptions
    assert (kept.asked_by, kept.approved_by) == ("person:archivist", "person:administrator")


def test_an_exception_does_not_cover_what_broke_after_it(embedded):
    house = embedded.house
    file_id, document_id = handed_over(embedded)
    with house.database.write() as session:
        session.execute(update(Document).where(Document.id == document_id).values(pages=7))
    with pytest.raises(RuleRefused, match="faults: pages"):
        transfers.archive(house, embedded["archivist"], file_id)
    asked = four_checks.ask_exception(house, embedded["archivist"], file_id, "登记页数有误")
    four_checks.approve_exception(house, embedded["administrator"], file_id, asked.id)
    with house.database.read() as session:
        name = session.scalars(
            select(Rendition.id).where(Rendition.document_id == document_id, Rendition.kind == "original")
        ).one()
    house.vault.store.delete(UUID(name))
    with pytest.raises(RuleRefused, match="faults: digest"):
        transfers.archive(house, embedded["archivist"], file_id)


def test_nothing_is_checked_and_nothing_kept_when_archiving_is_refused_anyway(embedded):
    _contract, file_id = new_contract(embedded)
    with pytest.raises(RuleRefused, match="nothing was handed over"):
        transfers.archive(embedded.house, embedded["archivist"], file_id)
    assert runs_of(embedded, file_id) == ()
    with pytest.raises(RuleRefused, match="no fault"):
        four_checks.ask_exception(embedded.house, embedded["archivist"], file_id, "为什么")


def test_a_store_that_is_down_hinders_no_signature_and_the_receiver_makes_up_for_the_checks(embedded, monkeypatch):
    house = embedded.house
    _contract, file_id = new_contract(embedded)
    filing.file_document(house, embedded["handler"], embedded.take_in(), file_id)
    fill(embedded, file_id)
    (item,) = transfers.transfers_of(house, embedded["handler"], file_id)
    from vault.errors import StoreUnavailable

    def down(*_args, **_more):
        raise StoreUnavailable("down")

    with monkeypatch.context() as patched:
        patched.setattr(house.vault.store, "open", down)
        transfers.hand_over(house, embedded["handler"], item.transfer.id)
    assert runs_of(embedded, file_id) == ()
    transfers.accept(house, embedded["administrator"], item.transfer.id)
    assert [c.run.transfer_id for c in runs_of(embedded, file_id)] == [item.transfer.id]


def test_what_left_the_file_after_the_list_was_signed_is_a_fault(embedded):
    file_id, document_id = handed_over(embedded)
    filing.unfile_document(embedded.house, embedded["archivist"], document_id)
    for code in filing.completeness(embedded.house, embedded["handler"], file_id).missing:
        filing.mark_not_applicable(embedded.house, embedded["handler"], file_id, code, "已取出")
    with pytest.raises(RuleRefused, match="faults: listed"):
        transfers.archive(embedded.house, embedded["archivist"], file_id)


def test_the_yearly_sample_is_drawn_once_can_be_drawn_again_elsewhere_and_goes_on_after_a_stop(embedded):
    house = embedded.house
    with pytest.raises(RuleRefused, match="nothing is archived"):
        check_samples.draw(house, embedded["archivist"])
    with pytest.raises(BadInput):
        check_samples.draw(house, embedded["archivist"], 0)
    with pytest.raises(NotAllowed):
        check_samples.draw(house, embedded["handler"])
    ids = []
    for _ in range(2):
        contract_id, file_id = new_contract(embedded)
        fill(embedded, file_id)
        ids.append(file_id)
        ledger.get_contract(house, OWNER, contract_id)
    with house.database.write() as session:
        session.execute(update(CaseFile).values(state="archived", archived_on=house.clock.today()))
    sample = check_samples.draw(house, embedded["archivist"], 5, seed="2026")
    with house.database.read() as session:
        chosen = session.scalars(select(CheckSampleFile.case_file_id)).all()
    assert set(chosen) == set(check_samples.drawn(ids, "2026", check_samples.size_of(2, 5))) == set(ids)
    with pytest.raises(RuleRefused, match="drawn already"):
        check_samples.draw(house, embedded["archivist"])
    goes = iter([True, False])
    assert check_samples.sample_due(house, lambda: next(goes)) == 1
    (view,) = check_samples.samples(house, embedded["auditor"])
    assert (view.drawn, view.checked, view.sample.finished_at) == (2, 1, None)
    assert check_samples.sample_due(house, lambda: True) == 1
    (view,) = check_samples.samples(house, embedded["auditor"])
    assert (view.checked, view.failed) == (2, 0)
    assert view.sample.finished_at is not None
    assert check_samples.sample_due(house, lambda: True) == 0
    with house.database.read() as session:
        assert set(session.scalars(select(CheckRun.occasion))) == {"yearly"}
    assert sample.seed == "2026"


def test_the_sample_of_a_new_year_draws_itself_once_there_is_something_of_before(embedded):
    house = embedded.house
    _contract, file_id = new_contract(embedded)
    fill(embedded, file_id)
    with house.database.write() as session:
        session.execute(update(CaseFile).values(state="archived", archived_on=house.clock.today()))
    assert check_samples.sample_due(house, lambda: True) == 0  # an archive of this year alone
    house.clock.move_to(replace_year(house.clock.today()))
    assert check_samples.sample_due(house, lambda: True) == 1
    (view,) = check_samples.samples(house, OWNER)
    assert (view.sample.drawn_by, view.sample.year) == ("system", 2027)


def replace_year(day):
    return day.replace(year=day.year + 1, month=1, day=5)


def test_size_of_a_sample():
    assert [check_samples.size_of(n, 5) for n in (0, 3, 10, 200, 201, 100_000)] == [0, 3, 10, 10, 11, 5000]


def test_api_and_command_run_the_checks(embedded, client, headers, juanzong_here):  # noqa: F811 - the fixtures
    file_id, document_id = handed_over(embedded)
    tamper(embedded, document_id, pages=9)
    answer = client.post(f"/api/v1/files/{file_id}/checks", headers=headers("administrator"))
    assert answer.status_code == 201
    (fault,) = [c for c in answer.json["checks"] if c["result"] == "fail"]
    assert (fault["aspect"], fault["check"], fault["document_id"]) == ("integrity", "pages", document_id)
    listed = client.get(f"/api/v1/files/{file_id}/checks", headers=headers("handler")).json
    assert [run["occasion"] for run in listed["runs"]] == ["demand", "transfer", "transfer"]
    ran = juanzong_here(embedded.env, "check", "file", file_id, check=6)
    assert "pages" in ran.stdout


def test_a_scanner_that_is_set_scans_again(embedded, monkeypatch):
    file_id, _document_id = handed_over(embedded)
    from intake.errors import Rejected

    def found(_house, _path):
        raise Rejected("malware", "the file holds malware: X")

    embedded.house.settings = replace(embedded.house.settings, clamd="unix:///nowhere")
    monkeypatch.setattr(four_checks, "demand_clean", found)
    with pytest.raises(RuleRefused, match="faults: malware"):
        transfers.archive(embedded.house, embedded["archivist"], file_id)


def test_archivists_are_told_once_of_a_sample_that_failed(embedded):
    house = embedded.house
    new_contract(embedded)  # with nothing in its file
    with house.database.write() as session:
        session.execute(update(CaseFile).values(state="archived", archived_on=house.clock.today()))
    check_samples.draw(house, embedded["archivist"])
    for _ in range(2):
        check_samples.sample_due(house, lambda: True)
    with house.database.read() as session:
        told = session.scalars(
            select(Delivery).where(Delivery.event == "sample.failed", Delivery.channel == "inbox")
        ).all()
        people = {session.get_one(Person, one.person_id).login for one in told}
    assert people == {embedded["archivist"].name.removeprefix("person:")}
    assert len(told) == 1
    assert "1 卷不合格" in told[0].content["zh"]
