"""What every object store promises, tried on each of them: the file system, MinIO, Versity S3 Gateway."""

import hashlib
import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import BinaryIO, cast
from uuid import UUID, uuid4

import pytest
from minio.error import S3Error

from tests.contract.toxic import Toxic
from vault.adapters import open_store
from vault.errors import LocksNotOffered, ObjectExists, ObjectMissing, StoreUnavailable
from vault.model import Lock
from vault.ports import ObjectStore

MIB = 1024 * 1024


@pytest.fixture(params=["filesystem", "toxic", "minio", "versity"])
def url(request, tmp_path) -> str:
    """The address of an empty store."""
    if request.param in ("filesystem", "toxic"):
        return f"file://{tmp_path}/objects"
    return f"{request.getfixturevalue(request.param + '_url')}/b-{uuid4().hex}"


@pytest.fixture
def store(url, request) -> ObjectStore:
    """The store; the toxic one without troubles promises what all others do."""
    store = open_store(url)
    return Toxic(store) if request.node.callspec.params["url"] == "toxic" else store


def stored(store: ObjectStore, name: UUID) -> bytes:
    with store.open(name) as sealed:
        parts = []
        while part := sealed.read(100_000):
            parts.append(part)
        return b"".join(parts)


def noise(size: int) -> bytes:
    return hashlib.shake_256(b"noise").digest(size)


class Drops:
    """Yields `total` bytes in reads shorter than asked, then ends, or raises where told to."""

    def __init__(self, data: bytes, *, piece: int = 37_123, fail_at: int | None = None) -> None:
        self._data, self._piece, self._at, self._fail_at = data, piece, 0, fail_at

    def read(self, size: int = -1) -> bytes:
        if self._fail_at is not None and self._at >= self._fail_at:
            raise ConnectionAbortedError("the sender went away")
        size = self._piece if size < 0 else min(size, self._piece)
        part = self._data[self._at : self._at + size]
        self._at += len(part)
        return part


@pytest.mark.parametrize("size", [0, 1, 65_536, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 20 * MIB + 7])
def test_what_was_put_is_read_again(store, size):
    name, data = uuid4(), noise(size)
    store.put(name, io.BytesIO(data))
    assert stored(store, name) == data
    assert store.remains(name) == 1


@pytest.mark.parametrize("size", [100, 9 * MIB + 11])
def test_short_reads_lose_nothing(store, size):
    name, data = uuid4(), noise(size)
    store.put(name, cast("BinaryIO", Drops(data)))
    assert stored(store, name) == data


@pytest.mark.parametrize("size", [10, 9 * MIB])
def test_a_name_is_written_once(store, size):
    name = uuid4()
    store.put(name, io.BytesIO(b"first"))
    with pytest.raises(ObjectExists):
        store.put(name, io.BytesIO(noise(size)))
    assert stored(store, name) == b"first"
    assert store.remains(name) == 1


@pytest.mark.parametrize("size", [1000, 9 * MIB])
def test_of_two_writers_at_once_one_wins(url, size):
    name, together = uuid4(), threading.Barrier(2)
    open_store(url).names()
    outcomes: list[str] = []

    def write(letter: bytes) -> None:
        store = open_store(url)
        store.remains(name)  # the bucket is there, the connection is open
        together.wait()
        try:
            store.put(name, io.BytesIO(letter * size))
            outcomes.append(letter.decode())
        except ObjectExists:
            outcomes.append("refused")

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "refused" in outcomes
    (winner,) = set(outcomes) - {"refused"}
    store = open_store(url)
    assert stored(store, name) == winner.encode() * size
    assert store.remains(name) == 1


@pytest.mark.parametrize("fail_at", [0, 1000, 17 * MIB])
def test_a_reader_that_fails_leaves_nothing(store, fail_at):
    name = uuid4()
    with pytest.raises(ConnectionAbortedError):
        store.put(name, cast("BinaryIO", Drops(noise(18 * MIB), piece=MIB, fail_at=fail_at)))
    assert store.remains(name) == 0
    assert list(store.names()) == []
    with pytest.raises(ObjectMissing), store.open(name):
        pass
    store.put(name, io.BytesIO(b"second try"))
    assert stored(store, name) == b"second try"


def test_a_missing_object_is_said_to_be_missing(store):
    with pytest.raises(ObjectMissing), store.open(uuid4()):
        pass


