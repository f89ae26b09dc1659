"""A6.1: questions of an exam from a table, judged line by line before anything changes."""

import io
import json
import threading

import pytest

from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.credit import courses
from service.flow.credit.question_import import HEADINGS, import_questions
from service.reports.sheets import Table, to_xlsx
from service.web import refusals
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.web.conftest import open_site

HEADS = [texts[0] for texts in HEADINGS.values()]


def row(kind, text, answer, *options):
    return [kind, text, *options, *[""] * (8 - len(options)), answer]


def sheet(*rows):
    return to_xlsx(Table("试题", HEADS, rows))


def csv_of(*rows, coding="utf-8"):
    return "\n".join(",".join(cells) for cells in (HEADS, *rows)).encode(coding)


GOOD = (
    row("单选题", "额度由谁批", "B", "承办人", "第二人", "档案员"),
    row("多选", "哪些是关键信息", "A、C", "名称", "员工人数", "诉讼"),
    row("判断", "录入的人自己也可以核对", "错"),
)
WRONG = (
    row("填空", "x", "A", "甲", "乙"),
    row("单选", "", "A", "甲", "乙"),
    row("单选", "一", "AB", "甲", "乙"),
    row("单选", "二", "D", "甲", "乙"),
    row("多选", "三", "", "甲", "乙"),
    row("判断", "四", "也许"),
    row("判断", "五", "对", "甲", "乙"),
    row("单选", "六", "A", "甲", "甲"),
    row("单选", "七", "A", "甲"),
    row("单选", " 额度由谁批", "A", "承办人", "第二人", "档案员"),
)


def said(text):
    """What the page says of a sentence of the rules: the first that fits."""
    return next((words for pattern, words in refusals._KNOWN if pattern.fullmatch(text)), "")


@pytest.fixture
def course(embedded):
    return courses.keep_course(embedded.house, embedded["administrator"], courses.CourseGiven("企业信用管理")).id


def bank(office, course):
    return courses.get_course(office.house, office["administrator"], course).bank


def bring(office, course, data, *, apply=True, name="试题.xlsx"):
    return import_questions(office.house, office["administrator"], course, name, data, apply=apply)


def test_A6_1_a_table_of_questions_is_judged_then_entered_and_the_same_again_changes_nothing(embedded, course):
    tried = bring(embedded, course, sheet(*GOOD), apply=False)
    assert (tried.counts, tried.applied) == ({"new": 3, "unchanged": 0, "refused": 0}, False)
    assert bank(embedded, course) == ()
    assert bring(embedded, course, sheet(*GOOD)).applied
    found = {question.text: question for question in bank(embedded, course)}
    assert {(q.kind, q.answer) for q in found.values()} == {
        ("single", (1,)),
        ("multiple", (0, 2)),
        ("true_false", (1,)),
    }
    assert found["哪些是关键信息"].options == ("名称", "员工人数", "诉讼")
    again = bring(embedded, course, csv_of(*GOOD, coding="gb18030"), name="试题.csv")
    assert (again.counts["unchanged"], again.applied) == (3, False)
    one_more = bring(embedded, course, csv_of(*GOOD, row("判断", "档案员须经考核", "对")), name="试题.csv")
    assert (one_more.counts, len(bank(embedded, course))) == ({"new": 1, "unchanged": 3, "refused": 0}, 4)


