"""How values look in a page: dates, money, sizes, people, marked text."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from flask import Flask, g
from markupsafe import Markup, escape

from credit.shipped import in_english
from service.clock import CHINA
from service.flow.common.counting import MOST
from service.flow.intake import pages
from service.web import words
from service.web.context import house
from service.web.text import gettext, language
from service.web.trail_words import action_word

_WHOLE = re.compile(r"\d{4}-\d{2}-\d{2}")


def day(value: date | str | None) -> str:
    """Return YYYY-MM-DD, or a dash where there is no date."""
    if value is None or value == "":
        return "—"
    return value if isinstance(value, str) else value.isoformat()


def moment(value: datetime | str | None) -> str:
    """Return a moment in China's time, to the minute."""
    if value is None:
        return "—"
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def money(value: Decimal | None, currency: str = "") -> str:
    """Return an amount with thousands separated."""
    return "—" if value is None else f"{value:,.2f} {currency}".strip()


def figure(value: Decimal | int) -> str:
    """Return a number of a report: amounts and shares with two digits, thousands apart; counts as they are."""
    return f"{value:,.2f}" if isinstance(value, Decimal) else f"{value:,}"


def up_to(total: int) -> str:
    """Return how long a list is; of one that is counted no further, that there are more."""
    return f"{MOST:,}+" if total == MOST + 1 else str(total)


def size(value: int) -> str:
    """Return a size in bytes as people say it."""
    number = float(value)
    for unit in ("B", "KB", "MB"):
        if number < 1024:
            return f"{number:.1f}".removesuffix(".0") + f" {unit}"
        number /= 1024
    return f"{number:.1f}".removesuffix(".0") + " GB"


def signer(name: str | None) -> str:
    """Return whom a name of the audit trail stands for, as it stands on paper: the same for every reader."""
    if not name:
        return "—"
    if name == "ocr":
        return gettext("识别")
    if name == "system":
        return gettext("系统")
    if not name.startswith("person:"):
        return name
    if "people" not in g:
        g.people = pages.names(house())
    return str(g.people.get(name, name.removeprefix("person:")))


def who(name: str | None) -> str:
    """Return whom a name of the audit trail stands for, as colleagues call them; the reader is told that it is they."""
    mine = name is not None and g.get("actor") is not None and g.actor.name == name
    return gettext("%(name)s（你）", name=signer(name)) if mine else signer(name)


def marked(text: str, marks: Iterable[tuple[int, int]]) -> Markup:
    """Return `text` with the stretches `marks` lit."""
    parts, at = [], 0
    for start, end in marks:
        parts += [escape(text[at:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>")]
        at = end
    return Markup("").join([*parts, escape(text[at:])])


def undivided(text: str) -> Markup:
    """Return `text` with its dates and numbers of files kept in one piece: names wrap, numbers never."""
    shown = str(escape(text))
    return Markup(_WHOLE.sub(r'<span class="num">\g<0></span>', shown))  # noqa: S704 - escaped just before


def shipped(text: str) -> str:
    """Return a text that ships with the program in the reader's language; what a company wrote stays as it is."""
    return text if language() == "zh" else in_english(text)


def install(app: Flask) -> None:
    """Make the filters and the words known to the templates."""
    app.jinja_env.filters.update(
        day=day,
        moment=moment,
        money=money,
        figure=figure,
        up_to=up_to,
        filesize=size,
        who=who,
        signer=signer,
        done=action_word,
        marked=marked,
        shipped=shipped,
        category=words.category,
        reason=words.reason,
        undivided=undivided,
        distance=words.distance,
    )
    app.jinja_env.globals["words"] = words
