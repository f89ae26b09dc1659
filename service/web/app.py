"""The web application: server-rendered pages over the flows."""

from datetime import date
from typing import Any

from flask import Flask, Response, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import Babel  # type: ignore[import-untyped]  # it carries no types
from flask_bootstrap import Bootstrap5
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException

from service.errors import KNOWN_ERRORS, TooManyRequests, outcome
from service.flow.common.guard import allowed
from service.flow.common.room import is_full, plainly
from service.house import House
from service.typed import demand_text
from service.web import filters, locale, refusals, security, sessions
from service.web.context import actor, here
from service.web.rooms import rooms
from service.web.routes import Route
from service.web.site import web
from service.web.text import gettext, language
from service.web.trail_words import chinese_word


def create_app(house: House, *, secret: bytes) -> Flask:
    """Return the application over `house`. secret: signs the form tokens and messages; the same on every machine.

    Other blueprints register themselves on the result; one that takes no cookie is exempted through `app.extensions["csrf"]`.
    """
    from service.web import views

    app = Flask("service.web")
    app.url_rule_class = Route
    secure = house.settings.base_url.startswith("https:")
    app.config.update(
        SECRET_KEY=secret,
        SESSION_COOKIE_NAME="__Host-juanzong_page" if secure else "juanzong_page",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        WTF_CSRF_TIME_LIMIT=None,  # a form may stay open for a day; its token ends with the browser's session
        WTF_CSRF_SSL_STRICT=False,  # SameSite and form-action see to it; the Referer is not sent everywhere
        BOOTSTRAP_SERVE_LOCAL=True,
        MAX_CONTENT_LENGTH=house.settings.max_bytes + (1 << 20),
        MAX_FORM_MEMORY_SIZE=security.LONGEST_FORM,
        BABEL_DEFAULT_LOCALE="zh",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    temporary = house.settings.home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True, mode=0o700)
    app.request_class = security.request_class(str(temporary))
    app.extensions["juanzong"] = house
    app.extensions["juanzong.words"] = chinese_word  # what an action is called on a paper that leaves the house
    app.before_request(sessions.authenticate)
    CSRFProtect(app)
    app.before_request(_demand_text)
    Bootstrap5(app)
    Babel(app, locale_selector=locale.chosen)
    filters.install(app)
    app.register_blueprint(views.web)
    app.after_request(security.secure_headers)
    app.context_processor(_at_hand)
    for known in KNOWN_ERRORS:
        app.register_error_handler(known, _explain)
    app.register_error_handler(OSError, _refused_by_disk)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http_error)
    return app


def _demand_text() -> None:
    """What is typed into a form or an address is text."""
    demand_text(request.view_args or {})
    # The reader of queries says where in them something is wrong.
    said_there = {"q"} if request.endpoint == "web.search" else set()
    demand_text({name: given for name, given in request.args.to_dict(flat=False).items() if name not in said_there})
    if request.method == "POST" and request.blueprint == "web":
        demand_text(request.form.to_dict(flat=False))


def _at_hand() -> dict[str, Any]:
    from service.web.context import house

    return {
        "may": lambda action: g.get("actor") is not None and allowed(actor(), action),
        "rooms": rooms,
        "here": here,
        "with_args": with_args,
        "language": language(),
        "company_name": sessions.company_name,
        "say": refusals.say,
        "refusal_text": refusals.of,
        "rejection": refusals.rejection,
        "trouble": refusals.trouble,
        "today": house().clock.today(),
        "separated": house().settings.separated_administrators,
        "date": date,
    }


def with_args(**changes: object) -> str:
    """Return the address of this page with some arguments of its query changed; None takes one out."""
    values: dict[str, Any] = {**(request.view_args or {}), **request.args.to_dict(), **changes}
    return url_for(str(request.endpoint), **{k: v for k, v in values.items() if v is not None})


def _page(status: int, title: str, message: str, advice: str) -> ResponseReturnValue:
    if request.accept_mimetypes.best == "application/json":
        return {"error": message}, status
    return render_template("error.html", status=status, title=title, message=message, advice=advice), status


def _explain(error: Exception) -> ResponseReturnValue:
    """Say in the shell what a known error means and what to do."""
    error = plainly(error)
    status = outcome(error).http_status
    title, advice = {
        401: (gettext("请先登录"), gettext("登录以后再试。")),
        403: (gettext("你不能这样做"), gettext("如果这是你的工作，请系统管理员给你相应的角色、部门或密级。")),
        404: (gettext("没有找到"), gettext("它可能不存在，也可能不在你的部门和密级之内。")),
        409: (gettext("规则不允许"), gettext("什么都没有改变。先办好上面说的那一步，再回来。")),
        503: (
            gettext("后台服务暂时没有回应"),
            gettext("已经收下的文件不会丢。过一会儿再试；一直这样请告诉系统管理员。"),
        ),
        507: (
            gettext("磁盘满了"),
            gettext("没有收下的请保留在手边；请系统管理员腾出地方，腾出来以后再传一次。"),
        ),
    }.get(status, (gettext("没有办成"), gettext("什么都没有改变。请回到上一页改正后再试。")))
    if isinstance(error, TooManyRequests):
        title, advice = gettext("太频繁了"), gettext("什么都没有改变。请等一会儿再试。")
        page = make_response(_page(status, title, refusals.of(error), advice))
        page.headers["Retry-After"] = str(error.retry_after)
        return page
    return _page(status, title, refusals.of(error), advice)


def _refused_by_disk(error: OSError) -> ResponseReturnValue:
    """A file that came whole, and found no room."""
    if not is_full(error):
        raise error
    return _explain(error)


def _forged(_error: CSRFError) -> ResponseReturnValue:
    why = gettext("表单的凭证不对或已过期，为了安全没有执行。")
    return _page(400, gettext("没有办成"), why, gettext("回到上一页，重新载入后再提交。"))


def _http_error(error: HTTPException) -> ResponseReturnValue | Response:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    title, message = {
        404: (gettext("没有找到"), gettext("这个地址没有页面。")),
        405: (gettext("没有办成"), gettext("这个地址不能这样打开。")),
        408: (gettext("没有传完"), gettext("表单在路上断了，什么也没有收下。请再传一次。")),
        413: (gettext("文件太大"), gettext("一次上传超过了上限。请分开上传，或者拆成几个文件。")),
    }.get(status, (gettext("没有办成"), gettext("请求不对，或者程序出了错。")))
    return _page(status, title, message, gettext("从左边的栏目或上面的检索重新开始。"))


__all__ = ["create_app", "web"]
