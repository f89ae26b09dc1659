"""Scorecards: the editor, what-if, champion and challengers, activation (RULES A1.1)."""

import json
from datetime import date
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from credit.card import KINDS, card_as_json
from credit.card_text import steps_as_text, steps_of_text
from credit.credit_line import BASES
from credit.indicators import COMPUTATIONS
from credit.scorecard import GRADES
from credit.shipped import as_kept
from service.errors import KNOWN_ERRORS, BadInput, NotFound
from service.flow.common.guard import require
from service.flow.credit import comparison, portfolio
from service.flow.credit import scorecards as flow
from service.flow.credit.cards import champion
from service.typed import day_of
from service.web import words
from service.web.context import act, actor, house, refused
from service.web.site import web
from service.web.text import gettext, language

_SPARE = 2  # empty rows for further indicators
_MAX_UPLOAD = 1 << 20


def _list_page() -> str:
    rows = flow.list_scorecards(house(), actor())
    return render_template("scorecards.html", rows=rows, me=actor().name)


@web.get("/scorecards", endpoint="scorecards")
def list_scorecards() -> ResponseReturnValue:
    """Show all versions."""
    return _list_page()


def _editor(body: dict[str, Any], version: str = "", revision: int = 0) -> str:
    """Return the editor. version: of the draft that is changed, "" for a new one."""
    chinese = language() == "zh"
    rows = [*body.get("indicators", []), *([{}] * _SPARE)]
    line = body.get("line") or {}
    return render_template(
        "scorecard_edit.html",
        body=body,
        version=version,
        revision=revision,
        rows=[(at, row, steps_as_text(row) if row else "") for at, row in enumerate(rows, 1)],
        lows=dict(body.get("grades", [])),
        grade_names=GRADES,
        line=line,
        kinds=[(kind, words.named(words.RATINGS, kind)) for kind in KINDS],
        sources=[("", gettext("由人填写")), *((code, c.zh if chinese else c.en) for code, c in COMPUTATIONS.items())],
        bases=[("", gettext("没有规则，由人填写")), *((code, words.named(words.LINE_BASES, code)) for code in BASES)],
    )


def _given() -> dict[str, Any]:
    """Return what stands in the editor as the JSON of a scorecard; what is wrong stays, to be named."""
    form = request.form

    def text(name: str) -> str:
        return form.get(name, "").strip()

    indicators = []
    for at in range(1, 1 + len([name for name in form if name.endswith(".code")])):
        place = f"indicators.{at}"
        if not any(text(f"{place}.{name}") for name in ("code", "zh", "weight", "steps")):
            continue
        kind = text(f"{place}.kind")
        row: dict[str, Any] = {name: text(f"{place}.{name}") for name in ("code", "zh", "en", "weight", "source")}
        row |= {"kind": kind, "missing": text(f"{place}.missing") or None}
        if kind != "expert":
            row[kind] = steps_of_text(kind, form.get(f"{place}.steps", ""))
        indicators.append(row)
    base = text("line.base")
    tables = {
        name: {grade: text(f"{name}.{grade}") for grade in GRADES if text(f"{name}.{grade}")}
        for name in ("shares", "ceilings")
    }
    notches = {name: text(f"override.{name}") for name in ("up", "down")}
    return {
        "version": text("version"),
        **{name: as_kept(text(name)) for name in ("name", "note")},
        "indicators": indicators,
        "grades": [[grade, text(f"low.{grade}")] for grade in GRADES if text(f"low.{grade}")],
        "override": {
            name: int(n) if n.isascii() and n.isdecimal() and len(n) < 4 else n for name, n in notches.items()
        },
        "line": {"base": base, **tables, "step": text("line.step") or "10000"} if base else None,
    }


@web.get("/scorecards/new")
def new_scorecard() -> ResponseReturnValue:
    """Show the editor with a copy of a version; of the one in use where none is named."""
    require(actor(), "scorecard.edit")
    version = request.args.get("from", "")
    if version:
        body = dict(flow.get_scorecard(house(), actor(), version)[0].body)
    else:
        with house().database.read() as session:
            body = card_as_json(champion(session))
    return _editor(body | {"version": ""})


