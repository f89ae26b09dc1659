"""What goes to paper and into spreadsheets: complete, signed, without the ways of the screen, and noted."""

import csv
import io
import re
from datetime import date

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from service.flow.archive import destroy, exports, filing, reviews
from service.records.tables import AuditEntry
from tests.service.conftest import Office
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_flow import decide_all, due_file, new_contract, propose
from tests.service.web.conftest import Site, open_site


def destroyed(office: Office) -> tuple[str, str]:
    """Return (file id, review id) of a destruction that has its certificate."""
    file_id, _ = due_file(office)
    review_id = propose(office, file_id)
    decide_all(office, review_id, file_id)
    office.house.clock.move_to(date(2037, 1, 13))
    for login in ("fourth", "fifth"):
        reviews.supervise(office.house, office[login], review_id)
    destroy.execute(office.house, office["archivist"], review_id)
    for login in ("fourth", "fifth"):
        reviews.supervise(office.house, office[login], review_id)
    return file_id, review_id


def exported(office: Office) -> list[str]:
    with office.house.database.read() as session:
        return list(
            session.scalars(
                select(AuditEntry.action).where(AuditEntry.action.endswith(".export")).order_by(AuditEntry.seq)
            )
        )


def on_paper(page: str) -> str:
    """A page that holds no form, no menu and nobody's "you"; tables have a head that is repeated."""
    assert "<nav" not in page
    assert "<form" not in page
    assert "（你）" not in page
    assert page.count("<table>") <= page.count("<thead>")
    return page


def test_a_case_file_and_the_transfer_list_on_paper(site: Site) -> None:
    _, file_id = new_contract(site.office, title="技术<服务>")
    handler = site.signed_in("handler")
    assert f"/files/{file_id}/print" in handler.get(f"/files/{file_id}").text
    page = on_paper(handler.get(f"/files/{file_id}/print").text)
    assert "技术&lt;服务&gt;" in page
    for word in ("HT-XS-2026-0001", "1.11 交接与收付凭证", "2026-11-30", "档案管理员（签字、日期）", "卷内没有文件。"):
        assert word in page
    page = on_paper(handler.get("/transfers/print?view=mine").text)
    for word in ("HT-XS-2026-0001", "承办人移交", "移交人（签字、日期）", "接收人（签字、日期）", "共 1 卷"):
        assert word in page
    assert "共 0 卷" in on_paper(site.signed_in("archivist").get("/transfers/print?view=receive").text)
    assert site.signed_in("auditor").get("/transfers/print").status_code == 403
    assert site.signed_in("auditor").get(f"/files/{file_id}/print").status_code == 404


def test_the_list_of_one_transfer_on_paper(site: Site) -> None:
    office = site.office
    _, file_id = new_contract(office)
    filing.file_document(office.house, office["handler"], office.take_in(), file_id, "1.9", original=True)
    head = site.signed_in("head")
    (path,) = re.findall(r'href="(/transfers/[^"/]+/list)"', head.get(f"/files/{file_id}").text)
    draft = on_paper(head.get(path).text)
    for word in ("案卷移交清单", "HT-XS-2026-0001-01", "尚未签字", "1.9 合同正副本", "原件 1 件，复印件 0 件"):
        assert word in draft
    assert "代为移交" in head.get(f"/files/{file_id}").text
    head.post(path.removesuffix("list") + "hand-over")
    signed = on_paper(site.signed_in("handler").get(path).text)
    assert "尚未签字" not in signed
    assert "head 某（代handler 某）" in signed
    assert site.signed_in("auditor").get(path).status_code == 404
    assert site.signed_in("handler").get("/transfers/nothing/list").status_code == 404


