"""Papers of all categories in layouts nothing was tuned on, read without an error of reading: what is left is understanding."""

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from intake import reading_order
from intake.model import PageText
from intake.understand import understand
from intake.words import Char, line_of
from samples import unseen
from samples.paper import FACES
from tools.bench_reading import MAX_WRONG_UNMARKED, MIN_CATEGORIES, MIN_FIELDS, OUR_COMPANIES, marked

pytestmark = pytest.mark.skipif(
    os.environ.get("JUANZONG_REQUIRE_SERVERS") != "1" and not all(Path(path).exists() for path, _, _ in FACES.values()),
    reason="the fonts of the samples are not installed",
)


def _page(sheet, number):
    def char(letter, box):
        return Char(letter, tuple(round(v) for v in box), 0.98)

    lines = [line_of([char(*letter) for letter in piece]) for piece in sheet.pieces]
    return PageText(number, *sheet.image.size, 0, "rapidocr", reading_order.arrange(lines))


@pytest.mark.parametrize("split", ["tuning", "test"])
def test_papers_of_all_categories_are_understood(split):
    count, right = Counter(), Counter()
    wrong = []
    for number in range(60):
        paper = unseen.draw(number, random.Random(f"20261125 {number}"), split)
        pages = [_page(sheet, n) for n, sheet in enumerate(paper.sheets, 1)]
        read = understand(pages, OUR_COMPANIES)
        count["papers"] += 1
        right["papers"] += read.category == paper.category
        wanted = {}
        for sheet in paper.sheets:
            wanted = {**sheet.values, **wanted}
        for name, value in wanted.items():
            count["fields"] += 1
            found = read.fields.get(name)
            if found and found.value == value:
                right["fields"] += 1
            elif found and not marked(name, read):
                wrong.append((number, name, value, found.value))
    assert right["papers"] >= MIN_CATEGORIES * count["papers"]
    assert right["fields"] >= MIN_FIELDS * count["fields"]
    assert len(wrong) <= MAX_WRONG_UNMARKED * count["fields"], wrong
