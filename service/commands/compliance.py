"""`juanzong report` and `juanzong compliance`: credit reports as files and on a schedule; who is due for training, which tasks are late."""

from pathlib import Path

import click

from service.access.policy import Actor
from service.commands.common import json_option, new_file, out_json, table, with_house
from service.house import House

_language = click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
_output = click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The PDF or XLSX to write."
)


@click.group()
def report() -> None:
    """Credit reports: of a customer, of the portfolio, on a schedule."""


def _form(output: Path) -> str:
    return output.suffix.lower().lstrip(".")


def _write(made: tuple[bytes, str], output: Path, *, as_json: bool) -> int:
    with new_file(output) as file:
        file.write(made[0])
    if as_json:
        out_json({"file": str(output), "bytes": len(made[0])})
    else:
        click.echo(f"wrote {output}")
    return 0


@report.command("customer")
@click.argument("number")
@_output
@_language
@click.option("--on", default="", metavar="YYYY-MM-DD", help="As of this day; today without it.")
@json_option
@with_house
def report_customer(
    house: House, actor: Actor, number: str, output: Path, language: str, on: str, *, as_json: bool
) -> int:
    """Write the credit analysis of the customer NUMBER (or its credit code)."""
    from service.flow.credit import credit_reports
    from service.flow.credit.report_keeping import customer_numbered
    from service.reports import drawing

    form = _form(output)
    credit_reports.demand_form(form)
    id_ = customer_numbered(house, number)
    found = credit_reports.customer_analysis(house, actor, id_, on=on, form=form)
    made = drawing.report_of(found, language, credit_reports.maker_of(actor))
    return _write(drawing.as_file(made, form), output, as_json=as_json)


@report.command("portfolio")
@_output
@_language
@click.option("--on", default="", metavar="YYYY-MM-DD", help="As of this day; today without it.")
@click.option("--since", default="", metavar="YYYY-MM-DD", help="From when warnings count; a year before without it.")
@json_option
@with_house
def report_portfolio(
    house: House, actor: Actor, output: Path, language: str, on: str, since: str, *, as_json: bool
) -> int:
    """Write the report on all customers."""
    from service.flow.credit import credit_reports
    from service.reports import drawing

    form = _form(output)
    credit_reports.demand_form(form)
    found = credit_reports.portfolio_analysis(house, actor, on=on, since=since, form=form, wait=True)
    made = drawing.report_of(found, language, credit_reports.maker_of(actor))
    return _write(drawing.as_file(made, form), output, as_json=as_json)


@report.command("schedule")
@click.argument("kind", type=click.Choice(["customer", "portfolio"]))
@click.argument("every", type=click.Choice(["month", "quarter", "year"]))
@click.option("--for", "login", required=True, metavar="LOGIN", help="For whom, and with whose rights.")
@click.option("--customer", "number", default="", metavar="NUMBER", help="Which customer.")
@json_option
@with_house
def report_schedule(
    house: House, actor: Actor, kind: str, every: str, login: str, number: str, *, as_json: bool
) -> int:
    """Have a report made once after each month, quarter or year."""
    from service.flow.credit import report_schedules
    from service.flow.credit.report_keeping import customer_numbered

    id_ = customer_numbered(house, number) if number else ""
    row = report_schedules.add_schedule(house, actor, kind, every, login, id_)
    shown = report_schedules.schedule_as_json(row, "", house.clock.today())
    if as_json:
        out_json(shown)
    else:
        click.echo(f"{row.id}: the next is made on {shown['next_on']}")
    return 0


@report.command("stop")
@click.argument("schedule_id")
@with_house
def report_stop(house: House, actor: Actor, schedule_id: str) -> int:
    """Have no more reports of a schedule made."""
    from service.flow.credit import report_schedules

    report_schedules.stop_schedule(house, actor, schedule_id)
    return 0


