"""Facts: what the rules of destruction need to know of a file, read from the database at this moment."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from retention.blockers import FileFacts
from service.errors import RuleRefused
from service.records.tables import (
    AccessRequest,
    Batch,
    BatchPart,
    CaseFile,
    Contract,
    Document,
    Hold,
    HoldFile,
    Person,
    ReviewFile,
    ReviewRecord,
    Transfer,
)

CLOSED_REVIEWS = ("certified", "stopped")
ENDED = ("performed", "terminated", "cancelled")
#: A contract in force: the relationship with its customer has not ended.
IN_FORCE = ("signed", "performing", "amended")
_AT_ONCE = 500  # databases limit how many values stand in one query


def open_review_of(session: Session, case_file_id: str) -> str | None:
    """Return the number of the review the file stands on, None when it stands on none that is still open."""
    return session.scalar(
        select(ReviewRecord.number)
        .join(ReviewFile, ReviewFile.review_id == ReviewRecord.id)
        .where(ReviewFile.case_file_id == case_file_id, ReviewRecord.state.not_in(CLOSED_REVIEWS))
    )


def demand_staying(file: CaseFile) -> None:
    """Raise RuleRefused for a file that is on its way to an outside archive."""
    if file.state == "leaving":
        raise RuleRefused(f"file {file.archive_number} is on its way to an outside archive and stays as it is")


def demand_no_review(session: Session, file: CaseFile) -> None:
    """Raise RuleRefused while a review is open: what the appraisal group has seen is what its opinion is about.

    So does a file that is on its way to an outside archive: what was packed is what is handed over.
    """
    demand_staying(file)
    number = open_review_of(session, file.id)
    if number is not None:
        name = file.archive_number or file.title
        raise RuleRefused(f"file {name} stands on review {number}; it stays as it is until the review ends")


def standing_holds(session: Session, case_file_id: str) -> list[Hold]:
    """Return the holds that stand on a file."""
    query = select(Hold).join(HoldFile, HoldFile.hold_id == Hold.id)
    return list(session.scalars(query.where(HoldFile.case_file_id == case_file_id, Hold.released_at.is_(None))))


def file_facts(session: Session, file: CaseFile) -> FileFacts:
    """Return the facts of one file as they stand now."""
    return facts_of_files(session, [file])[file.id]


@dataclass(frozen=True)
class _Row:
    """The columns of a file that the rules look at."""

    id: str
    archive_number: str | None
    title: str
    retention: str | None
    due_on: date | None
    state: str
    closed_on: date | None
    archived_on: date | None
    created_at: datetime
    kind: str
    customer_id: str | None
    year: int | None
    contract_status: str | None


@dataclass(frozen=True)
class _Dealings:
    """The contracts with a customer: whether one is in force, and the last day on which one ended."""

    in_force: bool = False
    last_end: date | None = None


def dealings(session: Session, customer_ids: Iterable[str]) -> dict[str, _Dealings]:
    """Return by customer what their contracts say of the relationship; those without any are left out."""
    in_force = func.count().filter(Contract.status.in_(IN_FORCE))
    query = select(Contract.customer_id, in_force, func.max(Contract.ended_on)).group_by(Contract.customer_id)
    rows = session.execute(query.where(Contract.customer_id.in_(sorted(set(customer_ids)))))
    return {str(customer_id): _Dealings(bool(count), last) for customer_id, count, last in rows}


def _facts(
    file: _Row,
    of_customer: _Dealings,
    holds: tuple[str, ...],
    loans: tuple[str, ...],
    transfers: tuple[str, ...],
    batches: tuple[str, ...],
    documents: int,
    pages: int,
) -> FileFacts:
    opened_on = file.closed_on or file.archived_on or file.created_at.date()
    ended_on = file.closed_on
    if ended_on is not None and of_customer.last_end is not None:
        ended_on = max(ended_on, of_customer.last_end)  # they dealt with one another again
    return FileFacts(
        file_id=file.id,
        archive_number=file.archive_number,
        title=file.title,
        year=opened_on.year if file.year is None else file.year,
        retention=file.retention,
        due_on=file.due_on,
        state=file.state,
        trigger_on=ended_on,
        contract_running=of_customer.in_force
        or (file.contract_status is not None and file.contract_status not in ENDED),
        holds=holds,
        loans=loans,
        pending_transfers=transfers,
        open_batches=batches,
        documents=documents,
        pages=pages,
    )


def facts_by_id(session: Session, ids: Sequence[str], *, lock: bool = False) -> dict[str, FileFacts]:
    """Return the facts of many files by their ids, as `facts_of_files`, without loading the files. lock: until the commit, in the order of their ids."""
    columns = (
        *(CaseFile.id, CaseFile.archive_number, CaseFile.title, CaseFile.retention, CaseFile.due_on, CaseFile.state),
        *(CaseFile.closed_on, CaseFile.archived_on, CaseFile.created_at, CaseFile.kind, CaseFile.customer_id),
        *(Contract.year, Contract.status),
    )
    query = select(*columns).outerjoin(Contract, Contract.id == CaseFile.contract_id)
    query = query.with_for_update(of=CaseFile) if lock else query
    found: dict[str, FileFacts] = {}
    wanted = sorted(set(ids))
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        rows = session.execute(query.where(CaseFile.id.in_(some)).order_by(CaseFile.id))
        found |= _facts_of_some(session, [_Row(*tuple(row)) for row in rows])
    return found


def facts_of_files(session: Session, files: Sequence[CaseFile]) -> dict[str, FileFacts]:
    """Return the facts of many files by their ids, as `file_facts` tells those of one, with as few questions for many as for some."""
    found: dict[str, FileFacts] = {}
    for first in range(0, len(files), _AT_ONCE):
        some = files[first : first + _AT_ONCE]
        found |= _facts_of_some(session, [_row(file) for file in some])
    return found


def _row(file: CaseFile) -> _Row:
    contract = file.contract
    when = (file.due_on, file.state, file.closed_on, file.archived_on, file.created_at, file.kind, file.customer_id)
    of_contract = (contract.year, contract.status) if contract is not None else (None, None)
    return _Row(file.id, file.archive_number, file.title, file.retention, *when, *of_contract)


def _facts_of_some(session: Session, files: Sequence[_Row]) -> dict[str, FileFacts]:
    ids = [file.id for file in files]
    holds, loans, transfers, batches = (defaultdict[str, list[str]](list) for _ in range(4))
    standing = select(HoldFile.case_file_id, Hold.matter).join(Hold, Hold.id == HoldFile.hold_id)
    for file_id, matter in session.execute(standing.where(HoldFile.case_file_id.in_(ids), Hold.released_at.is_(None))):
        holds[file_id].append(matter)
    lent = select(AccessRequest.case_file_id, Person.name).join(Person, Person.id == AccessRequest.reader_id)
    for file_id, name in session.execute(
        lent.where(AccessRequest.case_file_id.in_(ids), AccessRequest.state == "lent")
    ):
        loans[file_id].append(name)
    moving = select(Transfer.case_file_id, Transfer.stage, Transfer.event_kind)
    for file_id, stage, kind in session.execute(
        moving.where(Transfer.case_file_id.in_(ids), Transfer.state != "accepted")
    ):
        transfers[file_id].append(f"{stage} {kind}")
    living = (Document.case_file_id.in_(ids), Document.status != "destroyed")
    counted = select(Document.case_file_id, func.count(), func.coalesce(func.sum(Document.pages), 0))
    extent = {
        file_id: (documents, int(pages))
        for file_id, documents, pages in session.execute(counted.where(*living).group_by(Document.case_file_id))
    }
    # Batches not yet released whose stacks still hold pages of a file's documents: a page that was filed before came in again.
    scanned = select(Document.case_file_id, BatchPart.batch).join(BatchPart, BatchPart.document_id == Document.id)
    scanned = scanned.join(Batch, Batch.name == BatchPart.batch).where(
        Document.case_file_id.in_(ids), Batch.state == "open"
    )
    for holder, batch in session.execute(scanned):
        batches[holder or ""].append(batch)
    # A credit file is kept from the end of the relationship (RULES, Retention), which no contract in force has come to.
    dealt = dealings(session, [file.customer_id for file in files if file.kind == "credit" and file.customer_id])
    return {
        file.id: _facts(
            file,
            dealt.get(file.customer_id or "", _Dealings()) if file.kind == "credit" else _Dealings(),
            tuple(holds[file.id]),
            tuple(loans[file.id]),
            tuple(transfers[file.id]),
            tuple(sorted(set(batches[file.id]))),
            *extent.get(file.id, (0, 0)),
        )
        for file in files
    }
