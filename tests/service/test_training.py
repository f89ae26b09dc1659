"""A6.1, B8: courses, attendance, exams and their certificates, which roles rest on; who is due."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from credit.exams import Question
from service.access import people
from service.access.policy import decide
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.credit import courses, exams
from service.flow.credit.courses import CourseGiven
from service.records.tables import AuditEntry, ExamAttempt, Paper, Person
from tests.service.conftest import KINDS, OWNER, TODAY
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.web.conftest import open_site

BANK = [
    Question("", "single", "单选题", ("甲", "乙", "丙"), (1,)),
    Question("", "multiple", "多选题", ("甲", "乙", "丙"), (0, 2)),
    Question("", "true_false", "判断题", ("对", "错"), (0,)),
    Question("", "single", "另一题", ("甲", "乙"), (0,)),
]


@pytest.fixture
def school(embedded):
    """A course that archivists must have, with a bank and a day; `archivist` was there."""
    house, keeper = embedded.house, embedded["administrator"]
    given = CourseGiven("企业信用管理", roles=("archivist",), paper="exam", drawn=4, pass_mark=75, attempts=2)
    embedded.course = courses.keep_course(house, keeper, given).id
    courses.add_questions(house, keeper, embedded.course, BANK)
    embedded.day = courses.hold_session(house, keeper, embedded.course, "2026-11-20", "王老师", "三楼").id
    courses.record_attendance(house, keeper, embedded.day, ["archivist", "handler"])
    return embedded


def right(attempt):
    return {q["id"]: q["answer"] for q in attempt.asked}


def sit(office, login="archivist", wrong=0):
    """Begin and hand in an exam with so many wrong answers."""
    attempt = exams.begin(office.house, office[login], office.course)
    answers = right(attempt)
    for question in attempt.asked[:wrong]:
        answers[question["id"]] = []
    return exams.hand_in(office.house, office[login], attempt.id, {q: a for q, a in answers.items() if a})


def test_A6_1_a_pass_is_a_certificate_and_the_paper_the_role_rests_on(school):
    attempt = sit(school, wrong=1)
    assert (attempt.state, attempt.points, attempt.certificate) == ("passed", 3, "PX-2026-0001")
    assert attempt.valid_until == date(2027, 11, 25)
    with school.house.database.read() as session:
        paper = session.get_one(Paper, attempt.paper_id)
        assert (paper.kind, paper.valid_from, paper.valid_until) == ("exam", TODAY, date(2027, 11, 25))
        assert paper.note == "PX-2026-0001 企业信用管理"
        kept = session.get_one(ExamAttempt, attempt.id)
        assert kept.seed == attempt.seed
        assert len(kept.asked) == 4
        actions = list(
            session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("exam.%")).order_by(AuditEntry.seq))
        )
        assert actions == ["exam.begin", "exam.hand_in"]
    assert exams.wrong_answers(attempt) == [attempt.asked[0]["id"]]


def test_A6_1_B8_the_role_stops_when_the_certificate_ends_says_why_and_comes_back_with_the_next_pass(school):
    house = school.house
    school.hire("new", "handler", papers=[kind for kind in KINDS if kind != "exam"])
    courses.record_attendance(house, school["administrator"], school.day, ["new"])
    school.actors["new"] = people.actor_of_person(house, person_of(school, "new"))
    assert sit(school, "new").state == "passed"
    with house.database.write() as session:
        session.scalars(select(Person).where(Person.login == "new")).one().roles = ["archivist"]
    assert people.actor_of_person(house, person_of(school, "new")).roles == {"archivist"}
    house.clock.move_to(date(2027, 11, 26))
    lapsed = people.actor_of_person(house, person_of(school, "new"))
    assert lapsed.roles == frozenset()
    assert decide(lapsed, "file.archive").reason == "qualification_expired"
    # Nothing else works, but the way back does.
    held = courses.hold_session(house, school["administrator"], school.course, "2027-11-26", "王老师")
    courses.record_attendance(house, school["administrator"], held.id, ["new"])
    school.actors["new"] = lapsed
    assert [row.state for row in exams.standings(house, lapsed, own=True)] == ["lapsed"]
    assert sit(school, "new").state == "passed"
    again = people.actor_of_person(house, person_of(school, "new"))
    assert decide(again, "file.archive").allowed
    assert exams.standings(house, again, own=True) == []


def person_of(office, login):
    with office.house.database.read() as session:
        return session.scalars(select(Person).where(Person.login == login)).one()


def test_A6_1_below_the_pass_mark_there_is_no_certificate_and_the_attempts_are_counted(school):
    assert sit(school, wrong=2).state == "failed"
    assert sit(school, wrong=4).points == 0
    with pytest.raises(RuleRefused, match="all 2 attempts within 30 days are used; the next is from 2026-12-25 on"):
        exams.begin(school.house, school["archivist"], school.course)
    school.house.clock.move_to(date(2026, 12, 24))
    with pytest.raises(RuleRefused, match="attempts"):
        exams.begin(school.house, school["archivist"], school.course)
    school.house.clock.move_to(date(2026, 12, 25))
    assert exams.begin(school.house, school["archivist"], school.course).state == "open"
    with school.house.database.read() as session:
        assert session.scalars(select(ExamAttempt.certificate)).all() == [None, None, None]


def test_A6_1_an_exam_that_was_begun_goes_on_and_is_handed_in_once(school):
    house, who = school.house, school["archivist"]
    attempt = exams.begin(house, who, school.course)
    assert exams.begin(house, who, school.course).id == attempt.id
    with pytest.raises(NotFound):
        exams.hand_in(house, school["handler"], attempt.id, {})
    with pytest.raises(NotFound):
        exams.get_attempt(house, school["handler"], attempt.id)
    for answers in ({"none": [0]}, {attempt.asked[0]["id"]: [9]}):
        with pytest.raises(BadInput):
            exams.hand_in(house, who, attempt.id, answers)
    single = next(q for q in attempt.asked if q["kind"] == "single")
    with pytest.raises(BadInput, match="one option alone"):
        exams.hand_in(house, who, attempt.id, {single["id"]: [0, 1]})
    assert exams.hand_in(house, who, attempt.id, right(attempt)).state == "passed"
    with pytest.raises(RuleRefused, match="is over"):
        exams.hand_in(house, who, attempt.id, right(attempt))


def test_A6_1_handed_in_too_late_it_does_not_count(school):
    house, who = school.house, school["archivist"]
    attempt = exams.begin(house, who, school.course)
    with house.database.write() as session:
        session.get_one(ExamAttempt, attempt.id).until -= timedelta(minutes=90)
    late = exams.hand_in(house, who, attempt.id, right(attempt))
    assert (late.state, late.points, late.certificate) == ("expired", 0, None)
    # One that was never handed in is over, too, when the next begins.
    forgotten = exams.begin(house, who, school.course)
    with house.database.write() as session:
        session.get_one(ExamAttempt, forgotten.id).until -= timedelta(minutes=90)
    with pytest.raises(RuleRefused, match="attempts"):
        exams.begin(house, who, school.course)


def test_A6_1_only_who_attended_and_does_not_keep_the_questions_may_sit(school):
    house = school.house
    with pytest.raises(RuleRefused, match="attended"):
        exams.begin(house, school["head"], school.course)
    with pytest.raises(RuleRefused, match="knows the answers"):
        exams.begin(house, school["administrator"], school.course)
    with pytest.raises(RuleRefused, match="signed in"):
        exams.begin(house, OWNER, school.course)
    # An attendance grows as old as a pass.
    house.clock.move_to(date(2027, 11, 21))
    with pytest.raises(RuleRefused, match="attended"):
        exams.begin(house, school["archivist"], school.course)
    courses.close_course(house, school["administrator"], school.course)
    with pytest.raises(RuleRefused, match="closed"):
        exams.begin(house, school["archivist"], school.course)
    with pytest.raises(NotFound):
        exams.begin(house, school["archivist"], "none")


def test_A6_1_a_bank_that_is_too_small_is_said_before_a_paper_is_drawn(school):
    bank = courses.get_course(school.house, school["administrator"], school.course).bank
    courses.withdraw_question(school.house, school["administrator"], bank[0].id)
    with pytest.raises(RuleRefused, match="fewer questions"):
        exams.begin(school.house, school["archivist"], school.course)
    assert courses.get_course(school.house, school["archivist"], school.course).bank == ()


def test_A6_1_the_list_for_renewal_names_who_is_due_the_most_urgent_first(school):
    house, keeper = school.house, school["administrator"]
    school.hire("second.archivist", "archivist")
    assert {(row.person.login, row.state) for row in exams.standings(house, keeper)} == {
        ("archivist", "missing"),
        ("second.archivist", "missing"),
    }
    passed = sit(school)
    assert [row.person.login for row in exams.standings(house, keeper)] == ["second.archivist"]
    house.clock.move_to(passed.valid_until - timedelta(days=30))
    states = [(row.person.login, row.state) for row in exams.standings(house, keeper)]
    assert states == [("second.archivist", "missing"), ("archivist", "due")]
    with house.database.write() as session:  # the paper is taken off the record: the pass counts no more
        session.get_one(Paper, passed.paper_id).revoked_at = house.clock.now()
    assert [row.state for row in exams.standings(house, keeper)] == ["missing", "missing"]
    with pytest.raises(NotAllowed):
        exams.standings(house, school["handler"])


def test_A6_1_what_cannot_be_is_refused_at_its_field(school):
    house, keeper = school.house, school["administrator"]
    with pytest.raises(BadInput) as refused:
        courses.keep_course(house, keeper, CourseGiven(" ", roles=("king",), pass_mark=101, months=0, paper="x"))
    assert set(refused.value.fields) == {"title", "roles", "pass_mark", "months", "paper"}
    with pytest.raises(BadInput) as refused:
        courses.add_questions(house, keeper, school.course, [BANK[0], Question("", "single", "", ("a",), ())])
    assert set(refused.value.fields) == {"questions.2.text", "questions.2.options", "questions.2.answer"}
    assert courses.get_course(house, keeper, school.course).questions == len(BANK)
    with pytest.raises(BadInput, match="nobody"):
        courses.record_attendance(house, keeper, school.day, ["archivist", "nobody"])
    ahead = courses.hold_session(house, keeper, school.course, "2026-12-01", "王老师")
    with pytest.raises(RuleRefused, match="has not come"):
        courses.record_attendance(house, keeper, ahead.id, ["archivist"])
    with pytest.raises(BadInput, match="held_on"):
        courses.hold_session(house, keeper, school.course, "1.12.2026", "王老师")
    with pytest.raises(NotAllowed):
        courses.keep_course(house, school["archivist"], CourseGiven("a"))


def test_A6_1_the_exam_is_sat_on_a_page_without_a_script(school):
    site = open_site(school)
    browser = site.signed_in("archivist")
    assert "没有考过" in browser.get("/training").text
    assert "企业信用管理" in browser.get("/").text
    begun = browser.post(f"/training/{school.course}/exam")
    page = browser.get(begun.headers["Location"]).text
    with school.house.database.read() as session:
        attempt = session.scalars(select(ExamAttempt)).one()
    assert page.count("<fieldset") == 4
    assert page.count('type="checkbox"') == 3
    assert "✓" not in page
    data = {f"q.{q}": [str(at) for at in chosen] for q, chosen in right(attempt).items()}
    assert browser.post(begun.headers["Location"], data).status_code == 303
    page = browser.get(begun.headers["Location"]).text
    assert "PX-2026-0001" in page
    assert "培训考试合格证书" in browser.get(begun.headers["Location"] + "/certificate").text
    assert browser.post(begun.headers["Location"], data).status_code == 409
    browser.client.set_cookie("language", "en")
    assert "Certificate PX-2026-0001, valid until 2027-11-25." in browser.get(begun.headers["Location"]).text


def test_A6_1_courses_are_kept_on_pages(school):
    browser = open_site(school).signed_in("administrator")
    numbers = {"pass_mark": "60", "drawn": "1", "attempts": "3", "minutes": "30", "months": "6", "renew_days": "20"}
    made = browser.post("/training", {"form": "course", "title": "保密", "roles": ["handler", "operator"], **numbers})
    assert made.status_code == 303
    course = made.headers["Location"]
    assert browser.post("/training", {"form": "course", "title": "", **numbers, "months": "x"}).status_code == 422
    question = {
        "form": "question",
        "kind": "multiple",
        "text": "哪些？",
        "option.0": "甲",
        "option.2": "乙",
        "right.2": "1",
    }
    assert browser.post(f"{course}/questions", question).status_code == 303
    truth = {"form": "question", "kind": "true_false", "text": "对吗？", "truth": "false"}
    assert browser.post(f"{course}/questions", truth).status_code == 303
    assert browser.post(f"{course}/questions", {**question, "right.2": ""}).status_code == 422
    assert browser.post(f"{course}/sessions", {"held_on": "2026-11-25", "teacher": "李"}).status_code == 303
    view = courses.get_course(school.house, school["administrator"], course.rpartition("/")[2])
    assert [(q.options, q.answer) for q in view.bank] == [(("甲", "乙"), (1,)), (("对", "错"), (1,))]
    day = view.held[0][0].id
    assert browser.post(f"{course}/sessions/{day}", {"logins": "handler，head、first"}).status_code == 303
    assert "first 某" in browser.get(course).text
    assert browser.post(f"{course}/questions/{view.bank[0].id}/withdraw").status_code == 303
    assert browser.post(course, {"form": "course", "title": "保密（二）", **numbers}).status_code == 303
    assert browser.post(f"{course}/close").status_code == 303
    assert "保密（二）" in browser.get(course).text
    assert browser.get("/training").status_code == 200
