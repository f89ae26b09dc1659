"""What a document made of the pages of others inherits from these."""

from hypothesis import given
from hypothesis import strategies as st

from intake.batches.said import Inherited, Said, inherit, paper_of

PAPERS = st.frozensets(st.sampled_from("abcdefgh"), min_size=1)
SAID = st.builds(Said, st.integers(0, 3), st.sampled_from([None, "x", "y"]), st.booleans(), own=st.booleans())


@given(PAPERS, st.lists(st.tuples(PAPERS, SAID)), st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3)))
def test_nothing_becomes_less_confidential(papers, documents, left):
    found = inherit(papers, documents, left, 1)
    for held, said in documents:
        assert not papers & held or found.tier >= said.tier
    every = {paper for held, _said in documents for paper in held}
    assert all(found.tier >= left.get(paper, 1) for paper in papers - every)


def test_of_paper_that_nobody_spoke_of_the_usual_holds():
    assert inherit({"a"}, [({"b"}, Said(3, "x", original=True))], {}, 1) == Inherited(1, None, None)
    assert inherit({"a"}, [({"a"}, Said(0, "x", original=True))], {"a": 3}, 1).tier == 0  # it was lowered since


def test_what_documents_say_differently_is_unsure_and_those_of_others_are_not_asked():
    one, other = Said(1, "x", original=True), Said(1, "y", original=False)
    found = inherit("ab", [("a", one), ("b", other)], {}, 1)
    assert (found.department, found.original, found.unsure) == (None, None, ("department", "original"))
    found = inherit("ab", [("a", one), ("b", Said(2, "y", original=False, own=False))], {}, 1)
    assert (found.tier, found.department, found.original, found.unsure) == (2, "x", True, ())


def test_a_new_scan_of_a_new_scan_is_the_same_paper():
    assert paper_of("3.1", {"3.1": "2.1", "2.1": "1.4"}) == "1.4"
