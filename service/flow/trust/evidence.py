"""A document with its evidence: the original, its history with proofs, and what is needed to verify them, in one package.

RULES, Evidence (DA/T 97-2023): a document handed to a court comes with its unbroken history. Each entry of the history carries
the way through the Merkle tree (`service/records/tree.py`) to a signed checkpoint, so that it is shown to belong to the trail
without showing anything else of the trail.
"""

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from io import BytesIO
from pathlib import PurePath
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.archive.transfer_lists import signed_lists
from service.flow.common.guard import allowed, load_document, load_file, reach_of, reach_of_file
from service.flow.common.index import load_key
from service.flow.common.kept import open_kept
from service.flow.common.sight import visible
from service.flow.common.watermark import demand_unmarked
from service.flow.intake.views import document_as_json, file_as_json
from service.flow.trust.checkpoints import checkpoint
from service.flow.trust.evidence_cover import Told, cover
from service.house import House
from service.records import audit, checkpoints, signing
from service.records.tables import AuditEntry, Checkpoint, Document, Rendition
from service.records.tree import paths
from vault.model import FileKey

FORMAT = "juanzong evidence 1"
SIGNED_LISTS = "signed-lists.json"
_NAMES = {"original": "original", "preservation": "preservation.pdf", "text": "text.txt"}
_BLOCK = 1 << 20
MOST_PACKED = 200  # documents of one case file


@dataclass
class Package:
    """What was packed. files: SHA-256 and size by name."""

    document_id: str
    entries: int = 0
    checkpoint: int = 0
    files: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """A document with all that goes into a package. subjects: whose entries of the trail are about it."""

    document: Document
    renditions: list[Rendition]
    key: FileKey
    subjects: list[str]
    metadata: dict[str, Any]


def evidence(
    house: House, actor: Actor, document_id: str, target: BinaryIO, words: Callable[[str], str] = str
) -> Package:
    """Write the package of a document into `target`, a new file; note it. words: what an action is called on the cover.

    Raises NotFound (also without the right to read it, or after its destruction), NotAllowed (it is classified, and the
    original is not theirs), RuleRefused: the trail is broken. Raises ObjectDamaged, ObjectMissing, StoreUnavailable.
    """
    with house.database.write() as session:
        found = find_whole(house, session, actor, document_id)
        _note(session, actor, found)
    checkpoint(house, actor)
    return _pack(house, actor, found, target, words)


def evidence_of_file(
    house: House, actor: Actor, case_file_id: str, target: BinaryIO, words: Callable[[str], str] = str
) -> list[Package]:
    """Write a zip with the package of every document of a case file that the actor may read; note it and each of them.

    Raises as `evidence`, and BadInput for a file without documents, or with more than `MOST_PACKED`.
    """
    with house.database.write() as session:
        file = load_file(session, actor, case_file_id)
        living = Document.status.not_in(("receiving", "destroyed"))
        query = visible(select(Document).where(Document.case_file_id == file.id, living), actor)
        ids = [document.id for document in session.scalars(query.order_by(Document.received_at, Document.id))]
        if not 0 < len(ids) <= MOST_PACKED:
            raise BadInput(f"a package has documents, at most {MOST_PACKED}; this file has {len(ids)}")
        found = [find_whole(house, session, actor, document_id) for document_id in ids]
        for one in found:
            _note(session, actor, one)
        audit.append(session, actor.name, "file.evidence", f"file:{case_file_id}", {"documents": len(found)})
    checkpoint(house, actor)
    packages = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True) as packed:
        for one in found:
            with TemporaryFile(dir=house.settings.home / "tmp") as part:
                packages.append(_pack(house, actor, one, cast("BinaryIO", part), words))
                part.seek(0)
                with packed.open(f"evidence-{one.document.id}.zip", "w", force_zip64=True) as inner:
                    shutil.copyfileobj(part, inner, _BLOCK)
    return packages


def _note(session: Session, actor: Actor, found: Found) -> None:
    detail = {"sha256": found.document.sha256}
    audit.append(session, actor.name, "document.evidence", f"document:{found.document.id}", detail)


def _pack(house: House, actor: Actor, found: Found, target: BinaryIO, words: Callable[[str], str]) -> Package:
    document_id = found.document.id
    with house.database.read() as session:
        history = history_of(session, found.subjects)
        lists = _lists_of(session, found.subjects, history)
        signer = signing.ensure(session, house.keys)  # made with the archive; here it is only read
        archive = signing.archive_id(session)
    package = Package(document_id, len(history["entries"]), max(e["checkpoint"] for e in history["entries"]))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as packed:
        original = ""
        for row in found.renditions:
            name = packed_name(row, found.document)
            original = name if row.kind == "original" else original
            with open_kept(house, row, found.key) as stream:
                _put(packed, package, name, stream)
            if package.files[name]["sha256"] != row.sha256:
                raise RuleRefused("the object is not what was once sealed: see `juanzong fixity`")
        told = Told(
            house.settings, found.metadata, history, package.files, original, archive, signer.public, house.clock.now()
        )
        own = {
            "cover.html": cover(told, words).encode(),
            "metadata.json": as_bytes(found.metadata),
            "history.json": as_bytes(history),
            **({SIGNED_LISTS: as_bytes({"lists": lists})} if lists else {}),
            "public-key.txt": f"{signer.public}\n".encode(),
            "verify_audit.py": files("service.records").joinpath("verify_audit.py").read_bytes(),
        }
        for name, content in own.items():
            _put(packed, package, name, cast("BinaryIO", BytesIO(content)))
        manifest = as_bytes(
            {
                "format": FORMAT,
                "archive": archive,
                "document_id": document_id,
                "original": original,
                "made_at": house.clock.now().isoformat(timespec="seconds"),
                "made_by": actor.name,
                "files": package.files,
            }
        )
        packed.writestr("manifest.json", manifest)
        signed = {"public_key": signer.public, "signature": signing.sign(house.keys, signer, manifest)}
        packed.writestr("manifest.sig.json", as_bytes(signed))
    return package


