import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.errors import BadQuery
from search.syntax import MAX_LENGTH, And, FieldMatch, Near, Not, Or, Phrase, Range, Word, parse


@pytest.mark.parametrize(
    ("typed", "tree"),
    [
        ("合同", Word("合同")),
        ("  合同\t编号 ", And((Word("合同"), Word("编号")))),
        ('"甲方 乙方"', Phrase("甲方 乙方")),
        ("“甲方 乙方”", Phrase("甲方 乙方")),
        ("合同 -终止", And((Word("合同"), Not(Word("终止"))))),
        ("甲 乙 OR 丙", Or((And((Word("甲"), Word("乙"))), Word("丙")))),
        ("甲 (乙 OR 丙)", And((Word("甲"), Or((Word("乙"), Word("丙")))))),
        ("(甲 -(乙 丙)) OR 丁", Or((And((Word("甲"), Not(And((Word("乙"), Word("丙")))))), Word("丁")))),
        ("category:1.2", FieldMatch("category", Word("1.2"))),
        ('party:"上海 华东"', FieldMatch("party", Phrase("上海 华东"))),
        ("customer：华东", FieldMatch("customer", Word("华东"))),
        ("-status:archived 合同", And((Not(FieldMatch("status", Word("archived"))), Word("合同")))),
        ("客户:华东", Or((FieldMatch("customer", Word("华东")), Word("客户:华东")))),
        ("签订日期：2026", Or((Range("signed_on", 20260101, 20261231), Word("签订日期：2026")))),
        ("电话：2026", Word("电话：2026")),
        ("HT-XS-2026-0001", Word("HT-XS-2026-0001")),
        ("上海(集团)有限公司", Word("上海(集团)有限公司")),
        ("(集团)有限公司", Word("(集团)有限公司")),
        ("(集团", Word("(集团")),
        ("集团) 公司", And((Word("集团)"), Word("公司")))),
        ("以下简称“甲方”", Word("以下简称“甲方”")),
        ("-001", Word("-001")),
        ("HT - 2026", And((Word("HT"), Word("2026")))),
        ("ORDER OR FORCE", Or((Word("ORDER"), Word("FORCE")))),
        ("https://example.com", Word("https://example.com")),
        ("12:30", Word("12:30")),
        ("*?~^[]{}/\\+", Word("*?~^[]{}/\\+")),
        ("signed:2024-01..2025-06", Range("signed_on", 20240101, 20250630)),
        ("signed_on:>2024", Range("signed_on", 20241232, None)),
        ("valid_until:..2024年2月", Range("valid_until", None, 20240229)),
        ("received:2024-02-01", Range("received_on", 20240201, 20240201)),
        ("amount:>1000000", Range("amount", 100000001, None)),
        ("amount:<100万", Range("amount", None, 99999999)),
        ("-金额:>=1,000.50 合同", And((Not(Range("amount", 100050, None)), Word("合同")))),
        ("amount:5000", Range("amount", 500000, 500000)),
        ('amount:"5,000.00元"', Range("amount", 500000, 500000)),
        ("registered_capital:叁仟贰佰万元整", Range("registered_capital", 3200000000, 3200000000)),
        ("signed_on:2024年2月", Range("signed_on", 20240201, 20240229)),
        ("valid_until:长期", Range("valid_until", 99991231, 99991231)),
        ("valid_until:long-term", Range("valid_until", 99991231, 99991231)),
        ("金额:5000", Or((Range("amount", 500000, 500000), Word("金额:5000")))),
        ("签订：2024年", Or((Range("signed_on", 20240101, 20241231), Word("签订：2024年")))),
        ("金额:大写", Word("金额:大写")),
        ("签订：上海", Word("签订：上海")),
        ("party:>5", FieldMatch("party", Word(">5"))),
        ("甲方 near:5 乙方", Near(Word("甲方"), Word("乙方"), 5)),
        ('“甲方” near:0 "乙方" 合同', And((Near(Phrase("甲方"), Phrase("乙方"), 0), Word("合同")))),
        (
            "甲方 near:5 乙方 near:3 违约",
            And((Near(Word("甲方"), Word("乙方"), 5), Near(Word("乙方"), Word("违约"), 3))),
        ),
        ("title_foo*", Word("title_foo*")),
        # Dates and amounts that are written with spaces are one word; what only stands side by side is not.
        ("19 Feb 2026", Word("19 Feb 2026")),
        ("合同 February 19, 2026 甲方", And((Word("合同"), Word("February 19, 2026"), Word("甲方")))),
        ("19th day of February, 2026", Word("19th day of February, 2026")),
        ("(2026 年 2 月 19 日 OR 2026 年 3 月)", Or((Word("2026 年 2 月 19 日"), Word("2026 年 3 月")))),
        ("二〇二六年 二月十九日", Word("二〇二六年 二月十九日")),
        ("RMB 6,922,000.00 元 甲方", And((Word("RMB 6,922,000.00 元"), Word("甲方")))),
        ("6.922 million", Word("6.922 million")),
        ("signed_on:19 Feb 2026 合同", And((Range("signed_on", 20260219, 20260219), Word("合同")))),
        ("amount:USD 5,000", Range("amount", 500000, 500000)),
        ("6 922 000", And((Word("6"), Word("922"), Word("000")))),
        ("2026 02 19", And((Word("2026"), Word("02"), Word("19")))),
        ("三 千 合同", And((Word("三"), Word("千"), Word("合同")))),
        # Signs as a Chinese keyboard gives them.
        ("（甲 ＯＲ 乙） －丙", And((Or((Word("甲"), Word("乙"))), Not(Word("丙"))))),
        ("上海（集团）有限公司", Word("上海（集团）有限公司")),
        ("＂甲方 乙方＂", Phrase("甲方 乙方")),
        ("金额：＞＝100万", Range("amount", 100000000, None)),
        ("金额：》100万", Range("amount", 100000001, None)),
        ("签订：2024年1月。。2024年6月", Range("signed_on", 20240101, 20240630)),
        ("甲方 相距：５ 乙方", Near(Word("甲方"), Word("乙方"), 5)),
        ("ＣＯＤＥ：９１３１", FieldMatch("code", Word("９１３１"))),
        ("客戶：華東", Or((FieldMatch("customer", Word("華東")), Word("客戶：華東")))),
        ("统一社会信用代码:9131", Or((FieldMatch("code", Word("9131")), Word("统一社会信用代码:9131")))),
        # Ranges in words are also how a page reads.
        ("金额:100万至200万", Or((Range("amount", 100000000, 200000000), Word("金额:100万至200万")))),
        ("金额:100万～200万", Or((Range("amount", 100000000, 200000000), Word("金额:100万～200万")))),
        ("amount:100万以上", Range("amount", 100000000, None)),
        ("amount:1百万以内", Range("amount", None, 100000000)),
        ("签订：上海至北京", Word("签订：上海至北京")),
        # AND says what is so without it.
        ("甲 AND 乙 AND (丙 OR 丁)", And((Word("甲"), Word("乙"), Or((Word("丙"), Word("丁")))))),
        ("AND 甲 AND", And((Word("AND"), Word("甲"), Word("AND")))),
        ("(甲 AND) ANDROID", And((And((Word("甲"), Word("AND"))), Word("ANDROID")))),
    ],
)
def test_what_is_typed_becomes_the_tree_a_person_means(typed, tree):
    assert parse(typed) == tree


