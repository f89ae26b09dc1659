"""The pages of batches: stacks sent from the form, pages put right, the account, the release; separator sheets."""

import json
import re
from contextlib import ExitStack

import numpy as np
import pikepdf
import pytest
from sqlalchemy import func, select

from intake.batches.apart import UNSEEN
from intake.batches.cutting import Cutter
from intake.batches.payload import Separator
from intake.errors import Rejected
from service.access import people
from service.flow.archive import filing
from service.flow.intake import batches, looks
from service.flow.intake.receive import receive
from service.flow.intake.stacks import How, receive_stack
from service.flow.intake.views import batch_as_json
from service.records.tables import AuditEntry
from tests.intake import made
from tests.intake.batches import stacks as scans
from tests.service.conftest import OWNER, SCANS
from tests.service.test_batches import BLANK, SHEET, page, stack
from tests.service.test_flow import new_contract
from tests.service.test_sheet_filing import number_of, released
from tests.service.test_sheet_filing import stack as written

PHOTOGRAPH = SCANS / "licence-portrait.jpg"


def send(browser, path, **more):
    form = browser.get("/upload").text
    name = re.search(r'name="batch" value="([^"]+)"', form).group(1)
    with path.open("rb") as file:
        data = {"batch": name, "files": (file, path.name), "split": "1", **more}
        answer = browser.post("/upload", data, content_type="multipart/form-data")
    assert answer.status_code == 303
    return answer.headers["Location"]


@pytest.fixture
def scanner(site):
    site.office.hire("colleague", "operator")
    return site.signed_in("scanner")


def version(text):
    return re.search(r'name="version" value="(\d+)"', text).group(1)


def test_several_files_are_counted_once_and_what_is_no_stack_is_a_document(site, scanner, tmp_path):
    scanner.get("/upload")
    with ExitStack() as opened:
        paths = [stack(tmp_path, 1, name="1.pdf"), stack(tmp_path, 2, name="2.pdf"), PHOTOGRAPH]
        files = [(opened.enter_context(path.open("rb")), path.name) for path in paths]
        data = {"batch": "B-20261125-abcdef", "files": files, "split": "1", "sheets": "2", "sides": "1"}
        assert scanner.post("/upload", data, content_type="multipart/form-data").status_code == 303
    whole = batches.get_batch(site.office.house, site.office["scanner"], "B-20261125-abcdef")
    assert (whole.batch.sheets, len(whole.parts), whole.manifest.kept) == (2, 2, 3)


def test_why_a_signed_file_was_not_cut_is_said(site, scanner, tmp_path):
    path = tmp_path / "合同.pdf"
    path.write_bytes(made.pdf(signed=True))
    at = send(scanner, path)
    assert "没有分件，整份留作一件：文件有电子签名或附件" in scanner.get(at).text
    whole = batches.get_batch(site.office.house, site.office["scanner"], at.rpartition("/")[2])
    told = batch_as_json(whole)["left_whole"]
    assert [(one["code"], one["filename"]) for one in told] == [("stays_whole", "合同.pdf")]


def test_pages_that_could_not_be_looked_at_are_named_and_said_what_they_are(site, scanner, tmp_path, monkeypatch):
    monkeypatch.setattr(looks, "look", lambda _path, _kind, pages, _limits, _own: iter([UNSEEN] * pages))
    at = send(scanner, stack(tmp_path, 1, SHEET, 2), sheets="3", sides="1")
    assert "机器没能查看 3 面，按普通页留用：1、2、3。" in scanner.get(at).text
    refused = scanner.post(f"{at}/release", {"looked": "1"})
    assert refused.status_code == 409
    assert "再把看到的写进放行的说明" in refused.text
    assert scanner.post(f"{at}/release", {"looked": "1", "reason": "三面正文"}).status_code == 303
    assert "说明：三面正文" in scanner.get(at).text


def numbered(path, *numbers, of=5):
    """Write a PDF whose pages say in their foot which page of `of` they are."""
    with pikepdf.new() as pdf:
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        for number in numbers:
            made_page = pdf.add_blank_page(page_size=(595, 842))
            made_page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
            lines = "".join(f"0 -24 Td (Clause {number}.{n} of the supplement to the contract) Tj " for n in range(20))
            said = f"BT /F 14 Tf 60 740 Td {lines} 200 -230 Td (Page {number} of {of}) Tj ET"
            made_page.Contents = pdf.make_stream(said.encode())
        pdf.save(path)
    return path


