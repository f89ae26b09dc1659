"""The files inside a file, which can stand by themselves: embedded in a PDF, attached to an OFD. Those of a message: `formats.mail`."""

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from intake.errors import Rejected
from intake.formats.names import plain_name
from intake.model import Attachment, Limits

#: Noted of a form that is made by a program as it is looked at (XFA, ISO 32000-2, 12.7.8): its pages say no more than that they cannot show it.
UNSHOWN_FORM = "xfa"
MOST = 128 << 20  # bytes of one
_MOST_FILES = 100
_MOST_PAGES = 20_000


def attachments(path: Path, kind: str, limits: Limits, first: int = 0) -> Iterator[Attachment]:
    """Yield the files inside a file of this kind, each once. Raises Rejected.

    One that cannot be taken out has no bytes, nor have those behind the hundredth, of which as many again are told. first: how many
    are passed over; they are not unpacked.
    """
    if kind == "pdf":
        yield from _of_pdf(path, first)
    elif kind == "ofd":
        yield from _of_ofd(path, limits, first)


def noted_in_pdf(path: Path) -> tuple[bool, list[str] | None]:
    """Return whether a PDF is a cover for the files in it (ISO 32000-2, 12.3.5), and how these are called; None where it is too broken to find them."""
    import pikepdf

    is_portfolio = False
    try:
        with path.open("rb") as file, pikepdf.open(file) as document:
            is_portfolio = "/Collection" in document.Root
            return is_portfolio, [name for name, _ in islice(_embedded(document), 2 * _MOST_FILES)]
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - the parts of a foreign file can be wrong in any way
        return is_portfolio, None


def _of_pdf(path: Path, first: int) -> Iterator[Attachment]:
    import pikepdf

    try:
        with path.open("rb") as file, pikepdf.open(file) as document:
            for number, (name, stream) in enumerate(islice(_embedded(document), first, 2 * _MOST_FILES), first):
                try:
                    data = bytes(stream.read_bytes()) if number < _MOST_FILES else b""
                except (pikepdf.PdfError, pikepdf.DataDecodingError, RuntimeError):
                    data = b""
                yield Attachment(name, data)
    except (MemoryError, Rejected, GeneratorExit):
        raise
    except Exception as error:
        raise Rejected("truncated", "What is attached to the PDF cannot be taken out: it is damaged.") from error


def _embedded(document: Any) -> Iterator[tuple[str, Any]]:
    """Yield the name and the stream of each file embedded in a PDF, once: of the whole file, which a portfolio shows as well, and of notes on pages.

    ISO 32000-2, 7.11.4 and 12.5.6.15.
    """
    import pikepdf

    tree = document.Root.get("/Names", {}).get("/EmbeddedFiles")
    named = ((str(key), value) for key, value in pikepdf.NameTree(tree).items()) if tree is not None else ()
    pages = islice(document.pages, _MOST_PAGES)
    notes = (note for page in pages for note in page.obj.get("/Annots", []) if isinstance(note, pikepdf.Dictionary))
    pinned = (("", note.get("/FS")) for note in notes if note.get("/Subtype") == "/FileAttachment")
    seen = set[tuple[int, int]]()
    for key, file in chain(named, pinned):
        if not isinstance(file, pikepdf.Dictionary):
            continue
        held: Any = file.get("/EF", {})
        stream = held.get("/UF", held.get("/F"))
        if not isinstance(stream, pikepdf.Stream) or stream.objgen in seen:
            continue
        seen.add(stream.objgen)
        yield plain_name(str(file.get("/UF", file.get("/F", key)))), stream


def _of_ofd(path: Path, limits: Limits, first: int) -> Iterator[Attachment]:
    from intake.formats import ofd
    from intake.formats.package import opened

    with opened(path, limits) as package:
        found = islice(ofd.open_document(package, limits).attached, first, 2 * _MOST_FILES)
        for number, (name, part) in enumerate(found, first):
            try:
                data = package.read(part, MOST) if part in package and number < _MOST_FILES else b""
            except Rejected:
                data = b""
            yield Attachment(name, data)
