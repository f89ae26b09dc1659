"""The checking screen as a plain form: what it shows, what it keeps, whom it lets in."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from intake.model import PageText
from service.flow.common import values
from service.flow.common.index import each_page
from service.flow.common.values import Entry
from service.flow.intake import checking, documents
from service.house import SYSTEM
from service.records.tables import AuditEntry, Document, DocumentField, Rendition
from service.web.views.checking import rows_for
from tests.service.conftest import OWNER, Office
from tests.service.test_checking import OTHER, PARTY_B, brought, misread, several
from tests.service.web.conftest import Browser, Site


@pytest.mark.parametrize(
    ("typed", "rows"),
    [
        ("", 1),
        ("91330106MA4XJLN87D", 1),
        ("有限责任公司（自然人投资或控股）", 1),
        ("临" * 18, 1),
        ("临" * 19, 2),
        ("临" * 400, 4),
    ],
)
def test_a_value_has_as_many_lines_as_it_takes(typed: str, rows: int) -> None:
    assert rows_for(typed) == rows


def form_of(page: str) -> dict[str, Any]:
    """The fields of the checking form as a browser without scripts would send them."""
    form = page[page.index('<form id="check"') : page.index("</form>", page.index('<form id="check"'))]
    sent: dict[str, Any] = {"field": re.findall(r'name="field" value="(\w+)"', form)}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r' name="([^"]+)"', tag), re.search(r' value="([^"]*)"', tag)
        quiet = 'type="checkbox"' in tag or 'type="radio"' in tag or "disabled" in tag
        if name and name[1] != "field" and not quiet:
            sent[name[1]] = value[1] if value else ""
    for name, text in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)', form):
        sent[name] = text
    chosen = re.search(r'<select id="category".*?<option value="([^"]*)" selected', form, re.DOTALL)
    return {**sent, "category": chosen[1] if chosen else "", "add-name": "", "action": "save"}


def send(browser: Browser, document_id: str, query: str = "", **changes: Any) -> Any:
    """Open the screen, change some of its form and send it."""
    path = f"/to-review/{document_id}{query}"
    return browser.post(path, {**form_of(browser.get(path).text), **changes})


def value_of(office: Office, document_id: str, name: str) -> DocumentField:
    found = documents.get_document(office.house, OWNER, document_id).fields
    return next(f for f in found if f.name == name)


def test_the_page_stands_beside_its_values_in_pixels_of_the_image(site: Site) -> None:
    document_id = site.office.take_in()
    page = site.signed_in("handler").get(f"/to-review/{document_id}?field=party_b").text
    x0, y0, x1, y1 = value_of(site.office, document_id, "party_b").box
    assert (
        f'<rect class="field on" data-field="party_b" x="{x0}" y="{y0}" width="{x1 - x0}" height="{y1 - y0}"/>' in page
    )
    assert f'<image href="/documents/{document_id}/pages/1.jpg"' in page
    assert f'id="v-party_b" name="value-party_b" value="{PARTY_B}"' in page
    assert "待核" in page
    assert "680000.00" in page
    assert "在第 2 页" in page
    sure = documents.get_document(site.office.house, OWNER, document_id).confidence
    assert f"机器的把握 {round(sure * 100)}%" in page
    assert "1 / 1" not in page  # nothing is doubtful: it waits only for its key values
    second = site.signed_in("handler").get(f"/to-review/{document_id}?leaf=2&turn=90&zoom=200").text
    assert 'class="sheet z200"' in second
    assert 'rotate(90)"' in second
    assert 'data-field="signed_on"' in second


def test_saving_without_a_script_corrects_confirms_and_can_be_undone(site: Site) -> None:
    document_id = site.office.take_in()
    browser = site.signed_in("handler")
    answer = send(browser, document_id, **{"value-party_b": OTHER, "ok-title": "1"})
    assert answer.headers["Location"].startswith(f"/to-review/{document_id}")
    assert value_of(site.office, document_id, "party_b").value == OTHER
    assert value_of(site.office, document_id, "title").confirmed_by == ["person:handler"]
    assert value_of(site.office, document_id, "amount").confirmed_by == []
    page = browser.get(answer.headers["Location"]).text
    assert "已保存。" in page
    assert re.search(r"云桥智联信息<ins>科</ins>技<del>术</del>有限公司", page)
    assert "待第二人" in page
    assert browser.post(f"/to-review/{document_id}/undo").status_code == 303
    assert value_of(site.office, document_id, "party_b").value == PARTY_B
    again = browser.post(f"/to-review/{document_id}/undo")
    assert again.status_code == 409
    assert "没有你可以撤销的保存" in again.text


def test_what_is_refused_stays_in_its_input_with_the_reason_at_it(site: Site) -> None:
    document_id = site.office.take_in()
    browser = site.signed_in("handler")
    code = value_of(site.office, document_id, "party_b_code").value
    wrong = code[:-1] + "0"
    changes = {"value-signed_on": "2026-02-30", "value-party_b_code": wrong, "value-party_b": OTHER}
    answer = send(browser, document_id, **changes)
    assert answer.status_code == 422
    for text in ("写成日期，例如 2026-03-24", "校验位不符：请逐字对照页面", f'value="{wrong}"', f'value="{OTHER}"', 'value="2026-02-30"',
                 'name="printed-party_b_code"'):  # fmt: skip
        assert text in answer.text, text
    assert 'name="printed-signed_on"' not in answer.text
    assert value_of(site.office, document_id, "party_b").value == PARTY_B
    browser.client.set_cookie("language", "en")
    assert "a date such as 2026-03-24" in send(browser, document_id, **changes).text
    printed = {"value-party_b_code": wrong, "printed-party_b_code": "1"}
    assert send(browser, document_id, **printed).status_code == 303
    assert value_of(site.office, document_id, "party_b_code").value == wrong


def row_of(page: str, name: str) -> str:
    """The row of a field on the screen."""
    return page.partition(f'id="f-{name}"')[2].partition('<div class="field-row')[0]


def test_what_was_said_of_the_other_fields_stands_when_one_is_refused(site: Site) -> None:
    document_id = site.office.take_in()
    house, browser = site.office.house, site.signed_in("handler")
    for name, one, other in (("title", "甲", "乙"), ("party_b", OTHER, "另一公司")):
        documents.correct_field(house, site.office["administrator"], document_id, name, one)
        documents.correct_field(house, site.office["archivist"], document_id, name, other)
    code = value_of(site.office, document_id, "party_b_code").value
    changes = {
        "decide-title": "2",
        "decide-party_b": "other",
        "value-party_b": "第三公司",
        "place-party_b": "1,10,20,30,40",
        "value-party_b_code": code[:-1] + "0",
        "printed-party_b_code": "1",
        "ok-amount": "1",
        "value-signed_on": "2026-02-30",
        "category": "1.10",
    }
    page = send(browser, document_id, **changes).text
    assert re.search(r'name="decide-title" value="2" checked', page)
    assert len(re.findall(r'type="radio"[^>]* checked', page)) == 2
    assert re.search(
        r'name="decide-party_b" value="other" checked.*value="第三公司"', row_of(page, "party_b"), re.DOTALL
    )
    assert 'name="place-party_b" value="1,10,20,30,40"' in page
    assert 'name="printed-party_b_code" value="1" checked' in page
    assert 'name="ok-amount" value="1" checked' in page
    assert '<option value="1.10" selected>' in page
    # What one person left as it was does not undo what another said meanwhile.
    documents.correct_field(house, site.office["administrator"], document_id, "term_until", "2027-04-30")
    first = form_of(page)
    page = browser.post(
        f"/to-review/{document_id}", {**first, "value-signed_on": "2026-02-30", "ok-term_until": "1"}
    ).text
    assert 'name="value-term_until" value="2027-04-30"' in row_of(page, "term_until")
    assert " checked" not in row_of(page, "term_until")


def test_what_was_typed_stays_when_the_document_is_read_anew_meanwhile(site: Site) -> None:
    document_id = site.office.take_in()
    browser = site.signed_in("handler")
    shown = form_of(browser.get(f"/to-review/{document_id}").text)
    with site.office.house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.fields = "received", [f for f in document.fields if f.name != "party_b"]
    typed = {**shown, "value-party_b": OTHER, "value-signed_on": "2026-03-25", "action": "next"}
    answer = browser.post(f"/to-review/{document_id}", typed)
    assert (answer.status_code, "等它读完，再按一次" in answer.text) == (409, True)
    assert f'name="value-party_b" value="{OTHER}"' in answer.text
    assert 'name="value-signed_on" value="2026-03-25"' in answer.text
    with site.office.house.database.write() as session:
        session.get_one(Document, document_id).status = "needs_review"
    assert browser.post(f"/to-review/{document_id}", form_of(answer.text)).status_code == 303
    assert value_of(site.office, document_id, "party_b").value == OTHER
    assert value_of(site.office, document_id, "signed_on").value == "2026-03-25"


def test_confirm_all_goes_on_to_the_next_and_offers_to_undo(site: Site) -> None:
    first, second = several(site.office, 2)
    browser = site.signed_in("administrator")
    assert browser.get("/to-review/next").headers["Location"] == f"/to-review/{first}"
    page = browser.get(f"/to-review/{first}").text
    assert "1 / 2" in page
    assert "识别把握不足：金额" in page
    answer = browser.post(f"/to-review/{first}", {**form_of(page), "action": "next"})
    assert answer.headers["Location"] == f"/to-review/{second}?done={first}"
    assert {values.state_of(f) for f in documents.get_document(site.office.house, OWNER, first).fields} == {"once"}
    page = browser.get(answer.headers["Location"]).text
    assert f'action="/to-review/{first}/undo"' in page
    assert "撤销上一件" in page
    last = browser.post(f"/to-review/{second}", {**form_of(page), "action": "next"})
    assert last.headers["Location"] == "/to-review"
    assert "没有别的文件在等你了。" in browser.get("/to-review").text
    assert browser.get("/to-review?reason=second").text.count("data-row") == 0
    assert "data-row" in site.signed_in("archivist").get("/to-review?reason=second").text


def test_two_values_are_shown_with_who_holds_which_and_a_third_decides(site: Site) -> None:
    document_id = site.office.take_in()
    house = site.office.house
    documents.confirm_field(house, site.office["administrator"], document_id, "party_b")
    checking.save(house, site.office["archivist"], document_id, checking.Given([Entry("party_b", OTHER, PARTY_B)]))
    side = site.signed_in("archivist").get(f"/to-review/{document_id}").text
    assert "你已表态" in side
    assert side.count('type="radio"') == side.count(" disabled") == 2
    browser = site.signed_in("handler")
    page = browser.get(f"/to-review/{document_id}").text
    assert "有争议" in page
    assert "administrator 某" in page
    assert "archivist 某" in page
    for path in ("/to-review?reason=disputed", f"/documents/{document_id}"):
        assert "有争议" in browser.get(path).text
    answer = send(browser, document_id, **{"decide-party_b": "2"})
    assert answer.status_code == 303
    assert value_of(site.office, document_id, "party_b").value == OTHER
    documents.correct_field(house, site.office["administrator"], document_id, "title", "甲")
    documents.correct_field(house, site.office["archivist"], document_id, "title", "乙")
    answer = send(browser, document_id, **{"decide-title": "other", "value-title": "技术服务合同书"})
    title = value_of(site.office, document_id, "title")
    assert (title.value, title.entered_by, title.rival) == ("技术服务合同书", "person:handler", {})


def confirm_all(browser: Browser, document_id: str, page: str | None = None) -> Any:
    """Confirm all on the document's own page as it is, or as it was shown in `page`."""
    path = f"/documents/{document_id}"
    form = (page or browser.get(path).text).partition(f'action="{path}/confirm"')[2].partition("</form>")[0]
    seen = dict(re.findall(r'name="(seen-\w+)" value="([^"]*)"', form))
    return browser.post(f"{path}/confirm", {"shown": re.findall(r'name="shown" value="(\w+)"', form), **seen})


