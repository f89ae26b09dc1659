"""How long `juanzong search`, `show` and `--help` take from a cold start: `python -m tools.bench_start`. Exit 1 when the limit is missed.

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
        done = subprocess.run(
            [*juanzong, "ingest", str(SAMPLE), "--json"], env=env, cwd=ROOT, check=True, capture_output=True
        )
        document = json.loads(done.stdout)["document_id"]
        verbs = {"search": ["search", "技术服务"], "show": ["show", document], "--help": ["--help"]}
        taken: dict[str, list[float]] = {verb: [] for verb in verbs}
        bare = []
        for _ in range(ROUNDS):
            for verb, words in verbs.items():
                taken[verb].append(seconds([*juanzong, *words], env))
            bare.append(seconds([sys.executable, "-c", "pass"], env))
    for verb, times in taken.items():
        value = statistics.median(times)
        figure = {"figure": f"{verb} from a cold start", "value": round(value, 3), "unit": "s", "limit": LIMIT_S}
        figure |= {"ok": value <= LIMIT_S, "least": round(min(times), 3)}
        print(json.dumps(figure | {"python_alone": round(statistics.median(bare), 3)}))
    return 0 if all(statistics.median(times) <= LIMIT_S for times in taken.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
