"""A sheet of paper that remembers what was printed on it: every line, every field's place, every seal.

Lengths are millimetres from the top left corner of the sheet, font sizes are points. Text may carry fields:
``{party_a|华岳实业集团有限公司}`` prints the name and notes it, ``{signed_on=2026-02-19|2026年2月19日}`` notes another value.
"""

import math
import random
import re
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

_NOTO, _ARPHIC = "/usr/share/fonts/opentype/noto/", "/usr/share/fonts/truetype/arphic/"
#: What offices print with: song (宋体), kai (楷体), hei (黑体) and their usual variants; (file, face, boldening in pixels of 100).
FACES = {
    "song": (_NOTO + "NotoSerifCJK-Regular.ttc", 2, 0),
    "song-bold": (_NOTO + "NotoSerifCJK-Bold.ttc", 2, 0),
    "ming": (_ARPHIC + "uming.ttc", 0, 0),
    "ming-bold": (_ARPHIC + "uming.ttc", 0, 4),
    "kai": (_ARPHIC + "ukai.ttc", 0, 0),
    "kai-bold": (_ARPHIC + "ukai.ttc", 0, 4),
    "hei": (_NOTO + "NotoSansCJK-Regular.ttc", 2, 0),
    "hei-bold": (_NOTO + "NotoSansCJK-Bold.ttc", 2, 0),
    "zenhei": ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0, 0),
}
_MARKUP = re.compile(r"\{(\w+)(?:=([^|{}]*))?\|([^{}]*)\}")
_NEVER_FIRST = "，。；：、！？）》”’％」』,.;:!?)%"
_NEVER_LAST = "（《“‘「『("
Box = tuple[float, float, float, float]


@lru_cache(maxsize=256)
def _font(face: str, px: int) -> ImageFont.FreeTypeFont:
    path, index, _ = FACES[face]
    return ImageFont.truetype(path, px, index=index)


@lru_cache(maxsize=8192)
def _known(face: str, char: str) -> bool:
    font = _font(face, 40)
    return char.isspace() or bytes(font.getmask(char)) != bytes(font.getmask("\U0010ffff"))


@dataclass
class Printed:
    """One printed line: its text, its box and the boxes of its characters in pixels."""

    text: str
    box: Box
    block: str = ""
    letters: tuple[Box, ...] = ()


