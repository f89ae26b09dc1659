"""Checking what was read: what waits for a person, who has it, what they say of its values, and how good the reading was."""

from datetime import date
from typing import Annotated, Any, Literal

from flask import Response
from pydantic import Field
from werkzeug.http import dump_options_header

from intake.typed import MAX_VALUE
from service.access.policy import Actor
from service.api.documents import Limit, Offset, short
from service.api.operations import Input, Operations
from service.errors import BadInput
from service.flow.common import values
from service.flow.intake import checking, desk, extraction
from service.flow.intake.documents import letters_of, told
from service.house import House
from service.reports.sheets import FORMATS, Table, write

operation = Operations("documents")
queue = Operations("review-queue")
reports = Operations("reports")

Name = Annotated[str, Field(max_length=40)]
Value = Annotated[str, Field(max_length=MAX_VALUE)]


class Waiting(Input):
    """reason: look, disputed, second, unconfirmed, all, or a code of review_reasons. category: none for those without."""

    reason: Annotated[str, Field(max_length=32)] = "look"
    category: Annotated[str, Field(max_length=8)] = ""
    batch: Annotated[str, Field(max_length=36)] = ""

    def want(self) -> desk.Want:
        """Return what the queue is asked for."""
        return desk.Want(self.reason, self.category, self.batch)


class ListWaiting(Waiting):
    """One page of what waits."""

    limit: Limit = 50
    offset: Offset = 0


class TakeNext(Waiting):
    """after: the document one is done with, which is given free."""

    after: Annotated[str, Field(max_length=36)] | None = None


@queue("GET", "/review-queue", "List what waits for this person, the oldest first", query=ListWaiting)
def list_review_queue(house: House, actor: Actor, given: ListWaiting) -> dict[str, Any]:
    """Return one page of the documents that wait, with who has which before them, and who brought it or with which letter it came."""
    total, rows = desk.list_waiting(house, actor, given.want(), limit=given.limit, offset=given.offset)
    letters = letters_of(house, [document for document, _holder in rows])
    documents = [
        {
            **short(document),
            "held_by": holder.name if holder else None,
            "received_by": document.received_by,
            "channel": document.channel,
            "letter": dict(zip(("from", "subject"), letters[document.id], strict=True))
            if document.id in letters
            else None,
        }
        for document, holder in rows
    ]
    return {"total": total, "documents": documents}


@queue("POST", "/review-queue/next", "Take the next document that nobody else has", body=TakeNext)
def take_next_document(house: House, actor: Actor, given: TakeNext) -> dict[str, Any]:
    """Return the id of the document that is now before this person, null when none waits."""
    return {"document_id": desk.take_next(house, actor, given.want(), given.after)}


@operation("PUT", "/documents/{document_id}/desk", "Take a document before oneself, or go on with it")
def take_document(house: House, actor: Actor, document_id: str) -> dict[str, Any]:
    """Return who has the document: the caller, or whoever was first."""
    holder = desk.sit_down(house, actor, document_id)
    return {"held_by": holder.name, "until": holder.until.isoformat(), "mine": holder.mine}


@operation("DELETE", "/documents/{document_id}/desk", "Give a document free again", status=204)
def free_document(house: House, actor: Actor, document_id: str) -> None:
    """Give the document free if it was the caller's."""
    desk.get_up(house, actor, document_id)


class Typed(Input):
    """A value in place of the one `seen`, and where it stands: page from 1, box in pixels of the page image.

    Without a box it is looked for on the pages, and takes the place where it stands if that is one.
    not_here: the paper has no such value; none is given then.
    """

    value: Value = ""
    not_here: bool = False
    seen: Value | None = None
    page: Annotated[int, Field(ge=1, le=100_000)] | None = None
    box: tuple[int, int, int, int] | None = None
    as_printed: bool = False


class Check(Input):
    """What a person says. values: what they typed; confirm: the value they saw, by field; decide: which of two values.

    finish: they have gone through the values; what is named in confirm and may be confirmed is, reasons about values are settled.
    dismiss: reasons to look at the pages (rescan, unread, pages_missing, attachment_refused, reading_failed) that they settled.
    as_printed: fields that finishing confirms though a check digit fails, sums differ or the like; without it they wait (`held_back`
    of the answer says which, and what speaks against each), and so does the document, as it does for a value that is not in confirm.
    """

    values: dict[Name, Typed] = Field(default_factory=dict)
    confirm: dict[Name, Value] = Field(default_factory=dict)
    decide: dict[Name, Value] = Field(default_factory=dict)
    category: Annotated[str, Field(max_length=8)] | None = None
    finish: bool = False
    dismiss: list[Annotated[str, Field(max_length=400)]] = Field(default_factory=list)
    as_printed: list[Name] = Field(default_factory=list)


@operation("POST", "/documents/{document_id}/check", "Say what of its values is right", body=Check, problems=(409,))
def check_document(house: House, actor: Actor, document_id: str, given: Check) -> dict[str, Any]:
    """Keep all that is said or, when one thing is refused, nothing; `errors` then says why, by field.

    held_back: by field what finishing did not confirm and why, as in the confirmation.
    """
    entries = [
        values.Entry(
            name,
            typed.value,
            typed.seen,
            _place(name, typed),
            as_printed=typed.as_printed,
            not_here=typed.not_here,
        )
        for name, typed in given.values.items()
    ]
    said = checking.Given(
        entries, given.confirm, given.decide, given.category, given.finish, given.dismiss, given.as_printed
    )
    left = checking.save(house, actor, document_id, said)
    return told(house, actor, document_id) | {"held_back": dict(left.values)}


def _place(name: str, typed: Typed) -> values.Place | None:
    if typed.page is None or typed.box is None:
        return None
    x0, y0, x1, y1 = typed.box
    if not (0 <= x0 < x1 <= 100_000 and 0 <= y0 < y1 <= 100_000):
        raise BadInput(f"{name}: box is no place on a page", {name: "box is no place on a page"})
    return values.Place(typed.page, typed.box)


@operation("POST", "/documents/{document_id}/undo", "Take one's last check back", problems=(409,))
def undo_check(house: House, actor: Actor, document_id: str) -> dict[str, Any]:
    """Undo what the caller last said of the document, as long as nothing has changed since."""
    checking.undo(house, actor, document_id)
    return told(house, actor, document_id)


class Extraction(Input):
    """since: only documents that came in on this day or later. table: which one is sent as csv or xlsx; json has all."""

    since: date | None = None
    form: Literal["json", "csv", "xlsx"] = "json"
    table: Literal["fields", "categories"] = "fields"


@reports("GET", "/reports/extraction", "How often what was read was right", query=Extraction)
def extraction_report(house: House, actor: Actor, given: Extraction) -> Any:
    """Return the counts by category and field, and how far confidence can be believed."""
    found = extraction.report(house, actor, given.since)
    if given.form == "json":
        return extraction.as_json(found)
    if given.table == "categories":
        table = Table("extraction-categories", extraction.CATEGORY_COLUMNS, list(extraction.category_cells(found)))
    else:
        table = Table("extraction", extraction.COLUMNS, list(extraction.as_cells(found)))
    answer = Response(write(table, given.form), content_type=FORMATS[given.form])
    answer.headers["Content-Disposition"] = dump_options_header(
        "attachment", {"filename": f"{table.title}.{given.form}"}
    )
    return answer


GROUPS = (operation, queue, reports)
