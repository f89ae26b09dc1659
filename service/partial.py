"""Files as HTTP answers: a rendition whole, or the part that was asked for (RFC 9110, 14), so that players can seek; and what is packed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import BinaryIO, cast
from urllib.parse import quote

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import dump_options_header

from service.access.policy import Actor
from service.flow.common.room import room
from service.flow.intake.render import Opened, open_rendition
from service.house import House

_BLOCK = 1 << 18


def asked_part(size: int, digest: str) -> tuple[int, int] | None:
    """Return the part of `size` bytes this request asks for, as (start, stop); None for the whole.

    Several parts at once, other units, and a part of what is not this content (If-Range) are answered with the whole, as
    RFC 9110 allows. Raises RequestedRangeNotSatisfiable for a part that lies beyond the end.
    """
    asked, provided = request.range, request.if_range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    if "If-Range" in request.headers and provided.etag != digest:
        return None
    part = asked.range_for_length(size)
    if part is None:
        raise RequestedRangeNotSatisfiable(size)
    return part


def rendition(house: House, actor: Actor, document_id: str, kind: str, page: int, disposition: str) -> Response:
    """Return the answer that streams a rendition, every chunk verified before it is sent. disposition: inline or attachment.

    Raises as `open_rendition` and `asked_part`.
    """
    with ExitStack() as stack:
        opened = stack.enter_context(open_rendition(house, actor, document_id, kind, page, part=asked_part))
        answer = Response(_blocks(opened), content_type=opened.media_type)
        answer.call_on_close(stack.pop_all().close)  # the stream outlives this function
    answer.headers["Accept-Ranges"] = "bytes"
    answer.set_etag(opened.sha256)
    answer.content_length = opened.size
    if opened.part is not None:
        start, stop = opened.part
        answer.status_code = 206
        answer.content_length = stop - start
        answer.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{opened.size}"
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in opened.filename)
    names = f"filename=\"{plain}\"; filename*=UTF-8''{quote(opened.filename)}"
    answer.headers["Content-Disposition"] = f"{disposition}; {names}"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _blocks(opened: Opened) -> Iterator[bytes]:
    while block := opened.stream.read(_BLOCK):
        yield block


def packed(house: House, pack: Callable[[BinaryIO], object], name: str) -> Response:
    """Return a zip as a download, after `pack` wrote it whole: what fails on the way is an answer of its own. Raises NoSpace."""
    file = cast("BinaryIO", TemporaryFile(dir=house.settings.home / "tmp"))  # noqa: SIM115 - it closes with the answer
    try:
        with room():
            pack(file)
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    answer = Response(_whole(file), content_type="application/zip")
    answer.call_on_close(file.close)
    answer.content_length = size
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": name})
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _whole(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block
