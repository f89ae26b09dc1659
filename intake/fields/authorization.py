"""Authorizations: 授权委托书, 法定代表人授权书; also certificates of position and letters of introduction."""

import re
from dataclasses import replace

from intake.fields import foot
from intake.fields.names import COMPANY, PERSON
from intake.fields.paper import Labelled, Paper
from intake.fields.read import Reading, code, day, organisation, person, phrase
from intake.fields.terms import doubt_order, doubt_signed, term
from intake.layout import Run
from intake.model import Field
from intake.values import find_dates, tidy

LABELS = {
    "principal": (
        "委托人", "委托单位", "授权人", "授权单位", "委托方", "授权方", "委托单位名称", "授权单位名称", "单位名称", "投标人", "投标人名称", "企业名称", "公司名称", "委托人名称", "授权企业",
        "授权公司", "委托公司", "单位全称", "供应商", "供应商名称", "响应人", "Principal", "委托人(甲方)", "委托企业",
    ),
    "legal_representative": ("法定代表人", "法人代表", "单位负责人", "法定代表人姓名", "法定代表人/负责人", "负责人"),
    "agent": (
        "受委托人", "受托人", "被授权人", "被委托人", "代理人", "委托代理人", "授权代表", "受权人", "被授权代表", "代理人姓名", "受托人姓名", "被授权人姓名", "受委托人姓名", "授权委托人", "授权代理人",
        "被授权人代表", "经办人", "Agent", "Attorney", "受委托人员", "被委托人姓名", "受托方",
    ),
    "scope": (
        "授权范围", "委托事项", "代理权限", "授权事项", "授权权限", "委托权限", "委托范围", "代理事项", "代理范围", "授权内容", "委托内容", "办理事项", "授权事宜", "委托事宜", "权限", "委托代理权限",
        "授权委托事项", "授权委托范围", "委托事项及权限", "授权权限及范围", "委托权限范围", "Scope",
    ),
    "term": (
        "授权期限", "委托期限", "有效期", "有效期限", "授权有效期", "委托有效期", "代理期限", "期限", "授权时间", "本授权书有效期", "本委托书有效期", "有效期间", "授权期间", "授权有效期限", "委托书有效期",
        "授权书有效期", "委托有效期限", "授权委托期限", "本授权委托书有效期", "授权委托书有效期", "委托时间", "委托书有效期限", "有效日期", "委托权限有效期", "授权权限有效期", "代理权限有效期", "Valid",
    ),
    "code": ("统一社会信用代码", "社会信用代码", "信用代码", "营业执照注册号", "注册号", "营业执照号", "营业执照号码"),
    "signed_on": ("日期", "签署日期", "签发日期", "授权日期", "委托日期", "签字日期", "出具日期", "签署时间", "签订日期", "填写日期", "Date"),
    "person": ("姓名",),
    "": (
        "性别", "职务", "年龄", "身份证号码", "身份证号", "身份证", "公民身份号码", "证件号码", "联系电话", "电话", "手机", "工作单位", "住址", "地址", "住所", "部门", "邮编", "单位", "致",
        "被授权人签字", "法定代表人签字", "委托人签字", "受托人签字", "特此证明", "特此授权", "特此委托", "特此声明", "附", "联系方式", "通讯地址", "传真", "项目名称", "国籍", "民族", "注", "备注", "开户行",
    ),
}  # fmt: skip
REQUIRED = ("principal", "agent", "signed_on")
ORDER = ("principal", "code", "legal_representative", "agent", "scope", "valid_from", "valid_until", "signed_on")