@pytest.mark.parametrize(
    ("start", "size"), [(0, 1), (0, 97), (99_990, 17), (1, None), (99_999, 5), (100_000, 3), (400_000, None)]
)
def test_a_part_of_an_object_is_read_alone(store, start, size):
    name, data = uuid4(), noise(100_000)
    store.put(name, io.BytesIO(data))
    with store.open(name, start, size) as sealed:
        assert sealed.read() == data[start : None if size is None else start + size]


def test_a_part_of_a_missing_object_is_missing(store):
    with pytest.raises(ObjectMissing), store.open(uuid4(), 10, 10):
        pass


def test_deleting_leaves_no_trace(store):
    name, other = uuid4(), uuid4()
    store.put(name, io.BytesIO(b"bytes"))
    store.put(other, io.BytesIO(b"other"))
    store.delete(name)
    assert store.remains(name) == 0
    with pytest.raises(ObjectMissing), store.open(name):
        pass
    assert list(store.names()) == [other]
    store.delete(name)  # nothing is there: silent


def test_a_deleted_name_can_be_written_again(store):
    name = uuid4()
    store.put(name, io.BytesIO(b"one"))
    store.delete(name)
    store.put(name, io.BytesIO(b"two"))
    assert stored(store, name) == b"two"


def test_names_are_those_of_the_current_objects(store):
    assert list(store.names()) == []
    names = {uuid4() for _ in range(5)}
    for name in names:
        store.put(name, io.BytesIO(b"x"))
    found = list(store.names())
    assert len(found) == 5
    assert set(found) == names


def test_closing_early_is_no_failure(store):
    name = uuid4()
    store.put(name, io.BytesIO(noise(3 * MIB)))
    for _ in range(20):
        with store.open(name) as sealed:
            assert len(sealed.read(10)) == 10


def test_an_error_of_the_user_of_a_reader_passes_through(store):
    name = uuid4()
    store.put(name, io.BytesIO(noise(MIB)))
    with pytest.raises(OSError, match="printer on fire"), store.open(name):
        raise OSError("printer on fire")


def test_check_is_silent_when_the_store_answers(store):
    store.check()


def test_a_survey_finds_every_object(store):
    assert list(store.survey()) == []
    names = {uuid4() for _ in range(3)}
    for name in names:
        store.put(name, io.BytesIO(b"x"))
    found = list(store.survey())
    assert {trace.name for trace in found} == names
    assert not any(trace.unfinished for trace in found)
    now = datetime.now(UTC)
    assert all(abs(now - trace.at) < timedelta(hours=1) for trace in found)
    for trace in found:
        store.drop(trace)
        store.drop(trace)  # it is gone already: silent
    assert list(store.survey()) == []
    assert all(store.remains(name) == 0 for name in names)


def test_locks_are_offered_or_it_is_said_why_not(store):
    store.put(name := uuid4(), io.BytesIO(b"x"))
    until = datetime(2099, 12, 31, tzinfo=UTC)
    if store.locks():
        assert store.lock_of(name) == Lock()
        with pytest.raises(LocksNotOffered, match=str(name)):
            store.lock(name, Lock(until, held=True))
    else:
        store.lock(name, Lock(until, held=True))
        assert store.lock_of(name) == Lock(until, held=True)
    for call in (lambda: store.lock_of(uuid4()), lambda: store.lock(uuid4(), Lock(until))):
        with pytest.raises((ObjectMissing, LocksNotOffered)):
            call()


# What only a versioned bucket can do


