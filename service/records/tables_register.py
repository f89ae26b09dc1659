"""The customer register: what is collected about a customer, who answers for it, and whom the customer belongs to.

Loaded when one of its names is asked for, see `tables.py`.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.records.tables import Base, Id, new_id


class FactKind(Base):
    """A kind of information the company added to those of `credit/fact_kinds.py`, or one of these as the company wants it.

    form: text, date, money or code. refresh_days: None for the setting. closed_at: nothing of this kind is entered any more.
    """

    __tablename__ = "fact_kinds"
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    zh: Mapped[str] = mapped_column(String(60))
    en: Mapped[str] = mapped_column(String(60))
    form: Mapped[str] = mapped_column(String(8), default="text")
    key: Mapped[bool] = mapped_column(default=False)
    refresh_days: Mapped[int | None]
    changed_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class CustomerFact(Base):
    """One thing said about a customer (RULES A2.1): true from valid_from to valid_until, known from known_at until withdrawn_at.

    Only ever added; of all that is known about a day the latest counts, see `credit/bitemporal.py`. valid_until: the last day,
    None for no end. source: public_record, transaction_record, third_party or site_visit. collected_by: who brought it,
    collected_on: when; entered_by: who typed it, "ocr" for what was read. backed_by, heard: who had confirmed it, and whose
    disagreement was decided, when it was entered. corrects: the fact in whose place it stands.
    """

    __tablename__ = "customer_facts"
    __table_args__ = (Index("ix_customer_facts_customer_id_kind", "customer_id", "kind"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str] = mapped_column(String(40))
    seq: Mapped[int]
    value: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    known_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(String(80))
    withdrawn_why: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(20))
    document_id: Mapped[str | None] = mapped_column(ForeignKey("documents.id"), index=True)
    page: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(Text, default="")
    collected_by: Mapped[str] = mapped_column(String(80))
    collected_on: Mapped[date]
    entered_by: Mapped[str] = mapped_column(String(80))
    backed_by: Mapped[list[str]]
    heard: Mapped[list[str]]
    corrects: Mapped[str | None] = mapped_column(Id)
    taken: Mapped[bool] = mapped_column(default=False)


class FactVoice(Base):
    """What somebody said of a fact, for ever. act: confirm, dispute (value: the rival), decide, recheck (day: found so again)."""

    __tablename__ = "fact_voices"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    fact_id: Mapped[str] = mapped_column(ForeignKey("customer_facts.id"), index=True)
    seq: Mapped[int]
    act: Mapped[str] = mapped_column(String(8))
    value: Mapped[str] = mapped_column(Text, default="")
    day: Mapped[date | None]
    note: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class PaperDoubt(Base):
    """A paper said otherwise than what is on record, and who answers for the information was told. fact_id: what stood there then.

    What it said stands on the paper alone. It keeps the same paper from asking again after they have looked.
    """

    __tablename__ = "paper_doubts"
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    fact_id: Mapped[str] = mapped_column(Id)
    noted_at: Mapped[datetime]


class FactDuty(Base):
    """Where one kind of information on one customer stands today: derived from its facts in the transaction that changes them.

    state: how far it is verified. due_on: the last day on which renewing it is in time (RULES A2.3). changed_on: the day a change
    became known that is not entered yet.
    """

    __tablename__ = "fact_duties"
    __table_args__ = (
        Index("ix_fact_duties_responsible_id_due_on", "responsible_id", "due_on"),
        Index("ix_fact_duties_due_on_customer_id_kind", "due_on", "customer_id", "kind"),
    )
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[bool]
    state: Mapped[str] = mapped_column(String(12), index=True)
    responsible_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    checked_on: Mapped[date]
    changed_on: Mapped[date | None] = mapped_column(index=True)
    change_note: Mapped[str] = mapped_column(Text, default="")
    change_by: Mapped[str] = mapped_column(String(80), default="")
    due_on: Mapped[date]


class FactResponsible(Base):
    """Who answers for collecting what (RULES A2.1). customer_id, kind: "" for all; the narrowest that fits counts."""

    __tablename__ = "fact_responsibles"
    customer_id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    set_by: Mapped[str] = mapped_column(String(80))
    set_at: Mapped[datetime]


class CustomerRelation(Base):
    """Whom a customer belongs to or is guaranteed by. kind: parent or guarantor; other_id: that one. ended_on: None while it lasts."""

    __tablename__ = "customer_relations"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    other_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    since: Mapped[date]
    ended_on: Mapped[date | None]
    document_id: Mapped[str | None] = mapped_column(ForeignKey("documents.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    entered_by: Mapped[str] = mapped_column(String(80))
    entered_at: Mapped[datetime]
    ended_by: Mapped[str | None] = mapped_column(String(80))


class CustomerContact(Base):
    """Whom to reach at a customer, or where it banks. kind: person (role, phone, email) or bank (account)."""

    __tablename__ = "customer_contacts"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(60), default="")
    phone: Mapped[str] = mapped_column(String(60), default="")
    email: Mapped[str] = mapped_column(String(120), default="")
    account: Mapped[str] = mapped_column(String(60), default="")
    entered_by: Mapped[str] = mapped_column(String(80))
    entered_at: Mapped[datetime]
    ended_on: Mapped[date | None]
    ended_by: Mapped[str | None] = mapped_column(String(80))


class CustomerMerge(Base):
    """Two customers that were one: everything of merged_id went to kept_id. moved: what went, so that it can be undone."""

    __tablename__ = "customer_merges"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kept_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    merged_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    moved: Mapped[dict[str, Any]] = mapped_column(JSON)
    merged_by: Mapped[str] = mapped_column(String(80))
    merged_at: Mapped[datetime]
    undone_by: Mapped[str | None] = mapped_column(String(80))
    undone_at: Mapped[datetime | None]


class DuplicateKey(Base):
    """What a customer shares with whoever may be the same one, see `credit.identity.keys_of`; follows its name and its codes.

    No reference to customers: who notes that two may be one locks neither.
    """

    __tablename__ = "duplicate_keys"
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    customer_id: Mapped[str] = mapped_column(Id, primary_key=True, index=True)


class DuplicatePair(Base):
    """Two customers that may be one, the one known first first. why: code, same_name, similar_name; rank: the surest first."""

    __tablename__ = "duplicate_pairs"
    __table_args__ = (Index("ix_duplicate_pairs_rank_since", "rank", "since", "first_id", "second_id"),)
    first_id: Mapped[str] = mapped_column(Id, primary_key=True)
    second_id: Mapped[str] = mapped_column(Id, primary_key=True, index=True)
    why: Mapped[str] = mapped_column(String(12))
    rank: Mapped[int]
    since: Mapped[datetime]
