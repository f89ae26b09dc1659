"""Erase: make a file's content unrecoverable, and look afterwards for what is left of it.

Two steps, each safe to repeat. First, in one transaction, the keys go and the stub is written: from then on nobody can read the
content, in no copy. Then the sealed objects (all versions) go, file by file, and the index entries, once for all files of a review: an
index that is rid of the words of one document has to write its files anew. Killed in between, the second step is found by the stub that
has no `destroyed_at` yet: that is written last, and only after a look in which nothing was found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from service.errors import DatabaseUnavailable
from service.flow.archive.destructions import note
from service.flow.archive.paper_file import paper_of
from service.flow.common.heritage import LETTER
from service.flow.common.locks import let_go
from service.flow.intake import shares
from service.flow.intake.extraction import count_and_forget
from service.flow.search import sketches
from service.flow.search.saved_searches import forget
from service.house import House
from service.records import audit
from service.records.tables import (
    CaseFile,
    CopyTrouble,
    Document,
    DocumentField,
    DocumentMark,
    DocumentSketch,
    FieldCorrection,
    KeyRenewal,
    LastSave,
    ObjectState,
    Rendition,
    ReviewFile,
    Stub,
    WrappedKey,
)

_AT_ONCE = 1000  # databases limit how many values stand in one query


@dataclass(frozen=True)
class Proof:
    """What an independent look finds of a destroyed file; all four must be 0.

    objects_left: versions and delete markers in the store. keys_left: wrapped keys. index_entries: documents in the index.
    columns_left: database rows that still hold something read from a page.
    """

    objects_left: int
    keys_left: int
    index_entries: int
    columns_left: int

    @property
    def ok(self) -> bool:
        """Whether nothing is left."""
        return not (self.objects_left or self.keys_left or self.index_entries or self.columns_left)


def destroy_keys(session: Session, actor_name: str, file: CaseFile, review_id: str, row: dict[str, Any]) -> None:
    """First step, in the caller's transaction: keys and read values go, the stub stays. row: its line of the register."""
    documents = list(session.scalars(select(Document).where(Document.case_file_id == file.id)))
    count_and_forget(session, [document.id for document in documents])
    kept: list[dict[str, Any]] = []
    for document in documents:
        objects = session.scalars(select(Rendition.id).where(Rendition.document_id == document.id))
        kept.append(
            {
                "document_id": document.id,
                "sha256": document.sha256,
                "category": document.category,
                "pages": document.pages,
                "size": document.size,
                "received_at": document.received_at.isoformat(),
                "objects": sorted(objects),
            }
        )
        for table in (WrappedKey, KeyRenewal, CopyTrouble):
            of_it = session.get(table, document.id)
            if of_it is not None:
                session.delete(of_it)
        shares.forget(session, document.id)
        document.status, document.indexed = "destroyed", False
        document.filename = document.title = document.kind = document.error = document.error_code = ""
        document.review_reasons, document.fields = [], []
        document.notes = [
            note for note in document.notes if note.startswith(LETTER)
        ]  # read anew, that brings it no more
        document.verification, document.checked_by = "", []
    paper = paper_of(session, file.id)
    sketches.forget(session, [document.id for document in documents])
    forget(session, [document.id for document in documents])
    session.add(
        Stub(
            case_file_id=file.id,
            review_id=review_id,
            archive_number=file.archive_number or "",
            title=file.title,
            register_row=row,
            documents={"documents": kept} | ({"paper": paper} if paper else {}),
            proof={},
        )
    )
    file.state = "destroyed"
    detail = {"archive_number": file.archive_number, "review": review_id, "documents": len(kept)}
    audit.append(session, actor_name, "file.destroy", f"file:{file.id}", detail)


def finish(house: House, actor_name: str, case_file_ids: Sequence[str]) -> dict[str, Proof]:
    """Second step, of files whose keys are gone: objects, index entries, then the look that proves it. Can be run again.

    Raises StoreUnavailable, also when the replica does not answer, ObjectDamaged, BadInput (the register outside), IndexUnavailable: then nothing
    is proved. First of all the register outside the archive learns of them; until it does, the destruction is not finished.
    """
    note(house)
    for case_file_id in case_file_ids:
        remove_objects(house, case_file_id)
    remove_entries(house, case_file_ids)
    return {case_file_id: confirm(house, actor_name, case_file_id) for case_file_id in case_file_ids}


