"""Which sealed objects a snapshot of the database names."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import literal, or_, select, union_all
from sqlalchemy.orm import Session

from service.flow.intake.process import UNREAD
from service.records.tables import Document, Rendition, Stack

#: Stacks come first: their bytes may go at any moment because the documents cut from them are there.
STACK, DOCUMENT = 0, 1
_HELD = ("kept", "cutting", "cut")


@dataclass(frozen=True)
class Named:
    """An object and whose it is. order: STACK or DOCUMENT. digest: SHA-256 of what is sealed in it, "" where nobody noted it."""

    order: int
    name: str
    owner: str
    digest: str


def named(session: Session) -> Iterator[Named]:
    """Yield every object that must be there, in the order of `order` and name.

    A document that is not read yet has its original only: whatever else there is of it is made anew by the next reading.
    """
    unread = Document.status.in_(UNREAD)
    documents = (
        select(literal(DOCUMENT).label("place"), Rendition.id.label("name"), Rendition.document_id, Rendition.sha256)
        .join(Document, Document.id == Rendition.document_id)
        .where(
            Rendition.state == "kept",
            Document.status.not_in(("destroyed", "receiving")),
            or_(Rendition.kind == "original", ~unread),
        )
    )
    stacks = select(literal(STACK).label("place"), Stack.id.label("name"), Stack.id, Stack.sha256)
    stacks = stacks.where(Stack.state.in_(_HELD), Stack.key.is_not(None))
    small = select(literal(STACK).label("place"), Stack.thumbs.label("name"), Stack.id, literal(""))
    small = small.where(
        Stack.state.in_(_HELD), Stack.key.is_not(None), Stack.thumbs.is_not(None), Stack.looked.is_not(None)
    )
    all_of = union_all(documents, stacks, small).subquery()
    query = select(all_of).order_by(all_of.c.place, all_of.c.name).execution_options(yield_per=1000)
    for row in session.execute(query):
        yield Named(*row)


def is_held(session: Session, stack_id: str) -> bool:
    """Whether the bytes of a stack must still be in the store."""
    stack = session.get(Stack, stack_id)
    return stack is not None and stack.state in _HELD and stack.key is not None
