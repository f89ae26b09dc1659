"""Try the rules of today on what people corrected: `python -m tools.replay_extraction FILE [--company NAME …] [--forms FOLDER]`.

FILE is what `juanzong extraction export --pages` wrote. Every document is understood anew from the words that were read then, and each value that
people settled is compared: printed are the values that are right now and were wrong (mended), right then and wrong now (broken), and the shares.
A document that the rules put into another category than the export says (people named it, or the rules changed) counts as `other category`,
and its values are read as those of the export's; one whose category people changed and the rules now find counts as `category mended`. Exit 1 when a value is broken.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from intake.codec import from_json
from intake.templates import load
from intake.understand import understand, understand_as


def main() -> int:
    """Compare; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--company", action="append", default=[], help="a company of ours, as JUANZONG_OUR_COMPANIES")
    parser.add_argument("--forms", type=Path, help="the folder of a company's own forms")
    chosen = parser.parse_args()
    forms = load(chosen.forms) if chosen.forms else ()
    counted: Counter[str] = Counter()
    with chosen.file.open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            pages = [from_json(json.dumps(page).encode()) for page in line.get("pages", ())]
            if not pages:
                raise SystemExit("the export has no pages: juanzong extraction export --pages")
            found = understand(pages, tuple(chosen.company), forms)
            kind = line["category"]
            if kind not in ("", line.get("read_category", kind)) and found.category == kind:
                counted["category mended"] += 1
                print(f"category mended {line['document_id']}: {line['read_category']!r} -> {kind!r}")
            if kind not in ("", found.category):
                counted["other category"] += 1
                found = understand_as(pages, kind, forms)
            fields = found.fields
            for name, said in line["fields"].items():
                now = fields[name].value if name in fields else ""
                then, right = said["read_value"], said["value"]
                counted["values"] += 1
                counted["right then"] += then == right
                counted["right now"] += now == right
                if (now == right) != (then == right):
                    word = "mended" if now == right else "BROKEN"
                    counted[word] += 1
                    print(f"{word} {line['document_id']} {kind} {name}: {then!r} -> {now!r}, is {right!r}")
    said = ("values", "right then", "right now", "mended", "BROKEN", "other category", "category mended")
    print(", ".join(f"{what} {counted[what]}" for what in said))
    return 1 if counted["BROKEN"] else 0


if __name__ == "__main__":
    sys.exit(main())
