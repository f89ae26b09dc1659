"""Accounts and departments, for the administrator; and one's own page: password, where one is signed in, tokens."""

from typing import Any

from flask import g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.access import accounts, company, departments, people, second_factor
from service.access.policy import STATION, TIERS
from service.errors import KNOWN_ERRORS, BadInput, NotSignedIn
from service.flow.common.guard import allowed, require
from service.records.tables import Person
from service.web import words
from service.web.context import act, actor, house, refused
from service.web.refusals import say
from service.web.sessions import company_name, cookie, visitor
from service.web.site import web
from service.web.text import gettext

DAYS = (30, 90, 365, 3650)


def _department_options(now: str | None = None) -> list[tuple[str, str]]:
    """Return the departments a person can be given: the open ones, and the one they are in."""
    found = [d for d in people.list_departments(house()) if d.closed_at is None or d.id == now]
    return [("", gettext("不属于部门")), *((d.id, d.name) for d in found)]


def _tier_options() -> list[tuple[str, str]]:
    return [(tier, str(words.TIERS[tier])) for tier in TIERS]


def _people_page(link: dict[str, str] | None = None) -> str:
    return render_template(
        "people.html",
        people=people.list_people(house(), actor()),
        department_options=_department_options(),
        tier_options=_tier_options(),
        locked=accounts.locked_people(house(), actor()),
        link=link,
    )


@web.get("/people", endpoint="people")
def people_list() -> ResponseReturnValue:
    """Show the accounts."""
    return _people_page()


def _shown_once(login: str, secret: str) -> dict[str, str]:
    """Return a one-time link to be shown once: in the answer itself, so that it is kept nowhere."""
    return {"login": login, "url": house().settings.base_url + url_for("web.invite", secret=secret)}


@web.post("/people")
def invite_person() -> ResponseReturnValue:
    """Invite someone."""
    form = request.form
    login = form.get("login", "").strip()
    try:
        secret = people.invite(
            house(),
            actor(),
            login,
            form.get("name", ""),
            form.getlist("roles"),
            form.get("department_id") or None,
            form.get("clearance", "internal"),
        )
    except BadInput as error:
        return refused(error, _people_page, url_for("web.people"))
    g.page = url_for("web.people")
    return _people_page(_shown_once(login, secret))


def _person_page(login: str, link: dict[str, str] | None = None, token: str | None = None) -> str:
    person = accounts.get_person(house(), actor(), login)
    g.page = url_for("web.person", login=login)
    manages = allowed(actor(), "people.manage")  # who gives rights alone sees the account, and not the ways in
    return render_template(
        "person.html",
        person=person,
        mine=actor().person_id == person.id,
        department_options=_department_options(person.department_id),
        tier_options=_tier_options(),
        locked=accounts.locked(house(), actor(), login) if manages else [],
        this=None,
        link=link,
        token=token,
        manages=manages,
        **(_doors(person) if manages else {}),
    )


def _doors(person: Person) -> dict[str, Any]:
    """Return what the page of an account shows of the ways in."""
    login = person.login
    return {
        "tokens": [found for found, _login in people.list_tokens(house(), actor(), login)],
        "sessions": accounts.list_sessions(house(), actor(), login),
        "identities": company.linked(house(), actor(), login),
        "company": company_name(),
        "stand": second_factor.standing(house(), person),
        "days_options": _days(),
        "now": house().clock.now(),
    }


def _days() -> list[tuple[str, str]]:
    return [(str(days), gettext("%(days)s 天", days=days)) for days in DAYS]


@web.get("/people/<login>")
def person(login: str) -> ResponseReturnValue:
    """Show an account with what the person is signed in with."""
    return _person_page(login)


