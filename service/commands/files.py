"""`juanzong file|transfer|loan|statistics …`: case files, what is handed over by when, who reads them, the half-year figures; thin over the flows."""

from pathlib import Path

import click

from service.access.policy import Actor
from service.commands.common import done, json_option, new_file, out_json, table, with_house
from service.errors import BadInput
from service.house import House


@click.group()
def file() -> None:
    """Case files: list them, show what one holds and lacks, say what does not apply, print its sheets."""


@file.command("list")
@click.option("--text", default="", help="Words of the title, a contract or archive number.")
@click.option("--state", type=click.Choice(("open", "archived", "leaving", "destroyed")))
@click.option("--kind", type=click.Choice(("contract", "credit")))
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@with_house
def file_list(
    house: House, actor: Actor, text: str, state: str | None, kind: str | None, limit: int, *, as_json: bool
) -> None:
    """List case files, the newest first."""
    from service.flow.archive import filing
    from service.flow.intake.views import file_as_json

    _total, found = filing.list_case_files(house, actor, state=state, kind=kind, text=text, limit=limit)
    if as_json:
        for row in found:
            out_json(file_as_json(row))
        return
    shown = [(f.id, f.archive_number or "", f.contract.number if f.contract else "", f.state, f.title) for f in found]
    table(("file", "archive number", "contract", "state", "title"), shown)


@file.command("show")
@click.argument("file_id")
@json_option
@with_house
def file_show(house: House, actor: Actor, file_id: str, *, as_json: bool) -> None:
    """Show what FILE_ID holds and lacks, category by category (RULES B1, B5)."""
    from service.flow.archive import filing
    from service.flow.intake.views import file_as_json

    row = filing.get_case_file(house, actor, file_id)
    state = filing.completeness(house, actor, file_id)
    if not as_json:
        table(("", "category", "", "why"), [(s.category.code, s.category.en, s.state, s.why) for s in state.slots])
    slots = [{"category": s.category.code, "state": s.state, "why": s.why, "by": s.by} for s in state.slots]
    said = {**file_as_json(row), "complete": state.complete, "missing": list(state.missing), "slots": slots}
    name = row.archive_number or row.title
    done(said, f"{name}: {'complete' if state.complete else 'lacks ' + ', '.join(state.missing)}", as_json=as_json)


@file.command("print")
@click.argument("file_id")
@click.argument("sheet", type=click.Choice(("catalogue", "note", "labels")))
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@with_house
def file_print(house: House, actor: Actor, file_id: str, sheet: str, output: Path, *, as_json: bool) -> None:
    """Write a SHEET of FILE_ID to OUTPUT as PDF: the catalogue, the note at its end, or the labels."""
    from service.flow.archive.case_prints import sheet_of
    from service.reports.case_sheets import DRAWN

    pdf = DRAWN[sheet](*sheet_of(house, actor, file_id, sheet))
    with new_file(output) as out:
        out.write(pdf)
    done({"file": str(output)}, f"wrote {output}", as_json=as_json)


@file.command("mark")
@click.argument("file_id")
@click.argument("category")
@click.option("--reason", default="", help="Why it does not apply; without one the mark is taken back.")
@json_option
@with_house
def file_mark(house: House, actor: Actor, file_id: str, category: str, reason: str, *, as_json: bool) -> None:
    """Say that CATEGORY does not apply to a file, and why."""
    from service.flow.archive import filing

    filing.mark_not_applicable(house, actor, file_id, category, reason)
    said = "does not apply" if reason else "is asked for again"
    done({"file": file_id, "category": category, "reason": reason}, f"{category} {said}", as_json=as_json)


@click.group()
def transfer() -> None:
    """What is to be handed over by when, and why: list, hand over, accept, return (RULES B3)."""


@transfer.command("list")
@click.option("--stage", type=click.Choice(("handler", "archive")))
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@with_house
def transfer_list(house: House, actor: Actor, stage: str | None, limit: int, *, as_json: bool) -> None:
    """List the open transfers, the most urgent first."""
    from service.flow.archive import transfers as flow

    rows = [flow.as_json(item) for item in flow.list_transfers(house, actor, stage=stage, limit=limit)]
    if as_json:
        for row in rows:
            out_json(row)
        return
    names = ("id", "stage", "event", "due_on", "state")
    table(("transfer", "stage", "after", "due", "state"), [[str(row.get(n) or "") for n in names] for row in rows])


@transfer.command("hand-over")
@click.argument("transfer_id")
@json_option
@with_house
def transfer_hand_over(house: House, actor: Actor, transfer_id: str, *, as_json: bool) -> None:
    """Sign for the giving side."""
    from service.flow.archive import transfers as flow

    flow.hand_over(house, actor, transfer_id)
    done({"transfer": transfer_id, "state": "handed_over"}, "handed over", as_json=as_json)


@transfer.command("accept")
@click.argument("transfer_id")
@json_option
@with_house
def transfer_accept(house: House, actor: Actor, transfer_id: str, *, as_json: bool) -> None:
    """Sign for the receiving side; the archive room accepts by archiving."""
    from service.flow.archive import transfers as flow

    flow.accept(house, actor, transfer_id)
    done({"transfer": transfer_id, "state": "accepted"}, "accepted", as_json=as_json)


@transfer.command("return")
@click.argument("transfer_id")
@click.option("--reason", required=True)
@json_option
@with_house
def transfer_return(house: House, actor: Actor, transfer_id: str, reason: str, *, as_json: bool) -> None:
    """Return a file to the giving side; its deadline stays."""
    from service.flow.archive import transfers as flow

    flow.return_file(house, actor, transfer_id, reason)
    done({"transfer": transfer_id, "state": "returned"}, "returned", as_json=as_json)


