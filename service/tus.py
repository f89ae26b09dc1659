"""tus 1.0.0, the resumable upload protocol (tus.io), as HTTP over the upload flow; the API and the pages both speak it.

Extensions: creation, creation-with-upload, creation-defer-length, checksum, termination, expiration. A finished upload tells its document in the
headers Juanzong-Document and Juanzong-Status (received, stored, needs_review, duplicate), at every later request, too; one
that was cut (metadata split) names its batch in Juanzong-Batch instead of a document.
"""

import base64
import binascii
import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from flask import Response, request
from werkzeug.exceptions import BadRequest, ClientDisconnected, PreconditionFailed, UnsupportedMediaType
from werkzeug.http import http_date

from service.access.policy import Actor
from service.errors import UploadTooLong
from service.flow.intake import uploads as flow
from service.flow.intake.finish_uploads import finish
from service.flow.intake.stacks import How
from service.house import House
from service.records.tables import Upload

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,checksum,termination,expiration"
ALGORITHMS = ("sha1", "sha256")
MEDIA_TYPE = "application/offset+octet-stream"
METADATA = (
    "filename",
    "filetype",
    "sha256",
    "department_id",
    "batch",
    "channel",
    "split",
    "sheets",
    "sides",
    "order",
    "portion",
    "device",
    "settings",
)
#: What goes with `split`, and what besides with a paper that a scanner made one document of.
_OF_SCANS = frozenset(("sheets", "sides", "device", "settings"))
_OF_STACKS = frozenset(("order", "portion")) | _OF_SCANS
#: What a sender may say it is: a scanning station with its scanner or its hot folder.
STATIONS = ("scanner", "station")
_DEVICE = 120
#: What a scanner was told, for the manifest of the paper.
_SETTINGS = re.compile(r"(?:[a-z_]{1,20}=[\w .-]{0,40}(?:;[a-z_]{1,20}=[\w .-]{0,40}){0,19})?")
_MAX_METADATA = 8 * 1024
#: A sender cut off costs less than this of what came: the server's reader gives out nothing of a piece it could not fill.
_READ = 16 * 1024
#: Seconds without a byte after which a sender is taken for gone: a thread of the server waits for it no longer.
STALLED = 60.0


def stamp(response: Response) -> Response:
    """Add what every answer under `…/uploads` carries, refusals too."""
    if _is_ours():
        response.headers["Tus-Resumable"] = VERSION
        response.headers.setdefault("Cache-Control", "no-store")
        if response.status_code == 412:
            response.headers["Tus-Version"] = VERSION
        if response.status_code in (423, 429, 507):
            response.headers.setdefault("Retry-After", "5" if response.status_code == 423 else "60")
        if response.status_code == 460:
            response.status = "460 Checksum Mismatch"
    return response


def _is_ours() -> bool:
    return request.url_rule is not None and re.search(r"/uploads(/|$)", request.url_rule.rule) is not None


def options(house: House) -> Response | None:
    """Return what this server can do when that is asked (OPTIONS): no secret, so nobody need sign in."""
    if request.method != "OPTIONS" or not _is_ours():
        return None
    answer = Response(status=204)
    answer.headers["Tus-Version"] = VERSION
    answer.headers["Tus-Max-Size"] = str(house.settings.max_bytes)
    answer.headers["Tus-Extension"] = EXTENSIONS
    answer.headers["Tus-Checksum-Algorithm"] = ",".join(ALGORITHMS)
    return answer


def create(house: House, actor: Actor, locate: Callable[[str], str], *, channel: str) -> Response:
    """Open an upload (POST), and take its first bytes where the request brings some. locate: its address by its id."""
    _require_version()
    announced = _announced(house)
    checksum, brings = _checksum(), _brings_bytes()
    upload = flow.begin(house, actor, announced, channel=channel)
    try:
        if brings:
            upload = _take(house, actor, upload.id, 0, checksum)
        upload = finish(house, actor, upload.id)
    except BaseException:
        # The sender does not know its address: it would only wait there to expire.
        flow.remove(house, actor, upload.id)
        raise
    answer = _answer(house, upload, 201)
    answer.headers["Location"] = locate(upload.id)
    return answer


