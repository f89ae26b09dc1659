"""The contract ledger (RULES B2): corrected with a reason, searched, filtered, exported, and every export noted."""

import csv
import io
import json
from datetime import date

import pypdfium2
import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from stdnum.cn import uscc

from service.access import people
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused, Unconfirmed
from service.flow.archive import filing, ledger, milestones, reviews, transfers
from service.flow.archive.ledger_rows import LEDGER_COLUMNS, LedgerFilter, export_contracts, list_contracts
from service.flow.intake import corrections
from service.flow.intake.corrections import Correction, correct_contract
from service.records.tables import AuditEntry, CaseFile, Contract, ContractEvent, Customer
from service.reports.ledger_form import Words, ledger_form
from tests.service.conftest import OWNER, Office
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_flow import archive, due_file, fill, new_contract, propose


def entries(office: Office, action: str) -> list[dict]:
    with office.house.database.read() as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.seq))
        return [json.loads(entry.detail) for entry in found]


def shown(office: Office, contract_id: str) -> tuple[Contract, CaseFile]:
    with office.house.database.read() as session:
        contract = session.get_one(Contract, contract_id)
        return contract, session.scalars(select(CaseFile).where(CaseFile.contract_id == contract_id)).one()


def test_B2_a_correction_keeps_the_number_and_leaves_both_values_in_the_trail(office):
    contract_id, _ = new_contract(office)
    wanted = Correction(title="技术服务合同（二期）", amount="480,000", currency="usd", term_until="2027-10-30")
    correct_contract(office.house, office["handler"], contract_id, wanted, " 少录一个零 ")
    contract, file = shown(office, contract_id)
    assert (contract.number, contract.title, str(contract.amount)) == (
        "HT-XS-2026-0001",
        "技术服务合同（二期）",
        "480000.00",
    )
    assert (contract.currency, contract.term_until) == ("USD", date(2027, 10, 30))
    assert file.title == "云桥智联信息技术有限公司 技术服务合同（二期）"
    (entry,) = entries(office, "contract.correct")
    assert entry == {
        "number": "HT-XS-2026-0001",
        "reason": "少录一个零",
        "changes": {
            "title": ["技术服务合同", "技术服务合同（二期）"],
            "amount": ["48000.00", "480000.00"],
            "currency": ["CNY", "USD"],
            "term_until": ["", "2027-10-30"],
        },
    }


def test_a_contract_is_handled_by_a_handler_of_its_department(embedded):
    house = embedded.house
    elsewhere = people.create_department(house, OWNER, "CG", "采购部").id
    embedded.hire("buyer", "handler", department_id=elsewhere)
    embedded.hire("clerk", "credit_administrator")
    for login, why in (("auditor", "not a handler"), ("head", "not a handler"), ("buyer", "another department")):
        with pytest.raises(BadInput, match=why) as refused:
            new_contract(embedded, handler_id=embedded[login].person_id)
        assert set(refused.value.fields) == {"handler_id"}
    contract_id, _ = new_contract(embedded, handler_id=embedded["clerk"].person_id)
    for login in ("auditor", "buyer"):
        with pytest.raises(BadInput) as refused:
            correct_contract(
                house, embedded["administrator"], contract_id, Correction(handler_id=embedded[login].person_id), "改"
            )
        assert set(refused.value.fields) == {"handler_id"}


