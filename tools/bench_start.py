"""How long `juanzong search` takes from a cold start: `python -m tools.bench_start`. Exit 1 when the limit is missed.

The archive is made for the measurement; each run is a process of its own. The figure is the middle of the runs, beside the time
Python itself needs to start, measured in turn with it.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "samples" / "scans" / "contract-digital.pdf"
LIMIT_S, ROUNDS = 0.7, 9


def seconds(command: list[str], env: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=env, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "JUANZONG_HOME": folder, "JUANZONG_MODE": "test"}
        for name in ("JUANZONG_DATABASE_URL", "JUANZONG_OBJECT_STORE", "JUANZONG_SEARCH", "JUANZONG_KEY_FILE"):
            env.pop(name, None)
        juanzong = [str(Path(sys.executable).with_name("juanzong"))]
        seconds([*juanzong, "init"], env)
        seconds([*juanzong, "ingest", str(SAMPLE)], env)
        searches, bare = [], []
        for _ in range(ROUNDS):
            searches.append(seconds([*juanzong, "search", "技术服务"], env))
            bare.append(seconds([sys.executable, "-c", "pass"], env))
    value = statistics.median(searches)
    figure = {"figure": "search from a cold start", "value": round(value, 3), "unit": "s", "limit": LIMIT_S}
    figure |= {
        "ok": value <= LIMIT_S,
        "least": round(min(searches), 3),
        "python_alone": round(statistics.median(bare), 3),
    }
    print(json.dumps(figure))
    return 0 if figure["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
