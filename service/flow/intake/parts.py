"""Parts: the documents of a batch, made from the pages of its stacks.

Whatever is to become of a batch is written down first, as parts that are wanted: each with its pages and the id its document
will have. Then document after document is made, and when all are there the wanted parts come into force in one transaction;
documents that no part holds any more are withdrawn. Killed in between, the next sweep goes on with what is still missing.
"""

import json
import logging
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from intake.batches.cut import Piece, Source
from intake.batches.cutting import Cutter
from intake.batches.payload import decode
from intake.batches.plan import Part, Seen, interleave, split
from intake.batches.portions import parse
from intake.errors import Rejected
from intake.model import Limits
from service.access.policy import Actor
from service.flow.common import claims
from service.flow.common.heritage import Paper, keep_tiers, note_left, paper_in, take_over
from service.flow.common.hints import apply_hint
from service.flow.common.index import index_soon
from service.flow.common.room import room
from service.flow.intake.carry import carry
from service.flow.intake.holding import OfBatch
from service.flow.intake.looks import give_back, look_at, stack_on_disk
from service.flow.intake.receive import DUPLICATE, discard, receive
from service.flow.intake.sealing import Superseded
from service.house import House
from service.records import audit
from service.records.tables import AuditEntry, Batch, BatchPart, Document, Stack, WrappedKey, new_id

MAX_ATTEMPTS = 3
_ROOM = 16 << 20  # bytes a document may have beyond the files that its pages are taken from: its directories
#: Why a signed file, or one with attachments, is never cut or put in another order: code and words of `Rejected`.
STAYS_WHOLE = (
    "stays_whole",
    "The file is signed or holds attachments: it is not cut or put in another order, only taken as one document.",
)
log = logging.getLogger("juanzong.batches")


def settle(house: House, name: str) -> bool:
    """Bring a batch as far as it can go: every stack looked at, every wanted document made. False when another is at it.

    Raises Rejected when a change of pages cannot be made (the batch stays as it was), StoreUnavailable, DatabaseUnavailable, NoSpace.
    """
    give_back(house)
    if not _claim(house, name):
        return False
    hold = OfBatch(house, name)
    try:
        with room():
            while _step(house, hold):
                pass
    except Superseded:
        return False  # this thread stood still for longer than its claim: whoever has it now does the rest
    finally:
        with house.database.write() as session:
            batch = session.get(Batch, name)
            if batch is not None and batch.claimed_by == claims.me():
                claims.release(batch)
    return True


def _claim(house: House, name: str) -> bool:
    with house.database.write() as session:
        batch = session.get(Batch, name, with_for_update={"of": Batch})
        if batch is None or batch.state != "open" or claims.is_held(batch, house.clock.now()):
            return False
        claims.take(batch, house.clock.now())
        return True


def _step(house: House, hold: OfBatch) -> bool:
    """Do the next thing; returns whether there may be another. Raises Superseded."""
    name = hold.name
    with house.database.read() as session:
        wanted = list(session.scalars(_parts(name, wanted=True)))
        ready = _ready(session, name)
        cutting = list(session.scalars(select(Stack).where(Stack.batch == name, Stack.state == "cutting")))
    if wanted or cutting:
        try:
            _make(house, hold, wanted)
        except Rejected as error:
            if error.code == "busy":
                raise
            return _leave_whole(house, hold, cutting, error)
        _put_into_force(house, hold)
        return True
    if not ready:
        return False
    for stack in ready:
        if stack.looked is None:
            look_at(house, stack, last=stack.attempts >= MAX_ATTEMPTS, hold=hold)
    _plan(house, hold, [stack.id for stack in ready])
    return True


def _parts(name: str, *, wanted: bool) -> Any:
    return select(BatchPart).where(BatchPart.batch == name, BatchPart.wanted.is_(wanted)).order_by(BatchPart.position)


def lone_passes(stacks: Iterable[Stack]) -> list[Stack]:
    """Return the passes among stacks, by their position, that wait for the other pass of their paper; usually one, the fronts."""
    kept = [stack for stack in stacks if stack.state == "kept"]
    fronts, backs = ([stack for stack in kept if stack.turn_over == order] for order in ("fronts", "backs"))
    return [*fronts[len(backs) :], *backs[len(fronts) :]]


