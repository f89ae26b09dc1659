import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.categories import CONTRACT_CATEGORIES, CREDIT_CATEGORIES
from retention.completeness import NotApplicable, categories_of, check
from retention.errors import TransitionRefused

KINDS = st.sampled_from(["contract", "credit"])


def test_b1_a_contract_file_has_eleven_categories_in_order():
    assert list(CONTRACT_CATEGORIES) == [f"1.{n}" for n in range(1, 12)]
    assert "营业执照" in CONTRACT_CATEGORIES["1.2"].zh
    assert "担保人" in CONTRACT_CATEGORIES["1.6"].zh
    assert "正本" in CONTRACT_CATEGORIES["1.9"].zh
    assert "验收" in CONTRACT_CATEGORIES["1.10"].zh


def test_b5_a_credit_file_has_thirteen_categories_in_order():
    assert list(CREDIT_CATEGORIES) == [f"5.{n}" for n in range(1, 14)]
    assert "年审" in CREDIT_CATEGORIES["5.7"].zh
    assert "追讨" in CREDIT_CATEGORIES["5.11"].zh


@given(KINDS, st.data())
def test_b1_a_file_is_complete_when_nothing_is_missing(kind, data):
    codes = list(categories_of(kind))
    present = data.draw(st.sets(st.sampled_from(codes)))
    marked = data.draw(st.sets(st.sampled_from(codes)))
    result = check(kind, present, {code: NotApplicable("无担保人", "周敏") for code in marked})
    assert [slot.category.code for slot in result.slots] == codes
    assert set(result.missing) == set(codes) - present - marked
    assert result.complete == (present | marked == set(codes))
    for slot in result.slots:
        expected = (
            "present"
            if slot.category.code in present
            else "not_applicable"
            if slot.category.code in marked
            else "missing"
        )
        assert slot.state == expected


def test_b1_not_applicable_says_why_and_who():
    slot = check("contract", [], {"1.6": NotApplicable("无担保人", "周敏")}).slots[5]
    assert (slot.state, slot.why, slot.by) == ("not_applicable", "无担保人", "周敏")


@pytest.mark.parametrize(("reason", "by"), [("", "周敏"), ("  ", "周敏"), ("无担保人", ""), ("无担保人", " ")])
def test_b1_not_applicable_without_reason_or_name_is_refused(reason, by):
    with pytest.raises(TransitionRefused):
        NotApplicable(reason, by)


def test_categories_of_another_kind_of_file_are_a_mistake():
    with pytest.raises(ValueError, match=r"5\.1"):
        check("contract", ["5.1"], {})
    with pytest.raises(ValueError, match=r"1\.6"):
        check("credit", [], {"1.6": NotApplicable("无", "周敏")})
