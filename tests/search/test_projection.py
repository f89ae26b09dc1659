"""What an engine is told of the values of a document."""

import pytest

from search.fields import FIELDS
from search.model import IndexedPage
from search.projection import MARKS, project
from search.ranges import SHORT, STORED
from search.syntax import And, FieldMatch, Or, Range, parse


def leaves(node):
    return [leaf for part in node.parts for leaf in leaves(part)] if isinstance(node, And | Or) else [node]


@pytest.mark.parametrize("name", sorted({*STORED, *SHORT}))
def test_fields_of_dates_and_amounts_are_asked_for_by_their_value_alone(name):
    typed = "692.2万元" if SHORT.get(name, name) in ("amount", "registered_capital") else "2026-02-19"
    for query in (f"{name}:{typed}", f'{name}:"{typed}"'):
        asked = leaves(parse(query))
        assert any(isinstance(leaf, Range) for leaf in asked)
        assert not any(isinstance(leaf, FieldMatch) for leaf in asked)


def test_no_word_is_kept_that_no_field_can_be_asked_for():
    assert all(names == (field,) for field, names in FIELDS.items() if {*names} & {*STORED})
    fields = dict.fromkeys(STORED, "2026-02-19") | {"party_b": "柳州洋源电气厂2厂", "amount": "6,922,000.00元"}
    entry = project("d", [IndexedPage("d", 1, "合同", received_on="2026-02-19", fields=fields)])
    tokens = entry.tokens["named"].split() + entry.tokens[MARKS].split()
    assert {"party_b:柳州", "party_b.#2"} <= {*tokens}
    assert not [token for token in tokens if token.startswith(STORED)]
    assert {"m#6922000", "m@2026-02-19"} <= {*tokens}  # and without a name, whatever they are called
    assert "6, ,9 92" in entry.tokens["meta"]
    whole = {f"range_{name}": 2026_02_19 for name in STORED if name not in ("amount", "registered_capital")}
    assert whole | {"range_amount": 692_200_000} == entry.ranges
