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
import traceback
from collections.abc import Mapping, Sequence
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

    def serve(self, words: Sequence[str], env: Mapping[str, str], before: str = "") -> int:
        """Start gunicorn with these words in a group of its own; returns the number of the process. before: code to run first."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        json.dump({"words": list(words), "env": dict(env), "before": before}, self._process.stdin)
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@cache
def nursery() -> Nursery:
    """Return the one of this test process."""
    return Nursery()


def _live(words: list[str], env: dict[str, str], before: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):  # which belong to whoever asks for processes
        os.dup2(null, stream)
    from gunicorn.app.wsgiapp import run

    sys.argv = ["gunicorn", *words]
    exec(before, {})  # what a test changes there, as it does here with monkeypatch
    run()


def main() -> None:
    """Load the program, then fork off whatever is asked for. Nobody waits for what has ended."""
    for name in LOADED:
        import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                _live(**json.loads(line))
            except BaseException:  # noqa: BLE001 - whatever it is, it ends here
                traceback.print_exc()
            finally:
                os._exit(1)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