@pytest.mark.parametrize(
    ("wanted", "reason", "wrong"),
    [
        ({"title": " "}, "改", {"title"}),
        ({"amount": "many", "currency": "元"}, "改", {"amount", "currency"}),
        ({"signed_on": "2026-12-01"}, "改", {"signed_on"}),
        ({"signed_on": ""}, "改", {"signed_on"}),
        ({"signed_on": "31.10.2026"}, "改", {"signed_on"}),
        ({"term_from": "2026-11-02", "term_until": "2026-11-01"}, "改", {"term_until"}),
        ({"handler_id": "nobody"}, "改", {"handler_id"}),
        ({"counterparty_code": "91510100MA0000000X"}, "改", {"counterparty_code"}),
        ({"title": "别的"}, "  ", {"reason"}),
        ({"title": "别的"}, "长" * 501, {"reason"}),
        ({"title": "技术服务合同"}, "什么都没改", set()),
        ({}, "什么都没改", set()),
    ],
)
def test_a_wrong_correction_changes_nothing(embedded, wanted, reason, wrong):
    contract_id, _ = new_contract(embedded)
    with pytest.raises(BadInput) as refused:
        correct_contract(embedded.house, embedded["handler"], contract_id, Correction(**wanted), reason)
    assert set(refused.value.fields) == wrong
    contract, _file = shown(embedded, contract_id)
    assert (contract.title, str(contract.amount), contract.signed_on) == (
        "技术服务合同",
        "48000.00",
        date(2026, 10, 31),
    )
    assert entries(embedded, "contract.correct") == []


def test_the_handler_corrects_until_the_handover_then_the_credit_administrator(embedded):
    house, wanted = embedded.house, [Correction(title=f"合同 {n}") for n in range(6)]
    contract_id, file_id = new_contract(embedded)
    embedded.hire("colleague", "handler")
    embedded.hire("stranger", "handler", department_id=people.create_department(house, OWNER, "CG", "采购部").id)
    with pytest.raises(NotAllowed, match="the handler corrects their own entry"):
        correct_contract(house, embedded["colleague"], contract_id, wanted[0], "不是我的")
    for login in ("archivist", "head"):
        with pytest.raises(NotAllowed):
            correct_contract(house, embedded[login], contract_id, wanted[0], "不归我")
    with pytest.raises(NotFound):
        correct_contract(house, embedded["stranger"], contract_id, wanted[0], "不归我")
    (row,) = transfers.transfers_of(house, embedded["handler"], file_id)
    correct_contract(house, embedded["handler"], contract_id, wanted[0], "我的")
    transfers.hand_over(house, embedded["handler"], row.transfer.id)
    with pytest.raises(NotAllowed, match="until the file is handed over"):
        correct_contract(house, embedded["handler"], contract_id, wanted[1], "已移交")
    correct_contract(house, embedded["administrator"], contract_id, wanted[2], "核实时发现")
    transfers.return_file(house, embedded["administrator"], row.transfer.id, "缺正本")
    correct_contract(house, embedded["handler"], contract_id, wanted[3], "退回来了")
    transfers.hand_over(house, embedded["handler"], row.transfer.id)
    transfers.accept(house, embedded["administrator"], row.transfer.id)
    with pytest.raises(NotAllowed):
        correct_contract(house, embedded["handler"], contract_id, wanted[4], "已接收")
    _contract, file = shown(embedded, contract_id)
    assert not corrections.correctable(house, embedded["handler"], file)
    assert corrections.correctable(house, embedded["administrator"], file)


def test_another_signing_date_moves_the_clock_that_still_runs(embedded):
    house = embedded.house
    contract_id, file_id = new_contract(embedded)
    ledger.finish_event(house, embedded["handler"], contract_id, "amended", "2026-11-10")
    correct_contract(house, embedded["handler"], contract_id, Correction(signed_on="2026-11-03"), "看错月份")
    due = {
        r.transfer.event_kind: r.transfer.due_on for r in transfers.transfers_of(house, embedded["handler"], file_id)
    }
    assert due == {"signed": date(2026, 12, 3), "amended": date(2026, 12, 10)}
    with house.database.read() as session:
        assert session.scalars(select(ContractEvent.finished_on).order_by(ContractEvent.finished_on)).all() == [
            date(2026, 11, 3),
            date(2026, 11, 10),
        ]
    with pytest.raises(BadInput, match="formalities finished on 2026-11-10"):
        correct_contract(house, embedded["handler"], contract_id, Correction(signed_on="2026-11-11"), "又错了")
    for row in transfers.transfers_of(house, embedded["handler"], file_id):
        transfers.hand_over(house, embedded["handler"], row.transfer.id)
    correct_contract(house, embedded["administrator"], contract_id, Correction(signed_on="2026-11-02"), "再核")
    after = {
        r.transfer.event_kind: r.transfer.due_on for r in transfers.transfers_of(house, embedded["handler"], file_id)
    }
    assert after == due  # a deadline that was met stays as it was
    assert shown(embedded, contract_id)[0].signed_on == date(2026, 11, 2)


