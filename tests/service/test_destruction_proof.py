"""Destruction, proved from outside (RULES Part B, Appraisal and destruction): nothing is left, whenever it was broken off."""

import hashlib
import math
import os
import shutil
import signal
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import select

from search.adapters.tantivy import TantivyIndex
from search.adapters.tantivy_generations import TantivyGenerations
from search.errors import IndexUnavailable
from service.bootstrap import build
from service.flow.archive import destroy, holds, reviews
from service.flow.common import long_runs
from service.flow.common.index import reindex
from service.records.tables import AuditEntry, CaseFile, Document, Rendition, ReviewFile, Stub, WrappedKey
from service.settings import load
from tests.service.conftest import OWNER, Office, embedded_env, open_office, server_env
from tests.thorough import a_share, so_many
from tools.bench_destruction import EXECUTED, plant, review_of
from tools.destruction_scan import planted, traces

MANY = 50


def _plant(office: Office, files: int, read: int = MANY) -> list[tuple[str, str, str]]:
    """Make files; the first `read` of them are read and indexed, of the others there is the original alone."""
    house, folder = office.house, office.house.settings.home
    made = [
        plant(house, office["handler"], office.department_id, n, folder, read=n <= read) for n in range(1, files + 1)
    ]
    office.house.database.scrub()
    return made


def _gone(office: Office, made: list[tuple[str, str, str]]):
    url = office.env.get("JUANZONG_DATABASE_URL", f"sqlite:///{office.house.settings.home}/juanzong.db")
    return planted(url, frozenset(word for *_, word in made), frozenset(document for _, document, _ in made))


class _Killed(BaseException):
    """The process ends here."""


def _nothing_happens(*_given):
    pass


def _killed(*_given):
    raise _Killed


def _index_fails(*_given):
    raise IndexUnavailable("the disk is full")


def _one_segment(house) -> None:
    """Put what is indexed into one file of the index: what is destroyed shares it with what stays."""
    for _ in reindex(house, []):
        pass


def test_nothing_is_left_of_many_destroyed_files(embedded, monkeypatch):
    made = _plant(embedded, MANY)
    gone = _gone(embedded, made)
    before = traces(embedded.env, gone)
    # The scan proves something only if it finds each word, object and key while they are there.
    assert {line.split()[0] for line in before} == {"file", "column", "object", "index"}
    assert len({line for line in before if line.startswith("object")}) == len(gone.objects) >= 3 * MANY
    assert {line.rpartition(" ")[2] for line in before if line.startswith("index")} == gone.words | gone.documents
    assert {"column wrapped_keys.wrapped", "column last_saves.before", "column document_fields.value"} <= set(before)
    review_id = review_of(embedded.house, embedded.actors, [file for file, _, _ in made])
    remove_many, removed = embedded.house.index.remove_many, []
    monkeypatch.setattr(embedded.house.index, "remove_many", lambda ids: (removed.append(ids), remove_many(ids)))
    outcomes = destroy.execute(embedded.house, embedded["archivist"], review_id)
    assert [outcome.outcome for outcome in outcomes] == ["destroyed"] * MANY
    assert traces(embedded.env, gone) == []
    # The files of the index are written anew once for a review: for each file it took quadratic time.
    assert [set(ids) for ids in removed] == [gone.documents]


def test_nothing_counts_as_destroyed_before_its_words_have_left_the_files_of_the_index(embedded, monkeypatch):
    house = embedded.house
    made = _plant(embedded, 3)
    review_id = review_of(house, embedded.actors, [file for file, _, _ in made])
    _one_segment(house)
    gone, kept = _gone(embedded, made[:2]), made[2][0]
    reviews.take_off(house, embedded["fourth"], review_id, kept, "仍需使用")

    def carried_out(fault) -> None:
        with monkeypatch.context() as patch, suppress(_Killed, IndexUnavailable):
            patch.setattr(TantivyIndex, "_wipe", fault)
            begun = reviews.get_review(house, OWNER, review_id).review.state == "executing"
            destroy.resume(house) if begun else destroy.execute(house, embedded["archivist"], review_id)

    for fault in (_nothing_happens, _killed, _index_fails):
        carried_out(fault)
        left = traces(embedded.env, gone)
        assert {line for line in left if line.startswith("index")} == {f"index files: {one}" for one in gone.documents}
        with house.database.read() as session:
            assert set(session.scalars(select(Stub.destroyed_at))) == {None}
            assert not list(session.scalars(select(AuditEntry).where(AuditEntry.action == "file.destroyed")))
            outcomes = select(ReviewFile.case_file_id, ReviewFile.outcome).where(ReviewFile.review_id == review_id)
            assert dict(map(tuple, session.execute(outcomes))) == {f: "kept" if f == kept else "" for f, *_ in made}
        assert reviews.get_review(house, OWNER, review_id).review.state == "executing"
    assert destroy.resume(house) == 1
    assert traces(embedded.env, gone) == []
    assert reviews.get_review(house, OWNER, review_id).review.state == "executed"


