"""The name around a seal: the ring is unrolled into a straight strip, and the strip read like any line.

A name is never put right by what stands on the page: whether it is the company that should have sealed is asked of it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from intake import black_seals, seals, square_seals
from intake.model import Box, Line, Seal
from intake.ports import Image, OcrEngine
from intake.values import tidy

_Plane = NDArray[np.float32]

_OUTER, _INNER = 0.95, 0.56  # between which parts of the radius letters stand: behind the ring, before the star
_HEIGHT = 56  # pixels of a strip; engines bring lines to 48
_RIM = (0.82, 1.06)  # where the ring is looked for, as parts of the half width and height of the box
_DRAWN = 0.7  # part of the ring that must be there
_THIN = 0.35  # part of what lies just within the ring that may be inked: an emblem or a picture is full of it
_NAME = 4  # Han characters a name has at least
_SURE = 0.97  # a reading whose every character is so sure needs no second one
_GAP = 1.55  # places between two letters, in those of the others, at which one in between was lost
_END = 0.95  # and at which one was lost before the first or behind the last
_LOST, _APART = 0.5, 0.6  # how sure a name is at most when a letter is lost in it, and when two readings differ
_MIDDLE = re.compile(r"[0-9A-Z ]{6,}|[\u3400-\u9fff]{2,8}章")
_CENTRAL = 0.06  # of the width of a seal, by which its lines are off its middle at most
_MOST = 6  # seals of a page that are read


@dataclass(frozen=True)
class _Ring:
    """An ellipse: middle, half axes in pixels, turn of the first axis in radians."""

    x: float
    y: float
    a: float
    b: float
    turn: float

    def at(self, angle: _Plane, part: _Plane) -> tuple[_Plane, _Plane]:
        """Return x and y at these angles (radians clockwise from the right) and parts of the radius, which broadcast."""
        c, s = np.cos(self.turn), np.sin(self.turn)
        across, down = np.cos(angle) * part, np.sin(angle) * part
        u, v = (across * c + down * s) * self.a, (down * c - across * s) * self.b
        x, y = self.x + u * c - v * s, self.y + u * s + v * c
        return x.astype(np.float32), y.astype(np.float32)


def read(image: Image, stamps: seals.Stamps, engine: OcrEngine) -> tuple[Seal, ...]:
    """Return the seals of an upright page. image: height x width x 3, RGB, with its seals. stamps: what was found on it.

    text is empty where a seal has no name that can be read. Where the scan is black and white, a ring with a name is a seal.
    Raises EngineUnavailable.
    """
    height, width = image.shape[:2]
    boxes, black = stamps.places, False
    if not boxes and not stamps.coloured and black_seals.is_clean(image):
        boxes, black = _black(image, stamps.factor), True
    found = list[Seal]()
    for x0, y0, x1, y1 in boxes[:_MOST]:
        box = max(0, x0), max(0, y0), min(width, x1), min(height, y1)
        seal, text, confidence = _name(image, box, engine, coloured=stamps.coloured, black=black)
        if text or (seal and not black):
            found.append(Seal(box, text, round(confidence, 4)))
    return tuple(found)


def parted(lines: Sequence[Line], found: Sequence[Seal], marks: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Return the lines that are print, and those of a seal with a name: its number and its use (发票专用章) in its middle.

    marks: the same lines with their boxes on the same image as the seals.
    """
    boxes = [seal.box for seal in found if seal.text]
    own = [bool(_MIDDLE.fullmatch(mark.text)) and any(_is_central(mark.box, box) for box in boxes) for mark in marks]
    sides = ([line for line, its in zip(lines, own, strict=True) if its is side] for side in (False, True))
    return next(sides), next(sides)


def _is_central(box: Box, seal: Box) -> bool:
    """Tell whether a line is wholly within a seal, with its middle right above, below or on that of the seal."""
    wide = seal[2] - seal[0]
    within = seal[0] < box[0] and box[2] < seal[2] and seal[1] < box[1] and box[3] < seal[3]
    return within and abs(box[0] + box[2] - seal[0] - seal[2]) / 2 < _CENTRAL * wide


def _black(image: Image, factor: int) -> tuple[Box, ...]:
    return seals.Stamps(tuple(seals.shapes(black_seals.inked(image, factor))), coloured=False, factor=factor).places


