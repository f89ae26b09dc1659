"""Customers that may be one: found when one is registered or its name or code changes, in that transaction.

Each customer has keys in an indexed table (`credit.identity.keys_of`); who shares none with it is not it. So a new customer is held
against a handful of others, never against all, and the list of pairs is read as it stands.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from credit.identity import CROWD, REASONS, Named, Pair, keys_of, why_one
from service.access.policy import Actor
from service.flow.common import long_runs
from service.flow.common.counting import count_up_to
from service.flow.common.guard import listing, require
from service.house import House
from service.records import audit
from service.records.many import among
from service.records.tables import Customer, CustomerFact, DuplicateKey, DuplicatePair, LongRun

#: The kind of the run that gives keys to the customers that were there before there were any.
KIND = "duplicates"
#: What of a customer's information its keys follow from.
COMPARED = frozenset({"name", "code"})
_SOME = 200
_IN_ONE_QUERY = 500  # databases limit how many values stand in one query


@dataclass(frozen=True)
class Candidate:
    """A pair that may be one. first: known longer."""

    pair: Pair
    first: Customer
    second: Customer


@dataclass(frozen=True)
class _Known:
    """A living customer as it is compared. since: what says who of two was known first."""

    named: Named
    since: tuple[datetime, str, str]


def list_duplicates(
    house: House, actor: Actor, *, limit: int = 50, offset: int = 0
) -> tuple[int, list[Candidate], LongRun | None]:
    """Return (how many in all, one page of the customers that may be one, the surest first, the run that still looks) and note it.

    Raises NotAllowed.
    """
    require(actor, "customer.merge")
    first, second, pair = aliased(Customer), aliased(Customer), DuplicatePair
    query = select(pair, first, second).join(first, first.id == pair.first_id).join(second, second.id == pair.second_id)
    query = query.order_by(pair.rank, pair.since, pair.first_id, pair.second_id)
    with listing(house, actor, "customer") as session:
        total = count_up_to(session, select(pair.first_id))
        rows = session.execute(query.limit(limit).offset(offset)).all()
        going = select(LongRun).where(LongRun.kind == KIND, LongRun.state != "done")
        run = session.scalar(going.limit(1))
    return total, [Candidate(Pair(p.first_id, p.second_id, _why(p)), one, other) for p, one, other in rows], run


def _why(row: DuplicatePair) -> Any:
    return row.why


def compare(session: Session, customer_ids: Iterable[str]) -> None:
    """Bring the keys and pairs of these customers in line with what is on record of them now. Twice changes nothing.

    In the transaction of the change, after all locks on rows: from here on it holds the chain of the trail, so that of two customers that are
    registered at once the second sees the first.
    """
    session.flush()
    audit.lock(session)
    ids = sorted(set(customer_ids))
    for start in range(0, len(ids), _SOME):
        _compare(session, ids[start : start + _SOME])


def _compare(session: Session, ids: Collection[str]) -> None:
    known = _known(session, ids)
    wanted = {(key, one.named.id) for one in known.values() for key in keys_of(one.named)}
    table = DuplicateKey
    kept = select(table.key, table.customer_id).where(among(session, table.customer_id, ids))
    had = {(key, one) for key, one in session.execute(kept)}
    for column in (DuplicatePair.first_id, DuplicatePair.second_id):
        session.execute(delete(DuplicatePair).where(among(session, column, ids)))
    gone = had - wanted
    if gone:
        stale = {customer_id for _key, customer_id in gone}
        session.execute(delete(table).where(among(session, table.customer_id, stale)))
        had = {row for row in had if row[1] not in stale}
    _add(session, table, [{"key": key, "customer_id": one} for key, one in sorted(wanted - had)])
    # Whom a key leaves may have been the one that a crowd was held against.
    _write(session, _pairs(session, {key for key, _ in wanted}, set(ids)), known)
    _write(session, _pairs(session, {key for key, _ in gone}, set(), crowds_alone=True), {})


def _known(session: Session, ids: Collection[str]) -> dict[str, _Known]:
    """Return the customers of these ids that were not merged, each with the codes its papers say."""
    rows: list[Any] = []
    said: dict[str, list[str]] = {}
    fact, wanted = CustomerFact, sorted(ids)
    columns = select(Customer.id, Customer.name, Customer.code, Customer.created_at, Customer.number)
    codes = select(fact.customer_id, fact.value).where(fact.kind == "code", fact.withdrawn_at.is_(None))
    for start in range(0, len(wanted), _IN_ONE_QUERY):
        some = wanted[start : start + _IN_ONE_QUERY]
        rows += session.execute(columns.where(among(session, Customer.id, some), Customer.merged_into.is_(None))).all()
        for customer_id, value in session.execute(codes.where(among(session, fact.customer_id, some))):
            said.setdefault(customer_id, []).append(value)
    return {
        row.id: _Known(
            Named(row.id, row.name, row.code or "", tuple(said.get(row.id, ()))), (row.created_at, row.number, row.id)
        )
        for row in rows
    }


def _pairs(
    session: Session, keys: Collection[str], ids: Collection[str], *, crowds_alone: bool = False
) -> set[tuple[str, str]]:
    """Return pairs to look at: of these customers with all that share a key; under a key with a crowd, its first with them.

    crowds_alone: the first of each crowd with everybody in it, and nothing else.
    """
    table, found = DuplicateKey, set[tuple[str, str]]()
    members: dict[str, list[str]] = {}
    for some in _slices(keys):
        counted = select(table.key, func.count()).where(among(session, table.key, some)).group_by(table.key)
        sizes: dict[str, int] = dict(session.execute(counted.having(func.count() > 1)).all())
        crowds = [key for key, size in sizes.items() if size > CROWD]
        few = [] if crowds_alone else [key for key, size in sizes.items() if size <= CROWD]
        for key, one in session.execute(select(table.key, table.customer_id).where(among(session, table.key, few))):
            members.setdefault(key, []).append(one)
        for key in crowds:
            first = _first_of(session, key)
            if first is None:
                continue
            everybody = crowds_alone or first in ids
            others = session.scalars(select(table.customer_id).where(table.key == key)) if everybody else ids
            here = set(
                session.scalars(
                    select(table.customer_id).where(table.key == key, among(session, table.customer_id, ids))
                )
            )
            found |= {_ordered(first, other) for other in others if other != first and (everybody or other in here)}
    for group in members.values():
        mine = [one for one in group if one in ids]
        found |= {_ordered(one, other) for one in mine for other in group if one != other}
    return found


def _ordered(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def _first_of(session: Session, key: str) -> str | None:
    """Return the customer under a key that is known longest."""
    query = select(Customer.id).join(DuplicateKey, DuplicateKey.customer_id == Customer.id)
    query = query.where(DuplicateKey.key == key).order_by(Customer.created_at, Customer.number, Customer.id)
    return session.scalar(query.limit(1))


def _write(session: Session, pairs: Collection[tuple[str, str]], known: dict[str, _Known]) -> None:
    """Put down which of these pairs may be one."""
    if not pairs:
        return
    known = known | _known(session, {one for pair in pairs for one in pair} - set(known))
    rows = []
    for pair in sorted(pairs):
        if not all(one in known for one in pair):
            continue
        first, second = sorted((known[one] for one in pair), key=lambda one: one.since)
        why = why_one(first.named, second.named)
        if why:
            rows.append(
                {"first_id": first.named.id, "second_id": second.named.id, "why": why,
                 "rank": REASONS.index(why), "since": first.since[0]}
            )  # fmt: skip
    _add(session, DuplicatePair, rows)


def _add(session: Session, table: Any, rows: list[dict[str, Any]]) -> None:
    """Insert rows that are not there yet."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    if rows:
        session.execute(insert(table).on_conflict_do_nothing(), rows)


def _slices(values: Iterable[str]) -> Iterable[list[str]]:
    ordered = sorted(values)
    return (ordered[at : at + _IN_ONE_QUERY] for at in range(0, len(ordered), _IN_ONE_QUERY))


def catch_up(house: House, go_on: Callable[[], bool] = lambda: True) -> None:
    """Compare the customers that were there before there were keys, some at a time; a worker that is killed leaves the rest to the next."""
    for run in long_runs.waiting(house, KIND):
        with long_runs.guarded(house, run):
            while _piece(house, run.id) and go_on():
                pass


def _piece(house: House, run_id: str) -> bool:
    """Compare the next customers; returns whether there may be more."""
    with house.database.write() as session:
        audit.lock(session)
        run = long_runs.going(session, run_id)
        if run is None:
            return False
        ids = list(session.scalars(select(Customer.id).where(Customer.id > run.at).order_by(Customer.id).limit(_SOME)))
        if not ids:
            run.total = run.done
            long_runs.finish(house, session, run)
            return False
        compare(session, ids)
        run.at, run.done = ids[-1], run.done + len(ids)
        run.total = max(run.total, run.done)
        return True
