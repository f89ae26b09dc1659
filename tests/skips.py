"""What a run does not run: it says what and why at its end, and fails where everything is demanded."""

from collections import Counter
from collections.abc import Generator

import pytest

from tests.thorough import THOROUGH

#: How the reasons begin of what a machine allows nobody, or not whoever runs this: `.ci/run` does without root, too.
RIGHTS = ("only root ", "root reads everything", "no second file system")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail what is skipped where everything is demanded: what nobody runs proves nothing."""
    report = yield
    if THOROUGH and report.skipped and not hasattr(report, "wasxfail") and not _reason(report).startswith(RIGHTS):
        report.outcome, report.longrepr = "failed", f"JUANZONG_REQUIRE_SERVERS=1, but it was skipped: {_reason(report)}"
    return report


def _reason(report: pytest.TestReport) -> str:
    said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return said.removeprefix("Skipped: ")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was skipped and why, and that the longest suites took a sample."""
    skipped = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    for reason, count in skipped.most_common():
        terminalreporter.line(f"skipped {count}: {reason}")
    if not THOROUGH:
        terminalreporter.line(
            "the longest suites took a sample; JUANZONG_REQUIRE_SERVERS=1 takes all of it, with every server"
        )
