"""Receive: from bytes at the door to a document that is durable.

Killed at any point it leaves either a document in `receiving`, which the next start removes with its object, or a document in
`received`, which the next start finishes. Only after `received` has been committed is the sender told.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from intake.errors import Rejected
from intake.inspect import inspect, safe_name
from intake.model import Inspection, Limits
from service.access.policy import TIERS, Actor, Reach
from service.errors import BadInput, DatabaseUnavailable
from service.flow.common import claims
from service.flow.common.guard import allowed, require
from service.flow.common.index import index_soon
from service.flow.common.malware import demand_clean
from service.flow.intake.adopt import adopt
from service.flow.intake.flowing import Flowing
from service.house import House
from service.records import audit
from service.records.tables import (
    Batch,
    CopyTrouble,
    Department,
    Desk,
    Document,
    DocumentField,
    DocumentMark,
    DocumentSketch,
    FieldCorrection,
    KeyRenewal,
    LastSave,
    PageShare,
    Rendition,
    WrappedKey,
    new_id,
)
from vault.errors import StoreUnavailable
from vault.model import FileKey, Sealed

#: The entry of the trail for bytes that came again: their sender was told that this document keeps them.
DUPLICATE = "document.duplicate"
#: What a new document is given before it is written down, in the transaction that does it.
Gift = Callable[[Session, Document], None]
#: channel, batch, the department's id, the tier, what the audit entry keeps about where a file came from, and the gift.
_Where = tuple[str, str, str | None, str, Mapping[str, Any], Gift | None]


@dataclass(frozen=True)
class Received:
    """The document's id; duplicate: the same bytes were here before, under this id."""

    document_id: str
    duplicate: bool
    inspection: Inspection


def receive(
    house: House,
    actor: Actor,
    source: BinaryIO | Path,
    filename: str,
    *,
    channel: str = "web",
    batch: str = "",
    department_id: str | None = None,
    tier: str = "internal",
    document_id: str | None = None,
    note: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    gift: Gift | None = None,
) -> Received:
    """Inspect, seal and record one file; durable on return. The same bytes twice give the first id.

    What came without a department before is given to the one that sends it again (`adopt`).
    tier: how confidential it is from the start; what was here before stays what it is.
    document_id: a fresh id for it, chosen before, by which a broken-off caller finds it again. note: what the audit entry
    keeps about where the file came from. limits: of a file that was made here; otherwise those of the settings. gift: gives
    a new document what it has from its first moment.
    Raises Rejected (nothing stored), BadInput (no such department), NotAllowed, StoreUnavailable, DatabaseUnavailable.
    """
    require(actor, "document.upload")
    if department_id:
        check_department(house, actor, department_id)
    name = safe_name(filename)
    with on_disk(house, source) as path:
        if limits is None:  # what was made here was looked at in the files that its pages came in
            demand_clean(house, path)
        inspection = inspect(path, limits or house.limits, house.reader.look)
        document_id = document_id or new_id()
        file_key, wrapped = house.keys.new(UUID(document_id))
        known = _begin(
            house,
            actor,
            document_id,
            name,
            inspection,
            wrapped,
            (channel, batch, department_id, tier, note or {}, gift),
        )
        if known is not None:
            _index_again(house, known)
            return Received(known, duplicate=True, inspection=inspection)
        try:
            _keep(house, actor, document_id, file_key, path, note or {})
        except Exception:
            _let_go(house, document_id)
            raise
    house.hint(document_id)
    return Received(document_id, duplicate=False, inspection=inspection)


def _index_again(house: House, document_id: str) -> None:
    """Let a document that was given a department be found there at once; nothing for any other."""
    with house.database.read() as session:
        document = session.get(Document, document_id)
        stale = document is not None and not document.indexed
    if stale:
        index_soon(house, [document_id])


def check_batch(session: Session, actor: Actor, name: str) -> None:
    """A file is not put among the stacks of other people, for whom the batch would be gone with it. Raises Rejected."""
    batch = session.get(Batch, name) if name else None
    if batch is not None and not allowed(actor, "batch.add", Reach(batch.department_id, TIERS[0], batch.operator)):
        raise Rejected("batch_refuses", "a batch of other people has this name; give another one")


def check_department(house: House, actor: Actor, department_id: str) -> None:
    """A document is given to a department that exists, and to another than one's own only by who works for all of them."""
    with house.database.read() as session:
        if session.get(Department, department_id) is None:
            why = "there is no such department"
            raise BadInput(f"department_id: {why}", {"department_id": why})
    require(actor, "document.upload", Reach(department_id, "public"))


@contextlib.contextmanager
def on_disk(house: House, source: BinaryIO | Path) -> Iterator[Path]:
    """Give inspection a file to look at; what came as a stream lies in tmp/ under no name, so a killed process leaves nothing."""
    if isinstance(source, Path):
        yield source
        return
    house.settings.home.joinpath("tmp").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=house.settings.home / "tmp") as file:
        shutil.copyfileobj(_Bounded(source, house.limits.max_bytes), file, 1 << 20)
        file.flush()
        yield Path(f"/proc/self/fd/{file.fileno()}")


class _Bounded:
    """A reader that refuses what is larger than allowed before it fills the disk."""

    def __init__(self, source: BinaryIO, limit: int) -> None:
        self._source, self._left, self._limit = source, limit, limit

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise Rejected("too_large", f"the file is larger than {self._limit} bytes")
        return data


class _Unfinished(Exception):
    """The same bytes were being received by a process that died before it acknowledged them."""

    def __init__(self, document_id: str) -> None:
        super().__init__(document_id)
        self.document_id = document_id


