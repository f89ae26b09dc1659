"""A document's own key gives way to a new one: readable at every moment, killed anywhere, and nothing of the old key is left."""

import io
import os
import signal
import zipfile
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from service.access import people
from service.api.app import blueprint
from service.bootstrap import build
from service.errors import NotAllowed, NotFound, RuleRefused
from service.flow.archive import destroy, holds
from service.flow.backup.take import take
from service.flow.common.index import index_document, index_documents
from service.flow.common.locks import lock_waiting
from service.flow.common.objects import stores
from service.flow.intake import preserve
from service.flow.intake.originals import original_on_disk
from service.flow.intake.render import open_rendition, page_text, read_rendition
from service.flow.search.find import find
from service.flow.trust import renew, rotate
from service.flow.trust.evidence import evidence
from service.flow.trust.fixity import fixity
from service.flow.trust.orphans import find_orphans
from service.flow.trust.replicate import copy_waiting
from service.flow.upkeep import upkeep
from service.house import House
from service.records import audit
from service.records.tables import AuditEntry, Document, KeyRenewal, ObjectState, Rendition, WrappedKey
from service.settings import load
from tests.conftest import fresh_database
from tests.service.conftest import DIGITAL, OWNER, embedded_env, server_env
from tests.service.test_fixity import another, destroy_file, flipped, put_instead, sealed
from tests.service.test_flow import due_file
from vault.errors import ObjectDamaged, StoreUnavailable
from vault.vault import Vault

WHY = "the key was seen in a core dump"


def names_of(house, document_id: str, *states: str) -> set[str]:
    with house.database.read() as session:
        query = select(Rendition.id).where(Rendition.document_id == document_id)
        return set(session.scalars(query.where(Rendition.state.in_(states)) if states else query))


def wrapped_of(house, document_id: str) -> bytes:
    with house.database.read() as session:
        return session.get_one(WrappedKey, document_id).wrapped


def secret_of(house, document_id: str) -> bytes:
    return house.keys.unwrap(UUID(document_id), wrapped_of(house, document_id)).secret


def original(house, document_id: str) -> bytes:
    return read_rendition(house, OWNER, document_id, "original")[0].read()


def noted(house, document_id: str) -> list[str]:
    with house.database.read() as session:
        query = select(AuditEntry.action).where(
            AuditEntry.subject == f"document:{document_id}", AuditEntry.action.like("keys.%")
        )
        return list(session.scalars(query.order_by(AuditEntry.seq)))


def demand_renewed(
    house, document_id: str, before: set[str], secret: bytes, data: bytes | None = None, *, copies: int = 0
) -> None:
    """Everything of the document opens with another key than before, and what the old one sealed is nowhere."""
    assert secret_of(house, document_id) != secret
    now = names_of(house, document_id)
    assert now == names_of(house, document_id, "kept")
    assert len(now) == len(before)
    assert not now & before
    for store in stores(house).values():
        assert all(store.remains(UUID(name)) == 0 for name in before)
    with house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(KeyRenewal)) == 0
        assert not set(session.scalars(select(ObjectState.name))) & before
    with house.database.read() as session:
        assert audit.verify_all(session).ok
    assert original(house, document_id) == (data or DIGITAL.read_bytes())
    *_, report = fixity(house, OWNER, restart=True)
    assert report.ok, report
    assert not report.unowned
    assert copies == 0 or copy_waiting(house) == copies


def test_everything_is_sealed_anew_and_the_old_key_is_nowhere(office):
    house, document_id = office.house, office.take_in()
    preserve.preserve(house, document_id)
    before, secret, wrapped = (
        names_of(house, document_id),
        secret_of(house, document_id),
        wrapped_of(house, document_id),
    )
    texts = {page: read_rendition(house, OWNER, document_id, "page-image", page)[0].read() for page in (1,)}
    done = renew.renew(house, OWNER, document_id, WHY)
    assert (done.objects, done.removed) == (len(before), True)
    demand_renewed(house, document_id, before, secret)
    assert read_rendition(house, OWNER, document_id, "page-image", 1)[0].read() == texts[1]
    assert noted(house, document_id) == ["keys.renew_begin", "keys.renew", "keys.renew_end"]
    with house.database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "keys.renew")).one()
        assert WHY in entry.detail
        assert entry.actor == OWNER.name
    if house.database.is_sqlite:  # not in a freed page, not in the write-ahead log
        assert all(wrapped not in path.read_bytes() for path in house.settings.home.glob("juanzong.db*"))
    index_document(house, document_id)
    again = renew.renew(house, OWNER, document_id, WHY)  # and once more: names of names
    assert again.objects == len(before)
    assert original(house, document_id) == DIGITAL.read_bytes()