def test_A6_1_each_wrong_line_is_named_and_none_is_entered(embedded, course):
    done = bring(embedded, course, sheet(*GOOD, *WRONG))
    assert (done.counts, done.applied) == ({"new": 3, "unchanged": 0, "refused": len(WRONG)}, False)
    assert bank(embedded, course) == ()
    wrong = {line.line: line.why for line in done.lines if line.outcome == "refused"}
    assert [set(why) for why in wrong.values()] == [
        {"kind"}, {"text"}, {"answer"}, {"answer"}, {"answer"}, {"answer"}, {"options"}, {"options"}, {"options"}, {"text"},
    ]  # fmt: skip
    assert min(wrong) == 5  # the rows of the sheet: its head is the first
    for why in wrong.values():
        assert all(said(text) for text in why.values()), why
    assert said("one or more of the options") == "勾出对的选项，至少一个。"
    bring(embedded, course, sheet(*GOOD))
    other = bring(embedded, course, sheet(row("单选题", "额度由谁批", "A", "承办人", "第二人", "档案员")))
    assert "withdraw that one first" in other.lines[0].why["text"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xlsx", b"no workbook"),
        ("a.csv", b"\xff\xff\xff"),
        ("a.csv", b""),
        ("a.csv", "题型,题目\n单选,甲".encode()),
        ("a.csv", csv_of()),
        ("a.csv", csv_of(*[row("判断", f"题{n}", "对") for n in range(1001)])),
        ("a.csv", csv_of(row("判断", "a\x00b", "对"))),
    ],
)
def test_a_file_that_is_none_is_refused(embedded, course, name, data):
    with pytest.raises(BadInput):
        bring(embedded, course, data, name=name)
    assert bank(embedded, course) == ()


def test_who_may_not_and_where_there_is_none(embedded, course):
    with pytest.raises(NotAllowed):
        import_questions(embedded.house, embedded["handler"], course, "a.csv", csv_of(*GOOD), apply=False)
    with pytest.raises(NotFound):
        bring(embedded, "none", csv_of(*GOOD), name="a.csv")


def test_two_who_bring_the_same_questions_at_once_bring_them_once(office):
    course = courses.keep_course(office.house, office["administrator"], courses.CourseGiven("企业信用管理")).id
    failed = []

    def go():
        try:
            bring(office, course, csv_of(*GOOD), name="a.csv")
        except RuleRefused as error:  # pragma: no cover - nothing refuses it
            failed.append(error)

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failed, len(bank(office, course))) == ([], 3)


def test_the_page_judges_first_and_says_what_is_wrong_in_which_row(embedded, course):
    site = open_site(embedded).signed_in("administrator")
    to = f"/training/{course}"
    assert site.get("/training/questions.xlsx").data.startswith(b"PK")

    def post(data, **more):
        answer = site.post(f"{to}/questions/import", {"file": (io.BytesIO(data), "试题.xlsx"), **more})
        return answer.status_code, answer.text

    status, text = post(sheet(*GOOD))
    assert (status, "检查结果，什么都没有改变" in text, bank(embedded, course)) == (200, True, ())
    status, text = post(sheet(*GOOD, *WRONG), apply="1")
    assert (status, bank(embedded, course)) == (422, ())
    assert "写对的选项的字母，如 A 或 AC。" in text
    assert post(b"none", apply="1")[0] == 422
    assert post(sheet(*GOOD), apply="1")[0] == 303
    assert len(bank(embedded, course)) == 3
    assert "新增 3 题" in site.get(to).text


def test_the_api_and_the_command_line_judge_and_enter(embedded, course, client, headers, juanzong_here, tmp_path):  # noqa: F811
    def send(who, dry_run, data):
        body = {"file": (io.BytesIO(data), "a.csv"), "dry_run": dry_run}
        to = f"/api/v1/courses/{course}/questions/import"
        return client.post(to, data=body, headers=headers(who), content_type="multipart/form-data")

    tried = send("administrator", "true", csv_of(*GOOD, WRONG[0])).json
    assert (tried["counts"], tried["applied"], tried["lines"][3]["why"]) == (
        {"new": 3, "unchanged": 0, "refused": 1},
        False,
        {"kind": "one of single, multiple, true_false"},
    )
    assert send("administrator", "false", csv_of(*GOOD[:2])).json["applied"]
    assert send("handler", "false", csv_of(*GOOD)).status_code == 403
    file = tmp_path / "questions.csv"
    file.write_bytes(csv_of(*GOOD, WRONG[0]))
    wrong = juanzong_here(embedded.env, "compliance", "import-questions", course, file, "--apply", check=3)
    assert "nothing was entered" in wrong.stdout
    file.write_bytes(csv_of(*GOOD))
    done = juanzong_here(embedded.env, "compliance", "import-questions", course, file, "--apply", "--json")
    assert json.loads(done.stdout)["counts"] == {"new": 1, "unchanged": 2, "refused": 0}
    assert len(bank(embedded, course)) == 3
