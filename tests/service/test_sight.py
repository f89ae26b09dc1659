"""What a list shows, what the index gives out and what opens one by one are the same for whoever asks: SQL, tokens and `decide`."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.transfer import PARTS
from service.access.policy import ROLES, TIERS, Actor, Granted, decide, document_tokens, reader_tokens, tiers_of
from service.errors import NotFound
from service.flow.archive.deadlines import open_transfers
from service.flow.archive.ledger import load_contract
from service.flow.common.guard import reach_of, reach_of_file
from service.flow.common.sight import visible, visible_contracts, visible_files
from service.records.database import Database
from service.records.migrate import upgrade
from service.records.tables import CaseFile, Contract, Customer, Department, Document, Person, Transfer

NOW = datetime(2026, 11, 25, tzinfo=UTC)
NAMES = ("person:a", "person:b")
ASKED = 120


@dataclass
class Shelf:
    """One of everything there is: documents with and without a file, files with and without a contract, of all tiers."""

    documents: list[Document]
    files: list[CaseFile]
    contracts: list[Contract]
    customers: list[Customer]


@pytest.fixture(params=["sqlite", "postgresql"])
def session(request, tmp_path) -> Iterator[Session]:
    url = f"sqlite:///{tmp_path}/a.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(url)
    upgrade(database)
    with database.write() as writing:
        _fill(writing)
    with database.read() as reading:
        yield reading
    database.dispose()


def _fill(session: Session) -> None:
    for code in ("xs", "cg"):
        session.add(Department(id=code, code=code, name=code))
        session.add(Customer(id=f"of-{code}", number=code, name=code, created_at=NOW))
    session.flush()
    for name in NAMES:
        login = name.removeprefix("person:")
        session.add(Person(id=login, login=login, name=login, roles=[], created_at=NOW))
    session.flush()
    files: list[str | None] = [None]
    stands = cycle((stage, state) for stage in PARTS for state in ("pending", "returned", "handed_over", "accepted"))
    for serial, (department, tier, handler) in enumerate(product(("xs", "cg"), TIERS, ("a", "b", None))):
        said = {"id": f"{department}-{tier}-{handler}", "department_id": department, "customer_id": f"of-{department}"}
        if handler is not None:
            session.add(
                Contract(
                    **said,
                    number=said["id"],
                    year=2026,
                    serial=serial,
                    title="",
                    counterparty="",
                    handler_id=handler,
                    created_at=NOW,
                )
            )
            session.flush()
        owner = {"contract_id": said["id"]} if handler else {}
        session.add(CaseFile(**said, **owner, kind="contract", title="", tier=tier, created_at=NOW))
        session.flush()
        files.append(said["id"])
        for responsible, (stage, state) in zip(("a", "b", None), stands, strict=False):
            session.add(_transfer(said["id"], department, tier, responsible, stage, state))
    for number, (department, tier, received_by, file) in enumerate(product(("xs", None), TIERS, NAMES, files)):
        session.add(
            Document(
                id=f"document-{number}",
                sha256=f"{number:064x}",
                filename="a.pdf",
                media_type="application/pdf",
                size=1,
                pages=1,
                status="stored",
                department_id=department,
                tier=tier,
                received_by=received_by,
                received_at=NOW,
                case_file_id=file,
            )
        )


def _transfer(file: str, department: str, tier: str, responsible: str | None, stage: str, state: str) -> Transfer:
    day = NOW.date()
    return Transfer(
        case_file_id=file,
        department_id=department,
        tier=tier,
        stage=stage,
        state=state,
        event_kind="signed",
        event_on=day,
        nominal_on=day,
        due_on=day,
        why="",
        responsible_id=responsible,
        handed_over_by="person:b" if responsible == "a" else "person:a",
    )


@pytest.fixture
def shelf(session) -> Shelf:
    return Shelf(*(list(session.scalars(select(table))) for table in (Document, CaseFile, Contract, Customer)))


def somebody(draw: random.Random, shelf: Shelf) -> Actor:
    """Return a person as there may be one."""
    things = [
        *(f"document:{one.id}" for one in draw.sample(shelf.documents, 2)),
        *(f"file:{one.id}" for one in draw.sample(shelf.files, 2)),
        *(f"customer:{one.id}" for one in draw.sample(shelf.customers, 1)),
    ]
    name = draw.choice(NAMES)
    return Actor(
        name,
        person_id=name.removeprefix("person:"),
        roles=frozenset(draw.sample(ROLES, draw.choice((0, 1, 1, 1, 2, 3)))),
        department_id=draw.choice(("xs", "cg", None)),
        clearance=draw.choice(TIERS),
        agreement=draw.choice(("", "", "agreement_missing", "agreement_expired")),
        classified=draw.choice(("internal", "secret", "core")),
        grants=tuple(Granted(thing, draw.choice(TIERS)) for thing in draw.sample(things, draw.randrange(4))),
    )


def seen_transfers(asking: Actor, rows: list[Transfer]) -> dict[str, set[str]]:
    """Return the ids of what each view holds: decided one by one, each on what its file says."""
    found: dict[str, set[str]] = {"all": set(), "mine": set(), "receive": set()}
    for row in rows:
        reach = reach_of_file(row.case_file)
        own = row.responsible_id == asking.person_id
        theirs = own and (asking.owner or reach.tier in tiers_of(asking))
        if row.state == "accepted" or not (theirs or decide(asking, "transfer.read", reach).allowed):
            continue
        found["all"].add(row.id)
        arrived = row.state == "handed_over" and PARTS[row.stage][1] in asking.roles
        if arrived or (own and row.state in ("pending", "returned")):
            found["mine"].add(row.id)
        if arrived and row.handed_over_by != asking.name:
            found["receive"].add(row.id)
    return found


def agree_on_transfers(session: Session, asking: Actor, rows: list[Transfer]) -> set[str]:
    """Hold the views of open transfers against what is decided one by one; returns which views held something."""
    if not decide(asking, "transfer.read").allowed:
        return set()
    expected = seen_transfers(asking, rows)
    for view, ids in expected.items():
        listed = [row.id for row in session.execute(open_transfers(asking, view))]
        assert sorted(listed) == sorted(ids), (asking, view)
    at_last = {row.id for row in session.execute(open_transfers(asking, "receive", "archive"))}
    assert at_last == {row.id for row in rows if row.id in expected["receive"] and row.stage == "archive"}, asking
    return {view for view, ids in expected.items() if ids}


def test_lists_index_and_decision_agree_for_everyone_on_everything(session, shelf):
    draw, reasons, views = random.Random(20261126), Counter[str](), Counter[str]()
    transfers = list(session.scalars(select(Transfer)))
    for asking in (Actor("cli:root", owner=True), *(somebody(draw, shelf) for _ in range(ASKED))):
        decided = {one.id: decide(asking, "document.read", reach_of(one)) for one in shelf.documents}
        reasons.update(decision.reason for decision in decided.values())
        opens = {name for name, decision in decided.items() if decision.allowed}
        listed = {one.id for one in session.scalars(visible(select(Document), asking))}
        assert listed == opens, asking
        held = reader_tokens(asking)
        found = {one.id for one in shelf.documents if held is None or held & set(document_tokens(reach_of(one)))}
        assert found == opens, asking
        listed = {one.id for one in session.scalars(visible_files(asking))}
        assert listed == {f.id for f in shelf.files if decide(asking, "file.read", reach_of_file(f)).allowed}, asking
        opens = set()
        for contract in shelf.contracts:
            with suppress(NotFound):
                opens.add(load_contract(session, asking, contract.id).id)
        assert {one.id for one in session.scalars(visible_contracts(asking))} == opens, asking
        views.update(agree_on_transfers(session, asking, transfers))
    assert {"owner", "role", "grant", "role_missing", "tier_too_high", "other_department"} <= reasons.keys()
    assert {"agreement_missing", "agreement_expired"} <= reasons.keys(), "every reason came up"
    assert len(views) == 3
    assert min(views.values()) > 10, "every view held something for some of them"
