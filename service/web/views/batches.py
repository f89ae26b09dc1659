"""Batches of scanned stacks: their pages, the account of the paper, the release; and separator sheets to print."""

from typing import Any, cast

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from intake.batches import sheets
from intake.batches.labels import CUTS
from intake.batches.payload import decode
from service.errors import KNOWN_ERRORS, BadInput, NotAllowed, NotFound
from service.flow.archive import sheet_filing
from service.flow.archive.labels import MAX_LABELS, Chosen, print_labels
from service.flow.common.guard import allowed, require
from service.flow.intake import batches as flow
from service.flow.intake.arrange import arrange
from service.flow.intake.categories import CATEGORIES
from service.flow.intake.rescan import rescan
from service.flow.intake.separators import MAX_COPIES, Wanted, separator_for
from service.web import words
from service.web.context import act, actor, house, refused
from service.web.site import web
from service.web.text import gettext


def stacked(batch: str) -> dict[str, Any]:
    """Return what the batch's page shows of its stacks; nothing for a batch of single files."""
    try:
        whole = flow.get_batch(house(), actor(), batch)
    except (NotFound, NotAllowed):
        return {}
    held = {page.partition("@")[0] for part in whole.parts for page in part.pages}
    left_out = [key for key in whole.order if key not in held and whole.page(key)]  # others were not looked at yet
    return {
        "whole": whole,
        "held": [(part, [_page(whole, page) for page in part.pages]) for part in whole.parts],
        "left_out": [_page(whole, key) for key in left_out],
        "unseen": [whole.order.index(key) + 1 for key in whole.unseen],
        "on": request.args.get("on", ""),
        "open": whole.batch.state == "open",
        "filing": _filing(whole),
    }


def _filing(whole: flow.Whole) -> sheet_filing.Placings | None:
    """Return into which files the sheets send the documents; None before the release, and for who may not file."""
    if whole.batch.state == "open" or not allowed(actor(), "document.file"):
        return None
    return sheet_filing.placings(house(), actor(), whole.batch.name, noted=False)


def _page(whole: flow.Whole, page: str) -> dict[str, Any]:
    key, _, turn = page.partition("@")
    seen = whole.page(key)
    number = whole.order.index(key) + 1 if key in whole.order else 0
    said = decode(seen["mark"]) if seen.get("mark") else None
    return {"key": key, "turn": turn or "0", "number": number, "said": said, **seen}


def _back(batch: str, page: str = "") -> str:
    if not page:
        return url_for("web.batch", batch=batch)
    return url_for("web.batch", batch=batch, on=page) + f"#r-{page}"


@web.get("/batches/<batch>/pictures/<page>")
def batch_picture(batch: str, page: str) -> Response:
    """Return the small picture of a page."""
    return Response(flow.page_picture(house(), actor(), batch, page), content_type="image/jpeg")


@web.post("/batches/<batch>/pages")
def change_batch(batch: str) -> ResponseReturnValue:
    """Put the pages of a batch right: one page is chosen, one button says what to do with it."""
    from service.web.views.intake import batch as page_of

    page, action = request.form.get("page", ""), request.form.get("action", "")
    action, _, to = action.partition(":")
    version = request.form.get("version", 0, type=int)

    def step() -> None:
        if not page and action not in ("join", "undo"):
            raise BadInput("page: choose a page first", {"page": "choose a page first"})
        if action == "rescan":
            file = request.files.get("file")
            if file is None or not file.filename:
                raise BadInput("file: choose the file with the new scan", {"file": "choose the file with the new scan"})
            rescan(house(), actor(), batch, version, page, cast("Any", file.stream), file.filename)
        elif action == "move":
            flow.change_pages(
                house(), actor(), batch, version, "move", page, _key_of(batch, request.form.get("before", ""))
            )
        else:
            flow.change_pages(house(), actor(), batch, version, action, page, to)

    return act(step, lambda: page_of(batch), done=gettext("已改好；原来的扫描保留到放行。"), to=_back(batch, page))


@web.post("/batches/<batch>/arrangement")
def arrange_batch(batch: str) -> ResponseReturnValue:
    """Open the single files of a batch for changes of their pages."""
    from service.web.views.intake import batch as page_of

    return act(
        lambda: arrange(house(), actor(), batch),
        lambda: page_of(batch),
        done=gettext("可以整理页面了：转、移、拆、合并；原来的文件保留到放行。"),
        to=_back(batch),
    )


def _key_of(batch: str, number: str) -> str:
    """Return the key of the page with this number in the order of the paper; "" for the end."""
    if not number.strip():
        return ""
    order = flow.get_batch(house(), actor(), batch).order
    if not number.strip().isdecimal() or not 0 < int(number) <= len(order):
        raise BadInput("before: there is no such page", {"before": "there is no such page"})
    return order[int(number) - 1]


