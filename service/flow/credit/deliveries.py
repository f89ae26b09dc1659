"""Who is told what, and how it went (RULES A4.3): written with the change itself, so that neither is there without the other.

In the application a delivery is there as soon as it is written. E-mails and webhooks wait for the worker, which claims one, sends it, and notes
the answer: a worker that dies in between leaves it to the next, under the same id, so that the other side can tell that it knows it already.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common import claims
from service.flow.common.guard import listing, require
from service.flow.common.notices import Told, write_down
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import Customer, Delivery, DeliveryAttempt, MailAddress, Person

EVENTS = (
    "warning.opened",
    "warning.worse",
    "warning.escalated",
    "task.assigned",
    "credit.blocked",
    "credit.unblocked",
    "grade.changed",
    "assessment.due",
    "assessment.review",
)
#: What nobody is told twice of, even where a worker died while it sent one: nobody knows then whether it went out, and it is given up.
ONCE = frozenset({"search.news"})
#: A claimed delivery is taken up by another worker after this: longer than any attempt lasts.
LEASE = timedelta(seconds=60)
#: Pauses between attempts double from the first to the last; after so many attempts nobody tries any more.
FIRST_PAUSE, LONGEST_PAUSE, MOST_ATTEMPTS = timedelta(seconds=5), timedelta(hours=1), 40


@dataclass(frozen=True)
class News:
    """What is told. event_id: the same for the same event, however often it is told. zh, en: in one line. path: the page to open.

    customer: None where it is about several. data: what a webhook gets beside the customer. outside: whether webhooks are told.
    """

    event: str
    event_id: str
    customer: Customer | None
    zh: str
    en: str
    path: str
    data: dict[str, Any]
    warning_id: str | None = None
    outside: bool = True


@dataclass(frozen=True)
class Answer:
    """What the other side said to a delivery. final: it never will take it."""

    ok: bool
    text: str
    final: bool = False


def tell(
    house: House, session: Session, news: News, people: Iterable[Person], addresses: Collection[str] = ()
) -> list[str]:
    """Write down that these people, e-mail addresses and the settings' webhooks are told; returns the people's logins.

    In the caller's transaction, which also makes what is told. Nobody is told twice of one event on one channel.
    """
    settings, now = house.settings, house.clock.now()
    told = {person.id: person for person in people}
    mails: dict[str, str | None] = {}
    if settings.smtp is not None:
        own = select(MailAddress).where(MailAddress.person_id.in_(list(told)))
        mails = dict.fromkeys(addresses) | {row.address: row.person_id for row in session.scalars(own)}
    wanted: list[Told] = [("inbox", key, key) for key in told]
    wanted += [("mail", address, person_id) for address, person_id in mails.items()]
    wanted += [("webhook", url, None) for url in settings.webhooks if news.outside]
    customer = news.customer
    content = {
        "zh": news.zh,
        "en": news.en,
        "path": news.path,
        "customer": None
        if customer is None
        else {"id": customer.id, "number": customer.number, "code": customer.code, "name": customer.name},
        "data": news.data,
    }
    write_down(
        session,
        now,
        wanted,
        event_id=news.event_id,
        event=news.event,
        customer_id=customer.id if customer else None,
        warning_id=news.warning_id,
        content=content,
    )
    return sorted(person.login for person in told.values())


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts that failed: 5 s, 10 s, 20 s … up to an hour."""
    doubled: int = 1 << min(attempts - 1, 20)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def send_due(
    house: House, channel: str, send: Callable[[Delivery], Answer], *, target: str | None = None, most: int = 50
) -> int:
    """Send what is due on a channel (to one target), at most so many; returns how many were taken. Any number of workers may."""
    _give_up_lost(house, channel)
    due = select(Delivery).where(Delivery.channel == channel, Delivery.state == "waiting", _is_time(house.clock.now()))
    if target is not None:
        due = due.where(Delivery.target == target)
    with house.database.read() as session:
        waiting = list(session.scalars(due.order_by(Delivery.next_at, Delivery.id).limit(most)))
    for delivery in waiting:
        if _claim(house, delivery):
            _note(house, delivery.id, send(delivery))
    return len(waiting)


def _is_time(now: datetime) -> ColumnElement[bool]:
    """Whether a delivery is due; or further off than any is put off: a clock that was wrong wrote that."""
    return or_(Delivery.next_at <= now, Delivery.next_at > now + LONGEST_PAUSE + claims.AHEAD)


