"""Which pages are missing, by the numbers printed on those that are there."""

import pytest

from intake.model import Line, PageText
from intake.page_numbers import Numbered, missing, numbered


def page(text: str, y: int = 1950) -> PageText:
    return PageText(
        1, 1400, 2000, 0, "rapidocr", (Line("正文", (100, 900, 300, 940), 0.9), Line(text, (500, y, 900, y + 30), 0.9))
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("第 3 页 共 7 页", (3, 7)),
        ("合同编号：HT-2026-017　第3页/共7页", (3, 7)),
        ("共7页 第3页", (3, 7)),
        ("第三頁，總共十二頁", (3, 12)),
        ("第二十一页 共一百零三页", (21, 103)),
        ("Page 3 of 7", (3, 7)),
        ("- 3 -", (3, 0)),
        ("— 第 3 页 —", (3, 0)),
        ("第9页 共7页", (0, 0)),
        ("详见第3页", (0, 0)),
        ("2026", (0, 0)),
        ("3", (0, 0)),
        ("第页 共页", (0, 0)),
        ("-5", (0, 0)),
    ],
)
def test_a_number_is_read_in_head_and_foot(text, expected):
    assert numbered(page(text)) == Numbered(*expected)
    assert numbered(page(text, 30)) == Numbered(*expected)
    assert numbered(page(text, 1000)) == Numbered()


def of(*pages: str | None) -> list[int]:
    """Return what is missing of pages given as 3/7, 3 (no count), or None."""
    given = [Numbered(*map(int, page.split("/"))) if page else Numbered() for page in pages]
    return missing(given)


def test_a_gap_is_found_wherever_it_is():
    assert of("1/5", "2/5", "3/5", "4/5", "5/5") == []
    assert of("1/5", "2/5", "4/5", "5/5") == [3]
    assert of("2/5", "3/5", "4/5", "5/5") == [1]
    assert of("1/5", "2/5") == [3, 4, 5]
    assert of("1", "2", "5") == [3, 4]
    assert of("4", "5", "6") == []  # part of a book


def test_a_page_whose_number_was_not_read_is_taken_for_the_one_that_belongs_there():
    assert of("1/5", None, "3/5", "4/5", "5/5") == []
    assert of(None, "2/3", None) == []
    assert of("1/5", None, "5/5") == [2, 3, 4]
    assert of("1/3", "3/3", None, None) == [2]  # what lies behind is an annex
    assert of(None, None) == []
    assert of() == []


def test_another_paper_begins_anew():
    assert of("1/2", "2/2", "1/3", "2/3", "3/3") == []
    assert of("1/2", "1/3", "2/3", "3/3") == [2]
    assert of("1/3", "2/3", "2/3", "3/3") == []  # scanned twice
    assert of("1", "2", "1", "2", "3") == []
    assert of("1/5", "2/5", "3/6", "4/5", "5/5") == []  # the count misread once
