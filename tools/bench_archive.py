"""What the archive room costs with a million case files.

python -m tools.bench_archive [--files 1000000] [--rounds 20] [--postgres]

Fills an empty archive (`tools.archive_rows`) and measures the daily sweep, the lists of what is due and overdue, a review of 50,000
candidates, and the pages and calls of the archive room, each as somebody asks for it: through the functions that page and API call, and
the pages as a browser gets them, without the network. Prints one JSON object a figure; returns 1 when a limit is missed.
processor_ms: what this process worked for the median; of the database's own work it says nothing.
"""

import argparse
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from flask.testing import FlaskClient

from service.access.policy import Actor
from service.flow import counts
from service.flow.archive import candidates, check_samples, deadlines, destroy, exports, filing, number_check, reviews
from service.flow.archive import statistics as figures
from service.flow.common.keyset import Part
from service.flow.upkeep import upkeep
from service.house import House
from tools.archive_rows import APPROVER, GROUP, SUPERVISORS, fill, staff
from tools.bench_credit import analyze, archive
from tools.bench_queue import signed_in

SWEEP_S, LIST_MS, PAGE_MS, REVIEW_MS = 60, 100, 300, 1000
SWEPT = (
    *("the deadlines by the calendar", "the escalation of transfers", "the end of loans in electronic form"),
    *("the reminders of loans", "the reminders of milestones", "the incidents of overdue loans"),
    *("the retention schedule", "the customers dealt with again"),
)
PAGES = (
    *("/", "/files", "/files?state=archived&kind=contract", "/transfers", "/transfers?view=all", "/transfers/calendar"),
    *(
        "/reviews",
        "/register",
        "/register?page=900",
        "/contracts",
        "/loans",
        "/milestones",
        "/check-samples",
        "/numbers",
    ),
)


class Figures:
    """Prints what was measured and keeps what missed its limit."""

    def __init__(self, house: House, files: int) -> None:
        self.where = f"{files:,} files, {'SQLite' if house.database.is_sqlite else 'PostgreSQL'}"
        self.missed: list[str] = []

    def once(self, what: str, work: Callable[[], object], limit_s: float | None = None) -> Any:
        """Measure one piece of work; returns what it returned."""
        begun, worked = time.perf_counter(), time.process_time()
        found = work()
        took, worked = time.perf_counter() - begun, time.process_time() - worked
        self._say(what, round(took, 2), "s", limit_s, processor_s=round(worked, 2))
        return found

    def many(self, what: str, works: Iterator[Callable[[], object]], rounds: int, limit_ms: float | None) -> None:
        """Measure the 95th percentile of many pieces of work; the first two are not counted."""
        took, worked = [], []
        for work in itertools.islice(works, rounds + 2):
            begun, processor = time.perf_counter(), time.process_time()
            work()
            took.append((time.perf_counter() - begun) * 1000)
            worked.append((time.process_time() - processor) * 1000)
        took, worked = took[2:], worked[2:]
        p95 = statistics.quantiles(took, n=20)[-1]
        more = {"median_ms": round(statistics.median(took), 1), "processor_ms": round(statistics.median(worked), 1)}
        self._say(f"{what}, p95", round(p95, 1), "ms", limit_ms, **more)

    def _say(self, what: str, value: float, unit: str, limit: float | None, **more: object) -> None:
        if limit is not None and value > limit:
            self.missed.append(what)
        figure = {"figure": f"{what}, {self.where}", "value": value, "unit": unit, "limit": limit, **more}
        print(json.dumps(figure | {"load": round(os.getloadavg()[0], 1)}, ensure_ascii=False), flush=True)


def leafing(ask: Callable[[str], Part[Any]]) -> Iterator[Callable[[], object]]:
    """Yield asking for one page after the other, and again from the first."""
    place = [""]

    def next_page() -> None:
        place[0] = ask(place[0]).next

    yield from itertools.repeat(next_page)


def sweeps(house: House, say: Figures) -> None:
    """The daily sweep: first after everything came at once, then as it is every day."""
    duties = [duty for duty in upkeep(house) if duty.name in SWEPT]
    assert len(duties) == len(SWEPT)

    def sweep() -> None:
        for duty in duties:
            duty.work(lambda: True)

    say.once("the sweep after everything came at once", sweep)
    analyze(house)
    for _day in range(3):
        house.clock.move_to(house.clock.today() + timedelta(days=1))
        say.once("the daily sweep", sweep, SWEEP_S)


