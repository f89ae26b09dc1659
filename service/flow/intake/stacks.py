"""Stacks: a scanned stack comes in, is kept whole, and becomes documents.

    receiving ──▶ kept ──▶ cut ──▶ released ──▶ removed
      not yet      │        documents made       the key is gone    the bytes are gone
      acknowledged └ the sender may be told

The bytes of the stack stay sealed under a key of their own until the batch is released: whatever was cut off, dropped or
turned can be done anew from them. Killed at any point, `resume` goes on from the state; cutting the same stack again gives
the same documents, so nothing is there twice.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from intake.batches.cut import STACKS, stays_whole
from intake.batches.plan import left_out
from intake.batches.portions import parse
from intake.errors import Rejected
from intake.inspect import inspect, safe_name
from intake.model import Inspection
from service.access.policy import TIERS, Actor, Reach
from service.errors import BadInput, RuleRefused
from service.flow.common import claims
from service.flow.common.guard import allowed, require
from service.flow.common.malware import demand_clean
from service.flow.intake.adopt import adopt
from service.flow.intake.flowing import Flowing
from service.flow.intake.looks import give_back
from service.flow.intake.parts import STAYS_WHOLE, key_of, lone_passes, parts_of, settle
from service.flow.intake.receive import check_department, on_disk
from service.house import House
from service.records import audit
from service.records.tables import Batch, BatchPart, Document, Stack, new_id
from vault.errors import KeyUnusable, ObjectDamaged, ObjectMissing

log = logging.getLogger("juanzong.batches")
#: As many pages are cut while the sender waits for the answer: some twenty seconds.
AT_ONCE = 100
ORDERS = ("as_scanned", "two_pass", "fronts", "backs", "as_one")
#: How the pages of a stack lie that was given up: nowhere. Its bytes stay until the release.
GIVEN_UP = "given_up"


@dataclass(frozen=True)
class How:
    """How a stack was scanned. sheets: how many sheets of paper, None: nobody counted. sides: 1, 2, or 0 for unknown.

    order: as_scanned; two_pass (one file: all fronts, then all backs beginning with the last); fronts, backs (a file each);
    as_one (nothing is cut or dropped: all pages are one document). portion: which of the files of its scan it is, see
    `intake/batches/portions.py`; each may say the sheets of the whole stack, which count once, as the last file says.
    drop_blanks: leave blank pages out of the documents; a stack of single sides (sides=1) keeps them: there a blank page
    is a sheet that lay the wrong way up.
    """

    sheets: int | None = None
    sides: int = 0
    order: str = "as_scanned"
    drop_blanks: bool = True
    device: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    portion: str = ""

    def told(self) -> dict[str, Any]:
        """Return what the trail keeps of the scan of a paper that is one document: its manifest; nothing when no scanner is known."""
        if not self.device:
            return {}
        scan = {"sheets": self.sheets, "sides": self.sides, "device": self.device, "settings": dict(self.settings)}
        return {"scan": scan}

    def dropped(self) -> dict[str, str]:
        """Return which pages were taken out at the station before the stack was handed in: dropped (how many), dropped_pages, dropped_at."""
        return {name: value for name, value in self.settings.items() if name.startswith("dropped")}


@dataclass(frozen=True)
class Made:
    """A document of a stack. duplicate: it was here before. pages: how many it has."""

    document_id: str
    duplicate: bool
    pages: int
    category: str
    contract: str
    customer: str


@dataclass(frozen=True)
class StackReceived:
    """duplicate: the same stack was here before. done: its documents are made; otherwise a worker makes them later."""

    stack_id: str
    batch: str
    duplicate: bool
    done: bool
    sha256: str
    pages: int
    documents: tuple[Made, ...]


def is_stack(inspection: Inspection) -> bool:
    """Return whether a file can hold a stack. Others hold one document: a photograph, a text, a message."""
    return inspection.kind in STACKS


def receive_stack(
    house: House,
    actor: Actor,
    source: BinaryIO | Path,
    filename: str,
    *,
    batch: str = "",
    channel: str = "web",
    department_id: str | None = None,
    how: How | None = None,
    most: int = 0,
    stack_id: str | None = None,
) -> StackReceived:
    """Keep a scanned stack and make documents of it; the stack is durable on return, also when `done` is False.

    A signed file, or one with attachments, is never cut: it becomes one document, bytes as they came.

    batch: a name of at most 36 characters; one that is open is added to, "" gives a new one. most: of more pages
    than these the worker makes documents later; 0: always now. stack_id: of a stack that is new, for a caller who must know
    it before. Raises Rejected (nothing stored), BadInput, NotAllowed, RuleRefused (the batch was released),
    StoreUnavailable, DatabaseUnavailable.
    """
    require(actor, "document.upload")
    if department_id:
        check_department(house, actor, department_id)
    how = how or How()
    check_how(how)
    name = safe_name(filename)
    with on_disk(house, source) as path:
        demand_clean(house, path)
        inspection = inspect(path, house.limits, house.reader.look)
        if not is_stack(inspection):
            raise Rejected("no_stack", "Only a PDF or a TIFF holds a stack of documents.")
        if how.order == "two_pass" and inspection.pages % 2 and not how.portion:
            raise Rejected(
                "passes_differ",
                f"Both passes together have {inspection.pages} pages, an odd number: scan the stack again.",
            )
        one = stays_whole(inspection.notes)
        if one and (how.portion or how.order not in ("as_scanned", "as_one")):
            raise Rejected(*STAYS_WHOLE)
        stack = Stack(
            id=stack_id or new_id(),
            batch=(batch or new_id())[:36],
            filename=name,
            sha256=inspection.sha256,
            kind=inspection.kind,
            size=inspection.size,
            pages=inspection.pages,
            turn_over="as_one" if one else how.order,
            error_code=STAYS_WHOLE[0] if one else "",
            error=STAYS_WHOLE[1] if one else "",
            portion=how.portion,
            scan=parse(how.portion).scan if how.portion else "",
            drop_blanks=how.drop_blanks and how.sides != 1 and how.order != "as_one",
            channel=channel,
            state="receiving",
            received_by=actor.name,
            received_at=house.clock.now(),
        )
        _file_key, stack.key = house.keys.new(UUID(stack.id))
        known = _begin(house, actor, stack, how, department_id or actor.department_id)
        if known is None:
            _keep(house, actor, stack, path, how)
    kept_as = known or stack.id
    with house.database.read() as session:
        row = session.get_one(Stack, kept_as)
        wanted, pages = row.batch, _pages_to_cut(session, row)
    if not most or pages <= most:
        try:
            settle(house, wanted)
        # This stack is kept and the sender is told so, whatever is wrong with another of its batch; the sweep goes on with it.
        except (Rejected, ObjectDamaged, ObjectMissing, KeyUnusable) as error:
            log.warning("batch %s cannot be finished: %s", wanted, error)
    return _result(house, kept_as, duplicate=known is not None)


def _pages_to_cut(session: Session, stack: Stack) -> int:
    """Return how many pages are cut with this stack: its own, and those of all other portions of it that are here."""
    return sum(other.pages for other in [stack, *_other_portions(session, stack)])


def _other_portions(session: Session, stack: Stack) -> list[Stack]:
    """Return the files that wait in the same batch and are of the same scan."""
    return [other for other in _of_the_scan(session, stack) if other.state == "kept"]


def _of_the_scan(session: Session, stack: Stack) -> list[Stack]:
    """Return the other files of the same scan in the same batch, by their position; those that were given up, too."""
    if not stack.scan:
        return []
    same = select(Stack).where(
        Stack.scan == stack.scan,
        Stack.batch == stack.batch,
        Stack.id != stack.id,
        Stack.state != "receiving",
        Stack.portion != "",  # what was cut as it is belongs to the others no more
    )
    return list(session.scalars(same.order_by(Stack.position)))


def check_how(how: How) -> None:
    """Raise BadInput, naming the fields, when no stack can be scanned so."""
    wrong = {}
    if how.order not in ORDERS:
        wrong["order"] = f"one of {', '.join(ORDERS)}"
    if how.sides not in (0, 1, 2):
        wrong["sides"] = "1 or 2"
    if how.sheets is not None and not 0 < how.sheets <= 100_000:
        wrong["sheets"] = "a number of sheets of paper, from 1"
    if how.portion:
        try:
            parse(how.portion)
        except ValueError as error:
            wrong["portion"] = str(error)
        if how.order in ("fronts", "backs"):
            wrong["order"] = "a stack in several files is as_scanned, two_pass or as_one"
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)


def _begin(house: House, actor: Actor, stack: Stack, how: How, department_id: str | None) -> str | None:
    """Write the intent, and the batch when it is new. Returns the id of the same stack when it is known already."""
    for _attempt in range(3):
        try:
            return _write_intent(house, actor, stack, how, department_id)
        except _Unfinished as found:
            forget(house, found.stack_id)
        except _GivenUp as found:
            _make_room(house, actor, found.stack_id, stack.batch)
        except IntegrityError:
            continue  # another process began the same bytes, or the same batch, between our look and our write
    raise Rejected("busy", "the same file is being received by another process; try again")


class _Unfinished(Exception):
    """The same bytes were being received by a process that died before it acknowledged them."""

    def __init__(self, stack_id: str) -> None:
        super().__init__(stack_id)
        self.stack_id = stack_id


class _GivenUp(Exception):
    """The same bytes lie in a stack that counts for nothing: what comes now counts in its place."""

    def __init__(self, stack_id: str) -> None:
        super().__init__(stack_id)
        self.stack_id = stack_id


def make_room(house: House, actor: Actor, given: Stack) -> bool:
    """Remove the stack that has the bytes of a new one where it counts for nothing; returns whether it did. Raises StoreUnavailable."""
    with house.database.read() as session:
        known = _known(session, given.sha256)
        if known is None or not _counts_for_nothing(session, known):
            return False
    _make_room(house, actor, known.id, given.batch)
    return True


def _make_room(house: House, actor: Actor, stack_id: str, to: str) -> None:
    """Remove a stack that counts for nothing, for its bytes are here again: its batch, whoever's that is, says where they went."""
    with house.database.write() as session:
        name = session.scalar(select(Stack.batch).where(Stack.id == stack_id))
        session.get(Batch, name, with_for_update={"of": Batch})  # nobody takes it up again meanwhile
        stack = session.get(Stack, stack_id, with_for_update=True)
        if stack is not None and _counts_for_nothing(session, stack):
            stack.state = "receiving"
            detail = {"stack": stack.id, "sha256": stack.sha256, "pages": stack.pages, "to": to}
            audit.append(session, actor.name, "batch.moved", f"batch:{stack.batch}", detail)
    forget(house, stack_id)


