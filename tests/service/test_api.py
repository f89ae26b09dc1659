"""The HTTP API: the main job with bearer tokens, problems as RFC 9457, an OpenAPI document that is one."""

import errno
import io
from dataclasses import replace

import pytest
from flask import Flask

from service.access import people
from service.api.app import blueprint, watch
from service.errors import BadInput
from service.flow.archive import reviews
from service.flow.intake.process import process
from tests.contract.toxic import Toxic
from tests.service import bad_files
from tests.service.conftest import DIGITAL, OWNER
from tests.service.test_flow import due_file, new_contract, propose
from vault.vault import Vault


@pytest.fixture
def client(embedded):
    app = Flask("test")
    app.register_blueprint(blueprint(embedded.house))
    app.register_blueprint(watch(embedded.house))
    return app.test_client()


@pytest.fixture
def headers(embedded):
    """Return the headers of a person by login."""

    def of(login: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {people.create_token(embedded.house, OWNER, login, 'test')}"}

    return of


def upload(client, headers, data: bytes | None = None, name: str = "a.pdf"):
    body = {"file": (io.BytesIO(DIGITAL.read_bytes() if data is None else data), name)}
    return client.post("/api/v1/documents", data=body, headers=headers, content_type="multipart/form-data")


def test_upload_read_search_download(client, headers, embedded):
    mine = headers("handler")
    answer = upload(client, mine)
    assert answer.status_code == 201
    document_id = answer.get_json()["document_id"]
    assert answer.headers["Location"].endswith(document_id)
    again = upload(client, mine)
    assert (again.status_code, again.get_json()["status"]) == (200, "duplicate")
    assert again.get_json()["document_id"] == document_id
    process(embedded.house, document_id)
    shown = client.get(f"/api/v1/documents/{document_id}", headers=mine).get_json()
    assert shown["fields"]["amount"]["value"] == "680000.00"
    found = client.get("/api/v1/search?q=技术服务", headers=mine).get_json()
    assert found["total"] == 1
    assert found["hits"][0]["boxes"]
    original = client.get(f"/api/v1/documents/{document_id}/renditions/original", headers=mine)
    assert original.data == DIGITAL.read_bytes()
    assert original.headers["Content-Disposition"].startswith("attachment")
    page = client.get(f"/api/v1/documents/{document_id}/pages/1", headers=mine).get_json()
    assert any("技术服务" in line["text"] for line in page["lines"])


def test_bad_uploads_are_problems_and_store_nothing(client, headers, embedded, tmp_path):
    mine = headers("handler")
    embedded.house.settings = replace(embedded.house.settings, max_pages=bad_files.MAX_PAGES)
    sent = [(DIGITAL.read_bytes(), name) for name in (*bad_files.NAMES[:2], *bad_files.SENT_NAMES)]
    for name, make in bad_files.CONTENTS.items():
        make(tmp_path / name)
        sent.append(((tmp_path / name).read_bytes(), name))
    for data, name in sent:
        answer = upload(client, mine, data, name)
        assert answer.status_code == 422, name
        assert answer.content_type == "application/problem+json"
        assert answer.get_json()["code"]
        assert "\n" not in answer.get_json()["title"]
    assert client.post("/api/v1/documents", headers=mine).status_code == 422
    assert list(embedded.house.vault.store.names()) == []
    assert list(embedded.house.index.documents()) == []
    assert client.get("/api/v1/documents", headers=mine).get_json()["documents"] == []


def test_a_full_disk_is_said_and_nothing_is_kept(client, headers, embedded, monkeypatch):
    mine = headers("handler")

    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("service.flow.intake.receive.shutil.copyfileobj", full)
        answer = upload(client, mine)
    assert (answer.status_code, answer.content_type) == (507, "application/problem+json")
    assert "disk of the archive is full" in answer.get_json()["title"]
    assert list(embedded.house.vault.store.names()) == []
    assert upload(client, mine).status_code == 201


@pytest.mark.parametrize("split", ["", "true"])
def test_a_full_store_is_said_as_a_full_disk_is(client, headers, embedded, split):
    mine, house = headers("handler"), embedded.house
    store = Toxic(house.vault.store)
    house.vault, store.trouble = Vault(store), "full"
    body = {"file": (io.BytesIO(DIGITAL.read_bytes()), "a.pdf")} | ({"split": split} if split else {})
    answer = client.post("/api/v1/documents", data=body, headers=mine, content_type="multipart/form-data")
    assert (answer.status_code, "disk of the archive is full" in answer.get_json()["title"]) == (507, True)
    store.trouble = ""
    assert upload(client, mine).status_code == 201


def test_who_may_not_is_told_and_learns_nothing(client, headers, embedded):
    assert client.get("/api/v1/documents").status_code == 401
    assert client.get("/api/v1/documents", headers={"Authorization": "Bearer jz_x"}).status_code == 401
    answer = upload(client, headers("auditor"))
    assert answer.status_code == 403
    assert "role" in answer.get_json()["title"]
    document_id = upload(client, headers("handler")).get_json()["document_id"]
    other = people.create_department(embedded.house, OWNER, "CG", "采购部")
    embedded.hire("stranger", "handler", department_id=other.id)
    for path in ("", "/pages/1", "/renditions/original"):
        answer = client.get(f"/api/v1/documents/{document_id}{path}", headers=headers("stranger"))
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/search?q=", None, 400),
        ("GET", "/search?q=%22open", None, 400),
        ("GET", "/search?q=a&limit=0", None, 422),
        ("GET", "/search?q=a&offset=x", None, 422),
        ("GET", "/documents?colour=red", None, 422),
        ("GET", "/nothing", None, 404),
        ("GET", "/documents/none", None, 404),
        ("POST", "/contracts", {"title": "x"}, 422),
        ("POST", "/contracts/none/events", {"kind": "signed", "finished_on": "2026-01-01"}, 404),
        ("POST", "/files/none/archiving", None, 404),
    ],
)
def test_bad_calls_are_problems(client, headers, method, path, body, status):
    answer = client.open(f"/api/v1{path}", method=method, json=body, headers=headers("handler"))
    assert answer.status_code == status, answer.data
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["title"]


