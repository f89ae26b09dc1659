"""Shares: a long document is read by all who have time for it, ten pages at a time, on any number of machines.

Who claimed the document (`process`) writes its shares down, reads one after the other, waits for those that others have, and then puts
the whole together. Any other worker that has nothing else to do takes shares of it meanwhile (`help_others`). A share belongs to
whoever claimed it for as long as that one lives; of a share whose reader is gone the pages are dropped and read again. What is done
stays done, also when the document itself is taken up by another process: so no page is kept twice, and none is read twice but those of
a broken share. Between two shares those who wait to have a short document read are let in.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from intake.codec import quality_of
from intake.errors import EngineUnavailable, Rejected
from intake.inspect import inspect
from intake.model import Inspection, ReadPage
from service.errors import DatabaseUnavailable, ServiceError
from service.flow.common import claims
from service.flow.common.index import each_page, load_key
from service.flow.common.locks import let_go
from service.flow.common.room import room
from service.flow.intake.heap import Heap
from service.flow.intake.originals import original_on_disk
from service.flow.intake.sealing import OfDocument, Superseded, keep_page
from service.house import House
from service.records.tables import Document, PageShare, Rendition
from vault.errors import VaultError
from vault.model import FileKey

PAGES = 10  # of a share: seconds of work, after which others are let in and no more than which is read twice
LONG = 2 * PAGES  # a document of more pages is read in shares
_KEPT = Rendition.kind == "page-text", Rendition.state == "kept"
_LOOK = 1.0  # seconds between two looks for what others have done
log = logging.getLogger("juanzong.shares")


@dataclass
class OfShare:
    """The pages of a share, in the hands of this thread. pages_read: of the whole document, when the last of them was kept."""

    house: House
    document_id: str
    first: int
    last: int
    pages_read: int = 0

    def still(self, session: Session) -> Document:
        """Return the document, locked. Raises Superseded."""
        document = session.get(Document, self.document_id, with_for_update={"of": Document})
        share = session.get(PageShare, (self.document_id, self.first))
        if document is None or document.status != "reading" or share is None or share.claimed_by != claims.me():
            raise Superseded
        return document

    def done(self, session: Session, document: Document, page: ReadPage) -> None:
        """Note how far document and share are; with its last page the share is done."""
        now = self.house.clock.now()
        share = session.get_one(PageShare, (self.document_id, self.first))
        number = page.page.number
        if page.trouble:
            share.unread = [*share.unread, [number, page.trouble, page.pictured]]
        self.pages_read = document.pages_read = min(document.pages, document.pages_read + 1)
        if document.claimed_by == claims.me():
            claims.take(document, now)
        if number < self.last:
            claims.take(share, now)
        else:
            share.done = True
            claims.release(share)
            document.attempts = min(document.attempts, 1)  # it goes forward: what breaks it off is not its fault


def divided(session: Session, document_id: str) -> bool:
    """Return whether a document has shares: its reading has begun."""
    return session.scalar(select(PageShare.first).where(PageShare.document_id == document_id).limit(1)) is not None


def divide(house: House, document_id: str, pages: int) -> None:
    """Write down the shares of a document that this thread has claimed, unless an earlier reading did."""
    with house.database.write() as session:
        if not divided(session, document_id):
            for first in range(1, pages + 1, PAGES):
                last = min(first + PAGES - 1, pages)
                session.add(PageShare(document_id=document_id, first=first, last=last, unread=[]))


def pages_kept(session: Session, document_id: str) -> int:
    """Return how many pages an earlier reading of a long document, broken off, has kept."""
    kept = select(func.count()).where(Rendition.document_id == document_id, *_KEPT)
    return session.scalars(kept).one() if divided(session, document_id) else 0


def forget(session: Session, document_id: str) -> None:
    """Remove the shares of a document that is read, or never will be, in the caller's transaction."""
    session.execute(delete(PageShare).where(PageShare.document_id == document_id))


def read_together(
    house: House, document_id: str, key: FileKey, path: Path, inspection: Inspection, progress: Callable[[int], None]
) -> Heap:
    """Read what nobody else reads of a document that this thread has claimed, and wait for the rest; returns its pages.

    progress: called with the number of pages that are done. Raises Superseded, EngineUnavailable, and what store and database raise.
    """
    divide(house, document_id, inspection.pages)
    while True:
        OfDocument(house, document_id).renew()
        open_shares = _open(house, document_id)
        if not open_shares:
            return _heap(house, document_id)
        if any(not claims.is_held(share, house.clock.now()) for share in open_shares):
            try:
                _read_shares(house, document_id, key, path, inspection, progress)
            except Superseded:
                continue  # of a share; `_renew` tells whether of the document
        else:
            time.sleep(_LOOK)


def help_others(house: House, go_on: Callable[[], bool]) -> int:
    """Read shares of documents that other processes are reading, while nothing else waits here; returns how many pages.

    What keeps this worker from helping with one document (its program for such files is not installed) is logged, and costs nothing.
    """
    done = 0
    for document_id in _to_help(house):
        if not go_on() or not house.reader.free:
            break
        try:
            with room(), original_on_disk(house, document_id) as path:
                inspection = inspect(path, house.limits, house.reader.look)
                with house.database.read() as session:
                    key = load_key(house, session, document_id)
                done += _read_shares(house, document_id, key, path, inspection, lambda _pages: None)
        except Superseded:
            continue
        except (Rejected, EngineUnavailable, ServiceError, VaultError) as error:
            log.warning("no help with document %s: %s", document_id, error)
    return done


