"""`juanzong serve`: web and worker in one process group, so that one signal ends both."""

import signal
import subprocess
import sys
import time
from types import FrameType

from service.settings import Settings


class _Stop(Exception):
    pass


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _Stop


def serve(settings: Settings, *, with_worker: bool = True) -> int:
    """Run until SIGINT or SIGTERM; a worker that dies is started again. Returns the exit code of the web server."""
    web = [sys.executable, "-m", "gunicorn", "service.wsgi:app", "--bind", f"{settings.host}:{settings.port}"]
    web += ["--worker-class", "gthread", "--threads", "8", "--timeout", "120", "--no-control-socket"]
    worker = [sys.executable, "-m", "service.worker"]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    running: dict[str, subprocess.Popen[bytes]] = {"web": subprocess.Popen(web)}  # noqa: S603 - our own interpreter
    try:
        while running["web"].poll() is None:
            if with_worker and ("worker" not in running or running["worker"].poll() is not None):
                running["worker"] = subprocess.Popen(worker)  # noqa: S603 - our own interpreter
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
