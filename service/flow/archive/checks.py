"""Checks: whether the audit trail is unbroken, and whether database, store and index agree."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Select, func, or_, select, update

from search.errors import IndexUnavailable
from service.access.policy import Actor
from service.flow.archive.destroy import resume
from service.flow.archive.outside import resume as resume_removals
from service.flow.common.index import index_documents, reindex
from service.flow.common.index import stale as stale_entries
from service.flow.common.locks import offers
from service.flow.common.objects import LEAVING
from service.flow.common.objects import owners as owners_of
from service.flow.intake.copies import given_up, preserve_again
from service.flow.intake.lacking import lacking, read_lacking
from service.flow.intake.process import UNREAD, process_waiting
from service.flow.trust import checkpoints
from service.house import House
from service.records import audit
from service.records.checkpoints import TrailReport, is_checkpoint
from service.records.tables import CaseFile, Document, Rendition, Stack, Transfer


def verify_audit(house: House, actor: Actor) -> TrailReport:
    """Verify the whole audit trail (chain, checkpoints, their copies in the store) and note that it was done."""
    return checkpoints.verify(house, actor)


@dataclass
class DoctorReport:
    """What does not agree. orphans: objects nobody owns; missing: documents that lack an object in the store; stray: index entries of no living document; lost: not indexed; stale: indexed as it is no more; unread: of whose pages not all are kept, though they count as read; unpreserved: their PDF/A copy could not be made; transfers: open ones beside which another department or tier stands than that of their file, so that lists show them to others; rebuilding: a rebuild of the index was begun and is not finished. locks: of each store why it locks no objects, "" where it does. forms: files of the company's own forms that are not used, and why."""

    documents: int = 0
    orphans: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    unpreserved: list[str] = field(default_factory=list)
    transfers: list[str] = field(default_factory=list)
    locks: dict[str, str] = field(default_factory=dict)
    forms: dict[str, str] = field(default_factory=dict)
    rebuilding: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing needs mending; work that merely waits is no damage."""
        wrong = (self.orphans, self.missing, self.stray, self.lost, self.stale, self.failed, self.unread)
        return not any((*wrong, self.unpreserved, self.transfers, self.forms))


def doctor(house: House, actor: Actor, *, repair: bool = False) -> DoctorReport:
    """Compare database, store and index; with `repair`, finish what waits and remove what nobody owns."""
    house.database.check()
    house.vault.store.check()
    try:
        house.index.check()
    except IndexUnavailable:
        if not repair:
            raise
        for _ in reindex(house, []):  # damaged, lost or of another version; a server that is down says so once more
            pass
    if repair:
        resume(house)
        resume_removals(house)
        read_lacking(house, actor)
        process_waiting(house)
        _copies_again(house, actor)
    report = _compare(house)
    if repair:
        for name in report.orphans:
            house.vault.delete(UUID(name))
        for document_id in report.stray:
            house.index.remove(document_id)
        index_documents(house, [*report.lost, *report.stale])
        _follow_files(house, report.transfers)
        with house.database.write() as session:
            detail = {
                "orphans": len(report.orphans),
                "stray": len(report.stray),
                "lost": len(report.lost),
                "stale": len(report.stale),
                "transfers": len(report.transfers),
            }
            audit.append(session, actor.name, "check.repair", "archive", detail)
    return report


def _copies_again(house: House, actor: Actor) -> None:
    """Try once more to make the preservation copies that were given up."""
    from service.flow.intake.preserve import preserve

    for document_id in given_up(house):
        preserve_again(house, actor, document_id)
        preserve(house, document_id)


def _astray() -> Select[str]:
    """Return a query over the open transfers beside which something else stands than what their file is."""
    other = or_(Transfer.tier != CaseFile.tier, Transfer.department_id != CaseFile.department_id)
    query = select(Transfer.id).join(CaseFile, CaseFile.id == Transfer.case_file_id)
    return query.where(Transfer.state != "accepted", other).order_by(Transfer.id)


def _follow_files(house: House, transfer_ids: Sequence[str]) -> None:
    """Let what stands beside these transfers be what their files are."""
    for transfer_id in transfer_ids:
        its_file = select(CaseFile).join(Transfer, Transfer.case_file_id == CaseFile.id)
        with house.database.write() as session:
            file = session.scalars(its_file.where(Transfer.id == transfer_id).with_for_update(of=CaseFile)).one()
            values = {"tier": file.tier, "department_id": file.department_id}
            session.execute(update(Transfer).where(Transfer.id == transfer_id).values(**values))


def _compare(house: House) -> DoctorReport:
    report = DoctorReport()
    # The store is listed between two looks into the database: an object that arrives meanwhile is known to the second, so it is
    # no orphan; one that is destroyed meanwhile is not known to it any more, so it is not missing.
    with house.database.read() as session:
        query = select(Rendition.id).join(Document, Document.id == Rendition.document_id)
        kept = set(session.scalars(query.where(Rendition.state == "kept", Document.status.not_in(LEAVING))))
        kept |= set(session.scalars(select(Stack.id).where(Stack.state.in_(("kept", "cutting", "cut")))))
    report.locks, report.forms = offers(house), house.unusable_forms()
    report.unpreserved, report.unread = given_up(house), lacking(house)
    report.rebuilding = house.index.begun()
    report.stale = stale_entries(house)
    in_store = {str(name) for name in house.vault.store.names() if not is_checkpoint(name)}
    in_index = set(house.index.documents())
    with house.database.read() as session:
        report.transfers = list(session.scalars(_astray()))
        owners = owners_of(session)
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
