"""The forms of the credit file (RULES B5): their data are kept with the step they belong to, the PDF follows and is filed under its category.

Killed between the two, a form is still wanted: the worker makes it. The same data give the same bytes, which are received once.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from io import BytesIO
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.credit_line import BASES
from credit.forms import ITEMS, TITLES, Item
from credit.freshness import EVENTS
from credit.movement import movement
from service.access.policy import Actor
from service.errors import KNOWN_ERRORS, BadInput
from service.flow.archive.filing import credit_file, file_document
from service.flow.credit.cards import load_card
from service.flow.credit.customer_access import load_customer
from service.flow.credit.expert_reviews import opinions_of
from service.flow.credit.scoring import assessment_of, number_of
from service.flow.intake.receive import receive
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import AssessmentRecord, Contract, CreditEvent, CreditForm, Customer, Person, new_id
from service.typed import day_of

#: Those a person fills in; the others follow from an assessment.
TYPED = ("5.1", "5.2", "5.4")
MAX_TEXT, MAX_DAYS = 1000, 1000
_SOME = 100
#: Makes the PDF of a form of this category from its data: the same data give the same bytes.
Draw = Callable[[str, Mapping[str, Any]], bytes]
Names = Callable[[str], str]
_WHY = {
    "value": "数值有变",
    "weight": "权重有变",
    "rule": "评分标准有变",
    "added": "新增指标",
    "removed": "不再评的指标",
    "same": "未变",
}
log = logging.getLogger("juanzong.forms")


def fill_form(house: House, actor: Actor, customer_id: str, category: str, given: Mapping[str, str]) -> CreditForm:
    """Keep an application, a survey or a reply letter as a person filled it in; its PDF is filed by itself.

    Raises NotFound, NotAllowed, BadInput (names every wrong item).
    """
    if category not in TYPED:
        why = f"one of {', '.join(TYPED)}"
        raise BadInput(f"category: {why}", {"category": why})
    wrong: dict[str, str] = {}
    typed = {item.name: item for item in ITEMS[category] if item.typed}
    for name in set(given) - set(typed):
        wrong[name] = "is not a part of this form"
    data: dict[str, Any] = {}
    for name, item in typed.items():
        data[name] = _checked(house, item, given.get(name, "").strip(), wrong)
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    with house.database.write() as session:
        customer = load_customer(session, actor, customer_id, "assessment.form")
        if category == "5.4":
            data |= _sent(house)
        return _want(house, session, actor.name, customer, category, data)


def _checked(house: House, item: Item, text: str, wrong: dict[str, str]) -> str:
    """Return what was typed, money in two digits; what is wrong with it goes into `wrong`."""
    why = "is needed" if item.needed and not text else f"at most {MAX_TEXT} characters" if len(text) > MAX_TEXT else ""
    if text and not why:
        why = _CHECKS[item.kind](house, text)
    if why:
        wrong[item.name] = why
    elif text and item.kind == "money":
        return f"{number_of(item.name, text):.2f}"
    return text


def _money(_house: House, text: str) -> str:
    try:
        amount = number_of("money", text)
    except BadInput:
        return "give a number"
    return "" if amount >= 0 and amount == round(amount, 2) else "must be 0 or more, in whole cents"


def _days(_house: House, text: str) -> str:
    good = text.isascii() and text.isdecimal() and int(text) <= MAX_DAYS
    return "" if good else f"a whole number of days, at most {MAX_DAYS}"


def _date(house: House, text: str) -> str:
    try:
        good = day_of(text) <= house.clock.today()
    except ValueError:
        good = False
    return "" if good else "a date YYYY-MM-DD, not in the future"


_CHECKS: Mapping[str, Callable[[House, str], str]] = {
    "text": lambda _house, _text: "",
    "money": _money,
    "days": _days,
    "date": _date,
}


def _want(
    house: House,
    session: Session,
    by: str,
    customer: Customer,
    category: str,
    data: dict[str, Any],
    assessment_id: str | None = None,
) -> CreditForm:
    number = new_id()
    form = CreditForm(
        id=number,
        customer_id=customer.id,
        category=category,
        assessment_id=assessment_id,
        data={
            "name": customer.name,
            "code": customer.code,
            "number": customer.number,
            "form_number": number[:8],
            **data,
        },
        made_by=by,
        made_at=house.clock.now(),
    )
    session.add(form)
    session.flush()
    detail = {"form": form.id, "category": category, "assessment": assessment_id}
    audit.append(session, by, "assessment.form", f"customer:{customer.id}", detail)
    return form


@dataclass(frozen=True)
class Decided:
    """Who let an assessment take effect, on which day, and what they concluded."""

    by: str
    on: date
    conclusion: str


def want_forms(
    house: House,
    session: Session,
    customer: Customer,
    record: AssessmentRecord,
    before: AssessmentRecord | None,
    decision: Decided,
    people: Names | None = None,
) -> None:
    """Keep what the forms of an approved assessment say, in the caller's transaction. people: `names_of`, asked for where it is not given.

    They are the approval, the annual review where it was not the first, and the reply where an application waits for one.
    """
    people = people or names_of(session)
    application = _open_application(session, customer.id)
    decided = {
        "decided_by": people(decision.by),
        "decided_on": decision.on.isoformat(),
        "conclusion": decision.conclusion or "同意",
    }
    assessed = _assessed(session, record) | {"made_by": people(record.made_by)} | decided
    asked = f"{application.data['amount']} 元，{application.data['days']} 天" if application else ""
    experts = [
        f"{session.get_one(Person, row.person_id).name}（{row.grade}）：{row.opinion}"
        for row in opinions_of(session, record.id)
    ]
    _want(house, session, decision.by, customer, "5.3", assessed | {"asked": asked, "experts": experts}, record.id)
    if before is not None:
        _want(
            house,
            session,
            decision.by,
            customer,
            "5.7",
            assessed | _since(session, before, record, decision.on),
            record.id,
        )
    if application is not None and record.line is not None:
        reply = {
            "amount": f"{record.line:.2f}",
            "days": application.data["days"],
            "terms": "",
            "answers": application.id,
        }
        _want(house, session, decision.by, customer, "5.4", reply | _sent(house), record.id)


def _assessed(session: Session, record: AssessmentRecord) -> dict[str, Any]:
    card = load_card(session, record.scorecard)
    names = {indicator.code: indicator.zh for indicator in card.scorecard.indicators}
    arithmetic = [
        f"{names[line['code']]}：{line['value'] if line['value'] is not None else '没有数据'}，"
        f"{line['points']} 分 × {line['weight']} % = {line['contribution']}"
        for line in record.lines
    ]
    why = record.line_why or {}
    said = ""
    if why.get("base"):
        amount = why["amount"] or "没有数据"
        said = f"{BASES[why['base']][0]} {amount} × {why['share']} %，上限 {why['ceiling'] or '无'}"
    if why.get("by_hand"):
        said += f"{'；' if said else ''}人工定为 {why['by_hand']}"
    return {
        "assessed_on": record.assessed_on.isoformat(),
        "scorecard": record.scorecard,
        "arithmetic": arithmetic,
        "score": f"{record.score:.2f}",
        "score_grade": record.score_grade,
        "grade": record.grade,
        "set_reason": record.set_reason,
        "line": "" if record.line is None else f"{record.line:,.2f}",
        "line_why": said,
    }


def _since(session: Session, before: AssessmentRecord, record: AssessmentRecord, today: date) -> dict[str, Any]:
    card = load_card(session, record.scorecard)
    names = {indicator.code: indicator.zh for indicator in card.scorecard.indicators}
    moves = movement(assessment_of(before).lines, assessment_of(record).lines)
    moved = [f"{names.get(move.code, move.code)}：{move.by:+}（{_WHY[move.why]}）" for move in moves if move.by]
    query = select(CreditEvent).where(CreditEvent.customer_id == record.customer_id)
    events = session.scalars(query.where(CreditEvent.known_on > before.assessed_on).order_by(CreditEvent.known_on))
    return {
        "year": str(today.year),
        "before": f"{before.assessed_on}，{before.grade}，{before.score:.2f}",
        "moved": moved or ["各项未变"],
        "events": [f"{event.known_on} {EVENTS[event.kind][0]} {event.note}".strip() for event in events] or ["无"],
    }


def _sent(house: House) -> dict[str, str]:
    companies = house.settings.our_companies
    return {"sender": companies[0] if companies else "", "written_on": house.clock.today().isoformat()}


def _open_application(session: Session, customer_id: str) -> CreditForm | None:
    """Return the newest application that no reply has answered."""
    query = select(CreditForm).where(CreditForm.customer_id == customer_id)
    rows = list(session.scalars(query.order_by(CreditForm.made_at.desc(), CreditForm.id)))
    answered = {row.data.get("answers") for row in rows if row.category == "5.4"}
    application = next((row for row in rows if row.category == "5.1"), None)
    return None if application is None or application.id in answered else application


def names_of(session: Session) -> Names:
    """Return what turns who stands in the records into the name they are called by."""
    known = {f"person:{person.login}": person.name for person in session.scalars(select(Person))}
    return lambda name: known.get(name, name)


def forms_of(session: Session, customer_id: str) -> tuple[CreditForm, ...]:
    """Return the forms of a customer, the newest first."""
    query = select(CreditForm).where(CreditForm.customer_id == customer_id)
    return tuple(session.scalars(query.order_by(CreditForm.made_at.desc(), CreditForm.id)))


def list_forms(house: House, actor: Actor, customer_id: str) -> tuple[CreditForm, ...]:
    """Return the forms of a customer and note the reading. Raises NotFound, NotAllowed."""
    with house.database.write() as session:
        load_customer(session, actor, customer_id, "assessment.read")
        audit.append(session, actor.name, "assessment.list", f"customer:{customer_id}", {"what": "forms"})
        return forms_of(session, customer_id)


def file_wanted(house: House, draw: Draw, go_on: Callable[[], bool] = lambda: True) -> int:
    """Make the PDFs of forms that wait for theirs and file them in the customer's credit file, until `go_on` says no; returns how many were filed.

    Those of a run over the portfolio come last: nobody waits for a hundred thousand of them. One that cannot be filed is left for the
    next time, and the others go on.
    """
    filed = 0
    for of_a_run in (False, True):
        after = ""
        while go_on() and (waiting := _waiting(house, after, of_a_run=of_a_run)):
            for form_id in waiting:
                if not go_on():
                    return filed
                after = form_id
                try:
                    _file(house, draw, form_id)
                    filed += 1
                except KNOWN_ERRORS as error:
                    log.warning("the form %s waits: %s", form_id, error)
    return filed


def _waiting(house: House, after: str, *, of_a_run: bool) -> list[str]:
    """Return the next forms that wait for their PDF, in order of their ids."""
    query = select(CreditForm.id).outerjoin(AssessmentRecord, AssessmentRecord.id == CreditForm.assessment_id)
    query = query.where(CreditForm.state == "wanted", CreditForm.id > after)
    query = query.where(AssessmentRecord.run_id.is_not(None) if of_a_run else AssessmentRecord.run_id.is_(None))
    with house.database.read() as session:
        return list(session.scalars(query.order_by(CreditForm.id).limit(_SOME)))


def _file(house: House, draw: Draw, form_id: str) -> None:
    with house.database.read() as session:
        form = session.get_one(CreditForm, form_id)
        latest = select(Contract.department_id).where(Contract.customer_id == form.customer_id)
        department_id = session.scalar(latest.order_by(Contract.created_at.desc()).limit(1))
    archive = replace(SYSTEM, department_id=department_id)
    file = credit_file(house, archive, form.customer_id)
    name = f"{TITLES[form.category]}-{form.data['number']}-{form.data['form_number']}.pdf"
    pdf = BytesIO(draw(form.category, form.data))
    got = receive(house, SYSTEM, pdf, name, channel="form", department_id=file.department_id, note={"form": form.id})
    with house.database.write() as session:  # before the filing: what reads the document asks here for its category
        session.get_one(CreditForm, form_id).document_id = got.document_id
    file_document(house, SYSTEM, got.document_id, file.id, form.category, original=True)
    with house.database.write() as session:
        done = session.get_one(CreditForm, form_id, with_for_update=True)
        if done.state == "filed":
            return  # another worker was faster
        done.state = "filed"
        detail = {"form": form.id, "document": got.document_id, "category": form.category}
        audit.append(session, SYSTEM.name, "assessment.file", f"customer:{form.customer_id}", detail)


def form_as_json(form: CreditForm) -> dict[str, Any]:
    """Return a form as plain JSON values."""
    return {
        "id": form.id,
        "category": form.category,
        "assessment": form.assessment_id,
        "state": form.state,
        "document_id": form.document_id,
        "made_by": form.made_by,
        "made_at": form.made_at.isoformat(),
        "data": form.data,
    }