def test_nothing_is_left_on_servers_and_what_stays_is_untouched(office):
    *made, (kept, kept_document, kept_word) = _plant(office, 4)
    gone, stays = _gone(office, made), _gone(office, [(kept, kept_document, kept_word)])
    was = traces(office.env, stays)
    assert was
    assert {line.split()[0] for line in traces(office.env, gone)} >= {"column", "object", "index"}
    review_id = review_of(office.house, office.actors, [file for file, _, _ in made])
    destroy.execute(office.house, office["archivist"], review_id)
    assert traces(office.env, gone) == []
    assert {line for line in was if line.startswith(("object", "column"))} <= set(traces(office.env, stays))


# --- a crash at every step ---


class Final(NamedTuple):
    """How an archive stands when a review was carried out. noted: how often each file's steps stand in the trail."""

    state: str
    outcomes: dict[str, str]
    files: dict[str, str]
    stubs: set[str]
    proved: bool
    keys: set[str]
    objects: set[str]
    rows: set[str]
    index: set[str]
    noted: Counter


def _final(house, review_id: str) -> Final:
    steps = ("file.destroy", "file.destroyed", "file.keep", "file.destruction_blocked")
    with house.database.read() as session:
        stubs = list(session.scalars(select(Stub)))
        rows = session.scalars(select(ReviewFile).where(ReviewFile.review_id == review_id))
        entries = session.execute(
            select(AuditEntry.action, AuditEntry.subject).where(AuditEntry.action.in_((*steps, "review.finish")))
        )
        return Final(
            reviews.get_review(house, OWNER, review_id).review.state,
            {row.case_file_id: row.outcome for row in rows},
            {file.id: file.state for file in session.scalars(select(CaseFile))},
            {stub.case_file_id for stub in stubs},
            all(stub.proof.get("ok") and stub.destroyed_at for stub in stubs),
            set(session.scalars(select(WrappedKey.document_id))),
            {str(name) for name in house.vault.store.names()},
            set(session.scalars(select(Rendition.id))),
            set(house.index.documents()),
            Counter(map(tuple, entries)),
        )


class _Steps:
    """Calls `at` at every boundary between two steps of a destruction: before and after each one, and at each commit.

    `at` is told the number of the boundary. kinds: of each that was passed, "before" or "after" and the step. Between the two of the
    embedded index lies the moment in which it only hides what is deleted, and each time it has written one of its files anew.
    """

    def __init__(self, house, at) -> None:
        self.kinds, self._at = [], at
        for target, name in ((house.vault, "delete"), (house.index, "remove_many"), (house.database, "scrub")):
            self._around(target, name)
        if isinstance(house.index, TantivyGenerations):
            files = house.index._current()
            for name in ("_wipe", "_rewrite"):
                self._around(files, name)
        real = house.database.write

        @contextmanager
        def write():
            with real() as session:
                yield session
                session.flush()
                self._here("before commit")
            self._here("after commit")

        house.database.write = write

    def _here(self, kind: str) -> None:
        self.kinds.append(kind)
        self._at(len(self.kinds))

    def _around(self, target, name: str) -> None:
        real = getattr(target, name)

        def watched(*args, **more):
            self._here(f"before {name}")
            found = real(*args, **more)
            self._here(f"after {name}")
            return found

        setattr(target, name, watched)


def _opened(env):
    house = build(load(env))
    house.clock.move_to(EXECUTED)
    return house


def _execute(env, archivist, review_id: str, at) -> list[str]:
    house = _opened(env)
    steps = _Steps(house, at)
    destroy.execute(house, archivist, review_id)
    house.database.dispose()
    return steps.kinds


def _killed_at(env, archivist, review_id: str, last: int) -> None:
    """Carry a review out in a process of its own that is killed at one boundary."""
    child = os.fork()
    if child == 0:
        try:
            _execute(env, archivist, review_id, lambda now: now == last and os.kill(os.getpid(), signal.SIGKILL))
        finally:
            os._exit(0)  # it came to its end: the boundary does not exist
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def _go_on(house, archivist, review_id: str) -> Final:
    """Do what the next start does, and the archivist where the destruction had not begun."""
    destroy.resume(house)
    if reviews.get_review(house, OWNER, review_id).review.state == "supervised":
        destroy.execute(house, archivist, review_id)
    return _final(house, review_id)


