"""Courses on the regulations and their exams (RULES A6.1, B8)."""

from typing import Annotated, Any, Literal

from flask import request
from pydantic import Field

from credit.exams import Question
from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.errors import BadInput
from service.flow.common.guard import require
from service.flow.common.table_files import MAX_BYTES
from service.flow.credit import courses as flow
from service.flow.credit import exams, question_import
from service.house import House

operation = Operations("courses")

Login = Annotated[str, Field(max_length=64)]
Id = Annotated[str, Field(max_length=36)]


class Course(Input):
    """A course. roles: who must have it; paper: "exam" where a pass is the qualification of an archivist; months: how long a pass holds."""

    title: Annotated[str, Field(max_length=200)]
    about: Annotated[str, Field(max_length=20_000)] = ""
    roles: Annotated[list[Annotated[str, Field(max_length=32)]], Field(max_length=20)] = Field(default_factory=list)
    paper: Literal["", "agreement", "degree", "retrieval", "exam"] = ""
    pass_mark: int = 80
    drawn: int = 10
    attempts: int = 3
    minutes: int = 60
    months: int = 12
    renew_days: int = 30
    attendance: bool = True

    def given(self) -> flow.CourseGiven:
        """Return it as the flow takes it."""
        return flow.CourseGiven(**{**self.model_dump(), "roles": tuple(self.roles)})


@operation("GET", "/courses", "The courses")
def list_courses(house: House, actor: Actor) -> dict[str, Any]:
    """Return the courses, open ones first, with the number of their questions."""
    return {"courses": [flow.course_as_json(row, count) for row, count in flow.list_courses(house, actor)]}


@operation("POST", "/courses", "Enter a course", body=Course, status=201)
def create_course(house: House, actor: Actor, given: Course) -> dict[str, Any]:
    """Enter a course; its questions and days come next."""
    return flow.course_as_json(flow.keep_course(house, actor, given.given()), 0)


@operation("GET", "/courses/{course_id}", "A course with its days")
def show_course(house: House, actor: Actor, course_id: str) -> dict[str, Any]:
    """Return a course; who was there and the questions with their answers only for who keeps courses."""
    view = flow.get_course(house, actor, course_id)
    held = [
        {
            "id": day.id,
            "held_on": day.held_on.isoformat(),
            "place": day.place,
            "teacher": day.teacher,
            "people": [person.login for person in people],
        }
        for day, people in view.held
    ]
    bank = [flow.question_as_json(question, answer=True) for question in view.bank]
    return {**flow.course_as_json(view.course, view.questions), "sessions": held, "bank": bank}


@operation("PUT", "/courses/{course_id}", "Change a course", body=Course)
def change_course(house: House, actor: Actor, course_id: str, given: Course) -> dict[str, Any]:
    """Change a course; papers that were begun keep their pass mark, passes keep their end."""
    course = flow.keep_course(house, actor, given.given(), course_id)
    return flow.course_as_json(course, flow.get_course(house, actor, course_id).questions)


@operation("POST", "/courses/{course_id}/closing", "Give a course no more", status=204)
def close_course(house: House, actor: Actor, course_id: str) -> None:
    """Close a course; passes hold as long as they did."""
    flow.close_course(house, actor, course_id)


class Session(Input):
    """A day on which the course is or was given."""

    held_on: Annotated[str, Field(max_length=10)]
    teacher: Annotated[str, Field(max_length=120)]
    place: Annotated[str, Field(max_length=120)] = ""


@operation("POST", "/courses/{course_id}/sessions", "Put a day of a course on record", body=Session, status=201)
def hold_course(house: House, actor: Actor, course_id: str, given: Session) -> dict[str, Any]:
    """Enter a day; who was there comes when it has been."""
    held = flow.hold_session(house, actor, course_id, given.held_on, given.teacher, given.place)
    return {"id": held.id, "held_on": held.held_on.isoformat()}


class Attended(Input):
    """Who was there."""

    logins: Annotated[list[Login], Field(max_length=500)]


@operation(
    "POST", "/course-sessions/{session_id}/attendance", "Put on record who was there", body=Attended, problems=(409,)
)
def record_attendance(house: House, actor: Actor, session_id: str, given: Attended) -> dict[str, Any]:
    """Enter the people; those on record stay."""
    return {"new": flow.record_attendance(house, actor, session_id, given.logins)}


