"""What codes are called. One word for one thing: the terms of DESIGN.md, said in both languages."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from intake import verification as rules
from intake.fields.seals import NAMES as SEALS
from intake.fields.seals import PRESENT
from intake.signatures import HOLDS, parted
from intake.trust import parted as certificate_in
from intake.understand import CONFIDENCE_LINE
from service.access.policy import TIERS as RANK
from service.access.policy import Actor
from service.clock import CHINA
from service.flow.common.checks import BY_HAND, Sheets, against, checks
from service.flow.common.values import UNSEEN, stand_of, state_of
from service.records.tables import Document, DocumentField
from service.web.text import _, gettext, ngettext

CATEGORIES = {
    "1.1": _("谈判记录、可行性研究、报审及批准"),
    "1.2": _("对方营业执照"),
    "1.3": _("对方履约能力证明"),
    "1.4": _("对方身份与授权委托书"),
    "1.5": _("我方授权委托书"),
    "1.6": _("担保人资格与能力证明"),
    "1.7": _("往来函电与视听材料"),
    "1.8": _("登记、见证、鉴证、公证"),
    "1.9": _("合同正副本、变更与解除协议"),
    "1.10": _("标的验收记录"),
    "1.11": _("交接与收付凭证"),
    "5.1": _("客户信用申请表"),
    "5.2": _("客户调查表"),
    "5.3": _("客户信用审批表"),
    "5.4": _("回复客户的标准函"),
    "5.5": _("客户信用表单"),
    "5.6": _("授信资料"),
    "5.7": _("年审评价报告"),
    "5.8": _("客户概况"),
    "5.9": _("付款习惯"),
    "5.10": _("财务状况"),
    "5.11": _("商账追讨记录"),
    "5.12": _("往来银行"),
    "5.13": _("经营状况"),
}
FIELDS = {
    "name": _("名称"),
    "code": _("信用代码"),
    "type": _("类型"),
    "legal_representative": _("法定代表人"),
    "registered_capital": _("注册资本"),
    "established_on": _("成立日期"),
    "valid_from": _("有效期自"),
    "valid_until": _("有效期至"),
    "address": _("住所"),
    "scope": _("范围"),
    "authority": _("登记机关"),
    "issued_on": _("发证日期"),
    "principal": _("委托人"),
    "agent": _("受托人"),
    "signed_on": _("签订日期"),
    "contract_number": _("合同编号"),
    "title": _("题名"),
    "party_a": _("甲方"),
    "party_b": _("乙方"),
    "party_a_code": _("甲方信用代码"),
    "party_b_code": _("乙方信用代码"),
    "amount": _("金额"),
    "currency": _("币种"),
    "term_from": _("期限自"),
    "term_until": _("期限至"),
    "identity_number": _("身份证号"),
    "born_on": _("出生日期"),
    "creditor": _("债权人"),
    "debtor": _("债务人"),
    "guarantor": _("担保人"),
    "payer": _("付款人"),
    "payee": _("收款人"),
    "recipient": _("收件方"),
    "sender": _("发件方"),
    "subject": _("事由"),
    "document_number": _("文书编号"),
    "grade": _("信用等级"),
    "payment_days": _("信用期限（天）"),
    "score": _("综合得分"),
    "year": _("年度"),
    "bank": _("开户银行"),
    "account": _("银行账号"),
    "turnover": _("营业收入"),
    "equity": _("所有者权益"),
    "annual_sales": _("年销售额"),
    "average_payment_days": _("平均付款天数"),
    "overdue_days": _("逾期天数"),
    "conclusion": _("验收结论"),
    "seal": _("印章"),
    "seal_2": _("印章（二）"),
    "seal_3": _("印章（三）"),
    "seal_4": _("印章（四）"),
    "seal_5": _("印章（五）"),
    "seal_6": _("印章（六）"),
    "seal_7": _("印章（七）"),
    "seal_8": _("印章（八）"),
}
ROLES = {
    "operator": _("扫描员"),
    "handler": _("承办人"),
    "credit_administrator": _("信用管理员"),
    "archivist": _("档案管理员"),
    "department_head": _("部门负责人"),
    "auditor": _("审计员"),
    "administrator": _("系统管理员"),
    "security_administrator": _("安全保密管理员"),
}
SCOPES = {
    "read": _("查看与检索"),
    "hand_in": _("交件"),
    "work": _("办理业务"),
    "administer": _("管账户与权限"),
}
PAPERS = {
    "agreement": _("保密协议"),
    "degree": _("大专及以上学历"),
    "retrieval": _("数据库检索能力"),
    "exam": _("企业信用管理培训考试"),
}
PAPER_STATES = {"missing": _("没有"), "expired": _("已过期")}
GRANT_KINDS = {"document": _("文件"), "file": _("案卷"), "customer": _("客户")}
TIERS = {"public": _("公开"), "internal": _("内部"), "secret": _("商业秘密"), "core": _("核心商业秘密")}
DOCUMENT_STATES = {
    "receiving": ("grey", _("接收中")),
    "received": ("soon", _("等待识别")),
    "reading": ("soon", _("识别中")),
    "stored": ("good", _("已入库")),
    "needs_review": ("soon", _("待核对")),
    "failed": ("late", _("未能识别")),
    "destroyed": ("grey", _("已销毁")),
    "archived": ("good", _("已归档")),
}
VERIFICATIONS = {
    "unconfirmed": ("soon", _("关键值未经核验")),
    "once": ("soon", _("一人已核")),
    "verified": ("good", _("两人已核")),
    "disputed": ("late", _("有争议")),
}
#: Why documents wait at the desk, see `service.flow.intake.desk.VIEWS`.
QUEUES = {
    "look": _("要看"),
    "disputed": _("有争议"),
    "second": _("待第二人"),
    "unconfirmed": _("关键值未核"),
    "all": _("全部"),
}
EXTRACTION = {
    "category": _("类目"),
    "field": _("字段"),
    "read": _("读出"),
    "unseen": _("未核"),
    "confirmed": _("读对"),
    "corrected": _("读错"),
    "added": _("补上"),
    "not_here": _("纸上没有"),
    "nothing": _("本来没有"),
    "right": _("正确率"),
    "checked_above_line": _("线上已核"),
    "wrong_above_line": _("线上读错"),
}
EXTRACTION_CATEGORIES = {
    "read_as": _("机器判断"),
    "category": _("人定的类目"),
    "documents": _("文件数"),
    "right": _("对错"),
}
SOURCES = {
    "text-layer": _("PDF 自带的文字"),
    "rapidocr": _("图像识别"),
    "tesseract": _("图像识别（Tesseract）"),
    "unread": _("没有读出"),
}
CHANNELS = {
    "api": _("程序接口"),
    "attachment": _("文件或邮件的附件"),
    "cli": _("命令行"),
    "folder": _("服务器上的文件夹"),
    "form": _("在系统里填制"),
    "mail": _("电子邮件"),
    "package": _("别处移来的档案包"),
    "report": _("系统出具"),
    "rescan": _("重新扫描"),
    "scanner": _("扫描仪"),
    "station": _("扫描站的热文件夹"),
    "web": _("浏览器"),
}
_SETTINGS = ("resolution", "mode", "source", "paper", "operator")
_DROPPED = ("dropped", "dropped_pages", "dropped_at")
SCANNED = {
    "Gray": _("灰度"),
    "Color": _("彩色"),
    "Lineart": _("黑白"),
    "ADF": _("进纸器"),
    "Duplex": _("进纸器，两面"),
    "Flatbed": _("平板"),
}
CONTRACT_STATES = {
    "draft": ("grey", _("草拟")),
    "approved": ("soon", _("已审批")),
    "signed": ("soon", _("已签订")),
    "performing": ("soon", _("履行中")),
    "amended": ("soon", _("已变更")),
    "performed": ("good", _("履行完毕")),
    "terminated": ("grey", _("已解除")),
    "cancelled": ("grey", _("已作废")),
}
FILE_STATES = {"open": ("soon", _("在办")), "archived": ("good", _("已归档")), "destroyed": ("grey", _("已销毁")),
               "leaving": ("soon", _("移交档案馆中"))}  # fmt: skip
FILE_KINDS = {"contract": _("合同案卷"), "credit": _("客户信用案卷")}
EVENTS = {
    "approved": _("审批"),
    "signed": _("签订"),
    "performing": _("开始履行"),
    "amended": _("变更"),
    "performed": _("履行"),
    "terminated": _("解除"),
}
NUMBERED_BY = {"item": _("按件"), "file": _("按卷")}
INCIDENT_KINDS = {
    "lost": _("遗失"),
    "damaged": _("损毁"),
    "overdue": _("逾期不还"),
    "leaked": _("泄露商业秘密"),
}
INCIDENT_STATES = {
    "open": ("late", _("待调查")),
    "examined": ("soon", _("待结案")),
    "closed": ("good", _("已结案")),
}
MILESTONE_KINDS = {"performance": _("履行"), "payment": _("收付款")}
MILESTONE_STATES = {
    "late": ("late", _("已逾期")),
    "soon": ("soon", _("七日内到期")),
    "open": ("grey", _("未到期")),
    "done": ("good", _("按时完成")),
    "done_late": ("soon", _("逾期完成")),
    "dropped": ("grey", _("不再履行")),
}
HAPPENINGS = {"major": _("重大合同"), "litigation": _("诉讼"), "bad_debt": _("坏账"), "ended": _("客户关系终止")}
ORGANISATION_CHANGES = {
    "create": _("建立"),
    "move": _("改属"),
    "fonds": _("改全宗号"),
    "rename": _("改名"),
    "approval": _("签订前批准"),
    "merge": _("并入"),
    "close": _("关闭"),
    "open": _("重新开放"),
}
NUMBER_FAULTS = {"gap": _("断号"), "twice": _("重号"), "beyond": _("超出计数"), "form": _("格式不对")}
REPORTS = {
    "contracts": _("合同统计报表"),
    "archives": _("档案统计表"),
    "analysis": _("信用管理情况分析报告"),
    "credit": _("客户信用情况"),
}
UNITS = {"department": _("部门"), "company": _("公司"), "group": _("集团")}
FIGURES_OF_REPORTS = {
    "signed": _("签订份数"),
    "signed_amount": _("签订金额"),
    "unpriced": _("其中金额未定"),
    "amended": _("变更次数"),
    "performed": _("履行完毕"),
    "terminated": _("解除"),
    "running": _("期末在履行"),
    "running_amount": _("期末在履行金额"),
    "cancelled": _("作废号"),
    "handed_in_time": _("按时移交"),
    "handed_late": _("逾期移交"),
    "not_handed": _("期末逾期未移交"),
    "archived": _("本期归档"),
    "destroyed": _("本期销毁"),
    "transferred": _("本期移交馆外"),
    "held": _("期末保管"),
    "documents": _("期末件数"),
    "pages": _("期末页数"),
    "lent": _("借出"),
    "returned": _("归还"),
    "not_back": _("期末逾期未还"),
    "customers": _("期末客户数"),
    "graded": _("期末等级"),
    "ungraded": _("期末未评"),
    "rose": _("本期升级"),
    "fell": _("本期降级"),
    "assessed": _("本期评估"),
    "assessment_late": _("期末评估逾期"),
    "owed": _("期末应收"),
    "overdue": _("期末逾期"),
    "overdue_share": _("期末逾期比例 %"),
    "warnings_raised": _("本期提出预警"),
    "warnings_closed": _("本期关闭预警"),
    "warnings_open": _("期末未关闭预警"),
    "days_to_close": _("关闭用时中位数（天）"),
}
DUTY_STATES = {
    "due": ("grey", _("待编报")),
    "missing": ("late", _("逾期未报")),
    "prepared": ("soon", _("待签署")),
    "signed": ("soon", _("待报送")),
    "submitted": ("good", _("已报送")),
    "submitted_late": ("late", _("逾期报送")),
    "returned": ("late", _("已退回")),
}
CHECK_ASPECTS = {
    "authenticity": _("真实性"),
    "integrity": _("完整性"),
    "usability": _("可用性"),
    "security": _("安全性"),
}
CHECKS = {
    "source": _("来源可查"),
    "digest": _("内容未变"),
    "signature": _("电子签名"),
    "description": _("与台账相符"),
    "slots": _("类目齐全"),
    "listed": _("与移交清单相符"),
    "pages": _("页数相符"),
    "attachments": _("附件齐全"),
    "metadata": _("元数据齐全"),
    "opens": _("能够打开"),
    "readable": _("可以识读"),
    "long_term": _("长期保存格式"),
    "malware": _("无恶意程序"),
    "encryption": _("未被加密"),
    "active": _("无宏和脚本"),
    "sealed": _("封存保管"),
}
CHECK_RESULTS = {"pass": ("good", _("合格")), "notice": ("soon", _("提示")), "fail": ("late", _("不合格"))}
CHECK_OCCASIONS = {
    "transfer": _("移交时检测"),
    "archiving": _("归档时检测"),
    "yearly": _("年度抽检"),
    "demand": _("临时检测"),
}
STAGES = {"handler": _("承办人移交"), "archive": _("移交档案室")}
TRANSFER_STATES = {
    "pending": ("soon", _("待移交")),
    "handed_over": ("soon", _("待接收")),
    "returned": ("late", _("已退回")),
    "accepted": ("good", _("已接收")),
}
LIST_CHANGES = {"added": _("移交后归入"), "removed": _("移交后取出"), "": ""}
LOAN_STATES = {
    "asked": ("soon", _("待审批")),
    "granted": ("good", _("已批准")),
    "refused": ("late", _("未批准")),
    "lent": ("soon", _("借出")),
    "returned": ("good", _("已归还")),
}
LOAN_RETURNS = {"whole": _("清点无误"), "damaged": _("有损毁"), "lost": _("有缺失")}


class _Years:
    """A number of years, said when it is shown."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __str__(self) -> str:
        return gettext("%(number)s 年", number=self._number)


