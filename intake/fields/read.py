"""Typed readers: from the run that stands beside a label to the value in it, with the very glyphs it was read from."""

import re
from dataclasses import dataclass, replace

from intake.fields.names import COMPANY_END, ORGANISATION_END, SURNAMES
from intake.layout import GAP, Run, join
from intake.model import Field
from intake.values import (
    credit_code,
    find_amounts,
    find_dates,
    find_long_term,
    fold,
    identity_number,
    money,
    parse_date,
    tidy,
)

_PUNCTUATION = ":;,。、.\"'“”‘’_-—~·|"
_STOP = re.compile(
    r"\((?:受益人|债权人|债务人|担保人|保证人|[甲乙丙买卖供需]方)\)|[(\[]?(?:以下|下称|下同|简称|盖章|公章|签章|签字|签名|章\)|印章|hereinafter|hereafter|\(the [\"“]|, ?an? |\(\"|\(“|\(seal)",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"^(?:户名|全称|账号|账户|开户行|开户银行|签字|盖章|签章|签名|公章|姓名|名称|单位|职务|性别|男|女|日期|地址|住所|住址|电话|代表|授权代表|身份证|年月日|授权|委托|证明|身份|空白|会计(?!师)|出纳|经手|制单|复核|无|印章|印|或|和|与|及|等|的|之).*"
)
_SUM_FORM = re.compile(r"\d,\d{3}(?!\d)|\d\.\d\d(?!\d)")  # a number written as money is written
#: A day that lost a dash under a seal: 202409-11, 2024-0911.
_TORN_DAY = re.compile(r"(\d{4})(?:-(\d\d)(\d\d)|(\d\d)-(\d\d))")
_PART = re.compile(r"[(,;][ \t]*(?:实[缴收]|已缴|其中)")
_CHOICES = re.compile(r"[□☐☑☒■√✓✔○●◎]|(?<!不)合格[^。;,]{0,4}不合格|不合格[^。;,]{0,4}(?<!不)合格")
# Registered capital is printed 3000.00万元, 3000.000000万元; a thousand million and more is rarer than a lost point.
_LOST_POINT = re.compile(r"(?<![\d.,])\d{4,}00[ ]*[万萬]")
TORN = 0.6  # how far to trust a value that lost a mark
_BLANK = re.compile(r"[_\s*/\\.\-—…:]*")


@dataclass(frozen=True)
class Reading:
    """A value, the glyphs it was read from, how far its form speaks for it (0..1), and marks."""

    run: Run
    value: str
    factor: float = 1.0
    marks: tuple[str, ...] = ()

    def field(self, strength: float = 1.0) -> Field:
        """Return the field; strength: how far its place (label, sentence) speaks for it."""
        confidence = round(min(1.0, self.run.certainty * self.factor * strength), 3)
        return Field(self.value, self.run.inked[0].page, self.run.box, confidence, self.marks)

    def weaker(self, factor: float, *marks: str) -> "Reading":
        """Return the same reading, trusted less."""
        return replace(self, factor=self.factor * factor, marks=(*self.marks, *marks))


def printed(run: Run) -> str:
    """Return the run's text as one value: lines joined, setting spaces gone."""
    return tidy(run.text.replace("\n", "" if re.search(r"[\u4e00-\u9fff]", run.text) else " "))


def unmarked(run: Run) -> Run:
    """Return the run without the mark of a list before it: (1), 1., 1、, (一), ①."""
    m = re.match(r"[ \t]*(?:\((?:\d{1,2}|[一二三四五六七八九十]{1,2})\)|\d{1,2}(?:[、)]|\.(?!\d)))[ \t]*", run.key)
    if m is None:
        m = re.match(r"[ \t]*[①-⑳][ \t]*", run.text)  # one character is one glyph
    return run.cut(m.end()) if m else run


