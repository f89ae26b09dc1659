"""Nothing secret is in the logs: the main job with planted secrets, what goes wrong included, and all log output searched for them."""

import base64
import io
import logging
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from dataclasses import replace
from http.cookiejar import CookieJar
from pathlib import Path
from uuid import UUID

import requests
from sqlalchemy import select

from service.access import people
from service.errors import KNOWN_ERRORS, StoreUnavailable
from service.flow.archive import destroy, reviews
from service.flow.archive.checks import doctor
from service.flow.common.index import load_key
from service.flow.intake import documents
from service.flow.intake.process import process
from service.flow.intake.receive import receive
from service.flow.search.find import find
from service.flow.trust.checkpoints import checkpoint
from service.flow.trust.evidence import evidence
from service.flow.trust.trail_export import export
from service.jobs.queue import or_later
from service.records.tables import AuditKey, DocumentField
from service.settings import load
from tests.service.conftest import DIGITAL, OWNER, SCANS
from tests.service.faults import answers, patiently
from tests.service.test_flow import decide_all, due_file, propose

PASSWORD = "planted-Passw0rd-7f3a"
WRONG = "planted-wrong-Passw0rd-91c2"
WORDS = "违约金按日计算"  # what somebody searched for


def _forms(secret: bytes) -> list[str]:
    """Return how a key could be written by accident."""
    return [secret.hex(), base64.b64encode(secret).decode().rstrip("="), repr(secret)[2:-1], str(list(secret))]


def _found(log: str, secrets: dict[str, str]) -> list[str]:
    """Return the names of the secrets that the log has, in whatever letters."""
    low = log.lower()
    return [name for name, secret in secrets.items() if secret.lower() in low]


def _keys(house, document_ids):
    """Return every key of the archive in every form, by what it is."""
    raw = {"master key": Path(house.settings.key_file).read_bytes(), "audit seal": house.keys.derive(b"audit head")}
    with house.database.read() as session:
        for document_id in document_ids:
            raw[f"key of {document_id}"] = load_key(house, session, document_id).secret
        for row in session.scalars(select(AuditKey)):
            raw["signing key"] = house.keys.unwrap(UUID(row.id), row.wrapped).secret
    return {f"{name} ({n})": form for name, secret in raw.items() for n, form in enumerate(_forms(secret))}


def _values(house, document_id):
    """Return what was read from a document: names, numbers, sums that nobody writes by chance."""
    with house.database.read() as session:
        rows = session.scalars(select(DocumentField).where(DocumentField.document_id == document_id)).all()
    return {
        f"field {row.name}": row.value
        for row in rows
        if len(row.value) >= 6 and not re.fullmatch(r"[\d-]{10}", row.value)
    }


def _passwords_of(settings):
    """Return what stands as a password in the addresses of the settings."""
    found = {}
    for name in ("database_url", "object_store", "search"):
        secret = urllib.parse.urlsplit(getattr(settings, name)).password
        if secret:
            found[f"password in {name}"] = secret
    return found


def test_the_search_for_secrets_finds_them():
    key = bytes(range(32))
    for form in _forms(key):
        assert _found(f"2026 WARNING juanzong: {form.upper()} x", {"key": form}) == ["key"]


def test_nothing_secret_is_logged(office, caplog, monkeypatch, tmp_path):
    house = office.house
    caplog.set_level(logging.INFO)  # as the worker has it
    caplog.handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    secrets = _passwords_of(house.settings)
    office.hire("clerk", "handler", password=PASSWORD)
    secrets["token"] = people.create_token(house, OWNER, "handler", "planted")
    secrets |= {"password": PASSWORD, "wrong password": WRONG, "query": WORDS}
    for password in (PASSWORD, WRONG):
        with suppress(*KNOWN_ERRORS):
            secrets[f"session {password}"] = people.sign_in(house, "clerk", password, "agent", "10.1.2.3")
    secrets["invitation"] = people.renew_invitation(house, OWNER, "head")
    with suppress(*KNOWN_ERRORS):
        people.set_password(house, WRONG, PASSWORD)

    file_id, document_id = due_file(office)
    scan = next(path for path in sorted(SCANS.iterdir()) if path.suffix in {".jpg", ".png"})
    other = receive(house, office["handler"], scan, scan.name).document_id
    secrets |= _keys(house, [document_id, other]) | _values(house, document_id)
    assert any(name.startswith("field") for name in secrets)
    for value in ("planted-value-of-a-field-55", "2026-13-45"):
        secrets[value] = value
        with suppress(*KNOWN_ERRORS):
            documents.correct_field(house, office["handler"], document_id, "party_a_code", value)
    find(house, office["handler"], WORDS)

    # What fails is what is logged: the store down and out of order, an index that lost everything, a page that cannot be read.
    def down(*_arguments, **_more):
        raise StoreUnavailable(f"the object store {house.settings.home} failed")

    with monkeypatch.context() as broken:
        broken.setattr(type(house.vault.store), "put", down)
        broken.setattr(type(house.vault.store), "open", down)
        for work in (lambda: process(house, other), lambda: checkpoint(house, OWNER), lambda: doctor(house, OWNER)):
            or_later("a thing", work)
    wrong = replace(house.settings, object_store="s3+http://planted-key:planted-secret-aa1@127.0.0.1:9/bucket")
    secrets["store secret"] = "planted-secret-aa1"
    from service.bootstrap import build

    elsewhere = build(wrong)
    or_later("the store", elsewhere.vault.store.check)
    elsewhere.database.dispose()

    for _line in export(house, OWNER):
        pass
    evidence(house, OWNER, document_id, io.BytesIO())
    review_id = propose(office, file_id)
    decide_all(office, review_id, file_id)
    house.clock.move_to(house.clock.today().replace(month=3))
    for login in ("fourth", "fifth"):
        reviews.supervise(house, office[login], review_id)
    destroy.execute(house, office["archivist"], review_id)
    assert "waits" in caplog.text  # something was logged
    assert _found(caplog.text, secrets) == []


