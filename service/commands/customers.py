"""`juanzong customers`: the register in and out by spreadsheet, duplicates, the card, what was known when."""

from pathlib import Path

import click

from service.access.policy import Actor
from service.commands.common import json_option, new_file, out_json, show_judged, table, with_house
from service.house import House


@click.group()
def customers() -> None:
    """The customer register: XLSX in and out, duplicates, a customer's card and facts."""


@customers.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--apply", "apply", is_flag=True, help="Enter the rows; without it they are only judged.")
@json_option
@with_house
def customers_import(house: House, actor: Actor, file: Path, *, apply: bool, as_json: bool) -> int:
    """Judge the rows of FILE (XLSX) or, with --apply, enter all of them or none. Exit 3 when a row is wrong."""
    from service.flow.credit.customer_import import apply_import, check_import, judged_as_json

    data = file.read_bytes()
    judged = check_import(house, actor, data)
    applied = apply and not judged.findings
    if applied:
        judged = apply_import(house, actor, data)
    if as_json:
        out_json(judged_as_json(judged, applied=applied))
    else:
        counted = f"{judged.rows} rows, {judged.new} new customers, {judged.wrong_rows} wrong"
        show_judged(judged.findings, counted, applied=applied)
    return 3 if judged.findings else 0


@customers.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@with_house
def customers_export(house: House, actor: Actor, file: Path, *, as_json: bool) -> None:
    """Write the register to FILE (.xlsx or .csv), in the form in which it is imported."""
    from service.errors import BadInput
    from service.flow.credit.customer_import import HEADINGS, export_customers
    from service.reports.sheets import FORMATS, Table, write

    form = file.suffix.lstrip(".").lower()
    if form not in FORMATS:
        raise BadInput("FILE: ends in .xlsx or .csv")
    rows = export_customers(house, actor, form)
    with new_file(file) as out:
        out.write(write(Table("客户", [words[0] for words in HEADINGS.values()], rows), form))
    if as_json:
        out_json({"rows": len(rows), "file": str(file)})
    else:
        click.echo(f"{len(rows)} customers written to {file}")


@customers.command("duplicates")
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@with_house
def customers_duplicates(house: House, actor: Actor, limit: int, *, as_json: bool) -> None:
    """List pairs of customers that may be one, the surest first."""
    from service.flow.credit.duplicates import list_duplicates

    _total, found, run = list_duplicates(house, actor, limit=limit)
    if run is not None:
        click.echo(f"still comparing: {run.done} of {run.total} customers", err=True)
    if as_json:
        for row in found:
            out_json({"why": row.pair.why, "customers": [row.first.number, row.second.number]})
    else:
        rows = [(r.pair.why, r.first.number, r.first.name, r.second.number, r.second.name) for r in found]
        table(("why", "known first", "", "known later", ""), rows)


@customers.command("card")
@click.argument("customer_id")
@json_option
@with_house
def customers_card(house: House, actor: Actor, customer_id: str, *, as_json: bool) -> None:
    """Show the card of a customer, by id, number, credit code or exact name."""
    from service.flow.credit.customer_card import card_as_json, get_card
    from service.flow.credit.customer_merge import find_kept

    card = card_as_json(get_card(house, actor, find_kept(house, actor, customer_id)), house.clock.today())
    if as_json:
        out_json(card)
        return
    plain = ("number", "name", "code", "grade", "score", "line", "exposure", "blocked")
    table(("", ""), [(name, str(card[name] if card[name] is not None else "—")) for name in plain])
    rows = [
        (c["number"], c["title"], c["amount"] or "—", c["status"], c["file_state"]) for c in card["contracts"]["shown"]
    ]
    table(("contract", "title", "amount", "status", "file"), rows)


@customers.command("stale")
@click.option("--view", default="stale", show_default=True, help="stale, changed, unverified, disputed or all.")
@click.option(
    "--for", "login", default="", metavar="LOGIN", help="What one person answers for; - for what nobody does."
)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@with_house
def customers_stale(house: House, actor: Actor, view: str, login: str, limit: int, *, as_json: bool) -> None:
    """List information that must be renewed or verified, the longest overdue first."""
    from service.flow.credit.fact_duties import due_as_json, list_due

    _total, rows = list_due(house, actor, view=view, login=login, limit=limit)
    if as_json:
        for row in rows:
            out_json(due_as_json(row))
        return
    shown = [
        (r.duty.due_on.isoformat(), r.responsible or "-", r.customer.number, r.customer.name, r.duty.kind, r.duty.state)
        for r in rows
    ]
    table(("due", "who", "number", "customer", "kind", "verified"), shown)


@customers.command("facts")
@click.argument("customer_id")
@click.option("--on", default="", help="As things were on this day, YYYY-MM-DD; today where it is not said.")
@click.option("--known-at", default="", help="As it was known at the end of this day; now where it is not said.")
@json_option
@with_house
def customers_facts(house: House, actor: Actor, customer_id: str, on: str, known_at: str, *, as_json: bool) -> None:
    """Show what is known of a customer, by id, number, credit code or exact name."""
    from service.flow.credit.customer_merge import find_kept
    from service.flow.credit.fact_views import get_sheet, sheet_as_json

    sheet = get_sheet(house, actor, find_kept(house, actor, customer_id), on=on, known_at=known_at)
    if as_json:
        out_json(sheet_as_json(sheet))
        return
    known = [line.known for line in sheet.lines if line.known is not None]
    rows = [(k.fact.kind, k.fact.value, k.state, str(k.fact.valid_from), k.fact.source) for k in known]
    table(("kind", "value", "verified", "since", "source"), rows)
