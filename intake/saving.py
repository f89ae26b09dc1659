"""Writing a PDF to a disk that may fill: qpdf brings the process down when what it writes to fails at the wrong moment."""

from typing import Any, BinaryIO

import pikepdf


def save(made: pikepdf.Pdf, target: BinaryIO, **how: Any) -> None:
    """Write `made` to `target`. how: as pikepdf has it. Raises OSError when not all of it could be written."""
    out = _Patient(target)
    made.save(out, **how)  # type: ignore[arg-type]  # as much of a file as pikepdf asks for
    if out.trouble is not None:
        raise out.trouble
    target.flush()


class _Patient:
    """Takes what is written and tells afterwards what went wrong: an error inside qpdf may meet one of its destructors."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self.trouble: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            if self.trouble is None:
                self._target.write(data)
        except OSError as error:
            self.trouble = error
        return len(data)

    def flush(self) -> None:
        """Done at the end."""

    def seek(self, *_: int) -> int:
        return 0

    def seekable(self) -> bool:
        return False

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True
