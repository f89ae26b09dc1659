"""Reviews (鉴定): candidates, opinions, approval, supervision. Who may do which step follows from `retention.appraisal`."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from retention.appraisal import Opinion, Review, Ruling
from retention.blockers import Block, blocks, candidate_blocks
from retention.destruction import certificate
from retention.number_templates import levels
from retention.plain import to_plain
from retention.steps import STATES
from retention.why import Why
from service.access.policy import Actor, decide
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive.candidates import MOST, all_ids, candidate_page, candidates
from service.flow.archive.leaving import left
from service.flow.archive.number_templates import all_templates
from service.flow.archive.review_sight import (
    day_from,
    hides,
    knows_tiers,
    reviews_in_sight,
    sees_all,
    summary_of,
    tiers_of_files,
    waits_for,
)
from service.flow.common.facts import CLOSED_REVIEWS, facts_by_id
from service.flow.common.guard import listing, require
from service.flow.common.sight import visible_files
from service.house import House
from service.records import audit
from service.records.counters import next_serial
from service.records.tables import CaseFile, Department, Hold, HoldFile, Person, ReviewFile, ReviewRecord, Stub
from service.typed import day_of

__all__ = ["candidate_page", "candidates", "sees_all"]

CLOSED = CLOSED_REVIEWS
_AT_ONCE = 1000  # databases limit how many values stand in one query


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
    """A review as a person sees it. may: the steps this person can do now; waits_for: names whose step is next.

    files: those of one page, in the review's order; first: how many of those asked for came before; total: how many there are of
    them. counts: how all files of the review stand, by the words of `standing_of`. missing: on how many each appraiser still owes an opinion.
    """

    record: ReviewRecord
    review: Review
    files: tuple[ReviewedFile, ...]
    my_part: str | None
    may: frozenset[str]
    waits_for: tuple[str, ...]
    people: dict[str, str]
    first: int = 0
    total: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)


def propose(
    house: House,
    actor: Actor,
    case_file_ids: Sequence[str],
    group: Sequence[str],
    approver_id: str,
    supervisor_ids: Sequence[str],
    *,
    everything: bool = False,
) -> ReviewRecord:
    """Begin a review: its files, the appraisal group (head first), who approves, who supervises. All are different people.

    everything: of all candidates the actor may see, at most `MOST`, instead of the given files. Raises BadInput, RuleRefused (a file
    is not due or stands on another review), NotFound, NotAllowed.
    """
    require(actor, "review.propose")
    today = house.clock.today()
    with house.database.write() as session:
        files = all_ids(session, actor, today) if everything else list(case_file_ids)
        if len(files) > MOST:
            raise BadInput(f"case_files: at most {MOST}", {"case_files": f"at most {MOST}"})
        # What may not be seen is said to be missing before anything else is.
        _demand_seen(session, actor, files)
        tiers = tiers_of_files(session, files)
        parts = (*group, approver_id, *supervisor_ids)
        names = {person_id: _name(house, session, person_id, tiers) for person_id in parts}
        everyone = [actor.name, *(names[i] for i in (*group, approver_id, *supervisor_ids))]
        if len(set(everyone)) != len(everyone) or len(supervisor_ids) != 2:
            why = "proposer, group, approver and the two supervisors are all different people"
            raise BadInput(f"parts: {why}", {"parts": why})
        _demand_free(session, files, today)
        number = f"{today.year}-{next_serial(session, f'review-{today.year}'):02}"
        review = Review.propose(number, actor.name, files, today, house.settings.waiting_days)
        review.open([names[i] for i in group], today)
        approver, supervisors = names[approver_id], [names[i] for i in supervisor_ids]
        review.appoint(approver, supervisors, today)
        record = ReviewRecord(
            number=number,
            state=review.state,
            proposed_by=actor.name,
            created_on=today,
            data=review.to_dict(),
            summary=summary_of(review),
        )
        session.add(record)
        session.flush()
        rows = [{"review_id": record.id, "case_file_id": file_id, "outcome": "", "why": ""} for file_id in files]
        session.execute(insert(ReviewFile), rows)
        detail = {
            "number": number,
            "files": len(files),
            "group": list(review.group),
            "approver": approver,
            "supervisors": supervisors,
        }
        audit.append(session, actor.name, "review.propose", f"review:{record.id}", detail)
        return record


def _demand_seen(session: Session, actor: Actor, case_file_ids: Sequence[str]) -> None:
    wanted = sorted(set(case_file_ids))
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        query = visible_files(actor).with_only_columns(CaseFile.id).where(CaseFile.id.in_(some))
        missing = set(some) - set(session.scalars(query))
        if missing:
            raise NotFound(f"there is no case file {min(missing)}")


def _demand_free(session: Session, case_file_ids: Sequence[str], today: date) -> None:
    """Lock the files, and raise RuleRefused for the first that is not due or stands on another review.

    They are locked in one order, so that no two proposals wait for one another; the second of two sees what the first has proposed.
    """
    wanted = sorted(set(case_file_ids))
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        known = facts_by_id(session, some, lock=True)
        for facts in known.values():
            against = candidate_blocks(facts, today)
            if against:
                raise RuleRefused(f"{facts.archive_number or facts.title}: {against[0].why}")
        open_ones = (
            select(ReviewFile.case_file_id)
            .join(ReviewRecord, ReviewRecord.id == ReviewFile.review_id)
            .where(ReviewFile.case_file_id.in_(some), ReviewRecord.state.not_in(CLOSED))
        )
        taken = session.scalar(open_ones.limit(1))
        if taken is not None:
            raise RuleRefused(f"{known[taken].archive_number} stands on another review already")


def _name(house: House, session: Session, person_id: str, tiers: Iterable[str]) -> str:
    """Return what somebody is called in a review of files of these tiers. Raises BadInput: no such person, or none who may have a part in it."""
    person = session.get(Person, person_id)
    if person is None or person.disabled_at:
        raise BadInput("parts: there is no such person", {"parts": "there is no such person"})
    standing = _standing(house, session, person)
    if not decide(standing, "review.take_part").allowed:
        why = f"person:{person.login} has no role that takes part in a review"
        raise BadInput(f"parts: {why}", {"parts": why})
    if not knows_tiers(standing, tiers):  # RULES B9; of which department they are decides the part
        why = f"person:{person.login} may not see all files of the review: clearance or confidentiality agreement"
        raise BadInput(f"parts: {why}", {"parts": why})
    return f"person:{person.login}"


def _standing(house: House, session: Session, person: Person) -> Actor:
    from service.access.papers import with_standing
    from service.access.people import to_actor

    return with_standing(house, session, to_actor(person), person)


def takers(house: House) -> list[Person]:
    """Return who could have a part in a review, by name: whose roles, as they work today, let them do the step that a part asks of them."""
    from service.access.papers import all_standing
    from service.access.people import to_actor

    with house.database.read() as session:
        people = list(session.scalars(select(Person).where(Person.disabled_at.is_(None)).order_by(Person.name)))
        standing = all_standing(house, session, {person.id: to_actor(person) for person in people})
    return [person for person in people if decide(standing[person.id], "review.take_part").allowed]


def load(session: Session, actor: Actor, review_id: str, action: str) -> tuple[ReviewRecord, Review]:
    """Return a review's row, locked, and the review replayed under the rules. Raises NotFound, NotAllowed."""
    require(actor, action)
    record = session.get(ReviewRecord, review_id, with_for_update=True)
    review = None if record is None else Review.from_dict(record.data)
    # Asked for a review that is not there, too: both answers take the same time.
    hidden = hides(session, actor, review_id)
    if record is None or review is None or hidden or not _has_part(actor, review):
        raise NotFound(f"there is no review {review_id}")
    return record, review


