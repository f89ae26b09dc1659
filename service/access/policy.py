"""Who may do what, and why: one function, one decision, one reason. Used by every page, API call, search and download.

The owner of the machine (the command line) may do everything and stands in the audit trail as such. The administrator runs
accounts and settings, the security administrator gives roles, tiers and grants, the auditor reads the trail; the three exclude
one another, and none of them reads a document by virtue of the part (RULES Part B, three administrators).
"""

from dataclasses import dataclass, field, replace

ROLES = (
    "operator",
    "handler",
    "credit_administrator",
    "archivist",
    "department_head",
    "auditor",
    "administrator",
    "security_administrator",
)
#: Nobody is two of these: who runs the machine, who gives rights, who watches both.
THREE_ADMINISTRATORS = frozenset({"administrator", "security_administrator", "auditor"})
#: The one role of a scanning station's own account: hands in, and sees what became of what it handed in. No person has it.
STATION = "station"
TIERS = ("public", "internal", "secret", "core")
#: What of an account's rights a token may have: see, hand in, do the archive's work, keep accounts (one's own, too) and rights.
SCOPES = ("read", "hand_in", "work", "administer")

_ALL = frozenset({"credit_administrator", "archivist"})
_READERS = _ALL | {"operator", "handler", "department_head"}
_UPLOADERS = _ALL | {"operator", "handler"}