RETENTIONS: Mapping[str, object] = {"Y": _("永久"), **{f"D{n}": _Years(n) for n in range(1, 1000)}}
SCHEDULE_STATES = {"draft": ("soon", _("草案")), "active": ("good", _("现行")), "replaced": ("grey", _("已被取代"))}
SCHEDULE_KINDS = {"contract": _("合同"), "credit": _("客户信用"), "accounting": _("会计")}
SCHEDULE_EVENTS = {
    "": "",
    "litigation": _("诉讼"),
    "bad_debt": _("坏账"),
    "bad_debt,litigation": _("诉讼或坏账"),
    "major": _("重大合同"),
}
SCHEDULE_DOCUMENTS = {
    "": "",
    "accounting_voucher": _("会计凭证原件"),
    "accounting_other": _("其他会计资料"),
}
SCHEDULE_TRIGGERS = {
    "": "",
    "contract_ended": _("合同终了"),
    "relationship_ended": _("客户关系终止"),
    "accounting_year_ended": _("会计年度终了"),
}
VERDICTS = {
    "destroy": ("late", _("销毁")),
    "transfer_out": ("soon", _("移交档案馆")),
    "keep_until": ("soon", _("延期")),
    "keep_permanently": ("good", _("永久保管")),
    "taken_off": ("grey", _("撤下")),
}
OUTSIDE_STATES = {
    "decided": ("soon", _("待制作档案包")),
    "packed": ("soon", _("待签移交")),
    "handed_over": ("soon", _("等对方回执")),
    "receipted": ("soon", _("回执待核验")),
    "verified": ("good", _("回执已核验，待清除")),
    "removing": ("soon", _("清除中")),
    "removed": ("grey", _("已移交，只留存根")),
    "cancelled": ("grey", _("已撤销")),
}
OUTSIDE_ACTS = {
    "pack": _("制作档案包"),
    "hand_over": _("签移交"),
    "receipt": _("登记回执"),
    "refuse": _("退回回执"),
    "verify": _("核验回执"),
    "remove": _("清除电子件"),
    "finish": _("清除完毕"),
    "cancel": _("撤销移交"),
}
REVIEW_STATES = {
    "proposed": ("soon", _("已提出")),
    "appraising": ("soon", _("鉴定小组审议")),
    "decided": ("soon", _("待负责人批准")),
    "waiting": ("soon", _("等待期与监销")),
    "supervised": ("late", _("可以执行")),
    "executing": ("late", _("执行中")),
    "executed": ("soon", _("已执行，待监销人确认")),
    "verified": ("good", _("已验证")),
    "certified": ("good", _("已完成")),
    "stopped": ("grey", _("已停止")),
}
PARTS = {
    "proposer": _("提出人"),
    "appraiser": _("鉴定小组成员"),
    "co_reviewer": _("会同鉴定人"),
    "approver": _("批准人"),
    "supervisor": _("监销人"),
}
ASSESSMENT_STATES = {
    "waiting": ("soon", _("等待决定")),
    "in_force": ("good", _("现行")),
    "replaced": ("grey", _("已被取代")),
    "refused": ("late", _("不同意")),
}
PLAN_REASONS = {"first": _("还没有评估过"), "yearly": _("满一年"), "event": _("重大事件")}
ANSWERS = {"leading": _("领先"), "strong": _("较强"), "average": _("一般"), "weak": _("较弱")}
SCORECARD_STATES = {
    "draft": ("soon", _("草稿")),
    "tested": ("soon", _("已试算（候选）")),
    "active": ("good", _("现行")),
    "retired": ("grey", _("停用")),
}
RATINGS = {"bands": _("分段"), "curve": _("曲线"), "choices": _("分类"), "expert": _("专家打分")}
LINE_BASES = {
    "net_assets": _("净资产"),
    "yearly_turnover": _("年营业收入"),
    "yearly_purchases": _("年采购额"),
}
ORIGINS = {"computed": _("算出"), "entered": _("填写"), "carried": _("沿用上次")}
HIGH_VALUES = {"line": _("信用额度"), "turnover": _("年交易额")}
MOVES = {
    "value": _("数值有变"),
    "weight": _("权重有变"),
    "rule": _("评分标准有变"),
    "added": _("新增指标"),
    "removed": _("不再评的指标"),
    "same": _("未变"),
}
STATEMENT_FIGURES = {
    "total_assets": _("资产总计"),
    "current_assets": _("流动资产"),
    "inventory": _("存货"),
    "total_debts": _("负债合计"),
    "current_debts": _("流动负债"),
    "equity": _("所有者权益"),
    "retained": _("留存收益"),
    "turnover": _("营业收入"),
    "earnings_before": _("息税前利润"),
    "net_profit": _("净利润"),
}
RUN_KINDS = {"reassess": _("批量重新评估"), "what_if": _("试算")}
RUN_STATES = {
    "running": ("soon", _("进行中")),
    "done": ("soon", _("等第二人决定")),
    "found": ("good", _("已做完")),
    "approved": ("good", _("已生效")),
    "refused": ("late", _("不同意")),
    "stopped": ("grey", _("已停止")),
}
LONG_RUNS = RUN_KINDS | {
    "numbers": _("编号检查"),
    "statistics": _("统计报表"),
    "sample": _("四性抽检"),
    "report": _("信用报告"),
    "duplicates": _("原有客户的查重"),
    "warnings": _("每日预警检查"),
}
DESTRUCTION_STEPS = {
    "keys": _("逐卷重查，销毁密钥"),
    "objects": _("清除对象"),
    "index": _("重写索引"),
    "proof": _("逐卷查证"),
}
LONG_RUN_STATES = {
    "waiting": ("soon", _("等待")),
    "running": ("soon", _("进行中")),
    "done": ("good", _("已做完")),
    "found": ("good", _("已做完")),
    "decide": ("soon", _("等第二人决定")),
    "failed": ("late", _("没有做成")),
    "approved": ("good", _("已生效")),
    "refused": ("late", _("不同意")),
    "stopped": ("grey", _("已停止")),
}
WARNINGS = {
    "score_below": ("late", _("信用分过低")),
    "score_drop": ("late", _("信用分下降")),
    "overdue_days": ("late", _("逾期")),
    "overdue_amount": ("late", _("逾期金额")),
    "line_used": ("soon", _("额度将满")),
    "expiring": ("soon", _("即将到期")),
    "expired": ("late", _("已过期")),
    "stale_key_information": ("soon", _("信息过期未更新")),
}
OUTCOMES = {
    "destroyed": ("grey", _("已销毁")),
    "kept": ("good", _("继续保管")),
    "blocked": ("hold", _("未销毁")),
    "gone": ("grey", _("另一次鉴定已销毁")),
    "leaving": ("soon", _("移交档案馆")),
    "": ("grey", _("未执行")),
}
FILTERS = {
    "category": _("类目"),
    "department": _("部门"),
    "customer": _("客户"),
    "year": _("收到年份"),
    "status": _("状态"),
    "tier": _("密级"),
}
SUGGESTED = {
    "customer": _("客户"),
    "party": _("当事人"),
    "number": _("编号"),
    "code": _("信用代码"),
    "title": _("题名"),
    "person": _("人"),
}
SEARCH_ORDERS = {
    "relevance": _("最相关"),
    "newest_received": _("最近收到"),
    "oldest_received": _("最早收到"),
    "newest_signed": _("最近签订"),
    "oldest_signed": _("最早签订"),
    "number": _("编号"),
}
REASONS = {
    "low_confidence": _("识别把握不足"),
    "unknown_kind": _("认不出是哪类文件"),
    "separator_differs": _("分隔页上的类目与读出来的不同"),
    "reading_failed": _("未能识别"),
    "missing": _("缺少字段"),
    "look_again": _("页面改动以后请再看"),
    "check_digit_failed": _("校验位不符"),
    "repaired": _("识别有误，已按校验位改正"),
    "amount_mismatch": _("大小写金额不符"),
    "term_mismatch": _("期限与起止日期不符"),
    "birth_mismatch": _("出生日期与身份证号不符"),
    "seal_mismatch": _("印章上的名称与当事人不符"),
    "unread": _("这一页没有读出来"),
    "rescan": _("请重新扫描"),
    "pages_missing": _("按印着的页码，缺页"),
    "attachment_refused": _("附件没有收下"),
    "form_unshown": _("页面上看不到表单的内容：请用填表的程序打开，打印成 PDF，再传一次"),
}
#: What is said of a document as a whole, as reasons name it.
OF_DOCUMENT = {"kind": _("类目"), "department": _("部门"), "original": _("原件或复印件")}
#: What speaks against a value (`checks.AGAINST`): the word for it, and what to do.
AGAINST = {
    "check_digit_failed": (_("校验位不符"), _("末位校验码与前面的数字对不上，请对照原件")),
    "amount_mismatch": (_("大小写不符"), _("大写金额与数字金额不一致，请对照原件")),
    "term_mismatch": (_("期限不符"), _("写明的年限与起止日期不一致，请对照原件")),
    "birth_mismatch": (_("出生日期不符"), _("出生日期与身份证号里的不一致，请对照原件")),
    "seal_mismatch": (_("印章不符"), _("印章上的名称不是当事人的名称，请对照原件")),
    "seal_completed": (_("印章补全"), _("印章上有字没认出来，按件上的名称补全，请对照印章")),
}
#: What a PDF's own signatures say of it, and what is known of their certificates.
SIGNATURES = {
    "unchanged": _("签名后没有改动"),
    "added_to": _("所签内容没有改动，其后又有追加，例如另一方的签名"),
    "changed": _("所签内容已被改动"),
    "unverifiable": _("这种签名在此不能验证"),
}
CERTIFICATES = {
    "trusted": _("证书可信：由受信任的机构签发，没有吊销"),
    "unchecked": _("证书由受信任的机构签发，是否吊销未查"),
    "revoked": _("证书已被吊销"),
    "expired": _("证书由受信任的机构签发，收到时已过期"),
    "unknown": _("证书不是受信任的机构签发的"),
    "": _("证书是否可信未查"),
}
#: Where the PDF/A copy of what was scanned stands.
COPY_STATES = {
    "waiting": ("soon", _("正在排队制作"), ""),
    "kept": ("good", _("已做成"), _("PDF/A-2b：页面图像，下面是看不见的文字")),
    "not_needed": ("grey", _("不需要"), _("原件本来就是带文字的电子文件")),
    "failed": ("late", _("没有做成"), ""),
}
#: Why a page should be scanned again, and why one was not read.
PAGE_TROUBLES = {
    "resolution": _("分辨率低于 200 dpi"),
    "skew": _("放得太歪"),
    "blurred": _("模糊"),
    "dark": _("太暗"),
    "faint": _("字迹太淡"),
    "cut": _("边上的字被切掉"),
    "blank": _("空白页"),
    "killed": _("识别程序中断"),
    "timeout": _("识别超时"),
    "memory": _("识别超出内存"),
    "error": _("识别出错"),
    "damaged": _("这一页的数据损坏"),
}
EDGES = {"left": _("左边"), "top": _("上边"), "right": _("右边"), "bottom": _("下边")}


