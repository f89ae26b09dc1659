"""Business licences as the registries print them, and the certificate of a public institution."""

import math
import random

import cv2
import numpy as np
from PIL import Image

from samples.invented import Company
from samples.paper import Sheet

_OCHRE, _ROSE = (176, 138, 72), (246, 226, 222)
_LABEL = (74, 62, 48)


def ornament(sheet: Sheet, margin: float) -> None:
    """Draw the fine waves of the ground and the double frame with its row of lozenges."""
    w, h = sheet.width, sheet.height
    for k in range(int(h / 2.4)):
        y = margin + k * 2.4
        if y > h - margin:
            break
        wave = [
            (sheet.px(x), sheet.px(y + 1.5 * math.sin(x / 7 + k * 0.5))) for x in np.arange(margin, w - margin, 1.0)
        ]
        sheet.pen.line(wave, fill=_ROSE, width=1)
    for inset, mm in ((margin, 0.9), (margin + 6, 0.4)):
        sheet.frame(inset, inset, w - inset, h - inset, mm, ink=_OCHRE)
    step, mid = 6.0, margin + 3
    for x in np.arange(mid + 3, w - mid - 2, step):
        for y in (mid, h - mid):
            _lozenge(sheet, x, y)
    for y in np.arange(mid + 3, h - mid - 2, step):
        for x in (mid, w - mid):
            _lozenge(sheet, x, y)


def _lozenge(sheet: Sheet, x: float, y: float) -> None:
    sheet.pen.polygon(
        [(sheet.px(a), sheet.px(b)) for a, b in ((x - 2, y), (x, y - 1.6), (x + 2, y), (x, y + 1.6))], outline=_OCHRE
    )
    sheet.pen.ellipse([sheet.px(v) for v in (x - 0.6, y - 0.6, x + 0.6, y + 0.6)], fill=_OCHRE)


def emblem(sheet: Sheet, x: float, y: float, radius: float) -> None:
    """Draw a roundel in red and gold, of the size of a state emblem."""
    for r, colour in ((radius, (190, 36, 40)), (radius * 0.88, (226, 178, 74)), (radius * 0.78, (190, 36, 40))):
        sheet.pen.ellipse([sheet.px(v) for v in (x - r, y - r, x + r, y + r)], fill=colour)
    star = [
        (
            sheet.px(x + radius * 0.5 * (1 if k % 2 == 0 else 0.4) * math.sin(k * math.pi / 5)),
            sheet.px(y - radius * 0.5 * (1 if k % 2 == 0 else 0.4) * math.cos(k * math.pi / 5)),
        )
        for k in range(10)
    ]
    sheet.pen.polygon(star, fill=(240, 200, 96))


def qr(sheet: Sheet, x: float, y: float, side: float, content: str) -> None:
    """Print a QR block with its left top corner at (x, y)."""
    modules = cv2.QRCodeEncoder.create().encode(content)
    px = round(sheet.px(side))
    block = Image.fromarray(np.asarray(modules, np.uint8)).resize((px, px), Image.Resampling.NEAREST).convert("RGB")
    sheet.image.paste(block, (round(sheet.px(x)), round(sheet.px(y))))


