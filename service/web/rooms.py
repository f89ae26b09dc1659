"""The column of rooms: what a person may enter, with what waits there."""

from dataclasses import dataclass

from flask import request, url_for

from service.errors import KNOWN_ERRORS
from service.flow.counts import waiting
from service.flow.guard import allowed
from service.web.context import actor, house
from service.web.text import gettext


@dataclass(frozen=True)
class Link:
    """One room: its name, address, what waits in it (0: nothing shown), whether we are in it."""

    name: str
    href: str
    count: int
    on: bool


def _rows() -> list[tuple[str, list[tuple[str, str, str, str, tuple[str, ...]]]]]:
    """Group titles with rows of (endpoint, name, action needed, name of the count, endpoints that belong to it)."""
    return [
        (
            gettext("收件"),
            [
                (
                    "web.batches",
                    gettext("扫描批次"),
                    "document.upload",
                    "reading",
                    ("web.upload", "web.batch", "web.separators"),
                ),
                (
                    "web.review_list",
                    gettext("待核对"),
                    "document.correct",
                    "needs_review",
                    ("web.check", "web.keep_check"),
                ),
            ],
        ),
        (
            gettext("查找"),
            [
                ("web.search", gettext("全文检索"), "search", "", ("web.document", "web.saved_searches")),
                (
                    "web.contracts",
                    gettext("合同台账"),
                    "contract.read",
                    "",
                    ("web.new_contract", "web.create_contract", "web.correct_contract", "web.import_contracts"),
                ),
            ],
        ),
        (
            gettext("档案"),
            [
                ("web.files", gettext("案卷"), "file.read", "", ("web.case_file", "web.contract")),
                ("web.transfers", gettext("移交"), "transfer.read", "transfers", ()),
                ("web.loans", gettext("借阅"), "loan.read", "loans", ()),
                ("web.holds", gettext("冻结"), "hold.read", "", ()),
                (
                    "web.appraisals",
                    gettext("鉴定与销毁"),
                    "review.read",
                    "reviews",
                    ("web.appraisal", "web.propose_review"),
                ),
                ("web.register", gettext("销毁清册"), "review.read", "", ()),
                ("web.numbers", gettext("编号检查"), "numbers.read", "", ()),
                ("web.statistics", gettext("统计报表"), "statistics.read", "", ("web.submission",)),
            ],
        ),
        (gettext("客户信用"), [("web.customers", gettext("客户"), "customer.read", "warnings", ("web.customer",))]),
        (
            gettext("系统"),
            [
                ("web.audit_log", gettext("审计日志"), "audit.read", "", ("web.verify_audit",)),
                (
                    "web.people",
                    gettext("人员"),
                    "people.read",
                    "",
                    ("web.invite_person", "web.person", "web.change_person", "web.renew_invitation", "web.open_person"),
                ),
                ("web.rights", gettext("授权与资格"), "grant.give", "", ("web.add_paper", "web.give_grant")),
                ("web.departments", gettext("部门设置"), "people.manage", "", ("web.create_department",)),
                ("web.extraction_report", gettext("识别质量"), "extraction.read", "", ()),
                ("web.settings", gettext("设置"), "settings.read", "", ()),
            ],
        ),
    ]


def rooms() -> list[tuple[str, list[Link]]]:
    """Return the groups of rooms this person may enter. A service that is down leaves the counts away, not the page."""
    who = actor()
    try:
        counts = waiting(house(), who)
    except KNOWN_ERRORS:
        counts = {}
    shown = []
    for title, rows in _rows():
        links = [
            Link(name, url_for(endpoint), counts.get(key, 0), on=request.endpoint in (endpoint, *more))
            for endpoint, name, action, key, more in rows
            if allowed(who, action)
        ]
        if links:
            shown.append((title, links))
    return shown
