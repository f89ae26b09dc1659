"""Set up, run, and let people in."""

from typing import TYPE_CHECKING

import click

from service.access.policy import ROLES, SCOPES, TIERS, Actor
from service.commands.common import cli_actor, json_option, out_json, table, with_house
from service.house import House
from service.records.tables import Department
from service.settings import load

if TYPE_CHECKING:
    from service.access.papers import PaperGiven


@click.command()
@json_option
def init(as_json: bool) -> None:
    """Make the archive: home, master key, database, and a one-time link for the first administrator."""
    from service.access.people import invite, list_people
    from service.bootstrap import alone, build, prepare

    settings = load()
    link = ""
    with alone(settings):
        made = prepare(settings)
        house = build(settings)
        if not list_people(house, cli_actor()):
            secret = invite(house, cli_actor(), "admin", "Administrator", ["administrator"])
            link = f"{settings.base_url}/invite/{secret}"
    told = _about_stores(house)
    house.database.dispose()
    if as_json:
        out_json({"home": str(settings.home), "made": made, "administrator_link": link or None, **told})
        return
    click.echo(f"{'made' if made else 'found'} the archive at {settings.home}")
    for why in filter(None, told.get("locks", {}).values()):
        click.echo(f"  objects cannot be locked: {why}")
    if link:
        click.echo(f"the first administrator sets a password here, once, within 7 days (name: admin):\n  {link}")


def _about_stores(house: House) -> dict[str, dict[str, str]]:
    """Make the buckets; returns as `locks` for each of them why it locks no objects, "" where it does, or what it answered."""
    from service.flow.common.objects import stores
    from vault.errors import VaultError

    told = {}
    addresses = {"store": house.settings.object_store, "replica": house.settings.replica}
    for place, store in stores(house).items():
        if addresses[place].startswith("file:"):
            continue
        try:
            store.check()
            told[place] = store.locks()
        except VaultError as error:
            told[place] = f"{error} (its bucket is made when it answers)"
    return {"locks": told} if told else {}


@click.command()
@click.option("--no-worker", is_flag=True, help="Only the web; a worker runs elsewhere.")
def serve(no_worker: bool) -> int:
    """Run the application: web and worker together."""
    from service.bootstrap import build
    from service.serve import serve as run

    settings = load()
    build(settings).database.dispose()  # a wrong setting or a missing archive is said here, before anything starts
    click.echo(f"juanzong serves {settings.base_url} (stop with Ctrl+C)")
    return run(settings, with_worker=not no_worker)


@click.command()
def worker() -> None:
    """Run one worker of a server set-up: it reads what was received."""
    import logging

    from service.worker import run

    logging.getLogger().setLevel(logging.INFO)
    run(load())


@click.group()
def user() -> None:
    """Accounts: add, list, change, invite, disable, enable."""