def _has_part(actor: Actor, review: Review) -> bool:
    return sees_all(actor) or review.part_of(actor.name) is not None


def store(session: Session, actor: Actor, record: ReviewRecord, review: Review, action: str, **detail: Any) -> None:
    """Keep the review after a step, with its entry in the trail."""
    record.data, record.state, record.summary = review.to_dict(), review.state, summary_of(review)
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
    *,
    rest: bool = False,
) -> int:
    """Give the same opinion on several files; the last missing opinion closes the appraisal. Returns on how many.

    rest: on all files that still lack an opinion of this person, besides those given. Raises BadInput, RuleRefused (none is left),
    TransitionRefused.
    """
    try:
        day = day_of(until) if until else None
    except ValueError:
        raise BadInput("until: a date YYYY-MM-DD", {"until": "a date YYYY-MM-DD"}) from None
    today = house.clock.today()
    with house.database.write() as session:
        record, review = load(session, actor, review_id, "review.take_part")
        missing = review.missing_opinions().get(actor.name, ()) if rest else ()
        chosen = list(dict.fromkeys((*case_file_ids, *missing)))
        if rest and not chosen:
            raise RuleRefused("you have given your opinion on every file of this review")
        opinion = Opinion(decision, reason.strip(), day)  # type: ignore[arg-type]  # the rule refuses other words
        for case_file_id in chosen:
            review.add_opinion(actor.name, case_file_id, opinion, today)
        if not review.missing_opinions():
            review.decide(actor.name, today)
        store(session, actor, record, review, "opinion", files=len(chosen), verdict=decision)
        return len(chosen)


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
        new = _name(house, session, new_id, tiers_of_files(session, review.files))
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
        person = _name(house, session, person_id, tiers_of_files(session, case_file_ids))
        review.ask_co_reviewer(actor.name, person, case_file_ids, reason[:500], house.clock.today())
        asked = review.co_reviewers[-1]
        detail = {"person": person, "files": len(asked.files), "reason": asked.reason}
        store(session, actor, record, review, "ask_co_reviewer", **detail)


