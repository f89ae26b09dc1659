"""Duplicates: two customers that are one are found by code and by name, and become one with a trace that can be walked back.

The merged customer keeps its row and its number and leads to the one that was kept. All that belonged to it moves in one transaction;
what moved is on record, so that it can be undone as long as nothing else was merged on top.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from credit.identity import closes_a_circle
from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.guard import require
from service.flow.common.index import index_soon, touch_file
from service.flow.credit.assessment_plan import renew_plan
from service.flow.credit.collected import history_of
from service.flow.credit.duplicates import compare
from service.flow.credit.fact_duties import renew
from service.flow.credit.fact_entry import Desk, note_change
from service.flow.credit.fact_kinds import kinds_of
from service.flow.credit.merged_assessments import as_before, in_force_of, keep_stricter
from service.house import House
from service.records import audit
from service.records.counters import hold_counter
from service.records.tables import (
    CaseFile,
    CreditBlock,
    Customer,
    CustomerFact,
    CustomerMerge,
    CustomerRelation,
    FactDuty,
    Grant,
    new_id,
    whole,
)

#: Moved by rules of their own, or follow from what moves.
_APART = frozenset(
    {"assessment_duties", "customer_facts", "fact_duties", "fact_responsibles", "customer_merges", "duplicate_keys"}
)
_MOST_REASON = 500


def _both(session: Session, actor: Actor, kept_id: str, merged_id: str) -> tuple[Customer, Customer]:
    require(actor, "customer.merge")
    if kept_id == merged_id:
        raise BadInput("other: is the same customer", {"other": "is the same customer"})
    rows = {
        row.id: row
        for row in session.scalars(
            select(Customer).where(Customer.id.in_((kept_id, merged_id))).order_by(Customer.id).with_for_update()
        )
    }
    for customer_id in (kept_id, merged_id):
        if customer_id not in rows:
            raise NotFound(f"there is no customer {customer_id}")
    kept, merged = rows[kept_id], rows[merged_id]
    if kept.merged_into is not None or merged.merged_into is not None:
        raise RuleRefused("one of the two was merged already")
    if kept.code and merged.code and kept.code != merged.code:
        raise RuleRefused("two unified social credit codes are two companies; they are not merged")
    return kept, merged


def find_kept(house: House, actor: Actor, said: str) -> str:
    """Return the id of the customer a person names by number, code, exact name or id. Raises BadInput, NotAllowed."""
    from sqlalchemy import or_

    require(actor, "customer.merge")
    with house.database.read() as session:
        names = (Customer.id == said, Customer.number == said, Customer.code == said.upper(), Customer.name == said)
        found = list(session.scalars(select(Customer.id).where(or_(*names), Customer.merged_into.is_(None)).limit(2)))
    if len(found) != 1:
        why = "there is no such customer: give its number, code or exact name"
        raise BadInput(f"other: {why}", {"other": why})
    return found[0]


def preview(house: House, actor: Actor, kept_id: str, merged_id: str) -> tuple[Customer, Customer, dict[str, int]]:
    """Return both customers and how much of what would move, by table. Raises as `merge_customers`."""
    with house.database.write() as session:
        kept, merged = _both(session, actor, kept_id, merged_id)
        counts = {
            table.name: session.scalar(select(func.count()).select_from(table).where(table.c.customer_id == merged_id))
            or 0
            for table in [*_tables(), whole().tables["customer_facts"]]
        }
    return kept, merged, {name: count for name, count in counts.items() if count}


def _tables() -> list[Table]:
    return [t for t in whole().sorted_tables if "customer_id" in t.c and t.name not in _APART]


def merge_customers(house: House, actor: Actor, kept_id: str, merged_id: str, reason: str) -> str:
    """Merge a customer into another; returns the merger's id. All in one transaction.

    Raises BadInput (no reason; the same), RuleRefused (two codes; merged already; a circle in the group), NotFound, NotAllowed.
    """
    reason = reason.strip()
    if not reason or len(reason) > _MOST_REASON:
        raise BadInput("reason: is needed, at most 500 characters", {"reason": "is needed, at most 500 characters"})
    from service.flow.archive.ledger import CUSTOMERS
    from service.flow.credit.receivables import settle_accounts
    from service.flow.credit.warnings import look_at

    with house.database.write() as session:
        hold_counter(session, CUSTOMERS)
        kept, merged = _both(session, actor, kept_id, merged_id)
        ids = [*_touch(session, merged_id), *_touch(session, kept_id)]
        before = _grade(session, kept_id)
        audit.lock(session)
        moved: dict[str, Any] = {"code": "", "rows": {}, "left": {}, "withdrawn": [], "superseded": [], "ended": []}
        if merged.code:
            moved["code"], merged.code = merged.code, None
            session.flush()
            kept.code = moved["code"]
        moved["superseded"] = _one_credit_file(session, kept_id, merged_id)
        moved["ended"] = _end_between(house, session, actor, kept_id, merged_id)
        for table in _tables():
            _move(session, table, "customer_id", kept_id, merged_id, moved)
        _move(session, whole().tables["customer_relations"], "other_id", kept_id, merged_id, moved)
        grants = Grant.__table__
        _move(session, grants, "subject_id", kept_id, merged_id, moved)  # type: ignore[arg-type]  # a mapped class has a Table
        _demand_no_circle(session, kept_id)
        _one_block(session, kept_id)
        moved["withdrawn"] = _move_facts(house, session, actor, kept, merged, moved)
        merged.merged_into = kept_id
        session.flush()
        settle_accounts(session, [kept_id], house.clock.today())
        record = CustomerMerge(id=new_id(), kept_id=kept_id, merged_id=merged_id, reason=reason, moved={})
        record.merged_by, record.merged_at = actor.name, house.clock.now()
        moved["assessments"] = keep_stricter(house, session, actor, record, kept, merged, before)
        record.moved = moved
        look_at(house, session, kept_id)
        session.add(record)
        renew_plan(session, [kept_id, merged_id])
        compare(session, (kept_id, merged_id))
        counts = {name: len(rows) for name, rows in moved["rows"].items()}
        detail = {"merge": record.id, "merged": merged.number, "kept": kept.number, "reason": reason, "moved": counts}
        for customer in (kept, merged):
            audit.append(session, actor.name, "customer.merge", f"customer:{customer.id}", detail)
    index_soon(house, ids)
    return record.id


def _grade(session: Session, customer_id: str) -> str:
    """Return the grade in force of a customer, "" for none."""
    return next((row.grade for row in in_force_of(session, customer_id)), "")


def _touch(session: Session, customer_id: str) -> list[str]:
    """Lock the documents of a customer's files and mark them for the index: the customer's name is in it."""
    files = list(session.scalars(select(CaseFile.id).where(CaseFile.customer_id == customer_id).order_by(CaseFile.id)))
    ids = [document_id for file_id in files for document_id in touch_file(session, file_id)]
    session.flush()
    return ids


def _one_credit_file(session: Session, kept_id: str, merged_id: str) -> list[str]:
    """A customer has one living credit file: where both have one, that of the kept one counts; the other stays, under it."""
    query = select(CaseFile).where(
        CaseFile.kind == "credit", CaseFile.state != "destroyed", CaseFile.superseded_by.is_(None)
    )
    mine = session.scalars(query.where(CaseFile.customer_id == kept_id)).first()
    if mine is None:
        return []
    theirs = list(session.scalars(query.where(CaseFile.customer_id == merged_id)))
    for file in theirs:
        file.superseded_by = mine.id
    session.flush()
    return [file.id for file in theirs]


def _end_between(house: House, session: Session, actor: Actor, kept_id: str, merged_id: str) -> list[str]:
    """A relation between the two is none any more."""
    pair = (kept_id, merged_id)
    query = select(CustomerRelation).where(
        CustomerRelation.customer_id.in_(pair), CustomerRelation.other_id.in_(pair), CustomerRelation.ended_on.is_(None)
    )
    rows = list(session.scalars(query))
    for row in rows:
        row.ended_on, row.ended_by = house.clock.today(), actor.name
    session.flush()
    return [row.id for row in rows]


def _move(session: Session, table: Table, column: str, kept_id: str, merged_id: str, moved: dict[str, Any]) -> None:
    """Let the rows of a table belong to the kept customer. What the kept one has already, and may have once, stays and is on record."""
    keys = [c for c in table.primary_key if c.name != column]
    rows = [
        list(row) for row in session.execute(select(*(keys or [table.c[column]])).where(table.c[column] == merged_id))
    ]
    if not rows:
        return
    name = table.name if column == "customer_id" else f"{table.name}.{column}"
    gone, left = [], []
    for key in rows:
        where = [c == value for c, value in zip(keys, key, strict=False)]
        try:
            with session.begin_nested():
                session.execute(update(table).where(table.c[column] == merged_id, *where).values({column: kept_id}))
            gone.append(key)
        except IntegrityError:
            left.append(key)
    if gone:
        moved["rows"][name] = gone
    if left:
        moved["left"][name] = left
    session.expire_all()


def _demand_no_circle(session: Session, kept_id: str) -> None:
    relation = CustomerRelation
    for kind in ("parent", "guarantor"):
        lasting = select(relation.other_id).where(relation.kind == kind, relation.ended_on.is_(None))

        def above(one: str, lasting: Any = lasting) -> list[str]:
            return list(session.scalars(lasting.where(relation.customer_id == one)))

        if any(closes_a_circle(above, kept_id, other) for other in above(kept_id)):
            raise RuleRefused(
                "merged, the customer would stand above itself; end one of the relations between them first"
            )


def _one_block(session: Session, kept_id: str) -> None:
    """A block of the merged customer stands for the kept one, unless that one is blocked already."""
    blocks = session.scalars(
        select(CreditBlock).where(CreditBlock.customer_id == kept_id, CreditBlock.standing.is_not(None))
    ).all()
    if blocks and not any(block.standing == kept_id for block in blocks):
        blocks[0].standing = kept_id
    session.flush()


def _move_facts(
    house: House, session: Session, actor: Actor, kept: Customer, merged: Customer, moved: dict[str, Any]
) -> list[str]:
    """Facts move with their history. What the kept customer has already counts; another value of the merged one becomes a task."""
    desk = Desk(house, session, actor, kept)
    theirs = history_of(session, merged.id)
    today, withdrawn, differing = house.clock.today(), [], []
    for kind, facts in theirs.facts.items():
        if desk.history.facts.get(kind):
            mine, other = desk.history.at(kind, today), theirs.at(kind, today)
            if mine is not None and other is not None and mine.fact.value != other.fact.value:
                differing.append(kind)
            for fact in facts:
                if fact.withdrawn_at is None:
                    fact.withdrawn_at, fact.withdrawn_by, fact.withdrawn_why = desk.now, actor.name, "merged"
                    withdrawn.append(fact.id)
        for fact in facts:
            fact.customer_id = kept.id
            moved["rows"].setdefault("customer_facts", []).append([fact.id])
    for duty in session.scalars(select(FactDuty).where(FactDuty.customer_id == merged.id)):
        session.delete(duty)
    session.flush()
    desk.history = history_of(session, kept.id)
    kinds = [desk.kinds[kind] for kind in theirs.facts if kind in desk.kinds]
    renew(house, session, kept.id, desk.history, kinds)
    for kind in differing:
        note_change(desk, kind, today, f"{merged.number}")
    renew(house, session, kept.id, desk.history, kinds)
    return withdrawn


def undo_merge(house: House, actor: Actor, merge_id: str) -> None:
    """Give a merged customer back what was its own. What came after the merger stays with the kept one.

    Raises RuleRefused (undone already; the kept one was merged itself), NotFound, NotAllowed.
    """
    from service.flow.archive.ledger import CUSTOMERS
    from service.flow.credit.receivables import settle_accounts
    from service.flow.credit.warning_desk import lock_customers
    from service.flow.credit.warnings import look_at_all

    require(actor, "customer.merge")
    with house.database.write() as session:
        hold_counter(session, CUSTOMERS)
        record = session.get(CustomerMerge, merge_id, with_for_update=True)
        if record is None:
            raise NotFound(f"there is no merger {merge_id}")
        kept, merged = session.get_one(Customer, record.kept_id), session.get_one(Customer, record.merged_id)
        if record.undone_at is not None or merged.merged_into != kept.id or kept.merged_into is not None:
            raise RuleRefused("this merger was undone already, or another one was made on top of it")
        lock_customers(session, [kept.id, merged.id])
        ids = _touch(session, kept.id)
        before = _grade(session, kept.id)
        audit.lock(session)
        moved: Mapping[str, Any] = record.moved
        for name, keys in moved["rows"].items():
            _give_back(session, name, keys, kept.id, merged.id)
        if moved["code"] and kept.code == moved["code"]:
            kept.code = None
            session.flush()
            merged.code = moved["code"]
        _put_back(session, moved)
        merged.merged_into = None
        as_before(house, session, record, kept, merged, before)
        renew_plan(session, [kept.id, merged.id])
        record.undone_by, record.undone_at = actor.name, house.clock.now()
        for block in session.scalars(select(CreditBlock).where(CreditBlock.standing == kept.id)):
            block.standing = block.customer_id  # a block goes back with the customer it was set for
        session.flush()
        settle_accounts(session, [kept.id, merged.id], house.clock.today())
        catalogue = kinds_of(session)
        for customer in (kept, merged):
            history = history_of(session, customer.id)
            session.query(FactDuty).filter(
                FactDuty.customer_id == customer.id, FactDuty.kind.not_in(list(history.facts))
            ).delete()
            renew(house, session, customer.id, history, [catalogue[k] for k in history.facts if k in catalogue])
        compare(session, (kept.id, merged.id))
        look_at_all(house, session, [kept.id, merged.id])
        detail = {"merge": record.id, "merged": merged.number, "kept": kept.number}
        for customer in (kept, merged):
            audit.append(session, actor.name, "customer.unmerge", f"customer:{customer.id}", detail)
    index_soon(house, ids)


def _give_back(session: Session, name: str, keys: list[list[Any]], kept_id: str, merged_id: str) -> None:
    table_name, _dot, column_name = name.partition(".")
    table, column = whole().tables[table_name], column_name or "customer_id"
    columns = [c for c in table.primary_key if c.name != column]
    for key in keys:
        where = [c == value for c, value in zip(columns, key, strict=False)]
        try:
            with session.begin_nested():
                session.execute(update(table).where(table.c[column] == kept_id, *where).values({column: merged_id}))
        except IntegrityError:
            continue  # it became the kept one's own meanwhile
    session.expire_all()


def _put_back(session: Session, moved: Mapping[str, Any]) -> None:
    for file in session.scalars(select(CaseFile).where(CaseFile.id.in_(moved["superseded"]))):
        file.superseded_by = None
    for fact in session.scalars(select(CustomerFact).where(CustomerFact.id.in_(moved["withdrawn"]))):
        fact.withdrawn_at, fact.withdrawn_by, fact.withdrawn_why = None, None, ""
    for row in session.scalars(select(CustomerRelation).where(CustomerRelation.id.in_(moved["ended"]))):
        row.ended_on, row.ended_by = None, None
    session.flush()


def mergers_of(session: Session, customer_id: str) -> list[tuple[CustomerMerge, Customer]]:
    """Return the mergers into a customer, newest first, each with the customer that was merged."""
    query = select(CustomerMerge, Customer).join(Customer, Customer.id == CustomerMerge.merged_id)
    rows = session.execute(query.where(CustomerMerge.kept_id == customer_id).order_by(CustomerMerge.merged_at.desc()))
    return [(record, customer) for record, customer in rows]
