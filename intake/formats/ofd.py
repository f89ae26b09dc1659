"""OFD packages (GB/T 33190-2016): the page objects that scanners and electronic invoices use, as plain values.

Read are text, images, paths and composites in pages, templates and annotations. What else a page may be painted with (shadings,
patterns, JBIG2 images) is not, and a file that needs it is refused: half a page would be worse than none.
"""

import logging
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder, XMLParser, fromstring

from intake.errors import Rejected
from intake.formats.names import plain_name
from intake.formats.ofd_seals import MOST, Seal, Stamp
from intake.formats.package import Package
from intake.model import Limits

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_MOST_XML = 16 << 20  # bytes of one part
_MAX_OBJECTS = 200_000  # of one page
log = logging.getLogger("juanzong.ofd")
_MOST_SIGNATURES, _MOST_STAMPS = 50, 2000
_MOST_HELD = 16 << 20  # bytes of seals; what comes behind that is not drawn
_DEPTH = 8  # blocks within blocks, templates and composites


@dataclass(frozen=True)
class Thing:
    """One object of a page: its element and the matrix from its coordinates to the page's, in mm from the top left."""

    element: Element
    matrix: Matrix


@dataclass(frozen=True)
class Page:
    """A page: where its content is, and its size in mm."""

    part: str
    root: Element
    box: tuple[float, float, float, float]


@dataclass
class Document:
    """An OFD document. Paths are names of parts; resources are found by the ids of the document."""

    package: Package
    pages: list[tuple[str, str]] = field(default_factory=list)  # id, part
    templates: dict[str, str] = field(default_factory=dict)
    fonts: dict[str, tuple[Element, str | None]] = field(default_factory=dict)
    media: dict[str, tuple[str, str]] = field(default_factory=dict)  # id to format and part
    composites: dict[str, Element] = field(default_factory=dict)
    annotations: dict[str, list[str]] = field(default_factory=dict)  # id of the page to parts
    attached: tuple[tuple[str, str], ...] = ()  # name and part
    stamps: dict[str, list[Stamp]] = field(default_factory=dict)  # id of the page to the seals on it
    notes: tuple[str, ...] = ()
    area: Element | None = None

    def page(self, index: int) -> Page:
        """Return page `index` (from 0)."""
        part = self.pages[index][1]
        root = _xml(self.package, part)
        return Page(part, root, _area(root) or _boxed(self.area) or (0.0, 0.0, 210.0, 297.0))

    def things(self, index: int) -> Iterator[Thing]:
        """Yield what page `index` shows, from the back to the front. Raises Rejected for what is not read here."""
        budget = [_MAX_OBJECTS]
        page = self.page(index)
        shift: Matrix = (1.0, 0.0, 0.0, 1.0, -page.box[0], -page.box[1])
        behind, before = list[str](), list[str]()
        for used in _children(page.root, "Template"):
            (before if used.get("ZOrder") == "Foreground" else behind).append(used.get("TemplateID", ""))
        for template in behind:
            yield from self._template(template, shift, budget)
        for content in _children(page.root, "Content"):
            yield from self._objects(content, shift, budget, 0)
        for template in before:
            yield from self._template(template, shift, budget)
        for part in self.annotations.get(self.pages[index][0], []):
            for look in _xml(self.package, part).iter():
                if _word(look) == "Appearance":
                    yield from self._objects(look, _moved(shift, look), budget, 0)

    def _template(self, name: str, matrix: Matrix, budget: list[int]) -> Iterator[Thing]:
        if name in self.templates:
            for content in _children(_xml(self.package, self.templates[name]), "Content"):
                yield from self._objects(content, matrix, budget, 0)

    def _objects(self, parent: Element, matrix: Matrix, budget: list[int], depth: int) -> Iterator[Thing]:
        if depth > _DEPTH:
            raise Rejected("truncated", "The OFD nests its objects deeper than documents do.")
        for element in parent:
            budget[0] -= 1
            if budget[0] < 0:
                raise Rejected("too_large", "A page of the OFD has more objects than pages have.")
            word = _word(element)
            if element.get("Visible", "true").lower() == "false":
                continue
            if word in ("Layer", "PageBlock", "Content"):
                yield from self._objects(element, matrix, budget, depth + 1)
            elif word == "CompositeObject":
                unit = self.composites.get(element.get("ResourceID", ""))
                if unit is not None:
                    yield from self._objects(unit, placed(matrix, element), budget, depth + 1)
            elif word in ("TextObject", "ImageObject", "PathObject"):
                yield Thing(element, placed(matrix, element))


