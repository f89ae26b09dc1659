"""Destroy: carry out what a review decided, each file checked again at this moment, and prove it afterwards.

The review says that its destruction was begun; whoever gets at it first, a worker or the command line, carries it on as a long run
(`flow/common/long_runs.py`), file by file, and broken off at any point it goes on there.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from retention.appraisal import Outcome, Paper, Review
from retention.destruction import files_to_destroy, register_rows
from retention.errors import DestructionBlocked
from retention.why import Why, because
from search.errors import IndexUnavailable
from service.access.policy import Actor, decide
from service.errors import KNOWN_ERRORS, DatabaseUnavailable, NotFound
from service.flow.archive import leaving
from service.flow.archive.destructions import note
from service.flow.archive.erase import Proof, confirm, destroy_keys, look, remove_entries, remove_objects
from service.flow.archive.leaving import left
from service.flow.archive.review_sight import reviews_in_sight, with_summaries
from service.flow.archive.reviews import load, store
from service.flow.common import long_runs
from service.flow.common.facts import file_facts
from service.flow.common.guard import reach_of_file, require
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import CaseFile, LongRun, ReviewFile, ReviewRecord, Stub
from vault.errors import ObjectDamaged, StoreUnavailable

log = logging.getLogger("juanzong.destroy")
KIND = "destruction"
#: What is done one after the other, with all files of a review: as `Carried.step`.
STEPS = ("keys", "objects", "index", "proof")
_COUNTED = tuple(field.name for field in fields(Proof))
_AT_ONCE = 1000  # databases limit how many values stand in one query


@dataclass(frozen=True)
class FileOutcome:
    """What became of one file of a review: destroyed, kept, blocked, gone (by another review) or leaving, and why."""

    file_id: str
    archive_number: str
    outcome: str
    why: str


@dataclass(frozen=True)
class Carried:
    """How far a destruction is. state: that of the review. step: of `STEPS`, "" before and after. done, total: files, of this step.

    finished: of how many of all files it is known what became of them. why: the last trouble, after which it is tried again.
    """

    review_id: str
    number: str
    state: str
    step: str = ""
    done: int = 0
    total: int = 0
    finished: int = 0
    files: int = 0
    why: str = ""

    @property
    def place(self) -> int:
        """How many steps are done."""
        return STEPS.index(self.step) if self.step else 0 if self.state == "executing" else len(STEPS)


def execute(house: House, actor: Actor, review_id: str) -> list[FileOutcome]:
    """Begin what the review decided and carry it out here, unless somebody does so already; returns what became of its files.

    Raises as `begin` and `carry_on`.
    """
    begin(house, actor, review_id)
    carry_on(house, review_id)
    return outcomes(house, review_id)


def begin(house: House, actor: Actor, review_id: str) -> None:
    """Begin to destroy what the review decided: from now on it is carried out, by whom does not matter. Again it changes nothing.

    Raises DestructionBlocked, TransitionRefused (a step is missing, the waiting period runs, or the actor has another part), NotFound,
    NotAllowed.
    """
    require(actor, "review.propose")
    today = house.clock.today()
    with house.database.write() as session:
        record, review = load(session, actor, review_id, "review.propose")
        answer = review.may_execute(today)
        if not answer:
            raise DestructionBlocked(f"review {review.number}: {answer.why}")
        review.demand_apart(actor.name)
        if review.state != "executing":
            review.begin(actor.name, today)
            store(session, actor, record, review, "begin")
        _run_of(house, session, review_id, actor)


def _run_of(house: House, session: Session, review_id: str, actor: Actor = SYSTEM) -> LongRun:
    """Return the run that carries a review out, ordered on first use, in the caller's transaction."""
    run = session.scalar(select(LongRun).where(LongRun.once == review_id))
    if run is None:
        run = long_runs.order(session, house, KIND, actor.name, {}, once=review_id, person_id=actor.person_id or None)
    elif run.state not in long_runs.OPEN:  # the review came back from a backup
        run.state, run.next_at, run.finished_at = "waiting", house.clock.now(), None
    return run