def _write_intent(house: House, actor: Actor, given: Stack, how: How, department_id: str | None) -> str | None:
    """As `_begin`, once. Raises _Unfinished, _GivenUp, and IntegrityError when another process was faster."""
    with house.database.write() as session:
        known = _known(session, given.sha256)
        if known is not None and known.state == "receiving":
            if claims.is_held(known, house.clock.now()):
                raise Rejected("busy", "the same file is being received by another process; try again")
            raise _Unfinished(known.id)
        if known is not None and _counts_for_nothing(session, known):
            _open_batch(house, session, actor, given, how, department_id)  # what is refused now takes nothing away
            raise _GivenUp(known.id)
        if known is not None:
            _demand_of_this_scan(session, given, known)
            _demand_every_page(session, known)
            if given.portion and known.state == "kept" and known.batch == given.batch:
                _renumber(session, actor, known, given.portion, how)
            detail = {"stack": known.id, "channel": given.channel}
            audit.append(session, actor.name, "batch.duplicate", f"batch:{known.batch}", detail)
            _adopt_batch(session, actor, known, department_id)
            return known.id
        _open_batch(house, session, actor, given, how, department_id)
        last = session.scalar(select(func.max(Stack.position)).where(Stack.batch == given.batch)) or 0
        given.position = last + 1
        claims.take(given, house.clock.now())
        session.merge(given)
        return None


