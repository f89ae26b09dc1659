import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.fields import all_texts, values
from search.highlight import Opened, best_page, opened_together, snippet, spans
from search.model import IndexedPage
from search.projection import Stored
from search.syntax import parse
from tests.search.pages import plain, text


def marked(query, page):
    return [page[start:end] for start, end in spans(parse(query), page)]


@pytest.mark.parametrize(
    ("query", "page", "found"),
    [
        ("华东贸易", "甲方：上海华\n东 贸易有限公司", ["华\n东 贸易"]),
        ("abc有限", "ＡＢＣ有限公司", ["ＡＢＣ有限"]),
        ("HTXS20260001", "编号 HT-XS-\n2026-0001", ["HT-XS-\n2026-0001"]),
        ("6922000", "价款6,922,000.00元", ["6,922,000.00"]),
        ("6,922,000.00", "价款692.2万元", ["692.2万"]),
        ("合同 OR 协议", "合同与协议", ["合同", "协议"]),
        ("合同 -终止", "合同终止", ["合同"]),
        ("customer:合同", "合同", []),
        ("哈哈", "哈哈哈", ["哈哈哈"]),
        ("合同 同书", "合同书", ["合同书"]),
        ("平方米", "100㎡", []),
        ("m2", "100㎡", ["㎡"]),
    ],
)
def test_marks_stand_on_the_page_as_printed(query, page, found):
    assert marked(query, page) == found


def test_every_part_of_a_page_is_marked_where_it_stands():
    rng = random.Random(11)
    for _ in range(200):
        page = text(rng, 200)
        start = rng.randrange(len(page) - 12)
        part = page[start : start + rng.randint(2, 12)]
        if '"' in part or not plain(part):
            continue
        assert any(left <= start + 12 and right >= start for left, right in spans(parse(f'"{part}"'), page))


def test_a_snippet_shows_the_densest_place_on_one_line():
    page = "开头" * 100 + "\n合同\n编号与合同\n金额" + "结尾" * 100
    shown, marks = snippet(page, spans(parse("合同"), page), 40)
    assert [shown[start:end] for start, end in marks] == ["合同", "合同"]
    assert "合同编号与合同金额" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) <= 42


def test_a_snippet_keeps_latin_words_apart():
    assert snippet("Purchase\nAgreement\n  合同\n编号", [])[0] == "Purchase Agreement合同编号"


def test_a_snippet_leaves_out_what_cannot_be_printed_and_its_marks_move_along():
    shown, marks = snippet("甲\x00方\u3000与\ue000乙\u2028方é\U00020000", [(2, 5), (6, 7), (8, 11)])
    assert shown == "甲方与乙方é\U00020000"
    assert [shown[start:end] for start, end in marks] == ["方与", "乙", "方é\U00020000"]


@given(
    st.text(max_size=80), st.integers(1, 50), st.lists(st.tuples(st.integers(0, 79), st.integers(1, 20)), max_size=4)
)
def test_marks_lie_inside_the_snippet(page, width, drawn):
    places = [(start, min(start + length, len(page))) for start, length in drawn if start < len(page)]
    shown, marks = snippet(page, places, width)
    assert all(0 <= start < end <= len(shown) for start, end in marks)
    assert not any(char in shown for char in "\n\r\t\x00")


def _opened(*texts, **about):
    page = IndexedPage("d", 1, "", **about)
    return Opened(Stored(page, tuple(enumerate(texts, 1))))


@pytest.mark.parametrize("length", [1, 400])  # few are folded one by one, many by arrays
def test_documents_opened_together_are_what_each_is_by_itself(length):
    texts = ["甲 方\n乙\ue000方", "", "臺灣　ＡＢＣ" * length, "é\x00\ud800①" * length, "\n"]
    about = IndexedPage("d", 1, "", title="Ａ 合\ue000同", customer="華東")
    many = [Stored(about, tuple(enumerate(texts[:count], 1))) for count in range(1, 6)]
    for together, stored in zip(opened_together(many), many, strict=True):
        alone = Opened(stored)
        assert (together.pages, together._all_values) == (alone.pages, alone._all_values)


def test_every_value_stands_in_all_texts():
    names = (
        "title",
        "kind",
        "customer",
        "department",
        "status",
        "tier",
        "contract_number",
        "archive_number",
        "handler",
    )
    about = {name: f"<{name}>" for name in (*names, "received_on")}
    page = IndexedPage(
        "d", 1, "", category="1.9", numbers=("<n1>", "<n2>"), fields={"amount": "<1>", "seal": "<2>"}, **about
    )
    assert len(list(values(page))) > len(about) + 4
    assert all(value.text in all_texts(page) for value in values(page))


def test_the_page_that_fulfils_the_query_stands_for_the_document():
    found = best_page(parse("合同 终止"), _opened("合同 合同 合同", "合同终止", "终止"))
    assert (found.page, found.pages_matched) == (2, 1)


def test_of_equal_pages_the_one_with_most_places_then_the_first():
    assert best_page(parse("合同"), _opened("合同", "合同合同", "合同合同")).page == 2
    assert best_page(parse("合同"), _opened("合同", "合同合同", "无")).pages_matched == 2


def test_a_word_in_the_metadata_counts_for_every_page():
    found = best_page(parse("华东 终止"), _opened("封面", "终止", "再终止", customer="华东贸易"))
    assert (found.page, found.pages_matched) == (2, 2)


def test_metadata_alone_shows_the_first_page_without_marks():
    found = best_page(parse("华东"), _opened("封面", "正文", customer="华东贸易"))
    assert (found.page, found.spans, found.pages_matched) == (1, (), 1)


@pytest.mark.parametrize(
    ("query", "page", "lit_up"),
    [
        ("party:华东", 2, ["上海华东\n贸易有限公司"]),  # the value, and not every 华东
        ("hdmy", 2, ["上海华东\n贸易有限公司"]),
        ("party_b:华东", 1, []),
        ("amount:>100万", 2, ["692.2万"]),
        ("-amount:>100万 封面", 1, ["封面"]),
        ("amount:<100万", 1, []),
        ("签订:2026-02", 3, ["二〇二六年二月十九日"]),
        ("封面 OR signed_on:2026", 1, ["封面"]),
        ("code:9131-0000", 2, ["91310000 MA1FL5BE4K"]),
        ("category:1.2", 1, []),  # a code of a list stands on no page, whatever looks like it
        ("status:stored OR 部门:销售", 1, []),
        ("华东 amount:>100万", 2, ["华东", "华东", "692.2万"]),
    ],
)
def test_what_a_field_a_range_or_initials_found_is_marked_where_a_page_bears_it(query, page, lit_up):
    texts = (
        "封面 1.2 销售",
        "华东一路，上海华东\n贸易有限公司 91310000 MA1FL5BE4K 价款692.2万元",
        "于二〇二六年二月十九日",
    )
    fields = {
        "party_a": "上海华东贸易有限公司",
        "amount": "6922000.00",
        "signed_on": "2026-02-19",
        "party_b": "北京远洋",
    }
    about = {"category": "1.2", "status": "stored", "department": "销售部", "numbers": ("91310000MA1FL5BE4K",)}
    found = best_page(parse(query), _opened(*texts, fields=fields, **about))
    assert found.page == page
    assert [texts[page - 1][start:end] for start, end in found.spans] == lit_up