def carry_on(house: House, review_id: str, told: Callable[[Carried], None] | None = None) -> bool:
    """Carry a destruction out that was begun, unless somebody living does; returns whether it was done here.

    told: is called as it gets on. Raises StoreUnavailable, IndexUnavailable, DatabaseUnavailable, BadInput, ObjectDamaged (the register
    outside): the keys are gone already, the rest follows when the service is back.
    """
    mine = [run for run in long_runs.waiting(house, KIND, soon=True) if run.once == review_id]
    return any(_carry(house, run, told) for run in mine)


def resume(house: House, go_on: Callable[[], bool] = lambda: True, *, soon: bool = True) -> int:
    """Carry on the destructions that were begun and that nobody carries on; returns how many were finished.

    soon: also those that wait for their next attempt. One that cannot go on now holds up no other.
    """
    with house.database.read() as session:
        known = set(
            session.scalars(select(LongRun.once).where(LongRun.kind == KIND, LongRun.state.in_(long_runs.OPEN)))
        )
        lost = [review_id for review_id in broken_off(session) if review_id not in known]
    for review_id in lost:  # begun by a release that knew no runs
        with house.database.write() as session:
            _run_of(house, session, review_id)
    done = 0
    for run in long_runs.waiting(house, KIND, soon=soon):
        if not go_on():
            break
        try:
            done += _carry(house, run)
        except KNOWN_ERRORS as error:
            log.warning("the destruction of review %s waits: %s", run.once, error)
        except Exception:  # whatever is wrong with one review, it stays `executing` and is tried again
            log.exception("the destruction of review %s waits", run.once)
    return done


def _carry(house: House, run: LongRun, told: Callable[[Carried], None] | None = None) -> bool:
    """Carry out what a run is for; returns whether it is finished."""
    if not long_runs.claim(house, run):
        return False
    try:
        with long_runs.noting(house, run):
            if _carry_out(house, str(run.once), _Telling(house, run.id, told=told)):
                return True
    except long_runs.Stopped:
        return False
    long_runs.put_off(house, run.id, because("unfinished").en)
    return False


@dataclass
class _Telling(long_runs.Progress):
    """Says how far it is, to the run and to who waits for it."""

    told: Callable[[Carried], None] | None = None

    def __call__(self, done: int, total: int) -> None:
        before = self._said
        super().__call__(done, total)
        if self.told is not None and self._said != before:  # no question to the database for each file
            with self.house.database.read() as session:
                self.told(_carried(session, session.get_one(LongRun, self.run_id)))


def carried(house: House, actor: Actor, review_id: str) -> Carried:
    """Return how far the destruction of a review is. Raises NotFound, NotAllowed."""
    require(actor, "review.read")
    with house.database.read() as session:
        found = reviews_in_sight(session, actor, select(ReviewRecord).where(ReviewRecord.id == review_id))
        if not found:
            raise NotFound(f"there is no review {review_id}")
        run = session.scalar(select(LongRun).where(LongRun.once == review_id))
        return _carried(session, run) if run is not None else Carried(review_id, found[0].number, found[0].state)


def carried_as_json(found: Carried) -> dict[str, Any]:
    """Return how far a destruction is as plain JSON values."""
    return {
        **vars(found),
        "remaining": found.files - found.finished,
        "step": found.step or None,
        "why": found.why or None,
    }


def _carried(session: Session, run: LongRun) -> Carried:
    of_review = select(func.count()).where(ReviewFile.review_id == run.once)
    files = session.scalar(of_review) or 0
    finished = session.scalar(of_review.where(ReviewFile.outcome != "")) or 0
    review = session.execute(select(ReviewRecord.number, ReviewRecord.state).where(ReviewRecord.id == run.once)).one()
    over = review.state != "executing"
    step, why = ("", "") if over else (run.at, run.why)
    return Carried(str(run.once), review.number, review.state, step, run.done, run.total, finished, files, why)