def organisation(run: Run) -> Reading | None:
    """Read the name of a company, an institution or a person acting for himself."""
    pieces = [p for p in run.chunks() if not _BLANK.fullmatch(p.key)]
    if not pieces:
        return None
    pieces[0] = unmarked(pieces[0])
    if not pieces[0].inked and len(pieces) > 1:
        pieces = pieces[1:]
    name = _bounded(pieces[0])
    for extra in (1, 2):
        if (
            len(pieces) > extra
            and len(name) >= 4
            and not ORGANISATION_END.search(name.key)
            and len(name) == len(_bounded(name))
        ):
            longer = _bounded(join(pieces[: extra + 1], ""))
            if ORGANISATION_END.search(longer.key):
                name = longer
                break
    key = re.sub(r"\s", "", name.key)
    if len(key) < 2 or _NO_NAME.match(key) or not re.search(r"[A-Za-z\u4e00-\u9fff]{2}", key) or len(key) > 80:
        return None
    if ORGANISATION_END.search(name.key):
        factor = 1.0 if COMPANY_END.search(name.key) or len(key) >= 6 else 0.9
    elif re.fullmatch(r"[\u4e00-\u9fff]{2,4}", key) and key.startswith(SURNAMES):
        factor = 0.92
    else:
        factor = 0.6
    return Reading(name, printed(name), factor)


def _bounded(run: Run) -> Run:
    """Cut a name off where the sentence goes on: 以下简称, (盖章), a comma, an open bracket that never closes."""
    key = run.key
    ends = [m.start() for m in [_STOP.search(key)] if m]
    latin = not re.search(r"[\u4e00-\u9fff]", key)
    m = re.search(r"[;。]" if latin else r"[,;。:\"“”]|\.{2,}|_{2,}", key)
    if m and m.start() > 0:
        ends.append(m.start())
    name = run.cut(0, min(ends, default=None)).strip(_PUNCTUATION if not latin else ':;,_-"“”')
    if name.key.count("(") > name.key.count(")"):
        name = name.cut(0, name.key.rindex("(")).strip(_PUNCTUATION)
    return name


def person(run: Run) -> Reading | None:
    """Read the name of a person: two to four Han characters, a name with a middle dot, or a Latin name."""
    pieces = [p for p in (c.strip(_PUNCTUATION) for c in run.chunks()) if p.key and not _BLANK.fullmatch(p.key)]
    if not pieces:
        return None
    first = pieces[0]
    if len(first) == 1 and len(pieces) > 1 and len(pieces[1]) <= 2:  # 张　三, set wide
        first = join(pieces[:3] if len(pieces) > 2 and len(pieces[1]) == len(pieces[2]) == 1 else pieces[:2], "")
    key = first.key
    if _NO_NAME.match(key):
        return None
    if ORGANISATION_END.search(re.sub(r"\(.*\)$", "", key)):  # a partnership managed by a company
        whole = (
            first if key.endswith(")") or "(" not in key else Run((*first.glyphs, *run.glyphs[run.key.find(")") :][:1]))
        )
        return Reading(whole, printed(whole), 0.95)
    first = first.strip("()")
    key = first.key
    m = re.match(r"[\u4e00-\u9fff]{1,8}(?:[·•.][\u4e00-\u9fff]{1,8}){1,3}(?![\u4e00-\u9fff])", key)
    m = m or re.match(
        r"[\u4e00-\u9fff]{2,4}(?=$|[^\u4e00-\u9fff]|先生|女士|同志|职务|性别|身份证|签字|盖章|签章|系|\()", key
    )
    if m:
        name = re.sub(r"(?:先生|女士|同志)$", "", m[0])
        known = name.startswith(SURNAMES) or "·" in name
        whole_chunk = m.end() == len(key)
        if len(name) < 2:
            return None
        return Reading(
            first.cut(0, len(name)),
            printed(first.cut(0, len(name))),
            (1.0 if whole_chunk else 0.95) * (1.0 if known else 0.75),
        )
    m = re.match(r"[A-Za-z][A-Za-z.'\-]*(?: [A-Za-z][A-Za-z.'\-]*){0,4}", key)
    if m and len(m[0]) >= 3:
        return Reading(first.cut(0, m.end()), printed(first.cut(0, m.end())), 0.9)
    if re.fullmatch(r"[\u4e00-\u9fff]{5,6}", key):
        return Reading(first, printed(first), 0.4)
    return None


