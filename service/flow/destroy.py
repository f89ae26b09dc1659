"""Destroy: carry out what a review decided, each file checked again at this moment, and prove it afterwards."""

import logging
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.appraisal import Outcome, Review
from retention.destruction import files_to_destroy, register_rows
from retention.errors import DestructionBlocked
from retention.why import because
from search.errors import IndexUnavailable
from service.access.policy import Actor, decide
from service.errors import KNOWN_ERRORS, NotFound
from service.flow.erase import Proof, destroy_keys, look, remove_objects
from service.flow.facts import file_facts
from service.flow.guard import reach_of_file, require
from service.flow.reviews import load, store
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import CaseFile, ReviewFile, ReviewRecord, Stub
from vault.errors import ObjectDamaged, StoreUnavailable

log = logging.getLogger("juanzong.destroy")


@dataclass(frozen=True)
class FileOutcome:
    """What became of one file of a review: destroyed, kept, blocked or gone (by another review), and why."""

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


def _carry_out(house: House, actor: Actor, review_id: str) -> list[FileOutcome]:
    with house.database.read() as session:
        files = list(Review.from_dict(session.get_one(ReviewRecord, review_id).data).files)
    waiting: list[Exception] = []
    for file_id in files:
        try:
            _one_file(house, actor, review_id, file_id)
        except (StoreUnavailable, ObjectDamaged, IndexUnavailable) as error:
            log.warning("the destruction of file %s waits: %s", file_id, error)
            waiting.append(error)
            _note_waiting(house, review_id, file_id)
            if not _answer(house):
                raise
    found = _finish(house, actor, review_id)
    if waiting:
        raise waiting[0]
    return found


def _answer(house: House) -> bool:
    """Whether store and index answer: then what failed is the matter of one file, and the others go on."""
    try:
        house.vault.store.check()
        house.index.check()
    except (StoreUnavailable, IndexUnavailable):
        return False
    return True


def _note_waiting(house: House, review_id: str, file_id: str) -> None:
    """Say on the review that a file's objects or index entry are not gone yet; the next sweep tries again."""
    with house.database.write() as session:
        row = session.get_one(ReviewFile, (review_id, file_id), with_for_update=True)
        if not row.outcome:
            row.why = because("unfinished").to_json()


def _one_file(house: House, actor: Actor, review_id: str, file_id: str) -> None:
    """Decide on one file by what is true at this moment, in the transaction that erases its keys."""
    today = house.clock.today()
    with house.database.write() as session:
        row = session.get_one(ReviewFile, (review_id, file_id), with_for_update=True)
        _record, review = load(session, SYSTEM, review_id, "review.propose")
        file = session.get_one(CaseFile, file_id, with_for_update={"of": CaseFile})
        stub = session.get(Stub, file_id)
        if not row.outcome and stub is not None and stub.review_id != review_id:
            other = session.get_one(ReviewRecord, stub.review_id).number
            row.outcome, row.why = "gone", because("destroyed_by", review=other).to_json()
        elif not row.outcome and stub is None:
            facts = {file_id: file_facts(session, file)}
            now = files_to_destroy(review, facts, today)
            if file_id in now.kept:
                row.outcome, row.why = "kept", now.kept[file_id].why.to_json()
            elif file_id in now.blocked:
                row.outcome, row.why = "blocked", now.blocked[file_id][0].why.to_json()
                detail = {"review": review_id, "why": [block.kind for block in now.blocked[file_id]]}
                audit.append(session, actor.name, "file.destruction_blocked", f"file:{file_id}", detail)
            else:
                (line,) = register_rows(review, facts, today, files=[file_id])
                destroy_keys(session, actor.name, file, review_id, asdict(line))
        stub = session.get(Stub, file_id)
        erased = stub is not None and stub.review_id == review_id
    if erased:
        proof = remove_objects(house, actor.name, file_id)
        if proof.ok:
            with house.database.write() as session:
                row = session.get_one(ReviewFile, (review_id, file_id))
                row.outcome, row.why = "destroyed", ""
        else:
            _note_waiting(house, review_id, file_id)


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
            review.finish(actor.name, outcomes, today)
            _apply_keeps(session, actor, review)
            store(
                session, actor, record, review, "finish", destroyed=sum(r.outcome == "destroyed" for r in rows.values())
            )
        numbers = {f: session.get_one(CaseFile, f).archive_number or "" for f in rows}
        return [FileOutcome(f, numbers[f], rows[f].outcome, _sentence(rows[f].why)) for f in review.files]


def _sentence(why: str) -> str:
    from retention.why import Why

    return Why.from_json(why).zh


def _apply_keeps(session: Any, actor: Actor, review: Review) -> None:
    """What the group wanted kept stays: longer, or for ever."""
    for file_id in review.files:
        ruling = review.ruling(file_id)
        if ruling.verdict == "destroy" or review.outcomes[file_id].word == "gone":
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
    if "auditor" in actor.roles:
        return True
    reach = reach_of_file(session.get_one(CaseFile, stub.case_file_id))
    if Review.from_dict(session.get_one(ReviewRecord, stub.review_id).data).part_of(actor.name) is not None:
        reach = replace(reach, received_by=actor.name)
    return decide(actor, "review.read", reach).allowed


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


def register(house: House, actor: Actor) -> list[dict[str, Any]]:
    """Return the destruction register (销毁清册), oldest first: 序号 题名 年度 档号 应保管期限 已保管期限 页数 备注.

    Of other departments' files a row is left out, but keeps its number. The reading is noted. Raises NotAllowed.
    """
    require(actor, "review.read")
    with house.database.write() as session:
        audit.append(session, actor.name, "register.view", "register")
        stubs = session.scalars(select(Stub).order_by(Stub.destroyed_at, Stub.archive_number))
        return [
            {
                **stub.register_row,
                "serial": number,
                "file_id": stub.case_file_id,
                "review_id": stub.review_id,
                "destroyed_at": stub.destroyed_at.isoformat() if stub.destroyed_at else None,
            }
            for number, stub in enumerate(stubs, 1)
            if _in_reach(session, actor, stub)
        ]
