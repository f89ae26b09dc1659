"""Reviews (鉴定): candidates, opinions, approval, supervision. Who may do which step follows from `retention.appraisal`."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.appraisal import Opinion, Review, Ruling
from retention.blockers import Block, blocks, candidate_blocks
from retention.destruction import certificate
from retention.steps import STATES
from retention.why import Why
from service.access.policy import Actor, Reach, decide
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.facts import CLOSED_REVIEWS, facts_of_files, file_facts, open_review_of
from service.flow.guard import listing, load_file, lock_file, require
from service.flow.sight import visible_files
from service.house import House
from service.records import audit
from service.records.counters import next_serial
from service.records.tables import CaseFile, Person, ReviewFile, ReviewRecord, Stub
from service.typed import day_of

CLOSED = CLOSED_REVIEWS


@dataclass(frozen=True)
class ReviewedFile:
    """One file on a review: what the opinions amount to, what stands against destroying it now, what became of it.

    why: what is still being done where its keys are destroyed and the rest is not gone yet, as `retention.why` keeps it.
    """

    file: CaseFile
    ruling: Ruling
    opinions: dict[str, Opinion]
    blocks: tuple[Block, ...]
    outcome: str
    why: Why


@dataclass(frozen=True)
class ReviewView:
    """A review as a person sees it. may: the steps this person can do now; waits_for: names whose step is next."""

    record: ReviewRecord
    review: Review
    files: tuple[ReviewedFile, ...]
    my_part: str | None
    may: frozenset[str]
    waits_for: tuple[str, ...]
    people: dict[str, str]


def candidates(house: House, actor: Actor) -> list[CaseFile]:
    """Return the files whose retention has ended and which stand on no open review. Raises NotAllowed."""
    require(actor, "review.read")
    today = house.clock.today()
    taken = (
        select(ReviewFile.case_file_id)
        .join(ReviewRecord, ReviewRecord.id == ReviewFile.review_id)
        .where(ReviewRecord.state.not_in(CLOSED))
    )
    query = visible_files(actor) if not actor.owner else select(CaseFile)
    query = query.where(CaseFile.state == "archived", CaseFile.due_on <= today, CaseFile.id.not_in(taken))
    with listing(house, actor, "candidate") as session:
        found = list(session.scalars(query.order_by(CaseFile.due_on, CaseFile.archive_number)))
        facts = facts_of_files(session, found)
        return [file for file in found if not candidate_blocks(facts[file.id], today)]


def propose(
    house: House,
    actor: Actor,
    case_file_ids: Sequence[str],
    group: Sequence[str],
    approver_id: str,
    supervisor_ids: Sequence[str],
) -> ReviewRecord:
    """Begin a review: its files, the appraisal group (head first), who approves, who supervises. All are different people.

    Raises BadInput, RuleRefused (a file is not due or stands on another review), NotFound, NotAllowed.
    """
    require(actor, "review.propose")
    today = house.clock.today()
    with house.database.write() as session:
        for case_file_id in sorted(set(case_file_ids)):
            load_file(
                session, actor, case_file_id
            )  # what may not be seen is said to be missing before anything else is
        parts = (*group, approver_id, *supervisor_ids)
        names = {person_id: _name(house, session, person_id, case_file_ids) for person_id in parts}
        everyone = [actor.name, *(names[i] for i in (*group, approver_id, *supervisor_ids))]
        if len(set(everyone)) != len(everyone) or len(supervisor_ids) != 2:
            why = "proposer, group, approver and the two supervisors are all different people"
            raise BadInput(f"parts: {why}", {"parts": why})
        # In one order, so that no two proposals wait for one another; the second of two sees what the first has proposed.
        for case_file_id in sorted(set(case_file_ids)):
            file = load_file(session, actor, case_file_id)
            lock_file(session, file)
            against = candidate_blocks(file_facts(session, file), today)
            if against:
                raise RuleRefused(f"{file.archive_number or file.title}: {against[0].why}")
            if open_review_of(session, case_file_id):
                raise RuleRefused(f"{file.archive_number} stands on another review already")
        number = f"{today.year}-{next_serial(session, f'review-{today.year}'):02}"
        review = Review.propose(number, actor.name, list(case_file_ids), today, house.settings.waiting_days)
        review.open([names[i] for i in group], today)
        approver, supervisors = names[approver_id], [names[i] for i in supervisor_ids]
        review.appoint(approver, supervisors, today)
        record = ReviewRecord(
            number=number,
            state=review.state,
            proposed_by=actor.name,
            created_on=today,
            data=review.to_dict(),
        )
        session.add(record)
        session.flush()
        for case_file_id in case_file_ids:
            session.add(ReviewFile(review_id=record.id, case_file_id=case_file_id))
        detail = {
            "number": number,
            "files": len(case_file_ids),
            "group": list(review.group),
            "approver": approver,
            "supervisors": supervisors,
        }
        audit.append(session, actor.name, "review.propose", f"review:{record.id}", detail)
        return record


def _name(house: House, session: Session, person_id: str, case_file_ids: Iterable[str]) -> str:
    """Return what somebody is called in a review of these files. Raises BadInput: no such person, or none who may have a part in it."""
    person = session.get(Person, person_id)
    if person is None or person.disabled_at:
        raise BadInput("parts: there is no such person", {"parts": "there is no such person"})
    if not can_take_part(house, person, session):
        why = f"person:{person.login} has no role that takes part in a review"
        raise BadInput(f"parts: {why}", {"parts": why})
    if not _knows(_standing(house, session, person), session, case_file_ids):
        why = f"person:{person.login} may not see all files of the review: clearance or confidentiality agreement"
        raise BadInput(f"parts: {why}", {"parts": why})
    return f"person:{person.login}"


def _knows(actor: Actor, session: Session, case_file_ids: Iterable[str]) -> bool:
    """Return whether the tiers of these files are open to the actor (RULES B9). Of which department they are decides the part."""
    tiers = session.scalars(select(CaseFile.tier).where(CaseFile.id.in_(list(case_file_ids))).distinct())
    return all(decide(actor, "review.read", Reach(None, tier, received_by=actor.name)).allowed for tier in tiers)


def _standing(house: House, session: Session, person: Person) -> Actor:
    from service.access.papers import with_standing
    from service.access.people import to_actor

    return with_standing(house, session, to_actor(person), person)


def can_take_part(house: House, person: Person, session: Session | None = None) -> bool:
    """Return whether a person's roles, as they work today, let them do the step that a part of a review asks of them."""
    from service.access.people import actor_of_person

    if person.disabled_at is not None:
        return False
    actor = actor_of_person(house, person) if session is None else _standing(house, session, person)
    return decide(actor, "review.take_part").allowed


