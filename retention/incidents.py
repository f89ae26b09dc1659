"""Incidents (RULES B6): a lost or damaged file, one that does not come back, a leaked secret, pursued to its end.

open → examined (persons responsible, findings, measures) → closed (outcome), by another person than who examined it.
"""

from retention.errors import TransitionRefused

KINDS = ("lost", "damaged", "overdue", "leaked")
STATES = ("open", "examined", "closed")


def demand_examinable(state: str) -> None:
    """Raise TransitionRefused unless findings may be recorded: any time before the end."""
    if state == "closed":
        raise TransitionRefused("the incident is closed; nothing more is recorded of it")


def demand_closable(state: str, examined_by: str | None, by: str, *, still_out: bool) -> None:
    """Raise TransitionRefused unless `by` may close an incident.

    still_out: whether the file of an overdue loan has not come back, which is an outcome of no overdue incident.
    """
    demand_examinable(state)
    if state != "examined":
        raise TransitionRefused("an incident is closed after who is responsible and what was found is recorded")
    if examined_by == by:
        raise TransitionRefused("you examined this incident; another person closes it")
    if still_out:
        raise TransitionRefused("the file has not come back; record the return, or report it as lost")
