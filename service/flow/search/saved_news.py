"""What counts as new in a saved search: found since its owner looked, and still there."""

from sqlalchemy import ColumnElement, Select, and_, select

from service.records.tables import Document, SavedSearchFind

LIVING = ("stored", "needs_review", "failed")


def new_in(searches: str | Select[str]) -> ColumnElement[bool]:
    """Whether a document is new in a saved search, or in one of them (a query over their ids)."""
    mine = SavedSearchFind.saved_search_id
    which = mine == searches if isinstance(searches, str) else mine.in_(searches)
    new = select(SavedSearchFind.document_id).where(which, SavedSearchFind.seen_at.is_(None))
    return and_(Document.id.in_(new), Document.status.in_(LIVING))
