"""The kind of a file by its content, never by its name."""

from typing import BinaryIO

from intake.errors import Rejected

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "tiff": "image/tiff",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "bmp": "image/bmp",
    "webp": "image/webp",
    "heic": "image/heic",
    "ofd": "application/ofd",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "eml": "message/rfc822",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "mp4": "video/mp4",
    "avi": "video/x-msvideo",
}
#: Sound and video (RULES B1, category 1.7): kept, not read; they have no pages.
RECORDINGS = ("wav", "mp3", "m4a", "mp4", "avi")

#: The kinds inside which others may be, that become documents of their own.
CARRIERS = ("eml", "pdf", "ofd")

#: What LibreOffice reads for us, where it is installed.
OFFICE = ("docx", "xlsx")

TAKEN = "a PDF, TIFF, JPEG, PNG, BMP, WebP, HEIC, OFD, DOCX, XLSX, EML, WAV, MP3, M4A, MP4 or AVI file"

#: A reader looks for the PDF header in the first kilobyte (ISO 32000-1, Annex H.3, note 13).
_HEAD = 1024
_STARTS = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"ID3", "mp3"),
)
# Brands of ISO base media files (ISO/IEC 14496-12; HEIF: ISO/IEC 23008-12), told by the major one.
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_SOUND = (b"M4A ", b"M4B ")
_VIDEO = (
    b"isom",
    b"iso2",
    b"iso4",
    b"iso5",
    b"iso6",
    b"mp41",
    b"mp42",
    b"avc1",
    b"M4V ",
    b"MSNV",
    b"dash",
    b"3gp4",
    b"3gp5",
    b"qt  ",
)
_RIFF = {b"WAVE": "wav", b"AVI ": "avi", b"WEBP": "webp"}
# What every message has; a header field begins a line (RFC 5322, 2.2).
_MAIL = (b"from:", b"to:", b"subject:", b"date:", b"message-id:", b"received:", b"mime-version:", b"return-path:")


def kind_of(file: BinaryIO) -> str:
    """Return the kind (a key of MEDIA_TYPES) of a file open at its start. Raises Rejected(unsupported)."""
    head = file.read(_HEAD)
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head.startswith(b"PK\x03\x04"):
        from intake.formats.package import kind_of_package

        return kind_of_package(file)
    if head.startswith(b"BM") and _is_bmp(head):
        return "bmp"
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return "heic" if brand in _HEIF else "m4a" if brand in _SOUND else _video(brand)
    if b"%PDF-" in head:
        return "pdf"
    if _is_mpeg_sound(head):
        return "mp3"
    if _is_mail(head):
        return "eml"
    raise Rejected("unsupported", f"The content is not {TAKEN}, whatever the name says.")


def _video(brand: bytes) -> str:
    if brand in _VIDEO:
        return "mp4"
    raise Rejected("unsupported", f"The content is not {TAKEN}, whatever the name says.")


def _is_bmp(head: bytes) -> bool:
    """Tell by the size of the second header, one of the few there are."""
    return int.from_bytes(head[14:18], "little") in (12, 40, 52, 56, 64, 108, 124)


def _is_mpeg_sound(head: bytes) -> bool:
    """Tell an MP3 without tags: a frame's header (ISO/IEC 11172-3, 2.4.2.3), and another where the first one ends."""
    size = _frame(head)
    return bool(size) and (len(head) < size + 4 or _frame(head[size:]) > 0)


def _frame(head: bytes) -> int:
    """Return the length in bytes of the layer III frame that begins here; 0 when none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version, rate, sampling = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or rate in (0, 15) or sampling == 3:
        return 0
    first = version == 3
    rates = (
        (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
        if first
        else (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    )
    hertz = (44100, 48000, 32000)[sampling] >> {3: 0, 2: 1, 0: 2}[version]
    return (144 if first else 72) * rates[rate - 1] * 1000 // hertz + (head[2] >> 1 & 1)


def _is_mail(head: bytes) -> bool:
    """Tell a message by its first lines: header fields only, and two that messages have."""
    lines = head.replace(b"\r\n", b"\n").lstrip(b"\n").split(b"\n")
    known = 0
    for number, line in enumerate(lines[:-1] or lines):
        if not line or b"\0" in line:
            break
        if line[:1] in (b" ", b"\t") or (number == 0 and line.startswith(b"From ")):
            continue
        name, colon, _ = line.partition(b":")
        if not colon or not name or not all(33 <= c <= 126 for c in name):
            return False
        known += line.lower().startswith(_MAIL)
    return known >= 2
