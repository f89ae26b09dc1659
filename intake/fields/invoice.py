"""Invoices: who buys, who sells, and the sum with the tax, which is not that of the rows."""

import re
from dataclasses import replace

from intake.amounts import find_amounts, money
from intake.fields.paper import Paper
from intake.fields.read import TORN, Reading, organisation
from intake.layout import Row, Run
from intake.model import Field

_TOTAL = re.compile(r"价[ \t]*税[ \t]*合[ \t]*计")
_LABELS = {"name": ("名称",), "": ("统一社会信用代码", "纳税人识别号", "地址", "电话", "开户行", "项目名称", "货物或应税劳务、服务名称")}  # fmt: skip


def fields(paper: Paper) -> dict[str, Field]:
    """Return amount, payer (who buys) and payee (who sells) of an invoice; nothing where no row says the sum with the tax.

    The two blocks of names stand side by side, the buyer's left, or one above the other, the buyer's first. A sum in capitals
    that says another value than the digits gives amount_mismatch (RULES, Amounts and dates).
    """
    total = next((f for sheet in paper.sheets for row in sheet.rows if (f := _total(row, sheet.rows))), None)
    if total is None:
        return {}
    found = {"amount": total}
    seen = paper.labelled(_LABELS)
    named = [(spot, r) for spot in seen.named("name") if (r := organisation(seen.beside(spot)))]
    if len(named) == 2:  # one alone may be either's
        first, second = sorted(named, key=lambda n: (n[0].sheet, n[0].row, n[0].x0))
        found |= {"payer": first[1].field(first[0].strength), "payee": second[1].field(second[0].strength)}
    return found


def _total(row: Row, rows: tuple[Row, ...]) -> Field | None:
    """Return the sum that stands in the row of 价税合计, or in the half row beside it that belongs to it."""
    label = _TOTAL.search(row.run.key)
    if not label:
        return None
    said = [row.run.cut(label.end())] + [r.run for r in rows if r is not row and abs(r.y - row.y) < row.height]
    sums = [(run, a) for run in said for a in find_amounts(run.key) if a.marked or "." in run.key[a.start : a.end]]
    digits = [s for s in sums if s[1].form == "digits"]
    capitals = [s for s in sums if s[1].form == "capitals"]
    if not (digits or capitals):
        return None
    run, best = digits[-1] if digits else capitals[-1]
    reading = Reading(_cut(run, best.start, best.end), money(best.value), 1.0 if best.certain else TORN)
    if digits and any(c.value != best.value for _, c in capitals):
        reading = reading.weaker(0.5, "amount_mismatch")
    field = reading.field()
    return (
        replace(field, marks=(*field.marks, f"currency:{best.currency}"))
        if best.currency not in (None, "CNY")
        else field
    )


def _cut(run: Run, start: int, end: int) -> Run:
    return run.cut(start, end).strip(":;,。")
