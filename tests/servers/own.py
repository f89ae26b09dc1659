"""A server of one test's own, to be killed and started again on what it had written."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.servers import keeper
from tests.servers.plans import PLANS, Plan


class Own:
    """A running server at `url`, which stays the same."""

    def __init__(self, plan: Plan, directory: Path) -> None:
        self.url = plan.url
        self._plan, self._directory = plan, directory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return when it answers. Raises NotStarted."""
        log = self._directory / "log"
        self._process = keeper._spawn(self._plan, self._directory, log)
        keeper._wait(self._plan, self._process, log)

    def kill(self) -> None:
        """End it and its children as a power cut does."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


@contextmanager
def own(name: str) -> Iterator[Own]:
    """Give a server that was just started; nothing of it is left afterwards. Raises Missing, NotStarted."""
    directory = Path(tempfile.mkdtemp(prefix=f"juanzong-own-{name}-"))
    directory.chmod(0o755)  # it may run as somebody else
    try:
        server = Own(PLANS[name](directory), directory)
        try:
            server.start()
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