def together(stack: Stack, stacks: Iterable[Stack]) -> list[Stack]:
    """Return what is cut with a stack, in the order of the paper: itself, or all its portions; nothing while one of those is missing."""
    if not stack.portion:
        return [stack]
    portion = parse(stack.portion)
    found = {s.portion: s for s in stacks}
    wanted = [str(replace(portion, number=number)) for number in range(1, portion.of + 1)]
    return [found[one] for one in wanted] if all(one in found for one in wanted) else []


def lone_portions(stacks: Iterable[Stack]) -> list[Stack]:
    """Return the files of a stack in several, by their position, that wait for the others."""
    kept = [stack for stack in stacks if stack.state == "kept"]
    return [stack for stack in kept if stack.portion and not together(stack, kept)]


def _ready(session: Session, name: str) -> list[Stack]:
    """Return the stacks to cut next: one, or two passes of the same paper."""
    waiting = list(
        session.scalars(select(Stack).where(Stack.batch == name, Stack.state == "kept").order_by(Stack.position))
    )
    fronts = [stack for stack in waiting if stack.turn_over == "fronts"]
    backs = [stack for stack in waiting if stack.turn_over == "backs"]
    alone = [stack for stack in waiting if stack.turn_over not in ("fronts", "backs")]
    for stack in alone:
        whole = together(stack, waiting)
        if whole:
            return whole
    return [fronts[0], backs[0]] if fronts and backs else []


def order_of(stacks: Sequence[Stack]) -> list[str]:
    """Return the keys of all pages of one stack, of all portions of one, or of both passes of one, in reading order. Raises Rejected."""
    keys = [[f"{stack.position}.{number}" for number in range(1, stack.pages + 1)] for stack in stacks]
    if stacks[0].portion:
        keys = [[key for some in keys for key in some]]
    if len(keys) == 2:
        return interleave(keys[0], keys[1])
    if stacks[0].turn_over == "two_pass" and len(keys[0]) % 2 == 0:
        half = len(keys[0]) // 2
        return interleave(keys[0][:half], keys[0][half:])
    return keys[0]


def seen(stacks: Iterable[Stack]) -> dict[str, Seen]:
    """Return every page of the stacks as it was looked at, by its key."""
    return {
        f"{stack.position}.{number}": Seen(
            f"{stack.position}.{number}",
            page["kind"],
            page.get("ink", 0.0),
            decode(page["mark"]) if page.get("mark") else None,
        )
        for stack in stacks
        for number, page in enumerate(stack.looked or [], 1)
    }


def _plan(house: House, hold: OfBatch, stack_ids: Sequence[str]) -> None:
    """Write down the documents of stacks that were looked at, after those the batch has."""
    name = hold.name
    with house.database.write() as session:
        batch = hold.still(session)
        stacks = list(session.scalars(select(Stack).where(Stack.id.in_(stack_ids)).order_by(Stack.position)))
        stacks.sort(key=lambda stack: stack_ids.index(stack.id))
        if [stack.state for stack in stacks] != ["kept"] * len(stack_ids):
            return
        if stacks[0].turn_over == "arranged":
            rows = _as_it_is(session, stacks[0])
        elif stacks[0].turn_over == "as_one":
            for stack in stacks:
                stack.looked = [{**page, "kind": "page"} for page in stack.looked or []]
            rows = [_row(name, Part(tuple((key, 0) for key in order_of(stacks))))]
        else:
            pages = seen(stacks)
            rows = [_row(name, part) for part in split(pages[key] for key in order_of(stacks))]
        want(session, name, [*_standing(session, name), *rows])
        batch.undo = None  # a step back would take the new documents away
        for stack in stacks:
            stack.state = "cutting"


def _as_it_is(session: Session, stack: Stack) -> list[BatchPart]:
    """Return the document that a file became when it came, as a part: every page of it counts. None when it was filed meanwhile."""
    living = Document.status.not_in(("receiving", "destroyed"))
    query = select(Document).where(Document.sha256 == stack.sha256, Document.batch == stack.batch, living)
    document = session.scalar(query.where(Document.case_file_id.is_(None)))
    kind = "page" if document is not None else "replaced"
    stack.looked = [{**page, "kind": kind} for page in stack.looked or []]
    if document is None:
        return []
    row = _row(stack.batch, _all_of(stack))
    row.document_id, row.made = document.id, True
    return [row]


def _all_of(stack: Stack) -> Part:
    return Part(tuple((f"{stack.position}.{number}", 0) for number in range(1, stack.pages + 1)))


