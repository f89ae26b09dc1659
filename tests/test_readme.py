"""What the README says of the command line is so."""

import re
from pathlib import Path

import pytest

from service.cli import COMMANDS

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_lists_every_command_and_none_that_is_not_there(name):
    rows = re.findall(r"^\| [^|]+ \| ((?:`[a-z]+` ?)+)\|$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    listed = re.findall(r"`([a-z]+)`", " ".join(rows))
    assert sorted(listed) == sorted(COMMANDS)
