"""Upkeep of the stored objects, which the worker does beside its reading: locks, copies, keys that are renewed, and the scheduled verification."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from service.flow.archive import number_check, statistics
from service.flow.archive.check_samples import draw_asked, sample_due
from service.flow.archive.deadlines import escalate
from service.flow.archive.destroy import resume as carry_on_destructions
from service.flow.archive.incidents import open_overdue
from service.flow.archive.loans import end_electronic
from service.flow.archive.moved_deadlines import follow_calendar
from service.flow.archive.reminders import remind_loans, remind_milestones
from service.flow.archive.schedules import apply_waiting, follow_dealings
from service.flow.archive.yearly_appraisal import tell_yearly
from service.flow.common.counted import find_asked
from service.flow.common.locks import lock_waiting
from service.flow.credit.fact_documents import CatchUp
from service.flow.intake.shares import help_others
from service.flow.search.saved_searches import look_for_all
from service.flow.search.sketches import make_waiting
from service.flow.trust.fixity import fixity, is_due
from service.flow.trust.mend import mend_noticed
from service.flow.trust.renew import resume
from service.flow.trust.replicate import copy_waiting
from service.house import SYSTEM, House

#: One look does no more than this, so that a worker that ends leaves little behind that is not noted.
_SLICE = 30.0
#: How what is counted over everything is found, by the kind of its run.
COUNTINGS = {of.KIND: of.COUNTING for of in (number_check, statistics)}


@dataclass(frozen=True)
class Upkeep:
    """One thing that is looked after again and again. Any number of workers may do it, on any number of machines.

    work: does what is due, until the function it is given says no. Raises StoreUnavailable, DatabaseUnavailable.
    """

    name: str
    work: Callable[[Callable[[], bool]], object]
    seconds: float = 15.0

    def look(self) -> None:
        """Do what is due, for a moment."""
        end = time.monotonic() + _SLICE
        self.work(lambda: time.monotonic() < end)


def upkeep(house: House) -> list[Upkeep]:
    """Return what is to be looked after; each on its own, for the replica may be down while the store is not."""
    return [
        Upkeep("the reading of long documents", lambda go_on: help_others(house, go_on), seconds=2.0),
        Upkeep("the destructions", lambda go_on: carry_on_destructions(house, go_on, soon=False), seconds=2.0),
        Upkeep("the counts that were asked for", lambda go_on: find_asked(house, COUNTINGS, go_on), seconds=2.0),
        Upkeep("the sample that was asked for", lambda _go_on: draw_asked(house), seconds=2.0),
        Upkeep("the locking of objects", lambda go_on: lock_waiting(house, go_on=go_on)),
        Upkeep("the copying to the replica", lambda go_on: copy_waiting(house, go_on)),
        Upkeep("the mending of what readers met", lambda go_on: mend_noticed(house, go_on)),
        Upkeep("the sketches of documents", lambda go_on: make_waiting(house, go_on)),
        Upkeep("the saved searches", lambda go_on: look_for_all(house, go_on), seconds=60.0),
        Upkeep("what papers say of customers", CatchUp(house).look, seconds=600.0),
        Upkeep("the renewal of keys", lambda go_on: resume(house, go_on)),
        Upkeep("the deadlines by the calendar", lambda go_on: follow_calendar(house, go_on), seconds=600.0),
        Upkeep("the escalation of transfers", lambda go_on: escalate(house, go_on), seconds=600.0),
        Upkeep("the end of loans in electronic form", lambda _go_on: end_electronic(house), seconds=600.0),
        Upkeep("the reminders of loans", lambda _go_on: remind_loans(house), seconds=600.0),
        Upkeep("the reminders of milestones", lambda _go_on: remind_milestones(house), seconds=600.0),
        Upkeep("the incidents of overdue loans", lambda _go_on: open_overdue(house), seconds=600.0),
        Upkeep("the retention schedule", lambda go_on: apply_waiting(house, go_on), seconds=60.0),
        Upkeep("the customers dealt with again", lambda go_on: follow_dealings(house, go_on), seconds=600.0),
        Upkeep("the yearly sample of the four checks", lambda go_on: sample_due(house, go_on), seconds=60.0),
        Upkeep("the yearly appraisal", lambda _go_on: tell_yearly(house), seconds=600.0),
        Upkeep("the verification of the objects", lambda go_on: verify_due(house, go_on)),
    ]


def verify_due(house: House, go_on: Callable[[], bool]) -> bool:
    """Verify objects if a scheduled run is due, until `go_on` says no; returns whether any were."""
    if not is_due(house):
        return False
    for _report in fixity(house, SYSTEM, kind="scheduled", rate=float(house.settings.fixity_rate), go_on=go_on):
        pass
    return True
