"""`make bench`: every figure of docs/benchmarks.md, one measurement after the other so that none disturbs another.

The S3 and Elasticsearch figures need the test servers (`python -m tests.servers obtain`); what is not there is said and left out.
"""

import subprocess
import sys
import time
from pathlib import Path

from tests.servers import programs, shared

ROOT = Path(__file__).parent.parent


def servers() -> dict[str, str]:
    """Return the addresses of the servers that can be started here."""
    found = {}
    for name in ("minio", "versity", "elasticsearch"):
        try:
            found[name] = shared.url_of(name)
        except (programs.Missing, shared.Broken) as error:
            print(f"# without {name}: {error}", flush=True)
    return found


def run(*words: str) -> int:
    print(f"\n# python -m {' '.join(words)}", flush=True)
    return subprocess.run([sys.executable, "-m", *words], cwd=ROOT, check=False).returncode


def demo() -> int:
    began = time.perf_counter()
    status = run("tools.demo")
    print(
        f'{{"figure": "make demo after installation", "value": {time.perf_counter() - began:.0f}, "unit": "s", "limit": 180}}'
    )
    return status


def main() -> int:
    import os

    place = shared.open_place(owner=os.getpid())
    try:
        urls = servers()
        stores = [f"{urls[name]}/bench-{int(time.time())}" for name in ("minio", "versity") if name in urls]
        failed = [
            name
            for name, status in (
                ("start", run("tools.bench_start")),
                ("vault", run("tools.bench_vault")),
                ("queue", run("tools.bench_queue")),
                ("queue on PostgreSQL", run("tools.bench_queue", "--postgres")),
                *((f"vault on {url.rpartition('@')[2]}", run("tools.bench_vault", "--store", url)) for url in stores),
                ("search", run("tools.bench_search")),
                *(
                    [("search on Elasticsearch", run("tools.bench_search", "--url", f"{urls['elasticsearch']}/bench"))]
                    if "elasticsearch" in urls
                    else []
                ),
                ("reading", run("tools.bench_reading")),
                ("demo", demo()),
            )
            if status
        ]
    finally:
        shared.stop_all(place)
    print(f"\n{'all limits are held' if not failed else 'missed: ' + ', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
