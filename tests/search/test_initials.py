import random

import pytest
from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PHRASES_DICT

from search.folding import fold
from search.initials import initials, typed_initials


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("上海华东贸易有限公司", "shhdmyyxgs"),
        ("重庆长城（集团）股份有限公司", "cqccjtgfyxgs"),
        ("ABC 科技", "abckj"),
        ("臺灣貿易", "twmy"),
        ("", ""),
        ("——", ""),
        ("厦门银行长春分行", "xmyhccfh"),
        ("大重庆厦", "dcqs"),
    ],
)
def test_a_name_has_the_initials_people_type(name, letters):
    assert initials(fold(name).chars) == letters


def test_names_of_any_words_have_the_initials_that_the_dictionary_gives():
    rng = random.Random(8)
    words = sorted(PHRASES_DICT)
    for _ in range(100):
        name = fold("".join(rng.choices(words, k=3))).chars
        syllables = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
        assert initials(name) == "".join(char for char in syllables if char.isascii() and char.isalnum()), name


@pytest.mark.parametrize(
    ("typed", "letters"), [("hdmy", "hdmy"), ("hd", ""), ("hd1", ""), ("华东", ""), ("a" * 21, "")]
)
def test_only_a_few_letters_can_be_initials(typed, letters):
    assert typed_initials(typed) == letters
