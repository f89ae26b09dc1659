"""Checkpoints in the object store: a whole database that is put back to an earlier day is found, on both set-ups."""

import io
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from service.errors import BadInput, RuleRefused
from service.flow.common.objects import stores
from service.flow.trust.checkpoints import accept, checkpoint, checkpoint_when_due, public_key, verify
from service.flow.trust.orphans import find_orphans, remove_orphans
from service.records import audit, checkpoints, signing
from service.records.tables import AuditEntry, Checkpoint
from tests.service.conftest import OWNER
from vault.errors import ObjectMissing, StoreUnavailable

TABLES = ("audit", "audit_head", "checkpoints")


def _work(office, times=3):
    for number in range(times):
        with office.house.database.write() as session:
            audit.append(session, "person:li", "document.view", f"document:{number}")


def _lift(session):
    """Drop what keeps the tables, as the database's owner can."""
    if session.get_bind().dialect.name == "sqlite":
        found = session.execute(text("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'")).all()
        for name, _table in found:
            session.execute(text(f"DROP TRIGGER {name}"))
    else:
        session.execute(text("DROP FUNCTION refuse_audit_change CASCADE"))


def _as_it_is(office):
    with office.house.database.read() as session:
        return {table: session.execute(text(f"SELECT * FROM {table}")).mappings().all() for table in TABLES}


def _put_back(office, kept):
    """Make the tables what they were on an earlier day, the sealed end of the chain included."""
    with office.house.database.write() as session:
        _lift(session)
        for table, rows in kept.items():
            session.execute(text(f"DELETE FROM {table}"))
            for row in rows:
                values = ", ".join(f":{name}" for name in row)
                session.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})"), dict(row))


def _object(office, number):
    with office.house.database.read() as session:
        return checkpoints.object_name(signing.archive_id(session), number)


def test_a_database_put_back_to_an_earlier_day_is_found(office):
    house = office.house
    first = checkpoint(house, OWNER)
    kept = _as_it_is(office)
    _work(office)
    second = checkpoint(house, OWNER)
    assert (first.number, second.number) == (1, 2)
    assert second.entries == first.entries + 4
    good = verify(house, OWNER)
    assert (good.ok, good.checkpoints, good.first_bad) == (True, 2, None)

    _put_back(office, kept)
    report = verify(house, OWNER)
    assert (report.ok, report.entries, report.first_bad) == (False, first.entries, first.entries + 1)
    assert "put back to an earlier day" in report.problem
    # Work that goes on does not hide it, nor does the next checkpoint take the other's place.
    _work(office, 9)
    assert checkpoint(house, OWNER).number == 3
    report = verify(house, OWNER)
    assert (report.ok, report.first_bad) == (False, second.entries + 1)

    with pytest.raises(BadInput):
        accept(house, OWNER, "  ")
    assert accept(house, OWNER, "电源故障后从备份恢复") == [2]
    assert verify(house, OWNER).ok
    with pytest.raises(RuleRefused, match="nothing to answer for"):
        accept(house, OWNER, "再来一次")


def test_the_store_keeps_checkpoints_and_hiding_one_is_found(office):
    house = office.house
    made = checkpoint(house, OWNER)
    store, name = house.vault.store, _object(office, 1)
    with store.open(name) as stream:
        assert checkpoints.of_object(stream.read()) == (made.statement, made.signature, made.public)
    if store.locks():
        return  # a directory has no locks
    assert store.lock_of(name).until > datetime.now(UTC) + timedelta(days=29 * 365)
    kept = _as_it_is(office)
    _work(office)
    checkpoint(house, OWNER)
    store._client.remove_object(
        store._bucket, str(_object(office, 2))
    )  # a delete marker, which needs no right to lift locks
    with pytest.raises(ObjectMissing), store.open(_object(office, 2)):
        pass
    _put_back(office, kept)
    assert not verify(house, OWNER).ok


