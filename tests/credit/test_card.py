"""Scorecards as data (RULES A1.1): what is read is what was written, and every fault is named at its place."""

import copy
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings

from credit.card import Card, card_as_json, read_card
from credit.card_text import steps_as_text, steps_of_text
from credit.default_card import EXAMPLE_CARD
from credit.movement import movement
from credit.scorecard import assess
from tests.credit.test_scorecard import cards, cards_with_inputs

GOOD = card_as_json(EXAMPLE_CARD)


def faults(change):
    data = copy.deepcopy(GOOD)
    change(data)
    card, found = read_card(json.loads(json.dumps(data)))
    assert (card is None) == bool(found)
    return {fault.place: fault.why for fault in found}


@given(cards())
@settings(max_examples=200, deadline=None)
def test_A1_1_a_scorecard_is_the_same_after_writing_and_reading(scorecard):
    named = tuple(replace(indicator, zh="指标", en="indicator") for indicator in scorecard.indicators)
    scorecard = replace(scorecard, indicators=named)
    kept = json.loads(json.dumps(card_as_json(Card(scorecard, "名", "注", 1, 2))))
    assert read_card(kept) == (Card(scorecard, "名", "注", 1, 2), ())


def test_A1_1_the_example_is_the_same_after_writing_and_reading():
    assert read_card(json.loads(json.dumps(GOOD))) == (EXAMPLE_CARD, ())
    for row in GOOD["indicators"]:
        assert steps_of_text(row["kind"], steps_as_text(row)) == row[row["kind"]]


def test_A1_1_weights_of_99_9_per_cent_are_refused_and_the_sum_is_named():
    assert faults(lambda card: card["indicators"][0].update(weight="39.9")) == {
        "weights": "weights sum to 99.9 %, not to 100 %"
    }


def test_A1_1_every_fault_is_named_at_once():
    def spoil(card):
        card["version"] = ""
        card["indicators"][0]["bands"][1]["low"] = "2"
        card["indicators"][1]["bands"][1]["low"] = "39"
        card["indicators"][2]["choices"].append(["weak", "1"])
        card["indicators"][3]["code"] = "industry_position"
        card["grades"][1][1] = "95"
        card["line"]["shares"]["A"] = "16"
        card["override"]["up"] = 10
        card["mood"] = "good"

    found = faults(spoil)
    assert set(found) == {
        "version",
        "indicators.1",
        "indicators.2",
        "indicators.3.choices.5",
        "indicators.4.code",
        "grades",
        "line",
        "override.up",
        "mood",
    }
    assert "leave a gap between 1 and 2" in found["indicators.1"]
    assert "overlap between 40 and 39" in found["indicators.2"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda card: card.update(indicators=[]), "indicators"),
        (lambda card: card.update(indicators="all"), "indicators"),
        (lambda card: card["indicators"][0].update(weight=40), "indicators.1.weight"),
        (lambda card: card["indicators"][0].update(weight="NaN"), "indicators.1.weight"),
        (lambda card: card["indicators"][0].update(code="a/b"), "indicators.1.code"),
        (lambda card: card["indicators"][0]["bands"][0].update(high="1e999999999"), "indicators.1.bands.1.high"),
        (lambda card: card.update(version="new"), "version"),
        (lambda card: card.update(version="a/b"), "version"),
        (lambda card: card["indicators"][0].update(kind="mood"), "indicators.1.kind"),
        (lambda card: card["indicators"][0].update(source="mood"), "indicators.1.source"),
        (lambda card: card["indicators"][2].update(source="altman_z"), "indicators.3.source"),
        (lambda card: card["indicators"][0].update(bands=[{"low": None, "high": None}]), "indicators.1.bands.1.points"),
        (lambda card: card["indicators"][0].update(missing="101"), "indicators.1"),
        (lambda card: card["grades"].append(["E", "0"]), "grades.11"),
        (lambda card: card["grades"][1].__setitem__(1, "95"), "grades"),
        (lambda card: card["line"].update(base="mood"), "line.base"),
        (lambda card: card["line"].update(step="0"), "line"),
        (lambda card: card.update(override=[]), "override"),
    ],
)
def test_A1_1_a_wrong_scorecard_is_refused_at_its_place(change, place):
    assert place in faults(change)


@pytest.mark.parametrize("data", [None, [], "card", 7])
def test_what_is_no_scorecard_is_refused(data):
    assert read_card(data)[0] is None


@given(cards_with_inputs(), cards_with_inputs())
@settings(max_examples=100, deadline=None)
def test_A1_2_the_moves_of_the_indicators_sum_to_that_of_the_score(first, second):
    before, after = (assess(card, inputs) for card, inputs in (first, second))
    moves = movement(before.lines, after.lines)
    assert sum((move.by for move in moves), Decimal(0)) == after.exact - before.exact
    assert {move.code for move in moves} == {line.code for line in (*before.lines, *after.lines)}
    assert all(move.why != "same" or move.by == 0 for move in moves)