def _begin(
    house: House,
    actor: Actor,
    document_id: str,
    name: str,
    inspection: Inspection,
    wrapped: bytes,
    where: _Where,
) -> str | None:
    """Write the intent. Returns the id of the document that holds the same bytes already, or None."""
    for _attempt in range(3):
        try:
            return _write_intent(house, actor, document_id, name, inspection, wrapped, where)
        except _Unfinished as found:
            discard(house, found.document_id)
        except IntegrityError as error:
            if "sha256" not in str(error.orig):
                raise
            continue  # another process began the same bytes between our look and our write
    raise Rejected("busy", "the same file is being received by another process; try again")


def _write_intent(
    house: House,
    actor: Actor,
    document_id: str,
    name: str,
    inspection: Inspection,
    wrapped: bytes,
    where: _Where,
) -> str | None:
    """As `_begin`, once. Raises _Unfinished, and IntegrityError when another process was faster."""
    channel, batch, department_id, tier, note, gift = where
    with house.database.write() as session:
        check_batch(session, actor, batch)
        same = select(Document).where(Document.sha256 == inspection.sha256, Document.status != "destroyed")
        # Locked: a batch that withdraws it meanwhile is either seen here, or sees what is written here (`parts`).
        known = session.scalar(same.with_for_update(of=Document))
        if known is not None and known.status != "receiving":
            detail = {"channel": channel, "batch": batch, **note}
            audit.append(session, actor.name, DUPLICATE, f"document:{known.id}", detail)
            adopt(session, actor, known.id, department_id or actor.department_id)
            return known.id
        if known is not None and claims.is_held(known, house.clock.now()):
            raise Rejected("busy", "the same file is being received by another process; try again")
        if known is not None:
            raise _Unfinished(known.id)
        document = Document(
            id=document_id,
            sha256=inspection.sha256,
            filename=name,
            media_type=inspection.media_type,
            size=inspection.size,
            pages=inspection.pages,
            notes=list(inspection.notes),
            status="receiving",
            channel=channel,
            batch=batch,
            department_id=department_id or actor.department_id,
            tier=tier,
            received_by=actor.name,
            received_at=house.clock.now(),
        )
        claims.take(document, house.clock.now())
        if gift is not None:
            gift(session, document)
        session.add(document)
        session.flush()
        session.add(WrappedKey(document_id=document_id, wrapped=wrapped, master_key_id=house.keys.key_id))
        session.add(
            Rendition(id=document_id, document_id=document_id, kind="original", media_type=inspection.media_type)
        )
        return None


def _keep(house: House, actor: Actor, document_id: str, key: FileKey, path: Path, note: Mapping[str, Any]) -> None:
    """Seal the original and acknowledge it. The object carries the document's own id as its name."""
    with path.open("rb") as file:
        sealed = house.vault.put(UUID(document_id), key, cast("BinaryIO", Flowing(house, document_id, file)))
    with house.database.write() as session:
        document = session.get(Document, document_id, with_for_update={"of": Document})
        if document is not None and document.claimed_by != claims.me():
            document = None  # somebody is removing it
        as_inspected = document is not None and document.sha256 == sealed.sha256
        if document is not None and as_inspected:
            record_sealed(session, document_id, sealed)
            document.status = "received"
            claims.release(document)
            audit.append(
                session,
                actor.name,
                "document.receive",
                f"document:{document_id}",
                {
                    "sha256": document.sha256,
                    "pages": document.pages,
                    "size": document.size,
                    "channel": document.channel,
                    **note,
                },
            )
    if document is None:  # our claim ran out and another process took over: this copy must not stay
        house.vault.delete(UUID(document_id))
        raise Rejected("busy", "the same file was received by another process at the same moment")
    if not as_inspected:
        discard(house, document_id)
        raise Rejected("changed", "the file changed while it was read; send it again when it is complete")


def _let_go(house: House, document_id: str) -> None:
    """Remove what could not be kept: whoever sends the same bytes again need not wait until the claim runs out."""
    claims.give_up(document_id)
    with contextlib.suppress(StoreUnavailable, DatabaseUnavailable):  # then that sender, or the next sweep, does it
        discard(house, document_id)


def record_sealed(session: Session, rendition_id: str, sealed: Sealed) -> None:
    """Note in the database what the store now holds."""
    session.execute(
        update(Rendition)
        .where(Rendition.id == rendition_id)
        .values(
            state="kept",
            size=sealed.size,
            sha256=sealed.sha256,
            sealed_size=sealed.sealed_size,
        )
    )


def discard(house: House, document_id: str) -> None:
    """Remove what an unacknowledged document left: its objects, its key, its rows. Does nothing while its receiver lives.

    The objects go while no transaction is open, for the store may be slow; killed here, the next sweep does it again.
    """
    with house.database.write() as session:
        document = session.get(Document, document_id, with_for_update={"of": Document})
        if document is None or document.status != "receiving" or claims.is_held(document, house.clock.now()):
            return
        claims.take(document, house.clock.now())
        names = list(session.scalars(select(Rendition.id).where(Rendition.document_id == document_id)))
    for name in names:
        house.vault.delete(UUID(name))
    with house.database.write() as session:
        document = session.get(Document, document_id, with_for_update={"of": Document})
        if document is None or document.status != "receiving" or document.claimed_by != claims.me():
            return  # whoever took this over does it, or has done it: what stands under this id now is theirs
        session.execute(delete(Rendition).where(Rendition.document_id == document_id))
        for table in (
            WrappedKey,
            KeyRenewal,
            DocumentField,
            FieldCorrection,
            LastSave,
            Desk,
            DocumentSketch,
            DocumentMark,
            CopyTrouble,
            PageShare,
        ):
            session.execute(delete(table).where(table.document_id == document_id))
        session.execute(delete(Document).where(Document.id == document_id, Document.status == "receiving"))
