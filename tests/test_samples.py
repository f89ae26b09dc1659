"""The sample scans are real input for demo, tests and benchmarks: their ground truth has to be beyond doubt."""

import json
import random
import re
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pypdfium2 import PdfDocument
from stdnum.cn import uscc

from samples.make import Maker
from samples.paper import FACES, Sheet
from samples.scanner import scan
from tools.bench_reading import distance, legible_distance

SAMPLES = Path(__file__).parent.parent / "samples"
TRUTHS = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in sorted((SAMPLES / "truth").glob("*.json"))}
# the names of DESIGN.md, "What can be relied on from outside"
LICENCE = {
    "name",
    "code",
    "type",
    "legal_representative",
    "registered_capital",
    "established_on",
    "valid_from",
    "valid_until",
    "address",
    "scope",
    "authority",
    "issued_on",
}
AUTHORIZATION = {
    "principal",
    "code",
    "legal_representative",
    "agent",
    "scope",
    "valid_from",
    "valid_until",
    "signed_on",
}
CONTRACT = {
    "contract_number",
    "title",
    "party_a",
    "party_b",
    "party_a_code",
    "party_b_code",
    "amount",
    "currency",
    "signed_on",
    "term_from",
    "term_until",
}
FORM = {"document_number", "payment_days"}
OTHER = LICENCE | CONTRACT | FORM
NAMES = {
    "1.2": LICENCE,
    "1.4": AUTHORIZATION,
    "1.5": AUTHORIZATION,
    "1.9": CONTRACT,
    "1.10": OTHER | {"conclusion"},
    "1.11": OTHER | {"payer", "payee"},
}
DATES = {"established_on", "valid_from", "valid_until", "issued_on", "signed_on", "term_from", "term_until"}
CODES = {"code", "party_a_code", "party_b_code"}
MONEY = {"amount", "registered_capital"}


@pytest.fixture(params=sorted(TRUTHS))
def truth(request: pytest.FixtureRequest) -> dict[str, Any]:
    return TRUTHS[request.param]


def pages_of(file: Path) -> list[tuple[int, int] | None]:
    """Sizes in pixels of the pages; None for pages that have no pixels of their own."""
    if file.suffix == ".pdf":
        with PdfDocument(file) as book:
            return [None] * len(book)
    with Image.open(file) as image:
        sizes: list[tuple[int, int] | None] = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            sizes.append(image.size)
    return sizes


def test_there_are_samples_of_every_kind_the_main_job_needs() -> None:
    kinds = Counter(t["category"] for t in TRUTHS.values())
    assert len(TRUTHS) >= 12
    assert kinds["1.2"] >= 4
    assert kinds["1.4"] >= 2
    assert kinds["1.5"] >= 1
    assert kinds["1.9"] >= 6
    assert kinds["1.10"]
    assert kinds["1.11"]
    assert kinds["5.1"]
    turned = {r for t in TRUTHS.values() for r in t["rotation"]}
    assert {90, 180} <= turned
    assert {Path(t["file"]).suffix for t in TRUTHS.values()} == {".jpg", ".png", ".tif", ".pdf"}
    assert any(t["pages"] >= 3 for t in TRUTHS.values() if t["file"].endswith(".tif"))


def test_every_scan_has_a_truth_and_every_truth_a_scan() -> None:
    scans = {p.name for p in (SAMPLES / "scans").iterdir()}
    assert scans == set(TRUTHS) == {t["file"] for t in TRUTHS.values()}


def test_the_samples_stay_small_enough_for_a_clone() -> None:
    assert sum(p.stat().st_size for p in SAMPLES.rglob("*") if p.is_file()) < 12 * 2**20


def test_pages_are_as_many_and_as_large_as_said(truth: dict[str, Any]) -> None:
    found = pages_of(SAMPLES / "scans" / truth["file"])
    assert len(found) == truth["pages"]
    for name in ("rotation", "sizes", "digital", "text", "boxes", "other_order"):
        assert len(truth[name]) == truth["pages"], name
    for raw, size, rotation in zip(found, truth["sizes"], truth["rotation"], strict=True):
        if raw is not None:
            assert list(raw) == (size if rotation in (0, 180) else size[::-1])
    for text, boxes in zip(truth["text"], truth["boxes"], strict=True):
        assert len(text.split("\n")) == len(boxes)


