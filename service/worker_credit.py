"""What the worker does about credit beside its reading: the daily look, what nobody answered, and what people and programs are to be told."""

from collections.abc import Callable
from dataclasses import dataclass

from service.flow.credit.deliveries import drop_unknown, send_due
from service.flow.credit.duplicates import catch_up
from service.flow.credit.freshness_board import count_asked
from service.flow.credit.grade_news import tell_moved
from service.flow.credit.send_mail import Mailer
from service.flow.credit.send_webhook import send
from service.flow.credit.warnings import escalate, run_daily
from service.flow.upkeep import Upkeep
from service.house import House


@dataclass(frozen=True)
class Sending:
    """One way out, each with a thread of its own: a receiver that hangs holds up no other. Raises DatabaseUnavailable, BadSetting."""

    name: str
    work: Callable[[], object]
    seconds: float = 1.0

    def look(self) -> None:
        """Send what is due now."""
        self.work()


def watched(house: House) -> list[Upkeep | Sending]:
    """Return what is to be looked after; any number of workers may."""
    found: list[Upkeep | Sending] = [
        Upkeep("the daily look at all customers", lambda go_on: run_daily(house, go_on), seconds=2.0),
        Upkeep("the escalation of warnings", lambda _go_on: escalate(house), seconds=20.0),
        Upkeep("the comparison of customers", lambda go_on: catch_up(house, go_on), seconds=10.0),
        Upkeep("the boards of freshness", lambda go_on: count_asked(house, go_on), seconds=15.0),
        Upkeep("the grades that a run moved", lambda _go_on: tell_moved(house), seconds=10.0),
        Upkeep("the deliveries to nobody", lambda _go_on: drop_unknown(house), seconds=300.0),
    ]
    if house.settings.smtp is not None:
        found.append(Sending("the e-mails", Mailer(house).send_due))
    for number, url in enumerate(house.settings.webhooks, 1):
        found.append(Sending(f"webhook {number}", _to(house, url)))
    return found


def _to(house: House, url: str) -> Callable[[], object]:
    return lambda: send_due(house, "webhook", lambda delivery: send(house, delivery), target=url)
