"""What comes in and is read: uploads, scanned batches, corrections of what was read. Loaded when one of them is asked for, see `tables.py`."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.records.tables import Base, Id, new_id


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


class Upload(Base):
    """A file that arrives piece by piece over a bad network. It belongs to `created_by` alone.

    state: open; done (a document, `document_id`, or a stack, `stack_id`), refused (`code`, `problem`), removed (its parts are
    being deleted). split, sheets, sides, turn_over: whether it is a stack to be cut, and how that was scanned; device,
    scanned_with: by which scanner, and what that was told. portion: which of the files of one stack it is, as of a `Stack`.
    received: bytes that are durable. writer: which request may add to it, the latest. key: the key its parts are sealed
    with, wrapped; gone as soon as the upload is no longer open. claimed_by: who makes a document of it.
    deferred: its length is not known yet; `length` is then the most that it may have.
    """

    __tablename__ = "uploads"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    created_by: Mapped[str] = mapped_column(String(80), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    filename: Mapped[str] = mapped_column(String(255))
    length: Mapped[int] = mapped_column(BigInteger)
    deferred: Mapped[bool] = mapped_column(default=False)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    batch: Mapped[str] = mapped_column(String(36), default="")
    department_id: Mapped[str | None] = mapped_column(Id)
    split: Mapped[bool] = mapped_column(default=False)
    sheets: Mapped[int | None]
    sides: Mapped[int] = mapped_column(default=0)
    turn_over: Mapped[str] = mapped_column(String(12), default="as_scanned")
    portion: Mapped[str] = mapped_column(String(40), default="")
    device: Mapped[str] = mapped_column(String(120), default="")
    scanned_with: Mapped[dict[str, Any]] = mapped_column(default=dict)
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
    words. version: counts the changes, so that two people never change the same pages at once. undo: what the documents
    were before each of the latest changes of pages, see `flow/intake/batches.py`.
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
    undo: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    opened_at: Mapped[datetime]
    released_by: Mapped[str | None] = mapped_column(String(80))
    released_at: Mapped[datetime | None]
    release_reason: Mapped[str] = mapped_column(Text, default="")
    claimed_by: Mapped[str] = mapped_column(String(120), default="")
    claimed_until: Mapped[datetime | None]


class Stack(Base):
    """A scanned stack as it came, sealed under a key of its own until its batch is released.

    state: receiving (not yet acknowledged), kept, cutting, cut, released (no key any more), removed. turn_over: how its pages lie:
    as_scanned, two_pass (fronts, then the backs from the last to the first), fronts and backs (each a file), as_one (all of it is
    one document). portion: which of the files of its scan it is (`intake/batches/portions.py`), and scan: of which; or empty. looked: one
    entry a page, None before it was looked at. key: the wrapped key. The migration adds a unique index on `sha256` over
    all but the removed. sheets: how many of the sheets of paper that were counted for the batch it stands for. thumbs: the
    object of the small pictures, sealed under the same key. error: why it was not cut but left whole; error_code: the word for
    it that `Rejected` has.
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
    sheets: Mapped[int | None]
    turn_over: Mapped[str] = mapped_column(String(12), default="as_scanned")
    portion: Mapped[str] = mapped_column(String(40), default="")
    scan: Mapped[str] = mapped_column(String(32), default="", index=True)
    drop_blanks: Mapped[bool] = mapped_column(default=True)
    channel: Mapped[str] = mapped_column(String(16))
    looked: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    key: Mapped[bytes | None]
    thumbs: Mapped[str | None] = mapped_column(Id)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    error_code: Mapped[str] = mapped_column(String(32), default="")
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


class DocumentSketch(Base):
    """By what a document is known to look like another, see `search/sketch.py`. It goes with the document's key.

    made_with: version and key of the hashes; "" while it waits to be made. pieces, figures: the smallest hashes.
    sealed_pages: those with a name around a seal, which the text rendition does not have.
    """

    __tablename__ = "document_sketches"
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    made_with: Mapped[str] = mapped_column(String(80), index=True)
    pieces: Mapped[str] = mapped_column(Text, default="")
    figures: Mapped[str] = mapped_column(Text, default="")
    sealed_pages: Mapped[list[int]] = mapped_column(default=list)


class DocumentMark(Base):
    """One of the hashes by which documents that look alike find each other."""

    __tablename__ = "document_marks"
    mark: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True, index=True)


class PageShare(Base):
    """Some pages, first to last, of a long document that is being read, and who reads them; see `flow/intake/shares.py`.

    unread: of pages that could not be read, their number, why, and whether there is a picture of them.
    """

    __tablename__ = "page_shares"
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]
    done: Mapped[bool] = mapped_column(default=False)
    unread: Mapped[list[Any]] = mapped_column(JSON, default=list)
    claimed_by: Mapped[str] = mapped_column(String(120), default="")
    claimed_until: Mapped[datetime | None]

    @property
    def id(self) -> str:
        """What a claim on it is called."""
        return f"{self.document_id}:{self.first}"


class CopyTrouble(Base):
    """How often the making of a document's preservation copy was begun without an end, see `flow/intake/preserve.py`. Gone with its success.

    again_at: when it is tried again; None: by the next sweep, or never any more, which `Document.preservation` tells.
    """

    __tablename__ = "copy_troubles"
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    attempts: Mapped[int] = mapped_column(default=0)
    again_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")
