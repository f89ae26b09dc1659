"""Packed streams on their own: whether they end where they should, and are right by their own checksums."""

import zlib

import pikepdf

_STEP = 1 << 20  # bytes that are unpacked at a time
_HEAD, _CHECKSUM = 2, 4  # bytes of a zlib stream
_MOST = 1 << 30  # bytes of a picture, unpacked
_END_OF_JPEG = b"\xff\xd9"
_PADDING = b"\x00\xff"


def deflated(data: bytes, length: int | None) -> bool:
    """Tell whether a zlib stream (RFC 1950) is damaged; one that lacks nothing but its checksum is not.

    length: bytes that must come out of it; None where nobody knows, then it must have its end.
    """
    unpacker, count, checksum, left = zlib.decompressobj(-zlib.MAX_WBITS), 0, 1, data[_HEAD:]
    most = _MOST if length is None else length + _STEP
    try:
        while left and not unpacker.eof and count <= most:
            part = unpacker.decompress(left, _STEP)
            count, checksum, left = count + len(part), zlib.adler32(part, checksum), unpacker.unconsumed_tail
    except zlib.error:
        return True
    written = unpacker.unused_data[:_CHECKSUM]
    if unpacker.eof and len(written) == _CHECKSUM and int.from_bytes(written) != checksum:
        return True
    return not unpacker.eof if length is None else count < length


def jpeg(data: bytes) -> bool:
    """Tell whether a JPEG is damaged: ends too early, or has codes that are none. What follows its end does not matter."""
    if not data.rstrip(_PADDING).endswith(_END_OF_JPEG.rstrip(_PADDING)):
        data += _END_OF_JPEG  # many a writer leaves it out; if more is missing than that, the decoder says so
    if not _complains(data):
        return False
    # Some cameras fill up the last sector in front of the end: nothing of the picture is missing.
    end = data.rfind(_END_OF_JPEG)
    plain = data[:end].rstrip(_PADDING)
    return len(plain) == end or _complains(plain + _END_OF_JPEG)


def _complains(data: bytes) -> bool:
    """Ask qpdf, which passes on what libjpeg warns of; Pillow, OpenCV and PDFium do not."""
    with pikepdf.new() as nowhere:
        stream = pikepdf.Stream(nowhere, data, Filter=pikepdf.Name.DCTDecode)
        return unpacked(stream) is None


def unpacked(stream: pikepdf.Stream) -> int | None:
    """Return how many bytes a stream of a PDF unpacks to by qpdf; None for one that is damaged."""
    try:
        return len(memoryview(stream.get_stream_buffer(pikepdf.StreamDecodeLevel.all)))
    except (pikepdf.PdfError, pikepdf.DataDecodingError, RuntimeError):
        return None
