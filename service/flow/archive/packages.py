"""A case file as a package that other archives take in: BagIt (RFC 8493), signed, with metadata by the names of DA/T 46.

    NAME/bagit.txt  bag-info.txt  manifest-sha256.txt  tagmanifest-sha256.txt  manifest-sha256.sig.json
    NAME/data/documents/NUMBER/original.pdf  preservation.pdf  text.txt  (NUMBER: of an archived file, else the document's ID)
    NAME/data/eep/ID.xml  (of an archived file: each document once more as a record by DA/T 48)
    NAME/data/file.json  metadata.xml  history.json

`file.json` is what `flow/archive/package_import.py` reads; `metadata.xml` says the same to other systems. The signature (Ed25519, the
archive's key) is over the very bytes of the manifest, which has the digest of everything in `data`.
"""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import IO, Any, BinaryIO
from uuid import UUID
from xml.etree import ElementTree as ET

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.numbers import image_name
from service.access.policy import Actor
from service.errors import BadInput, RuleRefused
from service.flow.archive import eep
from service.flow.archive.number_templates import levels_of
from service.flow.common.guard import load_file
from service.flow.common.sight import visible
from service.flow.intake.views import contract_as_json, file_as_json
from service.flow.trust.checkpoints import checkpoint
from service.flow.trust.evidence import MOST_PACKED, Found, as_bytes, find_whole, history_of, packed_name
from service.house import House
from service.records import audit, signing
from service.records.tables import (
    CaseFile,
    ContractEvent,
    Document,
    FormerNumber,
    Milestone,
    NotApplicableMark,
    PaperCount,
)

FORMAT = "juanzong package 1"
_BLOCK = 1 << 20


@dataclass
class Bag:
    """What was packed. payload: digest and size by name, below the bag's folder; manifest: SHA-256 of the signed manifest.

    originals: the SHA-256 of each document's original, by the document's ID.
    """

    name: str
    documents: int = 0
    payload: dict[str, tuple[str, int]] = field(default_factory=dict)
    originals: dict[str, str] = field(default_factory=dict)
    manifest: str = ""
    public_key: str = ""


def export_package(house: House, actor: Actor, case_file_id: str, target: BinaryIO) -> Bag:
    """Write the package of a case file into `target`, a new file, and note it.

    Raises NotFound, NotAllowed (it is classified, and the originals are not theirs), BadInput (no documents, or more than
    `MOST_PACKED`), RuleRefused (a document is not readable by the actor, or not what was sealed), StoreUnavailable.
    """
    with house.database.write() as session:
        file = load_file(session, actor, case_file_id, "original.read")
        living = select(Document).where(
            Document.case_file_id == file.id, Document.status.not_in(("receiving", "destroyed"))
        )
        ids = list(session.scalars(living.with_only_columns(Document.id).order_by(Document.received_at, Document.id)))
        if not 0 < len(ids) <= MOST_PACKED:
            raise BadInput(f"a package has documents, at most {MOST_PACKED}; this file has {len(ids)}")
        if len(list(session.scalars(visible(living, actor)))) != len(ids):
            raise RuleRefused("a package holds the whole file, and not all of it is yours to read")
        found = [find_whole(house, session, actor, document_id) for document_id in ids]
        about = _about(house, session, file, found)
        audit.append(session, actor.name, "file.package", f"file:{file.id}", {"documents": len(found)})
    checkpoint(house, actor)
    bag = Bag(f"juanzong-{case_file_id}", len(found))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as packed:
        about |= {"packed_at": house.clock.now().isoformat(timespec="seconds"), "by": actor.name}
        for item, one in enumerate(found, 1):
            folder = image_name(about["file"]["archive_number"] or "", item) or one.document.id
            _put_document(house, packed, bag, one, folder, about["documents"][one.document.id])
            if eep.writable(about):
                _put_record(house, packed, bag, one, about, item)
        with house.database.read() as session:
            subjects = sorted({subject for one in found for subject in one.subjects})
            history = history_of(session, subjects)
            signer = signing.ensure(session, house.keys)  # made with the archive; here it is only read
            archive = signing.archive_id(session)
        about |= {"archive": archive}
        _put(packed, bag, "data/file.json", as_bytes(about))
        _put(packed, bag, "data/metadata.xml", metadata_xml(about))
        _put(packed, bag, "data/history.json", as_bytes(history))
        _put_tags(house, packed, bag, about, signer)
    return bag


