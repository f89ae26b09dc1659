"""Which sum in capitals speaks of a value."""

from intake.capitals import agreement, beside, capitals_on, values_in
from intake.model import Box, Line, PageText, Word


def page_of(*lines: str, number: int = 1) -> PageText:
    """A page of lines below each other, each letter ten pixels wide and twenty high; a | begins a line at the same height."""
    rows = []
    for row, text in enumerate(lines):
        x = 0
        for part in text.split("|"):
            words = tuple(
                Word(i, c, (x + 10 * i, 40 * row, x + 10 * i + 10, 40 * row + 20), 1.0) for i, c in enumerate(part)
            )
            rows.append(Line(part, (x, 40 * row, x + 10 * len(part), 40 * row + 20), 1.0, words))
            x += 10 * len(part) + 100
    return PageText(number, 1000, 1000, 0, "text-layer", tuple(rows))


def box_of(page: PageText, text: str) -> Box:
    line = next(line for line in page.lines if text in line.text)
    start = line.text.index(text)
    first, last = line.words[start].box, line.words[start + len(text) - 1].box
    return (first[0], first[1], last[2], last[3])


def test_a_sum_is_held_against_the_capitals_beside_it_and_no_others() -> None:
    page = page_of("合同总价：人民币壹拾万元整（¥100000.00）", "", "定金：人民币贰万元整（¥20000.00）")
    capitals = capitals_on([page])
    assert values_in(capitals) == ("100000.00", "20000.00")
    for text, own, other in (("¥100000.00", "100000.00", "20000.00"), ("¥20000.00", "20000.00", "100000.00")):
        place = (1, box_of(page, text))
        assert beside(capitals, *place) == (own,)
        assert agreement(own, capitals, *place) == "amount_agrees"
        assert agreement(other, capitals, *place) == "amount_mismatch"
        assert agreement("5.00", capitals, *place) == "amount_mismatch"


def test_two_sums_in_one_line_each_have_their_own_capitals() -> None:
    page = page_of("定金¥20000.00，合同总价为人民币壹拾万元整（¥100000.00）")
    capitals = capitals_on([page])
    assert beside(capitals, 1, box_of(page, "¥100000.00")) == ("100000.00",)
    assert agreement("100000.00", capitals, 1, box_of(page, "¥20000.00")) == "amount_elsewhere"
    assert agreement("20000.00", capitals, 1, box_of(page, "¥20000.00")) == ""


def test_the_capitals_stand_in_the_same_row_or_the_next_but_not_those_of_a_deposit() -> None:
    row = page_of("金额大写|壹拾万元整|小写|100000.00")
    assert beside(capitals_on([row]), 1, box_of(row, "100000.00")) == ("100000.00",)
    below = page_of("小写：100000.00", "大写：壹拾万元整", "", "", "大写：叁万元整")
    assert beside(capitals_on([below]), 1, box_of(below, "100000.00")) == ("100000.00",)
    deposit = page_of("总价：100000.00", "定金：贰万元整")
    assert beside(capitals_on([deposit]), 1, box_of(deposit, "100000.00")) == ()
    assert beside(capitals_on([deposit]), 2, box_of(deposit, "100000.00")) == ()


def test_a_value_without_a_place_is_held_against_the_only_sum_or_found_among_several() -> None:
    one, two = page_of("壹拾万元整"), page_of("贰万元整", number=2)
    assert agreement("100000.00", capitals_on([one])) == "amount_agrees"
    assert agreement("5.00", capitals_on([one])) == "amount_mismatch"
    both = capitals_on([one, two])
    assert [agreement(value, both) for value in ("100000.00", "20000.00", "5.00")] == ["amount_elsewhere"] * 2 + [""]
    assert agreement("5.00", ()) == ""


def test_a_total_in_capitals_says_nothing_about_one_of_several_items() -> None:
    page = page_of(
        "序号|品名|单价|金额",
        "1|电缆|100.00|¥20000.00",
        "（铜芯）",
        "2|桥架|150.00|¥30000.00",
        "合计（大写）：伍万元整",
    )
    capitals = capitals_on([page])
    for text in ("¥20000.00", "¥30000.00", "150.00"):
        assert beside(capitals, 1, box_of(page, text)) == ()
        assert agreement(text.strip("¥"), capitals, 1, box_of(page, text)) == ""
    assert agreement("50000.00", capitals, 1, box_of(page, "¥30000.00")) == "amount_elsewhere"
    split = page_of("电缆|20000.00", "桥架|30000.00", "合计（大写）|伍万元整")
    assert beside(capitals_on([split]), 1, box_of(split, "30000.00")) == ()
    clauses = page_of("设备款：300000.00元", "安装费：200000.00元", "合同总价（大写）：伍拾万元整")
    assert beside(capitals_on([clauses]), 1, box_of(clauses, "200000.00元")) == ()


def test_of_a_single_item_the_sum_is_the_total_and_its_price_is_not() -> None:
    page = page_of("品名|数量|单价|金额", "电缆|200 米|250.00|¥50000.00", "合计（大写）：伍万元整")
    capitals = capitals_on([page])
    assert agreement("50000.00", capitals, 1, box_of(page, "¥50000.00")) == "amount_agrees"
    assert agreement("60000.00", capitals, 1, box_of(page, "¥50000.00")) == "amount_mismatch"
    assert beside(capitals, 1, box_of(page, "250.00")) == ()


def test_a_total_in_digits_between_the_items_and_the_capitals_is_held_against_them() -> None:
    page = page_of("电缆|20000.00", "桥架|30000.00", "小计|50000.00", "合计（大写）：伍万元整")
    assert beside(capitals_on([page]), 1, box_of(page, "50000.00")) == ("50000.00",)
    apart = page_of("单价：20000.00", "", "", "运费：30000.00", "总价（大写）：叁万元整")
    assert beside(capitals_on([apart]), 1, box_of(apart, "30000.00")) == ("30000.00",)
