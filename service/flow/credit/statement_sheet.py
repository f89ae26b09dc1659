"""Financial statements as a spreadsheet: a row a customer and year, under the headings people use."""

from collections.abc import Mapping

from service.flow.common.ledger_sheet import SheetRow, read_xlsx

#: field -> words its heading is known under; the name of the field is one of them
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "customer": ("客户", "客户编号", "信用代码", "统一社会信用代码", "客户名称"),
    "year": ("年度", "年份", "会计年度"),
    "total_assets": ("资产总计", "总资产", "资产总额"),
    "current_assets": ("流动资产", "流动资产合计"),
    "inventory": ("存货",),
    "total_debts": ("负债合计", "总负债", "负债总额"),
    "current_debts": ("流动负债", "流动负债合计"),
    "equity": ("所有者权益", "净资产", "所有者权益合计", "股东权益合计"),
    "retained": ("留存收益", "盈余公积与未分配利润"),
    "turnover": ("营业收入", "营业总收入"),
    "earnings_before": ("息税前利润",),
    "net_profit": ("净利润",),
    "note": ("备注", "说明"),
}
NEEDED = ("customer", "year")


def read_statements(data: bytes) -> list[SheetRow]:
    """Return the filled rows of the first sheet; amounts in yuan. Raises BadInput for what is no such sheet."""
    return read_xlsx(data, HEADINGS, NEEDED)
