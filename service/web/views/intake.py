"""Intake: uploading, batches while they are read, and what a person must look at."""

import re
import secrets
from typing import Any, cast

from flask import jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from intake.errors import Rejected
from service.access.people import list_departments
from service.access.policy import Reach
from service.errors import NotAllowed, NotFound, RuleRefused
from service.flow.common.guard import allowed, require
from service.flow.intake import pages
from service.flow.intake.arrange import can_arrange
from service.flow.intake.batches import get_addable, list_batches, still_cut
from service.flow.intake.documents import can_read, list_documents
from service.flow.intake.page_quality import below
from service.flow.intake.receive import receive
from service.flow.intake.stack_or_file import take_stack
from service.flow.intake.stacks import How
from service.web import refusals, words
from service.web.context import actor, house
from service.web.site import web

PAGE = 50
MOST_IN_BATCH = 1000
# Notes about what was not taken in travel in the signed cookie, which holds little.
_NOTES, _NAME = 12, 60
_BATCH = re.compile(r"B-\d{8}-[0-9a-f]{6}")
UNREAD = ("received", "reading")


def _new_batch() -> str:
    return f"B-{house().clock.today():%Y%m%d}-{secrets.token_hex(3)}"


@web.get("/upload")
def upload() -> ResponseReturnValue:
    """Show the form for a new batch, or with `?batch=` for one that is open."""
    require(actor(), "document.upload")
    name = request.args.get("batch", "")
    into = get_addable(house(), actor(), name) if name else None
    return render_template(
        "upload.html",
        batch=name or _new_batch(),
        into=into,
        limits=house().limits,
        departments=[
            d for d in list_departments(house()) if allowed(actor(), "document.upload", Reach(d.id, "public"))
        ],
        batches=pages.recent_batches(house(), actor(), 5),
    )


@web.post("/upload")
def upload_submit() -> ResponseReturnValue:
    """Take files in: one for a script that shows progress (JSON), or several at once from the plain form."""
    require(actor(), "document.upload")
    batch = request.form.get("batch", "")
    if not _BATCH.fullmatch(batch) and not _is_addable(batch):
        batch = _new_batch()
    sent = [file for file in request.files.getlist("files") if file.filename]
    rows = [_take_in(file, batch, first=number == 0) for number, file in enumerate(sent)]
    if request.accept_mimetypes.best == "application/json":
        return jsonify(rows[0] if rows else {"status": "rejected", "why": refusals.rejection("empty", "")})
    session["rejected"] = [
        [batch, row["filename"][:_NAME], row["code"], row["message"][:120]]
        for row in rows
        if row["status"] == "rejected"
    ][:_NOTES]
    session["duplicates"] = [
        [batch, row["filename"][:_NAME], row["document_id"]] for row in rows if row["status"] == "duplicate"
    ][:_NOTES]
    cut = next((row["batch"] for row in rows if "batch" in row), batch)  # a stack that came before has its own
    if request.form.get("arrange") and any(row["status"] == "received" and "batch" not in row for row in rows):
        from service.web.views.batches import arrange_batch

        return arrange_batch(batch)
    return redirect(url_for("web.batch", batch=cut), 303)


def _is_addable(batch: str) -> bool:
    """Return whether a name, which a station may have given, is that of an open batch that takes more."""
    try:
        get_addable(house(), actor(), batch)
    except (NotFound, NotAllowed, RuleRefused):
        return False
    return True


def _take_in(file: FileStorage, batch: str, *, first: bool) -> dict[str, Any]:
    """Take one file in. first: of those sent together; their paper was counted once."""
    name = file.filename or ""
    department = request.form.get("department_id") or None
    try:
        cut = _take_stack(file, name, batch, department, first=first) if request.form.get("split") else None
        if cut is not None:
            return cut
        file.stream.seek(0)
        got = receive(
            house(), actor(), cast("Any", file.stream), name, channel="web", batch=batch, department_id=department
        )
    except Rejected as error:
        why = refusals.rejection(error.code, str(error))
        return {"status": "rejected", "filename": name, "code": error.code, "message": str(error), "why": why}
    status = "duplicate" if got.duplicate else "received"
    row = {"status": status, "filename": name, "document_id": got.document_id}
    if can_read(house(), actor(), got.document_id):
        row["href"] = url_for("web.document", document_id=got.document_id)
    return row


