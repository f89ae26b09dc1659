"""What rights rest on: papers on record, and what is opened to a person for a time."""

from datetime import date

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.access import paper_entries
from service.access.papers import KINDS, PaperGiven
from service.access.policy import TIERS
from service.errors import BadInput
from service.flow.archive import grants as flow
from service.flow.common.guard import allowed, require
from service.typed import day_of
from service.web import words
from service.web.context import act, actor, house
from service.web.site import web
from service.web.text import gettext

#: the page that shows what a grant opens, and what the page's address calls it
_PAGES = {
    "document": ("web.document", "document_id"),
    "file": ("web.case_file", "case_file_id"),
    "customer": ("web.customer", "customer_id"),
}


def _day(name: str, *, needed: bool = True) -> date | None:
    text = request.form.get(name, "").strip()
    if not text and not needed:
        return None
    try:
        return day_of(text)
    except ValueError:
        raise BadInput(f"{name}: a date YYYY-MM-DD", {name: "a date YYYY-MM-DD"}) from None


def _needed_day(name: str) -> date:
    return _day(name) or date.max


def _page(login: str = "") -> str:
    require(actor(), "grant.give")
    keeps = allowed(actor(), "paper.keep")
    first, lacking = paper_entries.who_lacks(house(), actor()) if keeps else (None, [])
    found = flow.list_grants(house(), actor())
    login = login or request.values.get("login", "")
    return render_template(
        "rights.html",
        keeps=keeps,
        demanded_from=first,
        lacking=lacking,
        login=login,
        papers=paper_entries.list_papers(house(), actor(), login) if keeps and login else [],
        grants=[(flow.as_json(house(), grant), grant.person.name) for grant in found],
        called=flow.names(house(), actor(), found),
        page_of=_PAGES,
        paper_options=[(kind, str(words.PAPERS[kind])) for kind in KINDS],
        kind_options=[(kind, str(words.GRANT_KINDS[kind])) for kind in flow.KINDS],
        tier_options=[("", gettext("和它今天的密级一样")), *((tier, str(words.TIERS[tier])) for tier in TIERS)],
    )


@web.get("/rights")
def rights() -> ResponseReturnValue:
    """Show who lacks which paper, and what is opened to whom; `?login=` shows one person's papers."""
    return _page()


@web.post("/rights/papers")
def add_paper() -> ResponseReturnValue:
    """Put a paper on record."""
    form = request.form
    login = form.get("login", "").strip()

    def step() -> None:
        given = PaperGiven(
            form.get("kind", ""), _needed_day("valid_from"), _day("valid_until", needed=False), form.get("note", "")
        )
        paper_entries.add_paper(house(), actor(), login, given)

    return act(step, _page, done=gettext("已登记，立即生效。"), to=url_for("web.rights", login=login))


@web.post("/rights/papers/<login>/<paper_id>/revoke")
def revoke_paper(login: str, paper_id: str) -> ResponseReturnValue:
    """Take a paper off the record."""
    return act(
        lambda: paper_entries.revoke_paper(house(), actor(), login, paper_id, request.form.get("reason", "")),
        lambda: _page(login),
        done=gettext("已撤销，立即生效。"),
        to=url_for("web.rights", login=login),
    )


@web.post("/rights/grants")
def give_grant() -> ResponseReturnValue:
    """Open something to a person."""
    form = request.form

    def step() -> None:
        flow.give_grant(
            house(),
            actor(),
            form.get("login", "").strip(),
            form.get("kind", ""),
            form.get("subject_id", "").strip(),
            _needed_day("until"),
            form.get("reason", ""),
            form.get("tier", ""),
        )

    return act(step, _page, done=gettext("已授权，立即生效。"), to=url_for("web.rights"))


@web.post("/rights/grants/<grant_id>/end")
def end_grant(grant_id: str) -> ResponseReturnValue:
    """Close a grant at once."""
    return act(
        lambda: flow.end_grant(house(), actor(), grant_id),
        _page,
        done=gettext("授权已结束。"),
        to=url_for("web.rights"),
    )
