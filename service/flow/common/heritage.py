"""Heritage: what people said of a document as a whole goes on to the documents that are made anew of its pages.

It is there from the first moment: in the transaction that writes the new document down, under the locks of those whose pages it
holds. What is said of one of these later, while the new document is not in force yet, is said of both (`pass_on`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from intake.batches.said import Inherited, Said, inherit, paper_of
from intake.formats.signatures import MEDIA_TYPES
from service.access.policy import TIERS
from service.flow.common.guard import reach_of
from service.records import audit
from service.records.tables import BatchPart, Document, Stack

USUAL = "internal"
#: The channel of what came attached to a message.
ATTACHMENT = "attachment"
_MESSAGE, _INSIDE = MEDIA_TYPES["eml"], "attachment:"
#: A note of what came in a message: this and its id.
LETTER = "from:"


@dataclass(frozen=True)
class Paper:
    """The paper of a batch. scans: page -> the page it is a new scan of. left: paper that lay in no document -> its tier.

    It changes with no document that is made, only where a change of the batch begins or comes into force: who has the batch for
    that change reads it once for all documents. What is said of the documents themselves is read with each.
    """

    batch: str
    scans: Mapping[str, str]
    left: Mapping[str, int]

    def of(self, pages: Iterable[str]) -> frozenset[str]:
        """Return the paper that these pages are on."""
        return frozenset(paper_of(page.partition("@")[0], self.scans) for page in pages)


def paper_in(session: Session, name: str) -> Paper:
    """Return the paper of a batch."""
    looked = {
        f"{position}.{number}": page
        for position, pages in session.execute(select(Stack.position, Stack.looked).where(Stack.batch == name))
        for number, page in enumerate(pages or [], 1)
    }
    scans = {key: page["of"] for key, page in looked.items() if "of" in page}
    left: dict[str, int] = {}
    for key, page in looked.items():
        if "tier" in page:
            paper = paper_of(key, scans)
            left[paper] = max(left.get(paper, 0), TIERS.index(page["tier"]))
    return Paper(name, scans, left)


def _standing(session: Session, name: str) -> list[BatchPart]:
    return list(session.scalars(select(BatchPart).where(BatchPart.batch == name, BatchPart.wanted.is_(False))))


def tiers_left(session: Session, name: str) -> frozenset[str]:
    """Return how confidential the pages of a batch are that lie in no document any more, where it is not the usual."""
    paper = paper_in(session, name)
    held = {one for part in _standing(session, name) for one in paper.of(part.pages)}
    return frozenset(TIERS[tier] for one, tier in paper.left.items() if one not in held)


def take_over(session: Session, paper: Paper, pages: Sequence[str], document: Document) -> None:
    """Give a document that is about to be written down what is said of those whose pages it holds."""
    found = _found(session, paper, pages, document, lock=True, usual=USUAL)
    document.tier = TIERS[found.tier]
    _give(document, found)


def keep_up(session: Session, paper: Paper, pages: Sequence[str], document: Document) -> tuple[str, ...]:
    """Raise a document that comes into force to the tier of those whose pages it holds; returns what is to be looked at again.

    What was said of the document itself meanwhile stays.
    """
    found = _raise(session, paper, pages, document)
    if document.department_id is None and found.department is not None:
        document.department_id, document.indexed = found.department, False
    return found.unsure


def hold_up(session: Session, paper: Paper, pages: Sequence[str], document: Document) -> bool:
    """Raise a document that was here before, and now stands for pages of others with the same bytes, to the tier of these.

    Returns whether that changed it. Otherwise what is secret would be told, once its own document went, by another's.
    """
    before = document.tier
    _raise(session, paper, pages, document)
    return document.tier != before


def _raise(session: Session, paper: Paper, pages: Sequence[str], document: Document) -> Inherited:
    # Without their locks: whoever holds one of them waits for this document's, and raises it afterwards.
    found = _found(session, paper, pages, document)
    tier = max(found.tier, TIERS.index(document.tier))
    if TIERS[tier] != document.tier:
        document.tier, document.indexed = TIERS[tier], False
    return found


def pass_on(session: Session, document: Document) -> list[str]:
    """Say what was said of a document also of those that are being made of its pages; returns their ids, for the index.

    In the transaction that changed the document, which holds its lock.
    """
    session.flush()
    changed = []
    mine = select(BatchPart).where(BatchPart.document_id == document.id, BatchPart.wanted.is_(False))
    for part in list(session.scalars(mine)):
        paper = paper_in(session, part.batch)
        wanted = select(BatchPart).where(BatchPart.batch == part.batch, BatchPart.wanted.is_(True))
        for new in session.scalars(wanted.where(BatchPart.duplicate.is_(False), BatchPart.document_id != document.id)):
            if not paper.of(new.pages) & paper.of(part.pages):
                continue
            fresh = session.get(Document, new.document_id, with_for_update={"of": Document}, populate_existing=True)
            if fresh is not None:
                _give(fresh, _found(session, paper, new.pages, fresh))
                fresh.indexed = False
                changed.append(fresh.id)
    return changed


def may_carry(document: Document) -> bool:
    """Return whether documents may have come attached to this one: a message, or what was found to hold files. To look for them takes long."""
    return document.media_type == _MESSAGE or any(note.startswith(_INSIDE) for note in document.notes)


def raise_attached(session: Session, by: str, message: Document) -> list[str]:
    """Make what came attached to a message, and within that, as confidential as it is; returns the ids of what was raised, for the index.

    In the transaction that raised the message, which holds its lock, before anything is written to the trail. What was here before it
    came attached to anything stays what its own people say it is.
    """
    if not may_carry(message):
        return []
    session.flush()
    session.refresh(message, ["case_file"])  # it may just have been put into it
    tier = TIERS.index(reach_of(message).tier)
    low = [document for document in came_with(session, message, lock=True) if TIERS.index(document.tier) < tier]
    for document in low:
        before, document.tier, document.indexed = document.tier, TIERS[tier], False
        detail = {"from": before, "to": document.tier, "message": message.id}
        audit.append(session, by, "document.tier", f"document:{document.id}", detail)
    return [document.id for document in low]


def came_with(session: Session, message: Document, *, lock: bool = False) -> list[Document]:
    """Return the documents that first came attached to one, or to one within it; what was destroyed is none any more."""
    found: dict[str, Document] = {}
    messages = [message]
    while messages:
        outer = messages.pop()
        if not may_carry(outer):
            continue
        came = (Document.channel == ATTACHMENT, Document.status.not_in(("receiving", "destroyed")))
        query = select(Document).where(*came, cast(Document.notes, String).contains(f"{LETTER}{outer.id}"))
        query = query.order_by(Document.id).execution_options(populate_existing=True)
        query = query.with_for_update(of=Document) if lock else query
        inside = [document for document in session.scalars(query) if document.id not in {message.id, *found}]
        found |= {document.id: document for document in inside}
        messages += inside
    return list(found.values())


def keep_tiers(session: Session, by: str, name: str, gone: Iterable[str]) -> list[str]:
    """Make the documents in force as confidential as those that were being made of their pages and go again; returns what was raised.

    Who made one of these secret meanwhile, meant the paper. In the transaction that takes them away, before anything is written to the trail.
    """
    paper, ids = paper_in(session, name), set(gone)
    wanted = session.scalars(select(BatchPart).where(BatchPart.batch == name, BatchPart.wanted.is_(True)))
    fresh = [part for part in wanted if part.document_id in ids]
    standing, tiers = _standing(session, name), dict[str, int]()
    for new in fresh:
        tier = TIERS.index(reach_of(session.get_one(Document, new.document_id)).tier)
        for part in standing:
            if paper.of(part.pages) & paper.of(new.pages):
                tiers[part.document_id] = max(tier, tiers.get(part.document_id, 0))
    note_left(session, name, fresh, standing)
    query = select(Document).where(Document.id.in_(tiers)).order_by(Document.id)
    rows = session.scalars(query.with_for_update(of=Document).execution_options(populate_existing=True))
    low = [document for document in rows if TIERS.index(document.tier) < tiers[document.id]]
    raised = list[str]()
    for document in low:
        document.tier, document.indexed = TIERS[tiers[document.id]], False
        raised += [document.id, *raise_attached(session, by, document)]
    for document in low:
        detail = {"to": document.tier, "batch": name}
        audit.append(session, by, "document.tier", f"document:{document.id}", detail)
    return raised


def note_left(session: Session, name: str, old: Sequence[BatchPart], new: Sequence[BatchPart]) -> None:
    """Write beside the pages that no document holds any more how confidential they are: put back, they are it still."""
    paper = paper_in(session, name)
    held = {one for part in new for one in paper.of(part.pages)}
    tiers: dict[str, str] = {}
    for part in old:
        document = session.get(Document, part.document_id)
        for page in part.pages:
            if document is not None and not paper.of([page]) <= held:
                tiers[page.partition("@")[0]] = reach_of(document).tier
    for stack in session.scalars(select(Stack).where(Stack.batch == name)) if tiers else ():
        keys = [f"{stack.position}.{number}" for number in range(1, stack.pages + 1)]
        if stack.looked is not None and not tiers.keys().isdisjoint(keys):
            pages = zip(keys, stack.looked, strict=True)
            stack.looked = [_left(page, tiers[key]) if key in tiers else page for key, page in pages]


def _left(page: dict[str, Any], tier: str) -> dict[str, Any]:
    """Return what is known of a page with its tier, which is written down only where it is not the usual one."""
    plain = {name: value for name, value in page.items() if name != "tier"}
    return plain if tier == USUAL else plain | {"tier": tier}


def _found(
    session: Session,
    paper: Paper,
    pages: Sequence[str],
    document: Document,
    *,
    lock: bool = False,
    usual: str = TIERS[0],
) -> Inherited:
    """Return what a document made of pages inherits. lock: nobody says anything of its holders before this transaction ends.

    usual: the tier of a page of which nobody said anything.
    """
    mine = paper.of(pages)
    parts = [part for part in _standing(session, paper.batch) if paper.of(part.pages) & mine]
    query = select(Document).where(Document.id.in_({part.document_id for part in parts}), Document.id != document.id)
    query = query.order_by(Document.id).execution_options(populate_existing=True)
    rows = session.scalars(query.with_for_update(of=Document) if lock else query)
    holders = {holder.id: holder for holder in rows}
    found = [(paper.of(p.pages), _said(paper.batch, holders[p.document_id])) for p in parts if p.document_id in holders]
    return inherit(mine, found, paper.left, TIERS.index(usual))


def _said(name: str, document: Document) -> Said:
    own = document.batch == name and document.case_file_id is None
    letters = tuple(note for note in document.notes if note.startswith(LETTER))
    return Said(TIERS.index(reach_of(document).tier), document.department_id, document.is_original, letters, own=own)


def _give(document: Document, found: Inherited) -> None:
    document.tier = TIERS[max(found.tier, TIERS.index(document.tier))]
    document.department_id = document.department_id if found.department is None else found.department
    document.is_original = bool(document.is_original) if found.original is None else found.original
    document.notes = list(dict.fromkeys((*document.notes, *found.letters)))
