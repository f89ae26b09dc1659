"""Authorizations and their kin as people write them. All companies and people are invented."""

from tests.intake.cases import Case, credit
from tests.intake.layouts import letter

C1, C2 = credit("91310115MA1K35JX7"), credit("91440300589621047")
OURS = ("云岭重工股份有限公司",)


def case(name, text, fields, *, category="1.4", kind="authorization", ours=OURS, review=(), unsure=(), **style):
    return Case(name, [letter(text, **style)], category, kind, fields, ours, review, unsure)


CASES = [
    case(
        "labels, one a line",
        """
# 授权委托书
委托单位：沧海货运代理有限公司
法定代表人：王建国　　职务：董事长
受委托人：李晓明　性别：男　身份证号码：110101199003078515
委托事项：办理仓储合同的签订与结算
委托期限：自2026年1月1日起至2026年12月31日止
> 委托单位（盖章）：沧海货运代理有限公司
> 2025年12月28日
""",
        {
            "principal": "沧海货运代理有限公司",
            "legal_representative": "王建国",
            "agent": "李晓明",
            "scope": "办理仓储合同的签订与结算",
            "valid_from": "2026-01-01",
            "valid_until": "2026-12-31",
            "signed_on": "2025-12-28",
        },
    ),
    case(
        "a bracket behind a number that was not read",
        """
# 法定代表人授权委托书
致：华岳实业集团有限公司
我丁立群（身份证号码：110108199009092152系临溪市鼎川阀门有限公司的法定代表人，现授权委托我公司员工宋知远办理合同签订事宜。
> 临溪市鼎川阀门有限公司
> 2026年1月5日
""",
        {
            "principal": "临溪市鼎川阀门有限公司",
            "legal_representative": "丁立群",
            "agent": "宋知远",
            "scope": "办理合同签订事宜",
            "signed_on": "2026-01-05",
        },
    ),
    case(
        "ours",
        """
# 法定代表人授权委托书
本授权委托书声明：我 孙启明 系 云岭重工股份有限公司 的法定代表人，现授权委托 何雨柱 为我公司代理人，以本公司名义办理数控机床采购项目的投标、签约事宜。代理人无转委托权。
委托期限：2026年3月1日至2026年8月31日。
代理人：何雨柱　性别：男　年龄：35
> 委托人：云岭重工股份有限公司（盖章）
> 法定代表人：孙启明（签字）
> 二〇二六年二月十九日
""",
        {
            "principal": "云岭重工股份有限公司",
            "legal_representative": "孙启明",
            "agent": "何雨柱",
            "scope": "办理数控机床采购项目的投标、签约事宜",
            "valid_from": "2026-03-01",
            "valid_until": "2026-08-31",
            "signed_on": "2026-02-19",
        },
        category="1.5",
    ),
    case(
        "running text only, addressee first",
        """
# 授权书
致：云岭重工股份有限公司
    兹授权我公司销售部经理赵铁柱（身份证号：110101199003078515）代表我公司全权处理与贵公司钢材购销合同的洽谈、签署及执行等相关事宜，我公司对其签署的一切文件均予以认可。
    本授权书有效期自2026年5月6日至2027年5月5日。
    特此授权。
> 授权单位：石桥建材有限公司（公章）
> 法定代表人：庄子墨
> 日期：2026年5月6日
""",
        {
            "principal": "石桥建材有限公司",
            "legal_representative": "庄子墨",
            "agent": "赵铁柱",
            "scope": "全权处理与贵公司钢材购销合同的洽谈、签署及执行等相关事宜",
            "valid_from": "2026-05-06",
            "valid_until": "2027-05-05",
            "signed_on": "2026-05-06",
        },
    ),
    case(
        "授权人 and 被授权人, a year from signing",
        f"""
# 授权委托书
授权人：清河湾文化传媒有限公司
统一社会信用代码：{C1}
法定代表人：马腾飞
被授权人：苏小小
授权范围：代表本公司签订广告发布合同，领取相关票据，办理款项结算。
授权期限：自签发之日起一年。
> 授权人（签章）：
> 签发日期：2026年4月10日
""",
        {
            "principal": "清河湾文化传媒有限公司",
            "code": C1,
            "legal_representative": "马腾飞",
            "agent": "苏小小",
            "scope": "代表本公司签订广告发布合同，领取相关票据，办理款项结算",
            "valid_from": "2026-04-10",
            "valid_until": "2027-04-09",
            "signed_on": "2026-04-10",
        },
        unsure=("valid_from",),
    ),
    case(
        "bidder's form with blanks written in",
        """
# 法定代表人授权书
西岭绿能科技有限公司（投标人名称）法定代表人潘越授权本公司员工钱多多为全权代表，参加光伏组件采购项目（编号GF-2026-08）的投标活动，全权处理投标、开标、评标、签约等一切事宜。
本授权有效期至2026年12月31日。
法定代表人（签字或盖章）：潘越
授权代表（签字）：钱多多
> 投标人（公章）：西岭绿能科技有限公司
> 日期：2026.7.1
""",
        {
            "principal": "西岭绿能科技有限公司",
            "legal_representative": "潘越",
            "agent": "钱多多",
            "scope": "参加光伏组件采购项目（编号GF-2026-08）的投标活动，全权处理投标、开标、评标、签约等一切事宜",
            "valid_until": "2026-12-31",
            "signed_on": "2026-07-01",
        },
        unsure=("scope",),
    ),
    case(
        "letter spaced labels, full-width digits",
        """
# 委　托　书
委 托 人：东湖实业有限公司
法定代表人：郭　靖
受 托 人：黄　蓉
委托权限：办理商标续展注册手续
有效期限：２０２６年６月１日至２０２８年５月３１日
> 委托人：东湖实业有限公司
> 2026年5月30日
""",
        {
            "principal": "东湖实业有限公司",
            "legal_representative": "郭靖",
            "agent": "黄蓉",
            "scope": "办理商标续展注册手续",
            "valid_from": "2026-06-01",
            "valid_until": "2028-05-31",
            "signed_on": "2026-05-30",
        },
    ),
    case(
        "introduction",
        """
# 介绍信
云岭重工股份有限公司：
    兹介绍我公司郑和同志等2人前往贵处办理设备交接事宜，请予接洽为荷。
    （有效期7天）
> 沧海货运代理有限公司
> 2026年3月8日
""",
        {"principal": "沧海货运代理有限公司", "agent": "郑和", "scope": "办理设备交接事宜", "signed_on": "2026-03-08"},
        kind="introduction",
        unsure=("principal",),
    ),
    case(
        "certificate of position",
        """
# 法定代表人身份证明书
    萧何同志，在我单位担任执行董事职务，系我单位的法定代表人。
    特此证明。
单位名称：白塔智能装备有限公司
> 2026年2月2日
""",
        {"principal": "白塔智能装备有限公司", "legal_representative": "萧何", "signed_on": "2026-02-02"},
        kind="position_certificate",
    ),
    case(
        "position, company in the sentence",
        """
# 法定代表人证明书
兹证明 许文涛 为青禾农资股份有限公司的法定代表人，职务：董事长。
> 青禾农资股份有限公司（公章）
> 2026年1月15日
""",
        {"principal": "青禾农资股份有限公司", "legal_representative": "许文涛", "signed_on": "2026-01-15"},
        kind="position_certificate",
    ),
    case(
        "no colons, two boxes a row",
        """
# 授权委托书
委托单位|南屏（深圳）精密机械有限公司
法定代表人|林晓
被委托人|韩梅梅
代理权限|签收货物、核对账目
委托期限|2026年1月1日至2026年6月30日
日期|2025年12月20日
""",
        {
            "principal": "南屏（深圳）精密机械有限公司",
            "legal_representative": "林晓",
            "agent": "韩梅梅",
            "scope": "签收货物、核对账目",
            "valid_from": "2026-01-01",
            "valid_until": "2026-06-30",
            "signed_on": "2025-12-20",
        },
    ),
    case(
        "two in a row",
        """
# 授权委托书
委托人：长汀山货专业合作社|法定代表人：钟毅
受托人：游小林|联系电话：13800000000
委托事项：办理农产品质量检测报告的领取
有效期：2026-09-01 至 2026-09-30
> 2026-08-31
""",
        {
            "principal": "长汀山货专业合作社",
            "legal_representative": "钟毅",
            "agent": "游小林",
            "scope": "办理农产品质量检测报告的领取",
            "valid_from": "2026-09-01",
            "valid_until": "2026-09-30",
            "signed_on": "2026-08-31",
        },
    ),
    case(
        "misread labels",
        """
# 授权委托书
委托单位;飞云印务有限公司
法定代袁人：鲁班
受委托入：木兰
代理杈限：代为签订印刷合同、收取货款
委托期眼：2026年2月1日至2026年4月30日
> 2026年1月31日
""",
        {
            "principal": "飞云印务有限公司",
            "legal_representative": "鲁班",
            "agent": "木兰",
            "scope": "代为签订印刷合同、收取货款",
            "valid_from": "2026-02-01",
            "valid_until": "2026-04-30",
            "signed_on": "2026-01-31",
        },
        unsure=("agent", "principal"),
    ),
    case(
        "scope of several lines",
        """
# 授权委托书
委托人：嘉木资本管理有限公司
法定代表人：谢安
代理人：桓伊
代理权限：代表委托人参加目标公司股东会，行使表决权；签署与本次股权转让有关的全部协议、决议及其他法律文件；办理工商变更登记手续；代为接收相关款项。
委托期限：长期
> 委托人（盖章）
> 2026年11月3日
""",
        {
            "principal": "嘉木资本管理有限公司",
            "legal_representative": "谢安",
            "agent": "桓伊",
            "scope": "代表委托人参加目标公司股东会，行使表决权；签署与本次股权转让有关的全部协议、决议及其他法律文件；办理工商变更登记手续；代为接收相关款项",
            "valid_until": "long-term",
            "signed_on": "2026-11-03",
        },
    ),
    case(
        "company authorizes in a sentence",
        """
# 授权委托书
    白塔智能装备有限公司现授权委托陆羽先生为我公司代理人，代表我公司与东湖实业有限公司签订厂房租赁合同并办理入驻手续。授权期限自2026年3月1日起至2026年3月31日止。
> 白塔智能装备有限公司（盖章）
> 法定代表人（签字）：萧何
> 2026年2月28日
""",
        {
            "principal": "白塔智能装备有限公司",
            "agent": "陆羽",
            "legal_representative": "萧何",
            "scope": "签订厂房租赁合同并办理入驻手续",
            "valid_from": "2026-03-01",
            "valid_until": "2026-03-31",
            "signed_on": "2026-02-28",
        },
        unsure=("scope",),
    ),
    case(
        "a company as agent",
        """
# 授权委托书
委托方：伊斯特沃德化工（中国）有限公司
受托方：沧海货运代理有限公司
委托事项：代理进口货物报关、报检
委托有效期：2026年1月1日至2027年12月31日
> 委托方（盖章）
> 签署日期：2025年12月15日
""",
        {
            "principal": "伊斯特沃德化工（中国）有限公司",
            "agent": "沧海货运代理有限公司",
            "scope": "代理进口货物报关、报检",
            "valid_from": "2026-01-01",
            "valid_until": "2027-12-31",
            "signed_on": "2025-12-15",
        },
    ),
    case(
        "traditional",
        """
# 授權委託書
委託人：海豐貿易（珠海）有限公司
法定代表人：何嘉敏
受託人：梁啟東
授權範圍：簽訂運輸合同
授權期限：2026年4月1日至2027年3月31日
> 2026年3月20日
""",
        {
            "principal": "海豐貿易（珠海）有限公司",
            "legal_representative": "何嘉敏",
            "agent": "梁啟東",
            "scope": "簽訂運輸合同",
            "valid_from": "2026-04-01",
            "valid_until": "2027-03-31",
            "signed_on": "2026-03-20",
        },
    ),
    case(
        "identity card",
        """
姓名　沈青禾
性别　女　民族　汉
出生　1990年3月7日
住址　福建省龙岩市长汀县河田镇下街村12号
公民身份号码　110101199003070134
中华人民共和国
居民身份证
签发机关　长汀县公安局
有效期限　2016.05.20-2036.05.20
""",
        {
            "name": "沈青禾",
            "address": "福建省龙岩市长汀县河田镇下街村12号",
            "born_on": "1990-03-07",
            "identity_number": "110101199003070134",
            "authority": "长汀县公安局",
            "valid_from": "2016-05-20",
            "valid_until": "2036-05-20",
        },
        kind="identity_card",
        unsure=("identity_number",),
    ),
    case(
        "nothing filled in: missing, not invented",
        """
# 授权委托书
委托单位：
法定代表人：　　　　职务：
受委托人：　　　　性别：　　身份证号码：
委托事项：
委托期限：自　　年　月　日至　　年　月　日
> 年　月　日
""",
        {},
        review=("missing:principal", "missing:agent", "missing:signed_on"),
    ),
]
