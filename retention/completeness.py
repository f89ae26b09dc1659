"""Is a file complete? For each category it says present, missing, or not applicable with a reason and who said so (RULES B1, B5)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from retention.categories import CONTRACT_CATEGORIES, CREDIT_CATEGORIES, Category
from retention.errors import TransitionRefused

FileKind = Literal["contract", "credit"]
SlotState = Literal["present", "missing", "not_applicable"]


@dataclass(frozen=True)
class NotApplicable:
    """Why a category does not apply to a file, and who said so. Both are needed: raises TransitionRefused."""

    reason: str
    by: str

    def __post_init__(self) -> None:
        if not self.reason.strip() or not self.by.strip():
            raise TransitionRefused("a category is not applicable only with a reason and a name")


@dataclass(frozen=True)
class Slot:
    """One category of a file. why, by: the reason and who gave it where the category is not applicable, "" elsewhere."""

    category: Category
    state: SlotState
    why: str = ""
    by: str = ""


@dataclass(frozen=True)
class Completeness:
    """All slots in order. complete: nothing is missing. missing: the codes that are."""

    slots: tuple[Slot, ...]
    complete: bool
    missing: tuple[str, ...]


def categories_of(kind: FileKind) -> Mapping[str, Category]:
    """Return the categories a file of this kind consists of, in order."""
    return {"contract": CONTRACT_CATEGORIES, "credit": CREDIT_CATEGORIES}[kind]


def _slot(category: Category, present: Collection[str], marks: Mapping[str, NotApplicable]) -> Slot:
    if category.code in present:
        return Slot(category, "present")  # what lies in the file outweighs what was said about it
    mark = marks.get(category.code)
    return Slot(category, "missing") if mark is None else Slot(category, "not_applicable", mark.reason, mark.by)


def check(kind: FileKind, present: Collection[str], not_applicable: Mapping[str, NotApplicable]) -> Completeness:
    """Return the state of every category of a file.

    present: codes of which the file holds at least one document. Raises ValueError for a code that is no category of
    this kind of file: whoever calls has mixed up two files.
    """
    categories = categories_of(kind)
    foreign = sorted({*present, *not_applicable} - set(categories))
    if foreign:
        raise ValueError(f"not categories of a {kind} file: {', '.join(foreign)}")
    slots = tuple(_slot(category, present, not_applicable) for category in categories.values())
    missing = tuple(slot.category.code for slot in slots if slot.state == "missing")
    return Completeness(slots, not missing, missing)