def load(session: Session, actor: Actor, review_id: str, action: str) -> tuple[ReviewRecord, Review]:
    """Return a review's row, locked, and the review replayed under the rules. Raises NotFound, NotAllowed."""
    require(actor, action)
    record = session.get(ReviewRecord, review_id, with_for_update=True)
    review = None if record is None else Review.from_dict(record.data)
    # Asked for a review that is not there, too: both answers take the same time.
    knows = _watches(actor, session, () if review is None else review.files)
    if record is None or review is None or not knows or not _has_part(actor, review):
        raise NotFound(f"there is no review {review_id}")
    return record, review


def sees_all(actor: Actor) -> bool:
    """Return whether the actor sees every review, whoever takes part in it."""
    return actor.owner or bool(actor.roles & {"credit_administrator", "archivist", "auditor"})


def _watches(actor: Actor, session: Session, case_file_ids: Iterable[str]) -> bool:
    """As `_knows`; the auditor, who watches over all destructions, reads the lists of every tier, and none of the documents."""
    return _knows(actor, session, case_file_ids) or "auditor" in actor.roles


def _has_part(actor: Actor, review: Review) -> bool:
    return sees_all(actor) or review.part_of(actor.name) is not None


def in_sight(session: Session, actor: Actor, review: Review) -> bool:
    """Return whether a review exists for this person: by role or a part in it, and because all its files are of tiers open to them."""
    return _has_part(actor, review) and _watches(actor, session, review.files)


