"""The retention schedule as data: rules as plain values that a person edits, judged as a whole before they count.

A rule says for which files (kind, amount, categories they hold, events, documents) how long and from when; or that its files follow
another rule, whose period and trigger are then theirs. All that is wrong is told at once, holes and cycles by name.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from retention.categories import CONTRACT_CATEGORIES, CREDIT_CATEGORIES
from retention.errors import BadSchedule
from retention.schedule import KINDS, MAJOR, TRIGGERS, Rule, Schedule, years_of
from retention.why import Why, because

EVENTS = ("litigation", "bad_debt", MAJOR)
DOCUMENTS = ("accounting_voucher", "accounting_other")
CATEGORY_CODES = (*CONTRACT_CATEGORIES, *CREDIT_CATEGORIES)
FIELDS = (
    *("name", "kind", "amount_from", "amount_below", "unknown_amount", "categories", "events", "documents"),
    *("follows", "period", "trigger"),
)
MAX_RULES = 200
_NAME = re.compile(r"[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff._-]{0,39}")
_VERSION = re.compile(r"[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff._-]{0,39}")


@dataclass(frozen=True)
class Problem:
    """What is wrong with a schedule. rule: the name of the rule, or its number from 1 where it has none; "" for the whole."""

    rule: str
    why: Why


def is_version(text: str) -> bool:
    """Return whether a text can name a version."""
    return _VERSION.fullmatch(text) is not None


def normal(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule with every field there is, in plain values: texts stripped, lists of texts sorted. Raises BadSchedule for a foreign field or type."""
    foreign = sorted(set(row) - set(FIELDS))
    if foreign:
        raise BadSchedule(f"a rule has no field {', '.join(foreign)}")
    found: dict[str, Any] = {}
    for name in FIELDS:
        value = row.get(name)
        if name in ("categories", "events", "documents"):
            if not isinstance(value, list | tuple | None) or any(not isinstance(one, str) for one in value or ()):
                raise BadSchedule(f"{name} of a rule is a list of words")
            found[name] = sorted({one.strip() for one in value or () if one.strip()})
        elif name == "unknown_amount":
            if not isinstance(value, bool | None):
                raise BadSchedule(f"{name} of a rule is true or false")
            found[name] = True if value is None else value
        else:
            if not isinstance(value, str | None):
                raise BadSchedule(f"{name} of a rule is a text")
            found[name] = (value or "").strip()
    return found


def rows_of(schedule: Schedule) -> list[dict[str, Any]]:
    """Return the rules of a schedule as `normal` has them. That a contract is major stands among the events; there is no other class."""
    return [
        normal(
            {
                "name": rule.name,
                "kind": min(rule.kinds),
                "amount_from": "" if rule.amount_from is None else str(rule.amount_from),
                "amount_below": "" if rule.amount_below is None else str(rule.amount_below),
                "unknown_amount": rule.unknown_amount,
                "categories": list(rule.categories),
                "events": [*rule.events, *rule.classes],
                "documents": list(rule.documents),
                "period": rule.code,
                "trigger": rule.trigger,
            }
        )
        for rule in schedule.rules
        if rule.classes <= {MAJOR}
    ]


