"""What goes wrong with an index, and that afterwards it holds what the database has: servers that go, a full disk, damaged files."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from elasticsearch import Elasticsearch
from flask import Flask

from search.errors import IndexUnavailable
from service.api.app import watch
from service.flow.archive.checks import doctor
from service.flow.common import index as index_flow
from service.flow.common.index import index_documents, index_soon, reindex
from service.flow.intake import process as process_flow
from service.flow.intake.process import process
from service.flow.intake.receive import receive
from service.flow.search.find import find
from service.records.tables import Document
from tests.contract.faulty import Faults, line
from tests.servers.own import Own
from tests.service.conftest import OWNER, SCANS, Office, embedded_env, open_office
from tests.service.test_find_orders import copies

COPIES = 12


class Line(NamedTuple):
    office: Office
    faults: Faults


@pytest.fixture
def distant(tmp_path: Path, elasticsearch_url: str) -> Iterator[Line]:
    """An office whose Elasticsearch is at the end of a line on which things go wrong."""
    far = elasticsearch_url.replace("://", "://nobody:nothing@")  # a server without accounts looks at none
    with line(f"{far}/faults-{uuid4().hex[:12]}") as (url, faults):
        office = open_office({**embedded_env(tmp_path / "home"), "JUANZONG_SEARCH": url})
        yield Line(office, faults)
        faults.end()
        for name in office.house.index._behind():  # type: ignore[attr-defined] # this engine's alone
            office.house.index._client.indices.delete(index=name)  # type: ignore[attr-defined] # this engine's alone
        office.house.database.dispose()


def agree(office: Office, expected: int) -> None:
    """Hold the index against the database, and count what is found."""
    report = doctor(office.house, OWNER)
    assert report.ok, report
    assert len(list(office.house.index.documents())) == expected
    assert find(office.house, OWNER, "钢材").total == expected - 1


def title_all(office: Office, ids: list[str], title: str) -> None:
    with office.house.database.write() as session:
        for document_id in ids:
            document = session.get_one(Document, document_id)
            document.title, document.indexed = title, False


@pytest.mark.parametrize("trouble", ["down", "deaf"])
def test_a_server_that_goes_during_a_bulk_gets_it_when_it_is_back(distant: Line, trouble: str) -> None:
    office, faults = distant
    made = copies(office, COPIES)
    title_all(office, made, "钢材改")
    faults.begin(trouble, after=1)  # `deaf`: what was sent is done, and nobody hears of it
    with pytest.raises(IndexUnavailable):
        index_documents(office.house, made)
    assert faults.met
    index_soon(office.house, made)  # whoever changes something goes on
    faults.end()
    assert set(doctor(office.house, OWNER).waiting) == set(made)
    doctor(office.house, OWNER, repair=True)
    agree(office, COPIES + 1)
    assert find(office.house, OWNER, "钢材改").total == COPIES


def test_a_server_that_goes_during_a_search_says_so_and_intake_goes_on(distant: Line) -> None:
    office, faults = distant
    copies(office, COPIES)
    faults.begin("down")
    with pytest.raises(IndexUnavailable, match="cannot be reached"):
        find(office.house, OWNER, "钢材")
    other = receive(office.house, office["handler"], SCANS / "contract-mixed.pdf", "b.pdf").document_id
    with pytest.raises(IndexUnavailable):
        process(office.house, other)
    faults.end()
    with office.house.database.read() as session:
        assert session.get_one(Document, other).status in ("stored", "needs_review")  # read, and only not findable yet
    process_flow.process_waiting(office.house)
    assert find(office.house, OWNER, "产品销售框架合同").hits[0].document_id == other
    assert doctor(office.house, OWNER).ok


def test_a_server_that_goes_during_a_rebuild_answers_as_before_and_the_rebuild_goes_on(
    distant: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, faults = distant
    made = copies(office, COPIES)
    monkeypatch.setattr(index_flow, "_BATCH", 5)
    monkeypatch.setattr(index_flow, "_PAGES", 5)
    steps = reindex(office.house, [])
    next(steps)
    faults.begin("down", after=1)
    with pytest.raises(IndexUnavailable):
        list(steps)
    faults.end()
    assert find(office.house, OWNER, "钢材").total == COPIES
    assert office.house.index.begun()
    standing = set(dict(office.house.index.filled()))
    assert 5 <= len(standing) < COPIES + 1
    written: list[str] = []
    fill = office.house.index.fill
    monkeypatch.setattr(office.house.index, "fill", lambda some: (written.extend(some), fill(some)))
    list(reindex(office.house, []))
    assert not standing & set(written)
    assert {*standing, *written} >= set(made)
    agree(office, COPIES + 1)


@contextmanager
def flooded(server: str, index: str) -> Iterator[None]:
    """Let a server believe that its disk is full, and lock its index by itself; then that there is room, and wait until it unlocks it."""
    disk = "cluster.routing.allocation.disk."
    marks = {
        f"{disk}watermark.{name}": size for name, size in (("low", "90pb"), ("high", "80pb"), ("flood_stage", "70pb"))
    }
    full = {f"{disk}threshold_enabled": True, **marks}
    with Elasticsearch(server, request_timeout=60) as client:

        def wait_for(locked: bool) -> None:
            until = time.monotonic() + 120
            while locked != any(
                "blocks" in one["settings"]["index"] for one in client.indices.get_settings(index=index).body.values()
            ):
                assert time.monotonic() < until, "the server neither locks its index nor unlocks it"
                time.sleep(0.2)

        client.cluster.put_settings(persistent=full)
        wait_for(locked=True)
        yield
        client.cluster.put_settings(persistent=dict.fromkeys([*marks, f"{disk}threshold_enabled"]))
        wait_for(locked=False)


def test_a_server_whose_disk_is_full_answers_takes_nothing_and_catches_up(
    tmp_path: Path, own_elasticsearch: Own
) -> None:
    where = f"flood-{uuid4().hex[:12]}"
    office = open_office({**embedded_env(tmp_path / "home"), "JUANZONG_SEARCH": f"{own_elasticsearch.url}/{where}"})
    made = copies(office, COPIES)
    with flooded(own_elasticsearch.url, f"{where}-*"):
        title_all(office, made, "钢材改")
        with pytest.raises(IndexUnavailable, match="disks are full"):
            index_documents(office.house, made)
        with pytest.raises(IndexUnavailable, match="disks are full"):
            office.house.index.remove(made[0])  # it cannot even forget: whoever destroys is told, and tries again
        index_soon(office.house, made)  # whoever changes something goes on
        assert find(office.house, OWNER, "钢材").total == COPIES
        assert find(office.house, OWNER, "钢材改").total == 0
        other = receive(office.house, office["handler"], SCANS / "contract-mixed.pdf", "b.pdf").document_id
        with pytest.raises(IndexUnavailable):  # read all the same
            process(office.house, other)
    process_flow.process_waiting(office.house)
    doctor(office.house, OWNER, repair=True)
    assert doctor(office.house, OWNER).ok
    assert len(list(office.house.index.documents())) == COPIES + 2
    assert find(office.house, OWNER, "钢材改").total == COPIES
    assert find(office.house, OWNER, "产品销售框架合同").hits[0].document_id == other
    office.house.database.dispose()


def test_a_server_killed_amid_bulk_search_and_rebuild_has_everything_when_it_is_back(
    tmp_path: Path, own_elasticsearch: Own, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_flow, "_BATCH", 5)
    monkeypatch.setattr(index_flow, "_PAGES", 5)
    office = open_office({**embedded_env(tmp_path / "home"), "JUANZONG_SEARCH": f"{own_elasticsearch.url}/killed"})
    made = copies(office, COPIES)
    next(reindex(office.house, []))
    title_all(office, made, "钢材改")
    some = index_flow._entries(office.house, made[:5], [])
    told: list[str] = []

    def until_it_is_gone(act: Callable[[], object], under_way: Event) -> None:
        try:
            while True:
                act()
                under_way.set()
        except IndexUnavailable as error:
            told.append(str(error))

    acts: tuple[Callable[[], object], ...] = (
        lambda: find(office.house, OWNER, "钢材"),
        lambda: index_documents(office.house, made),
        lambda: office.house.index.fill(some),
    )
    under_way = [(Event(), act) for act in acts]
    busy = [Thread(target=until_it_is_gone, args=(act, event), daemon=True) for event, act in under_way]
    for one in busy:
        one.start()
    assert all(event.wait(120) for event, _ in under_way)
    own_elasticsearch.kill()
    for one in busy:
        one.join(120)
    assert len(told) == len(acts), told
    app = Flask("test")
    app.register_blueprint(watch(office.house))
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (
        503,
        {"status": "degraded", "database": "ok", "objects": "ok", "search": "down"},
    )
    title_all(office, made, "钢材再改")
    index_soon(office.house, made)  # whoever changes something goes on
    own_elasticsearch.start()
    assert find(office.house, OWNER, "钢材").total == COPIES
    assert office.house.index.begun()
    list(reindex(office.house, []))
    doctor(office.house, OWNER, repair=True)
    agree(office, COPIES + 1)
    assert find(office.house, OWNER, "钢材再改").total == COPIES
    office.house.database.dispose()


def test_a_full_disk_loses_no_entry(tmp_path: Path) -> None:
    small = tmp_path / "index"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", small]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root mounts a small disk")
    office = open_office({**embedded_env(tmp_path / "home"), "JUANZONG_SEARCH": f"tantivy://{small}/files"})
    try:
        made = copies(office, COPIES)
        room = os.statvfs(small)
        (small / "ballast").write_bytes(bytes(room.f_bavail * room.f_bsize))
        title_all(office, made, "钢材改")
        with pytest.raises(IndexUnavailable):
            index_documents(office.house, made)
        with pytest.raises(IndexUnavailable):
            list(reindex(office.house, []))
        assert find(office.house, OWNER, "钢材").total == COPIES  # what stood there before
        subprocess.run(["mount", "-o", "remount,size=16m", small], check=True)
        doctor(office.house, OWNER, repair=True)
        list(reindex(office.house, []))
        agree(office, COPIES + 1)
        assert find(office.house, OWNER, "钢材改").total == COPIES
    finally:
        office.house.database.dispose()
        subprocess.run(["umount", "-l", small], check=True)


def test_a_damaged_index_is_said_and_repaired_from_database_and_vault(embedded: Office, juanzong_here) -> None:
    copies(embedded, COPIES)
    (files,) = [one for one in (embedded.house.settings.home / "index").iterdir() if one.is_dir()]
    for part in files.glob("*.term"):
        part.write_bytes(part.read_bytes()[:20])
    with pytest.raises(IndexUnavailable, match="juanzong reindex"):
        find(embedded.house, OWNER, "钢材")
    other = receive(embedded.house, embedded["handler"], SCANS / "contract-mixed.pdf", "b.pdf").document_id
    with pytest.raises(IndexUnavailable):  # read all the same
        process(embedded.house, other)
    told = juanzong_here(embedded.env, "doctor", check=None)
    assert told.returncode != 0
    assert "juanzong reindex" in told.stderr + told.stdout
    juanzong_here(embedded.env, "doctor", "--repair")
    assert doctor(embedded.house, OWNER).ok
    assert len(list(embedded.house.index.documents())) == COPIES + 2
    assert find(embedded.house, OWNER, "钢材").total == COPIES
    assert find(embedded.house, OWNER, "产品销售框架合同").hits[0].document_id == other


def test_what_was_read_is_found_within_two_seconds(embedded: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    copies(embedded, 60)  # into an index that holds something already
    document_id = receive(embedded.house, embedded["handler"], SCANS / "contract-mixed.pdf", "b.pdf").document_id
    finish, ended = process_flow._finish, []

    def told(*args: Any) -> bool:
        ended.append(time.process_time())  # of this process alone: a busy machine fails nothing
        return finish(*args)

    monkeypatch.setattr(process_flow, "_finish", told)
    process(embedded.house, document_id)
    found = find(embedded.house, OWNER, "产品销售框架合同")
    assert [hit.document_id for hit in found.hits] == [document_id]
    assert time.process_time() - ended[0] <= 2
