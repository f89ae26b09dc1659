"""Customers: the register, one customer with the ways to everything about it, the card for sales and service, duplicates, spreadsheets."""

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.errors import BadInput
from service.flow.archive import filing
from service.flow.common.guard import allowed, require
from service.flow.credit import customer_import, customer_merge, customer_profile
from service.flow.credit import customers as flow
from service.flow.credit.customer_card import get_card
from service.flow.credit.customer_import import HEADINGS, NEEDED
from service.flow.credit.duplicates import list_duplicates
from service.web import register_words as names
from service.web import words
from service.web.context import act, actor, house, offset_of, refused
from service.web.download import demand_form, download
from service.web.imports import ImportPage
from service.web.site import web
from service.web.text import gettext, language
from service.web.views.credit import shown

PAGE = 50
#: The pages of a customer, in order: endpoint, what one must be allowed.
_TABS = (
    ("web.customer", "customer.read"),
    ("web.customer_facts", "fact.read"),
    ("web.customer_assessments", "assessment.read"),
    ("web.customer_statements", "assessment.read"),
    ("web.customer_receivables", "receivable.read"),
    ("web.customer_warnings", "warning.read"),
    ("web.customer_report", "credit_report.read"),
    ("web.customer_card", "customer.read"),
)


@web.app_template_global("customer_tabs")
def customer_tabs(customer_id: str) -> list[tuple[str, str, bool]]:
    """Return the pages of a customer that the reader may open: name, address, whether it is this one."""
    called = {
        "web.customer": gettext("概况"),
        "web.customer_facts": gettext("客户信息"),
        "web.customer_assessments": gettext("信用评估"),
        "web.customer_statements": gettext("财务报表"),
        "web.customer_receivables": gettext("应收账款"),
        "web.customer_warnings": gettext("风险预警"),
        "web.customer_report": gettext("分析报告"),
        "web.customer_card": gettext("客户卡"),
    }
    return [
        (called[endpoint], url_for(endpoint, customer_id=customer_id), request.endpoint == endpoint)
        for endpoint, action in _TABS
        if endpoint in current_app.view_functions and allowed(actor(), action)
    ]


@web.get("/customers")
def customers() -> ResponseReturnValue:
    """Show the customers."""
    text = request.args.get("text", "").strip()
    total, found = flow.list_customers(house(), actor(), text=text, limit=PAGE, offset=offset_of(PAGE))
    return render_template("customers.html", total=total, customers=found, size=PAGE)


def _customer_page(customer_id: str) -> ResponseReturnValue:
    view = flow.get_customer(house(), actor(), customer_id)
    if view.customer.id != customer_id:  # merged into another: the number leads there
        return redirect(url_for("web.customer", customer_id=view.customer.id), 303)
    known = {document.id: document for document in view.documents}
    chinese = language() == "zh"
    warnings = [
        {
            "state": words.state(words.WARNINGS, warning.kind),
            "why": warning.why.zh if chinese else warning.why.en,
            "document": known.get(warning.subject),
        }
        for warning in view.warnings
    ]
    today = house().clock.today()
    identity = []
    if view.history is not None:
        kinds = ("name", "code", "legal_representative", "valid_until", "registered_capital", "address")
        identity = [(kind, view.history.at(kind, today)) for kind in kinds]
    return render_template(
        "customer.html", view=view, warnings=warnings, identity=identity, names=names, me=actor(), **shown()
    )


@web.get("/customers/<customer_id>")
def customer(customer_id: str) -> ResponseReturnValue:
    """Show a customer: warnings with their reason, who it is, whom to reach, contracts, files, documents."""
    return _customer_page(customer_id)


@web.post("/customers/<customer_id>/credit-file")
def credit_file(customer_id: str) -> ResponseReturnValue:
    """Open the customer's credit file, made on first use."""
    file = filing.credit_file(house(), actor(), customer_id)
    return redirect(url_for("web.case_file", case_file_id=file.id), 303)


@web.get("/customers/<customer_id>/card")
def customer_card(customer_id: str) -> ResponseReturnValue:
    """Show the card for sales and service as it goes to paper."""
    card = get_card(house(), actor(), customer_id)
    if card.customer.id != customer_id:
        return redirect(url_for("web.customer_card", customer_id=card.customer.id), 303)
    return render_template("customer_card.html", card=card, names=names, me=actor())


def _typed(name: str) -> str:
    return request.form.get(name, "").strip()


@web.post("/customers/<customer_id>/contacts")
def add_contact(customer_id: str) -> ResponseReturnValue:
    """Put a person or a bank on record."""
    given = customer_profile.ContactGiven(*map(_typed, ("kind", "name", "role", "phone", "email", "account")))
    return act(
        lambda: customer_profile.add_contact(house(), actor(), customer_id, given),
        lambda: _customer_page(customer_id),
        done=gettext("已记下。"),
        to=url_for("web.customer", customer_id=customer_id) + "#people",
    )


@web.post("/customers/<customer_id>/contacts/<contact_id>/end")
def end_contact(customer_id: str, contact_id: str) -> ResponseReturnValue:
    """Take a person or a bank off."""
    return act(
        lambda: customer_profile.end_contact(house(), actor(), customer_id, contact_id),
        lambda: _customer_page(customer_id),
        done=gettext("已撤下，记录保留。"),
        to=url_for("web.customer", customer_id=customer_id) + "#people",
    )


