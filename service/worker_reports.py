"""What the worker looks after for credit reports: those whose period has ended, and those that were ordered."""

from service.flow.credit.report_runs import make_ordered
from service.flow.credit.report_schedules import make_due
from service.flow.upkeep import Upkeep
from service.house import House
from service.reports.drawing import drawn


def watched(house: House) -> list[Upkeep]:
    """Return what is to be looked after; any number of workers may."""
    return [
        Upkeep("the credit reports that are due", lambda go_on: make_due(house, drawn, go_on), seconds=300.0),
        Upkeep("the credit reports that were ordered", lambda go_on: make_ordered(house, drawn, go_on), seconds=2.0),
    ]
