"""What every answer carries: it loads nothing from elsewhere, runs nothing inline, stands in no frame, is kept nowhere."""

import tempfile
from typing import IO

from flask import Request, Response, current_app, request

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def secure_headers(response: Response) -> Response:
    """Add the headers to a response of any part of the application."""
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if current_app.extensions["juanzong"].settings.base_url.startswith("https:"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint not in ("static", "bootstrap.static"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def request_class(folder: str) -> type[Request]:
    """Return a request whose uploads wait in `folder` as nameless files, not in the machine's shared temporary folder."""

    class HouseRequest(Request):
        def _get_file_stream(
            self,
            total_content_length: int | None,  # noqa: ARG002 - werkzeug's signature
            content_type: str | None,  # noqa: ARG002
            filename: str | None = None,  # noqa: ARG002
            content_length: int | None = None,  # noqa: ARG002
        ) -> IO[bytes]:
            return tempfile.SpooledTemporaryFile(max_size=256 * 1024, dir=folder)

    return HouseRequest
