"""Who may do what, and why: one function, one decision, one reason. Used by every page, API call, search and download.

The owner of the machine (the command line) may do everything and stands in the audit trail as such. The administrator runs
accounts and settings and reads no document by virtue of the role; the auditor reads the trail (RULES Part B, three
administrators).
"""

from dataclasses import dataclass, field

ROLES = (
    "operator",
    "handler",
    "credit_administrator",
    "archivist",
    "department_head",
    "auditor",
    "administrator",
)
TIERS = ("public", "internal", "secret", "core")

_ALL = frozenset({"credit_administrator", "archivist"})
_READERS = _ALL | {"operator", "handler", "department_head"}

# action -> roles that may do it at all; whether this document or file is in reach is decided by department and tier
ACTIONS: dict[str, frozenset[str]] = {
    "document.upload": frozenset({"operator", "handler", "credit_administrator", "archivist"}),
    "batch.read": frozenset({"operator", "handler", "credit_administrator", "archivist"}),
    "batch.edit": frozenset({"operator", "handler", "credit_administrator", "archivist"}),
    "batch.release": frozenset({"operator", "handler", "credit_administrator", "archivist"}),
    "document.read": _READERS,
    "document.correct": frozenset({"operator", "handler", "credit_administrator", "archivist"}),
    "document.file": frozenset({"handler", "credit_administrator", "archivist"}),
    "document.tier": frozenset({"credit_administrator", "archivist", "department_head"}),
    "extraction.read": frozenset({"operator", "credit_administrator", "archivist", "administrator", "auditor"}),
    "search": _READERS,
    "contract.read": _READERS,
    "contract.create": frozenset({"handler", "credit_administrator"}),
    "contract.correct": frozenset({"handler", "credit_administrator"}),
    "file.read": _READERS,
    "file.mark": frozenset({"handler", "credit_administrator"}),
    "transfer.read": _READERS,
    "transfer.hand_over": frozenset({"handler", "credit_administrator", "department_head"}),
    "transfer.receive": frozenset({"credit_administrator"}),
    "file.archive": frozenset({"archivist"}),
    "hold.read": frozenset({"credit_administrator", "archivist", "department_head", "auditor"}),
    "hold.place": frozenset({"credit_administrator", "archivist", "department_head"}),
    "review.read": frozenset({"credit_administrator", "archivist", "department_head", "auditor", "handler"}),
    "review.propose": frozenset({"archivist"}),
    "review.take_part": frozenset({"credit_administrator", "archivist", "department_head", "auditor", "handler"}),
    "loan.read": _READERS,
    "loan.ask": _READERS,
    "loan.decide": frozenset({"archivist"}),
    "customer.read": _READERS,
    "audit.read": frozenset({"auditor"}),
    "people.manage": frozenset({"administrator"}),
    "directory.read": frozenset(ROLES),
    "settings.read": frozenset({"administrator", "auditor"}),
}


@dataclass(frozen=True)
class Actor:
    """Who acts. name: ``cli:USER``, ``system`` or ``person:LOGIN``, as it stands in the audit trail."""

    name: str
    person_id: str | None = None
    display: str = ""
    roles: frozenset[str] = frozenset()
    department_id: str | None = None
    clearance: str = "internal"
    owner: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Decision:
    """allowed, and the reason in a stable word that the interface can say in both languages."""

    allowed: bool
    reason: str


@dataclass(frozen=True)
class Reach:
    """What of a document or a file the decision depends on."""

    department_id: str | None
    tier: str
    received_by: str = ""


def decide(actor: Actor, action: str, reach: Reach | None = None) -> Decision:
    """Return whether `actor` may do `action` on what lies in `reach`, and the reason.

    Reasons: owner, role, role_missing, other_department, tier_too_high. Raises KeyError for an unknown action.
    """
    roles = ACTIONS[action]
    if actor.owner:
        return Decision(allowed=True, reason="owner")
    if not actor.roles & roles:
        return Decision(allowed=False, reason="role_missing")
    if reach is None:
        return Decision(allowed=True, reason="role")
    if TIERS.index(reach.tier) > TIERS.index(actor.clearance):
        return Decision(allowed=False, reason="tier_too_high")
    if actor.roles & _ALL or reach.received_by == actor.name:
        return Decision(allowed=True, reason="role")
    if reach.department_id is not None and reach.department_id == actor.department_id:
        return Decision(allowed=True, reason="role")
    return Decision(allowed=False, reason="other_department")


def document_tokens(reach: Reach) -> tuple[str, ...]:
    """Return the index tokens of a document: any reader who holds one of them may see it. Mirrors `decide`."""
    tier, department = reach.tier, reach.department_id or "-"
    tokens = [f"{tier}/*", f"{tier}/{department}"]
    if reach.received_by:
        tokens.append(f"{tier}/by/{reach.received_by}")
    return tuple(tokens)


def reader_tokens(actor: Actor) -> frozenset[str] | None:
    """Return the tokens `actor` holds for reading documents; None for the owner, who sees everything."""
    if actor.owner:
        return None
    if not actor.roles & ACTIONS["document.read"]:
        return frozenset()
    tiers = TIERS[: TIERS.index(actor.clearance) + 1]
    if actor.roles & _ALL:
        return frozenset(f"{tier}/*" for tier in tiers)
    tokens = {f"{tier}/by/{actor.name}" for tier in tiers}
    if actor.department_id:
        tokens |= {f"{tier}/{actor.department_id}" for tier in tiers}
    return frozenset(tokens)
