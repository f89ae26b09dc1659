"""The sample scans with their ground truth, and how far a reading is from it."""

import json
import unicodedata
from pathlib import Path

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def scan(name):
    return SAMPLES / "scans" / name


def truth(name):
    return json.loads((SAMPLES / "truth" / f"{name}.json").read_text(encoding="utf-8"))


def squeezed(text):
    """Without white space; full-width and half-width forms are one."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def distance(one, other):
    """Levenshtein."""
    before = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
        before = row
    return before[-1]


def error_rate(read, expected):
    want = squeezed(expected)
    return distance(squeezed(read), want) / len(want)
