"""The destruction register (销毁清册) in its customary Chinese form: cover, signatures, rows, hash. For paper and as a workbook.

Source: RULES Part B, Appraisal and destruction; 档案法 2020; DA/T 94/95. Pure: the same register gives the same report.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from retention.destruction import REGISTER_COLUMNS
from retention.signed_register import Signed, SignedRegister, WholeRegister
from service.reports import report_files
from service.reports.parts import Part, Report
from service.reports.sheets import XLSX_TYPE, Cell

_PARTS = {
    "proposer": "提出人",
    "group_head": "鉴定小组组长",
    "appraiser": "鉴定小组成员",
    "co_reviewer": "会同鉴定人",
    "approver": "批准人",
    "supervisor": "监销人",
    "executor": "执行人",
}
_ACTS = {
    "propose": "提出",
    "opinion": "鉴定意见",
    "approve": "批准",
    "confirm_before": "销毁前确认",
    "begin": "执行销毁",
    "confirm_after": "销毁后确认",
}
_HEADS = tuple(heading for heading, _english in REGISTER_COLUMNS.values())
_WIDTHS = (1.1, 5, 1.4, 4.6, 2, 2, 1.2, 4)
_SIGNED = ("职责", "姓名", "系统内签署", "日期", "审计日志条目（SHA-256）", "签字、日期")
_SIGNED_WIDTHS = (2.2, 1.8, 2, 2, 5, 2.6)
_SIGNS = tuple(f"{name}（签字、日期）" for name in ("鉴定小组组长", "批准人", "监销人一", "监销人二"))
_NOTE = "每一签署都是审计日志中的一条，各条以摘要相连；核对用 juanzong audit verify。"

FORMS = {"pdf": "application/pdf", "xlsx": XLSX_TYPE}


def written(report: Report, form: str) -> bytes:
    """Return the report as `pdf` or `xlsx`. Raises KeyError for another form."""
    return {"pdf": report_files.to_pdf, "xlsx": report_files.to_xlsx}[form](report)


def _rows(rows: Sequence[Mapping[str, Any]]) -> list[list[Cell]]:
    return [[row[name] for name in REGISTER_COLUMNS] for row in rows]


def _acts(found: SignedRegister) -> list[list[Cell]]:
    def cells(row: Signed) -> list[Cell]:
        entry = f"第 {row.seq} 条 {row.hash}" if row.seq else "—"
        return [_PARTS[row.part], found.names.get(row.person, row.person), _ACTS[row.act], row.on, entry, ""]

    return [cells(row) for row in found.signed]


def _seal(found: SignedRegister) -> str:
    state = "证明未被改动" if found.intact else "证明被改动过"
    return f"鉴定 {found.certificate['review']}：SHA-256 {found.certificate['sha256']}（{state}）"


def _paper(found: SignedRegister) -> list[str]:
    paper = found.certificate.get("paper")  # of files that lay on paper, too
    if not paper:
        return []
    who = found.names.get(paper["person"], paper["person"])
    counts = f"纸质 {paper['files']} 卷，原件 {paper['originals']} 份、复印件 {paper['copies']} 份"
    return [f"{counts}：{paper['on']} {who} {paper['how']}"]


def of_review(found: SignedRegister) -> Report:
    """Return the register of one review: its cover, who signed what and when, its rows, what stayed, the hash of its certificate."""
    said = found.certificate
    lines = [
        f"全宗号 {said['fonds']}    鉴定 {said['review']}    销毁日期 {said['destroyed_on']}",
        f"卷数 {said['files']}    页数 {said['pages']}",
        *_paper(found),
        _seal(found),
    ]
    stayed = [[why] for why in said["not_destroyed"].values()]
    parts = [
        Part("签署", _SIGNED, _acts(found), note=_NOTE, widths=_SIGNED_WIDTHS),
        Part("清册", _HEADS, _rows(said["rows"]), empty="没有一卷被销毁。", widths=_WIDTHS),
    ]
    if stayed:
        parts.append(Part("未销毁的案卷", ("为什么",), stayed))
    return Report("档案销毁清册", lines, (), parts, _SIGNS)


def of_all(found: WholeRegister) -> Report:
    """Return the register of all that was destroyed: its rows, and each review with its signatures and the hash of its certificate."""
    pages = sum(int(row["pages"]) for row in found.rows)
    lines = [f"全宗号 {found.fonds}    卷数 {len(found.rows)}    页数 {pages}", *map(_seal, found.reviews)]
    parts = [Part("清册", _HEADS, _rows(found.rows), empty="还没有销毁过案卷。", widths=_WIDTHS)]
    for one in found.reviews:
        title = f"鉴定 {one.certificate['review']} 的签署"
        parts.append(Part(title, _SIGNED, _acts(one), note=_NOTE, widths=_SIGNED_WIDTHS))
    return Report("档案销毁清册", lines, (), parts, _SIGNS)