def _claim(house: House, seen: Delivery) -> bool:
    """Take a delivery that nobody took since it was seen; it is ours until the lease is over."""
    now = house.clock.now()
    state = "sending" if seen.event in ONCE else "waiting"
    mine = (
        update(Delivery)
        .where(Delivery.id == seen.id, Delivery.state == "waiting", Delivery.attempts == seen.attempts)
        .values(attempts=seen.attempts + 1, next_at=now + LEASE, state=state)
    )
    with house.database.write() as session:
        taken: int = session.execute(mine).rowcount  # type: ignore[attr-defined]  # of an UPDATE
        return taken == 1


def _give_up_lost(house: House, channel: str) -> None:
    """Give up what is told at most once and whose sender never said how it went: somebody may send it again by hand.

    A sender whose clock is ahead of ours by more than a lease is not taken for one.
    """
    lost = select(Delivery.id).where(Delivery.channel == channel, Delivery.state == "sending")
    with house.database.read() as session:
        ids = list(session.scalars(lost.where(_is_time(house.clock.now())).limit(50)))
    for delivery_id in ids:
        _note(house, delivery_id, Answer(ok=False, text="the sender was stopped: it may have gone out", final=True))


def _note(house: House, delivery_id: str, answer: Answer) -> None:
    """Note what came of an attempt."""
    now = house.clock.now()
    with house.database.write() as session:
        row = session.get_one(Delivery, delivery_id, with_for_update=True)
        session.add(DeliveryAttempt(delivery_id=row.id, at=now, ok=answer.ok, answer=answer.text[:300]))
        if row.state not in ("waiting", "sending"):
            return
        if answer.ok:
            row.state, row.sent_at = "sent", now
        elif answer.final or row.attempts >= MOST_ATTEMPTS:
            row.state = "given_up"
        else:
            row.state, row.next_at = "waiting", now + pause_after(row.attempts)
        if row.state != "waiting":
            detail = {"delivery": row.id, "event": row.event, "channel": row.channel, "attempts": row.attempts}
            verb = "sent" if row.state == "sent" else "give_up"
            audit.append(session, SYSTEM.name, f"delivery.{verb}", _about(row), detail)


def drop_unknown(house: House) -> int:
    """Give up what waits for a webhook that is in the settings no more; returns how many."""
    gone = select(Delivery.id).where(Delivery.channel == "webhook", Delivery.state == "waiting")
    gone = gone.where(Delivery.target.not_in(house.settings.webhooks or ("",)))
    with house.database.read() as session:
        ids = list(session.scalars(gone.limit(500)))
    for delivery_id in ids:
        _note(house, delivery_id, Answer(ok=False, text="the settings name this address no more", final=True))
    return len(ids)


def list_deliveries(house: House, actor: Actor, *, limit: int = 100, offset: int = 0) -> tuple[int, list[Delivery]]:
    """Return (how many in all, one page, newest first) of everything that was told. Raises NotAllowed."""
    require(actor, "delivery.read")
    with listing(house, actor, "delivery") as session:
        total = session.scalar(select(func.count()).select_from(Delivery)) or 0
        query = select(Delivery).order_by(Delivery.created_at.desc(), Delivery.id).limit(limit).offset(offset)
        return total, list(session.scalars(query))


def attempts_of(house: House, actor: Actor, delivery_ids: Collection[str]) -> dict[str, list[DeliveryAttempt]]:
    """Return the attempts of deliveries, in order. Raises NotAllowed."""
    require(actor, "delivery.read")
    query = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id.in_(delivery_ids))
    found: dict[str, list[DeliveryAttempt]] = {}
    with house.database.read() as session:
        for row in session.scalars(query.order_by(DeliveryAttempt.at, DeliveryAttempt.id)):
            found.setdefault(row.delivery_id, []).append(row)
    return found


def send_again(house: House, actor: Actor, delivery_id: str) -> None:
    """Let a delivery that was given up be tried anew, under the same id. Raises NotFound, NotAllowed, RuleRefused."""
    require(actor, "delivery.send")
    with house.database.write() as session:
        row = session.get(Delivery, delivery_id, with_for_update=True)
        if row is None:
            raise NotFound(f"there is no delivery {delivery_id}")
        if row.state != "given_up":
            raise RuleRefused(f"a delivery that is {row.state} is not sent again")
        row.state, row.attempts, row.next_at = "waiting", 0, house.clock.now()
        audit.append(session, actor.name, "delivery.again", _about(row), {"delivery": row.id})


