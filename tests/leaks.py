"""Nothing secret in any log of the whole test run: what was logged and printed as errors is searched for every secret that was made.

Every process of a run keeps what it logs, what commands write to stderr, what servers that it starts write to their files, and
which secrets came up in it: tokens, sessions and invitations, keys, passwords that were set. When the run ends all logs are searched for all
secrets and for what stands on the sample papers, and what was logged for what was written into a field, a correction or a fact of a
database, whoever typed it; one that is found fails the run. Not searched: stdout, where a command may
print a token that it was asked for; secrets that another process made for itself, and what it wrote into fields without being told here.
"""

import base64
import json
import logging
import os
import re
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from typing import Any

import argon2
import pytest
from _pytest.capture import CaptureFixture

PLACE = "JUANZONG_TEST_LOGS"
SHORTEST = 8  # characters: anything shorter stands in logs by chance
_MOST = 64 << 20  # characters of one process; a run has some hundred thousand
#: Where values from papers stand in the database.
VALUES = {
    "document_fields": ("value", "read_value"),
    "field_corrections": ("read_value", "corrected_value"),
    "customer_facts": ("value",),
    "fact_voices": ("value",),
}
TRUTH = Path(__file__).parents[1] / "samples" / "truth"


def forms(key: bytes) -> list[str]:
    """Return how a key could be written."""
    return [key.hex(), base64.b64encode(key).decode().rstrip("="), base64.urlsafe_b64encode(key).decode().rstrip("=")]


def on_the_papers(folder: Path = TRUTH) -> set[str]:
    """Return what stands on the sample papers: values of fields and lines of text that are nothing but theirs."""
    found: set[str] = set()
    for path in folder.glob("*.json"):
        truth = json.loads(path.read_text("utf-8"))
        found |= {line.strip() for page in truth.get("text", ()) for line in page.splitlines()}
        found |= {str(value) for value in (truth.get("fields") or {}).values()}
    return {text for text in found if tells(text)}


def tells(text: str) -> bool:
    """Return whether a value is nothing but one paper's: neither short, nor a bare number or day, which stand in logs by chance."""
    return len(text) >= 10 and not re.fullmatch(r"[\d\s.,:/-]+", text)


def search(log: str, wanted: Iterable[str]) -> list[str]:
    """Return which of `wanted` stand in `log`, in whatever case. The log is walked once, whatever number is wanted."""
    log = log.casefold()
    by_head: dict[str, list[str]] = {}
    for secret in {text.casefold() for text in wanted if len(text) >= SHORTEST}:
        by_head.setdefault(secret[:SHORTEST], []).append(secret)
    found = set()
    for at in range(len(log) - SHORTEST + 1):
        for secret in by_head.get(log[at : at + SHORTEST], ()):
            if log.startswith(secret, at):
                found.add(secret)
    return sorted(found)


