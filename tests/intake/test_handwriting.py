"""Handwriting on the sample scans, whose signatures are known, and what is no handwriting."""

import cv2
import numpy as np
import pikepdf
import pytest

from intake import handwriting
from intake.adapters.rapidocr import RapidOcr
from intake.codec import from_json, to_json
from intake.inspect import inspect
from intake.model import Limits, Line, PageText, Word
from intake.pipeline import read
from tests.intake import scans
from tests.intake.fragile import Blind


def overlap(a, b):
    across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return max(0, across) * max(0, down) / smaller


#: Every sample scan that is signed.
SIGNED = sorted(path.stem for path in (scans.SAMPLES / "truth").iterdir() if scans.truth(path.stem).get("signatures"))


#: Signatures that lie in a black seal, which could not be lifted: a pen is not told from its ink there.
UNDER_BLACK = {"contract-supply.jpg": 2, "contract-mixed.pdf": 1, "contract-construction.tif": 1}


@pytest.fixture(scope="module")
def engine():
    return RapidOcr(1)


@pytest.mark.parametrize("name", SIGNED)
def test_the_signatures_of_a_scan_are_marked_and_hardly_anything_else(engine, name):
    path, truth = scans.scan(name), scans.truth(name)
    missed, strays = 0, 0
    for one in read(path, inspect(path, Limits()), engine, Limits()):
        page = one.page
        scale = page.width / truth["sizes"][page.number - 1][0]
        own = [tuple(scale * v for v in box) for number, box in truth["signatures"] if number == page.number]
        missed += sum(all(overlap(box, mark) <= 0.3 for mark in page.handwriting) for box in own)
        strays += sum(all(overlap(box, mark) < 0.2 for box in own) for mark in page.handwriting)
    assert missed == UNDER_BLACK.get(name, 0)
    assert strays <= 1


def test_there_are_as_many_signatures_as_the_manual_says():
    assert sum(len(scans.truth(name)["signatures"]) for name in SIGNED) == 25
    assert sum(UNDER_BLACK.values()) == 4


def page(words):
    """A page of three lines of print, said to be read as `words` at this confidence."""
    image = np.full((1000, 800, 3), 250, np.uint8)
    lines = []
    for i, sure in enumerate(words):
        y = 100 + 60 * i
        cv2.putText(image, "PRINTED LETTERS", (100, y), cv2.FONT_HERSHEY_DUPLEX, 1, (30, 30, 30), 2)
        box = (95, y - 28, 420, y + 8)
        lines.append(Line("PRINTED LETTERS", box, sure, (Word(0, "PRINTED LETTERS", box, sure),)))
    return image, lines


def scrawl(image, x, y):
    points = [(x + 9 * i, y + round(18 * np.sin(i * 1.9))) for i in range(14)]
    cv2.polylines(
        image, [np.array(points, np.int32)], isClosed=False, color=(40, 40, 60), thickness=2, lineType=cv2.LINE_AA
    )


def test_a_scrawl_is_marked_and_print_rules_stamps_and_pictures_are_not():
    image, lines = page([0.99, 0.99, 0.99])
    cv2.line(image, (50, 400), (750, 400), (30, 30, 30), 2)
    cv2.rectangle(image, (500, 700), (560, 760), (30, 30, 30), -1)
    assert handwriting.found(image, lines) == ()
    scrawl(image, 300, 600)
    (box,) = handwriting.found(image, lines)
    assert overlap(box, (300, 582, 417, 618)) > 0.9
    assert handwriting.found(image, lines, [(250, 550, 450, 650)]) == ()  # a seal that could not be lifted
    read = PageText(1, 800, 1000, 0, "rapidocr", tuple(lines), (), (box,))
    assert read.is_handwritten((310, 590, 350, 612))
    assert not read.is_handwritten(lines[0].box)
    assert from_json(to_json(read)) == read


def test_a_signature_pasted_into_a_digital_contract_is_marked(tmp_path):
    signature = np.full((80, 240, 3), 255, np.uint8)
    scrawl(signature, 60, 40)
    path = tmp_path / "signed.pdf"
    with pikepdf.open(scans.scan("contract-digital.pdf")) as made:
        picture = pikepdf.Stream(made, signature.tobytes(), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image)
        picture.update({"/Width": 240, "/Height": 80, "/BitsPerComponent": 8, "/ColorSpace": pikepdf.Name.DeviceRGB})
        name = made.pages[0].add_resource(picture, pikepdf.Name.XObject)
        made.pages[0].contents_add(b"q", prepend=True)  # what the page does to its measure shall not count
        made.pages[0].contents_add(f"Q q 120 0 0 40 350 12 cm {name} Do Q".encode())
        made.save(path)
    first, *others = (one.page for one in read(path, inspect(path, Limits()), Blind(1), Limits()))
    assert first.source == "text-layer"
    (box,) = first.handwriting
    points = first.width / 595
    assert overlap(box, (350 * points, 790 * points, 470 * points, 830 * points)) > 0.9
    assert all(page.handwriting == () for page in others)


def test_a_page_without_print_has_no_measure():
    image, lines = page([0.99, 0.99])
    scrawl(image, 300, 600)
    assert handwriting.found(image, lines) == ()


def test_what_stands_in_a_box_is_by_hand_where_a_word_of_it_is():
    words = (Word(0, "代理人", (100, 100, 160, 120), 0.99), Word(3, "宋知远", (170, 95, 240, 125), 0.4))
    line = Line("代理人宋知远", (100, 95, 240, 125), 0.7, words)
    read = PageText(1, 800, 1000, 0, "rapidocr", (line,), handwriting=((165, 90, 250, 130),))
    assert read.has_hand_in((100, 95, 240, 125))
    assert read.has_hand_in([170, 95, 240, 125])
    assert read.has_hand_in((166, 91, 170, 95))  # nothing was read there
    assert not read.has_hand_in((100, 95, 161, 125))
    assert not read.has_hand_in(())
    assert not PageText(1, 800, 1000, 0, "rapidocr", (line,)).has_hand_in((100, 95, 240, 125))