def broken_off(session: Session) -> list[str]:
    """Return the reviews whose destruction has begun and is not finished, by number."""
    query = select(ReviewRecord.id).where(ReviewRecord.state == "executing").order_by(ReviewRecord.number)
    return list(session.scalars(query))


class _Running:
    """The review that is carried out. It is read once: what was decided on fifty thousand files is not read again for each of them.

    That it is still the one that was read is asked with every file, its row locked.
    """

    def __init__(self, house: House, review_id: str) -> None:
        with house.database.read() as session:
            record = session.get_one(ReviewRecord, review_id)
            self.id, self._version, self._review = review_id, record.version, Review.from_dict(record.data)
        self.files = self._review.files
        begun = next(signed.person for signed in self._review.signatures if signed.act == "begin")
        self.begun_by = replace(SYSTEM, name=begun)

    def review(self, session: Session) -> Review:
        """Return the review as it stands, locked until the commit."""
        locked = select(ReviewRecord.version).where(ReviewRecord.id == self.id).with_for_update()
        version = session.scalars(locked).one()
        if version != self._version:
            record = session.get_one(ReviewRecord, self.id)
            self._version, self._review = version, Review.from_dict(record.data)
        return self._review


def _carry_out(house: House, review_id: str, tell: long_runs.Progress) -> bool:
    """Decide and erase file by file, then remove what is left of all of them together, then look at each. Can be run again.

    Returns whether it is finished. What is done stands in the trail under the name of who began it.
    """
    running = _Running(house, review_id)
    actor, undone = running.begun_by, _undone(house, review_id)
    tell.step("keys", len(undone))
    erased = []
    for place, file_id in enumerate([file_id for file_id in running.files if file_id in undone], 1):
        if _erase(house, actor, running, file_id):
            erased.append(file_id)
        tell(place, len(undone))
    waiting = _remove(house, actor, review_id, erased, tell) if erased else []
    finished = _finish(house, actor, review_id, tell.run_id)
    if waiting:
        raise waiting[0]
    return finished


def _undone(house: House, review_id: str) -> set[str]:
    with house.database.read() as session:
        query = select(ReviewFile.case_file_id).where(ReviewFile.review_id == review_id, ReviewFile.outcome == "")
        return set(session.scalars(query))


def _remove(house: House, actor: Actor, review_id: str, erased: list[str], tell: long_runs.Progress) -> list[Exception]:
    """Remove what is left of files whose keys are gone and prove it; returns what made some of them wait.

    What cannot be removed now holds up no other file. Raises StoreUnavailable, IndexUnavailable when nothing answers any more,
    DatabaseUnavailable (what was deleted stands in its files still).
    """
    waiting: list[Exception] = []

    def waits(files: Sequence[str], error: Exception) -> None:
        log.warning("the destruction of %d files of review %s waits: %s", len(files), review_id, error)
        waiting.append(error)
        _note_waiting(house, review_id, files)

    try:
        note(house)
    except (StoreUnavailable, ObjectDamaged) as error:
        waits(erased, error)
        return waiting
    gone = _remove_objects(house, erased, waits, tell)
    tell.step("index", len(gone))
    try:
        remove_entries(house, gone)
    except (IndexUnavailable, DatabaseUnavailable) as error:
        waits(gone, error)
        if isinstance(error, DatabaseUnavailable) or not _answer(house):
            raise
    tell.step("proof", len(gone))
    unproved = []
    for place, file_id in enumerate(gone, 1):
        if not confirm(house, actor.name, file_id).ok:
            unproved.append(file_id)
        tell(place, len(gone))
    _note_waiting(house, review_id, unproved)
    return waiting


