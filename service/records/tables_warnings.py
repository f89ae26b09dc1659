"""Warnings and receivables: what is watched, what was warned of and done about it, whom we told, who owes what.

Amounts are whole cents of their currency, so that the database adds them exactly. Loaded when one of its names is asked for, see `tables.py`.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.records.tables import Base, Customer, Id, new_id


class WarningSettings(Base):
    """A version of a company's warning lines (RULES A4.1); the newest counts. company_id: None for all without lines of their own.

    lines: of `credit.warnings.WarningLines`, numbers as text. addresses: e-mail addresses told beside the people concerned.
    """

    __tablename__ = "warning_settings"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    company_id: Mapped[str | None] = mapped_column(ForeignKey("companies.id"), index=True)
    lines: Mapped[dict[str, Any]]
    addresses: Mapped[list[str]]
    reason: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime]


class PlanTemplate(Base):
    """A version of a contingency plan (RULES A4.2); the newest of a kind counts, where there is none the one that ships."""

    __tablename__ = "plan_templates"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(24), index=True)
    block: Mapped[bool]
    tasks: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    changed_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime]


class WarningRecord(Base):
    """A warning. state: open, acknowledged, in_hand, closed. standing: the trouble it stands for, while it is not closed.

    holds, seen_on: whether the trouble was there when last looked, and the last day it was. level: how far up it was told.
    respond_by: when it goes one level up unless somebody acknowledges it.
    """

    __tablename__ = "warnings"
    __table_args__ = (
        Index("ix_warnings_customer_trouble", "customer_id", "kind", "subject"),
        Index("ix_warnings_state_respond_by", "state", "respond_by"),
    )
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str] = mapped_column(String(24))
    subject: Mapped[str] = mapped_column(String(120), default="")
    severity: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(12), default="open")
    standing: Mapped[str | None] = mapped_column(String(200), unique=True)
    why_zh: Mapped[str] = mapped_column(Text)
    why_en: Mapped[str] = mapped_column(Text)
    holds: Mapped[bool] = mapped_column(default=True)
    opened_on: Mapped[date]
    opened_at: Mapped[datetime]
    seen_on: Mapped[date]
    level: Mapped[int] = mapped_column(default=0)
    respond_by: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(String(80))
    acknowledged_at: Mapped[datetime | None]
    snoozed_until: Mapped[date | None]
    snooze_reason: Mapped[str] = mapped_column(Text, default="")
    close_asked_by: Mapped[str | None] = mapped_column(String(80))
    close_reason: Mapped[str] = mapped_column(Text, default="")
    closed_by: Mapped[str | None] = mapped_column(String(80))
    closed_at: Mapped[datetime | None]
    customer: Mapped[Customer] = relationship(lazy="joined")
    tasks: Mapped[list["WarningTask"]] = relationship(order_by="WarningTask.place, WarningTask.id")
    steps: Mapped[list["WarningStep"]] = relationship(order_by="WarningStep.place")


class WarningTask(Base):
    """A task of a warning's plan. state: open, done, not_needed. owner_id: None where nobody has the role it is for."""

    __tablename__ = "warning_tasks"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    warning_id: Mapped[str] = mapped_column(ForeignKey("warnings.id"), index=True)
    place: Mapped[int]
    action: Mapped[str] = mapped_column(String(12))
    what: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(24))
    owner_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(12), default="open")
    outcome: Mapped[str] = mapped_column(Text, default="")
    done_by: Mapped[str | None] = mapped_column(String(80))
    done_at: Mapped[datetime | None]


