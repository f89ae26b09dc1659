"""The kinds of information that are collected: those that ship, as the company wants them, and its own (RULES A2.1, A2.3)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.fact_kinds import FORMS, SHIPPED, Form, Kind
from credit.freshness import KEY_INFORMATION
from service.access.policy import Actor
from service.errors import BadInput
from service.flow.common.guard import require
from service.flow.credit.fact_duties import renew_kind
from service.house import House
from service.records import audit
from service.records.tables import FactKind

_CODE = re.compile("[a-z][a-z0-9_]{1,39}")
_MOST_DAYS = 3650


@dataclass(frozen=True)
class KindGiven:
    """A kind as somebody wants it. form: text, date, money, code. refresh_days: "" for the setting. key: key information."""

    code: str
    zh: str
    en: str = ""
    form: str = "text"
    key: bool = False
    refresh_days: str = ""


def kinds_of(session: Session) -> Mapping[str, Kind]:
    """Return every kind by code: those that ship first, as the company changed them, then its own by name."""
    own = {row.code: row for row in session.scalars(select(FactKind).order_by(FactKind.code))}
    found = {code: _kind(own[code]) if code in own else kind for code, kind in SHIPPED.items()}
    return found | {code: _kind(row) for code, row in own.items() if code not in SHIPPED}


def _kind(row: FactKind) -> Kind:
    key = row.key or row.code in KEY_INFORMATION  # what RULES A2.3 names stays key information
    return Kind(row.code, row.zh, row.en or row.zh, cast("Form", row.form), key, row.refresh_days)


def list_kinds(house: House) -> Mapping[str, Kind]:
    """Return every kind by code: they are a catalogue, and no secret."""
    with house.database.read() as session:
        return kinds_of(session)


def set_kind(house: House, actor: Actor, given: KindGiven) -> Kind:
    """Add a kind or change one; what is due of it is counted anew. Raises BadInput, NotAllowed.

    The form of a kind that ships stays what it is: values that were entered have it.
    """
    require(actor, "fact.assign")
    wrong: dict[str, str] = {}
    shipped = SHIPPED.get(given.code)
    if not _CODE.fullmatch(given.code):
        wrong["code"] = "2 to 40 of a-z 0-9 _, beginning with a letter"
    zh, en = given.zh.strip(), given.en.strip()
    if not 1 <= len(zh) <= 60:
        wrong["zh"] = "1 to 60 characters"
    if len(en) > 60:
        wrong["en"] = "1 to 60 characters"
    if given.form not in FORMS:
        wrong["form"] = f"one of {', '.join(FORMS)}"
    days = given.refresh_days.strip()
    if days and not (days.isascii() and days.isdigit() and 1 <= int(days) <= _MOST_DAYS):
        wrong["refresh_days"] = f"1 to {_MOST_DAYS} days"
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    with house.database.write() as session:
        audit.lock(session)
        row = session.get(FactKind, given.code)
        if row is None:
            row = FactKind(code=given.code, form=shipped.form if shipped else given.form)
            session.add(row)
        row.zh, row.en, row.key = zh, en, given.key
        row.refresh_days = int(days) if days else None
        row.changed_by, row.changed_at = actor.name, house.clock.now()
        session.flush()
        kind = _kind(row)
        renew_kind(house, session, kind)
        audit.append(session, actor.name, "fact.kind", f"fact-kind:{given.code}", {"refresh_days": row.refresh_days})
        return kind