@dataclass(frozen=True)
class State:
    """A state as shown: a colour that only repeats what the word says, and one line that explains it."""

    colour: str
    word: str
    why: str = ""


CREDIT_REPORTS = {"customer": _("客户信用分析报告"), "portfolio": _("客户信用组合分析报告")}
QUESTIONS = {"single": _("单选"), "multiple": _("多选"), "true_false": _("判断")}
QUESTION_FIELDS = {
    "kind": _("题型"),
    "text": _("题目"),
    "options": _("选项"),
    "answer": _("答案"),
}
EXAMS = {
    "open": ("soon", _("正在考")),
    "passed": ("good", _("合格")),
    "failed": ("late", _("不合格")),
    "expired": ("grey", _("过时未交")),
}
STANDINGS = {
    "valid": ("good", _("有效")),
    "due": ("soon", _("即将到期")),
    "lapsed": ("late", _("已过期")),
    "missing": ("late", _("没有考过")),
}
COURSE_NUMBERS = {
    "pass_mark": _("合格线（%）"),
    "drawn": _("每卷题数"),
    "attempts": _("30 天内最多考几次"),
    "minutes": _("限时（分钟）"),
    "months": _("证书有效（月）"),
    "renew_days": _("到期前几天提醒"),
}
PACES = {"month": _("每月"), "quarter": _("每季"), "year": _("每年")}


