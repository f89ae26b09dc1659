"""Labels that nobody knows: they end the value of the row before all the same, and are none of those that stand inside them."""

import time
from dataclasses import replace

import pytest

from intake.understand import CONFIDENCE_LINE, understand
from tests.intake.layouts import letter, line, page

WHO, ADDRESS = "安徽华岳贸易有限公司", "合肥市高新区望江西路900号"


def table(*rows, title="客户资信调查表", cells=(180, 520, 900, 1240), step=60):
    """A table without its rules: label, value, label, value; a text alone stands in the first of them."""
    made = [line(title, 620, 80, 54)]
    for k, row in enumerate(rows):
        made += [line(text, x, 220 + step * k) for text, x in zip(row, cells, strict=False) if text]
    return page(*made)


@pytest.mark.parametrize(
    "below",
    [
        ("企业性质", "□国有　☑民营　□外资"), ("上年度采购额", "320万元", "本年度预计采购额", "450万元"), ("使用部门签字", "任建军", "设备部签字", "卜文静"),
        ("", "", "企业性质", "民营"), ("上年度采购额320万元",),
    ],
)  # fmt: skip
def test_a_value_ends_where_a_row_of_another_label_begins(below):
    read = understand([table(("企业名称", WHO), ("注册地址", ADDRESS), below, ("法定代表人", "綦国栋", "联系电话", "0551-65310000"))])  # fmt: skip
    assert {n: read.fields[n].value for n in ("name", "address", "legal_representative")} == {
        "name": WHO, "address": ADDRESS, "legal_representative": "綦国栋",
    }  # fmt: skip


def test_a_label_set_in_the_middle_of_its_cell_ends_the_value_above():
    made = [line("设备验收单", 700, 80, 54), line("合同编号", 230, 220), line("HT-2025-0093", 520, 220)]
    made += [line("验收日期", 230, 280), line("2025.07.11", 520, 280)]
    made += [line("验收结论", 230, 340), line("各项指标符合合同要求，验收合格，同意交付使用。", 520, 340)]
    made += [line("使用部门签字", 190, 400), line("任建军", 520, 400)]
    assert understand([page(*made)]).fields["conclusion"].value == "各项指标符合合同要求，验收合格，同意交付使用。"


def test_a_value_still_runs_on_under_itself_and_under_its_label():
    below = [line("客户资信调查表", 620, 80, 54), line(f"企业名称：{WHO}", 180, 220)]
    below += [line("注册地址：安徽省合肥市高新技术产业开发区望江西路与科学大道交口东南侧", 180, 280), line("创新产业园二期六号楼八层", 180, 330)]  # fmt: skip
    assert understand([page(*below)]).fields["address"].value.endswith("东南侧创新产业园二期六号楼八层")
    cells = table(("企业名称", WHO), ("注册地址", "安徽省合肥市高新区望江西路与科学"), ("", "大道交口东南侧六号楼"))
    assert understand([cells]).fields["address"].value == "安徽省合肥市高新区望江西路与科学大道交口东南侧六号楼"


def test_what_ends_a_longer_label_is_none():
    read = understand([table(("企业名称", WHO), ("注册地址", ADDRESS), ("调查人：应国强", "部门负责人：寿丽华"))])
    assert "legal_representative" not in read.fields
    slip = table(("收货单位：" + WHO, "", "送货日期：2025-05-30"), ("联系人：闵学军", "", "订单号：PO-250508-02"), title="送货单")  # fmt: skip
    assert "document_number" not in understand([slip]).fields
    # A label behind a value from which it lost its distance is one.
    lost = table(("企业名称", WHO), ("注册地址：", f"{ADDRESS}法定代表人：韩丽刚"))
    assert understand([lost]).fields["legal_representative"].value == "韩丽刚"


def test_a_sentence_that_begins_with_a_party_is_no_label():
    rows = (("债权人", WHO), ("债务人", "济南泉力机电设备有限公司"), ("保证人", "綦国栋"), ("主合同", "债权人与债务人于2025年5月8日签订的《购销合同》"), ("担保金额", "人民币捌拾伍万元整（¥850,000.00）"))  # fmt: skip
    made = list(table(*rows, title="保证合同").lines)
    made += [line("债权人有权直接要求保证人承担保证责任。", 180, 600), line("签订日期：2025年5月8日", 180, 700)]
    found = understand([page(*made)]).fields
    said = {n: (found[n].value, found[n].confidence >= CONFIDENCE_LINE) for n in ("creditor", "debtor", "guarantor")}
    assert said == {
        "creditor": (WHO, True),
        "debtor": ("济南泉力机电设备有限公司", True),
        "guarantor": ("綦国栋", True),
    }


def test_labels_beside_the_headline_are_read():
    made = [line("电子发票（增值税专用发票）", 320, 60, 44), line("发票号码：25332000000118834027", 1150, 60, 26), line("开票日期：2025年06月20日", 1150, 110, 26)]  # fmt: skip
    made += [line(f"名称：{WHO}", 160, 200), line("名称：济南泉力机电设备有限公司", 900, 200), line("价税合计（大写）", 130, 700), line("捌拾伍万圆整", 470, 700), line("（小写）¥850000.00", 1100, 700)]  # fmt: skip
    found = understand([page(*made)]).fields
    assert found["document_number"].value == "25332000000118834027"


