"""Master keys: one follows another while people work; killed at any moment, everything opens; the wrong one changes nothing."""

import contextlib
import fcntl
import os
import signal
from uuid import UUID

import pytest
from sqlalchemy import LargeBinary, select, text

from service.access import second_factor
from service.bootstrap import build, open_keys, prepare
from service.errors import BadSetting, RuleRefused
from service.flow.archive import destructions
from service.flow.common import index
from service.flow.trust import rotate
from service.flow.trust.checkpoints import checkpoint, verify
from service.records import audit
from service.records.tables import AuditEntry, Batch, Person, Stack, Upload, WrappedKey, whole
from service.settings import load
from tests.service.conftest import DIGITAL, OWNER, embedded_env, open_office
from tests.service.nursery import nursery
from vault.adapters.keyfile import KeyFile
from vault.adapters.keyfolder import open_key
from vault.adapters.passphrase import PassphraseKey
from vault.errors import KeyUnusable
from vault.keyring import KeyRing

WORD = "correct horse battery"


def _rotate(house, make=KeyFile.create):
    return rotate.rotate(house, OWNER, open_keys(house.settings), make)


def _wrapped(house):
    """Every wrapped key, by whose it is."""
    with house.database.read() as session:
        return {
            (place.owner.table.name, owner): wrapped
            for place in rotate.PLACES
            for owner, wrapped in session.execute(select(place.owner, place.wrapped))
            if wrapped is not None
        }


def _secrets(house):
    return {whose: house.keys.unwrap(UUID(whose[1]), wrapped).secret for whose, wrapped in _wrapped(house).items()}


def _objects(house):
    found = {}
    for name in house.vault.store.names():
        with house.vault.store.open(name) as stream:
            found[name] = stream.read()
    return found


def _original(house, document_id):
    with house.database.read() as session:
        key = index.load_key(house, session, document_id)
    return house.vault.read(UUID(document_id), key)


def _whole(house):
    with house.database.read() as session:
        return audit.verify_all(session).ok


def _wrap_everywhere(house):
    """Let a stack, an upload and a second factor have keys, too."""
    now, stack, upload = house.clock.now(), UUID(int=1), UUID(int=2)
    with house.database.write() as session:
        session.add(Batch(name="b", operator="x", opened_at=now))
        session.flush()
        scanned = {"batch": "b", "position": 1, "sha256": "0" * 64, "kind": "pdf", "size": 1, "pages": 1}
        scanned |= {"state": "receiving", "filename": "a.pdf", "channel": "web", "received_by": "x"}
        session.add(Stack(id=str(stack), key=house.keys.new(stack)[1], received_at=now, **scanned))
        sent = {"created_by": "x", "channel": "web", "filename": "a", "length": 1}
        session.add(
            Upload(id=str(upload), key=house.keys.new(upload)[1], created_at=now, expires_at=now, state="done", **sent)
        )
        person = session.scalar(select(Person).limit(1))
    second_factor.begin(house, person)


def test_every_binary_column_is_one_that_a_rotation_reaches():
    """Whoever adds a wrapped key adds it to the rotation."""
    columns = {
        (table.name, column.name)
        for table in whole().tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert columns == {(place.owner.table.name, place.wrapped.key) for place in rotate.PLACES}


def test_all_keys_are_wrapped_anew_and_no_object_is_touched(office, tmp_path):
    house = office.house
    document_id = office.take_in()
    _wrap_everywhere(house)
    checkpoint(house, OWNER)
    destructions.bring_up_to_date(house, tmp_path / "register")
    before, secrets, objects = _wrapped(house), _secrets(house), _objects(house)
    assert {table for table, _ in before} == {"wrapped_keys", "second_factors", "audit_keys", "stacks", "uploads"}

    old = KeyFile(house.settings.key_file)
    done = _rotate(house)

    assert (done.keys, done.changed, done.lost) == (len(before), len(before), [])
    new = KeyFile(house.settings.key_file)
    assert new.key_id != old.key_id
    after = _wrapped(house)
    assert not set(before.values()) & set(after.values())
    only_new = KeyRing(new)
    assert {whose: only_new.unwrap(UUID(whose[1]), key).secret for whose, key in after.items()} == secrets
    assert _objects(house) == objects
    # The process that was running all the time, and one that starts now with the new key's file alone.
    assert _original(house, document_id) == DIGITAL.read_bytes()
    for kept in house.settings.key_file.parent.glob("*.old-*"):
        kept.unlink()
    fresh = build(load(office.env))
    assert _original(fresh, document_id) == DIGITAL.read_bytes()
    assert _whole(fresh)
    assert verify(fresh, OWNER).ok
    assert destructions.read(tmp_path / "register", fresh.keys).destructions == {}
    with fresh.database.read() as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == f"master-key:{new.key_id}"))
        assert list(actions) == ["keys.rotate_begin", "keys.rotate"]
    fresh.database.dispose()


