"""Stamps: a short word for the state of a document that the index should hold, from the database alone.

It is kept with the entry in the index. Where the two differ, the entry is stale; no text is opened to tell.
"""

import hashlib
import json
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from search.model import IndexedPage
from service.records.tables import Rendition

_LENGTH = 16  # hexadecimal digits


def stamp_of(session: Session, about: IndexedPage) -> str:
    """Return the stamp of a document. about: its metadata, as one page without text."""
    query = select(Rendition.page, Rendition.sha256).where(
        Rendition.document_id == about.document, Rendition.kind == "page-text", Rendition.state == "kept"
    )
    texts = sorted((page, digest) for page, digest in session.execute(query))
    known = asdict(about) | {"access": sorted(about.access), "stamp": ""}
    state = json.dumps([known, texts], ensure_ascii=True, sort_keys=True, default=dict)
    return hashlib.sha256(state.encode()).hexdigest()[:_LENGTH]
