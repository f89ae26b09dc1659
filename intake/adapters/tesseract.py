"""Tesseract through pytesseract, for the languages it knows; orientation by its own detection (osd)."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from PIL import Image as Pictures

from intake.errors import EngineUnavailable
from intake.model import Line
from intake.ports import Image
from intake.words import Char, is_wide, line_of

_PAGE, _LINE = 3, 7  # page segmentation: a whole page, no orientation detection; one line
_SECONDS = 300  # a page that takes longer is given up


class Tesseract:
    """Needs the program `tesseract` with the languages named and `osd`."""

    name = "tesseract"

    def __init__(self, threads: int = 2, languages: str = "chi_sim+eng") -> None:
        import pytesseract

        self._tesseract, self._languages, self._threads = pytesseract, languages, threads
        try:
            pytesseract.get_tesseract_version()
            installed = set(pytesseract.get_languages(config=""))
        except (pytesseract.TesseractNotFoundError, pytesseract.TesseractError, SystemExit, OSError) as error:
            raise EngineUnavailable("Tesseract is not installed: install tesseract-ocr or choose rapidocr.") from error
        if missing := sorted({*languages.split("+"), "osd"} - installed):
            raise EngineUnavailable(f"Tesseract lacks the language data {', '.join(missing)}: install it.")

    def read(self, image: Image) -> Sequence[Line]:
        """Return the lines of an upright image (height x width x 3, RGB)."""
        return self._lines(image, _PAGE)

    def read_line(self, image: Image) -> Line | None:
        """Return what a straight line says that fills the image (height x width x 3, RGB); None for nothing."""
        return next(iter(self._lines(image, _LINE)), None)

    def _lines(self, image: Image, segmentation: int) -> list[Line]:
        data = self._run("image_to_data", image, lang=self._languages, config=f"--psm {segmentation}")
        lines: dict[tuple[int, int, int], list[Char | None]] = defaultdict(list)
        for i, text in enumerate(data["text"]):
            sure = float(data["conf"][i]) / 100
            if not text.strip() or sure < 0:
                continue
            line = lines[data["block_num"][i], data["par_num"][i], data["line_num"][i]]
            left, top = int(data["left"][i]), int(data["top"][i])
            width, height = int(data["width"][i]), int(data["height"][i])
            if line and line[-1] is not None and _apart(line[-1], text, left):
                line.append(None)
            pitch = width / len(text)
            for n, char in enumerate(text):
                x0, x1 = left + round(n * pitch), left + round((n + 1) * pitch)
                line.append(Char(char, (x0, top, max(x1, x0 + 1), top + max(height, 1)), sure))
        return [line_of(chars) for chars in lines.values()]

    def rotation(self, image: Image) -> int:
        """Return the degrees clockwise that turn the image upright; 0 when there is too little text to tell."""
        try:
            return int(self._run("image_to_osd", image)["rotate"]) % 360
        except self._tesseract.TesseractError:
            return 0  # "Too few characters": a page nearly without text

    def _run(self, what: str, image: Image, **options: Any) -> Any:
        call = getattr(self._tesseract, what)
        try:
            return call(Pictures.fromarray(image), output_type=self._tesseract.Output.DICT, timeout=_SECONDS, **options)
        except (self._tesseract.TesseractNotFoundError, RuntimeError) as error:
            if isinstance(error, self._tesseract.TesseractError):
                raise
            raise EngineUnavailable(f"Tesseract gave up: {error}") from error


def _apart(before: Char, text: str, left: int) -> bool:
    """Tell whether a space belongs between two words: Tesseract sets every Han character apart."""
    if not is_wide(before.text) and not is_wide(text[0]):
        return True
    return left - before.box[2] > 0.6 * (before.box[3] - before.box[1])
