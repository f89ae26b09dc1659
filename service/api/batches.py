"""Batches, their pages and their paper; separator sheets."""

from typing import Annotated, Any, Literal, cast

from flask import Response, jsonify, request
from pydantic import Field
from werkzeug.datastructures import FileStorage

from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.errors import BadInput
from service.flow.archive import sheet_filing
from service.flow.intake import batches as flow
from service.flow.intake.arrange import arrange, arrange_alone
from service.flow.intake.rescan import rescan
from service.flow.intake.separators import MAX_COPIES, separator_for
from service.flow.intake.stacks import AT_ONCE, How, receive_stack
from service.flow.intake.views import batch_as_json, batch_line, placings_as_json
from service.house import House

operation = Operations("batches")
separators = Operations("separators")

Name = Annotated[str, Field(max_length=36)]
Key = Annotated[str, Field(pattern=r"^\d{1,6}\.\d{1,6}$")]


class ListBatches(Input):
    """Which batches."""

    state: Literal["open", "released"] = "open"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0


@operation("GET", "/batches", "List batches of scanned stacks, newest first", query=ListBatches)
def list_batches(house: House, actor: Actor, given: ListBatches) -> dict[str, Any]:
    """Return one page of the batches the caller may see."""
    return {"batches": [batch_line(batch) for batch in flow.list_batches(house, actor, **given.model_dump())]}


@operation("GET", "/batches/{batch}", "Show a batch: pages, documents, account of the paper")
def show_batch(house: House, actor: Actor, batch: str) -> dict[str, Any]:
    """Return the batch."""
    return batch_as_json(flow.get_batch(house, actor, batch))


class Count(Input):
    """How much paper went through the scanner."""

    sheets: Annotated[int, Field(ge=1, le=100_000)]
    sides: Annotated[int, Field(ge=1, le=2)]


@operation(
    "PATCH", "/batches/{batch}", "Say how many sheets were fed and on how many sides", body=Count, problems=(409,)
)
def count_batch(house: House, actor: Actor, batch: str, given: Count) -> dict[str, Any]:
    """Note the count and return the batch."""
    flow.count_paper(house, actor, batch, **given.model_dump())
    return batch_as_json(flow.get_batch(house, actor, batch))


class ChangePage(Input):
    """What to do with a page; join (all documents into one) and undo need none.

    to: degrees for rotate, the page it shall come before for move ("" its document's end).
    """

    version: int
    action: Literal["rotate", "earlier", "later", "move", "drop", "keep", "split", "merge", "join", "undo"]
    page: Key | Literal[""] = ""
    to: Annotated[str, Field(max_length=16)] = ""


@operation("POST", "/batches/{batch}/pages", "Put the pages of a batch right", body=ChangePage, problems=(409,))
def change_batch_page(house: House, actor: Actor, batch: str, given: ChangePage) -> dict[str, Any]:
    """Change the documents of an open batch and return it."""
    flow.change_pages(house, actor, batch, given.version, given.action, given.page, given.to)
    return batch_as_json(flow.get_batch(house, actor, batch))


@operation(
    "POST",
    "/batches/{batch}/arrangement",
    "Open the single files of a batch for changes of their pages",
    problems=(409,),
)
def arrange_batch(house: House, actor: Actor, batch: str) -> dict[str, Any]:
    """Make the files' pages pages of the batch and return it."""
    arrange(house, actor, batch)
    return batch_as_json(flow.get_batch(house, actor, batch))


@operation(
    "POST",
    "/documents/{document_id}/arrangement",
    "Open a document for changes of its pages",
    problems=(409,),
)
def arrange_document(house: House, actor: Actor, document_id: str) -> dict[str, Any]:
    """Make its pages pages of its batch, of one of its own where it came in none, and return that."""
    return batch_as_json(flow.get_batch(house, actor, arrange_alone(house, actor, document_id)))


@operation("GET", "/batches/{batch}/pages/{page}", "A small picture of a page of a batch", answer="image/jpeg")
def show_batch_page(house: House, actor: Actor, batch: str, page: str) -> Response:
    """Return the picture."""
    return Response(flow.page_picture(house, actor, batch, page), content_type="image/jpeg")


class Rescan(Input):
    """Beside the part `file` of the form: which page it stands for."""

    version: int
    page: Key


