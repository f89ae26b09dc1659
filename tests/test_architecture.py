"""The house keeps its walls: import arrows, rules without a clock, rooms without an environment."""

import ast
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOMAIN = ("intake", "vault", "search", "retention", "credit")
RULES = ("retention", "credit")
CLOCK = frozenset(
    {"datetime.date.today", "datetime.datetime.now", "datetime.datetime.today", "datetime.datetime.utcnow"}
    | {"time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime", "time.strftime"}
)
ENVIRONMENT = frozenset({"os.environ", "os.environb", "os.getenv", "os.getenvb"})


def test_the_import_arrows_hold() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    answer = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def _imported(tree: ast.Module) -> dict[str, str]:
    """Return what each imported name of a module stands for: `now` -> `datetime.datetime.now`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _dotted(node: ast.expr, names: dict[str, str]) -> str | None:
    """Return the full name of an expression such as `dt.date.today`, None if it does not begin with an import."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value, names)
        return f"{base}.{node.attr}" if base else None
    return None


def uses(source: str, forbidden: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Yield (line, full name) wherever `source` names something forbidden, under whatever alias."""
    tree = ast.parse(source)
    names = _imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            full = _dotted(node, names)
            if full in forbidden:
                yield node.lineno, full


def _offences(rooms: tuple[str, ...], forbidden: frozenset[str]) -> list[str]:
    modules = [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]
    assert len(modules) > len(rooms)
    return [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in modules
        for line, name in uses(path.read_text(encoding="utf-8"), forbidden)
    ]


def test_the_rules_never_read_the_clock() -> None:
    assert _offences(RULES, CLOCK) == []


def test_the_rooms_never_read_the_environment() -> None:
    assert _offences(DOMAIN, ENVIRONMENT) == []


@pytest.mark.parametrize(
    "source",
    [
        "import datetime\ndatetime.date.today()",
        "import datetime as dt\ndt.datetime.now(dt.UTC)",
        "from datetime import date\ndate.today()",
        "from datetime import date as day\nread = day.today",
        "from time import time\ntime()",
        "import time\ntime.time()",
    ],
)
def test_the_scan_sees_a_clock_under_any_name(source: str) -> None:
    assert list(uses(source, CLOCK))


def test_the_scan_lets_dates_pass() -> None:
    source = textwrap.dedent("""
        from datetime import date, datetime
        def due(today: date) -> date:
            return date(today.year, 1, 1) if today else datetime.fromisoformat("2026-01-01").date()
        """)
    assert not list(uses(source, CLOCK))


def test_the_scan_sees_the_environment_under_any_name() -> None:
    assert list(uses("from os import environ as e\ne.get('A')", ENVIRONMENT))
    assert list(uses("import os.path\nos.getenv('A')", ENVIRONMENT))
