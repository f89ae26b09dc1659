"""Contracts, case files, transfers, holds, reviews, loans, customers, warnings."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

from flask import Response, request
from pydantic import Field
from werkzeug.http import dump_options_header

from search.syntax import MAX_LENGTH
from service.access.policy import Actor
from service.api.documents import Limit, Offset
from service.api.operations import Input, Operations
from service.errors import BadInput
from service.flow.archive import (
    amendments,
    calendar_feed,
    deadlines,
    exports,
    filing,
    holds,
    ledger,
    ledger_rows,
    loans,
    reviews,
    transfers,
)
from service.flow.archive.calendar_feed import make_feed
from service.flow.archive.destroy import begin, carried, carried_as_json, prove, register_page
from service.flow.archive.destruction_registers import review_register, whole_register
from service.flow.archive.ledger_rows import FILTERS, LEDGER_COLUMNS, LedgerFilter
from service.flow.archive.transfer_lists import list_as_json, signatures, transfer_list
from service.flow.common import tiers
from service.flow.common.guard import require
from service.flow.common.keyset import Part
from service.flow.common.schedule import Period
from service.flow.credit.customers import get_customer, list_customers, warning_as_json
from service.flow.intake import corrections
from service.flow.intake.categories import with_sheets
from service.flow.intake.views import contract_as_json, document_as_json, event_as_json, file_as_json, row_as_json
from service.flow.search.outlook import outlook
from service.house import House
from service.reports import destruction_register as report
from service.reports.parts import Report
from service.reports.sheets import FORMATS, Table, write

contracts = Operations("contracts")
files = Operations("files")
transfer_operations = Operations("transfers")
hold_operations = Operations("holds")
destructions = Operations("destructions")
requests = Operations("access-requests")
customers = Operations("customers")

Id = Annotated[str, Field(max_length=36)]
Day = Annotated[str, Field(max_length=10)]
Amount = Annotated[str, Field(max_length=30)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class Paging(Input):
    """One page of a list."""

    limit: Limit = 50
    offset: Offset = 0


class ListContracts(Paging):
    """Which rows of the ledger."""

    text: Annotated[str, Field(max_length=200)] = ""
    department_id: Id = ""
    status: Annotated[str, Field(max_length=16)] = ""
    handler_id: Id = ""
    signed_from: Day = ""
    signed_until: Day = ""
    amount_from: Amount = ""
    amount_until: Amount = ""

    def only(self) -> LedgerFilter:
        """Return the filter of the ledger."""
        return LedgerFilter(**self.model_dump(include=set(FILTERS)))


@contracts("GET", "/contracts", "The contract ledger", query=ListContracts)
def list_contracts(house: House, actor: Actor, given: ListContracts) -> dict[str, Any]:
    """Return one page of the ledger, newest number first."""
    total, found = ledger_rows.list_contracts(house, actor, given.only(), limit=given.limit, offset=given.offset)
    return {"total": total, "contracts": [row_as_json(row) for row in found]}


class ExportContracts(ListContracts):
    """Which rows, and as what; limit and offset do not count."""

    form: Literal["csv", "xlsx", "pdf"] = "csv"


@contracts(
    "GET",
    "/contracts/export",
    "The ledger as a spreadsheet, or as the form that is signed",
    query=ExportContracts,
    answer="application/octet-stream",
)
def export_contracts(house: House, actor: Actor, given: ExportContracts) -> Response:
    """Send all rows that fit, with the names and codes of this API, or as the customary form in Chinese (pdf); the export is noted."""
    rows = [row.cells() for row in ledger_rows.export_contracts(house, actor, given.only(), given.form)]
    if given.form == "pdf":
        from service.reports.ledger_form import Words, ledger_form

        pdf = ledger_form(LEDGER_COLUMNS, rows, house.clock.today(), Words())
        answer = Response(pdf, content_type="application/pdf")
        answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": "contracts.pdf"})
        return answer
    return sheet("contracts", LEDGER_COLUMNS, rows, given.form)


def sheet(name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], form: str) -> Response:
    """Return a table as a file to save."""
    answer = Response(write(Table(name, columns, rows), form), content_type=FORMATS[form])
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": f"{name}.{form}"})
    return answer


class ImportLedger(Input):
    """dry_run: only judge the rows."""

    dry_run: bool = True


@contracts(
    "POST",
    "/contracts/import",
    "Import a ledger from XLSX, all rows or none",
    body=ImportLedger,
    multipart=True,
    problems=(409, 413),
)
def import_contracts(house: House, actor: Actor, given: ImportLedger) -> dict[str, Any]:
    """Judge a workbook row by row; without `dry_run`, enter it in one transaction when no row is wrong."""
    from service.flow.archive import ledger_import

    require(actor, "contract.import")
    file = request.files.get("file")
    if file is None or not file.filename:
        raise BadInput("file: send the workbook as the form's part named file", {"file": "is missing"})
    step = ledger_import.check_import if given.dry_run else ledger_import.apply_import
    return ledger_import.judged_as_json(step(house, actor, file.stream.read()), applied=not given.dry_run)


class NewContract(Input):
    """What the ledger needs to know. amount: decimal yuan; dates YYYY-MM-DD."""

    department_id: Id
    title: Annotated[str, Field(max_length=300)]
    counterparty: Annotated[str, Field(max_length=200)]
    handler_id: Id
    counterparty_code: Annotated[str, Field(max_length=18)] = ""
    amount: Annotated[str, Field(max_length=30)] = ""
    currency: Annotated[str, Field(max_length=3)] = "CNY"
    signed_on: Day = ""
    term_from: Day = ""
    term_until: Day = ""
    printed_number: Annotated[str, Field(max_length=100)] = ""
    approved_on: Day = ""


@contracts("POST", "/contracts", "Enter a contract; it gets its number", body=NewContract, status=201)
def create_contract(house: House, actor: Actor, given: NewContract) -> dict[str, Any]:
    """Create a contract, its case file and, when signed, its first clock."""
    contract = ledger.create_contract(house, actor, ledger.ContractInput(**given.model_dump()))
    return contract_as_json(contract)


@contracts("GET", "/documents/{document_id}/contract-entry", "What a document says for an entry in the ledger")
def entry_from_document(house: House, actor: Actor, document_id: str) -> dict[str, Any]:
    """Return the values of a new entry as they were read, to be looked at and sent to `POST /contracts`."""
    given = asdict(ledger.contract_input_from_document(house, actor, document_id))
    return {**given, "warnings": list(given["warnings"])}


@contracts("GET", "/contracts/{contract_id}/events", "What happened to a contract")
def list_events(house: House, actor: Actor, contract_id: str) -> dict[str, Any]:
    """Return its events in order: who, when, on which paper, and what an amendment changed."""
    return {"events": [event_as_json(event) for event in ledger.events_of_contract(house, actor, contract_id)]}


@contracts("GET", "/contracts/{contract_id}", "One row of the ledger")
def show_contract(house: House, actor: Actor, contract_id: str) -> dict[str, Any]:
    """Return a contract."""
    return contract_as_json(ledger.get_contract(house, actor, contract_id))


class Correct(Input):
    """What the entry should say, and why; only what is given changes. retention: to confirm that the file is kept longer."""

    reason: Reason
    title: Annotated[str, Field(max_length=300)] | None = None
    counterparty: Annotated[str, Field(max_length=200)] | None = None
    counterparty_code: Annotated[str, Field(max_length=18)] | None = None
    amount: Amount | None = None
    currency: Annotated[str, Field(max_length=3)] | None = None
    signed_on: Day | None = None
    term_from: Day | None = None
    term_until: Day | None = None
    handler_id: Id | None = None
    printed_number: Annotated[str, Field(max_length=100)] | None = None
    retention: Annotated[str, Field(max_length=4)] = ""


@contracts("PATCH", "/contracts/{contract_id}", "Correct an entry, with a reason", body=Correct, problems=(409,))
def correct_contract(house: House, actor: Actor, contract_id: str, given: Correct) -> dict[str, Any]:
    """Correct an entry of the ledger; its number and department stay."""
    wanted = corrections.Correction(**given.model_dump(exclude={"reason", "retention"}))
    changed = corrections.correct_contract(house, actor, contract_id, wanted, given.reason, given.retention)
    return contract_as_json(changed)


class Event(Input):
    """What happened. document_id: the paper it stands on, in the contract's file. amount, currency, term: what an amendment agreed on."""

    kind: Literal["approved", "signed", "performing", "amended", "performed", "terminated"]
    finished_on: Day
    document_id: Id = ""
    note: Annotated[str, Field(max_length=500)] = ""
    amount: Amount | None = None
    currency: Annotated[str, Field(max_length=3)] | None = None
    term_from: Day | None = None
    term_until: Day | None = None

    def amendment(self) -> amendments.Amendment:
        """Return the values it changes."""
        return amendments.Amendment(**self.model_dump(include=set(amendments.FIELDS)))


