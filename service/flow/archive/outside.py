"""Transfer to an outside archive (向档案馆移交): the package that goes, the receipt that comes, and what then leaves here.

Which step may follow which says `retention/outside.py`. The file stands as `leaving` from the review's execution on and is not
changed, lent or destroyed meanwhile; its electronic part goes only after its receipt was verified, the stub stays for ever.
"""

import logging
from dataclasses import asdict, dataclass, replace
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.appraisal import Review
from retention.blockers import Block, blocks
from retention.destruction import register_rows
from retention.errors import DestructionBlocked
from retention.outside import ACTS, CLOSED, OutsideTransfer, Receipt
from retention.why import because
from service.access.policy import Actor
from service.errors import KNOWN_ERRORS, BadInput, NotFound, RuleRefused
from service.flow.archive import erase
from service.flow.archive.erase import Proof, destroy_keys
from service.flow.archive.outside_receipts import MOST, paper_receipt, read_receipt, statement, statement_holds
from service.flow.archive.packages import Bag, export_package
from service.flow.common.facts import file_facts
from service.flow.common.guard import allowed, listing, lock_file, reach_of_file, require
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import CaseFile, Document, OutsideTransferRecord, ReviewRecord

log = logging.getLogger("juanzong.outside")

#: act -> the action of the access decision
_NEEDS = dict.fromkeys(ACTS, "outside.work") | {"verify": "outside.verify", "refuse": "outside.verify"}


@dataclass(frozen=True)
class OutsideView:
    """A transfer as a person sees it. may: the acts this person can do now; blocks: what stands against it today."""

    record: OutsideTransferRecord
    transfer: OutsideTransfer
    file: CaseFile
    may: frozenset[str]
    blocks: tuple[Block, ...]


def transfers_out(
    house: House, actor: Actor, *, open_only: bool = False, limit: int = 100, offset: int = 0
) -> tuple[int, list[OutsideView]]:
    """Return how many transfers the actor may see, and one page of them, the newest first; the reading is noted. Raises NotAllowed."""
    require(actor, "outside.read")
    with listing(house, actor, "outside") as session:
        query = select(OutsideTransferRecord).order_by(
            OutsideTransferRecord.created_at.desc(), OutsideTransferRecord.id
        )
        if open_only:
            query = query.where(OutsideTransferRecord.state.not_in(CLOSED))
        seen = []
        for row, file in session.execute(query.add_columns(CaseFile).join(CaseFile)):
            if allowed(actor, "outside.read", reach_of_file(file)):
                seen.append(OutsideView(row, OutsideTransfer.from_dict(row.data), file, frozenset(), ()))
        return len(seen), seen[offset : offset + limit]


def transfer_out(house: House, actor: Actor, transfer_id: str) -> OutsideView:
    """Return one transfer with what this person may do next, and note the reading. Raises NotFound, NotAllowed."""
    with house.database.write() as session:
        row, transfer, file = _load(session, actor, transfer_id, "outside.read", lock=False)
        audit.append(session, actor.name, "outside.view", f"outside:{transfer_id}")
        against = () if transfer.state in CLOSED else _against(house, session, file)
        return OutsideView(row, transfer, file, _may(actor, transfer, file), against)


def outside_of(house: House, case_file_id: str) -> OutsideTransferRecord | None:
    """Return the latest transfer of a file to an outside archive; the caller has asked who may see the file."""
    with house.database.read() as session:
        query = select(OutsideTransferRecord).where(OutsideTransferRecord.case_file_id == case_file_id)
        return session.scalar(query.order_by(OutsideTransferRecord.created_at.desc()).limit(1))


def _may(actor: Actor, transfer: OutsideTransfer, file: CaseFile) -> frozenset[str]:
    reach, state = reach_of_file(file), transfer.state
    found = {act for act, (origins, _to) in ACTS.items() if state in origins and allowed(actor, _NEEDS[act], reach)}
    if actor.name in (transfer.by("hand_over"), transfer.by("receipt")):
        found.discard("verify")
    if actor.name == transfer.by("verify"):
        found.discard("remove")
    return frozenset(found - {"finish"})


