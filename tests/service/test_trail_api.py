"""The audit trail and evidence through the API."""

from flask import Flask

from service.access import people
from service.api.app import blueprint
from service.flow.archive import filing
from service.records import audit
from tests.service.conftest import OWNER
from tests.service.test_flow import new_contract


def test_the_trail_and_a_documents_evidence(embedded):
    house, app = embedded.house, Flask("test")
    app.register_blueprint(blueprint(house))
    client = app.test_client()
    with house.database.write() as session:
        for _ in range(3):
            audit.append(session, "person:xun", "loan.ask", "file:x")
    tokens = {login: people.create_token(house, OWNER, login, "test") for login in ("auditor", "handler")}

    def call(path, login="auditor", method="get"):
        headers = {"Authorization": f"Bearer {tokens[login]}"}
        return getattr(client, method)(f"/api/v1{path}", headers=headers)

    assert call("/audit?actor_name=person:xun&limit=2").json["total"] == 3
    assert call("/audit?day_from=tomorrow").status_code == 422
    assert call("/audit/export?form=jsonl&actor_name=person:xun").text.count("\n") == 3
    assert call("/audit/export?form=csv&actor_name=person:xun").data.count(b"\r\n") == 4
    assert call("/audit/export?form=xml").status_code == 422
    assert call("/audit/trail").data.splitlines()[-1].startswith(b'{"end"')
    assert len(call("/audit/checkpoints").json["checkpoints"]) == 1
    assert call("/audit/verification", method="post").json["ok"] is True
    for path in ("/audit", "/audit/export", "/audit/trail", "/audit/checkpoints"):
        assert call(path, "handler").status_code == 403

    document_id = embedded.take_in()
    answer = call(f"/documents/{document_id}/evidence", "handler")
    assert (answer.status_code, answer.data[:2]) == (200, b"PK")
    assert call(f"/documents/{document_id}/evidence").status_code in (403, 404)
    assert call("/documents/none/evidence", "handler").status_code == 404

    _, file_id = new_contract(embedded)
    assert call(f"/files/{file_id}/evidence", "handler").status_code == 422  # nothing lies in it yet
    filing.file_document(house, embedded["handler"], document_id, file_id, "1.9")
    answer = call(f"/files/{file_id}/evidence", "handler")
    assert (answer.status_code, answer.data[:2]) == (200, b"PK")
    assert call(f"/files/{file_id}/evidence").status_code in (403, 404)
