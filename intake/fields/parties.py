"""The parties of a contract: who is called what, in labels, tables and running text."""

import re
from dataclasses import dataclass

from intake.fields import foot
from intake.fields.labels import Spot
from intake.fields.names import COMPANY
from intake.fields.paper import Labelled, Paper
from intake.fields.read import Reading, code, organisation, printed, unmarked
from intake.layout import Run
from intake.model import Field

FIRST = ("甲方", "Party A", "PARTY A")
SECOND = ("乙方", "Party B", "PARTY B")
ROLES = (
    "供方", "需方", "出租方", "承租方", "出租人", "承租人", "买方", "卖方", "出卖人", "买受人", "出卖方", "买受方", "发包方", "承包方", "发包人", "承包人", "委托方", "受托方", "委托人", "受托人",
    "定作方", "承揽方", "定作人", "承揽人", "贷款人", "借款人", "贷款方", "借款方", "出借人", "转让方", "受让方", "转让人", "受让人", "许可方", "被许可方", "许可人", "被许可人", "采购方", "采购人", "供应商", "供应方",
    "购货方", "供货方", "采购单位", "供应单位", "收货单位", "发货单位", "购货单位", "供货单位", "销货方", "购方", "销方", "购买方", "销售方", "托运人", "承运人", "托运方", "承运方", "债权人", "债务人", "保证人", "担保人", "抵押人", "抵押权人", "出质人", "质权人",
    "寄存人", "保管人", "存货人", "存货方", "保管方", "仓储方", "投资方", "融资方", "服务方", "客户方", "建设单位", "施工单位", "监理人", "监理单位", "招标人", "中标人", "订货方", "订购方", "加工方", "分包人", "总包人", "总包方", "分包方", "用工单位", "派遣单位",
    "需求方", "服务商", "代理方", "被代理方", "经销商", "供货商", "披露方", "接收方", "目标公司", "标的公司", "增资方", "物业公司", "业主", "技术开发方", "赠与人", "受赠人", "特许人", "被特许人", "加盟商", "广告主", "广告商", "委托单位", "受托单位", "承办方", "主办方", "租赁方", "运营方", "居间方", "居间人", "用电人", "供电人", "设计人", "勘察人", "承接方", "合作方",
    "Buyer", "Seller", "Lessor", "Lessee", "Landlord", "Tenant", "Client", "Consultant", "Licensor", "Licensee", "Lender", "Borrower", "Employer", "Contractor", "Purchaser", "Supplier", "Customer", "Vendor", "Service Provider", "Distributor", "Disclosing Party", "Receiving Party", "BUYER", "SELLER",
)  # fmt: skip
_ALL = (*FIRST, *SECOND, *ROLES)
#: Who is named on an order by the one who buys, whose own name heads it.
_SELLERS = (
    "供应商",
    "供方",
    "卖方",
    "供货商",
    "供货方",
    "供应方",
    "供货单位",
    "供应单位",
    "销售方",
    "Supplier",
    "Vendor",
    "Seller",
)
_ORDER = re.compile(r"采购|订购|订货|purchase order", re.IGNORECASE)
_THIRD = ("丙方", "丁方", "戊方", "Party C")

LABELS = {
    **{f"role:{r}": (r, f"{r}名称", f"{r}单位名称", f"{r}全称") if r[0] > "z" else (r, f"The {r}") for r in _ALL},
    **{f"third:{r}": (r,) for r in _THIRD},
    "sub": ("名称", "单位名称", "公司名称", "企业名称", "全称", "单位", "姓名", "Name", "Company", "公司全称"),
    "code": ("统一社会信用代码", "社会信用代码", "信用代码", "税号", "纳税人识别号", "统一社会信用代码/身份证号", "身份证号码", "身份证号", "营业执照号", "注册号", "营业执照注册号", "公民身份号码", "统一信用代码", "Unified Social Credit Code"),
    "": (
        "地址", "住所", "住所地", "住址", "单位地址", "通讯地址", "注册地址", "联系地址", "法定代表人", "法人代表", "负责人", "法定代表人/负责人", "委托代理人", "授权代表", "授权代理人", "联系人", "电话", "联系电话", "传真", "开户行", "开户银行", "账号", "银行账号",
        "邮编", "邮政编码", "电子邮箱", "邮箱", "签订日期", "签约日期", "签署日期", "签订时间", "签约时间", "签订地点", "签约地点", "日期", "合同编号", "合同号", "编号", "代表人", "签字", "盖章", "签章", "法人", "Address", "Date", "Tel", "Fax", "Contract No.", "Contract No", "Legal Representative", "Authorized Representative", "By", "Title",
        "鉴证机关", "经办人", "项目名称", "工程名称", "币种", "合同金额", "一、", "鉴于",
    ),
}  # fmt: skip
_QUOTE = r"[\"“”'‘’「」『』【】]?"
_CALLED = re.compile(
    rf"(?P<name>{COMPANY})[ \t]*(?:,[^,。()\n]{{0,60}})?[(,][ \t]*(?P<inside>[^()\n。]{{0,90}}?)(?:以下|下)?(?:统|合)?(?:简)?称(?:为|作|:)?[ \t]*{_QUOTE}(?P<role>{'|'.join(re.escape(r) for r in _ALL if r[0] > 'z')}){_QUOTE}"
)
_QUOTED = re.compile(
    rf"(?P<name>{COMPANY})[ \t]*\([ \t]*{_QUOTE}(?P<role>{'|'.join(re.escape(r) for r in _ALL if r[0] > 'z')}){_QUOTE}[ \t]*\)"
)
_ENGLISH = re.compile(
    rf"(?P<name>[A-Z][A-Za-z0-9&.'\-]*,?(?: (?:[A-Z0-9&(][A-Za-z0-9&.'()\-]*,?|of|and|the)){{0,9}}? (?:Co\.?,? ?)?(?:Ltd\.?|Limited|Inc\.?|LLC|GmbH|Corporation|Corp\.?|Company|PLC|S\.A\.|B\.V\.)),?(?:[^()\n]{{0,200}}?)\((?:(?:hereinafter|herein|the)[^()\"“]{{0,50}})?[\"“]?(?:the )?(?P<role>{'|'.join(r for r in _ALL if r[0] <= 'z')})[\"”]?[^()]{{0,20}}\)"
)
_LEADING = re.compile(r"^(?:本合同|本协议)?(?:由|与|和|及|以及|是|系|在|经|现|兹|双方|甲乙双方|[:,。、)\"”“'’\s])+")

