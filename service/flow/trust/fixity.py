"""Fixity: open every sealed object to its last byte and compare it with its recorded hash; mend what is broken from the replica.

A run goes through the objects in the order of their names and notes how far it came, so that one that was killed or stopped
goes on where it was. Whatever arrives behind it meanwhile is for the next run.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.flow.common import claims
from service.flow.common.guard import require
from service.flow.common.objects import Known, after, count, fresh, is_kept, stores
from service.flow.trust.orphans import Orphan, find_orphans
from service.house import House
from service.records import audit
from service.records.tables import FixityFinding, FixityRun, ObjectState, Rendition, Stack
from vault.errors import KeyUnusable, ObjectDamaged, ObjectMissing, StoreUnavailable, SuiteNotOffered
from vault.ports import ObjectStore
from vault.replica import copy
from vault.vault import Vault

_BATCH = 100
_NOTE_SECONDS = 2.0
_LONGEST_WAIT = 30.0
#: A run that stopped this long ago says nothing about today.
_STALE = timedelta(days=30)
_KEEP_RUNS = 12
_MIB = 1 << 20


@dataclass
class FixityReport:
    """What a run found so far, and at its end `unowned`, which is nobody's. damaged, missing: documents by id, whether repaired since or not; repaired: those that are sound again.

    copies: documents whose copy in the replica was bad. orphans: what no document owns; unfinished: writes that died. note: what
    could not be looked at. resumed: how many had been checked before this run was broken off.
    """

    checked: int = 0
    total: int = 0
    damaged: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    orphans: int = 0
    unfinished: int = 0
    unowned: list[Orphan] = field(default_factory=list)
    note: str = ""
    resumed: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def ok(self) -> bool:
        """Whether everything was found sound, and nothing foreign."""
        return not (self.damaged or self.missing or self.copies or self.orphans)


def fixity(
    house: House,
    actor: Actor,
    *,
    kind: str = "manual",
    rate: float = 0.0,
    restart: bool = False,
    go_on: Callable[[], bool] = lambda: True,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[FixityReport]:
    """Check all objects, going on where an earlier run of this kind was broken off unless `restart`.

    rate: MiB a second at most, 0 for as fast as it goes. go_on: asked after each object; the next call goes on. Yields the growing
    report, before the first object, too; the last one is the result, with `finished_at` when it came to the end.
    Raises StoreUnavailable, DatabaseUnavailable: the next call goes on.
    """
    run, resumed = _begin(house, actor, kind, restart=restart)
    report = _report(house, run.id)
    report.resumed = resumed
    yield report
    walk = _Walk(house, run, report)
    pace = Pace(rate, pause)
    try:
        for known in walk.objects():
            walk.examine(known)
            yield report
            walk.note_sometimes()
            for wait in pace.waits(known.size):
                if wait > _NOTE_SECONDS:
                    walk.note()
                if not go_on():
                    return
            if not go_on():
                return
        _finish(house, actor, walk)
    finally:
        walk.let_go()
    yield report


class Pace:
    """Lets time pass, so that no more than `rate` MiB a second are read."""

    def __init__(
        self, rate: float, pause: Callable[[float], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._pause, self._clock = rate * _MIB, pause, clock
        self._began, self._size = clock(), 0

    def waits(self, size: int) -> Iterator[float]:
        """Wait as long as `size` more bytes ask for, a part at a time; yields before each how many seconds it will take."""
        self._size += size
        while self._rate and (ahead := self._size / self._rate - (self._clock() - self._began)) > 0:
            wait = min(ahead, _LONGEST_WAIT)
            yield wait
            self._pause(wait)


class _Walk:
    """One go through the objects, with the place where it is."""

    def __init__(self, house: House, run: FixityRun, report: FixityReport) -> None:
        self.house, self.run_id, self.report = house, run.id, report
        self._position = run.position
        self._noted = time.monotonic()
        places = stores(house)
        self._first, self._second = places["store"], places.get("replica")

    def objects(self) -> Iterator[Known]:
        """Yield what is left to be checked."""
        while True:
            with self.house.database.read() as session:
                batch = after(session, self._position, _BATCH)
            if not batch:
                return
            yield from batch

    def examine(self, known: Known) -> None:
        """Check one object, in both stores, and mend it."""
        found = []
        trouble = self._trouble(self._first, known)
        if trouble == "damaged":
            with self.house.database.read() as session:
                known = fresh(session, known)
            trouble = self._trouble(self._first, known)
        if trouble:
            found.append(("store", trouble, self._mend(self._second, self._first, known)))
        elif self._is_copied(known):
            trouble = self._guarded(lambda second: self._trouble(second, known))
            if trouble:
                found.append(("replica", trouble, self._mend(self._first, self._second, known)))
        for place, what, repaired in found:
            self._record(known, place, what, repaired=repaired)
        self._position = known.name
        self.report.checked += 1
        self.report.total = max(self.report.total, self.report.checked)

    def _is_copied(self, known: Known) -> bool:
        return known.state is not None and known.state.copied_to == self.house.settings.replica_place != ""

    def _guarded(self, check: Callable[[ObjectStore], str]) -> str:
        """Ask the replica; one that is down is noted once, and the store is still checked."""
        if self._second is None or self.report.note:
            return ""
        try:
            return check(self._second)
        except StoreUnavailable as error:
            self.report.note = f"the replica was not checked: {error}"
            return ""

    def _trouble(self, store: ObjectStore, known: Known) -> str:
        try:
            Vault(store).verify(UUID(known.name), known.key(self.house), known.sha256)
        except ObjectMissing:
            return "missing"
        except (ObjectDamaged, KeyUnusable, SuiteNotOffered):
            return "damaged"
        return ""

    def _mend(self, source: ObjectStore | None, target: ObjectStore | None, known: Known) -> bool:
        if source is None or target is None:
            return False
        try:
            copy(source, target, UUID(known.name), known.key(self.house), known.sha256, known.lock)
        except (ObjectMissing, ObjectDamaged, KeyUnusable):
            return False
        except StoreUnavailable as error:
            self.report.note = f"a repair was not possible: {error}"
            return False
        return True

    def _record(self, known: Known, place: str, what: str, *, repaired: bool) -> None:
        with self.house.database.write() as session:
            if not is_kept(session, known.name):
                gone = True  # destroyed while it was checked: no damage, and what was mended goes, too
            else:
                gone = False
                session.merge(
                    FixityFinding(
                        run_id=self.run_id,
                        name=known.name,
                        place=place,
                        document_id=known.owner,
                        what=what,
                        repaired=repaired,
                    )
                )
                detail = {"object": known.name, "place": place, "what": what, "repaired": repaired}
                audit.append(session, "system", "check.damage", f"document:{known.owner}", detail)
        if gone:
            if repaired:
                self.house.vault.delete(UUID(known.name))
            return
        _add(self.report, known.owner, place, what, repaired=repaired)

    def note_sometimes(self) -> None:
        """Keep how far the run came, unless that was done a moment ago."""
        if time.monotonic() - self._noted > _NOTE_SECONDS:
            self.note()

    def note(self) -> None:
        """Keep how far the run came, and that it lives."""
        self._noted = time.monotonic()
        with self.house.database.write() as session:
            self._keep(session)

    def _keep(self, session: Session) -> FixityRun:
        run = session.get_one(FixityRun, self.run_id)
        run.position, run.checked, run.total = self._position, self.report.checked, self.report.total
        run.note = self.report.note
        claims.take(run, self.house.clock.now())
        return run

    def end(self, session: Session) -> None:
        """Keep the result."""
        run = self._keep(session)
        run.orphans, run.unfinished = self.report.orphans, self.report.unfinished
        run.finished_at = self.report.finished_at = self.house.clock.now()

    def let_go(self) -> None:
        """Let whoever comes next go on from here."""
        claims.give_up(self.run_id)
        with self.house.database.write() as session:
            claims.release(self._keep(session))


def _add(report: FixityReport, document_id: str, place: str, what: str, *, repaired: bool) -> None:
    names = report.copies if place == "replica" else report.missing if what == "missing" else report.damaged
    if document_id not in names:
        names.append(document_id)
    if repaired and document_id not in report.repaired:
        report.repaired.append(document_id)


def _begin(house: House, actor: Actor, kind: str, *, restart: bool) -> tuple[FixityRun, int]:
    """Return the run to go on with, or a new one, claimed; and how many objects it had checked before."""
    now = house.clock.now()
    with house.database.write() as session:
        query = select(FixityRun).where(FixityRun.kind == kind, FixityRun.finished_at.is_(None))
        open_runs = list(session.scalars(query.order_by(FixityRun.started_at.desc()).with_for_update()))
        for run in open_runs:
            if restart or claims.is_held(run, now) or now - run.started_at > _STALE:
                continue
            claims.take(run, now)
            return run, run.checked
        run = FixityRun(kind=kind, started_by=actor.name, started_at=now, total=count(session), position="")
        run.checked, run.orphans, run.unfinished, run.note = 0, 0, 0, ""
        session.add(run)
        session.flush()
        claims.take(run, now)
        return run, 0


def _finish(house: House, actor: Actor, walk: _Walk) -> None:
    report = walk.report
    unreached: list[str] = []
    report.unowned = find_orphans(house, unreached)
    for why in unreached:
        report.note = report.note or f"the replica was not looked at: {why}"
    report.orphans = sum(not orphan.unfinished for orphan in report.unowned)
    report.unfinished = len(report.unowned) - report.orphans
    with house.database.write() as session:
        walk.end(session)
        _tidy(session)
        detail = {
            "checked": report.checked,
            "damaged": len(report.damaged),
            "missing": len(report.missing),
            "copies": len(report.copies),
            "repaired": len(report.repaired),
            "orphans": report.orphans,
        }
        audit.append(session, actor.name, "check.fixity", "store", detail)


def _tidy(session: Session) -> None:
    """Forget runs of long ago, and what is noted of objects that are no more."""
    runs = list(session.scalars(select(FixityRun.id).order_by(FixityRun.started_at.desc()).offset(_KEEP_RUNS)))
    session.execute(delete(FixityFinding).where(FixityFinding.run_id.in_(runs)))
    session.execute(delete(FixityRun).where(FixityRun.id.in_(runs)))
    kept = select(Rendition.id).union_all(select(Stack.id))
    session.execute(delete(ObjectState).where(ObjectState.name.not_in(kept)))


def _report(house: House, run_id: str) -> FixityReport:
    """Return what a run has found so far."""
    with house.database.read() as session:
        run = session.get_one(FixityRun, run_id)
        report = FixityReport(
            checked=run.checked,
            total=run.total,
            orphans=run.orphans,
            unfinished=run.unfinished,
            note=run.note if run.finished_at else "",
            started_at=run.started_at,
            finished_at=run.finished_at,
        )
        query = select(FixityFinding).where(FixityFinding.run_id == run_id).order_by(FixityFinding.name)
        for finding in session.scalars(query):
            _add(report, finding.document_id, finding.place, finding.what, repaired=finding.repaired)
    return report


def last(house: House) -> FixityReport | None:
    """Return the result of the last run that came to its end; None before the first."""
    with house.database.read() as session:
        query = select(FixityRun.id).where(FixityRun.finished_at.is_not(None))
        run_id = session.scalar(query.order_by(FixityRun.finished_at.desc()).limit(1))
    return _report(house, run_id) if run_id else None


def last_seen(house: House, actor: Actor) -> FixityReport | None:
    """Return `last` to whoever may read the trail, and note the reading. Raises NotAllowed."""
    require(actor, "audit.read")
    with house.database.write() as session:
        audit.append(session, actor.name, "check.view", "store")
    return last(house)


def is_due(house: House) -> bool:
    """Return whether a scheduled run should begin or go on: `fixity_days` after the end of the last one of any kind."""
    days = house.settings.fixity_days
    if not days:
        return False
    now = house.clock.now()
    with house.database.read() as session:
        query = select(FixityRun).where(FixityRun.kind == "scheduled", FixityRun.finished_at.is_(None))
        open_runs = list(session.scalars(query))
        if any(claims.is_held(run, now) for run in open_runs):
            return False
        if any(now - run.started_at <= _STALE for run in open_runs):
            return True
        query = select(FixityRun).where(FixityRun.finished_at.is_not(None))
        ended = session.scalar(query.order_by(FixityRun.finished_at.desc()).limit(1))
        return ended is None or ended.finished_at is None or now - ended.finished_at >= timedelta(days=days)
