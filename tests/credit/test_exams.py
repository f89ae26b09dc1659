"""A6.1, B8: papers drawn by a seed, marked, and how long a pass holds."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.errors import CreditError
from credit.exams import Question, draw, is_passed, mark, standing, valid_until, wrong_with

seeds = st.integers(0, 2**53 - 1)


@st.composite
def banks(draw_):
    found = []
    for n in range(draw_(st.integers(1, 12))):
        kind = draw_(st.sampled_from(("single", "multiple", "true_false")))
        options = ("对", "错") if kind == "true_false" else tuple("ABCDEF"[: draw_(st.integers(2, 6))])
        most = len(options) if kind == "multiple" else 1
        answer = draw_(st.sets(st.integers(0, len(options) - 1), min_size=1, max_size=most))
        found.append(Question(f"q{n}", kind, f"question {n}", options, tuple(sorted(answer))))
    return found


@given(banks(), seeds, st.data())
def test_A6_1_a_paper_is_the_same_again_and_asks_what_the_bank_asks(bank, seed, data):
    count = data.draw(st.integers(1, len(bank)))
    paper = draw(bank, count, seed)
    assert paper == draw(reversed(bank), count, seed)
    assert len({q.id for q in paper}) == len(paper) == count
    known = {q.id: q for q in bank}
    for question in paper:
        of = known[question.id]
        assert sorted(question.options) == sorted(of.options)
        assert {question.options[at] for at in question.answer} == {of.options[at] for at in of.answer}
        assert question.kind != "true_false" or question.options == of.options
        assert not wrong_with(question)


@given(banks(), seeds, st.data())
def test_A6_1_only_all_right_options_and_no_other_count(bank, seed, data):
    paper = draw(bank, len(bank), seed)
    assert mark(paper, {q.id: q.answer for q in paper}) == len(paper)
    assert mark(paper, {}) == 0
    answers, right = {}, 0
    for question in paper:
        chosen = data.draw(st.sets(st.integers(0, len(question.options) - 1)))
        answers[question.id] = tuple(chosen)
        right += chosen == set(question.answer)
    assert mark(paper, answers) == right


def test_A6_1_different_seeds_give_different_papers():
    bank = [Question(f"q{n}", "single", str(n), tuple("ABCD"), (0,)) for n in range(30)]
    assert len({tuple(q.id for q in draw(bank, 10, seed)) for seed in range(50)}) == 50


def test_A6_1_a_bank_that_is_too_small_is_said():
    with pytest.raises(CreditError, match="has 1 questions; a paper needs 2"):
        draw([Question("a", "true_false", "x", ("对", "错"), (0,))], 2, 1)


@given(st.integers(0, 200), st.integers(0, 200), st.integers(1, 100))
def test_A6_1_exactly_the_pass_mark_is_enough(right, asked, pass_mark):
    assert is_passed(right, asked, pass_mark) == (asked > 0 and right / asked >= pass_mark / 100)


@given(st.dates(date(1999, 1, 1), date(2100, 1, 1)), st.integers(1, 120))
def test_A6_1_a_pass_holds_to_the_same_day_of_a_later_month(day, months):
    until = valid_until(day, months)
    assert (until.year * 12 + until.month) - (day.year * 12 + day.month) == months
    assert until.day == day.day or (until.day < day.day and (until + timedelta(days=1)).day == 1)


def test_A6_1_where_a_person_stands():
    today = date(2026, 11, 25)
    assert standing(None, today, 30) == "missing"
    assert standing(date(2026, 11, 24), today, 30) == "lapsed"
    assert standing(today, today, 30) == "due"
    assert standing(date(2026, 12, 25), today, 30) == "due"
    assert standing(date(2026, 12, 26), today, 30) == "valid"
    assert standing(today, today, 0) == "due"


@pytest.mark.parametrize(
    ("question", "field"),
    [
        (Question("", "essay", "x", ("a", "b"), (0,)), "kind"),
        (Question("", "single", " ", ("a", "b"), (0,)), "text"),
        (Question("", "single", "x", ("a",), (0,)), "options"),
        (Question("", "single", "x", tuple("abcdefghi"), (0,)), "options"),
        (Question("", "single", "x", ("a", "a "), (0,)), "options"),
        (Question("", "single", "x", ("a", " "), (0,)), "options"),
        (Question("", "true_false", "x", ("a", "b", "c"), (0,)), "options"),
        (Question("", "single", "x", ("a", "b"), (0, 1)), "answer"),
        (Question("", "single", "x", ("a", "b"), ()), "answer"),
        (Question("", "multiple", "x", ("a", "b"), (2,)), "answer"),
        (Question("", "multiple", "x", ("a", "b"), (-1,)), "answer"),
    ],
)
def test_A6_1_a_question_that_cannot_be_asked_is_refused_at_its_field(question, field):
    assert field in wrong_with(question)
