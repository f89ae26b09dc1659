"""Where a value stands that was typed: once, and no doubt; otherwise nothing is said of its place."""

import pytest

from intake.model import Line, PageText, Seal, Word
from intake.whereabouts import NOWHERE, Spot, choose, is_settled, spots
from intake.words import Char, line_of

OLD = Spot(1, (0, 0, 100, 10))


def line(text: str, row: int, left: int = 0) -> Line:
    """A line whose characters are ten pixels wide, in a row ten pixels high."""
    y = 20 * row
    return line_of([
        None if char == " " else Char(char, (left + 10 * at, y, left + 10 * at + 10, y + 10))
        for at, char in enumerate(text)
    ])  # fmt: skip


def page(*texts: str, number: int = 1, seals: tuple[Seal, ...] = ()) -> PageText:
    return PageText(
        number, 1000, 1000, 0, "text-layer", tuple(line(text, row) for row, text in enumerate(texts)), seals
    )


@pytest.mark.parametrize(
    ("name", "value", "text", "columns"),
    [
        ("party_b", "云桥智联（江州）公司", "乙方: 云桥 智联(江州)公司 盖章", (4, 15)),
        ("party_b", "ACME Ltd.", "Seller: Ａcme  ltd. of", (8, 18)),
        ("amount", "680000.00", "总价￥680,000.00元(大写:陆拾捌万元整)", (2, 14)),
        ("amount", "680000.00", "总价人民币陆拾捌万元整", (2, 11)),
        ("amount", "680000.00", "合同金额68万元", (4, 8)),
        ("signed_on", "2026-03-24", "签于2026年3月24日 江州", (2, 12)),
        ("signed_on", "2026-03-24", "签于二〇二六年三月二十四日", (2, 13)),
        ("term_until", "2026-03-24", "至2026.3.24止", (1, 10)),
        ("valid_until", "long-term", "营业期限:长期", (5, 7)),
        ("code", "91330100MA2AXGT90L", "代码9133 0100-MA2A XGT9 0l", (2, 23)),
        ("contract_number", "HT-2026-1", "编号 HT-2026-1 号", (3, 12)),
        ("payment_days", "60", "账期60天, 1,060 元, 60.5, A60, 600", (2, 4)),
    ],
)
def test_it_is_found_however_it_is_written(name: str, value: str, text: str, columns: tuple[int, int]) -> None:
    (spot,) = spots(name, value, page("第一行", text))
    assert spot.page == 1
    left, right = columns
    assert spot.box[1::2] == (20, 30)
    # A word that it is part of is one box.
    assert spot.box[0] <= 10 * left < spot.box[0] + 30
    assert spot.box[2] - 40 < 10 * right <= spot.box[2]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("payment_days", "6"),
        ("amount", "68.00"),
        ("signed_on", "2026-03-25"),
        ("party_b", "云桥二"),
        ("valid_until", "long-term"),
    ],
)
def test_what_the_page_has_not_is_not_found_in_what_it_has(name: str, value: str) -> None:
    assert not list(spots(name, value, page("云桥一 60 天, 680,000.00 元, 2026年3月24日")))


def test_a_name_that_goes_on_in_the_next_line_stands_in_both() -> None:
    (spot,) = spots("party_b", "云桥智联公司", page("乙方:云桥智", "联公司"))
    assert spot.box == (0, 0, 60, 30)


def test_a_line_without_words_is_its_own_place() -> None:
    bare = PageText(3, 100, 100, 0, "rapidocr", (Line("甲", (1, 2, 3, 4), 1.0), Line("云桥", (5, 6, 7, 8), 1.0)))
    assert [(spot.page, spot.box) for spot in spots("name", "云桥", bare)] == [(3, (5, 6, 7, 8))]


def test_the_name_of_a_seal_is_looked_for_on_the_seals() -> None:
    sealed = page("云桥公司", seals=(Seal((7, 7, 9, 9), "云桥公司", 0.9),))
    assert [spot.box for spot in spots("seal", "云桥公司", sealed)] == [(7, 7, 9, 9)]
    assert [spot.box for spot in spots("name", "云桥公司", sealed)] == [(0, 0, 40, 10)]


def test_every_place_of_it_is_found() -> None:
    twice = page("云桥甲云桥", "长期,长期", "6天6天")
    assert [len(list(spots(*of, twice))) for of in (("name", "云桥"), ("valid_until", "long-term"), ("days", "6"))] == [
        2, 2, 2]  # fmt: skip
    assert list(spots("name", "", twice)) == []


A, B, C = Spot(1, (0, 20, 50, 30)), Spot(2, (0, 20, 50, 30)), Spot(2, (0, 40, 50, 50))
BESIDE = Spot(1, (90, 5, 130, 15))


@pytest.mark.parametrize(
    ("found", "leaf", "chosen"),
    [
        ([], 1, None),  # misread where the old value is
        ([B], 1, B),
        ([A, B], 2, B),
        ([A, B], 0, NOWHERE),
        ([B, C], 1, Spot(2, ())),
        ([B, C], 2, Spot(2, ())),
        ([BESIDE, B], 2, BESIDE),  # the old value was a part of it
    ],
)
def test_its_place_is_one_that_leaves_no_doubt(found: list[Spot], leaf: int, chosen: Spot | None) -> None:
    assert choose(found, leaf, OLD) == chosen
    assert is_settled(found, leaf, OLD) == (
        chosen is not None and chosen.box != () and (chosen is BESIDE or chosen.page == leaf)
    )


def test_a_value_that_had_no_place_is_nowhere_near() -> None:
    assert choose([A], 0, NOWHERE) == A
    assert not is_settled([A], 0, NOWHERE)


def test_words_are_boxes_as_the_reader_gives_them() -> None:
    words = (Word(0, "总", (0, 0, 10, 10), 1.0), Word(1, "680,000.00", (10, 0, 80, 10), 1.0))
    read = PageText(1, 100, 100, 0, "rapidocr", (Line("总680,000.00", (0, 0, 80, 10), 1.0, words),))
    assert [spot.box for spot in spots("amount", "680000.00", read)] == [(10, 0, 80, 10)]
