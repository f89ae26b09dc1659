import pytest

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
    ],
)
def test_a_name_has_the_initials_people_type(name, letters):
    assert initials(fold(name).chars) == letters


@pytest.mark.parametrize(
    ("typed", "letters"), [("hdmy", "hdmy"), ("hd", ""), ("hd1", ""), ("华东", ""), ("a" * 21, "")]
)
def test_only_a_few_letters_can_be_initials(typed, letters):
    assert typed_initials(typed) == letters