#: What stands before the second name of a sentence: the first name, its code, and the word that joins the two.
_BEFORE = re.compile(
    r"^.*?(?:(?:公司|厂|合作社|事务所|中心|银行)(?:\([^()]*\))?|代码[:为是]?[0-9A-Za-z]{15,18}\)?|^[^()]*\)),?(?:与|和|以及|及|、)(?=[\u4e00-\u9fffA-Za-z(]{4})"
)


@dataclass(frozen=True)
class _Named:
    role: str
    reading: Reading
    order: tuple[int, int, int]
    strength: float


def parties(paper: Paper) -> dict[str, Field]:
    """Return party_a, party_b and their codes.

    party_a is 甲方; where nobody is called so, the party named first.
    """
    seen = paper.labelled(LABELS)
    named = _in_labels(seen) + _in_text(paper)
    roles: dict[str, list[_Named]] = {}
    for n in sorted(named, key=lambda n: n.order):
        roles.setdefault(n.role, []).append(n)
    first = next((r for r in roles if r in FIRST), None)
    second = next((r for r in roles if r in SECOND), None)
    others = [r for r in roles if r not in (*FIRST, *SECOND)]
    taken = {_best(roles[r]).reading.value for r in (first, second) if r}
    others = [r for r in others if _best(roles[r]).reading.value not in taken]
    if first is None and others and (second is None or len(others) >= 1):
        first = others.pop(0)
        others = [r for r in others if _best(roles[r]).reading.value != _best(roles[first]).reading.value]
    if second is None and others:
        second = others.pop(0)
    found: dict[str, Field] = {}
    buyer = foot.titled(paper) if second is None and first in _SELLERS and _ORDER.search(_headline(paper)) else None
    if buyer and first and buyer.value != _best(roles[first]).reading.value:
        found["party_a"] = buyer.field()
        first, second = None, first
    for name, role in (("party_a", first), ("party_b", second)):
        if role is None:
            continue
        best = _best(roles[role])
        values = [n.reading.value for n in roles[role] if n.reading.factor > 0.8]
        agree = 1.0 if len(set(values)) <= 1 else 0.9
        found[name] = best.reading.field(best.strength * agree)
        number = _code(seen, role, paper, named, best.reading.value)
        if number:
            found[f"{name}_code"] = number
    if "party_a" in found and "party_b" in found and found["party_a"].value == found["party_b"].value:
        del found["party_b"]
    return found


def _headline(paper: Paper) -> str:
    return paper.headline.key if paper.headline else ""


def _best(named: list[_Named]) -> _Named:
    def weight(n: _Named) -> float:
        votes = sum(m.reading.value == n.reading.value for m in named)
        return n.reading.factor * n.strength * n.reading.run.certainty + 0.06 * (votes - 1)

    return max(named, key=weight)


def _role(spot: Spot, paper_text: str) -> str:
    """Return the role of a label; 买方(甲方) and 甲方(买方) are both 甲方."""
    for r in (*FIRST, *SECOND):
        if r in paper_text:
            return r
    return spot.name.removeprefix("role:")


