"""Lists of a million rows: read page by page from a place in them, counted, and the same as read at once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from service.errors import BadInput, RuleRefused
from service.flow.archive import candidates, deadlines, destroy, filing, reviews
from service.flow.common.keyset import Part, Place, cursor_of, place_of
from service.records.tables import CaseFile, Contract, ReviewRecord, Transfer
from tests.service.conftest import Office, embedded_env, open_office
from tests.service.test_destruction_steps import carry_out, due, proposed
from tests.service.test_flow import new_contract
from tests.service.web.conftest import open_site
from tools.bench_destruction import APPROVER, GROUP, SUPERVISORS

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """An office with 23 due files, 9 transfers of one handler, and one file of another tier."""
    office = open_office(embedded_env(tmp_path_factory.mktemp("full") / "home"))
    office.hire("high", "archivist", clearance="core")
    for _ in range(9):
        new_contract(office)
    for n in range(23):
        due(office, n, due_on=date(2020, 1 + n % 3, 1), tier="core" if n == 7 else "internal")
    with office.house.database.write() as session:
        session.execute(update(CaseFile).values(created_at=NOW))  # as an import brings them: all at one moment
        for n, row in enumerate(session.scalars(select(Transfer).order_by(Transfer.id))):
            row.due_on = date(2026, 11, 20) + timedelta(n)
    yield office
    office.house.database.dispose()


def walk(ask) -> list[list[str]]:
    """Read a list to its end and back to its beginning; returns its pages, which are the same both ways."""
    forth, part = [], ask("")
    while True:
        forth.append([row.id for row in part.rows])
        if not part.next:
            break
        assert part.first == sum(map(len, forth[:-1]))
        part = ask(part.next)
    back = [[row.id for row in part.rows]]
    while part.previous:
        part = ask(part.previous)
        back.append([row.id for row in part.rows])
    assert back[::-1] == forth
    assert part.first == 0
    return forth


def together(pages: list[list[str]]) -> list[str]:
    return [row for page in pages for row in page]


@pytest.mark.parametrize("login", ["archivist", "high"])
@pytest.mark.parametrize("limit", [1, 5, 23, 50])
def test_due_files_page_by_page_are_the_due_files(full, login, limit):
    house, who = full.house, full[login]
    whole = [file.id for file in candidates.candidates(house, who)]
    assert len(whole) == (23 if login == "high" else 22)

    def ask(after: str) -> Part[CaseFile]:
        part = candidates.candidate_page(house, who, after=after, limit=limit)
        assert part.total == len(whole)
        return part

    assert together(walk(ask)) == whole


@pytest.mark.parametrize("limit", [1, 4, 100])
@pytest.mark.parametrize("few", [3, 1000])
@pytest.mark.parametrize(
    "only", [{}, {"kind": "contract"}, {"state": "archived"}, {"text": "档案 1"}, {"text": "无此"}]
)
def test_case_files_page_by_page_are_the_case_files(full, monkeypatch, limit, few, only):
    monkeypatch.setattr(filing, "_FEW", few)
    house, who = full.house, full["high"]
    total, whole = filing.list_case_files(house, who, limit=200, **only)

    def ask(after: str) -> Part[CaseFile]:
        part = filing.case_file_page(house, who, after=after, limit=limit, **only)
        assert part.total == total
        return part

    assert together(walk(ask)) == [file.id for file in whole]


@pytest.mark.parametrize(("login", "view"), [("handler", "mine"), ("administrator", "all"), ("head", "all")])
def test_transfers_page_by_page_are_the_transfers(full, login, view):
    house, who = full.house, full[login]
    whole = deadlines.list_transfers(house, who, mine=view == "mine")
    assert len(whole) == 9

    def ask(after: str) -> Part[Transfer]:
        board = deadlines.transfer_board(house, who, view, after=after, limit=2)
        waiting = board.waiting
        assert [waiting.late, waiting.soon, waiting.later] == [
            sum(row.urgency == word for row in whole) for word in ("late", "soon", "later")
        ]
        part = board.part
        return Part([row.transfer for row in part.rows], part.total, part.first, part.previous, part.next)

    assert together(walk(ask)) == [row.transfer.id for row in whole]


@pytest.mark.parametrize(
    ("login", "views"),
    [
        ("handler", ("mine", "all")),
        ("head", ("mine", "all")),
        ("archivist", ("mine", "all", "receive")),
        ("high", ("mine", "all", "receive")),
    ],
)
def test_every_view_is_read_in_order_from_indexes_over_what_is_open(full, login, views):
    for view in views:
        query = deadlines.open_transfers(full[login], view)
        said = query.order_by(*query.selected_columns).limit(50).compile(compile_kwargs={"literal_binds": True})
        with full.house.database.read() as session:
            plan = [row.detail for row in session.execute(text(f"EXPLAIN QUERY PLAN {said}"))]
        read = [step for step in plan if " transfers" in step]
        assert read, plan
        assert all("ix_transfers_open_" in step for step in read), plan
        assert not any("B-TREE" in step for step in plan), f"{view} is sorted: {plan}"


def test_the_calendar_has_every_deadline_in_its_month(full):
    house, who = full.house, full["administrator"]
    rows = deadlines.list_transfers(house, who)
    found = deadlines.calendar_month(house, who)
    months = [f"{row.transfer.due_on:%Y-%m}" for row in rows]
    assert dict(found.months) == {month: months.count(month) for month in months}
    assert found.month == min(months)
    for month in found.months:
        part = deadlines.calendar_month(house, who, month).part
        assert [row.transfer.id for row in part.rows] == [
            r.transfer.id for r in rows if f"{r.transfer.due_on:%Y-%m}" == month
        ]
    assert deadlines.calendar_month(house, who, "1999-01").month == min(months)


@pytest.mark.parametrize(
    "cursor", ["x", "!", "AAAA", cursor_of(Place(True, 0, ("no day", "x"))), cursor_of(Place(True, 3, ("2026-01-01",))),
               "W" * 5000, "é", cursor_of(Place(True, 10**12, (date(2026, 1, 1), "x")))]
)  # fmt: skip
def test_what_is_no_place_in_a_list_is_said(full, cursor):
    with pytest.raises(BadInput, match="no place in this list"):
        candidates.candidate_page(full.house, full["archivist"], after=cursor)


def test_a_place_is_read_as_it_was_written():
    for place in (Place(True, 7, (date(2026, 1, 31), "J001·1")), Place(False, 0, (NOW, "f"))):
        kinds = tuple(type(value) for value in place.values)
        assert place_of(cursor_of(place), kinds) == place


def test_a_running_contract_is_no_candidate_whatever_date_its_file_has(embedded):
    _contract, file_id = new_contract(embedded)
    given = {"state": "archived", "archive_number": "J001-1", "retention": "D10", "due_on": date(2020, 1, 1)}
    with embedded.house.database.write() as session:
        session.execute(update(CaseFile).where(CaseFile.id == file_id).values(**given))
    part = candidates.candidate_page(embedded.house, embedded["archivist"])
    assert (part.total, part.rows) == (0, [])
    with embedded.house.database.write() as session:
        session.execute(update(Contract).values(status="terminated"))
    assert candidates.candidate_page(embedded.house, embedded["archivist"]).total == 1


@pytest.mark.parametrize(("retention", "years"), [("D10", 10), ("D30", 30), ("D15", 15)])
def test_of_a_file_whose_end_is_known_the_whole_period_has_passed(embedded, retention, years):
    last, first = (date(2026 - years - 1, 12, 31), date(2026 - years, 1, 1))
    ids = [due(embedded, n, due_on=date(2026, 1, 1)) for n in (0, 1)]
    with embedded.house.database.write() as session:
        for file_id, closed_on in zip(ids, (last, first), strict=True):
            given = {"retention": retention, "closed_on": closed_on}
            session.execute(update(CaseFile).where(CaseFile.id == file_id).values(**given))
    part = candidates.candidate_page(embedded.house, embedded["archivist"])
    assert (part.total, [file.id for file in part.rows]) == (1, ids[:1])


def everything(office: Office) -> ReviewRecord:
    ids = {name: office[name].person_id or "" for name in (*GROUP, APPROVER, *SUPERVISORS)}
    group, supervisors = [ids[name] for name in GROUP], [ids[name] for name in SUPERVISORS]
    return reviews.propose(office.house, office["archivist"], [], group, ids[APPROVER], supervisors, everything=True)


def test_a_review_of_everything_that_is_due_is_leafed_through_and_decided_on_at_once(embedded):
    house = embedded.house
    files = [due(embedded, n) for n in range(7)]
    record = everything(embedded)
    assert record.summary is not None
    assert record.summary["files"] == 7
    assert candidates.candidate_page(house, embedded["archivist"]).total == 0
    first = embedded["first"]
    view = reviews.get_review(house, first, record.id, limit=3, offset=3)
    assert [item.file.id for item in view.files] == list(view.review.files[3:6])
    assert sorted(view.review.files) == sorted(files)
    assert (view.total, dict(view.counts)) == (7, {"open": 7})
    reviews.add_opinions(house, first, record.id, files[:1], "keep_permanently", reason="史料")
    assert reviews.add_opinions(house, first, record.id, [], "destroy", reason="期满", rest=True) == 6
    with pytest.raises(RuleRefused, match="every file of this review"):
        reviews.add_opinions(house, first, record.id, [], "destroy", reason="期满", rest=True)
    for name in GROUP[1:]:
        reviews.add_opinions(house, embedded[name], record.id, [], "destroy", reason="期满", rest=True)
    view = reviews.get_review(house, embedded["archivist"], record.id, only="keep_permanently")
    assert [item.file.id for item in view.files] == files[:1]
    assert (view.review.state, dict(view.counts)) == ("decided", {"destroy": 6, "keep_permanently": 1})
    assert set(carry_out(embedded, record.id).values()) == {"destroyed", "kept"}
    total, rows = destroy.register_page(house, embedded["archivist"], limit=4, offset=4)
    assert (total, [row["serial"] for row in rows]) == (6, [5, 6])
    whole = destroy.register(house, embedded["archivist"])
    assert [row["serial"] for row in whole] == [1, 2, 3, 4, 5, 6]
    assert rows == whole[4:]


def test_lists_show_of_a_review_what_earlier_releases_left_to_be_derived(embedded):
    house = embedded.house
    review_id = proposed(embedded, [due(embedded, n) for n in range(2)])
    before = reviews.board(house, embedded["handler"]), reviews.board(house, embedded["first"])
    kept = reviews.list_reviews(house, embedded["first"])[0].summary
    with house.database.write() as session:
        session.execute(update(ReviewRecord).values(summary=None))
    after = reviews.board(house, embedded["handler"]), reviews.board(house, embedded["first"])
    shown = [[(r.record.id, r.files, r.since, r.waits_for) for r in board["appraising"]] for board in before]
    assert shown == [[(r.record.id, r.files, r.since, r.waits_for) for r in board["appraising"]] for board in after]
    assert [len(rows) for rows in shown] == [0, 1]
    with house.database.read() as session:
        assert session.get_one(ReviewRecord, review_id).summary == kept


def test_pages_leaf_through_long_lists(full, monkeypatch):
    from service.web.views import archive, transfers
    from service.web.views import reviews as review_pages

    for module in (archive, review_pages, transfers):
        monkeypatch.setattr(module, "PAGE", 4)
    browser = open_site(full).signed_in("archivist")
    for path, total in (("/files", 31), ("/transfers?view=all", 9), ("/reviews", 22), ("/transfers/calendar", None)):
        shown, seen = browser.get(path).text, 1
        while 'rel="next"' in shown:
            link = shown.partition('rel="next"')[2].partition('href="')[2].partition('"')[0].replace("&amp;", "&")
            shown, seen = browser.get(link).text, seen + 1
        assert total is None or seen == -(-total // 4), path
        assert total is None or f"共 {total} 条" in shown
    assert browser.get("/files?after=nonsense").status_code == 422


def test_calls_leaf_through_long_lists(full):
    from flask import Flask

    from service.access import people
    from service.api.app import blueprint
    from tests.service.conftest import OWNER

    app = Flask("test")
    app.register_blueprint(blueprint(full.house))
    secret = people.create_token(full.house, OWNER, "archivist", "test")
    asking = {"headers": {"Authorization": f"Bearer {secret}"}}
    caller = app.test_client()
    for path, name, total in (
        ("/api/v1/files", "files", 31),
        ("/api/v1/transfers", "transfers", 9),
        ("/api/v1/retention/candidates", "files", 22),
    ):
        found: list[str] = []
        after = ""
        while True:
            answer = caller.get(f"{path}?limit=4&after={after}", **asking).get_json()
            found += [row["id"] for row in answer[name]]
            assert answer["total"] == total
            after = answer["next"]
            if after is None:
                break
        assert len(set(found)) == len(found) == total
    assert caller.get("/api/v1/files?after=nonsense", **asking).status_code == 422
