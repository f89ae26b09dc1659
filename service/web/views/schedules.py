"""The retention schedule: its versions, the editor, what a version would change."""

from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from retention.schedule_text import FIELDS, normal
from service.errors import KNOWN_ERRORS
from service.flow.archive import schedules as flow
from service.flow.common.guard import allowed, require
from service.web.context import act, actor, house, refused
from service.web.site import web
from service.web.text import gettext

SPARE = 3  # empty lines below the rules there are
_LISTS = ("categories", "events", "documents")


@web.get("/schedules")
def schedule_list() -> ResponseReturnValue:
    """Show the versions of the schedule."""
    return _list_page()


def _list_page() -> str:
    g.page = url_for("web.schedule_list")
    found = flow.versions(house(), actor())
    return render_template("schedules.html", versions=found, may_edit=allowed(actor(), "schedule.edit"))


@web.post("/schedules")
def new_schedule() -> ResponseReturnValue:
    """Begin a draft from another version."""
    form = request.form
    version = form.get("version", "").strip()

    def step() -> None:
        require(actor(), "schedule.edit")
        flow.save_draft(house(), actor(), version, flow.version_of(house(), actor(), form.get("of", "")).rules)

    try:
        step()
    except KNOWN_ERRORS as error:
        return refused(error, _list_page, url_for("web.schedule_list"))
    return redirect(url_for("web.schedule", version=version), 303)


def _page(version: str, tried: flow.WhatIf | None = None, rules: list[dict[str, Any]] | None = None) -> str:
    view = flow.version_of(house(), actor(), version)
    editable = view.state == "draft" and allowed(actor(), "schedule.edit")
    shown = list(view.rules) if rules is None else rules
    if editable:
        shown += [normal({"kind": "contract", "trigger": ""})] * SPARE
    return render_template(
        "schedule.html",
        view=view,
        rules=shown,
        editable=editable,
        may_activate=view.state == "draft" and allowed(actor(), "schedule.activate"),
        tried=tried,
    )


@web.get("/schedules/<version>")
def schedule(version: str) -> ResponseReturnValue:
    """Show a version and, when asked, what it would change."""
    if request.args.get("try"):
        try:
            tried = flow.what_if(house(), actor(), version)
        except KNOWN_ERRORS as error:
            return refused(error, lambda: _page(version), url_for("web.schedule", version=version))
        return _page(version, tried)
    return _page(version)


def _rows() -> list[dict[str, Any]]:
    """Return the rules of the form, those without a name and a period left out."""
    columns = {name: request.form.getlist(name) for name in FIELDS}
    found = []
    for at in range(len(columns["name"])):
        row: dict[str, Any] = {name: values[at].strip() for name, values in columns.items() if at < len(values)}
        if not (row.get("name") or row.get("period") or row.get("follows")):
            continue
        for name in _LISTS:
            row[name] = row.get(name, "").replace("，", ",").replace("、", ",").split(",")
        row["unknown_amount"] = row.get("unknown_amount") != "no"
        if row.get("follows"):
            row["trigger"] = ""
        found.append(row)
    return found


@web.post("/schedules/<version>")
def save_schedule(version: str) -> ResponseReturnValue:
    """Keep the draft as it was typed; what is wrong with it is told above it."""
    rules = _rows()
    return act(
        lambda: flow.save_draft(house(), actor(), version, rules, request.form.get("note", "")),
        lambda: _page(version, rules=[normal(rule) for rule in rules]),
        done=gettext("草案已保存。"),
        to=url_for("web.schedule", version=version),
    )


@web.post("/schedules/<version>/activate")
def activate_schedule(version: str) -> ResponseReturnValue:
    """Let a draft count."""
    return act(
        lambda: flow.activate(house(), actor(), version),
        lambda: _page(version),
        done=gettext("已启用。期限因此变长的案卷由后台逐卷更新，没有一卷缩短。"),
        to=url_for("web.schedule", version=version),
    )
