import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.codec import from_json, text_of, to_json
from intake.model import Line, PageText, Word

boxes = st.tuples(*[st.integers(0, 9000)] * 4)
sure = st.floats(0, 1)
words = st.builds(Word, st.integers(0, 500), st.text(max_size=8), boxes, sure)
lines = st.builds(Line, st.text(max_size=30), boxes, sure, st.lists(words, max_size=4).map(tuple))
number = st.integers(0, 9000)
pages = st.builds(
    PageText, number, number, number, st.sampled_from([0, 90, 180, 270]), st.sampled_from(["text-layer", "rapidocr"]),
    st.lists(lines, max_size=4).map(tuple),
)  # fmt: skip


@given(pages)
def test_a_page_comes_back_as_it_was(page):
    assert from_json(to_json(page)) == page


def test_text_out_of_a_broken_file_survives():
    page = PageText(1, 10, 10, 0, "text-layer", (Line("a\ud800", (0, 0, 1, 1), 1.0),))
    assert from_json(to_json(page)) == page


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"v":2}', b'{"v":1,"number":1}', b"\xff", b'{"v":1,"lines":[[1]]}']
)
def test_anything_else_is_a_value_error(data):
    with pytest.raises(ValueError):
        from_json(data)


def test_pages_are_separated_by_a_form_feed():
    first = PageText(1, 9, 9, 0, "rapidocr", (Line("甲", (0, 0, 1, 1), 1.0), Line("乙", (0, 2, 1, 3), 1.0)))
    second = PageText(2, 9, 9, 0, "rapidocr", (Line("丙", (0, 0, 1, 1), 1.0),))
    assert text_of([first, second]) == "甲\n乙\f丙"
