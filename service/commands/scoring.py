"""`juanzong credit …`: scorecards, what is due, and runs over the portfolio."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.access.policy import Actor
from service.commands.common import json_option, new_file, out_json, table, with_house
from service.errors import BadInput
from service.house import House

if TYPE_CHECKING:
    from service.records.tables import PortfolioRun

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("scorecards")
@json_option
@with_house
def scorecards(house: House, actor: Actor, *, as_json: bool) -> None:
    """List all versions of the scorecard, the active one first."""
    from service.flow.credit import scorecards as flow

    rows = flow.list_scorecards(house, actor)
    if as_json:
        for row in rows:
            out_json(flow.scorecard_as_json(row))
        return
    shown = [(row.version, row.state, row.body.get("name", ""), row.changed_by) for row in rows]
    table(("version", "state", "name", "changed by"), shown)


@click.command("export-scorecard")
@click.argument("version")
@click.option("-o", "output", type=click.Path(path_type=Path), required=True, help="Where to write it.")
@with_house
def export_scorecard(house: House, actor: Actor, version: str, output: Path) -> None:
    """Write VERSION as JSON, which can be changed and imported again."""
    from service.flow.credit import scorecards as flow

    row, _card = flow.get_scorecard(house, actor, version)
    with new_file(output) as file:
        file.write(json.dumps(row.body, ensure_ascii=False, indent=1).encode())


@click.command("import-scorecard")
@click.argument("file", type=_FILE)
@json_option
@with_house
def import_scorecard(house: House, actor: Actor, file: Path, *, as_json: bool) -> int:
    """Keep the scorecard of FILE (JSON) as a draft. Exit 3, naming every fault, when it is wrong."""
    from service.flow.credit import scorecards as flow

    try:
        data: Any = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{file.name} is no JSON") from error
    try:
        made = flow.create_scorecard(house, actor, data)
    except BadInput as error:
        if not error.fields or as_json:
            raise
        table(("place", "what is wrong"), list(error.fields.items()))
        return 3
    out_json(flow.scorecard_as_json(made)) if as_json else click.echo(f"{made.version} is a draft now")
    return 0


@click.command("what-if")
@click.argument("version")
@json_option
@with_house
def what_if(house: House, actor: Actor, version: str, *, as_json: bool) -> None:
    """Try VERSION on all customers: what would move. A draft is tested by that."""
    from service.flow.credit import portfolio

    _carry(house, portfolio.start_run(house, actor, "what_if", version), as_json=as_json)


@click.command("activate-scorecard")
@click.argument("version")
@with_house
def activate_scorecard(house: House, actor: Actor, version: str) -> None:
    """Put VERSION, which somebody else made and which was tested, into use."""
    from service.flow.credit import scorecards as flow

    click.echo(f"{flow.activate_scorecard(house, actor, version).version} is active now")


@click.command("due")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@with_house
def due(house: House, actor: Actor, limit: int, *, as_json: bool) -> None:
    """List whose re-assessment is due, and why."""
    from service.flow.credit.due_assessments import due_as_json, list_due

    total, rows = list_due(house, actor, limit=limit)
    if as_json:
        for row in rows:
            out_json(due_as_json(row))
        return
    shown = [
        (row.customer.number, row.customer.name, row.state.due.isoformat(), "; ".join(map(str, row.state.reasons)))
        for row in rows
    ]
    table(("number", "customer", "due", "why"), shown)
    click.echo(f"{total} due")


@click.command("assessments")
@click.argument("customer")
@json_option
@with_house
def assessments(house: House, actor: Actor, customer: str, *, as_json: bool) -> int:
    """List the assessments of CUSTOMER, each computed again from what was kept. Exit 6 when one gives another result."""
    from service.flow.credit.assessments import assessment_as_json, desk_of
    from service.flow.credit.customer_merge import find_kept

    assessed = desk_of(house, actor, find_kept(house, actor, customer)).assessed
    found = [assessment_as_json(record, assessed.cards) for record in assessed.history]
    if as_json:
        for one in found:
            out_json(one)
    else:
        names = ("assessed_on", "scorecard", "score", "grade", "line", "state")
        rows = [
            (*(str(one[name] or "-") for name in names), "yes" if one["recomputed"] else "NO, IT WAS CHANGED")
            for one in found
        ]
        table((*names, "gives the same again"), rows)
    return 0 if all(one["recomputed"] for one in found) else 6


@click.command("plan")
@click.option("--for", "login", default="", metavar="LOGIN", help="The customers of one person; - for those of nobody.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@with_house
def plan(house: House, actor: Actor, login: str, limit: int, *, as_json: bool) -> None:
    """Show the yearly plan: who assesses how many customers in which month, or with --for which."""
    from service.flow.credit import plan_lists

    if login:
        total, rows = plan_lists.list_plan(house, actor, login=login, limit=limit)
        found = [plan_lists.planned_as_json(row) for row in rows]
        if as_json:
            for one in found:
                out_json(one)
            return
        table(("number", "customer", "due", "why"), [(o["number"], o["name"], o["due_on"], o["why"]) for o in found])
        click.echo(f"{total} in all")
        return
    people = plan_lists.plan_as_json(plan_lists.yearly_plan(house, actor))["people"]
    if as_json:
        for one in people:
            out_json(one)
        return
    months = list(people[0]["months"]) if people else []
    shown = [
        (one["login"] or "-", str(one["overdue"]), *(str(one["months"][month] or "") for month in months))
        for one in people
    ]
    table(("who", "overdue", *months), shown)


@click.command("reassess")
@click.option("--due", "only_due", is_flag=True, help="Only those that are due.")
@click.option("--resume", "run_id", default="", help="Go on with this run, which a killed program left.")
@json_option
@with_house
def reassess(house: House, actor: Actor, run_id: str, *, only_due: bool, as_json: bool) -> None:
    """Assess all customers anew; what is found waits for a second person."""
    from service.flow.credit import portfolio

    if run_id:
        run = portfolio.get_run(house, actor, run_id, limit=1).run
    else:
        run = portfolio.start_run(house, actor, "reassess", only_due=only_due)
    _carry(house, run, as_json=as_json)


def _carry(house: House, run: "PortfolioRun", *, as_json: bool) -> None:
    """Carry a run through, showing how far it is, and say what was found."""
    from service.commands.common import cli_actor
    from service.flow.credit import portfolio
    from service.flow.credit.portfolio_run import advance

    shown = sys.stderr.isatty() and not as_json

    def told(done: int, total: int) -> None:
        click.echo(f"\r{done} / {total}", nl=False, err=True)

    advance(house, run.id, told=told if shown else None)
    if shown:
        click.echo("", err=True)
    run = portfolio.get_run(house, cli_actor(), run.id, limit=1).run
    if as_json:
        out_json(portfolio.run_as_json(run))
        return
    found = {name: count for name, count in run.summary.items() if name != "matrix"}
    table(
        ("before", "after", "customers"),
        [(before or "-", after or "-", str(n)) for (before, after), n in sorted(portfolio.matrix_of(run).items())],
    )
    said = ", ".join(f"{name} {count}" for name, count in found.items())
    click.echo(f"run {run.id}: {run.state}, {run.done} customers, {said}")


@click.command("import-statements")
@click.argument("file", type=_FILE)
@click.option("--apply", "apply", is_flag=True, help="Enter the rows; without it they are only judged.")
@json_option
@with_house
def import_statements(house: House, actor: Actor, file: Path, *, apply: bool, as_json: bool) -> int:
    """Judge the financial statements of FILE (XLSX) or, with --apply, enter all of them or none. Exit 3 when a row is wrong."""
    from service.flow.credit.statements import import_statements as bring_in

    done = bring_in(house, actor, file.read_bytes(), apply=apply)
    wrong = [(str(w.line), w.field, w.why) for w in done.wrong]
    if as_json:
        out_json({"rows": done.rows, "wrong": [list(row) for row in wrong], "applied": apply and not wrong})
        return 3 if wrong else 0
    if wrong:
        table(("row", "column", "what is wrong"), wrong)
    said = "entered" if apply and not wrong else "nothing was entered" if wrong else "all can be entered"
    click.echo(f"{done.rows} rows, {len(wrong)} faults: {said}")
    return 3 if wrong else 0


@click.command("run")
@click.argument("run_id")
@json_option
@with_house
def run(house: House, actor: Actor, run_id: str, *, as_json: bool) -> None:
    """Show how far the run RUN_ID is, and the forms that followed from it."""
    from service.flow.credit import portfolio

    view = portfolio.get_run(house, actor, run_id, limit=1)
    if as_json:
        out_json({**portfolio.run_as_json(view.run), "forms": portfolio.forms_as_json(view.forms)})
        return
    click.echo(f"run {view.run.id}: {view.run.state}, {view.run.done} of {view.run.total} customers")
    if view.forms.state:
        click.echo(f"forms: {view.forms.filed} of {view.forms.wanted} filed, {view.forms.state}")


COMMANDS = (
    scorecards,
    export_scorecard,
    import_scorecard,
    what_if,
    activate_scorecard,
    due,
    assessments,
    plan,
    reassess,
    run,
    import_statements,
)
