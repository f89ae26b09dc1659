"""Every role on every API operation and every page, own and other department, every tier: the answers are those of `access_matrix.txt`
and `page_matrix.txt`.

What a person may not see answers as what does not exist does, byte for byte but for the id and with as many statements to the
database, and shows in no list, count, facet, search or export.
"""

import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask, Response
from fpdf import FPDF
from sqlalchemy import event, func, select

from service.access import accounts, people
from service.access.papers import KINDS
from service.access.policy import ROLES, STATION, TIERS
from service.api.app import GROUPS, blueprint
from service.api.operations import Operation
from service.flow.archive import grants, holds, ledger
from service.flow.common.index import index_documents
from service.flow.intake import uploads
from service.flow.intake.process import process
from service.flow.intake.receive import receive
from service.records.tables import AccessRequest, AuditEntry, Batch, CaseFile, Customer, Document, Transfer, WebSession
from service.web.app import create_app
from service.web.security import request_class
from service.web.sessions import COOKIE
from tests.service.conftest import OWNER, Office, embedded_env, open_office
from tests.service.test_flow import due_file, propose
from tests.thorough import a_share, so_many

TABLE = Path(__file__).parent / "access_matrix.txt"
PAGES = Path(__file__).parent / "page_matrix.txt"
OPERATIONS = {operation.name: operation for group in GROUPS for operation in group.found}
BY_TIER = ("document", "filed", "file", "contract", "transfer", "customer", "hold", "loan", "batch", "grant")
#: what lies beside one another: contracts of one customer, and a document in the file of each
NEXT = ("agreed", "beside")
CELLS = ("no", "own", "own-", "all", "every", "see", "sees", "yes")
#: those who may be asked: every role, and a scanning station
CALLERS = (*ROLES, STATION)
CLASSIFIED = ("secret", "core")
USUAL = ("public", "internal")
TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": "9", "Upload-Offset": "0", "Upload-Metadata": "filename YS5wZGY="}


#: roles that read documents, and other clearances than the usual: word, clearance, what opens, papers
READERS = ("operator", "handler", "credit_administrator", "archivist", "department_head")
OTHERS = (
    (".public", "public", TIERS[:1], KINDS),
    (".secret", "secret", TIERS[:3], KINDS),
    (".core", "core", TIERS, KINDS),
    (".unsigned", "core", USUAL, tuple(kind for kind in KINDS if kind != "agreement")),
)
READS = (
    *("show_document", "download", "show_page", "document_evidence", "file_evidence", "show_file", "show_contract"),
    *("show_customer", "show_transfer_list", "show_batch", "entry_from_document"),
)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    thing: str
    starred: bool
    cells: dict[str, str]
    sends: str


def read_table() -> dict[str, Row]:
    rows = {}
    for line in TABLE.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            name, thing, *cells = line.split(maxsplit=2 + len(CALLERS))
            sends = cells.pop() if len(cells) > len(CALLERS) else ""
            assert set(cells) <= set(CELLS), line
            assert name not in rows, name
            rows[name] = Row(thing.rstrip("*"), thing.endswith("*"), dict(zip(CALLERS, cells, strict=True)), sends)
    return rows


ROWS = read_table()


@dataclass(frozen=True)
class Thing:
    """Something of a department and a tier. marks: what shows that a list, a count or an export knows of it."""

    id: str
    department: str
    tier: str
    file: str = ""
    marks: tuple[str, ...] = ()


@dataclass
class City:
    """Two departments with one of everything of every tier in each, and people of every role in the first."""

    office: Office
    things: dict[str, list[Thing]] = field(default_factory=dict)
    tokens: dict[str, dict[str, str]] = field(default_factory=dict)
    staff: dict[str, str] = field(default_factory=dict)

    def hire(self, role: str, clearance: str, word: str = "", papers: tuple[str, ...] | None = None) -> str:
        login = f"m.{role.replace('_', '.')}{word}"
        more = {} if papers is None else {"papers": papers}
        self.office.hire(login, role, clearance=clearance, **more)
        self.bear(login)
        return login

    def bear(self, login: str) -> None:
        secret = people.create_token(self.office.house, OWNER, login, "matrix")
        self.tokens[login] = {"Authorization": f"Bearer {secret}"}


