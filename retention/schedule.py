"""The retention schedule 保管期限表: what is kept how long, from when, and why (RULES Part B, Retention).

Sources: 企业文件材料归档范围和档案保管期限规定 (Order 10 of 2012); 会计档案管理办法 (Order 79 of 2015) for accounting records.
Thresholds and rules are data that a company changes; the functions here only apply them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from retention.errors import BadSchedule
from retention.why import Why, because

PERMANENT = "Y"
#: The class of contracts that are major whatever their amount; what a file is said to be stands among its events.
MAJOR = "major"
KINDS = ("contract", "credit", "accounting")
Trigger = Literal["contract_ended", "relationship_ended", "accounting_year_ended"]
TRIGGERS = ("contract_ended", "relationship_ended", "accounting_year_ended")
_CODE = re.compile(r"Y|D[1-9][0-9]{0,2}")


def years_of(code: str) -> int | None:
    """Return how many years `code` keeps, None for permanent. Raises BadSchedule for anything but Y and D with years."""
    if not _CODE.fullmatch(code):
        raise BadSchedule(f"{code!r} is no retention period; Y, D30 and D10 are")
    return None if code == PERMANENT else int(code[1:])


def longest(codes: Iterable[str]) -> str:
    """Return the longest of one or more periods; permanent beats all. Raises BadSchedule."""
    ranked = [(years if (years := years_of(code)) is not None else 1000, code) for code in codes]
    if not ranked:
        raise BadSchedule("there is no period to choose from")
    return max(ranked)[1]


def never_shorter(old: str | None, new: str) -> str:
    """Return the period to apply when facts have changed: an applied period is never shortened by itself. Raises BadSchedule."""
    return longest([new] if old is None else [old, new])


_SAID_ANEW = ("never_shorter", "never_shorter_by", "never_earlier", "dealt_again")


def kept_longer(applied_why: str, now: str, version: str = "") -> Why:
    """Return the reason of a period that was applied before and is longer than `now`, which the schedule says today.

    applied_why: the reason it was applied for, as `Why.to_json` keeps it; "" where none was kept. version: of the schedule of today.
    """
    before = Why.from_json(applied_why).parts if applied_why else ()
    kept = Why(tuple(part for part in before if part.key not in _SAID_ANEW))
    if not version or version in {part.values.get("version") for part in kept.parts}:
        return kept + because("never_shorter", period=now)
    return kept + because("never_shorter_by", period=now, version=version)


def starts_on(trigger: date) -> date:
    """Return the day a period starts: 1 January of the year after the trigger."""
    return date(trigger.year + 1, 1, 1)


def due_on(trigger: date, code: str) -> date | None:
    """Return the first day on which destruction is allowed; None when never.

    The period runs full calendar years from `starts_on`: triggered any day of 2015, D10 runs 2016-01-01 to 2025-12-31,
    and 2026-01-01 is the first day. Raises BadSchedule for a code that is none or a date beyond the calendar.
    """
    years = years_of(code)
    if years is None:
        return None
    first = trigger.year + 1 + years
    if first > date.max.year:
        raise BadSchedule(f"{code} from {trigger} ends after the year {date.max.year}")
    return date(first, 1, 1)


@dataclass(frozen=True)
class Facts:
    """What the period of a file depends on.

    kind: contract, credit or accounting. amount: yuan, None when unknown or in another currency. classes: words the
    company calls a contract major by. events: litigation, bad_debt. documents: kinds in the file that bring a period
    of their own (accounting_voucher, accounting_other); licences and correspondence bring none and follow the file.
    categories: the codes of RULES B1 and B5 of which it holds a document.
    """

    kind: str
    amount: Decimal | None = None
    classes: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    documents: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rule:
    """One line of the schedule. It applies when the kind fits and every condition that is set holds.

    amount_from: yuan, inclusive; amount_below: yuan, exclusive; unknown_amount: whether it also takes files whose
    amount is unknown. classes, events, documents, categories: one of them is enough; empty means no such condition.
    """

    name: str
    code: str
    kinds: frozenset[str]
    trigger: Trigger
    amount_from: Decimal | None = None
    amount_below: Decimal | None = None
    unknown_amount: bool = True
    classes: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    documents: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        years_of(self.code)
        if not self.kinds or not self.kinds <= set(KINDS):
            raise BadSchedule(f"rule {self.name!r} needs kinds out of {', '.join(KINDS)}")
        if self.trigger not in TRIGGERS:
            raise BadSchedule(f"rule {self.name!r}: unknown trigger {self.trigger!r}")
        low, high = self.amount_from, self.amount_below
        if any(edge is not None and (not edge.is_finite() or edge < 0) for edge in (low, high)):
            raise BadSchedule(f"rule {self.name!r} has a negative or endless amount")
        if high is not None and high <= (low or Decimal(0)):
            raise BadSchedule(f"rule {self.name!r} has an empty range of amounts")

    @property
    def conditional(self) -> bool:
        """Whether it looks at more than kind and amount."""
        return bool(self.classes or self.events or self.documents or self.categories)

    def takes(self, amount: Decimal | None) -> bool:
        """Return whether `amount` lies in the rule's range."""
        if amount is None:
            return self.unknown_amount
        return (self.amount_from or Decimal(0)) <= amount and (self.amount_below is None or amount < self.amount_below)

    def applies(self, facts: Facts) -> bool:
        """Return whether the rule takes a file with these facts."""
        return (
            facts.kind in self.kinds
            and self.takes(facts.amount)
            and (not self.classes or bool(self.classes & facts.classes))
            and (not self.events or bool(self.events & facts.events))
            and (not self.documents or bool(self.documents & facts.documents))
            and (not self.categories or bool(self.categories & facts.categories))
        )

    def why(self, facts: Facts) -> Why:
        """Return the clause that says why the rule takes these facts."""
        met = (("document", self.documents, facts.documents), ("event", self.events, facts.events))
        for name, wanted, found in met:
            if wanted:
                return because(f"rule_{name}", period=self.code, **{name: min(wanted & found)})
        if self.categories:
            return because("rule_category", period=self.code, code=min(self.categories & facts.categories))
        if self.classes:
            return because("rule_class", period=self.code, name=min(self.classes & facts.classes))
        if facts.kind != "contract":
            return because("rule_kind", period=self.code, kind=facts.kind)
        return self._why_amount(facts.amount)

    def _why_amount(self, amount: Decimal | None) -> Why:
        if amount is None:
            return because("rule_unknown_amount", period=self.code)
        if self.amount_from is not None and self.amount_below is None:
            return because("rule_amount_from", period=self.code, amount=amount, limit=self.amount_from)
        if self.amount_below is not None and self.amount_from is None:
            return because("rule_amount_below", period=self.code, amount=amount, limit=self.amount_below)
        return because("rule_amount", period=self.code, amount=amount)


