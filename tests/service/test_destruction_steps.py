"""What goes wrong elsewhere, and the steps between proposal and certificate (RULES Part B, Appraisal and destruction)."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from retention.destruction import certificate_intact
from retention.errors import TransitionRefused
from service.errors import NotFound, RuleRefused
from service.flow.archive import destroy, reviews
from service.flow.archive.destruction_registers import review_register
from service.flow.archive.paper_file import count_papers, set_place
from service.flow.archive.yearly_appraisal import tell_yearly
from service.records.tables import AuditEntry, CaseFile, Delivery, Person, ReviewFile, Stub
from service.reports.destruction_register import of_review
from tests.service.conftest import Office
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.web.conftest import Site, site  # noqa: F401 - a fixture
from tools.bench_destruction import APPROVER, EXECUTED, GROUP, PROPOSED, SUPERVISORS, plant
from vault.errors import StoreUnavailable


def due(office: Office, number: int, **more: object) -> str:
    """Make an archived credit file without documents whose period has ended; returns its id."""
    house = office.house
    house.clock.move_to(PROPOSED)
    given = {
        "kind": "credit",
        "title": f"客户信用档案 {number}",
        "department_id": office.department_id,
        "state": "archived",
        "archive_number": f"J001-XY·2010-D10-XS-9{number:03}",
        "archived_on": date(2010, 6, 30),
        "closed_on": date(2010, 6, 30),
        "retention": "D10",
        "due_on": date(2021, 1, 1),
        "created_at": datetime(2010, 1, 4, tzinfo=UTC),
    }
    with house.database.write() as session:
        file = CaseFile(**given | more)
        session.add(file)
        session.flush()
        return file.id


def proposed(office: Office, files: list[str]) -> str:
    ids = {name: office[name].person_id or "" for name in (*GROUP, APPROVER, *SUPERVISORS)}
    group, supervisors = [ids[name] for name in GROUP], [ids[name] for name in SUPERVISORS]
    return reviews.propose(office.house, office["archivist"], files, group, ids[APPROVER], supervisors).id


def say(office: Office, review_id: str, files: list[str], *people: str, **more: str) -> None:
    for name in people or GROUP:
        reviews.add_opinions(
            office.house, office[name], review_id, files, **{"decision": "destroy", "reason": "期满"} | more
        )


def carry_out(office: Office, review_id: str) -> dict[str, str]:
    house = office.house
    reviews.approve(house, office[APPROVER], review_id)
    house.clock.move_to(EXECUTED)
    for name in SUPERVISORS:
        reviews.supervise(house, office[name], review_id)
    return {row.file_id: row.outcome for row in destroy.execute(house, office["archivist"], review_id)}


# --- the two bugs of other programs ---


def test_what_one_reviewer_wants_kept_is_not_destroyed_by_the_approval_of_the_list(embedded):
    files = [due(embedded, n) for n in range(3)]
    review_id = proposed(embedded, files)
    say(embedded, review_id, files, "first", "second")
    say(embedded, review_id, files[:1], "third", decision="keep_permanently", reason="历史价值")
    say(embedded, review_id, files[1:], "third")
    assert carry_out(embedded, review_id) == {files[0]: "kept", files[1]: "destroyed", files[2]: "destroyed"}
    with embedded.house.database.read() as session:
        kept = session.get_one(CaseFile, files[0])
    assert (kept.state, kept.retention, kept.due_on) == ("archived", "Y", None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"due_on": None, "closed_on": None},
        {"due_on": None},
        {"retention": None, "due_on": None},
        {"retention": "Y", "due_on": None},
        {"closed_on": date(2020, 6, 30)},  # the day that is kept lies before the one that follows from the facts
        {"state": "open"},
    ],
)
def test_a_file_without_a_date_or_not_due_gets_onto_no_list(embedded, wrong):
    good, bad = due(embedded, 1), due(embedded, 2, **wrong)
    assert [file.id for file in reviews.candidates(embedded.house, embedded["archivist"])] == [good]
    with pytest.raises(RuleRefused):
        proposed(embedded, [good, bad])
    assert reviews.list_reviews(embedded.house, embedded["archivist"]) == []


def test_a_file_that_loses_its_date_on_the_way_is_not_destroyed(embedded):
    files = [due(embedded, n) for n in range(2)]
    review_id = proposed(embedded, files)
    say(embedded, review_id, files)
    with embedded.house.database.write() as session:
        session.get_one(CaseFile, files[0]).due_on = None
    assert carry_out(embedded, review_id) == {files[0]: "blocked", files[1]: "destroyed"}


# --- one file taken off at any stage, the waiting period stopped ---


@pytest.mark.parametrize("stage", ["appraising", "decided", "waiting", "supervised"])
def test_one_file_is_taken_off_at_any_stage_before_the_destruction(embedded, stage):
    house, files = embedded.house, [due(embedded, n) for n in range(2)]
    review_id = proposed(embedded, files)

    def off(now: str) -> None:
        if now == stage:
            reviews.take_off(house, embedded["fourth"], review_id, files[0], "仍需使用")

    off("appraising")
    say(embedded, review_id, files[stage == "appraising" :])
    off("decided")
    reviews.approve(house, embedded[APPROVER], review_id)
    off("waiting")
    house.clock.move_to(EXECUTED)
    for name in SUPERVISORS:
        reviews.supervise(house, embedded[name], review_id)
    off("supervised")
    destroy.execute(house, embedded["archivist"], review_id)
    with house.database.read() as session:
        states = [session.get_one(CaseFile, file_id).state for file_id in files]
    assert states == ["archived", "destroyed"]
    with pytest.raises(TransitionRefused):
        reviews.take_off(house, embedded["fourth"], review_id, files[1], "太晚")


# --- a co-reviewer, the board ---


def test_a_co_reviewer_is_asked_on_the_page_and_heard(site: Site):  # noqa: F811 - the fixture
    office = site.office
    files = [due(office, n) for n in range(2)]
    review_id = proposed(office, files)
    path, handler = f"/reviews/{review_id}", office["handler"]
    with pytest.raises(NotFound):
        reviews.get_review(office.house, handler, review_id)
    first = site.signed_in("first")
    assert "请人会同鉴定" in first.get(path).text
    assert "请人会同鉴定" not in site.signed_in("head").get(path).text
    typed = {"form": "ask", "person": handler.person_id, "asked": [files[0]], "reason": ""}
    refused = first.post(f"{path}/ask", typed)
    assert (refused.status_code, "须写明请谁、为什么" in refused.text) == (409, True)
    assert first.post(f"{path}/ask", typed | {"reason": "合同由其<b>承办"}).status_code == 303
    page = first.get(path).text
    assert "请handler 某会同鉴定 1 卷：合同由其&lt;b&gt;承办" in page
    say(office, review_id, files)
    with pytest.raises(TransitionRefused):
        say(office, review_id, files[1:], "handler")
    with pytest.raises(TransitionRefused):
        reviews.approve(office.house, office[APPROVER], review_id)
    say(office, review_id, files[:1], "handler", decision="keep_until", until="2031-01-01", reason="仍有质保")
    assert carry_out(office, review_id) == {files[0]: "kept", files[1]: "destroyed"}
    with office.house.database.read() as session:
        actions = list(session.scalars(select(AuditEntry.action).where(AuditEntry.actor == "person:first")))
    assert "review.ask_co_reviewer" in actions


def test_paper_is_destroyed_and_noted_before_the_supervisors_confirm(site: Site):  # noqa: F811 - the fixture
    office = site.office
    house, archivist = office.house, office["archivist"]
    files = [due(office, n) for n in range(2)]
    set_place(house, archivist, files[0], "一号库", "3 架", "12 盒")
    count_papers(house, archivist, files[0], "5.1", 2, 1)
    review_id = proposed(office, files)
    say(office, review_id, files)
    with pytest.raises(TransitionRefused):
        reviews.note_paper(house, archivist, review_id, "化浆")
    carry_out(office, review_id)
    path, keeper, fourth = f"/reviews/{review_id}", site.signed_in("archivist"), site.signed_in("fourth")
    page = fourth.get(path).text
    assert "有 1 卷有纸质：原件 2 份，复印件 1 份" in page
    assert f"{path}/confirm" not in page
    refused = fourth.post(f"{path}/confirm")
    assert (refused.status_code, "先销毁并记下" in refused.text) == (409, True)
    refused = keeper.post(f"{path}/paper", {"how": " "})
    assert (refused.status_code, "须写明纸质怎样" in refused.text) == (409, True)
    assert fourth.post(f"{path}/paper", {"how": "化浆"}).status_code in (403, 409)
    assert keeper.post(f"{path}/paper", {"how": "成都<b>纸业化浆"}).status_code == 303
    assert "成都&lt;b&gt;纸业化浆" in keeper.get(path).text
    for name in SUPERVISORS:
        reviews.supervise(house, office[name], review_id)
    view = reviews.get_review(house, archivist, review_id)
    said = {"files": 1, "originals": 2, "copies": 1, "person": "person:archivist", "how": "成都<b>纸业化浆"}
    assert view.record.certificate["paper"] == said | {"on": EXECUTED.isoformat()}
    assert certificate_intact(view.record.certificate)
    assert reviews.as_json(view)["paper_destroyed"]["how"] == "成都<b>纸业化浆"
    assert "纸质案卷" in keeper.get(f"{path}/certificate").text
    assert any("纸质 1 卷" in line for line in of_review(review_register(house, archivist, review_id, "pdf")).lines)
    with house.database.read() as session:
        where = {stub.case_file_id: stub.documents.get("paper") for stub in session.scalars(select(Stub))}
        steps = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == f"review:{review_id}")).all()
    assert where == {files[0]: {"originals": 2, "copies": 1, "place": "一号库 3 架 12 盒"}, files[1]: None}
    assert steps.count("review.paper") == 1


def test_archivists_are_told_once_a_year_that_files_wait_for_their_appraisal(embedded):
    house = embedded.house
    embedded.hire("keeper", "archivist")
    embedded.hire("stranger", "archivist", clearance="public")
    house.clock.move_to(date(2026, 1, 5))
    assert tell_yearly(house) == 0
    due(embedded, 1)
    house.clock.move_to(date(2026, 1, 5))

    def told() -> set[tuple[str, str]]:
        with house.database.read() as session:
            names = select(Delivery.event_id, Person.login).join(Person, Person.id == Delivery.person_id)
            return set(map(tuple, session.execute(names.where(Delivery.event == "appraisal.due")).all()))

    assert (tell_yearly(house), tell_yearly(house)) == (2, 0)
    assert told() == {
        ("appraisal:2026", "archivist"),
        ("appraisal:2026", "keeper"),
    }  # the third may not know of the file
    house.clock.move_to(date(2027, 1, 4))
    assert tell_yearly(house) == 2
    assert len(told()) == 4
    files = [file.id for file in reviews.candidates(house, embedded["archivist"])]
    proposed(embedded, files)
    house.clock.move_to(date(2028, 1, 3))
    assert tell_yearly(house) == 0  # it stands on a review


def test_the_board_shows_each_review_at_its_stage(client, headers, embedded):  # noqa: F811 - the fixtures
    house = embedded.house
    one, two, three = ([due(embedded, n)] for n in range(3))
    waiting, decided, _open = proposed(embedded, one), proposed(embedded, two), proposed(embedded, three)
    say(embedded, waiting, one)
    say(embedded, decided, two)
    reviews.approve(house, embedded[APPROVER], waiting)

    def board(login: str) -> dict[str, list[dict]]:
        answer = client.get("/api/v1/destructions/board", headers=headers(login))
        assert answer.status_code == 200
        return {row["stage"]: row["reviews"] for row in answer.get_json()["stages"]}

    stages = board("archivist")
    assert {stage: len(rows) for stage, rows in stages.items() if rows} == {"waiting": 1, "decided": 1, "appraising": 1}
    assert stages["waiting"][0] | {"id": "", "since": ""} == {
        "id": "",
        "number": "2026-01",
        "files": 1,
        "since": "",
        "waits_for": ["person:fourth", "person:fifth"],
        "execution_from": "2026-12-03",
    }
    assert not any(board("handler").values())
    reviews.stop(house, embedded["fourth"], waiting, "发现诉讼")
    assert not board("archivist")["waiting"]


def test_the_page_shows_the_board(site: Site):  # noqa: F811 - the fixture
    files = [due(site.office, 1)]
    review_id = proposed(site.office, files)
    page = site.signed_in("archivist").get("/reviews").text
    assert "各阶段" in page
    assert page.count(f"/reviews/{review_id}") == 2
    assert "等待 first 某、second 某、third 某" in page.replace("<wbr>", "").replace("&#8288;", "")


# --- a partial failure ---


def test_one_file_that_cannot_be_removed_now_holds_up_no_other_and_is_tried_again(embedded, monkeypatch):
    house = embedded.house
    house.clock.move_to(PROPOSED)
    folder = house.settings.home
    made = [plant(house, embedded["handler"], embedded.department_id, n, folder) for n in (1, 2, 3)]
    files, stuck = [file for file, _, _ in made], made[0][1]
    review_id = proposed(embedded, files)
    say(embedded, review_id, files)
    delete = house.vault.delete

    def locked(name):
        if str(name) == stuck:
            raise StoreUnavailable("somebody else's legal hold is on the object")
        delete(name)

    with monkeypatch.context() as patch:
        patch.setattr(house.vault, "delete", locked)
        with pytest.raises(StoreUnavailable):
            carry_out(embedded, review_id)
        assert destroy.resume(house) == 0
    view = reviews.get_review(house, embedded["archivist"], review_id)
    assert view.review.state == "executing"
    assert [item.outcome for item in view.files] == ["", "destroyed", "destroyed"]
    assert "系统会自动再试" in view.files[0].why.zh
    assert reviews.as_json(view)["files"][0]["unfinished"]["en"].startswith("its keys are destroyed")
    assert destroy.resume(house) == 1
    with house.database.read() as session:
        rows = session.execute(select(ReviewFile.outcome, ReviewFile.why)).all()
    assert set(map(tuple, rows)) == {("destroyed", "")}
    assert reviews.get_review(house, embedded["archivist"], review_id).review.state == "executed"
