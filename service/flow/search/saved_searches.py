"""Saved searches: a question with a name, which its owner is told of when documents come that answer it.

The rights of the owner decide twice: when the worker looks (the engine and the database filter by what the owner may see that moment) and
when the news are shown. What was destroyed meanwhile is not shown, and its rows go with its key.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from search.errors import BadQuery
from search.model import Reader
from search.orders import Anchor, anchor, key_before
from service.access.people import actor_of_person
from service.access.policy import Actor, reader_tokens
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.common.guard import allowed, require
from service.flow.common.sight import visible
from service.flow.search.find import FACETS, MAX_LIMIT, Asked, digest_of, read
from service.flow.search.saved_mail import demand_address, write_mail
from service.flow.search.saved_news import LIVING, new_in
from service.house import House
from service.records import audit
from service.records.tables import Document, Person, SavedSearch, SavedSearchFind

MOST_SAVED = 100
LONGEST_NAME = 80
SHOWN = 50  # news listed of one search
_ORDER = "oldest_received"
_MARGIN = timedelta(seconds=60)  # a transaction that was under way when we looked


@dataclass(frozen=True)
class Saved:
    """A saved search with its news. news: how many documents its owner has not seen yet; newest: the latest of them."""

    search: SavedSearch
    news: int
    newest: tuple[Document, ...]


def save_search(house: House, actor: Actor, name: str, text: str, filters: dict[str, str] | None = None) -> SavedSearch:
    """Keep a question under a name. Raises BadInput, BadQuery, RuleRefused (too many), NotAllowed."""
    owner = _owner(actor)
    name = _named(name)
    read(text)
    kept = {key: value for key, value in (filters or {}).items() if value}
    if unknown := sorted(set(kept) - set(FACETS)):
        raise BadInput(f"filters: there is no {unknown[0]}", {"filters": f"one of {', '.join(FACETS)}"})
    now = house.clock.now()
    with house.database.write() as session:
        if (session.scalar(_count(owner)) or 0) >= MOST_SAVED:
            raise RuleRefused(f"nobody keeps more than {MOST_SAVED} searches: delete one first")
        row = SavedSearch(person_id=owner, name=name, query=text, filters=kept, created_at=now, looked_until=now)
        session.add(row)
        session.flush()
        audit.append(session, actor.name, "saved_search.create", row.id, {"query_sha256": digest_of(text)})
        return row


def change_search(
    house: House, actor: Actor, search_id: str, *, name: str | None = None, mail: bool | None = None
) -> SavedSearch:
    """Give it another name; say whether its owner is told of news by e-mail, too. None leaves it as it is.

    Raises BadInput, NotFound, RuleRefused (there is no way for an e-mail).
    """
    named = None if name is None else _named(name)
    with house.database.write() as session:
        row = _mine(session, actor, search_id)
        detail: dict[str, bool] = {}
        if named is not None:
            row.name = named
        if mail is not None:
            if mail:
                demand_address(house, session, row.person_id)
            row.mail = detail["mail"] = mail
        audit.append(session, actor.name, "saved_search.change", row.id, detail)
        return row


def delete_search(house: House, actor: Actor, search_id: str) -> None:
    """Forget it with its news. Raises NotFound."""
    with house.database.write() as session:
        row = _mine(session, actor, search_id)
        session.execute(delete(SavedSearchFind).where(SavedSearchFind.saved_search_id == row.id))
        session.delete(row)
        audit.append(session, actor.name, "saved_search.end", row.id)


def list_saved(house: House, actor: Actor) -> list[Saved]:
    """Return the caller's own, by name, with the news they may see now. Raises NotAllowed."""
    owner = _owner(actor)
    with house.database.write() as session:
        audit.append(session, actor.name, "saved_search.list", actor.name)
    return _listed(house, actor, owner)


def _listed(house: House, actor: Actor, owner: str) -> list[Saved]:
    with house.database.read() as session:
        rows = session.scalars(select(SavedSearch).where(SavedSearch.person_id == owner).order_by(SavedSearch.name))
        return [_with_news(session, actor, row) for row in rows]


def saved_of(house: House, actor: Actor, login: str) -> list[Saved]:
    """Return an account's, by name, with the news it may see now: for that person, and for the owner of the machine.

    Raises NotFound, NotAllowed.
    """
    if not actor.owner and actor.name != f"person:{login}":
        raise NotAllowed("saved searches belong to a person's account")
    with house.database.write() as session:
        person = session.scalar(select(Person).where(Person.login == login))
        if person is None:
            raise NotFound(f"there is no account {login}")
        audit.append(session, actor.name, "saved_search.list", f"person:{login}")
    return _listed(house, actor_of_person(house, person), person.id)


def mail_by_name(house: House, actor: Actor, login: str, name: str, *, mail: bool) -> SavedSearch:
    """As `change_search`, for that person and for the owner of the machine. Raises NotFound, NotAllowed, RuleRefused."""
    search_id = saved_by_name(house, actor, login, name).id
    with house.database.write() as session:
        row = session.get_one(SavedSearch, search_id, with_for_update=True)
        if mail:
            demand_address(house, session, row.person_id)
        row.mail = mail
        audit.append(session, actor.name, "saved_search.change", row.id, {"mail": mail})
        return row


def saved_by_name(house: House, actor: Actor, login: str, name: str) -> SavedSearch:
    """Return the one of an account that has a name, as `saved_of`. Raises NotFound, NotAllowed."""
    for saved in saved_of(house, actor, login):
        if saved.search.name == " ".join(name.split()):
            return saved.search
    raise NotFound("there is no such saved search")


