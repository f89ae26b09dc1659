"""Warning lines 预警线 (RULES A4.1): what a company watches, and the warnings that follow from the facts of a day."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, get_args

from credit.errors import CreditError
from credit.fact_kinds import SHIPPED
from credit.reasons import Reason, Sentence

WarningKind = Literal[
    "score_below",
    "score_drop",
    "overdue_days",
    "overdue_amount",
    "line_used",
    "expiring",
    "expired",
    "stale_key_information",
]
Severity = Literal["low", "medium", "high"]
#: From the least to the most urgent.
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high")
KINDS: tuple[WarningKind, ...] = get_args(WarningKind)
DOCUMENTS = {"licence": Reason("营业执照", "licence"), "authorization": Reason("授权委托书", "authorization")}
_SCORE_BELOW = Sentence("信用分 {score}，低于 {line}", "score {score} is below {line}")
_SCORE_DROP = Sentence("信用分 {days} 天内下降 {drop}", "score fell by {drop} within {days} days")
_OVERDUE_DAYS = Sentence("逾期 {days} 天", "{days} days overdue")
_OVERDUE_AMOUNT = Sentence("逾期金额 {amount} 元", "{amount} yuan overdue")
_LINE_USED = Sentence("占用 {used} 元，授信额度 {line} 元", "{used} yuan used of a credit line of {line}")
_EXPIRED = Sentence("{paper}已于 {day} 到期", "{paper} expired on {day}")
_EXPIRING = Sentence("{paper} {day} 到期，还有 {days} 天", "{paper} ends on {day}, in {days} days")
_STALE = Sentence("{kind}应在 {day} 前更新，已过 {days} 天", "{kind}: to be renewed by {day}, {days} days ago")
_SENTENCES = (_SCORE_BELOW, _SCORE_DROP, _OVERDUE_DAYS, _OVERDUE_AMOUNT, _LINE_USED, _EXPIRED, _EXPIRING, _STALE)
#: Chinese -> English, of what stands in a sentence.
_WORDS = {word.zh: word.en for word in DOCUMENTS.values()} | {kind.zh: kind.en for kind in SHIPPED.values()}


@dataclass(frozen=True)
class WarningLines:
    """Where a company draws its lines; None switches a line off. Raises CreditError for a negative one.

    score_below: points. score_drop: points lost within drop_days. overdue_days, overdue_amount (yuan): reached or
    passed. line_used: share of the credit line, 0.9 is 90 %. expiry_days: how long before its end a document warns.
    stale_days: how many days after its due day key information warns. score_severe, overdue_days_severe: from where on the warning is of high severity. respond_*: hours within which somebody
    acknowledges a warning of that severity before it goes one level up (RULES A4.3).
    """

    score_below: Decimal | None = Decimal(60)
    score_drop: Decimal | None = Decimal(10)
    drop_days: int = 180
    overdue_days: int | None = 30
    overdue_amount: Decimal | None = None
    line_used: Decimal | None = Decimal("0.9")
    expiry_days: int | None = 30
    stale_days: int | None = 0
    score_severe: Decimal | None = Decimal(40)
    overdue_days_severe: int | None = 90
    respond_high: int = 4
    respond_medium: int = 24
    respond_low: int = 72

    def respond_hours(self, severity: Severity) -> int:
        """Return how many hours there are for acknowledging a warning of this severity."""
        return {"high": self.respond_high, "medium": self.respond_medium, "low": self.respond_low}[severity]

    def __post_init__(self) -> None:
        for name, line in vars(self).items():
            if line is not None and line < 0:
                raise CreditError(f"warning line {name} is {line}; it must be 0 or more")


@dataclass(frozen=True)
class Validity:
    """A licence or authorization. subject: which one (a document id or name). valid_until: the last day; None has no end."""

    kind: Literal["licence", "authorization"]
    subject: str
    valid_until: date | None


@dataclass(frozen=True)
class CustomerState:
    """What is known of a customer on a day. due: key information -> the last day on which renewing it is in time. scores: (assessed on, score), any order but for those of one day, of which the last counts. exposure, credit_line: yuan."""

    scores: Sequence[tuple[date, Decimal]] = ()
    validities: Sequence[Validity] = ()
    due: Mapping[str, date] = field(default_factory=dict)
    overdue_days: int = 0
    overdue_amount: Decimal = Decimal(0)
    exposure: Decimal = Decimal(0)
    credit_line: Decimal | None = None


@dataclass(frozen=True)
class RiskWarning:
    """A line was crossed. (kind, subject) is the same as long as it is the same trouble, so that it is not raised twice."""

    kind: WarningKind
    subject: str
    why: Reason
    severity: Severity = "medium"


def _score(lines: WarningLines, state: CustomerState, today: date) -> list[RiskWarning]:
    # Of one day the one given last counts: sorting by the day alone keeps their order.
    known = sorted(((on, score) for on, score in state.scores if on <= today), key=lambda made: made[0])
    if not known:
        return []
    found: list[RiskWarning] = []
    current = known[-1][1]
    if lines.score_below is not None and current < lines.score_below:
        why = _SCORE_BELOW.of(score=current, line=lines.score_below)
        severe = lines.score_severe is not None and current < lines.score_severe
        found.append(RiskWarning("score_below", "", why, "high" if severe else "medium"))
    # The score at the beginning of the period is the last one before it.
    start = today - timedelta(days=lines.drop_days)
    before = [score for on, score in known if on <= start][-1:] + [score for on, score in known if on > start]
    drop = max(before) - current
    if lines.score_drop is not None and drop > 0 and drop >= lines.score_drop:
        found.append(RiskWarning("score_drop", "", _SCORE_DROP.of(days=lines.drop_days, drop=drop)))
    return found


def _overdue(lines: WarningLines, state: CustomerState, _today: date) -> list[RiskWarning]:
    found: list[RiskWarning] = []
    days, amount = state.overdue_days, state.overdue_amount
    if lines.overdue_days is not None and days > 0 and days >= lines.overdue_days:
        severe = lines.overdue_days_severe is not None and days >= lines.overdue_days_severe
        found.append(RiskWarning("overdue_days", "", _OVERDUE_DAYS.of(days=days), "high" if severe else "medium"))
    if lines.overdue_amount is not None and amount > 0 and amount >= lines.overdue_amount:
        found.append(RiskWarning("overdue_amount", "", _OVERDUE_AMOUNT.of(amount=amount)))
    return found


def _line_used(lines: WarningLines, state: CustomerState, _today: date) -> list[RiskWarning]:
    if lines.line_used is None or state.credit_line is None or state.exposure <= 0:
        return []
    if state.exposure <= state.credit_line * lines.line_used:
        return []
    why = _LINE_USED.of(used=state.exposure, line=state.credit_line)
    return [RiskWarning("line_used", "", why, "high" if state.exposure > state.credit_line else "medium")]


def _expiry(lines: WarningLines, state: CustomerState, today: date) -> list[RiskWarning]:
    if lines.expiry_days is None:
        return []
    found: list[RiskWarning] = []
    for item in state.validities:
        if item.valid_until is None:
            continue
        days = (item.valid_until - today).days
        paper = DOCUMENTS[item.kind]
        if days < 0:
            why = _EXPIRED.of(paper=paper, day=item.valid_until)
            found.append(RiskWarning("expired", f"{item.kind}:{item.subject}", why, "high"))
        elif days <= lines.expiry_days:
            why = _EXPIRING.of(paper=paper, day=item.valid_until, days=days)
            found.append(RiskWarning("expiring", f"{item.kind}:{item.subject}", why, "low"))
    return found


def _stale(lines: WarningLines, state: CustomerState, today: date) -> list[RiskWarning]:
    found: list[RiskWarning] = []
    for name, due in state.due.items():
        days = (today - due).days
        if lines.stale_days is not None and days > lines.stale_days:
            kind = SHIPPED.get(name)  # the company's own are told by their codes
            called = Reason(kind.zh, kind.en) if kind else name
            why = _STALE.of(kind=called, day=due, days=days)
            found.append(RiskWarning("stale_key_information", name, why, "low"))
    return found


_CHECKS: tuple[Callable[[WarningLines, CustomerState, date], list[RiskWarning]], ...] = (
    _score,
    _overdue,
    _line_used,
    _expiry,
    _stale,
)


def warnings_for(lines: WarningLines, state: CustomerState, today: date) -> list[RiskWarning]:
    """Return every warning that the customer's state gives today (RULES A4.1); the same state gives the same list."""
    return [warning for check in _CHECKS for warning in check(lines, state, today)]


def why_in_english(why: str) -> str | None:
    """Return in English why a warning was given, of which the Chinese was kept; None for what is no such reason."""
    return next((found for one in _SENTENCES if (found := one.in_english(why, _WORDS)) is not None), None)