def named(table: Mapping[str, object], code: str | None) -> str:
    """Return what a code is called; an unknown code speaks for itself."""
    return str(table.get(code or "", code or ""))


def state(table: Mapping[str, tuple[str, object]], code: str) -> State:
    """Return the state a code stands for."""
    colour, word = table.get(code, ("grey", code))
    return State(colour, str(word))


def option(kind: str, at: int, text: str) -> str:
    """Return an option of a question; right and wrong are said in the reader's language."""
    return (gettext("对"), gettext("错"))[at] if kind == "true_false" else text


def tiers_up_to(clearance: str) -> list[tuple[str, str]]:
    """Return the tiers not above a clearance, with their words, for a form."""
    return [(tier, TIERS[tier]) for tier in TIERS if RANK.index(tier) <= RANK.index(clearance)]


def category(code: str | None) -> str:
    """Return ``1.2 对方营业执照``."""
    return f"{code} {named(CATEGORIES, code)}" if code else gettext("未分类")


def reason(code: str) -> str:
    """Return why a document needs a look: ``缺少字段：金额``."""
    kind, _colon, field = code.partition(":")
    word = named(REASONS, kind)
    if kind in ("unread", "rescan"):
        page, _colon, trouble = field.partition(":")
        return gettext("第 %(page)s 页%(reason)s：%(why)s", page=page, reason=word, why=named(PAGE_TROUBLES, trouble))
    if kind in ("attachment_refused", "pages_missing"):
        return gettext("%(reason)s：%(field)s", reason=word, field=field)
    what = named(OF_DOCUMENT, field) if field in OF_DOCUMENT else named(FIELDS, field)
    return gettext("%(reason)s：%(field)s", reason=word, field=what) if field else word