@contracts("POST", "/contracts/{contract_id}/events", "Something happened to a contract", body=Event, problems=(409,))
def finish_event(house: House, actor: Actor, contract_id: str, given: Event) -> dict[str, Any]:
    """Record an event; signing, amending, performing and terminating start their own clocks (RULES B3)."""
    amended, day = given.amendment(), given.finished_on
    document_id, note = given.document_id, given.note
    if given.kind == "amended":
        amendments.finish_amendment(house, actor, contract_id, day, amended, document_id=document_id, note=note)
    elif amended.empty:
        ledger.finish_event(house, actor, contract_id, given.kind, day, document_id=document_id, note=note)
    else:
        raise BadInput("kind: only an amendment changes values", {"kind": "only an amendment changes values"})
    return contract_as_json(ledger.get_contract(house, actor, contract_id))


class Cancel(Input):
    """Why."""

    reason: Reason


@contracts("POST", "/contracts/{contract_id}/cancellation", "Cancel a draft", body=Cancel, problems=(409,))
def cancel_contract(house: House, actor: Actor, contract_id: str, given: Cancel) -> dict[str, Any]:
    """Cancel a contract that was never signed; its number stays."""
    ledger.cancel_contract(house, actor, contract_id, given.reason)
    return contract_as_json(ledger.get_contract(house, actor, contract_id))


