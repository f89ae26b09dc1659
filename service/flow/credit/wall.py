"""The sentences on the wall (RULES A7, 上墙内容): shown where people sign in and begin their day, edited with a trace of every version."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import BadInput
from service.flow.common.guard import require
from service.house import House
from service.records import audit
from service.records.counters import hold_counter, next_serial
from service.records.tables import WallText

#: As the source text has them (客户信用档案管理制度, 上墙内容), and in English.
ZH = (
    "客户信用，我们共同守护。",
    "准确、及时、完整，信息管理三原则。",
    "风险预警，早发现，早应对。",
    "尊重法规，合规经营，诚信为本。",
    "信用档案，助力决策，驱动发展。",
)
EN = (
    "Customer credit: we guard it together.",
    "Accurate, timely, complete: the three principles of information.",
    "Risk warnings: seen early, answered early.",
    "Respect the law, work by the rules, be honest first.",
    "Credit archives: a help to decide, a drive to grow.",
)
LONGEST = 120


def _latest(session: Session) -> WallText | None:
    return session.scalar(select(WallText).order_by(WallText.version.desc()).limit(1))


def sentences(house: House, language: str) -> list[str]:
    """Return the five sentences in a language, as they were last set. Nobody need be signed in: they are for everyone."""
    with house.database.read() as session:
        row = _latest(session)
    if row is None:
        return list(ZH if language == "zh" else EN)
    return list(row.zh if language == "zh" else row.en)


def wall(house: House, actor: Actor) -> tuple[WallText, list[WallText]]:
    """Return the sentences in both languages and every version before, the latest first; version 0 is what ships. Raises NotAllowed."""
    require(actor, "wall.read")
    with house.database.write() as session:
        audit.append(session, actor.name, "wall.view", "wall")
        rows = list(session.scalars(select(WallText).order_by(WallText.version.desc())))
    shipped = WallText(version=0, zh=list(ZH), en=list(EN), set_by="", set_at=None)
    return (rows[0] if rows else shipped), rows


def set_wall(house: House, actor: Actor, zh: Sequence[str], en: Sequence[str]) -> WallText:
    """Put other sentences on the wall, five in each language. Silent when they stand there already. Raises BadInput, NotAllowed."""
    require(actor, "wall.edit")
    wanted = {"zh": [text.strip() for text in zh], "en": [text.strip() for text in en]}
    wrong = {}
    for name, texts in wanted.items():
        if len(texts) != len(ZH):
            wrong[name] = f"there are {len(ZH)} sentences on the wall"
        for at, text in enumerate(texts, 1):
            if not text or len(text) > LONGEST or "\n" in text:
                wrong[f"{name}.{at}"] = f"one sentence of at most {LONGEST} characters"
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    with house.database.write() as session:
        hold_counter(session, "wall")
        before = _latest(session)
        if before is not None and (before.zh, before.en) == (wanted["zh"], wanted["en"]):
            return before
        serial = next_serial(session, "wall")
        row = WallText(version=serial, **wanted, set_by=actor.name, set_at=house.clock.now())
        session.add(row)
        old = (before.zh, before.en) if before else (list(ZH), list(EN))
        changed = [n for n, pairs in enumerate(zip(*old, *wanted.values(), strict=True), 1) if pairs[:2] != pairs[2:]]
        audit.append(session, actor.name, "wall.set", "wall", {"version": serial, "sentences": changed})
        return row


def wall_as_json(row: WallText) -> dict[str, Any]:
    """Return the sentences as plain JSON values."""
    return {
        "version": row.version,
        "zh": row.zh,
        "en": row.en,
        "set_by": row.set_by or None,
        "set_at": row.set_at.isoformat() if row.set_at else None,
    }
