"""`make bench`: every figure of docs/benchmarks.md, one measurement after the other so that none disturbs another; takes hours.

python -m tools.bench [NAME ...]: those alone whose names begin so (start, vault, reading, demo …).

The S3, PostgreSQL and Elasticsearch figures need the test servers (`python -m tests.servers obtain`), those of the station Tesseract
for ocrmypdf; what is not there is said and left out.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from tests.servers import programs, shared

ROOT = Path(__file__).parent.parent
DEMO_SECONDS = 180  # that `make demo` may take once everything is installed
SERVERS = ("minio", "versity", "postgres", "elasticsearch")
#: A measurement: what it is called and the words after `python -m`.
Measurement = tuple[str, tuple[str, ...]]


def measurements(urls: Mapping[str, str], *, tesseract: bool) -> list[Measurement]:
    """Return what can be measured here. urls: the addresses of the servers, by name; tesseract: whether it is installed."""
    stamp = int(time.time())
    stores = [f"{urls[name]}/bench-{stamp}" for name in ("minio", "versity") if name in urls]
    found: list[Measurement] = [
        ("start", ("tools.bench_start",)),
        ("vault", ("tools.bench_vault",)),
        *((f"vault on {url.rpartition('@')[2]}", ("tools.bench_vault", "--store", url)) for url in stores),
        ("backup", ("tools.bench_backup", "--small", "500")),
        ("queue", ("tools.bench_queue",)),
        ("customer card", ("tools.bench_card",)),
        ("numbers", ("tools.bench_numbers", *(("--postgres",) if "postgres" in urls else ()))),
        ("destruction", ("tools.bench_destruction",)),
    ]
    if "postgres" in urls:
        found.append(("queue on PostgreSQL", ("tools.bench_queue", "--postgres")))
        found.append(("credit portfolio on PostgreSQL", ("tools.bench_credit", "--postgres")))
        found.append(("warnings on PostgreSQL", ("tools.bench_warnings", "--postgres")))
        found.append(
            (
                "archive room on PostgreSQL",
                ("tools.bench_archive", "--files", "1000000", "--rounds", "100", "--postgres"),
            )
        )
        found.append(("customer card on PostgreSQL", ("tools.bench_card", "--postgres")))
    sizes = ("--pages", "100000", "1000000")
    found.append(("search", ("tools.bench_search", *sizes)))
    if "elasticsearch" in urls:
        address = f"{urls['elasticsearch']}/bench"
        found.append(("search on Elasticsearch", ("tools.bench_search", *sizes, "--url", address)))
    found.append(("search against a scan", ("tools.differential_search", "--pages", "20000", "--queries", "2200")))
    found += [("reading", ("tools.bench_reading",)), ("unseen papers", ("tools.bench_unseen", "--count", "220"))]
    if tesseract:
        found.append(("station", ("tools.bench_station", "--rounds", "2")))
    return [
        *found,
        ("memory, 100 pages", ("tools.bench_memory", "--pages", "100")),
        ("memory, 1,000 pages", ("tools.bench_memory",)),
        ("memory of a worker", ("tools.bench_memory", "--worker")),
        ("changes in sealed objects", ("pytest", "-q", "tests/vault/test_tamper.py")),
        ("edits of the audit table", ("pytest", "-q", "tests/service/test_tampering.py")),
        ("changed exports", ("pytest", "-q", "tests/service/test_evidence.py")),
        ("handwriting", ("pytest", "-q", "tests/intake/test_handwriting.py")),
        ("faults", ("pytest", "-q", "tests/service/test_faults.py", "--log-cli-level=WARNING")),
        ("demo", ("tools.demo",)),
    ]


def there(what: str, look: Callable[[], object]) -> object | None:
    """Return what `look` finds; None, having said so, when it is not here."""
    try:
        return look()
    except (programs.Missing, shared.Broken) as error:
        print(f"# without {what}: {error}", flush=True)
        return None


def servers() -> dict[str, str]:
    """Return the addresses of the servers that can be started here."""
    looked = {name: there(name, partial(shared.url_of, name)) for name in SERVERS}
    return {name: str(url) for name, url in looked.items() if url is not None}


def run(name: str, words: tuple[str, ...]) -> int:
    """Measure one; returns its exit code."""
    print(f"\n# python -m {' '.join(words)}", flush=True)
    began = time.perf_counter()
    status = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, check=False).returncode
    took = time.perf_counter() - began
    if name == "demo":
        print(
            f'{{"figure": "make demo after installation", "value": {took:.0f}, "unit": "s", "limit": {DEMO_SECONDS}}}'
        )
        return status or int(took > DEMO_SECONDS)
    return status


def main(names: Sequence[str] = ()) -> int:
    """Measure everything that can be measured here, or what is called so; returns 1 when a limit is missed, 2 when nothing is called so."""
    place = shared.open_place(owner=os.getpid())
    try:
        wanted = measurements(servers(), tesseract=there("tesseract", programs.tesseract) is not None)
        chosen = [one for one in wanted if not names or one[0].startswith(tuple(names))]
        if not chosen:
            print(f"nothing is called so; known are: {', '.join(name for name, _ in wanted)}", file=sys.stderr)
            return 2
        failed = [name for name, words in chosen if run(name, words)]
    finally:
        shared.stop_all(place)
    print(f"\n{'all limits are held' if not failed else 'missed: ' + ', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
