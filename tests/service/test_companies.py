"""Organisation (RULES B2, B4, archive number): the group and its companies, their fonds numbers, and departments that move between them."""

from datetime import date

import pytest
from sqlalchemy import select

from service.access import companies, people
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import destroy, ledger, reviews
from service.flow.archive.case_prints import sheet_of
from service.flow.archive.destruction_registers import whole_register
from service.records.tables import CaseFile, OrganisationChange
from tests.service.conftest import OWNER, Office
from tests.service.test_flow import archive, fill, new_contract


def archived(office: Office) -> str:
    _contract, file_id = new_contract(office)
    fill(office, file_id)
    return archive(office, file_id).archive_number or ""


def test_a_department_numbers_its_files_under_its_companys_fonds_number_and_old_numbers_stay(embedded):
    house = embedded.house
    companies.create_company(house, OWNER, "JT", "华岳集团", "A001")
    companies.create_company(house, OWNER, "SY", "华岳实业", "A002", above="JT")
    first = archived(embedded)
    assert first.startswith("J001-")
    companies.move_department(house, OWNER, "XS", "SY")
    assert archived(embedded) == "A002-HT·2026-D10-XS-0001"
    companies.change_company(house, OWNER, "SY", fonds="A003", name="华岳实业有限公司")
    assert archived(embedded) == "A003-HT·2026-D10-XS-0001"
    with house.database.read() as session:
        numbers = set(session.scalars(select(CaseFile.archive_number)))
        told = [(c.kind, c.what, c.old, c.new) for c in session.scalars(select(OrganisationChange))]
    assert first in numbers
    assert {("department", "move", "", "SY"), ("company", "fonds", "A002", "A003")} <= set(told)
    listed = {row["code"]: row for row in companies.companies(house, embedded["handler"])}
    assert (listed["SY"]["above"], listed["SY"]["departments"]) == ("JT", ["XS"])


def test_what_is_printed_and_kept_of_a_file_says_the_fonds_number_that_its_number_has(embedded):
    house = embedded.house
    companies.create_company(house, OWNER, "SY", "华岳实业", "A002")
    companies.move_department(house, OWNER, "XS", "SY")
    new = []
    for contract_id, file_id in (new_contract(embedded), new_contract(embedded)):
        fill(embedded, file_id)
        archive(embedded, file_id)
        ledger.finish_event(house, embedded["handler"], contract_id, "performed", "2026-11-20")
        archive(embedded, file_id)
        new.append(file_id)
    with house.database.write() as session:  # one was numbered before the department belonged to the company
        session.get_one(CaseFile, new[0]).archive_number = "J001-HT·2026-D10-XS-0001"
    assert [sheet_of(house, embedded["archivist"], file_id, "labels")[2] for file_id in new] == ["J001", "A002"]
    companies.change_company(house, OWNER, "SY", fonds="A003")
    house.clock.move_to(date(2037, 1, 4))
    ids = {name: embedded[name].person_id or "" for name in ("first", "second", "third", "head", "fourth", "fifth")}
    supervisors = [ids.pop("fourth"), ids.pop("fifth")]
    review = reviews.propose(house, embedded["archivist"], new, list(ids.values())[:3], ids["head"], supervisors)
    for name in ("first", "second", "third"):
        reviews.add_opinions(house, embedded[name], review.id, new, "destroy", reason="期满")
    reviews.approve(house, embedded["head"], review.id)
    house.clock.move_to(date(2037, 1, 12))
    for name in ("fourth", "fifth"):
        reviews.supervise(house, embedded[name], review.id)
    destroy.execute(house, embedded["archivist"], review.id)
    for name in ("fourth", "fifth"):
        reviews.supervise(house, embedded[name], review.id)
    certificate = reviews.get_review(house, embedded["archivist"], review.id).record.certificate
    assert certificate["fonds"] == "A002、J001"
    assert whole_register(house, embedded["auditor"], "pdf").fonds == "A002、J001"


def test_what_is_wrong_with_a_company_is_told_and_circles_are_refused(embedded):
    house = embedded.house
    companies.create_company(house, OWNER, "A", "甲", "A001")
    companies.create_company(house, OWNER, "B", "乙", "A002", above="A")
    for given, wrong in (
        (("A", "丙", "A003"), {"code"}),
        (("C", "丙", "A001"), {"fonds"}),
        (("c c", " ", "12345"), {"code", "name", "fonds"}),
    ):
        with pytest.raises(BadInput) as refused:
            companies.create_company(house, OWNER, *given)
        assert set(refused.value.fields) == wrong
    with pytest.raises(BadInput, match="not below itself"):
        companies.change_company(house, OWNER, "A", above="B")
    with pytest.raises(BadInput, match="taken"):
        companies.change_company(house, OWNER, "B", fonds="A001")
    with pytest.raises(NotFound):
        companies.create_company(house, OWNER, "D", "丁", "A009", above="Z")
    with pytest.raises(NotAllowed):
        companies.create_company(house, embedded["archivist"], "D", "丁", "A009")


def test_a_company_with_open_parts_is_not_closed_and_a_closed_one_takes_nothing_in(embedded):
    house = embedded.house
    companies.create_company(house, OWNER, "A", "甲", "A001")
    companies.create_company(house, OWNER, "B", "乙", "A002", above="A")
    people.create_department(house, OWNER, "CG", "采购部")
    companies.move_department(house, OWNER, "CG", "B")
    with pytest.raises(RuleRefused, match="open parts: CG"):
        companies.close_company(house, OWNER, "B")
    with pytest.raises(RuleRefused, match="open parts: B"):
        companies.close_company(house, OWNER, "A")
    companies.move_department(house, OWNER, "CG", "")
    companies.close_company(house, OWNER, "B")
    companies.close_company(house, OWNER, "B")
    with pytest.raises(RuleRefused, match="nothing is moved into it"):
        companies.move_department(house, OWNER, "CG", "B")
