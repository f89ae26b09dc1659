"""Backup and restore: the drill on both set-ups, with writes and a destruction during the backup and one after it."""

import io
import json
import os
import random
import signal
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import MetaData, func, select, text

from intake.understand import understand
from service.bootstrap import build, make_home, prepare
from service.errors import BadInput, NotInitialised, RuleRefused
from service.flow.archive import destroy, destructions, filing, ledger, reviews
from service.flow.archive.checks import doctor
from service.flow.backup import form
from service.flow.backup.check import Chain, Found, open_chain, verify
from service.flow.backup.container import KEYS, MANIFEST, OBJECTS, ROWS, NotABackup, Writer
from service.flow.backup.prove import Restored
from service.flow.backup.restore import restore
from service.flow.backup.take import How, take
from service.flow.backup.tars import tar_of
from service.flow.search.find import find
from service.house import House
from service.records import audit, verify_audit
from service.records.database import Database
from service.records.tables import AuditEntry, CaseFile, Document, ReviewRecord, Stack, Stub, WrappedKey, whole
from service.settings import load
from tests.conftest import fresh_database
from tests.intake.layouts import letter
from tests.service.conftest import OWNER, Office, embedded_env, server_env
from tests.service.faults import Sheet, make_sheet
from tests.service.test_batches import USUAL, send, stack
from tests.service.test_flow import archive, decide_all, fill, new_contract, propose
from tests.service.test_migrations import form_of_first_release
from vault.adapters.keyfile import KeyFile
from vault.errors import KeyUnusable, ObjectDamaged, StoreUnavailable
from vault.keyring import KeyRing

CHANCE = random.Random(6)


def sheet(office: Office, folder: Path, name: str) -> tuple[Sheet, str]:
    """Take a new document in; returns it with its id."""
    made = make_sheet(folder, name, CHANCE, tiff=False)
    return made, office.take_in(made.path)


def due(office: Office, folder: Path, name: str) -> tuple[str, str]:
    """Return (case file, document) of an archived file whose retention ends before 2037."""
    contract_id, file_id = new_contract(office)
    _, document_id = sheet(office, folder, name)
    filing.file_document(office.house, office["handler"], document_id, file_id)
    fill(office, file_id)
    archive(office, file_id)
    ledger.finish_event(office.house, office["handler"], contract_id, "performed", "2026-11-20")
    archive(office, file_id)
    return file_id, document_id


def destroy_file(office: Office, file_id: str) -> None:
    """Carry a due file through its review to its destruction."""
    office.house.clock.move_to(date(2037, 1, 4))
    review_id = propose(office, file_id)
    decide_all(office, review_id, file_id)
    office.house.clock.move_to(date(2037, 1, 12))
    for name in ("fourth", "fifth"):
        reviews.supervise(office.house, office[name], review_id)
    (outcome,) = destroy.execute(office.house, office["archivist"], review_id)
    assert outcome.outcome == "destroyed"
    for name in ("fourth", "fifth"):
        reviews.supervise(office.house, office[name], review_id)


def empty_system(env: dict[str, str], key: Path) -> House:
    """A system without an archive, with the master key of another."""
    settings = load(env)
    make_home(settings)
    settings.key_file.write_bytes(key.read_bytes())
    settings.key_file.chmod(0o600)
    return build(settings, empty=True)


@pytest.fixture
def empty(request: pytest.FixtureRequest, office: Office, tmp_path: Path) -> Iterator[House]:
    """An empty system of the same set-up as `office`."""
    stack = ExitStack()
    kind = request.node.callspec.params["office"]
    home = tmp_path / "other"
    if kind == "embedded":
        env = embedded_env(home)
    else:
        second = stack.enter_context(fresh_database(request.getfixturevalue("postgres_server")))
        env = server_env(home, request) | {"JUANZONG_DATABASE_URL": second}
    house = empty_system(env, office.house.settings.key_file)
    stack.callback(house.database.dispose)
    yield house
    stack.close()


