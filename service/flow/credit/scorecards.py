"""Scorecards as data (RULES A1.1): drafted, tested on the whole portfolio, made active by a second person, then never changed again.

One is active and assesses; tested ones are its challengers. What an active or retired one says is fixed: assessments stand on it.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.card import Card, read_card
from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.guard import require
from service.flow.credit.cards import card_in, digest_of
from service.house import House
from service.records import audit
from service.records.counters import hold_counter
from service.records.tables import ScorecardRecord

STATES = ("draft", "tested", "active", "retired")


def list_scorecards(house: House, actor: Actor) -> list[ScorecardRecord]:
    """Return all versions, the active one first, then the latest changed; noted. Raises NotAllowed."""
    require(actor, "scorecard.read")
    with house.database.write() as session:
        audit.append(session, actor.name, "scorecard.list", "scorecards")
        rows = list(session.scalars(select(ScorecardRecord)))
    return sorted(rows, key=lambda row: (row.is_active is None, -row.changed_at.timestamp(), row.version))


def get_scorecard(house: House, actor: Actor, version: str) -> tuple[ScorecardRecord, Card]:
    """Return a version and note the reading. Raises NotFound, NotAllowed, BadScorecard (it was tampered with)."""
    require(actor, "scorecard.read")
    with house.database.write() as session:
        row = _load(session, version)
        audit.append(session, actor.name, "scorecard.view", f"scorecard:{version}")
        return row, card_in(row)


def checked(data: object) -> Card:
    """Return the scorecard that plain JSON values describe. Raises BadInput naming every fault at its place."""
    card, faults = read_card(data)
    if card is None:
        wrong: dict[str, str] = {}
        for fault in faults:
            wrong.setdefault(fault.place, fault.why)
        raise BadInput("; ".join(f"{place}: {why}" for place, why in wrong.items()), wrong)
    return card


def create_scorecard(house: House, actor: Actor, data: Mapping[str, Any]) -> ScorecardRecord:
    """Keep a new version as a draft. Raises BadInput naming every fault, NotAllowed, RuleRefused (the version is there)."""
    require(actor, "scorecard.edit")
    card = checked(data)
    with house.database.write() as session:
        _hold(session)
        if session.get(ScorecardRecord, card.version) is not None:
            raise RuleRefused(f"there is a scorecard {card.version} already; give the new one another version")
        now = house.clock.now()
        row = ScorecardRecord(
            version=card.version,
            state="draft",
            body=dict(data),
            digest=digest_of(data),
            made_by=actor.name,
            made_at=now,
            changed_by=actor.name,
            changed_at=now,
            tested={},
        )
        session.add(row)
        session.flush()
        audit.append(session, actor.name, "scorecard.create", f"scorecard:{card.version}", {"digest": row.digest})
        return row


def change_scorecard(
    house: House, actor: Actor, version: str, data: Mapping[str, Any], *, revision: int | None = None
) -> ScorecardRecord:
    """Change a draft; a tested one becomes a draft again. revision: the one that was shown, when somebody may have changed it since.

    Raises NotFound, NotAllowed, BadInput naming every fault, RuleRefused (active or retired; changed meanwhile).
    """
    require(actor, "scorecard.edit")
    card = checked(data)
    if card.version != version:
        why = f"this is the scorecard {version}; make a new one for another version"
        raise BadInput(f"version: {why}", {"version": why})
    with house.database.write() as session:
        _hold(session)
        row = _load(session, version)
        _demand_open(row)
        if revision is not None and revision != row.revision:
            raise RuleRefused("somebody changed this scorecard meanwhile; look at it again")
        row.body, row.digest, row.state = dict(data), digest_of(data), "draft"
        row.revision += 1
        row.changed_by, row.changed_at = actor.name, house.clock.now()
        row.tested, row.tested_by, row.tested_at = {}, None, None
        audit.append(session, actor.name, "scorecard.change", f"scorecard:{version}", {"digest": row.digest})
        return row


def note_tested(
    house: House, session: Session, version: str, digest: str, tested_by: str, summary: Mapping[str, Any]
) -> None:
    """Note in the caller's transaction that a run over the whole portfolio has tested a draft; nothing if it was changed since."""
    _hold(session)
    row = session.get(ScorecardRecord, version)
    if row is None or row.digest != digest or row.state not in ("draft", "tested"):
        return
    row.state, row.tested, row.tested_by, row.tested_at = "tested", dict(summary), tested_by, house.clock.now()
    audit.append(session, tested_by, "scorecard.test", f"scorecard:{version}", {"digest": digest})


