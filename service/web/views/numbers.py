"""The check of contract and archive numbers, and the void ones."""

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.flow.archive import number_check, number_templates
from service.flow.common.guard import allowed, require
from service.web.context import act, actor, house
from service.web.site import web
from service.web.text import gettext


def _page() -> str:
    g.page = url_for("web.numbers")
    standing = number_check.latest_check(house(), actor())
    return render_template("numbers.html", standing=standing, may_void=allowed(actor(), "numbers.void"))


@web.get("/numbers")
def numbers() -> ResponseReturnValue:
    """Show what the last check of the numbers found."""
    require(actor(), "numbers.read")
    return _page()


@web.post("/numbers")
def check_numbers() -> ResponseReturnValue:
    """Have the numbers checked."""
    return act(
        lambda: number_check.ask_check(house(), actor()),
        _page,
        done=gettext("编号检查已安排；数量少的马上就有结果。"),
        to=url_for("web.numbers"),
    )


@web.post("/numbers/void")
def void_number() -> ResponseReturnValue:
    """Put an archive number on record as void, and have the numbers checked anew."""
    form = request.form

    def step() -> None:
        number_check.void_number(house(), actor(), form.get("number", ""), form.get("reason", ""))
        number_check.ask_check(house(), actor())

    return act(step, _page, done=gettext("已登记为作废号，不再使用。"), to=url_for("web.numbers"))


def _templates_page(shown: number_templates.Preview | None = None) -> str:
    g.page = url_for("web.number_template_list")
    return render_template(
        "number_templates.html",
        templates=number_templates.templates(house(), actor()),
        in_force=number_templates.in_force(house(), actor()),
        may_edit=allowed(actor(), "numbers.template"),
        shown=shown,
    )


@web.get("/numbers/templates")
def number_template_list() -> ResponseReturnValue:
    """Show the templates and, when asked, what one would give."""
    args = request.args
    if not args.get("template"):
        return _templates_page()
    kind, by, template = (args.get(name, "").strip() for name in ("kind", "by", "template"))
    return _templates_page(number_templates.preview(house(), actor(), kind, by, template))


@web.post("/numbers/templates")
def save_number_template() -> ResponseReturnValue:
    """Keep a draft of a template."""
    kind, by, template = (request.form.get(name, "").strip() for name in ("kind", "by", "template"))
    return act(
        lambda: number_templates.save_template(house(), actor(), kind, by, template),
        _templates_page,
        done=gettext("草案已保存，由另一个人启用。"),
        to=url_for("web.number_template_list"),
    )


@web.post("/numbers/templates/<template_id>/activate")
def activate_number_template(template_id: str) -> ResponseReturnValue:
    """Let a draft count."""
    return act(
        lambda: number_templates.activate_template(house(), actor(), template_id),
        _templates_page,
        done=gettext("已启用：以后归档的案卷按它编号，已给出的号不变。"),
        to=url_for("web.number_template_list"),
    )
