"""The preservation copy: what veraPDF calls PDF/A-2b, the same pictures, and every word where it was read."""

import io
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pdfplumber
import pikepdf
import pypdfium2
import pytest
from PIL import Image

from intake.model import Line, PageText, Word
from intake.preservation import write

WHEN = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
DPI = 150


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


def judged(verapdf: list[str], path: Path) -> str:
    command = [*verapdf, "--format", "text", "-f", "2b", "-v", str(path)]
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


@pytest.mark.parametrize("text", ["\ud800甲", "甲\x00\x1b乙", "\ufffe\uffff甲", "  ", "\u200b甲"])
def test_what_is_no_text_does_no_harm(tmp_path, verapdf, text):
    path = made(tmp_path, [(page(1, line(text, 10, 10), Line("空", (5, 5, 5, 5), 0.1)), picture())], f"题{text}")
    assert judged(verapdf, path).startswith("PASS")


def test_the_same_pages_give_the_same_bytes(tmp_path):
    pages = [(page(1, line("甲方", 10, 10)), picture())]
    assert made(tmp_path, pages).read_bytes() == made(tmp_path, pages).read_bytes()


def test_a_document_without_pages_has_no_copy(tmp_path):
    with pytest.raises(ValueError, match="without pages"):
        made(tmp_path, [])
