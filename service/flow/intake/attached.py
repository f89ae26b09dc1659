"""What is attached to a message, embedded in a PDF or attached to an OFD becomes documents of its own, that can be filed each in its place.

In what follows each of these is a message. The same message read twice attaches nothing twice: the same bytes are one document. A message within a message is a document
whose attachments are taken in turn, four messages deep and no deeper.
"""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from intake.errors import Rejected
from intake.formats.mail import attachments
from intake.formats.names import plain_name
from intake.model import Attachment
from service.access.policy import TIERS, Actor
from service.errors import AttachmentBusy
from service.flow.common.guard import allowed, reach_of
from service.flow.common.heritage import ATTACHMENT, raise_attached
from service.flow.common.index import index_soon
from service.flow.intake.made import CHANNEL as MADE
from service.flow.intake.receive import receive
from service.house import SYSTEM, House
from service.records.tables import Document

_DEEPEST = 4
_FROM = "from:"
log = logging.getLogger("juanzong.attached")


def receive_attached(house: House, document_id: str, message: Path, kind: str) -> list[str]:
    """Receive the attachments of a message that is being read; returns review reasons for those that are refused.

    They are as confidential as the message, and belong where it lies. What no document can be made of and a PDF or OFD holds, the data of an
    invoice, say, stays in there and is no reason: it lacks nowhere. What the archive made itself has nothing in it that came from outside.
    Raises StoreUnavailable, DatabaseUnavailable, EngineUnavailable, AttachmentBusy.
    """
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        if document.channel == MADE or (kind != "eml" and not any(n.startswith("attachment:") for n in document.notes)):
            return []
        deep = _depth(session, document)
        batch, by, reach = document.batch, document.received_by, reach_of(document)
    actor, reasons = Actor(by, owner=True), list[str]()
    for item in _found(house, message, kind):
        if deep >= _DEEPEST:
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
            if kind != "eml" and error.code == "unsupported":
                continue
            reasons.append(f"attachment_refused:{item.name}")
        else:
            _remember(house, received.document_id, document_id)
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


def attached_to(house: House, actor: Actor, document_id: str) -> list[tuple[str, str]]:
    """Return id and file name of the documents that came attached to this message and that the actor may read, in order."""
    mark = f"{_FROM}{document_id}"
    with house.database.read() as session:
        found = select(Document).where(cast(Document.notes, String).contains(mark)).order_by(Document.received_at)
        return [(d.id, d.filename) for d in session.scalars(found) if allowed(actor, "document.read", reach_of(d))]


def _remember(house: House, attached_id: str, message_id: str) -> None:
    """Note to what it is attached; where somebody made the message more confidential meanwhile, it follows."""
    raised = []
    with house.database.write() as session:
        message = session.get(Document, message_id, with_for_update={"of": Document})
        attached = session.get(Document, attached_id, with_for_update={"of": Document})
        mark = f"{_FROM}{message_id}"
        if attached is not None and mark not in attached.notes and attached_id != message_id:
            attached.notes = [*attached.notes, mark]
            if message is not None and TIERS.index(attached.tier) < TIERS.index(reach_of(message).tier):
                raised = raise_attached(session, SYSTEM.name, message)
    index_soon(house, raised)


def _depth(session: Session, document: Document | None) -> int:
    """Return how many messages this one came in."""
    seen: set[str] = set()
    while document is not None and document.id not in seen and len(seen) <= _DEEPEST:
        seen.add(document.id)
        parents = [note.removeprefix(_FROM) for note in document.notes if note.startswith(_FROM)]
        document = session.get(Document, parents[0]) if parents else None
    return len(seen) - 1
