"""RapidOCR, and Tesseract for the pages in languages that RapidOCR does not know: letters with marks, Cyrillic, Arabic and so on."""

from collections.abc import Sequence

from intake.adapters.rapidocr import RapidOcr
from intake.adapters.tesseract import Tesseract
from intake.model import Line
from intake.ports import Image

_HAN = 0.05  # of the letters: a page with more of them is Chinese, whatever else stands on it
_SURE = 0.7  # how sure Tesseract must be of its reading, letter by letter


class Auto:
    """Reads every page with RapidOCR, and one without Chinese with Tesseract too, whose reading counts where it is sure of it.

    languages: those of Tesseract (ISO 639-2, `deu+rus`). Used by one thread. Raises EngineUnavailable where one is not installed.
    """

    def __init__(self, threads: int, languages: str) -> None:
        self._own, self._other = RapidOcr(threads), Tesseract(threads, languages)
        self.name = self._own.name

    def read(self, image: Image) -> Sequence[Line]:
        """Return the lines of an upright image (height x width x 3, RGB); `name` is then that of the engine that read them."""
        lines = self._own.read(image)
        self.name = self._own.name
        if not lines or is_chinese(lines):
            return lines
        others = self._other.read(image)
        if sureness(others) < _SURE:
            return lines
        self.name = self._other.name
        return others

    def read_line(self, image: Image) -> Line | None:
        """Return what a straight line says that fills the image (height x width x 3, RGB); None for nothing."""
        own = self._own.read_line(image)
        if own is None or is_chinese([own]):
            return own
        other = self._other.read_line(image)
        return other if other is not None and other.confidence >= _SURE else own

    def rotation(self, image: Image) -> int:
        """Return the degrees clockwise that turn the image upright; 0 when there is no text."""
        return self._own.rotation(image)


def is_chinese(lines: Sequence[Line]) -> bool:
    """Tell whether enough of the letters are Han characters."""
    letters = [char for line in lines for char in line.text if char.isalpha()]
    han = sum("\u3400" <= char <= "\u9fff" for char in letters)
    return han > _HAN * len(letters)


def sureness(lines: Sequence[Line]) -> float:
    """Return the mean confidence of the letters, 0..1; 0 for none."""
    letters = sum(len(line.text) for line in lines)
    return sum(line.confidence * len(line.text) for line in lines) / letters if letters else 0.0