def _load(
    session: Session, actor: Actor, transfer_id: str, action: str, *, lock: bool = True
) -> tuple[OutsideTransferRecord, OutsideTransfer, CaseFile]:
    require(actor, action)
    row = session.get(OutsideTransferRecord, transfer_id, with_for_update=lock or None)
    if row is None:
        raise NotFound(f"there is no transfer {transfer_id} to an outside archive")
    file = session.get_one(CaseFile, row.case_file_id)
    if not allowed(actor, "outside.read", reach_of_file(file)):
        raise NotFound(f"there is no transfer {transfer_id} to an outside archive")
    require(actor, action, reach_of_file(file))
    if lock:
        lock_file(session, file)
    return row, OutsideTransfer.from_dict(row.data), file


def _store(
    session: Session, actor_name: str, row: OutsideTransferRecord, transfer: OutsideTransfer, act: str, **detail: Any
) -> None:
    row.data, row.state = transfer.to_dict(), transfer.state
    audit.append(session, actor_name, f"outside.{act}", f"outside:{row.id}", {"number": transfer.number, **detail})


def _against(house: House, session: Session, file: CaseFile) -> tuple[Block, ...]:
    """Return what stands against letting a file go today: the same as against its destruction."""
    return tuple(blocks(replace(file_facts(session, file), state="archived"), house.clock.today()))


def _demand_free(house: House, session: Session, transfer: OutsideTransfer, file: CaseFile) -> None:
    """Raise DestructionBlocked for a hold, a loan or a date; RuleRefused where the file is not what was packed any more."""
    against = _against(house, session, file)
    if against:
        raise DestructionBlocked(f"{transfer.number}: {against[0].why}")
    if _originals(session, file) != dict(transfer.documents):
        raise RuleRefused(f"file {transfer.number} is not what was packed; make its package anew")


def _originals(session: Session, file: CaseFile) -> dict[str, str]:
    living = Document.status.not_in(("receiving", "destroyed"))
    query = select(Document.id, Document.sha256).where(Document.case_file_id == file.id, living)
    return {row.id: row.sha256 for row in session.execute(query)}


def pack(house: House, actor: Actor, transfer_id: str, recipient: str, key: str, target: BinaryIO) -> Bag:
    """Write the package of the file into `target` and note for which archive. key: its public key, "" when it receipts on paper.

    Made anew it replaces the one before. Raises BadInput, NotFound, NotAllowed, TransitionRefused, DestructionBlocked (a hold, a
    loan), and as `export_package`.
    """
    recipient, key, wrong = recipient.strip(), key.strip().lower(), {}
    if not 0 < len(recipient) <= MOST:
        wrong["recipient"] = f"is needed, at most {MOST} characters"
    if key and (len(key) != 64 or not set(key) <= set("0123456789abcdef")):
        wrong["key"] = "a public key is 64 hexadecimal digits"
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    with house.database.write() as session:
        _row, transfer, file = _load(session, actor, transfer_id, "outside.work")
        against = _against(house, session, file)
        if against:
            raise DestructionBlocked(f"{transfer.number}: {against[0].why}")
        transfer.pack(
            actor.name, recipient, key, "-", {"-": "-"}, house.clock.today()
        )  # refused before anything is written
        file_id = file.id
    bag = export_package(house, actor, file_id, target)
    with house.database.write() as session:
        row, transfer, file = _load(session, actor, transfer_id, "outside.work")
        if _originals(session, file) != bag.originals:
            raise RuleRefused(f"file {transfer.number} is not what was packed; make its package anew")
        transfer.pack(actor.name, recipient, key, bag.manifest, bag.originals, house.clock.today())
        _store(session, actor.name, row, transfer, "pack", recipient=recipient, package=bag.manifest)
    return bag


