"""The labels of forms, kind by kind: what a printed label means on a paper of this kind. Data; `forms` reads by it."""

from collections.abc import Mapping

Labels = Mapping[str, tuple[str, ...]]


def _labels(**words: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(w.split()) for name, w in words.items()}


#: On every form. The names of the fields are those of DESIGN.md; a label under `none` has a value nobody keeps.
COMMON = _labels(
    contract_number="合同编号 合同号 协议编号 主合同编号 合同号码 所属合同编号 对应合同编号",
    document_number="编号 文号 单号 发文编号 文书编号 公证书编号 登记编号 登记证明编号 证书编号 证明编号 证书号 送货单号 流水号 交易流水号 凭证编号 凭证号 回单编号 收据编号 单据编号 单据号 发票号码 表单编号 报告编号 档案编号 函号 发文字号",
    name="客户名称 企业名称 单位名称 公司名称 申请单位 客户 被调查单位 被调查企业 持证单位 申请人 账户名称 欠款单位 欠款人 授信客户 编制单位 客户全称 企业全称 受信企业 名称",
    code="统一社会信用代码 社会信用代码 信用代码 纳税人识别号 统一信用代码 营业执照注册号 注册号",
    legal_representative="法定代表人 法人代表 负责人 法定代表人姓名",
    address="地址 住所 注册地址 单位地址 住址 经营地址 企业地址 公司地址 通讯地址 办公地址",
    signed_on="日期 签署日期 签发日期 填表日期 申请日期 开票日期 验收日期 验收时间 审批日期 调查日期 考察日期 送货日期 发货日期 出具日期 发文日期 交易日期 交易时间 付款日期 收款日期 到货日期 制单日期 开立日期 记账日期 转账日期 "
    "评估日期 评定日期 评分日期 评价日期 年审日期 统计日期 报表日期 编制日期 填报日期 送审日期 催收日期 追讨日期 登记日期 会议时间 会议日期 谈判时间 谈判日期 洽谈时间 通话时间 通话日期 来电时间 发件日期 收件日期 填写日期 制表日期 签订日期 签约日期 时间",
    registered_capital="注册资本 注册资金",
    established_on="成立日期 成立时间 注册日期 设立日期",
    scope="经营范围 主营业务 许可范围 主营范围 业务范围 资质类别及等级 认证范围 资质范围",
    term="有效期 有效期限 有效期至 授信期限 保证期间 担保期限 担保期间 保证期限 统计期间 统计期限 授信有效期 额度有效期",
    authority="发证机关 签发机关 发证单位 颁发机构 发证机构 登记机关 登记机构 认证机构 公证机构 公证处 出具单位 颁发单位",
    issued_on="发证日期 颁发日期 颁证日期 首次发证日期",
    grade="信用等级 评定等级 本年信用等级 年审后等级 信用评级 资信等级 核定等级 评级结果 客户信用等级",
    payment_days="信用期限 申请信用期限 申请账期 批准账期 账期 信用期 核定账期 信用天数 付款账期 批准信用期限 赊销期限",
    none="电话 联系人 联系电话 传真 开户银行 账号 职务 性别 备注 经手人 数量 单价 金额 申请理由 邮编 上年信用等级 上年度等级 员工人数 调查人 主持人 记录人 地点 会议地点 验收地点 验收结论 验收意见 外观检查 性能检验 "
    "试运行 货物名称 规格型号 收货地址 处理意见 处理结果 通话内容 内容 审查意见 法务部意见 领导审批 审批意见 财务部意见 销售部意见 总经理审批 可行性分析 付款方式 平均付款天数 逾期天数 逾期情况 付款习惯评价 催收方式 催收人 对方答复 "
    "还款承诺 开户日期 贷款余额 授信银行 银行评价 生产能力 主要客户 主要供应商 主要产品 年销售额 上年销售额 年度销售额 本年销售额 年销售收入 年营业额 经营状况 经营评价 回款情况 年审结论 评价结论 调查结论 调查内容 现场情况 股东情况 股权结构 企业类型 公司类型 授信方式 敞口额度 "
    "用信方式 登记种类 公证事项 鉴证事项 见证事项 参加人员 出席人员 货币资金 应收账款 流动资产合计 资产总计 负债合计 所有者权益合计 营业收入 净利润 上年销售收入 上年净利润 资产负债率 业务部门意见 信用部门意见 分管领导审批 经办人 复核人 "
    "收货人 送货人 填表人 编制人 评估人 验收人 供货代表 经办 复核 信用管理部 会计主管 单位负责人 用途 摘要 附言 款项内容 大写金额 性能检查 随机资料 采购人员 质检人员 库管人员 供货单位代表 会计 出纳 制单 部门负责人 "
    "开工日期 竣工日期 完工日期 交货日期 到期日期 出厂日期 生产日期 起始日期 截止日期 出生日期 会计日期 公司网址 企业网址 网址 电子邮箱",
)