class NewQuestion(Input):
    """A question. answer: the indexes of the right options, from 0."""

    kind: Literal["single", "multiple", "true_false"]
    text: Annotated[str, Field(max_length=1000)]
    options: Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=8)]
    answer: Annotated[list[int], Field(max_length=8)]


class NewQuestions(Input):
    """All of them come in, or none."""

    questions: Annotated[list[NewQuestion], Field(max_length=1000)]


@operation("POST", "/courses/{course_id}/questions", "Put questions into a bank", body=NewQuestions, status=201)
def add_questions(house: House, actor: Actor, course_id: str, given: NewQuestions) -> dict[str, Any]:
    """Add questions to a course's bank."""
    rows = [Question("", q.kind, q.text, tuple(q.options), tuple(q.answer)) for q in given.questions]
    return {"added": flow.add_questions(house, actor, course_id, rows)}


class ImportFile(Input):
    """What stands beside the file. dry_run: judge it only."""

    dry_run: bool = True


@operation(
    "POST",
    "/courses/{course_id}/questions/import",
    "Put questions from XLSX or CSV into a bank",
    body=ImportFile,
    multipart=True,
    problems=(413,),
)
def import_questions(house: House, actor: Actor, course_id: str, given: ImportFile) -> dict[str, Any]:
    """Judge a file line by line and, without `dry_run`, enter all that is new in it, or nothing where a line is wrong."""
    require(actor, "course.keep")
    file = request.files.get("file")
    if file is None or not file.filename:
        raise BadInput("file: send the file as the form's part named file", {"file": "is missing"})
    data = file.stream.read(MAX_BYTES + 1)
    found = question_import.import_questions(house, actor, course_id, file.filename, data, apply=not given.dry_run)
    return question_import.judged_as_json(found)


@operation("DELETE", "/exam-questions/{question_id}", "Take a question out of its bank", status=204)
def withdraw_question(house: House, actor: Actor, question_id: str) -> None:
    """Withdraw a question; papers that have it keep it."""
    flow.withdraw_question(house, actor, question_id)


@operation("POST", "/courses/{course_id}/exams", "Begin an exam", status=201, problems=(409,))
def begin_exam(house: House, actor: Actor, course_id: str) -> dict[str, Any]:
    """Draw a paper for oneself; one that was begun goes on."""
    return exams.attempt_as_json(*exams.get_attempt(house, actor, exams.begin(house, actor, course_id).id))


class Chosen(Input):
    """question -> indexes of the options chosen, as the paper shows them, from 0."""

    answers: Annotated[dict[Id, Annotated[list[int], Field(max_length=8)]], Field(max_length=200)]


@operation("POST", "/exams/{attempt_id}/answers", "Hand an exam in", body=Chosen, problems=(409,))
def hand_in_exam(house: House, actor: Actor, attempt_id: str, given: Chosen) -> dict[str, Any]:
    """Have the paper marked; a pass is a certificate, and where the course says so the paper a role rests on."""
    exams.hand_in(house, actor, attempt_id, given.answers)
    return exams.attempt_as_json(*exams.get_attempt(house, actor, attempt_id))


@operation("GET", "/exams/{attempt_id}", "An exam")
def show_exam(house: House, actor: Actor, attempt_id: str) -> dict[str, Any]:
    """Return one's own paper while it runs, its result afterwards."""
    return exams.attempt_as_json(*exams.get_attempt(house, actor, attempt_id))


class ListExams(Input):
    """Of one course, or of all."""

    course_id: Id = ""


@operation("GET", "/exams", "The exams that were sat", query=ListExams)
def list_exams(house: House, actor: Actor, given: ListExams) -> dict[str, Any]:
    """Return one's own; all of them for who keeps courses."""
    found = exams.list_attempts(house, actor, given.course_id)
    return {"exams": [exams.attempt_as_json(attempt, course) for attempt, course in found]}


@operation("GET", "/training/due", "Who must have a course and does not, or not much longer")
def list_training_due(house: House, actor: Actor) -> dict[str, Any]:
    """Return the list for renewal, the most urgent first."""
    return {"due": [exams.standing_as_json(row) for row in exams.standings(house, actor)]}


@operation("GET", "/training/mine", "What one must have oneself and does not, or not much longer")
def list_own_training(house: House, actor: Actor) -> dict[str, Any]:
    """Return one's own lines of the list."""
    return {"due": [exams.standing_as_json(row) for row in exams.standings(house, actor, own=True)]}
