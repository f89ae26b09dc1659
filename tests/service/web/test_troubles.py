"""Why a document could not be read is said in the reader's language, on every page that tells it."""

import pytest

from service.flow.intake.process import process
from service.flow.intake.receive import receive
from service.records.tables import Document
from tests.service.conftest import DIGITAL
from tests.service.web.conftest import Site

BATCH = "B-20261125-0a1b2c"


def failed(site: Site, code: str, error: str) -> str:
    house = site.office.house
    document_id = receive(house, site.office["handler"], DIGITAL, "合同.pdf", batch=BATCH).document_id
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.error_code, document.error = "failed", code, error
        document.review_reasons = ["reading_failed"]
    return document_id


@pytest.mark.parametrize(
    ("code", "error", "chinese", "english"),
    [
        ("truncated", "No page of the file can be shown.", "文件损坏，或者不完整", "damaged, or not all there"),
        (
            "stopped",
            "reading stopped 3 times without a result",
            "试了几次，每次都半途停下",
            "stopped half-way each time",
        ),
        ("lost", "object 1 is damaged", "原件从存储里读不出来", "cannot be read from the store"),
        ("", "from before there were codes", "识别时出了错", "something went wrong"),
        ("new_code", "nobody has words for it yet", "识别时出了错", "something went wrong"),
    ],
)
def test_it_is_said_in_both_languages_and_what_the_machine_said_stands_beside_it(
    site: Site, code: str, error: str, chinese: str, english: str
) -> None:
    document_id = failed(site, code, error)
    browser = site.signed_in("administrator")
    for language, words in (("zh", chinese), ("en", english)):
        browser.client.set_cookie("language", language)
        for path in (f"/documents/{document_id}", f"/to-review/{document_id}", f"/batches/{BATCH}", "/to-review"):
            page = browser.get(path).text
            assert words in page, (language, path)
            assert f'<small class="muted" lang="en">{error}</small>' in page, (language, path)
        sound = "原件完好" if language == "zh" else "The original is sound"
        assert (sound in browser.get(f"/documents/{document_id}").text) == (code != "lost")


def test_a_file_none_of_whose_pages_can_be_shown_gets_the_word_for_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = site.office.house
    document_id = receive(house, site.office["handler"], DIGITAL, "合同.pdf").document_id
    with house.database.write() as session:
        session.get_one(Document, document_id).attempts = 3
    process(house, document_id)
    with house.database.read() as session:
        found = session.get_one(Document, document_id)
    assert (found.status, found.error_code) == ("failed", "stopped")
    assert "试了几次" in site.signed_in("handler").get(f"/documents/{document_id}").text
