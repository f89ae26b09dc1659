"""Seals as they lie on the sample scans, read by the real engine; and what counts as no seal."""

import io
import random
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from intake import seal_text, seals
from intake.adapters.rapidocr import RapidOcr
from intake.codec import from_json, to_json
from intake.fields.seals import COMPLETED, PRESENT, compared, completed, fields
from intake.formats.opening import open_pages
from intake.inspect import inspect
from intake.model import Field, Limits, Line, PageText, Seal, Word
from intake.understand import CONFIDENCE_LINE, understand
from samples import stamps
from samples.paper import FACES, Sheet
from tests.intake import scans

LIMITS = Limits()
BOX = (10, 10, 90, 90)


@pytest.fixture(scope="module")
def engine():
    return RapidOcr(threads=1)


def sealed_pages():
    """Yield every sample page that bears seals: its upright image, and whose they are by box in its pixels."""
    for path in sorted((scans.SAMPLES / "scans").iterdir()):
        truth = scans.truth(path.name)
        if not truth["seals"]:
            continue
        with open_pages(path, inspect(path, LIMITS).kind, LIMITS) as pages:
            for number in sorted({number for number, _ in truth["seals"]}):
                image = np.asarray(pages.picture(number - 1).image.convert("RGB"))
                image = np.ascontiguousarray(np.rot90(image, -truth["rotation"][number - 1] // 90))
                scale = truth["sizes"][number - 1][0] / image.shape[1]
                mine = zip(truth["seals"], truth["seal_names"], strict=True)
                yield image, [([v / scale for v in box], name) for (n, box), name in mine if n == number]


def middle(box):
    return np.array([box[0] + box[2], box[1] + box[3]]) / 2


def test_the_seals_of_the_samples_are_found_where_they_are_and_read(engine):
    stamped = exact = sure_and_wrong = 0
    for image, wanted in sealed_pages():
        found = list(seal_text.read(image, seals.locate(image), engine))
        assert len(found) == len(wanted)
        for box, name in wanted:
            seal = min(found, key=lambda s: np.abs(middle(s.box) - middle(box)).max())
            assert np.abs(middle(seal.box) - middle(box)).max() < 0.05 * (box[2] - box[0])
            stamped += 1
            exact += seal.text == name
            sure_and_wrong += seal.text != name and seal.confidence >= CONFIDENCE_LINE
    assert stamped == 24
    assert exact >= 22
    assert sure_and_wrong <= 1


def test_a_seal_is_read_whichever_way_it_was_stamped(engine):
    path = scans.scan("licence-two-columns.jpg")
    image = np.asarray(Image.open(path).convert("RGB"))
    x0, y0, x1, y1 = scans.truth(path.name)["seals"][0][1]
    part = np.ascontiguousarray(image[y0 - 40 : y1 + 40, x0 - 40 : x1 + 40])
    page = np.full((2339, 1654, 3), 250, np.uint8)
    page[100 : 100 + part.shape[0], 100 : 100 + part.shape[1]] = part[::-1, ::-1]
    assert [seal.text for seal in seal_text.read(page, seals.locate(page), engine)] == ["澜江市行政审批局"]


def blank_page():
    return np.full((2339, 1654, 3), 250, np.uint8)


def test_a_ring_without_letters_is_a_seal_without_a_name(engine):
    page = blank_page()
    cv2.circle(page, (800, 800), 160, (210, 30, 40), 9)
    cv2.circle(page, (800, 800), 40, (210, 30, 40), -1)
    (seal,) = seal_text.read(page, seals.locate(page), engine)
    assert (seal.text, seal.confidence) == ("", 0.0)
    assert np.abs(middle(seal.box) - [800, 800]).max() < 8
    black = np.where(page.min(axis=2, keepdims=True) < 128, 0, 255).astype(np.uint8).repeat(3, axis=2)
    assert seal_text.read(black, seals.locate(black), engine) == ()  # in black it may be any circle


def test_emblems_and_frames_are_no_seals(engine):
    page = blank_page()
    cv2.circle(page, (400, 400), 150, (210, 30, 40), -1)
    cv2.rectangle(page, (900, 300), (1200, 600), (210, 30, 40), 9)
    cv2.putText(page, "RED HEADLINE", (200, 1200), cv2.FONT_HERSHEY_DUPLEX, 4, (210, 30, 40), 12)
    assert seal_text.read(page, seals.locate(page), engine) == ()


@pytest.mark.skipif(not Path(FACES["song"][0]).exists(), reason="needs the fonts of samples/")
@pytest.mark.parametrize("seed", [1, 6, 9])  # letters cut out of the ink in 1 and 9
def test_the_square_seal_of_a_person_is_read_though_print_and_a_ring_cross_its_frame(seed, engine):
    rng = random.Random(seed)
    sheet = Sheet(rng, width=150, height=150)
    sheet.text(52, 71, "代表人：", 10, "song", width=100)
    sheet.seal(40, 80, "临溪市鼎川阀门有限公司", diameter=38)
    stamps.square(sheet, 66, 80, ("明陈", "印东"), "陈东明印", rng, side=20, white=seed % 2 == 1)
    sheet.seal(74, 108, "华岳实业集团有限公司", diameter=38)
    page, box = np.asarray(sheet.image.convert("RGB")), sheet.seals[1]
    found = seal_text.read(page, seals.locate(page), engine)
    seal = min(found, key=lambda s: np.abs(middle(s.box) - middle(box)).max())
    assert seal.text == "陈东明印"
    assert {s.text for s in found} == {"陈东明印", "临溪市鼎川阀门有限公司", "华岳实业集团有限公司"}


def stamped(rows, said, seed, beside=""):
    """Return a page with a square seal, a round one beside it into which it reaches where one is named."""
    rng = random.Random(seed)
    sheet = Sheet(rng, width=150, height=150)
    if beside:
        sheet.seal(40, 76, beside, diameter=38)
    stamps.square(sheet, 67 if beside else 75, 80, rows, said, rng, side=20, white=seed % 2 == 1)
    return np.asarray(sheet.image.convert("RGB")), sheet.seals[-1]


@pytest.mark.skipif(not Path(FACES["song"][0]).exists(), reason="needs the fonts of samples/")
@pytest.mark.parametrize(
    ("rows", "said", "seed", "beside"),
    [
        (("明陈", "印东"), "陈东明印", 2, ""),  # two columns from the right
        (("陈东", "明印"), "陈东明印", 4, ""),  # two rows from the left
        (("小欧", "明阳"), "欧阳小明", 6, ""),  # the surname tells
        (("明陈", "印东"), "陈东明印", 3, ""),  # letters cut out of the ink
        (("明陈", "印东"), "陈东明印", 14, "临溪市鼎川阀门有限公司"),
    ],
)
def test_the_square_seal_of_a_person_is_read(rows, said, seed, beside, engine):
    page, box = stamped(rows, said, seed, beside)
    found = seal_text.read(page, seals.locate(page), engine)
    assert len(found) == 1 + bool(beside)
    seal = min(found, key=lambda s: np.abs(middle(s.box) - middle(box)).max())
    assert np.abs(middle(seal.box) - middle(box)).max() < 0.1 * (box[2] - box[0])
    assert seal.text == said
    assert seal.confidence >= CONFIDENCE_LINE


@pytest.mark.skipif(not Path(FACES["song"][0]).exists(), reason="needs the fonts of samples/")
def test_a_square_seal_whose_order_nothing_tells_is_not_sure(engine):
    page, _ = stamped(("清大", "海春"), "大春清海", 2)
    (seal,) = seal_text.read(page, seals.locate(page), engine)
    assert sorted(seal.text) == sorted("大春清海")
    assert seal.confidence < CONFIDENCE_LINE


class Says:
    """An engine that says one line of any strip: letters side by side at these places."""

    name = "says"

    def __init__(self, text, places, sure=0.99):
        self._text, self._places, self._sure = text, places, sure

    def read(self, image):
        return []

    def rotation(self, image):
        return 0

    def read_line(self, image):
        height, width = image.shape[:2]
        words = tuple(
            Word(i, char, (round(width * at) - 5, 0, round(width * at) + 5, height), self._sure)
            for i, (char, at) in enumerate(zip(self._text, self._places, strict=True))
        )
        return Line(self._text, (0, 0, width, height), self._sure, words)


EIGHT = "甲乙丙丁戊己庚辛"
PLACES = tuple(np.linspace(0.082, 0.918, 8))


def lettered_page():
    """A seal with eight signs evenly around it."""
    page = blank_page()
    cv2.circle(page, (800, 800), 160, (210, 30, 40), 9)
    for degrees in range(-105, 106, 30):
        x, y = 800 + 120 * np.sin(np.radians(degrees)), 800 - 120 * np.cos(np.radians(degrees))
        cv2.circle(page, (round(x), round(y)), 20, (210, 30, 40), 7)
    return page


def test_a_name_with_all_its_letters_is_sure():
    page = lettered_page()
    (seal,) = seal_text.read(page, seals.locate(page), Says(EIGHT, PLACES))
    assert (seal.text, seal.confidence) == (EIGHT, 0.99)


@pytest.mark.parametrize("lost", range(8))
def test_a_name_with_a_letter_lost_is_never_sure(lost):
    page = lettered_page()
    text, places = EIGHT[:lost] + EIGHT[lost + 1 :], PLACES[:lost] + PLACES[lost + 1 :]
    (seal,) = seal_text.read(page, seals.locate(page), Says(text, places))
    assert seal.text == text
    assert seal.confidence < CONFIDENCE_LINE


def test_a_name_that_begins_where_its_second_letter_would_is_never_sure():
    page = lettered_page()
    places = tuple(place - 0.015 for place in PLACES[1:])  # letters lean a little to the left in their rooms
    (seal,) = seal_text.read(page, seals.locate(page), Says(EIGHT[1:], places))
    assert seal.confidence < CONFIDENCE_LINE


def test_a_name_with_a_sign_that_is_no_letter_of_a_name_is_never_sure():
    page = lettered_page()
    (seal,) = seal_text.read(page, seals.locate(page), Says("甲乙7丁戊己庚辛", PLACES))
    assert seal.text == "甲乙丁戊己庚辛"
    assert seal.confidence < CONFIDENCE_LINE


def test_a_few_signs_are_no_name():
    page = lettered_page()
    (seal,) = seal_text.read(page, seals.locate(page), Says("甲乙丙", (0.1, 0.5, 0.9)))
    assert seal.text == ""


@given(
    st.lists(
        st.builds(
            Seal,
            st.tuples(*[st.integers(0, 9000)] * 4),
            st.text(max_size=20),
            st.floats(0, 1),
            st.lists(st.floats(0, 1), max_size=4).map(tuple),
        ),
        max_size=4,
    )
)
def test_seals_are_kept_with_the_text_of_their_page(found):
    page = PageText(1, 10, 10, 0, "rapidocr", (), tuple(found))
    assert from_json(to_json(page)) == page


def page_of(*found, number=1):
    return PageText(number, 100, 100, 0, "rapidocr", (), found)


def test_seals_become_fields_each_name_once_and_the_nameless_behind():
    first, second = Seal(BOX, "甲方公司", 0.6), Seal((1, 1, 5, 5), "", 0.0)
    better, other = Seal((2, 2, 6, 6), "甲方公司", 0.9), Seal(BOX, "乙方公司", 0.8)
    found = fields([page_of(first, second), page_of(better, other, number=2)])
    assert {n: (f.value, f.page, f.confidence) for n, f in found.items()} == {
        "seal": ("甲方公司", 2, 0.9), "seal_2": ("乙方公司", 2, 0.8), "seal_3": (PRESENT, 1, 1.0),
    }  # fmt: skip
    assert fields([page_of()]) == {}


def test_a_fifth_seal_is_held_against_the_parties_too():
    parties = {name: Field(value, 1, BOX, 0.99) for name, value in (("party_a", "甲方公司"), ("party_b", "乙方公司"))}
    seals = [
        Seal(BOX, name, 0.9)
        for name in ("甲方公司", "乙方公司", "甲方公司合同专用章", "乙方公司合同专用章", "外人公司")
    ]
    found = fields([page_of(*seals)])
    assert list(found) == ["seal", "seal_2", "seal_3", "seal_4", "seal_5"]
    assert compared(parties | found, "contract", CONFIDENCE_LINE)[1] == ["seal_mismatch:seal_5"]


def seal_read(text, unsure):
    """Return a seal of whose letters those at `unsure` are not sure."""
    letters = tuple(0.5 if i in unsure else 0.99 for i in range(len(text)))
    return Seal(BOX, text, min(letters), letters)


SAID = {
    name: Field(value, 1, BOX, 0.99)
    for name, value in {
        "party_a": "华岳实业集团有限公司",
        "party_b": "临溪市鼎川阀门有限公司",
        "legal_representative": "陈东明",
        "address": "澜江市滨河路12号",
    }.items()
}


@pytest.mark.parametrize(
    ("text", "unsure", "name"),
    [
        ("临溪市鼎川闸门有限公司", {5}, "临溪市鼎川阀门有限公司"),  # a letter that could not be told
        ("临溪市鼎川门有限公司", {4, 5}, "临溪市鼎川阀门有限公司"),  # lost between two
        ("溪市鼎川阀门有限公司", {0}, "临溪市鼎川阀门有限公司"),  # lost at an end
        ("陈乐明印", {1}, "陈东明印"),
        ("原江市市场监督管理局", {0}, "澜江市市场监督管理局"),  # of the place the company is in
        ("临溪市鼎川闸门有限公司", (), None),  # legible, and another company
        ("临溪市鼎川闸门有限公司", {8}, None),  # another letter was unsure
        ("临溪市鼎川阀门有限公司", {5}, None),  # it is that name, and not sure
        ("某某某某有限公司", {0, 1, 2, 3}, None),  # what it was cannot be told
        ("临某某某某某有限公司", {1, 2, 3, 4, 5}, None),
        ("青泽北岭钢铁贸易有限公司", {3}, None),
        ("原山市市场监督管理局", {0}, None),  # of another place
    ],
)
def test_a_name_not_read_in_full_is_completed_only_to_the_one_that_all_sure_letters_stand_in(text, unsure, name):
    read = seal_read(text, unsure)
    whole = completed(read, SAID)
    assert whole.text == (name or text)
    if name:
        assert whole.confidence < CONFIDENCE_LINE
    else:
        assert whole is read


def test_a_name_that_two_parties_may_have_is_not_completed():
    said = {
        name: Field(f"临溪市鼎{one}阀门有限公司", 1, BOX, 0.99) for name, one in (("party_a", "川"), ("party_b", "山"))
    }
    read = seal_read("临溪市鼎阀门有限公司", {3, 4})
    assert completed(read, said) is read


def test_a_completed_name_is_for_a_person_and_proves_nothing():
    found = SAID | fields([page_of(seal_read("临溪市鼎川闸门有限公司", {5}))], SAID)
    assert found["seal"].value == "临溪市鼎川阀门有限公司"
    assert found["seal"].marks == (COMPLETED,)
    assert compared(found, "contract", CONFIDENCE_LINE) == ({}, ["low_confidence:seal"])


def held(kind, seal, confidence, **parties):
    found = {name: Field(value, 1, BOX, 0.99) for name, value in parties.items()} | {
        "seal": Field(seal, 1, BOX, confidence)
    }
    changed, reasons = compared(found, kind, CONFIDENCE_LINE)
    return changed["seal"].marks if "seal" in changed else (), reasons


@pytest.mark.parametrize(
    ("kind", "seal", "confidence", "parties", "marks", "reasons"),
    [
        ("contract", "临溪市鼎川阀门有限公司", 0.9, {}, ("seal_ok",), []),
        ("contract", "临溪市鼎川阀门有限公司合同专用章", 0.9, {}, ("seal_ok",), []),
        ("contract", "青泽北岭钢铁贸易有限公司", 0.9, {}, ("seal_mismatch",), ["seal_mismatch:seal"]),
        ("contract", "临溪市鼎川闸门有限公司", 0.9, {}, ("seal_mismatch",), ["seal_mismatch:seal"]),  # sure: another company
        ("contract", "临溪市鼎川闸门有限公司", 0.5, {}, (), []),  # an unsure reading of the party's
        ("contract", "青泽北岭钢铁贸易有限公司", 0.5, {}, (), ["low_confidence:seal"]),
        ("contract", PRESENT, 1.0, {}, (), []),
        ("licence", "临溪市市场监督管理局", 0.9, {}, (), []),
        ("contract", "青泽北岭钢铁贸易有限公司", 0.9, {"party_b": None}, (), []),  # it may be that party's
        ("contract", "陈东明印", 0.9, {}, (), []),  # whose seal it should be is not known
        ("authorization", "陈东明印", 0.9, {"legal_representative": "陈东明"}, ("seal_ok",), []),
        ("authorization", "陈东印章", 0.9, {"legal_representative": "陈东明"}, ("seal_mismatch",), ["seal_mismatch:seal"]),
        ("authorization", "欧阳小明", 0.9, {"legal_representative": "陈东明", "agent": "欧阳小明"}, ("seal_ok",), []),
        ("authorization", "陈乐明印", 0.5, {"legal_representative": "陈东明"}, (), []),
        ("authorization", "王大海印", 0.5, {"legal_representative": "陈东明"}, (), ["low_confidence:seal"]),
    ],
)  # fmt: skip
def test_the_company_of_a_seal_is_held_against_the_parties(kind, seal, confidence, parties, marks, reasons):
    known = {"party_a": "华岳实业集团有限公司", "party_b": "临溪市鼎川阀门有限公司"} | parties
    assert held(kind, seal, confidence, **{n: v for n, v in known.items() if v}) == (marks, reasons)


def test_a_seal_of_somebody_else_on_an_authorization_is_for_a_person(tmp_path, engine):
    from intake.pipeline import read

    path = scans.scan("authorization.jpg")
    (page,) = read(path, inspect(path, LIMITS), engine, LIMITS)
    read_well = understand([page.page])
    assert read_well.fields["seal"].value == read_well.fields["principal"].value == "临溪市鼎川阀门有限公司"
    assert "seal_ok" in read_well.fields["seal"].marks
    (seal,) = page.page.seals
    other = PageText(**{**vars(page.page), "seals": (Seal(seal.box, "青泽北岭钢铁贸易有限公司", seal.confidence),)})
    assert "seal_mismatch:seal" in understand([other]).needs_review
    image = Image.open(io.BytesIO(page.image))
    assert 0 < seal.box[0] < seal.box[2] <= image.width
