"""Labels for what is in the archive: one for every number that was chosen, a contract's or a customer's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from intake.batches.labels import CODES, CUTS, Label, TooLong, as_pdf
from service.access.policy import Actor
from service.errors import BadInput
from service.flow.intake.separators import separator_for
from service.house import House

MAX_LABELS = 500


@dataclass(frozen=True)
class Chosen:
    """Which labels. contracts, customers: numbers in order; without any, `copies` labels that only begin a document.

    copies: of every label. used: how many labels of the first sheet are gone already.
    """

    contracts: Sequence[str] = ()
    customers: Sequence[str] = ()
    category: str = ""
    starts: str = "document"
    cut: str = "L7160"
    code: str = "qr"
    copies: int = 1
    used: int = 0


def print_labels(house: House, actor: Actor, chosen: Chosen) -> tuple[bytes, int]:
    """Return (the PDF, how many labels it has). Every number must exist. Raises BadInput by field, NotAllowed."""
    numbers = [("contract", number) for number in chosen.contracts] + [("customer", n) for n in chosen.customers]
    wrong = _wrong(chosen, len(numbers))
    labels = []
    for name, number in [] if wrong else numbers or [("contract", "")]:
        try:
            label = _label(house, actor, name, number, chosen)
        except BadInput as error:
            for field, why in error.fields.items():
                wrong[field] = f"{number}: {why}" if field == name else why
        else:
            labels += [label] * chosen.copies
    if wrong:
        raise BadInput("; ".join(f"{field}: {why}" for field, why in wrong.items()), wrong)
    try:
        return as_pdf(labels, chosen.cut, chosen.code, used=chosen.used), len(labels)
    except TooLong as error:
        raise BadInput(f"code: {error}", {"code": str(error)}) from error


def _label(house: House, actor: Actor, name: str, number: str, chosen: Chosen) -> Label:
    wanted = separator_for(house, actor, starts=chosen.starts, category=chosen.category, **{name: number})
    said = replace(wanted.separator, label=True)
    lines = (number, wanted.contract_title or wanted.customer_name, chosen.category)
    return Label(said, tuple(line for line in lines if line) or ("新文件 NEW DOCUMENT",))


def _wrong(chosen: Chosen, numbers: int) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if chosen.cut not in CUTS:
        wrong["cut"] = f"one of {', '.join(CUTS)}"
    elif not 0 <= chosen.used < CUTS[chosen.cut].count:
        wrong["used"] = f"0 to {CUTS[chosen.cut].count - 1}"
    if chosen.code not in CODES:
        wrong["code"] = f"one of {', '.join(CODES)}"
    if not 0 < chosen.copies * max(numbers, 1) <= MAX_LABELS:
        wrong["copies"] = f"1 to {MAX_LABELS} labels at once"
    return wrong
