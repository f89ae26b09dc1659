"""A destruction as a long run (RULES Part B): begun by a person, carried on by whoever lives, seen while it goes on, never given up."""

import json
import os
import socket
from io import BytesIO
from uuid import UUID

import pytest
from sqlalchemy import func, select

from service.access import people
from service.errors import DatabaseUnavailable, NotFound
from service.flow.archive import destroy, reviews
from service.flow.common import claims, long_runs
from service.records import database
from service.records.database import Database
from service.records.tables import AuditEntry, Delivery, LongRun, Stub
from tests.service.conftest import OWNER
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_destruction_steps import proposed, say
from tests.service.web.conftest import open_site
from tools.bench_destruction import APPROVER, EXECUTED, PROPOSED, SUPERVISORS, plant
from vault.errors import StoreUnavailable


@pytest.fixture
def ready(embedded):
    """A review of two files of which only the destruction is still to be done."""
    house = embedded.house
    house.clock.move_to(PROPOSED)
    folder = house.settings.home
    files = [plant(house, embedded["handler"], embedded.department_id, n, folder)[0] for n in (1, 2)]
    review_id = proposed(embedded, files)
    say(embedded, review_id, files)
    reviews.approve(house, embedded[APPROVER], review_id)
    house.clock.move_to(EXECUTED)
    for name in SUPERVISORS:
        reviews.supervise(house, embedded[name], review_id)
    return embedded, review_id


def run_of(house):
    with house.database.read() as session:
        return session.scalars(select(LongRun)).one()


def held_by(house, name):
    with house.database.write() as session:
        run = session.scalars(select(LongRun)).one()
        run.state, run.held_by, run.next_at = "running", name, house.clock.now() + long_runs.LEASE


def test_what_is_begun_is_carried_on_by_a_worker_in_the_name_of_who_began_it(ready, client, headers, monkeypatch):  # noqa: F811
    office, review_id = ready
    house, address = office.house, f"/api/v1/destructions/{review_id}/execution"
    begun = client.post(address, headers=headers("archivist"))
    assert (begun.status_code, begun.json["progress"]) == (202, address)
    assert [begun.json[name] for name in ("state", "step", "finished", "remaining")] == ["executing", None, 0, 2]
    monkeypatch.setattr(long_runs, "SAY_EVERY", 0.0)
    seen, real = [], long_runs.Progress.__call__

    def watched(progress, done, total):
        real(progress, done, total)
        now = client.get(address, headers=headers("archivist")).json
        seen.append((now["step"], now["done"], now["total"], now["remaining"]))

    monkeypatch.setattr(long_runs.Progress, "__call__", watched)
    assert destroy.resume(house, soon=False) == 1
    assert list(dict.fromkeys(step for step, *_ in seen)) == list(destroy.STEPS)
    assert [line[1:] for line in seen if line[0] == "proof"] == [(0, 2, 2), (1, 2, 1), (2, 2, 0)]
    after = client.get(address, headers=headers("archivist")).json
    assert [after[name] for name in ("state", "step", "remaining")] == ["executed", None, 0]
    assert run_of(house).state == "done"
    with house.database.read() as session:
        by = session.scalars(select(AuditEntry.actor).where(AuditEntry.action == "file.destroyed"))
        assert list(by) == ["person:archivist"] * 2
    assert destroy.resume(house) == 0


def test_a_living_worker_is_left_alone_and_a_dead_one_is_replaced_at_once(ready):
    office, review_id = ready
    house = office.house
    destroy.begin(house, office["archivist"], review_id)
    host = socket.gethostname()
    held_by(house, f"{host}:{os.getppid()}:{claims._started(os.getppid())}:1")
    assert (destroy.resume(house), destroy.carry_on(house, review_id)) == (0, False)
    held_by(house, f"elsewhere:{os.getppid()}:1:1")
    assert destroy.resume(house) == 0
    held_by(house, f"{host}:{os.getppid()}:no such start:1")
    assert destroy.resume(house) == 1


def test_who_lost_a_run_to_another_leaves_it_to_them(ready, monkeypatch):
    office, review_id = ready
    house = office.house
    monkeypatch.setattr(long_runs, "SAY_EVERY", 0.0)
    real = destroy.remove_objects

    def overtaken(house, file_id):
        real(house, file_id)
        held_by(house, "elsewhere:1:1:1")

    with monkeypatch.context() as patch:
        patch.setattr(destroy, "remove_objects", overtaken)
        destroy.execute(house, office["archivist"], review_id)
    assert (run_of(house).held_by, run_of(house).failures) == ("elsewhere:1:1:1", 0)
    assert reviews.get_review(house, OWNER, review_id).review.state == "executing"
    held_by(house, claims.me())
    assert destroy.resume(house) == 1


