"""RULES B1.11: slips of banks, which call both sides 户名; who pays and who is paid goes by where their sides' names stand."""

import os
from itertools import chain
from pathlib import Path

import pytest

from intake.model import Line
from intake.understand import CONFIDENCE_LINE, understand
from samples.paper import FACES
from samples.unseen import make_one
from tests.intake.layouts import letter, line, page
from tools.bench_reading import measure, summary

PAYER, PAYEE = "安徽华岳贸易有限公司", "上海振华机电设备有限公司"
HEAD = [line("中国工商银行电子回单", 560, 60, 54), line("交易日期：2024年5月6日", 1200, 150)]
SUM = [line("金额（大写）", 180, 700), line("人民币壹拾壹万叁仟元整", 420, 700), line("小写", 1000, 700), line("¥113,000.00", 1120, 700)]  # fmt: skip
BOTH = {"payer": PAYER, "payee": PAYEE}


def slip(*lines, title="中国工商银行电子回单"):
    return page(line(title, 560, 60, 54), *HEAD[1:], *lines, *SUM)


def upright(side, x, y, step=60):
    return [line(c, x, y + step * k) for k, c in enumerate(side)]


def block(x, y, name, labels=("户名", "账号", "开户行"), step=60, account="6222020200098765432"):
    """The three lines of a side, each a label and its value."""
    values = (name, account, "中国工商银行合肥高新支行")
    return [*chain.from_iterable((line(a, x, y + step * k), line(b, x + 160, y + step * k)) for k, (a, b) in enumerate(zip(labels, values, strict=True)))]  # fmt: skip


def said(read):
    return {n: read.fields[n].value for n in BOTH if n in read.fields}


def sure(read):
    return all(read.fields[n].confidence >= CONFIDENCE_LINE for n in BOTH)


SETTLED = {
    "upright, side by side": slip(*upright("付款人", 60, 250), *block(130, 250, PAYER), *upright("收款人", 860, 250), *block(930, 250, PAYEE)),
    "upright, set between the lines": slip(*upright("付款方", 60, 280, 40), *block(130, 250, PAYER), *upright("收款方", 860, 280, 40), *block(930, 250, PAYEE)),
    "upright, read in one": slip(line("付款人", 60, 310), *block(160, 250, PAYER), line("收款人", 860, 310), *block(960, 250, PAYEE)),
    "upright, read with the labels": slip(*block(60, 250, PAYER, ("付户名", "款账号", "人开户行")), *block(860, 250, PAYEE, ("收 户名", "款账号", "人开户行"))),
    "labels below begin further left": slip(*upright("付款人", 60, 460), *block(130, 460, PAYER), *upright("收款人", 760, 460), *(line(t, x, 460 + 60 * k) for k, row in enumerate((("户名", PAYEE), ("账号", "31001234567890123"), ("开户行", "中国银行上海分行"))) for t, x in zip(row, (830, 1110), strict=True))),
    "payee first": slip(*upright("收款人", 60, 250), *block(130, 250, PAYEE), *upright("付款人", 860, 250), *block(930, 250, PAYER)),
    "above, side by side": slip(line("付款人", 350, 200), *block(130, 260, PAYER), line("收款人", 1150, 200), *block(930, 260, PAYEE)),
    "one above the other": slip(line("付款人信息", 60, 200), *block(130, 260, PAYER), line("收款人信息", 60, 450), *block(130, 510, PAYEE)),
    "one above the other, upright": slip(*upright("付款人", 60, 250), *block(130, 250, PAYER), *upright("收款人", 60, 450), *block(130, 450, PAYEE)),
    "in a cell before three rows": slip(line("付款人", 60, 310), *block(220, 250, PAYER), line("收款人", 60, 510), *block(220, 450, PAYEE)),
    "columns": slip(line("付款人", 500, 200), line("收款人", 1150, 200), *(line(t, x, y) for y, row in ((260, ("户名", PAYER, PAYEE)), (320, ("账号", "6222020200098765432", "31001234567890123")), (380, ("开户行", "中国工商银行合肥分行", "中国银行上海分行"))) for x, t in zip((130, 380, 1050), row, strict=True))),
    "a paying-in slip": slip(*upright("出票人", 60, 250), *block(130, 250, PAYER, ("全称", "账号", "开户银行")), *upright("收款人", 860, 250), *block(930, 250, PAYEE, ("全称", "账号", "开户银行")), title="银行进账单"),
    "a person pays": slip(*upright("付款人", 60, 250), *block(130, 250, "王芳"), *upright("收款人", 860, 250), *block(930, 250, PAYEE)),
}  # fmt: skip


@pytest.mark.parametrize("case", SETTLED)
def test_both_sides_of_a_slip_are_told_apart(case):
    read = understand([SETTLED[case]])
    assert said(read) == (BOTH if case != "a person pays" else {**BOTH, "payer": "王芳"})
    assert sure(read)
    assert (read.fields["amount"].value, read.fields["signed_on"].value) == ("113000.00", "2024-05-06")
    assert not {"name", "account", "bank"} & read.fields.keys()  # one side's
    assert read.needs_review == ()


def test_lines_that_name_their_side_need_nothing_else():
    read = understand([letter(f"# 网上银行电子回单\n付款人户名：{PAYER}\n付款人账号：6222020200098765432\n收款人户名：{PAYEE}\n收款人账号：31001234567890123\n金额：¥113,000.00\n交易日期：2024年5月6日")])  # fmt: skip
    assert (said(read), read.needs_review) == (BOTH, ())


