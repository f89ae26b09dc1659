"""Uploads: a file that arrives piece by piece, over a network that breaks.

Each piece is sealed under the upload's own key and durable before the offset that counts it is committed, so the offset is
never more than what is there. A piece's row is written before its bytes: what a killed process left is surplus, found by
its row, and cut by the next request. Whoever writes last holds the upload; what an earlier writer brings later is refused.
"""

import contextlib
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from intake.inspect import safe_name
from service.access.policy import Actor, decide
from service.errors import (
    ChecksumMismatch,
    DatabaseUnavailable,
    NotFound,
    TooManyUploads,
    UploadBusy,
    UploadConflict,
    UploadGone,
    UploadTooLong,
)
from service.flow.common import claims
from service.flow.common.guard import require
from service.flow.common.room import room
from service.flow.intake.receive import check_department
from service.flow.intake.stacks import How, check_how
from service.house import House
from service.records import audit
from service.records.tables import Document, Stack, Upload, UploadPart, new_id
from vault.errors import StoreUnavailable

#: Bytes that are made durable at once; a process killed in the middle loses less than this.
SEGMENT = 4 * 1024 * 1024


@dataclass(frozen=True)
class Announced:
    """What the sender says of a file before its bytes. length: bytes, None: it will be told later; sha256: of the whole file, hexadecimal, or empty.

    how: it was scanned. split: it is a stack and cut at its separator sheets, otherwise one document. channel: what the sender is, where it says so.
    """

    length: int | None
    filename: str
    sha256: str = ""
    batch: str = ""
    department_id: str | None = None
    how: How = field(default_factory=How)
    split: bool = False
    channel: str = ""


@dataclass(frozen=True)
class Checksum:
    """What the bytes of one request must digest to. algorithm: a name that hashlib knows."""

    algorithm: str
    digest: bytes


def begin(house: House, actor: Actor, announced: Announced, *, channel: str) -> Upload:
    """Open an upload that belongs to `actor`. channel: by which it came, if the sender does not say what it is.

    Raises NotAllowed, Rejected(bad_name), BadInput (no such department; no stack is scanned so), UploadTooLong, TooManyUploads.
    """
    require(actor, "document.upload")
    if announced.department_id:
        check_department(house, actor, announced.department_id)
    how = announced.how
    check_how(how)
    filename = safe_name(announced.filename)
    length = house.settings.max_bytes if announced.length is None else announced.length
    _require_takeable(house, length)
    upload_id = new_id()
    _key, wrapped = house.keys.new(UUID(upload_id))
    with house.database.write() as session:
        _require_room(session, house, actor, length)
        now = house.clock.now()
        upload = Upload(
            id=upload_id,
            created_by=actor.name,
            channel=announced.channel or channel,
            filename=filename,
            length=length,
            deferred=announced.length is None,
            sha256=announced.sha256,
            batch=announced.batch,
            department_id=announced.department_id,
            split=announced.split,
            sheets=how.sheets,
            sides=how.sides,
            turn_over=how.order,
            portion=how.portion,
            device=how.device,
            scanned_with=dict(how.settings),
            key=wrapped,
            created_at=now,
            expires_at=now + _kept(house),
        )
        session.add(upload)
        audit.append(session, actor.name, "upload.begin", f"upload:{upload_id}", {"length": announced.length})
    return upload


def _require_takeable(house: House, length: int) -> None:
    if length > house.settings.max_bytes:
        raise UploadTooLong(f"the file has {length} bytes; at most {house.settings.max_bytes} are taken")


