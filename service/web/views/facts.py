"""What is collected about customers: as of a day and a moment, verified by two, renewed in time."""

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.errors import KNOWN_ERRORS, BadInput
from service.flow.credit import fact_documents, fact_duties, fact_entry, fact_kinds, fact_views, freshness_board
from service.flow.credit.customers import documents_of
from service.flow.credit.fact_entry import FactGiven
from service.flow.intake import pages
from service.web import register_words as names
from service.web.context import act, actor, house, offset_of, refused
from service.web.site import web
from service.web.text import gettext

PAGE = 50
_FIELDS = (
    "kind",
    "value",
    "source",
    "valid_from",
    "valid_until",
    "document_id",
    "note",
    "collected_by",
    "collected_on",
)


def _typed(name: str) -> str:
    return request.form.get(name, "").strip()


def _asked(name: str) -> str:
    return request.args.get(name, "").strip()


def _page(customer_id: str, *, now: bool = False) -> ResponseReturnValue:
    on, known_at = ("", "") if now else (_asked("on"), _asked("known_at"))
    sheet = fact_views.get_sheet(house(), actor(), customer_id, on=on, known_at=known_at)
    if sheet.customer.id != customer_id:
        return redirect(url_for("web.customer_facts", customer_id=sheet.customer.id), 303)
    papers = documents_of(house(), actor(), customer_id)
    return render_template(
        "customer_facts.html",
        sheet=sheet,
        customer=sheet.customer,
        past=sheet.known_at is not None or sheet.on != house().clock.today(),
        names=names,
        me=actor(),
        documents=papers,
        licences=[paper for paper in papers if paper.kind == fact_documents.LICENCE],
        people=[(person.login, f"{person.name}（{person.login}）") for person in pages.people(house())],
    )


@web.get("/customers/<customer_id>/facts")
def customer_facts(customer_id: str) -> ResponseReturnValue:
    """Show what is known of a customer, now or ?on a day as ?known_at another."""
    try:
        return _page(customer_id)
    except BadInput as error:
        return refused(error, lambda: _page(customer_id, now=True))


@web.get("/customers/<customer_id>/facts/<kind>")
def customer_fact(customer_id: str, kind: str) -> ResponseReturnValue:
    """Show the history of one kind of information."""
    try:
        past = fact_views.get_past(house(), actor(), customer_id, kind, known_at=_asked("known_at"))
    except BadInput as error:
        return refused(error, lambda: redirect(url_for("web.customer_fact", customer_id=customer_id, kind=kind), 303))
    return render_template("customer_fact.html", past=past, names=names, me=actor())


def _do(customer_id: str, step: Callable[[], object], done: object) -> ResponseReturnValue:
    to = url_for("web.customer_facts", customer_id=customer_id)
    return act(step, lambda: _page(customer_id, now=True), done=done, to=to)


@web.post("/customers/<customer_id>/facts")
def record_fact(customer_id: str) -> ResponseReturnValue:
    """Enter a piece of information."""
    given = {name: _typed(name) for name in _FIELDS}
    page = _typed("page")
    try:
        if page and not page.isdecimal():
            raise BadInput("page: a whole number", {"page": "a whole number"})
        fact = FactGiven(**given, page=int(page[:6] or 0))
        done = fact_entry.record_fact(house(), actor(), customer_id, fact)
    except KNOWN_ERRORS as error:
        return refused(
            error, lambda: _page(customer_id, now=True), url_for("web.customer_facts", customer_id=customer_id)
        )
    flash(str(names.DONE[done]), "done")
    return redirect(url_for("web.customer_facts", customer_id=customer_id), 303)


@web.post("/customers/<customer_id>/facts/<fact_id>/confirmation")
def confirm_fact(customer_id: str, fact_id: str) -> ResponseReturnValue:
    """Confirm a value."""
    return _do(
        customer_id,
        lambda: fact_entry.confirm_fact(house(), actor(), customer_id, fact_id, request.form.get("seen")),
        names.DONE["confirm"],
    )