@dataclass
class Sheet:
    """A blank sheet, `width` x `height` millimetres at `dpi`; marks fall on it and are remembered in order of printing."""

    rng: random.Random
    width: float = 210
    height: float = 297
    dpi: int = 200
    ink: tuple[int, int, int] = (32, 31, 34)
    lines: list[Printed] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    places: dict[str, Box] = field(default_factory=dict)
    seals: list[Box] = field(default_factory=list)
    seal_names: list[str] = field(default_factory=list)
    signatures: list[Box] = field(default_factory=list)
    block: str = ""
    pieces: list[list[tuple[str, Box]]] = field(
        default_factory=list
    )  # what a perfect reader finds: letters in their places

    def __post_init__(self) -> None:
        self.image = Image.new("RGB", (round(self.px(self.width)), round(self.px(self.height))), "white")
        self.pen = ImageDraw.Draw(self.image)

    def px(self, mm: float) -> float:
        return mm * self.dpi / 25.4

    # --- text --------------------------------------------------------------------------------------------------------

    def text(
        self,
        x: float,
        y: float,
        markup: str,
        size: float = 12,
        face: str = "song",
        *,
        width: float | None = None,
        leading: float = 1.6,
        indent: float = 0,
        align: str = "left",
        spacing: float = 0,
        ink: tuple[int, int, int] | None = None,
        join: bool = False,
    ) -> float:
        """Print `markup` with its top at y, wrapped at `width`; return the y below the last line.

        indent: ems before the first line. spacing: ems between characters. align: left, centre or right of x (of the
        column from x, when there is a width). join: this continues the line printed last.
        """
        em_px = size * self.dpi / 72
        font = _font(face, round(em_px))
        seen = dict(self.places)  # a field that is printed again keeps its first place
        chars = self._chars(markup, face)
        limit = self.px(width) if width else math.inf
        rows = _wrap(chars, limit, font, em_px, indent * em_px, spacing * em_px)
        for number, row in enumerate(rows):
            total = sum(font.getlength(c) + spacing * em_px for c, _ in row) - (spacing * em_px if row else 0)
            left = self.px(x) + (indent * em_px if number == 0 else 0)
            room = limit if width else 0
            left += {"left": 0, "centre": (room - total) / 2, "right": room - total}[align]
            self._row(
                left, self.px(y), row, font, em_px, spacing * em_px, face, ink or self.ink, join=join and number == 0
            )
            y += size * 25.4 / 72 * leading
        self.places.update(seen)
        return y

    def spread(
        self,
        x: float,
        y: float,
        label: str,
        ems: float,
        size: float = 12,
        face: str = "song",
        *,
        ink: tuple[int, int, int] | None = None,
    ) -> None:
        """Print `label` stretched over `ems` ems, as forms do: 名　　称."""
        gap = (ems - len(label)) / (len(label) - 1) if len(label) > 1 else 0
        self.text(x, y, label, size, face, spacing=gap, ink=ink)

    def _chars(self, markup: str, face: str) -> list[tuple[str, str]]:
        chars: list[tuple[str, str]] = []
        position = 0
        for m in _MARKUP.finditer(markup):
            chars += [(c, "") for c in markup[position : m.start()]]
            name, value, printed = m.groups()
            self.values.setdefault(name, value if value is not None else printed)
            chars += [(c, name) for c in printed]
            position = m.end()
        chars += [(c, "") for c in markup[position:]]
        missing = {c for c, _ in chars if not _known(face, c)}
        if missing:
            raise ValueError(f"{face} has no glyph for {''.join(sorted(missing))}")
        return chars

    def _row(self, x: float, y: float, row, font, em: float, gap: float, face: str, ink, *, join: bool) -> None:
        baseline = y + 0.88 * em
        stroke = round(FACES[face][2] * em / 100)
        start, fields = x, {}
        piece: list[tuple[str, Box]] = []
        letters: list[Box] = []
        for char, name in row:
            advance = font.getlength(char)
            letters.append((x, y, x + advance, y + em))
            if not char.isspace():
                if piece and x - piece[-1][1][2] > 1.2 * em:  # a wide gap parts two lines
                    self.pieces.append(piece)
                    piece = []
                piece.append((char, (x, y, x + advance, y + em)))
                self.pen.text(
                    (x, baseline), char, font=font, fill=ink, anchor="ls", stroke_width=stroke, stroke_fill=ink
                )
            if name:
                fields[name] = _union(fields.get(name), (x, y, x + advance, y + em))
            x += advance + gap
        if piece:
            self.pieces.append(piece)
        for name, box in fields.items():
            self.places[name] = _union(self.places.get(name), box)
        text, box = "".join(c for c, _ in row), (start, y, x - gap, y + em)
        if not text.strip():
            return
        if join and self.lines:
            last = self.lines[-1]
            self.lines[-1] = Printed(last.text + text, _union(last.box, box), last.block, (*last.letters, *letters))
        else:
            self.lines.append(Printed(text, box, self.block, tuple(letters)))

    def width_of(self, markup: str, size: float, face: str) -> float:
        """Return the width of one line in millimetres."""
        return _font(face, round(size * self.dpi / 72)).getlength(plain(markup)) * 25.4 / self.dpi

    # --- rules and tables --------------------------------------------------------------------------------------------

    def rule(self, x0: float, y0: float, x1: float, y1: float, mm: float = 0.2) -> None:
        self.pen.line([self.px(v) for v in (x0, y0, x1, y1)], fill=self.ink, width=max(1, round(self.px(mm))))

    def frame(
        self, x0: float, y0: float, x1: float, y1: float, mm: float = 0.3, ink: tuple[int, int, int] | None = None
    ) -> None:
        self.pen.rectangle(
            [self.px(v) for v in (x0, y0, x1, y1)], outline=ink or self.ink, width=max(1, round(self.px(mm)))
        )

    def table(
        self,
        x: float,
        y: float,
        columns: list[float],
        rows: list[list[str]],
        size: float = 10.5,
        face: str = "song",
        *,
        row_height: float = 9,
        heights: dict[int, float] | None = None,
        centre: bool = True,
        head: str | None = None,
        left: tuple[int, ...] = (),
    ) -> float:
        """Draw a ruled table; a cell of "<" continues the one on its left. Returns the y below it."""
        for number, row in enumerate(rows):
            height = (heights or {}).get(number, row_height)
            cell_x, index = x, 0
            while index < len(columns):
                span = 1
                while index + span < len(columns) and row[index + span] == "<":
                    span += 1
                wide = sum(columns[index : index + span])
                self.frame(cell_x, y, cell_x + wide, y + height, 0.2)
                used = head if head and number == 0 else face
                em = size * 25.4 / 72
                count = len(
                    _wrap(
                        self._chars(row[index], used),
                        self.px(wide - 3),
                        _font(used, round(size * self.dpi / 72)),
                        em,
                        0,
                        0,
                    )
                )
                top = y + (height - em * (1 + (count - 1) * 1.35)) / 2
                align = "centre" if centre and index not in left and span == 1 else "left"
                self.text(cell_x + 1.5, top, row[index], size, used, width=wide - 3, leading=1.35, align=align)
                cell_x, index = cell_x + wide, index + span
            y += height
        return y

    # --- what is not print -------------------------------------------------------------------------------------------

    def seal(
        self,
        x: float,
        y: float,
        around: str,
        below: str = "",
        *,
        diameter: float = 41,
        number: str = "",
        star: bool = True,
    ) -> None:
        """Stamp a round red seal centred at (x, y): the company's name on the ring, a star, a line below it."""
        scale, rng = 3, self.rng
        size = round(self.px(diameter) * scale)
        stamp = Image.new("L", (size, size), 0)
        pen, mid, radius = ImageDraw.Draw(stamp), size / 2, size / 2
        ring = round(size * 0.028)
        pen.ellipse((1, 1, size - 2, size - 2), outline=255, width=ring)
        sweep = math.radians(min(246 if below else 280, 25 * len(around)))
        letter = round(min(size * 0.14, sweep / len(around) * radius * 0.8))
        for i, char in enumerate(around):
            angle = -math.pi / 2 - sweep / 2 + sweep * (i + 0.5) / len(around)
            _stamp_char(stamp, char, letter, mid, radius - ring - letter * 0.72, angle, turn=angle + math.pi / 2)
        if star:
            r = size * 0.145
            points = [
                (
                    mid + (r if k % 2 == 0 else r * 0.382) * math.sin(k * math.pi / 5),
                    mid - (r if k % 2 == 0 else r * 0.382) * math.cos(k * math.pi / 5),
                )
                for k in range(10)
            ]
            pen.polygon(points, fill=255)
        if below:
            font = _font("song-bold", round(size * 0.092))
            pen.text((mid, size * 0.74), below, font=font, fill=255, anchor="mm")
        for i, char in enumerate(number):
            angle = math.pi / 2 + math.radians(5.5) * (len(number) / 2 - i - 0.5)
            _stamp_char(
                stamp, char, round(size * 0.042), mid, radius - ring - size * 0.03, angle, turn=angle - math.pi / 2
            )
        self.press(stamp.rotate(rng.uniform(-14, 14), resample=Image.Resampling.BICUBIC), x, y, scale, around, rng)

    def press(self, stamp: Image.Image, x: float, y: float, scale: int, name: str, rng: random.Random) -> None:
        """Press a stamp (ink: 255), drawn `scale` times as large as it is printed, onto the sheet with its middle at (x, y).

        name: what a perfect reader reads in it.
        """
        wide, high = stamp.width // scale, stamp.height // scale
        stamp = stamp.resize((wide, high), Image.Resampling.LANCZOS)
        # uneven pressure: soft blotches, and grains where the paper took no ink
        noise = np.random.default_rng(rng.getrandbits(32))
        blotch = Image.fromarray((noise.random((9, 9)) * 255).astype(np.uint8)).resize(
            (wide, high), Image.Resampling.BICUBIC
        )
        cover = np.asarray(stamp, float) / 255 * (0.66 + 0.3 * np.asarray(blotch, float) / 255)
        cover *= noise.random((high, wide)) > 0.03
        red = np.array(rng.choice([(206, 30, 38), (214, 44, 50), (196, 34, 52)]), float)
        layer = Image.fromarray((255 - cover[..., None] * (255 - red)).astype(np.uint8))
        left, top = round(self.px(x) - wide / 2), round(self.px(y) - high / 2)
        area = (left, top, left + wide, top + high)
        self.image.paste(ImageChops.multiply(self.image.crop(area), layer), area)
        self.seals.append(tuple(float(v) for v in area))
        self.seal_names.append(name)

    def sign(self, x: float, y: float, width: float = 22, height: float = 9) -> None:
        """Scrawl a signature with its left edge at x, centred on y."""
        rng, scale = self.rng, 3
        w, h = round(self.px(width) * scale), round(self.px(height) * scale)
        layer = Image.new("L", (w, h), 255)
        pen = ImageDraw.Draw(layer)
        ink = rng.randint(20, 60)
        across = 0.04
        while across < 0.86:
            part = rng.uniform(0.2, 0.34)
            points = [
                (min(0.94, max(0.05, across + rng.uniform(-0.05, part))), rng.uniform(0.12, 0.86))
                for _ in range(rng.randint(4, 6))
            ]
            _stroke(pen, [(px * w, py * h) for px, py in points], ink, self.px(0.42) * scale)
            across += part
        _stroke(
            pen,
            [(0.1 * w, 0.75 * h), (0.5 * w, rng.uniform(0.5, 0.9) * h), (0.93 * w, rng.uniform(0.2, 0.7) * h)],
            ink,
            self.px(0.35) * scale,
        )
        layer = layer.resize((w // scale, h // scale), Image.Resampling.LANCZOS)
        tint = Image.merge("RGB", (layer, layer, layer.point(lambda v: min(255, v + 40))))
        left, top = round(self.px(x)), round(self.px(y - height / 2))
        area = (left, top, left + tint.width, top + tint.height)
        self.image.paste(ImageChops.multiply(self.image.crop(area), tint), area)
        self.signatures.append(tuple(float(v) for v in area))


def plain(markup: str) -> str:
    """Return what is printed, without the marks of the fields."""
    return _MARKUP.sub(r"\3", markup)


def values_in(markup: str) -> dict[str, tuple[str, str]]:
    """Return the fields of a text: name -> (value, as printed)."""
    return {m[1]: (m[3] if m[2] is None else m[2], m[3]) for m in _MARKUP.finditer(markup)}


def _union(a: Box | None, b: Box) -> Box:
    return b if a is None else (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))


def _wrap(chars, limit: float, font, em: float, indent: float, gap: float):
    """Break `chars` into rows as a word processor does: no comma begins a row, numbers and Latin words stay whole."""
    rows, row, used = [], [], indent
    for token in _tokens(chars):
        wide = sum(font.getlength(c) + gap for c, _ in token)
        hang = token[0][0] in _NEVER_FIRST and used + wide <= limit + em  # closing marks may hang into the margin
        if row and used + wide - gap > limit and not hang:
            carry = []
            while row and (
                row[-1][0] in _NEVER_LAST or (carry or token)[0][0] in _NEVER_FIRST or _one_word(row, carry)
            ):
                carry.insert(0, row.pop())
            rows.append(row)
            row, used = carry, sum(font.getlength(c) + gap for c, _ in carry)
        row = row + token
        used += wide
    return [*rows, row]


def _one_word(row, carry) -> bool:
    return bool(row and carry) and all(c.isascii() and not c.isspace() for c in (row[-1][0], carry[0][0]))


def _tokens(chars):
    token = []
    for item in chars:
        latin = item[0].isascii() and not item[0].isspace()
        if token and not (latin and token[-1][0].isascii() and not token[-1][0].isspace()):
            yield token
            token = []
        token.append(item)
        if len(token) >= 24:
            yield token
            token = []
    if token:
        yield token


def _stamp_char(stamp, char: str, size: int, mid: float, radius: float, angle: float, turn: float) -> None:
    glyph = Image.new("L", (size * 2, size * 2), 0)
    ImageDraw.Draw(glyph).text((size, size), char, font=_font("song-bold", size), fill=255, anchor="mm")
    glyph = glyph.rotate(-math.degrees(turn), resample=Image.Resampling.BICUBIC)
    left, top = round(mid + radius * math.cos(angle)) - size, round(mid + radius * math.sin(angle)) - size
    stamp.paste(255, (left, top), glyph)


def _stroke(pen, points, ink: int, width: float) -> None:
    """Draw a smooth curve through `points` (Catmull-Rom), thinner where the pen is fast."""
    padded = [points[0], *points, points[-1]]
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for step in range(40):
            t = step / 40
            x, y = (
                0.5 * (2 * q + (r - p) * t + (2 * p - 5 * q + 4 * r - s) * t * t + (3 * q - p - 3 * r + s) * t**3)
                for p, q, r, s in zip(a, b, c, d, strict=True)
            )
            r = width * (0.32 + 0.22 * math.sin(t * math.pi))
            pen.ellipse((x - r, y - r, x + r, y + r), fill=ink)


def soften(image: Image.Image, radius: float) -> Image.Image:
    """Return the image as a lens sees it."""
    return image.filter(ImageFilter.GaussianBlur(radius))
