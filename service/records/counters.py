"""Serials: given once per prefix, gap-free, never reused. Allocated in the transaction of what carries the number."""

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.records.tables import Counter


def next_serial(session: Session, prefix: str) -> int:
    """Return the next serial under `prefix`, from 1. A rolled-back transaction gives its serial back."""
    _begin(session, prefix)
    # The row lock makes concurrent writers of one prefix queue here until the other has committed.
    statement = update(Counter).where(Counter.prefix == prefix).values(value=Counter.value + 1).returning(Counter.value)
    return session.execute(statement).scalar_one()


def take_serials(session: Session, prefix: str, count: int) -> int:
    """Take the next `count` serials under `prefix` at once; returns the first of them."""
    _begin(session, prefix)
    moved = update(Counter).where(Counter.prefix == prefix).values(value=Counter.value + count)
    return session.execute(moved.returning(Counter.value)).scalar_one() - count + 1


def hold_counter(session: Session, prefix: str) -> None:
    """Let other writers of `prefix` wait until this transaction ends, without taking a serial.

    For whoever looks first whether there is something already, and numbers it only where there is not.
    """
    _begin(session, prefix)
    session.execute(select(Counter.value).where(Counter.prefix == prefix).with_for_update())


def last_serial(session: Session, prefix: str) -> int:
    """Return the last serial given under `prefix`, 0 for none; other writers of it wait from now on."""
    hold_counter(session, prefix)
    return session.scalars(select(Counter.value).where(Counter.prefix == prefix)).one()


def count_to(session: Session, prefix: str, serial: int) -> None:
    """Take all serials up to `serial` at once: those of a ledger that was kept elsewhere. A counter never goes back."""
    _begin(session, prefix)
    session.execute(update(Counter).where(Counter.prefix == prefix, Counter.value < serial).values(value=serial))


def _begin(session: Session, prefix: str) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(Counter).values(prefix=prefix, value=0).on_conflict_do_nothing())
