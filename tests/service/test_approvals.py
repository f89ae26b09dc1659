"""RULES B2, B1 (1.1 报审及批准文件): where a department demands it, a contract is approved before it is signed; what was signed before is carried on."""

import io
from datetime import date

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from retention.contract_life import ApprovalRule, against, lacks_approval
from service.access import departments
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import ledger, ledger_import
from service.flow.intake import corrections
from service.flow.intake.corrections import Correction
from service.records.tables import AuditEntry, Contract, OrganisationChange
from tests.service.conftest import OWNER, Office
from tests.service.test_contract_life import event, row_of
from tests.service.test_flow import new_contract
from tests.service.web.conftest import open_site

SINCE, SOURCE = "2026-10-01", "《合同管理办法》第八条"
RULE = ApprovalRule(date(2026, 10, 1), SOURCE)


@pytest.fixture
def demanding(embedded):
    """An office whose department demands approvals from 1 October 2026."""
    departments.demand_approval(embedded.house, embedded["administrator"], "XS", SINCE, SOURCE)
    return embedded


def approve(office: Office, login: str, contract_id: str, day: str = "2026-10-05") -> None:
    ledger.finish_event(office.house, office[login], contract_id, "approved", day, note="总经理办公会")


@pytest.mark.parametrize(
    ("signed", "approved", "rule", "lacks"),
    [
        (date(2026, 9, 30), None, RULE, False),
        (date(2026, 10, 1), None, RULE, True),
        (date(2026, 10, 1), date(2026, 10, 1), RULE, False),
        (date(2026, 10, 8), date(2026, 10, 9), RULE, True),
        (date(2026, 10, 8), None, None, False),
    ],
)
def test_the_rule_counts_from_its_day_and_wants_the_approval_first(signed, approved, rule, lacks):
    assert bool(lacks_approval("HT-1", signed, approved, rule)) is lacks
    assert bool(against("HT-1", "approved" if approved else "draft", "signed", signed, approved, None, rule)) is lacks


def test_nothing_is_signed_without_the_approval_and_not_by_its_handler(demanding):
    contract_id, _ = new_contract(demanding, signed_on="")
    with pytest.raises(RuleRefused, match=f"must be approved before it is signed.*{SOURCE}"):
        event(demanding, contract_id, "signed", "2026-10-08")
    with pytest.raises(NotAllowed):
        approve(demanding, "handler", contract_id)
    for login in ("archivist", "auditor"):
        with pytest.raises((NotAllowed, NotFound)):
            approve(demanding, login, contract_id)
    approve(demanding, "head", contract_id)
    with pytest.raises(RuleRefused, match="before it was approved on 2026-10-05"):
        event(demanding, contract_id, "signed", "2026-10-04")
    for kind, day in (("signed", "2026-10-08"), ("performing", "2026-10-10"), ("performed", "2026-11-20")):
        event(demanding, contract_id, kind, day)
    told = ledger.events_of_contract(demanding.house, demanding["head"], contract_id)
    kinds = [(e.kind, e.recorded_by) for e in told][:2]
    assert kinds == [("approved", "person:head"), ("signed", "person:handler")]


def test_a_credit_administrator_who_handles_a_contract_does_not_approve_it(demanding):
    house, me = demanding.house, demanding["administrator"]
    contract_id, _ = new_contract(demanding, signed_on="", handler_id=me.person_id or "")
    with pytest.raises(NotAllowed, match="somebody else than its handler"):
        approve(demanding, "administrator", contract_id)
    assert ledger.get_contract(house, OWNER, contract_id).status == "draft"


def test_an_entry_that_is_signed_already_names_its_approval(demanding):
    with pytest.raises(RuleRefused, match="must be approved"):
        new_contract(demanding, signed_on="2026-10-08")
    with demanding.house.database.read() as session:
        assert session.scalars(select(Contract)).all() == []  # and no number was used up
    contract_id, _ = new_contract(demanding, signed_on="2026-09-30")  # before the rule
    assert row_of(demanding, contract_id).number.endswith("0001")
    given = ledger.ContractInput(
        department_id=demanding.department_id,
        title="技术服务合同",
        counterparty="云桥智联信息技术有限公司",
        handler_id=demanding["handler"].person_id or "",
        signed_on="2026-10-08",
        approved_on="2026-10-05",
    )
    made = ledger.create_contract(demanding.house, demanding["administrator"], given)
    assert (made.status, made.signed_on) == ("signed", date(2026, 10, 8))