Cursor = Annotated[str, Field(max_length=1000)]
#: Of lists that came whole before they were paged: as many as came then.
ManyRows = Annotated[int, Field(ge=1, le=1000)]


class Leaf(Input):
    """One page of a list that may be long. after: `next` or `previous` of another page, "" for the first."""

    limit: ManyRows = 1000
    after: Cursor = ""


def beside(part: Part[Any]) -> dict[str, Any]:
    """Return where a page stands in its list: rows in all (more: there are more than were counted), rows before it, the pages beside it."""
    return {
        "total": part.total,
        "more": part.more,
        "first": part.first,
        "previous": part.previous or None,
        "next": part.next or None,
    }


class ListFiles(Paging):
    """Which case files. after: `next` or `previous` of another page; it is quicker than an offset, which does not count then."""

    after: Cursor = ""

    state: Annotated[str, Field(max_length=16)] | None = None
    kind: Literal["contract", "credit"] | None = None
    text: Annotated[str, Field(max_length=200)] = ""


@files("GET", "/files", "List case files", query=ListFiles)
def list_files(house: House, actor: Actor, given: ListFiles) -> dict[str, Any]:
    """Return one page of case files, newest first."""
    if given.offset and not given.after:
        total, found = filing.list_case_files(house, actor, **given.model_dump(exclude={"after"}))
        return {"total": total, "files": [file_as_json(file) for file in found]}
    part = filing.case_file_page(house, actor, **given.model_dump(exclude={"offset"}))
    return {**beside(part), "files": [file_as_json(file) for file in part.rows]}


@files("GET", "/files/{file_id}", "A case file, what it holds and what it lacks")
def show_file(house: House, actor: Actor, file_id: str) -> dict[str, Any]:
    """Return a case file with its completeness and documents."""
    file = filing.get_case_file(house, actor, file_id)
    state = filing.completeness(house, actor, file_id)
    slots = [{"category": s.category.code, "state": s.state, "why": s.why, "by": s.by} for s in state.slots]
    return {
        **file_as_json(file),
        "complete": state.complete,
        "missing": list(state.missing),
        "slots": slots,
        "documents": [document_as_json(*one) for one in with_sheets(house, filing.documents_of(house, actor, file_id))],
    }


class Mark(Input):
    """Why a category does not apply; an empty reason takes the mark back."""

    reason: Annotated[str, Field(max_length=500)] = ""


@files(
    "PUT",
    "/files/{file_id}/not-applicable/{category}",
    "Say that a category does not apply",
    body=Mark,
    status=204,
    problems=(409,),
)
def mark_not_applicable(house: House, actor: Actor, file_id: str, category: str, given: Mark) -> None:
    """Mark a category as not applicable (RULES B1)."""
    filing.mark_not_applicable(house, actor, file_id, category, given.reason)


class FileTier(Input):
    """How confidential a file is, and why that changes."""

    tier: Literal["public", "internal", "secret", "core"]
    reason: Reason


@files("PUT", "/files/{file_id}/tier", "Set the confidentiality tier, with the reason", body=FileTier, problems=(409,))
def set_file_tier(house: House, actor: Actor, file_id: str, given: FileTier) -> dict[str, Any]:
    """Change the tier of a file, its contract and what lies in it; search follows at once."""
    return file_as_json(tiers.set_file_tier(house, actor, file_id, given.tier, given.reason))


@files("POST", "/files/{file_id}/archiving", "Archive: number, retention, due date", problems=(409,))
def archive_file(house: House, actor: Actor, file_id: str) -> dict[str, Any]:
    """Take a transferred file into the archive room."""
    return file_as_json(transfers.archive(house, actor, file_id))


class Closing(Input):
    """When the relationship with the customer ended."""

    ended_on: Day
    note: Annotated[str, Field(max_length=500)] = ""