def _to_help(house: House) -> list[str]:
    """Return the documents that a living process elsewhere reads and of which shares are left, those received first in front."""
    now = house.clock.now()
    waiting = select(PageShare.document_id).where(PageShare.done.is_(False))
    with house.database.read() as session:
        found = session.scalars(
            select(Document)
            .where(Document.status == "reading", Document.id.in_(waiting))
            .order_by(Document.received_at)
        )
        elsewhere = [one.id for one in found if claims.is_held(one, now) and not claims.is_here(one)]
    return [one for one in elsewhere if any(not claims.is_held(share, now) for share in _open(house, one))]


def _open(house: House, document_id: str) -> list[PageShare]:
    with house.database.read() as session:
        query = select(PageShare).where(PageShare.document_id == document_id, PageShare.done.is_(False))
        return list(session.scalars(query.order_by(PageShare.first)))


def _read_shares(
    house: House, document_id: str, key: FileKey, path: Path, inspection: Inspection, progress: Callable[[int], None]
) -> int:
    """Take share after share and read them, until none is left or others wait for a reader; returns the pages kept.

    Raises Superseded: what was not done is given free for others, whatever happens.
    """
    taken: list[OfShare] = []
    kept = 0

    def numbers() -> Iterator[int]:
        while (not taken or not house.reader.awaited) and (share := _take(house, document_id, taken)) is not None:
            taken.append(share)
            yield from range(share.first, share.last + 1)

    try:
        for page in house.reader.read(path, inspection, house.limits, numbers()):
            share = next(one for one in taken if one.last >= page.page.number >= one.first)
            keep_page(house, share, key, page)
            kept += 1
            progress(share.pages_read)
            if page.page.number == share.last:
                taken.remove(share)
    finally:
        _give_free(house, taken)
    return kept


def _take(house: House, document_id: str, taken: Sequence[OfShare]) -> OfShare | None:
    """Claim the first share that nobody has, this thread neither (`taken`); None: there is none. Raises Superseded."""
    with house.database.write() as session:
        document = session.get(Document, document_id, with_for_update={"of": Document})
        if document is None or document.status != "reading":
            raise Superseded
        now = house.clock.now()
        open_shares = select(PageShare).where(PageShare.document_id == document_id, PageShare.done.is_(False))
        mine = {share.first for share in taken}
        others = (one for one in session.scalars(open_shares.order_by(PageShare.first)) if one.first not in mine)
        share = next((one for one in others if not claims.is_held(one, now)), None)
        if share is None:
            return None
        claims.take(share, now)
        share.unread = []
        found = OfShare(house, document_id, share.first, share.last)
    _drop(house, found)
    return found


def _drop(house: House, share: OfShare) -> None:
    """Remove what a broken reading left of these pages: first the objects, then the rows that lead to them."""
    pages = Rendition.page.between(share.first, share.last) & Rendition.kind.in_(("page-image", "page-text"))
    theirs: ColumnElement[bool] = (Rendition.document_id == share.document_id) & pages
    with house.database.read() as session:
        names = list(session.scalars(select(Rendition.id).where(theirs)))
    if not names:
        return
    let_go(house, names)
    for name in names:
        house.vault.delete(UUID(name))
    with house.database.write() as session:
        document = share.still(session)
        kept = select(func.count()).where(
            Rendition.id.in_(names), Rendition.kind == "page-text", Rendition.state == "kept"
        )
        document.pages_read = max(0, document.pages_read - session.scalars(kept).one())
        session.execute(delete(Rendition).where(Rendition.id.in_(names)))


def _give_free(house: House, taken: list[OfShare]) -> None:
    """Let others read what was taken and not done, also where the database cannot note it now."""
    for share in taken:
        claims.give_up(f"{share.document_id}:{share.first}")
    with contextlib.suppress(DatabaseUnavailable), house.database.write() as session:
        for share in taken:
            row = session.get(PageShare, (share.document_id, share.first))
            if row is not None and row.claimed_by == claims.me():
                claims.release(row)


def _heap(house: House, document_id: str) -> Heap:
    """Return the pages of a document whose shares are all done, one of them in memory at a time."""
    heap = Heap()
    with house.database.read() as session:
        shares = session.scalars(select(PageShare).where(PageShare.document_id == document_id))
        unread = {number: (trouble, pictured) for share in shares for number, trouble, pictured in share.unread}
        images = select(Rendition.page, Rendition.quality).where(
            Rendition.document_id == document_id, Rendition.kind == "page-image", Rendition.state == "kept"
        )
        quality = {number: quality_of(found) for number, found in session.execute(images)}
        for page in each_page(house, session, document_id):
            trouble, pictured = unread.get(page.number, ("", True))
            heap.add(ReadPage(page, b"", trouble=trouble, pictured=pictured, quality=quality[page.number]))
    return heap
