"""RULES Part B, Retention: versions of the schedule, activated by a second person; a file's reason names the version, nothing becomes shorter."""

from datetime import date

import pytest
from sqlalchemy import select

from retention.errors import BadSchedule
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import ledger, schedules
from service.records.tables import AuditEntry, CaseFile
from tests.service.conftest import OWNER, Office
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_flow import archive, fill, new_contract


def archived(office: Office, amount: str) -> str:
    contract_id, file_id = new_contract(office, amount=amount)
    fill(office, file_id)
    archive(office, file_id)
    ledger.finish_event(office.house, office["handler"], contract_id, "performed", "2026-11-20")
    return file_id


def rules_with(office: Office, **periods: str):
    default = schedules.version_of(office.house, OWNER, "default-1").rules
    return [{**rule, "period": periods.get(rule["name"].replace("-", "_"), rule["period"])} for rule in default]


def file_of(office: Office, file_id: str) -> CaseFile:
    with office.house.database.read() as session:
        return session.get_one(CaseFile, file_id)


def activate(office: Office, version: str, **periods: str) -> None:
    schedules.save_draft(office.house, office["archivist"], version, rules_with(office, **periods))
    schedules.activate(office.house, office["administrator"], version)


def test_a_version_is_tried_activated_by_a_second_person_and_applied_only_to_the_longer(office):
    house = office.house
    small, large = archived(office, "48000.00"), archived(office, "60000.00")
    assert (file_of(office, small).retention, file_of(office, large).retention) == ("D10", "D30")
    schedules.save_draft(
        house, office["archivist"], "2026-2", rules_with(office, contract_minor="D30", contract_ordinary="D10")
    )
    tried = schedules.what_if(house, office["archivist"], "2026-2")
    assert (tried.files, tried.longer, tried.stay) == (2, 1, 1)
    by_file = {c.file_id: c for c in tried.changes}
    assert (by_file[small].before, by_file[small].after, by_file[small].due_after) == ("D10", "D30", date(2057, 1, 1))
    assert (by_file[large].says, by_file[large].after, by_file[large].longer) == ("D10", "D30", False)
    assert file_of(office, small).retention == "D10"  # trying changes nothing
    with pytest.raises(RuleRefused, match="a second person"):
        schedules.activate(house, office["archivist"], "2026-2")
    with pytest.raises(NotAllowed):
        schedules.activate(house, office["head"], "2026-2")
    schedules.activate(house, office["administrator"], "2026-2")
    assert schedules.apply_waiting(house, lambda: True) == 2
    assert schedules.apply_waiting(house, lambda: True) == 0
    after = file_of(office, small)
    assert (after.retention, after.due_on, after.schedule) == ("D30", date(2057, 1, 1), "2026-2")
    assert "2026-2" in after.retention_why
    kept = file_of(office, large)
    assert (kept.retention, kept.due_on, kept.schedule) == ("D30", date(2057, 1, 1), "2026-2")
    assert "never_shorter_by" in kept.retention_why
    with house.database.read() as session:
        changed = session.scalars(select(AuditEntry.subject).where(AuditEntry.action == "file.retention")).all()
    assert changed == [f"file:{small}"]


def test_a_version_with_a_hole_or_a_circle_is_kept_as_a_draft_and_never_counts(embedded):
    house, archivist = embedded.house, embedded["archivist"]
    rules = [r for r in rules_with(embedded) if r["name"] != "contract-ordinary"]
    kept = schedules.save_draft(house, archivist, "v", [*rules, {"name": "a", "kind": "contract", "follows": "a"}])
    assert "a → a" in kept.problems[0].why.en
    kept = schedules.save_draft(house, archivist, "v", rules)
    assert [p.why.en for p in kept.problems] == [
        "a hole: no rule for contract of unknown amount",
        "a hole: no rule for contract from 50000 to below 10000000 yuan",
    ]
    with pytest.raises(BadSchedule, match="50000"):
        schedules.activate(house, embedded["administrator"], "v")
    with pytest.raises(BadSchedule, match="50000"):
        schedules.what_if(house, archivist, "v")


def test_what_counts_or_counted_is_not_changed(embedded):
    house, archivist = embedded.house, embedded["archivist"]
    activate(embedded, "v1")
    activate(embedded, "v2")
    assert [(v.version, v.state) for v in schedules.versions(house, archivist)] == [
        ("v2", "active"),
        ("v1", "replaced"),
        ("default-1", "replaced"),
    ]
    for version in ("v1", "v2", "default-1"):
        with pytest.raises(RuleRefused, match="not a draft"):
            schedules.save_draft(house, archivist, version, rules_with(embedded))
    with pytest.raises(RuleRefused, match="not a draft"):
        schedules.activate(house, embedded["administrator"], "v1")
    with pytest.raises(NotFound):
        schedules.activate(house, embedded["administrator"], "v9")
    with pytest.raises(BadInput):
        schedules.save_draft(house, archivist, "../v", [])
    with pytest.raises(BadInput, match="no field"):
        schedules.save_draft(house, archivist, "v3", [{"colour": "red"}])
    with pytest.raises(NotAllowed):
        schedules.save_draft(house, embedded["administrator"], "v3", [])


def test_what_is_archived_afterwards_follows_the_version_that_counts(embedded):
    activate(embedded, "2027", contract_minor="D20")
    file = file_of(embedded, archived(embedded, "100.00"))
    assert (file.retention, file.schedule, file.archive_number) == ("D20", "2027", "J001-HT·2026-D20-XS-0001")


def test_applying_goes_on_after_a_stop(embedded, monkeypatch):
    monkeypatch.setattr(schedules, "_AT_ONCE", 1)
    for _ in range(2):
        archived(embedded, "100.00")
    activate(embedded, "v", contract_minor="Y")
    goes = iter([True, False])
    assert schedules.apply_waiting(embedded.house, lambda: next(goes)) == 1
    assert schedules.apply_waiting(embedded.house, lambda: True) == 1


def test_the_api_keeps_judges_tries_and_activates(embedded, client, headers):  # noqa: F811 - the fixtures
    archived(embedded, "100.00")
    archivist, administrator = headers("archivist"), headers("administrator")
    rules = rules_with(embedded, contract_minor="D15")
    kept = client.put("/api/v1/retention/schedules/2028", json={"rules": rules}, headers=archivist)
    assert (kept.status_code, kept.json["problems"]) == (200, [])
    tried = client.get("/api/v1/retention/schedules/2028/what-if", headers=archivist).json
    assert (tried["longer"], tried["changes"][0]["retention"]) == (1, ["D10", "D15"])
    assert client.post("/api/v1/retention/schedules/2028/activation", headers=archivist).status_code == 409
    assert client.post("/api/v1/retention/schedules/2028/activation", headers=administrator).status_code == 204
    listed = client.get("/api/v1/retention/schedules", headers=administrator).json["schedules"]
    assert (listed[0]["version"], listed[0]["state"]) == ("2028", "active")
