"""Labels that a narrow cell of a form breaks into lines, and what stands beside them."""

from dataclasses import replace

import pytest

from intake.fields.form_labels import labels_of
from intake.fields.paper import Paper
from intake.understand import understand
from tests.intake.cases import credit
from tests.intake.layouts import line, page


def beside(*lines):
    """Return the value beside every label, by its name."""
    seen = Paper.of([page(*lines)]).labelled(labels_of("customer_survey"))
    return {spot.name: seen.block(spot).text for spot in reversed(seen.spots) if spot.name}


@pytest.mark.parametrize("pieces", [("统一社会信用", "代码"), ("统一社会", "信用代码"), ("统一社", "会信用", "代码")])
def test_a_label_of_several_lines_is_one_label_whether_its_value_stands_between_them_or_takes_two_lines_itself(pieces):
    label = [line(piece, 100 + (6 - len(piece)) * 15, 300 + 40 * i) for i, piece in enumerate(pieces)]
    middle = 300 + 20 * (len(pieces) - 1)
    head = [line("法定代表人", 900, middle), line("严文胜", 1200, middle)]
    assert beside(*label, line("91410105MANFHTHF51", 350, middle), *head) == {
        "code": "91410105MANFHTHF51", "legal_representative": "严文胜",
    }  # fmt: skip
    assert beside(line("注册", 100, 300), line("地址", 100, 340), line("安雒市新区黄河路", 350, 300), line("480号", 350, 340)) == {
        "address": "安雒市新区黄河路\n480号",
    }  # fmt: skip


def test_the_bracket_below_a_label_belongs_to_it():
    label = [line("法定代表人", 100, 300), line("（负责人）", 100, 340)]
    assert beside(*label, line("严文胜", 350, 320)) == {"legal_representative": "严文胜"}


def test_what_stands_below_in_a_row_of_its_own_is_no_part_of_a_label():
    lines = [
        line("客户", 100, 300),
        line("亿远食品有限公司", 350, 300),
        line("名称", 100, 400),
        line("方便面", 350, 400),
    ]
    assert beside(*lines)["name"] == "亿远食品有限公司"


def test_the_value_of_a_longer_label_above_is_no_part_of_a_name():
    lines = [line("统一社会信用代码", 140, 338, 31), line("91410105MA3K4XP95J", 420, 338, 31)]
    lines += [line("名称", 233, 415, 31), line("盛腾广告传媒（东垣）有限公司", 420, 415, 31)]
    seen = Paper.of([page(*lines)]).labelled(labels_of("customer_survey"))
    assert [seen.block(spot).text for spot in seen.named("name")] == ["盛腾广告传媒（东垣）有限公司"]


def test_whom_a_short_letter_is_to_has_not_signed_it():
    lines = [line("业务介绍信", 700, 258, 60), line("松陵润隆环保工程有限公司：", 200, 400)]
    lines += [line("兹介绍我公司何立同志前往贵单位办理合同签订事宜，请予接洽。", 260, 460)]
    lines += [line("越泉市盛诚物业管有限业司勿", 900, 700, confidence=0.6), line("2023.6.16", 900, 760)]
    read = understand([page(*lines)])
    assert read.kind == "introduction"
    assert "principal" not in read.fields


def test_the_number_before_a_label_may_have_lost_its_point():
    lines = [line("3. 名称：盛腾广告传媒有限公司", 100, 300), line("4法定代表人：陈胜明", 100, 345)]
    assert beside(*lines) == {"name": "盛腾广告传媒有限公司", "legal_representative": "陈胜明"}


def stuck(label, value, rest, x, y):
    """A label of a narrow cell, its first line read as one with the value beside it, the rest of it below."""
    first = line(label + value, x, y)
    shift = 20  # the edge of the cell, by which letters stand apart
    words = tuple(replace(w, box=(w.box[0] + shift, w.box[1], w.box[2] + shift, w.box[3])) if w.start >= len(label) else w for w in first.words)  # fmt: skip
    return [replace(first, words=words, box=(*first.box[:2], first.box[2] + shift, first.box[3])), line(rest, x, y + 40)]  # fmt: skip


def test_half_a_label_that_was_read_with_its_value_is_one():
    code = credit("91410105MAA5QMG70")
    made = [line("赊销申请表", 700, 80, 54), line("客户名称", 180, 200), line("安徽华岳贸易有限公司", 420, 200)]
    made += stuck("统一社会", code, "信用代码", 180, 270) + stuck("法定代表", "韩丽刚", "人", 900, 270)
    made += stuck("申请信用", "2880000元", "额度", 180, 360) + stuck("申请信用", "15天", "期限", 900, 360)
    found = understand([page(*made)]).fields
    assert {n: found[n].value for n in ("name", "code", "legal_representative", "amount", "payment_days")} == {
        "name": "安徽华岳贸易有限公司", "code": code, "legal_representative": "韩丽刚", "amount": "2880000.00", "payment_days": "15",
    }  # fmt: skip


def test_a_word_above_a_label_is_no_half_of_it():
    made = [line("客户信用审批表", 600, 80, 54), line("客户名称", 180, 200), line("安徽华岳贸易有限公司", 420, 200)]
    made += [line("客户类别", 180, 240), line("B类", 420, 240), line("信用等级", 180, 280), line("BBB", 420, 280)]
    assert understand([page(*made)]).fields["grade"].value == "BBB"


def test_a_value_at_the_height_of_its_label_is_its_own_though_the_row_is_torn():
    made = [line("动产抵押登记证明", 600, 60, 54), line("登记证明", 190, 181, 24), line("编号", 220, 210, 24), line("ZM202402513", 350, 194, 24)]  # fmt: skip
    made += [line("质权人", 850, 194, 24), line("华岳实业集团有限公司", 990, 186, 24), line("抵押人", 190, 300, 24), line("旭腾建筑劳务有限公司", 350, 300, 24)]  # fmt: skip
    made += [line("登记机构", 850, 300, 24), line("安雒市市场监督管理局", 990, 300, 24)]
    assert understand([page(*made)]).fields["creditor"].value == "华岳实业集团有限公司"


def test_the_line_of_another_column_is_no_value_of_an_empty_label():
    made = [line("客户基本情况表", 600, 60, 54), line("客户名称", 120, 200), line("安徽华岳贸易有限公司", 320, 200), line("地址", 900, 200), line("合肥市高新技术产业开发区望江西", 1060, 200)]  # fmt: skip
    made += [line("法定代表人", 120, 250), line("路九百号六楼", 1060, 250), line("成立日期", 900, 320), line("2011年3月25日", 1060, 320)]  # fmt: skip
    found = understand([page(*made)]).fields
    assert "legal_representative" not in found
    assert found["address"].value == "合肥市高新技术产业开发区望江西路九百号六楼"
