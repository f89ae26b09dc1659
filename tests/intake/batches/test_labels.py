"""Labels as they are printed: every one of a sheet separates by its own code, and the words can be read."""

import numpy as np
import pikepdf
import pypdfium2
import pytest

from intake.batches import marks
from intake.batches.labels import CUTS, Label, TooLong, as_pdf
from intake.batches.payload import Separator
from tests.intake.batches import stacks

DPI = 300


def label(number):
    said = Separator("file", f"HT-XS-2026-{number:04}", category="1.9", label=True)
    return Label(said, (said.contract, "阀门采购合同", "1.9"))


def cells(data, page, cut):
    """The labels of a page, each cut out along its edges, as a scanner would see it on a page of its own; None where nothing is printed."""
    with pypdfium2.PdfDocument(data) as document:
        seen = np.asarray(document[page].render(scale=DPI / 72).to_pil().convert("L"))
    for row in range(cut.down):
        for column in range(cut.across):
            left, top = cut.left + column * cut.step, cut.top + row * cut.height
            x0, y0, x1, y1 = (round(mm * DPI / 25.4) for mm in (left, top, left + cut.width, top + cut.height))
            if seen[y0:y1, x0:x1].min() == 255:
                yield None
                continue
            page_of_its_own = stacks.paper(DPI)
            page_of_its_own[200 : 200 + y1 - y0, 300 : 300 + x1 - x0] = seen[y0:y1, x0:x1]
            yield page_of_its_own


@pytest.mark.parametrize(("cut", "code"), [("L7160", "qr"), ("L7163", "code128")])
def test_every_label_of_a_sheet_is_read_from_the_page_it_sticks_on(cut, code):
    form = CUTS[cut]
    data = as_pdf([label(n) for n in range(form.count)], cut, code, used=2)
    first, last = list(cells(data, 0, form)), list(cells(data, 1, form))
    assert [page is None for page in first] == [True, True] + [False] * (form.count - 2)  # two were used
    assert [page is None for page in last] == [False, False] + [True] * (form.count - 2)
    printed = [page for page in (*first, *last) if page is not None]
    found = [marks.find(stacks.scanned(page, 5, skew=1, noise=6), DPI) for page in printed]
    assert [mark.separator for mark in found] == [label(n).separator for n in range(form.count)]


def test_the_font_is_in_the_file_and_the_words_can_be_read(tmp_path):
    path = tmp_path / "labels.pdf"
    path.write_bytes(as_pdf([label(7)], "L7173"))
    with pypdfium2.PdfDocument(path) as document:
        assert "阀门采购合同" in document[0].get_textpage().get_text_range()
    with pikepdf.open(path) as pdf:
        (font,) = (f for f in pdf.pages[0].resources.Font.values() if f.Subtype == "/Type0")
        held = font.DescendantFonts[0].FontDescriptor
        assert "/FontFile2" in held or "/FontFile3" in held


def test_a_bar_code_that_no_scanner_would_read_is_refused():
    with pytest.raises(TooLong, match="HT-XS-2026-0001"):
        as_pdf([label(1)], "L7160", "code128")
    long = Label(Separator(contract="〔2026〕销字第0007号·补充协议之一", label=True))
    with pytest.raises(TooLong):
        as_pdf([long], "L7163", "code128")
