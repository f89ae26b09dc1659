"""Half-year statistics of contracts and archives (RULES B4, 客户信用档案管理制度 第 4 条): what is due when, and how it is counted.

Figures are plain sums over facts, so that those of a company are the sums of its departments'. Amounts are kept by currency.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from retention.errors import BadPeriod

#: contracts: 合同统计报表; archives: 档案统计; analysis: 信用管理情况分析报告, for whole years alone.
KINDS = ("contracts", "archives", "analysis")
CONTRACT_FIGURES = (
    *("signed", "signed_amount", "unpriced", "amended", "performed", "terminated", "running", "running_amount"),
    *("cancelled", "handed_in_time", "handed_late", "not_handed"),
)
ARCHIVE_FIGURES = ("archived", "destroyed", "transferred", "held", "documents", "pages", "lent", "returned", "not_back")
#: figures that are kept apart by what they are about: a currency, a retention code
DIVIDED = frozenset({"signed_amount", "running_amount", "archived", "held"})

_PERIOD = re.compile(r"([12][0-9]{3})(-H1)?", re.ASCII)

Key = tuple[str, str]
Figures = Counter[Key]


@dataclass(frozen=True)
class ReportPeriod:
    """What a report covers, both days included, and the last day on which it is in time. code: ``2025`` or ``2026-H1``."""

    code: str
    first: date
    last: date
    due_on: date

    def holds(self, day: date | None) -> bool:
        """Return whether a day lies in the period."""
        return day is not None and self.first <= day <= self.last


def report_period(code: str) -> ReportPeriod:
    """Return the period of a code: last year is due on 10 January, the first half of this year on 10 July (RULES B4).

    Raises BadPeriod for anything but ``2025`` and ``2026-H1``.
    """
    found = _PERIOD.fullmatch(code)
    if found is None:
        raise BadPeriod(f"{code!r} is no period such as 2025 or 2026-H1")
    year, half = int(found[1]), found[2]
    first = date(year, 1, 1)
    if half:
        return ReportPeriod(code, first, date(year, 6, 30), date(year, 7, 10))
    return ReportPeriod(code, first, date(year, 12, 31), date(year + 1, 1, 10))


def periods_due(kind: str, since: date, today: date) -> Iterator[ReportPeriod]:
    """Yield the periods of which a unit owes a report, the oldest first: those that have ended and were not due before `since`.

    kind: one of `KINDS`; the analysis is yearly. since: the day the unit, or this system, began.
    """
    for year in range(since.year - 1, today.year + 1):
        for code in (f"{year}-H1", str(year)):
            period = report_period(code)
            if period.last < today and period.due_on >= since and not (kind == "analysis" and code.endswith("-H1")):
                yield period


@dataclass(frozen=True)
class ContractFacts:
    """What is counted of a contract. unit: whose it is. entered_on: when it got its number. ended_as: performed, terminated or "".

    amount: yuan (or units of `currency`) as it stood at the end of the period. handed: of every duty to hand the file over, the
    last day for it and the day it was done, None while it is not. count: of how many contracts that count alike this is said;
    amount is the sum of theirs then.
    """

    unit: str
    entered_on: date
    currency: str
    amount: Decimal | None
    signed_on: date | None
    cancelled: bool = False
    ended_on: date | None = None
    ended_as: str = ""
    amended_on: tuple[date, ...] = ()
    handed: tuple[tuple[date, date | None], ...] = ()
    count: int = 1


@dataclass(frozen=True)
class ArchiveFacts:
    """What is counted of an archived file. retention: ``Y`` or ``D30``. loans: of every loan, lent on, due back, returned on.

    gone_on: when it was destroyed or, transferred, removed after an outside archive had it. count: of how many files that count alike
    this is said; documents, pages and loans are all of theirs then.
    """

    unit: str
    archived_on: date
    retention: str
    gone_on: date | None = None
    transferred: bool = False
    documents: int = 0
    pages: int = 0
    loans: tuple[tuple[date, date | None, date | None], ...] = ()
    count: int = 1


def contract_figures(facts: Iterable[ContractFacts], period: ReportPeriod) -> dict[str, Figures]:
    """Return the figures of the contract report by unit.

    running: signed by the end of the period and not ended by then. handed_*: duties whose last day lies in the period; not_handed
    also counts earlier ones that were open at its end. cancelled: numbers given in the period whose contract was cancelled.
    """
    found: dict[str, Figures] = {}
    for fact in facts:
        figures = found.setdefault(fact.unit, Counter())
        _count_contract(figures, fact, period)
    return found


def _count_contract(figures: Figures, fact: ContractFacts, period: ReportPeriod) -> None:
    if fact.cancelled:
        figures["cancelled", ""] += fact.count * period.holds(fact.entered_on)
        return
    if period.holds(fact.signed_on):
        figures["signed", ""] += fact.count
        if fact.amount is None:
            figures["unpriced", ""] += fact.count
        else:
            figures["signed_amount", fact.currency] += fact.amount  # type: ignore[assignment]  # a sum of money, not a count
    figures["amended", ""] += fact.count * sum(map(period.holds, fact.amended_on))
    if fact.ended_as and period.holds(fact.ended_on):
        figures[fact.ended_as, ""] += fact.count
    ended = fact.ended_on is not None and fact.ended_on <= period.last
    if fact.signed_on is not None and fact.signed_on <= period.last and not ended:
        figures["running", ""] += fact.count
        if fact.amount is not None:
            figures["running_amount", fact.currency] += fact.amount  # type: ignore[assignment]  # as above
    for due_on, done_on in fact.handed:
        if due_on <= period.last and (done_on is None or done_on > period.last):
            figures["not_handed", ""] += fact.count
        elif period.holds(due_on) and done_on is not None:
            figures["handed_in_time" if done_on <= due_on else "handed_late", ""] += fact.count


def archive_figures(facts: Iterable[ArchiveFacts], period: ReportPeriod) -> dict[str, Figures]:
    """Return the figures of the archive report by unit.

    held, documents, pages: at the end of the period, without what was destroyed or transferred by then. not_back: lent and due back by the
    end of the period, and not returned by then.
    """
    found: dict[str, Figures] = {}
    for fact in facts:
        figures = found.setdefault(fact.unit, Counter())
        if period.holds(fact.archived_on):
            figures["archived", fact.retention] += fact.count
        figures["transferred" if fact.transferred else "destroyed", ""] += fact.count * period.holds(fact.gone_on)
        gone = fact.gone_on is not None and fact.gone_on <= period.last
        if fact.archived_on <= period.last and not gone:
            figures["held", fact.retention] += fact.count
            figures["documents", ""] += fact.documents
            figures["pages", ""] += fact.pages
        for lent_on, due_back, returned_on in fact.loans:
            figures["lent", ""] += period.holds(lent_on)
            figures["returned", ""] += period.holds(returned_on)
            back = returned_on is not None and returned_on <= period.last
            figures["not_back", ""] += due_back is not None and due_back <= period.last and not back
    return found


def total(parts: Iterable[Mapping[Key, int]]) -> Figures:
    """Return the sum of figures: a company's of its departments, a group's of its companies."""
    whole: Figures = Counter()
    for part in parts:
        for key, value in part.items():
            whole[key] += value
    return whole