@user.command("add")
@click.argument("login")
@click.option("--name", required=True, help="The person's name as it is shown.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES))
@click.option("--department", help="The department's code.")
@click.option("--clearance", default="internal", type=click.Choice(TIERS))
@click.option(
    "--paper",
    "papers",
    multiple=True,
    metavar="KIND=FROM[..UNTIL]",
    help="Put on record with it, e.g. degree=2010-07-01.",
)
@click.option("--paper-note", default="", help="Where these papers lie.")
@json_option
@with_house
def user_add(
    house: House,
    actor: Actor,
    login: str,
    name: str,
    roles: tuple[str, ...],
    department: str | None,
    clearance: str,
    papers: tuple[str, ...],
    paper_note: str,
    as_json: bool,
) -> None:
    """Create an account; prints the one-time link with which the person sets a password."""
    from service.access.people import department_by_code, invite

    department_id = department_by_code(house, department).id if department else None
    kept = [paper_of(text, paper_note or "entered with the account") for text in papers]
    secret = invite(house, actor, login, name, list(roles), department_id, clearance, kept)
    _link(house, login, secret, as_json=as_json)


def paper_of(text: str, note: str) -> "PaperGiven":
    """Return a paper written as KIND=FROM or KIND=FROM..UNTIL. Raises click.BadParameter."""
    from service.access.papers import KINDS, PaperGiven
    from service.typed import day_of

    kind, _, days = text.partition("=")
    first, _, last = days.partition("..")
    try:
        given = PaperGiven(kind, day_of(first), day_of(last) if last else None, note)
    except ValueError:
        given = None
    if given is None or kind not in KINDS:
        why = f"{text!r}: KIND=YYYY-MM-DD or KIND=YYYY-MM-DD..YYYY-MM-DD, KIND one of {', '.join(KINDS)}"
        raise click.BadParameter(why, param_hint="--paper")
    return given


@user.command("invite")
@click.argument("login")
@json_option
@with_house
def user_invite(house: House, actor: Actor, login: str, as_json: bool) -> None:
    """Print a fresh one-time link for an account, for instance after a forgotten password."""
    from service.access.people import renew_invitation

    _link(house, login, renew_invitation(house, actor, login), as_json=as_json)


def _link(house: House, login: str, secret: str, *, as_json: bool) -> None:
    link = f"{house.settings.base_url}/invite/{secret}"
    if as_json:
        out_json({"login": login, "link": link})
    else:
        click.echo(f"{login} sets a password here, once, within 7 days:\n  {link}")


@user.command("list")
@json_option
@with_house
def user_list(house: House, actor: Actor, as_json: bool) -> None:
    """List the accounts."""
    from service.access.people import list_people

    people = list_people(house, actor)
    if as_json:
        for p in people:
            department = p.department.code if p.department else None
            line = {"login": p.login, "name": p.name, "roles": p.roles, "department": department}
            out_json({**line, "disabled": p.disabled_at is not None})
        return
    rows = [
        (
            p.login,
            p.name,
            ", ".join(p.roles),
            p.department.name if p.department else "-",
            "disabled" if p.disabled_at else "",
        )
        for p in people
    ]
    table(("login", "name", "roles", "department", ""), rows)


@user.command("disable")
@click.argument("login")
@json_option
@with_house
def user_disable(house: House, actor: Actor, login: str, as_json: bool) -> None:
    """Close an account at once: its sessions end, its tokens are revoked. What it did stays in the trail."""
    from service.access.people import disable

    disable(house, actor, login)
    if as_json:
        out_json({"login": login, "disabled": True})
    else:
        click.echo(f"{login} is disabled")


@user.command("change")
@click.argument("login")
@click.option("--name", help="The person's name as it is shown.")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), help="All roles the person has from now on.")
@click.option("--department", help="The department's code; - for none.")
@click.option("--clearance", type=click.Choice(TIERS))
@json_option
@with_house
def user_change(
    house: House,
    actor: Actor,
    login: str,
    name: str | None,
    roles: tuple[str, ...],
    department: str | None,
    clearance: str | None,
    as_json: bool,
) -> None:
    """Change an account's name, roles, department or clearance; what is not given stays."""
    from service.access.accounts import change_person, person_as_json
    from service.access.people import department_by_code

    where = None if department is None else "" if department == "-" else department_by_code(house, department).id
    wanted = list(roles) or None
    person = change_person(house, actor, login, name=name, roles=wanted, department_id=where, clearance=clearance)
    if as_json:
        out_json(person_as_json(person))
    else:
        click.echo(f"{login} is changed")


@user.command("enable")
@click.argument("login")
@json_option
@with_house
def user_enable(house: House, actor: Actor, login: str, as_json: bool) -> None:
    """Open a closed account again; prints the one-time link, since the old password is void."""
    from service.access.accounts import open_again

    secret = open_again(house, actor, login)
    if secret:
        _link(house, login, secret, as_json=as_json)
    else:
        _done(login, "is open", as_json=as_json)


