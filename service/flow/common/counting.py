"""How long a list is: exactly where it is short, and as more than anybody pages through where it is long."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

#: Up to here a list is counted; one more says that there are more.
MOST = 10_000


def count_up_to(session: Session, query: Select[Any], most: int = MOST) -> int:
    """Return how many rows a query has; `most` + 1 where they are more: a list of a hundred thousand is read no further for its length."""
    some = query.order_by(None).limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
