"""The contract ledger: the list, a new entry, and the formalities that start the clocks."""

from typing import Any

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from service.access import departments
from service.access.people import list_departments
from service.access.policy import Reach
from service.errors import KNOWN_ERRORS, BadInput, NotFound, Unconfirmed, outcome
from service.flow.archive import amendments, filing, ledger, ledger_import
from service.flow.archive.ledger import ContractInput
from service.flow.archive.ledger_rows import FILTERS, LEDGER_COLUMNS, LedgerFilter, export_contracts, list_contracts
from service.flow.common.guard import allowed, require
from service.flow.common.ledger_sheet import HEADINGS, NEEDED
from service.flow.intake import corrections, documents, pages
from service.records.tables import Document
from service.reports.ledger_form import Words, ledger_form
from service.web import words
from service.web.context import act, actor, house, offset_of, refused
from service.web.download import demand_form, download
from service.web.imports import ImportPage
from service.web.refusals import of
from service.web.site import web
from service.web.text import gettext
from service.web.views.archive import file_page

PAGE = 50


def _only() -> LedgerFilter:
    """Return the filter in the address."""
    return LedgerFilter(**{name: request.args.get(name, "").strip() for name in FILTERS})


def _ledger_page(*, empty: bool = False) -> str:
    total, rows = (0, []) if empty else list_contracts(house(), actor(), _only(), limit=PAGE, offset=offset_of(PAGE))
    return render_template(
        "contracts.html",
        total=total,
        rows=rows,
        size=PAGE,
        only=_only(),
        departments=list_departments(house()),
        people=pages.people(house()),
    )


@web.get("/contracts")
def contracts() -> ResponseReturnValue:
    """Show the ledger, filtered and paged by the address."""
    require(actor(), "contract.read")
    try:
        return _ledger_page()
    except BadInput as error:
        return refused(error, lambda: _ledger_page(empty=True))


@web.get("/contracts/print")
def print_contracts() -> ResponseReturnValue:
    """Show all rows that fit as they go to paper."""
    rows = export_contracts(house(), actor(), _only(), "print")
    return render_template("contracts_print.html", rows=rows, only=_only(), departments=list_departments(house()))


def _heads() -> dict[str, str]:
    return {
        "number": gettext("合同号"),
        "department": gettext("部门"),
        "handler": gettext("承办人"),
        "counterparty": gettext("对方"),
        "title": gettext("题名"),
        "amount": gettext("金额"),
        "currency": gettext("币种"),
        "signed_on": gettext("签订日期"),
        "term_from": gettext("期限自"),
        "term_until": gettext("期限至"),
        "status": gettext("状态"),
        "amendments": gettext("变更次数"),
        "amended_on": gettext("最近变更"),
        "milestones": gettext("履行节点"),
        "milestones_done": gettext("已完成节点"),
        "ended_on": gettext("终了日期"),
        "file_state": gettext("案卷状态"),
        "archive_number": gettext("档号"),
        "printed_number": gettext("合同上印的编号"),
    }


@web.get("/contracts/export.<form>")
def export_ledger(form: str) -> ResponseReturnValue:
    """Send all rows that fit as a spreadsheet, or as the customary form that is signed, in the words of the reader's language."""
    if form != "pdf":
        demand_form(form)
    codes = {
        "department": {d.code: d.name for d in list_departments(house())},
        "status": {code: str(word) for code, (_colour, word) in words.CONTRACT_STATES.items()},
        "file_state": {code: str(word) for code, (_colour, word) in words.FILE_STATES.items()},
    }
    found = [row.cells() for row in export_contracts(house(), actor(), _only(), form)]
    heads = _heads()
    if form == "pdf":
        return _ledger_form(found, heads, codes)
    rows = [
        tuple(codes.get(name, {}).get(cell, cell) for name, cell in zip(LEDGER_COLUMNS, row, strict=True))
        for row in found
    ]
    return download(gettext("合同台账"), [heads[name] for name in LEDGER_COLUMNS], rows, form)


