"""What the archive rules need from outside: whoever knows of something against a destruction."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from retention.blockers import Block


class DestructionBlocker(Protocol):
    """One source of reasons against a destruction: open loans, running contracts, holds, pending assessments."""

    def blocks(self, file_id: str, today: date) -> Sequence[Block]:
        """Return what stands against destroying this file today. An answer that cannot be had is an exception, never empty."""