def test_what_a_running_process_takes_in_during_a_rotation_opens_after_it(embedded):
    house = embedded.house
    other = build(load(embedded.env))
    first = embedded.take_in()
    _key, straggler = other.keys.new(UUID(int=7))  # wrapped by the old key, and committed when all is over
    taken = []

    def meanwhile(_done, _total):
        if not taken:
            taken.append(other.keys.new(UUID(int=8))[1])

    folder = open_keys(house.settings)
    rotate.rotate(house, OWNER, folder, KeyFile.create, meanwhile)
    assert KeyFile(house.settings.key_file).unwrap(taken[0], b"juanzong file key 1:" + UUID(int=8).bytes)
    assert other.keys.unwrap(UUID(int=7), straggler) == _key
    assert _original(other, first) == DIGITAL.read_bytes()
    rewrapped, name = other.keys.rewrap(UUID(int=7), straggler)
    assert name == KeyFile(house.settings.key_file).key_id
    assert other.keys.unwrap(UUID(int=7), rewrapped) == _key
    other.database.dispose()


CHILD = """
import os, signal, sys
from pathlib import Path
from service.bootstrap import build, open_keys
from service.flow.trust import rotate
from service.settings import load
from service.access.policy import Actor
from vault.adapters import files
from vault.adapters.keyfile import KeyFile

def die(*_): os.kill(os.getpid(), signal.SIGKILL)

def make(path, root):
    KeyFile.create(path, root)
    if point == "made": die()

point = sys.argv[1]
rotate._BATCH = 1
some, calls = rotate._some, []
def counted(*given):
    calls.append(1)
    if point == f"row {len(calls)}": die()
    return some(*given)
rotate._some = counted
if point == "linked":
    Path.replace = die
if point == "in place":
    os.fsync = lambda _file: None
    replace = Path.replace
    def last(self, target):
        replace(self, target)
        die()
    Path.replace = last
if point == "all done":
    files.put_in_place = die
house = build(load())
rotate.rotate(house, Actor("cli:test", owner=True), open_keys(house.settings), make)
"""


def test_what_was_wrapped_by_the_old_key_behind_the_walk_is_found_by_the_next_one(embedded):
    """By a process that had made the key before and commits it now. When all is over the old key is needed for nothing."""
    house, old = embedded.house, KeyFile(embedded.house.settings.key_file)
    document_id = embedded.take_in()
    secret = _secrets(house)["wrapped_keys", document_id]
    times = []

    def meanwhile(done, _total):
        times.append(done)
        if len(times) == 1:  # the first table has been walked over
            with house.database.write() as session:
                row = session.get_one(WrappedKey, document_id)
                row.wrapped, row.master_key_id = KeyRing(old).rewrap(UUID(document_id), old_wrapped)[0], old.key_id

    old_wrapped = _wrapped(house)["wrapped_keys", document_id]
    rotate.rotate(house, OWNER, open_keys(house.settings), KeyFile.create, meanwhile)
    only_new = KeyRing(KeyFile(house.settings.key_file))
    assert {whose: only_new.unwrap(UUID(whose[1]), key).secret for whose, key in _wrapped(house).items()}[
        "wrapped_keys", document_id
    ] == secret
    assert set(rotate.count(house)) - {""} == {only_new.key_id}


