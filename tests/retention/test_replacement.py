"""A person who cannot act is replaced before they acted; the five parts stay apart, and storage keeps who came for whom."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.appraisal import Review, destroy
from retention.destruction import certificate, certificate_intact
from retention.errors import TransitionRefused
from retention.steps import Outcome, Replacement
from tests.retention.test_review import DAY, FILES, GROUP, days


def appointed() -> Review:
    review = Review.propose("鉴定 2026-07", "zhou", FILES, DAY)
    review.open(GROUP, DAY)
    review.appoint("wu", ["zhao", "zheng"], DAY)
    return review


def speak(review: Review, *people: str) -> None:
    for person in people:
        for file_id in FILES:
            review.add_opinion(person, file_id, destroy("期满，无争议"), days(1))


def again(review: Review) -> Review:
    return Review.from_dict(json.loads(json.dumps(review.to_dict())))


def test_each_part_is_taken_over_and_the_review_goes_on_to_its_certificate():
    review = appointed()
    review.replace("zhou", "li", "he", " 住院 ", DAY)  # the head of the group: who comes is the head
    assert review.group == ("he", "sun", "qian")
    assert review.replaced == [Replacement("appraiser", "li", "he", "zhou", DAY, "住院")]
    speak(review, "he", "sun", "qian")
    review.decide("sun", days(1))
    review.replace("other archivist", "wu", "ma", "调离", days(2))
    review.approve("ma", days(2))
    review.replace("zhou", "zheng", "feng", "出差", days(3))
    review = again(review)
    for person in ("zhao", "feng"):
        review.confirm_before(person, days(10))
    review.begin("zhou", days(10))
    review.finish("zhou", {f: Outcome("blocked", "x") for f in FILES}, days(10))
    for person in ("zhao", "feng"):
        review.confirm_after(person, days(11))
    review = again(review)
    proved = certificate(review, [], "J001")
    assert certificate_intact(proved)
    assert [(r["part"], r["old"], r["new"]) for r in proved["replaced"]] == [
        ("appraiser", "li", "he"),
        ("approver", "wu", "ma"),
        ("supervisor", "zheng", "feng"),
    ]


def acted() -> Review:
    """Two of three have spoken; sun has not."""
    review = appointed()
    speak(review, "li")
    review.add_opinion("qian", "f1", destroy("期满"), days(1))
    return review


@pytest.mark.parametrize(
    ("by", "old", "new", "reason", "why"),
    [
        ("zhou", "li", "he", "病", "has acted"),
        ("zhou", "qian", "he", "病", "has acted"),  # one opinion is enough
        ("zhou", "zhou", "he", "病", "no part .* that another could take"),
        ("zhou", "nobody", "he", "病", "no part .* that another could take"),
        ("zhou", "sun", "li", "病", "li is appraiser"),
        ("zhou", "sun", "wu", "病", "wu is approver"),
        ("zhou", "wu", "zhao", "病", "zhao is supervisor"),
        ("keeper", "sun", "zhou", "病", "zhou is proposer"),
        ("zhou", "sun", "zhou", "病", "cannot choose"),
        ("keeper", "sun", "keeper", "病", "cannot choose"),
        ("sun", "sun", "he", "病", "cannot choose"),
        ("wu", "sun", "he", "病", "cannot choose"),
        ("li", "wu", "he", "病", "cannot choose"),
        ("zhou", "sun", "he", "  ", "person and a reason"),
        ("zhou", "sun", " ", "病", "person and a reason"),
        ("", "sun", "he", "病", "needs a person"),
    ],
)
def test_what_is_refused_changes_nothing(by, old, new, reason, why):
    review = acted()
    before = review.to_dict()
    with pytest.raises(TransitionRefused, match=why):
        review.replace(by, old, new, reason, days(2))
    assert review.to_dict() == before


def test_nobody_comes_back_and_no_date_runs_backwards():
    review = acted()
    review.replace("zhou", "sun", "he", "病", days(2))
    review.replace("zhou", "he", "ma", "也病了", days(2))
    for gone in ("sun", "he"):
        with pytest.raises(TransitionRefused, match="does not come back"):
            review.replace("zhou", "wu", gone, "病", days(2))
        with pytest.raises(TransitionRefused, match="not in the appraisal group"):
            review.add_opinion(gone, "f1", destroy("期满"), days(2))
        with pytest.raises(TransitionRefused):
            review.stop(gone, "反对", days(2))
    with pytest.raises(TransitionRefused, match="before the last step"):
        review.replace("zhou", "wu", "feng", "病", DAY - timedelta(days=1))
    assert again(review).replaced == review.replaced


def test_who_signed_or_took_a_file_off_stays_and_after_the_release_all_stay():
    review = acted()
    review.take_off("sun", "f3", "另有争议", days(1))
    assert "sun" not in review.replaceable()
    assert review.replaceable() == ("wu", "zhao", "zheng")
    with pytest.raises(TransitionRefused, match="has acted"):
        review.replace("zhou", "sun", "he", "病", days(1))
    speak_left = [("qian", "f2"), ("sun", "f1"), ("sun", "f2")]
    for person, file_id in speak_left:
        review.add_opinion(person, file_id, destroy("期满"), days(1))
    review.decide("sun", days(1))
    review.approve("wu", days(1))
    with pytest.raises(TransitionRefused, match="has acted"):
        review.replace("zhou", "wu", "he", "病", days(2))
    review.confirm_before("zhao", days(9))
    assert review.replaceable() == ("zheng",)
    review.confirm_before("zheng", days(9))
    assert review.replaceable() == ()
    with pytest.raises(TransitionRefused, match="not the next step"):
        review.replace("zhou", "zheng", "he", "病", days(9))


def test_a_new_appraiser_must_speak_on_every_file():
    review = acted()
    review.add_opinion("qian", "f2", destroy("期满"), days(1))
    review.add_opinion("qian", "f3", destroy("期满"), days(1))
    review.replace("zhou", "sun", "he", "病", days(2))
    assert review.missing_opinions() == {"he": FILES}


@pytest.mark.parametrize(
    "forge",
    [
        lambda rows: rows.append(rows[0]),
        lambda rows: rows[0].update(new="stranger"),
        lambda rows: rows[0].update(old="li"),  # who has spoken
        lambda rows: rows[0].update(by="he"),
        lambda rows: rows[0].update(reason=" "),
        lambda rows: rows[0].update(part="approver"),
        lambda rows: rows[0].update(on="gestern"),
        lambda rows: rows[0].pop("old"),
    ],
)
def test_a_forged_replacement_is_no_review(forge):
    review = acted()
    review.replace("zhou", "sun", "he", "病", days(2))
    data = review.to_dict()
    forge(data["replaced"])
    with pytest.raises(TransitionRefused):
        Review.from_dict(data)


def test_a_review_kept_before_there_were_replacements_is_read():
    data = acted().to_dict()
    del data["replaced"]
    assert Review.from_dict(data).replaced == []


PEOPLE = ("zhou", "li", "sun", "qian", "wu", "zhao", "zheng", "he", "ma", "feng")


@given(st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)), max_size=12))
def test_whatever_is_tried_the_parts_stay_apart_and_full(steps):
    review = acted()
    for by, old, new in steps:
        try:
            review.replace(by, old, new, "病", days(2))
        except TransitionRefused:
            continue
    named = [review.proposer, *review.group, *review.appointed["approver"], *review.appointed["supervisor"]]
    assert len(named) == len(set(named)) == 7
    assert not {gone.old for gone in review.replaced} & set(named)
    assert again(review) == review
