"""Backup, restore, and the destruction register outside the archive."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from service.access.policy import Actor
from service.commands.common import cli_actor, json_option, new_file, out_json, plain, with_house
from service.errors import BadInput
from service.house import House

DAMAGE = 6
_FILE = click.Path(path_type=Path, dir_okay=False)
passphrase_option = click.option(
    "--passphrase-file",
    type=_FILE,
    help="A file whose first line is the passphrase of the backup, beside the master key.",
)


def _passphrase(path: Path | None) -> str:
    from service.flow.backup.passphrase import read_passphrase

    return "" if path is None else read_passphrase(path)


def _shown(what: str) -> Callable[[int, int], None]:
    def show(done: int, total: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r  {what}: {done} of {total}\x1b[K", err=True, nl=done >= total)

    return show


@click.command()
@click.argument("file", type=_FILE)
@click.option("--incremental-from", "base", type=_FILE, help="An earlier backup: its objects are not written again.")
@click.option("--manifest-only", is_flag=True, help="Name the objects with what belongs to them, but do not copy them.")
@click.option(
    "--keys-apart", type=_FILE, help="Write the keys part to this file: without it the backup opens for nobody."
)
@click.option(
    "--keys", "base_keys", type=_FILE, multiple=True, help="The keys part of an earlier backup that lies apart."
)
@click.option("--verify", is_flag=True, help="Check everything in FILE to its last byte; nothing is restored.")
@passphrase_option
@json_option
@with_house
def backup(
    house: House,
    actor: Actor,
    file: Path,
    base: Path | None,
    manifest_only: bool,
    keys_apart: Path | None,
    base_keys: tuple[Path, ...],
    verify: bool,
    passphrase_file: Path | None,
    as_json: bool,
) -> int:
    """Write one sealed archive of database, keys and objects to FILE, while the service runs. Never overwrites.

    Exit code 6 when objects were missing in the store already; the backup is made all the same, and names them.
    """
    from service.flow.backup.check import open_chain
    from service.flow.backup.take import How, take

    word = _passphrase(passphrase_file)
    if verify:
        if base or manifest_only or keys_apart:
            raise click.UsageError("--verify only reads: it takes FILE, --keys and --passphrase-file")
        return _verify(house, actor, file, base_keys, word, as_json=as_json)
    rests_on = None
    if base is not None:
        rests_on = open_chain([base], house.keys, keys_from=base_keys, passphrase=word, alone=True).newest
    taken = take(house, actor, file, How(rests_on, manifest_only, word, keys_apart), _shown("objects"))
    if as_json:
        out_json({"file": str(file), **vars(taken)})
    else:
        click.echo(
            f"{plain(file)}: {taken.rows} rows, {taken.objects} objects ({taken.written} in this file), {taken.size} bytes"
        )
        click.echo(f"  up to entry {taken.entries} of the audit trail; SHA-256 {taken.sha256}")
        if taken.forms:
            click.echo(f"  {taken.forms} own form(s)")
        if taken.left_out:
            click.echo(f"  {taken.left_out} file(s) were destroyed meanwhile and are left out")
        for name in taken.missing:
            click.echo(f"  missing in the store: {name}")
    return DAMAGE if taken.missing else 0


def _verify(house: House, actor: Actor, file: Path, keys: tuple[Path, ...], word: str, *, as_json: bool) -> int:
    from service.flow.backup.check import open_chain, verify
    from service.records import audit as trail

    with house.database.read() as session:
        audit_key: bytes = session.info["audit_key"]
    chain = open_chain([file], house.keys, keys_from=keys, passphrase=word, alone=True)
    found = verify(chain, house.keys, audit_key, _shown("objects"))
    identity = str(chain.newest.id)
    elsewhere = int(chain.newest.first["objects"]) - found.objects - found.absent
    with house.database.write() as session:
        detail = {"rows": found.rows, "objects": found.objects, "trail_ok": found.trail_ok}
        trail.append(session, actor.name, "backup.verify", f"backup:{identity}", detail)
    if as_json:
        counts = {"rows": found.rows, "objects": found.objects, "elsewhere": elsewhere, "manifest_only": found.absent}
        out_json(
            {
                "ok": found.trail_ok,
                "id": identity,
                **counts,
                "keys": found.keys,
                "forms": found.forms,
                "entries": found.entries,
            }
            | {"trail_ok": found.trail_ok}
        )
    else:
        click.echo(f"backup {identity}: {found.rows} rows, {found.objects} objects, {found.keys} keys, all sound")
        if elsewhere:
            click.echo(f"  {elsewhere} more objects lie in the backups it rests on: name them when restoring")
        if found.absent:
            click.echo(f"  {found.absent} objects are only named: the object store must have them")
        if not found.trail_ok:
            click.echo(f"  the audit trail was broken behind entry {found.entries} when it was made")
    return 0 if found.trail_ok else DAMAGE


@click.command()
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--keys", multiple=True, type=_FILE, help="A keys part that lies apart; in the order of the files.")
@click.option(
    "--destructions", type=_FILE, help="The destruction register: what was destroyed since does not come back."
)
@click.option(
    "--no-register", is_flag=True, help="There is none, or no newer one: what was destroyed since comes back."
)
@passphrase_option
@json_option
def restore(
    files: tuple[Path, ...],
    keys: tuple[Path, ...],
    destructions: Path | None,
    no_register: bool,
    passphrase_file: Path | None,
    as_json: bool,
) -> int:
    """Put a backup (FILES: it and those it rests on) into an empty system, and print the proof. Exit code 6: it failed.

    The master key of the archive must be in place. Everything is verified before anything is written.
    """
    from service.bootstrap import build, make_home, prepare
    from service.flow.archive.destructions import read
    from service.flow.backup.check import open_chain
    from service.flow.backup.restore import demand_empty
    from service.flow.backup.restore import restore as put_back
    from service.settings import load

    settings = load()
    word = _passphrase(passphrase_file)
    make_home(settings)
    house = build(settings, empty=True)
    try:
        chain = open_chain(files, house.keys, keys_from=keys, passphrase=word)
        demand_empty(house, chain)
        place = destructions or settings.destruction_register
        register = read(place, house.keys) if place is not None and (destructions or place.exists()) else None
        shown = {what: _shown(what) for what in ("verified", "written", "opened", "indexed")}
        result = put_back(
            house,
            cli_actor(),
            chain,
            register,
            without_register=no_register,
            progress=lambda what, done, total: shown[what](done, total),
        )
        prepare(settings)
    finally:
        house.database.dispose()
    reach = register.at if register is not None else None
    if as_json:
        out_json({"ok": result.ok, **vars(result), "register_at": reach})
        return 0 if result.ok else DAMAGE
    click.echo(f"restored backup {result.backup} of {result.taken_at}")
    click.echo(f"  rows: {result.rows}, {'all there' if result.counts_ok else 'SOME ARE MISSING'}")
    bad = len(result.damaged) + len(result.missing)
    click.echo(f"  objects: {result.objects} opened to their last byte, {bad} damaged or missing")
    click.echo(f"  audit trail: {result.entries} entries, {'unbroken' if result.trail_ok else 'BROKEN'}")
    known = f"the register reaches to {reach}" if reach else "no register: what was destroyed since the backup is back"
    click.echo(f"  destroyed again: {len(result.destroyed)} file(s); {known}")
    if result.forms:
        click.echo(f"  own forms: {result.forms}")
    click.echo(f"  search: {result.indexed} document(s) indexed, {result.waiting} waiting")
    for name in (*result.damaged, *result.missing):
        click.echo(f"  damaged or missing: {name}")
    return 0 if result.ok else DAMAGE


@click.group()
def destructions() -> None:
    """The destruction register: outside the archive, where a restore needs it; signed, as PDF or XLSX."""


@destructions.command("export")
@click.argument("file", type=_FILE)
@json_option
@with_house
def destructions_export(house: House, actor: Actor, file: Path, as_json: bool) -> None:
    """Write the sealed destruction register to FILE, or bring the one that is there up to date."""
    from service.flow.archive.destructions import export

    count = export(house, actor.name, file)
    if as_json:
        out_json({"file": str(file), "destructions": count})
    else:
        click.echo(f"{plain(file)}: {count} destroyed file(s)")


@destructions.command("register")
@click.argument("file", type=_FILE)
@click.option("--review", default="", metavar="NUMBER", help="Of this review alone; without it of all.")
@json_option
@with_house
def destructions_register(house: House, actor: Actor, file: Path, review: str, as_json: bool) -> None:
    """Write the register with who signed what, and the hashes, to FILE (.pdf or .xlsx): the form that is kept."""
    from service.flow.archive.destruction_registers import register_by_number, whole_register
    from service.reports import destruction_register as report

    form = file.suffix.removeprefix(".").lower()
    if form not in report.FORMS:
        raise BadInput(f"{plain(file)}: the register is written as .pdf or .xlsx")
    if review:
        one = register_by_number(house, actor, review, form)
        rows, made = len(one.certificate["rows"]), report.of_review(one)
    else:
        whole = whole_register(house, actor, form)
        rows, made = len(whole.rows), report.of_all(whole)
    with new_file(file) as out:
        out.write(report.written(made, form))
    out_json({"file": str(file), "rows": rows}) if as_json else click.echo(f"{plain(file)}: {rows} destroyed file(s)")
