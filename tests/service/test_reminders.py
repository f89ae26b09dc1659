"""Who is told in time (RULES B2, B3, B6): of transfers as they escalate, of files to come back, of what contracts have to do."""

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import select

from service.access import people
from service.flow.archive import deadlines, loans, milestones
from service.flow.archive.incidents import open_overdue
from service.flow.archive.reminders import remind_loans, remind_milestones
from service.flow.credit import deliveries
from service.records.tables import Delivery, Person
from tests.service.conftest import OWNER, Office
from tests.service.test_flow import archive, fill, new_contract


def told(office: Office, event: str) -> dict[str, list[str]]:
    """What people were told, in Chinese and in the order of telling, by login."""
    found: dict[str, list[str]] = {}
    with office.house.database.read() as session:
        query = select(Person.login, Delivery.content).join(Person, Person.id == Delivery.person_id)
        query = query.where(Delivery.event == event, Delivery.channel == "inbox")
        for login, content in session.execute(query.order_by(Delivery.created_at)):
            found.setdefault(login, []).append(content["zh"])
    return found


def see_all(office: Office) -> None:
    for login in ("handler", "head", "administrator", "auditor"):
        deliveries.mark_read(office.house, office[login])


def test_B3_who_an_overdue_transfer_comes_to_is_told_and_nobody_else(office):
    house, heads = office.house, ("head", "first", "second", "third", "fourth", "fifth")
    elsewhere = people.create_department(house, OWNER, "CG", "采购部").id
    office.hire("stranger", "department_head", department_id=elsewhere)
    new_contract(office)  # signed on 31 October 2026: due on 30 November
    house.clock.move_to(date(2026, 11, 25))
    assert (deadlines.escalate(house), deadlines.escalate(house)) == (1, 0)
    soon, late = ["移交期限：即将到期 1 项"], ["移交期限：已逾期 1 项"]
    assert told(office, "transfer.due") == {"handler": soon}
    for day, who in ((1, heads), (7, ("administrator",)), (30, ("auditor",))):
        see_all(office)
        house.clock.move_to(date(2026, 11, 30) + timedelta(days=day))
        before = told(office, "transfer.due")
        assert deadlines.escalate(house) == 1
        assert told(office, "transfer.due") == before | dict.fromkeys(who, late)


def test_B3_B6_the_days_are_settings(embedded):
    house = embedded.house
    days = {"transfer_notice_days": 1, "transfer_head_days": 3, "loan_notice_days": 0, "overdue_loan_days": 1}
    house.settings = replace(house.settings, **days)
    _, file_id = new_contract(embedded)  # due on 30 November
    request = loans.ask(house, embedded["handler"], file_id, "核对")
    loans.decide_loan(house, embedded["archivist"], request.id, grant=True, due_back="2026-12-01")
    counts = []
    for day in (25, 29, 30, 31, 32, 33):
        house.clock.move_to(date(2026, 11, 1) + timedelta(days=day - 1))
        counts.append((deadlines.escalate(house), remind_loans(house), open_overdue(house)))
    assert counts == [(0, 0, 0), (1, 0, 0), (0, 0, 0), (0, 1, 0), (0, 1, 0), (1, 0, 1)]


def test_B3_one_message_a_day_counts_what_came_and_a_closed_account_hides_nothing(embedded):
    house = embedded.house
    embedded.hire("leaver", "handler")
    new_contract(embedded, signed_on="2026-10-20")
    new_contract(embedded, signed_on="2026-10-31")
    new_contract(embedded, signed_on="2026-10-31", handler_id=embedded["leaver"].person_id)
    people.disable(house, OWNER, "leaver")
    house.clock.move_to(date(2026, 11, 25))
    deadlines.escalate(house)
    found = told(embedded, "transfer.due")
    assert found["handler"] == ["移交期限：已逾期 1 项，即将到期 1 项"]
    assert found["administrator"] == ["移交期限：即将到期 1 项"]  # of the account that was closed
    assert found["head"] == ["移交期限：已逾期 1 项"]
    assert "leaver" not in found
    new_contract(embedded, signed_on="2026-10-19")
    deadlines.escalate(house)
    assert told(embedded, "transfer.due")["handler"] == found["handler"]  # not seen yet, and the page shows all
    see_all(embedded)
    new_contract(embedded, signed_on="2026-10-18")
    deadlines.escalate(house)
    assert len(told(embedded, "transfer.due")["handler"]) == 2


def test_B3_nobody_is_told_of_a_file_whose_tier_they_may_not_know_of(embedded):
    house = embedded.house
    embedded.hire("junior", "department_head", clearance="public")
    new_contract(embedded)
    house.clock.move_to(date(2026, 12, 1))
    deadlines.escalate(house)
    assert "junior" not in told(embedded, "transfer.due")
    assert "head" in told(embedded, "transfer.due")


def test_B6_a_reader_is_reminded_before_the_day_and_told_with_the_archivist_after_it(office):
    house = office.house
    _contract, file_id = new_contract(office)
    fill(office, file_id)
    archive(office, file_id)
    request = loans.ask(house, office["handler"], file_id, "核对")
    today = house.clock.today()
    loans.decide_loan(house, office["archivist"], request.id, grant=True, due_back=str(today + timedelta(days=14)))
    for day in (0, 10):
        house.clock.move_to(today + timedelta(days=day))
        assert remind_loans(house) == 0
    house.clock.move_to(today + timedelta(days=11))
    assert (remind_loans(house), remind_loans(house)) == (1, 0)
    number = "J001-HT·2026-D10-XS-0001"
    soon = f"借阅的案卷 {number} 应于 2026-12-09 归还"
    assert told(office, "loan.due") == {"handler": [soon]}
    house.clock.move_to(today + timedelta(days=14))  # the day itself is in time
    assert remind_loans(house) == 0
    house.clock.move_to(today + timedelta(days=15))
    assert (remind_loans(house), remind_loans(house)) == (1, 0)
    late = f"{soon}，已逾期"
    assert told(office, "loan.due") == {"handler": [soon, late], "archivist": [late]}
    loans.give_back(house, office["archivist"], request.id, "whole")
    house.clock.move_to(today + timedelta(days=400))
    assert remind_loans(house) == 0


def test_B2_a_milestone_that_comes_near_or_has_passed_is_told_once_each(office):
    house = office.house
    contract_id, _file = new_contract(office)
    today = house.clock.today()
    _paid, dropped, done = (
        milestones.add_milestone(house, office["handler"], contract_id, "payment", title, str(today + timedelta(20)))
        for title in ("首付款", "撤销的", "已付的")
    )
    milestones.drop_milestone(house, office["handler"], dropped.id, "不再需要")
    milestones.finish_milestone(house, office["handler"], done.id, str(today))
    assert remind_milestones(house) == 0
    house.clock.move_to(today + timedelta(days=13))
    assert (remind_milestones(house), remind_milestones(house)) == (1, 0)
    house.clock.move_to(today + timedelta(days=21))
    assert (remind_milestones(house), remind_milestones(house)) == (1, 0)
    found = told(office, "milestone.due")
    assert found["handler"] == [
        "合同 HT-XS-2026-0001 的收付款节点 2026-12-15 到期",
        "合同 HT-XS-2026-0001 的收付款节点 2026-12-15 已逾期",
    ]
    assert found["head"] == found["handler"][1:]
    assert "administrator" not in found
