"""A line to a real S3 server on which things go wrong: what a network, a full disk and a broken disk behind the server look like."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

TROUBLES = ("down", "stalls", "slow", "full", "cut", "deaf", "wrong", "bent")
#: What the two makes of server answer when their disk is full: status and code.
FULL = {"minio": (507, "XMinioStorageFull"), "versity": (507, "InsufficientStorage")}
_PIECE = 64 * 1024
_OURS = ("connection", "transfer-encoding", "content-length")


@dataclass
class Faults:
    """What goes wrong now, with requests about objects. Others pass as if nothing were wrong, but for `down` and `stalls`.

    down: connections are reset. stalls: taken, never answered. slow: bytes come in drops. full: what would write is refused with
    `full`. cut: the answer breaks off in its middle. deaf: the server does what it is asked, its answer never comes.
    wrong: one bit of every object read is another. bent: one bit of everything written is another on its way.
    after: how many requests that it concerns pass before it begins; times: how many it then concerns.
    """

    trouble: str = ""
    after: int = 0
    times: int = 1 << 30
    full: tuple[int, str] = FULL["minio"]
    met: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, trouble: str, *, after: int = 0, times: int = 1 << 30) -> None:
        """Let it go wrong from now on."""
        assert trouble in TROUBLES
        self.after, self.times, self.met = after, times, 0
        self.over.clear()
        self.trouble = trouble

    def end(self) -> None:
        """All is well again; what stalled is let go."""
        self.trouble = ""
        self.over.set()

    def now(self, method: str, path: str) -> str:
        """Return what is wrong with this request."""
        about = {"wrong": ("GET",), "full": ("PUT", "POST"), "bent": ("PUT",), "cut": ("GET",), "deaf": ("PUT", "POST")}
        place, _, query = path.partition("?")
        is_object = len(place.strip("/").split("/")) == 2 and "retention" not in query and "legal-hold" not in query
        with self._lock:
            if not self.trouble or method not in about.get(self.trouble, (method,)):
                return ""
            if not is_object and self.trouble not in ("down", "stalls"):
                return ""
            if self.after:
                self.after -= 1
                return ""
            if not self.times:
                return ""
            self.times -= 1
            self.met += 1
            return self.trouble


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in few packets

    def log_message(self, *_given: object) -> None:
        """Say nothing."""

    def handle_one_request(self) -> None:
        with suppress(OSError, ValueError):  # whoever asked went away
            super().handle_one_request()
            return
        self.close_connection = True

    def _carry(self) -> None:
        server = cast("_Server", self.server)
        trouble = server.faults.now(self.command, self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if trouble == "down":
            return self._reset()
        if trouble == "stalls":
            server.faults.over.wait(60)
            return self._reset()
        if trouble == "full":
            status, code = server.faults.full
            said = f"<Error><Code>{code}</Code><Message>no room</Message></Error>"
            return self._answer(status, {"Content-Type": "application/xml"}, said.encode())
        if trouble == "bent":
            body = _bent(body)
        far = HTTPConnection("127.0.0.1", server.far, timeout=60)
        try:
            far.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() != "connection":
                    far.putheader(name, value)
            far.endheaders()
            self._send(far.send, body, slow=trouble == "slow")
            answer = far.getresponse()
            content = answer.read()
        finally:
            far.close()
        if trouble == "deaf":
            return self._reset()
        if trouble == "wrong" and answer.status in (200, 206):
            content = _bent(content)
        length = int(answer.headers.get("Content-Length") or 0) if self.command == "HEAD" else None
        headers = {name: value for name, value in answer.headers.items() if name.lower() not in _OURS}
        return self._answer(answer.status, headers, content, trouble, length)

    def _answer(
        self, status: int, headers: dict[str, str], content: bytes, trouble: str = "", length: int | None = None
    ) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self._send(
            self.wfile.write, content[: len(content) // 2] if trouble == "cut" else content, slow=trouble == "slow"
        )
        self.wfile.flush()
        if trouble == "cut":
            self._reset()

    def _send(self, send: Callable[[bytes], object], data: bytes, *, slow: bool) -> None:
        for start in range(0, len(data), _PIECE):
            send(data[start : start + _PIECE])
            if slow:
                self.wfile.flush()
                time.sleep(0.005)

    def _reset(self) -> None:
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.shutdown(socket.SHUT_RD)
        self.close_connection = True

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):  # every method alike
            return self._carry
        raise AttributeError(name)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, far: int, faults: Faults) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.far, self.faults = far, faults

    def handle_error(self, *_given: object) -> None:
        """Whoever asked went away."""


def _bent(data: bytes) -> bytes:
    if not data:
        return data
    changed = bytearray(data)
    changed[len(changed) // 2] ^= 4
    return bytes(changed)


@contextmanager
def line(url: str) -> Iterator[tuple[str, Faults]]:
    """Yield (the address of the server at `url` behind such a line, what goes wrong on it)."""
    login, _, place = url.rpartition("@")
    port, _, rest = place.partition(":")[2].partition("/")
    faults = Faults()
    with _Server(int(port), faults) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            near = f"{login}@127.0.0.1:{server.server_address[1]}"
            yield f"{near}/{rest}" if rest else near, faults
        finally:
            faults.end()
            server.shutdown()
            thread.join()
