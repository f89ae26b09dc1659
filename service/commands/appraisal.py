"""`juanzong hold|review …`: what is frozen, and the reviews that decide what goes; thin over the flows.

What a person signs with their name (opinion, approval, supervision) needs their own account: the page, or the API with their token.
"""

import sys
import time
from typing import Any

import click

from service.access.policy import Actor
from service.commands.common import done, json_option, out_json, plain, table, with_house
from service.errors import BadInput, ServiceError
from service.house import House


@click.group()
def hold() -> None:
    """Holds: list them, see what a query finds, freeze files for a matter, ask for the release, release as a second person."""


@hold.command("list")
@click.option("--standing", is_flag=True, help="Leave out what was released.")
@json_option
@with_house
def hold_list(house: House, actor: Actor, *, standing: bool, as_json: bool) -> None:
    """List the holds, standing ones first."""
    from service.flow.archive import holds as flow

    found = [row for row in flow.list_holds(house, actor) if not (standing and row.released_at)]
    if as_json:
        for row in found:
            out_json({**flow.as_json(row), "files": flow.files_of(house, actor, row.id)})
        return
    state = {row.id: "released" if row.released_at else "asked" if row.release_asked_by else "" for row in found}
    shown = [(r.id, r.matter, r.reason, r.placed_by, f"{r.placed_at:%Y-%m-%d}", state[r.id]) for r in found]
    table(("hold", "matter", "reason", "by", "on", ""), shown)


@hold.command("matching")
@click.argument("query", nargs=-1, required=True)
@json_option
@with_house
def hold_matching(house: House, actor: Actor, query: tuple[str, ...], *, as_json: bool) -> None:
    """List the files that a hold on QUERY would cover; nothing is frozen."""
    from service.flow.archive import holds as flow

    found = flow.matching(house, actor, " ".join(query))
    rows = [
        (f.id, f.archive_number or (f.contract.number if f.contract else ""), f.title, found.documents.get(f.id, 0))
        for f in found.files
    ]
    if as_json:
        for row in rows:
            out_json(dict(zip(("id", "number", "title", "documents"), row, strict=True)))
    else:
        table(("file", "number", "title", "documents"), [(*row[:3], str(row[3])) for row in rows])
    if found.unread:
        click.echo(f"{found.unread} documents in files could not be read, or are not in the index yet", err=True)


@hold.command("place")
@click.argument("matter")
@click.argument("files", nargs=-1)
@click.option("--reason", required=True)
@click.option("--query", default="", help="All that this query finds now, by title, number, customer or on pages.")
@json_option
@with_house
def hold_place(
    house: House, actor: Actor, matter: str, files: tuple[str, ...], reason: str, query: str, *, as_json: bool
) -> None:
    """Freeze FILES, or what --query finds, for MATTER: none of them is destroyed while it stands."""
    from service.flow.archive import holds as flow

    if bool(files) == bool(query):
        raise BadInput("name the files, or say --query")
    if query:
        row, count = flow.place_on_query(house, actor, matter, reason, query)
    else:
        row, count = flow.place_hold(house, actor, matter, reason, files), len(set(files))
    done({**flow.as_json(row), "count": count}, f"hold {row.id}: {count} files", as_json=as_json)


@hold.command("ask-release")
@click.argument("hold_id")
@click.option("--reason", required=True)
@json_option
@with_house
def hold_ask_release(house: House, actor: Actor, hold_id: str, reason: str, *, as_json: bool) -> None:
    """Ask that HOLD_ID be released; another person releases it."""
    from service.flow.archive import holds as flow

    flow.ask_release(house, actor, hold_id, reason)
    done({"hold": hold_id, "state": "asked"}, "asked; another person releases it", as_json=as_json)


@hold.command("release")
@click.argument("hold_id")
@json_option
@with_house
def hold_release(house: House, actor: Actor, hold_id: str, *, as_json: bool) -> None:
    """Release HOLD_ID, as another person than who asked."""
    from service.flow.archive import holds as flow

    flow.release(house, actor, hold_id)
    done({"hold": hold_id, "state": "released"}, "released", as_json=as_json)


@click.group()
def review() -> None:
    """Appraisals: what is due, the board, propose, take off, stop, execute; persons sign on the page."""


@review.command("due")
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1, 50_000))
@json_option
@with_house
def review_due(house: House, actor: Actor, limit: int, *, as_json: bool) -> None:
    """List the files whose retention has ended and which stand on no review, what fell due first first."""
    from service.flow.archive.candidates import candidate_page
    from service.flow.intake.views import file_as_json

    found = candidate_page(house, actor, limit=limit).rows
    if as_json:
        for row in found:
            out_json(file_as_json(row))
        return
    shown = [(f.id, f.archive_number or "", f.retention or "", str(f.due_on or ""), f.title) for f in found]
    table(("file", "archive number", "kept", "since", "title"), shown)


@review.command("list")
@json_option
@with_house
def review_list(house: House, actor: Actor, *, as_json: bool) -> None:
    """List the open reviews by stage, with whom each waits for."""
    from service.flow.archive import reviews as flow

    rows: list[dict[str, Any]] = [
        {
            "id": one.record.id,
            "number": one.record.number,
            "state": state,
            "files": one.files,
            "since": one.since.isoformat(),
            "waits_for": list(one.waits_for),
            "execution_from": one.execution_from.isoformat() if one.execution_from else None,
        }
        for state, stage in flow.board(house, actor).items()
        for one in stage
    ]
    if as_json:
        for row in rows:
            out_json(row)
        return
    shown = [
        (r["id"], r["number"], r["state"], str(r["files"]), r["since"], ", ".join(r["waits_for"]), r["execution_from"])
        for r in rows
    ]
    heads = ("review", "number", "state", "files", "since", "waits for", "goes on from")
    table(heads, [[str(cell or "") for cell in row] for row in shown])


