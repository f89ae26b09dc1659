"""Exams on the regulations (RULES A6.1, B8): a paper drawn from a bank of questions, how it is marked, and how long a pass holds."""

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Literal

from credit.errors import CreditError

Kind = Literal["single", "multiple", "true_false"]
KINDS: tuple[Kind, ...] = ("single", "multiple", "true_false")
MOST_OPTIONS, LONGEST_TEXT, LONGEST_OPTION = 8, 1000, 300


@dataclass(frozen=True)
class Question:
    """A question of a bank, or as it stands on a paper. answer: the indexes of the right `options`, rising."""

    id: str
    kind: str
    text: str
    options: tuple[str, ...]
    answer: tuple[int, ...]


def wrong_with(question: Question) -> dict[str, str]:
    """Return what is wrong with a question as it was entered, by field."""
    wrong: dict[str, str] = {}
    if question.kind not in KINDS:
        wrong["kind"] = f"one of {', '.join(KINDS)}"
    if not question.text.strip() or len(question.text) > LONGEST_TEXT:
        wrong["text"] = f"is needed, at most {LONGEST_TEXT} characters"
    options = [option.strip() for option in question.options]
    if question.kind == "true_false":
        if len(options) != 2:
            wrong["options"] = "true or false has two options"
    elif not 2 <= len(options) <= MOST_OPTIONS:
        wrong["options"] = f"2 to {MOST_OPTIONS} options"
    if "options" not in wrong and (
        len(set(options)) < len(options) or not all(0 < len(o) <= LONGEST_OPTION for o in options)
    ):
        wrong["options"] = f"each option once, none empty, at most {LONGEST_OPTION} characters"
    count = len(set(question.answer))
    most = len(options) if question.kind == "multiple" else 1
    if not 1 <= count <= most or not all(0 <= at < len(options) for at in question.answer):
        wrong["answer"] = "one or more of the options" if question.kind == "multiple" else "exactly one of the options"
    return wrong


def _place(seed: int, *parts: object) -> bytes:
    """Return where something comes in the order of a seed: the same on every machine and with every version of Python."""
    return sha256(":".join(map(str, (seed, *parts))).encode()).digest()


def draw(bank: Iterable[Question], count: int, seed: int) -> list[Question]:
    """Return `count` questions in an order of their own, the options of each in an order of their own; true and false stay as they are.

    The same bank and seed give the same paper. Raises CreditError when the bank has fewer questions.
    """
    questions = sorted(bank, key=lambda q: _place(seed, q.id))
    if not 1 <= count <= len(questions):
        raise CreditError(f"the bank has {len(questions)} questions; a paper needs {count}")
    return [_mixed(question, seed) for question in questions[:count]]


def _mixed(question: Question, seed: int) -> Question:
    order = list(range(len(question.options)))
    if question.kind != "true_false":
        order.sort(key=lambda at: _place(seed, question.id, at))
    options = tuple(question.options[at] for at in order)
    answer = tuple(sorted(order.index(at) for at in question.answer))
    return Question(question.id, question.kind, question.text, options, answer)


def mark(paper: Sequence[Question], answers: Mapping[str, Sequence[int]]) -> int:
    """Return how many questions were answered rightly: every right option and no other; what was left out is wrong.

    answers: question -> indexes of the options chosen.
    """
    return sum(set(answers.get(question.id, ())) == set(question.answer) for question in paper)


def is_passed(right: int, asked: int, pass_mark: int) -> bool:
    """Return whether so many right answers reach the pass mark, in per cent: exactly reaching it is enough."""
    return asked > 0 and right * 100 >= pass_mark * asked


def valid_until(passed_on: date, months: int) -> date:
    """Return the last day on which a pass holds: the same day `months` later, or the last of that month where it has no such day."""
    month = passed_on.month + months - 1
    year, month = passed_on.year + month // 12, month % 12 + 1
    return date(year, month, min(passed_on.day, calendar.monthrange(year, month)[1]))


Standing = Literal["valid", "due", "lapsed", "missing"]


def standing(until: date | None, today: date, renew_days: int) -> Standing:
    """Return where a person stands with a course. until: the last day of their latest pass, None without one.

    due: it still holds, for `renew_days` or fewer.
    """
    if until is None:
        return "missing"
    if until < today:
        return "lapsed"
    return "due" if (until - today).days <= renew_days else "valid"
