"""The page's own way to send a file: tus, as programs have it, but with the session's cookie and the form token."""

from flask import Response, jsonify, url_for
from flask.typing import ResponseReturnValue

from intake.errors import Rejected
from service import tus
from service.flow.intake.documents import can_read
from service.web import refusals
from service.web.context import actor, house
from service.web.site import web

web.after_request(tus.stamp)


def _refused(error: Rejected) -> ResponseReturnValue:
    return jsonify(code=error.code, error=refusals.rejection(error.code, str(error))), 422


def _with_way(answer: Response) -> Response:
    """Say of an upload that is a document when its sender may not open it: the page then shows no link."""
    document_id = answer.headers.get("Juanzong-Document")
    if document_id and not can_read(house(), actor(), document_id):
        answer.headers["Juanzong-Shut"] = "yes"
    return answer


@web.post("/uploads")
def open_upload() -> ResponseReturnValue:
    """Open an upload of the person who is signed in."""
    try:
        return _with_way(
            tus.create(
                house(), actor(), lambda upload_id: url_for("web.ask_upload", upload_id=upload_id), channel="web"
            )
        )
    except Rejected as error:
        return _refused(error)


@web.route("/uploads/<upload_id>", methods=["HEAD"])
def ask_upload(upload_id: str) -> Response:
    """Say how much of it is durable, or which document it is."""
    return _with_way(tus.tell(house(), actor(), upload_id))


@web.patch("/uploads/<upload_id>")
def continue_upload(upload_id: str) -> ResponseReturnValue:
    """Take the next bytes."""
    try:
        return _with_way(tus.add(house(), actor(), upload_id))
    except Rejected as error:
        return _refused(error)


@web.delete("/uploads/<upload_id>")
def take_back_upload(upload_id: str) -> Response:
    """Drop what has come of it; a document that it has become stays, and the answer says which."""
    return _with_way(tus.remove(house(), actor(), upload_id))
