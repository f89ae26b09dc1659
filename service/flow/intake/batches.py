"""Batches: their pages and their paper, changed before the release and accounted for at it.

Until a batch is released its documents can be found and read but not filed, and its pages can be put right from the stacks,
which are kept as they came. The release needs the account to balance: sheets times sides are pages kept, blanks dropped and
separators. With it the keys of the stacks go, then their bytes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, false, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from intake.batches import edit
from intake.batches.edit import NoSuchPage
from intake.batches.plan import Account, Manifest, Part, account
from intake.batches.portions import parse
from intake.verification import LACKING
from service.access.policy import TIERS, Actor, Reach, sees_all_departments
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.guard import allowed, listing, reach_of, require
from service.flow.common.heritage import ATTACHMENT, tiers_left
from service.flow.common.sight import visible
from service.flow.common.watermark import is_classified, mark, words
from service.flow.intake.looks import thumbnail
from service.flow.intake.parts import (
    lone_passes,
    lone_portions,
    order_of,
    seen,
    settle,
    stays_together,
    together,
    want,
)
from service.flow.intake.process import UNREAD
from service.flow.intake.stacks import GIVEN_UP, ORDERS, give_up, operators, remove
from service.house import House
from service.records import audit
from service.records.tables import Batch, BatchPart, Document, Stack, new_id
from vault.errors import ObjectMissing

MAX_REASON = 500
#: So many changes of pages can be undone, one after the other.
MAX_UNDO = 20
#: What is known of a page whatever is made of it: which page it is a new scan of, and how confidential it was when it was left out.
_OF_PAPER = ("of", "tier")


@dataclass(frozen=True)
class Whole:
    """A batch with everything in it.

    order: the keys of all pages as the paper lay. documents: by id. changing: a change that was begun is not finished yet.
    lacking: the documents from which pages are missing by the numbers printed on those that are there, each with these
    numbers; of those that still have to be read (unread) it is not known yet.
    """

    batch: Batch
    stacks: tuple[Stack, ...]
    parts: tuple[BatchPart, ...]
    documents: dict[str, Document]
    order: tuple[str, ...]
    account: Account
    manifest: Manifest
    changing: bool
    lacking: tuple[tuple[Document, str], ...] = ()
    unread: int = 0

    @property
    def busy(self) -> bool:
        """Whether documents are still being made."""
        coming = any(stack.state in ("kept", "cutting") or _arrives(stack) for stack in self.stacks)
        return coming or self.changing

    @property
    def waits_for_backs(self) -> bool:
        """Whether the first pass of double-sided paper waits for the second."""
        return self._all_wait and not any(stack.portion for stack in self.waiting)

    @property
    def waits_for_files(self) -> bool:
        """Whether a file of a stack in several waits for the others."""
        return self._all_wait and any(stack.portion for stack in self.waiting)

    @property
    def _all_wait(self) -> bool:
        return bool(self.waiting) and len(self.waiting) == sum(stack.state == "kept" for stack in self.stacks)

    @property
    def waiting(self) -> list[Stack]:
        """Return what waits for the rest of its paper: passes for the other one, files for the others of their stack."""
        return lone_passes(self.stacks) + lone_portions(self.stacks)

    @property
    def given_up(self) -> list[Stack]:
        """Return the stacks whose paper is to be scanned again, or was."""
        return [stack for stack in self.stacks if stack.turn_over == GIVEN_UP]

    @property
    def unaccounted(self) -> list[Stack]:
        """Return the stacks that were given up of which only a person can say that their paper was scanned again.

        Files of a scan that were replaced by others of the same scan need no word.
        """
        scans = {parse(stack.portion).scan for stack in self.stacks if stack.portion and stack.turn_over != GIVEN_UP}
        return [stack for stack in self.given_up if not stack.portion or parse(stack.portion).scan not in scans]

    def may_come_twice(self, given_up: Stack) -> bool:
        """Whether the paper of a stack that was given up may have been scanned again: a scan that came after it was cut."""
        return any(
            stack.position > given_up.position
            and stack.state in ("cutting", "cut")
            and stack.turn_over not in (GIVEN_UP, "rescan", "arranged")
            for stack in self.stacks
        )

    @property
    def unseen(self) -> list[str]:
        """Return the pages of documents that could not be looked at when their stack was cut: a separator sheet or a blank back may be among them."""
        cut = {
            str(stack.position) for stack in self.stacks if stack.turn_over in ORDERS and stack.turn_over != "as_one"
        }
        held = [key for part in self.parts for key, _ in _pages(part) if key.partition(".")[0] in cut]
        return [key for key in held if self.page(key).get("measured") == "unseen"]

    def page(self, key: str) -> dict[str, Any]:
        """Return what was seen on a page: kind, ink, mark, how, by."""
        position, _, number = key.partition(".")
        looked = next((s.looked for s in self.stacks if str(s.position) == position), None) or []
        return dict(looked[int(number) - 1]) if number.isdecimal() and 0 < int(number) <= len(looked) else {}


def _arrives(stack: Stack) -> bool:
    return stack.state == "receiving" and stack.turn_over != "rescan"


def load_batch(session: Session, actor: Actor, name: str, action: str = "batch.read", *, lock: bool = False) -> Batch:
    """Return a batch the actor may act on: one with a document that they may not read does not exist for them: NotFound.

    A page that was left out of such a document can be seen and put back until the release, so it counts as the document did.
    """
    batch = session.get(Batch, name, with_for_update={"of": Batch} if lock else None)
    inside = _inside(session, name, batch)  # asked for a batch that is not there, too: all answers take the same time
    if batch is None:
        raise NotFound(f"there is no batch {name}")
    reach = Reach(batch.department_id, TIERS[0], batch.operator)
    if not all(allowed(actor, "batch.read", one) for one in (reach, *inside)):
        raise NotFound(f"there is no batch {name}")
    require(actor, action, reach)
    return batch


def _inside(session: Session, name: str, batch: Batch | None) -> list[Reach]:
    """Return what decides who may see a batch: its documents, and until the release the pages that were left out of one."""
    # With the files of those that lie in one: a second question would tell by the time it takes.
    documents = select(Document).where(Document.batch == name, Document.status != "receiving")
    inside = [reach_of(document) for document in session.scalars(documents.options(joinedload(Document.case_file)))]
    left = tiers_left(session, name)
    if batch is not None and batch.state == "open":
        inside += [Reach(batch.department_id, tier, batch.operator) for tier in left]
    return inside


def get_batch(house: House, actor: Actor, name: str) -> Whole:
    """Return a batch with its pages and its account, and note the reading. Raises NotFound.

    The same bytes may be a document of others: one that the actor may not read is not among the documents.
    """
    with house.database.write() as session:
        load_batch(session, actor, name)
        audit.append(session, actor.name, "batch.view", f"batch:{name}")
        whole = _whole(session, name)
        open_to = {i: d for i, d in whole.documents.items() if allowed(actor, "document.read", reach_of(d))}
        return replace(whole, documents=open_to)


def still_cut(house: House, actor: Actor, name: str) -> bool:
    """Return whether documents of a batch are still being made; asked again and again, so it is no reading. Raises NotFound."""
    with house.database.read() as session:
        load_batch(session, actor, name)
        return _whole(session, name).busy


def get_addable(house: House, actor: Actor, name: str) -> Whole:
    """Return an open batch that the actor may send more files into; no reading is noted. Raises NotFound, NotAllowed, RuleRefused."""
    with house.database.read() as session:
        batch = load_batch(session, actor, name, "batch.add")
        if batch.state != "open":
            raise RuleRefused(f"batch {name} was released; nothing is added to it any more")
        return _whole(session, name)


def list_batches(house: House, actor: Actor, *, state: str = "open", limit: int = 50, offset: int = 0) -> list[Batch]:
    """Return batches with stacks that the actor may see, newest first, and note the reading."""
    require(actor, "batch.read")
    query = select(Batch).where(Batch.state == state).order_by(Batch.opened_at.desc(), Batch.name)
    found: list[Batch] = []
    with listing(house, actor, "batch") as session:
        for batch in session.scalars(query.limit(1000)):
            try:
                load_batch(session, actor, batch.name)
            except NotFound:
                continue
            found.append(batch)
            if len(found) >= offset + limit:
                break
    return found[offset:]


def waiting(actor: Actor) -> Select[Any]:
    """Return a query over the open batches with stacks that the actor may see: those that wait for their release.

    As `load_batch` decides, but for pages that were left out of a document: these are looked into only for the batch itself.
    """
    query = select(Batch.name).where(Batch.state == "open")
    if actor.owner:
        return query
    if not sees_all_departments(actor):
        mine = Batch.operator == actor.name
        theirs = false() if actor.department_id is None else Batch.department_id == actor.department_id
        query = query.where(or_(mine, theirs))
    inside = aliased(Document)
    readable = visible(select(Document.id).where(Document.batch == Batch.name), actor).correlate(Batch)
    hidden = select(inside.id).where(
        inside.batch == Batch.name, inside.status != "receiving", inside.id.not_in(readable)
    )
    return query.where(~hidden.correlate(Batch).exists())


def _whole(session: Session, name: str) -> Whole:
    batch = session.get_one(Batch, name)
    stacks = tuple(session.scalars(select(Stack).where(Stack.batch == name).order_by(Stack.position)))
    rows = list(session.scalars(select(BatchPart).where(BatchPart.batch == name).order_by(BatchPart.position)))
    parts = tuple(row for row in rows if not row.wanted) or tuple(rows)
    ids = [part.document_id for part in parts]
    documents = {d.id: d for d in session.scalars(select(Document).where(Document.id.in_(ids)))}
    looked = seen(stacks)
    found = account(((p.key, p.kind) for p in looked.values()), (key for part in parts for key, _ in _pages(part)))
    # Files that came into the batch as documents of their own: every page of theirs is kept. What came out of them is no paper.
    others = select(func.coalesce(func.sum(Document.pages), 0)).where(
        Document.batch == name,
        Document.id.not_in(ids),
        Document.status.not_in(("receiving", "destroyed")),
        Document.channel != ATTACHMENT,
    )
    single = int(session.scalar(others) or 0)
    manifest = Manifest(
        sheets=batch.sheets,
        sides=batch.sides or 1,
        received=sum(stack.pages for stack in stacks if stack.state != "receiving") + single,
        kept=found.kept + single,
        blanks=found.blanks,
        separators=found.separators,
        replaced=found.replaced,
    )
    changing = any(row.wanted for row in rows)
    reading = (Document.batch == name, Document.status.in_((*UNREAD, "needs_review")))
    to_read = list(session.scalars(select(Document).where(*reading).order_by(Document.received_at, Document.id)))
    lacking = tuple(
        (document, reason.removeprefix(LACKING))
        for document in to_read
        for reason in document.review_reasons
        if reason.startswith(LACKING)
    )
    unread = sum(document.status in UNREAD for document in to_read)
    return Whole(batch, stacks, parts, documents, tuple(_order(stacks)), found, manifest, changing, lacking, unread)


def _order(stacks: Sequence[Stack]) -> list[str]:
    """Return all pages as the paper lay; the second pass of double-sided paper stands with its first."""
    keys: list[str] = []
    fronts: list[Stack] = []
    for stack in stacks:
        if stack.turn_over == "fronts":
            fronts.append(stack)
        elif stack.turn_over == "backs" and fronts:
            keys += order_of([fronts.pop(0), stack])
        elif stack.turn_over != GIVEN_UP and stack.portion:
            there = [other for other in stacks if other.turn_over != GIVEN_UP]
            whole = together(stack, there)
            if stack in whole[:1]:
                keys += order_of(whole)
            elif stack not in whole:
                keys += [f"{stack.position}.{number}" for number in range(1, stack.pages + 1)]
        elif stack.turn_over != GIVEN_UP:
            keys += order_of([stack])
    return keys + [key for stack in fronts for key in order_of([stack])]


def _pages(part: BatchPart) -> list[tuple[str, int]]:
    return [_page(page) for page in part.pages]


def _page(page: str) -> tuple[str, int]:
    key, _, turn = page.partition("@")
    return key, int(turn or 0)


def count_paper(house: House, actor: Actor, name: str, *, sheets: int, sides: int) -> None:
    """Say how many sheets of paper a batch has and on how many sides they were scanned. Raises BadInput, RuleRefused."""
    wrong = {}
    if not 0 < sheets <= 100_000:
        wrong["sheets"] = "a number of sheets of paper, from 1"
    if sides not in (1, 2):
        wrong["sides"] = "1 or 2"
    if wrong:
        raise BadInput("; ".join(f"{field}: {why}" for field, why in wrong.items()), wrong)
    with house.database.write() as session:
        batch = load_batch(session, actor, name, "batch.edit", lock=True)
        _must_be_open(batch)
        batch.sheets, batch.sides = sheets, sides
        audit.append(session, actor.name, "batch.count", f"batch:{name}", {"sheets": sheets, "sides": sides})


def _must_be_open(batch: Batch) -> None:
    if batch.state != "open":
        raise RuleRefused(f"batch {batch.name} was released; its pages stay as they are")


def _must_be_settled(whole: Whole) -> None:
    if whole.waits_for_backs:
        raise RuleRefused(f"batch {whole.batch.name} waits for the second pass, the backs of its pages")
    if whole.waits_for_files:
        raise RuleRefused(f"batch {whole.batch.name} waits for the other files of a stack that came in several")
    if whole.busy:
        raise RuleRefused(f"batch {whole.batch.name} is still being cut; wait a moment")


def take_as_one_sided(house: House, actor: Actor, name: str, position: int | None = None) -> None:
    """Cut a first pass that waits for its backs, or a stack that was given up, as single sides: no back comes.

    A file that waits for the others of its stack is cut as it is: they do not come.

    position: of the stack, needed for one that was given up; None: the one that waits.
    Raises NotFound, RuleRefused (it does not wait; several do), BadInput.
    """
    with house.database.write() as session:
        stack = _lone_pass(session, actor, name, position, or_given_up=True)
        _demand_earlier_files(session, stack)
        if (
            not stack.portion
        ):  # as a stack that was said to be single-sided: there a blank page is a sheet that lay the wrong way up
            stack.drop_blanks = False
        if stack.turn_over != "as_one":
            stack.turn_over = "as_scanned"
        # Of which scan it is stays known: with a page put right at the station it would come in again as other bytes.
        stack.portion, stack.state, stack.looked = "", "kept", None
        detail = {"stack": stack.id, "pages": stack.pages}
        audit.append(session, actor.name, "batch.one_sided", f"batch:{name}", detail)
    settle(house, name)


def _demand_earlier_files(session: Session, stack: Stack) -> None:
    """Raise RuleRefused where an earlier file of the same scan is not cut: the station takes those that are for the first pages of it."""
    if not stack.portion:
        return
    same = select(Stack).where(Stack.batch == stack.batch, Stack.scan == stack.scan, Stack.portion != "")
    number = parse(stack.portion).number
    for other in session.scalars(same.order_by(Stack.position)):
        if parse(other.portion).number < number:
            raise RuleRefused(f"stack {other.position} is an earlier file of the same scan: cut that as it is first")


def give_up_pass(house: House, actor: Actor, name: str, position: int | None = None) -> None:
    """Let a first pass that waits for its backs, or a file that waits for the others, count for nothing: its paper is scanned again.

    It stays as it came until the release, and can still be cut as single sides. Its pages are no pages kept: without a new
    scan of the paper the account does not balance. position and what is raised: as for `take_as_one_sided`.
    """
    with house.database.write() as session:
        give_up(session, actor, _lone_pass(session, actor, name, position, or_given_up=False))
    settle(house, name)  # a change that was begun before goes on


def _lone_pass(session: Session, actor: Actor, name: str, position: int | None, *, or_given_up: bool) -> Stack:
    batch = load_batch(session, actor, name, "batch.edit", lock=True)
    _must_be_open(batch)
    stacks = list(session.scalars(select(Stack).where(Stack.batch == name).order_by(Stack.position).with_for_update()))
    found = lone_passes(stacks) + lone_portions(stacks)
    # Only where it is named: its paper may have been scanned again since, and would be there twice.
    given_up = [stack for stack in stacks if or_given_up and stack.turn_over == GIVEN_UP]
    found = [stack for stack in found + (given_up if position else []) if position in (None, stack.position)]
    if not found:
        named = (
            f"; one that was given up is cut where it is named: stack {', '.join(str(s.position) for s in given_up)}"
        )
        raise RuleRefused(f"no first pass of batch {name} waits for its backs{named if given_up else ''}")
    if len(found) > 1:
        why = f"{', '.join(str(stack.position) for stack in found)}: say which of these stacks"
        raise BadInput(f"stack: {why}", {"stack": why})
    batch.version += 1
    return found[0]


Change = Callable[[list[Part], Whole], list[Part]]


def change_pages(house: House, actor: Actor, name: str, version: int, action: str, page: str, to: str = "") -> None:
    """Put the pages of a batch right: new documents are made of them, the stack stays as it came.

    action: rotate (to: 90, 180, 270), earlier, later, move (to: the page it comes before, "" the end), drop, keep, split
    (a new document begins here), merge (with the next document), join (all documents into one), undo (the latest change).
    The last two need no page. version: what the caller has seen.
    Raises BadInput, NotFound, RuleRefused (released; changed meanwhile; still being cut), Rejected.
    """
    change = _change(action, page, to)
    with house.database.write() as session:
        whole = to_change(session, actor, name, version)
        if action == "undo":
            _step_back(session, whole)
        else:
            parts = apply_change(change, whole)
            remember(whole, [page] if action in ("drop", "keep") else [])
            want_parts(session, whole, parts)
        if action in ("drop", "keep"):
            note_page(whole, page, {"kind": "blank" if action == "drop" else "page", "by": actor.name})
        detail = {"action": action, "page": page} | ({"to": to} if to else {})
        audit.append(session, actor.name, "batch.change", f"batch:{name}", detail)
    settle(house, name)


def _change(action: str, page: str, to: str) -> Change:
    if action == "rotate" and to not in ("90", "180", "270"):
        raise BadInput("to: one of 90, 180, 270", {"to": "one of 90, 180, 270"})
    changes: dict[str, Change] = {
        "rotate": lambda parts, _: edit.rotate(parts, page, int(to)),
        "earlier": lambda parts, _: edit.step(parts, page, -1),
        "later": lambda parts, _: edit.step(parts, page, 1),
        "move": lambda parts, _: edit.move(parts, page, to or None),
        "drop": lambda parts, _: edit.drop(parts, page),
        "keep": lambda parts, whole: edit.keep(parts, page, whole.order),
        "split": lambda parts, _: edit.split_before(parts, page),
        "merge": lambda parts, _: edit.merge(parts, page),
        "join": lambda parts, _: edit.join(parts),
        "undo": lambda parts, _: parts,
    }
    if action not in changes:
        raise BadInput(f"action: one of {', '.join(changes)}", {"action": f"one of {', '.join(changes)}"})
    return changes[action]


def remember(whole: Whole, touched: Sequence[str], left: Sequence[str] = ()) -> None:
    """Write down how the documents stand before a change, to come back to. touched: pages that will count as something else.

    left: pages of the change itself, which count for nothing once it is undone.
    """
    step = {
        "parts": [[part.pages, part.contract_number, part.customer_number, part.category] for part in whole.parts],
        "looked": {key: whole.page(key) for key in touched} | {key: {"kind": "replaced"} for key in left},
    }
    whole.batch.undo = [*(whole.batch.undo or []), step][-MAX_UNDO:]


def _step_back(session: Session, whole: Whole) -> None:
    """Want the documents as they were before the latest change of pages. Raises RuleRefused when there is none."""
    steps = list(whole.batch.undo or [])
    if not steps:
        raise RuleRefused(f"batch {whole.batch.name} has no change of pages to undo")
    step = steps.pop()
    want_parts(
        session,
        whole,
        [Part(tuple(map(_page, pages)), contract, customer, kind) for pages, contract, customer, kind in step["parts"]],
    )
    for key, looked in step["looked"].items():
        note_page(whole, key, looked, anew=True)
    whole.batch.undo = steps


def to_change(session: Session, actor: Actor, name: str, version: int) -> Whole:
    """Return a batch whose pages the actor may change now, locked. Raises NotFound, NotAllowed, RuleRefused."""
    batch = load_batch(session, actor, name, "batch.edit", lock=True)
    _must_be_open(batch)
    whole = _whole(session, name)
    _must_be_settled(whole)
    if batch.version != version:
        raise RuleRefused(f"batch {name} was changed by someone else meanwhile; look at it again")
    for part in whole.parts:
        document = whole.documents.get(part.document_id)
        if document is not None and not part.duplicate and not allowed(actor, "document.read", reach_of(document)):
            raise NotFound(f"there is no batch {name}")
    return whole


def apply_change(change: Change, whole: Whole) -> list[Part]:
    """Return the documents of a batch as they are to be. Raises BadInput for a page that is in none."""
    parts = [Part(tuple(_pages(p)), p.contract_number, p.customer_number, p.category) for p in whole.parts]
    try:
        changed = change(parts, whole)
    except NoSuchPage as error:
        raise BadInput(f"page: {error}", {"page": str(error)}) from error
    if parts and not changed:
        raise RuleRefused(f"batch {whole.batch.name} would have no page left")
    if not stays_together(whole.stacks, changed):
        raise RuleRefused("a signed file, or one with attachments, stays as it came: its pages are not changed")
    return changed


def want_parts(session: Session, whole: Whole, parts: Sequence[Part]) -> None:
    """Write down the new documents; those whose pages stay are the ones that are there."""
    standing = {tuple(part.pages): part for part in whole.parts}
    rows = []
    for part in parts:
        pages = [f"{key}@{turn}" if turn else key for key, turn in part.pages]
        same = standing.get(tuple(pages))
        rows.append(
            BatchPart(
                batch=whole.batch.name,
                pages=pages,
                contract_number=part.contract,
                customer_number=part.customer,
                category=part.category,
                document_id=same.document_id if same else new_id(),
                made=same is not None,
                duplicate=same is not None and same.duplicate,
            )
        )
    want(session, whole.batch.name, rows)


def note_page(whole: Whole, key: str, what: dict[str, Any], *, anew: bool = False) -> None:
    """Write beside what was seen of a page what a person made of it. anew: in place of it; of which paper it is stays."""
    position, _, number = key.partition(".")
    for stack in whole.stacks:
        if str(stack.position) == position and stack.looked is not None:
            pages = list(stack.looked)
            before = pages[int(number) - 1]
            pages[int(number) - 1] = {name: before[name] for name in before if not anew or name in _OF_PAPER} | what
            stack.looked = pages


def release(house: House, actor: Actor, name: str, *, reason: str = "") -> None:
    """Release a batch: its documents may be filed, its stacks are removed.

    An account that does not balance is released only by someone else than the operator, with a reason. Pages that could not
    be looked at need a reason, too: what they are; and so does a stack that was given up: that its paper was scanned again. As
    many sheets that came later may be other paper. So do pages that are missing by the numbers printed on the others: why they
    cannot be scanned; a document that is not read yet does not hold the release up. Raises RuleRefused with the numbers, BadInput, NotFound, NotAllowed.
    """
    reason = reason.strip()
    if len(reason) > MAX_REASON:
        raise BadInput(f"reason: at most {MAX_REASON} characters", {"reason": f"at most {MAX_REASON} characters"})
    with house.database.write() as session:
        batch = load_batch(session, actor, name, "batch.release", lock=True)
        if batch.state != "open":
            return
        whole = _whole(session, name)
        _must_be_settled(whole)
        if whole.account.lost:
            raise RuleRefused(f"pages {', '.join(whole.account.lost[:20])} are in no document; keep or drop them first")
        if not whole.manifest.balances:
            _demand_second_person(actor, whole, reason)
        _demand_a_word(whole, reason)
        batch.state, batch.released_by, batch.released_at = "released", actor.name, house.clock.now()
        batch.release_reason, batch.undo = reason, None
        for stack in whole.stacks:
            stack.state, stack.key = "released", None
        audit.append(session, actor.name, "batch.release", f"batch:{name}", _told(whole, reason))
    house.database.scrub()
    for stack in whole.stacks:
        remove(house, stack.id)


def _demand_second_person(actor: Actor, whole: Whole, reason: str) -> None:
    m, name = whole.manifest, whole.batch.name
    if not reason:
        if m.sheets is None:
            raise RuleRefused(f"say how many sheets of paper batch {name} has and on how many sides it was scanned")
        raise RuleRefused(
            f"batch {name} does not balance: {m.sheets} sheets x {m.sides} sides = {m.expected}, but {m.kept} pages kept"
            f" + {m.blanks} blanks dropped + {m.separators} separators = {m.accounted}"
        )
    # What a station hands in has the station's account for its operator. Who stood there is known by the name they had there.
    stood_there = {f"person:{name}" for name in operators(whole.batch.settings)}
    if actor.name in {whole.batch.operator, *(stack.received_by for stack in whole.stacks), *stood_there}:
        raise RuleRefused(f"batch {name} does not balance; someone else than its operator must release it")


def _demand_a_word(whole: Whole, reason: str) -> None:
    if reason:
        return
    if whole.unseen:
        raise RuleRefused(
            f"pages {', '.join(whole.unseen[:20])} could not be looked at: look at them in their documents, for separator"
            " sheets and blank backs, and say in the reason what they are"
        )
    if whole.unaccounted:
        raise RuleRefused(
            f"stack {', '.join(str(stack.position) for stack in whole.unaccounted)} was given up, and goes with the release:"
            " say in the reason where its paper was scanned again, or cut it all the same"
        )
    if whole.lacking:
        named = "; ".join(
            f"{document.title or document.filename}: {numbers}" for document, numbers in whole.lacking[:10]
        )
        raise RuleRefused(
            f"pages are missing by the numbers printed on the others, {named}: scan them into this batch, or say in the reason"
            " why they are not there"
        )


def _told(whole: Whole, reason: str) -> dict[str, Any]:
    """Return what the trail says of a release."""
    detail: dict[str, Any] = {**_numbers(whole.manifest), "documents": len(whole.parts), "dropped": _dropped(whole)}
    said = {
        "unseen": whole.unseen,
        "lacking": {document.id: numbers for document, numbers in whole.lacking},
        "unread": whole.unread,
        "given_up": [[stack.position, stack.pages, stack.sha256] for stack in whole.unaccounted],
        "reason": reason,
    }
    return detail | {name: value for name, value in said.items() if value}


def _numbers(m: Manifest) -> dict[str, Any]:
    names = ("sheets", "sides", "received", "kept", "blanks", "separators", "replaced")
    return {name: getattr(m, name) for name in names}


def _dropped(whole: Whole) -> dict[str, float]:
    """Return every page that is left out as blank with the ink that was measured: what remains known of it."""
    kept = {key for part in whole.parts for key, _ in _pages(part)}
    looked = seen(whole.stacks)
    return {key: page.ink for key, page in looked.items() if page.kind == "blank" and key not in kept}


def page_picture(house: House, actor: Actor, name: str, key: str) -> bytes:
    """Return the small picture of a page (JPEG), with a watermark in a batch with something classified; note it. Raises NotFound."""
    with house.database.read() as session:
        batch = load_batch(session, actor, name)
        marked = not actor.owner and any(is_classified(house, one) for one in _inside(session, name, batch))
        position, _, number = key.partition(".")
        stack = None
        if position.isdecimal() and number.isdecimal():
            stack = session.scalar(select(Stack).where(Stack.batch == name, Stack.position == int(position)))
    # Before a stack was looked at, its pictures are announced and not there: that is no loss.
    if stack is None or stack.key is None or stack.looked is None:
        raise NotFound(f"batch {name} has no picture of page {key}")
    try:
        found = thumbnail(house, stack, int(number))
    except ObjectMissing:
        with house.database.read() as session:
            if session.get_one(Stack, stack.id).key is not None:
                raise
        found = None  # released at this moment
    if found is None:
        raise NotFound(f"batch {name} has no picture of page {key}")
    with house.database.write() as session:
        detail = {"page": key} | ({"watermark": True} if marked else {})
        audit.append(session, actor.name, "batch.view", f"batch:{name}", detail)
    return mark(found, words(actor, house.clock.now())) if marked else found
