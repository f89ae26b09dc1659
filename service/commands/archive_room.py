"""`juanzong company|incident|schedule|milestone|numbers …`: the organisation, and what the archive room keeps; thin over the flows."""

import json
from pathlib import Path
from typing import Any

import click

from service.access.policy import Actor
from service.commands.common import done, json_option, out_json, table, with_house
from service.errors import BadInput
from service.house import House

_KINDS = click.Choice(("lost", "damaged", "overdue", "leaked"))
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FILES = click.Choice(("contract", "credit"))
_BY = click.Choice(("item", "file"))


@click.group()
def company() -> None:
    """The group and its companies: list, add, change, close, and which department belongs to which."""


@company.command("list")
@json_option
@with_house
def company_list(house: House, actor: Actor, *, as_json: bool) -> None:
    """List the companies with their fonds numbers and departments."""
    from service.access.companies import companies

    found = companies(house, actor)
    if as_json:
        for row in found:
            out_json(row)
        return
    shown = [
        (
            r["code"],
            r["name"],
            r["fonds"],
            r["above"] or "",
            " ".join(r["departments"]),
            "closed" * bool(r["closed_at"]),
        )
        for r in found
    ]
    table(("code", "name", "fonds", "above", "departments", ""), shown)


@company.command("add")
@click.argument("code")
@click.argument("name")
@click.option("--fonds", required=True, help="Its fonds number, 4 letters or digits.")
@click.option("--above", default="", help="The code of the company above it; none for the group.")
@json_option
@with_house
def company_add(house: House, actor: Actor, code: str, name: str, fonds: str, above: str, *, as_json: bool) -> None:
    """Make a company."""
    from service.access.companies import create_company

    row = create_company(house, actor, code, name, fonds, above)
    done({"code": row.code, "name": row.name, "fonds": row.fonds}, f"company {row.code} {row.name}", as_json=as_json)


@company.command("change")
@click.argument("code")
@click.option("--name", help="Another name.")
@click.option("--fonds", help="Another fonds number, for files archived from now on.")
@click.option("--above", help="The code of the company above it; '' for none.")
@json_option
@with_house
def company_change(
    house: House, actor: Actor, code: str, name: str | None, fonds: str | None, above: str | None, *, as_json: bool
) -> None:
    """Rename, renumber or move a company; numbers that were given stay."""
    from service.access.companies import change_company

    row = change_company(house, actor, code, name=name, fonds=fonds, above=above)
    done({"code": row.code, "name": row.name, "fonds": row.fonds}, f"company {row.code} {row.name}", as_json=as_json)


@company.command("close")
@click.argument("code")
@json_option
@with_house
def company_close(house: House, actor: Actor, code: str, *, as_json: bool) -> None:
    """Close a company that has no open part."""
    from service.access.companies import close_company

    close_company(house, actor, code)
    done({"code": code, "closed": True}, f"company {code} (closed)", as_json=as_json)


@company.command("department")
@click.argument("department")
@click.argument("code")
@json_option
@with_house
def company_department(house: House, actor: Actor, department: str, code: str, *, as_json: bool) -> None:
    """Put DEPARTMENT into the company CODE ('' for none); its files get that company's fonds number from now on."""
    from service.access.companies import move_department

    row = move_department(house, actor, department, code)
    done({"department": row.code, "company": code}, f"department {row.code} in {code or 'no company'}", as_json=as_json)


@click.group()
def incident() -> None:
    """Lost, damaged or overdue files and leaked secrets: list, report, examine, close."""


@incident.command("list")
@click.option("--open", "open_only", is_flag=True, help="Leave out what is closed.")
@json_option
@with_house
def incident_list(house: House, actor: Actor, *, open_only: bool, as_json: bool) -> None:
    """List the incidents, open ones first."""
    from service.flow.archive import incidents as flow

    _total, found = flow.incidents(house, actor, open_only=open_only, limit=100_000)
    if as_json:
        for row, file in found:
            out_json(flow.as_json(row, file))
        return
    shown = [(r.id, r.number, r.kind, r.state, file.archive_number or file.title, r.description) for r, file in found]
    table(("incident", "number", "kind", "state", "file", "what happened"), shown)


@incident.command("report")
@click.argument("file_id")
@click.option("--kind", required=True, type=_KINDS)
@click.option("--on", "happened_on", required=True, metavar="DAY", help="When it happened (YYYY-MM-DD).")
@click.option("--what", "description", required=True, help="What happened.")
@click.option("--loan", "request_id", default="", help="The access request it happened in.")
@json_option
@with_house
def incident_report(
    house: House,
    actor: Actor,
    file_id: str,
    kind: str,
    happened_on: str,
    description: str,
    request_id: str,
    *,
    as_json: bool,
) -> None:
    """Report that a file was lost, damaged, not returned, or a secret leaked."""
    from service.flow.archive import incidents as flow

    row = flow.report(house, actor, file_id, kind, happened_on, description, request_id)
    done({"id": row.id, "number": row.number}, f"incident {row.number}: {row.id}", as_json=as_json)


