"""The contract ledger (合同台账) in its customary form, as a PDF to sign (RULES B2). Pure: the same rows give the same bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from service.reports.papers import Form, to_pdf

#: The columns of the form, after the serial; the currency stands under the amount.
COLUMNS = (
    *("number", "department", "handler", "counterparty", "title", "amount", "signed_on", "term_until", "status"),
    *("amendments", "milestones", "ended_on", "file_state", "archive_number"),
)
_WIDTHS = (1, 3.4, 1.5, 1.7, 3.3, 3.3, 2.6, 2.2, 2.2, 1.5, 1.1, 1.1, 2.2, 1.3, 3.4)
_HEADS = (
    "合同号",
    "部门",
    "承办人",
    "对方",
    "题名",
    "金额",
    "签订日期",
    "期限至",
    "状态",
    "变更次数",
    "履行节点",
    "终了日期",
    "案卷状态",
    "档号",
)
_STATES = {
    "draft": "草拟",
    "approved": "已审批",
    "signed": "已签订",
    "performing": "履行中",
    "amended": "已变更",
    "performed": "履行完毕",
    "terminated": "已解除",
    "cancelled": "已作废",
}
_FILE_STATES = {"open": "在办", "archived": "已归档", "leaving": "移交档案馆中", "destroyed": "已销毁"}


@dataclass(frozen=True)
class Words:
    """What stands on the form beside the rows: in Chinese, unless a page says it in its reader's language."""

    title: str = "合同台账"
    serial: str = "序号"
    heads: Mapping[str, str] = field(default_factory=lambda: dict(zip(COLUMNS, _HEADS, strict=True)))
    codes: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: {"status": _STATES, "file_state": _FILE_STATES}
    )
    sub: str = "共 {num} 份，{day}"
    signs: tuple[str, ...] = ("制表人（签字、日期）", "信用管理员（签字、日期）", "部门负责人（签字、日期）")


def ledger_form(columns: Sequence[str], rows: Sequence[Sequence[Any]], today: date, words: Words) -> bytes:
    """Return the form as a PDF. columns: the names of the rows' cells, those of the form among them."""
    at = {name: place for place, name in enumerate(columns)}

    def cell(row: Sequence[Any], name: str) -> Any:
        value = row[at[name]]
        if name == "milestones":  # done, of all there are
            return f"{row[at['milestones_done']]}/{value}" if value else ""
        if name == "amount":
            return "" if value is None else f"{value:,.2f}\n{row[at['currency']]}"
        return words.codes.get(name, {}).get(value, value)

    lines = [[serial, *(cell(row, name) for name in COLUMNS)] for serial, row in enumerate(rows, 1)]
    sub = words.sub.format(num=len(rows), day=today)
    heads = [words.serial, *(words.heads[name] for name in COLUMNS)]
    return to_pdf(Form(words.title, heads, _WIDTHS, lines, sub, words.signs))