def count_news(house: House, actor: Actor) -> int:
    """Return how many documents are new in all saved searches of the caller; 0 for who may not search."""
    if actor.person_id is None or not allowed(actor, "search"):
        return 0
    with house.database.read() as session:
        mine = select(SavedSearch.id).where(SavedSearch.person_id == actor.person_id)
        found = visible(select(Document).where(new_in(mine)), actor)
        return session.scalar(select(func.count()).select_from(found.subquery())) or 0


def mark_seen(house: House, actor: Actor, search_id: str) -> None:
    """Say that the news of a search were seen. Raises NotFound."""
    with house.database.write() as session:
        row = _mine(session, actor, search_id)
        new = and_(SavedSearchFind.saved_search_id == row.id, SavedSearchFind.seen_at.is_(None))
        session.execute(update(SavedSearchFind).where(new).values(seen_at=house.clock.now()))
        audit.append(session, actor.name, "saved_search.seen", row.id)


def forget(session: Session, document_ids: Iterable[str]) -> None:
    """Leave no trace of destroyed documents, in the transaction that destroys their keys."""
    session.execute(delete(SavedSearchFind).where(SavedSearchFind.document_id.in_(list(document_ids))))


def look_for_all(house: House, go_on: Callable[[], bool] = lambda: True) -> int:
    """Look for what came since the last look, for every saved search; returns how many news there are. Raises IndexUnavailable."""
    until = _settled(house)
    with house.database.read() as session:
        waiting = select(SavedSearch.id).where(SavedSearch.looked_until < until).order_by(SavedSearch.looked_until)
        ids = list(session.scalars(waiting))
    return sum(_look_for(house, search_id, until) for search_id in ids if go_on())


def _look_for(house: House, search_id: str, until: datetime) -> int:
    with house.database.read() as session:
        row = session.get(SavedSearch, search_id)
        person = session.get(Person, row.person_id) if row else None
    if row is None or person is None:
        return 0
    actor, found = actor_of_person(house, person), 0
    if person.disabled_at is None and allowed(actor, "search"):
        try:
            asked = Asked(read(row.query), Reader(reader_tokens(actor)), row.filters, _ORDER, near=False)
        except BadQuery:  # the language has changed since: the page says so when it is run
            asked = None
        after: Anchor | None = Anchor("", 0.0, key_before(row.looked_until), 0)
        while asked is not None and after is not None:
            hits = house.index.search(
                asked.query,
                asked.reader,
                limit=MAX_LIMIT,
                filters=asked.filters,
                order=_ORDER,
                after=after,
                facets=False,
            ).hits
            found += _note(house, actor, row, [hit.document for hit in hits])
            after = anchor(hits[-1], _ORDER, after.shown + len(hits)) if len(hits) == MAX_LIMIT else None
    with house.database.write() as session:
        if (still := session.get(SavedSearch, search_id)) is not None:
            still.looked_until = until
    return found


def _note(house: House, actor: Actor, row: SavedSearch, document_ids: list[str]) -> int:
    """Note what is new to a search, as far as its owner may read it now."""
    if not document_ids:
        return 0
    come = and_(Document.id.in_(document_ids), Document.status.in_(LIVING), Document.received_at > row.created_at)
    with house.database.write() as session:
        # Locked: another worker that looks for the same waits here, and then finds it known.
        locked = session.get(SavedSearch, row.id, with_for_update=True)
        if locked is None:
            return 0
        known = select(SavedSearchFind.document_id).where(SavedSearchFind.saved_search_id == row.id)
        news = [
            one.id for one in session.scalars(visible(select(Document).where(come, Document.id.not_in(known)), actor))
        ]
        now = house.clock.now()
        session.add_all(SavedSearchFind(saved_search_id=row.id, document_id=one, found_at=now) for one in news)
        if news:
            write_mail(house, session, locked)
    return len(news)


def _settled(house: House) -> datetime:
    """Return up to when everything that was received is in the index."""
    waiting = or_(
        Document.status.in_(("receiving", "received", "reading")),
        and_(Document.status.in_(LIVING), Document.indexed.is_(False)),
    )
    with house.database.read() as session:
        first = session.scalar(select(func.min(Document.received_at)).where(waiting))
    now = house.clock.now()
    return min(first or now, now) - _MARGIN


def _with_news(session: Session, actor: Actor, row: SavedSearch) -> Saved:
    query = visible(select(Document).where(new_in(row.id)), actor)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    newest = query.order_by(Document.received_at.desc(), Document.id).limit(SHOWN)
    return Saved(row, total, tuple(session.scalars(newest)) if total else ())


def _count(owner: str) -> Select[int]:
    return select(func.count()).select_from(SavedSearch).where(SavedSearch.person_id == owner)


def _owner(actor: Actor) -> str:
    require(actor, "search")
    if actor.person_id is None:
        raise NotAllowed("saved searches belong to a person's account")
    return actor.person_id


def _mine(session: Session, actor: Actor, search_id: str) -> SavedSearch:
    owner, row = _owner(actor), session.get(SavedSearch, search_id)
    if row is None or row.person_id != owner:
        raise NotFound("there is no such saved search")
    return row


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise BadInput(f"name: 1 to {LONGEST_NAME} characters", {"name": f"1 to {LONGEST_NAME} characters"})
    return name