def test_retention_is_extended_and_never_shortened(s3_url):
    store, name = open_store(s3_url), uuid4()
    store.put(name, io.BytesIO(b"kept"))
    assert store.lock_of(name) == Lock()
    early, late = datetime(2050, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
    for until, expected in ((early, early), (late, late), (early, late)):
        store.lock(name, Lock(until))
        assert store.lock_of(name) == Lock(expected)
    client, bucket = client_of(s3_url)
    with pytest.raises(S3Error):
        client.remove_object(bucket, str(name), client.stat_object(bucket, str(name)).version_id)
    store.delete(name)
    assert store.remains(name) == 0


def test_a_hold_keeps_an_object_until_it_is_let_go(s3_url):
    store, name = open_store(s3_url), uuid4()
    store.put(name, io.BytesIO(b"held"))
    store.lock(name, Lock(datetime(2050, 1, 1, tzinfo=UTC), held=True))
    with pytest.raises(StoreUnavailable, match=str(name)):
        store.delete(name)
    assert stored(store, name) == b"held"
    store.lock(name, Lock(held=False))
    assert store.lock_of(name) == Lock(datetime(2050, 1, 1, tzinfo=UTC))
    store.delete(name)
    assert store.remains(name) == 0


def test_older_versions_are_locked_and_let_go_too(s3_url):
    store, name = open_store(s3_url), uuid4()
    store.put(name, io.BytesIO(b"one"))
    client, bucket = client_of(s3_url)
    client.put_object(bucket, str(name), io.BytesIO(b"two"), 3)
    client.remove_object(bucket, str(name))
    store.lock(name, Lock(held=True))
    with pytest.raises(StoreUnavailable):
        store.delete(name)
    assert store.remains(name) >= 2
    store.lock(name, Lock())
    store.delete(name)
    assert store.remains(name) == 0


def test_a_bucket_without_object_lock_is_said_to_have_none(s3_url):
    client, bucket = client_of(s3_url)
    client.make_bucket(bucket)
    store = open_store(s3_url)
    store.put(name := uuid4(), io.BytesIO(b"x"))
    assert "without object lock" in store.locks()
    with pytest.raises(LocksNotOffered):
        store.lock(name, Lock(held=True))
    store.delete(name)
    assert store.remains(name) == 0


def test_a_survey_finds_unfinished_uploads_and_what_lies_behind_markers(s3_url):
    store, name, hidden = open_store(s3_url), uuid4(), uuid4()
    store.put(name, io.BytesIO(b"whole"))
    store.put(hidden, io.BytesIO(b"hidden"))
    client, bucket = client_of(s3_url)
    client.remove_object(bucket, str(hidden))
    upload = client._create_multipart_upload(bucket, str(name), {})
    client._upload_part(bucket, str(name), noise(5 * MIB), None, upload, 1)
    client.put_object(bucket, "readme.txt", io.BytesIO(b"y"), 1)
    found = list(store.survey())
    assert {(trace.name, bool(trace.unfinished)) for trace in found} == {(name, False), (name, True), (hidden, False)}
    (part,) = (trace for trace in found if trace.unfinished)
    assert abs(datetime.now(UTC) - part.at) < timedelta(hours=1)
    store.drop(part)
    store.drop(part)
    assert store.remains(name) == 1
    assert stored(store, name) == b"whole"


@pytest.fixture(params=["minio", "versity"])
def s3_url(request) -> str:
    return f"{request.getfixturevalue(request.param + '_url')}/b-{uuid4().hex}"


def client_of(url: str):
    from minio import Minio

    login, _, rest = url.removeprefix("s3+http://").partition("@")
    key, _, secret = login.partition(":")
    endpoint, _, bucket = rest.partition("/")
    return Minio(endpoint, access_key=key, secret_key=secret, secure=False), bucket


def test_older_versions_and_delete_markers_go_too(s3_url):
    store, name = open_store(s3_url), uuid4()
    store.put(name, io.BytesIO(b"one"))
    client, bucket = client_of(s3_url)
    client.put_object(bucket, str(name), io.BytesIO(b"two"), 3)
    client.remove_object(bucket, str(name))  # leaves a marker
    client.put_object(bucket, str(name), io.BytesIO(b"three"), 5)
    client.remove_object(bucket, str(name))
    assert store.remains(name) == 5
    assert list(store.names()) == []
    store.delete(name)
    assert store.remains(name) == 0
    assert [o.object_name for o in client.list_objects(bucket, include_version=True)] == []


def test_governance_retention_is_lifted(s3_url):
    from datetime import UTC, datetime, timedelta

    from minio.commonconfig import GOVERNANCE
    from minio.retention import Retention

    store, name = open_store(s3_url), uuid4()
    store.put(name, io.BytesIO(b"kept for a year"))
    client, bucket = client_of(s3_url)
    client.set_object_retention(bucket, str(name), Retention(GOVERNANCE, datetime.now(UTC) + timedelta(days=365)))
    store.delete(name)
    assert store.remains(name) == 0


def test_a_legal_hold_on_the_server_is_not_lifted(s3_url):
    store, name = open_store(s3_url), uuid4()
    store.put(name, io.BytesIO(b"held"))
    client, bucket = client_of(s3_url)
    client.enable_object_legal_hold(bucket, str(name))
    with pytest.raises(StoreUnavailable, match=str(name)):
        store.delete(name)
    assert store.remains(name) == 1
    client.disable_object_legal_hold(bucket, str(name))
    store.delete(name)
    assert store.remains(name) == 0


def test_an_upload_that_was_never_finished_counts_and_is_ended(s3_url):
    store, name = open_store(s3_url), uuid4()
    assert store.remains(name) == 0
    client, bucket = client_of(s3_url)
    client._create_multipart_upload(bucket, str(name), {})  # what a killed process leaves
    assert store.remains(name) == 1
    assert list(store.names()) == []
    store.delete(name)
    assert store.remains(name) == 0


def test_a_bucket_that_was_there_becomes_versioned(s3_url):
    client, bucket = client_of(s3_url)
    client.make_bucket(bucket)
    open_store(s3_url).check()
    assert client.get_bucket_versioning(bucket).status == "Enabled"


def test_more_versions_than_one_answer_lists(s3_url):
    store, name = open_store(s3_url), uuid4()
    store.put(name, io.BytesIO(b"x"))
    client, bucket = client_of(s3_url)
    for _ in range(7):
        client.put_object(bucket, str(name), io.BytesIO(b"y"), 1)
    execute = store._client._execute
    store._client._execute = lambda *a, query_params=None, **kw: execute(
        *a, query_params={**(query_params or {}), "max-keys": "3"} if query_params else None, **kw
    )
    assert store.remains(name) == 8


@pytest.mark.parametrize("size", [100, 9 * MIB])
def test_the_server_itself_refuses_to_overwrite(s3_url, size, monkeypatch):
    store, name = open_store(s3_url), uuid4()
    store.put(name, io.BytesIO(b"first"))
    monkeypatch.setattr(store, "_exists", lambda _name: False)  # as for a writer that looked a moment too early
    with pytest.raises(ObjectExists):
        store.put(name, io.BytesIO(noise(size)))
    assert stored(store, name) == b"first"
    assert store.remains(name) == 1


@pytest.mark.parametrize("size", [100, 9 * MIB])
def test_a_write_whose_answer_got_lost_is_a_success_when_repeated(s3_url, size, monkeypatch):
    store, name, data = open_store(s3_url), uuid4(), noise(size)
    urlopen, lost = store._client._http.urlopen, []

    def losing_one_answer(method, url, *args, **kw):
        makes_it = (method == "PUT" and "partNumber" not in url) or (method == "POST" and "uploadId" in url)
        answer = urlopen(method, url, *args, **kw)
        if makes_it and str(name) in url and not lost:
            lost.append(answer.status)
            return urlopen(method, url, *args, **kw)  # what the retry does
        return answer

    store.check()
    monkeypatch.setattr(store._client._http, "urlopen", losing_one_answer)
    store.put(name, io.BytesIO(data))
    assert lost == [200]
    assert stored(store, name) == data
    assert store.remains(name) == 1


def test_foreign_entries_are_not_names(s3_url):
    store = open_store(s3_url)
    store.put(name := uuid4(), io.BytesIO(b"x"))
    client, bucket = client_of(s3_url)
    for foreign in ("readme.txt", f"{name}.bak", str(name).upper() + "0", f"folder/{uuid4()}", uuid4().hex):
        client.put_object(bucket, foreign, io.BytesIO(b"y"), 1)
    assert list(store.names()) == [name]
    assert store.remains(name) == 1
    store.delete(name)
    assert len(list(client.list_objects(bucket, recursive=True))) == 5


def test_wrong_credentials_are_said_without_showing_them(s3_url):
    login, _, place = s3_url.partition("@")
    key = login.removeprefix("s3+http://").partition(":")[0]
    with pytest.raises(StoreUnavailable, match="refuses this key") as caught:
        open_store(f"s3+http://{key}:not-the-secret@{place}").check()
    assert "not-the-secret" not in str(caught.value)


# Servers that do not answer


@contextmanager
def silent_server() -> Iterator[int]:
    """Accepts connections and hangs up on them without a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        done = threading.Event()

        def hang_up() -> None:
            while not done.is_set():
                try:
                    server.accept()[0].close()
                except TimeoutError:
                    continue

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield server.getsockname()[1]
        done.set()
        thread.join()


@contextmanager
def nobody() -> Iterator[int]:
    """A port that nobody listens on, kept from others meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("server", [nobody, silent_server])
def test_an_unreachable_server_is_said_within_seconds(server):
    with server() as port:
        store = open_store(f"s3+http://key:tell-nobody@127.0.0.1:{port}/bucket")
        started = time.monotonic()
        for call in (
            store.check,
            lambda: store.put(uuid4(), io.BytesIO(b"x")),
            lambda: store.open(uuid4()).__enter__(),
            lambda: store.delete(uuid4()),
            lambda: store.remains(uuid4()),
            lambda: list(store.names()),
        ):
            with pytest.raises(StoreUnavailable) as caught:
                call()
            assert "tell-nobody" not in str(caught.value)
        assert time.monotonic() - started < 6 * 15  # not the minutes that a library would go on


class Odd(BaseHTTPRequestHandler):
    """An S3 server with a bucket, that does with an object what its name says: stall, break off, or refuse with a code."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: str, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())
            self.wfile.flush()

    def do_HEAD(self) -> None:
        self._answer(200, "")

    def do_GET(self) -> None:
        what = self.server.does  # type: ignore[attr-defined]  # set by `odd_server`
        if "versioning" in self.path:
            self._answer(200, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
        elif "location" in self.path:
            self._answer(200, "<LocationConstraint>us-east-1</LocationConstraint>")
        elif what.startswith("without a length"):
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(
                b"64\r\n" + b"x" * 100 + b"\r\n" + (b"0\r\n\r\n" if what.endswith("whole") else b"64\r\nxx")
            )
            self.close_connection = True
        elif what in ("stall", "break off"):
            self._answer(200, "x" * 100, length=1000)
            if what == "stall":
                self.server.over.wait(30)  # type: ignore[attr-defined]  # likewise
            self.close_connection = True
        else:
            self._answer(403, f"<Error><Code>{what}</Code><Message>no</Message></Error>")


@contextmanager
def odd_server(does: str) -> Iterator[str]:
    """The address of a bucket on such a server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Odd) as server:
        server.does, server.over = does, threading.Event()  # type: ignore[attr-defined]  # what the handler asks for
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"s3+http://key:tell-nobody@127.0.0.1:{server.server_address[1]}/bucket"
        finally:
            server.over.set()  # type: ignore[attr-defined]  # likewise
            server.shutdown()
            thread.join()