def _name(image: Image, box: Box, engine: OcrEngine, *, coloured: bool, black: bool) -> tuple[bool, str, float]:
    """Return whether a seal is drawn in the box, the name within it, and how sure it is (0..1)."""
    x0, y0, x1, y1 = box
    pad = max(4, (x1 - x0) // 25)
    left, top = max(0, x0 - pad), max(0, y0 - pad)
    part = image[top : y1 + pad, left : x1 + pad]
    first: tuple[str, float] | None = None
    ring: _Ring | None = None
    for seen in _inks(part, coloured=coloured, black=black):
        ink = np.ascontiguousarray(seen, dtype=np.float32)
        name: tuple[str, float] | None = None if black or ring else square_seals.read(ink, engine)
        if name is None:
            ring = ring or _ring(ink, (x0 - left, y0 - top, x1 - left, y1 - top))
            if ring is None:
                break
            strip, margin = _strip(ink, ring)
            line = engine.read_line(strip)
            name = _told(line, margin, strip.shape[1]) if line else ("", 0.0)
        if name[1] >= _SURE:
            return True, *name
        if first is None:
            first = name
            continue
        if first[0] == name[0]:
            return True, name[0], max(first[1], name[1])
        best = max(first, name, key=lambda n: n[1])
        return True, best[0], min(best[1], _APART)
    return first is not None, *(first or ("", 0.0))


def _inks(part: Image, *, coloured: bool, black: bool) -> Iterator[_Plane]:
    """Yield how much ink of the seal there is (0..1), seen in one way and then in another."""
    green = part[..., 1].astype(np.float32)
    paper = float(np.percentile(green, 85))
    if black:
        yield np.clip((paper - green) / max(1.0, paper - float(green.min())), 0, 1)
        return
    if coloured:
        red = seals.redness(part).astype(np.float32)
        strong = red > seals.RED
        if not strong.any():
            return
        # Green light shows red ink as sharp as print; how red a place is is known only roughly (JPEG).
        level = float(np.percentile(green[strong], 25))
        yield np.clip((paper - green) / max(20.0, paper - level), 0, 1) * np.clip(red * 1.5 / seals.RED, 0, 1)
        yield np.clip(red / float(np.percentile(red[strong], 60)), 0, 1)
        return
    low, high = seals.GRAY
    middle = green[(green > low) & (green <= high)]
    if not middle.size:
        return
    level, dark = float(np.median(middle)), float(np.percentile(green, 0.5))
    ink = np.clip((paper - green) / max(1.0, paper - level), 0, 1)
    limit = (dark + level) / 2
    yield ink * np.where(green < level, np.clip((green - limit) / max(1.0, level - limit), 0, 1), 1)
    yield _filled(ink.astype(np.float32), green < limit)


def _filled(ink: _Plane, print_: NDArray[np.bool_]) -> _Plane:
    """Return the ink with what lies under print taken from around it."""
    core = cv2.morphologyEx(print_.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    under = cv2.dilate(core, np.ones((3, 3), np.uint8)).astype(bool)
    free = (~under).astype(np.float32)
    near = cv2.GaussianBlur(free, (0, 0), 2.0)
    around = cv2.GaussianBlur(ink * free, (0, 0), 2.0) / np.maximum(near, 1e-3)
    return np.where(under, np.where(near > 0.02, around, 0), ink).astype(np.float32)


def _sampled(ink: _Plane, at: tuple[_Plane, _Plane], interpolation: int = cv2.INTER_LINEAR) -> _Plane:
    return np.asarray(cv2.remap(ink, at[0], at[1], interpolation, borderValue=0), dtype=np.float32)


def _ring(ink: _Plane, box: Box) -> _Ring | None:
    """Return the ellipse of the outermost ink around the middle of the box; None when no ring is drawn there."""
    x0, y0, x1, y1 = box
    whole = _Ring((x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2, 0.0)
    angles = np.linspace(0, 2 * np.pi, 360, endpoint=False, dtype=np.float32)[:, None]
    parts = np.linspace(*_RIM, 49, dtype=np.float32)[None, :]
    x, y = whole.at(angles, parts)
    inked = cv2.blur(_sampled(ink, (x, y)), (3, 5)) > 0.35
    there = inked.any(axis=1)
    if there.mean() < _DRAWN:
        return None
    last = inked.shape[1] - 1 - np.argmax(inked[:, ::-1], axis=1)
    rows = np.flatnonzero(there)
    points = np.stack([x[rows, last[rows]], y[rows, last[rows]]], axis=1)
    ring = _fitted(points) or whole
    if not (0.88 < ring.a * ring.b / (whole.a * whole.b) < 1.15):
        ring = whole
    return ring if _is_drawn(ink, ring) else None


def _fitted(points: _Plane) -> _Ring | None:
    """Return the ellipse through most of the points: where print crosses the ring, some lie beside it."""
    kept = np.ones(len(points), dtype=np.bool_)
    ring = None
    for _ in range(3):
        (x, y), (wide, high), degrees = cv2.fitEllipse(points[kept])
        if not min(wide, high) > 0:
            return None
        ring = _Ring(x, y, wide / 2, high / 2, float(np.radians(degrees)))
        c, s = np.cos(ring.turn), np.sin(ring.turn)
        dx, dy = points[:, 0] - x, points[:, 1] - y
        off = np.abs(np.hypot((dx * c + dy * s) / ring.a, (dy * c - dx * s) / ring.b) - 1)
        kept = off < max(0.01, float(np.percentile(off, 75)) * 1.5)
        if kept.sum() < 40:
            break
    return ring


def _is_drawn(ink: _Plane, ring: _Ring) -> bool:
    """Tell whether a line runs along the ring, with paper just within it: an emblem has none, a square leaves it at its corners."""
    angles = np.linspace(0, 2 * np.pi, 360, endpoint=False, dtype=np.float32)[:, None]
    rim = np.linspace(0.93, 1.02, 10, dtype=np.float32)[None, :]
    within = np.linspace(0.885, 0.915, 3, dtype=np.float32)[None, :]
    on = _sampled(ink, ring.at(angles, rim)).max(axis=1) > 0.35
    behind = _sampled(ink, ring.at(angles, within)).mean(axis=1) > 0.5
    return bool(on.mean() >= _DRAWN and behind.mean() <= _THIN)


def _strip(ink: _Plane, ring: _Ring) -> tuple[Image, int | None]:
    """Return the band of letters as dark print on a white strip, and how many columns at both ends have no letter.

    None for the columns where there is no gap in the ring: the strip may begin anywhere.
    """
    band = (_OUTER - _INNER) * (ring.a + ring.b) / 2
    width = max(_HEIGHT, round(np.pi * (_OUTER + _INNER) * (ring.a + ring.b) / 2 * _HEIGHT / band))
    start = np.float32(np.pi / 2)  # below: there most seals have no letter
    angles = start + np.linspace(0, 2 * np.pi, width, endpoint=False, dtype=np.float32)[None, :]
    parts = np.linspace(_OUTER, _INNER, _HEIGHT, dtype=np.float32)[:, None]
    band_ink = _sampled(ink, ring.at(angles, parts), cv2.INTER_CUBIC)
    first, length, margin = _lettered(band_ink)
    cut = np.roll(band_ink, -first, axis=1)[:, :length]
    dark = (255 - np.clip(cut, 0, 1) * 255).astype(np.uint8)
    return np.repeat(dark[..., None], 3, axis=2), margin


def _lettered(band: _Plane) -> tuple[int, int, int | None]:
    """Return the first column and the number of columns of the strip around all letters, and its margin: what is left out is its widest gap.

    Only the middle of the band counts: a number stands further out, a line below the star further in.
    """
    height, width = band.shape
    inked = (band[round(height * 0.3) : round(height * 0.6)] > 0.4).mean(axis=0) > 0.08
    places = np.flatnonzero(inked)
    if not places.size:
        return 0, width, None
    after = np.append(places[1:], places[0] + width) - places
    widest = int(np.argmax(after))
    if after[widest] < height:
        return 0, width, None
    pad = height // 3
    first = int(places[(widest + 1) % len(places)]) - pad
    return first % width, min(width, width - int(after[widest]) + 2 * pad), pad


def _told(line: Line, margin: int | None, width: int) -> tuple[str, float]:
    """Return the name a strip says and how sure it is: as its least sure letter, and less where a letter was lost.

    margin: columns without letters at both ends of a strip of this width; None where that is not known.
    """
    words = [w for w in line.words if re.fullmatch(r"[\u3400-\u9fff（）()·]+", w.text)]
    name = tidy("".join(w.text for w in words))
    if len(re.findall(r"[\u3400-\u9fff]", name)) < _NAME:
        return "", 0.0
    # What is between the letters of a name and is none of them is a letter that was not made out.
    inner = line.words[line.words.index(words[0]) : line.words.index(words[-1]) + 1]
    confidence = min(w.confidence for w in inner)
    middles = [(w.box[0] + w.box[2]) / 2 for w in words]
    if len(inner) > len(words) or _is_patchy(middles, margin, width):
        confidence = min(confidence, _LOST)
    return name, confidence


def _is_patchy(middles: Sequence[float], margin: int | None, width: int) -> bool:
    """Tell whether a letter is lacking: letters of a seal stand at equal distances, and the first and the last at its ends."""
    steps = np.diff(np.asarray(middles))
    step = float(np.median(steps))
    ends = () if margin is None else (middles[0] - margin, width - margin - middles[-1])
    return bool(steps.max() > _GAP * step or any(end > _END * step for end in ends))
