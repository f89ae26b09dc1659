"""Warnings: the work list, a customer's warnings and blocks, one warning from its cause to its closing, lines, plans, messages."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from credit.contingency import ACTIONS, MOST_DAYS, MOST_TASKS, OWNERS
from service.errors import BadInput
from service.flow.common.guard import require
from service.flow.credit import blocks, deliveries, warning_acts, warning_settings
from service.flow.intake import pages
from service.typed import day_of
from service.web import credit_words as named
from service.web.context import act, actor, house, local_path, offset_of
from service.web.site import web
from service.web.text import gettext, language

PAGE = 50


def why_of(row: Any) -> str:
    """Return why a warning was given, in the reader's language."""
    return str(row.why_zh if language() == "zh" else row.why_en)


def text_of(row: Any) -> str:
    """Return what a delivery says, in the reader's language."""
    return str(row.content["zh" if language() == "zh" else "en"])


def _page(template: str, **more: Any) -> str:
    return render_template(template, named=named, why_of=why_of, text_of=text_of, me=actor().name, **more)


@web.get("/warnings")
def warnings_list() -> ResponseReturnValue:
    """Show what nobody closed yet, the most severe first, and the tasks that are mine."""
    only = {name: request.args.get(name, "") for name in ("state", "kind", "severity")}
    total, rows = warning_acts.list_warnings(house(), actor(), **only, limit=PAGE, offset=offset_of(PAGE))
    tasks = warning_acts.my_tasks(house(), actor())
    return _page("warnings.html", total=total, rows=rows, size=PAGE, only=only, tasks=tasks)


@web.get("/customers/<customer_id>/warnings")
def customer_warnings(customer_id: str) -> ResponseReturnValue:
    """Show all that was ever warned of a customer, and the blocks of its credit."""
    return _customer_page(customer_id)


def _customer_page(customer_id: str) -> str:
    found = warning_acts.warnings_of(house(), actor(), customer_id)
    standing = next((block for block in found.blocks if block.standing), None)
    return _page("customer_warnings.html", found=found, standing=standing)


@web.get("/customers/<customer_id>/warnings/<warning_id>")
def warning(customer_id: str, warning_id: str) -> ResponseReturnValue:
    """Show one warning: why, what is done about it by whom until when, what happened, who was told."""
    return _warning_page(customer_id, warning_id)


def _warning_page(customer_id: str, warning_id: str) -> str:
    view = warning_acts.get_warning(house(), actor(), customer_id, warning_id)
    people = [(p.login, p.name) for p in pages.people(house()) if p.kind == "person"]
    return _page("warning.html", view=view, row=view.warning, people=people)


def _step(customer_id: str, warning_id: str, step: Callable[[], object], done: str) -> ResponseReturnValue:
    to = url_for("web.warning", customer_id=customer_id, warning_id=warning_id)
    return act(step, lambda: _warning_page(customer_id, warning_id), done=done, to=to)


def _day(name: str) -> date:
    try:
        return day_of(request.form.get(name, "").strip())
    except ValueError as error:
        raise BadInput(f"{name}: a date YYYY-MM-DD", {name: "a date YYYY-MM-DD"}) from error


@web.post("/customers/<customer_id>/warnings/<warning_id>/acknowledge")
def acknowledge_warning(customer_id: str, warning_id: str) -> ResponseReturnValue:
    """Note that I saw it and answer for it."""
    return _step(
        customer_id,
        warning_id,
        lambda: warning_acts.acknowledge(house(), actor(), customer_id, warning_id),
        gettext("已确认；不再上报。"),
    )


@web.post("/customers/<customer_id>/warnings/<warning_id>/work")
def take_warning_in_hand(customer_id: str, warning_id: str) -> ResponseReturnValue:
    """Note that the plan is being worked on."""
    return _step(
        customer_id,
        warning_id,
        lambda: warning_acts.take_in_hand(house(), actor(), customer_id, warning_id),
        gettext("已开始处理。"),
    )


@web.post("/customers/<customer_id>/warnings/<warning_id>/snooze")
def snooze_warning(customer_id: str, warning_id: str) -> ResponseReturnValue:
    """Put it off until a day, with a reason."""
    return _step(
        customer_id,
        warning_id,
        lambda: warning_acts.snooze(
            house(), actor(), customer_id, warning_id, _day("until"), request.form.get("reason", "")
        ),
        gettext("已暂缓；到期以后重新等人确认。"),
    )


