"""Index: what the search engine is told about a document, from database and vault alone."""

import logging
from collections.abc import Iterable, Iterator
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from intake.codec import from_json
from intake.model import PageText
from search.errors import IndexUnavailable
from search.model import IndexedPage
from service.access.policy import document_tokens
from service.flow.guard import reach_of
from service.flow.objects import read_kept
from service.house import House
from service.records.tables import Document, Rendition, WrappedKey
from vault.errors import ObjectDamaged, ObjectMissing, StoreUnavailable
from vault.model import FileKey

_log = logging.getLogger("juanzong.index")
_NUMBERS = ("code", "contract_number", "party_a_code", "party_b_code")
_LIVING = ("stored", "needs_review", "failed")
_BATCH = 50


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
    from service.flow.values import values_of

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
            status="archived" if file and file.state == "archived" else document.status,
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


def index_document(house: House, document_id: str) -> None:
    """Put the present state of a document into the index and note that it is there. Raises IndexUnavailable."""
    index_documents(house, [document_id])


def index_documents(house: House, document_ids: Iterable[str]) -> list[str]:
    """As `index_document`, in one commit. Returns the ids whose page text is damaged or missing in the store.

    Those are findable by what the database knows of them; `fixity` names the objects. Raises IndexUnavailable, StoreUnavailable.
    """
    entries: dict[str, list[IndexedPage]] = {}
    damaged: list[str] = []
    with house.database.read() as session:
        for document_id in document_ids:
            document = session.get(Document, document_id)
            if document is None or document.status not in _LIVING:
                continue
            try:
                entries[document_id] = project(document, each_page(house, session, document_id))
            except NoResultFound:
                continue  # its key was destroyed since we looked
            except (ObjectDamaged, ObjectMissing):
                damaged.append(document_id)
                entries[document_id] = project(document, [])
    if not entries:
        return damaged
    house.index.replace_many(entries)
    gone: list[str] = []
    with house.database.write() as session:
        for document_id in entries:
            document = session.get(Document, document_id)
            if document is None or document.status not in _LIVING:
                gone.append(document_id)  # destroyed while we were at it
            else:
                document.indexed = True
    if gone:
        house.index.remove_many(gone)
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

    Documents are replaced in place, so search answers all the while; what the database does not know is removed at the end. Only an
    index that cannot be used, or with `anew`, is emptied first. Killed half-way, the sweeper finishes it: every document counts as not
    indexed until it is. Appends to `damaged` the ids of documents whose page text the store could not give.
    """
    with house.database.write() as session:
        living = Document.status.in_(_LIVING)
        session.execute(update(Document).where(living).values(indexed=False))
        ids = list(session.scalars(select(Document.id).where(living).order_by(Document.received_at)))
    if anew or not _usable(house):
        house.index.clear()
    for start in range(0, len(ids), _BATCH):
        damaged += index_documents(house, ids[start : start + _BATCH])
        yield min(start + _BATCH, len(ids)), len(ids)
    if unknown := _unknown(house):
        house.index.remove_many(unknown)


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
