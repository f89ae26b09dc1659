"""Seals as black as the print: their lines go, the print stays; colons and letters that were passed over are found."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from intake import black_seals
from intake.adapters.colons import with_colon, with_point
from intake.adapters.readings import Reading, doubted, together
from intake.formats.fonts import font
from intake.rings import Ring


def sealed_page():
    """A page of black and white: a ring with a star, a line of print through it; and the same page without the seal."""
    page = np.full((1754, 1240, 3), 255, np.uint8)
    cv2.putText(page, "HEHEHEHEHEHEHEHE", (250, 940), cv2.FONT_HERSHEY_DUPLEX, 1.2, (0, 0, 0), 3)
    print_alone = page.copy()
    cv2.circle(page, (600, 1000), 150, (0, 0, 0), 8)
    tips = [(600 + 40 * np.sin(t), 1000 - 40 * np.cos(t)) for t in np.arange(5) * 4 * np.pi / 5]
    cv2.fillPoly(page, [np.array(tips, np.int32)], (0, 0, 0))
    cv2.circle(page, (600, 1000), 18, (0, 0, 0), -1)
    return page, print_alone


def test_the_ring_and_the_star_go_and_the_print_stays():
    page, print_alone = sealed_page()
    (ring,) = black_seals.found(page)
    assert np.abs(np.array(ring) - (600, 1000, 154)).max() < 5
    clear = black_seals.lifted(page, [ring])
    seal = (page < 150) & (print_alone > 150)
    print_ = print_alone < 150
    assert (clear[seal] > 150).mean() > 0.93
    assert (clear[print_] < 150).mean() > 0.97


def test_a_page_without_rings_is_left_as_it_is():
    _, page = sealed_page()
    assert black_seals.found(page) == ()
    assert black_seals.lifted(page, ()) is page
    gray = np.minimum(sealed_page()[0], 240).astype(np.uint8)
    assert black_seals.found(gray) == ()


def box(x0, y0, x1, y1):
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float32)


def test_boxes_within_a_ring_stay_only_where_a_line_leads_to_them():
    ring = Ring(600, 1000, 150)
    line, rest, far, seal = (
        box(250, 905, 470, 945),
        box(480, 905, 560, 945),
        box(640, 905, 720, 945),
        box(560, 1060, 640, 1110),
    )
    kept = black_seals.without_scraps(np.stack([line, rest, far, seal]), [ring])
    assert np.array_equal(kept, np.stack([line, rest, far]))


def reading(text, scores, places):
    return Reading(text, sum(scores) / len(scores), tuple(places), tuple(scores))


def test_what_one_reading_passed_over_another_puts_in():
    one = reading("甲乙丁戊", (0.99, 0.99, 0.99, 0.99), (0.1, 0.3, 0.7, 0.9))
    other = reading("甲口丙丁戊", (0.9, 0.4, 0.6, 0.9, 0.9), (0.1, 0.3, 0.5, 0.7, 0.9))
    assert together([one, other]).text == "甲乙丙丁戊"
    assert together([one, one]) == one


def test_what_is_left_of_a_seal_is_no_letter_at_the_end():
    sure, unsure = (reading("甲乙丙三", (0.99, 0.99, 0.99, s), (0.1, 0.35, 0.6, 0.85)) for s in (0.99, 0.6))
    assert together([sure, sure]).text == "甲乙丙三"
    assert together([unsure, unsure]).text == "甲乙丙"


def labelled(dots):
    page = np.full((200, 600, 3), 255, np.uint8)
    for x in (110, 160, 210):
        cv2.rectangle(page, (x, 80), (x + 36, 120), (0, 0, 0), 4)
    for x, y in dots:
        cv2.circle(page, (x, y), 3, (0, 0, 0), -1)
    said = reading("甲方）", (0.99,) * 3, (0.18, 0.5, 0.83))
    return with_colon(page, said, box(100, 75, 256, 125))


def test_a_colon_behind_the_last_letter_is_read():
    said, quad = labelled([(268, 92), (268, 112)])
    assert said.text == "甲方）："
    assert len(said.places) == len(said.scores) == 4
    assert quad[1, 0] > 268


def test_other_dots_are_no_colon():
    for dots in ([], [(268, 112)], [(268, 92), (276, 112)], [(268, 92), (268, 102), (268, 112)]):
        said, quad = labelled(dots)
        assert said.text == "甲方）"
        assert np.array_equal(quad, box(100, 75, 256, 125))


@pytest.mark.parametrize(
    ("text", "dots", "expected"),
    [
        ("1 甲方", [(150, 116)], "1.甲方"),
        ("1甲方", [(150, 116)], "1.甲方"),
        ("1 甲方", [], "1 甲方"),
        ("1 甲方", [(131, 116)], "1.甲方"),  # close to the number
        ("1 甲方", [(150, 100)], "1 甲方"),  # at half height
        ("1 甲方", [(142, 116), (156, 116)], "1 甲方"),  # two of them
        ("1、甲方", [(150, 116)], "1、甲方"),  # read already
        ("甲 甲方", [(150, 116)], "甲 甲方"),  # no number
    ],
)
def test_the_point_set_wide_behind_the_number_of_a_clause_is_read(text, dots, expected):
    page = np.full((200, 600, 3), 255, np.uint8)
    cv2.rectangle(page, (110, 80), (124, 120), (0, 0, 0), 4)
    for x in (190, 240):
        cv2.rectangle(page, (x, 80), (x + 36, 120), (0, 0, 0), 4)
    for x, y in dots:
        cv2.circle(page, (x, y), 3, (0, 0, 0), -1)
    at = {0: 0.1, len(text) - 2: 0.64, len(text) - 1: 0.95}
    places = tuple(at.get(i, 0.25 if c != " " else -1.0) for i, c in enumerate(text))
    said = reading(text, (0.99,) * len(text), places)
    read = with_point(page, said, box(100, 75, 270, 125))
    assert read.text == expected
    assert len(read.places) == len(read.scores) == len(expected)
    assert read.text != text or read is said


@pytest.mark.parametrize(
    ("passed_over", "left_out", "less_sure"),
    [
        ("石棠宏业广告传媒有限公司", "告", "广传"),
        ("从事技术服务；销售建材", "；", "务销"),
        ("登记机关：岚屿市市场监督管理局", "屿", "岚市"),
        ("石棠宏业广　传媒有限公司", "　", ""),  # a gap of paper
        ("石棠宏业广告传媒有限公司", "", ""),
    ],
)
@pytest.mark.parametrize("size", [24, 48])
def test_letters_beside_one_that_was_passed_over_are_less_sure(passed_over, left_out, less_sure, size):
    face = font(size)
    crop = Image.new("RGB", (round(face.getlength(passed_over)) + 20, size + 20), "white")
    ImageDraw.Draw(crop).text((10, 0), passed_over, fill="black", font=face)
    kept = [(c, (10 + size * (i + 0.5)) / crop.width) for i, c in enumerate(passed_over) if c not in left_out]
    said = reading("".join(c for c, _ in kept), (0.99,) * len(kept), tuple(place for _, place in kept))
    found = doubted(said, np.asarray(crop))
    assert "".join(c for c, score in zip(found.text, found.scores, strict=True) if score < 0.5) == less_sure
    assert found.text == said.text


@pytest.mark.parametrize(
    ("printed", "left_out", "expected"),
    [
        ("日期：二〇二五年七月二日", "〇", "日期：二〇二五年七月二日"),
        ("共计二〇二五台设备检修", "〇", "共计二二五台设备检修"),  # no year
        ("日期：二二五年", "", "日期：二二五年"),  # nothing stands between
    ],
)
def test_the_nought_that_was_passed_over_in_a_year_is_put_in(printed, left_out, expected):
    face, size = font(40), 40
    crop = Image.new("RGB", (round(face.getlength(printed)) + 20, size + 20), "white")
    ImageDraw.Draw(crop).text((10, 0), printed, fill="black", font=face)
    kept = [(c, (10 + size * (i + 0.5)) / crop.width) for i, c in enumerate(printed) if c not in left_out]
    found = doubted(
        reading("".join(c for c, _ in kept), (0.99,) * len(kept), tuple(p for _, p in kept)), np.asarray(crop)
    )
    assert found.text == expected
    assert len(found.places) == len(found.scores) == len(expected)
    assert (min(found.scores) < 0.5) is bool(left_out)