def a_page(text: str, path: Path) -> Path:
    page = FPDF()
    page.add_page()
    page.set_font("Helvetica", size=14)
    page.cell(text=f"commonword {text}")
    path.write_bytes(bytes(page.output()))
    return path


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory):
    home = tmp_path_factory.mktemp("city")
    found = build_city(embedded_env(home / "home"), home)
    yield found
    found.office.house.database.dispose()


def build_city(env: Mapping[str, str], home: Path) -> City:
    """Return an empty archive filled with one of everything of each department and tier, and somebody for every cell of the table."""
    office = open_office({**env, "JUANZONG_API_PER_MINUTE": "0"})
    house = office.house
    found = City(office)
    file_id, _ = due_file(office)
    found.things["review"] = [Thing(propose(office, file_id), "", "")]
    house.clock.move_to(date(2026, 11, 25))
    other = people.create_department(house, OWNER, "CG", "采购部")
    departments = {"own": office.department_id, "other": other.id}
    found.things["department"] = [Thing(id_, where, "public") for where, id_ in departments.items()]
    office.hire("scanner", "handler", department_id=other.id)
    for where, department_id in departments.items():
        login = {"own": "staff.xs", "other": "staff.cg"}[where]
        office.hire(login, "handler", clearance="core", department_id=department_id)
        found.staff[where] = office[login].person_id or ""
        for tier in TIERS:
            add_things(found, home, where, department_id, office[login], tier)
            if tier in ("internal", "secret"):
                add_next(found, home, where, department_id, office[login], tier)
    found.things["account"] = [Thing("victim", "", "")]
    office.hire("victim", "handler")
    found.things["code"] = [Thing("CG", "", "")]
    upload = uploads.begin(house, office["staff.xs"], uploads.Announced(filename="a.pdf", length=9), channel="api")
    found.things["upload"] = [Thing(upload.id, "", "")]
    for role in ROLES:
        found.hire(role, "internal")
    for role, (word, clearance, _tiers, papers) in product(READERS, OTHERS):
        found.hire(role, clearance, word, papers)
    accounts.create_station(house, OWNER, "m.station", "扫描站", office.department_id)
    found.bear("m.station")
    return found


def add_next(city: City, home: Path, where: str, department_id: str, staff, tier: str) -> None:
    """A contract of the customer that all have, and a document in its file."""
    house, mark = city.office.house, f"mark{where}{tier}"
    given = {"department_id": department_id, "title": f"{mark}agreed", "counterparty": "everybodys customer"}
    contract = ledger.create_contract(house, OWNER, ledger.ContractInput(**given, handler_id=staff.person_id or ""))
    path = a_page(f"{contract.number} {mark}beside", home / f"{mark}beside.pdf")
    document_id = receive(house, staff, path, path.name).document_id
    process(house, document_id)
    with house.database.write() as session:
        file = session.scalars(select(CaseFile).where(CaseFile.contract_id == contract.id)).one()
        document = session.get_one(Document, document_id)
        document.received_by, document.title, document.case_file_id = "person:scanner", f"{mark}beside", file.id
        file.tier, document.tier = tier, "public"
        customer_id, ids = file.customer_id or "", {"agreed": contract.id, "beside": document_id}
    index_documents(house, [document_id])
    for kind, id_ in ids.items():
        city.things.setdefault(kind, []).append(Thing(id_, where, tier, file.id, (id_, f"{mark}{kind}")))
    everybodys = Thing(customer_id, "", "internal")  # the least secret of its contracts is
    if everybodys not in city.things["customer"]:
        city.things["customer"].append(everybodys)


