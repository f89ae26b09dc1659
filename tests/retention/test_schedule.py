from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.errors import BadSchedule
from retention.schedule import (
    DEFAULT_SCHEDULE,
    KINDS,
    Facts,
    Rule,
    Schedule,
    default_schedule,
    due_on,
    longest,
    never_shorter,
    retention_for,
    starts_on,
    years_of,
)

AMOUNTS = st.none() | st.decimals(0, 10**12, places=2)
CODES = st.sampled_from(["Y", "D30", "D10", "D5"])
CONTRACT = frozenset({"contract"})

# trigger, code, first day on which destruction is allowed
DUE = [
    ("2015-03-11", "D10", "2026-01-01"),
    ("2015-01-01", "D10", "2026-01-01"),
    ("2015-12-31", "D10", "2026-01-01"),
    ("2016-01-01", "D10", "2027-01-01"),
    ("2016-02-29", "D10", "2027-01-01"),
    ("2014-12-31", "D10", "2025-01-01"),
    ("2026-02-28", "D30", "2057-01-01"),
    ("1995-06-30", "D30", "2026-01-01"),
    ("1995-12-31", "D30", "2026-01-01"),
    ("1996-01-01", "D30", "2027-01-01"),
    ("2024-02-29", "D30", "2055-01-01"),
    ("2024-07-01", "D1", "2026-01-01"),
    ("2024-07-01", "D5", "2030-01-01"),
    ("2024-07-01", "D100", "2125-01-01"),
    ("1900-01-01", "D10", "1911-01-01"),
]


@pytest.mark.parametrize(("trigger", "code", "due"), DUE)
def test_a_period_runs_whole_years_from_the_next_january(trigger, code, due):
    assert due_on(date.fromisoformat(trigger), code) == date.fromisoformat(due)


def test_permanent_is_never_due_and_a_period_starts_on_the_next_first_of_january():
    assert due_on(date(2015, 3, 11), "Y") is None
    assert starts_on(date(2015, 1, 1)) == starts_on(date(2015, 12, 31)) == date(2016, 1, 1)


@given(st.dates(date(1900, 1, 1), date(2900, 1, 1)), st.integers(1, 100))
def test_a_file_is_kept_its_full_years_and_longer_is_never_earlier(trigger, years):
    due = due_on(trigger, f"D{years}")
    assert due.year - starts_on(trigger).year == years
    assert due < due_on(trigger, f"D{years + 1}")
    assert (due - trigger).days >= years * 365


@pytest.mark.parametrize("code", ["", "y", "D", "D0", "D-10", "D010", "10", "D1000", "DY", "D10 ", "永久"])
def test_what_is_no_period_is_refused(code):
    with pytest.raises(BadSchedule):
        years_of(code)
    with pytest.raises(BadSchedule):
        due_on(date(2026, 1, 1), code)


def test_a_period_beyond_the_calendar_is_refused():
    with pytest.raises(BadSchedule, match="9999"):
        due_on(date(9990, 1, 1), "D10")


@given(CODES, CODES)
def test_an_applied_period_is_never_shortened(old, new):
    kept = never_shorter(old, new)
    assert kept in (old, new)
    for code in (old, new):
        assert years_of(kept) is None or (years_of(code) is not None and years_of(code) <= years_of(kept))
    assert never_shorter(None, new) == new


def test_the_longest_of_several_wins():
    assert longest(["D10", "D30", "D5"]) == "D30"
    assert longest(["D100", "Y", "D10"]) == "Y"
    with pytest.raises(BadSchedule):
        longest([])


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (Facts("contract", Decimal(10000000)), "Y"),
        (Facts("contract", Decimal("9999999.99")), "D30"),
        (Facts("contract", Decimal(50000)), "D30"),
        (Facts("contract", Decimal("49999.99")), "D10"),
        (Facts("contract", Decimal(0)), "D10"),
        (Facts("contract"), "D30"),
        (Facts("contract", Decimal(100), classes=frozenset({"major"})), "Y"),
        (Facts("contract", Decimal(100), classes=frozenset({"purchase"})), "D10"),
        (Facts("contract", Decimal(100), documents=frozenset({"accounting_voucher"})), "D30"),
        (Facts("contract", Decimal(100), documents=frozenset({"licence", "1.2", "1.7"})), "D10"),
        (Facts("contract", Decimal(10**8), documents=frozenset({"accounting_other"})), "Y"),
        (Facts("credit"), "D10"),
        (Facts("credit", events=frozenset({"litigation"})), "D30"),
        (Facts("credit", events=frozenset({"bad_debt"})), "D30"),
        (Facts("credit", events=frozenset({"moved"})), "D10"),
        (Facts("credit", documents=frozenset({"accounting_voucher"})), "D30"),
        (Facts("accounting"), "D10"),
        (Facts("accounting", documents=frozenset({"accounting_voucher"})), "D30"),
    ],
)
def test_the_default_schedule(facts, code):
    decision = retention_for(facts)
    assert decision.code == code
    assert decision.version == DEFAULT_SCHEDULE.version
    assert (
        decision.trigger
        == {
            "contract": "contract_ended",
            "credit": "relationship_ended",
            "accounting": "accounting_year_ended",
        }[facts.kind]
    )