@web.post("/people/<login>")
def change_person(login: str) -> ResponseReturnValue:
    """Change name, roles, department and clearance."""
    form = request.form
    own = actor().name == f"person:{login}"  # the form of one's own account has only the name
    fixed = own or ("roles" not in form and "clearance" not in form)  # and that of a station name and department
    return act(
        lambda: accounts.change_person(
            house(),
            actor(),
            login,
            name=form.get("name", ""),
            roles=None if fixed else form.getlist("roles"),
            department_id=None if own else form.get("department_id", ""),
            clearance=None if fixed else form.get("clearance", ""),
        ),
        lambda: _person_page(login),
        done=gettext("已改，立即生效。"),
        to=url_for("web.person", login=login),
    )


@web.post("/people/<login>/link")
def renew_invitation(login: str) -> ResponseReturnValue:
    """Give a fresh one-time link."""
    try:
        secret = people.renew_invitation(house(), actor(), login)
    except KNOWN_ERRORS as error:
        return refused(error, lambda: _person_page(login), url_for("web.person", login=login))
    return _person_page(login, _shown_once(login, secret))


@web.post("/people/<login>/close")
def close_person(login: str) -> ResponseReturnValue:
    """Close an account at once."""
    return act(
        lambda: accounts.close_account(house(), actor(), login),
        lambda: _person_page(login),
        done=gettext("已停用：会话、令牌与链接全部作废。"),
        to=url_for("web.person", login=login),
    )


@web.post("/people/<login>/open")
def open_person(login: str) -> ResponseReturnValue:
    """Open a closed account again; it needs a new password."""
    try:
        secret = accounts.open_again(house(), actor(), login)
    except KNOWN_ERRORS as error:
        return refused(error, lambda: _person_page(login), url_for("web.person", login=login))
    return _person_page(login, _shown_once(login, secret) if secret else None)


@web.post("/stations")
def create_station() -> ResponseReturnValue:
    """Make the account of a scanning station; its page is where it gets its token."""
    form = request.form
    login = form.get("login", "").strip()
    return act(
        lambda: accounts.create_station(
            house(), actor(), login, form.get("name", ""), form.get("department_id") or None
        ),
        _people_page,
        done=gettext("扫描站已建立，现在给它一个令牌。"),
        to=url_for("web.person", login=login),
    )


@web.post("/people/<login>/unlock")
def unlock_person(login: str) -> ResponseReturnValue:
    """Let an account answer again."""
    return act(
        lambda: accounts.unlock(house(), actor(), login),
        lambda: _person_page(login),
        done=gettext("锁定已解除。"),
        to=url_for("web.person", login=login),
    )


@web.post("/people/<login>/second/reset")
def reset_second_factor(login: str) -> ResponseReturnValue:
    """Take the second factor away from somebody whose phone is lost."""
    return act(
        lambda: accounts.reset_second_factor(house(), actor(), login),
        lambda: _person_page(login),
        done=gettext("第二重验证已重置，所有登录已退出。"),
        to=url_for("web.person", login=login),
    )


def page_of(login: str) -> str:
    """Return the page on which sessions and tokens of this person stand for whoever looks: one's own, or the account's."""
    return own_page() if _is_own_page() else _person_page(login)


def _is_own_page() -> bool:
    return request.form.get("from") == "me"


def address_of(login: str) -> str:
    """Return the address of the page that `page_of` shows."""
    return url_for("web.me") if _is_own_page() else url_for("web.person", login=login)


@web.post("/people/<login>/sessions")
def end_session(login: str) -> ResponseReturnValue:
    """Sign a person out of one browser."""
    return act(
        lambda: accounts.end_session(house(), actor(), login, request.form.get("session", "")),
        lambda: page_of(login),
        done=gettext("已退出那个浏览器。"),
        to=address_of(login),
    )


