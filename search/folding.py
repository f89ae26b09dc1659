"""Folding: what counts as the same character, and where each one stood in the original text.

A text is read as a stream of characters: compatibility forms (full- and half-width, ligatures, Kangxi radicals), case,
traditional and simplified forms fold together, accents and invisible characters vanish, and so does all white space, because a line wrap, a page's inner
spaces and a wrapped number do not change what the paper says. Punctuation stays. Both engines and the highlighter work
on this one stream, so they cannot disagree.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from search import numerals
from search.dates import dates, typed_date, values_of_dates

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import opencc

_DASHES = "‐‑‒–—―−﹘﹣－"
_SAME = {
    **dict.fromkeys(map(ord, _DASHES), "-"),
    **dict.fromkeys(map(ord, "“”„‟〝〞＂"), '"'),
    **dict.fromkeys(map(ord, "‘’‚‛＇"), "'"),
    **dict.fromkeys(map(ord, "•‧∙⋅・･"), "·"),
    # 〔2026〕12号 is [2026]12号 is (2026)12号, and 「甲方」 is “甲方” in traditional print.
    **dict.fromkeys(map(ord, "[〔【〖"), "("),
    **dict.fromkeys(map(ord, "]〕】〗"), ")"),
    **dict.fromkeys(map(ord, "「」『』"), '"'),
    **dict.fromkeys(map(ord, "✕✖╳⨯"), "×"),
    **dict.fromkeys(map(ord, "∗⁎"), "*"),
}
# Control, format, surrogate and private-use characters: a person can neither see nor type them.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co"})
_ACCENTS = range(0x0300, 0x0370)
_VARIATION_SELECTORS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))


class _Table(dict[int, str]):
    """What each code point becomes, worked out on first sight: a space for white space, "" for what is not there.

    uneven: those seen so far that become none or several.
    """

    uneven: frozenset[str] = frozenset()

    def __missing__(self, code: int) -> str:
        folded = _fold_one(chr(code))
        if len(folded) != 1:
            self.uneven |= {chr(code)}
        self[code] = folded
        return folded


def _fold_one(char: str) -> str:
    if char.isspace():
        return " "
    if unicodedata.category(char) in _INVISIBLE or ord(char) in _VARIATION_SELECTORS:
        return ""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    kept = (c for c in plain if ord(c) not in _ACCENTS and unicodedata.category(c) not in _INVISIBLE)
    # Spaces inside an expansion (U+00B4 is a space and an accent) are not white space of the text.
    return "".join(_SAME.get(ord(c)) or _simplified(c) for c in kept).replace(" ", "")


# What traditional papers write in some words and simplified ones hardly ever (藉口 is 借口, 明瞭 is 明了): which it is, only the word
# says. Characters of which both are common in simplified writing (像 象, 座 坐, 覆 复) stay two.
_MERGED = dict(zip("瞭藉濬澂甦揹拏伕甯雠", "了借浚澄苏背拿夫宁仇", strict=True))


def _simplified(char: str) -> str:
    """Return the simplified form of a Han character. Character by character: the stream must keep every place."""
    if char < "\u3400" or not char.isidentifier():
        return char
    # Some forms go by way of another; folding what is folded must change nothing.
    simplified: str = _converter().convert(_converter().convert(char))
    return _MERGED.get(simplified, simplified)


@cache
def _converter() -> "opencc.OpenCC":
    import opencc  # 50 ms, only where there is Chinese to fold

    return opencc.OpenCC("t2s")


_TABLE = _Table(_SAME)


@dataclass(frozen=True)
class Folded:
    """chars: the stream. spaced: the same with one space for each white-space character of the text."""

    chars: str
    spaced: str


def fold(text: str) -> Folded:
    """Return the folded stream of `text`. Any text is valid; folding what is folded changes nothing."""
    spaced = text.translate(_TABLE)
    return Folded(spaced.replace(" ", ""), spaced)


def fold_pages(texts: Sequence[str]) -> "npt.NDArray[np.uint32]":
    """Return the code points of the folded pages, white space kept as in `Folded.spaced`: APART, and behind each page once more.

    A quarter of the time of `fold` for long texts; the first call loads what that takes.
    """
    import numpy as np

    table = _array()
    joined = APART + "".join([text + APART for text in texts])
    if joined.count(APART) > len(texts) + 1:
        joined = APART + "".join([text.replace(APART, "") + APART for text in texts])
    while True:
        codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
        folded = table[codes]
        if int(folded.max()) < _UNSEEN:
            return folded
        for code in {int(code) for code in codes[folded >= _UNSEEN]}:
            one = _TABLE[code]
            if len(one) == 1:
                table[code] = ord(one)
            else:
                joined = joined.replace(chr(code), one)


def folded_together(texts: Sequence[str]) -> list[Folded]:
    """Return what `fold` makes of each text, by arrays where they are worth it."""
    if sum(map(len, texts)) < FEW:
        return [fold(text) for text in texts]
    spaced = fold_pages(texts).tobytes().decode("utf-32-le").split(APART)[1:-1]
    return [Folded(one.replace(" ", ""), one) for one in spaced]


FEW = 3000  # characters that are not worth arrays
APART = "\ue000"  # a private-use character: folding leaves none in any text
_UNSEEN = 0x110000  # above every code point; what becomes none or several characters stays unseen


@cache
def _array() -> "npt.NDArray[np.uint32]":
    """Return the table as an array, which is read without a step of ours for each character."""
    import numpy as np

    table = np.full(0x110000, _UNSEEN, np.uint32)
    table[ord(APART)] = ord(APART)
    return table


def origin_of(text: str, folded: Folded) -> Callable[[int], int]:
    """Return what tells, for an offset in the stream, that of the character of `text` it came from; folded: ``fold(text)``."""
    changes = _uneven(_TABLE.uneven)
    if not changes.search(text):
        # Only white space is left out: how much of it stands before each character says where that stands.
        before = [match.start() - order for order, match in enumerate(_SPACES.finditer(folded.spaced))]
        return lambda offset: offset + bisect_right(before, offset)
    # Where each change begins and ends in the stream, and stands in the text.
    begins, ends, origins = [0], [0], [-1]
    for at in sorted(match.start() for pattern in (changes, _WHITE) for match in pattern.finditer(text)):
        begin = ends[-1] + at - origins[-1] - 1
        begins.append(begin)
        ends.append(begin + len(_TABLE[ord(text[at])].replace(" ", "")))
        origins.append(at)

    def origin(offset: int) -> int:
        last = bisect_right(begins, offset) - 1
        return origins[last] + max(offset - ends[last] + 1, 0)

    return origin


_SPACES, _WHITE = re.compile(" "), re.compile(r"\s")


@lru_cache(maxsize=1)
def _uneven(chars: frozenset[str]) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(''.join(sorted(chars)))}]" if chars else "(?!)")


# --- the same without its separators: a contract number without its hyphens, a company without its brackets -----------------

CONTEXT = 8  # characters on each side of a code that are squeezed with it, so that `编号HTXS20260001` is one word
NAME_CONTEXT = 20  # on each side of a bracket in a name, as far as the name goes: letters, digits and Han
_LEAST = 4  # shorter runs (`1-2`, `A/B`) are not codes: leaving out their separator would only find strangers
# Possessive: what follows letters and digits is none of them, so that giving one back never helps.
_JOINT = r"(?:\s*[-_/\\·×*]\s*|\.|(?<=\d)\s?,\s?(?=\d{3}(?!\d)))+"
_RUN = re.compile(rf"[a-z0-9]++(?=[-_/\\·×*.,\s])(?:{_JOINT}[a-z0-9]++)+")
JOINT = re.compile(rf"{_JOINT}(?=[a-z0-9])")  # what may stand between the parts of a code
_SEPARATOR = re.compile(r"[^a-z0-9]")
_AMOUNT = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+")
# 100×200 is 100*200 is 100x200; on either side a number keeps its stop.
_BY = re.compile(r"[×*]|(?<=\d)x(?=\d)")
_TIMES = str.maketrans("×*", "xx")
# What stands in brackets behind a name and is a part of it: 华信(北京)有限公司, 会计师事务所(特殊普通合伙), XS(2026)0012.
_BRACKETED = re.compile(r"\(([^\W_]{2,12})\)")
_NAME = re.compile(rf"[^\W_]{{0,{NAME_CONTEXT}}}")


@dataclass(frozen=True)
class Squeezed:
    """A stretch of the stream without the separators of its codes; places: each character's index in the stream."""

    chars: str
    places: tuple[int, ...]


