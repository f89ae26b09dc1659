"""Champion and challengers (RULES A1.1): each scorecard held against what then happened to the customers it would have scored.

Customers are scored as of a day with the inputs of their assessment that was in force then; a default is an event (default,
bankruptcy) that became known within the year after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.card import Card
from credit.errors import CreditError
from credit.portfolio import BackTest, back_test
from credit.scorecard import Input, assess
from service.access.policy import Actor
from service.errors import BadInput
from service.flow.common.guard import require
from service.flow.credit.cards import card_in
from service.flow.credit.scoring import line_of_json
from service.house import House
from service.records import audit
from service.records.tables import AssessmentRecord, CreditEvent, ScorecardRecord

DEFAULTS = ("default", "bankruptcy_filing")
HORIZON = timedelta(365)


@dataclass(frozen=True)
class Tested:
    """One scorecard's back test. refused: customers it could not score. report: None, with `why`, where nothing can be ranked.

    average: of the scores; None where nobody was scored.
    """

    version: str
    state: str
    scored: int
    refused: int
    average: Decimal | None
    report: BackTest | None
    why: str = ""


@dataclass(frozen=True)
class Tests:
    """The back tests of several scorecards over the same customers. until: the end of the year after `on`, at most today."""

    on: date
    until: date
    customers: int
    tests: tuple[Tested, ...]


def back_tests(house: House, actor: Actor, versions: Sequence[str] = (), on: date | None = None) -> Tests:
    """Return how scorecards ranked what then happened; the active one and the tested ones where none is named.

    on: a year ago where not given. Raises NotAllowed, BadInput (a day that is not past, an unknown version).
    """
    require(actor, "scorecard.read")
    today = house.clock.today()
    on = on or today - HORIZON
    if on >= today:
        raise BadInput("on: a day in the past", {"on": "a day in the past"})
    with house.database.write() as session:
        chosen = _chosen(session, versions)
        inputs = _inputs(session, on)
        fallen = _fallen(session, on, min(on + HORIZON, today))
        audit.append(session, actor.name, "scorecard.compare", "scorecards", {"on": on.isoformat()})
    tests = tuple(_test(row, card, inputs, fallen) for row, card in chosen)
    return Tests(on, min(on + HORIZON, today), len(inputs), tests)


def _chosen(session: Session, versions: Sequence[str]) -> list[tuple[ScorecardRecord, Card]]:
    query = select(ScorecardRecord).order_by(ScorecardRecord.is_active, ScorecardRecord.version)
    wanted = ScorecardRecord.version.in_(versions) if versions else ScorecardRecord.state.in_(("active", "tested"))
    found = list(session.scalars(query.where(wanted)))
    unknown = sorted(set(versions) - {row.version for row in found})
    if unknown:
        why = f"there is no scorecard {', '.join(unknown)}"
        raise BadInput(f"versions: {why}", {"versions": why})
    return [(row, card_in(row)) for row in sorted(found, key=lambda row: (row.is_active is None, row.version))]


def _inputs(session: Session, on: date) -> dict[str, dict[str, Input]]:
    """Return the inputs of the assessment of each customer that was in force on a day."""
    query = (
        select(AssessmentRecord.customer_id, AssessmentRecord.lines)
        .where(AssessmentRecord.state.in_(("in_force", "replaced")), AssessmentRecord.assessed_on <= on)
        .order_by(AssessmentRecord.assessed_on, AssessmentRecord.made_at)
    )
    last: dict[str, list[dict[str, Any]]] = {row[0]: row[1] for row in session.execute(query)}  # the later ones stay
    return {
        customer_id: {
            line.code: Input(line.value, line.evidence, line.by, line.note) for line in map(line_of_json, lines)
        }
        for customer_id, lines in last.items()
    }


def _fallen(session: Session, after: date, until: date) -> set[str]:
    query = select(CreditEvent.customer_id).where(
        CreditEvent.kind.in_(DEFAULTS), CreditEvent.known_on > after, CreditEvent.known_on <= until
    )
    return set(session.scalars(query))


def _test(row: ScorecardRecord, card: Card, customers: dict[str, dict[str, Input]], fallen: set[str]) -> Tested:
    codes = {indicator.code for indicator in card.scorecard.indicators}
    outcomes, refused = [], 0
    for customer_id, inputs in customers.items():
        try:
            made = assess(card.scorecard, {code: given for code, given in inputs.items() if code in codes})
        except CreditError:
            refused += 1
            continue
        outcomes.append((made.score, made.grade, customer_id in fallen))
    average = None
    if outcomes:
        average = (sum((score for score, _, _ in outcomes), Decimal(0)) / len(outcomes)).quantize(Decimal("0.01"))
    try:
        report, why = back_test(outcomes), ""
    except CreditError as error:
        report, why = None, str(error)
    return Tested(row.version, row.state, len(outcomes), refused, average, report, why)


def tests_as_json(found: Tests) -> dict[str, Any]:
    """Return back tests as plain JSON values."""
    return {
        "on": found.on.isoformat(),
        "until": found.until.isoformat(),
        "customers": found.customers,
        "scorecards": [
            {
                "version": test.version,
                "state": test.state,
                "scored": test.scored,
                "refused": test.refused,
                "average": None if test.average is None else str(test.average),
                "why": test.why or None,
                "report": None
                if test.report is None
                else {
                    "defaults": test.report.defaults,
                    "gini": str(test.report.gini),
                    "ks": str(test.report.ks),
                    "ranked": test.report.ranked,
                    "rates": {grade: list(rate) for grade, rate in test.report.rates.items()},
                },
            }
            for test in found.tests
        ],
    }
