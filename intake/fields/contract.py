"""Contracts and agreements, their amendments and terminations."""

import re
from collections.abc import Sequence

from intake.fields.paper import Labelled, Paper
from intake.fields.parties import parties
from intake.fields.read import Reading, day, printed, serial
from intake.fields.terms import Term, doubt_order, doubt_signed, term
from intake.fields.total import total
from intake.layout import Run
from intake.model import Field
from intake.values import find_dates

LABELS = {
    "contract_number": (
        "合同编号", "合同号", "协议编号", "协议号", "编号", "合同编码", "合同书编号", "合同登记编号", "合同序号", "本合同编号", "补充协议编号", "补充协议号", "变更协议编号", "解除协议编号", "协议书编号", "购销合同编号", "采购合同编号", "文件编号", "Contract No.", "Contract No", "Contract Number", "Agreement No.", "Agreement No", "Agreement Number", "Order No.", "Ref. No.", "No.", "合同号码",
        "订单号", "订单编号", "采购订单号", "订单号码",
    ),
    "signed_on": (
        "签订日期", "签署日期", "订单日期", "签约日期", "签订时间", "签约时间", "签署时间", "订立日期", "合同签订日期", "订立时间", "合同签订时间", "合同日期", "签字日期", "签定日期", "签定时间", "合同订立时间", "协议签订日期", "协议签订时间", "合同签署日期", "合同签约日期", "Date of Signature", "Signing Date", "Date of signing", "Signed on", "Date of Contract",
    ),
    "date": ("日期", "时间", "Date", "签章日期", "DATE"),
    "": ("原合同编号", "主合同编号", "原合同号", "原协议编号", "签订地点", "签约地点", "签署地点", "甲方", "乙方", "地址", "供方", "需方", "卖方", "买方", "出租方", "承租方", "项目名称", "项目编号", "招标编号", "工程名称", "合同名称", "授权代表", "法定代表人", "委托代理人", "电话"),
}  # fmt: skip
REQUIRED = ("title", "party_a", "party_b")
ORDER = (
    "contract_number", "title", "party_a", "party_b", "party_a_code", "party_b_code", "amount", "currency", "signed_on", "term_from", "term_until",
)  # fmt: skip

_MADE_ON = re.compile(r"(?:于|在)[^。;\n]{0,60}?(?:签订|签署|订立|签定|共同签)(?![了的]|[^。\n]{0,3}《)")
_ENGLISH_ON = re.compile(r"(?:made|entered into|dated|signed|executed|effective)[^;\n]{0,90}", re.IGNORECASE)
_TERM_WORDS = re.compile(
    r"(?:合同|协议|租赁|服务|借款|贷款|合作|许可|授权|委托|使用|履行|供货|承包|保管|代理|聘用|经营|维护|维保|仓储|劳务|本合同|本协议)(?:的)?(?:有效)?(?:期限|期间|期|有效期)|租期|有效期限?|合同期内?|起止(?:日期|时间)|履约期限|"
    r"term of this|valid(?:ity)? (?:period|from|until)|shall commence|lease term|period of",
    re.IGNORECASE,
)
_WORKS = re.compile(
    r"开工(?:日期|时间)[:为]?[ \t]*(?P<first>[^,。;\n]{8,20})[,。;\n \t](?:计划)?(?:竣工|完工)(?:日期|时间)[:为]?[ \t]*(?P<last>[^,。;\n]{8,20})"
)
_NOT_TERM = re.compile(
    r"质保期|保修期|质量保证期|付款期限|交货期|交付期|免租期|装修期|保密期|试用期|宽限期|检验期|异议期"
)


def fields(paper: Paper, title: Run | None) -> dict[str, Field]:
    """Return what a contract says, by the names of DESIGN.md. title: the headline, found by the classification."""
    seen = paper.labelled(LABELS)
    found: dict[str, Field] = {}
    number = _number(seen)
    if number:
        found["contract_number"] = number
    if title and title.inked:
        found["title"] = Reading(title, printed(title), 1.0).field()
    found.update(parties(paper))
    found.update(total(paper))
    signed, strength = _signed_on(paper, seen)
    if signed:
        found["signed_on"] = signed.field(strength)
    period = contract_term(paper, signed)
    for name, reading in (("term_from", period.first), ("term_until", period.last)):
        if reading:
            found[name] = (reading if period.agreed else reading.weaker(0.6, "term_mismatch")).field(0.97)
    doubt_order(found, "term_from", "term_until")
    labelled = [r for s in seen.named("signed_on") if (r := day(seen.beside(s)))]
    doubt_signed(found, [*labelled, *_foot(paper, [seen.beside(s) for s in seen.named("date")])])
    return {n: found[n] for n in ORDER if n in found}


