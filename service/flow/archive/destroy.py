"""Destroy: carry out what a review decided, each file checked again at this moment, and prove it afterwards."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from retention.appraisal import Outcome, Paper, Review
from retention.destruction import files_to_destroy, register_rows
from retention.errors import DestructionBlocked
from retention.why import because
from search.errors import IndexUnavailable
from service.access.policy import Actor, decide
from service.errors import KNOWN_ERRORS, NotFound
from service.flow.archive.destructions import note
from service.flow.archive.erase import Proof, confirm, destroy_keys, look, remove_entries, remove_objects
from service.flow.archive.leaving import begin, left
from service.flow.archive.review_sight import with_summaries
from service.flow.archive.reviews import load, store
from service.flow.common.facts import file_facts
from service.flow.common.guard import reach_of_file, require
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import CaseFile, ReviewFile, ReviewRecord, Stub
from vault.errors import ObjectDamaged, StoreUnavailable

log = logging.getLogger("juanzong.destroy")
_AT_ONCE = 1000  # databases limit how many values stand in one query


@dataclass(frozen=True)
class FileOutcome:
    """What became of one file of a review: destroyed, kept, blocked, gone (by another review) or leaving, and why."""

    file_id: str
    archive_number: str
    outcome: str
    why: str


def execute(house: House, actor: Actor, review_id: str) -> list[FileOutcome]:
    """Destroy what the review decided. Broken off half-way it is taken up again and ends in the same state.

    Raises DestructionBlocked, TransitionRefused (a step is missing, the waiting period runs, or the actor has another part), NotFound, NotAllowed,
    StoreUnavailable, IndexUnavailable (then the keys are gone already; the rest follows when the service is back).
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
    return _carry_out(house, actor, review_id)


def resume(house: House) -> int:
    """Finish executions that were broken off; returns how many. One that cannot go on now holds up no other."""
    with house.database.read() as session:
        broken = broken_off(session)
    done = 0
    for review_id in broken:
        try:
            _carry_out(house, SYSTEM, review_id)
            done += 1
        except KNOWN_ERRORS as error:
            log.warning("the destruction of review %s waits: %s", review_id, error)
        except Exception:  # whatever is wrong with one review, it stays `executing` and is tried again
            log.exception("the destruction of review %s waits", review_id)
    return done


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

    def review(self, session: Session) -> Review:
        """Return the review as it stands, locked until the commit."""
        locked = select(ReviewRecord.version).where(ReviewRecord.id == self.id).with_for_update()
        version = session.scalars(locked).one()
        if version != self._version:
            record = session.get_one(ReviewRecord, self.id)
            self._version, self._review = version, Review.from_dict(record.data)
        return self._review


def _carry_out(house: House, actor: Actor, review_id: str) -> list[FileOutcome]:
    """Decide and erase file by file, then remove what is left of all of them together, then look at each. Can be run again."""
    running = _Running(house, review_id)
    undone = _undone(house, review_id)
    erased = [file_id for file_id in running.files if file_id in undone and _erase(house, actor, running, file_id)]
    waiting = _remove(house, actor, review_id, erased) if erased else []
    found = _finish(house, actor, review_id)
    if waiting:
        raise waiting[0]
    return found


def _undone(house: House, review_id: str) -> set[str]:
    with house.database.read() as session:
        query = select(ReviewFile.case_file_id).where(ReviewFile.review_id == review_id, ReviewFile.outcome == "")
        return set(session.scalars(query))


def _remove(house: House, actor: Actor, review_id: str, erased: list[str]) -> list[Exception]:
    """Remove what is left of files whose keys are gone and prove it; returns what made some of them wait.

    What cannot be removed now holds up no other file. Raises StoreUnavailable, IndexUnavailable when nothing answers any more.
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
    gone = []
    for place, file_id in enumerate(erased):
        try:
            remove_objects(house, file_id)
        except (StoreUnavailable, ObjectDamaged) as error:
            waits([file_id], error)
            if not _answer(house):
                _note_waiting(house, review_id, erased[place:])
                raise
        else:
            gone.append(file_id)
    try:
        remove_entries(house, gone)
    except IndexUnavailable as error:
        waits(gone, error)
        if not _answer(house):
            raise
    _note_waiting(house, review_id, [file_id for file_id in gone if not confirm(house, actor.name, file_id).ok])
    return waiting


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
            begin(house, session, actor.name, file, review_id)
        elif file_id in now.blocked:
            row.outcome, row.why = "blocked", now.blocked[file_id][0].why.to_json()
            detail = {"review": review_id, "why": [block.kind for block in now.blocked[file_id]]}
            audit.append(session, actor.name, "file.destruction_blocked", f"file:{file_id}", detail)
        else:
            (line,) = register_rows(review, facts, today, files=[file_id])
            destroy_keys(session, actor.name, file, review_id, asdict(line))
            return True
        return False


def _finish(house: House, actor: Actor, review_id: str) -> list[FileOutcome]:
    today = house.clock.today()
    with house.database.write() as session:
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
        listed = select(CaseFile.id, CaseFile.archive_number).join(ReviewFile, ReviewFile.case_file_id == CaseFile.id)
        of_review = session.execute(listed.where(ReviewFile.review_id == review_id))
        numbers = {file_id: number or "" for file_id, number in of_review}
        return [FileOutcome(f, numbers[f], rows[f].outcome, _sentence(rows[f].why)) for f in review.files]


def _paper(session: Session, review_id: str) -> Paper:
    """Return what of the files a review destroyed there is on paper, by their stubs."""
    query = select(Stub.documents).where(Stub.review_id == review_id, Stub.case_file_id.not_in(left()))
    found = [kept["paper"] for kept in session.scalars(query) if "paper" in kept]
    return Paper(len(found), sum(one["originals"] for one in found), sum(one["copies"] for one in found))


def _sentence(why: str) -> str:
    from retention.why import Why

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
