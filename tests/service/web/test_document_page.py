"""What the page of a document says of its paper: what was written on it by hand, and who signed the file."""

from dataclasses import replace

import pytest
from flask_babel import force_locale

from service.flow.archive import filing
from service.flow.intake import documents
from service.flow.intake.receive import receive
from service.flow.intake.render import page_text
from service.flow.intake.stacks import How
from service.web import words
from tests.service.conftest import DIGITAL, OWNER, SCANS
from tests.service.test_flow import new_contract
from tests.service.web.conftest import Site, Town


def test_handwriting_is_framed_on_the_page_and_counted(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    document_id = town.ids["document"]
    browser = town.signed_in("handler")
    assert 'class="hand"' not in browser.get(f"/documents/{document_id}").text
    monkeypatch.setattr(
        "service.web.views.document.page_text",
        lambda *asked: replace(page_text(*asked), handwriting=((10, 20, 110, 60), (5, 200, 95, 240))),
    )
    page = browser.get(f"/documents/{document_id}").text
    assert page.count('class="hand"') == 2
    assert '<rect class="hand" x="10" y="20" width="100" height="40"><title>手写</title></rect>' in page
    assert "2 处，页面上用虚线框出" in page


@pytest.mark.parametrize(
    ("notes", "lines"),
    [
        (["signed", "signature:unchanged:甲"], ["数字签名：甲 · 签名后没有改动 · 证书是否可信未查"]),
        (["signed", "signature:unchanged:甲", "certificate:trusted"], ["数字签名：甲 · 签名后没有改动 · 证书可信：由受信任的机构签发，没有吊销"]),
        (
            ["signed", "signature:added_to:甲", "certificate:unchecked", "signature:unchanged:", "certificate:unknown", "attachment:a"],
            [
                "数字签名：甲 · 所签内容没有改动，其后又有追加，例如另一方的签名 · 证书由受信任的机构签发，是否吊销未查",
                "数字签名：签名者不明 · 签名后没有改动 · 证书不是受信任的机构签发的",
                "附件：a",
            ],
        ),
        (["signed", "signature:changed:甲"], ["数字签名：甲 · 所签内容已被改动"]),
        (["signed"], ["带有数字签名（未验证）"]),
        ([], []),
    ],
)  # fmt: skip
def test_a_signature_is_told_with_what_is_known_of_its_certificate(
    town: Town, notes: list[str], lines: list[str]
) -> None:
    with town.app.test_request_context("/"), force_locale("zh"):
        assert words.told(notes) == lines


@pytest.mark.parametrize(
    ("sheets", "zh", "en"),
    [
        (1, "纸张 1 张 × 2 面，应有 2 页，收到 2 页", "1 sheets × 2 sides: 2 pages counted on paper, 2 received"),
        (2, "纸张 2 张 × 2 面，应有 4 页，收到 2 页", "2 sheets × 2 sides: 4 pages counted on paper, 2 received"),
        (None, "纸张没有点数，收到 2 页", "Paper not counted, 2 pages received"),
    ],
)
def test_a_scan_tells_of_its_paper_and_its_scanner(site: Site, sheets: int | None, zh: str, en: str) -> None:
    settings = {"resolution": "300", "mode": "Gray", "source": "Duplex", "paper": "A4", "operator": "li"}
    settings |= {"dropped": "2", "dropped_pages": "5 1", "dropped_at": "20261127T011500Z"}
    note = How(sheets, 2, device="fujitsu:fi-7160:1", settings=settings).told()
    known = receive(site.office.house, site.office["handler"], DIGITAL, "a.pdf", channel="scanner", note=note)
    browser = site.signed_in("handler")
    page = browser.get(f"/documents/{known.document_id}").text
    assert (
        "fujitsu:fi-7160:1 · 300 dpi · 灰度 · 进纸器，两面 · A4 · 扫描站用户 li · 在扫描站拿掉 2 页（第 5、1 页，2026-11-27 09:15）"
        in page
    )
    assert zh in page
    assert (f'<div class="why late">{zh}' in page) == (sheets == 2)
    browser.client.set_cookie("language", "en")
    page = browser.get(f"/documents/{known.document_id}").text
    assert (
        "fujitsu:fi-7160:1 · 300 dpi · grey · feeder, both sides · A4 · station user li · 2 pages taken out at the station (pages 5, 1, 2026-11-27 09:15)"
        in page
    )
    assert en in page


def test_a_refused_value_that_is_printed_so_is_kept_from_its_own_page(site: Site) -> None:
    document_id = site.office.take_in()
    browser = site.signed_in("handler")
    fields = {f.name: f.value for f in documents.get_document(site.office.house, OWNER, document_id).fields}
    code = fields["party_b_code"]
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    for name, typed, why in (
        ("party_b_code", wrong, "校验位不符：请逐字对照页面"),
        ("amount", "860000.00", "旁边的大写金额是 680000.00"),
    ):
        path = f"/documents/{document_id}/fields/{name}"
        sent = {"form": name, "before": fields[name], "value": typed}
        refused = browser.post(path, sent)
        row = refused.text[refused.text.index(f'id="f-{name}"') :]
        row = row[: row.index("</form>")]
        assert (refused.status_code, why in refused.text, f'value="{typed}"' in row or typed in row) == (
            422,
            True,
            True,
        )
        assert 'name="as_printed"' in row
        assert refused.text.count('name="as_printed"') == 1
        assert browser.post(path, {**sent, "as_printed": "1"}).status_code == 303
    kept = {f.name: (f.value, f.marks) for f in documents.get_document(site.office.house, OWNER, document_id).fields}
    assert kept["party_b_code"] == (wrong, ["check_digit_failed"])
    assert kept["amount"] == ("860000.00", ["amount_mismatch"])
    plain = browser.post(f"/documents/{document_id}/fields/signed_on",
                         {"form": "signed_on", "before": fields["signed_on"], "value": "2026-02-30"})  # fmt: skip
    assert (plain.status_code, 'name="as_printed"' in plain.text) == (422, False)
    added = {"form": "add", "name": "code", "value": wrong}
    refused = browser.post(f"/documents/{document_id}/fields", added)
    assert (refused.status_code, refused.text.count('name="as_printed"')) == (422, 1)
    assert browser.post(f"/documents/{document_id}/fields", {**added, "as_printed": "1"}).status_code == 303


def test_nobody_confirms_or_replaces_from_there_a_value_they_have_not_seen(site: Site) -> None:
    document_id = site.office.take_in()
    path = f"/documents/{document_id}/fields/title"
    documents.correct_field(site.office.house, site.office["administrator"], document_id, "title", "服务协议")
    for typed in ("技术服务合同", "技术合同"):
        answer = site.signed_in("handler").post(path, {"form": "title", "before": "技术服务合同", "value": typed})
        assert (answer.status_code, "这个值刚被别人改过，请再看一遍" in answer.text) == (422, True)
    title = next(f for f in documents.get_document(site.office.house, OWNER, document_id).fields if f.name == "title")
    assert (title.value, title.confirmed_by, title.rival) == ("服务协议", [], {})


def test_a_file_of_a_watched_folder_is_arranged_from_its_page(site: Site) -> None:
    """A page of it is to be scanned again: it came in no batch, and gets one of its own."""
    document_id = site.office.take_in(SCANS / "payment.jpg")
    page = site.signed_in("head").get(f"/documents/{document_id}").text
    assert "payment.jpg" in page
    assert f"/documents/{document_id}/arrangement" not in page
    browser = site.signed_in("handler")
    page = browser.get(f"/documents/{document_id}").text
    assert "整理或重扫页面" in page
    answer = browser.post(f"/documents/{document_id}/arrangement", {})
    assert answer.status_code == 303
    page = browser.get(answer.headers["Location"]).text
    assert "可以整理页面了：转、移、拆、重扫" in page
    assert "payment.jpg" in page
    assert "整理或重扫页面" not in browser.get(f"/documents/{document_id}").text
    filed = site.office.take_in()
    filing.file_document(site.office.house, site.office["handler"], filed, new_contract(site.office)[1], "1.9")
    refused = browser.post(f"/documents/{filed}/arrangement", {})
    assert (refused.status_code, "这份文件的页面保持原样" in refused.text) == (409, True)
