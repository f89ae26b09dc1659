"""Files come in by every channel while processes are killed, the disk is full and the line breaks.

By the station's way of sending and by forms, cut and whole; from a hot folder; from a mailbox (Dovecot), and from a scanner (SANE's
test backend), each where it is there.

At the end every page that was acknowledged is there once, bit for bit, and nothing of what was not; of a stack that is cut, in the
documents that became of it.
"""

import hashlib
import json
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests
from PIL import Image, ImageChops, ImageSequence
from sqlalchemy import func, select, update

from intake.adapters.tus_delivery import TusDelivery
from intake.errors import DeliveryFailed, Rejected
from service.access import people
from service.bootstrap import build, prepare
from service.flow.common import claims
from service.flow.intake.finish_uploads import tidy
from service.flow.intake.looks import stack_on_disk
from service.flow.intake.shares import LONG
from service.flow.search.find import find
from service.house import House
from service.records.tables import AuditEntry, Batch, BatchPart, Document, Rendition, Stack, Upload, UploadPart
from service.settings import load
from tests.service import faults
from tests.service.conftest import OWNER, embedded_env, server_env
from tests.service.faults import (
    Kept,
    SentStack,
    Sheet,
    SmallDisk,
    SmallFiles,
    Trouble,
    make_sheet,
    make_stack,
    page_bytes,
    patiently,
)
from tests.service.test_letters import Post
from tests.service.test_uploads_served import Line
from tests.thorough import THOROUGH

SEED = int(os.environ.get("JUANZONG_TEST_SEED", "51"))
MIB = 1 << 20
_log = logging.getLogger(__name__)
Found = TypeVar("Found")
TIMES = {"worker": 3, "web": 4, "serve": 2, "plug": 2, "station": 3, "disk": 3}
FEW_TIMES = {"worker": 1, "web": 2, "serve": 1, "plug": 1, "station": 1, "disk": 1}
ONE_OF_EACH = {"worker": 1, "web": 1, "disk": 1}
EMBEDDED = ("embedded", 50, TIMES) if THOROUGH else ("embedded", 6, ONE_OF_EACH)
_PASSING = ("busy", "changed")
#: Seconds for all of a kind: a slow machine is not wrong, and one that hangs is told. What a living process could not give back, as the disk
#: was full, others wait for until its claim runs out.
PATIENCE = claims.SPAN.total_seconds() + 120