def test_pages_that_lack_by_their_printed_numbers_are_told_before_the_release(site, scanner, tmp_path):
    house = site.office.house

    def read_all(name):
        for part in batches.get_batch(house, site.office["scanner"], name).parts:
            site.office.until_read(part.document_id)

    at = send(scanner, numbered(tmp_path / "合同.pdf", 1, 2, 4, 5), sheets="4", sides="1")
    name = at.rpartition("/")[2]
    assert "还有 1 件没有读完" in scanner.get(at).text
    read_all(name)
    shown = scanner.get(at).text
    assert "没有读完" not in shown
    assert "按印着的页码缺页：3。" in shown
    assert "缺的页为什么没有" in shown
    refused = scanner.post(f"{at}/release", {"looked": "1"})
    assert refused.status_code == 409
    assert "按印着的页码缺页，" in refused.text
    whole = batches.get_batch(house, site.office["scanner"], name)
    (part,) = whole.parts
    told = batch_as_json(whole)
    assert (told["lacking"], told["unread"]) == ([{"document_id": part.document_id, "pages": "3"}], 0)
    assert "按印着的页码，缺页：3" in scanner.get(f"/to-review/{part.document_id}").text
    # The sheet is found and scanned into the batch: nothing is missing any more.
    send_more(scanner, f"/upload?batch={name}", numbered(tmp_path / "第三页.pdf", 3), sheets="", sides="1")
    batches.change_pages(house, site.office["scanner"], name, version_of(house, site, name), "move", "2.1", "1.3")
    scanner.post(f"{at}/count", {"sheets": "5", "sides": "1"})
    read_all(name)
    assert "缺页" not in scanner.get(at).text
    assert scanner.post(f"{at}/release", {"looked": "1"}).status_code == 303


def version_of(house, site, name):
    return batches.get_batch(house, site.office["scanner"], name).batch.version


def test_a_batch_whose_lacking_pages_are_nowhere_is_released_with_a_word(site, scanner, tmp_path):
    at = send(scanner, numbered(tmp_path / "合同.pdf", 1, 3, of=3), sheets="2", sides="1")
    (part,) = batches.get_batch(site.office.house, site.office["scanner"], at.rpartition("/")[2]).parts
    site.office.until_read(part.document_id)
    assert scanner.post(f"{at}/release", {"looked": "1"}).status_code == 409
    assert scanner.post(f"{at}/release", {"looked": "1", "reason": "原件就缺第 2 页"}).status_code == 303
    with site.office.house.database.read() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "batch.release"))
    assert json.loads(entry.detail)["lacking"] == {part.document_id: "2"}


