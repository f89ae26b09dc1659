"""Packed streams on their own: whether they end where they should, and are right by their own checksums."""

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import pikepdf

from intake.damage import tiff

_STEP = 1 << 20  # bytes that are unpacked at a time
_HEAD, _CHECKSUM = 2, 4  # bytes of a zlib stream
_MOST = 1 << 30  # bytes of a picture, unpacked
_END_OF_JPEG = b"\xff\xd9"
_FRAMES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))  # markers
_ROW_BY_ROW = (0xC0, 0xC1)
_MOST_SAMPLES = 200_000_000  # of a JPEG that is unpacked at once
_PADDING = b"\x00\xff"
_START_OF_JPEG_2000, _TILE = b"\xff\x4f", b"\xff\x90"
_LEAST_SEGMENT = 11  # bytes of the head of a segment in JBIG2
_LAST = (49, 51)  # kinds of segments: the end of a page, of a file
_MANY, _UNKNOWN = 7, 0xFFFFFFFF  # segments that one refers to; bytes of one whose writer did not know


def deflated(data: bytes | Iterable[bytes], length: int | None) -> bool:
    """Tell whether a zlib stream (RFC 1950) is damaged; one that lacks nothing but its checksum is not.

    data: whole, or in pieces. length: bytes that must come out of it; None where nobody knows, then it must have its end.
    """
    unpacker, count, checksum = zlib.decompressobj(-zlib.MAX_WBITS), 0, 1
    most = _MOST if length is None else length + _STEP
    pieces = _behind(_HEAD, _pieces(data) if isinstance(data, bytes) else data)
    try:
        for part in _out_of(unpacker, pieces):
            count, checksum = count + len(part), zlib.adler32(part, checksum)
            if count > most:
                break
    except zlib.error:
        return True
    written = unpacker.unused_data
    while unpacker.eof and len(written) < _CHECKSUM and (piece := next(pieces, None)) is not None:
        written += bytes(piece)
    written = written[:_CHECKSUM]
    if unpacker.eof and len(written) == _CHECKSUM and int.from_bytes(written) != checksum:
        return True
    return not unpacker.eof if length is None else count < length


def is_shorter(data: bytes, most: int) -> bool:
    """Tell whether a zlib stream unpacks to no more than `most` bytes, as far as it can be unpacked."""
    count = 0
    try:
        for part in _out_of(zlib.decompressobj(), _pieces(data)):
            count += len(part)
            if count > most:
                break
    except zlib.error:
        pass
    return count <= most


