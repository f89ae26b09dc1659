"""B1: what the customary catalogue of a file (卷内目录) says of each document."""

import pytest

from retention.catalogue import Paper, entries, responsible

CONTRACT = {"party_a": "华岳实业", "party_b": "云桥智联", "contract_number": "HT-1", "signed_on": "2026-02-19"}


def paper(pages: int, **more: object) -> Paper:
    given = {"category": "1.9", "title": "合同", "original": True, "values": {}, "unsure": False} | more
    return Paper(pages=pages, **given)


def test_B1_pages_are_numbered_through_the_file():
    for pages, numbers in (
        ((3, 1, 2), ["1", "4", "5-6"]),
        ((3, 0, 1), ["1", "", "4"]),
        ((2, 3, 0), ["1", "3-5", ""]),  # a recording at the end has no pages
        ((4,), ["1-4"]),
        ((0,), [""]),
        ((), []),
    ):
        assert [entry.pages for entry in entries([paper(count) for count in pages])] == numbers


@pytest.mark.parametrize(
    ("values", "who"),
    [
        (CONTRACT, "华岳实业、云桥智联"),
        ({"party_a": "华岳实业", "party_b": "华岳实业"}, "华岳实业"),
        ({"name": "云桥智联", "authority": "市场监督管理局"}, "市场监督管理局"),
        ({"sender": "云桥智联", "recipient": "华岳实业"}, "云桥智联"),
        ({"principal": "华岳实业", "agent": "王某"}, "华岳实业"),
        ({"name": "云桥智联"}, ""),
    ],
)
def test_B1_the_party_responsible_is_who_made_the_paper(values, who):
    assert responsible(values) == who


def test_B1_a_row_says_what_is_known_and_leaves_the_rest_empty():
    known, unknown = entries([paper(1, values=CONTRACT, unsure=True), paper(1, category="", original=False)])
    assert (known.number, known.formed_on, known.remark) == ("HT-1", "20260219", "类目1.9 原件 未经核验")
    assert (unknown.number, unknown.responsible, unknown.formed_on, unknown.remark) == ("", "", "", "复印件")
    assert entries([paper(1, values={"signed_on": "long-term"})])[0].formed_on == ""
