"""What an engine is told: a document's pages as tokens, and a query as a plan over those tokens.

Runs are pairs of neighbouring characters at successive positions, so a phrase of pairs is exactly a run of characters, and a
single character is any pair that begins with it; what is not a run is a set of marks. An engine only splits at spaces.
A document is one entry of the engine, its pages parted by a character that no query holds: words of a query may stand on
different pages, totals and counts are exact.
"""

import json
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from operator import add
from typing import Any, NamedTuple, TypeAlias

from search.analysis import Analysed, analysed_pages
from search.fields import FIELDS, VALUE_WORDS, WHOLE, Value, own_values, shared_values
from search.folding import APART, Forms, date_values, fold, forms, number_values, squeezed_chars
from search.initials import initials, typed_initials
from search.model import Hit, IndexedPage
from search.orders import order_keys
from search.ranges import STORED, stored_values
from search.similar import LEAST, Holed, Side, sides, variants
from search.syntax import MAX_NEAR, And, FieldMatch, Near, Node, Not, Or, Phrase, Range, Similar, Word

# Raise it whenever the tokens change: an index made by other rules is refused, not misread.
VERSION = 11

STREAMS = ("text", "codes")  # fields of characters, each with the next one a token at a position of its own
RUNS = ("head", "meta", "named")  # fields whose tokens stand at positions
MARKS = "marks"  # the field whose tokens are a set
FACETS = ("category", "department", "customer", "year", "status", "tier")
# How many values of each are counted, the most frequent ones. Every customer beyond costs as much as fifty entries.
MOST_VALUES: Mapping[str, int] = {**dict.fromkeys(FACETS, 1000), "customer": 30}
RANGES = tuple(f"range_{name}" for name in STORED)  # whole numbers
LONGEST_KEYWORD = 256  # characters kept of a facet value

_SQUEEZED = "~"  # begins the tokens of a value's codes without their separators
_INITIALS = "^"  # begins the tokens of the pinyin initials of a name
_GAP = APART  # no query holds it
_APART = _GAP * (MAX_NEAR + 1)  # so that nothing is near what stands on the next page
_HEAD, _META = 1000.0, 100.0  # a title or number outranks other metadata, which outranks the body
_LIKELY = 5.0  # of what may be a near-miss
# Of all of it but one character, and of that one, which stands anywhere: together less than of what may be a near-miss.
_ANYWHERE, _SOMEWHERE = 2.0, 1.0
_SOUND = 50.0  # letters that may stand for a name rank below the name itself


@dataclass(frozen=True)
class Entry:
    """One document for an engine: streams and token strings by field, exact values, and what is stored to show hits."""

    document: str
    streams: dict[str, str]
    tokens: dict[str, str]
    facets: dict[str, str]
    access: tuple[str, ...]
    ranges: dict[str, int]
    stored: str
    orders: dict[str, int | str]
    stamp: str


@dataclass(frozen=True)
class Stored:
    """What comes back from an engine: the metadata (a page without text) and the pages as (number, text)."""

    about: IndexedPage
    pages: tuple[tuple[int, str], ...]


def project(document: str, pages: Sequence[IndexedPage]) -> Entry:
    """Return the entry of a document; `pages` (one or more) may come in any order, the metadata is that of the first."""
    return _entry(document, pages, analysed_pages([page.text for page in pages]))


def project_all(documents: Mapping[str, Sequence[IndexedPage]]) -> Iterator[tuple[str, Entry | None]]:
    """Yield the entry of each document, None for one without pages; `project` of many, in less than the time."""
    left = iter(documents.items())
    while some := list(islice(left, _AT_ONCE)):
        known = iter(analysed_pages([page.text for _, pages in some for page in pages]))
        for document, pages in some:
            yield document, _entry(document, pages, list(islice(known, len(pages)))) if pages else None


_AT_ONCE = 50  # documents that are analysed together; whoever made more ahead would keep as much text once more


def _entry(document: str, pages: Sequence[IndexedPage], analysed: Sequence[Analysed]) -> Entry:
    if len(pages) > 1:
        order = sorted(range(len(pages)), key=lambda at: pages[at].page)
        pages, analysed = [pages[at] for at in order], [analysed[at] for at in order]
    about = pages[0]
    codes: list[str] = []
    told = [_shared(about.category, about.kind, about.department, about.status, about.tier)]
    told += [(_told_often if value.often else _told)(value) for value in own_values(about)]
    numbers: set[str] = set()
    days: set[str] = set()
    for known in analysed:
        codes += known.codes
        numbers |= known.numbers
        days |= known.days
    marks = {mark for one in told for mark in one.marks}
    marks.update(map("t#".__add__, numbers))
    marks.update(map("t@".__add__, _with_months(days)))
    ranges = stored_values(about)
    return Entry(
        document=document,
        streams={
            "text": _APART.join([known.chars for known in analysed]) + _GAP,
            "codes": _GAP.join([*codes, ""]),
        },
        tokens={
            "head": _joined([one.head for one in told]),
            "meta": _joined([one.meta for one in told]),
            "named": _joined([one.named for one in told]),
            MARKS: " ".join(marks),
        },
        facets={name: keyword(value) for name in FACETS if (value := getattr(about, name))},
        access=tuple(sorted({token for page in pages for token in page.access})),
        ranges={f"range_{name}": value for name, value in ranges.items()},
        stored=_store(about, pages),
        orders=order_keys(about, ranges),
        stamp=about.stamp,
    )


