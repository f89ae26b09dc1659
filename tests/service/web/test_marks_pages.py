"""The pages on which a credit file's events and a document's marks are set."""

import re
from html import unescape

from service.flow import documents, filing
from tests.service.test_outlook import credit_file
from tests.service.web.conftest import Site


def test_an_event_is_looked_at_and_then_recorded(site: Site) -> None:
    file_id = credit_file(site.office, archived=True)
    browser = site.signed_in("administrator")
    path = f"/files/{file_id}/events"
    assert "先看保管期限" in browser.get(f"/files/{file_id}").text
    typed = {"form": "happening", "event": "ended", "ended_on": "2099-01-01", "note": "<b>注销"}
    refused = browser.post(path, typed)
    assert refused.status_code == 422
    assert 'value="2099-01-01"' in refused.text
    looked = browser.post(path, typed | {"ended_on": "2026-11-20"})
    assert looked.status_code == 200
    assert "2037-01-01" in looked.text
    assert filing.get_case_file(site.office.house, site.office["administrator"], file_id).closed_on is None
    form = looked.text.split('class="pad ahead')[1].split("</form>", 1)[0]
    fields = {n: unescape(v) for n, v in re.findall(r'name="([^"]+)" value="([^"]*)"', form)}
    fields.pop("csrf_token")
    assert fields["note"] == "<b>注销"
    assert browser.post(path, fields).status_code == 303
    page = browser.get(f"/files/{file_id}").text
    assert "已记下：客户关系终止。" in page
    assert "已终止" in page
    assert '<option value="ended"' not in page
    assert "先看保管期限" not in site.signed_in("archivist").get(f"/files/{file_id}").text
    assert site.signed_in("archivist").post(path, fields).status_code == 403


def test_original_and_tier_are_set_with_a_reason(site: Site) -> None:
    document_id = site.office.take_in()
    house, who = site.office.house, site.office["administrator"]
    browser = site.signed_in("administrator")
    page = browser.get(f"/documents/{document_id}").text
    assert re.findall(r'<option value="(public|internal|secret|core)"', page) == [
        "public",
        "internal",
    ]  # not above one's own
    path = f"/documents/{document_id}/marks"
    refused = browser.post(path, {"form": "marks", "original": "yes", "tier": "public", "reason": " "})
    assert refused.status_code == 422
    same = browser.post(path, {"form": "marks", "original": "no", "tier": "internal", "reason": "x"})
    assert "什么都没有改。" in same.text
    done = browser.post(path, {"form": "marks", "original": "yes", "tier": "public", "reason": "核对纸质件"})
    assert done.status_code == 303
    document = documents.get_document(house, who, document_id)
    assert (document.is_original, document.tier) == (True, "public")
    handler = site.signed_in("handler")
    page = handler.get(f"/documents/{document_id}").text
    assert 'name="original"' in page
    assert 'name="tier"' not in page
    assert handler.post(path, {"original": "no", "tier": "internal", "reason": "x"}).status_code == 403
    assert documents.get_document(house, who, document_id).is_original  # all or nothing
