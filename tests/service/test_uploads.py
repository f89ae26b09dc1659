"""Resumable uploads over the API: what tus 1.0.0 asks, whose an upload is, and what is left when something goes wrong."""

import base64
import hashlib
import resource
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from intake.errors import Rejected
from service.access import people
from service.api.app import blueprint
from service.errors import UploadBusy, UploadConflict, UploadGone
from service.flow.common import claims
from service.flow.intake import finish_uploads, uploads
from service.flow.intake.documents import get_document, list_documents
from service.flow.intake.finish_uploads import finish, purge, tidy
from service.records.tables import AuditEntry, Document, Upload, UploadPart
from tests.service import bad_files
from tests.service.conftest import DIGITAL, OWNER

DATA = DIGITAL.read_bytes()
SHA256 = hashlib.sha256(DATA).hexdigest()
BYTES = "application/offset+octet-stream"


def b64(value: str | bytes) -> str:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def words(**given: str) -> str:
    return ",".join(f"{name} {b64(value)}" for name, value in given.items())


class Sender:
    """A tus client by hand, signed in as one person."""

    def __init__(self, office, login: str) -> None:
        app = Flask("test")
        app.register_blueprint(blueprint(office.house))
        self._client = app.test_client()
        self._token = people.create_token(office.house, OWNER, login, "test")

    def call(self, method: str, path: str, data: bytes | None = None, **headers: str):
        sent = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {self._token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items() if value != "-"}
        for name in [name.replace("_", "-") for name, value in headers.items() if value == "-"]:
            sent.pop(name, None)
        return self._client.open(path, method=method, data=data, headers=sent)

    def open(self, length: int = len(DATA), metadata: str | None = None, **headers: str):
        metadata = words(filename="合同.pdf", sha256=SHA256) if metadata is None else metadata
        return self.call(
            "POST", "/api/v1/uploads", **{"Upload_Length": str(length), "Upload_Metadata": metadata, **headers}
        )

    def send(self, place: str, offset: int, data: bytes, **headers: str):
        return self.call("PATCH", place, data, **{"Upload_Offset": str(offset), "Content_Type": BYTES, **headers})


@pytest.fixture
def sender(embedded):
    return Sender(embedded, "handler")


def left_of_uploads(house) -> tuple[int, int]:
    """Pieces in the database and in the folder."""
    with house.database.read() as session:
        rows = session.scalar(select(func.count()).select_from(UploadPart)) or 0
    return rows, len(list(house.parts.store.names()))


def documents(house) -> list[str]:
    with house.database.read() as session:
        return list(session.scalars(select(Document.id)))


def test_a_file_in_three_pieces_becomes_one_document(sender, embedded):
    opened = sender.open()
    assert (opened.status_code, opened.headers["Upload-Offset"], opened.headers["Tus-Resumable"]) == (201, "0", "1.0.0")
    assert opened.headers["Upload-Expires"].endswith("GMT")
    place = opened.headers["Location"]
    for start, end in ((0, 1000), (1000, 5000)):
        answer = sender.send(place, start, DATA[start:end])
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(end))
        assert "Juanzong-Document" not in answer.headers
    head = sender.call("HEAD", place)
    assert (head.status_code, head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (
        200,
        "5000",
        str(len(DATA)),
    )
    assert head.headers["Cache-Control"] == "no-store"
    assert sender.call("GET", place).get_json()["status"] == "uploading"
    last = sender.send(place, 5000, DATA[5000:])
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(DATA)))
    document_id = last.headers["Juanzong-Document"]
    assert last.headers["Juanzong-Status"] == "received"
    document = get_document(embedded.house, embedded["handler"], document_id)
    assert (document.sha256, document.filename, document.channel) == (SHA256, "合同.pdf", "api")
    assert left_of_uploads(embedded.house) == (0, 0)
    # Whoever missed the answer learns it, as often as they ask.
    again = sender.call("HEAD", place)
    assert again.headers["Juanzong-Document"] == document_id
    assert sender.send(place, len(DATA), b"").headers["Juanzong-Document"] == document_id
    shown = sender.call("GET", place).get_json()
    assert (shown["status"], shown["document_id"]) == ("received", document_id)
    # The same file again is the same document.
    second = sender.open().headers["Location"]
    answer = sender.send(second, 0, DATA)
    assert (answer.headers["Juanzong-Document"], answer.headers["Juanzong-Status"]) == (document_id, "duplicate")
    assert documents(embedded.house) == [document_id]


