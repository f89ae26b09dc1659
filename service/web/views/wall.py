"""The wall (RULES A7): its sentences as they stand, every version before, and the form that changes them."""

from flask import render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from service.errors import KNOWN_ERRORS
from service.flow.common.guard import allowed
from service.flow.credit import wall as flow
from service.web.context import act, actor, house
from service.web.site import web
from service.web.text import gettext, language


def sentences() -> list[str]:
    """Return what is on the wall; as it ships while the database is down: the way in does not depend on it."""
    try:
        return flow.sentences(house(), language())
    except KNOWN_ERRORS:
        return list(flow.ZH if language() == "zh" else flow.EN)


@web.record_once
def _at_hand(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["wall"] = sentences


def _page() -> str:
    now, before = flow.wall(house(), actor())
    return render_template("wall.html", now=now, before=before, may_edit=allowed(actor(), "wall.edit"))


@web.get("/wall", endpoint="wall")
def show() -> ResponseReturnValue:
    """Show the sentences and who set them when."""
    return _page()


@web.post("/wall")
def set_wall() -> ResponseReturnValue:
    """Put other sentences on the wall."""
    form = request.form
    count = range(1, len(flow.ZH) + 1)
    zh, en = ([form.get(f"{name}.{n}", "") for n in count] for name in ("zh", "en"))
    return act(
        lambda: flow.set_wall(house(), actor(), zh, en),
        _page,
        done=gettext("上墙内容已改，登录页和首页即刻显示。"),
        to=url_for("web.wall"),
    )