@web.post("/people/<login>/tokens")
def create_token(login: str) -> ResponseReturnValue:
    """Create a token; it is shown once, in the answer itself."""
    form, to = request.form, address_of(login)
    try:
        name = form.get("name", "").strip()
        if not name:
            raise BadInput("name: is needed", {"name": "is needed"})
        scopes = form.getlist("scopes") if "scopes" in form else None if _is_station(login) else ()
        secret = people.create_token(
            house(),
            actor(),
            login,
            name,
            form.get("days", 0, type=int),
            scopes=scopes,
            networks=form.get("networks", "").split(),
        )
    except KNOWN_ERRORS as error:
        return refused(error, lambda: page_of(login), to)
    g.page = to
    return own_page(token=secret) if _is_own_page() else _person_page(login, token=secret)


def _is_station(login: str) -> bool:
    own = actor().name == f"person:{login}"
    return not own and accounts.get_person(house(), actor(), login).kind == STATION


@web.post("/people/<login>/tokens/revoke")
def revoke_token(login: str) -> ResponseReturnValue:
    """Revoke a token at once."""
    return act(
        lambda: people.revoke_token(house(), actor(), request.form.get("token", "")),
        lambda: page_of(login),
        done=gettext("令牌已作废。"),
        to=address_of(login),
    )


def own_page(token: str | None = None) -> str:
    """Return the page of the person who is signed in."""
    g.page = url_for("web.me")
    return render_template(
        "me.html",
        person=g.person,
        this=people.digest(cookie()),
        token=token,
        **_doors(g.person),
    )


@web.get("/me")
def me() -> ResponseReturnValue:
    """Show one's own page."""
    return own_page()


@web.post("/me/password")
def change_password() -> ResponseReturnValue:
    """Change one's own password."""
    form = request.form

    def step() -> None:
        if form.get("password", "") != form.get("again", ""):
            raise BadInput(gettext("两次输入的密码不一样。"), {"again": gettext("两次输入的密码不一样。")})
        old, new = form.get("old", ""), form.get("password", "")
        accounts.change_password(house(), actor(), old, new, cookie(), visitor().address)

    try:
        return act(step, own_page, done=gettext("密码已改，别处的登录都已退出。"), to=url_for("web.me"))
    except NotSignedIn as error:  # not a session that ended: the old password is wrong
        g.refusal = BadInput(str(error), {"old": say(str(error))})
        answer = make_response(own_page())
        answer.status_code = 422
        return answer


def _departments_page() -> str:
    g.page = url_for("web.departments")
    found = people.list_departments(house())
    return render_template(
        "departments.html",
        departments=found,
        codes={d.id: d.code for d in found},
        changes=departments.history(house(), actor()),
    )


@web.get("/departments", endpoint="departments")
def departments_list() -> ResponseReturnValue:
    """Show the departments."""
    require(actor(), "people.manage")
    return _departments_page()


@web.post("/departments")
def create_department() -> ResponseReturnValue:
    """Create a department."""
    code, name = request.form.get("code", "").strip(), request.form.get("name", "")
    return act(
        lambda: people.create_department(house(), actor(), code, name),
        _departments_page,
        done=gettext("部门 %(code)s 已建立。", code=code),
        to=url_for("web.departments"),
    )


@web.post("/departments/<code>/<step>")
def change_department(code: str, step: str) -> ResponseReturnValue:
    """Rename, close or open a department."""
    doing = {
        "name": lambda: departments.rename_department(house(), actor(), code, request.form.get("name", "")),
        "close": lambda: departments.close_department(house(), actor(), code),
        "open": lambda: departments.open_department(house(), actor(), code),
        "merge": lambda: departments.merge_department(house(), actor(), code, request.form.get("into", "")),
    }
    done = {
        "name": gettext("名称已改。"),
        "close": gettext("部门已关闭：不再登记新合同、不再新增人员，已有的照常办理。"),
        "open": gettext("部门已重新开放。"),
        "merge": gettext("部门已并入，案卷、文件和人员一起转去；已给出的号不变。"),
    }

    def none() -> None:
        raise BadInput(f"there is no step {step}")

    return act(doing.get(step, none), _departments_page, done=done.get(step, ""), to=url_for("web.departments"))
