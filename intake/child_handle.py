"""A child process from its parent's side: started, asked, given up."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.reduction import send_handle
from typing import Any

from intake.patience import Patience

# The C library gives the memory of every large array back at once and asks for it again, page by page: a tenth of the time of
# reading. It may keep that of arrays of up to 4 MiB, 32 MiB in all: with more, two readers of large pages take more than a worker
# may. (Libraries that know no such settings ignore them.)
_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(4 << 20), "MALLOC_TRIM_THRESHOLD_": str(32 << 20)}
_MOST = 256 * 1024 * 1024  # bytes of one answer; a stored page has far less


class Dead(Exception):
    """The child is gone."""


class Late(Exception):
    """The child did not answer in time."""


class Child:
    """One child. It knows nothing of the archive: no settings, no keys, no file but those it is handed.

    environment: what it gets of the variables of its parent's; never one that holds a secret.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # A group of its own: what a page makes it start (tesseract, soffice) ends with it, and Ctrl-C is for its parent.
            self._process = subprocess.Popen(  # noqa: S603 - this program itself, with a number
                [sys.executable, "-P", "-m", "intake.child", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env={"PATH": os.defpath, **_ALLOCATOR, **environment},
            )
        self.connection = Connection(ours.detach())
        self.close = weakref.finalize(self, _end, self._process, self.connection)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return self.close.alive and self._process.poll() is None

    def send(self, request: dict[str, Any], *files: int) -> None:
        """Ask; `files` are descriptors that go with the request. Raises Dead."""
        try:
            self.connection.send_bytes(json.dumps(request).encode())
            for file in files:
                send_handle(self.connection, file, self.pid)
        except OSError as error:
            raise Dead from error

    def receive(self, patience: Patience) -> dict[str, Any]:
        """Return the next answer. Raises Dead, Late."""
        answer: dict[str, Any] = json.loads(self.receive_bytes(patience))
        return answer

    def receive_bytes(self, patience: Patience) -> bytes:
        """Return the next message. Raises Dead, Late."""
        try:
            while not self.connection.poll(max(0.0, patience.until - time.monotonic())):
                if not patience.left():
                    raise Late
            return self.connection.recv_bytes(_MOST)
        except (OSError, EOFError) as error:
            raise Dead from error


def _end(process: subprocess.Popen[bytes], connection: Connection) -> None:
    connection.close()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
