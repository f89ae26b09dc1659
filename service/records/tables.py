"""The tables. Database columns hold what lists and rules need; page images, page text and word boxes are sealed in the vault."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, MetaData, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from service.records.database import UtcDateTime


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
    """A department with its code (used in contract numbers) and its fonds number."""

    __tablename__ = "departments"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    fonds: Mapped[str] = mapped_column(String(8), default="J001")
    closed_at: Mapped[datetime | None]


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


class WebSession(Base):
    """A signed-in browser. The cookie holds the secret, the table only its SHA-256.

    stage: what is still wanted, `code` or `enrol` (see `service/access/sessions.py`), "" when signed in. method: password or
    company. seen_at: the last time the person did something, to the minute.
    """

    __tablename__ = "web_sessions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    seen_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(64), default="")
    stage: Mapped[str] = mapped_column(String(8), default="")
    method: Mapped[str] = mapped_column(String(8), default="password")


class ApiToken(Base):
    """A bearer token; only its SHA-256 is kept.

    scopes: what of the account's rights it has (`policy.SCOPES`). networks: from where it works, none for everywhere.
    last_used_at: to a few minutes.
    """

    __tablename__ = "api_tokens"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str] = mapped_column(String(120))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    scopes: Mapped[list[str]]
    networks: Mapped[list[str]] = mapped_column(default=list)
    last_used_at: Mapped[datetime | None]
    last_address: Mapped[str] = mapped_column(String(64), default="")


class SignInTally(Base):
    """Wrong attempts to sign in: into one account from one place.

    place ``*``: from everywhere. person_id ``*``: into any account. since: the first of them. signed_in_at: when that person last got in from there.
    """

    __tablename__ = "sign_in_tallies"
    person_id: Mapped[str] = mapped_column(Id, primary_key=True)
    place: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    blocked_until: Mapped[datetime | None]
    signed_in_at: Mapped[datetime | None]


class SecondFactor(Base):
    """What makes a person's one-time codes: 32 bytes wrapped by the master key. confirmed_at: when the first code was right.

    last_step: the time step of the last code taken; neither it nor an earlier one is taken again.
    """

    __tablename__ = "second_factors"
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    wrapped: Mapped[bytes]
    master_key_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Base):
    """A code for the day the phone is lost; works once. Only its SHA-256 is kept."""

    __tablename__ = "recovery_codes"
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    used_at: Mapped[datetime | None]


class Identity(Base):
    """The account of a person at the company's sign-in: its issuer and subject, which never change, and no e-mail address."""

    __tablename__ = "identities"
    issuer: Mapped[str] = mapped_column(String(255), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    linked_by: Mapped[str] = mapped_column(String(80))
    linked_at: Mapped[datetime]


class CompanySignIn(Base):
    """A way to the company's sign-in that somebody is on; deleted by coming back. person_id: whose account is to be linked."""

    __tablename__ = "company_sign_ins"
    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    target: Mapped[str] = mapped_column(Text)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    expires_at: Mapped[datetime]


class Invitation(Base):
    """A one-time link with which a person sets their password."""

    __tablename__ = "invitations"
    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Customer(Base):
    """Who we deal with: known by unified social credit code, or by name until the code is known."""

    __tablename__ = "customers"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    code: Mapped[str | None] = mapped_column(String(18), unique=True)
    created_at: Mapped[datetime]


class Contract(Base):
    """A row of the contract ledger (RULES B2). status: draft, signed, amended, performed, terminated, cancelled."""

    __tablename__ = "contracts"
    __table_args__ = (UniqueConstraint("department_id", "year", "serial"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(64), unique=True)
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"))
    year: Mapped[int]
    serial: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    counterparty: Mapped[str] = mapped_column(String(200))
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.id"))
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


class ContractEvent(Base):
    """Formalities that were finished (RULES B3): each starts its own clock. kind: signed, amended, performed, terminated."""

    __tablename__ = "contract_events"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    contract_id: Mapped[str] = mapped_column(ForeignKey("contracts.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    finished_on: Mapped[date]
    recorded_by: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[datetime]


class CaseFile(Base):
    """案卷: the documents of one contract or one customer's credit. state: open, archived, destroyed.

    retention_why: the reason for the period, as `retention.why` keeps it. events: what happened to a credit file that lengthens
    its period: litigation, bad_debt. superseded_by: the credit file that counts, where an earlier release made a customer two;
    the migration adds a unique index over the customers of all other living credit files (see `Document`).
    """

    __tablename__ = "case_files"
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
    created_at: Mapped[datetime]
    contract: Mapped[Contract | None] = relationship(lazy="joined")
    customer: Mapped[Customer | None] = relationship(lazy="joined")
    department: Mapped[Department] = relationship(lazy="joined")


class NotApplicableMark(Base):
    """A category that does not apply to a file, why, and who said so (RULES B1)."""

    __tablename__ = "not_applicable"
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), primary_key=True)
    category: Mapped[str] = mapped_column(String(8), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    said_by: Mapped[str] = mapped_column(String(80))
    said_at: Mapped[datetime]


class Document(Base):
    """One paper or electronic original.

    status: receiving (not yet acknowledged), received, reading, stored, needs_review, failed, destroyed.
    indexed: whether the index holds the present state. is_original: whether the paper behind it is the original and not a copy.
    review_reasons: why a person must look. notes: what the file itself shows: signed, macros, attachment:NAME, from:ID (the
    message it was attached to). preservation: see `flow/preserve.py`. The migration adds a unique
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
    category: Mapped[str] = mapped_column(String(8), default="")
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
    case_file: Mapped[CaseFile | None] = relationship(lazy="joined")
    verification: Mapped[str] = mapped_column(String(12), default="", index=True)
    checked_by: Mapped[list[str]] = mapped_column(default=list)
    department: Mapped[Department | None] = relationship(lazy="joined")
    fields: Mapped[list["DocumentField"]] = relationship(
        order_by="DocumentField.position", cascade="all, delete-orphan"
    )


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


class FieldCorrection(Base):
    """What a person put in place of what was read (or beside it, where nothing was), to measure and improve extraction.

    read_value, confidence, marks, engine: what the machine said, "" and 0 where it said nothing. Removed with its document.
    """

    __tablename__ = "field_corrections"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), index=True)
    field: Mapped[str] = mapped_column(String(40))
    category: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(32))
    page: Mapped[int]
    engine: Mapped[str] = mapped_column(String(16))
    read_value: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float]
    marks: Mapped[list[str]]
    corrected_value: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class ExtractionCount(Base):
    """How many values of destroyed documents were read, right or wrong: what `juanzong extraction report` still counts.

    received_on: the day their documents came. outcome: unseen, confirmed, corrected, added. band: confidence in steps of 0.05.
    """

    __tablename__ = "extraction_counts"
    received_on: Mapped[date] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(String(8), primary_key=True)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    engine: Mapped[str] = mapped_column(String(16), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(12), primary_key=True)
    band: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]


class Desk(Base):
    """Who has a document before them at this moment: soft, and over by itself."""

    __tablename__ = "desks"
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime]


class LastSave(Base):
    """What a document's values were before somebody's last save, so that it can be undone. after: digest of what it left.

    corrections: ids of the corrections that the save made.
    """

    __tablename__ = "last_saves"
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    before: Mapped[dict[str, Any]]
    after: Mapped[str] = mapped_column(String(64))
    corrections: Mapped[list[str]]


class Rendition(Base):
    """A sealed object. kind: original, page-image, page-text, text. state: pending until the store has it, then kept.

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


class ObjectState(Base):
    """What was done about a sealed object beyond storing it. It has no row before anything was.

    locked_until: until when the store keeps it (governance). held: "" no, "held" by a legal hold of ours, "unsure" when one was
    asked for and no answer noted. copied_to: the replica that has a verified copy, by its address without the key.
    """

    __tablename__ = "object_states"
    name: Mapped[str] = mapped_column(Id, primary_key=True)
    locked_until: Mapped[date | None]
    held: Mapped[str] = mapped_column(String(8), default="")
    copied_to: Mapped[str] = mapped_column(String(300), default="", index=True)


class FixityRun(Base):
    """One verification of all objects, in the order of their names. position: the last one that was checked.

    kind: manual or scheduled. orphans, unfinished: what the stores hold that the database does not know, and writes that were
    never finished. note: what could not be looked at, and why.
    """

    __tablename__ = "fixity_runs"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(12), index=True)
    started_by: Mapped[str] = mapped_column(String(80))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    position: Mapped[str] = mapped_column(String(36), default="")
    checked: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    orphans: Mapped[int] = mapped_column(default=0)
    unfinished: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(Text, default="")
    claimed_by: Mapped[str] = mapped_column(String(120), default="")
    claimed_until: Mapped[datetime | None]


class FixityFinding(Base):
    """An object that was not sound. place: store or replica. what: damaged or missing. repaired: from the other of the two."""

    __tablename__ = "fixity_findings"
    run_id: Mapped[str] = mapped_column(ForeignKey("fixity_runs.id"), primary_key=True)
    name: Mapped[str] = mapped_column(Id, primary_key=True)
    place: Mapped[str] = mapped_column(String(8), primary_key=True)
    document_id: Mapped[str] = mapped_column(Id)
    what: Mapped[str] = mapped_column(String(8))
    repaired: Mapped[bool]


class Transfer(Base):
    """A deadline and its fulfilment (RULES B3). stage: handler or archive. state: pending, handed_over, returned, accepted.

    why: the reason for the date, as `retention.why` keeps it. handed_over_for: who is responsible, where another signed for them.
    contents: what lay in the file when each side signed, as `flow/transfer_lists.py` keeps it; it names no title.
    """

    __tablename__ = "transfers"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), index=True)
    event_id: Mapped[str | None] = mapped_column(ForeignKey("contract_events.id"))
    stage: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16), default="pending", index=True)
    event_kind: Mapped[str] = mapped_column(String(16))
    event_on: Mapped[date]
    nominal_on: Mapped[date]
    due_on: Mapped[date] = mapped_column(index=True)
    why: Mapped[str] = mapped_column(Text)
    responsible_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    handed_over_by: Mapped[str | None] = mapped_column(String(80))
    handed_over_for: Mapped[str | None] = mapped_column(String(80))
    handed_over_on: Mapped[date | None]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_on: Mapped[date | None]
    return_reason: Mapped[str] = mapped_column(Text, default="")
    contents: Mapped[dict[str, Any]] = mapped_column(default=dict)
    case_file: Mapped[CaseFile] = relationship(lazy="joined")
    responsible: Mapped[Person | None] = relationship(lazy="joined")


