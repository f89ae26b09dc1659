"""Turns a clean sheet into what comes off an office scanner, and writes files with their ground truth."""

import io
import json
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from samples.paper import Box, Printed, Sheet, soften

_TURNS = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
_BLACK = 150  # what is darker becomes black on a black-and-white scan
_LEGIBLE = 0.4  # of the outline of a character that must still be seen against paper


@dataclass
class Scan:
    """One page: the raw image as the file holds it (None: born digital), the truth in pixels of the page upright."""

    image: Image.Image | None
    rotation: int
    size: tuple[int, int]
    dpi: int
    lines: list[tuple[str, Box]]
    values: dict[str, str]
    places: dict[str, Box]
    seals: list[Box]
    signatures: list[Box]
    across: list[int] | None = None
    hidden: list[tuple[int, int]] = field(default_factory=list)
    seal_names: list[str] = field(default_factory=list)


def scan(
    sheet: Sheet,
    rng: random.Random,
    *,
    skew: float = 0.0,
    rotation: int = 0,
    mode: str = "gray",
    noise: float = 4.0,
    blur: float = 0.5,
    light: float = 0.08,
    paper: tuple[int, int, int] = (250, 249, 245),
) -> Scan:
    """Scan `sheet`. skew: degrees anticlockwise. rotation: degrees clockwise that turn the raw page upright again.

    mode: colour, gray, or bilevel (a fax-like black and white). noise: standard deviation of the sensor in grey
    levels. light: how much darker the darkest corner is. blur: pixels.
    """
    w, h = sheet.image.size

    def place(box: Box) -> Box:
        return _turn(box, skew, w / 2, h / 2)

    tinted = np.asarray(sheet.image, float) * (np.array(paper, float) / 255)
    image = Image.fromarray(tinted.astype(np.uint8)).rotate(
        skew, resample=Image.Resampling.BICUBIC, fillcolor=(236, 236, 234)
    )
    image = soften(image, blur)
    dice = np.random.default_rng(rng.getrandbits(32))
    lamp = _light(w, h, light, rng)
    pixels = np.asarray(image, float) * lamp[..., None]
    pixels += dice.normal(0, noise, (h, w, 1)) + (dice.normal(0, noise / 2, (h, w, 3)) if mode == "colour" else 0)
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    if mode != "colour":
        image = image.convert("L")
    hidden: list[tuple[int, int]] = []
    if mode == "bilevel":
        image = image.point(lambda v: 255 if v > _BLACK else 0).convert("1", dither=Image.Dither.NONE)
        if sheet.seals:
            red = sheet.image.getchannel("R").rotate(skew, resample=Image.Resampling.BICUBIC, fillcolor=236)
            print_alone = np.asarray(soften(red, blur), float) * (paper[0] / 255) * lamp <= _BLACK
            hidden = _hidden(sheet.lines, print_alone, np.asarray(image), place)
    if rotation:
        image = image.transpose(_TURNS[rotation])

    return Scan(
        image,
        rotation,
        (w, h),
        sheet.dpi,
        [(line.text, place(line.box)) for line in sheet.lines],
        dict(sheet.values),
        {name: place(box) for name, box in sheet.places.items()},
        [place(box) for box in sheet.seals],
        [place(box) for box in sheet.signatures],
        _row_by_row(sheet.lines),
        hidden,
        list(sheet.seal_names),
    )


def _hidden(
    lines: Sequence[Printed], print_alone: Any, scanned: Any, place: Callable[[Box], Box]
) -> list[tuple[int, int]]:
    """Return (line, position) of the characters that nobody can read any more, because a seal became as black as they are.

    print_alone: height x width, true where there is print, as it would be scanned without seals (red ink is light in red
    light). scanned: the same page as it was scanned, true where it is white. Print is told from what lies on it by its
    outline alone: a character is hidden when less than 40 % of the pixels around its strokes are still paper.
    """
    strokes = Image.fromarray((print_alone * 255).astype(np.uint8))
    outline = (np.asarray(strokes.filter(ImageFilter.MaxFilter(3))) > 0) & ~print_alone
    seen = outline & scanned
    found = []
    for number, line in enumerate(lines):
        for position, (char, box) in enumerate(zip(line.text, line.letters, strict=True)):
            x0, y0, x1, y1 = (max(0, v) for v in _whole(place(box)))
            around = outline[y0:y1, x0:x1].sum()
            if not char.isspace() and around and seen[y0:y1, x0:x1].sum() < _LEGIBLE * around:
                found.append((number, position))
    return found


