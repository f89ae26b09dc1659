"""Case files: what they hold and lack, where they are on their way, how long they stay."""

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from retention.transfer import PARTS
from retention.why import Why
from service.errors import KNOWN_ERRORS, RuleRefused
from service.flow.archive import filing, four_checks, holds, ledger, loans, milestones, transfers
from service.flow.archive.destroy import prove
from service.flow.archive.outside import outside_of
from service.flow.archive.packages import export_package
from service.flow.archive.paper_file import paper_file
from service.flow.archive.transfers import DueTransfer
from service.flow.common import tiers
from service.flow.common.guard import allowed, reach_of_file, require
from service.flow.intake import corrections, pages
from service.flow.search.outlook import ENDED, Outlook, outlook
from service.flow.trust.evidence import evidence_of_file
from service.partial import packed
from service.records.tables import CaseFile, Document, Transfer
from service.web import words
from service.web.context import act, actor, house, refused
from service.web.site import web
from service.web.text import gettext, language
from service.web.trail_words import chinese_word

PAGE = 50


@web.get("/files")
def files() -> ResponseReturnValue:
    """Show the case files, filtered and paged by the address."""
    args = request.args
    part = filing.case_file_page(
        house(),
        actor(),
        state=args.get("state") or None,
        kind=args.get("kind") or None,
        text=args.get("text", "").strip(),
        after=args.get("after", ""),
        limit=PAGE,
    )
    return render_template("files.html", part=part, size=PAGE)


def may_hand_over(row: Transfer) -> bool:
    """Return whether this person may sign for the giving side of a transfer."""
    return transfers.may_hand_over(actor(), row)


def may_receive(row: Transfer) -> bool:
    """Return whether this person is on the receiving side, and not the one who handed it over."""
    signed = (row.handed_over_by, row.handed_over_for)
    return PARTS[row.stage][1] in actor().roles and actor().name not in signed  # type: ignore[index]  # the column holds only stages


def why_in_words(text: str) -> str:
    """Return a kept reason in the reader's language."""
    try:
        return Why.from_json(text).say("zh" if language() == "zh" else "en")
    except ValueError:
        return text


def _arriving(due: list[DueTransfer]) -> list[DueTransfer]:
    """Return the transfers that wait for the archive room; a later event brings one to an archived file, too."""
    return [row for row in due if row.transfer.stage == "archive" and row.transfer.state == "handed_over"]


def _archive_wait(file: CaseFile, due: list[DueTransfer], missing: tuple[str, ...]) -> str:
    """Return what archiving waits for; empty when it can be done."""
    if file.kind == "contract":
        arriving = _arriving(due)
        if not arriving:
            return gettext("等信用管理员移交")
        if all(row.transfer.handed_over_by == actor().name for row in arriving):
            return gettext("移交人不能自己接收")
    return gettext("缺 %(codes)s", codes=gettext("、").join(missing)) if missing else ""


def _by_category(documents: list[Document], codes: set[str]) -> tuple[dict[str, list[Document]], list[Document]]:
    sorted_in: dict[str, list[Document]] = {}
    for document in documents:
        sorted_in.setdefault(document.category, []).append(document)
    return sorted_in, [document for document in documents if document.category not in codes]


def file_page(case_file_id: str, ahead: Outlook | None = None) -> str:
    """Return the page of one case file. ahead: what an event would do to it, to be confirmed."""
    who = actor()
    file = filing.get_case_file(house(), who, case_file_id)
    check = filing.completeness(house(), who, case_file_id)
    documents = [d for d in filing.documents_of(house(), who, case_file_id) if d.status != "destroyed"]
    by_category, others = _by_category(documents, {slot.category.code for slot in check.slots})
    due = transfers.transfers_of(house(), who, case_file_id)
    reach = reach_of_file(file)
    stub = pages.stub_of(house(), who, case_file_id)
    return render_template(
        "case_file.html",
        file=file,
        check=check,
        by_category=by_category,
        others=others,
        transfers=due,
        events=pages.events_of(house(), who, case_file_id) if file.contract else [],
        holds=pages.holds_on(house(), who, case_file_id) if allowed(who, "hold.read") else None,
        arriving=_arriving(due),
        archive_wait=_archive_wait(file, due, check.missing),
        retention_why=why_in_words(file.retention_why),
        checks=four_checks.checks_of(house(), who, case_file_id),
        check_titles={document.id: document.title or document.filename for document in documents},
        may_check=allowed(who, "check.run", reach),
        may_except=allowed(who, "check.except", reach),
        paper=paper_file(house(), who, case_file_id),
        may_place=allowed(who, "file.place", reach),
        ahead=ahead,
        ahead_why=ahead and (ahead.after.why.zh if language() == "zh" else ahead.after.why.en),
        happening_options=_happenings(file),
        may_mark=allowed(who, "file.mark", reach),
        tier_options=words.tiers_up_to(who.clearance) if allowed(who, "file.tier", reach) else [],
        may_event=allowed(who, "contract.create", reach),
        may_correct=corrections.correctable(house(), who, file),
        may_hand_over=may_hand_over,
        may_receive=may_receive,
        event_options=[(code, words.EVENTS[code]) for code in ledger.events_open_to(house(), who, file)],
        paper_options=[("", "—"), *((d.id, d.title or d.filename) for d in documents)],
        milestones=milestones.milestones_in_file(house(), who, case_file_id),
        stub=stub,
        left=outside_of(house(), case_file_id) if file.state in ("leaving", "destroyed") else None,
        proof=prove(house(), who, case_file_id) if stub and allowed(who, "review.read") else None,
    )


@web.get("/files/<case_file_id>")
def case_file(case_file_id: str) -> ResponseReturnValue:
    """Show one case file with everything that is known of it."""
    return file_page(case_file_id)


