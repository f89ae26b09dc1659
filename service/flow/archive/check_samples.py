"""The yearly sample of the four checks: drawn once a year of all archived files, checked file by file, with its results.

Which files are drawn follows from the seed alone, so that anybody can draw the sample again and see that nobody chose it.
"""

import heapq
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import BadInput, RuleRefused
from service.flow.archive.four_checks import run_checks
from service.flow.common import counted, long_runs
from service.flow.common.counted import Standing
from service.flow.common.guard import allowed, reach_of_file, require
from service.flow.common.long_runs import Progress, Told, unheard
from service.flow.common.notices import notify, office
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import CaseFile, CheckRun, CheckSample, CheckSampleFile

#: The kind of the run that draws a sample: there is one a year.
KIND = "sample"
LEAST = 10  # files; an archive that has fewer is checked whole
PERCENT = 5
_TELL_EVERY = 10_000


def drawn(ids: Iterable[str], seed: str, size: int) -> list[str]:
    """Return `size` of the ids: those whose SHA-256 with the seed is lowest. The same for everybody who knows the seed."""
    return heapq.nsmallest(size, ids, key=lambda i: sha256(f"{seed}:{i}".encode()).digest())


def size_of(population: int, percent: int) -> int:
    """Return how many files are drawn: the percentage, rounded up, and at least `LEAST`, if there are so many."""
    return min(population, max(LEAST, -(-population * percent // 100)))


def draw(house: House, actor: Actor, percent: int = PERCENT, seed: str = "") -> CheckSample:
    """Draw this year's sample here and now, once. seed: for drawing it again elsewhere; a fresh one otherwise.

    Raises BadInput, NotAllowed, RuleRefused (drawn already, nothing archived).
    """
    _demand(house, actor, percent)
    lot = _drawing(house, percent, seed)
    with house.database.write() as session:
        audit.lock(session)  # of two who draw at once the second sees what the first has drawn
        return _keep(house, session, actor.name, lot)


def ask_draw(house: House, actor: Actor, percent: int = PERCENT) -> Standing:
    """Have this year's sample drawn, at once of few files, and return how far it is. Raises as `draw`."""
    _demand(house, actor, percent)
    with house.database.read() as session:
        here = counted.few(session)
        if session.scalar(select(CaseFile.id).where(CaseFile.state == "archived").limit(1)) is None:
            raise _nothing()
    if here:
        draw(house, actor, percent)
    else:
        counted.ask(house, actor, KIND, _once(house), {"percent": percent})
    return drawing(house)


def drawing(house: House) -> Standing:
    """Return how far the drawing of this year's sample is that somebody asked for; part of a page or a list that is noted itself."""
    with house.database.read() as session:
        return counted.standing(session, _once(house))


def draw_asked(house: House) -> int:
    """Draw the sample that was asked for; returns how many were drawn. Any number of workers may: it is kept once."""
    done = 0
    for run in long_runs.waiting(house, KIND):
        if long_runs.claim(house, run):
            with long_runs.guarded(house, run):
                lot = _drawing(house, run.given["percent"], tell=Progress(house, run.id))
                with long_runs.ending(house, run) as (session, mine):
                    audit.lock(session)
                    if _known(session, house.clock.today().year) is None:
                        _keep(house, session, mine.ordered_by, lot)
                        done += 1
    return done


def _once(house: House) -> str:
    return f"{KIND}:{house.clock.today().year}"


def _demand(house: House, actor: Actor, percent: int) -> None:
    require(actor, "check.sample")
    if not 1 <= percent <= 100:
        raise BadInput("percent: 1 to 100", {"percent": "1 to 100"})
    with house.database.read() as session:
        _demand_none(session, house.clock.today().year)


def _nothing() -> RuleRefused:
    return RuleRefused("nothing is archived yet; there is nothing to draw a sample of")


@dataclass(frozen=True)
class _Lot:
    """What was drawn. files: of how many the chosen are a part."""

    percent: int
    seed: str
    files: int
    chosen: tuple[str, ...]


def _drawing(house: House, percent: int, seed: str = "", tell: Told = unheard) -> _Lot:
    """Draw among all archived files. A million are read and weighed before anything is locked, so that nobody waits for it."""

    def weighed() -> Iterator[str]:
        for done, case_file_id in enumerate(ids):
            if not done % _TELL_EVERY:
                tell(done, len(ids))
            yield case_file_id

    with house.database.read() as session:
        ids = list(session.scalars(select(CaseFile.id).where(CaseFile.state == "archived")))
    if not ids:
        raise _nothing()
    whole = seed or secrets.token_hex(16)
    return _Lot(percent, whole, len(ids), tuple(drawn(weighed(), whole, size_of(len(ids), percent))))


def _known(session: Session, year: int) -> str | None:
    return session.scalar(select(CheckSample.id).where(CheckSample.year == year))


def _demand_none(session: Session, year: int) -> None:
    if _known(session, year):
        raise RuleRefused(f"the sample of {year} was drawn already")


def _keep(house: House, session: Session, name: str, lot: _Lot) -> CheckSample:
    year = house.clock.today().year
    _demand_none(session, year)
    sample = CheckSample(
        year=year, percent=lot.percent, seed=lot.seed, population=lot.files, drawn_by=name, drawn_at=house.clock.now()
    )
    session.add(sample)
    session.flush()
    rows = [{"sample_id": sample.id, "case_file_id": file_id, "skipped": ""} for file_id in lot.chosen]
    session.execute(insert(CheckSampleFile), rows)
    counts = {"population": lot.files, "drawn": len(lot.chosen)}
    detail = {"year": year, "percent": lot.percent, "seed": lot.seed, **counts}
    audit.append(session, name, "check.sample", f"sample:{sample.id}", detail)
    return sample


def sample_due(house: House, go_on: Callable[[], bool]) -> int:
    """Draw the year's sample when nobody has, and check what was drawn until `go_on` says no; returns how many files were checked.

    Killed at any point, the next call goes on with the files that have no result yet. An archive of this year alone waits for the next.
    """
    year = house.clock.today().year
    with house.database.read() as session:
        known = _known(session, year)
        asked = counted.standing(session, _once(house)).going
        old = session.scalar(
            select(CaseFile.id).where(CaseFile.state == "archived", CaseFile.archived_on < date(year, 1, 1)).limit(1)
        )
    if known is None and not asked and old is not None:
        lot = _drawing(house, PERCENT)
        with house.database.write() as session:
            audit.lock(session)
            if _known(session, year) is None:
                _keep(house, session, SYSTEM.name, lot)
    done = 0
    while go_on() and (row := _next(house)) is not None:
        _check(house, *row)
        done += 1
    return done


def _next(house: House) -> tuple[str, str] | None:
    """Return a sample and the next file of it that has no result."""
    waits = (CheckSampleFile.run_id.is_(None), CheckSampleFile.skipped == "")
    with house.database.read() as session:
        query = select(CheckSampleFile.sample_id, CheckSampleFile.case_file_id).where(*waits)
        row = session.execute(query.order_by(CheckSampleFile.sample_id, CheckSampleFile.case_file_id).limit(1)).first()
        return (row[0], row[1]) if row else None


def _check(house: House, sample_id: str, case_file_id: str) -> None:
    with house.database.read() as session:
        gone = session.get_one(CaseFile, case_file_id).state == "destroyed"
    run_id = None
    if not gone:
        try:
            run_id = run_checks(house, SYSTEM, case_file_id, "yearly").run.id
        except RuleRefused:  # destroyed between the look and the checks
            gone = True
    with house.database.write() as session:
        row = session.get_one(CheckSampleFile, (sample_id, case_file_id), with_for_update=True)
        row.run_id, row.skipped = run_id, "destroyed" if gone else ""
        session.flush()
        waits = (CheckSampleFile.run_id.is_(None), CheckSampleFile.skipped == "")
        if (
            session.scalar(
                select(CheckSampleFile.case_file_id).where(CheckSampleFile.sample_id == sample_id, *waits).limit(1)
            )
            is None
        ):
            sample = session.get_one(CheckSample, sample_id)
            sample.finished_at = house.clock.now()
            failed = session.scalar(
                select(func.count())
                .select_from(CheckSampleFile)
                .join(CheckRun, CheckRun.id == CheckSampleFile.run_id)
                .where(CheckSampleFile.sample_id == sample_id, CheckRun.failed > 0)
            )
            audit.append(session, SYSTEM.name, "check.sample_end", f"sample:{sample_id}", {"failed": failed or 0})
            if failed:
                zh = f"{sample.year} 年度抽检：{failed} 卷不合格，请逐卷处理。"
                en = f"Yearly sample of {sample.year}: {failed} files failed their checks."
                told = office(session, "archivist")
                notify(house, session, "sample.failed", f"sample:{sample_id}", (zh, en), "/check-samples", told)


@dataclass(frozen=True)
class SampleView:
    """A sample with how far it came. files: those whose checks found something, that this person may read, with their run."""

    sample: CheckSample
    drawn: int
    checked: int
    skipped: int
    failed: int
    noticed: int
    files: tuple[tuple[CaseFile, CheckRun], ...]


def samples(house: House, actor: Actor) -> list[SampleView]:
    """Return all samples, the newest first, and note the reading. Raises NotAllowed."""
    require(actor, "check.read")
    with house.database.write() as session:
        audit.append(session, actor.name, "check.list", "samples")
        found = session.scalars(select(CheckSample).order_by(CheckSample.year.desc()))
        return [_view(session, actor, sample) for sample in found]


def _view(session: Session, actor: Actor, sample: CheckSample) -> SampleView:
    counted = select(
        func.count(),
        func.count(CheckSampleFile.run_id),
        func.count().filter(CheckSampleFile.skipped != ""),
        func.count().filter(CheckRun.failed > 0),
        func.count().filter(CheckRun.failed == 0, CheckRun.noticed > 0),
    ).select_from(CheckSampleFile)
    counted = counted.outerjoin(CheckRun, CheckRun.id == CheckSampleFile.run_id)
    drawn, checked, skipped, failed, noticed = session.execute(
        counted.where(CheckSampleFile.sample_id == sample.id)
    ).one()
    faulty = session.execute(
        select(CaseFile, CheckRun)
        .join(CheckSampleFile, CheckSampleFile.case_file_id == CaseFile.id)
        .join(CheckRun, CheckRun.id == CheckSampleFile.run_id)
        .where(CheckSampleFile.sample_id == sample.id, CheckRun.failed > 0)
        .order_by(CaseFile.archive_number)
        .limit(200)
    )
    files = tuple((file, run) for file, run in faulty if allowed(actor, "file.read", reach_of_file(file)))
    return SampleView(sample, drawn, checked, skipped, failed, noticed, files)


def sample_as_json(view: SampleView) -> dict[str, Any]:
    """Return a sample as plain JSON values."""
    sample = view.sample
    return {
        "year": sample.year,
        "percent": sample.percent,
        "seed": sample.seed,
        "population": sample.population,
        "drawn": view.drawn,
        "drawn_by": sample.drawn_by,
        "drawn_at": sample.drawn_at.isoformat(),
        "finished_at": sample.finished_at.isoformat() if sample.finished_at else None,
        "checked": view.checked,
        "skipped": view.skipped,
        "failed": view.failed,
        "noticed": view.noticed,
        "files": [
            {"file_id": file.id, "archive_number": file.archive_number, "run_id": run.id, "failed": run.failed}
            for file, run in view.files
        ],
    }
