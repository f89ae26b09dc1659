"""The pages of the contract ledger: filter, correct, print, export."""

import csv
import io
import re
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook

from service.access import people
from service.flow.archive.ledger import get_contract
from tests.service.conftest import OWNER
from tests.service.web.conftest import Site, archive, fill, new_contract


def as_typed(page: str) -> dict[str, str]:
    """The form of a page as a browser sends it back untouched."""
    form = page.split('action="/contracts/')[1].split("</form>", 1)[0]
    fields = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', form))
    chosen = re.search(r'name="handler_id".*?<option value="([^"]+)" selected', form, re.DOTALL)
    assert chosen
    return {**fields, "handler_id": chosen.group(1)}


def test_only_who_can_handle_a_contract_is_offered(site: Site) -> None:
    office = site.office
    elsewhere = people.create_department(office.house, OWNER, "CG", "采购部").id
    office.hire("buyer", "handler", department_id=elsewhere)
    offered = {
        login: set(re.findall(r"\((\w+)\) · ", site.signed_in(login).get("/contracts/new").text))
        for login in ("handler", "administrator")
    }
    assert offered == {"handler": {"handler", "administrator"}, "administrator": {"handler", "administrator", "buyer"}}
    contract_id, _ = new_contract(office)
    page = site.signed_in("administrator").get(f"/contracts/{contract_id}/correct").text
    choice = page.split('name="handler_id"')[1].split("</select>")[0]
    assert set(re.findall(r"\((\w+)\)<", choice)) == {"handler", "administrator"}


def test_an_entry_is_corrected_on_its_page(site: Site) -> None:
    contract_id, file_id = new_contract(site.office)
    handler = site.signed_in("handler")
    assert f"/contracts/{contract_id}/correct" in handler.get(f"/files/{file_id}").text
    path = f"/contracts/{contract_id}/correct"
    sent = as_typed(handler.get(path).text)
    assert (sent["amount"], sent["was.amount"], sent["signed_on"]) == ("48000.00", "48000.00", "2026-10-31")
    refused = handler.post(path, {**sent, "amount": "many", "title": "技术<服务>"})
    assert refused.status_code == 422
    assert "请看标红的地方。" in refused.text
    assert 'value="many"' in refused.text
    assert 'value="技术&lt;服务&gt;"' in refused.text
    same = handler.post(path, {**sent, "reason": "看错"})
    assert same.status_code == 422
    assert "什么都没有改。" in same.text
    other = site.signed_in("administrator")
    other.post(path, {**as_typed(other.get(path).text), "printed_number": "YQ-7", "reason": "补上"})
    assert handler.post(path, {**sent, "amount": "480000", "reason": "少一个零"}).status_code == 303
    contract = get_contract(site.office.house, site.office["handler"], contract_id)
    assert (str(contract.amount), contract.printed_number) == ("480000.00", "YQ-7")  # neither undid the other
    page = handler.get(f"/files/{file_id}").text
    assert "台账已更正" in page
    assert "480,000.00" in page


def test_who_may_not_correct_is_offered_no_way(site: Site) -> None:
    contract_id, file_id = new_contract(site.office)
    for login in ("archivist", "head"):
        browser = site.signed_in(login)
        assert "/correct" not in browser.get(f"/files/{file_id}").text
        assert browser.get(f"/contracts/{contract_id}/correct").status_code == 404
        assert browser.post(f"/contracts/{contract_id}/correct", {"title": "x", "reason": "x"}).status_code == 403


def test_a_longer_retention_is_confirmed_on_the_page(site: Site) -> None:
    contract_id, file_id = new_contract(site.office)
    fill(site.office, file_id)
    archive(site.office, file_id)
    browser = site.signed_in("administrator")
    path = f"/contracts/{contract_id}/correct"
    sent = {**as_typed(browser.get(path).text), "amount": "20000000", "reason": "少两个零"}
    asked = browser.post(path, sent)
    assert asked.status_code == 409
    assert "案卷 J001-HT·2026-D10-XS-0001 的保管期限会从10 年改为永久，请确认。" in asked.text
    again = as_typed(asked.text)
    assert (again["amount"], again["was.amount"], again["retention"]) == ("20000000", "48000.00", "Y")
    assert browser.post(path, again).status_code == 303
    assert "永久" in browser.get(f"/files/{file_id}").text


def test_the_ledger_is_filtered_printed_and_exported(site: Site) -> None:
    new_contract(site.office)
    new_contract(site.office, title="=仓储", amount="500000", signed_on="2026-11-03")
    browser = site.signed_in("administrator")
    page = browser.get("/contracts?signed_from=2026-11-01&amount_from=1000").text
    assert "=仓储" in page
    assert "HT-XS-2026-0001" not in page
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/contracts/(?:print|export)[^"]*)"', page)]
    assert links == [f"/contracts/{word}?signed_from=2026-11-01&amount_from=1000" for word in ("print", "export.pdf", "export.xlsx", "export.csv")]  # fmt: skip
    printed = browser.get(links[0]).text
    assert "HT-XS-2026-0002" in printed
    assert "HT-XS-2026-0001" not in printed
    assert "信用管理员（签字、日期）" in printed
    assert "<nav" not in printed
    sheet = load_workbook(io.BytesIO(browser.get(links[2]).data)).active
    assert [cell.value for cell in sheet[1]][:5] == ["合同号", "部门", "承办人", "对方", "题名"]
    assert [cell.value for cell in sheet[2]][:5] == [
        "HT-XS-2026-0002",
        "销售部",
        "handler 某",
        "云桥智联信息技术有限公司",
        "=仓储",
    ]
    browser.client.set_cookie("language", "en")
    answer = browser.get("/contracts/export.csv?text=0001")
    assert "Contract ledger-20261125.csv" in unquote(answer.headers["Content-Disposition"])
    (row,) = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""))
    assert (row["State"], row["Amount"]) == ("Signed", "48000.00")
    assert browser.get("/contracts/export.doc").status_code == 404


@pytest.mark.parametrize("query", ["signed_from=yesterday", "amount_until=-1", "amount_from=1e99"])
def test_a_filter_that_is_none_says_so(site: Site, query: str) -> None:
    new_contract(site.office)
    answer = site.signed_in("handler").get(f"/contracts?{query}")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "没有办成。" in answer.text
