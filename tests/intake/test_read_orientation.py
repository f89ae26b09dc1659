import numpy as np
import pytest

from intake.orientation import rotation

UP, DOWN = ("临溪市鼎川阀门有限公司", 0.99), ("厄公郏", 0.4)


def quads(*sizes):
    """Boxes of these (width, height), one under the other."""
    found, top = [], 0
    for width, height in sizes:
        found.append([[0, top], [width, top], [width, top + height], [0, top + height]])
        top += height + 10
    return np.array(found, dtype=np.float32).reshape(-1, 4, 2)


def reader(good):
    """Reads a lying or standing box well only the way round that `good` names: (lying, flipped) for each kind."""

    def read(wanted):
        return [UP if flipped == good["lying" if i in good["lines"] else "standing"] else DOWN for i, flipped in wanted]

    return read


@pytest.mark.parametrize(
    ("kind", "flipped", "turn"),
    [("lying", False, 0), ("lying", True, 180), ("standing", False, 270), ("standing", True, 90)],
)
def test_the_run_of_the_boxes_and_the_better_reading_decide(kind, flipped, turn):
    size = (400, 30) if kind == "lying" else (30, 400)
    good = {"lines": range(8) if kind == "lying" else (), kind: flipped}
    assert rotation(quads(*[size] * 8), reader(good)) == turn


def test_columns_beside_the_text_do_not_turn_the_page():
    # Characters set in columns read well as if the page lay on its side; there is less of them.
    good = {"lines": range(8), "lying": True, "standing": False}
    assert rotation(quads(*[(400, 30)] * 8, *[(50, 700)] * 4), reader(good)) == 180


def test_one_big_title_does_not_outvote_the_small_print():
    good = {"lines": (0,), "lying": False, "standing": True}
    assert rotation(quads((900, 200), *[(30, 500)] * 6), reader(good)) == 90


def test_without_text_a_page_stays_as_it_is():
    assert rotation(quads(), reader({})) == 0


def test_when_nothing_can_be_read_a_page_stays_as_it_is():
    assert rotation(quads(*[(400, 30)] * 3), lambda wanted: [("", 0.0) for _ in wanted]) == 0
