"""Uploads to a real server process over a network that breaks: with tuspy, with tus-js-client, and with the station's own delivery.

The server is killed with SIGKILL and started again; the line is cut after so many bytes. At the end the archive has the file
exactly once, bit for bit, and nothing of any other.
"""

import hashlib
import json
import os
import signal
import socket
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image
from sqlalchemy import select
from tusclient.client import TusClient

from intake.adapters.tus_delivery import TusDelivery
from intake.errors import DeliveryFailed, Rejected
from service.access import people
from service.bootstrap import build
from service.flow.intake.documents import list_documents
from service.house import House
from service.records.tables import AuditEntry, Upload, UploadPart, WrappedKey
from service.settings import load
from tests.service.conftest import DIGITAL, OWNER, embedded_env, prepared
from tests.service.nursery import nursery
from tests.thorough import so_many

ROOT = Path(__file__).parents[2]
MIB = 1 << 20
STALLED = 2.0  # seconds until a silent sender is given up, instead of a minute
SOON = 0.4  # where one is waited for after the other


def page(path: Path, seed: int, height: int = 1500) -> Path:
    """A page of noise, which does not shrink: `height` * 2 KiB."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, 2048), dtype=np.uint8)
    Image.fromarray(noise).save(path, compression="raw")
    return path


class Line:
    """A TCP line to `port` that can be cut: after so many bytes towards the server, or before its answer to them comes back."""

    def __init__(self, port: int) -> None:
        self._to, self.sent = port, 0
        self.cuts: list[int] = []  # bytes sent in all, ascending; there the line breaks
        self.swallow: Callable[[bytes], bool] = lambda _answer: False  # an answer for which it breaks instead
        self.pace = 0.0005  # seconds for 16 KiB: some 30 MB/s, so that little is under way when it breaks
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._to))
                except OSError:
                    near.close()
                    continue
                self._open += [near, far]
                for source, target, outward in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._carry, args=(source, target, outward), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, outward: bool) -> None:
        with suppress(OSError):
            while data := source.recv(16 * 1024):
                if outward:
                    self.sent += len(data)
                    time.sleep(self.pace)
                    if self.cuts and self.sent >= self.cuts[0]:
                        self.cuts.pop(0)
                        break
                elif self.swallow(data):
                    break
                target.sendall(data)
        # The sender sees a reset; the server gets what was on the way, then nothing more.
        near, far = (source, target) if outward else (target, source)
        with suppress(OSError):
            far.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            near.shutdown(socket.SHUT_RDWR)
        near.close()

    def close(self) -> None:
        self._listener.close()
        for end in self._open:
            end.close()


@dataclass
class Archive:
    """A server process with one operator, and the house behind it to look into."""

    env: dict[str, str]
    port: int
    house: House
    token_file: Path
    stalled: float = STALLED
    group: int = 0
    lines: list[Line] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        words = ["service.wsgi:app", "--bind", f"127.0.0.1:{self.port}", "--threads", "8"]
        words += ["--worker-class", "service.gateway.Worker", "--no-control-socket", "--log-level", "critical"]
        before = f"import service.tus as t; t.STALLED = {self.stalled}"
        self.group = nursery().serve(words, {**os.environ, **self.env}, before)
        last = time.monotonic() + 300
        while True:
            try:
                urllib.request.urlopen(f"{self.address}/healthz", timeout=5).close()
            except OSError:
                assert time.monotonic() < last, "the server did not start"
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """SIGKILL, workers too."""
        with suppress(ProcessLookupError):
            os.killpg(self.group, signal.SIGKILL)
            while True:  # the first of them; the others are waited for elsewhere
                os.kill(self.group, 0)
                time.sleep(0.005)

    def line(self, *cuts: int) -> Line:
        line = Line(self.port)
        line.cuts = list(cuts)
        self.lines.append(line)
        return line

    def token(self) -> str:
        return self.token_file.read_text()

    def holds(self, *files: Path) -> None:
        """Check that exactly these files are there, bit for bit, and that no piece of an upload is left."""
        total, documents = list_documents(self.house, OWNER)
        assert sorted(d.sha256 for d in documents) == sorted(hashlib.sha256(f.read_bytes()).hexdigest() for f in files)
        assert total == len(files)
        from uuid import UUID

        for document in documents:
            with self.house.database.read() as session:
                wrapped = session.get_one(WrappedKey, document.id).wrapped
                assert session.query(UploadPart).count() == 0
            held = self.house.vault.read(UUID(document.id), self.house.keys.unwrap(UUID(document.id), wrapped))
            assert hashlib.sha256(held).hexdigest() == document.sha256
        assert list(self.house.parts.store.names()) == []


@pytest.fixture
def archive(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Archive]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    env = embedded_env(tmp_path / "home")
    prepared(env)
    house = build(load(env))
    people.invite(house, OWNER, "scanner", "某", ["operator"])
    token_file = tmp_path / "token"
    token_file.write_text(people.create_token(house, OWNER, "scanner", "station"))
    archive = Archive(env, port, house, token_file, getattr(request, "param", STALLED))
    try:
        archive.start()
        yield archive
    finally:
        archive.kill()
        for line in archive.lines:
            line.close()
        house.database.dispose()


def delivery(archive: Archive, address: str, memory: Path, **more) -> TusDelivery:
    return TusDelivery(address, archive.token_file, memory, sleep=lambda seconds: time.sleep(seconds / 20), **more)


def test_tuspy_sends_with_checksums_and_resumes(archive, tmp_path):
    file = page(tmp_path / "a.tif", 1)
    client = TusClient(f"{archive.address}/api/v1/uploads", headers={"Authorization": f"Bearer {archive.token()}"})
    more = {"chunk_size": 700_000, "upload_checksum": True, "metadata": {"filename": "a.tif"}}
    with file.open("rb") as stream:
        first = client.uploader(file_stream=stream, **more)
        first.upload(stop_at=1_400_000)
        second = client.uploader(file_stream=stream, url=first.url, **more)
        assert second.offset == 1_400_000
        second.upload()
    assert second.request.response_headers["juanzong-status"] == "received"
    archive.holds(file)


def in_node(tus_js: Path, address: str, archive: Archive, file: Path, chunk: str, memory: Path, *more: str):
    """Send a file with tus-js-client; returns what it tells."""
    metadata = {
        "filename": file.name,
        "filetype": "image/tiff",
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }
    script = ROOT / "tests" / "servers" / "tus-js" / "send.mjs"
    words = [f"{address}/api/v1/uploads", archive.token(), str(file), chunk, json.dumps(metadata), str(memory), *more]
    sent = subprocess.run(
        ["node", str(script), *words],
        check=False,
        env={**os.environ, "TUS_JS": str(tus_js)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert sent.returncode == 0, sent.stdout + sent.stderr
    return json.loads(sent.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", ["Infinity", str(MIB)])
def test_tus_js_client_resumes_over_a_breaking_line(archive, tmp_path, tus_js, chunk):
    file = page(tmp_path / "合同 扫描.tif", 2, 4000)
    line = archive.line(2_000_000, 5_000_000, 7_000_000)
    told = in_node(tus_js, line.address, archive, file, chunk, tmp_path / "urls.json")
    assert told["status"] == "received"
    assert told["document"] in told["url"]  # the document has the upload's id
    assert line.cuts == []
    assert line.sent < file.stat().st_size * 1.5
    archive.holds(file)


@pytest.mark.parametrize("chunk", ["Infinity", str(MIB)])
def test_what_tus_js_client_takes_back_is_gone_from_the_disk(archive, tmp_path, tus_js, chunk):
    """`abort(true)` in the middle of a request: the address is gone, no byte is left, the same file may come anew. tuspy cannot ask for it."""
    file = page(tmp_path / "a.tif", 5, 3000)
    line = archive.line()
    line.pace = 0.003  # some 5 MB/s, so that it is in the middle when its sender looks
    told = in_node(tus_js, line.address, archive, file, chunk, tmp_path / "urls.json", "2500000")
    assert told["status"] == 204
    assert line.sent < file.stat().st_size
    asked = requests.head(told["url"], headers={"Authorization": f"Bearer {archive.token()}", "Tus-Resumable": "1.0.0"})
    assert asked.status_code in (404, 410)
    with archive.house.database.read() as session:
        taken_back = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "upload.remove")).one()
    assert json.loads(taken_back)["received"] >= (2 * MIB if chunk == str(MIB) else 0)
    last = time.monotonic() + 60
    while list(archive.house.parts.store.names()):  # a piece that was being written when it was taken back
        assert time.monotonic() < last
        time.sleep(0.02)
    archive.holds()
    assert in_node(tus_js, archive.address, archive, file, chunk, tmp_path / "urls.json")["status"] == "received"
    archive.holds(file)


def test_the_station_goes_on_where_the_line_broke(archive, tmp_path):
    file = page(tmp_path / "a.tif", 3, 5000)
    size = file.stat().st_size
    line = archive.line(100, 2 * MIB, 3 * MIB, 5 * MIB, 5 * MIB + 20_000, 9 * MIB)
    receipt = delivery(archive, line.address, tmp_path / "memory").deliver(file, "a.tif", batch="B-1")
    assert receipt.status == "received"
    assert receipt.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert line.cuts == []
    assert line.sent < size * 1.5  # it went on: six breaks cost less than half of the file
    archive.holds(file)
    assert list((tmp_path / "memory").iterdir()) == []
    assert list_documents(archive.house, OWNER)[1][0].batch == "B-1"
    again = delivery(archive, line.address, tmp_path / "memory").deliver(file, "b.tif")
    assert (again.document_id, again.status) == (receipt.document_id, "duplicate")


def test_the_station_was_restarted_meanwhile(archive, tmp_path):
    file = page(tmp_path / "a.tif", 4, 4000)
    line = archive.line(6 * MIB)
    with pytest.raises(DeliveryFailed):
        delivery(archive, line.address, tmp_path / "memory", patience=0).deliver(file, "a.tif")
    assert len(list((tmp_path / "memory").iterdir())) == 1
    sent = line.sent
    receipt = delivery(archive, line.address, tmp_path / "memory").deliver(file, "a.tif")
    assert receipt.status == "received"
    assert line.sent - sent < file.stat().st_size / 2
    archive.holds(file)


def test_an_answer_that_was_lost_is_learnt(archive, tmp_path):
    """The file became a document, the line broke before the answer: no second document, and the same receipt."""
    line, lost = archive.line(), []

    def swallow(answer: bytes) -> bool:
        found = b"Juanzong-Document" in answer and not lost
        lost.extend([answer] if found else [])
        return found

    line.swallow = swallow
    receipt = delivery(archive, line.address, tmp_path / "memory").deliver(DIGITAL, "a.pdf")
    assert lost
    assert receipt.status == "received"
    assert receipt.document_id.encode() in lost[0]
    archive.holds(DIGITAL)


def test_a_refusal_whose_answer_was_lost_is_learnt(archive, tmp_path):
    bad = tmp_path / "a.pdf"
    bad.write_bytes(b"no pdf")
    line, lost = archive.line(), []

    def swallow(answer: bytes) -> bool:
        found = b'"unsupported"' in answer and not lost
        lost.extend([answer] if found else [])
        return found

    line.swallow = swallow
    with pytest.raises(Rejected) as refused:
        delivery(archive, line.address, tmp_path / "memory").deliver(bad, "a.pdf")
    assert lost
    assert refused.value.code == "unsupported"
    assert list((tmp_path / "memory").iterdir()) == []
    archive.holds()


def test_a_refusal_that_arises_when_the_station_asks_is_one_of_the_file(archive, tmp_path):
    """All of it was there and the server was killed before it looked: the answer to HEAD, which has no body, is the first that says no."""
    bad = tmp_path / "a.pdf"
    bad.write_bytes(b"no pdf" * MIB)
    line = archive.line(5 * MIB)
    with pytest.raises(DeliveryFailed):
        delivery(archive, line.address, tmp_path / "memory", patience=0).deliver(bad, "a.pdf")
    time.sleep(2)  # what was under way when the line broke is kept by now
    with archive.house.database.write() as session:
        upload = session.scalars(select(Upload)).one()
        assert upload.received >= 4 * MIB
        upload.length, upload.sha256 = upload.received, ""
    with pytest.raises(Rejected) as refused:
        delivery(archive, line.address, tmp_path / "memory").deliver(bad, "a.pdf")
    assert refused.value.code == "unsupported"
    archive.holds()


@pytest.mark.slow
def test_the_server_is_killed_again_and_again(archive, tmp_path):
    """SIGKILL in the middle of a request, several times: what HEAD tells is there, and the file arrives whole, once."""
    files = [page(tmp_path / f"{n}.tif", 10 + n, 6000) for n in range(2)]
    got: dict[Path, str] = {}

    def send(file: Path) -> None:
        got[file] = delivery(archive, archive.address, tmp_path / "memory").deliver(file, file.name).status

    senders = [threading.Thread(target=send, args=(file,)) for file in files]
    for sender in senders:
        sender.start()
    for pause in (0.25, 0.4, 0.15):
        time.sleep(pause)
        archive.kill()
        archive.start()
    for sender in senders:
        sender.join(500)
    assert set(got.values()) == {"received"}
    archive.holds(*files)


def test_the_station_and_what_it_cannot_change(archive, tmp_path):
    mine = delivery(archive, archive.address, tmp_path / "memory", patience=2.0)
    with pytest.raises(Rejected) as refused:
        mine.deliver(DIGITAL, "../a.pdf")
    assert refused.value.code == "bad_name"
    empty = tmp_path / "empty.pdf"
    empty.touch()
    with pytest.raises(Rejected) as refused:
        mine.deliver(empty, "empty.pdf")
    assert refused.value.code == "empty"
    with pytest.raises(DeliveryFailed) as failed:
        mine.deliver(tmp_path / "none.pdf", "none.pdf")
    assert failed.value.one_file
    archive.token_file.write_text("jz_wrong")
    with pytest.raises(DeliveryFailed, match="token"):
        mine.deliver(DIGITAL, "a.pdf")
    archive.token_file.write_text("two\nlines")
    with pytest.raises(DeliveryFailed, match="holds no token"):
        mine.deliver(DIGITAL, "a.pdf")
    archive.token_file.unlink()
    with pytest.raises(DeliveryFailed, match="token cannot be read"):
        mine.deliver(DIGITAL, "a.pdf")
    with pytest.raises(ValueError, match="no address"):
        TusDelivery("archive.example", archive.token_file, tmp_path)
    archive.holds()


def test_nobody_listens(archive, tmp_path):
    archive.kill()
    with pytest.raises(DeliveryFailed, match="could not be reached"):
        delivery(archive, archive.address, tmp_path / "memory", patience=1.0).deliver(DIGITAL, "a.pdf")
    archive.start()
    delivery(archive, archive.address, tmp_path / "memory").deliver(DIGITAL, "a.pdf")
    archive.holds(DIGITAL)


@pytest.mark.parametrize(("status", "code"), [(507, "server_full"), (423, "server_busy"), (503, "archive")])
def test_an_archive_that_answers_and_cannot_just_now_is_not_called_unreachable(tmp_path, monkeypatch, status, code):
    def answers(*_, **__):
        answer = requests.Response()
        answer.status_code, answer.headers["content-type"] = status, "application/problem+json"
        answer._content = json.dumps({"title": "not now"}).encode()
        return answer

    token = tmp_path / "token"
    token.write_text("jz_any")
    monkeypatch.setattr(requests.Session, "request", answers)
    mine = TusDelivery("https://archive.example", token, tmp_path / "memory", patience=0.1, sleep=lambda _: None)
    with pytest.raises(DeliveryFailed, match="not now") as failed:
        mine.deliver(DIGITAL, "a.pdf")
    assert failed.value.code == code


@contextmanager
def refused_header(url: str, token: str, name: str, value: str) -> Iterator[int]:
    request = urllib.request.Request(url, method="POST", data=b"", headers={
        "Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0", "Upload-Length": "5", name: value,
    })  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            yield answer.status
    except urllib.error.HTTPError as error:
        with error:
            yield error.code
    except urllib.error.URLError:
        yield 0  # the server hung up


def test_a_huge_header_and_no_harm(archive):
    with refused_header(
        f"{archive.address}/api/v1/uploads", archive.token(), "Upload-Metadata", "filename " + "A" * MIB
    ) as status:
        assert status in (0, 400, 413, 431)
    urllib.request.urlopen(f"{archive.address}/healthz", timeout=60).close()
    archive.holds()


def test_a_form_that_was_cut_off_is_to_be_sent_again(archive, tmp_path):
    """Never told from one without a file before: who sent it was told, for good, that no file was in it."""
    file = page(tmp_path / "a.tif", 1).read_bytes()
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.tif"\r\n\r\n'
    body = head + file + b"\r\n--b--\r\n"
    said = {}
    for what, sent in {"cut off": body[:700_000], "no form": b"file=a", "whole": body}.items():
        with socket.create_connection(("127.0.0.1", archive.port), timeout=60) as connection:
            words = f"POST /api/v1/documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {archive.token()}\r\n"
            words += f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body) if what == 'cut off' else len(sent)}\r\n"
            connection.sendall(words.encode() + b"Connection: close\r\n\r\n" + sent)
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as answer:
                said[what] = answer.readline().split()[1]
    assert said == {"cut off": b"408", "no form": b"400", "whole": b"201"}


@pytest.mark.parametrize("archive", [SOON], indirect=True)
def test_silent_senders_do_not_hold_the_server(archive):
    """More connections that fall silent in the middle than the server has threads: it gives them up, keeping what came."""
    import requests

    headers = {"Authorization": f"Bearer {archive.token()}", "Tus-Resumable": "1.0.0"}
    opened = requests.post(
        f"{archive.address}/api/v1/uploads",
        headers={**headers, "Upload-Length": "100000", "Upload-Metadata": "filename YS50aWY="},
        timeout=120,
    )
    place = opened.headers["Location"]
    lines = [f"PATCH {place} HTTP/1.1", "Host: x", "Content-Length: 90000", "Upload-Offset: 0"]
    lines += ["Content-Type: application/offset+octet-stream", *(f"{name}: {value}" for name, value in headers.items())]
    silent = []
    for _ in range(so_many(12, 9)):
        connection = socket.create_connection(("127.0.0.1", archive.port))
        connection.sendall("\r\n".join([*lines, "", "x" * 40_000]).encode())
        silent.append(connection)
    time.sleep(SOON / 2)
    head = requests.head(f"{archive.address}{place}", headers=headers, timeout=120)
    assert head.status_code == 200
    began = time.monotonic()
    last = began + 300
    while requests.head(f"{archive.address}{place}", headers=headers, timeout=120).headers["Upload-Offset"] == "0":
        assert time.monotonic() < last
        time.sleep(0.05)
    # The server does not wait two seconds for each of them to hang up before it lets anyone else in.
    requests.head(f"{archive.address}{place}", headers=headers, timeout=120)
    assert time.monotonic() - began < 2 * (len(silent) - 2)
    for connection in silent:
        connection.close()
    left = requests.head(f"{archive.address}{place}", headers=headers, timeout=120).headers["Upload-Offset"]
    assert 20_000 < int(left) <= 40_000


def test_two_senders_of_one_upload_at_once(archive, tmp_path):
    """The later one goes on; the earlier one is told; the file is whole."""
    data = page(tmp_path / "a.tif", 5, 3000).read_bytes()
    headers = {"Authorization": f"Bearer {archive.token()}", "Tus-Resumable": "1.0.0"}
    import requests

    opened = requests.post(
        f"{archive.address}/api/v1/uploads",
        headers={**headers, "Upload-Length": str(len(data)), "Upload-Metadata": "filename YS50aWY="},
        timeout=120,
    )
    place = f"{archive.address}{opened.headers['Location']}"
    statuses: list[int] = []
    gate = threading.Barrier(2)

    class Slow(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() == 0:
                gate.wait(120)
            time.sleep(0.001)
            return super().read(min(size or 65536, 65536) if size != -1 else 65536)

    def send() -> None:
        with requests.Session() as session:
            answer = session.patch(
                place,
                data=Slow(data),
                timeout=300,
                headers={**headers, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
            )
            statuses.append(answer.status_code)

    senders = [threading.Thread(target=send) for _ in range(2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(300)
    assert min(statuses) == 204
    assert max(statuses) in (409, 423)
    archive.holds(tmp_path / "a.tif")