def test_checkpoints_are_nobodys_rubbish(embedded):
    house = embedded.house
    checkpoint(house, OWNER)
    name = _object(embedded, 1)
    assert name in set(house.vault.store.names())
    assert find_orphans(house) == []
    assert remove_orphans(house, OWNER, timedelta(0)) == ([], [])
    assert house.vault.store.remains(name) == 1
    assert all(checkpoints.is_checkpoint(name) for name in house.vault.store.names())


def test_nothing_is_rubbish_in_the_store_of_a_database_that_was_put_back(embedded, juanzong_here):
    house = embedded.house
    checkpoint(house, OWNER)
    kept = _as_it_is(embedded)
    later = uuid4()  # stands for a document that was received after the day of the database
    house.vault.store.put(later, io.BytesIO(b"a document of that day"))
    _work(embedded)
    checkpoint(house, OWNER)
    _put_back(embedded, kept)
    with pytest.raises(RuleRefused, match="of a later day"):
        remove_orphans(house, OWNER, timedelta(0))
    refused = juanzong_here(embedded.env, "fixity", "--repair-orphans", "--older-than", "0", check=4)
    assert "audit accept" in refused.stderr
    assert house.vault.store.remains(later) == 1
    accept(house, OWNER, "从备份恢复")
    removed, _left = remove_orphans(house, OWNER, timedelta(0))
    assert [orphan.name for orphan in removed] == [later]


def test_nothing_is_rubbish_where_another_archive_keeps_its_objects(embedded):
    house = embedded.house
    store, theirs = house.vault.store, uuid4()
    store.put(theirs, io.BytesIO(b"another archive's document"))
    store.put(checkpoints.object_name(str(uuid4()), 1), io.BytesIO(b"{}"))
    for _ in range(2):  # before and after our own first checkpoint
        with pytest.raises(RuleRefused, match="another archive"):
            remove_orphans(house, OWNER, timedelta(0))
        checkpoint(house, OWNER)
    assert store.remains(theirs) == 1


def test_another_checkpoint_in_the_store_is_found(embedded):
    house = embedded.house
    made = checkpoint(house, OWNER)
    for content in (b"", b"{}", b"null", checkpoints.as_object(made).replace(b'"signature": "', b'"signature": "0')):
        house.vault.store.delete(_object(embedded, 1))
        house.vault.store.put(_object(embedded, 1), io.BytesIO(content))
        report = verify(house, OWNER)
        assert (report.ok, report.first_bad) == (False, 1)
    house.vault.store.delete(_object(embedded, 1))
    report = verify(house, OWNER)
    assert (report.ok, report.first_bad) == (False, 1)
    assert report.problem == "checkpoint 1 has gone from the object store, which had it"
    assert accept(house, OWNER, "存储更换") == [1]  # who answers for it has it put there again
    assert verify(house, OWNER).ok
    assert checkpoints.of_object(_content(house, _object(embedded, 1))) == (made.statement, made.signature, made.public)


def _content(house, name):
    with house.vault.store.open(name) as stream:
        return stream.read()


def test_a_checkpoint_that_is_not_in_the_store_yet_is_no_alarm(embedded, monkeypatch):
    house = embedded.house

    def down(*_arguments):
        raise StoreUnavailable("the object store is down")

    with monkeypatch.context() as broken:
        broken.setattr(type(house.vault.store), "put", down)
        with pytest.raises(StoreUnavailable):
            checkpoint(house, OWNER)
    assert verify(house, OWNER).ok


def test_a_checkpoint_lost_by_the_database_alone_is_found(embedded):
    house = embedded.house
    checkpoint(house, OWNER)
    _work(embedded)
    checkpoint(house, OWNER)
    with house.database.write() as session:
        _lift(session)
        session.execute(text("DELETE FROM checkpoints WHERE number = 2"))
    assert not verify(house, OWNER).ok


class _Down(Exception):
    pass