def tell(house: House, actor: Actor, upload_id: str) -> Response:
    """Return how much of an upload is durable (HEAD). One that is complete is finished first, so that nobody counts on it too soon."""
    _require_version()
    upload = finish(house, actor, upload_id)
    answer = _answer(house, upload, 200)
    if upload.deferred:
        answer.headers["Upload-Defer-Length"] = "1"
    else:
        answer.headers["Upload-Length"] = str(upload.length)
    answer.headers["Upload-Metadata"] = _encode(
        {
            "filename": upload.filename,
            "sha256": upload.sha256,
            "batch": upload.batch,
            "department_id": upload.department_id or "",
            "channel": upload.channel if upload.channel in STATIONS else "",
        }
        | _how_said(upload)
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def add(house: House, actor: Actor, upload_id: str) -> Response:
    """Take bytes (PATCH); the last one makes the file a document."""
    _require_version()
    if request.mimetype != MEDIA_TYPE:
        raise UnsupportedMediaType(f"send the bytes as Content-Type: {MEDIA_TYPE}")
    offset, checksum = _number("Upload-Offset"), _checksum()
    if offset is None:
        raise BadRequest("Upload-Offset: say where the bytes belong")
    upload = flow.find(house, actor, upload_id)
    length = _number("Upload-Length")
    if length is not None:
        upload = flow.settle_length(house, actor, upload_id, length)
    if offset == upload.received and (request.content_length or 0) > upload.length - offset:
        raise UploadTooLong(f"{request.content_length} bytes at {offset} are more than the {upload.length} announced")
    upload = _take(house, actor, upload_id, offset, checksum)
    if upload.received == upload.length and not upload.deferred:
        upload = finish(house, actor, upload_id)
    return _answer(house, upload, 204)


def remove(house: House, actor: Actor, upload_id: str) -> Response:
    """Delete an upload (DELETE). The answer says which document or batch it had become by then: that stays."""
    _require_version()
    upload = flow.remove(house, actor, upload_id)
    return _answer(house, upload, 204)


def overridden(house: House, actor: Actor, upload_id: str) -> Response:
    """Do what X-HTTP-Method-Override says, for senders whose network lets only GET and POST through."""
    methods = {"PATCH": add, "DELETE": remove, "HEAD": tell}
    method = request.headers.get("X-HTTP-Method-Override", "").upper()
    if method not in methods:
        raise BadRequest(f"X-HTTP-Method-Override: one of {', '.join(methods)}")
    return methods[method](house, actor, upload_id)


def as_json(house: House, upload: Upload) -> dict[str, Any]:
    """Return an upload for programs: where it stands and what came of it."""
    return {
        "upload_id": upload.id,
        "filename": upload.filename,
        "length": None if upload.deferred else upload.length,
        "offset": upload.received,
        "status": flow.status_of(house, upload),
        "document_id": upload.document_id,
        "batch": flow.batch_of(house, upload),
        "code": upload.code or None,
        "problem": upload.problem or None,
        "expires_at": upload.expires_at.isoformat(),
    }


def _answer(house: House, upload: Upload, status: int) -> Response:
    answer = Response(status=status)
    answer.headers["Upload-Offset"] = str(upload.received)
    batch = flow.batch_of(house, upload)
    if upload.document_id is None and batch is None:
        answer.headers["Upload-Expires"] = http_date(upload.expires_at)
    else:
        if batch is None:
            answer.headers["Juanzong-Document"] = str(upload.document_id)
        else:
            answer.headers["Juanzong-Batch"] = quote(batch)
        answer.headers["Juanzong-Status"] = flow.status_of(house, upload)
    return answer


def _require_version() -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise PreconditionFailed(f"send Tus-Resumable: {VERSION}")


def _number(name: str) -> int | None:
    text = request.headers.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise BadRequest(f"{name}: a whole number of bytes")
    return int(text)


def _announced(house: House) -> flow.Announced:
    length = _number("Upload-Length")
    later = request.headers.get("Upload-Defer-Length")
    if (length is None) != (later == "1") or later not in (None, "1"):
        raise BadRequest("Upload-Length: say how many bytes the file has, or Upload-Defer-Length: 1 to say it later")
    if length is not None and length > house.settings.max_bytes:
        raise UploadTooLong(f"the file has {length} bytes; at most {house.settings.max_bytes} are taken")
    given = metadata(request.headers.get("Upload-Metadata", ""))
    sha256 = given.get("sha256", "").lower()
    if sha256 and not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise BadRequest("Upload-Metadata: sha256 has 64 hexadecimal digits")
    for name in ("batch", "department_id"):
        if len(given.get(name, "")) > 36 or not given.get(name, "").isprintable():
            raise BadRequest(f"Upload-Metadata: {name} has at most 36 printable characters")
    if given.get("channel", "") not in ("", *STATIONS):
        raise BadRequest(f"Upload-Metadata: channel is one of {', '.join(STATIONS)}")
    return flow.Announced(
        length,
        given.get("filename", ""),
        sha256,
        given.get("batch", ""),
        given.get("department_id") or None,
        _how(given),
        given.get("split") == "true",
        given.get("channel", ""),
    )


def _how(given: dict[str, str]) -> How:
    """Return how the paper was scanned, as far as the sender says it. Raises BadRequest."""
    if given.get("split", "false") not in ("true", "false"):
        raise BadRequest("Upload-Metadata: split is true or false")
    alone = _OF_SCANS if given.get("channel") == "scanner" else frozenset()
    if given.get("split") != "true" and (_OF_STACKS - alone) & given.keys():
        raise BadRequest(
            "Upload-Metadata: order, portion go with split; sheets, sides, device, settings with split or channel=scanner"
        )
    for name in ("sheets", "sides"):
        if not re.fullmatch(r"[0-9]{0,6}", given.get(name, "")):
            raise BadRequest(f"Upload-Metadata: {name} is a number")
    device, settings = given.get("device", ""), given.get("settings", "")
    if not device.isprintable() or len(device) > _DEVICE or not _SETTINGS.fullmatch(settings):
        raise BadRequest(
            "Upload-Metadata: device is the name of a scanner, settings are resolution=300;mode=Gray and so on"
        )
    sheets = given.get("sheets")
    return How(
        int(sheets) if sheets else None,
        int(given.get("sides") or 0),
        given.get("order") or "as_scanned",
        portion=given.get("portion", ""),
        device=device,
        settings=dict(pair.split("=") for pair in settings.split(";") if pair),
    )


def _how_said(upload: Upload) -> dict[str, str]:
    return {
        "split": "true" if upload.split else "",
        "sheets": str(upload.sheets or ""),
        "sides": str(upload.sides or ""),
        "order": upload.turn_over if upload.split else "",
        "portion": upload.portion,
        "device": upload.device,
        "settings": ";".join(f"{name}={value}" for name, value in upload.scanned_with.items()),
    }


def metadata(header: str) -> dict[str, str]:
    """Return the header Upload-Metadata as a dictionary; a name that is not known is refused, so that none is lost unseen.

    Raises BadRequest.
    """
    if len(header) > _MAX_METADATA:
        raise BadRequest(f"Upload-Metadata: at most {_MAX_METADATA} characters")
    found: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else []:
        name, _, value = pair.strip().partition(" ")
        if name not in METADATA or name in found:
            raise BadRequest(f"Upload-Metadata: each of {', '.join(METADATA)} at most once, and nothing else")
        try:
            found[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            raise BadRequest(f"Upload-Metadata: {name} is not UTF-8 in Base64") from None
    return found


def _encode(values: dict[str, str]) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in values.items() if value)


def _checksum() -> flow.Checksum | None:
    header = request.headers.get("Upload-Checksum")
    if header is None:
        return None
    algorithm, _, value = header.partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadRequest(f"Upload-Checksum: one of {', '.join(ALGORITHMS)}")
    try:
        return flow.Checksum(algorithm, base64.b64decode(value, validate=True))
    except binascii.Error:
        raise BadRequest("Upload-Checksum: the digest is not in Base64") from None


def _brings_bytes() -> bool:
    if not request.content_length and request.headers.get("Transfer-Encoding") is None:
        return False
    if request.mimetype != MEDIA_TYPE:
        raise UnsupportedMediaType(f"send the bytes as Content-Type: {MEDIA_TYPE}")
    return True


def _take(house: House, actor: Actor, upload_id: str, offset: int, checksum: flow.Checksum | None) -> Upload:
    with _bounded_wait():
        return flow.append(house, actor, upload_id, offset, _segments(whole=checksum is not None), checksum)


def _segments(*, whole: bool) -> Iterator[bytes]:
    """Yield the body in pieces that are each worth a flush to the disk. A sender that is cut off leaves what came.

    whole: nothing but all of it counts. Raises ClientDisconnected when it was cut off.
    """
    block = bytearray()
    gone: Exception | None = None
    while gone is None:
        try:
            piece = request.stream.read(_READ)
        except (ClientDisconnected, OSError) as error:
            gone, piece = error, b""
        block += piece
        if len(block) >= flow.SEGMENT or (block and not piece and not (gone and whole)):
            yield bytes(block)
            block.clear()
        if not piece:
            break
    if gone is not None:
        raise ClientDisconnected from gone


@contextlib.contextmanager
def _bounded_wait() -> Iterator[None]:
    """Let no sender that fell silent hold a thread of the server: gunicorn hands the connection out, others need not."""
    connection = request.environ.get("gunicorn.socket")
    if connection is None:
        yield
        return
    before = connection.gettimeout()
    connection.settimeout(STALLED)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            connection.settimeout(before)
