"""Who is reminded of files that must come back (RULES B6) and of what contracts have to perform or pay (B2).

Once when the day comes near, once when it has passed: in the application, and by e-mail where a person wants it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, String, literal, select
from sqlalchemy.orm import Session

from retention.contract_life import STATES
from service.flow.archive.grants import is_electronic
from service.flow.common.facts import ENDED
from service.flow.common.notices import notify
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import AccessRequest, CaseFile, Contract, Delivery, Milestone, Person

_AT_ONCE = 500


@dataclass(frozen=True)
class _Reminder:
    """One message about one thing. subject: what the trail names."""

    event_id: str
    said: tuple[str, str]
    people: Sequence[Person]
    subject: str


def remind_loans(house: House) -> int:
    """Tell readers of files that must come back soon, and readers and archivists of those that did not (RULES B6); returns of how many loans.

    Can be run at any time and twice. The day of return itself is in time.
    """
    today = house.clock.today()
    lent = select(AccessRequest).where(AccessRequest.state == "lent", ~is_electronic())  # that one closes by itself
    near = lent.where(AccessRequest.due_back.between(today, today + timedelta(days=house.settings.loan_notice_days)))
    late = lent.where(AccessRequest.due_back < today)
    return _remind(house, "loan", near, "soon") + _remind(house, "loan", late, "late")


def remind_milestones(house: House) -> int:
    """Tell handlers what their contracts have to perform or pay soon, and also the head of what is overdue (RULES B2); returns of how many.

    Can be run at any time and twice. Of a contract that has ended nothing waits for anybody.
    """
    today = house.clock.today()
    open_ = (
        select(Milestone)
        .join(Contract, Contract.id == Milestone.contract_id)
        .where(
            Milestone.done_on.is_(None),
            Milestone.dropped_by.is_(None),
            Contract.status.in_([state for state in STATES if state not in ENDED]),
        )
    )
    near = open_.where(Milestone.due_on.between(today, today + timedelta(days=house.settings.milestone_notice_days)))
    late = open_.where(Milestone.due_on < today)
    return _remind(house, "milestone", near, "soon") + _remind(house, "milestone", late, "late")


def _remind(house: House, kind: str, query: Select[AccessRequest] | Select[Milestone], word: str) -> int:
    """Tell of what nobody was told of yet, some hundred in a transaction: killed in between, the next run goes on with the others."""
    table, made, last = (AccessRequest if kind == "loan" else Milestone), 0, ""
    known = select(Delivery.id).where(
        Delivery.event_id == literal(f"{kind}:", String) + table.id + literal(f":{word}", String)
    )
    while True:
        with house.database.write() as session:
            some = query.where(table.id > last, ~known.exists()).order_by(table.id).limit(_AT_ONCE)
            rows = list(session.scalars(some.with_for_update(of=table, skip_locked=True)))
            for row in rows:
                last = row.id
                one = (
                    _of_loan(session, row, word)
                    if isinstance(row, AccessRequest)
                    else _of_milestone(session, row, word)
                )
                notify(house, session, f"{kind}.due", one.event_id, one.said, f"/{kind}s", one.people)
                made += bool(one.people)
                if one.people:
                    audit.append(
                        session, SYSTEM.name, f"{_NOUNS[kind]}.remind", one.subject, {kind: row.id, "word": word}
                    )
        if len(rows) < _AT_ONCE:
            return made


_NOUNS = {"loan": "loan", "milestone": "contract"}


def _in_use(people: Iterable[Person | None]) -> list[Person]:
    return [person for person in people if person is not None and person.disabled_at is None]


def _holders(session: Session, role: str, department_id: str | None = None) -> list[Person]:
    found = session.scalars(select(Person).where(Person.disabled_at.is_(None), Person.kind == "person"))
    return [p for p in found if role in p.roles and department_id in (None, p.department_id)]


def _of_loan(session: Session, row: AccessRequest, word: str) -> _Reminder:
    number = row.case_file.archive_number or (row.case_file.contract.number if row.case_file.contract else "")
    people = _in_use([row.reader])
    if word == "late" or not people:
        people += _holders(session, "archivist")
    said = {
        "soon": (f"借阅的案卷 {number} 应于 {row.due_back} 归还", f"file {number} is to come back by {row.due_back}"),
        "late": (
            f"借阅的案卷 {number} 应于 {row.due_back} 归还，已逾期",
            f"file {number} was due back on {row.due_back}",
        ),
    }
    return _Reminder(f"loan:{row.id}:{word}", said[word], people, f"file:{row.case_file_id}")


def _of_milestone(session: Session, row: Milestone, word: str) -> _Reminder:
    contract = session.get_one(Contract, row.contract_id)
    file = session.scalars(select(CaseFile).where(CaseFile.contract_id == contract.id)).one()
    people = _in_use([session.get(Person, contract.handler_id)])
    if word == "late" or not people:
        people += [head for head in _holders(session, "department_head", file.department_id) if head not in people]
    people = people or _holders(session, "credit_administrator")
    zh = {"performance": "履行", "payment": "收付款"}[row.kind]
    en = {"performance": "performance", "payment": "payment"}[row.kind]
    said = {
        "soon": (
            f"合同 {contract.number} 的{zh}节点 {row.due_on} 到期",
            f"a {en} of contract {contract.number} is due on {row.due_on}",
        ),
        "late": (
            f"合同 {contract.number} 的{zh}节点 {row.due_on} 已逾期",
            f"a {en} of contract {contract.number} was due on {row.due_on}",
        ),
    }
    return _Reminder(f"milestone:{row.id}:{word}", said[word], people, f"contract:{contract.id}")
