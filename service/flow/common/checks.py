"""Checks: what its page, its check digit and other values say for and against a value, worked out when it is shown or confirmed."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from intake.capitals import Capital, agreement, capitals_on
from intake.fields.seals import COMPLETED
from intake.fields.seals import NAMES as SEALS
from intake.model import PageText
from intake.typed import kind_of, read_typed
from service.records.tables import DocumentField

#: What speaks against a value so much that confirming all does not confirm it: a person says of it alone that it is printed so.
AGAINST = ("check_digit_failed", "amount_mismatch", "term_mismatch", "birth_mismatch", "seal_mismatch", COMPLETED)
#: The mark of a value that was written on the paper by hand.
BY_HAND = "handwritten"


@dataclass(frozen=True)
class Sheets:
    """The pages on which values of a document stand, by number; none where they cannot be looked at."""

    pages: Mapping[int, PageText] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, pages: Iterable[PageText]) -> "Sheets":
        """Return the sheets of some pages."""
        return cls({page.number: page for page in pages})

    @cached_property
    def capitals(self) -> tuple[Capital, ...]:
        """The sums in capitals on them."""
        return capitals_on(self.pages.values())


def checks(field: DocumentField, sheets: Sheets) -> list[str]:
    """Return what is known of a value: its marks, then what its own check digit, the capitals beside it and its page add.

    A code fails its check digit, too, where letters of it are missing. Of a sum without a place its marks alone tell: they were
    made with all pages in sight, when a person typed it.
    """
    marks = list(field.marks)
    if field.value:
        kind, typed = kind_of(field.name), read_typed(field.name, field.value)
        marks += ("check_digit_failed",) if typed.problem and kind in ("code", "identity_number") else typed.marks
        if field.page and kind == "money":
            marks += [agreement(field.value, sheets.capitals, field.page, field.box)]
    page = sheets.pages.get(field.page)
    if page is not None and page.has_hand_in(field.box) and field.name not in SEALS:
        marks += [BY_HAND]
    return [mark for mark in dict.fromkeys(marks) if mark and mark != "amount_elsewhere"]


def against(field: DocumentField, sheets: Sheets) -> str:
    """Return what speaks against a value, a word of AGAINST; "" when nothing does."""
    found = checks(field, sheets)
    return next((word for word in AGAINST if word in found), "")