def _light(w: int, h: int, depth: float, rng: random.Random) -> Any:
    """A lamp that is weaker on one side, and the soft shadow of the spine or lid along one edge."""
    x, y = np.linspace(-1, 1, w)[None, :], np.linspace(-1, 1, h)[:, None]
    angle = rng.uniform(0, 2 * math.pi)
    slope = (x * math.cos(angle) + y * math.sin(angle)) / math.sqrt(2)
    edge = np.exp(-((1 + x) if rng.random() < 0.5 else (1 - x)) / 0.02) * 0.18
    return 1 - depth * (slope + 1) / 2 - depth * 0.3 * (x**2 + y**2) / 2 - edge


def _turn(box: Box, degrees: float, cx: float, cy: float) -> Box:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = [(x - cx, y - cy) for x in (box[0], box[2]) for y in (box[1], box[3])]
    xs, ys = [cx + x * c + y * s for x, y in corners], [cy - x * s + y * c for x, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


@dataclass
class Truth:
    """What one file says: the category of RULES B1/B5, the kind of document, its pages."""

    file: str
    category: str
    kind: str
    pages: list[Scan] = field(default_factory=list)

    def write(self, root: Path) -> None:
        values: dict[str, str] = {}
        places: dict[str, dict[str, Any]] = {}
        for number, page in enumerate(self.pages, 1):
            for name, value in page.values.items():
                if name not in values:
                    values[name] = value
                    places[name] = {"page": number, "box": _whole(page.places[name])}
        record = {
            "file": self.file,
            "category": self.category,
            "kind": self.kind,
            "pages": len(self.pages),
            "rotation": [p.rotation for p in self.pages],
            "sizes": [list(p.size) for p in self.pages],
            "digital": [p.image is None for p in self.pages],
            "text": ["\n".join(line[0] for line in p.lines) for p in self.pages],
            "boxes": [[_whole(line[1]) for line in p.lines] for p in self.pages],
            "other_order": [p.across for p in self.pages],
            "fields": values,
            "field_places": places,
            "seals": [[n, _whole(box)] for n, p in enumerate(self.pages, 1) for box in p.seals],
            "seal_names": [name for p in self.pages for name in p.seal_names],
            "hidden": [[n, line, position] for n, p in enumerate(self.pages, 1) for line, position in p.hidden],
            "signatures": [[n, _whole(box)] for n, p in enumerate(self.pages, 1) for box in p.signatures],
        }
        target = root / "truth" / f"{self.file}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _whole(box: Box) -> list[int]:
    return [math.floor(box[0]), math.floor(box[1]), math.ceil(box[2]), math.ceil(box[3])]


def _row_by_row(lines: list[Printed]) -> list[int] | None:
    """Return the order of lines when blocks that stand side by side (signatures) are read across; None when there are none.

    Both orders are natural there: a reader may take one party after the other, or both parties line by line. The boxes
    are those of the sheet before it was scanned askew.
    """
    blocks = [i for i, line in enumerate(lines) if line.block]
    if not blocks:
        return None
    across = sorted(blocks, key=lambda i: (round(lines[i].box[1]), lines[i].box[0]))
    order = list(range(len(lines)))
    for position, line in zip(blocks, across, strict=True):
        order[position] = line
    return order


def jpeg(page: Scan, quality: int) -> bytes:
    """Return the page as JPEG bytes that carry their resolution."""
    out = io.BytesIO()
    page.image.save(out, "JPEG", quality=quality, dpi=(page.dpi, page.dpi))
    return out.getvalue()


def write(truth: Truth, root: Path, *, quality: int = 62) -> None:
    """Write the scans of `truth` to root/scans in the format its file name says, and the truth beside it."""
    path = root / "scans" / truth.file
    path.parent.mkdir(parents=True, exist_ok=True)
    pages = truth.pages
    dpi = (pages[0].dpi, pages[0].dpi)
    match path.suffix:
        case ".jpg":
            path.write_bytes(jpeg(pages[0], quality))
        case ".png":
            # white paper and sixteen shades, as copiers write them: an office PNG is small
            shades = (
                pages[0].image.point(lambda v: 255 if v > 216 else v // 16 * 16).quantize(16, dither=Image.Dither.NONE)
            )
            shades.save(path, dpi=dpi, optimize=True)
        case ".tif":
            fax = (
                {"compression": "group4"} if pages[0].image.mode == "1" else {"compression": "jpeg", "quality": quality}
            )
            pages[0].image.save(path, save_all=True, append_images=[p.image for p in pages[1:]], dpi=dpi, **fax)
        case ".pdf":
            images = [Image.open(io.BytesIO(jpeg(p, quality))) for p in pages]
            day = time.gmtime(1767225600)
            images[0].save(
                path,
                save_all=True,
                append_images=images[1:],
                resolution=dpi[0],
                quality=quality,
                creationDate=day,
                modDate=day,
            )
        case other:
            raise ValueError(f"no writer for {other}")
    truth.write(root)
