"""Make a backup while the service runs.

A short read transaction gives the rows, the wrapped keys and the names of the objects as of one moment. The objects are
copied after it, as sealed as they are. At the end the database is asked once more: the keys of documents that were destroyed
meanwhile are left out, and what a restore must know to destroy them again is put in.
"""

import contextlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.flow.archive import destructions
from service.flow.backup import form
from service.flow.backup.chosen import DOCUMENT, is_held, named
from service.flow.backup.container import FORMS, MANIFEST, OBJECTS, ROWS, Reader, Writer, opened
from service.flow.backup.fresh import digest, fresh, said
from service.flow.backup.own_forms import own_forms
from service.flow.backup.passphrase import new_ring
from service.flow.backup.tars import tar_of
from service.flow.common.room import room
from service.house import House
from service.records import audit
from service.records.database import Database
from service.records.migrate import HEAD
from service.records.tables import AuditEntry, AuditHead, Rendition, Stub
from vault.envelope import SealingReader
from vault.errors import ObjectMissing, StoreUnavailable
from vault.model import FileKey
from vault.streams import Joined, read_exactly

BLOCK = (
    4 << 20
)  # an object is put into the tar in members of at most this size: how long it is need not be known before
_ATTEMPTS = 5
Progress = Callable[[int, int], None]


@dataclass
class Taken:
    """What a backup holds. objects: named by it; written: of these in this very file. missing: lost in the store before.

    left_out: destroyed while it was taken. forms: of the company's own. sha256, size: of the file.
    """

    id: str
    rows: int = 0
    objects: int = 0
    written: int = 0
    left_out: int = 0
    missing: list[str] = field(default_factory=list)
    entries: int = 0
    forms: int = 0
    sha256: str = ""
    size: int = 0


@dataclass(frozen=True)
class How:
    """base: the backup whose objects are not written again. keys_to: a file for the keys part alone."""

    base: Reader | None = None
    manifest_only: bool = False
    passphrase: str = ""
    keys_to: Path | None = None


class _Moved(Exception):
    """What the snapshot names is elsewhere by now: in the documents of a stack that was released, or under a document's new key."""


@contextlib.contextmanager
def snapshot(database: Database) -> Iterator[Session]:
    """A session that sees one moment, whatever is written meanwhile."""
    with database.read() as session:
        if not database.is_sqlite:  # SQLite's transactions see one moment anyway
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


def take(house: House, actor: Actor, target: Path, how: How | None = None, progress: Progress | None = None) -> Taken:
    """Write a backup to `target`; all or nothing, and durable on return. Never overwrites.

    Raises BadInput (the file is there, or cannot be written), NoSpace, StoreUnavailable, DatabaseUnavailable.
    """
    how = how or How()
    house.vault.store.check()
    destructions.note(house)  # a register that cannot be written is said now, not after hours
    with said(target), room(), contextlib.ExitStack() as stack:
        file = stack.enter_context(fresh(target))
        apart = None if how.keys_to is None else stack.enter_context(fresh(how.keys_to))
        for _attempt in range(_ATTEMPTS):
            try:
                taken = _Taking(house, how, progress).write(file, apart)
                break
            except _Moved:
                for begun in (file, apart):
                    if begun is not None:
                        begun.seek(0)
                        begun.truncate()
        else:
            raise StoreUnavailable(
                "stacks are released, or keys renewed, faster than objects are copied: try again later"
            )
        taken.size, taken.sha256 = digest(file)
    with house.database.write() as session:
        detail = {name: value for name, value in vars(taken).items() if name not in ("id", "missing")}
        audit.append(
            session, actor.name, "backup.create", f"backup:{taken.id}", {**detail, "missing": len(taken.missing)}
        )
    destructions.note(house)
    return taken


