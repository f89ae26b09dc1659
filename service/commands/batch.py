"""`juanzong batch`: the batches of scanned stacks, the count of their paper, their release, and filing as their sheets say."""

import click

from service.access.policy import Actor
from service.commands.common import json_option, out_json, plain, table, with_house
from service.flow.intake import batches as flow
from service.flow.intake.views import batch_as_json, batch_line, placings_as_json
from service.house import House

_COLUMNS = ("batch", "state", "operator", "device", "sheets", "sides", "opened_at")


@click.group()
def batch() -> None:
    """Batches of scanned stacks: look, count the paper, release, file as the separator sheets say."""


@batch.command("list")
@click.option("--state", type=click.Choice(["open", "released"]), default="open", show_default=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
@with_house
def list_(house: House, actor: Actor, *, state: str, limit: int, as_json: bool) -> int:
    """List batches, the newest first."""
    found = [batch_line(one) for one in flow.list_batches(house, actor, state=state, limit=limit)]
    if as_json:
        for line in found:
            out_json(line)
        return 0
    table(_COLUMNS, [["-" if line[name] in (None, "") else str(line[name]) for name in _COLUMNS] for line in found])
    return 0


@batch.command()
@click.argument("name")
@json_option
@with_house
def show(house: House, actor: Actor, name: str, *, as_json: bool) -> int:
    """Show the batch NAME: its documents and the account of its paper."""
    _tell(house, actor, name, as_json=as_json)
    return 0


@batch.command()
@click.argument("name")
@click.option("--sheets", required=True, type=click.IntRange(1, 100_000), help="How many sheets of paper were fed.")
@click.option("--sides", required=True, type=click.IntRange(1, 2), help="Sides of a sheet that were scanned.")
@json_option
@with_house
def count(house: House, actor: Actor, name: str, *, sheets: int, sides: int, as_json: bool) -> int:
    """Say how much paper the batch NAME is."""
    flow.count_paper(house, actor, name, sheets=sheets, sides=sides)
    _tell(house, actor, name, as_json=as_json)
    return 0


@batch.command()
@click.argument("name")
@click.option(
    "--reason",
    default="",
    help="Why a batch that does not balance is released all the same; what the pages are that could not be looked at;"
    " where the paper of a stack that was given up was scanned again; why pages are not there that lack by their printed numbers.",
)
@json_option
@with_house
def release(house: House, actor: Actor, name: str, *, reason: str, as_json: bool) -> int:
    """Release the batch NAME: its documents may be filed, its stacks are removed."""
    flow.release(house, actor, name, reason=reason)
    _tell(house, actor, name, as_json=as_json)
    return 0


@batch.command("file")
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Only say what would go where.")
@json_option
@with_house
def file_(house: House, actor: Actor, name: str, *, dry_run: bool, as_json: bool) -> int:
    """File the documents of the released batch NAME as its separator sheets say; run again, it goes on."""
    from service.flow.archive import sheet_filing

    if dry_run:
        filed, found = None, sheet_filing.placings(house, actor, name)
    else:
        filed, found = sheet_filing.file_by_sheets(house, actor, name)
    told = placings_as_json(found)
    if as_json:
        out_json({"batch": name, **({} if filed is None else {"filed": filed}), **told})
        return 0
    if filed is not None:
        click.echo(f"filed {filed} documents")
    if found.unsaid:
        click.echo(f"the sheets of {found.unsaid} documents name no file: file those by hand")
    names = ("document_id", "category", "state", "file", "why")
    table(
        ("document", "category", "state", "file", "why"),
        [[str(row[n] or "-") for n in names] for row in told["documents"]],
    )
    return 0


_STACK = click.option(
    "--stack", type=click.IntRange(min=1), help="Its number in the batch, where several wait, or it was given up."
)


@batch.command("one-sided")
@click.argument("name")
@_STACK
@json_option
@with_house
def one_sided(house: House, actor: Actor, name: str, *, stack: int | None, as_json: bool) -> int:
    """Cut what waits in the batch NAME as it is: a first pass as single sides, as no back comes; a file without the others of its stack."""
    flow.take_as_one_sided(house, actor, name, stack)
    _tell(house, actor, name, as_json=as_json)
    return 0


@batch.command("give-up")
@click.argument("name")
@_STACK
@json_option
@with_house
def give_up(house: House, actor: Actor, name: str, *, stack: int | None, as_json: bool) -> int:
    """Give up what waits in the batch NAME for its backs, or for the other files of its stack: its paper is scanned again."""
    flow.give_up_pass(house, actor, name, stack)
    _tell(house, actor, name, as_json=as_json)
    return 0


def _tell(house: House, actor: Actor, name: str, *, as_json: bool) -> None:
    whole = flow.get_batch(house, actor, name)
    told = batch_as_json(whole)
    if as_json:
        out_json(told)
        return
    m = whole.manifest
    paper = (
        f"{m.sheets} sheets x {m.sides} sides = {m.expected}" if m.sheets is not None else "nobody counted the paper"
    )
    if whole.batch.settings.get("dropped"):
        paper += f"; {plain(whole.batch.settings['dropped'])} pages taken out at the station"
    kept = f"{m.kept} pages kept + {m.blanks} blanks dropped + {m.separators} separators = {m.accounted}"
    colour, word = ("green", "balances") if m.balances else ("yellow", "does not balance")
    click.echo(f"batch {plain(name)}: {whole.batch.state}{', still being cut' if whole.busy else ''}")
    ways = "one-sided, give-up"
    for found in told["waiting"]:
        name, pages = plain(found["filename"]), found["pages"]
        waits = f"waits for its backs: send them, or see {ways}"
        if "file" in found:
            waits = f"is file {found['file']} of {found['files']} of a stack and waits for the others: see station resume, or {ways}"
        click.echo(f"stack {found['stack']} ({name}, {pages} pages) {waits}")
    for found in told["given_up"]:
        twice = any(s.position == found["stack"] and whole.may_come_twice(s) for s in whole.given_up)
        hint = "; more was scanned since: where its paper is among that, one-sided puts it there twice" if twice else ""
        click.echo(f"stack {found['stack']} ({plain(found['filename'])}, {found['pages']} pages) was given up{hint}")
    for found in told["left_whole"]:
        click.echo(f"stack {found['stack']} ({plain(found['filename'])}) was left whole: {plain(found['why'])}")
    if whole.unseen:
        click.echo(
            f"not looked at, taken as ordinary pages: {', '.join(whole.unseen)}; see what they are and say so at the release"
        )
    for document, numbers in whole.lacking:
        click.echo(
            f"{plain(document.title or document.filename)} lacks pages {numbers} by the numbers printed on the others: scan them, or"
            " say at the release why they are not there"
        )
    if whole.unread and whole.batch.state == "open":
        click.echo(f"{whole.unread} documents are not read yet: whether they lack pages is known then")
    click.echo(f"{paper}; {kept}; {click.style(word, fg=colour)}")
    rows = [
        [
            d["document_id"],
            str(len(d["pages"])),
            d["category"] or "-",
            d["contract"] or d["customer"] or "-",
            d["status"],
        ]
        for d in told["documents"]
    ]
    table(("document", "pages", "category", "file", "status"), [[cell or "-" for cell in row] for row in rows])
