"""Separators: payloads, codes and bars on pages as scanners give them, and no false alarms."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.batches import marks, patch
from intake.batches.payload import ALPHABET, Separator, decode, encode
from intake.inspect import inspect
from intake.model import Limits
from tests.intake.batches import stacks

SCANS = Path(__file__).parents[3] / "samples" / "scans"

numbers = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S"), max_codepoint=0xFFFF), max_size=24)
separators = st.builds(
    Separator,
    st.sampled_from(["document", "file"]),
    numbers,
    numbers,
    st.sampled_from(["", "1.9", "5.1"]),
    st.booleans(),
)


@given(separators)
def test_a_payload_says_what_was_put_in_and_uses_only_characters_of_code_39(separator):
    text = encode(separator)
    assert decode(text) == separator
    assert set(text) <= set(ALPHABET)


@given(separators, st.data())
def test_a_wrong_character_shows(separator, data):
    text = encode(separator)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from([c for c in ALPHABET if c != text[at]]))
    assert decode(text[:at] + other + text[at + 1 :]) is None


@pytest.mark.parametrize("text", ["", "JZ1", "JZ1SD$", "https://example.cn/JZ1SD$4", "JZ2SD$4", "PATCHT", "*" * 5000])
def test_codes_of_others_are_none_of_ours(text):
    assert decode(text) is None


def test_a_field_is_said_once():
    body = "JZ1SD$CA$CB$"
    assert all(decode(body + check) is None for check in ALPHABET)


SAID = Separator("file", "HT-XS-2026-0001", "", "1.9")


@pytest.mark.parametrize("kind", ["qr", "code128", "code39"])
@pytest.mark.parametrize("dpi", [150, 300])
def test_our_sheets_are_read_askew_noisy_and_any_way_up(kind, dpi):
    said = SAID if kind != "code39" else Separator("document", category="1.2")
    sheet = stacks.scanned(stacks.sheet(said, kind, dpi), 3, skew=2.5, noise=9)
    for quarters in range(4):
        found = marks.find(np.rot90(sheet, quarters), dpi)
        assert found is not None
        assert (found.separator, found.how) == (said, kind)


def test_a_label_stays_on_its_page():
    label = Separator("document", "HT-XS-2026-0001", label=True)
    page = stacks.words(stacks.paper(), 20, 7)
    stacks.put(page, stacks.code(encode(label), "code128", module=0.34), 0.6, 9.5)
    found = marks.find(stacks.scanned(page, 1), 150)
    assert found is not None
    assert found.separator == label


def test_contradicting_codes_separate_and_say_nothing():
    page = stacks.paper()
    for i in range(3):
        said = Separator("document", f"HT-XS-2026-000{i}")
        stacks.put(page, stacks.code(encode(said), "qr", module=0.6), 1.0, 1.0 + 3 * i)
    found = marks.find(page, 150)
    assert found is not None
    assert found.separator == Separator()


def test_the_word_in_a_standard_sheets_code_separates():
    page = stacks.put(stacks.paper(), stacks.code("PATCHT", "code128"), 1.0, 5.0)
    found = marks.find(stacks.scanned(page, 2), 150)
    assert found is not None
    assert (found.separator, found.how) == (Separator(), "patch-T")


REVERSED = {"T": "3", "3": "T", "2": "2", "1": "6", "4": "4", "6": "1"}


@pytest.mark.parametrize(("name", "dpi"), [*((name, 150) for name in "T23146"), ("T", 100), ("3", 200), ("T", 300)])
def test_patch_codes_are_told_apart(name, dpi):
    for skew, noise in ((0, 0), (4, 12), (-7, 6)):
        page = stacks.scanned(stacks.patch_sheet(name, dpi), 5, skew=skew, noise=noise)
        for quarters in range(4):
            found = patch.find(np.ascontiguousarray(np.rot90(page, quarters)), dpi)
            assert found in (name, REVERSED[name])
        assert patch.find(page, dpi) == name


@pytest.mark.parametrize("scale", [0.75, 1.3])
def test_a_patch_sheet_printed_at_another_size_separates(scale):
    page = stacks.scanned(stacks.patch_sheet("T", 200), 5)
    assert patch.find(page, 200 * scale) == "T"


def test_black_and_white_and_half_hidden_bars():
    page = stacks.scanned(stacks.patch_sheet("2", 200), 5, noise=12)
    assert patch.find(np.where(page > 128, 255, 0).astype(np.uint8), 200) == "2"
    page[:, : page.shape[1] // 2] = 200  # a note stuck over one half leaves 3 cm of the bars
    assert patch.find(page, 200) == "2"


def test_bars_that_are_no_patch_separate_nothing():
    dice = random.Random(4)
    for _ in range(60):
        page = stacks.paper(100)
        y = 60
        while y < 1000:  # rules, table rows, filled boxes, gray bars
            height = dice.choice([1, 2, 4, 6, 8, 14, 20, 30])
            page[y : y + height, 80 : dice.choice([200, 500, 740])] = dice.choice([0, 0, 60, 150])
            y += height + dice.choice([3, 6, 10, 16, 24, 40])
        assert patch.find(page, 100) not in ("T", "2", "3") or _has_patch(page), "a false alarm"


def _has_patch(page):
    """Whether the dice threw a true patch: checked against the published widths, not against the detector."""
    column = page[:, 90] < 100
    edges = np.flatnonzero(np.diff(column.astype(int)))
    widths = np.diff(edges) / 100 * 25.4
    first = 0 if not column[0] else 1
    for i in range(first, len(widths) - 6, 2):
        seven = widths[i : i + 7]
        bars = "".join("W" if 3.6 <= w <= 6.8 else "N" if 1.1 <= w <= 3.2 else "?" for w in seven[::2])
        if bars in patch.CODES and all(1.0 <= w <= 3.2 for w in seven[1::2]):
            return True
    return False


@pytest.mark.parametrize("path", sorted(SCANS.iterdir()), ids=lambda path: path.name)
def test_no_document_among_the_samples_is_taken_for_a_separator_or_for_blank(path):
    from intake.batches import blank, looking

    inspection = inspect(path, Limits())
    for image, dpi, is_damaged in looking.pages(path, inspection, Limits()):
        assert not is_damaged()
        assert marks.find(np.ascontiguousarray(image[..., 1]), dpi) is None
        assert blank.ink(image, dpi) > 100 * blank.BLANK