class Hold(Base):
    """冻结: stops any destruction of the files it covers while it stands; released by two."""

    __tablename__ = "holds"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    matter: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text)
    placed_by: Mapped[str] = mapped_column(String(80))
    placed_at: Mapped[datetime]
    release_reason: Mapped[str] = mapped_column(Text, default="")
    release_asked_by: Mapped[str | None] = mapped_column(String(80))
    released_by: Mapped[str | None] = mapped_column(String(80))
    released_at: Mapped[datetime | None]


class HoldFile(Base):
    """One file under one hold."""

    __tablename__ = "hold_files"
    hold_id: Mapped[str] = mapped_column(ForeignKey("holds.id"), primary_key=True)
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), primary_key=True)


class ReviewRecord(Base):
    """鉴定: an appraisal with its whole state as the rules serialise it, who takes which part included."""

    __tablename__ = "reviews"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    proposed_by: Mapped[str] = mapped_column(String(80))
    created_on: Mapped[date]
    data: Mapped[dict[str, Any]]
    certificate: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's form; two people deciding at once must not both win


class ReviewFile(Base):
    """A file on a review. outcome: "" until executed, then destroyed, kept, blocked or gone (destroyed by another review)."""

    __tablename__ = "review_files"
    review_id: Mapped[str] = mapped_column(ForeignKey("reviews.id"), primary_key=True)
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(16), default="")
    why: Mapped[str] = mapped_column(Text, default="")


