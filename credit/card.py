"""A scorecard as a company keeps it (RULES A1.1): what scores, how far a person may set the grade, which line a grade is good for.

It is data: read from plain JSON values with every fault named at its place, and written back to the same. All numbers are decimal text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from credit.credit_line import BASES, Base, LineRule
from credit.errors import BadScorecard
from credit.indicators import COMPUTATIONS
from credit.scorecard import GRADES, HUNDRED, Band, Indicator, Scorecard

KINDS = ("bands", "curve", "choices", "expert")
MAX_INDICATORS, MAX_STEPS, MAX_NOTCHES = 60, 60, len(GRADES) - 1
# Beyond these no company rates anything, and exact arithmetic becomes slow.
_PLACES, _MOST_DIGITS = 18, 12
_NAME = re.compile(r"[\w.-]{1,40}")
_TAKEN = (".", "..", "new")
_TEXTS = {"name": 120, "note": 2000}
_KEYS = {"version", *_TEXTS, "indicators", "grades", "override", "line"}
_INDICATOR_KEYS = {"code", "zh", "en", "weight", "kind", "bands", "curve", "choices", "missing", "source"}


@dataclass(frozen=True)
class Card:
    """A scorecard with what belongs to it. most_up, most_down: notches by which a person may better or worsen a grade.

    line: the rule of the credit line, None where the company sets lines by hand.
    """

    scorecard: Scorecard
    name: str = ""
    note: str = ""
    most_up: int = 0
    most_down: int = 0
    line: LineRule | None = None

    @property
    def version(self) -> str:
        """The name of this version, which every assessment keeps."""
        return self.scorecard.version


@dataclass(frozen=True)
class Fault:
    """What is wrong with a scorecard. place: where, as ``weights`` or ``indicators.2.bands``; numbers count from 1."""

    place: str
    why: str


@dataclass
class _Reading:
    """What has been found wrong so far."""

    faults: list[Fault] = field(default_factory=list)

    def note(self, place: str, why: str) -> None:
        self.faults.append(Fault(place, why))

    def number(self, place: str, value: object) -> Decimal | None:
        """Return decimal text as a number; None, noted, when it is none."""
        try:
            number = Decimal(value) if isinstance(value, str) else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite() or len(cast("str", value)) > 40:
            self.note(place, f"{str(value)[:40]!r} is no number")
            return None
        if (number and number.adjusted() >= _PLACES) or int(number.as_tuple().exponent) < -_MOST_DIGITS:
            self.note(place, f"must be below 10^{_PLACES}, with at most {_MOST_DIGITS} digits after the point")
            return None
        return number

    def name(self, place: str, value: object) -> str:
        """Return what something is called in addresses and forms."""
        if not isinstance(value, str) or not _NAME.fullmatch(value) or value in _TAKEN:
            self.note(place, "needs letters, digits, -, _ and . alone, at most 40")
            return ""
        return value

    def whole(self, place: str, value: object, most: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            self.note(place, f"needs a whole number from 0 to {most}")
            return 0
        return value

    def text(self, place: str, value: object, longest: int, *, needed: bool = True) -> str:
        if not isinstance(value, str) or (needed and not value.strip()) or len(value) > longest:
            self.note(place, f"needs a text of at most {longest} characters")
            return ""
        return value.strip()

    def made(self, place: str, make: Callable[[], Any]) -> Any:
        """Return what `make` gives; None, noted, when the rules refuse it."""
        try:
            return make()
        except BadScorecard as error:
            self.note(place, str(error))
            return None


def read_card(data: object) -> tuple[Card | None, tuple[Fault, ...]]:
    """Return the scorecard that plain JSON values describe, or None and everything that is wrong with it, each with its place."""
    reading = _Reading()
    if not isinstance(data, Mapping):
        return None, (Fault("card", "is no scorecard"),)
    for name in sorted(set(map(str, data)) - _KEYS):
        reading.note(name, "is not a part of a scorecard")
    version = reading.name("version", data.get("version"))
    texts = {name: reading.text(name, data.get(name, ""), longest, needed=False) for name, longest in _TEXTS.items()}
    indicators = _indicators(reading, data.get("indicators"))
    grades = _grades(reading, data.get("grades"))
    up, down = _override(reading, data.get("override", {}))
    line = None if data.get("line") is None else _line(reading, data["line"])
    if indicators and len(indicators) == len(cast("list[Any]", data["indicators"])):
        total = sum((indicator.weight for indicator in indicators), Decimal(0))
        if total != HUNDRED:
            reading.note("weights", f"weights sum to {total} %, not to 100 %")
    if reading.faults:
        return None, tuple(reading.faults)
    scorecard = reading.made("card", lambda: Scorecard(version, indicators, grades))
    if scorecard is None:
        return None, tuple(reading.faults)
    return Card(scorecard, texts["name"], texts["note"], up, down, line), ()


def _indicators(reading: _Reading, rows: object) -> tuple[Indicator, ...]:
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_INDICATORS:
        reading.note("indicators", f"needs 1 to {MAX_INDICATORS} indicators")
        return ()
    found = [_indicator(reading, f"indicators.{at}", row) for at, row in enumerate(rows, 1)]
    codes = [row.get("code") if isinstance(row, Mapping) else None for row in rows]
    for at, code in enumerate(codes, 1):
        if code and code in codes[: at - 1]:
            reading.note(f"indicators.{at}.code", f"the code {str(code)[:40]} stands there twice")
    return tuple(row for row in found if row is not None)


def _indicator(reading: _Reading, place: str, row: object) -> Indicator | None:
    if not isinstance(row, Mapping):
        reading.note(place, "is no indicator")
        return None
    before = len(reading.faults)
    for name in sorted(set(map(str, row)) - _INDICATOR_KEYS):
        reading.note(f"{place}.{name}", "is not a part of an indicator")
    code = reading.name(f"{place}.code", row.get("code"))
    zh = reading.text(f"{place}.zh", row.get("zh", ""), 80)
    en = reading.text(f"{place}.en", row.get("en") or zh, 120, needed=False)
    weight = reading.number(f"{place}.weight", row.get("weight"))
    kind = row.get("kind")
    if kind not in KINDS:
        reading.note(f"{place}.kind", f"must be one of {', '.join(KINDS)}")
        return None
    missing = row.get("missing")
    missing_points = None if missing in (None, "") else reading.number(f"{place}.missing", missing)
    source = row.get("source", "")
    if source and (source not in COMPUTATIONS or kind not in ("bands", "curve")):
        reading.note(
            f"{place}.source", f"a computed indicator has bands or a curve, and one of {', '.join(COMPUTATIONS)}"
        )
    ways: dict[str, Any] = (
        {"expert": True} if kind == "expert" else {kind: _STEPS[kind](reading, f"{place}.{kind}", row.get(kind))}
    )
    if len(reading.faults) > before or weight is None:
        return None
    return cast("Indicator | None", reading.made(
        place, lambda: Indicator(code, zh, en, weight, missing_points=missing_points, source=str(source), **ways)
    ))  # fmt: skip


def _rows(reading: _Reading, place: str, rows: object, least: int) -> list[Any]:
    if not isinstance(rows, list) or not least <= len(rows) <= MAX_STEPS:
        reading.note(place, f"needs {least} to {MAX_STEPS} rows")
        return []
    return rows


def _bands(reading: _Reading, place: str, rows: object) -> tuple[Band, ...]:
    found = []
    for at, row in enumerate(_rows(reading, place, rows, 1), 1):
        if not isinstance(row, Mapping) or not set(row) <= {"low", "high", "points"}:
            reading.note(f"{place}.{at}", "is no band: low, high, points")
            continue
        low, high = (
            None if row.get(end) is None else reading.number(f"{place}.{at}.{end}", row[end]) for end in ("low", "high")
        )
        points = reading.number(f"{place}.{at}.points", row.get("points"))
        if points is not None:
            found.append(Band(low, high, points))
    return tuple(found)


def _curve(reading: _Reading, place: str, rows: object) -> tuple[tuple[Decimal, Decimal], ...]:
    found = []
    for at, row in enumerate(_rows(reading, place, rows, 2), 1):
        if not isinstance(row, list) or len(row) != 2:
            reading.note(f"{place}.{at}", "is no point of a curve: value, points")
            continue
        value, points = (reading.number(f"{place}.{at}", part) for part in row)
        if value is not None and points is not None:
            found.append((value, points))
    return tuple(found)


def _choices(reading: _Reading, place: str, rows: object) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for at, row in enumerate(_rows(reading, place, rows, 1), 1):
        if not isinstance(row, list) or len(row) != 2:
            reading.note(f"{place}.{at}", "is no choice: answer, points")
            continue
        answer, points = reading.text(f"{place}.{at}", row[0], 40), reading.number(f"{place}.{at}", row[1])
        if answer in found:
            reading.note(f"{place}.{at}", f"the answer {answer} stands there twice")
        if answer and points is not None:
            found[answer] = points
    return found


_STEPS: Mapping[str, Callable[[_Reading, str, object], Any]] = {"bands": _bands, "curve": _curve, "choices": _choices}


def _grades(reading: _Reading, rows: object) -> tuple[tuple[str, Decimal], ...]:
    found = []
    for at, row in enumerate(_rows(reading, "grades", rows, 1), 1):
        if not isinstance(row, list) or len(row) != 2 or row[0] not in GRADES:
            reading.note(f"grades.{at}", f"needs one of {', '.join(GRADES)} and its lowest score")
            continue
        low = reading.number(f"grades.{at}", row[1])
        if low is not None:
            found.append((str(row[0]), low))
    any_card = (Indicator("any", "any", "any", HUNDRED, expert=True),)
    if len(found) == len(cast("list[Any]", rows or ())):
        reading.made("grades", lambda: Scorecard("any", any_card, tuple(found)))
    return tuple(found)


def _override(reading: _Reading, data: object) -> tuple[int, int]:
    if not isinstance(data, Mapping) or not set(data) <= {"up", "down"}:
        reading.note("override", "needs up and down, in notches")
        return 0, 0
    up, down = (reading.whole(f"override.{name}", data.get(name, 0), MAX_NOTCHES) for name in ("up", "down"))
    return up, down


def _line(reading: _Reading, data: object) -> LineRule | None:
    if not isinstance(data, Mapping) or not set(data) <= {"base", "shares", "ceilings", "step"}:
        reading.note("line", "needs base, shares, ceilings and step")
        return None
    before = len(reading.faults)
    if data.get("base") not in BASES:
        reading.note("line.base", f"must be one of {', '.join(BASES)}")
    tables: list[dict[str, Decimal]] = []
    for name in ("shares", "ceilings"):
        table = data.get(name, {})
        if not isinstance(table, Mapping) or len(table) > len(GRADES):
            reading.note(f"line.{name}", "needs a number for a grade")
            table = {}
        read = {str(grade): reading.number(f"line.{name}.{grade}", value) for grade, value in table.items()}
        tables.append({grade: value for grade, value in read.items() if value is not None})
    step = reading.number("line.step", data.get("step", "10000"))
    if len(reading.faults) > before or step is None:
        return None
    base = cast("Base", data["base"])
    return cast("LineRule | None", reading.made("line", lambda: LineRule(base, tables[0], tables[1], step)))


def card_as_json(card: Card) -> dict[str, Any]:
    """Return a scorecard as the plain JSON values that `read_card` reads."""
    return {
        "version": card.version,
        "name": card.name,
        "note": card.note,
        "indicators": [_indicator_as_json(indicator) for indicator in card.scorecard.indicators],
        "grades": [[grade, str(low)] for grade, low in card.scorecard.grades],
        "override": {"up": card.most_up, "down": card.most_down},
        "line": None
        if card.line is None
        else {
            "base": card.line.base,
            "shares": {grade: str(value) for grade, value in card.line.shares.items()},
            "ceilings": {grade: str(value) for grade, value in card.line.ceilings.items()},
            "step": str(card.line.step),
        },
    }


def kind_of(indicator: Indicator) -> str:
    """Return how an indicator is rated, as `KINDS` names it."""
    return "expert" if indicator.expert else "bands" if indicator.bands else "curve" if indicator.curve else "choices"


def _indicator_as_json(indicator: Indicator) -> dict[str, Any]:
    kind = kind_of(indicator)
    row: dict[str, Any] = {
        "code": indicator.code,
        "zh": indicator.zh,
        "en": indicator.en,
        "weight": str(indicator.weight),
        "kind": kind,
        "missing": None if indicator.missing_points is None else str(indicator.missing_points),
        "source": indicator.source,
    }
    if kind == "bands":
        row["bands"] = [
            {"low": _text(band.low), "high": _text(band.high), "points": str(band.points)} for band in indicator.bands
        ]
    elif kind == "curve":
        row["curve"] = [[str(value), str(points)] for value, points in indicator.curve]
    elif kind == "choices":
        row["choices"] = [[answer, str(points)] for answer, points in indicator.choices.items()]
    return row


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
