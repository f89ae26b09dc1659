"""Incidents with files, statistics of use, and the out card (RULES B6)."""

from typing import Annotated, Any, Literal

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from service.access.policy import Actor
from service.api.archive import Day, Id, Paging
from service.api.operations import Input, Operations
from service.flow.archive import incidents, loan_statistics
from service.house import House

operation = Operations("access-requests")

Text = Annotated[str, Field(min_length=1, max_length=2000)]


class ListIncidents(Paging):
    """open_only: leave out what is closed."""

    open_only: bool = False


@operation("GET", "/incidents", "Incidents with files, open ones first", query=ListIncidents)
def list_incidents(house: House, actor: Actor, given: ListIncidents) -> dict[str, Any]:
    """Return one page of incidents."""
    total, found = incidents.incidents(house, actor, open_only=given.open_only, limit=given.limit, offset=given.offset)
    return {"total": total, "incidents": [incidents.as_json(row, file) for row, file in found]}


@operation("GET", "/incidents/{incident_id}", "One incident")
def show_incident(house: House, actor: Actor, incident_id: str) -> dict[str, Any]:
    """Return an incident with the persons responsible, findings, measures and outcome."""
    return incidents.as_json(*incidents.incident(house, actor, incident_id))


class ReportIncident(Input):
    """What happened with a file; request_id: the loan it happened in."""

    kind: Literal["lost", "damaged", "overdue", "leaked"]
    happened_on: Day
    description: Text
    request_id: Id = ""


@operation("POST", "/files/{file_id}/incidents", "Report an incident", body=ReportIncident, status=201, problems=(409,))
def report_incident(house: House, actor: Actor, file_id: str, given: ReportIncident) -> dict[str, Any]:
    """Report that a file was lost, damaged, not returned, or a secret leaked."""
    row = incidents.report(house, actor, file_id, given.kind, given.happened_on, given.description, given.request_id)
    return {"id": row.id, "number": row.number}


class Responsible(BaseModel):
    """A person and the part they had."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=120)]
    part: Annotated[str, Field(min_length=1, max_length=200)]


class Examine(Input):
    """Who is responsible, what was found, what is done about it."""

    responsible: Annotated[list[Responsible], Field(min_length=1, max_length=20)]
    findings: Text
    measures: Text


@operation(
    "POST", "/incidents/{incident_id}/examination", "Record the findings", body=Examine, status=204, problems=(409,)
)
def examine_incident(house: House, actor: Actor, incident_id: str, given: Examine) -> None:
    """Record persons responsible, findings and measures."""
    people = [(one.name, one.part) for one in given.responsible]
    incidents.examine(house, actor, incident_id, people, given.findings, given.measures)


class Close(Input):
    """What came of it."""

    outcome: Text


@operation("POST", "/incidents/{incident_id}/closing", "Close an incident", body=Close, status=204, problems=(409,))
def close_incident(house: House, actor: Actor, incident_id: str, given: Close) -> None:
    """Close it, as another person than who examined it."""
    incidents.close(house, actor, incident_id, given.outcome)


class AskUse(Input):
    """Between which days of asking; this year where none are given."""

    first: Day = ""
    last: Day = ""


@operation("GET", "/access-requests/statistics", "How files are used", query=AskUse)
def show_use(house: House, actor: Actor, given: AskUse) -> dict[str, Any]:
    """Return the figures by department, reader and file."""
    return loan_statistics.use_as_json(loan_statistics.use(house, actor, given.first, given.last))


@operation(
    "GET",
    "/access-requests/{request_id}/out-card",
    "The card on the shelf in the place of what is lent",
    answer="application/pdf",
    problems=(409,),
)
def print_out_card(house: House, actor: Actor, request_id: str) -> Response:
    """Send the out card (代卷卡) as a PDF."""
    from service.reports.case_sheets import out_card

    card = loan_statistics.out_card(house, actor, request_id)
    return Response(out_card(card), content_type="application/pdf")
