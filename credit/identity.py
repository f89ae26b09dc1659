"""Who a customer is: when two names are one company's, what it was called before, and to whom it belongs. Pure functions."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Literal

Why = Literal["code", "same_name", "similar_name"]

# The same form of company in fuller and shorter words (公司登记管理条例: 有限责任公司, also 有限公司).
_FORMS = (
    ("股份有限责任公司", "股份公司"),
    ("股份有限公司", "股份公司"),
    ("有限责任公司", "公司"),
    ("有限公司", "公司"),
    ("集团公司", "公司"),
)
_ORDINARY = re.compile(r"[^\w]|_")
# Administrative divisions before the name proper: those that say so, and the provinces and cities usually named without it.
_PLACE = re.compile(
    r"^(?:中国|(?:北京|上海|天津|重庆|河北|山西|内蒙古|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|广西|海南|四川|贵州|云南|西藏|陕西|甘肃|青海|宁夏|新疆"
    r"|石家庄|太原|沈阳|大连|长春|哈尔滨|南京|苏州|无锡|杭州|宁波|合肥|福州|厦门|南昌|济南|青岛|郑州|武汉|长沙|广州|深圳|南宁|海口|成都|贵阳|昆明|西安|兰州|西宁|银川)(?:省|市|自治区)?"
    r"|\w{2,3}(?:省|市)|\w{2}(?:区|县))"
)
_SHORTEST = 4  # characters: below that one wrong character is half the name
#: Names that differ in one of these alone are those of a series (第一分公司, 第二分公司), not one name with a slip in it.
_NUMERALS = frozenset("0123456789〇零一二三四五六七八九十百")
#: Customers under one key: beyond, only the first is held against each other one, enough to find them all, one merger after the other.
CROWD = 60
#: From the surest on.
REASONS: tuple[Why, ...] = ("code", "same_name", "similar_name")


def core_of(name: str) -> str:
    """Return what is left of a company's name to compare by: width, case, blanks, brackets, legal form and place put aside."""
    text = _ORDINARY.sub("", unicodedata.normalize("NFKC", name)).upper()
    for full, short in _FORMS:
        if text.endswith(full):
            text = text.removesuffix(full) + short
            break
    while match := _PLACE.match(text):
        rest = text[match.end() :]
        if len(rest.removesuffix("公司").removesuffix("股份")) < 2:
            break  # the place is the name
        text = rest
    return text


def alike(one: str, other: str) -> Why | None:
    """Return whether two names may be one company's: the same core, or one character more, less or another in it.

    Another numeral is no slip: numbered branches and stations are companies of their own.
    """
    a, b = core_of(one), core_of(other)
    if a == b:
        return "same_name"
    if min(len(a), len(b)) < _SHORTEST or abs(len(a) - len(b)) > 1:
        return None
    return "similar_name" if _one_apart(a, b) else None


def _one_apart(a: str, b: str) -> bool:
    short, long = sorted((a, b), key=len)
    at = next((n for n, (x, y) in enumerate(zip(short, long, strict=False)) if x != y), len(short))
    if len(short) == len(long):
        return short[at + 1 :] == long[at + 1 :] and not {short[at], long[at]} <= _NUMERALS
    return short[at:] == long[at + 1 :]


@dataclass(frozen=True)
class Named:
    """A customer as duplicates are looked for. code: "" where it is not known. said: other codes its papers show."""

    id: str
    name: str
    code: str = ""
    said: tuple[str, ...] = ()

    @property
    def codes(self) -> frozenset[str]:
        """Every code it is known by."""
        return frozenset((self.code, *self.said)) - {""}


@dataclass(frozen=True)
class Pair:
    """Two customers that may be one, the one known first first, and why. Two codes that differ are two companies and no pair."""

    first: str
    second: str
    why: Why


def keys_of(customer: Named) -> frozenset[str]:
    """Return what a customer has in common with everybody it may be one with: two without a common key are two (see `why_one`).

    A key stands for a code, for the core of the name, or for that core with one character left out; at most 32 characters.
    """
    core = core_of(customer.name)
    shapes = {core}
    if len(core) >= _SHORTEST:
        shapes |= {core[:at] + core[at + 1 :] for at in range(len(core))}
    return frozenset(_key("c", code) for code in customer.codes) | {_key("n", shape) for shape in shapes}


def _key(kind: str, text: str) -> str:
    return f"{kind}:{blake2b(text.encode(), digest_size=12).hexdigest()}"


def why_one(one: Named, other: Named) -> Why | None:
    """Return why two customers may be one company; None when nothing says so.

    Code: the code of one stands on the papers of the other. Names as in `alike`; two different codes make two companies,
    whatever they are called.
    """
    if one.codes & other.codes:
        return "code"
    if one.code and other.code:
        return None
    return alike(one.name, other.name)


def closes_a_circle(above: Callable[[str], Iterable[str]], one: str, other: str) -> bool:
    """Return whether `one` would belong to itself if it belonged to `other`. above: whom somebody belongs to."""
    seen, ahead = set[str](), [other]
    while ahead:
        at = ahead.pop()
        if at == one:
            return True
        if at not in seen:
            seen.add(at)
            ahead.extend(above(at))
    return False


def group_of(edges: Mapping[str, Iterable[str]], one: str) -> frozenset[str]:
    """Return everybody linked with `one` by relations, whichever way they point, and `one` itself."""
    both: dict[str, set[str]] = defaultdict(set)
    for lower, uppers in edges.items():
        for upper in uppers:
            both[lower].add(upper)
            both[upper].add(lower)
    seen, ahead = {one}, [one]
    while ahead:
        for near in both[ahead.pop()] - seen:
            seen.add(near)
            ahead.append(near)
    return frozenset(seen)


@dataclass(frozen=True)
class Called:
    """A name a company went by. last: its last day, None for no end."""

    name: str
    first: date
    last: date | None


def former_names(names: Iterable[Called], today: date) -> list[Called]:
    """Return the names it no longer goes by, the latest first; the same name in stretches that follow one another is one."""
    joined: list[Called] = []
    for called in sorted(names, key=lambda c: c.first):
        if joined and joined[-1].name == called.name:
            joined[-1] = Called(called.name, joined[-1].first, called.last)
        else:
            joined.append(called)
    return [called for called in reversed(joined) if called.last is not None and called.last < today]
