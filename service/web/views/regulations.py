"""The register of regulations (RULES A6.2): versions, what changed, and the tasks that follow."""

from collections.abc import Callable

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.flow.credit import regulations as flow
from service.web.context import act, actor, house
from service.web.site import web
from service.web.text import gettext


def _register() -> str:
    late = bool(request.args.get("late"))
    me = actor()
    return render_template(
        "regulations.html",
        rows=flow.list_regulations(house(), me),
        tasks=flow.list_tasks(house(), me, late=late),
        late=late,
        me=me,
    )


@web.get("/regulations", endpoint="regulations")
def show() -> ResponseReturnValue:
    """Show the register and the tasks that are not done; with ?late=1 those past their day."""
    return _register()


@web.post("/regulations")
def add_regulation() -> ResponseReturnValue:
    """Enter a regulation."""
    form = request.form
    g.page = url_for("web.regulations")
    made: list[str] = []

    def step() -> None:
        given = (form.get("title", ""), form.get("issuer", ""), form.get("watcher", ""), form.get("number", ""))
        made.append(flow.add_regulation(house(), actor(), *given).id)

    answer = act(step, _register, done=gettext("法规已登记。"), to=url_for("web.regulations"))
    return redirect(url_for("web.regulation", regulation_id=made[0]), 303) if made else answer


def _regulation(regulation_id: str) -> str:
    return render_template("regulation.html", view=flow.get_regulation(house(), actor(), regulation_id), me=actor())


@web.get("/regulations/<regulation_id>")
def regulation(regulation_id: str) -> ResponseReturnValue:
    """Show a regulation with its versions and tasks."""
    return _regulation(regulation_id)


def _on(regulation_id: str, step: Callable[[], object], done: str) -> ResponseReturnValue:
    to = url_for("web.regulation", regulation_id=regulation_id)
    g.page = to
    return act(step, lambda: _regulation(regulation_id), done=done, to=to)


@web.post("/regulations/<regulation_id>/watcher")
def hand_watch(regulation_id: str) -> ResponseReturnValue:
    """Give the watch over."""
    watcher = request.form.get("watcher", "")
    return _on(
        regulation_id, lambda: flow.hand_watch(house(), actor(), regulation_id, watcher), gettext("跟踪人已改。")
    )


@web.post("/regulations/<regulation_id>/end")
def end_regulation(regulation_id: str) -> ResponseReturnValue:
    """Record that it is no longer in force."""
    ended_on = request.form.get("ended_on", "")
    return _on(
        regulation_id, lambda: flow.end_regulation(house(), actor(), regulation_id, ended_on), gettext("已登记失效。")
    )


@web.post("/regulations/<regulation_id>/versions")
def add_version(regulation_id: str) -> ResponseReturnValue:
    """Enter a version."""
    form = request.form
    document_id = form.get("document_id", "").strip().rstrip("/").rpartition("/")[2]
    given = (form.get("version", ""), form.get("in_force_on", ""), form.get("changed", ""), document_id)
    return _on(
        regulation_id, lambda: flow.add_version(house(), actor(), regulation_id, *given), gettext("新版已登记。")
    )


@web.post("/regulations/<regulation_id>/versions/<version_id>/tasks")
def add_task(regulation_id: str, version_id: str) -> ResponseReturnValue:
    """Give a task."""
    form = request.form
    given = (form.get("internal_rule", ""), form.get("task", ""), form.get("owner", ""), form.get("due_on", ""))
    return _on(regulation_id, lambda: flow.add_task(house(), actor(), version_id, *given), gettext("任务已布置。"))


@web.post("/regulations/<regulation_id>/tasks/<task_id>")
def finish_task(regulation_id: str, task_id: str) -> ResponseReturnValue:
    """Record what was done."""
    outcome = request.form.get("outcome", "")
    return _on(regulation_id, lambda: flow.finish_task(house(), actor(), task_id, outcome), gettext("任务已完成。"))
