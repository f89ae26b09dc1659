"""The font of what is set here: messages, OFD without fonts of their own, labels, sheets and forms. It comes with the program.

Noto Sans SC at weight 400 (SIL Open Font License, `font/OFL.txt`), with all its characters and without layout features: what is printed
today looks the same on every machine and in thirty years.
"""

from functools import cache
from pathlib import Path

from PIL import ImageFont

#: Where the font lies: TrueType, 30,000 characters of both scripts.
HAN_FONT = Path(__file__).parent / "font" / "NotoSansSC-Regular.ttf"


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Return the font at `size` pixels."""
    return ImageFont.truetype(HAN_FONT, size)
