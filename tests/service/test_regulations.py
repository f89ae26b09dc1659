"""A6.2: the register of regulations, what changed, and the internal rules that must follow; A7: the wall."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.credit import regulations as flow
from service.flow.credit import wall
from service.records.tables import AuditEntry, RegulationTask, WallText
from tests.service.conftest import TODAY
from tests.service.web.conftest import open_site


@pytest.fixture
def law(embedded):
    """A regulation with a version in force and one that comes, and a task of the head's."""
    house, keeper = embedded.house, embedded["administrator"]
    embedded.law = flow.add_regulation(house, keeper, "档案法", "全国人大常委会", "auditor", "主席令 47 号").id
    flow.add_version(house, keeper, embedded.law, "1996", "1996-07-05", "第一次修正")
    embedded.version = flow.add_version(house, keeper, embedded.law, "2020", "2021-01-01", "电子档案有同等效力").id
    flow.add_version(house, keeper, embedded.law, "2030", "2030-01-01", "将来")
    task = flow.add_task(house, keeper, embedded.version, "档案管理制度", "增加电子档案一章", "head", "2026-12-10")
    embedded.task = task.id
    return embedded


def test_A6_2_the_register_says_what_is_in_force_and_what_must_follow(law):
    house = law.house
    ((row, current, waiting),) = flow.list_regulations(house, law["handler"])
    assert (row.title, current.version, waiting, row.watcher.login) == ("档案法", "2020", 1, "auditor")
    view = flow.get_regulation(house, law["handler"], law.law)
    assert [version.version for version, _ in view.versions] == ["2030", "2020", "1996"]
    assert view.current.version == "2020"
    flow.end_regulation(house, law["administrator"], law.law, "2026-11-01")
    with pytest.raises(RuleRefused, match="ended already"):
        flow.end_regulation(house, law["administrator"], law.law, "2026-11-02")
    flow.hand_watch(house, law["administrator"], law.law, "first")
    assert flow.get_regulation(house, law["handler"], law.law).regulation.watcher.login == "first"


def test_A6_2_late_tasks_are_listed_until_their_owner_says_what_was_done(law):
    house = law.house
    (line,) = flow.list_tasks(house, law["handler"])
    assert (line.state, line.days) == ("open", 15)
    assert flow.list_tasks(house, law["handler"], late=True) == []
    assert len(flow.list_tasks(house, law["head"], mine=True)) == 1
    house.clock.move_to(date(2026, 12, 5))
    assert flow.list_tasks(house, law["handler"])[0].state == "soon"
    house.clock.move_to(date(2026, 12, 11))
    (line,) = flow.list_tasks(house, law["handler"], late=True)
    assert (line.state, line.days) == ("late", -1)
    assert "增加电子档案一章" in open_site(law).signed_in("head").get("/").text
    assert "增加电子档案一章" not in open_site(law).signed_in("handler").get("/").text
    with pytest.raises(NotFound):
        flow.finish_task(house, law["first"], law.task, "不是我的")
    with pytest.raises(BadInput, match="outcome"):
        flow.finish_task(house, law["head"], law.task, " ")
    done = flow.finish_task(house, law["head"], law.task, "已改，第七章")
    assert (done.done_on, done.done_by) == (date(2026, 12, 11), "person:head")
    with pytest.raises(RuleRefused, match="done already"):
        flow.finish_task(house, law["administrator"], law.task, "again")
    assert flow.list_tasks(house, law["handler"]) == []
    with house.database.read() as session:
        steps = list(
            session.scalars(
                select(AuditEntry.action).where(AuditEntry.action.like("regulation.%")).order_by(AuditEntry.seq)
            )
        )
    steps = [step for step in steps if step != "regulation.list"]
    assert steps == [f"regulation.{step}" for step in ("create", "version", "version", "version", "task", "finish")]


def test_A6_2_what_cannot_be_is_refused(law):
    house, keeper = law.house, law["administrator"]
    with pytest.raises(RuleRefused, match="in the register"):
        flow.add_regulation(house, keeper, "档案法", "x", "auditor", "主席令 47 号")
    with pytest.raises(RuleRefused, match="this version"):
        flow.add_version(house, keeper, law.law, "2020", "2021-01-01", "x")
    with pytest.raises(BadInput, match="watcher"):
        flow.add_regulation(house, keeper, "b", "x", "nobody")
    with pytest.raises(BadInput) as refused:
        flow.add_version(house, keeper, law.law, "", "soon", "")
    assert set(refused.value.fields) == {"version", "in_force_on", "changed"}
    with pytest.raises(BadInput, match="lies in the past"):
        flow.add_task(house, keeper, law.version, "a", "b", "head", "2026-11-24")
    with pytest.raises(NotFound):
        flow.add_version(house, keeper, law.law, "9", "2027-01-01", "x", "no-document")
    with pytest.raises(NotAllowed):
        flow.add_regulation(house, law["head"], "c", "x", "head")