def day(run: Run, *, open_end: bool = False) -> Reading | None:
    """Read the first date; with open_end also 长期."""
    dates = find_dates(run.key)
    if dates:
        found = dates[0]
        return Reading(run.cut(found.start, found.end), found.value, 1.0 if found.certain else 0.85)
    torn = torn_day(run)
    if torn:
        return torn
    endless = find_long_term(run.key) if open_end else None
    return Reading(run.cut(endless.start, endless.end), endless.value) if endless else None


def torn_day(run: Run) -> Reading | None:
    """Read a run that is a day which lost a dash, as it does under a seal; for a person to look at, since it may be a number."""
    torn = _TORN_DAY.fullmatch(run.key.strip(" \t.。"))
    value = parse_date("".join(torn.groups(""))) if torn else None
    return Reading(run, value, TORN) if value else None


def capital(run: Run) -> Reading | None:
    """Read a sum such as registered capital, in yuan; another currency is marked. What of it was paid in is another sum (实缴300万元)."""
    part = _PART.search(run.key)
    amounts = [a for a in find_amounts(run.key) if not part or a.end <= part.start()]
    marked = [a for a in amounts if a.marked] or amounts
    if not marked:
        return None
    best = marked[0]
    marks = () if best.currency in (None, "CNY") else (f"currency:{best.currency}",)
    others = {a.value for a in marked if a.currency == best.currency}
    whole = best.certain and not _LOST_POINT.search(run.key[best.start : best.end])
    reading = Reading(
        run.cut(best.start, best.end),
        money(best.value),
        (1.0 if best.marked or _SUM_FORM.search(run.key) else 0.7) * (1.0 if whole else TORN),
        marks,
    )
    return reading if len(others) == 1 else reading.weaker(0.6, "amount_mismatch")


def code(run: Run, *, person_too: bool = False) -> Reading | None:
    """Read a credit code, an old registration number or (person_too) an identity number, its check digit verified."""
    best: Reading | None = None
    for m in re.finditer(r"[0-9A-Za-z](?:[ \t\-]?[0-9A-Za-z]){12,24}", run.key):
        for start, end in _windows(m[0]):
            piece = run.cut(m.start() + start, m.start() + end)
            raw = piece.key.replace(GAP, "")
            number = identity_number(raw) if person_too else None
            result = number if number and "check_digit_ok" in number.marks else credit_code(raw)
            if result is None:
                continue
            factor = {"check_digit_ok": 1.0, "old_number": 0.9, "check_digit_failed": 0.45}[result.marks[0]]
            reading = Reading(piece, result.value, factor * (0.88 if "repaired" in result.marks else 1.0), result.marks)
            if best is None or reading.factor > best.factor:
                best = reading
    return best


def _windows(token: str) -> list[tuple[int, int]]:
    """Return the ranges of a token that may be the code: all of it, and 18 characters at either end of a longer one."""
    places = [i for i, c in enumerate(token) if c.isalnum()]
    ranges = [(0, len(token))]
    if len(places) > 18:
        ranges += [(0, places[17] + 1), (places[-18], len(token))]
    return ranges