def activate_scorecard(house: House, actor: Actor, version: str) -> ScorecardRecord:
    """Let a tested scorecard take the place of the active one; another person than who made or last changed it.

    Raises NotFound, NotAllowed, RuleRefused (not tested; one's own; it is active), BadScorecard (it was tampered with).
    """
    require(actor, "scorecard.activate")
    with house.database.write() as session:
        _hold(session)  # of two who activate at once the second sees what the first did
        row = _load(session, version)
        if row.state == "active":
            raise RuleRefused(f"scorecard {version} is active already")
        if row.state != "tested":
            raise RuleRefused(
                f"scorecard {version} is {row.state}; only one that was tested on the portfolio is activated"
            )
        if actor.name in (row.made_by, row.changed_by):
            raise RuleRefused("who made or changed a scorecard does not activate it")
        card_in(row)
        now = house.clock.now()
        before = session.scalar(select(ScorecardRecord).where(ScorecardRecord.is_active == 1))
        if before is not None:
            before.state, before.is_active, before.retired_by, before.retired_at = "retired", None, actor.name, now
            session.flush()
        row.state, row.is_active, row.activated_by, row.activated_at = "active", 1, actor.name, now
        detail = {"digest": row.digest, "instead_of": before.version if before else None}
        audit.append(session, actor.name, "scorecard.activate", f"scorecard:{version}", detail)
        return row


def retire_scorecard(house: House, actor: Actor, version: str) -> ScorecardRecord:
    """Put a draft or a challenger away. Raises NotFound, NotAllowed, RuleRefused (active: another takes its place; retired)."""
    require(actor, "scorecard.edit")
    with house.database.write() as session:
        _hold(session)
        row = _load(session, version)
        _demand_open(row)
        row.state, row.retired_by, row.retired_at = "retired", actor.name, house.clock.now()
        audit.append(session, actor.name, "scorecard.retire", f"scorecard:{version}")
        return row


def _demand_open(row: ScorecardRecord) -> None:
    if row.state not in ("draft", "tested"):
        raise RuleRefused(
            f"scorecard {row.version} is {row.state} and is not changed any more; copy it to a new version"
        )


def _hold(session: Session) -> None:
    hold_counter(session, "scorecards")


def _load(session: Session, version: str) -> ScorecardRecord:
    row = session.get(ScorecardRecord, version)
    if row is None:
        raise NotFound(f"there is no scorecard {version}")
    session.refresh(row)
    return row


def scorecard_as_json(row: ScorecardRecord, *, whole: bool = False) -> dict[str, Any]:
    """Return a version as plain JSON values. whole: with what it says."""

    def moment(name: str) -> str | None:
        at = getattr(row, f"{name}_at")
        return at.isoformat() if at else None

    steps = {name: {"by": getattr(row, f"{name}_by"), "at": moment(name)} for name in
             ("made", "changed", "tested", "activated", "retired")}  # fmt: skip
    more = {"scorecard": row.body, "test": row.tested} if whole else {}
    return {
        "version": row.version,
        "name": row.body.get("name", ""),
        "state": row.state,
        "example": row.example,
        "revision": row.revision,
        "digest": row.digest,
        **steps,
        **more,
    }
