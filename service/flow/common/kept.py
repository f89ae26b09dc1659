"""What is kept, opened for whoever looked it up a moment ago. Apart from `objects`: a search loads it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import select

from service.house import House
from service.records.tables import Rendition, WrappedKey
from vault.errors import ObjectDamaged, ObjectMissing
from vault.model import FileKey


@contextmanager
def open_kept(house: House, found: Rendition, key: FileKey) -> Iterator[BinaryIO]:
    """Open an object that was looked up a moment ago, or what took its place since, when its document got another key meanwhile.

    Raises ObjectMissing, ObjectDamaged: it should be there, or its document was destroyed. Raises StoreUnavailable.
    """
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(house.vault.open(UUID(found.id), key))
        except (ObjectDamaged, ObjectMissing):
            now = _successor(house, found)
            if now is None:
                raise
            stream = stack.enter_context(house.vault.open(*now))
        yield stream


def read_kept(house: House, found: Rendition, key: FileKey) -> bytes:
    """Return all that `open_kept` reads."""
    with open_kept(house, found, key) as stream:
        return stream.read()


def _successor(house: House, gone: Rendition) -> tuple[UUID, FileKey] | None:
    """Return name and key of the rendition that stands in the place of one that is kept no more; None when it is, or nothing does."""
    with house.database.read() as session:  # another look than the one that found what has gone
        query = select(Rendition.id, WrappedKey.wrapped).join(
            WrappedKey, WrappedKey.document_id == Rendition.document_id
        )
        same = (
            Rendition.document_id == gone.document_id,
            Rendition.kind == gone.kind,
            Rendition.page == gone.page,
            Rendition.state == "kept",
            Rendition.id != gone.id,
        )
        row = session.execute(query.where(*same)).first()
        if row is None:
            return None
        return UUID(row.id), house.keys.unwrap(UUID(gone.document_id), row.wrapped)
