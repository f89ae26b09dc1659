"""Parts of renditions over HTTP: a player seeks in a recording, and every answer is what was received or a clear refusal."""

import io
import random
import wave

import pytest
from flask import Flask
from sqlalchemy import select

from service.access import people
from service.api.app import blueprint
from service.flow.intake.receive import receive
from service.records.tables import AuditEntry
from tests.service.conftest import OWNER

SECONDS = 20


@pytest.fixture(scope="module")
def sound() -> bytes:
    """A recording that is several chunks long."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(random.Random(3).randbytes(SECONDS * 16000))
    return file.getvalue()


@pytest.fixture
def get(office, sound):
    """Ask for the recording with the given headers."""
    document_id = receive(office.house, office["handler"], io.BytesIO(sound), "通话.wav").document_id
    app = Flask("test")
    app.register_blueprint(blueprint(office.house))
    client = app.test_client()
    token = people.create_token(office.house, OWNER, "handler", "test")
    signed = {"Authorization": f"Bearer {token}"}

    def ask(**headers: str):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.get(f"/api/v1/documents/{document_id}/renditions/original", headers={**signed, **named})

    return ask


def test_a_player_seeks(get, sound):
    whole = get()
    assert (whole.status_code, whole.data, whole.headers["Accept-Ranges"]) == (200, sound, "bytes")
    size = len(sound)
    for asked, start, stop in (
        ("bytes=0-", 0, size),
        ("bytes=0-0", 0, 1),
        ("bytes=65536-131071", 65536, 131072),
        ("bytes=100000-200000", 100000, 200001),
        (f"bytes={size - 10}-{size + 500}", size - 10, size),
        ("bytes=-1000", size - 1000, size),
    ):
        part = get(Range=asked)
        assert part.status_code == 206, asked
        assert part.data == sound[start:stop], asked
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
        assert int(part.headers["Content-Length"]) == stop - start
        assert part.headers["Cache-Control"] == "no-store"


def test_what_is_no_single_part_is_answered_with_the_whole(get, sound):
    for asked in ("bytes=0-1,5-6", "pages=1-2", "bytes=x-y", "bytes=5-1"):
        answer = get(Range=asked)
        assert (answer.status_code, answer.data == sound) == (200, True), asked


def test_a_part_beyond_the_end_is_refused_and_leaves_no_trace_of_a_reading(get, sound, office):
    before = trail(office)
    answer = get(Range=f"bytes={len(sound)}-")
    assert (answer.status_code, answer.content_type) == (416, "application/problem+json")
    assert answer.headers["Content-Range"] == f"bytes */{len(sound)}"
    assert trail(office) == before


def test_a_part_of_another_content_is_answered_with_the_whole(get, sound):
    tag = get().headers["ETag"]
    assert get(Range="bytes=5-9", If_Range=tag).status_code == 206
    assert get(Range="bytes=5-9", If_Range='"other"').data == sound
    assert get(Range="bytes=5-9", If_Range="Wed, 25 Nov 2026 10:00:00 GMT").data == sound


def test_the_trail_says_which_part_was_read(get, office):
    get(Range="bytes=5-9")
    assert '"bytes":[5,10]' in trail(office)[-1].replace(" ", "")


def trail(office) -> list[str]:
    with office.house.database.read() as session:
        query = select(AuditEntry.detail).where(AuditEntry.action == "document.open").order_by(AuditEntry.seq)
        return list(session.scalars(query))
