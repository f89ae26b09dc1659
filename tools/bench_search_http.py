"""The part of `tools.bench_search` that asks over HTTP: a real archive, the program's own web server, and clients as people are.

Asked is the index that was just measured. In the database and the vault of the archive stand the documents that the answers show,
each with the text of a page of the size of theirs, every character with its place: what an answer costs beyond the engine.
"""

import io
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import insert

from intake.codec import to_json
from intake.model import Line, PageText, Word
from search.model import Hit, Reader
from search.syntax import parse
from service.access import people
from service.access.papers import KINDS, PaperGiven
from service.access.policy import Actor, reader_tokens
from service.bootstrap import build, prepare
from service.house import House
from service.records.tables import Department, Document, Rendition, WrappedKey, new_id
from service.settings import load

CLIENTS = 16
LIMIT_MS = 100
PAUSE_SECONDS = 1.0  # in which a person looks at an answer before asking again
_ROUNDS = 15
_OWNER = Actor("cli:bench", owner=True)
_LOGIN = "bench"


def measure_http(folder: Path, url: str, asked: Sequence[str], texts: Sequence[str], department: str) -> dict[str, Any]:
    """Ask as `CLIENTS` people of a department; returns the figures. asked: queries; texts: of pages; folder: for the archive."""
    env = {"JUANZONG_HOME": str(folder), "JUANZONG_MODE": "test", "JUANZONG_SEARCH": url}
    settings = load(env)
    prepare(settings)
    house = build(settings)
    try:
        token, actor = _handler(house, department)
        shown = _shown(house, actor, asked)
        _keep(house, shown, texts, actor)
    finally:
        house.database.dispose()
    with socket.create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
    command = [sys.executable, "-m", "service", "serve", "--no-worker"]
    env |= {"JUANZONG_HOST": "127.0.0.1", "JUANZONG_PORT": str(port)}
    server = subprocess.Popen(command, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        paths = [f"/api/v1/search?q={quote(text)}" for text in asked]
        _all_ask(port, token, paths, 2, 0.0)  # the first requests load what is loaded lazily
        paced = _all_ask(port, token, paths, _ROUNDS, PAUSE_SECONDS)
        began = time.perf_counter()
        pressed = _all_ask(port, token, paths, _ROUNDS, 0.0)
        rate = len(pressed) / (time.perf_counter() - began)
    finally:
        server.terminate()
        server.wait(timeout=30)
    return {
        "clients": CLIENTS,
        "pause_s": PAUSE_SECONDS,
        "requests": len(paced),
        "p50_ms": round(statistics.median(paced), 1),
        "p95_ms": round(statistics.quantiles(paced, n=20)[18], 1),
        "limit_ms": LIMIT_MS,
        "without_a_pause_p95_ms": round(statistics.quantiles(pressed, n=20)[18], 1),
        "without_a_pause_requests_per_s": round(rate, 1),
    }


def _handler(house: House, department: str) -> tuple[str, Actor]:
    """Make a person of a department; returns their token and what they may."""
    with house.database.write() as session:
        session.add(Department(id=department, code=department.upper(), name=department, created_at=house.clock.now()))
    papers = [PaperGiven(kind, house.clock.today(), None, "bench") for kind in KINDS]
    people.invite(house, _OWNER, _LOGIN, "测量", ["operator"], department, "internal", papers)
    token = people.create_token(house, _OWNER, _LOGIN, "bench")
    return token, people.actor_of_token(house, token)


def _shown(house: House, actor: Actor, asked: Sequence[str]) -> dict[str, Hit]:
    reader = Reader(reader_tokens(actor))
    return {hit.document: hit for text in asked for hit in house.index.search(parse(text), reader).hits}


def _keep(house: House, shown: dict[str, Hit], texts: Sequence[str], actor: Actor) -> None:
    """Put what the answers show into the database and the vault."""
    rng, now = random.Random(7), house.clock.now()
    documents: list[dict[str, Any]] = []
    keys: list[dict[str, Any]] = []
    pages: list[dict[str, Any]] = []
    for name, hit in shown.items():
        documents.append(
            {"id": name, "sha256": name.replace("-", "").ljust(64, "0"), "filename": "a.pdf", "size": 1, "pages": 1}
            | {"media_type": "application/pdf", "pages_read": 1, "status": "stored", "indexed": True}
            | {"title": hit.title, "category": hit.category, "tier": hit.tier, "department_id": actor.department_id}
            | {"received_by": actor.name, "received_at": now}
        )
        key, wrapped = house.keys.new(UUID(name))
        keys.append({"document_id": name, "wrapped": wrapped, "master_key_id": house.keys.key_id})
        text = new_id()
        house.vault.put(UUID(text), key, io.BytesIO(to_json(_page(rng.choice(texts)))))
        pages.append({"id": text, "document_id": name, "kind": "page-text", "page": 1, "state": "kept"})
        pages[-1]["media_type"] = "application/json"
    with house.database.write() as session:
        if documents:
            session.execute(insert(Document), documents)
            session.execute(insert(WrappedKey), keys)
            session.execute(insert(Rendition), pages)


def _page(text: str) -> PageText:
    lines = []
    for row, line in enumerate(text.split("\n")):
        top = 100 + 60 * row
        words = tuple(Word(at, char, (50 * at, top, 50 * at + 48, top + 50), 0.98) for at, char in enumerate(line))
        lines.append(Line(line, (0, top, 50 * len(line), top + 50), 0.98, words))
    return PageText(1, 2480, 3508, 0, "rapidocr", tuple(lines))


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def _all_ask(port: int, token: str, paths: Sequence[str], rounds: int, pause: float) -> list[float]:
    """Let all clients ask `rounds` times; returns the milliseconds of every answer."""

    def ask(number: int) -> list[float]:
        rng, taken = random.Random(number), []
        line = HTTPConnection("127.0.0.1", port, timeout=60)
        for _ in range(rounds):
            if pause:
                line.close()  # the server would, sooner than people ask again; the next request opens it anew
                time.sleep(rng.random() * 2 * pause)
            began = time.perf_counter()
            line.request("GET", rng.choice(paths), headers={"Authorization": f"Bearer {token}"})
            answer = line.getresponse()
            said = answer.read()
            taken.append((time.perf_counter() - began) * 1000)
            if answer.status != 200 or "hits" not in json.loads(said):
                raise RuntimeError(f"{answer.status}: {said[:200]!r}")
        line.close()
        return taken

    with ThreadPoolExecutor(CLIENTS) as clients:
        return [one for many in clients.map(ask, range(CLIENTS)) for one in many]
