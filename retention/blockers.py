"""What stands against destroying a file: a pure check of the facts, used on the list and again at the moment of destruction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from retention.schedule import PERMANENT, due_on, years_of
from retention.why import Why, because

BlockKind = Literal[
    "hold",
    "loan",
    "running_contract",
    "not_due",
    "no_date",
    "permanent",
    "not_archived",
    "destroyed",
    "pending_transfer",
    "open_batch",
    "appraisal",
    "no_facts",
]
# These pass by themselves; a file that is due is put on a review with them and shown as blocked (as 冻结 is).
PASSING: frozenset[BlockKind] = frozenset({"hold", "loan", "pending_transfer", "open_batch"})


@dataclass(frozen=True)
class Block:
    """One thing against a destruction, and why."""

    kind: BlockKind
    why: Why


@dataclass(frozen=True)
class FileFacts:
    """What is true of a file now.

    state: open, archived or destroyed. retention: Y, D30, D10 …, None when not decided. due_on: the first day on which
    destruction is allowed, None when unknown or never. trigger_on: the day that started the period, if known: the due
    date is then computed again and the later one counts. year: 年度 of the archive number. holds, loans,
    pending_transfers: a word for each one that stands. open_batches: batches not yet released that hold a page of it. documents, pages: how many (件数, 页数).
    """

    file_id: str
    archive_number: str | None
    title: str
    year: int
    retention: str | None
    due_on: date | None
    state: str = "archived"
    trigger_on: date | None = None
    contract_running: bool = False
    holds: tuple[str, ...] = ()
    loans: tuple[str, ...] = ()
    pending_transfers: tuple[str, ...] = ()
    open_batches: tuple[str, ...] = ()
    documents: int = 0
    pages: int = 0


def earliest_destruction(facts: FileFacts) -> date | None:
    """Return the first day on which the file may be destroyed; None when there is none. Raises BadSchedule for a false code."""
    if facts.retention is None or years_of(facts.retention) is None or facts.due_on is None:
        return None
    computed = None if facts.trigger_on is None else due_on(facts.trigger_on, facts.retention)
    return facts.due_on if computed is None else max(facts.due_on, computed)


def _due(facts: FileFacts, today: date) -> list[Block]:
    if facts.retention == PERMANENT:
        return [Block("permanent", because("permanent"))]
    earliest = earliest_destruction(facts)
    if earliest is None:
        return [Block("no_date", because("no_date"))]
    return [Block("not_due", because("not_due", due=earliest))] if today < earliest else []


def _state(facts: FileFacts, _today: date) -> list[Block]:
    if facts.state == "destroyed":
        return [Block("destroyed", because("destroyed"))]
    if facts.state != "archived" or not facts.archive_number:
        return [Block("not_archived", because("not_archived", state=facts.state))]
    return []


def _running(facts: FileFacts, _today: date) -> list[Block]:
    return [Block("running_contract", because("running_contract"))] if facts.contract_running else []


def _standing(facts: FileFacts, _today: date) -> list[Block]:
    return [
        *(Block("hold", because("hold", matter=matter)) for matter in facts.holds),
        *(Block("loan", because("loan", reader=reader)) for reader in facts.loans),
        *(Block("pending_transfer", because("pending_transfer", transfer=word)) for word in facts.pending_transfers),
        *(Block("open_batch", because("open_batch", batch=name)) for name in facts.open_batches),
    ]


_CHECKS: tuple[Callable[[FileFacts, date], list[Block]], ...] = (_state, _standing, _running, _due)


def blocks(facts: FileFacts, today: date) -> list[Block]:
    """Return everything that stands against destroying the file today; empty when nothing does. Raises BadSchedule."""
    return [block for check in _CHECKS for block in check(facts, today)]


def candidate_blocks(facts: FileFacts, today: date) -> list[Block]:
    """Return what keeps the file off a review: all of `blocks` but holds, loans and transfers, which may pass before its end.

    A file without a date, not due, permanent, running or never archived does not get onto a list at all.
    """
    return [block for block in blocks(facts, today) if block.kind not in PASSING]
