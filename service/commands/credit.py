"""`juanzong credit`: the daily look at all customers, what comes from the books, and whether a customer may be delivered to."""

from pathlib import Path

import click

from service.access.policy import Actor
from service.clock import CHINA
from service.commands import scoring
from service.commands.common import json_option, out_json, table, with_house
from service.commands.runs import runs
from service.house import House


@click.group()
def credit() -> None:
    """Credit: look at all customers for warnings, bring receivables in, ask for a customer's status."""


@credit.command("warn")
@json_option
@with_house
def credit_warn(house: House, actor: Actor, *, as_json: bool) -> None:
    """Look at all customers now, and take one level up what nobody acknowledged in time."""
    from service.flow.credit.warnings import escalate, run_daily

    del actor  # the look is the archive's own, whoever asks for it
    looked = run_daily(house, again=True)
    risen = escalate(house)
    if as_json:
        out_json({"customers": looked.customers, "opened": looked.opened, "escalated": risen})
    else:
        click.echo(f"{looked.customers} customers, {looked.opened} new warnings, {risen} one level up")


@credit.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--apply", "apply", is_flag=True, help="Enter what is right; without it the lines are only judged.")
@json_option
@with_house
def credit_import(house: House, actor: Actor, file: Path, *, apply: bool, as_json: bool) -> int:
    """Judge invoices, payments, credit notes and orders of FILE (XLSX, CSV). Exit 3 when a line is refused."""
    from service.flow.credit.receivables_import import bring_in_file, report_as_json

    report = bring_in_file(house, actor, file.name, file.read_bytes(), apply=apply)
    counts = report.counts
    if as_json:
        out_json(report_as_json(report))
        return 3 if counts["refused"] else 0
    shown = [line for line in report.lines if line.why or line.notes]
    if shown:
        rows = [
            (str(line.line), line.outcome, "; ".join([*(f"{k}: {v}" for k, v in line.why.items()), *line.notes]))
            for line in shown
        ]
        table(("row", "outcome", "why"), rows)
    said = ", ".join(f"{counts[name]} {name}" for name in counts)
    click.echo(f"{said}: {'entered' if apply else 'nothing was entered'}")
    return 3 if counts["refused"] else 0


@credit.command("status")
@click.argument("customer")
@json_option
@with_house
def credit_status(house: House, actor: Actor, customer: str, *, as_json: bool) -> None:
    """Show grade, line, exposure and block of CUSTOMER (id, number or credit code)."""
    from service.flow.credit import blocks

    found = blocks.status_as_json(blocks.credit_status(house, actor, customer))
    if as_json:
        out_json(found)
        return
    rows = [(name, str(value)) for name, value in found.items() if not isinstance(value, dict) and value is not None]
    if found["block"]:
        rows.append(("why", found["block"]["reason_en"]))
    table(("", found["customer"]["name"]), rows)


@credit.command("warnings")
@click.option("--customer", default="", help="Of one customer, by id, number, credit code or exact name.")
@click.option(
    "--state", default="", help="open, acknowledged, in_hand or closed; where it is not said, all not closed."
)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@with_house
def credit_warnings(house: House, actor: Actor, customer: str, state: str, limit: int, *, as_json: bool) -> None:
    """List warnings, the most severe first: of whom, why, and until when somebody must answer."""
    from service.flow.credit.customer_merge import find_kept
    from service.flow.credit.warning_acts import list_warnings, warning_as_json

    whose = find_kept(house, actor, customer) if customer else ""
    total, rows = list_warnings(house, actor, state=state, customer_id=whose, limit=limit)
    if as_json:
        for row in rows:
            out_json(warning_as_json(row))
        return
    shown = [
        (row.severity, row.state, row.customer.number, row.customer.name, row.why_en,
         f"{row.respond_by.astimezone(CHINA):%Y-%m-%d %H:%M}" if row.respond_by else "")
        for row in rows
    ]  # fmt: skip
    table(("severity", "state", "number", "customer", "why", "answer by"), shown)
    click.echo(f"{total} warnings")


for _command in (*scoring.COMMANDS, runs):
    credit.add_command(_command)
