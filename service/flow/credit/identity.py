"""Identity: the name and the code under which a customer stands in the register follow from what was verified about it.

Nobody types again what two people found right on a licence; what it was called before stays in the history.
"""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.identity import Called, former_names
from intake.verification import VERIFIED
from service.access.policy import Actor
from service.errors import NotFound
from service.flow.common.index import touch_file
from service.flow.common.sight import sees_customer
from service.flow.credit.collected import History
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import CaseFile, Customer

_LONGEST_NAME = 200


def settle_identity(house: House, session: Session, customer: Customer, history: History) -> list[str]:
    """Bring name and code of the register in line with what is verified today; returns documents to index anew.

    A code is only put where none stood and nobody else has it: two codes are two companies, and people must look.
    """
    from stdnum.cn import uscc

    today = house.clock.today()
    changed = []
    name, code = _verified(history, "name", today), _verified(history, "code", today)
    if name and name != customer.name and len(name) <= _LONGEST_NAME:
        customer.name = name
        changed.append("name")
    if code and uscc.is_valid(code) and not customer.code and not _taken(session, code):
        customer.code = code
        changed.append("code")
    if not changed:
        return []
    session.flush()
    audit.append(session, SYSTEM.name, "customer.update", f"customer:{customer.id}", {"fields": changed})
    files = session.scalars(select(CaseFile.id).where(CaseFile.customer_id == customer.id))
    return [document_id for file_id in files for document_id in touch_file(session, file_id)]


def _verified(history: History, kind: str, today: date) -> str:
    known = history.at(kind, today)
    return known.fact.value if known is not None and known.state == VERIFIED else ""


def _taken(session: Session, code: str) -> bool:
    return session.scalar(select(Customer.id).where(Customer.code == code)) is not None


def former_names_of(house: House, history: History) -> list[Called]:
    """Return the names a customer no longer goes by, the latest first."""
    spans = history.spans("name")
    called = [Called(history.by_id[span.assertion.key].value, span.first, span.last) for span in spans]
    return former_names(called, house.clock.today())


def lead(session: Session, customer_id: str) -> Customer | None:
    """Return the customer of an id or, where it was merged, the one it leads to."""
    customer = session.get(Customer, customer_id)
    while customer is not None and customer.merged_into is not None:
        customer = session.get(Customer, customer.merged_into)
    return customer


def led_to(session: Session, actor: Actor, customer_id: str) -> Customer:
    """Return the customer an id leads to, if it is in sight. Raises NotFound, alike for what is not there and what is hidden."""
    customer = lead(session, customer_id)
    if not sees_customer(session, actor, customer.id if customer else customer_id) or customer is None:
        raise NotFound(f"there is no customer {customer_id}")
    return customer
