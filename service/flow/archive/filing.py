"""File: documents into case files, and what a file still lacks (RULES B1, B5)."""

from datetime import date, datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, selectinload

from retention.completeness import Completeness, NotApplicable, check
from retention.schedule import MAJOR
from service.access.policy import Actor, Reach
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.counting import MOST
from service.flow.common.facts import IN_FORCE, demand_no_review, standing_holds
from service.flow.common.former import formerly
from service.flow.common.guard import (
    allowed,
    listing,
    load_document,
    load_file,
    lock_file,
    reach_of,
    reach_of_file,
    require,
)
from service.flow.common.heritage import pass_on, raise_attached
from service.flow.common.hints import demand_released
from service.flow.common.index import index_soon
from service.flow.common.keyset import Part, counted, page
from service.flow.common.schedule import recompute_retention
from service.flow.common.sight import sees_customer, visible, visible_files
from service.flow.credit.fact_documents import follow
from service.flow.intake.categories import CATEGORIES, demand_place, withdraw_mark
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, Contract, Customer, Department, Document, NotApplicableMark
from service.typed import day_of

FILE_EVENTS = ("litigation", "bad_debt")
#: kind of file -> what may be said of it that its period depends on; major: a contract that the company calls so
SAID_OF = {"contract": (MAJOR, *FILE_EVENTS), "credit": FILE_EVENTS}


def _must_be_living(file: CaseFile) -> None:
    if file.state == "destroyed":
        raise RuleRefused(f"file {file.archive_number} was destroyed; only its stub remains")


def file_document(
    house: House,
    actor: Actor,
    document_id: str,
    case_file_id: str,
    category: str | None = None,
    *,
    original: bool | None = None,
) -> None:
    """Put a document into a case file. original: whether the paper is the original; None leaves what is known.

    Raises BadInput, NotFound, RuleRefused (it lies in another file already; the file was destroyed or stands on a review).
    """
    with house.database.write() as session:
        document = load_document(session, actor, document_id, "document.file")
        file = load_file(session, actor, case_file_id)
        made_of_it = put_into(house, session, actor, document, file, category, original=original)
    index_soon(house, [document_id, *made_of_it])
    follow(house, [document_id])


def put_into(
    house: House,
    session: Session,
    actor: Actor,
    document: Document,
    file: CaseFile,
    category: str | None = None,
    *,
    original: bool | None = None,
) -> list[str]:
    """As `file_document`, in the caller's transaction; returns the documents made of this one, which are indexed anew with it."""
    lock_document_for(session, document, file)
    wanted = category or document.category
    demand_fits(session, document, file, wanted)
    if original is not None:
        document.is_original = original
    if wanted != document.category:
        document.categorised_by = actor.name
    document.case_file_id, document.category, document.indexed = file.id, wanted, False
    withdraw_mark(session, actor, file, wanted, document.id)
    session.flush()
    if file.archive_number:
        recompute_retention(house, session, file)
    made_of_it = pass_on(session, document) + raise_attached(session, actor.name, document)
    detail = {"case_file": file.id, "category": wanted, "original": document.is_original}
    audit.append(session, actor.name, "document.file", f"document:{document.id}", detail)
    return made_of_it


def lock_document_for(session: Session, document: Document, file: CaseFile) -> None:
    """Lock a file and a document that is to go into it, and read both again: of two who file it at once, one sees what the other did."""
    lock_file(session, file)
    session.refresh(document, with_for_update={"of": Document})


def demand_fits(session: Session, document: Document, file: CaseFile, category: str) -> None:
    """Raise unless a document may go into a file as it is now. Raises BadInput, RuleRefused."""
    demand_released(session, document)
    _must_be_living(file)
    demand_no_review(session, file)
    if document.case_file_id not in (None, file.id):
        raise RuleRefused("the document lies in another file; take it out there first")
    demand_place(file, category)