@web.post("/customers/<customer_id>/warnings/<warning_id>/closing")
def ask_to_close_warning(customer_id: str, warning_id: str) -> ResponseReturnValue:
    """Ask for it to be closed, with a reason."""
    return _step(
        customer_id,
        warning_id,
        lambda: warning_acts.ask_close(house(), actor(), customer_id, warning_id, request.form.get("reason", "")),
        gettext("已申请关闭，等第二个人决定。"),
    )


@web.post("/customers/<customer_id>/warnings/<warning_id>/closing/decision")
def decide_to_close_warning(customer_id: str, warning_id: str) -> ResponseReturnValue:
    """Close it as the second person, or send it back."""
    close = request.form.get("close") == "1"
    return _step(
        customer_id,
        warning_id,
        lambda: warning_acts.decide_close(
            house(), actor(), customer_id, warning_id, close=close, note=request.form.get("note", "")
        ),
        gettext("预警已关闭。") if close else gettext("已退回，预警没有关闭。"),
    )


@web.post("/customers/<customer_id>/warnings/<warning_id>/tasks")
def add_warning_task(customer_id: str, warning_id: str) -> ResponseReturnValue:
    """Add a task beside those of the plan."""
    form = request.form
    return _step(
        customer_id,
        warning_id,
        lambda: warning_acts.add_task(
            house(), actor(), customer_id, warning_id, form.get("what", ""), form.get("login", ""), _day("due_on")
        ),
        gettext("已增加任务，并已通知。"),
    )


@web.post("/customers/<customer_id>/warnings/<warning_id>/tasks/<task_id>")
def finish_warning_task(customer_id: str, warning_id: str, task_id: str) -> ResponseReturnValue:
    """Record the outcome of a task, or give it to somebody else."""
    form = request.form
    if form.get("login"):
        return _step(
            customer_id,
            warning_id,
            lambda: warning_acts.assign_task(house(), actor(), customer_id, warning_id, task_id, form["login"]),
            gettext("已转交，并已通知。"),
        )
    return _step(
        customer_id,
        warning_id,
        lambda: warning_acts.finish_task(
            house(),
            actor(),
            customer_id,
            warning_id,
            task_id,
            form.get("outcome", ""),
            needed=form.get("needed", "1") == "1",
        ),
        gettext("结果已记录。"),
    )


@web.post("/customers/<customer_id>/block")
def block_credit(customer_id: str) -> ResponseReturnValue:
    """Block a customer's credit."""
    return _block(
        customer_id,
        lambda: blocks.block_customer(house(), actor(), customer_id, request.form.get("reason", "")),
        gettext("信用已冻结，有关人员和系统已收到通知。"),
    )


@web.post("/customers/<customer_id>/block/lifting")
def ask_to_lift_block(customer_id: str) -> ResponseReturnValue:
    """Ask for a block to be lifted."""
    return _block(
        customer_id,
        lambda: blocks.ask_lift(house(), actor(), customer_id, request.form.get("reason", "")),
        gettext("已申请解除，等第二个人决定。"),
    )


@web.post("/customers/<customer_id>/block/lifting/decision")
def decide_to_lift_block(customer_id: str) -> ResponseReturnValue:
    """Lift a block as the second person, or let it stand."""
    lift = request.form.get("lift") == "1"
    return _block(
        customer_id,
        lambda: blocks.decide_lift(house(), actor(), customer_id, lift=lift),
        gettext("信用冻结已解除。") if lift else gettext("信用冻结不解除。"),
    )


def _block(customer_id: str, step: Callable[[], object], done: str) -> ResponseReturnValue:
    to = url_for("web.customer_warnings", customer_id=customer_id)
    return act(step, lambda: _customer_page(customer_id), done=done, to=to)


@web.get("/warnings/lines")
def warning_lines() -> ResponseReturnValue:
    """Show the warning lines of a company, and who changed them when and why."""
    return _lines_page()


def _lines_page() -> str:
    found = warning_settings.list_lines(house(), actor())
    code = request.values.get("company", "")
    chosen = next((one for one in found if one.code == code), found[0])
    companies = {one.row.company_id: one.name for one in found if one.row}
    return _page(
        "warning_lines.html",
        found=found,
        chosen=chosen,
        companies=companies,
        lines=warning_settings.lines_as_text(chosen.lines),
        optional=warning_settings.OPTIONAL,
        history=warning_settings.history_of_lines(house(), actor()),
    )