@web.post("/scorecards")
def create_scorecard() -> ResponseReturnValue:
    """Keep a new version as a draft; from the editor, or from a file of JSON."""
    upload = request.files.get("file")
    given: dict[str, Any] = {}
    try:
        given = _of_file(upload.read(_MAX_UPLOAD + 1)) if upload is not None and upload.filename else _given()
        made = flow.create_scorecard(house(), actor(), given)
    except KNOWN_ERRORS as error:
        page = _list_page if upload is not None and upload.filename else lambda: _editor(given)
        return refused(error, page, url_for("web.scorecards"))
    flash(gettext("草稿已保存；先试算，再由另一人启用。"), "done")
    return redirect(url_for("web.scorecard", version=made.version), 303)


def _of_file(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data) if len(data) <= _MAX_UPLOAD else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        why = "is no scorecard as an export gives it"
        raise BadInput(f"file: {why}", {"file": why})
    return found


def _page(version: str) -> str:
    row, card = flow.get_scorecard(house(), actor(), version)
    chinese = language() == "zh"
    runs = []
    if row.tested.get("run"):
        runs = [row.tested["run"]]
    return render_template(
        "scorecard.html",
        row=row,
        card=card,
        body=row.body,
        steps=steps_as_text,
        source_name=lambda code: (COMPUTATIONS[code].zh if chinese else COMPUTATIONS[code].en) if code else "",
        runs=runs,
        me=actor().name,
    )


@web.get("/scorecards/<version>")
def scorecard(version: str) -> ResponseReturnValue:
    """Show what a version says, how it was tested and who put it into use."""
    return _page(version)


@web.get("/scorecards/<version>/edit")
def edit_scorecard(version: str) -> ResponseReturnValue:
    """Show the editor of a draft."""
    require(actor(), "scorecard.edit")
    row, _card = flow.get_scorecard(house(), actor(), version)
    return _editor(row.body, version, row.revision)


@web.post("/scorecards/<version>/edit")
def change_scorecard(version: str) -> ResponseReturnValue:
    """Change a draft."""
    given, revision = _given() | {"version": version}, request.form.get("revision", type=int)
    return act(
        lambda: flow.change_scorecard(house(), actor(), version, given, revision=revision),
        lambda: _editor(given, version, revision or 0),
        done=gettext("草稿已修改；须重新试算。"),
        to=url_for("web.scorecard", version=version),
    )


@web.get("/scorecards/<version>/export.json")
def export_scorecard(version: str) -> ResponseReturnValue:
    """Send a version as JSON, which can be imported again."""
    row, _card = flow.get_scorecard(house(), actor(), version)
    answer = Response(json.dumps(row.body, ensure_ascii=False, indent=1), content_type="application/json")
    name = dump_options_header("attachment", {"filename": f"scorecard-{version}.json"})
    answer.headers["Content-Disposition"] = name
    return answer


@web.post("/scorecards/<version>/<step>")
def scorecard_step(version: str, step: str) -> ResponseReturnValue:
    """Try a version on the portfolio, put it into use, or put it away."""
    here = url_for("web.scorecard", version=version)
    if step == "try":
        try:
            run = portfolio.start_run(house(), actor(), "what_if", version)
        except KNOWN_ERRORS as error:
            return refused(error, lambda: _page(version), here)
        return redirect(url_for("web.portfolio_run", run_id=run.id), 303)
    steps = {
        "activate": (flow.activate_scorecard, gettext("评分卡已启用，原来的已停用。")),
        "retire": (flow.retire_scorecard, gettext("评分卡已收起。")),
    }
    if step not in steps:
        raise NotFound(f"there is no step {step}")
    take, done = steps[step]
    return act(lambda: take(house(), actor(), version), lambda: _page(version), done=done, to=here)


@web.get("/scorecard-comparison")
def compare_scorecards() -> ResponseReturnValue:
    """Show champion and challengers against what then happened."""

    def page(found: comparison.Tests | None = None) -> str:
        return render_template("scorecard_comparison.html", found=found, grades=GRADES)

    text = request.args.get("on", "").strip()
    try:
        on: date | None = None
        if text:
            try:
                on = day_of(text)
            except ValueError as error:
                raise BadInput("on: a date YYYY-MM-DD", {"on": "a date YYYY-MM-DD"}) from error
        return page(comparison.back_tests(house(), actor(), request.args.getlist("version"), on))
    except BadInput as error:
        return refused(error, page, url_for("web.compare_scorecards"))
