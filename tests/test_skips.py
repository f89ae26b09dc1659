"""A run says what it skipped and why; where everything is demanded nothing may be skipped."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOOKS = "from tests.skips import pytest_runtest_makereport, pytest_terminal_summary\n"
TESTS = """
import pytest

@pytest.mark.skipif(True, reason="no scanner here")
def test_a(): ...

@pytest.mark.parametrize("n", [1, 2])
def test_b(n): pytest.skip("Elasticsearch is not installed")

def test_r(): pytest.skip("only root mounts a small disk")

@pytest.mark.xfail(strict=True)
def test_c(): raise ValueError

def test_d(): ...
"""


@pytest.mark.parametrize(
    ("demanded", "code", "last"),
    [("0", 0, "1 passed, 4 skipped, 1 xfailed"), ("1", 1, "2 failed, 1 passed, 1 skipped, 1 xfailed, 1 error")],
)
def test_what_is_skipped_is_said_or_fails(tmp_path, demanded, code, last):
    (tmp_path / "conftest.py").write_text(HOOKS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_it.py").write_text(TESTS)
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env={**env, "PYTHONPATH": str(ROOT), "JUANZONG_REQUIRE_SERVERS": demanded},
        capture_output=True,
        text=True,
        check=False,
    )
    said = ran.stdout.splitlines()
    assert (ran.returncode, last in said[-1]) == (code, True), ran.stdout
    if demanded == "0":
        assert "skipped 2: Elasticsearch is not installed" in said
        assert "skipped 1: no scanner here" in said
        assert any("took a sample" in line for line in said)
    else:
        assert "JUANZONG_REQUIRE_SERVERS=1, but it was skipped: Elasticsearch is not installed" in ran.stdout
