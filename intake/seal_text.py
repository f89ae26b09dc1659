"""The name around a seal: the ring is unrolled into a straight strip, and the strip read like any line; several times, where it is in doubt.

A name is read here without a look at what stands on the page: whether it is the company that should have sealed is asked of it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from intake import black_seals, seal_letters, seals, square_seals
from intake.model import Box, Line, Seal
from intake.ports import Image, OcrEngine
from intake.seal_letters import Name

_Plane = NDArray[np.float32]

_OUTER, _INNER = 0.95, 0.56  # between which parts of the radius letters stand: behind the ring, before the star
_HEIGHT = 56  # pixels of a strip; engines bring lines to 48
_RIM = (0.82, 1.06)  # where the ring is looked for, as parts of the half width and height of the box
_DRAWN = 0.7  # part of the ring that must be there
_THIN = 0.35  # part of what lies just within the ring that may be inked: an emblem or a picture is full of it
_SURE = 0.97  # a reading whose every character is so sure needs no second one
_APART = 0.6  # how sure a name is at most when two readings of it differ
_DEPTH, _ROWS = (0.94, 0.5), 67  # parts of the radius between which the letters are looked for, at so many depths
_INKED, _ROOM, _SHALLOW = 0.35, 0.1, 0.16  # of the most ink, and of the band, and the least band
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
        name = _name(image, box, engine, coloured=stamps.coloured, black=black)
        if name is not None and (name.text or not black):
            found.append(Seal(box, name.text, round(name.confidence, 4), name.letters))
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


def _name(image: Image, box: Box, engine: OcrEngine, *, coloured: bool, black: bool) -> Name | None:
    """Return the name in the seal that is drawn in the box; None where none is drawn there."""
    x0, y0, x1, y1 = box
    pad = max(4, (x1 - x0) // 25)
    inks = _inks(_around(image, box, pad), coloured=coloured, black=black)
    square = None if black else _square(inks, engine)
    if square is not None and square.confidence >= _SURE:
        return square
    if square is None and inks:
        left, top = max(0, x0 - pad), max(0, y0 - pad)
        ring = _ring(inks[0], (x0 - left, y0 - top, x1 - left, y1 - top))
        name = _on(ring, inks, engine) if ring else None
        if name is not None and (name.text or not black):
            return name
    # Print or another seal lies on its frame, or its box was guessed from what is seen of it.
    inks = _inks(_around(image, box, (x1 - x0) // 3), coloured=coloured, black=black)
    searched = _square(inks, engine, max(x1 - x0, y1 - y0))
    if searched is None or not searched.text or (square is not None and square.confidence >= searched.confidence):
        return square  # a frame that has to be searched for and holds no name may be an emblem's
    # In black it may be any drawing of a square but for what seals of persons end with.
    return searched if not black or searched.text.endswith(square_seals.ENDS) else None


def _around(image: Image, box: Box, pad: int) -> Image:
    x0, y0, x1, y1 = box
    return image[max(0, y0 - pad) : y1 + pad, max(0, x0 - pad) : x1 + pad]


def _square(inks: Sequence[_Plane], engine: OcrEngine, side: float = 0) -> Name | None:
    """Return the name in a square seal, as the ink is seen in one way and then in another; None where there is none."""
    first: Name | None = None
    for ink in inks[:2]:
        name = square_seals.read(ink, engine, side)
        if name is None or (first is None and name.confidence >= _SURE):
            return first or name
        if first is None:
            first = name
            continue
        best = max(first, name, key=lambda n: n.confidence)
        return best if first.text == name.text else best._replace(confidence=min(best.confidence, _APART))
    return first


def _on(ring: _Ring, inks: Sequence[_Plane], engine: OcrEngine) -> Name:
    """Return the name around a ring: of the first reading, if every letter of it is sure, else of all of them together."""
    readings = list[seal_letters.Reading]()
    for ink in inks:
        for band in ((_OUTER, _INNER), _band(ink, ring)):
            strip, first, around, margin = _strip(ink, ring, band)
            line = engine.read_line(strip)
            if line is None:
                continue
            reading = seal_letters.reading_of(line, first, around, margin)
            if not readings and reading.name.confidence >= _SURE:
                return reading.name
            readings.append(reading)
    return seal_letters.together(readings)


def _inks(part: Image, *, coloured: bool, black: bool) -> list[_Plane]:
    """Return how much ink of the seal there is (0..1), seen in one way and in another, what reads best first."""
    seen = _seen(part, coloured=coloured, black=black)
    return [np.ascontiguousarray(ink, dtype=np.float32) for ink in seen]


def _seen(part: Image, *, coloured: bool, black: bool) -> Iterator[_Plane]:
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
    yield _filled(ink.astype(np.float32), green < limit)
    yield ink * np.where(green < level, np.clip((green - limit) / max(1.0, level - limit), 0, 1), 1)


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


def _strip(ink: _Plane, ring: _Ring, band: tuple[float, float]) -> tuple[Image, int, int, int | None]:
    """Return a band of the ring (from which to which part of its radius) as dark print on a white strip, and where that lies.

    That is its first column, how many there are once around, and how many at both ends of the strip have no letter; None where there is
    no gap in the ring: then the strip may begin anywhere.
    """
    outer, inner = band
    deep = (outer - inner) * (ring.a + ring.b) / 2
    width = max(_HEIGHT, round(np.pi * (outer + inner) * (ring.a + ring.b) / 2 * _HEIGHT / deep))
    start = np.float32(np.pi / 2)  # below: there most seals have no letter
    angles = start + np.linspace(0, 2 * np.pi, width, endpoint=False, dtype=np.float32)[None, :]
    parts = np.linspace(outer, inner, _HEIGHT, dtype=np.float32)[:, None]
    band_ink = _sampled(ink, ring.at(angles, parts), cv2.INTER_CUBIC)
    first, length, margin = _lettered(band_ink)
    cut = np.roll(band_ink, -first, axis=1)[:, :length]
    dark = (255 - np.clip(cut, 0, 1) * 255).astype(np.uint8)
    return np.repeat(dark[..., None], 3, axis=2), first, width, margin


def _band(ink: _Plane, ring: _Ring) -> tuple[float, float]:
    """Return from which to which part of the radius there is most ink behind the ring: a name of many letters has small ones.

    They fill the strip then, as print fills the lines that engines are used to.
    """
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False, dtype=np.float32)[None, :]
    parts = np.linspace(*_DEPTH, _ROWS, dtype=np.float32)
    rows = _sampled(ink, ring.at(angles, parts[:, None])).clip(0, 1)
    # Of every depth three quarters of the way around count, those with most ink: the rest may have no letter.
    profile = np.convolve(np.sort(rows, axis=1)[:, 180:].mean(axis=1), np.ones(3) / 3, mode="same")
    first = _ROWS // 12  # the ring itself may lie before it
    top = low = first + int(np.argmax(profile[first : _ROWS * 3 // 5]))
    least = _INKED * profile[top]
    while top > 0 and profile[top - 1] > least:
        top -= 1
    while low < _ROWS - 1 and profile[low + 1] > least:
        low += 1
    room = _ROOM * (parts[top] - parts[low])
    outer, inner = min(_OUTER, float(parts[top] + room)), max(_DEPTH[1], float(parts[low] - room))
    return (outer, inner) if outer - inner > _SHALLOW else (_OUTER, _INNER)


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