@pytest.fixture
def second_url(postgres_server: str) -> Iterator[str]:
    """Another empty database on the server."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def bare(embedded: Office, tmp_path: Path) -> Iterator[House]:
    """An empty system on the embedded parts."""
    house = empty_system(embedded_env(tmp_path / "other"), embedded.house.settings.key_file)
    yield house
    house.database.dispose()


@contextmanager
def opened(house: House) -> Iterator[House]:
    """The restored archive, as its next start finds it."""
    prepare(house.settings)
    again = build(house.settings)
    yield again
    again.database.dispose()


def chain_of(house: House, *paths: Path, **how: Any) -> Chain:
    return open_chain(paths, house.keys, **how)


def checked(house: House, *paths: Path, **how: Any) -> Found:
    with house.database.read() as session:
        key = session.info["audit_key"]
    return verify(chain_of(house, *paths, **how), house.keys, key)


def put_back(house: House, *paths: Path, register: Path | None = None, **how: Any) -> Restored:
    known = None if register is None else destructions.read(register, house.keys)
    chain = chain_of(house, *paths, **how)
    return restore(house, OWNER, chain, known, without_register=register is None)


def count(house: House, table: Any) -> int:
    with house.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def before_the_first_copy(house: House, monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> list[str]:
    """Do `action` after the snapshot of the next backup, before its first object is read; returns what was done."""
    done: list[str] = []
    plain = house.vault.store.open

    def open_it(name: UUID) -> Any:
        if not done:
            done.append("begun")
            action()
            done.append("done")
        return plain(name)

    monkeypatch.setattr(house.vault.store, "open", open_it)
    return done


def test_drill(office, empty, tmp_path, monkeypatch):
    """B9: writes during the backup do not spoil it, and what was destroyed during it or after it does not come back."""
    house = office.house
    during, document_during = due(office, tmp_path, "during")
    after, document_after = due(office, tmp_path, "after")
    kept, document_kept = sheet(office, tmp_path, "kept")

    def meanwhile() -> None:
        sheet(office, tmp_path, "meanwhile")
        destroy_file(office, during)

    rows = count(house, Document)
    done = before_the_first_copy(house, monkeypatch, meanwhile)
    taken = take(house, OWNER, tmp_path / "full.jz")
    monkeypatch.undo()
    assert done == ["begun", "done"]
    assert (taken.missing, taken.left_out) == ([], 1)
    found = checked(house, tmp_path / "full.jz")
    assert found.trail_ok
    assert [line["stub"]["case_file_id"] for line in found.destroyed] == [during]
    keys = {
        line["row"]["document_id"]
        for line in chain_of(house, tmp_path / "full.jz").newest.key_lines()
        if line.get("table") == "wrapped_keys"
    }
    assert keys == {document_after, document_kept}, "the key of what was destroyed meanwhile is not in the backup"

    destroy_file(office, after)
    register = tmp_path / "register.jsonl"
    assert destructions.export(house, "cli:test", register) == 2
    result = put_back(empty, tmp_path / "full.jz", register=register)
    assert result.ok, result
    assert sorted(result.destroyed) == sorted([during, after])
    assert (result.objects > 0, result.damaged, result.missing) == (True, [], [])

    with opened(empty) as again:
        assert count(again, Document) == rows  # what came meanwhile is not in it
        for file_id, document_id in ((during, document_during), (after, document_after)):
            with again.database.read() as session, house.database.read() as old:
                assert session.get(WrappedKey, document_id) is None
                assert session.get_one(Document, document_id).title == ""
                stub, known = session.get_one(Stub, file_id), old.get_one(Stub, file_id)
                assert (stub.archive_number, stub.documents) == (known.archive_number, known.documents)
                assert stub.destroyed_at == known.destroyed_at
                review = session.get_one(ReviewRecord, stub.review_id)
                assert review.data == old.get_one(ReviewRecord, stub.review_id).data
            assert destroy.look(again, file_id).ok
        assert len(destroy.register(again, OWNER)) == 2
        (hit,) = find(again, OWNER, kept.word).hits
        assert hit.document_id == document_kept
        report = doctor(again, OWNER)
        assert report.ok, report
        with again.database.read() as session:
            assert audit.verify_all(session).ok
        # Its life goes on: numbers that the register names are not given again.
        _, next_file = new_contract_in(again, office)
        assert next_file


def new_contract_in(house: House, office: Office) -> tuple[str, str]:
    """Enter a contract into a restored archive, with the people it has."""
    return new_contract(Office(house, office.department_id, office.env, office.actors))


def test_what_came_after_the_backup_and_was_destroyed_has_its_stub(office, empty, tmp_path):
    house = office.house
    take(house, OWNER, tmp_path / "full.jz")
    file_id, _ = due(office, tmp_path, "later")
    destroy_file(office, file_id)
    destructions.export(house, "cli:test", tmp_path / "register")
    result = put_back(empty, tmp_path / "full.jz", register=tmp_path / "register")
    assert (result.ok, result.destroyed) == (True, [file_id])
    with opened(empty) as again, house.database.read() as old:
        (row,) = destroy.register(again, OWNER)
        assert row["archive_number"] == old.get_one(CaseFile, file_id).archive_number
        again_due = Office(again, office.department_id, office.env, office.actors)
        again.clock.move_to(date(2026, 11, 25))
        other, _ = due(again_due, tmp_path, "again")
        with again.database.read() as session:  # its number is not the destroyed file's
            assert session.get_one(CaseFile, other).archive_number > row["archive_number"]


def test_incremental_backups_rest_on_one_another(office, empty, tmp_path):
    house = office.house
    first, first_id = sheet(office, tmp_path, "one")
    full = take(house, OWNER, tmp_path / "0.jz")
    second, _ = sheet(office, tmp_path, "two")
    base = chain_of(house, tmp_path / "0.jz").newest
    one = take(house, OWNER, tmp_path / "1.jz", How(base))
    assert one.objects > one.written > 0
    assert one.written == one.objects - full.objects
    third, _ = sheet(office, tmp_path, "three")
    base = chain_of(house, tmp_path / "1.jz", alone=True).newest
    two = take(house, OWNER, tmp_path / "2.jz", How(base))
    assert two.written == two.objects - one.objects
    with pytest.raises(BadInput, match="rests on 2 earlier"):
        chain_of(empty, tmp_path / "2.jz")
    with pytest.raises(BadInput, match="one chain"):
        chain_of(empty, tmp_path / "2.jz", tmp_path / "2.jz")
    result = put_back(empty, *(tmp_path / f"{n}.jz" for n in (1, 2, 0)))
    assert (result.ok, result.objects) == (True, two.objects)
    with opened(empty) as again:
        for made in (first, second, third):
            assert find(again, OWNER, made.word).total == 1
        with again.database.read() as session:
            assert session.get_one(Document, first_id).sha256 == first.sha256


@pytest.mark.servers
def test_a_backup_of_sqlite_goes_into_postgresql(embedded, tmp_path, request):
    made, _ = sheet(embedded, tmp_path, "one")
    file_id, _ = due(embedded, tmp_path, "two")
    take(embedded.house, OWNER, tmp_path / "full.jz")
    env = server_env(tmp_path / "other", request)
    house = empty_system(env, embedded.house.settings.key_file)
    result = put_back(house, tmp_path / "full.jz")
    assert result.ok, result
    house.database.dispose()
    with opened(house) as again:
        assert find(again, OWNER, made.word).total == 1
        with again.database.read() as there, embedded.house.database.read() as here:
            assert there.get_one(CaseFile, file_id).due_on == here.get_one(CaseFile, file_id).due_on
            mine = [(e.seq, e.hash) for e in here.scalars(select(AuditEntry).order_by(AuditEntry.seq))]
            its = [(e.seq, e.hash) for e in there.scalars(select(AuditEntry).order_by(AuditEntry.seq))]
            shared = result.entries - 1
            assert mine[:shared] == its[:shared]


@pytest.fixture
def scanner(embedded: Office) -> Office:
    for login in ("scanner", "colleague"):
        embedded.hire(login, "operator")
    return embedded


class Killed(Exception):
    pass


@pytest.mark.parametrize("where", ["objects", "tables"])
def test_killed_in_the_middle_the_system_says_so_and_goes_on(office, empty, tmp_path, where):
    for name in ("one", "two"):
        made, _ = sheet(office, tmp_path, name)
    take(office.house, OWNER, tmp_path / "full.jz")
    empty.database.dispose()
    child = os.fork()
    if child == 0:
        try:
            _die_at(where)
            house = build(empty.settings, empty=True)
            put_back(house, tmp_path / "full.jz")
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    for start in (build, prepare):
        with pytest.raises(NotInitialised, match="half restored"):
            start(empty.settings)
    take(office.house, OWNER, tmp_path / "other.jz")
    with pytest.raises(RuleRefused, match="go on with that one"):
        put_back(empty, tmp_path / "other.jz")
    assert put_back(empty, tmp_path / "full.jz").ok
    with opened(empty) as again:
        assert find(again, OWNER, made.word).total == 1
        assert doctor(again, OWNER).ok


def _die_at(where: str) -> None:
    """Let this process be killed in the middle of the restore that it is about to do."""
    from service.flow.backup import restore as module
    from vault.adapters.filesystem import FilesystemStore
    from vault.adapters.s3 import S3Store

    def dying(plain: Callable[..., Any], last: int) -> Callable[..., Any]:
        calls = []

        def call(*args: Any, **named: Any) -> Any:
            calls.append(1)
            if len(calls) == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return plain(*args, **named)

        return call

    if where == "objects":
        for store in (FilesystemStore, S3Store):
            store.put = dying(store.put, 3)  # type: ignore[method-assign]
    else:
        module.form.Loader.insert = dying(form.Loader.insert, 5)  # type: ignore[method-assign]


def test_a_killed_backup_leaves_no_file_and_no_obstacle(embedded, tmp_path, monkeypatch):
    sheet(embedded, tmp_path, "one")

    def die() -> None:
        raise Killed

    before_the_first_copy(embedded.house, monkeypatch, die)
    with pytest.raises(Killed):
        take(embedded.house, OWNER, tmp_path / "full.jz")
    monkeypatch.undo()
    assert not list(tmp_path.glob("full.jz*"))
    (tmp_path / "full.jz.part").write_bytes(b"what a killed process left")
    take(embedded.house, OWNER, tmp_path / "full.jz")
    assert not (tmp_path / "full.jz.part").exists()
    checked(embedded.house, tmp_path / "full.jz")
    with pytest.raises(BadInput, match="never overwritten"):
        take(embedded.house, OWNER, tmp_path / "full.jz")


def test_damage_is_refused_before_anything_is_written(embedded, bare, tmp_path):
    """One changed byte anywhere: refused, or, in what a zip says beside its content, without any effect."""
    sheet(embedded, tmp_path, "one")
    whole_file = tmp_path / "full.jz"
    take(embedded.house, OWNER, whole_file)
    good = checked(bare, whole_file)
    data = whole_file.read_bytes()
    parts = _parts(whole_file)
    harmless = 0
    for _ in range(60):
        at = CHANCE.randrange(len(data))
        broken = tmp_path / "broken.jz"
        broken.write_bytes(data[:at] + bytes([data[at] ^ CHANCE.randrange(1, 256)]) + data[at + 1 :])
        try:
            found = checked(bare, broken)
        except (ObjectDamaged, KeyUnusable, BadInput):
            continue
        assert found == good
        assert not any(start <= at < end for start, end in parts), at
        harmless += 1
    assert harmless < 30
    for size in [0, 1, 100, len(data) // 2, len(data) - 1, *(CHANCE.randrange(len(data)) for _ in range(10))]:
        broken.write_bytes(data[:size])
        with pytest.raises((ObjectDamaged, BadInput)):
            put_back(bare, broken)
    assert not list(bare.vault.store.names())
    with pytest.raises(NotInitialised, match="version"):
        build(bare.settings)


def _left_out(members: Iterable[tuple[str, bytes]], begins: str) -> Iterator[tuple[str, bytes]]:
    """Pass on the members of a tar but the first whose name begins so."""
    done = False
    for name, data in members:
        if not done and name.startswith(begins):
            done = True
        else:
            yield name, data


def _altered(members: Iterable[tuple[str, bytes]], begins: str) -> Iterator[tuple[str, bytes]]:
    """Pass on the members of a tar, the first whose name begins so with another byte."""
    done = False
    for name, data in members:
        if not done and name.startswith(begins):
            done, data = True, data[:-1] + bytes([data[-1] ^ 1])  # noqa: PLW2901 - that is the point
        yield name, data


@pytest.mark.parametrize(
    "spoil", ["an object left out", "an object altered", "rows left out", "a line left out", "a flipped bit"]
)
def test_a_backup_that_does_not_hold_what_it_says_is_refused_before_anything_is_written(
    embedded, bare, tmp_path, monkeypatch, spoil
):
    """Sealed as it should be, but for the last: what the parts say of one another is compared, whoever wrote it."""
    from service.flow.backup import take as taking

    sheet(embedded, tmp_path, "one")
    tar_of, line, dropped = taking.tar_of, taking.form.line, []
    with monkeypatch.context() as patch:
        if spoil == "a line left out":

            def one_less(value: Any) -> bytes:
                if isinstance(value, dict) and "plain" in value and not dropped:
                    dropped.append(value)
                    return b""
                return line(value)

            patch.setattr(taking.form, "line", one_less)
        elif spoil != "a flipped bit":
            begins = "tables/documents/" if spoil.startswith("rows") else "objects/"
            change = _altered if spoil.endswith("altered") else _left_out
            patch.setattr(taking, "tar_of", lambda members: tar_of(change(members, begins)))
        take(embedded.house, OWNER, tmp_path / "full.jz")
    if spoil == "a flipped bit":
        data = bytearray((tmp_path / "full.jz").read_bytes())
        start, end = max(_parts(tmp_path / "full.jz"), key=lambda part: part[1] - part[0])  # the objects
        data[(start + end) // 2] ^= 1
        (tmp_path / "full.jz").write_bytes(data)
    with pytest.raises(ObjectDamaged):
        put_back(bare, tmp_path / "full.jz")
    assert not list(bare.vault.store.names())
    with pytest.raises(NotInitialised, match="version"):  # not even begun
        build(bare.settings)


def _parts(path: Path) -> list[tuple[int, int]]:
    """Return where the sealed bytes lie."""
    found = []
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            with archive.open(info) as member:
                member.read(1)
                start = member._orig_compress_start  # type: ignore[attr-defined]
            found.append((start, start + info.file_size))
    assert len(found) == 5
    return found


def test_foreign_newer_and_no_backups_are_refused(embedded, bare, tmp_path):
    path = tmp_path / "full.jz"
    take(embedded.house, OWNER, path)
    (tmp_path / "text").write_text("no backup")
    with zipfile.ZipFile(tmp_path / "zip", "w") as archive:
        archive.writestr("a", "b")
    for name in ("text", "zip"):
        with pytest.raises(NotABackup):
            put_back(bare, tmp_path / name)
    with pytest.raises(BadInput, match="cannot be read"):
        put_back(bare, tmp_path / "nothing")
    foreign = KeyRing(KeyFile.create(tmp_path / "foreign.key"))
    with pytest.raises(KeyUnusable, match="another key"):
        open_chain([path], foreign)
    newer = tmp_path / "newer.jz"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(newer, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(
                info, content.replace(b'"format": 1', b'"format": 2') if info.filename == "backup.json" else content
            )
    with pytest.raises(NotABackup, match="newer program"):
        put_back(bare, newer)


def test_without_the_keys_part_nothing_opens(embedded, bare, tmp_path):
    made, _ = sheet(embedded, tmp_path, "one")
    take(embedded.house, OWNER, tmp_path / "full.jz", How(keys_to=tmp_path / "full.keys"))
    with zipfile.ZipFile(tmp_path / "full.jz") as archive:
        assert KEYS not in archive.namelist()
    with pytest.raises(BadInput, match="--keys"):
        chain_of(bare, tmp_path / "full.jz")
    take(embedded.house, OWNER, tmp_path / "other.jz", How(keys_to=tmp_path / "other.keys"))
    with pytest.raises(ObjectDamaged):
        chain_of(bare, tmp_path / "full.jz", keys_from=[tmp_path / "other.keys"])
    assert put_back(bare, tmp_path / "full.jz", keys_from=[tmp_path / "full.keys"]).ok
    with opened(bare) as again:
        assert find(again, OWNER, made.word).total == 1


def test_the_rows_hold_no_key(embedded, scanner, tmp_path):
    """Every binary column is a wrapped key: they are in the keys part alone."""
    send(scanner, stack(tmp_path, *USUAL))
    with embedded.house.database.read() as session:
        described = form.form()
        text = b"".join(data for _, data in form.rows(session, described, Counter()))
        lines = list(form.keys(session, described))
    assert {line["table"] for line in lines} >= {"wrapped_keys", "stacks"}
    for line in lines:
        for value in line.get("set", {}).values():
            assert value.encode() not in text
    assert b"wrapped" not in text


def test_a_passphrase_beside_the_master_key(embedded, bare, tmp_path):
    take(embedded.house, OWNER, tmp_path / "full.jz", How(passphrase="correct horse battery staple"))
    with pytest.raises(KeyUnusable, match="--passphrase-file"):
        chain_of(bare, tmp_path / "full.jz")
    with pytest.raises(KeyUnusable, match="a passphrase"):
        chain_of(bare, tmp_path / "full.jz", passphrase="incorrect horse battery")
    assert put_back(bare, tmp_path / "full.jz", passphrase="correct horse battery staple").ok


def test_a_manifest_needs_the_store_it_was_made_of(embedded, bare, tmp_path):
    made, _ = sheet(embedded, tmp_path, "one")
    taken = take(embedded.house, OWNER, tmp_path / "full.jz", How(manifest_only=True))
    assert (taken.written, taken.objects > 0) == (0, True)
    assert taken.size < 100_000
    with pytest.raises(BadInput, match="manifest only"):
        put_back(bare, tmp_path / "full.jz")
    for name in list(embedded.house.vault.store.names()):
        with embedded.house.vault.store.open(name) as sealed:
            bare.vault.store.put(name, sealed)
    assert put_back(bare, tmp_path / "full.jz").ok
    with opened(bare) as again:
        assert find(again, OWNER, made.word).total == 1


def test_a_database_put_back_to_an_earlier_moment_is_destroyed_again_in_its_own_store(
    embedded, tmp_path, juanzong_here
):
    """As after a point-in-time recovery: the rows of then, the objects of now, and the register in between."""
    house, path = embedded.house, tmp_path / "moment.jz"
    made, _ = sheet(embedded, tmp_path, "kept")
    file_id, _ = due(embedded, tmp_path, "gone")
    take(house, OWNER, path, How(manifest_only=True))
    destroy_file(embedded, file_id)
    destructions.export(house, "cli:test", tmp_path / "register")
    other = {**embedded_env(tmp_path / "other"), "JUANZONG_OBJECT_STORE": house.settings.object_store}
    other["JUANZONG_KEY_FILE"] = str(house.settings.key_file)
    assert "manifest only" in juanzong_here(other, "restore", path, "--no-register", check=3).stderr
    juanzong_here(other, "restore", path, "--destructions", tmp_path / "register")
    assert json.loads(juanzong_here(other, "search", made.word, "--json").stdout)["total"] == 1
    assert json.loads(juanzong_here(other, "doctor", "--json").stdout)["ok"] is True
    with opened(build(load(other))) as again:
        assert len(destroy.register(again, OWNER)) == 1


def test_a_manifest_restored_over_its_own_store_is_an_alarm_until_somebody_answers_for_it(
    office, tmp_path, juanzong_here, request
):
    """The whole way on the command line: backup of a manifest, more work and a checkpoint, restore, alarm, answer, evidence."""
    env, path = office.env, tmp_path / "moment.jz"
    made, document_id = sheet(office, tmp_path, "kept")
    juanzong_here(env, "audit", "checkpoint")
    juanzong_here(env, "backup", path, "--manifest-only")
    later, later_id = sheet(office, tmp_path, "after the backup")
    juanzong_here(env, "audit", "checkpoint")
    juanzong_here(env, "destructions", "export", tmp_path / "register")
    office.house.database.dispose()

    other = {**env, "JUANZONG_HOME": str(tmp_path / "other"), "JUANZONG_KEY_FILE": str(office.house.settings.key_file)}
    other["JUANZONG_OBJECT_STORE"] = office.house.settings.object_store
    if "JUANZONG_DATABASE_URL" in env:
        other |= {
            "JUANZONG_DATABASE_URL": request.getfixturevalue("second_url"),
            "JUANZONG_SEARCH": f"{env['JUANZONG_SEARCH']}-b",
        }
    juanzong_here(other, "restore", path, "--destructions", tmp_path / "register")
    alarm = json.loads(juanzong_here(other, "audit", "verify", "--json", check=6).stdout)
    assert (alarm["ok"], "put back to an earlier day" in alarm["problem"]) == (False, True)
    assert "say why" in juanzong_here(other, "audit", "accept", "--reason", "  ", check=3).stderr
    said = juanzong_here(other, "audit", "accept", "--reason", "restored after the fire")
    assert "2" in said.stdout
    assert json.loads(juanzong_here(other, "audit", "verify", "--json").stdout)["ok"] is True
    assert "nothing to answer for" in juanzong_here(other, "audit", "accept", "--reason", "again", check=4).stderr

    # what came after the backup is nobody's in the store, and is said to be; what was in it is whole and can be proved
    assert json.loads(juanzong_here(other, "search", made.word, "--json").stdout)["total"] == 1
    assert json.loads(juanzong_here(other, "search", later.word, "--json").stdout)["total"] == 0
    found = json.loads(juanzong_here(other, "fixity", "--json", check=6).stdout)
    assert (found["damaged"], found["missing"], f"store:{later_id}" in found["orphans"]) == ([], [], True)
    juanzong_here(other, "audit", "checkpoint")
    juanzong_here(other, "evidence", document_id, "-o", tmp_path / "proof.zip")
    assert verify_audit.main([str(tmp_path / "proof.zip"), "--json"]) == 0


def test_stacks_that_wait_for_their_release_come_back_with_their_pictures(embedded, scanner, bare, tmp_path):
    send(scanner, stack(tmp_path, *USUAL))
    take(embedded.house, OWNER, tmp_path / "full.jz")
    result = put_back(bare, tmp_path / "full.jz")
    assert result.ok, result
    with opened(bare) as again, again.database.read() as session:
        (row,) = session.scalars(select(Stack))
        assert row.key is not None
        names = {str(name) for name in again.vault.store.names()}
        assert {row.id, row.thumbs} <= names


def test_a_stack_that_is_released_meanwhile_is_in_the_backup_as_its_documents(
    embedded, scanner, bare, tmp_path, monkeypatch
):
    from service.flow.intake import batches

    send(scanner, stack(tmp_path, *USUAL), sheets=4, sides=2)

    def release() -> None:
        batches.release(scanner.house, scanner["scanner"], "B-1")

    done = before_the_first_copy(embedded.house, monkeypatch, release)
    taken = take(embedded.house, OWNER, tmp_path / "full.jz")
    monkeypatch.undo()
    assert done == ["begun", "done"]
    assert taken.missing == []
    result = put_back(bare, tmp_path / "full.jz")
    assert result.ok, result
    assert count(bare, Document) == count(embedded.house, Document)
    assert doctor(bare, OWNER).ok


def test_what_is_read_anew_meanwhile_is_read_once_more(embedded, bare, tmp_path, monkeypatch):
    from service.flow.intake.process import process

    made, document_id = sheet(embedded, tmp_path, "one")

    def read_again() -> None:
        with embedded.house.database.write() as session:
            document = session.get_one(Document, document_id)
            document.status, document.attempts = "received", 0
        process(embedded.house, document_id)

    before_the_first_copy(embedded.house, monkeypatch, read_again)
    taken = take(embedded.house, OWNER, tmp_path / "full.jz")
    monkeypatch.undo()
    assert taken.missing == []
    result = put_back(bare, tmp_path / "full.jz")
    assert (result.ok, result.reread) == (True, [document_id])
    with opened(bare) as again:
        process(again, document_id)
        assert find(again, OWNER, made.word).total == 1
        assert doctor(again, OWNER).ok


def test_an_object_that_was_lost_before_is_named_and_nothing_else_suffers(embedded, bare, tmp_path):
    made, _ = sheet(embedded, tmp_path, "one")
    _, lost_id = sheet(embedded, tmp_path, "two")
    embedded.house.vault.delete(UUID(lost_id))
    taken = take(embedded.house, OWNER, tmp_path / "full.jz")
    assert taken.missing == [lost_id]
    result = put_back(bare, tmp_path / "full.jz")
    assert (result.ok, result.missing, result.damaged) == (False, [lost_id], [])
    with opened(bare) as again:
        assert find(again, OWNER, made.word).total == 1


def test_a_restore_goes_into_an_empty_system_only(embedded, bare, tmp_path):
    sheet(embedded, tmp_path, "one")
    take(embedded.house, OWNER, tmp_path / "full.jz")
    with pytest.raises(RuleRefused, match="archive in the database"):
        put_back(embedded.house, tmp_path / "full.jz")
    bare.vault.store.put(UUID(int=5), io.BytesIO(b"something"))
    with pytest.raises(RuleRefused, match="objects in the object store"):
        put_back(bare, tmp_path / "full.jz")
    bare.vault.store.delete(UUID(int=5))
    assert put_back(bare, tmp_path / "full.jz").ok
    with pytest.raises(RuleRefused, match="archive in the database"):
        put_back(bare, tmp_path / "full.jz")


def test_a_restore_demands_a_register_that_reaches_beyond_the_backup(embedded, bare, tmp_path):
    file_id, _ = due(embedded, tmp_path, "one")
    old = tmp_path / "old"
    destructions.export(embedded.house, "cli:test", old)
    destroy_file(embedded, file_id)
    take(embedded.house, OWNER, tmp_path / "full.jz")
    chain = chain_of(bare, tmp_path / "full.jz")
    with pytest.raises(RuleRefused, match="--no-register"):
        restore(bare, OWNER, chain, None)
    with pytest.raises(RuleRefused, match="reaches to entry"):
        restore(bare, OWNER, chain, destructions.read(old, bare.keys))
    assert not list(bare.vault.store.names())
    destructions.bring_up_to_date(embedded.house, old)
    assert restore(bare, OWNER, chain, destructions.read(old, bare.keys)).ok
    with opened(bare) as again:
        assert len(destroy.register(again, OWNER)) == 1


def test_the_register_cannot_be_changed_unseen(embedded, tmp_path):
    for name in ("one", "two"):
        file_id, _ = due(embedded, tmp_path, name)
        embedded.house.clock.move_to(date(2026, 11, 25))
    with embedded.house.database.read() as session:
        files = list(session.scalars(select(CaseFile.id).where(CaseFile.state == "archived")))
    path = tmp_path / "register"
    for file_id in files:
        destroy_file(embedded, file_id)
        destructions.bring_up_to_date(embedded.house, path)
    keys = embedded.house.keys
    assert set(destructions.read(path, keys).destructions) == set(files)
    lines = path.read_bytes().splitlines(keepends=True)
    bad = tmp_path / "bad"
    for number in range(len(lines) - 1):
        bad.write_bytes(b"".join(lines[:number] + lines[number + 1 :]))
        with pytest.raises((ObjectDamaged, BadInput)):
            destructions.read(bad, keys)
    for _ in range(40):
        data = bytearray(b"".join(lines))
        at = CHANCE.randrange(len(data))
        if chr(data[at]).isspace() or at == len(data) - 1:
            continue
        data[at] = (data[at] + 1) % 128 or 1
        bad.write_bytes(bytes(data))
        try:
            destructions.read(bad, keys)
        except (ObjectDamaged, BadInput):
            continue
        pytest.fail(f"a change at byte {at} was not seen")
    # A line that was broken off in the middle does not count, and the next call puts it right.
    path.write_bytes(b"".join(lines)[:-20])
    assert destructions.read(path, keys).lines == len(lines) - 1
    destructions.bring_up_to_date(embedded.house, path)
    assert set(destructions.read(path, keys).destructions) == set(files)
    with pytest.raises(BadInput, match="master key"):
        destructions.read(path, KeyRing(KeyFile.create(tmp_path / "foreign.key")))
    with pytest.raises(BadInput, match="cannot be written"):
        destructions.export(embedded.house, "cli:test", tmp_path / "nowhere" / "register")


def test_the_register_of_the_settings_knows_of_a_destruction_before_it_is_finished(tmp_path, juanzong_here):
    from tests.service.conftest import open_office

    register = tmp_path / "second place" / "register"
    env = {**embedded_env(tmp_path / "home"), "JUANZONG_DESTRUCTION_REGISTER": str(register)}
    office = open_office(env)
    file_id, document_id = due(office, tmp_path, "one")
    assert "cannot be written" in juanzong_here(env, "backup", tmp_path / "full.jz", check=5).stderr
    register.parent.mkdir()
    juanzong_here(env, "backup", tmp_path / "full.jz")
    register.rename(tmp_path / "aside")
    register.parent.rmdir()
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        destroy_file(office, file_id)
    assert destroy.look(office.house, file_id).objects_left > 0  # its keys are gone, and it is not finished
    with office.house.database.read() as session:
        assert session.get_one(Stub, file_id).destroyed_at is None
    register.parent.mkdir()
    (tmp_path / "aside").rename(register)
    assert destroy.resume(office.house) == 1
    assert destroy.look(office.house, file_id).ok
    assert list(destructions.read(register, office.house.keys).destructions) == [file_id]

    other = {**env, "JUANZONG_HOME": str(tmp_path / "other"), "JUANZONG_KEY_FILE": str(office.house.settings.key_file)}
    said = juanzong_here(other, "restore", tmp_path / "full.jz")
    assert "destroyed again: 1" in said.stdout
    assert document_id not in juanzong_here(other, "audit", "verify", "--json").stdout
    assert json.loads(juanzong_here(other, "fixity", "--json").stdout)["ok"]
    office.house.database.dispose()


def test_commands(embedded, tmp_path, juanzong_here):
    made, _ = sheet(embedded, tmp_path, "one")
    env, path = embedded.env, tmp_path / "full.jz"
    taken = json.loads(juanzong_here(env, "backup", path, "--json").stdout)
    assert taken["written"] == taken["objects"] > 0
    assert json.loads(juanzong_here(env, "backup", path, "--verify", "--json").stdout)["ok"] is True
    juanzong_here(env, "backup", path, "--verify", "--manifest-only", check=2)
    assert "never overwritten" in juanzong_here(env, "backup", path, check=3).stderr
    second = tmp_path / "second.jz"
    assert "in this file" in juanzong_here(env, "backup", second, "--incremental-from", path).stdout
    assert "lie in the backups it rests on" in juanzong_here(env, "backup", second, "--verify").stdout
    juanzong_here(env, "destructions", "export", tmp_path / "register")
    assert "already" in juanzong_here(env, "restore", path, "--no-register", check=4).stderr

    other = {**env, "JUANZONG_HOME": str(tmp_path / "other")}
    assert "master key" in juanzong_here(other, "restore", path, check=2).stderr
    other["JUANZONG_KEY_FILE"] = str(embedded.house.settings.key_file)
    assert "--no-register" in juanzong_here(other, "restore", path, second, check=4).stderr
    cut = tmp_path / "cut.jz"
    cut.write_bytes(path.read_bytes()[:-100])
    assert "damaged or cut" in juanzong_here(other, "restore", cut, "--no-register", check=6).stderr
    (tmp_path / "word").write_text("short")
    juanzong_here(other, "restore", path, "--passphrase-file", tmp_path / "word", check=3)
    proof = json.loads(
        juanzong_here(other, "restore", path, second, "--destructions", tmp_path / "register", "--json").stdout
    )
    assert proof["ok"] is True
    assert proof["objects"] == taken["objects"]
    (hit,) = [json.loads(juanzong_here(other, "search", made.word, "--json").stdout)]
    assert hit["total"] == 1
    assert json.loads(juanzong_here(other, "doctor", "--json").stdout)["ok"] is True


FORM = 'words = ["供方准入评审单"]\ncategory = "5.2"\n[labels]\nname = ["准入单位"]\n'


def test_the_own_forms_come_back_and_read_again(embedded, bare, tmp_path):
    forms = embedded.house.settings.home / "forms"
    forms.mkdir()
    (forms / "wrong.toml").write_text("words = 5", encoding="utf-8")
    told = doctor(embedded.house, OWNER)
    assert (told.ok, list(told.forms)) == (False, ["wrong.toml"])
    assert "words" in told.forms["wrong.toml"]
    (forms / "wrong.toml").unlink()
    assert doctor(embedded.house, OWNER).ok
    for name, content in (
        ("评审单.toml", FORM),
        ("other.toml", FORM.replace("评审单", "申请单")),
        ("note.txt", "no form"),
    ):
        (forms / name).write_text(content, encoding="utf-8")
    path = tmp_path / "full.jz"
    assert take(embedded.house, OWNER, path).forms == 2
    assert FORM.encode() not in path.read_bytes()
    assert checked(bare, path).forms == 2
    there = bare.settings.home / "forms"
    there.mkdir()
    (there / "other.toml").write_text(FORM.replace("评审单", "登记单"), encoding="utf-8")
    assert put_back(bare, path).forms == 2
    assert sorted(found.name for found in there.iterdir()) == ["other.toml", "评审单.toml"]
    assert "登记单" in (there / "other.toml").read_text(encoding="utf-8"), "what is there is not overwritten"
    page = letter("# 供方准入评审单\n准入单位：石桥建材有限公司\n")
    with opened(bare) as again:
        found = understand([page], templates=again.own_forms)
    assert (found.category, found.fields["name"].value) == ("5.2", "石桥建材有限公司")
    assert understand([page]).category != "5.2"


def test_a_backup_of_an_earlier_form_is_carried_forward(office, empty, tmp_path):
    """A backup that the program of the first form would have made: its tables, filled, and then the migrations."""
    old = Database(f"sqlite:///{tmp_path}/old.db")
    kept = form_of_first_release(old)
    tables = MetaData()
    with old.write() as session:
        for row in kept["wrapped_keys"]:  # as if our master key had been that archive's
            _, wrapped = empty.keys.new(UUID(row["document_id"]))
            values = {"id": row["document_id"], "wrapped": wrapped, "ours": empty.keys.key_id}
            statement = "UPDATE wrapped_keys SET wrapped = :wrapped, master_key_id = :ours WHERE document_id = :id"
            session.execute(text(statement), values)
        tables.reflect(session.connection(), only=lambda name, _: name != "alembic_version")
    described, counts = form.form(tables), Counter[str]()
    with (
        (tmp_path / "old.jz").open("w+b") as file,
        Writer(file, empty.keys, {"form": "0001"}, None) as writer,
        old.read() as session,
    ):
        writer.part(ROWS, tar_of(form.rows(session, described, counts)))
        writer.part(OBJECTS, tar_of([]))
        writer.part(MANIFEST, iter(()))
        first = {"form": "0001", "tables": described, "objects": 0, "reaches": 0, "taken_at": "2026", "base": None}
        lines = (form.line(entry) for entry in form.keys(session, described))
        writer.finish({**first, "counts": dict(counts)}, lines)
    old.dispose()
    result = put_back(empty, tmp_path / "old.jz")
    assert result.counts_ok
    assert set(result.missing) == {r["id"] for r in kept["renditions"]} - _of_destroyed(kept)
    with opened(empty) as again, again.database.read() as session:
        for name in kept.keys() - form.LEFT_OUT:
            there = session.scalar(select(func.count()).select_from(whole().tables[name]))
            assert there == len(kept[name]) + (name == "audit"), name  # the restore is an entry of its own
        for row in kept["case_files"]:
            assert session.get_one(CaseFile, row["id"]).archive_number == row["archive_number"]
        hashes = session.scalars(select(AuditEntry.hash).order_by(AuditEntry.seq)).all()
        assert hashes[:-1] == [row["hash"] for row in kept["audit"]]


def _of_destroyed(kept: dict[str, list[dict[str, Any]]]) -> set[str]:
    gone = {row["id"] for row in kept["documents"] if row["status"] == "destroyed"}
    return {row["id"] for row in kept["renditions"] if row["document_id"] in gone}
