"""The engines behind the ports. They load late: nobody waits for ONNX who does not read pages."""

from intake.errors import EngineUnavailable
from intake.ports import OcrEngine

ENGINES = ("auto", "rapidocr", "tesseract")


def open_engine(name: str, threads: int = 2) -> OcrEngine:
    """Return the engine `name` (auto is rapidocr), using `threads` threads. Raises EngineUnavailable."""
    if name in ("auto", "rapidocr"):
        from intake.adapters.rapidocr import RapidOcr

        return RapidOcr(threads)
    if name == "tesseract":
        from intake.adapters.tesseract import Tesseract

        return Tesseract(threads)
    raise EngineUnavailable(f"There is no OCR engine {name!r}; choose one of {', '.join(ENGINES)}.")