@incident.command("examine")
@click.argument("incident_id")
@click.option("--responsible", "people", multiple=True, required=True, metavar="NAME=PART", help="Again for more.")
@click.option("--findings", required=True)
@click.option("--measures", required=True)
@json_option
@with_house
def incident_examine(
    house: House,
    actor: Actor,
    incident_id: str,
    people: tuple[str, ...],
    findings: str,
    measures: str,
    *,
    as_json: bool,
) -> None:
    """Record who is responsible for what, what was found and what is done."""
    from service.flow.archive import incidents as flow

    pairs = [(name, part) for name, _sign, part in (said.partition("=") for said in people)]
    flow.examine(house, actor, incident_id, pairs, findings, measures)
    done({"id": incident_id, "state": "examined"}, "examined; another person closes it", as_json=as_json)


@incident.command("close")
@click.argument("incident_id")
@click.option("--outcome", required=True, help="What came of it.")
@json_option
@with_house
def incident_close(house: House, actor: Actor, incident_id: str, outcome: str, *, as_json: bool) -> None:
    """Close an incident, as another person than who examined it."""
    from service.flow.archive import incidents as flow

    flow.close(house, actor, incident_id, outcome)
    done({"id": incident_id, "state": "closed"}, "closed", as_json=as_json)


@click.group()
def schedule() -> None:
    """The retention schedule: its versions, a draft, what it would change, letting it count."""


@schedule.command("list")
@json_option
@with_house
def schedule_list(house: House, actor: Actor, *, as_json: bool) -> None:
    """List the versions, the one that counts first."""
    from service.flow.archive import schedules as flow

    found = flow.versions(house, actor)
    if as_json:
        for view in found:
            out_json(flow.version_as_json(view))
        return
    shown = [
        (v.version, v.state, str(len(v.rules)), f"{len(v.problems)} faults" * bool(v.problems), v.note) for v in found
    ]
    table(("version", "state", "rules", "", "note"), shown)


@schedule.command("draft")
@click.argument("version")
@click.argument("file", type=_FILE)
@click.option("--note", default="", help="What it is for.")
@json_option
@with_house
def schedule_draft(house: House, actor: Actor, version: str, file: Path, note: str, *, as_json: bool) -> int:
    """Keep the rules of FILE (JSON, as `schedule list --json` prints them) as draft VERSION. Exit 3, naming every fault, when it is wrong."""
    from service.flow.archive import schedules as flow

    try:
        said: Any = json.loads(file.read_bytes())
        rules = said["rules"] if isinstance(said, dict) else said
    except (ValueError, KeyError, RecursionError) as error:
        raise BadInput(f"{file.name} holds no rules in JSON") from error
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise BadInput(f"{file.name} holds no rules in JSON")
    view = flow.save_draft(house, actor, version, rules, note)
    if not as_json and view.problems:
        table(("rule", "what is wrong"), [(p.rule or "", p.why.en) for p in view.problems])
    said_of = f"draft {version}: {len(view.rules)} rules, {len(view.problems)} faults"
    done(flow.version_as_json(view), said_of, as_json=as_json)
    return 3 if view.problems else 0


@schedule.command("what-if")
@click.argument("version")
@click.option(
    "--limit", default=200, show_default=True, type=click.IntRange(0, 10_000), help="How many files are named."
)
@json_option
@with_house
def schedule_what_if(house: House, actor: Actor, version: str, limit: int, *, as_json: bool) -> None:
    """Say which archived files VERSION would keep longer; nothing is changed."""
    from service.flow.archive import schedules as flow

    found = flow.what_if_as_json(flow.what_if(house, actor, version, limit))
    if not as_json:
        rows = [
            (c["archive_number"] or c["file_id"], *map(str, c["retention"]), str(c["due_on"][1]))
            for c in found["changes"]
        ]
        table(("file", "now", "then", "until"), rows)
    counts = f"{found['files']} files, {found['longer']} longer, {found['stay']} stay though it says shorter"
    done(found, counts, as_json=as_json)


@schedule.command("activate")
@click.argument("version")
@json_option
@with_house
def schedule_activate(house: House, actor: Actor, version: str, *, as_json: bool) -> None:
    """Let draft VERSION count, as a second person."""
    from service.flow.archive import schedules as flow

    flow.activate(house, actor, version)
    done({"version": version, "state": "active"}, f"{version} counts now", as_json=as_json)


@click.group()
def milestone() -> None:
    """What contracts still have to perform or pay: list, add, done, drop."""


@milestone.command("list")
@click.option("--late", is_flag=True, help="Only what is overdue.")
@click.option("--contract", "contract_id", default="", metavar="ID", help="Of this contract, settled ones too.")
@json_option
@with_house
def milestone_list(house: House, actor: Actor, contract_id: str, *, late: bool, as_json: bool) -> None:
    """List open milestones, the most urgent first."""
    from service.flow.archive import milestones as flow

    if contract_id:
        found = flow.milestones_of(house, actor, contract_id)
    else:
        found = list(flow.list_milestones(house, actor, late=late, limit=100_000)[1])
    rows = [flow.as_json(item) for item in found]
    if as_json:
        for row in rows:
            out_json(row)
        return
    names = ("id", "contract_number", "kind", "title", "due_on", "amount", "state")
    table(
        ("milestone", "contract", "kind", "title", "due", "yuan", "state"),
        [[str(r[n] or "") for n in names] for r in rows],
    )


