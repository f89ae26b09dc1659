"""Measure sealing: memory, throughput against plain storing, chunk sizes: `python -m tools.bench_vault [--store URL]`.

Prints one JSON object per line: {"figure", "store", "value", "unit", "limit", "ok", …}; exit 1 when a limit is missed. Plain work is
the store's own durable `put` and its `open` of the same bytes, unsealed. Plain and sealed work take turns and swap who begins, so
that whatever slows the machine slows both; the figure is the middle of the paired ratios. Without --store a temporary
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
from typing import Any, BinaryIO, cast
from uuid import UUID, uuid4

from vault.adapters import open_store
from vault.envelope import OpeningReader, SealingReader
from vault.model import FileKey
from vault.vault import Vault

MIB = 1024 * 1024
GIB, SMALL, COUNT = 1024 * MIB, 20 * 1024, 1000
LARGE_ON_DISK, LARGE = 256 * MIB, 100 * MIB
WAYS = ("plain", "sealed")
# A disk takes a plain file without the processor's help; what it gives back comes out of the page cache, and has no limit.
MOST_GROWTH_MIB, LEAST_SERVER, LEAST_DISK, LEAST_SMALL = 64.0, 0.85, 0.7, 0.6
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


class Noise(io.RawIOBase):
    """`size` bytes that no compression shortens: one random MiB again and again."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._left, self._block = size, memoryview(os.urandom(MIB))

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Put some of it into `buffer`; returns how many bytes, 0 at the end."""
        view = memoryview(buffer).cast("B")
        size = min(len(view), self._left, MIB)
        view[:size] = self._block[:size]
        self._left -= size
        return size


class Bench:
    """Plain and sealed reading and writing of one store."""

    def __init__(self, kind: str, vault: Vault, rounds: int) -> None:
        self.kind, self.vault, self.rounds = kind, vault, rounds
        self.ok = True

    def put(self, way: str, data: bytes) -> UUID:
        """Write `data` sealed or plain; returns its name."""
        name = uuid4()
        if way == "sealed":
            self.vault.put(name, KEY, io.BytesIO(data))
        else:
            self.vault.store.put(name, io.BytesIO(data))
        return name

    def get(self, way: str, name: UUID) -> None:
        """Read all of it."""
        with self.vault.open(name, KEY) if way == "sealed" else self.vault.store.open(name) as stream:
            drain(stream)

    def compare(self, what: str, least: float, size: int, work: Callable[[str], float]) -> None:
        """Report the ratio of plain to sealed; work: returns the seconds that one of the two ways took for `size` bytes."""
        took: dict[str, list[float]] = {way: [] for way in WAYS}
        for way in WAYS:
            work(way)
        for turn in range(self.rounds):
            for way in WAYS if turn % 2 else WAYS[::-1]:
                took[way].append(work(way))
        ratios = [plain / sealed for plain, sealed in zip(took["plain"], took["sealed"], strict=True)]
        ratio = statistics.median(ratios)
        for way in WAYS:
            report(f"{way} {what}", self.kind, size / MIB / statistics.median(took[way]), "MiB/s")
        self.ok &= report(
            f"sealed against plain {what}",
            self.kind,
            ratio,
            "ratio",
            **({"limit": f">= {least:g}"} if least else {}),
            rounds=self.rounds,
            lowest=round(min(ratios), 3),
            highest=round(max(ratios), 3),
            load=round(os.getloadavg()[0], 1),
            ok=ratio >= least,
        )

    def large(self, size: int, least_in: float, least_out: float) -> None:
        """Objects of `size` bytes, in and out."""
        data, what = os.urandom(size), f"of {size // MIB} MiB"

        def write(way: str) -> float:
            began = time.perf_counter()
            name = self.put(way, data)
            took = time.perf_counter() - began
            self.vault.delete(name)
            return took

        self.compare(f"writing {what}", least_in, size, write)
        names = {way: self.put(way, data) for way in WAYS}
        self.compare(f"reading {what}", least_out, size, lambda way: seconds(lambda: self.get(way, names[way])))
        for name in names.values():
            self.vault.delete(name)

    def small(self, least_out: float) -> None:
        """A thousand objects of 20 KiB, one after the other, in and out; the two ways take turns."""
        data = os.urandom(SMALL)
        written: dict[str, list[UUID]] = {way: [] for way in WAYS}
        each = max(1, COUNT // self.rounds)

        def write(way: str) -> float:
            return seconds(lambda: written[way].extend(self.put(way, data) for _ in range(each)))

        def read(way: str) -> float:
            began = time.perf_counter()
            for name in written[way][:each]:
                self.get(way, name)
            return time.perf_counter() - began

        self.compare(f"writing of {COUNT} times 20 KiB", LEAST_SMALL, each * SMALL, write)
        self.compare(f"reading of {COUNT} times 20 KiB", least_out, each * SMALL, read)
        for name in (*written["plain"], *written["sealed"]):
            self.vault.delete(name)

    def memory(self) -> None:
        """A GiB in, and out again."""
        name = uuid4()
        for word, work in (
            ("in", lambda: self.vault.put(name, KEY, cast("BinaryIO", Noise(GIB)))),
            ("out", lambda: self.get("sealed", name)),
        ):
            growth = growth_mib(work)
            self.ok &= report(
                f"memory growth, 1 GiB {word}",
                self.kind,
                growth,
                "MiB",
                limit=f"<= {MOST_GROWTH_MIB:g}",
                ok=growth <= MOST_GROWTH_MIB,
            )
        self.vault.delete(name)


def measure_store(url: str, rounds: int) -> bool:
    """Report memory and throughput of one store; returns whether all is within its limits."""
    kind = url.partition("://")[0]
    bench = Bench(kind, Vault(open_store(url)), rounds)
    bench.vault.delete(bench.put("sealed", b"loads what is loaded once"))
    bench.memory()
    on_disk = kind == "file"
    if on_disk:
        bench.large(LARGE_ON_DISK, LEAST_DISK, 0.0)
    else:
        bench.large(LARGE, LEAST_SERVER, LEAST_SERVER)
    bench.small(0.0 if on_disk else LEAST_SMALL)
    return bench.ok


def measure_chunks() -> None:
    """Report how fast sealing and opening alone are, in memory, by chunk size."""
    plain = os.urandom(64 * MIB)
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


def drain(reader: Any) -> None:
    """Read to the end, into one buffer."""
    buffer = bytearray(MIB)
    while reader.readinto(buffer):
        pass


def main() -> int:
    """Measure what the arguments say; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", action="append", default=[], help="measure this store; may be given several times")
    parser.add_argument("--work", type=Path, default=Path(), help="where the temporary files lie")
    parser.add_argument("--rounds", type=int, default=9, help="pairs of plain and sealed work")
    parser.add_argument("--chunks", action="store_true", help="also compare chunk sizes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.work, prefix=".bench-vault-") as folder:
        stores = arguments.store or [f"file://{Path(folder).resolve()}/objects"]
        results = [measure_store(url, arguments.rounds) for url in stores]
    if arguments.chunks:
        measure_chunks()
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
