"""What every answer carries: it loads nothing from elsewhere, runs nothing inline, stands in no frame, is kept nowhere."""

import tempfile
from typing import IO

from flask import Request, Response, current_app, request
from werkzeug.exceptions import BadRequest, ClientDisconnected, HTTPException, LengthRequired, RequestTimeout
from werkzeug.formparser import FormDataParser
from werkzeug.wsgi import LimitedStream

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


#: Bytes of a form without files, which is read into memory at once, also that of somebody who is not signed in.
LONGEST_FORM = 2 << 20
# What is taken piece by piece, or kept on the disk, may be as long as a file.
_STREAMED = frozenset({"multipart/form-data", "application/offset+octet-stream"})


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


def _why_no_form(error: OSError | ValueError | HTTPException, asked: Request) -> OSError | HTTPException:
    """Return what is said of a form that cannot be read: a full disk is said as one, and one that is cut off is to be sent again."""
    if isinstance(error, OSError | HTTPException) and not isinstance(error, ClientDisconnected):
        return error
    come = asked.stream.tell() if isinstance(asked.stream, LimitedStream) else 0
    if isinstance(error, ClientDisconnected) or come < (asked.content_length or 0):
        return RequestTimeout("the form was cut off on its way: send it again")  # RFC 9110, 15.5.9
    return BadRequest("the form cannot be read: its parts are not set apart as RFC 7578 has it")


def request_class(folder: str) -> type[Request]:
    """Return a request whose uploads wait in `folder` as nameless files, not in the machine's shared temporary folder.

    Whatever is not taken piece by piece has at most `LONGEST_FORM` bytes, and a form says how many.
    """

    class HouseRequest(Request):
        #: Why the form could not be read. Who asks again would get an empty one: of what came, the beginning is gone.
        _why_no_form: OSError | HTTPException | None = None

        @property
        def max_content_length(self) -> int | None:
            """How many bytes of the body are read."""
            most = super().max_content_length
            return most if self.mimetype in _STREAMED else min(most or LONGEST_FORM, LONGEST_FORM)

        @max_content_length.setter
        def max_content_length(self, value: int | None) -> None:
            self._max_content_length = value

        def _load_form_data(self) -> None:
            # Every browser says it. Without a length the end of what may come would look like the end of the form.
            in_chunks = self.content_length is None and "Transfer-Encoding" in self.headers
            if in_chunks and self.mimetype == "application/x-www-form-urlencoded":
                raise LengthRequired
            if self._why_no_form is not None:
                raise self._why_no_form
            try:
                super()._load_form_data()
            except (OSError, ValueError, HTTPException) as error:
                self._why_no_form = _why_no_form(error, self)
                raise self._why_no_form from None

        def make_form_data_parser(self) -> FormDataParser:
            """Return a parser that says what is wrong with a form."""
            parser = super().make_form_data_parser()
            parser.silent = False
            return parser

        def _get_file_stream(
            self,
            total_content_length: int | None,  # noqa: ARG002 - werkzeug's signature
            content_type: str | None,  # noqa: ARG002
            filename: str | None = None,  # noqa: ARG002
            content_length: int | None = None,  # noqa: ARG002
        ) -> IO[bytes]:
            return tempfile.SpooledTemporaryFile(max_size=256 * 1024, dir=folder)

    return HouseRequest