@pytest.mark.parametrize("point", ["made", "row 1", "row 2", "row 5", "all done", "linked", "in place"])
def test_killed_at_any_moment_everything_opens_and_the_next_call_goes_on(embedded, point):
    house = embedded.house
    document_id = embedded.take_in()
    _wrap_everywhere(house)
    secrets = _secrets(house)
    old = KeyFile(house.settings.key_file).key_id
    child = nursery().run(CHILD, point, env=embedded.env)
    assert child.returncode == -signal.SIGKILL, child.stderr

    fresh = build(load(embedded.env))
    for process in (house, fresh):  # one that was running when it happened, and one that starts after it
        assert _secrets(process) == secrets
        assert _original(process, document_id) == DIGITAL.read_bytes()
    assert _whole(fresh)

    if point != "in place":
        _rotate(fresh)
    new = KeyFile(house.settings.key_file)
    assert new.key_id != old
    assert not open_keys(house.settings).next.exists()
    ring = KeyRing(new)
    assert {whose: ring.unwrap(UUID(whose[1]), key).secret for whose, key in _wrapped(fresh).items()} == secrets
    assert _whole(fresh)
    fresh.database.dispose()


def test_a_key_that_no_master_key_opens_is_named_and_holds_up_nothing(embedded):
    house = embedded.house
    document_id = embedded.take_in()
    with house.database.write() as session:
        session.execute(text("UPDATE wrapped_keys SET wrapped = :bad"), {"bad": bytes(61)})
    assert _rotate(house).lost == [document_id]
    with house.database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "keys.rotate")).one()
    assert document_id in entry.detail


