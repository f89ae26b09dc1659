"""Views: how records look from outside, the same for the command line and the API."""

from typing import TYPE_CHECKING, Any

from intake.batches.portions import parse
from retention.why import Why
from service.flow.common.checks import Sheets, checks
from service.flow.common.values import is_verified, state_of
from service.records.tables import Batch, CaseFile, Contract, Document, Stack

if TYPE_CHECKING:
    from service.flow.archive.ledger_rows import LedgerRow
    from service.flow.archive.sheet_filing import Placings
    from service.flow.intake.batches import Whole
    from service.records.tables import ContractEvent


def document_as_json(document: Document, sheets: Sheets | None = None) -> dict[str, Any]:
    """Return a document with its fields as plain JSON values.

    sheets: the pages on which its values stand, if they are at hand; what they say of a value is among its marks then.
    """
    return {
        "document_id": document.id,
        "filename": document.filename,
        "sha256": document.sha256,
        "media_type": document.media_type,
        "size": document.size,
        "pages": document.pages,
        "pages_read": document.pages_read,
        "status": document.status,
        "indexed": document.indexed,
        "category": document.category or None,
        "kind": document.kind or None,
        "title": document.title,
        "confidence": round(document.confidence, 4),
        "review_reasons": document.review_reasons,
        "notes": document.notes,
        "verification": document.verification or None,
        "tier": document.tier,
        "original": document.is_original,
        "department_id": document.department_id,
        "case_file_id": document.case_file_id,
        "archive_number": document.case_file.archive_number if document.case_file else None,
        "received_by": document.received_by,
        "received_at": document.received_at.isoformat(),
        "error": document.error or None,
        "error_code": document.error_code or None,
        "preservation": "destroyed" if document.status == "destroyed" else document.preservation,
        "fields": {
            f.name: {
                "value": f.value,
                "page": f.page,
                "box": f.box,
                "confidence": round(f.confidence, 4),
                "marks": f.marks if sheets is None else checks(f, sheets),
                "entered_by": f.entered_by,
                "confirmed_by": f.confirmed_by,
                "state": state_of(f),
                "verified": is_verified(f),
                "disputed": {"value": f.rival["value"], "by": f.rival["by"]} if f.rival else None,
                "read_value": f.read_value or None,
                "read_confidence": round(f.read_confidence, 4) if f.read_value else None,
            }
            for f in document.fields
        },
    }


def contract_as_json(contract: Contract) -> dict[str, Any]:
    """Return a row of the ledger as plain JSON values."""
    return {
        "id": contract.id,
        "number": contract.number,
        "department": contract.department.code,
        "department_id": contract.department_id,
        "title": contract.title,
        "counterparty": contract.counterparty,
        "customer_id": contract.customer_id,
        "printed_number": contract.printed_number,
        "amount": None if contract.amount is None else f"{contract.amount:.2f}",
        "currency": contract.currency,
        "signed_on": contract.signed_on.isoformat() if contract.signed_on else None,
        "term_from": contract.term_from.isoformat() if contract.term_from else None,
        "term_until": contract.term_until.isoformat() if contract.term_until else None,
        "handler": contract.handler.login,
        "status": contract.status,
        "ended_on": contract.ended_on.isoformat() if contract.ended_on else None,
    }


def event_as_json(event: "ContractEvent") -> dict[str, Any]:
    """Return what happened to a contract as plain JSON values. changes: by column, [before, after]."""
    return {
        "kind": event.kind,
        "finished_on": event.finished_on.isoformat(),
        "document_id": event.document_id,
        "note": event.note,
        "changes": event.changes or {},
        "recorded_by": event.recorded_by,
        "recorded_at": event.recorded_at.isoformat(),
    }


def row_as_json(row: "LedgerRow") -> dict[str, Any]:
    """Return a contract with its amendments and where its file is, as plain JSON values."""
    return {
        **contract_as_json(row.contract),
        "amendments": row.amendments,
        "amended_on": row.amended_on.isoformat() if row.amended_on else None,
        "file_id": row.file.id,
        "file_state": row.file.state,
        "archive_number": row.file.archive_number,
    }


