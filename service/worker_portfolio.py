"""What the worker looks after for assessments: runs over the portfolio, and forms that wait for their PDF."""

from service.flow.credit_forms import file_wanted
from service.flow.portfolio_run import advance_all
from service.flow.upkeep import Upkeep
from service.house import House
from service.reports.credit_forms import form_pdf


def watched(house: House) -> list[Upkeep]:
    """Return what is to be looked after; any number of workers may."""
    return [
        Upkeep("the runs over the portfolio", lambda _go_on: advance_all(house), seconds=2.0),
        Upkeep("the forms of credit files", lambda _go_on: file_wanted(house, form_pdf), seconds=2.0),
    ]
