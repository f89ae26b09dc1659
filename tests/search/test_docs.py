"""The manual must name what the parser knows, and nothing else."""

import re
from pathlib import Path

from search.fields import ALIASES, CATEGORY_WORDS, FIELDS

MANUAL = (Path(__file__).parents[2] / "docs" / "search.md").read_text(encoding="utf-8")


def test_the_manual_lists_every_field_and_alias():
    section = MANUAL.split("### 栏目")[1].split("### ")[0]
    rows = [row.split("|")[1:3] for row in section.splitlines() if row.startswith("| `")]
    fields = {name for row in rows for name in re.findall(r"`(\w+)`", row[0])}
    aliases = {name for row in rows for name in re.findall(r"`(\w+)`", row[1])}
    assert fields == set(FIELDS)
    assert aliases == set(ALIASES)


def test_aliases_name_fields_and_every_category_has_words():
    assert set(ALIASES.values()) <= set(FIELDS)
    assert len(CATEGORY_WORDS) == 11 + 13
