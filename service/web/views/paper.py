"""What leaves the screen: the forms that go to paper and are signed, and the lists that go into a spreadsheet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from retention.destruction import certificate_intact
from service.clock import CHINA
from service.errors import NotFound
from service.flow.archive import destroy, exports, filing, reviews, transfers
from service.flow.archive.destruction_registers import review_register, whole_register
from service.flow.archive.transfer_lists import signatures, transfer_list
from service.flow.common.guard import require
from service.flow.intake import pages
from service.reports import destruction_register as report
from service.reports.parts import Report
from service.web import words
from service.web.context import actor, house
from service.web.download import demand_form, download
from service.web.filters import signer
from service.web.site import web
from service.web.text import gettext, language
from service.web.views.archive import may_receive, why_in_words


@web.get("/files/<case_file_id>/print")
def print_file(case_file_id: str) -> ResponseReturnValue:
    """Show a case file as it goes to paper: its cover, what it holds and lacks, its transfers to be signed."""
    me = actor()
    file = filing.get_case_file(house(), me, case_file_id)
    check = filing.completeness(house(), me, case_file_id)
    documents = [d for d in filing.documents_of(house(), me, case_file_id) if d.status != "destroyed"]
    return render_template(
        "file_print.html",
        file=file,
        check=check,
        documents=documents,
        transfers=transfers.transfers_of(house(), me, case_file_id),
        events=pages.events_of(house(), me, case_file_id) if file.contract else [],
        retention_why=why_in_words(file.retention_why),
    )


def _transfers(view: str) -> list[transfers.DueTransfer]:
    rows = transfers.list_transfers(house(), actor(), mine=view == "mine", limit=None)
    if view == "receive":
        rows = [row for row in rows if row.transfer.state == "handed_over" and may_receive(row.transfer)]
    return rows


@web.get("/transfers/print")
def print_transfers() -> ResponseReturnValue:
    """Show the transfer list both sides sign."""
    require(actor(), "transfer.read")
    view = request.args.get("view", "mine")
    return render_template("transfers_print.html", rows=_transfers(view), view=view)


@web.get("/transfers/<transfer_id>/list")
def print_transfer_list(transfer_id: str) -> ResponseReturnValue:
    """Show the list of one transfer: what is handed over, and who signs for it at both steps."""
    found = transfer_list(house(), actor(), transfer_id)
    return render_template("transfer_list_print.html", list=found, signed=signatures(house(), found))


@web.get("/register/print")
def print_register() -> ResponseReturnValue:
    """Show the destruction register in its customary form, with its cover."""
    rows = destroy.register(house(), actor())
    return render_template(
        "register_print.html",
        rows=rows,
        fonds=house().settings.fonds,
        appraisals=_appraisals(dict.fromkeys(row["review_id"] for row in rows)),
    )


def _appraisals(review_ids: Iterable[str]) -> list[tuple[dict[str, Any], list["Signer"], bool]]:
    """Return what the cover says of each review: its certificate, who signed it, whether that is untouched.

    Left out are reviews that do not exist for the reader, and those that are not finished yet.
    """
    found = []
    for review_id in review_ids:
        try:
            certificate = reviews.get_review(house(), actor(), review_id).record.certificate
        except NotFound:
            continue
        if certificate is not None:
            found.append((certificate, _signers(certificate), certificate_intact(certificate)))
    return found


@web.get("/reviews/<review_id>/certificate")
def print_certificate(review_id: str) -> ResponseReturnValue:
    """Show the certificate of destruction as it goes to paper. There is none before both supervisors have confirmed."""
    view = reviews.get_review(house(), actor(), review_id)
    certificate = view.record.certificate
    if certificate is None:
        raise NotFound(f"review {review_id} has no certificate yet")
    signed = {
        part: [s for s in certificate["signatures"] if s["act"] == act]
        for part, act in (("approved", "approve"), ("before", "confirm_before"), ("after", "confirm_after"))
    }
    return render_template(
        "certificate_print.html",
        review_id=review_id,
        certificate=certificate,
        intact=certificate_intact(certificate),
        signed=signed,
        proofs=list(certificate["proofs"].items()),
        chinese=language() == "zh",
    )


@dataclass(frozen=True)
class Signer:
    """Someone who signs the cover of a register: in which part, and what they signed in the system, when."""

    part: str
    person: str
    acts: tuple[tuple[str, str], ...]


def _signers(certificate: Mapping[str, Any]) -> list[Signer]:
    signed = [(s["act"], s["person"], s["on"]) for s in certificate["signatures"]]

    def acts(person: str, **words_of: str) -> tuple[tuple[str, str], ...]:
        return tuple((words_of[act], on) for act, who, on in signed if who == person and act in words_of)

    head, approver = certificate["group_head"], certificate["approver"]
    said = certificate.get("appraised_on", {}).get(head)  # certificates of earlier releases do not say it
    before, after = gettext("销毁前确认"), gettext("销毁后确认")
    names = (gettext("监销人一"), gettext("监销人二"))
    return [
        Signer(gettext("鉴定小组组长"), head, ((gettext("鉴定意见"), said),) if said else ()),
        Signer(gettext("批准人"), approver, acts(approver, approve=gettext("已批准"))),
        *(
            Signer(name, person, acts(person, confirm_before=before, confirm_after=after))
            for name, person in zip(names, certificate["supervisors"], strict=True)
        ),
    ]


@web.get("/reviews/<review_id>/register")
def print_review_register(review_id: str) -> ResponseReturnValue:
    """Show the destruction register of one review, with its cover (RULES Part B), from its certificate."""
    certificate = reviews.get_review(house(), actor(), review_id).record.certificate
    if certificate is None:
        raise NotFound(f"review {review_id} has no certificate yet")
    return render_template(
        "review_register_print.html",
        review_id=review_id,
        certificate=certificate,
        intact=certificate_intact(certificate),
        signers=_signers(certificate),
    )


@web.get("/reviews/<review_id>/register.<form>")
def export_review_register(review_id: str, form: str) -> ResponseReturnValue:
    """Send the register of one review as it is kept: PDF or XLSX, with who signed what and the hash of its certificate."""
    _demand_signed(form)
    found = review_register(house(), actor(), review_id, form)
    return _signed_file(f"销毁清册-{found.certificate['review']}", report.of_review(found), form)


@web.get("/register/signed.<form>")
def export_signed_register(form: str) -> ResponseReturnValue:
    """Send the register of all as it is kept: PDF or XLSX, with the signatures and hashes of its reviews."""
    _demand_signed(form)
    found = whole_register(house(), actor(), form)
    return _signed_file(f"销毁清册-{house().clock.today():%Y%m%d}", report.of_all(found), form)


def _demand_signed(form: str) -> None:
    if form not in report.FORMS:
        raise NotFound(f"there is no register as {form}")


def _signed_file(name: str, made: Report, form: str) -> Response:
    answer = Response(report.written(made, form), content_type=report.FORMS[form])
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": f"{name}.{form}"})
    return answer


def _in_words(columns: Sequence[str], row: Sequence[Any], tables: Mapping[str, Mapping[str, Any]]) -> tuple[Any, ...]:
    """Return a row with its codes said in the reader's language."""
    return tuple(
        words.named(tables[name], cell) if name in tables and cell else cell
        for name, cell in zip(columns, row, strict=True)
    )


