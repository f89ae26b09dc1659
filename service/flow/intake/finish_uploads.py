"""The end of an upload: a document, a stack of documents, a refusal, or oblivion. Each step can be broken off and done again.

The document, or the stack, gets the upload's id, so a process killed after it became durable and before the upload knew of it
leaves nothing to guess: the next request finds it by that id. Cutting a stack goes on from where it is, whoever does it.
"""

import contextlib
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, cast
from uuid import UUID

from sqlalchemy import select

from intake.errors import Rejected
from service.access.papers import with_standing
from service.access.people import to_actor
from service.access.policy import Actor
from service.errors import KNOWN_ERRORS, DatabaseUnavailable, UploadBusy, UploadGone
from service.flow.common import claims
from service.flow.common.room import room
from service.flow.intake.flowing import Flow
from service.flow.intake.receive import receive
from service.flow.intake.stack_or_file import take_stack
from service.flow.intake.stacks import How
from service.flow.intake.uploads import clear, load, require_alive
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import Document, Person, Stack, Upload, UploadPart
from vault.errors import ObjectDamaged, ObjectMissing
from vault.streams import Joined

log = logging.getLogger("juanzong.uploads")
_PATIENCE = timedelta(minutes=5)


@dataclass(frozen=True)
class _Came:
    """What an upload became; one of the two ids is None. duplicate: its bytes were here before."""

    document_id: str | None
    stack_id: str | None
    duplicate: bool


def finish(house: House, actor: Actor, upload_id: str) -> Upload:
    """Make a complete upload a document and return it; an incomplete or finished one is returned as it is.

    Raises Rejected (the file is refused for good and the upload's bytes are gone), NotFound, UploadGone, UploadBusy, NoSpace,
    StoreUnavailable, DatabaseUnavailable (the upload waits: the next request, or the worker, tries again).
    """
    with house.database.write() as session:
        upload = load(session, actor, upload_id)
        require_alive(house, upload)
        if upload.state == "done" or upload.deferred or upload.received < upload.length:
            return upload
        if claims.is_held(upload, house.clock.now()):
            raise UploadBusy("the upload is being made a document: ask again")
        claims.take(upload, house.clock.now())
    try:
        return _end(house, actor, upload)
    except BaseException:
        _give_back(house, upload_id)
        raise


def _end(house: House, actor: Actor, upload: Upload) -> Upload:
    upload_id = upload.id
    try:
        came = _receive(house, actor, upload)
    except Rejected as error:
        if error.code == "busy":
            raise UploadBusy(str(error)) from error
        _close(house, actor, upload_id, error)
        raise
    except (ObjectDamaged, ObjectMissing) as error:
        lost = Rejected("parts_lost", "what arrived before was lost on the server: send the file again")
        _close(house, actor, upload_id, lost)
        raise UploadGone(str(lost), lost.code) from error
    return _close(house, actor, upload_id, came)


def _receive(house: House, actor: Actor, upload: Upload) -> _Came:
    """Make the file what it is to be, unless a process that was killed afterwards has done it."""
    with house.database.read() as session:
        known = session.get(Document, upload.id)
        stack = session.get(Stack, upload.id)
        counted = select(UploadPart.id).where(UploadPart.upload_id == upload.id, UploadPart.size.is_not(None))
        parts = list(session.scalars(counted.order_by(UploadPart.start)))
    if known is not None and known.status != "receiving":
        return _Came(known.id, None, duplicate=False)
    if stack is not None and stack.state != "receiving":
        return _Came(None, stack.id, duplicate=False)
    how = How(
        upload.sheets,
        upload.sides,
        upload.turn_over,
        device=upload.device,
        settings=upload.scanned_with,
        portion=upload.portion,
    )
    if upload.split:
        with room():
            cut = take_stack(
                house,
                actor,
                cast("BinaryIO", Joined(_blocks(house, upload, parts))),
                upload.filename,
                how=how,
                batch=upload.batch,
                channel=upload.channel,
                department_id=upload.department_id,
                stack_id=upload.id,
            )
        if cut is not None:
            return _Came(None, cut.stack_id, cut.duplicate)
    whole = Joined(_blocks(house, upload, parts))
    with room():
        got = receive(
            house,
            actor,
            cast("BinaryIO", whole),
            upload.filename,
            channel=upload.channel,
            batch=upload.batch,
            department_id=upload.department_id,
            document_id=upload.id,
            note=how.told(),
        )
    return _Came(got.document_id, None, got.duplicate)