def note_paper(house: House, actor: Actor, review_id: str, how: str) -> None:
    """Note that the paper of the destroyed files was destroyed, and how; the supervisors confirm after that.

    Raises NotFound, NotAllowed, TransitionRefused (nothing was executed yet, there is no paper, who has another part).
    """
    with house.database.write() as session:
        record, review = load(session, actor, review_id, "review.propose")
        review.note_paper(actor.name, how[:500], house.clock.today())
        detail = vars(review.paper) if review.paper else {}
        store(session, actor, record, review, "paper", how=how.strip()[:500], **detail)


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

    stubs = session.scalars(select(Stub).where(Stub.review_id == record.id, Stub.case_file_id.not_in(left()))).all()
    by_file = {stub.case_file_id: stub for stub in stubs}
    gone = [file_id for file_id in review.files if file_id in by_file]
    rows = [RegisterRow(**{**by_file[f].register_row, "serial": n}) for n, f in enumerate(gone, 1)]
    proofs = {file_id: by_file[file_id].proof for file_id in gone}
    record.certificate = certificate(review, rows, _fonds(house, session, gone), proofs)
    review.certify("system", today)


def _fonds(house: House, session: Session, file_ids: Sequence[str]) -> str:
    """Return the fonds numbers that stand in the numbers of files, for the cover of the register; of a group there may be several."""
    templates, found = all_templates(house, session), set()
    for first in range(0, len(file_ids), _AT_ONCE):
        query = select(CaseFile.archive_number, Department.fonds).join(
            Department, Department.id == CaseFile.department_id
        )
        for number, today in session.execute(query.where(CaseFile.id.in_(file_ids[first : first + _AT_ONCE]))):
            found.add(levels(templates, number or "").get("fonds", today))
    return "、".join(sorted(found)) or house.settings.fonds


def list_reviews(house: House, actor: Actor, *, open_only: bool = False) -> list[ReviewRecord]:
    """Return the reviews the actor may see, newest first, with their summaries and without what was decided on their files.

    Raises NotAllowed.
    """
    require(actor, "review.read")
    query = select(ReviewRecord).order_by(ReviewRecord.created_on.desc(), ReviewRecord.number.desc())
    with listing(house, actor, "review") as session:
        return reviews_in_sight(session, actor, query.where(ReviewRecord.state.not_in(CLOSED)) if open_only else query)


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
    query = select(ReviewRecord).where(ReviewRecord.state.not_in(CLOSED))
    with listing(house, actor, "review") as session:
        for record in reviews_in_sight(session, actor, query.order_by(ReviewRecord.created_on, ReviewRecord.number)):
            said = record.summary or {}
            since, waits = date.fromisoformat(said["since"]), tuple(said["waits_for"])
            found[record.state].append(OnBoard(record, said["files"], since, waits, day_from(said)))
    return found


def standing_of(ruling: Ruling, *, held: bool) -> str:
    """Return how a file of a review stands, in a word: hold, open (an opinion is missing), or what its opinions amount to."""
    if held:
        return "hold"
    return ruling.verdict if ruling.complete else "open"


