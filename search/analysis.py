"""What pages are made of, for an index: their streams, codes, numbers and dates.

Most of a page is none of these, and most of those have a plain form. Arrays find both for many pages at once; the patterns of
`folding` and `dates` look only where it is not plain. What comes out is exactly what they find page by page.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from search import dates, numerals
from search.folding import (
    APART,
    CONTEXT,
    FEW,
    JOINT,
    NUMBER_LIKE,
    UNIT_CHARACTERS,
    Tight,
    bracketed,
    broken,
    date_values,
    fold,
    fold_pages,
    in_code,
    number_values,
    priced,
    squeezed_chars,
    stretches,
    values_of,
    without_separators,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    Array: TypeAlias = npt.NDArray[Any]

_AT_ONCE = 40_000  # characters: arrays of so many stay in a core's own cache
_LONGEST = 15  # digits of a whole number

_DIGIT, _LETTER, _ANY_DIGIT, _STOP, _SEPARATOR, _SPACE, _UNIT, _NUMERAL, _MONTH, _YUAN, _IN_AMOUNT = (
    1 << bit for bit in range(11)
)
_ALNUM = _DIGIT | _LETTER
_KINDS = (
    (_DIGIT, "0123456789"),
    (_LETTER, "abcdefghijklmnopqrstuvwxyz"),
    (_STOP, ".,"),
    (_SEPARATOR, "-_/\\·×*."),
    (_SPACE, " "),
    (_UNIT, UNIT_CHARACTERS),
    (_NUMERAL, dates.NUMERALS),
    (_MONTH, "年月"),
    (_YUAN, "元圆"),
    (_IN_AMOUNT, "".join(numerals.NUMERAL) + " "),
)


class Analysed(NamedTuple):
    """What a text is made of. codes: its codes without their separators; numbers, days: values of `folding.numbers`, `folding.days`."""

    chars: str
    codes: list[str]
    numbers: set[str]
    days: set[str]


def analysed_pages(texts: Sequence[str]) -> list[Analysed]:
    """Return what each of the pages is made of."""
    if sum(map(len, texts)) < FEW:
        return [_by_itself(text) for text in texts]
    found: list[Analysed] = []
    some: list[str] = []
    room = _AT_ONCE
    for text in texts:
        some.append(text)
        room -= len(text)
        if room < 0:
            found += _analysed(some)
            some, room = [], _AT_ONCE
    return found + _analysed(some) if some else found


def _by_itself(text: str) -> Analysed:
    folded = fold(text)
    return Analysed(folded.chars, squeezed_chars(folded), number_values(folded), date_values(folded))


class _Sheet(NamedTuple):
    """Pages one behind the other, APART between them, with the code points and kinds of their characters.

    starts, ends: the places of the runs of letters and digits.
    """

    spaced: str
    chars: str
    codes: "Array"
    kinds: "Array"
    breaks: "Array"
    starts: "Array"
    ends: "Array"

    def pages(self, places: "Array") -> list[int]:
        """Return on which page each of the places is."""
        found: list[int] = (self.breaks.searchsorted(places) - 1).tolist()
        return found


def _analysed(texts: list[str]) -> list[Analysed]:
    import numpy as np

    codes = fold_pages(texts)
    kinds = _kinds()[codes]
    spaced = codes.tobytes().decode("utf-32-le")
    chars = spaced.replace(" ", "")
    edges = _edges((kinds & _ALNUM) != 0)
    sheet = _Sheet(
        spaced, chars, codes, kinds, np.flatnonzero(codes == ord(APART)), starts=edges[0::2], ends=edges[1::2]
    )
    found = [Analysed(page, [], set(), set()) for page in chars.split(APART)[1:-1]]
    _find_numbers(sheet, found)
    _find_codes(sheet, found)
    _find_days(sheet, found)
    return found


def _edges(inside: "Array") -> "Array":
    """Return where what is inside begins and ends, in turn; the first and the last are outside."""
    import numpy as np

    return np.flatnonzero(inside[1:] != inside[:-1]) + 1


def _find_numbers(sheet: _Sheet, found: list[Analysed]) -> None:
    import numpy as np

    spaced, codes, kinds = sheet.spaced, sheet.codes, sheet.kinds
    numbers = [page.numbers for page in found]
    edges = _edges((kinds & _DIGIT) != 0)
    if edges.size:
        starts, ends = edges[0::2], edges[1::2]
        before, behind = kinds[starts - 1], kinds[ends]
        second = kinds[np.minimum(ends + 1, codes.size - 1)]
        goes_on = ((behind & _STOP) != 0) & ((second & _ANY_DIGIT) != 0)
        coded = ((behind & _LETTER) != 0) | (((before & _LETTER) != 0) & ~goes_on)  # a part of a code
        plain = (
            ((before & (_LETTER | _ANY_DIGIT | _STOP)) == 0)
            & (ends - starts <= _LONGEST)
            & ((behind & (_LETTER | _ANY_DIGIT | _UNIT)) == 0)
            & ~(goes_on | (((behind & _SPACE) != 0) & ((second & _LETTER) != 0)))
        )
        at = starts[plain]
        last = np.where((before[plain] & _SPACE) != 0, kinds[at - 2], before[plain])
        parted = ((last & _SEPARATOR) != 0).tolist()  # by what may be a separator of a code
        for page, start, end, may_be in zip(sheet.pages(at), at.tolist(), ends[plain].tolist(), parted, strict=True):
            if not (may_be and in_code(spaced, start)):
                numbers[page].add(spaced[start:end].lstrip("0") or "0")
        at, end = starts[~(plain | coded)], 0
        for page, start in zip(sheet.pages(at), at.tolist(), strict=True):
            if start >= end and (match := NUMBER_LIKE.match(spaced, start)):
                end = match.end()
                numbers[page].update(values_of(match))
    yuan = np.flatnonzero(kinds & _YUAN)
    yuan = yuan[(kinds[yuan - 1] & _IN_AMOUNT) != 0]
    for page, text in _some_pages(sheet, yuan):
        numbers[page].update([value for value, _, _ in numerals.amounts(text)])
    others = [*priced(spaced), *broken(spaced), *numerals.shares(spaced)]
    for page, (value, _, _) in zip(sheet.pages(np.array([start for _, start, _ in others], int)), others, strict=True):
        numbers[page].add(value)


def _find_codes(sheet: _Sheet, found: list[Analysed]) -> None:
    import numpy as np

    spaces = np.cumsum((sheet.kinds & _SPACE) != 0)
    begins: list[int] = (sheet.breaks - spaces[sheet.breaks] + 1).tolist()  # of each page in the stream
    every: dict[int, list[Tight]] = {}
    for page, at, until, start in _runs(sheet, spaces):
        run = sheet.spaced[at:until].replace(" ", "")
        if tight := without_separators(run):
            begin = start - begins[page]
            end = begin + len(run)
            every.setdefault(page, []).append((begin, end, tight, begin - CONTEXT, end + CONTEXT))
    if "(" in sheet.chars:
        for page, known in enumerate(found):
            if "(" in known.chars and (brackets := bracketed(known.chars)):
                every[page] = sorted([*every.get(page, ()), *brackets])
    for page, tights in every.items():
        found[page].codes.extend(stretches(found[page].chars, tights))


def _runs(sheet: _Sheet, spaces: "Array") -> Iterator[tuple[int, int, int, int]]:
    """Return (page, where it begins, where it ends, where it begins in the stream) of what may be codes with separators."""
    import numpy as np

    if sheet.starts.size < 2:
        return iter(())
    edges = _edges(np.concatenate(([False], _joined(sheet), [False])))
    starts, ends = sheet.starts[edges[0::2] - 1], sheet.ends[edges[1::2] - 1]
    streamed: list[int] = (starts - spaces[starts]).tolist()
    return zip(sheet.pages(starts), starts.tolist(), ends.tolist(), streamed, strict=True)


def _joined(sheet: _Sheet) -> "Array":
    """Return for each run of letters and digits but the last whether it makes one code with the next."""
    import numpy as np

    codes, kinds = sheet.codes, sheet.kinds
    left, right = sheet.ends[:-1], sheet.starts[1:]
    first = kinds[left]
    single = right - left == 1
    digits = ((kinds & _ANY_DIGIT) != 0).astype(np.int8)
    last = codes.size - 1
    thousand = (
        (digits[right] + digits[np.minimum(right + 1, last)] + digits[np.minimum(right + 2, last)] == 3)
        & (digits[np.minimum(right + 3, last)] == 0)
        & (digits[left - 1] != 0)
    )
    joined: Array = single & (((first & _SEPARATOR) != 0) | ((codes[left] == ord(",")) & thousand))
    may_be = _SEPARATOR | _STOP | _SPACE
    for order in np.flatnonzero(~single & ((first & may_be) != 0) & ((kinds[right - 1] & may_be) != 0)).tolist():
        match = JOINT.match(sheet.spaced, int(left[order]))
        joined[order] = match is not None and match.end() == right[order]
    return joined


def _find_days(sheet: _Sheet, found: list[Analysed]) -> None:
    import numpy as np

    spaced, codes, kinds, starts = sheet.spaced, sheet.codes, sheet.kinds, sheet.starts
    last = codes.size - 1
    digits = (kinds & _ANY_DIGIT) != 0
    at = starts[(codes[starts] == ord("1")) | (codes[starts] == ord("2"))]
    at = at[digits[np.minimum(at + 1, last)] & digits[np.minimum(at + 2, last)] & digits[np.minimum(at + 3, last)]]
    for page, start in zip(sheet.pages(at), at.tolist(), strict=True):
        if value := dates.by_year(spaced, start):
            found[page].days.add(value)
    # What may be a date in another form, and mostly is none.
    written = np.flatnonzero(kinds & _MONTH)
    near = _near(kinds[written - 1], kinds[written - 2]) | _near(
        kinds[np.minimum(written + 1, last)], kinds[np.minimum(written + 2, last)]
    )
    near |= np.where(codes[written - 1] == ord("0"), kinds[written - 2], np.uint16(0))  # 二0二0年
    written = written[((near & _NUMERAL) != 0) | _after_short_years(sheet, written)]
    day = at - 2 - ((kinds[at - 1] & _SPACE) != 0)  # where the last figure of one would stand, before a separator
    behind = at[((kinds[day + 1] & _SEPARATOR) != 0) & ((kinds[day] & _ANY_DIGIT) != 0)]
    republic = [match.start() for match in _REPUBLIC.finditer(spaced)] if "民国" in spaced else []
    for page, text in _some_pages(sheet, np.concatenate((written, behind, _months(sheet), np.array(republic, int)))):
        found[page].days.update(dates.other_values(text))


def _near(next_to: "Array", beyond: "Array") -> "Array":
    """Return the kinds of the neighbours, and of what is beyond a space: any where there are several."""
    import numpy as np

    any_kind = np.where((beyond & _SPACE) != 0, np.uint16(0xFFFF), beyond)
    seen: Array = next_to | np.where((next_to & _SPACE) != 0, any_kind, np.uint16(0))
    return seen


def _after_short_years(sheet: _Sheet, written: "Array") -> "Array":
    """Return which of the places stand right behind two digits, or a space behind them: 26年."""
    import numpy as np

    one, two, three, four = (sheet.kinds[written - back] & (_ANY_DIGIT | _SPACE) for back in (1, 2, 3, 4))
    close = ((one & two & _ANY_DIGIT) != 0) & ((three & _ANY_DIGIT) == 0)
    apart = (one == _SPACE) & ((two & three & _ANY_DIGIT) != 0) & ((four & _ANY_DIGIT) == 0)
    return np.asarray((sheet.codes[written] == ord("年")) & (close | apart))


_REPUBLIC = re.compile("民国")


def _months(sheet: _Sheet) -> "Array":
    """Return where the English name of a month may begin."""
    import numpy as np

    letters = (sheet.kinds & _LETTER) != 0
    at = np.flatnonzero(letters[:-2] & letters[1:-1] & letters[2:])
    return at[_month_names()[_of_three(sheet.codes[at], sheet.codes[at + 1], sheet.codes[at + 2])]]


def _of_three(first: "Array", second: "Array", third: "Array") -> "Array":
    number: Array = ((first - ord("a")) * 26 + second - ord("a")) * 26 + third - ord("a")
    return number


@cache
def _month_names() -> "Array":
    import numpy as np

    found = np.zeros(26**3, bool)
    codes = np.array([[ord(char) for char in name] for name in dates.MONTHS], np.uint32)
    found[_of_three(*codes.T)] = True
    return found


def _some_pages(sheet: _Sheet, places: "Array") -> Iterator[tuple[int, str]]:
    """Yield the pages that the places are on, each once, with their text."""
    breaks = sheet.breaks
    for page in sorted(set(sheet.pages(places))):
        yield page, sheet.spaced[breaks[page] + 1 : breaks[page + 1]]


@cache
def _kinds() -> "Array":
    """Return what kinds of character each code point is, as bits."""
    import numpy as np

    found = np.zeros(0x110000, np.uint16)
    for kind, chars in _KINDS:
        found[np.array([ord(char) for char in set(chars)])] |= kind
    every = np.arange(0x110000, dtype=np.uint32).view("U1")
    found[np.char.isdecimal(every)] |= _ANY_DIGIT
    return found
