"""The yearly plan (RULES A1.2): who assesses whom until when, and is told once when the day comes near and once when it has come."""

import json
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from service.access import people
from service.errors import BadInput, NotAllowed, NotFound
from service.flow import counts
from service.flow.credit import assessment_plan, credit_events, plan_lists, plan_news, portfolio, portfolio_run
from service.flow.credit.assessment_plan import Planner, name_assessor, plan_new
from service.flow.credit.customer_merge import merge_customers, undo_merge
from service.flow.credit.due_assessments import list_due
from service.records.tables import AssessmentDuty, Customer, Delivery, Person
from tests.service.conftest import OWNER, TODAY
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_assessments import decide, make
from tests.service.test_register import customer
from tests.service.test_scorecards import enough
from tests.service.web.conftest import open_site


def newcomer(office, name):
    """A customer that nobody assessed; known for a month, whatever day this machine has."""
    customer_id = customer(office, name)
    with office.house.database.write() as session:
        session.get_one(Customer, customer_id).created_at = datetime(2026, 10, 25, 4, tzinfo=UTC)
    return customer_id


def duty(office, customer_id):
    with office.house.database.read() as session:
        return session.get(AssessmentDuty, customer_id)


def messages(office, login):
    with office.house.database.read() as session:
        query = select(Delivery).join(Person, Person.id == Delivery.person_id)
        query = query.where(Delivery.event == "assessment.due", Person.login == login)
        return [row.content for row in session.scalars(query.order_by(Delivery.created_at, Delivery.id))]


def badge(office, login):
    return counts.waiting(office.house, office[login]).get("assessments")


def test_A1_2_the_plan_says_for_every_customer_what_the_rule_says_and_follows_what_happens(office, monkeypatch):
    house, who = office.house, office["administrator"]
    ids = enough(office, 25)
    monkeypatch.setattr(assessment_plan, "PIECE", 10)
    planner = Planner(house)
    left = iter([True, True])
    planner.look(lambda: next(left, False))  # stopped in between: the rest comes with the next look
    Planner(house).look()
    fresh = newcomer(office, "新客户")
    assert duty(office, fresh) is None
    planner.look()

    def agrees():
        """The plan holds exactly what is due by the rule, on some days."""
        for day in (TODAY, TODAY + timedelta(200), TODAY + timedelta(900)):
            due = {row.customer.id: row.state.due for row in list_due(house, who, until=day, limit=500)[1]}
            planned = plan_lists.list_plan(house, who, until=day, limit=500)[1]
            assert {row.customer.id: row.duty.due_on for row in planned} == due

    agrees()
    assert (duty(office, fresh).why, badge(office, "administrator")) == ("first", list_due(house, who)[0])
    decide(office, make(office, fresh))
    assert (duty(office, fresh).why, duty(office, fresh).due_on) == ("yearly", date(2027, 11, 25))
    credit_events.record_event(house, who, fresh, "lawsuit", "2026-11-20", note="被诉")
    assert (duty(office, fresh).why, duty(office, fresh).due_on) == ("event", date(2026, 11, 20))
    agrees()
    run = portfolio.start_run(house, who, "reassess")
    portfolio_run.advance(house, run.id)
    portfolio.decide_run(house, office["head"], run.id, approve=True)
    agrees()
    assert badge(office, "administrator") == 0
    kept, merged = ids[0], ids[1]
    merge_id = merge_customers(house, who, kept, merged, "同一家")
    assert (duty(office, merged), duty(office, kept).why) == (None, "event")
    undo_merge(house, who, merge_id)
    assert duty(office, merged).due_on == duty(office, kept).due_on == date(2027, 11, 25)
    agrees()


def test_A1_2_who_does_it_is_of_the_department_or_is_named_and_another_takes_over_who_left(embedded):
    house = embedded.house
    other = people.create_department(house, OWNER, "CG", "采购部")
    embedded.hire("near", "credit_administrator", department_id=other.id)
    with house.database.write() as session:
        session.add(Customer(number="X1", name="没有合同", created_at=house.clock.now()))
    first = customer(embedded, "甲公司")
    plan_new(house)

    def does(customer_id):
        with house.database.read() as session:
            _duty, person = assessment_plan.assessor_of(session, customer_id)
            return person.login if person else None

    assert does(first) == "administrator"
    name_assessor(house, embedded["head"], first, "near")
    assert does(first) == "near"
    Planner(house).look()
    assert does(first) == "near"  # who was named stays
    with pytest.raises(BadInput, match="no credit administrator"):
        name_assessor(house, embedded["head"], first, "handler")
    with pytest.raises(NotAllowed):
        name_assessor(house, embedded["handler"], first, "near")
    with pytest.raises(NotFound):
        name_assessor(house, embedded["administrator"], "none", "near")
    people.disable(house, OWNER, "near")
    Planner(house).look()
    assert does(first) == "administrator"
    name_assessor(house, embedded["administrator"], first, "")
    assert (does(first), duty(embedded, first).chosen_by) == ("administrator", "")


