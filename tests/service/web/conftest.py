"""The pages over an archive on the embedded parts, and a client that carries the form token as a browser does."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.access import people
from service.flow.archive import filing, ledger
from service.records.tables import CaseFile, WebSession
from service.web.app import create_app
from service.web.sessions import COOKIE
from tests.service.conftest import OWNER, Office, embedded_env, open_office
from tests.service.test_flow import archive, due_file, fill, new_contract, propose

PASSWORD = "correct horse battery"
SECRET = b"a secret for tests, not for use."
CATALOGUE = Path("service/web/translations/en/LC_MESSAGES/messages.po")


@pytest.fixture(scope="session", autouse=True)
def _english() -> None:
    """Compile the English messages, as `make` does."""
    po = Path(__file__).parents[3] / CATALOGUE
    with po.open("rb") as source:
        catalogue = read_po(source, locale="en")
    with po.with_suffix(".mo").open("wb") as target:
        write_mo(target, catalogue)


class Browser:
    """A signed-in (or not) client; `post` takes the token out of the page before, as a form does."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.token = ""

    def get(self, path: str, **more: Any) -> TestResponse:
        answer = self.client.get(path, **more)
        found = (
            re.search(r'<meta name="csrf" content="([^"]+)"', answer.text) if answer.mimetype == "text/html" else None
        )
        self.token = found.group(1) if found else self.token
        return answer

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        if not self.token:
            self.get("/keys")
        return self.client.post(path, data={"csrf_token": self.token, **(data or {})}, **more)


@dataclass
class Site:
    """An office with its web application."""

    office: Office
    app: Flask

    def visitor(self) -> Browser:
        """Someone who is not signed in."""
        return Browser(self.app)

    def signed_in(self, login: str) -> Browser:
        """Someone with a session."""
        browser = Browser(self.app)
        secret = token_urlsafe(16)
        now = self.office.house.clock.now()
        with self.office.house.database.write() as session:
            row = WebSession(id=hashlib.sha256(secret.encode()).hexdigest(), person_id=self.office[login].person_id,
                             created_at=now, expires_at=now + timedelta(hours=1))  # fmt: skip
            session.add(row)
        browser.client.set_cookie(COOKIE, secret, path="/")
        return browser


def open_site(office: Office) -> Site:
    return Site(office, create_app(office.house, secret=SECRET))


@pytest.fixture
def site(embedded: Office) -> Site:
    """An empty archive with its pages."""
    embedded.hire("scanner", "operator")
    embedded.hire("root", "administrator")
    people.set_password(embedded.house, people.renew_invitation(embedded.house, OWNER, "handler"), PASSWORD)
    return open_site(embedded)


@dataclass
class Town(Site):
    """An archive in which something of everything exists; only for reading. ids: by what they name."""

    ids: dict[str, str]


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One archive for all tests that only look."""
    office = open_office(embedded_env(tmp_path_factory.mktemp("town") / "home"))
    office.hire("scanner", "operator")
    office.hire("root", "administrator")
    other = people.create_department(office.house, OWNER, "CG", "采购部")
    office.hire("stranger", "handler", department_id=other.id)
    contract_id, file_id = new_contract(office)
    document_id = office.take_in()
    filing.file_document(office.house, office["handler"], document_id, file_id)
    fill(office, file_id)
    archive(office, file_id)
    ledger.finish_event(office.house, office["handler"], contract_id, "performed", "2026-11-20")
    file = archive(office, file_id)
    assert file.due_on
    office.house.clock.move_to(file.due_on)
    review_id = propose(office, file_id)
    ids = {"document": document_id, "contract": contract_id, "file": file_id, "review": review_id}
    with office.house.database.read() as session:
        ids["customer"] = str(session.get_one(CaseFile, file_id).customer_id)
    yield Town(office, create_app(office.house, secret=SECRET), ids)
    office.house.database.dispose()


__all__ = ["due_file"]
