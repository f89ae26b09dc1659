"""Watermark: who looks at a classified page, and when, drawn across it so that a photograph or a print of it says so."""

import io
from datetime import datetime

from service.access.policy import TIERS, Actor, Reach, only_by_grant
from service.clock import CHINA
from service.flow.common.guard import require
from service.house import House

_INK = (200, 0, 0, 72)
_STEPS = 4  # rows of the words across a page


def is_classified(house: House, reach: Reach) -> bool:
    """Return whether what lies in `reach` is of a tier that needs a confidentiality agreement (JUANZONG_CLASSIFIED)."""
    return TIERS.index(reach.tier) >= TIERS.index(house.settings.classified)


def is_marked(house: House, actor: Actor, reach: Reach) -> bool:
    """Return whether pages in `reach` carry a watermark for this person: what is classified, and what only a grant or a loan opens."""
    return not actor.owner and (is_classified(house, reach) or only_by_grant(actor, reach))


def demand_unmarked(house: House, actor: Actor, reach: Reach) -> None:
    """Raise NotAllowed unless `actor` may have the bytes as they came: of what they see marked only who keeps the archive."""
    if is_marked(house, actor, reach):
        require(actor, "original.read", reach)


def words(actor: Actor, now: datetime) -> str:
    """Return what a watermark says: the person's name and login, and the moment in Chinese time."""
    when = now.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
    return f"{actor.display} {actor.name.removeprefix('person:')} {when}".strip()


def mark(image: bytes, said: str) -> bytes:
    """Return a page image (JPEG or PNG) as a JPEG with the words across it, several times, so that no strip of it is without."""
    from PIL import Image, ImageDraw

    from intake.formats.fonts import font

    with Image.open(io.BytesIO(image)) as opened:
        page = opened.convert("RGB")
    size = max(14, page.width // 32)
    letters = font(size)
    side = int((page.width**2 + page.height**2) ** 0.5)
    layer = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(layer)
    width = max(1, int(draw.textlength(said, font=letters)) + 3 * size)
    for row, y in enumerate(range(0, side, max(1, side // (2 * _STEPS)))):
        for x in range(-(row % 2) * width // 2, side, width):
            draw.text((x, y), said, fill=_INK, font=letters)
    turned = layer.rotate(30)
    left, top = (side - page.width) // 2, (side - page.height) // 2
    page.paste(
        turned.crop((left, top, left + page.width, top + page.height)),
        mask=turned.crop((left, top, left + page.width, top + page.height)).getchannel("A"),
    )
    out = io.BytesIO()
    page.save(out, "JPEG", quality=85)
    return out.getvalue()
