"""What the page of a document says of its paper: what was written on it by hand, and who signed the file."""

from dataclasses import replace

import pytest
from flask_babel import force_locale

from service.flow.intake.render import page_text
from service.web import words
from tests.service.web.conftest import Town


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
