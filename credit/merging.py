"""Two customers that turn out to be one: which of their two assessments stands until the next (RULES A1.1, A1.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from credit.scorecard import GRADES


@dataclass(frozen=True)
class InForce:
    """An assessment in force. key: which. line: yuan, None where no credit is given."""

    key: str
    grade: str
    line: Decimal | None
    assessed_on: date


def strictest(rows: Sequence[InForce]) -> InForce:
    """Return the one that allows least: the lower grade, then the lower credit line, then the older.

    Neither looked at all of the company, so the merger grants nothing that one of them did not; who assesses it anew may.
    Raises ValueError without any.
    """
    return max(rows, key=lambda row: (GRADES.index(row.grade), -(row.line or 0), -row.assessed_on.toordinal(), row.key))


def counted(
    replaced: Sequence[tuple[date, Decimal]], in_force: tuple[date, Decimal] | None
) -> list[tuple[date, Decimal]]:
    """Return (day, score) of what was ever in force so that what is in force comes last.

    Of two records that were one company the older assessment may be the one that stands; no later one says more than it.
    """
    if in_force is None:
        return list(replaced)
    on, score = in_force
    return [*replaced, (max([on, *(day for day, _ in replaced)]), score)]
