"""The pages on which a credit file's events and a document's marks are set."""

import io
import re
import zipfile
from html import unescape

from sqlalchemy import delete

from service.access import people
from service.flow.archive import filing
from service.flow.intake import documents
from service.records.tables import Document, Rendition
from tests.service.conftest import OWNER
from tests.service.test_flow import new_contract
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


def test_the_tier_of_a_file_is_set_with_a_reason(site: Site) -> None:
    _, file_id = new_contract(site.office)
    house = site.office.house
    browser, path = site.signed_in("archivist"), f"/files/{file_id}/tier"
    page = browser.get(f"/files/{file_id}").text
    form = page.split(f'action="{path}"')[1].split("</form>")[0]
    assert re.findall(r'<option value="(\w+)"', form) == ["public", "internal"]  # not above one's own
    refused = browser.post(path, {"form": "tier", "tier": "public", "reason": " "})
    assert refused.status_code == 422
    assert browser.post(path, {"form": "tier", "tier": "secret", "reason": "r"}).status_code == 403
    assert browser.post(path, {"form": "tier", "tier": "public", "reason": "解密"}).status_code == 303
    assert filing.get_case_file(house, site.office["archivist"], file_id).tier == "public"
    handler = site.signed_in("handler")
    assert f'action="{path}"' not in handler.get(f"/files/{file_id}").text
    assert handler.post(path, {"tier": "internal", "reason": "r"}).status_code == 403


def test_a_document_and_a_file_give_their_evidence_with_a_chinese_cover(site: Site) -> None:
    _, file_id = new_contract(site.office)
    document_id = site.office.take_in()
    filing.file_document(site.office.house, site.office["handler"], document_id, file_id, "1.9")
    browser = site.signed_in("handler")
    browser.client.set_cookie("language", "en")
    for path in (f"/documents/{document_id}", f"/files/{file_id}"):
        assert f'href="{path}/evidence"' in browser.get(path).text
        answer = browser.get(f"{path}/evidence")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        with zipfile.ZipFile(io.BytesIO(answer.data)) as whole:
            inner = [name for name in whole.namelist() if name.endswith(".zip")]
            with zipfile.ZipFile(io.BytesIO(whole.read(inner[0]) if inner else answer.data)) as package:
                cover = package.read("cover.html").decode()
        assert "文件：收下" in cover
        assert "1.9 " in cover
    other = people.create_department(site.office.house, OWNER, "CG", "采购部")
    site.office.hire("stranger", "handler", department_id=other.id)
    for path in (f"/documents/{document_id}", f"/files/{file_id}"):
        assert site.signed_in("stranger").get(f"{path}/evidence").status_code == 404


def test_a_classified_recording_says_who_plays_it_and_plays_for_who_keeps_it(site: Site) -> None:
    office = site.office
    document_id = office.take_in()
    with office.house.database.write() as session:
        session.get_one(Document, document_id).media_type = "video/mp4"
        session.execute(delete(Rendition).where(Rendition.document_id == document_id, Rendition.kind != "original"))
    office.hire("keeper", "archivist", clearance="secret")
    office.hire("reader", "handler", clearance="secret")
    page = site.signed_in("reader").get(f"/documents/{document_id}").text
    assert "<video" in page
    assert 'class="watermark"' not in page
    documents.set_tier(office.house, OWNER, document_id, "secret", "定密")
    page = site.signed_in("keeper").get(f"/documents/{document_id}").text
    assert "<video" in page
    assert page.count("<span>keeper 某 keeper 20") == 12
    assert "由 keeper 某 keeper 20" in page
    page = site.signed_in("reader").get(f"/documents/{document_id}").text
    assert "<video" not in page
    assert "只有信用管理员和档案管理员能播放" in page
    assert f"/documents/{document_id}/evidence" not in page
    assert site.signed_in("reader").get(f"/documents/{document_id}/recording").status_code == 403