def _adopt_batch(session: Session, actor: Actor, stack: Stack, department_id: str | None) -> None:
    """Give what came without a department to the one that sent it again: its documents, and the batch for those to come."""
    batch = session.get_one(Batch, stack.batch, with_for_update=True)
    if batch.department_id is None:
        batch.department_id = department_id
    for part in parts_of(session, stack):
        adopt(session, actor, part.document_id, department_id)


def _known(session: Session, sha256: str) -> Stack | None:
    """Return the same stack when it is here, or was and every page of it still is."""
    found = session.scalar(select(Stack).where(Stack.sha256 == sha256).order_by(Stack.received_at.desc()).limit(1))
    if found is None or found.state not in ("released", "removed"):
        return found
    ids = [part.document_id for part in parts_of(session, found)]
    living = select(func.count()).where(Document.id.in_(ids), Document.status.not_in(("destroyed", "receiving")))
    whole = bool(ids) and session.scalar(living) == len(set(ids)) and not _left_out(session, found)
    return found if whole else None


def _left_out(session: Session, stack: Stack, *, wanted: bool = False) -> list[str]:
    """Return the pages of a stack that no document of its batch holds, or will hold, though something is on them."""
    query = select(BatchPart.pages).where(BatchPart.batch == stack.batch, BatchPart.wanted.is_(wanted))
    kept = {page.partition("@")[0] for pages in session.scalars(query) for page in pages}
    return left_out(((f"{stack.position}.{number}", page) for number, page in enumerate(stack.looked or [], 1)), kept)


