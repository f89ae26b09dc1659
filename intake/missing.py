"""What is shown for a page of which no picture could be made: a crossed sheet, which nobody takes for a blank page."""

import io
from functools import cache

from PIL import Image, ImageDraw

_WIDTH, _HEIGHT = 827, 1169  # A4 at 100 dpi


@cache
def missing_picture() -> tuple[int, int, bytes]:
    """Return width, height and the JPEG bytes."""
    sheet = Image.new("L", (_WIDTH, _HEIGHT), 255)
    draw = ImageDraw.Draw(sheet)
    corners = (40, 40, _WIDTH - 40, _HEIGHT - 40)
    draw.rectangle(corners, outline=150, width=4)
    draw.line(corners, fill=190, width=3)
    draw.line((corners[0], corners[3], corners[2], corners[1]), fill=190, width=3)
    data = io.BytesIO()
    sheet.save(data, "JPEG")
    return _WIDTH, _HEIGHT, data.getvalue()