class WarningStep(Base):
    """What happened to a warning, in order; only ever added to. what: open, worse, gone, back, escalate, and the steps of people."""

    __tablename__ = "warning_steps"
    warning_id: Mapped[str] = mapped_column(ForeignKey("warnings.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))
    what: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text, default="")


class WarningRun(Base):
    """The daily look at all customers. at_customer: the last one looked at, from where another worker goes on. total: as many as there were.

    failures: attempts that failed one after another; trouble: why the last one did.
    """

    __tablename__ = "warning_runs"
    day: Mapped[date] = mapped_column(primary_key=True)
    begun_at: Mapped[datetime]
    claimed_until: Mapped[datetime]
    at_customer: Mapped[str] = mapped_column(Id, default="")
    looked: Mapped[int] = mapped_column(default=0)
    opened: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    trouble: Mapped[str] = mapped_column(Text, default="")
    finished_at: Mapped[datetime | None]


class CreditBlock(Base):
    """A customer gets no more credit. standing: the customer, while the block stands; it is lifted by two."""

    __tablename__ = "credit_blocks"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    standing: Mapped[str | None] = mapped_column(Id, unique=True)
    warning_id: Mapped[str | None] = mapped_column(ForeignKey("warnings.id"))
    reason: Mapped[str] = mapped_column(Text)
    set_by: Mapped[str] = mapped_column(String(80))
    set_at: Mapped[datetime]
    lift_asked_by: Mapped[str | None] = mapped_column(String(80))
    lift_reason: Mapped[str] = mapped_column(Text, default="")
    lifted_by: Mapped[str | None] = mapped_column(String(80))
    lifted_at: Mapped[datetime | None]


class Delivery(Base):
    """Something that somebody is to be told, written with the change it tells of. channel: inbox, mail, webhook.

    event_id: what happened; nobody is told the same event twice on one channel. target: person, e-mail address or URL.
    state: waiting, sending (what nobody is told twice of), sent, given_up. content: see `flow/credit/deliveries.py`.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("event_id", "channel", "target"),
        Index("ix_deliveries_channel_state_next_at", "channel", "state", "next_at"),
    )
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    event_id: Mapped[str] = mapped_column(String(80))
    event: Mapped[str] = mapped_column(String(24))
    channel: Mapped[str] = mapped_column(String(8))
    target: Mapped[str] = mapped_column(String(300))
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.id"))
    warning_id: Mapped[str | None] = mapped_column(ForeignKey("warnings.id"), index=True)
    content: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]


class DeliveryAttempt(Base):
    """One try of a delivery, and what the other side said."""

    __tablename__ = "delivery_attempts"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"), index=True)
    at: Mapped[datetime]
    ok: Mapped[bool]
    answer: Mapped[str] = mapped_column(String(300))


class MailAddress(Base):
    """Where a person wants to be told by e-mail."""

    __tablename__ = "mail_addresses"
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    address: Mapped[str] = mapped_column(String(254))
    set_by: Mapped[str] = mapped_column(String(80))
    set_at: Mapped[datetime]


class ReceivableEntry(Base):
    """An invoice, payment, credit note or order, by the number it has where it came from. voided: it does not count any more.

    invoice: the number of the invoice that money is for, or of the order an invoice is for; "" for none. open_cents: what an
    invoice or order leaves open, as last settled.
    """

    __tablename__ = "receivable_entries"
    __table_args__ = (
        UniqueConstraint("kind", "number"),
        Index("ix_receivable_entries_open", "customer_id", "kind", "open_cents"),
    )
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(12))
    number: Mapped[str] = mapped_column(String(80))
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    on: Mapped[date] = mapped_column("entry_on")
    due_on: Mapped[date | None]
    cents: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    invoice: Mapped[str] = mapped_column(String(80), default="")
    note: Mapped[str] = mapped_column(String(300), default="")
    voided: Mapped[bool] = mapped_column(default=False)
    open_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    import_id: Mapped[str] = mapped_column(Id)
    entered_by: Mapped[str] = mapped_column(String(80))
    entered_at: Mapped[datetime]


class ReceivableAccount(Base):
    """How a customer's entries were settled. next_on: the next day on which something dated ahead counts.

    prepaid: currency -> cents that no invoice has used.
    """

    __tablename__ = "receivable_accounts"
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    settled_on: Mapped[date]
    next_on: Mapped[date | None] = mapped_column(index=True)
    prepaid: Mapped[dict[str, Any]]


class ReceivableImport(Base):
    """An import of entries with its reconciliation report: what came, what changed, what was refused and why."""

    __tablename__ = "receivable_imports"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    source: Mapped[str] = mapped_column(String(12))
    filename: Mapped[str] = mapped_column(String(255), default="")
    sha256: Mapped[str] = mapped_column(String(64))
    counts: Mapped[dict[str, Any]]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]


class CurrencyRate(Base):
    """What one unit of a currency is worth in yuan from a day on. rate: a decimal number as text, exact on every database."""

    __tablename__ = "currency_rates"
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    rate: Mapped[str] = mapped_column(String(24))
    set_by: Mapped[str] = mapped_column(String(80))
    set_at: Mapped[datetime]


class CollectionRecord(Base):
    """What was done to collect a debt (催收). kind: call, letter, visit, lawyer, lawsuit, other. promised_*: what the customer promised."""

    __tablename__ = "collection_records"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    happened_on: Mapped[date]
    contact: Mapped[str] = mapped_column(String(120), default="")
    said: Mapped[str] = mapped_column(Text)
    invoices: Mapped[list[str]]
    documents: Mapped[list[str]]
    promised_on: Mapped[date | None]
    promised_cents: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    entered_by: Mapped[str] = mapped_column(String(80))
    entered_at: Mapped[datetime]