def test_what_was_signed_before_is_carried_on_and_a_correction_does_not_get_round_it(embedded):
    contract_id, _ = new_contract(embedded, signed_on="2026-09-01")
    departments.demand_approval(embedded.house, embedded["administrator"], "XS", SINCE, SOURCE)
    event(embedded, contract_id, "performing", "2026-10-10")
    with pytest.raises(BadInput, match="must be approved"):
        corrections.correct_contract(
            embedded.house, embedded["administrator"], contract_id, Correction(signed_on="2026-10-02"), "笔误"
        )
    assert row_of(embedded, contract_id).signed_on == date(2026, 9, 1)


def test_an_imported_ledger_says_when_each_was_approved(demanding):
    book = Workbook()
    sheet = book.active
    sheet.append(["部门代码", "承办人", "对方", "题名", "签订日期", "批准日期", "状态"])
    head = ["XS", "handler", "云桥智联信息技术有限公司", "合同"]
    sheet.append([*head, "2026-10-08", "2026-10-05", ""])
    sheet.append([*head, "2026-10-08", "", ""])
    sheet.append([*head, "2026-10-08", "2026-10-09", ""])
    sheet.append([*head, "2026-09-08", "", ""])
    sheet.append([*head, "", "2026-10-09", ""])
    data = io.BytesIO()
    book.save(data)
    judged = ledger_import.check_import(demanding.house, demanding["administrator"], data.getvalue())
    assert [(f.line, f.field) for f in judged.findings] == [(3, "approved_on"), (4, "approved_on")]
    assert SOURCE in judged.findings[0].why
    assert [entry.status for entry in judged.entries] == ["signed", "signed", "approved"]


def test_the_demand_has_a_source_stays_in_the_history_and_can_be_ended(embedded, juanzong_here):
    house, me = embedded.house, embedded["administrator"]
    for since, source in (("2026-13-01", SOURCE), (SINCE, " "), (SINCE, "x" * 201)):
        with pytest.raises(BadInput):
            departments.demand_approval(house, me, "XS", since, source)
    for login in ("handler", "archivist", "head", "auditor"):
        with pytest.raises(NotAllowed):
            departments.demand_approval(house, embedded[login], "XS", SINCE, SOURCE)
    said = juanzong_here(embedded.env, "department", "approval", "XS", "--since", SINCE, "--source", SOURCE, "--json")
    assert SOURCE in said.stdout
    departments.demand_approval(house, me, "XS", "", "")
    with house.database.read() as session:
        kept = session.scalars(select(OrganisationChange).where(OrganisationChange.what == "approval")).all()
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "department.approval")).all()
    assert [(row.old, row.new) for row in kept] == [("", f"{SINCE} {SOURCE}"), (f"{SINCE} {SOURCE}", "")]
    assert len(noted) == 2
    new_contract(embedded, signed_on="2026-10-08")  # not demanded any more


def test_the_page_offers_each_person_what_is_theirs(demanding):
    contract_id, file_id = new_contract(demanding, signed_on="")
    site = open_site(demanding)
    at = f"/files/{file_id}"
    assert 'value="signed"' not in site.signed_in("handler").get(at).text
    assert 'value="approved"' not in site.signed_in("handler").get(at).text
    head = site.signed_in("head")
    assert 'value="approved"' in head.get(at).text
    done = head.post(f"/contracts/{contract_id}/events", {"kind": "approved", "finished_on": "2026-10-05"})
    assert done.status_code == 303
    assert 'value="signed"' in site.signed_in("handler").get(at).text
    rules = site.signed_in("administrator").get("/contracts/approvals").text
    assert SOURCE in rules
    changed = site.signed_in("administrator").post("/departments/XS/approval", {"since": "", "source": ""})
    assert changed.status_code == 303