def test_killed_between_signing_and_storing(embedded, monkeypatch):
    house = embedded.house
    put = type(house.vault.store).put

    def die(*_arguments):
        raise _Down

    with monkeypatch.context() as broken:
        broken.setattr(type(house.vault.store), "put", die)
        with pytest.raises(_Down):
            checkpoint(house, OWNER)
    with house.database.read() as session:
        assert session.get_one(Checkpoint, 1).stored_at is None
    assert verify(house, OWNER).ok
    checkpoint_when_due(house)  # finds it waiting, although it is not an hour old
    assert house.vault.store.remains(_object(embedded, 1)) == 1

    def put_and_die(*arguments):
        put(*arguments)
        raise _Down

    _work(embedded)
    with monkeypatch.context() as broken:
        broken.setattr(type(house.vault.store), "put", put_and_die)
        with pytest.raises(_Down):
            checkpoint(house, OWNER)
    checkpoint_when_due(house)
    with house.database.read() as session:
        assert session.query(Checkpoint).filter(Checkpoint.stored_at.is_(None)).count() == 0
    assert verify(house, OWNER).ok


def test_a_store_that_is_down_costs_no_checkpoint(embedded, monkeypatch):
    house = embedded.house
    checkpoint(house, OWNER)
    _work(embedded)

    def down(*_arguments):
        raise StoreUnavailable("the object store is down")

    with monkeypatch.context() as broken:
        broken.setattr(type(house.vault.store), "put", down)
        with pytest.raises(StoreUnavailable):
            checkpoint(house, OWNER)
    assert checkpoint(house, OWNER).number == 2
    assert verify(house, OWNER).checkpoints == 2


def test_a_replica_that_was_down_gets_its_checkpoints_later(copied, monkeypatch):
    house = copied.house
    replica = stores(house)["replica"]

    def down(*_arguments):
        raise StoreUnavailable("the replica is down")

    with monkeypatch.context() as broken:
        broken.setattr(replica, "put", down)
        checkpoint(house, OWNER)
    assert replica.remains(_object(copied, 1)) == 0
    _work(copied)
    made = checkpoint(house, OWNER)
    assert [replica.remains(_object(copied, number)) for number in (1, 2)] == [1, 1]
    with replica.open(_object(copied, 2)) as stream:
        assert checkpoints.of_object(stream.read()) == (made.statement, made.signature, made.public)
    assert verify(house, OWNER).ok


def test_the_worker_makes_one_when_it_is_due_and_only_then(embedded):
    house = embedded.house
    checkpoint_when_due(house)
    _work(embedded)
    checkpoint_when_due(house)
    with house.database.read() as session:
        assert checkpoints.count(session) == 1
    assert len(stores(house)) == 1
    with house.database.read() as session:
        made = session.query(AuditEntry).filter_by(action="audit.checkpoint").one()
        assert (made.actor, made.subject) == ("system", "checkpoint:1")


def test_the_key_is_made_with_the_archive_and_stays(embedded):
    archive, public = public_key(embedded.house)
    assert public_key(embedded.house) == (archive, public)
    assert checkpoint(embedded.house, OWNER).public == public
    with embedded.house.database.read() as session:
        said = json.loads(checkpoints.last(session).statement)
    assert (said["archive"], said["format"]) == (archive, "juanzong checkpoint 1")


def test_on_the_command_line(embedded, juanzong_here):
    ran = juanzong_here(embedded.env, "audit", "checkpoint", "--json")
    assert json.loads(ran.stdout)["number"] == 1
    found = json.loads(juanzong_here(embedded.env, "audit", "verify", "--json").stdout)
    assert (found["ok"], found["first_bad"], found["checkpoints"], found["problem"]) == (True, None, 1, None)
    key = json.loads(juanzong_here(embedded.env, "audit", "key", "--json").stdout)
    assert len(key["public_key"]) == 64
    assert juanzong_here(embedded.env, "audit", "accept", "--reason", "x", check=4).stderr
    with embedded.house.database.write() as session:
        _lift(session)
        session.execute(text("DELETE FROM audit WHERE seq = 3"))
    found = json.loads(juanzong_here(embedded.env, "audit", "verify", "--json", check=6).stdout)
    assert (found["ok"], found["first_bad"]) == (False, 3)
    with embedded.house.database.write() as session:
        session.execute(text("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)"))
    assert juanzong_here(embedded.env, "audit", "checkpoint", check=4).stderr.startswith("juanzong: the audit trail is")
