"""Checking through the API and the command line: the same rules, the same words."""

import csv
import io
import json
import re

import pytest

from service.flow.archive import filing
from service.flow.common.values import Entry
from service.flow.intake import documents
from service.records.tables import Document
from tests.service.conftest import DIGITAL, OWNER, embedded_env
from tests.service.test_api import client, headers
from tests.service.test_checking import OTHER, PARTY_B, brought, misread, say, several
from tests.service.test_facts import statements
from tests.service.test_flow import new_contract
from vault.errors import StoreUnavailable

__all__ = ["client", "headers"]


@pytest.fixture
def document_id(embedded):
    return embedded.take_in()


def test_a_queue_is_worked_through(client, headers, embedded):
    first, second = several(embedded, 2)
    administrator, archivist = headers("administrator"), headers("archivist")
    listed = client.get("/api/v1/review-queue", headers=administrator).get_json()
    assert (listed["total"], [d["document_id"] for d in listed["documents"]]) == (2, [first, second])
    assert listed["documents"][0]["verification"] == "unconfirmed"
    taken = client.post("/api/v1/review-queue/next", json={}, headers=administrator).get_json()
    assert taken == {"document_id": first}
    assert client.post("/api/v1/review-queue/next", json={}, headers=archivist).get_json() == {"document_id": second}
    listed = client.get("/api/v1/review-queue", headers=archivist).get_json()
    assert [d["held_by"] for d in listed["documents"]] == ["person:administrator", "person:archivist"]
    held = client.put(f"/api/v1/documents/{first}/desk", headers=archivist).get_json()
    assert (held["held_by"], held["mine"]) == ("person:administrator", False)
    assert client.delete(f"/api/v1/documents/{first}/desk", headers=administrator).status_code == 204
    assert client.put(f"/api/v1/documents/{first}/desk", headers=archivist).get_json()["mine"]
    body = {"after": second, "reason": "look"}
    assert client.post("/api/v1/review-queue/next", json=body, headers=archivist).get_json() == {"document_id": first}
    assert client.get("/api/v1/review-queue?reason=no!", headers=archivist).status_code == 422
    assert client.get("/api/v1/review-queue", headers=headers("auditor")).status_code == 403


def test_the_queue_says_who_brought_a_document_and_with_which_letter_it_came(client, headers, embedded):
    by_person, in_folder, with_letter = brought(embedded)
    listed = client.get("/api/v1/review-queue", headers=headers("administrator")).get_json()["documents"]
    assert [(d["document_id"], d["received_by"], d["channel"], d["letter"]) for d in listed] == [
        (by_person, "person:handler", "web", None),
        (in_folder, "system", "folder", None),
        (with_letter, "system", "mail", {"from": "wang.fang@partner.example", "subject": "三月的合同"}),
    ]


