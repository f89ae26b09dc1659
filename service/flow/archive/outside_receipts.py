"""What both sides sign when a file goes to an outside archive: our statement of what was handed over, and their receipt.

Both are JSON signed with Ed25519 over its canonical form (keys sorted, no blanks). An archive without such a key stamps paper:
what stands on it is typed, and its scan is kept here.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.outside import OutsideTransfer, Receipt
from service.access.policy import Actor
from service.errors import BadInput, NotFound
from service.flow.archive.ledger import typed_date
from service.flow.archive.paper_file import paper_of
from service.flow.common.facts import file_facts
from service.flow.common.guard import load_document, require
from service.house import House
from service.records import audit, signing
from service.records.tables import AuditEntry, CaseFile

STATEMENT, RECEIPT = "juanzong transfer 1", "juanzong receipt 1"
MOST = 200
LARGEST_RECEIPT = 64 << 10


def canonical(said: Mapping[str, Any]) -> bytes:
    """Return the bytes that are signed."""
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def signed(house: House, session: Session, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said with this archive's id, key and signature."""
    signer = signing.ensure(session, house.keys)
    whole = {**said, "archive": signing.archive_id(session), "public_key": signer.public}
    return whole | {"signature": signing.sign(house.keys, signer, canonical(whole))}


def statement(
    house: House, session: Session, actor: Actor, transfer: OutsideTransfer, file: CaseFile, *, with_paper: bool
) -> dict[str, Any]:
    """Return what our side says it hands over, signed. with_paper: whether the paper goes with it."""
    facts = file_facts(session, file)
    said = {
        "format": STATEMENT,
        "number": transfer.number,
        "title": file.title,
        "recipient": transfer.recipient,
        "manifest": transfer.manifest,
        "documents": facts.documents,
        "pages": facts.pages,
        "paper": {"handed_over": with_paper, "originals": 0, "copies": 0, "place": "", **paper_of(session, file.id)},
        "by": actor.name,
        "on": house.clock.today().isoformat(),
    }
    return signed(house, session, said)


def statement_holds(statement: Mapping[str, Any]) -> bool:
    """Return whether what our side signed still says what it said."""
    said = {name: value for name, value in statement.items() if name != "signature"}
    return signing.is_signed(str(said.get("public_key", "")), str(statement.get("signature", "")), canonical(said))


def make_receipt(house: House, actor: Actor, manifest: str, received_by: str) -> bytes:
    """Return the signed receipt for a package that was taken in here: what goes back to the archive it came from.

    manifest: SHA-256 of the package's manifest, as its import notes it. Raises BadInput, NotFound (no such import), NotAllowed.
    """
    require(actor, "file.archive")
    if not 0 < len(received_by.strip()) <= MOST:
        why = f"is needed, at most {MOST} characters"
        raise BadInput(f"received_by: {why}", {"received_by": why})
    with house.database.write() as session:
        number = _imported(session, manifest)
        said = {
            "format": RECEIPT,
            "manifest": manifest,
            "number": number,
            "received_by": received_by.strip(),
            "received_on": house.clock.today().isoformat(),
        }
        whole = signed(house, session, said)
        audit.append(session, actor.name, "package.receipt", f"package:{manifest[:40]}", {"archive_number": number})
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def _imported(session: Session, manifest: str) -> str:
    query = select(AuditEntry.detail).where(AuditEntry.action == "file.import", AuditEntry.detail.contains(manifest))
    for detail in session.scalars(query):
        found = json.loads(detail)
        if found.get("package") == manifest:
            return str(found.get("archive_number") or "")
    raise NotFound("no package of this manifest was taken in here")


def read_receipt(data: bytes) -> Receipt:
    """Return a signed receipt that holds. Raises BadInput for anything else."""
    try:
        said = json.loads(data[: LARGEST_RECEIPT + 1])
        signature = str(said.pop("signature"))
        known = said["format"] == RECEIPT and signing.is_signed(str(said["public_key"]), signature, canonical(said))
        wrong: dict[str, str] = {}
        day = typed_date(wrong, "received_on", str(said["received_on"]))
        by, number = str(said["received_by"])[:MOST], str(said["number"])[:MOST]
        receipt = (
            None
            if day is None
            else Receipt("signed", str(said["manifest"]), by, day, number, "", str(said["public_key"]), signature)
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        known, receipt = False, None
    if not known or receipt is None:
        raise BadInput(
            "receipt: is no signed receipt, or was changed", {"receipt": "is no signed receipt, or was changed"}
        )
    return receipt


def paper_receipt(
    session: Session, actor: Actor, manifest: str, by: str, on: str, number: str, document_id: str
) -> Receipt:
    """Return what a stamped receipt says, typed from it. document_id: its scan, which is kept here. Raises BadInput, NotFound."""
    wrong: dict[str, str] = {}
    day = typed_date(wrong, "on", on)
    if day is None:
        wrong.setdefault("on", "a date YYYY-MM-DD")
    for name, text in (("by", by), ("number", number), ("document_id", document_id)):
        if not 0 < len(text.strip()) <= MOST:
            wrong[name] = f"is needed, at most {MOST} characters"
    if wrong or day is None:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    document = load_document(session, actor, document_id.strip())
    return Receipt("paper", manifest.strip().lower(), by.strip(), day, number.strip(), document.id)
