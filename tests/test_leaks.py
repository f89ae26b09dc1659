"""The search for secrets in the logs of a run: it finds them whoever logs them, and fails the run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import leaks

ROOT = Path(__file__).parents[1]
WATCHED = "from tests import leaks\n\n\ndef pytest_configure(config):\n    leaks.register(config)\n"
LEAKS = {
    "token": "import logging, secrets\ndef test(): logging.warning('Bearer jz_%s', secrets.token_urlsafe(32))",
    "key": "import logging\nfrom vault.keyring import os\n"
    "def test():\n    import vault.adapters.keyfile as k\n"
    "    logging.warning('key %s', eval('os.urandom(32)', vars(k)).hex().upper())",
    "password": "import sys, argon2\ndef test():\n    argon2.PasswordHasher(1, 64, 1).hash('planted horse')\n"
    "    print('login planted horse', file=sys.stderr)",
    "child": "import secrets, subprocess, sys\ndef test(tmp_path):\n    s = secrets.token_urlsafe(32)\n"
    "    with open(tmp_path / 'log', 'wb') as log:\n"
    "        subprocess.run([sys.executable, '-c', f'print({s!r})'], stdout=log, check=True)",
    "command": "import secrets, subprocess, sys\ndef test():\n    s = secrets.token_urlsafe(32)\n"
    "    subprocess.run([sys.executable, '-c', f'import sys; sys.stderr.write({s!r})'], capture_output=True, check=True)",
    "value": "import logging\nfrom sqlalchemy import create_engine\n"
    "from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column\n"
    "class Base(DeclarativeBase): pass\n"
    "class Field(Base):\n    __tablename__ = 'document_fields'\n    value: Mapped[str] = mapped_column(primary_key=True)\n"
    "def test():\n    engine = create_engine('sqlite://')\n    Base.metadata.create_all(engine)\n"
    "    with Session(engine) as session:\n        session.add(Field(value='临溪市人民路一百二十号'))\n        session.flush()\n"
    "    engine.dispose()\n    logging.warning('住所临溪市人民路一百二十号 of it')",
}


def run(folder: Path, *tests: str, more: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(WATCHED)
    (folder / "pytest.ini").write_text("[pytest]\n")
    for number, text in enumerate(tests):
        (folder / f"test_{number}.py").write_text(text + "\n")
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"} | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *more, "."]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_a_run_fails_for_a_secret_in_the_log_of_any_of_its_processes(tmp_path):
    ran = run(tmp_path, *LEAKS.values(), more=("-n", "1", "--dist", "loadfile"))
    assert ran.returncode == 1, ran.stdout
    assert "6 passed" in ran.stdout
    said = ran.stdout.partition("secrets in the logs")[2]
    assert len(re.findall("«.{3}…, [0-9]+ characters»", said)) == 6, said
    assert "Bearer jz_«" in said
    assert "login «pla…, 13 characters»" in said


def test_a_run_without_one_says_how_much_was_searched(tmp_path):
    quiet = "import logging, secrets\ndef test():\n    secrets.token_urlsafe(32)\n    logging.warning('all is well')"
    ran = run(tmp_path, quiet)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"[1-9][0-9]* characters of logs: none of [1-9][0-9]* secrets", ran.stdout)


@pytest.mark.parametrize("log", ["x SECRETsecretSECRET1 y", "/secretsecretsecret1/", "a" * 40 + "secretsecretsecret1"])
def test_a_secret_is_found_wherever_it_stands_and_however_it_is_written(log):
    assert leaks.search(log, ["SecretSecretSecret1", "anothersecretthatisnot"]) == ["secretsecretsecret1"]


def test_what_stands_on_the_papers_is_looked_for():
    papers = leaks.on_the_papers()
    assert "91330109MA5UBLNE17" in " ".join(papers)
    assert leaks.search("WARNING read 住所临溪市城北区望江路216号3幢 of it", papers)


def test_the_columns_of_values_are_those_of_the_database():
    from service.records.tables import whole

    for table, columns in leaks.VALUES.items():
        assert set(columns) <= set(whole().tables[table].columns.keys())
