"""Texts: what is searched on the pages of a document, without the places of its words."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.codec import PAGE_BREAK
from service.flow.common.index import each_page, load_key
from service.flow.common.kept import read_kept
from service.house import House
from service.records.tables import DocumentSketch, Rendition


def texts_of(house: House, session: Session, document_id: str) -> Iterator[tuple[int, str]]:
    """Yield (number of the page, its searched text: the lines and behind them the names around the seals), in order.

    A thousand pages with the places of their words take seconds to load. Where it is known which pages bear a seal, only those
    are; the others' text is in one rendition.
    """
    sketched = session.get(DocumentSketch, document_id)
    query = select(Rendition).where(Rendition.document_id == document_id, Rendition.state == "kept")
    whole = session.scalar(query.where(Rendition.kind == "text"))
    if sketched is None or not sketched.made_with or whole is None:
        yield from _loaded(house, session, document_id)
        return
    numbers = list(
        session.scalars(
            query.where(Rendition.kind == "page-text").order_by(Rendition.page).with_only_columns(Rendition.page)
        )
    )
    texts = read_kept(house, whole, load_key(house, session, document_id)).decode().split(PAGE_BREAK)
    if len(texts) != len(numbers):  # a page has a form feed of its own
        yield from _loaded(house, session, document_id)
        return
    sealed = dict(_loaded(house, session, document_id, sketched.sealed_pages)) if sketched.sealed_pages else {}
    for number, text in zip(numbers, texts, strict=True):
        yield number, sealed.get(number, text)


def _loaded(
    house: House, session: Session, document_id: str, numbers: list[int] | None = None
) -> Iterator[tuple[int, str]]:
    for page in each_page(house, session, document_id, numbers):
        yield page.number, "\n".join(line.text for line in page.with_seals)