class _Taking:
    def __init__(self, house: House, how: How, progress: Progress | None) -> None:
        self._house, self._how, self._progress = house, how, progress
        self._destroyed: set[str] = set()
        self._gone: list[tuple[int, str, str]] = []

    def write(self, file: BinaryIO, apart: BinaryIO | None) -> Taken:
        how, described, counts = self._how, form.form(), Counter[str]()
        ring, sealed_with = new_ring(self._house.keys, how.passphrase)
        taken_at = datetime.now(UTC).isoformat(timespec="seconds")
        base = str(how.base.id) if how.base is not None else None
        header = {"form": HEAD, "taken_at": taken_at, "base": base, **sealed_with}
        with (
            self._spool() as names,
            self._spool() as keys,
            self._spool() as listed,
            Writer(file, ring, header, apart) as writer,
        ):
            taken = Taken(str(writer.id))
            forms = own_forms(self._house.settings.home / FORMS)
            if forms:
                writer.part(FORMS, tar_of(forms))
            taken.forms = len(forms)
            with snapshot(self._house.database) as session:
                writer.part(ROWS, tar_of(form.rows(session, described, counts)))
                key = self._keep_keys(session, described, keys)
                for found in named(session):
                    names.write(form.line([found.order, found.name, found.owner, found.digest]))
                    taken.objects += 1
                stubs = set(session.scalars(select(Stub.case_file_id)))
                taken.entries = session.scalar(select(AuditHead.seq)) or 0
            names.seek(0)
            copied = self._copy(names, listed, taken)
            if how.manifest_only:
                for _ in copied:
                    pass
            else:
                writer.part(OBJECTS, tar_of(copied))
            listed.seek(0)
            writer.part(MANIFEST, iter(lambda: listed.read(1 << 20), b""))
            with snapshot(self._house.database) as session:
                new = list(destructions.destroyed_since(session, stubs))
                renewed = self._settle(session, new, taken)
            taken.rows, taken.left_out = sum(counts.values()), len(new)
            first = {
                "form": HEAD,
                "tables": described,
                "counts": dict(counts),
                "objects": taken.objects,
                "reaches": taken.entries,
                "taken_at": taken_at,
                "base": base,
            }
            writer.finish(first, self._key_lines(keys, key, new, renewed))
        return taken

    def _spool(self) -> contextlib.AbstractContextManager[BinaryIO]:
        folder = self._house.settings.home / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        return cast("contextlib.AbstractContextManager[BinaryIO]", TemporaryFile(dir=folder))

    def _keep_keys(self, session: Session, described: form.Form, spool: BinaryIO) -> FileKey:
        """Keep the wrapped keys of this moment until the end, sealed under a key that only this process ever has."""
        key = FileKey(uuid4(), os.urandom(32))
        lines = Joined(form.line(found) for found in form.keys(session, described))
        with SealingReader(cast("BinaryIO", lines), key.owner, key) as sealed:
            while block := sealed.read(1 << 20):
                spool.write(block)
        spool.seek(0)
        return key

    def _copy(self, names: BinaryIO, listed: BinaryIO, taken: Taken) -> Iterator[tuple[str, bytes]]:
        """Yield the members of the objects part, and list each object."""
        total, before = taken.objects, _Merged(self._how.base)
        taken.objects = 0
        for done, found in enumerate(map(json.loads, names), 1):
            order, name, owner, digest = found
            entry = {"order": order, "name": name, "of": owner, "plain": digest}
            known = before.find(order, name)
            if known is not None:
                listed.write(form.line(known))
                taken.objects += 1
            elif self._how.manifest_only:
                listed.write(form.line({**entry, "size": None, "sha256": None, "in": None}))
                taken.objects += 1
            else:
                sealed, size = sha256(), 0
                try:
                    with self._house.vault.store.open(UUID(name)) as stream:
                        number = 0
                        while block := read_exactly(stream, BLOCK):
                            sealed.update(block)
                            size += len(block)
                            yield f"objects/{name}/{number:06}", block
                            number += 1
                except ObjectMissing:
                    self._miss(order, name, owner, taken.entries)
                else:
                    about = {"size": size, "sha256": sealed.hexdigest(), "in": taken.id}
                    listed.write(form.line({**entry, **about}))
                    taken.objects, taken.written = taken.objects + 1, taken.written + 1
            if self._progress:
                self._progress(done, total)

    def _miss(self, order: int, name: str, owner: str, since: int) -> None:
        with self._house.database.read() as session:
            if order != DOCUMENT and not is_held(session, owner):
                raise _Moved
            if order == DOCUMENT and _is_sealed_anew(session, owner, since):
                raise _Moved
        self._gone.append((order, name, owner))

    def _settle(self, session: Session, new: list[dict[str, Any]], taken: Taken) -> list[str]:
        """Say why objects were not there: destroyed meanwhile, made anew meanwhile (these documents are returned), or lost."""
        self._destroyed = {d["document_id"] for line in new for d in line["stub"]["documents"]["documents"]}
        renewed: set[str] = set()
        for order, name, owner in self._gone:
            if owner in self._destroyed:
                continue
            if order == DOCUMENT and name != owner and session.get(Rendition, name) is None:
                renewed.add(owner)
            else:
                taken.missing.append(name)
        return sorted(renewed)

    def _key_lines(
        self, spool: BinaryIO, key: FileKey, new: list[dict[str, Any]], renewed: list[str]
    ) -> Iterator[bytes]:
        with opened(spool, key) as kept:
            for line in kept:
                if self._destroyed:
                    found = json.loads(line)
                    if found.get("row", {}).get("document_id") in self._destroyed:
                        continue
                yield line
        for destroyed in new:
            yield form.line({"destroyed": destroyed})
        for document_id in renewed:
            yield form.line({"renewed": document_id})


def _is_sealed_anew(session: Session, document_id: str, since: int) -> bool:
    """Whether the document got another key after this entry of the audit trail."""
    query = select(AuditEntry.seq).where(
        AuditEntry.subject == f"document:{document_id}", AuditEntry.action == "keys.renew", AuditEntry.seq > since
    )
    return session.scalar(query.limit(1)) is not None


class _Merged:
    """Looks objects up in the manifest of the base, which is in the same order as they are asked for."""

    def __init__(self, base: Reader | None) -> None:
        self._lines = iter(()) if base is None else base.manifest()
        self._next: dict[str, Any] | None = next(self._lines, None)

    def find(self, order: int, name: str) -> dict[str, Any] | None:
        """Return its line, if its bytes lie in the base or before."""
        while self._next is not None and (self._next["order"], self._next["name"]) < (order, name):
            self._next = next(self._lines, None)
        found = self._next
        if found is None or (found["order"], found["name"]) != (order, name) or found["in"] is None:
            return None
        return found
