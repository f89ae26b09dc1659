"""What the codes of warnings, receivables and deliveries are called, in both languages."""

from service.web.text import _

KINDS = {
    "score_below": _("分数过低"),
    "score_drop": _("分数下降"),
    "overdue_days": _("逾期天数"),
    "overdue_amount": _("逾期金额"),
    "line_used": _("额度占用"),
    "expiring": _("证照将到期"),
    "expired": _("证照已到期"),
    "stale_key_information": _("关键信息过期"),
}
SEVERITIES = {"high": ("late", _("高")), "medium": ("soon", _("中")), "low": ("grey", _("低"))}
STATES = {
    "open": ("late", _("待确认")),
    "acknowledged": ("soon", _("已确认")),
    "in_hand": ("soon", _("处理中")),
    "closed": ("grey", _("已关闭")),
}
TASK_STATES = {"open": ("soon", _("未办")), "done": ("good", _("已办")), "not_needed": ("grey", _("不需要"))}
ACTIONS = {
    "collect": _("催收"),
    "terms": _("变更交易条件"),
    "suspend": _("暂停供货"),
    "legal": _("法律手段"),
    "papers": _("更新证照资料"),
    "inform": _("查明情况"),
    "other": _("其他"),
}
OWNERS = {
    "handler": _("承办人"),
    "credit_administrator": _("信用管理员"),
    "department_head": _("部门负责人"),
}
STEPS = {
    "open": _("触发预警"),
    "worse": _("情况加重"),
    "back": _("情况再现"),
    "gone": _("情况消失"),
    "escalate": _("无人确认，上报一级"),
    "acknowledge": _("确认"),
    "take_in_hand": _("开始处理"),
    "snooze": _("暂缓"),
    "ask_close": _("申请关闭"),
    "close": _("关闭"),
    "keep_open": _("退回，不关闭"),
    "task_done": _("任务办结"),
    "task_not_needed": _("任务不需要办"),
    "add_task": _("增加任务"),
    "assign_task": _("转交任务"),
}
LINES = {
    "score_below": _("分数低于"),
    "score_severe": _("分数低于，按高级"),
    "score_drop": _("分数下降达到"),
    "drop_days": _("分数下降的期间（天）"),
    "overdue_days": _("逾期达到（天）"),
    "overdue_days_severe": _("逾期达到（天），按高级"),
    "overdue_amount": _("逾期金额达到（元）"),
    "line_used": _("占用额度超过（0.9 即 90 %）"),
    "expiry_days": _("证照到期前（天）"),
    "stale_days": _("关键信息过期超过（天）"),
    "respond_high": _("高级须在几小时内确认"),
    "respond_medium": _("中级须在几小时内确认"),
    "respond_low": _("低级须在几小时内确认"),
}
EVENTS = {
    "warning.opened": _("新预警"),
    "warning.worse": _("预警加重"),
    "warning.escalated": _("预警上报"),
    "task.assigned": _("任务"),
    "credit.blocked": _("信用冻结"),
    "credit.unblocked": _("解除信用冻结"),
    "grade.changed": _("等级变化"),
    "assessment.due": _("重新评估"),
    "assessment.review": _("专家评审"),
    "report.ready": _("报告已做好"),
    "run.done": _("运行完成"),
    "appraisal.due": _("年度鉴定"),
    "transfer.due": _("移交期限"),
    "loan.due": _("借阅归还"),
    "milestone.due": _("合同节点"),
    "sample.failed": _("抽检不合格"),
    "run.failed": _("运行失败"),
    "search.news": _("保存的检索"),
}
CHANNELS = {"inbox": _("应用内"), "mail": _("电子邮件"), "webhook": _("网络回调")}
DELIVERY_STATES = {
    "waiting": ("soon", _("等待发送")),
    "sending": ("soon", _("正在发送")),
    "sent": ("good", _("已送达")),
    "given_up": ("late", _("放弃")),
}
ENTRY_KINDS = {"invoice": _("发票"), "payment": _("收款"), "credit_note": _("贷项"), "order": _("订单")}
BUCKETS = {
    "not_due": _("未到期"),
    "1-30": _("1–30 天"),
    "31-60": _("31–60 天"),
    "61-90": _("61–90 天"),
    "91-180": _("91–180 天"),
    "181-365": _("181–365 天"),
    ">365": _("365 天以上"),
}
COLLECTIONS = {
    "call": _("电话"),
    "letter": _("催款函"),
    "visit": _("上门"),
    "lawyer": _("律师函"),
    "lawsuit": _("诉讼"),
    "other": _("其他"),
}
PROMISES = {"waiting": ("soon", _("等付款")), "kept": ("good", _("已兑现")), "broken": ("late", _("未兑现"))}
OUTCOMES = {
    "new": ("good", _("新增")),
    "changed": ("soon", _("变更")),
    "unchanged": ("grey", _("没有变化")),
    "refused": ("late", _("拒收")),
}
ENTRY_FIELDS = {
    "kind": _("类型"),
    "number": _("单号"),
    "customer": _("客户"),
    "on": _("日期"),
    "due_on": _("到期日"),
    "amount": _("金额"),
    "cents": _("金额"),
    "currency": _("币种"),
    "invoice": _("对应单号"),
    "status": _("状态"),
    "voided": _("作废"),
    "note": _("备注"),
    "customer_id": _("客户"),
}
