"""What rights rest on: papers on record (RULES B7 to B9); and what is opened to a person for a time."""

from typing import Any

import click

from service.access.policy import TIERS, Actor
from service.commands.common import json_option, out_json, table, with_house
from service.house import House


@click.group()
def paper() -> None:
    """Confidentiality agreements and qualifications: add, list, revoke, lacking."""


@paper.command("add")
@click.argument("login")
@click.argument("kind", type=click.Choice(("agreement", "degree", "retrieval", "exam")))
@click.option("--from", "first", required=True, metavar="YYYY-MM-DD", help="The day it was signed or passed.")
@click.option("--until", "last", default="", metavar="YYYY-MM-DD", help="The last day it is valid; no end by default.")
@click.option("--note", required=True, help="Where the paper lies.")
@json_option
@with_house
def paper_add(
    house: House, actor: Actor, login: str, kind: str, first: str, last: str, note: str, as_json: bool
) -> None:
    """Put a paper of a person on record; it counts at once."""
    from service.access.paper_entries import add_paper
    from service.commands.admin import paper_of

    days = f"{first}..{last}" if last else first
    made = add_paper(house, actor, login, paper_of(f"{kind}={days}", note))
    if as_json:
        out_json({"id": made.id, "login": login, "kind": kind})
    else:
        click.echo(f"{kind} of {login} is on record: {made.id}")


@paper.command("list")
@click.argument("login")
@json_option
@with_house
def paper_list(house: House, actor: Actor, login: str, as_json: bool) -> None:
    """List the papers of a person, revoked ones too."""
    from service.access.paper_entries import as_json as paper_as_json
    from service.access.paper_entries import list_papers

    found = [paper_as_json(item) for item in list_papers(house, actor, login)]
    if as_json:
        _lines(found)
        return
    columns = ("id", "kind", "valid_from", "valid_until", "note")
    rows = [(*(str(item[c] or "-") for c in columns), "revoked" if item["revoked_at"] else "") for item in found]
    table((*columns, ""), rows)


def _lines(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        out_json(row)


@paper.command("revoke")
@click.argument("login")
@click.argument("paper_id", metavar="ID")
@click.option("--reason", required=True)
@json_option
@with_house
def paper_revoke(house: House, actor: Actor, login: str, paper_id: str, reason: str, as_json: bool) -> None:
    """Take a paper off the record; what rests on it ends at once."""
    from service.access.paper_entries import revoke_paper

    revoke_paper(house, actor, login, paper_id, reason)
    if as_json:
        out_json({"id": paper_id, "revoked": True})
    else:
        click.echo(f"paper {paper_id} is revoked")


@paper.command("lacking")
@json_option
@with_house
def paper_lacking(house: House, actor: Actor, as_json: bool) -> None:
    """List who lacks which paper, and from when papers are demanded."""
    from service.access.paper_entries import who_lacks

    first, found = who_lacks(house, actor)
    if as_json:
        _lines([{"login": lack.login, "name": lack.name, "lacks": lack.states} for lack in found])
        return
    click.echo(f"papers are demanded {f'from {first}' if first else 'always'}")
    table(
        ("login", "name", "lacks"),
        [(k.login, k.name, ", ".join(f"{n} ({s})" for n, s in k.states.items())) for k in found],
    )


@click.group()
def grant() -> None:
    """What is opened to a person for a time: give, list, end."""


@grant.command("give")
@click.argument("login")
@click.argument("kind", type=click.Choice(("document", "file", "customer")))
@click.argument("subject_id", metavar="ID")
@click.option("--until", required=True, metavar="YYYY-MM-DD", help="The last day.")
@click.option("--reason", required=True)
@click.option(
    "--tier",
    default="",
    type=click.Choice(("", *TIERS)),
    help="The highest tier it opens; that of the thing by default.",
)
@json_option
@with_house
def grant_give(
    house: House,
    actor: Actor,
    login: str,
    kind: str,
    subject_id: str,
    until: str,
    reason: str,
    tier: str,
    as_json: bool,
) -> None:
    """Open a document, a case file or a customer to a person, for reading."""
    from service.errors import BadInput
    from service.flow.archive.grants import give_grant
    from service.typed import day_of

    try:
        day = day_of(until)
    except ValueError:
        raise BadInput("until: a date YYYY-MM-DD", {"until": "a date YYYY-MM-DD"}) from None
    made = give_grant(house, actor, login, kind, subject_id, day, reason, tier)
    if as_json:
        out_json({"id": made.id, "login": login, "kind": kind, "subject_id": subject_id, "tier": made.tier})
    else:
        click.echo(f"{kind} {subject_id} is open to {login} until {until}: {made.id}")


@grant.command("list")
@click.option("--user", "login", help="Only this person's.")
@json_option
@with_house
def grant_list(house: House, actor: Actor, login: str | None, as_json: bool) -> None:
    """List what is opened to whom, open ones first."""
    from service.flow.archive.grants import as_json as grant_as_json
    from service.flow.archive.grants import list_grants

    found = [grant_as_json(house, item) for item in list_grants(house, actor, login)]
    if as_json:
        _lines(found)
        return
    columns = ("id", "login", "kind", "subject_id", "tier", "until")
    table((*columns, ""), [(*(str(item[c]) for c in columns), "open" if item["open"] else "ended") for item in found])


@grant.command("end")
@click.argument("grant_id", metavar="ID")
@json_option
@with_house
def grant_end(house: House, actor: Actor, grant_id: str, as_json: bool) -> None:
    """Close a grant at once."""
    from service.flow.archive.grants import end_grant

    end_grant(house, actor, grant_id)
    if as_json:
        out_json({"id": grant_id, "ended": True})
    else:
        click.echo(f"grant {grant_id} is ended")
