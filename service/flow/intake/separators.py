"""Separator sheets for what is in the archive: for a contract, a customer, a category, or just a new document."""

from dataclasses import dataclass
from typing import Literal, cast

from sqlalchemy import select

from intake.batches.payload import Separator, encode
from service.access.policy import Actor
from service.errors import BadInput, NotFound
from service.flow.archive.ledger import load_contract
from service.flow.common.guard import require
from service.flow.intake.categories import CATEGORIES
from service.house import House
from service.records.tables import Contract, Customer

MAX_COPIES = 100


@dataclass(frozen=True)
class Wanted:
    """A separator, and the names behind its numbers for people to read."""

    separator: Separator
    contract_title: str = ""
    customer_name: str = ""


def separator_for(
    house: House, actor: Actor, *, starts: str = "document", contract: str = "", customer: str = "", category: str = ""
) -> Wanted:
    """Return the separator for these numbers, each of which must exist. Raises BadInput, NotAllowed."""
    require(actor, "document.upload")
    contract, customer, category = contract.strip(), customer.strip(), category.strip()
    wrong: dict[str, str] = {}
    if starts not in ("document", "file"):
        wrong["starts"] = "one of document, file"
    if category and category not in CATEGORIES:
        wrong["category"] = "there is no such category"
    title = name = ""
    with house.database.read() as session:
        if contract:
            row = session.scalar(select(Contract).where(Contract.number == contract))
            try:
                title = load_contract(session, actor, row.id if row else "").title
            except NotFound:
                wrong["contract"] = "there is no such contract"
        if customer:
            require(actor, "customer.read")
            found = session.scalar(select(Customer).where(Customer.number == customer))
            if found is None:
                wrong["customer"] = "there is no such customer"
            else:
                name = found.name
    if wrong:
        raise BadInput("; ".join(f"{field}: {why}" for field, why in wrong.items()), wrong)
    separator = Separator(cast("Literal['document', 'file']", starts), contract, customer, category)
    try:
        encode(separator)
    except ValueError as error:
        raise BadInput(f"contract: {error}", {"contract": str(error)}) from error
    return Wanted(separator, title, name)
