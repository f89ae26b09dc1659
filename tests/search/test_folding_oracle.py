"""The quick paths of folding agree with the plain patterns they stand for."""

import random
import re

from search import analysis
from search.dates import _FORMS, dates
from search.folding import (
    _CHUNK,
    _LOOKS_AFTER,
    _NUMBER,
    _canonical,
    _each_number,
    date_values,
    days,
    fold,
    forms,
    number_values,
    numbers,
    places,
    squeezed,
    squeezed_chars,
)
from tools.business_text import page

# Before digits that are a part of a code.
BEFORE_PART = r"[a-z][a-z0-9]*(([-_/] ?| [-_/])[a-z0-9]+)*([-_/] ?|([-_/] ?| [-_/])[a-z0-9]+ [-_/])$"
FIGURES = "0123.,.,a 万千٣元\n"
DATED = (
    "2026",
    "10",
    "1",
    "7",
    "0",
    ".",
    ".",
    "-",
    "/",
    " ",
    "年",
    "月",
    "日",
    "号",
    "二",
    "十",
    "民国",
    "o",
    "二0二0",
    "feb",
    "May",
    "元",
)
PRICED = (
    "usd",
    "RMB",
    "1",
    "6",
    "12",
    "345",
    ",",
    ",000",
    ".",
    ".5",
    " ",
    "亿",
    "万",
    "千",
    "百",
    "元",
    "圆",
    "二",
    "a",
    "十",
    "角",
)
NAMED = (
    "华信",
    "(",
    "（",
    ")",
    "）",
    "北京",
    "有限公司",
    "集团",
    "xs",
    "2026",
    "-",
    "0012",
    "×",
    "*",
    "x",
    "1.5",
    ",000",
    "，",
    " ",
    "\n",
    "a4",
)
BROKEN = ("1", "30", "307", ",", ",", "\n", " ", ",969", ".00", ".5", "元", "万", "a", "2021", "-")
SHARED = (
    "百",
    "千",
    "万",
    "分之",
    "分",
    "之",
    "五",
    "十",
    "零",
    "点",
    "5",
    "12",
    ".5",
    ",000",
    "%",
    "‰",
    " ",
    "三",
    "年",
    "月",
    "日",
    "26",
    "二六",
    "a",
    "2026",
)
ALPHABET = "0123456789.,-/_\\· \n年月日号年二三十〇万亿千萬abjanfebmarchdec()（），。¥٣日1212ａ１，"


def texts():
    rng = random.Random(11)
    yield from (page(rng) for _ in range(60))
    yield from ("".join(rng.choice(ALPHABET) for _ in range(rng.randint(0, 60))) for _ in range(8000))
    yield from ("".join(rng.choice(FIGURES) for _ in range(rng.randint(0, 20))) for _ in range(4000))
    yield from ("".join(rng.choice(DATED) for _ in range(rng.randint(0, 12))) for _ in range(4000))
    for words in (PRICED, NAMED, SHARED, BROKEN):
        yield from ("".join(rng.choice(words) for _ in range(rng.randint(0, 12))) for _ in range(4000))


def test_numbers_are_those_of_the_pattern_that_looks_around():
    for text in texts():
        folded = fold(text)
        wanted = [
            (_canonical(match[1], match[2] or ""), re.sub(" ", "", folded.spaced[: match.start()]))
            for chunk in _CHUNK.finditer(folded.spaced)
            for match in _NUMBER.finditer(folded.spaced, chunk.start(), chunk.end() + _LOOKS_AFTER)
            if match.start() < chunk.end()
            and not (
                match[1].isdecimal() and not match[2] and re.search(BEFORE_PART, folded.spaced[: match.start()][-40:])
            )
        ]
        found = [(value, re.sub(" ", "", folded.spaced[:start])) for value, start, _ in _each_number(folded.spaced)]
        assert found == wanted


