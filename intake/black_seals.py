"""Seals on black-and-white scans, as black as the print: what of them can be told from print is erased on the copy that is read.

That is the line around and the star within. Their letters stay: they are print themselves.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from intake.orientation import Quads
from intake.ports import Image
from intake.rings import Ring, rings

_DARK = 150  # of 255: what is darker is ink on a page without gray
_WHITE, _CLEAN = 255, 0.7  # what its paper is, and the part of the page it makes: gray paper is never all alike
_SMALLEST, _LARGEST = 0.06, 0.35  # diameter of a seal as part of the shorter side of a page
_WORK_SIDE = 1200  # seals are looked for on a copy of about this size
_REACH = (0.88, 1.12)  # parts of the radius between which the line around is looked for
_EDGE = 2  # pixels on both sides of the line that go with it
_BESIDE = (3, 4, 5)  # pixels from the line at which a stroke that crosses it is seen
_INSIDE = 0.96  # part of the radius within which nothing is outside the ring
_AROUND = 1.12  # radii within which a box around what is inside ends
_LEVEL = 0.5  # part of a shape that must stand level with a line to belong to it
_NEAR = 2.0  # radii from a ring to the end of a line that may go on in it
_STAR, _BROAD = (
    0.5,
    0.14,
)  # part of the radius within which a star lies, and how broad its middle is at least: strokes are finer


def is_clean(image: Image) -> bool:
    """Tell whether the page (height x width x 3) has no gray paper, as black-and-white scans have none."""
    return float((image[::7, ::7, 1] == _WHITE).mean()) > _CLEAN


def inked(image: Image, factor: int) -> NDArray[np.bool_]:
    """Return where a page without gray has ink, smaller by `factor`, its lines whole."""
    green = np.ascontiguousarray(image[..., 1])
    small = cv2.resize(green, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    return np.asarray(small < _DARK, dtype=np.bool_)


def found(image: Image) -> tuple[Ring, ...]:
    """Return the rings on a black-and-white page (height x width x 3), in its pixels; none on any other."""
    if not is_clean(image):
        return ()
    factor = max(1, round(max(image.shape[:2]) / _WORK_SIDE))
    ink = inked(image, factor)
    side = min(ink.shape)
    return tuple(Ring(*(factor * v for v in ring)) for ring in rings(ink, _SMALLEST * side, _LARGEST * side))


def lifted(image: Image, seals: Sequence[Ring]) -> Image:
    """Return the image (height x width x 3, RGB) without the lines and stars of these rings; itself where there are none."""
    if not seals:
        return image
    result = image.copy()
    for x, y, radius in seals:
        reach = round(_REACH[1] * radius) + 2
        left, top = max(0, round(x) - reach), max(0, round(y) - reach)
        part = result[top : round(y) + reach, left : round(x) + reach]
        ink = part[..., 1] < _DARK
        part[_line(ink, x - left, y - top, radius) | _star(ink, x - left, y - top, radius)] = _WHITE
    return result


def without_letters(image: Image, seals: Sequence[Ring], quads: Quads) -> Image:
    """Return an upright page without what stands wholly within these rings and level with no line that reaches out of them.

    image: as `lifted` returns it. quads: the boxes of lines found on the page.
    """
    if not seals:
        return image
    result = image.copy()
    for ring in seals:
        x0, y0, x1, y1 = ring.box
        x0, y0 = max(0, x0), max(0, y0)
        part = result[y0:y1, x0:x1]
        ink = (part[..., 1] < _DARK).astype(np.uint8)
        bands = np.zeros_like(ink)
        for quad in _slim(quads):
            _band(bands, quad - np.array([x0, y0], dtype=np.float32), ring, (x0, y0))
        disc = np.zeros_like(ink)
        cv2.circle(disc, (round(ring.x - x0), round(ring.y - y0)), round(_INSIDE * ring.radius), 1, -1)
        count, parts, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
        inside = np.bincount(parts[disc > 0], minlength=count)
        level = np.bincount(parts[bands > 0], minlength=count)
        area = stats[:, cv2.CC_STAT_AREA]
        theirs = (inside == area) & (level < _LEVEL * area)
        theirs[0] = False
        mask = cv2.dilate(theirs[parts].astype(np.uint8), np.ones((5, 5), np.uint8)) > 0  # with their soft edges
        part[mask & ((ink == 0) | theirs[parts])] = _WHITE
    return result


def without_scraps(quads: Quads, seals: Sequence[Ring]) -> Quads:
    """Return the boxes but those wholly within a ring that no line which reaches out of it leads to: letters of the seal."""
    kept = np.ones(len(quads), dtype=np.bool_)
    for ring in seals:
        away = np.hypot(quads[..., 0] - ring.x, quads[..., 1] - ring.y)
        inside = np.asarray((away < _AROUND * ring.radius).all(axis=1))
        reached = np.asarray((away < 2 * ring.radius).any(axis=1)) & ~inside
        waiting = set(np.flatnonzero(inside).tolist())
        ends = np.flatnonzero(reached).tolist()
        while ends:
            line = quads[ends.pop()]
            led = [i for i in waiting if _goes_on(line, quads[i])]
            waiting.difference_update(led)
            ends += led
        kept[list(waiting)] = False
    return quads[kept]


def with_lost(quads: Quads, before: Quads, seals: Sequence[Ring]) -> Quads:
    """Return the boxes found without the seals, with those found before (with them) that lie mostly beside the seals and in none of these.

    A line that is seen to run into a seal may not be seen any more once the seal is gone.
    """
    lost = []
    for quad in before:
        ends = quad[[0, 3]].mean(axis=0), quad[[1, 2]].mean(axis=0)
        points = np.linspace(*ends, 21)
        covered = np.zeros(len(points), dtype=np.bool_)
        for ring in seals:
            covered |= np.hypot(points[:, 0] - ring.x, points[:, 1] - ring.y) < _AROUND * ring.radius
        outside = points[~covered]
        if len(outside) > len(points) // 2 and not any(
            cv2.pointPolygonTest(other, (float(x), float(y)), measureDist=False) >= 0
            for other in quads
            for x, y in outside
        ):
            lost.append(quad)
    return np.concatenate([quads, np.stack(lost)]) if lost else quads


def _goes_on(line: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Tell whether one box goes on where another ends: close to it, or further off but exactly level, as high and as aslant."""
    high, low = float(np.linalg.norm(line[3] - line[0])), float(np.linalg.norm(other[3] - other[0]))
    along, its = (edge / max(1e-6, float(np.linalg.norm(edge))) for edge in (line[1] - line[0], other[1] - other[0]))
    steps = (
        other[[0, 3]].mean(axis=0) - line[[1, 2]].mean(axis=0),
        other[[1, 2]].mean(axis=0) - line[[0, 3]].mean(axis=0),
    )
    step = min(steps, key=lambda s: float(np.hypot(*s)))
    gap, off = float(np.hypot(*step)), abs(float(step[0] * along[1] - step[1] * along[0]))
    alike = low / max(high, 1)
    if 0.7 < alike < 1.4 and gap < 0.9 * high and off < 0.3 * high:
        return True
    aslant = abs(float(along[0] * its[1] - along[1] * its[0]))
    return 0.85 < alike < 1.2 and gap < 6 * high and off < 0.15 * high and aslant < 0.05


