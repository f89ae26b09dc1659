"""Which warnings and which verified changes show a major event (RULES A1.2), so that nobody has to record what the archive knows."""

from collections.abc import Mapping

from credit.warnings import RiskWarning

#: What people write where there is nothing to tell.
_NOTHING = frozenset({"", "无", "没有", "暂无", "none", "no", "0", "-", "—"})
_CHANGED: Mapping[str, str] = {
    "legal_representative": "legal_representative_changed",
    "controller": "control_changed",
}
#: The information whose verified change may be a major event.
WATCHED = frozenset({*_CHANGED, "lawsuits"})


def event_of_warning(found: RiskWarning) -> str | None:
    """Return the major event that a warning shows; None for a warning that shows none.

    A licence that has expired; overdue debt that reaches the amount the company set, or that is late enough to be of high severity.
    """
    if found.kind == "expired" and found.subject.startswith("licence:"):
        return "licence_expired"
    if found.kind == "overdue_amount" or (found.kind == "overdue_days" and found.severity == "high"):
        return "large_overdue_debt"
    return None


def event_of_change(kind: str, before: str, after: str) -> str | None:
    """Return the major event that a verified value shows; None for one that shows none.

    before: what counted until the day on which the value begins, "" for nothing. A first value changes nothing; a first lawsuit does.
    """
    if after == before:
        return None
    if kind == "lawsuits":
        return None if after.strip().lower() in _NOTHING else "lawsuit"
    return _CHANGED.get(kind) if before else None
