"""Lines that are lost beside a seal, lines of the seal itself, and marks at the end of a line that its box left out."""

import cv2
import numpy as np
import pytest

from intake import black_seals, seal_text
from intake.adapters.colons import goes_on, hides_a_mark, with_room
from intake.adapters.readings import Reading, without_trust_in_the_end
from intake.model import Line, Seal
from intake.rings import Ring


def box(x0, y0, x1, y1):
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float32)


def said(text, places=()):
    return Reading(text, 0.99, tuple(places) or (0.5,) * len(text), (0.99,) * len(text))


def test_a_line_that_is_not_seen_any_more_without_the_seal_is_kept():
    ring = Ring(1000, 500, 200)
    lost, within, seen, label = (
        box(200, 480, 980, 520),
        box(820, 560, 1180, 600),
        box(200, 380, 600, 420),
        box(50, 480, 150, 520),
    )
    kept = black_seals.with_lost(
        np.stack([box(198, 381, 590, 419), label]), np.stack([lost, within, seen, label]), [ring]
    )
    assert np.array_equal(kept, np.stack([box(198, 381, 590, 419), label, lost]))
    assert np.array_equal(black_seals.with_lost(kept, kept, [ring]), kept)


def line(text, x0, y0, x1, y1):
    return Line(text, (x0, y0, x1, y1), 0.99)


def test_what_stands_in_the_middle_of_a_seal_is_no_print():
    box = (400, 1550, 800, 1850)
    seal = Seal(box, "华岳实业集团有限公司", 0.99)
    number, name = line("91340104MA2YL81P92", 460, 1680, 740, 1720), line("发票专用章", 490, 1760, 710, 1810)
    print_ = [
        line("送货人：", 1170, 1650, 1340, 1700),  # level with the number
        line("核对无误", 410, 1600, 560, 1640),  # within the seal, beside its middle
        line("2024年3月5日", 500, 1600, 700, 1640),
        line("云麓市正元公证处", 490, 1640, 710, 1680),  # it signs where it seals
        line("经办人：", 520, 1660, 690, 1700),
        line("货物已经全部收到并且验收合格", 300, 1740, 900, 1780),  # across the seal
    ]
    lines = [number, *print_, name]
    assert seal_text.parted(lines, [seal], lines) == (print_, [number, name])
    assert seal_text.parted(lines, [], lines) == (lines, [])
    assert seal_text.parted(lines, [Seal(box, "", 0.0)], lines) == (lines, [])  # a cell or an emblem, perhaps
    away = [Line(li.text, (0, 0, 10, 10), 0.99) for li in lines]  # where they lie on the page counts
    assert seal_text.parted(lines, [seal], away) == (lines, [])


def page(*marks, rule=None):
    """A line that ends with a square of 36 pixels at 264, and marks behind it; rule: where an upright one runs."""
    paper = np.full((200, 600, 3), 255, np.uint8)
    for x in (110, 160, 210):
        cv2.rectangle(paper, (x, 82), (x + 36, 118), (0, 0, 0), 4)
    if rule:
        cv2.line(paper, (rule, 0), (rule, 200), (0, 0, 0), 2)
    for x, y, radius in marks:
        cv2.circle(paper, (x, y), radius, (0, 0, 0), -1)
    return paper


LINE, QUAD = said("初加工", (0.18, 0.5, 0.83)), box(100, 75, 252, 125)


def test_the_box_of_a_line_reaches_to_behind_the_mark_at_its_end():
    longer = with_room(page((266, 92, 3), (266, 112, 4)), LINE, QUAD)
    assert longer is not None
    assert longer[1, 0] > 270


@pytest.mark.parametrize(
    ("marks", "rule"),
    [
        ((), None),
        (((266, 100, 14),), None),  # a letter
        (((266, 85, 3), (266, 100, 3), (266, 115, 3)), None),
        ((), 268),
    ],
)
def test_other_ink_behind_a_line_is_no_mark(marks, rule):
    assert with_room(page(*marks, rule=rule), LINE, QUAD) is None


@pytest.mark.parametrize(
    ("longer", "same"),
    [("初加工；", True), ("初加工;", True), ("初加土；", False), ("初加工", False), ("初加工厂", False), ("", False)],
)
def test_a_longer_box_counts_only_for_the_mark(longer, same):
    assert goes_on(LINE, said(longer)) is same


def test_a_mark_on_a_rule_is_a_doubt():
    assert hides_a_mark(page((268, 92, 3), (268, 112, 4), rule=268), LINE, QUAD)
    assert not hides_a_mark(page(rule=268), LINE, QUAD)
    assert not hides_a_mark(page((268, 92, 3), (268, 112, 4)), LINE, QUAD)
    assert without_trust_in_the_end(said("初加工 ")).scores[1:3] == (0.99, 0.4)
