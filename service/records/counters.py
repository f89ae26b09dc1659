"""Serials: given once per prefix, gap-free, never reused. Allocated in the transaction of what carries the number."""

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.records.tables import Counter


def next_serial(session: Session, prefix: str) -> int:
    """Return the next serial under `prefix`, from 1. A rolled-back transaction gives its serial back."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(Counter).values(prefix=prefix, value=0).on_conflict_do_nothing())
    # The row lock makes concurrent writers of one prefix queue here until the other has committed.
    statement = update(Counter).where(Counter.prefix == prefix).values(value=Counter.value + 1).returning(Counter.value)
    return session.execute(statement).scalar_one()
