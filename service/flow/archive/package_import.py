"""Take in a package that another archive made (`flow/archive/packages.py`): verified to the last byte, then the same file as there.

Nothing of it is kept before all of it was verified. Documents come in like any others, under their own ids; the file with its
number, period and dates is written in one transaction behind them, so that an import that was killed is simply done again.
"""

import json
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from retention.errors import RetentionError
from retention.numbers import contract_prefix
from retention.schedule import due_on, years_of
from service.access.policy import TIERS, Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.archive.eep_import import check_records
from service.flow.archive.ledger import find_or_make_customer
from service.flow.archive.packages import FORMAT
from service.flow.common.guard import require
from service.flow.common.index import index_soon
from service.flow.common.schedule import recompute_retention
from service.flow.intake.process import process
from service.flow.intake.receive import receive
from service.house import House
from service.records import audit, signing
from service.records.counters import hold_counter
from service.records.tables import (
    CaseFile,
    Contract,
    ContractEvent,
    Counter,
    Department,
    Document,
    DocumentField,
    FormerNumber,
    Milestone,
    NotApplicableMark,
    PaperCount,
    Person,
)

_LINE = re.compile(r"([0-9a-f]{64})  ([^\r\n]+)")
_MOST_FILES, _MOST_BYTES = 2_000, 64 << 30
_LARGEST_TEXT, _BLOCK = 64 << 20, 1 << 20
# Whatever `zipfile` makes of a zip that is not as it was written: a changed flag asks for a password or another compression.
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)


@dataclass(frozen=True)
class Verified:
    """A package that holds together. bag: its files; about: what `data/file.json` says; public_key: who signed."""

    bag: "_Bag"
    about: dict[str, Any]
    public_key: str
    manifest: str


@dataclass(frozen=True)
class Imported:
    """What came in. documents: their ids here."""

    file_id: str
    archive_number: str
    documents: tuple[str, ...]
    archive: str


def _bad(why: str) -> BadInput:
    return BadInput(f"the package cannot be taken in: {why}", {"package": why})


