"""Long runs: how far each is, what keeps it from going on, and the way to stop it or begin it again."""

from flask import g, render_template, url_for
from flask.typing import ResponseReturnValue

from service.errors import NotFound
from service.flow.common import long_runs
from service.flow.credit import report_runs
from service.web.context import act, actor, house
from service.web.site import web
from service.web.text import gettext


def _runs_page() -> str:
    lines = long_runs.list_runs(house(), actor())
    return render_template("runs.html", lines=lines, going=any(line.state in long_runs.OPEN for line in lines))


@web.get("/runs", endpoint="long_runs")
def runs() -> ResponseReturnValue:
    """Show the latest long runs; those that are going on, or failed, first."""
    return _runs_page()


@web.post("/runs/<run_id>/<step>")
def run_step(run_id: str, step: str) -> ResponseReturnValue:
    """Stop a run, or begin one again that failed or was stopped."""
    g.page = url_for("web.long_runs")
    if step not in ("stop", "again"):
        raise NotFound(f"there is no step {step}")
    done = gettext("已停止。") if step == "stop" else gettext("重新开始，稍后由后台接着做。")
    do = long_runs.stop if step == "stop" else long_runs.again
    return act(lambda: do(house(), actor(), run_id), _runs_page, done=done, to=url_for("web.long_runs"))


@web.post("/reports/runs")
def order_report() -> ResponseReturnValue:
    """Have the report on all customers made in the background."""
    g.page = url_for("web.long_runs")
    return act(
        lambda: report_runs.order_report(house(), actor()),
        _runs_page,
        done=gettext("已安排。做好以后会收到消息，报告在“信用报告”里。"),
        to=url_for("web.long_runs"),
    )
