"""Texts: what is searched on the pages of a document, without the places of its words."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from service.flow.index import each_page
from service.house import House


def texts_of(house: House, session: Session, document_id: str) -> Iterator[tuple[int, str]]:
    """Yield (number of the page, its searched text: the lines and behind them the names around the seals), in order."""
    for page in each_page(house, session, document_id):
        yield page.number, "\n".join(line.text for line in page.with_seals)