def test_it_is_never_given_up_nor_stopped_and_who_began_it_is_told_once(ready, monkeypatch):
    office, review_id = ready
    house = office.house
    destroy.begin(house, office["archivist"], review_id)

    def down(*_args):
        raise StoreUnavailable("the store does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(house.vault, "delete", down)
        patch.setattr(house.vault.store, "check", down)
        for _ in range(long_runs.MOST_ATTEMPTS + 1):
            assert destroy.resume(house) == 0
        assert destroy.resume(house, soon=False) == 0  # its time has not come
        assert run_of(house).failures == long_runs.MOST_ATTEMPTS + 1
    with house.database.read() as session:
        (told,) = session.scalars(select(Delivery).where(Delivery.event == "run.failed"))
    assert (told.person_id, told.content["path"]) == (office["archivist"].person_id, f"/reviews/{review_id}")
    assert destroy.carried(house, OWNER, review_id).why == "the store does not answer"
    assert long_runs.list_runs(house, OWNER) == []
    with pytest.raises(NotFound):
        long_runs.stop(house, OWNER, run_of(house).id)
    page = open_site(office).signed_in("archivist").get(f"/reviews/{review_id}").text
    assert 'http-equiv="refresh"' in page
    assert "暂时做不下去" in page
    assert "已办完 0 / 2 卷，还剩 2 卷" in page
    assert destroy.resume(house) == 1
    assert 'http-equiv="refresh"' not in open_site(office).signed_in("archivist").get(f"/reviews/{review_id}").text


def test_the_command_carries_out_what_nobody_does(ready, juanzong_here):
    office, review_id = ready
    env = {**office.env, "JUANZONG_TODAY": EXECUTED.isoformat()}
    said = juanzong_here(env, "review", "execute", review_id, "--yes", "--json").stdout
    assert [json.loads(line)["outcome"] for line in said.splitlines()] == ["destroyed"] * 2
    assert run_of(office.house).state == "done"


def test_what_the_log_of_the_database_still_holds_is_not_destroyed_yet(ready, monkeypatch):
    """SQLite: somebody who reads what was there before keeps the deleted rows in the write-ahead log."""
    office, review_id = ready
    house = office.house
    monkeypatch.setattr(database, "BUSY_MS", 50)
    short = Database(str(house.database.url), house.database._info["audit_key"])
    monkeypatch.setattr(house, "database", short)
    with short.read() as reading:
        reading.scalars(select(AuditEntry.seq)).first()
        with pytest.raises(DatabaseUnavailable, match="write-ahead log still"):
            destroy.execute(house, office["archivist"], review_id)
    view = reviews.get_review(house, OWNER, review_id)
    assert view.review.state == "executing"
    assert {item.outcome for item in view.files} == {""}
    assert "系统会自动再试" in view.files[0].why.zh
    assert destroy.resume(house) == 1
    short.dispose()


def test_a_review_that_an_earlier_release_began_is_carried_on(ready):
    office, review_id = ready
    house = office.house
    destroy.begin(house, office["archivist"], review_id)
    with house.database.write() as session:
        session.delete(session.scalars(select(LongRun)).one())
    assert destroy.resume(house) == 1


def test_a_finished_review_shows_what_was_proved_then_and_looks_again_when_asked(ready):
    office, review_id = ready
    house = office.house
    destroy.execute(house, office["archivist"], review_id)
    archivist, path = open_site(office).signed_in("archivist"), f"/reviews/{review_id}"
    with house.database.read() as session:
        stubs = {stub.case_file_id: stub for stub in session.scalars(select(Stub))}
    found = destroy.proofs(house, office["archivist"], list(stubs))
    assert {file_id: (vars(one.proof), one.at) for file_id, one in found.items()} == {
        file_id: ({name: stub.proof[name] for name in stub.proof if name != "ok"}, stub.destroyed_at)
        for file_id, stub in stubs.items()
    }

    def looks() -> int:
        with house.database.read() as session:
            return session.scalar(select(func.count()).where(AuditEntry.action == "file.prove")) or 0

    left = UUID(next(iter(stubs.values())).documents["documents"][0]["objects"][0])
    house.vault.store.put(left, BytesIO(b"left over"))
    then = archivist.get(path).text
    assert (then.count("已清除干净"), then.count("还有残留"), looks()) == (2, 0, 0)
    now = archivist.post(f"{path}/prove", {})
    assert (now.status_code, now.text.count("已清除干净"), now.text.count("还有残留"), looks()) == (200, 1, 1, 2)
    assert ("刚才的验证" in now.text, "刚才的验证" in then) == (True, False)
    house.vault.delete(left)
    # Of another department nobody reads what is left of it.
    other = people.create_department(house, OWNER, "CG", "采购部")
    stranger = office.hire("stranger", "department_head", department_id=other.id)
    assert destroy.proofs(house, stranger, list(stubs)) == {}
