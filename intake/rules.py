"""Ruled lines: whether one stands between two columns of text."""

import cv2
import numpy as np

from intake.columns import Ruled
from intake.ports import Image

_DARKER = 30  # than the paper around it, of 255
_SHARE = 0.6  # of the height that the line must run along


def finder(image: Image) -> Ruled:
    """Return the test that `reading_order.arrange` asks for, on this page (height x width x 3, RGB)."""

    def ruled(left: float, top: float, right: float, bottom: float, slope: float) -> bool:
        width, height = round(right - left), round(bottom - top)
        if width < 1 or height < 1:
            return False
        # From the levelled page back to the image: both shears at once, exact enough for the few degrees of a skew.
        back = np.array([[1, -slope, left - slope * top], [slope, 1, top + slope * left]], dtype=np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        strip = cv2.warpAffine(image[..., 1], back, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        dark = strip.astype(np.int16) < np.median(strip, axis=1, keepdims=True) - _DARKER
        wide = cv2.dilate(dark.astype(np.uint8), np.ones((1, 5), np.uint8))  # what is left of its slant
        return bool(wide.mean(axis=0).max() >= _SHARE)

    return ruled
