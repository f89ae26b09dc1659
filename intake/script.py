"""Simplified and traditional forms on one page: a page is set in one of them, a stray form of the other is misread."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import repeat

from intake.folding import SIMPLIFIED


def _within(char: str, codec: str) -> bool:
    try:
        char.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


_TRADITIONAL: dict[str, str] = {}
for _one, _other in SIMPLIFIED.items():
    # Where two traditional forms share a simplified one (複, 復: 复) nobody can tell which is meant, nor with a form
    # that traditional print has, too (后, 准): Big5 is the measure.
    shared = _other in _TRADITIONAL or _within(_other, "big5")
    _TRADITIONAL[_other] = "" if shared else _one
_CLEAR = 8  # times as many characters of one script as of the other make a page of that script
_SURE = 0.9  # a line wholly in the other script stays when it was read better than this
_CERTAIN = 0.95  # what is less sure says nothing of the script of its page


#: The point after the number of a clause, read as one at half height.
_POINT = re.compile(r"(?<=^\d)·|(?<=^\d\d)·")
#: A dash between two dates, read as the numeral one.
_DASH = re.compile(r"(?<=[日0-9])一(?=[0-9]{4}[年./-])")


def harmonised(texts: Sequence[str], scores: Sequence[float], letters: Sequence[Sequence[float]] = ()) -> list[str]:
    """Return the lines of a page with stray characters of the other script put into its own, and dashes as dashes.

    scores: how sure the reading of each line is; letters: that of each of its characters. A line wholly in the other script (a name on
    a seal, a quotation) stays as it is when it was read well. Characters with several counterparts stay.
    """
    texts = [_POINT.sub(".", _DASH.sub("—", text)) for text in texts]
    simple, full = _count(_read_surely(texts, letters) if letters else texts)
    if simple >= _CLEAR * max(1, full):
        stray = SIMPLIFIED
    elif full >= _CLEAR * max(1, simple):
        stray = _TRADITIONAL
    else:
        return list(texts)
    result = []
    for text, score, sure in zip(texts, scores, letters or repeat(()), strict=False):
        of_line = _count([text])
        native = of_line[0] if stray is SIMPLIFIED else of_line[1]
        misread = native or score < _SURE
        own = sure if len(sure) == len(text) else (score,) * len(text)
        result.append(
            "".join((stray.get(c) or c) if misread or s < _SURE else c for c, s in zip(text, own, strict=True))
        )
    return result


def _read_surely(texts: Sequence[str], letters: Sequence[Sequence[float]]) -> list[str]:
    return [
        "".join(c for c, sure in zip(text, s, strict=False) if sure >= _CERTAIN)
        for text, s in zip(texts, letters, strict=True)
    ]


def _count(texts: Iterable[str]) -> tuple[int, int]:
    """Return how many characters are of simplified form only, and of traditional form only."""
    simple = full = 0
    for char in "".join(texts):
        if "\u4e00" <= char <= "\u9fff":
            one, other = _one_script(char)
            simple, full = simple + one, full + other
    return simple, full


@cache
def _one_script(char: str) -> tuple[bool, bool]:
    """Tell whether a character is of one script alone: in GB 2312 and not in Big5, or the other way about."""
    one, other = _within(char, "gb2312"), _within(char, "big5")
    return one and not other, char in SIMPLIFIED and not one