def settle_length(house: House, actor: Actor, upload_id: str, length: int) -> Upload:
    """Note how many bytes a file has whose length was to be told later; told once, it stays.

    Raises NotFound, UploadGone, UploadTooLong, UploadConflict (it has another length, or more bytes came already).
    """
    with house.database.write() as session:
        upload = load(session, actor, upload_id)
        require_alive(house, upload)
        if not upload.deferred:
            if length != upload.length:
                raise UploadConflict(f"the upload has {upload.length} bytes, not {length}", upload.received)
            return upload
        _require_takeable(house, length)
        if length < upload.received:
            raise UploadConflict(f"{upload.received} bytes came already, more than {length}", upload.received)
        upload.length, upload.deferred = length, False
        audit.append(session, actor.name, "upload.length", f"upload:{upload_id}", {"length": length})
    return upload


def _kept(house: House) -> timedelta:
    return timedelta(hours=house.settings.upload_hours)


def _require_room(session: Session, house: House, actor: Actor, length: int) -> None:
    mine = select(func.count(), func.coalesce(func.sum(Upload.length), 0)).where(
        Upload.created_by == actor.name, Upload.state == "open", Upload.expires_at > house.clock.now()
    )
    count, size = session.execute(mine).one()
    s = house.settings
    if count >= s.uploads_per_person:
        raise TooManyUploads(f"you have {count} unfinished uploads already: finish or delete some")
    if count and size + length > s.upload_bytes_per_person:
        raise TooManyUploads(f"your unfinished uploads have {size} bytes already: finish or delete some")


def find(house: House, actor: Actor, upload_id: str) -> Upload:
    """Return an upload of the actor's own. Raises NotFound, also when it is someone else's."""
    with house.database.read() as session:
        return _mine(session.get(Upload, upload_id), actor, upload_id)


def _mine(upload: Upload | None, actor: Actor, upload_id: str) -> Upload:
    mine = upload is not None and upload.created_by == actor.name and upload.state != "removed"
    if upload is None or not mine or decide(actor, "document.upload").reason == "scope_missing":
        raise NotFound(f"there is no upload {upload_id}")
    return upload


def load(session: Session, actor: Actor, upload_id: str) -> Upload:
    """Return an upload of the actor's own, locked until the commit. Raises NotFound."""
    return _mine(session.get(Upload, upload_id, with_for_update=True), actor, upload_id)


def require_alive(house: House, upload: Upload) -> None:
    """Raise UploadGone when nothing can come of the upload any more."""
    if upload.state == "refused":
        raise UploadGone(upload.problem, upload.code)
    if upload.state == "open" and upload.expires_at <= house.clock.now():
        raise UploadGone("the upload expired; begin again")


def append(
    house: House, actor: Actor, upload_id: str, offset: int, blocks: Iterable[bytes], checksum: Checksum | None = None
) -> Upload:
    """Add `blocks` at `offset`, each durable before the next is asked for; with a checksum, all of them or none.

    When `blocks` raises, what came before is kept (without a checksum) and the error passes. Raises NotFound, UploadGone,
    UploadConflict, UploadTooLong, ChecksumMismatch, NoSpace, DatabaseUnavailable.
    """
    writer = new_id()
    with house.database.write() as session:
        upload = load(session, actor, upload_id)
        require_alive(house, upload)
        if upload.received != offset:
            raise UploadConflict(f"the upload stands at {upload.received}, not at {offset}", upload.received)
        if upload.state != "open":
            return upload
        upload.writer = writer
        surplus = select(UploadPart.id).where(UploadPart.upload_id == upload_id, UploadPart.size.is_(None))
        left = list(session.scalars(surplus))
        key = house.keys.unwrap(UUID(upload_id), upload.key or b"")
    drop_parts(house, left)
    held: list[tuple[str, int]] = []
    digest = hashlib.new(checksum.algorithm) if checksum else None
    try:
        for block in filter(None, blocks):
            if offset + len(block) > upload.length:
                raise UploadTooLong(f"more bytes came than the {upload.length} that were announced")
            part_id = _announce(house, upload_id, writer, offset)
            held.append((part_id, len(block)))
            with room():
                house.parts.put(UUID(part_id), key, BytesIO(block))
            offset += len(block)
            if digest is not None:
                digest.update(block)
                continue
            upload = _count(house, upload_id, writer, held)
            held = []
        if digest is not None and checksum is not None:
            if digest.digest() != checksum.digest:
                raise ChecksumMismatch("the bytes that came are not those that were sent: send them again")
            upload = _count(house, upload_id, writer, held)
            held = []
        return upload
    finally:
        with contextlib.suppress(StoreUnavailable, DatabaseUnavailable):  # then the next request cuts them
            drop_parts(house, [part_id for part_id, _size in held])