@files("POST", "/files/{file_id}/closing", "The relationship ended: close a credit file", body=Closing, problems=(409,))
def close_file(house: House, actor: Actor, file_id: str, given: Closing) -> dict[str, Any]:
    """Close a credit file; its retention counts from the end of the relationship."""
    return file_as_json(filing.close_credit_file(house, actor, file_id, given.ended_on, given.note))


class FileEvent(Input):
    """What happened with the customer or the contract, or that a contract is a major one."""

    event: Literal["major", "litigation", "bad_debt"]
    note: Annotated[str, Field(max_length=500)] = ""


@files(
    "POST",
    "/files/{file_id}/events",
    "Record litigation, a bad debt, a major contract",
    body=FileEvent,
    problems=(409,),
)
def record_file_event(house: House, actor: Actor, file_id: str, given: FileEvent) -> dict[str, Any]:
    """Record what lengthens the retention of a file."""
    return file_as_json(filing.record_event(house, actor, file_id, given.event, given.note))


class AskOutlook(Input):
    """What may be recorded; ended needs the day."""

    event: Literal["major", "litigation", "bad_debt", "ended"]
    ended_on: Day = ""


@files("GET", "/files/{file_id}/outlook", "What an event would do to the retention", query=AskOutlook, problems=(409,))
def show_outlook(house: House, actor: Actor, file_id: str, given: AskOutlook) -> dict[str, Any]:
    """Return the period before and after; nothing is changed."""
    found = outlook(house, actor, file_id, given.event, given.ended_on)
    return {"known": found.known, "before": _period(found.before), "after": _period(found.after)}


def _period(period: Period) -> dict[str, Any]:
    due = period.due_on.isoformat() if period.due_on else None
    return {"retention": period.code, "why": {"zh": period.why.zh, "en": period.why.en}, "due_on": due}


class ListTransfers(Input):
    """Which transfers."""

    mine: bool = False
    stage: Literal["handler", "archive"] | None = None


class PageOfTransfers(ListTransfers, Leaf):
    """Which transfers, and which page of them."""


@transfer_operations("GET", "/transfers", "What is to be handed over, by when and why", query=PageOfTransfers)
def list_transfers(house: House, actor: Actor, given: PageOfTransfers) -> dict[str, Any]:
    """Return open transfers, the most urgent first, and how many are late or due within a week."""
    view: deadlines.View = "mine" if given.mine else "all"
    found = deadlines.transfer_board(house, actor, view, stage=given.stage, after=given.after, limit=given.limit)
    counts = {"late": found.waiting.late, "soon": found.waiting.soon}
    return {**beside(found.part), **counts, "transfers": [transfers.as_json(item) for item in found.part.rows]}


class CalendarMonth(Leaf):
    """Which month (``2026-11``), "" for the first in which something is due, and which page of it."""

    month: Annotated[str, Field(max_length=7)] = ""


@transfer_operations("GET", "/transfers/calendar", "The deadlines by month", query=CalendarMonth)
def show_calendar(house: House, actor: Actor, given: CalendarMonth) -> dict[str, Any]:
    """Return how much is due in which month, and one page of one month."""
    found = deadlines.calendar_month(house, actor, given.month, after=given.after, limit=given.limit)
    rows = [transfers.as_json(item) for item in found.part.rows]
    return {"months": dict(found.months), "month": found.month or None, **beside(found.part), "transfers": rows}


class Export(Input):
    """As what."""

    form: Literal["csv", "xlsx"] = "csv"


class ExportTransfers(ListTransfers, Export):
    """Which transfers, and as what."""


@transfer_operations(
    "GET",
    "/transfers/export",
    "Open transfers as a spreadsheet",
    query=ExportTransfers,
    answer="application/octet-stream",
)
def export_transfers(house: House, actor: Actor, given: ExportTransfers) -> Response:
    """Send all open transfers; the export is noted."""
    rows = exports.open_transfers(house, actor, given.form, mine=given.mine, stage=given.stage)
    return sheet("transfers", exports.TRANSFER_COLUMNS, rows, given.form)


@transfer_operations("POST", "/transfers/calendar-feed", "Make the address of one's own deadline calendar", status=201)
def make_calendar_feed(house: House, actor: Actor) -> dict[str, Any]:
    """Return the address of an iCalendar feed, once; an earlier one ends. It opens the feed and nothing else."""
    return {"url": f"{house.settings.base_url}/calendar/{make_feed(house, actor)}.ics", "days": calendar_feed.DAYS}


@transfer_operations("GET", "/transfers/{transfer_id}/list", "The transfer list both sides sign (移交清单)")
def show_transfer_list(house: House, actor: Actor, transfer_id: str) -> dict[str, Any]:
    """Return what a transfer hands over, and who signed for it at both steps."""
    found = transfer_list(house, actor, transfer_id)
    return list_as_json(found, signatures(house, found))


