"""`juanzong credit runs`: how far long runs are, and stopping them."""

import click

from service.access.policy import Actor
from service.commands.common import json_option, out_json, table, with_house
from service.house import House


@click.command("runs")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 200))
@click.option(
    "--stop", "stopped", default="", metavar="ID", help="Stop this report, comparison or (by its day) daily look."
)
@click.option("--again", "begun", default="", metavar="ID", help="Begin this one again, which failed or was stopped.")
@json_option
@with_house
def runs(house: House, actor: Actor, limit: int, stopped: str, begun: str, *, as_json: bool) -> None:
    """List reports, re-assessments and other long runs with how far they are."""
    from service.flow.common import long_runs

    if stopped:
        long_runs.stop(house, actor, stopped)
    if begun:
        long_runs.again(house, actor, begun)
    lines = long_runs.list_runs(house, actor, limit)
    if as_json:
        for line in lines:
            out_json(long_runs.line_as_json(line))
        return
    rows = [(line.id, line.kind, line.state, f"{line.done} / {line.total}", line.why) for line in lines]
    table(("run", "what", "state", "done", "why"), rows)