@milestone.command("add")
@click.argument("contract_id")
@click.option("--kind", required=True, type=click.Choice(("performance", "payment")))
@click.option("--title", required=True)
@click.option("--due", "due_on", required=True, metavar="DAY")
@click.option("--amount", default="", help="Of a payment, decimal yuan.")
@json_option
@with_house
def milestone_add(
    house: House, actor: Actor, contract_id: str, kind: str, title: str, due_on: str, amount: str, *, as_json: bool
) -> None:
    """Note what is to be performed or paid under a contract."""
    from service.flow.archive import milestones as flow

    row = flow.add_milestone(house, actor, contract_id, kind, title, due_on, amount)
    done({"id": row.id}, f"milestone {row.id}", as_json=as_json)


@milestone.command("done")
@click.argument("milestone_id")
@click.option("--on", "done_on", required=True, metavar="DAY")
@click.option(
    "--paper", "document_id", default="", metavar="ID", help="A document in the contract's file that shows it."
)
@json_option
@with_house
def milestone_done(
    house: House, actor: Actor, milestone_id: str, done_on: str, document_id: str, *, as_json: bool
) -> None:
    """Note that a milestone was reached."""
    from service.flow.archive import milestones as flow

    flow.finish_milestone(house, actor, milestone_id, done_on, document_id)
    done({"id": milestone_id, "done_on": done_on}, "done", as_json=as_json)


@milestone.command("drop")
@click.argument("milestone_id")
@click.option("--reason", required=True)
@json_option
@with_house
def milestone_drop(house: House, actor: Actor, milestone_id: str, reason: str, *, as_json: bool) -> None:
    """Drop a milestone that is not due any more."""
    from service.flow.archive import milestones as flow

    flow.drop_milestone(house, actor, milestone_id, reason)
    done({"id": milestone_id, "dropped": True}, "dropped", as_json=as_json)


@click.group()
def numbers() -> None:
    """How archive numbers are made: templates, what one would give, a draft, letting it count; void numbers."""


@numbers.command("templates")
@json_option
@with_house
def numbers_templates(house: House, actor: Actor, *, as_json: bool) -> None:
    """List the templates there are and were."""
    from service.flow.archive import number_templates as flow

    rows = [flow.template_as_json(row) for row in flow.templates(house, actor)]
    if as_json:
        for row in rows:
            out_json(row)
        return
    table(
        ("template", "kind", "by", "", "state"),
        [[r[n] for n in ("id", "kind", "by", "template", "state")] for r in rows],
    )
    for kind, template in flow.in_force(house, actor).items():
        click.echo(f"{kind}: {template}")


@numbers.command("try")
@click.argument("template")
@click.option("--kind", default="contract", type=_FILES)
@click.option("--by", default="item", type=_BY)
@json_option
@with_house
def numbers_try(house: House, actor: Actor, template: str, kind: str, by: str, *, as_json: bool) -> int:
    """Say what is wrong with TEMPLATE, or which numbers it would give next; nothing is given. Exit 3 when it is wrong."""
    from service.flow.archive import number_templates as flow

    found = flow.preview(house, actor, kind, by, template)
    said = "; ".join(why.en for why in found.problems) or ", ".join(found.numbers)
    done(flow.preview_as_json(found), said, as_json=as_json)
    return 3 if found.problems else 0


@numbers.command("draft")
@click.argument("template")
@click.option("--kind", default="contract", type=_FILES)
@click.option("--by", default="item", type=_BY)
@json_option
@with_house
def numbers_draft(house: House, actor: Actor, template: str, kind: str, by: str, *, as_json: bool) -> None:
    """Keep TEMPLATE as a draft; a second person activates it."""
    from service.flow.archive import number_templates as flow

    row = flow.save_template(house, actor, kind, by, template)
    done(flow.template_as_json(row), f"draft {row.id}", as_json=as_json)


@numbers.command("activate")
@click.argument("template_id")
@json_option
@with_house
def numbers_activate(house: House, actor: Actor, template_id: str, *, as_json: bool) -> None:
    """Let a draft count, as a second person; numbers that were given stay."""
    from service.flow.archive import number_templates as flow

    flow.activate_template(house, actor, template_id)
    done({"id": template_id, "state": "active"}, "counts now", as_json=as_json)


@numbers.command("void")
@click.argument("number")
@click.option("--reason", required=True)
@json_option
@with_house
def numbers_void(house: House, actor: Actor, number: str, reason: str, *, as_json: bool) -> None:
    """Put an archive number on record as void: no file gets it."""
    from service.flow.archive.number_check import void_number

    void_number(house, actor, number, reason)
    done({"number": number, "void": True}, f"{number} is void", as_json=as_json)