@user.command("add-station")
@click.argument("login")
@click.option("--name", required=True, help="What the station is called.")
@click.option("--department", help="The code of the department that what it hands in belongs to.")
@json_option
@with_house
def user_add_station(house: House, actor: Actor, login: str, name: str, department: str | None, as_json: bool) -> None:
    """Create the account of a scanning station: it hands in with a token (`token create`) and never signs in."""
    from service.access.accounts import create_station, person_as_json
    from service.access.people import department_by_code

    department_id = department_by_code(house, department).id if department else None
    made = create_station(house, actor, login, name, department_id)
    if as_json:
        out_json(person_as_json(made))
    else:
        click.echo(f"station {login}; its token: juanzong token create --user {login}")


@user.command("unlock")
@click.argument("login")
@json_option
@with_house
def user_unlock(house: House, actor: Actor, login: str, as_json: bool) -> None:
    """Let an account answer again at once that was made to wait after wrong attempts."""
    from service.access.accounts import unlock

    unlock(house, actor, login)
    _done(login, "is unlocked", as_json=as_json)


@user.command("reset-second-factor")
@click.argument("login")
@json_option
@with_house
def user_reset_second_factor(house: House, actor: Actor, login: str, as_json: bool) -> None:
    """Take the second factor away from a person whose phone and recovery codes are lost; signs them out everywhere."""
    from service.access.accounts import reset_second_factor

    reset_second_factor(house, actor, login)
    _done(login, "has no second factor any more", as_json=as_json)


@user.command("link")
@click.argument("login")
@click.argument("subject")
@json_option
@with_house
def user_link(house: House, actor: Actor, login: str, subject: str, as_json: bool) -> None:
    """Link an account to SUBJECT (`sub`) at the company's sign-in."""
    from service.access.company import link

    link(house, actor, login, subject)
    _done(login, f"is linked to {subject}", as_json=as_json)


def _done(login: str, what: str, *, as_json: bool) -> None:
    if as_json:
        out_json({"login": login, "done": what})
    else:
        click.echo(f"{login} {what}")


@click.group()
def department() -> None:
    """Departments: add, list, rename, close, open, and what they demand before a contract is signed."""


@department.command("add")
@click.argument("code")
@click.argument("name")
@click.option("--fonds", help="The fonds number of its archive; the company's by default.")
@json_option
@with_house
def department_add(house: House, actor: Actor, code: str, name: str, fonds: str | None, as_json: bool) -> None:
    """Create a department; CODE becomes part of contract and archive numbers."""
    from service.access.people import create_department

    made = create_department(house, actor, code, name, fonds)
    if as_json:
        out_json({"id": made.id, "code": made.code, "name": made.name, "fonds": made.fonds})
    else:
        click.echo(f"department {made.code} {made.name}")


@department.command("list")
@json_option
@with_house
def department_list(house: House, _actor: Actor, as_json: bool) -> None:
    """List the departments."""
    from service.access.people import list_departments

    departments = list_departments(house)
    if as_json:
        for d in departments:
            out_json({"id": d.id, "code": d.code, "name": d.name, "fonds": d.fonds, "closed": d.closed_at is not None})
        return
    table(
        ("code", "name", "fonds", ""),
        [(d.code, d.name, d.fonds, "closed" if d.closed_at else "") for d in departments],
    )


@department.command("rename")
@click.argument("code")
@click.argument("name")
@json_option
@with_house
def department_rename(house: House, actor: Actor, code: str, name: str, as_json: bool) -> None:
    """Give a department another name; its code stays."""
    from service.access.departments import rename_department

    _said(rename_department(house, actor, code, name), as_json=as_json)


@department.command("close")
@click.argument("code")
@json_option
@with_house
def department_close(house: House, actor: Actor, code: str, as_json: bool) -> None:
    """Close a department: no new contract and no new account in it."""
    from service.access.departments import close_department

    _said(close_department(house, actor, code), as_json=as_json)


@department.command("merge")
@click.argument("code")
@click.argument("into")
@json_option
@with_house
def department_merge(house: House, actor: Actor, code: str, into: str, as_json: bool) -> None:
    """Give department INTO all that CODE has, and close CODE; numbers that were given stay."""
    from service.access.departments import merge_department

    _said(merge_department(house, actor, code, into), as_json=as_json)


