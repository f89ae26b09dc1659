"""Index: what the search engine is told about a document, from database and vault alone."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from intake.codec import from_json
from intake.model import PageText
from search.errors import IndexUnavailable
from search.model import IndexedPage
from service.access.policy import document_tokens
from service.flow.common.former import former_numbers
from service.flow.common.guard import reach_of
from service.flow.common.kept import read_kept
from service.flow.common.stamps import stamp_of
from service.house import House
from service.records.tables import Document, Rendition, WrappedKey
from vault.errors import ObjectDamaged, ObjectMissing, StoreUnavailable
from vault.model import FileKey

_log = logging.getLogger("juanzong.index")
_NUMBERS = ("code", "contract_number", "party_a_code", "party_b_code")
_LIVING = ("stored", "needs_review", "failed")
_BATCH = 50
_PAGES = 30_000  # of a rebuild that are written in one commit
_ROUNDS = 5


def load_key(house: House, session: Session, document_id: str) -> FileKey:
    """Return a document's file key, unwrapped. Raises NoResultFound when it was destroyed."""
    return house.keys.unwrap(UUID(document_id), session.get_one(WrappedKey, document_id).wrapped)


def load_pages(
    house: House, session: Session, document_id: str, numbers: Iterable[int] | None = None
) -> list[PageText]:
    """Return the page texts of a document from the vault, in order; only `numbers` when given."""
    return list(each_page(house, session, document_id, numbers))


def each_page(
    house: House, session: Session, document_id: str, numbers: Iterable[int] | None = None
) -> Iterator[PageText]:
    """Yield what `load_pages` returns, one page in memory at a time."""
    query = select(Rendition).where(
        Rendition.document_id == document_id, Rendition.kind == "page-text", Rendition.state == "kept"
    )
    if numbers is not None:
        query = query.where(Rendition.page.in_(list(numbers)))
    rows = session.scalars(query.order_by(Rendition.page)).all()
    if not rows:
        return
    key = load_key(house, session, document_id)
    for row in rows:
        yield from_json(read_kept(house, row, key))


def project(document: Document, pages: Iterable[PageText]) -> list[IndexedPage]:
    """Return what the index shall hold of a document. A document without readable pages is one empty page."""
    from intake.fields.seals import NAMES as SEALS
    from intake.fields.seals import PRESENT
    from service.flow.common.values import values_of

    file = document.case_file
    contract = file.contract if file else None
    customer = (file.customer if file else None) or (contract.customer if contract else None)
    department = file.department if file else document.department
    fields = {name: value for name, value in values_of(document).items() if value != PRESENT or name not in SEALS}
    texts = [(page.number, "\n".join(line.text for line in page.with_seals)) for page in pages] or [(1, "")]
    contract_number = contract.number if contract else ""
    archive_number = (file.archive_number if file else None) or ""
    numbers = [
        contract_number,
        archive_number,
        contract.printed_number if contract else "",
        (customer.code if customer else "") or "",
    ]
    numbers += [fields[name] for name in _NUMBERS if name in fields]
    numbers += former_numbers(file) if file else []
    return [
        IndexedPage(
            document=document.id,
            page=number,
            text=text,
            title=document.title or document.filename,
            category=document.category,
            kind=document.kind,
            customer=customer.name if customer else "",
            department=department.name if department else "",
            handler=contract.handler.name if contract else "",
            status="archived" if file and file.state in ("archived", "leaving") else document.status,
            tier=document.tier,
            contract_number=contract_number,
            archive_number=archive_number,
            numbers=tuple(dict.fromkeys(value for value in numbers if value)),
            fields=fields,
            received_on=document.received_at.date().isoformat(),
            received_at=document.received_at.isoformat(timespec="seconds"),
            access=document_tokens(reach_of(document)),
        )
        for number, text in texts
    ]


def current_stamp(session: Session, document: Document) -> str:
    """Return the stamp that the index entry of a document should have now."""
    return stamp_of(session, project(document, [])[0])


def index_document(house: House, document_id: str) -> None:
    """Put the present state of a document into the index and note that it is there. Raises IndexUnavailable."""
    index_documents(house, [document_id])


def _entries(house: House, document_ids: Iterable[str], damaged: list[str]) -> dict[str, list[IndexedPage]]:
    """Return what the index shall hold of those that are living; appends to `damaged` those whose page text is."""
    entries: dict[str, list[IndexedPage]] = {}
    with house.database.read() as session:
        for document_id in document_ids:
            document = session.get(Document, document_id)
            if document is None or document.status not in _LIVING:
                continue
            stamp = current_stamp(session, document)  # before the pages: should they change meanwhile, it tells
            try:
                pages = project(document, each_page(house, session, document_id))
            except NoResultFound:
                continue  # its key was destroyed since we looked
            except (ObjectDamaged, ObjectMissing):
                damaged.append(document_id)
                pages = project(document, [])
            entries[document_id] = [replace(page, stamp=stamp) for page in pages]
    return entries


