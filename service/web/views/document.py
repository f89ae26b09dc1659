"""A document: its page beside what was read from it."""

from collections.abc import Sequence
from typing import TypeVar

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from intake.formats.signatures import MEDIA_TYPES, RECORDINGS
from search.errors import BadQuery
from service.errors import KNOWN_ERRORS, BadInput, NotFound
from service.flow.archive import filing
from service.flow.common import values
from service.flow.common.checks import BY_HAND, checks
from service.flow.common.guard import allowed, reach_of
from service.flow.common.heritage import may_carry
from service.flow.common.hints import said_before
from service.flow.common.watermark import is_marked
from service.flow.common.watermark import words as said
from service.flow.intake import documents as flow
from service.flow.intake import pages, thumbnails
from service.flow.intake.arrange import arrange_alone, can_arrange
from service.flow.intake.attached import attached_to
from service.flow.intake.copies import preserve_again, trouble_of
from service.flow.intake.glyphs import runs_of
from service.flow.intake.page_quality import of_document
from service.flow.intake.process import is_worth_another_reading
from service.flow.intake.process import read_again as reread
from service.flow.intake.render import page_text, read_rendition
from service.flow.search.hits import Hits, hits_in
from service.flow.search.related import related_to
from service.flow.trust.evidence import evidence
from service.partial import packed, rendition
from service.records.tables import Document
from service.web import words
from service.web.context import act, actor, house, refused
from service.web.site import web
from service.web.text import gettext, ngettext
from service.web.trail_words import chinese_word

_T = TypeVar("_T")
ZOOMS = ("width", "page", "150", "200", "300")
TURNS = (0, 90, 180, 270)
STRIP = 7  # pages in the strip of small pictures


def _hits(document: Document, leaf: int | None) -> tuple[str, Hits, str]:
    """Return what is looked for, where it stands, and why the query cannot be understood."""
    query = request.args.get("q", "").strip()
    nothing = Hits(0, leaf or 1)
    if not query or document.pages_read == 0:
        return query, nothing, ""
    wanted, near = request.args.get("hit", type=int), bool(request.args.get("near"))
    try:
        return query, hits_in(house(), actor(), document.id, query, hit=wanted, page=leaf, near=near), ""
    except BadQuery as error:
        return query, nothing, str(error)


def _one_of(name: str, known: Sequence[_T]) -> _T:
    """Return what the address chooses among `known`; the first where it chooses nothing of them."""
    given = request.args.get(name, "")
    return next((one for one in known if str(one) == given), known[0])


