"""The four checks (四性检测, DA/T 70, RULES Part B) of a case file: at its transfer, at archiving, on a yearly sample, on demand.

Every document is opened to its last byte, inspected and scanned anew; what was seen is judged by `retention.four_checks` and kept.
A file that fails is archived only with an exception for these very failures, asked by one person and approved by another.
"""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session, selectinload

from intake.errors import Rejected
from intake.inspect import inspect
from intake.signatures import parted
from retention.four_checks import CHECKS, Finding, SeenDocument, SeenFile, by_check, failures, judge, uncovered
from service.access.policy import Actor
from service.errors import KNOWN_ERRORS, BadInput, NotFound, RuleRefused
from service.flow.archive.filing import file_completeness
from service.flow.common.guard import load_file, lock_file
from service.flow.common.malware import demand_clean
from service.flow.common.original import MAX_REASON
from service.flow.common.values import values_of
from service.flow.intake.originals import original_on_disk
from service.house import House
from service.records import audit
from service.records.tables import (
    AuditEntry,
    CaseFile,
    CheckException,
    CheckRun,
    Contract,
    Document,
    Rendition,
    Transfer,
    WrappedKey,
)
from vault.errors import ObjectDamaged, ObjectMissing

OCCASIONS = ("transfer", "archiving", "yearly", "demand")
_ABOUT_THE_CONTRACT = "1.9"
_METADATA = ("category", "media_type", "received_by", "sha256")


@dataclass(frozen=True)
class Checked:
    """A run of the checks as a person sees it. findings: in the order of the checks."""

    run: CheckRun
    findings: tuple[Finding, ...]

    @property
    def results(self) -> dict[str, str]:
        """The worst result of each check, in their order."""
        return {**by_check(self.findings)}


def check_file(house: House, actor: Actor, case_file_id: str) -> Checked:
    """Run the four checks because somebody wants to know, and keep what they found.

    Raises NotFound, NotAllowed, RuleRefused (destroyed), StoreUnavailable, EngineUnavailable (the scanner does not answer).
    """
    with house.database.read() as session:
        load_file(session, actor, case_file_id, "check.run")
    return run_checks(house, actor, case_file_id, "demand")


def run_checks(house: House, actor: Actor, case_file_id: str, occasion: str, transfer_id: str | None = None) -> Checked:
    """Run the checks for a flow that has decided that its actor may. Raises as `check_file`."""
    with house.database.read() as session:
        file = session.get_one(CaseFile, case_file_id)
        if file.state == "destroyed":
            raise RuleRefused("the file was destroyed; only its stub remains")
        query = select(Document).where(Document.case_file_id == case_file_id, Document.status != "destroyed")
        documents = list(session.scalars(query.options(selectinload(Document.fields)).order_by(Document.id)))
        known = _known(session, documents)
        missing = file_completeness(session, file).missing
        unlisted, gone = _against_the_list(session, case_file_id, [d.id for d in documents])
        contract = file.contract
    # No transaction is open while objects are fetched: the store may be slow, and a file large.
    seen = tuple(_look(house, document, known[document.id], contract) for document in documents)
    findings = judge(SeenFile(seen, missing, unlisted, gone))
    counted = Counter(by_check(findings).values())
    with house.database.write() as session:
        run = CheckRun(
            case_file_id=case_file_id,
            occasion=occasion,
            transfer_id=transfer_id,
            documents=[d.id for d in documents],
            findings=[finding.to_dict() for finding in findings],
            failed=counted["fail"],
            noticed=counted["notice"],
            ran_by=actor.name,
            ran_at=house.clock.now(),
        )
        session.add(run)
        session.flush()
        detail = {"run": run.id, "occasion": occasion, "failed": run.failed, "noticed": run.noticed}
        audit.append(session, actor.name, "file.check", f"file:{case_file_id}", detail)
    return Checked(run, findings)


@dataclass(frozen=True)
class _Known:
    """What the database knows of a document beside its row."""

    received: frozenset[str]
    images: int
    has_key: bool


def _known(session: Session, documents: list[Document]) -> dict[str, _Known]:
    ids = [document.id for document in documents]
    images = select(Rendition.document_id, Rendition.page).where(
        Rendition.document_id.in_(ids), Rendition.kind == "page-image", Rendition.state == "kept"
    )
    counted = Counter(document_id for document_id, _page in session.execute(images.distinct()))
    keys = set(session.scalars(select(WrappedKey.document_id).where(WrappedKey.document_id.in_(ids))))
    told: dict[str, set[str]] = {}
    entries = select(AuditEntry.subject, AuditEntry.detail).where(
        AuditEntry.subject.in_([f"document:{i}" for i in ids]), AuditEntry.action == "document.receive"
    )
    for subject, detail in session.execute(entries):
        told.setdefault(subject.partition(":")[2], set()).add(str(json.loads(detail).get("sha256", "")))
    return {i: _Known(frozenset(told.get(i, ())), counted[i], i in keys) for i in ids}


