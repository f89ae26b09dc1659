"""What must I do now."""

from flask import render_template
from flask.typing import ResponseReturnValue

from service.flow.archive.loans import list_loans
from service.flow.archive.loans import shown as list_shown
from service.flow.archive.transfers import list_transfers
from service.flow.common.guard import allowed
from service.flow.credit import exams, plan_lists, regulations
from service.flow.intake import desk
from service.flow.search.saved_searches import count_news
from service.web.context import actor, house
from service.web.rooms import counted, up_to
from service.web.site import web
from service.web.views.reviews import open_reviews

SHOWN = 6


@web.get("/")
def home() -> ResponseReturnValue:
    """Show what waits for this person, the most urgent first."""
    who = actor()
    transfers = review = loans = None
    review_total = ""
    if allowed(who, "transfer.read"):
        due = list_transfers(house(), who, mine=True, limit=SHOWN)
        transfers = [row for row in due if row.urgency in ("late", "soon")]
    if allowed(who, "document.correct"):
        total = counted().get("needs_review", 0)
        _total, waiting = desk.list_waiting(house(), who, desk.Want(), limit=SHOWN, total=total)
        review_total = up_to(total)
        review = [document for document, _holder in waiting]
    if allowed(who, "loan.read"):
        loans = list_loans(house(), who, only_open=True, most=SHOWN)
    training = exams.own_due(house(), who) if allowed(who, "course.read") else []
    tasks = regulations.own_tasks(house(), who)[:SHOWN] if allowed(who, "regulation.read") else []
    assessments = plan_lists.own_due(house(), who, SHOWN)
    reviews = open_reviews() if allowed(who, "review.read") else []
    return render_template(
        "home.html",
        transfers=transfers,
        review=review,
        review_total=review_total,
        loans=loans,
        named=list_shown(house(), who, loans or []).named,
        reviews=reviews,
        training=training,
        tasks=tasks,
        assessments=assessments,
        news=count_news(house(), who),
        nothing=transfers is None
        and review is None
        and not reviews
        and not loans
        and not training
        and not tasks
        and not assessments,
    )
