"""What a person's rights rest on (RULES B7 to B9): the signed confidentiality agreement, and an archivist's qualifications.

Without a valid agreement nothing classified opens; without the qualifications a role cannot be given, and one that was given stops
working when they lapse. Both are demanded from a day on (`demanded_from`), so that an archive of an earlier release has time to
enter them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from service.access.policy import Actor, Granted
from service.house import House
from service.records import audit
from service.records.tables import Grant, Paper, Person, Term

#: agreement: 保密协议 (B9); degree: 大专及以上学历, retrieval: 数据库检索能力 (B7); exam: 企业信用管理培训考试合格 (B8).
KINDS = ("agreement", "degree", "retrieval", "exam")
#: role -> what must be on record and valid before it can be given.
NEEDED: Mapping[str, tuple[str, ...]] = {"archivist": ("degree", "retrieval", "exam")}
MAX_NOTE = 300
_LATEST_FIRST = (Paper.entered_at.desc(), Paper.id)
_AT_ONCE = 1000  # databases limit how many values stand in one query
# Asked at every request, and made once: putting a question together costs more than the database does to answer it.
_DEMANDED = select(Term.day).where(Term.name == "papers")
_OF_THEM: BindParameter[str] = bindparam("people", expanding=True)
_OPEN_TO = select(Grant.person_id, Grant.kind, Grant.subject_id, Grant.tier).where(
    Grant.person_id.in_(_OF_THEM), Grant.until >= bindparam("today"), Grant.ended_at.is_(None)
)
_KEPT = select(Paper).where(Paper.person_id.in_(_OF_THEM)).order_by(*_LATEST_FIRST)


@dataclass(frozen=True)
class PaperGiven:
    """A paper as it is entered. kind: one of `KINDS`. valid_until: the last day, None for no end. note: where it lies."""

    kind: str
    valid_from: date
    valid_until: date | None = None
    note: str = ""


def state_of(papers: Iterable[Paper | PaperGiven], kind: str, today: date) -> str:
    """Return valid, expired (there was one) or missing, of one kind of paper on a day. What was revoked does not count."""
    found = [
        paper
        for paper in papers
        if paper.kind == kind and paper.valid_from <= today and not (isinstance(paper, Paper) and paper.revoked_at)
    ]
    if any(paper.valid_until is None or today <= paper.valid_until for paper in found):
        return "valid"
    return "expired" if found else "missing"


def lacking(papers: Iterable[Paper | PaperGiven], role: str, today: date) -> dict[str, str]:
    """Return the kinds of papers a role needs that are not valid on a day: missing or expired."""
    kept = list(papers)
    states = {kind: state_of(kept, kind, today) for kind in NEEDED.get(role, ())}
    return {kind: state for kind, state in states.items() if state != "valid"}


def wrong_with(paper: PaperGiven, today: date) -> dict[str, str]:
    """Return what is wrong with a paper as it was entered, by field."""
    wrong: dict[str, str] = {}
    if paper.kind not in KINDS:
        wrong["kind"] = f"one of {', '.join(KINDS)}"
    if paper.valid_from > today:
        wrong["valid_from"] = "lies in the future"
    if paper.valid_until is not None and paper.valid_until < paper.valid_from:
        wrong["valid_until"] = "lies before the first day"
    if not paper.note.strip() or len(paper.note) > MAX_NOTE:
        wrong["note"] = f"say where the paper lies, at most {MAX_NOTE} characters"
    return wrong


def enter(house: House, session: Session, actor: Actor, person: Person, paper: PaperGiven) -> Paper:
    """Put a paper on record, within the caller's transaction; it was looked at with `wrong_with`."""
    row = Paper(
        person_id=person.id,
        kind=paper.kind,
        valid_from=paper.valid_from,
        valid_until=paper.valid_until,
        note=paper.note.strip(),
        entered_by=actor.name,
        entered_at=house.clock.now(),
    )
    session.add(row)
    session.flush()
    until = paper.valid_until.isoformat() if paper.valid_until else None
    detail = {"paper": row.id, "kind": row.kind, "valid_from": row.valid_from.isoformat(), "valid_until": until}
    audit.append(session, actor.name, "paper.enter", f"person:{person.login}", detail)
    return row


def demanded_from(house: House, session: Session) -> date | None:
    """Return the first day on which papers are demanded; None: always were. The setting comes before the archive's own day."""
    return house.settings.papers_from or session.scalar(_DEMANDED)


def are_demanded(house: House, session: Session) -> bool:
    """Return whether papers are demanded today."""
    first = demanded_from(house, session)
    return first is None or first <= house.clock.today()


def papers_of(session: Session, person_id: str) -> list[Paper]:
    """Return what is on record of a person, revoked ones too, the latest entry first."""
    query = select(Paper).where(Paper.person_id == person_id)
    return list(session.scalars(query.order_by(*_LATEST_FIRST)))


def with_standing(house: House, session: Session, actor: Actor, person: Person) -> Actor:
    """Return the actor as they stand today: the roles that work, the agreement, and what was opened to them."""
    return all_standing(house, session, {person.id: actor})[person.id]


def all_standing(house: House, session: Session, actors: Mapping[str, Actor]) -> dict[str, Actor]:
    """Return actors, by the id of the person each of them is, as `with_standing` one of them, with as few questions for many as for one."""
    today, ids = house.clock.today(), list(actors)
    demanded = are_demanded(house, session)
    grants: dict[str, list[Granted]] = defaultdict(list)
    papers: dict[str, list[Paper]] = defaultdict(list)
    for first in range(0, len(ids), _AT_ONCE):
        some = {"people": ids[first : first + _AT_ONCE]}
        for person_id, kind, subject, tier in session.execute(_OPEN_TO, {**some, "today": today}):
            grants[person_id].append(Granted(f"{kind}:{subject}", tier))
        if demanded:
            for paper in session.scalars(_KEPT, some):
                papers[paper.person_id].append(paper)
    return {
        person_id: replace(
            _with_papers(actor, papers[person_id], today) if demanded else replace(actor, lapsed=(), agreement=""),
            classified=house.settings.classified,
            grants=tuple(grants[person_id]),
            separated=house.settings.separated_administrators,
        )
        for person_id, actor in actors.items()
    }


def _with_papers(actor: Actor, papers: Sequence[Paper], today: date) -> Actor:
    """Return the actor with the roles that work by what is on record of them."""
    wants = {role: lacking(papers, role, today) for role in actor.roles}
    lapsed = tuple(
        (role, "qualification_missing" if "missing" in states.values() else "qualification_expired")
        for role, states in sorted(wants.items())
        if states
    )
    state = state_of(papers, "agreement", today)
    return replace(
        actor,
        roles=actor.roles - {role for role, _why in lapsed},
        lapsed=lapsed,
        agreement="" if state == "valid" else f"agreement_{state}",
    )