def hand_over(house: House, actor: Actor, transfer_id: str, *, with_paper: bool) -> dict[str, Any]:
    """Sign for our side that the package, and the paper with it or not, was handed over; returns the signed statement.

    Raises NotFound, NotAllowed, TransitionRefused, DestructionBlocked, RuleRefused (the file is not what was packed).
    """
    with house.database.write() as session:
        row, transfer, file = _load(session, actor, transfer_id, "outside.work")
        transfer.hand_over(actor.name, house.clock.today())
        _demand_free(house, session, transfer, file)
        row.statement = statement(house, session, actor, transfer, file, with_paper=with_paper)
        detail = {
            "recipient": transfer.recipient,
            "package": transfer.manifest,
            "signature": row.statement["signature"],
        }
        _store(session, actor.name, row, transfer, "hand_over", **detail)
        return row.statement


def enter_receipt(house: House, actor: Actor, transfer_id: str, data: bytes) -> None:
    """Enter the receipt the other archive signed. Raises BadInput, NotFound, NotAllowed, TransitionRefused (for another package, of another archive)."""
    require(actor, "outside.work")
    receipt = read_receipt(data)
    with house.database.write() as session:
        row, transfer, _file = _load(session, actor, transfer_id, "outside.work")
        _enter(house, session, actor, row, transfer, receipt)


def enter_paper_receipt(
    house: House, actor: Actor, transfer_id: str, *, manifest: str, by: str, on: str, number: str, document_id: str
) -> None:
    """Enter a receipt on paper as it is stamped; its scan lies outside the file. Raises as `enter_receipt`."""
    with house.database.write() as session:
        row, transfer, file = _load(session, actor, transfer_id, "outside.work")
        receipt = paper_receipt(session, actor, manifest, by, on, number, document_id)
        if receipt.document_id in _originals(session, file):
            why = "the scan of the receipt stays here; put it into no file that leaves"
            raise BadInput(f"document_id: {why}", {"document_id": why})
        _enter(house, session, actor, row, transfer, receipt)


def _enter(
    house: House,
    session: Session,
    actor: Actor,
    row: OutsideTransferRecord,
    transfer: OutsideTransfer,
    receipt: Receipt,
) -> None:
    transfer.enter_receipt(actor.name, receipt, house.clock.today())
    detail = {"kind": receipt.kind, "by": receipt.by, "receipt": receipt.number, "document": receipt.document_id}
    _store(session, actor.name, row, transfer, "receipt", **detail)


def refuse(house: House, actor: Actor, transfer_id: str, reason: str) -> None:
    """Find that the receipt does not hold; another one is asked for. Raises NotFound, NotAllowed, TransitionRefused."""
    with house.database.write() as session:
        row, transfer, _file = _load(session, actor, transfer_id, "outside.verify")
        transfer.refuse(actor.name, reason[:500], house.clock.today())
        _store(session, actor.name, row, transfer, "refuse", reason=reason.strip()[:500])


def verify(house: House, actor: Actor, transfer_id: str) -> None:
    """Confirm, as a second person, that both signatures hold and are for this package, and that the file is still what was packed.

    Raises NotFound, NotAllowed, TransitionRefused, DestructionBlocked, RuleRefused (a signature does not hold).
    """
    with house.database.write() as session:
        row, transfer, file = _load(session, actor, transfer_id, "outside.verify")
        transfer.verify(actor.name, house.clock.today())
        _demand_signed(row, transfer)
        _demand_free(house, session, transfer, file)
        _store(session, actor.name, row, transfer, "verify", package=transfer.manifest)


def _demand_signed(row: OutsideTransferRecord, transfer: OutsideTransfer) -> None:
    receipt, said = transfer.receipt, row.statement
    ours = statement_holds(said) and said.get("manifest") == transfer.manifest
    if receipt is None or not ours or receipt.manifest != transfer.manifest:
        raise RuleRefused(f"the signatures on the transfer of {transfer.number} do not hold")