def unfile_document(house: House, actor: Actor, document_id: str) -> None:
    """Take a document out of its file; it stays as confidential as it was there.

    Raises RuleRefused: the file is archived, or a hold stands on it.
    """
    with house.database.write() as session:
        document = load_document(session, actor, document_id, "document.file")
        file = document.case_file
        if file is None:
            return
        lock_file(session, file)
        if file.state != "open":
            raise RuleRefused(f"file {file.archive_number or file.title} is {file.state}; its documents stay in it")
        # In another file it could be destroyed. For what the file is frozen not everybody may know who may file documents.
        if standing_holds(session, file.id):
            raise RuleRefused(f"file {file.archive_number or file.title} is frozen; its documents stay in it")
        reach = reach_of(document)
        document.department_id, document.tier = reach.department_id, reach.tier
        document.case_file_id, document.indexed = None, False
        detail = {"case_file": file.id, "tier": document.tier}
        audit.append(session, actor.name, "document.unfile", f"document:{document_id}", detail)
    index_soon(house, [document_id])


def mark_not_applicable(house: House, actor: Actor, case_file_id: str, category: str, reason: str) -> None:
    """Say that a category does not apply to a file, and why; an empty reason takes the mark back.

    Raises BadInput, NotFound, RuleRefused (there is a document of it; the file is not open any more).
    """
    reason = reason.strip()
    with house.database.write() as session:
        file = load_file(session, actor, case_file_id, "file.mark")
        lock_file(session, file)
        if file.state != "open":
            raise RuleRefused(f"file {file.archive_number or file.title} is {file.state} and is not changed any more")
        if category not in CATEGORIES or not category.startswith("1." if file.kind == "contract" else "5."):
            raise BadInput(f"category: {category} is not a category of this file", {"category": "is not of this file"})
        if reason and category in categories_present(session, file):
            raise RuleRefused(f"category {category} holds a document; it is not marked as not applicable")
        mark = session.get(NotApplicableMark, (case_file_id, category))
        if not reason:
            if mark is not None:
                session.delete(mark)
        elif mark is None:
            session.add(
                NotApplicableMark(
                    case_file_id=case_file_id,
                    category=category,
                    reason=reason[:500],
                    said_by=actor.name,
                    said_at=house.clock.now(),
                )
            )
        else:
            mark.reason, mark.said_by, mark.said_at = reason[:500], actor.name, house.clock.now()
        detail = {"category": category, "reason": reason[:500]}
        audit.append(session, actor.name, "file.not_applicable", f"file:{case_file_id}", detail)


def categories_present(session: Session, file: CaseFile) -> set[str]:
    """Return the categories of the documents in a file."""
    living = (Document.case_file_id == file.id, Document.status != "destroyed")
    return set(session.scalars(select(Document.category).where(*living).distinct()))


def file_completeness(session: Session, file: CaseFile) -> Completeness:
    """Return what a file holds and lacks, category by category."""
    present = categories_present(session, file)
    marks = session.scalars(select(NotApplicableMark).where(NotApplicableMark.case_file_id == file.id))
    not_applicable = {mark.category: NotApplicable(mark.reason, mark.said_by) for mark in marks}
    if file.kind == "contract":
        return check("contract", {c for c in present if c.startswith("1.")}, not_applicable)
    return check("credit", {c for c in present if c.startswith("5.")}, not_applicable)


def completeness(house: House, actor: Actor, case_file_id: str) -> Completeness:
    """Return what a file holds and lacks. Raises NotFound."""
    with house.database.read() as session:
        return file_completeness(session, load_file(session, actor, case_file_id))


def get_case_file(house: House, actor: Actor, case_file_id: str) -> CaseFile:
    """Return a case file and note the reading. Raises NotFound."""
    with house.database.write() as session:
        file = load_file(session, actor, case_file_id)
        audit.append(session, actor.name, "file.view", f"file:{case_file_id}")
        return file


_NEWEST = (CaseFile.created_at, CaseFile.id)
_FEW = (
    1000  # databases limit how many values stand in one query; where more match, a walk from the newest soon has a page
)