def _about(house: House, session: Session, file: CaseFile, found: list[Found]) -> dict[str, Any]:
    """Return what the importing archive needs to have the same file."""
    marks = session.scalars(select(NotApplicableMark).where(NotApplicableMark.case_file_id == file.id))
    query = select(ContractEvent).where(ContractEvent.contract_id == file.contract_id)
    events = session.scalars(query.order_by(ContractEvent.recorded_at, ContractEvent.id)) if file.contract_id else ()
    contract, customer = file.contract, file.customer
    return {
        "format": FORMAT,
        "file": file_as_json(file)
        | ({"state": "archived"} if file.state == "leaving" else {})  # on its way, it is archived where it arrives
        | {"created_at": file.created_at.isoformat(), "retention_parts": file.retention_why},
        "levels": levels_of(house, session, file),
        "department": {"code": file.department.code, "name": file.department.name, "fonds": file.department.fonds},
        "customer": {"name": customer.name, "code": customer.code, "number": customer.number} if customer else None,
        "contract": contract_as_json(contract) | {"year": contract.year, "serial": contract.serial}
        if contract
        else None,
        "events": [
            {
                "kind": e.kind,
                "finished_on": e.finished_on.isoformat(),
                "by": e.recorded_by,
                "at": e.recorded_at.isoformat(),
                "note": e.note,
                "changes": e.changes,
                "document": e.document_id,
            }
            for e in events
        ],
        "milestones": _milestones(session, file),
        "former_numbers": [
            {"kind": row.kind, "number": row.number}
            for row in session.scalars(
                select(FormerNumber).where(FormerNumber.case_file_id == file.id).order_by(FormerNumber.number)
            )
        ],
        "paper": [
            {"category": row.category, "originals": row.originals, "copies": row.copies}
            for row in session.scalars(
                select(PaperCount).where(PaperCount.case_file_id == file.id).order_by(PaperCount.category)
            )
        ],
        "not_applicable": [
            {"category": m.category, "reason": m.reason, "by": m.said_by, "at": m.said_at.isoformat()} for m in marks
        ],
        "documents": {one.document.id: dict(one.metadata) | {"renditions": {}} for one in found},
    }


def _milestones(session: Session, file: CaseFile) -> list[dict[str, Any]]:
    if file.contract_id is None:
        return []
    rows = session.scalars(
        select(Milestone).where(Milestone.contract_id == file.contract_id).order_by(Milestone.due_on, Milestone.id)
    )
    return [
        {
            "kind": row.kind,
            "title": row.title,
            "due_on": row.due_on.isoformat(),
            "amount": None if row.amount is None else str(row.amount),
            "set_by": row.set_by,
            "set_at": row.set_at.isoformat(),
            "done_on": row.done_on.isoformat() if row.done_on else None,
            "done_by": row.done_by,
            "document": row.document_id,
            "dropped_by": row.dropped_by,
            "dropped_why": row.dropped_why,
        }
        for row in rows
    ]


def _put_document(
    house: House, packed: zipfile.ZipFile, bag: Bag, one: Found, folder: str, about: dict[str, Any]
) -> None:
    for row in one.renditions:
        name = f"data/documents/{folder}/{packed_name(row, one.document)}"
        digest, size = sha256(), 0
        with house.vault.open(UUID(row.id), one.key) as stream, packed.open(f"{bag.name}/{name}", "w") as file:
            while block := stream.read(_BLOCK):
                digest.update(block)
                size += len(block)
                file.write(block)
        if digest.hexdigest() != row.sha256:
            raise RuleRefused("the object is not what was once sealed: see `juanzong fixity`")
        bag.payload[name] = (digest.hexdigest(), size)
        about["renditions"][row.kind] = name
        if row.kind == "original":
            bag.originals[one.document.id] = row.sha256