def _slim(quads: Quads) -> Quads:
    """Return the boxes, none higher than most: at a seal the detector takes letters of it in."""
    down = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
    wanted = np.minimum(0.9, 1.1 * np.median(down) / np.maximum(down, 1)) if len(quads) else down
    middles = (quads + quads[:, [3, 2, 1, 0]]) / 2
    return np.asarray(middles + (quads - middles) * wanted[:, None, None], dtype=np.float32)


def _band(bands: NDArray[np.uint8], quad: NDArray[np.float32], ring: Ring, corner: tuple[int, int]) -> None:
    """Mark in `bands` (a part of the page around the ring) where a line goes on through the ring. quad: its box, from the same corner."""
    along = quad[1] - quad[0]
    length, height = float(np.linalg.norm(along)), float(np.linalg.norm(quad[3] - quad[0]))
    if length < height or abs(along[1]) > 0.3 * abs(along[0]):
        return
    x, y = ring.x - corner[0], ring.y - corner[1]
    ends = (quad[[0, 3]].mean(axis=0), quad[[1, 2]].mean(axis=0))
    out = [float(np.hypot(*(end - (x, y)))) - ring.radius for end in ends]
    if max(out) < height or min(out) > _NEAR * ring.radius:
        return
    reach = along / length * 6 * ring.radius
    longer = np.stack([quad[0] - reach, quad[1] + reach, quad[2] + reach, quad[3] - reach])
    cv2.fillConvexPoly(bands, longer.round().astype(np.int32), 1)


