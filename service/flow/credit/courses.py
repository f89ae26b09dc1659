"""Courses on the regulations (RULES A6.1): what is taught, when, who was there, and the questions of the exam."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from credit import exams as rules
from service.access.papers import KINDS as PAPERS
from service.access.policy import ROLES, Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.guard import allowed, listing, require
from service.house import House
from service.records import audit
from service.records.tables import Attendance, Course, CourseSession, ExamQuestion, Person
from service.typed import day_of

#: limit of each number of a course: from, to
LIMITS: Mapping[str, tuple[int, int]] = {
    "pass_mark": (1, 100),
    "drawn": (1, 200),
    "attempts": (1, 20),
    "minutes": (1, 480),
    "months": (1, 120),
    "renew_days": (0, 365),
}


@dataclass(frozen=True)
class CourseGiven:
    """A course as it is entered; see `Course`. paper: "exam" where a pass is the qualification of RULES B8."""

    title: str
    about: str = ""
    roles: tuple[str, ...] = ()
    paper: str = ""
    pass_mark: int = 80
    drawn: int = 10
    attempts: int = 3
    minutes: int = 60
    months: int = 12
    renew_days: int = 30
    attendance: bool = True


def _wrong(given: CourseGiven) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not given.title.strip() or len(given.title) > 200:
        wrong["title"] = "is needed, at most 200 characters"
    if len(given.about) > 20_000:
        wrong["about"] = "at most 20000 characters"
    if not set(given.roles) <= set(ROLES):
        wrong["roles"] = f"of {', '.join(ROLES)}"
    if given.paper and given.paper not in PAPERS:
        wrong["paper"] = f"nothing, or one of {', '.join(PAPERS)}"
    for name, (low, high) in LIMITS.items():
        if not low <= getattr(given, name) <= high:
            wrong[name] = f"a whole number from {low} to {high}"
    return wrong


def keep_course(house: House, actor: Actor, given: CourseGiven, course_id: str = "") -> Course:
    """Enter a course, or change one; papers that were begun keep the pass mark they were begun with. Raises BadInput, NotFound, NotAllowed."""
    require(actor, "course.keep")
    wrong = _wrong(given)
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    values = {
        **vars(given),
        "title": given.title.strip(),
        "about": given.about.strip(),
        "roles": sorted(set(given.roles)),
    }
    with house.database.write() as session:
        if course_id:
            course = load(session, course_id)
            for name, value in values.items():
                setattr(course, name, value)
        else:
            course = Course(**values, made_by=actor.name, made_at=house.clock.now())
            session.add(course)
        session.flush()
        detail = {"course": course.id, "pass_mark": course.pass_mark, "months": course.months, "roles": course.roles}
        audit.append(
            session, actor.name, "course.change" if course_id else "course.create", f"course:{course.id}", detail
        )
        return course


def close_course(house: House, actor: Actor, course_id: str) -> None:
    """Let no exam of a course begin any more; silent when it was closed. Passes hold as long as they did. Raises NotFound, NotAllowed."""
    require(actor, "course.keep")
    with house.database.write() as session:
        course = load(session, course_id)
        if course.closed_at is None:
            course.closed_at = house.clock.now()
            audit.append(session, actor.name, "course.close", f"course:{course.id}")


def load(session: Session, course_id: str) -> Course:
    """Return a course. Raises NotFound."""
    course = session.get(Course, course_id)
    if course is None:
        raise NotFound(f"there is no course {course_id}")
    return course


def hold_session(
    house: House, actor: Actor, course_id: str, held_on: str, teacher: str, place: str = ""
) -> CourseSession:
    """Put a day on record on which a course is or was given. Raises BadInput, NotFound, NotAllowed."""
    require(actor, "course.keep")
    wrong: dict[str, str] = {}
    day = _day(held_on, wrong, "held_on")
    if not teacher.strip() or len(teacher) > 120:
        wrong["teacher"] = "is needed, at most 120 characters"
    if len(place) > 120:
        wrong["place"] = "at most 120 characters"
    if wrong or day is None:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    with house.database.write() as session:
        course = load(session, course_id)
        held = CourseSession(
            course_id=course.id,
            held_on=day,
            teacher=teacher.strip(),
            place=place.strip(),
            made_by=actor.name,
            made_at=house.clock.now(),
        )
        session.add(held)
        session.flush()
        detail = {"session": held.id, "held_on": day.isoformat()}
        audit.append(session, actor.name, "course.hold", f"course:{course.id}", detail)
        return held


def _day(text: str, wrong: dict[str, str], name: str) -> date | None:
    try:
        return day_of(text)
    except ValueError:
        wrong[name] = "a date YYYY-MM-DD"
        return None


def record_attendance(house: House, actor: Actor, session_id: str, logins: Sequence[str]) -> int:
    """Put on record who was there, once the day has come; returns how many are new. What is on record stays.

    Raises BadInput (an account that is not there), NotFound, NotAllowed, RuleRefused (the day lies ahead).
    """
    require(actor, "course.keep")
    wanted = sorted({login.strip() for login in logins if login.strip()})
    if not wanted:
        raise BadInput("logins: name one person or more", {"logins": "name one person or more"})
    with house.database.write() as session:
        held = session.get(CourseSession, session_id, with_for_update=True)
        if held is None:
            raise NotFound(f"there is no session {session_id}")
        if held.held_on > house.clock.today():
            raise RuleRefused("the day of this session has not come; who was there is entered then")
        found = {p.login: p for p in session.scalars(select(Person).where(Person.login.in_(wanted)))}
        unknown = [login for login in wanted if login not in found]
        if unknown:
            why = f"there is no account {', '.join(unknown)}"
            raise BadInput(f"logins: {why}", {"logins": why})
        there = set(session.scalars(select(Attendance.person_id).where(Attendance.session_id == session_id)))
        fresh = [person for person in found.values() if person.id not in there]
        for person in fresh:
            session.add(
                Attendance(
                    session_id=session_id, person_id=person.id, entered_by=actor.name, entered_at=house.clock.now()
                )
            )
        if fresh:
            detail = {"session": session_id, "people": sorted(person.login for person in fresh)}
            audit.append(session, actor.name, "course.attend", f"course:{held.course_id}", detail)
        return len(fresh)


def add_questions(house: House, actor: Actor, course_id: str, given: Sequence[rules.Question]) -> int:
    """Put questions into a course's bank, all of them or none; returns how many. Raises BadInput naming the question, NotFound, NotAllowed."""
    require(actor, "course.keep")
    if not 1 <= len(given) <= 1000:
        raise BadInput("questions: 1 to 1000 at once", {"questions": "1 to 1000 at once"})
    wrong = {
        name if len(given) == 1 else f"questions.{at}.{name}": why
        for at, question in enumerate(given, 1)
        for name, why in rules.wrong_with(question).items()
    }
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    with house.database.write() as session:
        enter_questions(house, session, actor, load(session, course_id), given)
    return len(given)