def test_an_answer_without_a_length_is_read_to_its_end():
    with odd_server("without a length, whole") as url, open_store(url).open(uuid4()) as sealed:
        assert sealed.read() == b"x" * 100


def test_bytes_go_straight_into_the_buffer_of_the_reader(s3_url, monkeypatch):
    """No copy of them is made on the way; docs/benchmarks.md says what it costs."""
    store, name = open_store(s3_url), uuid4()
    store.put(name, io.BytesIO(noise(MIB)))
    with store.open(name) as sealed, monkeypatch.context() as patched:
        patched.setattr("urllib3.response.HTTPResponse.read", lambda *_: pytest.fail("a copy is made"))
        got = bytearray(MIB)
        assert sealed.readinto(got) == MIB
    assert got == noise(MIB)


@pytest.mark.parametrize("does", ["stall", "break off", "without a length, broken off"])
def test_a_read_that_stalls_or_breaks_off_is_no_end(does, monkeypatch):
    monkeypatch.setattr("vault.adapters.s3._READ_SECONDS", 3.0)
    with odd_server(does) as url, open_store(url).open(uuid4()) as sealed, pytest.raises(StoreUnavailable):
        list(iter(lambda: sealed.read(10), b""))


@pytest.mark.parametrize(
    ("does", "said"),
    [("RequestTimeTooSkewed", "clocks"), ("XMinioStorageFull", "full"), ("QuotaExceeded", "full")],
)
def test_what_a_server_refuses_is_said_in_our_words(does, said):
    with odd_server(does) as url, pytest.raises(StoreUnavailable, match=said) as caught, open_store(url).open(uuid4()):
        pass
    assert "tell-nobody" not in str(caught.value)