def copy_state(document: Document) -> State | None:
    """Return where the preservation copy of a document stands; None before it was read and after it is gone."""
    if document.status not in ("stored", "needs_review"):
        return None
    colour, word, why = COPY_STATES.get(document.preservation, ("grey", document.preservation, ""))
    return State(colour, str(word), str(why))


def distance(days: int) -> str:
    """Return how far a date is in words; days < 0 lie behind."""
    if days < 0:
        return ngettext("逾期 %(num)d 天", "逾期 %(num)d 天", -days)
    if days == 0:
        return gettext("就是今天")
    return ngettext("还有 %(num)d 天", "还有 %(num)d 天", days)


def _contradicted(field: DocumentField, sheets: Sheets) -> State | None:
    word = against(field, sheets)
    return State("late", *map(str, AGAINST[word])) if word else None


def _though(word: str, why: str, against: State) -> State:
    """Return the state of a value that people confirmed although something speaks against it, which goes on being said."""
    return State(
        "late",
        gettext("%(state)s · %(mark)s", state=word, mark=against.word),
        gettext("%(state)s；%(mark)s", state=why, mark=against.why),
    )


def held_back(left: Mapping[str, str]) -> str:
    """Return what is said of values that were not confirmed along with all others: which, why, and what to do.

    left: by field a word of `checks.AGAINST`, or `values.UNSEEN`.
    """
    marks = {UNSEEN: gettext("你打开页面以后才添的"), **{word: said[0] for word, said in AGAINST.items()}}
    named_fields = [
        gettext("%(field)s（%(mark)s）", field=named(FIELDS, name), mark=marks[word]) for name, word in left.items()
    ]
    return gettext(
        "没有一并确认：%(fields)s。请对照页面：纸上就是这样印的，勾选该项的“对”再确认；读错了，就改正。其余的已确认。",
        fields=gettext("、").join(named_fields),
    )


