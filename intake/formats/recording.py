"""Sound and video (RULES B1, category 1.7): kept as they came, played by the browser, not read. They have no pages."""

from pathlib import Path

from intake.errors import Rejected
from intake.model import Understanding

_MAX_BOXES = 100_000


def check(path: Path, kind: str) -> tuple[int, tuple[str, ...]]:
    """Return 0 pages, no notes. Raises Rejected(truncated) when the container says it is longer than the file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if kind in ("wav", "avi"):
            whole = 8 + int.from_bytes(file.read(8)[4:], "little")
            # 0 and all ones: written by a recorder that did not know the length; nothing to compare with.
            if whole > size and whole - 8 != 0xFFFFFFFF:
                raise Rejected("truncated", "The recording is cut short.")
        elif kind in ("m4a", "mp4"):
            names, at = set[bytes](), 0
            while at + 8 <= size and len(names) < _MAX_BOXES:
                file.seek(at)
                head = file.read(16)
                length = int.from_bytes(head[:4], "big")
                if length == 1:
                    length = int.from_bytes(head[8:16], "big")
                elif length == 0:  # to the end of the file
                    length = size - at
                if length < 8 or at + length > size:
                    raise Rejected("truncated", "The recording is cut short.")
                names.add(head[4:8])
                at += length
            if not names & {b"moov", b"moof"}:  # without its table nothing can be played
                raise Rejected("truncated", "The recording is cut short: its table is missing.")
        elif kind == "mp3" and size < 128:
            raise Rejected("truncated", "The recording is cut short.")
    return 0, ()


def understood(filename: str) -> Understanding:
    """Return what a recording is: nothing on it is read, so its name is its title."""
    return Understanding("1.7", "recording", Path(filename).stem or filename, 1.0)
