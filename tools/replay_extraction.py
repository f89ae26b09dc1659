"""Try the rules of today on what people corrected: `python -m tools.replay_extraction FILE [--company NAME …]`.

FILE is what `juanzong extraction export --pages` wrote. Every document is understood anew from the words that were read then, and each value that
people settled is compared: printed are the values that are right now and were wrong (mended), right then and wrong now (broken), and the shares.
Exit 1 when a value is broken.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from intake.codec import from_json
from intake.understand import understand


def main() -> int:
    """Compare; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--company", action="append", default=[], help="a company of ours, as JUANZONG_OUR_COMPANIES")
    chosen = parser.parse_args()
    counted: Counter[str] = Counter()
    with chosen.file.open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            pages = [from_json(json.dumps(page).encode()) for page in line.get("pages", ())]
            if not pages:
                raise SystemExit("the export has no pages: juanzong extraction export --pages")
            fields = understand(pages, our_companies=tuple(chosen.company)).fields
            for name, said in line["fields"].items():
                now = fields[name].value if name in fields else ""
                then, right = said["read_value"], said["value"]
                counted["values"] += 1
                counted["right then"] += then == right
                counted["right now"] += now == right
                if (now == right) != (then == right):
                    word = "mended" if now == right else "BROKEN"
                    counted[word] += 1
                    print(f"{word} {line['document_id']} {line['category']} {name}: {then!r} -> {now!r}, is {right!r}")
    print(", ".join(f"{what} {counted[what]}" for what in ("values", "right then", "right now", "mended", "BROKEN")))
    return 1 if counted["BROKEN"] else 0


if __name__ == "__main__":
    sys.exit(main())