def test_another_handler_gets_what_is_still_to_be_handed_over(embedded):
    house = embedded.house
    contract_id, file_id = new_contract(embedded)
    colleague = embedded.hire("colleague", "handler")
    correct_contract(house, embedded["handler"], contract_id, Correction(handler_id=colleague.person_id), "交接给同事")
    (row,) = transfers.transfers_of(house, embedded["handler"], file_id)
    assert row.transfer.responsible_id == colleague.person_id
    with pytest.raises(NotAllowed):  # it is not theirs any more
        correct_contract(house, embedded["handler"], contract_id, Correction(title="别的"), "反悔")
    correct_contract(house, colleague, contract_id, Correction(title="别的"), "现在是我的")


def customers(office: Office) -> dict[str, str | None]:
    with office.house.database.read() as session:
        return {customer.name: customer.code for customer in session.scalars(select(Customer))}


def test_a_wrong_counterparty_leaves_no_wrong_customer_behind(embedded):
    house = embedded.house
    contract_id, _ = new_contract(embedded, counterparty="云桥智联信息枝术有限公司")
    code = "91510100MA62K8QF6" + uscc.calc_check_digit("91510100MA62K8QF6")
    wanted = Correction(counterparty="云桥智联信息技术有限公司", counterparty_code=code)
    correct_contract(house, embedded["handler"], contract_id, wanted, "错字")
    assert customers(embedded) == {"云桥智联信息技术有限公司": code}
    second, _ = new_contract(embedded)  # of the same customer
    correct_contract(house, embedded["handler"], second, Correction(counterparty="苏州云岭新材料科技有限公司"), "录错")
    assert customers(embedded) == {"云桥智联信息技术有限公司": code, "苏州云岭新材料科技有限公司": None}
    correct_contract(house, embedded["handler"], second, Correction(counterparty="云桥智联信息技术有限公司"), "没有错")
    first_contract, second_contract = shown(embedded, contract_id)[0], shown(embedded, second)[0]
    assert first_contract.customer_id == second_contract.customer_id
    assert shown(embedded, second)[1].customer_id == first_contract.customer_id


def test_of_an_archived_file_the_retention_changes_only_when_it_is_named_and_never_shorter(office):
    house, administrator = office.house, office["administrator"]
    contract_id, file_id = new_contract(office)
    fill(office, file_id)
    assert archive(office, file_id).retention == "D10"
    wanted = Correction(amount="4800000")
    with pytest.raises(Unconfirmed) as asked:
        correct_contract(house, administrator, contract_id, wanted, "少两个零")
    assert (asked.value.field, asked.value.value) == ("retention", "D30")
    assert str(shown(office, contract_id)[0].amount) == "48000.00"
    with pytest.raises(Unconfirmed):
        correct_contract(house, administrator, contract_id, wanted, "少两个零", "Y")
    correct_contract(house, administrator, contract_id, wanted, "少两个零", "D30")
    file = shown(office, contract_id)[1]
    assert (file.retention, file.archive_number) == ("D30", "J001-HT·2026-D10-XS-0001")
    assert entries(office, "contract.correct")[-1]["retention"] == ["D10", "D30"]
    correct_contract(
        house, administrator, contract_id, Correction(amount="1000"), "又错了"
    )  # the period stays: no question
    correct_contract(house, administrator, contract_id, Correction(amount="1001"), "又错了")
    file = shown(office, contract_id)[1]
    assert file.retention == "D30"
    assert file.retention_why.count("never_shorter") == 1
    assert file.retention_why.count("rule_amount") == 1


