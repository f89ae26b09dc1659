"""Whom we deal with, and whether the trail can be trusted: customers and the audit log."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.flow import customers as flow
from service.flow import filing, trail
from service.records.checkpoints import TrailReport
from service.web import words
from service.web.context import actor, house, offset_of
from service.web.site import web
from service.web.text import language

PAGE = 50
LOG_PAGE = 100


@web.get("/customers")
def customers() -> ResponseReturnValue:
    """Show the customers."""
    text = request.args.get("text", "").strip()
    total, found = flow.list_customers(house(), actor(), text=text, limit=PAGE, offset=offset_of(PAGE))
    return render_template("customers.html", total=total, customers=found, size=PAGE)


@web.get("/customers/<customer_id>")
def customer(customer_id: str) -> ResponseReturnValue:
    """Show a customer's card: warnings with their reason, contracts, files, documents."""
    view = flow.get_customer(house(), actor(), customer_id)
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
    return render_template("customer.html", view=view, warnings=warnings)


@web.post("/customers/<customer_id>/credit-file")
def credit_file(customer_id: str) -> ResponseReturnValue:
    """Open the customer's credit file, made on first use."""
    file = filing.credit_file(house(), actor(), customer_id)
    return redirect(url_for("web.case_file", case_file_id=file.id), 303)


def _log(report: TrailReport | None = None) -> str:
    args = request.args
    total, entries = trail.list_entries(
        house(),
        actor(),
        actor_name=args.get("actor") or None,
        action=args.get("action") or None,
        subject=args.get("subject") or None,
        limit=LOG_PAGE,
        offset=offset_of(LOG_PAGE),
    )
    return render_template("audit.html", total=total, entries=entries, size=LOG_PAGE, report=report)


@web.get("/audit")
def audit_log() -> ResponseReturnValue:
    """Show the trail, filtered by the address."""
    return _log()


@web.post("/audit")
def verify_audit() -> ResponseReturnValue:
    """Verify the whole chain and say what was found."""
    return _log(trail.verify(house(), actor()))
