"""Image files: how many pages, whole or cut short; and their pages as pixels."""

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin

from intake import png
from intake.damage import streams, tiff
from intake.errors import Rejected
from intake.formats import tiff_chain
from intake.formats.pages import Picture
from intake.model import Limits
from intake.turns import turn

#: Pillow guards with one number for the whole process, half of it by a warning. Here every size is checked against the
#: caller's limits after every opening and every turn to another page, before a pixel is decoded: the global guard is off.
Image.MAX_IMAGE_PIXELS = None

#: A stored page: A4 at 285 dpi, A3 at 200 dpi. Enough for small print, and still quick to look at.
MAX_PAGE_PIXELS = 8_000_000
MAX_PAGE_SIDE = 8_000
LARGE = (
    2 * MAX_PAGE_PIXELS
)  # of more pixels one of two readers has one at a time: unpacked they take several times a stored page

_FORMATS = {"tiff": "TIFF", "jpeg": "JPEG", "png": "PNG", "bmp": "BMP", "webp": "WEBP", "heic": "HEIF"}
_CUT = "outside of file bounds"  # libheif of a picture whose data should lie behind the end of the file
_MOST_PICTURES = 100  # of a file, that are counted
_LIGHT = (
    3  # times as many pixels are taken where one of them needs a byte, or where the decoder itself makes them fewer
)
FINE = 6  # times as many where a page is unpacked row by row, or small at once: A3 at 2400 dpi
_WIDTH, _HEIGHT, _PHOTOMETRIC, _ORIENTATION = 256, 257, 262, 274  # tags of TIFF 6.0
_BITS, _SAMPLES, _PLANES = 258, 277, 284
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _COLOURS, _LIGHT_AND_COLOURS = 0, 1, 2, 6  # values of PhotometricInterpretation
_HALF = 0.25  # from here on rows are put together before anything else is done
_SUBFILE_TYPE, _REDUCED_COPY = 254, 1  # a thumbnail of another page (TIFF 6.0, page 36)
_COMPRESSION, _DEFLATE = 259, (8, 32946)
_DATA = ((273, 279), (324, 325))  # offsets and byte counts: of strips, of tiles
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def fit(width: float, height: float) -> float:
    """Return the factor (at most 1) that brings a page of this many pixels to the size it is stored in."""
    return min(1.0, math.sqrt(MAX_PAGE_PIXELS / max(1.0, width * height)), MAX_PAGE_SIDE / max(1.0, width, height))


def check_size(width: float, height: float, limits: Limits, times: int = 1) -> None:
    """Raise Rejected(too_many_pixels) for a page of more pixels than `times` what the limits allow."""
    most = limits.max_pixels * times
    if width * height > most:
        raise Rejected(
            "too_many_pixels",
            f"A page has {width:.0f} x {height:.0f} pixels; in this form at most {most} are taken: scan it coarser, or in black and white.",
        )


def check_image(image: Image.Image, limits: Limits) -> None:
    """Raise Rejected(too_many_pixels) for an opened image of more pixels than may be unpacked of its kind."""
    check_size(image.width, image.height, limits, _times(image))


def _times(image: Image.Image) -> int:
    """Return how many times as many pixels as the limits say an image may have, for what unpacking it takes."""
    if image.format == "JPEG":  # one that comes in several passes is all in memory before its first row is known
        return 1 if image.info.get("progressive") else FINE
    if _comes_in_rows(image) or png.comes_in_rows(image):
        return FINE
    return _LIGHT if image.mode in ("1", "L") else 1


