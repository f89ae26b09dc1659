"""Is a page good enough to be kept? Pure functions on the image of a page, after DA/T 31-2017 (纸质档案数字化规范).

DA/T 31-2017, 6.3 asks for at least 200 dpi (300 where small print is to be recognised), 8.2 for pages that are straight within
1 degree, and 8.4 and 9 for images that are complete, clear and neither too dark nor too light, else the paper is scanned
again. It names no figures for what is blurred, dark or cut off: those of `Lines` were measured, see docs/intake.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from intake.formats.pages import Picture
from intake.model import Box, Line, Quality

Gray = NDArray[np.uint8]  # height x width

_WORK = 2400  # the longer side on which sharpness is measured: A4 at 200 dpi
_EDGE_WORK = 1600  # emptiness and edges
_SKEW_WORK = 1000  # and skew
_SKEW_RANGE = 12.0  # degrees to each side
_MOST_POINTS = 20_000
_A4_INCHES = 11.69  # the longer side of a sheet nobody says the size of
_WALL = 20.0  # inches: a longer sheet is a picture whose resolution was never set
_INK = 40  # how much darker than the paper ink is, of 255


@dataclass(frozen=True)
class Lines:
    """Where a page falls below the line. Like settings: another office may draw them elsewhere."""

    dpi: float = 200 * 0.95  # what a scanner calls 200 is a little less now and then
    guessed_dpi: float = 80  # where the file does not say, as if the sheet were A4: it may be a smaller one
    skew: float = 6.0  # degrees; up to here it is corrected for reading, beyond it the paper was fed askew
    sharpness: float = 0.16
    dark: float = 90.0  # how bright paper must be, 0..255
    contrast: float = 50.0  # between paper and ink, of 255
    cut_marks: int = 5  # pieces of print that run over one edge


CORRECTED = 1.0  # degrees (DA/T 31-2017, 8.2): a page that is more askew is straightened before it is read


def judge(gray: Gray, dpi: float | None, lines: Lines | None = None) -> Quality:
    """Return what can be said of a page as it was scanned.

    gray: height x width, 0 black. dpi: what the paper was scanned with, None where nobody says.
    """
    lines = lines or Lines()
    small = _at_most(gray, _WORK)
    tiny = _at_most(small, _EDGE_WORK)
    inked = ink(tiny)
    brightness, contrast = tone(small, inked)
    blank = is_blank(tiny, inked)
    angle = 0.0 if blank else skew(tiny)
    sharp = 1.0 if blank else sharpness(small, inked)
    edges = () if blank else cut_edges(tiny, lines.cut_marks)
    known = credible_dpi(gray.shape[1], gray.shape[0], dpi)
    findings = []
    if (known or max(gray.shape) / _A4_INCHES) < (lines.guessed_dpi if known is None else lines.dpi):
        findings.append("resolution")
    if abs(angle) > lines.skew:
        findings.append("skew")
    if sharp < lines.sharpness:
        findings.append("blurred")
    if brightness < lines.dark:
        findings.append("dark")
    elif not blank and contrast < lines.contrast:
        findings.append("faint")
    if edges:
        findings.append("cut")
    if blank:
        findings.append("blank")
    return Quality(
        None if known is None else round(known),
        round(angle, 1),
        round(sharp, 2),
        round(brightness),
        round(contrast),
        edges,
        tuple(findings),
    )


#: Of a page that cannot be shown.
UNSHOWN = Quality(None, 0.0, 1.0, 255, 255, (), ("damaged",))


def of_picture(picture: Picture) -> Quality | None:
    """Return how good a page is; None for one that carries its own text, unless its image is damaged, which then is all that is said."""
    if picture.layer is not None and not picture.damaged:
        return None
    found = judge(np.asarray(picture.image.convert("L")), picture.scan_dpi)
    if not picture.damaged:
        return found
    others = () if picture.layer is not None else found.findings
    # Whether it is blank nobody knows.
    return replace(found, findings=("damaged", *(finding for finding in others if finding != "blank")))


def credible_dpi(width: int, height: int, dpi: float | None) -> float | None:
    """Return the resolution, None where nobody says or where it would make the sheet larger than any that is scanned."""
    if dpi is None or max(width, height) / max(dpi, 1.0) > _WALL:
        return None
    return dpi


def tone(gray: Gray, inked: float = 1.0) -> tuple[float, float]:
    """Return how bright the paper is, and how much darker the ink (0..255): the median, and its distance to the darkest 0.5 %.

    inked: the part of the page that is ink, 0..1; of a page with little on it, fewer pixels are looked at.
    """
    shades = _counted(cv2.blur(gray, (3, 3)))
    paper = _part(shades, 0.5)
    return float(paper), float(paper - _part(shades, min(0.005, 0.25 * inked)))


def _counted(values: NDArray[Any]) -> NDArray[np.int64]:
    """Return how many of `values` (height x width, 0..255) are at most 0, 1 .. 255."""
    counts = cv2.calcHist([np.ascontiguousarray(values)], [0], None, [256], [0, 256])
    return np.cumsum(counts.ravel().astype(np.int64))


def _part(counts: NDArray[np.int64], part: float) -> int:
    """Return the value below which this part (0..1) of the counted ones lies."""
    return int(np.searchsorted(counts, part * counts[-1]))


def ink(gray: Gray) -> float:
    """Return the part of the page that is ink, 0..1, within its outer twentieth: shadows and holes are no print."""
    height, width = gray.shape
    inner = gray[height // 20 : height - height // 20, width // 20 : width - width // 20]
    if inner.size == 0:
        return 0.0
    smooth = cv2.medianBlur(np.ascontiguousarray(inner), 3)
    # Against its own neighbourhood: print of the other side and yellowed corners change slowly.
    around = cv2.blur(smooth, (41, 41)).astype(np.int16)
    return float((around - smooth > _INK * 0.75).sum()) / gray.size


def is_blank(gray: Gray, inked: float | None = None) -> bool:
    """Tell whether nothing is printed on the page. inked: what `ink` says of it, where that is known."""
    return (ink(gray) if inked is None else inked) * gray.size < max(20, gray.size * 1.6e-5)


def sharpness(gray: Gray, inked: float = 1.0) -> float:
    """Return how steeply ink begins, 0..1: the steepest steps between neighbouring pixels, as part of the contrast."""
    smooth = cv2.GaussianBlur(gray, (3, 3), 0.7)  # grain is steep, too
    _, contrast = tone(gray, inked)
    across, down = cv2.absdiff(smooth[:, 1:], smooth[:, :-1]), cv2.absdiff(smooth[1:], smooth[:-1])
    part = 1 - min(0.002, 0.1 * inked)
    steep = max(_part(_counted(across), part), _part(_counted(down), part))
    return min(1.0, steep / max(20.0, contrast))


def skew(gray: Gray) -> float:
    """Return how many degrees clockwise the lines of the page are turned, -12..12; 0 when none can be told.

    Lines stand out most in the profile of a page along their own direction (projection profiles, Postl 1986). A page that
    lies on its side is judged by its columns.
    """
    small = _at_most(gray, _SKEW_WORK)
    _, contrast = tone(small)
    least = max(6.0, 0.15 * contrast)  # the edge of the paper on the glass is no line
    ink = cv2.adaptiveThreshold(small, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, least)
    height, width = ink.shape
    ink[: height // 33], ink[height - height // 33 :] = 0, 0
    ink[:, : width // 33], ink[:, width - width // 33 :] = 0, 0
    points = np.argwhere(ink).astype(np.float32)
    if len(points) < 200:
        return 0.0
    points = points[:: max(1, len(points) // _MOST_POINTS)]
    points -= points.mean(axis=0)
    best, angle = 0.0, 0.0
    for y, x in ((points[:, 0], points[:, 1]), (-points[:, 1], points[:, 0])):
        coarse = np.arange(-_SKEW_RANGE, _SKEW_RANGE + 0.01, 0.5)
        scores = np.array([_profile(x, y, a) for a in coarse])
        peak = int(scores.argmax())
        # A page without lines has no angle that stands out.
        if scores[peak] < 1.5 * float(np.median(scores)) or scores[peak] <= best:
            continue
        fine = coarse[peak] + np.arange(-0.5, 0.51, 0.1)
        refined = [_profile(x, y, a) for a in fine]
        best, angle = float(scores[peak]), float(fine[int(np.argmax(refined))])
    return angle


def _profile(x: NDArray[np.float32], y: NDArray[np.float32], degrees: float) -> float:
    """Return how much the profile of the points jumps from row to row, when they are turned back by `degrees`."""
    radians = np.deg2rad(degrees)
    rows = y * np.cos(radians) - x * np.sin(radians)
    counts = np.bincount((rows - rows.min()).astype(np.int64)).astype(np.float64)
    return float(np.square(np.diff(counts)).sum())


def cut_edges(gray: Gray, most: int) -> tuple[str, ...]:
    """Return the edges (left, top, right, bottom) over which at least `most` pieces of print run.

    A piece of print is about as large as a character. Shadows, rules, frames and pictures that reach the edge are larger.
    """
    height, width = gray.shape
    side = max(height, width)
    low, high = max(5, side // 300), max(12, side // 28)
    smooth = cv2.medianBlur(gray, 3)
    around = cv2.blur(smooth, (2 * high + 1, 2 * high + 1)).astype(np.int16)
    found = []
    for name, strip in (
        ("left", (slice(None), slice(0, 2 * high))),
        ("top", (slice(0, 2 * high), slice(None))),
        ("right", (slice(None), slice(width - 2 * high, None))),
        ("bottom", (slice(height - 2 * high, None), slice(None))),
    ):
        ink = (around[strip] - smooth[strip] > _INK).astype(np.uint8)
        count, _, boxes, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
        marks = 0
        for x, y, w, h, area in boxes[1:count]:
            touches = {
                "left": x == 0,
                "top": y == 0,
                "right": x + w == ink.shape[1],
                "bottom": y + h == ink.shape[0],
            }[name]
            if touches and low <= w <= high and low <= h <= high and area >= 0.15 * w * h:
                marks += 1
        if marks >= most:
            found.append(name)
    return tuple(found)


def level(image: NDArray[np.uint8], degrees: float) -> NDArray[np.uint8]:
    """Return the image (height x width x 3) turned back by `degrees`, on a sheet large enough to lose no corner."""
    matrix, size = level_matrix(image.shape[1], image.shape[0], degrees)
    turned = cv2.warpAffine(
        image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=(255, 255, 255)
    )
    return np.asarray(turned, dtype=np.uint8)


def level_matrix(width: int, height: int, degrees: float) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Return the 2 x 3 matrix from an image of this size to the one `level` makes of it, and that one's (width, height)."""
    radians = np.deg2rad(abs(degrees))
    wide = round(width * np.cos(radians) + height * np.sin(radians))
    high = round(height * np.cos(radians) + width * np.sin(radians))
    # OpenCV counts its angles against the clock: to turn back what is turned clockwise.
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    matrix[:, 2] += ((wide - width) / 2, (high - height) / 2)
    return np.asarray(matrix, dtype=np.float64), (int(wide), int(high))


