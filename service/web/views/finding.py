"""Search: any words on any page, with the place lit up."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from intake.model import PageText
from search.errors import BadQuery
from service.errors import BadInput, NotFound
from service.flow.find import DEEPEST, RANKED, RELEVANCE, Found, FoundHit, find
from service.flow.guard import require
from service.flow.render import page_text
from service.typed import CONTROL
from service.web import words
from service.web.context import actor, house, offset_of
from service.web.site import web
from service.web.text import gettext

PAGE = 20


def _filters() -> dict[str, str]:
    return {name: value for name in words.FILTERS if (value := request.args.get(name))}


def _facet_value(name: str, value: str) -> str:
    if name == "category":
        return words.category(value)
    if name == "status":
        return words.state(words.DOCUMENT_STATES, value).word
    if name == "tier":
        return words.named(words.TIERS, value)
    return value or gettext("（无）")


def _preview(found: Found | None) -> tuple[int, FoundHit | None, PageText | None]:
    """Return which hit is shown beside the list, and its page."""
    if found is None or not found.hits:
        return 0, None, None
    chosen = min(max(request.args.get("preview", 0, type=int), 0), len(found.hits) - 1)
    hit = found.hits[chosen]
    try:
        return chosen, hit, page_text(house(), actor(), hit.document_id, hit.page)
    except NotFound:
        return chosen, hit, None


@web.get("/search")
def search() -> ResponseReturnValue:
    """Show what was found, the page of one hit beside it."""
    require(actor(), "search")
    query = request.args.get("q", "").strip()
    found, bad = None, None
    if query:
        try:
            found = find(
                house(),
                actor(),
                query,
                limit=PAGE,
                offset=offset_of(PAGE),
                filters=_filters(),
                near=bool(request.args.get("near")),
                order=request.args.get("sort") or RELEVANCE,
                cursor=request.args.get("cursor", ""),
            )
        except BadQuery as error:
            bad = {"message": str(error), "position": min(error.position, len(query))}
        except BadInput as error:  # an order there is none of, a page of another search
            bad = {"message": str(error), "position": None}
    chosen, preview_hit, preview = _preview(found)
    page = render_template(
        "search.html",
        query=CONTROL.sub("\N{REPLACEMENT CHARACTER}", query),
        found=found,
        bad=bad,
        filters=_filters(),
        facet_value=_facet_value,
        size=PAGE,
        order=request.args.get("sort") or RELEVANCE,
        deepest=DEEPEST // PAGE,
        ranked=RANKED,
        chosen=chosen,
        preview_hit=preview_hit,
        preview=preview,
    )
    return page, 400 if bad else 200