@web.post("/batches/<batch>/count")
def count_batch(batch: str) -> ResponseReturnValue:
    """Note how much paper the batch is."""
    from service.web.views.intake import batch as page_of

    sheets_fed, sides = request.form.get("sheets", 0, type=int), request.form.get("sides", 0, type=int)
    return act(
        lambda: flow.count_paper(house(), actor(), batch, sheets=sheets_fed, sides=sides),
        lambda: page_of(batch),
        done=gettext("已记下纸张数。"),
        to=_back(batch),
    )


@web.post("/batches/<batch>/passes/<int:position>")
def decide_pass(batch: str, position: int) -> ResponseReturnValue:
    """Settle a first pass whose backs do not come: cut it as single sides, or give it up."""
    from service.web.views.intake import batch as page_of

    give_up = request.form.get("what") == "give_up"
    done = gettext("已作废，等重新扫描；原来的扫描保留到放行。") if give_up else gettext("已分件，请核对纸张和扫描面。")
    step = flow.give_up_pass if give_up else flow.take_as_one_sided
    return act(lambda: step(house(), actor(), batch, position), lambda: page_of(batch), done=done, to=_back(batch))


@web.post("/batches/<batch>/release")
def release_batch(batch: str) -> ResponseReturnValue:
    """Release the batch."""
    from service.web.views.intake import batch as page_of

    def step() -> None:
        if not request.form.get("looked"):  # what is dropped is gone with the release: it asks once
            raise BadInput("looked: look at every page first", {"looked": "look at every page first"})
        flow.release(house(), actor(), batch, reason=request.form.get("reason", ""))

    return act(
        step,
        lambda: page_of(batch),
        done=gettext("已放行：这一批的文件可以归卷了。"),
        to=_back(batch),
    )


@web.post("/batches/<batch>/filing")
def file_batch(batch: str) -> ResponseReturnValue:
    """File the documents that the page showed to go into a file, as their sheets say."""
    from service.web.views.intake import batch as page_of

    shown = dict(one.partition(":")[::2] for one in request.form.getlist("shown"))
    to = url_for("web.batch", batch=batch) + "#filing"
    try:
        filed, found = sheet_filing.file_by_sheets(house(), actor(), batch, shown)
    except KNOWN_ERRORS as error:
        return refused(error, lambda: page_of(batch), to)
    if filed:
        flash(gettext("已归卷 %(count)s 件。归错的，打开那一件取出来。", count=filed), "done")
    left = sum(row.document.id in shown and row.state != "filed" for row in found.rows)
    if left:
        flash(gettext("%(count)s 件没有归：刚有改动，请再看一遍下面的清单。", count=left), "refusal")
    elif not filed:
        flash(gettext("这些文件都已经在案卷里了。"), "done")
    return redirect(to, 303)


def _wanted() -> Wanted:
    given = {name: request.args.get(name, "") for name in ("contract", "customer", "category")}
    return separator_for(house(), actor(), starts=request.args.get("starts", "document"), **given)


def _copies() -> int:
    return min(max(request.args.get("copies", 1, type=int), 1), MAX_COPIES)


@web.get("/separators")
def separators() -> ResponseReturnValue:
    """Show the form for separator sheets."""
    require(actor(), "document.upload")
    return render_template(
        "separators.html",
        categories=[(code, words.category(code)) for code in CATEGORIES],
        most=MAX_COPIES,
        cuts=CUTS,
        most_labels=MAX_LABELS,
    )


@web.get("/labels/print")
def print_the_labels() -> ResponseReturnValue:
    """Return labels as a PDF to print; when something is wrong, the form with the reason."""
    args = request.args
    numbers = [number for line in args.get("numbers", "").splitlines() if (number := line.strip())]
    of_customers = args.get("kind") == "customer"
    chosen = Chosen(
        contracts=() if of_customers else numbers,
        customers=numbers if of_customers else (),
        category=args.get("category", ""),
        cut=args.get("cut", "L7160"),
        code=args.get("code", "qr"),
        copies=args.get("copies", 1, type=int),
        used=args.get("used", 0, type=int),
    )
    try:
        pdf, _count = print_labels(house(), actor(), chosen)
    except BadInput as error:
        return refused(error, separators, url_for("web.separators"))
    return Response(pdf, mimetype="application/pdf", headers={"Content-Disposition": "inline; filename=labels.pdf"})


@web.get("/separators/print")
def print_separators() -> ResponseReturnValue:
    """Show separator sheets as they are printed, with the fonts of the browser."""
    try:
        wanted = _wanted()
    except BadInput as error:
        return refused(error, separators, url_for("web.separators"))
    codes = [
        (kind, sheets.svg(wanted.separator, kind), *sheets.size(wanted.separator, kind)) for kind in ("qr", "code128")
    ]
    return render_template("separators_print.html", wanted=wanted, codes=codes, copies=_copies())