def test_what_the_server_can_do(sender, embedded):
    for path in ("/api/v1/uploads", f"/api/v1/uploads/{uuid4()}"):
        answer = sender.call("OPTIONS", path, Authorization="-", Tus_Resumable="-")
        assert answer.status_code == 204
        assert answer.headers["Tus-Version"] == "1.0.0"
        assert answer.headers["Tus-Max-Size"] == str(embedded.house.settings.max_bytes)
        assert (
            answer.headers["Tus-Extension"]
            == "creation,creation-with-upload,creation-defer-length,checksum,termination,expiration"
        )
        assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"


def test_bytes_with_the_creation(sender, embedded):
    whole = sender.call(
        "POST", "/api/v1/uploads", DATA, Upload_Length=str(len(DATA)), Content_Type=BYTES,
        Upload_Metadata=words(filename="a.pdf", batch="B-1", department_id=embedded.department_id),
    )  # fmt: skip
    assert (whole.status_code, whole.headers["Upload-Offset"]) == (201, str(len(DATA)))
    document = get_document(embedded.house, embedded["handler"], whole.headers["Juanzong-Document"])
    assert (document.batch, document.department_id) == ("B-1", embedded.department_id)
    part = sender.call(
        "POST",
        "/api/v1/uploads",
        b"%PDF",
        Upload_Length="900",
        Content_Type=BYTES,
        Upload_Metadata=words(filename="b.pdf"),
    )
    assert (part.status_code, part.headers["Upload-Offset"]) == (201, "4")
    assert sender.call("HEAD", part.headers["Location"]).headers["Upload-Offset"] == "4"


def test_the_method_in_a_header(sender):
    place = sender.open().headers["Location"]
    answer = sender.call("POST", place, DATA[:9], Upload_Offset="0", Content_Type=BYTES, X_HTTP_Method_Override="PATCH")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "9")
    assert sender.call("POST", place, X_HTTP_Method_Override="HEAD").headers["Upload-Offset"] == "9"
    assert sender.call("POST", place, X_HTTP_Method_Override="GET").status_code == 400
    assert sender.call("POST", place, X_HTTP_Method_Override="DELETE").status_code == 204
    assert sender.call("HEAD", place).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Tus_Resumable": "-"}, 412),
        ({"Tus_Resumable": "0.2.2"}, 412),
        ({"Content_Type": "application/octet-stream"}, 415),
        ({"Upload_Offset": "-1"}, 400),
        ({"Upload_Offset": "1e3"}, 400),
        ({"Upload_Offset": "٣"}, 400),
        ({"Upload_Offset": "7"}, 409),
        ({"Upload_Checksum": "md5 " + b64(hashlib.md5(DATA).digest())}, 400),
        ({"Upload_Checksum": "sha1 ***"}, 400),
        ({"Upload_Checksum": "sha1 " + b64(hashlib.sha1(b"other").digest())}, 460),
        ({"Upload_Checksum": "sha256 " + b64(b"")}, 460),
    ],
)  # fmt: skip
def test_a_wrong_patch_keeps_nothing(sender, embedded, headers, status):
    place = sender.open().headers["Location"]
    if "٣" in headers.values():
        headers = {"Upload_Offset": "٣".encode().decode("latin-1")}
    answer = sender.send(place, 0, DATA, **headers)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert ("Tus-Version" in answer.headers) == (status == 412)
    assert sender.call("HEAD", place).headers["Upload-Offset"] == "0"
    assert left_of_uploads(embedded.house) == (0, 0)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_checksums_are_kept(sender, monkeypatch, algorithm):
    monkeypatch.setattr(uploads, "SEGMENT", 70_000)
    place = sender.open().headers["Location"]
    checksum = f"{algorithm} {b64(hashlib.new(algorithm, DATA[:150_000]).digest())}"
    answer = sender.send(place, 0, DATA[:150_000], Upload_Checksum=checksum)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(len(DATA[:150_000])))