def _remove_objects(
    house: House, files: list[str], waits: Callable[[Sequence[str], Exception], None], tell: long_runs.Progress
) -> list[str]:
    """Remove the objects of files whose keys are gone; returns the files of which it could be done."""
    gone = []
    tell.step("objects", len(files))
    for place, file_id in enumerate(files):
        tell(place, len(files))
        try:
            remove_objects(house, file_id)
        except (StoreUnavailable, ObjectDamaged) as error:
            if not _answer(house):
                waits(files[place:], error)
                raise
            waits([file_id], error)
        else:
            gone.append(file_id)
    return gone


def _answer(house: House) -> bool:
    """Whether store and index answer: then what failed is the matter of one file, and the others go on."""
    try:
        house.vault.store.check()
        house.index.check()
    except (StoreUnavailable, IndexUnavailable):
        return False
    return True


def _note_waiting(house: House, review_id: str, files: Sequence[str]) -> None:
    """Say on the review that objects or index entries of files are not gone yet; the next sweep tries again."""
    for first in range(0, len(files), _AT_ONCE):
        some = files[first : first + _AT_ONCE]
        of_them = (ReviewFile.review_id == review_id, ReviewFile.case_file_id.in_(some), ReviewFile.outcome == "")
        with house.database.write() as session:
            session.execute(update(ReviewFile).where(*of_them).values(why=because("unfinished").to_json()))


def _erase(house: House, actor: Actor, running: _Running, file_id: str) -> bool:
    """Decide on one file by what is true at this moment, in the transaction that erases its keys; returns whether they are gone."""
    today, review_id = house.clock.today(), running.id
    with house.database.write() as session:
        row = session.get_one(ReviewFile, (review_id, file_id), with_for_update=True)
        review = running.review(session)
        file = session.get_one(CaseFile, file_id, with_for_update={"of": CaseFile})
        stub = session.get(Stub, file_id)
        if row.outcome:
            return False
        if stub is not None:
            if stub.review_id != review_id:
                other = session.get_one(ReviewRecord, stub.review_id).number
                row.outcome, row.why = "gone", because("destroyed_by", review=other).to_json()
            return stub.review_id == review_id
        facts = {file_id: file_facts(session, file)}
        now = files_to_destroy(review, facts, today, files=[file_id])
        if file_id in now.kept:
            row.outcome, row.why = "kept", now.kept[file_id].why.to_json()
        elif now.leave:
            row.outcome, row.why = "leaving", review.ruling(file_id).why.to_json()
            leaving.begin(house, session, actor.name, file, review_id)
        elif file_id in now.blocked:
            row.outcome, row.why = "blocked", now.blocked[file_id][0].why.to_json()
            detail = {"review": review_id, "why": [block.kind for block in now.blocked[file_id]]}
            audit.append(session, actor.name, "file.destruction_blocked", f"file:{file_id}", detail)
        else:
            (line,) = register_rows(review, facts, today, files=[file_id])
            destroy_keys(session, actor.name, file, review_id, asdict(line))
            return True
        return False


def _finish(house: House, actor: Actor, review_id: str, run_id: str) -> bool:
    """End the review, and its run with it, once it is known of every file what became of it; returns whether it is."""
    today = house.clock.today()
    with house.database.write() as session:
        run = long_runs.going(session, run_id)
        record, review = load(session, SYSTEM, review_id, "review.propose")
        rows = {
            row.case_file_id: row
            for row in session.scalars(select(ReviewFile).where(ReviewFile.review_id == review_id))
        }
        if review.state == "executing" and all(row.outcome for row in rows.values()):
            outcomes = {f: Outcome(row.outcome, _sentence(row.why)) for f, row in rows.items()}  # type: ignore[arg-type]  # only these words are written
            review.finish(actor.name, outcomes, today, _paper(session, review_id))
            _apply_keeps(session, actor, review)
            store(
                session, actor, record, review, "finish", destroyed=sum(r.outcome == "destroyed" for r in rows.values())
            )
        finished = review.state != "executing"
        if run is not None and finished:
            long_runs.finish(house, session, run)
        return finished