# action -> roles that may do it at all; whether this document or file is in reach is decided by department and tier
ACTIONS: dict[str, frozenset[str]] = {
    "document.upload": _UPLOADERS | {STATION},
    "receipt.read": _UPLOADERS | {STATION},
    "batch.add": _UPLOADERS | {STATION},
    "batch.read": frozenset({"operator", "handler", "credit_administrator", "archivist"}),
    "batch.edit": frozenset({"operator", "handler", "credit_administrator", "archivist"}),
    "batch.release": frozenset({"operator", "handler", "credit_administrator", "archivist"}),
    "document.read": _READERS,
    "original.read": _ALL,
    "document.correct": frozenset({"operator", "handler", "credit_administrator", "archivist"}),
    "document.file": frozenset({"handler", "credit_administrator", "archivist"}),
    "document.tier": frozenset({"credit_administrator", "archivist", "department_head"}),
    "extraction.read": frozenset({"operator", "credit_administrator", "archivist", "administrator", "auditor"}),
    "search": _READERS,
    "contract.read": _READERS,
    "contract.create": frozenset({"handler", "credit_administrator"}),
    "contract.import": frozenset({"credit_administrator"}),
    "contract.approve": frozenset({"credit_administrator", "department_head"}),
    "contract.demand": frozenset({"credit_administrator"}),
    "contract.correct": frozenset({"handler", "credit_administrator"}),
    "file.read": _READERS,
    "file.mark": frozenset({"handler", "credit_administrator"}),
    "file.place": frozenset({"handler", "credit_administrator", "archivist"}),
    "file.tier": frozenset({"credit_administrator", "archivist", "department_head"}),
    "transfer.read": _READERS,
    "transfer.hand_over": frozenset({"handler", "credit_administrator", "department_head"}),
    "transfer.receive": frozenset({"credit_administrator"}),
    "file.archive": frozenset({"archivist"}),
    "incident.read": frozenset({"credit_administrator", "archivist", "department_head"}),
    "incident.report": _READERS,
    "incident.work": frozenset({"credit_administrator", "archivist"}),
    "schedule.read": frozenset({"credit_administrator", "archivist", "department_head", "auditor"}),
    "schedule.edit": frozenset({"archivist"}),
    "schedule.activate": frozenset({"credit_administrator", "archivist"}),
    "check.run": frozenset({"credit_administrator", "archivist"}),
    "check.except": frozenset({"credit_administrator", "archivist"}),
    "check.read": frozenset({"credit_administrator", "archivist", "auditor"}),
    "check.sample": frozenset({"archivist"}),
    "hold.read": frozenset({"credit_administrator", "archivist", "department_head", "auditor"}),
    "hold.place": frozenset({"credit_administrator", "archivist", "department_head"}),
    "review.read": frozenset({"credit_administrator", "archivist", "department_head", "auditor", "handler"}),
    "review.propose": frozenset({"archivist"}),
    "review.take_part": frozenset({"credit_administrator", "archivist", "department_head", "auditor", "handler"}),
    "outside.read": frozenset({"credit_administrator", "archivist", "auditor"}),
    "outside.work": frozenset({"archivist"}),
    "outside.verify": frozenset({"credit_administrator", "archivist"}),
    "loan.read": _READERS,
    "loan.ask": _READERS,
    "loan.decide": frozenset({"archivist"}),
    "customer.read": _READERS,
    "customer.edit": frozenset({"handler", "credit_administrator"}),
    "customer.merge": frozenset({"credit_administrator"}),
    "customer.import": frozenset({"credit_administrator"}),
    "fact.read": frozenset({"handler", "credit_administrator", "archivist", "department_head"}),
    "fact.enter": frozenset({"handler", "credit_administrator"}),
    "fact.verify": frozenset({"handler", "credit_administrator", "department_head"}),
    "fact.assign": frozenset({"credit_administrator", "department_head"}),
    "assessment.read": frozenset({"handler", "credit_administrator", "archivist", "department_head"}),
    "assessment.make": frozenset({"credit_administrator"}),
    "assessment.decide": frozenset({"credit_administrator", "department_head"}),
    "assessment.review": frozenset({"handler", "credit_administrator", "department_head"}),
    "assessment.event": frozenset({"handler", "credit_administrator", "department_head"}),
    "assessment.assign": frozenset({"credit_administrator", "department_head"}),
    "assessment.form": frozenset({"handler", "credit_administrator"}),
    "statement.read": frozenset({"handler", "credit_administrator", "archivist", "department_head"}),
    "statement.enter": frozenset({"handler", "credit_administrator"}),
    "statement.confirm": frozenset({"handler", "credit_administrator", "department_head"}),
    "scorecard.read": frozenset({"credit_administrator", "archivist", "department_head", "auditor"}),
    "scorecard.edit": frozenset({"credit_administrator"}),
    "scorecard.activate": frozenset({"credit_administrator", "department_head"}),
    "portfolio.read": frozenset({"credit_administrator", "department_head"}),
    "portfolio.run": frozenset({"credit_administrator"}),
    "run.stop": frozenset({"credit_administrator", "department_head"}),
    "portfolio.decide": frozenset({"credit_administrator", "department_head"}),
    "credit.read": frozenset({"handler", "credit_administrator", "archivist", "department_head"}),
    "credit.block": frozenset({"credit_administrator", "department_head"}),
    "warning.read": frozenset({"handler", "credit_administrator", "department_head"}),
    "warning.handle": frozenset({"handler", "credit_administrator", "department_head"}),
    "warning.rule": frozenset({"credit_administrator"}),
    "receivable.read": frozenset({"handler", "credit_administrator", "department_head"}),
    "receivable.import": frozenset({"credit_administrator"}),
    "collection.record": frozenset({"handler", "credit_administrator"}),
    "delivery.read": frozenset({"credit_administrator"}),
    "delivery.send": frozenset({"credit_administrator"}),
    "inbox.read": frozenset(ROLES),
    "inbox.mark": frozenset(ROLES),
    "credit_report.read": frozenset({"handler", "credit_administrator", "department_head"}),
    "report.schedule": frozenset({"credit_administrator", "department_head"}),
    "course.read": frozenset(ROLES),
    "course.keep": frozenset({"credit_administrator", "security_administrator"}),
    "exam.take": frozenset(ROLES),
    "regulation.read": frozenset(ROLES),
    "regulation.keep": frozenset({"credit_administrator"}),
    "regulation.answer": frozenset(ROLES),
    "wall.read": frozenset(ROLES),
    "wall.edit": frozenset({"administrator", "credit_administrator"}),
    "audit.read": frozenset({"auditor"}),
    "people.manage": frozenset({"administrator"}),
    "keys.renew": frozenset({"administrator"}),
    "people.read": frozenset({"administrator", "security_administrator"}),
    "rights.give": frozenset({"administrator", "security_administrator"}),
    "grant.give": frozenset({"administrator", "security_administrator", "credit_administrator", "archivist"}),
    "paper.keep": frozenset({"administrator", "security_administrator", "credit_administrator"}),
    "account.own": frozenset(ROLES),
    "directory.read": frozenset(ROLES),
    "numbers.read": frozenset({"credit_administrator", "archivist", "auditor"}),
    "numbers.void": frozenset({"archivist"}),
    "numbers.template": frozenset({"credit_administrator", "archivist"}),
    "statistics.read": frozenset({"credit_administrator", "archivist", "department_head", "auditor"}),
    "statistics.work": frozenset({"credit_administrator", "department_head"}),
    "statistics.receive": frozenset({"credit_administrator"}),
    "settings.read": frozenset({"administrator", "auditor"}),
}

