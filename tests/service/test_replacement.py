"""Someone who cannot act in a review is replaced, on the page and through the API, and the trail says who, by whom and why."""

import json
import re
from datetime import date

import pytest
from sqlalchemy import select, text

from retention.errors import TransitionRefused
from service.access import people
from service.errors import BadInput, NotAllowed, NotFound
from service.flow.archive import destroy, reviews
from service.records.database import Database
from service.records.migrate import upgrade
from service.records.tables import AuditEntry
from tests.service.conftest import OWNER
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_flow import due_file, propose
from tests.service.test_migrations import _at
from tests.service.web.conftest import Site, site  # noqa: F401 - fixture


def test_a_review_goes_on_with_those_who_took_over(office):
    house = office.house
    file_id, _ = due_file(office)
    review_id = propose(office, file_id)
    sixth, clerk = office.hire("sixth", "department_head"), office.hire("clerk", "operator")
    archivist = office["archivist"]
    for actor, old, new, wrong in (
        (office["administrator"], "person:second", sixth, NotAllowed),
        (office["first"], "person:second", sixth, NotAllowed),
        (archivist, "person:second", clerk, BadInput),  # no role that takes part
        (archivist, "person:second", office["third"], TransitionRefused),
        (archivist, "person:sixth", office["auditor"], TransitionRefused),
    ):
        with pytest.raises(wrong):
            reviews.replace_person(house, actor, review_id, old, new.person_id or "", "住院")
    with pytest.raises(TransitionRefused, match="reason"):
        reviews.replace_person(house, archivist, review_id, "person:second", sixth.person_id or "", " ")
    reviews.add_opinion(house, office["first"], review_id, file_id, "destroy", reason="期满")
    with pytest.raises(TransitionRefused, match="has acted"):
        reviews.replace_person(house, archivist, review_id, "person:first", sixth.person_id or "", "住院")
    people.disable(house, OWNER, "second")  # who left the company is replaced all the same
    reviews.replace_person(house, archivist, review_id, "person:second", sixth.person_id or "", "离职")
    view = reviews.get_review(house, archivist, review_id)
    assert view.waits_for == ("person:sixth", "person:third")
    for login in ("sixth", "third"):
        reviews.add_opinion(house, office[login], review_id, file_id, "destroy", reason="期满")
    reviews.replace_person(house, archivist, review_id, "person:head", office["auditor"].person_id or "", "出差")
    with pytest.raises(NotFound):  # no part in it any more
        reviews.approve(house, office["head"], review_id)
    reviews.approve(house, office["auditor"], review_id)
    house.clock.move_to(date(2037, 1, 13))
    for login in ("fourth", "fifth"):
        reviews.supervise(house, office[login], review_id)
    destroy.execute(house, archivist, review_id)
    for login in ("fourth", "fifth"):
        reviews.supervise(house, office[login], review_id)
    record = reviews.get_review(house, archivist, review_id).record
    assert [(r["part"], r["old"], r["new"]) for r in record.certificate["replaced"]] == [
        ("appraiser", "person:second", "person:sixth"),
        ("approver", "person:head", "person:auditor"),
    ]
    with house.database.read() as session:
        said = [
            json.loads(e.detail)
            for e in session.scalars(select(AuditEntry).where(AuditEntry.action == "review.replace"))
        ]
    assert said[0] == {
        "number": record.number,
        "part": "appraiser",
        "from": "person:second",
        "to": "person:sixth",
        "reason": "离职",
    }


def test_on_the_page(site: Site) -> None:  # noqa: F811 - the fixture
    office = site.office
    file_id, _ = due_file(office)
    review_id = propose(office, file_id)
    archivist, path = site.signed_in("archivist"), f"/reviews/{review_id}"
    page = archivist.get(path).text
    old = re.search(r'name="old".*?</select>', page, re.DOTALL).group()
    new = re.search(r'name="new".*?</select>', page, re.DOTALL).group()
    assert re.findall(r'value="person:(\w+)"', old) == ["first", "second", "third", "head", "fourth", "fifth"]
    assert office["handler"].person_id in new
    assert office["first"].person_id not in new
    assert 'name="old"' not in site.signed_in("first").get(path).text
    typed = {"form": "replace", "old": "person:fourth", "new": office["handler"].person_id, "reason": ""}
    refused = archivist.post(f"{path}/replace", typed)
    assert refused.status_code == 409
    assert "换人须写明接替的人和理由。" in refused.text
    assert archivist.post(f"{path}/replace", typed | {"reason": "出差<b>"}).status_code == 303
    page = archivist.get(path).text
    assert "监销人fourth 某由handler 某接替：出差&lt;b&gt;" in page
    assert "等待 handler 某" in page
    assert site.signed_in("handler").get(path).status_code == 200  # has a part now
    assert site.signed_in("fourth").get(path).status_code == 404  # and this one has none any more


def test_through_the_api(client, headers, embedded):  # noqa: F811 - the fixtures
    file_id, _ = due_file(embedded)
    review_id = propose(embedded, file_id)
    path = f"/api/v1/destructions/{review_id}"
    body = {"old": "person:fifth", "new_id": embedded["auditor"].person_id, "reason": "住院"}
    assert client.post(f"{path}/replacements", json=body, headers=headers("administrator")).status_code == 403
    assert client.post(f"{path}/replacements", json=body, headers=headers("archivist")).status_code == 204
    assert client.post(f"{path}/replacements", json=body, headers=headers("archivist")).status_code == 409
    shown = client.get(path, headers=headers("archivist")).get_json()
    assert shown["supervisors"] == ["person:fourth", "person:auditor"]
    assert shown["replaced"][0]["old"] == "person:fifth"


def test_who_was_appointed_is_carried_out_of_the_old_column(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    _at(database, "0001")
    kept = {"appointed": {"approver": ["a"], "supervisor": ["b", "c"]}}
    rows = [
        {
            "id": "1",
            "number": "1",
            "data": json.dumps({"x": 1}),
            "parts": '{"approver":"wu","supervisors":["s1","s2"]}',
        },
        {"id": "2", "number": "2", "data": json.dumps(kept), "parts": '{"approver":"other","supervisors":["o","p"]}'},
    ]
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO reviews (id, number, state, proposed_by, created_on, data, parts, version)"
                " VALUES (:id, :number, 'appraising', 'x', '2026-01-02', :data, :parts, 1)"
            ),
            rows,
        )
    upgrade(database)
    with database.read() as session:
        data = [json.loads(row[0]) for row in session.execute(text("SELECT data FROM reviews ORDER BY id"))]
    assert data == [{"x": 1, "appointed": {"approver": ["wu"], "supervisor": ["s1", "s2"]}}, kept]
    database.dispose()
