from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from retention.errors import BadNumber
from retention.numbers import (
    DEFAULT_CONTRACT_TEMPLATE,
    ArchiveNumberParts,
    archive_number,
    archive_prefix,
    contract_number,
    contract_prefix,
    image_name,
    parse_archive_number,
)

CODES = st.from_regex(r"[A-Za-z0-9\u4e00-\u9fff]{1,16}", fullmatch=True)
YEARS = st.integers(1900, 9999)


def test_b2_a_contract_is_numbered_by_department_and_year():
    assert contract_number(DEFAULT_CONTRACT_TEMPLATE, "XS", 2026, 7) == "HT-XS-2026-0007"
    assert contract_number(DEFAULT_CONTRACT_TEMPLATE, "XS", 2026, 12345) == "HT-XS-2026-12345"
    assert contract_number("〔{year}〕{department}合（{serial}）号", "采购", 2026, 3) == "〔2026〕采购合（3）号"


@pytest.mark.parametrize(
    "template",
    [
        "",
        "HT-{department}-{year}",
        "HT-{serial:04}",
        "HT-{department}-{year}-{serial}-{serial}",
        "HT-{department.__class__}-{year}-{serial}",
        "HT-{department!r}-{year}-{serial}",
        "HT-{department[0]}-{year}-{serial}",
        "HT-{0}-{department}-{year}-{serial}",
        "HT-{department}-{year:04}-{serial}",
        "HT-{department}-{year}-{serial:>9}",
        "HT-{department}-{year}-{serial:00}",
        "HT-{department}-{year}-{serial:0{year}}",
        "HT-{department}-{year}{serial}",
        "HT-{department}-{year}-{serial}9",
        "HT-{department}-{year}-1{serial}",
        "HT-{department}-{year}-{serial",
        "HT-{department}-{year}-serial}",
        "HT\n-{department}-{year}-{serial}",
        "HT#{department}-{year}-{serial}",
        "{department}" * 2 + "-{year}-{serial}",
        "x" * 70 + "-{department}-{year}-{serial}",
    ],
)
def test_b2_a_template_that_is_unsafe_or_ambiguous_is_refused(template):
    with pytest.raises(BadNumber):
        contract_number(template, "XS", 2026, 1)


@pytest.mark.parametrize(
    ("department", "year", "serial"),
    [
        ("", 2026, 1),
        ("X-S", 2026, 1),
        ("X S", 2026, 1),
        ("../x", 2026, 1),
        ("X" * 17, 2026, 1),
        ("XS", 26, 1),
        ("XS", 10000, 1),
        ("XS", 2026, 0),
        ("XS", 2026, -1),
    ],
)
def test_b2_a_false_part_of_a_number_is_refused(department, year, serial):
    with pytest.raises(BadNumber):
        contract_number(DEFAULT_CONTRACT_TEMPLATE, department, year, serial)


TEMPLATES = st.sampled_from(
    [
        DEFAULT_CONTRACT_TEMPLATE,
        "{serial:03}-{department}{year}",
        "{department}/{serial}/{year}",
        "合{year}{department}-{serial:05}号"[:-1],
    ]
)


@given(TEMPLATES, CODES, YEARS, st.integers(1, 10**6), CODES, YEARS, st.integers(1, 10**6))
def test_b2_two_contracts_never_share_a_number(template, d1, y1, s1, d2, y2, s2):
    assume((d1, y1, s1) != (d2, y2, s2))
    assert contract_number(template, d1, y1, s1) != contract_number(template, d2, y2, s2)


@given(TEMPLATES, CODES, YEARS, CODES, YEARS)
def test_b2_serials_are_counted_per_department_and_year(template, d1, y1, d2, y2):
    same = contract_prefix(template, d1, y1) == contract_prefix(template, d2, y2)
    assert same == ((d1, y1) == (d2, y2))


def test_a_wider_serial_goes_on_counting_under_the_same_key():
    wider = DEFAULT_CONTRACT_TEMPLATE.replace("04", "06")
    assert contract_prefix(wider, "XS", 2026) == contract_prefix(DEFAULT_CONTRACT_TEMPLATE, "XS", 2026)


