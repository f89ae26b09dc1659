"""Credit reports on demand (RULES A5.1): of one customer, and of all in sight of the reader; each reading and each export is noted."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import BadInput, NotFound
from service.flow.cards import cards_of
from service.flow.guard import require
from service.flow.report_facts import CustomerFacts, customer_facts, portfolio_facts
from service.flow.sight import sees_customer
from service.house import House
from service.records import audit
from service.records.tables import Customer
from service.reports.customer_report import customer_report
from service.reports.parts import Part, Report
from service.reports.portfolio_report import portfolio_report
from service.reports.report_files import to_pdf, to_xlsx
from service.reports.sheets import XLSX_TYPE
from service.typed import day_of

KINDS = ("customer", "portfolio")
#: Of no day before this is anything on record.
EARLIEST = date(1950, 1, 1)
#: form -> media type, and how it is made
FORMS = {"pdf": ("application/pdf", to_pdf), "xlsx": (XLSX_TYPE, to_xlsx)}


def day_asked(house: House, text: str) -> date:
    """Return the day a report is asked of: today without one. Raises BadInput for what is no date, lies ahead, or before `EARLIEST`."""
    try:
        day = day_of(text) if text else house.clock.today()
    except ValueError:
        day = date.max
    if not EARLIEST <= day <= house.clock.today():
        why = "a date YYYY-MM-DD, not in the future"
        raise BadInput(f"on: {why}", {"on": why})
    return day


def customer_analysis(
    house: House, actor: Actor, customer_id: str, *, language: str = "zh", on: str = "", form: str = ""
) -> Report:
    """Return the credit analysis of a customer as of a day. form: as what it leaves, for the trail.

    Raises BadInput, NotFound (also when nothing of the customer may be seen), NotAllowed.
    """
    require(actor, "credit_report.read")
    day = day_asked(house, on)
    with house.database.read() as session:
        customer = session.get(Customer, customer_id)
        if not sees_customer(session, actor, customer_id) or customer is None:
            raise NotFound(f"there is no customer {customer_id}")
        report = of_customer(session, customer_facts(session, actor, customer, day), language, maker_of(actor))
    _note(house, actor, f"customer:{customer_id}", "customer", day, form)
    return report


def of_customer(session: Session, found: CustomerFacts, language: str, maker: str) -> Report:
    """Return what was gathered as a report; indicators are called what their scorecard calls them."""
    cards = cards_of(session, {row.scorecard for row in found.rated})

    def names(version: str, code: str) -> tuple[str, str]:
        card = cards.get(version)
        known = {i.code: (i.zh, i.en) for i in card.scorecard.indicators} if card else {}
        return known.get(code, (code, code))

    return customer_report(found, language, names, maker)


def portfolio_analysis(
    house: House, actor: Actor, *, language: str = "zh", since: str = "", on: str = "", form: str = ""
) -> Report:
    """Return the report on all customers in sight, as of a day. since: from when warnings count, a year before without one.

    Raises BadInput, NotAllowed.
    """
    require(actor, "portfolio.read")
    day = day_asked(house, on)
    first = day_asked(house, since) if since else day - timedelta(days=364)
    if first > day:
        why = "lies after the day of the report"
        raise BadInput(f"since: {why}", {"since": why})
    with house.database.read() as session:
        report = portfolio_report(portfolio_facts(session, actor, first, day), language, maker_of(actor))
    _note(house, actor, "portfolio", "portfolio", day, form)
    return report


def maker_of(actor: Actor) -> str:
    """Return how whoever has a report made is called on it."""
    return actor.display or actor.name


def _note(house: House, actor: Actor, subject: str, kind: str, day: date, form: str) -> None:
    detail = {"kind": kind, "as_of": day.isoformat()} | ({"form": form} if form else {})
    with house.database.write() as session:
        audit.append(session, actor.name, "report.export" if form else "report.view", subject, detail)


def demand_form(form: str) -> None:
    """Raise BadInput for a form that no report is written in: before anything is counted."""
    if form not in FORMS:
        why = f"a report is written as {' or '.join(FORMS)}"
        raise BadInput(f"form: {why}", {"form": why})


def as_file(report: Report, form: str) -> tuple[bytes, str]:
    """Return (a report as `pdf` or `xlsx`, its media type). Raises NotFound for another form."""
    if form not in FORMS:
        raise NotFound(f"there is no report as {form}")
    media_type, make = FORMS[form]
    return make(report), media_type


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as plain JSON values; amounts and shares as decimal text."""
    return {
        "title": report.title,
        "lines": list(report.lines),
        "summary": list(report.summary),
        "parts": [_part_as_json(part) for part in report.parts],
    }


def _part_as_json(part: Part) -> dict[str, Any]:
    return {
        "title": part.title,
        "note": part.note,
        "columns": list(part.columns),
        "rows": [list(_plain(row)) for row in part.rows],
    }


def _plain(row: Iterable[object]) -> Iterable[object]:
    for cell in row:
        yield cell.isoformat() if isinstance(cell, date) else str(cell) if isinstance(cell, Decimal) else cell