def test_what_is_said_of_values_and_taken_back(client, headers, document_id):
    path = f"/api/v1/documents/{document_id}"
    shown = client.get(path, headers=headers("administrator")).get_json()
    assert shown["verification"] == "unconfirmed"
    assert {f["state"] for f in shown["fields"].values()} == {"unconfirmed"}
    typed = {"party_b": {"value": OTHER, "seen": PARTY_B, "page": 1, "box": [1, 2, 3, 4]}}
    body = {"values": typed, "confirm": {"title": "技术服务合同"}}
    said = client.post(f"{path}/check", json=body, headers=headers("administrator")).get_json()["fields"]
    assert (said["party_b"]["value"], said["party_b"]["state"], said["party_b"]["box"]) == (
        OTHER,
        "entered",
        [1, 2, 3, 4],
    )
    assert (said["party_b"]["read_value"], said["party_b"]["verified"]) == (PARTY_B, False)
    assert said["title"]["state"] == "once"
    undone = client.post(f"{path}/undo", headers=headers("administrator"))
    assert undone.get_json()["fields"]["party_b"]["value"] == PARTY_B
    assert client.post(f"{path}/undo", headers=headers("administrator")).status_code == 409


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"values": {"signed_on": {"value": "soon"}}}, "signed_on"),
        ({"values": {"party_b": {"value": "甲", "seen": "乙"}}}, "party_b"),
        ({"values": {"party_b_code": {"value": "91440305MAPQNNYL20"}}}, "party_b_code"),
        ({"values": {"title": {"value": "甲", "page": 1, "box": [9, 9, 1, 1]}}}, "title"),
        ({"values": {"title": {"value": "甲", "colour": "red"}}}, "values.title.colour"),
        ({"confirm": {"no_such": "x"}}, "no_such"),
        ({"decide": {"title": "x"}}, "title"),
        ({"category": "9.9"}, "category"),
        ({"values": {"../x": {"value": "甲"}}}, "name"),
    ],
)
def test_what_cannot_be_said_is_refused_by_field_and_changes_nothing(
    client, headers, embedded, document_id, body, wrong
):
    before = documents.get_document(embedded.house, OWNER, document_id)
    answer = client.post(f"/api/v1/documents/{document_id}/check", json=body, headers=headers("administrator"))
    assert answer.status_code == 422, answer.data
    assert wrong in answer.get_json()["errors"]
    after = documents.get_document(embedded.house, OWNER, document_id)
    assert [(f.name, f.value, f.confirmed_by) for f in after.fields] == [
        (f.name, f.value, f.confirmed_by) for f in before.fields]  # fmt: skip


def test_reasons_of_the_pages_are_settled_by_name(client, headers, embedded, document_id):
    with embedded.house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.review_reasons = "needs_review", [f"rescan:{page}:blurred" for page in (1, 2, 3)]
    path, as_person = f"/api/v1/documents/{document_id}", {"headers": headers("administrator")}
    client.get(path, **as_person)
    for step, body, left in (
        ("check", {"finish": True}, 3),
        ("check", {"finish": True, "dismiss": ["rescan:1:blurred"]}, 2),
        ("confirmation", {}, 2),
        ("confirmation", {"fields": ["title"], "dismiss": ["rescan:2:blurred"]}, 1),
        ("confirmation", {"dismiss": ["rescan:3:blurred"]}, 0),
    ):
        answer = client.post(f"{path}/{step}", json=body, **as_person)
        assert (answer.status_code, len(answer.get_json()["review_reasons"])) == (200, left), (step, body)
    gone = client.post(f"{path}/check", json={"dismiss": ["rescan:1:blurred"]}, **as_person)
    assert gone.status_code == 200
    of_value = client.post(f"{path}/check", json={"dismiss": ["missing:agent"]}, **as_person)
    assert (of_value.status_code, list(of_value.get_json()["errors"])) == (422, ["dismiss"])


def test_nobody_confirms_a_value_they_have_not_seen(client, headers, embedded, document_id):
    path, first = f"/api/v1/documents/{document_id}", {"headers": headers("administrator")}
    assert client.post(f"{path}/confirmation", json={"fields": ["title"]}, **first).status_code == 409  # never looked
    shown = client.get(path, **first).get_json()["fields"]
    say(embedded, "archivist", document_id, entries=[Entry("party_b", OTHER, PARTY_B)])
    for body in ({}, {"fields": ["party_b"]}):
        refused = client.post(f"{path}/confirmation", json=body, **first)
        assert (refused.status_code, "get the document again" in refused.text) == (409, True)
    late = client.post(f"{path}/confirmation", json={"fields": {"party_b": shown["party_b"]["value"]}}, **first)
    assert (late.status_code, list(late.get_json()["errors"])) == (422, ["party_b"])
    other = client.post(f"{path}/confirmation", json={"fields": {"title": shown["title"]["value"]}}, **first)
    assert other.get_json()["fields"]["title"]["confirmed_by"] == ["person:administrator"]
    seen = client.get(path, **first).get_json()["fields"]
    assert seen["party_b"]["confirmed_by"] == []
    said = client.post(f"{path}/confirmation", json={}, **first)
    assert said.get_json()["fields"]["party_b"]["confirmed_by"] == ["person:administrator"]


