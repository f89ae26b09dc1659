"""Slips of banks: who pays and who is paid where both are called 户名 and stand beside or below their side's name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean, median

from intake.fields.labels import Spot
from intake.fields.paper import Labelled, Paper
from intake.fields.read import Reading, organisation
from intake.layout import GAP, Run, Sheet, join
from intake.model import Box, Field
from intake.words import union

_LABELS = {
    "name": ("户名", "账户名称", "账户名", "账户户名", "全称", "单位名称", "名称"),
    "": ("账号", "账户", "银行账号", "开户行", "开户银行", "开户行名称", "开户行行号", "开户网点", "地址", "行号", "金额", "大写", "小写", "币种", "用途", "摘要", "附言", "备注"),
}  # fmt: skip
_SIDE = re.compile(r"(?P<payer>(?:付款|汇款|出票)(?:人|方|单位|账户)?)|收[款票](?:人|方|单位|账户)?")
#: A side's name in one piece with the label behind it: 付款账号, 收款人账号; upright ones are read so, too.
_LED = re.compile(
    rf"(?:付款|汇款|出票|收款|收票)[ \t]*(?:人|方|单位)?[ \t]*(?=(?:{'|'.join(w for words in _LABELS.values() for w in words)})(?![\u4e00-\u9fff]))"
)
_STUCK = re.compile(
    rf"[付收汇出款票人方][ \t]*(?:{'|'.join(w for words in _LABELS.values() for w in words)})(?![\u4e00-\u9fff])"
)
_TALL = 9  # heights of print between two letters of a side's name that stands upright
_OF_SLIPS = re.compile(r"回单|转账|汇款|电汇|信汇|进账|银行|凭证")
_BY_PLACE = 0.7  # how far to trust that the first of two without a side's name pays
_BY_ONE = 0.9  # how far, where only one side's name was read


@dataclass(frozen=True)
class _Side:
    name: str
    box: Box


def fields(paper: Paper) -> dict[str, Field]:
    """Return payer and payee; nothing where not exactly two names stand on a page, or their sides' names do not fit them.

    The sides stand side by side or one above the other, their names before them, upright letter by letter too, or above them. Where
    neither was read the first pays, as banks print it, and is not sure.
    """
    seen = _apart(paper).labelled(_LABELS)
    for number, sheet in enumerate(seen.paper.sheets):
        spots = [s for s in seen.named("name") if s.sheet == number]
        sides = _sides(sheet)
        named = _beside(seen, spots, sides) or _under(seen, spots, sides)
        if len(named) == 2:
            return _told(sheet, named, sides, paper)
    return {}


@dataclass(frozen=True)
class _Named:
    """One of two names. at: where its label, or the name itself where one label serves both, begins and stands."""

    reading: Reading
    at: tuple[float, float]


def _apart(paper: Paper) -> Paper:
    """Return the paper with a gap behind the letters of an upright name that stand so near to the labels that they were read as one word."""
    sheets = [
        replace(sheet, rows=tuple(replace(row, run=join(_split(row.chunks), GAP)) for row in sheet.rows))
        for sheet in paper.sheets
    ]
    return replace(paper, sheets=tuple(sheets))


def _split(chunks: Sequence[Run]) -> list[Run]:
    ends = [m.end() if (m := _LED.match(c.key)) else 1 if _STUCK.match(c.key) else 0 for c in chunks]
    return [part for c, end in zip(chunks, ends, strict=True) for part in (c.cut(0, end), c.cut(end)) if part.inked]


def _beside(seen: Labelled, spots: list[Spot], sides: list[_Side]) -> list[_Named]:
    """Return the names at two labels."""
    if not sides and len(spots) != 2:
        return []
    rows = seen.paper.sheets
    named = [(s, r) for s in spots if (r := _at(seen, s))]
    alike = [(s, r) for s, r in named if sum(o.word == s.word for o, _ in named) == 2]
    if len(alike) != 2 and len(sides) == 2:  # others are named further down, as who accepts a bill is
        alike = [(s, r) for s, r in named if sum((o.word, o.row) == (s.word, s.row) for o, _ in named) == 2]
    return [_Named(r, (s.x0, rows[s.sheet].rows[s.row].y)) for s, r in alike] if len(alike) == 2 else []


def _at(seen: Labelled, spot: Spot) -> Reading | None:
    """Return the name at a label: what stands first beside it, with the lines it wraps into; labels of the rows below limit nothing."""
    beside = next(iter(seen.across(spot)), None)
    first = organisation(beside.lstrip(":")) if beside else None
    whole = organisation(seen.block(spot))
    return whole if first is None or (whole and whole.value.startswith(first.value)) else first


def _under(seen: Labelled, spots: list[Spot], sides: list[_Side]) -> list[_Named]:
    """Return the two names in the row of one label, each in the column that its side's name heads."""
    if len(spots) != 1 or len(sides) != 2:
        return []
    row = seen.paper.sheets[spots[0].sheet].rows[spots[0].row]
    if not all(side.box[3] < row.y for side in sides):
        return []
    named = [r for chunk in seen.across(spots[0]) if (r := organisation(chunk.lstrip(":")))]
    return [_Named(r, (fmean(r.run.box[::2]), row.y)) for r in named]