def put_marks(office: Office, document_id: str, **marks: str) -> None:
    """Let the machine say of fields what speaks against their values."""
    with office.house.database.write() as session:
        for field in session.get_one(Document, document_id).fields:
            if field.name in marks:
                field.marks = [marks[field.name]]


def test_what_speaks_against_a_value_goes_on_being_said_when_people_confirmed_it(site: Site) -> None:
    document_id = site.office.take_in()
    marks = {"party_b_code": "check_digit_failed", "amount": "amount_mismatch", "party_a": "seal_mismatch"}
    put_marks(site.office, document_id, **marks)
    said = ("校验位不符", "大小写不符", "印章不符")
    why = ("末位校验码与前面的数字对不上", "大写金额与数字金额不一致", "印章上的名称不是当事人的名称")
    for login, word in (("administrator", "待第二人"), ("archivist", "两人已核")):
        for name in marks:
            documents.confirm_field(site.office.house, site.office[login], document_id, name)
        page = site.signed_in("handler").get(f"/to-review/{document_id}").text
        for text in (*(f"{word} · {mark}" for mark in said), *why):
            assert text in page, text
    assert "都确认纸上就是这样印的；末位校验码" in page


def test_a_seal_that_was_completed_from_the_paper_says_so(site: Site) -> None:
    document_id = site.office.take_in()
    put_marks(site.office, document_id, party_a="seal_completed")
    page = site.signed_in("handler").get(f"/to-review/{document_id}").text
    assert "印章补全" in page
    browser = site.signed_in("handler")
    assert send(browser, document_id, action="next").headers["Location"] == f"/to-review/{document_id}?field=party_a"
    assert "没有一并确认：甲方（印章补全）" in browser.get(f"/to-review/{document_id}").text
    assert "印章上有字没认出来，按件上的名称补全，请对照印章" in page