def test_what_is_not_confirmed_along_is_told_with_what_speaks_against_it(client, headers, embedded, document_id):
    misread(embedded, document_id, amount="860000.00")
    path, as_person = f"/api/v1/documents/{document_id}", {"headers": headers("administrator")}
    client.get(path, **as_person)
    everything = {"confirm": {"amount": "860000.00", "title": "技术服务合同"}, "finish": True}
    for step, body in (("confirmation", {}), ("check", everything)):
        said = client.post(f"{path}/{step}", json=body, **as_person).get_json()
        assert said["held_back"] == {"amount": "amount_mismatch"}
        assert said["fields"]["amount"]["confirmed_by"] == []
    said = client.post(f"{path}/check", json={**everything, "as_printed": ["amount"]}, **as_person).get_json()
    assert (said["held_back"], said["fields"]["amount"]["state"]) == ({}, "once")


def test_a_file_and_the_command_line_tell_of_values_what_their_document_tells(
    client, headers, embedded, document_id, monkeypatch, juanzong_here, tmp_path
):
    _, file_id = new_contract(embedded)
    filing.file_document(embedded.house, embedded["handler"], document_id, file_id)
    misread(embedded, document_id, amount="860000.00")
    path, as_person = f"/api/v1/files/{file_id}", {"headers": headers("administrator")}

    def marks(answer):
        return {name: one["marks"] for name, one in answer["fields"].items()}

    (listed,) = client.get(path, **as_person).get_json()["documents"]
    assert marks(listed)["amount"] == ["amount_mismatch"]
    assert marks(listed) == marks(client.get(f"/api/v1/documents/{document_id}", **as_person).get_json())
    assert "amount_mismatch" in juanzong_here(embedded.env, "show", document_id).stdout
    asked = statements(embedded, lambda: client.get(path, **as_person))
    for name in ("again.pdf", "once more.pdf"):
        (tmp_path / name).write_bytes(DIGITAL.read_bytes() + name.encode())
        other = embedded.take_in(tmp_path / name)
        filing.file_document(embedded.house, embedded["handler"], other, file_id)
    assert len(client.get(path, **as_person).get_json()["documents"]) == 3
    assert statements(embedded, lambda: client.get(path, **as_person)) == asked

    def down(*_asked):
        raise StoreUnavailable("the object store is down")

    monkeypatch.setattr(embedded.house.vault, "open", down)
    assert marks(client.get(path, **as_person).get_json()["documents"][0])["party_b_code"] == ["check_digit_ok"]


def test_a_disagreement_is_shown_and_decided(client, headers, embedded, document_id):
    say(embedded, "administrator", document_id, seen={"party_b": PARTY_B})
    path = f"/api/v1/documents/{document_id}"
    answer = client.patch(path, json={"fields": {"party_b": OTHER}}, headers=headers("archivist")).get_json()
    assert answer["verification"] == "disputed"
    assert answer["fields"]["party_b"]["disputed"] == {"value": OTHER, "by": "person:archivist"}
    body = {"decide": {"party_b": PARTY_B}}
    assert client.post(f"{path}/check", json=body, headers=headers("archivist")).status_code == 422
    said = client.post(f"{path}/check", json=body, headers=headers("handler")).get_json()["fields"]["party_b"]
    assert (said["state"], said["disputed"], said["confirmed_by"]) == (
        "verified", None, ["person:administrator", "person:handler"])  # fmt: skip
    hits = client.get("/api/v1/search?q=技术服务", headers=headers("handler")).get_json()["hits"]
    assert hits[0]["verification"] == "unconfirmed"


