"""Scorecards out of the database, checked against their digest: what every assessment is made and recomputed with."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.card import Card, read_card
from credit.errors import BadScorecard
from service.errors import NotFound
from service.records.audit import canonical
from service.records.tables import ScorecardRecord


def digest_of(body: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a scorecard's canonical JSON."""
    return hashlib.sha256(canonical(body).encode()).hexdigest()


@lru_cache(maxsize=64)
def _read(text: str, digest: str) -> Card:
    import json

    body = json.loads(text)
    card, faults = read_card(body)
    if card is None or digest_of(body) != digest:
        why = faults[0].why if faults else "it is not what it was when it was kept"
        raise BadScorecard(f"the scorecard cannot be used: {why}")
    return card


def card_in(record: ScorecardRecord) -> Card:
    """Return the scorecard of a row. Raises BadScorecard when the row was tampered with."""
    return _read(canonical(record.body), record.digest)


def load_card(session: Session, version: str) -> Card:
    """Return a version of the scorecard. Raises NotFound, BadScorecard."""
    record = session.get(ScorecardRecord, version)
    if record is None:
        raise NotFound(f"there is no scorecard {version}")
    return card_in(record)


def champion(session: Session) -> Card:
    """Return the scorecard in use. Raises NotFound when there is none, BadScorecard when it was tampered with."""
    record = session.scalar(select(ScorecardRecord).where(ScorecardRecord.is_active == 1))
    if record is None:
        raise NotFound("there is no scorecard in use")
    return card_in(record)


def cards_of(session: Session, versions: Iterable[str]) -> dict[str, Card]:
    """Return the scorecards of these versions; one that is not there or was tampered with is left out."""
    found = {}
    for version in set(versions):
        record = session.get(ScorecardRecord, version)
        try:
            if record is not None:
                found[version] = card_in(record)
        except BadScorecard:
            continue
    return found