@web.get("/files/<case_file_id>/evidence")
def file_evidence(case_file_id: str) -> ResponseReturnValue:
    """Return the evidence packages of the file's documents in one zip."""
    name = gettext("证据包") + f"-{case_file_id}.zip"
    return packed(house(), lambda file: evidence_of_file(house(), actor(), case_file_id, file, chinese_word), name)


@web.get("/files/<case_file_id>/package")
def file_package(case_file_id: str) -> ResponseReturnValue:
    """Return the case file as a signed BagIt package that another archive takes in."""
    name = gettext("档案包") + f"-{case_file_id}.zip"
    return packed(house(), lambda file: export_package(house(), actor(), case_file_id, file), name)


@web.post("/files/<case_file_id>/tier")
def set_file_tier(case_file_id: str) -> ResponseReturnValue:
    """Say, with a reason, how confidential the file is."""
    form = request.form
    to = url_for("web.case_file", case_file_id=case_file_id)
    return act(
        lambda: tiers.set_file_tier(house(), actor(), case_file_id, form.get("tier", ""), form.get("reason", "")),
        lambda: file_page(case_file_id),
        done=gettext("密级已改，卷内文件和检索立即随之改变。"),
        to=to,
    )


@web.post("/files/<case_file_id>/mark")
def mark(case_file_id: str) -> ResponseReturnValue:
    """Say that a category does not apply, and why; an empty reason takes it back."""
    form = request.form
    category, reason = form.get("category", ""), form.get("reason", "")
    done = gettext("%(category)s 标为不适用。", category=words.category(category))
    return act(
        lambda: filing.mark_not_applicable(house(), actor(), case_file_id, category, reason),
        lambda: file_page(case_file_id),
        done=done if reason.strip() else gettext("标记已撤回。"),
        to=url_for("web.case_file", case_file_id=case_file_id),
    )


@web.post("/files/<case_file_id>/archive")
def archive_file(case_file_id: str) -> ResponseReturnValue:
    """Take the file into the archive room."""
    return act(
        lambda: transfers.archive(house(), actor(), case_file_id),
        lambda: file_page(case_file_id),
        done=gettext("已归档，档号已给出。"),
        to=url_for("web.case_file", case_file_id=case_file_id),
    )


@web.post("/files/<case_file_id>/hold")
def place_hold(case_file_id: str) -> ResponseReturnValue:
    """Freeze the file for a matter."""
    form = request.form
    return act(
        lambda: holds.place_hold(house(), actor(), form.get("matter", ""), form.get("reason", ""), [case_file_id]),
        lambda: file_page(case_file_id),
        done=gettext("已冻结：解除以前不能销毁。"),
        to=url_for("web.case_file", case_file_id=case_file_id),
    )


def _happenings(file: CaseFile) -> list[tuple[str, str]]:
    """Return what may be said of a file that its period depends on."""
    ended = (ENDED,) if file.kind == "credit" and not file.closed_on else ()
    return [(code, words.HAPPENINGS[code]) for code in (*filing.SAID_OF[file.kind], *ended)]


@web.post("/files/<case_file_id>/events")
def record_happening(case_file_id: str) -> ResponseReturnValue:
    """Say what an event would do to the retention of a file and, once that is confirmed, record it."""
    form = request.form
    event, ended_on, note = form.get("event", ""), form.get("ended_on", "").strip(), form.get("note", "")
    to = url_for("web.case_file", case_file_id=case_file_id)
    if not form.get("confirmed"):
        try:
            ahead = outlook(house(), actor(), case_file_id, event, ended_on)
        except KNOWN_ERRORS as error:
            return refused(error, lambda: file_page(case_file_id), to)
        g.page = to
        return file_page(case_file_id, ahead)

    def step() -> None:
        if event == ENDED:
            filing.close_credit_file(house(), actor(), case_file_id, ended_on, note)
        else:
            filing.record_event(house(), actor(), case_file_id, event, note)

    done = gettext("已记下：%(event)s。", event=words.named(words.HAPPENINGS, event))
    return act(step, lambda: file_page(case_file_id), done=done, to=to)


@web.post("/files/<case_file_id>/loans")
def ask_loan(case_file_id: str) -> ResponseReturnValue:
    """Ask to read the file."""
    return act(
        lambda: loans.ask(house(), actor(), case_file_id, request.form.get("purpose", "")),
        lambda: file_page(case_file_id),
        done=gettext("查阅申请已交给档案管理员。"),
        to=url_for("web.case_file", case_file_id=case_file_id),
    )


def transfer_step_of(step: str, transfer_id: str) -> None:
    """Do one step of a transfer. Raises RuleRefused for a step there is not."""
    who = actor()
    if step == "hand-over":
        transfers.hand_over(house(), who, transfer_id)
    elif step == "accept":
        transfers.accept(house(), who, transfer_id)
    elif step == "return":
        transfers.return_file(house(), who, transfer_id, request.form.get("reason", ""))
    else:
        raise RuleRefused(f"there is no step {step}")


@web.post("/transfers/<transfer_id>/<step>")
def transfer_step(transfer_id: str, step: str) -> ResponseReturnValue:
    """Hand over, accept or return, from the page of the file."""
    require(actor(), "transfer.read")
    file_id = pages.file_of_transfer(house(), actor(), transfer_id).id
    done = {
        "hand-over": gettext("已移交。"),
        "accept": gettext("已核实并接收，移交档案室的期限开始计算。"),
        "return": gettext("已退回，期限不变。"),
    }
    g.page = url_for("web.case_file", case_file_id=file_id)
    return act(
        lambda: transfer_step_of(step, transfer_id),
        lambda: file_page(file_id),
        done=done.get(step, ""),
        to=url_for("web.case_file", case_file_id=file_id),
    )