def store(session: Session, actor: Actor, record: ReviewRecord, review: Review, action: str, **detail: Any) -> None:
    """Keep the review after a step, with its entry in the trail."""
    record.data, record.state = review.to_dict(), review.state
    audit.append(session, actor.name, f"review.{action}", f"review:{record.id}", {"number": record.number, **detail})


def _demand_part(record: ReviewRecord, review: Review, actor: Actor, part: str) -> None:
    if review.part_of(actor.name) != part:
        raise NotAllowed(f"you are not {part} of review {record.number}")


def add_opinion(
    house: House,
    actor: Actor,
    review_id: str,
    case_file_id: str,
    decision: str,
    until: str | None = None,
    reason: str = "",
) -> None:
    """Give an opinion on one file; see `add_opinions`."""
    add_opinions(house, actor, review_id, [case_file_id], decision, until, reason)


def add_opinions(
    house: House,
    actor: Actor,
    review_id: str,
    case_file_ids: Sequence[str],
    decision: str,
    until: str | None = None,
    reason: str = "",
) -> None:
    """Give the same opinion on several files; the last missing opinion closes the appraisal. Raises BadInput, TransitionRefused."""
    try:
        day = day_of(until) if until else None
    except ValueError:
        raise BadInput("until: a date YYYY-MM-DD", {"until": "a date YYYY-MM-DD"}) from None
    today = house.clock.today()
    with house.database.write() as session:
        record, review = load(session, actor, review_id, "review.take_part")
        for case_file_id in case_file_ids:
            opinion = Opinion(decision, reason.strip(), day)  # type: ignore[arg-type]  # the rule refuses other words
            review.add_opinion(actor.name, case_file_id, opinion, today)
        if not review.missing_opinions():
            review.decide(actor.name, today)
        store(session, actor, record, review, "opinion", files=len(case_file_ids), verdict=decision)


def approve(house: House, actor: Actor, review_id: str) -> None:
    """Approve, as the person in charge; the waiting period starts. Raises NotAllowed, TransitionRefused."""
    with house.database.write() as session:
        record, review = load(session, actor, review_id, "review.take_part")
        _demand_part(record, review, actor, "approver")
        review.approve(actor.name, house.clock.today())
        store(session, actor, record, review, "approve", execution_from=str(review.execution_from))


def reject(house: House, actor: Actor, review_id: str, reason: str) -> None:
    """Refuse the approval, with a reason; the review ends. Raises NotAllowed, TransitionRefused."""
    with house.database.write() as session:
        record, review = load(session, actor, review_id, "review.take_part")
        _demand_part(record, review, actor, "approver")
        review.reject(actor.name, reason, house.clock.today())
        store(session, actor, record, review, "reject")


def stop(house: House, actor: Actor, review_id: str, reason: str) -> None:
    """Stop a review before its execution; anyone with a part in it may. Raises TransitionRefused."""
    with house.database.write() as session:
        record, review = load(session, actor, review_id, "review.take_part")
        review.stop(actor.name, reason, house.clock.today())
        store(session, actor, record, review, "stop")


def take_off(house: House, actor: Actor, review_id: str, case_file_id: str, reason: str) -> None:
    """Take one file off a review; anyone with a part in it may, until the destruction has begun. Raises TransitionRefused."""
    with house.database.write() as session:
        record, review = load(session, actor, review_id, "review.take_part")
        review.take_off(actor.name, case_file_id, reason, house.clock.today())
        store(session, actor, record, review, "take_off", file=case_file_id, state=review.state)


def replace_person(house: House, actor: Actor, review_id: str, old: str, new_id: str, reason: str) -> None:
    """Put another person in the part of one who cannot act in it. old: the name as the review shows it, ``person:LOGIN``.

    Raises BadInput, NotFound, NotAllowed, TransitionRefused (who acted already, who has a part already).
    """
    with house.database.write() as session:
        record, review = load(session, actor, review_id, "review.propose")
        new = _name(house, session, new_id, review.files)
        review.replace(actor.name, old, new, reason[:500], house.clock.today())
        gone = review.replaced[-1]
        detail = {"part": gone.part, "from": old, "to": new, "reason": gone.reason}
        store(session, actor, record, review, "replace", **detail)