def _counts_for_nothing(session: Session, stack: Stack) -> bool:
    """Whether a stack is only kept: it was given up; or it is a new scan that was undone, or a file whose document went elsewhere.

    No document holds a page of it, and no step back brings one in again.
    """
    if stack.state != "cut" or any(page.get("kind") != "replaced" for page in stack.looked or [{}]):
        return False
    if stack.turn_over == GIVEN_UP:
        return True
    if stack.turn_over not in ("rescan", "arranged"):
        return False
    mine = f"{stack.position}."
    parts = [*session.scalars(select(BatchPart.pages).where(BatchPart.batch == stack.batch))]
    for step in session.get_one(Batch, stack.batch).undo or []:
        parts += [pages for pages, *_said in step["parts"]]
    return not any(page.startswith(mine) for pages in parts for page in pages)


def _demand_of_this_scan(session: Session, given: Stack, known: Stack) -> None:
    """Raise Rejected where a file of a stack in several is known as part of another: its others would wait for it for ever."""
    if not given.portion or parse(given.portion).of == 1:
        return
    if known.state == "kept":
        if known.batch != given.batch:
            raise _scan_is_in(known)
    elif known.portion and known.portion != given.portion:
        raise _scan_is_in(known)
    elif not known.portion:
        raise _cut_alone([other for other in _counting(session, known.scan) if not other.portion] or [known])


def _demand_new_scan(house: House, session: Session, stack: Stack) -> None:
    """Raise Rejected where other pages of the same scan are in already, so that its paper is not there twice.

    A scan whose files wait in the same batch is not: what comes takes the place of what came before (`_take_the_place`).
    """
    others = [other for other in _counting(session, stack.scan) if other.id != stack.id]
    for other in others:
        if other.state == "receiving" and claims.is_held(other, house.clock.now()):
            raise Rejected("busy", "another file of this scan is being received; try again")
        if other.state == "receiving":
            raise _Unfinished(other.id)
    if alone := [other for other in others if not other.portion]:
        raise _cut_alone(alone)
    for other in others:
        if other.state != "kept" or other.batch != stack.batch:
            raise _scan_is_in(other)