def _against_the_list(session: Session, case_file_id: str, now: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what came and what went since the newest transfer list of the file was signed."""
    rows = session.scalars(select(Transfer).where(Transfer.case_file_id == case_file_id))
    signed = [
        (row.decided_on or row.handed_over_on, row.stage == "archive", kept)
        for row in rows
        if (kept := row.contents.get("accept") or row.contents.get("hand_over")) is not None
    ]
    if not signed:
        return (), ()
    listed = [line["document"] for line in max(signed, key=lambda row: (str(row[0]), row[1]))[2]]
    return tuple(i for i in now if i not in listed), tuple(i for i in listed if i not in now)


def _look(house: House, document: Document, known: _Known, contract: Contract | None) -> SeenDocument:
    """Open one document and look at it anew. Raises StoreUnavailable, EngineUnavailable."""
    trouble, same, pages, scanned = "", True, document.pages, "clean" if house.settings.clamd else "unscanned"
    if known.has_key:
        try:
            with original_on_disk(house, document.id) as path:
                found = inspect(path, house.limits, house.reader.look)
                same, pages = found.sha256 == document.sha256, found.pages
                demand_clean(house, path)
        except Rejected as error:
            trouble = error.code
        except (ObjectMissing, NoResultFound):
            trouble = "missing"
        except ObjectDamaged:
            trouble = "damaged"
    reasons = Counter(reason.partition(":")[0] for reason in document.review_reasons)
    return SeenDocument(
        id=document.id,
        trail=document.sha256 in known.received,
        trouble=trouble,
        same_bytes=same,
        pages=document.pages,
        pages_in_file=pages,
        images=known.images
        if document.pages_read
        else document.pages,  # before it was read there are none: `readable` says it
        signatures=tuple(said[0] for note in document.notes if (said := parted(note))),
        agrees=_agrees(document, contract),
        attachments_refused=reasons["attachment_refused"],
        lacks=tuple(name for name in _METADATA if not getattr(document, name)),
        status=document.status,
        unread_pages=reasons["unread"],
        kept=document.preservation,
        scanned=scanned,
        active="macros" in document.notes,
        has_key=known.has_key,
    )


def _agrees(document: Document, contract: Contract | None) -> bool | None:
    """Return whether what was read from the contract itself agrees with its row in the ledger; None when it says nothing of it."""
    if contract is None or document.category != _ABOUT_THE_CONTRACT:
        return None
    values = values_of(document)
    parties = {values[name] for name in ("party_a", "party_b") if values.get(name)}
    number = values.get("contract_number", "")
    said = []
    if parties:
        said.append(contract.counterparty in parties)
    if number and contract.printed_number:
        said.append(number in (contract.printed_number, contract.number))
    return all(said) if said else None


# --- at transfer ---


def check_transfer(house: House, actor: Actor, case_file_id: str, transfer_id: str) -> None:
    """Run the checks of a transfer unless they were run, so that the receiving side sees them before it signs.

    The transfer itself stands: what hinders the checks now (a store that is down) is no reason to undo a signature; archiving
    runs them again.
    """
    with house.database.read() as session:
        done = session.scalar(select(CheckRun.id).where(CheckRun.transfer_id == transfer_id).limit(1))
    if done is None:
        try:
            run_checks(house, actor, case_file_id, "transfer", transfer_id)
        except KNOWN_ERRORS:
            return


# --- at archiving ---


def demand_passed(session: Session, file: CaseFile, checked: Checked) -> str | None:
    """Let a file be archived whose checks, made a moment ago, passed, or whose failures an approved exception names.

    Returns the exception's id, None where none was needed. Raises RuleRefused, naming the checks.
    """
    query = select(Document.id).where(Document.case_file_id == file.id, Document.status != "destroyed")
    if set(session.scalars(query)) != set(checked.run.documents):
        raise RuleRefused("the file changed while it was checked; archive it again")
    failed = failures(checked.findings)
    if not failed:
        return None
    approved = select(CheckException).where(
        CheckException.case_file_id == file.id, CheckException.approved_by.is_not(None)
    )
    for exception in session.scalars(approved.order_by(CheckException.asked_at.desc())):
        if not uncovered(failed, [(check, document) for check, document in exception.failures]):
            return exception.id
    names = ", ".join(dict.fromkeys(check for check, _document in failed))
    raise RuleRefused(
        f"the four checks of the file found faults: {names}; mend them, or record an exception that a second person approves"
    )


def ask_exception(house: House, actor: Actor, case_file_id: str, reason: str) -> CheckException:
    """Ask that a file be archived in spite of the failures of its newest run. Raises BadInput, NotFound, NotAllowed, RuleRefused."""
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        why = f"is needed, at most {MAX_REASON} characters"
        raise BadInput(f"reason: {why}", {"reason": why})
    with house.database.write() as session:
        file = load_file(session, actor, case_file_id, "check.except")
        lock_file(session, file)
        run = _newest(session, case_file_id)
        failed = failures(_findings(run)) if run is not None else ()
        if run is None or not failed:
            raise RuleRefused("the newest checks of the file found no fault; there is nothing to except")
        exception = CheckException(
            case_file_id=case_file_id,
            run_id=run.id,
            failures=[list(row) for row in failed],
            reason=reason,
            asked_by=actor.name,
            asked_at=house.clock.now(),
        )
        session.add(exception)
        session.flush()
        detail = {"exception": exception.id, "checks": sorted({check for check, _ in failed}), "reason": reason}
        audit.append(session, actor.name, "file.except", f"file:{case_file_id}", detail)
        return exception


def approve_exception(house: House, actor: Actor, case_file_id: str, exception_id: str) -> None:
    """Approve an exception, as a second person. Raises NotFound, NotAllowed, RuleRefused."""
    with house.database.write() as session:
        load_file(session, actor, case_file_id, "check.except")
        exception = session.get(CheckException, exception_id, with_for_update=True)
        if exception is None or exception.case_file_id != case_file_id:
            raise NotFound(f"there is no exception {exception_id}")
        if exception.approved_by is not None:
            raise RuleRefused("the exception was approved already")
        if exception.asked_by == actor.name:
            raise RuleRefused("you asked for this exception; a second person approves it")
        exception.approved_by, exception.approved_at = actor.name, house.clock.now()
        detail = {"exception": exception_id, "asked_by": exception.asked_by}
        audit.append(session, actor.name, "file.except_approve", f"file:{case_file_id}", detail)


# --- what is shown ---


@dataclass(frozen=True)
class ChecksOfFile:
    """All runs of a file, the newest first, and the exceptions."""

    runs: tuple[Checked, ...]
    exceptions: tuple[CheckException, ...]


def checks_of(house: House, actor: Actor, case_file_id: str) -> ChecksOfFile:
    """Return what the four checks of a file found, ever. Raises NotFound."""
    with house.database.read() as session:
        load_file(session, actor, case_file_id)
        runs = session.scalars(
            select(CheckRun).where(CheckRun.case_file_id == case_file_id).order_by(CheckRun.ran_at.desc(), CheckRun.id)
        )
        exceptions = session.scalars(
            select(CheckException)
            .where(CheckException.case_file_id == case_file_id)
            .order_by(CheckException.asked_at.desc(), CheckException.id)
        )
        return ChecksOfFile(tuple(Checked(run, _findings(run)) for run in runs), tuple(exceptions))


def _newest(session: Session, case_file_id: str) -> CheckRun | None:
    query = select(CheckRun).where(CheckRun.case_file_id == case_file_id)
    return session.scalar(query.order_by(CheckRun.ran_at.desc(), CheckRun.id).limit(1))


def _findings(run: CheckRun) -> tuple[Finding, ...]:
    return tuple(Finding.from_dict(row) for row in run.findings)


def run_as_json(checked: Checked) -> dict[str, Any]:
    """Return a run as plain JSON values: every check by its aspect and name, with its result and its evidence."""
    run = checked.run
    return {
        "id": run.id,
        "file_id": run.case_file_id,
        "occasion": run.occasion,
        "ran_by": run.ran_by,
        "ran_at": run.ran_at.isoformat(),
        "documents": len(run.documents),
        "failed": run.failed,
        "noticed": run.noticed,
        "checks": [
            {
                "aspect": CHECKS[f.check],
                "check": f.check,
                "result": f.result,
                "document_id": f.document or None,
                "evidence": {"zh": f.why.zh, "en": f.why.en},
            }
            for f in checked.findings
        ],
    }


def exception_as_json(exception: CheckException) -> dict[str, Any]:
    """Return an exception as plain JSON values."""
    return {
        "id": exception.id,
        "run_id": exception.run_id,
        "failures": [{"check": check, "document_id": document or None} for check, document in exception.failures],
        "reason": exception.reason,
        "asked_by": exception.asked_by,
        "asked_at": exception.asked_at.isoformat(),
        "approved_by": exception.approved_by,
        "approved_at": exception.approved_at.isoformat() if exception.approved_at else None,
    }