def test_confirming_all_stays_with_what_is_contradicted_until_it_is_ticked(site: Site) -> None:
    document_id = site.office.take_in()
    put_marks(site.office, document_id, party_b_code="check_digit_failed", amount="amount_mismatch")
    browser = site.signed_in("handler")
    answer = send(browser, document_id, action="next")
    assert answer.headers["Location"] == f"/to-review/{document_id}?field=party_b_code"
    page = browser.get(answer.headers["Location"]).text
    assert "没有一并确认：乙方信用代码（校验位不符）、金额（大小写不符）。请对照页面" in page
    found = {f.name: f.confirmed_by for f in documents.get_document(site.office.house, OWNER, document_id).fields}
    assert [name for name, people in found.items() if not people] == ["party_b_code", "amount"]
    browser.client.set_cookie("language", "en")
    send(browser, document_id, action="next")
    assert "Not confirmed along with the rest: Party B" in browser.get(f"/to-review/{document_id}").text
    browser.client.set_cookie("language", "zh")
    assert "/to-review/" in send(browser, document_id, action="next", **{"ok-amount": "1"}).headers["Location"]
    assert value_of(site.office, document_id, "amount").confirmed_by == ["person:handler"]
    assert value_of(site.office, document_id, "party_b_code").confirmed_by == []
    assert send(browser, document_id, action="next", **{"ok-party_b_code": "1"}).headers["Location"] == "/to-review"
    assert value_of(site.office, document_id, "party_b_code").confirmed_by == ["person:handler"]
    # On the document's own page the same is asked of the second person.
    second = site.signed_in("archivist")
    answer = confirm_all(second, document_id)
    assert answer.headers["Location"] == f"/to-review/{document_id}?field=party_b_code"
    assert value_of(site.office, document_id, "title").confirmed_by == ["person:handler", "person:archivist"]
    assert values.state_of(value_of(site.office, document_id, "amount")) == "once"


