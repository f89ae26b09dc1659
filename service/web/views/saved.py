"""Saved searches: kept questions, and what is new in them."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.flow.credit.deliveries import mail_address_of
from service.flow.search.saved_searches import change_search, delete_search, list_saved, mark_seen, save_search
from service.web import words
from service.web.context import act, actor, house
from service.web.site import web
from service.web.text import gettext
from service.web.views.finding import search


@web.get("/search/saved")
def saved_searches() -> ResponseReturnValue:
    """Show the person's own, with what is new."""
    return render_template(
        "saved_searches.html",
        saved=list_saved(house(), actor()),
        mail=house().settings.smtp is not None,
        address=mail_address_of(house(), actor()),
    )


@web.post("/search/saved")
def keep_search() -> ResponseReturnValue:
    """Save a search under a name."""
    query = request.form.get("query", "")
    filters = {name: value for name in words.FILTERS if (value := request.form.get(name))}
    return act(
        lambda: save_search(house(), actor(), request.form.get("name", ""), query, filters),
        search,
        done=gettext("已保存；有新文件符合时，首页会告诉你。"),
        to=url_for("web.saved_searches"),
    )


@web.post("/search/saved/<search_id>/name")
def rename_saved(search_id: str) -> ResponseReturnValue:
    """Give it another name."""
    return act(
        lambda: change_search(house(), actor(), search_id, name=request.form.get("name", "")),
        saved_searches,
        done=gettext("已改名。"),
        to=url_for("web.saved_searches"),
    )


@web.post("/search/saved/<search_id>/mail/<int:on>")
def mail_saved(search_id: str, on: int) -> ResponseReturnValue:
    """Say whether its news are told by e-mail, too."""
    return act(
        lambda: change_search(house(), actor(), search_id, mail=bool(on)),
        saved_searches,
        done=gettext("有新的就发邮件给你。") if on else gettext("不再为它发邮件。"),
        to=url_for("web.saved_searches"),
    )


@web.post("/search/saved/<search_id>/seen")
def see_saved(search_id: str) -> ResponseReturnValue:
    """Its news were seen."""
    return act(
        lambda: mark_seen(house(), actor(), search_id),
        saved_searches,
        done=gettext("已标为看过。"),
        to=url_for("web.saved_searches"),
    )


@web.post("/search/saved/<search_id>/delete")
def delete_saved(search_id: str) -> ResponseReturnValue:
    """Forget it."""
    return act(
        lambda: delete_search(house(), actor(), search_id),
        saved_searches,
        done=gettext("已删除。"),
        to=url_for("web.saved_searches"),
    )
