"""Loans: who reads which file, and when it comes back."""

from datetime import timedelta

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.flow.archive import loans as flow
from service.web.context import act, actor, house
from service.web.site import web
from service.web.text import gettext


def _page() -> str:
    today, found = house().clock.today(), flow.list_loans(house(), actor())
    shown = flow.shown(house(), actor(), found)
    return render_template("loans.html", loans=found, shown=shown, in_two_weeks=today + timedelta(days=14))


@web.get("/loans")
def loans() -> ResponseReturnValue:
    """Show the requests, open ones first."""
    return _page()


@web.post("/loans")
def ask_by_number() -> ResponseReturnValue:
    """Ask for a file by its archive number or its contract's number."""
    form = request.form
    return act(
        lambda: flow.ask(house(), actor(), form.get("number", ""), form.get("purpose", "")),
        _page,
        done=gettext("查阅申请已交给档案管理员。"),
        to=url_for("web.loans"),
    )


@web.post("/loans/<loan_id>/decide")
def decide_loan(loan_id: str) -> ResponseReturnValue:
    """Lend, or refuse with a reason."""
    form = request.form
    grant, electronic = form.get("grant") == "yes", form.get("how") == "electronic"
    said = {"due_back": form.get("due_back", ""), "reason": form.get("reason", "")}
    return act(
        lambda: flow.decide_loan(house(), actor(), loan_id, grant=grant, electronic=electronic, **said),
        _page,
        done=gettext("已借出。") if grant else gettext("未批准，理由已记下。"),
        to=url_for("web.loans"),
    )


@web.post("/loans/<loan_id>/back")
def give_back(loan_id: str) -> ResponseReturnValue:
    """Note that the file came back, and what the check found."""
    found, note = request.form.get("found", ""), request.form.get("note", "")
    whole = found == "whole"
    return act(
        lambda: flow.give_back(house(), actor(), loan_id, found, note),
        _page,
        done=gettext("已归还。") if whole else gettext("已归还，并登记了事故。"),
        to=url_for("web.loans") if whole else url_for("web.incident_list"),
    )
