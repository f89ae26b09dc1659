"""Fixtures for every test: the real servers, and the rule that no test talks to anything beyond this machine.

A test that asks for one of SERVERS, or is given one by name, is marked `servers` by itself. Where the server is not on the
machine the test is skipped and says so; with JUANZONG_REQUIRE_SERVERS=1 it fails.
"""

import gc
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from uuid import uuid4

import psycopg
import pytest

from tests import leaks
from tests.servers import programs, shared
from tests.servers.own import Own, own
from tests.skips import pytest_runtest_makereport, pytest_terminal_summary  # noqa: F401 - hooks of a run
from tests.thorough import THOROUGH

SERVERS = frozenset(
    {"postgres_server", "postgres_url", "minio_url", "versity_url", "elasticsearch_url", "own_elasticsearch"}
    | {
        "libreoffice",
        "tesseract",
        "chromium",
        "docker_compose",
        "tus_js",
        "oidc_provider",
        "verapdf",
        "sane",
        "imap_server",
        "softhsm",
        "openssl",
    }
)
#: What a test is given as the name of a part that is a server.
NAMED = frozenset({"servers", "postgresql", "minio", "versity", "elasticsearch"})
# The files that take longest. They are begun first, so that of two who share the tests none is left alone at the end.
LONG = (
    "tests/service/test_api_fuzz.py",
    "tests/service/test_faults.py",
    "tests/service/test_life_machine.py",
    "tests/service/test_cli.py",
    "tests/intake/test_read.py",
    "tests/service/test_secrets_in_logs.py",
    "tests/service/web/test_browser.py",
    "tests/service/web/test_browser_check.py",
    "tests/service/web/test_batches_browser.py",
    "tests/contract/test_search_index.py",
    "tests/service/test_backup.py",
    "tests/service/test_split.py",
    "tests/service/test_access_matrix.py",
    "tests/service/test_station_scan.py",
    "tests/service/test_station_folder.py",
    "tests/service/test_batches.py",
    "tests/intake/test_corpus.py",
    "tests/service/test_flow.py",
    "tests/service/test_serve.py",
    "tests/service/test_uploads_served.py",
    "tests/intake/batches/test_labels.py",
    "tests/intake/batches/test_sheets.py",
)
# What is about a disk lies on one where servers are demanded, as in life; everything else lies in memory.
ON_DISK = (
    "tests/vault/",
    "tests/contract/test_object_store.py",
    "tests/contract/test_store_faults.py",
    "tests/service/test_faults.py",
    "tests/service/test_station_folder.py",
)
_ROOM = 6 << 30  # bytes: a run leaves less than half of it behind
LOCAL_NAMES = ("localhost", "")
Found = TypeVar("Found")


def pytest_configure(config: pytest.Config) -> None:
    """Open the place of this run's servers, in the process that will also close it; watch the logs."""
    leaks.register(config)
    _lie_in_memory()
    if not hasattr(config, "workerinput") and shared.PLACE not in os.environ:
        config.stash[_PLACE] = shared.open_place(owner=os.getpid())


_PLACE = pytest.StashKey[Path]()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers that this run started."""
    place = config.stash.get(_PLACE, None)
    if place:
        shared.stop_all(place)
        os.environ.pop(shared.PLACE, None)


def _lie_in_memory() -> None:
    """Keep the archives of a run in memory where there is room: what is written is then never waited for."""
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).free > _ROOM and _free_memory() > _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


def _free_memory() -> int:
    """Return the bytes of memory that can be had, 0 where the system does not say."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1]) << 10
    return 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a real server, so that `-m "not servers"` leaves them out; put the longest files first."""
    order = {file: place for place, file in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.nodeid.partition("::")[0], len(LONG)))
    for item in items:
        given = getattr(getattr(item, "callspec", None), "params", {}).values()
        named = any(isinstance(word, str) and word in NAMED for word in given)
        if named or SERVERS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("servers")


def pytest_collection_finish() -> None:
    """Spare every later search for garbage what is there for good: the program and some thousand tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A directory for this test alone."""
    if THOROUGH and request.node.nodeid.startswith(ON_DISK):
        with TemporaryDirectory(prefix="juanzong-test-") as folder:
            yield Path(folder)
    else:
        yield tmp_path


def _missing(error: Exception) -> None:
    """Skip the test, or fail it where the servers are required."""
    if os.environ.get("JUANZONG_REQUIRE_SERVERS") == "1":
        pytest.fail(f"JUANZONG_REQUIRE_SERVERS=1, but {error}", pytrace=False)
    pytest.skip(str(error))


def _url(name: str) -> str:
    try:
        return shared.url_of(name)
    except programs.Missing as error:
        _missing(error)
    except shared.Broken as error:
        pytest.fail(str(error), pytrace=False)
    raise AssertionError("unreachable")


def _program(find: Callable[[], Found]) -> Found:
    try:
        return find()
    except programs.Missing as error:
        _missing(error)
    raise AssertionError("unreachable")


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """SQLAlchemy URL of the administrator's database of a real PostgreSQL."""
    return _url("postgres")


