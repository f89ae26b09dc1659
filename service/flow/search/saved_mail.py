"""E-mail about saved searches: who wants it for one is told of what is new in it, at once and then at most once an hour.

What waits to be sent names the search and no document, and not the search's words either: whoever looks after the deliveries may not know
them. The message is made when it goes out, of what its owner may see that moment, and it goes out once: a worker that dies while it sends one
leaves it given up (`deliveries.ONCE`). The news themselves stand in the archive all the same.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.access.people import actor_of_person
from service.errors import RuleRefused
from service.flow.common.guard import allowed
from service.flow.common.sight import visible
from service.flow.search.saved_news import new_in
from service.house import House
from service.records.tables import Delivery, Document, MailAddress, Person, SavedSearch, new_id

EVENT = "search.news"
PATH = "/search/saved"
PAUSE = timedelta(hours=1)


def demand_address(house: House, session: Session, person_id: str) -> None:
    """Raise RuleRefused where an e-mail to a person would go nowhere."""
    if house.settings.smtp is None:
        raise RuleRefused("this archive sends no e-mail: its settings name no server for it")
    if session.get(MailAddress, person_id) is None:
        raise RuleRefused("say first where you want to be told by e-mail")


def write_mail(house: House, session: Session, search: SavedSearch) -> None:
    """Let the owner of a search, locked by the caller, be told that there is something new in it; in the caller's transaction."""
    if not search.mail or house.settings.smtp is None:
        return
    address = session.get(MailAddress, search.person_id)
    if address is None:
        return
    waiting = select(Delivery).where(
        Delivery.channel == "mail", Delivery.state == "waiting", Delivery.person_id == search.person_id
    )
    # Locked: one that is taken up this moment counts what is new after us, or else is not waiting any more.
    rows = session.scalars(waiting.where(Delivery.event == EVENT).with_for_update())
    if any(row.content["data"]["saved_search"] == search.id for row in rows):
        return  # what it says is counted when it goes out
    now = house.clock.now()
    # What is due later waits still, unless a clock that was wrong wrote it.
    search.mailed_at = max(now, min(search.mailed_at, now) + PAUSE) if search.mailed_at else now
    session.add(
        Delivery(
            id=new_id(),
            event_id=f"search:{search.id}:{int(search.mailed_at.timestamp())}",
            event=EVENT,
            channel="mail",
            target=address.address,
            person_id=search.person_id,
            content={
                "zh": "保存的检索里有新的文件",
                "en": "There is something new in a saved search",
                "path": PATH,
                "data": {"saved_search": search.id},
            },
            state="waiting",
            attempts=0,
            next_at=search.mailed_at,
            created_at=now,
        )
    )


def said_now(house: House, delivery: Delivery) -> dict[str, Any] | None:
    """Return the content of a message about a saved search; None where there is nothing to tell its owner any more."""
    with house.database.read() as session:
        search = session.get(SavedSearch, delivery.content["data"]["saved_search"])
        person = session.get(Person, delivery.person_id or "")
        if search is None or person is None or not search.mail or person.disabled_at is not None:
            return None
        actor = actor_of_person(house, person)
        if not allowed(actor, "search"):
            return None
        found = visible(select(Document).where(new_in(search.id)), actor)
        news = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    if not news:
        return None
    are = "is 1 new document" if news == 1 else f"are {news} new documents"
    return delivery.content | {
        "zh": f"保存的检索“{search.name}”里有 {news} 件新的文件",
        "en": f"There {are} in your saved search “{search.name}”",
    }