def _put_right(field: DocumentField) -> State | None:
    if "repaired" in field.marks:
        return State("soon", gettext("已修复待核"), gettext("有一个字符按校验位改正过，请对照原件"))
    return None


def _unsure(field: DocumentField) -> State | None:
    if field.confidence < CONFIDENCE_LINE:
        return State("late", gettext("存疑 %(score).2f", score=field.confidence), gettext("识别把握不足，请对照原件"))
    return None


def _sound(field: DocumentField, sheets: Sheets) -> State | None:
    found = checks(field, sheets)
    if "amount_agrees" in found:
        return State("good", gettext("大小写相符"), gettext("数字金额与旁边的大写金额相符；尚无人核对"))
    if "check_digit_ok" in found:
        return State("good", gettext("校验位通过"), gettext("末位校验码与前面的数字相符；尚无人核对"))
    if "seal_ok" in found:
        return State("good", gettext("与当事人相符"), gettext("印章上的名称就是当事人的名称；尚无人核对"))
    return None


def field_state(field: DocumentField, actor: Actor, sheets: Sheets) -> State:
    """Return how far a value can be trusted (RULES A2.2): what was read and never confirmed is shown as such.

    sheets: the pages on which the document's values stand.
    """
    state = _state_of(field, actor, sheets)
    if BY_HAND not in checks(field, sheets):
        return state
    hand = gettext("手写的，请逐字对照原件")
    return State(state.colour, state.word, gettext("%(state)s；%(mark)s", state=state.why, mark=hand))