def _in_labels(seen: Labelled) -> list[_Named]:
    named = []
    spots = [s for s in seen.spots if s.name.startswith("role:")]
    for spot in spots:
        role = _role(spot, seen.label_text(spot))
        beside = seen.beside(spot)
        reading = organisation(seen.block(spot)) if beside.inked else None
        strength = spot.strength
        if reading is None or reading.factor < 0.7:
            cells = [c for s in seen.named("sub") if (c := _cell(seen, s, spot, spots))]
            sub = _sub(seen, spot, spots)
            inner = organisation(cells[0]) if cells else organisation(seen.block(sub)) if sub else None
            if inner and (reading is None or inner.factor > reading.factor):
                reading, strength = inner, spot.strength * 0.97
        if reading is None and not beside.inked:
            under = seen.block(spot)
            reading = organisation(under) if under.inked else None
            reading = reading if reading and reading.factor > 0.85 else None
            strength *= 0.92
        if reading and (reading.factor > 0.85 or seen.is_closed(spot)) and reading.value not in _ALL:
            named.append(_Named(role, reading, (spot.sheet, spot.row, spot.start), strength))
    return named


def _sub(seen: Labelled, spot: Spot, roles: list[Spot]) -> Spot | None:
    """Return the label 名称 that belongs to this role: beside or below it, in its column, before the next role."""
    for sub in seen.named("sub"):
        if _owner(sub, roles) is spot and sub.row - spot.row <= 3:
            return sub
    return None


def _cell(seen: Labelled, detail: Spot, role: Spot, roles: list[Spot]) -> Run | None:
    """Return what a table says under `role` in the row of `detail`; None where they are no head and row of a table.

    The parties head two columns or more, the labels of the rows stand in a column of their own left of them.
    """
    heads = [r for r in roles if (r.sheet, r.row) == (role.sheet, role.row)]
    between = any(role.row < r.row <= detail.row for r in roles if r.sheet == role.sheet)
    if detail.sheet != role.sheet or detail.row <= role.row or between:
        return None
    if len(heads) < 2 or detail.x1 > heads[0].x0 or any(seen.beside(h).inked for h in heads):
        return None
    chunks = seen.across(detail)
    if len(chunks) == len(heads):
        return chunks[heads.index(role)]
    over = [c for c in chunks if c.box[0] < role.x1 and c.box[2] > role.x0]
    return (
        over[0] if len(over) == 1 and sum(over[0].box[0] < h.x1 and over[0].box[2] > h.x0 for h in heads) == 1 else None
    )


def _owner(spot: Spot, roles: list[Spot]) -> Spot | None:
    """Return the role whose details `spot` is: the last one before it, of its own column where there are two."""
    before = [r for r in roles if r.sheet == spot.sheet and ((r.row, r.start) < (spot.row, spot.start))]
    if not before:
        return None
    last = before[-1]
    same_row = [r for r in before if r.row == last.row]
    return min(same_row, key=lambda r: abs(r.x0 - spot.x0)) if len(same_row) > 1 and last.row != spot.row else last


def _code(seen: Labelled, role: str, paper: Paper, named: list[_Named], name: str) -> Field | None:
    roles = [s for s in seen.spots if s.name.startswith(("role:", "third:"))]
    places = {n.order: n.reading.value for n in named}
    best: Field | None = None
    for spot in seen.named("code"):
        heads = [r for r in roles if places.get((r.sheet, r.row, r.start)) == name]
        cell = next((c for h in heads if (c := _cell(seen, spot, h, roles))), None)
        reading = code(cell, person_too=True) if cell else None
        if reading:
            if best is None or reading.field().confidence > best.confidence:
                best = reading.field(spot.strength)
            continue
        owner = _owner(spot, roles)
        if owner is None:
            continue
        called = places.get((owner.sheet, owner.row, owner.start))
        if called == name or (called is None and _role(owner, seen.label_text(owner)) == role):
            reading = code(seen.beside(spot), person_too=True)
            if reading and (best is None or reading.field().confidence > best.confidence):
                best = reading.field(spot.strength)
    if best is None:
        key = paper.flow.key
        bare = name.replace("（", "(").replace("）", ")")
        m = re.search(
            re.escape(bare)
            + r"[,(][^。\n]{0,40}?(?:信用代码|身份证号码?|税号)[:为是]?[ \t]*(?P<code>[0-9A-Za-z]{15,18})",
            key,
        )
        if m:
            reading = code(paper.flow.cut(*m.span("code")), person_too=True)
            best = reading.field(0.97) if reading else None
    return best


def _in_text(paper: Paper) -> list[_Named]:
    named = []
    run = paper.flow
    for pattern, strength in ((_CALLED, 0.97), (_QUOTED, 0.95), (_ENGLISH, 0.93)):
        for m in pattern.finditer(run.key):
            start, end = m.span("name")
            for lead in (_BEFORE, _LEADING):
                before = lead.match(run.key[start:end])
                start += before.end() if before else 0
            piece = unmarked(run.cut(start, end).strip(":,"))
            factor = 0.85 if piece.key.count("公司") > 1 else 1.0
            if piece.inked:
                page, row = paper.place(piece)
                named.append(_Named(m["role"], Reading(piece, printed(piece), factor), (page, row, start), strength))
    return named
