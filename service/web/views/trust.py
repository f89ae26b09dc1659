"""Whether the trail can be trusted: the audit log."""

from collections.abc import Iterable, Sequence

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from service.errors import BadInput, NotFound
from service.flow.trust import trail, trail_export
from service.flow.trust.checkpoints import latest as latest_checkpoint
from service.flow.trust.fixity import last as last_fixity
from service.records.checkpoints import TrailReport
from service.records.signing import fingerprint
from service.records.tables import AuditEntry
from service.web.context import actor, house, offset_of, refused
from service.web.download import download
from service.web.site import web
from service.web.text import gettext

LOG_PAGE = 100


_ASKED = {"actor_name": "actor", "action": "action", "subject": "subject", "day_from": "from", "day_until": "until"}


def _only() -> trail.TrailFilter:
    return trail.TrailFilter(**{name: request.args.get(given, "").strip() for name, given in _ASKED.items()})


def _log(report: TrailReport | None = None) -> ResponseReturnValue:
    def page(total: int = 0, entries: Sequence[AuditEntry] = ()) -> str:
        checkpoint, public = latest_checkpoint(house())
        return render_template(
            "audit.html",
            total=total,
            entries=entries,
            size=LOG_PAGE,
            report=report,
            asked={name: value for name, value in request.args.items() if name in _ASKED.values()},
            checkpoint=checkpoint,
            fingerprint=fingerprint(public) if public else "",
            fixity=last_fixity(house()),
        )

    try:
        return page(*trail.list_entries(house(), actor(), _only(), limit=LOG_PAGE, offset=offset_of(LOG_PAGE)))
    except BadInput as error:
        return refused(error, page)


@web.get("/audit")
def audit_log() -> ResponseReturnValue:
    """Show the trail, filtered by the address."""
    return _log()


@web.post("/audit")
def verify_audit() -> ResponseReturnValue:
    """Verify the whole trail and say what was found."""
    return _log(trail.verify(house(), actor()))


@web.get("/audit/export.<form>")
def export_audit(form: str) -> ResponseReturnValue:
    """Send the entries that fit as CSV or JSON lines, oldest first."""
    if form not in ("csv", "jsonl"):
        raise NotFound(f"there is no export as {form}")
    entries = trail.export_entries(house(), actor(), form, _only())
    if form == "csv":
        heads = ("序号", "时间", "谁", "做了什么", "对什么", "详情", "摘要")
        return download(
            gettext("审计日志"), [gettext(head) for head in heads], [trail.as_cells(e) for e in entries], form
        )
    return _file(trail.as_lines(entries), f"{gettext('审计日志')}-{house().clock.today():%Y%m%d}.jsonl")


@web.get("/audit/trail.jsonl")
def export_trail() -> ResponseReturnValue:
    """Send the whole trail with its signed checkpoints, to be verified elsewhere."""
    lines = trail_export.export(house(), actor())
    return _file(lines, f"{gettext('审计日志')}-{house().clock.today():%Y%m%d}-full.jsonl")


def _file(content: Iterable[bytes] | str, name: str) -> Response:
    answer = Response(content, content_type="application/x-ndjson")
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": name})
    return answer