def test_A1_2_everybody_is_told_once_when_the_day_comes_near_and_once_when_it_has_come(office, monkeypatch):
    house = office.house
    first, second = customer(office, "甲公司"), customer(office, "乙公司")
    for customer_id in (first, second):
        decide(office, make(office, customer_id))
    Planner(house).look()
    assert plan_news.tell_due(house) == 0
    house.clock.move_to(date(2027, 10, 26))  # thirty days before
    told = plan_news.tell

    def killed(*given):
        told(*given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(plan_news, "tell", killed)
        with pytest.raises(KeyboardInterrupt):
            plan_news.tell_due(house)
    assert messages(office, "administrator") == []
    threads = [threading.Thread(target=plan_news.tell_due, args=(house,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (near,) = messages(office, "administrator")
    assert "将到期 2 家" in near["zh"]
    assert "2 due soon" in near["en"]
    assert (near["path"], near["customer"]) == ("/assessments/plan", None)
    house.clock.move_to(date(2027, 11, 24))
    assert plan_news.tell_due(house) == 0
    house.clock.move_to(date(2027, 11, 25))
    decide(office, make(office, second))
    assert plan_news.tell_due(house) == 1
    last = messages(office, "administrator")[-1]
    assert (last["customer"]["id"], last["path"]) == (first, f"/customers/{first}/assessments")
    assert "到期 1 家（甲公司）" in last["zh"]
    house.clock.move_to(date(2027, 10, 1))  # a clock that was put back tells nobody anew
    assert plan_news.tell_due(house) == 0
    credit_events.record_event(house, office["administrator"], second, "lawsuit", "2027-09-30", note="被诉")
    assert plan_news.tell_due(house) == 1
    assert len(messages(office, "administrator")) == 3
    assert messages(office, "handler") == []


def test_A1_2_the_plan_stands_on_its_page_in_the_menu_the_interface_and_the_command_line(
    embedded,
    client,  # noqa: F811
    headers,  # noqa: F811
    juanzong_here,
):
    house = embedded.house
    first = newcomer(embedded, "甲公司")
    Planner(house).look()
    plan_news.tell_due(house)
    site = open_site(embedded).signed_in("administrator")
    page = site.get("/assessments/plan").text
    assert "年度评估计划" in page
    assert "甲公司" in page
    assert "该你评估的客户" in site.get("/").text
    assert "须重新评估：到期 1 家" in site.get("/inbox").text
    assert site.post(f"/customers/{first}/assessor", {"login": "administrator"}).status_code == 303
    other = open_site(embedded).signed_in("head")
    assert "administrator 某 指定" in other.get(f"/customers/{first}/assessments").text
    assert site.post(f"/customers/{first}/assessor", {"login": "nobody"}).status_code == 422
    api = "/api/v1/assessments/plan"
    shown = client.get(api, headers=headers("head")).json["people"]
    assert [(row["login"], row["customers"], row["overdue"]) for row in shown] == [("administrator", 1, 1)]
    rows = client.get(f"{api}/customers?login=administrator", headers=headers("head")).json
    assert (rows["total"], rows["customers"][0]["chosen"]) == (1, True)
    assert client.get(f"{api}/customers?until=x", headers=headers("head")).status_code == 422
    to = f"/api/v1/customers/{first}/assessor"
    assert client.put(to, json={"login": ""}, headers=headers("head")).status_code == 204
    assert not client.get(f"{api}/customers", headers=headers("head")).json["customers"][0]["chosen"]
    listed = juanzong_here(embedded.env, "credit", "plan", "--json").stdout
    assert json.loads(listed)["login"] == "administrator"
    assert "甲公司" in juanzong_here(embedded.env, "credit", "plan", "--for", "administrator").stdout
