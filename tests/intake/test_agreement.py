"""A text layer is believed only where the page shows what it says; else the page is read as an image."""

import re
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from fpdf import FPDF
from PIL import Image

from intake.adapters import open_engine
from intake.agreement import agrees
from intake.formats.fonts import HAN_FONT
from intake.inspect import inspect
from intake.model import Limits, Line, Word
from intake.pipeline import read
from tests.intake.test_read import Blind

LIMITS = Limits()
SAID = [
    "设备采购合同",
    "合同编号：HT-2026-0173",
    "甲方：临溪市鼎川阀门有限公司",
    "乙方：华岳实业集团有限公司",
    "第一条　甲方向乙方购买阀门三百二十台，单价 1,280.00 元，总价人民币 409,600.00 元。",
    "第二条　交货日期为 2026年8月31日，交货地点为临溪市滨江路118号仓库。",
    "Contract between Dingchuan Valve and Huayue Industrial Group",
]


@pytest.fixture(scope="module")
def engine():
    return open_engine("auto", threads=1)


def made(path: Path, lines: list[str] = SAID, font: Path = HAN_FONT, size: int = 12) -> Path:
    document = FPDF(format="A4")
    document.add_page()
    document.add_font("f", "", font)
    document.set_font("f", size=size)
    for line in lines:
        document.multi_cell(0, 8, line, new_x="LMARGIN", new_y="NEXT")
    document.output(str(path))
    return path


def lying(source: Path, target: Path, turned) -> Path:
    """Write the PDF with another table from glyphs to characters: what it paints stays. turned: of a code point, another one."""

    def one(match: re.Match[bytes]) -> bytes:
        return match[1] + b"<%04X>" % turned(int(match[2], 16))

    with pikepdf.open(source) as pdf:
        for thing in pdf.objects:
            if isinstance(thing, pikepdf.Dictionary) and "/ToUnicode" in thing:
                table = thing.ToUnicode.read_bytes()
                parts = re.split(rb"(beginbfchar.*?endbfchar)", table, flags=re.DOTALL)
                fixed = [
                    re.sub(rb"(<[0-9A-Fa-f]+> )<([0-9A-Fa-f]{4})>", one, part) if part.startswith(b"begin") else part
                    for part in parts
                ]
                assert b"".join(fixed) != table
                thing.ToUnicode = pdf.make_stream(b"".join(fixed))
        pdf.save(target)
    return target


def pages_of(path, engine):
    return [found.page for found in read(path, inspect(path, LIMITS), engine, LIMITS)]


def test_a_sound_layer_is_taken_without_an_engine(tmp_path):
    (page,) = pages_of(made(tmp_path / "a.pdf"), Blind())
    assert page.source == "text-layer"
    assert "409,600.00" in page.text


@pytest.mark.parametrize("face", ["kai", "ming", "zenhei"])
def test_so_it_is_in_the_fonts_of_offices(tmp_path, face):
    from samples.paper import FACES

    font = Path(FACES[face][0])
    if not font.exists():
        pytest.skip(f"{font} is not installed")
    for size in (9, 14):
        (page,) = pages_of(made(tmp_path / f"{size}.pdf", font=font, size=size), Blind())
        assert page.source == "text-layer"


def shifted(code: int) -> int:
    return code + 7 if 0x4E00 <= code < 0x9F00 else code


def other_digits(code: int) -> int:
    return (code - 0x30 + 3) % 10 + 0x30 if 0x30 <= code <= 0x39 else code


def other_letters(code: int) -> int:
    return (code - 0x61 + 11) % 26 + 0x61 if 0x61 <= code <= 0x7A else code


@pytest.mark.parametrize("lie", [shifted, other_digits, other_letters])
def test_a_layer_that_lies_is_read_from_the_page(engine, tmp_path, lie):
    (page,) = pages_of(lying(made(tmp_path / "a.pdf"), tmp_path / "b.pdf", lie), engine)
    assert page.source == "rapidocr"
    for said in ("临溪市鼎川阀门有限公司", "HT-2026-0173", "409,600.00", "Dingchuan Valve"):
        assert said in page.text


def test_garbage_painted_under_a_picture_on_a_part_of_the_page_is_not_taken(engine, tmp_path):
    """A photograph of a paper stuck on a sheet; another program put its reading under it, where nobody sees it."""
    strip = made(tmp_path / "a.pdf")
    import pypdfium2

    with pypdfium2.PdfDocument(strip) as pdf:
        picture = pdf[0].render(scale=2).to_pil().crop((0, 0, 1190, 500))
    document = FPDF(format="A4")
    document.add_page()
    document.add_font("f", "", HAN_FONT)
    document.set_font("f", size=12)
    for row in range(8):
        document.text(15, 20 + 8 * row, "丁卯甲申乙酉癸亥壬戌辛丑庚子己巳戊辰丙午")
    document.image(picture, 0, 0, 210)
    for row in range(8):
        document.text(15, 110 + 12 * row, f"附件第{row + 1}项：上图为双方签订的合同首页，以原件为准。")
    document.output(str(tmp_path / "b.pdf"))
    (page,) = pages_of(tmp_path / "b.pdf", engine)
    assert "丁卯" not in page.text
    assert "临溪市鼎川阀门有限公司" in page.text
    assert "以原件为准" in page.text


def test_a_script_that_neither_font_nor_engine_knows_is_believed():
    line = Line("สัญญา", (10, 10, 90, 40), 1.0, (Word(0, "สัญญา", (10, 10, 90, 40), 1.0),))
    assert agrees(np.full((100, 100, 3), 255, np.uint8), [line], [], Blind())


def test_words_nobody_can_see_are_not_believed():
    empty = np.full((200, 600, 3), 255, np.uint8)
    words = tuple(Word(i, c, (20 + 30 * i, 20, 50 + 30 * i, 50), 1.0) for i, c in enumerate("甲方应当支付全部货款"))
    assert not agrees(empty, [Line("甲方应当支付全部货款", (20, 20, 320, 50), 1.0, words)], [], Blind())


def test_white_words_on_black_are_seen(tmp_path):
    import pypdfium2

    path = made(tmp_path / "a.pdf", SAID[:4])
    with pypdfium2.PdfDocument(path) as pdf:
        image = pdf[0].render(scale=200 / 72).to_pil().convert("RGB")
    from intake.formats.opening import open_pages

    with open_pages(path, "pdf", LIMITS) as pages:
        lines = pages.picture(0).layer.lines
    for seen in (image, Image.eval(image, lambda v: 255 - v)):
        assert agrees(np.asarray(seen), lines, [], Blind())
