"""The portfolio: whose re-assessment is due, runs over all customers with their progress and result (RULES A1.1, A1.2)."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from credit.scorecard import GRADES
from service.errors import KNOWN_ERRORS, BadInput, NotFound
from service.flow.common.guard import allowed
from service.flow.credit import assessment_plan, plan_lists
from service.flow.credit import portfolio as flow
from service.flow.credit.due_assessments import list_due
from service.flow.credit.expert_reviews import reviews_for
from service.typed import day_of
from service.web.context import act, actor, house, offset_of, refused
from service.web.site import web
from service.web.text import gettext
from service.web.views.assessments import assessments_page

PAGE = 50


def _due_page(*, empty: bool = False) -> str:
    text = request.args.get("until", "").strip()
    try:
        until = day_of(text) if text and not empty else None
    except ValueError as error:
        raise BadInput("until: a date YYYY-MM-DD", {"until": "a date YYYY-MM-DD"}) from error
    me = actor()
    total, due = list_due(house(), me, until=until, limit=PAGE, offset=offset_of(PAGE))
    runs = flow.list_runs(house(), me, 10) if allowed(me, "portfolio.read") else []
    with house().database.read() as session:
        reviews = reviews_for(session, me)
    return render_template(
        "due_assessments.html", total=total, due=due, size=PAGE, runs=runs, reviews=reviews, until=until
    )


@web.get("/assessments", endpoint="due_assessments")
def due() -> ResponseReturnValue:
    """Show who must be assessed, what waits for one's opinion, and the latest runs."""
    try:
        return _due_page()
    except BadInput as error:
        return refused(error, lambda: _due_page(empty=True), url_for("web.due_assessments"))


@web.get("/assessments/plan", endpoint="assessment_plan")
def plan() -> ResponseReturnValue:
    """Show the yearly plan: who has how much to do in which month, and the list of one person or of all."""
    me = actor()
    login = request.args.get("login", me.name.removeprefix("person:") if allowed(me, "assessment.make") else "")
    total, rows = plan_lists.list_plan(house(), me, login=login, limit=PAGE, offset=offset_of(PAGE))
    shown = plan_lists.yearly_plan(house(), me)
    return render_template("assessment_plan.html", plan=shown, total=total, rows=rows, login=login, size=PAGE)


@web.post("/customers/<customer_id>/assessor", endpoint="name_assessor")
def name_customers_assessor(customer_id: str) -> ResponseReturnValue:
    """Name who assesses a customer."""
    return act(
        lambda: assessment_plan.name_assessor(house(), actor(), customer_id, request.form.get("login", "")),
        lambda: assessments_page(customer_id),
        done=gettext("评估人已定。"),
        to=url_for("web.customer_assessments", customer_id=customer_id),
    )


@web.post("/assessments/runs")
def start_reassessment() -> ResponseReturnValue:
    """Begin a re-assessment of all, or of those that are due."""
    try:
        only_due = request.form.get("only_due") == "1"
        run = flow.start_run(house(), actor(), "reassess", only_due=only_due)
    except KNOWN_ERRORS as error:
        return refused(error, _due_page, url_for("web.due_assessments"))
    return redirect(url_for("web.portfolio_run", run_id=run.id), 303)


def _run_page(run_id: str) -> str:
    refused_only = request.args.get("show") == "refused"
    view = flow.get_run(house(), actor(), run_id, refused=refused_only, limit=PAGE, offset=offset_of(PAGE))
    matrix = flow.matrix_of(view.run)
    present = [grade for grade in ("", *GRADES) if any(grade in pair for pair in matrix)]
    return render_template(
        "portfolio_run.html",
        view=view,
        run=view.run,
        matrix=matrix,
        grades=present,
        order=list(GRADES),
        refused_only=refused_only,
        size=PAGE,
        me=actor().name,
    )


@web.get("/assessments/runs/<run_id>")
def portfolio_run(run_id: str) -> ResponseReturnValue:
    """Show how far a run is, the migration matrix and whom it moved."""
    return _run_page(run_id)


@web.post("/assessments/runs/<run_id>/<step>")
def portfolio_run_step(run_id: str, step: str) -> ResponseReturnValue:
    """Decide on a re-assessment, or stop a run."""
    approve, reason = step == "approve", request.form.get("reason", "")
    if step in ("approve", "refuse"):
        done = gettext("重新评估已全部生效。") if approve else gettext("没有同意；这次重新评估不生效。")
        return act(
            lambda: flow.decide_run(house(), actor(), run_id, approve=approve, reason=reason),
            lambda: _run_page(run_id),
            done=done,
            to=url_for("web.portfolio_run", run_id=run_id),
        )
    if step != "stop":
        raise NotFound(f"there is no step {step}")
    return act(
        lambda: flow.stop_run(house(), actor(), run_id),
        lambda: _run_page(run_id),
        done=gettext("已停止。"),
        to=url_for("web.portfolio_run", run_id=run_id),
    )
