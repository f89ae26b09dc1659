"""Documents and search."""

from dataclasses import asdict
from typing import Annotated, Any, Literal, cast

from flask import Response, request
from pydantic import Field

from intake.errors import Rejected
from intake.typed import MAX_VALUE
from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.errors import BadInput
from service.flow.archive.filing import file_document, unfile_document
from service.flow.common.hints import said_before
from service.flow.intake import documents as flow
from service.flow.intake.copies import preserve_again
from service.flow.intake.page_quality import of_document
from service.flow.intake.process import read_again
from service.flow.intake.receive import receive
from service.flow.intake.render import page_text
from service.flow.search.find import FACETS, MAX_LIMIT, find
from service.flow.search.find_export import FOUND_COLUMNS, export_found
from service.flow.search.hits import hits_in
from service.flow.search.related import related_to
from service.flow.search.suggest import MOST, suggest
from service.house import House
from service.partial import rendition
from service.records.tables import Document
from service.reports.sheets import FORMATS, Table, write

operation = Operations("documents")
search_operation = Operations("search")

Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]
Sort = Literal["relevance", "newest_received", "oldest_received", "newest_signed", "oldest_signed", "number"]
Offset = Annotated[int, Field(ge=0, le=1_000_000)]


class Upload(Input):
    """Beside the part `file` of the form. split: the file is a stack, cut at separator sheets; the rest says how it was scanned."""

    batch: Annotated[str, Field(max_length=36)] = ""
    department_id: Annotated[str, Field(max_length=36)] | None = None
    split: bool = False
    sheets: Annotated[int, Field(ge=1, le=100_000)] | None = None
    sides: Annotated[int, Field(ge=1, le=2)] | None = None
    order: Literal["as_scanned", "two_pass", "fronts", "backs"] = "as_scanned"
    keep_blanks: bool = False
    device: Annotated[str, Field(max_length=120)] = ""


