"""`juanzong extraction`: how often what the machine read was right, and what people put in its place."""

import json
import os
from datetime import datetime
from pathlib import Path

import click

from service.access.policy import Actor
from service.commands.common import json_option, out_json, table, with_house
from service.errors import BadInput
from service.house import House


@click.group()
def extraction() -> None:
    """What is read from pages, measured by what people said of it."""


@extraction.command("report")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what came in on this day or later.")
@json_option
@with_house
def extraction_report(house: House, actor: Actor, since: datetime | None, as_json: bool) -> None:
    """Count by category and field what was read, confirmed, corrected and added, which categories were, and how far confidence can be believed."""
    from service.flow.intake.extraction import as_json as to_json
    from service.flow.intake.extraction import report

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
    made = [
        (r.read_as or "-", r.category or "-", str(r.documents), "right" if r.right else "corrected")
        for r in found.categories
    ]
    table(("category read", "category now", "documents", ""), made)
    for what, bands in (("values", found.bands), ("categories", found.category_bands)):
        for band in bands:
            said = f"{what} read with a confidence from {band.lowest:.2f}: {band.wrong} wrong of {band.checked} checked"
            click.echo(said, err=True)


@extraction.command("export")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what came in on this day or later.")
@click.option("--pages", is_flag=True, help="With the words of the pages and their places, to try other rules on them.")
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="A new file; you alone may read it."
)
@json_option
@with_house
def extraction_export(
    house: House, actor: Actor, since: datetime | None, pages: bool, output: Path, as_json: bool
) -> None:
    """Write what people confirmed, corrected and added, a line of JSON a document: it holds what is printed on pages."""
    from service.flow.intake.extraction_export import export

    if os.path.lexists(output):
        raise BadInput(f"{output} is there already; nothing is overwritten")
    documents = values = 0
    try:
        with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            for line in export(house, actor, since.date() if since else None, pages=pages):
                documents, values = documents + 1, values + len(line["fields"])
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
    except OSError as error:
        raise BadInput(f"{output} cannot be written: {error.strerror or error}") from error
    except BaseException:
        output.unlink(missing_ok=True)  # half of it would be taken for all
        raise
    if as_json:
        out_json({"path": str(output), "documents": documents, "values": values})
    else:
        click.echo(f"{values} value(s) of {documents} document(s) in {output}")
