"""The transfer list (移交清单, RULES B3) of one event: what both sides of both steps sign for.

What lies in the file is kept when a side signs, without titles: those are read from the documents while there are any, and go
with them. Where a list changed between two signatures, it says so.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.contract_life import CLOCKED
from service.access.policy import Actor
from service.clock import CHINA
from service.errors import NotFound
from service.flow.common.guard import allowed, reach_of_file
from service.flow.common.sight import visible
from service.house import House
from service.records import audit, signing
from service.records.tables import CaseFile, ContractEvent, Document, Transfer

STEPS = ("handler", "archive")
SIGNED = ("hand_over", "accept")


@dataclass(frozen=True)
class Line:
    """One document of a list. title: "" where it was destroyed, or the reader may not read it.

    change: "" when it lay there at every signature; added, removed: it came or went after the first one.
    """

    document_id: str
    category: str
    title: str
    received_on: date
    pages: int
    original: bool
    change: str


@dataclass(frozen=True)
class TransferList:
    """A list with its steps (handler, then archive room) as far as they have begun. draft: nobody has signed yet."""

    number: str
    file: CaseFile
    steps: tuple[Transfer, ...]
    lines: tuple[Line, ...]
    draft: bool

    @property
    def present(self) -> tuple[Line, ...]:
        """The documents the last signature stands for: all but those taken out."""
        return tuple(line for line in self.lines if line.change != "removed")

    @property
    def pages(self) -> int:
        """How many pages these have."""
        return sum(line.pages for line in self.present)

    @property
    def originals(self) -> int:
        """How many of these are originals."""
        return sum(line.original for line in self.present)


def contents(session: Session, case_file_id: str) -> list[dict[str, Any]]:
    """Return what lies in a file now, as a signature keeps it."""
    query = select(Document).where(Document.case_file_id == case_file_id, Document.status != "destroyed")
    return [
        {"document": d.id, "category": d.category, "pages": d.pages, "original": d.is_original}
        for d in session.scalars(query.order_by(Document.received_at, Document.id))
    ]


def sign(house: House, session: Session, row: Transfer, action: str) -> str:
    """Keep what one side signs for, in the caller's transaction: the list as it is now, and a detached signature over it.

    The signature (Ed25519, the archive's key) is over the statement's very bytes; its SHA-256 is returned for the trail, so that the
    confirmation of the person who acted and the list they saw belong together. The statement names digests, no titles.
    """
    listed = contents(session, row.case_file_id)
    rows = session.execute(select(Document.id, Document.sha256).where(Document.case_file_id == row.case_file_id))
    digests = {document_id: digest for document_id, digest in rows}  # noqa: C416 - dict() takes no rows under strict types
    handing = action == "hand_over"
    statement = json.dumps(
        {
            "transfer": row.id,
            "file": row.case_file_id,
            "stage": row.stage,
            "event": row.event_kind,
            "event_on": row.event_on.isoformat(),
            "due_on": row.due_on.isoformat(),
            "act": action,
            "by": row.handed_over_by if handing else row.decided_by,
            "for": row.handed_over_for if handing else None,
            "on": str(row.handed_over_on if handing else row.decided_on),
            "documents": [{**one, "sha256": digests[one["document"]]} for one in listed],
        },
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    signer = signing.ensure(session, house.keys)
    digest = sha256(statement.encode()).hexdigest()
    signature = signing.sign(house.keys, signer, statement.encode())
    kept = {name: value for name, value in row.contents.items() if not handing or name in ("told", "earlier")}
    if handing and "signed" in row.contents:  # it was returned: what was signed then stays what it was
        kept["earlier"] = [*kept.get("earlier", ()), *row.contents["signed"].values()]
    signed = {"statement": statement, "sha256": digest, "public_key": signer.public, "signature": signature}
    row.contents = {**kept, action: listed, "signed": kept.get("signed", {}) | {action: signed}}
    return digest


def signed_lists(session: Session, case_file_id: str) -> list[dict[str, Any]]:
    """Return every statement that was signed for a list of this file, also of what was returned afterwards, each once.

    Each with `statement`, `sha256` of its bytes, `public_key`, `signature`; in the order of the transfers and their steps.
    """
    rows = session.scalars(select(Transfer).where(Transfer.case_file_id == case_file_id))
    found: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (row.event_on, STEPS.index(row.stage), row.id)):
        now = row.contents.get("signed", {})
        for one in [*row.contents.get("earlier", ()), *(now[act] for act in SIGNED if act in now)]:
            found.setdefault(one["sha256"], one)
    return list(found.values())


def signatures(house: House, found: TransferList) -> list[dict[str, Any]]:
    """Return the signatures of a list in their order, each with whether it holds under a key of this archive."""
    with house.database.read() as session:
        ours = signing.trusted(session, house.keys)
    rows = [(row, act, row.contents.get("signed", {}).get(act)) for row in found.steps for act in SIGNED]
    return [
        {
            "transfer_id": row.id,
            "stage": row.stage,
            "act": act,
            **signed,
            "holds": signed["public_key"] in ours
            and signing.is_signed(signed["public_key"], signed["signature"], signed["statement"].encode()),
        }
        for row, act, signed in rows
        if signed
    ]


def transfer_list(house: House, actor: Actor, transfer_id: str) -> TransferList:
    """Return the list that a transfer belongs to, and note the reading. Raises NotFound."""
    with house.database.write() as session:
        asked = session.get(Transfer, transfer_id)
        if asked is None or not allowed(actor, "file.read", reach_of_file(asked.case_file)):
            raise NotFound(f"there is no transfer {transfer_id}")
        file = asked.case_file
        steps = _steps(session, asked)
        kept = [row.contents[word] for row in steps for word in SIGNED if word in row.contents]
        lines = _lines(session, actor, kept or [contents(session, file.id)])
        audit.append(session, actor.name, "transfer.list", f"file:{file.id}", {"transfer": transfer_id})
        return TransferList(_number(session, asked, file), file, steps, lines, draft=not kept)


def _steps(session: Session, asked: Transfer) -> tuple[Transfer, ...]:
    if asked.event_id is None:
        return (asked,)
    rows = session.scalars(select(Transfer).where(Transfer.event_id == asked.event_id))
    return tuple(sorted(rows, key=lambda row: (STEPS.index(row.stage), row.due_on)))


def _number(session: Session, asked: Transfer, file: CaseFile) -> str:
    """The contract's number and which of its events it is, in the order in which they were recorded."""
    if file.contract is None:
        return file.archive_number or file.title
    query = select(ContractEvent.id).where(
        ContractEvent.contract_id == file.contract_id, ContractEvent.kind.in_(CLOCKED)
    )
    events = list(session.scalars(query.order_by(ContractEvent.recorded_at, ContractEvent.id)))
    at = events.index(asked.event_id) + 1 if asked.event_id in events else 0
    return f"{file.contract.number}-{at:02}"


def _lines(session: Session, actor: Actor, kept: list[list[dict[str, Any]]]) -> tuple[Line, ...]:
    first, last = ({row["document"]: row for row in rows} for rows in (kept[0], kept[-1]))
    rows = {row["document"]: row for snapshot in kept for row in snapshot}
    documents = {d.id: d for d in session.scalars(select(Document).where(Document.id.in_(rows)))}
    readable = {d.id for d in session.scalars(visible(select(Document).where(Document.id.in_(rows)), actor))}
    found = []
    for document_id, row in rows.items():
        document = documents[document_id]
        title = (document.title or document.filename) if document_id in readable else ""
        change = "removed" if document_id not in last else "" if document_id in first else "added"
        received_on = document.received_at.astimezone(CHINA).date()
        found.append(Line(document_id, row["category"], title, received_on, row["pages"], row["original"], change))
    return tuple(sorted(found, key=lambda line: [int(n) for n in line.category.split(".") if n]))


def list_as_json(found: TransferList, signed: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a list with its `signatures` as plain JSON values."""
    return {
        "number": found.number,
        "file_id": found.file.id,
        "contract_number": found.file.contract.number if found.file.contract else None,
        "archive_number": found.file.archive_number,
        "title": found.file.title,
        "draft": found.draft,
        "documents": [{**vars(line), "received_on": line.received_on.isoformat()} for line in found.lines],
        "pieces": len(found.present),
        "pages": found.pages,
        "originals": found.originals,
        "signatures": list(signed),
        "steps": [
            {
                "transfer_id": row.id,
                "stage": row.stage,
                "state": row.state,
                "event": row.event_kind,
                "event_on": row.event_on.isoformat(),
                "due_on": row.due_on.isoformat(),
                "handed_over_by": row.handed_over_by,
                "handed_over_for": row.handed_over_for,
                "handed_over_on": row.handed_over_on.isoformat() if row.handed_over_on else None,
                "decided_by": row.decided_by,
                "decided_on": row.decided_on.isoformat() if row.decided_on else None,
                "return_reason": row.return_reason or None,
            }
            for row in found.steps
        ],
    }