PARTS = st.builds(
    ArchiveNumberParts,
    fonds=st.from_regex(r"[A-Z0-9]{4}", fullmatch=True),
    category=st.from_regex(r"[A-Z]{2}(·[A-Z]{2,4})?", fullmatch=True),
    year=YEARS,
    retention=st.sampled_from(["Y", "D30", "D10"]),
    department=CODES,
    item=st.integers(1, 10**6),
)


def test_archive_numbers_have_the_prescribed_form():
    parts = ArchiveNumberParts("J001", "HT", 2026, "D30", "XS", item=1)
    assert archive_number(parts) == "J001-HT·2026-D30-XS-0001"
    assert archive_prefix(parts) == "J001-HT·2026-D30-XS"
    by_file = replace(parts, file=1)
    assert archive_number(by_file, by="file") == "J001-HT·2026-D30-XS-001-0001"
    assert archive_number(replace(by_file, item=None), by="file") == "J001-HT·2026-D30-XS-001"
    assert archive_prefix(by_file) == "J001-HT·2026-D30-XS-001"
    assert archive_prefix(replace(by_file, file=2)) != archive_prefix(by_file)


@given(PARTS, st.none() | st.integers(1, 99999))
def test_parsing_gives_back_what_was_numbered(parts, file):
    parts = replace(parts, file=file)
    text = archive_number(parts, by="item" if file is None else "file")
    assert parse_archive_number(text) == parts


@given(PARTS, st.integers(1, 10**6))
def test_a_bare_file_number_is_parsed_when_said_how_it_is_meant(parts, file):
    parts = replace(parts, file=file, item=None)
    assert parse_archive_number(archive_number(parts, by="file"), by="file") == parts


@given(PARTS, PARTS)
def test_archive_numbers_differ_when_anything_differs(a, b):
    assume(a != b)
    assert archive_number(a) != archive_number(b)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "J001-HT·2026-D30-XS-001-1",
        "J001-HT·2026-D30-XS-01",
        "J001-HT·2026-D30-XS-0000",
        "J001-HT·2026-D30-XS-00001",
        "J001-HT·2026-D30-XS-0001-0001",
        "J01-HT·2026-D30-XS-0001",
        "j001-HT·2026-D30-XS-0001",
        "J001-H·2026-D30-XS-0001",
        "J001-HT-2026-D30-XS-0001",
        "J001-HT・2026-D30-XS-0001",
        "J001-HT·26-D30-XS-0001",
        "J001-HT·2026-D0-XS-0001",
        "J001-HT·2026-D-10-XS-0001",
        "J001-HT·2026-X30-XS-0001",
        "J001-HT·2026-D30--0001",
        "J001-HT·2026-D30-XS-0001\n",
        " J001-HT·2026-D30-XS-0001",
        "J001-HT·2026-D30-XS-０００１",
    ],
)
def test_what_is_no_archive_number_is_refused(text):
    with pytest.raises(BadNumber):
        parse_archive_number(text)


@pytest.mark.parametrize(
    "change",
    [
        {"fonds": "J1"},
        {"category": "ht"},
        {"year": 999},
        {"retention": "D"},
        {"department": "A-B"},
        {"item": 0},
        {"file": -1},
    ],
)
def test_parts_out_of_form_are_refused(change):
    with pytest.raises(BadNumber):
        ArchiveNumberParts(
            **({"fonds": "J001", "category": "HT", "year": 2026, "retention": "Y", "department": "XS"} | change)
        )


def test_by_item_and_by_file_are_not_mixed():
    parts = ArchiveNumberParts("J001", "HT", 2026, "D30", "XS")
    for by, wrong in (("item", parts), ("item", replace(parts, file=1, item=1)), ("file", replace(parts, item=1))):
        with pytest.raises(BadNumber):
            archive_number(wrong, by=by)


def test_images_are_named_by_the_archive_number():
    assert image_name("J001-HT·2026-D30-XS-0001", 3) == "J001-HT·2026-D30-XS-0001-0003"
    assert image_name("J001/2026[甲]:7", 12) == "J001-2026-甲--7-0012"
    assert image_name("", 1) == ""
