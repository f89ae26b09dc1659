"""Destruction 销毁: what a review destroys, derived again at the moment it happens; its register and its certificate.

Sources: 档案法 2020; GB/T 18894-2016; DA/T 94/95; RULES Part B. A stored list is never taken on trust.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from retention.appraisal import Review, Ruling
from retention.blockers import Block, FileFacts, blocks
from retention.errors import DestructionBlocked, TransitionRefused
from retention.plain import to_plain
from retention.ports import DestructionBlocker
from retention.sentences import TERMS
from retention.why import because

# Field of a register row -> its heading in the customary form (销毁清册) and in English.
REGISTER_COLUMNS: dict[str, tuple[str, str]] = {
    "serial": ("序号", "No."),
    "title": ("题名", "Title"),
    "year": ("年度", "Year"),
    "archive_number": ("档号", "Archive number"),
    "retention": ("应保管期限", "Retention period"),
    "kept": ("已保管期限", "Kept for"),
    "pages": ("页数", "Pages"),
    "remark": ("备注", "Remarks"),
}


@dataclass(frozen=True)
class DestructionList:
    """destroy: what may be destroyed now. blocked: file -> what stands against it. kept: file -> why it was never to go.

    leave: what goes to an outside archive instead; the same stands against it as against a destruction.
    """

    destroy: tuple[FileFacts, ...]
    blocked: Mapping[str, tuple[Block, ...]]
    kept: Mapping[str, Ruling]
    leave: tuple[FileFacts, ...] = ()


def standing_blocks(
    file_id: str, facts: FileFacts | None, today: date, blockers: Sequence[DestructionBlocker] = ()
) -> tuple[Block, ...]:
    """Return all that stands against destroying the file today, from its facts and from every blocker asked."""
    if facts is None or facts.file_id != file_id:
        return (Block("no_facts", because("no_facts")),)
    return (*blocks(facts, today), *(block for source in blockers for block in source.blocks(file_id, today)))


def files_to_destroy(
    review: Review,
    facts_by_file: Mapping[str, FileFacts],
    today: date,
    blockers: Sequence[DestructionBlocker] = (),
    files: Sequence[str] | None = None,
) -> DestructionList:
    """Return what of the review is destroyed today, each file checked by its opinions and by the facts of now.

    facts_by_file: read at this moment, not when the review was made; a file without facts is blocked. files: which of the
    review to look at, all unless given. Raises DestructionBlocked when the review as such may not be executed today,
    TransitionRefused for a file that is not on it.
    """
    answer = review.may_execute(today)
    if not answer:
        raise DestructionBlocked(f"review {review.number}: {answer.why}")
    destroy: list[FileFacts] = []
    leave: list[FileFacts] = []
    blocked: dict[str, tuple[Block, ...]] = {}
    kept: dict[str, Ruling] = {}
    for file_id in review.files if files is None else files:
        ruling = review.ruling(file_id)
        if not (ruling.destroys or ruling.leaves):
            kept[file_id] = ruling
            continue
        facts = facts_by_file.get(file_id)
        against = standing_blocks(file_id, facts, today, blockers)
        if against or facts is None:
            blocked[file_id] = against
        elif ruling.leaves:
            leave.append(facts)
        else:
            destroy.append(facts)
    return DestructionList(tuple(destroy), blocked, kept, tuple(leave))


@dataclass(frozen=True)
class RegisterRow:
    """A row of the register. retention, kept: in Chinese words as the form wants them. remark: why it was destroyed."""

    serial: int
    title: str
    year: int
    archive_number: str
    retention: str
    kept: str
    pages: int
    remark: str

    def cells(self) -> tuple[int | str, ...]:
        """Return the cells in the order of `REGISTER_COLUMNS`."""
        return tuple(getattr(self, name) for name in REGISTER_COLUMNS)


def register_rows(
    review: Review, facts_by_file: Mapping[str, FileFacts], today: date, files: Sequence[str] | None = None
) -> tuple[RegisterRow, ...]:
    """Return the rows of the destruction register, numbered from 1 in the review's order.

    files: which ones; unless given, those that were destroyed or, before the execution, those whose opinions say so.
    today: the day of destruction, up to which 已保管期限 counts whole years from the file's year. Raises KeyError for a
    file without facts.
    """
    if files is None:
        files = [f for f in review.files if _goes(review, f)]
    chosen = set(files)
    rows: list[RegisterRow] = []
    ordered = files if len(chosen) == 1 else [f for f in review.files if f in chosen]
    for file_id in ordered:
        facts = facts_by_file[file_id]
        rows.append(
            RegisterRow(
                serial=len(rows) + 1,
                title=facts.title,
                year=facts.year,
                archive_number=facts.archive_number or "",
                retention=TERMS["period"].get(facts.retention or "", ("", ""))[0],
                kept=f"{today.year - facts.year} 年",
                pages=facts.pages,
                remark=review.ruling(file_id).why.zh,
            )
        )
    return tuple(rows)


def _goes(review: Review, file_id: str) -> bool:
    outcome = review.outcomes.get(file_id)
    return review.ruling(file_id).destroys if outcome is None else outcome.word == "destroyed"


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def certificate(
    review: Review, rows: Sequence[RegisterRow], fonds: str, proofs: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """Return the certificate of destruction as plain data: the register's cover, its rows, who signed what and when.

    proofs: file -> what shows that its bytes and keys are gone, as plain JSON values. `sha256` seals all the rest
    (`certificate_intact`). Raises TransitionRefused before both supervisors have confirmed the destruction.
    """
    if review.state not in ("verified", "certified"):
        raise TransitionRefused(f"review {review.number} is {review.state}; a certificate follows the verification")
    destroyed = [file_id for file_id, outcome in review.outcomes.items() if outcome.word == "destroyed"]
    if len(rows) != len(destroyed):
        raise TransitionRefused(f"{len(rows)} rows of the register for {len(destroyed)} destroyed files")
    signed = [{"act": s.act, "person": s.person, "on": s.on.isoformat()} for s in review.signatures]
    content: dict[str, Any] = {
        "review": review.number,
        "fonds": fonds,
        "files": len(rows),
        "pages": sum(row.pages for row in rows),
        "proposer": review.proposer,
        "group_head": review.group[0],
        "group": list(review.group),
        "approver": review.approver,
        "supervisors": list(review.supervisors),
        "destroyed_on": next(s.on for s in review.signatures if s.act == "finish").isoformat(),
        "signatures": signed,
        "appraised_on": _appraised_on(review),
        "replaced": [to_plain(replacement) for replacement in review.replaced],
        "co_reviewers": [to_plain(asked) | {"files": list(asked.files)} for asked in review.co_reviewers],
        "rows": [asdict(row) for row in rows],
        "not_destroyed": {f: o.why for f, o in review.outcomes.items() if o.word != "destroyed"},
        **(
            {"paper": to_plain(review.paper) | to_plain(review.paper_gone)}
            if review.paper and review.paper_gone
            else {}
        ),
        "proofs": {file_id: dict(proof) for file_id, proof in (proofs or {}).items()},
    }
    return content | {"sha256": _digest(content)}


def _appraised_on(review: Review) -> dict[str, str]:
    """Return the day on which each member of the group gave their last opinion: that is what they signed."""
    days: dict[str, str] = {}
    for opinions in review.opinions.values():
        for person, opinion in opinions.items():
            if opinion.on is not None:
                days[person] = max(days.get(person, ""), opinion.on.isoformat())
    return days


def certificate_intact(data: Mapping[str, Any]) -> bool:
    """Return whether a certificate still says what it said when it was issued."""
    return data.get("sha256") == _digest({name: value for name, value in data.items() if name != "sha256"})