class Watch:
    """The plugin of one process of the run. folder: where all of them leave what they kept."""

    def __init__(self, folder: Path, *, leads: bool) -> None:
        self.folder, self.leads = folder, leads
        self.logs: list[str] = []
        self.size = 0
        self.spoken: list[str] = []
        self.secrets: set[str] = set()
        self.values: set[str] = set()
        self.files: list[int] = []
        self.found: list[str] = []
        self._watch_secrets()
        self._watch_values()
        self._watch_logs()

    def keep(self, text: str | bytes | None, *, spoken: bool = False) -> None:
        """Keep a piece of a log. spoken: what a command said to whoever called it, who may have typed a value themselves."""
        said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text or ""
        self.size += len(said)
        if said and self.size < _MOST:
            (self.spoken if spoken else self.logs).append(said)

    def _watch_secrets(self) -> None:
        urlsafe, random = secrets.token_urlsafe, os.urandom
        make = argon2.PasswordHasher.hash

        def token_urlsafe(nbytes: int | None = None) -> str:
            made = urlsafe(nbytes)
            self.secrets.add(made)
            return made

        def urandom(size: int) -> bytes:
            made = random(size)
            if size == 32 and str(sys._getframe(1).f_globals.get("__name__", "")).partition(".")[0] in (
                "vault",
                "service",
            ):
                self.secrets.update(forms(made))
            return made

        def hashed(hasher: Any, password: str | bytes, **more: Any) -> str:
            self.secrets.add(password.decode("utf-8", "replace") if isinstance(password, bytes) else password)
            return make(hasher, password, **more)

        secrets.token_urlsafe, os.urandom = token_urlsafe, urandom
        argon2.PasswordHasher.hash = hashed  # type: ignore[method-assign]  # it passes on

    def _watch_values(self) -> None:
        from sqlalchemy import event
        from sqlalchemy.orm import Mapper

        def written(_mapper: Any, _connection: Any, row: Any) -> None:
            said = (getattr(row, name, None) for name in VALUES.get(getattr(row, "__tablename__", ""), ()))
            self.values.update(value for value in said if isinstance(value, str) and tells(value))

        for moment in ("before_insert", "before_update"):
            event.listen(Mapper, moment, written)

    def _watch_logs(self) -> None:
        handle, read, plain = logging.Logger.handle, CaptureFixture.readouterr, logging.Formatter()
        begin, talk = subprocess.Popen.__init__, subprocess.Popen.communicate

        def kept_record(logger: logging.Logger, record: logging.LogRecord) -> None:
            with suppress(Exception):  # a record that cannot be formatted is the handler's business
                self.keep(plain.format(record))
            handle(logger, record)

        def kept_errors(fixture: Any) -> Any:
            out = read(fixture)
            self.keep(out.err, spoken=True)
            return out

        def kept_file(process: Any, *args: Any, **more: Any) -> None:
            for stream in ("stdout", "stderr"):
                self._follow(more.get(stream))
            begin(process, *args, **more)

        def kept_answer(process: Any, *args: Any, **more: Any) -> Any:
            out, err = talk(process, *args, **more)
            self.keep(err, spoken=True)
            return out, err

        logging.Logger.handle, CaptureFixture.readouterr = kept_record, kept_errors  # type: ignore[method-assign]  # they pass on
        subprocess.Popen.__init__, subprocess.Popen.communicate = kept_file, kept_answer  # type: ignore[method-assign]  # they pass on

    def _follow(self, stream: Any) -> None:
        """Keep a way to a file that a process writes its log to, whatever becomes of its name."""
        with suppress(AttributeError, OSError, ValueError):
            self.files.append(os.open(f"/proc/self/fd/{stream.fileno()}", os.O_RDONLY))

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a test printed as errors and logged without asking for it."""
        for name, content in report.sections:
            if "stdout" not in name:
                self.keep(content, spoken=True)

    def _left(self) -> Iterator[str]:
        yield from self.logs
        for file in self.files:
            with os.fdopen(file, "rb") as log:
                yield log.read(_MOST).decode("utf-8", "replace")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Leave what was kept; the process that leads searches what all of them left."""
        name = f"{os.getpid()}"
        (self.folder / f"{name}.log").write_text("\n".join(self._left()), "utf-8", errors="replace")
        (self.folder / f"{name}.said").write_text("\n".join(self.spoken), "utf-8", errors="replace")
        (self.folder / f"{name}.secrets").write_text(json.dumps(sorted(self.secrets)), "utf-8")
        (self.folder / f"{name}.values").write_text(json.dumps(sorted(self.values)), "utf-8", errors="replace")
        if not self.leads:
            return
        wanted = on_the_papers()
        for path in self.folder.glob("*.secrets"):
            wanted |= set(json.loads(path.read_text("utf-8")))
        values = {text for path in self.folder.glob("*.values") for text in json.loads(path.read_text("utf-8"))}
        logged, said = (
            "\n".join(path.read_text("utf-8", "replace") for path in self.folder.glob(f"*.{kind}"))
            for kind in ("log", "said")
        )
        log = f"{logged}\n{said}"
        self.found = [said_around(log, secret) for secret in search(log, wanted)]
        self.found += [said_around(logged, value) for value in search(logged, values - wanted)]
        self.read = (len(log), len(wanted | values))
        rmtree(self.folder, ignore_errors=True)
        os.environ.pop(PLACE, None)
        if self.found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what was found, or how much was searched."""
        if not self.leads:
            return
        if self.found:
            terminalreporter.section("secrets in the logs", red=True)
            for said in self.found:
                terminalreporter.line(said)
        else:
            size, count = self.read
            terminalreporter.line(f"{size} characters of logs: none of {count} secrets")


def said_around(log: str, secret: str) -> str:
    """Return the line of the log that gives a secret away, without the secret."""
    at = log.casefold().index(secret)
    line = log[log.rfind("\n", 0, at) + 1 : (log + "\n").index("\n", at)]
    return re.sub(re.escape(secret), f"«{secret[:3]}…, {len(secret)} characters»", line, flags=re.IGNORECASE)[:300]


def register(config: pytest.Config) -> None:
    """Watch this process of the run. To be called before anything of the product is imported."""
    leads = not hasattr(config, "workerinput")
    if leads:
        os.environ[PLACE] = tempfile.mkdtemp(prefix="juanzong-logs-")
    config.pluginmanager.register(Watch(Path(os.environ[PLACE]), leads=leads), "leaks")
