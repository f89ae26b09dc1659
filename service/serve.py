"""`juanzong serve`: web and worker in one process group, so that one signal ends both."""

import contextlib
import ctypes
import signal
import socket
import subprocess
import sys
import time
from types import FrameType

from service.errors import BadSetting
from service.settings import Settings

_PR_SET_PDEATHSIG = 1
_LONGEST_PAUSE = 30.0


class _Stop(Exception):
    pass


def next_pause(pause: float, lived: float) -> float:
    """Return the seconds between the next start of the worker and the one after it: 1, 2, 4 … 30 while it dies young.

    lived: seconds since its last start. One that outlived the longest pause begins again at 1.
    """
    return 1.0 if pause == 0 or lived > pause + _LONGEST_PAUSE else min(2 * pause, _LONGEST_PAUSE)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _Stop


def _end_with_parent() -> None:
    """Let the kernel end this process when the one that started it is gone, however it went (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, preexec_fn=_end_with_parent)  # noqa: PLW1509, S603 - no threads here; our own interpreter


def _demand_free(settings: Settings) -> None:
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        why = f"{settings.host}:{settings.port} cannot be used ({error.strerror or error}): stop what runs there, or set another one"
        raise BadSetting("JUANZONG_PORT", why) from error


def serve(settings: Settings, *, with_worker: bool = True) -> int:
    """Run until SIGINT or SIGTERM; a worker that dies is started again. Returns the exit code of the web server.

    Raises BadSetting when the address is taken.
    """
    _demand_free(settings)
    web = [sys.executable, "-m", "gunicorn", "service.wsgi:app", "--bind", f"{settings.host}:{settings.port}"]
    web += ["--workers", str(settings.serving_processes), "--worker-class", "service.gateway.Worker", "--threads", "8"]
    web += ["--timeout", "120", "--no-control-socket"]
    web += ["--limit-request-line", "8190"]  # the most it offers: a long query in Chinese takes nine bytes a character
    worker = [sys.executable, "-m", "service.worker"]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    started, pause = 0.0, 0.0
    running: dict[str, subprocess.Popen[bytes]] = {"web": _start(web)}
    try:
        while running["web"].poll() is None:
            gone = "worker" not in running or running["worker"].poll() is not None
            if with_worker and gone and time.monotonic() >= started + pause:
                pause = next_pause(pause, time.monotonic() - started)
                started = time.monotonic()
                running["worker"] = _start(worker)
            time.sleep(1)
        return running["web"].returncode or 0
    except _Stop:
        return 0
    finally:
        for process in running.values():
            if process.poll() is None:
                process.terminate()
        for process in running.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
