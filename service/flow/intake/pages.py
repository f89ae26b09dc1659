"""Pages: what the pages of the application ask beside the flows. Reads only, and only what the actor may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from service.access.policy import Actor
from service.errors import NotFound
from service.flow.common.facts import standing_holds
from service.flow.common.guard import allowed, load_file, reach_of_file, require
from service.flow.common.sight import visible, visible_files
from service.house import House
from service.records.tables import (
    CaseFile,
    Contract,
    ContractEvent,
    Customer,
    Document,
    Hold,
    HoldFile,
    Person,
    Stub,
    Transfer,
)

LOOK_AT = ("needs_review", "failed")


@dataclass(frozen=True)
class Batch:
    """One batch of uploads: how many documents, when the first came, how many are still read or wait for a person."""

    batch: str
    received_at: datetime
    documents: int
    reading: int
    needs_review: int


def names(house: House) -> Mapping[str, str]:
    """Return the names of people by how they stand in the audit trail."""
    with house.database.read() as session:
        return {f"person:{login}": name for login, name in session.execute(select(Person.login, Person.name))}


def people(house: House) -> list[Person]:
    """Return all people who can act, by name, for choosing one."""
    with house.database.read() as session:
        return list(session.scalars(select(Person).where(Person.disabled_at.is_(None)).order_by(Person.name)))


def recent_batches(house: House, actor: Actor, limit: int = 20) -> list[Batch]:
    """Return the latest batches in which there is something the actor may read."""
    require(actor, "document.read")
    query = visible(select(Document).where(Document.batch != "", Document.status != "receiving"), actor).subquery()
    first = func.min(query.c.received_at)

    def count(*states: str) -> ColumnElement[int]:
        return func.sum(case((query.c.status.in_(states), 1), else_=0))

    rows = select(query.c.batch, first, func.count(), count("received", "reading"), count(*LOOK_AT))
    with house.database.read() as session:
        return [
            Batch(*row) for row in session.execute(rows.group_by(query.c.batch).order_by(first.desc()).limit(limit))
        ]


def contract_file(house: House, actor: Actor, contract_id: str) -> CaseFile:
    """Return the case file of a contract. Raises NotFound."""
    with house.database.read() as session:
        file = session.scalar(select(CaseFile).where(CaseFile.contract_id == contract_id))
        if file is None:
            raise NotFound(f"contract {contract_id} has no case file")
        return load_file(session, actor, file.id)


def events_of(house: House, actor: Actor, case_file_id: str) -> list[ContractEvent]:
    """Return the formalities finished on the contract of a file, in order. Raises NotFound."""
    with house.database.read() as session:
        file = load_file(session, actor, case_file_id)
        query = select(ContractEvent).where(ContractEvent.contract_id == file.contract_id)
        return list(session.scalars(query.order_by(ContractEvent.finished_on, ContractEvent.recorded_at)))


def find_files(house: House, actor: Actor, text: str) -> list[CaseFile]:
    """Return the files a person may mean by a contract, archive or customer number or a title; an exact number wins."""
    text = text.strip()
    query = visible_files(actor).outerjoin(Contract, CaseFile.contract_id == Contract.id)
    query = query.outerjoin(Customer, CaseFile.customer_id == Customer.id).where(CaseFile.state != "destroyed")
    customer = and_(CaseFile.kind == "credit", Customer.number == text)
    exact = or_(Contract.number == text, CaseFile.archive_number == text, customer)
    with house.database.read() as session:
        found = list(session.scalars(query.where(exact).limit(10)))
        return found or list(session.scalars(query.where(CaseFile.title.contains(text, autoescape=True)).limit(10)))


def files_by_id(house: House, actor: Actor, ids: list[str]) -> dict[str, CaseFile]:
    """Return those of the files that the actor may see, by id."""
    with house.database.read() as session:
        return {file.id: file for file in session.scalars(visible_files(actor).where(CaseFile.id.in_(ids)))}


#: Of the files a hold covers as many are shown beside it.
SHOWN_ON_HOLD = 20


def files_on_hold(house: House, actor: Actor) -> dict[str, tuple[int, list[CaseFile]]]:
    """Return how many files each hold covers, of those the actor may see, and the first of them, by the hold's id."""
    require(actor, "hold.read")
    mine = visible_files(actor).join(HoldFile, HoldFile.case_file_id == CaseFile.id)
    place = func.row_number().over(partition_by=HoldFile.hold_id, order_by=(CaseFile.archive_number, CaseFile.id))
    numbered = mine.with_only_columns(HoldFile.hold_id, CaseFile.id.label("file_id"), place.label("place")).subquery()
    with house.database.read() as session:
        counted = mine.with_only_columns(HoldFile.hold_id, func.count()).group_by(HoldFile.hold_id)
        found: dict[str, tuple[int, list[CaseFile]]] = {
            hold_id: (count, []) for hold_id, count in session.execute(counted)
        }
        first = select(numbered.c.hold_id, CaseFile).join(CaseFile, CaseFile.id == numbered.c.file_id)
        first = first.where(numbered.c.place <= SHOWN_ON_HOLD).order_by(numbered.c.hold_id, numbered.c.place)
        for hold_id, file in session.execute(first):
            found[hold_id][1].append(file)
    return found


def stub_of(house: House, actor: Actor, case_file_id: str) -> Stub | None:
    """Return what remains of a destroyed file, None for a living one. Raises NotFound."""
    with house.database.read() as session:
        load_file(session, actor, case_file_id)
        return session.get(Stub, case_file_id)


def holds_on(house: House, actor: Actor, case_file_id: str) -> list[Hold]:
    """Return the holds that stand on a file. Raises NotFound, NotAllowed."""
    require(actor, "hold.read")
    with house.database.read() as session:
        load_file(session, actor, case_file_id)
        return standing_holds(session, case_file_id)


def file_of_transfer(house: House, actor: Actor, transfer_id: str) -> CaseFile:
    """Return the file a transfer is about. Raises NotFound."""
    with house.database.read() as session:
        row = session.get(Transfer, transfer_id)
        if row is None or not allowed(actor, "file.read", reach_of_file(row.case_file)):
            raise NotFound(f"there is no transfer {transfer_id}")
        return row.case_file


@dataclass(frozen=True)
class Extent:
    """How much a file holds, destroyed documents included."""

    documents: int
    pages: int


def review_facts(house: House, actor: Actor, case_file_ids: Sequence[str]) -> dict[str, Extent]:
    """Return how many documents and pages files of a review hold, by the file's id. Raises NotAllowed."""
    require(actor, "review.read")
    query = select(Document.case_file_id, func.count(), func.sum(Document.pages))
    query = query.where(Document.case_file_id.in_(case_file_ids))
    with house.database.read() as session:
        rows = session.execute(query.group_by(Document.case_file_id))
        return {str(file_id): Extent(documents, int(pages or 0)) for file_id, documents, pages in rows}