def _counting(session: Session, scan: str) -> list[Stack]:
    """Return the files of a scan that were not given up, in whatever batch, by their position; none for a stack of no scan."""
    if not scan:
        return []
    same = select(Stack).where(Stack.scan == scan, Stack.turn_over != GIVEN_UP)
    return list(session.scalars(same.order_by(Stack.position)))


def _cut_alone(stacks: Sequence[Stack]) -> Rejected:
    return Rejected(
        "cut_alone",
        f"A file of this stack in several was cut as it is in batch {stacks[0].batch}, because the others did not come: take its"
        f" {sum(stack.pages for stack in stacks)} pages out of the scan (--drop, with --expect) and hand in the rest, or scan that again.",
    )


def _scan_is_in(stack: Stack) -> Rejected:
    return Rejected(
        "scan_is_in",
        f"This scan is in batch {stack.batch} already, as stack {stack.position}: put its pages right there, and discard it at the"
        " station; where it waits there for its other files, hand it in to that batch, or give it up there first.",
    )


def _demand_every_page(session: Session, stack: Stack) -> None:
    """Raise Rejected unless every page of a stack that is known is, or will be, in a document: its sender is told that it is here."""
    if stack.state == "cutting" and stack.turn_over == "rescan":
        raise Rejected("busy", "the batch of this scan is being changed; try again")
    if stack.state != "cut":
        return
    coming = select(func.count()).where(BatchPart.batch == stack.batch, BatchPart.wanted.is_(True))
    gone = _left_out(session, stack)
    if session.scalar(coming) and gone != _left_out(session, stack, wanted=True):
        raise Rejected("busy", "the batch of this stack is being changed; try again")
    if gone:
        raise Rejected(
            "pages_left_out",
            f"This file came in before, and pages {', '.join(gone[:20])} of it were left out or replaced in batch {stack.batch},"
            " which is not released yet: put them back there; or send the file again after its release.",
        )


def _open_batch(
    house: House, session: Session, actor: Actor, stack: Stack, how: How, department_id: str | None
) -> None:
    batch = session.get(Batch, stack.batch, with_for_update=True)
    _demand_new_scan(house, session, stack)
    if batch is not None and not allowed(actor, "batch.add", Reach(batch.department_id, TIERS[0], batch.operator)):
        why = "a batch of other people has this name"
        raise BadInput(f"batch: {why}", {"batch": why})
    if batch is None:
        batch = Batch(
            name=stack.batch,
            operator=actor.name,
            department_id=department_id,
            opened_at=house.clock.now(),
            sheets=None,
            device=how.device[:120],
            settings={str(k)[:40]: str(v)[:120] for k, v in list(how.settings.items())[:40]},
            sides=how.sides,
        )
        session.add(batch)
        audit.append(session, actor.name, "batch.open", f"batch:{batch.name}", {"device": batch.device})
    else:
        batch.settings = _settings_too(batch.settings, how)
    if batch.state != "open":
        raise RuleRefused(f"batch {batch.name} was released; nothing is added to it any more")
    if how.sides and batch.sides not in (0, how.sides):
        raise BadInput(
            f"sides: batch {batch.name} has {batch.sides}", {"sides": f"batch {batch.name} has {batch.sides}"}
        )
    batch.sides = how.sides or batch.sides
    others = _of_the_scan(session, stack)
    if stack.portion:
        _take_the_place(session, actor, stack)
        _match_portions(session, stack)
    if how.sheets is not None and others:
        _count_again(batch, stack, others, how.sheets)
    elif how.sheets is not None and stack.turn_over != "backs":  # which are the same paper
        _count(session, batch, stack, how.sheets)
    if stack.turn_over in ("fronts", "backs"):
        _match_passes(house, session, stack)
    batch.version += 1
    session.flush()