def put_back(lines: Sequence[Line], width: int, height: int, degrees: float) -> tuple[Line, ...]:
    """Return lines found on a levelled image with their boxes on the image before it was levelled (width x height)."""
    matrix, _ = level_matrix(width, height, degrees)
    back = np.asarray(cv2.invertAffineTransform(matrix), dtype=np.float64)
    return tuple(
        replace(
            line,
            box=_around(line.box, back, width, height),
            words=tuple(replace(word, box=_moved(word.box, back, width, height)) for word in line.words),
        )
        for line in lines
    )


def _around(box: Box, matrix: NDArray[np.float64], width: int, height: int) -> Box:
    """Return the smallest upright box around a turned one."""
    x0, y0, x1, y1 = box
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]) @ matrix[:, :2].T + matrix[:, 2]
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return _inside(left, top, right, bottom, width, height)


def _moved(box: Box, matrix: NDArray[np.float64], width: int, height: int) -> Box:
    """Return a box as large as before about where its middle comes to lie: a word is small enough for that."""
    x0, y0, x1, y1 = box
    x, y = matrix[:, :2] @ ((x0 + x1) / 2, (y0 + y1) / 2) + matrix[:, 2]
    half, tall = (x1 - x0) / 2, (y1 - y0) / 2
    return _inside(x - half, y - tall, x + half, y + tall, width, height)


def _inside(x0: float, y0: float, x1: float, y1: float, width: int, height: int) -> Box:
    left, top = min(max(round(x0), 0), width - 1), min(max(round(y0), 0), height - 1)
    return left, top, min(max(round(x1), left + 1), width), min(max(round(y1), top + 1), height)


def _at_most(gray: Gray, side: int) -> Gray:
    factor = side / max(gray.shape)
    if factor >= 1:
        return gray
    size = (max(1, round(gray.shape[1] * factor)), max(1, round(gray.shape[0] * factor)))
    small: Gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return small