def cancel(house: House, actor: Actor, transfer_id: str, reason: str) -> None:
    """End the transfer, with a reason; the file is kept on and may be appraised again. Raises NotFound, NotAllowed, TransitionRefused."""
    with house.database.write() as session:
        row, transfer, file = _load(session, actor, transfer_id, "outside.work")
        transfer.cancel(actor.name, reason[:500], house.clock.today())
        file.state = "archived"
        _store(session, actor.name, row, transfer, "cancel", reason=reason.strip()[:500])


def remove(house: House, actor: Actor, transfer_id: str) -> Proof:
    """Remove what is here in electronic form, checked again at this moment; the stub stays. Broken off half-way it is finished later.

    Raises NotFound, NotAllowed, TransitionRefused, DestructionBlocked, RuleRefused, StoreUnavailable, IndexUnavailable (then the
    keys are gone already; the rest follows when the service is back).
    """
    with house.database.write() as session:
        row, transfer, file = _load(session, actor, transfer_id, "outside.work")
        transfer.remove(actor.name, house.clock.today())
        _demand_signed(row, transfer)
        _demand_free(house, session, transfer, file)
        _store(session, actor.name, row, transfer, "remove", recipient=transfer.recipient)
        line = asdict(_line(house, session, transfer, file, row.review_id))
        destroy_keys(session, actor.name, file, row.review_id, line)
    return _finish(house, actor, transfer_id)


def _line(house: House, session: Session, transfer: OutsideTransfer, file: CaseFile, review_id: str) -> Any:
    review = Review.from_dict(session.get_one(ReviewRecord, review_id).data)
    facts = {file.id: file_facts(session, file)}
    (line,) = register_rows(review, facts, house.clock.today(), files=[file.id])
    receipt = transfer.receipt
    number = receipt.number if receipt and receipt.number else transfer.manifest[:16]
    return replace(line, remark=because("left", recipient=transfer.recipient, receipt=number).zh)


def _finish(house: House, actor: Actor, transfer_id: str) -> Proof:
    with house.database.read() as session:
        file_id = session.get_one(OutsideTransferRecord, transfer_id).case_file_id
    proof = erase.finish(house, actor.name, [file_id])[file_id]
    if proof.ok:
        with house.database.write() as session:
            row = session.get_one(OutsideTransferRecord, transfer_id, with_for_update=True)
            transfer = OutsideTransfer.from_dict(row.data)
            if transfer.state == "removing":
                transfer.finish(actor.name, max(house.clock.today(), transfer.signatures[-1].on))
                _store(session, actor.name, row, transfer, "finish", **vars(proof))
    return proof


def resume(house: House) -> int:
    """Finish removals that were broken off; returns how many. One that cannot go on now holds up no other."""
    with house.database.read() as session:
        query = select(OutsideTransferRecord.id).where(OutsideTransferRecord.state == "removing")
        broken = list(session.scalars(query.order_by(OutsideTransferRecord.created_at)))
    done = 0
    for transfer_id in broken:
        try:
            _finish(house, SYSTEM, transfer_id)
            done += 1
        except KNOWN_ERRORS as error:
            log.warning("the removal of %s waits: %s", transfer_id, error)
    return done


def as_json(view: OutsideView) -> dict[str, Any]:
    """Return a transfer as plain JSON values."""
    said = view.transfer.to_dict()
    return {
        "id": view.record.id,
        "file_id": view.file.id,
        "archive_number": view.file.archive_number,
        "title": view.file.title,
        "review_id": view.record.review_id,
        "state": view.transfer.state,
        "recipient": said["recipient"],
        "public_key": said["key"],
        "manifest": said["manifest"],
        "statement": view.record.statement or None,
        "receipt": said["receipt"],
        "signatures": said["signatures"],
        "may": sorted(view.may),
        "blocks": [{"kind": b.kind, "why": {"zh": b.why.zh, "en": b.why.en}} for b in view.blocks],
    }