def remove_objects(house: House, case_file_id: str) -> None:
    """Remove the objects of one file whose keys are gone, also the replica's, and their rows. Raises StoreUnavailable."""
    with house.database.read() as session:
        documents = session.get_one(Stub, case_file_id).documents["documents"]
        ids = [document["document_id"] for document in documents]
        # A reading that was under way when the keys went may have begun an object after the stub was written.
        rows = set(session.scalars(select(Rendition.id).where(Rendition.document_id.in_(ids))))
    names = rows.union(*(document["objects"] for document in documents))
    let_go(house, sorted(names))
    for name in names:
        house.vault.delete(UUID(name))
    with house.database.write() as session:
        session.execute(delete(Rendition).where(Rendition.id.in_(rows)))
        session.execute(delete(ObjectState).where(ObjectState.name.in_(names)))


def remove_entries(house: House, case_file_ids: Sequence[str]) -> None:
    """Remove the index entries of files whose keys are gone, and what the database only hides.

    Once for all of them: the index writes its files anew to be rid of the words, the database cleans what it has. Raises
    IndexUnavailable, DatabaseUnavailable (somebody reads what was there before, and keeps it in its files).
    """
    ids: list[str] = []
    with house.database.read() as session:
        for first in range(0, len(case_file_ids), _AT_ONCE):
            of_them = Stub.case_file_id.in_(case_file_ids[first : first + _AT_ONCE])
            for kept in session.scalars(select(Stub.documents).where(of_them)):
                ids += [document["document_id"] for document in kept["documents"]]
    house.index.remove_many(ids)
    if not house.database.scrub():
        raise DatabaseUnavailable(
            "what was deleted stands in the write-ahead log still: something reads the database all the time; tried again later"
        )


def confirm(house: House, actor_name: str, case_file_id: str) -> Proof:
    """Look for anything that is left of a file, and keep what was found with its stub. Only where nothing is does it count as destroyed.

    The stub and the line of the review say so in one transaction.
    """
    proof = look(house, case_file_id)
    with house.database.write() as session:
        stub = session.get_one(Stub, case_file_id, with_for_update=True)
        stub.proof = {**vars(proof), "ok": proof.ok}
        line = session.get(ReviewFile, (stub.review_id, case_file_id), with_for_update=True)
        if proof.ok and line is not None and not line.outcome:
            line.outcome, line.why = "destroyed", ""
        if proof.ok and stub.destroyed_at is None:
            stub.destroyed_at = house.clock.now()
            audit.append(session, actor_name, "file.destroyed", f"file:{case_file_id}", stub.proof)
    return proof


def look(house: House, case_file_id: str) -> Proof:
    """Look in store, key table, index and database for anything of a destroyed file. Raises NoResultFound without a stub."""
    with house.database.read() as session:
        documents = session.get_one(Stub, case_file_id).documents["documents"]
        ids = [document["document_id"] for document in documents]
        keys = sum(
            session.scalar(select(func.count()).where(table.document_id.in_(ids))) or 0
            for table in (WrappedKey, KeyRenewal)
        )
        fields = sum(
            session.scalar(select(func.count()).where(table.document_id.in_(ids))) or 0
            for table in (DocumentField, FieldCorrection, LastSave, DocumentSketch, DocumentMark)
        )
        named = select(func.count()).where(
            Document.id.in_(ids), or_(Document.title != "", Document.filename != "", Document.status != "destroyed")
        )
        titles = session.scalar(named) or 0
        rows = set(session.scalars(select(Rendition.id).where(Rendition.document_id.in_(ids))))
    names = rows.union(*(document["objects"] for document in documents))
    objects = sum(house.vault.remains(UUID(name)) for name in names)
    indexed = sum(house.index.contains(document_id) for document_id in ids)
    return Proof(objects, keys, indexed, fields + titles)
