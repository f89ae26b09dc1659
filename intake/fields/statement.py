"""Figures of financial statements: the sum of the current period, in the unit of the sheet, as decimal yuan.

A statement says a sum under a column (期末余额, 年初余额) and in a unit that stands elsewhere (单位：万元); a figure whose column or unit
is a guess is never sure.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from intake.fields.labels import Spot
from intake.fields.paper import Labelled, Paper
from intake.fields.read import TORN
from intake.layout import GAP, Row, Run, Sheet, join
from intake.model import Field
from intake.values import find_amounts, find_dates, money

Labels = Mapping[str, Sequence[str]]
#: By kind: what is read, and the labels that say it, the surest first; a field's last ones may mean something near it.
OF_KIND: Mapping[str, Labels] = {
    "financial_condition": {
        "turnover": ("营业收入", "营业总收入", "营业收入合计", "营业收入总额", "主营业务收入"),
        "equity": (
            *("所有者权益合计", "所有者权益(或股东权益)合计", "所有者权益(股东权益)合计", "股东权益合计", "所有者权益总计"),
            *("所有者权益总额", "净资产合计", "净资产总额", "净资产", "所有者权益", "股东权益"),
        ),
    },
    "operations": {"annual_sales": ("年销售额", "本年销售额", "年度销售额", "年销售收入", "年营业额")},
}  # fmt: skip
_NEAR = {"turnover": ("主营业务收入",)}
#: Beside them: what the equity is held against, and what a misread letter would make one of the labels above.
_OTHERS: Labels = {
    "assets": ("资产总计", "资产总额", "资产合计"), "debts": ("负债合计", "负债总额", "负债总计"),
    "": ("营业外收入", "营业利润", "营业成本", "营业总成本", "营业支出", "负债和所有者权益总计", "实收资本", "利润总额", "净利润"),
}  # fmt: skip
_UNIT = re.compile(
    r"(?:(?<![\u4e00-\u9fff])(?:金额|货币|计量|人民币)?单位均?[:为]*\t?(?:人民币)?|\((?:单位[:]?)?(?:人民币)?)"
    r"(?P<times>百万|千万|十万|亿|万|千|百)?(?P<of>元|美元|欧元|港元|港币|日元|英镑)(?:(?=币种|人民币)|(?![\u4e00-\u9fffA-Za-z]))"
)
_TIMES = {"": 1, "百": 100, "千": 1000, "万": 10**4, "十万": 10**5, "百万": 10**6, "千万": 10**7, "亿": 10**8}
_NUMBER = re.compile(r"¥?(?P<minus>[-−–△(])?¥?(?P<number>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,4})?)(?P<close>\))?")
_TORN_NUMBER = re.compile(r"¥?(?P<minus>[-−–△(])?¥?(?P<number>\d[\d,.]*)(?P<close>\))?")
_NOTE = re.compile(r"(?:附注)?[(]?[一二三四五六七八九十]{1,3}[、.)(]*\d{0,3}\)?|注释?\d{0,3}")
_LINE = re.compile(r"行次|序号|行号")
_NO_FIGURES = re.compile(r"行次|序号|行号|附注(?:编号)?|注释(?:号)?|备注")
_PREVIOUS = re.compile(r"(?:上|去|前)[年期月一].*|.*(?:年初|期初)(?:余额|数|金额)?")
#: Which column counts, the best first: of a statement of a month what has come together since January, not the month.
_CURRENT = (
    re.compile(r"本年累计(?:金额|数|发生额|实际)?|本期累计(?:金额|数)?|本年(?:金额|数|度|发生额|实际|实际数)?|(?:期末|年末|本期末|本年末)(?:余额|数|金额|账面价值)?"),
    re.compile(r"本期(?:金额|数|发生额|实际|实际数)?"),
    re.compile(r"本月(?:金额|数|发生额|实际|实际数)?"),
    re.compile(r"金额|余额|数额|发生额"),
)  # fmt: skip
_BODIES = re.compile(r"(?:合并|母公司|本公司|集团)(?:数|金额|口径|本[期年].*|期[末初].*)?")
#: A period that is no year: a month alone but December, from January to a month before it, a quarter, half a year.
_SHORT = re.compile(
    r"半年|[一二三四1-4]季度|季报|[三六九]个月|(?<!\d)1[-至到](?:[2-9]|1[01])月|年(?:0?[1-9]|1[01])月(?!\d)|本月|[至到](?:20\d\d年)?(?:0?[1-9]|1[01])月"
    r"|20\d\d[-./](?:0?[1-9]|1[01])(?![-./\d])|(?:0?3月31|0?6月30|0?9月30)日|[-./](?:0?3[-./]31|0?6[-./]30|0?9[-./]30)(?!\d)"
)
_YEARLY = re.compile(r"20\d\d年?度|年12月|1[-至到]12月")
#: The head of a column that is the whole year's.
_OF_YEAR = re.compile(r"本[年期]累计|本年(?:金额|数|发生额|实际)|全年")
#: Where one cell ends and the next begins though they were read in one: 185,300.00应付职工薪酬, 2024年106,318.22, 4,830.32 4,105.77.
#: A figure has up to four decimals: without a space another one begins only where a point of its own follows.
_EDGE = re.compile(
    r"(?<=\d\.\d\d)(?:[ ]?(?=[\u4e00-\u9fff](?<![元万千亿百十]))|[ ](?=\d)|(?=\d[\d,]*\.\d))|(?<=[年度])(?=\d{1,3}(?:,\d{3})+)"
)
_PERIODS = re.compile(r"年度|年份|期间|时间|项目|报告期|会计年度|指标|日期")
_UNSURE = 0.7  # what is left of the confidence where column, unit or meaning is a guess
_MISREAD = 0.9  # below this strength a letter of the label was read otherwise
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class _Unit:
    """times: how many yuan, or pieces of `currency`, one of the printed figures is."""

    times: int
    currency: str
    run: Run


@dataclass(frozen=True)
class _Column:
    """A column of a statement. rank: of the current ones, from 0; None for every other."""

    run: Run
    rank: int | None


@dataclass(frozen=True)
class _Figure:
    value: Decimal
    run: Run
    unit: Run | None
    factor: float
    marks: tuple[str, ...] = ()

    def field(self, *, doubted: bool) -> Field:
        sure = min(self.run.certainty, self.unit.certainty if self.unit else 1.0) * self.factor
        sure = round(sure * (_UNSURE if doubted else 1.0), 3)
        return Field(money(self.value), self.run.inked[0].page, self.run.box, sure, self.marks)


def fields(paper: Paper, kind: str) -> dict[str, Field]:
    """Return the figures that a paper of `kind` says, by field: turnover and equity, or annual_sales."""
    wanted = OF_KIND.get(kind)
    if not wanted:
        return {}
    seen = _apart(paper).labelled({**wanted, **_OTHERS})
    text = paper.flow.key.replace(" ", "")
    # A month's column beside that of the whole year makes no month of it; alone it does, also in December.
    beside = bool(_YEARLY.search(text) and _OF_YEAR.search(text))
    short = any(m[0] != "本月" or not beside for m in _SHORT.finditer(text))
    units = {(u.times, u.currency): u for leaf in seen.paper.sheets for u in _units(leaf)}
    only = next(iter(units.values())) if len(units) == 1 else None
    said: dict[str, list[tuple[int, Spot, _Figure]]] = {}
    for spot in seen.spots:
        figure = (_figure(seen, spot, only) or _under(seen, spot, only)) if spot.name else None
        if figure:
            words = {**wanted, **_OTHERS}[spot.name]
            said.setdefault(spot.name, []).append((list(words).index(spot.word), spot, figure))
    found = {}
    for name in wanted:
        figures = sorted(said.get(name, ()), key=lambda f: f[0])
        if not figures:
            continue
        _, spot, best = figures[0]
        doubted = len({f.value for _, _, f in figures}) > 1 or spot.word in _NEAR.get(name, ())
        doubted |= name == "turnover" and short
        doubted |= name == "equity" and not _balances(best, spot, said)
        found[name] = best.field(doubted=doubted)
    return found


def _balances(equity: _Figure, spot: Spot, said: Mapping[str, Sequence[tuple[int, Spot, _Figure]]]) -> bool:
    """Tell whether assets are debts and equity, where the sheet says all three; rounded figures may miss by a little."""
    sums = {
        name: [f.value for _, s, f in said.get(name, ()) if s.sheet == spot.sheet][:1] for name in ("assets", "debts")
    }
    if not (sums["assets"] and sums["debts"]):
        return True
    assets, debts = sums["assets"][0], sums["debts"][0]
    return abs(assets - debts - equity.value) <= max(_CENT, abs(assets) / 10**4)


def _apart(paper: Paper) -> Paper:
    """Return the paper with a gap wherever two cells of a row were read as one."""
    leaves = []
    for leaf in paper.sheets:
        rows = [
            replace(row, run=join([piece for chunk in row.chunks for piece in _cut(chunk)], GAP))
            if _EDGE.search(row.run.key)
            else row
            for row in leaf.rows
        ]
        leaves.append(replace(leaf, rows=tuple(rows)))
    return replace(paper, sheets=tuple(leaves))


def _cut(chunk: Run) -> list[Run]:
    edges = [0, *(m.end() for m in _EDGE.finditer(chunk.key)), len(chunk)]
    return [chunk.cut(a, b).strip("") for a, b in pairwise(edges)]


def _under(seen: Labelled, spot: Spot, only: _Unit | None) -> _Figure | None:
    """Return the figure of the last year below a label that heads a column: a row is a year, its name stands first (2024年)."""
    leaf = seen.paper.sheets[spot.sheet]
    head = leaf.rows[spot.row]
    columns = [_Column(chunk, None) for chunk in head.chunks]
    own = next((c for c in columns if c.run.box[0] <= spot.x0 < c.run.box[2]), None)
    if len(columns) < 3 or own is None or own is columns[0] or not _PERIODS.search(columns[0].run.key):
        return None
    years: dict[str, Run] = {}
    sure = True
    for row in leaf.rows[spot.row + 1 :]:
        if not row.chunks:
            continue
        period, *cells = row.chunks
        mine = [c for c in cells if _nearest(c, columns) is own]
        if not mine:
            break
        year = _year(_bare(period))
        sure &= year is not None and len(mine) == 1 and year not in years
        if year is not None:
            years.setdefault(year, mine[0])
    if not years:
        return None
    said = [*_units_in(own.run), *_units(leaf)]
    agreed = len({(u.times, u.currency) for u in said}) <= 1
    return _read(
        years[max(years)], next(iter(said), only), 1.0 if sure and agreed and spot.strength >= _MISREAD else _UNSURE
    )


def _units(leaf: Sheet) -> list[_Unit]:
    return [unit for row in leaf.rows for unit in _units_in(row.run)]


def _units_in(run: Run) -> list[_Unit]:
    places = [i for i, c in enumerate(run.key) if c != " "]
    bare = "".join(run.key[i] for i in places)
    found = []
    for m in _UNIT.finditer(bare):
        piece = run.cut(places[m.start()], places[m.end() - 1] + 1)
        found.append(_Unit(_TIMES[m["times"] or ""], "" if m["of"] == "元" else m["of"], piece))
    return found


def _figure(seen: Labelled, spot: Spot, only: _Unit | None) -> _Figure | None:
    """Return the current figure that stands at a label. only: the one unit of the whole paper."""
    leaf = seen.paper.sheets[spot.sheet]
    row = leaf.rows[spot.row]
    said = row.run.key[spot.start : spot.end]
    bracket = re.search(r"\([^()]*\d[^()]*\)[ \t:]*$", said)  # a figure in brackets, not a word of the label
    end = spot.start + bracket.start() if bracket else spot.end
    cells = _cells(row.run.cut(end).lstrip(":"))
    if cells is None:
        return None
    columns = _columns(leaf, spot, cells[1])
    number, sure = _current(cells[0], columns)
    if number is None:
        return None
    own = _units_in(row.run.cut(spot.start, end))
    headed = [u for c in columns if c.rank is not None for u in _units_in(c.run)]
    sheets = _units(leaf)
    # The nearest says it: the label's bracket, the column's head, the sheet, the paper.
    unit = next(iter((*own, *headed, *sheets)), only)
    agreed = len({(u.times, u.currency) for u in (*own, *headed, *sheets)}) <= 1
    return _read(number, unit, 1.0 if sure and agreed and spot.strength >= _MISREAD else _UNSURE)


def _cells(rest: Run) -> tuple[list[Run], float] | None:
    """Return the figures right of a label up to the next label, and where that begins; None where the label goes on as another word."""
    if rest.key and not rest.key[0].isspace() and not re.match(r"[-−–△(¥\d]|人民币|RMB", rest.key):
        return None
    found = list[Run]()
    for chunk in rest.chunks():
        bare = re.sub(r"\s", "", chunk.key)
        if re.search(r"\d", bare) and not re.search(r"[\u4e00-\u9fff]", re.sub(r"[十百千万亿元圆]|人民币", "", bare)):
            found.append(chunk)
        elif re.search(r"[\u4e00-\u9fffA-Za-z]", bare) and not _NOTE.fullmatch(bare):
            return found, chunk.box[0]
    return found, float("inf")


def _columns(leaf: Sheet, spot: Spot, end: float) -> list[_Column]:
    """Return the columns of figures that belong to a label, by the nearest heads above it."""
    for row in reversed(leaf.rows[: spot.row]):
        ranked = _heads(row)
        if ranked:
            height = row.height
            return [c for c in ranked if c.run.box[2] > spot.x0 + height and c.run.box[0] < end - height / 2]
    return []


def _heads(row: Row) -> list[_Column]:
    """Return the heads of a row, each with its rank; nothing where the row heads no figures."""
    bare = [re.sub(r"\([^()]*\)|[\s:]", "", chunk.key) for chunk in row.chunks]
    years = [_year(text) for text in bare]
    named = [any(p.fullmatch(text) for p in (_PREVIOUS, *_CURRENT)) for text in bare]
    heads = sum(named) + sum(y is not None or bool(_NO_FIGURES.fullmatch(t)) for t, y in zip(bare, years, strict=True))
    if not heads or (heads == 1 and not any(re.fullmatch(r"项目|资产|指标|科目|项目名称", text) for text in bare)):
        return []
    latest = max((y for y in years if y), default=None)
    columns = []
    for chunk, text, year in zip(row.chunks, bare, years, strict=True):
        rank = next((i for i, p in enumerate(_CURRENT) if p.fullmatch(text)), None)
        if year is not None and not any(named):
            rank = 0 if year == latest else None
        columns.append(_Column(chunk, rank if not _PREVIOUS.fullmatch(text) else None))
    return columns


def _year(text: str) -> str | None:
    """Return the day or the year that is all a head says."""
    dates = find_dates(text)
    if len(dates) == 1 and re.fullmatch(r"末|余额|数|金额|", text[: dates[0].start] + text[dates[0].end :]):
        return dates[0].value
    m = re.fullmatch(r"(20\d\d|19\d\d)年?(?:度|末|1[-至到]12月|12月)?(?:余额|数|金额|实际|实际数)?", text)
    return m[1] if m else None


def _current(cells: Sequence[Run], columns: Sequence[_Column]) -> tuple[Run | None, bool]:
    """Return the figure of the current column, and whether that is sure."""
    if not columns:
        figures = [c for c in cells if len(cells) == 1 or not re.fullmatch(r"\d{1,3}", re.sub(r"\s", "", c.key))]
        return (figures[0], len(cells) == 1) if figures else (None, False)
    ranks = [c.rank for c in columns if c.rank is not None]
    if not ranks:  # budget and actual, this and that: no head says which is current
        beside = [c for c in cells if not _NO_FIGURES.fullmatch(_bare(_nearest(c, columns).run))]
        return (beside[0], False) if beside else (None, False)
    best = [c for c in columns if c.rank == min(ranks)]
    own = [c for c in cells if _nearest(c, columns) in best]
    sure = len(best) == 1 and len(own) == 1 and not any(_BODIES.fullmatch(_bare(c.run)) for c in columns)
    # Where no number of a line stands in its column it may be the beginning of what was read as the sum.
    numbered = [c for c in columns if _LINE.fullmatch(_bare(c.run))]
    sure &= all(any(_nearest(cell, columns) is line for cell in cells) for line in numbered)
    return (own[0], sure) if own else (None, False)


def _bare(run: Run) -> str:
    return re.sub(r"\s", "", run.key)


def _nearest(cell: Run, columns: Sequence[_Column]) -> _Column:
    middle = cell.box[0] + cell.box[2]
    return min(columns, key=lambda c: abs(c.run.box[0] + c.run.box[2] - middle))


def _read(cell: Run, unit: _Unit | None, factor: float) -> _Figure | None:
    """Return the figure; in brackets or behind a minus it is negative. What says its own unit (1,200万元) needs no other."""
    bare = _bare(cell)
    whole = _NUMBER.fullmatch(bare)
    m = whole or _TORN_NUMBER.fullmatch(bare)
    if m is None:
        spoken = [a for a in find_amounts(cell.key) if a.marked]
        if len(spoken) != 1:
            return None
        (own,) = spoken
        marks = () if own.currency in (None, "CNY") else (f"currency:{own.currency}",)
        minus = re.search(r"[-−–△(]\s*(?:¥|人民币)?\s*$", cell.key[: own.start])
        sure = factor * (1.0 if own.certain else TORN) * (_UNSURE if marks else 1.0)
        return _Figure(-own.value if minus else own.value, cell, None, sure, marks)
    digits = re.sub(r"[^\d.]", "", m["number"])
    if whole is None or re.search(r"\d\s+\d", cell.key):
        factor *= TORN
        head, point, tail = m["number"].rpartition(".")
        digits = re.sub(r"\D", "", head if point else m["number"]) + (f".{tail}" if point and tail.isdigit() else "")
    if not re.fullmatch(r"\d+(?:\.\d+)?", digits) or len(digits) > 18:
        return None
    if (m["minus"] == "(") != bool(m["close"]):  # half a pair of brackets
        factor *= TORN
    value = Decimal(digits) * (unit.times if unit else 1)
    marks = (f"currency:{unit.currency}",) if unit and unit.currency else ()
    if unit is None or marks:
        factor *= _UNSURE
    negative = m["minus"] or m["close"]
    return _Figure(-value if negative else value, cell, unit.run if unit else None, factor, marks)
