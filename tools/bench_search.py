"""Measure search on generated pages: how fast they are indexed, how much room and memory that takes, how long queries take.

python -m tools.bench_search [--pages N [N ...]] [--most-pages N] [--queries N] [--engine tantivy|elasticsearch] [--url URL] [--no-http]

One size after the other: `--pages 100000 1000000` is both that figures are wanted of. Prints one JSON object per line; those with a
limit say it. The embedded engine is measured in a temporary directory (TMPDIR says where). --engine elasticsearch starts the server
of the tests for itself, --url measures one that runs; its index is emptied first and dropped afterwards: name a prefix of its own
(http://host:9200/bench). Times count what happens in the index, not the making of pages. Memory is what the process holds; the
pages of the index's files that it has mapped are the system's cache, given back whenever memory is asked for, and counted apart.
What a server takes besides is its own account of it: processor time, and the most that stood in the old part of its heap. Queries
are asked of an index that was merged.
"""

import argparse
import json
import os
import pickle
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from elasticsearch import Elasticsearch

from search.adapters import open_index
from search.adapters.elasticsearch import ElasticsearchIndex
from search.model import IndexedPage, Reader
from search.ports import SearchIndex
from search.syntax import parse
from tools.business_text import amount, company, contract_number, page, title

_BATCH = 30_000  # pages; as large as the batches of `juanzong reindex` are
_KEPT = 2000  # pages whose text queries are made of
_DEPARTMENTS = 12
_CUSTOMERS = 20_000
_CATEGORIES = ("1.1", "1.2", "1.4", "1.7", "1.9", "1.9", "1.9", "1.10", "1.11", "5.2", "5.10")
# A handler sees one department of twelve, as far as the clearance goes; whoever sees all departments has more to count.
_HANDLER = Reader(frozenset(f"{tier}/{what}" for tier in ("public", "internal") for what in ("d3", "by/person:wang")))
_ARCHIVIST = Reader(frozenset({"public/*", "internal/*"}))
_LIMITS = {
    "TantivyGenerations": {"pages_per_s": 3000, "p95_ms": 20},
    "ElasticsearchIndex": {"pages_per_s": 2000, "p95_ms": 60},
}
_PHRASES = "phrase of 4 to 12"
_MOST_MIB, _MOST_SIZE = 1024, 3.0
_LAG_SECONDS, _COUNTED_SECONDS = 35, 12

_COLD = """
import sys, time
began = time.perf_counter()
from search.adapters import open_index
from search.model import Reader
from search.syntax import parse
open_index(sys.argv[1]).search(parse("合同 付款"), Reader(None))
print(time.perf_counter() - began)
"""


def documents(rng: random.Random, pages: int, customers: list[str], most: int = 1) -> dict[str, list[IndexedPage]]:
    """Return documents with the metadata that documents have, `pages` in all, each of one page to `most`."""
    found: dict[str, list[IndexedPage]] = {}
    left = pages
    while left:
        name = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        first = _document(rng, name, customers)
        length = min(rng.randint(1, most), left)
        found[name] = [first, *(replace(first, page=number, text=page(rng)) for number in range(2, length + 1))]
        left -= length
    return found


def _document(rng: random.Random, name: str, customers: list[str]) -> IndexedPage:
    number, customer = contract_number(rng), customers[int(rng.random() ** 2 * len(customers))]
    tier = "internal" if rng.random() < 0.7 else rng.choice(["public", "secret"])
    department = rng.randrange(_DEPARTMENTS)
    day = f"{rng.randint(2012, 2026)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    return IndexedPage(
        name,
        1,
        page(rng),
        title=title(rng),
        category=rng.choice(_CATEGORIES),
        kind="contract",
        customer=customer,
        department=f"业务{department}部",
        status=rng.choice(["stored", "archived", "archived", "needs_review"]),
        tier=tier,
        contract_number=number,
        numbers=(number,),
        fields={"party_b": customer, "amount": amount(rng), "signed_on": day},
        received_on=day,
        access=(
            *(f"{tier}/*", f"{tier}/d{department}", f"{tier}/document:{name}"),
            *(f"{tier}/file:{number}", f"{tier}/by/person:p{rng.randrange(40)}"),
        ),
        stamp=name[:16],
    )


def report(**figures: object) -> None:
    print(json.dumps(figures, ensure_ascii=False), flush=True)


