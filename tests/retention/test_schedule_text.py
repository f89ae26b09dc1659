"""RULES Part B, Retention: the schedule as data. What is wrong is told all at once; cycles and holes are named."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product

import pytest

from retention.errors import BadSchedule
from retention.schedule import DEFAULT_SCHEDULE, Facts, settle
from retention.schedule_text import holes, is_version, normal, problems, rows_of, to_schedule
from retention.why import because

ROWS = rows_of(DEFAULT_SCHEDULE)


def rule(name: str, **more: object):
    return normal({"name": name, "kind": "contract", "period": "D10", "trigger": "contract_ended", **more})


def says(rows) -> list[tuple[str, str]]:
    return [(p.rule, p.why.en) for p in problems(rows)]


def test_the_default_schedule_as_data_decides_as_the_default_does():
    schedule = to_schedule("v1", ROWS)
    for amount in (None, Decimal(0), Decimal("49999.99"), Decimal(50_000), Decimal("9999999.99"), Decimal(10_000_000)):
        for events in (frozenset(), frozenset({"litigation"})):
            for documents, classes in product(
                (frozenset(), frozenset({"accounting_voucher"})), (frozenset(), frozenset({"major"}))
            ):
                for kind in ("contract", "credit", "accounting"):
                    facts = Facts(kind, amount, classes, events | classes, documents)
                    before, after = DEFAULT_SCHEDULE.retention_for(facts), schedule.retention_for(facts)
                    assert (before.code, before.trigger) == (after.code, after.trigger)
                    assert "schedule v1" in after.why.en


def test_a_circle_is_named_once_in_its_order():
    rows = [
        *ROWS,
        rule("a", follows="b", period="", trigger=""),
        rule("b", follows="c", period="", trigger=""),
        rule("c", follows="a", period="", trigger=""),
        rule("d", follows="a", period="", trigger=""),
    ]
    assert says(rows) == [("a", "rules follow one another in a circle: a → b → c → a")]
    assert says([*ROWS, rule("s", follows="s", period="", trigger="")])[0][1].endswith("s → s")


def test_every_hole_is_named_with_its_amounts():
    rows = [row for row in ROWS if row["name"] not in ("contract-ordinary", "credit")]
    assert says(rows) == [
        ("", "a hole: no rule for contract of unknown amount"),
        ("", "a hole: no rule for contract from 50000 to below 10000000 yuan"),
        ("", "a hole: no rule for customer credit of unknown amount"),
        ("", "a hole: no rule for customer credit from 0 yuan"),
    ]
    only = to_schedule("x", ROWS).rules
    assert holes([replace(r, amount_from=None) for r in only if r.name == "contract-ordinary"], "contract") == [
        ("contract", Decimal(10_000_000), None)
    ]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"period": "D0"}, "is no period"),
        ({"period": "-10"}, "is no period"),
        ({"period": "D-10"}, "is no period"),
        ({"trigger": "someday"}, "there is no trigger someday"),
        ({"amount_from": "-1"}, "is no amount of yuan"),
        ({"amount_from": "1e9"}, "is no amount of yuan"),
        ({"amount_from": "5", "amount_below": "5"}, "from 5 to 5 is empty"),
        ({"kind": "letters"}, "there is no kind of file letters"),
        ({"categories": ["9.9"]}, "there is no category 9.9"),
        ({"events": ["rain"]}, "there is no event rain"),
        ({"documents": ["poem"]}, "there is no kind of document poem"),
        ({"follows": "nobody", "period": "", "trigger": ""}, "follows nobody, which there is not"),
        ({"follows": "credit"}, "must not say a period"),
        ({"name": "contract-ordinary"}, "is used twice"),
        ({"name": "no spaces"}, "a name is"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_at_its_name(wrong, why):
    row = rule("mine") | wrong
    (found,) = problems([*ROWS, normal(row)])
    assert why in found.why.en
    assert found.why.zh
    with pytest.raises(BadSchedule, match=found.why.en.replace("(", ".").replace(")", ".")):
        to_schedule("v", [*ROWS, normal(row)])


def test_all_that_is_wrong_is_told_at_once():
    rows = [*ROWS, rule("a", period="D0"), rule("b", trigger=""), rule("c", categories=["x", "y"])]
    assert [name for name, _why in says(rows)] == ["a", "b", "c", "c"]


@pytest.mark.parametrize("row", [{"name": 3}, {"surprise": ""}, {"events": "litigation"}, {"unknown_amount": "no"}])
def test_what_is_no_rule_at_all_is_refused(row):
    with pytest.raises(BadSchedule):
        normal(row)


def test_a_rule_follows_another_and_a_category_brings_a_period():
    rows = [*ROWS, rule("notary", categories=["1.8"], follows="contract-major-amount", period="", trigger="")]
    schedule = to_schedule("v2", rows)
    plain = Facts("contract", Decimal(60_000))
    assert schedule.retention_for(plain).code == "D30"
    decision = schedule.retention_for(replace(plain, categories=frozenset({"1.8", "1.9"})))
    assert decision.code == "Y"
    assert "1.8" in decision.why.zh


def test_an_applied_period_stays_and_its_reason_names_both_versions():
    first = to_schedule("v1", ROWS).retention_for(Facts("contract", Decimal(60_000)))
    shorter = [row | {"period": "D10"} if row["name"] == "contract-ordinary" else row for row in ROWS]
    second = to_schedule("v2", shorter).retention_for(Facts("contract", Decimal(60_000)))
    day = date(2026, 5, 1)
    before = settle(first, None, "", None, day)
    after = settle(second, before.code, before.why.to_json(), before.due_on, day)
    assert (after.code, after.due_on) == (before.code, before.due_on) == ("D30", date(2057, 1, 1))
    assert "v1" in after.why.zh
    assert "按保管期限表 v2 为 10 年" in after.why.zh
    again = settle(second, after.code, after.why.to_json(), after.due_on, day)
    assert again.why == after.why  # however often it is asked


def test_a_date_that_stays_later_than_its_period_says_why():
    decision = to_schedule("v1", ROWS).retention_for(Facts("contract", Decimal(60_000)))
    before = settle(decision, None, "", None, date(2026, 5, 1))
    assert "不提前" not in before.why.zh
    earlier = settle(decision, before.code, before.why.to_json(), before.due_on, date(2024, 5, 1))
    assert earlier.due_on == before.due_on
    assert earlier.why.zh.endswith("已定的 2057-01-01 不提前")
    again = settle(decision, before.code, earlier.why.to_json(), earlier.due_on, date(2024, 5, 1))
    assert again == earlier
    kept = before.why + because("decided_keep_until", until="2060-01-01", reason="质保")
    later = settle(decision, before.code, kept.to_json(), date(2060, 1, 1), date(2026, 5, 1))
    assert (later.due_on, later.why) == (date(2060, 1, 1), kept)
    longer = settle(
        decision, "D30", kept.to_json(), date(2060, 1, 1), date(2030, 5, 1)
    )  # the period alone ends later now
    assert (longer.due_on, longer.why) == (date(2061, 1, 1), decision.why)


def test_names_of_versions():
    assert is_version("2026-甲.1")
    assert not any(map(is_version, ("", " a", "a/b", "a" * 41, "../x")))
