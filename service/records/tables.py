"""The tables. Database columns hold what lists and rules need; page images, page text and word boxes are sealed in the vault.

Here stand those that a search reads. Mapping a class costs milliseconds at every start, so all others stand in modules of
their own that are loaded when one of their names is asked for; they are imported from here like these.
"""

from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    ForeignKey,
    Index,
    MetaData,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    event,
    inspect,
    update,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, mapped_column, relationship

from service.records.database import UtcDateTime

if TYPE_CHECKING:
    from service.records.tables_archive import *  # noqa: F403 - what `__getattr__` gives, for those who check types
    from service.records.tables_compliance import *  # noqa: F403 - as below
    from service.records.tables_credit import *  # noqa: F403 - what `__getattr__` gives, for those who check types
    from service.records.tables_intake import *  # noqa: F403 - what `__getattr__` gives, for those who check types
    from service.records.tables_keeping import *  # noqa: F403 - as above
    from service.records.tables_ledger import *  # noqa: F403 - as above
    from service.records.tables_people import *  # noqa: F403 - as above
    from service.records.tables_register import *  # noqa: F403 - as above
    from service.records.tables_runs import *  # noqa: F403 - as above
    from service.records.tables_scoring import *  # noqa: F403 - as above
    from service.records.tables_warnings import *  # noqa: F403 - as above

# tables_*.py
_FURTHER = (
    "people",
    "intake",
    "keeping",
    "credit",
    "ledger",
    "archive",
    "compliance",
    "register",
    "runs",
    "scoring",
    "warnings",
)


def new_id() -> str:
    """Return a fresh identifier: a UUID with hyphens."""
    return str(uuid4())


Id = String(36)


