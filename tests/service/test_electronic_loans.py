"""B6, B9: a file that is lent in electronic form: asked for by its number, opened for a time, marked, closed by itself."""

import io
from datetime import date, timedelta

import pytest
from PIL import Image, ImageChops

from retention.errors import TransitionRefused
from retention.lending import AccessRequest
from service.access import people
from service.access.policy import Actor
from service.errors import NotAllowed, NotFound, RuleRefused
from service.flow.archive import filing, incidents, loan_statistics, loans
from service.flow.archive.reminders import remind_loans
from service.flow.common.tiers import set_file_tier
from service.flow.intake import documents, render, thumbnails
from service.flow.search.find import find
from service.records.tables import CaseFile
from tests.service.conftest import OWNER, Office
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_flow import archive, due_file, fill, new_contract
from tests.service.test_rights import today
from tests.service.web.conftest import Site, site  # noqa: F401 - fixture

NUMBER = "J001-HT·2026-D10-XS-0001"


@pytest.fixture
def lending(office: Office) -> tuple[Office, str, str]:
    """An office with an archived file, and a reader of another department, who may not see it."""
    other = people.create_department(office.house, OWNER, "CG", "采购部")
    office.hire("guest", "handler", department_id=other.id)
    _contract, file_id = new_contract(office)
    document_id = office.take_in()
    filing.file_document(office.house, office["handler"], document_id, file_id)
    fill(office, file_id)
    assert archive(office, file_id).archive_number == NUMBER
    return office, file_id, document_id


def lend(office: Office, number: str = NUMBER, days: int = 7) -> str:
    house = office.house
    request = loans.ask(house, today(office, "guest"), number, "核对交货条款")
    back = str(house.clock.today() + timedelta(days=days))
    loans.decide_loan(house, office["archivist"], request.id, grant=True, due_back=back, electronic=True)
    return request.id


def test_B6_what_is_lent_in_electronic_form_is_open_for_its_days_and_closes_by_itself(lending):
    office, file_id, document_id = lending
    house = office.house
    with pytest.raises(NotFound):
        loans.ask(house, office["guest"], file_id, "看看")  # an id says nothing to who may not see the file
    with pytest.raises(NotFound):
        loans.ask(house, office["guest"], "J001-HT·2026-D10-XS-0002", "看看")
    with pytest.raises(NotFound):
        documents.get_document(house, today(office, "guest"), document_id)
    request_id = lend(office)
    assert documents.get_document(house, today(office, "guest"), document_id).id == document_id
    assert find(house, today(office, "guest"), "技术服务").total == 1
    house.clock.move_to(house.clock.today() + timedelta(days=7))
    assert loans.end_electronic(house) == 0  # the last day is open still
    assert documents.get_document(house, today(office, "guest"), document_id).id == document_id
    house.clock.move_to(house.clock.today() + timedelta(days=1))
    with pytest.raises(NotFound):
        documents.get_document(house, today(office, "guest"), document_id)
    assert (remind_loans(house), incidents.open_overdue(house)) == (0, 0)
    house.clock.move_to(house.clock.today() + timedelta(days=60))
    assert incidents.open_overdue(house) == 0
    assert (loans.end_electronic(house), loans.end_electronic(house)) == (1, 0)
    (row,) = loans.list_loans(house, today(office, "guest"))
    assert (row.id, row.state, row.returned_on, row.returned_as) == (request_id, "returned", row.due_back, None)


def test_B6_a_loan_in_electronic_form_is_taken_back_before_its_day_and_has_no_out_card(lending):
    office, _file, document_id = lending
    house = office.house
    request_id = lend(office)
    with pytest.raises(RuleRefused, match="an out card stands for paper"):
        loan_statistics.out_card(house, office["archivist"], request_id)
    with pytest.raises(RuleRefused, match="nothing of it is damaged or lost"):
        loans.give_back(house, office["archivist"], request_id, "lost", "第三页")
    assert documents.get_document(house, today(office, "guest"), document_id).id == document_id
    assert loans.give_back(house, office["archivist"], request_id, "whole") is None
    with pytest.raises(NotFound):
        documents.get_document(house, today(office, "guest"), document_id)


def test_B9_what_only_a_loan_opens_is_seen_with_a_watermark_and_does_not_leave_without(lending):
    office, _file, document_id = lending
    house = office.house
    lend(office)
    guest = today(office, "guest")

    def page(actor: Actor) -> Image.Image:
        data = render.read_rendition(house, actor, document_id, "page-image", 1)[0]
        return Image.open(data).convert("RGB")

    plain = page(office["handler"])  # of the file's own department, and not classified
    changed = ImageChops.difference(plain, page(guest)).convert("L").point(lambda v: 255 * (v > 24))
    assert changed.getbbox()
    assert not ImageChops.difference(plain, page(OWNER)).getbbox()
    strips = [Image.open(io.BytesIO(thumbnails.strip(house, who, document_id, 1, 1))) for who in (OWNER, guest)]
    assert ImageChops.difference(*strips).point(lambda v: 255 * (v > 24)).getbbox()
    for kind in ("original", "preservation"):
        with pytest.raises(NotAllowed), render.open_rendition(house, guest, document_id, kind):
            pass
    with render.open_rendition(house, office["handler"], document_id, "original") as opened:
        assert opened.stream.read(5) == b"%PDF-"