def problems(rows: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Return all that is wrong with rules, in the form of `normal`; nothing when they make a schedule."""
    if len(rows) > MAX_RULES:
        return [Problem("", because("schedule_too_long", most=MAX_RULES))]
    found = [problem for at, row in enumerate(rows, 1) for problem in _of_rule(at, row, rows)]
    found += _cycles(rows)
    if found:
        return found
    return [Problem("", _hole(*hole)) for kind in KINDS for hole in holes(_rules(rows), kind)]


def to_schedule(version: str, rows: Sequence[Mapping[str, Any]]) -> Schedule:
    """Return the schedule that rules make. Raises BadSchedule naming all that is wrong."""
    wrong = problems(rows)
    if wrong:
        raise BadSchedule("; ".join(f"{p.rule}: {p.why}" if p.rule else str(p.why) for p in wrong))
    return Schedule(version, tuple(_rules(rows)))


def holes(rules: Sequence[Rule], kind: str) -> list[tuple[str, Decimal | None, Decimal | None]]:
    """Return the amounts for which no rule of a kind asks for nothing more: (kind, from, below); (kind, None, None) for the unknown amount."""
    plain = [rule for rule in rules if kind in rule.kinds and not rule.conditional]
    found: list[tuple[str, Decimal | None, Decimal | None]] = []
    if not any(rule.takes(None) for rule in plain):
        found.append((kind, None, None))
    edges = {Decimal(0)} | {edge for r in plain for edge in (r.amount_from, r.amount_below) if edge is not None}
    ordered = sorted(edges)
    for at, edge in enumerate(ordered):
        if any(rule.takes(edge) for rule in plain):
            continue
        above = ordered[at + 1] if at + 1 < len(ordered) else None
        if found and found[-1][2] == edge and found[-1][1] is not None:
            found[-1] = (kind, found[-1][1], above)  # one hole, whatever edges of other rules lie in it
        else:
            found.append((kind, edge, above))
    return found


def _hole(kind: str, low: Decimal | None, below: Decimal | None) -> Why:
    if low is None:
        return because("schedule_hole_unknown", kind=kind)
    if below is None:
        return because("schedule_hole_from", kind=kind, low=low)
    return because("schedule_hole", kind=kind, low=low, below=below)


def _amount(text: str) -> Decimal | None:
    """Return yuan, None for an empty text. Raises InvalidOperation, ValueError for what is none."""
    if not text:
        return None
    if not re.fullmatch(r"\d{1,15}(\.\d{1,2})?", text, re.ASCII):
        raise ValueError(text)
    return Decimal(text)


def _of_rule(at: int, row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[Problem]:
    name = str(row["name"]) or str(at)
    found = []
    if not _NAME.fullmatch(row["name"]):
        found.append(because("schedule_name"))
    elif [other["name"] for other in rows].index(row["name"]) != at - 1:
        found.append(because("schedule_twice", name=name))
    if row["kind"] not in KINDS:
        found.append(because("schedule_kind", given=row["kind"]))
    found += _amounts(row)
    for field, known in (("categories", CATEGORY_CODES), ("events", EVENTS), ("documents", DOCUMENTS)):
        found += [because(f"schedule_{field}", given=one) for one in row[field] if one not in known]
    found += _following(row, {other["name"] for other in rows}) if row["follows"] else _period(row)
    return [Problem(name, why) for why in found]


def _following(row: Mapping[str, Any], names: set[str]) -> list[Why]:
    found = [because("schedule_follows", given=row["follows"])] if row["follows"] not in names else []
    if row["period"] or row["trigger"]:
        found.append(because("schedule_follows_and_says", given=row["follows"]))
    return found


def _period(row: Mapping[str, Any]) -> list[Why]:
    found = []
    try:
        years_of(row["period"])
    except BadSchedule:
        found.append(because("schedule_period", given=row["period"]))
    if row["trigger"] not in TRIGGERS:
        found.append(because("schedule_trigger", given=row["trigger"]))
    return found


def _amounts(row: Mapping[str, Any]) -> list[Why]:
    edges: dict[str, Decimal | None] = {}
    for field in ("amount_from", "amount_below"):
        try:
            edges[field] = _amount(row[field])
        except (ValueError, InvalidOperation):
            return [because("schedule_amount", given=row[field])]
    low, high = edges["amount_from"], edges["amount_below"]
    if high is not None and high <= (low or Decimal(0)):
        return [because("schedule_range", low=low or 0, high=high)]
    return []


def _cycles(rows: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Return each circle of rules that follow one another, named once, in its order."""
    follows = {row["name"]: row["follows"] for row in rows if row["follows"]}
    found, done = [], set[str]()
    for start in follows:
        path: list[str] = []
        at = start
        while at in follows and at not in path and at not in done:
            path.append(at)
            at = follows[at]
        if at in path:
            circle = path[path.index(at) :]
            found.append(Problem(circle[0], because("schedule_cycle", path=" → ".join([*circle, circle[0]]))))
        done.update(path)
    return found


def _rules(rows: Sequence[Mapping[str, Any]]) -> list[Rule]:
    """Return the rules of rows that `_of_rule` and `_cycles` find nothing in."""
    by_name = {row["name"]: row for row in rows}
    made = []
    for row in rows:
        says, only_major = row, row["events"] == [MAJOR]
        while says["follows"]:
            says = by_name[says["follows"]]
        made.append(
            Rule(
                name=row["name"],
                code=says["period"],
                kinds=frozenset({row["kind"]}),
                trigger=says["trigger"],
                amount_from=_amount(row["amount_from"]),
                amount_below=_amount(row["amount_below"]),
                unknown_amount=row["unknown_amount"],
                categories=frozenset(row["categories"]),
                classes=frozenset({MAJOR} if only_major else ()),
                events=frozenset(() if only_major else row["events"]),
                documents=frozenset(row["documents"]),
            )
        )
    return made
