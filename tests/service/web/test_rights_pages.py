"""The page of papers and grants."""

from markupsafe import escape

from service.flow.archive import grants
from service.records.tables import CaseFile, Document
from tests.service.conftest import OWNER
from tests.service.web.conftest import Town


def test_a_paper_is_entered_and_revoked_and_nobody_enters_their_own(town: Town) -> None:
    browser = town.signed_in("administrator")
    assert "没有授权。" in browser.get("/rights").text
    paper = {"login": "handler", "kind": "exam", "valid_from": "2026-01-05", "valid_until": "", "note": "人事档案"}
    assert browser.post("/rights/papers", {"form": "paper", **paper}).status_code == 303
    page = browser.get("/rights?login=handler").text
    assert "2026-01-05" in page
    own = browser.post("/rights/papers", {"form": "paper", **paper, "login": "administrator"})
    assert own.status_code == 409
    assert "自己的证明由别人登记" in own.text
    wrong = browser.post("/rights/papers", {"form": "paper", **paper, "valid_from": "tomorrow"})
    assert wrong.status_code == 422


def test_a_document_is_opened_to_someone_and_shut_again(town: Town) -> None:
    stranger, document = town.signed_in("stranger"), town.ids["document"]
    assert stranger.get(f"/documents/{document}").status_code == 404
    browser = town.signed_in("archivist")
    given = {
        "login": "stranger",
        "kind": "document",
        "subject_id": document,
        "until": "2099-12-31",
        "reason": "lawsuit",
    }
    assert browser.post("/rights/grants", {"form": "grant", **given, "tier": ""}).status_code == 303
    assert stranger.get(f"/documents/{document}").status_code == 200
    page = browser.get("/rights").text
    end = page.split('action="/rights/grants/')[1].split("/end")[0]
    assert browser.post(f"/rights/grants/{end}/end", {}).status_code == 303
    assert stranger.get(f"/documents/{document}").status_code == 404


def test_what_is_opened_is_named_to_who_may_read_it_and_to_nobody_else(town: Town) -> None:
    house, document = town.office.house, town.ids["document"]
    file_id = town.ids["file"]
    with house.database.read() as session:
        title = session.get_one(Document, document).title
        number = session.get_one(CaseFile, file_id).contract.number
    browser = town.signed_in("archivist")
    for kind, said in (("document", f"http://localhost/documents/{document}?q=1"), ("file", number)):
        given = {"login": "stranger", "kind": kind, "subject_id": said, "until": "2099-12-31", "reason": "lawsuit"}
        assert browser.post("/rights/grants", {"form": "grant", **given, "tier": ""}).status_code == 303
    page = browser.get("/rights").text
    assert f'<a href="/documents/{document}">' in page
    assert f'<a href="/files/{file_id}">' in page
    assert escape(title) in page
    assert "stranger 某" in page

    town.office.hire("guard", "security_administrator", clearance="core")
    told = town.signed_in("guard").get("/rights").text
    assert document in told
    assert escape(title) not in told
    assert f'href="/documents/{document}"' not in told
    for grant in grants.list_grants(house, OWNER):  # the town is for all
        grants.end_grant(house, OWNER, grant.id)
