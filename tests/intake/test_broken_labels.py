"""Labels that a narrow cell of a form breaks into lines, and what stands beside them."""

import pytest

from intake.fields.form_labels import labels_of
from intake.fields.paper import Paper
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