def portrait(rng: random.Random, company: Company) -> Sheet:
    """One column, upright A4, as copied for a tender: the form of 2014 to 2018."""
    s = Sheet(rng, 210, 297, 200)
    ornament(s, 9)
    emblem(s, 105, 34, 11)
    s.text(0, 49, "营业执照", 40, "kai-bold", width=210, align="centre", spacing=0.35)
    s.text(0, 67, "（副　本）", 15, "kai", width=210, align="centre")
    s.text(0, 77, "统一社会信用代码　{code|" + company.code + "}", 13, "hei", width=210, align="centre")
    rows = [
        ("名称", "{name|" + company.name + "}"),
        ("类型", "{type|有限责任公司（自然人投资或控股）}"),
        ("住所", "{address|" + company.address + "}"),
        ("法定代表人", "{legal_representative|" + company.head + "}"),
        ("注册资本", "{registered_capital=32000000.00|叁仟贰佰万元整}"),
        ("成立日期", "{established_on=2013-04-18|2013年04月18日}"),
        ("营业期限", "{valid_from=2013-04-18|2013年04月18日}至{valid_until=2043-04-17|2043年04月17日}"),
        (
            "经营范围",
            (
                "{scope|五金产品、机电设备及配件、阀门、管道配件、金属材料的批发与零售；机械设备租赁；"
                "机电设备安装、维修；货物进出口、技术进出口。（依法须经批准的项目，经相关部门批准后方可开展经营活动）}"
            ),
        ),
    ]
    y = 94.0
    for label, value in rows:
        s.spread(30, y, label, 5, 13, "kai", ink=_LABEL)
        y = s.text(57, y, value, 13, "ming-bold", width=122, leading=1.55, join=True) + 4.2
    s.text(112, 232, "登记机关", 14, "kai", spacing=0.5, ink=_LABEL)
    s.text(118, 252, "{issued_on=2016-09-27|2016年09月27日}", 14, "ming-bold")
    s.seal(140, 244, "临溪市市场监督管理局", diameter=40)
    s.text(30, 275, "企业信用信息公示系统网址：http://gsxt.example.cn", 8.5, "hei")
    s.text(120, 275, "中华人民共和国国家工商行政管理总局监制", 8.5, "hei")
    return s


def landscape(rng: random.Random, company: Company) -> Sheet:
    """Two columns on A3, the original that hangs on the wall: 名称 … 经营范围 left, 注册资本 … 住所 right."""
    s = Sheet(rng, 420, 297, 200)
    ornament(s, 11)
    emblem(s, 210, 40, 14)
    s.text(0, 58, "营业执照", 54, "song-bold", width=420, align="centre", spacing=0.5)
    s.text(45, 72, "统一社会信用代码", 15, "hei")
    s.text(45, 80, "{code|" + company.code + "}", 16, "hei")
    left = [
        ("名称", "{name|" + company.name + "}"),
        ("类型", "{type|股份有限公司（非上市、自然人投资或控股）}"),
        ("法定代表人", "{legal_representative|" + company.head + "}"),
        (
            "经营范围",
            (
                "{scope|许可项目：道路货物运输（不含危险货物）；城市配送运输服务。一般项目：国内货物运输代理；"
                "普通货物仓储服务（不含危险化学品等需许可审批的项目）；装卸搬运；供应链管理服务；包装服务；"
                "信息咨询服务（不含许可类信息咨询服务）；特种设备出租；国际货物运输代理。（除依法须经批准的项目外，凭营业执照依法自主开展经营活动）}"
            ),
        ),
    ]
    right = [
        ("注册资本", "{registered_capital=120000000.00|壹亿贰仟万元整}"),
        ("成立日期", "{established_on=2009-11-06|2009年11月06日}"),
        ("营业期限", "{valid_from=2009-11-06|2009年11月06日}至{valid_until=long-term|长期}"),
        ("住所", "{address|" + company.address + "}"),
    ]
    for x, column, wide in ((45, left, 132), (233, right, 112)):
        y = 106.0
        for label, value in column:
            s.spread(x, y, label, 5, 15, "song-bold", ink=_LABEL)
            y = s.text(x + 33, y, value, 15, "song", width=wide, leading=1.5, join=True) + 6
    s.text(276, 218, "登记机关", 17, "song-bold", spacing=0.6, ink=_LABEL)
    s.text(284, 244, "{issued_on=2020-07-15|2020年07月15日}", 16, "song", spacing=0.08)
    s.seal(318, 236, "澜江市行政审批局", diameter=45)
    s.text(45, 276, "国家企业信用信息公示系统网址：http://gsxt.example.cn", 10, "hei")
    s.text(165, 276, "市场主体应当于每年1月1日至6月30日报送公示年度报告", 10, "hei")
    s.text(300, 276, "国家市场监督管理总局监制", 10, "hei")
    return s


