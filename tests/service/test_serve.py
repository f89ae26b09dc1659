"""`juanzong serve` and `juanzong worker` as processes: what is uploaded becomes searchable, one signal ends all."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.access import people
from service.bootstrap import build
from service.flow.intake.receive import receive
from service.flow.search.find import find
from service.jobs.queue import attach, open_queue
from service.settings import load
from tests.service.conftest import DIGITAL, OWNER, embedded_env, prepared, server_env

ROOT = Path(__file__).parents[2]


@contextmanager
def running(env: dict[str, str], *args: str):
    process = subprocess.Popen(
        [sys.executable, "-m", "service", *args],
        env={**os.environ, **env},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            said, _ = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said, _ = process.communicate()
            pytest.fail(f"did not stop in time: {said.decode()[-2000:]}")


def patiently(check, seconds: float = 300.0):
    last = time.monotonic() + seconds
    while True:
        try:
            value = check()
        except OSError:
            value = None
        if value:
            return value
        assert time.monotonic() < last, "it did not come about in time"
        time.sleep(0.3)


def _gone(group: int) -> bool:
    """Whether no process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def call(url: str, token: str | None = None, data: bytes | None = None, kind: str = "application/json") -> dict:
    request = urllib.request.Request(url, data=data)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if data is not None:
        request.add_header("Content-Type", kind)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


def _answering(serving: int) -> list[int]:
    """Return the processes below that of `serve` and its web server that answer requests."""
    web = [child for child in _children(serving) if b"gunicorn" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return [child for server in web for child in _children(server)]


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _ask_at_length(base: str, token: str) -> None:
    """A query of 10,000 characters is refused in words, whichever way it comes."""
    with pytest.raises(urllib.error.HTTPError) as long:
        call(f"{base}/api/v1/search?q={'x' * 10_000}", token)
    assert long.value.code == 414
    assert "地址太长" in long.value.read().decode()
    with pytest.raises(urllib.error.HTTPError) as refused:
        call(f"{base}/api/v1/search", token, json.dumps({"q": "违" * 10_000}).encode())
    assert (refused.value.code, json.load(refused.value)["position"]) == (400, 1000)
    assert call(f"{base}/api/v1/search", token, json.dumps({"q": "680000 " * 100}).encode())["total"] == 1


@pytest.mark.slow
def test_serve_takes_in_over_http_and_reads_in_the_background(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**embedded_env(tmp_path / "home"), "JUANZONG_PORT": str(port), "JUANZONG_WEB_PROCESSES": "2"}
    prepared(env)
    house = build(load({**os.environ, **env}))
    people.create_department(house, OWNER, "XS", "销售部")
    people.invite(house, OWNER, "li", "李某", ["handler"])
    token = people.create_token(house, OWNER, "li", "test")
    base = f"http://127.0.0.1:{port}"
    with running(env, "serve") as process:
        patiently(lambda: call(f"{base}/healthz"))
        border = "juanzong-test"
        body = (
            f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'.encode()
            + DIGITAL.read_bytes()
            + f"\r\n--{border}--\r\n".encode()
        )
        kind = f"multipart/form-data; boundary={border}"
        received = call(f"{base}/api/v1/documents", token, body, kind)
        address = f"{base}/api/v1/documents/{received['document_id']}"
        patiently(lambda: call(address, token)["indexed"])
        assert call(f"{base}/api/v1/search?q=680000", token)["total"] == 1
        _ask_at_length(base, token)
        assert len(_answering(process.pid)) == 2
        group = os.getpgid(process.pid)
    patiently(lambda: _gone(group))


@pytest.mark.slow
def test_nothing_goes_on_when_the_one_process_is_killed(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**embedded_env(tmp_path / "home"), "JUANZONG_PORT": str(port)}
    prepared(env)
    with running(env, "serve") as process:
        patiently(lambda: call(f"http://127.0.0.1:{port}/healthz"))
        process.kill()
        process.wait()

        patiently(lambda: _gone(process.pid))


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        env = {**embedded_env(tmp_path / "home"), "JUANZONG_PORT": str(taken.getsockname()[1])}
        prepared(env)
        answer = subprocess.run(
            [sys.executable, "-m", "service", "serve"],
            env={**os.environ, **env}, cwd=ROOT, check=False, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
    assert answer.returncode == 2
    assert len(answer.stderr.splitlines()) == 1
    assert "JUANZONG_PORT" in answer.stderr


@pytest.mark.servers
@pytest.mark.slow
def test_a_worker_alone_joins_a_server_setup(request, tmp_path):
    env = server_env(tmp_path / "home", request)
    prepared(env)
    settings = load({**os.environ, **env})
    house = build(settings)
    queue = open_queue(settings)
    house.hint = attach(queue, lambda: house)
    with running(env, "worker"):
        time.sleep(2)
        receive(house, OWNER, DIGITAL, "a.pdf")
        patiently(lambda: find(house, OWNER, "技术服务").total)
    queue.storage.close()
    house.database.dispose()


def test_a_worker_that_dies_at_once_is_started_less_and_less_often():
    from service.serve import next_pause

    pause, seen = 0.0, []
    for _ in range(7):
        pause = next_pause(pause, lived=pause)
        seen.append(pause)
    assert seen == [1, 2, 4, 8, 16, 30, 30]
    assert next_pause(30, lived=3600) == 1