@review.command("show")
@click.argument("review_id")
@json_option
@with_house
def review_show(house: House, actor: Actor, review_id: str, *, as_json: bool) -> None:
    """Show REVIEW_ID: its signatures, and each file with what was decided on it and what stands against it."""
    from service.flow.archive import reviews as flow

    said = flow.as_json(flow.get_review(house, actor, review_id))
    if as_json:
        out_json(said)
        return
    table(("step", "by", "on"), [(s["act"], s["person"], s["on"]) for s in said["signatures"]])
    rows = []
    for one in said["files"]:
        why = one["unfinished"] or (one["blocks"][0]["why"] if one["blocks"] else one["why"])
        rows.append((one["archive_number"] or one["title"], one["ruling"], one["outcome"] or "", why["en"]))
    table(("file", "ruling", "outcome", "why"), rows)
    click.echo(plain(f"{said['number']}: {said['state']}, waits for {', '.join(said['waits_for']) or 'nobody'}"))


@review.command("propose")
@click.argument("files", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that is due.")
@click.option(
    "--group",
    multiple=True,
    required=True,
    metavar="LOGIN",
    help="Of the appraisal group, its head first; again for more.",
)
@click.option("--approver", required=True, metavar="LOGIN")
@click.option("--supervisor", "supervisors", multiple=True, required=True, metavar="LOGIN", help="Twice.")
@json_option
@with_house
def review_propose(
    house: House,
    actor: Actor,
    files: tuple[str, ...],
    group: tuple[str, ...],
    approver: str,
    supervisors: tuple[str, ...],
    *,
    everything: bool,
    as_json: bool,
) -> None:
    """Begin a review of FILES, or of all that is due. All its people are different ones."""
    from service.access.accounts import get_person
    from service.flow.archive import reviews as flow

    if bool(files) == everything:
        raise BadInput("name the files, or say --all")
    ids = {login: get_person(house, actor, login).id for login in (*group, approver, *supervisors)}
    parts = ([ids[login] for login in group], ids[approver], [ids[login] for login in supervisors])
    row = flow.propose(house, actor, files, *parts, everything=everything)
    done({"id": row.id, "number": row.number, "state": row.state}, f"review {row.number}: {row.id}", as_json=as_json)


@review.command("take-off")
@click.argument("review_id")
@click.argument("file_id")
@click.option("--reason", required=True)
@json_option
@with_house
def review_take_off(house: House, actor: Actor, review_id: str, file_id: str, reason: str, *, as_json: bool) -> None:
    """Take FILE_ID off REVIEW_ID, before its destruction has begun."""
    from service.flow.archive import reviews as flow

    flow.take_off(house, actor, review_id, file_id, reason)
    done({"review": review_id, "off": file_id}, "taken off; the file stays", as_json=as_json)


@review.command("stop")
@click.argument("review_id")
@click.option("--reason", required=True)
@json_option
@with_house
def review_stop(house: House, actor: Actor, review_id: str, reason: str, *, as_json: bool) -> None:
    """Stop REVIEW_ID before its destruction; nothing of it is destroyed."""
    from service.flow.archive import reviews as flow

    flow.stop(house, actor, review_id, reason)
    done({"review": review_id, "state": "stopped"}, "stopped", as_json=as_json)


@review.command("paper")
@click.argument("review_id")
@click.option("--how", required=True, help="By which means and where.")
@json_option
@with_house
def review_paper(house: House, actor: Actor, review_id: str, how: str, *, as_json: bool) -> None:
    """Note that the paper of the files REVIEW_ID destroyed was destroyed; then the supervisors confirm."""
    from service.flow.archive import reviews as flow

    flow.note_paper(house, actor, review_id, how)
    done({"review": review_id, "paper": "destroyed"}, "noted; the supervisors confirm", as_json=as_json)


@review.command("execute")
@click.argument("review_id")
@click.option("--yes", is_flag=True, help="Destroy; this cannot be undone.")
@json_option
@with_house
def review_execute(house: House, actor: Actor, review_id: str, *, yes: bool, as_json: bool) -> None:
    """Carry out what REVIEW_ID decided, each file checked again at this moment; broken off, it is finished by the service.

    Where a worker is at it already, its end is waited for.
    """
    from service.flow.archive import destroy as flow

    if not yes:
        raise BadInput("nothing was destroyed: it cannot be undone, so say --yes")
    flow.begin(house, actor, review_id)
    _carry_out(house, actor, review_id)
    found = flow.outcomes(house, review_id)
    if as_json:
        for one in found:
            out_json(vars(one))
        return
    table(("file", "outcome", "why"), [(one.archive_number, one.outcome, one.why) for one in found])
    click.echo(f"{sum(one.outcome == 'destroyed' for one in found)} of {len(found)} files destroyed")


def _carry_out(house: House, actor: Actor, review_id: str) -> None:
    """Carry a destruction out that was begun, or wait for who does, with how far it is on a terminal. Raises ServiceError when it waits."""
    from service.flow.archive import destroy as flow

    def show(now: flow.Carried) -> None:
        if sys.stderr.isatty():
            done = f"step {now.place + 1} of {len(flow.STEPS)} ({now.step}): {now.done} of {now.total} files"
            click.echo(f"  {now.number}: {done}\x1b[K\r", err=True, nl=False)

    while not flow.carry_on(house, review_id, show):
        now = flow.carried(house, actor, review_id)
        if now.state != "executing":
            return
        if now.why:
            raise ServiceError(f"review {now.number}: {now.why}; the service goes on with it")
        show(now)
        time.sleep(1)
