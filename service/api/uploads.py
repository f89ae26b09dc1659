"""Resumable uploads: tus 1.0.0, for any tus client."""

from typing import Any

from flask import Blueprint, Response, url_for

from service import tus
from service.access.policy import Actor
from service.api.operations import Operations
from service.flow.intake import uploads as flow
from service.house import House

operation = Operations("uploads")
_OFTEN = (400, 410, 412, 413, 423, 507)


@operation("POST", "/uploads", "Open a resumable upload (tus)", status=201, problems=(*_OFTEN, 415, 422, 429, 460))
def create_upload(house: House, actor: Actor) -> Response:
    """Headers Upload-Length and Upload-Metadata (filename, sha256, department_id, batch, channel, filetype); Location tells where it is.

    Upload-Metadata of a stack that is to be cut also has split, sheets, sides, order, device, settings; of a document that a scanner
    made (channel scanner) sheets, sides, device, settings.
    """
    return tus.create(house, actor, lambda upload_id: url_for("api.tell_upload", upload_id=upload_id), channel="api")


@operation("HEAD", "/uploads/{upload_id}", "How much of an upload is durable (tus)", problems=_OFTEN)
def tell_upload(house: House, actor: Actor, upload_id: str) -> Response:
    """Headers Upload-Offset, Upload-Length; Juanzong-Document, or Juanzong-Batch of a stack, and Juanzong-Status once it is one."""
    return tus.tell(house, actor, upload_id)


@operation(
    "PATCH", "/uploads/{upload_id}", "Add bytes to an upload (tus)", status=204, problems=(*_OFTEN, 409, 415, 422, 460)
)
def add_to_upload(house: House, actor: Actor, upload_id: str) -> Response:
    """Body application/offset+octet-stream at Upload-Offset; Upload-Checksum (sha1, sha256) where wished."""
    return tus.add(house, actor, upload_id)


@operation("DELETE", "/uploads/{upload_id}", "Give an upload up (tus)", status=204, problems=(412, 423))
def remove_upload(house: House, actor: Actor, upload_id: str) -> Response:
    """Delete what arrived of it. A document that it has become stays: headers Juanzong-Document or Juanzong-Batch, Juanzong-Status."""
    return tus.remove(house, actor, upload_id)


@operation(
    "POST", "/uploads/{upload_id}", "The same by X-HTTP-Method-Override (tus)", problems=(*_OFTEN, 409, 415, 422, 460)
)
def override_upload(house: House, actor: Actor, upload_id: str) -> Response:
    """PATCH, DELETE or HEAD for networks that let only POST through."""
    return tus.overridden(house, actor, upload_id)


@operation("GET", "/uploads/{upload_id}", "What became of an upload")
def show_upload(house: House, actor: Actor, upload_id: str) -> dict[str, Any]:
    """Status uploading, refused (with code and problem), duplicate, received, stored or needs_review."""
    return tus.as_json(house, flow.find(house, actor, upload_id))


def install(api: Blueprint, house: House) -> None:
    """Add to the API what tus asks of every answer, and OPTIONS."""
    api.before_request(lambda: tus.options(house))
    api.after_request(tus.stamp)
