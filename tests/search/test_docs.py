"""The manual must name what the parser knows, and nothing else."""

import re
from pathlib import Path

from search.fields import ALIASES, CATEGORY_WORDS, FIELDS
from service.web import words

MANUAL = (Path(__file__).parents[2] / "docs" / "search.md").read_text(encoding="utf-8")


def test_the_manual_lists_every_field_and_alias():
    section = MANUAL.split("### 栏目")[1].split("### ")[0]
    rows = [row.split("|")[1:3] for row in section.splitlines() if row.startswith("| `")]
    fields = {name for row in rows for name in re.findall(r"`(\w+)`", row[0])}
    aliases = {name for row in rows for name in re.findall(r"`(\w+)`", row[1])}
    assert fields == set(FIELDS)
    assert aliases == set(ALIASES)


def test_what_a_page_calls_a_field_names_it_in_a_query():
    for name, word in words.FIELDS.items():
        called = str(word).partition("（")[0]
        # A year of a review, the figures of a statement, which nobody looks papers up by; seals are one field.
        if name not in ("year", "turnover", "equity", "annual_sales", *(f"seal_{at}" for at in range(2, 9))):
            assert name in FIELDS[name]
            assert called == "信用期限" or name in FIELDS[ALIASES[called]]


def test_aliases_name_fields_and_every_category_has_words():
    assert set(ALIASES.values()) <= set(FIELDS)
    assert len(CATEGORY_WORDS) == 11 + 13