def _count(session: Session, batch: Batch, stack: Stack, sheets: int) -> None:
    """Add the paper of a stack to that of its batch.

    As many sheets as of a stack that was given up are that paper again: it stays counted until then, so that the account does
    not balance before its paper was scanned again.
    """
    given_up = select(Stack).where(Stack.batch == batch.name, Stack.turn_over == GIVEN_UP, Stack.sheets == sheets)
    again = session.scalar(given_up.order_by(Stack.position).limit(1))
    if again is None:
        batch.sheets = (batch.sheets or 0) + sheets
    else:
        again.sheets = None
    stack.sheets = sheets


def _count_again(batch: Batch, stack: Stack, others: Sequence[Stack], sheets: int) -> None:
    """Let what is said last of the paper of a scan in several files stand: its pages were put right since a file of it came."""
    of_scan = [stack, *others]
    batch.sheets = max((batch.sheets or 0) - sum(one.sheets or 0 for one in of_scan) + sheets, 0) or None
    for one in of_scan:
        one.sheets = sheets if one is stack else None


def _uncount(session: Session, batch: Batch, stack: Stack) -> None:
    """Take the paper of a stack that goes off its batch; other files of the same scan stand for it, where there are any."""
    others = _of_the_scan(session, stack)
    if others:
        others[0].sheets = others[0].sheets or stack.sheets
    elif stack.sheets:
        batch.sheets = max((batch.sheets or 0) - stack.sheets, 0) or None


def _take_the_place(session: Session, actor: Actor, stack: Stack) -> None:
    """Let a portion count instead of what came for it before the pages of its scan were put right at the station.

    Files come in their order, all of them again. So those behind this one count no more either, and where the scan has more or
    fewer files now, none that came before does: what did not change comes again, and nothing is whole before all of it is today's.
    """
    portion, others = parse(stack.portion), _other_portions(session, stack)
    if all(parse(other.portion).number != portion.number for other in others):
        portion = replace(portion, number=portion.of + 1)  # nothing changed: it is the first to come for its number
    for other in others:
        before = parse(other.portion)
        if before.number >= portion.number or before.of != portion.of:
            give_up(session, actor, other)
            stack.sheets, other.sheets = stack.sheets or other.sheets, None


def _renumber(session: Session, actor: Actor, stack: Stack, portion: str, how: How) -> None:
    """Let a portion that is here be what it is now: the pages of its scan were put right, and it may have more or fewer files."""
    batch = session.get_one(Batch, stack.batch, with_for_update={"of": Batch})
    if how.dropped().get("dropped_at") != batch.settings.get(
        "dropped_at"
    ):  # otherwise its answer was lost, and it is said again
        batch.settings = _settings_too(batch.settings, how)
    stack.portion, stack.scan = portion, parse(portion).scan
    session.flush()
    _take_the_place(session, actor, stack)
    if how.sheets is not None:
        _count_again(batch, stack, _of_the_scan(session, stack), how.sheets)
    session.flush()


def _match_portions(session: Session, stack: Stack) -> None:
    """Raise Rejected where a stack in two passes is whole now and has an odd number of pages."""
    all_of_it = [stack, *_other_portions(session, stack)]
    whole = len(all_of_it) == parse(stack.portion).of
    if whole and stack.turn_over == "two_pass" and sum(portion.pages for portion in all_of_it) % 2:
        raise Rejected("passes_differ", "Both passes together have an odd number of pages: scan the stack again.")


def give_up(session: Session, actor: Actor, stack: Stack) -> None:
    """Let a stack count for nothing, because its paper is scanned again. It stays as it came until the release."""
    stack.turn_over, stack.state, stack.looked = GIVEN_UP, "cut", [{"kind": "replaced"}] * stack.pages
    detail = {"stack": stack.id, "sha256": stack.sha256, "pages": stack.pages}
    audit.append(session, actor.name, "batch.give_up", f"batch:{stack.batch}", detail)


