"""How the papers of `samples.unseen` are set and scanned: the generator is held to what the issue wants varied. No page is painted or read."""

import os
from collections import Counter
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from samples import unseen
from samples.paper import FACES, Sheet, plain
from samples.scanner import Scan

pytestmark = pytest.mark.skipif(
    os.environ.get("JUANZONG_REQUIRE_SERVERS") != "1" and not all(Path(path).exists() for path, _, _ in FACES.values()),
    reason="the fonts of the samples are not installed",
)
_SEED, _PAGES = 60228, 200


@pytest.fixture(scope="module")
def pages():
    """At least 200 pages of the test layouts: the sheet, and how it is scanned."""
    found = []

    def scan(sheet, _rng, **how):
        found.append(SimpleNamespace(sheet=sheet, **how))
        return Scan(None, how["rotation"], sheet.image.size, sheet.dpi, [], {}, {}, [], [])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unseen, "scan", scan)
        patch.setattr(unseen, "write", lambda *_, **__: None)
        patch.setattr(Sheet, "press", _pressed)
        patch.setattr(Sheet, "sign", lambda *_, **__: None)
        patch.setattr(Sheet, "seal", lambda self, x, y, around, *_, **__: self.press(None, x, y, 1, around, self.rng))
        patch.setattr(Sheet, "text", _noting(Sheet.text))
        for number in count():
            if len(found) >= _PAGES:
                return found
            unseen.make_one(number, _SEED, Path(), "test")
    return found


def _pressed(sheet, _stamp, x, y, _scale, name, _rng):
    sheet.seals.append((x, y, x, y))
    sheet.seal_names.append(name)


def _noting(text):
    def noted(sheet, x, y, markup, size=12, face="song", **more):
        sheet.set_in = getattr(sheet, "set_in", Counter())
        sheet.set_in[face, size] += len(plain(markup))
        return text(sheet, x, y, markup, size, face, **more)

    return noted


def share(pages, of):
    return sum(map(bool, map(of, pages))) / len(pages)


def test_every_turn_resolution_and_kind_of_scan_is_drawn(pages):
    assert {page.rotation for page in pages} == {0, 90, 180, 270}
    assert all(share(pages, lambda page, turn=turn: page.rotation == turn) >= 0.08 for turn in (0, 90, 180, 270))
    assert {page.sheet.dpi for page in pages} >= {150, 200, 250, 300}
    assert {page.sheet.dpi for page in pages} <= set(range(150, 301))
    assert {page.mode for page in pages} == {"colour", "gray", "bilevel"}


def test_pages_lie_askew_are_noisy_blurred_and_unevenly_lit(pages):
    assert min(page.skew for page in pages) < -5
    assert max(page.skew for page in pages) > 5
    assert all(abs(page.skew) < 6 for page in pages)
    assert 0.1 <= share(pages, lambda page: abs(page.skew) > 2.8) <= 0.3
    assert share(pages, lambda page: abs(page.skew) > 1) >= 0.4
    assert max(page.noise for page in pages) > 6
    assert share(pages, lambda page: page.noise >= 2) >= 0.8
    blurs = [page.blur * 200 / page.sheet.dpi for page in pages]
    assert (min(blurs) < 0.4, max(blurs) > 0.7) == (True, True)
    assert max(page.light for page in pages) > 0.15
    assert len({page.paper for page in pages}) >= 4


def test_fonts_sizes_scripts_and_seals_differ(pages):
    used = sum((page.sheet.set_in for page in pages), Counter())
    faces = Counter()
    for (face, _size), letters in used.items():
        faces[face] += letters
    assert len([face for face, letters in faces.items() if letters > 500]) >= 6
    sizes = {size for _face, size in used}
    assert (min(sizes) <= 9, max(sizes) >= 22, len(sizes) >= 8) == (True, True, True)
    full = share(
        pages, lambda page: any(set(line.text) & set("貳為業務與書國開發項單證據") for line in page.sheet.lines)
    )
    assert 0.05 <= full <= 0.4
    assert share(pages, lambda page: page.sheet.seals) >= 0.25
    assert share(pages, lambda page: len(page.sheet.seals) > 1) >= 0.02