@web.post("/customers/<customer_id>/relations")
def relate_customer(customer_id: str) -> ResponseReturnValue:
    """Say whom a customer belongs to or who guarantees it."""
    given = customer_profile.RelationGiven(*map(_typed, ("kind", "other", "since", "document_id", "note")))
    return act(
        lambda: customer_profile.relate(house(), actor(), customer_id, given),
        lambda: _customer_page(customer_id),
        done=gettext("已记下。"),
        to=url_for("web.customer", customer_id=customer_id) + "#group",
    )


@web.post("/customers/<customer_id>/relations/<relation_id>/end")
def end_relation(customer_id: str, relation_id: str) -> ResponseReturnValue:
    """Say that a relation has ended."""
    return act(
        lambda: customer_profile.end_relation(house(), actor(), customer_id, relation_id),
        lambda: _customer_page(customer_id),
        done=gettext("已终止，记录保留。"),
        to=url_for("web.customer", customer_id=customer_id) + "#group",
    )


@web.get("/customers/duplicates")
def duplicates() -> ResponseReturnValue:
    """Show pairs of customers that may be one."""
    total, pairs, run = list_duplicates(house(), actor(), limit=PAGE, offset=offset_of(PAGE))
    return render_template("duplicates.html", total=total, pairs=pairs, run=run, size=PAGE, names=names)


def _merge_page(customer_id: str, other: str) -> str:
    kept, merged, counts = customer_merge.preview(house(), actor(), customer_id, other)
    return render_template("merge_customers.html", kept=kept, merged=merged, counts=counts, names=names)


@web.get("/customers/<customer_id>/merge")
def merge_page(customer_id: str) -> ResponseReturnValue:
    """Show what would move if another customer were merged into this one; ?other: number, code, exact name or id."""
    require(actor(), "customer.merge")
    back = url_for("web.customer", customer_id=customer_id)
    try:
        other = customer_merge.find_kept(house(), actor(), request.args.get("other", "").strip())
        return _merge_page(customer_id, other)
    except BadInput as error:
        return refused(error, lambda: _customer_page(customer_id), back)


@web.post("/customers/<customer_id>/merge")
def merge_customer(customer_id: str) -> ResponseReturnValue:
    """Merge another customer into this one."""
    other = _typed("other")
    return act(
        lambda: customer_merge.merge_customers(house(), actor(), customer_id, other, _typed("reason")),
        lambda: _merge_page(customer_id, other),
        done=gettext("已合并；原客户号保留，打开它就到这里。可以撤回。"),
        to=url_for("web.customer", customer_id=customer_id),
    )


@web.post("/customers/<customer_id>/mergers/<merge_id>/undo")
def undo_merge(customer_id: str, merge_id: str) -> ResponseReturnValue:
    """Undo a merger."""
    return act(
        lambda: customer_merge.undo_merge(house(), actor(), merge_id),
        lambda: _customer_page(customer_id),
        done=gettext("已撤回合并，各自的内容回到各自名下。"),
        to=url_for("web.customer", customer_id=customer_id),
    )


def _heads() -> dict[str, str]:
    return {name: texts[0] for name, texts in HEADINGS.items()}


@web.get("/customers/export.<form>")
def export_customers(form: str) -> ResponseReturnValue:
    """Send the register as a spreadsheet, in the form in which it is imported."""
    demand_form(form)
    rows = customer_import.export_customers(house(), actor(), form)
    return download(gettext("客户"), list(_heads().values()), rows, form)


def _import_page() -> ImportPage:
    return ImportPage(
        title=gettext("导入客户"),
        file=gettext("客户表（XLSX）"),
        sheet=gettext("客户"),
        note=gettext(
            "带 * 的必填，栏目顺序不限。按客户号、信用代码、全名依次认出已有的客户，其余的是新客户，另给客户号。表里的值成为客户信息，来源记为这张表，等两人核对；与别人录入的不同时成为争议。导出的表就是这个格式。"
        ),
        here="web.import_customers",
        form="web.customers_form",
        submit="web.import_customers_submit",
        heads=_heads(),
        needed=NEEDED,
    )


@web.get("/customers/import")
def import_customers() -> ResponseReturnValue:
    """Show how customers that were kept elsewhere come in."""
    require(actor(), "customer.import")
    return _import_page().show()


@web.get("/customers/import/form.xlsx")
def customers_form() -> ResponseReturnValue:
    """Send the empty form."""
    require(actor(), "customer.import")
    return _import_page().empty_form()


@web.post("/customers/import")
def import_customers_submit() -> ResponseReturnValue:
    """Judge a workbook row by row or, when asked to, enter it: all of it or nothing."""
    require(actor(), "customer.import")

    def said(judged: customer_import.Judged) -> tuple[str, str]:
        values = {"rows": judged.rows, "new": judged.new}
        return (
            gettext("%(rows)s 行都可以导入，其中新客户 %(new)s 家", **values),
            gettext("已导入 %(rows)s 家客户，其中新客户 %(new)s 家。", **values),
        )

    to = url_for("web.customers")
    return _import_page().bring_in(customer_import.check_import, customer_import.apply_import, said=said, to=to)
