"""Schedule: apply the retention schedule to a file; an applied period is never shortened by itself."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.schedule import Facts, default_schedule, due_on, never_shorter
from service.house import House
from service.records.tables import CaseFile, Document

# RULES B1: copies of vouchers lie in a contract's file. Only the original voucher is an accounting record of its own.
_VOUCHERS = "1.11"


def _documents(session: Session, file: CaseFile) -> frozenset[str]:
    """Return the kinds of documents in the file that bring a period of their own."""
    query = select(Document.id).where(Document.case_file_id == file.id, Document.status != "destroyed")
    originals = query.where(Document.category == _VOUCHERS, Document.is_original)
    return frozenset({"accounting_voucher"} if session.scalar(originals.limit(1)) else ())


def recompute_retention(house: House, session: Session, file: CaseFile) -> None:
    """Set the file's period, its reason and, once what it is about has ended, its due date. Never earlier than before."""
    settings = house.settings
    contract = file.contract
    amount = contract.amount if contract is not None and contract.currency == "CNY" else None
    schedule = default_schedule(settings.major_amount, settings.minor_amount)
    decision = schedule.retention_for(
        Facts(kind=file.kind, amount=amount, events=frozenset(file.events), documents=_documents(session, file))
    )
    code = never_shorter(file.retention, decision.code)
    if code == decision.code:
        file.retention_why = decision.why.to_json()
    file.retention = code
    due = due_on(file.closed_on, code) if file.closed_on else None
    if due is not None and (file.due_on is None or due > file.due_on):
        file.due_on = due
    session.flush()