def add_things(city: City, home: Path, where: str, department_id: str, staff, tier: str) -> None:
    """One of everything, of this department and tier. Each has a word of its own in its name."""
    house = city.office.house
    mark = f"mark{where}{tier}"
    given = {"department_id": department_id, "title": f"{mark}contract", "counterparty": f"{mark}customer"}
    contract = ledger.create_contract(
        house,
        OWNER,
        ledger.ContractInput(**given, handler_id=staff.person_id or "", signed_on="2026-11-02"),
    )
    ids = {}
    for kind in ("document", "filed"):
        path = a_page(f"{mark}{kind}", home / f"{mark}{kind}.pdf")
        ids[kind] = receive(
            house, staff, path, path.name, batch=f"{mark}batch" if kind == "document" else ""
        ).document_id
        process(house, ids[kind])
    with house.database.write() as session:
        file = session.scalars(select(CaseFile).where(CaseFile.contract_id == contract.id)).one()
        transfer = session.scalars(select(Transfer).where(Transfer.case_file_id == file.id)).one()
        file.tier = tier
        for kind, document_id in ids.items():
            document = session.get_one(Document, document_id)
            document.received_by, document.title, document.status = "person:scanner", f"{mark}{kind}", "needs_review"
            document.tier, document.case_file_id = ("public", file.id) if kind == "filed" else (tier, None)
            document.review_reasons, document.category = ["unknown_kind"], "1.10"
        moment = datetime.now(UTC)
        session.add(
            Batch(name=f"{mark}batch", operator="person:scanner", department_id=department_id, opened_at=moment)
        )
        loan = AccessRequest(
            case_file_id=file.id, reader_id=staff.person_id or "", purpose=f"{mark}loan", asked_on=date(2026, 11, 1)
        )
        session.add(loan)
        session.flush()
        customer = session.get_one(Customer, file.customer_id or "")
        made = {
            "file": file.id,
            "contract": contract.id,
            "transfer": transfer.id,
            "customer": customer.id,
            "loan": loan.id,
        }
    made |= ids | {"batch": f"{mark}batch"}
    made["hold"] = holds.place_hold(house, OWNER, f"{mark}hold", "r", [file.id]).id
    made["grant"] = grants.give_grant(house, OWNER, "scanner", "file", file.id, date(2099, 1, 1), f"{mark}grant").id
    index_documents(house, ids.values())
    for kind in BY_TIER:
        marks = {"document": (f"{mark}document",), "filed": (f"{mark}filed",), "hold": (f"{mark}hold",)}
        shown = marks.get(kind, (f"{mark}{kind}",))
        city.things.setdefault(kind, []).append(Thing(made[kind], where, tier, file.id, (made[kind], *shown)))


def reached(cell: str, thing: Thing, tiers: tuple[str, ...]) -> bool:
    """Whether the table lets someone with this cell reach the thing. tiers: those they may open."""
    if cell in ("every", "sees", "yes"):
        return True
    if cell == "no" or (thing.tier and thing.tier not in tiers):
        return False
    if cell == "own-" and thing.tier in CLASSIFIED:
        return False
    return cell == "all" or thing.department in ("own", "")


#: how a thing is read: who may not do that learns nothing of it from any other operation
READ_BY = {
    "document": "show_document",
    "filed": "download",
    "file": "show_file",
    "contract": "show_contract",
    "transfer": "show_transfer_list",
    "customer": "show_customer",
    "batch": "show_batch",
    "review": "show_review",
    "hold": "ask_release",
    "loan": "decide_loan",
    "grant": "end_grant",
    "upload": "show_upload",
    "account": "show_person",
    "agreed": "show_contract",
    "beside": "download",
}