@pytest.mark.parametrize("name", ["綦国栋", "麦伟明", "丛日升", "牟建军", "亓海波", "芦洪涛"])
def test_a_name_keeps_its_surname(name):
    text = f"# 法定代表人授权委托书\n致：{WHO}\n    本人{name}系济南泉力机电设备有限公司的法定代表人，现授权葛晓燕为我公司代理人，签署采购合同。\n> 济南泉力机电设备有限公司\n> 2025年3月20日"
    found = understand([letter(text)]).fields
    assert (found["legal_representative"].value, found["principal"].value) == (name, "济南泉力机电设备有限公司")


def test_a_name_whose_surname_is_not_known_is_asked_about():
    text = f"# 法定代表人授权委托书\n致：{WHO}\n    本人仝国栋系济南泉力机电设备有限公司的法定代表人，现授权葛晓燕为我公司代理人。\n> 2025年3月20日"
    assert understand([letter(text)]).fields["legal_representative"].value == "仝国栋"
    read = understand([letter(text.replace("仝", "爨"))])
    assert "low_confidence:legal_representative" in read.needs_review


def test_a_line_with_a_label_of_its_own_is_no_part_of_the_value_above():
    lines = (f"企业名称：{WHO}", f"注册地址：{ADDRESS}", "实际控制人：韩丽刚", "企业性质（类型）：民营企业")
    made = [line("客户资信调查表", 620, 80, 54), *(line(text, 180, 220 + 50 * k) for k, text in enumerate(lines))]
    assert understand([page(*made)]).fields["address"].value == ADDRESS


def test_a_label_set_wide_keeps_its_first_letter_beside_a_long_value():
    made = [line("营业执照", 800, 60, 60), line("统一社会信用代码", 120, 160), line("91340100MA2TXY8R0Q", 120, 200)]
    left = (
        ("名称", WHO),
        ("类型", "有限责任公司"),
        ("法定代表人", "韩丽刚"),
        ("经营范围", "黑色金属铸造；有色金属铸造；机械零"),
    )
    right = (("注册资本", "贰仟万元整"), ("成立日期", "2017年06月28日"), ("营业期限", "2017年06月28日至长期"))
    for k, (label, value) in enumerate(left):
        made += [line(label, 120, 300 + 50 * k), line(value, 320, 300 + 50 * k)]
    for k, (label, value) in enumerate(right):
        made += [line(label, 836, 300 + 50 * k), line(value, 1100, 300 + 50 * k)]
    made[-7] = line("黑色金属铸造；有色金属铸造；机械零住", 320, 450)
    made += [line("所", 926, 450), line(ADDRESS, 1100, 450), line("件、零部件加工。", 320, 500)]
    found = understand([page(*made)]).fields
    assert (found["address"].value, found["scope"].value) == (ADDRESS, "黑色金属铸造；有色金属铸造；机械零件、零部件加工。")  # fmt: skip


@pytest.mark.parametrize("label", ["开工日期", "会计日期", "出厂日期", "公司网址"])
def test_a_label_that_is_like_another_is_not_that_one_misread(label):
    value = "2025年4月10日" if label != "公司网址" else "合肥市高新区创新大道1号"
    rows = (("客户名称", WHO), ("注册地址", ADDRESS), (label, value), ("填表日期", "2025年7月11日"))
    read = understand([table(*rows)])
    said = {n: read.fields[n].value for n in ("signed_on", "address")}
    assert (said, read.needs_review) == ({"signed_on": "2025-07-11", "address": ADDRESS}, ())


def test_a_label_within_a_line_that_took_in_two_cells_is_one():
    text = f"注册地址{ADDRESS}经营范围机械零部件加工、销售"
    whole = line(text, 180, 280)
    edges = {text.index(ADDRESS), text.index("经营范围"), text.index("机械")}

    def moved(word):
        shift = 12 * sum(word.start >= edge for edge in edges)
        return replace(word, box=(word.box[0] + shift, word.box[1], word.box[2] + shift, word.box[3]))

    cells = replace(whole, words=tuple(map(moved, whole.words)), box=(*whole.box[:2], whole.box[2] + 36, whole.box[3]))
    made = [line("客户基本信息登记表", 600, 80, 54), line(f"单位名称：{WHO}", 180, 220)]
    found = understand([page(*made, cells)]).fields
    assert (found["address"].value, found["scope"].value) == (ADDRESS, "机械零部件加工、销售")
    within = understand([page(*made, line(f"注册地址：{ADDRESS}", 180, 280), line("主营业务：许可经营范围内的机械零部件", 180, 340))])  # fmt: skip
    assert within.fields["scope"].value == "许可经营范围内的机械零部件"


@pytest.mark.parametrize("mark", ["：", "，"])
def test_cells_of_lone_marks_hold_nobody_up(mark):
    """An empty form's colons, or a dirty scan's dots, in a guarantee: every gap beside one doubled the time (a page of 4 x 8 took minutes)."""
    cells = [line(mark, 120 + 250 * column, 330 + 50 * row) for row in range(12) for column in range(5)]
    title, sentence = (
        line("履约保函", 720, 80, 54),
        line("鉴于贵方与宁波甬成建设有限公司签订合同，我方提供担保。", 120, 260),
    )
    began = time.perf_counter()
    assert understand([page(title, sentence, *cells)]).category == "1.6"
    assert time.perf_counter() - began < 10
