"""Changing the documents of a batch before its release: pure, on lists of parts. Raises NoSuchPage for what is not there."""

from collections.abc import Sequence
from dataclasses import replace

from intake.batches.plan import Part


class NoSuchPage(LookupError):
    """The page is in no document of the batch, or the document is not there."""


def _place(parts: Sequence[Part], key: str) -> tuple[int, int]:
    for p, part in enumerate(parts):
        for i, (name, _turn) in enumerate(part.pages):
            if name == key:
                return p, i
    raise NoSuchPage(f"page {key} is in no document")


def _with(parts: Sequence[Part], number: int, pages: Sequence[tuple[str, int]]) -> list[Part]:
    """Return the parts with other pages in one of them; a part without a page is none."""
    changed = [replace(part, pages=tuple(pages)) if i == number else part for i, part in enumerate(parts)]
    return [part for part in changed if part.pages]


def rotate(parts: Sequence[Part], key: str, degrees: int) -> list[Part]:
    """Turn a page clockwise by 90, 180 or 270 degrees beyond how it stands now."""
    p, i = _place(parts, key)
    pages = list(parts[p].pages)
    pages[i] = (key, (pages[i][1] + degrees) % 360)
    return _with(parts, p, pages)


def move(parts: Sequence[Part], key: str, before: str | None) -> list[Part]:
    """Put a page before another, in whichever document that is; None: to the end of its own document."""
    p, i = _place(parts, key)
    page = parts[p].pages[i]
    if before == key:
        return list(parts)
    if before is None:
        rest = [*parts[p].pages[:i], *parts[p].pages[i + 1 :]]
        return _with(parts, p, [*rest, page])
    to, _ = _place(parts, before)
    without = [replace(part, pages=tuple(q for q in part.pages if q[0] != key)) for part in parts]
    at = next(n for n, q in enumerate(without[to].pages) if q[0] == before)
    return _with(without, to, [*without[to].pages[:at], page, *without[to].pages[at:]])


def step(parts: Sequence[Part], key: str, by: int) -> list[Part]:
    """Move a page one place earlier (-1) or later (+1) within its document; at the end it stays."""
    p, i = _place(parts, key)
    pages = list(parts[p].pages)
    to = min(max(i + by, 0), len(pages) - 1)
    pages.insert(to, pages.pop(i))
    return _with(parts, p, pages)


def drop(parts: Sequence[Part], key: str) -> list[Part]:
    """Take a page out of its document."""
    p, i = _place(parts, key)
    return _with(parts, p, [*parts[p].pages[:i], *parts[p].pages[i + 1 :]])


def keep(parts: Sequence[Part], key: str, order: Sequence[str]) -> list[Part]:
    """Put a page that was left out where it lay: behind the page before it in `order`, or before the one after it."""
    held = {name for part in parts for name, _ in part.pages}
    if key in held:
        return list(parts)
    if key not in order:
        raise NoSuchPage(f"there is no page {key}")
    at = order.index(key)
    before = next((name for name in reversed(order[:at]) if name in held), None)
    after = next((name for name in order[at + 1 :] if name in held), None)
    if before is not None:
        p, i = _place(parts, before)
        return _with(parts, p, [*parts[p].pages[: i + 1], (key, 0), *parts[p].pages[i + 1 :]])
    if after is not None:
        p, i = _place(parts, after)
        return _with(parts, p, [*parts[p].pages[:i], (key, 0), *parts[p].pages[i:]])
    return [Part(((key, 0),))]


def split_before(parts: Sequence[Part], key: str) -> list[Part]:
    """Let a new document begin with this page; it belongs to the same contract and customer, its category is its own."""
    p, i = _place(parts, key)
    if i == 0:
        return list(parts)
    part = parts[p]
    return [
        *parts[:p],
        replace(part, pages=part.pages[:i]),
        replace(part, pages=part.pages[i:], category=""),
        *parts[p + 1 :],
    ]


def merge(parts: Sequence[Part], key: str) -> list[Part]:
    """Join the document with this page and the next one; what the first one's separator said holds."""
    p, _ = _place(parts, key)
    if p + 1 >= len(parts):
        raise NoSuchPage("there is no document after the last one")
    joined = replace(parts[p], pages=parts[p].pages + parts[p + 1].pages)
    return [*parts[:p], joined, *parts[p + 2 :]]


def join(parts: Sequence[Part]) -> list[Part]:
    """Join all documents into one, in their order; what the first one's separator said holds."""
    if not parts:
        raise NoSuchPage("there is no document to join")
    return [replace(parts[0], pages=tuple(page for part in parts for page in part.pages))]


def exchange(parts: Sequence[Part], key: str, new: str) -> list[Part]:
    """Put another scan of a page in its place."""
    p, i = _place(parts, key)
    pages = list(parts[p].pages)
    pages[i] = (new, 0)
    return _with(parts, p, pages)