def test_the_reason_can_be_read_to_an_auditor():
    assert retention_for(Facts("contract", Decimal("32000000.00"))).why.zh == (
        "重大合同（金额 32000000.00 元，不低于 10000000 元）：永久；保管期限表 default-1"
    )
    assert retention_for(Facts("contract")).why.en == (
        "contract of unknown amount, kept as an ordinary one: 30 years; "
        "counted from 1 January of the year after the end of the contract; schedule default-1"
    )
    assert "取其中最长：30 年" in retention_for(Facts("credit", events=frozenset({"bad_debt"}))).why.zh
    assert "类别：重大" in retention_for(Facts("contract", classes=frozenset({"major"}))).why.zh
    assert "低于 50000 元" in retention_for(Facts("contract", Decimal(1))).why.zh
    assert retention_for(Facts("contract", Decimal(60000))).why.zh.startswith("一般合同（金额 60000 元）：30 年")
    assert retention_for(Facts("credit", documents=frozenset({"accounting_voucher"}))).why.zh.count("会计凭证原件") == 1


@given(
    st.sampled_from(KINDS),
    AMOUNTS,
    st.sets(st.sampled_from(["litigation", "bad_debt", "other"])),
    st.sets(st.sampled_from(["accounting_voucher", "accounting_other", "1.2"])),
    st.integers(0, 10**7),
    st.integers(0, 10**7),
)
def test_every_file_has_a_period_and_every_rule_that_applies_is_heeded(kind, amount, events, documents, a, b):
    schedule = default_schedule(major_amount=max(a, b) + 1, minor_amount=min(a, b))
    facts = Facts(kind, amount, frozenset(), frozenset(events), frozenset(documents))
    decision = schedule.retention_for(facts)
    assert all(longest([rule.code, decision.code]) == decision.code for rule in schedule.rules if rule.applies(facts))
    assert decision.why.zh
    assert decision.why.en


def test_thresholds_are_the_companys():
    schedule = default_schedule(major_amount=1000, minor_amount=0, major_classes=(), version="2026-1")
    assert schedule.retention_for(Facts("contract", Decimal(1000))).code == "Y"
    assert schedule.retention_for(Facts("contract", Decimal(0))).code == "D30"
    assert schedule.retention_for(Facts("contract", Decimal(1), classes=frozenset({"major"}))).code == "D30"
    assert schedule.retention_for(Facts("credit")).version == "2026-1"


@pytest.mark.parametrize(("major", "minor"), [(100, 100), (100, 200), (-1, -2), (100, -1), (0, 0)])
def test_crossing_or_negative_thresholds_are_refused(major, minor):
    with pytest.raises(BadSchedule):
        default_schedule(major_amount=major, minor_amount=minor)


def without(name):
    return tuple(rule for rule in DEFAULT_SCHEDULE.rules if rule.name != name)


@pytest.mark.parametrize(
    ("name", "hole"),
    [
        ("contract-ordinary", "contract of unknown amount"),
        ("contract-minor", "contract from 0 yuan"),
        ("contract-major-amount", "contract from 10000000 yuan"),
        ("credit", "credit of unknown amount"),
        ("accounting", "accounting of unknown amount"),
    ],
)
def test_a_schedule_with_a_hole_is_refused(name, hole):
    with pytest.raises(BadSchedule, match=f"hole: {hole}"):
        Schedule("x", without(name))


def test_a_hole_between_two_amounts_is_found():
    late = Rule("late", "D30", CONTRACT, "contract_ended", amount_from=Decimal(60000))
    with pytest.raises(BadSchedule, match="hole: contract from 50000 yuan"):
        Schedule("x", (*without("contract-ordinary"), late))
    with pytest.raises(BadSchedule, match="hole: contract of unknown amount"):
        Schedule(
            "x", (*without("contract-ordinary"), Rule("known", "D30", CONTRACT, "contract_ended", unknown_amount=False))
        )


@pytest.mark.parametrize(
    "change",
    [
        {"code": "D-10"},
        {"code": "D0"},
        {"kinds": frozenset()},
        {"kinds": frozenset({"letters"})},
        {"trigger": "whenever"},
        {"amount_from": Decimal(-1)},
        {"amount_below": Decimal("NaN")},
        {"amount_from": Decimal("Infinity")},
        {"amount_from": Decimal(5), "amount_below": Decimal(5)},
        {"amount_below": Decimal(0)},
    ],
)
def test_a_false_rule_is_refused(change):
    with pytest.raises(BadSchedule):
        Rule(**({"name": "x", "code": "D10", "kinds": CONTRACT, "trigger": "contract_ended"} | change))


def test_a_schedule_needs_a_version_and_different_names():
    with pytest.raises(BadSchedule, match="version"):
        Schedule(" ", DEFAULT_SCHEDULE.rules)
    with pytest.raises(BadSchedule, match="same name"):
        Schedule("x", DEFAULT_SCHEDULE.rules + DEFAULT_SCHEDULE.rules[:1])


@pytest.mark.parametrize("facts", [Facts("letters"), Facts("contract", Decimal(-1)), Facts("contract", Decimal("NaN"))])
def test_facts_that_cannot_be_are_refused(facts):
    with pytest.raises(BadSchedule):
        retention_for(facts)
