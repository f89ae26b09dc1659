"""Checking what was read: the list of what waits for a person, and the screen with the page beside its values."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from intake import verification as rules
from intake.capitals import beside, values_in
from intake.model import PageText
from intake.typed import kind_of
from intake.understand import CHARACTER_LINE
from service.errors import KNOWN_ERRORS, BadInput
from service.flow.common import values
from service.flow.common.checks import BY_HAND, against, checks
from service.flow.intake import checking, desk, extraction
from service.flow.intake.checking import Before, Given
from service.flow.intake.desk import Want
from service.flow.intake.documents import letters_of
from service.flow.intake.page_quality import of_document
from service.flow.intake.render import page_text
from service.house import SYSTEM
from service.records.tables import Document, DocumentField
from service.typed import day_of
from service.web import words
from service.web.context import actor, house, offset_of, refused
from service.web.download import demand_form, download
from service.web.filters import moment, who
from service.web.site import web
from service.web.text import gettext
from service.web.words import State

PAGE = 50
_SPOT = re.compile(r"\d{1,5}(?:,\d{1,6}){4}")
ZOOMS = (100, 150, 200, 300)


@dataclass(frozen=True)
class Line:
    """A field on the screen. printed: the characters on its place, each with whether it is doubtful; change: (kept, out, in) pieces.

    typed: what stands in its input; mine: the person may still confirm it. problem, may_stand: why it was refused.
    chosen, as_printed: what was said of it in a form that was refused. as_shown: the person was shown the value it has now.
    capitals: the sums in capitals beside it. by_hand: it was written by hand. against: something speaks
    against it, so that confirming all leaves it out.
    """

    name: str
    label: str
    value: str
    typed: str
    state: State
    field: DocumentField | None
    printed: Sequence[tuple[str, bool]]
    change: Sequence[tuple[str, str, str]]
    mine: bool
    sides: frozenset[str]
    may_decide: bool
    problem: str
    may_stand: bool
    not_here: bool = False
    chosen: str = ""
    as_shown: bool = True
    as_printed: bool = False
    capitals: Sequence[str] = ()
    by_hand: bool = False
    against: bool = False

    @property
    def rows(self) -> int:
        """How many lines its input has."""
        return rows_for(self.typed)

    @property
    def unsure(self) -> bool:
        """Whether a letter is doubtful, which is shown before anybody comes to the field."""
        read = self.field is not None and self.field.entered_by == rules.MACHINE
        return read and any(unsure for _text, unsure in self.printed)

    @property
    def kind(self) -> str:
        """What sort of value it holds, for the script."""
        return kind_of(self.name)


def rows_for(typed: str) -> int:
    """Return how many lines show a value whole, at most four, with some 36 narrow characters or 18 Chinese ones a line."""
    width = sum(2 if ord(character) > 0x2E7F else 1 for character in typed)
    return min(1 + max(width - 1, 0) // 36, 4)


def _want() -> Want:
    args = request.args
    return Want(args.get("reason") or "look", args.get("category", ""), args.get("batch", ""))


def _filters() -> dict[str, Any]:
    return {name: value for name in ("reason", "category", "batch") if (value := request.args.get(name))}


@web.get("/to-review")
def review_list() -> ResponseReturnValue:
    """Show what waits for a person, the oldest first, narrowed by the address; `?form=csv` or `xlsx` sends all of it."""
    want = _want()
    if form := request.args.get("form", ""):
        demand_form(form)
        return _waiting_as(form, desk.export_waiting(house(), actor(), want, form))
    counts = desk.counts(house(), actor(), want)
    total, rows = desk.list_waiting(
        house(), actor(), want, limit=PAGE, offset=offset_of(PAGE), total=counts.get(want.reason)
    )
    return render_template(
        "review_list.html",
        total=total,
        rows=rows,
        letters=letters_of(house(), [document for document, _holder in rows]),
        size=PAGE,
        want=want,
        filters=_filters(),
        counts=counts,
        batches=desk.batches(house(), actor()),
        category_options=[("", gettext("全部类目")), ("none", gettext("未分类")), *_categories()],
        reason_options=[("look", gettext("全部缘由")), *((code, str(words.REASONS[code])) for code in words.REASONS)],
    )


def _waiting_as(form: str, rows: Sequence[Any]) -> ResponseReturnValue:
    heads = [
        gettext("文件"),
        gettext("文件名"),
        gettext("类目"),
        gettext("为什么要看"),
        gettext("核验"),
        gettext("页"),
        gettext("收到"),
    ]
    letters = letters_of(house(), rows)
    cells = [
        (
            row.title or row.filename,
            row.filename,
            words.category(row.category),
            row.error if row.status == "failed" else gettext("；").join(map(words.reason, row.review_reasons)),
            str(words.VERIFICATIONS[row.verification][1]) if row.verification else "",
            row.pages,
            moment(row.received_at),
            _brought_by(row, letters),
        )
        for row in rows
    ]
    return download(gettext("待核对"), [*heads, gettext("谁送来")], cells, form)


def _brought_by(row: Any, letters: Mapping[str, tuple[str, str]]) -> str:
    """Return who brought a document; where nobody did, whose letter it came with, or by which way, as the page says it."""
    way = words.named(words.CHANNELS, row.channel)
    if row.received_by == SYSTEM.name:
        return letters.get(row.id, ("",))[0] or way
    return f"{way} {who(row.received_by)}" if row.received_by.startswith("cli:") else who(row.received_by)


def _categories() -> list[tuple[str, str]]:
    return [(code, words.category(code)) for code in words.CATEGORIES]


@web.get("/to-review/next")
def next_to_check() -> ResponseReturnValue:
    """Go to the next document that waits and that nobody else has before them."""
    return _go_on(request.args.get("after"))


def _go_on(after: str | None, done: str | None = None) -> ResponseReturnValue:
    found = desk.take_next(house(), actor(), _want(), after)
    if found is None:
        flash(gettext("没有别的文件在等你了。"), "done")
        return redirect(url_for("web.review_list", **_filters()), 303)
    return redirect(url_for("web.check", document_id=found, done=done, **_filters()), 303)


@web.get("/to-review/<document_id>")
def check(document_id: str) -> ResponseReturnValue:
    """Show a document for checking; `?leaf=` chooses the page, `?field=` the field, `?zoom=` and `?turn=` how it is seen."""
    return _screen(document_id)


def _number(name: str, known: Sequence[int]) -> int:
    given = request.args.get(name, type=int)
    return given if given is not None and given in known else known[0]


def _screen(document_id: str, error: Exception | None = None) -> ResponseReturnValue:
    leaf = request.args.get("leaf", type=int)
    before = checking.look(house(), actor(), document_id, leaf or 1)
    document = before.document
    if not before.may_correct and error is None:  # otherwise it was taken up meanwhile: what was typed stays
        return redirect(url_for("web.document", document_id=document_id), 303)
    problems: dict[str, str] = getattr(error, "fields", {})
    lines = [_line(before, field, problems) for field in document.fields]
    lines += [_missing(name, problems) for name in _names_missing(document)]
    lines += [_missing(name, problems) for name in _names_lost({line.name for line in lines})]
    shown = {line.name for line in lines}
    add = _added(problems, shown)
    wrong = next((name for name in problems if name in shown), "add" if add["problem"] else "")
    on = request.args.get("field") or wrong or _first(lines)
    number = leaf or next((line.field.page for line in lines if line.name == on and line.field), 0) or 1
    number = min(max(number, 1), document.pages)
    page = before.pages.get(number)
    done = request.args.get("done")
    return render_template(
        "check.html",
        document=document,
        before=before,
        capitals=(sums := values_in(before.capitals)),
        only_sum=sums[0] if len(sums) == 1 and len(before.pages) == document.pages else "",
        lines=lines,
        on=on,
        number=number,
        page=page,
        quality=of_document(house(), document_id),
        zoom=_number("zoom", ZOOMS),
        zooms=ZOOMS,
        turn=_number("turn", (0, 90, 180, 270)),
        doubtful=_doubtful(page, lines) if page else [],
        place=desk.place_of(house(), actor(), document, _want()),
        filters=_filters(),
        add=add,
        kind_of=kind_of,
        missing_fields=[("", "—"), *((code, word) for code, word in words.FIELDS.items() if code not in shown)],
        category=_category(document),
        category_options=[*([] if document.category else [("", gettext("未分类"))]), *_categories()],
        undo_of=document_id if before.undoable else done,
        here_undo=before.undoable,
        page_reasons=[(code, _page_of(code, document)) for code in rules.page_reasons(document.review_reasons)],
    )


def _page_of(reason: str, document: Document) -> int:
    """Return the page that a reason is about, 0 when it is about none or about all."""
    code, _, more = reason.partition(":")
    page = more.partition(":")[0]
    return int(page) if code in ("rescan", "unread") and page.isdecimal() and int(page) <= document.pages else 0


def _added(problems: dict[str, str], shown: Collection[str]) -> dict[str, Any]:
    """Return of the field that was added by hand what sort of value it holds, and why it was refused: kind, problem, may_stand."""
    name, typed = request.form.get("add-name", ""), request.form.get("add-value", "")
    problem = problems.get("add", "" if name in shown else problems.get(name, ""))
    may_stand = name in words.FIELDS and values.may_stand(name, typed, problem)
    return {"kind": kind_of(name), "problem": problem, "may_stand": may_stand}


def _demand_named() -> None:
    """Raise BadInput for an added value of which nobody said what it is: it would be lost."""
    if request.form.get("add-value", "").strip() and request.form.get("add-name", "") not in words.FIELDS:
        why = "say which field the added value is of"
        raise BadInput(why, {"add": why})


def _first(lines: Sequence[Line]) -> str:
    """Return the field that most needs a look: one that is doubtful, else one the person may still confirm."""
    by_need = [line for line in lines if line.state.colour == "late"] + [line for line in lines if line.mine]
    return next((line.name for line in [*by_need, *lines]), "")


def _names_missing(document: Document) -> list[str]:
    read = {field.name for field in document.fields}
    named = (reason.partition(":")[2] for reason in document.review_reasons if reason.startswith("missing:"))
    return [name for name in dict.fromkeys(named) if name not in read and name in words.FIELDS]


def _names_lost(shown: Collection[str]) -> list[str]:
    """Return the fields for which something was typed that the document has no more: it was read anew meanwhile."""
    sent = dict.fromkeys(request.form.getlist("field"))
    return [name for name in sent if name in words.FIELDS and name not in shown and _typed(name, "")]


def _category(document: Document) -> str:
    """Return the category that is chosen on the screen: in a form that was refused the person's, where they changed it."""
    sent = request.form.get("category", "")
    return sent if sent != request.form.get("before-category", "") else document.category