def _joined(runs: Iterable[tuple[str, ...]]) -> str:
    """Return runs as one string; what is said twice is told once."""
    return " ".join(dict.fromkeys(chain.from_iterable(runs)))


def _with_months(days: Iterable[str]) -> set[str]:
    """Return the days and months, and the month of each day."""
    return {*days, *[day[:7] for day in days]}


class _Known(NamedTuple):
    """What a value is made of. codes: its codes without their separators; figures: its numbers and dates as ends of marks."""

    chars: str
    codes: tuple[str, ...]
    figures: tuple[str, ...]


def _analysed(text: str) -> _Known:
    folded = fold(text)
    if not _FIGURE.search(folded.chars):
        return _Known(folded.chars, (), ())
    figures = [f"#{value}" for value in number_values(folded)]
    figures += [f"@{value}" for value in _with_months(date_values(folded))]
    return _Known(folded.chars, tuple(squeezed_chars(folded)), tuple(figures))


_FIGURE = re.compile(
    r"[a-z\d年元圆之(]"
)  # without any of them there is neither code nor number nor date, and no bracket
_analysed_value = lru_cache(maxsize=1024)(_analysed)  # a number stands under two names on the same document


class _Told(NamedTuple):
    """What metadata values become: runs of tokens by field, and marks."""

    head: tuple[str, ...]
    meta: tuple[str, ...]
    named: tuple[str, ...]
    marks: tuple[str, ...]


@lru_cache(maxsize=4096)
def _shared(category: str, kind: str, department: str, status: str, tier: str) -> _Told:
    """Return what becomes of the values that many documents have in common."""
    told = [_told(value) for value in shared_values(category, kind, department, status, tier)]
    heads, metas, named, marks = (tuple(dict.fromkeys(chain.from_iterable(part))) for part in zip(*told, strict=True))
    return _Told(heads, metas, named, marks)


def _told(value: Value) -> _Told:
    known, (runs, initial_runs) = _analysed_value(value.text), _value_runs(value.text, company=value.company)
    part, mark = ("head", "h") if value.head else ("meta", "m")
    found: tuple[str, ...] = runs if value.free == "part" else ()
    named: tuple[str, ...] = ()
    marks: list[str] = []
    if value.name not in STORED:  # such a field is asked for by its value alone, which `stored_values` gives
        marks += [f"{value.name}.{figure}" for figure in known.figures]
        if not (value.name in WHOLE and known.chars.isascii()):  # a code of a short list is among the marks, whole
            name = value.name
            named = (_run(known.chars, name), *[_run(chars, name + _SQUEEZED) for chars in known.codes])
    if value.free == "part":
        marks += [mark + figure for figure in known.figures]
    elif value.free == "whole":
        marks.append(f"m={known.chars}")
    if value.name in WHOLE:
        marks += [f"{value.name}={prefix}" for prefix in _prefixes(known.chars)]
    if part == "head":
        return _Told(found, initial_runs, named, tuple(marks))
    return _Told((), found + initial_runs, named, tuple(marks))


