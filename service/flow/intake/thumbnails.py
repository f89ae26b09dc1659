"""Thumbnails: the pages around one as a single small picture, so that a strip of them is read, and noted, once."""

import io

from sqlalchemy import select

from service.access.policy import Actor
from service.errors import BadInput, NotFound
from service.flow.common.guard import load_document, reach_of
from service.flow.common.index import load_key
from service.flow.common.kept import read_kept
from service.flow.common.watermark import is_marked, mark, words
from service.house import House
from service.records import audit
from service.records.tables import Rendition
from vault.errors import ObjectDamaged, ObjectMissing

WIDTH, HEIGHT, GAP = 84, 118, 6  # of one page, and between them, in pixels
MOST = 12  # pages in one strip


def strip(house: House, actor: Actor, document_id: str, first: int, last: int) -> bytes:
    """Return pages `first` to `last` side by side as a JPEG, each in a cell of WIDTH + GAP by HEIGHT, and note the reading.

    A page without a picture leaves its cell grey. Raises NotFound, BadInput, StoreUnavailable.
    """
    if not 1 <= first <= last < first + MOST:
        raise BadInput(f"a strip has at most {MOST} pages")
    with house.database.write() as session:
        document = load_document(session, actor, document_id)
        query = select(Rendition).where(
            Rendition.document_id == document_id,
            Rendition.kind == "page-image",
            Rendition.state == "kept",
            Rendition.page.between(first, last),
        )
        rows = list(session.scalars(query))
        if not rows:
            raise NotFound(f"document {document_id} has no page-image of page {first} to {last} (yet)")
        key = load_key(house, session, document_id)
        marked = is_marked(house, actor, reach_of(document))
        detail = {"rendition": "thumbnails", "page": first, "until": last} | ({"watermark": True} if marked else {})
        audit.append(session, actor.name, "document.open", f"document:{document_id}", detail)
    said = words(actor, house.clock.now())
    pictures: dict[int, bytes] = {}
    for row in rows:
        try:
            pictures[row.page] = read_kept(house, row, key)
        except (ObjectDamaged, ObjectMissing):
            continue  # the page itself says what is wrong with it
    drawn = _draw(pictures, first, last)
    return mark(drawn, said) if marked else drawn


def _draw(pictures: dict[int, bytes], first: int, last: int) -> bytes:
    from PIL import Image, ImageOps

    sheet = Image.new("RGB", ((last - first + 1) * (WIDTH + GAP), HEIGHT), (214, 218, 222))
    for page, data in pictures.items():
        with Image.open(io.BytesIO(data)) as opened:
            opened.draft("RGB", (WIDTH * 2, HEIGHT * 2))  # decodes only as much as is shown
            small = ImageOps.contain(opened.convert("RGB"), (WIDTH, HEIGHT))
        left = (page - first) * (WIDTH + GAP) + GAP // 2
        sheet.paste(small, (left + (WIDTH - small.width) // 2, (HEIGHT - small.height) // 2))
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=80)
    return out.getvalue()
