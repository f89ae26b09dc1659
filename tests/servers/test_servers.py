"""Each server that the other tests rely on is the real one, and answers."""

import io
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from elasticsearch import Elasticsearch
from minio import Minio

from tests.servers import plans, programs, shared


@pytest.mark.parametrize("server", ["minio_url", "versity_url"])
def test_an_s3_server_returns_what_was_put(server: str, request: pytest.FixtureRequest) -> None:
    url = urlsplit(request.getfixturevalue(server))
    client = Minio(f"{url.hostname}:{url.port}", url.username, url.password, secure=url.scheme == "s3+https")
    bucket, body = f"try-{uuid4().hex}", os.urandom(70_000)
    client.make_bucket(bucket, object_lock=True)
    first = client.put_object(bucket, "a", io.BytesIO(body), len(body))
    second = client.put_object(bucket, "a", io.BytesIO(b"later"), 5)
    answer = client.get_object(bucket, "a", version_id=first.version_id)
    assert answer.read() == body
    answer.close()
    answer.release_conn()
    versions = list(client.list_objects(bucket, include_version=True))
    assert {version.version_id for version in versions} == {first.version_id, second.version_id}


def test_postgres_gives_each_test_an_empty_database(postgres_url: str) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", "", 1)) as connection:
        (tables,) = connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone() or ()
        assert tables == 0
        connection.execute("create table kept (title text)")
        connection.execute("insert into kept values ('购销合同')")
        assert connection.execute("select length(title) from kept").fetchone() == (4,)
        (version,) = connection.execute("show server_version_num").fetchone() or ()
        assert int(version) >= 150_000


def test_elasticsearch_finds_a_phrase_of_han_characters(elasticsearch_url: str) -> None:
    index = f"try-{uuid4().hex}"
    with Elasticsearch(elasticsearch_url) as client:
        client.index(index=index, id="1", document={"text": "甲方应于三十日内付款"}, refresh=True)
        client.index(index=index, id="2", document={"text": "款付内日十三于应方甲"}, refresh=True)
        answer = client.search(index=index, query={"match_phrase": {"text": "三十日内"}})
        client.indices.delete(index=index)
    assert [hit["_id"] for hit in answer["hits"]["hits"]] == ["1"]


def test_tesseract_has_the_languages(tesseract: Path) -> None:
    answer = subprocess.run([tesseract, "--list-langs"], capture_output=True, text=True, check=True)
    assert {"chi_sim", "chi_tra", "osd"} <= set(answer.stdout.split())


def test_chromium_starts(chromium: Path) -> None:
    answer = subprocess.run([chromium, "--version"], capture_output=True, text=True, check=True)
    assert "Chrom" in answer.stdout


def _wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def _leads_a_group(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def place(versity_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of servers beside the run's own. It asks for `versity_url` because that program must be there."""
    monkeypatch.setenv(shared.PLACE, "")
    monkeypatch.setenv(shared.OWNER, "")
    return shared.open_place(owner=os.getpid())


def test_a_server_dies_with_the_run_that_started_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = subprocess.Popen(["sleep", "300"])
    monkeypatch.setenv(shared.OWNER, str(owner.pid))
    url = urlsplit(shared.url_of("versity"))
    keeper = json.loads((place / "versity.json").read_text())["keeper"]
    owner.kill()
    owner.wait()
    assert _wait_until(lambda: not place.exists()), "the keeper did not clean up"
    assert _wait_until(lambda: not _leads_a_group(keeper))
    assert not plans._answers(f"http://127.0.0.1:{url.port}/health")


def test_a_run_stops_what_it_started(place: Path) -> None:
    url = urlsplit(shared.url_of("versity"))
    assert shared.url_of("versity").endswith(f":{url.port}"), "a second wish starts no second server"
    shared.stop_all(place)
    assert not place.exists()
    assert not plans._answers(f"http://127.0.0.1:{url.port}/health")


def test_a_server_that_does_not_start_shows_its_log(
    place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "go" / "bin"
    broken.mkdir(parents=True)
    program = broken / "versitygw"
    program.write_text("#!/bin/sh\necho the disk is on fire\nexit 7\n")
    program.chmod(0o755)
    monkeypatch.setenv("GOBIN", str(broken))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(shared.Broken, match=r"(?s)status 7.*the disk is on fire"):
        shared.url_of("versity")
    shared.stop_all(place)


def test_a_program_that_is_not_here_is_named(place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("GOBIN", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(programs.Missing, match="versitygw is not installed: run"):
        shared.url_of("versity")
    shared.stop_all(place)
