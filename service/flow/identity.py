"""Identity: the name and the code under which a customer stands in the register follow from what was verified about it.

Nobody types again what two people found right on a licence; what it was called before stays in the history.
"""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.identity import Called, former_names
from intake.verification import VERIFIED
from service.flow.collected import History
from service.flow.index import touch_file
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import CaseFile, Customer

_LONGEST_NAME, _CODE = 200, 18


def settle_identity(house: House, session: Session, customer: Customer, history: History) -> list[str]:
    """Bring name and code of the register in line with what is verified today; returns documents to index anew.

    A code is only put where none stood and nobody else has it: two codes are two companies, and people must look.
    """
    today = house.clock.today()
    changed = []
    name, code = _verified(history, "name", today), _verified(history, "code", today)
    if name and name != customer.name and len(name) <= _LONGEST_NAME:
        customer.name = name
        changed.append("name")
    if len(code) == _CODE and not customer.code and not _taken(session, code):
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
