"""Questions of an exam from a table (RULES A6.1): judged line by line without a change, then entered all or none.

A question is known by its words: what is in the bank already is left as it is, so that the same file twice adds nothing.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from credit import exams as rules
from service.access.policy import Actor
from service.errors import BadInput
from service.flow.common.guard import require
from service.flow.common.ledger_sheet import SheetRow
from service.flow.common.table_files import read_table
from service.flow.credit import courses
from service.house import House
from service.records.tables import Course

LETTERS = "ABCDEFGH"
MOST_ROWS = 1000
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "kind": ("题型", "类型"),
    "text": ("题目", "试题", "题干"),
    **{letter.lower(): (f"选项{letter}", letter) for letter in LETTERS},
    "answer": ("答案", "正确答案"),
}
NEEDED = ("kind", "text", "answer")
_KINDS = {
    **dict.fromkeys(("single", "单选", "单选题", "单项选择题"), "single"),
    **dict.fromkeys(("multiple", "多选", "多选题", "多项选择题"), "multiple"),
    **dict.fromkeys(("true_false", "true/false", "判断", "判断题", "是非题"), "true_false"),
}
_TRUTH = {
    **dict.fromkeys(("对", "正确", "是", "√", "true", "t", "a"), 0),
    **dict.fromkeys(("错", "错误", "否", "×", "false", "f", "b"), 1),
}
#: How a question that is true or false is kept; the pages say it in the reader's language.
TRUE_FALSE = ("对", "错")
OUTCOMES = ("new", "unchanged", "refused")


@dataclass
class Line:
    """One line and what becomes of it. outcome: new, unchanged (in the bank already), refused. why: what is wrong, by field."""

    line: int
    text: str
    outcome: str = "refused"
    why: dict[str, str] = field(default_factory=dict)
    question: rules.Question | None = None


@dataclass(frozen=True)
class Judged:
    """What an import would do, or did. applied: whether what is new is in the bank now."""

    lines: tuple[Line, ...]
    applied: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """How many lines come to each outcome."""
        found = Counter(line.outcome for line in self.lines)
        return {outcome: found[outcome] for outcome in OUTCOMES}


def import_questions(house: House, actor: Actor, course_id: str, filename: str, data: bytes, *, apply: bool) -> Judged:
    """Judge the questions of a file or, with `apply`, put them into the bank: all that are new, or none where a line is wrong.

    Raises BadInput (no such file, no or too many rows), NotFound, NotAllowed.
    """
    require(actor, "course.keep")
    rows = read_table(filename, data, HEADINGS, NEEDED)
    if not 1 <= len(rows) <= MOST_ROWS:
        why = f"1 to {MOST_ROWS} rows"
        raise BadInput(f"file: {why}", {"file": why})
    if not apply:
        with house.database.read() as session:
            return Judged(_judge(session, courses.load(session, course_id), rows))
    with house.database.write() as session:
        # Two imports at once: the second is judged by what the first left.
        course = courses.load(session, course_id)
        session.refresh(course, with_for_update=True)
        lines = _judge(session, course, rows)
        new = [line.question for line in lines if line.outcome == "new" and line.question is not None]
        if not new or any(line.outcome == "refused" for line in lines):
            return Judged(lines)
        courses.enter_questions(house, session, actor, course, new)
        return Judged(lines, applied=True)


def _judge(session: Session, course: Course, rows: Sequence[SheetRow]) -> tuple[Line, ...]:
    bank = {_same(question.text): question for question in courses.bank_of(session, course.id)}
    seen: dict[str, int] = {}
    found = []
    for row in rows:
        line = _line(row)
        question = line.question
        if question is not None:
            key = _same(question.text)
            if key in seen:
                line.why["text"] = f"stands in row {seen[key]}, too"
            elif key in bank and _content(bank[key]) != _content(question):
                line.why["text"] = (
                    "the bank has this question with other options or another answer; withdraw that one first"
                )
            elif not line.why:
                line.outcome = "unchanged" if key in bank else "new"
            seen.setdefault(key, row.line)
        found.append(line)
    return tuple(found)


def _same(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _content(question: rules.Question) -> tuple[str, frozenset[str], frozenset[str]]:
    """What a question asks, whatever the order of its options."""
    options = [option.strip() for option in question.options]
    return question.kind, frozenset(options), frozenset(options[at] for at in question.answer)


def _line(row: SheetRow) -> Line:
    given = row.values.get
    line = Line(row.line, (given("text") or "").strip())
    kind = _KINDS.get(re.sub(r"\s", "", given("kind") or "").lower())
    if kind is None:
        line.why["kind"] = f"one of {', '.join(rules.KINDS)}"
        return line
    said = (given("answer") or "").strip()
    if kind == "true_false":
        at = _TRUTH.get(said.lower())
        options: tuple[str, ...] = TRUE_FALSE
        answer: tuple[int, ...] = () if at is None else (at,)
        if any(given(letter.lower()) for letter in LETTERS):
            line.why["options"] = "true or false has two options"
    else:
        options, answer = _chosen(row, said, line.why)
    question = rules.Question("", kind, line.text, options, answer)
    line.why |= {name: why for name, why in rules.wrong_with(question).items() if name not in line.why}
    if "text" not in line.why:
        line.question = question
    return line


def _chosen(row: SheetRow, said: str, wrong: dict[str, str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the options of a line and which are right: its letters, as A, AC or A、C."""
    given = {letter: (row.values.get(letter.lower()) or "").strip() for letter in LETTERS}
    letters = [letter for letter in LETTERS if given[letter]]
    wanted = re.sub(r"[\s,，、;；]", "", said.upper())
    if not wanted or not set(wanted) <= set(letters) or len(set(wanted)) < len(wanted):
        wrong["answer"] = "the letters of the right options, such as A or AC"
        return tuple(given[letter] for letter in letters), ()
    return tuple(given[letter] for letter in letters), tuple(sorted(letters.index(letter) for letter in wanted))


def judged_as_json(judged: Judged) -> dict[str, Any]:
    """Return what an import would do, or did, as plain JSON values."""
    lines = [{"line": line.line, "text": line.text, "outcome": line.outcome, "why": line.why} for line in judged.lines]
    return {"counts": judged.counts, "applied": judged.applied, "lines": lines}