def file_as_json(file: CaseFile) -> dict[str, Any]:
    """Return a case file as plain JSON values."""
    return {
        "id": file.id,
        "kind": file.kind,
        "title": file.title,
        "state": file.state,
        "tier": file.tier,
        "department": file.department.code,
        "contract_id": file.contract_id,
        "contract_number": file.contract.number if file.contract else None,
        "customer_id": file.customer_id,
        "archive_number": file.archive_number,
        "archived_on": file.archived_on.isoformat() if file.archived_on else None,
        "closed_on": file.closed_on.isoformat() if file.closed_on else None,
        "retention": file.retention,
        "retention_why": _why(file.retention_why),
        "due_on": file.due_on.isoformat() if file.due_on else None,
        "events": file.events,
    }


def _why(kept: str) -> dict[str, str] | None:
    why = Why.from_json(kept)
    return {"zh": why.zh, "en": why.en} if kept else None


def batch_line(batch: Batch) -> dict[str, Any]:
    """Return a batch as plain JSON values, without its pages."""
    return {
        "batch": batch.name,
        "state": batch.state,
        "operator": batch.operator,
        "device": batch.device,
        "settings": batch.settings,
        "sheets": batch.sheets,
        "sides": batch.sides or None,
        "opened_at": batch.opened_at.isoformat(),
        "released_at": batch.released_at.isoformat() if batch.released_at else None,
        "released_by": batch.released_by,
        "release_reason": batch.release_reason or None,
    }


def _pass_as_json(stack: Stack) -> dict[str, Any]:
    told: dict[str, Any] = {"stack": stack.position, "filename": stack.filename, "pages": stack.pages}
    portion = parse(stack.portion) if stack.portion else None
    if portion is not None and portion.of > 1:
        told |= {"file": portion.number, "files": portion.of}
    return told


def batch_as_json(whole: "Whole") -> dict[str, Any]:
    """Return a batch with its pages, documents and account as plain JSON values."""
    m = whole.manifest
    return batch_line(whole.batch) | {
        "version": whole.batch.version,
        "busy": whole.busy,
        "undo": len(whole.batch.undo or []),
        "waiting": [_pass_as_json(stack) for stack in whole.waiting],
        "given_up": [_pass_as_json(stack) for stack in whole.given_up],
        "left_whole": [
            _pass_as_json(stack) | {"code": stack.error_code, "why": stack.error}
            for stack in whole.stacks
            if stack.error
        ],
        "lacking": [{"document_id": document.id, "pages": numbers} for document, numbers in whole.lacking],
        "unread": whole.unread,
        "manifest": {
            "expected": m.expected,
            "received": m.received,
            "kept": m.kept,
            "blanks": m.blanks,
            "separators": m.separators,
            "replaced": m.replaced,
            "accounted": m.accounted,
            "balances": m.balances,
        },
        "pages": [{"page": key, **whole.page(key)} for key in whole.order],
        "documents": [
            {
                "document_id": part.document_id,
                "pages": part.pages,
                "category": part.category or None,
                "contract": part.contract_number or None,
                "customer": part.customer_number or None,
                "duplicate": part.duplicate,
                "status": whole.documents[part.document_id].status if part.document_id in whole.documents else None,
            }
            for part in whole.parts
        ],
    }


def placings_as_json(found: "Placings") -> dict[str, Any]:
    """Return what of a batch goes into which file as plain JSON values."""
    return {
        "unsaid": found.unsaid,
        "documents": [
            {
                "document_id": row.document.id,
                "title": row.document.title or row.document.filename,
                "category": row.document.category or None,
                "contract": row.contract or None,
                "customer": row.customer or None,
                "state": row.state,
                "case_file_id": row.file.id if row.file else None,
                "file": row.file.title if row.file else None,
                "why": row.why or None,
            }
            for row in found.rows
        ],
    }