@report.command("list")
@json_option
@with_house
def report_list(house: House, actor: Actor, *, as_json: bool) -> int:
    """List the reports that were kept, the latest first."""
    from service.flow.credit import report_keeping

    found = [
        report_keeping.report_as_json(row, name, there=there)
        for row, name, there in report_keeping.list_reports(house, actor)
    ]
    if as_json:
        for row in found:
            out_json(row)
    else:
        rows = [
            (r["period"], r["kind"], r["customer"] or "", r["login"], r["document_id"] or r["why"] or "") for r in found
        ]
        table(("period", "report", "customer", "for", "document"), rows)
    return 0


@report.command("due")
@json_option
@with_house
def report_due(house: House, _actor: Actor, *, as_json: bool) -> int:
    """Make every scheduled report whose period has ended, as the worker does."""
    from service.flow.credit import report_schedules
    from service.reports import drawing

    made = report_schedules.make_due(house, drawing.drawn)
    if as_json:
        out_json({"made": made})
    else:
        click.echo(f"{made} made")
    return 0


@click.group()
def compliance() -> None:
    """Training and regulations: who is due, which tasks are late."""


@compliance.command("training")
@json_option
@with_house
def compliance_training(house: House, actor: Actor, *, as_json: bool) -> int:
    """List who must have a course and does not, or not much longer. Exit 3 when somebody lacks one."""
    from service.flow.credit import exams

    found = exams.standings(house, actor)
    if as_json:
        for row in found:
            out_json(exams.standing_as_json(row))
    else:
        rows = [(r.person.login, r.course.title, r.state, r.until.isoformat() if r.until else "") for r in found]
        table(("login", "course", "state", "until"), rows)
    return 3 if any(row.state in ("lapsed", "missing") for row in found) else 0


@compliance.command("import-questions")
@click.argument("course_id")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--apply", "apply", is_flag=True, help="Enter them; without it they are only judged.")
@json_option
@with_house
def compliance_import_questions(
    house: House, actor: Actor, course_id: str, file: Path, *, apply: bool, as_json: bool
) -> int:
    """Judge the exam questions of FILE (XLSX or CSV) or, with --apply, enter all or none. Exit 3 when a line is wrong."""
    from service.flow.credit import question_import

    done = question_import.import_questions(house, actor, course_id, file.name, file.read_bytes(), apply=apply)
    counts = done.counts
    if as_json:
        out_json(question_import.judged_as_json(done))
        return 3 if counts["refused"] else 0
    if counts["refused"]:
        wrong = [(str(row.line), name, why) for row in done.lines for name, why in row.why.items()]
        table(("row", "column", "what is wrong"), wrong)
    said = "nothing was entered" if counts["refused"] else "entered" if done.applied else "all can be entered"
    click.echo(f"{counts['new']} new, {counts['unchanged']} in the bank already, {counts['refused']} wrong: {said}")
    return 3 if counts["refused"] else 0


@compliance.command("tasks")
@click.option("--late", is_flag=True, help="Only those past their day.")
@json_option
@with_house
def compliance_tasks(house: House, actor: Actor, *, late: bool, as_json: bool) -> int:
    """List the internal rules that must follow a regulation and do not yet. Exit 3 when one is late."""
    from service.flow.credit import regulations

    found = regulations.list_tasks(house, actor, late=late)
    if as_json:
        for line in found:
            out_json({**regulations.task_as_json(line.task), "regulation": line.regulation.title, "state": line.state})
    else:
        rows = [
            (
                line.task.due_on.isoformat(),
                line.state,
                line.task.owner.login,
                line.task.internal_rule,
                line.regulation.title,
            )
            for line in found
        ]
        table(("due on", "state", "owner", "internal rule", "because of"), rows)
    return 3 if any(line.state == "late" for line in found) else 0


@compliance.command("wall")
@json_option
@with_house
def compliance_wall(house: House, actor: Actor, *, as_json: bool) -> None:
    """Show the five sentences on the wall (RULES A7), in both languages."""
    from service.flow.credit import wall as flow

    row, _earlier = flow.wall(house, actor)
    if as_json:
        out_json(flow.wall_as_json(row))
        return
    for zh, en in zip(row.zh, row.en, strict=True):
        click.echo(f"{zh}  {en}")