@pytest.mark.parametrize(
    ("metadata", "status"),
    [
        (words(filename="../../etc/passwd"), 422),
        (words(filename="a\nb.pdf"), 422),
        (words(filename="合同\u202efdp.exe"), 422),
        (words(filename="x" * 300), 422),
        ("", 422),
        ("filename", 422),
        ("filename !!!!", 400),
        ("filename YQ", 400),
        ("filename " + b64(b"\xff\xfe"), 400),
        (words(filename="a.pdf") + "," + words(filename="b.pdf"), 400),
        (words(filename="a.pdf", filenam="b"), 400),
        (words(filename="a.pdf", sha256="abc"), 400),
        (words(filename="a.pdf", batch="b" * 37), 400),
        (words(filename="a.pdf", batch="b\x00"), 400),
        (words(filename="a.pdf", department_id="none"), 422),
        (words(filename="a.pdf") + ",", 400),
        ("filename " + "A" * 1_000_000, 400),
    ],
)
def test_hostile_metadata_is_refused_and_opens_nothing(sender, embedded, metadata, status):
    answer = sender.open(metadata=metadata)
    assert answer.status_code == status, answer.text
    assert "\n" not in answer.get_json()["title"]
    with embedded.house.database.read() as session:
        assert session.scalars(select(Upload)).all() == []


def test_a_length_may_be_told_with_the_last_bytes(sender, embedded):
    opened = sender.open(Upload_Length="-", Upload_Defer_Length="1")
    assert (opened.status_code, opened.headers["Upload-Offset"]) == (201, "0")
    place = opened.headers["Location"]
    assert sender.send(place, 0, DATA[:5000]).status_code == 204
    told = sender.call("HEAD", place)
    assert (told.headers["Upload-Offset"], told.headers["Upload-Defer-Length"]) == ("5000", "1")
    assert "Upload-Length" not in told.headers
    assert sender.call("GET", place).get_json()["length"] is None
    assert sender.send(place, 5000, DATA[5000:], Upload_Length="4999").status_code == 409  # more came already
    most = embedded.house.settings.max_bytes
    assert sender.send(place, 5000, DATA[5000:], Upload_Length=str(most + 1)).status_code == 413
    assert documents(embedded.house) == []
    done = sender.send(place, 5000, DATA[5000:], Upload_Length=str(len(DATA)))
    assert (done.status_code, documents(embedded.house)) == (204, [done.headers["Juanzong-Document"]])
    assert get_document(embedded.house, OWNER, done.headers["Juanzong-Document"]).sha256 == SHA256


def test_a_length_is_told_once_and_may_come_alone(sender, embedded):
    place = sender.open(Upload_Length="-", Upload_Defer_Length="1").headers["Location"]
    assert sender.send(place, 0, DATA).status_code == 204
    tidy(embedded.house)
    assert documents(embedded.house) == []  # whole or not: nobody has said so yet
    assert sender.send(place, len(DATA), b"", Upload_Length=str(len(DATA) + 1)).status_code == 204
    assert sender.send(place, len(DATA), b"", Upload_Length=str(len(DATA))).status_code == 409  # it stays what was said
    assert sender.call("HEAD", place).headers["Upload-Length"] == str(len(DATA) + 1)
    second = sender.open(Upload_Length="-", Upload_Defer_Length="1").headers["Location"]
    assert sender.send(second, 0, DATA).status_code == 204
    done = sender.send(second, len(DATA), b"", Upload_Length=str(len(DATA)))
    assert documents(embedded.house) == [done.headers["Juanzong-Document"]]


def test_lengths(sender, embedded):
    most = embedded.house.settings.max_bytes
    assert sender.open(most + 1).status_code == 413
    assert sender.open(most).status_code == 201
    for bad in ("-1", "1.5", "", "9" * 30, "0x10"):
        assert sender.open(metadata=words(filename="a"), Upload_Length=bad).status_code == 400
    for headers in (
        {"Upload_Length": "-"},
        {"Upload_Defer_Length": "1"},
        {"Upload_Length": "-", "Upload_Defer_Length": "2"},
    ):
        neither = sender.open(**headers)
        assert neither.status_code == 400
        assert "Upload-Length" in neither.get_json()["title"]
    empty = sender.open(0, words(filename="a.pdf"))
    assert (empty.status_code, empty.get_json()["code"]) == (422, "empty")
    place = sender.open(10).headers["Location"]
    assert sender.send(place, 0, b"x" * 11).status_code == 413
    assert sender.send(place, 0, b"x" * 4).status_code == 204
    assert sender.send(place, 4, b"x" * 7).status_code == 413
    assert sender.call("HEAD", place).headers["Upload-Offset"] == "4"