def ask_co_reviewer(
    house: House, actor: Actor, review_id: str, person_id: str, case_file_ids: Sequence[str], reason: str
) -> None:
    """Ask somebody without a part for an opinion on some files as well. Who may: the group and the proposer.

    Raises BadInput, NotFound, NotAllowed, TransitionRefused.
    """
    with house.database.write() as session:
        record, review = load(session, actor, review_id, "review.take_part")
        person = _name(house, session, person_id, case_file_ids)
        review.ask_co_reviewer(actor.name, person, case_file_ids, reason[:500], house.clock.today())
        asked = review.co_reviewers[-1]
        detail = {"person": person, "files": len(asked.files), "reason": asked.reason}
        store(session, actor, record, review, "ask_co_reviewer", **detail)


def supervise(house: House, actor: Actor, review_id: str) -> None:
    """Confirm as a supervisor: before the execution that it may go, after it that it was done. Raises TransitionRefused.

    The second confirmation after the execution issues the certificate.
    """
    today = house.clock.today()
    with house.database.write() as session:
        record, review = load(session, actor, review_id, "review.take_part")
        _demand_part(record, review, actor, "supervisor")
        before: str = review.state
        if before == "executed":
            review.confirm_after(actor.name, today)
            after: str = review.state
            if after == "verified":
                _certify(house, session, record, review, today)
            store(session, actor, record, review, "confirm_after")
        else:
            review.confirm_before(actor.name, today)
            store(session, actor, record, review, "confirm_before")


def _certify(house: House, session: Session, record: ReviewRecord, review: Review, today: date) -> None:
    from retention.destruction import RegisterRow

    stubs = session.scalars(select(Stub).where(Stub.review_id == record.id)).all()
    by_file = {stub.case_file_id: stub for stub in stubs}
    gone = [file_id for file_id in review.files if file_id in by_file]
    rows = [RegisterRow(**{**by_file[f].register_row, "serial": n}) for n, f in enumerate(gone, 1)]
    proofs = {file_id: by_file[file_id].proof for file_id in gone}
    record.certificate = certificate(review, rows, house.settings.fonds, proofs)
    review.certify("system", today)


def list_reviews(house: House, actor: Actor) -> list[ReviewRecord]:
    """Return the reviews the actor may see, newest first. Raises NotAllowed."""
    require(actor, "review.read")
    with listing(house, actor, "review") as session:
        found = list(
            session.scalars(select(ReviewRecord).order_by(ReviewRecord.created_on.desc(), ReviewRecord.number.desc()))
        )
        return [record for record in found if in_sight(session, actor, Review.from_dict(record.data))]


@dataclass(frozen=True)
class OnBoard:
    """A review on the board. since: the day of its last step. waits_for: names whose step is next; from: the first day it can go on."""

    record: ReviewRecord
    files: int
    since: date
    waits_for: tuple[str, ...]
    execution_from: date | None


def board(house: House, actor: Actor) -> dict[str, list[OnBoard]]:
    """Return the open reviews the actor may see by stage, every stage named, oldest first, and note the reading. Raises NotAllowed."""
    require(actor, "review.read")
    found: dict[str, list[OnBoard]] = {state: [] for state in STATES if state not in CLOSED}
    with listing(house, actor, "review") as session:
        query = select(ReviewRecord).where(ReviewRecord.state.not_in(CLOSED))
        for record in session.scalars(query.order_by(ReviewRecord.created_on, ReviewRecord.number)).all():
            review = Review.from_dict(record.data)
            if in_sight(session, actor, review):
                since = review.signatures[-1].on
                row = OnBoard(record, len(review.files), since, _waits_for(review), review.execution_from)
                found[record.state].append(row)
    return found