@dataclass
class Station:
    """Everything that sends, and what it was told. told: the document of each file that was acknowledged, the batch of a stack."""

    line: Line
    token_file: Path
    memory: Path
    hot: Path
    until: float
    post: Post | None = None
    told: dict[Path, str] = field(default_factory=dict)
    scanned: list[str] = field(default_factory=list)
    refused: dict[Path, str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token_file.read_text()}"}

    def by_tus(self, path: Path, *, split: bool = False) -> None:
        """Send as the scanning station does, which gives up for now and begins again. split: a stack, to be cut."""
        more = {"split": "true"} if split else {}

        def wait(seconds: float) -> None:
            self.seen["tus: went on"] += 1
            time.sleep(min(seconds / 4, 1.5))

        while time.monotonic() < self.until:
            try:
                delivery = TusDelivery(self.line.address, self.token_file, self.memory, more=more, sleep=wait)
                receipt = delivery.deliver(path, path.name)
            except DeliveryFailed as error:
                self.seen[f"tus: {error}"] += 1
                time.sleep(1)
            except Rejected as error:
                self.refused[path] = error.code
                return
            else:
                self.told[path] = receipt.batch if split else receipt.document_id
                return

    def by_form(self, path: Path, *, split: bool = False) -> None:
        """Send in one request, and again until there is an answer that is not of the moment. split: a stack, to be cut."""
        while time.monotonic() < self.until:
            try:
                with path.open("rb") as file:
                    answer = requests.post(
                        f"{self.line.address}/api/v1/documents",
                        files={"file": (path.name, file)},
                        data={"split": "true"} if split else {},
                        headers=self.headers,
                        timeout=30,
                    )
                said = answer.json()
            except (requests.RequestException, ValueError) as error:
                self.seen[f"form: {type(error).__name__}"] += 1
            else:
                self.seen[f"form: {answer.status_code} {said.get('code') or said.get('title')}"] += 1
                if answer.status_code in (200, 201, 202):
                    self.told[path] = said["batch" if split else "document_id"]
                    return
                if answer.status_code == 422 and said.get("code") not in _PASSING:
                    self.refused[path] = said.get("code", said["title"])
                    return
            time.sleep(0.5)

    def told_of_a_full_disk(self) -> int:
        """Return how often a sender was."""
        return sum(times for what, times in self.seen.items() if what.startswith("form: 507"))

    def by_folder(self, path: Path) -> None:
        """Put it into the hot folder as a scanner does: in two goes, under its own name."""
        data = path.read_bytes()
        with (self.hot / path.name).open("wb") as file:
            file.write(data[: len(data) // 2])
            file.flush()
            time.sleep(0.2)
            file.write(data[len(data) // 2 :])

    def by_mail(self, path: Path) -> None:
        """Send a letter with it."""
        assert self.post is not None
        self.post.send(path, Subject=path.name)

    def by_scanner(self, env: dict[str, str], chance: random.Random) -> None:
        """Scan a stack of ten pages and hand it in as `juanzong station` does: killed once all of them are in, and gone on with."""
        spool = Path(env["JUANZONG_HOME"]) / "station" / "scans"
        to = ("--server", self.line.address, "--token-file", str(self.token_file), "--json")
        words = ["scan", "--device", "test", "--resolution", "50", "--expect", "10", "--batch", "scanned", *to]
        until, then = time.monotonic() + 120, chance.uniform(0.0, 0.6)
        while time.monotonic() < self.until:
            command = [sys.executable, "-m", "service", "station", *words]
            process = subprocess.Popen(
                command, env=os.environ | env, cwd=faults.ROOT, stdout=subprocess.PIPE, start_new_session=True
            )
            while words[0] == "scan" and process.poll() is None and time.monotonic() < until:
                if len([*spool.glob("*/p*.tiff")]) == 10:
                    time.sleep(then)
                    os.killpg(process.pid, signal.SIGKILL)
                    break
                time.sleep(0.05)
            said = process.communicate()[0]
            self.seen[f"scanner: {words[0]} {process.returncode}"] += 1
            if process.returncode == 0:
                self.scanned.append(json.loads(said)["document_id"])
                return
            words = ["resume", next(spool.iterdir()).name, *to]
            time.sleep(1)

    def half_by_tus(self, path: Path) -> None:
        """Send half of it and never come back."""
        data = path.read_bytes()
        headers = {**self.headers, "Tus-Resumable": "1.0.0"}

        def half() -> bool:
            with suppress(requests.RequestException):
                opened = requests.post(
                    f"{self.line.address}/api/v1/uploads",
                    headers={**headers, "Upload-Length": str(len(data)), "Upload-Metadata": "filename YS50aWY="},
                    timeout=30,
                )
                if opened.status_code == 201:
                    kept = requests.patch(
                        f"{self.line.address}{opened.headers['Location']}",
                        data=data[: len(data) // 2],
                        headers={**headers, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
                        timeout=30,
                    )
                    return kept.status_code == 204
            return False

        patiently(half, 300)

    def half_by_form(self, path: Path) -> None:
        """Break off a form in the middle, for good."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.line.port), timeout=30) as connection:
            head = 'POST /api/v1/documents HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary="b"\r\n'
            head += f"Content-Length: {path.stat().st_size + 200}\r\n"
            head += "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
            head += '\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="half.pdf"\r\n\r\n'
            connection.sendall(head.encode() + path.read_bytes()[: path.stat().st_size // 2])

    def send_all(self, work: list[tuple[Callable[[Path], None], Path]], chance: random.Random) -> threading.Thread:
        """Send one after another, at moments that the seed decides, in a thread of its own."""
        waits = [chance.uniform(0.0, 2.0) for _ in work]

        def send() -> None:
            for (way, path), wait in zip(work, waits, strict=True):
                time.sleep(wait)
                way(path)

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        return thread


@contextmanager
def small_disk(home: Path) -> Iterator[SmallDisk | SmallFiles]:
    """Give a disk that can be filled, or what is as good as that."""
    disk: SmallDisk | SmallFiles = SmallDisk(home, 384)
    if not disk.mounted:
        disk = SmallFiles()
    try:
        yield disk
    finally:
        disk.close()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("kind", "number", "times"), [EMBEDDED, ("servers", 16, FEW_TIMES)])
def test_what_was_acknowledged_is_there_once_and_nothing_else(request, tmp_path, juanzong_here, kind, number, times):
    chance = random.Random(SEED)
    home = tmp_path / "home"
    with small_disk(home) as disk:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        env = embedded_env(home) if kind == "embedded" else server_env(home, request)
        post = _if_there(request, "imap_server", lambda url: Post(url, tmp_path / "post"))
        if post is not None:
            env |= {name: value for name, value in post.env.items() if name.startswith("JUANZONG_MAILBOX")}
        sane = _if_there(request, "sane", lambda found: found | {"JUANZONG_HOME": str(tmp_path / "desk")})
        env |= {"JUANZONG_PORT": str(port), "JUANZONG_RENDER_DPI": "72", "JUANZONG_OCR_PROCESSES": "1"}
        prepare(load(env))
        house = build(load(env))
        try:
            _faults(house, env, disk, chance, tmp_path, number, times, juanzong_here, post, sane)
        finally:
            house.database.dispose()


def _if_there(request, fixture: str, made: Callable[[Any], Found]) -> Found | None:
    """Return what is made of a server or a program; None where it is not there, and need not be."""
    try:
        return made(request.getfixturevalue(fixture))
    except pytest.skip.Exception:
        return None


def _faults(house, env, disk, chance, folder, number, times, juanzong, post, sane):
    people.invite(house, OWNER, "scanner", "某", ["operator"])
    token_file = folder / "token"
    token_file.write_text(people.create_token(house, OWNER, "scanner", "station"))
    hot, files = folder / "hot", folder / "files"
    hot.mkdir()
    files.mkdir()
    stacks = [make_stack(files, f"stack-{n}", chance) for n in range(1 if number < 12 else 2)]
    once = number - number // 12 - len(stacks)  # the rest are sent again
    sheets = [make_sheet(files, "00", chance, tiff=False, pages=LONG + 2)]  # read in shares
    sheets += [make_sheet(files, f"{n:02d}", chance, tiff=n % 6 == 5) for n in range(1, once)]
    mailed = [make_sheet(files, f"mail-{n}", chance, tiff=False) for n in range((1 + number // 16) if post else 0)]
    line = Line(house.settings.port)
    line.pace = 0.004  # some 4 MB/s each
    line.cuts = sorted(chance.randrange(number * 2 * MIB) for _ in range(number // 4))
    cuts = len(line.cuts)
    station = Station(line, token_file, folder / "memory", hot, time.monotonic() + PATIENCE, post)
    log = folder / "log"
    serve = Kept(["serve"], env, log)
    watcher = Kept(["station", "watch", str(hot), "--settle", "0.2"], env, folder / "station.log")
    try:
        patiently(lambda: _serves(house), PATIENCE)
        began = time.monotonic()
        trouble = Trouble(
            times,
            chance,
            serve,
            watcher,
            disk,
            lambda: _reads(house),
            lambda: _serves(house),
            station.told_of_a_full_disk,
        )
        trouble.start()
        work, never = _work(station, sheets, stacks, number // 12, files, chance)
        work.insert(0, [(station.by_mail, sheet.path) for sheet in mailed])
        senders = [station.send_all(some, random.Random(chance.random())) for some in work]
        senders.append(_send_more(station, trouble, senders[-1], sheets, files))
        if sane is not None:
            scans = (env | sane, random.Random(chance.random()))
            senders.append(threading.Thread(target=station.by_scanner, args=scans, daemon=True))
            senders[-1].start()
        for thread in (*senders, trouble):
            thread.join(max(1.0, station.until - time.monotonic()))
        sent = time.monotonic() - began
        assert trouble.done == times, f"not everything that should go wrong did: {trouble.done}"
        patiently(lambda: not [path for path in hot.glob("*.*") if path.is_file()] or None, PATIENCE)
        patiently(lambda: not (post and post.subjects("INBOX")) or None, PATIENCE)
        patiently(lambda: _all_cut(house) and _all_read(house), PATIENCE)
        read, broke = time.monotonic() - began, cuts - len(line.cuts)
        _log.warning("seed %s: %s files sent in %.0f s, read after %.0f s; %s breaks", SEED, number, sent, read, broke)
        _log.warning("%s; %s", dict(trouble.done), dict(station.seen))
        assert broke, "the line to the archive held all the time"
        _check_told(station, [*sheets, *stacks], mailed, never)
        if sane is not None:
            _check_scan(house, env | sane, station, folder, juanzong)
        _check_archive(house, env, station, [*sheets, *mailed], stacks, folder, juanzong)
    except BaseException:
        _log.warning("seed %s; %s; %s", SEED, dict(station.seen), log.read_text()[-6000:])
        raise
    finally:
        for kept in (watcher, serve):
            kept.end()
        line.close()
    _check_nothing_left(house)


def _work(station, sheets, stacks, twice, files, chance):
    """Return what each sender has to do, and the files of which nothing may be there. twice: how many files are sent again."""
    again = chance.sample(sheets, twice)
    broken = [files / f"broken-{n}.pdf" for n in range(3)]
    for path in broken:
        path.write_bytes(b"%PDF-1.7\n" + (faults.MARK + chance.randbytes(MIB)))
    half = [make_sheet(files, f"half-{n}", chance, tiff=False) for n in range(2)]
    paths = [sheet.path for sheet in sheets]
    fifth = len(paths) // 5
    folder = [(station.by_folder, path) for path in [*paths[:fifth], broken[0]]]
    tus = [(station.by_tus, path) for path in [*paths[fifth : 3 * fifth], *(s.path for s in again), broken[1]]]
    tus.append((station.half_by_tus, half[0].path))
    form = [(station.by_form, path) for path in [*paths[3 * fifth :], broken[2]]]
    form.append((station.half_by_form, half[1].path))
    tus += [(partial(station.by_tus, split=True), stack.path) for stack in stacks]
    form.append((partial(station.by_form, split=True), stacks[-1].path))
    for some in (tus, form):
        chance.shuffle(some)
    return [folder, tus[::2], tus[1::2], form[::2], form[1::2]], [*broken, *(s.path for s in half)]


def _send_more(station, trouble, sender, sheets, files) -> threading.Thread:
    """When one sender of forms has sent what it had, go on sending for as long as things go wrong: each must hit somebody."""
    chance = random.Random(f"more {SEED}")  # no word of what is sent besides stands on the others

    def send() -> None:
        sender.join()
        while trouble.is_alive() and time.monotonic() < station.until:
            sheets.append(make_sheet(files, f"more-{len(sheets)}", chance, tiff=False))
            station.by_form(sheets[-1].path)
            time.sleep(chance.uniform(0.0, 4.0))

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


def _serves(house: House) -> bool:
    return faults.answers(house.settings.base_url)


def _reads(house: House) -> bool:
    with house.database.read() as session:
        return session.scalar(select(func.count()).where(Document.status == "reading")) > 0


def _all_cut(house: House) -> bool:
    with house.database.read() as session:
        return session.scalar(select(func.count()).where(Stack.state != "cut")) == 0


def _all_read(house: House) -> bool:
    with house.database.read() as session:
        query = select(func.count()).where(~(Document.status.in_(("stored", "needs_review")) & Document.indexed))
        return session.scalar(query) == 0


def _check_told(station: Station, sheets: list[Sheet | SentStack], mailed: list[Sheet], never: list[Path]) -> None:
    """Every file has its receipt, and of the others nothing was received."""
    in_folder = {path.name for path in (station.hot / "done").iterdir() if path.suffix != ".txt"}  # notes of poor pages
    assert {s.path.name for s in sheets} == in_folder | {path.name for path in station.told}
    if station.post is not None:
        assert sorted(station.post.subjects("INBOX.done")) == sorted(sheet.path.name for sheet in mailed)
        assert station.post.subjects("INBOX.refused") == []
    assert not set(never) & set(station.told)
    assert set(station.refused) == set(never[1:3])
    assert [p.name for p in (station.hot / "refused").glob("*.pdf")] == [never[0].name]


def _check_scan(house, env, station, folder, juanzong) -> None:
    """The stack that went through the scanner is one document, each page as the scanner gives it, and nothing waits at the station."""
    (document_id,) = station.scanned
    assert list((folder / "desk" / "station" / "scans").iterdir()) == []
    out, by_hand = folder / "scan.tiff", folder / "by-hand.tiff"
    juanzong({**env, "JUANZONG_HOME": str(house.settings.home)}, "get", document_id, "-o", out)
    words = ["scanimage", "--device-name=test", "--format=tiff", "--resolution=50", "-x", "210", "-y", "297"]
    with by_hand.open("wb") as file:
        subprocess.run(words, env=os.environ | env, stdout=file, stderr=subprocess.DEVNULL, check=True)
    with Image.open(out) as scan, Image.open(by_hand) as page:
        pages = [ImageChops.difference(frame, page).getbbox() for frame in ImageSequence.Iterator(scan)]
    assert pages == [None] * 10


def _check_archive(house, env, station, sheets, stacks, folder, juanzong):
    with house.database.read() as session:
        documents = list(session.scalars(select(Document)))
        read = Counter(
            session.scalars(
                select(Rendition.document_id).where(Rendition.kind == "page-text", Rendition.state == "kept")
            )
        )
        received = Counter(session.scalars(select(AuditEntry.subject).where(AuditEntry.action == "document.receive")))
    cut = _check_stacks(house, env, station, stacks, folder, juanzong)
    alone = [document for document in documents if document.id not in {*cut, *station.scanned}]
    held = {document.sha256: document for document in alone}
    assert sorted(document.sha256 for document in alone) == sorted(sheet.sha256 for sheet in sheets)
    assert set(received) == {f"document:{d.id}" for d in documents}
    assert set(received.values()) == {1}
    assert {d.id: (d.pages_read, read[d.id]) for d in documents} == {d.id: (d.pages, d.pages) for d in documents}
    out = folder / "out"
    for sheet in sheets:
        document = held[sheet.sha256]
        assert station.told.get(sheet.path, document.id) == document.id
        assert document.pages == sheet.pages
        juanzong(env, "get", document.id, "-o", out)
        assert out.read_bytes() == sheet.path.read_bytes()
        out.unlink()
        assert [hit.document_id for hit in find(house, OWNER, sheet.word).hits] == [document.id]
    report = json.loads(juanzong(env, "doctor", "--json").stdout)
    assert (report["ok"], report["waiting"], report["documents"]) == (True, [], len(documents))
    assert json.loads(juanzong(env, "fixity", "--json").stdout)["ok"]
    assert json.loads(juanzong(env, "audit", "verify", "--json").stdout)["ok"]


def _check_stacks(house, env, station, stacks, folder, juanzong) -> set[str]:
    """Every stack is there once, as it came, and each of its pages in one document, in order; returns the ids of these documents."""
    with house.database.read() as session:
        kept = {row.batch: row for row in session.scalars(select(Stack))}
        rows = list(session.scalars(select(BatchPart).order_by(BatchPart.batch, BatchPart.position)))
        batches = session.scalar(select(func.count()).select_from(Batch))
    assert sorted(row.sha256 for row in kept.values()) == sorted(stack.sha256 for stack in stacks)
    assert batches == len(stacks)
    assert not [row.pages for row in rows if row.wanted or row.duplicate]
    out = folder / "out.pdf"
    for stack in stacks:
        batch = station.told[stack.path]
        with stack_on_disk(house, kept[batch], lambda: None) as whole:
            assert hashlib.sha256(whole.read_bytes()).hexdigest() == stack.sha256
        came, made = page_bytes(stack.path), [row for row in rows if row.batch == batch]
        assert [row.pages for row in made] == [[f"1.{number}" for number in numbers] for numbers, _ in stack.parts]
        for row, (numbers, word) in zip(made, stack.parts, strict=True):
            juanzong(env, "get", row.document_id, "-o", out)
            assert page_bytes(out) == [came[number - 1] for number in numbers]
            out.unlink()
            assert [hit.document_id for hit in find(house, OWNER, word).hits] == [row.document_id]
    assert len({row.document_id for row in rows}) == len(rows)
    return {row.document_id for row in rows}


def _check_nothing_left(house: House) -> None:
    """No upload is in the clear anywhere, and when the unfinished ones expired nothing of them is left."""
    for path in house.settings.home.rglob("*"):
        assert not (path.is_file() and faults.MARK in path.read_bytes()), path
    with house.database.write() as session:
        assert session.scalar(select(func.count()).where(Upload.state == "open")) >= 1  # the one that nobody finished
        session.execute(update(Upload).values(expires_at=house.clock.now() - timedelta(seconds=1)))
    tidy(house)
    with house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(UploadPart)) == 0
        assert session.scalar(select(func.count()).select_from(Upload)) == 0
    for begun in (house.settings.home / "objects" / "unfinished").glob("*"):
        assert begun.stat().st_nlink == 2, begun  # a second name of an object that is whole
    temporary = house.settings.home / "tmp"
    counted = {temporary / "calls"}  # how often who called
    assert {path for path in temporary.rglob("*") if path.is_file()} - counted == set()
