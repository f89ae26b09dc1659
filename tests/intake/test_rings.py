"""Rings are found where they are, whatever else touches or crosses them; what is no ring is none."""

import cv2
import numpy as np

from intake import rings, seals

WORN = 105  # a seal on a gray scan
PRINT = 25


def touching_seals():
    """A gray page: two seals, one below the other and touching it, print across both, as at the end of a contract."""
    page = np.full((1754, 1240, 3), 235, np.uint8)
    wanted = []
    for x, y in ((400, 900), (470, 1098)):
        cv2.circle(page, (x, y), 103, (WORN,) * 3, 6)
        for degrees in range(-120, 121, 30):
            turn = np.radians(degrees)
            cv2.circle(page, (round(x + 76 * np.sin(turn)), round(y - 76 * np.cos(turn))), 10, (WORN,) * 3, 4)
        wanted.append((x - 106, y - 106, x + 106, y + 106))
        for line in (y - 50, y + 10, y + 60):
            cv2.putText(page, "HHHHHHHHHHHHHHHH", (200, line), cv2.FONT_HERSHEY_DUPLEX, 0.9, (PRINT,) * 3, 3)
    return page, wanted


def test_seals_that_touch_and_are_crossed_by_print_are_found_each_to_its_edge():
    page, wanted = touching_seals()
    found = sorted(seals.locate(page).places, key=lambda box: box[1])
    assert len(found) == 2
    assert np.abs(np.array(found) - wanted).max() <= 6


def test_discs_frames_and_half_circles_are_no_rings():
    ink = np.zeros((800, 800), np.uint8)
    cv2.circle(ink, (200, 200), 100, 1, -1)
    cv2.rectangle(ink, (450, 100), (650, 300), 1, 5)
    cv2.ellipse(ink, (300, 600), (100, 100), 0, 0, 180, 1, 5)
    assert rings.rings(ink > 0, 50, 400) == []
    cv2.circle(ink, (620, 600), 90, 1, 5)
    (ring,) = rings.rings(ink > 0, 50, 400)
    assert np.abs(np.array(ring) - (620, 600, 92)).max() < 4