def _typed(name: str, value: str) -> str:
    """Return what stands in the input of a field: in a form that was refused what the person typed, otherwise its value.

    A value that somebody else changed meanwhile is not put back by who left it as it was.
    """
    form = request.form
    typed, before = form.get(f"value-{name}", ""), form.get(f"before-{name}")
    decides = f"decidable-{name}" in form and form.get(f"decide-{name}") != "other"
    return value if before is None or decides or typed.strip() == before.strip() else typed


def _not_here(name: str, value: str | None) -> bool:
    """Return whether a field is ticked as not being on the paper. value: None for one that was not read."""
    ticked = f"gone-{name}" in request.form
    return ticked if ticked != (f"absent-{name}" in request.form) else value == ""


def _chosen(field: DocumentField) -> str:
    """Return what was chosen between two values in a form that was refused, while it is still between these."""
    choice = request.form.get(f"decide-{field.name}", "")
    sides = {"1": field.value, "2": field.rival.get("value")}
    return "" if choice in sides and request.form.get(f"side-{field.name}-{choice}") != sides[choice] else choice


def _as_printed(name: str, typed: str) -> bool:
    """Return whether the person said of what stands in the input that the paper has it so."""
    return f"printed-{name}" in request.form and request.form.get(f"value-{name}") == typed