def call(client, city: City, login: str, operation: Operation, row: Row, thing: Thing | None, id_: str | None = None):
    """Return the answer of one call, about `thing` or, with `id_`, about another of its kind."""
    wanted = id_ if id_ is not None else thing.id if thing else ""
    first = True

    def fill(found: re.Match[str]) -> str:
        nonlocal first
        if first:
            first = False
            return wanted
        return {"kind": "page-image" if row.thing == "filed" else "x", "page": "1", "category": "1.1"}.get(
            found[1], str(uuid4()) if found[1] != "page" else "1"
        )

    in_path = thing is not None and "{" in operation.path
    path = re.sub(r"\{(\w+)\}", fill if in_path else (lambda _m: "1"), operation.path)
    if row.thing == "batch" and operation.name == "show_batch_page":
        path = path.replace("/pages/1", "/pages/1.1")
    text = row.sends.replace("{id}", wanted)
    if thing is not None:
        text = (
            text.replace("{tier}", thing.tier)
            .replace("{file}", thing.file)
            .replace("{staff}", city.staff.get(thing.department, ""))
        )
    sends = json.loads(text) if text else None
    more: dict[str, object] = {}
    if operation.multipart:
        more = {
            "data": {**(sends or {}), "file": (io.BytesIO(b"no document"), "a.pdf")},
            "content_type": "multipart/form-data",
        }
    elif operation.query is not None:
        query = dict(sends or {})
        if operation.name == "download":
            query["page"] = 1
        more = {"query_string": query}
    elif sends is not None:
        more = {"json": sends}
    headers = dict(city.tokens[login])
    if "upload" in operation.name:
        headers |= TUS | {"Content-Type": "application/offset+octet-stream", "X-HTTP-Method-Override": "PATCH"}
    return client.open(f"/api/v1{path}", method=operation.method, headers=headers, **more)


def counted(client, city: City, *asked):
    """Return the answer of one call, and how many statements the database was sent for it: work that nothing else disturbs."""
    statements: list[str] = []

    def note(_connection, _cursor, statement: str, *_more: object) -> None:
        statements.append(statement)

    event.listen(city.office.house.database.engine, "before_cursor_execute", note)
    try:
        return call(client, city, *asked), len(statements)
    finally:
        event.remove(city.office.house.database.engine, "before_cursor_execute", note)


@pytest.fixture(scope="module")
def client(city: City):
    return client_of(city)


def client_of(city: City):
    """Return a client of the API of a city."""
    app = Flask("matrix")
    app.request_class = request_class(str(city.office.house.settings.home / "tmp"))
    app.register_blueprint(blueprint(city.office.house))
    return app.test_client()


def test_every_operation_has_its_row_and_every_row_its_operation():
    assert set(ROWS) == set(OPERATIONS)


def lists() -> list[str]:
    return [name for name, row in ROWS.items() if row.thing == "-" and OPERATIONS[name].method == "GET"]


#: what shows in a list, so that its absence is no accident: list -> kinds of things
SHOWN_IN = {
    "list_documents": ("document", "filed", "beside"),
    "search": ("document", "filed", "beside"),
    "export_search": ("document", "filed", "beside"),
    "list_review_queue": ("document", "filed"),
    "list_batches": ("batch",),
    "list_contracts": ("contract", "agreed"),
    "export_contracts": ("contract", "agreed"),
    "list_files": ("file",),
    "list_transfers": ("transfer",),
    "list_holds": ("hold",),
    "customers_list": ("customer",),
    "list_grants": ("grant",),
}


def names_of_files(city: City, role: str, tiers: tuple[str, ...]) -> str:
    """Return the titles of the files a role sees: a credit file that somebody opened in their department names its customer."""
    cell, where = ROWS["show_file"].cells[role], {thing.id: thing.department for thing in city.things["department"]}
    with city.office.house.database.read() as session:
        files = session.execute(select(CaseFile.title, CaseFile.department_id, CaseFile.tier)).all()
    return " ".join(title for title, there, tier in files if reached(cell, Thing("", where[there], tier), tiers))


