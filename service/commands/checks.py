"""Check and mend: fixity, audit trail, index."""

import sys
from collections.abc import Iterable

import click

from service.access.policy import Actor
from service.commands.common import json_option, out_json, with_house
from service.house import House

DAMAGE = 6


@click.command()
@json_option
@with_house
def reindex(house: House, actor: Actor, as_json: bool) -> int:
    """Rebuild the search index from database and vault. Exit code 6 when the text of a document could not be read."""
    from service.flow.index import reindex as rebuild
    from service.records import audit as trail

    total, damaged = 0, list[str]()
    for _done, total in _shown(rebuild(house, damaged), "documents"):  # noqa: B007 - the last total is what is reported
        pass
    with house.database.write() as session:
        trail.append(session, actor.name, "check.reindex", "index", {"documents": total, "damaged": len(damaged)})
    if as_json:
        out_json({"documents": total, "damaged": damaged})
    else:
        click.echo(f"indexed {total} document(s)")
        for document_id in damaged:
            click.echo(f"  without its text, which is damaged or missing: {document_id}")
    return DAMAGE if damaged else 0


def _shown(steps: Iterable[tuple[int, int]], what: str) -> Iterable[tuple[int, int]]:
    for done, total in steps:
        if sys.stderr.isatty():
            click.echo(f"\r  {done} of {total} {what}\x1b[K", err=True, nl=done == total)
        yield done, total


@click.command()
@json_option
@with_house
def fixity(house: House, actor: Actor, as_json: bool) -> int:
    """Verify every sealed object against its recorded hash. Exit code 6 when one is damaged or missing."""
    from service.flow.checks import FixityReport
    from service.flow.checks import fixity as check

    report = FixityReport()
    for report in check(house, actor):
        if sys.stderr.isatty():
            click.echo(
                f"\r  {report.checked} of {report.total} objects\x1b[K", err=True, nl=report.checked == report.total
            )
    if as_json:
        out_json({"checked": report.checked, "ok": report.ok, "damaged": report.damaged, "missing": report.missing})
    else:
        click.echo(f"{report.checked} objects checked: {'all sound' if report.ok else 'damage found'}")
        for document_id in report.damaged:
            click.echo(f"  damaged: {document_id}")
        for document_id in report.missing:
            click.echo(f"  missing: {document_id}")
    return 0 if report.ok else DAMAGE


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command("verify")
@json_option
@with_house
def audit_verify(house: House, actor: Actor, as_json: bool) -> int:
    """Walk the hash chain. Exit code 6 when an entry was changed, removed (also at the end), inserted or re-ordered."""
    from service.flow.checks import verify_audit

    report = verify_audit(house, actor)
    if as_json:
        out_json({"entries": report.entries, "ok": report.ok, "first_bad": report.first_bad})
    elif report.ok:
        click.echo(f"{report.entries} entries, unbroken")
    else:
        click.echo(f"broken at entry {report.first_bad}; the {report.entries} before it follow from one another")
    return 0 if report.ok else DAMAGE


@click.command()
@click.option("--repair", is_flag=True, help="Finish what waits, remove what nobody owns, index what is lost.")
@click.option(
    "--quick", is_flag=True, help="Only whether database, store and index answer; exit code 5 when one does not."
)
@json_option
@with_house
def doctor(house: House, actor: Actor, repair: bool, quick: bool, as_json: bool) -> int:
    """Compare database, store and index. Exit code 6 when they do not agree (and were not repaired)."""
    from service.flow.checks import doctor as examine

    if quick and repair:
        raise click.UsageError("--quick looks at no document, so that it can repair none")
    if quick:
        for check in (house.database.check, house.vault.store.check, house.index.check):
            check()
        if as_json:
            out_json({"ok": True, "database": "ok", "objects": "ok", "search": "ok"})
        else:
            click.echo("database, objects and search answer")
        return 0
    report = examine(house, actor, repair=repair)
    if repair:
        report = examine(house, actor)
    if as_json:
        out_json({"ok": report.ok, **vars(report)})
    else:
        click.echo(f"{report.documents} document(s): {'all in order' if report.ok else 'not in order'}")
        for word in ("missing", "orphans", "stray", "lost", "failed", "waiting"):
            found = getattr(report, word)
            if found:
                click.echo(f"  {word}: {len(found)}  {' '.join(found[:5])}")
    return 0 if report.ok else DAMAGE
