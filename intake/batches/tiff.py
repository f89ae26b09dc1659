"""Pages of TIFF files copied as they are: every strip and tile byte for byte, only the places of things change.

TIFF 6.0, section 2, and the BigTIFF form of it. A page's compressed data is never decoded, so nothing is lost and the same
pages always give the same file.
"""

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_SUBFILE, _COMPRESSION, _ORIENTATION = 254, 259, 274
_PLACES = {273: 279, 324: 325}  # offsets of strips and tiles, and the tags of their byte counts
#: Pointers to what is not the page, and the page's number in a file it has left.
_DROPPED = frozenset({288, 289, 297, 330, 34665, 34853, 40965})
_OLD_JPEG = 6  # its tables lie anywhere in the file (tags 513 to 521): such a page is decoded instead
_MAX_VALUE = 1 << 26
_ASCII = 2
_WIDTH, _HEIGHT, _BITS, _SAMPLES, _ROWS, _PLANAR, _PREDICTOR = 256, 257, 258, 277, 278, 284, 317
_STRIPS = (273, 279)  # where they lie, and how long each is
_DEFLATE, _DIFFERENCES = 8, 2
_STRIP = 1 << 20  # bytes of rows that are deflated together
_CLASSIC = (1 << 32) - (
    1 << 26
)  # bytes that offsets of 32 bits reach, and room for directories; a larger file is a BigTIFF
#: Degrees clockwise a page is turned -> what each orientation becomes (TIFF 6.0, page 36).
_TURNED = {
    90: {1: 6, 2: 7, 3: 8, 4: 5, 5: 2, 6: 3, 7: 4, 8: 1},
    180: {1: 3, 2: 4, 3: 1, 4: 2, 5: 7, 6: 8, 7: 5, 8: 6},
    270: {1: 8, 2: 5, 3: 6, 4: 7, 5: 4, 6: 1, 7: 2, 8: 3},
}


class NotCopiable(Exception):
    """The page cannot be copied byte for byte."""


@dataclass(frozen=True)
class _Form:
    """Byte order and size of offsets of a file."""

    order: str
    big: bool

    def numbers(self, kind: str, data: bytes) -> tuple[int, ...]:
        return struct.unpack(f"{self.order}{len(data) // struct.calcsize(kind)}{kind}", data)


@dataclass
class _Entry:
    tag: int
    kind: int
    count: int
    value: bytes


def copy_pages(
    pages: Sequence[tuple[Path, int, int]],
    target: BinaryIO,
    done: Callable[[], None] = lambda: None,
    said: Mapping[int, str] | None = None,
) -> None:
    """Write pages as (path, page from 1, degrees clockwise to turn it) into one file, in order. done: called after each.

    said: text by its tag, that each page is to have. Of files that are too large together for offsets of 32 bits, or that are BigTIFF
    themselves, it is a BigTIFF.

    Raises NotCopiable (nothing that was written counts then): old JPEG compression, missing byte counts, or files of
    different byte orders.
    """
    with ExitStack() as opened:
        files = {path: _File(opened.enter_context(path.open("rb"))) for path in {path for path, _, _ in pages}}
        orders = {file.form.order for file in files.values()}
        if len(orders) != 1:
            raise NotCopiable("the files have different byte orders")
        large = sum(path.stat().st_size for path in files) > _CLASSIC
        writer = _Writer(target, _Form(orders.pop(), large or any(file.form.big for file in files.values())))
        for path, number, turn in pages:
            writer.add(files[path], [*files[path].page(number), *_texts(said or {})], turn)
            done()
        target.flush()


def _texts(said: Mapping[int, str]) -> list[_Entry]:
    values = {
        tag: text.encode() + b"\0" for tag, text in said.items() if text
    }  # asks for ASCII; readers of today take UTF-8
    return [_Entry(tag, _ASCII, len(value), value) for tag, value in values.items()]


