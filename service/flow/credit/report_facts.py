"""What a credit report counts, read from the database: of one customer, and of all that a person may see (RULES A5.1).

A report speaks of a day: assessments that had taken effect, contracts that were signed, books as they stood, warnings as they were. Whatever was entered
later about an earlier day is in it, too.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from credit import reports as rules
from credit.freshness import reassessment_due
from credit.periods import month_ends
from credit.receivables import Ledger, behaviour
from credit.reports import Raised, Rated
from service.access.policy import TIERS, Actor
from service.clock import CHINA
from service.flow.common.sight import customers_in_sight, visible, visible_contracts
from service.flow.credit.books import ledgers_of
from service.flow.credit.cards import cards_of
from service.records.credit_facts import ContractLine, CustomerFacts, FactLine, PortfolioFacts, day_in_effect
from service.records.tables import (
    AssessmentRecord,
    CaseFile,
    Contract,
    Customer,
    CustomerFact,
    Document,
    FactDuty,
    Person,
    WarningRecord,
)

#: Contracts that still bind: what is signed and not over.
RUNNING = ("signed", "performing", "amended")
#: How many customers are read at once: databases limit what a question may name.
_AT_ONCE = 500
MONTHS = 12


def customer_facts(session: Session, actor: Actor, customer: Customer, as_of: date) -> CustomerFacts:
    """Return what a report about a customer holds, as far as `actor` may see it; the caller has asked for the customer itself."""
    query = select(AssessmentRecord).where(
        AssessmentRecord.customer_id == customer.id, AssessmentRecord.state.in_(("in_force", "replaced"))
    )
    made = session.scalars(query.order_by(AssessmentRecord.decided_at, AssessmentRecord.made_at)).all()
    rated = tuple(row for row in made if day_in_effect(row) <= as_of)
    since = customer.created_at.astimezone(CHINA).date()
    last = max((row.assessed_on for row in rated), default=None)
    contracts, tiers = _contracts(session, actor, customer.id, as_of)
    files = select(CaseFile.id).where(CaseFile.customer_id == customer.id)
    found = visible(select(Document).where(Document.status != "destroyed", Document.case_file_id.in_(files)), actor)
    papers = [d for d in session.scalars(found.order_by(Document.received_at)) if _day(d.received_at) <= as_of]
    tiers += [max(d.tier, d.case_file.tier if d.case_file else "public", key=TIERS.index) for d in papers]
    ledger = ledgers_of(session, [customer.id], as_of).get(customer.id)
    return CustomerFacts(
        customer=customer,
        as_of=as_of,
        rated=rated,
        due=reassessment_due(last, since, (), as_of),
        contracts=contracts,
        standings=rules.trend([ledger] if ledger else [], month_ends(as_of, MONTHS)),
        habits={c: behaviour(ledger, as_of, c) for c in _currencies(ledger)} if ledger else {},
        warnings=tuple(_warnings(session, customer.id, as_of)),
        facts=tuple(_facts(session, customer.id, as_of)),
        documents=tuple((d.title or d.filename, d.category, d.verification, _day(d.received_at)) for d in papers),
        evidence={d.id: d.title or d.filename for d in papers},
        indicators=_indicators(session, rated),
        people={f"person:{login}": name for login, name in session.execute(select(Person.login, Person.name))},
        tier=max(tiers, key=TIERS.index, default="internal"),
    )


def _day(at: datetime) -> date:
    return at.astimezone(CHINA).date()


def _currencies(ledger: Ledger) -> list[str]:
    return sorted({invoice.currency for invoice in ledger.invoices.values()})


def _indicators(session: Session, rated: Sequence[AssessmentRecord]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return what the indicators of assessments are called: as their scorecard, of that version, calls them."""
    cards = cards_of(session, {row.scorecard for row in rated})
    return {
        (version, one.code): (one.zh, one.en) for version, card in cards.items() for one in card.scorecard.indicators
    }


def _contracts(
    session: Session, actor: Actor, customer_id: str, as_of: date
) -> tuple[tuple[ContractLine, ...], list[str]]:
    """Return the contracts of a customer that the actor sees, signed until a day, and the tiers of their files."""
    query = visible_contracts(actor).where(Contract.customer_id == customer_id, Contract.status != "cancelled")
    rows = [c for c in session.scalars(query.order_by(Contract.number)) if c.signed_on is None or c.signed_on <= as_of]
    tiers = session.scalars(select(CaseFile.tier).where(CaseFile.contract_id.in_([c.id for c in rows]))).all()
    lines = tuple(
        ContractLine(c.number, c.title, c.signed_on, c.amount, c.currency, c.status, c.department.name) for c in rows
    )
    return lines, list(tiers)


def _warnings(session: Session, customer_id: str, as_of: date) -> list[WarningRecord]:
    query = select(WarningRecord).where(WarningRecord.customer_id == customer_id, WarningRecord.opened_on <= as_of)
    return list(session.scalars(query.order_by(WarningRecord.opened_on.desc(), WarningRecord.id)))


def _facts(session: Session, customer_id: str, as_of: date) -> list[FactLine]:
    """Return where each kind of information stands; its value as it is true on the day and known now."""
    values: dict[str, str] = {}
    said = select(CustomerFact).where(
        CustomerFact.customer_id == customer_id, CustomerFact.valid_from <= as_of, CustomerFact.withdrawn_at.is_(None)
    )
    for fact in session.scalars(said.order_by(CustomerFact.known_at, CustomerFact.seq)):
        if fact.valid_until is None or as_of <= fact.valid_until:
            values[fact.kind] = fact.value
    query = select(FactDuty, Person.name).outerjoin(Person, Person.id == FactDuty.responsible_id)
    rows = session.execute(
        query.where(FactDuty.customer_id == customer_id).order_by(FactDuty.key.desc(), FactDuty.kind)
    )
    return [
        FactLine(duty.kind, values.get(duty.kind, ""), duty.state, duty.checked_on, duty.due_on, name or "")
        for duty, name in rows
    ]


