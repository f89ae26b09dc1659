"""The language: Chinese first, English complete; a switch, and before anybody signed in what the browser asks for."""

from flask import g, has_request_context, request

LANGUAGES = {"zh": "中文", "en": "English"}


def chosen() -> str:
    """Return zh or en: what this browser was switched to, else what the person's account says or, for a visitor, the browser."""
    if not has_request_context():
        return "zh"
    language = request.cookies.get("language")
    if language in LANGUAGES:
        return str(language)
    person = g.get("person")
    if person is None:
        return str(request.accept_languages.best_match(LANGUAGES, "zh"))
    return person.locale if person.locale in LANGUAGES else "zh"
