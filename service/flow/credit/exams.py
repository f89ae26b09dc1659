"""Exams (RULES A6.1, B8): sat alone, marked at once; a pass is a certificate with an end, and where the course says so the paper a role rests on.

The paper that was drawn, its seed, what was chosen and what was right stay on record, so that a result can be explained later.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit import exams as rules
from service.access import papers
from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.guard import allowed, listing, require
from service.flow.credit import courses
from service.house import SYSTEM, House
from service.records import audit
from service.records.counters import hold_counter, next_serial
from service.records.tables import Attendance, Course, CourseSession, ExamAttempt, Person

#: Within so many days the attempts of a course are counted.
WINDOW_DAYS = 30
#: How long after its end a paper is still taken: the way from a browser may be slow.
GRACE = timedelta(seconds=60)
_SEEDS = 2**53


@dataclass(frozen=True)
class Standing:
    """Where a person stands with a course that a role of theirs needs. until: of their latest pass. state: as `credit.exams.standing`."""

    person: Person
    course: Course
    until: date | None
    state: str


def _asked(attempt: ExamAttempt) -> list[rules.Question]:
    return [
        rules.Question(q["id"], q["kind"], q["text"], tuple(q["options"]), tuple(q["answer"])) for q in attempt.asked
    ]


def begin(house: House, actor: Actor, course_id: str) -> ExamAttempt:
    """Draw a paper for the caller; one that was begun and still runs goes on.

    Raises NotFound, NotAllowed, RuleRefused: the course is closed, was not attended, the attempts are used up, the bank is too small, or the caller
    keeps the questions.
    """
    require(actor, "exam.take")
    if actor.person_id is None:
        raise RuleRefused("an exam is sat by a person who is signed in")
    if allowed(actor, "course.keep"):
        raise RuleRefused("who keeps the questions knows the answers and does not sit the exam")
    today, now = house.clock.today(), house.clock.now()
    with house.database.write() as session:
        course = courses.load(session, course_id)
        hold_counter(session, f"exam:{course_id}:{actor.person_id}")  # of two clicks at once one draws the paper
        mine = _attempts(session, course_id, actor.person_id)
        for attempt in mine:
            if attempt.state == "open" and now <= attempt.until:
                return attempt
            if attempt.state == "open":
                attempt.state = "expired"
        _demand_open(session, course, actor.person_id, mine, today)
        seed = secrets.randbelow(_SEEDS)
        bank = courses.bank_of(session, course_id)
        if len(bank) < course.drawn:
            raise RuleRefused("the bank has fewer questions than a paper needs; tell who keeps the course")
        paper = rules.draw(bank, course.drawn, seed)
        attempt = ExamAttempt(
            course_id=course_id,
            person_id=actor.person_id,
            seed=seed,
            asked=[courses.question_as_json(question, answer=True) for question in paper],
            answers={},
            state="open",
            pass_mark=course.pass_mark,
            began_on=today,
            began_at=now,
            until=now + timedelta(minutes=course.minutes),
        )
        session.add(attempt)
        session.flush()
        session.refresh(attempt)
        detail = {"attempt": attempt.id, "seed": seed, "questions": len(paper)}
        audit.append(session, actor.name, "exam.begin", f"course:{course_id}", detail)
        return attempt


def _attempts(session: Session, course_id: str, person_id: str) -> list[ExamAttempt]:
    query = select(ExamAttempt).where(ExamAttempt.course_id == course_id, ExamAttempt.person_id == person_id)
    return list(session.scalars(query.order_by(ExamAttempt.began_at.desc(), ExamAttempt.id)))


def _demand_open(session: Session, course: Course, person_id: str, mine: Sequence[ExamAttempt], today: date) -> None:
    """Raise RuleRefused unless this person may sit the exam of a course today."""
    if course.closed_at is not None:
        raise RuleRefused("this course is closed; its exam is not given any more")
    if course.attendance:
        query = select(CourseSession.held_on).join(Attendance, Attendance.session_id == CourseSession.id)
        days = session.scalars(query.where(CourseSession.course_id == course.id, Attendance.person_id == person_id))
        if not any(rules.valid_until(day, course.months) >= today for day in days):
            raise RuleRefused("the exam is for those who attended the course; no attendance of yours is on record")
    recent = sorted(a.began_on for a in mine if (today - a.began_on).days < WINDOW_DAYS)
    if len(recent) >= course.attempts:
        again = recent[len(recent) - course.attempts] + timedelta(days=WINDOW_DAYS)
        raise RuleRefused(
            f"all {course.attempts} attempts within {WINDOW_DAYS} days are used; the next is from {again} on"
        )


def hand_in(house: House, actor: Actor, attempt_id: str, answers: Mapping[str, Sequence[int]]) -> ExamAttempt:
    """Mark a paper. answers: question -> indexes of the options chosen. After its end it counts as not handed in: state expired.

    Raises BadInput, NotFound (not one's own), NotAllowed, RuleRefused (it was handed in already).
    """
    require(actor, "exam.take")
    now, today = house.clock.now(), house.clock.today()
    with house.database.write() as session:
        attempt = session.get(ExamAttempt, attempt_id, with_for_update={"of": ExamAttempt})
        if attempt is None or attempt.person_id != actor.person_id:
            raise NotFound(f"there is no exam {attempt_id}")
        if attempt.state != "open":
            raise RuleRefused("this exam is over; a new attempt draws another paper")
        paper = _asked(attempt)
        _check(paper, answers)
        course = courses.load(session, attempt.course_id)
        attempt.handed_in_at = now
        attempt.answers = {question: sorted(set(chosen)) for question, chosen in answers.items()}
        if now > attempt.until + GRACE:
            attempt.state = "expired"
        else:
            attempt.points = rules.mark(paper, answers)
            passed = rules.is_passed(attempt.points, len(paper), attempt.pass_mark)
            attempt.state = "passed" if passed else "failed"
        if attempt.state == "passed":
            _certify(house, session, attempt, course, today)
        detail = {"attempt": attempt.id, "right": attempt.points, "of": len(paper), "state": attempt.state}
        audit.append(session, actor.name, "exam.hand_in", f"course:{course.id}", detail)
        return attempt


def _check(paper: Sequence[rules.Question], answers: Mapping[str, Sequence[int]]) -> None:
    known = {question.id: question for question in paper}
    wrong: dict[str, str] = {}
    for name, chosen in answers.items():
        question = known.get(name)
        if question is None:
            wrong[name] = "is no question of this paper"
        elif not all(0 <= at < len(question.options) for at in chosen):
            wrong[name] = "is no option of this question"
        elif question.kind != "multiple" and len(set(chosen)) > 1:
            wrong[name] = "one option alone is right"
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)


def _certify(house: House, session: Session, attempt: ExamAttempt, course: Course, today: date) -> None:
    """Give the certificate; where the course is a qualification, also the paper that roles rest on (RULES B8), in the same moment."""
    attempt.valid_until = rules.valid_until(today, course.months)
    attempt.certificate = f"PX-{today.year}-{next_serial(session, f'certificate:{today.year}'):04}"
    if course.paper:
        note = f"{attempt.certificate} {course.title}"[: papers.MAX_NOTE]
        given = papers.PaperGiven(course.paper, today, attempt.valid_until, note)
        person = session.get_one(Person, attempt.person_id)
        attempt.paper_id = papers.enter(house, session, SYSTEM, person, given).id


def get_attempt(house: House, actor: Actor, attempt_id: str) -> tuple[ExamAttempt, Course]:
    """Return an attempt, one's own or as who keeps courses. Raises NotFound, NotAllowed."""
    require(actor, "course.read")
    with house.database.write() as session:
        attempt = session.get(ExamAttempt, attempt_id)
        if attempt is None or (attempt.person_id != actor.person_id and not allowed(actor, "course.keep")):
            raise NotFound(f"there is no exam {attempt_id}")
        audit.append(session, actor.name, "exam.view", f"course:{attempt.course_id}", {"attempt": attempt.id})
        return attempt, courses.load(session, attempt.course_id)


def list_attempts(house: House, actor: Actor, course_id: str = "") -> list[tuple[ExamAttempt, Course]]:
    """Return attempts, the latest first: one's own, or all for who keeps courses. Raises NotAllowed."""
    require(actor, "course.read")
    query = select(ExamAttempt, Course).join(Course, Course.id == ExamAttempt.course_id)
    if not allowed(actor, "course.keep"):
        query = query.where(ExamAttempt.person_id == actor.person_id)
    if course_id:
        query = query.where(ExamAttempt.course_id == course_id)
    with listing(house, actor, "exam") as session:
        rows = session.execute(query.order_by(ExamAttempt.began_at.desc(), ExamAttempt.id).limit(1000))
        return [(attempt, course) for attempt, course in rows]


def wrong_answers(attempt: ExamAttempt) -> list[str]:
    """Return the questions of a paper that was marked which were not answered rightly; the right answers stay with the bank."""
    if attempt.state not in ("passed", "failed"):
        return []
    return [q.id for q in _asked(attempt) if not rules.mark([q], attempt.answers)]


def standings(house: House, actor: Actor, *, own: bool = False) -> list[Standing]:
    """Return who must have which course and does not, or not much longer, the most urgent first (RULES A6.1). own: only the caller.

    Raises NotAllowed: of others only who keeps courses learns it.
    """
    require(actor, "course.read" if own else "course.keep")
    with listing(house, actor, "course") as session:
        return _standings(session, house.clock.today(), actor.person_id if own else None, everyone=not own)


def own_due(house: House, actor: Actor) -> list[Standing]:
    """Return the caller's own lines of the list, for the page where their day begins."""
    require(actor, "course.read")
    with house.database.read() as session:
        return _standings(session, house.clock.today(), actor.person_id, everyone=False)


def _standings(session: Session, today: date, person_id: str | None, *, everyone: bool) -> list[Standing]:
    open_ones = session.scalars(select(Course).where(Course.closed_at.is_(None)).order_by(Course.title)).all()
    query = select(Person).where(Person.disabled_at.is_(None), Person.kind == "person").order_by(Person.login)
    people = session.scalars(query if everyone else query.where(Person.id == person_id)).all()
    latest = _latest(session)
    found = []
    for person in people:
        for course in open_ones:
            if not set(course.roles) & set(person.roles):
                continue
            until = latest.get((person.id, course.id))
            state = rules.standing(until, today, course.renew_days)
            if state != "valid":
                found.append(Standing(person, course, until, state))
    return sorted(found, key=lambda s: (s.until or date.min, s.person.login, s.course.title))


def _latest(session: Session) -> dict[tuple[str, str], date]:
    """Return (person, course) -> the last day of their longest pass; a paper that was taken off the record counts no more."""
    from service.records.tables import Paper

    query = select(ExamAttempt.person_id, ExamAttempt.course_id, ExamAttempt.valid_until, Paper.revoked_at)
    query = query.outerjoin(Paper, Paper.id == ExamAttempt.paper_id).where(ExamAttempt.state == "passed")
    found: dict[tuple[str, str], date] = {}
    for person, course, until, revoked_at in session.execute(query):
        if until is not None and revoked_at is None:
            found[person, course] = max(until, found.get((person, course), until))
    return found


def attempt_as_json(attempt: ExamAttempt, course: Course) -> dict[str, Any]:
    """Return an attempt as plain JSON values; while it runs with the questions, never with the right answers."""
    shown = {
        "id": attempt.id,
        "course_id": course.id,
        "course": course.title,
        "login": attempt.person.login,
        "state": attempt.state,
        "pass_mark": attempt.pass_mark,
        "right": attempt.points,
        "questions": len(attempt.asked),
        "began_at": attempt.began_at.isoformat(),
        "until": attempt.until.isoformat(),
        "handed_in_at": attempt.handed_in_at.isoformat() if attempt.handed_in_at else None,
        "valid_until": attempt.valid_until.isoformat() if attempt.valid_until else None,
        "certificate": attempt.certificate,
        "wrong": wrong_answers(attempt),
    }
    if attempt.state == "open":
        shown["paper"] = [courses.question_as_json(question, answer=False) for question in _asked(attempt)]
    return shown


def standing_as_json(row: Standing) -> dict[str, Any]:
    """Return where a person stands as plain JSON values."""
    until = row.until.isoformat() if row.until else None
    person = {"login": row.person.login, "name": row.person.name}
    return {**person, "course_id": row.course.id, "course": row.course.title, "valid_until": until, "state": row.state}
