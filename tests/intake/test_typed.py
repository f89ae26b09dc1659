"""What a person types, read by the readers that read pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.typed import kind_of, read_typed

CODE = "91110108551385082Q"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("code", " 9111 0108-5513 85082q ", CODE),
        ("party_a_code", CODE, CODE),
        ("code", "110108002657342", "110108002657342"),
        ("amount", "陆拾捌万元整", "680000.00"),
        ("amount", "人民币68万元", "680000.00"),
        ("registered_capital", "1800万元整", "18000000.00"),
        ("amount", "680,000.5", "680000.50"),
        ("amount", "0", "0.00"),
        ("signed_on", "二〇二六年三月二十四日", "2026-03-24"),
        ("signed_on", "2026.3.24", "2026-03-24"),
        ("valid_until", "长期", "long-term"),
        ("term_until", "long-term", "long-term"),
        ("identity_number", "11010519491231002x", "11010519491231002X"),
        ("currency", "cny", "CNY"),
        ("contract_number", "ＨＴ－ 2026 － 001", "HT-2026-001"),
        ("party_b", "云桥智联 信息技术(北京)有限公司", "云桥智联信息技术（北京）有限公司"),
    ],
)
def test_what_is_typed_takes_the_archives_form(name: str, text: str, value: str) -> None:
    assert (read_typed(name, text).value, read_typed(name, text).problem) == (value, "")


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("signed_on", "2026-02-30", "a date"),
        ("signed_on", "长期", "a date"),
        ("valid_until", "soon", "long-term"),
        ("amount", "-5", "a sum"),
        ("amount", "1.234", "a sum"),
        ("amount", "68 元 70 元", "a sum"),
        ("amount", "9" * 30, "a sum"),
        ("code", "望江路29号", "18 letters and digits"),
        ("identity_number", "123", "17 digits"),
        ("currency", "RMB元", "three letters"),
        ("title", "   ", "1 to 2000"),
        ("title", "长" * 2001, "1 to 2000"),
    ],
)
def test_what_is_no_value_is_refused_with_what_a_right_one_looks_like(name: str, text: str, problem: str) -> None:
    typed = read_typed(name, text)
    assert typed.value == ""
    assert problem in typed.problem
    assert not typed.may_stand


def test_a_check_digit_that_fails_is_said_and_may_stand_on_the_paper() -> None:
    wrong = read_typed("code", CODE[:-1] + "0")
    assert wrong.may_stand
    assert "check digit" in wrong.problem
    assert (wrong.value, wrong.marks) == (CODE[:-1] + "0", ("check_digit_failed",))
    short = read_typed("code", CODE[:-1])
    assert short.may_stand
    assert short.problem.startswith("17 characters")
    assert read_typed("identity_number", "110105194912310021").may_stand


def test_what_a_person_typed_is_never_repaired() -> None:
    looks_like = CODE.replace("0", "O", 1)
    assert read_typed("code", looks_like).value == looks_like


@given(st.text(max_size=60), st.sampled_from(["code", "amount", "signed_on", "valid_until", "name", "identity_number"]))
def test_nothing_typed_breaks_it_and_a_value_stays_itself(text: str, name: str) -> None:
    typed = read_typed(name, text)
    if typed.value and not typed.problem:
        assert read_typed(name, typed.value) == typed


def test_kinds_go_by_the_name() -> None:
    assert kind_of("turnover") == kind_of("equity") == "money"
    assert [kind_of(n) for n in ("established_on", "valid_until", "party_b_code", "registered_capital", "scope")] == [
        "date", "end", "code", "money", "text"]  # fmt: skip
