"""Objects: what the database knows of the sealed objects, one after the other in the order of their names."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from service.house import House
from service.records.tables import Document, ObjectState, Rendition, Stack, Stub, WrappedKey
from vault.model import FileKey, Lock
from vault.ports import ObjectStore
from vault.replica import Replicated

#: Their keys went, or never counted; their objects follow.
LEAVING = ("destroyed", "receiving")
#: Until when a file of permanent retention is kept by its store.
FOR_EVER = date(9999, 12, 31)


@dataclass(frozen=True)
class Known:
    """A sealed object. owner: the document (or stack) it belongs to. sha256: of what it holds. wrapped: its owner's key."""

    name: str
    owner: str
    sha256: str
    size: int
    wrapped: bytes | None
    state: ObjectState | None

    def key(self, house: House) -> FileKey:
        """Return the owner's key. Raises KeyUnusable."""
        return house.keys.unwrap(UUID(self.owner), self.wrapped or b"")

    @property
    def lock(self) -> Lock:
        """What the store was told to keep it from deletion with."""
        if self.state is None:
            return Lock()
        return Lock(midnight(self.state.locked_until), self.state.held != "")


def midnight(day: date | None) -> datetime | None:
    """Return the moment a day begins, in universal time."""
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def stores(house: House) -> dict[str, ObjectStore]:
    """Return the store that is read, as `store`, and its replica where there is one, as `replica`."""
    store = house.vault.store
    if isinstance(store, Replicated):
        return {"store": store.first, "replica": store.second}
    return {"store": store}


def _kept() -> tuple[ColumnElement[bool], ...]:
    return (Rendition.state == "kept", Document.status.not_in(LEAVING))


def after(session: Session, position: str, limit: int, *more: ColumnElement[bool]) -> list[Known]:
    """Return the next objects after the one named `position`, those of documents and of stacks that wait for their release.

    more: narrows it by columns of `ObjectState`.
    """
    renditions = (
        select(Rendition, WrappedKey.wrapped, ObjectState)
        .join(Document, Document.id == Rendition.document_id)
        .outerjoin(WrappedKey, WrappedKey.document_id == Rendition.document_id)
        .outerjoin(ObjectState, ObjectState.name == Rendition.id)
        .where(*_kept(), Rendition.id > position, *more)
        .order_by(Rendition.id)
        .limit(limit)
    )
    found = [
        Known(row.id, row.document_id, row.sha256, row.sealed_size, wrapped, state)
        for row, wrapped, state in session.execute(renditions)
    ]
    stacks = (
        select(Stack, ObjectState)
        .outerjoin(ObjectState, ObjectState.name == Stack.id)
        .where(Stack.key.is_not(None), Stack.state != "receiving", Stack.id > position, *more)
        .order_by(Stack.id)
        .limit(limit)
    )
    found += [Known(row.id, row.id, row.sha256, row.size, row.key, state) for row, state in session.execute(stacks)]
    return sorted(found, key=lambda known: known.name)[:limit]


def fresh(session: Session, known: Known) -> Known:
    """Return it with its owner's key as it is wrapped now: another master key may have wrapped it since."""
    stack = session.get(Stack, known.owner)
    query = select(WrappedKey.wrapped).where(WrappedKey.document_id == known.owner)
    return replace(known, wrapped=session.scalar(query) if stack is None else stack.key)


def count(session: Session) -> int:
    """Return how many objects `after` goes through."""
    renditions = select(func.count()).select_from(Rendition).join(Document, Document.id == Rendition.document_id)
    stacks = select(func.count()).select_from(Stack).where(Stack.key.is_not(None), Stack.state != "receiving")
    return (session.scalar(renditions.where(*_kept())) or 0) + (session.scalar(stacks) or 0)


def original_of(session: Session, document_id: str) -> Rendition:
    """Return the rendition that is a document's original. Raises NoResultFound."""
    query = select(Rendition).where(
        Rendition.document_id == document_id, Rendition.kind == "original", Rendition.state == "kept"
    )
    return session.scalars(query).one()


def is_kept(session: Session, name: str) -> bool:
    """Return whether the object should exist still: its document may have been destroyed a moment ago."""
    query = select(Rendition.id).join(Document, Document.id == Rendition.document_id)
    if session.scalar(query.where(*_kept(), Rendition.id == name)) is not None:
        return True
    stack = session.get(Stack, name)
    return stack is not None and stack.key is not None


def owners(session: Session) -> dict[str, str]:
    """Return whom each object belongs to that is known in any way, also one that is being received or removed."""
    found = dict(session.execute(select(Rendition.id, Rendition.document_id)).all())
    for stack_id, thumbs in session.execute(select(Stack.id, Stack.thumbs).where(Stack.state != "removed")):
        found |= {stack_id: stack_id} | ({thumbs: stack_id} if thumbs else {})
    return found


def leaving(session: Session) -> set[str]:
    """Return the objects of files whose destruction is not proved yet."""
    stubs = session.scalars(select(Stub).where(Stub.destroyed_at.is_(None)))
    return {name for stub in stubs for document in stub.documents["documents"] for name in document["objects"]}


def state_of(session: Session, name: str) -> ObjectState:
    """Return the object's row, made where there is none."""
    state = session.get(ObjectState, name)
    if state is None:
        state = ObjectState(name=name, held="", copied_to="", noticed="")
        session.add(state)
    return state