def stays_together(stacks: Iterable[Stack], parts: Sequence[Part]) -> bool:
    """Return whether every stack that is never cut is one of the parts as it came."""
    never_cut = [_all_of(stack).pages for stack in stacks if stack.error_code == STAYS_WHOLE[0]]
    return all(any(part.pages == pages for part in parts) for pages in never_cut)


def _row(name: str, part: Part) -> BatchPart:
    return BatchPart(
        batch=name,
        pages=[f"{key}@{turn}" if turn else key for key, turn in part.pages],
        contract_number=part.contract,
        customer_number=part.customer,
        category=part.category,
        document_id=new_id(),
    )


def _standing(session: Session, name: str) -> list[BatchPart]:
    """Return copies of the parts in force: their documents are made."""
    return [
        BatchPart(
            batch=name,
            pages=part.pages,
            contract_number=part.contract_number,
            customer_number=part.customer_number,
            category=part.category,
            document_id=part.document_id,
            made=part.made,
            duplicate=part.duplicate,
        )
        for part in session.scalars(_parts(name, wanted=False))
    ]


def want(session: Session, name: str, parts: Sequence[BatchPart]) -> None:
    """Write down what the batch shall be, in the caller's transaction; `settle` makes it so."""
    session.execute(delete(BatchPart).where(BatchPart.batch == name, BatchPart.wanted.is_(True)))
    for position, part in enumerate(parts, 1):
        part.wanted, part.position = True, position
        session.add(part)


def _leave_whole(house: House, hold: OfBatch, cutting: Sequence[Stack], error: Rejected) -> bool:
    """A stack that cannot be cut becomes one document, bytes as they came; a change of pages is given up.

    Documents that were made on the way there go again: their pages are in others.
    """
    name = hold.name
    gone = _leaving(house, hold, wanted=True)
    if gone:
        house.index.remove_many(gone)
    with house.database.write() as session:
        batch = hold.still(session)
        again = [stack for stack in cutting if stack.turn_over == "rescan"]
        raised = keep_tiers(session, batch.operator, name, gone)
        gone = _hand_over(session, name, gone)
        _hide(session, gone)
        if again or not cutting:
            for stack in session.scalars(select(Stack).where(Stack.id.in_([s.id for s in again]))):
                stack.state = "cut"  # the first scan of the page stays
                stack.looked = [{**page, "kind": "replaced"} for page in stack.looked or [{}]]
            session.execute(delete(BatchPart).where(BatchPart.batch == name, BatchPart.wanted.is_(True)))
            batch.undo = None
        else:
            rows = _standing(session, name)
            left = select(Stack).where(Stack.id.in_([s.id for s in cutting])).order_by(Stack.position)
            for stack in session.scalars(left):
                if stack.error:
                    raise error  # not even whole: the sweeper tries again, the stack is safe
                stack.error, stack.error_code = str(error), error.code
                tiers = [
                    {"tier": page["tier"]} if "tier" in page else {} for page in stack.looked or [{}] * stack.pages
                ]
                stack.looked = [{"kind": "page"} | tier for tier in tiers]
                rows.append(_row(name, _all_of(stack)))
            want(session, name, rows)
    index_soon(house, raised)
    _withdraw(house, gone)
    if again or not cutting:
        raise error
    return True


def _make(house: House, hold: OfBatch, wanted: Sequence[BatchPart]) -> None:
    """Make the documents of the wanted parts that are not there yet."""
    name = hold.name
    missing = [part for part in wanted if not part.made]
    if not missing:
        return
    with house.database.read() as session:
        batch = session.get_one(Batch, name)
        stacks = {stack.position: stack for stack in session.scalars(select(Stack).where(Stack.batch == name))}
        paper = paper_in(session, name)
    actor = Actor(batch.operator, owner=True)
    # What the pages came in was taken already, so the limit of one file does not keep out what is made of several.
    size = sum(stack.size for stack in stacks.values()) + _ROOM
    limits = replace(house.limits, max_bytes=max(house.limits.max_bytes, size))
    with ExitStack() as opened, Cutter(limits) as cutter:
        sources: dict[int, Source] = {}
        for part in missing:
            for position in {int(page.partition(".")[0]) for page in part.pages} - sources.keys():
                stack = stacks[position]
                path = opened.enter_context(stack_on_disk(house, stack, hold.renew))
                sources[position] = Source(path, stack.kind, stack.pages)
            _make_one(house, actor, batch, part, paper, stacks, sources, cutter, limits, hold)


