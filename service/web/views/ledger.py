"""The contract ledger: the list, a new entry, and the formalities that start the clocks."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.access.people import list_departments
from service.errors import KNOWN_ERRORS, outcome
from service.flow import documents, filing, ledger, pages
from service.flow.guard import require
from service.flow.ledger import ContractInput
from service.web import words
from service.web.context import act, actor, house, offset_of, refused
from service.web.refusals import of
from service.web.site import web
from service.web.text import gettext
from service.web.views.archive import file_page

PAGE = 50


@web.get("/contracts")
def contracts() -> ResponseReturnValue:
    """Show the ledger, filtered and paged by the address."""
    args = request.args
    total, found = ledger.list_contracts(
        house(),
        actor(),
        text=args.get("text", "").strip(),
        department_id=args.get("department") or None,
        status=args.get("status") or None,
        limit=PAGE,
        offset=offset_of(PAGE),
    )
    return render_template(
        "contracts.html", total=total, contracts=found, size=PAGE, departments=list_departments(house())
    )


@web.get("/contracts/<contract_id>")
def contract(contract_id: str) -> ResponseReturnValue:
    """Go to the case file of a contract: one place for both."""
    return redirect(url_for("web.case_file", case_file_id=pages.contract_file(house(), actor(), contract_id).id), 303)


def _form(given: ContractInput, document_id: str | None) -> str:
    document = documents.get_document(house(), actor(), document_id) if document_id else None
    everyone = pages.people(house())
    return render_template(
        "new_contract.html",
        given=given,
        document=document,
        department_options=[(d.id, f"{d.code} {d.name}") for d in list_departments(house())],
        people_options=[(p.id, f"{p.name} ({p.login})") for p in everyone],
    )


@web.get("/contracts/new")
def new_contract() -> ResponseReturnValue:
    """Show the form of a new entry, filled in from a document where one is named."""
    require(actor(), "contract.create")
    document_id = request.args.get("document")
    if document_id:
        return _form(ledger.contract_input_from_document(house(), actor(), document_id), document_id)
    me = actor()
    empty = ContractInput(
        department_id=me.department_id or "", title="", counterparty="", handler_id=me.person_id or ""
    )
    return _form(empty, None)


def _given() -> ContractInput:
    def typed(name: str) -> str:
        return request.form.get(name, "").strip()

    return ContractInput(
        department_id=typed("department_id"),
        title=typed("title"),
        counterparty=typed("counterparty"),
        handler_id=typed("handler_id"),
        counterparty_code=typed("counterparty_code"),
        amount=typed("amount"),
        currency=typed("currency"),
        signed_on=typed("signed_on"),
        term_from=typed("term_from"),
        term_until=typed("term_until"),
        printed_number=typed("printed_number"),
    )


@web.post("/contracts")
def create_contract() -> ResponseReturnValue:
    """Enter a contract: number, case file and, when it is signed, the first clock; then file its document."""
    form = request.form
    given = _given()
    document_id = form.get("document") or None
    try:
        made = ledger.create_contract(house(), actor(), given)
    except KNOWN_ERRORS as error:
        back = url_for("web.new_contract", document=document_id)
        return refused(error, lambda: _form(given, document_id), back)
    file = pages.contract_file(house(), actor(), made.id)
    flash(gettext("已登记，编号 %(number)s。", number=made.number), "done")
    if document_id:
        try:
            filing.file_document(house(), actor(), document_id, file.id)
        except KNOWN_ERRORS as error:
            if outcome(error).http_status not in (409, 422):
                raise
            flash(gettext("合同已登记，但文件没有归卷：%(why)s", why=of(error)), "refusal")
    return redirect(url_for("web.case_file", case_file_id=file.id), 303)


@web.post("/contracts/<contract_id>/events")
def finish_event(contract_id: str) -> ResponseReturnValue:
    """Note that formalities were finished; it starts their clock."""
    file = pages.contract_file(house(), actor(), contract_id)
    kind, day = request.form.get("kind", ""), request.form.get("finished_on", "")
    return act(
        lambda: ledger.finish_event(house(), actor(), contract_id, kind, day),
        lambda: file_page(file.id),
        done=gettext("已记下：%(event)s手续办结。", event=words.named(words.EVENTS, kind)),
        to=url_for("web.case_file", case_file_id=file.id),
    )


@web.post("/contracts/<contract_id>/cancel")
def cancel_contract(contract_id: str) -> ResponseReturnValue:
    """Cancel a contract that was never signed; it keeps its number."""
    file = pages.contract_file(house(), actor(), contract_id)
    return act(
        lambda: ledger.cancel_contract(house(), actor(), contract_id, request.form.get("reason", "")),
        lambda: file_page(file.id),
        done=gettext("合同已作废，编号保留。"),
        to=url_for("web.case_file", case_file_id=file.id),
    )