def _state_of(field: DocumentField, actor: Actor, sheets: Sheets) -> State:
    state = state_of(field)
    if state == rules.DISPUTED:
        took_side = actor.name in rules.sides(stand_of(field))
        third = (
            gettext("你已表态，由没有表态的第三人裁定")
            if took_side
            else gettext("两人所见不同，由没有表态的第三人裁定")
        )
        return State("late", gettext("有争议"), third)
    against = _contradicted(field, sheets)
    if state == rules.VERIFIED:
        word, why = gettext("两人已核"), gettext("两名未录入此值的人都已确认")
        printed = gettext("两名未录入此值的人都确认纸上就是这样印的")
        return _though(word, printed, against) if against else State("good", word, why)
    if state == rules.ONCE:
        others = gettext("一人已核；须由另一人再核，且不能是录入者")
        word, why = gettext("待第二人"), gettext("你已核") if actor.name in field.confirmed_by else others
        return _though(word, why, against) if against else State("soon", word, why)
    if against:
        return against
    if field.name in SEALS and field.value == PRESENT:
        return State("soon", gettext("有印章"), gettext("有印章，环上的名称认不出来"))
    if state == rules.ENTERED:
        mine = field.entered_by == actor.name
        if not field.value:
            others = (
                gettext("你说这件上没有此项，须由另外两人核对")
                if mine
                else gettext("有人说这件上没有此项，须由另外两人核对")
            )
            return State("soon", gettext("不在此件上"), others)
        why = gettext("你录入的值，须由另外两人核对") if mine else gettext("由人录入，须由另外两人核对")
        return State("soon", gettext("已更正") if field.read_value else gettext("人工录入"), why)
    return (
        _put_right(field)
        or _unsure(field)
        or _sound(field, sheets)
        or State("soon", gettext("待核"), gettext("机器读出，尚无人核对"))
    )


def note(code: str) -> str:
    """Return what a file shows by itself: ``带有数字签名``, ``附件：报价单.xlsx``; nothing for what is only a link."""
    kind, _colon, name = code.partition(":")
    if kind == "attachment":
        return gettext("附件：%(name)s", name=name)
    if kind == "pictures":
        return ngettext("还有 %(num)d 幅图，不是页，未识别", "还有 %(num)d 幅图，不是页，未识别", int(name))
    signature = parted(code)
    if signature:
        who = signature[1] or gettext("签名者不明")
        return gettext("数字签名：%(who)s · %(state)s", who=who, state=named(SIGNATURES, signature[0]))
    return {
        "signed": gettext("带有数字签名（未验证）"),
        "macros": gettext("带有宏（不执行）"),
        "xfa": gettext("动态表单（XFA），页面上看不到它的内容"),
        "portfolio": gettext("PDF 包，内容在它的附件里"),
    }.get(kind, "")


