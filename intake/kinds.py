"""The kinds of documents: the headlines they carry, the category each belongs to, and the words on their pages."""

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Kind:
    """A kind of document. headline: what its title says. words: what else its pages say (folded, simplified)."""

    name: str
    category: str
    headline: re.Pattern[str]
    words: tuple[str, ...] = ()

    @cached_property
    def at_end(self) -> re.Pattern[str]:
        """The headline's words where they end the title."""
        return re.compile(f"(?:{self.headline.pattern})$", re.IGNORECASE)


def _kind(name: str, category: str, headline: str, words: str = "") -> Kind:
    return Kind(name, category, re.compile(headline, re.IGNORECASE), tuple(words.split()))


#: The match that ends last in a headline decides (the head of a Chinese title stands at its end); of two, the longer.
KINDS = (
    _kind("licence", "1.2", r"企业法人营业执照|营业执照|事业单位法人证书|事业法人执照|法人营业执照|社会团体法人登记证书|民办非企业单位登记证书|法人登记证书|农民专业合作社法人营业执照|组织机构代码证|税务登记证|基金会法人登记证书|外国企业常驻代表机构登记证|business licen[cs]e",
          "统一社会信用代码 注册号 法定代表人 注册资本 成立日期 营业期限 经营范围 登记机关 住所 类型 名称 国家企业信用信息公示系统 宗旨和业务范围 经费来源 举办单位 经营者 组成形式"),
    _kind("authorization", "1.4", r"授权委托书|授权委托证明|委托授权书|法定代表人授权(?:委托)?书|法人(?:代表)?授权(?:委托)?书|授权书|委托书|代理授权书|授权证书|授权函|power of attorney|letter of authori[sz]ation",
          "授权 委托 受托人 委托人 被授权人 代理人 代理权限 委托期限 授权期限 转委托 全权代表 特此授权 委托事项 授权范围"),
    _kind("position_certificate", "1.4", r"法定代表人(?:身份|资格|职务)?证明书?|法人代表(?:身份|资格)?证明书?|负责人身份证明书?|任职证明书?|职务(?:资格)?证明书?|任命书|在职证明",
          "法定代表人 特此证明 担任 职务 同志 单位"),
    _kind("introduction", "1.4", r"介绍信", "兹介绍 前往 接洽 请予 协助 等同志"),
    _kind("identity_card", "1.4", r"居民身份证|身份证(?:复印件|正反面)?|护照", "公民身份号码 姓名 性别 民族 出生 住址 签发机关 有效期限 中华人民共和国"),
    _kind("guarantee", "1.6", r"担保函|担保书|保证书|保函|不可撤销的?担保(?:函|书)?|担保承诺书|担保人(?:资信|资格|能力|情况|调查)[\u4e00-\u9fff]{0,6}|担保能力证明|担保资格证明|连带责任保证(?:书|承诺函)|guarantee|letter of guarantee",
          "担保 保证人 担保人 连带责任 债权人 主合同 不可撤销 保证期间 保证责任"),
    _kind("registration", "1.8", r"公证书|鉴证书|见证书|律师见证书?|认证书|他项权证书?|抵押登记证明|登记证明书?|登记通知书|备案(?:证明|登记表|表|通知书)|(?:出质|抵押|变更|合同)登记(?:证|书|表|通知书)|鉴证(?:意见|表)|notarial certificate|certificate of notari[sz]ation",
          "公证处 公证员 公证 见证 鉴证 登记 兹证明 申请人 公证事项 见证律师"),
    _kind("contract", "1.9", r"补充协议书?|变更协议书?|解除协议书?|终止协议书?|解除合同(?:协议|通知)书?|合同(?:变更|解除|终止)(?:协议|通知)?书?|合同书|合同|协议书|协议|订货单|订购单|采购订单|契约|备忘录合同|contract|agreement|purchase order",
          "甲方 乙方 供方 需方 双方 合同编号 签订日期 违约责任 争议解决 合同 本合同 本协议 签订 生效 一式 份 不可抗力 解除 仲裁 条款 协商一致 出租方 承租方 买方 卖方 付款方式 交货 质量标准"),
    _kind("acceptance", "1.10", r"(?:竣工|到货|设备|工程|项目|货物|质量|初步|最终|交付|安装|调试|完工|终期|开箱|履约)?验收(?:报告|单|证明|证书|记录|表|书|意见书?|纪要|合格证)[书单]?|检验报告|质量检验(?:单|报告)|acceptance (?:certificate|report|record|form)",
          "验收 合格 验收人 验收结论 验收日期 验收意见 数量 规格 检验 验收组 交付"),
    _kind("voucher", "1.11", r"送货单|发货单|出库单|入库单|收货(?:单|确认单|回执)|交接(?:单|清单|记录|书)|提货单|货物签收单|签收单|收据|收条|付款(?:凭证|申请书|回单|通知书|单)|(?:电子)?回单|银行(?:回单|电子回单|进账单)|进账单|转账凭证|汇款(?:凭证|单|回执)|增值税(?:专用|普通|电子专用|电子普通)?发票|电子发票(?:\([^()]*\))?|发票|收款(?:收据|凭证|确认书)|记账凭证|支付凭证|delivery note|packing list|invoice|receipt|payment voucher|bill of lading|运单|货运单|提单|装箱单",
          "购买方 销售方 收款人 付款人 价税合计 发票号码 开票日期 送货 收货人 数量 单价 金额 经手人 签收 交易流水号 摘要 转账 发货"),
    _kind("negotiation", "1.1", r"谈判(?:记录|纪要|备忘录)|会谈(?:纪要|记录)|会议(?:纪要|记录)|洽谈(?:记录|纪要)|商务谈判[\u4e00-\u9fff]{0,4}|谅解备忘录|备忘录|minutes(?: of)?(?: the)?(?: meeting)?|memorandum of understanding",
          "会议 谈判 参加人员 记录人 与会 时间 地点 纪要 主持人 出席"),
    _kind("proposal", "1.1", r"可行性(?:研究|分析)报告|可研报告|项目建议书|立项(?:报告|申请书?|审批表)|请示|报审(?:表|文件)|批复|批准(?:文件|书|通知)|合同(?:审批|审查|评审|会签|报审|签订审批|签署审批)(?:表|单|意见书?)|审批(?:单|意见)|feasibility study(?: report)?|评审(?:表|意见)|核准(?:文件|批复)|呈批件|签报|中标通知书|投标书|招标文件",
          "可行性 项目 市场分析 投资估算 结论 请示 批复 审批 会签 意见 请予 妥否 当否"),
    _kind("correspondence", "1.7", r"(?:工作)?联系(?:函|单)|催(?:款|货|告)函|律师函|往来函件|公函|商务函|询价函|报价函|确认函|告知函|通知函|征询函|复函|回函|函|电传|传真(?:件)?|电报|电话记录(?:单)?|通话记录|来电记录|电子邮件|信函|facsimile|fax|telegram|call notes|telephone record|通知书?",
          "贵公司 贵司 此致 敬礼 函告 特此函告 函复 来函 发件人 收件人 传真 来电 通话 顺颂商祺 盼复 抄送"),
    _kind("capability", "1.3", r"资质证书|资格证书|安全生产许可证|生产许可证|经营许可证|许可证|资信证明书?|银行资信[\u4e00-\u9fff]{0,4}|信用等级证书|开户许可证|基本存款账户信息|认证证书|体系认证证书|高新技术企业证书|履约能力(?:证明|说明|承诺)[\u4e00-\u9fff]{0,3}|业绩(?:证明|表|一览表|清单)|纳税证明|完税证明|无违法[\u4e00-\u9fff]{0,8}证明|审计报告|企业信用报告|代理(?:商)?证书|certificate of (?:conformity|registration)|资质等级证书|荣誉证书|建筑业企业资质证书",
          "资质 等级 有效期 发证机关 证书编号 许可范围 资信 信用等级 审计意见 注册会计师 认证 许可"),
    _kind("credit_application", "5.1", r"(?:客户)?(?:信用|授信|赊销|信用额度|信用期限?|账期|信贷)(?:额度|销售)?(?:增加|调整)?申请(?:表|书|单)|(?:客户)?信用申请|credit application(?: form)?",
          "申请额度 申请信用 申请人 信用期限 客户名称 信用额度 申请理由 账期 赊销"),
    _kind("customer_survey", "5.2", r"客户(?:信用|资信|基本情况)?调查(?:表|报告|问卷)|资信调查(?:表|报告)|信用调查(?:表|报告)|customer survey(?: form)?|尽职调查(?:表|报告)|客户走访(?:记录|报告|表)|实地考察(?:表|报告|记录)",
          "调查人 调查日期 客户名称 调查内容 调查结论 实地 主营业务 员工人数 信誉"),
    _kind("credit_approval", "5.3", r"(?:客户)?(?:信用|授信|赊销|信用额度|信贷)(?:额度|销售)?(?:审批|审核|审查|核定|批准)(?:表|书|单|意见)|credit approval(?: form)?",
          "审批意见 批准额度 信用额度 信用期限 信用等级 总经理 财务部 信用管理 核定 同意"),
    _kind("reply_letter", "5.4", r"(?:客户)?(?:信用|授信|信用额度)(?:申请)?(?:回复|批复|答复|审批结果|结果)(?:函|通知书?|信)|回复(?:客户的?)?(?:标准)?函|标准(?:回复|答复)函|答复函|(?:授信|信用)(?:额度)?通知(?:书|函)|信用额度(?:批准|确认)(?:函|通知书?)|reply letter",
          "贵公司 信用申请 信用额度 信用期限 经审核 同意 通知 信用条件 收悉 感谢"),
    _kind("credit_form", "5.5", r"(?:客户)?信用(?:表单|表|档案表|评分表|评估表|评级表|评定表|登记表|资料卡|卡|等级评定表|评价表)|信用评估(?:报告|书)|credit (?:form|scorecard|rating form)",
          "评分 权重 得分 信用等级 指标 评估 总分 评级 付款历史"),
    _kind("credit_granting", "5.6", r"授信(?:资料|方案|协议书?|报告|合同|额度表|材料|业务资料|说明)(?:清单|目录)?|综合授信[\u4e00-\u9fff]{0,4}|credit granting data|信用额度明细表",
          "授信额度 授信 授信期限 授信方式 敞口 用信 综合授信 额度"),
    _kind("annual_review", "5.7", r"(?:客户)?(?:信用)?(?:年审|年度(?:信用)?(?:评价|评审|审核|复审|评估|审查))(?:评价)?(?:报告|表)|年审(?:评价)?(?:报告|表)|annual (?:credit )?review(?: report)?",
          "年审 年度 上年度 评价 信用等级 复审 调整 结论 年度销售额 回款"),
    _kind("customer_profile", "5.8", r"(?:客户|企业|公司)(?:概况|简介|基本情况|基本信息|资料|档案)(?:表|登记表|卡)?|客户信息(?:登记)?表|company profile|customer profile",
          "成立时间 股东 主营业务 员工人数 注册资本 股权结构 组织结构 概况 沿革 联系人"),
    _kind("payment_habits", "5.9", r"(?:客户)?(?:付款|支付|回款|结算)(?:习惯|记录|历史|情况)(?:调查|分析|统计)?(?:表|报告)?|payment (?:habits|history)",
          "付款习惯 平均付款天数 逾期 账期 付款方式 应付日 实付日 承兑 按期 拖欠"),
    _kind("financial_condition", "5.10", r"资产负债表|利润表|损益表|现金流量表|财务(?:状况|报表|报告|分析|指标|数据)(?:说明书?|表|报告|分析表|分析)?|(?:balance sheet|income statement|financial (?:statements?|condition))|所有者权益变动表",
          "流动资产 负债合计 所有者权益 营业收入 净利润 资产总计 资产负债率 流动比率 期末余额 期初余额 应收账款 货币资金"),
    _kind("collection_record", "5.11", r"(?:商账|账款|欠款|应收账款|货款|逾期账款)?(?:追讨|催收|催讨|追收|追账|催款|清欠)(?:记录|台账|登记|情况|函|通知书|报告|单)(?:表|单)?|对账单|collection records?|dunning",
          "催收 欠款 逾期 追讨 承诺还款 催收方式 催收人 欠款金额 还款计划 账龄"),
    _kind("banks", "5.12", r"往来银行(?:情况|信息|调查|一览)?(?:表|调查表)?|开户银行(?:信息|情况|资料)(?:表)?|银行(?:往来|账户|信息|资信)(?:情况|信息|资料)?(?:调查)?表|bank(?:ing)? (?:references?|relations?|information)",
          "开户银行 账号 往来银行 银行名称 贷款余额 结算 开户日期 银行评价 授信银行"),
    _kind("operations", "5.13", r"(?:生产)?经营(?:状况|情况|分析)(?:调查|说明|分析)?(?:表|报告)?|(?:business )?operations (?:report|status)|产销(?:情况|统计)表?",
          "主要产品 销售额 产能 市场份额 主要客户 供应商 经营状况 生产能力 产量 库存 设备"),
)  # fmt: skip
BY_NAME = {k.name: k for k in KINDS}