def test_nobody_else_learns_of_it(client, headers, embedded, document_id):
    for method, path, body, auditor in (
        ("POST", "check", {"finish": True}, 404),
        ("POST", "undo", None, 404),
        ("PUT", "desk", None, 404),
        ("DELETE", "desk", None, 403),  # said before anything is looked for: the same when there is no such document
    ):
        for login, status in (("auditor", auditor), ("head", 403)):
            answer = client.open(
                f"/api/v1/documents/{document_id}/{path}", method=method, json=body, headers=headers(login)
            )
            assert answer.status_code == status, (method, path, login)
    with embedded.house.database.read() as session:
        assert session.get_one(Document, document_id).checked_by == []
    assert client.get("/api/v1/reports/extraction", headers=headers("head")).status_code == 403


def test_the_report_as_json_and_as_a_table(client, headers, embedded, document_id):
    say(embedded, "administrator", document_id, entries=[], seen={"title": "技术服务合同"})
    documents.correct_field(embedded.house, embedded["administrator"], document_id, "party_b", OTHER)
    found = client.get("/api/v1/reports/extraction", headers=headers("auditor")).get_json()
    (row,) = (row for row in found["fields"] if row["field"] == "party_b")
    assert (row["category"], row["read"], row["corrected"], row["sure_wrong"], row["right"]) == ("1.9", 1, 1, 1, 0.0)
    assert found["calibration"] == [{"lowest": 0.99, "checked": 2, "wrong": 1}]
    assert found["category_calibration"] == []
    assert found["engines"] == {"text-layer": {"checked": 2, "wrong": 1}}
    assert OTHER not in json.dumps(found, ensure_ascii=False)
    table = client.get("/api/v1/reports/extraction?form=csv", headers=headers("auditor"))
    rows = list(csv.DictReader(io.StringIO(table.data.decode("utf-8-sig"))))
    assert next(r for r in rows if r["field"] == "title")["right"] == "1.0000"
    with embedded.house.database.write() as session:
        session.get_one(Document, document_id).checked_by = ["person:administrator"]
    categories = client.get("/api/v1/reports/extraction?form=csv&table=categories", headers=headers("auditor"))
    assert categories.data.decode("utf-8-sig").splitlines() == ["read_as,category,documents,right", "1.9,1.9,1,1"]
    assert (
        client.get("/api/v1/reports/extraction?since=2999-01-01", headers=headers("auditor")).get_json()["fields"] == []
    )
    assert client.get("/api/v1/reports/extraction?since=never", headers=headers("auditor")).status_code == 422


def test_the_report_of_the_command_line(juanzong_here, embedded, document_id):
    documents.correct_field(embedded.house, embedded["administrator"], document_id, "party_b", OTHER)
    env = embedded_env(embedded.house.settings.home)
    found = json.loads(juanzong_here(env, "extraction", "report", "--json").stdout)
    assert [row["corrected"] for row in found["fields"] if row["field"] == "party_b"] == [1]
    plain = juanzong_here(env, "extraction", "report")
    assert "1.9\tparty_b\t1\t0\t0\t1\t0\t0\t0\t0.00%\t1 of 1" in plain.stdout
    assert "values read with a confidence from 0.99: 1 wrong of 1 checked" in plain.stderr
    documents.set_category(embedded.house, embedded["administrator"], document_id, "1.2")
    found = json.loads(juanzong_here(env, "extraction", "report", "--json").stdout)
    assert found["categories"] == [{"read_as": "1.9", "category": "1.2", "documents": 1, "right": False}]
    plain = juanzong_here(env, "extraction", "report")
    assert "1.9\t1.2\t1\tcorrected" in plain.stdout
    assert re.search(r"categories read with a confidence from 0\.9\d: 1 wrong of 1 checked", plain.stderr)
    assert juanzong_here(env, "extraction", "report", "--since", "2999-01-01", "--json").returncode == 0
    assert "does not match the format" in juanzong_here(env, "extraction", "report", "--since", "x", check=2).stderr
