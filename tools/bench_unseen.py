"""How papers are read that nobody has tuned anything to: `python -m tools.bench_unseen [--count 220] [--split test] [--seed N]`.

Draws a fresh set (`samples.unseen`; a new seed unless one is given, which is said) and measures it as `tools.bench_reading` does: characters,
fields, values wrong without a mark, categories, each against what must be reached. Exit 1 when one is missed. Of the test layouts only the
figures are printed, never the misses: whoever saw them would tune to them.
"""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from samples.unseen import make_one
from tools.bench_reading import FileResult, measure, show, summary

_MISSES = ("fields_missed", "fields_nobody_printed", "categories_wrong", "seals_wrong")


def main() -> int:
    """Measure what the arguments say; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=220, help="documents, each of one page or more")
    parser.add_argument("--split", choices=("tuning", "test"), default="test", help="whose layouts")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="default: a new one")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    chosen = parser.parse_args()
    print(f"# {chosen.count} documents of seed {chosen.seed}, {chosen.split} layouts", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-unseen-") as name:
        root = Path(name)
        for number in range(chosen.count):
            make_one(number, chosen.seed, root, chosen.split)
        figures = summary(measure(root, chosen.threads, _progress, timed_pair=False))
    if chosen.split == "test":
        figures |= {miss: [] for miss in _MISSES}
        figures |= {"character_error_rate_by_file": {}, "wrong_without_review": []}
    if chosen.json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        show(figures)
    return 0 if all(figures["passed"].values()) else 1


def _progress(_: FileResult) -> None:
    print(".", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