def test_confirming_all_stays_with_a_sum_that_was_read_and_the_capitals_beside_it_contradict(site: Site) -> None:
    document_id = site.office.take_in()
    misread(site.office, document_id, amount="860000.00")
    first, second = site.signed_in("handler"), site.signed_in("archivist")
    for path in (f"/to-review/{document_id}", f"/documents/{document_id}"):
        assert "大写金额与数字金额不一致" in first.get(path).text, path
    answer = send(first, document_id, action="next")
    assert answer.headers["Location"] == f"/to-review/{document_id}?field=amount"
    assert "没有一并确认：金额（大小写不符）。请对照页面" in first.get(answer.headers["Location"]).text
    answer = confirm_all(second, document_id)
    assert answer.headers["Location"] == f"/to-review/{document_id}?field=amount"
    assert "没有一并确认：金额（大小写不符）。请对照页面" in second.get(answer.headers["Location"]).text
    assert value_of(site.office, document_id, "amount").confirmed_by == []
    assert (
        send(first, document_id, action="next", **{"ok-amount": "1"}).headers["Location"] != answer.headers["Location"]
    )
    assert value_of(site.office, document_id, "amount").confirmed_by == ["person:handler"]


def test_a_value_that_was_written_by_hand_says_so_at_its_field_wherever_it_is_shown(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = site.office.take_in()
    x0, y0, x1, y1 = value_of(site.office, document_id, "party_b").box

    def written_on(*asked: Any) -> Iterator[PageText]:
        for page in each_page(*asked):
            yield replace(page, handwriting=((x0 - 5, y0 - 5, x1 + 5, y1 + 5),) if page.number == 1 else ())

    monkeypatch.setattr("service.flow.intake.categories.each_page", written_on)
    browser = site.signed_in("handler")
    for language, words in (
        ("zh", "尚无人核对；手写的，请逐字对照原件"),
        ("en", "nobody has confirmed it yet; written by hand: compare each character with the original"),
    ):
        browser.client.set_cookie("language", language)
        for path in (f"/to-review/{document_id}", f"/documents/{document_id}"):
            shown = browser.get(path).text
            assert shown.count(words) == 2, path  # at its state and below its value
            row = shown[shown.index('id="f-party_b"') :]
            assert re.search(r'class="note why say"[^§]{0,900}' + words, row), path
    told = documents.told(site.office.house, OWNER, document_id)["fields"]
    assert [name for name, one in told.items() if "handwritten" in one["marks"]] == ["party_b"]
    documents.confirm_field(site.office.house, site.office["administrator"], document_id, "party_b")
    browser.client.set_cookie("language", "zh")
    assert "且不能是录入者；手写的，请逐字对照原件" in browser.get(f"/to-review/{document_id}").text


def test_a_typed_sum_that_the_capitals_contradict_asks_for_the_tick_and_so_does_the_second_person(site: Site) -> None:
    document_id = site.office.take_in()
    first, second = site.signed_in("handler"), site.signed_in("archivist")
    answer = send(first, document_id, **{"value-amount": "860000"})
    assert answer.status_code == 422
    assert "旁边的大写金额是 680000.00：请对照页面" in answer.text
    assert 'name="printed-amount"' in answer.text
    assert send(first, document_id, **{"value-amount": "860000", "printed-amount": "1"}).status_code == 303
    amount = value_of(site.office, document_id, "amount")
    assert (amount.value, amount.marks) == ("860000.00", ["amount_mismatch"])
    assert "field=amount" in send(second, document_id, action="next").headers["Location"]
    assert value_of(site.office, document_id, "amount").confirmed_by == []
    send(second, document_id, action="next", **{"ok-amount": "1"})
    assert value_of(site.office, document_id, "amount").confirmed_by == ["person:archivist"]


def test_confirming_all_from_the_documents_page_speaks_of_what_was_shown_and_nothing_else(site: Site) -> None:
    document_id, house = site.office.take_in(), site.office.house
    browser = site.signed_in("handler")
    page = browser.get(f"/documents/{document_id}").text
    documents.correct_field(house, site.office["administrator"], document_id, "title", "服务协议")
    refused = confirm_all(browser, document_id, page)
    assert (refused.status_code, "这个值刚被别人改过，请再看一遍" in refused.text) == (422, True)
    assert value_of(site.office, document_id, "party_a").confirmed_by == []
    page = browser.get(f"/documents/{document_id}").text
    documents.correct_field(house, site.office["administrator"], document_id, "agent", "陈立")
    answer = confirm_all(browser, document_id, page)
    assert answer.headers["Location"] == f"/to-review/{document_id}?field=agent"
    assert "没有一并确认：受托人（你打开页面以后才添的）" in browser.get(answer.headers["Location"]).text
    assert value_of(site.office, document_id, "title").confirmed_by == ["person:handler"]
    assert value_of(site.office, document_id, "agent").confirmed_by == []


def test_confirming_all_leaves_a_disagreement_to_who_decides_it(site: Site) -> None:
    document_id = site.office.take_in()
    documents.correct_field(site.office.house, site.office["administrator"], document_id, "title", "甲")
    documents.correct_field(site.office.house, site.office["archivist"], document_id, "title", "乙")
    answer = send(site.signed_in("handler"), document_id, action="next")
    assert answer.status_code == 303
    title = value_of(site.office, document_id, "title")
    assert (title.value, title.rival["value"]) == ("甲", "乙")
    assert value_of(site.office, document_id, "amount").confirmed_by == ["person:handler"]


def test_a_missing_field_waits_as_an_empty_row_and_another_can_be_added(site: Site) -> None:
    document_id = site.office.take_in()
    with site.office.house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.fields = [f for f in document.fields if f.name != "term_until"]
        document.status, document.review_reasons = "needs_review", ["missing:term_until"]
    browser = site.signed_in("handler")
    page = browser.get(f"/to-review/{document_id}").text
    assert 'id="v-term_until" name="value-term_until" value=""' in page
    assert "没有读出" in page
    send(browser, document_id)
    assert documents.get_document(site.office.house, OWNER, document_id).review_reasons == ["missing:term_until"]
    send(browser, document_id, **{"value-term_until": "长期", "add-name": "agent", "add-value": "陈立",
                                  "place-term_until": "1,10,20,30,40"})  # fmt: skip
    found = documents.get_document(site.office.house, OWNER, document_id)
    assert (found.status, found.review_reasons) == ("stored", [])
    until = value_of(site.office, document_id, "term_until")
    assert (until.value, until.page, until.box) == ("long-term", 1, [10, 20, 30, 40])
    assert value_of(site.office, document_id, "agent").value == "陈立"


def test_an_added_code_that_fails_its_check_digit_is_told_at_its_input_and_taken_as_printed(site: Site) -> None:
    document_id = site.office.take_in()
    browser = site.signed_in("handler")
    code = value_of(site.office, document_id, "party_b_code").value
    with site.office.house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.fields = [f for f in document.fields if f.name != "party_b_code"]
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    added = {"add-name": "party_b_code", "add-value": wrong, "place-add": "1,10,20,30,40"}
    unnamed = send(browser, document_id, **{**added, "add-name": ""})
    assert (unnamed.status_code, unnamed.text.count("请选补上的是哪个字段的值。")) == (422, 2)
    refused = send(browser, document_id, **added)
    row = refused.text[refused.text.index('id="f-add"') :]
    row = row[: row.index("</section>")]
    for text in (f'value="{wrong}"', 'value="1,10,20,30,40"', 'aria-invalid="true"', "校验位不符：请逐字对照页面", 'name="printed-add"',
                 '<option value="party_b_code" data-kind="code" selected>'):  # fmt: skip
        assert text in row, text
    assert send(browser, document_id, **added, **{"printed-add": "1"}).status_code == 303
    kept = value_of(site.office, document_id, "party_b_code")
    assert (kept.value, kept.marks, kept.page, kept.box) == (wrong, ["check_digit_failed"], 1, [10, 20, 30, 40])
    assert 'data-field="party_b_code" x="10"' in browser.get(f"/to-review/{document_id}?leaf=1").text


def test_what_waits_leaves_as_a_table_and_that_is_noted(site: Site) -> None:
    several(site.office, 2)
    browser = site.signed_in("handler")
    assert "/to-review?form=csv&amp;category=1.9" in browser.get("/to-review?category=1.9").text
    table = list(csv.DictReader(io.StringIO(browser.get("/to-review?form=csv").data.decode("utf-8-sig"))))
    assert len(table) == 2
    assert (table[0]["文件"], table[0]["为什么要看"], table[0]["页"]) == ("技术服务合同", "识别把握不足：金额", "2")
    assert (
        len(list(csv.reader(io.StringIO(browser.get("/to-review?form=csv&category=none").data.decode("utf-8-sig")))))
        == 1
    )
    assert browser.get("/to-review?form=xlsx").data[:2] == b"PK"
    assert browser.get("/to-review?form=exe").status_code == 404
    with site.office.house.database.read() as session:
        told = select(AuditEntry.detail).where(AuditEntry.action == "document.export").order_by(AuditEntry.seq)
        rows = [json.loads(detail)["rows"] for detail in session.scalars(told)]
    assert rows == [2, 0, 2]


def test_the_table_of_what_waits_says_as_the_list_does_who_brought_a_document(site: Site) -> None:
    brought(site.office)
    browser = site.signed_in("administrator")
    shown = re.findall(r"<tr data-row>.*?<td>([^<]*)</td></tr>", browser.get("/to-review").text)
    assert shown == ["handler 某", "服务器上的文件夹", "wang.fang@partner.example"]
    heads, *rows = load_workbook(io.BytesIO(browser.get("/to-review?form=xlsx").data)).active.iter_rows(
        values_only=True
    )
    assert heads == ("文件", "文件名", "类目", "为什么要看", "核验", "页", "收到", "谁送来")
    assert [row[-1] for row in rows] == shown
    title, filename, category, why, verification, pages, received, _ = rows[2]
    assert (title, filename, category, why) == ("报价单.pdf", "报价单.pdf", "未分类", "认不出是哪类文件")
    assert (verification, str(pages)) == (None, "2")
    assert re.fullmatch(r"2\d{3}-\d\d-\d\d \d\d:\d\d", received)


def test_what_the_pages_have_is_ticked_or_the_document_goes_on_waiting(site: Site) -> None:
    document_id = site.office.take_in()
    with site.office.house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.review_reasons = "needs_review", ["rescan:2:blurred", "pages_missing:3,5"]
    browser = site.signed_in("handler")
    page = browser.get(f"/to-review/{document_id}?leaf=1").text
    assert page.count('name="dismiss"') == 2
    assert re.search(
        r'value="rescan:2:blurred" data-settle> 第 2 页请重新扫描：[^<]+</label> <a class="why" data-leaf="2"', page
    )
    assert send(browser, document_id, action="next").status_code == 303
    assert "上一件仍在待核对里" in browser.get("/to-review").text
    kept = documents.get_document(site.office.house, OWNER, document_id)
    assert (kept.status, len(kept.review_reasons), kept.checked_by) == ("needs_review", 2, ["person:handler"])
    refused = send(browser, document_id, **{"dismiss": "pages_missing:3,5", "value-signed_on": "2026-02-30"})
    assert 'value="pages_missing:3,5" data-settle checked' in refused.text
    send(browser, document_id, dismiss="rescan:2:blurred")
    assert send(browser, document_id, dismiss="rescan:2:blurred").status_code == 303  # settled already: nothing to do
    wrong = send(browser, document_id, dismiss="missing:agent")
    assert (wrong.status_code, "这一条说的是值" in wrong.text) == (422, True)
    send(browser, document_id, dismiss="pages_missing:3,5", action="next")
    assert documents.get_document(site.office.house, OWNER, document_id).status == "stored"
    assert 'name="dismiss"' not in browser.get(f"/to-review/{document_id}").text


def test_another_category_reads_anew_and_stays_with_the_document(site: Site) -> None:
    document_id = site.office.take_in()
    browser = site.signed_in("handler")
    answer = send(browser, document_id, category="1.11", action="next")
    assert answer.headers["Location"] == f"/to-review/{document_id}"
    page = browser.get(answer.headers["Location"]).text
    assert "字段已按新类目重读" in page
    assert 'id="v-term_from"' not in page
    assert value_of(site.office, document_id, "amount").confirmed_by == []


def test_doubtful_characters_are_marked_in_the_value_and_on_the_page(site: Site, monkeypatch: Any) -> None:
    document_id = site.office.take_in()
    monkeypatch.setattr("service.web.views.checking.CHARACTER_LINE", 1.01)
    page = site.signed_in("handler").get(f"/to-review/{document_id}").text
    assert page.count('<rect class="doubtful"') > 20
    assert '<mark class="unsure" title="识别没有把握">云</mark>' in page


def test_the_words_of_a_page_come_with_their_places(site: Site) -> None:
    document_id = site.office.take_in()
    answer = site.signed_in("handler").get(f"/to-review/{document_id}/words/1").get_json()
    assert PARTY_B in "".join(word[0] for word in answer["words"])
    assert all(len(word) == 6 for word in answer["words"])
    assert site.signed_in("handler").get(f"/to-review/{document_id}/words/9").status_code == 404


def test_who_else_has_it_is_said_and_whoever_may_not_correct_sees_the_documents_page(site: Site) -> None:
    document_id = several(site.office, 1)[0]
    site.signed_in("handler").get(f"/to-review/{document_id}")
    other = site.signed_in("administrator")
    assert "handler 某 正在核对这一件" in other.get(f"/to-review/{document_id}").text
    assert "handler 某 正在核对" in other.get("/to-review").text
    assert other.get("/to-review/next").headers["Location"] == "/to-review"
    assert other.post(f"/to-review/{document_id}/desk").get_json() == {"mine": False}
    head = site.signed_in("head")
    assert head.get(f"/to-review/{document_id}").headers["Location"] == f"/documents/{document_id}"
    assert send(other, document_id, **{"value-title": "甲"}).status_code == 303  # soft: it hinders nobody
    assert head.post(f"/to-review/{document_id}", {"action": "next"}).status_code == 403
    assert site.signed_in("auditor").get(f"/to-review/{document_id}").status_code == 404


def test_hostile_input_is_refused_with_one_line_or_ignored(site: Site) -> None:
    document_id = site.office.take_in()
    browser = site.signed_in("handler")
    for changes in (
        {"value-title": "长" * 3000},
        {"field": ["title", "no such-name!"], "value-no such-name!": "x"},
        {"category": "9.9"},
        {"add-name": "agent", "add-value": ""},
        {"value-title": ""},
    ):
        assert send(browser, document_id, **changes).status_code == 422, changes
    for place in ("1,2,3", "0,1,1,2,2", "1,5,5,5,5", "x" * 50, "1,99999999,1,2,3"):
        assert send(browser, document_id, **{"value-title": "合同甲", "place-title": place}).status_code == 303
        assert value_of(site.office, document_id, "title").page == 1
        browser.post(f"/to-review/{document_id}/undo")
    evil = '"><script>alert(1)</script>'
    send(browser, document_id, **{"value-title": evil})
    page = browser.get(f"/to-review/{document_id}").text
    assert "<script>alert" not in page
    for query in (
        "?leaf=-5",
        "?leaf=9999999",
        "?zoom=7&turn=3",
        "?field=none",
        "?reason=nothing",
        "?category=x&batch=%27",
    ):
        assert browser.get(f"/to-review/{document_id}{query}").status_code == 200, query
    assert browser.get("/to-review?reason=no!").status_code == 422
    assert browser.get("/to-review/none").status_code == 404


def test_unconfirmed_is_said_wherever_the_document_is_shown(site: Site) -> None:
    from service.flow.archive import filing
    from tests.service.test_flow import new_contract

    document_id = site.office.take_in()
    browser = site.signed_in("handler")
    form = browser.get(f"/contracts/new?document={document_id}").text
    assert form.count("待核") >= 5
    misread(site.office, document_id, amount="860000.00")
    form = browser.get(f"/contracts/new?document={document_id}").text
    assert "大写金额与数字金额不一致" in form
    misread(site.office, document_id, amount="680000.00")
    _, file_id = new_contract(site.office)
    filing.file_document(site.office.house, site.office["handler"], document_id, file_id)
    for path in (f"/documents/{document_id}", f"/files/{file_id}", "/search?q=技术服务", "/to-review?reason=all"):
        assert "关键值未经核验" in browser.get(path).text, path
    for login in ("administrator", "archivist"):
        documents.confirm_all(site.office.house, site.office[login], document_id)
    for path in (f"/documents/{document_id}", f"/files/{file_id}", "/search?q=技术服务"):
        page = browser.get(path).text
        assert "关键值未经核验" not in page
        assert "两人已核" in page


def bands(page: str) -> list[list[list[str]]]:
    """The bands of confidence that the report shows: of values, and of categories."""
    parts = page.split('<section class="panel">')
    wanted = [part for part in parts if part.startswith(("<h2>值的把握", "<h2>类目的把握"))]
    rows = [re.findall(r"<tr data-band>(.*?)</tr>", part) for part in wanted]
    return [[re.findall(r">([^<]+)</td>", row) for row in of] for of in rows]


def test_the_report_counts_and_goes_out_as_a_table(site: Site) -> None:
    document_id = site.office.take_in()
    send(site.signed_in("handler"), document_id, **{"value-party_b": OTHER})
    browser = site.signed_in("auditor")
    page = browser.get("/extraction").text
    assert "识别质量" in page
    assert "0.00%" in page
    assert page.count("data-category-row") == 0
    assert bands(page) == [[["0.99", "1", "1", "100.00%"]], []]
    table = browser.get("/extraction?form=csv").data.decode("utf-8-sig")
    assert "1.9,party_b,1,0,0,1,0,0,0,0.0000,1,1" in table
    assert PARTY_B not in table
    assert OTHER not in table
    assert browser.get("/extraction?since=2099-01-01").text.count("data-row") == 0
    assert "写成 YYYY-MM-DD 的日期" in browser.get("/extraction?since=never").text
    assert browser.get("/extraction?form=exe").status_code == 404
    assert site.signed_in("head").get("/extraction").status_code == 403
    send(site.signed_in("handler"), document_id, category="1.2")
    categories = browser.get("/extraction?form=csv&table=categories").data.decode("utf-8-sig").splitlines()
    assert categories == ["机器判断,人定的类目,文件数,对错", "1.9,1.2,1,改了"]
    page = browser.get("/extraction").text
    assert [rows[0][1:] for rows in bands(page)] == [["1", "1", "100.00%"]] * 2
    (row,) = re.findall(r"<tr data-category-row>(.*?)</tr>", page)
    assert re.findall(r">([^<]*)</(?:td|span)>", row) == [
        "1.9 合同正副本、变更与解除协议",
        "1.2 对方营业执照",
        "1",
        "改了",
    ]


def test_the_list_is_narrowed_by_its_address(site: Site) -> None:
    first, second = several(site.office, 2)
    with site.office.house.database.write() as session:
        other = session.scalars(select(Document).where(Document.id == second)).one()
        other.category, other.batch, other.review_reasons = "5.1", "B-1", ["missing:amount"]
    browser = site.signed_in("handler")
    for query, wanted in (("", {first, second}), ("?category=5.1", {second}), ("?batch=B-1", {second}),
                          ("?reason=missing", {second}), ("?reason=low_confidence", {first}),
                          ("?reason=missing&category=1.9", set())):  # fmt: skip
        page = browser.get(f"/to-review{query}").text
        assert set(re.findall(r'href="/to-review/([0-9a-f-]{36})', page)) == wanted, query
    start = browser.get("/to-review?category=5.1").text
    assert 'href="/to-review/next?category=5.1"' in start


def test_the_list_says_by_which_way_came_what_nobody_brought(site: Site) -> None:
    (document_id,) = several(site.office, 1)
    with site.office.house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.received_by, document.channel = SYSTEM.name, "folder"
    handler = site.signed_in("handler")
    page = handler.get("/to-review").text
    assert re.findall(r"<tr data-row>.*?<td>([^<]*)</td></tr>", page) == ["服务器上的文件夹"]
    with site.office.house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.received_by, document.channel = "cli:li", "station"
    assert '<td>扫描站的热文件夹<div class="why">cli:li</div></td></tr>' in handler.get("/to-review").text


def test_a_field_is_said_not_to_be_here_and_what_is_typed_there_later_counts(site: Site) -> None:
    document_id = site.office.take_in()
    handler, archivist = site.signed_in("handler"), site.signed_in("archivist")
    assert send(handler, document_id, **{"gone-party_b": "1", "gone-title": "1"}).status_code == 303
    assert value_of(site.office, document_id, "party_b").marks == ["not_here"]
    page = archivist.get(f"/to-review/{document_id}").text
    assert 'name="absent-party_b" value="1"' in page
    assert "有人说这件上没有此项，须由另外两人核对" in page
    assert f"<del>{PARTY_B}</del>" in page
    kept = {"gone-party_b": "1", "gone-title": "1", "ok-party_b": "1"}
    assert send(archivist, document_id, **kept).status_code == 303
    assert values.state_of(value_of(site.office, document_id, "party_b")) == "once"
    assert values.state_of(value_of(site.office, document_id, "title")) == "entered"
    # Against two people's word it is a disagreement, which the third decides.
    assert (
        send(site.signed_in("administrator"), document_id, **{"gone-title": "1", "value-party_b": OTHER}).status_code
        == 303
    )
    assert values.state_of(value_of(site.office, document_id, "party_b")) == "disputed"
    page = handler.get(f"/to-review/{document_id}").text
    assert f"<b>{OTHER}</b>" in page
    assert "<b>不在此件上</b>" in page
    assert send(handler, document_id, **{"gone-title": "1", "value-title": "服务合同"}).status_code == 303
    assert value_of(site.office, document_id, "title").value == "服务合同"


def quality_of(page: str, head: str) -> str:
    """Return a row of the panel with the quality of the page, as its words."""
    panel = page.partition('id="quality"')[2].partition("</section>")[0]
    row = panel.partition(f'<th scope="row">{head}</th>')[2].partition("</tr>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", row).split())


