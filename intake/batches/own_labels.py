"""Labels that a company prints itself, as data: what their bar codes say, and what begins at the page they stick on.

codes = ["KH-{customer:######}"]            # # a digit, @ a capital letter, ? either; all else stands as it is
starts = "file"                             # optional: "document" (else) or "file"
category = "1.9"                            # optional: the code of RULES B1/B5

No regular expressions: a code is as long as its pattern, so that looking for it takes no time, and nothing matches by mistake.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from intake.batches.payload import LINEAR_LIMIT, Separator
from intake.categories import may_say

_KEYS = {"codes", "starts", "category"}
_GROUP = re.compile(r"\{(\w*):([^{}]*)\}")
_NAMES = ("contract", "customer")
_DIGITS, _LETTERS = frozenset("0123456789"), frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_ANY = {"#": _DIGITS, "@": _LETTERS, "?": _DIGITS | _LETTERS}
#: So many characters of a code stand as they are: of fewer, bar codes of others would look like it.
_FIXED = 2
_MOST = 50


class BadLabel(ValueError):
    """The file describes no label; the message says what is wrong with it."""


@dataclass(frozen=True)
class OwnLabel:
    """A label: the patterns of its codes, what it begins, and the category of that."""

    codes: tuple[str, ...]
    starts: Literal["document", "file"] = "document"
    category: str = ""

    def said(self, code: str) -> Separator | None:
        """Return what a bar code of this text says; None when it is none of these."""
        for pattern in self.codes:
            found = _matched(pattern, code)
            if found is not None:
                return Separator(
                    self.starts, found.get("contract", ""), found.get("customer", ""), self.category, label=True
                )
        return None


def parse(data: Mapping[str, Any]) -> OwnLabel:
    """Return the label that a TOML file describes. Raises BadLabel."""
    unknown = sorted(set(data) - _KEYS)
    if unknown:
        raise BadLabel(f"has {', '.join(unknown)}; a label has only codes, starts and category")
    codes, starts, category = data.get("codes"), data.get("starts", "document"), data.get("category", "")
    if not isinstance(codes, list) or not 0 < len(codes) <= _MOST or not all(isinstance(code, str) for code in codes):
        raise BadLabel(f"must have codes as a list of 1 to {_MOST} patterns")
    for code in codes:
        _demand_pattern(code)
    if starts not in ("document", "file"):
        raise BadLabel('must have starts as "document" or "file"')
    if not may_say(category):
        raise BadLabel(f"has the category {category!r}, which RULES B1 and B5 do not name")
    return OwnLabel(tuple(codes), cast("Literal['document', 'file']", starts), category)


def first_of(labels: Iterable[OwnLabel], code: str) -> Separator | None:
    """Return what a bar code says by the first label that knows it; None when none does."""
    return next((said for label in labels if (said := label.said(code)) is not None), None)


def _demand_pattern(code: str) -> None:
    names, bare = [found[1] for found in _GROUP.finditer(code)], _GROUP.sub(r"\2", code)
    if "{" in bare or "}" in bare or not all(found[2] for found in _GROUP.finditer(code)):
        raise BadLabel(f"has the code {code!r}; a number in it is written {{contract:…}} or {{customer:…}}")
    if not set(names) <= set(_NAMES) or len(names) != len(set(names)):
        raise BadLabel(f"has the code {code!r}, in which contract and customer may stand once each, and nothing else")
    if not bare.isascii() or not bare.isprintable() or bare != bare.strip() or len(bare) > LINEAR_LIMIT:
        raise BadLabel(f"has the code {code!r}; a code has up to {LINEAR_LIMIT} characters that bar codes can carry")
    if sum(char not in _ANY for char in bare) < _FIXED:
        raise BadLabel(
            f"has the code {code!r}, in which fewer than {_FIXED} characters are fixed: others' codes match it"
        )


def _matched(pattern: str, code: str) -> dict[str, str] | None:
    """Return the numbers in a code by their names; None when it is not of this pattern."""
    bare = _GROUP.sub(r"\2", pattern)
    if len(bare) != len(code) or not all(c in _ANY.get(p, p) for p, c in zip(bare, code, strict=True)):
        return None
    found, shift = dict[str, str](), 0
    for group in _GROUP.finditer(pattern):
        start = group.start() - shift
        found[group[1]] = code[start : start + len(group[2])]
        shift += len(group[0]) - len(group[2])
    return found


def as_plain(labels: Sequence[OwnLabel]) -> list[dict[str, Any]]:
    """Return labels as `parse` takes them: for the process that looks at pages."""
    return [{"codes": list(label.codes), "starts": label.starts, "category": label.category} for label in labels]
