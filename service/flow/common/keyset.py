"""Pages of a list that may hold a million rows: each page begins where another ended, by the values it is ordered by.

Leafing by offset makes the database walk over all rows before the page. A place in the list is told to the reader as a cursor: the
values of the last row and how many rows came before, in Base64. It holds nothing that does not stand on the page, and opens nothing: what
a person may see is asked again for every page.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, literal, tuple_
from sqlalchemy.orm import QueryableAttribute, Session

from service.errors import BadInput
from service.flow.common.counting import MOST, count_up_to

Row = TypeVar("Row")
Other = TypeVar("Other")
_LONGEST = 1000  # none of ours is
_FARTHEST = 10**9


@dataclass(frozen=True)
class Part(Generic[Row]):
    """One page. first: how many rows came before; previous, next: the cursors of the pages beside it, "" for none.

    total: rows in all, as far as they were counted; more: whether there are more than that.
    """

    rows: Sequence[Row]
    total: int
    first: int = 0
    previous: str = ""
    next: str = ""
    more: bool = False

    @property
    def length(self) -> str:
        """How long the list is, as it is shown: ``10000+`` where it was counted no further."""
        return shown(self.total, more=self.more)

    def of(self, rows: "Sequence[Other]") -> "Part[Other]":
        """Return the same page with other rows in place of these."""
        return Part(rows, self.total, self.first, self.previous, self.next, self.more)


@dataclass(frozen=True)
class Place:
    """Where a page lies: before or after a row with these values, of which `at` rows come before."""

    after: bool
    at: int
    values: tuple[Any, ...]


def shown(count: int, *, more: bool) -> str:
    """Return a count as it is shown."""
    return f"{count}+" if more else str(count)


def counted(session: Session, query: Select[*tuple[Any, ...]], most: int = MOST) -> tuple[int, bool]:
    """Return how many rows a query has, counted to `most`, and whether there are more."""
    found = count_up_to(session, query, most)
    return min(found, most), found > most


def cursor_of(place: Place) -> str:
    """Return the cursor of a place."""
    said = json.dumps([place.after, place.at, [_plain(value) for value in place.values]], separators=(",", ":"))
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def place_of(cursor: str, kinds: Sequence[type]) -> Place:
    """Return the place of a cursor. kinds: of the values. Raises BadInput for what is no cursor of this list."""
    try:
        given = cursor[:_LONGEST].encode("ascii")
        said = json.loads(base64.b64decode(given + b"=" * (-len(given) % 4), altchars=b"-_", validate=True))
        return _place(said, kinds)
    except (ValueError, TypeError, RecursionError, binascii.Error) as error:
        why = "it is no place in this list; begin with the first page"
        raise BadInput(f"after: {why}", {"after": why}) from error


def _place(said: Any, kinds: Sequence[type]) -> Place:
    after, at, values = said
    if type(after) is not bool or type(at) is not int or not 0 <= at < _FARTHEST:
        raise ValueError(said)
    return Place(after, at, tuple(_value(value, kind) for value, kind in zip(values, kinds, strict=True)))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _value(value: Any, kind: type) -> Any:
    if not isinstance(value, str):
        raise TypeError(kind)
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(value)
        return moment
    return date.fromisoformat(value) if kind is date else value


def page(
    session: Session,
    query: Select[*tuple[Any, ...]],
    order: Sequence[ColumnElement[Any] | QueryableAttribute[Any]],
    kinds: Sequence[type],
    cursor: str,
    limit: int,
    *,
    count: Callable[[], tuple[int, bool]],
    newest_first: bool = False,
) -> Part[Any]:
    """Return one page of the rows of `query`, which selects the columns of `order` first; together they are unique.

    kinds: what the values of `order` are: str, date or datetime. cursor: "" for the first page. count: of all rows, asked at most once
    and after the page. Raises BadInput for a cursor of another list.
    """
    place = place_of(cursor, kinds) if cursor else None
    back = place is not None and not place.after
    down = newest_first != back
    if place is not None:
        there = tuple_(*(literal(value, column.type) for value, column in zip(place.values, order, strict=True)))
        here = tuple_(*order)
        query = query.where(here < there if down else here > there)
    ordered = query.order_by(*((column.desc() if down else column.asc()) for column in order)).limit(limit + 1)
    rows = session.execute(ordered).all()
    more, rows = len(rows) > limit, rows[:limit]
    if back:
        rows = rows[::-1]
    total, more_in_all = count() if place is not None or more else (len(rows), False)
    if not rows:
        return Part((), total, more=more_in_all)
    at = 0 if place is None else max(place.at - len(rows), 0) if back else place.at
    if back and not more:
        at = 0  # rows came in before: what is first is first
    width = len(order)
    earlier = more if back else place is not None
    later = True if back else more
    return Part(
        rows,
        total,
        at,
        cursor_of(Place(False, at, tuple(rows[0][:width]))) if earlier else "",
        cursor_of(Place(True, at + len(rows), tuple(rows[-1][:width]))) if later else "",
        more_in_all,
    )
