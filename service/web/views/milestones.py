"""Milestones of contracts: what is to be performed or paid, and what is overdue."""

from collections.abc import Callable

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.flow.archive import milestones as flow
from service.flow.intake import pages
from service.web.context import act, actor, house, offset_of
from service.web.site import web
from service.web.text import gettext
from service.web.views.archive import file_page

PAGE = 50


@web.get("/milestones")
def milestone_list() -> ResponseReturnValue:
    """Show what is open, the most urgent first; only what is overdue where the address says so."""
    late = bool(request.args.get("late"))
    total, found = flow.list_milestones(house(), actor(), late=late, limit=PAGE, offset=offset_of(PAGE))
    return render_template("milestones.html", total=total, items=found, size=PAGE, late=late)


def _on_file(file_id: str, step: Callable[[], object], done: str) -> ResponseReturnValue:
    to = url_for("web.case_file", case_file_id=file_id, _anchor="milestones")
    return act(step, lambda: file_page(file_id), done=done, to=to)


@web.post("/contracts/<contract_id>/milestones")
def add_milestone(contract_id: str) -> ResponseReturnValue:
    """Note what is to be performed or paid."""
    form = request.form
    file = pages.contract_file(house(), actor(), contract_id)
    kind, title, due_on, amount = (form.get(name, "").strip() for name in ("kind", "title", "due_on", "amount"))
    return _on_file(
        file.id,
        lambda: flow.add_milestone(house(), actor(), contract_id, kind, title, due_on, amount),
        gettext("节点已登记。"),
    )


@web.post("/milestones/<milestone_id>/done")
def finish_milestone(milestone_id: str) -> ResponseReturnValue:
    """Note that it was done."""
    form = request.form
    return _on_file(
        form.get("file", ""),
        lambda: flow.finish_milestone(
            house(), actor(), milestone_id, form.get("done_on", "").strip(), form.get("document_id", "")
        ),
        gettext("节点已完成。"),
    )


@web.post("/milestones/<milestone_id>/drop")
def drop_milestone(milestone_id: str) -> ResponseReturnValue:
    """Say that it is not due any more."""
    form = request.form
    return _on_file(
        form.get("file", ""),
        lambda: flow.drop_milestone(house(), actor(), milestone_id, form.get("reason", "")),
        gettext("节点已撤销。"),
    )
