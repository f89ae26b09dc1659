"""What the page of a document says of its paper: what was written on it by hand, and who signed the file."""

from dataclasses import replace

import pytest
from flask_babel import force_locale

from service.flow.intake.receive import receive
from service.flow.intake.render import page_text
from service.flow.intake.stacks import How
from service.web import words
from tests.service.conftest import DIGITAL
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
    note = How(sheets, 2, device="fujitsu:fi-7160:1", settings=settings).told()
    known = receive(site.office.house, site.office["handler"], DIGITAL, "a.pdf", channel="scanner", note=note)
    browser = site.signed_in("handler")
    page = browser.get(f"/documents/{known.document_id}").text
    assert "fujitsu:fi-7160:1 · 300 dpi · 灰度 · 进纸器，两面 · A4 · 扫描站用户 li" in page
    assert zh in page
    assert (f'<div class="why late">{zh}' in page) == (sheets == 2)
    browser.client.set_cookie("language", "en")
    page = browser.get(f"/documents/{known.document_id}").text
    assert "fujitsu:fi-7160:1 · 300 dpi · grey · feeder, both sides · A4 · station user li" in page
    assert en in page
