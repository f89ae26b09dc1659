"""What the worker looks after for assessments: runs over the portfolio, and forms that wait for their PDF."""

from service.flow.credit.assessment_plan import Planner
from service.flow.credit.credit_forms import file_wanted
from service.flow.credit.plan_news import tell_due
from service.flow.credit.portfolio_run import advance_all
from service.flow.credit.run_forms import want_all
from service.flow.upkeep import Upkeep
from service.house import House
from service.reports.credit_forms import form_pdf


def watched(house: House) -> list[Upkeep]:
    """Return what is to be looked after; any number of workers may."""
    return [
        Upkeep("the runs over the portfolio", lambda _go_on: advance_all(house), seconds=2.0),
        Upkeep("the yearly plan of assessments", Planner(house).look, seconds=60.0),
        Upkeep("the reminders of the yearly plan", lambda _go_on: tell_due(house), seconds=5.0),
        Upkeep("the forms of a run over the portfolio", lambda go_on: want_all(house, go_on), seconds=5.0),
        Upkeep("the forms of credit files", lambda go_on: file_wanted(house, form_pdf, go_on), seconds=2.0),
    ]
