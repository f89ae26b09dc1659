"""Related: the documents a person may want beside one: the same paper scanned again, the same number, the same contract or customer.

Nothing here looks at all documents: each kind is found by an index and cut off at a number that a page can show.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from search.errors import IndexUnavailable
from search.folding import fold, squeeze
from search.model import Reader
from search.sketch import same_paper
from search.syntax import Word
from service.access.policy import Actor, reader_tokens
from service.flow.common.guard import load_document
from service.flow.common.sight import visible
from service.flow.search.sketches import kept
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, Contract, Document, DocumentMark, DocumentSketch

log = logging.getLogger("juanzong.related")
EACH = 6  # documents of one kind
SHORTEST = 6  # letters and digits of a number that can be looked for
_NUMBERS = ("contract_number", "code", "party_a_code", "party_b_code")
_MOST_NUMBERS = 4
_COMMON = 200  # documents; a number that more of them name, as one's own company's, relates nothing
_ALIKE = 500  # documents that share one mark; of more, from one form, the others are found by rarer marks
_CANDIDATES = 40
_SHARED_MARKS = 2
_LIVING = ("stored", "needs_review", "failed")

#: What a reason says, in Chinese and in English.
SENTENCES = {
    "same_paper": ("文字约有 {value}% 相同，像是同一份文件又扫描了一次", "About {value}% of its words are the same: it looks like the same paper scanned again"),
    "same_number": ("也写有 {value}", "It names {value}, too"),
    "same_contract": ("在同一卷里：{value}", "It lies in the same file: {value}"),
    "same_customer": ("同一客户的文件：{value}", "It belongs to the same customer: {value}"),
}  # fmt: skip


@dataclass(frozen=True)
class Reason:
    """Why a document is shown. kind: a key of SENTENCES; value: what goes into its sentence."""

    kind: str
    value: str

    @property
    def zh(self) -> str:
        """The sentence in Chinese."""
        return SENTENCES[self.kind][0].format(value=self.value)

    @property
    def en(self) -> str:
        """The sentence in English."""
        return SENTENCES[self.kind][1].format(value=self.value)


@dataclass(frozen=True)
class Related:
    """A document, and why it is shown, the strongest reason first."""

    document: Document
    reasons: tuple[Reason, ...]


def related_to(house: House, actor: Actor, document_id: str, *, noted: bool = True) -> list[Related]:
    """Return the documents related to one, of those the actor may read; destroyed ones are in no place that is looked at.

    noted: False where they are part of a page that is noted itself. Where the index does not answer, those with the same number
    are left out. Raises NotFound.
    """
    with house.database.read() as session:
        document = load_document(session, actor, document_id)
        found = [*_papers(session, actor, document)]
        numbers = _numbers(document)
        found += [*_of_contract(session, actor, document)]
        customers = [*_of_customer(session, actor, document)]
    named = _naming(house, actor, numbers)
    with house.database.read() as session:
        by_id = _seen(session, actor, [key for key, _ in named])
    paper = [pair for pair in found if pair[1].kind == "same_paper"]
    rest = [pair for pair in found if pair[1].kind != "same_paper"]
    pairs = [*paper, *((by_id[key], reason) for key, reason in named if key in by_id), *rest, *customers]
    reasons: dict[str, list[Reason]] = {}
    documents = {other.id: other for other, _ in pairs if other.id != document_id}
    for other, reason in pairs:
        reasons.setdefault(other.id, []).append(reason)
    if noted:
        with house.database.write() as session:
            audit.append(session, actor.name, "document.related", f"document:{document_id}", {"found": len(documents)})
    return [Related(other, tuple(reasons[key])) for key, other in documents.items()]


def _seen(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, Document]:
    if not ids:
        return {}
    query = visible(select(Document).where(Document.id.in_(ids), Document.status.in_(_LIVING)), actor)
    return {document.id: document for document in session.scalars(query)}


def _papers(session: Session, actor: Actor, document: Document) -> Iterator[tuple[Document, Reason]]:
    """Yield what looks like the same paper: candidates by shared marks, then compared by the whole sketch."""
    row = session.get(DocumentSketch, document.id)
    marks = list(session.scalars(select(DocumentMark.mark).where(DocumentMark.document_id == document.id)))
    if row is None or not marks:
        return
    each = [
        select(select(DocumentMark.document_id).where(DocumentMark.mark == mark).limit(_ALIKE).subquery())
        for mark in marks
    ]
    every = union_all(*each).subquery()
    shared = func.count(literal(1))
    near = (
        select(every.c.document_id)
        .where(every.c.document_id != document.id)
        .group_by(every.c.document_id)
        .having(shared >= _SHARED_MARKS)
        .order_by(shared.desc(), every.c.document_id)
        .limit(_CANDIDATES)
    )
    others = _seen(session, actor, list(session.scalars(near)))
    mine = kept(row)
    rows = select(DocumentSketch).where(
        DocumentSketch.document_id.in_(list(others)), DocumentSketch.made_with == row.made_with
    )
    alike = [(same_paper(mine, kept(other)), other.document_id) for other in session.scalars(rows)]
    for share, key in sorted(((share, key) for share, key in alike if share), reverse=True)[:EACH]:
        yield others[key], Reason("same_paper", f"{share * 100:.0f}")


def _numbers(document: Document) -> list[str]:
    """Return the numbers by which others may name the same thing, each once, however it is written."""
    values = {field.name: field.value for field in document.fields}
    contract = document.case_file.contract if document.case_file else None
    wanted = [values.get(name, "") for name in _NUMBERS]
    wanted += [contract.number, contract.printed_number] if contract else []
    distinct = {squeeze(fold(value)): value for value in reversed(wanted)}
    long = [value for key, value in distinct.items() if sum(map(str.isalnum, key)) >= SHORTEST]
    return long[::-1][:_MOST_NUMBERS]


def _naming(house: House, actor: Actor, numbers: Sequence[str]) -> list[tuple[str, Reason]]:
    """Return the ids of documents on whose pages or in whose values a number stands, in the index's order."""
    reader, found = Reader(reader_tokens(actor)), list[tuple[str, Reason]]()
    try:
        for number in numbers:
            results = house.index.search(Word(number), reader, limit=EACH + 1, facets=False)
            if results.total <= _COMMON:
                found += [(hit.document, Reason("same_number", number)) for hit in results.hits]
    except IndexUnavailable as error:
        log.warning("documents with the same number are not shown: %s", error)
    return found