@pytest.mark.parametrize(
    ("typed", "position"),
    [
        ("", 0),
        (" \t\n　", 0),
        ("\x00\x07\u200b", 0),
        ("-", 0),
        ("-合同", 0),
        ("甲 OR -乙", 5),
        ('合同 "甲方', 3),
        ('""', 0),
        ("合同 ()", 3),
        ("OR", 0),
        ("甲 OR", 2),
        ("OR 甲", 0),
        ("甲 OR OR 乙", 5),
        ("甲 (OR 乙)", 3),
        ("合同 custmer:华东", 3),
        ("合同 number: 5", 10),
        ("(甲 “乙)”", 0),
        ("signed:", 7),
        ("signed:someday", 7),
        ("合同 signed:2024..x", 16),
        ("signed:2025..2024", 7),
        ("signed:2024-13..", 7),
        ("signed_on:..", 10),
        ("signed_on:11元", 10),  # neither November nor anything else
        ("合同 valid_from:上海", 14),
        ('signed_on:"11元"', 11),
        ('signed_on:"2025..2024"', 11),
        ("received_on:02-19", 12),
        ("amount:2024-01", 7),
        ("-registered_capital:元", 20),
        ("signed:2024-02-30", 7),
        ("amount:>many", 8),
        ("amount:5至many", 9),
        ("amount:>" + "9" * 40, 8),
        ("near:5", 0),
        ("甲方 near:5", 3),
        ("near:5 甲方", 0),
        ("甲方 near:21 乙方", 8),
        ("甲方 near:x 乙方", 8),
        ("甲方 near: 乙方", 8),
        ("甲 near:5 乙方", 0),
        ("甲方 near:5 (乙方 丙方)", 3),
        ("(甲方 乙方) near:5 丙方", 8),
        ("字" * (MAX_LENGTH + 1), MAX_LENGTH),
        ("(" * 30 + "a" + ")" * 30, 20),
    ],
)
def test_what_cannot_be_understood_is_refused_at_its_place(typed, position):
    with pytest.raises(BadQuery) as refused:
        parse(typed)
    assert refused.value.position == position
    assert str(refused.value)


def test_ten_thousand_characters_are_refused_not_searched():
    with pytest.raises(BadQuery, match="longer"):
        parse("合同" * 5000)


def test_words_remember_where_they_were_typed():
    tree = parse("合同 (甲 OR “乙”)")
    assert [tree.parts[0].position, *(part.position for part in tree.parts[1].parts)] == [0, 4, 9]


@given(st.text(alphabet='ab1甲乙 ()"“”-:：OR\t\\*?~^[]{}/+\x00\ud800', max_size=30))
def test_any_text_is_a_tree_or_a_refusal_inside_the_text(typed):
    position = 0
    try:
        parse(typed)
    except BadQuery as refused:
        position = refused.position
    assert 0 <= position <= len(typed)
