"""The preservation copy: what veraPDF calls PDF/A-2b, the same pictures, and every word where it was read."""

import io
import math
import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pdfplumber
import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageDraw, ImageFont

from intake.adapters import open_engine
from intake.inspect import inspect
from intake.model import Limits, Line, PageText, Word
from intake.pipeline import read
from intake.preservation import write
from samples.paper import FACES

WHEN = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
DPI = 150
SIDES = ("x0", "top", "x1", "bottom")


def picture(width: int = 1240, height: int = 1754, mode: str = "RGB", dpi: int = DPI) -> bytes:
    data = io.BytesIO()
    Image.new(mode, (width, height), "white").save(data, "JPEG", dpi=(dpi, dpi))
    return data.getvalue()


def line(text: str, x: int, y: int, size: int = 40, *, words: bool = True) -> Line:
    boxes = [(x + i * size, y, x + (i + 1) * size, y + size) for i in range(len(text))]
    found = tuple(Word(i, char, box, 0.9) for i, (char, box) in enumerate(zip(text, boxes, strict=True)))
    return Line(text, (x, y, x + len(text) * size, y + size), 0.9, found if words else ())


def page(number: int, *lines: Line, width: int = 1240, height: int = 1754) -> PageText:
    return PageText(number, width, height, 0, "rapidocr", lines)


def made(tmp_path: Path, pages: list[tuple[PageText, bytes]], title: str = "采购合同") -> Path:
    path, folder = tmp_path / "copy.pdf", tmp_path / "work"
    folder.mkdir(exist_ok=True)
    with path.open("w+b") as target:
        assert write(iter(pages), title, WHEN, target, folder) == len(pages)
    assert list(folder.iterdir()) == []
    return path


def test_a_full_disk_is_told_and_brings_nobody_down(tmp_path):
    with pytest.raises(OSError, match="No space left"), Path("/dev/full").open("wb") as full:
        write(iter([(page(1, line("甲方", 100, 100)), picture())]), "合同", WHEN, full, tmp_path)
    assert list(tmp_path.iterdir()) == []


def judged(verapdf: list[str], *paths: Path) -> str:
    command = [*verapdf, "--format", "text", "-f", "2b", "-v", *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120).stdout


def test_a_stack_of_all_sorts_is_PDF_A_2b(tmp_path, verapdf):
    pages = [
        (page(1, line("甲方：华岳实业集团有限公司", 100, 200), line("Amount 1,234.56", 100, 300)), picture()),
        (page(2), picture(mode="L")),
        (page(3, line("额𠮷Ω☑①㎡", 5, 5, words=False), width=3508, height=2480), picture(3508, 2480, dpi=300)),
        (page(4, line("no resolution told", 10, 10, 12), width=400, height=300), picture(400, 300, dpi=0)),
        *[(page(n, line(f"第{n}页", 100, 100)), picture()) for n in range(5, 46)],
    ]
    path = made(tmp_path, pages, "采购合同 <&> 𠮷")
    assert judged(verapdf, path).startswith("PASS")
    with pikepdf.open(path) as pdf:
        assert len(pdf.pages) == 45
        assert [round(float(v)) for v in pdf.pages[0].mediabox[2:]] == [595, 842]
        assert [round(float(v)) for v in pdf.pages[2].mediabox[2:]] == [842, 595]
        with pdf.open_metadata() as told:
            assert told["dc:title"] == "采购合同 <&> 𠮷"
            assert told["xmp:CreateDate"] == "2026-03-01T08:30:00+00:00"


def test_a_page_of_a_few_dots_is_PDF_A_too(tmp_path, verapdf):
    """As the pictures are by which senders of letters see who reads them."""
    sizes = [(1, 1), (8, 8), (8, 1754), (1240, 3)]
    pages = [
        (page(n, width=width, height=height), picture(width, height, dpi=300))
        for n, (width, height) in enumerate(sizes, 1)
    ]
    path = made(tmp_path, pages)
    assert judged(verapdf, path).startswith("PASS")
    with pikepdf.open(path) as pdf:
        boxes = [tuple(round(float(v)) for v in found.mediabox[2:]) for found in pdf.pages]
    assert boxes == [(3, 3), (3, 3), (3, 421), (298, 3)]


def test_the_picture_is_the_very_bytes(tmp_path):
    image = picture(mode="L")
    with pikepdf.open(made(tmp_path, [(page(1), image)])) as pdf:
        (kept,) = pdf.pages[0].get_images().values()
        assert kept.read_raw_bytes() == image