@web.post("/customers/<customer_id>/facts/<fact_id>/contradiction")
def contradict_fact(customer_id: str, fact_id: str) -> ResponseReturnValue:
    """Say that a value is another, or decide between two."""
    try:
        done = fact_entry.contradict_fact(
            house(), actor(), customer_id, fact_id, _typed("value"), _typed("reason"), request.form.get("seen")
        )
    except KNOWN_ERRORS as error:
        return refused(
            error, lambda: _page(customer_id, now=True), url_for("web.customer_facts", customer_id=customer_id)
        )
    flash(str(names.DONE[done]), "done")
    return redirect(url_for("web.customer_facts", customer_id=customer_id), 303)


@web.post("/customers/<customer_id>/facts/<fact_id>/withdrawal")
def withdraw_fact(customer_id: str, fact_id: str) -> ResponseReturnValue:
    """Take back one's own entry."""
    return _do(
        customer_id,
        lambda: fact_entry.withdraw_fact(house(), actor(), customer_id, fact_id, _typed("reason")),
        gettext("已撤回，留在历史里。"),
    )


@web.post("/customers/<customer_id>/facts/<fact_id>/recheck")
def recheck_fact(customer_id: str, fact_id: str) -> ResponseReturnValue:
    """Say that a value was looked at again and still holds."""
    return _do(
        customer_id,
        lambda: fact_entry.recheck_fact(house(), actor(), customer_id, fact_id, _typed("note")),
        gettext("已记为复核，期限重新计算。"),
    )


@web.post("/customers/<customer_id>/facts/changes")
def report_change(customer_id: str) -> ResponseReturnValue:
    """Report that something changed."""
    return _do(
        customer_id,
        lambda: fact_entry.report_change(house(), actor(), customer_id, _typed("kind"), _typed("note")),
        gettext("已通知负责人更新。"),
    )


@web.post("/customers/<customer_id>/facts/take-over")
def take_facts_over(customer_id: str) -> ResponseReturnValue:
    """Take what a licence says as facts."""
    return _do(
        customer_id,
        lambda: fact_documents.take_over(house(), actor(), customer_id, _typed("document_id")),
        gettext("已从证照取值，没有人重打一遍。"),
    )


@web.get("/freshness")
def freshness() -> ResponseReturnValue:
    """Show how everybody's information stands, and what of it is due."""
    return _freshness()


def _freshness() -> ResponseReturnValue:
    view, login = _asked("view") or "stale", _asked("login")
    if _asked("mine"):
        login = actor().name.removeprefix("person:")
    try:
        total, rows = fact_duties.list_due(
            house(), actor(), view=view, login=login, kind=_asked("kind"), limit=PAGE, offset=offset_of(PAGE)
        )
    except BadInput:
        total, rows = 0, []
    return render_template(
        "freshness.html",
        board=freshness_board.board_of(house(), actor()),
        total=total,
        rows=rows,
        size=PAGE,
        view=view,
        login=login,
        kinds=fact_kinds.list_kinds(house()),
        default_days=house().settings.refresh_days,
        names=names,
        people=[(person.login, f"{person.name}（{person.login}）") for person in pages.people(house())],
    )


@web.post("/freshness/responsible")
def set_fact_responsible() -> ResponseReturnValue:
    """Say who answers for what."""
    customer_id = _typed("customer_id")
    back = url_for("web.customer_facts", customer_id=customer_id) if customer_id else url_for("web.freshness")
    return act(
        lambda: fact_duties.set_responsible(
            house(), actor(), _typed("login"), customer_id=customer_id, kind=_typed("kind")
        ),
        lambda: _page(customer_id, now=True) if customer_id else _freshness(),
        done=gettext("负责人已定。"),
        to=back,
    )


@web.post("/freshness/kinds")
def set_fact_kind() -> ResponseReturnValue:
    """Add or change a kind of information."""
    given = fact_kinds.KindGiven(
        _typed("code"),
        _typed("zh"),
        _typed("en"),
        _typed("form_of_value"),
        key=bool(_typed("key")),
        refresh_days=_typed("refresh_days"),
    )
    return act(
        lambda: fact_kinds.set_kind(house(), actor(), given),
        _freshness,
        done=gettext("信息种类已存，到期日已重新计算。"),
        to=url_for("web.freshness"),
    )
