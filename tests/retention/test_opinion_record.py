"""Opinions as they are kept: once for all files they were given on, and read back as they were."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.appraisal import Opinion, Review, destroy, keep_until
from retention.errors import TransitionRefused
from retention.opinion_record import from_rows, places, spans, to_rows
from tests.retention.test_review import DAY, GROUP, appraising, decided

OPINIONS = (
    destroy("期满"),
    destroy("期满，无争议"),
    keep_until(date(2031, 1, 1), "有争议"),
    Opinion("keep_permanently", "史料"),
)


@given(st.frozensets(st.integers(0, 400), min_size=1))
def test_places_are_read_as_they_were_written(chosen):
    assert list(places(spans(chosen), 401)) == sorted(chosen)


def test_runs_are_written_as_runs():
    assert spans(range(50_000)) == "0-49999"
    assert spans([7, 3, 1, 2, 9]) == "1-3,7,9"
    assert spans([]) == ""


@pytest.mark.parametrize("text", ["", "x", "3-1", "-1", "0-9", "9", "1,,2", "1-2-3"])
def test_places_that_are_none_are_refused(text):
    with pytest.raises(ValueError):
        list(places(text, 9))


FILES = tuple(f"f{n}" for n in range(30))


@given(
    st.dictionaries(
        st.sampled_from(FILES),
        st.dictionaries(st.sampled_from(GROUP), st.sampled_from(OPINIONS), min_size=1),
    )
)
def test_opinions_are_read_as_they_were_written_in_as_many_rows_as_there_are_different_ones(opinions):
    rows = json.loads(json.dumps(to_rows(opinions, FILES)))
    assert from_rows(rows, FILES) == opinions
    assert len(rows) == len({(who, said) for row in opinions.values() for who, said in row.items()})


def test_a_review_of_fifty_thousand_files_is_kept_in_few_words():
    files = [f"{n:036}" for n in range(50_000)]
    review = Review.propose("2026-01", "zhou", files, DAY)
    review.open(GROUP, DAY)
    for person in GROUP:
        for file_id in files[:2_000]:
            review.add_opinion(person, file_id, destroy("期满"), DAY)
    kept = review.to_dict()
    assert len(kept["opinions"]) == len(GROUP)
    assert Review.from_dict(kept) == review


@pytest.mark.parametrize(
    "change",
    [
        {"files": "0-9"},
        {"files": ""},
        {"files": "0,0"},
        {"person": "stranger"},
        {"verdict": "pray"},
        {"until": "no date"},
    ],
)
def test_rows_that_no_review_has_are_not_read(change):
    data = decided().to_dict()
    data["opinions"] = [data["opinions"][0] | change, *data["opinions"][1:]]
    with pytest.raises(TransitionRefused):
        Review.from_dict(data)


def test_an_opinion_that_stands_twice_is_not_read():
    data = decided().to_dict()
    data["opinions"] = [*data["opinions"], data["opinions"][0] | {"reason": "another"}]
    with pytest.raises(TransitionRefused):
        Review.from_dict(data)


def test_the_order_of_speaking_changes_nothing_in_what_follows():
    one, other = appraising(), appraising()
    for person in GROUP:
        one.add_opinion(person, "f1", destroy(person), DAY)
    for person in reversed(GROUP):
        other.add_opinion(person, "f1", destroy(person), DAY)
    assert one.ruling("f1") == other.ruling("f1") == Review.from_dict(other.to_dict()).ruling("f1")