def _of_contract(session: Session, actor: Actor, document: Document) -> Iterator[tuple[Document, Reason]]:
    file = document.case_file
    if file is None:
        return
    query = select(Document).where(Document.case_file_id == file.id, Document.id != document.id)
    name = file.archive_number or (file.contract.number if file.contract else file.title)
    for other in session.scalars(_newest(query, actor)):
        yield other, Reason("same_contract", name)


def _of_customer(session: Session, actor: Actor, document: Document) -> Iterator[tuple[Document, Reason]]:
    file = document.case_file
    customer = (file.customer or (file.contract.customer if file.contract else None)) if file else None
    if file is None or customer is None:
        return
    contracts = select(Contract.id).where(Contract.customer_id == customer.id)
    files = select(CaseFile.id).where(
        or_(CaseFile.customer_id == customer.id, CaseFile.contract_id.in_(contracts)), CaseFile.id != file.id
    )
    for other in session.scalars(_newest(select(Document).where(Document.case_file_id.in_(files)), actor)):
        yield other, Reason("same_customer", customer.name)


def _newest(query: Select[Document], actor: Actor) -> Select[Document]:
    query = visible(query.where(Document.status.in_(_LIVING)), actor)
    return query.order_by(Document.received_at.desc(), Document.id).limit(EACH)