@click.group()
def loan() -> None:
    """Who asks to read which file: ask, list, lend, refuse, record the return (RULES B6)."""


@loan.command("ask")
@click.argument("file_id", metavar="FILE")
@click.option("--reader", required=True, metavar="LOGIN", help="Whose account it is read with: their rights count.")
@click.option("--purpose", required=True)
@json_option
@with_house
def loan_ask(house: House, actor: Actor, file_id: str, reader: str, purpose: str, *, as_json: bool) -> None:
    """Ask for FILE on behalf of a reader: its id, its archive number or its contract's number; the archivist decides."""
    from dataclasses import replace

    from service.access.accounts import get_person
    from service.access.people import actor_of_person
    from service.flow.archive import loans as flow

    who = replace(actor_of_person(house, get_person(house, actor, reader)), name=actor.name)
    row = flow.ask(house, who, file_id, purpose)
    done(flow.as_json(row), f"asked: {row.id}", as_json=as_json)


@loan.command("list")
@json_option
@with_house
def loan_list(house: House, actor: Actor, *, as_json: bool) -> None:
    """List the access requests, open ones first."""
    from service.flow.archive import loans as flow

    found = flow.list_loans(house, actor)
    electronic = flow.shown(house, actor, found).electronic
    rows = [flow.as_json(row, electronic=row.id in electronic) for row in found]
    if as_json:
        for row in rows:
            out_json(row)
        return
    names = ("id", "state", "lent_on", "due_back", "purpose")
    table(("request", "state", "lent", "due back", "purpose"), [[str(r.get(n) or "") for n in names] for r in rows])


@loan.command("lend")
@click.argument("request_id")
@click.option("--back", "due_back", required=True, metavar="DAY", help="When it must come back (YYYY-MM-DD).")
@click.option(
    "--electronic", is_flag=True, help="Open it for reading until then, with a watermark; no paper is handed out."
)
@json_option
@with_house
def loan_lend(house: House, actor: Actor, request_id: str, due_back: str, *, electronic: bool, as_json: bool) -> None:
    """Grant a request: the file is lent."""
    from service.flow.archive import loans as flow

    flow.decide_loan(house, actor, request_id, grant=True, due_back=due_back, electronic=electronic)
    said = {"request": request_id, "state": "lent", "due_back": due_back, "electronic": electronic}
    done(said, f"lent until {due_back}", as_json=as_json)


@loan.command("refuse")
@click.argument("request_id")
@click.option("--reason", required=True)
@json_option
@with_house
def loan_refuse(house: House, actor: Actor, request_id: str, reason: str, *, as_json: bool) -> None:
    """Refuse a request."""
    from service.flow.archive import loans as flow

    flow.decide_loan(house, actor, request_id, grant=False, reason=reason)
    done({"request": request_id, "state": "refused"}, "refused", as_json=as_json)


@loan.command("return")
@click.argument("request_id")
@click.option("--found", required=True, type=click.Choice(("whole", "damaged", "lost")), help="What the check found.")
@click.option("--note", default="", help="What is damaged or lacking.")
@json_option
@with_house
def loan_return(house: House, actor: Actor, request_id: str, found: str, note: str, *, as_json: bool) -> None:
    """Record that a file came back, and whether all of it did; what is damaged or lost opens an incident."""
    from service.flow.archive import loans as flow

    incident = flow.give_back(house, actor, request_id, found, note)
    said = "returned" if incident is None else f"returned; incident {incident}"
    done({"request": request_id, "state": "returned", "found": found, "incident": incident}, said, as_json=as_json)


_KIND = click.option("--kind", default="contracts", show_default=True, type=click.Choice(("contracts", "archives")))


@click.group()
def statistics() -> None:
    """The half-year figures, and who owes which report (RULES B4)."""


@statistics.command("export")
@click.argument("period")
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False))
@_KIND
@json_option
@with_house
def statistics_export(house: House, actor: Actor, period: str, output: Path, kind: str, *, as_json: bool) -> None:
    """Write the figures of PERIOD (2025 or 2026-H1) to OUTPUT, .csv or .xlsx."""
    from service.flow.archive import statistics as flow
    from service.reports.sheets import FORMATS, Table, write

    form = output.suffix.removeprefix(".").lower()
    if form not in FORMATS:
        raise BadInput(f"{output}: the figures are written as .csv or .xlsx")
    found = flow.report(house, actor, kind, period, here=True)
    flow.note_export(house, actor, found, form)
    columns, rows = flow.table_of(found)
    heads = ["unit", "code", "name", *(f"{name}:{of}" if of else name for name, of in columns)]
    with new_file(output) as out:
        out.write(write(Table(f"{kind}-{period}", heads, rows), form))
    done({"file": str(output), "units": len(rows)}, f"wrote {output}: {len(rows)} rows", as_json=as_json)


@statistics.command("duties")
@click.option("--period", default="", help="Of which period; the latest by default.")
@click.option("--late", is_flag=True, help="Only what was not submitted, or not in time.")
@json_option
@with_house
def statistics_duties(house: House, actor: Actor, period: str, *, late: bool, as_json: bool) -> None:
    """List who owes which report, by when, and what became of it."""
    from service.flow.archive import submissions as flow

    rows = [flow.duty_as_json(duty) for duty in flow.duties(house, actor, period, late=late)]
    if as_json:
        for row in rows:
            out_json(row)
        return
    names = ("code", "name", "kind", "period", "due_on", "state")
    table(("unit", "", "report", "period", "due", "state"), [[str(row[n]) for n in names] for row in rows])
