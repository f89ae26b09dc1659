"""The audit trail on the command line: verify it, sign it, take it out; and a document with its evidence."""

import sys
from pathlib import Path

import click

from service.access.policy import Actor
from service.commands.common import json_option, new_file, out_json, with_house
from service.house import House

DAMAGE = 6


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command("verify")
@json_option
@with_house
def audit_verify(house: House, actor: Actor, as_json: bool) -> int:
    """Walk the hash chain and compare it with its signed checkpoints. Exit code 6 when an entry was changed, removed (also at the end), inserted or re-ordered, or the database put back to an earlier day."""
    from service.flow.archive.checks import verify_audit

    report = verify_audit(house, actor)
    if as_json:
        found = {"entries": report.entries, "ok": report.ok, "first_bad": report.first_bad}
        out_json({**found, "checkpoints": report.checkpoints, "problem": report.problem or None})
    elif report.ok:
        click.echo(f"{report.entries} entries, unbroken; {report.checkpoints} signed checkpoint(s)")
    else:
        click.echo(f"broken at entry {report.first_bad}; the {report.entries} before it follow from one another")
        click.echo(f"  {report.problem}")
    return 0 if report.ok else DAMAGE


@audit.command("checkpoint")
@json_option
@with_house
def audit_checkpoint(house: House, actor: Actor, as_json: bool) -> None:
    """Sign where the trail stands and put that into the object store. The worker does it, too, every JUANZONG_CHECKPOINT_HOURS."""
    from service.flow.trust.checkpoints import checkpoint

    made = checkpoint(house, actor)
    if made is None:
        click.echo("the trail has no entry yet")
    elif as_json:
        out_json({"number": made.number, "entries": made.entries, "at": made.at, "public_key": made.public})
    else:
        click.echo(f"checkpoint {made.number}: {made.entries} entries, {made.at}")


@audit.command("accept")
@click.option("--reason", required=True, help="Why database and object store are of different days.")
@json_option
@with_house
def audit_accept(house: House, actor: Actor, reason: str, as_json: bool) -> None:
    """Answer for a database that was put back on purpose: the entries it lost stay named in the trail, and are no alarm any more."""
    from service.flow.trust.checkpoints import accept

    lost = accept(house, actor, reason)
    if as_json:
        out_json({"checkpoints": lost})
    else:
        click.echo(f"answered for {len(lost)} lost checkpoint(s): {' '.join(map(str, lost))}")


@audit.command("key")
@json_option
@with_house
def audit_key(house: House, _actor: Actor, as_json: bool) -> None:
    """Show the public key that checkpoints and evidence are signed with. Write its fingerprint down elsewhere."""
    from service.flow.trust.checkpoints import public_key
    from service.records.signing import fingerprint

    archive, public = public_key(house)
    if as_json:
        out_json({"archive": archive, "public_key": public, "fingerprint": fingerprint(public)})
    else:
        click.echo(f"archive      {archive}\npublic key   {public}\nfingerprint  {fingerprint(public)}")


@audit.command("export")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@json_option
@with_house
def audit_export(house: House, actor: Actor, file: Path, as_json: bool) -> None:
    """Write the whole trail to FILE (- for stdout) with its checkpoints: anybody can verify it with tools/verify_audit.py."""
    from service.flow.trust.trail_export import export

    lines = export(house, actor)
    if str(file) == "-":
        for line in lines:
            sys.stdout.buffer.write(line)
        return
    with new_file(file) as out:
        out.writelines(lines)
    if as_json:
        out_json({"file": str(file), "size": file.stat().st_size})
    else:
        click.echo(f"wrote {file} ({file.stat().st_size} bytes)")


@click.command()
@click.argument("document_id")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="FILE.zip")
@json_option
@with_house
def evidence(house: House, actor: Actor, document_id: str, output: Path, as_json: bool) -> None:
    """Pack a document for a court: the original, its history with proofs, a readable report, and what verifies them."""
    from service.flow.trust.evidence import evidence as pack
    from service.web.trail_words import chinese_word

    with new_file(output) as out:
        package = pack(house, actor, document_id, out, chinese_word)
    if as_json:
        out_json({**vars(package), "file": str(output)})
    else:
        click.echo(
            f"wrote {output}: {len(package.files)} files, {package.entries} entries up to checkpoint {package.checkpoint}"
        )