def _comes_in_rows(image: Image.Image) -> bool:
    """Return whether a page of a TIFF can be unpacked row by row; Pillow needs all of it at once, and a byte for a bit, four for a colour."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or image.mode not in ("1", "L", "RGB", "YCbCr"):
        return False
    tags = image.tag_v2
    bits, photometric = tags.get(_BITS, (1,)), int(tags.get(_PHOTOMETRIC, -1))
    if _DATA[0][0] not in tags or not tiff.can_read_rows():
        return False
    if image.mode == "1":
        return True
    if set(bits) != {8} or int(tags.get(_PLANES, 1)) != 1:
        return False
    samples = int(tags.get(_SAMPLES, 1))
    if samples == 1:
        return photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO)
    packed = tags.get(_COMPRESSION, tiff.NONE) == tiff.JPEG
    return samples == 3 and (photometric == _COLOURS or (photometric == _LIGHT_AND_COLOURS and packed))


def check(path: Path, kind: str, limits: Limits) -> int:
    """Return the number of pages. Raises Rejected."""
    if kind == "tiff":
        tiff_chain.check(path, 2 * limits.max_pages + 2)
    if kind == "heic":
        return _check_pictures(path, limits)
    with _opened(path, kind) as image:
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            pages = sum(1 for _ in _frames(image, limits, path.stat().st_size))
            if not pages:
                raise Rejected("no_pages", "The TIFF file has no page.")
            return pages
        check_image(image, limits)
        if kind == "png":
            image.verify()  # reads every chunk and its checksum, decodes nothing
        else:
            # At an eighth of its size: all data must be there, and hardly any memory is used.
            image.draft("L", (max(1, image.width // 8), max(1, image.height // 8)))
            image.load()
        return 1


def _check_pictures(path: Path, limits: Limits) -> int:
    """Return the number of pictures in a HEIC, each a page (ISO/IEC 23008-12): those that belong to others are not counted there.

    One that is broken costs itself alone; a file that is cut, or shows nothing, is refused.
    """
    number, count, shown = 0, 1, 0
    while number < count:
        with _opened(path, "heic") as image:
            count = int(getattr(image, "n_frames", 1))
            if count > limits.max_pages:
                raise Rejected("too_many_pages", f"The file has more than {limits.max_pages} pages.")
            image.seek(number)
            check_image(image, limits)
            shown += _unpacks(image)
        number += 1
    if not shown:
        raise Rejected("truncated", "The HEIF file is damaged: none of its pictures can be unpacked.")
    return count


def _unpacks(image: Image.Image) -> bool:
    """Tell whether a picture of a HEIC can be unpacked. Raises whatever its library says of a file that ends too early."""
    try:
        image.load()
    except MemoryError:
        raise
    except Exception as error:
        if _CUT in str(error):
            raise
        return False
    return True


def notes(path: Path, kind: str) -> tuple[str, ...]:
    """Return "pictures:NUMBER" for a file with further pictures that are no pages: of an animation, or taken together with the first.

    Those that belong to the first one, smaller ones to preview it and maps of its light and depth, are none. Raises Rejected.
    """
    if kind not in ("jpeg", "png", "webp"):
        return ()
    with _opened(path, kind) as image:
        count, size = getattr(image, "n_frames", 1), image.size
        if (
            kind == "jpeg"
        ):  # MPO (CIPA DC-007): where its pictures lie stands in the first one, how large they are in each
            count = 0
            for number in range(min(getattr(image, "n_frames", 1), _MOST_PICTURES)):
                try:
                    image.seek(number)
                except Exception:  # noqa: BLE001 - what follows the first picture is not looked for any further
                    break
                count += image.size == size
    return (f"pictures:{count - 1}",) if count > 1 else ()


class RasterPages:
    """An image file, opened: every page standing as the file says and no larger than `fit` allows."""

    def __init__(self, path: Path, kind: str, limits: Limits) -> None:
        self._path, self._kind, self._limits = path, kind, limits
        self._stack = ExitStack()
        self._image: Image.Image | None = None
        self._frames: Iterator[int] = iter(())
        self._next = 0

    def picture(self, index: int) -> Picture:
        """Return page `index` (from 0). Raises Rejected."""
        with damage(self._kind):
            image = self._turn_to(index)
            check_image(image, self._limits)
            with turn() if image.width * image.height > LARGE else nullcontext():
                return replace(_page(image, self._path), damaged=self._is_damaged(image))

    def _is_damaged(self, image: Image.Image) -> bool:
        """Tell whether the decoder made parts of the page up. The others than these fail for any damage they see."""
        if self._kind == "jpeg":
            return streams.jpeg(self._path.read_bytes())
        if self._kind == "png":
            return is_fine(*image.size) and png.comes_in_rows(image) and png.is_damaged(self._path, image)
        if not isinstance(image, TiffImagePlugin.TiffImageFile):
            return False
        compression = image.tag_v2.get(_COMPRESSION, tiff.NONE)
        if compression in _DEFLATE:
            return any(streams.deflated(data, None) for data in _strips(self._path, image))
        return compression in tiff.SILENT and tiff.page(self._path, image.tell())

    def _turn_to(self, index: int) -> Image.Image:
        if self._kind == "heic":  # opened anew: its library keeps all that it has unpacked
            self.close()
            image = self._stack.enter_context(_opened(self._path, self._kind))
            image.seek(index)
            return image
        if self._image is None or index < self._next:  # pages come in order: going back is rare enough to begin again
            self.close()
            self._image = self._stack.enter_context(_opened(self._path, self._kind))
            self._next = 0
            if isinstance(self._image, TiffImagePlugin.TiffImageFile):
                self._frames = _frames(self._image, self._limits, self._path.stat().st_size)
            else:
                self._frames = iter((1,))
        if next(islice(self._frames, index - self._next, None), None) is None:
            raise Rejected("truncated", f"The file has no page {index + 1}.")
        self._next = index + 1
        return self._image

    def close(self) -> None:
        """Close the file."""
        self._image = None
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def shrink(page: Image.Image) -> Image.Image:
    """Return the page no larger than `fit` allows."""
    factor = fit(*page.size)
    if factor == 1.0:
        return page
    size = (max(1, round(page.width * factor)), max(1, round(page.height * factor)))
    return page.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def is_fine(width: int, height: int) -> bool:
    """Tell whether an image has so many pixels that it is unpacked row by row where it can be."""
    return fit(width, height) <= _HALF


def small(image: Image.Image, path: Path) -> Image.Image:
    """Return an opened image in mode L or RGB, no larger than `fit` allows, in as little memory as its format lets it be unpacked in.

    It stands as the file says where that is a TIFF. path: of the file it was opened from.
    """
    factor = fit(*image.size)
    image.draft("", (int(image.width * factor), int(image.height * factor)))  # a huge JPEG is decoded small at once
    times = int(0.5 / factor)  # `shrink` does the rest
    if times > 1 and _comes_in_rows(image):
        return shrink(_from_rows(image, path, times))
    if times > 1 and png.comes_in_rows(image):
        return shrink(png.painted(image, path, factor))
    return shrink(plain(image))


def _page(image: Image.Image, path: Path) -> Picture:
    side, dpi = max(image.size), _dpi(image)
    page = small(image, path)
    if image.format != "TIFF":  # Pillow itself turns a TIFF by its orientation tag
        turn = _TURNS.get(_orientation(image))
        page = page if turn is None else page.transpose(turn)
    return Picture(page, dpi and dpi * max(page.size) / side, scan_dpi=dpi)


def _from_rows(image: Image.Image, path: Path, times: int) -> Image.Image:
    """Return a page of a TIFF, `times` smaller, standing as the file says: each pixel the mean of those it stands for.

    Twice as large as it will be kept: what `shrink` does of the rest is as good as of the whole (`reducing_gap`), and takes 50 MB, not 1 GB.
    """
    tags = image.tag_v2  # type: ignore[attr-defined]  # a TIFF, which the caller knows
    width, height, samples = int(tags[_WIDTH]), int(tags[_HEIGHT]), int(tags.get(_SAMPLES, 1))
    bilevel = image.mode == "1"
    starts = np.arange(0, width, times)
    across = np.diff([*starts, width])[:, np.newaxis]
    small = np.empty((-(-height // times), len(starts), samples), np.uint8)
    for number, band in enumerate(tiff.rows(path, image.tell(), height, times)):
        values = np.unpackbits(band, axis=1, count=width) if bilevel else band[:, : width * samples]
        sums = values.sum(axis=0, dtype=np.uint32).reshape(width, samples)
        small[number] = (255 if bilevel else 1) * np.add.reduceat(sums, starts) // (across * len(band))
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        np.subtract(255, small, out=small)
    page = Image.fromarray(small if samples > 1 else small[:, :, 0])
    turn = _TURNS.get(int(tags.get(_ORIENTATION, 1)))
    return page if turn is None else page.transpose(turn)


def plain(image: Image.Image) -> Image.Image:
    """Return a copy in mode L or RGB: what is transparent is paper, 16 bits become 8."""
    image.load()
    if image.mode.startswith(("I", "F")):
        return _eight_bits(image)
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        paper = Image.new("RGBA", rgba.size, "white")
        paper.alpha_composite(rgba)
        return paper.convert("RGB")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    top = float(values.max(initial=0))
    # The mode does not tell the depth: 16-bit gray may come as 32-bit integers, fractions as floats.
    full = 65535.0 if top > 255.0 else 255.0 if top > 1.0 or image.mode != "F" else 1.0
    if image.mode.startswith("I;16"):
        full = 65535.0
    return Image.fromarray(np.clip(values * np.float32(255.0 / full), 0, 255).astype(np.uint8))


def _frames(image: TiffImagePlugin.TiffImageFile, limits: Limits, size: int) -> Iterator[int]:
    """Turn `image` to each of its pages in turn and yield the page's number, from 1."""
    number, frame = 0, 0
    while True:
        try:
            image.seek(frame)
        except EOFError:
            return
        frame += 1
        if frame > 2 * limits.max_pages + 2:
            number = limits.max_pages  # thumbnails without end are no better than pages without end
        elif int(image.tag_v2.get(_SUBFILE_TYPE, 0)) & _REDUCED_COPY and frame > 1:
            continue
        number += 1
        if number > limits.max_pages:
            raise Rejected("too_many_pages", f"The file has more than {limits.max_pages} pages.")
        check_image(image, limits)
        if not any(offsets in image.tag_v2 for offsets, _ in _DATA):  # Pillow would show the page before once more
            raise Rejected("truncated", f"The TIFF file is damaged: page {number} has no image.")
        for offsets, counts in _DATA:
            places = zip(_numbers(image, offsets), _numbers(image, counts), strict=False)
            if any(offset + count > size for offset, count in places):
                raise Rejected("truncated", f"The TIFF file is cut short: page {number} is not all there.")
        yield number