@transfer_operations("POST", "/transfers/{transfer_id}/handing-over", "Hand a file over", status=204, problems=(409,))
def hand_over(house: House, actor: Actor, transfer_id: str) -> None:
    """Hand over."""
    transfers.hand_over(house, actor, transfer_id)


@transfer_operations("POST", "/transfers/{transfer_id}/acceptance", "Accept a file", status=204, problems=(409,))
def accept(house: House, actor: Actor, transfer_id: str) -> None:
    """Accept; for the archive room, archiving does it."""
    transfers.accept(house, actor, transfer_id)


@transfer_operations(
    "POST", "/transfers/{transfer_id}/return", "Return a file with a reason", body=Cancel, status=204, problems=(409,)
)
def return_file(house: House, actor: Actor, transfer_id: str, given: Cancel) -> None:
    """Return with a reason."""
    transfers.return_file(house, actor, transfer_id, given.reason)


class NewHold(Input):
    """What is frozen and why."""

    matter: Annotated[str, Field(min_length=1, max_length=200)]
    reason: Reason
    file_ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]


@hold_operations("POST", "/holds", "Place a hold", body=NewHold, status=201, problems=(404, 409))
def place_hold(house: House, actor: Actor, given: NewHold) -> dict[str, Any]:
    """Freeze files: nothing destroys them while the hold stands."""
    return holds.as_json(holds.place_hold(house, actor, given.matter, given.reason, given.file_ids))


class Query(Input):
    """In the language of search: what stands in the title, the numbers or the customer of a file, or on a page in it."""

    query: Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]


class HoldOnQuery(Query):
    """What is frozen and why."""

    matter: Annotated[str, Field(min_length=1, max_length=200)]
    reason: Reason


@hold_operations("GET", "/holds/matching", "The files a hold on a query would cover", query=Query)
def matching_files(house: House, actor: Actor, given: Query) -> dict[str, Any]:
    """Return all living files that match, with how many documents in each do, and how many search does not know yet; nothing is frozen."""
    found = holds.matching(house, actor, given.query)
    files = [{**file_as_json(file), "documents": found.documents.get(file.id, 0)} for file in found.files]
    return {"files": files, "unread": found.unread}


@hold_operations(
    "POST", "/holds/on-query", "Place a hold on what matches now", body=HoldOnQuery, status=201, problems=(409,)
)
def place_hold_on_query(house: House, actor: Actor, given: HoldOnQuery) -> dict[str, Any]:
    """Freeze what a query matches now; the hold stays on that."""
    hold, files = holds.place_on_query(house, actor, given.matter, given.reason, given.query)
    return {**holds.as_json(hold), "files": files}


@hold_operations("GET", "/holds", "List holds")
def list_holds(house: House, actor: Actor) -> dict[str, Any]:
    """Return all holds, standing ones first."""
    return {"holds": [holds.as_json(hold) for hold in holds.list_holds(house, actor)]}


@hold_operations(
    "POST", "/holds/{hold_id}/release-request", "Ask for a release", body=Cancel, status=204, problems=(409,)
)
def ask_release(house: House, actor: Actor, hold_id: str, given: Cancel) -> None:
    """Ask that a hold be released; a second person releases it."""
    holds.ask_release(house, actor, hold_id, given.reason)


@hold_operations("POST", "/holds/{hold_id}/release", "Release a hold", status=204, problems=(409,))
def release_hold(house: House, actor: Actor, hold_id: str) -> None:
    """Release, as the second person."""
    holds.release(house, actor, hold_id)


@destructions("GET", "/retention/candidates", "Files whose retention has ended", query=Leaf)
def list_candidates(house: House, actor: Actor, given: Leaf) -> dict[str, Any]:
    """Return the files that are due for appraisal, what fell due first first."""
    part = reviews.candidate_page(house, actor, after=given.after, limit=given.limit)
    return {**beside(part), "files": [file_as_json(file) for file in part.rows]}


@destructions(
    "GET",
    "/retention/candidates/export",
    "Files whose retention has ended, as a spreadsheet",
    query=Export,
    answer="application/octet-stream",
)
def export_candidates(house: House, actor: Actor, given: Export) -> Response:
    """Send the list of files that are due; the export is noted."""
    rows = exports.candidates(house, actor, given.form)
    return sheet("candidates", exports.CANDIDATE_COLUMNS, rows, given.form)


@destructions(
    "GET",
    "/destructions/register/export",
    "The destruction register as a spreadsheet",
    query=Export,
    answer="application/octet-stream",
)
def export_register(house: House, actor: Actor, given: Export) -> Response:
    """Send the 销毁清册; the export is noted."""
    return sheet("register", exports.REGISTER_COLUMNS, exports.register(house, actor, given.form), given.form)


