"""A customer's assessments: assess, review, decide; events, statements and forms (RULES A1.1 to A1.3, B5)."""

from decimal import Decimal

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from credit.forms import ITEMS, Item
from credit.freshness import EVENTS, MAJOR_EVENTS
from credit.indicators import COMPUTATIONS
from credit.scorecard import GRADES, Indicator
from service.errors import KNOWN_ERRORS, BadInput
from service.flow.common.guard import allowed, require
from service.flow.credit import assessments as flow
from service.flow.credit import credit_events, credit_forms, expert_reviews, statements
from service.flow.credit.scoring import InputGiven, stands_up
from service.flow.credit.statement_sheet import HEADINGS, NEEDED
from service.flow.intake import pages
from service.reports.sheets import XLSX_TYPE, Table, write
from service.web import words
from service.web.context import act, actor, house, refused
from service.web.site import web
from service.web.text import gettext, language


def _chinese() -> bool:
    return language() == "zh"


def _answers(indicator: Indicator) -> list[tuple[str, str]]:
    return [(code, words.named(words.ANSWERS, code)) for code in indicator.choices]


def assessments_page(customer_id: str) -> str:
    """Return the page of a customer's assessments."""
    desk = flow.desk_of(house(), actor(), customer_id)
    cards = desk.assessed.cards
    me = actor()
    names = {
        (version, i.code): i.zh if _chinese() else i.en
        for version, card in cards.items()
        for i in card.scorecard.indicators
    }
    in_use = {i.code: i.zh if _chinese() else i.en for i in desk.card.scorecard.indicators}
    forms = credit_forms.TYPED if allowed(me, "assessment.form") else ()
    experts = [(p.login, f"{p.name} ({p.login})") for p in pages.people(house()) if p.kind == "person"]
    mine = next((o for o in desk.opinions if o["person_id"] == me.person_id), None)
    return render_template(
        "customer_assessments.html",
        desk=desk,
        customer=desk.customer,
        assessed=desk.assessed,
        card=desk.card,
        indicator_name=lambda version, code: names.get((version, code)) or in_use.get(code, code),
        stands_up=lambda record: stands_up(record, cards.get(record.scorecard)),
        answer=lambda code: words.named(words.ANSWERS, code),
        answers=_answers,
        grades=[(grade, grade) for grade in GRADES],
        documents=[("", "—"), *((d.id, d.title or d.filename) for d in desk.documents)],
        event_name=_event_name,
        events=[(kind, _event_name(kind)) for kind in MAJOR_EVENTS],
        experts=experts,
        mine=mine,
        assessors=[("", gettext("按部门")), *((p.login, p.name) for p in desk.office)],
        me=me.name,
        forms=[(category, [(item, _label(item)) for item in ITEMS[category] if item.typed]) for category in forms],
        today=house().clock.today(),
        answered=lambda row: row.data.get("answers"),
    )


def _label(item: Item) -> str:
    return item.zh if _chinese() else item.en


def _event_name(kind: str) -> str:
    zh, en = EVENTS.get(kind, (kind, kind))
    return zh if _chinese() else en


def _back(customer_id: str) -> str:
    return url_for("web.customer_assessments", customer_id=customer_id)


@web.get("/customers/<customer_id>/assessments")
def customer_assessments(customer_id: str) -> ResponseReturnValue:
    """Show a customer's assessments with their arithmetic, what is due and why, and the forms of the credit file."""
    return assessments_page(customer_id)


@web.post("/customers/<customer_id>/assessments")
def make_assessment(customer_id: str) -> ResponseReturnValue:
    """Assess the customer; the result waits for a second person."""
    form = request.form

    def step() -> None:
        codes = [name.removesuffix(".evidence") for name in form if name.endswith(".evidence")]
        inputs = {}
        for code in codes:
            evidence = form.get(f"{code}.evidence", "")
            note = form.get(f"{code}.note", "")
            inputs[code] = InputGiven(form.get(code, ""), (evidence,) if evidence else (), note)
        flow.make_assessment(
            house(),
            actor(),
            customer_id,
            inputs,
            grade=form.get("grade", ""),
            reason=form.get("reason", ""),
            line=form.get("line", ""),
        )

    done = gettext("已评估，等第二人决定。")
    return act(step, lambda: assessments_page(customer_id), done=done, to=_back(customer_id))


@web.post("/customers/<customer_id>/assessments/<assessment_id>/decision")
def decide_assessment(customer_id: str, assessment_id: str) -> ResponseReturnValue:
    """Let an assessment take effect, or refuse it with a reason."""
    approve, reason = request.form.get("approve") == "1", request.form.get("reason", "")
    done = gettext("评估已生效。") if approve else gettext("没有同意；评估不生效。")
    return act(
        lambda: flow.decide_assessment(house(), actor(), customer_id, assessment_id, approve=approve, reason=reason),
        lambda: assessments_page(customer_id),
        done=done,
        to=_back(customer_id),
    )


@web.post("/customers/<customer_id>/assessments/<assessment_id>/experts")
def name_experts(customer_id: str, assessment_id: str) -> ResponseReturnValue:
    """Name who reviews a high-value customer's assessment."""
    logins = request.form.getlist("experts")
    return act(
        lambda: expert_reviews.name_experts(house(), actor(), customer_id, assessment_id, logins),
        lambda: assessments_page(customer_id),
        done=gettext("专家已指定，等他们的意见。"),
        to=_back(customer_id),
    )


