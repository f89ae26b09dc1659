"""Sketches: what is kept of a text so that another with mostly the same words is found and compared without reading either.

The text is folded, its punctuation left out, and cut into overlapping pieces of SHINGLE characters: a character that was read
wrongly spoils three pieces, lines in another order spoil those at their ends. Of the pieces' hashes the smallest are kept (the
bottom-k sketch of A. Z. Broder, "On the resemblance and containment of documents", 1997), because the same pieces give the same
hashes in every text. Hashes are keyed: without the secret nothing can be told of the words from them.

Papers made from one form share most words and differ in their figures. So figures are compared on their own, and the marks by
which candidates are found prefer them: of ten thousand contracts of one form few share their marks.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from heapq import nsmallest

from search.folding import fold

#: Raise it whenever a text would get another sketch.
VERSION = 1
SHINGLE = 3
KEPT, KEPT_FIGURES, MARKS = 200, 80, 12
LEAST = 60  # pieces; a text with fewer is too short to be told from others
LEAST_FIGURES = 12
SAME_WORDS, SAME_FIGURES = 0.45, 0.52
_WEIGHT = 5
_FIGURE = re.compile(r"\d\D?\d")
_NO_WORD = re.compile(r"[\W_]+")
_BYTES = 7


@dataclass(frozen=True)
class Sketch:
    """pieces, figures: the smallest hashes of all pieces and of those with figures, in order. marks: what a look-alike is found by."""

    pieces: tuple[int, ...]
    figures: tuple[int, ...]
    marks: tuple[int, ...]


def sketch(texts: Iterable[str], secret: bytes) -> Sketch:
    """Return the sketch of a document's page texts. secret: up to 64 bytes, the same for all that are compared."""
    chars = _NO_WORD.sub("", "".join(fold(text).chars for text in texts))
    pieces = {chars[at : at + SHINGLE] for at in range(len(chars) - SHINGLE + 1)}
    hashed = {_hash(piece, secret): bool(_FIGURE.search(piece)) for piece in pieces}
    figures = [value for value, figure in hashed.items() if figure]
    marks = nsmallest(MARKS, hashed, key=lambda value: value >> _WEIGHT if hashed[value] else value)
    return Sketch(
        tuple(nsmallest(KEPT, hashed)),
        tuple(nsmallest(KEPT_FIGURES, figures)),
        tuple(marks) if len(hashed) >= LEAST else (),
    )


def _hash(piece: str, secret: bytes) -> int:
    return int.from_bytes(blake2b(piece.encode("utf-8", "replace"), key=secret, digest_size=_BYTES).digest(), "big")


def shared(one: tuple[int, ...], other: tuple[int, ...], kept: int) -> float:
    """Return about what share of the pieces of two texts both have, 0..1 (Dice), from their smallest hashes."""
    both = set(one) & set(other)
    first = nsmallest(kept, set(one) | set(other))
    if not first:
        return 0.0
    resemblance = sum(value in both for value in first) / len(first)
    return 2 * resemblance / (1 + resemblance)


def same_paper(one: Sketch, other: Sketch) -> float:
    """Return the share of words in common where two texts are of the same paper, otherwise 0.

    They are when most words agree and, where both have figures, most of those, too. Two papers that differ in nothing but a
    name, and blank forms, are taken for one.
    """
    words = shared(one.pieces, other.pieces, KEPT)
    if words < SAME_WORDS:
        return 0.0
    enough = min(len(one.figures), len(other.figures)) >= LEAST_FIGURES
    if enough and shared(one.figures, other.figures, KEPT_FIGURES) < SAME_FIGURES:
        return 0.0
    return words


def packed(values: tuple[int, ...]) -> str:
    """Return hashes as text for a database."""
    return b64encode(b"".join(value.to_bytes(_BYTES, "big") for value in values)).decode()


def unpacked(text: str) -> tuple[int, ...]:
    """Return what `packed` was given."""
    data = b64decode(text)
    return tuple(int.from_bytes(data[at : at + _BYTES], "big") for at in range(0, len(data), _BYTES))