class ExportSigned(Input):
    """As what: the form that is kept and signed is a PDF or a workbook."""

    form: Literal["pdf", "xlsx"] = "pdf"


@destructions(
    "GET",
    "/destructions/register/signed",
    "The destruction register with the signatures and hashes of its reviews",
    query=ExportSigned,
    answer="application/octet-stream",
)
def export_signed_register(house: House, actor: Actor, given: ExportSigned) -> Response:
    """Send the 销毁清册 of all as it is kept; the export is noted."""
    return _signed_file("register", report.of_all(whole_register(house, actor, given.form)), given.form)


@destructions(
    "GET",
    "/destructions/{review_id}/register",
    "The destruction register of one review, signed",
    query=ExportSigned,
    answer="application/octet-stream",
)
def export_review_register(house: House, actor: Actor, review_id: str, given: ExportSigned) -> Response:
    """Send the 销毁清册 of a review with who signed what, and the hash of its certificate; the export is noted."""
    found = review_register(house, actor, review_id, given.form)
    return _signed_file(f"register-{found.certificate['review']}", report.of_review(found), given.form)


def _signed_file(name: str, made: Report, form: str) -> Response:
    answer = Response(report.written(made, form), content_type=report.FORMS[form])
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": f"{name}.{form}"})
    return answer


class Proposal(Input):
    """Which files, and who takes which part. everything: all candidates, at most 50,000, instead of `file_ids`."""

    file_ids: Annotated[list[Id], Field(default_factory=list, max_length=50_000)]
    everything: bool = False
    group: Annotated[list[Id], Field(min_length=3, max_length=20)]
    approver_id: Id
    supervisor_ids: Annotated[list[Id], Field(min_length=2, max_length=2)]


@destructions("POST", "/destructions", "Propose a review", body=Proposal, status=201, problems=(404, 409))
def propose(house: House, actor: Actor, given: Proposal) -> dict[str, Any]:
    """Begin an appraisal."""
    if bool(given.file_ids) == given.everything:
        why = "name the files, or say everything"
        raise BadInput(f"file_ids: {why}", {"file_ids": why})
    review = reviews.propose(
        house,
        actor,
        given.file_ids,
        given.group,
        given.approver_id,
        given.supervisor_ids,
        everything=given.everything,
    )
    return reviews.as_json(reviews.get_review(house, actor, review.id, limit=1000))


@destructions("GET", "/destructions", "List reviews")
def list_reviews(house: House, actor: Actor) -> dict[str, Any]:
    """Return all reviews, newest first."""
    return {"reviews": [{"id": r.id, "number": r.number, "state": r.state} for r in reviews.list_reviews(house, actor)]}


class PageOfReview(Input):
    """Which files of the review: those that stand so, and which of them."""

    only: Literal["", "destroy", "keep_until", "keep_permanently", "taken_off", "hold", "open"] = ""
    limit: ManyRows = 1000
    offset: Offset = 0


@destructions(
    "GET", "/destructions/{review_id}", "A review with its files, opinions and what it waits for", query=PageOfReview
)
def show_review(house: House, actor: Actor, review_id: str, given: PageOfReview) -> dict[str, Any]:
    """Return a review with one page of its files and how all of them stand."""
    view = reviews.get_review(house, actor, review_id, only=given.only, limit=given.limit, offset=given.offset)
    return reviews.as_json(view)


class Opinion(Input):
    """What one appraiser thinks of one file or of several, and why; the reason of a destruction goes into the register.

    rest: of all files that still lack this person's opinion.
    """

    file_id: Id = ""
    file_ids: Annotated[list[Id], Field(default_factory=list, max_length=50_000)]
    rest: bool = False
    decision: Literal["destroy", "transfer_out", "keep_until", "keep_permanently"]
    until: Day | None = None
    reason: Reason


@destructions(
    "POST", "/destructions/{review_id}/opinions", "Give an opinion", body=Opinion, status=204, problems=(409,)
)
def add_opinion(house: House, actor: Actor, review_id: str, given: Opinion) -> None:
    """Give an opinion on one file or the same on several."""
    chosen = [*([given.file_id] if given.file_id else []), *given.file_ids]
    if not chosen and not given.rest:
        why = "name a file, or say rest"
        raise BadInput(f"file_id: {why}", {"file_id": why})
    reviews.add_opinions(house, actor, review_id, chosen, given.decision, given.until, given.reason, rest=given.rest)


@destructions("POST", "/destructions/{review_id}/approval", "Approve", status=204, problems=(409,))
def approve(house: House, actor: Actor, review_id: str) -> None:
    """Approve as the person in charge."""
    reviews.approve(house, actor, review_id)


