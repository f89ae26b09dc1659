"""Erase: make a file's content unrecoverable, and look afterwards for what is left of it.

Two steps, each safe to repeat. First, in one transaction, the keys go and the stub is written: from then on nobody can read the
content, in no copy. Then the sealed objects (all versions) and the index entries go. Killed in between, the second step is found
by the stub that has no `destroyed_at` yet.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from service.flow.archive.destructions import note
from service.flow.common.locks import let_go
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
    Stub,
    WrappedKey,
)


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
        document.status, document.indexed = "destroyed", False
        document.filename = document.title = document.kind = document.error = ""
        document.review_reasons, document.fields, document.notes = [], [], []
        document.verification, document.checked_by = "", []
    sketches.forget(session, [document.id for document in documents])
    forget(session, [document.id for document in documents])
    session.add(
        Stub(
            case_file_id=file.id,
            review_id=review_id,
            archive_number=file.archive_number or "",
            title=file.title,
            register_row=row,
            documents={"documents": kept},
            proof={},
        )
    )
    file.state = "destroyed"
    detail = {"archive_number": file.archive_number, "review": review_id, "documents": len(kept)}
    audit.append(session, actor_name, "file.destroy", f"file:{file.id}", detail)


def remove_objects(house: House, actor_name: str, case_file_id: str) -> Proof:
    """Second step: objects (also the replica's) and index entries go, then the proof is taken and kept with the stub.

    Can be run again. Raises StoreUnavailable, also when the replica does not answer: nothing is proved without it. First of
    all the register outside the archive learns of it; until it does, the destruction is not finished.
    """
    note(house)
    with house.database.read() as session:
        stub = session.get_one(Stub, case_file_id)
        documents = stub.documents["documents"]
        ids = [document["document_id"] for document in documents]
        # A reading that was under way when the keys went may have begun an object after the stub was written.
        rows = set(session.scalars(select(Rendition.id).where(Rendition.document_id.in_(ids))))
    names = rows.union(*(document["objects"] for document in documents))
    let_go(house, sorted(names))
    for name in names:
        house.vault.delete(UUID(name))
    house.index.remove_many(ids)
    with house.database.write() as session:
        session.execute(delete(Rendition).where(Rendition.id.in_(rows)))
        session.execute(delete(ObjectState).where(ObjectState.name.in_(names)))
    house.database.scrub()
    proof = look(house, case_file_id)
    with house.database.write() as session:
        stub = session.get_one(Stub, case_file_id)
        stub.proof = {**vars(proof), "ok": proof.ok}
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
