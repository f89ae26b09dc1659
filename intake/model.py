"""Plain values of intake: what was inspected, what was read, what was understood.

Boxes are (x0, y0, x1, y1) in pixels of the stored page image, which is the page turned upright.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Inspection:
    """What the bytes are, by content. `kind` is a word of `formats.signatures`; notes: "signed", "attachment:NAME" ..."""

    kind: str
    media_type: str
    pages: int
    size: int
    sha256: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised unit (a Han character, a Latin word, a number); `start` is its offset in the line's text."""

    start: int
    text: str
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text in reading order. For every word: `text[w.start : w.start + len(w.text)] == w.text`."""

    text: str
    box: Box
    confidence: float
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal on a page. text: the name around it, empty when it cannot be read; confidence: of the text, 0..1.

    letters: how sure each character of the text is, and less where one beside it was lost; empty where that is not known.
    """

    box: Box
    text: str
    confidence: float
    letters: tuple[float, ...] = ()


@dataclass(frozen=True)
class PageText:
    """The text of one page with its places.

    number: from 1. width, height: pixels of the stored page image. rotation: degrees clockwise the raw page
    was turned to stand upright (0, 90, 180, 270). source: text-layer, rapidocr, tesseract, or unread. seals: from top to bottom.
    handwriting: where it was written on by hand, see `intake/handwriting.py`.
    """

    number: int
    width: int
    height: int
    rotation: int
    source: str
    lines: tuple[Line, ...]
    seals: tuple[Seal, ...] = ()
    handwriting: tuple[Box, ...] = ()

    @property
    def text(self) -> str:
        """Lines in reading order, joined by a newline."""
        return "\n".join(line.text for line in self.lines)

    def is_handwritten(self, box: Box) -> bool:
        """Tell whether what stands in `box` (its middle) was written by hand."""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in self.handwriting)

    def has_hand_in(self, box: Sequence[int]) -> bool:
        """Tell whether a part of what stands in `box` was written by hand: the middle of a word in it, or its own."""
        if len(box) != 4 or not self.handwriting:
            return False
        x0, y0, x1, y1 = box
        within = [
            word.box
            for line in self.lines
            for word in line.words
            if x0 <= (word.box[0] + word.box[2]) / 2 <= x1 and y0 <= (word.box[1] + word.box[3]) / 2 <= y1
        ]
        return any(map(self.is_handwritten, [*within, (x0, y0, x1, y1)]))

    @property
    def with_seals(self) -> tuple[Line, ...]:
        """The lines, and behind them the names around the seals, each as a line of one word: what a search looks through."""
        named = [seal for seal in self.seals if seal.text]
        return (
            *self.lines,
            *(Line(s.text, s.box, s.confidence, (Word(0, s.text, s.box, s.confidence),)) for s in named),
        )

    @property
    def placed(self) -> list[tuple[int, Line]]:
        """The lines of `with_seals`, each with where it begins in the text that they are, joined by a newline."""
        found: list[tuple[int, Line]] = []
        start = 0
        for line in self.with_seals:
            found.append((start, line))
            start += len(line.text) + 1
        return found


@dataclass(frozen=True)
class Quality:
    """How good the image of a page is (DA/T 31-2017). findings: resolution, skew, blurred, dark, faint, cut, blank, damaged.

    dpi: None where the file does not say. skew: degrees clockwise. sharpness: 0..1, how steeply ink begins. brightness: of
    the paper, contrast: between paper and ink, 0..255. cut: the edges over which print runs.
    damaged: a part of the image could not be unpacked.
    """

    dpi: int | None
    skew: float
    sharpness: float
    brightness: int
    contrast: int
    cut: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadPage:
    """One page read: its text and its image (JPEG bytes, upright), ready to be sealed.

    trouble: why it could not be read: killed, timeout, memory, error, damaged; empty when it was. pictured: whether the
    image shows the page; where no picture could be made it is a crossed sheet. quality: of a page that was scanned; None for
    one that carries its own text and is whole.
    """

    page: PageText
    image: bytes
    image_media_type: str = "image/jpeg"
    dpi: float | None = None
    trouble: str = ""
    pictured: bool = True
    quality: Quality | None = None


@dataclass(frozen=True)
class Field:
    """One value read from a page. `value` has the form of DESIGN.md (dates YYYY-MM-DD or long-term, decimal yuan).

    marks: what a person should know: "check_digit_ok", "check_digit_failed", "repaired", "amount_mismatch" ...
    """

    value: str
    page: int
    box: Box
    confidence: float
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Understanding:
    """What a document is. `category` is a code of RULES B1/B5 (``1.2``); `kind` a word (licence, authorization, contract).

    confidence: 0..1 for the whole document. needs_review: reasons, in order; empty when it is sure.
    title: what a person would call the document, from the page.
    """

    category: str
    kind: str
    title: str
    confidence: float
    fields: Mapping[str, Field] = field(default_factory=dict)
    needs_review: tuple[str, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """What the archive answers when a file is durable there. status: received, or duplicate (its bytes were there before).

    batch: of a stack that is cut into documents, where these are found; it has no document_id of its own ("").
    """

    document_id: str
    status: str
    sha256: str
    batch: str = ""


@dataclass(frozen=True)
class Attachment:
    """A file inside another: its name made plain, and its bytes; none where it cannot be taken out."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Limits:
    """What one file may cost, and whose certificates count. Pixels are width times height of one page.

    signature_roots: the folder with the certificates of those whom the company trusts (PEM or DER); "": nothing is judged.
    """

    max_bytes: int = 512 * 1024 * 1024
    max_pages: int = 2000
    max_pixels: int = 200_000_000
    render_dpi: int = 200
    signature_roots: str = ""
