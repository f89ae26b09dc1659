"""The engines behind the ports. They load late: nobody waits for ONNX who does not read pages."""

from intake.errors import EngineUnavailable
from intake.ports import OcrEngine

ENGINES = ("auto", "rapidocr", "tesseract")


def open_engine(name: str, threads: int = 2) -> OcrEngine:
    """Return the engine `name`, using `threads` threads. Raises EngineUnavailable.

    auto is rapidocr; `auto+deu+rus` has tesseract for the pages in these languages, `tesseract+deu` knows them beside its own.
    """
    name, _, languages = name.partition("+")
    if name == "auto" and languages:
        from intake.adapters.auto import Auto

        return Auto(threads, languages)
    if name in ("auto", "rapidocr"):
        from intake.adapters.rapidocr import RapidOcr

        return RapidOcr(threads)
    if name == "tesseract":
        from intake.adapters.tesseract import Tesseract

        return Tesseract(threads, "+".join(filter(None, ("chi_sim+eng", languages))))
    raise EngineUnavailable(f"There is no OCR engine {name!r}; choose one of {', '.join(ENGINES)}.")
