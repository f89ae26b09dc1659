"""The pages of a stack as pixels, just fine enough to find separators and to tell blank pages."""

import io
from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from intake.missing import missing_picture
from intake.model import Inspection, Limits

DPI = 150.0
_A4_INCHES = 11.69  # the long side that a page is taken to have when its file does not say


def pages(
    path: Path, inspection: Inspection, limits: Limits, *, first: int = 0
) -> Generator[tuple[NDArray[np.uint8], float, Callable[[], bool | None]]]:
    """Yield the pages from `first` (from 0) on as (height x width x 3 RGB, dpi, whether its image is damaged), one at a time.

    Raises Rejected for damage that shows only now.
    """
    if inspection.kind == "pdf":
        from intake import pdf
        from intake.damage.pdf import Parts

        with pdf.opened(path) as document, closing(Parts(path)) as parts:
            for index in range(first, inspection.pages):
                with pdf.damage():
                    image, dpi = pdf.render(document, index, DPI)
                    if pdf.is_unshown(document, index, image):  # else it would be left out as a blank back
                        image, dpi = Image.open(io.BytesIO(missing_picture()[2])).convert("RGB"), 100.0
                yield np.asarray(image), dpi, partial(parts.damaged, index)
        return
    from intake.formats.opening import open_pages

    with open_pages(path, inspection.kind, limits) as opened:
        for index in range(first, inspection.pages):
            picture = opened.picture(index)
            yield *_coarse(picture.image, picture.dpi), partial(bool, picture.damaged)


def _coarse(image: Image.Image, dpi: float | None) -> tuple[NDArray[np.uint8], float]:
    known = dpi or max(image.size) / _A4_INCHES
    factor = DPI / known
    if factor < 1:
        size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
        image = image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    return np.asarray(image.convert("RGB")), min(known, DPI)