#: What the same or other labels mean on papers of one kind; these win over the common ones. Of two that say different things the one
#: named first counts: what was granted before what was asked for, the day of the paper itself before the days it speaks of.
#: What is under `none` says something else on such a paper, though it may be the value on another one.
OF_KIND: Mapping[str, Labels] = {
    "guarantee": _labels(
        creditor="债权人 受益人 主债权人 贷款人 抵押权人 质权人 致", debtor="债务人 被担保人 被保证人 主债务人 借款人",
        guarantor="担保人 保证人 担保人名称 保证人名称 担保单位 担保方 保证方 抵押人 出质人 抵押人名称 出质人名称",
        amount="担保金额 保证金额 担保债权金额 拟担保金额 担保数额 担保债权数额 最高担保金额 最高债权额 最高债权限额 最高担保债权额 被担保债权数额 主债权金额 主债权数额 主债权本金", signed_on="出具日期 签署日期 签订日期 签发日期 开立日期", document_number="保函编号 保函号 保函号码 编号 文号",
        term="保证期间 担保期间 保证期限 担保期限",
    ),
    "collateral": _labels(
        name="权利人 房屋所有权人 土地使用权人 所有权人 抵押人 出质人", address="坐落 房屋坐落 土地坐落 不动产坐落", document_number="不动产权证号 房产证号 土地证号 证号 证书编号 证书号 编号",
        signed_on="登记日期 登记时间 编制日期 填表日期 日期", none="共有情况 不动产单元号 权利类型 权利性质 面积 建筑面积 土地面积 使用期限 权利其他状况 附记 财产名称 抵押物名称 质押物名称 存放地点 评估价值 评估价",
    ),
    "registration": _labels(
        creditor="抵押权人 质权人 债权人", debtor="抵押人 出质人 债务人", name="申请人 委托人 当事人 公证申请人",
        amount="被担保债权数额 担保金额 担保债权数额 主债权数额", authority="登记机关 登记机构 公证机构 公证处 鉴证机关 发证机关",
        signed_on="登记日期 出具日期 签发日期",
    ),
    "voucher": _labels(
        payer="付款人 付款单位 付款方户名 付款人户名 付款人名称 付款方 付款人全称 交款单位 购买方名称 付款账户名称 出票人全称 出票人",
        payee="收款人 收款单位 收款方户名 收款人户名 收款人名称 收款方 收款人全称 销售方名称 收款账户名称",
        recipient="收货单位 收货方 购货单位 客户名称 收件单位", sender="发货单位 供货单位 发货方 送货单位 供应商",
        amount="价税合计 票面金额 出票金额 汇票金额 票据金额 小写金额 金额小写 小写 合计金额 交易金额 付款金额 收款金额 转账金额 金额", capitals="大写金额 金额大写 大写 人民币大写",
        signed_on="付款日期 收款日期 交易日期 交易时间 转账日期 开票日期 送货日期 发货日期 到货日期 开立日期 制单日期 记账日期 入账日期 委托日期 出票日期",
        document_number="回单编号 电子回单号码 电子回单编号 回单号 发票号码 收据编号 送货单号 凭证编号 凭证号 单据编号 单据号 单号 编号 流水号 交易流水号", none="打印日期 打印时间 户名 全称 开户行",
    ),
    "correspondence": _labels(
        recipient="致 收件单位 主送 收件人 接话单位 收函单位 受文单位 受送单位 主送单位", sender="发件单位 来电单位 发件人 发函单位 来函单位 来电人单位 发文单位",
        subject="事由 主题 标题 关于", signed_on="发文日期 发件日期 通话日期 通话时间 来电时间 收件日期",
    ),
    "negotiation": _labels(
        subject="主题 议题 会议议题 会议主题 谈判议题 谈判主题 会议名称 谈判事项", signed_on="会议时间 会议日期 谈判时间 谈判日期 洽谈时间",
    ),
    "proposal": _labels(
        subject="项目名称 合同名称 事项 申请事项 工程名称", party_b="合同对方 对方单位 对方当事人 合同相对方 签约对方",
        amount="合同金额 合同总金额 合同价款 项目金额 投资估算 总投资 预算金额 概算金额", signed_on="审批日期 批准日期 会签日期 评审日期", applicant="申请单位 申报单位 承办部门 申请部门 建设单位 呈报单位",
    ),
    "credit_application": _labels(
        amount="申请信用额度 申请额度 申请授信额度 申请赊销额度 拟申请额度 信用额度", payment_days="申请信用期限 申请账期 信用期限 账期",
        signed_on="申请日期 填表日期 填写日期", none="现有信用额度 原信用额度 批准额度 核定额度 批准信用额度 现信用期限 原信用期限 批准账期 核定账期 批准信用期限 审批日期",
    ),
    "customer_survey": _labels(signed_on="调查日期 考察日期"),
    "credit_approval": _labels(
        amount="批准额度 批准信用额度 核定额度 核定信用额度 审批额度 核准额度 授予额度 审定额度 信用额度", payment_days="批准账期 批准信用期限 核定账期 核定信用期限 信用期限 账期",
        signed_on="审批日期 批准日期 核定日期", grade="核定等级 评定等级 信用等级",
        none="申请信用额度 申请额度 申请授信额度 申请赊销额度 拟申请额度 现有信用额度 原信用额度 申请信用期限 申请账期 现信用期限 原信用期限 申请日期 申报日期 送审日期",
    ),
    "reply_letter": _labels(
        amount="批准额度 批准信用额度 核定额度 信用额度 授信额度", name="致 客户名称 尊敬的客户", payment_days="批准账期 批准信用期限 信用期限 账期",
        none="申请信用额度 申请额度 申请授信额度 申请信用期限 申请账期 申请日期 现有信用额度 原信用额度",
    ),
    "credit_granting": _labels(amount="授信额度 授信总额 综合授信额度 授信金额 信用额度", signed_on="编制日期 出具日期"),
    "credit_form": _labels(
        score="总分 综合得分 合计得分 总得分 评分合计 综合评分", amount="建议信用额度 信用额度", signed_on="评估日期 评定日期 评分日期",
    ),
    "annual_review": _labels(
        year="评价年度 年审年度 年度 评审年度 审核年度", amount="本年信用额度 本年度额度 调整后额度 调整后信用额度 年审后额度 年审后信用额度 评审后额度 评审后信用额度 本年度信用额度 核定额度 信用额度",
        grade="年审后信用等级 评审后信用等级 评审后等级 调整后信用等级 调整后等级 本年度信用等级", signed_on="年审日期 评价日期 评审日期", none="上年信用额度 上年度额度 上年度信用额度 上年度信用等级 原信用额度 原信用等级",
    ),
    "payment_habits": _labels(
        average_payment_days="平均付款天数 平均回款天数 平均付款期", overdue_days="逾期天数 平均逾期天数", signed_on="统计日期 调查日期 填表日期",
        none="最长逾期天数 最大逾期天数 最高逾期天数 累计逾期天数 逾期次数",
    ),
    "financial_condition": _labels(signed_on="报表日期"),
    "collection_record": _labels(
        name="欠款单位 债务人 客户名称 欠款人 欠款客户 债务单位", amount="欠款金额 欠款总额 逾期金额 追讨金额 催收金额 应收金额",
        signed_on="催收日期 追讨日期", overdue_days="逾期天数", none="最长逾期天数 最大逾期天数 平均逾期天数",
    ),
    "banks": _labels(
        bank="开户银行 基本户开户银行 开户行 基本账户开户行 往来银行 基本存款账户开户行 银行名称", account="账号 银行账号 基本户账号 银行账户 账户号码",
    ),
    "capability": _labels(name="企业名称 单位名称 客户名称 持证单位 获证组织 公司名称"),
    "acceptance": _labels(signed_on="验收日期 验收时间", conclusion="验收结论 检验结论 验收结果 验收意见", none="采购单位 供货单位 建设单位 施工单位 需方 供方 到货日期"),
}  # fmt: skip


def labels_of(kind: str) -> dict[str, tuple[str, ...]]:
    """Return field -> labels for a kind, those that count first in front; a label that the kind gives a meaning of its own has no other."""
    own = OF_KIND.get(kind, {})
    taken = {word for words in own.values() for word in words}
    result = {name: tuple(w for w in words if w not in taken) for name, words in COMMON.items()}
    for name, words in own.items():
        result[name] = tuple(dict.fromkeys((*words, *result.get(name, ()))))
    result[""] = result.pop("none")
    return result