def _lies(home: Path) -> str:
    """A digest of all that a kill leaves on the disk; what databases share in memory goes with the process."""
    digest = hashlib.sha256()
    for path in sorted(home.rglob("*")):
        if path.is_file() and not path.name.endswith("-shm"):
            digest.update(f"{path.relative_to(home)} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()


@pytest.fixture
def _says_no_time(monkeypatch):
    """How often a run says how far it is hangs on the clock, and with it which boundary has which number."""
    monkeypatch.setattr(long_runs, "SAY_EVERY", math.inf)


@pytest.mark.usefixtures("_says_no_time")
def test_a_crash_at_any_of_a_hundred_points_ends_in_the_same_final_state(tmp_path):
    """What lies on the disk at a boundary is what a kill there leaves; some real kills show that it is so.

    Where the same bytes lie there at several boundaries, one way on from there is the way on from all of them.
    """
    first = open_office(embedded_env(tmp_path / "home"))
    made = _plant(first, 12, read=4)  # reading and indexing cost most
    _one_segment(first.house)
    kept, held = made[0][0], made[-1][0]
    review_id = review_of(first.house, first.actors, [file for file, _, _ in made])
    holds.place_hold(first.house, first["head"], "（2026）川01民初118号", "诉讼保全", [held])
    reviews.take_off(first.house, first["fourth"], review_id, kept, "仍需使用")
    first.house.index.check()
    archivist = first["archivist"]
    first.house.database.dispose()

    def copy(source: str, name: str) -> dict[str, str]:
        shutil.copytree(tmp_path / source, tmp_path / name)
        return embedded_env(tmp_path / name)

    seen: dict[str, int] = {}

    def keep(now: int) -> None:
        if seen.setdefault(_lies(tmp_path / "whole"), now) == now:
            copy("whole", f"at-{now}")

    points = len(_execute(copy("home", "whole"), archivist, review_id, keep))
    house = _opened(embedded_env(tmp_path / "whole"))
    wanted = _final(house, review_id)
    assert points >= 100
    assert wanted.proved
    assert sorted(wanted.outcomes.values()) == ["blocked", *["destroyed"] * 10, "kept"]
    for now in list(seen.values())[:: so_many(1, 6)]:
        house.database.dispose()
        house.__dict__.pop("index", None)
        shutil.rmtree(tmp_path / "whole")
        (tmp_path / f"at-{now}").rename(tmp_path / "whole")
        assert _go_on(house, archivist, review_id) == wanted, f"broken off at boundary {now} of {points}"
    house.database.dispose()
    for now in a_share((1, 2, 9, points // 2, points - 1), 3, 5):
        env = copy("home", f"killed-{now}")
        _killed_at(env, archivist, review_id, now)
        house = _opened(env)
        assert _go_on(house, archivist, review_id) == wanted, f"killed at boundary {now} of {points}"
        house.database.dispose()


def _named(house, files: list[str]) -> dict[str, str]:
    """Each file of a review, its document and its objects by their place: the same in reviews that are made alike."""
    names = {}
    with house.database.read() as session:
        for place, file_id in enumerate(files):
            (document,) = session.scalars(select(Document).where(Document.case_file_id == file_id))
            objects = session.execute(select(Rendition.kind, Rendition.id).where(Rendition.document_id == document.id))
            names |= {file_id: f"file {place}", document.id: f"document {place}"}
            names |= {object_id: f"{kind} {place}" for kind, object_id in objects}
    return names


def _by_place(final: Final, names: dict[str, str]) -> dict:
    """How one review ended, of an archive in which there are others."""

    def named(found):
        if isinstance(found, dict):
            return {names[one]: value for one, value in found.items() if one in names}
        return {names[one] for one in found if one in names} if isinstance(found, set) else found

    noted = {
        (action, names[file]): often
        for (action, subject), often in final.noted.items()
        if (file := subject.removeprefix("file:")) in names
    }
    return {field: named(value) for field, value in final._asdict().items()} | {"noted": noted}


@pytest.mark.usefixtures("_says_no_time")
def test_a_crash_at_a_boundary_of_each_kind_ends_in_the_same_final_state_on_servers(tmp_path, request):
    """A process is killed before and after each kind of step, the first and the last of its kind, in a review of its own each time."""
    office = open_office(server_env(tmp_path / "home", request))
    house, archivist = office.house, office["archivist"]
    made = _plant(office, 3 * 13, read=13)
    gone = _gone(office, made[:26])
    assert {line.split()[0] for line in traces(office.env, gone)} >= {"column", "object", "index"}
    # Of three files one was read, one was not, and one stays.
    reviewed = [[file for file, _, _ in made[place::13]] for place in range(13)]
    ids = []
    for files in reviewed:
        ids.append(review_of(house, office.actors, files))
        reviews.take_off(house, office["fourth"], ids[-1], files[-1], "仍需使用")
    names = [_named(house, files) for files in reviewed]
    kinds = _execute(office.env, archivist, ids[0], lambda now: None)
    wanted = _by_place(_final(house, ids[0]), names[0])
    assert wanted["proved"]
    assert wanted["outcomes"] == {"file 0": "destroyed", "file 1": "destroyed", "file 2": "kept"}
    of_each = {kind: [now for now, other in enumerate(kinds, 1) if other == kind] for kind in kinds}
    points = sorted({now for found in of_each.values() for now in (found[0], found[-1])})
    assert len(points) == 12, of_each
    for now, review_id, named in zip(points, ids[1:], names[1:], strict=True):
        _killed_at(office.env, archivist, review_id, now)
        assert _by_place(_go_on(house, archivist, review_id), named) == wanted, f"killed {kinds[now - 1]} ({now})"
    assert traces(office.env, gone) == []
    house.database.dispose()
