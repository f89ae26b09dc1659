"""Destroy again, in a restored system, what was destroyed after the backup: by the lines of the destruction register."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from service.flow.archive.erase import destroy_keys
from service.house import SYSTEM
from service.records.counters import hold_counter
from service.records.tables import (
    AccessRequest,
    CaseFile,
    Counter,
    Department,
    Document,
    OutsideTransferRecord,
    Rendition,
    ReviewFile,
    ReviewRecord,
    Stub,
    Transfer,
)

_OPEN_TRANSFERS = ("pending", "handed_over", "returned")


def documents_of(line: dict[str, Any]) -> set[str]:
    """Return the ids of the documents that a destruction took."""
    return {document["document_id"] for document in line["stub"]["documents"]["documents"]}


def replay(session: Session, line: dict[str, Any], review: dict[str, Any]) -> None:
    """Carry one destruction out again, in the transaction of the restore. review: its last known state.

    What the file looked like when it was destroyed counts: documents it had by then are destroyed with it, wherever the backup
    has them; documents that had left it by then are taken out of it and stay. A file that came after the backup has its stub.
    """
    _put_review(session, review)
    file = _file(session, line)
    ids = documents_of(line)
    others = update(Document).where(Document.case_file_id == file.id, Document.id.not_in(ids))
    session.execute(others.values(case_file_id=None, indexed=False))
    session.execute(update(Document).where(Document.id.in_(ids)).values(case_file_id=file.id))
    session.expire_all()
    stub = line["stub"]
    destroy_keys(session, SYSTEM.name, file, stub["review_id"], stub["register_row"])
    session.flush()
    row = session.get_one(Stub, file.id)
    row.archive_number, row.title = stub["archive_number"], stub["title"]
    row.documents, row.proof = stub["documents"], stub["proof"]
    row.destroyed_at = datetime.fromisoformat(stub["destroyed_at"] or line["at"])
    session.execute(delete(Rendition).where(Rendition.document_id.in_(ids)))
    # It was neither lent nor on its way any more when it was destroyed.
    over = (Transfer.case_file_id == file.id) & Transfer.state.in_(_OPEN_TRANSFERS)
    session.execute(delete(Transfer).where(over))
    asked = update(AccessRequest).where(AccessRequest.case_file_id == file.id)
    session.execute(
        asked.where(AccessRequest.state == "lent").values(state="returned", returned_on=row.destroyed_at.date())
    )
    session.execute(
        asked.where(AccessRequest.state == "asked").values(state="refused", refusal="the file was destroyed")
    )
    _put_outside(session, file.id, line.get("outside"))
    _put_counters(session, line["counters"])


def _put_outside(session: Session, case_file_id: str, said: dict[str, Any] | None) -> None:
    """Note again how a file left for an outside archive: registers of earlier releases do not say it, nor does one that was destroyed."""
    if said is None:
        return
    row = session.get(OutsideTransferRecord, said["id"])
    if row is None:
        row = OutsideTransferRecord(id=said["id"], case_file_id=case_file_id, review_id=said["review_id"])
        row.created_at = datetime.fromisoformat(said["created_at"])
        session.add(row)
    row.state, row.data, row.statement = said["state"], said["data"], said["statement"]


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _put_review(session: Session, review: dict[str, Any]) -> None:
    record = session.get(ReviewRecord, review["id"])
    if record is None:
        record = ReviewRecord(id=review["id"], number=review["number"], proposed_by=review["proposed_by"])
        record.created_on = date.fromisoformat(review["created_on"])
        session.add(record)
    record.state, record.data, record.certificate = review["state"], review["data"], review["certificate"]
    record.summary = None  # derived anew from what is put here
    session.flush()


def put_review_files(session: Session, review: dict[str, Any]) -> None:
    """Note what became of each file of a review, as far as this system knows the file; once the files are all there."""
    for entry in review["files"]:
        if session.get(CaseFile, entry["case_file_id"]) is None:
            continue
        row = session.get(ReviewFile, (review["id"], entry["case_file_id"]))
        if row is None:
            row = ReviewFile(review_id=review["id"], case_file_id=entry["case_file_id"])
            session.add(row)
        row.outcome, row.why = entry["outcome"], entry["why"]


def _file(session: Session, line: dict[str, Any]) -> CaseFile:
    said = line["file"]
    file = session.get(CaseFile, said["id"])
    if file is None:
        file = CaseFile(id=said["id"], kind=said["kind"], department_id=_department(session, line["department"]))
        file.created_at = datetime.fromisoformat(said["created_at"])
        session.add(file)
    file.state = "destroyed"  # before its number: a file that is not destroyed could want the same one
    file.title, file.tier, file.archive_number = said["title"], said["tier"], said["archive_number"]
    file.archived_on, file.closed_on, file.due_on = (_day(said[n]) for n in ("archived_on", "closed_on", "due_on"))
    file.retention, file.retention_why, file.events = said["retention"], said["retention_why"], said["events"]
    session.flush()
    return file


def _department(session: Session, said: dict[str, Any]) -> str:
    known = session.get(Department, said["id"]) or session.scalar(
        select(Department).where(Department.code == said["code"])
    )
    if known is None:
        known = Department(**said)
        session.add(known)
        session.flush()
    return known.id


def _put_counters(session: Session, counters: dict[str, int]) -> None:
    """Numbers that the register names are never given again."""
    for prefix, value in counters.items():
        hold_counter(session, prefix)
        session.execute(update(Counter).where(Counter.prefix == prefix, Counter.value < value).values(value=value))
