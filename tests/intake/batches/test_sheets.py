"""Separator sheets as they are printed: each of their two codes alone survives paper and glass."""

import io

import numpy as np
import pikepdf
import pypdfium2
import pytest
from fpdf import FPDF

from intake.batches import marks, sheets
from intake.batches.payload import Separator
from intake.batches.sheets import Sheet, as_pdf, size, svg
from intake.formats.fonts import HAN_FONT
from tests.intake.batches import stacks

SAID = Separator("file", "HT-XS-2026-0001", "K000012", "1.9")
SHEET = Sheet(SAID, "分隔页 · 新案卷", ("合同 HT-XS-2026-0001 阀门采购合同",), "放在一份文件的前面")


def printed(pdf, dpi=150):
    with pypdfium2.PdfDocument(pdf) as document:
        return np.asarray(document[0].render(scale=dpi / 72).to_pil().convert("L"))


@pytest.mark.parametrize("hidden", ["nothing", "square", "bars"])
@pytest.mark.parametrize("dpi", [150, 300])
def test_a_printed_sheet_is_read_from_either_code(hidden, dpi):
    page = printed(as_pdf([SHEET]), dpi).copy()
    if hidden == "square":
        page[: page.shape[0] // 2] = 230  # a coffee cup stood here
    if hidden == "bars":
        page[page.shape[0] * 3 // 4 :] = 230
    found = marks.find(stacks.scanned(page, 3, skew=2, noise=8), dpi)
    assert found is not None
    assert found.separator == SAID
    assert found.how in {"nothing": ("qr", "code128"), "square": ("code128",), "bars": ("qr",)}[hidden]


def test_numbers_with_chinese_characters_stand_in_the_square_code():
    said = Separator("document", "〔2026〕销字第0007号·补充", "客户〇一", "1.12")
    found = marks.find(stacks.scanned(printed(as_pdf([Sheet(said, "分隔页")])), 1), 150)
    assert found is not None
    assert found.separator == said
    assert size(said, "code128") == (0, 0)
    assert svg(said, "code128") == ""


def test_the_words_can_be_selected_and_the_same_sheets_are_the_same_bytes():
    data = as_pdf([SHEET] * 3)
    assert data == as_pdf([SHEET] * 3)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert len(pdf.pages) == 3
    with pypdfium2.PdfDocument(data) as document:
        text = document[0].get_textpage().get_text_range()
    assert "分隔页 · 新案卷" in text
    assert "阀门采购合同" in text


def test_a_sheet_never_breaks_by_its_words():
    wild = Sheet(SAID, "x" * 400, ("\ud83d", "()\\ \n <>", "合" * 300), "")
    assert as_pdf([wild]).startswith(b"%PDF")


def test_the_path_for_the_browser_covers_the_dark_modules():
    width, height = size(SAID, "qr")
    assert width == height
    path = svg(SAID, "qr")
    assert path.startswith("M0 0h7v1h-7z")  # the finder pattern in the corner


def test_a_sheet_holds_its_font():
    with pikepdf.open(io.BytesIO(as_pdf([SHEET]))) as pdf:
        (font,) = (f for f in pdf.pages[0].resources.Font.values() if f.Subtype == "/Type0")
        held = font.DescendantFonts[0].FontDescriptor
        assert "/FontFile2" in held or "/FontFile3" in held


def test_the_font_is_looked_at_once_in_a_process_and_each_document_is_as_if_it_had_been_for_it(monkeypatch):
    def anew():
        document = FPDF()
        document.add_font("han", "", HAN_FONT)
        return document.fonts["han"]

    rare = Sheet(SAID, "𠮷Ω☑①㎡", ("\ue000", "é ß"), "别的字")
    kept = [as_pdf([sheet]) for sheet in (SHEET, rare, SHEET)]
    with monkeypatch.context() as patch:
        patch.setattr(sheets, "_font", anew)
        assert [as_pdf([sheet]) for sheet in (SHEET, rare, SHEET)] == kept
    monkeypatch.setattr("fpdf.fonts.TTFFont.__init__", pytest.fail)
    assert as_pdf([rare]) == kept[1]
