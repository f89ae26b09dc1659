"""The pages of a document while it is read: of a long one only those that tell what it is, so that memory stays bounded."""

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice

from intake.codec import PAGE_BREAK
from intake.errors import Rejected
from intake.model import PageText, ReadPage
from intake.page_numbers import Numbered, missing, numbered
from intake.verification import LACKING
from service.flow.intake.page_quality import rescans

# The title, the parties and the signatures stand here; what lies between them is searched, not understood.
_FIRST_PAGES, _LAST_PAGES = 40, 20
_MOST_NAMED = 20  # pages that are missing


def telling(pages: Iterable[PageText]) -> list[PageText]:
    """Return those pages of a document by which it is understood; only they are in memory."""
    following = iter(pages)
    return [*islice(following, _FIRST_PAGES), *deque(following, maxlen=_LAST_PAGES)]


class Heap:
    """The pages read so far, and what a person should look at because of them."""

    def __init__(self) -> None:
        self._pages = self._unpictured = self._blank = 0
        self._reasons: list[str] = []
        self._texts: list[str] = []
        self.sealed_pages: list[int] = []
        self._numbers: list[Numbered] = []
        self._first: list[PageText] = []
        self._last: deque[PageText] = deque(maxlen=_LAST_PAGES)

    def add(self, page: ReadPage) -> None:
        """Take the next page."""
        self._pages += 1
        self._unpictured += not page.pictured
        self._blank += bool(page.quality and "blank" in page.quality.findings)
        self._texts.append(page.page.text)
        if not page.quality or "blank" not in page.quality.findings:  # a blank back has no number
            self._numbers.append(numbered(page.page))
        if any(seal.text for seal in page.page.seals):
            self.sealed_pages.append(page.page.number)
        (self._first if len(self._first) < _FIRST_PAGES else self._last).append(page.page)
        if page.trouble:
            self._reasons.append(f"unread:{page.page.number}:{page.trouble}")
        self._reasons += rescans(page)

    def require_a_picture(self) -> None:
        """Raise Rejected when nothing of the file can be shown."""
        if self._pages and self._unpictured == self._pages:
            raise Rejected("truncated", "No page of the file can be shown.")

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return why a person must look at the pages: `unread:PAGE:WHY`, `rescan:PAGE:WHY`, `pages_missing:NUMBERS`."""
        if self._pages and self._blank == self._pages:  # the wrong side lay on the glass
            return (*self._reasons, *(f"rescan:{number}:blank" for number in range(1, self._pages + 1)))
        lacking = missing(self._numbers)
        shown = ",".join(map(str, lacking[:_MOST_NAMED])) + ("…" if len(lacking) > _MOST_NAMED else "")
        return (*self._reasons, *([f"{LACKING}{shown}"] if lacking else []))

    @property
    def telling(self) -> list[PageText]:
        """The pages by which the document is understood."""
        return [*self._first, *self._last]

    @property
    def texts(self) -> Sequence[str]:
        """The text of each page."""
        return self._texts

    @property
    def text(self) -> str:
        """The text of all pages, separated by a form feed."""
        return PAGE_BREAK.join(self._texts)