@destructions(
    "POST", "/destructions/{review_id}/rejection", "Refuse the approval", body=Cancel, status=204, problems=(409,)
)
def reject(house: House, actor: Actor, review_id: str, given: Cancel) -> None:
    """Refuse as the person in charge; the review ends."""
    reviews.reject(house, actor, review_id, given.reason)


class TakeOff(Input):
    """Which file, and why."""

    file_id: Id
    reason: Reason


@destructions(
    "POST", "/destructions/{review_id}/files-taken-off", "Take a file off", body=TakeOff, status=204, problems=(409,)
)
def take_off(house: House, actor: Actor, review_id: str, given: TakeOff) -> None:
    """Take one file off a review before the destruction begins."""
    reviews.take_off(house, actor, review_id, given.file_id, given.reason)


class Replace(Input):
    """Who cannot act (the name as the review shows it), who takes the part (an id), and why."""

    old: Annotated[str, Field(max_length=80)]
    new_id: Id
    reason: Reason


@destructions(
    "POST",
    "/destructions/{review_id}/replacements",
    "Put another person in a part",
    body=Replace,
    status=204,
    problems=(409,),
)
def replace_in_review(house: House, actor: Actor, review_id: str, given: Replace) -> None:
    """Replace an appraiser, the approver or a supervisor who has not acted yet."""
    reviews.replace_person(house, actor, review_id, given.old, given.new_id, given.reason)


class CoReviewer(Input):
    """Who is asked (an id), about which files, and why."""

    person_id: Id
    file_ids: Annotated[list[Id], Field(min_length=1, max_length=50_000)]
    reason: Reason


@destructions(
    "POST",
    "/destructions/{review_id}/co-reviewers",
    "Ask a co-reviewer about some files",
    body=CoReviewer,
    status=204,
    problems=(409,),
)
def ask_co_reviewer(house: House, actor: Actor, review_id: str, given: CoReviewer) -> None:
    """Ask somebody else for an opinion as well; it is waited for and counts like one of the group."""
    reviews.ask_co_reviewer(house, actor, review_id, given.person_id, given.file_ids, given.reason)


@destructions("GET", "/destructions/board", "Open reviews by stage")
def show_board(house: House, actor: Actor) -> dict[str, Any]:
    """Return the open reviews by stage: since when, whom they wait for, when the waiting period ends."""
    found = reviews.board(house, actor)
    return {
        "stages": [
            {
                "stage": stage,
                "reviews": [
                    {
                        "id": row.record.id,
                        "number": row.record.number,
                        "files": row.files,
                        "since": row.since.isoformat(),
                        "waits_for": list(row.waits_for),
                        "execution_from": row.execution_from.isoformat() if row.execution_from else None,
                    }
                    for row in rows
                ],
            }
            for stage, rows in found.items()
        ]
    }


@destructions("POST", "/destructions/{review_id}/stop", "Stop with a reason", body=Cancel, status=204, problems=(409,))
def stop(house: House, actor: Actor, review_id: str, given: Cancel) -> None:
    """Stop before execution."""
    reviews.stop(house, actor, review_id, given.reason)


@destructions("POST", "/destructions/{review_id}/supervision", "Confirm as supervisor", status=204, problems=(409,))
def supervise(house: House, actor: Actor, review_id: str) -> None:
    """Confirm before execution, or after it, as a supervisor."""
    reviews.supervise(house, actor, review_id)


class PaperGone(Input):
    """By which means and where the paper was destroyed."""

    how: Reason


@destructions(
    "POST",
    "/destructions/{review_id}/paper",
    "Note that the paper was destroyed",
    body=PaperGone,
    status=204,
    problems=(409,),
)
def note_paper(house: House, actor: Actor, review_id: str, given: PaperGone) -> None:
    """Note, after the execution, how the paper of the destroyed files was destroyed; then the supervisors confirm."""
    reviews.note_paper(house, actor, review_id, given.how)


@destructions("POST", "/destructions/{review_id}/execution", "Destroy what was decided", status=202, problems=(409,))
def execute_review(house: House, actor: Actor, review_id: str) -> dict[str, Any]:
    """Begin the destruction, which is carried out in the background; every file is checked again at its moment.

    Return how far it is; `progress` is the address to ask again. What became of each file stands with the review.
    """
    begin(house, actor, review_id)
    address = f"/api/v1/destructions/{review_id}/execution"
    return {**carried_as_json(carried(house, actor, review_id)), "progress": address}


@destructions("GET", "/destructions/{review_id}/execution", "How far a destruction is", problems=(404,))
def show_execution(house: House, actor: Actor, review_id: str) -> dict[str, Any]:
    """Return the step (keys, objects, index, proof), of how many files it is done, and why it waits where it does."""
    return carried_as_json(carried(house, actor, review_id))


