"""A customer's credit on the customer's page: assess, and decide as the second person."""

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from credit.default_card import EXAMPLE_SCORECARD
from credit.scorecard import GRADES, Indicator
from service.flow import assessments as flow
from service.flow.customers import CustomerView
from service.web import words
from service.web.context import act, actor, house
from service.web.site import web
from service.web.text import gettext, language


def shown() -> dict[str, Any]:
    """Return what the panel of assessments needs beside the customer."""
    return {
        "scorecard": EXAMPLE_SCORECARD,
        "grades": [(grade, grade) for grade in GRADES],
        "most_up": flow.MOST_UP,
        "most_down": flow.MOST_DOWN,
        "indicator_name": _indicator_name,
        "answer": lambda code: words.named(words.ANSWERS, code),
        "answers": _answers,
        "me": actor().name,
        "documents_of": _documents_of,
    }


def _indicator_name(version: str, code: str) -> str:
    indicator = next(i for i in flow.SCORECARDS[version].indicators if i.code == code)
    return indicator.zh if language() == "zh" else indicator.en


def _answers(indicator: Indicator) -> list[tuple[str, str]]:
    return [(code, words.named(words.ANSWERS, code)) for code in indicator.choices]


def _documents_of(view: CustomerView) -> list[tuple[str, str]]:
    return [(document.id, document.title or document.filename) for document in view.documents]


@web.post("/customers/<customer_id>/assessments")
def make_assessment(customer_id: str) -> ResponseReturnValue:
    """Assess the customer; the result waits for a second person."""
    from service.web.views.trust import customer

    def step() -> None:
        inputs = {}
        for indicator in EXAMPLE_SCORECARD.indicators:
            evidence = request.form.get(f"{indicator.code}.evidence", "")
            given = request.form.get(indicator.code, "")
            inputs[indicator.code] = flow.InputGiven(given, (evidence,) if evidence else ())
        grade, reason = request.form.get("grade", ""), request.form.get("reason", "")
        flow.make_assessment(house(), actor(), customer_id, inputs, grade=grade, reason=reason)

    to = url_for("web.customer", customer_id=customer_id) + "#assessments"
    return act(step, lambda: customer(customer_id), done=gettext("已评估，等第二人决定。"), to=to)


@web.post("/customers/<customer_id>/assessments/<assessment_id>/decision")
def decide_assessment(customer_id: str, assessment_id: str) -> ResponseReturnValue:
    """Let an assessment take effect, or refuse it with a reason."""
    from service.web.views.trust import customer

    approve, reason = request.form.get("approve") == "1", request.form.get("reason", "")

    def step() -> None:
        flow.decide_assessment(house(), actor(), customer_id, assessment_id, approve=approve, reason=reason)

    to = url_for("web.customer", customer_id=customer_id) + "#assessments"
    done = gettext("评估已生效。") if approve else gettext("没有同意；评估不生效。")
    return act(step, lambda: customer(customer_id), done=done, to=to)