def test_A6_2_the_register_is_kept_on_pages(law):
    site = open_site(law)
    browser = site.signed_in("administrator")
    given = {"form": "regulation", "title": "个人信息保护法", "issuer": "全国人大常委会", "watcher": "auditor"}
    page = browser.post("/regulations", given).headers["Location"]
    assert browser.post("/regulations", given).status_code == 409
    version = {"form": "version", "version": "2021", "in_force_on": "2021-11-01", "changed": "首次发布"}
    assert browser.post(f"{page}/versions", version).status_code == 303
    version_id = re.search(r"/versions/([^/]+)/tasks", browser.get(page).text).group(1)
    task = {"internal_rule": "隐私制度", "task": "新订", "owner": "handler", "due_on": "2026-12-01"}
    assert browser.post(f"{page}/versions/{version_id}/tasks", task).status_code == 303
    owner = site.signed_in("handler")
    assert "隐私制度" in owner.get("/regulations").text
    with law.house.database.read() as session:
        task_id = session.scalars(select(RegulationTask.id).where(RegulationTask.internal_rule == "隐私制度")).one()
    assert owner.post(f"{page}/tasks/{task_id}", {"outcome": "已订"}).status_code == 303
    assert "已订" in browser.get(page).text
    assert browser.post(f"{page}/watcher", {"watcher": "head"}).status_code == 303
    assert browser.post(f"{page}/end", {"ended_on": "x"}).status_code == 422
    assert browser.post(f"{page}/end", {"ended_on": "2026-11-25"}).status_code == 303
    assert "没有逾期的任务。" in browser.get("/regulations?late=1").text


NEW = [f"第 {n} 句。" for n in range(1, 6)]
ENGLISH = [f"Sentence {n}." for n in range(1, 6)]


def test_A7_the_five_sentences_of_the_source_stand_where_people_sign_in_and_begin(embedded):
    site = open_site(embedded)
    source = ("客户信用，我们共同守护。", "准确、及时、完整，信息管理三原则。", "风险预警，早发现，早应对。",
              "尊重法规，合规经营，诚信为本。", "信用档案，助力决策，驱动发展。")  # fmt: skip
    assert source == wall.ZH
    for page in (site.visitor().get("/sign-in").text, site.signed_in("administrator").get("/").text):
        for sentence in source:
            assert sentence in page


def test_A7_the_wall_is_edited_with_a_trace_of_every_version(embedded, juanzong_here):
    house, keeper = embedded.house, embedded["administrator"]
    row = wall.set_wall(house, keeper, NEW, ENGLISH)
    assert wall.set_wall(house, keeper, NEW, ENGLISH).version == row.version == 1
    wall.set_wall(house, keeper, [*NEW[:4], "改了。"], ENGLISH)
    now, before = wall.wall(house, embedded["handler"])
    assert (now.version, now.zh[4], [r.version for r in before]) == (2, "改了。", [2, 1])
    assert wall.sentences(house, "en") == ENGLISH
    with house.database.read() as session:
        details = list(
            session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "wall.set").order_by(AuditEntry.seq))
        )
        assert len(list(session.scalars(select(WallText)))) == 2
    assert '"sentences":[5]' in details[1].replace(" ", "")
    assert juanzong_here(embedded.env, "compliance", "wall").stdout.splitlines()[4] == f"改了。  {ENGLISH[4]}"
    with pytest.raises(NotAllowed):
        wall.set_wall(house, embedded["head"], NEW, ENGLISH)
    with pytest.raises(BadInput) as refused:
        wall.set_wall(house, keeper, [*NEW[:4], " "], ENGLISH[:4])
    assert set(refused.value.fields) == {"zh.5", "en"}


def test_A7_the_wall_is_edited_on_a_page_and_shown_at_once(embedded):
    site = open_site(embedded)
    browser = site.signed_in("administrator")
    form = {f"zh.{n}": text for n, text in enumerate(NEW, 1)} | {f"en.{n}": text for n, text in enumerate(ENGLISH, 1)}
    assert browser.post("/wall", {"form": "wall", **form, "zh.3": ""}).status_code == 422
    assert browser.post("/wall", {"form": "wall", **form, "zh.3": "<b>三</b>"}).status_code == 303
    page = site.visitor().get("/sign-in").text
    assert "第 1 句。" in page
    assert "&lt;b&gt;三&lt;/b&gt;" in page
    assert "客户信用，我们共同守护。" not in page
    assert TODAY.isoformat()[:4] in browser.get("/wall").text
    assert 'name="zh.1"' in browser.get("/wall").text
    assert 'name="zh.1"' not in site.signed_in("head").get("/wall").text
