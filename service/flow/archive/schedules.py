"""The versions of the retention schedule (保管期限表): drafted, judged, tried on what there is, activated by a second person, applied.

A version that counts, or ever counted, is never changed. What it changes is applied in the background, file by file in the trail, and
only ever to the longer.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import extract, func, or_, select
from sqlalchemy.orm import Session

from retention.errors import BadSchedule
from retention.schedule import Facts, Schedule, default_schedule, settle
from retention.schedule_text import Problem, is_version, normal, problems, rows_of, to_schedule
from retention.why import Why
from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.archive.candidates import years_of_file
from service.flow.common.guard import require
from service.flow.common.locks import lock_soon
from service.flow.common.schedule import VOUCHERS, Period, current_schedule, facts_of, recompute_retention
from service.flow.common.sight import visible_files
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, Contract, Document, ScheduleVersion

MAX_NOTE = 500
_AT_ONCE = 200
_CHUNK = 5_000


@dataclass(frozen=True)
class VersionView:
    """A version with what is wrong with it. kept: whether it stands in the database; the default is made from the settings."""

    version: str
    state: str
    rules: tuple[dict[str, Any], ...]
    problems: tuple[Problem, ...]
    note: str = ""
    edited_by: str | None = None
    edited_at: Any = None
    activated_by: str | None = None
    activated_at: Any = None
    kept: bool = True


def versions(house: House, actor: Actor) -> list[VersionView]:
    """Return all versions, the one that counts first, then the newest; note the reading. Raises NotAllowed."""
    require(actor, "schedule.read")
    with house.database.write() as session:
        audit.append(session, actor.name, "schedule.list", "schedules")
        rows = list(session.scalars(select(ScheduleVersion).order_by(ScheduleVersion.edited_at.desc())))
        found = [_view(row) for row in rows]
        active = any(view.state == "active" for view in found)
        found.append(_default(house, "replaced" if active else "active"))
    return sorted(found, key=lambda view: view.state != "active")


def version_of(house: House, actor: Actor, version: str) -> VersionView:
    """Return one version and note the reading. Raises NotFound, NotAllowed."""
    found = next((view for view in versions(house, actor) if view.version == version), None)
    if found is None:
        raise NotFound(f"there is no schedule {version}")
    return found


def _default(house: House, state: str) -> VersionView:
    schedule = default_schedule(house.settings.major_amount, house.settings.minor_amount)
    return VersionView(schedule.version, state, tuple(rows_of(schedule)), (), kept=False)


def _view(row: ScheduleVersion) -> VersionView:
    return VersionView(
        row.version,
        row.state,
        tuple(row.rules),
        tuple(problems(row.rules)),
        row.note,
        row.edited_by,
        row.edited_at,
        row.activated_by,
        row.activated_at,
    )


def save_draft(
    house: House, actor: Actor, version: str, rules: Sequence[Mapping[str, Any]], note: str = ""
) -> VersionView:
    """Keep a draft under a version's name, new or in place of the draft there is; what is wrong with it is told, not refused.

    Raises BadInput (a name or a field there is not), NotAllowed, RuleRefused (it counts or counted).
    """
    require(actor, "schedule.edit")
    if not is_version(version):
        why = "1 to 40 letters, digits, Han characters, dots or hyphens"
        raise BadInput(f"version: {why}", {"version": why})
    if len(note) > MAX_NOTE:
        raise BadInput(f"note: at most {MAX_NOTE} characters", {"note": f"at most {MAX_NOTE} characters"})
    try:
        kept = [normal(rule) for rule in rules]
    except BadSchedule as error:
        raise BadInput(f"rules: {error}", {"rules": str(error)}) from error
    with house.database.write() as session:
        audit.lock(session)  # of two who save the same new name the second sees the first
        row = session.get(ScheduleVersion, version)
        if row is None and version == _default(house, "").version:
            raise RuleRefused(f"schedule {version} is not a draft; it is not changed any more")
        if row is None:
            row = ScheduleVersion(version=version, state="draft")
            session.add(row)
        elif row.state != "draft":
            raise RuleRefused(f"schedule {version} is not a draft; it is not changed any more")
        row.rules, row.note = kept, note.strip()
        row.edited_by, row.edited_at = actor.name, house.clock.now()
        found = _view(row)
        detail = {"rules": len(kept), "problems": len(found.problems)}
        audit.append(session, actor.name, "schedule.save", f"schedule:{version}", detail)
        return found


def activate(house: House, actor: Actor, version: str) -> None:
    """Let a draft count from now on, as another person than who wrote it. Raises NotFound, NotAllowed, RuleRefused, BadSchedule."""
    require(actor, "schedule.activate")
    with house.database.write() as session:
        audit.lock(session)
        row = session.get(ScheduleVersion, version)
        if row is None:
            raise NotFound(f"there is no schedule {version}")
        if row.state != "draft":
            raise RuleRefused(f"schedule {version} is not a draft; it is not changed any more")
        if row.edited_by == actor.name:
            raise RuleRefused("you wrote this schedule; a second person activates it")
        to_schedule(version, row.rules)
        for old in session.scalars(select(ScheduleVersion).where(ScheduleVersion.state == "active")):
            old.state = "replaced"
        row.state, row.activated_by, row.activated_at = "active", actor.name, house.clock.now()
        detail = {"edited_by": row.edited_by, "rules": row.rules}
        audit.append(session, actor.name, "schedule.activate", f"schedule:{version}", detail)


# --- what would change ---


@dataclass(frozen=True)
class Change:
    """A file that a version would keep longer (longer: true), or that it would keep shorter and that stays as it is."""

    file_id: str
    archive_number: str
    title: str
    before: str | None
    after: str
    says: str
    due_before: Any
    due_after: Any
    why: Why
    longer: bool


@dataclass(frozen=True)
class WhatIf:
    """How many archived files there are, would be kept longer, or would stay though the version says shorter; the first of them."""

    files: int
    longer: int
    stay: int
    changes: tuple[Change, ...]


def what_if(house: House, actor: Actor, version: str, limit: int = 200) -> WhatIf:
    """Return what a version would change in the archived files the actor may see; nothing is changed, the asking is noted.

    Raises NotFound, NotAllowed, BadSchedule.
    """
    view = version_of(house, actor, version)
    schedule = to_schedule(version, view.rules)
    files = longer = stay = 0
    changes: list[Change] = []
    with house.database.read() as session:
        for row, facts in _all_facts(session, actor):
            files += 1
            decision = schedule.retention_for(facts)
            after = settle(decision, row.retention, row.retention_why, row.due_on, row.closed_on)
            is_longer = after.code != row.retention or after.due_on != row.due_on
            stays = after.code != decision.code
            longer, stay = longer + is_longer, stay + (stays and not is_longer)
            if (is_longer or stays) and len(changes) < limit:
                changes.append(_change(row, after, decision.code, longer=is_longer))
    with house.database.write() as session:
        detail = {"files": files, "longer": longer, "stay": stay}
        audit.append(session, actor.name, "schedule.try", f"schedule:{version}", detail)
    return WhatIf(files, longer, stay, tuple(changes))


def _change(row: Any, after: Period, says: str, *, longer: bool) -> Change:
    return Change(
        row.id,
        row.archive_number or "",
        row.title,
        row.retention,
        after.code,
        says,
        row.due_on,
        after.due_on,
        after.why,
        longer,
    )


def _all_facts(session: Session, actor: Actor) -> Iterator[tuple[Any, Facts]]:
    """Yield every archived file the actor may see with the facts its period depends on, some thousand at a time."""
    columns = (
        *(CaseFile.id, CaseFile.archive_number, CaseFile.title, CaseFile.kind, CaseFile.retention),
        *(CaseFile.retention_why, CaseFile.due_on, CaseFile.closed_on, CaseFile.events),
    )
    query = (
        visible_files(actor)
        .where(CaseFile.state == "archived")
        .outerjoin(Contract, Contract.id == CaseFile.contract_id)
    )
    bare = query.with_only_columns(*columns, Contract.amount, Contract.currency).order_by(CaseFile.id).limit(_CHUNK)
    last = ""
    while rows := session.execute(bare.where(CaseFile.id > last)).all():
        last = rows[-1].id
        held: dict[str, set[tuple[str, bool]]] = defaultdict(set)
        inside = select(Document.case_file_id, Document.category, Document.is_original).where(
            Document.case_file_id >= rows[0].id, Document.case_file_id <= last, Document.status != "destroyed"
        )
        for file_id, category, original in session.execute(inside.distinct()):
            held[file_id or ""].add((category, original))
        for row in rows:
            mine = held[row.id]
            yield (
                row,
                facts_of(
                    row.kind,
                    row.amount if row.currency == "CNY" else None,
                    frozenset(row.events),
                    frozenset({"accounting_voucher"} if (VOUCHERS, True) in mine else ()),
                    frozenset(category for category, _original in mine if category),
                ),
            )


# --- applying ---


def apply_waiting(house: House, go_on: Callable[[], bool]) -> int:
    """Apply the version that counts to archived files it was not applied to, until `go_on` says no; returns how many.

    Killed at any point, the next call goes on. Every file that is kept longer has its entry in the trail.
    """
    done = 0
    while go_on():
        with house.database.write() as session:
            schedule = _active(house, session)
            if schedule is None:
                return done
            stale = or_(CaseFile.schedule.is_(None), CaseFile.schedule != schedule.version)
            query = select(CaseFile).where(CaseFile.state == "archived", stale).order_by(CaseFile.id).limit(_AT_ONCE)
            files = list(session.scalars(query.with_for_update(of=CaseFile)))
            longer = [file.id for file in files if _apply(house, session, file, schedule)]
        lock_soon(house, longer)
        done += len(files)
        if len(files) < _AT_ONCE:
            return done
    return done


def follow_dealings(house: House, go_on: Callable[[], bool] = lambda: True) -> int:
    """Set later dates of credit files whose customers had contracts after the relationship had ended; returns of how many files.

    So that what the file says, and the lock on its objects, is what the rules hold against its destruction. Never earlier. Killed at any
    point, the next call goes on; every file has its entry in the trail.
    """
    last_end = select(func.max(Contract.ended_on)).where(Contract.customer_id == CaseFile.customer_id).scalar_subquery()
    first_day = extract("year", last_end) + 1 + years_of_file()
    query = select(CaseFile).where(
        CaseFile.kind == "credit", CaseFile.state == "archived", CaseFile.closed_on.is_not(None)
    )
    query = query.where(last_end > CaseFile.closed_on, first_day > extract("year", CaseFile.due_on))
    done = 0
    while go_on():
        with house.database.read() as session:  # mostly nothing is to be done, and nobody has to wait for that
            ids = list(session.scalars(query.with_only_columns(CaseFile.id).order_by(CaseFile.id).limit(_AT_ONCE)))
        if not ids:
            break
        with house.database.write() as session:
            schedule = current_schedule(house, session)
            some = query.where(CaseFile.id.in_(ids)).order_by(CaseFile.id).with_for_update(of=CaseFile)
            longer = [file.id for file in session.scalars(some) if _apply(house, session, file, schedule)]
        lock_soon(house, longer)
        done += len(longer)
        if len(longer) < _AT_ONCE:
            break
    return done


def _active(house: House, session: Session) -> Schedule | None:
    if session.scalar(select(func.count()).where(ScheduleVersion.state == "active")):
        return current_schedule(house, session)
    return None


def _apply(house: House, session: Session, file: CaseFile, schedule: Schedule) -> bool:
    before = (file.retention, file.due_on)
    recompute_retention(house, session, file)
    if (file.retention, file.due_on) == before:
        return False
    detail = {
        "schedule": schedule.version,
        "retention": [before[0], file.retention],
        "due_on": [str(before[1]) if before[1] else None, str(file.due_on) if file.due_on else None],
    }
    audit.append(session, "system", "file.retention", f"file:{file.id}", detail)
    return True


# --- as values ---


def version_as_json(view: VersionView) -> dict[str, Any]:
    """Return a version as plain JSON values."""
    return {
        "version": view.version,
        "state": view.state,
        "rules": list(view.rules),
        "problems": [{"rule": p.rule or None, "why": {"zh": p.why.zh, "en": p.why.en}} for p in view.problems],
        "note": view.note,
        "edited_by": view.edited_by,
        "edited_at": view.edited_at.isoformat() if view.edited_at else None,
        "activated_by": view.activated_by,
        "activated_at": view.activated_at.isoformat() if view.activated_at else None,
    }


def what_if_as_json(found: WhatIf) -> dict[str, Any]:
    """Return what would change as plain JSON values."""
    return {
        "files": found.files,
        "longer": found.longer,
        "stay": found.stay,
        "changes": [
            {
                "file_id": c.file_id,
                "archive_number": c.archive_number,
                "retention": [c.before, c.after],
                "says": c.says,
                "due_on": [
                    c.due_before.isoformat() if c.due_before else None,
                    c.due_after.isoformat() if c.due_after else None,
                ],
                "longer": c.longer,
                "why": {"zh": c.why.zh, "en": c.why.en},
            }
            for c in found.changes
        ],
    }