# A code or a bracketed part of a name: where it begins and ends in the stream, its characters without separators, and from where to
# where the stretch reaches that is squeezed with it.
Tight: TypeAlias = tuple[int, int, str, int, int]


def squeezed(folded: Folded) -> list[Squeezed]:
    """Return the codes, amounts and bracketed names of a text without their separators, each with a few characters around it.

    Separators are hyphens, underscores, slashes, middle dots and stops between Latin letters or digits, the commas
    that group thousands, and the brackets of a name; the stop of a decimal fraction is none. Signs that multiply become
    an x. Nothing is returned for texts without separators.
    """
    stretches = []
    for bounds in _windows(folded):
        places = tuple(chain.from_iterable(range(left + 1, right) for left, right in pairwise(bounds)))
        stretches.append(Squeezed(_without(folded.chars, bounds), places))
    return stretches


def squeezed_chars(folded: Folded) -> list[str]:
    """Return the characters alone of what `squeezed` returns, which is a good deal quicker."""
    chars, spaced = folded.chars, folded.spaced
    every: list[Tight] = []
    looked = spaces = 0
    for match in _RUN.finditer(spaced):
        run = match[0].replace(" ", "")
        if tight := without_separators(run):
            at = match.start()
            spaces += spaced.count(" ", looked, at)
            looked, start = at, at - spaces
            every.append((start, start + len(run), tight, start - CONTEXT, start + len(run) + CONTEXT))
    return stretches(chars, sorted([*every, *bracketed(chars)]))


