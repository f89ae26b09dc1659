"""A font with Han characters, for pages that are set here: the body of a message, an OFD without fonts of its own."""

import os
from functools import cache
from pathlib import Path

from PIL import ImageFont

_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/Library/Fonts")
# In order of preference; the first that is installed anywhere is taken.
_NAMES = (
    "notosanscjk-regular",
    "notosanssc",
    "sourcehansans",
    "wqy-zenhei",
    "wqy-microhei",
    "notoserifcjk-regular",
    "uming",
    "ukai",
    "droidsansfallback",
    "simsun",
    "msyh",
    "simhei",
)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@cache
def han_font_path() -> str | None:
    """Return where a font with Han characters lies on this machine; None when none does."""
    found: dict[str, str] = {}
    for folder in _FOLDERS:
        for place, _, names in os.walk(Path(folder).expanduser()):
            for name in names:
                if name.lower().endswith((".ttf", ".ttc", ".otf")):
                    found.setdefault(name.lower(), str(Path(place) / name))
    for wanted in _NAMES:
        for name in sorted(found):
            if name.startswith(wanted):
                return found[name]
    return None


@cache
def font(size: int) -> Font:
    """Return the font at `size` pixels. Without any installed that has Han characters they are drawn as boxes."""
    path = han_font_path()
    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)
