"""What stands between a judged sheet and its rows, whatever the rows are: all of them right, some there, not brought before."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.errors import BadInput, RuleRefused
from service.flow.common.ledger_sheet import Finding
from service.records.tables import AuditEntry

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class JudgedSheet(Generic[Entry]):
    """What an import would do. rows: in the sheet; entries: those that can be entered; digest: the SHA-256 of the sheet."""

    rows: int
    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...]
    digest: str

    @property
    def wrong_rows(self) -> int:
        """How many rows have something wrong."""
        return len({finding.line for finding in self.findings})


def demand_importable(session: Session, judged: JudgedSheet[Entry], action: str) -> None:
    """Raise BadInput naming every wrong row, or that there are none; RuleRefused when this sheet came in by this action before."""
    if judged.findings:
        raise BadInput(
            f"{judged.wrong_rows} of {judged.rows} rows are wrong; nothing was imported",
            {f"row {f.line} {f.field}": f.why for f in judged.findings},
        )
    if not judged.entries:
        raise BadInput("file: has no rows", {"file": "has no rows"})
    before = select(AuditEntry.at).where(AuditEntry.action == action, AuditEntry.detail.contains(judged.digest))
    at = session.scalar(before.limit(1))
    if at is not None:
        raise RuleRefused(f"this very file was imported on {at[:10]}")