def with_qr(rng: random.Random, company: Company) -> Sheet:
    """The newer copy on A4 across: QR block, copy number, term no longer printed."""
    s = Sheet(rng, 297, 210, 300)
    ornament(s, 7)
    emblem(s, 148.5, 26, 9)
    s.text(0, 38, "营业执照", 36, "song-bold", width=297, align="centre", spacing=0.45)
    s.text(0, 55, "（副本）", 14, "song", width=297, align="centre", spacing=0.2)
    s.text(26, 32, "统一社会信用代码", 10.5, "hei")
    s.text(26, 38, "{code|" + company.code + "}", 11.5, "hei")
    s.text(26, 45, "编号：S0612025007816（1-1）", 8.5, "hei")
    qr(s, 234, 22, 22, "http://gsxt.example.cn/" + company.code)
    s.text(
        258,
        24,
        "扫描二维码登录“国家企业信用信息公示系统”了解更多登记、备案、许可、监管信息。",
        6.5,
        "hei",
        width=21,
        leading=1.3,
    )
    left = [
        ("名称", "{name|" + company.name + "}"),
        ("类型", "{type|有限责任公司（法人独资）}"),
        ("法定代表人", "{legal_representative|" + company.head + "}"),
        (
            "经营范围",
            (
                "{scope|一般项目：软件开发；信息系统集成服务；信息技术咨询服务；物联网设备制造；物联网设备销售；工业自动控制系统装置制造；"
                "仪器仪表销售；计算机及通讯设备租赁。（除依法须经批准的项目外，凭营业执照依法自主开展经营活动）}"
            ),
        ),
    ]
    right = [
        ("注册资本", "{registered_capital=5000000.00|伍佰万元整}"),
        ("成立日期", "{established_on=2024-03-21|2024年03月21日}"),
        ("住所", "{address|" + company.address + "}"),
    ]
    for x, column, wide in ((26, left, 96), (162, right, 86)):
        y = 72.0
        for label, value in column:
            s.spread(x, y, label, 5, 11.5, "hei", ink=_LABEL)
            y = s.text(x + 26, y, value, 11.5, "song", width=wide, leading=1.5, join=True) + 4.6
    s.text(190, 152, "登记机关", 13, "hei", spacing=0.5, ink=_LABEL)
    s.text(202, 171, "{issued_on=2025-02-10|2025年02月10日}", 12, "song", spacing=0.06)
    s.seal(226, 164, "云桥市市场监督管理局", diameter=38)
    s.text(26, 193, "国家企业信用信息公示系统网址：http://gsxt.example.cn", 7.5, "hei")
    s.text(112, 193, "市场主体应当于每年1月1日至6月30日通过公示系统报送年度报告", 7.5, "hei")
    s.text(230, 193, "国家市场监督管理总局监制", 7.5, "hei")
    return s


def institution(rng: random.Random, company: Company) -> Sheet:
    """事业单位法人证书: the licence of a public institution."""
    s = Sheet(rng, 210, 297, 200)
    ornament(s, 10)
    s.text(0, 36, "事业单位法人证书", 32, "hei-bold", width=210, align="centre", spacing=0.12)
    s.text(0, 54, "（副　本）", 14, "kai", width=210, align="centre")
    s.text(0, 66, "统一社会信用代码　{code|" + company.code + "}", 12.5, "zenhei", width=210, align="centre")
    rows = [
        ("名称", "{name|" + company.name + "}"),
        ("宗旨和业务范围", "{scope|承担水利工程质量检测与安全监测；开展水利技术研究、咨询与培训；提供水质分析服务。}"),
        ("住所", "{address|" + company.address + "}"),
        ("法定代表人", "{legal_representative|" + company.head + "}"),
        ("经费来源", "财政补助收入"),
        ("开办资金", "{registered_capital=8600000.00|￥860万元}"),
        ("举办单位", "汀州市水务局"),
        ("登记管理机关", "{authority|汀州市事业单位登记管理局}"),
    ]
    y = 86.0
    for label, value in rows:
        s.spread(28, y, label, 7, 13.5, "kai", ink=_LABEL)
        y = s.text(66, y, value, 13.5, "kai", width=112, leading=1.55, join=True) + 5.5
    s.text(
        28, 222, "有效期　自{valid_from=2023-05-09|2023年05月09日}至{valid_until=2028-05-08|2028年05月08日}", 13, "kai"
    )
    s.text(112, 246, "{issued_on=2023-05-09|2023年05月09日}", 13.5, "kai")
    s.seal(132, 246, "汀州市事业单位登记管理局", diameter=42)
    s.text(28, 274, "国家事业单位登记管理局监制", 9, "zenhei")
    return s
