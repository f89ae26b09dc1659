"""Numbers that no check digit bears out are read twice."""

import pytest

from intake.adapters.readings import Reading, agreed, is_of_code


def said(text, score=0.99):
    return Reading(text, score, tuple((i + 0.5) / len(text) for i in range(len(text))), (score,) * len(text))


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        ("合同号：HT-20249070", True),
        ("合同号：CG/2026/996", True),
        ("凭证号：ZM202505034", True),
        ("代码：91510104MAHN7RTK9C", True),  # its check digit is wrong
        ("代码：91510104MAHN7RTK9B", False),
        ("电话：0571-55505930", False),
        ("日期：2024-10-13", False),
        ("A座1873室", False),
    ],
)
def test_numbers_without_a_check_digit_are_read_twice(text, twice):
    assert is_of_code(text) is twice


@pytest.mark.parametrize(
    ("one", "other", "text", "doubted"),
    [
        ("号：HT-20249070", "号：HT-2024-9070", "号：HT-2024-9070", "HT-2024-9070"),
        ("号：HT-2024-9070", "号：HT-20249070", "号：HT-2024-9070", "HT-2024-9070"),
        ("号：HT-2024-9070", "号：HT-2024-907O", "号：HT-2024-9070", "HT-2024-9070"),
        ("号：HT-2024-9070", "号:HT-2024-9070", "号：HT-2024-9070", ""),
        ("号： HT-2024-9070", "号：HT-2024-9070", "号： HT-2024-9070", ""),
    ],
)
def test_two_readings_that_differ_are_a_doubt(one, other, text, doubted):
    read = agreed(said(one), said(other))
    assert read.text == text
    assert "".join(c for c, s in zip(read.text, read.scores, strict=True) if s < 0.5) == doubted
