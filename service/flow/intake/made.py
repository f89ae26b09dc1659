"""What the archive itself makes and keeps: a PDF that becomes a document in the same moment in which its maker's row says so.

Killed before, there is a document in `receiving` that nobody acknowledged; the next start removes it, and what was due is made again. Killed after, both
are there. So nothing is made twice and nothing twice lost.
"""

import contextlib
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, cast
from uuid import UUID

from sqlalchemy.orm import Session

from intake.errors import Rejected
from service.errors import DatabaseUnavailable
from service.flow.common import claims
from service.flow.intake.flowing import Flowing
from service.flow.intake.receive import discard, record_sealed
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import Document, Rendition, WrappedKey, new_id
from vault.errors import StoreUnavailable

#: The channel of such documents: what was said at their making is not overruled by reading them.
CHANNEL = "report"


@dataclass(frozen=True)
class Made:
    """A PDF and what it is. sheet: the same as a workbook, which the PDF carries with it. received_by: for whom it was made.

    Without a department it is seen by them and by those who work for all departments, up to the tier.
    """

    pdf: bytes
    sheet: bytes
    name: str
    title: str
    received_by: str
    tier: str
    department_id: str | None = None
    category: str = ""


def with_sheet(made: Made, document_id: str) -> tuple[bytes, int]:
    """Return the PDF with the workbook in it, and how many pages it has. No two documents have the same bytes: the id is in them."""
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(made.pdf)) as document:
        document.attachments[f"{made.name}.xlsx"] = pikepdf.AttachedFileSpec(
            document,
            made.sheet,
            filename=f"{made.name}.xlsx",
            mime_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )
        document.docinfo["/Keywords"] = document_id
        document.save(out, deterministic_id=True)
        return out.getvalue(), len(document.pages)


def sheet_in(pdf: bytes) -> bytes:
    """Return the workbook that a PDF of `with_sheet` carries. Raises KeyError where there is none."""
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        name = next(iter(document.attachments), "")
        return bytes(document.attachments[name].get_file().read_bytes())


def keep_made(house: House, made: Made, also: Callable[[Session, Document], None]) -> str:
    """Seal the PDF and make it a document, to be read and indexed as any other; returns its id.

    also: writes the maker's rows within the transaction that acknowledges the document; whatever it raises keeps nothing.
    Raises StoreUnavailable, DatabaseUnavailable, Rejected (it was taken for abandoned meanwhile: nothing is kept).
    """
    document_id = new_id()
    pdf, pages = with_sheet(made, document_id)
    key, wrapped = house.keys.new(UUID(document_id))
    now = house.clock.now()
    with house.database.write() as session:
        document = Document(
            id=document_id,
            sha256=hashlib.sha256(pdf).hexdigest(),
            filename=f"{made.name}.pdf",
            media_type="application/pdf",
            size=len(pdf),
            pages=pages,
            notes=[f"attachment:{made.name}.xlsx"],
            status="receiving",
            category=made.category,
            kind="report",
            title=made.title[:300],
            confidence=1.0,
            tier=made.tier,
            department_id=made.department_id,
            channel=CHANNEL,
            received_by=made.received_by,
            received_at=now,
            is_original=True,
        )
        claims.take(document, now)
        session.add(document)
        session.flush()
        session.add(WrappedKey(document_id=document_id, wrapped=wrapped, master_key_id=house.keys.key_id))
        session.add(Rendition(id=document_id, document_id=document_id, kind="original", media_type="application/pdf"))
    try:
        sealed = house.vault.put(UUID(document_id), key, cast("BinaryIO", Flowing(house, document_id, io.BytesIO(pdf))))
        with house.database.write() as session:
            row = session.get(Document, document_id, with_for_update={"of": Document})
            ours = row is not None and row.claimed_by == claims.me()
            if row is not None and ours:
                record_sealed(session, document_id, sealed)
                row.status = "received"
                claims.release(row)
                also(session, row)  # first: it may lock a file, which comes before the trail everywhere
                detail = {"sha256": row.sha256, "pages": pages, "size": len(pdf), "channel": CHANNEL}
                audit.append(session, SYSTEM.name, "document.receive", f"document:{document_id}", detail)
    except BaseException:
        claims.give_up(document_id)
        with contextlib.suppress(StoreUnavailable, DatabaseUnavailable):  # then the next sweep does it
            discard(house, document_id)
        raise
    if not ours:  # our claim ran out, and another process is removing it: this copy must not stay
        house.vault.delete(UUID(document_id))
        raise Rejected("busy", "the document was taken for abandoned while it was sealed; make it again")
    house.hint(document_id)
    return document_id