@contextmanager
def fresh_database(postgres_server: str) -> Iterator[str]:
    """Make an empty database, give its SQLAlchemy URL, and remove it afterwards."""
    name = f"test_{uuid4().hex}"
    server = postgres_server.replace("+psycopg", "", 1)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'create database "{name}" template template0')
    yield postgres_server.removesuffix("/postgres") + f"/{name}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """SQLAlchemy URL (`postgresql+psycopg://…`) of an empty PostgreSQL database, for this test alone."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def minio_url() -> str:
    """`s3+http://KEY:SECRET@127.0.0.1:PORT` of a real MinIO; all tests share it: make a bucket of your own."""
    return _url("minio")


@pytest.fixture(scope="session")
def versity_url() -> str:
    """`s3+http://KEY:SECRET@127.0.0.1:PORT` of a real Versity S3 Gateway; all tests share it: make a bucket of your own."""
    return _url("versity")


@pytest.fixture(scope="session")
def elasticsearch_url() -> str:
    """`http://127.0.0.1:PORT` of a real Elasticsearch; all tests share it: use index names of your own."""
    return _url("elasticsearch")


@pytest.fixture(scope="module")
def own_elasticsearch() -> Iterator[Own]:
    """A real Elasticsearch for the tests of one file alone; a test may kill it, and starts it again."""
    try:
        with own("elasticsearch") as server:
            yield server
    except programs.Missing as error:
        _missing(error)


@pytest.fixture(scope="session")
def verapdf() -> list[str]:
    """The command of veraPDF, as its first words."""
    return _program(programs.verapdf)


@pytest.fixture(scope="session")
def libreoffice() -> Path:
    """LibreOffice's `soffice`."""
    return _program(programs.libreoffice)


@pytest.fixture(scope="session")
def tesseract() -> Path:
    """The tesseract program, with the data for chi_sim, chi_tra, eng and osd."""
    return _program(programs.tesseract)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser, for Playwright's `executable_path`."""
    return _program(programs.chromium)


@pytest.fixture
def sane(tmp_path: Path) -> dict[str, str]:
    """The environment in which SANE has its test scanner `test` and no other, for this test alone."""
    _program(programs.sane)
    home = tmp_path / "sane"
    home.mkdir()
    (home / "dll.conf").write_text("test\n")
    (home / "test.conf").write_text("")
    return {"SANE_CONFIG_DIR": str(home)}


@pytest.fixture
def softhsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The PKCS#11 library of SoftHSM, with one empty token (label `archive`, PIN 4321) for this test alone."""
    library, tool = _program(programs.softhsm)
    (tmp_path / "tokens").mkdir()
    settings = tmp_path / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {tmp_path}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(settings))
    pins = ("--so-pin", "12345678", "--pin", "4321")
    subprocess.run([tool, "--init-token", "--free", "--label", "archive", *pins], check=True, capture_output=True)
    return library


@pytest.fixture(scope="session")
def openssl() -> Path:
    """The openssl program."""
    return _program(programs.openssl)


@pytest.fixture(scope="session")
def oidc_provider() -> Path:
    """The folder that has oidc-provider, for Node."""
    return _program(programs.oidc_provider)


@pytest.fixture(scope="session")
def tus_js() -> Path:
    """The folder that has tus-js-client, for Node."""
    return _program(programs.tus_js)


@pytest.fixture(scope="session")
def imap_server() -> str:
    """`imap://:PASSWORD@127.0.0.1:PORT?tls=PORT&ca=FILE` of a real Dovecot; every user exists: take one of your own."""
    return _url("dovecot")


@pytest.fixture(scope="session")
def docker_compose() -> list[str]:
    """The compose command, as its first words."""
    return _program(programs.compose)


def _is_local(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host)
    try:
        return name in LOCAL_NAMES or ip_address(name.split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def _only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that connects to, or looks up, anything beyond this machine."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not _is_local(address[0]):
            pytest.fail(f"the test connects to {address[0]}: tests stay on this machine")
        connect(self, address)  # type: ignore[arg-type]  # passed on as it came

    def guarded_look_up(host: str | bytes | None, *others: object, **named: object) -> object:
        if host is not None and not _is_local(host):
            pytest.fail(f"the test looks up {host!r}: tests stay on this machine")
        return look_up(host, *others, **named)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