def test_a_bad_query_says_where(client, headers):
    answer = client.get("/api/v1/search", query_string={"q": '合同 "未完'}, headers=headers("handler"))
    assert answer.get_json()["position"] == 3


def test_contract_to_archive(client, headers, embedded):
    handler, administrator, archivist = headers("handler"), headers("administrator"), headers("archivist")
    body = {
        "department_id": embedded.department_id,
        "title": "技术服务合同",
        "counterparty": "云桥智联信息技术有限公司",
        "handler_id": embedded["handler"].person_id,
        "signed_on": "2026-11-02",
    }
    contract = client.post("/api/v1/contracts", json=body, headers=handler)
    assert contract.status_code == 201
    assert contract.get_json()["number"] == "HT-XS-2026-0001"
    (file,) = client.get("/api/v1/files", headers=handler).get_json()["files"]
    shown = client.get(f"/api/v1/files/{file['id']}", headers=handler).get_json()
    assert len(shown["missing"]) == 11
    for category in shown["missing"]:
        path = f"/api/v1/files/{file['id']}/not-applicable/{category}"
        assert client.put(path, json={"reason": "无"}, headers=handler).status_code == 204
    (transfer,) = client.get("/api/v1/transfers", headers=handler).get_json()["transfers"]
    assert transfer["due_on"] == "2026-12-02"
    path = f"/api/v1/transfers/{transfer['id']}"
    assert client.post(f"{path}/acceptance", headers=administrator).status_code == 409
    assert client.post(f"{path}/handing-over", headers=handler).status_code == 204
    assert client.post(f"{path}/acceptance", headers=administrator).status_code == 204
    (second,) = client.get("/api/v1/transfers?stage=archive", headers=administrator).get_json()["transfers"]
    assert client.post(f"/api/v1/files/{file['id']}/archiving", headers=archivist).status_code == 409
    path = f"/api/v1/transfers/{second['id']}/handing-over"
    assert client.post(path, headers=administrator).status_code == 204
    archived = client.post(f"/api/v1/files/{file['id']}/archiving", headers=archivist).get_json()
    assert archived["archive_number"] == "J001-HT·2026-D30-XS-0001"