def index_pages(
    index: SearchIndex, place: Path, rng: random.Random, pages: int, most: int
) -> tuple[list[str], int, float, float]:
    """Index the corpus batch by batch (`place`: where it waits; `most`: pages of a document); return some of its texts, the bytes of all, the seconds and the processor seconds it took."""
    kept: list[str] = []
    customers = [company(rng) for _ in range(_CUSTOMERS)]
    size, spent, worked = 0, 0.0, 0.0
    # Made beforehand: nothing of the index's work shall be done behind the making of the next batch.
    for start in range(0, pages, _BATCH):
        batch = documents(rng, min(_BATCH, pages - start), customers, most)
        texts = [one.text for many in batch.values() for one in many]
        size += sum(len(text.encode()) for text in texts)
        kept += texts[: max(_KEPT * _BATCH // max(pages, _BATCH), 1)]
        (place / f"{start}.pickle").write_bytes(pickle.dumps(batch, pickle.HIGHEST_PROTOCOL))
    index.begin()
    for start in range(0, pages, _BATCH):
        file = place / f"{start}.pickle"
        batch = pickle.loads(file.read_bytes())
        file.unlink()
        began, work = time.perf_counter(), time.process_time()
        index.fill(batch)
        spent, worked = spent + time.perf_counter() - began, worked + time.process_time() - work
        if start and start % 100_000 == 0:
            print(f"# {start} pages, {start / spent:.0f} a second", file=sys.stderr, flush=True)
    began, work = time.perf_counter(), time.process_time()
    index.finish()
    return kept, size, spent + time.perf_counter() - began, worked + time.process_time() - work


def queries(rng: random.Random, texts: list[str], count: int) -> dict[str, list[str]]:
    """Return `count` queries of each kind."""

    def part(least: int, most: int) -> str:
        text = rng.choice(texts).replace("\n", "").replace('"', "")
        start = rng.randrange(len(text) - most)
        return text[start : start + rng.randint(least, most)].strip() or "合同"

    return {
        _PHRASES: [f'"{part(4, 12)}"' for _ in range(count)],
        "pair": [f'"{part(2, 2)}"' for _ in range(count)],
        "one common character": [rng.choice("的应方合同付日年款货") for _ in range(count)],
        "two words, one not": [f'"{part(2, 3)}" "{part(2, 3)}" -"{part(2, 3)}"' for _ in range(count)],
        "number without separators": [contract_number(rng).replace("-", "").lower() for _ in range(count)],
        "customer": [f"customer:{company(rng)[:6]}" for _ in range(count)],
    }


class Server:
    """The cluster behind an index, by its own account; nothing where the engine is part of this process."""

    def __init__(self, url: str) -> None:
        self._client = Elasticsearch(urlunsplit((*urlsplit(url)[:2], "", "", ""))) if url.startswith("http") else None

    def seconds(self) -> float:
        """Return the processor seconds used so far."""
        return sum(node["process"]["cpu"]["total_in_millis"] for node in self._nodes("process")) / 1000

    def heap_mib(self) -> tuple[int, int]:
        """Return the most that stood in the old part of the heap, and how large the heap may be."""
        nodes = [node["jvm"]["mem"] for node in self._nodes("jvm")]
        most = sum(memory["pools"]["old"]["peak_used_in_bytes"] for memory in nodes)
        return most >> 20, sum(memory["heap_max_in_bytes"] for memory in nodes) >> 20

    def _nodes(self, what: str) -> list[Any]:
        return list(self._client.nodes.stats(metric=what)["nodes"].values()) if self._client else []


def measure(
    index: SearchIndex,
    kind: str,
    asked: list[str],
    limit: int | None = None,
    reader: Reader = _HANDLER,
    server: Server | None = None,
) -> bool:
    """Ask with snippet, facets and the filter of what the reader may see; returns whether the limit is held."""
    server = server or Server("")
    taken, found = [], 0
    worked, elsewhere = time.process_time(), server.seconds()
    for text in asked:
        began = time.perf_counter()
        found += index.search(parse(text), reader).total
        taken.append((time.perf_counter() - began) * 1000)
    worked, elsewhere = time.process_time() - worked, server.seconds() - elsewhere
    cuts = statistics.quantiles(taken, n=20)
    figures: dict[str, object] = {"p50_ms": round(cuts[9], 2), "p95_ms": round(cuts[18], 2), "hits": found}
    figures["processor_ms"] = round(worked / len(asked) * 1000, 1)
    if elsewhere:
        figures["server_processor_ms"] = round(elsewhere / len(asked) * 1000, 1)
    report(measure="query", kind=kind, queries=len(asked), **figures, **({"limit_ms": limit} if limit else {}))
    return limit is None or cuts[18] <= limit


def _room(index: ElasticsearchIndex) -> int:
    """Return `room` as of now: the server counts its files every ten seconds, and until then those it has merged away, too."""
    time.sleep(_COUNTED_SECONDS)
    return index.room()


def _size(index: SearchIndex, place: Path) -> int:
    """Return the bytes of the index on the disk, without what was replaced."""
    index.purge()
    if isinstance(index, ElasticsearchIndex):
        # What it keeps for copies that lag behind it drops in time, file by file as it merges them; here all at once.
        time.sleep(_LAG_SECONDS)
        index.compact()
        return _room(index)
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file())


class Memory(threading.Thread):
    """Looks ten times a second how much memory this process holds, mapped files aside; `most`: MiB at the most."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = 0
        self._over = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._over.wait(0.1):
            lines = Path("/proc/self/status").read_text().splitlines()
            held = [int(line.split()[1]) for line in lines if line.startswith(("RssAnon:", "RssShmem:"))]
            self.most = max(self.most, sum(held) // 1024)

    def end(self) -> int:
        self._over.set()
        self.join()
        return self.most


@contextmanager
def _address(given: argparse.Namespace, place: str) -> Iterator[str]:
    if given.url:
        yield given.url
    elif given.engine == "tantivy":
        yield f"tantivy://{place}/index"
    else:
        from tests.servers import shared

        servers = shared.open_place(owner=os.getpid())
        try:
            yield f"{shared.url_of('elasticsearch')}/bench"
        finally:
            shared.stop_all(servers)


def measure_all(url: str, place: Path, pages: int, most: int, count: int, *, http: bool) -> bool:
    """Measure one size of the corpus, of documents of one page to `most`; returns whether all limits are held."""
    index = open_index(url)
    index.clear()
    rng = random.Random(20)
    limits = _LIMITS[type(index).__name__]
    server = Server(url)
    memory, elsewhere = Memory(), server.seconds()
    texts, text, seconds, worked = index_pages(index, place, rng, pages, most)
    held_mib, mapped_too = memory.end(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    at_server: dict[str, object] = {}
    if isinstance(index, ElasticsearchIndex):
        at_server["server_processor_us_per_page"] = round((server.seconds() - elsewhere) / pages * 1e6)
        at_server["server_heap_mib"], at_server["of_mib"] = server.heap_mib()
        at_server["index_to_text_before_merging"] = round(_room(index) / text, 2)
    rate, ratio = pages / seconds, _size(index, place / "index") / text
    held = rate >= limits["pages_per_s"] and ratio <= _MOST_SIZE and held_mib <= _MOST_MIB
    report(
        measure="index",
        engine=type(index).__name__,
        pages=pages,
        most_pages_of_a_document=most,
        pages_per_s=round(rate),
        limit_pages_per_s=limits["pages_per_s"],
        processor_us_per_page=round(worked / pages * 1e6),
        characters_per_page=round(sum(map(len, texts)) / len(texts)),
        index_to_text=round(ratio, 2),
        limit_index_to_text=_MOST_SIZE,
        memory_mib=held_mib,
        limit_memory_mib=_MOST_MIB,
        with_mapped_files_mib=mapped_too,
        **at_server,
    )
    asked = queries(rng, texts, count)
    for kind, wanted in asked.items():
        held &= measure(index, kind, wanted, limits["p95_ms"] if kind == _PHRASES else None, server=server)
    held &= measure(index, f"{_PHRASES}, of all departments", asked[_PHRASES], limits["p95_ms"], _ARCHIVIST, server)
    cold = [
        float(subprocess.run([sys.executable, "-c", _COLD, url], check=True, capture_output=True, text=True).stdout)
        for _ in range(5)
    ]
    report(measure="cold search, imports included", best_ms=round(min(cold) * 1000), worst_ms=round(max(cold) * 1000))
    if http:
        from tools.bench_search_http import measure_http

        figures = measure_http(place / f"home-{pages}", url, asked[_PHRASES], texts, "d3")
        report(measure="HTTP", pages=pages, **figures)
        held &= figures["p95_ms"] <= figures["limit_ms"]
    index.clear()
    return held


def main() -> int:
    """Measure; returns 1 when a limit is missed."""
    options = argparse.ArgumentParser(description="Measure the search index on generated pages.")
    options.add_argument("--pages", type=int, nargs="+", default=[10_000])
    options.add_argument("--most-pages", type=int, default=1, help="a document has one page to so many")
    options.add_argument("--queries", type=int, default=200, help="of each kind")
    options.add_argument("--engine", choices=("tantivy", "elasticsearch"), default="tantivy")
    options.add_argument("--url", help="a search address; its index is emptied")
    options.add_argument("--no-http", action="store_true", help="leave out what is asked over HTTP")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-search-") as place, _address(given, place) as url:
        http = not given.no_http
        done = [measure_all(url, Path(place), n, given.most_pages, given.queries, http=http) for n in given.pages]
    return 0 if all(done) else 1


if __name__ == "__main__":
    raise SystemExit(main())
