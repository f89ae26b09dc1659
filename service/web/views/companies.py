"""The group and its companies, and which department belongs to which."""

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.access import companies as flow
from service.access.people import list_departments
from service.flow.common.guard import require
from service.web.context import act, actor, house
from service.web.site import web
from service.web.text import gettext


def _page() -> str:
    require(actor(), "people.manage")
    g.page = url_for("web.company_list")
    return render_template(
        "companies.html", companies=flow.companies(house(), actor()), departments=list_departments(house())
    )


@web.get("/companies")
def company_list() -> ResponseReturnValue:
    """Show the companies."""
    return _page()


@web.post("/companies")
def create_company() -> ResponseReturnValue:
    """Make a company."""
    code, name, fonds, above = (request.form.get(n, "").strip() for n in ("code", "name", "fonds", "above"))
    return act(
        lambda: flow.create_company(house(), actor(), code, name, fonds, above),
        _page,
        done=gettext("公司已建立。"),
        to=url_for("web.company_list"),
    )


@web.post("/companies/<code>/change")
def change_company(code: str) -> ResponseReturnValue:
    """Rename, renumber or move a company."""
    name, fonds, above = (request.form.get(n, "").strip() for n in ("name", "fonds", "above"))
    return act(
        lambda: flow.change_company(house(), actor(), code, name=name, fonds=fonds, above=above),
        _page,
        done=gettext("公司已更改，已给出的号不变。"),
        to=url_for("web.company_list"),
    )


@web.post("/companies/<code>/close")
def close_company(code: str) -> ResponseReturnValue:
    """Close a company."""
    return act(
        lambda: flow.close_company(house(), actor(), code),
        _page,
        done=gettext("公司已关闭。"),
        to=url_for("web.company_list"),
    )


@web.post("/departments/<code>/company")
def move_department(code: str) -> ResponseReturnValue:
    """Say which company a department belongs to."""
    return act(
        lambda: flow.move_department(house(), actor(), code, request.form.get("company", "")),
        _page,
        done=gettext("部门的公司已更改，以后的档号用新公司的全宗号。"),
        to=url_for("web.company_list"),
    )