def _take_stack(
    file: FileStorage, name: str, batch: str, department: str | None, *, first: bool
) -> dict[str, Any] | None:
    """Take a stack in and cut it; None for what is no stack. Raises Rejected."""
    sheets, sides = request.form.get("sheets", type=int), request.form.get("sides", 0, type=int)
    order, device = request.form.get("order", "as_scanned"), request.form.get("device", "")
    got = take_stack(
        house(),
        actor(),
        cast("Any", file.stream),
        name,
        how=How(sheets if first else None, sides, order, device=device),
        batch=batch,
        channel="web",
        department_id=department,
    )
    if got is None:
        return None
    row = {"status": "received", "filename": name, "href": url_for("web.batch", batch=got.batch), "batch": got.batch}
    if got.duplicate and got.documents:
        row |= {"status": "duplicate", "document_id": got.documents[0].document_id}
    return row


@web.get("/batches")
def batches() -> ResponseReturnValue:
    """Show the latest batches."""
    require(actor(), "document.upload")
    waiting = list_batches(house(), actor(), limit=100)
    return render_template("batches.html", batches=pages.recent_batches(house(), actor(), 100), waiting=waiting)


@web.get("/batches/<batch>")
def batch(batch: str) -> ResponseReturnValue:
    """Show one batch, with what was not taken in and what was here before."""
    if len(batch) > 36:
        raise NotFound("there is no such batch")
    _total, documents = list_documents(house(), actor(), batch=batch, limit=MOST_IN_BATCH)
    from service.web.views.batches import stacked

    stack = stacked(batch)
    held = {part.document_id for part in stack["whole"].parts} if stack else set()
    editable = not stack or (stack["open"] and not stack["whole"].busy)
    return render_template(
        "batch.html",
        stack=stack,
        arrangeable=editable and can_arrange([document for document in documents if document.id not in held]),
        batch=batch,
        documents=documents,
        unfinished=sum(document.status in UNREAD for document in documents),
        rejected=[{"filename": n, "code": c, "message": m} for b, n, c, m in session.get("rejected", []) if b == batch],
        duplicates=[
            {"filename": n, "document_id": i, "open": can_read(house(), actor(), i)}
            for b, n, i in session.get("duplicates", [])
            if b == batch
        ],
    )


@web.get("/batches/<batch>/progress")
def batch_progress(batch: str) -> ResponseReturnValue:
    """Return how far each document of a batch is, for the script that shows it."""
    _total, documents = list_documents(house(), actor(), batch=batch, limit=MOST_IN_BATCH, noted=False)
    rows = []
    poor = below(house(), [document.id for document in documents])
    for document in documents:
        shown = words.state(words.DOCUMENT_STATES, document.status)
        reasons = [f"rescan:{page}:{why}" for page, why in poor.get(document.id, ())]
        reasons += [reason for reason in document.review_reasons if reason.endswith(":blank")]
        rows.append(
            {
                "id": document.id,
                "status": document.status,
                "word": shown.word,
                "colour": shown.colour,
                "pages": document.pages,
                "pages_read": document.pages_read,
                "title": document.title or document.filename,
                "href": url_for("web.document", document_id=document.id),
                "rescan": [{"page": int(code.split(":")[1]), "why": words.reason(code)} for code in reasons],
            }
        )
    try:
        busy = still_cut(house(), actor(), batch)
    except (NotFound, NotAllowed):  # a batch of single files
        busy = False
    return jsonify(documents=rows, unfinished=sum(row["status"] in UNREAD for row in rows), busy=busy)
