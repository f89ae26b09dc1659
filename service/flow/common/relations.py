"""Relations: what one value says of others (a seal of its owner, a card's number of the birthday), once a person has changed one."""

from collections.abc import Iterable

from intake.fields.seals import COMPLETED, RELATED, compared
from intake.fields.seals import NAMES as SEALS
from intake.model import Field
from intake.verification import TERM
from service.records.tables import Document, DocumentField


def compare_again(document: Document, changed: str) -> list[str]:
    """Bring the marks up to date that hold other values against the one that was changed; returns the seals that fit now.

    How many years the paper says a term has is not kept: once one of its days is another, it says nothing of the others.
    """
    fields = {field.name: field for field in document.fields}
    if changed in TERM:
        for name in TERM & fields.keys():
            _mark(fields[name], ["term_mismatch"], [])
    if changed in ("born_on", "identity_number") and "born_on" in fields:
        number = fields["identity_number"].value if "identity_number" in fields else ""
        born = fields["born_on"]
        differs = bool(number and born.value) and born.value.replace("-", "") != number[6:14]
        _mark(born, ["birth_mismatch"], ["birth_mismatch"] if differs else [])
    return _seals(document.kind, fields) if changed in RELATED else []


def _seals(kind: str, fields: dict[str, DocumentField]) -> list[str]:
    from intake.understand import CONFIDENCE_LINE  # a program that only searches needs no reader of pages

    found = {
        f.name: Field(f.value, f.page, (0, 0, 0, 0), f.confidence, tuple(m for m in f.marks if m == COMPLETED))
        for f in fields.values()
        if f.value
    }
    held, _reasons = compared(found, kind, CONFIDENCE_LINE)
    before = {name for name, field in fields.items() if "seal_ok" in field.marks}
    for name in fields.keys() & set(SEALS):
        said = [mark for mark in held[name].marks if mark.startswith("seal_")] if name in held else []
        _mark(fields[name], ["seal_ok", "seal_mismatch"], said)
    return [name for name in held if "seal_ok" in fields[name].marks and name not in before]


def _mark(field: DocumentField, old: Iterable[str], new: Iterable[str]) -> None:
    kept = [mark for mark in field.marks if mark not in old]
    if [*kept, *new] != field.marks:
        field.marks = [*kept, *new]
