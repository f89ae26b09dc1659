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
