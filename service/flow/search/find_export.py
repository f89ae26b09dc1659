"""The list of what was found, for a file or for a program: every row as its reader may see it now, and the taking out noted."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import select

from search.model import Hit, Reader
from search.orders import RELEVANCE, anchor
from service.access.policy import Actor, reader_tokens
from service.errors import BadInput
from service.flow.common.guard import require
from service.flow.common.sight import visible
from service.flow.search.find import MAX_LIMIT, ORDERS, RANKED, Asked, demand_index, digest_of, look, read
from service.house import House
from service.records import audit
from service.records.tables import Document

FOUND_COLUMNS = (
    *("document_id", "title", "category", "customer", "department", "contract_number", "archive_number", "status"),
    *("received_on", "page", "pages_matched", "excerpt", "approximate"),
)
MAX_FOUND = RANKED  # what one search can be asked to list; more is no longer an answer to a question

Row = tuple[Any, ...]


def export_found(
    house: House,
    actor: Actor,
    text: str,
    form: str,
    *,
    filters: Mapping[str, str] | None = None,
    near: bool = False,
    order: str = RELEVANCE,
) -> list[Row]:
    """Return all that is found as rows in the order of `FOUND_COLUMNS`, and note who took them out, how, and how many.

    form: csv or xlsx. Raises BadQuery, BadInput (an order there is none of, more than `MAX_FOUND` documents), NotAllowed,
    IndexUnavailable.
    """
    require(actor, "search")
    if order not in ORDERS:
        raise BadInput(f"order: one of {', '.join(ORDERS)}", {"order": f"one of {', '.join(ORDERS)}"})
    asked = Asked(read(text), Reader(reader_tokens(actor)), filters or {}, order, near, facets=False)
    results, nearly = look(house, asked, MAX_LIMIT, 0, None)
    asked = replace(asked, near=nearly)
    if results.total == 0:
        demand_index(house)
    if results.total > MAX_FOUND:
        raise BadInput(f"more than {MAX_FOUND} documents: narrow what is exported")
    rows: list[Row] = []
    shown = 0
    while results.hits and shown < MAX_FOUND:
        rows += _rows(house, actor, results.hits)
        shown += len(results.hits)
        results, _ = look(house, asked, MAX_LIMIT, 0, anchor(results.hits[-1], order, shown))
    with house.database.write() as session:
        detail = {"form": form, "rows": len(rows), "query_sha256": digest_of(text)}
        audit.append(session, actor.name, "search.export", "index", detail)
    return rows


def _rows(house: House, actor: Actor, hits: tuple[Hit, ...]) -> list[Row]:
    """Return the rows of what the database, too, lets the actor see: the index may lag behind it by a moment."""
    wanted = select(Document).where(
        Document.id.in_([hit.document for hit in hits]), Document.status.not_in(("destroyed", "receiving"))
    )
    with house.database.read() as session:
        received = {row.id: row.received_at.date() for row in session.scalars(visible(wanted, actor))}
    return [_row(hit, received[hit.document]) for hit in hits if hit.document in received]


def _row(hit: Hit, received_on: date) -> Row:
    numbers = (hit.contract_number or None, hit.archive_number or None)
    about = (hit.title, hit.category, hit.customer, hit.department, *numbers, hit.status)
    mark = "yes" if hit.approximate else None
    return (hit.document, *about, received_on, hit.page, hit.pages_matched, hit.snippet, mark)
