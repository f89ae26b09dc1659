"""What the detector passes over or takes for one is put right; seals and scripts that get in the way are, too."""

import numpy as np
from PIL import Image, ImageDraw

from intake import seals
from intake.adapters import boxes
from intake.script import harmonised


def _quad(x0, y0, x1, y1):
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]


def _page(*marks, width=1240, height=1754):
    """White paper with filled boxes for letters."""
    image = np.full((height, width, 3), 255, np.uint8)
    for x0, y0, x1, y1 in marks:
        image[y0:y1, x0:x1] = 20
        image[y0 + 8 : y1 - 8, x0 + 8 : x1 - 8] = 255
    return image


def test_standing_boxes_aslant_keep_their_corners_from_the_top_left():
    standing = np.array([[[40, 100], [140, 1250], [90, 1255], [-10, 105]]], np.float32)
    turned = boxes.straight(standing)[0]
    assert turned[0].tolist() == [-10, 105]
    assert turned[1].tolist() == [40, 100]


def test_labels_below_one_another_are_taken_apart():
    image = _page((100, 100, 132, 132), (100, 160, 132, 192), (100, 220, 132, 252))
    found = boxes.unstacked(image, np.array([_quad(96, 96, 136, 256)], np.float32))
    assert [round(q[:, 1].mean()) for q in found] == [116, 176, 236]


def test_a_line_set_upright_stays_one_line():
    image = _page((100, 100, 132, 132), (100, 135, 132, 167), (100, 170, 132, 202))
    quads = np.array([_quad(96, 96, 136, 206)], np.float32)
    assert np.array_equal(boxes.unstacked(image, quads), quads)


def test_letters_alone_beside_a_line_are_read_again_and_signatures_far_from_any_line_are_not():
    lines = [(300 + 40 * k, y, 332 + 40 * k, y + 32) for y in (100, 200, 300) for k in range(6)]
    image = _page(*lines, (160, 100, 192, 132), (160, 900, 192, 932))
    quads = np.array([_quad(296, y - 4, 536, y + 36) for y in (100, 200, 300)], np.float32)
    found = boxes.again(image, quads).missed
    assert len(found) == 1
    assert np.abs(found[0].mean(axis=0) - (176, 116)).max() < 2


def test_a_gray_seal_is_lifted_and_fine_print_as_pale_as_it_stays():
    page = Image.new("L", (1240, 1754), 250)
    pen = ImageDraw.Draw(page)
    pen.ellipse((500, 800, 760, 1060), outline=120, width=9)
    for y in (860, 930, 1000):  # print across the seal: one stroke dark, one fine and pale
        pen.line((400, y, 900, y), fill=25, width=4)
        pen.line((400, y + 15, 900, y + 15), fill=115, width=2)
    lifted = seals.lift(np.repeat(np.asarray(page)[..., None], 3, axis=2).copy())[..., 1]
    assert lifted[930, 450:850].max() < 90  # the print is there, under the ring as well
    assert lifted[945:947, 560:700].min(axis=0).max() < 160
    assert lifted[1050:1056, 600:660].min() > 200  # the ring is gone


def test_stray_characters_take_the_script_of_their_page():
    page = ["本合同由双方协商签订，货款于验收后支付。", "统一社会信用代码与营业执照", "擔保函：保证人愿意承担责任"]
    assert harmonised(page, [0.99] * 3)[2].startswith("担保函")
    assert harmonised([*page, "國際貿易"], [0.99] * 4)[3] == "國際貿易"


def test_a_line_without_a_character_of_one_script_alone_is_no_quotation_where_the_other_was_read_badly():
    page = ["本合同由双方协商签订，货款于验收后支付。", "统一社会信用代码与营业执照", "安裝工程承包合同"]
    for sure, read in ((0.56, "安装工程承包合同"), (0.97, "安裝工程承包合同")):
        letters = [[0.99] * len(page[0]), [0.99] * len(page[1]), [0.99, sure, *[0.99] * 6]]
        assert harmonised(page, [0.99, 0.99, 0.94], letters)[2] == read


def test_traditional_pages_stay_traditional():
    page = ["本合約由雙方協商簽訂，貨款於驗收後支付。", "統一社會信用代碼與營業執照", "担保函：保證人願意承擔責任"]
    assert harmonised(page, [0.99] * 3)[2].startswith("擔保函")


def test_what_was_read_badly_says_nothing_of_the_script_of_a_page():
    page = ["編制单位：銘通醫療器械（潯陽灣）有限公司", "資產总計與負债合計", "净利潤"]
    letters = [[0.6 if c in "单总债净" else 0.99 for c in text] for text in page]
    assert (
        "".join(harmonised(page, [0.97] * 3, letters))
        == "編制單位：銘通醫療器械（潯陽灣）有限公司資產總計與負債合計淨利潤"
    )
    sure = [[0.99] * len(text) for text in page]
    assert harmonised(page, [0.97] * 3, sure) == page  # somebody wrote it so


def test_a_dash_between_dates_is_no_numeral():
    assert harmonised(["2026年05月01日一2027年04月30日"], [0.9]) == ["2026年05月01日—2027年04月30日"]
