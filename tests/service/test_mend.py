"""Where the store has an object no more as it was sealed, readers get it from the replica, and it is put back from there."""

import json
import threading
from uuid import UUID

import pytest
from sqlalchemy import select

from service.flow.common.objects import stores
from service.flow.intake.render import open_rendition, read_rendition
from service.flow.trust.mend import mend_noticed
from service.flow.trust.replicate import copy_waiting
from service.flow.upkeep import upkeep
from service.records.tables import AuditEntry, ObjectState
from tests.service.conftest import DIGITAL, OWNER
from tests.service.test_fixity import flipped, put_instead, sealed
from vault.errors import ObjectDamaged, ObjectMissing, StoreUnavailable

DATA = DIGITAL.read_bytes()


def noticed(house, name: UUID) -> str:
    with house.database.read() as session:
        return session.scalar(select(ObjectState.noticed).where(ObjectState.name == str(name))) or ""


def wait_for_notices() -> None:
    """They are written beside the readers."""
    for thread in threading.enumerate():
        if thread.name == "noticed":
            thread.join()


def damages(house) -> list[dict]:
    with house.database.read() as session:
        query = select(AuditEntry.detail).where(AuditEntry.action == "check.damage").order_by(AuditEntry.seq)
        return [json.loads(detail) for detail in session.scalars(query)]


@pytest.mark.parametrize("what", ["missing", "header", "first chunk", "last chunk", "cut", "foreign"])
def test_readers_get_the_sound_bytes_and_it_is_put_back(copied, what):
    house, document_id = copied.house, copied.take_in()
    copy_waiting(house)
    first, name = stores(house)["store"], UUID(document_id)
    sound = sealed(first, name)
    bad = {
        "header": flipped(sound, 60),
        "first chunk": flipped(sound, 200),
        "last chunk": flipped(sound, len(sound) - 1),
        "cut": sound[: len(sound) // 2],
        "foreign": b"JZSEALED" + bytes(300),
    }
    if what == "missing":
        first.delete(name)
    else:
        put_instead(first, name, bad[what])
    word = "missing" if what == "missing" else "damaged"
    assert read_rendition(house, OWNER, document_id, "original")[0].read() == DATA
    with open_rendition(house, OWNER, document_id, "original", part=lambda size, _: (size - 100, size)) as found:
        assert found.stream.read() == DATA[-100:]
    wait_for_notices()
    assert noticed(house, name) == word
    (sweep,) = [one for one in upkeep(house) if one.name == "the mending of what readers met"]
    sweep.look()
    assert noticed(house, name) == ""
    assert sealed(first, name) == sound
    assert [(d["what"], d["repaired"]) for d in damages(house)] == [(word, False), (word, True)]
    assert mend_noticed(house) == 0


def test_without_a_sound_copy_nothing_unproved_is_given_out(copied):
    house, document_id = copied.house, copied.take_in()
    copy_waiting(house)
    name = UUID(document_id)
    bad = flipped(sealed(stores(house)["store"], name), -20)
    for store in stores(house).values():
        put_instead(store, name, bad)
    with pytest.raises(ObjectDamaged):
        read_rendition(house, OWNER, document_id, "original")
    wait_for_notices()
    assert mend_noticed(house) == 0
    assert all(sealed(store, name) == bad for store in stores(house).values())
    for store in stores(house).values():
        store.delete(name)
    with pytest.raises(ObjectMissing):
        read_rendition(house, OWNER, document_id, "original")
    wait_for_notices()
    assert not any(damage["repaired"] for damage in damages(house))


def test_a_store_that_is_down_has_lost_nothing_and_a_replica_that_is_down_hides_no_damage(copied, monkeypatch):
    house, document_id = copied.house, copied.take_in()
    copy_waiting(house)
    places, name = stores(house), UUID(document_id)

    def down(*_):
        raise StoreUnavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(places["store"], "open", down)
        with pytest.raises(StoreUnavailable):
            read_rendition(house, OWNER, document_id, "original")
    put_instead(places["store"], name, flipped(sealed(places["store"], name), 300))
    with monkeypatch.context() as patch:
        patch.setattr(places["replica"], "open", down)
        with pytest.raises(ObjectDamaged):
            read_rendition(house, OWNER, document_id, "original")
    assert damages(house) == []
