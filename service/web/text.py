"""The three ways of saying something in the reader's language, with types. The Chinese text is the message's name."""

from typing import Any, cast

import flask_babel as babel  # type: ignore[import-untyped]  # it carries no types


def gettext(text: str, **values: Any) -> str:
    """Return `text` in the language of the request, `%(name)s` filled in."""
    return cast("str", babel.gettext(text, **values))


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """Return the form that fits the number, which is `%(num)d`."""
    return cast("str", babel.ngettext(one, many, num, **values))


def _(text: str) -> str:
    """Return a text that is translated when it is shown: for tables made at import."""
    return cast("str", babel.lazy_gettext(text))


def language() -> str:
    """Return zh or en."""
    return str(babel.get_locale() or "zh")
