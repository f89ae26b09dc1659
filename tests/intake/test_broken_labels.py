"""Labels that a narrow cell of a form breaks into lines, and what stands beside them."""

import pytest

from intake.fields.form_labels import labels_of
from intake.fields.paper import Paper
from intake.understand import understand
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
