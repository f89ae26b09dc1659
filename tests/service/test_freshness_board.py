"""The board of freshness among very many (RULES A2.3): counted ahead, for each as they may see it, and anew once it was asked for."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from service.clock import Clock
from service.flow.common.counting import count_up_to
from service.flow.credit import freshness_board
from service.flow.credit.fact_duties import list_due, set_responsible
from service.flow.credit.freshness_board import board_of, count, count_asked
from service.records.tables import FactDuty, FreshnessBoard
from tests.service.conftest import TODAY
from tests.service.test_register import customer, fact
from tests.service.web.conftest import open_site


@pytest.fixture
def clock(monkeypatch):
    class Moved:
        now = datetime(2026, 11, 25, 4, tzinfo=UTC)

    moved = Moved()
    monkeypatch.setattr(Clock, "now", lambda _self: moved.now)
    return moved


def test_A2_3_a_large_board_is_counted_ahead_and_says_of_when(office, clock, monkeypatch):
    house, me, handler = office.house, office["administrator"], office["handler"]
    ours = customer(office, "云桥公司")
    set_responsible(house, me, "handler", kind="industry")
    fact(office, ours, "industry", "软件")
    fact(office, ours, "address", "杭州")
    assert board_of(house, me).counted_at is None
    assert {row.login: row.total for row in board_of(house, me).rows} == {"handler": 1, "": 1}
    monkeypatch.setattr(freshness_board, "FEW", 0)
    first = board_of(house, me)
    assert (first.counted_at, {row.login: row.total for row in first.rows}) == (clock.now, {"handler": 1, "": 1})
    assert board_of(house, handler).rows == first.rows
    fact(office, ours, "scope", "软件开发")
    assert board_of(house, me) == first, "of a moment ago"
    assert count_asked(house) == 0
    clock.now += freshness_board.STALE + timedelta(seconds=1)
    assert board_of(house, me) == first
    assert count_asked(house) == 1, "whoever asked gets it counted anew"
    now = board_of(house, me)
    assert (now.counted_at, sum(row.total for row in now.rows)) == (clock.now, 3)
    with house.database.read() as session:
        assert now.rows == count(session, me, TODAY)
    clock.now += freshness_board.OLDEST
    assert board_of(house, handler).rows == now.rows, "too old to be shown"
    page = open_site(office).signed_in("handler").get("/freshness").text
    assert "的统计" in page


def test_A2_3_nobody_is_shown_a_board_of_what_they_could_see_before(embedded, clock, monkeypatch):
    house, handler = embedded.house, embedded["handler"]
    ours = customer(embedded, "云桥公司")
    fact(embedded, ours, "industry", "软件")
    monkeypatch.setattr(freshness_board, "FEW", 0)
    assert sum(row.total for row in board_of(house, handler).rows) == 1
    stranger = embedded.hire("stranger", "handler", clearance="public")
    assert board_of(house, stranger).rows == ()
    with house.database.write() as session:
        row = session.scalars(select(FreshnessBoard).where(FreshnessBoard.person_id == stranger.person_id)).one()
        row.scope = "what they saw before"
        row.asked_at = clock.now + timedelta(seconds=1)
    clock.now += freshness_board.STALE + timedelta(seconds=2)
    count_asked(house)
    with house.database.read() as session:
        kept = session.scalars(select(FreshnessBoard.person_id)).all()
    assert kept == [handler.person_id]


def test_a_list_is_counted_only_so_far_and_paged_through_all_the_same(office):
    house, me = office.house, office["administrator"]
    ours = customer(office, "云桥公司")
    for kind in ("industry", "address", "scope"):
        fact(office, ours, kind, "软件")
    with house.database.read() as session:
        assert count_up_to(session, select(FactDuty.kind), 2) == 3
        assert count_up_to(session, select(FactDuty.kind), 9) == 3
    house.clock.move_to(TODAY + timedelta(days=200))
    for login in ("administrator", "handler"):
        total, rows = list_due(house, office[login], limit=2, offset=1)
        assert (total, [row.duty.kind for row in rows]) == (3, ["industry", "scope"])
        assert rows[0].customer.id == ours
    assert list_due(house, me, login="handler")[0] == 0
    assert list_due(house, me, login="nobody")[0] == 0
    assert list_due(house, me, login="-")[0] == 3
