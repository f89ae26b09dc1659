"""Which reader belongs to which kind. The libraries load when a file of their kind comes."""

from pathlib import Path

from intake.formats.pages import Pages
from intake.formats.signatures import OFFICE, RECORDINGS
from intake.model import Limits


def open_pages(path: Path, kind: str, limits: Limits) -> Pages:
    """Return the pages of an inspected file; close them. Raises Rejected."""
    if kind == "pdf":
        from intake.formats.pdf_pages import PdfPages

        return PdfPages(path, limits)
    if kind == "ofd":
        from intake.formats.ofd_pages import OfdPages

        return OfdPages(path, limits)
    if kind in OFFICE:
        from intake.formats.office import OfficePages

        return OfficePages(path, kind, limits)
    if kind == "eml":
        from intake.formats.mail import MailPages

        return MailPages(path, limits)
    from intake.raster import RasterPages

    return RasterPages(path, kind, limits)


def check(path: Path, kind: str, limits: Limits) -> tuple[int, tuple[str, ...]]:
    """Return the number of pages and what is noted about the file. Raises Rejected."""
    if kind == "pdf":
        from intake import pdf

        return pdf.check(path, limits)
    if kind == "ofd":
        from intake.formats import ofd_pages

        return ofd_pages.check(path, limits)
    if kind in OFFICE:
        from intake.formats import office

        return office.check(path, kind, limits)
    if kind == "eml":
        from intake.formats import mail

        return mail.check(path, limits)
    if kind in RECORDINGS:
        from intake.formats import recording

        return recording.check(path, kind)
    from intake import raster

    return raster.check(path, kind, limits), raster.notes(path, kind)
