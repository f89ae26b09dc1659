"""What is known of customers today, read for many at once: a handful of queries, whatever the number of customers (RULES A4.1)."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.merging import counted
from credit.warnings import CustomerState, Validity
from service.flow.credit.receivables import Owed, owed_by
from service.records.many import among
from service.records.tables import AssessmentRecord, CaseFile, Customer, Document, DocumentField, FactDuty

#: Documents whose end is watched, and the field that says whose they are.
WATCHED = {"licence": "code", "authorization": "code"}


def states_of(session: Session, customer_ids: Collection[str], today: date) -> dict[str, CustomerState]:
    """Return what the warning lines look at, for each of these customers."""
    scores, lines = _scores(session, customer_ids)
    owed = owed_by(session, customer_ids, today)
    validities = _validities(session, customer_ids)
    due = _due(session, customer_ids)
    nothing = Owed()
    found = {}
    for key in customer_ids:
        debt = owed.get(key, nothing)
        found[key] = CustomerState(
            scores=scores.get(key, ()),
            validities=validities.get(key, ()),
            due=due.get(key, {}),
            overdue_days=debt.overdue_days,
            overdue_amount=debt.overdue_amount,
            exposure=debt.exposure,
            credit_line=lines.get(key),
        )
    return found


def _scores(
    session: Session, customer_ids: Collection[str]
) -> tuple[dict[str, list[tuple[date, Decimal]]], dict[str, Decimal]]:
    """Return every score that was ever in force, and the credit lines that are."""
    row = AssessmentRecord
    query = select(row.customer_id, row.assessed_on, row.score, row.state, row.line)
    query = query.where(among(session, row.customer_id, customer_ids), row.state.in_(("in_force", "replaced")))
    replaced: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    current: dict[str, tuple[date, Decimal]] = {}
    lines: dict[str, Decimal] = {}
    # On one day the one that was made last is the one that counts: it comes last, and sorting keeps it there.
    for key, on, score, state, line in session.execute(query.order_by(row.assessed_on, row.made_at, row.id)):
        if state == "replaced":
            replaced[key].append((on, score))
            continue
        current[key] = on, score
        if line is not None:
            lines[key] = line
    keys = replaced.keys() | current.keys()
    return {key: counted(replaced.get(key, ()), current.get(key)) for key in keys}, lines


def _validities(session: Session, customer_ids: Collection[str]) -> dict[str, list[Validity]]:
    """Return until when licences and authorizations hold: of each kind the one that is valid longest, a newer copy replaces an older."""
    query = (
        select(CaseFile.customer_id, Customer.code, Document.id, Document.kind, DocumentField.name, DocumentField.value)
        .join(Document, Document.case_file_id == CaseFile.id)
        .join(DocumentField, DocumentField.document_id == Document.id)
        .join(Customer, Customer.id == CaseFile.customer_id)
        .where(
            among(session, CaseFile.customer_id, customer_ids),
            Document.kind.in_(WATCHED),
            Document.status != "destroyed",
        )
        .where(DocumentField.name.in_(("valid_until", *set(WATCHED.values()))), DocumentField.value != "")
        .order_by(Document.received_at, Document.id)
    )
    papers: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    codes: dict[str, str | None] = {}
    for key, code, document_id, kind, name, value in session.execute(query):
        papers[str(key), document_id, kind][name] = value
        codes[str(key)] = code
    longest: dict[tuple[str, str], Validity] = {}
    for (key, document_id, kind), values in papers.items():
        holder = values.get(WATCHED[kind])
        if not values.get("valid_until") or (holder and codes[key] and holder != codes[key]):
            continue  # somebody else's licence in the file, a guarantor's for instance
        until = _day(values["valid_until"])
        known = longest.get((key, kind))
        if known is None or (known.valid_until is not None and (until is None or until > known.valid_until)):
            longest[key, kind] = Validity(kind, document_id, until)  # type: ignore[arg-type]  # keys of WATCHED
    found: dict[str, list[Validity]] = defaultdict(list)
    for (key, _kind), validity in longest.items():
        found[key].append(validity)
    return found


def _day(value: str) -> date | None:
    """A date as documents carry it; long-term has no end, and what is no date cannot warn."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _due(session: Session, customer_ids: Collection[str]) -> dict[str, dict[str, date]]:
    """Return until when key information is to be renewed, by customer and kind; what ended is no information any more."""
    duty = FactDuty
    query = select(duty.customer_id, duty.kind, duty.due_on)
    query = query.where(among(session, duty.customer_id, customer_ids), duty.key.is_(True), duty.state != "none")
    found: dict[str, dict[str, date]] = defaultdict(dict)
    for key, kind, due_on in session.execute(query.order_by(duty.kind)):
        found[key][kind] = due_on
    return found