class Stub(Base):
    """What remains of a destroyed file forever: number, title, dates, hashes, decision, proof (a row of the 销毁清册)."""

    __tablename__ = "stubs"
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), primary_key=True)
    review_id: Mapped[str] = mapped_column(ForeignKey("reviews.id"), index=True)
    archive_number: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(300))
    register_row: Mapped[dict[str, Any]]
    documents: Mapped[dict[str, Any]]
    proof: Mapped[dict[str, Any]]
    destroyed_at: Mapped[datetime | None]


class AccessRequest(Base):
    """查阅申请 (RULES B6). state: asked, granted, refused, lent, returned."""

    __tablename__ = "access_requests"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), index=True)
    reader_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    purpose: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), default="asked", index=True)
    asked_on: Mapped[date]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    refusal: Mapped[str] = mapped_column(Text, default="")
    lent_on: Mapped[date | None]
    due_back: Mapped[date | None]
    returned_on: Mapped[date | None]
    case_file: Mapped[CaseFile] = relationship(lazy="joined")
    reader: Mapped[Person] = relationship(lazy="joined")


class Paper(Base):
    """What a person's rights rest on (RULES B7 to B9). kind: agreement, degree, retrieval, exam; see `service/access/papers.py`.

    valid_until: the last day, None for no end. note: where the paper itself lies. revoked_by: who took it back; the row stays.
    """

    __tablename__ = "papers"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(300))
    entered_by: Mapped[str] = mapped_column(String(80))
    entered_at: Mapped[datetime]
    revoked_by: Mapped[str | None] = mapped_column(String(80))
    revoked_at: Mapped[datetime | None]
    revoke_reason: Mapped[str] = mapped_column(Text, default="")