class Base(DeclarativeBase):
    """All tables, with constraint names that migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[str]: JSON, list[int]: JSON}  # noqa: RUF012 - SQLAlchemy's form


class Department(Base):
    """A department with its code (used in contract numbers) and its fonds number.

    company_id: the company it belongs to, None where there is only one. merged_into: the department that took its work over.
    approval_from: contracts signed from this day on are approved before, None where nobody demands it; approval_source: the
    rule that says so.
    """

    __tablename__ = "departments"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    fonds: Mapped[str] = mapped_column(String(8), default="J001")
    closed_at: Mapped[datetime | None]
    company_id: Mapped[str | None] = mapped_column(Id)
    merged_into: Mapped[str | None] = mapped_column(Id)
    approval_from: Mapped[date | None]
    approval_source: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime | None]


class Person(Base):
    """Someone who can sign in. roles: words of `service/access/policy.py`. clearance: the highest tier they may read.

    kind: person, or station: a service account of a scanning station, which has tokens and no password.
    """

    __tablename__ = "people"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str | None] = mapped_column(Text)
    roles: Mapped[list[str]]
    department_id: Mapped[str | None] = mapped_column(ForeignKey("departments.id"))
    clearance: Mapped[str] = mapped_column(String(16), default="internal")
    locale: Mapped[str] = mapped_column(String(8), default="zh")
    kind: Mapped[str] = mapped_column(String(8), default="person")
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    department: Mapped[Department | None] = relationship(lazy="joined")


class Customer(Base):
    """Who we deal with: known by unified social credit code, or by name until the code is known.

    merged_into: the customer this one turned out to be; it keeps its number and leads there.
    """

    __tablename__ = "customers"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    code: Mapped[str | None] = mapped_column(String(18), unique=True)
    merged_into: Mapped[str | None] = mapped_column(Id, index=True)
    created_at: Mapped[datetime]


class Contract(Base):
    """A row of the contract ledger (RULES B2). status: draft, approved, signed, performing, amended, performed, terminated, cancelled."""

    __tablename__ = "contracts"
    __table_args__ = (
        UniqueConstraint("department_id", "year", "serial"),
        Index("ix_contracts_year_number", "year", "number"),
    )
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(64), unique=True)
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"))
    year: Mapped[int]
    serial: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    counterparty: Mapped[str] = mapped_column(String(200))
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.id"), index=True)
    printed_number: Mapped[str] = mapped_column(String(100), default="")
    amount: Mapped[Decimal | None] = mapped_column(Numeric(20, 2))
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    signed_on: Mapped[date | None]
    term_from: Mapped[date | None]
    term_until: Mapped[date | None]
    handler_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    status: Mapped[str] = mapped_column(String(16), default="draft")
    ended_on: Mapped[date | None]
    created_at: Mapped[datetime]
    department: Mapped[Department] = relationship(lazy="joined")
    handler: Mapped[Person] = relationship(lazy="joined")
    customer: Mapped[Customer | None] = relationship(lazy="joined")


class CaseFile(Base):
    """案卷: the documents of one contract or one customer's credit. state: open, archived, destroyed.

    retention_why: the reason for the period, as `retention.why` keeps it. events: what happened to a credit file that lengthens
    its period: litigation, bad_debt. superseded_by: the credit file that counts, where an earlier release made a customer two;
    the migration adds a unique index over the customers of all other living credit files (see `Document`). schedule: the version
    of the retention schedule that was last applied.
    """

    __tablename__ = "case_files"
    # What is due is listed in this order, of a million without sorting; the newest likewise; and lists are counted by what narrows them.
    __table_args__ = (
        Index("ix_case_files_state_due_on_archive_number", "state", "due_on", "archive_number"),
        Index("ix_case_files_created_at_id", "created_at", "id"),
        Index("ix_case_files_state_created_at_id", "state", "created_at", "id"),
        Index("ix_case_files_department_id_tier_state_kind", "department_id", "tier", "state", "kind"),
        Index("ix_case_files_state_schedule_id", "state", "schedule", "id"),
    )
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(8))
    title: Mapped[str] = mapped_column(String(300))
    contract_id: Mapped[str | None] = mapped_column(ForeignKey("contracts.id"), unique=True)
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.id"), index=True)
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"))
    state: Mapped[str] = mapped_column(String(16), default="open", index=True)
    tier: Mapped[str] = mapped_column(String(16), default="internal")
    archive_number: Mapped[str | None] = mapped_column(String(80), unique=True)
    archived_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    retention: Mapped[str | None] = mapped_column(String(4))
    retention_why: Mapped[str] = mapped_column(Text, default="")
    due_on: Mapped[date | None] = mapped_column(index=True)
    events: Mapped[list[str]] = mapped_column(default=list)
    superseded_by: Mapped[str | None] = mapped_column(Id)
    schedule: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime]
    contract: Mapped[Contract | None] = relationship(lazy="joined")
    customer: Mapped[Customer | None] = relationship(lazy="joined")
    department: Mapped[Department] = relationship(lazy="joined")


@event.listens_for(CaseFile, "after_update")
def _transfers_follow(_mapper: Mapper[CaseFile], connection: Connection, file: CaseFile) -> None:
    """Keep what stands beside the deadlines of a file as the file is: lists of transfers show by it what somebody may see."""
    known = inspect(file).attrs
    if known.tier.history.has_changes() or known.department_id.history.has_changes():
        from service.records.tables_keeping import Transfer

        values = {"tier": file.tier, "department_id": file.department_id}
        connection.execute(update(Transfer).where(Transfer.case_file_id == file.id).values(**values))


class Document(Base):
    """One paper or electronic original.

    status: receiving (not yet acknowledged), received, reading, stored, needs_review, failed, destroyed.
    error: why it could not be read, in English; error_code: the word for it, "" where it failed before there were such words.
    categorised_by: who put it into its category, "" while that is what a machine or a separator sheet said.
    indexed: whether the index holds the present state. is_original: whether the paper behind it is the original and not a copy.
    review_reasons: why a person must look. notes: what the file itself shows: signed, macros, attachment:NAME, from:ID (the
    message it was attached to). preservation: see `flow/intake/preserve.py`. The migration adds a unique
    index on `sha256` over all but the destroyed: described here it would load both dialects at every start.
    """

    __tablename__ = "documents"
    # What waits for a person is listed the oldest first: in order, without sorting thousands to show fifty.
    __table_args__ = (Index("ix_documents_received_at_id", "received_at", "id"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column(BigInteger)
    pages: Mapped[int]
    pages_read: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(16), index=True)
    indexed: Mapped[bool] = mapped_column(default=False, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    error_code: Mapped[str] = mapped_column(String(32), default="")
    category: Mapped[str] = mapped_column(String(8), default="")
    categorised_by: Mapped[str] = mapped_column(String(80), default="")
    kind: Mapped[str] = mapped_column(String(32), default="")
    title: Mapped[str] = mapped_column(String(300), default="")
    confidence: Mapped[float] = mapped_column(default=0.0)
    review_reasons: Mapped[list[str]] = mapped_column(default=list)
    notes: Mapped[list[str]] = mapped_column(default=list)
    preservation: Mapped[str] = mapped_column(String(12), default="waiting", index=True)
    is_original: Mapped[bool] = mapped_column(default=False)
    case_file_id: Mapped[str | None] = mapped_column(ForeignKey("case_files.id"), index=True)
    department_id: Mapped[str | None] = mapped_column(ForeignKey("departments.id"))
    tier: Mapped[str] = mapped_column(String(16), default="internal")
    channel: Mapped[str] = mapped_column(String(16), default="cli")
    batch: Mapped[str] = mapped_column(String(36), default="", index=True)
    received_by: Mapped[str] = mapped_column(String(80))
    received_at: Mapped[datetime]
    claimed_by: Mapped[str] = mapped_column(String(120), default="")
    claimed_until: Mapped[datetime | None]
    # Not joined: with all that comes beside a file PostgreSQL no longer looks for the best order of the joins.
    case_file: Mapped[CaseFile | None] = relationship(lazy="selectin")
    verification: Mapped[str] = mapped_column(String(12), default="", index=True)
    checked_by: Mapped[list[str]] = mapped_column(default=list)
    department: Mapped[Department | None] = relationship(lazy="joined")
    fields: Mapped[list["DocumentField"]] = relationship(
        order_by="DocumentField.position", cascade="all, delete-orphan"
    )

    @property
    def category_stands(self) -> bool:
        """Whether people decided the category, by word or by filing it as that: no reading and no separator sheet changes it."""
        return bool(self.category and (self.categorised_by or self.case_file_id))


class DocumentField(Base):
    """One value read from a page or typed by a person. box: pixels of the stored page image.

    rival: another value somebody holds against this one (value, by, page, box), until a third person decides; heard: whose
    disagreement was decided. read_value, read_confidence, engine: what was read, "" where nothing was.
    """

    __tablename__ = "document_fields"
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    value: Mapped[str] = mapped_column(Text)
    page: Mapped[int]
    box: Mapped[list[int]]
    confidence: Mapped[float]
    marks: Mapped[list[str]] = mapped_column(default=list)
    entered_by: Mapped[str] = mapped_column(String(80), default="ocr")
    confirmed_by: Mapped[list[str]] = mapped_column(default=list)
    rival: Mapped[dict[str, Any]] = mapped_column(default=dict)
    heard: Mapped[list[str]] = mapped_column(default=list)
    read_value: Mapped[str] = mapped_column(Text, default="")
    read_confidence: Mapped[float] = mapped_column(default=0.0)
    engine: Mapped[str] = mapped_column(String(16), default="")


class Rendition(Base):
    """A sealed object. kind: original, page-image, page-text, text. state: pending until the store has it, then kept.

    A new file key seals it anew as another row: renewing, then kept; the old one is leaving, see `flow/trust/renew.py`.

    quality: of the page, with its image, see `intake/quality.py`.
    """

    __tablename__ = "renditions"
    __table_args__ = (Index("ix_renditions_document_kind", "document_id", "kind", "page"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    kind: Mapped[str] = mapped_column(String(16))
    page: Mapped[int] = mapped_column(default=0)
    media_type: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(8), default="pending")
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    sealed_size: Mapped[int] = mapped_column(BigInteger, default=0)
    quality: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class WrappedKey(Base):
    """A document's file key, wrapped by the master key. Deleting the row is the cryptographic erase."""

    __tablename__ = "wrapped_keys"
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    wrapped: Mapped[bytes]
    master_key_id: Mapped[str] = mapped_column(String(64))


