"""Training (RULES A6.1, B8): courses, their days, questions, exams without a script, certificates, and what is due for renewal."""

from collections.abc import Callable

from flask import Response, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from credit.exams import KINDS, Question
from service.access.policy import ROLES
from service.errors import KNOWN_ERRORS, BadInput, NotFound
from service.flow.common.guard import allowed, require
from service.flow.common.table_files import MAX_BYTES
from service.flow.credit import courses as flow
from service.flow.credit import exams, question_import
from service.reports.sheets import XLSX_TYPE, Table, to_xlsx
from service.web import credit_words, words
from service.web.context import act, actor, house, refused
from service.web.site import web
from service.web.text import gettext

OPTIONS = 6  # lines a question's form has


def _training() -> str:
    me = actor()
    return render_template(
        "training.html",
        courses=flow.list_courses(house(), me),
        own=exams.standings(house(), me, own=True),
        due=exams.standings(house(), me) if allowed(me, "course.keep") else [],
        attempts=exams.list_attempts(house(), me),
        roles=[(role, words.named(words.ROLES, role)) for role in ROLES],
        numbers=flow.LIMITS,
        given=flow.CourseGiven(""),
    )


@web.get("/training")
def training() -> ResponseReturnValue:
    """Show the courses, what one must have oneself, and for who keeps them what is due."""
    return _training()


def _course_given() -> flow.CourseGiven:
    form, wrong = request.form, {}
    numbers: dict[str, int] = {}
    for name in flow.LIMITS:
        try:
            numbers[name] = int(form.get(name, ""))
        except ValueError:
            low, high = flow.LIMITS[name]
            wrong[name] = f"a whole number from {low} to {high}"
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    return flow.CourseGiven(
        title=form.get("title", ""),
        about=form.get("about", ""),
        roles=tuple(form.getlist("roles")),
        paper="exam" if form.get("paper") else "",
        attendance=bool(form.get("attendance")),
        **numbers,
    )


@web.post("/training")
def create_course() -> ResponseReturnValue:
    """Enter a course."""
    g.page = url_for("web.training")
    made: list[str] = []

    def step() -> None:
        made.append(flow.keep_course(house(), actor(), _course_given()).id)

    answer = act(step, _training, done=gettext("课程已建。"), to=url_for("web.training"))
    return redirect(url_for("web.course", course_id=made[0]), 303) if made else answer


def _course(course_id: str, judged: question_import.Judged | None = None) -> str:
    me = actor()
    return render_template(
        "course.html",
        view=flow.get_course(house(), me, course_id),
        attempts=exams.list_attempts(house(), me, course_id),
        kinds=[(kind, words.named(words.QUESTIONS, kind)) for kind in KINDS],
        options=range(OPTIONS),
        roles=[(role, words.named(words.ROLES, role)) for role in ROLES],
        numbers=flow.LIMITS,
        judged=judged,
        fields=words.QUESTION_FIELDS,
        outcomes=credit_words.OUTCOMES,
    )


@web.get("/training/<course_id>")
def course(course_id: str) -> ResponseReturnValue:
    """Show a course."""
    return _course(course_id)


def _on_course(course_id: str, step: Callable[[], object], done: str) -> ResponseReturnValue:
    to = url_for("web.course", course_id=course_id)
    g.page = to
    return act(step, lambda: _course(course_id), done=done, to=to)


@web.post("/training/<course_id>")
def change_course(course_id: str) -> ResponseReturnValue:
    """Change a course."""
    return _on_course(
        course_id, lambda: flow.keep_course(house(), actor(), _course_given(), course_id), gettext("课程已改。")
    )


@web.post("/training/<course_id>/close")
def close_course(course_id: str) -> ResponseReturnValue:
    """Give a course no more."""
    return _on_course(course_id, lambda: flow.close_course(house(), actor(), course_id), gettext("课程已停。"))


@web.post("/training/<course_id>/sessions")
def hold_course(course_id: str) -> ResponseReturnValue:
    """Put a day of a course on record."""
    form = request.form
    given = (form.get("held_on", ""), form.get("teacher", ""), form.get("place", ""))
    return _on_course(
        course_id, lambda: flow.hold_session(house(), actor(), course_id, *given), gettext("培训日期已登记。")
    )


@web.post("/training/<course_id>/sessions/<session_id>")
def record_attendance(course_id: str, session_id: str) -> ResponseReturnValue:
    """Put on record who was there."""
    logins = request.form.get("logins", "").replace("，", ",").replace("、", ",").replace(",", " ").split()
    return _on_course(
        course_id, lambda: flow.record_attendance(house(), actor(), session_id, logins), gettext("出席已登记。")
    )


