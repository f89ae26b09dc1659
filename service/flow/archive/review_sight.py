"""Which reviews exist for whom, and what lists and boards show of them, without reading what was decided on fifty thousand files.

What they show is derived from the review in the transaction that changes it (`summary`); where an earlier release left none, it is
derived when it is asked for.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session, defer
from sqlalchemy.orm.attributes import set_committed_value

from retention.appraisal import Review
from service.access.policy import TIERS, Actor, Reach, decide
from service.records.tables import CaseFile, ReviewFile, ReviewRecord

_AT_ONCE = 1000  # databases limit how many values stand in one query


def summary_of(review: Review) -> dict[str, Any]:
    """Return what lists show of a review, as plain JSON values.

    files: how many; people: who has a part in it; since: the day of its last step; waits_for: names whose step is next; from: the
    first day it can go on, None while nothing was approved.
    """
    asked = (one.person for one in review.co_reviewers)
    appointed = (person for people in review.appointed.values() for person in people)
    named = (review.proposer, *review.group, *asked, *appointed, *review.supervisors)
    first = review.execution_from
    return {
        "files": len(review.files),
        "people": [person for person in dict.fromkeys(named) if review.part_of(person) is not None],
        "since": review.signatures[-1].on.isoformat(),
        "waits_for": list(waits_for(review, review.missing_opinions())),
        "from": first.isoformat() if first else None,
    }


def waits_for(review: Review, missing: Collection[str]) -> tuple[str, ...]:
    """Return the names whose step is next; the waiting period itself is said by `review.execution_from`.

    missing: whose opinion is missing on some file.
    """
    state = review.state
    if state == "appraising":
        return tuple(missing)
    if state == "decided":
        return review.appointed["approver"]
    if state == "waiting":
        return tuple(name for name in review.appointed["supervisor"] if name not in review.supervisors)
    if state == "supervised":
        return (review.proposer,)
    if state == "executed" and review.paper_waits:
        return (review.proposer,)
    if state == "executed":
        done = {s.person for s in review.signatures if s.act == "confirm_after"}
        return tuple(name for name in review.supervisors if name not in done)
    return ()


def day_from(summary: dict[str, Any]) -> date | None:
    """Return the first day on which a review can go on, None while nothing was approved."""
    return date.fromisoformat(summary["from"]) if summary["from"] else None


def sees_all(actor: Actor) -> bool:
    """Return whether the actor sees every review, whoever takes part in it."""
    return actor.owner or bool(actor.roles & {"credit_administrator", "archivist", "auditor"})


def closed_tiers(actor: Actor) -> tuple[str, ...]:
    """Return the tiers whose files this person may not know of in a review (RULES B9), whichever department they are of.

    The auditor, who watches over all destructions, reads the lists of every tier, and none of the documents.
    """
    return tuple(tier for tier in TIERS if not _opens(actor, tier)) if "auditor" not in actor.roles else ()


def knows_tiers(actor: Actor, tiers: Iterable[str]) -> bool:
    """Return whether files of these tiers are open to the actor for taking part in a review."""
    return all(_opens(actor, tier) for tier in tiers)


def _opens(actor: Actor, tier: str) -> bool:
    return decide(actor, "review.read", Reach(None, tier, received_by=actor.name)).allowed


def tiers_of_files(session: Session, case_file_ids: Sequence[str]) -> set[str]:
    """Return the tiers that occur among these files."""
    found: set[str] = set()
    for first in range(0, len(case_file_ids), _AT_ONCE):
        some = list(case_file_ids[first : first + _AT_ONCE])
        found.update(session.scalars(select(CaseFile.tier).where(CaseFile.id.in_(some)).distinct()))
    return found


def hides(session: Session, actor: Actor, review_id: str) -> bool:
    """Return whether a file of the review is of a tier that is not open to the actor."""
    tiers = closed_tiers(actor)
    return bool(tiers) and bool(
        session.scalar(select(_holding(tiers).where(ReviewFile.review_id == review_id).exists()))
    )


def _holding(tiers: Collection[str]) -> Select[str]:
    held = select(ReviewFile.case_file_id).join(CaseFile, CaseFile.id == ReviewFile.case_file_id)
    return held.where(CaseFile.tier.in_(tiers))


def reviews_in_sight(session: Session, actor: Actor, query: Select[ReviewRecord]) -> list[ReviewRecord]:
    """Return the reviews of a query that exist for this person, each with its summary, and without what was decided on its files.

    They exist by role or by a part in them, and because all their files are of tiers open to the person.
    """
    tiers = closed_tiers(actor)
    if tiers:
        query = query.where(~_holding(tiers).where(ReviewFile.review_id == ReviewRecord.id).exists())
    everyone = sees_all(actor)
    found = with_summaries(session, query)
    return [row for row in found if everyone or actor.name in (row.summary or {})["people"]]


def with_summaries(session: Session, query: Select[ReviewRecord]) -> list[ReviewRecord]:
    """Return the reviews of a query, each with its summary, and without what was decided on its files."""
    found = list(session.scalars(query.options(defer(ReviewRecord.data), defer(ReviewRecord.certificate))))
    for record in found:
        if record.summary is None:
            _remember(session, record)
    return found


def _remember(session: Session, record: ReviewRecord) -> None:
    """Derive a summary that an earlier release did not keep; in a session that writes it stays, unless the review went on meanwhile."""
    summary = summary_of(Review.from_dict(record.data))
    set_committed_value(record, "summary", summary)
    if session.connection().get_execution_options().get("juanzong_write"):
        same = (ReviewRecord.id == record.id, ReviewRecord.version == record.version)
        session.execute(update(ReviewRecord).where(*same).values(summary=summary, version=record.version))
