"""Business licences and the certificates of institutions: 营业执照, 事业单位法人证书 and their kin."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from intake.fields.paper import Labelled, Paper
from intake.fields.read import TORN, Reading, capital, code, day, organisation, person, phrase, torn_day
from intake.fields.terms import doubt_order, term
from intake.layout import GAP, Row, Run, join
from intake.model import Field
from intake.values import credit_code_is_valid, find_dates, fold, tidy

LABELS = {
    "name": ("名称", "企业名称", "公司名称", "单位名称", "机构名称", "字号名称", "商号", "字号"),
    "code": ("统一社会信用代码", "社会信用代码", "信用代码", "统一社会信用代码/注册号", "注册号/统一社会信用代码", "注册号", "营业执照注册号", "证号"),
    "type": ("类型", "公司类型", "企业类型", "主体类型", "单位类型", "市场主体类型", "经济性质", "企业性质", "机构类型"),
    "legal_representative": (
        "法定代表人", "法定代表人姓名", "法定代表人/负责人", "负责人", "负责人姓名", "经营者", "经营者姓名", "执行事务合伙人", "投资人", "投资人姓名", "法人代表", "企业负责人",
    ),
    "registered_capital": ("注册资本", "注册资金", "出资额", "出资总额", "成员出资总额", "开办资金", "资金数额", "注册资本(金)"),
    "established_on": ("成立日期", "注册日期", "成立时间", "设立日期", "开业日期"),
    "term": ("营业期限", "经营期限", "合伙期限", "有效期", "有效期限", "营业期限自", "有效期自", "经营期限自", "证书有效期"),
    "address": ("住所", "经营场所", "营业场所", "主要经营场所", "住址", "地址", "住所地", "住", "企业住所", "注册地址", "经营地址"),
    "scope": ("经营范围", "宗旨和业务范围", "宗旨和业务范", "业务范围", "经营范围及方式", "宗旨与业务范围", "主营"),
    "authority": ("登记机关", "登记管理机关", "发证机关", "核准机关", "发照机关", "登记单位", "登记机"),
    "issued_on": ("发证日期", "核准日期", "颁发日期", "登记日期", "发照日期", "填发日期", "换发日期"),
    "": (
        "实收资本", "组成形式", "证照编号", "执照编号", "经费来源", "举办单位", "扫描二维码", "国家企业信用信息公示系统", "企业信用信息公示系统", "市场主体应当", "重要提示", "提示",
        "股东", "联系电话", "经营方式", "每年1月1日", "须知", "编号", "副本编号", "扫描市场主体身份码", "业务主管单位", "成员总数", "国家市场监督管理总局监制", "年度检验", "年检",
    ),
}  # fmt: skip
REQUIRED = ("name", "code", "legal_representative", "address", "scope")
#: What authorities that register companies are called after their place.
_BODIES = ("市场监督管理局", "工商行政管理局", "行政审批局", "行政审批服务局", "数据管理局", "政务服务管理局")
_AUTHORITY = re.compile(
    r"[\u4e00-\u9fff]{2,16}(?:市场监督管理|工商行政管理|行政审批|市场和质量监督管理|事业单位登记管理|民政|数据和?政务服务|政务服务)[\u4e00-\u9fff]{0,6}?(?:局|委员会|总局|管理办公室)(?:[\u4e00-\u9fff]{1,8}分局)?"
)


def fields(paper: Paper) -> dict[str, Field]:
    """Return what a licence says, by the names of DESIGN.md."""
    seen = _apart(paper).labelled(LABELS)
    found: dict[str, Field] = {}
    readers = {
        "name": organisation,
        "code": code,
        "type": _kind,
        "legal_representative": person,
        "registered_capital": capital,
        "established_on": day,
        "address": _address,
        "scope": phrase,
        "issued_on": day,
    }
    for name, read in readers.items():
        for spot in seen.named(name):
            region = seen.block(spot)
            reading = read(region) if region.inked else None
            if reading and (
                name not in found or found[name].confidence < reading.field(spot.strength).confidence - 0.05
            ):
                found[name] = reading.field(spot.strength)
    _halves(paper, seen, found)
    _term(seen, found)
    _code_anywhere(paper, found)
    _authority(paper, seen, found)
    _issued(paper, seen, found)
    doubt_order(found, "valid_from", "valid_until")
    return {n: found[n] for n in ORDER if n in found}


def _apart(paper: Paper) -> Paper:
    """Return the paper with a gap before a label set wide (住　所) whose first letter was read as the last of the value left of it."""
    leaves = []
    for leaf in paper.sheets:
        starts = [chunk.box[0] for row in leaf.rows for chunk in row.chunks]
        rows = [replace(row, run=join(_parted(row, starts), GAP)) for row in leaf.rows]
        leaves.append(replace(leaf, rows=tuple(rows)))
    return replace(paper, sheets=tuple(leaves))


def _parted(row: Row, starts: Sequence[int]) -> list[Run]:
    """Return the chunks of a row; the first letter of a label stands where others of its column begin."""
    chunks = list[Run]()
    for one, other in zip_longest(row.chunks, row.chunks[1:], fillvalue=Run()):
        letter = one.cut(len(one) - 1)
        wide = letter.key + other.key[:1] in ("住所", "名称", "类型") and other.key.rstrip(":") in ("所", "称", "型")
        if wide and len(one) > 2 and letter.inked and any(abs(x - letter.box[0]) < row.height / 2 for x in starts):
            chunks += [one.cut(0, len(one) - 1), letter]
        else:
            chunks.append(one)
    return chunks


ORDER = (
    "name", "code", "type", "legal_representative", "registered_capital", "established_on", "valid_from", "valid_until", "address", "scope", "authority", "issued_on",
)  # fmt: skip


#: The last letter of a label that lost its first (名 称 read as 称), its field, and what its value must hold.
_HALVES = (
    ("称", "name", organisation, re.compile(r"公司|企业|厂|合作社|商行|店|部|中心|所|院|社|\(有限合伙\)")),
    ("型", "type", phrase, re.compile(r"公司|企业|个体|合伙|合作社|法人|独资|所有制")),
    ("所", "address", phrase, re.compile(r"[省市区县镇乡村路街道号].*[省市区县镇乡村路街道号楼室层]")),
)


def _halves(paper: Paper, seen: Labelled, found: dict[str, Field]) -> None:
    """Read a value whose label kept only its last letter, in the column of the labels; always for a person to see."""
    for half, name, read, form in _HALVES:
        if name in found or seen.named(name):
            continue
        for number, sheet in enumerate(paper.sheets):
            labels = [s for s in seen.spots if s.sheet == number]
            for row in sheet.rows:
                x = row.run.inked[0].box
                column = any(x and s.x0 - row.height <= x[0] <= s.x1 for s in labels)
                value = row.run.cut(1).lstrip(":")
                if not column or not row.run.key.startswith(half) or not value.inked:
                    continue
                reading = read(value.chunks()[0])
                if reading and form.search(fold(reading.value)) and reading.factor >= 0.9 and name not in found:
                    found[name] = reading.field(0.7)


def _kind(run: Run) -> Reading | None:
    reading = phrase(run)
    return reading if reading is None or len(reading.value) <= 40 else reading.weaker(0.5)


def _address(run: Run) -> Reading | None:
    reading = phrase(run)
    if reading is None:
        return None
    placed = re.search(r"[省市区县镇乡村路街道号楼室层座幢栋园州旗]", reading.value)
    return reading if placed and len(reading.value) <= 90 else reading.weaker(0.6)


def _term(seen: Labelled, found: dict[str, Field]) -> None:
    for spot in seen.named("term"):
        period = term(seen.block(spot))
        if period.last is None and period.first is not None and len(find_dates(seen.block(spot).key)) == 1:
            period = term(seen.beside(spot))
        for name, reading in (("valid_from", period.first), ("valid_until", period.last)):
            if reading and name not in found:
                found[name] = (reading if period.agreed else reading.weaker(0.6, "term_mismatch")).field(spot.strength)


def _code_anywhere(paper: Paper, found: dict[str, Field]) -> None:
    """Take a code that passes its check digit for the code, label or not."""
    if "code" in found and "check_digit_failed" not in found["code"].marks:
        return
    for m in re.finditer(r"(?<![0-9A-Za-z])[0-9A-HJ-NP-RTUW-Y]{18}(?![0-9A-Za-z])", paper.flow.key):
        if credit_code_is_valid(m[0]):
            found["code"] = Reading(paper.flow.cut(m.start(), m.end()), m[0], 0.9, ("check_digit_ok",)).field()
            return


def _authority(paper: Paper, seen: Labelled, found: dict[str, Field]) -> None:
    for spot in seen.named("authority"):
        region = seen.block(spot)
        m = re.search(r"[\u4e00-\u9fff]{3,30}(?:局|委员会|办公室|厅|分局|总局)", region.key)
        if m:
            run = region.cut(m.start(), m.end())
            whole = not _lost_its_place(m[0])
            found["authority"] = Reading(run, tidy(run.text), 1.0 if whole else TORN).field(spot.strength)
            return
    key = paper.flow.key
    for m in _AUTHORITY.finditer(key):
        if "监制" not in key[m.end() : m.end() + 3] and not m[0].startswith(("由", "向", "经")):
            run = paper.flow.cut(m.start(), m.end())
            found["authority"] = Reading(run, tidy(run.text), 0.88).field()  # read off the seal or above the date
            return


def _lost_its_place(name: str) -> bool:
    """Tell whether this is the end of an authority's name, which begins with the place it is of; a seal over it takes the beginning."""
    return any(body.endswith(name) for body in _BODIES)


def _issued(paper: Paper, seen: Labelled, found: dict[str, Field]) -> None:
    """Without a label of its own, the day of issue stands alone under everything else."""
    if "issued_on" in found:
        return
    anchor = max(((s.sheet, s.row) for s in seen.spots if s.name in ("scope", "address", "authority")), default=(0, 0))
    for number, sheet in reversed(list(enumerate(paper.sheets))):
        for r, row in reversed(list(enumerate(sheet.rows))):
            if (number, r) < anchor:
                return
            dates = find_dates(row.run.key)
            if torn := torn_day(row.run):
                found["issued_on"] = torn.field()
                return
            if len(dates) == 1:
                run = row.run.cut(dates[0].start, dates[0].end)
                taken = any(f.box == run.box and f.page == sheet.number for f in found.values())
                alone = len(re.sub(r"\s", "", row.run.key)) - len(re.sub(r"\s", "", run.key)) <= 24
                if not taken and alone:
                    found["issued_on"] = Reading(run, dates[0].value, 0.92 if dates[0].certain else 0.8).field()
                    return
