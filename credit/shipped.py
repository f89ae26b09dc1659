"""What the program says is kept in Chinese and read in English, too: tasks of contingency plans, the example scorecard, why a warning was given.

A text is known by its words: what a person or a company wrote stands in both languages as it was written.
"""

from collections.abc import Mapping

from credit.contingency import DEFAULT_PLANS
from credit.default_card import EXAMPLE_CARD
from credit.warnings import why_in_english

_TASKS: Mapping[str, str] = {
    "重新评估该客户": "Assess the customer anew",
    "致电对账，取得付款日期的承诺，记入催收记录": "Call, reconcile the account, obtain a date of payment, and note it with the collection records",
    "改为款到发货或缩短账期，通知客户": "Change to payment before delivery or to a shorter term, and tell the customer",
    "决定是否暂停供货，并通知发货部门": "Decide whether to suspend supply, and tell who delivers",
    "向客户索取新的证照或授权，扫描入档": "Ask the customer for the new licence or authorization, and scan it into the file",
    "查明分数下降的原因": "Find out why the score fell",
    "发律师函，决定是否起诉": "Send a lawyer's letter, and decide whether to sue",
    "决定是否调整额度": "Decide whether to change the credit line",
    "更新并核实关键信息": "Renew and verify the key information",
}
_CARD: Mapping[str, str] = {
    EXAMPLE_CARD.name: "Example scorecard",
    EXAMPLE_CARD.note: "An example that ships with the system; calibrate it to your own experience before use.",
}
ENGLISH: Mapping[str, str] = {**_TASKS, **_CARD}
_CHINESE: Mapping[str, str] = {english: chinese for chinese, english in ENGLISH.items()}


def in_english(text: str) -> str:
    """Return in English a text that ships, why a warning was given, or what was done about a task that ships; any other as it is."""
    for mark, said in (("：", ": "), (" → ", " → ")):
        task, found, rest = text.partition(mark)
        if found and task in _TASKS:
            return f"{_TASKS[task]}{said}{rest}"
    return ENGLISH.get(text) or why_in_english(text) or text


def as_kept(text: str) -> str:
    """Return the text that is kept for what a reader of either language saw and left as it was."""
    return _CHINESE.get(text, text)


def texts() -> frozenset[str]:
    """Return every text that ships and that a reader sees."""
    tasks = {task.what for plan in DEFAULT_PLANS.values() for task in plan.tasks}
    return frozenset(tasks | {EXAMPLE_CARD.name, EXAMPLE_CARD.note})
