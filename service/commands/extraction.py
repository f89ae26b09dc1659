"""`juanzong extraction report`: how often what the machine read was right."""

from datetime import datetime

import click

from service.access.policy import Actor
from service.commands.common import json_option, out_json, table, with_house
from service.house import House


@click.group()
def extraction() -> None:
    """What is read from pages, measured by what people said of it."""


@extraction.command("report")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what came in on this day or later.")
@json_option
@with_house
def extraction_report(house: House, actor: Actor, since: datetime | None, as_json: bool) -> None:
    """Count by category and field what was read, confirmed, corrected and added, and how far confidence can be believed."""
    from service.flow.extraction import as_json as to_json
    from service.flow.extraction import report

    found = report(house, actor, since.date() if since else None)
    if as_json:
        out_json(to_json(found))
        return
    head = (
        "category",
        "field",
        "read",
        "unseen",
        "confirmed",
        "corrected",
        "added",
        "not here",
        "nothing",
        "right",
        "wrong above line",
    )
    rows = [
        (r.category or "-", r.field, *map(str, (r.read, r.unseen, r.confirmed, r.corrected, r.added, r.not_here, r.nothing)),
         "-" if r.right is None else f"{r.right:.2%}", f"{r.sure_wrong} of {r.sure}")
        for r in found.rows
    ]  # fmt: skip
    table(head, rows)
    for band in found.bands:
        click.echo(f"confidence from {band.lowest:.2f}: {band.wrong} wrong of {band.checked} checked", err=True)