def _ledger_form(rows: list[tuple[Any, ...]], heads: dict[str, str], codes: dict[str, dict[str, str]]) -> Response:
    """Return the customary form of the ledger (合同台账) as a PDF to sign."""
    today = house().clock.today()
    signs = (
        gettext("制表人（签字、日期）"),
        gettext("信用管理员（签字、日期）"),
        gettext("部门负责人（签字、日期）"),
    )
    sub = gettext("共 %(num)s 份，%(day)s", num=len(rows), day=today)
    said = Words(gettext("合同台账"), gettext("序号"), heads, codes, sub, signs)
    answer = Response(ledger_form(LEDGER_COLUMNS, rows, today, said), content_type="application/pdf")
    name = f"{gettext('合同台账')}-{today:%Y%m%d}.pdf"
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": name})
    return answer


def _import_page() -> ImportPage:
    return ImportPage(
        title=gettext("导入台账"),
        file=gettext("台账（XLSX）"),
        sheet=gettext("合同台账"),
        note=gettext(
            "带 * 的必填，栏目顺序不限。合同号合本系统格式的保留原号，同一部门同一年度须从上一号起连续，作废的也要有一行；其他号作为原号留存，另给新号。有原档号的，案卷从今天起一个月内移交档案室；其余的移交期限从各自的日期起算。"
        ),
        here="web.import_contracts",
        form="web.import_form",
        submit="web.import_contracts_submit",
        heads={name: texts[0] for name, texts in HEADINGS.items()},
        needed=NEEDED,
    )


@web.get("/contracts/import")
def import_contracts() -> ResponseReturnValue:
    """Show how a ledger that was kept elsewhere comes in."""
    require(actor(), "contract.import")
    return _import_page().show()


@web.get("/contracts/import/form.xlsx")
def import_form() -> ResponseReturnValue:
    """Send the empty form."""
    require(actor(), "contract.import")
    return _import_page().empty_form()


@web.post("/contracts/import")
def import_contracts_submit() -> ResponseReturnValue:
    """Judge a workbook row by row or, when asked to, enter it: all of it or nothing."""
    require(actor(), "contract.import")

    def said(judged: ledger_import.Judged) -> tuple[str, str]:
        return (
            gettext("%(rows)s 行都可以导入", rows=judged.rows),
            gettext("已导入 %(rows)s 份合同。", rows=judged.rows),
        )

    to = url_for("web.contracts")
    return _import_page().bring_in(ledger_import.check_import, ledger_import.apply_import, said=said, to=to)


@web.get("/contracts/<contract_id>")
def contract(contract_id: str) -> ResponseReturnValue:
    """Go to the case file of a contract: one place for both."""
    return redirect(url_for("web.case_file", case_file_id=pages.contract_file(house(), actor(), contract_id).id), 303)


def _form(given: ContractInput, document_id: str | None) -> str:
    document = documents.get_document(house(), actor(), document_id) if document_id else None
    handlers = [
        (person, person.department.name)
        for person in pages.people(house())
        if person.department
        and not ledger.against_handler(person, person.department.id)
        and allowed(actor(), "contract.create", Reach(person.department.id, "internal"))
    ]
    return render_template(
        "new_contract.html",
        given=given,
        document=document,
        marks=_marks(given, document) if document else {},
        department_options=[(d.id, f"{d.code} {d.name}") for d in list_departments(house(), closed=False)],
        people_options=[("", gettext("请选择")), *((p.id, f"{p.name} ({p.login}) · {name}") for p, name in handlers)],
    )


def _marks(given: ContractInput, document: Document) -> dict[str, words.State]:
    """Return how far each value that came from the document can be trusted; one that was changed in the form has no mark."""
    sources = {"title": ("title",), "counterparty": ("party_b", "party_a"), "amount": ("amount",), "currency": ("currency",),
               "counterparty_code": ("party_b_code", "party_a_code"), "signed_on": ("signed_on",), "term_from": ("term_from",),
               "term_until": ("term_until",), "printed_number": ("contract_number",)}  # fmt: skip
    fields = {field.name: field for field in document.fields}
    sheets = documents.sheets_at_hand(house(), actor(), document.id)
    marks = {}
    for name, names in sources.items():
        found = (fields[n] for n in names if n in fields and fields[n].value == getattr(given, name))
        field = next(found, None)
        if field is not None:
            marks[name] = words.field_state(field, actor(), sheets)
    return marks


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
        approved_on=typed("approved_on"),
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


