"""The destruction register as a file outside the archive, so that a restore does not bring back what was destroyed after its backup.

JSON lines. The first says what it is; `destruction` lines hold all that a restored system needs to destroy a file again; a
`review` line holds a review once more when it has changed; a `mark` says that nothing else had happened up to an entry of the
audit trail. Each line's seal is HMAC-SHA256, under a key derived from the master key, over the seal before and the line: no
line can be changed, removed or put in between unseen. What is cut off at the end shows in how far the register reaches.
"""

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.errors import BadInput
from service.house import House
from service.records import audit
from service.records.tables import (
    AuditHead,
    CaseFile,
    Counter,
    Department,
    OutsideTransferRecord,
    ReviewFile,
    ReviewRecord,
    Stub,
)
from vault.errors import ObjectDamaged, StoreUnavailable
from vault.keyring import KeyRing

_PURPOSE = b"destruction register"
_BEGINNING = "juanzong destruction register 1"


@dataclass
class Register:
    """A register that was read and whose seals hold. reaches: the last audit entry it knows of. at: when it last said so."""

    destructions: dict[str, dict[str, Any]] = field(default_factory=dict)
    reviews: dict[str, dict[str, Any]] = field(default_factory=dict)
    reaches: int = 0
    at: str = ""
    seal: str = ""
    lines: int = 0
    whole: int = 0


def _seal(key: bytes, previous: str, content: dict[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, f"{previous}\n{text}".encode(), hashlib.sha256).hexdigest()


def read(path: Path, keys: KeyRing) -> Register:
    """Read a register and verify it. A last line that was broken off in the middle does not count.

    Raises BadInput (cannot be read, or is none), ObjectDamaged (changed, or sealed with another archive's key).
    """
    try:
        with path.open("rb") as file:
            return _read(file, path, keys.derive(_PURPOSE))
    except OSError as error:
        raise BadInput(f"the destruction register {path} cannot be read: {error.strerror}") from error


def _read(file: BinaryIO, path: Path, key: bytes) -> Register:
    found = Register()
    for line in file:
        if not line.endswith(b"\n"):
            break
        try:
            content = json.loads(line)
            seal = content.pop("seal")
        except (ValueError, KeyError, AttributeError, TypeError):
            raise _bad(path, found.lines) from None
        if not hmac.compare_digest(str(seal).encode(), _seal(key, found.seal, content).encode()):
            raise _bad(path, found.lines)
        found.seal, found.lines, found.whole = seal, found.lines + 1, found.whole + len(line)
        _take(found, content)
    if not found.lines:
        raise BadInput(f"{path} is no destruction register")
    return found


def _take(found: Register, content: dict[str, Any]) -> None:
    kind = content["kind"]
    if kind == "destruction":
        found.destructions[content["stub"]["case_file_id"]] = content
    if kind in ("destruction", "review"):
        found.reviews[content["review"]["id"]] = content["review"]
    found.reaches, found.at = content["reaches"], content["at"]


def _bad(path: Path, lines: int) -> Exception:
    if lines == 0:
        return BadInput(f"{path} is no destruction register, or not one of this archive (its master key is another)")
    return ObjectDamaged(
        f"the destruction register {path} was changed: line {lines + 1} does not follow from the others"
    )


def _reaches(session: Session) -> int:
    return session.scalar(select(AuditHead.seq)) or 0


def _line(kind: str, reaches: int, **content: Any) -> dict[str, Any]:
    return {"kind": kind, "at": datetime.now(UTC).isoformat(timespec="milliseconds"), "reaches": reaches, **content}


def _plain(row: Any, *names: str) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in names}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}


def _review(session: Session, review_id: str) -> dict[str, Any]:
    record = session.get_one(ReviewRecord, review_id)
    names = ("id", "number", "state", "proposed_by", "created_on", "data", "certificate", "version")
    files = session.scalars(
        select(ReviewFile).where(ReviewFile.review_id == review_id).order_by(ReviewFile.case_file_id)
    )
    return {
        **_plain(record, *names),
        "files": [_plain(row, "case_file_id", "outcome", "why") for row in files],
    }