def enter_questions(
    house: House, session: Session, actor: Actor, course: Course, given: Sequence[rules.Question]
) -> None:
    """Put questions that were found to be right into a course's bank, in the caller's transaction."""
    now = house.clock.now()
    for question in given:
        session.add(
            ExamQuestion(
                course_id=course.id,
                kind=question.kind,
                text=question.text.strip(),
                options=[option.strip() for option in question.options],
                answer=sorted(set(question.answer)),
                made_by=actor.name,
                made_at=now,
            )
        )
    audit.append(session, actor.name, "course.question", f"course:{course.id}", {"questions": len(given)})


def withdraw_question(house: House, actor: Actor, question_id: str) -> str:
    """Take a question out of the bank; papers that have it keep it. Returns the course's id. Raises NotFound, NotAllowed."""
    require(actor, "course.keep")
    with house.database.write() as session:
        question = session.get(ExamQuestion, question_id)
        if question is None:
            raise NotFound(f"there is no question {question_id}")
        if question.withdrawn_at is None:
            question.withdrawn_by, question.withdrawn_at = actor.name, house.clock.now()
            detail = {"question": question_id}
            audit.append(session, actor.name, "course.withdraw", f"course:{question.course_id}", detail)
        return question.course_id


def bank_of(session: Session, course_id: str) -> list[rules.Question]:
    """Return the questions that papers are drawn from."""
    query = select(ExamQuestion).where(ExamQuestion.course_id == course_id, ExamQuestion.withdrawn_at.is_(None))
    rows = session.scalars(query.order_by(ExamQuestion.made_at, ExamQuestion.id))
    return [rules.Question(row.id, row.kind, row.text, tuple(row.options), tuple(row.answer)) for row in rows]


@dataclass(frozen=True)
class CourseView:
    """A course. held: its days, the latest first, each with who was there. questions: how many; bank: they themselves, for who keeps them."""

    course: Course
    held: tuple[tuple[CourseSession, tuple[Person, ...]], ...]
    questions: int
    bank: tuple[rules.Question, ...]


def list_courses(house: House, actor: Actor) -> list[tuple[Course, int]]:
    """Return the courses, open ones first, each with how many questions its bank has. Raises NotAllowed."""
    require(actor, "course.read")
    counted = select(ExamQuestion.course_id, func.count()).where(ExamQuestion.withdrawn_at.is_(None))
    with listing(house, actor, "course") as session:
        counts: dict[str, int] = dict(session.execute(counted.group_by(ExamQuestion.course_id)).all())
        rows = session.scalars(select(Course).order_by(Course.made_at, Course.id)).all()
    return [(row, counts.get(row.id, 0)) for row in sorted(rows, key=lambda row: row.closed_at is not None)]


def get_course(house: House, actor: Actor, course_id: str) -> CourseView:
    """Return a course with its days; who was there, and the questions, for who keeps courses. Raises NotFound, NotAllowed."""
    require(actor, "course.read")
    keeps = allowed(actor, "course.keep")
    with house.database.write() as session:
        course = load(session, course_id)
        audit.append(session, actor.name, "course.view", f"course:{course_id}")
        query = select(CourseSession).where(CourseSession.course_id == course_id)
        days = session.scalars(query.order_by(CourseSession.held_on.desc(), CourseSession.id)).all()
        there: dict[str, list[Person]] = {day.id: [] for day in days}
        came = select(Attendance.session_id, Person).join(Person, Person.id == Attendance.person_id)
        for session_id, person in session.execute(came.where(Attendance.session_id.in_(there)).order_by(Person.login)):
            if keeps or person.id == actor.person_id:
                there[session_id].append(person)
        bank = tuple(bank_of(session, course_id))
    held = tuple((day, tuple(there[day.id])) for day in days)
    return CourseView(course, held, len(bank), bank if keeps else ())


def course_as_json(course: Course, questions: int) -> dict[str, Any]:
    """Return a course as plain JSON values."""
    names = ("id", "title", "about", "roles", "paper", *LIMITS, "attendance", "made_by")
    closed = course.closed_at.isoformat() if course.closed_at else None
    return {**{name: getattr(course, name) for name in names}, "questions": questions, "closed_at": closed}


def question_as_json(question: rules.Question, *, answer: bool) -> dict[str, Any]:
    """Return a question as plain JSON values, with the right answer for who may know it."""
    shown = {"id": question.id, "kind": question.kind, "text": question.text, "options": list(question.options)}
    return {**shown, "answer": list(question.answer)} if answer else shown