def _number(seen: Labelled) -> Field | None:
    for spot in sorted(
        seen.named("contract_number"),
        key=lambda s: ("订单" in s.word, len(seen.label_text(s).strip(":")) < 3, s.sheet, s.row),
    ):
        run = seen.beside(spot)
        reading = serial(run) if run.inked else None
        if reading and not find_dates(reading.value):
            strength = spot.strength if seen.is_closed(spot) else spot.strength * 0.9
            return reading.field(strength)
    return None


def _signed_on(paper: Paper, seen: Labelled) -> tuple[Reading | None, float]:
    """Return the day of signing: its label, the preamble, or the dates under the signatures (the later one)."""
    for spot in seen.named("signed_on"):
        reading = day(seen.beside(spot))
        if reading:
            return reading, spot.strength
    for pattern, text in ((_MADE_ON, paper.flow), (_ENGLISH_ON, paper.flow.cut(0, 700))):
        for m in pattern.finditer(text.key):
            if re.search(r"[有生]效|到期|届满|交[货付]|日前", m[0]):
                continue
            reading = day(text.cut(*m.span()))
            if reading and not re.search(
                r"(?:依据|根据|按照|原合同|原协议)[^。\n]{0,20}$", text.key[max(0, m.start() - 30) : m.start()]
            ):
                return reading, 0.93
    foot = _foot(paper, [seen.beside(s) for s in seen.named("date")])
    if foot:
        last = max(foot, key=lambda r: r.value)
        return last, 0.95 if len({r.value for r in foot}) == 1 else 0.85
    cover = [chunk for row in paper.sheets[0].rows for chunk in row.chunks] if len(paper.sheets) > 1 else []
    alone = [
        (c, d[0])
        for c in cover
        if len(d := find_dates(c.key)) == 1 and len(c.strip("。()").key) == d[0].end - d[0].start
    ]
    if len(alone) == 1:
        chunk, date = alone[0]
        return Reading(chunk.cut(date.start, date.end), date.value), 0.88
    return None, 0.0


def _foot(paper: Paper, labelled: Sequence[Run]) -> list[Reading]:
    """Return the dates at labels 日期, and those that stand alone in the lower half of the last pages."""
    found = [r for run in labelled if (r := day(run))]
    if found:
        return found
    rows = [(s, row) for s in paper.sheets for row in s.rows]
    for _, row in rows[max(len(rows) // 2, len(rows) - 14) :]:
        for chunk in row.chunks:
            dates = find_dates(chunk.key)
            rest = re.sub(r"[\s()签订署约日期时间:盖章]", "", chunk.key)
            if len(dates) == 1 and len(rest) <= dates[0].end - dates[0].start + 2:
                found.append(
                    Reading(chunk.cut(dates[0].start, dates[0].end), dates[0].value, 0.97 if dates[0].certain else 0.8)
                )
    return found


def contract_term(paper: Paper, signed: Reading | None) -> Term:
    """Return the period the contract runs, from the clause that speaks of it."""
    run = paper.flow
    best = Term()
    works = _WORKS.search(run.key)
    if works:
        first, last = day(run.cut(*works.span("first"))), day(run.cut(*works.span("last")))
        if first and last and first.value <= last.value:
            return Term(first.weaker(0.93), last.weaker(0.93))
    for m in _TERM_WORDS.finditer(run.key):
        start = max(run.key.rfind(c, 0, m.start()) for c in "。;\n") + 1
        if _NOT_TERM.search(run.key[max(start, m.start() - 6) : m.end() + 2]):
            continue
        end = min((i for c in "。;" if (i := run.key.find(c, m.end())) >= 0), default=len(run))
        clause = run.cut(m.start(), min(end, m.end() + 110))
        period = term(_one_paragraph(clause, m.end() - m.start()), signed)
        if period.first and period.last and period.first.value <= period.last.value:
            return period
        if (period.first or period.last) and not (best.first or best.last):
            best = period
    return best


def _one_paragraph(clause: Run, after: int) -> Run:
    """Cut the clause at the end of its line; a heading (第三条 租赁期限) speaks through the line below it."""
    ends = [i for i, c in enumerate(clause.key) if c == "\n" and i > after]
    heading = bool(ends) and ends[0] - after <= 2
    return clause.cut(0, ends[1] if heading and len(ends) > 1 else ends[0] if ends and not heading else None)
