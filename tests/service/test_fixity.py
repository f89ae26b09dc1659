"""Fixity, the replica, orphans: what is broken is found and mended, what was broken off goes on, what is nobody's is removed."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from service.bootstrap import build
from service.flow.archive import destroy, filing, holds, reviews
from service.flow.archive.checks import doctor
from service.flow.common.index import load_key
from service.flow.common.locks import FOR_EVER, lock_waiting, midnight
from service.flow.common.objects import stores
from service.flow.intake.receive import receive
from service.flow.trust import replicate
from service.flow.trust.fixity import Pace, fixity, is_due, last
from service.flow.trust.orphans import find_orphans, remove_orphans
from service.flow.trust.replicate import copy_waiting
from service.flow.upkeep import verify_due
from service.records.tables import AuditEntry, CaseFile, FixityFinding, FixityRun, ObjectState, Rendition, WrappedKey
from service.settings import load
from tests.contract.test_object_store import client_of
from tests.service.conftest import DIGITAL, OWNER, Office, embedded_env, open_office
from tests.service.test_flow import archive, decide_all, due_file, fill, new_contract, propose
from vault.errors import StoreUnavailable
from vault.model import Lock
from vault.ports import ObjectStore
from vault.vault import Vault

ROOT = Path(__file__).parents[2]


def another(office: Office, number: int = 0) -> str:
    """Take in a document that is soon read and not the same as any other."""
    path = office.house.settings.home / "tmp" / "another.pdf"
    path.write_bytes(DIGITAL.read_bytes() + f"\n% {number}".encode())
    return office.take_in(path)


def check(office: Office, **how):
    *_, report = fixity(office.house, OWNER, **how)
    return report


def objects_of(office: Office, document_id: str) -> list[UUID]:
    with office.house.database.read() as session:
        query = (
            select(Rendition.id).where(Rendition.document_id == document_id).order_by(Rendition.kind, Rendition.page)
        )
        return [UUID(name) for name in session.scalars(query)]


def sealed(store: ObjectStore, name: UUID) -> bytes:
    with store.open(name) as stream:
        return stream.read()


def put_instead(store: ObjectStore, name: UUID, data: bytes) -> None:
    """What somebody does who can write to the store."""
    store.delete(name)
    store.put(name, io.BytesIO(data))


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_what_is_broken_in_the_store_is_mended_from_the_replica(copied):
    house = copied.house
    one, other = copied.take_in(), another(copied)
    assert copy_waiting(house) == len(objects_of(copied, one)) + len(objects_of(copied, other))
    assert copy_waiting(house) == 0
    first, second = stores(house).values()
    flip, gone, foreign = objects_of(copied, one)[:3]
    sound = {name: sealed(first, name) for name in (flip, gone, foreign)}
    put_instead(first, flip, flipped(sound[flip], len(sound[flip]) // 2))
    first.delete(gone)
    put_instead(first, foreign, sealed(first, objects_of(copied, other)[0]))
    report = check(copied)
    assert not report.ok
    assert (report.damaged, report.missing, report.repaired, report.copies) == ([one], [one], [one], [])
    assert {name: sealed(first, name) for name in sound} == sound
    assert {name: sealed(second, name) for name in sound} == sound
    assert check(copied).ok
    with house.database.read() as session:
        query = select(func.count()).where(AuditEntry.action == "check.damage", AuditEntry.subject == f"document:{one}")
        assert session.scalar(query) == 3


def test_what_is_broken_in_the_replica_is_copied_anew(copied):
    house, one = copied.house, copied.take_in()
    copy_waiting(house)
    first, second = stores(house).values()
    flip, gone = objects_of(copied, one)[:2]
    put_instead(second, flip, flipped(sealed(first, flip), 60))
    second.delete(gone)
    report = check(copied)
    assert (report.ok, report.copies, report.repaired, report.damaged) == (False, [one], [one], [])
    assert sealed(second, flip) == sealed(first, flip)
    assert sealed(second, gone) == sealed(first, gone)
    assert check(copied).ok


def test_without_a_sound_copy_it_stays_broken_and_said_so(copied):
    house, one = copied.house, copied.take_in()
    copy_waiting(house)
    name = objects_of(copied, one)[0]
    bad = flipped(sealed(stores(house)["store"], name), 200)
    for store in stores(house).values():
        put_instead(store, name, bad)
    report = check(copied)
    assert (report.damaged, report.repaired) == ([one], [])
    assert sealed(stores(house)["store"], name) == bad  # nobody made it worse


def test_a_destruction_removes_the_copies_and_proves_it(copied):
    house = copied.house
    file_id, document_id = due_file(copied)
    copy_waiting(house)
    names = objects_of(copied, document_id)
    assert all(store.remains(name) for store in stores(house).values() for name in names)
    destroy_file(copied, file_id)
    assert destroy.prove(house, copied["auditor"], file_id).ok
    assert not any(store.remains(name) for store in stores(house).values() for name in names)
    with house.database.read() as session:
        assert not session.scalar(select(func.count()).where(ObjectState.name.in_(map(str, names))))
    second = stores(house)["replica"]
    put_instead(second, names[0], b"a copy that somebody kept and put back")
    assert destroy.prove(house, copied["auditor"], file_id).objects_left == 1


def destroy_file(office: Office, file_id: str) -> None:
    review_id = propose(office, file_id)
    decide_all(office, review_id, file_id)
    office.house.clock.move_to(date(2037, 1, 12))
    reviews.supervise(office.house, office["fourth"], review_id)
    reviews.supervise(office.house, office["fifth"], review_id)
    (outcome,) = destroy.execute(office.house, office["archivist"], review_id)
    assert outcome.outcome == "destroyed"


def test_a_destruction_while_it_is_copied_leaves_no_copy(copied, monkeypatch):
    house = copied.house
    file_id, document_id = due_file(copied)
    names = objects_of(copied, document_id)
    real, calls = replicate.copy, []

    def copy_late(source, target, name, *rest):
        real(source, target, name, *rest)
        if not calls:
            calls.append(name)
            destroy_file(copied, file_id)
            target.put(name, io.BytesIO(b"it was read before and is written now"))

    monkeypatch.setattr(replicate, "copy", copy_late)
    copy_waiting(house)
    assert calls
    assert not any(store.remains(name) for store in stores(house).values() for name in names)


def test_a_run_goes_on_where_it_was_killed(embedded, juanzong_here):
    house = embedded.house
    for number in range(3):
        another(embedded, number)
    with house.database.read() as session:
        total = session.scalar(select(func.count()).select_from(Rendition))
        sizes = session.scalars(select(Rendition.sealed_size).order_by(Rendition.id)).all()
    assert len(sizes) == total >= 6
    # So slow that it waits for long after whatever is first of some size, and never comes to the end by itself.
    rate = max(sizes[:3]) / (1 << 20) / 20
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "fixity", "--rate", f"{rate:.6f}"],
        env={**os.environ, **embedded.env},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline, checked = time.monotonic() + 300, 0
        while not checked and time.monotonic() < deadline:
            with house.database.read() as session:
                checked = session.scalar(select(FixityRun.checked)) or 0
            time.sleep(0.1)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert 0 < checked < total
    last_name = max(UUID(str(name)) for name in names(embedded))
    file = next((house.settings.home / "objects").glob(f"*/*/{last_name}"))
    file.write_bytes(flipped(file.read_bytes(), 30))
    ran = juanzong_here(embedded.env, "fixity", "--json", check=6)
    told = json.loads(ran.stdout)
    assert f"of {total} objects" in ran.stderr
    assert (told["checked"], len(told["damaged"]), told["ok"]) == (total, 1, False)
    with house.database.read() as session:
        (run,) = session.scalars(select(FixityRun))
        assert run.finished_at is not None
        assert run.checked == total


def names(office: Office) -> list[str]:
    with office.house.database.read() as session:
        return list(session.scalars(select(Rendition.id)))


def test_a_run_that_goes_on_checks_nothing_twice_and_forgets_nothing(embedded, monkeypatch):
    house = embedded.house
    embedded.take_in()
    every = sorted(names(embedded))
    bad = next((house.settings.home / "objects").glob(f"*/*/{every[0]}"))
    bad.write_bytes(b"cut")
    steps = iter([True, False])
    *_, report = fixity(house, OWNER, go_on=lambda: next(steps))
    assert (report.checked, report.finished_at) == (2, None)
    seen, verify = [], Vault.verify
    monkeypatch.setattr(
        Vault, "verify", lambda vault, name, *rest: (seen.append(str(name)), verify(vault, name, *rest))[1]
    )
    *_, report = fixity(house, OWNER)
    assert seen == every[2:]
    assert (report.checked, report.resumed, len(report.damaged)) == (len(every), 2, 1)
    assert last(house).damaged == report.damaged
    *_, again = fixity(house, OWNER, restart=True)
    assert again.resumed == 0


def test_a_key_that_is_wrapped_anew_meanwhile_is_no_damage(embedded):
    house, one = embedded.house, embedded.take_in()

    def wrapped_as(value: bytes) -> bytes:
        with house.database.write() as session:
            row = session.get_one(WrappedKey, one)
            before, row.wrapped = row.wrapped, value
            return before

    good = wrapped_as(b"as the key that is going had wrapped it")
    steps = fixity(house, OWNER)
    first = next(steps)
    assert first.checked == 0
    report = next(steps)  # by now all that is to be checked was read from the database
    assert report.damaged == [one]
    wrapped_as(good)
    *_, report = steps
    assert report.checked == report.total
    with house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(FixityFinding)) == 1


def test_two_at_once_do_not_share_a_run(embedded):
    embedded.take_in()
    one = fixity(embedded.house, OWNER)
    next(one)
    with ThreadPoolExecutor(1) as pool:  # another thread is another claimant
        report = pool.submit(check, embedded).result()
    assert (report.resumed, report.checked) == (0, report.total)
    *_, rest = one
    assert rest.checked == rest.total


def test_reading_is_held_to_the_rate():
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds

    pace = Pace(2.0, pause, lambda: now[0])
    mib = 1 << 20
    assert list(pace.waits(140 * mib)) == [30.0, 30.0, 10.0]
    now[0] += 5.0  # the reading itself took a while
    assert list(pace.waits(10 * mib)) == []
    assert list(pace.waits(mib)) == [0.5]
    assert list(Pace(0.0, pause, lambda: now[0]).waits(100 * mib)) == []


def test_the_worker_verifies_when_it_is_time(embedded):
    house = embedded.house
    embedded.take_in()
    assert last(house) is None
    assert is_due(house)
    assert verify_due(house, lambda: False)  # a moment's worth
    assert last(house) is None
    assert is_due(house)
    assert verify_due(house, lambda: True)
    report = last(house)
    assert report is not None
    assert (report.ok, report.checked) == (True, len(names(embedded)))
    assert not is_due(house)
    assert not verify_due(house, lambda: True)
    with house.database.write() as session:
        long_ago = house.clock.now() - timedelta(days=8)
        session.execute(update(FixityRun).values(started_at=long_ago, finished_at=long_ago))
    assert is_due(house)
    object.__setattr__(house.settings, "fixity_days", 0)
    assert not is_due(house)


def test_orphans_are_named_and_removed_when_they_are_old(copied, juanzong_here):
    house, one = copied.house, copied.take_in()
    kept = set(objects_of(copied, one))
    first, second = stores(house).values()
    foreign, copy = uuid4(), uuid4()
    first.put(foreign, io.BytesIO(b"who put this here"))
    second.put(copy, io.BytesIO(b"and this"))
    told = json.loads(juanzong_here(copied.env, "fixity", "--json", check=6).stdout)
    assert sorted(told["orphans"]) == sorted([f"store:{foreign}", f"replica:{copy}"])
    told = json.loads(juanzong_here(copied.env, "fixity", "--repair-orphans", "--json", check=6).stdout)
    assert (len(told["orphans"]), told["removed"]) == (2, 0)  # they are young
    told = json.loads(juanzong_here(copied.env, "fixity", "--repair-orphans", "--older-than", "0", "--json").stdout)
    assert (told["orphans"], told["removed"], told["ok"]) == ([], 2, True)
    assert first.remains(foreign) == second.remains(copy) == 0
    assert set(first.names()) == kept


def test_what_is_being_received_is_nobodys_orphan(office, monkeypatch):
    house = office.house

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("service.flow.intake.receive.record_sealed", killed)
        patch.setattr("service.flow.intake.receive._let_go", killed)
        with pytest.raises(KeyboardInterrupt):
            receive(house, office["handler"], io.BytesIO(DIGITAL.read_bytes()), "a.pdf")
    assert len(list(house.vault.store.names())) == 1
    assert find_orphans(house) == []
    assert remove_orphans(house, OWNER, timedelta(0)) == ([], [])
    assert len(list(house.vault.store.names())) == 1


def test_parts_of_writes_that_died_are_removed_and_those_of_a_receipt_under_way_are_not(office):
    house, one = office.house, office.take_in()
    name, stranger = objects_of(office, one)[0], uuid4()
    pending = uuid4()
    with house.database.write() as session:
        session.add(Rendition(id=str(pending), document_id=one, kind="page-image", page=99, media_type="image/jpeg"))
    for each in (name, stranger, pending):
        begin_write(house.vault.store, each)
    found = find_orphans(house)
    assert {(orphan.name, bool(orphan.unfinished)) for orphan in found} == {(name, True), (stranger, True)}
    report = check(office)
    assert (report.ok, report.unfinished) == (True, 2)
    removed, left = remove_orphans(house, OWNER, timedelta(0))
    assert (len(removed), left) == (2, [])
    assert house.vault.store.remains(pending) == 1
    assert house.vault.store.remains(name) == 1
    assert house.vault.store.remains(stranger) == 0


def begin_write(store, name: UUID) -> None:
    """Leave what a killed process leaves of a large write."""
    if hasattr(store, "_client"):
        store._client._create_multipart_upload(store._bucket, str(name), {})
    else:
        folder = store._root / "unfinished"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.{uuid4().hex}").write_bytes(b"half")


def test_a_replica_that_is_down_stops_nothing_but_itself(copied, monkeypatch):
    house, one = copied.house, copied.take_in()
    second = stores(house)["replica"]

    def down(*_args, **_named):
        raise StoreUnavailable("the replica does not answer")

    copy_waiting(house)
    with monkeypatch.context() as patch:
        for method in ("put", "open", "delete", "remains", "lock", "survey"):
            patch.setattr(second, method, down)
        other = another(copied)
        with pytest.raises(StoreUnavailable):
            copy_waiting(house)
        report = check(copied)
        assert report.ok
        assert "replica" in report.note
        assert house.vault.read(objects_of(copied, other)[0], key_of(copied, other))
    assert copy_waiting(house) == len(objects_of(copied, other))
    assert check(copied).note == ""
    assert doctor(house, OWNER).ok
    assert one


def key_of(office: Office, document_id: str):
    with office.house.database.read() as session:
        return load_key(office.house, session, document_id)


# Locks: what only an S3 server keeps


@pytest.fixture(params=["minio", "versity"])
def locked(request, tmp_path):
    """An office whose objects lie in a bucket with object lock."""
    place = f"{request.getfixturevalue(request.param + '_url')}/locked-{uuid4().hex[:12]}"
    office = open_office({**embedded_env(tmp_path / "home"), "JUANZONG_OBJECT_STORE": place})
    yield office
    office.house.database.dispose()


def locks(office: Office, document_id: str) -> set[Lock]:
    return {office.house.vault.store.lock_of(name) for name in objects_of(office, document_id)}


def test_an_archived_file_is_locked_until_it_is_due_and_freed_by_its_destruction(locked):
    house = locked.house
    file_id, document_id = due_file(locked)
    with house.database.read() as session:
        due_on = session.get_one(CaseFile, file_id).due_on
    lock_waiting(house)
    assert locks(locked, document_id) == {Lock(midnight(due_on))}
    assert lock_waiting(house) == 0
    with house.database.write() as session:  # the group keeps it longer
        session.get_one(CaseFile, file_id).due_on = due_on + timedelta(days=3650)
    assert lock_waiting(house) == len(objects_of(locked, document_id))
    assert locks(locked, document_id) == {Lock(midnight(due_on + timedelta(days=3650)))}
    with house.database.write() as session:
        session.get_one(CaseFile, file_id).due_on = due_on
    assert lock_waiting(house) == 0  # never shorter
    gone = objects_of(locked, document_id)
    destroy_file(locked, file_id)
    assert destroy.prove(house, locked["auditor"], file_id).ok
    assert not any(house.vault.remains(name) for name in gone)


def test_a_hold_of_ours_is_a_legal_hold_and_goes_with_it(locked):
    house = locked.house
    file_id, document_id = due_file(locked)
    lock_waiting(house)
    hold = holds.place_hold(house, locked["archivist"], "诉讼", "案件未结", [file_id])
    lock_waiting(house)
    assert all(lock.held for lock in locks(locked, document_id))
    for name in objects_of(locked, document_id):
        with pytest.raises(StoreUnavailable):
            house.vault.delete(name)
    holds.ask_release(house, locked["archivist"], hold.id, "案件已结")
    holds.release(house, locked["administrator"], hold.id)
    lock_waiting(house)
    assert not any(lock.held for lock in locks(locked, document_id))


def test_a_destruction_lifts_our_legal_hold_and_not_somebody_elses(locked, monkeypatch):
    house = locked.house
    file_id, document_id = due_file(locked)
    hold = holds.place_hold(house, locked["archivist"], "诉讼", "案件未结", [file_id])
    lock_waiting(house)
    with monkeypatch.context() as patch:  # the server is told of the release later
        patch.setattr(holds, "lock_soon", lambda *_: None)
        holds.ask_release(house, locked["archivist"], hold.id, "案件已结")
        holds.release(house, locked["administrator"], hold.id)
    gone = objects_of(locked, document_id)
    assert all(lock.held for lock in locks(locked, document_id))
    store = house.vault.store
    with house.database.write() as session:  # of one of them we know nothing: somebody else holds it
        session.execute(update(ObjectState).where(ObjectState.name == str(gone[0])).values(held=""))
    with pytest.raises(StoreUnavailable, match=str(gone[0])):
        destroy_file(locked, file_id)
    assert store.lock_of(gone[0]).held
    store.lock(gone[0], Lock())
    assert destroy.resume(house) == 1
    assert destroy.prove(house, locked["auditor"], file_id).ok


def test_a_permanent_file_is_kept_for_ever(locked):
    house = locked.house
    contract_id, file_id = new_contract(locked, amount="20000000.00")
    document_id = locked.take_in()
    filing.file_document(house, locked["handler"], document_id, file_id)
    fill(locked, file_id)
    archive(locked, file_id)
    lock_waiting(house)
    assert contract_id
    assert locks(locked, document_id) == {Lock(midnight(FOR_EVER))}


def test_a_mended_object_is_locked_as_before(locked, tmp_path):
    locked.house.database.dispose()
    office = reopened(locked, {"JUANZONG_REPLICA": f"file://{tmp_path}/replica"})
    house = office.house
    file_id, document_id = due_file(office)
    holds.place_hold(house, office["archivist"], "诉讼", "案件未结", [file_id])
    lock_waiting(house)
    copy_waiting(house)
    before = locks(office, document_id)
    name = objects_of(office, document_id)[0]
    store = stores(house)["store"]
    store.lock(name, Lock())
    put_instead(store, name, b"forged")
    report = check(office)
    assert (report.damaged, report.repaired) == ([document_id], [document_id])
    assert locks(office, document_id) == before
    house.database.dispose()


def reopened(office: Office, more: dict[str, str]) -> Office:
    """The same archive under further settings."""
    env = {**office.env, **more}
    house = build(load(env))
    house.clock.move_to(office.house.clock.today())
    return Office(house, office.department_id, env, office.actors)


@pytest.mark.servers
def test_a_replica_that_is_down_keeps_no_lock_from_the_store_and_gets_it_later(request, tmp_path, monkeypatch):
    first, second = (request.getfixturevalue(f"{name}_url") for name in ("minio", "versity"))
    word = uuid4().hex[:12]
    env = {"JUANZONG_OBJECT_STORE": f"{first}/first-{word}", "JUANZONG_REPLICA": f"{second}/second-{word}"}
    office = open_office({**embedded_env(tmp_path / "home"), **env})
    house = office.house
    file_id, document_id = due_file(office)
    names = objects_of(office, document_id)
    lock_waiting(house)
    copy_waiting(house)
    store, replica = stores(house).values()

    def down(*_args):
        raise StoreUnavailable("the replica does not answer")

    def held(place) -> set[bool]:
        return {place.lock_of(name).held for name in names}

    assert {replica.lock_of(name).until for name in names} == {store.lock_of(names[0]).until}
    with monkeypatch.context() as patch:
        patch.setattr(replica, "lock", down)
        hold = holds.place_hold(house, office["archivist"], "诉讼", "案件未结", [file_id])
        lock_waiting(house)
        assert held(store) == {True}
    assert held(replica) == {False}
    copy_waiting(house)
    assert held(replica) == {True}
    with monkeypatch.context() as patch:
        patch.setattr(replica, "lock", down)
        holds.ask_release(house, office["archivist"], hold.id, "案件已结")
        holds.release(house, office["administrator"], hold.id)
        lock_waiting(house)
        assert held(store) == {False}
    assert held(replica) == {True}
    lock_waiting(house)
    assert held(replica) == {False}
    destroy_file(office, file_id)
    assert destroy.prove(house, office["auditor"], file_id).ok
    house.database.dispose()


def test_the_store_says_that_it_has_no_locks(embedded, juanzong_here):
    assert "no object lock" in embedded.house.vault.store.locks()
    assert lock_waiting(embedded.house) == 0
    told = json.loads(juanzong_here(embedded.env, "doctor", "--json").stdout)
    assert "no object lock" in told["locks"]["store"]
    assert told["ok"]
    assert "no object lock" in juanzong_here(embedded.env, "doctor").stdout


@pytest.mark.parametrize("server", ["minio", "versity"])
def test_init_makes_the_bucket_with_locks_or_says_that_it_has_none(server, request, tmp_path, juanzong_here):
    address = request.getfixturevalue(f"{server}_url")
    env = {**embedded_env(tmp_path / "home"), "JUANZONG_OBJECT_STORE": f"{address}/made-{uuid4().hex[:12]}"}
    assert json.loads(juanzong_here(env, "init", "--json").stdout)["locks"] == {"store": ""}
    client, bucket = client_of(f"{address}/there-{uuid4().hex[:12]}")
    client.make_bucket(bucket)
    env = {**embedded_env(tmp_path / "other"), "JUANZONG_OBJECT_STORE": f"{address}/{bucket}"}
    assert "without object lock" in juanzong_here(env, "init").stdout
    down = {**embedded_env(tmp_path / "down"), "JUANZONG_OBJECT_STORE": "s3+http://key:secret@127.0.0.1:9/bucket"}
    assert "cannot be reached" in juanzong_here(down, "init").stdout