@dataclass(frozen=True)
class Decision:
    """The period of a file and why. trigger: what starts it. rule, version: which line of which schedule won."""

    code: str
    why: Why
    trigger: Trigger
    rule: str
    version: str


@dataclass(frozen=True)
class Schedule:
    """A version of the schedule. Raises BadSchedule when some file would have no period: a hole."""

    version: str
    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        if not self.version.strip():
            raise BadSchedule("a schedule needs a version")
        names = [rule.name for rule in self.rules]
        if len(set(names)) != len(names):
            raise BadSchedule("two rules of the schedule have the same name")
        for kind in KINDS:
            self._check_holes(kind)

    def _check_holes(self, kind: str) -> None:
        """Every amount from 0 upward, and the unknown amount, must meet a rule that asks for nothing more."""
        rules = [rule for rule in self.rules if kind in rule.kinds and not rule.conditional]
        if not any(rule.takes(None) for rule in rules):
            raise BadSchedule(f"the schedule has a hole: {kind} of unknown amount")
        # Between two edges nothing changes, so it is enough to look at zero and at every edge.
        edges = {Decimal(0)} | {
            edge for rule in rules for edge in (rule.amount_from, rule.amount_below) if edge is not None
        }
        for edge in sorted(edges):
            if not any(rule.takes(edge) for rule in rules):
                raise BadSchedule(f"the schedule has a hole: {kind} from {edge} yuan")

    def retention_for(self, facts: Facts) -> Decision:
        """Return the period of a file: the longest of all rules that apply. Raises BadSchedule for an unknown kind or a negative amount."""
        if facts.amount is not None and (not facts.amount.is_finite() or facts.amount < 0):
            raise BadSchedule(f"amount {facts.amount} is not a number of yuan")
        applying = [rule for rule in self.rules if rule.applies(facts)]
        if not applying:
            raise BadSchedule(f"the schedule says nothing of {facts.kind!r}")
        code = longest(rule.code for rule in applying)
        winner = next(rule for rule in applying if rule.code == code)
        why = Why()
        for rule in applying:
            why += rule.why(facts)
        if len(applying) > 1:
            why += because("longest", period=code)
        if code != PERMANENT:
            why += because("starts", trigger=winner.trigger)
        why += because("schedule", version=self.version)
        return Decision(code, why, winner.trigger, winner.name, self.version)


