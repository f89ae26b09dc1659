"""The quality of scanned pages: kept with their images, and told to the operator who can still scan the paper again."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from sqlalchemy import select

from intake.model import ReadPage
from service.house import House
from service.records.tables import Rendition


def plain(page: ReadPage) -> dict[str, Any] | None:
    """Return the quality of a page as it is kept; None for a page that carries its own text."""
    return asdict(page.quality) if page.quality else None


def rescans(page: ReadPage) -> list[str]:
    """Return why this page should be scanned again, as review reasons `rescan:PAGE:WHY`.

    A blank page alone is no reason: backs are blank. A whole document of them is, see `flow/intake/heap.py`.
    """
    if page.quality is None:
        return []
    return [f"rescan:{page.page.number}:{finding}" for finding in page.quality.findings if finding != "blank"]


def of_document(house: House, document_id: str) -> list[dict[str, Any]]:
    """Return the quality of each scanned page, in order: page, dpi, skew, sharpness, brightness, contrast, cut, findings."""
    images = select(Rendition.page, Rendition.quality).where(
        Rendition.document_id == document_id, Rendition.kind == "page-image", Rendition.state == "kept"
    )
    with house.database.read() as session:
        rows = session.execute(images.order_by(Rendition.page)).all()
    return [{"page": page, **quality} for page, quality in rows if quality]


def below(house: House, document_ids: Collection[str]) -> dict[str, list[tuple[int, str]]]:
    """Return of each document the pages read so far that are to be scanned again: (page, finding), in order."""
    images = select(Rendition.document_id, Rendition.page, Rendition.quality).where(
        Rendition.document_id.in_(document_ids), Rendition.kind == "page-image", Rendition.state == "kept"
    )
    with house.database.read() as session:
        rows = session.execute(images.order_by(Rendition.page)).all()
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for document_id, page, quality in rows:
        for finding in (quality or {}).get("findings", ()):
            if finding != "blank":
                found[document_id].append((page, finding))
    return dict(found)
