"""From a file to its pages read: picture, orientation, words, reading order; one page at a time.

`service` reads through `intake.crew`, which does the same in child processes; here it is done where it is called.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from intake import agreement, handwriting, quality, reading_order, rules, seal_text, seals, textlayer, under_seals
from intake.errors import Rejected
from intake.formats import opening
from intake.formats.pages import Layer, Picture
from intake.model import Inspection, Limits, PageText, ReadPage
from intake.ports import OcrEngine

_QUALITY, _STRIP = 85, 256
_USED_UP = 8_000_000  # pixels from which an image is not held beside its dots: A4 at 300 dpi has 8.7 million
_PICTURES = 0.01  # from this share on, pictures on a page with text are read too
_TURN = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
UNREAD = "unread"  # the source of a page that could not be read

Progress = Callable[[int, int], None]


def read(
    path: Path, inspection: Inspection, engine: OcrEngine, limits: Limits, *, progress: Progress | None = None
) -> Iterator[ReadPage]:
    """Yield the pages of an inspected file in order, each read; only one is held at a time.

    progress: called with the number of pages done and of all pages. Raises Rejected for damage that shows only now, and
    EngineUnavailable.
    """
    with opening.open_pages(path, inspection.kind, limits) as pages:
        for number in range(1, inspection.pages + 1):
            picture = pages.picture(number - 1)
            yield read_page(keep(picture, number), picture, engine)
            if progress:
                progress(number, inspection.pages)


def keep(picture: Picture, number: int) -> ReadPage:
    """Return page `number` (from 1) as it is kept when nobody could read it: its picture without words."""
    image = picture.image
    text = PageText(number, image.width, image.height, 0, UNREAD, ())
    found = quality.of_picture(picture)
    return ReadPage(text, _jpeg(image, picture.dpi), dpi=picture.dpi, quality=found)


def read_page(kept: ReadPage, picture: Picture, engine: OcrEngine) -> ReadPage:
    """Return the page read. kept: what `keep` made of the same picture, of which a large image is used up. Raises EngineUnavailable."""
    if picture.layer is not None:
        return _layered(kept, picture, picture.layer, engine)
    return _recognised(kept, picture, engine)


def _layered(kept: ReadPage, picture: Picture, layer: Layer, engine: OcrEngine) -> ReadPage:
    image, turn = picture.image, layer.turn
    areas = [textlayer.turned(area, turn, image.width, image.height) for area in layer.pictures]
    upright = image.transpose(_TURN[turn]) if turn else image
    found = list(layer.lines)
    scanned = np.asarray(upright.convert("RGB"))
    if not layer.ours and not agreement.agrees(scanned, found, areas, engine):  # then the image counts, as of a scan
        return _recognised(kept, picture, engine)
    stamps = seals.locate(scanned)
    pixels = seals.lift(scanned, stamps)
    if layer.share > _PICTURES:
        found += [p for p in engine.read(pixels) if textlayer.inside(p.box, areas) and textlayer.beside(p, layer.lines)]
    arranged = reading_order.arrange(found, rules.finder(pixels))
    # A ring drawn in black on a page that prints itself is a drawing; what is red or gray and says a name is a seal.
    stamped = seal_text.read(scanned, stamps, engine) if stamps.boxes else ()
    # A signature is pasted in as a picture; what else is drawn on a page that prints itself is no hand.
    written = handwriting.found(pixels, arranged) if areas else ()
    hand = tuple(box for box in written if textlayer.inside(box, areas))
    text = PageText(kept.page.number, upright.width, upright.height, turn, "text-layer", arranged, stamped, hand)
    data = _jpeg(upright, picture.dpi) if turn else kept.image
    return ReadPage(text, data, dpi=picture.dpi, quality=kept.quality)


def _recognised(kept: ReadPage, picture: Picture, engine: OcrEngine) -> ReadPage:
    image, found = picture.image, kept.quality
    scanned = np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
    if image.width * image.height > _USED_UP:
        image.close()
    stamps = seals.locate(scanned)
    lifted = pixels = seals.lift(scanned, stamps)
    askew = found.skew if found and abs(found.skew) > quality.CORRECTED else 0.0
    if askew:
        pixels = quality.level(pixels, askew)
    turn = engine.rotation(pixels)
    if turn:
        pixels = np.ascontiguousarray(np.rot90(pixels, -turn // 90))
        scanned, stamps = np.rot90(scanned, -turn // 90), seals.turned(stamps, turn, scanned.shape)
        lifted = np.rot90(lifted, -turn // 90) if askew else pixels  # of a large page no copy more than is needed
    height, width = scanned.shape[:2]
    read_so = engine.read(pixels)
    if stamps.boxes and not stamps.coloured:
        as_scanned = quality.level(scanned, askew) if askew else scanned
        read_so = under_seals.read_again(read_so, as_scanned, stamps.places, engine)
    stamped = seal_text.read(scanned, stamps, engine)
    marks = quality.put_back(read_so, width, height, askew) if askew else read_so
    print_, of_seals = seal_text.parted(read_so, stamped if stamps.boxes else (), marks)
    lines = (*reading_order.arrange(print_, rules.finder(pixels)), *reading_order.arrange(of_seals))
    if askew:
        lines = quality.put_back(lines, width, height, askew)
    if found and "blank" in found.findings and lines:  # so pale that only the engine saw it
        found = replace(found, findings=tuple("faint" if f == "blank" else f for f in found.findings))
    black = () if stamps.boxes else tuple(seal.box for seal in stamped)
    hand = handwriting.found(lifted, lines, black)
    text = PageText(kept.page.number, width, height, turn, engine.name, lines, stamped, hand)
    data = _jpeg(Image.fromarray(np.ascontiguousarray(scanned)), picture.dpi) if turn else kept.image
    return ReadPage(text, data, dpi=picture.dpi, quality=found)


def _jpeg(image: Image.Image, dpi: float | None) -> bytes:
    if image.mode == "RGB" and _is_gray(image):
        image = image.getchannel(0)  # a third of the bytes
    data = io.BytesIO()
    try:
        image.save(data, "JPEG", quality=_QUALITY, dpi=(round(dpi), round(dpi)) if dpi else (0, 0))
    except (OSError, ValueError) as error:
        raise Rejected("unreadable", "A page cannot be kept as an image.") from error
    return data.getvalue()


def _is_gray(image: Image.Image) -> bool:
    """Return whether an RGB image has no colour; looked at in strips, for a large page is not copied for it."""
    for top in range(0, image.height, _STRIP):
        pixels = np.asarray(image.crop((0, top, image.width, min(top + _STRIP, image.height))))
        if not (np.array_equal(pixels[..., 0], pixels[..., 1]) and np.array_equal(pixels[..., 1], pixels[..., 2])):
            return False
    return True