def stretches(chars: str, every: Iterable[Tight]) -> list[str]:
    """Return the stretches of one text without separators; every: what stands in it, in order."""
    found: list[str] = []
    parts: list[str] = []
    end = reach = 0
    for start, until, tight, left, right in every:
        if parts and left <= reach:
            parts.append(chars[end:start])
        else:
            if parts:
                found.append("".join(parts) + chars[end:reach])
            parts, reach = [chars[max(left, 0) : start]], 0
        parts.append(tight)
        end, reach = until, max(reach, min(right, len(chars)))
    if parts:
        found.append("".join(parts) + chars[end:reach])
    if "×" in chars or "*" in chars:
        return [stretch.translate(_TIMES) for stretch in found]
    return found


def bracketed(chars: str) -> list[Tight]:
    """Return the brackets of a stream that are parts of names."""
    found = []
    for match in _BRACKETED.finditer(chars):
        start, end = match.span()
        if (
            start
            and chars[start - 1].isalnum()
            and (before := _NAME.match(chars[max(start - NAME_CONTEXT, 0) : start][::-1]))
        ):
            behind = _NAME.match(chars, end)
            found.append((start, end, match[1], start - before.end(), behind.end() if behind else end))
    return found


def without_separators(run: str) -> str:
    """Return a code without its separators; "" if it has none that a person may leave out."""
    if "x" in run or "×" in run or "*" in run:
        tight = "x".join([_tight(part) for part in _BY.split(run)])
    else:
        tight = _tight(run)
    return tight if tight != run and len(tight) - tight.count(".") >= _LEAST else ""


