from itertools import accumulate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from intake.codec import from_json, lines_at, text_of, to_json
from intake.model import Line, PageText, Seal, Word

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


# Pieces of what the bytes themselves are made of, where lines and words end.
written = st.lists(st.sampled_from([*'甲"\\],[{\ud800', "]],[", "]]", ',"lines":[["', ",[[["]), max_size=4).map("".join)
odd_words = st.builds(Word, st.just(0), written, st.just((1, 2, 3, 4)), st.just(0.5))
odd_lines = st.builds(Line, written, st.just((1, 2, 3, 4)), st.just(0.5), st.lists(odd_words, max_size=3).map(tuple))


@given(
    st.lists(odd_lines, max_size=5),
    written,
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=2),
)
@example(
    [Line(text, (1, 2, 3, 4), 0.5, (Word(0, text, (1, 2, 3, 4), 0.5),)) for text in ('"""', "甲", "")], "", [(4, 5)]
)
@example([Line(text, (1, 2, 3, 4), 0.5) for text in ("总价6", ",000", ",[甲")], "甲", [(5, 6), (9, 10), (12, 13)])
def test_for_some_places_the_lines_that_they_touch_are_there(lines, source, spans):
    page = PageText(1, 9, 9, 0, source, tuple(lines), (Seal((1, 2, 3, 4), source, 0.5),))
    begins = accumulate((len(line.text) + 1 for line in page.with_seals), initial=0)
    wanted = [
        (begin, line)
        for line, begin in zip(page.with_seals, begins, strict=False)
        if any(start < begin + len(line.text) and end > begin for start, end in spans)
    ]
    assert lines_at(to_json(page), spans) == wanted


def test_text_out_of_a_broken_file_survives():
    page = PageText(1, 10, 10, 0, "text-layer", (Line("a\ud800", (0, 0, 1, 1), 1.0),))
    assert from_json(to_json(page)) == page


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"v":2}', b'{"v":1,"number":1}', b"\xff", b'{"v":1,"lines":[[1]]}']
)
def test_anything_else_is_a_value_error(data):
    with pytest.raises(ValueError):
        from_json(data)
    with pytest.raises(ValueError):
        lines_at(data, [(0, 1)])


def test_pages_are_separated_by_a_form_feed():
    first = PageText(1, 9, 9, 0, "rapidocr", (Line("甲", (0, 0, 1, 1), 1.0), Line("乙", (0, 2, 1, 3), 1.0)))
    second = PageText(2, 9, 9, 0, "rapidocr", (Line("丙", (0, 0, 1, 1), 1.0),))
    assert text_of([first, second]) == "甲\n乙\f丙"
