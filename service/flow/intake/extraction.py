"""Extraction: how often what the machine read was right, by category and field, and how far its confidence can be believed.

Counted are the values of documents by the day these came in. What people said of the values of a document goes with the
document when it is destroyed; the bare counts stay, without anything that was printed on it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import String, and_, case, cast, delete, func, select
from sqlalchemy.orm import Session

from intake.confidence import BANDS as SHOWN
from intake.confidence import Band, lowest_of
from intake.understand import CONFIDENCE_LINE
from intake.verification import MACHINE
from service.access.policy import Actor
from service.clock import CHINA
from service.flow.common.guard import require
from service.flow.intake.extraction_categories import CategoryRow, Judged, category_bands, category_rows, judged
from service.house import House
from service.records import audit
from service.records.tables import Desk, Document, DocumentField, ExtractionCount, FieldCorrection, LastSave

#: unseen: read, nobody has said anything of it. added: a person found what the machine had not read. not_here: read from a paper
#: that has no such value. nothing: asked for, not read, and rightly so.
OUTCOMES = ("unseen", "confirmed", "corrected", "added", "not_here", "nothing")
WRONG = ("corrected", "not_here")
#: Counts are kept in bands of a twentieth; the last one begins where the last that is shown does, later than its twentieth.
BANDS = 20
_LINE = round(CONFIDENCE_LINE * BANDS)
Key = tuple[str, str, str, str, int]  # category, field, engine, outcome, band


@dataclass(frozen=True)
class Row:
    """One field of one category. sure, sure_wrong: of the values checked, those read above the review line, and the wrong of them."""

    category: str
    field: str
    unseen: int
    confirmed: int
    corrected: int
    added: int
    not_here: int
    nothing: int
    sure: int
    sure_wrong: int

    @property
    def read(self) -> int:
        """How many values the machine read."""
        return self.unseen + self.confirmed + self.corrected + self.not_here

    @property
    def right(self) -> float | None:
        """The share of right values among those a person has checked; None when nobody has."""
        checked = self.confirmed + self.corrected + self.not_here
        return self.confirmed / checked if checked else None


@dataclass(frozen=True)
class Report:
    """rows: by category and field. bands: calibration over all values. engines: checked and wrong values by engine.

    categories: what was made of them; category_bands: their calibration.
    """

    since: date | None
    rows: tuple[Row, ...]
    categories: tuple[CategoryRow, ...]
    bands: tuple[Band, ...]
    category_bands: tuple[Band, ...]
    engines: dict[str, tuple[int, int]]


def report(house: House, actor: Actor, since: date | None = None) -> Report:
    """Return how well values were read from what came in since a day (in China), and note the reading. Raises NotAllowed."""
    require(actor, "extraction.read")
    came_in = _came_in(since)
    with house.database.read() as session:  # counting may take seconds: nobody who writes waits for it
        counted, categories = _counts(session, *came_in), list(judged(session, came_in))
        gone = select(ExtractionCount)
        if since is not None:
            gone = gone.where(ExtractionCount.received_on >= since)
        for row in session.scalars(gone):
            counted[(row.category, row.field, row.engine, row.outcome, row.band)] += row.count
    with house.database.write() as session:
        detail = {"since": since.isoformat() if since else ""}
        audit.append(session, actor.name, "extraction.view", "extraction", detail)
    return _report(since, counted, categories)


def count_and_forget(session: Session, document_ids: Iterable[str]) -> None:
    """Before documents are destroyed, in the same transaction: keep the counts, remove what people said of their values."""
    for document_id in document_ids:
        document = session.get_one(Document, document_id)
        day = document.received_at.astimezone(CHINA).date()
        for (category, name, engine, outcome, band), number in _counts(session, Document.id == document_id).items():
            key = (day, category, name, engine, outcome, band)
            row = session.get(ExtractionCount, key)
            if row is None:
                columns = ("received_on", "category", "field", "engine", "outcome", "band")
                session.add(ExtractionCount(**dict(zip(columns, key, strict=True)), count=number))
            else:
                row.count += number
        session.flush()
        for table in (FieldCorrection, LastSave, Desk):
            session.execute(delete(table).where(table.document_id == document_id))


def _came_in(since: date | None) -> list[Any]:
    return [] if since is None else [Document.received_at >= datetime.combine(since, time(), CHINA)]


def _counts(session: Session, *where: Any) -> Counter[Key]:
    field = DocumentField
    disputed = cast(field.rival, String) != "{}"
    untouched = and_(field.entered_by == MACHINE, cast(field.confirmed_by, String) == "[]")
    outcome = case(
        (and_(field.read_value == "", field.value == "", ~disputed), "nothing"),
        (field.read_value == "", "added"),
        (disputed | untouched, "unseen"),
        (field.value == "", "not_here"),
        (field.value == field.read_value, "confirmed"),
        else_="corrected",
    )
    band = case(*((field.read_confidence < min((n + 1) / BANDS, SHOWN[-1]), n) for n in range(BANDS)), else_=BANDS)
    columns = (Document.category, field.name, field.engine, outcome, band)
    query = select(*columns, func.count()).join(Document, Document.id == field.document_id).group_by(*columns)
    found: Counter[Key] = Counter()
    for *key, number in session.execute(query.where(*where)):
        found[tuple(key)] += number
    return found


def _report(since: date | None, counted: Counter[Key], categories: Sequence[Judged]) -> Report:
    rows: dict[tuple[str, str], Counter[str]] = {}
    shown: dict[float, Counter[str]] = {}
    engines: dict[str, Counter[str]] = {}
    for (category, name, engine, outcome, band), number in counted.items():
        row = rows.setdefault((category, name), Counter())
        row[outcome] += number
        if outcome in ("confirmed", *WRONG):
            said = "wrong" if outcome in WRONG else outcome
            shown.setdefault(_shown(band), Counter())[said] += number
            engines.setdefault(engine, Counter())[said] += number
            if band >= _LINE:
                row["sure"] += number
                row["sure_wrong"] += number if outcome in WRONG else 0
    return Report(
        since,
        tuple(
            Row(*key, *(row[name] for name in (*OUTCOMES, "sure", "sure_wrong")))
            for key, row in sorted(rows.items(), key=lambda item: _order(item[0]))
        ),
        category_rows(categories),
        tuple(Band(lowest, sum(band.values()), band["wrong"]) for lowest, band in sorted(shown.items())),
        category_bands(categories),
        {name: (sum(found.values()), found["wrong"]) for name, found in sorted(engines.items())},
    )


def _shown(band: int) -> float:
    """Return where the band begins that is shown of one that counts are kept in."""
    return SHOWN[-1] if band == BANDS else lowest_of(band / BANDS)


def _order(key: tuple[str, str]) -> tuple[list[int], str]:
    category, name = key
    return [int(part) for part in category.split(".") if part.isdecimal()], name


def as_json(found: Report) -> dict[str, Any]:
    """Return the report as plain JSON values."""
    return {
        "since": found.since.isoformat() if found.since else None,
        "fields": [{**asdict(row), "read": row.read, "right": row.right and round(row.right, 4)} for row in found.rows],
        "categories": [{**asdict(row), "right": row.right} for row in found.categories],
        "calibration": [asdict(band) for band in found.bands],
        "category_calibration": [asdict(band) for band in found.category_bands],
        "engines": {name: {"checked": checked, "wrong": wrong} for name, (checked, wrong) in found.engines.items()},
    }


def as_cells(found: Report) -> Iterator[tuple[str | int, ...]]:
    """Yield the rows by field as a table's cells, in the order of COLUMNS."""
    for r in found.rows:
        right = "" if r.right is None else f"{r.right:.4f}"
        numbers = (r.read, r.unseen, r.confirmed, r.corrected, r.added, r.not_here, r.nothing)
        yield r.category, r.field, *numbers, right, r.sure, r.sure_wrong


COLUMNS = (
    "category",
    "field",
    "read",
    "unseen",
    "confirmed",
    "corrected",
    "added",
    "not_here",
    "nothing",
    "right",
    "checked_above_line",
    "wrong_above_line",
)


def category_cells(found: Report) -> Iterator[tuple[str | int, ...]]:
    """Yield what was made of the categories as a table's cells, in the order of CATEGORY_COLUMNS; right: 1 or 0."""
    for row in found.categories:
        yield row.read_as, row.category, row.documents, int(row.right)


CATEGORY_COLUMNS = ("read_as", "category", "documents", "right")