def _line(before: Before, field: DocumentField, problems: dict[str, str]) -> Line:
    stand = values.stand_of(field)
    person = actor().name
    typed = _typed(field.name, field.value)
    page = before.pages.get(field.page)
    found = checking.unsure_words(page, field.box, CHARACTER_LINE) if page else []
    change = _change(field.read_value, field.value) if field.read_value and field.value != field.read_value else ()
    return Line(
        name=field.name,
        label=words.named(words.FIELDS, field.name),
        value=field.value,
        typed=typed,
        state=words.field_state(field, actor(), before.sheets),
        field=field,
        printed=[(word.text, unsure) for word, unsure in found],
        change=change,
        mine=field.name in values.confirmable(before.document, person),
        sides=rules.sides(stand),
        may_decide=bool(stand.rival_by) and person not in rules.sides(stand) and person not in stand.heard,
        problem=problems.get(field.name, ""),
        may_stand=values.may_stand(field.name, typed, problems.get(field.name, "")),
        capitals=beside(before.capitals, field.page, field.box) if field.page else (),
        by_hand=BY_HAND in checks(field, before.sheets),
        against=bool(against(field, before.sheets)),
        not_here=_not_here(field.name, field.value),
        chosen=_chosen(field),
        as_shown=request.form.get(f"before-{field.name}", field.value) == field.value,
        as_printed=_as_printed(field.name, typed),
    )


