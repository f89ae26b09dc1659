"""The paper of a case file: where it stands, what lies in it, the sheets printed for it."""

from typing import Annotated, Any, Literal

from flask import Response
from pydantic import Field
from werkzeug.http import dump_options_header

from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow.archive import paper_file
from service.flow.archive.case_prints import sheet_of
from service.flow.common.guard import note
from service.house import House
from service.reports.case_sheets import DRAWN

operation = Operations("files")

Where = Annotated[str, Field(max_length=60)]


@operation("GET", "/files/{file_id}/paper", "Where the paper stands, what lies in it, former numbers")
def show_paper(house: House, actor: Actor, file_id: str) -> dict[str, Any]:
    """Return what is known of a file on paper."""
    found = paper_file.paper_file(house, actor, file_id)
    note(house, actor, "file.view", f"file:{file_id}")
    place = found.place
    return {
        "place": {name: getattr(place, name) for name in paper_file.PLACE} if place else None,
        "papers": {code: {"originals": o, "copies": c} for code, (o, c) in sorted(found.counts.items())},
        "former_numbers": [{"kind": kind, "number": number} for kind, number in found.former],
    }


class Place(Input):
    """Room, shelf and box."""

    room: Where
    shelf: Where
    box: Where


@operation("PUT", "/files/{file_id}/place", "Say where the paper stands", body=Place, status=204, problems=(409,))
def set_place(house: House, actor: Actor, file_id: str, given: Place) -> None:
    """Set the place of a file's paper."""
    paper_file.set_place(house, actor, file_id, given.room, given.shelf, given.box)


class Papers(Input):
    """How many originals and copies."""

    originals: int
    copies: int


@operation(
    "PUT",
    "/files/{file_id}/papers/{category}",
    "Count the paper of a category",
    body=Papers,
    status=204,
    problems=(409,),
)
def count_papers(house: House, actor: Actor, file_id: str, category: str, given: Papers) -> None:
    """Set how many originals and copies of a category lie in the file."""
    paper_file.count_papers(house, actor, file_id, category, given.originals, given.copies)


class Sheet(Input):
    """Which sheet."""

    sheet: Literal["catalogue", "note", "labels"]


@operation("GET", "/files/{file_id}/sheet", "A sheet of the file as PDF", query=Sheet, answer="application/pdf")
def print_file_sheet(house: House, actor: Actor, file_id: str, given: Sheet) -> Response:
    """Send the catalogue, the note at the end, or the labels; the print is noted."""
    pdf = DRAWN[given.sheet](*sheet_of(house, actor, file_id, given.sheet))
    answer = Response(pdf, content_type="application/pdf")
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": f"{given.sheet}.pdf"})
    return answer