def _port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_nothing_secret_is_in_what_the_servers_print(embedded, tmp_path):
    """Pages, API and worker as their own processes: all they print, on both of their streams."""
    house, port = embedded.house, _port()
    embedded.hire("clerk", "handler", password=PASSWORD)
    token = people.create_token(house, OWNER, "handler", "planted")
    invitation = people.renew_invitation(house, OWNER, "head")
    env = {**os.environ, **embedded.env, "JUANZONG_PORT": str(port), "JUANZONG_DEBUG": "1"}
    log = tmp_path / "log"
    address = f"http://127.0.0.1:{port}"
    jar = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def ask(path, data=None, headers=None, through=browser):
        with (
            suppress(urllib.error.HTTPError),
            through.open(urllib.request.Request(address + path, data, headers or {})) as answer,
        ):
            return answer.read().decode(errors="replace")
        return ""

    def sign_in(password):
        csrf = re.search(r'name="csrf" content="([^"]+)"', ask("/sign-in"))[1]
        form = {"csrf_token": csrf, "login": "clerk", "password": password}
        return ask("/sign-in", urllib.parse.urlencode(form).encode())

    with log.open("wb") as out:
        process_ = subprocess.Popen([sys.executable, "-m", "service", "serve"], env=env, stdout=out, stderr=out)
        try:
            patiently(lambda: answers(address), 300)
            sign_in(WRONG)
            sign_in(PASSWORD)
            ask(f"/search?q={urllib.parse.quote(WORDS)}")
            ask(f"/welcome/{invitation}")
            ask("/search?q=" + "(" * 500 + "planted")
            bearer = {"Authorization": f"Bearer {token}"}
            for path in ("/api/v1/documents", f"/api/v1/search?q={urllib.parse.quote(WORDS)}", "/api/v1/nothing"):
                ask(path, headers=bearer)
            ask("/api/v1/documents", headers={"Authorization": f"Bearer jz_{WRONG}"})
            ask(
                "/api/v1/documents",
                b"--x\r\nplanted-body-of-an-upload",
                {**bearer, "Content-Type": "multipart/form-data; boundary=x"},
            )
            document_id = given(f"{address}/api/v1/documents", bearer)

            def is_read():
                with house.database.read() as session:
                    return session.scalar(
                        select(DocumentField.name).where(DocumentField.document_id == document_id).limit(1)
                    )

            patiently(is_read, 300)
        finally:
            process_.terminate()
            process_.wait(120)
    printed = log.read_text("utf-8", "replace")
    assert "Listening at" in printed  # the log is what we think it is
    assert cookies_of(jar), "nobody was signed in"
    secrets = {"token": token, "invitation": invitation, "password": PASSWORD, "wrong password": WRONG, "query": WORDS}
    secrets |= {"quoted query": urllib.parse.quote(WORDS), "upload": "planted-body-of-an-upload"}
    secrets |= {f"cookie {name}": value for name, value in cookies_of(jar).items()}
    secrets |= _keys(house, [document_id]) | _values(house, document_id) | _passwords_of(load(embedded.env))
    assert _found(printed, secrets) == []


def given(address, headers):
    """Hand in the digital contract and return its id."""
    with DIGITAL.open("rb") as file:
        answer = requests.post(address, headers=headers, files={"file": (DIGITAL.name, file)}, timeout=300)
    return answer.json()["document_id"]


def cookies_of(jar):
    """Return the cookies that are long enough to be secrets."""
    return {cookie.name: cookie.value for cookie in jar if len(cookie.value or "") >= 16}
