"""Records in XML by DA/T 48 (`flow/archive/eep.py`) that come in: in a package, held against what it says of its documents; alone, as documents."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePath
from tempfile import TemporaryFile
from typing import IO, Any, cast

from sqlalchemy import select

from service.access.policy import Actor
from service.errors import BadInput, NotFound
from service.flow.archive.eep import Eep, Reading
from service.flow.common.guard import require
from service.flow.common.index import index_soon
from service.flow.intake.process import process
from service.flow.intake.receive import Received, receive
from service.house import House
from service.records import audit
from service.records.tables import Department, Document

_BLOCK = 1 << 20


def check_records(names: Iterable[str], copy: Callable[[str, IO[bytes]], object], about: Mapping[str, Any]) -> int:
    """Hold every record of a package against what `file.json` says of its document; returns how many there are. Raises BadInput.

    names: of the records; copy: writes one of them into what it is given.
    """
    count = 0
    for name in sorted(names):
        reading = Reading()
        copy(name, cast("IO[bytes]", reading))
        record, document_id = reading.close(), PurePath(name).stem
        row = about["documents"].get(document_id, {})
        said = (record.number, record.sha256, record.archive_number)
        if said != (document_id, row.get("sha256"), about["file"]["archive_number"]):
            why = f"{name} speaks of another document than file.json"
            raise BadInput(f"the package cannot be taken in: {why}", {"package": why})
        count += 1
    return count


def import_record(house: House, actor: Actor, source: Path, *, department: str = "") -> Received:
    """Take in one record that any system wrote: its bytes as a document, with its title. department: the code of whose it is.

    Raises BadInput, NotFound, NotAllowed, Rejected (a file that is not taken in), StoreUnavailable.
    """
    require(actor, "document.upload")
    where = None
    if department:
        with house.database.read() as session:
            where = session.scalar(select(Department.id).where(Department.code == department))
        if where is None:
            raise NotFound(f"there is no department {department}")
    house.settings.home.joinpath("tmp").mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=house.settings.home / "tmp") as file:  # under no name: killed, it leaves nothing readable
        record = _decoded(source, file)
        file.flush()
        got = receive(
            house,
            actor,
            Path(f"/proc/self/fd/{file.fileno()}"),
            record.filename or f"{record.number}{record.suffix}",
            channel="package",
            department_id=where,
            note={"record": record.number, "archive_number": record.archive_number},
        )
    process(house, got.document_id)
    if record.title and not got.duplicate:
        _name(house, actor, got.document_id, record.title[:300])
    return got


def _decoded(source: Path, file: IO[bytes]) -> Eep:
    reading = Reading(file)
    try:
        with source.open("rb") as stream:
            while block := stream.read(_BLOCK):
                reading.write(block)
    except OSError as error:
        raise BadInput(f"{source.name} cannot be read: {error.strerror}") from error
    return reading.close()


def _name(house: House, actor: Actor, document_id: str, title: str) -> None:
    with house.database.write() as session:
        document = session.get_one(Document, document_id, with_for_update={"of": Document})
        document.title, document.indexed = title, False
        audit.append(session, actor.name, "document.change", f"document:{document_id}", {"fields": ["title"]})
    index_soon(house, [document_id])
