"""Files that leave for an outside archive: put on their way when a review is carried out, and told apart from the destroyed ones."""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from retention.outside import OutsideTransfer
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, OutsideTransferRecord


def begin(house: House, session: Session, actor_name: str, file: CaseFile, review_id: str) -> None:
    """Put a file that an appraisal decided so on its way, in the transaction of the review's execution."""
    file.state = "leaving"
    transfer = OutsideTransfer(file.archive_number or file.id)
    row = OutsideTransferRecord(
        case_file_id=file.id,
        review_id=review_id,
        state=transfer.state,
        data=transfer.to_dict(),
        statement={},
        created_at=house.clock.now(),
    )
    session.add(row)
    session.flush()
    detail = {"archive_number": file.archive_number, "review": review_id}
    audit.append(session, actor_name, "outside.begin", f"outside:{row.id}", detail)


def left() -> Select[str]:
    """Return the query for the files that left for an outside archive, or are just being removed: they were not destroyed."""
    return select(OutsideTransferRecord.case_file_id).where(OutsideTransferRecord.state.in_(("removing", "removed")))
