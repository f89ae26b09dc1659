"""The wording of reasons in Chinese and English. Keys are stable: stored reasons refer to them."""

TERMS: dict[str, dict[str, tuple[str, str]]] = {
    "event": {
        "signed": ("签订", "signing"),
        "amended": ("变更", "amending"),
        "performed": ("履行", "performing"),
        "terminated": ("解除", "terminating"),
        "litigation": ("诉讼", "litigation"),
        "bad_debt": ("坏账", "bad debt"),
    },
    "period": {"Y": ("永久", "permanent")} | {f"D{n}": (f"{n} 年", f"{n} years") for n in range(1, 1000)},
    "weekday": {
        "0": ("周一", "Monday"),
        "1": ("周二", "Tuesday"),
        "2": ("周三", "Wednesday"),
        "3": ("周四", "Thursday"),
        "4": ("周五", "Friday"),
        "5": ("周六", "Saturday"),
        "6": ("周日", "Sunday"),
    },
    "kind": {
        "contract": ("合同", "contract"),
        "credit": ("客户信用", "customer credit"),
        "accounting": ("会计", "accounting"),
    },
    "trigger": {
        "contract_ended": ("合同终了", "the end of the contract"),
        "relationship_ended": ("客户关系终止", "the end of the relationship"),
        "accounting_year_ended": ("会计年度终了", "the end of the accounting year"),
    },
    "document": {
        "accounting_voucher": ("会计凭证原件", "original accounting vouchers"),
        "accounting_other": ("其他会计资料", "other accounting records"),
    },
    "state": {
        "open": ("未归档", "open"),
        "archived": ("已归档", "archived"),
        "destroyed": ("已销毁", "destroyed"),
        "proposed": ("已提出", "proposed"),
        "appraising": ("鉴定中", "appraising"),
        "decided": ("已形成鉴定意见", "decided"),
        "waiting": ("已批准，等待期", "approved, waiting"),
        "supervised": ("监销人已确认", "supervisors confirmed"),
        "executing": ("执行中", "executing"),
        "executed": ("已执行", "executed"),
        "verified": ("已验证", "verified"),
        "certified": ("已出具证明", "certified"),
        "stopped": ("已停止", "stopped"),
    },
}

SENTENCES: dict[str, tuple[str, str]] = {
    # deadlines
    "event": ("{event}手续 {on} 办结", "formalities of {event} finished on {on}"),
    "verified": ("{on} 核实", "verified on {on}"),
    "corresponding_day": ("一个月后的对应日为 {nominal}", "one month later is {nominal}"),
    "month_end": (
        "下月没有 {day} 日，一个月后为月末日 {nominal}",
        "the next month has no day {day}, so one month later is its last day, {nominal}",
    ),
    "rolled": (
        "{nominal}（{weekday}）为休息日，顺延至下一工作日 {due}",
        "{nominal} ({weekday}) is a rest day, so the next working day, {due}",
    ),
    "not_rolled": (
        "{nominal}（{weekday}）为休息日，按设置不顺延",
        "{nominal} ({weekday}) is a rest day; the roll-over is switched off",
    ),
    "adjusted_workday": (
        "{nominal}（{weekday}）为调休上班日，不顺延",
        "{nominal} ({weekday}) is an adjusted working day, so it stands",
    ),
    "no_holiday_data": (
        "{year} 年无节假日安排数据，仅按周末判断",
        "no holiday data for {year}: only weekends count as rest days",
    ),
    # periods
    "rule_amount_from": (
        "重大合同（金额 {amount} 元，不低于 {limit} 元）：{period}",
        "major contract ({amount} yuan, at least {limit}): {period}",
    ),
    "rule_amount": ("一般合同（金额 {amount} 元）：{period}", "ordinary contract ({amount} yuan): {period}"),
    "rule_amount_below": (
        "小额合同（金额 {amount} 元，低于 {limit} 元）：{period}",
        "minor contract ({amount} yuan, below {limit}): {period}",
    ),
    "rule_unknown_amount": (
        "合同金额不明，按一般合同：{period}",
        "contract of unknown amount, kept as an ordinary one: {period}",
    ),
    "rule_class": ("重大合同（类别：{name}）：{period}", "major contract (class {name}): {period}"),
    "rule_kind": ("{kind}档案：{period}", "{kind} file: {period}"),
    "rule_event": ("有{event}：{period}", "there was {event}: {period}"),
    "rule_document": ("卷内有{document}：{period}", "the file holds {document}: {period}"),
    "longest": ("取其中最长：{period}", "the longest wins: {period}"),
    "never_shorter": (
        "按现在的情况为 {period}，已定的期限不自动缩短",
        "by the facts of today it would be {period}, but a period once applied is never shortened by itself",
    ),
    "starts": ("自{trigger}次年 1 月 1 日起算", "counted from 1 January of the year after {trigger}"),
    "schedule": ("保管期限表 {version}", "schedule {version}"),
    # what stands against a destruction
    "hold": ("冻结：{matter}", "on hold: {matter}"),
    "loan": ("借出未还：{reader}", "lent and not returned: {reader}"),
    "running_contract": ("合同尚未终了", "the contract is still running"),
    "not_due": ("保管期满日未到：{due} 起方可销毁", "not due: destruction is allowed from {due}"),
    "no_date": ("没有到期日，不得销毁", "it has no due date and cannot be destroyed"),
    "permanent": ("永久保管", "kept permanently"),
    "not_archived": ("尚未归档（{state}）", "not archived ({state})"),
    "destroyed": ("已经销毁", "already destroyed"),
    "open_batch": ("扫描批次未放行：{batch}", "a scanned batch is not released: {batch}"),
    "pending_transfer": ("移交未完成：{transfer}", "a transfer is not finished: {transfer}"),
    "no_facts": ("查无此卷的现状，不得销毁", "nothing is known of the file now, so it is not destroyed"),
    "unfinished": (
        "密钥已销毁，对象或索引尚未清除完毕，系统会自动再试",
        "its keys are destroyed; objects or index entries are not gone yet, it is tried again",
    ),
    "destroyed_by": ("鉴定 {review} 已将其销毁", "review {review} had destroyed it already"),
    "taken_off": ("已从清册撤下：{person}，{reason}", "taken off the list by {person}: {reason}"),
    "decided_keep_until": ("鉴定意见：延期至 {until}（{reason}）", "appraisal: keep until {until} ({reason})"),
    "decided_keep_permanently": ("鉴定意见：永久保管（{reason}）", "appraisal: keep permanently ({reason})"),
    "decided_destroy": ("鉴定意见一致：销毁（{reason}）", "appraisal: destroy, unanimously ({reason})"),
    "decided_destroy_plain": ("鉴定意见一致：销毁", "appraisal: destroy, unanimously"),
    "undecided": ("鉴定意见未齐", "the opinions are not complete"),
    # the review
    "state_is": ("鉴定状态为“{state}”，须为“{needed}”", "the review is {state}; it must be {needed}"),
    "waiting": (
        "等待期至 {until}，{first} 起方可执行",
        "waiting period until {until}; execution is allowed from {first}",
    ),
    "stopped": ("{person} 于 {on} 停止：{reason}", "stopped by {person} on {on}: {reason}"),
    "clock_back": ("日期 {today} 早于上一步 {last}", "the date {today} lies before the last step, {last}"),
    "ready": ("各步骤齐备，可以执行", "every step is done; it may be executed"),
}