def test_of_two_names_without_their_sides_the_first_pays_and_a_person_looks():
    for second in ((930, 250), (130, 450)):
        read = understand([slip(*block(130, 250, PAYER), *block(*second, PAYEE))])
        assert said(read) == BOTH
        assert {"low_confidence:payer", "low_confidence:payee"} <= set(read.needs_review)


def test_one_sides_name_tells_the_other():
    for lines in (
        [*block(130, 250, PAYER), *upright("收款人", 860, 250), *block(930, 250, PAYEE)],
        [*upright("收款人", 60, 250), *block(130, 250, PAYEE), *block(930, 250, PAYER)],
    ):
        assert said(understand([slip(*lines)])) == BOTH


def test_sides_that_stand_otherwise_than_the_names_say_nothing():
    read = understand([slip(line("付款人", 60, 200), *block(130, 260, PAYER), line("收款人", 60, 420), *block(930, 260, PAYEE))])  # fmt: skip
    assert not said(read) or not sure(read)


def test_a_single_name_may_be_either_sides():
    read = understand([slip(*block(130, 250, PAYER))])
    assert said(read) == {}
    assert {"missing:payer", "missing:payee"} <= set(read.needs_review)


@pytest.mark.skipif(
    os.environ.get("JUANZONG_REQUIRE_SERVERS") != "1" and not all(Path(path).exists() for path, _, _ in FACES.values()),
    reason="the fonts of the samples are not installed",
)
def test_scanned_slips_are_read(tmp_path):
    for number in range(2):
        make_one(number, 4711, tmp_path, kinds=["slip"])
    figures = summary(measure(tmp_path, threads=2, timed_pair=False))
    assert (figures["failures"], figures["fields_missed"], figures["categories_wrong"]) == ([], [], [])


def cells(side, x, name, other=None):
    """The cell of a side's name, read in one piece with the label of the middle line, and the lines beside it."""
    middle = [line(side + "账号", x, 310), line("6222020200098765432", x + 240, 310)]
    first = [line("户名", x + 80, 250), line(name, x + 240, 250), *([line(other, x + 240, 275)] if other else [])]
    return [*first, *middle, line("开户银行", x + 80, 370), line("中国工商银行合肥高新支行", x + 240, 370)]


def test_a_sides_cell_that_was_read_with_the_label_beside_it_counts():
    read = understand([slip(*cells("付款人", 60, PAYER), *cells("收款人", 860, PAYEE))])
    assert said(read) == BOTH
    assert sure(read)


def test_a_name_that_wraps_takes_in_nothing_of_the_line_above():
    number = line("流水号：330612784N0XJ7KAQ2W", 1090, 190)
    read = understand([page(*slip(*cells("付款人", 60, PAYER), *cells("收款人", 860, "上海振华机电设备", "有限公司")).lines, number)])  # fmt: skip
    assert said(read) == BOTH
    assert sure(read)


def test_the_labels_of_accounts_tell_whose_names_stand_below():
    lines = [line("收款账号：574906128810501", 120, 250), line("付款账号：1602004119200087561", 840, 250)]
    lines += [line(f"户名：{PAYEE}", 120, 310), line(f"户名：{PAYER}", 840, 310)]
    read = understand([slip(*lines, line("开户行：招商银行合肥分行", 120, 370), line("开户行：中国工商银行上海分行", 840, 370))])  # fmt: skip
    assert said(read) == BOTH
    assert sure(read)


def test_who_accepts_a_bill_is_no_side_of_it():
    lines = [*upright("出票人", 60, 250), *block(130, 250, PAYER, ("全称", "账号", "开户银行")), *upright("收票人", 860, 250), *block(930, 250, PAYEE, ("全称", "账号", "开户银行"))]  # fmt: skip
    accepts = [line("承兑人信息", 60, 500), line("全称：中国工商银行合肥高新支行", 300, 500)]
    promises = [line("出票人承诺：本汇票请予以承兑，到期无条件付款。", 60, 860)]
    read = understand([slip(*lines, *accepts, *promises, title="电子银行承兑汇票")])
    assert said(read) == BOTH
    assert sure(read)


def test_the_number_of_the_slip_stands_beside_that_of_the_transaction():
    lines = [line("电子回单号码：0021771539048866", 60, 150), line("交易流水号", 60, 780), line("62011580", 300, 780)]
    read = understand([slip(*block(130, 250, PAYER, ("付款人户名", "付款人账号", "付款人开户行")), *lines)])
    assert read.fields["document_number"].value == "0021771539048866"
    assert "low_confidence:document_number" not in read.needs_review
    again = understand([slip(line("回单编号：20251103664102第1次打印", 60, 780))])
    assert again.fields["document_number"].value == "20251103664102"


@pytest.mark.parametrize("misread", ["付款方", "收款方"])
@pytest.mark.parametrize("shift", [-8, 8])
def test_lines_close_below_each_other_are_not_side_by_side(misread, shift):
    """Where one side's name is misread the other tells both; the headline is large, and no line begins where the other does."""
    made = list[Line]()
    for k, (side, name) in enumerate((("付款方", PAYER), ("收款方", PAYEE))):
        x, y = 240 + shift * k, 300 + 50 * k
        made += [line(side.replace("款", "软") if side == misread else side, x, y), line("户名", x + 130, y), line(name, 500, y)]  # fmt: skip
    read = understand([slip(*made)])
    assert said(read) == BOTH
    assert sure(read)