def test_what_is_cancelled_reviewed_or_destroyed_is_not_corrected(embedded):
    house, administrator = embedded.house, embedded["administrator"]
    cancelled, _ = new_contract(embedded, signed_on="")
    ledger.cancel_contract(house, embedded["handler"], cancelled, "谈判破裂")
    with pytest.raises(RuleRefused, match="cancelled"):
        correct_contract(house, embedded["handler"], cancelled, Correction(title="别的"), "改")
    file_id, _document_id = due_file(embedded)
    review_id = propose(embedded, file_id)
    with house.database.read() as session:
        contract_id = str(session.get_one(CaseFile, file_id).contract_id)
    with pytest.raises(RuleRefused, match="stands on review"):
        correct_contract(house, administrator, contract_id, Correction(title="别的"), "改")
    reviews.stop(house, embedded["archivist"], review_id, "先更正")
    correct_contract(house, administrator, contract_id, Correction(title="别的"), "改")
    with house.database.write() as session:
        session.get_one(CaseFile, file_id).state = "destroyed"
    with pytest.raises(RuleRefused, match="only its stub remains"):
        correct_contract(house, administrator, contract_id, Correction(title="再改"), "改")


def test_a_corrected_counterparty_is_found_at_once(embedded):
    from service.flow.search import find

    contract_id, file_id = new_contract(embedded)
    document_id = embedded.take_in()
    filing.file_document(embedded.house, embedded["handler"], document_id, file_id)
    correct_contract(
        embedded.house, embedded["handler"], contract_id, Correction(counterparty="苏州云岭新材料科技有限公司"), "录错"
    )
    found = find.find(embedded.house, embedded["handler"], "设备", filters={"customer": "苏州云岭新材料科技有限公司"})
    assert [hit.document_id for hit in found.hits] == [document_id]


def test_B2_the_ledger_is_filtered_by_everything(embedded):
    house = embedded.house
    colleague = embedded.hire("colleague", "handler")
    new_contract(embedded)
    new_contract(embedded, title="仓储合同", amount="500000", signed_on="2026-11-03", handler_id=colleague.person_id)
    new_contract(embedded, title="租赁合同", amount="", signed_on="")

    def titles(**only: str) -> list[str]:
        total, rows = list_contracts(house, embedded["administrator"], LedgerFilter(**only))
        assert total == len(rows)
        return sorted(row.contract.title for row in rows)

    assert titles(text="仓储") == ["仓储合同"]
    assert titles(text="%") == []
    assert titles(status="draft") == ["租赁合同"]
    assert titles(handler_id=colleague.person_id or "") == ["仓储合同"]
    assert titles(signed_from="2026-11-03") == ["仓储合同"]
    assert titles(signed_until="2026-10-31") == ["技术服务合同"]
    assert titles(amount_from="48000", amount_until="48000.00") == ["技术服务合同"]
    assert titles(department_id=embedded.department_id, amount_from="48000.01") == ["仓储合同"]
    assert titles(department_id="elsewhere") == []
    with pytest.raises(BadInput) as refused:
        titles(signed_from="yesterday", amount_until="-1")
    assert set(refused.value.fields) == {"signed_from", "amount_until"}


def test_B2_the_ledger_says_amendments_performance_and_where_the_file_is(office):
    house = office.house
    contract_id, file_id = new_contract(office)
    for day in ("2026-11-05", "2026-11-10"):
        ledger.finish_event(house, office["handler"], contract_id, "amended", day)
    first, second, dropped = (
        milestones.add_milestone(house, office["handler"], contract_id, "payment", title, "2026-12-20")
        for title in ("首付款", "尾款", "奖金")
    )
    milestones.finish_milestone(house, office["handler"], first.id, "2026-11-12")
    milestones.drop_milestone(house, office["handler"], dropped.id, "取消")
    ledger.finish_event(house, office["handler"], contract_id, "performed", "2026-11-20")
    fill(office, file_id)
    archive(office, file_id)
    (row,) = export_contracts(house, office["archivist"], LedgerFilter(), "csv")
    assert (row.amendments, row.amended_on) == (2, date(2026, 11, 10))
    assert row.cells()[-6:] == (2, 1, date(2026, 11, 20), "archived", "J001-HT·2026-D10-XS-0001", "")
    form = ledger_form(LEDGER_COLUMNS, [row.cells()], date(2026, 11, 25), Words())
    said = pypdfium2.PdfDocument(form)[0].get_textpage().get_text_range()
    for word in ("履行节点", "1/2", "案卷状态", "已归档"):
        assert word in said.replace("\r\n", "")
    assert second.done_on is None