def told_of(
    city: City,
    role: str,
    name: str,
    answer: Response,
    tiers: tuple[str, ...],
    asked: str = "",
    read_by: Mapping[str, str] = READ_BY,
) -> list[str]:
    """Return the marks in an answer of what may not be seen. name: the operation; asked: the id that the caller named."""
    body = answer.data.decode(errors="replace")
    body = body.replace(asked, "") if asked else body
    told = [
        mark
        for kind in (*BY_TIER, *NEXT)
        # who gives grants without reading sees the ids they name, and nothing else of those things
        if not (name == "list_grants" and kind != "grant" and ROWS["end_grant"].cells[role] == "every")
        for thing in city.things[kind]
        if not reached(ROWS[read_by[kind]].cells[role], thing, tiers)
        for mark in thing.marks
        if mark in body
    ]
    named = names_of_files(city, role, tiers) if told else ""
    return [mark for mark in told if mark not in named]


def assert_nothing_hidden(city: City, role: str, name: str, answer: Response, tiers: tuple[str, ...]) -> None:
    assert not told_of(city, role, name, answer, tiers), (role, name)
    body = answer.data.decode(errors="replace")
    for kind in SHOWN_IN.get(name, ()):
        for thing in city.things[kind]:
            if thing.marks and reached(ROWS[READ_BY[kind]].cells[role], thing, tiers):
                assert any(mark in body for mark in thing.marks), (role, name, kind, thing)


@pytest.mark.parametrize("role", CALLERS)
def test_lists_counts_facets_and_exports_hold_what_may_be_seen_and_nothing_else(city, client, role):
    login = "m." + role.replace("_", ".")
    for name in a_share(lists(), CALLERS.index(role), 5):
        row = ROWS[name]
        answer = call(client, city, login, OPERATIONS[name], row, None)
        assert (answer.status_code == 403) == (row.cells[role] == "no"), (role, name, answer.status_code)
        assert answer.status_code < 500
        if row.cells[role] == "yes" and role != "auditor":
            assert_nothing_hidden(city, role, name, answer, ("public", "internal"))
            assert name != "suggest_searches" or "mark" in answer.text, "nothing is suggested"
    if ROWS["show_document"].cells[role] != "no":
        assert_counts(city, client, role, login, ("public", "internal"))


def assert_counts(city: City, client, role: str, login: str, tiers: tuple[str, ...]) -> None:
    cell = ROWS["show_document"].cells[role]
    seen = [t for kind in ("document", "filed", "beside") for t in city.things[kind] if reached(cell, t, tiers)]
    found = call(client, city, login, OPERATIONS["search"], ROWS["search"], None).get_json()
    assert found["total"] == len(seen)
    assert all(sum(counts.values()) <= len(seen) for counts in found["facets"].values())
    listed = call(client, city, login, OPERATIONS["list_documents"], ROWS["list_documents"], None).get_json()
    assert listed["total"] == len(seen) + ("internal" in tiers)  # and the document of the file that is due


@pytest.mark.parametrize(
    ("role", "other"),
    a_share(product(READERS, OTHERS), 0, 3),
    ids=lambda given: given if isinstance(given, str) else given[0],
)
def test_another_clearance_opens_what_lies_up_to_it_and_nothing_else(city, client, role, other):
    word, _clearance, tiers, _papers = other
    login = f"m.{role.replace('_', '.')}{word}"
    found = [
        (name, thing, fault(client, city, role, name, thing, login, tiers))
        for name in READS
        for thing in city.things[ROWS[name].thing]
    ]
    assert not [said for said in found if said[2]]
    assert_counts(city, client, role, login, tiers)
    for name in ("search", "list_documents", "list_contracts", "export_contracts", "list_files", "customers_list"):
        answer = call(client, city, login, OPERATIONS[name], ROWS[name], None)
        assert_nothing_hidden(city, role, name, answer, tiers)


