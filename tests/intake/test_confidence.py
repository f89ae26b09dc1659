"""How far a confidence can be believed: counted in bands, by the tool that reads unseen papers as by the report on what people corrected."""

import pytest

from intake.confidence import BANDS, Band, bands, lowest_of
from intake.model import Field, Understanding
from tools.bench_reading import FileResult, compare_fields, show, summary


@pytest.mark.parametrize(
    ("confidence", "lowest"),
    [(0.0, 0.0), (0.499, 0.0), (0.5, 0.5), (0.75, 0.5), (0.8, 0.8), (0.9, 0.9), (0.9499, 0.9), (0.95, 0.95), (0.989, 0.95),
     (0.99, 0.99), (1.0, 0.99)],
)  # fmt: skip
def test_each_confidence_is_of_one_band(confidence, lowest):
    assert lowest_of(confidence) == lowest
    assert lowest in BANDS


def test_the_wrong_are_counted_band_by_band():
    said = [(1.0, True), (0.99, False), (0.6, True), (0.995, True)]
    assert bands(said) == (Band(0.5, 1, 0), Band(0.99, 3, 1))
    assert bands([]) == ()


def test_the_tool_counts_every_value_that_was_read_and_every_category(capsys):
    truth = {
        "fields": {"title": "购销合同", "amount": "100.00", "signed_on": "2026-01-02"},
        "field_places": {"title": {"page": 1, "box": [0, 0, 10, 10]}},
        "sizes": [[100, 100]],
    }

    class Page:
        width = 100

    def read(value, confidence):
        return Field(value, 1, (0, 0, 10, 10), confidence, ())

    fields = {"title": read("购销合同", 0.995), "amount": read("900.00", 0.93), "agent": read("陈立", 0.6)}
    understood = Understanding("1.9", "contract", "购销合同", 0.97, fields, ())
    result = FileResult("a.pdf", kind="contract", category=("1.9", "1.9"), category_sure=0.97)
    compare_fields(result, understood, [Page()], truth)
    other = FileResult("b.pdf", kind="licence", category=("1.2", "1.9"), category_sure=0.72)
    lost = FileResult("c.pdf", kind="licence", category=("1.2", ""), failure="damaged")
    figures = summary([result, other, lost])
    assert figures["confidence_of_fields"] == [
        {"lowest": 0.5, "checked": 1, "wrong": 1},
        {"lowest": 0.9, "checked": 1, "wrong": 1},
        {"lowest": 0.99, "checked": 1, "wrong": 0},
    ]
    assert figures["confidence_of_categories"] == [
        {"lowest": 0.5, "checked": 1, "wrong": 1},
        {"lowest": 0.95, "checked": 1, "wrong": 0},
    ]
    show(figures)
    said = capsys.readouterr().out
    assert "  0.90       1     0.0%" in said
    assert "  0.95       1   100.0%" in said
