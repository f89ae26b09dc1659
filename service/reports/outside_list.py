"""The transfer list (移交清单) that the giving archive and the one outside sign, in its customary Chinese form; for paper and as a workbook.

Source: GB/T 18894-2016, 9 (移交); RULES Part B. Pure: the same list gives the same report.
"""

from retention.outside_list import OutsideList
from service.reports.parts import Part, Report
from service.reports.sheets import Cell

_HEADS = ("序号", "类目", "题名", "页数", "原件 SHA-256")
_WIDTHS = (1, 1.2, 5, 1.2, 6)
_SIGNS = ("移交单位（签字、盖章、日期）", "接收单位（签字、盖章、日期）", "监交人（签字、日期）")


def of_transfer(found: OutsideList) -> Report:
    """Return the list, with the signature of the giving side where it was handed over."""
    rows, said, transfer = found.rows, found.statement, found.transfer
    lines = [
        f"档号 {transfer.number}    题名 {found.title}",
        f"接收单位 {transfer.recipient}    件数 {len(rows)}    页数 {sum(row.pages for row in rows)}",
        f"档案包清单 SHA-256 {transfer.manifest}",
    ]
    if said:
        paper = said["paper"]
        counts = f"原件 {paper['originals']} 份、复印件 {paper['copies']} 份"
        lines.append(f"纸质{'一并移交' if paper['handed_over'] else '不移交'}：{counts} {paper['place']}".rstrip())
        by = found.names.get(said["by"], said["by"])
        state = "签名成立" if found.holds else "签名不成立"
        lines.append(f"移交方签名 {by} {said['on']}（{state}）  Ed25519 {said['signature']}")
    body: list[list[Cell]] = [
        [serial, row.category, row.title or "（已清除，只留存根）", row.pages, row.sha256]
        for serial, row in enumerate(rows, 1)
    ]
    return Report("档案移交清单", lines, (), [Part("各件", _HEADS, body, widths=_WIDTHS)], _SIGNS)
