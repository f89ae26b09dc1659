"""Processes of the program for tests that are not about its start: forked from one that has loaded it, in a moment.

Each is a process of its own all the same: its environment, its group, its end by SIGKILL. `python -m tests.service.nursery` is
the one that has loaded it; it ends when its standard input does.
"""

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOADED = ("service.api.app", "service.gateway", "service.jobs.queue", "service.web.views", "gunicorn.app.wsgiapp")


class Nursery:
    """The process that has loaded the program, from the side of the tests."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.service.nursery"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(self._process.kill)

    def _ask(self, **what: object) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def serve(self, words: Sequence[str], env: Mapping[str, str], before: str = "") -> int:
        """Start gunicorn with these words; returns the number of the process, and of its group. before: code to run first."""
        code = f"{before}\nfrom gunicorn.app.wsgiapp import run\nrun()"
        return self._ask(code=code, words=list(words), env=dict(env), said=os.devnull, wait=False)

    def run(self, code: str, *words: object, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run code as `python -c` does, in the variables of the tests and `env`, and wait for its end."""
        with tempfile.NamedTemporaryFile("r") as said:
            variables = {**os.environ, **env}
            status = self._ask(code=code, words=[str(word) for word in words], env=variables, said=said.name, wait=True)
            return subprocess.CompletedProcess(
                list(words), status, *[Path(said.name).read_text("utf-8", "replace")] * 2
            )


@cache
def nursery() -> Nursery:
    """Return the one of this test process."""
    return Nursery()


def _live(code: str, words: list[str], env: dict[str, str], said: str) -> int:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    for stream, file in ((0, os.devnull), (1, said), (2, said)):  # the first two belong to whoever asks for processes
        os.dup2(os.open(file, os.O_RDWR), stream)
    sys.argv = ["-c", *words]
    try:
        exec(code, {"__name__": "__main__"})
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - whatever it is, it ends here
        traceback.print_exc()
        return 1
    return 0


def _wait_for(pid: int) -> int:
    """Return how a process ended, as `subprocess` tells it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> None:
    """Load the program, then fork off whatever is asked for."""
    for name in LOADED:
        import_module(name)
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        wait = asked.pop("wait")
        # Nobody waits for a server: it is gone when it has ended.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL if wait else signal.SIG_IGN)
        pid = os.fork()
        if pid == 0:
            code = _live(**asked)
            with suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)
        sys.stdout.write(f"{_wait_for(pid) if wait else pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