def told(notes: Sequence[str]) -> list[str]:
    """Return what a file shows by itself, each in one line; that it is signed is not said beside its signatures.

    What is known of the certificate stands in the line of the signature it belongs to.
    """
    spoken = list[str]()
    for code, behind in pairwise([*notes, ""]):
        text = "" if code == "signed" and any(map(parted, notes)) else note(code)
        signature = parted(code)
        if signature and signature[0] in HOLDS:
            text += " · " + named(CERTIFICATES, certificate_in(behind) or "")
        if text:
            spoken.append(text)
    return spoken


def scanned_with(settings: Mapping[str, str]) -> list[str]:
    """Return what a scanner was told, and by whom at the station, in words."""
    known = (*_SETTINGS, *_DROPPED)
    names = [name for name in _SETTINGS if name in settings] + [name for name in settings if name not in known]
    told = [_one_setting(name, settings[name]) for name in names if settings[name]]
    return told + ([_dropped(*(settings.get(name, "") for name in _DROPPED))] if settings.get("dropped") else [])


def _dropped(count: str, pages: str, at: str) -> str:
    with suppress(ValueError):  # what others than a station of ours say is said as it is
        at = datetime.fromisoformat(at).astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    return gettext(
        "在扫描站拿掉 %(count)s 页（第 %(pages)s 页，%(when)s）",
        count=count,
        pages=pages.replace(" ", gettext("、")),
        when=at,
    )


def _one_setting(name: str, value: str) -> str:
    if name == "resolution":
        return f"{value} dpi"
    if name == "operator":
        return gettext("扫描站用户 %(who)s", who=value)
    return named(SCANNED, value) if name in ("mode", "source", "paper") else f"{name} {value}"


def quality(found: Mapping[str, Any]) -> str:
    """Return the quality of a page in one line: ``200 dpi · 歪斜 1.2°``, and what is wrong with it."""
    parts = [f"{found['dpi']} dpi" if found["dpi"] else gettext("分辨率未注明")]
    if abs(found["skew"]) > 1:
        parts.append(gettext("歪斜 %(degrees)s°（识别时已校正）", degrees=found["skew"]))
    return " · ".join([*parts, *(_finding(code, found) for code in found["findings"])])


def _finding(code: str, found: Mapping[str, Any]) -> str:
    edges = "、".join(named(EDGES, edge) for edge in found["cut"]) if code == "cut" else ""
    return named(PAGE_TROUBLES, code) + (f"（{edges}）" if edges else "")


def quality_rows(found: Mapping[str, Any]) -> list[tuple[str, str, State]]:
    """Return the quality of a scanned page as rows: what is judged, what was found, whether it holds (DA/T 31-2017)."""
    good, below = State("good", gettext("合格")), State("late", gettext("不合格"))
    wrong = dict.fromkeys(found["findings"])
    image = [_finding(code, found) for code in wrong if code not in ("resolution", "skew")]
    dpi = f"{found['dpi']} dpi" if found["dpi"] else gettext("分辨率未注明")
    fine = good if found["dpi"] else State("grey", gettext("无从判断"))
    straight = (
        good if abs(found["skew"]) <= 1 else State("good", gettext("已校正"), gettext("识别时已校正；原件不改。"))
    )
    seen = State("soon", gettext("请看一眼")) if list(wrong) == ["blank"] else below
    return [
        (gettext("分辨率"), dpi, below if "resolution" in wrong else fine),
        (gettext("倾斜"), f"{abs(found['skew']):.1f}°", below if "skew" in wrong else straight),
        (gettext("图像"), " · ".join(image) or gettext("清楚、完整"), seen if image else good),
    ]


def pages_state(document: Document) -> State:
    """Return whether all pages of a document are there and read."""
    if any(reason.startswith(rules.LACKING) for reason in document.review_reasons):
        return State("late", gettext("缺页"))
    if document.pages_read < document.pages:
        return State("soon", gettext("没有读全"))
    return State("good", gettext("齐全"))


def period(code: str) -> str:
    """Return what a reporting period is called: a year, or the first half of one."""
    year, _dash, half = code.partition("-")
    return gettext("%(year)s 年上半年", year=year) if half else gettext("%(year)s 年度", year=year)


def figure(name: str, of: str) -> str:
    """Return the head of a column of statistics; of: the currency or the retention code it is about, or ""."""
    said = named(FIGURES_OF_REPORTS, name)
    return f"{said} {named(RETENTIONS, of)}" if of else said