def portfolio_facts(
    session: Session, actor: Actor, first: date, as_of: date, told: Callable[[int, int], None] | None = None
) -> PortfolioFacts:
    """Return what a report about all customers in sight of `actor` holds; warnings of the days from `first` to `as_of`.

    told: called with how many customers' books were read, of how many.
    """
    query = select(Customer.id, Customer.number, Customer.name, Customer.created_at).where(customers_in_sight(actor))
    names: dict[str, tuple[str, str]] = {}
    since: dict[str, date] = {}
    for id_, number, name, created_at in session.execute(query):
        names[id_], since[id_] = (number, name), _day(created_at)
    ids = sorted(names)
    rated, assessed = rated_of(session, ids if len(ids) <= _AT_ONCE else None, as_of)
    now = {c: row.grade for c, row in rules.grades_on(rated, as_of).items() if c in names}
    a_year_ago = as_of - timedelta(days=365)
    before = {c: row.grade for c, row in rules.grades_on(rated, a_year_ago).items() if c in names}
    ledgers = settled_of(session, ids, as_of, told)
    standings = rules.trend(ledgers.values(), month_ends(as_of, MONTHS))
    return PortfolioFacts(
        first=first,
        as_of=as_of,
        customers=len(ids),
        grades=rules.count_grades(ids, now),
        moved=rules.migration(ids, before, now),
        late=tuple(rules.late_assessments(since, {c: d for c, d in assessed.items() if c in names}, as_of)),
        standings=standings,
        owed={c: rules.concentration(amounts) for c, amounts in _owed(ledgers).items()},
        bound={c: rules.concentration(amounts) for c, amounts in _bound(session, actor, as_of).items()},
        response=rules.response(raised_of(session, names, as_of), first, as_of),
        names=names,
    )


def rated_of(session: Session, ids: Sequence[str] | None, as_of: date) -> tuple[list[Rated], dict[str, date]]:
    """Return the assessments that took effect until a day, in that order, and customer -> the latest day assessed. ids: None for all."""
    columns = (AssessmentRecord.customer_id, AssessmentRecord.assessed_on, AssessmentRecord.decided_at)
    query = select(*columns, AssessmentRecord.score, AssessmentRecord.grade)
    query = query.where(AssessmentRecord.state.in_(("in_force", "replaced")), AssessmentRecord.assessed_on <= as_of)
    if ids is not None:
        query = query.where(AssessmentRecord.customer_id.in_(ids))
    found: list[Rated] = []
    last: dict[str, date] = {}
    for customer, on, decided_at, score, grade in session.execute(query.order_by(AssessmentRecord.decided_at)):
        effect = max(on, _day(decided_at)) if decided_at else on
        if effect <= as_of:
            found.append(Rated(customer, effect, score, grade))
            last[customer] = max(on, last.get(customer, on))
    return found, last


def settled_of(
    session: Session, ids: Sequence[str], as_of: date, told: Callable[[int, int], None] | None = None
) -> dict[str, Ledger]:
    """Return customer -> settled books of a day, of those who have any. told: as in `portfolio_facts`."""
    found: dict[str, Ledger] = {}
    for at in range(0, len(ids), _AT_ONCE):
        if told is not None:
            told(at, len(ids))
        found |= ledgers_of(session, ids[at : at + _AT_ONCE], as_of)
    return found


def _owed(ledgers: Mapping[str, Ledger]) -> dict[str, dict[str, Decimal]]:
    """Return currency -> customer -> what is open."""
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for customer, ledger in ledgers.items():
        for number, amount in ledger.open.items():
            sums[ledger.invoices[number].currency][customer] += amount
    return dict(sorted(sums.items()))


def _bound(session: Session, actor: Actor, as_of: date) -> dict[str, dict[str, Decimal]]:
    """Return currency -> customer -> the amounts of contracts in sight that were signed and not over on the day."""
    seen = visible_contracts(actor).with_only_columns(Contract.id)
    query = select(Contract.customer_id, Contract.currency, func.sum(Contract.amount)).where(
        Contract.id.in_(seen),
        Contract.customer_id.is_not(None),
        Contract.amount.is_not(None),
        Contract.signed_on <= as_of,
        Contract.status != "cancelled",
        (Contract.ended_on.is_(None)) | (Contract.ended_on > as_of),
    )
    sums: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for customer, currency, amount in session.execute(query.group_by(Contract.customer_id, Contract.currency)):
        sums[currency][customer or ""] = Decimal(amount or 0)
    return dict(sorted(sums.items()))


def raised_of(session: Session, names: Iterable[str], as_of: date) -> list[Raised]:
    """Return the warnings of some customers that were raised until a day."""
    known = set(names)
    columns = (WarningRecord.customer_id, WarningRecord.kind, WarningRecord.severity, WarningRecord.opened_on)
    query = select(*columns, WarningRecord.acknowledged_at, WarningRecord.closed_at, WarningRecord.level)
    return [
        Raised(kind, on, _day(heard) if heard else None, _day(closed) if closed else None, severity, level > 0)
        for customer, kind, severity, on, heard, closed, level in session.execute(
            query.where(WarningRecord.opened_on <= as_of)
        )
        if customer in known
    ]
