"""Checks: whether the sealed objects are what was sealed, and whether database, store and index agree."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select

from service.access.policy import Actor
from service.flow.destroy import resume
from service.flow.index import index_documents
from service.flow.process import UNREAD, process_waiting
from service.house import House
from service.records import audit
from service.records.audit import ChainReport
from service.records.tables import Document, Rendition, Stack, WrappedKey
from vault.errors import KeyUnusable, ObjectDamaged, ObjectMissing

# Their keys went, or never counted; their objects follow.
_LEAVING = ("destroyed", "receiving")


@dataclass
class FixityReport:
    """Objects checked, and the documents whose objects are damaged or missing."""

    checked: int = 0
    total: int = 0
    damaged: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.damaged and not self.missing


def fixity(house: House, actor: Actor) -> Iterator[FixityReport]:
    """Open every sealed object to its end and compare it with its recorded hash.

    Yields the growing report; the last one is the result. An object whose key does not open it counts as damaged.
    """
    report = FixityReport()
    with house.database.read() as session:
        query = (
            select(Rendition.id, Rendition.document_id, Rendition.sha256, WrappedKey.wrapped)
            .outerjoin(WrappedKey, WrappedKey.document_id == Rendition.document_id)
            .join(Document, Document.id == Rendition.document_id)
            .where(Rendition.state == "kept", Document.status.not_in(_LEAVING))
        )
        query = query.order_by(Rendition.document_id, Rendition.id)
        rows = [(name, owner, digest, key) for name, owner, digest, key in session.execute(query)]
        # A stack whose batch waits for its release is checked as documents are.
        stacks = select(Stack.id, Stack.sha256, Stack.key).where(Stack.key.is_not(None), Stack.state != "receiving")
        rows += [(name, name, digest, key or b"") for name, digest, key in session.execute(stacks)]
    report.total = len(rows)
    for name, document_id, digest, wrapped in rows:
        try:
            house.vault.verify(UUID(name), house.keys.unwrap(UUID(document_id), wrapped or b""), digest)
        except ObjectMissing:
            if document_id not in report.missing and _still_there(house, name):
                report.missing.append(document_id)
        except (ObjectDamaged, KeyUnusable):
            if document_id not in report.damaged and _still_there(house, name):
                report.damaged.append(document_id)
        report.checked += 1
        yield report
    with house.database.write() as session:
        detail = {"checked": report.checked, "damaged": len(report.damaged), "missing": len(report.missing)}
        audit.append(session, actor.name, "check.fixity", "store", detail)
    yield report


def _still_there(house: House, name: str) -> bool:
    """Whether the object should exist still: it may have been destroyed while the check went on."""
    with house.database.read() as session:
        stack = session.get(Stack, name)
        return session.get(Rendition, name) is not None or (stack is not None and stack.key is not None)


def verify_audit(house: House, actor: Actor) -> ChainReport:
    """Verify the whole audit chain and note that it was done."""
    with house.database.read() as session:
        report = audit.verify_all(session)
    with house.database.write() as session:
        detail = {"entries": report.entries, "ok": report.ok, "first_bad": report.first_bad}
        audit.append(session, actor.name, "check.audit", "audit", detail)
    return report


@dataclass
class DoctorReport:
    """What does not agree. orphans: objects nobody owns; missing: documents that lack an object in the store; stray: index entries of no living document; lost: not indexed."""

    documents: int = 0
    orphans: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing needs mending; work that merely waits is no damage."""
        return not (self.orphans or self.missing or self.stray or self.lost or self.failed)


def doctor(house: House, actor: Actor, *, repair: bool = False) -> DoctorReport:
    """Compare database, store and index; with `repair`, finish what waits and remove what nobody owns."""
    house.database.check()
    house.vault.store.check()
    house.index.check()
    if repair:
        resume(house)
        process_waiting(house)
    report = _compare(house)
    if repair:
        for name in report.orphans:
            house.vault.delete(UUID(name))
        for document_id in report.stray:
            house.index.remove(document_id)
        index_documents(house, report.lost)
        with house.database.write() as session:
            detail = {"orphans": len(report.orphans), "stray": len(report.stray), "lost": len(report.lost)}
            audit.append(session, actor.name, "check.repair", "archive", detail)
    return report


def _compare(house: House) -> DoctorReport:
    report = DoctorReport()
    # The store is listed between two looks into the database: an object that arrives meanwhile is known to the second, so it is
    # no orphan; one that is destroyed meanwhile is not known to it any more, so it is not missing.
    with house.database.read() as session:
        query = select(Rendition.id).join(Document, Document.id == Rendition.document_id)
        kept = set(session.scalars(query.where(Rendition.state == "kept", Document.status.not_in(_LEAVING))))
        kept |= set(session.scalars(select(Stack.id).where(Stack.state.in_(("kept", "cutting", "cut")))))
    in_store = {str(name) for name in house.vault.store.names()}
    in_index = set(house.index.documents())
    with house.database.read() as session:
        owners = dict(session.execute(select(Rendition.id, Rendition.document_id)).all())
        for stack_id, thumbs in session.execute(select(Stack.id, Stack.thumbs).where(Stack.state != "removed")):
            owners |= {stack_id: stack_id} | ({thumbs: stack_id} if thumbs else {})
        states = {row.id: row for row in session.execute(select(Document.id, Document.status, Document.indexed))}
        report.documents = session.scalar(select(func.count()).where(Document.status != "destroyed")) or 0
    owned = set(owners.values())
    report.orphans = sorted(in_store - owners.keys())
    report.missing = sorted({owners[name] for name in (kept - in_store) & owners.keys()})
    for document_id, row in states.items():
        if row.status in UNREAD or (row.status in ("stored", "needs_review") and not row.indexed):
            report.waiting.append(document_id)
        elif row.status == "failed":
            report.failed.append(document_id)
        elif row.status in ("stored", "needs_review") and document_id not in in_index:
            report.lost.append(document_id)
    # A destruction that was broken off is finished by the next sweep; until then what it has not come to is no damage.
    ending = {i for i, row in states.items() if row.status == "destroyed" and (i in in_index or i in owned)}
    report.waiting += sorted(ending)
    living = {i for i, row in states.items() if row.status in ("stored", "needs_review", "failed")}
    report.stray = sorted(in_index - living - ending)
    return report