class _Counted:
    """A file of the package that counts what goes into it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest, self.size = file, sha256(), 0

    def write(self, data: bytes, /) -> None:
        self.digest.update(data)
        self.size += len(data)
        self._file.write(data)


def _put_record(
    house: House, packed: zipfile.ZipFile, bag: Bag, one: Found, about: Mapping[str, Any], item: int
) -> None:
    """Write a document as a record by DA/T 48, with its original in it."""
    row = next(row for row in one.renditions if row.kind == "original")
    name = f"data/eep/{one.document.id}.xml"
    with (
        house.vault.open(UUID(row.id), one.key) as stream,
        packed.open(f"{bag.name}/{name}", "w", force_zip64=True) as file,
    ):
        counted = _Counted(file)
        eep.write(about, about["documents"][one.document.id], item, eep.blocks_of(stream), counted)
    bag.payload[name] = (counted.digest.hexdigest(), counted.size)


def _put(packed: zipfile.ZipFile, bag: Bag, name: str, content: bytes) -> None:
    packed.writestr(f"{bag.name}/{name}", content)
    if name.startswith("data/"):
        bag.payload[name] = (sha256(content).hexdigest(), len(content))


def _manifest(files: Mapping[str, str]) -> bytes:
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items())).encode()


def _put_tags(house: House, packed: zipfile.ZipFile, bag: Bag, about: Mapping[str, Any], signer: Any) -> None:
    """Write the tag files of RFC 8493, 2.1.1 to 2.2.2, and the signature over the manifest."""
    manifest = _manifest({name: digest for name, (digest, _) in bag.payload.items()})
    bag.manifest, bag.public_key = sha256(manifest).hexdigest(), signer.public
    signed = {"algorithm": "Ed25519", "of": "manifest-sha256.txt", "archive": about["archive"]}
    signed |= {"public_key": signer.public, "signature": signing.sign(house.keys, signer, manifest)}
    octets = sum(size for _, size in bag.payload.values())
    info = {
        "Source-Organization": about["levels"]["fonds"],
        "External-Identifier": about["file"]["archive_number"] or about["file"]["id"],
        "Bagging-Date": about["packed_at"][:10],
        "Payload-Oxum": f"{octets}.{len(bag.payload)}",
        "Bag-Software-Agent": "Juanzong",
    }
    tags = {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": "".join(f"{name}: {value}\n" for name, value in info.items()).encode(),
        "manifest-sha256.txt": manifest,
        "manifest-sha256.sig.json": as_bytes(signed),
    }
    tags["tagmanifest-sha256.txt"] = _manifest({name: sha256(content).hexdigest() for name, content in tags.items()})
    for name, content in tags.items():
        _put(packed, bag, name, content)


_VERSIONS = {"original": "原件", "preservation": "长期保存版", "text": "文本"}


def _add(parent: ET.Element, pairs: Mapping[str, object]) -> None:
    for name, value in pairs.items():
        if value not in ("", None):
            ET.SubElement(parent, name).text = "".join(c for c in str(value) if c in "\t\n" or ord(c) >= 32)


def metadata_xml(about: Mapping[str, Any]) -> bytes:
    """Return the file and its documents under the element names of DA/T 46-2009 (文书类电子文件元数据方案)."""
    file, department, levels = about["file"], about["department"], about["levels"]
    root = ET.Element("电子文件", {"依据": "DA/T 46-2009"})
    _add(root, {"聚合层次": "案卷", "全宗号": levels["fonds"], "立档单位名称": department["name"]})
    _add(
        root,
        {"档号": file["archive_number"], "题名": file["title"], "保管期限": file["retention"], "密级": file["tier"]},
    )
    _add(root, {"归档日期": file["archived_on"], "件数": len(about["documents"])})
    for document in about["documents"].values():
        item = ET.SubElement(root, "文件")
        _add(item, {"聚合层次": "文件", "电子文件号": document["document_id"], "题名": document["title"]})
        signed = document["fields"].get("signed_on") or document["fields"].get("issued_on") or {}
        _add(item, {"类别号": document["category"], "日期": signed.get("value"), "页数": document["pages"]})
        _add(item, {"稿本": {True: "原件", False: "复印件"}.get(document["original"]), "密级": document["tier"]})
        _add(item, {"格式名称": document["media_type"], "计算机文件名": document["filename"]})
        _add(item, {"计算机文件大小": document["size"], "数字摘要": document["sha256"]})
        received = document["received_at"]
        act = ET.SubElement(item, "业务行为")
        _add(act, {"行为": "登记", "行为时间": received, "行为人": document["received_by"]})
        for kind, name in document["renditions"].items():
            ET.SubElement(item, "存储位置", {"版本": _VERSIONS[kind]}).text = name
    ET.indent(root)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content