def _missing(name: str, problems: dict[str, str]) -> Line:
    typed = _typed(name, "")
    state = State("late", gettext("没有读出"), gettext("页面上若有，请照样填上；没有就空着"))
    stands = values.may_stand(name, typed, problems.get(name, ""))
    label = words.named(words.FIELDS, name)
    gone, printed, problem = _not_here(name, None), _as_printed(name, typed), problems.get(name, "")
    nothing = (None, (), (), False, frozenset[str](), False)
    return Line(name, label, "", typed, state, *nothing, problem, stands, not_here=gone, as_printed=printed)


def _change(before: str, after: str) -> list[tuple[str, str, str]]:
    """Return how one value became the other: pieces (kept, taken out, put in), in order."""
    pieces = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [(before[a:b], "", "") if op == "equal" else ("", before[a:b], after[c:d]) for op, a, b, c, d in pieces]


def _doubtful(page: PageText, lines: Sequence[Line]) -> list[tuple[int, int, int, int]]:
    """Return the boxes of the doubtful characters of all values on the page."""
    boxes = []
    for line in lines:
        if line.field is not None and line.field.page == page.number and line.field.entered_by == rules.MACHINE:
            found = checking.unsure_words(page, line.field.box, CHARACTER_LINE)
            boxes += [word.box for word, unsure in found if unsure]
    return boxes


def _spot(text: str) -> values.Place | None:
    """Return the place that the words a value was taken from stand at; what is no place counts as none."""
    if not _SPOT.fullmatch(text):
        return None
    page, x0, y0, x1, y1 = map(int, text.split(","))
    return values.Place(page, (x0, y0, x1, y1)) if page and x0 < x1 and y0 < y1 else None


def _leaf() -> int | None:
    return request.form.get("leaf", type=int)


def _given() -> Given:
    form = request.form
    entries, seen, decided = list[values.Entry](), dict[str, str](), dict[str, str]()
    action = form.get("action", "save")
    category = form.get("category")
    moved = category is not None and category != form.get("before-category", "")
    for name in dict.fromkeys(form.getlist("field")):
        value, before = form.get(f"value-{name}", "").strip(), form.get(f"before-{name}", "")
        was_gone, gone = f"absent-{name}" in form, f"gone-{name}" in form
        if f"decidable-{name}" in form:
            choice = form.get(f"decide-{name}", "")
            if choice in ("1", "2"):
                decided[name] = form.get(f"side-{name}-{choice}", "")
            changed, gone = choice in ("other", "gone"), choice == "gone"
        else:
            # What is typed where there was nothing says more than a tick that was left as it stood.
            gone = gone and not (was_gone and value)
            changed = gone != was_gone or (not gone and value != before.strip())
        if changed and gone:
            entries.append(values.Entry(name, "", before, not_here=True))
        elif changed:
            spot, printed = _spot(form.get(f"place-{name}", "")), f"printed-{name}" in form
            entries.append(values.Entry(name, value, before, spot, as_printed=printed))
        elif (
            (before or was_gone)
            and not moved
            and f"decidable-{name}" not in form
            and (action == "next" or f"ok-{name}" in form)
        ):
            seen[name] = before
    added = form.get("add-name", "")
    if added in words.FIELDS:
        spot, printed = _spot(form.get("place-add", "")), "printed-add" in form
        entries.append(values.Entry(added, form.get("add-value", ""), "", spot, as_printed=printed))
    alone = [name for name in seen if f"ok-{name}" in form or f"printed-{name}" in form]
    finish = action == "next" and not moved
    return Given(
        entries, seen, decided, category if moved else None, finish, form.getlist("dismiss"), alone, _leaf() or 0
    )


