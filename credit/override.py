"""A grade that a person sets against the score (RULES A1.1): with a reason, never further than the scorecard allows."""

from dataclasses import dataclass

from credit.errors import CreditError
from credit.scorecard import GRADES, Assessment


@dataclass(frozen=True)
class Override:
    """grade: of GB/T 22116-2008. by: who set it. reason: why the score does not tell the truth here."""

    grade: str
    by: str
    reason: str


@dataclass(frozen=True)
class Rating:
    """What counts of an assessment. grade: the override's, else that of the score. notches: + better, - worse than the score."""

    assessment: Assessment
    grade: str
    override: Override | None
    notches: int


def rate(assessment: Assessment, override: Override | None, most_up: int, most_down: int) -> Rating:
    """Return the grade that counts. most_up, most_down: notches by which a person may better or worsen a grade.

    Raises CreditError for an override without a name or reason, to a grade that does not exist, or too far.
    """
    if override is None:
        return Rating(assessment, assessment.grade, None, 0)
    if not override.by.strip() or not override.reason.strip():
        raise CreditError("a grade set by a person needs a name and a reason")
    if override.grade not in GRADES:
        raise CreditError(f"{override.grade} is none of {', '.join(GRADES)}")
    notches = GRADES.index(assessment.grade) - GRADES.index(override.grade)
    if not -most_down <= notches <= most_up:
        raise CreditError(
            f"{assessment.grade} may be set up by {most_up} and down by {most_down} notches, not to {override.grade}"
        )
    return Rating(assessment, override.grade, override, notches)
