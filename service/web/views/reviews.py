"""Reviews: what may go, who said so, and the proof that it is gone."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from retention.destruction import certificate_intact
from retention.steps import Signature
from service.errors import KNOWN_ERRORS, RuleRefused
from service.flow.archive import destroy, reviews
from service.flow.archive.candidates import MOST
from service.flow.archive.reviews import ReviewView
from service.flow.common.guard import allowed
from service.flow.intake import pages
from service.web import words
from service.web.context import act, actor, house, offset_of, refused
from service.web.filters import day, who
from service.web.site import web
from service.web.text import gettext, language

GROUP_LEAST = 3
PAGE = 100


@dataclass(frozen=True)
class Row:
    """A review in a list."""

    id: str
    number: str
    state: words.State
    created_on: date
    proposed_by: str
    files: int


@dataclass(frozen=True)
class Step:
    """One step of a review as drawn: done, now or to come, and one line about it."""

    name: str
    state: str
    why: str


@dataclass(frozen=True)
class Primary:
    """The one thing to do next. action: where it is posted, None while it waits; waits: for what."""

    word: str
    action: str | None
    waits: str
    danger: bool = False


def _rows(*, closed: bool) -> list[Row]:
    return [
        Row(r.id, r.number, words.state(words.REVIEW_STATES, r.state), r.created_on, r.proposed_by, r.summary["files"])
        for r in reviews.list_reviews(house(), actor(), open_only=not closed)
        if r.summary is not None
    ]


def open_reviews() -> list[Row]:
    """Return the reviews that are not closed."""
    return _rows(closed=False)


def _list_page() -> str:
    proposer = allowed(actor(), "review.propose")
    takers = [p for p in reviews.takers(house()) if p.id != actor().person_id] if proposer else []
    rows = _rows(closed=True)
    first = offset_of(PAGE)
    return render_template(
        "reviews.html",
        reviews=rows[first : first + PAGE],
        total=len(rows),
        size=PAGE,
        board=_board(),
        candidates=reviews.candidate_page(house(), actor(), after=request.args.get("after", ""), limit=PAGE),
        most=MOST,
        people=takers,
        people_options=[("", gettext("请选择")), *((p.id, f"{p.name} ({p.login})") for p in takers)],
        group_least=GROUP_LEAST,
    )


def _board() -> list[tuple[words.State, list[tuple[reviews.OnBoard, str]]]]:
    """Return each stage with its reviews and, in a line each, what they wait for."""
    found = []
    for stage, rows in reviews.board(house(), actor()).items():
        if rows or stage not in ("proposed", "executing", "verified"):  # stages that pass by themselves
            shown = [(row, _waits_for(row.record.state, row.execution_from, row.waits_for)) for row in rows]
            found.append((words.state(words.REVIEW_STATES, stage), shown))
    return found


@web.get("/reviews")
def appraisals() -> ResponseReturnValue:
    """Show the reviews, and the files whose retention has ended."""
    return _list_page()


@web.post("/reviews")
def propose_review() -> ResponseReturnValue:
    """Propose a review of the ticked files."""
    form = request.form
    supervisors = [s for s in (form.get("supervisor1", ""), form.get("supervisor2", "")) if s]
    try:
        record = reviews.propose(
            house(),
            actor(),
            form.getlist("file"),
            [person for person in dict.fromkeys([form.get("head", ""), *form.getlist("group")]) if person],
            form.get("approver", ""),
            supervisors,
            everything=form.get("everything") == "yes",
        )
    except KNOWN_ERRORS as error:
        return refused(error, _list_page, url_for("web.appraisals"))
    return redirect(url_for("web.appraisal", review_id=record.id), 303)


def _signed(view: ReviewView, act_word: str) -> list[Signature]:
    return [s for s in view.review.signatures if s.act == act_word]


def _by(signatures: list[Signature]) -> str:
    return gettext("、").join(f"{who(s.person)} {day(s.on)}" for s in signatures)


def _steps(view: ReviewView) -> list[Step]:
    review = view.review
    approver, supervisors = review.appointed["approver"][0], review.appointed["supervisor"]
    state = review.state
    appraised, approved, began = _signed(view, "decide"), _signed(view, "approve"), _signed(view, "finish")
    before, after = _signed(view, "confirm_before"), _signed(view, "confirm_after")
    spoken = len(review.group) - sum(person in view.missing for person in review.group)
    opinions = gettext("%(done)d / %(all)d 人意见已齐", done=spoken, all=len(review.group))

    def step(name: str, done: bool, now: bool, why: str) -> Step:  # noqa: FBT001 - two flags of a drawing
        return Step(name, "done" if done else "now" if now and state != "stopped" else "", why)

    def supervisor(at: int) -> Step:
        signed = [s for s in before if s.person == supervisors[at]]
        confirmed = [s for s in after if s.person == supervisors[at]]
        name = [gettext("监销人一"), gettext("监销人二")][at]
        waiting = gettext("等待 %(name)s", name=who(supervisors[at]))
        why = _by(confirmed) + " " + gettext("确认已销毁") if confirmed else _by(signed) if signed else waiting
        return step(name, bool(signed), state == "waiting", why)

    first = review.execution_from
    wait = gettext("%(day)s 起可执行", day=day(first)) if first else ""
    verified = gettext("已验证，证明已出") if state in ("verified", "certified") else ""
    return [
        step(gettext("提出"), True, False, f"{who(review.proposer)} {day(review.signatures[0].on)}"),
        step(gettext("鉴定小组"), bool(appraised), state == "appraising", opinions),
        step(
            gettext("负责人批准"),
            bool(approved),
            state == "decided",
            f"{_by(approved)} · {wait}" if approved else gettext("等待 %(name)s", name=who(approver)),
        ),
        supervisor(0),
        supervisor(1),
        step(
            gettext("执行与验证"),
            state in ("verified", "certified"),
            state in ("supervised", "executing", "executed"),
            verified or (_by(began) if began else ""),
        ),
    ]


def _waits(view: ReviewView) -> str:
    """Return, in one line, what the review waits for."""
    return _waits_for(view.review.state, view.review.execution_from, view.waits_for)


def _waits_for(state: str, first: date | None, people: tuple[str, ...]) -> str:
    if state == "waiting" and first is not None and house().clock.today() < first:
        return gettext("等待期，%(day)s 起监销人可以确认", day=day(first))
    names = gettext("、").join(who(name) for name in people)
    return gettext("等待 %(name)s", name=names) if names else ""


def _primary(view: ReviewView) -> Primary | None:
    """Return the one action of this page; while it waits it says for what instead of failing when pressed."""
    review_id, state = view.record.id, view.review.state

    def here(step: str) -> str:
        return url_for("web.appraisal_step", review_id=review_id, step=step)

    if "approve" in view.may:
        return Primary(gettext("批准"), here("approve"), "")
    if "confirm_before" in view.may:
        return Primary(gettext("监销确认：可以销毁"), here("confirm"), "")
    if "confirm_after" in view.may:
        return Primary(gettext("监销确认：已经销毁"), here("confirm"), "")
    if "execute" in view.may:
        return Primary(gettext("执行销毁"), here("execute"), "", danger=True)
    if state in (*reviews.CLOSED, "executing") or view.may & {"opinion", "paper"}:
        return None
    word = {
        "decided": gettext("批准"),
        "executed": gettext("监销确认：已经销毁"),
        "appraising": gettext("批准"),
    }.get(state, gettext("执行销毁"))
    return Primary(word, None, _waits(view))


def _counts(view: ReviewView) -> list[tuple[str, str, int]]:
    found = view.counts
    names = {code: str(pair[1]) for code, pair in words.VERDICTS.items()}
    names |= {"hold": gettext("冻结中"), "open": gettext("意见未齐")}
    return [(code, names[code], found[code]) for code in names if code in found]


def review_page(review_id: str, *, prove: bool = False) -> str:
    """Return the page of one review. prove: with a new look for what is left of the destroyed files on it."""
    only = request.args.get("only", "")
    view = reviews.get_review(house(), actor(), review_id, only=only, limit=PAGE, offset=offset_of(PAGE))
    certificate = view.record.certificate
    replaceable = view.review.replaceable() if "replace" in view.may else ()
    running = view.review.state == "executing"
    gone = set() if running else {item.file.id for item in view.files if item.file.state == "destroyed"}
    return render_template(
        "review.html",
        view=view,
        review=view.review,
        steps=_steps(view),
        primary=_primary(view),
        counts=_counts(view),
        only=only,
        waits=_waits(view),
        carried=destroy.carried(house(), actor(), review_id) if running else None,
        destruction_steps=destroy.STEPS,
        chinese=language() == "zh",
        state=words.state(words.REVIEW_STATES, view.review.state),
        certificate=certificate,
        intact=certificate_intact(certificate) if certificate else None,
        gone=gone,
        proved_now=prove,
        proofs=_proved_now(gone) if prove else destroy.proofs(house(), actor(), sorted(gone)),
        replace_options=[(n, f"{words.named(words.PARTS, view.review.part_of(n))} {who(n)}") for n in replaceable],
        successor_options=_successors(view) if replaceable or "ask" in view.may else [],
        stopped=[s for s in view.review.signatures if s.act in ("stop", "reject")],
        facts=pages.review_facts(house(), actor(), [item.file.id for item in view.files]),
        size=PAGE,
        mine_missing=view.missing.get(actor().name, 0),
        place={name: request.args[name] for name in ("only", "page") if name in request.args},
        verdict_options=[
            (code, words.VERDICTS[code][1]) for code in ("destroy", "transfer_out", "keep_until", "keep_permanently")
        ],
    )


def _proved_now(file_ids: Collection[str]) -> dict[str, destroy.Proved]:
    now = house().clock.now()
    return {file_id: destroy.Proved(destroy.prove(house(), actor(), file_id), now) for file_id in sorted(file_ids)}


def _successors(view: ReviewView) -> list[tuple[str, str]]:
    """Return who could take a part that someone cannot act in."""
    gone = {replacement.old for replacement in view.review.replaced}
    free = [
        p
        for p in reviews.takers(house())
        if view.review.part_of(name := f"person:{p.login}") is None and name not in gone
    ]
    return [("", gettext("请选择")), *((p.id, f"{p.name} ({p.login})") for p in free if p.id != actor().person_id)]


@web.get("/reviews/<review_id>")
def appraisal(review_id: str) -> ResponseReturnValue:
    """Show a review: its steps, the opinions, what it waits for and, afterwards, the certificate and the proof."""
    return review_page(review_id)


def _opinions(review_id: str) -> None:
    form = request.form
    chosen, rest = form.getlist("file"), form.get("rest") == "yes"
    if not chosen and not rest:
        raise RuleRefused("choose at least one file for your opinion")
    verdict = form.get("decision", "")
    until = form.get("until") if verdict == "keep_until" else None
    reviews.add_opinions(house(), actor(), review_id, chosen, verdict, until, form.get("reason", ""), rest=rest)


@web.post("/reviews/<review_id>/<step>")
def appraisal_step(review_id: str, step: str) -> ResponseReturnValue:
    """Do one step of a review."""
    form, at = request.form, house()
    if step == "prove":
        return review_page(review_id, prove=True)
    doing: dict[str, tuple[Callable[[], object], str]] = {
        "opinion": (lambda: _opinions(review_id), gettext("意见已记下。")),
        "approve": (lambda: reviews.approve(at, actor(), review_id), gettext("已批准，等待期开始。")),
        "reject": (
            lambda: reviews.reject(at, actor(), review_id, form.get("reason", "")),
            gettext("未批准，鉴定结束。"),
        ),
        "stop": (lambda: reviews.stop(at, actor(), review_id, form.get("reason", "")), gettext("已停止。")),
        "take-off": (
            lambda: reviews.take_off(at, actor(), review_id, form.get("file", ""), form.get("reason", "")),
            gettext("已从清册撤下。"),
        ),
        "replace": (
            lambda: reviews.replace_person(
                at, actor(), review_id, form.get("old", ""), form.get("new", ""), form.get("reason", "")
            ),
            gettext("已换人，理由留在鉴定记录里。"),
        ),
        "ask": (
            lambda: reviews.ask_co_reviewer(
                at, actor(), review_id, form.get("person", ""), form.getlist("asked"), form.get("reason", "")
            ),
            gettext("已请其会同鉴定，意见齐了才能形成结论。"),
        ),
        "confirm": (lambda: reviews.supervise(at, actor(), review_id), gettext("监销确认已记下。")),
        "execute": (lambda: _execute(review_id), gettext("已开始销毁，由后台逐卷执行；进度见下。")),
        "paper": (
            lambda: reviews.note_paper(at, actor(), review_id, form.get("how", "")),
            gettext("纸质案卷的销毁已记下。请两名监销人确认。"),
        ),
    }
    if step not in doing:
        raise RuleRefused(f"there is no step {step}")
    run, done = doing[step]
    place: dict[str, Any] = {name: request.args[name] for name in ("only", "page") if name in request.args}
    to = url_for("web.appraisal", review_id=review_id, **place)
    return act(run, lambda: review_page(review_id), done=done, to=to)


def _execute(review_id: str) -> None:
    if request.form.get("named") != request.form.get("number"):
        raise RuleRefused("type the review's number to execute: this cannot be undone")
    destroy.begin(house(), actor(), review_id)


@web.get("/register")
def register() -> ResponseReturnValue:
    """Show the destruction register, in the customary form."""
    total, rows = destroy.register_page(house(), actor(), limit=PAGE, offset=offset_of(PAGE))
    return render_template("register.html", rows=rows, total=total, size=PAGE, fonds=house().settings.fonds)
