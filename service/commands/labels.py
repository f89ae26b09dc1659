"""`juanzong labels`: self-adhesive labels to print, which separate a stack and say where its documents belong."""

from pathlib import Path

import click

from service.access.policy import Actor
from service.commands.common import json_option, out_json, with_house
from service.house import House


@click.command()
@click.option(
    "--contract", "contracts", multiple=True, metavar="NUMBER", help="A label for this contract; again for more."
)
@click.option(
    "--customer", "customers", multiple=True, metavar="NUMBER", help="A label for this customer; again for more."
)
@click.option("--category", default="", help="The category all of them say.")
@click.option("--starts", type=click.Choice(["document", "file"]), default="document", show_default=True)
@click.option(
    "--cut", type=click.Choice(["L7160", "L7163", "L7173"]), default="L7160", show_default=True, help="The A4 sheet."
)
@click.option("--code", type=click.Choice(["qr", "code128"]), default="qr", show_default=True)
@click.option("--copies", type=click.IntRange(1), default=1, show_default=True, help="Of every label.")
@click.option(
    "--used", type=click.IntRange(0), default=0, show_default=True, help="Labels of the first sheet that are gone."
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The PDF to write."
)
@json_option
@with_house
def labels(house: House, actor: Actor, *, output: Path, as_json: bool, **chosen: object) -> int:
    """Write labels for contracts and customers as a PDF of A4 sheets; without a number they only begin a new document."""
    from service.flow.archive.labels import Chosen, print_labels

    pdf, count = print_labels(house, actor, Chosen(**chosen))  # type: ignore[arg-type]  # options named and typed as its fields
    output.write_bytes(pdf)
    if as_json:
        out_json({"file": str(output), "labels": count})
    else:
        click.echo(f"wrote {output} ({count} labels)")
    return 0
