"""A customer somebody may do something with: the same answer, after the same work, for one they may not see as for one that is not there."""

from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import NotFound
from service.flow.common.guard import require
from service.flow.common.sight import sees_customer
from service.records.tables import Customer


def load_customer(session: Session, actor: Actor, customer_id: str, action: str) -> Customer:
    """Return a customer the actor may do this with; locked, unless it is only read. Raises NotFound, NotAllowed."""
    customer = session.get(Customer, customer_id, with_for_update=None if action.endswith(".read") else True)
    if not sees_customer(session, actor, customer_id) or customer is None:
        raise NotFound(f"there is no customer {customer_id}")
    require(actor, action)
    return customer
