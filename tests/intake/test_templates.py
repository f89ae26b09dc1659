"""A company's own forms: known by their words, read by their labels, refused with a reason when the file is wrong."""

import logging

import pytest

from intake.templates import BadTemplate, Forms, load, parse
from intake.understand import understand, understand_as
from tests.intake.layouts import letter

FORM = """
words = ["供方准入评审单"]
category = "5.2"
[labels]
name = ["准入单位"]
amount = ["建议额度"]
"""
PAGE = """
# 供方准入评审单
准入单位：石桥建材有限公司
建议额度：人民币300万元
评审意见：同意
"""


def test_an_own_form_gives_its_category_and_the_meaning_of_its_labels():
    read = understand([letter(PAGE)], (), [parse(FORM)])
    assert read.category == "5.2"
    assert (read.fields["name"].value, read.fields["amount"].value) == ("石桥建材有限公司", "3000000.00")


def test_the_labels_of_an_own_form_count_when_a_person_has_named_the_category():
    read = understand_as([letter(PAGE)], "5.10", [parse(FORM)])
    assert read.category == "5.10"
    assert read.fields["amount"].value == "3000000.00"
    assert "amount" not in understand_as([letter(PAGE)], "5.10").fields


def test_a_page_without_the_words_of_the_form_is_read_as_ever():
    page = [letter("# 授权委托书\n委托人：石桥建材有限公司\n受托人：赵铁柱\n日期：2026年1月20日")]
    assert understand(page, (), [parse(FORM)]) == understand(page)


def test_words_in_traditional_print_count():
    assert understand([letter(PAGE.replace("评审单", "評審單"))], (), [parse(FORM)]).category == "5.2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("words = [", "no TOML"),
        ('category = "5.2"', "words"),
        ('words = ["单"]', "two letters"),
        ('words = ["准入"]\ncategory = "9.9"', "9.9"),
        ('words = ["准入"]\ncolour = "red"', "colour"),
        ('words = ["准入"]\n[labels]\n"Name" = ["准入单位"]', "labels"),
    ],
)
def test_a_wrong_form_says_what_is_wrong(text, said):
    with pytest.raises(BadTemplate, match=said):
        parse(text)


def test_a_wrong_file_is_left_out_and_named_and_the_others_are_used(tmp_path, caplog):
    (tmp_path / "a.toml").write_text(FORM, encoding="utf-8")
    (tmp_path / "b.toml").write_text("words = 3", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert len(load(tmp_path)) == 1
    assert "b.toml" in caplog.text
    assert load(tmp_path / "missing") == ()


def test_what_is_put_into_the_folder_counts_at_once_and_is_read_once(tmp_path, caplog):
    forms = Forms(tmp_path / "forms")
    assert forms.now() == ()
    (tmp_path / "forms").mkdir()
    path = tmp_path / "forms" / "a.toml"
    path.write_text(FORM, encoding="utf-8")
    assert [form.category for form in forms.now()] == ["5.2"]
    path.write_text(FORM.replace("5.2", "5.10"), encoding="utf-8")
    assert [form.category for form in forms.now()] == ["5.10"]
    assert forms.now() is forms.now()
    path.write_text("words = 3", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert forms.now() == forms.now() == ()
    assert caplog.text.count("a.toml") == 1  # said once, not for every document
    path.unlink()
    assert forms.now() == ()