def get_review(
    house: House, actor: Actor, review_id: str, *, only: str = "", limit: int | None = None, offset: int = 0
) -> ReviewView:
    """Return a review with its files and what it waits for, and note the reading. Raises NotFound, NotAllowed.

    only: the files that stand so (`standing_of`), "" for all. limit: how many of them, from `offset` on; None for all.
    """
    today = house.clock.today()
    with house.database.write() as session:
        record, review = load(session, actor, review_id, "review.read")
        held = _held(session, review_id)
        rulings = review.rulings()
        stands = {file_id: standing_of(ruling, held=file_id in held) for file_id, ruling in rulings.items()}
        asked = [file_id for file_id in review.files if not only or stands[file_id] == only]
        shown = asked[offset:] if limit is None else asked[offset : offset + limit]
        files = _reviewed(session, review, review_id, shown, rulings, today)
        people = {f"person:{login}": name for login, name in session.execute(select(Person.login, Person.name))}
        audit.append(session, actor.name, "review.view", f"review:{review_id}", {"number": record.number})
    part = review.part_of(actor.name)
    may = _may(actor, review, part, today)
    counts = Counter(stands.values())
    missing = review.missing_opinions()
    waits = waits_for(review, missing)
    lacking = {person: len(files_left) for person, files_left in missing.items()}
    return ReviewView(record, review, tuple(files), part, may, waits, people, offset, len(asked), counts, lacking)


def _held(session: Session, review_id: str) -> set[str]:
    """Return the files of a review on which a hold stands."""
    query = select(HoldFile.case_file_id).join(Hold, Hold.id == HoldFile.hold_id)
    query = query.join(ReviewFile, ReviewFile.case_file_id == HoldFile.case_file_id)
    return set(session.scalars(query.where(ReviewFile.review_id == review_id, Hold.released_at.is_(None))))


def _reviewed(
    session: Session,
    review: Review,
    review_id: str,
    file_ids: Sequence[str],
    rulings: Mapping[str, Ruling],
    today: date,
) -> list[ReviewedFile]:
    found = []
    for first in range(0, len(file_ids), _AT_ONCE):
        some = file_ids[first : first + _AT_ONCE]
        of_review = (ReviewFile.review_id == review_id, ReviewFile.case_file_id.in_(some))
        rows = {row.case_file_id: row for row in session.scalars(select(ReviewFile).where(*of_review))}
        known = {file.id: file for file in session.scalars(select(CaseFile).where(CaseFile.id.in_(some)))}
        facts = facts_by_id(session, [file.id for file in known.values() if file.state != "destroyed"])
        for file_id in some:
            against = tuple(blocks(facts[file_id], today)) if file_id in facts else ()
            kept = rows[file_id]
            why = Why() if kept.outcome else Why.from_json(kept.why)
            said = dict(review.opinions.get(file_id, {}))
            found.append(ReviewedFile(known[file_id], rulings[file_id], said, against, kept.outcome, why))
    return found


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
    if state == "executed":
        found |= _may_after(actor, review, part)
    apart = part in (None, "proposer")
    if state == "supervised" and apart and review.may_execute(today) and "archivist" in actor.roles:
        found.add("execute")
    if review.part_of(actor.name) and state in ("proposed", "appraising", "decided", "waiting", "supervised"):
        found |= {"stop", "take_off"}
    if "archivist" in actor.roles and part in (None, "proposer") and review.replaceable():
        found.add("replace")
    return frozenset(found)


def _may_after(actor: Actor, review: Review, part: str | None) -> set[str]:
    """Return what this person can do once the review was carried out: first the paper goes, then the supervisors confirm."""
    if review.paper_waits:
        return {"paper"} if part in (None, "proposer") and "archivist" in actor.roles else set()
    done = [s.person for s in review.signatures if s.act == "confirm_after"]
    return {"confirm_after"} if part == "supervisor" and actor.name not in done else set()


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
        "paper": to_plain(review.paper) if review.paper else None,
        "paper_destroyed": to_plain(review.paper_gone) if review.paper_gone else None,
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
        "files_total": view.total,
        "files_from": view.first,
        "standing": dict(view.counts),
        "certificate": record.certificate,
    }
