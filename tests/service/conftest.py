"""Archives for tests: the same flows on the embedded parts and on real servers."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest

from service.access import people
from service.access.papers import KINDS, PaperGiven
from service.access.policy import Actor
from service.bootstrap import build, prepare
from service.cli import juanzong
from service.commands.common import run
from service.flow.intake.process import UNREAD, process
from service.flow.intake.receive import receive
from service.house import House
from service.records.tables import Document
from service.settings import load
from tests.service import compiled, ready, usual

SCANS = Path(__file__).parents[2] / "samples" / "scans"
DIGITAL = SCANS / "contract-digital.pdf"
OUR_COMPANY = "华岳实业集团有限公司"
OWNER = Actor("cli:test", owner=True)
TODAY = date(2026, 11, 25)
WAIT = 90.0  # seconds for a document that somebody else reads
RENDER_DPI = "100"  # of the pictures of digital pages: enough to see what is on them, in a third of the time


def embedded_env(home: Path) -> dict[str, str]:
    """The environment of an archive without servers."""
    return {
        "JUANZONG_HOME": str(home),
        "JUANZONG_MODE": "test",
        "JUANZONG_OUR_COMPANIES": OUR_COMPANY,
        "JUANZONG_RENDER_DPI": RENDER_DPI,
    }


def server_env(home: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """The environment of an archive on PostgreSQL, MinIO and Elasticsearch, all empty."""
    word = uuid4().hex[:12]
    return {
        **embedded_env(home),
        "JUANZONG_DATABASE_URL": request.getfixturevalue("postgres_url"),
        "JUANZONG_OBJECT_STORE": f"{request.getfixturevalue('minio_url')}/test-{word}",
        "JUANZONG_SEARCH": f"{request.getfixturevalue('elasticsearch_url')}/test-{word}",
    }


class Ran(NamedTuple):
    """What a command left."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Office:
    """An archive with a department and its people, by login."""

    house: House
    department_id: str
    env: dict[str, str]
    actors: dict[str, Actor] = field(default_factory=dict)

    def __getitem__(self, login: str) -> Actor:
        return self.actors[login]

    def hire(
        self,
        login: str,
        *roles: str,
        clearance: str = "internal",
        department_id: str | None = None,
        password: str | None = None,
        papers: Sequence[str] = KINDS,
    ) -> Actor:
        """Make an account; with `password` it can sign in (hashing one takes a while)."""
        where = department_id or self.department_id
        # Whoever works here has signed, and is qualified (RULES B7 to B9); `papers` says what they have instead.
        kept = [PaperGiven(kind, date(2020, 1, 1), None, "人事档案") for kind in papers]
        secret = people.invite(self.house, OWNER, login, f"{login} 某", list(roles), where, clearance, kept)
        person = people.invited_person(self.house, secret)
        if password is not None:
            person = people.set_password(self.house, secret, password)
        self.actors[login] = people.actor_of_person(self.house, person)
        return self.actors[login]

    def take_in(self, path: Path = DIGITAL, login: str = "handler") -> str:
        """Receive and process a file; returns the document's id. Fails the test when it was not read, and says why."""
        document_id = receive(self.house, self[login], path, path.name).document_id
        with usual.recalled(self.house) if path == DIGITAL else nullcontext():
            found = self.until_read(document_id)
        said = f"{path.name} is {found.status!r}: {found.error!r}, {found.review_reasons}, held by {found.claimed_by!r}"
        if found.status not in ("stored", "needs_review"):
            pytest.fail(f"it was not read; {said}")
        if path == DIGITAL and any(reason.startswith("unread") for reason in found.review_reasons):
            pytest.fail(f"pages of it were not read; {said}")
        return document_id

    def until_read(self, document_id: str) -> Document:
        """Process a document. A site that is served reads what arrives, too: where it was faster, it is waited for."""
        until = time.monotonic() + WAIT
        while True:
            process(self.house, document_id)
            with self.house.database.read() as session:
                found = session.get_one(Document, document_id)
            if found.status not in UNREAD or time.monotonic() > until:
                return found
            time.sleep(0.05)


def open_office(env: dict[str, str]) -> Office:
    """Make an archive and the usual people."""
    first = ready.put(env, "office", _staffed)
    house = build(load(env))
    house.clock.move_to(TODAY)
    return Office(house, first.department_id, env, dict(first.actors))


def _staffed(env: dict[str, str]) -> Office:
    settings = load(env)
    prepare(settings)
    house = build(settings)
    house.clock.move_to(TODAY)
    department = people.create_department(house, OWNER, "XS", "销售部")
    office = Office(house, department.id, env)
    for login, role in (
        ("handler", "handler"),
        ("administrator", "credit_administrator"),
        ("archivist", "archivist"),
        ("head", "department_head"),
        ("auditor", "auditor"),
    ):
        office.hire(login, role)
    for login in ("first", "second", "third", "fourth", "fifth"):
        office.hire(login, "department_head")
    house.database.dispose()
    return office


def prepared(env: dict[str, str]) -> None:
    """Make an archive with nobody in it."""
    ready.put(env, "empty", lambda env: prepare(load(env)))


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        compiled.share(patch)
        usual.recall_looks(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def _ready_archives(_compiled_once: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with ready.shelf(tmp_path_factory.mktemp("ready")):
        yield


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Office]:
    """An office on the embedded parts."""
    office = open_office(embedded_env(tmp_path / "home"))
    yield office
    office.house.database.dispose()


@pytest.fixture(params=["embedded", "servers"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """An office on the embedded parts, and again on real servers."""
    home = tmp_path / "home"
    env = embedded_env(home) if request.param == "embedded" else server_env(home, request)
    office = open_office(env)
    yield office
    office.house.database.dispose()


@pytest.fixture(params=["embedded", "servers"])
def copied(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """An office whose objects have a replica: in a second directory, or in a bucket of a server of another make."""
    home = tmp_path / "home"
    if request.param == "embedded":
        env = {**embedded_env(home), "JUANZONG_REPLICA": f"file://{tmp_path}/replica"}
    else:
        place = f"{request.getfixturevalue('versity_url')}/replica-{uuid4().hex[:12]}"
        env = {**server_env(home, request), "JUANZONG_REPLICA": place}
    office = open_office(env)
    yield office
    office.house.database.dispose()


@pytest.fixture
def juanzong_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `juanzong` in this process, which spares a second and more a call: the same exit code and output."""

    def call(env: dict[str, str], *args: object, check: int | None = 0) -> Ran:
        capsys.readouterr()
        with monkeypatch.context() as patched:
            for name, value in env.items():
                patched.setenv(name, value)
            patched.setattr("sys.argv", ["juanzong", *map(str, args)])
            code = run(juanzong)
        ran = Ran(code, *capsys.readouterr())
        assert "Traceback" not in ran.stderr
        assert check is None or ran.returncode == check, ran.stderr
        return ran

    return call