def test_the_replica_has_the_new_objects_and_none_of_the_old(copied):
    house, document_id = copied.house, copied.take_in()
    copy_waiting(house)
    before, secret = names_of(house, document_id), secret_of(house, document_id)
    renew.renew(house, OWNER, document_id, WHY)
    demand_renewed(house, document_id, before, secret, copies=len(before))
    second = stores(house)["replica"]
    assert all(second.remains(UUID(name)) == 1 for name in names_of(house, document_id))


def test_a_replica_that_is_down_keeps_the_old_copies_until_it_is_back(copied, monkeypatch):
    house, document_id = copied.house, copied.take_in()
    copy_waiting(house)
    before, secret = names_of(house, document_id), secret_of(house, document_id)

    def down(*_):
        raise StoreUnavailable("the replica is down")

    with monkeypatch.context() as patch:
        patch.setattr(stores(house)["replica"], "delete", down)
        done = renew.renew(house, OWNER, document_id, WHY)
    assert not done.removed
    assert secret_of(house, document_id) != secret
    assert original(house, document_id) == DIGITAL.read_bytes()
    assert renew.resume(house) == 1
    assert renew.resume(house) == 0
    demand_renewed(house, document_id, before, secret, copies=len(before))


def test_what_was_locked_is_locked_again_and_the_old_is_let_go(office):
    house = office.house
    file_id, document_id = due_file(office)
    holds.place_hold(house, office["archivist"], "诉讼", "案件未结", [file_id])
    lock_waiting(house)
    old = names_of(house, document_id)
    store = stores(house)["store"]
    before = {} if store.locks() else {store.lock_of(UUID(name)) for name in old}
    renew.renew(house, OWNER, document_id, WHY)
    new = names_of(house, document_id)
    assert all(store.remains(UUID(name)) == 0 for name in old)
    if before:
        (lock,) = before
        assert lock.held
        assert lock.until is not None
        assert {store.lock_of(UUID(name)) for name in new} == before
        assert lock_waiting(house) == 0  # nothing is left to be told


POINTS = (
    "_claimed 1",  # begun, nothing done
    "_intended 1+",  # the rows are there
    "put 1",
    "put 1+",  # an object that the database does not know to be whole
    "_note 1+",
    "put 2",
    "_put_into_force 1",  # all is sealed
    "_put_into_force 1+",  # the new key counts
    "delete 1",  # the new key counts, and nothing of the old one has gone
    "delete 2+",
    "_remove 1+",  # all done but the answer
)


def die_in(env: dict[str, str], point: str, document_id: str) -> None:
    """Renew a key in another process, which is killed before (or, with +, after) the nth call of one of its steps."""
    child = os.fork()
    if child == 0:
        try:
            house = build(load(env))
            name, nth = point.rstrip("+").split()
            target = house.vault if name in ("put", "delete") else renew
            real, calls = getattr(target, name), []

            def step(*given, **more):
                calls.append(1)
                if len(calls) == int(nth):
                    if point.endswith("+"):
                        real(*given, **more)
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*given, **more)

            setattr(target, name, step)
            renew.renew(house, OWNER, document_id, WHY)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), point
    assert os.WTERMSIG(status) == signal.SIGKILL, point


def test_killed_at_any_step_the_document_is_readable_and_the_next_sweep_finishes_once(office):
    house = office.house
    (sweep,) = [one for one in upkeep(house) if one.name == "the renewal of keys"]
    for number, point in enumerate(POINTS):
        document_id = another(office, number)
        before, secret, data = names_of(house, document_id), secret_of(house, document_id), original(house, document_id)
        assert len(before) >= 3  # original, text and more
        house.database.dispose()
        die_in(office.env, point, document_id)
        assert original(house, document_id) == data, point
        *_, report = fixity(house, OWNER, restart=True)
        assert (report.damaged, report.missing, report.orphans) == ([], [], 0), point
        sweep.look()
        demand_renewed(house, document_id, before, secret, data)
        assert noted(house, document_id) == ["keys.renew_begin", "keys.renew", "keys.renew_end"], point
        assert renew.resume(house) == 0
        assert noted(house, document_id) == ["keys.renew_begin", "keys.renew", "keys.renew_end"], point


def begin_and_stop(house, document_id: str, monkeypatch) -> None:
    """Leave a renewal in which all is sealed anew and the old key still counts."""

    def stop(*_):
        raise StoreUnavailable("stopped here")

    with monkeypatch.context() as patch:
        patch.setattr(renew, "_put_into_force", stop)
        with pytest.raises(StoreUnavailable):
            renew.renew(house, OWNER, document_id, WHY)
    assert names_of(house, document_id, "renewing")


