"""In and out: signing in, the one-time link, the language; and the settings."""

from dataclasses import fields

from flask import g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.access import people
from service.errors import BadInput, NotSignedIn
from service.flow.common.guard import require
from service.web.context import actor, house, local_path
from service.web.locale import LANGUAGES
from service.web.refusals import say
from service.web.sessions import arrive, close_session, cookie, is_secure, kept_fields, safe_next, visitor
from service.web.site import web
from service.web.text import gettext
from service.web.views.company import leaving


@web.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Show the way in, under the wall sentences."""
    if g.actor is not None:
        return redirect(safe_next(), 303)
    left = leaving() if request.args.get("left") == "company" else None
    return render_template("sign_in.html", next=safe_next(), ended=g.get("ended", False), leaving=left)


@web.post("/sign-in")
def sign_in_submit() -> ResponseReturnValue:
    """Sign in; a form that an ended session interrupted is offered again."""
    login, password = request.form.get("login", "").strip(), request.form.get("password", "")
    kept, target = kept_fields(), local_path(request.form.get("kept.to"), "")
    whence = visitor()
    try:
        secret = people.sign_in(house(), login, password, whence.user_agent, whence.address, before=cookie())
    except NotSignedIn:
        page = render_template("sign_in.html", wrong=True, login=login, next=safe_next(), kept=kept, target=target)
        return page, 401
    return arrive(secret, safe_next())


@web.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session."""
    method = people.sign_out(house(), cookie())
    left = "company" if method == "company" else None
    return close_session(make_response(redirect(url_for("web.sign_in", left=left), 303)))


@web.get("/invite/<secret>")
def invite(secret: str) -> ResponseReturnValue:
    """Show the form of a one-time link."""
    return render_template("invite.html", person=people.invited_person(house(), secret))


def _demand_same(password: str, again: str) -> None:
    if password != again:
        raise BadInput(gettext("两次输入的密码不一样。"))


@web.post("/invite/<secret>")
def invite_submit(secret: str) -> ResponseReturnValue:
    """Set the password; the link is spent by it."""
    password = request.form.get("password", "")
    try:
        _demand_same(password, request.form.get("again", ""))
        person = people.set_password(house(), secret, password)
    except BadInput as error:
        page = render_template("invite.html", person=people.invited_person(house(), secret), wrong=say(str(error)))
        return page, 422
    whence = visitor()
    secret = people.sign_in(house(), person.login, password, whence.user_agent, whence.address, before=cookie())
    return arrive(secret, url_for("web.home"))


@web.post("/language")
def language() -> ResponseReturnValue:
    """Switch the language of this browser."""
    response = make_response(redirect(local_path(request.form.get("next")), 303))
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        response.set_cookie("language", chosen, max_age=31536000, httponly=True, samesite="Lax", secure=is_secure())
    return response


@web.get("/keys")
def keys() -> ResponseReturnValue:
    """Show the keys, for browsers without scripts."""
    return render_template("keys.html")


def _meaning() -> dict[str, str]:
    return {
        "home": gettext("数据目录"),
        "database_url": gettext("数据库"),
        "object_store": gettext("加密对象的存储"),
        "search": gettext("全文索引"),
        "key_file": gettext("主密钥文件"),
        "ocr": gettext("识别引擎"),
        "ocr_threads": gettext("识别用的线程数"),
        "mode": gettext("生产、测试或演示"),
        "today": gettext("拨动的日历（只在测试与演示中）"),
        "max_bytes": gettext("每个文件的字节上限"),
        "max_pages": gettext("每个文件的页数上限"),
        "max_pixels": gettext("每页的像素上限"),
        "render_dpi": gettext("页面图像的分辨率"),
        "our_companies": gettext("我方公司的名称"),
        "fonds": gettext("全宗号"),
        "contract_template": gettext("合同号的格式"),
        "archive_by": gettext("档号按件还是按卷"),
        "roll_over": gettext("期限末日逢休息日顺延"),
        "waiting_days": gettext("批准销毁后的等待天数"),
        "transfer_notice_days": gettext("移交期限前几天提醒责任人"),
        "transfer_head_days": gettext("移交逾期几天告知部门负责人"),
        "transfer_administrator_days": gettext("移交逾期几天告知信用管理员"),
        "transfer_auditor_days": gettext("移交逾期几天告知审计员"),
        "loan_notice_days": gettext("应还日前几天提醒借阅人"),
        "overdue_loan_days": gettext("借阅逾期超过几天成为事故"),
        "milestone_notice_days": gettext("合同节点到期前几天提醒承办人"),
        "major_amount": gettext("重大合同的金额（元），永久保管"),
        "minor_amount": gettext("小额合同的金额（元），保管 10 年"),
        "session_hours": gettext("登录多久后须重新登录（小时）"),
        "session_idle_minutes": gettext("多久没有动作须重新登录（分钟）"),
        "second_factor_roles": gettext("必须有第二重验证的角色"),
        "oidc_issuer": gettext("公司统一登录的发行方"),
        "oidc_client_id": gettext("公司统一登录里本系统的名字"),
        "oidc_client_secret_file": gettext("公司统一登录的口令文件"),
        "oidc_name": gettext("公司统一登录在登录页上叫什么"),
        "proxies": gettext("前面有几层反向代理"),
        "api_per_minute": gettext("每个令牌每分钟的调用上限"),
        "host": gettext("监听地址"),
        "port": gettext("监听端口"),
        "public_url": gettext("对外的网址"),
    }


@web.get("/settings")
def settings() -> ResponseReturnValue:
    """Show the settings; what may hold a secret only says that it is set."""
    require(actor(), "settings.read")
    current, meaning = house().settings, _meaning()
    rows = []
    for item in fields(current):
        value = getattr(current, item.name)
        shown = value if item.repr else gettext("（已设置，不显示）")
        if isinstance(value, tuple):
            shown = gettext("、").join(value)
        name = f"JUANZONG_{item.name.upper()}"
        rows.append({"name": name, "value": "—" if shown in (None, "") else shown, "what": meaning.get(item.name, "")})
    return render_template("settings.html", rows=rows)
