"""The name in a square seal, as a person has one (法人名章): it is turned upright, its four letters put in a row, and the row read like any line."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from intake.fields.names import SURNAMES
from intake.ports import OcrEngine
from intake.seal_letters import Name

_Plane = NDArray[np.float32]

_SIDE = 144  # pixels of the side of a seal turned upright
_SQUARE = 0.85  # the shorter side of a frame in the longer one, at least
_FILLED = 0.85  # part of the upright square around it that a frame encloses, at least
_COARSE = 72  # pixels of the side of a seal where its frame is searched for
_PARTS = (0.84, 0.88, 0.92, 0.96, 1.0, 1.04, 1.08)  # of its side, which is known roughly
_TILT = 14  # degrees a seal is askew at most where it is searched for
_FITS = 0.45  # how well a frame fits at least
_CLOSING = 5  # pixels: gaps in a frame
_RIM, _DRAWN = 0.1, 0.7  # of the side: so far in the line of a frame lies; part of it that must be there
_WHITE = 0.5  # part of the inside that is inked where the letters are cut out of the ink
_LETTER = (0.04, 0.65)  # part of its quarter that the ink of a letter covers
_GAP = (0.4, 0.6)  # where between two sides the paper between two letters is
_CELL, _SPACE = 44, 12  # pixels of a letter in the row, and between two
_UNSURE = 0.6  # how sure a name is at most when nothing tells its order
ENDS = ("印", "章")
_WORDS = ("印章", "之印")


def read(ink: _Plane, engine: OcrEngine, side: float = 0) -> Name | None:
    """Return the name in the square seal on `ink` (height x width, 0..1); None where there is none with four letters in it.

    side: of the seal in pixels, roughly; with it the frame is searched for, which finds it under print and other seals, too.

    Two columns from the right is the custom, two rows from the left are met, too: the end (印, 章) tells which, else the surname.
    Raises EngineUnavailable.
    """
    upright = _searched(ink, side) if side else _upright(ink)
    quarters = None if upright is None else _quarters(upright)
    if quarters is None:
        return None
    line = engine.read_line(_row(quarters))
    words = line.words if line else ()
    letters = "".join(w.text for w in words)
    if len(words) != 4 or len(letters) != 4 or not all("\u3400" <= c <= "\u9fff" for c in letters):
        return Name()
    each = tuple(w.confidence for w in words)
    sure = min(each)
    orders = letters, letters[2] + letters[0] + letters[3] + letters[1]
    columns, rows = (2 * order.endswith(ENDS) + order.endswith(_WORDS) + order.startswith(SURNAMES) for order in orders)
    if rows > columns:
        each = each[2], each[0], each[3], each[1]
    return Name(orders[rows > columns], sure if rows != columns else min(sure, _UNSURE), each)


def _upright(ink: _Plane) -> _Plane | None:
    """Return the seal turned upright, dark letters (1) on its ground (0), its frame at the edges; None when no square frame is drawn."""
    mask = np.asarray(ink > 0.35, dtype=np.uint8)
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((_CLOSING, _CLOSING), np.uint8))
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return None
    hull: Any = cv2.convexHull(max(contours, key=lambda c: cv2.contourArea(cv2.convexHull(c))))
    (x, y), (wide, high), degrees = cv2.minAreaRect(hull)
    if min(wide, high) < _SQUARE * max(wide, high) or cv2.contourArea(hull) < _FILLED * wide * high:
        return None
    # A square looks alike each quarter turn: nobody stamps one more than 45 degrees askew.
    tilt = (degrees + 45) % 90 - 45
    corners = np.asarray(cv2.boxPoints(((x, y), (max(wide, high), max(wide, high)), tilt)), dtype=np.float32)
    angles = np.arctan2(corners[:, 1] - y, corners[:, 0] - x) - np.radians(tilt)
    corners = corners[np.argsort(angles % (2 * np.pi))]  # below right, below left, above left, above right
    return _cut(ink, corners)


def _cut(ink: _Plane, corners: _Plane) -> _Plane | None:
    """Return what lies between four corners (below right, below left, above left, above right), if a frame is drawn along its sides."""
    edge = _SIDE - 1
    to = np.array([(edge, edge), (0, edge), (0, 0), (edge, 0)], dtype=np.float32)
    turn = cv2.getPerspectiveTransform(corners, to)
    upright = np.asarray(cv2.warpPerspective(ink, turn, (_SIDE, _SIDE), flags=cv2.INTER_AREA), dtype=np.float32)
    rim = round(_RIM * _SIDE)
    sides = upright[:rim], upright[-rim:], upright[:, :rim].T, upright[:, -rim:].T
    if min(float((side.max(axis=0) > 0.35).mean()) for side in sides) < _DRAWN:
        return None
    white = float((upright[rim:-rim, rim:-rim] > 0.35).mean()) > _WHITE
    if white:  # grains of paper lie in so much ink
        return 1 - np.asarray(cv2.medianBlur(upright, 3), dtype=np.float32)
    return upright


def _searched(ink: _Plane, side: float) -> _Plane | None:
    """Return the seal turned upright as `_upright` does, its frame found as the square whose sides are inked most and have least ink beside them."""
    scale = _COARSE / side
    mask = np.asarray(ink > 0.35, dtype=np.float32)
    small: Any = cv2.resize(mask, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    high, wide = small.shape
    frames = [_frame(round(_COARSE * part)) for part in _PARTS]
    best = max(
        (_fit(small, tilt, frame) for tilt in range(-_TILT, _TILT + 1, 2) for frame in frames), key=lambda fit: fit[0]
    )
    best = max((_fit(small, best[1] + step, frame) for step in (-1, 0, 1) for frame in frames), key=lambda fit: fit[0])
    score, tilt, (x, y), size = best
    if score < _FITS:
        return None
    sides = [(x + size, y + size), (x, y + size), (x, y), (x + size, y)]
    square = np.array(sides, dtype=np.float32)
    back = cv2.invertAffineTransform(cv2.getRotationMatrix2D((wide / 2, high / 2), tilt, 1))
    corners = (square @ back[:, :2].T + back[:, 2]) / scale
    return _cut(ink, corners.astype(np.float32))


def _frame(size: int) -> _Plane:
    """Return a square of this side with its line as 1 (all of it together) and a strip of paper around as -0.5."""
    line, strip = max(2, round(0.045 * size)), 3
    whole = np.zeros((size + 2 * strip, size + 2 * strip), dtype=np.float32)
    inside = np.zeros_like(whole)
    inside[strip:-strip, strip:-strip] = 1
    rim = inside.copy()
    rim[strip + line : -strip - line, strip + line : -strip - line] = 0
    outside = 1 - inside
    outside[:strip, :strip] = outside[-strip:, :strip] = outside[:strip, -strip:] = outside[-strip:, -strip:] = 0
    return np.asarray(rim / rim.sum() - 0.5 * outside / outside.sum(), dtype=np.float32)


def _fit(small: _Plane, tilt: float, frame: _Plane) -> tuple[float, float, tuple[float, float], int]:
    """Return how well a frame fits the ink turned by `tilt` degrees where it fits best: score, tilt, its corner above left, its side."""
    strip = 3
    high, wide = small.shape
    turned = cv2.warpAffine(small, cv2.getRotationMatrix2D((wide / 2, high / 2), tilt, 1), (wide, high))
    turned = cv2.copyMakeBorder(turned, strip, strip, strip, strip, cv2.BORDER_CONSTANT, value=0)
    if frame.shape[0] > min(turned.shape):
        return 0.0, tilt, (0.0, 0.0), 1
    _, score, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(turned, frame, cv2.TM_CCORR))
    return score, tilt, (float(x), float(y)), frame.shape[0] - 2 * strip


def _quarters(upright: _Plane) -> tuple[_Plane, ...] | None:
    """Return the letters above and below in the right column, then in the left; None where there are not four."""
    inner = _inside(upright)
    half_x, half_y = (_gap(inner.mean(axis=axis)) for axis in (0, 1))
    halves = (inner[:, half_x:], inner[:, :half_x])
    quarters = tuple(part for half in halves for part in (half[:half_y], half[half_y:]))
    covered = [float((quarter > 0.4).mean()) for quarter in quarters]
    return quarters if all(_LETTER[0] <= part <= _LETTER[1] for part in covered) else None


def _inside(upright: _Plane) -> _Plane:
    """Return what lies within the frame: on each side the line ends where the most paper is near it."""
    reach, cut = round(_RIM * _SIDE), []
    for turns in range(4):  # above, right, below, left
        profile = np.rot90(upright, turns)[: reach + 4, reach:-reach].mean(axis=1)
        # The line is the first inked run; behind it the paper begins.
        inked = np.flatnonzero(profile > 0.6)
        cut.append(min(reach, int(inked[-1]) + 2 if inked.size else 3))
    above, right, below, left = cut
    return upright[above : _SIDE - below, left : _SIDE - right]


def _gap(profile: Any) -> int:
    """Return where the least ink lies near the middle of a profile."""
    first, last = (round(part * len(profile)) for part in _GAP)
    soft = np.convolve(profile, np.ones(3) / 3, mode="same")[first:last]
    return first + int(np.median(np.flatnonzero(soft <= soft.min() + 0.01)))


def _row(letters: tuple[_Plane, ...]) -> NDArray[np.uint8]:
    """Return the letters side by side as dark print on white, in the size engines bring lines to."""
    high = _CELL + 12
    row = np.zeros((high, _SPACE + 4 * (_CELL + _SPACE)), dtype=np.float32)
    for k, letter in enumerate(letters):
        at = _SPACE + k * (_CELL + _SPACE)
        row[6 : 6 + _CELL, at : at + _CELL] = cv2.resize(letter, (_CELL, _CELL), interpolation=cv2.INTER_AREA)
    dark = (255 - np.clip(row, 0, 1) * 255).astype(np.uint8)
    return np.repeat(dark[..., None], 3, axis=2)