# In brackets; or a number in such whose end was not read: engines pass over a bracket between a digit and a letter.
_TITLES = r"(?:\([^()\n]{1,60}\)|\([^()\n\d]{1,12}[0-9A-Z]{15,18}(?![0-9A-Z)]))?"
_OURS = r"(?:我|本)(?:公司|单位|司|方|企业|厂|院|所|人)"
_PLACE = r"(?:[\u4e00-\u9fff]{0,10}?(?:部|处|科|室|中心|经理|主任|主管|员工|职工|职员|专员|业务员|代表|律师|同志|的))??"
_AFTER = r"(?=同志|先生|女士|\(|,|、|为|代表|作|身份证|前往|前来|等|全权|以|办理|,|。|\t|\n|$|系|担任|任|[ ])"
_SENTENCES = (
    re.compile(rf"(?:我|本人|兹有|兹证明)?[ \t]*(?P<legal_representative>{PERSON}){_TITLES}[ \t]*(?:同志|先生|女士)?,?[ \t]*(?:系|是|为|在)[ \t]*(?P<principal>{COMPANY}){_TITLES}[ \t]*的?[ \t]*(?:合法)?(?:的)?法定代表人"),
    re.compile(rf"(?P<principal>{COMPANY}){_TITLES}[ \t]*的?法定代表人[ \t:,]*(?P<legal_representative>{PERSON}){_TITLES}[ \t,]*(?:经合法)?(?=现|兹|特|经|代表|在此|授权|委托|,|同志)"),
    re.compile(rf"(?P<principal>{COMPANY}){_TITLES}[ \t]*的[ \t]*(?P<legal_representative>{PERSON})[ \t]*\((?:法定代表人|法人代表|法人)[^()\n]{{0,20}}\)"),
    re.compile(rf"(?:授权|委托|委派|指派|指定)(?:书)?[ \t]*(?:{_OURS}|本公司|{COMPANY}{_TITLES})??的?[ \t]*{_PLACE}[ \t,:]*(?P<agent>{PERSON}){_TITLES}[ \t]*{_AFTER}"),
    re.compile(rf"(?:兹|今|现)(?:介绍|有|委派|派)[ \t]*(?:{_OURS}|{COMPANY})??的?{_PLACE}[ \t]*(?P<agent>{PERSON}){_TITLES}[ \t]*{_AFTER}"),
    re.compile(rf"(?:^|[\n\t,。:])[ \t]*(?:{_OURS}[ \t]*)?(?P<principal>{COMPANY}){_TITLES}[ \t,]*(?:现|兹|特|在此|谨此|依法)*[ \t]*(?:授权|委托|委派)(?!代)"),
    re.compile(rf"(?P<legal_representative>{PERSON}){_TITLES}[ \t]*(?:同志|先生|女士)?,?[ \t]*(?:(?:性别|年龄|民族|身份证(?:号码?)?|职务)[:为]?[^,。\n]{{1,20}},)*(?:现)?(?:在|任|担任|系|为|是)[^。\n]{{0,40}}?(?:{_OURS}|单位|公司)[^。\n]{{0,20}}?法定代表人"),
)  # fmt: skip
_HAN = re.compile(r"[\u4e00-\u9fff]")
_VERBS = (
    "全权办理|全权处理|全权负责|办理|签署|签订|签定|处理|参加|参与|负责|洽谈|接洽|联系|商洽|提交|领取|递交|代为|出席"
)
_SCOPES = tuple(
    re.compile(rf"(?P<scope>(?:{_VERBS})[^。;\n]{{2,140}}?(?:{end}))(?:[,。;\n\t]|$|{also})")
    for end, also in (
        ("事宜|事项|事务", "的|其"),
        ("业务|手续|活动|相关工作|有关工作|工作", "的|其"),
        ("合同|文件|协议", "的|其"),
        ("", "\n"),
    )
)
_REST = re.compile(
    r"的(?!全权|一切|代理人|代表|受托人|被授权人|授权|权)(?:[^,。;\n]|,(?!该|其|代理人|受托人|被授权|我|本|并?由|期间)){1,60}"
)
_REGISTERED = re.compile(
    r".*?注册于(?:\([^()]*\)|[^()的]*(?:\([^()]*\))?)的|[^()]*\)的|[^()]*?[号室层楼弄座栋幢]的"
)  # 注册于(地址)的, whole or cut off at its beginning
_SIGNED = re.compile(
    r"本(?:授权|委托|授权委托|委托授权|证明|介绍)(?:书|信|函)?[ \t]*(?:自|于)(?P<day>[^。;\n]{8,20}?)(?:由[^。;\n]{0,20})?(?:签字|签署|签发|签章|盖章|出具)(?!的)"
)
_LISTED = re.compile(r"(?:下列|以下|如下)(?:事项|事宜|权限|业务|工作)[:,]?\n?(?P<scope>[^。\n]{4,200})")


def fields(paper: Paper, kind: str = "authorization") -> dict[str, Field]:
    """Return what an authorization says, by the names of DESIGN.md. A label outweighs a sentence.

    In a certificate of position the person (姓名) is the legal representative, elsewhere the agent.
    """
    seen = paper.labelled(LABELS)
    found: dict[str, Field] = {}
    _labelled(seen, found)
    _sentences(paper, found)
    _person(seen, found, "legal_representative" if kind == "position_certificate" else "agent")
    _signature(paper, found)
    _code(paper, found)
    signed = _signed_on(paper, seen, found)
    _term(paper, seen, found, signed)
    _scope(paper, found)
    doubt_order(found, "valid_from", "valid_until")
    doubt_signed(found, [r for s in seen.named("signed_on") if (r := day(seen.beside(s)))])
    return {n: found[n] for n in ORDER if n in found}


def _better(found: dict[str, Field], name: str, field: Field) -> None:
    if name not in found or field.confidence > found[name].confidence + 0.04:
        found[name] = field


def _labelled(seen: Labelled, found: dict[str, Field]) -> None:
    readers = {
        "principal": organisation,
        "legal_representative": person,
        "agent": person,
        "scope": phrase,
        "code": code,
    }
    for name, read in readers.items():
        for spot in seen.named(name):
            region = seen.block(spot) if name in ("scope", "principal") else seen.beside(spot)
            if name == "scope":
                region = region.cut(0, len(region.key.rstrip("。 \t\n")))
            reading = read(region) if region.inked else None
            if reading is None:
                continue
            if (
                name == "principal"
                and not reading.value.endswith(("公司", "厂", "）", ")"))
                and len(reading.value) <= 4
            ):
                _better(found, "legal_representative", reading.field(0.7 * spot.strength))
                reading = reading.weaker(0.6)
            _better(found, name, reading.field(spot.strength))