def deflate_page(source: Path, target: BinaryIO) -> None:
    """Write the first page of a file as it is, but for its data, which is deflated. Raises NotCopiable unless that lies plain, in bytes of 8 bits.

    Of pages full of a scanner's noise what a pixel differs from its neighbour by is what is short (predictor 2), and looking for
    repetitions beyond runs is in vain: a tenth to a half of the time that other deflating takes, see docs/benchmarks.md.
    """
    with source.open("rb") as opened:
        file = _File(opened)
        by_tag = {e.tag: e for e in file.page(1) if e.tag not in _DROPPED and _SIZES.get(e.kind)}

        def numbers(tag: int, otherwise: int = 1) -> tuple[int, ...]:
            return file.values(by_tag[tag]) if tag in by_tag else (otherwise,)

        width, height, samples = numbers(_WIDTH, 0)[0], numbers(_HEIGHT, 0)[0], numbers(_SAMPLES)[0]
        plain = set(numbers(_BITS)) == {8} and numbers(_COMPRESSION) == numbers(_PLANAR) == numbers(_PREDICTOR) == (1,)
        places, counts = (numbers(tag, 0) for tag in _STRIPS)
        if (
            not plain
            or not all(tag in by_tag for tag in _STRIPS)
            or sum(counts) != width * height * samples
            or not sum(counts)
        ):
            raise NotCopiable("the page is packed already, or has other pixels")
        data = b"".join(file.at(place, size) for place, size in zip(places, counts, strict=True))
        pixels = np.frombuffer(data, np.uint8).reshape(height, width, samples)
        rows = max(1, _STRIP // (width * samples))
        writer = _Writer(target, file.form)
        strips = [writer.write(_deflated(pixels[top : top + rows])) for top in range(0, height, rows)]
        sizes = [end - start for start, end in strips]
        for tag, values in {_STRIPS[0]: [start for start, _ in strips], _STRIPS[1]: sizes, _ROWS: [rows]}.items():
            by_tag[tag] = _Entry(tag, 4, len(values), struct.pack(f"{file.form.order}{len(values)}I", *values))
        for tag, value in {_COMPRESSION: _DEFLATE, _PREDICTOR: _DIFFERENCES}.items():
            by_tag[tag] = _Entry(tag, 3, 1, struct.pack(f"{file.form.order}H", value))
        writer.end(by_tag)
    target.flush()


def _deflated(pixels: NDArray[np.uint8]) -> bytes:
    """Return rows x width x samples as TIFF 6.0, section 14, and Adobe's Deflate have them."""
    differences = pixels.copy()
    differences[:, 1:] -= pixels[:, :-1]
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_RLE)
    return packer.compress(differences.tobytes()) + packer.flush()


