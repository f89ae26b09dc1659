"""What is due as a calendar that other programs subscribe to (RULES B3): iCalendar (RFC 5545), one address a person.

The address holds a secret of its own, kept as a hash among the person's tokens: it opens this feed and nothing else, shows what the
person may see today, and ends when it is revoked, when a new one is made, or when the account is closed.
"""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from service.access.hashes import digest
from service.access.people import actor_of_token
from service.access.policy import Actor
from service.errors import NotAllowed, NotSignedIn
from service.flow.archive.transfers import DueTransfer, list_transfers
from service.flow.common.guard import require
from service.house import House
from service.records import audit
from service.records.tables import ApiToken

SCOPE = "calendar"
DAYS = 365
_MOST = 1000
_EVENTS = {"signed": ("签订", "signed"), "amended": ("变更", "amended"), "performed": ("履行完毕", "performed")} | {
    "terminated": ("解除", "terminated")
}
_STAGES = {
    "handler": ("移交信用管理员", "to the credit administrator"),
    "archive": ("移交档案室", "to the archive room"),
}


def make_feed(house: House, actor: Actor) -> str:
    """Return the secret of the person's feed, shown once; an earlier one is revoked. Raises NotAllowed."""
    require(actor, "transfer.read")
    if actor.person_id is None:
        raise NotAllowed("transfer.read: only a person with an account subscribes to a calendar")
    secret, now = "jzc_" + secrets.token_urlsafe(32), house.clock.now()
    with house.database.write() as session:
        mine = select(ApiToken).where(ApiToken.person_id == actor.person_id, ApiToken.revoked_at.is_(None))
        for token in session.scalars(mine.with_for_update()):
            if token.scopes == [SCOPE]:
                token.revoked_at = now
        given = {"name": "日历 · calendar", "secret_hash": digest(secret), "scopes": [SCOPE], "networks": []}
        session.add(ApiToken(person_id=actor.person_id, created_at=now, expires_at=now + timedelta(days=DAYS), **given))
        detail = {"name": given["name"], "scopes": [SCOPE], "days": DAYS}
        audit.append(session, actor.name, "token.create", actor.name, detail)
    return secret


def feed(house: House, secret: str, address: str = "", language: str = "zh") -> bytes:
    """Return the calendar that a secret opens, and note the reading. Raises NotSignedIn for any other secret, NotAllowed."""
    actor = actor_of_token(house, secret, address)
    if actor.scopes != frozenset({SCOPE}):
        raise NotSignedIn("the token is unknown, expired or revoked")
    reader = replace(actor, scopes=frozenset({"read"}))
    rows = list_transfers(house, reader, limit=_MOST)
    return calendar(rows, house.clock.now(), house.settings.base_url, language)


def calendar(rows: list[DueTransfer], now: datetime, base_url: str, language: str = "zh") -> bytes:
    """Return open transfers as an iCalendar object: an all-day event on each deadline, with an alarm three days before."""
    column = 0 if language == "zh" else 1
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Juanzong//Deadlines//ZH", "CALSCALE:GREGORIAN"]
    lines += ["METHOD:PUBLISH", f"X-WR-CALNAME:{('移交期限', 'Transfer deadlines')[column]}"]
    for item in rows:
        lines += _event(item, now, base_url, column)
    return "".join(f"{part}\r\n" for line in (*lines, "END:VCALENDAR") for part in _folded(line)).encode()


def _event(item: DueTransfer, now: datetime, base_url: str, column: int) -> list[str]:
    row, contract = item.transfer, item.transfer.case_file.contract
    number = contract.number if contract else row.case_file.title
    stage, event = _STAGES[row.stage][column], _EVENTS[row.event_kind][column]
    who = row.responsible.name if row.responsible else ""
    late = ("【已逾期】", "[late] ")[column] if item.urgency == "late" else ""
    text = "\n".join(filter(None, (contract.counterparty if contract else "", who, item.why.say(("zh", "en")[column]))))
    return [
        "BEGIN:VEVENT",
        f"UID:transfer-{row.id}@juanzong",
        f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{_day(row.due_on)}",
        f"DTEND;VALUE=DATE:{_day(row.due_on + timedelta(days=1))}",
        f"SUMMARY:{_text(f'{late}{number} {event} {stage}')}",
        f"DESCRIPTION:{_text(text)}",
        f"URL:{base_url}/files/{row.case_file_id}",
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_text(f'{number} {stage}')}",
        "TRIGGER:-P3D",
        "END:VALARM",
        "END:VEVENT",
    ]


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _text(value: str) -> str:
    """Return a TEXT value (RFC 5545, 3.3.11): backslash, semicolon, comma and line ends escaped, no other control."""
    plain = value.replace("\r\n", "\n").replace("\r", "\n")
    plain = plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
    return "".join(c for c in plain if c == "\t" or (ord(c) >= 32 and ord(c) != 127))


def _folded(line: str) -> Iterator[str]:
    """Yield a content line in pieces of at most 75 octets, no character cut (RFC 5545, 3.1)."""
    piece, size = "", 0
    for c in line:
        width = len(c.encode())
        if size + width > 75:
            yield piece
            piece, size = " ", 1
        piece, size = piece + c, size + width
    yield piece
