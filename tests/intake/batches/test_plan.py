"""From pages to documents, passes put together, and the account of the paper."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.batches import edit
from intake.batches.payload import Separator
from intake.batches.plan import Manifest, Part, Seen, account, interleave, left_out, split
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


PARTS = [Part((("1.1", 0), ("1.2", 90)), "C", "U", "1.9"), Part((("1.4", 0),), "D")]
ORDER = ["1.1", "1.2", "1.3", "1.4", "1.5"]


def test_a_new_document_has_the_same_contract_and_a_category_of_its_own():
    assert edit.split_before(PARTS, "1.2") == [
        Part((("1.1", 0),), "C", "U", "1.9"), Part((("1.2", 90),), "C", "U", ""), PARTS[1],
    ]  # fmt: skip
    assert edit.split_before(PARTS, "1.4") == PARTS


def test_documents_are_joined_and_the_first_says_what_they_are():
    assert edit.merge(PARTS, "1.2") == [Part((("1.1", 0), ("1.2", 90), ("1.4", 0)), "C", "U", "1.9")]
    with pytest.raises(edit.NoSuchPage):
        edit.merge(PARTS, "1.4")


def test_a_page_that_is_put_back_lies_where_it_lay():
    assert keys(edit.keep(PARTS, "1.3", ORDER)[0]) == ["1.1", "1.2", "1.3"]
    assert keys(edit.keep(PARTS, "1.5", ORDER)[1]) == ["1.4", "1.5"]
    assert keys(edit.keep(PARTS[1:], "1.1", ORDER)[0]) == ["1.1", "1.4"]
    assert edit.keep([], "1.2", ORDER) == [Part((("1.2", 0),))]
    assert edit.keep(PARTS, "1.1", ORDER) == PARTS
    with pytest.raises(edit.NoSuchPage):
        edit.keep(PARTS, "9.9", ORDER)


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["rotate", "move", "earlier", "later", "drop", "keep", "split", "merge"]),
              st.sampled_from(ORDER), st.sampled_from(ORDER)), max_size=20,
)  # fmt: skip


@given(ACTIONS)
def test_no_change_loses_or_doubles_a_page(actions):
    parts = PARTS
    for action, key, other in actions:
        held = {name for part in parts for name in keys(part)}
        try:
            parts = {
                "rotate": lambda p, k, _: edit.rotate(p, k, 90),
                "move": edit.move,
                "earlier": lambda p, k, _: edit.step(p, k, -1),
                "later": lambda p, k, _: edit.step(p, k, 1),
                "drop": lambda p, k, _: edit.drop(p, k),
                "keep": lambda p, k, _: edit.keep(p, k, ORDER),
                "split": lambda p, k, _: edit.split_before(p, k),
                "merge": lambda p, k, _: edit.merge(p, k),
            }[action](parts, key, other)
        except edit.NoSuchPage:
            continue
        now = [name for part in parts for name in keys(part)]
        wanted = held - {key} if action == "drop" else held | {key} if action == "keep" else held
        assert sorted(now) == sorted(wanted)
        assert all(part.pages for part in parts)


def test_pages_that_a_person_left_out_are_told_from_those_on_which_nothing_is():
    pages = {
        "1.1": {"kind": "page"},
        "1.2": {"kind": "separator"},
        "1.3": {"kind": "blank", "measured": "blank"},
        "1.4": {"kind": "blank", "measured": "blank", "by": "person:a"},
        "1.5": {"kind": "blank", "by": "person:a"},
        "1.6": {"kind": "replaced", "by": "person:a"},
        "1.7": {"kind": "page"},
        "1.8": {"kind": "blank", "by": "person:a"},
    }
    assert left_out(pages.items(), {"1.1", "1.8"}) == ["1.5", "1.6", "1.7"]