def _make_one(
    house: House,
    actor: Actor,
    batch: Batch,
    part: BatchPart,
    paper: Paper,
    stacks: dict[int, Stack],
    sources: dict[int, Source],
    cutter: Cutter,
    limits: Limits,
    hold: OfBatch,
) -> None:
    def given(session: Session, document: Document) -> None:
        hold.still(session)  # who lost the batch makes nothing of it any more: its paper may not be what was read
        take_over(session, paper, part.pages, document)

    if not _is_there(house, part.document_id):
        from_stacks = [stacks[position] for position in dict.fromkeys(int(p.partition(".")[0]) for p in part.pages)]
        first, pages = from_stacks[0], sum(stack.pages for stack in from_stacks)
        with tempfile.TemporaryFile(dir=house.settings.home / "tmp") as file:
            ending = cutter.write([_piece(page, sources) for page in part.pages], file)
            file.flush()
            got = receive(
                house,
                actor,
                Path(f"/proc/self/fd/{file.fileno()}"),
                _name(first.filename, part.position, ending, whole=len(part.pages) == pages),
                channel=first.channel,
                batch=batch.name,
                department_id=batch.department_id,
                document_id=part.document_id,
                note={"batch": batch.name, "pages": " ".join(part.pages)[:400]},
                limits=limits,
                gift=given,
            )
        reserved, part.document_id = part.document_id, got.document_id
        part.duplicate = got.document_id != reserved
    with house.database.write() as session:
        hold.still(session)
        session.execute(
            update(BatchPart)
            .where(BatchPart.id == part.id)
            .values(document_id=part.document_id, duplicate=part.duplicate, made=True)
        )
        document = session.get(Document, part.document_id)
        if document is not None and not part.duplicate:
            apply_hint(session, document, part.category)


def _is_there(house: House, document_id: str) -> bool:
    """Whether a killed process made the document already; what it only began is removed."""
    with house.database.read() as session:
        document = session.get(Document, document_id)
    if document is not None and document.status == "receiving":
        discard(house, document_id)
        return False
    return document is not None


def _piece(page: str, sources: dict[int, Source]) -> Piece:
    key, _, turn = page.partition("@")
    position, _, number = key.partition(".")
    return Piece(sources[int(position)], int(number), int(turn or 0))


def _name(filename: str, position: int, ending: str, *, whole: bool) -> str:
    """Return the name of a document of a stack: that of the stack and its place."""
    if whole:
        return filename
    stem = filename.rpartition(".")[0] or filename
    while len(stem.encode()) > 230:
        stem = stem[:-1]
    return f"{stem}-{position:03}.{ending}"


def _put_into_force(house: House, hold: OfBatch) -> None:
    """Let the wanted parts count, and withdraw the documents that none of them holds any more."""
    name = hold.name
    gone = _leaving(house, hold, wanted=False)
    if gone:
        house.index.remove_many(gone)  # before and after: nobody finds what has no bytes any more
    with house.database.write() as session:
        batch = hold.still(session)
        leaving, gone = gone, _hand_over(session, name, gone)
        old, new = (list(session.scalars(_parts(name, wanted=wanted))) for wanted in (False, True))
        carried = carry(session, batch.operator, old, new, leaving)
        note_left(session, name, old, new)
        # The same bytes twice in a batch: the one that was there before may be gone, but the document is made for the batch.
        of_others = {part.document_id for part in new} - {part.document_id for part in new if not part.duplicate}
        mine = {part.document_id for part in old if not part.duplicate}
        session.execute(delete(BatchPart).where(BatchPart.batch == name, BatchPart.wanted.is_(False)))
        session.execute(update(BatchPart).where(BatchPart.batch == name).values(wanted=False))
        _say_made_for(session, name, mine & of_others)
        session.execute(update(Stack).where(Stack.batch == name, Stack.state == "cutting").values(state="cut"))
        _hide(session, gone)
        batch.version += 1
        ids = session.scalars(select(BatchPart.document_id).where(BatchPart.batch == name))
        detail = {"documents": len(set(ids)), "withdrawn": gone}
        audit.append(session, batch.operator, "batch.cut", f"batch:{name}", detail)
    index_soon(house, carried)
    _withdraw(house, gone)


