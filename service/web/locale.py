"""The language: Chinese first, English complete; a switch, never a guess."""

from flask import g, has_request_context, request

LANGUAGES = {"zh": "中文", "en": "English"}


def chosen() -> str:
    """Return zh or en: what this browser switched to, else what the person's account says."""
    if not has_request_context():
        return "zh"
    language = request.cookies.get("language")
    if language in LANGUAGES:
        return str(language)
    person = g.get("person")
    return person.locale if person is not None and person.locale in LANGUAGES else "zh"
