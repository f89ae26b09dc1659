"""`juanzong outside`: files that go to an outside archive, the other disposal."""

from pathlib import Path

import click

from service.access.policy import Actor
from service.commands.common import done, json_option, new_file, out_json, plain, table, with_house
from service.errors import BadInput
from service.house import House

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def outside() -> None:
    """Files that go to an outside archive: package, handing over, receipt, removal."""


@outside.command("list")
@click.option("--open", "open_only", is_flag=True, help="Leave out what is closed.")
@json_option
@with_house
def outside_list(house: House, actor: Actor, *, open_only: bool, as_json: bool) -> None:
    """List the transfers, the newest first."""
    from service.flow.archive import outside as flow

    _total, found = flow.transfers_out(house, actor, open_only=open_only, limit=100_000)
    if as_json:
        for view in found:
            out_json(flow.as_json(view))
        return
    shown = [
        (view.record.id, view.transfer.number, view.transfer.state, view.transfer.recipient, view.file.title)
        for view in found
    ]
    table(("transfer", "archive number", "state", "to", "title"), shown)


@outside.command("show")
@click.argument("transfer")
@json_option
@with_house
def outside_show(house: House, actor: Actor, transfer: str, *, as_json: bool) -> None:
    """Show TRANSFER: who did which step, and what stands against the next one."""
    from service.flow.archive import outside as flow

    view = flow.transfer_out(house, actor, transfer)
    if as_json:
        out_json(flow.as_json(view))
        return
    table(("step", "by", "on", ""), [(s.act, s.person, s.on.isoformat(), s.note) for s in view.transfer.signatures])
    for block in view.blocks:
        click.echo(plain(block.why.en))
    click.echo(f"{view.transfer.number}: {view.transfer.state}")


@outside.command("pack")
@click.argument("transfer")
@click.option("--to", "recipient", required=True, help="The archive it goes to.")
@click.option("--public-key", "key", default="", help="With which that archive signs; none where it stamps paper.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="FILE.zip")
@json_option
@with_house
def outside_pack(
    house: House, actor: Actor, transfer: str, recipient: str, key: str, output: Path, *, as_json: bool
) -> None:
    """Make the package of TRANSFER; made anew it replaces the one before."""
    from service.flow.archive import outside as flow

    with new_file(output) as out:
        bag = flow.pack(house, actor, transfer, recipient, key, out)
    found = {"documents": bag.documents, "manifest": bag.manifest, "file": str(output)}
    done(found, f"wrote {output}: {bag.documents} documents, manifest {bag.manifest}", as_json=as_json)


@outside.command("list-to-sign")
@click.argument("transfer")
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@with_house
def outside_list_to_sign(house: House, actor: Actor, transfer: str, output: Path, *, as_json: bool) -> None:
    """Write the list of TRANSFER that both sides sign to OUTPUT, .pdf or .xlsx."""
    from service.flow.archive.outside_lists import outside_list
    from service.reports.destruction_register import FORMS, written
    from service.reports.outside_list import of_transfer

    form = output.suffix.removeprefix(".").lower()
    if form not in FORMS:
        raise BadInput(f"{output}: the list is written as .pdf or .xlsx")
    found = outside_list(house, actor, transfer, form)
    with new_file(output) as out:
        out.write(written(of_transfer(found), form))
    done({"file": str(output), "documents": len(found.rows)}, f"wrote {output}", as_json=as_json)


@outside.command("hand-over")
@click.argument("transfer")
@click.option("--with-paper", is_flag=True, help="The paper file goes with it.")
@json_option
@with_house
def outside_hand_over(house: House, actor: Actor, transfer: str, *, with_paper: bool, as_json: bool) -> None:
    """Sign that the package of TRANSFER was handed over; --json prints the signed statement."""
    from service.flow.archive import outside as flow

    said = flow.hand_over(house, actor, transfer, with_paper=with_paper)
    done(said, f"handed over to {said['recipient']}, manifest {said['manifest']}", as_json=as_json)


@outside.command("receipt")
@click.argument("transfer")
@click.argument("file", type=_FILE)
@json_option
@with_house
def outside_receipt(house: House, actor: Actor, transfer: str, file: Path, *, as_json: bool) -> None:
    """Enter the receipt FILE that the other archive signed."""
    from service.flow.archive import outside as flow

    flow.enter_receipt(house, actor, transfer, file.read_bytes())
    done({"transfer": transfer, "state": "receipted"}, "entered; another person verifies it", as_json=as_json)


@outside.command("paper-receipt")
@click.argument("transfer")
@click.option("--manifest", required=True, help="The SHA-256 on the receipt.")
@click.option("--by", required=True, help="Who received it.")
@click.option("--on", "on", required=True, metavar="DAY", help="When (YYYY-MM-DD).")
@click.option("--number", required=True, help="The number of the receipt.")
@click.option("--scan", "document_id", required=True, metavar="ID", help="The document that is its scan.")
@json_option
@with_house
def outside_paper_receipt(
    house: House,
    actor: Actor,
    transfer: str,
    manifest: str,
    by: str,
    on: str,
    number: str,
    document_id: str,
    *,
    as_json: bool,
) -> None:
    """Enter a receipt that was stamped on paper."""
    from service.flow.archive import outside as flow

    given = {"manifest": manifest, "by": by, "on": on, "number": number, "document_id": document_id}
    flow.enter_paper_receipt(house, actor, transfer, **given)
    done({"transfer": transfer, "state": "receipted"}, "entered; another person verifies it", as_json=as_json)


@outside.command("refuse")
@click.argument("transfer")
@click.option("--reason", required=True, help="Why the receipt does not hold.")
@json_option
@with_house
def outside_refuse(house: House, actor: Actor, transfer: str, reason: str, *, as_json: bool) -> None:
    """Find that the receipt does not hold."""
    from service.flow.archive import outside as flow

    flow.refuse(house, actor, transfer, reason)
    done({"transfer": transfer, "state": "handed_over"}, "refused; another receipt is asked for", as_json=as_json)


@outside.command("verify")
@click.argument("transfer")
@json_option
@with_house
def outside_verify(house: House, actor: Actor, transfer: str, *, as_json: bool) -> None:
    """Verify the receipt, as a second person."""
    from service.flow.archive import outside as flow

    flow.verify(house, actor, transfer)
    done({"transfer": transfer, "state": "verified"}, "verified", as_json=as_json)


@outside.command("remove")
@click.argument("transfer")
@click.option("--yes", is_flag=True, help="Remove it; this cannot be undone.")
@json_option
@with_house
def outside_remove(house: House, actor: Actor, transfer: str, *, yes: bool, as_json: bool) -> None:
    """Remove what is here in electronic form, after the receipt was verified."""
    from service.flow.archive import outside as flow

    if not yes:
        raise BadInput("nothing was removed: it cannot be undone, so say --yes")
    proof = flow.remove(house, actor, transfer)
    said = "removed; the stub stays" if proof.ok else "begun; the rest follows by itself"
    done({**vars(proof), "ok": proof.ok}, said, as_json=as_json)


@outside.command("cancel")
@click.argument("transfer")
@click.option("--reason", required=True, help="Why.")
@json_option
@with_house
def outside_cancel(house: House, actor: Actor, transfer: str, reason: str, *, as_json: bool) -> None:
    """End a transfer before the removal; the file stays."""
    from service.flow.archive import outside as flow

    flow.cancel(house, actor, transfer, reason)
    done({"transfer": transfer, "state": "cancelled"}, "cancelled; the file stays", as_json=as_json)
