"""From what is known and what is typed to an assessment: computed indicators by themselves, the others by hand (RULES A1.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from credit.card import Card
from credit.credit_line import propose_line
from credit.override import Override, Rating, rate
from credit.scorecard import Assessment, Indicator, Input, ScoreLine, assess, recompute
from service.access.policy import Actor
from service.errors import BadInput
from service.flow.credit.known import Sources
from service.records.tables import AssessmentRecord
from service.settings import Settings

#: Where a value came from.
COMPUTED, ENTERED, CARRIED = "computed", "entered", "carried"


@dataclass(frozen=True)
class InputGiven:
    """What a person says of an indicator. value: a number or an answer as typed, "" when it is not known. evidence: documents."""

    value: str = ""
    evidence: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Line:
    """A credit line. amount: yuan, None for none; why: its arithmetic as plain JSON values."""

    amount: Decimal | None
    why: dict[str, Any]


@dataclass(frozen=True)
class Drawn:
    """Inputs as the scorecard wants them, and where each came from."""

    inputs: dict[str, Input]
    origins: dict[str, str]


def draw(card: Card, sources: Sources, given: Mapping[str, InputGiven], actor: Actor) -> Drawn:
    """Return the inputs of an assessment: what is computed where there are data, else what a person says.

    Raises BadInput for an indicator the scorecard does not have, a number that is none, and a value that contradicts a computed
    one without saying why.
    """
    known = {indicator.code: indicator for indicator in card.scorecard.indicators}
    for code in given:
        if code not in known:
            raise BadInput(f"{code}: scorecard {card.version} has no such indicator", {code: "no such indicator"})
    inputs, origins = {}, {}
    for code, indicator in known.items():
        said = given.get(code, InputGiven())
        computed = sources.value(indicator.source) if indicator.source else None
        typed = _typed(indicator, said, actor)
        if computed is None or (typed.value is not None and typed.value != computed):
            if computed is not None and not said.note.strip():
                why = f"the figures give {computed}; say in the note why another value counts"
                raise BadInput(f"{code}: {why}", {code: why})
            inputs[code] = typed
            if typed.value is not None:
                origins[code] = ENTERED
        else:
            inputs[code] = Input(computed, sources.evidence(indicator.source) + said.evidence)
            origins[code] = COMPUTED
    return Drawn(inputs, origins)


def carry(card: Card, sources: Sources, last: AssessmentRecord | None) -> Drawn:
    """Return the inputs of an assessment nobody types: computed anew where there are data, else as a person entered them last.

    What was computed last and is not any more, of statements that have grown too old for instance, is missing.
    """
    before = {line["code"]: line for line in last.lines} if last is not None else {}
    inputs, origins = {}, {}
    for indicator in card.scorecard.indicators:
        code, kept = indicator.code, before.get(indicator.code)
        computed = sources.value(indicator.source) if indicator.source else None
        if computed is not None:
            inputs[code], origins[code] = Input(computed, sources.evidence(indicator.source)), COMPUTED
        elif kept is not None and kept["value"] is not None and not (indicator.source and kept.get("from") == COMPUTED):
            line = line_of_json(kept)
            inputs[code], origins[code] = Input(line.value, line.evidence, line.by, line.note), CARRIED
    return Drawn(inputs, origins)


def _typed(indicator: Indicator, given: InputGiven, actor: Actor) -> Input:
    """What was typed as the scorecard wants it. Raises BadInput for a number that is none."""
    text = given.value.strip()
    value: Decimal | str | None = None
    if text:
        value = text if indicator.choices else number_of(indicator.code, text)
    by, note = (actor.name, given.note.strip()) if given.note.strip() else ("", "")
    return Input(value, given.evidence, by, note)


def number_of(name: str, text: str, most: int = 15) -> Decimal:
    """Return typed text as a number below 10^most with at most 6 digits after the point. Raises BadInput."""
    try:
        number = Decimal(text.strip().replace(",", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or (number and number.adjusted() >= most) or int(number.as_tuple().exponent) < -6:
        raise BadInput(f"{name}: give a number, with at most 6 digits after the point", {name: "give a number"})
    return number


def made(card: Card, drawn: Drawn, override: Override | None = None) -> Rating:
    """Return the assessment with the grade that counts. Raises CreditError for what does not fit."""
    assessment = assess(card.scorecard, drawn.inputs)
    set_by = override if override is not None and override.grade != assessment.grade else None
    return rate(assessment, set_by, card.most_up, card.most_down)


def line_for(card: Card, grade: str, sources: Sources, typed: str = "") -> Line:
    """Return the credit line that goes with a grade: what the rule proposes, or less where a person says so.

    Raises BadInput for a sum that is none, or more than the rule gives.
    """
    wanted = None if not typed.strip() else number_of("line", typed)
    if wanted is not None and (wanted < 0 or wanted != wanted.quantize(Decimal("0.01"))):
        raise BadInput("line: must be 0 or more, in whole cents", {"line": "must be 0 or more, in whole cents"})
    if card.line is None:
        return Line(wanted, {} if wanted is None else {"by_hand": str(wanted)})
    proposal = propose_line(card.line, grade, sources.base(card.line.base))
    why = {
        "base": card.line.base,
        "amount": None if proposal.base is None else str(proposal.base),
        "share": str(proposal.share),
        "ceiling": None if proposal.ceiling is None else str(proposal.ceiling),
        "proposed": None if proposal.base is None else str(proposal.line),
    }
    if wanted is None:
        return Line(None if proposal.base is None else proposal.line, why)
    if proposal.base is not None and wanted > proposal.line:
        said = f"the rule gives at most {proposal.line}"
        raise BadInput(f"line: {said}", {"line": said})
    return Line(wanted, why | {"by_hand": str(wanted)})


def high_value(settings: Settings, line: Decimal | None, sources: Sources) -> str:
    """Return why experts must review a customer (RULES A1.3): ``line:SUM`` or ``turnover:SUM`` in yuan; "" when they need not."""
    if line is not None and line >= settings.expert_line:
        return f"line:{line}"
    if sources.purchases >= settings.expert_turnover:
        return f"turnover:{sources.purchases}"
    return ""


def record_of(
    customer_id: str, rating: Rating, drawn: Drawn, line: Line, today: date, now: datetime
) -> AssessmentRecord:
    """Return an assessment as it is kept; it waits for a second person."""
    return AssessmentRecord(**columns_of(customer_id, rating, drawn, line, today, now))


def columns_of(
    customer_id: str, rating: Rating, drawn: Drawn, line: Line, today: date, now: datetime
) -> dict[str, Any]:
    """Return an assessment as its row holds it: a run over all customers inserts a thousand at once."""
    made = rating.assessment
    return {
        "customer_id": customer_id,
        "scorecard": made.version,
        "assessed_on": today,
        "lines": [line_as_json(row, drawn.origins.get(row.code, "")) for row in made.lines],
        "exact": str(made.exact),
        "score": made.score,
        "score_grade": made.grade,
        "grade": rating.grade,
        "set_reason": rating.override.reason if rating.override else "",
        "state": "waiting",
        "line": line.amount,
        "line_why": line.why,
        "made_at": now,
    }


def assessment_of(record: AssessmentRecord) -> Assessment:
    """Return a kept assessment as the rules know it."""
    lines = tuple(line_of_json(row) for row in record.lines)
    return Assessment(record.scorecard, lines, Decimal(record.exact), Decimal(record.score), record.score_grade)


def stands_up(record: AssessmentRecord, card: Card | None) -> bool:
    """Return whether a kept assessment, computed again from its inputs and its scorecard, is the same to the last digit.

    card: its scorecard; None when that is gone or was tampered with, and then nothing stands up.
    """
    if card is None:
        return False
    kept = assessment_of(record)
    return recompute(card.scorecard, kept) == kept


def line_as_json(line: ScoreLine, origin: str = "") -> dict[str, Any]:
    """Return the arithmetic of one indicator as it is kept. origin: where its value came from."""
    return {
        "code": line.code,
        "value": None if line.value is None else str(line.value),
        "number": isinstance(line.value, Decimal),
        "evidence": list(line.evidence),
        "matched": line.matched,
        "points": str(line.points),
        "weight": str(line.weight),
        "contribution": str(line.contribution),
        "by": line.by,
        "note": line.note,
        "from": origin,
    }


def line_of_json(row: Mapping[str, Any]) -> ScoreLine:
    """Return the arithmetic of one indicator as the rules know it."""
    value = Decimal(row["value"]) if row["number"] else row["value"]
    return ScoreLine(
        row["code"],
        value,
        tuple(row["evidence"]),
        row["matched"],
        points=Decimal(row["points"]),
        weight=Decimal(row["weight"]),
        contribution=Decimal(row["contribution"]),
        by=row["by"],
        note=row["note"],
    )
