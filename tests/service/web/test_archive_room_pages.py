"""The archive room's pages: the four checks with their exception, the yearly sample, the schedule's editor, milestones and amendments."""

import re

from sqlalchemy import update

from service.flow.archive import filing, schedules, transfers
from service.records.tables import Document
from tests.service.conftest import OWNER
from tests.service.web.conftest import Site, archive, fill, new_contract


def test_a_failed_check_is_shown_and_the_exception_takes_two(site: Site) -> None:
    office = site.office
    _contract, file_id = new_contract(office)
    document_id = office.take_in()
    filing.file_document(office.house, office["handler"], document_id, file_id)
    fill(office, file_id)
    for giver in ("handler", "administrator"):
        for item in transfers.transfers_of(office.house, office["handler"], file_id):
            if item.transfer.state == "pending":
                transfers.hand_over(office.house, office[giver], item.transfer.id)
                if item.transfer.stage == "handler":
                    transfers.accept(office.house, office["administrator"], item.transfer.id)
    with office.house.database.write() as session:
        session.execute(update(Document).where(Document.id == document_id).values(pages=9))
    archivist, administrator = site.signed_in("archivist"), site.signed_in("administrator")
    refused = archivist.post(f"/files/{file_id}/archive")
    assert refused.status_code == 409
    assert "四性检测不合格：页数相符。" in refused.text
    page = archivist.get(f"/files/{file_id}").text
    assert "登记 9 页，文件里有" in page
    assert "申请例外" in page
    assert "申请例外" not in site.signed_in("handler").get(f"/files/{file_id}").text
    asked = archivist.post(f"/files/{file_id}/check-exceptions", {"reason": "纸质核对过"})
    assert asked.status_code == 303
    assert "批准例外" not in archivist.get(f"/files/{file_id}").text  # not by who asked
    page = administrator.get(f"/files/{file_id}").text
    path = re.search(rf"/files/{file_id}/check-exceptions/[^/]+/approve", page)
    assert path
    assert administrator.post(path[0]).status_code == 303
    assert archivist.post(f"/files/{file_id}/archive").status_code == 303
    assert archivist.post(f"/files/{file_id}/checks").status_code == 303
    assert "临时检测" in archivist.get(f"/files/{file_id}").text
    drawn = archivist.post("/check-samples", {"percent": "5"})
    assert drawn.status_code == 303
    assert "随机数种子" in archivist.get("/check-samples").text
    assert archivist.post("/check-samples", {"percent": "5"}).status_code == 409


def test_the_schedule_is_drafted_judged_tried_and_activated_on_its_pages(site: Site) -> None:
    office = site.office
    _contract, file_id = new_contract(office)
    fill(office, file_id)
    archive(office, file_id)
    archivist, administrator = site.signed_in("archivist"), site.signed_in("administrator")
    assert archivist.post("/schedules", {"version": "2027", "of": "default-1"}).status_code == 303
    page = archivist.get("/schedules/2027").text
    names = re.findall(r'name="name" value="([^"]*)"', page)
    assert names[-3:] == ["", "", ""]
    rules = schedules.version_of(office.house, OWNER, "2027").rules

    def form(rows: list[dict[str, object]]) -> dict[str, list[str]]:
        def shown(value: object) -> str:
            return (
                ("yes" if value else "no")
                if isinstance(value, bool)
                else ",".join(value)
                if isinstance(value, list)
                else str(value)
            )

        return {name: [shown(row[name]) for row in rows] for name in rules[0]}

    without = [rule for rule in rules if rule["name"] != "contract-ordinary"]
    assert archivist.post("/schedules/2027", form(without)).status_code == 303
    page = archivist.get("/schedules/2027").text
    assert "有空档：合同案卷，金额 50000 元起、不满 10000000 元，没有规则" in page
    longer = [rule | ({"period": "D20"} if rule["name"] == "contract-minor" else {}) for rule in rules]
    assert archivist.post("/schedules/2027", form(longer)).status_code == 303
    tried = archivist.get("/schedules/2027?try=1").text
    assert "已归档 1 卷：1 卷变长，0 卷表上更短、保持不变" in tried
    assert archivist.post("/schedules/2027/activate").status_code == 409
    assert administrator.post("/schedules/2027/activate").status_code == 303
    schedules.apply_waiting(office.house, lambda: True)
    page = archivist.get(f"/files/{file_id}").text
    assert "20 年" in page
    assert "保管期限表 2027" in page


def test_milestones_and_an_amendment_on_the_page_of_the_file(site: Site) -> None:
    contract_id, file_id = new_contract(site.office)
    handler = site.signed_in("handler")
    sent = {"form": "milestone", "kind": "payment", "title": "首付款", "due_on": "2026-11-10", "amount": "100"}
    assert handler.post(f"/contracts/{contract_id}/milestones", sent).status_code == 303
    wrong = handler.post(f"/contracts/{contract_id}/milestones", sent | {"due_on": "soon"})
    assert wrong.status_code == 422
    page = handler.get(f"/files/{file_id}").text
    assert "1 项逾期" in page
    assert "首付款" in handler.get("/milestones?late=1").text
    path = re.search(r"/milestones/[^/]+/done", page)
    assert path
    assert handler.post(path[0], {"file": file_id, "done_on": "2026-11-12"}).status_code == 303
    assert "逾期完成" in handler.get(f"/files/{file_id}").text
    sent = {"form": "amend", "kind": "amended", "finished_on": "2026-11-11", "amount": "52000.00", "currency": "CNY"}
    assert handler.post(f"/contracts/{contract_id}/events", sent).status_code == 303
    assert "48000.00 → 52000.00" in handler.get(f"/files/{file_id}").text
