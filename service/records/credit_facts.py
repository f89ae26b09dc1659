"""What a credit report holds (RULES A5.1): gathered by `flow/credit/report_facts.py`, drawn by `service/reports/`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from credit import reports as rules
from credit.freshness import Reassessment
from credit.receivables import Behaviour
from service.clock import CHINA
from service.records.tables import AssessmentRecord, Customer, WarningRecord


@dataclass(frozen=True)
class ContractLine:
    """A contract the reader may see."""

    number: str
    title: str
    signed_on: date | None
    amount: Decimal | None
    currency: str
    status: str
    department: str


@dataclass(frozen=True)
class FactLine:
    """A piece of collected information: where it stands, when it was checked, until when it is in time, who answers for it."""

    kind: str
    value: str
    state: str
    checked_on: date
    due_on: date
    responsible: str


@dataclass(frozen=True)
class CustomerFacts:
    """All of a report about one customer. documents: (title, category, verification, day it came) of those the reader may see.

    indicators: (version, code) -> name in both languages. people: what those are called who stand in the records. tier: the highest of what is in it. rated: what took effect until the day, the latest last.
    """

    customer: Customer
    as_of: date
    rated: tuple[AssessmentRecord, ...]
    due: Reassessment
    contracts: tuple[ContractLine, ...]
    standings: Mapping[str, Sequence[rules.Standing]]
    habits: Mapping[str, Behaviour]
    warnings: tuple[WarningRecord, ...]
    facts: tuple[FactLine, ...]
    documents: tuple[tuple[str, str, str, date], ...]
    evidence: Mapping[str, str]
    indicators: Mapping[tuple[str, str], tuple[str, str]]
    people: Mapping[str, str]
    tier: str

    @property
    def current(self) -> AssessmentRecord | None:
        """The assessment in effect on the day."""
        return self.rated[-1] if self.rated else None


@dataclass(frozen=True)
class PortfolioFacts:
    """All of a report about a portfolio. names: customer -> number and name. before: a year earlier, of those known then.

    late: customers whose yearly assessment is late, the longest first. owed, bound: by currency, open receivables and running contracts.
    """

    first: date
    as_of: date
    customers: int
    grades: Mapping[str, int]
    moved: rules.Migration
    late: tuple[str, ...]
    standings: Mapping[str, Sequence[rules.Standing]]
    owed: Mapping[str, rules.Concentration]
    bound: Mapping[str, rules.Concentration]
    response: rules.Response
    names: Mapping[str, tuple[str, str]]


def day_in_effect(row: AssessmentRecord) -> date:
    """Return the day an assessment took effect: that on which it was decided, never before the one it speaks of."""
    decided = row.decided_at.astimezone(CHINA).date() if row.decided_at else row.assessed_on
    return max(decided, row.assessed_on)


def state_on(row: WarningRecord, day: date) -> str:
    """Return where a warning stood on a day: open, acknowledged, closed; in_hand only while that is so now."""
    if row.closed_at is not None and row.closed_at.astimezone(CHINA).date() <= day:
        return "closed"
    if row.state == "in_hand":
        return "in_hand"
    return (
        "acknowledged"
        if row.acknowledged_at is not None and row.acknowledged_at.astimezone(CHINA).date() <= day
        else "open"
    )