class Grant(Base):
    """One document, case file or customer opened to one person for a time. kind: document, file, customer.

    tier: the highest it opens. until: the last day. ended_by: who closed it before that; the row stays.
    """

    __tablename__ = "grants"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[str] = mapped_column(Id, index=True)
    tier: Mapped[str] = mapped_column(String(16))
    until: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    given_by: Mapped[str] = mapped_column(String(80))
    given_at: Mapped[datetime]
    ended_by: Mapped[str | None] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship(lazy="joined")


class Term(Base):
    """A day from which a rule is demanded in this archive, by name. papers: set by the upgrade of an archive that has people."""

    __tablename__ = "terms"
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[date]


class Upload(Base):
    """A file that arrives piece by piece over a bad network. It belongs to `created_by` alone.

    state: open; done (a document, `document_id`, or a stack, `stack_id`), refused (`code`, `problem`), removed (its parts are
    being deleted). split, sheets, sides, turn_over: whether it is a stack to be cut, and how that was scanned.
    received: bytes that are durable. writer: which request may add to it, the latest. key: the key its parts are sealed
    with, wrapped; gone as soon as the upload is no longer open. claimed_by: who makes a document of it.
    """

    __tablename__ = "uploads"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    created_by: Mapped[str] = mapped_column(String(80), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    filename: Mapped[str] = mapped_column(String(255))
    length: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    batch: Mapped[str] = mapped_column(String(36), default="")
    department_id: Mapped[str | None] = mapped_column(Id)
    split: Mapped[bool] = mapped_column(default=False)
    sheets: Mapped[int | None]
    sides: Mapped[int] = mapped_column(default=0)
    turn_over: Mapped[str] = mapped_column(String(12), default="as_scanned")
    state: Mapped[str] = mapped_column(String(8), default="open", index=True)
    writer: Mapped[str] = mapped_column(String(36), default="")
    key: Mapped[bytes | None]
    document_id: Mapped[str | None] = mapped_column(Id)
    stack_id: Mapped[str | None] = mapped_column(Id)
    duplicate: Mapped[bool] = mapped_column(default=False)
    code: Mapped[str] = mapped_column(String(32), default="")
    problem: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    claimed_by: Mapped[str] = mapped_column(String(120), default="")
    claimed_until: Mapped[datetime | None]


class UploadPart(Base):
    """A sealed piece of an upload. start: its place in the file. size: None until it counts; what never does is surplus."""

    __tablename__ = "upload_parts"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    upload_id: Mapped[str] = mapped_column(ForeignKey("uploads.id"), index=True)
    start: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int | None]


