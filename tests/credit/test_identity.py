"""Who a customer is: names that may be one company's, circles in a group, former names."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.identity import Called, Named, alike, closes_a_circle, core_of, former_names, group_of, keys_of, why_one


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("华岳贸易有限公司", "华岳贸易有限责任公司", "same_name"),
        ("北京华岳贸易有限公司", "华岳贸易有限公司", "same_name"),
        ("华岳贸易（北京）有限公司", "华岳贸易(北京)有限公司", "same_name"),
        ("江苏省苏州市恒远机械有限公司", "恒远机械有限公司", "same_name"),
        ("恒远机械制造有限公司", "恒远机械制浩有限公司", "similar_name"),
        ("恒远机械制造有限公司", "恒远机械造有限公司", "similar_name"),
        ("恒远机械有限公司", "恒运电子有限公司", None),
        ("大地公司", "天地公司", "similar_name"),
        ("甲公司", "乙公司", None),
        ("恒远机械股份有限公司", "恒远机械有限公司", None),
        ("北京有限公司", "上海有限公司", None),
        ("华岳贸易第一分公司", "华岳贸易第二分公司", None),
        ("恒远加油站0017站", "恒远加油站0018站", None),
        ("恒远加油站017站", "恒远加油站0017站", "similar_name"),
    ],
)
def test_names_that_may_be_one_companys(one, other, why):
    assert alike(one, other) == why
    assert alike(other, one) == why


def test_a_core_is_never_empty_for_a_name():
    assert core_of("北京公司") == "北京公司"
    assert core_of("ＡＢＣ Trading Co.") == "ABCTRADINGCO"


NAMES = st.text("甲乙丙丁一二", min_size=1, max_size=6)
CODES = st.sampled_from(["", "", "A", "B"])
CUSTOMERS = st.builds(Named, st.just("x"), NAMES, CODES, st.lists(CODES, max_size=2).map(tuple))


@given(CUSTOMERS, CUSTOMERS)
def test_who_may_be_one_has_a_key_in_common_and_the_order_does_not_matter(one, other):
    why = why_one(one, other)
    assert why_one(other, one) == why
    if why:
        assert keys_of(one) & keys_of(other)
    known = frozenset({one.code, *one.said} - {""}), frozenset({other.code, *other.said} - {""})
    expected = "code" if known[0] & known[1] else None if one.code and other.code else alike(one.name, other.name)
    assert why == expected
    assert all(len(key) <= 32 for key in keys_of(one))


def test_the_code_on_the_papers_of_another_is_the_surest_sign():
    one, other, third = Named("a", "甲公司", "X"), Named("b", "完全不同", "", ("X",)), Named("c", "甲公司", "Y")
    assert (why_one(one, other), why_one(one, third), why_one(other, third)) == ("code", None, None)
    assert why_one(one, Named("d", "甲公司")) == "same_name"


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20))
def test_links_that_are_let_through_never_make_a_circle(wanted):
    above: dict[int, list[int]] = {n: [] for n in range(7)}
    for one, other in wanted:
        if not closes_a_circle(lambda n: map(str, above[int(n)]), str(one), str(other)):
            above[one].append(other)
    rank: dict[int, int] = {}

    def height(n: int, path: tuple[int, ...] = ()) -> int:
        assert n not in path
        if n not in rank:
            rank[n] = 1 + max((height(m, (*path, n)) for m in above[n]), default=0)
        return rank[n]

    for n in above:
        height(n)


def test_a_group_is_everybody_linked():
    edges = {"a": ["b"], "c": ["b"], "x": ["y"]}
    assert group_of(edges, "a") == {"a", "b", "c"}
    assert group_of(edges, "z") == {"z"}


def test_former_names_have_their_days_and_one_name_in_two_stretches_is_one():
    names = [
        Called("旧名", date(2015, 1, 1), date(2018, 12, 31)),
        Called("旧名", date(2019, 1, 1), date(2021, 5, 31)),
        Called("新名", date(2021, 6, 1), None),
    ]
    assert former_names(names, date(2026, 1, 1)) == [Called("旧名", date(2015, 1, 1), date(2021, 5, 31))]
    assert former_names(names, date(2020, 1, 1)) == []