def test_a_damaged_object_stops_it_and_the_old_key_stays(office):
    house, document_id = office.house, office.take_in()
    before, secret = names_of(house, document_id), secret_of(house, document_id)
    store, victim = house.vault.store, UUID(min(before - {document_id}))
    sound = sealed(store, victim)
    put_instead(store, victim, flipped(sound, len(sound) // 2))
    with pytest.raises(ObjectDamaged):
        renew.renew(house, OWNER, document_id, WHY)
    assert names_of(house, document_id) == before
    assert secret_of(house, document_id) == secret
    assert original(house, document_id) == DIGITAL.read_bytes()
    assert noted(house, document_id) == ["keys.renew_begin", "keys.renew_failed", "keys.renew_end"]
    assert not find_orphans(house)
    put_instead(store, victim, sound)
    renew.renew(house, OWNER, document_id, WHY)
    demand_renewed(house, document_id, before, secret)


def test_a_master_key_that_follows_meanwhile_wraps_the_new_key_too(embedded, monkeypatch):
    from service.bootstrap import open_keys
    from vault.adapters.keyfile import KeyFile

    house, document_id = embedded.house, embedded.take_in()
    before, secret = names_of(house, document_id), secret_of(house, document_id)
    begin_and_stop(house, document_id, monkeypatch)
    assert rotate.rotate(house, OWNER, open_keys(house.settings), KeyFile.create).lost == []
    for old in house.settings.key_file.parent.glob("*.old-*"):
        old.unlink()
    fresh = build(load(embedded.env))
    assert renew.resume(fresh) == 1
    demand_renewed(fresh, document_id, before, secret)
    fresh.database.dispose()


def test_a_destruction_in_the_middle_leaves_neither_key(embedded, monkeypatch):
    house = embedded.house
    file_id, document_id = due_file(embedded)
    begin_and_stop(house, document_id, monkeypatch)
    names = names_of(house, document_id)
    destroy_file(embedded, file_id)
    assert destroy.prove(house, embedded["auditor"], file_id).ok
    with house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(KeyRenewal)) == 0
    assert all(house.vault.remains(UUID(name)) == 0 for name in names)
    assert renew.resume(house) == 0


def _copy(house, document_id):
    with open_rendition(house, OWNER, document_id, "copy") as found:
        return found.stream.read().startswith(b"%PDF")


def _original(house, document_id):
    with open_rendition(house, OWNER, document_id, "original") as found:
        return found.stream.read() == DIGITAL.read_bytes()


def _part(house, document_id):
    with open_rendition(house, OWNER, document_id, "original", part=lambda *_: (5, 900)) as found:
        return found.stream.read() == DIGITAL.read_bytes()[5:900]


def _picture(house, document_id):
    return read_rendition(house, OWNER, document_id, "page-image", 1)[0].read().startswith(b"\xff\xd8")


def _evidence(house, document_id):
    target = io.BytesIO()
    evidence(house, OWNER, document_id, target)
    with zipfile.ZipFile(target) as package:
        return package.read("original.pdf") == DIGITAL.read_bytes()


def _on_disk(house, document_id):
    with original_on_disk(house, document_id) as path:
        return path.read_bytes() == DIGITAL.read_bytes()


READERS = {
    "original": _original,
    "part": _part,
    "picture": _picture,
    "copy": _copy,
    "evidence": _evidence,
    "on disk": _on_disk,
    "words of a page": lambda house, document_id: page_text(house, OWNER, document_id, 1).text != "",
    "search": lambda house, _document_id: find(house, OWNER, "技术服务").hits[0].boxes != (),
    "index": lambda house, document_id: index_documents(house, [document_id]) == [],
}


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_that_looked_before_gets_the_bytes_all_the_same(embedded, monkeypatch, reader):
    """The key is renewed between the look into the database and that into the store; what was found there is gone by then."""
    house, document_id = embedded.house, embedded.take_in()
    before = names_of(house, document_id)
    opened = {name: getattr(Vault, name) for name in ("open", "open_range")}
    once: list[UUID] = []

    def late(way):
        def call(self, name, *more):
            if not once:
                once.append(name)
                renew.renew(house, OWNER, document_id, WHY)
            return opened[way](self, name, *more)

        return call

    for way in opened:
        monkeypatch.setattr(Vault, way, late(way))
    # On SQLite it waits for readers, of whom one waits here for it.
    monkeypatch.setattr(type(house.database), "scrub", lambda _self: None)
    assert READERS[reader](house, document_id)
    assert str(once[0]) in before
    assert not names_of(house, document_id) & before


def test_who_may_not_and_what_cannot_be_renewed(embedded):
    house, document_id = embedded.house, embedded.take_in()
    for login in ("archivist", "auditor", "handler"):
        with pytest.raises(NotAllowed):
            renew.renew(house, embedded[login], document_id, WHY)
    with pytest.raises(NotFound):
        renew.renew(house, OWNER, str(uuid4()), WHY)
    with pytest.raises(RuleRefused, match="reason"):
        renew.renew(house, OWNER, document_id, "  ")
    with house.database.write() as session:
        session.get_one(Document, document_id).status = "reading"
    with pytest.raises(RuleRefused, match="at work"):
        renew.renew(house, OWNER, document_id, WHY)
    assert noted(house, document_id) == []


def test_the_command_renews(embedded, juanzong_here):
    house, document_id = embedded.house, embedded.take_in()
    first = secret_of(house, document_id)
    said = juanzong_here(embedded.env, "keys", "renew", document_id, "--reason", WHY, "--json").stdout
    assert '"removed":true' in said.replace(" ", "")
    second = secret_of(house, document_id)
    assert second != first
    assert juanzong_here(embedded.env, "keys", "renew", document_id, check=2).returncode == 2
    assert juanzong_here(embedded.env, "keys", "renew", str(uuid4()), "--reason", WHY, check=None).returncode != 0


def put_back(env: dict[str, str], juanzong_here, *files: Path) -> House:
    """Restore backups into an empty system, which has the same master key."""
    juanzong_here(env, "restore", *files, "--no-register")
    return build(load(env))


@pytest.fixture
def elsewhere(office, tmp_path, request):
    """The environment of an empty system of the same kind, with the office's master key."""
    home = tmp_path / "elsewhere"
    env = embedded_env(home) if office.house.database.is_sqlite else None
    if env is None:
        with fresh_database(request.getfixturevalue("postgres_server")) as url:
            yield {
                **server_env(home, request),
                "JUANZONG_DATABASE_URL": url,
                "JUANZONG_KEY_FILE": str(office.house.settings.key_file),
            }
    else:
        yield {**env, "JUANZONG_KEY_FILE": str(office.house.settings.key_file)}


def test_an_incremental_backup_has_what_was_sealed_anew(office, elsewhere, tmp_path, juanzong_here):
    house, document_id, other = office.house, office.take_in(), another(office)
    take(house, OWNER, tmp_path / "full")
    renew.renew(house, OWNER, document_id, WHY)
    juanzong_here(office.env, "backup", tmp_path / "more", "--incremental-from", tmp_path / "full")
    again = put_back(elsewhere, juanzong_here, tmp_path / "full", tmp_path / "more")
    assert original(again, document_id) == DIGITAL.read_bytes()
    assert secret_of(again, document_id) == secret_of(house, document_id)
    assert names_of(again, document_id) == names_of(house, document_id)
    assert original(again, other) == original(house, other)
    *_, report = fixity(again, OWNER, restart=True)
    assert report.ok
    again.database.dispose()


def test_a_key_renewed_while_a_backup_is_taken(office, elsewhere, tmp_path, juanzong_here):
    house, document_id = office.house, office.take_in()
    secret, once = secret_of(house, document_id), []

    def tell(_done, _total):
        if not once:
            once.append(renew.renew(house, OWNER, document_id, WHY))

    taken = take(house, OWNER, tmp_path / "full", progress=tell)
    assert once
    assert not taken.missing
    again = put_back(elsewhere, juanzong_here, tmp_path / "full")
    assert secret_of(again, document_id) != secret
    assert original(again, document_id) == DIGITAL.read_bytes()
    again.database.dispose()


def test_a_backup_of_a_renewal_half_done_is_restored_and_finished(
    office, elsewhere, tmp_path, juanzong_here, monkeypatch
):
    house, document_id = office.house, office.take_in()
    before, secret = names_of(house, document_id), secret_of(house, document_id)
    begin_and_stop(house, document_id, monkeypatch)
    take(house, OWNER, tmp_path / "full")
    again = put_back(elsewhere, juanzong_here, tmp_path / "full")
    assert original(again, document_id) == DIGITAL.read_bytes()
    assert renew.resume(again) == 1
    demand_renewed(again, document_id, before, secret)
    again.database.dispose()


def test_the_api_renews_for_administrators_alone(embedded):
    house, document_id = embedded.house, embedded.take_in()
    embedded.hire("keeper", "administrator")
    app = Flask("test")
    app.register_blueprint(blueprint(house))
    client, before = app.test_client(), secret_of(house, document_id)
    for login, status in (("archivist", 403), ("keeper", 200)):
        secret = people.create_token(house, OWNER, login, "test")
        answer = client.post(
            f"/api/v1/documents/{document_id}/key",
            json={"reason": WHY},
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert answer.status_code == status, answer.json
        assert (secret_of(house, document_id) == before) is (status == 403)
    assert answer.json == {"document_id": document_id, "objects": len(names_of(house, document_id)), "removed": True}
