"""B4: what the database puts together counts as each contract and each file by itself."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from retention.statistics import ArchiveFacts, ContractFacts, archive_figures, contract_figures, report_period
from service.access import people
from service.clock import CHINA
from service.flow.archive import statistics
from service.records import tables
from service.records.tables import AccessRequest, CaseFile, Contract, ContractEvent, Document, Stub, Transfer, new_id
from service.records.tables_archive import OutsideTransferRecord
from tests.service.conftest import OWNER, Office
from tests.service.test_destruction_steps import due, proposed
from tools.bulk import put

DAYS = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 9), date(2026, 6, 30), date(2026, 7, 1), date(2026, 9, 9)]
SEED, FILES = 20261126, 150


def each_contract(session) -> list[ContractFacts]:
    """One fact a contract, read row by row."""
    facts = []
    for file, contract in session.execute(
        select(CaseFile, Contract).join(Contract, Contract.id == CaseFile.contract_id)
    ):
        events = session.scalars(select(ContractEvent).where(ContractEvent.contract_id == contract.id)).all()
        clocks = session.scalars(select(Transfer).where(Transfer.case_file_id == file.id, Transfer.stage == "handler"))
        entered = contract.created_at.astimezone(CHINA).date()
        facts.append(
            ContractFacts(
                file.department_id,
                entered if entered.year <= contract.year else date(contract.year, 12, 31),
                contract.currency,
                contract.amount,
                contract.signed_on,
                contract.status == "cancelled",
                contract.ended_on,
                contract.status if contract.status in ("performed", "terminated") else "",
                tuple(event.finished_on for event in events if event.kind == "amended"),
                tuple((t.due_on, None if t.state in ("pending", "returned") else t.handed_over_on) for t in clocks),
            )
        )
    return facts


def each_file(session) -> list[ArchiveFacts]:
    """One fact an archived file, read row by row."""
    facts = []
    for file in session.scalars(select(CaseFile).where(CaseFile.archived_on.is_not(None))):
        stub = session.get(Stub, file.id)
        papers = select(Document).where(Document.case_file_id == file.id, Document.status != "destroyed")
        pages = [document.pages for document in session.scalars(papers)]
        lent = session.scalars(select(AccessRequest).where(AccessRequest.case_file_id == file.id)).all()
        loans = tuple((row.lent_on, row.due_back, row.returned_on) for row in lent if row.lent_on)
        gone = stub.destroyed_at.astimezone(CHINA).date() if stub and stub.destroyed_at else None
        archived = file.archived_on or date.max
        way = session.scalars(
            select(OutsideTransferRecord).where(OutsideTransferRecord.case_file_id == file.id)
        ).first()
        removed = way is not None and way.state in ("removing", "removed")
        facts.append(
            ArchiveFacts(
                file.department_id, archived, file.retention or "", gone, removed, len(pages), sum(pages), loans
            )
        )
    return facts


def fill(office: Office) -> None:
    """A hundred and fifty files of two departments with days before, on the edges of, in and after the half-year."""
    rng = random.Random(SEED)
    other = people.create_department(office.house, OWNER, "CG", "采购部").id
    office.house.clock.move_to(date(2026, 11, 25))
    review_id = proposed(office, [due(office, 900)])
    rows: dict[type, list[dict[str, object]]] = {
        table: []
        for table in (Contract, CaseFile, ContractEvent, Transfer, Document, AccessRequest, Stub, OutsideTransferRecord)
    }

    def day(*, none: float = 0.3) -> date | None:
        return None if rng.random() < none else rng.choice(DAYS)

    for n in range(FILES):
        contract_id, file_id = new_id(), new_id()
        department_id = rng.choice((office.department_id, other))
        status = rng.choice(("draft", "signed", "performing", "performed", "terminated", "cancelled"))
        signed = day()
        moment = datetime(2026, rng.choice((1, 6, 7)), 1, 15, 59, tzinfo=UTC) + timedelta(minutes=rng.randrange(3))
        rows[Contract].append(
            {"id": contract_id, "number": f"X{n}", "department_id": department_id, "year": rng.choice((2025, 2026)),
             "serial": n, "title": "t", "counterparty": "c", "handler_id": office["handler"].person_id,
             "amount": rng.choice((None, Decimal("0.10"), Decimal("19999999999.99"))), "signed_on": signed,
             "currency": rng.choice(("CNY", "USD")), "status": status, "created_at": moment,
             "ended_on": day() if status in ("performed", "terminated") else None}
        )  # fmt: skip
        archived = day()
        state = "open" if archived is None else rng.choice(("archived", "destroyed"))
        rows[CaseFile].append(
            {"id": file_id, "kind": "contract", "title": "t", "contract_id": contract_id, "state": state,
             "department_id": department_id, "archived_on": archived, "created_at": moment,
             "retention": rng.choice(("D10", "D30", "Y")) if archived else None}
        )  # fmt: skip
        for _ in range(rng.randrange(3)):
            rows[ContractEvent].append(
                {"id": new_id(), "contract_id": contract_id, "kind": rng.choice(("amended", "signed")),
                 "finished_on": rng.choice(DAYS), "recorded_by": "x", "recorded_at": moment}
            )  # fmt: skip
            rows[Transfer].append(
                {"id": new_id(), "case_file_id": file_id, "department_id": department_id, "tier": "internal",
                 "stage": rng.choice(("handler", "handler", "archive")),
                 "state": rng.choice(("pending", "returned", "handed_over", "accepted")), "event_kind": "signed",
                 "event_on": DAYS[0], "nominal_on": DAYS[0], "due_on": rng.choice(DAYS), "why": "",
                 "handed_over_on": day(), "tell_on": None}
            )  # fmt: skip
            rows[Document].append(
                {"id": new_id(), "sha256": f"{rng.getrandbits(256):064x}", "filename": "f", "media_type": "m", "size": 1,
                 "pages": rng.randrange(1, 9), "status": rng.choice(("stored", "destroyed")), "case_file_id": file_id,
                 "received_by": "x", "received_at": moment}
            )  # fmt: skip
            rows[AccessRequest].append(
                {"id": new_id(), "case_file_id": file_id, "reader_id": office["handler"].person_id, "purpose": "p",
                 "state": "lent", "asked_on": DAYS[0], "lent_on": day(), "due_back": day(), "returned_on": day()}
            )  # fmt: skip
        if state == "destroyed":
            end = datetime(2026, 7, 1, tzinfo=CHINA)
            at = rng.choice((end - timedelta(seconds=1), end, datetime(2026, 1, 1, tzinfo=CHINA), None))
            rows[Stub].append(
                {"case_file_id": file_id, "review_id": review_id, "archive_number": "a", "title": "t",
                 "register_row": {}, "documents": {}, "proof": {}, "destroyed_at": at}
            )  # fmt: skip
            if n % 3 == 0:
                rows[OutsideTransferRecord].append(
                    {"id": new_id(), "case_file_id": file_id, "review_id": review_id, "data": {}, "statement": {},
                     "state": rng.choice(("removing", "removed", "packed")), "created_at": end}
                )  # fmt: skip
    put(office.house, {getattr(tables, table.__name__).__table__: some for table, some in rows.items()})


def plain(figures: dict[str, Counter]) -> dict[str, dict[tuple[str, str], int]]:
    kept = {unit: {key: n for key, n in row.items() if n} for unit, row in figures.items()}
    return {unit: row for unit, row in kept.items() if row}


@pytest.mark.parametrize("office", ["embedded", "servers"], indirect=True)
def test_B4_what_is_put_together_counts_as_each_by_itself(office):
    fill(office)
    for code in ("2026-H1", "2026", "2025"):
        period = report_period(code)
        with office.house.database.read() as session:
            contracts = contract_figures(each_contract(session), period)
            archives = archive_figures(each_file(session), period)
            assert plain(statistics.count(session, "contracts", period)) == plain(contracts)
            assert plain(statistics.count(session, "archives", period)) == plain(archives)
        assert sum(sum(row.values()) for row in plain(contracts).values()) > 0