@web.post("/to-review/<document_id>")
def keep_check(document_id: str) -> ResponseReturnValue:
    """Keep what was typed, confirmed and decided, all of it or nothing; then go on, or stay with the document."""
    given = _given()
    here = url_for("web.check", document_id=document_id, leaf=_leaf(), **_filters())
    try:
        _demand_named()
        left = checking.save(house(), actor(), document_id, given)
    except KNOWN_ERRORS as error:
        kept: Exception = error
        return refused(error, lambda: _screen(document_id, kept), here)
    if left.values:
        return _stay(document_id, left.values)
    if given.finish:
        if left.pages:
            flash(gettext("值已确认；页面的问题没有勾选了结，上一件仍在待核对里。"), "done")
        return _go_on(document_id, document_id)
    if given.category is not None:
        flash(gettext("类目改为 %(category)s，字段已按新类目重读。", category=words.category(given.category)), "done")
        return redirect(url_for("web.check", document_id=document_id, **_filters()), 303)
    flash(gettext("已保存。"), "done")
    return redirect(here, 303)


def _stay(document_id: str, left: Mapping[str, str]) -> ResponseReturnValue:
    """Stay with a document of which something was not confirmed along with the rest, and say what and why."""
    flash(words.held_back(left), "refusal")
    return redirect(url_for("web.check", document_id=document_id, field=next(iter(left)), **_filters()), 303)


@web.post("/to-review/<document_id>/undo")
def undo_check(document_id: str) -> ResponseReturnValue:
    """Take the last save of this person back and show the document again."""
    here = url_for("web.check", document_id=document_id, **_filters())
    try:
        checking.undo(house(), actor(), document_id)
    except KNOWN_ERRORS as error:
        return refused(error, lambda: _screen(document_id), here)
    flash(gettext("已撤销上次保存。"), "done")
    return redirect(here, 303)


@web.post("/to-review/<document_id>/desk")
def stay_at(document_id: str) -> ResponseReturnValue:
    """Say that the person is still at it, for the script; returns whether the document is theirs."""
    return jsonify(mine=desk.sit_down(house(), actor(), document_id).mine)


@web.get("/to-review/<document_id>/words/<int:number>")
def words_of_page(document_id: str, number: int) -> ResponseReturnValue:
    """Return the words of a page with their places, for choosing a value with the pointer: [text, x0, y0, x1, y1, space before]."""
    page = page_text(house(), actor(), document_id, number)
    rows: list[list[Any]] = []
    for line in page.lines:
        end = 0
        for word in line.words:
            rows.append([word.text, *word.box, int(bool(rows) and word.start > end)])
            end = word.start + len(word.text)
    return jsonify(words=rows)


@web.get("/extraction")
def extraction_report() -> ResponseReturnValue:
    """Show how often what was read was right; `?since=` leaves out what came in before, `?form=csv` sends the table, `&table=categories` the other."""
    form = request.args.get("form", "")
    if form:
        demand_form(form)
    since, wrong = _day(request.args.get("since", ""))
    found = extraction.report(house(), actor(), since)
    heads = [str(words.EXTRACTION[name]) for name in extraction.COLUMNS]
    if form and request.args.get("table") == "categories":
        heads = [str(words.EXTRACTION_CATEGORIES[name]) for name in extraction.CATEGORY_COLUMNS]
        rows = [
            (*cells, gettext("判断对") if right else gettext("改了"))
            for *cells, right in extraction.category_cells(found)
        ]
        return download(gettext("识别质量：类目"), heads, rows, form)
    if form:
        return download(gettext("识别质量"), heads, list(extraction.as_cells(found)), form)
    return render_template(
        "extraction.html", report=found, heads=heads, since=request.args.get("since", ""), wrong=wrong
    )


def _day(text: str) -> tuple[date | None, bool]:
    """Return the day that was typed, and whether what was typed is none."""
    try:
        return (day_of(text) if text else None), False
    except ValueError:
        return None, True