def test_the_quality_of_the_page_stands_beside_its_values(site: Site) -> None:
    house, browser = site.office.house, site.signed_in("administrator")
    document_id = site.office.take_in()
    path = f"/to-review/{document_id}"
    shown = browser.get(path).text
    assert "页面质量" in shown
    assert (quality_of(shown, "页数"), quality_of(shown, "分辨率")) == (
        "2 / 2 齐全",
        "",
    )  # its pages carry their own text
    fine: dict[str, Any] = {
        "dpi": 300,
        "skew": -0.4,
        "sharpness": 0.5,
        "brightness": 230,
        "contrast": 180,
        "cut": [],
        "findings": [],
    }
    poor = fine | {"dpi": None, "skew": 7.3, "cut": ["left", "top"], "findings": ["skew", "blurred", "cut"]}
    with house.database.write() as session:
        images = select(Rendition).where(Rendition.document_id == document_id, Rendition.kind == "page-image")
        for image in session.scalars(images):
            image.quality = fine if image.page == 1 else poor
        session.get_one(Document, document_id).review_reasons = ["pages_missing:3"]
    first, second = browser.get(f"{path}?leaf=1").text, browser.get(f"{path}?leaf=2").text
    assert [quality_of(first, head) for head in ("分辨率", "倾斜", "图像")] == [
        "300 dpi 合格",
        "0.4° 合格",
        "清楚、完整 合格",
    ]
    assert quality_of(first, "页数") == "2 / 2 缺页"
    assert quality_of(first, "别的页").startswith("第 2 页 ：")
    assert [quality_of(second, head) for head in ("分辨率", "倾斜")] == ["分辨率未注明 无从判断", "7.3° 不合格"]
    assert quality_of(second, "图像") == "模糊 · 边上的字被切掉（左边、上边） 不合格"
    assert quality_of(second, "别的页") == ""
    straightened = fine | {"skew": 2.0, "dpi": 150, "findings": ["resolution"]}
    with house.database.write() as session:
        session.execute(update(Rendition).where(Rendition.document_id == document_id).values(quality=straightened))
    browser.post("/language", {"language": "en"})
    shown = browser.get(f"{path}?leaf=1").text
    assert [quality_of(shown, head) for head in ("Resolution", "Skew")] == ["150 dpi Failed", "2.0° straightened"]
