"""Patch codes: the bars of standard separator sheets (Patch T, 2, 3 …), which barcode libraries do not read.

A patch code is four parallel black bars, two wide (0.20 in) and two narrow (0.08 in), with three narrow spaces between them:
ten narrow widths in all. The six orders are the six codes (Kodak, Patch Code Information, A-61599). Read from the other
side T is 3 and 1 is 6; sheets for separating carry T, 2 or 3, so a sheet that lies upside down separates all the same.

The page is averaged over strips across the bars, each a millimetre and a half wide, so that noise goes and text turns gray;
what shows the pattern at nearly the same place in enough neighbouring strips is a patch.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]

CODES = {"WNNW": "2", "WNWN": "3", "NWNW": "T", "WWNN": "1", "NWWN": "4", "NNWW": "6"}
#: The codes that separate. 1, 4 and 6 steer scanners.
SEPARATING = frozenset({"T", "2", "3"})

_UNITS = 10.0  # the whole code in narrow widths: 2 x 2.5 + 2 + 3
_UNIT_MM = (1.3, 3.0)  # 2.03 when printed true to size; sheets get printed from 65 % up to A3
_NARROW = (0.55, 1.5)  # in units, for narrow bars and spaces
_WIDE = (1.9, 3.1)
_QUIET = 0.9  # units of paper before and after
_STRIP_MM = 1.5
_LEAST_MM = 16.0  # the shortest bars in use are 19 mm (0.75 in) long
_DARK = 0.55  # of the brightness of the paper
_SLOPE = 0.2  # tan of the steepest skew that still counts, 11 degrees


def find(gray: Gray, dpi: float) -> str | None:
    """Return the code of the patch on a page ("T", "2" …), bars across or along the page; None when there is none.

    gray: height x width, paper bright. dpi: dots per inch, 75 or more.
    """
    paper = float(np.percentile(gray, 90))
    if paper < 64:
        return None
    dark = gray < paper * _DARK
    return _along(dark, dpi) or _along(dark.T, dpi)


def _along(dark: NDArray[np.bool_], dpi: float) -> str | None:
    """Look for bars that lie across the columns of `dark`."""
    mm = dpi / 25.4
    width = max(1, round(_STRIP_MM * mm))
    strips = dark.shape[1] // width
    if strips == 0:
        return None
    # Black where most of the strip is: thin strokes and noise do not make a bar.
    share = dark[:, : strips * width].reshape(dark.shape[0], strips, width).mean(axis=2) > 0.5
    edges = np.diff(share.astype(np.int8), axis=0)
    runs: dict[str, list[tuple[int, int, int]]] = {}  # code -> runs of (last strip, last start, strips)
    needed = round(_LEAST_MM * mm / width)
    slack = width * 2 * _SLOPE + 0.5 * mm
    for strip in range(strips):
        for code, start in _codes(share[:, strip], edges[:, strip], mm):
            kept = runs.setdefault(code, [])
            for i, (last, at, count) in enumerate(kept):
                if 0 < strip - last <= 2 and abs(start - at) <= slack * (strip - last):
                    kept[i] = (strip, start, count + 1)
                    if count + 1 >= needed:
                        return code
                    break
            else:
                kept.append((strip, start, 1))
    return None


def _codes(column: NDArray[np.bool_], edges: NDArray[np.int8], mm: float) -> list[tuple[str, int]]:
    """Return the codes in one strip with where they begin."""
    at = np.flatnonzero(edges) + 1
    if len(at) < 8:
        return []
    found = []
    lengths = np.diff(at, prepend=0, append=len(column))  # lengths[i + 1] begins at at[i]
    first = 0 if not column[0] else 1  # index into `at` of the first edge into black
    for i in range(first, len(at) - 7, 2):
        seven = lengths[i + 1 : i + 8]
        unit = float(seven.sum()) / _UNITS
        if not _UNIT_MM[0] <= unit / mm <= _UNIT_MM[1]:
            continue
        if lengths[i] < _QUIET * unit or lengths[i + 8] < _QUIET * unit:
            continue
        if not all(_NARROW[0] * unit <= space <= _NARROW[1] * unit for space in seven[1::2]):
            continue
        code = CODES.get("".join(_letter(float(bar) / unit) for bar in seven[0::2]))
        if code is not None:
            found.append((code, int(at[i])))
    return found


def _letter(units: float) -> str:
    if _NARROW[0] <= units <= _NARROW[1]:
        return "N"
    return "W" if _WIDE[0] <= units <= _WIDE[1] else "?"


def draw(code: str, dpi: int, length_mm: float = 60.0) -> Gray:
    """Return the bars of a patch code true to size, across the page, on their own piece of paper."""
    pattern = next(pattern for pattern, name in CODES.items() if name == code)
    unit = 0.08 * dpi
    widths = [w for bar in pattern for w in (2.5 if bar == "W" else 1.0, 1.0)][:-1]
    ends = np.concatenate(([0.0], np.cumsum(widths))) * unit
    image = np.full((round(float(ends[-1])), round(length_mm * dpi / 25.4)), 255, np.uint8)
    for i, (top, bottom) in enumerate(pairwise(ends)):
        if i % 2 == 0:
            image[round(float(top)) : round(float(bottom))] = 0
    return image
