"""DA/T 13-2022: templates of archive numbers as data: what is wrong is told at once, what one gives it reads back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.errors import BadNumber
from retention.number_templates import DEFAULTS, Levels, demand, levels, number, parse, parse_any, prefix, problems
from retention.numbers import ArchiveNumberParts, archive_number, archive_prefix

LEVELS = Levels("J001", "HT", 2026, "D30", "XS")


def test_the_defaults_give_what_da_t_13_prescribes():
    parts = {"fonds": "J001", "category": "HT", "year": 2026, "retention": "D30", "department": "XS"}
    for by, serial in (("item", "item"), ("file", "file")):
        template = DEFAULTS[by]
        assert problems(template, by) == []
        assert number(template, LEVELS, 7) == archive_number(ArchiveNumberParts(**parts, **{serial: 7}), by=by)
        assert prefix(template, LEVELS) == archive_prefix(ArchiveNumberParts(**parts))


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("", "is needed"),
        ("{fonds}-{year}", "level serial is missing"),
        ("{year}-{serial:04}", "level fonds is missing"),
        ("{fonds}-{serial:04}", "level year is missing"),
        ("{fonds}-{year}-{colour}-{serial:04}", "no level colour"),
        ("{fonds}-{year}-{year}-{serial:04}", "year stands in it more than once"),
        ("{fonds}-{year}-{serial:03}", "at least 4 digits"),
        ("{fonds}-{year}-{serial}", "at least 4 digits"),
        ("{fonds}-{serial:04}-{year}", "the serial comes last"),
        ("{fonds}-{year}·{serial:04}", "the serial comes last"),
        ("{fonds}{year}-{serial:04}", "joined by one"),
        ("-{fonds}-{year}-{serial:04}", "joined by one"),
        ("{fonds}--{year}-{serial:04}", "joined by one"),
        ("{fonds}-{year:04}-{serial:04}", "year takes no width"),
        ("{fonds}/{year}-{serial:04}", "/ at position 8"),
        ("{fonds}-{year}-{serial:04}" + "-A" * 100, "at most 200"),
    ],
)
def test_what_is_wrong_with_a_template_is_told(template, why):
    assert any(why in str(p) for p in problems(template, "item"))
    with pytest.raises(BadNumber):
        demand(template, "item")


def test_a_template_by_file_takes_three_digits_and_a_literal_stands_as_it_is():
    demand("{fonds}-HT·{year}-{serial:03}", "file")
    assert number("{fonds}-HT·{year}-{serial:03}", LEVELS, 12) == "J001-HT·2026-012"
    with pytest.raises(BadNumber):
        demand("{fonds}-HT·{year}-{serial:03}", "shelf")


@given(
    levels=st.builds(
        Levels,
        fonds=st.from_regex("[A-Z0-9]{4}", fullmatch=True),
        category=st.from_regex("[A-Z]{2}", fullmatch=True),
        year=st.integers(1900, 9999),
        retention=st.sampled_from(("Y", "D10", "D30", "D7")),
        department=st.from_regex("[A-Z0-9销采]{1,6}", fullmatch=True),
    ),
    serial=st.integers(1, 999_999),
    template=st.sampled_from((*DEFAULTS.values(), "{year}·{fonds}-{department}-{serial:05}")),
)
def test_what_a_template_gives_it_reads_back(levels, serial, template):
    assert parse(template, number(template, levels, serial)) == (prefix(template, levels), serial)


def test_a_number_of_no_template_is_refused():
    assert parse_any(DEFAULTS.values(), "J001-HT·2026-D30-XS-0012") == ("J001-HT·2026-D30-XS", 12)
    for text in ("J001-HT·2026-D30-XS-12", "J001-HT·2026-D30-XS-00012", "J001-HT·2026-D30-XS-0000", "x"):
        with pytest.raises(BadNumber):
            parse_any(DEFAULTS.values(), text)
    with pytest.raises(BadNumber):
        Levels("j001", "HT", 2026, "D30", "XS")
    with pytest.raises(BadNumber):
        number(DEFAULTS["item"], LEVELS, 0)


def test_the_levels_of_a_number_are_read_back_by_the_template_that_made_it():
    own = "{year}-{fonds}-{category}·X{retention}-{serial:05}"
    made = Levels("A002", "HT", 2026, "D30", "XS")
    for template in (own, DEFAULTS["item"], DEFAULTS["file"]):
        found = levels([own, *DEFAULTS.values()], number(template, made, 17))
        assert {name: value for name, value in found.items() if name != "serial"} == {
            name: made.text(name) for name in found if name != "serial"
        }
        assert int(found["serial"]) == 17
        assert found["fonds"] == "A002"
    assert levels([own], "旧-2009-17") == {}
