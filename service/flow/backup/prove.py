"""Look at a restored system, independently of what was written: counts, objects, audit trail, index."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from search.errors import IndexUnavailable
from service.flow.archive import erase
from service.flow.backup.check import Chain
from service.flow.backup.chosen import named
from service.flow.backup.take import snapshot
from service.flow.common.index import reindex
from service.flow.intake.process import READ
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import Document, Stack, WrappedKey
from vault.errors import KeyUnusable, ObjectDamaged, ObjectMissing

_log = logging.getLogger("juanzong.restore")
Progress = Callable[[str, int, int], None]


@dataclass
class Restored:
    """The proof of a restore: what the backup said, what is there now, and what does not agree.

    forms: the company's own. destroyed: files that were destroyed again. damaged, missing: objects that do not open, or are not there.
    trail_ok: whether the audit trail is whole from its first entry to that of the restore. waiting: not in the index yet.
    """

    backup: str
    taken_at: str
    rows: int = 0
    objects: int = 0
    forms: int = 0
    entries: int = 0
    trail_ok: bool = False
    destroyed: list[str] = field(default_factory=list)
    reread: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    counts_ok: bool = False
    indexed: int = 0
    waiting: int = 0

    @property
    def ok(self) -> bool:
        """Whether everything that the backup holds is there and sound."""
        return self.counts_ok and self.trail_ok and not self.damaged and not self.missing


def prove(house: House, chain: Chain, result: Restored, tell: Progress) -> Restored:
    """Look at what is there now, independently of what was written."""
    with suppress(IndexUnavailable):  # a new index has nothing of it; objects and keys were not restored
        erase.finish(house, SYSTEM.name, result.destroyed)
    house.database.scrub()
    result.rows = sum(chain.newest.first["counts"].values())
    for done, total in _opened(house, result, int(chain.newest.first["objects"])):
        tell("opened", done, total)
    with house.database.read() as session:
        report = audit.verify_all(session)
    result.entries, result.trail_ok = report.entries, report.ok
    with house.database.read() as session:
        result.waiting = session.scalar(select(func.count()).where(Document.status.in_(READ))) or 0
    try:
        for done, total in reindex(house, []):
            result.indexed, result.waiting = done, total - done
            tell("indexed", done, total)
    except (
        IndexUnavailable
    ) as error:  # every document counts as not indexed: the worker does it when the engine is back
        _log.warning("the index follows later: %s", error)
    return result


def _opened(house: House, result: Restored, total: int) -> Iterator[tuple[int, int]]:
    """Open every object with its key to its end and compare it with the digest that the database has of it."""
    with snapshot(house.database) as session:
        for done, entry in enumerate(named(session), 1):
            try:
                key = house.keys.unwrap(UUID(entry.owner), _wrapped(session, entry.owner))
                if entry.digest:
                    house.vault.verify(UUID(entry.name), key, entry.digest)
                else:
                    with house.vault.open(UUID(entry.name), key) as plain:
                        while plain.read(1 << 20):
                            pass
                result.objects += 1
            except ObjectMissing:
                result.missing.append(entry.name)
            except (ObjectDamaged, KeyUnusable):
                result.damaged.append(entry.name)
            yield done, total


def _wrapped(session: Session, owner: str) -> bytes:
    of_document = select(WrappedKey.wrapped).where(WrappedKey.document_id == owner)
    return session.scalar(of_document) or session.scalar(select(Stack.key).where(Stack.id == owner)) or b""
