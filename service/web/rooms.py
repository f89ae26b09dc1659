"""The column of rooms: what a person may enter, with what waits there."""

from dataclasses import dataclass

from flask import g, request, url_for

from service.errors import KNOWN_ERRORS
from service.flow.common.guard import allowed
from service.flow.counts import MOST, waiting
from service.web.context import actor, house
from service.web.text import gettext


@dataclass(frozen=True)
class Link:
    """One room: its name, address, what waits in it ("" for nothing), whether we are in it."""

    name: str
    href: str
    count: str
    on: bool


def _rows() -> list[tuple[str, list[tuple[str, str, str, str, tuple[str, ...]]]]]:
    """Group titles with rows of (endpoint, name, action needed, name of the count, endpoints that belong to it)."""
    return [
        (gettext("我的"), [("web.inbox", gettext("消息"), "inbox.read", "unread", ("web.set_mail_address",))]),
        (
            gettext("收件"),
            [
                (
                    "web.batches",
                    gettext("扫描批次"),
                    "document.upload",
                    "batches",
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
                ("web.milestone_list", gettext("履行与收付款"), "contract.read", "", ()),
                ("web.loans", gettext("借阅"), "loan.read", "loans", ()),
                (
                    "web.incident_list",
                    gettext("事故与利用统计"),
                    "incident.read",
                    "",
                    ("web.incident", "web.loan_figures"),
                ),
                ("web.holds", gettext("冻结"), "hold.read", "", ()),
                (
                    "web.appraisals",
                    gettext("鉴定与销毁"),
                    "review.read",
                    "reviews",
                    ("web.appraisal", "web.propose_review"),
                ),
                ("web.check_sample_list", gettext("四性抽检"), "check.read", "", ("web.draw_sample",)),
                (
                    "web.schedule_list",
                    gettext("保管期限表"),
                    "schedule.read",
                    "",
                    ("web.schedule", "web.new_schedule", "web.save_schedule", "web.activate_schedule"),
                ),
                ("web.register", gettext("销毁清册"), "review.read", "", ()),
                ("web.numbers", gettext("编号检查"), "numbers.read", "", ("web.number_template_list",)),
                ("web.statistics", gettext("统计报表"), "statistics.read", "", ("web.submission",)),
            ],
        ),
        (
            gettext("客户信用"),
            [
                (
                    "web.customers",
                    gettext("客户"),
                    "customer.read",
                    "warnings",
                    (
                        "web.customer",
                        "web.customer_facts",
                        "web.customer_fact",
                        "web.duplicates",
                        "web.merge_page",
                        "web.import_customers",
                    ),
                ),
                ("web.freshness", gettext("信息时效"), "fact.read", "stale", ()),
                (
                    "web.warnings_list",
                    gettext("预警"),
                    "warning.read",
                    "open_warnings",
                    (
                        *("web.warning", "web.customer_warnings", "web.warning_lines", "web.contingency_plans"),
                        *("web.delivery_list", "web.set_warning_lines", "web.set_contingency_plan"),
                    ),
                ),
                (
                    "web.import_receivables",
                    gettext("应收账款"),
                    "receivable.import",
                    "",
                    ("web.receivables_report", "web.customer_receivables", "web.import_receivables_submit"),
                ),
                (
                    "web.due_assessments",
                    gettext("重新评估"),
                    "assessment.read",
                    "assessments",
                    (
                        "web.assessment_plan",
                        "web.customer_assessments",
                        "web.customer_statements",
                        "web.portfolio_run",
                        "web.import_statements",
                    ),
                ),
                (
                    "web.scorecards",
                    gettext("评分卡"),
                    "scorecard.read",
                    "",
                    ("web.scorecard", "web.new_scorecard", "web.edit_scorecard", "web.compare_scorecards"),
                ),
                (
                    "web.credit_reports_list",
                    gettext("信用报告"),
                    "credit_report.read",
                    "",
                    (
                        "web.portfolio_report",
                        "web.customer_report",
                        "web.keep_report",
                        "web.plan_report",
                        "web.long_runs",
                    ),
                ),
            ],
        ),
        (
            gettext("合规"),
            [
                (
                    "web.training",
                    gettext("法规培训"),
                    "course.read",
                    "",
                    ("web.course", "web.create_course", "web.change_course", "web.exam", "web.hand_in_exam"),
                ),
                (
                    "web.regulations",
                    gettext("法规登记"),
                    "regulation.read",
                    "",
                    ("web.regulation", "web.add_regulation", "web.add_version", "web.add_task", "web.finish_task"),
                ),
                ("web.wall", gettext("上墙内容"), "wall.read", "", ("web.set_wall",)),
            ],
        ),
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
                ("web.company_list", gettext("公司"), "people.manage", "", ("web.create_company",)),
                ("web.extraction_report", gettext("识别质量"), "extraction.read", "", ()),
                ("web.settings", gettext("设置"), "settings.read", "", ()),
            ],
        ),
    ]


def counted() -> dict[str, int]:
    """Return what waits for this person, per room; asked once for a page."""
    if "waiting" not in g:
        try:
            g.waiting = waiting(house(), actor())
        except KNOWN_ERRORS:
            g.waiting = {}
    found: dict[str, int] = g.waiting
    return found


def up_to(count: int) -> str:
    """Return how much waits; of much, that there is more."""
    return f"{MOST}+" if count > MOST else str(count or "")


def rooms() -> list[tuple[str, list[Link]]]:
    """Return the groups of rooms this person may enter. A service that is down leaves the counts away, not the page."""
    who, counts = actor(), counted()
    shown = []
    for title, rows in _rows():
        links = [
            Link(name, url_for(endpoint), up_to(counts.get(key, 0)), on=request.endpoint in (endpoint, *more))
            for endpoint, name, action, key, more in rows
            if allowed(who, action)
        ]
        if links:
            shown.append((title, links))
    return shown