def _listed(actor: Actor, state: str | None, kind: str | None, text: str) -> Select[CaseFile]:
    query = visible_files(actor)
    if state:
        query = query.where(CaseFile.state == state)
    if kind:
        query = query.where(CaseFile.kind == kind)
    if text:
        columns = (CaseFile.title, CaseFile.archive_number)
        found = [column.contains(text, autoescape=True) for column in columns]
        query = query.where(or_(*found, CaseFile.id.in_(formerly(text))))
    return query


def _count(session: Session, query: Select[CaseFile]) -> int:
    return session.scalar(query.with_only_columns(func.count())) or 0


def list_case_files(
    house: House,
    actor: Actor,
    *,
    state: str | None = None,
    kind: str | None = None,
    text: str = "",
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[CaseFile]]:
    """Return (how many in all, one page of case files, newest first)."""
    require(actor, "file.read")
    query = _listed(actor, state, kind, text)
    order = tuple(column.desc() for column in _NEWEST)
    with listing(house, actor, "file") as session:
        wanted = query.with_only_columns(CaseFile.id).order_by(*order).limit(limit).offset(offset)
        found = session.scalars(select(CaseFile).where(CaseFile.id.in_(list(session.scalars(wanted)))).order_by(*order))
        return _count(session, query), list(found)


def case_file_page(
    house: House,
    actor: Actor,
    *,
    state: str | None = None,
    kind: str | None = None,
    text: str = "",
    after: str = "",
    limit: int = 50,
) -> Part[CaseFile]:
    """Return one page of the case files the actor may see, newest first, and how many there are. after: a cursor.

    Raises NotAllowed, BadInput.
    """
    require(actor, "file.read")
    query = _listed(actor, state, kind, text)
    ids_of = query.with_only_columns(CaseFile.id)
    with listing(house, actor, "file") as session:
        length = None
        if text:  # no index knows what stands inside a title: one walk finds the page and how many there are
            matching = list(session.scalars(ids_of.limit(MOST + 1)))
            length = min(len(matching), MOST), len(matching) > MOST
            if len(matching) <= _FEW:
                query = query.where(CaseFile.id.in_(matching))
        part = page(
            session,
            query.with_only_columns(*_NEWEST),
            _NEWEST,
            (datetime, str),
            after,
            limit,
            count=lambda: length or counted(session, ids_of),
            newest_first=True,
        )
        ids = [row.id for row in part.rows]
        found = {file.id: file for file in session.scalars(select(CaseFile).where(CaseFile.id.in_(ids)))}
        return part.of([found[file_id] for file_id in ids])


def documents_of(house: House, actor: Actor, case_file_id: str) -> list[Document]:
    """Return the documents of a file that the actor may read, by category. Raises NotFound."""
    with house.database.read() as session:
        load_file(session, actor, case_file_id)
        query = visible(select(Document).where(Document.case_file_id == case_file_id), actor)
        query = query.options(selectinload(Document.fields))
        return sorted(
            session.scalars(query), key=lambda d: ([int(n) for n in d.category.split(".") if n], d.received_at)
        )


def credit_file(house: House, actor: Actor, customer_id: str) -> CaseFile:
    """Return the customer's credit file (RULES B5), made on first use. Raises NotFound, NotAllowed."""
    with house.database.write() as session:
        # Locked, so that two who ask at once do not both find none; a unique index guards it besides.
        customer = session.get(Customer, customer_id, with_for_update=True)
        if not sees_customer(session, actor, customer_id) or customer is None:
            raise NotFound(f"there is no customer {customer_id}")
        query = select(CaseFile).where(CaseFile.customer_id == customer_id, CaseFile.kind == "credit")
        file = session.scalar(query.where(CaseFile.state != "destroyed", CaseFile.superseded_by.is_(None)))
        if file is not None:
            if not allowed(actor, "file.read", reach_of_file(file)):
                raise NotFound(f"there is no credit file of customer {customer_id}")
            return file
        department_id = actor.department_id or session.scalar(select(Department.id).order_by(Department.code).limit(1))
        if department_id is None:
            raise BadInput("there is no department yet; the administrator creates one first")
        require(actor, "contract.create", Reach(department_id, "internal"))
        file = CaseFile(
            kind="credit",
            title=customer.name,
            customer_id=customer_id,
            department_id=department_id,
            created_at=house.clock.now(),
        )
        session.add(file)
        session.flush()
        audit.append(session, actor.name, "file.create", f"file:{file.id}", {"customer": customer_id})
        session.refresh(file)
        return file


