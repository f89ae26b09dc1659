"""Measure search on generated pages: indexing rate, query latency, index size, cold start.

python -m tools.bench_search [--pages N] [--queries N] [--url URL]

Prints one JSON object per line. Without --url it measures the embedded engine in a temporary directory. An index given by
--url is emptied first: name a prefix of its own (http://host:9200/bench).
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from search.adapters import open_index
from search.model import IndexedPage, Reader
from search.ports import SearchIndex
from search.syntax import parse

_CHARACTERS = 600
_BATCH = 500
_READER = Reader(frozenset({"tier:internal"}))
# Frequencies of Chinese text fall off steeply; so do these.
_COMMON = "的一是在有合同方不人和为以中大本应自上个甲乙年分期付款时交货公司额质量条第双任责按规定当由章签名经日期"
_WRAP = 30

_COLD = """
import sys, time
began = time.perf_counter()
from search.adapters import open_index
from search.model import Reader
from search.syntax import parse
open_index(sys.argv[1]).search(parse("合同 付款"), Reader(None))
print(time.perf_counter() - began)
"""


def page_text(rng: random.Random, characters: int = _CHARACTERS) -> str:
    """Return a page: half common characters, half any of 3,000, a few numbers, wrapped lines."""
    chars = [
        rng.choice(_COMMON) if rng.random() < 0.5 else chr(0x4E00 + int(3000 * rng.random() ** 2))
        for _ in range(characters)
    ]
    for _ in range(4):
        at = rng.randrange(characters)
        chars[at] = (
            f"HT-XS-{rng.randint(2010, 2026)}-{rng.randint(1, 99999):05}，金额{rng.randint(10**4, 10**8):,}.00元。"
        )
    text = "".join(chars)
    return "\n".join(text[start : start + _WRAP] for start in range(0, len(text), _WRAP))


def documents(rng: random.Random, pages: int) -> dict[str, list[IndexedPage]]:
    """Return one-page documents."""
    return {
        (name := f"{rng.getrandbits(64):016x}"): [
            IndexedPage(
                name,
                1,
                page_text(rng),
                title="购销合同",
                category=rng.choice(["1.2", "1.4", "1.9"]),
                customer=f"客户{rng.randint(1, 500)}",
                department=f"部门{rng.randint(1, 9)}",
                status="stored",
                contract_number=f"HT-XS-2026-{number:06}",
                access=(rng.choice(["tier:internal", "tier:internal", "tier:secret"]),),
            )
        ]
        for number in range(pages)
    }


def report(**figures: object) -> None:
    print(json.dumps(figures, ensure_ascii=False), flush=True)


def index_pages(index: SearchIndex, rng: random.Random, pages: int) -> tuple[list[str], float]:
    """Index the corpus batch by batch; return some of its texts and the seconds spent in the index."""
    kept, spent = [], 0.0
    for start in range(0, pages, _BATCH):
        batch = documents(rng, min(_BATCH, pages - start))
        kept += [many[0].text for many in list(batch.values())[:20]]
        began = time.perf_counter()
        index.replace_many(batch)
        spent += time.perf_counter() - began
    return kept, spent


def queries(rng: random.Random, texts: list[str], count: int) -> dict[str, list[str]]:
    """Return `count` queries of each kind."""

    def part(least: int, most: int) -> str:
        text = rng.choice(texts).replace("\n", "")
        start = rng.randrange(len(text) - most)
        return text[start : start + rng.randint(least, most)]

    return {
        "phrase of 4 to 12": [f'"{part(4, 12)}"' for _ in range(count)],
        "pair": [f'"{part(2, 2)}"' for _ in range(count)],
        "one common character": [rng.choice(_COMMON) for _ in range(count)],
        "two words, one not": [f'"{part(2, 3)}" "{part(2, 3)}" -"{part(2, 3)}"' for _ in range(count)],
        "number without separators": [f"HTXS{rng.randint(2010, 2026)}{rng.randint(1, 99999):05}" for _ in range(count)],
        "field": [f"customer:客户{rng.randint(1, 500)}" for _ in range(count)],
    }


def measure(index: SearchIndex, kind: str, asked: list[str]) -> None:
    taken, found = [], 0
    for text in asked:
        began = time.perf_counter()
        found += index.search(parse(text), _READER).total
        taken.append((time.perf_counter() - began) * 1000)
    cuts = statistics.quantiles(taken, n=20)
    report(
        measure="query", kind=kind, queries=len(asked), p50_ms=round(cuts[9], 2), p95_ms=round(cuts[18], 2), hits=found
    )


def main() -> None:
    options = argparse.ArgumentParser(description="Measure the search index on generated pages.")
    options.add_argument("--pages", type=int, default=10_000)
    options.add_argument("--queries", type=int, default=200, help="of each kind")
    options.add_argument("--url", help="a search address; its index is emptied")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-search-") as place:
        url = given.url or f"tantivy://{place}/index"
        index = open_index(url)
        index.clear()
        rng = random.Random(20)
        texts, seconds = index_pages(index, rng, given.pages)
        figures: dict[str, object] = {"pages_per_s": round(given.pages / seconds)}
        if not given.url:
            size = sum(file.stat().st_size for file in Path(place).rglob("*") if file.is_file())
            text = sum(len(text.encode()) for text in texts) / len(texts) * given.pages
            figures["index_to_text"] = round(size / text, 2)
        figures["memory_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        report(measure="index", engine=type(index).__name__, pages=given.pages, **figures)
        for kind, asked in queries(rng, texts, given.queries).items():
            measure(index, kind, asked)
        cold = [
            float(subprocess.run([sys.executable, "-c", _COLD, url], check=True, capture_output=True, text=True).stdout)
            for _ in range(5)
        ]
        report(
            measure="cold search, imports included", best_ms=round(min(cold) * 1000), worst_ms=round(max(cold) * 1000)
        )


if __name__ == "__main__":
    main()