def _page(document_id: str, leaf: int | None = None, on: str = "") -> str:
    document = flow.get_document(house(), actor(), document_id)
    leaf = leaf or request.args.get("leaf", type=int)
    leaf = min(max(leaf, 1), max(document.pages, 1)) if leaf else None
    query, hits, bad = _hits(document, leaf)
    number = min(max(leaf or hits.page, 1), max(document.pages, 1))
    try:
        page = page_text(house(), actor(), document_id, number)
    except NotFound:
        page = None
    sheets = flow.sheets_before(house(), actor(), document_id)
    reach = reach_of(document)
    may_file = allowed(actor(), "document.file", reach)
    may_tier = allowed(actor(), "document.tier", reach)
    waits = document.status in pages.LOOK_AT
    read = {field.name for field in document.fields}
    return render_template(
        "document.html",
        document=document,
        number=number,
        page=page,
        query=query,
        hits=hits,
        bad=bad,
        runs=list(runs_of(page)) if page else [],
        strip=strip_around(number, document.pages),
        cell=(thumbnails.WIDTH + thumbnails.GAP, thumbnails.HEIGHT),
        on=on or request.args.get("field", ""),
        hows=[
            (field, words.field_state(field, actor(), sheets), BY_HAND in checks(field, sheets))
            for field in document.fields
        ],
        refused=_refused(),
        zooms=ZOOMS,
        zoom=_one_of("zoom", ZOOMS),
        turn=_one_of("turn", TURNS),
        wide=request.args.get("wide") == "1",
        may_correct=allowed(actor(), "document.correct", reach),
        may_file=may_file,
        waits=waits,
        arrangeable=not document.batch and allowed(actor(), "batch.edit", reach) and can_arrange([document]),
        unconfirmed=bool(values.confirmable(document, actor().name)),
        tier_options=words.tiers_up_to(actor().clearance) if may_tier else [],
        may_mark=(may_tier or may_file) and document.status not in ("destroyed", "received", "reading"),
        marked=is_marked(house(), actor(), reach),
        may_original=not is_marked(house(), actor(), reach) or allowed(actor(), "original.read", reach),
        mark=said(actor(), house().clock.now()),
        missing_fields=[(code, word) for code, word in words.FIELDS.items() if code not in read],
        category_options=[("", gettext("未分类")), *((code, words.category(code)) for code in words.CATEGORIES)],
        open_files=filing.list_case_files(house(), actor(), state="open", limit=50)[1] if may_file else [],
        suggestion=suggested(document_id),
        quality=of_document(house(), document_id),
        copy_trouble=trouble_of(house(), document_id) if document.preservation in ("waiting", "failed") else "",
        rereadable=is_worth_another_reading(document)
        and (document.case_file is None or document.case_file.state == "open"),
        related=related_to(house(), actor(), document_id, noted=False) if document.pages_read else [],
        attached=attached_to(house(), actor(), document_id) if may_carry(document) else [],
        letter=flow.letters_of(house(), [document]).get(document.id, ("", "")),
        scan=flow.scan_of(house(), document),
        playable=document.media_type.partition("/")[0] if is_recording(document) else "",
    )


def _refused() -> tuple[str, str, bool]:
    """Return which form of a value was refused (of a field, or `add`), why, and whether it may be what is printed nevertheless."""
    form = request.form.get("form", "")
    name = request.form.get("name", "") if form == "add" else form
    problem = getattr(g.get("refusal"), "fields", {}).get(name, "")
    return (
        (form, problem, values.may_stand(name, request.form.get("value", ""), problem)) if problem else ("", "", False)
    )