def test_a_stack_is_sent_put_right_and_released_without_javascript(site, scanner, tmp_path):
    at = send(scanner, stack(tmp_path, 1, BLANK, 2, SHEET, 3, 4), sheets="3", sides="2")
    shown = scanner.get(at).text
    assert "3 张 × 2 面 = 6；留用 4 + 空白 1 + 分隔页 1 = 6" in shown
    assert "HT-XS-2026-0001" in shown
    assert scanner.get(f"{at}/pictures/1.1").mimetype == "image/jpeg"
    answer = scanner.post(f"{at}/pages", {"version": version(shown), "page": "1.1", "action": "rotate:90"})
    assert answer.headers["Location"] == f"{at}?on=1.1#r-1.1"
    shown = scanner.get(f"{at}?on=1.1").text
    assert 'class="turn-90"' in shown
    assert 'value="1.1" id="r-1.1" checked' in shown
    stale = scanner.post(f"{at}/pages", {"version": "1", "page": "1.1", "action": "split"})
    assert stale.status_code == 409
    assert "别人改过了" in stale.text
    assert scanner.post(f"{at}/pages", {"version": version(shown), "action": "split"}).status_code == 422
    new = scans.jpeg(page(42), 72)
    import io

    answer = scanner.post(
        f"{at}/pages",
        {"version": version(shown), "page": "1.3", "action": "rescan", "file": (io.BytesIO(new), "again.jpg")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 303
    shown = scanner.get(at).text
    assert "已重扫" in shown
    moved = scanner.post(f"{at}/pages", {"version": version(shown), "page": "1.5", "action": "move", "before": "1"})
    assert moved.status_code == 303
    assert scanner.post(f"{at}/release", {"looked": "1"}).status_code == 303
    shown = scanner.get(at).text
    assert "已放行" in shown
    assert 'id="leaves"' not in shown
    assert scanner.get(f"{at}/pictures/1.1").status_code == 404


def test_what_does_not_balance_says_the_numbers_and_needs_someone_else(site, scanner, tmp_path):
    at = send(scanner, stack(tmp_path, 1, 2))
    assert "每一页都看一遍" in scanner.post(f"{at}/release", {"form": "release"}).text
    refused = scanner.post(f"{at}/release", {"form": "release", "looked": "1"})
    assert refused.status_code == 409
    assert "先数一数" in refused.text
    assert scanner.post(f"{at}/count", {"sheets": "3", "sides": "1"}).status_code == 303
    refused = scanner.post(f"{at}/release", {"form": "release", "looked": "1"})
    assert "3 张 × 1 面 = 3" in refused.text
    assert (
        "操作员以外的人" in scanner.post(f"{at}/release", {"form": "release", "looked": "1", "reason": "少了一张"}).text
    )
    assert (
        site.signed_in("colleague").post(f"{at}/release", {"looked": "1", "reason": "有一张是空的"}).status_code == 303
    )
    assert "有一张是空的" in scanner.get(at).text


def test_open_batches_are_listed_and_hidden_from_others(site, scanner, tmp_path):
    at = send(scanner, stack(tmp_path, 1))
    assert "等待放行" in scanner.get("/batches").text
    site.office.hire("auditing", "auditor")
    auditor = site.signed_in("auditing")
    assert auditor.get(f"{at}/pictures/1.1").status_code in (403, 404)
    assert auditor.post(f"{at}/release").status_code in (403, 404)


def test_a_document_of_an_open_batch_says_why_it_is_not_filed(site, scanner, tmp_path):
    at = send(scanner, stack(tmp_path, 1))
    (part,) = batches.get_batch(site.office.house, site.office["scanner"], at.rpartition("/")[2]).parts
    contract_id, _ = new_contract(site.office)
    from service.records.tables import Contract

    with site.office.house.database.read() as session:
        number = session.get_one(Contract, contract_id).number
    handler = site.signed_in("handler")
    from service.flow.intake.documents import change

    change(site.office.house, site.office["handler"], part.document_id, category="1.9")
    answer = handler.post(f"/documents/{part.document_id}/file", {"form": "file", "case_file": number})
    assert answer.status_code == 409
    assert "还没有放行" in answer.text


def test_separator_sheets_are_printed_for_what_exists(site, scanner):
    contract_id, _ = new_contract(site.office)
    from service.records.tables import Contract

    with site.office.house.database.read() as session:
        contract = session.get_one(Contract, contract_id)
    assert "打印分隔页" in scanner.get("/separators").text
    shown = scanner.get(f"/separators/print?starts=file&contract={contract.number}&category=1.9&copies=2").text
    assert shown.count('class="square"') == 2
    assert contract.title in shown
    path = re.search(r'class="square" viewBox="0 0 (\d+) (\d+)".*?d="([^"]+)"', shown)
    width, dots = int(path[1]), np.full((int(path[1]),) * 2, 255, np.uint8)
    for x, y, w in re.findall(r"M(\d+) (\d+)h(\d+)v1", path[3]):
        dots[int(y), int(x) : int(x) + int(w)] = 0
    from intake.batches import marks

    picture = np.pad(np.kron(dots, np.ones((8, 8), np.uint8)), 60, constant_values=255)
    found = marks.find(picture, 150)
    assert width > 20
    assert found.separator == Separator("file", contract.number, category="1.9")
    wrong = scanner.get("/separators/print?contract=HT-0&customer=K-0&category=1.9")
    assert wrong.status_code == 422
    assert "没有这份合同" in wrong.text
    assert 'value="HT-0"' in wrong.text
    assert site.signed_in("auditor").get("/separators").status_code == 403


def test_labels_are_printed_for_the_numbers_that_were_chosen(site, scanner):
    import pypdfium2

    contract_id, _ = new_contract(site.office)
    from service.records.tables import Contract

    with site.office.house.database.read() as session:
        contract = session.get_one(Contract, contract_id)
    assert "打印标签" in scanner.get("/separators").text
    answer = scanner.get(f"/labels/print?numbers={contract.number}%0A&category=1.9&cut=L7163&copies=3&used=13")
    assert answer.mimetype == "application/pdf"
    with pypdfium2.PdfDocument(answer.data) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    assert [text.count(contract.number) for text in texts] == [1, 2]
    assert contract.title in texts[0]
    wrong = scanner.get(f"/labels/print?numbers={contract.number}%0AHT-0&used=21&cut=L7160")
    assert wrong.status_code == 422
    assert "0 到 20。" in wrong.text
    wrong = scanner.get(f"/labels/print?numbers={contract.number}%0AHT-0")
    assert "没有这份合同：HT-0。" in wrong.text
    assert scanner.get("/labels/print?copies=501").status_code == 422
    assert site.signed_in("auditor").get("/labels/print").status_code == 403


def test_the_progress_says_whether_the_stack_is_still_cut(site, scanner, tmp_path):
    at = send(scanner, stack(tmp_path, 1, SHEET, 2), sheets="3", sides="1", order="fronts")
    before = audit_count(site)
    assert scanner.get(f"{at}/progress").json["busy"] is True  # the backs are still to come
    assert audit_count(site) == before  # asked every moment, it is no reading; the page is one
    assert "data-busy" in scanner.get(at).text
    at = send(scanner, stack(tmp_path, 3, SHEET, 4, name="two.pdf"), sheets="3", sides="1")
    assert scanner.get(f"{at}/progress").json["busy"] is False
    assert "data-busy" not in scanner.get(at).text


def test_a_first_pass_without_backs_has_two_ways_out(site, scanner, tmp_path):
    at = send(scanner, stack(tmp_path, 1, 2), sides="2", order="fronts")
    shown = scanner.get(at).text
    assert "（2 页）在等背面" in shown
    assert "只有这一面，按单面分件" in shown
    assert scanner.post(f"{at}/passes/1", {"what": "give_up"}).status_code == 303
    shown = scanner.get(at).text
    assert "已作废：这些纸要重新扫描" in shown
    assert "data-busy" not in shown
    assert "留用会重复" not in shown
    send(scanner, stack(tmp_path, 5, name="later.pdf"), sides="2", batch=at.rpartition("/")[2])
    assert "留用会重复" in scanner.get(at).text
    assert scanner.post(f"{at}/count", {"sheets": "1", "sides": "1"}).status_code == 303
    assert "作废的那一叠在哪里重新扫描了" in scanner.get(at).text
    refused = scanner.post(f"{at}/release", {"looked": "1"})
    assert (refused.status_code, "第 1 叠作废了，放行以后不再保留" in refused.text) == (409, True)
    refused = scanner.post(f"{at}/passes/1", {"what": "give_up"})
    assert (refused.status_code, "没有等着背面的第一遍" in refused.text) == (409, True)
    assert scanner.post(f"{at}/passes/1", {"what": "one_sided"}).status_code == 303
    shown = scanner.get(at).text
    assert "在等背面" not in shown
    assert 'value="1.2" id="r-1.2"' in shown


def test_a_file_that_waits_for_the_others_of_its_stack_says_so_and_has_two_ways_out(site, scanner, tmp_path):
    house, name = site.office.house, "B-20261125-abcdef"
    for number in (1, 2):
        how = How(5 if number == 1 else None, 1, portion=f"0123456789abcdef/{number}/3", device="fi-7160")
        path = stack(tmp_path, number, number + 2, name=f"{number}.tif")
        receive_stack(house, site.office["scanner"], path, "三月合同.tiff", batch=name, how=how)
    at = f"/batches/{name}"
    shown = scanner.get(at).text
    assert "等这一叠其余的文件。" in shown
    assert "三月合同.tiff（2 页）是一叠里的第 2 个文件，共 3 个，在等其余的" in shown
    assert batches.get_batch(house, site.office["scanner"], name).order == ("1.1", "1.2", "2.1", "2.2")
    refused = scanner.post(f"{at}/release", {"looked": "1", "reason": "x"})
    assert (refused.status_code, f"批次 {name} 还在等一叠其余的文件。" in refused.text) == (409, True)
    assert scanner.post(f"{at}/passes/1", {"what": "one_sided"}).status_code == 303
    assert scanner.post(f"{at}/passes/2", {"what": "give_up"}).status_code == 303
    shown = scanner.get(at).text
    assert "已作废：这些纸要重新扫描" in shown
    assert 'value="1.2" id="r-1.2"' in shown


def audit_count(site):
    with site.office.house.database.read() as session:
        return session.scalar(select(func.count()).select_from(AuditEntry))


def test_why_a_stack_was_left_whole_is_told_in_the_readers_language(site, scanner, tmp_path, monkeypatch):
    real = Cutter.write

    def broken(cutter, pieces, target):
        if len(pieces) != 4:
            raise Rejected("truncated", "The PDF is damaged or cut short.")
        return real(cutter, pieces, target)

    monkeypatch.setattr(Cutter, "write", broken)
    at = send(scanner, stack(tmp_path, 1, SHEET, 2, 3))
    said = re.compile(r'<p class="late mt-3 mb-0">([^<]+)</p>')
    (chinese,) = said.findall(scanner.get(at).text)
    assert chinese.endswith("没有分件，整份留作一件：文件不完整，请重新扫描或重新传。")
    scanner.post("/language", {"language": "en", "next": at})
    (english,) = said.findall(scanner.get(at).text)
    assert english.endswith("The PDF is damaged or cut short.")
    assert not re.search(r"[\u4e00-\u9fff]", english.partition(" ")[2])


def chosen(form, name):
    """Return the values that are chosen in a select."""
    options = re.search(rf'<select name="{name}">(.*?)</select>', form, re.DOTALL).group(1)
    return re.findall(r'value="([^"]*)" selected', options)


def send_more(browser, address, path, **more):
    form = browser.get(address).text
    data = {"batch": re.search(r'name="batch" value="([^"]+)"', form).group(1), "split": "1"}
    data |= {name: value for name in ("order", "sides") for value in chosen(form, name)}
    with path.open("rb") as file:
        data |= {"files": (file, path.name), **more}
        return browser.post("/upload", data, content_type="multipart/form-data")


def test_the_backs_are_sent_from_the_page_of_their_batch(site, scanner, tmp_path):
    at = send(scanner, stack(tmp_path, 1, 2, name="正面.pdf"), sheets="2", sides="2", order="fronts")
    (address,) = set(re.findall(r'class="btn btn-primary" data-primary href="(/upload[^"]*)"', scanner.get(at).text))
    form = scanner.get(address).text
    assert "正面.pdf（2 页）在等背面" in form
    assert 'name="split" value="1" checked' in form
    assert (chosen(form, "order"), chosen(form, "sides")) == (["backs"], ["2"])
    assert send_more(scanner, address, stack(tmp_path, 3, 4, name="背面.pdf")).headers["Location"] == at
    whole = batches.get_batch(site.office.house, site.office["scanner"], at.rpartition("/")[2])
    assert [part.pages for part in whole.parts] == [["1.1", "2.2", "1.2", "2.1"]]
    assert whole.manifest.balances
    form = scanner.get(address).text  # a few pages more are as the paper lies
    assert ("在等背面" in form, chosen(form, "order")) == (False, [])


def test_a_batch_named_by_a_station_takes_more_from_the_page(site, scanner, tmp_path):
    house, operator = site.office.house, site.office["scanner"]
    receive_stack(house, operator, stack(tmp_path, 1), "1.pdf", batch="三月 合同", how=How(1, 1))
    (address,) = re.findall(r'href="(/upload\?[^"]*)"', scanner.get("/batches/三月 合同").text)
    answer = send_more(scanner, address, stack(tmp_path, 2, name="2.pdf"), sheets="1")
    assert answer.status_code == 303
    whole = batches.get_batch(house, operator, "三月 合同")
    assert (len(whole.parts), whole.batch.sheets, whole.manifest.balances) == (2, 2, True)


def test_only_who_may_add_to_an_open_batch_is_shown_a_form_for_it(site, scanner, tmp_path):
    at = send(scanner, stack(tmp_path, 1), sheets="1", sides="1")
    name = at.rpartition("/")[2]
    other = people.create_department(site.office.house, OWNER, "CG", "采购部")
    site.office.hire("stranger", "operator", department_id=other.id)
    stranger = site.signed_in("stranger")
    assert stranger.get(f"/upload?batch={name}").status_code == 404
    assert stranger.get("/upload?batch=B-0").status_code == 404
    assert scanner.post(f"{at}/release", {"looked": "1"}).status_code == 303
    assert "传到这一批" not in scanner.get(at).text
    refused = scanner.get(f"/upload?batch={name}")
    assert (refused.status_code, f"批次 {name} 已放行，不能再加进文件。" in refused.text) == (409, True)


def test_a_document_of_others_with_the_same_bytes_leaves_a_batch_open_to_change(site, scanner, tmp_path):
    house, office = site.office.house, site.office
    other = people.create_department(house, OWNER, "CG", "采购部")
    office.hire("stranger", "operator", department_id=other.id)
    same = stack(tmp_path, 1, 2, name="one.pdf")
    theirs = receive(house, office["scanner"], same, "机密报价.pdf")
    stranger = site.signed_in("stranger")
    at = send(stranger, same)
    name = at.rpartition("/")[2]
    assert send(stranger, stack(tmp_path, 7, 8, name="mine.pdf"), batch=name) == at
    shown = stranger.get(at).text
    assert ("机密报价" in shown, theirs.document_id in shown) == (False, False)
    assert "档案里已经有这一件，但不在你能看的范围内" in shown
    told = batch_as_json(batches.get_batch(house, office["stranger"], name))["documents"]
    assert [(one["duplicate"], one["status"]) for one in told] == [(True, None), (False, "received")]
    for action, key in (("split", "2.2"), ("rotate:90", "2.1"), ("undo", ""), ("rotate:90", "1.1")):
        data = {"version": version(stranger.get(at).text), "page": key, "action": action}
        assert stranger.post(f"{at}/pages", data).status_code == 303
    parts = batches.get_batch(house, office["stranger"], name).parts
    assert [part.pages for part in parts] == [["1.1@90", "1.2"], ["2.1"], ["2.2"]]
    # Who may read the document is told which it is.
    assert "机密报价" in scanner.get(f"/documents/{theirs.document_id}").text


def test_pages_that_were_not_looked_at_yet_have_no_picture_and_are_not_listed(site, scanner, tmp_path, monkeypatch):
    house, operator, real, seen = site.office.house, site.office["scanner"], looks.look, []
    name = "B-20261125-abcdef"

    def look(*given):
        seen.append((scanner.get(f"/batches/{name}/pictures/1.1").status_code, scanner.get(f"/batches/{name}").text))
        yield from real(*given)

    monkeypatch.setattr(looks, "look", look)
    path = stack(tmp_path, 1, SHEET, 2)
    receive_stack(house, operator, path, path.name, batch=name, how=How(sheets=3, sides=1))
    ((status, shown),) = seen
    assert (status, "pictures/1.1" in shown) == (404, False)
    assert scanner.get(f"/batches/{name}/pictures/1.1").status_code == 200
    assert "pictures/1.1" in scanner.get(f"/batches/{name}").text


def test_a_released_batch_is_filed_as_its_sheets_say_with_one_press(site, scanner, tmp_path):
    house = site.office.house
    contract_id, file_id = new_contract(site.office)
    number = number_of(site.office, contract_id)
    sheets = (
        Separator("file", number, category="1.9"),
        Separator(category="1.10"),
        Separator("file", "HT-0", category="1.9"),
    )
    path = written(tmp_path / "stack.pdf", sheets[0], "a", sheets[1], "b", sheets[2], "c", Separator("file"), "d")
    one, two, three, _ = released(site.office, path)
    assert "按分隔页归卷" not in scanner.get("/batches/B-1").text  # who scans does not file
    assert scanner.post("/batches/B-1/filing", {}).status_code == 403
    handler = site.signed_in("handler")
    page = handler.get("/batches/B-1").text
    shown = re.findall(r'name="shown" value="([^"]+)"', page)
    assert shown == [f"{one}:{file_id}", f"{two}:{file_id}"]
    assert "没有合同 HT-0，或者你不能看它的案卷" in page
    assert "另有 1 件的分隔页没有写合同或客户" in page
    filing.file_document(house, site.office["administrator"], two, file_id)  # a colleague was faster
    done = handler.post("/batches/B-1/filing", {"form": "filing", "shown": [*shown, f"{three}:{file_id}"]})
    assert (done.status_code, done.headers["Location"]) == (303, "/batches/B-1#filing")
    page = handler.get("/batches/B-1").text
    assert "已归卷 1 件。归错的，打开那一件取出来。" in page
    assert "1 件没有归：刚有改动" in page
    assert 'name="shown"' not in page
    assert "没有要按分隔页归卷的文件了" in page
    handler.post("/batches/B-1/filing", {"form": "filing", "shown": shown})
    assert "这些文件都已经在案卷里了" in handler.get("/batches/B-1").text
    handler.post(f"/documents/{one}/unfile")
    assert f'value="{one}:{file_id}"' in handler.get("/batches/B-1").text
    handler.post("/language", {"language": "en"})
    assert "File all as their sheets say" in handler.get("/batches/B-1").text


def test_before_the_release_nothing_is_filed_by_sheets(site, scanner, tmp_path):
    at = send(scanner, stack(tmp_path, 1, SHEET, 2))
    handler = site.signed_in("handler")
    assert "按分隔页归卷" not in handler.get(at).text
    refused = handler.post(f"{at}/filing", {"form": "filing"})
    assert refused.status_code == 409
    assert "还没有放行，放行以后才能归卷" in refused.text