def _settings_too(before: Mapping[str, str], how: How) -> dict[str, str]:
    """Return the settings of a batch with what a further stack of it adds: the pages taken out, and who stood at the station."""
    return {**before, **_dropped_too(before, how.dropped()), **_operators_too(before, how.settings)}


def _dropped_too(before: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Return which pages were taken out of the stacks of a batch: of those in it, and of one more."""
    if not more or not before.get("dropped"):
        return dict(more)
    counts = [said.get("dropped", "") for said in (before, more)]
    pages = " ".join(said.get("dropped_pages", "") for said in (before, more))[:120]
    return {**more, "dropped": str(sum(int(count) for count in counts if count.isdecimal())), "dropped_pages": pages}


def _operators_too(before: Mapping[str, str], more: Mapping[str, object]) -> dict[str, str]:
    """Return who stood at the stations of a batch, and who stood there for one more stack."""
    names = [*operators(before), str(more.get("operator", ""))[:120]]
    return {"operator": ", ".join(dict.fromkeys(filter(None, names)))} if any(names) else {}


def operators(settings: Mapping[str, str]) -> list[str]:
    """Return the names that those who stood at the stations of a batch had there."""
    return settings.get("operator", "").split(", ") if settings.get("operator") else []


def _match_passes(house: House, session: Session, stack: Stack) -> None:
    """The second pass belongs to the one first pass that waits for it: a batch never has two, they could be taken for one another."""
    passes = select(Stack).where(
        Stack.batch == stack.batch, Stack.turn_over.in_(("fronts", "backs")), Stack.state.in_(("receiving", "kept"))
    )
    found = list(session.scalars(passes.order_by(Stack.position)))
    for other in found:
        if other.state == "receiving" and claims.is_held(other, house.clock.now()):
            raise Rejected("busy", "another pass of this batch is being received; try again")
        if other.state == "receiving":
            raise _Unfinished(other.id)
    waiting = lone_passes(found)
    if waiting and (stack.turn_over == "fronts" or len(waiting) > 1):
        raise Rejected(
            "first_pass_waits",
            f"The first pass of this batch ({waiting[0].pages} pages) still waits for its backs: send these first; or cut it"
            " as one-sided or give it up, on the page of the batch or with juanzong batch.",
        )
    if stack.turn_over == "fronts":
        return
    if not waiting:
        raise Rejected("no_first_pass", "There is no first pass in this batch that waits for its backs.")
    if waiting[0].pages != stack.pages:
        raise Rejected(
            "passes_differ",
            f"The first pass has {waiting[0].pages} pages, the second {stack.pages}: scan the stack again.",
        )


def _keep(house: House, actor: Actor, stack: Stack, path: Path, how: How) -> None:
    """Seal the stack and acknowledge it."""
    with path.open("rb") as file:
        flowing = cast("BinaryIO", Flowing(house, stack.id, file))
        sealed = house.vault.put(UUID(stack.id), key_of(house, stack), flowing)
    with house.database.write() as session:
        row = mine(session, stack.id)
        if row is not None and row.sha256 == sealed.sha256:
            row.state = "kept"
            claims.release(row)
            detail = {"stack": row.id, "sha256": row.sha256, "pages": row.pages, "channel": row.channel}
            audit.append(session, actor.name, "batch.receive", f"batch:{row.batch}", detail | how.dropped())
            return
    if row is None:
        raise lost(house, stack.id)
    forget(house, stack.id)
    raise Rejected("changed", "the file changed while it was read; send it again when it is complete")


def mine(session: Session, stack_id: str) -> Stack | None:
    """Return a stack that this thread is receiving, locked; None when its claim ran out and another process took it over."""
    stack = session.get(Stack, stack_id, with_for_update=True)
    return stack if stack is not None and stack.state == "receiving" and stack.claimed_by == claims.me() else None


def lost(house: House, stack_id: str) -> Rejected:
    """Remove the copy of a stack that is not `mine` any more: it must not stay. Returns what its sender is told."""
    house.vault.delete(UUID(stack_id))
    return Rejected("busy", "the same file was received by another process at the same moment")


def let_go(house: House, stack_id: str) -> None:
    """Remove what this thread could not finish receiving; what another process took over is left to it."""
    with house.database.write() as session:
        stack = mine(session, stack_id)
        if stack is None:
            return
        claims.release(stack)
    forget(house, stack_id)


def forget(house: House, stack_id: str) -> None:
    """Remove what an unacknowledged stack left: its object, its row, and its batch when nothing else is in it.

    Does nothing while its receiver lives. The object goes while no transaction is open; killed here, the next sweep does it again.
    """
    with house.database.write() as session:
        stack = session.get(Stack, stack_id, with_for_update=True)
        if stack is None or stack.state != "receiving" or claims.is_held(stack, house.clock.now()):
            return
        claims.take(stack, house.clock.now())
        name, objects = stack.batch, [stack_id, *([stack.thumbs] if stack.thumbs else [])]
    for sealed in objects:
        house.vault.delete(UUID(sealed))
    with house.database.write() as session:
        batch = session.get(Batch, name, with_for_update=True)
        gone = session.get(Stack, stack_id, populate_existing=True)
        if batch is not None and gone is not None and gone.state == "receiving":
            _uncount(session, batch, gone)
            session.flush()
        session.execute(delete(Stack).where(Stack.id == stack_id, Stack.state == "receiving"))
        others = session.scalar(select(func.count()).select_from(Stack).where(Stack.batch == name))
        if batch is not None and batch.state == "open" and not others:
            session.delete(batch)


def _result(house: House, stack_id: str, *, duplicate: bool) -> StackReceived:
    with house.database.read() as session:
        stack = session.get_one(Stack, stack_id)
        made = tuple(
            Made(
                part.document_id,
                duplicate or part.duplicate,
                len(part.pages),
                part.category,
                part.contract_number,
                part.customer_number,
            )
            for part in parts_of(session, stack)
        )
        done = stack.state in ("cut", "released", "removed")
        return StackReceived(stack_id, stack.batch, duplicate, done, stack.sha256, stack.pages, made)


def resume(house: House) -> list[str]:
    """Finish what killed processes left of stacks and batches; returns the names of the batches that were touched.

    Raises StoreUnavailable, IndexUnavailable, DatabaseUnavailable; one damaged stack does not stop the others.
    """
    now, touched = house.clock.now(), []
    give_back(house)
    with house.database.read() as session:
        begun = list(session.scalars(select(Stack).where(Stack.state == "receiving")))
        over = list(session.scalars(select(Stack.id).where(Stack.state == "released")))
        cutting = select(Stack.batch).where(Stack.state.in_(("kept", "cutting")))
        changing = select(BatchPart.batch).where(BatchPart.wanted.is_(True))
        waiting = list(session.scalars(select(Batch).where(Batch.name.in_(cutting) | Batch.name.in_(changing))))
    for stack in begun:
        if not claims.is_held(stack, now):
            forget(house, stack.id)
    for stack_id in over:
        remove(house, stack_id)
    for batch in waiting:
        if claims.is_held(batch, now):
            continue
        try:
            settle(house, batch.name)
            touched.append(batch.name)
        # A full disk is none of these: it is full for all of them.
        except (Rejected, ObjectDamaged, ObjectMissing, KeyUnusable, OSError) as error:
            log.warning("batch %s cannot be finished: %s", batch.name, error)
    return touched


def remove(house: House, stack_id: str) -> None:
    """Remove the bytes of a stack whose key is gone: the second step of a release, safe to repeat."""
    with house.database.read() as session:
        stack = session.get_one(Stack, stack_id)
    for name in (stack.id, stack.thumbs):
        if name is not None:
            house.vault.delete(UUID(name))
    with house.database.write() as session:
        row = session.get_one(Stack, stack_id)
        if row.state == "released":
            row.state, row.thumbs, row.filename = "removed", None, ""  # a name may tell what was on the paper
