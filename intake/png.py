"""Large PNGs, row by row: Pillow needs all of one at once, four bytes for a colour.

Their rows are packed as those of an image in a PDF may be (ISO/IEC 15948, 10 and ISO 32000-2, 7.4.4.4), so they are painted by PDFium, which
unpacks a large image row by row. What it is given is a PDF that lies nowhere: a head, the rows where they stand in the file, an end.
"""

import io
import struct
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

from PIL import Image, ImageFile

from intake.damage import streams

_START = 8  # bytes in front of the first chunk
_HEADER = struct.Struct(">IIBBBBB")  # width, height, depth, kind of colour, packing, filters, interlacing
_GRAY, _COLOUR, _PALETTE = 0, 2, 3
_SAMPLES = {_GRAY: 1, _COLOUR: 3, _PALETTE: 1}
_BYTES = {"1": 1, "L": 1, "P": 1, "RGB": 3, "I;16": 2}  # of a pixel, at most
#: Bytes of all rows: PDFium leaves out what Deflate unpacks beyond them, and says nothing.
MOST_INFLATED = 1 << 30
_MOST_CHUNKS = 1 << 20
_PIECE = 1 << 20  # bytes that are looked at at a time


def comes_in_rows(image: Image.Image) -> bool:
    """Return whether an opened PNG can be unpacked row by row: not one whose rows are interlaced, or of which something is transparent."""
    if image.format != "PNG" or image.info.get("interlace") or "transparency" in image.info:
        return False
    packed = str(image.tile) if isinstance(image, ImageFile.ImageFile) else ""
    each = _BYTES.get(image.mode, 0) * (2 if image.mode == "RGB" and "16B" in packed else 1)
    return each > 0 and image.height * (1 + image.width * each) <= MOST_INFLATED


def painted(image: Image.Image, path: Path, factor: float) -> Image.Image:
    """Return a PNG `factor` times as large, gray or RGB. Raises whatever PDFium says of one that it cannot paint."""
    from intake import pdf

    width, height = round(image.width * factor), round(image.height * factor)
    with pdf.opened_file(_AsPdf(path, width, height)) as document:
        page, _ = pdf.render(document, 0, 72)
    return page if image.mode in ("P", "RGB") else page.convert("L")


def is_damaged(path: Path, image: Image.Image) -> bool:
    """Tell whether rows are missing, or are other ones than were packed."""
    head, _, rows = _chunks(path)
    _, height, depth, kind, *_ = head
    length = height * (1 + -(-image.width * _SAMPLES[kind] * depth // 8))
    with path.open("rb") as file:
        return streams.deflated(_pieces(file, rows), length)


def _pieces(file: Any, places: list[tuple[int, int]]) -> Iterator[bytes]:
    for at, length in places:
        for start in range(at, at + length, _PIECE):
            yield _read(file, start, min(_PIECE, at + length - start))


def _read(file: Any, at: int, length: int) -> bytes:
    file.seek(at)
    data: bytes = file.read(length)
    return data


def _chunks(path: Path) -> tuple[tuple[int, ...], bytes, list[tuple[int, int]]]:
    """Return the header, the palette, and where the packed rows stand (offset, length)."""
    head, palette, rows = tuple[int, ...](), b"", list[tuple[int, int]]()
    with path.open("rb") as file:
        at, end = _START, file.seek(0, io.SEEK_END)
        while at + 8 <= end and len(rows) < _MOST_CHUNKS:
            length, name = struct.unpack(">I4s", _read(file, at, 8))
            if name == b"IHDR":
                head = _HEADER.unpack(_read(file, at + 8, _HEADER.size))
            elif name == b"PLTE":
                palette = _read(file, at + 8, min(length, 768))
            elif name == b"IDAT":
                rows.append((at + 8, min(length, end - at - 8)))
            elif name == b"IEND":
                break
            at += 12 + length
    return head, palette, rows


class _AsPdf(io.RawIOBase):
    """A PDF of one page that shows the PNG, width x height points large."""

    def __init__(self, path: Path, width: int, height: int) -> None:
        (across, down, depth, kind, *_), palette, rows = _chunks(path)
        samples = _SAMPLES[kind]
        space = {_GRAY: "/DeviceGray", _COLOUR: "/DeviceRGB"}.get(
            kind, f"[/Indexed /DeviceRGB {len(palette) // 3 - 1} <{palette.hex()}>]"
        )
        content = f"{width} 0 0 {height} 0 0 cm /I Do"
        image = f"/Width {across}/Height {down}/BitsPerComponent {depth}/ColorSpace {space}/Filter/FlateDecode"
        image += f"/DecodeParms<</Predictor 15/Columns {across}/Colors {samples}/BitsPerComponent {depth}>>"
        objects = [
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Kids[3 0 R]/Count 1>>",
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]/Resources<</XObject<</I 5 0 R>>>>/Contents 4 0 R>>",
            f"<</Length {len(content)}>>stream\n{content}\nendstream",
            f"<</Type/XObject/Subtype/Image{image}/Length {sum(length for _, length in rows)}>>stream\n",
        ]
        head, starts = b"%PDF-1.5\n", list[int]()
        for number, text in enumerate(objects, 1):
            starts.append(len(head))
            head += f"{number} 0 obj\n{text}".encode() + (b"\nendobj\n" if number < len(objects) else b"")
        table = len(head) + sum(length for _, length in rows) + len(b"\nendstream\nendobj\n")
        tail = "\nendstream\nendobj\nxref\n0 6\n0000000000 65535 f \n" + "".join(
            f"{at:010} 00000 n \n" for at in starts
        )
        tail += f"trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n"
        self._file = path.open("rb")
        self._parts: list[bytes | tuple[int, int]] = [head, *rows, tail.encode()]
        lengths = [len(part) if isinstance(part, bytes) else part[1] for part in self._parts]
        self._starts = [0, *accumulate(lengths)]
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._starts[-1]}[whence]
        return self._at

    def readinto(self, into: Any) -> int:
        view, done = memoryview(into).cast("B"), 0
        for data in self._from(self._at, len(view)):
            view[done : done + len(data)] = data
            done += len(data)
        self._at += done
        return done

    def _from(self, at: int, count: int) -> Iterator[bytes]:
        number = bisect_right(self._starts, at) - 1
        while count > 0 and number < len(self._parts):
            part, skip = self._parts[number], at - self._starts[number]
            size = min(count, self._starts[number + 1] - at)
            yield part[skip : skip + size] if isinstance(part, bytes) else _read(self._file, part[0] + skip, size)
            at, count, number = at + size, count - size, number + 1

    def close(self) -> None:
        self._file.close()
        super().close()