def serial(run: Run) -> Reading | None:
    """Read a contract number: letters, digits, Han characters and brackets without spaces, at least one digit."""
    pieces = run.chunks()
    if not pieces:
        return None
    first = pieces[0].strip(":;,。")
    m = re.match(
        r"[A-Za-z0-9\u4e00-\u9fff()\[\]〔〕【】「」_\-–—/.#&+:]+(?: ?[\-–—/] ?[A-Za-z0-9]+| [A-Za-z0-9\-]*\d[A-Za-z0-9\-]*)*",
        first.key,
    )
    if m is None or not re.search(r"[0-9一二三四五六七八九〇]", m[0]):
        return None
    printed_again = re.search(r"(?<=\d)第[ \t]*\d+[ \t]*次", m[0])  # 第1次打印
    piece = first.cut(0, printed_again.start() if printed_again else m.end()).strip(":.")
    if piece.key.endswith(")") and piece.key.count(")") > piece.key.count("("):
        piece = piece.cut(0, len(piece) - 1)
    if piece.key.startswith("(") and "(" not in piece.key[1:] and piece.key.endswith(")"):
        piece = piece.cut(1, len(piece) - 1)
    value = tidy(re.sub(r"\s", "", re.sub(r"[！-～]", lambda c: fold(c[0]), piece.text)))
    return Reading(piece, value, 1.0 if 3 <= len(value) <= 40 else 0.6)


def phrase(run: Run) -> Reading | None:
    """Read free text (an address, a scope), over as many lines as it takes."""
    text = run.strip(":_")
    text = text.cut(0, len(text.key.rstrip("_ \t\n")))
    if len(text.inked) < 2:
        return None
    return Reading(text, printed(text), 1.0)


def grade(run: Run) -> Reading | None:
    """Read a credit grade (GB/T 22116): AAA to D, with or without 级."""
    m = re.match(r"[ \t:]*(?P<value>AAA|AA|A|BBB|BB|B|CCC|CC|C|D)[+-]?[ \t]*(?:级|等)?(?=[\s,。;)]|$)", run.key)
    return Reading(run.cut(*m.span("value")), m["value"], 1.0) if m else None


def days(run: Run) -> Reading | None:
    """Read a number of days, as terms of payment are given; months count thirty."""
    m = re.match(r"[ \t:]*(?P<value>\d{1,3})(?!\d|[.,]\d)[ \t]*(?:个)?(?P<unit>天|日|月)?", run.key)
    if m is None:
        return None
    count = int(m["value"]) * (30 if m["unit"] == "月" else 1)
    return Reading(run.cut(*m.span("value")), str(count), 1.0 if m["unit"] else 0.8)


def day_count(run: Run) -> Reading | None:
    """Read for how many days something went on, as counted: four digits, two places behind the point; not a term in months."""
    m = re.match(
        r"[ \t:约]*(?P<value>\d{1,4}(?:\.\d{1,2})?)(?!\d|[.,]\d)[ \t]*(?P<unit>天|日)?(?P<more>[ \t]*\S)?", run.key
    )
    if m is None:
        return None
    return Reading(run.cut(*m.span("value")), m["value"], 1.0 if m["unit"] or not m["more"] else TORN)


def conclusion(run: Run) -> Reading | None:
    """Read a conclusion as it is printed; of choices to tick (合格□ 不合格□) it is not to be read which was taken."""
    said = phrase(run)
    return said.weaker(TORN) if said and _CHOICES.search(said.run.key) else said


def number(run: Run) -> Reading | None:
    """Read a plain number (a score, a year)."""
    m = re.match(r"[ \t:]*(?P<value>\d{1,4}(?:\.\d{1,2})?)[ \t]*(?:分|年|年度)?(?=[\s,。;)(]|$)", run.key)
    return Reading(run.cut(*m.span("value")), m["value"], 1.0) if m else None


def account(run: Run) -> Reading | None:
    """Read a bank account: digits, the spaces of their groups left out."""
    m = re.match(r"[ \t:]*(?P<value>\d(?:[ \t\-]?\d){7,29})(?!\d)", run.key)
    return Reading(run.cut(*m.span("value")), re.sub(r"\D", "", m["value"]), 1.0) if m else None
