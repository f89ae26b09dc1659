"""Papers of all categories in layouts nothing was tuned on, read without an error of reading: what is left is understanding."""

import os
import random
import sys
from collections import Counter
from contextlib import suppress
from inspect import signature
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

SAMPLES, INTAKE = Path("samples/scans").absolute(), Path("intake").absolute()


def _page(sheet, number):
    def char(letter, box):
        return Char(letter, tuple(round(v) for v in box), 0.98)

    lines = [line_of([char(*letter) for letter in piece]) for piece in sheet.pieces]
    return PageText(number, *sheet.image.size, 0, "rapidocr", reading_order.arrange(lines))


@pytest.mark.parametrize("split", ["tuning", "test"])
def test_papers_of_all_categories_are_understood(split):
    count, right = Counter(), Counter()
    wrong = []
    for number in range(80):
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


class _Chosen(Exception):
    """A layout was chosen; it need not be drawn."""


def _layouts(split):
    """Return the layouts, as (module, function), in which papers of a split are drawn."""
    choosing, found = {unseen.draw.__code__, unseen.layouts.draw.__code__}, set()

    def note(frame, event, _arg):
        inside = frame.f_globals["__name__"].startswith("samples.unseen_") and frame.f_code not in choosing
        if event == "call" and inside and frame.f_back and frame.f_back.f_code in choosing:
            found.add((frame.f_globals["__name__"], frame.f_code.co_name))
            raise _Chosen

    for number in range(300):
        sys.setprofile(note)
        try:
            with suppress(_Chosen):
                unseen.draw(number, random.Random(number), split)
        finally:
            sys.setprofile(None)
    return found


def test_no_layout_of_the_test_split_is_one_that_reading_may_be_tuned_on():
    tuning, test = _layouts("tuning"), _layouts("test")
    assert not tuning & test
    assert min(len(tuning), len(test)) >= 10


def test_reading_knows_neither_the_names_of_files_nor_those_of_layouts():
    assert not {"name", "path", "filename"} & signature(understand).parameters.keys()
    written = " ".join(path.read_text("utf-8") for path in INTAKE.rglob("*.py"))
    layouts = {name for _, name in _layouts("tuning") | _layouts("test") if "_" in name}
    assert len(layouts) > 10
    assert not [name for name in layouts | {path.name for path in SAMPLES.iterdir()} if name in written]