def entry(session: Session, stub: Stub) -> dict[str, Any]:
    """Return the line of one destroyed file, without its seal."""
    file = session.get_one(CaseFile, stub.case_file_id)
    department = session.get_one(Department, file.department_id)
    numbers = [counter for counter in session.scalars(select(Counter)) if _counts(counter.prefix, stub, session)]
    return _line(
        "destruction",
        _reaches(session),
        stub=_plain(
            stub,
            *("case_file_id", "review_id", "archive_number", "title", "register_row", "documents", "proof"),
            "destroyed_at",
        ),
        file=_plain(
            file,
            *("id", "kind", "title", "tier", "archive_number", "archived_on", "closed_on", "retention"),
            *("retention_why", "due_on", "events", "created_at"),
        ),
        department=_plain(department, "id", "code", "name", "fonds"),
        review=_review(session, stub.review_id),
        counters={counter.prefix: counter.value for counter in numbers},
        outside=_outside(session, stub.case_file_id),
    )


def _outside(session: Session, case_file_id: str) -> dict[str, Any] | None:
    """Return how a file left for an outside archive, None for one that was destroyed."""
    query = select(OutsideTransferRecord).where(OutsideTransferRecord.case_file_id == case_file_id)
    row = session.scalar(query.where(OutsideTransferRecord.state.in_(("removing", "removed"))))
    return _plain(row, "id", "review_id", "state", "data", "statement", "created_at") if row is not None else None


def _counts(prefix: str, stub: Stub, session: Session) -> bool:
    """Whether a counter gave one of the numbers that the register speaks of: they must not be given again."""
    review = session.get_one(ReviewRecord, stub.review_id).number
    return stub.archive_number.startswith(f"{prefix}-") or f"{prefix}-" == f"review-{review.partition('-')[0]}-"


def destroyed_since(session: Session, known: set[str]) -> Iterator[dict[str, Any]]:
    """Yield the lines of all destroyed files that are not `known`, in the order of their destruction."""
    for stub in session.scalars(select(Stub).order_by(Stub.destroyed_at.nulls_last(), Stub.case_file_id)):
        if stub.case_file_id not in known:
            yield entry(session, stub)


def _news(session: Session, known: Register) -> Iterator[dict[str, Any]]:
    reaches = _reaches(session)
    if not known.lines:
        yield _line("register", 0, form=_BEGINNING)
    yield from destroyed_since(session, set(known.destructions))
    for review_id in session.scalars(select(Stub.review_id).distinct().order_by(Stub.review_id)):
        now = _review(session, review_id)
        if known.reviews.get(review_id, now) != now:
            yield _line("review", reaches, review=now)
    yield _line("mark", reaches, destroyed=session.scalar(select(func.count()).select_from(Stub)) or 0)


def _sealed(lines: Iterator[dict[str, Any]], key: bytes, seal: str) -> Iterator[bytes]:
    for content in lines:
        seal = _seal(key, seal, content)
        yield json.dumps({**content, "seal": seal}, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def bring_up_to_date(house: House, path: Path) -> int:
    """Append to the register at `path` what it does not know yet, and a mark; make it when it is missing. Durable on return.

    Returns how many destructions it holds. Killed in the middle, the next call cuts the broken line and goes on.
    Raises StoreUnavailable (it cannot be written), BadInput (it is none), ObjectDamaged (it was changed: nothing is added to it).
    """
    key = house.keys.derive(_PURPOSE)
    try:
        with _locked(path) as file:
            known = _read(file, path, key) if file.seek(0, os.SEEK_END) and not file.seek(0) else Register()
            file.seek(known.whole)
            file.truncate()
            with house.database.read() as session:
                for line in _sealed(_news(session, known), key, known.seal):
                    file.write(line)
                count = session.scalar(select(func.count()).select_from(Stub)) or 0
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreUnavailable(f"the destruction register {path} cannot be written: {error.strerror}") from error
    return count


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    fresh = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if fresh:
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        yield file


def note(house: House) -> None:
    """Bring the register that the settings name up to date, where they name one. Raises as `bring_up_to_date`."""
    if house.settings.destruction_register is not None:
        bring_up_to_date(house, house.settings.destruction_register)


def export(house: House, actor_name: str, path: Path) -> int:
    """As `bring_up_to_date`, and noted in the audit trail before. Raises BadInput when it cannot be written."""
    with house.database.write() as session:
        audit.append(session, actor_name, "register.export", "register", {"form": "sealed"})
    try:
        return bring_up_to_date(house, path)
    except StoreUnavailable as error:
        raise BadInput(str(error)) from error