@web.post("/warnings/lines")
def set_warning_lines() -> ResponseReturnValue:
    """Set the warning lines of a company."""
    form = request.form
    company = form.get("company", "")
    given = {name: form.get(name, "") for name in named.LINES}
    addresses = form.get("addresses", "").replace("，", ",").replace("\n", ",").split(",")
    return act(
        lambda: warning_settings.set_lines(
            house(), actor(), given, company=company, addresses=addresses, reason=form.get("reason", "")
        ),
        _lines_page,
        done=gettext("预警线已更改，下一次检查起生效。"),
        to=url_for("web.warning_lines", company=company or None),
    )


@web.get("/warnings/plans")
def contingency_plans() -> ResponseReturnValue:
    """Show the contingency plan of each kind of warning."""
    return _plans_page()


def _plans_page() -> str:
    return _page(
        "contingency_plans.html",
        plans=warning_settings.list_plans(house(), actor()),
        actions=[(code, str(named.ACTIONS[code])) for code in ACTIONS],
        owners=[(code, str(named.OWNERS[code])) for code in OWNERS],
        most_days=MOST_DAYS,
    )


@web.post("/warnings/plans/<kind>")
def set_contingency_plan(kind: str) -> ResponseReturnValue:
    """Set the plan of a kind; lines without words are left out."""
    form = request.form
    tasks = []
    for at in range(MOST_TASKS):
        what = form.get(f"what.{at}", "").strip()
        if what:
            days = form.get(f"days.{at}", "").strip()
            tasks.append(
                {
                    "action": form.get(f"action.{at}", ""),
                    "what": what,
                    "owner": form.get(f"owner.{at}", ""),
                    "days": int(days) if days.isascii() and days.isdigit() and len(days) < 5 else -1,
                }
            )
    return act(
        lambda: warning_settings.set_plan(house(), actor(), kind, tasks, block=bool(form.get("block"))),
        _plans_page,
        done=gettext("预案已更改，以后触发的预警按新的预案。"),
        to=url_for("web.contingency_plans"),
    )


@web.get("/inbox")
def inbox() -> ResponseReturnValue:
    """Show what I was told."""
    return _inbox_page()


def _inbox_page() -> str:
    total, rows = deliveries.inbox_of(house(), actor(), limit=PAGE, offset=offset_of(PAGE))
    address = deliveries.mail_address_of(house(), actor())
    mail = house().settings.smtp is not None
    return _page("inbox.html", total=total, rows=rows, size=PAGE, address=address, mail=mail)


@web.post("/inbox/read")
def read_inbox() -> ResponseReturnValue:
    """Open a message and note that I saw it, or note it of all."""
    chosen = request.form.get("id") or None
    require(actor(), "inbox.mark")
    target = url_for("web.inbox")
    if chosen:
        _total, rows = deliveries.inbox_of(house(), actor(), limit=1000)
        target = next((row.content["path"] for row in rows if row.id == chosen), target)
    deliveries.mark_read(house(), actor(), chosen)
    return redirect(local_path(target), 303)


@web.post("/inbox/address")
def set_mail_address() -> ResponseReturnValue:
    """Note where I want to be told by e-mail."""
    return act(
        lambda: deliveries.set_mail_address(house(), actor(), request.form.get("address", "")),
        _inbox_page,
        done=gettext("已保存。"),
        to=url_for("web.inbox"),
    )


@web.get("/deliveries")
def delivery_list() -> ResponseReturnValue:
    """Show what was told to whom, and how it went."""
    total, rows = deliveries.list_deliveries(house(), actor(), limit=PAGE, offset=offset_of(PAGE))
    tries = deliveries.attempts_of(house(), actor(), [row.id for row in rows])
    people = {p.id: p.name for p in pages.people(house())}
    return _page("deliveries.html", total=total, rows=rows, size=PAGE, tries=tries, people=people)


@web.post("/deliveries/<delivery_id>/again")
def send_delivery_again(delivery_id: str) -> ResponseReturnValue:
    """Let a delivery be tried anew."""
    deliveries.send_again(house(), actor(), delivery_id)
    flash(gettext("会再试一次。"), "done")
    return redirect(url_for("web.delivery_list"), 303)