def _blocks(house: House, upload: Upload, parts: list[str]) -> Iterator[bytes]:
    """Yield the file's bytes. Raises Rejected(digest) at its end when they are not those the sender announced."""
    key = house.keys.unwrap(UUID(upload.id), upload.key or b"")
    digest, size, flow = hashlib.sha256(), 0, Flow(house, upload.id)
    for part in parts:
        with house.parts.open(UUID(part), key) as plain:
            while block := plain.read(1 << 20):
                digest.update(block)
                size += len(block)
                flow.goes_on()
                yield block
    if size != upload.length:
        raise ObjectDamaged(f"upload {upload.id} has {size} bytes, {upload.length} were counted")
    if upload.sha256 and digest.hexdigest() != upload.sha256:
        raise Rejected("digest", "the file that arrived is not the one that was sent (SHA-256): send it again")


def _give_back(house: House, upload_id: str) -> None:
    """Let the sender try again at once, also when the database is what failed."""
    claims.give_up(upload_id)
    with contextlib.suppress(DatabaseUnavailable), house.database.write() as session:
        upload = session.get(Upload, upload_id)
        if upload is not None and upload.claimed_by == claims.me():
            claims.release(upload)


def _close(house: House, actor: Actor, upload_id: str, end: Rejected | _Came) -> Upload:
    """Note how it ended; the row stays for a while, so that a sender whose answer was lost learns it."""
    with house.database.write() as session:
        upload = session.get(Upload, upload_id, with_for_update=True)
        # Not so where this process stood still for longer than its claim, and another took it up.
        if upload is None or upload.state != "open" or upload.claimed_by != claims.me():
            raise UploadBusy("the upload is being made a document: ask again")
        if isinstance(end, Rejected):
            upload.state, upload.code, upload.problem = "refused", end.code, str(end)
            audit.append(session, actor.name, "upload.refuse", f"upload:{upload_id}", {"code": end.code})
        else:
            upload.state = "done"
            upload.document_id, upload.stack_id, upload.duplicate = end.document_id, end.stack_id, end.duplicate
        upload.key = None
        upload.expires_at = house.clock.now() + timedelta(hours=house.settings.upload_hours)
        claims.release(upload)
    clear(house, upload_id)
    return upload


def tidy(house: House) -> list[str]:
    """Forget what expired, delete what ended uploads left, and finish those whose sender never asked; return their ids.

    Run by the worker; every step is one that a request would take.
    """
    now, touched = house.clock.now(), []
    with house.database.read() as session:
        over = select(Upload).where((Upload.expires_at <= now) | (Upload.state == "removed"))
        expired = list(session.scalars(over))
        ended = list(
            session.scalars(select(UploadPart.upload_id).join(Upload).where(Upload.state != "open").distinct())
        )
        complete = select(Upload, Person).join(Person, Upload.created_by == "person:" + Person.login)
        quiet = now + timedelta(hours=house.settings.upload_hours) - _PATIENCE  # its sender asks, as long as it lives
        complete = complete.where(
            Upload.state == "open",
            Upload.deferred.is_(False),
            Upload.received == Upload.length,
            Upload.expires_at > now,
            Upload.expires_at < quiet,
        )
        waiting = [
            (upload, with_standing(house, session, to_actor(person), person))
            for upload, person in session.execute(complete).all()
        ]
    for upload in expired:
        if not claims.is_held(upload, now):
            _forget(house, upload.id)
            touched.append(upload.id)
    for upload_id in ended:
        clear(house, upload_id)
    for upload, actor in waiting:
        if claims.is_held(upload, now):
            continue
        try:
            finish(house, actor, upload.id)
        except KNOWN_ERRORS as error:
            log.warning("upload %s waits: %s", upload.id, error)
        touched.append(upload.id)
    return touched


def _forget(house: House, upload_id: str) -> None:
    with house.database.write() as session:
        upload = session.get(Upload, upload_id, with_for_update=True)
        if upload is None or (upload.state != "removed" and upload.expires_at > house.clock.now()):
            return
        if upload.state == "open":
            detail = {"received": upload.received, "length": upload.length}
            audit.append(session, SYSTEM.name, "upload.expire", f"upload:{upload_id}", detail)
        upload.state, upload.key = "removed", None
    clear(house, upload_id)


def purge(house: House) -> int:
    """Delete pieces that no upload knows, left by a process killed while its upload was deleted; return how many.

    A piece's row is written before the piece, so what has none when it is looked for afterwards has no owner.
    """
    found = list(house.parts.store.names())
    with house.database.read() as session:
        known = set(session.scalars(select(UploadPart.id)))
    ownerless = [name for name in found if str(name) not in known]
    for name in ownerless:
        house.parts.delete(name)
    return len(ownerless)