@operation(
    "POST", "/batches/{batch}/rescans", "Put a new scan in the place of a page", body=Rescan, multipart=True,
    problems=(409, 413),
)  # fmt: skip
def rescan_page(house: House, actor: Actor, batch: str, given: Rescan) -> dict[str, Any]:
    """Take the new scan and return the batch."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise BadInput("file: send the new scan as the form's part named file", {"file": "is missing"})
    rescan(house, actor, batch, given.version, given.page, cast("Any", file.stream), file.filename)
    return batch_as_json(flow.get_batch(house, actor, batch))


class Pass(Input):
    """Which stack of the batch, by its number there; needed where several wait, and for one that was given up."""

    stack: Annotated[int, Field(ge=1)] | None = None


@operation(
    "POST",
    "/batches/{batch}/one-sided",
    "Cut a first pass that waits for its backs as single sides: no back comes",
    body=Pass,
    problems=(409,),
)
def take_as_one_sided(house: House, actor: Actor, batch: str, given: Pass) -> dict[str, Any]:
    """Make documents of the pass and return the batch."""
    flow.take_as_one_sided(house, actor, batch, given.stack)
    return batch_as_json(flow.get_batch(house, actor, batch))


@operation(
    "POST",
    "/batches/{batch}/give-up",
    "Give up a first pass that waits for its backs: its paper is scanned again",
    body=Pass,
    problems=(409,),
)
def give_up_pass(house: House, actor: Actor, batch: str, given: Pass) -> dict[str, Any]:
    """Let the pass count for nothing and return the batch."""
    flow.give_up_pass(house, actor, batch, given.stack)
    return batch_as_json(flow.get_batch(house, actor, batch))


class Release(Input):
    """reason: why an account that does not balance is released all the same, by someone else than the operator.

    And what the pages are that could not be looked at (`measured` is unseen), and where the paper of a stack that was given up
    was scanned again, where there are any; and why pages are not there that are missing by the printed numbers (`lacking`).
    """

    reason: Annotated[str, Field(max_length=flow.MAX_REASON)] = ""


@operation("POST", "/batches/{batch}/release", "Release a batch", body=Release, problems=(409,))
def release_batch(house: House, actor: Actor, batch: str, given: Release) -> dict[str, Any]:
    """Release the batch and return it."""
    flow.release(house, actor, batch, reason=given.reason)
    return batch_as_json(flow.get_batch(house, actor, batch))


@operation(
    "GET", "/batches/{batch}/filing", "Into which files the separator sheets of a released batch send its documents",
    problems=(409,),
)  # fmt: skip
def show_filing(house: House, actor: Actor, batch: str) -> dict[str, Any]:
    """Return document by document where it would go, where it lies, or why it cannot be filed."""
    return {"batch": batch, **placings_as_json(sheet_filing.placings(house, actor, batch))}


class FileBySheets(Input):
    """shown: the case file each document was shown to go into, by the document's id; no other is filed. Left out: all that can be."""

    shown: Annotated[dict[Name, Name], Field(max_length=10_000)] | None = None


@operation(
    "POST", "/batches/{batch}/filing", "File the documents of a released batch as its separator sheets say",
    body=FileBySheets, problems=(409,),
)  # fmt: skip
def file_by_sheets(house: House, actor: Actor, batch: str, given: FileBySheets) -> dict[str, Any]:
    """File what can be filed; return how many documents were, and how all stand now."""
    filed, found = sheet_filing.file_by_sheets(house, actor, batch, given.shown)
    return {"batch": batch, "filed": filed, **placings_as_json(found)}


class Separators(Input):
    """What the sheets say. starts: a document, or a file whose contract and customer hold for the documents after it."""

    starts: Literal["document", "file"] = "document"
    contract: Annotated[str, Field(max_length=64)] = ""
    customer: Annotated[str, Field(max_length=40)] = ""
    category: Annotated[str, Field(max_length=8)] = ""
    copies: Annotated[int, Field(ge=1, le=MAX_COPIES)] = 1


@separators("GET", "/separators", "Separator sheets to print (PDF)", query=Separators, answer="application/pdf")
def print_separators(house: House, actor: Actor, given: Separators) -> Response:
    """Return A4 sheets with a square code, a bar code and words."""
    from intake.batches.sheets import Sheet, as_pdf

    values = given.model_dump()
    copies = values.pop("copies")
    wanted = separator_for(house, actor, **values)
    said = wanted.separator
    lines = [
        f"合同 Contract: {said.contract} {wanted.contract_title}" if said.contract else "",
        f"客户 Customer: {said.customer} {wanted.customer_name}" if said.customer else "",
        f"类目 Category: {said.category}" if said.category else "",
    ]
    heading = "分隔页 · 新案卷 NEW FILE" if said.starts == "file" else "分隔页 · 新文件 NEW DOCUMENT"
    foot = "放在一份文件的前面；本页不入档。Put before a document; this sheet is not archived."
    sheet = Sheet(said, heading, tuple(line for line in lines if line), foot)
    answer = Response(as_pdf([sheet] * copies), content_type="application/pdf")
    answer.headers["Content-Disposition"] = "inline; filename=separators.pdf"
    return answer


def take_stack(house: House, actor: Actor, file: FileStorage, given: Any) -> Response:
    """Take a stack in; 201 with its documents, 202 when a large one is cut by the worker, 200 when it was here before."""
    got = receive_stack(
        house,
        actor,
        cast("Any", file.stream),
        file.filename or "",
        batch=given.batch,
        channel="api",
        department_id=given.department_id,
        how=How(given.sheets, given.sides or 0, given.order, drop_blanks=not given.keep_blanks, device=given.device),
        most=AT_ONCE,
    )
    answer = jsonify(
        {
            "batch": got.batch,
            "status": "duplicate" if got.duplicate else "received",
            "done": got.done,
            "sha256": got.sha256,
            "pages": got.pages,
            "documents": [
                {
                    "document_id": made.document_id,
                    "status": "duplicate" if made.duplicate else "received",
                    "pages": made.pages,
                    "category": made.category or None,
                    "contract": made.contract or None,
                    "customer": made.customer or None,
                }
                for made in got.documents
            ],
        }
    )
    answer.status_code = 200 if got.duplicate else 201 if got.done else 202
    answer.headers["Location"] = f"/api/v1/batches/{got.batch}"
    return answer
