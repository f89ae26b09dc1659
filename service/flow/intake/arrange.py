"""Arranging: files that came as documents of their own become pages that can be turned, ordered, split and merged.

Each file is kept once more as a stack, under the stack's key, until the batch is released: a page put wrong can always be
put right, and a file whose pages stand as they came is that file, byte for byte. Its document stays what it is until its
pages change. Killed in between, what was kept is finished by the next sweep and the rest are still single documents;
asked again, it goes on with them.
"""

from collections.abc import Sequence
from typing import BinaryIO, cast
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from intake.batches.cut import can_cut, stays_whole
from intake.formats.signatures import MEDIA_TYPES
from service.access.policy import Actor
from service.errors import RuleRefused
from service.flow.common import claims
from service.flow.common.guard import reach_of, require
from service.flow.common.heritage import ATTACHMENT
from service.flow.intake.batches import load_batch
from service.flow.intake.documents import lock_document
from service.flow.intake.flowing import Flowing
from service.flow.intake.originals import original_on_disk
from service.flow.intake.parts import key_of, settle
from service.flow.intake.stacks import AT_ONCE, let_go, lost, mine
from service.house import House
from service.records import audit
from service.records.tables import Batch, BatchPart, Document, Stack, new_id

_KINDS = {media_type: kind for kind, media_type in MEDIA_TYPES.items()}
_LIVING = ("received", "reading", "stored", "needs_review", "failed")
_USUAL_TIERS = ("public", "internal")


def arrange(house: House, actor: Actor, name: str) -> int:
    """Open the single files of a batch for changes of their pages; returns how many files were opened now.

    Signed files, files with attachments, attachments, texts and recordings stay as they are: putting their pages anew would
    break them. So do files that lie in a case file, or above the usual confidentiality. Of more than 100 pages the worker looks
    at them later. Nobody counts paper for files: their pages are the account. Raises NotFound, NotAllowed, RuleRefused.
    """
    with house.database.write() as session:
        documents = _open(house, session, actor, name)
    return _keep_all(house, actor, name, documents)


def arrange_alone(house: House, actor: Actor, document_id: str) -> str:
    """Open one document for changes of its pages, in the batch it came in; returns the name of that.

    What came in none (a file of a watched folder) is a batch of its own from then on, which is released as any other. Raises NotFound,
    NotAllowed, RuleRefused.
    """
    with house.database.write() as session:
        document = lock_document(session, actor, document_id)
        require(actor, "batch.edit", reach_of(document))
        if not document.batch:
            if not _fits(document):
                raise RuleRefused("the pages of this document stay as they are: it is filed, signed, secret or no scan")
            document.batch = f"{document.received_at:%Y%m%d}-{document.id[:8]}"
        name = document.batch
        session.flush()
        documents = _open(house, session, actor, name)
    _keep_all(house, actor, name, documents)
    return name


def _keep_all(house: House, actor: Actor, name: str, documents: Sequence[Document]) -> int:
    for document in documents:
        _keep(house, actor, name, document)
    if sum(document.pages for document in documents) <= AT_ONCE:
        settle(house, name)
    return len(documents)


def can_arrange(documents: Sequence[Document]) -> bool:
    """Return whether there is one among them whose pages can be put anew."""
    return any(_fits(document) for document in documents)


def _fits(document: Document) -> bool:
    broken_by_it = stays_whole(document.notes) or any(note.startswith("from:") for note in document.notes)
    return (
        document.status in _LIVING
        and can_cut(_KINDS.get(document.media_type, ""))
        and not broken_by_it
        and document.case_file_id is None
        and document.tier in _USUAL_TIERS
    )


def _open(house: House, session: Session, actor: Actor, name: str) -> list[Document]:
    """Return the documents to be opened; a batch of single files becomes one whose paper is accounted for."""
    found = select(Document).where(Document.batch == name, Document.status.in_(_LIVING))
    found = found.options(joinedload(Document.case_file))  # so that a file says nothing by the time it takes
    living = list(session.scalars(found.order_by(Document.received_at, Document.id)))
    batch = session.get(Batch, name, with_for_update={"of": Batch})
    if batch is None and living:
        batch = Batch(
            name=name,
            operator=living[0].received_by,
            department_id=living[0].department_id,
            opened_at=house.clock.now(),
            sheets=sum(document.pages for document in living if document.channel != ATTACHMENT) or None,
            sides=1,
        )
        session.add(batch)
        session.flush()
    batch = load_batch(session, actor, name, "batch.edit", lock=True)
    if batch.state != "open":
        raise RuleRefused(f"batch {name} was released; its pages stay as they are")
    held = set(session.scalars(select(BatchPart.document_id).where(BatchPart.batch == name)))
    kept = set(session.scalars(select(Stack.sha256).where(Stack.batch == name)))
    known = {document.id for document in living if document.id in held or document.sha256 in kept}
    documents = [
        d for d in living if d.id not in known and _fits(d) and d.department_id == batch.department_id
    ]  # fmt: skip
    if not documents and not known:
        raise RuleRefused(f"batch {name} has no file whose pages can be put in order")
    audit.append(session, actor.name, "batch.arrange", f"batch:{name}", {"documents": [d.id for d in documents]})
    return documents


def _keep(house: House, actor: Actor, name: str, document: Document) -> None:
    """Keep the file of a document as a stack; `settle` makes its pages a part of the batch."""
    stack = Stack(
        id=new_id(),
        batch=name,
        filename=document.filename,
        sha256=document.sha256,
        kind=_KINDS[document.media_type],
        size=document.size,
        pages=document.pages,
        turn_over="arranged",
        drop_blanks=False,
        channel=document.channel,
        state="receiving",
        received_by=actor.name,
        received_at=house.clock.now(),
    )
    _file_key, stack.key = house.keys.new(UUID(stack.id))
    try:
        with house.database.write() as session:
            session.get(Batch, name, with_for_update={"of": Batch})
            stack.position = (session.scalar(select(func.max(Stack.position)).where(Stack.batch == name)) or 0) + 1
            claims.take(stack, house.clock.now())
            session.merge(stack)
    except IntegrityError:
        return  # a stack of another batch has these very bytes: the document stays as it is
    try:
        with original_on_disk(house, document.id) as path, path.open("rb") as file:
            flowing = cast("BinaryIO", Flowing(house, stack.id, file))
            house.vault.put(UUID(stack.id), key_of(house, stack), flowing)
        with house.database.write() as session:
            batch = session.get_one(Batch, name, with_for_update={"of": Batch})  # first, as everywhere
            row = mine(session, stack.id)
            if row is not None:
                row.state = "kept"
                claims.release(row)
                batch.version += 1
    except BaseException:
        let_go(house, stack.id)
        raise
    if row is None:
        raise lost(house, stack.id)
