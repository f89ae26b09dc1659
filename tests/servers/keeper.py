"""Starts one server, and stops it when told to or when the process that wanted it is gone, however it went.

A keeper is a process of its own: a test run that is killed leaves no server behind.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from types import FrameType

from tests.servers.plans import PLANS, Plan, account_of
from tests.servers.programs import Missing

TRIES = 3
SECONDS_TO_STOP = 20.0
EXIT_MISSING = 3
TAIL_LINES = 40


class NotStarted(Exception):
    """The server ended, or never answered. The message carries the end of its log."""


class _Told(Exception):
    """A signal asked the keeper to stop."""


def _on_signal(_number: int, _frame: FrameType | None) -> None:
    raise _Told


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:])


def _spawn(plan: Plan, directory: Path, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            plan.argv,
            cwd=directory,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(directory)} | plan.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **account_of(plan.user),
        )


def _stop(plan: Plan, process: subprocess.Popen[bytes]) -> None:
    """Ask the server to end, then end its whole process group."""
    process.send_signal(plan.stop_signal)
    with suppress(subprocess.TimeoutExpired):
        process.wait(SECONDS_TO_STOP)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _wait(plan: Plan, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers. Raises NotStarted."""
    end = time.monotonic() + plan.seconds_to_start
    while time.monotonic() < end:
        if process.poll() is not None:
            raise NotStarted(f"it ended with status {process.returncode}:\n{_tail(log)}")
        if plan.healthy():
            return
        time.sleep(0.1)
    raise NotStarted(f"it did not answer within {plan.seconds_to_start:.0f} s:\n{_tail(log)}")


def _start(name: str, place: Path) -> tuple[Plan, subprocess.Popen[bytes]]:
    """Return the running, answering server. A port may be taken by someone else meanwhile: try again with another."""
    for attempt in range(1, TRIES + 1):
        directory = place / f"{name}-{attempt}"
        directory.mkdir(mode=0o755)
        log = place / f"{name}.log"
        plan = PLANS[name](directory)
        process = _spawn(plan, directory, log)
        try:
            _wait(plan, process, log)
        except BaseException as error:
            _stop(plan, process)
            if isinstance(error, NotStarted) and attempt < TRIES:
                continue
            raise
        return plan, process
    raise AssertionError("unreachable")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _publish(name: str, place: Path, url: str) -> None:
    """Write what others need to use and to stop the server; whole, and readable by us alone."""
    part = place / f"{name}.part"
    part.touch(mode=0o600)
    part.write_text(json.dumps({"url": url, "keeper": os.getpid()}))
    part.rename(place / f"{name}.json")


def _keep(name: str, place: Path, owner: int, report: int) -> None:
    """Start the server, report through the pipe ("ok", or what is wrong), then watch until the end."""
    signal.signal(signal.SIGTERM, _on_signal)
    try:
        plan, process = _start(name, place)
    except Missing as error:
        os.write(report, f"missing {error}".encode())
        return
    except (NotStarted, OSError, subprocess.CalledProcessError) as error:
        os.write(report, f"{name} did not start: {error}".encode())
        return
    try:
        _publish(name, place, plan.url)
        os.write(report, b"ok")
        os.close(report)
        while process.poll() is None and _alive(owner):
            time.sleep(0.5)
    except _Told:
        pass
    finally:  # whatever happened, a full disk or a place that is gone: never leave the server behind
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _stop(plan, process)
    for directory in place.glob(f"{name}-*"):
        shutil.rmtree(directory, ignore_errors=True)
    (place / f"{name}.json").unlink(missing_ok=True)
    if not _alive(owner):
        shutil.rmtree(place, ignore_errors=True)


def keep(name: str, place: Path, owner: int) -> int:
    """Start `name` for the process `owner`; return when it answers: 0, 3 (not on this machine) or 1, with words on stderr.

    Its keeper goes on in the background and stops it on SIGTERM or when `owner` is gone.
    """
    read, write = os.pipe()
    if os.fork() == 0:
        os.close(read)
        os.setsid()
        with Path(os.devnull).open("r+b") as nothing:
            for stream in (0, 1, 2):
                os.dup2(nothing.fileno(), stream)
        try:
            _keep(name, place, owner, write)
        except BaseException:  # noqa: BLE001 - nobody else hears of it
            (place / f"{name}.crash").write_text(traceback.format_exc())
            os._exit(1)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read().decode()
    if answer == "ok":
        return 0
    crash = place / f"{name}.crash"
    words = answer or (crash.read_text() if crash.exists() else f"the keeper of {name} ended without a word")
    sys.stderr.write(words.removeprefix("missing ") + "\n")
    return EXIT_MISSING if answer.startswith("missing ") else 1