@operation("POST", "/documents", "Take a document in", body=Upload, multipart=True, status=201, problems=(413,))
def create_document(house: House, actor: Actor, given: Upload) -> Any:
    """Receive one file; 201 with the id when it is durable, 200 with the first id when the bytes were here before."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise BadInput("file: send the document as the form's part named file", {"file": "is missing"})
    if given.split:
        from service.api.batches import take_stack

        try:
            return take_stack(house, actor, file, given)
        except Rejected as error:
            if error.code != "no_stack":
                raise
            file.stream.seek(0)  # a picture or a message is no stack: it is one document, as from every other channel
    received = receive(
        house,
        actor,
        cast("Any", file.stream),
        file.filename,
        channel="api",
        batch=given.batch,
        department_id=given.department_id,
    )
    body = {
        "document_id": received.document_id,
        "status": "duplicate" if received.duplicate else "received",
        "sha256": received.inspection.sha256,
        "pages": received.inspection.pages,
    }
    from flask import jsonify

    answer = jsonify(body)
    answer.status_code = 200 if received.duplicate else 201
    answer.headers["Location"] = f"/api/v1/documents/{received.document_id}"
    return answer


class ListDocuments(Input):
    """Which documents to list."""

    status: Annotated[str, Field(max_length=16)] | None = None
    batch: Annotated[str, Field(max_length=36)] | None = None
    case_file_id: Annotated[str, Field(max_length=36)] | None = None
    limit: Limit = 50
    offset: Offset = 0


@operation("GET", "/documents", "List documents, newest first", query=ListDocuments)
def list_documents(house: House, actor: Actor, given: ListDocuments) -> dict[str, Any]:
    """Return one page of the documents the caller may read."""
    total, found = flow.list_documents(house, actor, **given.model_dump())
    return {"total": total, "documents": [short(document) for document in found]}


def short(document: Document) -> dict[str, Any]:
    """Return what a list says of a document."""
    return {
        "document_id": document.id,
        "title": document.title or document.filename,
        "category": document.category or None,
        "status": document.status,
        "pages": document.pages,
        "pages_read": document.pages_read,
        "received_at": document.received_at.isoformat(),
        "case_file_id": document.case_file_id,
        "review_reasons": document.review_reasons,
        "verification": document.verification or None,
    }


@operation("GET", "/documents/{document_id}", "Show a document with what was read from it")
def show_document(house: House, actor: Actor, document_id: str) -> dict[str, Any]:
    """Return the document, its fields and how good its scanned pages are."""
    told = flow.told(house, actor, document_id)  # first: of what they may not see nothing else is asked
    said = {"separator": said_before(house, document_id) or None}
    return told | {"quality": of_document(house, document_id)} | said


class FindHits(Input):
    """What to look for; page: whose places are wanted with their boxes, otherwise the page of place number hit."""

    q: Annotated[str, Field(min_length=1, max_length=1000)]
    hit: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    page: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    near: bool = False


@operation(
    "GET", "/documents/{document_id}/hits", "Find the places of a query in a document", query=FindHits, problems=(400,)
)
def find_hits(house: House, actor: Actor, document_id: str, given: FindHits) -> dict[str, Any]:
    """Return the places around the chosen one, and the boxes of those on its page, in pixels of the page image."""
    found = hits_in(house, actor, document_id, given.q, hit=given.hit, page=given.page, near=given.near, noted=True)
    return {
        "total": found.total,
        "page": found.page,
        "hit": found.on or None,
        "hits": [
            {"hit": p.number, "page": p.page, "approximate": p.near, "snippet": p.excerpt, "marks": p.marks}
            for p in found.listed
        ],
        "on_page": [{"hit": p.number, "approximate": p.near, "boxes": p.boxes} for p in found.lighted],
    }


@operation("GET", "/documents/{document_id}/related", "List the documents related to one")
def list_related(house: House, actor: Actor, document_id: str) -> dict[str, Any]:
    """Return the same paper scanned again, documents that name the same number, and those of the same file and customer."""
    return {
        "related": [
            short(found.document)
            | {
                "reasons": [
                    {"kind": reason.kind, "value": reason.value, "zh": reason.zh, "en": reason.en}
                    for reason in found.reasons
                ]
            }
            for found in related_to(house, actor, document_id)
        ]
    }


class Change(Input):
    """What to change; only what is given changes. tier and original need a reason."""

    category: Annotated[str, Field(max_length=8)] | None = None
    tier: Annotated[str, Field(max_length=16)] | None = None
    original: bool | None = None
    reason: Annotated[str, Field(max_length=500)] = ""
    department_id: Annotated[str, Field(max_length=36)] | None = None
    fields: dict[str, Annotated[str, Field(max_length=MAX_VALUE)]] = Field(default_factory=dict)
    as_printed: list[Annotated[str, Field(max_length=40)]] = Field(default_factory=list)


@operation("PATCH", "/documents/{document_id}", "Correct a document", body=Change, problems=(409,))
def change_document(house: House, actor: Actor, document_id: str, given: Change) -> dict[str, Any]:
    """Correct fields, category, tier, original or copy, department: all that is given or, when one value is refused, nothing."""
    flow.change(house, actor, document_id, **given.model_dump())
    return flow.told(house, actor, document_id)


class Confirm(Input):
    """Which fields are right; none named: all but those that something speaks against (a failed check digit, sums that differ ...).

    By name with the value that was seen: 422 where it is another by now. Without values, what the caller saw last is meant: 409
    where somebody else has changed a value since, or the caller never looked.

    dismiss: reasons to look at the pages that are settled, too; no others go away.
    """

    fields: list[Annotated[str, Field(max_length=40)]] | dict[str, Annotated[str, Field(max_length=MAX_VALUE)]] = Field(
        default_factory=list
    )
    dismiss: list[Annotated[str, Field(max_length=400)]] = Field(default_factory=list)


@operation("POST", "/documents/{document_id}/confirmation", "Confirm what was read", body=Confirm, problems=(409,))
def confirm_document(house: House, actor: Actor, document_id: str, given: Confirm) -> dict[str, Any]:
    """Confirm values (dual verification). held_back: what was not confirmed along with all others, as only naming confirms it.

    By field: check_digit_failed, amount_mismatch (the capitals beside it), term_mismatch, birth_mismatch, seal_mismatch,
    seal_completed (not all of the seal was read), unseen (somebody added it after the caller looked).
    """
    held = dict[str, str]()
    if isinstance(given.fields, dict) and given.fields:
        flow.confirm(house, actor, document_id, given.fields, given.dismiss)
    else:
        seen = flow.last_seen(house, actor, document_id)
        if given.fields:
            flow.confirm(house, actor, document_id, {name: seen.get(name) for name in given.fields}, given.dismiss)
        else:
            held = flow.confirm_all(house, actor, document_id, given.dismiss, seen)
    return flow.told(house, actor, document_id) | {"held_back": held}


@operation("POST", "/documents/{document_id}/reading", "Read a failed document again", status=204, problems=(409,))
def read_document_again(house: House, actor: Actor, document_id: str) -> None:
    """Let a document whose reading failed be read once more."""
    read_again(house, actor, document_id)


@operation(
    "POST", "/documents/{document_id}/preservation", "Make a PDF/A copy again that was given up", status=204,
    problems=(409,),
)  # fmt: skip
def preserve_document_again(house: House, actor: Actor, document_id: str) -> None:
    """Let a preservation copy that was given up be made once more, in the background."""
    preserve_again(house, actor, document_id)


class Filing(Input):
    """Where a document belongs. original: whether the paper is the original; left out, what is known stays."""

    case_file_id: Annotated[str, Field(max_length=36)]
    category: Annotated[str, Field(max_length=8)] | None = None
    original: bool | None = None


@operation("PUT", "/documents/{document_id}/file", "Put a document into a case file", body=Filing, problems=(409,))
def put_into_file(house: House, actor: Actor, document_id: str, given: Filing) -> dict[str, Any]:
    """File a document."""
    file_document(house, actor, document_id, given.case_file_id, given.category, original=given.original)
    return flow.told(house, actor, document_id)


@operation("DELETE", "/documents/{document_id}/file", "Take a document out of its file", status=204, problems=(409,))
def take_out_of_file(house: House, actor: Actor, document_id: str) -> None:
    """Unfile a document."""
    unfile_document(house, actor, document_id)


class Page(Input):
    """Which page, from 1; 0 for renditions of the whole document."""

    page: Annotated[int, Field(ge=0, le=100_000)] = 0


@operation(
    "GET",
    "/documents/{document_id}/renditions/{kind}",
    "Download a rendition: original, preservation, page-image, text, copy (a PDF with a watermark)",
    query=Page,
    answer="application/octet-stream",
    problems=(416,),
)
def download(house: House, actor: Actor, document_id: str, kind: str, given: Page) -> Response:
    """Stream a rendition, or the part that the header Range asks for (206), every chunk verified before it is sent."""
    return rendition(house, actor, document_id, kind, given.page, "attachment")


@operation("GET", "/documents/{document_id}/pages/{page}", "Words and boxes of a page")
def show_page(house: House, actor: Actor, document_id: str, page: str) -> dict[str, Any]:
    """Return the lines, words, seals and handwriting of one page; boxes in pixels of its page image."""
    if not page.isdecimal() or len(page) > 6:
        raise BadInput("page: a number from 1", {"page": "a number from 1"})
    text = page_text(house, actor, document_id, int(page))
    lines = [
        {
            "text": line.text,
            "box": list(line.box),
            "confidence": round(line.confidence, 4),
            "words": [
                {
                    "text": w.text,
                    "box": list(w.box),
                    "confidence": round(w.confidence, 4),
                    "handwritten": text.is_handwritten(w.box),
                }
                for w in line.words
            ],
        }
        for line in text.lines
    ]
    return {
        "page": text.number,
        "width": text.width,
        "height": text.height,
        "source": text.source,
        "lines": lines,
        "seals": [{"text": s.text, "box": list(s.box), "confidence": s.confidence} for s in text.seals],
        "handwriting": [list(box) for box in text.handwriting],
    }


class Question(Input):
    """What to find, and in which order."""

    said_elsewhere = frozenset({"q"})

    q: str = ""
    sort: Sort = "relevance"
    category: Annotated[str, Field(max_length=8)] | None = None
    department: Annotated[str, Field(max_length=120)] | None = None
    customer: Annotated[str, Field(max_length=200)] | None = None
    year: Annotated[str, Field(max_length=4)] | None = None
    status: Annotated[str, Field(max_length=16)] | None = None
    tier: Annotated[str, Field(max_length=16)] | None = None
    near: bool = False

    def filters(self) -> dict[str, str]:
        """Return the facets that narrow it."""
        return {name: value for name, value in self.model_dump(include=set(FACETS)).items() if value is not None}


class Search(Question):
    """What to find. q: the query language of the manual. near: near-misses, too, not only where nothing else is found.

    cursor: `next` of the page before, with the same q, sort and filters: pages that begin so have no end and neither repeat nor miss a
    document. By offset the first 100,000 hits are reached; beyond the last hit there is an empty page.
    """

    limit: Limit = 20
    offset: Annotated[int, Field(ge=0, le=10**15)] = 0
    cursor: Annotated[str, Field(max_length=2000)] = ""


class ExportSearch(Question):
    """What to list, as for a search; the whole list goes out, 5,000 documents at most."""

    form: Literal["csv", "xlsx"] = "xlsx"


class Typed(Input):
    """What was typed so far."""

    said_elsewhere = frozenset({"q"})

    q: str = ""
    limit: Annotated[int, Field(ge=1, le=MOST)] = MOST


@search_operation("GET", "/search/suggestions", "What may be meant by what was typed so far", query=Typed)
def suggest_searches(house: House, actor: Actor, given: Typed) -> dict[str, Any]:
    """Return names, numbers and values of documents the caller may read: text, its kind, and the query that finds it."""
    return {"suggestions": [asdict(one) for one in suggest(house, actor, given.q, limit=given.limit)]}


@search_operation(
    "GET",
    "/search/export",
    "The list of what was found as a spreadsheet",
    query=ExportSearch,
    answer="application/octet-stream",
    problems=(400,),
)
def export_search(house: House, actor: Actor, given: ExportSearch) -> Response:
    """Send what is found, with the names and codes of this API; the export is noted."""
    rows = export_found(house, actor, given.q, given.form, filters=given.filters(), near=given.near, order=given.sort)
    answer = Response(write(Table("search", FOUND_COLUMNS, rows), given.form), content_type=FORMATS[given.form])
    answer.headers["Content-Disposition"] = f"attachment; filename=search.{given.form}"
    return answer


@search_operation("GET", "/search", "Find documents by any words on them", query=Search, problems=(400,))
def search(house: House, actor: Actor, given: Search) -> dict[str, Any]:
    """Search; hits carry page, snippet and boxes. next: the cursor of the page behind this one, null where there is none.

    In the order of relevance cursors lead through the first 5,000 hits, in the others through all. A cursor that was changed, or that
    another person or question was given, is refused with 400.
    """
    found = find(
        house,
        actor,
        given.q,
        limit=given.limit,
        offset=given.offset,
        filters=given.filters(),
        near=given.near,
        order=given.sort,
        cursor=given.cursor,
    )
    hits = [
        {
            "document_id": hit.document_id,
            "title": hit.title,
            "category": hit.category,
            "page": hit.page,
            "snippet": hit.snippet,
            "marks": [list(mark) for mark in hit.marks],
            "boxes": [list(box) for box in hit.boxes],
            "customer": hit.customer,
            "department": hit.department,
            "contract_number": hit.contract_number or None,
            "archive_number": hit.archive_number or None,
            "score": round(hit.score, 4),
            "approximate": hit.approximate,
            "pages_matched": hit.pages_matched,
            "verification": hit.verification or None,
        }
        for hit in found.hits
    ]
    return {
        "total": found.total,
        "took_ms": found.took_ms,
        "hits": hits,
        "facets": found.facets,
        "next": found.next or None,
    }
