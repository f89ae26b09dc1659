"""The audit trail: read, filtered, exported, verified; and a document with its evidence."""

from typing import Annotated, Any, Literal

from flask import Response, current_app
from pydantic import Field

from service.access.policy import Actor
from service.api.archive import Day, Paging, sheet
from service.api.operations import Input, Operations
from service.flow.archive.packages import export_package
from service.flow.trust import trail
from service.flow.trust.evidence import evidence, evidence_of_file
from service.flow.trust.trail_export import export
from service.house import House
from service.partial import packed

audit = Operations("audit")
documents = Operations("documents")

Name = Annotated[str, Field(max_length=80)]
Subject = Annotated[str, Field(max_length=120)]
NDJSON = "application/x-ndjson"


class ListAudit(Paging):
    """Which entries. action: its beginning; day_from, day_until: days in China, YYYY-MM-DD, both included."""

    actor_name: Name = ""
    action: Annotated[str, Field(max_length=40)] = ""
    subject: Subject = ""
    day_from: Day = ""
    day_until: Day = ""

    def only(self) -> trail.TrailFilter:
        """Return the filter."""
        return trail.TrailFilter(self.actor_name, self.action, self.subject, self.day_from, self.day_until)


@audit("GET", "/audit", "The audit trail, newest first", query=ListAudit)
def list_audit(house: House, actor: Actor, given: ListAudit) -> dict[str, Any]:
    """Return one page of the trail."""
    total, entries = trail.list_entries(house, actor, given.only(), limit=given.limit, offset=given.offset)
    return {"total": total, "entries": [trail.as_json(entry) for entry in entries]}


class ExportAudit(Input):
    """Which entries, and how: csv or jsonl."""

    form: Literal["csv", "jsonl"] = "csv"
    actor_name: Name = ""
    action: Annotated[str, Field(max_length=40)] = ""
    subject: Subject = ""
    day_from: Day = ""
    day_until: Day = ""


@audit("GET", "/audit/export", "Entries as CSV or JSON lines", query=ExportAudit, answer="application/octet-stream")
def export_audit(house: House, actor: Actor, given: ExportAudit) -> Response:
    """Send the entries that fit, oldest first; the export is noted."""
    only = trail.TrailFilter(**given.model_dump(exclude={"form"}))
    entries = trail.export_entries(house, actor, given.form, only)
    if given.form == "csv":
        return sheet("audit", trail.COLUMNS, [trail.as_cells(entry) for entry in entries], "csv")
    return _file(trail.as_lines(entries), "audit.jsonl", NDJSON)


@audit("GET", "/audit/trail", "The whole trail with its signed checkpoints, to be verified elsewhere", answer=NDJSON)
def export_trail(house: House, actor: Actor) -> Response:
    """Send the whole trail as `tools/verify_audit.py` reads it."""
    return _file(export(house, actor), "audit-trail.jsonl", NDJSON)


@audit("GET", "/audit/checkpoints", "The signed checkpoints, newest first")
def list_checkpoints(house: House, actor: Actor) -> dict[str, Any]:
    """Return the checkpoints with what was signed."""
    found = trail.list_checkpoints(house, actor)
    return {
        "checkpoints": [
            {"number": c.number, "statement": c.statement, "signature": c.signature, "public_key": c.public}
            | {"stored": c.stored_at is not None, "stamp": c.stamp or None}
            for c in found
        ]
    }


@audit("POST", "/audit/verification", "Verify the whole trail")
def verify_audit(house: House, actor: Actor) -> dict[str, Any]:
    """Walk the chain and compare it with its checkpoints, also those in the object store."""
    return vars(trail.verify(house, actor))


@documents(
    "GET",
    "/documents/{document_id}/evidence",
    "A document with its history and proofs, for a court",
    answer="application/zip",
    problems=(409,),
)
def document_evidence(house: House, actor: Actor, document_id: str) -> Response:
    """Send the evidence package."""
    words = current_app.extensions.get("juanzong.words", str)
    return packed(house, lambda file: evidence(house, actor, document_id, file, words), f"evidence-{document_id}.zip")


@documents(
    "GET",
    "/files/{file_id}/evidence",
    "The evidence packages of all documents of a case file, in one zip",
    answer="application/zip",
    problems=(409,),
)
def file_evidence(house: House, actor: Actor, file_id: str) -> Response:
    """Send the package of every document of the file."""
    words = current_app.extensions.get("juanzong.words", str)
    return packed(house, lambda file: evidence_of_file(house, actor, file_id, file, words), f"evidence-{file_id}.zip")


@documents(
    "GET",
    "/files/{file_id}/package",
    "A case file as a signed BagIt package (RFC 8493)",
    answer="application/zip",
    problems=(409,),
)
def file_package(house: House, actor: Actor, file_id: str) -> Response:
    """Send the package; `juanzong package import` takes it into another archive."""
    return packed(house, lambda file: export_package(house, actor, file_id, file), f"package-{file_id}.zip")


def _file(content: Any, name: str, kind: str) -> Response:
    answer = Response(content, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


GROUPS = (audit, documents)