def test_the_register_and_the_certificate_on_paper(embedded: Office) -> None:
    file_id, review_id = destroyed(embedded)
    site = open_site(embedded)
    archivist = site.signed_in("archivist")
    assert f"/reviews/{review_id}/certificate" in archivist.get(f"/reviews/{review_id}").text
    page = on_paper(archivist.get(f"/reviews/{review_id}/certificate").text)
    for word in (
        "档案销毁证明",
        "J001-HT·2026-D10-XS-0001",
        "证明未被改动",
        "head 某",
        "fourth 某",
        "fifth 某",
        "SHA-256",
    ):
        assert word in page
    assert f"/reviews/{review_id}/register" in archivist.get(f"/reviews/{review_id}").text
    page = on_paper(archivist.get(f"/reviews/{review_id}/register").text)
    cover, rows = page.split('class="after"')
    for part, person, signed in (
        ("鉴定小组组长", "first", "鉴定意见"),
        ("批准人", "head", "已批准"),
        ("监销人一", "fourth", "销毁前确认"),
        ("监销人二", "fifth", "销毁后确认"),
    ):
        line = cover.split(f">{part}<")[1].split("</tr>")[0]
        assert f"{person} 某" in line
        assert re.search(rf"{signed} <span class=\"num\">2037-01-\d\d<", line)
    assert "2037-01-13" in cover.split("销毁日期")[1].split("</tr>")[0]
    assert "J001-HT·2026-D10-XS-0001" in rows
    page = on_paper(archivist.get("/register/print").text)
    for word in ("档案销毁清册", "J001-HT·2026-D10-XS-0001", "监销人二（签字、日期）", "11 年"):
        assert word in page
    cover, rows = page.split('class="after"')
    for person, signed in (
        ("first", "鉴定意见"),
        ("head", "已批准"),
        ("fourth", "销毁前确认"),
        ("fifth", "销毁后确认"),
    ):
        assert re.search(rf"<td>{person} 某<div>.*{signed} <span class=\"num\">2037-01-\d\d<", cover)
    assert '<td class="num">2037-01-13</td>' in cover
    assert "只留存根" in on_paper(archivist.get(f"/files/{file_id}/print").text)
    answer = archivist.get("/register/export.xlsx")
    sheet = load_workbook(io.BytesIO(answer.data)).active
    assert [cell.value for cell in sheet[1]][:4] == ["序号", "题名", "年度", "档号"]
    assert sheet["D2"].value == "J001-HT·2026-D10-XS-0001"
    assert exported(embedded) == ["register.export"]


def test_there_is_no_certificate_before_the_destruction(site: Site) -> None:
    file_id, _ = due_file(site.office)
    review_id = propose(site.office, file_id)
    for form in ("certificate", "register"):
        assert site.signed_in("archivist").get(f"/reviews/{review_id}/{form}").status_code == 404


def test_the_due_list_and_the_transfers_as_spreadsheets(site: Site) -> None:
    new_contract(site.office, title='=HYPERLINK("x")', counterparty="@SUM(A1)有限公司")
    due_file(site.office)
    archivist = site.signed_in("archivist")
    links = re.findall(r'href="(/[^"]*\.xlsx[^"]*)"', archivist.get("/reviews").text)
    sheet = load_workbook(io.BytesIO(archivist.get(links[0]).data)).active
    assert [[cell.value for cell in row][:4] for row in sheet.iter_rows()] == [
        ["档号", "题名", "部门", "保管期限"],
        ["J001-HT·2026-D10-XS-0001", "云桥智联信息技术有限公司 技术服务合同", "XS", "10 年"],
    ]
    handler = site.signed_in("handler")
    links = re.findall(r'href="(/transfers/export[^"]*)"', handler.get("/transfers").text)
    sheet = load_workbook(io.BytesIO(handler.get(links[0].replace("&amp;", "&")).data)).active
    assert (sheet["A2"].value, sheet["C2"].value) == ("HT-XS-2026-0001", '@SUM(A1)有限公司 =HYPERLINK("x")')
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}
    (row,) = csv.DictReader(io.StringIO(handler.get("/transfers/export.csv").data.decode("utf-8-sig"), newline=""))
    assert row["题名"].startswith("'@SUM")
    assert (row["环节"], row["期限"], row["责任人"]) == ("承办人移交", "2026-11-30", "handler 某")
    assert exported(site.office) == ["candidates.export", "transfers.export", "transfers.export"]
    for path in ("/transfers/export.pdf", "/reviews/due.doc", "/register/export.exe"):
        assert archivist.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/reviews/due.xlsx", "/register/export.csv", "/register/print"])
def test_who_may_not_see_the_list_gets_no_file(site: Site, path: str) -> None:
    assert site.signed_in("scanner").get(path).status_code == 403
    assert exported(site.office) == []


def test_through_the_api(client, headers, embedded):  # noqa: F811 - the fixtures
    due_file(embedded)
    keeper = headers("archivist")
    sent = client.get("/api/v1/retention/candidates/export?form=xlsx", headers=keeper)
    assert load_workbook(io.BytesIO(sent.data)).active["A1"].value == exports.CANDIDATE_COLUMNS[0]
    sent = client.get("/api/v1/transfers/export", headers=keeper)
    assert sent.data.decode("utf-8-sig").splitlines()[0] == ",".join(exports.TRANSFER_COLUMNS)
    sent = client.get("/api/v1/destructions/register/export", headers=keeper)
    assert sent.data.decode("utf-8-sig").splitlines()[0] == ",".join(exports.REGISTER_COLUMNS)
    assert exported(embedded) == ["candidates.export", "transfers.export", "register.export"]
    assert client.get("/api/v1/retention/candidates/export?form=doc", headers=keeper).status_code == 422
    assert client.get("/api/v1/destructions/register/export", headers=headers("handler")).status_code == 200
