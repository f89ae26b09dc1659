"""The API is called with whatever its own OpenAPI document allows, and more: no answer is a failure of ours or undocumented.

Two of three calls carry real ids, so that they come further than the first door; every role takes its turn. The draws are the same in
every run: what is found here is a fault and no bad luck.
"""

import warnings
from collections import Counter
from datetime import date
from itertools import count, cycle
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import select

from service.access import people
from service.access.policy import ROLES
from service.api.app import blueprint
from service.flow.archive import grants, holds
from service.records.tables import Customer, Transfer
from service.web.security import request_class
from tests.service.conftest import OWNER, embedded_env, open_office
from tests.service.test_flow import due_file, new_contract, propose
from tests.thorough import so_many

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # third-party code, as it is imported
    import schemathesis

EACH = so_many(45, 4)  # calls of one operation
LEAST = so_many(10_000, 800)  # calls of all, on each of the two databases
PARTS = ("path_parameters", "headers", "cookies", "query", "body", "media_type", "multipart_content_types")
DRAWN: dict[str, list[dict[str, Any]]] = {}  # by operation


@pytest.fixture(params=["sqlite", "postgresql"])
def town(request, tmp_path):
    """An office with one of everything, and the token of somebody of every role."""
    env = {**embedded_env(tmp_path / "home"), "JUANZONG_API_PER_MINUTE": "0"}
    if request.param == "postgresql":
        env["JUANZONG_DATABASE_URL"] = request.getfixturevalue("postgres_url")
    office = open_office(env)
    yield office
    office.house.database.dispose()


def real_ids(office) -> dict[str, str]:
    """Return something that exists for every parameter of a path."""
    house = office.house
    due, document_id = due_file(office)
    review_id = propose(office, due)
    house.clock.move_to(date(2026, 11, 25))
    contract_id, file_id = new_contract(office)
    with house.database.read() as session:
        customer_id = session.scalars(select(Customer.id)).first()
        transfer_id = session.scalars(select(Transfer.id).where(Transfer.case_file_id == file_id)).first()
    grant = grants.give_grant(house, OWNER, "handler", "file", file_id, date(2099, 1, 1), "r")
    hold = holds.place_hold(house, OWNER, "m", "r", [file_id])
    return {
        "document_id": document_id,
        "file_id": file_id,
        "contract_id": contract_id,
        "review_id": review_id,
        "customer_id": customer_id or "",
        "transfer_id": transfer_id or "",
        "grant_id": grant.id,
        "hold_id": hold.id,
        "login": "handler",
        "code": "XS",
        "kind": "original",
        "page": "1",
        "category": "1.1",
    }


def learn(answer, known: dict[str, str]) -> None:
    """Keep one id of each kind that an answer names, so that what asks for such an id gets a real one from then on."""
    if answer.status_code >= 300 or answer.headers["content-type"] != ["application/json"]:
        return
    waiting = [answer.json()]
    while waiting:
        said = waiting.pop()
        if isinstance(said, dict):
            waiting += said.values()
            ids = {name: text for name, text in said.items() if name.endswith("_id") and isinstance(text, str) and text}
            known |= ids | known
        elif isinstance(said, list):
            waiting += said


def drawn(operation) -> list[dict[str, Any]]:
    """Return what to send to one operation, `EACH` times: drawn once, sent to both databases."""
    if operation.label in DRAWN:
        return DRAWN[operation.label]
    cases = DRAWN[operation.label] = []

    @settings(
        max_examples=EACH,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def draw(case) -> None:
        cases.append({part: getattr(case, part) for part in PARTS})

    draw()
    return cases


def fuzz(operation, known: dict[str, str], turns, callers, seen: Counter[int], faults: dict[str, object]) -> None:
    """Call one operation `EACH` times."""
    documented = set(operation.definition.raw["responses"])
    for parts in drawn(operation):
        case = operation.Case(**{**parts, "path_parameters": dict(parts["path_parameters"])})
        if next(turns) % 3:  # the roles are eight: each meets both
            for name in case.path_parameters or {}:
                case.path_parameters[name] = known.get(name, case.path_parameters[name])
        answer = case.call(headers={"Authorization": f"Bearer {next(callers)}"})
        seen[answer.status_code] += 1
        learn(answer, known)
        said = (case.method, case.formatted_path, case.query, case.body, answer.status_code, answer.content[:300])
        sound = answer.status_code < 500 and str(answer.status_code) in documented
        if answer.status_code >= 400 and case.method != "HEAD":
            sound = sound and answer.headers["content-type"] == ["application/problem+json"]
        if not sound:
            faults.setdefault(f"{operation.label}: {answer.status_code}", said)


@pytest.mark.timeout(900)
def test_no_call_fails_and_no_answer_is_undocumented(town):
    house = town.house
    known = real_ids(town)
    tokens = []
    for role in ROLES:
        town.hire(f"fuzz.{role.replace('_', '.')}", role, clearance="core")
        tokens.append(people.create_token(house, OWNER, f"fuzz.{role.replace('_', '.')}", "fuzz"))
    app = Flask("fuzz")
    app.request_class = request_class(str(house.settings.home / "tmp"))
    app.register_blueprint(blueprint(house))
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    turns, callers = count(), cycle(tokens)
    seen: Counter[int] = Counter()
    faults: dict[str, object] = {}
    for found in schema.get_all_operations():
        fuzz(found.ok(), known, turns, callers, seen, faults)
    assert not faults, "\n" + "\n".join(f"{name}: {said}" for name, said in sorted(faults.items()))
    assert seen.total() >= LEAST
    assert seen[200] > EACH * 10, "the calls come in"