def get_review(house: House, actor: Actor, review_id: str) -> ReviewView:
    """Return a review with its files and what it waits for, and note the reading. Raises NotFound, NotAllowed."""
    today = house.clock.today()
    with house.database.write() as session:
        record, review = load(session, actor, review_id, "review.read")
        rows = {
            row.case_file_id: row
            for row in session.scalars(select(ReviewFile).where(ReviewFile.review_id == review_id))
        }
        listed = select(CaseFile).join(ReviewFile, ReviewFile.case_file_id == CaseFile.id)
        known = {file.id: file for file in session.scalars(listed.where(ReviewFile.review_id == review_id))}
        facts = facts_of_files(session, [file for file in known.values() if file.state != "destroyed"])
        files = []
        for file_id in review.files:
            file = known[file_id]
            against = tuple(blocks(facts[file_id], today)) if file_id in facts else ()
            opinions = dict(review.opinions.get(file_id, {}))
            kept = rows[file_id]
            why = Why() if kept.outcome else Why.from_json(kept.why)
            files.append(ReviewedFile(file, review.ruling(file_id), opinions, against, kept.outcome, why))
        people = {f"person:{login}": name for login, name in session.execute(select(Person.login, Person.name))}
        audit.append(session, actor.name, "review.view", f"review:{review_id}", {"number": record.number})
    part = review.part_of(actor.name)
    may = _may(actor, review, part, today)
    return ReviewView(record, review, tuple(files), part, may, _waits_for(review), people)


def _may(actor: Actor, review: Review, part: str | None, today: date) -> frozenset[str]:
    found = set()
    state = review.state
    first = review.execution_from
    if state == "appraising" and part in ("appraiser", "co_reviewer"):
        found.add("opinion")
    if state == "appraising" and part in ("appraiser", "proposer"):
        found.add("ask")
    if state == "decided" and part == "approver":
        found |= {"approve", "reject"}
    waited = state == "waiting" and first is not None and today >= first
    if part == "supervisor" and waited and actor.name not in review.supervisors:
        found.add("confirm_before")
    if part == "supervisor" and state == "executed":
        done = [s.person for s in review.signatures if s.act == "confirm_after"]
        if actor.name not in done:
            found.add("confirm_after")
    apart = part in (None, "proposer")
    if state in ("supervised", "executing") and apart and review.may_execute(today) and "archivist" in actor.roles:
        found.add("execute")
    if review.part_of(actor.name) and state in ("proposed", "appraising", "decided", "waiting", "supervised"):
        found |= {"stop", "take_off"}
    if "archivist" in actor.roles and part in (None, "proposer") and review.replaceable():
        found.add("replace")
    return frozenset(found)


def _waits_for(review: Review) -> tuple[str, ...]:
    """The names whose step is next; the waiting period itself is said by `review.execution_from`."""
    state = review.state
    if state == "appraising":
        return tuple(review.missing_opinions())
    if state == "decided":
        return review.appointed["approver"]
    if state == "waiting":
        return tuple(name for name in review.appointed["supervisor"] if name not in review.supervisors)
    if state in ("supervised", "executing"):
        return (review.proposer,)
    if state == "executed":
        done = {s.person for s in review.signatures if s.act == "confirm_after"}
        return tuple(name for name in review.supervisors if name not in done)
    return ()


def as_json(view: ReviewView) -> dict[str, Any]:
    """Return a review as plain JSON values."""
    review, record = view.review, view.record
    first = review.execution_from
    return {
        "id": record.id,
        "number": record.number,
        "state": review.state,
        "proposer": review.proposer,
        "group": list(review.group),
        "approver": review.appointed["approver"][0],
        "supervisors": list(review.appointed["supervisor"]),
        "replaced": [{**asdict(gone), "on": gone.on.isoformat()} for gone in review.replaced],
        "co_reviewers": [{**asdict(asked), "on": asked.on.isoformat()} for asked in review.co_reviewers],
        "execution_from": first.isoformat() if first else None,
        "waits_for": list(view.waits_for),
        "signatures": [{"act": s.act, "person": s.person, "on": s.on.isoformat()} for s in review.signatures],
        "files": [
            {
                "file_id": item.file.id,
                "archive_number": item.file.archive_number,
                "title": item.file.title,
                "ruling": item.ruling.verdict,
                "complete": item.ruling.complete,
                "why": {"zh": item.ruling.why.zh, "en": item.ruling.why.en},
                "blocks": [{"kind": b.kind, "why": {"zh": b.why.zh, "en": b.why.en}} for b in item.blocks],
                "outcome": item.outcome or None,
                "unfinished": {"zh": item.why.zh, "en": item.why.en} if item.why.parts else None,
            }
            for item in view.files
        ],
        "certificate": record.certificate,
    }