def test_every_word_is_found_where_it_was_read_and_none_is_seen(tmp_path):
    text = "统一社会信用代码91350100M000100Y43"
    path = made(tmp_path, [(page(1, line(text, 120, 400, 30), line("𠮷野（甲）", 120, 600, 50)), picture())])
    with pdfplumber.open(path) as pdf:
        first = pdf.pages[0]
        assert first.extract_text().splitlines() == [text, "𠮷野（甲）"]
        scale = DPI / 72
        for i, char in enumerate(first.chars[: len(text)]):
            assert char["text"] == text[i]
            assert abs(char["x0"] * scale - (120 + 30 * i)) < 2
            assert abs(char["x1"] * scale - (150 + 30 * i)) < 2
            assert abs(char["bottom"] * scale - 430) < 6
    document = pypdfium2.PdfDocument(path)
    assert text in document[0].get_textpage().get_text_range()
    assert document[0].render(scale=1).to_pil().convert("L").getextrema() == (255, 255)
    document.close()


def test_what_is_no_text_does_no_harm(tmp_path, verapdf):
    paths = []
    for number, text in enumerate(["\ud800甲", "甲\x00\x1b乙", "\ufffe\uffff甲", "  ", "\u200b甲"]):
        path = made(tmp_path, [(page(1, line(text, 10, 10), Line("空", (5, 5, 5, 5), 0.1)), picture())], f"题{text}")
        paths.append(path.rename(tmp_path / f"{number}.pdf"))
    said = judged(verapdf, *paths).splitlines()  # in one go: it takes longer to start than to judge
    assert [next((line[:4] for line in said if line.split()[1:2] == [str(path)]), "") for path in paths] == ["PASS"] * 5


def test_the_same_pages_give_the_same_bytes_at_any_time(tmp_path):
    pages = [(page(1, line("甲方", 10, 10)), picture())]
    first = made(tmp_path, pages).read_bytes()
    time.sleep(1.01)  # dates within are told in seconds
    assert made(tmp_path, pages).read_bytes() == first


def test_a_document_without_pages_has_no_copy(tmp_path):
    with pytest.raises(ValueError, match="without pages"):
        made(tmp_path, [])


WORDS = [
    "华岳实业集团有限公司",
    "统一社会信用代码",
    "91330106MA4XJLN87D",
    "法定代表人授权委托书",
    "技术服务合同编号",
    "HY-XX-2026-0052",
]


def drawn() -> tuple[Image.Image, list[tuple[str, tuple[float, float, float, float]]]]:
    """A sheet with words in places that nothing but their being drawn says, and these places in pixels."""
    sheet, places = Image.new("L", (1240, 1754), "white"), []
    pen = ImageDraw.Draw(sheet)
    path, face, _ = FACES["hei"]
    for number, text in enumerate(WORDS):
        font, at = ImageFont.truetype(path, 30 + 4 * (number % 3), index=face), (130 + 90 * number, 210 + 230 * number)
        pen.text(at, text, "black", font=font)
        places.append((text, pen.textbbox(at, text, font=font)))
    return sheet, places


def leant(box: tuple[float, float, float, float], degrees: float) -> tuple[float, float, float, float]:
    """Where a box lies on the sheet when this is turned clockwise about its middle, as a box."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = [(x - 620, y - 877) for x in (box[0], box[2]) for y in (box[1], box[3])]
    turned = [(620 + x * cos - y * sin, 877 + x * sin + y * cos) for x, y in corners]
    xs, ys = zip(*turned, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


@pytest.mark.skipif(
    os.environ.get("JUANZONG_REQUIRE_SERVERS") != "1" and not Path(FACES["hei"][0]).exists(),
    reason="the fonts of the samples are not installed",
)
def test_words_of_turned_and_leaning_scans_lie_where_they_were_drawn(tmp_path):
    sheet, places = drawn()
    askew = sheet.rotate(-3, Image.Resampling.BICUBIC, fillcolor="white")  # Pillow turns against the clock
    pages = [sheet.rotate(-degrees, expand=True) for degrees in (90, 180, 270)] + [askew]
    scan = tmp_path / "scan.tif"
    pages[0].save(scan, save_all=True, append_images=pages[1:], dpi=(DPI, DPI), compression="tiff_deflate")
    limits = Limits()
    found = list(read(scan, inspect(scan, limits), open_engine("rapidocr", 1), limits))
    assert [one.page.rotation for one in found] == [270, 180, 90, 0]
    scale = 72 / DPI
    with pdfplumber.open(made(tmp_path, [(one.page, one.image) for one in found])) as pdf:
        for number, leaf in enumerate(pdf.pages):
            assert (round(leaf.width), round(leaf.height)) == (595, 842)
            letters = "".join(char["text"] for char in leaf.chars)
            for text, box in places:
                assert letters.count(text) == 1, (number, text, letters)
                chars = leaf.chars[letters.index(text) :][: len(text)]
                lies = [f(char[side] for char in chars) for f, side in zip((min, min, max, max), SIDES, strict=True)]
                wanted = [v * scale for v in (leant(box, 3) if number == 3 else box)]
                high = (box[3] - box[1]) * scale
                off = [abs(a - b) for a, b in zip(lies, wanted, strict=True)]
                assert max(off) <= high * 0.5, (number, text, lies, wanted)
