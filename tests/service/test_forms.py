"""Forms that cannot be read: why is said to everybody who asks, and not only to the first."""

import errno
import io

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder

from service.web import security

FILE = b"x" * 400_000


class Full(io.BytesIO):
    """A file on a disk that is full in the middle of it."""

    def write(self, data):
        if self.tell() + len(data) > 300_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


@pytest.fixture(autouse=True)
def _in_memory(monkeypatch):
    monkeypatch.setattr("service.web.security.tempfile.SpooledTemporaryFile", lambda **_: io.BytesIO())


def asked(folder, **environ):
    environ = EnvironBuilder(method="POST", data={"file": (io.BytesIO(FILE), "a.pdf")}).get_environ() | environ
    return security.request_class(str(folder))(environ)


def read(request):
    """Return what the form holds, or why nobody knows."""
    with Flask(__name__).app_context():
        try:
            return sorted([*request.form, *request.files])
        except OSError as error:
            return error.errno
        except HTTPException as error:
            return error.code


def test_a_form_that_found_no_room_is_never_an_empty_one(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("service.web.security.tempfile.SpooledTemporaryFile", lambda **_: Full())
        request = asked(tmp_path)
        assert [read(request) for _ in range(3)] == [errno.ENOSPC] * 3
    assert read(asked(tmp_path)) == ["file"]


@pytest.mark.parametrize("ended_by_the_server", [{}, {"wsgi.input_terminated": True}])
def test_a_form_that_is_cut_off_is_not_one_without_a_file(tmp_path, ended_by_the_server):
    whole = asked(tmp_path)
    cut = io.BytesIO(whole.environ["wsgi.input"].read(350_000))
    request = asked(
        tmp_path, **{"wsgi.input": cut, "CONTENT_TYPE": whole.environ["CONTENT_TYPE"]} | ended_by_the_server
    )
    request._max_content_length = 1 << 20
    assert [read(request) for _ in range(2)] == [408] * 2