def past_day(house: House, ended_on: str) -> date:
    """Return the day a relationship ended, as a person typed it. Raises BadInput for no date, or one in the future."""
    try:
        day = day_of(ended_on)
    except ValueError:
        day = None
    if day is None or day > house.clock.today():
        why = "a date YYYY-MM-DD, not in the future"
        raise BadInput(f"ended_on: {why}", {"ended_on": why})
    return day


def demand_ended(session: Session, file: CaseFile, day: date) -> None:
    """Raise RuleRefused unless the relationship with a credit file's customer can have ended on that day, and was not ended before."""
    if file.closed_on is not None:
        raise RuleRefused(f"file {file.archive_number or file.title} was closed on {file.closed_on}")
    theirs = select(Contract.number).where(Contract.customer_id == file.customer_id)
    number = session.scalar(theirs.where(Contract.status.in_(IN_FORCE)).order_by(Contract.number).limit(1))
    if number is not None:
        raise RuleRefused(f"contract {number} with this customer is in force; the relationship has not ended")
    last = session.execute(
        theirs.add_columns(Contract.ended_on).where(Contract.ended_on > day).order_by(Contract.ended_on.desc()).limit(1)
    ).first()
    if last is not None:
        raise RuleRefused(f"contract {last[0]} with this customer ended on {last[1]}, after {day}")


def close_credit_file(house: House, actor: Actor, case_file_id: str, ended_on: str, note: str = "") -> CaseFile:
    """Record that the relationship with the customer ended; the file's retention counts from then on.

    Raises BadInput, NotFound, NotAllowed, RuleRefused (a contract's file, closed already, destroyed, a contract with them in force).
    """
    day = past_day(house, ended_on)
    with house.database.write() as session:
        file = _credit_file_to_change(session, actor, case_file_id)
        demand_ended(session, file, day)
        file.closed_on = day
        if file.archive_number:
            recompute_retention(house, session, file)
        detail = {"ended_on": day.isoformat(), "retention": file.retention, "note": note.strip()[:500]}
        audit.append(session, actor.name, "file.close", f"file:{case_file_id}", detail)
        return file


def record_event(house: House, actor: Actor, case_file_id: str, event: str, note: str = "") -> CaseFile:
    """Record litigation or a bad debt, or that a contract is a major one; the retention becomes longer, never shorter. note: the case, say.

    Raises BadInput, NotFound, NotAllowed, RuleRefused (destroyed).
    """
    with house.database.write() as session:
        file = load_file(session, actor, case_file_id, "file.mark")
        demand_event(file, event)
        lock_file(session, file)
        _must_be_living(file)
        if event not in file.events:
            file.events = [*file.events, event]
            if file.archive_number:
                recompute_retention(house, session, file)
            detail = {"event": event, "retention": file.retention, "note": note.strip()[:500]}
            audit.append(session, actor.name, "file.event", f"file:{case_file_id}", detail)
        return file


def demand_event(file: CaseFile, event: str) -> None:
    """Raise BadInput unless this may be said of a file of its kind."""
    if event not in SAID_OF[file.kind]:
        why = f"one of {', '.join(SAID_OF[file.kind])}"
        raise BadInput(f"event: {why}", {"event": why})


def _credit_file_to_change(session: Session, actor: Actor, case_file_id: str) -> CaseFile:
    file = load_file(session, actor, case_file_id, "file.mark")
    lock_file(session, file)
    _must_be_living(file)
    if file.kind != "credit":
        raise RuleRefused("this is the file of a contract; it follows the events of the contract")
    return file
