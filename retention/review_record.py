"""A review as plain values for storing, and back: read again, every step is done again under the rules."""

from collections.abc import Iterable, Mapping
from typing import Any

from retention import opinion_record
from retention.appraisal import Review
from retention.errors import TransitionRefused
from retention.opinions import Opinion
from retention.plain import to_plain, with_dates
from retention.steps import TRANSITIONS, CoReviewer, Outcome, Paper, PaperGone, Replacement, Signature, TakenOff


def to_dict(review: Review) -> dict[str, Any]:
    """Return `review` as values that JSON can hold."""
    return {
        "number": review.number,
        "state": review.state,
        "files": list(review.files),
        "waiting_days": review.waiting_days,
        "group": list(review.group),
        "appointed": {part: list(people) for part, people in review.appointed.items()},
        "replaced": [to_plain(replacement) for replacement in review.replaced],
        "co_reviewers": [to_plain(asked) for asked in review.co_reviewers],
        "opinions": opinion_record.to_rows(review.opinions, review.files),
        "taken_off": {file: to_plain(off) for file, off in review.taken_off.items()},
        "outcomes": {file: to_plain(outcome) for file, outcome in review.outcomes.items()},
        "paper": to_plain(review.paper) if review.paper else None,
        "paper_gone": to_plain(review.paper_gone) if review.paper_gone else None,
        "signatures": [to_plain(signature) for signature in review.signatures],
    }


def from_dict(data: Mapping[str, Any]) -> Review:
    """Return the review. Raises TransitionRefused for anything that the rules would not have let come about."""
    try:
        review = _replay(data)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise TransitionRefused(f"this is no review: {error!r}") from error
    if review.state != data["state"]:
        raise TransitionRefused(
            f"review {review.number} says {data['state']}, but its signatures lead to {review.state}"
        )
    return review


def _replay(data: Mapping[str, Any]) -> Review:
    first, *others = [Signature(**with_dates(row)) for row in data["signatures"]]
    if first.act != "propose":
        raise TransitionRefused(f"a review begins with its proposal, not with {first.act!r}")
    review = Review.propose(data["number"], first.person, data["files"], first.on, data["waiting_days"])
    appointed = data.get("appointed")
    if appointed:
        (approver,) = appointed["approver"]
        review.appoint(approver, appointed["supervisor"], first.on)
    # Taking off and opinions are kept without their order; the parts show below whether these people could.
    review.taken_off = {file: TakenOff(**with_dates(row)) for file, row in data["taken_off"].items()}
    review.co_reviewers = _co_reviewers(data)
    review.paper_gone = _paper_gone(data)
    opinions = opinion_record.read(data)
    for signature in others:
        _redo(review, signature, data, opinions)
    review.opinions = opinions
    takers = {off.person for off in review.taken_off.values()}
    if not review.taken_off.keys() <= set(review.files) or not all(review.part_of(person) for person in takers):
        raise TransitionRefused(f"review {review.number}: a stranger took a file off, or one that is not on it")
    _check_replaced(review, data.get("replaced", ()))
    _check_co_reviewers(review)
    gone = review.paper_gone
    if gone is not None and not (
        review.paper and gone.how.strip() and review.part_of(gone.person) in (None, "proposer")
    ):
        raise TransitionRefused(f"review {review.number}: {gone.person} cannot have destroyed the paper so")
    return review


def _paper_gone(data: Mapping[str, Any]) -> PaperGone | None:
    said = data.get("paper_gone")  # records of earlier releases do not say it
    return PaperGone(**with_dates(said)) if said else None


def _co_reviewers(data: Mapping[str, Any]) -> list[CoReviewer]:
    rows = [with_dates(row) for row in data.get("co_reviewers", ())]
    return [CoReviewer(**{**row, "files": tuple(row["files"])}) for row in rows]


def _check_co_reviewers(review: Review) -> None:
    """Those who were asked have no other part, and were asked about files of this review by someone who could ask."""
    people = [asked.person for asked in review.co_reviewers]
    askers = {review.proposer, *review.group, *(gone.old for gone in review.replaced)}
    for asked in review.co_reviewers:
        known = bool(asked.files) and set(asked.files) <= set(review.files)
        others = {person for people_of in review.appointed.values() for person in people_of}
        alone = review.part_of(asked.person) == "co_reviewer" and people.count(asked.person) == 1
        alone = alone and asked.person not in others
        if not (known and alone and asked.by in askers and asked.reason.strip()):
            raise TransitionRefused(f"review {review.number}: {asked.person} cannot have been asked so")


def _check_replaced(review: Review, rows: Iterable[Mapping[str, Any]]) -> None:
    """Keep who was replaced. Those who are gone have no part any more, and whoever came has one or was replaced in turn."""
    review.replaced = [Replacement(**with_dates(row)) for row in rows]
    gone = {replacement.old for replacement in review.replaced}
    for replacement in review.replaced:
        present = replacement.new in gone or review.part_of(replacement.new) == replacement.part
        chooses = replacement.by not in (replacement.old, replacement.new)
        if not (present and chooses and replacement.reason.strip()) or review.part_of(replacement.old) is not None:
            raise TransitionRefused(f"review {review.number}: {replacement.old} cannot have been replaced so")
    if len(gone) != len(review.replaced):
        raise TransitionRefused(f"review {review.number}: someone was replaced twice")


def _redo(
    review: Review, signature: Signature, data: Mapping[str, Any], opinions: dict[str, dict[str, Opinion]]
) -> None:
    act, person, on = signature.act, signature.person, signature.on
    if act == "open":
        review.open(data["group"], on, by=person)
        review.opinions = opinions
    elif act in ("reject", "stop"):
        getattr(review, act)(person, signature.note, on)
    elif act == "finish":
        said = data.get("paper")
        outcomes = {file: Outcome(**row) for file, row in data["outcomes"].items()}
        review.finish(person, outcomes, on, Paper(**said) if said else None)
    elif act == "begin":
        review.begin(person, on, kept=True)
    elif act in TRANSITIONS:
        getattr(review, act)(person, on)
    else:
        raise TransitionRefused(f"{act!r} is no step of a review")