def _tight(part: str) -> str:
    whole, stop, rest = part.partition(".")
    if stop and whole.isdecimal() and rest.isdecimal():
        return part
    if "," in part and _AMOUNT.fullmatch(part):
        return part.replace(",", "")
    return _SEPARATOR.sub("", part)


def _windows(folded: Folded) -> list[list[int]]:
    """Return for each stretch the places before it, of every separator in it, and after it."""
    windows: list[list[int]] = []
    most = len(folded.chars)
    for _, gone, left, right in _every(folded):
        if windows and left <= windows[-1][-1]:
            windows[-1][-1:] = [*gone, max(min(right, most), windows[-1][-1])]
        else:
            windows.append([max(left, 0) - 1, *gone, min(right, most)])
    return windows


def _without(chars: str, bounds: list[int]) -> str:
    return "".join([chars[left + 1 : right] for left, right in pairwise(bounds)]).translate(_TIMES)


def squeeze(folded: Folded) -> str:
    """Return the whole stream without the separators of its codes, amounts and names."""
    dropped = [at for _, gone, _, _ in _every(folded) for at in gone]
    return _without(folded.chars, [-1, *dropped, len(folded.chars)])


def _every(folded: Folded) -> list[tuple[int, list[int], int, int]]:
    """Return where each code and bracket of a name begins, the separators in it, and how far its stretch reaches."""
    chars, spaced = folded.chars, folded.spaced
    found = [(start, [start, end - 1], left, right) for start, end, _, left, right in bracketed(chars)]
    for match in _RUN.finditer(spaced):
        run = match[0].replace(" ", "")
        if without_separators(run):
            start = match.start() - spaced.count(" ", 0, match.start())
            end = start + len(run)
            found.append((start, [start + at for at in _separators(run)], start - CONTEXT, end + CONTEXT))
    return sorted(found)


def _separators(run: str) -> list[int]:
    """Return the places in `run` of the characters that a person may leave out."""
    found: list[int] = []
    begin = 0
    for left, right in [*(match.span() for match in _BY.finditer(run)), (len(run), len(run))]:
        part = run[begin:left]
        tight = _tight(part)
        if tight != part:
            found += [
                begin + match.start() for match in _SEPARATOR.finditer(part) if match[0] != "." or "." not in tight
            ]
        begin = right
    return found


# --- amounts: 6,922,000.00 is 6922000 is 692.2万 ------------------------------------------------------------------------

