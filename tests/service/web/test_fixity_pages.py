"""The auditor sees what the last verification of the stored objects found, on the page and through the API."""

from flask import Flask

from service.access import people
from service.api.app import blueprint
from service.flow.trust.fixity import fixity
from service.records.tables import Rendition
from tests.service.conftest import OWNER
from tests.service.web.conftest import Site


def test_the_auditor_sees_the_last_verification_and_nobody_else(site: Site) -> None:
    house = site.office.house
    document_id = site.office.take_in()
    auditor = site.signed_in("auditor")
    api = Flask("test")
    api.register_blueprint(blueprint(house))
    client = api.test_client()
    asked = {login: people.create_token(house, OWNER, login, "test") for login in ("auditor", "handler")}

    def told(login: str = "auditor"):
        return client.get("/api/v1/fixity", headers={"Authorization": f"Bearer {asked[login]}"})

    assert "还没有核对过" in auditor.get("/audit").text
    assert told().get_json() == {"verified": None}
    assert told("handler").status_code == 403
    list(fixity(house, OWNER))
    assert "全部与收下时一致" in auditor.get("/audit").text
    with house.database.read() as session:
        name = session.query(Rendition.id).filter(Rendition.kind == "original").scalar()
    next((house.settings.home / "objects").glob(f"*/*/{name}")).write_bytes(b"something else")
    list(fixity(house, OWNER))
    page = auditor.get("/audit").text
    assert "有损坏" in page
    assert "损坏 1 件" in page
    answer = told().get_json()
    assert (answer["ok"], answer["damaged"], answer["missing"], answer["repaired"]) == (False, [document_id], [], [])
    assert answer["verified"]