class _Bag:
    """The files of a package by their names in its one folder, read out of the zip itself: nothing of it gets a name on our disk."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._packed = packed
        rows = [row for row in packed.infolist() if not row.is_dir()]
        names = [row.filename for row in rows]
        top = {name.partition("/")[0] for name in names}
        if len(top) != 1 or len(set(names)) != len(names) or not 0 < len(rows) <= _MOST_FILES:
            raise _bad("a bag is one folder of files, each there once")
        if sum(row.file_size for row in rows) > _MOST_BYTES:
            raise _bad("it is too large")
        for name in names:
            if any(part in ("", ".", "..") for part in name.split("/")) or "\\" in name or "\0" in name:
                raise _bad("a name leads out of it")
        self._rows = {row.filename.partition("/")[2]: row for row in rows}

    def names(self, below: str = "") -> set[str]:
        """Return the names of all files, or of those that begin with `below`."""
        return {name for name in self._rows if name.startswith(below)}

    def read(self, name: str) -> bytes:
        """Return a small file whole. Raises BadInput."""
        if name in self._rows and self._rows[name].file_size > _LARGEST_TEXT:
            raise _bad(f"{name} is too large")
        found = BytesIO()
        self.copy(name, found)
        return found.getvalue()

    def copy(self, name: str, out: IO[bytes] | None = None) -> str:
        """Write one file to `out`, where there is one, and return its SHA-256. Raises BadInput."""
        if name not in self._rows:
            raise _bad(f"{name} is missing")
        digest = sha256()
        with ExitStack() as stack:
            with _sound_zip():
                file = stack.enter_context(self._packed.open(self._rows[name]))
            while True:
                with _sound_zip():
                    block = file.read(_BLOCK)
                if not block:
                    break
                digest.update(block)
                if out is not None:
                    out.write(block)
        return digest.hexdigest()


@contextmanager
def _sound_zip() -> Iterator[None]:
    """Say in one line what `zipfile` makes of a zip that is not as it was written."""
    try:
        yield
    except _BROKEN as error:
        raise _bad(f"it is no zip, or a damaged one ({type(error).__name__})") from error


@contextmanager
def _opened(source: Path) -> Iterator[_Bag]:
    with ExitStack() as stack:
        with _sound_zip():
            bag = _Bag(stack.enter_context(zipfile.ZipFile(source)))
        yield bag


def _lines(text: bytes, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.decode(errors="replace").splitlines():
        match = _LINE.fullmatch(line)
        if match is None or match[2] in found:
            raise _bad(f"{name} has a line that is none")
        found[match[2]] = match[1]
    return found


def verify(bag: _Bag, trusted: frozenset[str]) -> Verified:
    """Hold every file of a package against the manifests and the manifest against its signature.

    trusted: the public keys whose packages are believed. Raises BadInput, naming what does not hold.
    """
    if not bag.read("bagit.txt").startswith(b"BagIt-Version: 1.0\n"):
        raise _bad("it is no bag of BagIt 1.0")
    manifest = bag.read("manifest-sha256.txt")
    tags = bag.names() - bag.names("data/") - {"tagmanifest-sha256.txt"}
    for listed, said, there in (
        (_lines(manifest, "manifest-sha256.txt"), "manifest-sha256.txt", bag.names("data/")),
        (_lines(bag.read("tagmanifest-sha256.txt"), "tagmanifest-sha256.txt"), "tagmanifest-sha256.txt", tags),
    ):
        if there != set(listed):
            raise _bad(f"{said} does not list what is there: {min(there ^ set(listed))}")
        wrong = next((name for name, digest in sorted(listed.items()) if bag.copy(name) != digest), None)
        if wrong is not None:
            raise _bad(f"{wrong} was changed")
    public = _signed_by(bag.read("manifest-sha256.sig.json"), manifest)
    if public not in trusted:
        raise _bad(f"it is signed with a key that was not named: {signing.fingerprint(public)}")
    try:
        about = json.loads(bag.read("data/file.json"))
        known = about["format"] == FORMAT
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise _bad("data/file.json is not of a form that is known here")
    return Verified(bag, about, public, sha256(manifest).hexdigest())


def _signed_by(said: bytes, manifest: bytes) -> str:
    try:
        row = json.loads(said)
        public, signature = str(row["public_key"]), str(row["signature"])
    except (ValueError, KeyError, TypeError):
        raise _bad("manifest-sha256.sig.json is no signature") from None
    if not signing.is_signed(public, signature, manifest):
        raise _bad("its signature does not hold")
    return public


def import_package(
    house: House, actor: Actor, source: Path, public_keys: frozenset[str], *, department: str = "", handler: str = ""
) -> Imported:
    """Verify a package and make the same file here: ids, numbers, period, dates, documents with what was read and confirmed.

    public_keys: whose packages are believed besides our own. department: its code here, if it is another than there. handler:
    the login of who handles the contract here. Raises BadInput, NotFound, NotAllowed, RuleRefused (a number or a document is here already),
    Rejected (a file that is not taken in), StoreUnavailable.
    """
    require(actor, "file.archive")
    with house.database.read() as session:
        ours = signing.trusted(session, house.keys)
    house.settings.home.joinpath("tmp").mkdir(parents=True, exist_ok=True)
    with _opened(source) as bag:
        package = verify(bag, public_keys | ours)
        try:
            return _take_in(house, actor, package, department, handler)
        except (KeyError, TypeError, ValueError, AttributeError, RetentionError) as error:
            raise _bad(f"data/file.json does not say what a file is ({type(error).__name__})") from error


def _take_in(house: House, actor: Actor, package: Verified, department: str, handler: str) -> Imported:
    about = package.about
    years_of(about["file"]["retention"] or "Y")
    with house.database.read() as session:
        where = _department(session, department or about["department"]["code"])
        who = _handler(session, handler) if about["contract"] else None
        _demand_free(session, about, where)
    check_records(package.bag.names("data/eep/"), package.bag.copy, about)
    ids = []
    for document_id, row in about["documents"].items():
        with TemporaryFile(
            dir=house.settings.home / "tmp"
        ) as original:  # under no name: a killed import leaves nothing readable
            if package.bag.copy(str(row["renditions"]["original"]), original) != row["sha256"]:
                raise _bad(f"the original of {document_id} is not the one its row speaks of")
            original.flush()
            got = receive(
                house,
                actor,
                Path(f"/proc/self/fd/{original.fileno()}"),
                row["filename"],
                channel="package",
                department_id=where.id,
                document_id=document_id,
                note={"package": package.manifest},
            )
        process(house, got.document_id)
        ids.append(got.document_id)
    with house.database.write() as session:
        _demand_free(session, about, where)
        file = _make_file(house, session, actor, about, where, who)
        for document_id, row in zip(ids, about["documents"].values(), strict=True):
            _settle(session, document_id, row, file, about["archive"])
        session.flush()
        if file.archive_number:
            recompute_retention(house, session, file)
        detail = {"archive": about["archive"], "package": package.manifest, "key": package.public_key}
        detail |= {"archive_number": file.archive_number, "documents": len(ids)}
        audit.append(session, actor.name, "file.import", f"file:{file.id}", detail)
        made = Imported(file.id, file.archive_number or "", tuple(ids), about["archive"])
    index_soon(house, ids)
    return made


def _department(session: Session, code: str) -> Department:
    found = session.scalar(select(Department).where(Department.code == code))
    if found is None or found.closed_at is not None:
        raise NotFound(f"there is no department {code} here; say which one with --department")
    return found


def _handler(session: Session, login: str) -> Person:
    found = session.scalar(select(Person).where(Person.login == login, Person.disabled_at.is_(None)))
    if found is None:
        raise BadInput("handler: say who handles the contract here", {"handler": "say who handles the contract here"})
    return found


def _demand_free(session: Session, about: Mapping[str, Any], where: Department) -> None:
    """Raise RuleRefused where an id, a number or a document of the package stands for something here already."""
    file, contract = about["file"], about["contract"]
    here = session.scalar(
        select(CaseFile).where(
            or_(CaseFile.id == file["id"], CaseFile.archive_number == (file["archive_number"] or "-"))
        )
    )
    if here is not None:
        raise RuleRefused(f"file {here.archive_number or here.id} is here already; nothing was taken in")
    for former in about.get("former_numbers", ()):
        if session.get(FormerNumber, (former["kind"], former["number"])) is not None:
            raise RuleRefused(f"number {former['number']} is a former number here already; nothing was taken in")
    if contract is not None:
        same = (Contract.department_id == where.id) & (Contract.year == contract["year"])
        same &= Contract.serial == contract["serial"]
        if session.scalar(select(Contract.id).where(or_(Contract.number == contract["number"], same)).limit(1)):
            raise RuleRefused(f"contract {contract['number']} is here already; nothing was taken in")
    digests = [row["sha256"] for row in about["documents"].values()]
    query = select(Document).where(Document.sha256.in_(digests), Document.status != "destroyed")
    for document in session.scalars(query):
        if document.case_file_id is not None:
            raise RuleRefused(f"document {document.id} is here already, in another file; nothing was taken in")


def _there(archive: str, name: str) -> str:
    """Return how a person of the other archive is called here: never like one of ours."""
    return name if name == "ocr" else f"{archive[:8]}/{name}"[:80]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _make_file(
    house: House, session: Session, actor: Actor, about: Mapping[str, Any], where: Department, who: Person | None
) -> CaseFile:
    row, archive = about["file"], about["archive"]
    if (
        row["tier"] not in TIERS
        or row["state"] not in ("open", "archived")
        or row["kind"] not in ("contract", "credit")
    ):
        raise _bad("data/file.json does not say what a file is")
    customer = None
    if about["customer"] is not None:
        name, code = about["customer"]["name"], about["customer"]["code"] or ""
        customer = find_or_make_customer(house, session, actor, name, code)
    contract = _make_contract(session, about, where, who, customer.id if customer else None) if who else None
    closed, due = _day(row["closed_on"]), _day(row["due_on"])
    if closed is not None and row["retention"]:
        counted = due_on(closed, row["retention"])
        due = max(due, counted) if due and counted else counted
    file = CaseFile(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        contract_id=contract.id if contract else None,
        customer_id=customer.id if customer else None,
        department_id=where.id,
        state=row["state"],
        tier=row["tier"],
        archive_number=row["archive_number"],
        archived_on=_day(row["archived_on"]),
        closed_on=closed,
        retention=row["retention"],
        retention_why=row["retention_parts"],
        due_on=due,
        events=list(row["events"]),
        created_at=datetime.fromisoformat(row["created_at"]),
    )
    session.add(file)
    session.flush()
    for mark in about["not_applicable"]:
        said = {"said_by": _there(archive, mark["by"]), "said_at": datetime.fromisoformat(mark["at"])}
        session.add(NotApplicableMark(case_file_id=file.id, category=mark["category"], reason=mark["reason"], **said))
    _add_paper(house, session, actor, about, file)
    _raise_counter(session, *(row["archive_number"] or "").rpartition("-")[::2])
    if contract is not None:
        prefix = contract_prefix(house.settings.contract_template, where.code, contract.year)
        _raise_counter(session, prefix, str(contract.serial))
    return file


def _add_paper(house: House, session: Session, actor: Actor, about: Mapping[str, Any], file: CaseFile) -> None:
    """Note the numbers the file had before, and how much of it is paper; where that stands is another matter here."""
    now = house.clock.now()
    for former in about.get("former_numbers", ()):
        noted = {"entered_by": actor.name, "entered_at": now}
        session.add(FormerNumber(kind=former["kind"], number=former["number"], case_file_id=file.id, **noted))
    for count in about.get("paper", ()):
        said = {"originals": int(count["originals"]), "copies": int(count["copies"])}
        counted = {"counted_by": actor.name, "counted_at": now}
        session.add(PaperCount(case_file_id=file.id, category=count["category"], **said, **counted))


def _add_milestones(session: Session, about: Mapping[str, Any], contract_id: str) -> None:
    archive = about["archive"]
    for row in about.get("milestones", ()):
        session.add(
            Milestone(
                contract_id=contract_id,
                kind=row["kind"],
                title=row["title"],
                due_on=date.fromisoformat(row["due_on"]),
                amount=Decimal(row["amount"]) if row["amount"] else None,
                set_by=_there(archive, row["set_by"]),
                set_at=datetime.fromisoformat(row["set_at"]),
                done_on=_day(row["done_on"]),
                done_by=_there(archive, row["done_by"]) if row["done_by"] else None,
                document_id=row["document"],
                dropped_by=_there(archive, row["dropped_by"]) if row["dropped_by"] else None,
                dropped_why=row["dropped_why"],
            )
        )


def _make_contract(
    session: Session, about: Mapping[str, Any], where: Department, who: Person, customer_id: str | None
) -> Contract:
    row, archive = about["contract"], about["archive"]
    contract = Contract(
        id=row["id"],
        number=row["number"],
        department_id=where.id,
        year=int(row["year"]),
        serial=int(row["serial"]),
        title=row["title"],
        counterparty=row["counterparty"],
        customer_id=customer_id,
        printed_number=row["printed_number"],
        amount=Decimal(row["amount"]) if row["amount"] else None,
        currency=row["currency"],
        signed_on=_day(row["signed_on"]),
        term_from=_day(row["term_from"]),
        term_until=_day(row["term_until"]),
        handler_id=who.id,
        status=row["status"],
        ended_on=_day(row["ended_on"]),
        created_at=datetime.fromisoformat(about["file"]["created_at"]),
    )
    session.add(contract)
    session.flush()
    for event in about["events"]:
        session.add(
            ContractEvent(
                contract_id=contract.id,
                kind=event["kind"],
                finished_on=date.fromisoformat(event["finished_on"]),
                note=event.get("note"),
                changes=event.get("changes"),
                document_id=event.get("document"),
                recorded_by=_there(archive, event["by"]),
                recorded_at=datetime.fromisoformat(event["at"]),
            )
        )
    _add_milestones(session, about, contract.id)
    return contract


def _raise_counter(session: Session, prefix: str, serial: str) -> None:
    """Let the counter here not give a number again that came from there."""
    if serial.isdigit():
        hold_counter(session, prefix)
        counter = session.get_one(Counter, prefix)
        counter.value = max(counter.value, int(serial))


def _settle(session: Session, document_id: str, row: Mapping[str, Any], file: CaseFile, archive: str) -> None:
    """Give a document that was just read what was known of it there."""
    document = session.get_one(Document, document_id, with_for_update={"of": Document})
    document.case_file_id, document.category, document.indexed = file.id, row["category"] or "", False
    document.title, document.kind, document.tier = row["title"], row["kind"] or "", row["tier"]
    document.is_original, document.verification = bool(row["original"]), row["verification"] or ""
    document.received_at = datetime.fromisoformat(row["received_at"])
    document.received_by = _there(archive, row["received_by"])
    document.status, document.review_reasons = "stored", []
    document.fields = []
    session.flush()
    for position, (name, value) in enumerate(row["fields"].items()):
        field = DocumentField(
            document_id=document_id,
            name=name,
            position=position,
            value=value["value"],
            page=value["page"],
            box=value["box"],
            confidence=value["confidence"],
            marks=value["marks"],
            entered_by=_there(archive, value["entered_by"]),
            confirmed_by=[_there(archive, name) for name in value["confirmed_by"]],
            read_value=value["read_value"] or "",
            read_confidence=value["read_confidence"] or 0.0,
        )
        session.add(field)