def _states(table: Mapping[str, tuple[str, Any]]) -> dict[str, Any]:
    return {code: word for code, (_colour, word) in table.items()}


@web.get("/transfers/export.<form>")
def export_transfers(form: str) -> ResponseReturnValue:
    """Send the open transfers as a spreadsheet."""
    demand_form(form)
    rows = exports.open_transfers(house(), actor(), form, mine=request.args.get("view") == "mine")
    heads = {
        "number": gettext("合同号"),
        "archive_number": gettext("档号"),
        "title": gettext("题名"),
        "stage": gettext("环节"),
        "event": gettext("手续"),
        "event_on": gettext("办结日期"),
        "due_on": gettext("期限"),
        "days": gettext("还有几天"),
        "state": gettext("状态"),
        "responsible": gettext("责任人"),
        "handed_over_by": gettext("移交人"),
        "handed_over_on": gettext("移交日期"),
    }
    columns = exports.TRANSFER_COLUMNS
    said = {"stage": words.STAGES, "event": words.EVENTS, "state": _states(words.TRANSFER_STATES)}
    at = columns.index("handed_over_by")
    shown = [_in_words(columns, (*row[:at], row[at] and signer(row[at]), *row[at + 1 :]), said) for row in rows]
    return download(gettext("移交清单"), [heads[name] for name in columns], shown, form)


@web.get("/reviews/due.<form>")
def export_candidates(form: str) -> ResponseReturnValue:
    """Send the files whose retention has ended as a spreadsheet."""
    demand_form(form)
    rows = exports.candidates(house(), actor(), form)
    heads = {
        "archive_number": gettext("档号"),
        "title": gettext("题名"),
        "department": gettext("部门"),
        "retention": gettext("保管期限"),
        "archived_on": gettext("归档日期"),
        "closed_on": gettext("终了日期"),
        "due_on": gettext("期满"),
    }
    columns = exports.CANDIDATE_COLUMNS
    shown = [_in_words(columns, row, {"retention": words.RETENTIONS}) for row in rows]
    return download(gettext("保管期满的案卷"), [heads[name] for name in columns], shown, form)


@web.get("/register/export.<form>")
def export_register(form: str) -> ResponseReturnValue:
    """Send the destruction register as a spreadsheet, in its customary columns."""
    demand_form(form)
    rows = exports.register(house(), actor(), form)
    heads = {
        "serial": gettext("序号"),
        "title": gettext("题名"),
        "year": gettext("年度"),
        "archive_number": gettext("档号"),
        "retention": gettext("应保管期限"),
        "kept": gettext("已保管期限"),
        "pages": gettext("页数"),
        "remark": gettext("备注"),
        "destroyed_at": gettext("销毁日期"),
    }
    shown = [(*row[:-1], datetime.fromisoformat(row[-1]).astimezone(CHINA).date() if row[-1] else None) for row in rows]
    return download(gettext("销毁清册"), [heads[name] for name in exports.REGISTER_COLUMNS], shown, form)