class AuditEntry(Base):
    """One link of the hash chain. Only ever inserted; triggers refuse UPDATE and DELETE."""

    __tablename__ = "audit"
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(80), index=True)
    action: Mapped[str] = mapped_column(String(40), index=True)
    subject: Mapped[str] = mapped_column(String(120), index=True)
    detail: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The one row that says where the hash chain ends. seal: see `service/records/audit.py`."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
    seal: Mapped[str] = mapped_column(String(64))


class AuditKey(Base):
    """A key pair that signs checkpoints (Ed25519). The oldest row's id is the archive's; the newest row signs.

    public: 64 hexadecimal digits. wrapped: the private key's 32 bytes, wrapped by the master key under `id`.
    """

    __tablename__ = "audit_keys"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    public: Mapped[str] = mapped_column(String(64), unique=True)
    wrapped: Mapped[bytes]
    master_key_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


def whole() -> MetaData:
    """Return the description of all tables, those loaded that were not yet."""
    for group in _FURTHER:
        import_module(f"{__name__}_{group}")
    return Base.metadata


if not TYPE_CHECKING:  # there a name that no module has is to be noticed

    def __getattr__(name: str) -> Any:
        """Return a table that stands in a module of its own. Raises AttributeError."""
        if not name.startswith("_"):  # the import system asks for some that do
            for group in _FURTHER:
                if found := vars(import_module(f"{__name__}_{group}")).get(name):
                    return found
        raise AttributeError(f"there is no table {name}")
