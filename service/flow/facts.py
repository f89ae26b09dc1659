"""Facts: what the rules of destruction need to know of a file, read from the database at this moment."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from retention.blockers import FileFacts
from service.errors import RuleRefused
from service.records.tables import (
    AccessRequest,
    Batch,
    BatchPart,
    CaseFile,
    Document,
    Hold,
    HoldFile,
    ReviewFile,
    ReviewRecord,
    Transfer,
)

CLOSED_REVIEWS = ("certified", "stopped")
_ENDED = ("performed", "terminated", "cancelled")


def open_review_of(session: Session, case_file_id: str) -> str | None:
    """Return the number of the review the file stands on, None when it stands on none that is still open."""
    return session.scalar(
        select(ReviewRecord.number)
        .join(ReviewFile, ReviewFile.review_id == ReviewRecord.id)
        .where(ReviewFile.case_file_id == case_file_id, ReviewRecord.state.not_in(CLOSED_REVIEWS))
    )


def demand_no_review(session: Session, file: CaseFile) -> None:
    """Raise RuleRefused while a review is open: what the appraisal group has seen is what its opinion is about."""
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
    contract = file.contract
    loans = session.scalars(
        select(AccessRequest).where(AccessRequest.case_file_id == file.id, AccessRequest.state == "lent")
    )
    transfers = session.scalars(select(Transfer).where(Transfer.case_file_id == file.id, Transfer.state != "accepted"))
    living = (Document.case_file_id == file.id, Document.status != "destroyed")
    documents, pages = session.execute(
        select(func.count(), func.coalesce(func.sum(Document.pages), 0)).where(*living)
    ).one()
    opened_on = file.closed_on or file.archived_on or file.created_at.date()
    return FileFacts(
        file_id=file.id,
        archive_number=file.archive_number,
        title=file.title,
        year=contract.year if contract is not None else opened_on.year,
        retention=file.retention,
        due_on=file.due_on,
        state=file.state,
        trigger_on=file.closed_on,
        contract_running=contract is not None and contract.status not in _ENDED,
        holds=tuple(hold.matter for hold in standing_holds(session, file.id)),
        loans=tuple(loan.reader.name for loan in loans),
        pending_transfers=tuple(f"{transfer.stage} {transfer.event_kind}" for transfer in transfers),
        open_batches=open_batches(session, file.id),
        documents=documents,
        pages=int(pages),
    )


def open_batches(session: Session, case_file_id: str) -> tuple[str, ...]:
    """Return the batches not yet released whose stacks still hold pages of the file's documents.

    That happens when a page that was filed before comes in again: its bytes are then in the stack, too.
    """
    query = select(BatchPart.batch).join(Document, Document.id == BatchPart.document_id)
    query = query.join(Batch, Batch.name == BatchPart.batch)
    query = query.where(Document.case_file_id == case_file_id, Batch.state == "open")
    return tuple(sorted(set(session.scalars(query))))