def missing(operation: Operation, thing: Thing) -> str:
    return (
        "NONE" if operation.path.startswith("/departments") else "nobody.here" if thing.id == "victim" else str(uuid4())
    )


def fault(
    client, city: City, role: str, name: str, thing: Thing, login: str = "", tiers: tuple[str, ...] = USUAL
) -> str:
    """Return what is wrong with how one operation answers a role about one thing, "" for nothing. tiers: what opens to them."""
    row, operation = ROWS[name], OPERATIONS[name]
    login, cell = login or "m." + role.replace("_", "."), row.cells[role]
    answer, work = counted(client, city, login, operation, row, thing)
    status = answer.status_code
    if reached(cell, thing, tiers):
        refused = {401} | (set() if cell in ("see", "sees") else {403}) | (set() if row.starred else {404})
        if status in refused or status >= 500:
            return "is refused"
        told = told_of(city, role, name, answer, tiers, thing.id)
        return f"is told of {told}" if told else ""
    readable = row.thing in READ_BY and reached(ROWS[READ_BY[row.thing]].cells[role], thing, tiers)
    if row.thing == "department" or readable:
        return "" if status == 403 else "is not refused"
    if status not in (403, 404):
        return "is not refused"
    other = missing(operation, thing)
    same, as_much = counted(client, city, login, operation, row, thing, other)
    if work != as_much:  # once more: what is only written every few minutes is written now
        work, as_much = (counted(client, city, login, operation, row, thing, id_)[1] for id_ in (None, other))
        if work != as_much:
            return f"shows by the time it takes that it exists: {work} statements, {as_much} for what is not there"
    shown = same.data.replace(other.encode(), thing.id.encode())
    as_missing = (same.status_code, shown, same.content_type) == (status, answer.data, answer.content_type)
    return "" if as_missing else f"learns that it exists: {answer.data!r}, for what is not there {same.data!r}"


@pytest.mark.parametrize("role", CALLERS)
def test_what_may_not_be_seen_answers_as_what_is_not_there(city, client, role):
    wrong = []
    for name, row in a_share(ROWS.items(), CALLERS.index(role), 5):
        operation = OPERATIONS[name]
        if row.thing == "-" and operation.method != "GET":
            status = call(client, city, "m." + role.replace("_", "."), operation, row, None).status_code
            if (status == 403) != (row.cells[role] == "no"):
                wrong.append(f"{name}: {status}")
        for thing in city.things[row.thing] if row.thing != "-" else ():
            found = fault(client, city, role, name, thing)
            if found:
                wrong.append(f"{name} {thing.department} {thing.tier}: {found}")
    assert not wrong, "\n" + "\n".join(wrong)


#: what shows nothing of files, documents, contracts and customers: people and rights, settings and forms, one's own; how far a
#: destruction is, asked every few seconds; and suggestions, of which there is one at every key
UNNOTED = (
    *("suggest_searches", "show_mail_address", "print_separators", "list_fact_kinds", "list_accounts", "show_person"),
    *("list_sessions", "list_departments", "list_tokens", "list_papers", "list_lacking", "show_directory"),
    *("list_locks", "list_identities", "preview_number_template", "list_warning_lines", "list_plans", "show_inbox"),
    *("list_currency_rates", "list_companies", "show_execution"),
)


def entries(city: City) -> int:
    with city.office.house.database.read() as session:
        return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def test_every_reading_leaves_an_entry(city, client):
    """By whatever operation something is read: a new one needs no row. The reader is one to whom the table lets it be read."""
    silent = []
    for name, row in ROWS.items():
        operation = OPERATIONS[name]
        reader = next((role for role in ROLES if row.cells[role] != "no"), "")
        if operation.method != "GET" or not reader or name in UNNOTED:
            continue
        near = [t for t in city.things.get(row.thing, ()) if t.department in ("", "own") and t.tier in ("", "internal")]
        before = entries(city)
        answer = call(client, city, "m." + reader.replace("_", "."), operation, row, near[0] if near else None)
        if answer.status_code in (200, 206) and entries(city) == before:
            silent.append(f"{name} ({reader})")
    assert not silent, "\n".join(silent)


