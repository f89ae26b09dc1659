"""RULES Part B, archive number: templates as data, with preview, activated by a second person; numbers that were given stay."""

import pytest

from retention.errors import BadNumber
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import number_templates as flow
from service.flow.archive.number_check import check_numbers, void_number
from tests.service.conftest import Office
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_flow import archive, fill, new_contract

OWN = "{fonds}-{year}-{department}-{category}-{serial:05}"


def archived(office: Office) -> str:
    _contract, file_id = new_contract(office)
    fill(office, file_id)
    return archive(office, file_id).archive_number or ""


def test_a_template_is_previewed_activated_by_a_second_person_and_changes_no_number_that_was_given(office):
    house, archivist, administrator = office.house, office["archivist"], office["administrator"]
    assert archived(office) == "J001-HT·2026-D10-XS-0001"
    shown = flow.preview(house, archivist, "contract", "item", OWN)
    assert shown.numbers == ("J001-2026-XS-HT-00001", "J001-2026-XS-HT-00002", "J001-2026-XS-HT-00003")
    row = flow.save_template(house, archivist, "contract", "item", OWN)
    assert archived(office) == "J001-HT·2026-D10-XS-0002"  # a draft does not count
    with pytest.raises(RuleRefused, match="second person"):
        flow.activate_template(house, archivist, row.id)
    flow.activate_template(house, administrator, row.id)
    with pytest.raises(RuleRefused, match="not a draft"):
        flow.activate_template(house, administrator, row.id)
    assert archived(office) == "J001-2026-XS-HT-00001"
    assert flow.in_force(house, archivist)["credit"].startswith("{fonds}-{category}·")
    found = check_numbers(house, archivist)
    assert (found.archived, found.faults) == (3, ())  # of both forms
    void_number(house, archivist, "J001-2026-XS-HT-00002", "写错")
    assert archived(office) == "J001-2026-XS-HT-00003"
    assert check_numbers(house, archivist).faults == ()


def test_what_cannot_be_a_template_is_refused_and_not_kept(embedded):
    house, archivist = embedded.house, embedded["archivist"]
    with pytest.raises(BadNumber, match="comes last"):
        flow.save_template(house, archivist, "contract", "item", "{serial:04}-{fonds}-{year}")
    with pytest.raises(BadInput):
        flow.save_template(house, archivist, "letters", "item", OWN)
    with pytest.raises(NotAllowed):
        flow.save_template(house, embedded["handler"], "contract", "item", OWN)
    with pytest.raises(NotFound):
        flow.activate_template(house, archivist, "nothing")
    assert flow.preview(house, archivist, "contract", "item", "{fonds}").problems
    assert flow.templates(house, archivist) == []


def test_the_api_previews_keeps_and_activates(embedded, client, headers):  # noqa: F811 - the fixtures
    archivist, administrator = headers("archivist"), headers("administrator")
    asked = {"kind": "contract", "by": "item", "template": OWN}
    shown = client.get("/api/v1/numbers/templates/preview", query_string=asked, headers=archivist).json
    assert shown["numbers"][0] == "J001-2026-XS-HT-00001"
    kept = client.post("/api/v1/numbers/templates", json=asked, headers=archivist)
    assert kept.status_code == 201
    path = f"/api/v1/numbers/templates/{kept.json['id']}/activation"
    assert client.post(path, headers=archivist).status_code == 409
    assert client.post(path, headers=administrator).status_code == 204
    listed = client.get("/api/v1/numbers/templates", headers=administrator).json
    assert listed["in_force"]["contract"] == OWN