def default_schedule(
    major_amount: Decimal | int = 10_000_000,
    minor_amount: Decimal | int = 50_000,
    major_classes: Iterable[str] = (MAJOR,),
    version: str = "default-1",
) -> Schedule:
    """Return the default schedule of RULES with a company's thresholds.

    major_amount: yuan from which a contract is kept permanently. minor_amount: yuan below which it is kept 10 years.
    Raises BadSchedule when they cross.
    """
    major, minor = Decimal(major_amount), Decimal(minor_amount)
    contract, credit = frozenset({"contract"}), frozenset({"credit"})
    trouble = frozenset({"litigation", "bad_debt"})
    triggers: dict[str, Trigger] = {
        "contract": "contract_ended",
        "credit": "relationship_ended",
        "accounting": "accounting_year_ended",
    }
    rules = [
        Rule("contract-major-amount", "Y", contract, "contract_ended", amount_from=major, unknown_amount=False),
        Rule("contract-ordinary", "D30", contract, "contract_ended", amount_from=minor, amount_below=major),
        Rule("credit", "D10", credit, "relationship_ended"),
        Rule("credit-trouble", "D30", credit, "relationship_ended", events=trouble),
        Rule("accounting", "D10", frozenset({"accounting"}), "accounting_year_ended"),
    ]
    # A file is one body: what lies in a contract's file is counted from the contract's end.
    for kind, trigger in triggers.items():
        for document, code in (("accounting_voucher", "D30"), ("accounting_other", "D10")):
            name = f"{kind}-{document.replace('_', '-')}"
            rules.append(Rule(name, code, frozenset({kind}), trigger, documents=frozenset({document})))
    if minor > 0:
        rules.append(
            Rule("contract-minor", "D10", contract, "contract_ended", amount_below=minor, unknown_amount=False)
        )
    classes = frozenset(major_classes)
    if classes:
        rules.append(Rule("contract-major-class", "Y", contract, "contract_ended", classes=classes))
    return Schedule(version, tuple(rules))


@dataclass(frozen=True)
class Settled:
    """What applies to a file: its period, why it is that, and the first day on which it can be destroyed (None: never, or not known yet)."""

    code: str
    why: Why
    due_on: date | None


def settle(
    decision: Decision,
    applied: str | None,
    applied_why: str,
    applied_due: date | None,
    ended_on: date | None,
    dealt_until: date | None = None,
) -> Settled:
    """Return what applies to a file whose schedule says `decision`: never shorter and never earlier than what applied before.

    applied, applied_why, applied_due: what was applied so far, None or "" for nothing. ended_on: the trigger, None before it.
    dealt_until: the end of what was dealt after it, from which the period counts then.
    """
    code = never_shorter(applied, decision.code)
    why = decision.why if code == decision.code else kept_longer(applied_why, decision.code, decision.version)
    if ended_on and dealt_until and dealt_until > ended_on and code != PERMANENT:
        ended_on, why = dealt_until, why + because("dealt_again", on=dealt_until)
    due = due_on(ended_on, code) if ended_on else None
    if code != PERMANENT and applied_due is not None and (due is None or due < applied_due):
        due, why = applied_due, why + _why_later(applied_why, why, applied_due)
    return Settled(code, why, due)


def _why_later(applied_why: str, why: Why, due: date) -> Why:
    """Return why a date stays later than the period alone says: an appraisal kept the file, or it was applied before."""
    if "decided_keep_until" in {part.key for part in why.parts}:
        return Why()
    before = Why.from_json(applied_why).parts if applied_why else ()
    kept = tuple(part for part in before if part.key == "decided_keep_until")
    return Why(kept[-1:]) if kept else because("never_earlier", due=due)


DEFAULT_SCHEDULE = default_schedule()


def retention_for(facts: Facts, schedule: Schedule = DEFAULT_SCHEDULE) -> Decision:
    """Return the period of a file under `schedule`. Raises BadSchedule."""
    return schedule.retention_for(facts)