def test_the_parts_of_a_code_are_no_numbers():
    for text, wanted in (
        ("合同 HT-XS-2021-3979 号", set()),
        ("HT-XS-\n2021-3979", set()),
        ("HT-XS\n-2021-3979", set()),
        ("HT-XS-2021\n-3979", set()),
        ("HT - 3979", {"3979"}),
        ("HT-XS-2021 - 3979", {"3979"}),
        ("balance -3979", {"3979"}),
        ("信合/A1/20", set()),
        ("2021-3979", {"2021", "3979"}),
        ("A区-500元", {"500"}),
        ("USD-3,979.00", {"3979"}),
        ("A-500万", {"5000000"}),
        ("共 - 3979", {"3979"}),
    ):
        assert number_values(fold(text)) == {one.value for one in numbers(fold(text))} == wanted, text


def test_an_amount_that_goes_on_in_the_next_line_is_one():
    for text, wanted in (
        ("人民币30,\n307,969.00元", "30307969"),
        ("30\n,307,\n969元", "30307969"),
        ("1,\n234.56万元", "12345600"),
        ("9,\n000 元整", "9000"),
    ):
        (found,) = [one for one in numbers(fold(text)) if one.value == wanted]
        assert wanted in number_values(fold(text)), text
        assert fold(text).chars[found.start : found.end].rstrip("万") == "".join(text.split()).strip("人民币元整万")
    for text in ("第30, 307条", "合同 A30, 307.00", "1, 2345.00元", "12.5, 300.00元", "2021, 300"):
        assert not {"30307", "12345", "125300", "12500300", "2021300", "5300"} & number_values(fold(text)), text


def test_dates_are_those_of_every_form():
    for text in texts():
        spaced = fold(text).spaced
        every = [
            (value, match.start(), match.end())
            for pattern, read, _ in _FORMS
            for match in pattern.finditer(spaced)
            if not (
                spaced[match.start() - 1 : match.start()].isascii()
                and spaced[match.start() - 1 : match.start()].isalnum()
            )
            and (value := read(match))
        ]
        assert list(dates(spaced)) == every


def test_values_alone_are_those_of_the_numbers_and_dates_with_their_places():
    for text in texts():
        folded = fold(text)
        assert number_values(folded) == {one.value for one in numbers(folded)}
        assert date_values(folded) == {one.value for one in days(folded)}


def test_codes_without_their_separators_stand_where_their_places_say():
    for text in texts():
        folded = fold(text)
        stretches = squeezed(folded)
        assert squeezed_chars(folded) == [stretch.chars for stretch in stretches]
        for one in stretches:
            assert re.sub("[×*]", "x", "".join(folded.chars[at] for at in one.places)) == one.chars


def test_a_name_is_found_in_a_text_without_its_brackets():
    """A plain look: what stands between two letters, digits or Han of a name, its brackets left out."""
    rng = random.Random(13)
    seen = 0
    for _ in range(1500):
        left, inside, right = (
            "".join(rng.choice("华信北京集团有限公司a2") for _ in range(rng.randint(least, most)))
            for least, most in ((1, 18), (2, 12), (0, 20))
        )
        around = rng.choice(["，", "。", "：", "\n", "、"])
        printed = f"甲方{around}{left}{rng.choice('（(')}{inside}{rng.choice('）)')}{right}{around}乙方"
        start = rng.randrange(len(left))
        end = rng.randint(0, len(right))
        typed = left[start:] + inside + right[:end]
        if len(typed) < 4:
            continue
        seen += 1
        stream = fold(printed)
        found = places(forms(typed, exact=False), stream)
        at = stream.chars.index("(") - len(left) + start
        assert (at, at + len(typed) + 2) in found or (not end and (at, at + len(typed) + 1) in found), (typed, printed)
    assert seen > 1000


STRANGE = "百分之%‰()（×*x12 ,.-/_·年月日元圆十壹佰万民国中华٣aJanmar\n\u3000\ue000㎡Ⅱ\ud800é\u0301東漢ﬁ"


def test_many_pages_at_once_are_what_each_is_by_itself(monkeypatch):
    monkeypatch.setattr(analysis, "FEW", 0)
    rng = random.Random(12)
    every = list(texts())
    every += ["".join(rng.choice(STRANGE) for _ in range(rng.randint(0, 40))) for _ in range(8000)]
    rng.shuffle(every)
    for start in range(0, len(every), 97):
        some = every[start : start + 97]
        assert analysis.analysed_pages(some) == [analysis._by_itself(text) for text in some]
        assert analysis.analysed_pages(some[:1]) == [analysis._by_itself(some[0])]
