"""Builds PageText from text and positions, as a reader would return it: one box per line piece, a word per character."""

from __future__ import annotations

from intake.model import Line, PageText, Word


def width_of(text: str, size: float) -> float:
    return sum(size if ord(c) > 0x2E7F else size * 0.55 for c in text)


def line(text: str, x: float, y: float, size: float = 30, confidence: float = 0.98) -> Line:
    """One box: `text` at (x, y), letters `size` pixels; white space keeps its width but is no word."""
    words, at = [], x
    for i, c in enumerate(text):
        w = width_of(c, size)
        if not c.isspace():
            words.append(Word(i, c, (round(at), round(y), round(at + w), round(y + size)), confidence))
        at += w
    return Line(text, (round(x), round(y), round(at), round(y + size)), confidence, tuple(words))


def page(*lines: Line, number: int = 1, width: int = 1700, height: int = 2340) -> PageText:
    return PageText(number, width, height, 0, "rapidocr", tuple(lines))


def letter(
    text: str,
    *,
    number: int = 1,
    width: int = 1700,
    size: float = 30,
    left: float = 180,
    right: float = 1520,
    top: float = 120,
    confidence: float = 0.98,
) -> PageText:
    """A page of running text. A line '# x' is a centred headline, '> x' stands at the right, '|' parts boxes of one row.

    Long lines wrap at the right margin as a word processor would.
    """
    lines, y = [], top
    for raw in text.strip("\n").split("\n"):
        s = raw.rstrip()
        if not s.strip():
            y += size * 0.9
            continue
        if s.startswith("# "):
            big = size * 1.8
            w = width_of(s[2:], big)
            lines.append(line(s[2:], (width - w) / 2, y, big, confidence))
            y += big * 1.7
            continue
        if s.startswith("> "):
            lines.append(line(s[2:], right - width_of(s[2:], size), y, size, confidence))
            y += size * 1.7
            continue
        if "|" in s:
            parts = [p.strip() for p in s.split("|")]
            step = (right - left) / len(parts)
            for i, p in enumerate(parts):
                if p:
                    lines.append(line(p, left + i * step, y, size, confidence))
            y += size * 1.7
            continue
        indent = left + width_of(s[: len(s) - len(s.lstrip())], size)
        s, x = s.lstrip(), indent
        while s:
            fits = 1  # at least: where nothing does, one character stands beyond the edge
            while fits < len(s) and x + width_of(s[: fits + 1], size) <= right:
                fits += 1
            n = fits
            while 0 < n < len(s) and s[n].isascii() and s[n - 1].isascii() and not {s[n], s[n - 1]} & {" ", "("}:
                n -= 1  # numbers and Latin words are not broken
            n = n or fits  # but for one that no line holds
            lines.append(line(s[:n], x, y, size, confidence))
            s, x = s[n:], left
            y += size * 1.7
    return page(*lines, number=number, width=width)


def table(
    rows: list[tuple[str, str]],
    x: float,
    y: float,
    *,
    value_x: float,
    right: float,
    size: float = 30,
    pitch: float = 1.9,
    merge: bool = False,
) -> list[Line]:
    """Labels in one column, values in the next, long values wrapped below one another."""
    lines = []
    for label, value in rows:
        if merge:
            lines.append(line(f"{label}{value}", x, y, size))
            y += size * pitch
            continue
        if label:
            lines.append(line(label, x, y, size))
        rest = value
        while rest:
            n = 0
            while n < len(rest) and value_x + width_of(rest[: n + 1], size) <= right:
                n += 1
            lines.append(line(rest[:n], value_x, y, size))
            rest = rest[n:]
            if rest:
                y += size * 1.35
        y += size * pitch
    return lines