def test_values_have_the_promised_forms(truth: dict[str, Any]) -> None:
    fields = truth["fields"]
    assert set(fields) <= NAMES.get(truth["category"], OTHER)
    for name, value in fields.items():
        assert value == value.strip() != "", name
        if name in CODES:
            assert uscc.is_valid(value), value
            assert re.fullmatch(r"[0-9A-Z]{18}", value)
        elif name in DATES:
            assert value == "long-term" or date.fromisoformat(value).isoformat() == value
        elif name in MONEY:
            assert re.fullmatch(r"[1-9]\d*\.\d\d", value)
            assert Decimal(value) > 0
    for start, end in (("valid_from", "valid_until"), ("term_from", "term_until")):
        if start in fields and fields.get(end, "long-term") != "long-term":
            assert fields[start] < fields[end]


def test_places_lie_on_the_page_they_name(truth: dict[str, Any]) -> None:
    assert set(truth["field_places"]) == set(truth["fields"])
    places = [(p["page"], p["box"]) for p in truth["field_places"].values()]
    for page, (x0, y0, x1, y1) in [*places, *truth["seals"], *truth["signatures"]]:
        width, height = truth["sizes"][page - 1]
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height


@pytest.mark.parametrize("name", ["name", "code", "principal", "party_a", "party_b", "agent", "contract_number"])
def test_names_and_codes_stand_in_the_text(name: str) -> None:
    checked = 0
    for truth in TRUTHS.values():
        if name in truth["fields"]:
            text = re.sub(r"\s", "", "".join(truth["text"]))
            assert truth["fields"][name] in text, truth["file"]
            checked += 1
    assert checked


def test_only_our_own_company_authorizes_for_category_1_5() -> None:
    ours = "华岳实业集团有限公司"
    for truth in TRUTHS.values():
        if truth["kind"] == "authorization":
            assert (truth["fields"]["principal"] == ours) == (truth["category"] == "1.5")


@given(st.text("甲乙丙", max_size=9), st.text("甲乙丙", max_size=14), st.booleans())
def test_the_error_rate_counts_as_the_textbook_does(pattern: str, text: str, anywhere: bool) -> None:
    """Wagner and Fischer's table, J. ACM 21, 1974; `anywhere` starts and ends wherever it is cheapest."""
    column = list(range(len(pattern) + 1))
    best = column[-1]
    for char in text:
        before, column = column, [0 if anywhere else column[0] + 1]
        for i, c in enumerate(pattern):
            column.append(min(before[i] + (c != char), before[i + 1] + 1, column[i] + 1))
        best = min(best, column[-1])
    assert distance(pattern, text, anywhere=anywhere) == (best if anywhere else column[-1])


@given(st.text("甲乙丙", max_size=9), st.text("甲乙丙", max_size=14), st.data())
def test_what_is_hidden_costs_nothing_and_all_else_what_it_did(pattern: str, text: str, data: st.DataObject) -> None:
    assert legible_distance(pattern, text, set()) == distance(pattern, text)
    hidden = data.draw(st.sets(st.sampled_from(range(len(pattern))))) if pattern else set()
    cost = legible_distance(pattern, text, hidden)
    assert distance(pattern, text) - len(hidden) <= cost <= distance(pattern, text)
    left_out = "".join(c for i, c in enumerate(pattern) if i not in hidden)
    assert legible_distance(pattern, left_out, hidden) == 0


@pytest.mark.skipif(not Path(FACES["song-bold"][0]).exists(), reason="the fonts of the samples are not installed")
@pytest.mark.parametrize("mode", ["bilevel", "gray"])
def test_print_is_hidden_only_where_a_black_seal_blots_it_out(mode: str) -> None:
    """The star of the seal is black all over: what is under its middle is gone. Beside the seal, and on gray paper, nothing is."""
    sheet = Sheet(random.Random(3), 120, 100, 300)
    sheet.text(20, 20, "合同专用章以外的字", 12)
    sheet.text(60, 60, "国", 6, align="centre", width=0.001)
    sheet.seal(60, 61, "华岳实业集团有限公司", diameter=50)
    page = scan(sheet, random.Random(3), mode=mode)
    assert page.hidden == ([(1, 0)] if mode == "bilevel" else [])


class _Only(Maker):
    """Makes one of the samples and leaves the others out."""

    def __init__(self, root: Path, only: str) -> None:
        super().__init__(root)
        self.only = only

    def scans(self, file: str, *args: Any, **how: Any) -> None:
        if file == self.only:
            super().scans(file, *args, **how)

    def service_contract(self) -> None:
        """Left out: it takes a browser."""

    def mixed_contract(self) -> None:
        """Left out, too."""


@pytest.mark.skipif(not Path(FACES["song-bold"][0]).exists(), reason="the fonts of the samples are not installed")
def test_a_sample_that_is_made_anew_is_the_one_that_is_shipped(tmp_path: Path) -> None:
    _Only(tmp_path, "payment.jpg").all()
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("payment*"))
    assert len(made) == 2
    for path in made:
        assert (tmp_path / path).read_bytes() == (SAMPLES / path).read_bytes(), path
