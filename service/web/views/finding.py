"""Search: any words on any page, with the place lit up."""

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from intake.model import PageText
from search.errors import BadQuery
from service.errors import BadInput, NotFound
from service.flow.common.guard import require
from service.flow.intake.render import page_text
from service.flow.search.find import DEEPEST, RANKED, RELEVANCE, Found, FoundHit, find
from service.flow.search.find_export import FOUND_COLUMNS, MAX_FOUND, export_found
from service.flow.search.suggest import suggest
from service.reports.sheets import Cell
from service.typed import CONTROL
from service.web import words
from service.web.context import actor, house, offset_of, refused
from service.web.download import demand_form, download
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
        most_exported=MAX_FOUND,
        export_as=_export_as,
        meant=suggest(house(), actor(), query) if found is not None and not found.total else [],
        chosen=chosen,
        preview_hit=preview_hit,
        preview=preview,
    )
    return page, 400 if bad else 200


@web.get("/search/suggestions")
def suggestions() -> ResponseReturnValue:
    """Return what may be meant by what was typed so far, for the box that asks while somebody types."""
    found = suggest(house(), actor(), request.args.get("q", ""))
    return {
        "suggestions": [
            {"text": one.text, "query": one.query, "kind": words.named(words.SUGGESTED, one.kind)} for one in found
        ]
    }


def _export_as(form: str) -> str:
    kept: dict[str, Any] = {
        name: value for name in ("q", "sort", "near", *words.FILTERS) if (value := request.args.get(name))
    }
    return url_for("web.export_search", form=form, **kept)


def _heads() -> dict[str, str]:
    return {
        "document_id": gettext("文件标识"),
        "title": gettext("题名"),
        "category": gettext("类目"),
        "customer": gettext("客户"),
        "department": gettext("部门"),
        "contract_number": gettext("合同号"),
        "archive_number": gettext("档号"),
        "status": gettext("状态"),
        "received_on": gettext("收到日期"),
        "page": gettext("页"),
        "pages_matched": gettext("命中页数"),
        "excerpt": gettext("摘录"),
        "approximate": gettext("近似"),
    }


def _said(name: str, cell: Cell) -> Cell:
    """Return a cell in words."""
    if name == "category":
        return words.category(str(cell))
    if name == "status":
        return words.state(words.DOCUMENT_STATES, str(cell)).word
    return gettext("是") if name == "approximate" and cell else cell


@web.get("/search/export.<form>")
def export_search(form: str) -> ResponseReturnValue:
    """Send the list of what was found as a spreadsheet, in the words of the reader's language."""
    demand_form(form)
    query = request.args.get("q", "").strip()
    near, order = bool(request.args.get("near")), request.args.get("sort") or RELEVANCE
    try:
        rows = export_found(house(), actor(), query, form, filters=_filters(), near=near, order=order)
    except (BadInput, BadQuery) as error:
        return refused(error, search, url_for("web.search"))
    cells = [tuple(_said(name, cell) for name, cell in zip(FOUND_COLUMNS, row, strict=True)) for row in rows]
    heads = _heads()
    return download(gettext("检索结果"), [heads[name] for name in FOUND_COLUMNS], cells, form)
