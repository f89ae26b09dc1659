"""RULES Part B, Months: deadlines that are open follow a notice of holidays that is entered later; those that were met stay."""

import json
from datetime import date

import pytest
from sqlalchemy import select

from retention.adapters.notices import NoticedCalendar
from service.flow.archive import deadlines
from service.flow.archive.moved_deadlines import follow_calendar
from service.records.tables import AuditEntry, Transfer
from tests.service.test_flow import archive, fill, new_contract


class Weekends:
    """Knows no holidays."""

    def covers(self, _day: date) -> bool:
        return False

    def is_workday(self, day: date) -> bool:
        return day.weekday() < 5


def transfers(house) -> list[Transfer]:
    with house.database.read() as session:
        return list(session.scalars(select(Transfer).order_by(Transfer.event_on, Transfer.id)))


def test_B_months_open_deadlines_follow_a_notice(office):
    house = office.house
    house.calendar = Weekends()
    for day in ("2026-10-29", "2026-10-30", "2026-10-31"):  # due on 29 (a Sunday: 30), 30 and 30 November
        new_contract(office, signed_on=day)
    _, met = new_contract(office, signed_on="2026-10-30")
    fill(office, met)
    archive(office, met)
    before = [row.why for row in transfers(house)]
    assert (follow_calendar(house), [row.why for row in transfers(house)]) == (0, before)
    deadlines.escalate(house)
    house.calendar = NoticedCalendar(Weekends(), {date(2026, 11, 29): True, date(2026, 11, 30): False})
    assert (follow_calendar(house), follow_calendar(house)) == (3, 0)
    rows = [row for row in transfers(house) if row.state != "accepted"]
    assert [row.due_on for row in rows] == [date(2026, 11, 29), date(2026, 12, 1), date(2026, 12, 1)]
    first, second, _third = (deadlines.as_due(house, row).why_zh for row in rows)
    assert first.startswith("签订手续 2026-10-29 办结")
    assert ("放假安排改了，期限原为 2026-11-30" in first, "调休上班日" in first) == (True, True)
    assert ("顺延至下一工作日 2026-12-01" in second, "仅按周末" in second) == (True, False)
    assert {row.tell_on for row in rows} == {house.clock.today()}
    kept = [row for row in transfers(house) if row.case_file_id == met and row.stage == "handler"]
    assert [row.due_on for row in kept] == [date(2026, 11, 30)]
    with house.database.read() as session:
        query = select(AuditEntry.detail).where(AuditEntry.action == "transfer.move_deadline").order_by(AuditEntry.seq)
        moves = [json.loads(detail)["due_on"] for detail in session.scalars(query)]
    assert sorted(moves) == [["2026-11-30", "2026-11-29"], ["2026-11-30", "2026-12-01"], ["2026-11-30", "2026-12-01"]]


def test_B3_who_was_told_of_the_day_before_is_told_of_the_later_one_in_its_time(embedded):
    house = embedded.house
    house.calendar = Weekends()
    new_contract(embedded, signed_on="2026-10-30")  # due on 30 November
    house.clock.move_to(date(2026, 12, 1))
    assert deadlines.escalate(house) == 1  # the handler and the head
    house.calendar = NoticedCalendar(Weekends(), dict.fromkeys((date(2026, 11, 30), date(2026, 12, 1)), False))
    assert follow_calendar(house) == 1
    counts = []
    for day in (1, 2, 3, 4):
        house.clock.move_to(date(2026, 12, day))
        counts.append((deadlines.escalate(house), sorted(transfers(house)[0].contents["told"])))
    assert counts[:2] == [(0, ["responsible"])] * 2
    assert counts[2:] == [(1, ["department_head", "responsible"]), (0, ["department_head", "responsible"])]


@pytest.mark.parametrize(
    ("today", "due"), [(date(2026, 11, 29), date(2026, 11, 29)), (date(2026, 11, 30), date(2026, 11, 30))]
)
def test_B_months_no_deadline_is_brought_forward_to_a_day_that_has_passed(embedded, today, due):
    house = embedded.house
    house.calendar = Weekends()
    new_contract(embedded, signed_on="2026-10-29")
    house.clock.move_to(today)
    house.calendar = NoticedCalendar(Weekends(), {date(2026, 11, 29): True})
    follow_calendar(house)
    assert [row.due_on for row in transfers(house)] == [due]


def test_B_months_what_was_guessed_says_so_no_longer(embedded):
    house = embedded.house
    house.calendar = Weekends()
    new_contract(embedded, signed_on="2026-10-30")
    house.calendar = NoticedCalendar(Weekends(), {date(2026, 1, 1): False})
    assert follow_calendar(house) == 0  # the day is as it was
    (row,) = transfers(house)
    assert (row.due_on, "仅按周末" in deadlines.as_due(house, row).why_zh) == (date(2026, 11, 30), False)
