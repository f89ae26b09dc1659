"""How a case is told and judged: pages, and what a person would read from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from stdnum.cn import uscc

from intake.model import PageText, Understanding


def credit(body: str) -> str:
    """A unified social credit code with this 17-character body; the check digit is python-stdnum's."""
    return body + uscc.calc_check_digit(body)


@dataclass(frozen=True)
class Case:
    """sure: fields that must be right; others may be missing or below the line, but never surely wrong."""

    name: str
    pages: Sequence[PageText]
    category: str
    kind: str
    fields: dict[str, str]
    ours: Sequence[str] = ()
    review: Sequence[str] = ()
    unsure: Sequence[str] = field(default_factory=tuple)


def faults(case: Case, read: Understanding) -> list[str]:
    """What differs from the case, one line each; empty when all is right."""
    wrong = []
    if (read.category, read.kind) != (case.category, case.kind):
        wrong.append(f"kind: {read.category} {read.kind}, not {case.category} {case.kind}")
    for name, value in case.fields.items():
        got = read.fields.get(name)
        if got is None:
            if name not in case.unsure:
                wrong.append(f"{name}: missing, not {value!r}")
        elif got.value != value and not (name in case.unsure and got.confidence < 0.75):
            wrong.append(f"{name}: {got.value!r} ({got.confidence}), not {value!r}")
    wrong += [
        f"{name}: {got.value!r} ({got.confidence}) is not on the paper"
        for name, got in read.fields.items()
        if name not in case.fields and got.confidence >= 0.75
    ]
    wrong += [
        f"review lacks {reason}: {read.needs_review}" for reason in case.review if reason not in read.needs_review
    ]
    return wrong
