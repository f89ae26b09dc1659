"""Checkpoints of the audit trail: made, put into the object store, and the whole trail verified against both."""

import io
import json
import logging
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select, update

from service.access.policy import Actor
from service.errors import BadInput, RuleRefused
from service.flow.common.objects import stores
from service.flow.trust.timestamps import holds, stamp_missing
from service.house import SYSTEM, House
from service.records import audit, checkpoints, signing
from service.records.checkpoints import TrailReport
from service.records.tables import AuditEntry, Checkpoint
from vault.errors import LocksNotOffered, ObjectExists, ObjectMissing, VaultError
from vault.model import Lock
from vault.ports import ObjectStore
from vault.streams import read_exactly

log = logging.getLogger("juanzong.checkpoints")
#: How long the store keeps a checkpoint from deletion, where it can: as long as an ordinary contract is kept.
_KEPT = timedelta(days=30 * 366)
# Beyond the last known number, these are looked for: all of the next ones, then ever farther ones, for some may have been removed.
_AHEAD = (*range(1, 17), *(1 << power for power in range(5, 21)))
_LONGEST = 1 << 16
_COPIED = 24  # newest checkpoints that the replica is asked for: one that was down for a day is caught up with


def checkpoint(house: House, actor: Actor) -> Checkpoint | None:
    """Sign where the trail stands and put that into the object store; returns the newest checkpoint.

    When nothing came since the last one, no new one is made. Raises RuleRefused: the trail is broken. Raises StoreUnavailable,
    KeyUnusable; what is signed by then is put into the store the next time.
    """
    with house.database.read() as session:
        before, archive = checkpoints.last(session), signing.archive_id(session)
    known = before.number if before else 0
    taken = max(_beyond(house, archive, known), default=0) if archive else 0
    with house.database.write() as session:
        made = checkpoints.make(session, house.keys, actor.name, after=taken)
    store_missing(house)
    stamp_missing(house)
    return made or before


def checkpoint_when_due(house: House) -> None:
    """Make a checkpoint when the last one is old enough, or not in the store yet. Raises as `checkpoint`."""
    with house.database.read() as session:
        waiting = session.scalar(select(Checkpoint.number).where(Checkpoint.stored_at.is_(None)).limit(1))
        before = checkpoints.last(session)
    age = timedelta(hours=house.settings.checkpoint_hours)
    if before is None or waiting is not None or datetime.now(UTC) - datetime.fromisoformat(before.at) >= age:
        checkpoint(house, SYSTEM)


def store_missing(house: House) -> None:
    """Put into the object store every checkpoint that is not there yet, and into its replica the newest. Raises StoreUnavailable."""
    with house.database.read() as session:
        rows = list(
            session.scalars(select(Checkpoint).where(Checkpoint.stored_at.is_(None)).order_by(Checkpoint.number))
        )
        archive = signing.archive_id(session)
    for row in rows:
        _put(stores(house)["store"], archive, row)
        with house.database.write() as session:
            session.get_one(Checkpoint, row.number).stored_at = house.clock.now()
    _copy_newest(house, archive)


def _copy_newest(house: House, archive: str) -> None:
    """Put what the replica lacks of the newest checkpoints there; one that does not answer gets them the next time."""
    replica = stores(house).get("replica")
    if replica is None:
        return
    with house.database.read() as session:
        rows = list(session.scalars(select(Checkpoint).order_by(Checkpoint.number.desc()).limit(_COPIED)))
    for row in rows:
        try:
            if not replica.remains(checkpoints.object_name(archive, row.number)):
                _put(replica, archive, row)
        except VaultError:
            log.warning("checkpoint %s is not in the replica yet", row.number)
            return


def _put(store: ObjectStore, archive: str, row: Checkpoint) -> None:
    name = checkpoints.object_name(archive, row.number)
    try:
        store.put(name, io.BytesIO(checkpoints.as_object(row)))
    except ObjectExists:  # a run that was killed had come so far; verification compares what is there
        log.info("checkpoint %s is in the store already", row.number)
    try:
        if not store.locks():
            store.lock(name, Lock(until=datetime.now(UTC).replace(microsecond=0) + _KEPT))
    except LocksNotOffered as error:
        log.warning("checkpoint %s is not locked: %s", row.number, error)


def _beyond(house: House, archive: str, known: int) -> list[int]:
    """Return the numbers above `known` that the store has something under, be it a delete marker. Raises StoreUnavailable."""
    return [
        known + step for step in _AHEAD if house.vault.store.remains(checkpoints.object_name(archive, known + step))
    ]


def verify(house: House, actor: Actor) -> TrailReport:
    """Verify chain, checkpoints, and what the object store has of them, and note that it was done. Raises StoreUnavailable."""
    with house.database.read() as session:
        report, rows = checkpoints.verify_all(session, house.keys)
        archive = signing.archive_id(session)
    report = _with_store(house, archive, report, rows)
    with house.database.write() as session:
        detail = {"entries": report.entries, "ok": report.ok, "first_bad": report.first_bad}
        audit.append(session, actor.name, "check.audit", "audit", detail)
    return report


def _with_store(house: House, archive: str, report: TrailReport, rows: list[Checkpoint]) -> TrailReport:
    """Compare with the store; the earliest bad entry of both is the one that is named."""
    bad, problem = _compare(house, archive, rows, report)
    if not problem or (report.first_bad is not None and (bad is None or report.first_bad <= bad)):
        return report
    return TrailReport(report.entries, False, bad, report.checkpoints, problem)


