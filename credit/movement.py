"""What moved between two assessments of a customer, and why: indicator by indicator (RULES A1.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from credit.scorecard import ScoreLine


@dataclass(frozen=True)
class Move:
    """An indicator in two assessments; None where one of them did not have it. by: how far it moved the exact score.

    why: value, weight (another scorecard weighs it otherwise), rule (the same value, other points), added, removed, or same.
    """

    code: str
    before: ScoreLine | None
    after: ScoreLine | None
    by: Decimal
    why: str


def movement(before: Sequence[ScoreLine], after: Sequence[ScoreLine]) -> tuple[Move, ...]:
    """Return every indicator of either, the farthest move first. The moves sum to the difference of the exact scores."""
    old, new = ({line.code: line for line in lines} for lines in (before, after))
    moves = []
    for code in {**new, **old}:
        was, is_ = old.get(code), new.get(code)
        by = (is_.contribution if is_ else Decimal(0)) - (was.contribution if was else Decimal(0))
        moves.append(Move(code, was, is_, by, _why(was, is_)))
    return tuple(sorted(moves, key=lambda move: (-abs(move.by), move.code)))


def _why(was: ScoreLine | None, is_: ScoreLine | None) -> str:
    if was is None or is_ is None:
        return "added" if was is None else "removed"
    if was.value != is_.value:
        return "value"
    if was.weight != is_.weight:
        return "weight"
    return "same" if was.points == is_.points else "rule"
