"""`juanzong check`: the four checks of a file, and the yearly sample."""

import click

from service.access.policy import Actor
from service.commands.common import json_option, out_json, table, with_house
from service.house import House


@click.group()
def check() -> None:
    """The four checks: of one case file, or of a sample of the archived ones."""


@check.command("file")
@click.argument("case_file_id", metavar="ID")
@json_option
@with_house
def check_one(house: House, actor: Actor, case_file_id: str, *, as_json: bool) -> int:
    """Check the case file ID: authenticity, integrity, usability, security. Exit 6 when a check fails."""
    from service.flow.archive.four_checks import check_file, run_as_json

    checked = check_file(house, actor, case_file_id)
    if as_json:
        out_json(run_as_json(checked))
    else:
        rows = [(f.aspect, f.check, f.result, f.document, f.why.en) for f in checked.findings]
        table(("aspect", "check", "result", "document", "evidence"), rows)
    return 6 if checked.run.failed else 0


@check.command("sample")
@click.option("--percent", type=click.IntRange(1, 100), default=5, show_default=True, help="Of the archived files.")
@json_option
@with_house
def check_sample(house: House, actor: Actor, *, percent: int, as_json: bool) -> int:
    """Draw this year's sample unless it was drawn, and check what was not checked yet. Exit 6 when a check fails."""
    from service.flow.archive.check_samples import draw, sample_as_json, sample_due, samples

    year = house.clock.today().year
    if all(view.sample.year != year for view in samples(house, actor)):
        draw(house, actor, percent)
    sample_due(house, lambda: True)
    view = next(view for view in samples(house, actor) if view.sample.year == year)
    if as_json:
        out_json(sample_as_json(view))
    else:
        for file, run in view.files:
            click.echo(f"{file.archive_number}: {run.failed} failed")
        click.echo(
            f"{year}: {view.drawn} of {view.sample.population} drawn, {view.checked} checked, {view.failed} failed"
        )
    return 6 if view.failed else 0