def lists(house: House, actors: dict[str, Actor], say: Figures, rounds: int) -> None:
    """What is due and overdue, with its counts, page by page."""
    for login in ("administrator", "clerk", "head03", "handler03"):
        who = actors[login]
        for view in ("all", "mine") if login != "handler03" else ("mine",):
            ask = partial(_board, house, who, view)
            say.many(f"overdue and due transfers ({view}) as {login}", leafing(ask), rounds, LIST_MS)
    for login in ("archivist", "clerk", "head03"):
        ask = partial(_candidates, house, actors[login])
        say.many(f"due files as {login}", leafing(ask), rounds, LIST_MS)
    for login in ("archivist", "clerk", "head03"):
        ask = partial(_files, house, actors[login])
        say.many(f"case files as {login}", leafing(ask), rounds, PAGE_MS)
    found = iter(lambda: partial(filing.case_file_page, house, actors["archivist"], text="第 4711"), None)
    say.many("case files whose title holds some words", found, max(rounds // 4, 3), None)


def _board(house: House, who: Actor, view: deadlines.View, after: str) -> Part[Any]:
    return deadlines.transfer_board(house, who, view, after=after, limit=50, views=("mine", "all")).part


def _candidates(house: House, who: Actor, after: str) -> Part[Any]:
    return candidates.candidate_page(house, who, after=after, limit=50)


def _files(house: House, who: Actor, after: str) -> Part[Any]:
    return filing.case_file_page(house, who, after=after, limit=50)


def big_review(house: House, actors: dict[str, Actor], say: Figures, rounds: int) -> str:
    """A review of as many candidates as one takes: made, opened, leafed through, decided on."""
    ids = {login: actors[login].person_id or "" for login in (*GROUP, APPROVER, *SUPERVISORS)}
    group, supervisors = [ids[login] for login in GROUP], [ids[login] for login in SUPERVISORS]
    propose = partial(reviews.propose, house, actors["archivist"], [], group, ids[APPROVER], supervisors)
    record = say.once("a review of all candidates made", partial(propose, everything=True))
    analyze(house)
    size = record.summary["files"]
    print(json.dumps({"figure": "files on the review", "value": size}), flush=True)
    who = actors[GROUP[0]]
    pages = itertools.cycle(range(0, size, max(size // 40, 1)))

    def opening() -> None:
        reviews.get_review(house, who, record.id, limit=100, offset=next(pages))

    def deciding() -> None:
        first = next(pages)
        files = reviews.get_review(house, who, record.id, limit=100, offset=first).files
        reviews.add_opinions(house, who, record.id, [f.file.id for f in files], "destroy", reason="期满")

    say.many("the review opened, before any opinion", itertools.repeat(opening), rounds, REVIEW_MS)
    say.many("opinions on a page of 100 of it, opened before", itertools.repeat(deciding), rounds, 2 * REVIEW_MS)
    for login in GROUP:
        rest = partial(reviews.add_opinions, house, actors[login], record.id, [], "destroy", reason="期满，无争议")
        if login != GROUP[-1]:
            say.once(f"the opinion of one on all the rest ({login})", partial(rest, rest=True))
    say.many("the review opened, two opinions on every file", itertools.repeat(opening), rounds, REVIEW_MS)
    for login in ("archivist", "head03"):
        board = partial(reviews.board, house, actors[login])
        say.many(f"the board of reviews as {login}", itertools.repeat(board), rounds, LIST_MS)
        waiting = partial(counts.waiting, house, actors[login])
        say.many(f"what waits in each room, on every page, as {login}", itertools.repeat(waiting), rounds, LIST_MS)
    return str(record.id)


def long_ones(house: House, actors: dict[str, Actor], say: Figures) -> None:
    """What looks at everything."""
    who = actors["archivist"]
    found = say.once("the check of all numbers", partial(number_check.check_numbers, house, who))
    assert not found.faults, found.faults[:3]
    for kind in figures.COUNTED:
        report = partial(figures.report, house, actors["administrator"], kind, "2026-H1")
        say.once(f"the half-year statistics of {kind}", report)
    say.once("the yearly sample drawn", partial(check_samples.draw, house, who))
    register = partial(destroy.register, house, actors["auditor"])
    say.once("the whole destruction register", register)
    say.once("all due files as rows for a spreadsheet", partial(exports.candidates, house, who, "csv"))
    say.once("all open transfers as rows for a spreadsheet", partial(exports.open_transfers, house, who, "csv"))


def pages(client: FlaskClient, review_id: str, say: Figures, rounds: int) -> None:
    """The pages as a browser gets them."""

    def get(path: str) -> None:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)

    for path in PAGES:
        say.many(f"page {path}", itertools.repeat(partial(get, path)), rounds, PAGE_MS)
    say.many("page of the review", itertools.repeat(partial(get, f"/reviews/{review_id}")), rounds, REVIEW_MS)
    for path in ("/statistics?period=2026-H1", "/statistics?period=2026-H1&kind=archives", "/holds"):
        say.many(f"page {path}", itertools.repeat(partial(get, path)), 3, None)


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--files", type=int, default=1_000_000)
    ask.add_argument("--rounds", type=int, default=20)
    ask.add_argument("--postgres", action="store_true", help="on the PostgreSQL of the tests instead of SQLite")
    given = ask.parse_args()
    with archive(postgres=given.postgres) as house:
        actors = staff(house)
        say = Figures(house, given.files)
        say.once("made", partial(fill, house, actors, given.files))
        sweeps(house, say)
        lists(house, actors, say, given.rounds)
        review_id = big_review(house, actors, say, given.rounds)
        pages(signed_in(house, actors["archivist"].person_id or ""), review_id, say, given.rounds)
        long_ones(house, actors, say)
    print(json.dumps({"missed": say.missed}, ensure_ascii=False))
    return 1 if say.missed else 0


if __name__ == "__main__":
    sys.exit(main())