def read_pages() -> dict[str, tuple[str, Row]]:
    """Return the address and the row of every page."""
    pages = {}
    for line in PAGES.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            name, address, thing, *cells = line.split()
            decided = ROWS[cells[0]].cells if cells[0] in ROWS else dict(zip(ROLES, cells, strict=True))
            pages[name] = address, Row(thing.rstrip("*"), thing.endswith("*"), decided, "")
    return pages


#: pages for whoever is not signed in yet, and for everybody
OPEN = ("sign_in", "second_step", "company_sign_in", "company_sign_in_back", "invite", "keys", "calendar_feed")


@pytest.fixture(scope="module")
def pages(city: City) -> Flask:
    app = create_app(city.office.house, secret=b"a secret for tests, not for use.")
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def test_every_page_has_its_row_and_every_row_its_page(pages):
    asked = {rule.endpoint for rule in pages.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert set(read_pages()) | set(OPEN) == {name.removeprefix("web.") for name in asked if name.startswith("web.")}


def signed_in(pages: Flask, city: City, login: str):
    """Return a browser of somebody of the city."""
    house, secret = city.office.house, uuid4().hex
    now = house.clock.now()
    with house.database.write() as session:
        person_id = city.office[login].person_id
        digest = hashlib.sha256(secret.encode()).hexdigest()
        session.add(WebSession(id=digest, person_id=person_id, created_at=now, expires_at=now + timedelta(hours=1)))
    browser = pages.test_client()
    browser.set_cookie(COOKIE, secret, path="/")
    return browser


#: the form token, which changes with the second
_TOKEN = re.compile(r'(?<=name="csrf" content=")[^"]+|(?<=name="csrf_token" value=")[^"]+')


#: the page of a batch shows whoever reads documents what they may read of it
PAGE_READS = READ_BY | {"batch": "show_document"}


def page_fault(browser, city: City, role: str, address: str, row: Row, thing: Thing) -> str:
    """Return what is wrong with how a page answers a role about one thing, "" for nothing."""
    answer = browser.get(address.replace("{id}", thing.id))
    status, cell = answer.status_code, row.cells[role]
    if reached(cell, thing, USUAL):
        refused = (set() if cell in ("see", "sees") else {403}) | (set() if row.starred else {404})
        if status in refused or status >= 500:
            return f"is refused: {status}"
        told = told_of(city, role, "", answer, USUAL, thing.id, PAGE_READS)
        return f"is told of {told}" if told else ""
    if row.thing in READ_BY and reached(ROWS[READ_BY[row.thing]].cells[role], thing, USUAL):
        return "" if status == 403 or (row.starred and status == 404) else f"is not refused: {status}"
    other = "nobody.here" if thing.id == "victim" else str(uuid4())
    same = browser.get(address.replace("{id}", other))
    told, missing_told = (_TOKEN.sub("", text) for text in (answer.text, same.text.replace(other, thing.id)))
    # The page of a batch shows what one may see of it, for whatever name: nothing, here.
    as_missing = (same.status_code, missing_told) == (status, told) and (status in (403, 404) or row.thing == "batch")
    return "" if as_missing else f"learns that it exists: {status}, for what is not there {same.status_code}"


@pytest.mark.parametrize("role", ROLES)
def test_every_page_opens_for_whom_the_table_says_and_for_nobody_else(pages, city, role):
    browser, wrong = signed_in(pages, city, "m." + role.replace("_", ".")), []
    for name, (address, row) in a_share(read_pages().items(), ROLES.index(role), 5):
        if row.thing == "-":
            answer = browser.get(address)
            status, as_api = answer.status_code, "list_grants" if name == "rights" else name
            if (status == 403) != (row.cells[role] == "no") or status >= 500:
                wrong.append(f"{name}: {status}")
            told = told_of(city, role, as_api, answer, USUAL, "", PAGE_READS) if role != "auditor" else []
            if told:
                wrong.append(f"{name}: is told of {told}")
            continue
        for thing in city.things[row.thing]:
            asked = thing.tier in ("", "internal", "secret")
            found = page_fault(browser, city, role, address, row, thing) if asked else ""
            if found:
                wrong.append(f"{name} {thing.department} {thing.tier}: {found}")
    assert not wrong, "\n" + "\n".join(wrong)


#: what stands in the address of a form, and the kind of thing it is
ABOUT = {
    "document_id": "document",
    "case_file_id": "file",
    "contract_id": "contract",
    "customer_id": "customer",
    "transfer_id": "transfer",
    "review_id": "review",
    "hold_id": "hold",
    "loan_id": "loan",
    "grant_id": "grant",
    "batch": "batch",
}
#: the first step that each form with several has
STEPS = {"review_id": "stop", "transfer_id": "accept", "submission_id": "submit"}


def forms(pages: Flask) -> list[tuple[str, str]]:
    """Return (kind of thing, address with the thing's id in braces) of every form that is about one thing."""
    found = []
    for rule in pages.url_map.iter_rules():
        about = next((name for name in ABOUT if name in rule.arguments), "")
        if "POST" in (rule.methods or ()) and rule.endpoint.startswith("web.") and about:
            filled = {name: str(uuid4()) for name in rule.arguments}
            filled |= {"step": STEPS.get(about, "x"), "name": "title", about: "{id}"}
            found.append((ABOUT[about], re.sub(r"<(?:\w+:)?(\w+)>", lambda m, to=filled: to[m[1]], rule.rule)))
    return found


def form_fault(browser, address: str, thing: Thing) -> str:
    """Return what somebody who may not see a thing learns of it, or does to it, by sending a form about it; "" for nothing."""
    answer = browser.post(address.replace("{id}", thing.id), data={"reason": "because", "version": "1"})
    other = str(uuid4())
    same = browser.post(address.replace("{id}", other), data={"reason": "because", "version": "1"})
    if answer.status_code not in (
        403,
        404,
        422,
    ):  # a form that is not filled in is refused before anything is looked for
        said = re.sub(r"<[^>]+>|\s+", " ", answer.text.partition("<main")[2])[:200]
        return f"is not refused: {answer.status_code} {said}"
    told, missing = (_TOKEN.sub("", text) for text in (answer.text, same.text.replace(other, thing.id)))
    known = (answer.status_code, told) != (same.status_code, missing)
    return f"learns that it exists: {answer.status_code}, for what is not there {same.status_code}" if known else ""


@pytest.mark.parametrize("role", ROLES)
def test_no_form_does_or_tells_anything_about_what_may_not_be_seen(pages, city, role):
    """Every form that there is, found by its address: a new one needs no row. What it does for whom may see is the flow's, and tested there."""
    browser, wrong, tried = signed_in(pages, city, "m." + role.replace("_", ".")), [], 0
    for kind, address in a_share(forms(pages), ROLES.index(role), 2):
        cell = ROWS[READ_BY[kind]].cells[role]
        hidden = [thing for thing in city.things[kind] if thing.tier in ("", "internal", "secret")]
        hidden = [thing for thing in hidden if not reached(cell, thing, USUAL)]
        for thing in sorted(hidden, key=lambda thing: (thing.tier, thing.department != "other"))[:1]:
            tried += 1
            if found := form_fault(browser, address, thing):
                wrong.append(f"{address} {kind} {thing.department} {thing.tier}: {found}")
    assert not wrong, "\n" + "\n".join(wrong)
    assert tried > so_many(20, 8)
