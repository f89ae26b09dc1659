import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.folding import (
    _CHUNK,
    _LOOKS_AFTER,
    _NUMBER,
    _canonical,
    _each_number,
    fold,
    forms,
    number_values,
    numbers,
    origin_of,
    places,
    squeeze,
    squeezed,
)

PRINTED = st.text(alphabet=st.characters(), max_size=60)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＢＣ（集团）", "abc(集团)"),
        ("合 同\n编　号", "合同编号"),
        ("⼯⼚", "工厂"),  # Kangxi radicals, as PDF text layers hold them
        ("HT–XS—2026", "ht-xs-2026"),
        ("“甲方”", '"甲方"'),
        ("Nestle\u0301", "nestlé"),
        ("Nestlé", "NESTLE"),
        ("soft\u00adhyphen\u200b", "softhyphen"),
        ("㎡", "m2"),
        ("葛\U000e0100", "葛"),
    ],
)
def test_what_a_person_reads_as_the_same_folds_together(one, other):
    assert fold(one).chars == fold(other).chars


@given(PRINTED)
def test_folding_again_changes_nothing(text):
    once = fold(text).chars
    assert fold(once).chars == once


def origins(text: str) -> list[int]:
    """Return, for each character of the stream, the offset in `text` of the character it came from."""
    return [offset for offset, char in enumerate(text) for _ in fold(char).chars]


@given(PRINTED)
def test_every_folded_character_comes_from_one_place_in_order(text):
    at = origins(text)
    assert len(at) == len(fold(text).chars)
    assert at == sorted(at)
    assert all(fold(text[offset]).chars for offset in at)
    origin = origin_of(text, fold(text))
    assert [origin(offset) for offset in range(len(at))] == at


@pytest.mark.parametrize(
    "text", ["甲 乙\u200b丙\n丁", "甲 ﬁ 乙", "½ 甲\t乙", "", "  甲", "㎏ 乙\x00丙", "\x00\x00 ﬁﬁ\x1f½乙", "甲㎏"]
)
def test_what_folds_to_none_or_several_moves_what_stands_behind_it(text):
    at = origins(text)
    origin = origin_of(text, fold(text))
    assert [origin(offset) for offset in range(len(at))] == at


@given(PRINTED, PRINTED)
def test_a_part_of_a_text_folds_to_a_part_of_its_stream(left, right):
    assert fold(left + right).chars == fold(left).chars + fold(right).chars


@pytest.mark.parametrize(
    ("printed", "plain"),
    [
        ("HT-XS-2026-0001", "htxs20260001"),
        ("J001-HT·2026-D30-XS-0001", "j001ht2026d30xs0001"),
        ("HT/XS/2026/001", "htxs2026001"),
        ("HT-XS -\n2026- 0001", "htxs20260001"),
        ("2026.02.19", "20260219"),
        ("6,922,000.00", "6922000.00"),
        ("1-2", "1-2"),
        ("3.1415", "3.1415"),
        ("1,2,3", "1,2,3"),
        ("甲-乙", "甲-乙"),
        ("100.00 200.00", "100.00200.00"),
    ],
)
def test_codes_and_amounts_lose_their_separators_and_nothing_else_does(printed, plain):
    assert squeeze(fold(printed)) == plain


def test_a_code_is_squeezed_with_what_stands_beside_it():
    text = fold("本合同编号HT-XS-2026-0001号由双方于二〇二六年二月签订")
    (stretch,) = squeezed(text)
    assert stretch.chars == "本合同编号htxs20260001号由双方于二〇二"
    assert "".join(text.chars[at] for at in stretch.places) == stretch.chars


