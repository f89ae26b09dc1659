"""What must be refused at every door, as makers of files: name to function(path)."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tests.intake.test_inspect import pdf
from tests.service.conftest import DIGITAL, SCANS

LICENCE = SCANS / "licence-portrait.jpg"
MAX_PAGES = 4  # `many.tif` has more


def _bomb_png(path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(60_000 // 8 + 1)
    packed = b"".join(packer.compress(row * 600) for _ in range(100)) + packer.flush()
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b""))


def _many_pages(path: Path) -> None:
    page = Image.new("1", (8, 8))
    page.save(path, save_all=True, append_images=[page] * (MAX_PAGES + 1))


def _with_password(path: Path) -> None:
    # Standard security handler, revision 2: whatever the strings are, the empty password does not open it.
    encrypt = f"/Encrypt<</Filter/Standard/V 1/R 2/O<{'41' * 32}>/U<{'42' * 32}>/P -4>>/ID[<00><00>]"
    path.write_bytes(pdf("/MediaBox[0 0 200 200]").replace(b"trailer<<", b"trailer<<" + encrypt.encode()))


CONTENTS: dict[str, Callable[[Path], object]] = {
    "empty.pdf": lambda p: p.write_bytes(b""),
    "text.pdf": lambda p: p.write_text("this is no PDF"),
    "cut.jpg": lambda p: p.write_bytes(LICENCE.read_bytes()[:40_000]),
    "cut.pdf": lambda p: p.write_bytes(DIGITAL.read_bytes()[:30_000]),
    "password.pdf": _with_password,
    "nopage.pdf": lambda p: p.write_bytes(pdf(kids="", count=0)),
    "bomb.png": _bomb_png,
    "many.tif": _many_pages,
}

# Names that a file system takes; the content is sound.
NAMES = ("a\tname.pdf", "a\x1b[31mname.pdf", "a\udcffname.pdf")
# Names that only a program can send.
SENT_NAMES = ("../a.pdf", "a/../../b.pdf", "a\x07.pdf")