# Where the company staffs all three administrators, these are the security administrator's alone.
_SEPARATED: dict[str, frozenset[str]] = {
    "rights.give": frozenset({"administrator"}),
    "grant.give": frozenset({"administrator"}),
    "paper.keep": frozenset({"administrator"}),
}
# Also for those whose roles have lapsed: how they get back what they lack, and the work they still owe.
_UNQUALIFIED = frozenset({"course.read", "exam.take", "regulation.read", "regulation.answer", "wall.read"})
# What a grant opens: reading, never changing.
_READING = frozenset({"document.read", "file.read", "contract.read", "customer.read"})


_SCOPE_OF = {
    **dict.fromkeys(("document.upload", "receipt.read", "batch.add"), "hand_in"),
    **dict.fromkeys(
        ("people.manage", "people.read", "rights.give", "grant.give", "paper.keep", "account.own", "keys.renew"),
        "administer",
    ),
}


def scope_of(action: str) -> str:
    """Return which scope a token needs for an action."""
    seeing = action == "search" or action.endswith(".read")
    return _SCOPE_OF.get(action) or ("read" if seeing else "work")


@dataclass(frozen=True)
class Granted:
    """Something opened to one person beyond department and clearance. thing: ``document:ID``, ``file:ID``, ``customer:ID``.

    tier: the highest it opens; what is raised above it later, or lies above it in the file, stays shut.
    """

    thing: str
    tier: str


@dataclass(frozen=True)
class Actor:
    """Who acts. name: ``cli:USER``, ``system`` or ``person:LOGIN``, as it stands in the audit trail.

    roles: those that work; lapsed: those that do not, for want of qualifications, with the reason (RULES B7, B8).
    agreement: what is wrong with the signed confidentiality agreement, "" for nothing (B9); classified: the lowest tier that needs it.
    separated: whether the three administrators are three. scopes: those of the token that was shown, None for a person who signed in.
    """

    name: str
    person_id: str | None = None
    display: str = ""
    roles: frozenset[str] = frozenset()
    department_id: str | None = None
    clearance: str = "internal"
    owner: bool = field(default=False, kw_only=True)
    lapsed: tuple[tuple[str, str], ...] = field(default=(), kw_only=True)
    agreement: str = field(default="", kw_only=True)
    classified: str = field(default="secret", kw_only=True)
    grants: tuple[Granted, ...] = field(default=(), kw_only=True)
    separated: bool = field(default=False, kw_only=True)
    scopes: frozenset[str] | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Decision:
    """allowed, and the reason in a stable word that the interface can say in both languages."""

    allowed: bool
    reason: str


@dataclass(frozen=True)
class Reach:
    """What of a document or a file the decision depends on. things: what a grant may name to open it, as `Granted` says it."""

    department_id: str | None
    tier: str
    received_by: str = ""
    things: tuple[str, ...] = ()