def test_an_export_holds_what_the_person_may_see_and_is_noted(embedded, monkeypatch):
    house = embedded.house
    other = people.create_department(house, OWNER, "CG", "采购部")
    embedded.hire("stranger", "handler", department_id=other.id)
    new_contract(embedded)
    assert export_contracts(house, embedded["stranger"], LedgerFilter(), "csv") == []
    with pytest.raises(NotAllowed):
        export_contracts(house, embedded["auditor"], LedgerFilter(), "csv")
    assert len(export_contracts(house, embedded["handler"], LedgerFilter(status="signed"), "xlsx")) == 1
    assert entries(embedded, "ledger.export") == [
        {"form": "csv", "rows": 0, "only": {}},
        {"form": "xlsx", "rows": 1, "only": {"status": "signed"}},
    ]
    monkeypatch.setattr("service.flow.archive.ledger_rows.MAX_EXPORT", 0)
    with pytest.raises(BadInput, match="narrow"):
        export_contracts(house, embedded["handler"], LedgerFilter(), "csv")


def test_through_the_api(client, headers, embedded):  # noqa: F811 - the fixtures
    mine = headers("handler")
    contract_id, file_id = new_contract(embedded, title="=HYPERLINK(1)")
    path = f"/api/v1/contracts/{contract_id}"
    assert client.patch(path, json={"amount": "1"}, headers=mine).status_code == 422  # no reason
    assert client.patch(path, json={"number": "X", "reason": "改"}, headers=mine).status_code == 422
    assert client.patch(path, json={"department_id": "X", "reason": "改"}, headers=mine).status_code == 422
    changed = client.patch(path, json={"amount": "49000", "reason": "改"}, headers=mine).get_json()
    assert (changed["number"], changed["amount"]) == ("HT-XS-2026-0001", "49000.00")
    listed = client.get("/api/v1/contracts?amount_from=49000&signed_until=2026-10-31", headers=mine).get_json()
    assert [(row["number"], row["file_id"], row["file_state"]) for row in listed["contracts"]] == [
        ("HT-XS-2026-0001", file_id, "open")
    ]
    assert client.get("/api/v1/contracts?signed_from=x", headers=mine).status_code == 422
    sent = client.get("/api/v1/contracts/export?form=csv", headers=mine)
    assert sent.headers["Content-Disposition"] == "attachment; filename=contracts.csv"
    (row,) = csv.DictReader(io.StringIO(sent.data.decode("utf-8-sig"), newline=""))
    assert (row["title"], row["amount"], row["status"]) == ("'=HYPERLINK(1)", "49000.00", "signed")
    sent = client.get("/api/v1/contracts/export?form=xlsx", headers=mine)
    sheet = load_workbook(io.BytesIO(sent.data)).active
    assert "f" not in {cell.data_type for line in sheet.iter_rows() for cell in line}
    sent = client.get("/api/v1/contracts/export?form=pdf", headers=mine)
    words = pypdfium2.PdfDocument(sent.data)[0].get_textpage().get_text_range()
    assert all(one in words for one in ("合同台账", "信用管理员（签字、日期）", "49,000.00", "已签订"))
    assert client.get("/api/v1/contracts/export?form=doc", headers=mine).status_code == 422
    fill(embedded, file_id)
    archive(embedded, file_id)
    asked = client.patch(path, json={"amount": "49000000", "reason": "改"}, headers=headers("administrator"))
    assert (asked.status_code, asked.get_json()["confirm"]) == (409, {"retention": "Y"})
    body = {"amount": "49000000", "reason": "改", **asked.get_json()["confirm"]}
    assert client.patch(path, json=body, headers=headers("administrator")).status_code == 200
