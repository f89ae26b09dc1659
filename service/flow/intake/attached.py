"""What is attached to a message, embedded in a PDF or attached to an OFD becomes documents of its own, that can be filed each in its place.

In what follows each of these is a message. The same message read twice attaches nothing twice: the same bytes are one document. A message within a message is a document
whose attachments are taken in turn, four messages deep and no deeper.
"""

import hashlib
import io
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import String, cast, func, or_, select
from sqlalchemy.orm import Session

from intake.errors import Rejected
from intake.formats.mail import attachments
from intake.formats.names import plain_name
from intake.formats.signatures import kind_of
from intake.model import Attachment
from service.access.policy import TIERS, Actor
from service.errors import AttachmentBusy
from service.flow.common.guard import allowed, reach_of
from service.flow.common.heritage import ATTACHMENT, LETTER, may_carry, raise_attached
from service.flow.common.index import index_soon
from service.flow.intake.made import CHANNEL as MADE
from service.flow.intake.receive import receive
from service.flow.intake.sealing import OfDocument
from service.house import SYSTEM, House
from service.records.tables import Document

_DEEPEST = 4
_MOST_INSIDE = 200
_WITHIN = "within:"
log = logging.getLogger("juanzong.attached")


def receive_attached(house: House, hold: OfDocument, message: Path, kind: str) -> list[str]:
    """Receive the attachments of a message that is being read; returns review reasons for those that are refused.

    They are as confidential as the message, and belong where it lies. What no document can be made of and a PDF or OFD holds, the data of an
    invoice, say, stays in there and is no reason: it lacks nowhere, but in a portfolio, which is nothing but what is in it. What was destroyed
    under the rules stays so. What the archive made itself has nothing in it that came from outside.
    Of all that is inside the outermost file and what is in there, so many are received: packed in one another they would be millions.
    hold: of who reads it, which is kept up. Raises StoreUnavailable, DatabaseUnavailable, EngineUnavailable, AttachmentBusy, Superseded.
    """
    document_id = hold.document_id
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        if document.channel == MADE or not may_carry(document):
            return []
        chain = _chain(session, document)
        batch, by, reach = document.batch, document.received_by, reach_of(document)
        is_paper = kind != "eml" and "portfolio" not in document.notes
        # Those within it were counted when they came.
        room = _MOST_INSIDE - _inside(session, chain[-1]) if len(chain) > 1 else _MOST_INSIDE
    actor, reasons = Actor(by, owner=True), list[str]()
    for item in _found(house, message, kind):
        hold.renew()
        if _was_destroyed(house, item, document_id):
            continue
        if len(chain) > _DEEPEST or room <= 0:
            reasons.append(f"attachment_refused:{item.name}")
            continue
        try:
            received = receive(
                house,
                actor,
                io.BytesIO(item.data),
                plain_name(item.name),
                channel=ATTACHMENT,
                batch=batch,
                department_id=reach.department_id,
                tier=reach.tier,
                note={"from": document_id},
            )
        except Rejected as error:
            if error.code == "busy":
                raise AttachmentBusy(f"{item.name}: {error}") from error
            log.info("an attachment of %s is refused: %s", document_id, error)
            if is_paper and item.data and not _is_known(item):
                continue
            reasons.append(f"attachment_refused:{item.name}")
        else:
            _remember(house, received.document_id, chain)
            room -= 1
    return reasons


def _found(house: House, message: Path, kind: str) -> Iterator[Attachment]:
    """Yield what is inside a message, looked for where a hostile one harms nobody; one that is damaged yields what comes before."""
    if kind == "eml":
        yield from attachments(message)
        return
    try:
        yield from house.reader.attached(message, kind, house.limits)
    except Rejected as error:
        log.info("what is attached cannot be taken out any further: %s", error)
        yield Attachment("?", b"")


def _is_known(item: Attachment) -> bool:
    """Return whether the archive takes files of this kind, though it may not take this one."""
    try:
        kind_of(io.BytesIO(item.data))
    except Rejected as error:
        return error.code != "unsupported"
    return True


def _was_destroyed(house: House, item: Attachment, message_id: str) -> bool:
    """Return whether a document of these bytes, which came in this message, was destroyed."""
    with house.database.read() as session:
        same = select(Document.notes).where(
            Document.sha256 == hashlib.sha256(item.data).hexdigest(), Document.status == "destroyed"
        )
        return any(f"{LETTER}{message_id}" in notes for notes in session.scalars(same))


def attached_to(house: House, actor: Actor, document_id: str) -> list[tuple[str, str]]:
    """Return id and file name of the documents that came attached to this message and that the actor may read, in order."""
    mark = f"{LETTER}{document_id}"
    with house.database.read() as session:
        came = (cast(Document.notes, String).contains(mark), Document.status != "destroyed")
        found = select(Document).where(*came).order_by(Document.received_at)
        return [(d.id, d.filename) for d in session.scalars(found) if allowed(actor, "document.read", reach_of(d))]


def _remember(house: House, attached_id: str, chain: Sequence[str]) -> None:
    """Note to what it is attached, and in what that came; where somebody made the message more confidential meanwhile, it follows."""
    raised, message_id, outermost = [], chain[0], chain[-1]
    with house.database.write() as session:
        message = session.get(Document, message_id, with_for_update={"of": Document})
        attached = session.get(Document, attached_id, with_for_update={"of": Document})
        mark = f"{LETTER}{message_id}"
        if attached is not None and mark not in attached.notes and attached_id != message_id:
            attached.notes = [*attached.notes, mark, *([f"{_WITHIN}{outermost}"] if len(chain) > 1 else [])]
            if message is not None and TIERS.index(attached.tier) < TIERS.index(reach_of(message).tier):
                raised = raise_attached(session, SYSTEM.name, message)
    index_soon(house, raised)


def _chain(session: Session, document: Document) -> list[str]:
    """Return the ids of this document and of the messages it came in, the outermost last."""
    seen: list[str] = []
    outer: Document | None = document
    while outer is not None and outer.id not in seen and len(seen) <= _DEEPEST:
        seen.append(outer.id)
        parents = [note.removeprefix(LETTER) for note in outer.notes if note.startswith(LETTER)]
        outer = session.get(Document, parents[0]) if parents else None
    return seen


def _inside(session: Session, outermost: str) -> int:
    """Return how many documents came in a file, at any depth."""
    notes = cast(Document.notes, String)
    came = or_(notes.contains(f"{LETTER}{outermost}"), notes.contains(f"{_WITHIN}{outermost}"))
    return session.scalar(select(func.count()).select_from(Document).where(Document.channel == ATTACHMENT, came)) or 0