class PageOfRegister(Input):
    """Which rows of the register."""

    limit: ManyRows = 1000
    offset: Offset = 0


@destructions("GET", "/destructions/register", "The destruction register", query=PageOfRegister)
def show_register(house: House, actor: Actor, given: PageOfRegister) -> dict[str, Any]:
    """Return one page of the 销毁清册, oldest first; total: all its rows."""
    total, rows = register_page(house, actor, limit=given.limit, offset=given.offset)
    return {"total": total, "rows": rows}


@destructions("GET", "/files/{file_id}/proof", "What is left of a destroyed file")
def show_proof(house: House, actor: Actor, file_id: str) -> dict[str, Any]:
    """Look in store, key table, index and database for what is left of a file."""
    proof = prove(house, actor, file_id)
    return {**vars(proof), "ok": proof.ok}


class Ask(Input):
    """Which file, and what for (RULES B6): a file in sight by its id, any by its archive number or its contract's number."""

    file_id: Annotated[str, Field(min_length=1, max_length=80)]
    purpose: Reason


@requests("POST", "/access-requests", "Ask to read a file", body=Ask, status=201, problems=(404, 409))
def ask(house: House, actor: Actor, given: Ask) -> dict[str, Any]:
    """Ask for a loan."""
    return loans.as_json(loans.ask(house, actor, given.file_id, given.purpose))


@requests("GET", "/access-requests", "List access requests")
def list_loans(house: House, actor: Actor) -> dict[str, Any]:
    """Return the requests the caller may see."""
    found = loans.list_loans(house, actor)
    electronic = loans.shown(house, actor, found).electronic
    return {"requests": [loans.as_json(loan, electronic=loan.id in electronic) for loan in found]}


class Decide(Input):
    """Grant with a date to come back, or refuse with a reason. electronic: opened for reading until then, with a watermark."""

    grant: bool
    electronic: bool = False
    due_back: Day = ""
    reason: Annotated[str, Field(max_length=500)] = ""


@requests("POST", "/access-requests/{request_id}/decision", "Decide", body=Decide, status=204, problems=(409,))
def decide_loan(house: House, actor: Actor, request_id: str, given: Decide) -> None:
    """Decide a request."""
    said = {"due_back": given.due_back, "reason": given.reason}
    loans.decide_loan(house, actor, request_id, grant=given.grant, electronic=given.electronic, **said)


class Return(Input):
    """What the check of a file that came back found: all of it, or what is damaged or lacking."""

    found: Literal["whole", "damaged", "lost"]
    note: Annotated[str, Field(max_length=2000)] = ""


@requests("POST", "/access-requests/{request_id}/return", "It came back", body=Return, problems=(409,))
def give_back(house: House, actor: Actor, request_id: str, given: Return) -> dict[str, Any]:
    """Record the return, and the incident that what is damaged or lost opens."""
    return {"incident": loans.give_back(house, actor, request_id, given.found, given.note)}


@customers("GET", "/customers", "List customers", query=Paging)
def customers_list(house: House, actor: Actor, given: Paging) -> dict[str, Any]:
    """Return one page of customers."""
    total, found = list_customers(house, actor, limit=given.limit, offset=given.offset)
    shown = [{"id": c.id, "number": c.number, "name": c.name, "code": c.code} for c in found]
    return {"total": total, "customers": shown}


@customers("GET", "/customers/{customer_id}", "A customer with contracts, files and warnings")
def show_customer(house: House, actor: Actor, customer_id: str) -> dict[str, Any]:
    """Return the customer card."""
    view = get_customer(house, actor, customer_id)
    customer = view.customer
    current = view.assessed.current if view.assessed else None
    return {
        "id": customer.id,
        "number": customer.number,
        "name": customer.name,
        "code": customer.code,
        "contracts": [contract_as_json(contract) for contract in view.contracts],
        "files": [file_as_json(file) for file in view.files],
        "warnings": [warning_as_json(warning) for warning in view.warnings],
        "grade": current.grade if current else None,
        "score": f"{current.score:.2f}" if current else None,
        "next_assessment_due": view.assessed.due.due.isoformat() if view.assessed else None,
    }


@customers(
    "POST", "/customers/{customer_id}/credit-file", "The customer's open credit file, made on first use", status=201
)
def credit_file(house: House, actor: Actor, customer_id: str) -> dict[str, Any]:
    """Return the credit file (RULES B5)."""
    return file_as_json(filing.credit_file(house, actor, customer_id))


GROUPS = (contracts, files, transfer_operations, hold_operations, destructions, requests, customers)
