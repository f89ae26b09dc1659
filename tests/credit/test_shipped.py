"""All that ships in words is there in both languages, and what was kept in Chinese is read in English as it was meant."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.contingency import DEFAULT_PLANS
from credit.default_card import EXAMPLE_CARD
from credit.fact_kinds import SHIPPED
from credit.forms import ITEMS
from credit.freshness import EVENTS
from credit.indicators import COMPUTATIONS
from credit.shipped import as_kept, in_english, texts
from credit.warnings import KINDS, CustomerState, Validity, WarningLines, warnings_for

TODAY = date(2026, 11, 25)
HAN = re.compile(r"[\u3400-\u9fff]")


def named() -> list[tuple[str, str]]:
    """Everything that ships with a name of its own in each language."""
    card = [(one.zh, one.en) for one in EXAMPLE_CARD.scorecard.indicators]
    kinds = [(kind.zh, kind.en) for kind in SHIPPED.values()]
    computed = [(one.zh, one.en) for one in COMPUTATIONS.values()]
    lines = [(item.zh, item.en) for items in ITEMS.values() for item in items]
    return card + kinds + computed + lines + list(EVENTS.values())


def test_A1_1_A4_2_every_text_that_ships_is_there_in_english_and_is_kept_as_it_was_written():
    assert {task.what for plan in DEFAULT_PLANS.values() for task in plan.tasks} < texts()
    for text in texts():
        english = in_english(text)
        assert HAN.search(text)
        assert english.strip()
        assert not HAN.search(english), text
        assert as_kept(english) == text
    assert len({in_english(text) for text in texts()}) == len(texts())


@pytest.mark.parametrize(("zh", "en"), named())
def test_every_name_that_ships_is_there_in_both_languages(zh, en):
    assert zh.strip()
    assert en.strip()
    assert not HAN.search(en)


amounts = st.decimals(1, 10**9, places=2)
days = st.integers(-400, 400).map(lambda n: TODAY + timedelta(days=n))
validities = st.builds(Validity, st.sampled_from(["licence", "authorization"]), st.just("d1"), days)
states = st.builds(
    CustomerState,
    scores=st.lists(st.tuples(days, st.decimals(0, 100, places=2)), max_size=3),
    validities=st.lists(validities, max_size=2),
    due=st.dictionaries(st.sampled_from([*SHIPPED, "own_kind"]), days, max_size=3),
    overdue_days=st.integers(0, 400),
    overdue_amount=amounts,
    exposure=amounts,
    credit_line=amounts,
)


@given(states, amounts)
def test_A4_1_why_a_warning_was_given_is_read_in_english_from_what_was_kept(state, line):
    for warning in warnings_for(WarningLines(overdue_amount=line, expiry_days=90), state, TODAY):
        assert in_english(warning.why.zh) == warning.why.en
        assert not HAN.search(warning.why.en)


def test_A4_1_each_kind_of_warning_says_why_in_both_languages():
    state = CustomerState(
        scores=[(TODAY - timedelta(days=30), Decimal(90)), (TODAY, Decimal(30))],
        validities=[Validity("licence", "d1", TODAY), Validity("authorization", "d2", TODAY - timedelta(days=1))],
        due={"name": TODAY - timedelta(days=9)},
        overdue_days=90,
        overdue_amount=Decimal(500),
        exposure=Decimal(500),
        credit_line=Decimal(100),
    )
    found = warnings_for(WarningLines(overdue_amount=Decimal(1)), state, TODAY)
    assert {warning.kind for warning in found} == set(KINDS)
    for warning in found:
        assert in_english(warning.why.zh) == warning.why.en != warning.why.zh


def test_what_people_wrote_stays_as_it_was_written_and_a_task_is_told_with_what_was_done():
    for text in ("客户要求延期", "逾期很多天", "重新评估：已办", "营业执照已于去年到期 ", ""):
        assert in_english(text) == text
    assert in_english("重新评估该客户：已于 11 月评估") == "Assess the customer anew: 已于 11 月评估"
    assert in_english("重新评估该客户 → 周敏") == "Assess the customer anew → 周敏"
