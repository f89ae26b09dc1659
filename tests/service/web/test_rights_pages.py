"""The page of papers and grants."""

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