@web.post("/training/<course_id>/questions")
def add_question(course_id: str) -> ResponseReturnValue:
    """Put a question into the bank."""
    form = request.form

    def step() -> None:
        kind = form.get("kind", "")
        if kind == "true_false":
            options, right = ["对", "错"], [0 if form.get("truth") == "true" else 1]
        else:
            texts = [(at, form.get(f"option.{at}", "").strip()) for at in range(OPTIONS)]
            places = [at for at, text in texts if text]
            options = [text for _, text in texts if text]
            right = [places.index(at) for at in places if form.get(f"right.{at}")]
        flow.add_questions(
            house(), actor(), course_id, [Question("", kind, form.get("text", ""), tuple(options), tuple(right))]
        )

    return _on_course(course_id, step, gettext("试题已入库。"))


@web.get("/training/questions.xlsx")
def questions_form() -> ResponseReturnValue:
    """Send the empty form."""
    require(actor(), "course.keep")
    heads = [texts[0] for texts in question_import.HEADINGS.values()]
    answer = Response(to_xlsx(Table("试题", heads, [])), content_type=XLSX_TYPE)
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": gettext("试题") + ".xlsx"})
    return answer


@web.post("/training/<course_id>/questions/import")
def import_questions(course_id: str) -> ResponseReturnValue:
    """Judge a file of questions line by line or, when asked to, enter it."""
    require(actor(), "course.keep")
    file = request.files.get("file")
    data = file.stream.read(MAX_BYTES + 1) if file else b""
    name = (file.filename or "") if file else ""
    to = url_for("web.course", course_id=course_id)
    apply = request.form.get("apply") == "1"
    try:
        judged = question_import.import_questions(house(), actor(), course_id, name, data, apply=apply)
    except KNOWN_ERRORS as error:
        return refused(error, lambda: _course(course_id), to)
    if not apply or judged.counts["refused"]:
        g.page = to
        return make_response(_course(course_id, judged), 422 if apply else 200)
    counts = judged.counts
    flash(gettext("新增 %(new)s 题，题库里已有 %(same)s 题。", new=counts["new"], same=counts["unchanged"]), "done")
    return redirect(to, 303)


@web.post("/training/<course_id>/questions/<question_id>/withdraw")
def withdraw_question(course_id: str, question_id: str) -> ResponseReturnValue:
    """Take a question out of the bank."""
    return _on_course(
        course_id, lambda: flow.withdraw_question(house(), actor(), question_id), gettext("试题已撤出题库。")
    )


@web.post("/training/<course_id>/exam")
def begin_exam(course_id: str) -> ResponseReturnValue:
    """Draw a paper and show it."""
    made: list[str] = []

    def step() -> None:
        made.append(exams.begin(house(), actor(), course_id).id)

    answer = _on_course(course_id, step, gettext("考试开始。"))
    return redirect(url_for("web.exam", attempt_id=made[0]), 303) if made else answer


def _exam(attempt_id: str) -> str:
    attempt, of = exams.get_attempt(house(), actor(), attempt_id)
    mine = attempt.person_id == actor().person_id
    return render_template(
        "exam.html",
        attempt=attempt,
        course=of,
        mine=mine,
        wrong=exams.wrong_answers(attempt),
        chosen=_chosen(attempt.asked),
    )


def _chosen(asked: list[dict[str, object]]) -> dict[str, list[int]]:
    """Return what was ticked in the form that came back, so that nothing is lost when it is refused."""
    found = {}
    for question in asked:
        name = str(question["id"])
        found[name] = [int(at) for at in request.form.getlist(f"q.{name}") if at.isdigit()]
    return found


@web.get("/training/exams/<attempt_id>")
def exam(attempt_id: str) -> ResponseReturnValue:
    """Show a paper to be answered, or its result."""
    return _exam(attempt_id)


@web.post("/training/exams/<attempt_id>")
def hand_in_exam(attempt_id: str) -> ResponseReturnValue:
    """Have a paper marked."""
    to = url_for("web.exam", attempt_id=attempt_id)
    g.page = to

    def step() -> None:
        attempt, _course = exams.get_attempt(house(), actor(), attempt_id)
        exams.hand_in(house(), actor(), attempt_id, {q: c for q, c in _chosen(attempt.asked).items() if c})

    return act(step, lambda: _exam(attempt_id), done=gettext("试卷已交，结果如下。"), to=to)


@web.get("/training/exams/<attempt_id>/certificate")
def certificate(attempt_id: str) -> ResponseReturnValue:
    """Show a certificate to print."""
    attempt, of = exams.get_attempt(house(), actor(), attempt_id)
    if attempt.state != "passed":
        raise NotFound(f"there is no certificate of exam {attempt_id}")
    return render_template("exam_certificate_print.html", attempt=attempt, course=of)