class Batch(Base):
    """A batch of scanned stacks and the account of its paper. state: open, released.

    sheets: paper sheets fed, None until somebody counted. sides: 1 or 2, 0 when nobody said. settings: of the scanner, as
    words. version: counts the changes, so that two people never change the same pages at once.
    """

    __tablename__ = "batches"
    name: Mapped[str] = mapped_column(String(36), primary_key=True)
    state: Mapped[str] = mapped_column(String(8), default="open", index=True)
    operator: Mapped[str] = mapped_column(String(80))
    device: Mapped[str] = mapped_column(String(120), default="")
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    department_id: Mapped[str | None] = mapped_column(ForeignKey("departments.id"))
    sheets: Mapped[int | None]
    sides: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    opened_at: Mapped[datetime]
    released_by: Mapped[str | None] = mapped_column(String(80))
    released_at: Mapped[datetime | None]
    release_reason: Mapped[str] = mapped_column(Text, default="")
    claimed_by: Mapped[str] = mapped_column(String(120), default="")
    claimed_until: Mapped[datetime | None]


class Stack(Base):
    """A scanned stack as it came, sealed under a key of its own until its batch is released.

    state: receiving (not yet acknowledged), kept, cutting, cut, released (no key any more), removed. turn_over: how its pages lie:
    as_scanned, two_pass (fronts, then the backs from the last to the first), fronts and backs (each a file). looked: one
    entry a page, None before it was looked at. key: the wrapped key. The migration adds a unique index on `sha256` over
    all but the removed. thumbs: the object of the small pictures, sealed under the same key.
    """

    __tablename__ = "stacks"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    batch: Mapped[str] = mapped_column(ForeignKey("batches.name"), index=True)
    position: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), index=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(16))
    size: Mapped[int] = mapped_column(BigInteger)
    pages: Mapped[int]
    turn_over: Mapped[str] = mapped_column(String(12), default="as_scanned")
    drop_blanks: Mapped[bool] = mapped_column(default=True)
    channel: Mapped[str] = mapped_column(String(16))
    looked: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    key: Mapped[bytes | None]
    thumbs: Mapped[str | None] = mapped_column(Id)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    received_by: Mapped[str] = mapped_column(String(80))
    received_at: Mapped[datetime]
    claimed_by: Mapped[str] = mapped_column(String(120), default="")
    claimed_until: Mapped[datetime | None]


class BatchPart(Base):
    """A document of a batch and the pages it is made of, in order: ``1.5`` is page 5 of stack 1, ``1.5@90`` turned clockwise.

    wanted: part of the next state of the batch, which comes into force when every document of it is made. made: the document
    is durable; before that `document_id` is only reserved. duplicate: the document was here before.
    """

    __tablename__ = "batch_parts"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    batch: Mapped[str] = mapped_column(ForeignKey("batches.name"), index=True)
    position: Mapped[int]
    pages: Mapped[list[str]]
    contract_number: Mapped[str] = mapped_column(String(64), default="")
    customer_number: Mapped[str] = mapped_column(String(40), default="")
    category: Mapped[str] = mapped_column(String(8), default="")
    document_id: Mapped[str] = mapped_column(Id, index=True, default=new_id)
    wanted: Mapped[bool] = mapped_column(default=False)
    made: Mapped[bool] = mapped_column(default=False)
    duplicate: Mapped[bool] = mapped_column(default=False)


class Counter(Base):
    """The last serial given under a prefix. Serials are given once and never reused."""

    __tablename__ = "counters"
    prefix: Mapped[str] = mapped_column(String(120), primary_key=True)
    value: Mapped[int]


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


class Checkpoint(Base):
    """A signed statement of where the hash chain stood. Triggers refuse DELETE and any change of what is signed.

    statement: the very text that was signed, see `service/records/checkpoints.py`. signature: 128 hexadecimal digits.
    entries: the last entry it speaks for. stored_at: when the object store had it. stamp: an RFC 3161 answer, Base64, or empty.
    """

    __tablename__ = "checkpoints"
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    statement: Mapped[str] = mapped_column(Text)
    signature: Mapped[str] = mapped_column(String(128))
    public: Mapped[str] = mapped_column(String(64))
    entries: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[str] = mapped_column(String(32))
    stored_at: Mapped[datetime | None]
    stamp: Mapped[str] = mapped_column(Text, default="")
