"""Which reader belongs to which kind. The libraries load when a file of their kind comes."""

from pathlib import Path

from intake.formats.pages import Pages
from intake.model import Limits


def open_pages(path: Path, kind: str, limits: Limits) -> Pages:
    """Return the pages of an inspected file; close them. Raises Rejected."""
    if kind == "pdf":
        from intake.formats.pdf_pages import PdfPages

        return PdfPages(path, limits)
    from intake.raster import RasterPages

    return RasterPages(path, kind, limits)


def check(path: Path, kind: str, limits: Limits) -> tuple[int, tuple[str, ...]]:
    """Return the number of pages and what is noted about the file. Raises Rejected."""
    if kind == "pdf":
        from intake import pdf

        return pdf.check(path, limits)
    from intake import raster

    return raster.check(path, kind, limits), ()