def _line(ink: NDArray[np.bool_], x: float, y: float, radius: float) -> NDArray[np.bool_]:
    """Return where the line of a ring runs, but for the strokes that cross it."""
    angles = np.linspace(0, 2 * np.pi, max(90, round(2 * np.pi * radius)), endpoint=False, dtype=np.float32)
    first = round(_REACH[0] * radius)
    radii = np.arange(first, round(_REACH[1] * radius), dtype=np.float32)
    across, down = x + np.cos(angles)[:, None] * radii, y + np.sin(angles)[:, None] * radii
    rays = cv2.remap(ink.astype(np.uint8), across.astype(np.float32), down.astype(np.float32), cv2.INTER_NEAREST) > 0

    def at(places: NDArray[np.float64]) -> NDArray[np.bool_]:
        return rays[np.arange(len(angles)), np.clip(np.round(places) - first, 0, rays.shape[1] - 1).astype(np.intp)]

    outer = _edge(angles, rays, first, radius)
    depth = 1
    while depth < len(radii) // 2 and at(outer - depth).mean() > 0.5:
        depth += 1
    inner = outer - depth
    beyond = np.any([at(outer + step) for step in _BESIDE], axis=0)
    within = np.any([at(inner - step) for step in _BESIDE], axis=0)
    crossed = beyond & np.any([np.roll(within, turn) for turn in (-2, -1, 0, 1, 2)], axis=0)
    dx, dy = np.arange(ink.shape[1])[None, :] - x, np.arange(ink.shape[0])[:, None] - y
    away = np.hypot(dx, dy)
    ray = np.round(np.arctan2(dy, dx) % (2 * np.pi) / (2 * np.pi) * len(angles)).astype(int) % len(angles)
    line = (away > inner[ray] - _EDGE) & (away < outer[ray] + _EDGE)
    return np.asarray(line & ~crossed[ray], dtype=np.bool_)


def _edge(angles: NDArray[np.float32], rays: NDArray[np.bool_], first: int, radius: float) -> NDArray[np.float64]:
    """Return the outer edge of the line at every angle, in pixels from the middle: an ellipse around a middle a little beside it."""
    last = (rays.shape[1] - 1 - np.argmax(rays[:, ::-1], axis=1) + first).astype(np.float64)
    waves = np.stack([np.ones_like(angles), *(f(n * angles) for n in (1, 2) for f in (np.cos, np.sin))], axis=1)
    edge, near = np.full(len(angles), radius, dtype=np.float64), 0.06 * radius
    for _ in range(4):
        kept = rays.any(axis=1) & (np.abs(last - edge) < near)  # where print goes on outside, the ink ends further out
        if kept.sum() < len(angles) // 3:
            break
        edge, near = waves @ np.linalg.lstsq(waves[kept], last[kept], rcond=None)[0], max(2.0, 0.012 * radius)
    return edge


def _star(ink: NDArray[np.bool_], x: float, y: float, radius: float) -> NDArray[np.bool_]:
    """Return where broad ink lies in the middle of a ring, with the points of it that are left when its middle is gone."""
    middle = np.zeros(ink.shape, dtype=np.uint8)
    cv2.circle(middle, (round(x), round(y)), round(_STAR * radius), 1, -1)
    middle &= ink.astype(np.uint8)
    broad = max(3, round(_BROAD * radius)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (broad, broad))
    core = cv2.morphologyEx(cv2.medianBlur(middle, 5), cv2.MORPH_OPEN, disc)  # its ink has grains of paper
    core = cv2.dilate(core, disc)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(cv2.subtract(middle, core), connectivity=8)
    points = np.unique(parts[cv2.dilate(core, np.ones((3, 3), np.uint8)) > 0])
    points = points[stats[points, [[cv2.CC_STAT_WIDTH], [cv2.CC_STAT_HEIGHT]]].max(axis=0) < broad]
    return np.asarray((core > 0) & (middle > 0) | np.isin(parts, points[points > 0]), dtype=np.bool_)