def _sentences(paper: Paper, found: dict[str, Field]) -> None:
    key = paper.flow.key
    for pattern in _SENTENCES:
        m = pattern.search(key)
        if m is None:
            continue
        for name, value in m.groupdict().items():
            start, end = m.span(name)
            if name == "principal":
                start += len(re.match(rf"(?:{_OURS}|现|兹|系|由|本授权委托书声明|本授权书声明|声明)*[:,]?", value)[0])  # type: ignore[index]  # always matches
                place = _REGISTERED.match(key[start:end])
                start += place.end() if place else 0
            run = paper.flow.cut(start, end).strip("")
            # A letter right before a name with which the sentence begins may be its surname, which is none that is known.
            torn = (
                name == "legal_representative" and start == m.start() and _HAN.fullmatch(key[max(0, start - 1) : start])
            )
            if run.inked:
                _better(found, name, Reading(run, tidy(run.text), 0.93 if not torn else 0.7).field())


def _person(seen: Labelled, found: dict[str, Field], name: str) -> None:
    for spot in seen.named("person"):
        reading = person(seen.beside(spot))
        if reading and name not in found:
            found[name] = reading.field(0.9 * spot.strength)


def _code(paper: Paper, found: dict[str, Field]) -> None:
    m = (
        None
        if "code" in found
        else re.search(r"代码[:为是]?[ \t]*(?P<code>[0-9A-Za-z]{18})(?![0-9A-Za-z])", paper.flow.key)
    )
    reading = code(paper.flow.cut(*m.span("code"))) if m else None
    if reading:
        found["code"] = reading.field(0.97)


def _signature(paper: Paper, found: dict[str, Field]) -> None:
    """Whoever seals at the foot of the paper is the principal, unless the text named another."""
    if "principal" in found and found["principal"].confidence > 0.7:
        return
    reading = foot.signer(paper)
    if reading:
        _better(found, "principal", reading.field())


def _signed_on(paper: Paper, seen: Labelled, found: dict[str, Field]) -> Reading | None:
    for spot in reversed(seen.named("signed_on")):
        reading = day(seen.beside(spot))
        if reading:
            found["signed_on"] = reading.field(spot.strength)
            return reading
    for m in _SIGNED.finditer(paper.flow.key):
        reading = day(paper.flow.cut(*m.span("day")))
        if reading:
            found["signed_on"] = reading.field(0.93)
            return reading
    for chunk in reversed([row.run for sheet in paper.sheets for row in sheet.rows]):
        dates = find_dates(chunk.key)
        if (
            len(dates) == 1
            and len(re.sub(r"[\s()签日期盖章署:]", "", chunk.key)) - (dates[0].end - dates[0].start) <= 16
        ):
            alone = not re.search(r"[至自从起止]", chunk.key)
            if alone:
                d = dates[0]
                reading = Reading(chunk.cut(d.start, d.end), d.value, 0.95 if d.certain else 0.8)
                found["signed_on"] = reading.field()
                return reading
    return None


def _term(paper: Paper, seen: Labelled, found: dict[str, Field], signed: Reading | None) -> None:
    places: list[tuple[Run, float]] = [(seen.block(s), s.strength) for s in seen.named("term")]
    clauses = re.finditer(r"[^。\n;]*(?:有效|期限|期间|至[^。\n;]{0,20}止)[^。\n;]*", paper.flow.key)
    places += [(paper.flow.cut(*m.span()), 0.95) for m in clauses]
    periods = []
    for run, strength in places:
        period = term(run, signed)
        if (period.first, period.last) != (None, None):
            periods.append((period, strength))
    if not periods:
        return
    period, strength = max(periods, key=lambda p: (p[0].first is not None) + (p[0].last is not None))
    for name, reading in (("valid_from", period.first), ("valid_until", period.last)):
        if reading:
            found[name] = (reading if period.agreed else reading.weaker(0.6, "term_mismatch")).field(strength)


def _scope(paper: Paper, found: dict[str, Field]) -> None:
    if "scope" in found:
        text = found["scope"].value
        if len(text) > 300:
            found["scope"] = replace(found["scope"], confidence=round(found["scope"].confidence * 0.7, 3))
        return
    m = _LISTED.search(paper.flow.key) or next(
        (m for pattern in _SCOPES if (m := pattern.search(paper.flow.key))), None
    )
    if m:
        start, end = m.span("scope")
        rest = _REST.match(paper.flow.key, end)  # 租赁合同的签署和备案
        run = paper.flow.cut(start, rest.end() if rest else end)
        found["scope"] = Reading(run, tidy(run.text.replace("\n", "")), 0.8).field()