def _told(sheet: Sheet, named: list[_Named], sides: list[_Side], paper: Paper) -> dict[str, Field]:
    """Return which of the two pays and which is paid."""
    one, other = named
    height = median(row.height for row in sheet.rows)  # the headline's is more
    across, down = (abs(one.at[k] - other.at[k]) for k in (0, 1))
    abreast = down < min(2 * height, across)
    axis = 0 if abreast else 1
    first, second = sorted(named, key=lambda n: n.at[axis])
    order = sorted(sides, key=lambda side: (side.box[axis] + side.box[axis + 2]) / 2)
    if {side.name for side in sides} == {"payer", "payee"} and len(sides) == 2:
        apart = abs(order[0].box[axis] - order[1].box[axis])
        if apart < 2 * height:  # they stand the other way: nothing says which is whose
            return {}
        roles, sure = [side.name for side in order], 1.0
    elif len(sides) == 1:
        middle = (first.at[axis] + second.at[axis]) / 2
        side = sides[0]
        here = side.box[0] if abreast else (side.box[1] + side.box[3]) / 2
        other_name = "payee" if side.name == "payer" else "payer"
        roles, sure = ([side.name, other_name] if here < middle else [other_name, side.name]), _BY_ONE
    elif not sides and _OF_SLIPS.search(paper.headline.key if paper.headline else ""):
        roles, sure = ["payer", "payee"], _BY_PLACE
    else:
        return {}
    return {role: n.reading.field(sure) for role, n in zip(roles, (first, second), strict=True)}


def _sides(sheet: Sheet) -> list[_Side]:
    """Return the names of sides that stand alone or before a label, upright ones too; that of several lines below one another once."""
    chunks = [chunk for row in sheet.rows for chunk in row.chunks]
    found = list[_Side]()
    for chunk in chunks:
        whole = _is_side(chunk.key)
        if whole:
            above = next(
                (side for side in reversed(found) if side.name == whole and _goes_on(side.box, chunk.box)), None
            )
            if above:
                found.remove(above)
            found.append(_Side(whole, union([above.box, chunk.box]) if above else chunk.box))
            continue
        stack = _upright(chunk, chunks) if re.match(r"[付收汇出]", chunk.key) and len(chunk.inked) <= 2 else []
        if stack and (role := _is_side("".join(c.key for c in stack))):
            xs, ys, rights, lows = zip(*(c.box for c in stack), strict=True)
            found.append(_Side(role, (min(xs), min(ys), max(rights), max(lows))))
    return found


def _goes_on(above: Box, below: Box) -> bool:
    """Tell whether a side's name stands in the next line, or nearly so, below itself."""
    high = below[3] - below[1]
    return abs(above[0] - below[0]) < 2 * high and 0 < below[1] - above[3] < 2 * high


def _is_side(key: str) -> str:
    m = _SIDE.fullmatch(re.sub(r"[\s:]|信息|\([^()]*\)", "", key))
    return "" if m is None else "payer" if m["payer"] else "payee"


def _upright(first: Run, chunks: list[Run]) -> list[Run]:
    """Return the letters of a side's name that stand below one another, from the first."""
    stack = [first]
    for wanted in ("款票", "人方"):
        if any(c in stack[-1].key for c in wanted):
            continue
        x0, y0, x1, y1 = stack[-1].box
        below = [
            c for c in chunks
            if c.key and c.key[0] in wanted and len(c.inked) <= 2 and abs(c.box[0] + c.box[2] - x0 - x1) < 2 * (y1 - y0) and 0 < c.box[1] - y0 < _TALL * (y1 - y0)
        ]  # fmt: skip
        if not below:
            return []
        stack.append(min(below, key=lambda c: c.box[1]))
    return stack if all(a.box[1] < b.box[1] for a, b in pairwise(stack)) else []