def _still_writing(session: Session, upload_id: str, writer: str) -> Upload:
    upload = session.get(Upload, upload_id, with_for_update=True)
    if upload is None or upload.state != "open":
        raise UploadGone("the upload was removed")
    if upload.writer != writer:
        raise UploadConflict("another request continues this upload", upload.received)
    return upload


def _announce(house: House, upload_id: str, writer: str, start: int) -> str:
    part_id = new_id()
    with house.database.write() as session:
        _still_writing(session, upload_id, writer)
        session.add(UploadPart(id=part_id, upload_id=upload_id, start=start))
    return part_id


def _count(house: House, upload_id: str, writer: str, parts: list[tuple[str, int]]) -> Upload:
    """Commit the offset that counts `parts`, which are durable."""
    with house.database.write() as session:
        upload = _still_writing(session, upload_id, writer)
        for part_id, size in parts:
            session.execute(update(UploadPart).where(UploadPart.id == part_id).values(size=size))
            upload.received += size
        upload.expires_at = house.clock.now() + _kept(house)
    return upload


def drop_parts(house: House, parts: list[str]) -> None:
    """Delete parts: first the bytes, then the rows that lead to them."""
    if not parts:
        return
    for part_id in parts:
        house.parts.delete(UUID(part_id))
    with house.database.write() as session:
        session.execute(delete(UploadPart).where(UploadPart.id.in_(parts)))


def remove(house: House, actor: Actor, upload_id: str) -> Upload:
    """Delete an upload of the actor's own, and return it; a document or stack that came of it stays. Raises NotFound, UploadBusy."""
    with house.database.write() as session:
        upload = load(session, actor, upload_id)
        if claims.is_held(upload, house.clock.now()):
            raise UploadBusy("the upload is being made a document: ask again")
        if upload.state == "open":
            audit.append(session, actor.name, "upload.remove", f"upload:{upload_id}", {"received": upload.received})
        upload.state, upload.key = "removed", None
    clear(house, upload_id)
    return upload


def clear(house: House, upload_id: str) -> None:
    """Delete the parts of an upload that is no longer open, and its row when it was removed."""
    with house.database.read() as session:
        parts = list(session.scalars(select(UploadPart.id).where(UploadPart.upload_id == upload_id)))
    drop_parts(house, parts)
    with house.database.write() as session:
        upload = session.get(Upload, upload_id, with_for_update=True)
        left = session.scalar(select(func.count()).where(UploadPart.upload_id == upload_id))
        if upload is not None and upload.state == "removed" and not left:
            session.delete(upload)


def batch_of(house: House, upload: Upload) -> str | None:
    """Return the batch of the stack that an upload became; None when it is no stack."""
    if upload.stack_id is None:
        return None
    with house.database.read() as session:
        return session.get_one(Stack, upload.stack_id).batch


def status_of(house: House, upload: Upload) -> str:
    """Return what became of the file: uploading, refused, duplicate, received, stored or needs_review."""
    if upload.document_id is None and upload.stack_id is None:
        return "refused" if upload.state == "refused" else "uploading"
    if upload.duplicate:
        return "duplicate"
    if upload.document_id is None:  # a stack: its batch tells how far its documents are
        return "received"
    with house.database.read() as session:
        document = session.get(Document, upload.document_id)
    return document.status if document is not None and document.status in ("stored", "needs_review") else "received"
