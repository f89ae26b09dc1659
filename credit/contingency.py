"""Contingency plans 应急预案 (RULES A4.2): what is done about a warning, as templates of tasks that a company edits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from credit.errors import CreditError
from credit.warnings import KINDS

Action = Literal["collect", "terms", "suspend", "legal", "papers", "inform", "other"]
Owner = Literal["handler", "credit_administrator", "department_head"]
ACTIONS: tuple[Action, ...] = get_args(Action)
OWNERS: tuple[Owner, ...] = get_args(Owner)
MOST_TASKS = 20
MOST_DAYS = 365
LONGEST = 200


@dataclass(frozen=True)
class TaskTemplate:
    """One task of a plan. what: in the company's words. owner: the role that does it. days: its time limit, counted from the opening."""

    action: Action
    what: str
    owner: Owner
    days: int

    def __post_init__(self) -> None:
        if self.action not in ACTIONS or self.owner not in OWNERS:
            raise CreditError(f"a task is one of {', '.join(ACTIONS)} for one of {', '.join(OWNERS)}")
        if not self.what.strip() or len(self.what) > LONGEST:
            raise CreditError(f"a task says what is to be done, in at most {LONGEST} characters")
        if not 0 <= self.days <= MOST_DAYS:
            raise CreditError(f"a task has a time limit of 0 to {MOST_DAYS} days, not {self.days}")


@dataclass(frozen=True)
class Plan:
    """What is done about warnings of one kind. block: whether credit is blocked as soon as such a warning of high severity opens."""

    kind: str
    tasks: tuple[TaskTemplate, ...]
    block: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise CreditError(f"there is no warning of the kind {self.kind}")
        if not 1 <= len(self.tasks) <= MOST_TASKS:
            raise CreditError(f"a plan has 1 to {MOST_TASKS} tasks, not {len(self.tasks)}")


_REASSESS = TaskTemplate("other", "重新评估该客户", "credit_administrator", 5)
_COLLECT = TaskTemplate("collect", "致电对账，取得付款日期的承诺，记入催收记录", "handler", 3)
_TERMS = TaskTemplate("terms", "改为款到发货或缩短账期，通知客户", "handler", 5)
_SUSPEND = TaskTemplate("suspend", "决定是否暂停供货，并通知发货部门", "department_head", 2)
_RENEW = TaskTemplate("papers", "向客户索取新的证照或授权，扫描入档", "handler", 10)

#: What a company begins with; each plan can be replaced by its own.
DEFAULT_PLANS: Mapping[str, Plan] = {
    "score_below": Plan("score_below", (_TERMS, _REASSESS)),
    "score_drop": Plan("score_drop", (TaskTemplate("inform", "查明分数下降的原因", "credit_administrator", 5), _TERMS)),
    "overdue_days": Plan(
        "overdue_days",
        (_COLLECT, _SUSPEND, TaskTemplate("legal", "发律师函，决定是否起诉", "credit_administrator", 30)),
        block=True,
    ),
    "overdue_amount": Plan("overdue_amount", (_COLLECT, _SUSPEND)),
    "line_used": Plan("line_used", (_SUSPEND, TaskTemplate("terms", "决定是否调整额度", "credit_administrator", 5))),
    "expiring": Plan("expiring", (_RENEW,)),
    "expired": Plan("expired", (_SUSPEND, _RENEW)),
    "stale_key_information": Plan(
        "stale_key_information", (TaskTemplate("papers", "更新并核实关键信息", "handler", 5),)
    ),
}