_FIGURES = r"(?:\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.\d{1,8})?"
_WORTH = {"": 1, "十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_ENGLISH = {" thousand": 10**3, " million": 10**6, " billion": 10**9}
_UNITS = {
    **{
        few + many: Decimal(_WORTH[few] * _WORTH[many]) for few in ("", "十", "百", "千", "万") for many in ("万", "亿")
    },
    **{unit: Decimal(_WORTH[unit]) for unit in ("", "百", "千")},
    **{unit: Decimal(worth) for unit, worth in _ENGLISH.items()},
}
UNIT_CHARACTERS = "十百千万亿"
_UNIT = "万亿|[十百千]?[万亿]"
_AFTER = rf"{_UNIT}|[百千](?=[ ]?[元圆])|[ ](?:thousand|million|billion)(?![a-z])"
_LONGEST = 15  # digits before the stop
_DIGIT = re.compile(r"\d")
_MAY_BE_UNIT = frozenset("十百千万亿 ")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_PARTS = frozenset("-_/")
# A line may end behind a hyphen, and before one where another says that it is a code and not a number below zero.
_PART = r"(?:[-_/] ?| [-_/])[a-z0-9]++"
_BEFORE_PART = re.compile(rf"[a-z][a-z0-9]*+(?:(?:{_PART})*+[-_/] ?|(?:{_PART})++ [-_/])$")
_LONGEST_CODE = 40
_AROUND = frozenset(".,") | _LETTERS
_AMOUNT_ALONE = re.compile(_FIGURES)
_CHUNK = re.compile(r"[0-9][0-9.,]*")
_UNIT_AT = re.compile(_AFTER)
# A chunk by what it is: a number with nothing around it that belongs to one, whole (1) or with a separator (2); one that needs a closer
# look (3); or none: a part of a code, more digits than a number has, a date with stops.
_ALONE = r"(?![\da-z十百千万亿]|[.,]\d|[ ][tmb])"
NUMBER_LIKE = re.compile(
    rf"[0-9](?:(?<![a-z\d.,].)(?:([0-9]{{0,14}}+){_ALONE}"
    rf"|([0-9]{{0,2}}(?:,[0-9]{{3}})++(?:\.[0-9]{{1,8}}+)?+{_ALONE}|[0-9]{{0,14}}+\.[0-9]{{1,8}}+{_ALONE}))"
    r"|(?:(?<=[a-z].)[0-9]*+|[0-9]{15,}+|[0-9]*+(?:\.[0-9]++){2,}+)(?![.,]\d)|[0-9]*+(?=[a-z])|([0-9.,]*+))"
)
_LOOKS_AFTER = 10  # characters behind a number that say what it is
_NUMBER = re.compile(rf"(?<![a-z\d])(?<![\d][.,])({_FIGURES})(?:({_AFTER})|(?![a-z\d]|[.,]\d))")
_CURRENCY = "人民币|美元|港币|港元|欧元|rmb|cny|usd|us(?=[$])|hkd|hk(?=[$])|eur"
_YUAN = "人民币|美元|港币|港元|欧元|元|圆|rmb|cny|usd|hkd|eur"
_TYPED_AMOUNT = re.compile(
    rf"(?:{_CURRENCY})?[¥¥$€]?({_FIGURES})({_UNIT}|[百千]|thousand|million|billion|)(?:{_YUAN})?整?"
)
CURRENCIES = ("rmb", "cny", "usd", "hkd", "eur")
_PRICED = re.compile(rf"(?<![a-z\d])(?:{'|'.join(CURRENCIES)})({_FIGURES})(?:({_AFTER})|(?![a-z\d]|[.,]\d))")
_BREAK = re.compile(r"(?:, | ,)\d{3}(?!\d)")
_LONGEST_HEAD = 30  # characters of an amount before it goes on in the next line
_BROKEN = re.compile(
    rf"(?<![a-z\d])(?<![\d][.,])(?<![\d][.,] )(\d{{1,3}}(?: ?, ?\d{{3}})+(?:\.\d{{1,8}})?)(?:({_AFTER})|(?![a-z\d]|[.,]\d))"
)
_LEAST_NUMERAL = 1000  # of one in Chinese numerals that is typed without saying that it is an amount


class Number(NamedTuple):
    """A whole number or a date in a text: its canonical form, and the stretch of the stream where it stands."""

    value: str
    start: int
    end: int


def numbers(folded: Folded) -> list[Number]:
    """Return the numbers of a text in order, thousands and units (万, 亿) worked out; shares of a hundred with their sign."""
    spaces = folded.spaced.count
    found = [
        *_each_number(folded.spaced),
        *numerals.amounts(folded.spaced),
        *priced(folded.spaced),
        *broken(folded.spaced),
        *numerals.shares(folded.spaced),
    ]
    return [
        Number(value, start - spaces(" ", 0, start), end - spaces(" ", 0, end))
        for value, start, end in sorted(found, key=lambda one: one[1])
    ]


def number_values(folded: Folded) -> set[str]:
    """Return the values alone of what `numbers` returns, which is a good deal quicker."""
    spaced = folded.spaced
    found: set[str] = set()
    for match in NUMBER_LIKE.finditer(spaced):
        found.update(values_of(match))
    found.update([value for value, _, _ in numerals.amounts(spaced)])
    found.update([value for value, _, _ in priced(spaced)])
    found.update([value for value, _, _ in broken(spaced)])
    found.update([value for value, _, _ in numerals.shares(spaced)])
    return found


def values_of(match: re.Match[str]) -> Sequence[str]:
    """Return the values of what `NUMBER_LIKE` found."""
    kind = match.lastindex
    if kind is None or (kind == 1 and in_code(match.string, match.start())):
        return ()
    if kind == 3:
        return [value for value, _, _ in _numbers_at(match.string, *match.span())]
    return (_without_unit(match[0]),)


def _each_number(spaced: str) -> Iterator[tuple[str, int, int]]:
    for chunk in _CHUNK.finditer(spaced):
        yield from _numbers_at(spaced, *chunk.span())


def _numbers_at(spaced: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Yield the numbers of a chunk of digits, commas and stops."""
    figures = spaced[start:end]
    before, after = spaced[start - 1 : start], spaced[end : end + 1]
    said = _UNIT_AT.match(spaced, end) if after in _MAY_BE_UNIT else None
    unit = said[0] if said else ""
    if (before in _LETTERS or after in _LETTERS) and figures.isdecimal():
        return  # a part of a code
    # Most have nothing around them that belongs to a number: the pattern that looks around is slow.
    alone = (
        (unit or after not in _AROUND) and before not in _AROUND and not before.isdecimal() and not after.isdecimal()
    )
    if alone and ((figures.isdecimal() and len(figures) <= _LONGEST) or _AMOUNT_ALONE.fullmatch(figures)):
        if unit or not (figures.isdecimal() and in_code(spaced, start)):
            yield _canonical(figures, unit), start, end + len(unit)
        return
    for match in _NUMBER.finditer(spaced, start, end + _LOOKS_AFTER):
        if match.start() < end and (match[2] or not (match[1].isdecimal() and in_code(spaced, match.start()))):
            yield _canonical(match[1], match[2] or ""), match.start(), match.end()


def in_code(spaced: str, start: int) -> bool:
    """Return whether digits from `start` on are a part of a code that has letters before them: HT-XS-2021-3979 is no 3979."""
    near = spaced[max(start - 2, 0) : start].rstrip(" ")
    return near[-1:] in _PARTS and _BEFORE_PART.search(spaced, max(start - _LONGEST_CODE, 0), start) is not None


def priced(spaced: str) -> Iterator[tuple[str, int, int]]:
    """Yield (value, start, end) of the numbers that stand right behind the letters of a currency: USD6,922,000.00 is no code."""
    if any(letters in spaced for letters in CURRENCIES):
        for match in _PRICED.finditer(spaced):
            yield _canonical(match[1], match[2] or ""), match.start(1), match.end()


def broken(spaced: str) -> Iterator[tuple[str, int, int]]:
    """Yield (value, start, end) of the amounts that go on in the next line behind a comma; of whole numbers nobody knows whether they are two."""
    end = 0
    for at in _BREAK.finditer(spaced):
        if at.start() < end or not spaced[at.start() - 1 : at.start()].isdecimal():
            continue
        for match in _BROKEN.finditer(spaced, max(at.start() - _LONGEST_HEAD, 0), at.start() + _LONGEST_CODE):
            if match.start() < at.start() < match.end():
                figures, unit = match[1].replace(" ", ""), match[2] or ""
                if unit or "." in figures or spaced.startswith(("元", "圆", " 元", " 圆"), match.end()):
                    yield _canonical(figures, unit), match.start(1), match.end()
                end = match.end()


def days(folded: Folded) -> list[Number]:
    """Return the dates of a text in order: `2026-02-19`, or `2026-02` where no day is written."""
    spaces = folded.spaced.count
    return [
        Number(value, start - spaces(" ", 0, start), end - spaces(" ", 0, end))
        for value, start, end in dates(folded.spaced)
    ]


def date_values(folded: Folded) -> set[str]:
    """Return the values alone of what `days` returns, which is a good deal quicker."""
    return values_of_dates(folded.spaced)


def typed_amount(chars: str) -> str:
    """Return the canonical value of a folded word that is an amount and nothing else, otherwise ""."""
    if re.fullmatch(r"0.*|\d{1,3}", chars):
        return ""  # `00` and `26` are runs of digits, not amounts
    figure = typed_figure(chars)
    return "" if figure and not _DIGIT.search(chars) and Decimal(figure) < _LEAST_NUMERAL else figure


def typed_figure(chars: str) -> str:
    """Return the canonical value of a folded word where only an amount can stand; "" if it is none."""
    match = _TYPED_AMOUNT.fullmatch(chars)
    if match is None:
        return numerals.typed(chars)
    return _canonical(match[1], f" {match[2]}" if match[2].isascii() and match[2] else match[2])


def is_one_value(text: str) -> bool:
    """Tell whether words with white space between them are one date or one amount: `19 Feb 2026`, `RMB 6,922,000`, `3 million`."""
    folded = fold(text)
    if not _DIGIT.search(folded.chars) and "月" not in folded.chars:
        return False
    if typed_date(folded.spaced):
        return True
    return not _PARTED.search(folded.spaced) and bool(_DIGIT.search(folded.chars) and typed_amount(folded.chars))


_PARTED = re.compile(r"[\d.,]\s+[\d.,]")  # 2 figures, though digits follow digits


def _canonical(figures: str, unit: str) -> str:
    if not unit and figures.isascii():
        return _without_unit(figures)
    value = Decimal(figures.replace(",", "")) * _UNITS[unit]
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _without_unit(figures: str) -> str:
    whole, stop, part = figures.replace(",", "").partition(".")
    whole = whole.lstrip("0") or "0"
    return f"{whole}.{part}" if stop and (part := part.rstrip("0")) else whole


# --- what a typed word looks for ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Forms:
    """What to look for: `exact` in the stream; `loose` ("" if it makes no sense) with separators left out; `amount`, also a share; `date`."""

    exact: str
    loose: str = ""
    amount: str = ""
    date: str = ""

    def may_stand_loosely(self, chars: str) -> bool:
        """Return False where `loose` cannot stand in a stream without separators: a name is only without its brackets there."""
        return bool(self.loose) and (
            bool(_CODED.search(self.loose)) or self.loose in chars.replace("(", "").replace(")", "")
        )


_CODED = re.compile(r"[a-z0-9]")


def forms(text: str, *, exact: bool) -> Forms:
    """Return the forms of a typed word; an exact phrase has only the one it was typed in."""
    folded = fold(text)
    if exact:
        return Forms(folded.chars)
    loose = squeeze(folded)
    if len(_CODED.findall(loose)) < _LEAST and (
        sum(map(str.isalnum, loose)) < _LEAST or (loose == folded.chars and not loose.isalnum())
    ):
        loose = ""  # neither a code nor a name
    amount = typed_amount(folded.chars) or numerals.typed_share(folded.chars)
    return Forms(folded.chars, loose, amount, typed_date(folded.chars))


def places(wanted: Forms, text: Folded) -> list[tuple[int, int]]:
    """Return the (start, end) stretches of the stream where `wanted` stands, in order of form, then of place."""
    found = list(_occurrences(wanted.exact, text.chars))
    if wanted.loose:
        if wanted.loose != wanted.exact:
            found += _occurrences(wanted.loose, text.chars)
        for stretch in squeezed(text) if wanted.may_stand_loosely(text.chars) else ():
            found += [
                (stretch.places[start], stretch.places[end - 1] + 1)
                for start, end in _occurrences(wanted.loose, stretch.chars)
            ]
    if wanted.amount:
        found += [(number.start, number.end) for number in numbers(text) if number.value == wanted.amount]
    if wanted.date:
        found += [(day.start, day.end) for day in days(text) if wanted.date in (day.value, day.value[:7])]
    return found


def _occurrences(wanted: str, chars: str) -> Iterator[tuple[int, int]]:
    at = chars.find(wanted) if wanted else -1
    while at >= 0:
        yield at, at + len(wanted)
        at = chars.find(wanted, at + 1)


def merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return `spans` in order, those that overlap made one."""
    result: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if result and start < result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result
