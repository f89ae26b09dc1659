"""The API while a backing service is down: what needs it is refused as a problem, nothing is half done, then the work goes on."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from search.errors import IndexUnavailable
from service.access import people
from service.api.app import blueprint
from service.flow.archive.checks import doctor
from service.flow.intake.process import process_waiting
from service.records.tables import Document, Rendition, WrappedKey
from tests.contract.toxic import Toxic
from tests.service.conftest import DIGITAL, OWNER, Office
from vault.vault import Vault

SEARCH = "/api/v1/search?q=技术服务"


@contextmanager
def no_database(office: Office):
    def refuse(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, ConnectionError("connection refused"))

    event.listen(office.house.database.engine, "before_cursor_execute", refuse)
    yield
    event.remove(office.house.database.engine, "before_cursor_execute", refuse)


@contextmanager
def no_store(office: Office):
    vault = office.house.vault
    store = Toxic(vault.store)
    store.trouble = "down"
    office.house.vault = Vault(store)
    yield
    office.house.vault = vault


@contextmanager
def no_index(office: Office):
    class Down:
        def __getattr__(self, _name: str) -> Callable[..., None]:
            def refuse(*_: object, **__: object) -> None:
                raise IndexUnavailable("the index does not answer: connection refused")

            return refuse

    index = office.house.index
    office.house.index = Down()
    yield
    office.house.index = index


def kept(office: Office) -> list[int]:
    with office.house.database.read() as session:
        rows = [session.scalar(select(func.count()).select_from(table)) for table in (Document, Rendition, WrappedKey)]
    return [*rows, len(list(office.house.vault.store.names()))]


@pytest.mark.parametrize(
    ("outage", "taken", "searched"),
    [(no_database, 503, 503), (no_store, 503, 200), (no_index, 201, 503)],
)
def test_what_is_down_is_said_and_the_work_goes_on_when_it_is_back(
    embedded: Office, outage: Callable[[Office], AbstractContextManager[None]], taken: int, searched: int
) -> None:
    house = embedded.house
    app = Flask("test")
    app.register_blueprint(blueprint(house))
    headers = {"Authorization": f"Bearer {people.create_token(house, OWNER, 'handler', 'test')}"}
    client = app.test_client()

    def send():
        body = {"file": (io.BytesIO(DIGITAL.read_bytes()), "a.pdf")}
        return client.post("/api/v1/documents", data=body, headers=headers, content_type="multipart/form-data")

    before = kept(embedded)
    with outage(embedded):
        answers = [(send(), taken), (client.get(SEARCH, headers=headers), searched)]
    for answer, status in answers:
        assert answer.status_code == status, answer.get_data(as_text=True)
        if status == 503:
            assert answer.content_type == "application/problem+json"
            assert answer.get_json()["status"] == 503
            assert "Traceback" not in answer.get_data(as_text=True)
    process_waiting(house)  # the next sweep, in which what is unfinished is taken away
    if taken == 503:
        assert kept(embedded) == before
    again = send()
    assert (again.status_code, again.get_json()["status"]) == (
        (201, "received") if taken == 503 else (200, "duplicate")
    )
    process_waiting(house)
    found = client.get(SEARCH, headers=headers).get_json()
    assert [hit["document_id"] for hit in found["hits"]] == [again.get_json()["document_id"]]
    assert doctor(house, OWNER).ok
