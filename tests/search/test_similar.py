import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.errors import BadQuery
from search.highlight import spans
from search.nearly import exactly, loosened
from search.similar import LEAST, blurred, candidates, near_places, sides
from search.syntax import parse

CHARS = "甲乙丙丁戊己庚辛"
WORDS = st.text(alphabet=CHARS, min_size=LEAST, max_size=20)


def damaged(word, at, kind, char):
    if kind == "other":
        return word[:at] + char + word[at + 1 :]
    if kind == "missing":
        return word[:at] + word[at + 1 :]
    return word[:at] + char + word[at:]


@given(WORDS, st.integers(0, 19), st.sampled_from(["other", "missing", "added"]), st.sampled_from("钢材"))
def test_one_error_anywhere_is_forgiven_and_every_candidate_rule_sees_it(word, at, kind, char):
    text = f"前文{damaged(word, at % len(word), kind, char)}后文"
    assert list(near_places(word, text))
    assert any(_stands(run, text) for run in candidates(word))


@given(WORDS)
def test_each_side_of_a_word_has_its_candidates_which_hold_its_part(word):
    found, left = [], list(sides(word))
    while left:
        side = left.pop()
        assert all(side.part in run.before + "…" + run.after for run in side.runs)
        assert side.part in word
        found += side.runs
        left += [side.more] if side.more else []
    assert sorted(map(repr, found)) == sorted(map(repr, candidates(word)))


def _stands(run, text):
    if min(len(run.before), len(run.after)) < 2:
        return run.before in text and run.after in text
    length = len(run.before)
    return any(
        text[at : at + length] == run.before and text[at + length + run.hole :].startswith(run.after)
        for at in range(len(text))
    )


def distance(one, other):
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        above, row[0] = row[0], i
        for j, right in enumerate(other, 1):
            above, row[j] = row[j], min(above + (left != right), row[j] + 1, row[j - 1] + 1)
    return row[-1]


@given(WORDS, st.text(alphabet=CHARS, max_size=40))
def test_what_is_found_differs_by_one_at_most_and_nothing_is_missed(word, text):
    found = list(near_places(word, text))
    assert all(distance(blurred(word), blurred(text[start:end])) <= 1 for start, end in found)
    near = any(
        distance(blurred(word), blurred(text[at : at + length])) <= 1
        for at in range(len(text))
        for length in (len(word) - 1, len(word), len(word) + 1)
        if at + length <= len(text)
    )
    assert bool(found) == near


@pytest.mark.parametrize(("typed", "printed"), [("未来", "末来"), ("HT0O1", "hto01"), ("日期", "曰期")])
def test_characters_that_look_alike_are_taken_for_one_another(typed, printed):
    assert spans(loosened(parse(typed)), f"前{printed}后") == [(1, 1 + len(printed))]


@pytest.mark.parametrize("printed", ["合间", "合約书", "钢"])
def test_a_short_word_forgives_nothing_else(printed):
    assert spans(loosened(parse("合作")), printed) == []


def test_exact_places_come_alone_where_there_are_some():
    assert spans(loosened(parse("采购合同")), "采购台同与采购合同") == [(5, 9)]


@pytest.mark.parametrize(
    "typed", ["合同", '甲方 "乙方" -丙方', "甲 OR (乙 category:1.2)", "甲方 near:2 乙方 signed:2024"]
)
def test_a_query_comes_back_from_being_loosened(typed):
    assert exactly(loosened(parse(typed))) == parse(typed)


def test_long_and_odd_words_are_looked_for_without_a_fault():
    rng = random.Random(3)
    for _ in range(200):
        word = "".join(rng.choice('甲0o-. "()') for _ in range(rng.randint(1, 40)))
        try:
            node = loosened(parse(word))
        except BadQuery:
            continue
        spans(node, word)
