"""`juanzong ledger`: import of a ledger that was kept elsewhere."""

from pathlib import Path

import click

from service.access.policy import Actor
from service.commands.common import json_option, out_json, show_judged, table, with_house
from service.house import House


@click.group()
def ledger() -> None:
    """The contract ledger: import one from XLSX; check the numbers for gaps and duplicates."""


@ledger.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--apply", "apply", is_flag=True, help="Enter the rows; without it they are only judged.")
@json_option
@with_house
def ledger_import(house: House, actor: Actor, file: Path, *, apply: bool, as_json: bool) -> int:
    """Judge the rows of FILE (XLSX) or, with --apply, enter all of them or none. Exit 3 when a row is wrong."""
    from service.flow.archive.ledger_import import apply_import, check_import, judged_as_json

    data = file.read_bytes()
    judged = check_import(house, actor, data)
    applied = apply and not judged.findings
    if applied:
        judged = apply_import(house, actor, data)
    if as_json:
        out_json(judged_as_json(judged, applied=applied))
    else:
        show_judged(judged.findings, f"{judged.rows} rows, {judged.wrong_rows} wrong", applied=applied)
    return 3 if judged.findings else 0


@ledger.command("check")
@json_option
@with_house
def ledger_check(house: House, actor: Actor, *, as_json: bool) -> int:
    """Check contract and archive numbers for gaps and duplicates. Exit 3 when something is wrong."""
    from service.flow.archive.number_check import check_numbers, checked_as_json

    found = check_numbers(house, actor)
    if as_json:
        out_json(checked_as_json(found))
        return 3 if found.faults else 0
    if found.faults:
        table(("", "counted under", "numbers"), [(f.kind, f.prefix, ", ".join(f.numbers)) for f in found.faults])
    said = f"{len(found.faults)} faults" if found.faults else "no gap, nothing twice"
    click.echo(f"{found.contracts} contract numbers, {found.archived} archive numbers, {found.void} void: {said}")
    return 3 if found.faults else 0
