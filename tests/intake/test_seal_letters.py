"""The letters of a seal's name, read several times: what readings have in common is sure, where they differ a person looks."""

import numpy as np
import pytest

from intake.seal_letters import Letter, Reading, together
from intake.understand import CONFIDENCE_LINE

NAME = "临溪市鼎川阀门有限公司"
STEP = 0.06


def reading(text, unsure=(), *, turn=0.0, ends=True):
    """Return a reading of letters at equal distances; "_" is none there. unsure: how sure letters are, by place."""
    at = 0.2 + turn + STEP * np.arange(len(text))
    letters = [Letter(float(at[i]), char, dict(unsure).get(i, 0.99)) for i, char in enumerate(text) if char != "_"]
    return Reading(tuple(letters), (float(at[0]) - STEP / 2, float(at[-1]) + STEP / 2) if ends else None)


def test_readings_that_agree_are_sure():
    name = together([reading(NAME), reading(NAME)])
    assert (name.text, name.confidence) == (NAME, 0.99)
    assert len(name.letters) == len(NAME)


def test_a_letter_that_one_reading_lost_is_taken_from_the_other():
    name = together([reading("临溪市鼎_阀门有限公司"), reading(NAME)])
    assert (name.text, name.confidence) == (NAME, 0.99)


def test_the_readings_are_compared_where_they_stand_though_one_begins_elsewhere_on_the_ring():
    name = together([reading("临溪市鼎_阀门有限公司"), reading(NAME, turn=-1.0)])
    assert (name.text, name.confidence) == (NAME, 0.99)


def test_where_readings_differ_the_surer_one_counts_and_is_not_sure():
    name = together([reading(NAME, {5: 0.9}), reading("临溪市鼎川闸门有限公司", {5: 0.6})])
    assert name.text == NAME
    assert name.confidence < CONFIDENCE_LINE
    assert [i for i, sure in enumerate(name.letters) if sure < 0.9] == [5]


def test_a_letter_that_all_readings_lost_makes_its_neighbours_unsure():
    name = together([reading("临溪市鼎_阀门有限公司"), reading("临溪市鼎_阀门有限公司")])
    assert name.text == "临溪市鼎阀门有限公司"
    assert name.confidence < CONFIDENCE_LINE
    assert [i for i, sure in enumerate(name.letters) if sure < 0.9] == [3, 4]


def test_a_letter_squeezed_out_of_a_name_is_missed_by_counting_its_places():
    letters = reading("临溪市鼎川阀_有限公司").letters
    apart = tuple(
        x._replace(place=x.place + (0.3 * STEP if i == 5 else -0.3 * STEP if i == 6 else 0))
        for i, x in enumerate(letters)
    )
    name = Reading(apart, None).name
    assert name.text == "临溪市鼎川阀有限公司"
    assert name.confidence < CONFIDENCE_LINE


@pytest.mark.parametrize("print_", ["7月_", "日_"])
def test_print_on_the_ring_beside_the_name_is_none_of_it(print_):
    text = print_ + NAME
    unsure = dict.fromkeys(range(len(print_)), 0.5)
    assert together([reading(text, unsure, ends=False)]).text == NAME


def test_a_name_with_one_letter_in_doubt_is_for_a_person():
    assert together([reading(NAME, {5: 0.8})]).confidence < CONFIDENCE_LINE


def test_four_letters_make_a_name():
    assert together([reading("甲乙丙")]) == together([]) == ("", 0.0, ())