def strip_around(number: int, pages: int) -> tuple[int, int]:
    """Return the first and the last page of the strip around a page."""
    first = max(min(number - STRIP // 2, pages - STRIP + 1), 1)
    return first, min(first + STRIP - 1, max(pages, 1))


def suggested(document_id: str) -> str:
    """Return the number of the file the separator sheet before the document named; "" for none."""
    said = said_before(house(), document_id)
    return said.get("contract", said.get("customer", ""))


def is_recording(document: Document) -> bool:
    """Return whether the original is sound or video, which a browser plays."""
    return document.media_type in {MEDIA_TYPES[kind] for kind in RECORDINGS}


@web.get("/documents/<document_id>")
def document(document_id: str) -> ResponseReturnValue:
    """Show a document; `?q=` lights the places of a query, `&hit=` chooses one, `?leaf=` a page, `?field=` a field.

    `&near=1` lights near-misses too; `?zoom=`, `?turn=` and `?wide=1` say how the page is seen.
    """
    return _page(document_id)


@web.get("/documents/<document_id>/pages/<int:page>.jpg")
def page_image(document_id: str, page: int) -> ResponseReturnValue:
    """Return the image of a page: our own rendering, never bytes as they came."""
    stream, media_type = read_rendition(house(), actor(), document_id, "page-image", page)
    return Response(stream, mimetype=media_type, headers={"Cache-Control": "no-store"})


@web.get("/documents/<document_id>/thumbnails/<int:first>-<int:last>.jpg")
def page_strip(document_id: str, first: int, last: int) -> ResponseReturnValue:
    """Return some pages side by side, small."""
    return Response(thumbnails.strip(house(), actor(), document_id, first, last), mimetype="image/jpeg")


@web.get("/documents/<document_id>/recording")
def recording(document_id: str) -> ResponseReturnValue:
    """Return a recording for the player on the document's page. Of other kinds there is none: those are never shown as they came."""
    if not is_recording(flow.get_document(house(), actor(), document_id)):
        raise NotFound(f"document {document_id} is no recording")
    return _original(document_id, "inline")


@web.get("/documents/<document_id>/copy")
def copy(document_id: str) -> ResponseReturnValue:
    """Return the pages as a PDF that says across each who took it and when."""
    return rendition(house(), actor(), document_id, "copy", 0, "attachment")


@web.get("/documents/<document_id>/evidence")
def document_evidence(document_id: str) -> ResponseReturnValue:
    """Return the document with its history and proofs, for a court."""
    name = gettext("证据包") + f"-{document_id}.zip"
    return packed(house(), lambda file: evidence(house(), actor(), document_id, file, chinese_word), name)


@web.get("/documents/<document_id>/original")
def original(document_id: str) -> ResponseReturnValue:
    """Return the original as a download: it is never shown by the browser on our pages' behalf."""
    return _original(document_id, "attachment")


def _original(document_id: str, disposition: str) -> Response:
    return rendition(house(), actor(), document_id, "original", 0, disposition)


@web.get("/documents/<document_id>/preservation.pdf")
def preservation(document_id: str) -> ResponseReturnValue:
    """Return the preservation copy (PDF/A) as a download."""
    return rendition(house(), actor(), document_id, "preservation", 0, "attachment")


def _leaf() -> int | None:
    return request.form.get("leaf", type=int)


@web.post("/documents/<document_id>/fields/<name>")
def check_field(document_id: str, name: str) -> ResponseReturnValue:
    """Confirm the value that was shown, or keep what was typed in its place as a correction."""
    value, before = request.form.get("value", "").strip(), request.form.get("before", "")
    printed = "as_printed" in request.form
    label = words.named(words.FIELDS, name)
    changed = value != before.strip()

    def step() -> None:
        if changed:
            flow.correct_field(
                house(), actor(), document_id, name, value, seen=before, as_printed=printed, leaf=_leaf() or 0
            )
        else:
            flow.confirm_field(house(), actor(), document_id, name, before)

    done = (
        gettext("%(field)s 已更正，待另外两人核对。", field=label)
        if changed
        else gettext("%(field)s 已确认。", field=label)
    )
    to = url_for("web.document", document_id=document_id, leaf=_leaf(), field=_next_field(document_id, name))
    return act(step, lambda: _page(document_id, _leaf(), name), done=done, to=to)


def _next_field(document_id: str, name: str) -> str | None:
    """Return the field after `name`, so that one is confirmed after the other."""
    names = [field.name for field in flow.get_document(house(), actor(), document_id).fields]
    at = names.index(name) + 1 if name in names else len(names)
    return names[at] if at < len(names) else name


@web.post("/documents/<document_id>/fields")
def add_field(document_id: str) -> ResponseReturnValue:
    """Add a value that was not read."""
    name, value = request.form.get("name", ""), request.form.get("value", "")
    printed = "as_printed" in request.form

    def step() -> None:
        if name not in words.FIELDS:
            raise BadInput(f"{name!r} is not the name of a field", {"name": "is not the name of a field"})
        flow.correct_field(house(), actor(), document_id, name, value, seen="", as_printed=printed, leaf=_leaf() or 0)

    return act(
        step,
        lambda: _page(document_id, _leaf()),
        done=gettext("%(field)s 已补上，待另外两人核对。", field=words.named(words.FIELDS, name)),
        to=url_for("web.document", document_id=document_id, leaf=_leaf(), field=name),
    )


@web.post("/documents/<document_id>/confirm")
def confirm_all(document_id: str) -> ResponseReturnValue:
    """Confirm all values that the person may confirm and that the page showed."""
    shown = {name: request.form.get(f"seen-{name}", "") for name in request.form.getlist("shown")}
    to = url_for("web.document", document_id=document_id)
    try:
        left = flow.confirm_all(house(), actor(), document_id, seen=shown)
    except KNOWN_ERRORS as error:
        return refused(error, lambda: _page(document_id), to)
    if left:
        flash(words.held_back(left), "refusal")
        return redirect(url_for("web.check", document_id=document_id, field=next(iter(left))), 303)
    document = flow.get_document(house(), actor(), document_id)
    flash(gettext("“%(name)s”已确认。", name=document.title or document.filename), "done")
    return redirect(to, 303)


@web.post("/documents/<document_id>/reading")
def read_again(document_id: str) -> ResponseReturnValue:
    """Let a document whose reading failed be read once more."""
    return act(
        lambda: reread(house(), actor(), document_id),
        lambda: _page(document_id, _leaf()),
        done=gettext("已重新排队识别。"),
        to=url_for("web.document", document_id=document_id),
    )


@web.post("/documents/<document_id>/arrangement")
def arrange_document(document_id: str) -> ResponseReturnValue:
    """Open the document for changes of its pages: a page of it is scanned again, turned, taken out."""
    try:
        name = arrange_alone(house(), actor(), document_id)
    except KNOWN_ERRORS as error:
        return refused(error, lambda: _page(document_id, _leaf()), url_for("web.document", document_id=document_id))
    flash(gettext("可以整理页面了：转、移、拆、重扫；原来的文件保留到放行。"), "done")
    return redirect(url_for("web.batch", batch=name), 303)


@web.post("/documents/<document_id>/preservation")
def make_copy_again(document_id: str) -> ResponseReturnValue:
    """Let a preservation copy that was given up be made once more."""
    return act(
        lambda: preserve_again(house(), actor(), document_id),
        lambda: _page(document_id, _leaf()),
        done=gettext("长期保存版重新排队制作。"),
        to=url_for("web.document", document_id=document_id),
    )


@web.post("/documents/<document_id>/category")
def set_category(document_id: str) -> ResponseReturnValue:
    """Put the document into another category."""
    category = request.form.get("category", "")
    return act(
        lambda: flow.set_category(house(), actor(), document_id, category),
        lambda: _page(document_id),
        done=gettext("类目改为 %(category)s。", category=words.category(category)),
        to=url_for("web.document", document_id=document_id),
    )


@web.post("/documents/<document_id>/file")
def file_document(document_id: str) -> ResponseReturnValue:
    """Put the document into a case file."""
    text = request.form.get("case_file", "")

    def step() -> None:
        found = pages.find_files(house(), actor(), text) if text.strip() else []
        if len(found) != 1:
            why = gettext("没有这样的案卷：%(given)s。写合同号、档号、客户号或题名。", given=text)
            if found:
                many = ngettext("有 %(num)d 卷符合，写全编号", "有 %(num)d 卷符合，写全编号", len(found))
                why = f"{many}：" + "；".join(file.contract.number if file.contract else file.title for file in found)
            raise BadInput(why, {"case_file": why})
        filing.file_document(house(), actor(), document_id, found[0].id)

    return act(
        step,
        lambda: _page(document_id),
        done=gettext("已归卷。"),
        to=url_for("web.document", document_id=document_id),
    )


@web.post("/documents/<document_id>/unfile")
def unfile(document_id: str) -> ResponseReturnValue:
    """Take the document out of its file."""
    return act(
        lambda: filing.unfile_document(house(), actor(), document_id),
        lambda: _page(document_id),
        done=gettext("已从案卷中取出。"),
        to=url_for("web.document", document_id=document_id),
    )


@web.post("/documents/<document_id>/marks")
def mark_document(document_id: str) -> ResponseReturnValue:
    """Say, with a reason, whether the paper is the original, and how confidential it is."""
    form = request.form

    def step() -> None:
        document = flow.get_document(house(), actor(), document_id)
        original, tier = form.get("original", ""), form.get("tier", "")
        wanted = {"yes": True, "no": False}.get(original, document.is_original)
        changed_original = wanted if wanted != document.is_original else None
        changed_tier = tier if tier and tier != document.tier else None
        if changed_original is None and changed_tier is None:
            raise BadInput("nothing was changed")
        reason = form.get("reason", "")
        flow.change(house(), actor(), document_id, tier=changed_tier, original=changed_original, reason=reason)

    return act(
        step,
        lambda: _page(document_id),
        done=gettext("已改，理由留在审计日志里。"),
        to=url_for("web.document", document_id=document_id),
    )