def test_a_body_without_a_length_is_cut_at_the_announced_one(embedded):
    upload = uploads.begin(embedded.house, embedded["handler"], uploads.Announced(10, "a.pdf"), channel="api")
    with pytest.raises(uploads.UploadTooLong):
        uploads.append(embedded.house, embedded["handler"], upload.id, 0, [b"12345", b"6789", b"0!"])
    assert uploads.find(embedded.house, embedded["handler"], upload.id).received == 9


def test_an_upload_is_its_creators_alone(sender, embedded):
    embedded.hire("other", "archivist")
    place = sender.open().headers["Location"]
    sender.send(place, 0, DATA[:100])
    stranger = Sender(embedded, "other")
    for answer in (
        stranger.call("HEAD", place),
        stranger.call("GET", place),
        stranger.send(place, 100, DATA[100:]),
        stranger.call("DELETE", place),
        stranger.call("HEAD", f"/api/v1/uploads/{uuid4()}"),
    ):
        assert answer.status_code == 404
    assert sender.call("HEAD", place).headers["Upload-Offset"] == "100"
    assert sender.call("HEAD", place, Authorization="-").status_code == 401
    assert Sender(embedded, "auditor").open().status_code == 403


def test_a_refused_file_says_why_and_leaves_nothing(sender, embedded):
    place = sender.open(6, words(filename="a.pdf")).headers["Location"]
    answer = sender.send(place, 0, b"no pdf")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "unsupported")
    assert left_of_uploads(embedded.house) == (0, 0)
    assert documents(embedded.house) == []
    # Who missed the answer learns it: the upload is gone, and why.
    for gone in (sender.call("HEAD", place), sender.send(place, 6, b"")):
        assert gone.status_code == 410
    assert gone.get_json()["code"] == "unsupported"
    assert sender.call("GET", place).get_json()["status"] == "refused"
    with embedded.house.database.read() as session:
        refused = session.scalars(select(AuditEntry).where(AuditEntry.action == "upload.refuse")).all()
    assert len(refused) == 1


def test_bad_files_are_refused_as_everywhere(sender, embedded, tmp_path):
    embedded.house.settings = replace(embedded.house.settings, max_pages=bad_files.MAX_PAGES)
    for name, make in bad_files.CONTENTS.items():
        make(tmp_path / name)
        data = (tmp_path / name).read_bytes()
        opened = sender.open(len(data), words(filename="a.pdf"))
        answer = sender.send(opened.headers["Location"], 0, data) if opened.status_code == 201 else opened
        assert answer.status_code in (413, 422), name
    assert documents(embedded.house) == []
    assert left_of_uploads(embedded.house) == (0, 0)


def test_a_file_that_is_not_the_announced_one_is_not_stored(sender, embedded):
    place = sender.open(len(DATA), words(filename="a.pdf", sha256=hashlib.sha256(b"other").hexdigest())).headers[
        "Location"
    ]
    answer = sender.send(place, 0, DATA)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "digest")
    assert documents(embedded.house) == []
    assert list(embedded.house.vault.store.names()) == []


def test_nothing_readable_lies_on_the_disk(sender, embedded):
    place = sender.open().headers["Location"]
    sender.send(place, 0, DATA[:-1])
    files = [path for path in (embedded.house.settings.home / "tmp").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) > len(DATA)
    for path in files:
        assert path.stat().st_mode & 0o077 == 0
        held = path.read_bytes()
        assert DATA[:32] not in held
        assert DATA[5000:5032] not in held
    # With its key gone, what a copy of the disk holds opens for nobody.
    with embedded.house.database.read() as session:
        upload = session.scalars(select(Upload)).one()
        assert DATA[:8] not in (upload.key or b"")
    sender.call("DELETE", place)
    with embedded.house.database.read() as session:
        assert session.scalars(select(Upload)).all() == []
    assert left_of_uploads(embedded.house) == (0, 0)