def _out_of(unpacker: Any, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what comes out of a packed stream, a step at a time, up to its end; the rest of the piece alone is copied, not that of a large stream."""
    for piece in pieces:
        left = piece
        while left and not unpacker.eof:
            yield unpacker.decompress(left, _STEP)
            left = unpacker.unconsumed_tail
        if unpacker.eof:
            return


def _pieces(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), _STEP):
        yield data[at : at + _STEP]


def _behind(count: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces without their first bytes."""
    for piece in pieces:
        passed = min(count, len(piece))
        count -= passed
        if passed < len(piece):
            yield piece[passed:]


def jpeg(data: bytes) -> bool:
    """Tell whether a JPEG is damaged: ends too early, or has codes that are none. What follows its end does not matter.

    A large one is unpacked row by row; one that is progressive cannot be, and is not looked at.
    """
    if not data.rstrip(_PADDING).endswith(_END_OF_JPEG.rstrip(_PADDING)):
        data += _END_OF_JPEG  # many a writer leaves it out; if more is missing than that, the decoder says so
    complains = _complains if _samples(data) <= _MOST_SAMPLES else _complains_of_rows
    if not complains(data):
        return False
    # Some cameras fill up the last sector in front of the end: nothing of the picture is missing.
    end = data.rfind(_END_OF_JPEG)
    plain = data[:end].rstrip(_PADDING)
    return len(plain) == end or complains(plain + _END_OF_JPEG)


def _complains(data: bytes) -> bool:
    """Ask qpdf, which passes on what libjpeg warns of; Pillow, OpenCV and PDFium do not."""
    with pikepdf.new() as nowhere:
        stream = pikepdf.Stream(nowhere, data, Filter=pikepdf.Name.DCTDecode)
        return unpacked(stream) is None


def _complains_of_rows(data: bytes) -> bool:
    frame = _frame(data)
    return frame is not None and tiff.jpeg(data, *frame)


def is_progressive(data: bytes) -> bool:
    """Tell whether a JPEG comes in several passes over all of it, or how it comes cannot be told."""
    at = _frame_at(data)
    return at is None or data[at + 1] not in _ROW_BY_ROW


def _frame_at(data: bytes) -> int | None:
    """Return where the header of the frame of a JPEG stands (ITU-T T.81, B.2.2)."""
    at = data.find(b"\xff\xd8") + 2
    while at >= 2 and at + 4 <= len(data) and data[at] == 0xFF:
        if data[at + 1] in _FRAMES:
            return at
        at += 1 if data[at + 1] == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def _samples(data: bytes) -> int:
    """Return how many samples a JPEG has by its header; 0 where it has none."""
    at = _frame_at(data)
    if at is None or at + 10 > len(data):
        return 0
    return int.from_bytes(data[at + 5 : at + 7]) * int.from_bytes(data[at + 7 : at + 9]) * data[at + 9]


def _frame(data: bytes) -> tuple[int, int, list[tuple[int, int]]] | None:
    """Return width, height, and how finely each component is sampled; None for a JPEG that does not come row by row, or has no plain header."""
    at = _frame_at(data)
    if at is None or is_progressive(data) or at + 10 > len(data) or at + 10 + 3 * data[at + 9] > len(data):
        return None
    height, width = int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
    finely = [data[at + 11 + 3 * number] for number in range(data[at + 9])]
    return width, height, [(value >> 4, value & 15) for value in finely]


def unpacked(stream: pikepdf.Stream) -> int | None:
    """Return how many bytes a stream of a PDF unpacks to by qpdf; None for one that is damaged."""
    try:
        return len(memoryview(stream.get_stream_buffer(pikepdf.StreamDecodeLevel.all)))
    except (pikepdf.PdfError, pikepdf.DataDecodingError, RuntimeError):
        return None


def jpeg2000(data: bytes) -> bool:
    """Tell whether a JPEG 2000 image ends before its last tile does (ISO/IEC 15444-1, annexes A and I); nothing is unpacked."""
    at = _codestream(data)
    while at is not None:
        marker, length = data[at : at + 2], int.from_bytes(data[at + 2 : at + 4])
        if marker == _END_OF_JPEG or (at == len(data) and at > 0):  # the end itself is left out now and then
            return False
        if marker == _TILE:
            length = int.from_bytes(data[at + 6 : at + 10])
            if length == 0:  # the last tile, of whatever length: it goes on up to the end
                return not data.rstrip(b"\0").endswith(_END_OF_JPEG)
        elif marker == _START_OF_JPEG_2000:
            length = 2
        else:
            length += 2
        if marker[:1] != b"\xff" or length < 2 or at + length > len(data):
            return True
        at += length
    return True


def _codestream(data: bytes) -> int | None:
    """Return where the tiles of a JPEG 2000 file begin, behind the boxes that it may be put into; None if nowhere."""
    at = 0
    while not data.startswith(_START_OF_JPEG_2000, at):
        length, kind, head = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8], 8
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16]), 16
        if kind == b"jp2c":
            return at + head
        if length < head or at + length >= len(data):
            return None
        at += length
    return at


def jbig2(data: bytes) -> bool:
    """Tell whether a JBIG2 image as a PDF holds it ends before its last segment does (ISO/IEC 14492, 7.2); nothing is unpacked."""
    at = 0
    try:
        while at + _LEAST_SEGMENT <= len(data):  # what is less is no segment: a line's end that was counted in
            number, flags, count = int.from_bytes(data[at : at + 4]), data[at + 4], data[at + 5] >> 5
            at += 6
            if count == _MANY:
                count = int.from_bytes(data[at - 1 : at + 3]) & 0x1FFFFFFF
                at += 3 + (count + 8) // 8
            at += count * (1 if number <= 1 << 8 else 2 if number <= 1 << 16 else 4) + (4 if flags & 0x40 else 1)
            length = int.from_bytes(data[at : at + 4])
            if flags & 0x3F in _LAST or length == _UNKNOWN:
                return False
            at += 4 + length
    except IndexError:
        return True
    return at > len(data)
