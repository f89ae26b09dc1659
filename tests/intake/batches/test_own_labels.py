"""Labels that a company prints itself: which bar codes they are, what these say, and what is wrong with a file that describes none."""

import logging
import time

import pytest

from intake.batches import apart, marks
from intake.batches.own_labels import BadLabel, OwnLabel, as_plain, first_of, parse
from intake.batches.payload import Separator, encode
from intake.model import Limits
from intake.templates import Forms, unusable
from tests.intake.batches import stacks

CUSTOMER = parse({"codes": ["KH-{customer:######}"], "starts": "file", "category": "1.9"})


@pytest.mark.parametrize(
    ("pattern", "code", "said"),
    [
        ("KH-{customer:######}", "KH-000123", Separator(customer="000123", label=True)),
        ("{customer:KH-######}", "KH-000123", Separator(customer="KH-000123", label=True)),
        ("{contract:HT-@@-####}/{customer:K###}", "HT-XS-0042/K007", Separator("document", "HT-XS-0042", "K007", label=True)),
        ("ZJ??##", "ZJA701", Separator(label=True)),
        ("KH-{customer:######}", "KH-00012", None),
        ("KH-{customer:######}", "KH-0001234", None),
        ("KH-{customer:######}", "XKH-000123", None),
        ("KH-{customer:######}", "KH-00012A", None),
        ("KH-{customer:######}", "KH-0００１２３", None),
        ("ZJ@###", "ZJa701", None),
        ("a.c*##", "abcc01", None),  # a point and a star are themselves
    ],
)  # fmt: skip
def test_a_code_is_a_label_when_it_is_of_the_pattern_from_end_to_end(pattern, code, said):
    assert parse({"codes": [pattern]}).said(code) == said


def test_what_a_label_begins_stands_in_its_file():
    assert CUSTOMER.said("KH-000123") == Separator("file", customer="000123", category="1.9", label=True)
    assert first_of([CUSTOMER, parse({"codes": ["ZJ-####"]})], "ZJ-0001") == Separator(label=True)
    assert first_of([CUSTOMER], "6901234567892") is None
    assert [parse(plain) for plain in as_plain([CUSTOMER])] == [CUSTOMER]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"codes": []}, "1 to 50"),
        ({"codes": "KH-######"}, "list"),
        ({"codes": ["KH-######"], "colour": "red"}, "colour"),
        ({"codes": ["KH-######"], "starts": "page"}, "starts"),
        ({"codes": ["KH-######"], "category": "9.9"}, "9.9"),
        ({"codes": ["KH-######"], "category": ["1.9"]}, "category"),
        ({"codes": ["########"]}, "others' codes"),
        ({"codes": ["K{customer:######}"]}, "others' codes"),
        ({"codes": ["KH-{name:######}"]}, "contract and customer"),
        ({"codes": ["KH-{customer:###}{customer:###}"]}, "once each"),
        ({"codes": ["KH-{customer:}"]}, "is written"),
        ({"codes": ["KH-{customer:###"]}, "is written"),
        ({"codes": ["KH-######" * 6]}, "48"),
        ({"codes": ["客户-######"]}, "bar codes can carry"),
        ({"codes": [" KH-######"]}, "bar codes can carry"),
        ({"codes": ["^KH-[0-9]+(a+)+$"] * 51}, "1 to 50"),
    ],
)
def test_a_wrong_label_says_what_is_wrong(data, why):
    with pytest.raises(BadLabel, match=why):
        parse(data)


def test_whatever_stands_in_codes_takes_no_time_to_look_for():
    labels = [parse({"codes": ["(a+)+$" + "#" * 40] * 50}) for _ in range(20)]
    began = time.process_time()
    assert first_of(labels, "a" * 46) is None
    assert time.process_time() - began < 0.5


def labelled(code, kind, seed, module=0.4):
    page = stacks.words(stacks.paper(), 20, seed)
    return stacks.scanned(stacks.put(page, stacks.code(code, kind, module=module), 0.6, 9.5), seed)


@pytest.mark.parametrize("kind", ["code128", "code39", "qr"])
def test_the_page_a_label_sticks_on_begins_something_and_stays(kind):
    page = labelled("KH-000123", kind, 7)
    assert marks.find(page, 150) is None
    found = marks.find(page, 150, [CUSTOMER])
    assert found is not None
    assert (found.separator, found.how) == (Separator("file", customer="000123", category="1.9", label=True), kind)
    assert marks.find(labelled("690-123456", kind, 8), 150, [CUSTOMER]) is None


def test_our_label_counts_before_theirs_and_theirs_that_differ_only_part():
    ours = Separator("document", "HT-XS-2026-0001", label=True)
    page = stacks.words(stacks.paper(), 16, 9)
    stacks.put(page, stacks.code("KH-000123", "code128", module=0.4), 0.6, 9.5)
    stacks.put(page, stacks.code(encode(ours), "code128", module=0.34), 0.6, 8.0)
    found = marks.find(page, 150, [CUSTOMER])
    assert found is not None
    assert found.separator == ours
    page = stacks.words(stacks.paper(), 16, 9)
    for i in range(2):
        stacks.put(page, stacks.code(f"KH-00012{i}", "code128", module=0.4), 0.6, 8.0 + 1.4 * i)
    found = marks.find(page, 150, [CUSTOMER])
    assert found is not None
    assert found.separator == Separator(label=True)


def test_the_process_that_looks_at_pages_knows_the_labels(tmp_path):
    path = stacks.as_pdf(
        tmp_path / "stack.pdf", [labelled("KH-000123", "code128", 3), stacks.words(stacks.paper(), 20, 4)]
    )
    found = list(apart.look(path, "pdf", 2, Limits(), [CUSTOMER]))
    assert [look.kind for look in found] == ["page", "page"]
    assert [look.separator for look in found] == [CUSTOMER.said("KH-000123"), None]


def test_labels_lie_among_the_companys_forms(tmp_path, caplog):
    (tmp_path / "form.toml").write_text('words = ["供方准入评审单"]', encoding="utf-8")
    forms = Forms(tmp_path)
    assert (len(forms.now()), forms.labels()) == (1, ())
    (tmp_path / "label.toml").write_text('codes = ["KH-{customer:######}"]\nstarts = "file"', encoding="utf-8")
    (tmp_path / "wrong.toml").write_text('codes = ["####"]', encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert forms.labels() == (OwnLabel(("KH-{customer:######}",), "file"),)
    assert "wrong.toml" in caplog.text
    assert len(forms.now()) == 1
    assert list(unusable(tmp_path)) == ["wrong.toml"]
