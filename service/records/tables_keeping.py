"""The life of files and objects: deadlines, holds, reviews, lending, fixity, checkpoints. Loaded when one of them is asked for, see `tables.py`."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.records.tables import Base, CaseFile, Id, Person, new_id


class ContractEvent(Base):
    """What happened to a contract. kind: signed, amended, performed, terminated (RULES B3: each starts its own clock), approved, performing.

    document_id: the paper it stands on. changes: what an amendment changed, by column: [before, after].
    """

    __tablename__ = "contract_events"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    contract_id: Mapped[str] = mapped_column(ForeignKey("contracts.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    finished_on: Mapped[date]
    document_id: Mapped[str | None] = mapped_column(Id)
    note: Mapped[str | None] = mapped_column(Text)
    changes: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    recorded_by: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[datetime]


class NotApplicableMark(Base):
    """A category that does not apply to a file, why, and who said so (RULES B1)."""

    __tablename__ = "not_applicable"
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), primary_key=True)
    category: Mapped[str] = mapped_column(String(8), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    said_by: Mapped[str] = mapped_column(String(80))
    said_at: Mapped[datetime]


class ObjectState(Base):
    """What was done about a sealed object beyond storing it. It has no row before anything was.

    locked_until: until when the store keeps it (governance). held: "" no, "held" by a legal hold of ours, "unsure" when one was
    asked for and no answer noted. copied_to: the replica that has a verified copy, by its address without the key. noticed: missing or
    damaged, when somebody read it from the replica instead; "" once it is mended.
    """

    __tablename__ = "object_states"
    name: Mapped[str] = mapped_column(Id, primary_key=True)
    locked_until: Mapped[date | None]
    held: Mapped[str] = mapped_column(String(8), default="")
    copied_to: Mapped[str] = mapped_column(String(300), default="", index=True)
    noticed: Mapped[str] = mapped_column(String(8), default="")


class KeyRenewal(Base):
    """A document is being sealed anew under the key `wrapped`, see `flow/trust/renew.py`. id: what the new objects' names are made from."""

    __tablename__ = "key_renewals"
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    id: Mapped[str] = mapped_column(Id, default=new_id)
    wrapped: Mapped[bytes]
    master_key_id: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    begun_by: Mapped[str] = mapped_column(String(80))
    begun_at: Mapped[datetime]


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


def _at_once(context: Any) -> date:
    """A new deadline is looked at by the next sweep, which finds the day it has to do with."""
    given: date = context.get_current_parameters()["event_on"]
    return given


class Transfer(Base):
    """A deadline and its fulfilment (RULES B3). stage: handler or archive. state: pending, handed_over, returned, accepted.

    why: the reason for the date, as `retention.why` keeps it. handed_over_for: who is responsible, where another signed for them.
    contents: what lay in the file when each side signed, as `flow/archive/transfer_lists.py` keeps it; it names no title.
    tell_on: the day on which it comes to somebody more, None once it has come to all of them or is accepted. department_id, tier:
    those of its file while it is open, so that what somebody may see is read in order from an index. The migrations add indexes over
    what is open (`ix_transfers_open_…`).
    """

    __tablename__ = "transfers"
    # What is open is listed by its deadline, whatever was accepted before.
    __table_args__ = (Index("ix_transfers_state_due_on", "state", "due_on"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), index=True)
    department_id: Mapped[str] = mapped_column(Id)
    tier: Mapped[str] = mapped_column(String(16))
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
    tell_on: Mapped[date | None] = mapped_column(index=True, default=_at_once)
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
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), primary_key=True, index=True)


class ReviewRecord(Base):
    """鉴定: an appraisal with its whole state as the rules serialise it, who takes which part included.

    summary: what lists and boards show of it, derived from `data` (`flow/archive/review_sight.py`); None where it is still to be derived.
    """

    __tablename__ = "reviews"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    proposed_by: Mapped[str] = mapped_column(String(80))
    created_on: Mapped[date]
    data: Mapped[dict[str, Any]]
    certificate: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's form; two people deciding at once must not both win


class ReviewFile(Base):
    """A file on a review. outcome: "" until executed, then destroyed, kept, blocked or gone (destroyed by another review)."""

    __tablename__ = "review_files"
    review_id: Mapped[str] = mapped_column(ForeignKey("reviews.id"), primary_key=True)
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), primary_key=True, index=True)
    outcome: Mapped[str] = mapped_column(String(16), default="")
    why: Mapped[str] = mapped_column(Text, default="")


class Stub(Base):
    """What remains of a destroyed file forever: number, title, dates, hashes, decision, proof (a row of the 销毁清册)."""

    __tablename__ = "stubs"
    __table_args__ = (Index("ix_stubs_destroyed_at_archive_number", "destroyed_at", "archive_number"),)
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
    __table_args__ = (Index("ix_access_requests_asked_on_id", "asked_on", "id"),)
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
    returned_as: Mapped[str | None] = mapped_column(String(16))  # what the check found: whole, damaged, lost
    return_note: Mapped[str] = mapped_column(Text, default="")
    case_file: Mapped[CaseFile] = relationship(lazy="joined")
    reader: Mapped[Person] = relationship(lazy="joined")


class Counter(Base):
    """The last serial given under a prefix. Serials are given once and never reused."""

    __tablename__ = "counters"
    prefix: Mapped[str] = mapped_column(String(120), primary_key=True)
    value: Mapped[int]


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