@lru_cache(maxsize=1024)  # a number stands under two names on the same document
def _value_runs(text: str, *, company: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the runs of a value, and that of its initials."""
    known = _analysed_value(text)
    runs = (_run(known.chars), *[_run(chars, _SQUEEZED) for chars in known.codes])
    return runs, ((_run(initials(known.chars), _INITIALS),) if company else ())


_told_often = lru_cache(maxsize=65_536)(_told)  # customers, days and states come again on every other document


def _run(chars: str, name: str = "") -> str:
    """Return the tokens of a value; the last, of its last character and none of the next value, parts it from that."""
    start = f"{name}:" if name else ""
    return start + f" {start}".join(_pairs(chars + _GAP))


def _pairs(chars: str, name: str = "") -> Iterator[str]:
    found = map(add, chars, chars[1:])
    return map(f"{name}:".__add__, found) if name else found


def pairs(stream: str) -> str:
    """Return the tokens of a stream, parted by spaces.

    There are hundreds of millions of them in a large index: no code of ours runs for each.
    """
    code = array(_CODE_POINT, stream.encode("utf-32-le"))
    found = _SPACE * (3 * (len(code) - 1))
    found[0::3], found[1::3] = code[:-1], code[1:]
    return found.tobytes().decode("utf-32-le")


_CODE_POINT = "I" if array("I").itemsize == 4 else "L"
_SPACE = array(_CODE_POINT, " ".encode("utf-32-le"))


def _prefixes(code: str) -> list[str]:
    """Return a code and what it belongs to: 1.10 is also 1."""
    parts = code.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def keyword(value: str) -> str:
    """Return a facet value as engines keep it whole: valid Unicode, not too long."""
    return value.encode("utf-8", "replace").decode()[:LONGEST_KEYWORD]


def counted(documents: Sequence[Hit | IndexedPage]) -> dict[str, dict[str, int]]:
    """Return how many of the documents have each value of a facet, the most frequent values first, as engines count them."""
    found: dict[str, dict[str, int]] = {}
    for name in FACETS:
        values = Counter(keyword(value) for one in documents if (value := getattr(one, name)))
        found[name] = dict(sorted(values.items(), key=lambda one: (-one[1], one[0]))[: MOST_VALUES[name]])
    return found


_ABOUT: tuple[str, ...] = (
    *("title", "category", "kind", "customer", "department", "status", "tier", "contract_number", "archive_number"),
    *("received_on", "received_at", "handler", "stamp"),
)


_PLAIN_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _store(about: IndexedPage, pages: Iterable[IndexedPage]) -> str:
    said = vars(about)
    kept: dict[str, Any] = {name: said[name] for name in _ABOUT}
    kept |= {
        "numbers": about.numbers,
        "fields": dict(about.fields),
        "pages": [(page.page, page.text) for page in pages],
    }
    kept["access"] = sorted({token for page in pages for token in page.access})
    text = _PLAIN_JSON(kept)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character, as broken PDF files have; escaped, it comes back unharmed
        return json.dumps(kept, separators=(",", ":"))
    return text


def restore(document: str, stored: str) -> Stored:
    """Return what `project` stored."""
    kept = json.loads(stored)
    pages = tuple((number, text) for number, text in kept.pop("pages"))
    kept |= {"numbers": tuple(kept["numbers"]), "access": tuple(kept["access"])}
    return Stored(IndexedPage(document=document, page=pages[0][0], text="", **kept), pages)


def unproject(document: str, stored: str) -> Entry:
    """Return the entry that `stored` came from, to write it anew."""
    kept = restore(document, stored)
    about = {name: getattr(kept.about, name) for name in (*_ABOUT, "numbers", "fields", "access")}
    return project(document, [IndexedPage(document, number, text, **about) for number, text in kept.pages])


# --- queries ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """Tokens at successive positions of a field. weight: a fixed score; None lets the engine weigh by rarity.

    hole: how many positions, of which the tokens do not matter, follow the first `before` tokens.
    """

    field: str
    tokens: tuple[str, ...]
    weight: float | None = None
    before: int = 0
    hole: int = 0


@dataclass(frozen=True)
class Between:
    """The whole number stored under `field` lies from `low` to `high`, both included; None is no bound."""

    field: str
    low: int | None
    high: int | None


@dataclass(frozen=True)
class Mark:
    """One token of the field of marks; weight: its score."""

    token: str
    weight: float


@dataclass(frozen=True)
class Begins:
    """Any token of a field that is `token` and one more character; weight: its score."""

    field: str
    token: str
    weight: float


@dataclass(frozen=True)
class Every:
    """Every part."""

    parts: tuple["Plan", ...]


@dataclass(frozen=True)
class Either:
    """One part or more; scores add up."""

    parts: tuple["Plan", ...]


@dataclass(frozen=True)
class Without:
    """Everything but `part`."""

    part: "Plan"


@dataclass(frozen=True)
class Holding:
    """One part or more, each of which holds `run`: of what may be a near-miss alone, which is looked at again.

    So where few entries have the run an engine may look for it instead of the parts.
    """

    run: Run
    parts: tuple["Plan", ...]


Plan: TypeAlias = Run | Mark | Begins | Between | Every | Either | Without | Holding


def plan(node: Node) -> Plan:
    """Return what an engine has to look for; it holds tokens of `project` only, never typed text as an engine's syntax."""
    match node:
        case Word() | Phrase():
            return _leaf(node)
        case FieldMatch(name, value):
            return _named(FIELDS[name], value)
        case Range(name, low, high):
            return Between(f"range_{name}", low, high)
        case Near(left, right, distance):
            return _near(fold(left.text).chars, fold(right.text).chars, distance)
        case Similar(leaf):
            return _similar(leaf)
        case Not(part):
            return Without(plan(part))
        case And(parts):
            return Every(tuple(map(plan, parts)))
        case Or(parts):
            return Either(tuple(map(plan, parts)))


def _near(left: str, right: str, distance: int) -> Plan:
    """Return every arrangement: with so few of them, no engine's own idea of nearness is needed."""
    found: list[Plan] = []
    for first, second in ((left, right), (right, left)):
        tokens = (*_pairs(first), *_pairs(second))
        # The pair of the last character and the one after it is the first position of the hole.
        found += [Run("text", tokens, 1.0, len(first) - 1, between + 1) for between in range(distance + 1)]
    return Either(tuple(found))


def _similar(leaf: Word | Phrase) -> Plan:
    """Return a plan that finds every near-miss, and some documents that are none."""
    wanted = fold(leaf.text).chars
    found = [_leaf(leaf)]
    if len(wanted) < 2:
        return found[0]
    for field in ("text", "head", "meta"):
        found += [_look(field, variant, _LIKELY) for variant in variants(wanted)]
        if len(wanted) >= LEAST:
            found += [_holding(field, side) for side in sides(wanted)]
    return Either(tuple(found))


def _holding(field: str, side: Side) -> Holding:
    parts = [_with_hole(field, run) for run in side.runs]
    if side.more is not None and side.more.runs:
        parts.append(_holding(field, side.more))
    return Holding(_run_of(field, side.part, _LIKELY), tuple(parts))


def _with_hole(field: str, run: Holed) -> Plan:
    if len(run.before) > 1 and len(run.after) > 1:
        tokens = (*_pairs(run.before), *_pairs(run.after))
        return Run(field, tokens, _LIKELY, len(run.before) - 1, run.hole + 1)
    if not run.before or not run.after:
        return _run_of(field, run.before + run.after, _LIKELY)
    short, long = sorted((run.before, run.after), key=len)
    rest = _run_of(field, long, _ANYWHERE)
    return Holding(rest, (Every((rest, Begins(field, short, _SOMEWHERE))),))


def _leaf(leaf: Word | Phrase) -> Plan:
    wanted = forms(leaf.text, exact=isinstance(leaf, Phrase))
    found: list[Plan] = [Mark(f"m={wanted.exact}", _META)]
    for field, kind, weight in (("text", "t", None), ("head", "h", _HEAD), ("meta", "m", _META)):
        found += [_look(field, chars, weight) for chars in _written(wanted)]
        if wanted.loose:
            squeezed_field, sign = ("codes", "") if field == "text" else (field, _SQUEEZED)
            found.append(Run(squeezed_field, tuple(_pairs(wanted.loose, sign)), weight))
        if wanted.amount:
            found.append(Mark(f"{kind}#{wanted.amount}", weight or 1.0))
        if wanted.date:
            found.append(Mark(f"{kind}@{wanted.date}", weight or 1.0))
    if isinstance(leaf, Word) and (letters := typed_initials(wanted.exact)):
        found.append(Run("meta", tuple(_pairs(letters, _INITIALS)), _SOUND))
    return Either(tuple(found))


def _written(wanted: Forms) -> list[str]:
    """Return the runs to look for in what is printed: as typed, and as a code without its separators."""
    return [wanted.exact, wanted.loose] if wanted.loose not in ("", wanted.exact) else [wanted.exact]


def _look(field: str, chars: str, weight: float | None) -> Plan:
    if len(chars) == 1:
        return Begins(field, chars, weight or 1.0)
    return _run_of(field, chars, weight)


def _run_of(field: str, chars: str, weight: float | None) -> Run:
    return Run(field, tuple(_pairs(chars)), weight)


def _named(names: Iterable[str], leaf: Word | Phrase) -> Plan:
    wanted = forms(leaf.text, exact=isinstance(leaf, Phrase))
    found: list[Plan] = []
    for name in names:
        if name in WHOLE:
            code = VALUE_WORDS.get(name, {}).get(wanted.exact, wanted.exact)
            found.append(Mark(f"{name}={code}", _META))
            if wanted.exact.isascii():
                continue  # a code; `category:执照` looks into the words for it
        found += [_named_run(name, chars) for chars in _written(wanted)]
        if wanted.loose:
            found.append(Run("named", tuple(_pairs(wanted.loose, name + _SQUEEZED)), _META))
        if wanted.amount:
            found.append(Mark(f"{name}.#{wanted.amount}", _META))
        if wanted.date:
            found.append(Mark(f"{name}.@{wanted.date}", _META))
    return Either(tuple(found))


def _named_run(name: str, chars: str) -> Plan:
    if len(chars) == 1:
        return Begins("named", f"{name}:{chars}", _META)
    return Run("named", tuple(_pairs(chars, name)), _META)