@department.command("approval")
@click.argument("code")
@click.option("--since", default="", metavar="DAY", help="From this day on (YYYY-MM-DD).")
@click.option("--source", default="", help="The internal rule that says so.")
@click.option("--none", "ended", is_flag=True, help="It is not demanded any more.")
@json_option
@with_house
def department_approval(
    house: House, actor: Actor, code: str, since: str, source: str, *, ended: bool, as_json: bool
) -> None:
    """Demand that contracts of department CODE are approved before they are signed; those signed before are carried on."""
    from service.access.departments import demand_approval

    if ended == bool(since):
        raise click.UsageError("give --since DAY with --source, or --none")
    row = demand_approval(house, actor, code, since, source)
    day = row.approval_from.isoformat() if row.approval_from else None
    if as_json:
        out_json({"code": row.code, "since": day, "source": row.approval_source})
    else:
        click.echo(
            f"department {code}: " + (f"approved first from {day}, {row.approval_source}" if day else "no demand")
        )


@department.command("open")
@click.argument("code")
@json_option
@with_house
def department_open(house: House, actor: Actor, code: str, as_json: bool) -> None:
    """Open a closed department again."""
    from service.access.departments import open_department

    _said(open_department(house, actor, code), as_json=as_json)


def _said(changed: Department, *, as_json: bool) -> None:
    closed = changed.closed_at is not None
    if as_json:
        out_json({"code": changed.code, "name": changed.name, "closed": closed})
    else:
        click.echo(f"department {changed.code} {changed.name}{' (closed)' if closed else ''}")


@click.group()
def token() -> None:
    """Bearer tokens for programs."""


@token.command("create")
@click.option("--user", "login", required=True, help="Whose rights the token has.")
@click.option("--name", default="cli", help="What it is for.")
@click.option("--days", default=365, type=click.IntRange(1, 3650), help="How long it lives.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="What of these rights; all by default."
)
@click.option("--network", "networks", multiple=True, help="From where alone it works: 10.1.2.3, 10.1.0.0/16.")
@json_option
@with_house
def token_create(
    house: House,
    actor: Actor,
    login: str,
    name: str,
    days: int,
    scopes: tuple[str, ...],
    networks: tuple[str, ...],
    as_json: bool,
) -> None:
    """Create a token; it is shown once and never again."""
    from service.access.people import create_token

    secret = create_token(house, actor, login, name, days, scopes=scopes or None, networks=networks)
    if as_json:
        out_json({"user": login, "name": name, "token": secret})
    else:
        click.echo(secret)


@token.command("list")
@click.option("--user", "login", help="Only this person's tokens.")
@json_option
@with_house
def token_list(house: House, actor: Actor, login: str | None, as_json: bool) -> None:
    """List the tokens with their ids; the secrets are kept nowhere."""
    from service.access.people import list_tokens

    found = list_tokens(house, actor, login)
    if as_json:
        for item, person in found:
            out_json(
                {
                    "id": item.id,
                    "user": person,
                    "name": item.name,
                    "scopes": item.scopes,
                    "networks": item.networks,
                    "last_used_at": item.last_used_at.isoformat() if item.last_used_at else None,
                    "expires_at": item.expires_at.isoformat() if item.expires_at else None,
                    "revoked_at": item.revoked_at.isoformat() if item.revoked_at else None,
                }
            )
        return
    rows = [
        (
            item.id,
            person,
            item.name,
            ", ".join(item.scopes),
            f"{item.last_used_at:%Y-%m-%d}" if item.last_used_at else "-",
            f"{item.expires_at:%Y-%m-%d}" if item.expires_at else "-",
            "revoked" if item.revoked_at else "",
        )
        for item, person in found
    ]
    table(("id", "user", "name", "may", "used", "until", ""), rows)


@token.command("revoke")
@click.argument("token_id", metavar="ID")
@json_option
@with_house
def token_revoke(house: House, actor: Actor, token_id: str, as_json: bool) -> None:
    """Revoke a token at once; `token list` shows the ids."""
    from service.access.people import revoke_token

    revoke_token(house, actor, token_id)
    if as_json:
        out_json({"id": token_id, "revoked": True})
    else:
        click.echo(f"token {token_id} is revoked")
