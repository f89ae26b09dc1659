"""Seals that are not round: the square one of a person or of contracts, the oval one of invoices."""

import itertools
import math
import random
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from samples.paper import FACES, Sheet

_SCALE = 3  # times as large as they are printed
_APART = 25  # millimetres between the middles of two seals: at their edges they may touch
_ROUNDS = (0.08, 0.0, 0.04)  # of the side: how round the corners of a square are


def person_rows(name: str, rng: random.Random) -> tuple[Sequence[str], str]:
    """Return the rows in which a person's seal is cut, and what it says: two columns from the right, or two rows from the left."""
    said = name if len(name) > 3 else name + ("印" if len(name) == 3 else rng.choice(("之印", "印章")))
    first, second = said[:2], said[2:]
    if rng.random() < 0.6:  # from the right: the old way, and still the usual one
        return [second[0] + first[0], second[1] + first[1]], said
    return [first, second], said


def person(sheet: Sheet, x: float, y: float, name: str, rng: random.Random) -> None:
    """Stamp the seal of a person (法人名章), 18 to 22 mm, centred at (x, y): red letters, or white ones on red."""
    rows, said = person_rows(name, rng)
    if sheet.seals:  # nobody stamps it into the middle of another seal
        px0, py0, px1, py1 = sheet.seals[-1]
        off = x - (px0 + px1) / 2 / sheet.px(1)
        if math.hypot(off, y - (py0 + py1) / 2 / sheet.px(1)) < _APART:
            x += math.copysign(_APART, off) - off
    square(sheet, x, y, rows, said, rng, side=rng.choice((18, 20, 22)), white=rng.random() < 0.2)


def contracts(sheet: Sheet, x: float, y: float, company: str, rng: random.Random) -> None:
    """Stamp a square seal for contracts (合同专用章), its company's name in two rows, centred at (x, y)."""
    half = -(-len(company) // 2)
    rows = [company[:half], company[half:], "合同专用章"]
    square(sheet, x, y, rows, "".join(rows), rng, side=rng.choice((38, 42)))


def square(
    sheet: Sheet,
    x: float,
    y: float,
    rows: Sequence[str],
    said: str,
    rng: random.Random,
    *,
    side: float,
    white: bool = False,
) -> None:
    """Stamp a square seal of these rows of letters, `side` millimetres wide, centred at (x, y). white: letters in red ink."""
    size = round(sheet.px(side) * _SCALE)
    stamp = Image.new("L", (size, size), 0)
    pen, line = ImageDraw.Draw(stamp), max(2, round(size * rng.choice((0.03, 0.045))))
    corner = round(size * rng.choice(_ROUNDS))
    pen.rounded_rectangle((1, 1, size - 2, size - 2), corner, outline=255, width=line, fill=255 if white else 0)
    face, room = rng.choice(("song-bold", "kai", "hei-bold")), size - 2 * line - size * 0.06
    across, down = room / max(map(len, rows)), room / len(rows)
    for r, row in enumerate(rows):
        step = room / len(row)
        for c, char in enumerate(row):
            _letter(
                stamp, char, face, (line + size * 0.03 + step * (c + 0.5), line + size * 0.03 + down * (r + 0.5)),
                (min(step, across * 1.15) * 0.92, down * 0.92), 0 if white else 255,
            )  # fmt: skip
    sheet.press(_turned(stamp, rng.uniform(-9, 9)), x, y, _SCALE, said, rng)


def oval(
    sheet: Sheet, x: float, y: float, around: str, number: str, below: str, rng: random.Random, *, width: float = 40
) -> None:
    """Stamp an oval seal, `width` x 3/4 of it in millimetres, centred at (x, y): a name around, a number across, its use below."""
    wide = round(sheet.px(width) * _SCALE)
    high = round(wide * 0.75)
    stamp = Image.new("L", (wide, high), 0)
    pen, line = ImageDraw.Draw(stamp), round(wide * 0.026)
    pen.ellipse((1, 1, wide - 2, high - 2), outline=255, width=line)
    sweep = math.radians(min(200, 18 * len(around)))
    size = round(min(wide * 0.1, sweep / len(around) * high * 0.44))
    a, b = wide / 2 - line - size * 0.85, high / 2 - line - size * 0.85
    for char, angle in zip(around, _even(a, b, sweep, len(around)), strict=True):
        middle = wide / 2 + a * math.cos(angle), high / 2 + b * math.sin(angle)
        upright = math.atan2(b * math.cos(angle), -a * math.sin(angle))  # the way the curve runs there
        glyph = Image.new("L", (size * 2, size * 2), 0)
        ImageDraw.Draw(glyph).text((size, size), char, font=_font("song-bold", size), fill=255, anchor="mm")
        glyph = glyph.rotate(-math.degrees(upright), resample=Image.Resampling.BICUBIC)
        stamp.paste(255, (round(middle[0]) - size, round(middle[1]) - size), glyph)
    pen.text((wide / 2, high * 0.53), number, font=_font("hei", round(wide * 0.06)), fill=255, anchor="mm")
    pen.text((wide / 2, high * 0.74), below, font=_font("song-bold", round(wide * 0.085)), fill=255, anchor="mm")
    sheet.press(_turned(stamp, rng.uniform(-10, 10)), x, y, _SCALE, around, rng)


def _even(a: float, b: float, sweep: float, count: int) -> list[float]:
    """Return angles at the top of an ellipse (half axes a, b) between which its curve is equally long, from the left on."""
    steps = [-math.pi / 2 - sweep / 2 + sweep * k / 2000 for k in range(2001)]
    lengths = [0.0]
    for one, two in itertools.pairwise(steps):
        lengths.append(
            lengths[-1] + math.hypot(a * (math.cos(two) - math.cos(one)), b * (math.sin(two) - math.sin(one)))
        )
    wanted = [lengths[-1] * (k + 0.5) / count for k in range(count)]
    return [steps[min(range(2001), key=lambda i: abs(lengths[i] - w))] for w in wanted]


def _letter(
    stamp: Image.Image, char: str, face: str, middle: tuple[float, float], room: tuple[float, float], ink: int
) -> None:
    """Cut a letter that fills its room, as wide and as high as that is."""
    size = round(max(room))
    glyph = Image.new("L", (size * 2, size * 2), 0)
    ImageDraw.Draw(glyph).text((size, size), char, font=_font(face, size), fill=255, anchor="mm")
    cut = glyph.crop((size - size // 2, size - size // 2, size + size // 2, size + size // 2))
    cut = cut.resize((max(1, round(room[0])), max(1, round(room[1]))), Image.Resampling.BICUBIC)
    stamp.paste(ink, (round(middle[0] - cut.width / 2), round(middle[1] - cut.height / 2)), cut)


def _turned(stamp: Image.Image, degrees: float) -> Image.Image:
    """Return the stamp turned, no corner cut off."""
    return stamp.rotate(degrees, resample=Image.Resampling.BICUBIC, expand=True)


def _font(face: str, px: int) -> ImageFont.FreeTypeFont:
    path, index, _ = FACES[face]
    return ImageFont.truetype(path, px, index=index)
