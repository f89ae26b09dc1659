"""The tier of a case file: who sets it, and that everything that hangs on it follows at once."""

import io
import zipfile

import pytest
from sqlalchemy import select, update

from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import filing, ledger, ledger_rows
from service.flow.archive.checks import doctor
from service.flow.archive.transfers import list_transfers
from service.flow.common.tiers import set_file_tier
from service.flow.search.find import find
from service.flow.trust import evidence
from service.records.tables import AuditEntry, Transfer
from tests.service.conftest import OWNER, Office
from tests.service.test_flow import new_contract
from tests.service.test_reach import destroyed
from tests.service.test_rights import set_tier


def filed(office: Office) -> tuple[str, str, str]:
    """Return (contract id, file id, id of a document in it)."""
    contract_id, file_id = new_contract(office)
    document_id = office.take_in()
    filing.file_document(office.house, office["handler"], document_id, file_id, "1.9")
    return contract_id, file_id, document_id


def test_file_contract_documents_and_search_follow_at_once(office):
    house = office.house
    contract_id, file_id, document_id = filed(office)
    handler, reader = office["handler"], office.hire("reader", "handler", clearance="secret")
    boss = office.hire("boss", "archivist", clearance="secret")
    assert find(house, handler, "设备").total == 1
    assert [row.transfer.case_file_id for row in list_transfers(house, handler)] == [file_id]
    assert set_file_tier(house, boss, file_id, "secret", "定密").tier == "secret"
    assert find(house, handler, "设备").total == 0
    assert find(house, reader, "设备").total == 1
    assert ledger_rows.list_contracts(house, handler)[0] == 0
    assert list_transfers(house, handler) == []
    assert [row.transfer.case_file_id for row in list_transfers(house, reader)] == [file_id]
    for look in (
        lambda: filing.get_case_file(house, handler, file_id),
        lambda: ledger.get_contract(house, handler, contract_id),
        lambda: evidence.evidence_of_file(house, handler, file_id, io.BytesIO()),
        lambda: evidence.evidence(house, handler, document_id, io.BytesIO()),
    ):
        with pytest.raises(NotFound):
            look()
    set_file_tier(house, boss, file_id, "public", "解密")
    assert len(list_transfers(house, handler)) == 1
    assert find(house, handler, "设备").total == 1  # the document itself is internal
    with house.database.read() as session:
        said = session.scalars(select(AuditEntry).where(AuditEntry.action == "file.tier").order_by(AuditEntry.seq))
        assert [(entry.actor, entry.subject) for entry in said] == [("person:boss", f"file:{file_id}")] * 2


def test_who_may_say_it(embedded):
    house = embedded.house
    _, file_id, _ = filed(embedded)
    boss = embedded.hire("boss", "department_head", clearance="secret")
    with pytest.raises(NotAllowed, match="role"):
        set_file_tier(house, embedded["handler"], file_id, "secret", "r")
    with pytest.raises(NotAllowed, match="clearance"):
        set_file_tier(house, embedded["archivist"], file_id, "core", "r")
    with pytest.raises(NotAllowed, match="role"):
        set_file_tier(house, boss, file_id, "public", "r")
    for tier, reason in (("none", "r"), ("secret", " "), ("secret", "r" * 501), ("internal", "r")):
        with pytest.raises(BadInput):
            set_file_tier(house, OWNER, file_id, tier, reason)
    assert set_file_tier(house, boss, file_id, "secret", "r").tier == "secret"


def test_a_stub_has_no_tier_any_more(embedded):
    file_id, _ = destroyed(embedded)
    with pytest.raises(RuleRefused, match="stub"):
        set_file_tier(embedded.house, OWNER, file_id, "secret", "r")


def test_evidence_of_a_file_holds_a_package_for_every_document_one_may_read(embedded):
    house = embedded.house
    _, file_id, document_id = filed(embedded)
    keeper = embedded.hire("keeper", "archivist", clearance="secret")
    out = io.BytesIO()
    assert [p.document_id for p in evidence.evidence_of_file(house, embedded["handler"], file_id, out)] == [document_id]
    with zipfile.ZipFile(out) as whole:
        assert whole.namelist() == [f"evidence-{document_id}.zip"]
        with zipfile.ZipFile(io.BytesIO(whole.read(whole.namelist()[0]))) as one:
            assert {"manifest.sig.json", "cover.html", "original.pdf"} <= set(one.namelist())
    set_tier(embedded, document_id, "secret")
    with pytest.raises(BadInput, match="has 0"):  # a document that is above one's clearance is not there
        evidence.evidence_of_file(house, embedded["handler"], file_id, io.BytesIO())
    evidence.evidence_of_file(house, keeper, file_id, io.BytesIO())


def test_evidence_of_what_is_classified_holds_the_original_and_is_for_who_keeps_it(embedded):
    house, document_id = embedded.house, embedded.take_in()
    reader = embedded.hire("reader", "handler", clearance="secret")
    keeper = embedded.hire("keeper", "archivist", clearance="secret")
    evidence.evidence(house, reader, document_id, io.BytesIO())
    set_tier(embedded, document_id, "secret")
    with pytest.raises(NotAllowed, match="role"):
        evidence.evidence(house, reader, document_id, io.BytesIO())
    evidence.evidence(house, keeper, document_id, io.BytesIO())


def test_the_doctor_finds_and_mends_deadlines_that_do_not_follow_their_file(embedded):
    """Written past the program: a list of deadlines would show them to those who may not know of the file."""
    house = embedded.house
    files = [new_contract(embedded)[1] for _ in range(3)]
    with house.database.write() as session:
        session.execute(update(Transfer).where(Transfer.case_file_id == files[0]).values(tier="public"))
        session.execute(update(Transfer).where(Transfer.case_file_id == files[1]).values(department_id="elsewhere"))
        # Nobody asks it of what was accepted.
        session.execute(update(Transfer).where(Transfer.case_file_id == files[2]).values(tier="", state="accepted"))
        wrong = sorted(session.scalars(select(Transfer.id).where(Transfer.case_file_id.in_(files[:2]))))
    assert len(wrong) == 2
    assert (doctor(house, OWNER).transfers, doctor(house, OWNER).ok) == (wrong, False)
    doctor(house, OWNER, repair=True)
    assert (doctor(house, OWNER).transfers, doctor(house, OWNER).ok) == ([], True)
    with house.database.read() as session:
        for file_id in files[:2]:
            (row,) = session.scalars(select(Transfer).where(Transfer.case_file_id == file_id))
            assert (row.tier, row.department_id) == (row.case_file.tier, row.case_file.department_id)