def open_document(package: Package, limits: Limits) -> Document:
    """Return the document in the package. Raises Rejected."""
    if "Encryptions.xml" in package:
        raise Rejected("encrypted", "The OFD is encrypted.")
    bodies = _children(_xml(package, "OFD.xml"), "DocBody")
    if not bodies:
        raise Rejected("no_pages", "The OFD has no document.")
    if len(bodies) > 1:
        raise Rejected("unsupported", "The OFD holds several documents; send each as a file of its own.")
    root_part = _joined("", _text(bodies[0], "DocRoot"))
    root = _xml(package, root_part)
    found = Document(package)
    for common in _children(root, "CommonData"):
        _common(found, common, root_part)
    for pages in _children(root, "Pages"):
        found.pages += [
            (page.get("ID", ""), _joined(root_part, page.get("BaseLoc"))) for page in _children(pages, "Page")
        ]
    if not found.pages:
        raise Rejected("no_pages", "The OFD has no page.")
    if len(found.pages) > limits.max_pages:
        raise Rejected(
            "too_many_pages", f"The file has {len(found.pages)} pages; at most {limits.max_pages} are taken."
        )
    for _, part in found.pages:
        for res in _children(_xml(package, part), "PageRes"):
            _resources(found, _joined(part, res.text))
    _annotations(found, root, root_part)
    _stamps(found, bodies[0])
    found.attached = _attached(package, root, root_part)
    found.notes = _notes(package, bodies[0], found.attached)
    return found


def _common(found: Document, common: Element, root_part: str) -> None:
    found.area = next(iter(_children(common, "PageArea")), None)
    for name in ("PublicRes", "DocumentRes"):
        for res in _children(common, name):
            _resources(found, _joined(root_part, res.text))
    for template in _children(common, "TemplatePage"):
        found.templates[template.get("ID", "")] = _joined(root_part, template.get("BaseLoc"))


def placed(matrix: Matrix, element: Element) -> Matrix:
    """Return the matrix of an object: its CTM, then its place on the page (Boundary), then `matrix`."""
    a, b, c, d, e, f = numbers(element.get("CTM"), 6) or IDENTITY
    return times((a, b, c, d, e, f), _moved(matrix, element))


def times(a: Matrix, b: Matrix) -> Matrix:
    """Return the matrix that does first `a`, then `b`."""
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    )


def numbers(text: str | None, count: int) -> tuple[float, ...] | None:
    """Return `count` numbers out of an attribute, None when it holds no such thing."""
    try:
        values = tuple(float(v) for v in (text or "").split())
    except ValueError:
        return None
    return values if len(values) == count and all(abs(v) < 1e7 for v in values) else None


def _moved(matrix: Matrix, element: Element) -> Matrix:
    x, y, *_ = numbers(element.get("Boundary"), 4) or (0.0, 0.0)
    return times((1.0, 0.0, 0.0, 1.0, x, y), matrix)


def _resources(found: Document, part: str) -> None:
    if part not in found.package:
        return
    root = _xml(found.package, part)
    base = posixpath.join(posixpath.dirname(part), root.get("BaseLoc", ""), "x")
    for fonts in _children(root, "Fonts"):
        for font in _children(fonts, "Font"):
            file = _text(font, "FontFile")
            found.fonts[font.get("ID", "")] = (font, _joined(base, file) if file else None)
    for medias in _children(root, "MultiMedias"):
        for media in _children(medias, "MultiMedia"):
            place = _joined(base, _text(media, "MediaFile"))
            found.media[media.get("ID", "")] = (media.get("Format", "").upper(), place)
    for units in _children(root, "CompositeGraphicUnits"):
        for unit in _children(units, "CompositeGraphicUnit"):
            found.composites[unit.get("ID", "")] = unit


def _annotations(found: Document, root: Element, root_part: str) -> None:
    for named in _children(root, "Annotations"):
        part = _joined(root_part, named.text)
        if part not in found.package:
            continue
        for page in _children(_xml(found.package, part), "Page"):
            for file in _children(page, "FileLoc"):
                place = _joined(part, file.text)
                if place in found.package:
                    found.annotations.setdefault(page.get("PageID", ""), []).append(place)


