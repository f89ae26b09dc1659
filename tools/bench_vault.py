"""Measure sealing: memory, throughput against plain writing, chunk sizes: `python -m tools.bench_vault [--store URL]`.

Prints one JSON object per line: {"figure", "store", "value", "unit", "limit", "ok", …}; exit 1 when a limit is missed. Plain writing is
the store's own durable `put` of the same file, unsealed. Plain and sealed writes take turns and swap who begins, so that
whatever slows the machine slows both; the figure is the middle of the paired ratios. Without --store a temporary
directory under --work (default: the current one, to be on a real disk) is measured.
"""

import argparse
import io
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from vault.adapters import open_store
from vault.envelope import OpeningReader, SealingReader
from vault.model import FileKey
from vault.vault import Vault

MIB = 1024 * 1024
SIZE = 256 * MIB
MOST_GROWTH_MIB, LEAST_RATIO = 64.0, 0.7
KEY = FileKey(uuid4(), os.urandom(32))
CHUNK_SIZES = [16, 32, 64, 128, 256, 1024]  # KiB


def status_kib(field: str) -> int:
    """Return a field of /proc/self/status, in KiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0])
    raise LookupError(field)


def growth_mib(work: Callable[[], object]) -> float:
    """Return by how many MiB the resident memory rose above its present value while `work` ran."""
    before = status_kib("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    work()
    return (status_kib("VmHWM") - before) / 1024


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def report(figure: str, store: str, value: float, unit: str, *, ok: bool = True, **more: Any) -> bool:
    """Print one figure; returns whether it is within its limit."""
    line = {"figure": figure, "store": store, "value": round(value, 3), "unit": unit, **more, "ok": ok}
    print(json.dumps(line), flush=True)
    return ok


def measure_store(kind: str, vault: Vault, source: Path, rounds: int) -> bool:
    """Report memory and throughput of one store."""

    def plain() -> None:
        name = uuid4()
        with source.open("rb") as file:
            took["plain"].append(seconds(lambda: vault.store.put(name, file)))
        vault.delete(name)

    def sealed() -> None:
        name = uuid4()
        with source.open("rb") as file:
            took["sealed"].append(seconds(lambda: vault.put(name, KEY, file)))
        vault.delete(name)

    took: dict[str, list[float]] = {"plain": [], "sealed": []}
    vault.put(warm := uuid4(), KEY, io.BytesIO(b"loads what is loaded once"))
    vault.delete(warm)
    growth = growth_mib(sealed)
    ok = report(
        "memory growth while sealing and storing 256 MiB",
        kind,
        growth,
        "MiB",
        limit=f"<= {MOST_GROWTH_MIB:g}",
        ok=growth <= MOST_GROWTH_MIB,
    )
    plain()
    took = {"plain": [], "sealed": []}
    for turn in range(rounds):
        for work in (plain, sealed) if turn % 2 else (sealed, plain):
            work()
    ratios = [a / b for a, b in zip(took["plain"], took["sealed"], strict=True)]
    ratio = statistics.median(ratios)
    for way, times in took.items():
        report(f"{way} writing", kind, SIZE / MIB / statistics.median(times), "MiB/s")
    return (
        report(
            "sealed against plain writing",
            kind,
            ratio,
            "ratio",
            limit=f">= {LEAST_RATIO}",
            rounds=rounds,
            lowest=round(min(ratios), 3),
            highest=round(max(ratios), 3),
            load=round(os.getloadavg()[0], 1),
            ok=ratio >= LEAST_RATIO,
        )
        and ok
    )


def measure_chunks(source: Path) -> None:
    """Report how fast sealing and opening alone are, in memory, by chunk size."""
    plain = source.read_bytes()[: 64 * MIB]
    for kib in CHUNK_SIZES:
        name = uuid4()
        with SealingReader(io.BytesIO(plain), name, KEY, chunk_size=kib * 1024) as reader:
            sealed = reader.read()

        def seal(name: UUID = name, kib: int = kib) -> None:
            with SealingReader(io.BytesIO(plain), name, KEY, chunk_size=kib * 1024) as reader:
                drain(reader)

        def unseal(name: UUID = name, kib: int = kib, sealed: bytes = sealed) -> None:
            drain(io.BufferedReader(OpeningReader(io.BytesIO(sealed), name, KEY), kib * 1024))

        for figure, work in (("sealing alone", seal), ("opening alone", unseal)):
            report(figure, "memory", 64 / min(seconds(work) for _ in range(5)), "MiB/s", chunk_kib=kib)


def drain(reader: io.RawIOBase | io.BufferedReader) -> None:
    """Read to the end, into one buffer."""
    buffer = bytearray(MIB)
    while reader.readinto(buffer):
        pass


def main() -> int:
    """Measure what the arguments say; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", action="append", default=[], help="measure this store; may be given several times")
    parser.add_argument("--work", type=Path, default=Path(), help="where the temporary files lie")
    parser.add_argument("--rounds", type=int, default=9, help="pairs of plain and sealed writes")
    parser.add_argument("--chunks", action="store_true", help="also compare chunk sizes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.work, prefix=".bench-vault-") as folder:
        source = Path(folder, "source")
        with source.open("wb") as file:
            for _ in range(SIZE // MIB):
                file.write(os.urandom(MIB))
        stores = arguments.store or [f"file://{Path(folder).resolve()}/objects"]
        results = [
            measure_store(url.partition("://")[0], Vault(open_store(url)), source, arguments.rounds) for url in stores
        ]
        if arguments.chunks:
            measure_chunks(source)
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
