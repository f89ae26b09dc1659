"""Filing by sheets: the documents of a released batch go into the files that their separator sheets named.

First it is shown what would go where, then it is done, document by document, each as one that is filed by hand: what stops in
the middle is gone on with by doing it again. What came out of a document (the files in a PDF) goes where that goes. Only into open files: out of any other nothing can be taken again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from intake.verification import LACKING
from service.access.policy import Actor
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive.filing import demand_fits, lock_document_for, put_into
from service.flow.common.facts import standing_holds
from service.flow.common.guard import allowed, load_document, load_file, reach_of, reach_of_file, require
from service.flow.common.heritage import came_with
from service.flow.common.index import index_soon
from service.flow.common.sight import visible_files
from service.flow.credit.fact_documents import follow
from service.flow.intake.batches import load_batch
from service.flow.intake.process import UNREAD
from service.house import House
from service.records import audit
from service.records.tables import BatchPart, CaseFile, Contract, Customer, Document


@dataclass(frozen=True)
class Placing:
    """A document and the file that its sheet named.

    state: ready, it can be filed; filed, it lies in a file, in `file` where the actor may see that one; refused, it cannot be
    filed now, and `why`. contract, customer: what the sheet said; where it said both, the contract counts.
    """

    document: Document
    contract: str
    customer: str
    file: CaseFile | None
    state: Literal["ready", "filed", "refused"]
    why: str = ""


@dataclass(frozen=True)
class Placings:
    """What would go where. unsaid: so many documents lie in no file, and their sheets name none: they are filed by hand."""

    rows: tuple[Placing, ...]
    unsaid: int = 0

    @property
    def ready(self) -> tuple[Placing, ...]:
        """Return what can be filed."""
        return tuple(row for row in self.rows if row.state == "ready")


def placings(house: House, actor: Actor, name: str, *, noted: bool = True) -> Placings:
    """Return what of a released batch would go where. noted: False where the reading of the batch was noted with it.

    Raises NotFound, NotAllowed, RuleRefused (it is not released).
    """
    with house.database.write() if noted else house.database.read() as session:
        found = _placings(session, actor, name)
        if noted:
            audit.append(session, actor.name, "batch.view", f"batch:{name}")
        return found


def file_by_sheets(
    house: House, actor: Actor, name: str, shown: Mapping[str, str] | None = None
) -> tuple[int, Placings]:
    """File what can be filed; return how many documents were, and how all stand now.

    shown: the file in which each document was shown to go; no other is filed, and none elsewhere. None: all as the sheets say.
    What was filed before, or by somebody else at the same time, stays as it is. Raises what `placings` raises.
    """
    with house.database.read() as session:
        ready = [(row.document.id, row.file.id) for row in _placings(session, actor, name).ready if row.file]
    anew: list[str] = []
    filed: list[str] = []
    for document_id, file_id in ready:
        if shown is not None and shown.get(document_id) != file_id:
            continue
        changed = _file_one(house, actor, document_id, file_id)
        if changed is not None:
            filed.append(document_id)
            anew += [document_id, *changed]
    index_soon(house, anew)
    follow(house, filed)
    with house.database.read() as session:
        return len(filed), _placings(session, actor, name)


def _file_one(house: House, actor: Actor, document_id: str, file_id: str) -> list[str] | None:
    """File one document as by hand; None where it cannot be any more, or lies in a file already."""
    try:
        with house.database.write() as session:
            document = load_document(session, actor, document_id, "document.file")
            file = load_file(session, actor, file_id)
            lock_document_for(session, document, file)
            if document.case_file_id is not None:
                return None
            _demand_to_hand(session, document, file)
            return put_into(house, session, actor, document, file)
    except (BadInput, NotAllowed, NotFound, RuleRefused):  # changed since it was looked at: the list says why
        return None


def _placings(session: Session, actor: Actor, name: str) -> Placings:
    batch = load_batch(session, actor, name)
    require(actor, "document.file")
    if batch.state == "open":
        raise RuleRefused(f"batch {name} is not released yet; its documents are filed after the release")
    parts = session.scalars(
        select(BatchPart).where(BatchPart.batch == name, BatchPart.wanted.is_(False)).order_by(BatchPart.position)
    ).all()
    documents = _documents(session, actor, parts)
    files: dict[tuple[str, str], CaseFile | None] = {}
    rows: list[Placing] = []
    unsaid = 0
    for part in parts:
        document = documents.pop(part.document_id, None)  # the same bytes may be in a batch twice
        if document is None:
            continue
        said = (part.contract_number, "" if part.contract_number else part.customer_number)
        inside = [one for one in came_with(session, document) if allowed(actor, "document.read", reach_of(one))]
        if not any(said):
            unsaid += sum(one.case_file_id is None for one in (document, *inside))
            continue
        if said not in files:
            files[said] = _file_named(session, actor, *said)
        rows += [_placing(session, actor, one, part, files[said]) for one in (document, *inside)]
    return Placings(tuple(rows), unsaid)


def _documents(session: Session, actor: Actor, parts: Sequence[BatchPart]) -> dict[str, Document]:
    """Return the documents of a batch that are still there and that the actor may read, by id."""
    query = select(Document).where(
        Document.id.in_([part.document_id for part in parts]), Document.status.not_in(("receiving", "destroyed"))
    )
    found = session.scalars(query.options(joinedload(Document.case_file)))
    return {document.id: document for document in found if allowed(actor, "document.read", reach_of(document))}


def _file_named(session: Session, actor: Actor, contract: str, customer: str) -> CaseFile | None:
    """Return the file of the contract, or the credit file of the customer, with this number; None where the actor sees none."""
    files = visible_files(actor)
    if contract:
        return session.scalar(
            files.join(Contract, CaseFile.contract_id == Contract.id).where(Contract.number == contract)
        )
    meant = session.scalar(select(Customer).where(Customer.number == customer))
    while meant is not None and meant.merged_into is not None:  # a sheet may be older than the merging
        meant = session.get(Customer, meant.merged_into)
    if meant is None:
        return None
    living = (CaseFile.kind == "credit", CaseFile.state != "destroyed", CaseFile.superseded_by.is_(None))
    return session.scalar(files.where(CaseFile.customer_id == meant.id, *living))


def _placing(session: Session, actor: Actor, document: Document, part: BatchPart, file: CaseFile | None) -> Placing:
    said = (document, part.contract_number, part.customer_number)
    lies_in = document.case_file
    if lies_in is not None:
        return Placing(*said, lies_in if allowed(actor, "file.read", reach_of_file(lies_in)) else None, "filed")
    if file is None:
        return Placing(*said, None, "refused", _no_file(part))
    try:
        require(actor, "document.file", reach_of(document))
        _demand_to_hand(session, document, file)
        demand_fits(session, document, file, document.category)
    except (BadInput, NotAllowed, NotFound, RuleRefused) as error:
        return Placing(*said, file, "refused", str(error))
    return Placing(*said, file, "ready")


def _no_file(part: BatchPart) -> str:
    if part.contract_number:
        return f"there is no contract {part.contract_number}, or you may not see its file"
    return f"customer {part.customer_number} has no credit file, or you may not see it; it is opened on the customer's page"


def _demand_to_hand(session: Session, document: Document, file: CaseFile) -> None:
    """Raise RuleRefused for what a person files one by one: a document that is not read or lacks pages, a file out of which nothing is taken again."""
    if document.status in UNREAD:
        raise RuleRefused("the document is not read yet; it is filed when it is")
    for reason in document.review_reasons:
        if reason.startswith(LACKING):
            lacking = reason.removeprefix(LACKING)
            raise RuleRefused(
                f"pages {lacking} are missing by the numbers printed on the others; settle that on its page first"
            )
    state = "frozen" if standing_holds(session, file.id) else file.state
    if state != "open":
        name = file.archive_number or file.title
        raise RuleRefused(f"file {name} is {state}: what goes in stays in it; file the document by itself")