def _about(row: Delivery) -> str:
    """Return whom or what the trail names for a delivery."""
    return f"customer:{row.customer_id}" if row.customer_id else f"delivery:{row.id}"


def inbox_of(house: House, actor: Actor, *, limit: int = 100, offset: int = 0) -> tuple[int, list[Delivery]]:
    """Return (how many in all, one page, newest first) of what a person was told."""
    require(actor, "inbox.read")
    mine = select(Delivery).where(Delivery.channel == "inbox", Delivery.person_id == (actor.person_id or ""))
    with house.database.read() as session:
        total = session.scalar(select(func.count()).select_from(mine.subquery())) or 0
        query = mine.order_by(Delivery.created_at.desc(), Delivery.id).limit(limit).offset(offset)
        return total, list(session.scalars(query))


def unread(actor: Actor) -> Select[str]:
    """Return a query for what a person was told and has not seen."""
    query = select(Delivery.id).where(Delivery.channel == "inbox", Delivery.person_id == (actor.person_id or ""))
    return query.where(Delivery.read_at.is_(None))


def mark_read(house: House, actor: Actor, delivery_id: str | None = None) -> int:
    """Note that a person saw something they were told, or all of it; returns how many were new. Raises NotFound."""
    require(actor, "inbox.mark")
    now: datetime = house.clock.now()
    with house.database.write() as session:
        mine = select(Delivery).where(Delivery.channel == "inbox", Delivery.person_id == (actor.person_id or ""))
        if delivery_id is not None:
            mine = mine.where(Delivery.id == delivery_id)
        rows = list(session.scalars(mine.with_for_update()))
        if delivery_id is not None and not rows:
            raise NotFound(f"there is no delivery {delivery_id}")
        fresh = [row for row in rows if row.read_at is None]
        for row in fresh:
            row.read_at = now
        if fresh:
            audit.append(session, actor.name, "inbox.read", actor.name, {"deliveries": [row.id for row in fresh][:100]})
        return len(fresh)


def mail_address_of(house: House, actor: Actor) -> str:
    """Return where a person wants to be told by e-mail, "" for nowhere. Raises NotAllowed."""
    require(actor, "inbox.read")
    with house.database.read() as session:
        row = session.get(MailAddress, actor.person_id or "")
        return row.address if row else ""


def set_mail_address(house: House, actor: Actor, address: str) -> None:
    """Note where a person wants to be told by e-mail; "" for nowhere. Raises BadInput, NotAllowed."""
    require(actor, "inbox.mark")
    address = address.strip()
    if address:
        demand_address(address, "address")
    if actor.person_id is None:
        raise BadInput("address: only a person has one", {"address": "only a person has one"})
    with house.database.write() as session:
        row = session.get(MailAddress, actor.person_id)
        if row is not None and not address:
            session.delete(row)
        elif address:
            row = row or MailAddress(person_id=actor.person_id)
            row.address, row.set_by, row.set_at = address, actor.name, house.clock.now()
            session.add(row)
        audit.append(session, actor.name, "inbox.address", actor.name, {"set": bool(address)})


def demand_address(address: str, name: str) -> None:
    """Raise BadInput for what is no e-mail address that a message can be sent to."""
    local, at, domain = address.rpartition("@")
    good = at and 0 < len(local) <= 64 and len(address) <= 254 and address.isascii() and address.isprintable()
    good = good and not set(address) & set(' ,;:<>()[]"\\') and "." in domain and all(domain.split("."))
    if not good:
        raise BadInput(
            f"{name}: an e-mail address such as a.person@example.com",
            {name: "an e-mail address such as a.person@example.com"},
        )


def delivery_as_json(row: Delivery) -> dict[str, Any]:
    """Return a delivery as plain JSON values."""
    return {
        "id": row.id,
        "event": row.event,
        "channel": row.channel,
        "target": row.target if row.channel != "inbox" else None,
        "customer_id": row.customer_id,
        "warning_id": row.warning_id,
        "text": {"zh": row.content["zh"], "en": row.content["en"]},
        "state": row.state,
        "attempts": row.attempts,
        "created_at": row.created_at.isoformat(),
        "sent_at": row.sent_at.isoformat() if row.sent_at else None,
        "read_at": row.read_at.isoformat() if row.read_at else None,
    }
