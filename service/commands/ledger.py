"""`juanzong ledger`: the contract ledger (RULES B2), and the import of one that was kept elsewhere; thin over the flows."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.access.policy import Actor
from service.commands.common import done, json_option, new_file, out_json, show_judged, table, with_house
from service.errors import BadInput
from service.house import House

if TYPE_CHECKING:
    from service.flow.archive.ledger_rows import LedgerFilter

_DAY: dict[str, Any] = {"default": "", "metavar": "DAY"}


@click.group()
def ledger() -> None:
    """The contract ledger: list, export, enter, finish, cancel; import one from XLSX; check numbers for gaps and duplicates."""


def _narrowing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that narrow the ledger, as one `only`."""

    @click.option("--text", default="", help="In number, title or counterparty.")
    @click.option("--department", default="", metavar="CODE")
    @click.option("--status", default="", help="As the list shows it: signed, performed, ….")
    @click.option("--signed-from", help="Signed on this day or later.", **_DAY)
    @click.option("--signed-until", help="Signed on this day or before.", **_DAY)
    @wraps(command)
    def narrowed(house: House, actor: Actor, *given: Any, department: str, **more: Any) -> Any:
        from service.access.people import department_by_code
        from service.flow.archive.ledger_rows import LedgerFilter

        names = ("text", "status", "signed_from", "signed_until")
        of = department_by_code(house, department).id if department else ""
        return command(
            house, actor, *given, only=LedgerFilter(department_id=of, **{n: more.pop(n) for n in names}), **more
        )

    return narrowed


@ledger.command("list")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@with_house
@_narrowing
def ledger_list(house: House, actor: Actor, *, only: "LedgerFilter", limit: int, as_json: bool) -> None:
    """List contracts, the newest number first."""
    from service.flow.archive.ledger_rows import list_contracts
    from service.flow.intake.views import row_as_json

    _total, found = list_contracts(house, actor, only, limit=limit)
    if as_json:
        for row in found:
            out_json(row_as_json(row))
        return
    names = ("id", "number", "status", "signed_on", "amount", "counterparty", "title")
    table(
        ("contract", "number", "status", "signed", "yuan", "counterparty", "title"),
        [[str(getattr(row.contract, name) or "") for name in names] for row in found],
    )


@ledger.command("export")
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@with_house
@_narrowing
def ledger_export(house: House, actor: Actor, output: Path, *, only: "LedgerFilter", as_json: bool) -> None:
    """Write the contracts that fit to OUTPUT: .csv, .xlsx, or .pdf for the form that is signed; the export is noted."""
    from service.flow.archive.ledger_rows import LEDGER_COLUMNS, export_contracts
    from service.reports.ledger_form import Words, ledger_form
    from service.reports.sheets import FORMATS, Table, write

    form = output.suffix.removeprefix(".").lower()
    if form not in (*FORMATS, "pdf"):
        raise BadInput(f"{output}: the ledger is written as .csv, .xlsx or .pdf")
    rows = [row.cells() for row in export_contracts(house, actor, only, form)]
    with new_file(output) as out:
        if form == "pdf":
            out.write(ledger_form(LEDGER_COLUMNS, rows, house.clock.today(), Words()))
        else:
            out.write(write(Table("contracts", LEDGER_COLUMNS, rows), form))
    done({"file": str(output), "contracts": len(rows)}, f"wrote {output}: {len(rows)} contracts", as_json=as_json)


@ledger.command("enter")
@click.argument("title")
@click.option("--department", required=True, metavar="CODE")
@click.option("--handler", required=True, metavar="LOGIN")
@click.option("--counterparty", required=True)
@click.option("--counterparty-code", default="", help="Its unified social credit code.")
@click.option("--amount", default="", help="Decimal, in --currency.")
@click.option("--currency", default="CNY", show_default=True)
@click.option("--signed", "signed_on", **_DAY)
@click.option("--from", "term_from", **_DAY)
@click.option("--until", "term_until", **_DAY)
@json_option
@with_house
def ledger_enter(
    house: House, actor: Actor, title: str, department: str, handler: str, *, as_json: bool, **more: Any
) -> None:
    """Enter a contract: it gets the next number of its department and year."""
    from service.access.accounts import get_person
    from service.access.people import department_by_code
    from service.flow.archive.ledger import ContractInput, create_contract
    from service.flow.intake.views import contract_as_json

    department_id, handler_id = department_by_code(house, department).id, get_person(house, actor, handler).id
    row = create_contract(
        house, actor, ContractInput(department_id=department_id, title=title, handler_id=handler_id, **more)
    )
    done(contract_as_json(row), f"{row.number}: {row.id}", as_json=as_json)


@ledger.command("finish")
@click.argument("contract_id")
@click.argument("event")
@click.option("--on", "finished_on", required=True, metavar="DAY")
@click.option(
    "--paper", "document_id", default="", metavar="ID", help="A document in the contract's file that shows it."
)
@click.option("--note", default="")
@json_option
@with_house
def ledger_finish(
    house: House,
    actor: Actor,
    contract_id: str,
    event: str,
    finished_on: str,
    document_id: str,
    note: str,
    *,
    as_json: bool,
) -> None:
    """Note that EVENT (approved, signed, performing, amended, performed, terminated) is done; its clock starts."""
    from service.flow.archive.ledger import finish_event

    finish_event(house, actor, contract_id, event, finished_on, document_id=document_id, note=note)
    done({"contract": contract_id, event: finished_on}, f"{event} on {finished_on}", as_json=as_json)


@ledger.command("cancel")
@click.argument("contract_id")
@click.option("--reason", required=True)
@json_option
@with_house
def ledger_cancel(house: House, actor: Actor, contract_id: str, reason: str, *, as_json: bool) -> None:
    """Cancel a contract that was not signed; it keeps its number."""
    from service.flow.archive.ledger import cancel_contract

    cancel_contract(house, actor, contract_id, reason)
    done({"contract": contract_id, "status": "cancelled"}, "cancelled; its number stays", as_json=as_json)


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

    found = checked_as_json(check_numbers(house, actor))
    if as_json:
        out_json(found)
        return 0 if found["ok"] else 3
    if found["faults"]:
        rows = [(f["kind"], f["prefix"], f["numbers"], f["more"]) for f in found["faults"]]
        shown = [
            (kind, prefix, ", ".join(some) + (f" and {more} more" if more else "")) for kind, prefix, some, more in rows
        ]
        table(("", "counted under", "numbers"), shown)
    said = "no gap, nothing twice" if found["ok"] else f"{found['wrong']} faults"
    click.echo(
        f"{found['contracts']} contract numbers, {found['archived']} archive numbers, {found['void']} void: {said}"
    )
    return 0 if found["ok"] else 3