def _stamps(found: Document, body: Element) -> None:
    package, part = found.package, _joined("", _text(body, "Signatures"))
    if part not in package:
        return
    seals = dict[tuple[str, ...], Seal]()
    for listed in [e for e in _xml(package, part).iter() if _word(e) == "Signature"][:_MOST_SIGNATURES]:
        try:
            _stamps_of(found, _joined(part, listed.get("BaseLoc")), seals)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - one that cannot be read is not drawn; that the file is signed is noted
            log.info("a signature of an OFD is passed over: %s", type(error).__name__)


def _stamps_of(found: Document, place: str, seals: dict[tuple[str, ...], Seal]) -> None:
    """Find where the seal of one signature was set. seals: those of other signatures, by the parts that may hold the picture."""
    package, root = found.package, _xml(found.package, place)
    apart = next((_text(e, "BaseLoc") for e in root.iter() if _word(e) == "Seal"), "")
    within = next((e.text or "" for e in root.iter() if _word(e) == "SignedValue"), "")
    named = [_joined(place, name) for name in (apart, within) if name.strip()]
    files = tuple(file for file in named if file in package)
    if files not in seals:
        held = sum(len(data) for seal in seals.values() for data in seal.files)
        seals[files] = Seal(tuple(package.read(file, MOST) for file in files) if held < _MOST_HELD else ())
    for stamp in [e for e in root.iter() if _word(e) == "StampAnnot"][:_MOST_STAMPS]:
        box = numbers(stamp.get("Boundary"), 4)
        if box is not None and min(box[2:]) > 0:
            one = Stamp(box, numbers(stamp.get("Clip"), 4), seals[files])  # type: ignore[arg-type]  # four numbers each
            found.stamps.setdefault(stamp.get("PageRef", ""), []).append(one)


def _attached(package: Package, root: Element, root_part: str) -> tuple[tuple[str, str], ...]:
    """Return the files attached to the document (GB/T 33190-2016, 20), by the name that a person would call each."""
    found = list[tuple[str, str]]()
    for named in _children(root, "Attachments"):
        part = _joined(root_part, named.text)
        if part in package:
            files = [e for e in _xml(package, part).iter() if _word(e) == "Attachment"][:200]
            found += [(_called(file), _joined(part, _text(file, "FileLoc"))) for file in files]
    return tuple(found)


def _called(file: Element) -> str:
    """Return the name of an attachment, which some write without what it is (Format)."""
    name, ending = plain_name(file.get("Name", "")), plain_name(file.get("Format", "")).lower()
    return name if "." in name or ending == "?" else f"{name}.{ending}"


def _notes(package: Package, body: Element, attached: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    notes = []
    if signatures := _text(body, "Signatures"):
        part = _joined("", signatures)
        if part in package and any(_word(e) == "Signature" for e in _xml(package, part).iter()):
            notes.append("signed")
    return (*notes, *(f"attachment:{name}" for name, _ in attached))


def _area(root: Element) -> tuple[float, float, float, float] | None:
    return _boxed(next(iter(_children(root, "Area")), None))


def _boxed(area: Element | None) -> tuple[float, float, float, float] | None:
    found = numbers(_text(area, "PhysicalBox"), 4) if area is not None else None
    if found is None or found[2] <= 0 or found[3] <= 0:
        return None
    return found[0], found[1], found[2], found[3]


def _xml(package: Package, part: str) -> Element:
    if part not in package:
        raise Rejected("truncated", "The OFD lacks a part that it names.")
    parser = XMLParser(target=_Builder())  # noqa: S314 - it refuses what makes XML dangerous
    return fromstring(package.read(part, _MOST_XML), parser)  # noqa: S314 - as above


class _Builder(TreeBuilder):
    """Builds the tree of a part that declares no entities: those multiply without end, or lead to other files."""

    def doctype(self, *_: object) -> NoReturn:
        """Refuse any document type declaration: the standard has none."""
        raise Rejected("truncated", "The OFD declares entities, which documents do not.")


def _joined(part: str, place: str | None) -> str:
    """Return the name of the part that `place`, standing in `part`, means; one leading slash is the package's root."""
    text = (place or "").strip().replace("\\", "/")
    full = text.lstrip("/") if text.startswith("/") else posixpath.join(posixpath.dirname(part), text)
    return posixpath.normpath(full) if full else ""


def _children(element: Element, word: str) -> list[Element]:
    return [child for child in element if _word(child) == word]


def _text(element: Element, word: str) -> str:
    return next((child.text or "" for child in element if _word(child) == word), "").strip()


def _word(element: Element) -> str:
    """Return the name without its name space: writers differ in that."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