def test_two_rotations_do_not_run_at_once(embedded):
    folder = os.open(embedded.house.settings.key_file.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with pytest.raises(RuleRefused, match="another rotation"):
            _rotate(embedded.house)
    finally:
        os.close(folder)
    assert not open_keys(embedded.house.settings).next.exists()


def _state(home):
    return {path: path.read_bytes() for path in home.rglob("*") if path.is_file() and not path.name.endswith("-shm")}


@pytest.fixture
def closed(tmp_path):
    """The environment of an archive that nobody has open."""
    office = open_office(embedded_env(tmp_path / "home"))
    office.take_in()
    office.house.database.scrub()
    office.house.database.dispose()
    return office.env, office.house.settings


@pytest.mark.parametrize("start", [prepare, build])
@pytest.mark.parametrize("what", ["another", "gone", "open to others", "damaged", "another kind's"])
def test_a_wrong_or_missing_key_stops_the_start_and_nothing_is_written(closed, tmp_path, start, what):
    env, settings = closed
    path = settings.key_file
    if what == "another":
        path.unlink()
        KeyFile.create(path)
    elif what == "gone":
        path.unlink()
    elif what == "open to others":
        path.chmod(0o644)
    elif what == "damaged":
        path.write_text(path.read_text().replace("check: ", "check: 0"))
    else:
        path.unlink()
        PassphraseKey.create(path, WORD)
    before = _state(settings.home)
    with pytest.raises(Exception, match=r"key|KEY") as refused:
        start(load(env))
    assert type(refused.value).__name__ in ("BadSetting", "KeyUnusable", "NotInitialised")
    assert str(path) in str(refused.value) or "JUANZONG_KEY_SECRET_FILE" in str(refused.value)
    assert _state(settings.home) == before


def test_an_archive_with_nothing_but_its_trail_takes_no_other_key(tmp_path):
    settings = load(embedded_env(tmp_path / "home"))
    prepare(settings)
    settings.key_file.unlink()
    for start in (prepare, build):
        with pytest.raises(BadSetting, match=r"is not there.*put"):
            start(settings)
        assert not settings.key_file.exists(), "nobody makes another key"
    KeyFile.create(settings.key_file)
    for start in (prepare, build):
        with pytest.raises(BadSetting, match=r"key file.*put the right one back"):
            start(settings)


def test_a_passphrase_can_follow_a_key_file_and_the_wrong_one_is_told(embedded, tmp_path):
    document_id = embedded.take_in()
    secret = tmp_path / "secret"
    secret.write_text(f"{WORD}\n")
    secret.chmod(0o600)
    env = {**embedded.env, "JUANZONG_KEY_SECRET_FILE": str(secret)}
    house = build(load(env))
    _rotate(house, lambda path, root: PassphraseKey.create(path, WORD, root))
    for kept in house.settings.key_file.parent.glob("*.old-*"):
        kept.unlink()
    fresh = build(load(env))
    assert _original(fresh, document_id) == DIGITAL.read_bytes()
    assert _whole(fresh)
    fresh.database.dispose()
    house.database.dispose()
    secret.write_text("another passphrase")
    with pytest.raises(KeyUnusable, match="passphrase: the passphrase does not fit"):
        build(load(env))
    secret.chmod(0o644)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        build(load(env))


def test_the_root_of_what_is_derived_follows_and_opens_nothing(tmp_path):
    old = KeyFile.create(tmp_path / "a")
    new = KeyFile.create(tmp_path / "b", old.root)
    assert KeyFile(tmp_path / "b").derive(b"audit head") == new.derive(b"audit head") == old.derive(b"audit head")
    assert new.key_id != old.key_id
    wrapped = old.wrap(bytes(32), b"x")
    for key in (new, rotate_key_of(old.root)):
        with pytest.raises(KeyUnusable):
            key.unwrap(wrapped, b"x")
    text_of = (tmp_path / "b").read_text()
    (tmp_path / "b").write_text(text_of.replace("root: ", "root: 00"))
    with pytest.raises(KeyUnusable, match="damaged"):
        open_key(tmp_path / "b", None)


def rotate_key_of(secret):
    from vault.adapters.wrapping import InMemoryKey

    return InMemoryKey(secret)


def test_the_command_rotates_and_lists(embedded, juanzong_here):
    embedded.take_in()
    before = juanzong_here(embedded.env, "keys", "list", "--json").stdout
    assert before.count('"wraps"') == 1
    said = juanzong_here(embedded.env, "keys", "rotate", "--json").stdout
    assert '"lost":[]' in said
    after = juanzong_here(embedded.env, "keys", "list", "--json").stdout
    assert after.count('"wraps"') == 1
    assert '"state":"opens","wrapped":0' in after
    with contextlib.suppress(FileNotFoundError):
        embedded.house.settings.key_file.with_name("master.key.next").unlink()
        pytest.fail("the key that followed was left beside")


def test_backups_of_before_and_after_are_restored_with_the_keys_of_their_day(embedded, tmp_path, juanzong_here):
    document_id = embedded.take_in()
    keys = embedded.house.settings.key_file
    (tmp_path / "first.key").write_bytes(keys.read_bytes())
    juanzong_here(embedded.env, "backup", tmp_path / "before")
    _rotate(embedded.house)
    (tmp_path / "second.key").write_bytes(keys.read_bytes())
    juanzong_here(embedded.env, "backup", tmp_path / "after")
    for backup, key, code in (
        ("before", "first", 0),
        ("after", "second", 0),
        ("after", "first", 2),
        ("before", "second", 2),
    ):
        home = tmp_path / f"{backup}-{key}"
        (tmp_path / f"{key}.key").chmod(0o600)
        env = {**embedded_env(home), "JUANZONG_KEY_FILE": str(tmp_path / f"{key}.key")}
        ran = juanzong_here(env, "restore", tmp_path / backup, "--no-register", check=None)
        assert ran.returncode == code, ran.stderr + ran.stdout
        if code == 0:
            house = build(load(env))
            assert _original(house, document_id) == DIGITAL.read_bytes()
            assert _whole(house)
            house.database.dispose()
