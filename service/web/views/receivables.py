"""Receivables: what a customer owes and what was done to collect it; what comes from the books, with its report; rates."""

from datetime import date

from flask import Response, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from service.errors import KNOWN_ERRORS, BadInput
from service.flow.common.guard import allowed, require
from service.flow.credit import collections, receivables_import
from service.flow.credit.customers import documents_of
from service.flow.credit.receivables import from_cents, get_account
from service.reports.sheets import XLSX_TYPE, Table, to_xlsx
from service.typed import day_of
from service.web import credit_words as named
from service.web.context import act, actor, house, refused
from service.web.site import web
from service.web.text import gettext


@web.get("/customers/<customer_id>/receivables")
def customer_receivables(customer_id: str) -> ResponseReturnValue:
    """Show what a customer owes, how it pays, and what was done to collect it."""
    return _account_page(customer_id)


def _account_page(customer_id: str) -> str:
    account = get_account(house(), actor(), customer_id)
    _customer, records = collections.list_records(house(), actor(), customer_id)
    documents = []
    if allowed(actor(), "collection.record"):
        documents = [(d.id, d.title or d.filename) for d in documents_of(house(), actor(), customer_id)]
    return render_template(
        "customer_receivables.html",
        account=account,
        records=records,
        documents=documents,
        named=named,
        from_cents=from_cents,
        today=house().clock.today(),
    )


@web.post("/customers/<customer_id>/collections")
def record_collection(customer_id: str) -> ResponseReturnValue:
    """Put a call, a letter or a lawyer's step on record."""
    form = request.form

    def step() -> None:
        promised = form.get("promised_on", "").strip()
        given = collections.Collected(
            kind=form.get("kind", ""),
            happened_on=_day("happened_on"),
            said=form.get("said", ""),
            contact=form.get("contact", ""),
            promised_on=_day("promised_on") if promised else None,
            promised_amount=form.get("promised_amount", ""),
            currency=form.get("currency", "CNY").strip().upper() or "CNY",
            invoices=tuple(dict.fromkeys(form.get("invoices", "").replace("，", ",").replace(",", " ").split())),
            documents=tuple(value for value in form.getlist("document") if value),
        )
        collections.record(house(), actor(), customer_id, given)

    to = url_for("web.customer_receivables", customer_id=customer_id) + "#collection"
    return act(step, lambda: _account_page(customer_id), done=gettext("已记录。"), to=to)


def _day(name: str) -> date:
    try:
        return day_of(request.form.get(name, "").strip())
    except ValueError as error:
        raise BadInput(f"{name}: a date YYYY-MM-DD", {name: "a date YYYY-MM-DD"}) from error


def _import_page(report: receivables_import.Report | None = None) -> str:
    shown = [line for line in report.lines if line.outcome != "unchanged" or line.notes] if report else []
    heads = {name: texts[0] for name, texts in receivables_import.HEADINGS.items()}
    return render_template(
        "receivables_import.html",
        report=report,
        lines=[receivables_import.line_as_json(line) for line in shown[:1000]],
        imports=receivables_import.list_imports(house(), actor()),
        rates=receivables_import.list_rates(house(), actor()),
        heads=heads,
        needed=receivables_import.NEEDED,
        named=named,
    )


@web.get("/receivables/import")
def import_receivables() -> ResponseReturnValue:
    """Show how invoices and money come in, the imports so far, and the rates."""
    require(actor(), "receivable.import")
    return _import_page()


@web.get("/receivables/import/form.xlsx")
def receivables_form() -> ResponseReturnValue:
    """Send the empty form."""
    require(actor(), "receivable.import")
    heads = [texts[0] for texts in receivables_import.HEADINGS.values()]
    answer = Response(to_xlsx(Table("应收账款", heads, [])), content_type=XLSX_TYPE)
    name = gettext("应收账款") + ".xlsx"
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": name})
    return answer


@web.post("/receivables/import")
def import_receivables_submit() -> ResponseReturnValue:
    """Judge a file line by line or, when asked to, enter what is right."""
    require(actor(), "receivable.import")
    file = request.files.get("file")
    data = file.stream.read(receivables_import.MAX_BYTES + 1) if file else b""
    name = (file.filename or "") if file else ""
    to = url_for("web.import_receivables")
    apply = request.form.get("apply") == "1"
    try:
        report = receivables_import.bring_in_file(house(), actor(), name, data, apply=apply)
    except KNOWN_ERRORS as error:
        return refused(error, _import_page, to)
    if not apply:
        g.page = to
        return make_response(_import_page(report), 200)
    counts = report.counts
    flash(
        gettext(
            "新增 %(new)s，变更 %(changed)s，没有变化 %(same)s，拒收 %(refused)s。",
            new=counts["new"],
            changed=counts["changed"],
            same=counts["unchanged"],
            refused=counts["refused"],
        ),
        "done",
    )
    return redirect(url_for("web.receivables_report", import_id=report.id), 303)


@web.get("/receivables/imports/<import_id>")
def receivables_report(import_id: str) -> ResponseReturnValue:
    """Show the reconciliation report of an import."""
    row = receivables_import.get_import(house(), actor(), import_id)
    return render_template("receivables_report.html", row=row, lines=row.lines[:1000], named=named)


@web.post("/currency-rates")
def set_currency_rate() -> ResponseReturnValue:
    """Put the rate of a currency on record."""
    require(actor(), "receivable.import")
    form = request.form
    return act(
        lambda: receivables_import.set_rate(
            house(), actor(), form.get("currency", ""), _day("valid_from"), form.get("rate", "")
        ),
        _import_page,
        done=gettext("汇率已记录。"),
        to=url_for("web.import_receivables") + "#rates",
    )
