"""What is due: the transfers, the most urgent first, with the reason of every date."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.errors import KNOWN_ERRORS, NotFound, NotSignedIn, outcome
from service.flow.archive.calendar_feed import feed, make_feed
from service.flow.archive.deadlines import DueTransfer, View, calendar_month, transfer_board
from service.records.tables import Transfer
from service.web.context import actor, house
from service.web.refusals import of
from service.web.site import web
from service.web.text import gettext, ngettext
from service.web.views.archive import may_hand_over, may_receive, transfer_step_of

PAGE = 100


def _may_choose(view: str, row: Transfer) -> bool:
    """Return whether a row of this view can be ticked: what is one's own to do.

    The archive room receives by archiving, and signing for another is done one by one: both on the file's page.
    """
    if view == "receive":
        return row.state == "handed_over" and row.stage == "handler" and may_receive(row)
    mine = row.responsible_id in (None, actor().person_id)
    return mine and row.state in ("pending", "returned") and may_hand_over(row)


@web.get("/transfers")
def transfers() -> ResponseReturnValue:
    """Show the transfers: those that wait for me, all I may see, or those I have to receive."""
    named: dict[View, str] = {"mine": gettext("与我有关"), "all": gettext("全部")}
    if actor().roles & {"credit_administrator", "archivist"}:
        named["receive"] = gettext("待我接收")
    view: View = next((one for one in named if one == request.args.get("view")), "mine")
    after = request.args.get("after", "")
    board = transfer_board(house(), actor(), view, after=after, limit=PAGE, views=tuple(named))
    groups: dict[str, list[DueTransfer]] = {}
    for row in board.part.rows:
        groups.setdefault(row.urgency, []).append(row)
    return render_template(
        "transfers.html",
        view=view,
        views=[(one, word, board.views[one]) for one, word in named.items()],
        groups=groups,
        waiting=board.waiting,
        part=board.part,
        size=PAGE,
        may_choose=lambda row: _may_choose(view, row),
        selectable=any(_may_choose(view, row.transfer) for row in board.part.rows),
    )


def _calendar(address: str = "") -> str:
    month, after = request.args.get("month", ""), request.args.get("after", "")
    calendar = calendar_month(house(), actor(), month, after=after, limit=PAGE)
    return render_template("calendar.html", calendar=calendar, size=PAGE, address=address)


@web.get("/transfers/calendar")
def transfer_calendar() -> ResponseReturnValue:
    """Show the deadlines by month, and the way to have them in one's own calendar."""
    return _calendar()


@web.post("/transfers/calendar")
def make_calendar_feed() -> ResponseReturnValue:
    """Make the address of one's own feed and show it, once."""
    secret = make_feed(house(), actor())
    return _calendar(f"{house().settings.base_url}{url_for('web.calendar_feed', secret=secret)}")


@web.get("/calendar/<secret>.ics")
def calendar_feed(secret: str) -> ResponseReturnValue:
    """Send the calendar that a secret opens; any other is as if there were none."""
    chinese = request.accept_languages.best_match(["zh", "en"], "zh") == "zh"
    try:
        content = feed(house(), secret, request.remote_addr or "", "zh" if chinese else "en")
    except NotSignedIn:
        raise NotFound("there is no such calendar") from None
    return Response(content, content_type="text/calendar; charset=utf-8")


@web.post("/transfers")
def transfers_chosen() -> ResponseReturnValue:
    """Hand over, or receive, the ticked rows; each is done or refused on its own."""
    view = request.form.get("view", "mine")
    step = "accept" if view == "receive" else "hand-over"
    chosen = request.form.getlist("transfer")
    done = 0
    for transfer_id in chosen:
        try:
            transfer_step_of(step, transfer_id)
            done += 1
        except KNOWN_ERRORS as error:
            if outcome(error).http_status >= 500:
                raise
            flash(of(error), "refusal")
    if done:
        flash(ngettext("已办理 %(num)d 件。", "已办理 %(num)d 件。", done), "done")
    elif not chosen:
        flash(gettext("先选要办理的行。"), "refusal")
    return redirect(url_for("web.transfers", view=view), 303)