@pytest.mark.parametrize(
    ("printed", "values"),
    [
        ("人民币6,922,000.00元", ["6922000"]),
        ("注册资本692.2万元", ["6922000"]),
        ("3亿，0.50", ["300000000", "0.5"]),
        ("100.00 200.50", ["100", "200.5"]),
        ("第1.2.3条", []),
        ("91310000MA1FL5BE4K", []),
        ("人民币（大写）陆佰玖拾贰万贰仟元整（￥6,922,000.00）", ["6922000", "6922000"]),
        ("贷款叁仟贰佰万圆整，利息壹拾贰元零伍分", ["32000000", "12.05"]),
        ("大写 壹 佰\n零 叁 元肆角", ["103.4"]),
        (
            "三千万元、1.5亿元、3千万元、5百元、二十亿零六十万元",
            ["30000000", "150000000", "30000000", "500", "2000600000"],
        ),
        (
            "违约金5%、千分之三，万分之\n五，百分之十七点五，百分之\n二十 3‰",
            ["5", "5%", "0.3%", "0.05%", "17.5%", "20%", "3", "0.3%"],
        ),
        ("百分之五\n二、百分之百，5.50 ％，HT5%，1.2.5%", ["5%", "100%", "5.5", "5.5%"]),
        ("USD 6.922 million, RMB 5\nbillion", ["6922000", "5000000000"]),
        ("单位：万元，三百五元，三万五元，一元化，第5百货，50 千克", ["5", "50"]),
    ],
)
def test_numbers_are_read_with_their_units(printed, values):
    assert [number.value for number in numbers(fold(printed))] == values


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("HTXS20260001", "编号：HT-XS-2026-0001。"),
        ("HT-XS-2026-0001", "编号：HTXS20260001。"),
        ("编号HTXS20260001号", "编号HT-XS-2026-0001号"),
        ("6922000", "￥6,922,000.00元"),
        ("6,922,000.00", "6922000元"),
        ("￥6,922,000元", "合计 6,922,000.00"),
        ("6922000", "692.2万元"),
        ("6922000", "陆佰玖拾贰万贰仟元整"),
        ("陆佰玖拾贰万贰仟元整", "6,922,000.00"),
        ("人民币陆佰玖拾贰万贰仟元", "692.2万元"),
        ("六百九十二万二千", "￥6922000"),
        ("1200.05", "壹仟贰佰元零伍分"),
        ("壹仟贰佰元零伍分", "1,200.05"),
        ("3000万", "3千万元"),
        ("120000000", "1亿2000万元"),
        ("1.2亿", "1亿2,000万元整"),
        ("壹亿贰仟万元整", "1亿2千万元"),
        ("6922000", "计692万2千元"),
        ("236万8500元", "￥2,368,500.00"),
        ("1亿2000万", "壹亿贰仟万元整"),
        ("6922000", "USD6,922,000.00"),
        ("6,922,000.00", "RMB6922000 元"),
        ("百分之五", "违约金为5%"),
        ("5%", "违约金为百分之五。"),
        ("0.5%", "百分之零点五"),
        ("千分之三", "按 3 ‰ 计"),
        ("3‰", "每日千分之三"),
        ("万分之五", "0.5‰"),
        ("0.05%", "万分之五"),
        ("100%", "百分之百"),
        ("百分之17.50", "税率17.5 ％"),
        ("100x200", "规格 100×200 毫米"),
        ("100*200", "规格100×200mm"),
        ("100×200", "规格100X200"),
        ("1.5x2.5米", "1.5×2.5米"),
        ("价款6922000.00", "价款6,922,000.00×3"),
        ("华信北京有限公司", "甲方：华信（北京）\n有限公司。"),
        ("华信（北京）有限公司", "甲方：华信北京有限公司"),
        ("华信北京", "与华信(北京)有限公司签订"),
        ("华信北京科技集团有限公司", "华信（北京）科技【集团】有限公司"),
        ("大华会计师事务所特殊普通合伙", "大华会计师事务所（特殊普通合伙）审计"),
        ("XS20260012", "合同编号：XS（2026）0012"),
        ("京华信字2026第12号", "京华信字〔2026〕第12号"),
        ("692.2万", "CNY692.2万元"),
        ("USD 6,922,000", "6922000"),
        ("US$6,922,000", "$6,922,000.00"),
        ("6922000美元", "USD6,922,000.00"),
        ("EUR5million", "5,000,000.00"),
        ("信合[2026]12号", "信合〔2026〕12号"),
        ("信合（2026）12号", "信合【2026】12号"),
        ("以下简称“甲方”", "以下簡稱「甲方」"),
        ("22,0", "6,922,000.00"),
        ("2026-02-19", "2026/02/19"),
    ],
)
def test_a_number_is_found_however_it_is_written(typed, printed):
    assert places(forms(typed, exact=False), fold(printed))


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("6,922,000.00", "6,922,000.50"),
        ("922,000.00", "16922000元"),
        ("12", "1-2"),
        ("12", "1.2"),
        ("甲方乙方", "甲方、乙方"),
        ("一百", "100"),
        ("万一", "10000"),
        ("50003", "5万3元"),
        ("53000", "5万3元"),
        ("120", "1百20百元"),
        ("500020000", "12.5亿2万元"),
        ("692.2万", "HT-USD6922000A"),
        ("12000", "A1万2千元"),
        ("00", "0"),
        ("百分之五", "15%"),
        ("5%", "百分之五十"),
        ("100x20", "1000×20"),
        ("北京有限", "华信（北京），有限"),
        ("甲方以下", "甲方，（以下）"),
        ("1234", "(1)234"),
    ],
)
def test_another_number_is_not(typed, printed):
    assert not places(forms(typed, exact=False), fold(printed))


def test_an_exact_phrase_keeps_its_separators():
    assert not places(forms("HTXS2026", exact=True), fold("HT-XS-2026"))
    assert places(forms("HT-XS-2026", exact=True), fold("ht-xs-\n2026"))


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [
        ("臺灣貿易股份有限公司", "台湾贸易股份有限公司"),
        ("採購鋼材合約，逾期違約金", "采购钢材合约，逾期违约金"),
        ("乾燥機", "干燥机"),
        ("藉口不明瞭，甦醒後揹負", "借口不明了，苏醒后背负"),
    ],
)
def test_traditional_and_simplified_are_one_script_and_keep_their_places(traditional, simplified):
    assert fold(traditional).chars == fold(simplified).chars
    assert origins(traditional) == list(range(len(traditional)))


FIGURES = st.text(alphabet="0123456789.,万亿千a元-年/٣ ", max_size=16)
BEFORE_PART = r"[a-z][a-z0-9]*(([-_/] ?| [-_/])[a-z0-9]+)*([-_/] ?|([-_/] ?| [-_/])[a-z0-9]+ [-_/])$"  # of a code


@given(FIGURES)
def test_a_number_is_what_the_pattern_that_looks_around_says(text):
    spaced = fold(text).spaced
    slow = [
        (_canonical(match[1], match[2] or ""), match.start(), match.end())
        for chunk in _CHUNK.finditer(spaced)
        for match in _NUMBER.finditer(spaced, chunk.start(), chunk.end() + _LOOKS_AFTER)
        if match.start() < chunk.end()
        and not (match[1].isdecimal() and not match[2] and re.search(BEFORE_PART, spaced[: match.start()]))
    ]
    assert list(_each_number(spaced)) == slow
    assert number_values(fold(text)) == {value for value, _, _ in slow}