def test_B6_a_request_is_decided_by_who_is_cleared_for_the_tier_of_the_file(embedded):
    house = embedded.house
    embedded.hire("guest", "handler", department_id=people.create_department(house, OWNER, "CG", "采购部").id)
    boss = embedded.hire("boss", "archivist", clearance="secret")
    file_id, document_id = due_file(embedded)
    set_file_tier(house, boss, file_id, "secret", "定密")
    with house.database.read() as session:
        number = session.get_one(CaseFile, file_id).archive_number
    request = loans.ask(house, embedded["guest"], number, "诉讼")
    back = str(house.clock.today() + timedelta(days=1))
    with pytest.raises(NotFound):
        loans.decide_loan(house, embedded["archivist"], request.id, grant=True, due_back=back, electronic=True)
    loans.decide_loan(house, boss, request.id, grant=True, due_back=back, electronic=True)
    assert documents.get_document(house, today(embedded, "guest"), document_id).id == document_id


def test_B6_a_request_for_a_file_out_of_sight_names_it_by_its_number_alone(lending):
    office, _file, _document = lending
    house = office.house
    loans.ask(house, office["guest"], NUMBER, "核对")
    (row,) = loans.list_loans(house, office["guest"])
    assert not loans.shown(house, office["guest"], [row]).named
    assert "title" not in loans.as_json(row)


def test_b6_a_loan_in_electronic_form_ends_after_its_last_day_alone():
    day = date(2026, 11, 25)
    lent = AccessRequest("a", "云桥", "核对", day).grant("b", day).lend(day, day)
    with pytest.raises(TransitionRefused, match="open until 2026-11-25"):
        lent.lapse(day)
    ended = lent.lapse(day + timedelta(days=9))
    assert (ended.state, ended.returned_on) == ("returned", day)
    with pytest.raises(TransitionRefused):
        ended.lapse(day + timedelta(days=10))


def test_B6_the_api_lends_in_electronic_form_what_was_asked_for_by_number(client, headers, embedded):  # noqa: F811 - the fixtures
    embedded.hire("guest", "handler", department_id=people.create_department(embedded.house, OWNER, "CG", "采购部").id)
    contract_id, file_id = new_contract(embedded)
    guest, keeper = headers("guest"), headers("archivist")
    asked = client.post(
        "/api/v1/access-requests", json={"file_id": "HT-XS-2026-0001", "purpose": "核对"}, headers=guest
    )
    assert asked.status_code == 201, asked.text
    assert client.get(f"/api/v1/files/{file_id}", headers=guest).status_code == 404
    said = {"grant": True, "electronic": True, "due_back": "2026-12-01"}
    path = f"/api/v1/access-requests/{asked.get_json()['id']}/decision"
    assert client.post(path, json=said, headers=keeper).status_code == 204
    assert client.get(f"/api/v1/files/{file_id}", headers=guest).status_code == 200
    (row,) = client.get("/api/v1/access-requests", headers=guest).get_json()["requests"]
    assert (row["state"], row["electronic"], contract_id != file_id) == ("lent", True, True)


def test_B6_the_page_asks_by_number_and_lends_in_electronic_form(site: Site):  # noqa: F811 - the fixture
    office = site.office
    office.hire("guest", "handler", department_id=people.create_department(office.house, OWNER, "CG", "采购部").id)
    _contract, file_id = new_contract(office)
    guest, keeper = site.signed_in("guest"), site.signed_in("archivist")
    assert guest.post("/loans", {"number": "HT-XS-1999-0001", "purpose": "核对", "form": "loan"}).status_code == 404
    assert guest.post("/loans", {"number": "HT-XS-2026-0001", "purpose": "核对"}).status_code == 303
    listed = guest.get("/loans").text
    assert "HT-XS-2026-0001" in listed
    assert "技术服务合同" not in listed
    assert "技术服务合同" not in guest.get("/").text
    (row,) = loans.list_loans(office.house, office["archivist"])
    said = {"grant": "yes", "how": "electronic", "due_back": "2026-12-01"}
    assert keeper.post(f"/loans/{row.id}/decide", said).status_code == 303
    assert guest.get(f"/files/{file_id}").status_code == 200
    listed = keeper.get("/loans").text
    assert "电子件" in listed
    assert "out-card" not in listed
    assert keeper.post(f"/loans/{row.id}/back", {"found": "whole"}).status_code == 303
    assert guest.get(f"/files/{file_id}").status_code == 404