def test_a_later_writer_takes_over(embedded):
    house, actor = embedded.house, embedded["handler"]
    upload = uploads.begin(house, actor, uploads.Announced(len(DATA), "a.pdf", SHA256), channel="api")

    def slow():
        yield DATA[:1000]
        assert uploads.append(house, actor, upload.id, 1000, [DATA[1000:3000]]).received == 3000
        yield b"?" * 5000

    with pytest.raises(UploadConflict) as refused:
        uploads.append(house, actor, upload.id, 0, slow())
    assert refused.value.offset == 3000
    uploads.append(house, actor, upload.id, 3000, [DATA[3000:]])
    document_id = finish(house, actor, upload.id).document_id
    assert get_document(house, actor, document_id).sha256 == SHA256
    assert left_of_uploads(house) == (0, 0)


def test_what_a_killed_writer_left_is_cut(office):
    """The row of a piece is there, its bytes perhaps; the offset does not count them, and the next request removes them."""
    house, actor = office.house, office["handler"]
    upload = uploads.begin(house, actor, uploads.Announced(len(DATA), "a.pdf", SHA256), channel="api")
    uploads.append(house, actor, upload.id, 0, [DATA[:500]])
    key = house.keys.unwrap(UUID(upload.id), upload.key or b"")
    for with_bytes in (True, False):
        row = UploadPart(id=str(uuid4()), upload_id=upload.id, start=500)
        with house.database.write() as session:
            session.add(row)
        if with_bytes:
            house.parts.put(UUID(row.id), key, BytesIO(b"what never counted"))
    assert left_of_uploads(house) == (3, 2)
    assert uploads.find(house, actor, upload.id).received == 500
    uploads.append(house, actor, upload.id, 500, [DATA[500:900]])
    assert left_of_uploads(house) == (2, 2)
    uploads.append(house, actor, upload.id, 900, [DATA[900:]])
    document_id = finish(house, actor, upload.id).document_id
    assert get_document(house, actor, document_id).sha256 == SHA256


class _Killed(BaseException):
    pass


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_while_it_becomes_a_document(sender, embedded, monkeypatch, moment):
    """Before the document is durable, or after it and before the upload knows: the retry finds exactly one document."""
    place = sender.open().headers["Location"]
    upload_id = place.rpartition("/")[2]
    real = finish_uploads.receive

    def dying(*args, **named):
        if moment == "after":
            real(*args, **named)
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(finish_uploads, "receive", dying)
        patch.setattr(finish_uploads, "_give_back", lambda *_: None)  # the dead do nothing
        with pytest.raises(_Killed):
            sender.send(place, 0, DATA)
    assert sender.call("GET", place).get_json()["status"] == "uploading"
    answer = sender.call("HEAD", place)
    assert (answer.status_code, answer.headers["Juanzong-Status"]) == (200, "received")
    assert documents(embedded.house) == [answer.headers["Juanzong-Document"]] == [upload_id]
    assert left_of_uploads(embedded.house) == (0, 0)


def test_while_another_makes_it_a_document_one_is_told_to_ask_again(sender, embedded, monkeypatch):
    place = sender.open().headers["Location"]
    monkeypatch.setattr(claims, "is_held", lambda *_: True)
    answer = sender.send(place, 0, DATA)
    assert (answer.status_code, answer.headers["Retry-After"]) == (423, "5")
    assert sender.call("DELETE", place).status_code == 423
    monkeypatch.undo()
    assert "Juanzong-Document" in sender.call("HEAD", place).headers


def test_a_sender_that_never_asks_again(embedded):
    """The worker finishes what is complete, once its sender had time to ask."""
    house, actor = embedded.house, embedded["handler"]
    upload = uploads.begin(house, actor, uploads.Announced(len(DATA), "a.pdf", SHA256), channel="api")
    uploads.append(house, actor, upload.id, 0, [DATA])
    assert tidy(house) == []
    with house.database.write() as session:
        session.get_one(Upload, upload.id).expires_at -= timedelta(minutes=6)
    assert tidy(house) == [upload.id]
    assert documents(house) == [upload.id]
    assert get_document(house, actor, upload.id).received_by == "person:handler"