def test_the_openapi_document_is_valid_and_covers_every_resource(client):
    document = client.get("/api/v1/openapi.json").get_json()
    from openapi_spec_validator import validate  # two seconds of every test process

    validate(document)
    assert document["openapi"].startswith("3.1")
    resources = {path.split("/")[1] for path in document["paths"]}
    assert {
        *("documents", "search", "customers", "contracts", "files", "transfers", "retention", "holds"),
        *("destructions", "access-requests", "audit"),
    } <= resources


def test_watching(client, embedded, monkeypatch):
    from vault.errors import StoreUnavailable

    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").get_json() == {
        "status": "ok",
        "database": "ok",
        "objects": "ok",
        "search": "ok",
    }
    assert b"juanzong_documents" in client.get("/metrics").data

    def down() -> None:
        raise StoreUnavailable("down")

    monkeypatch.setattr(embedded.house.vault.store, "check", down)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["objects"]) == (503, "down")


@pytest.mark.parametrize(
    ("address", "forwarded", "login", "status"),
    [
        ("127.0.0.1", None, None, 200),
        ("::1", None, None, 200),
        ("10.0.0.7", None, None, 403),
        ("127.0.0.1", "10.0.0.7", None, 403),
        ("10.0.0.7", "127.0.0.1", None, 403),
        ("10.0.0.7", None, "handler", 403),
        ("10.0.0.7", None, "auditor", 200),
        ("127.0.0.1", "10.0.0.7", "keeper", 200),
    ],
)
def test_metrics_are_for_this_machine_and_for_those_who_watch_it(
    client, headers, embedded, address, forwarded, login, status
):
    embedded.hire("keeper", "administrator")
    sent = headers(login) if login else {}
    if forwarded:
        sent["X-Forwarded-For"] = forwarded
    answer = client.get("/metrics", headers=sent, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status
    assert (answer.content_type == "application/problem+json") == (status == 403)
    assert (b"juanzong_documents" in answer.data) == (status == 200)


def test_a_wrong_token_sees_no_metrics(client):
    sent = {"Authorization": "Bearer jz_wrong"}
    assert client.get("/metrics", headers=sent, environ_base={"REMOTE_ADDR": "10.0.0.7"}).status_code == 403


def test_a_file_is_shown_with_the_documents_in_it(client, headers, embedded):
    handler = headers("handler")
    _, file_id = new_contract(embedded)
    document_id = embedded.take_in()
    path = f"/api/v1/documents/{document_id}/file"
    assert client.put(path, json={"case_file_id": file_id}, headers=handler).status_code == 200
    shown = client.get(f"/api/v1/files/{file_id}", headers=handler)
    assert shown.status_code == 200
    (document,) = shown.get_json()["documents"]
    assert (document["document_id"], document["case_file_id"]) == (document_id, file_id)
    assert document["fields"]["amount"]["value"] == "680000.00"


def test_whoever_calls_finds_the_ids_that_other_calls_want(client, headers, embedded):
    found = client.get("/api/v1/directory", headers=headers("handler")).get_json()
    assert embedded.department_id in {d["id"] for d in found["departments"]}
    assert embedded["handler"].person_id in {p["id"] for p in found["people"]}


def test_a_read_contract_is_offered_as_an_entry(client, headers, embedded):
    handler = headers("handler")
    document_id = embedded.take_in()
    given = client.get(f"/api/v1/documents/{document_id}/contract-entry", headers=handler).get_json()
    assert given["amount"] == "680000.00"
    del given["warnings"]
    assert client.post("/api/v1/contracts", json=given, headers=handler).status_code == 201


def test_a_customers_credit_file_is_opened_once(client, headers, embedded):
    administrator = headers("administrator")
    new_contract(embedded)
    (customer,) = client.get("/api/v1/customers", headers=administrator).get_json()["customers"]
    path = f"/api/v1/customers/{customer['id']}/credit-file"
    one, two = (client.post(path, headers=administrator).get_json() for _ in range(2))
    assert one["id"] == two["id"]


def test_a_review_is_thinned_out_and_refused(client, headers, embedded):
    file_id, _ = due_file(embedded)
    review_id = propose(embedded, file_id)
    path = f"/api/v1/destructions/{review_id}"
    body = {"file_id": file_id, "reason": "仍有争议"}
    assert client.post(f"{path}/files-taken-off", json=body, headers=headers("first")).status_code == 204
    again = propose(embedded, file_id)
    silent = {"file_id": file_id, "decision": "destroy", "reason": " "}
    refused = client.post(f"/api/v1/destructions/{again}/opinions", json=silent, headers=headers("first"))
    assert refused.status_code == 422
    assert "reason" in refused.get_json()["title"]
    for name in ("first", "second", "third"):
        reviews.add_opinion(embedded.house, embedded[name], again, file_id, "destroy", None, "期满，无继续保存价值")
    path = f"/api/v1/destructions/{again}"
    assert client.post(f"{path}/rejection", json={"reason": "再留一年"}, headers=headers("first")).status_code == 403
    assert client.post(f"{path}/rejection", json={"reason": "再留一年"}, headers=headers("head")).status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/contracts", {"title": "采购\u0000合同"}),
        ("POST", "/api/v1/contracts", {"counterparty": "某公司\x1b[2J"}),
        ("GET", "/api/v1/documents/%00", None),
        ("GET", "/api/v1/contracts?text=%00", None),
        ("GET", "/api/v1/documents?status=%00", None),
    ],
)
def test_control_characters_stop_at_the_door(client, headers, embedded, method, path, body):
    given = {
        "department_id": embedded.department_id,
        "title": "采购合同",
        "counterparty": "某公司",
        "handler_id": embedded["handler"].person_id,
    }
    answer = client.open(path, method=method, json=body and given | body, headers=headers("handler"))
    assert answer.status_code == 422
    assert "control characters" in answer.get_json()["title"]


@pytest.mark.parametrize("day", ["2026-W01-1", "20260101", "2026-1-1", "２０２６-01-01", "2026-02-30"])
def test_a_day_has_one_form(client, headers, embedded, day):
    body = {
        "department_id": embedded.department_id,
        "title": "采购合同",
        "counterparty": "某公司",
        "handler_id": embedded["handler"].person_id,
        "signed_on": day,
    }
    answer = client.post("/api/v1/contracts", json=body, headers=headers("handler"))
    assert answer.status_code == 422
    with pytest.raises(BadInput, match="until"):
        reviews.add_opinions(embedded.house, OWNER, "any", ["any"], "keep_until", day, "再留")


@pytest.mark.parametrize("amount", ["1e5", "1_000", "１２３", "-0", "1.239", "12,34", "NaN", ".5"])
def test_an_amount_has_one_form_and_is_never_rounded(client, headers, embedded, amount):
    body = {
        "department_id": embedded.department_id,
        "title": "采购合同",
        "counterparty": "某公司",
        "handler_id": embedded["handler"].person_id,
        "amount": amount,
    }
    answer = client.post("/api/v1/contracts", json=body, headers=headers("handler"))
    assert answer.status_code == 422
    assert "amount" in answer.get_json()["errors"]