class _File:
    """The directories of a TIFF file."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        head = file.read(16).ljust(16, b"\0")
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None:
            raise NotCopiable("this is no TIFF file")
        big = struct.unpack(f"{order}H", head[2:4])[0] == 43
        self.form = _Form(order, big)
        self._first = struct.unpack(f"{order}Q", head[8:16])[0] if big else struct.unpack(f"{order}I", head[4:8])[0]
        self._pages: list[list[_Entry]] | None = None

    def page(self, number: int) -> list[_Entry]:
        """Return the directory of page `number`, counted as `intake.raster` counts: thumbnails of other pages are none."""
        if self._pages is None:
            self._pages = [d for i, d in enumerate(self._directories()) if i == 0 or not self._is_thumbnail(d)]
        try:
            return self._pages[number - 1]
        except IndexError:
            raise NotCopiable(f"there is no page {number}") from None

    def _directories(self) -> Iterator[list[_Entry]]:
        at, seen = self._first, set[int]()
        while at and at not in seen:
            seen.add(at)
            entries, at = self._directory(at)
            yield entries

    def _is_thumbnail(self, entries: list[_Entry]) -> bool:
        return any(e.tag == _SUBFILE and self.values(e)[0] & 1 for e in entries if e.count)

    def _read(self, at: int, size: int) -> bytes:
        if size > _MAX_VALUE:
            raise NotCopiable("a value is too long")
        return self.at(at, size)

    def at(self, place: int, size: int) -> bytes:
        """Return the bytes that lie there. Raises NotCopiable when the file ends before."""
        self.file.seek(place)
        data = self.file.read(size)
        if len(data) != size:
            raise NotCopiable("the file is cut short")
        return data

    def _directory(self, at: int) -> tuple[list[_Entry], int]:
        order, big = self.form.order, self.form.big
        count = struct.unpack(f"{order}{'Q' if big else 'H'}", self._read(at, 8 if big else 2))[0]
        size, room = (20, 8) if big else (12, 4)
        start = at + (8 if big else 2)
        data = self._read(start, count * size + room)
        entries = []
        for i in range(count):
            raw = data[i * size : (i + 1) * size]
            tag, kind = struct.unpack(f"{order}HH", raw[:4])
            number = struct.unpack(f"{order}{'Q' if big else 'I'}", raw[4 : size - room])[0]
            length = _SIZES.get(kind, 0) * number
            if length <= room:
                value = raw[size - room : size - room + length]
            else:
                value = self._read(struct.unpack(f"{order}{'Q' if big else 'I'}", raw[size - room :])[0], length)
            entries.append(_Entry(tag, kind, number, value))
        return entries, struct.unpack(f"{order}{'Q' if big else 'I'}", data[count * size :])[0]

    def values(self, entry: _Entry) -> tuple[int, ...]:
        kinds = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
        if entry.kind not in kinds:
            raise NotCopiable(f"tag {entry.tag} is no number")
        return self.form.numbers(kinds[entry.kind], entry.value)


class _Writer:
    """Writes directories one after the other, each behind the data it leads to."""

    def __init__(self, target: BinaryIO, form: _Form) -> None:
        self._target, self._form = target, form
        self._word = "Q" if form.big else "I"
        mark = b"II" if form.order == "<" else b"MM"
        head = struct.pack(f"{form.order}HHH", 43, 8, 0) if form.big else struct.pack(f"{form.order}H", 42)
        target.write(mark + head)
        self._link = target.tell()  # where the place of the next directory belongs
        target.write(b"\0" * struct.calcsize(self._word))

    def add(self, file: _File, entries: list[_Entry], turn: int) -> None:
        by_tag = {e.tag: e for e in entries if e.tag not in _DROPPED and _SIZES.get(e.kind)}
        if _COMPRESSION in by_tag and file.values(by_tag[_COMPRESSION])[0] == _OLD_JPEG:
            raise NotCopiable("old JPEG compression")
        pairs = [(o, c) for o, c in _PLACES.items() if o in by_tag]
        if not pairs or any(c not in by_tag for _, c in pairs):
            raise NotCopiable("the page does not say how long its data is")
        for offsets, counts in pairs:
            places, sizes = file.values(by_tag[offsets]), file.values(by_tag[counts])
            if len(places) != len(sizes):
                raise NotCopiable("offsets and lengths do not match")
            copied = [self._copy(file, at, size) for at, size in zip(places, sizes, strict=True)]
            kind = 16 if self._form.big else 4
            packed = struct.pack(f"{self._form.order}{len(copied)}{self._word}", *copied)
            by_tag[offsets] = _Entry(offsets, kind, len(copied), packed)
        if turn:
            before = file.values(by_tag[_ORIENTATION])[0] if _ORIENTATION in by_tag else 1
            now = _TURNED[turn].get(before, _TURNED[turn][1])
            by_tag[_ORIENTATION] = _Entry(_ORIENTATION, 3, 1, struct.pack(f"{self._form.order}H", now))
        self.end(by_tag)

    def write(self, data: bytes) -> tuple[int, int]:
        """Write data of a page; returns where it begins and ends."""
        place = self._align()
        self._target.write(data)
        return place, place + len(data)

    def end(self, by_tag: Mapping[int, _Entry]) -> None:
        """Write the directory of a page whose data is written."""
        self._directory([by_tag[tag] for tag in sorted(by_tag)])

    def _align(self) -> int:
        if self._target.tell() % 2:
            self._target.write(b"\0")
        return self._target.tell()

    def _copy(self, file: _File, at: int, size: int) -> int:
        place = self._align()
        file.file.seek(at)
        while size:
            block = file.file.read(min(size, 1 << 20))
            if not block:
                raise NotCopiable("the file is cut short")
            self._target.write(block)
            size -= len(block)
        return place

    def _directory(self, entries: list[_Entry]) -> None:
        order, big = self._form.order, self._form.big
        room = 8 if big else 4
        fields = []
        for entry in entries:
            value = entry.value
            if len(value) > room:
                place = self._align()
                self._target.write(value)
                value = struct.pack(f"{order}{self._word}", place)
            fields.append(
                struct.pack(f"{order}HH{self._word}", entry.tag, entry.kind, entry.count) + value.ljust(room, b"\0")
            )
        place = self._align()
        self._target.seek(self._link)
        self._target.write(struct.pack(f"{order}{self._word}", place))
        self._target.seek(place)
        self._target.write(struct.pack(f"{order}{'Q' if big else 'H'}", len(fields)) + b"".join(fields))
        self._link = self._target.tell()
        self._target.write(b"\0" * room)