def index_documents(house: House, document_ids: Iterable[str], *, tries: int = 3) -> list[str]:
    """As `index_document`, in one commit. Returns the ids whose page text is damaged or missing in the store.

    Those are findable by what the database knows of them; `fixity` names the objects. What was changed while it was written is written
    again, `tries` times in all, and left to the sweeper then. Raises IndexUnavailable, StoreUnavailable.
    """
    damaged: list[str] = []
    entries = _entries(house, document_ids, damaged)
    if not entries:
        return damaged
    house.index.replace_many(entries)
    gone: list[str] = []
    changed: list[str] = []
    with house.database.write() as session:
        for document_id, pages in entries.items():
            document = session.get(Document, document_id)
            if document is None or document.status not in _LIVING:
                gone.append(document_id)  # destroyed while we were at it
                continue
            document.indexed = pages[0].stamp == current_stamp(session, document)
            if not document.indexed:
                changed.append(document_id)
    if gone:
        house.index.remove_many(gone)
    if changed and tries > 1:
        damaged += index_documents(house, changed, tries=tries - 1)
    return damaged


def touch_file(session: Session, case_file_id: str) -> list[str]:
    """Mark every document of a file as needing a fresh index entry; returns their ids, to be indexed after the commit."""
    documents = session.scalars(
        select(Document).where(Document.case_file_id == case_file_id, Document.status.in_(_LIVING))
    )
    ids = []
    for document in documents:
        document.indexed = False
        ids.append(document.id)
    return ids


def reindex(house: House, damaged: list[str], *, anew: bool = False) -> Iterator[tuple[int, int]]:
    """Rebuild the whole index from database and vault; yields (done, total) as it goes.

    The next generation of the index is filled beside the one that answers; what comes in or changes meanwhile is written to both. When every
    living document stands in it as the database has it, it takes the other's place in one step. Killed at any moment, the old one answers
    as before, and a second call goes on where the first was. Only an index that cannot be used, or with `anew`, is emptied first: then
    every document counts as not indexed until it is, and search finds what is done so far. Appends to `damaged` the ids of documents
    whose page text the store could not give. Raises IndexUnavailable, StoreUnavailable.
    """
    if anew or not _usable(house):
        yield from _from_nothing(house, damaged)
        return
    house.index.begin()
    filled = dict(house.index.filled())
    for _ in range(_ROUNDS):
        waiting: dict[str, list[IndexedPage]] = {}
        ids, written = _living(house), 0
        for start in range(0, len(ids), _BATCH):
            waiting |= _entries(house, _differing(house, ids[start : start + _BATCH], filled), damaged)
            done = min(start + _BATCH, len(ids))
            if waiting and (done == len(ids) or sum(map(len, waiting.values())) >= _PAGES):
                house.index.fill(waiting)
                written, waiting = written + len(waiting), {}
            yield done, len(ids)
        # Once more from the files, until nothing was changed while we were at it.
        filled = dict(house.index.filled())
        if not written:
            break
    living = set(_living(house))
    if strangers := [name for name in filled if name not in living]:
        house.index.drop(strangers)
    house.index.finish()
    if unknown := _unknown(house):
        house.index.remove_many(unknown)  # destroyed in the moment of the change


def _from_nothing(house: House, damaged: list[str]) -> Iterator[tuple[int, int]]:
    with house.database.write() as session:
        session.execute(update(Document).where(Document.status.in_(_LIVING)).values(indexed=False))
    ids = _living(house)
    house.index.clear()
    for start in range(0, len(ids), _BATCH):
        damaged += index_documents(house, ids[start : start + _BATCH])
        yield min(start + _BATCH, len(ids)), len(ids)
    if unknown := _unknown(house):
        house.index.remove_many(unknown)


def _living(house: House) -> list[str]:
    with house.database.read() as session:
        query = select(Document.id).where(Document.status.in_(_LIVING)).order_by(Document.received_at, Document.id)
        return list(session.scalars(query))


def _differing(house: House, document_ids: Iterable[str], known: Mapping[str, str]) -> list[str]:
    """Return those of the living documents whose stamp is not the one that is known."""
    with house.database.read() as session:
        found = session.scalars(select(Document).where(Document.id.in_(document_ids), Document.status.in_(_LIVING)))
        return [one.id for one in found if known.get(one.id) != current_stamp(session, one)]


def stale(house: House) -> list[str]:
    """Return the documents whose entry in the index is not as the database has them, though they count as indexed."""
    suspects = _living(house)
    for _ in range(2):  # the second look leaves out what was just being changed
        known = dict(house.index.states())
        differing = {
            name
            for start in range(0, len(suspects), _BATCH)
            for name in _differing(house, suspects[start : start + _BATCH], known)
        }
        suspects = [name for name in suspects if name in differing and name in known]
        if not suspects:
            return []
    with house.database.read() as session:
        settled = set(session.scalars(select(Document.id).where(Document.indexed, Document.id.in_(suspects))))
    return [name for name in suspects if name in settled]


def _usable(house: House) -> bool:
    try:
        house.index.check()
    except IndexUnavailable:
        return False
    return True


def _unknown(house: House) -> list[str]:
    """Return what is in the index and not among the living documents now; one taken in since we began is among them."""
    entries = list(house.index.documents())
    with house.database.read() as session:
        living = set(session.scalars(select(Document.id).where(Document.status.in_(_LIVING))))
    return [document_id for document_id in entries if document_id not in living]


def index_soon(house: House, document_ids: Iterable[str]) -> None:
    """Index what a committed change has marked. When a service is down the change stands all the same; the sweeper indexes it."""
    try:
        index_documents(house, document_ids)
    except (IndexUnavailable, StoreUnavailable) as error:
        _log.warning("the index follows later: %s", error)