def _compare(house: House, archive: str, rows: list[Checkpoint], report: TrailReport) -> tuple[int | None, str]:
    if not archive:
        return None, ""
    known = {row.number: row for row in rows}
    done = 0
    for row in rows:
        there = _read(house, archive, row.number)
        if there is None and row.stored_at is not None:
            return done + 1, f"checkpoint {row.number} has gone from the object store, which had it"
        if there is not None and checkpoints.of_object(there) != (row.statement, row.signature, row.public):
            return done + 1, f"checkpoint {row.number} in the object store is another than the database has"
        if row.stamp and not holds(house, row):
            return done + 1, f"the time stamp of checkpoint {row.number} does not hold"
        done = row.entries
    accepted = _accepted(house)
    for number in _unknown(house, archive, known.keys()):
        there = _read(house, archive, number)
        if accepted.get(number) == _digest(there):
            continue
        said = checkpoints.of_object(there or b"")
        other = checkpoints.stated(said[0]) if said else None
        problem = f"the object store has checkpoint {number}"
        if other is None:
            return report.entries + 1, f"{problem}, the database has not"
        problem += (
            f" of {other.at}, for {other.entries} entries, and the database has not: it was put back to an earlier day"
        )
        return min(report.entries, other.entries) + 1, problem
    return None, ""


def _unknown(house: House, archive: str, known: Collection[int]) -> list[int]:
    """Return the numbers under which the store has something that the database knows nothing of. Raises StoreUnavailable."""
    highest = max(known, default=0)
    gaps = [number for number in range(1, highest) if number not in known]
    found = [n for n in gaps if house.vault.store.remains(checkpoints.object_name(archive, n))]
    found += _beyond(house, archive, highest)
    with house.database.read() as session:  # one may have been made since the database was read
        return [number for number in found if session.get(Checkpoint, number) is None]


def _digest(content: bytes | None) -> str:
    return "" if content is None else sha256(content).hexdigest()


def _accepted(house: House) -> dict[int, str]:
    """Return the checkpoints of the store that somebody answered for, with the digest of what was there."""
    with house.database.read() as session:
        details = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "audit.answer_for"))
        return {number: digest for detail in details for number, digest in json.loads(detail)["checkpoints"]}


def demand_ours(house: House, names: Iterable[UUID]) -> None:
    """Raise RuleRefused where checkpoints in the stores tell of entries that this database does not have: nothing is rubbish there.

    names: all that lies in them. A checkpoint of another archive, or of a later day that nobody answered for: what no row of the database
    names may be documents then.
    """
    with house.database.read() as session:
        archive, known = signing.archive_id(session), set(session.scalars(select(Checkpoint.number)))
    ours = checkpoints.object_name(archive, 0) if archive else None
    if any(checkpoints.is_checkpoint(name) and not (ours and checkpoints.is_beside(name, ours)) for name in names):
        raise RuleRefused(
            "the store holds checkpoints of another archive: what is nobody's here may be documents there"
        )
    accepted = _accepted(house)
    later = _unknown(house, archive, known) if archive else []
    if any(accepted.get(number) != _digest(_read(house, archive, number)) for number in later):
        raise RuleRefused(
            "the object store has checkpoints of a later day than the database, so what is nobody's may be documents of that "
            "day: see `juanzong audit verify`, and answer for it with `juanzong audit accept` first"
        )


def accept(house: House, actor: Actor, reason: str) -> list[int]:
    """Answer for it that database and object store are of different days, so that it is no alarm any more.

    What the store has of entries that the database lost stays named in the trail; what the store lost is put there again.
    Returns the numbers of these checkpoints. Raises BadInput without a reason; RuleRefused when there is none.
    """
    reason = reason.strip()
    if not reason or len(reason) > 500:
        raise BadInput("reason: say why, in at most 500 characters", {"reason": "say why, in at most 500 characters"})
    with house.database.read() as session:
        known, archive = set(session.scalars(select(Checkpoint.number))), signing.archive_id(session)
        stored = list(session.scalars(select(Checkpoint.number).where(Checkpoint.stored_at.is_not(None))))
    before = _accepted(house)
    found = {n: _digest(_read(house, archive, n)) for n in (_unknown(house, archive, known) if archive else [])}
    new = [(number, digest) for number, digest in found.items() if before.get(number) != digest]
    gone = [number for number in stored if _read(house, archive, number) is None]
    if not new and not gone:
        raise RuleRefused("database and object store have the same checkpoints: there is nothing to answer for")
    with house.database.write() as session:
        detail = {"checkpoints": new, "reason": reason} | ({"gone": gone} if gone else {})
        audit.append(session, actor.name, "audit.answer_for", "audit", detail)
        session.execute(update(Checkpoint).where(Checkpoint.number.in_(gone)).values(stored_at=None))
    store_missing(house)
    return [*(number for number, _ in new), *gone]


def _read(house: House, archive: str, number: int) -> bytes | None:
    """Return what the store has under the number; None when nothing can be read there."""
    try:
        with house.vault.store.open(checkpoints.object_name(archive, number)) as stream:
            return read_exactly(stream, _LONGEST)
    except ObjectMissing:
        return None


def public_key(house: House) -> tuple[str, str]:
    """Return (archive id, public key in hexadecimal), made where there is none yet."""
    with house.database.write() as session:
        public = signing.ensure(session, house.keys).public
        return signing.archive_id(session), public


def latest(house: House) -> tuple[Checkpoint | None, str]:
    """Return the newest checkpoint, and the public key that signs; what of them is not there yet is None or ""."""
    with house.database.read() as session:
        return checkpoints.last(session), signing.public_of(session)
