"""Blank backs: what a scanner adds is not ink, and the least that a person put on a page is."""

import cv2
import numpy as np
import pytest

from intake.batches.blank import BLANK, ink
from tests.intake.batches import stacks

DPI = 150
OTHER_SIDE = stacks.words(stacks.paper(), 30, 11)


def px(mm: float) -> int:
    return round(mm * DPI / 25.4)


def holes(page):
    for y in (108, 188):
        cv2.circle(page, (px(12), px(y)), px(3), 40, -1)
    return page


def border(page):
    page[:, : px(5)] = 10
    page[-px(4) :] = 30
    return page


def dust(page):
    dice = np.random.default_rng(3)
    for _ in range(15):
        page[int(dice.integers(page.shape[0])), int(dice.integers(page.shape[1]))] = 60
    return page


@pytest.mark.parametrize("add", [lambda p: p, holes, border, dust, lambda p: dust(border(holes(p)))])
@pytest.mark.parametrize("noise", [2, 12])
@pytest.mark.parametrize("skew", [0, 2.5])
def test_an_empty_back_is_blank(add, noise, skew):
    page = stacks.scanned(add(stacks.paper()), 4, noise=noise, skew=skew, bleed=OTHER_SIDE)
    assert ink(page, DPI) < BLANK


def number(page):
    cv2.putText(page, "3", (px(103), px(284)), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 0, 2, cv2.LINE_AA)


def seal(page):
    cv2.circle(page, (px(150), px(220)), px(20), 70, px(1))


def pencil(page):
    cv2.putText(page, "Wang", (px(60), px(200)), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 130, 3, cv2.LINE_AA)


def tick(page):
    cv2.line(page, (px(60), px(200)), (px(66), px(206)), 60, 3)


@pytest.mark.parametrize("put", [number, seal, pencil, tick])
@pytest.mark.parametrize("noise", [2, 12])
def test_the_least_mark_keeps_a_page(put, noise):
    page = stacks.paper()
    put(page)
    page = stacks.scanned(border(holes(page)), 4, noise=noise, bleed=OTHER_SIDE)
    assert ink(page, DPI) > BLANK


def test_a_red_seal_alone_is_ink():
    page = np.full((1754, 1240, 3), 250, np.uint8)
    cv2.circle(page, (900, 1200), 120, (225, 90, 90), 6)
    assert ink(page, DPI) > BLANK


def test_a_dark_page_is_no_border():
    page = np.full((1754, 1240), 20, np.uint8)
    assert ink(page, DPI) > 0.5
    page[300:1500, 200:1000] = 245
    assert ink(page, DPI) > 0.1


@pytest.mark.parametrize("shape", [(1, 1), (3, 2000), (40, 40)])
def test_odd_sizes_are_measured(shape):
    assert 0 <= ink(np.full(shape, 250, np.uint8), 200) <= 1
