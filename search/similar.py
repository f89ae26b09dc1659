"""Near-misses: one wrong, missing or added character in four or more, and characters that are taken for one another.

What a recogniser read wrongly must be found all the same. An engine gives the documents that can be near-misses; whether
they are is decided here, on their text, the same for both engines.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

LEAST = 4  # characters of a word in which one may be wrong
QUARTERED = 12  # from this length on a quarter of the word may be anything: the rest is rare enough to look for

# Characters that a recogniser, or a tired eye, takes for one another, as they stand in the folded stream.
_GROUPS = (
    *("0o〇○", "1li|", "2z", "5s", "8b", "6g", "9q", "未末", "己已巳", "土士", "日曰", "人入八", "大太犬", "千干于"),
    *("戊戌戍", "天夭", "王玉", "田由甲申", "贝见", "今令", "司可", "名各", "侯候", "折拆", "待侍", "径经", "治冶"),
    *("沽活", "徽微", "崇祟", "毫亳", "晴睛", "祥样", "货贷", "贸贺", "免兔", "历厉", "刀力", "儿几", "口囗", "目自"),
    *("木本", "问间", "住往", "拔拨", "扬杨", "弋戈", "币市", "斤斥", "丈文", "万方", "乌鸟", "西酉", "宇字", "亨享"),
    *("帐账", "柬束", "洒酒", "仑仓", "仪议", "代伐", "休体", "何伺", "佑估", "洲州", "准淮", "冻栋", "元无", "早旱"),
)


@cache
def _table() -> dict[int, int]:
    """Return each character's representative."""
    return {ord(char): ord(group[0]) for group in _GROUPS for char in group}


def blurred(chars: str) -> str:
    """Return the stream with each character replaced by the one that stands for all that look like it."""
    return chars.translate(_table())


@cache
def _likes() -> dict[str, str]:
    found: dict[str, str] = {}
    for char, first in _table().items():
        found[chr(first)] = found.get(chr(first), "") + chr(char)
    return found


def variants(chars: str, most: int = 24) -> list[str]:
    """Return the word with one character replaced by one that looks like it, for each; not more than `most`."""
    found = []
    for at, char in enumerate(chars):
        others = _likes().get(blurred(char), "")
        found += [chars[:at] + other + chars[at + 1 :] for other in others if other != char]
    return list(dict.fromkeys(found))[:most]


def near_places(wanted: str, chars: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a folded stream that are `wanted`, or what may have been meant by it."""
    size, half = len(wanted), len(wanted) // 2
    if len(chars) < size - (size >= LEAST):  # most values of a document's metadata are too short
        return
    if size < LEAST:
        yield from ((at, at + size) for at in _every(wanted, chars))
        return
    blur = blurred(wanted)
    found: set[tuple[int, int]] = set()
    # One error leaves one of the halves whole.
    for at in _every(wanted[:half], chars):
        rest = blur[half:]
        length = _fits(rest, blurred(chars[at + half : at + half + len(rest) + 1]))
        if length is not None:
            found.add((at, at + half + length))
    for at in _every(wanted[half:], chars):
        first, end = blur[:half], at + size - half
        length = _fits(first[::-1], blurred(chars[max(at - half - 1, 0) : at])[::-1])
        if length is not None:
            found.add((at - length, end))
    yield from sorted(found)


def _every(wanted: str, text: str) -> Iterator[int]:
    """Yield where `wanted`, or what looks like it, begins. To blur the text for that takes several times as long."""
    pattern = _pattern(wanted)
    match = pattern.search(text)
    while match:
        at = match.start()
        yield at
        match = pattern.search(text, at + 1) if at < len(text) else None


@lru_cache(maxsize=256)
def _pattern(wanted: str) -> re.Pattern[str]:
    alike = (_likes().get(blurred(char), char) for char in wanted)
    return re.compile("".join(re.escape(chars) if len(chars) == 1 else f"[{re.escape(chars)}]" for chars in alike))


def _fits(wanted: str, text: str) -> int | None:
    """Return how many characters of the beginning of `text` are `wanted` with at most one error; None if they are not."""
    size = len(wanted)
    if text.startswith(wanted):
        return size
    same = next((at for at in range(min(size, len(text))) if wanted[at] != text[at]), min(size, len(text)))
    if len(text) >= size and wanted[same + 1 :] == text[same + 1 : size]:
        return size  # another character
    if wanted[same + 1 :] == text[same : size - 1]:
        return size - 1  # one is missing in the text
    if wanted[same:] == text[same + 1 : size + 1]:
        return size + 1  # one too many in the text
    return None


@dataclass(frozen=True)
class Holed:
    """A run with a hole: `before`, then `hole` characters that do not matter, then `after`."""

    before: str
    hole: int
    after: str


def halves(wanted: str) -> tuple[str, str]:
    """Return the halves of a word: one error leaves one of them whole."""
    half = len(wanted) // 2
    return wanted[:half], wanted[half:]


@dataclass(frozen=True)
class Side:
    """Those of the `candidates` of a word that hold `part` of it; of them, those that hold more of it in a side of its own."""

    part: str
    runs: tuple[Holed, ...]
    more: "Side | None" = None


def sides(wanted: str) -> tuple[Side, Side]:
    """Return the candidates of a word by the half that they hold."""
    first, second = halves(wanted)
    found = candidates(wanted)
    of_first = [one for one in found if one.before.startswith(first)]
    of_second = [one for one in found if one not in of_first]
    if len(wanted) >= QUARTERED:
        return Side(first, tuple(of_first)), Side(second, tuple(of_second))
    most, rest = first + halves(second)[0], halves(first)[1] + second
    return (
        _side(first, most, of_first, lambda one: one.before.startswith(most)),
        _side(second, rest, of_second, lambda one: (one.after or one.before).endswith(rest)),
    )


def _side(part: str, more: str, found: list[Holed], holds: Callable[[Holed], bool]) -> Side:
    holding = tuple(one for one in found if holds(one))
    return Side(part, tuple(one for one in found if one not in holding), Side(more, holding))


def candidates(wanted: str) -> list[Holed]:
    """Return the runs of which every text with one error in `wanted` holds one; one of `before`, `after` may be short."""
    if len(wanted) >= QUARTERED:
        return _with_three_quarters(wanted)
    found = [Holed("", 0, wanted[1:]), Holed(wanted[:-1], 0, "")]
    # Without its second character, or the last but one, it is a run of its own.
    found += [Holed(wanted[0] + wanted[2:], 0, ""), Holed(wanted[:-2] + wanted[-1], 0, "")]
    for at in range(1, len(wanted) - 1):
        # How far a single character stands from the rest no engine asks.
        holes = (0, 1) if 1 < at < len(wanted) - 2 else (0,)
        found += [Holed(wanted[:at], hole, wanted[at + 1 :]) for hole in holes]
    # One too many behind the first character, or before the last, leaves the rest of the first two.
    found += [Holed(wanted[:at], 1, wanted[at:]) for at in range(2, len(wanted) - 1)]
    return found


def _with_three_quarters(wanted: str) -> list[Holed]:
    """Return the runs of a longer word of which one quarter may be anything, or be one character shorter or longer."""
    first, second = halves(wanted)
    (_, inner), (outer, _) = halves(second), halves(first)
    begin, end = len(outer), len(wanted) - len(inner)
    found = [Holed(wanted[:end], 0, ""), Holed("", 0, wanted[begin:])]
    for more in (-1, 0, 1):
        found.append(Holed(first, end - len(first) + more, wanted[end:]))
        found.append(Holed(wanted[:begin], len(first) - begin + more, second))
    return found