def _approvals_page() -> str:
    require(actor(), "contract.demand")
    g.page = url_for("web.approval_rules")
    return render_template("approval_rules.html", departments=departments.approval_rules(house(), actor()))


@web.get("/contracts/approvals")
def approval_rules() -> ResponseReturnValue:
    """Show which departments demand that contracts are approved before they are signed, and by which rule."""
    return _approvals_page()


@web.post("/departments/<code>/approval")
def demand_approval(code: str) -> ResponseReturnValue:
    """Demand an approval from a day on, or end the demand."""
    since, source = request.form.get("since", "").strip(), request.form.get("source", "")
    return act(
        lambda: departments.demand_approval(house(), actor(), code, since, source),
        _approvals_page,
        done=gettext("签订前批准的要求已改，此前签订的合同照旧。"),
        to=url_for("web.approval_rules"),
    )


@web.post("/contracts/<contract_id>/events")
def finish_event(contract_id: str) -> ResponseReturnValue:
    """Note that formalities were finished; it starts their clock."""
    file = pages.contract_file(house(), actor(), contract_id)
    form = request.form
    kind, day = form.get("kind", ""), form.get("finished_on", "").strip()
    document_id, note = form.get("document_id", ""), form.get("note", "")

    def step() -> None:
        if kind == "amended":
            given = {name: form[name].strip() for name in amendments.FIELDS if name in form}
            change = amendments.Amendment(**given)
            amendments.finish_amendment(house(), actor(), contract_id, day, change, document_id=document_id, note=note)
        else:
            ledger.finish_event(house(), actor(), contract_id, kind, day, document_id=document_id, note=note)

    return act(
        step,
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


def _correct_page(contract_id: str, confirm: Unconfirmed | None = None) -> str:
    file = pages.contract_file(house(), actor(), contract_id)
    contract = file.contract
    if contract is None or not corrections.correctable(house(), actor(), file):
        raise NotFound(f"contract {contract_id} cannot be corrected")
    handlers = (p for p in pages.people(house()) if not ledger.against_handler(p, file.department_id))
    everyone = {p.id: f"{p.name} ({p.login})" for p in handlers}
    everyone.setdefault(contract.handler_id, contract.handler.name)
    return render_template(
        "correct_contract.html",
        file=file,
        contract=contract,
        given=corrections.as_input(contract),
        fields=corrections.FIELDS,
        people_options=list(everyone.items()),
        confirm=confirm,
    )


@web.get("/contracts/<contract_id>/correct")
def correct_contract(contract_id: str) -> ResponseReturnValue:
    """Show the entry for correcting."""
    return _correct_page(contract_id)


@web.post("/contracts/<contract_id>/correct")
def correct_contract_submit(contract_id: str) -> ResponseReturnValue:
    """Correct what was changed in the form; what another person changed meanwhile and this one did not, stays."""
    form = request.form
    changed = {
        name: form[name].strip()
        for name in corrections.FIELDS
        if name in form and form[name].strip() != form.get(f"was.{name}", "")
    }
    file = pages.contract_file(house(), actor(), contract_id)
    to = url_for("web.case_file", case_file_id=file.id)
    wanted = corrections.Correction(**changed)
    try:
        corrections.correct_contract(
            house(), actor(), contract_id, wanted, form.get("reason", ""), form.get("retention", "")
        )
    except KNOWN_ERRORS as error:
        confirm = error if isinstance(error, Unconfirmed) else None
        return refused(error, lambda: _correct_page(contract_id, confirm), to)
    flash(gettext("台账已更正，原来的内容留在审计日志里。"), "done")
    return redirect(to, 303)