def outcomes(house: House, review_id: str) -> list[FileOutcome]:
    """Return what became of the files of a review so far, in its order; for whom has just carried it out."""
    files = _Running(house, review_id).files
    with house.database.read() as session:
        of_review = ReviewFile.review_id == review_id
        rows = {row.case_file_id: row for row in session.scalars(select(ReviewFile).where(of_review))}
        listed = select(CaseFile.id, CaseFile.archive_number).join(ReviewFile, ReviewFile.case_file_id == CaseFile.id)
        named = session.execute(listed.where(of_review))
        numbers = {file_id: number or "" for file_id, number in named}
    return [FileOutcome(f, numbers[f], rows[f].outcome, _sentence(rows[f].why)) for f in files]


def _paper(session: Session, review_id: str) -> Paper:
    """Return what of the files a review destroyed there is on paper, by their stubs."""
    query = select(Stub.documents).where(Stub.review_id == review_id, Stub.case_file_id.not_in(left()))
    found = [kept["paper"] for kept in session.scalars(query) if "paper" in kept]
    return Paper(len(found), sum(one["originals"] for one in found), sum(one["copies"] for one in found))


def _sentence(why: str) -> str:
    return Why.from_json(why).zh


def _apply_keeps(session: Any, actor: Actor, review: Review) -> None:
    """What the group wanted kept stays: longer, or for ever."""
    for file_id in review.files:
        ruling = review.ruling(file_id)
        if ruling.verdict in ("destroy", "transfer_out") or review.outcomes[file_id].word == "gone":
            continue
        file = session.get_one(CaseFile, file_id)
        if ruling.verdict == "keep_permanently":
            file.retention, file.due_on, file.retention_why = "Y", None, ruling.why.to_json()
        elif ruling.until is not None and (file.due_on is None or ruling.until > file.due_on):
            file.due_on = ruling.until
            before = Why.from_json(file.retention_why).parts if file.retention_why else ()
            kept = Why(tuple(part for part in before if part.key != "decided_keep_until"))
            file.retention_why = (kept + ruling.why).to_json()  # why it has its date, in a sentence
        detail = {"review": review.number, "verdict": ruling.verdict, "until": str(ruling.until or "")}
        audit.append(session, actor.name, "file.keep", f"file:{file_id}", detail)


def prove(house: House, actor: Actor, case_file_id: str) -> Proof:
    """Look again, now, for anything that is left of a destroyed file. Raises NotFound when it was not destroyed, or not in reach."""
    require(actor, "review.read")
    with house.database.read() as session:
        _load_stub(session, actor, case_file_id)
    proof = look(house, case_file_id)
    with house.database.write() as session:
        audit.append(session, actor.name, "file.prove", f"file:{case_file_id}", {**vars(proof), "ok": proof.ok})
    return proof


@dataclass(frozen=True)
class Proved:
    """What a look found of a destroyed file, and when that was."""

    proof: Proof
    at: datetime


def proofs(house: House, actor: Actor, case_file_ids: Sequence[str]) -> dict[str, Proved]:
    """Return by file what the look at the end of its destruction found; part of a page that is noted itself.

    Files that were not destroyed to the end, or are not in reach, are left out. `prove` looks again. Raises NotAllowed.
    """
    require(actor, "review.read")
    with house.database.read() as session:
        stubs = session.scalars(select(Stub).where(Stub.case_file_id.in_(case_file_ids))).all()
        seen = _within_reach(session, actor, stubs)
    return {
        stub.case_file_id: Proved(Proof(**{name: stub.proof[name] for name in _COUNTED}), stub.destroyed_at)
        for stub in stubs
        if stub.case_file_id in seen and stub.destroyed_at
    }


