"""From pages to documents, passes put together, and the account of the paper."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.batches.payload import Separator
from intake.batches.plan import Manifest, Part, Seen, account, interleave, split
from intake.errors import Rejected


def pages(*kinds):
    """Pages in order: "p" a page, "b" blank, a Separator for a sheet, (Separator, "p") for a label."""
    out = []
    for i, kind in enumerate(kinds, 1):
        key = f"1.{i}"
        if isinstance(kind, Separator):
            out.append(Seen(key, "page" if kind.label else "separator", separator=kind))
        else:
            out.append(Seen(key, {"p": "page", "b": "blank"}[kind]))
    return out


def keys(part):
    return [key for key, _turn in part.pages]


def test_sheets_divide_and_are_no_pages():
    found = split(pages("p", "p", Separator(), "p", "b", Separator(category="1.2"), "p"))
    assert [keys(p) for p in found] == [["1.1", "1.2"], ["1.4"], ["1.7"]]
    assert [p.category for p in found] == ["", "", "1.2"]


def test_a_labels_page_begins_its_document():
    found = split(pages("p", Separator(contract="C", label=True), "p"))
    assert [keys(p) for p in found] == [["1.1"], ["1.2", "1.3"]]
    assert found[1].contract == "C"


def test_what_a_file_says_holds_until_the_next_file():
    found = split(
        pages(
            Separator("file", contract="A"), "p", Separator(category="1.9"), "p", Separator(contract="B"), "p",
            Separator(), "p", Separator("file", customer="K1"), "p", Separator("file"), "p",
        )
    )  # fmt: skip
    assert [(p.contract, p.customer) for p in found] == [
        ("A", ""), ("A", ""), ("B", ""), ("A", ""), ("", "K1"), ("", ""),
    ]  # fmt: skip


def test_two_sheets_in_a_row_make_no_empty_document():
    assert split(pages(Separator(), Separator(), "b", "p", Separator())) == [Part((("1.4", 0),))]
    assert split(pages(Separator(), "b")) == []


kinds = st.lists(st.one_of(st.sampled_from(["p", "b"]), st.builds(Separator, label=st.booleans())), max_size=30)


@given(kinds)
def test_every_page_is_in_one_document_and_in_order(stack):
    given_pages = pages(*stack)
    held = [key for part in split(given_pages) for key in keys(part)]
    assert held == [page.key for page in given_pages if page.kind == "page"]
    found = account(((p.key, p.kind) for p in given_pages), held)
    assert not found.lost
    assert found.kept + found.blanks + found.separators == len(stack)


def test_two_passes_are_put_together():
    assert interleave(["1.1", "1.2", "1.3"], ["2.1", "2.2", "2.3"]) == ["1.1", "2.3", "1.2", "2.2", "1.3", "2.1"]
    with pytest.raises(Rejected, match="3 pages, the second 2"):
        interleave(["1.1", "1.2", "1.3"], ["2.1", "2.2"])


def test_the_account_balances_only_when_paper_and_pages_agree():
    good = Manifest(sheets=5, sides=2, received=11, kept=6, blanks=3, separators=1, replaced=1)
    assert good.balances
    assert not Manifest(5, 2, 10, 6, 2, 1).balances  # a page is nowhere
    assert not Manifest(4, 2, 10, 6, 3, 1).balances  # more pages than paper
    assert not Manifest(6, 2, 10, 6, 3, 1).balances  # a sheet was never pulled in
    assert not Manifest(None, 2, 10, 6, 3, 1).balances  # nobody counted


def test_a_page_that_nobody_holds_is_lost():
    found = account([("1.1", "page"), ("1.2", "blank"), ("1.3", "page")], ["1.1", "1.2"])
    assert (found.kept, found.blanks, found.lost) == (2, 0, ["1.3"])