def _hide(session: Session, gone: Sequence[str]) -> None:
    """Take the keys of documents that are withdrawn: like what was never acknowledged, they go with us or with the next sweep."""
    if gone:
        session.execute(delete(WrappedKey).where(WrappedKey.document_id.in_(gone)))
        session.execute(
            update(Document)
            .where(Document.id.in_(gone))
            .values(status="receiving", indexed=False, claimed_by="", claimed_until=None)
        )


def _withdraw(house: House, gone: Sequence[str]) -> None:
    """Remove what documents that were hidden have left."""
    if gone:
        house.index.remove_many(gone)
    for document_id in gone:
        discard(house, document_id)


def _hand_over(session: Session, name: str, gone: Sequence[str]) -> list[str]:
    """Leave those documents that somebody else was told of to them; returns the others.

    Who sent the same bytes, elsewhere than into this batch, was told that the archive has them: what the batch makes of its
    own pages does not take them away again. The document goes on in the batch where they came last, if in any.
    """
    withdrawn = []
    rows = select(Document).where(Document.id.in_(gone)).order_by(Document.id)
    for document in session.scalars(rows.with_for_update(of=Document).execution_options(populate_existing=True)):
        entries = select(AuditEntry.seq, AuditEntry.detail).where(
            AuditEntry.subject == f"document:{document.id}", AuditEntry.action == DUPLICATE
        )
        told = [
            (seq, json.loads(detail).get("batch", ""))
            for seq, detail in session.execute(entries.order_by(AuditEntry.seq))
        ]
        opened = _opened_alone(session, name, document.id)
        elsewhere = [batch for seq, batch in told if batch != name and (batch or seq > opened)]
        if document.case_file_id is None and not elsewhere:
            withdrawn.append(document.id)
            continue
        document.indexed = False  # it was taken out of the index before anybody could know that it stays
        if document.case_file_id is None:  # otherwise it was filed meanwhile
            document.batch = elsewhere[-1]
            # Made for that batch from now on: it goes when the pages there become another document.
            _say_made_for(session, document.batch, [document.id])
    return withdrawn


def _opened_alone(session: Session, name: str, document_id: str) -> int:
    """Return since when a batch is that of a document that came in none, as the place in the trail; 0 for any other batch.

    Who sent that file again before, into no batch either, sent it as its sender did.
    """
    if not name.endswith(document_id[:8]):
        return 0
    entries = select(func.min(AuditEntry.seq)).where(
        AuditEntry.subject == f"batch:{name}", AuditEntry.action == "batch.arrange"
    )
    return session.scalar(entries) or 0


def _say_made_for(session: Session, name: str, ids: Iterable[str]) -> None:
    of_it = (BatchPart.batch == name) & BatchPart.document_id.in_(ids)
    session.execute(update(BatchPart).where(of_it).values(duplicate=False))


def _leaving(house: House, hold: OfBatch, *, wanted: bool) -> list[str]:
    """Return the documents made for the batch's parts in force, and filed nowhere, that no wanted part holds; wanted: the reverse.

    One that was in the batch as a file of its own before a part of the same bytes came is not made for it.
    """
    name = hold.name
    with house.database.write() as session:
        hold.still(session)
        of_batch = select(BatchPart.document_id).where(BatchPart.batch == name)
        made_for_it = of_batch.where(BatchPart.wanted.is_(wanted), BatchPart.duplicate.is_(False))
        kept = set(session.scalars(of_batch.where(BatchPart.wanted.is_not(wanted))))
        query = select(Document).where(
            Document.id.in_(set(session.scalars(made_for_it)) - kept),
            Document.batch == name,
            Document.case_file_id.is_(None),
        )
        gone = list(session.scalars(query))
        for document in gone:
            document.indexed = False
        return sorted(document.id for document in gone)


def parts_of(session: Session, stack: Stack) -> list[BatchPart]:
    """Return the documents that hold pages of a stack, in order, as they stand now."""
    mine = f"{stack.position}."
    parts: Iterable[BatchPart] = session.scalars(_parts(stack.batch, wanted=False))
    return [part for part in parts if any(page.startswith(mine) for page in part.pages)]


def key_of(house: House, stack: Stack) -> Any:
    """Return the key a stack is sealed with. Raises KeyUnusable when it is gone."""
    return house.keys.unwrap(UUID(stack.id), stack.key or b"")