def _in_reach(session: Session, actor: Actor, stub: Stub) -> bool:
    """Whether a stub exists for this person: they could see the file, also as of no department by a part in its review, or they audit."""
    return stub.case_file_id in _within_reach(session, actor, [stub])


def _within_reach(session: Session, actor: Actor, stubs: Sequence[Stub]) -> set[str]:
    """Return of which files the stubs exist for this person, as `_in_reach` says of one, with as few questions for many as for one."""
    if "auditor" in actor.roles:
        return {stub.case_file_id for stub in stubs}
    by_review = select(ReviewRecord).where(ReviewRecord.id.in_({stub.review_id for stub in stubs}))
    mine = {row.id for row in with_summaries(session, by_review) if actor.name in (row.summary or {})["people"]}
    by_file = select(CaseFile).where(CaseFile.id.in_([stub.case_file_id for stub in stubs]))
    files = {file.id: file for file in session.scalars(by_file)}
    found = set()
    for stub in stubs:
        reach = reach_of_file(files[stub.case_file_id])
        if stub.review_id in mine:
            reach = replace(reach, received_by=actor.name)
        if decide(actor, "review.read", reach).allowed:
            found.add(stub.case_file_id)
    return found


def _load_stub(session: Session, actor: Actor, case_file_id: str) -> Stub:
    stub = session.get(Stub, case_file_id)
    if stub is None or not _in_reach(session, actor, stub):
        raise NotFound(f"file {case_file_id} was not destroyed")
    return stub


def get_stub(house: House, actor: Actor, case_file_id: str) -> Stub:
    """Return what remains of a destroyed file and note the reading. Raises NotFound, NotAllowed."""
    require(actor, "review.read")
    with house.database.write() as session:
        stub = _load_stub(session, actor, case_file_id)
        audit.append(session, actor.name, "stub.view", f"file:{case_file_id}")
        return stub


_REGISTER = (Stub.destroyed_at.asc().nulls_last(), Stub.archive_number)


def register(house: House, actor: Actor) -> list[dict[str, Any]]:
    """Return the destruction register (销毁清册), oldest first: 序号 题名 年度 档号 应保管期限 已保管期限 页数 备注.

    Of other departments' files a row is left out, but keeps its number. The reading is noted. Raises NotAllowed.
    """
    require(actor, "review.read")
    with house.database.write() as session:
        audit.append(session, actor.name, "register.view", "register")
        rows: list[dict[str, Any]] = []
        while some := _rows(session, actor, len(rows)):
            rows += some
        return [row for row in rows if row]


def register_page(house: House, actor: Actor, *, limit: int = 50, offset: int = 0) -> tuple[int, list[dict[str, Any]]]:
    """Return (how many rows the register has, one page of it as `register`, without those that do not exist for the actor)."""
    require(actor, "review.read")
    with house.database.write() as session:
        audit.append(session, actor.name, "register.view", "register")
        total = session.scalar(select(func.count()).where(Stub.case_file_id.not_in(left()))) or 0
        return total, [row for row in _rows(session, actor, offset, limit) if row]


def _rows(session: Session, actor: Actor, offset: int, limit: int = _AT_ONCE) -> list[dict[str, Any]]:
    """Return rows of the register by their place, {} for one that does not exist for the actor."""
    destroyed = select(Stub).where(Stub.case_file_id.not_in(left()))  # what left for an outside archive was not
    stubs = session.scalars(destroyed.order_by(*_REGISTER).offset(offset).limit(limit)).all()
    seen = _within_reach(session, actor, stubs)
    return [
        {
            **stub.register_row,
            "serial": number,
            "file_id": stub.case_file_id,
            "review_id": stub.review_id,
            "destroyed_at": stub.destroyed_at.isoformat() if stub.destroyed_at else None,
        }
        if stub.case_file_id in seen
        else {}
        for number, stub in enumerate(stubs, offset + 1)
    ]
