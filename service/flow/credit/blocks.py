"""Credit blocks: a customer gets no more credit, by a plan or a person, until two people lift it; and what other systems may ask."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from credit.shipped import in_english
from credit.warning_life import demand_second
from service.access.policy import Actor
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.common.guard import require
from service.flow.common.sight import sees_customer
from service.flow.credit.deliveries import News, tell
from service.flow.credit.receivables import Owed, owed_by, settle_due
from service.flow.credit.warning_desk import Desk, lock_customers
from service.house import House
from service.records import audit
from service.records.tables import AssessmentRecord, CreditBlock, Customer, Person, WarningRecord, new_id


@dataclass(frozen=True)
class CreditStatus:
    """What other systems ask before they deliver. grade, score, line: of the assessment in force, None for none. Yuan.

    exposure: open invoices and orders. free: of the line, never below 0. block: the one that stands.
    """

    customer: Customer
    grade: str | None
    score: Decimal | None
    assessed_on: date | None
    line: Decimal | None
    owed: Owed
    block: CreditBlock | None

    @property
    def free(self) -> Decimal | None:
        """What of the line is not used; None where there is no line."""
        return None if self.line is None else max(self.line - self.owed.exposure, Decimal(0))


def standing_block(session: Session, customer_id: str) -> CreditBlock | None:
    """Return the block that stands against a customer."""
    return session.scalar(select(CreditBlock).where(CreditBlock.standing == customer_id))


def set_block(
    house: House,
    session: Session,
    customer: Customer,
    reason: str,
    by: str,
    *,
    people: Iterable[Person],
    warning: WarningRecord | None = None,
) -> CreditBlock | None:
    """Block a customer that the caller has locked; None, and nothing changed, where a block stands already."""
    if standing_block(session, customer.id) is not None:
        return None
    block = CreditBlock(
        id=new_id(),
        customer_id=customer.id,
        standing=customer.id,
        warning_id=warning.id if warning else None,
        reason=reason,
        set_by=by,
        set_at=house.clock.now(),
    )
    session.add(block)
    session.flush()
    _tell(house, session, customer, block, "credit.blocked", people)
    audit.append(session, by, "credit.block", f"customer:{customer.id}", {"block": block.id, "reason": reason})
    return block


def _tell(
    house: House, session: Session, customer: Customer, block: CreditBlock, event: str, people: Iterable[Person]
) -> None:
    blocked = event == "credit.blocked"
    news = News(
        event=event,
        event_id=f"{block.id}:{'set' if blocked else 'lifted'}",
        customer=customer,
        zh=f"信用已冻结：{block.reason}" if blocked else f"信用冻结已解除：{block.lift_reason}",
        en=f"credit blocked: {in_english(block.reason)}" if blocked else f"credit block lifted: {block.lift_reason}",
        path=f"/customers/{customer.id}/warnings",
        data={"credit": {"blocked": blocked, "reason": block.reason if blocked else block.lift_reason}},
        warning_id=block.warning_id,
    )
    tell(house, session, news, people)


def block_customer(house: House, actor: Actor, customer_id: str, reason: str) -> CreditBlock:
    """Block a customer by hand. Raises NotFound, NotAllowed, BadInput, RuleRefused (blocked already)."""
    reason = _reason(reason)
    with house.database.write() as session:
        customer = locked_customer(session, actor, customer_id, "credit.block")
        people = Desk(house, session).about_block(customer_id)
        block = set_block(house, session, customer, reason, actor.name, people=people)
        if block is None:
            raise RuleRefused("this customer's credit is blocked already")
        return block


def ask_lift(house: House, actor: Actor, customer_id: str, reason: str) -> None:
    """Ask for the lifting, with a reason; a second person lifts. Raises NotFound, NotAllowed, BadInput, RuleRefused."""
    reason = _reason(reason)
    with house.database.write() as session:
        locked_customer(session, actor, customer_id, "credit.block")
        block = _standing(session, customer_id)
        if block.lift_asked_by is not None:
            raise RuleRefused("the lifting was asked for already; a second person decides")
        block.lift_asked_by, block.lift_reason = actor.name, reason
        detail = {"block": block.id, "reason": reason}
        audit.append(session, actor.name, "credit.ask_lift", f"customer:{customer_id}", detail)


def decide_lift(house: House, actor: Actor, customer_id: str, *, lift: bool) -> None:
    """Lift a block as the second person, or let it stand. Raises NotFound, NotAllowed, RuleRefused, CreditError (one's own)."""
    with house.database.write() as session:
        customer = locked_customer(session, actor, customer_id, "credit.block")
        block = _standing(session, customer_id)
        demand_second(block.lift_asked_by, actor.name)
        if lift:
            block.standing, block.lifted_by, block.lifted_at = None, actor.name, house.clock.now()
            _tell(house, session, customer, block, "credit.unblocked", Desk(house, session).about_block(customer_id))
        else:
            block.lift_asked_by = None
        verb = "unblock" if lift else "keep_block"
        audit.append(session, actor.name, f"credit.{verb}", f"customer:{customer_id}", {"block": block.id})


def _standing(session: Session, customer_id: str) -> CreditBlock:
    block = standing_block(session, customer_id)
    if block is None:
        raise RuleRefused("this customer's credit is not blocked")
    return block


def _reason(text: str) -> str:
    if not text.strip() or len(text) > 500:
        raise BadInput("reason: say why, in at most 500 characters", {"reason": "say why, in at most 500 characters"})
    return text.strip()


def locked_customer(session: Session, actor: Actor, customer_id: str, action: str) -> Customer:
    """Return a customer that the actor may act on, locked. Raises NotFound (not in sight), NotAllowed (seen by a grant alone, too)."""
    if not sees_customer(session, actor, customer_id):
        raise NotFound(f"there is no customer {customer_id}")
    require(actor, action)
    if actor.grants and not sees_customer(session, replace(actor, grants=()), customer_id):
        raise NotAllowed(f"{action}: it belongs to another department")
    return lock_customers(session, [customer_id])[customer_id]


def blocks_of(session: Session, customer_id: str) -> list[CreditBlock]:
    """Return all blocks of a customer, newest first."""
    query = select(CreditBlock).where(CreditBlock.customer_id == customer_id)
    return list(session.scalars(query.order_by(CreditBlock.set_at.desc(), CreditBlock.id)))


def status_in(house: House, session: Session, customer: Customer) -> CreditStatus:
    """Return a customer's credit status; the caller has asked who may see it."""
    today = house.clock.today()
    settle_due(session, [customer.id], today)
    owed = owed_by(session, [customer.id], today).get(customer.id, Owed())
    row = AssessmentRecord
    current = session.scalar(select(row).where(row.customer_id == customer.id, row.state == "in_force"))
    block = standing_block(session, customer.id)
    if current is None:
        return CreditStatus(customer, None, None, None, None, owed, block)
    return CreditStatus(customer, current.grade, current.score, current.assessed_on, current.line, owed, block)


def credit_status(house: House, actor: Actor, word: str) -> CreditStatus:
    """Return the credit status of a customer by id, number or credit code, and note the reading. Raises NotFound, NotAllowed."""
    with house.database.write() as session:
        named = select(Customer).where(or_(Customer.id == word, Customer.number == word, Customer.code == word))
        customer = session.scalars(named.limit(1)).first()
        if not sees_customer(session, actor, customer.id if customer else word) or customer is None:
            raise NotFound(f"there is no customer {word}")
        require(actor, "credit.read")
        status = status_in(house, session, customer)
        audit.append(session, actor.name, "credit.status", f"customer:{customer.id}")
        return status


def grade_changed(
    house: House, session: Session, customer: Customer, before: str | None, after: str, assessment_id: str
) -> None:
    """Tell those concerned, and the webhooks, that another grade is in force. In the caller's transaction; the same grade tells nobody."""
    if before == after:
        return
    news = News(
        event="grade.changed",
        event_id=f"{assessment_id}:grade",
        customer=customer,
        zh=f"信用等级：{before or '—'} → {after}",
        en=f"credit grade: {before or 'none'} → {after}",
        path=f"/customers/{customer.id}",
        data={"grade": {"before": before, "after": after}},
    )
    tell(house, session, news, Desk(house, session).told_at(customer.id, 0))


def status_as_json(status: CreditStatus) -> dict[str, Any]:
    """Return a credit status as plain JSON values; amounts in yuan as decimal text."""
    block = status.block
    return {
        "customer": {
            "id": status.customer.id,
            "number": status.customer.number,
            "code": status.customer.code,
            "name": status.customer.name,
        },
        "grade": status.grade,
        "score": f"{status.score:.2f}" if status.score is not None else None,
        "assessed_on": status.assessed_on.isoformat() if status.assessed_on else None,
        "line": f"{status.line:.2f}" if status.line is not None else None,
        "exposure": f"{status.owed.exposure:.2f}",
        "free": f"{status.free:.2f}" if status.free is not None else None,
        "overdue_amount": f"{status.owed.overdue_amount:.2f}",
        "overdue_days": status.owed.overdue_days,
        "blocked": block is not None,
        "block": None
        if block is None
        else {
            "reason": block.reason,
            "reason_en": in_english(block.reason),
            "since": block.set_at.isoformat(),
            "warning_id": block.warning_id,
        },
    }
