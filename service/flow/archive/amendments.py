"""What an amendment changes in the ledger (RULES B2): the new values count, the old ones stay with the event."""

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from service.access.policy import Actor
from service.errors import BadInput
from service.flow.archive.ledger import ContractInput, finish_event, read_entry
from service.house import House
from service.records.tables import Contract

FIELDS = ("amount", "currency", "term_from", "term_until")


@dataclass(frozen=True)
class Amendment:
    """The values an amendment agreed on; None leaves what there is. Written as in `ContractInput`."""

    amount: str | None = None
    currency: str | None = None
    term_from: str | None = None
    term_until: str | None = None

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        return all(value is None for value in asdict(self).values())


def text_of(value: object) -> str:
    """Return a value of the ledger as a person would type it."""
    return "" if value is None else str(value)


def amend(contract: Contract, given: Amendment, today: date) -> dict[str, list[str]]:
    """Change the ledger's row; returns what changed, by column: [before, after]. Raises BadInput; then nothing has changed."""
    wanted = {name: value for name, value in asdict(given).items() if value is not None}
    as_typed = ContractInput(
        department_id=contract.department_id,
        title=contract.title,
        counterparty=contract.counterparty,
        handler_id=contract.handler_id,
        amount=text_of(contract.amount),
        currency=contract.currency,
        term_from=text_of(contract.term_from),
        term_until=text_of(contract.term_until),
    )
    wrong: dict[str, str] = {}
    values: dict[str, Any] = read_entry(replace(as_typed, **wanted), today, wrong)
    if wrong:
        raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong)
    changes = {}
    for name in FIELDS:
        before, after = getattr(contract, name), values[name]
        if before != after:
            changes[name] = [text_of(before), text_of(after)]
            setattr(contract, name, after)
    return changes


def finish_amendment(
    house: House,
    actor: Actor,
    contract_id: str,
    finished_on: str,
    given: Amendment,
    *,
    document_id: str = "",
    note: str = "",
) -> None:
    """Record that an amendment is finished, with the values it agreed on. Raises as `finish_event`."""
    today = house.clock.today()
    finish_event(
        house,
        actor,
        contract_id,
        "amended",
        finished_on,
        document_id=document_id,
        note=note,
        change=lambda contract: amend(contract, given, today),
    )