def _strips(path: Path, image: TiffImagePlugin.TiffImageFile) -> Iterator[bytes]:
    """Yield the packed data of each strip or tile of the page that `image` is turned to."""
    with path.open("rb") as file:
        for offsets, counts in _DATA:
            for offset, count in zip(_numbers(image, offsets), _numbers(image, counts), strict=False):
                file.seek(offset)
                yield file.read(count)


def _numbers(image: TiffImagePlugin.TiffImageFile, tag: int) -> tuple[int, ...]:
    value = image.tag_v2.get(tag, ())
    return value if isinstance(value, tuple) else (int(value),)


def _orientation(image: Image.Image) -> int:
    if image.format == "PNG" and "exif" not in image.info and is_fine(*image.size):
        return 1  # what stands behind the pixels is known to whoever has unpacked them all
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - broken camera data says nothing about the page; Pillow raises whatever it met
        return 1


def _dpi(image: Image.Image) -> float | None:
    try:
        dpi = float(image.info["dpi"][0])
    except (KeyError, IndexError, TypeError, ValueError, ZeroDivisionError):
        return None
    return dpi if 50 <= dpi <= 2400 else None


@contextmanager
def _opened(path: Path, kind: str) -> Iterator[Image.Image]:
    """Open with the one decoder that belongs to `kind`. Raises Rejected."""
    if kind == "heic":
        import pillow_heif

        pillow_heif.register_heif_opener()
    # An open file, not a path: Pillow would map the pixels of a plain TIFF by the size it has after turning.
    with damage(kind), path.open("rb") as file, Image.open(file, formats=(_FORMATS[kind],)) as image:
        yield image


@contextmanager
def damage(kind: str) -> Iterator[None]:
    """Whatever a decoder trips over is the file's fault: raise it as Rejected(truncated)."""
    try:
        yield
    except (Rejected, MemoryError):
        raise
    except Exception as error:
        raise Rejected("truncated", f"The {_FORMATS[kind]} file is damaged or cut short.") from error
