"""Co-reviewers: asked about single files, heard like the group, and without any other part (RULES Part B, Appraisal)."""

import json
from datetime import date

import pytest

from retention.appraisal import Review, destroy, keep_until
from retention.destruction import certificate
from retention.errors import TransitionRefused
from retention.steps import CoReviewer, Outcome
from tests.retention.test_replacement import again, appointed, speak
from tests.retention.test_review import DAY, FILES, days, of_earlier_releases

ASKED = FILES[:1]


def asked() -> Review:
    review = appointed()
    review.ask_co_reviewer("sun", "ma", ASKED, " 合同部的人更清楚 ", DAY)
    return review


def test_a_co_reviewer_is_waited_for_and_a_keep_of_theirs_wins():
    review = asked()
    assert review.co_reviewers == [CoReviewer("ma", tuple(ASKED), "sun", DAY, "合同部的人更清楚")]
    assert review.part_of("ma") == "co_reviewer"
    speak(review, *review.group)
    assert review.missing_opinions() == {"ma": tuple(ASKED)}
    assert not review.ruling(FILES[0]).complete
    assert review.ruling(FILES[1]).destroys
    with pytest.raises(TransitionRefused, match="opinions are missing"):
        review.decide("sun", days(1))
    review = again(review)
    review.add_opinion("ma", FILES[0], keep_until(date(2040, 1, 1), "仍有质保"), days(1))
    review.decide("ma", days(1))
    assert review.ruling(FILES[0]).verdict == "keep_until"
    assert again(review) == review


def test_a_co_reviewer_speaks_of_what_they_were_asked_and_has_no_other_part():
    review = asked()
    with pytest.raises(TransitionRefused, match="was not asked about file"):
        review.add_opinion("ma", FILES[1], destroy("期满"), days(1))
    with pytest.raises(TransitionRefused, match="co_reviewer"):
        review.ask_co_reviewer("zhou", "ma", ASKED, "又一次", DAY)
    with pytest.raises(TransitionRefused, match="already"):
        review.appoint("ma", ["zhao", "zheng"], DAY)
    with pytest.raises(TransitionRefused, match="cannot carry it out"):
        review.demand_apart("ma")
    speak(review, *review.group)
    review.add_opinion("ma", FILES[0], destroy("期满"), days(1))
    review.decide("li", days(1))
    with pytest.raises(TransitionRefused, match="not appointed approver"):
        review.approve("ma", days(2))


@pytest.mark.parametrize(
    ("by", "person", "files", "reason"),
    [
        ("wu", "ma", ASKED, "批准人不能请"),
        ("stranger", "ma", ASKED, "外人不能请"),
        ("sun", "sun", ASKED, "自己"),
        ("sun", "zhao", ASKED, "监销人"),
        ("sun", "zhou", ASKED, "提出人"),
        ("sun", "ma", [], "没有案卷"),
        ("sun", "ma", ["other"], "不在其中"),
        ("sun", "ma", ASKED, "  "),
        ("sun", " ", ASKED, "没有人"),
    ],
)
def test_who_cannot_ask_or_be_asked(by, person, files, reason):
    review = appointed()
    before = review.to_dict()
    with pytest.raises(TransitionRefused):
        review.ask_co_reviewer(by, person, files, reason, DAY)
    assert review.to_dict() == before


def test_a_co_reviewer_who_cannot_act_is_replaced_and_stands_on_the_certificate():
    review = asked()
    assert "ma" in review.replaceable()
    review.replace("zhou", "ma", "he", "出差", DAY)
    assert review.part_of("he") == "co_reviewer"
    speak(review, *review.group)
    review.add_opinion("he", FILES[0], destroy("期满"), days(1))
    review.decide("he", days(1))
    review = again(review)
    review.approve("wu", days(1))
    for person in ("zhao", "zheng"):
        review.confirm_before(person, days(10))
    review.begin("zhou", days(10))
    review.finish("zhou", {f: Outcome("blocked", "x") for f in FILES}, days(10))
    for person in ("zhao", "zheng"):
        review.confirm_after(person, days(11))
    assert [(r["person"], r["by"]) for r in certificate(review, [], "J001")["co_reviewers"]] == [("he", "sun")]


@pytest.mark.parametrize(
    "change",
    [
        {"person": "wu"},
        {"person": "sun"},
        {"by": "stranger"},
        {"files": []},
        {"files": ["other"]},
        {"reason": ""},
    ],
)
def test_a_record_of_a_co_reviewer_that_cannot_be_is_not_read(change):
    data = json.loads(json.dumps(asked().to_dict()))
    data["co_reviewers"][0] |= change
    with pytest.raises(TransitionRefused):
        Review.from_dict(data)


def test_a_strangers_opinion_on_another_file_is_not_read():
    review = asked()
    speak(review, *review.group)
    data = of_earlier_releases(review)
    data["opinions"][FILES[1]]["ma"] = data["opinions"][FILES[1]]["sun"]
    with pytest.raises(TransitionRefused, match="stranger"):
        Review.from_dict(data)