def test_expired_uploads_are_gone(office):
    house, actor = office.house, office["handler"]
    upload = uploads.begin(house, actor, uploads.Announced(len(DATA), "a.pdf"), channel="api")
    uploads.append(house, actor, upload.id, 0, [DATA[:500]])
    assert tidy(house) == []
    with house.database.write() as session:
        session.get_one(Upload, upload.id).expires_at = house.clock.now()
    with pytest.raises(UploadGone):
        uploads.append(house, actor, upload.id, 500, [DATA[500:]])
    with pytest.raises(UploadGone):
        finish(house, actor, upload.id)
    assert tidy(house) == [upload.id]
    assert left_of_uploads(house) == (0, 0)
    assert tidy(house) == []
    with house.database.read() as session:
        assert session.get(Upload, upload.id) is None
        assert session.scalars(select(AuditEntry.actor).where(AuditEntry.action == "upload.expire")).all() == ["system"]


def test_pieces_without_an_owner_are_purged(embedded):
    house, actor = embedded.house, embedded["handler"]
    upload = uploads.begin(house, actor, uploads.Announced(len(DATA), "a.pdf"), channel="api")
    uploads.append(house, actor, upload.id, 0, [DATA[:500]])
    key, _wrapped = house.keys.new(uuid4())
    house.parts.put(uuid4(), key, BytesIO(b"left behind"))
    assert purge(house) == 1
    assert left_of_uploads(house) == (1, 1)


def test_pieces_that_were_lost_on_the_server(sender, embedded):
    place = sender.open().headers["Location"]
    sender.send(place, 0, DATA[:500])
    (name,) = embedded.house.parts.store.names()
    embedded.house.parts.delete(name)
    answer = sender.send(place, 500, DATA[500:])
    assert (answer.status_code, answer.get_json()["code"]) == (410, "parts_lost")
    assert sender.call("HEAD", place).status_code == 410
    assert documents(embedded.house) == []


def test_limits_per_person(sender, embedded):
    embedded.house.settings = replace(embedded.house.settings, uploads_per_person=2, upload_bytes_per_person=1000)
    first = sender.open(900).headers["Location"]
    assert sender.open(200).status_code == 429
    assert sender.open(100).status_code == 201
    assert sender.open(0 + 1).status_code == 429
    assert Sender(embedded, "administrator").open(900).status_code == 201
    sender.call("DELETE", first)
    assert sender.open(200).status_code == 201


def test_a_full_disk_loses_nothing(sender, embedded, monkeypatch):
    monkeypatch.setattr(uploads, "SEGMENT", 8 << 20)
    data = bytes(9 << 20)
    place = sender.open(len(data)).headers["Location"]
    assert sender.send(place, 0, data[:10_000]).status_code == 204
    # A limit on the size of a file fails the write as a full disk does; the database's own writes stay below it.
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (7 << 20, most[1]))
    try:
        answer = sender.send(place, 10_000, data[10_000:])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert (answer.status_code, answer.headers["Retry-After"]) == (507, "60")
    assert sender.call("HEAD", place).headers["Upload-Offset"] == "10000"
    assert left_of_uploads(embedded.house) == (1, 1)
    assert sender.send(place, 10_000, data[10_000:-1]).headers["Upload-Offset"] == str(len(data) - 1)


def test_a_busy_twin_is_a_passing_cause(sender, embedded, monkeypatch):
    def busy(*_args, **_named):
        raise Rejected("busy", "the same file is being received by another process; try again")

    place = sender.open().headers["Location"]
    with monkeypatch.context() as patch:
        patch.setattr(finish_uploads, "receive", busy)
        assert sender.send(place, 0, DATA).status_code == 423
        with pytest.raises(UploadBusy):
            finish(embedded.house, embedded["handler"], place.rpartition("/")[2])
    assert sender.call("HEAD", place).headers["Juanzong-Status"] == "received"
    assert list_documents(embedded.house, embedded["handler"])[0] == 1