def decide(actor: Actor, action: str, reach: Reach | None = None) -> Decision:
    """Return whether `actor` may do `action` on what lies in `reach`, and the reason.

    Reasons: owner, role, grant; scope_missing, role_missing, qualification_missing, qualification_expired, agreement_missing,
    agreement_expired, tier_too_high, other_department. Raises KeyError for an unknown action.
    """
    roles = ACTIONS[action]
    if actor.owner:
        return Decision(allowed=True, reason="owner")
    if actor.scopes is not None and scope_of(action) not in actor.scopes:
        return Decision(allowed=False, reason="scope_missing")
    if actor.separated:
        roles -= _SEPARATED.get(action, frozenset())
    if action in _UNQUALIFIED and any(role in roles for role, _ in actor.lapsed):
        return Decision(allowed=True, reason="role")
    if not actor.roles & roles:
        lapsed = [why for role, why in actor.lapsed if role in roles]
        return Decision(allowed=False, reason=lapsed[0] if lapsed else "role_missing")
    if reach is None:
        return Decision(allowed=True, reason="role")
    return _within(actor, action, reach, actor.roles & roles)


def _within(actor: Actor, action: str, reach: Reach, doing: frozenset[str]) -> Decision:
    """As `decide`, for someone whose roles `doing` do this somewhere: another role of theirs does not widen where."""
    open_to_grant = action in _READING and any(
        grant.thing in reach.things and _at_most(reach.tier, grant.tier) for grant in actor.grants
    )
    if not open_to_grant and not _at_most(reach.tier, actor.clearance):
        return Decision(allowed=False, reason="tier_too_high")
    if actor.agreement and _at_most(actor.classified, reach.tier):
        return Decision(allowed=False, reason=actor.agreement)
    if doing & _ALL or (reach.received_by and reach.received_by == actor.name):
        return Decision(allowed=True, reason="role")
    if actor.roles == {STATION} and action != "document.upload":  # within its department, too, it sees its own alone
        return Decision(allowed=False, reason="other_department")
    if reach.department_id is not None and reach.department_id == actor.department_id:
        return Decision(allowed=True, reason="role")
    if open_to_grant:
        return Decision(allowed=True, reason="grant")
    return Decision(allowed=False, reason="other_department")


def only_by_grant(actor: Actor, reach: Reach) -> bool:
    """Return whether what lies in `reach` is open to somebody for reading by a grant alone, for the time it lasts."""
    return bool(actor.grants) and not decide(replace(actor, grants=()), "document.read", reach).allowed


def _at_most(tier: str, limit: str) -> bool:
    return TIERS.index(tier) <= TIERS.index(limit)


def sees_all_departments(actor: Actor) -> bool:
    """Return whether a role of theirs works for all departments."""
    return actor.owner or bool(actor.roles & _ALL)


def tiers_of(actor: Actor, limit: str | None = None) -> tuple[str, ...]:
    """Return the tiers `actor` may open, up to their clearance or, for a grant, up to `limit`: `decide`, for queries."""
    if actor.owner:
        return TIERS
    up_to = actor.clearance if limit is None else limit
    return tuple(
        tier for tier in TIERS if _at_most(tier, up_to) and not (actor.agreement and _at_most(actor.classified, tier))
    )


def document_tokens(reach: Reach) -> tuple[str, ...]:
    """Return the index tokens of a document: any reader who holds one of them may see it. Mirrors `decide`."""
    tier, department = reach.tier, reach.department_id or "-"
    tokens = [f"{tier}/*", f"{tier}/{department}", *(f"{tier}/{thing}" for thing in reach.things)]
    if reach.received_by:
        tokens.append(f"{tier}/by/{reach.received_by}")
    return tuple(tokens)


def reader_tokens(actor: Actor) -> frozenset[str] | None:
    """Return the tokens `actor` holds for reading documents; None for the owner, who sees everything."""
    if actor.owner:
        return None
    if not decide(actor, "document.read").allowed:
        return frozenset()
    tokens = {f"{tier}/{grant.thing}" for grant in actor.grants for tier in tiers_of(actor, grant.tier)}
    tiers = tiers_of(actor)
    if sees_all_departments(actor):
        return frozenset(tokens | {f"{tier}/*" for tier in tiers})
    tokens |= {f"{tier}/by/{actor.name}" for tier in tiers}
    if actor.department_id:
        tokens |= {f"{tier}/{actor.department_id}" for tier in tiers}
    return frozenset(tokens)