def as_bytes(value: object) -> bytes:
    """Return plain values as a JSON file that people can read."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def packed_name(row: Rendition, document: Document) -> str:
    """Return a name that every system can unpack; the one the file came with is in the metadata."""
    suffix = PurePath(document.filename).suffix.lower()
    plain = suffix if suffix.isascii() and suffix[1:].isalnum() and len(suffix) <= 8 else ""
    return _NAMES[row.kind] + (plain if row.kind == "original" else "")


def _put(packed: zipfile.ZipFile, package: Package, name: str, stream: BinaryIO) -> None:
    digest, size = sha256(), 0
    with packed.open(name, "w", force_zip64=True) as file:
        while block := stream.read(_BLOCK):
            digest.update(block)
            size += len(block)
            file.write(block)
    package.files[name] = {"sha256": digest.hexdigest(), "size": size}


def find_whole(house: House, session: Session, actor: Actor, document_id: str) -> Found:
    """Return a document that the actor may take out whole. Raises NotFound, NotAllowed."""
    document = load_document(session, actor, document_id)
    demand_unmarked(house, actor, reach_of(document))
    query = select(Rendition).where(
        Rendition.document_id == document_id, Rendition.kind.in_(_NAMES), Rendition.state == "kept", Rendition.page == 0
    )
    rows = {row.kind: row for row in session.scalars(query)}
    if "original" not in rows:
        raise NotFound(f"document {document_id} has no original (any more)")
    metadata, subjects = document_as_json(document), [f"document:{document_id}"]
    file = document.case_file
    if file is not None and allowed(actor, "file.read", reach_of_file(file)):
        metadata["file"] = file_as_json(file)
        subjects.append(f"file:{file.id}")  # its transfers and loans, too, are entries about the file
    renditions = [rows[kind] for kind in _NAMES if kind in rows]
    return Found(document, renditions, load_key(house, session, document_id), subjects, metadata)


def history_of(session: Session, subjects: list[str]) -> dict[str, Any]:
    """Return the entries about these subjects, each with its checkpoint and the way to that checkpoint's root."""
    rows = list(session.scalars(select(AuditEntry).where(AuditEntry.subject.in_(subjects)).order_by(AuditEntry.seq)))
    by_checkpoint: dict[int, tuple[Checkpoint, list[AuditEntry]]] = {}
    spoken = checkpoints.spans(session, [row.seq for row in rows])
    for row in rows:
        if row.seq in spoken:  # one that was written a moment ago is not
            made = spoken[row.seq]
            by_checkpoint.setdefault(made.number, (made, []))[1].append(row)
    entries = [entry for made, found in by_checkpoint.values() for entry in _proved(session, made, found)]
    said = [
        {"statement": made.statement, "signature": made.signature, "public_key": made.public}
        | ({"stamp": made.stamp} if made.stamp else {})
        for made, _ in by_checkpoint.values()
    ]
    return {"entries": sorted(entries, key=lambda entry: entry["seq"]), "checkpoints": said}


def _lists_of(session: Session, subjects: list[str], history: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the signed lists (移交清单) whose digests the entries of a history name: the very bytes that were signed."""
    named = {json.loads(entry["detail"]).get("list") for entry in history["entries"]}
    files = [subject.partition(":")[2] for subject in subjects if subject.startswith("file:")]
    return [one for file_id in files for one in signed_lists(session, file_id) if one["sha256"] in named]


def _proved(session: Session, made: Checkpoint, rows: list[AuditEntry]) -> Iterator[dict[str, Any]]:
    said = checkpoints.stated(made.statement)
    first = said.first if said else 1
    query = select(AuditEntry.hash).where(AuditEntry.seq.between(first, made.entries)).order_by(AuditEntry.seq)
    hashes = list(session.scalars(query))
    if said is None or len(hashes) != made.entries - first + 1 or checkpoints.root_of(hashes) != said.root:
        raise RuleRefused("the audit trail is broken, so that nothing can be proved by it: see `juanzong audit verify`")
    ways = paths(hashes, [row.seq - first for row in rows])
    for row in rows:
        about = {name: getattr(row, name) for name in ("seq", *audit.TEXTS)}
        yield {**about, "checkpoint": made.number, "path": ways[row.seq - first]}
