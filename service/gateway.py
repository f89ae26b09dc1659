"""The web server's threads, with words for a person whose address is too long; the server's own are in English and say nothing of why."""

import gc
from contextlib import suppress
from typing import Any

from gunicorn.http.errors import LimitRequestLine  # type: ignore[import-untyped]  # it carries no types
from gunicorn.util import write_nonblock  # type: ignore[import-untyped]  # it carries no types
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]  # it carries no types

_PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>地址太长 · Address too long</title>
<p>地址太长：检索式写得短一些（汉字不超过 800 个）。</p>
<p lang="en">The address is too long: shorten the query (at most 800 Chinese characters). A program sends a longer one as POST /api/v1/search.</p>
""".encode()
_ANSWER = (
    b"HTTP/1.1 414 URI Too Long\r\nConnection: close\r\nContent-Type: text/html; charset=utf-8\r\n"
    b"Cache-Control: no-store\r\nContent-Length: %d\r\n\r\n" % len(_PAGE)
) + _PAGE


class Worker(ThreadWorker):  # type: ignore[misc]  # the server carries no types
    """As the server's own, but for a long address, the loading and the last seconds of a connection."""

    def load_wsgi(self) -> None:
        """Load the application: a great many objects and no garbage, of which none is to be looked through again later."""
        gc.disable()
        super().load_wsgi()
        gc.freeze()
        gc.enable()

    def handle(self, conn: Any) -> Any:
        """Answer a request, and wait here for the other side to hang up: the server's own waits in the thread that accepts.

        With a sender that fell silent that takes two seconds, in which nobody else would get in.
        """
        kept = super().handle(conn)
        if not kept:
            conn.close(graceful=True)
            conn.close = lambda graceful=False: None  # noqa: ARG005 - as the server closes it once more
        return kept

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer what cannot be taken as a request."""
        if isinstance(exc, LimitRequestLine):
            with suppress(OSError):
                write_nonblock(client, _ANSWER)
            return
        super().handle_error(req, client, addr, exc)