@web.post("/customers/<customer_id>/assessments/<assessment_id>/opinion")
def give_opinion(customer_id: str, assessment_id: str) -> ResponseReturnValue:
    """Give an opinion as a named expert."""
    grade, opinion = request.form.get("grade", ""), request.form.get("opinion", "")
    return act(
        lambda: expert_reviews.give_opinion(house(), actor(), customer_id, assessment_id, grade=grade, opinion=opinion),
        lambda: assessments_page(customer_id),
        done=gettext("意见已记下。"),
        to=_back(customer_id),
    )


@web.post("/customers/<customer_id>/events")
def record_credit_event(customer_id: str) -> ResponseReturnValue:
    """Record an event that makes a re-assessment due at once."""
    form = request.form
    return act(
        lambda: credit_events.record_event(
            house(),
            actor(),
            customer_id,
            form.get("kind", ""),
            form.get("known_on", ""),
            note=form.get("note", ""),
            document_id=form.get("document", ""),
        ),
        lambda: assessments_page(customer_id),
        done=gettext("重大事件已记下，须立即重新评估。"),
        to=_back(customer_id),
    )


@web.post("/customers/<customer_id>/forms")
def fill_credit_form(customer_id: str) -> ResponseReturnValue:
    """Keep a form as it was filled in; its PDF is filed by itself."""
    category = request.form.get("category", "")
    names = [item.name for item in ITEMS.get(category, ()) if item.typed]
    given = {name: request.form[name] for name in names if name in request.form}
    return act(
        lambda: credit_forms.fill_form(house(), actor(), customer_id, category, given),
        lambda: assessments_page(customer_id),
        done=gettext("已保存，PDF 正在归入信用案卷。"),
        to=_back(customer_id),
    )


def statements_page(customer_id: str) -> str:
    """Return the page of a customer's financial statements."""
    customer, rows = statements.statements_of(house(), actor(), customer_id)
    with house().database.read() as session:
        documents = flow.documents_of(session, actor(), customer_id)
    shown = [(row, statements.ratios_of(house(), row)) for row in rows if row.replaced_by is None]
    return render_template(
        "statements.html",
        customer=customer,
        shown=shown,
        corrected=[row for row in rows if row.replaced_by is not None],
        figures=statements.FIGURES,
        amount=lambda text: f"{Decimal(text):,}",
        ratio_name=lambda name: COMPUTATIONS[name].zh if _chinese() else COMPUTATIONS[name].en,
        unit=lambda name: "%" if COMPUTATIONS[name].unit == "%" else "",
        documents=[("", "—"), *((d.id, d.title or d.filename) for d in documents)],
        me=actor().name,
        year=house().clock.today().year - 1,
    )


@web.get("/customers/<customer_id>/statements")
def customer_statements(customer_id: str) -> ResponseReturnValue:
    """Show a customer's financial statements and what they give."""
    return statements_page(customer_id)


@web.post("/customers/<customer_id>/statements")
def enter_statement(customer_id: str) -> ResponseReturnValue:
    """Enter a year's figures."""
    form = request.form
    figures = {name: form.get(name, "") for name in statements.FIGURES}
    return act(
        lambda: statements.enter_statement(
            house(),
            actor(),
            customer_id,
            form.get("year", ""),
            figures,
            document_id=form.get("document", ""),
            note=form.get("note", ""),
        ),
        lambda: statements_page(customer_id),
        done=gettext("财务数据已录入，等另外两人核对。"),
        to=url_for("web.customer_statements", customer_id=customer_id),
    )


@web.post("/customers/<customer_id>/statements/<statement_id>/confirmation")
def confirm_statement(customer_id: str, statement_id: str) -> ResponseReturnValue:
    """Say that the figures are those of the document."""
    return act(
        lambda: statements.confirm_statement(house(), actor(), customer_id, statement_id),
        lambda: statements_page(customer_id),
        done=gettext("已核对。"),
        to=url_for("web.customer_statements", customer_id=customer_id),
    )


def _import_page(found: statements.Imported | None = None) -> str:
    return render_template(
        "import_statements.html",
        found=found,
        heads={name: heads[0] for name, heads in HEADINGS.items()},
        needed=NEEDED,
    )


@web.get("/statements/import")
def import_statements() -> ResponseReturnValue:
    """Show the form that imports statements."""
    require(actor(), "statement.enter")
    return _import_page()


@web.get("/statements/import/form.xlsx")
def statements_form() -> ResponseReturnValue:
    """Send an empty workbook with the headings."""
    require(actor(), "statement.enter")
    heads = [words_[0] for words_ in HEADINGS.values()]
    answer = Response(write(Table(gettext("财务数据"), heads, []), "xlsx"), content_type=XLSX_TYPE)
    name = dump_options_header("attachment", {"filename": f"{gettext('财务数据')}.xlsx"})
    answer.headers["Content-Disposition"] = name
    return answer


@web.post("/statements/import")
def import_statements_submit() -> ResponseReturnValue:
    """Judge the rows of a workbook, or enter all of them."""
    upload, to = request.files.get("file"), url_for("web.import_statements")
    data = upload.read() if upload is not None else b""
    try:
        if not data:
            raise BadInput("file: is needed", {"file": "is needed"})
        found = statements.import_statements(house(), actor(), data, apply=request.form.get("apply") == "1")
    except KNOWN_ERRORS as error:
        return refused(error, _import_page, to)
    if request.form.get("apply") == "1" and not found.wrong:
        return act(lambda: None, _import_page, done=gettext("已导入 %(rows)s 行。", rows=found.rows), to=to)
    return _import_page(found)
