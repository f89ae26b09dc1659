"""Check and mend: fixity, index."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from service.access.policy import Actor
from service.commands.common import json_option, out_json, plain, with_house
from service.house import House

if TYPE_CHECKING:
    from service.flow.archive.checks import DoctorReport
    from service.flow.trust.fixity import FixityReport
    from service.flow.trust.orphans import Orphan

DAMAGE, DOWN = 6, 5


@click.command()
@click.option("--anew", is_flag=True, help="Throw the old index away first; search finds what is done so far.")
@json_option
@with_house
def reindex(house: House, actor: Actor, anew: bool, as_json: bool) -> int:
    """Rebuild the search index from database and vault, while search goes on. Exit code 6 when the text of a document could not be read."""
    from service.flow.common.index import reindex as rebuild
    from service.records import audit as trail

    damaged = list[str]()
    total = _with_steps(rebuild(house, damaged, anew=anew), "documents")
    with house.database.write() as session:
        trail.append(session, actor.name, "check.reindex", "index", {"documents": total, "damaged": len(damaged)})
    if as_json:
        out_json({"documents": total, "damaged": damaged})
    else:
        click.echo(f"indexed {total} document(s)")
        for document_id in damaged:
            click.echo(f"  without its text, which is damaged or missing: {document_id}")
    return DAMAGE if damaged else 0


def _with_steps(steps: Iterable[tuple[int, int]], what: str) -> int:
    """Go through (done, total) steps behind a progress bar; returns the last total. A rebuild goes through more than once."""
    total = 0
    if not sys.stderr.isatty():
        for _done, total in steps:  # noqa: B007 - the last total is what is returned
            pass
        return total
    with click.progressbar(length=0, label=what, file=sys.stderr, show_pos=True) as bar:
        for done, total in steps:
            bar.length = total
            bar.update(done - bar.pos)
    return total


@click.command()
@click.option("--rate", type=click.FloatRange(0), default=0.0, help="MiB a second at most; 0 is as fast as it goes.")
@click.option("--restart", is_flag=True, help="Begin anew, also where an earlier run was broken off.")
@click.option(
    "--repair-orphans", is_flag=True, help="Remove objects and parts that nobody owns, when they are old enough."
)
@click.option(
    "--older-than",
    type=click.FloatRange(0),
    default=24.0,
    show_default=True,
    metavar="HOURS",
    help="How old what nobody owns must be to be removed.",
)
@json_option
@with_house
def fixity(
    house: House, actor: Actor, rate: float, restart: bool, repair_orphans: bool, older_than: float, as_json: bool
) -> int:
    """Verify every sealed object against its recorded hash, and mend from the replica what is not sound.

    Broken off, it goes on where it was. Exit code 6 when an object was damaged, missing or foreign, also if it could be mended;
    5 when all is sound but the replica did not answer.
    """
    from service.flow.trust.fixity import fixity as check
    from service.flow.trust.orphans import Orphan, demand_removable, remove_orphans

    if repair_orphans:
        demand_removable(house)  # said before all objects are read, and not after
    report = _with_a_bar(check(house, actor, rate=rate, restart=restart))
    removed, orphans = list[Orphan](), report.unowned
    if repair_orphans:
        removed, orphans = remove_orphans(house, actor, timedelta(hours=older_than))
        report.orphans = sum(not orphan.unfinished for orphan in orphans)
    if as_json:
        _fixity_json(report, orphans, removed)
    else:
        _fixity_text(report, orphans, removed)
    if not report.ok:
        return DAMAGE
    return DOWN if report.note else 0


def _with_a_bar(reports: Iterable[FixityReport]) -> FixityReport:
    """Go through all reports behind a progress bar; returns the last one."""
    steps = iter(reports)
    report = next(steps)
    if report.resumed:
        click.echo(f"going on after {report.resumed} of {report.total} objects", err=True)
    if not sys.stderr.isatty():
        for report in steps:  # noqa: B007 - the last one is the result
            pass
        return report
    with click.progressbar(length=report.total, label="objects", file=sys.stderr, show_pos=True) as bar:
        bar.update(report.checked)
        for report in steps:
            bar.update(report.checked - bar.pos)
    return report


def _fixity_json(report: FixityReport, orphans: list[Orphan], removed: list[Orphan]) -> None:
    out_json(
        {
            "checked": report.checked,
            "ok": report.ok,
            "damaged": report.damaged,
            "missing": report.missing,
            "copies": report.copies,
            "repaired": report.repaired,
            "orphans": [f"{orphan.place}:{orphan.name}" for orphan in orphans if not orphan.unfinished],
            "unfinished": sum(bool(orphan.unfinished) for orphan in orphans),
            "removed": len(removed),
            "note": report.note,
        }
    )


def _fixity_text(report: FixityReport, orphans: list[Orphan], removed: list[Orphan]) -> None:
    click.echo(f"{report.checked} objects checked: {'all sound' if report.ok else 'damage found'}")
    for word, found in (("damaged", report.damaged), ("missing", report.missing), ("bad copy", report.copies)):
        for document_id in found:
            mended = ", mended from the other store" if document_id in report.repaired else ""
            click.echo(f"  {word}: {document_id}{mended}")
    for orphan in orphans:
        if orphan.unfinished:
            continue
        click.echo(f"  nobody's: {orphan.name} in the {orphan.place}, of {orphan.at:%Y-%m-%d %H:%M} UTC")
    unfinished = sum(bool(orphan.unfinished) for orphan in orphans)
    if unfinished:
        click.echo(f"  unfinished writes: {unfinished}")
    if removed:
        click.echo(f"  removed: {len(removed)}")
    elif orphans:
        click.echo("  --repair-orphans removes what nobody owns")
    if report.note:
        click.echo(f"  {report.note}")


@click.command()
@click.option(
    "--repair",
    is_flag=True,
    help="Finish what waits, read again what lacks pages, remove what nobody owns, index what is lost.",
)
@click.option(
    "--quick", is_flag=True, help="Only whether database, store and index answer; exit code 5 when one does not."
)
@json_option
@with_house
def doctor(house: House, actor: Actor, repair: bool, quick: bool, as_json: bool) -> int:
    """Compare database, store and index. Exit code 6 when they do not agree (and were not repaired)."""
    from service.flow.archive.checks import doctor as examine

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
        _doctor_text(report)
    return 0 if report.ok else DAMAGE


def _doctor_text(report: DoctorReport) -> None:
    click.echo(f"{report.documents} document(s): {'all in order' if report.ok else 'not in order'}")
    for word in (
        "missing",
        "orphans",
        "stray",
        "lost",
        "stale",
        "failed",
        "unread",
        "unpreserved",
        "transfers",
        "waiting",
    ):
        found = getattr(report, word)
        if found:
            click.echo(f"  {word}: {len(found)}  {' '.join(found[:5])}")
    if report.rebuilding:
        click.echo("  a rebuild of the index is not finished: `juanzong reindex` goes on with it")
    for name, why in report.forms.items():
        click.echo(f"  the form or label {plain(name)} is not used: it {plain(why)}")
    for why in filter(None, report.locks.values()):
        click.echo(f"  without locks: {why}")
