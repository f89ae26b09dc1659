"""Credit reports on demand (RULES A5.1): of one customer, and of all in sight of the reader; each reading and each export is noted."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.counting import count_up_to
from service.flow.common.guard import require
from service.flow.common.sight import customers_in_sight, sees_customer
from service.flow.credit.report_facts import customer_facts, portfolio_facts
from service.house import House
from service.records import audit
from service.records.credit_facts import CustomerFacts, PortfolioFacts
from service.records.tables import Customer
from service.typed import day_of

KINDS = ("customer", "portfolio")
#: Of no day before this is anything on record.
EARLIEST = date(1950, 1, 1)
FORMS = ("pdf", "xlsx")
#: A report on more customers is made in the background.
MOST_AT_ONCE = 2000


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


def customer_analysis(house: House, actor: Actor, customer_id: str, *, on: str = "", form: str = "") -> CustomerFacts:
    """Return what the credit analysis of a customer holds, as of a day. form: as what it leaves, for the trail.

    Raises BadInput, NotFound (also when nothing of the customer may be seen), NotAllowed.
    """
    require(actor, "credit_report.read")
    day = day_asked(house, on)
    with house.database.read() as session:
        customer = session.get(Customer, customer_id)
        if not sees_customer(session, actor, customer_id) or customer is None:
            raise NotFound(f"there is no customer {customer_id}")
        found = customer_facts(session, actor, customer, day)
    _note(house, actor, f"customer:{customer_id}", "customer", day, form)
    return found


def demand_few(session: Session, actor: Actor) -> None:
    """Raise RuleRefused where so many customers are in sight that nobody waits for a report on them."""
    if count_up_to(session, select(Customer.id).where(customers_in_sight(actor)), MOST_AT_ONCE) > MOST_AT_ONCE:
        raise RuleRefused(f"more than {MOST_AT_ONCE} customers: order the report, it is made in the background")


def portfolio_analysis(
    house: House, actor: Actor, *, since: str = "", on: str = "", form: str = "", wait: bool = False
) -> PortfolioFacts:
    """Return what the report on all customers in sight holds, as of a day. since: from when warnings count, a year before without one.

    wait: however many they are. Raises BadInput, NotAllowed, RuleRefused.
    """
    require(actor, "portfolio.read")
    day = day_asked(house, on)
    first = day_asked(house, since) if since else day - timedelta(days=364)
    if first > day:
        why = "lies after the day of the report"
        raise BadInput(f"since: {why}", {"since": why})
    with house.database.read() as session:
        if not wait:
            demand_few(session, actor)
        found = portfolio_facts(session, actor, first, day)
    _note(house, actor, "portfolio", "portfolio", day, form)
    return found


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
