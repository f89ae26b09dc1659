"""What waits in each room, which every page asks for: where much waits, no more of it is read than is shown."""

from datetime import timedelta

from sqlalchemy import event, insert

from service.access import people
from service.flow import counts
from service.flow.archive import loans
from service.flow.intake import batches, documents
from service.flow.intake.receive import receive
from service.flow.intake.stacks import How, receive_stack
from service.records.tables import AccessRequest, Delivery, new_id
from tests.service.conftest import DIGITAL, OWNER, TODAY
from tests.service.test_flow import new_contract
from tests.service.test_sheet_filing import stack
from tests.service.web.conftest import open_site


def told(office, many: int) -> None:
    """Messages that nobody has seen, for the handler."""
    person, now = office["handler"].person_id, office.house.clock.now()
    rows = [
        {"id": new_id(), "event_id": f"e{n}", "event": "run.done", "channel": "inbox", "target": person, "person_id": person,
         "content": {"zh": "做完", "en": "done", "path": "/", "customer": None, "data": {}}, "state": "sent", "attempts": 0,
         "next_at": now, "created_at": now, "sent_at": now}
        for n in range(many)
    ]  # fmt: skip
    with office.house.database.write() as session:
        session.execute(insert(Delivery), rows)


def test_much_that_waits_is_counted_only_so_far_and_shown_as_more(embedded):
    site = open_site(embedded).signed_in("handler")
    told(embedded, 7)
    assert counts.waiting(embedded.house, embedded["handler"])["unread"] == 7
    told_again = counts.MOST + 10
    with embedded.house.database.write() as session:
        session.query(Delivery).delete()
    told(embedded, told_again)
    assert counts.waiting(embedded.house, embedded["handler"])["unread"] == counts.MOST + 1
    page = site.get("/").text
    assert f'<span class="num">{counts.MOST}+</span>' in page
    assert str(told_again) not in page


def test_every_count_of_what_waits_ends_where_it_is_shown_no_further(embedded):
    asked: list[str] = []

    def note(_connection, _cursor, statement: str, *_more: object) -> None:
        asked.append(statement.upper())

    event.listen(embedded.house.database.engine, "before_cursor_execute", note)
    try:
        found = {login: set(counts.waiting(embedded.house, embedded[login])) for login in ("handler", "administrator")}
    finally:
        event.remove(embedded.house.database.engine, "before_cursor_execute", note)
    assert {"needs_review", "batches", "transfers", "loans", "open_warnings", "unread"} <= found["handler"]
    assert {"stale", "assessments"} <= found["administrator"]
    counted = [statement for statement in asked if "COUNT(" in statement]
    assert len(counted) > 10
    assert [statement for statement in counted if "LIMIT" not in statement] == []


def test_B6_a_loan_that_is_still_out_stands_first_however_many_came_back_since(embedded):
    _contract, file_id = new_contract(embedded)
    reader = embedded["handler"].person_id
    with embedded.house.database.write() as session:
        for n in range(9):
            row = AccessRequest(
                case_file_id=file_id, reader_id=reader, purpose="核对", asked_on=TODAY - timedelta(9 - n)
            )
            row.state = "lent" if n in (0, 8) else "returned"
            session.add(row)
    house, archivist = embedded.house, embedded["archivist"]
    found = loans.list_loans(house, archivist, most=5)
    assert [row.state for row in found] == [*["lent"] * 2, *["returned"] * 3]
    assert [row.asked_on for row in found[:3]] == [TODAY - timedelta(days) for days in (9, 1, 4)]
    (first,) = loans.list_loans(house, archivist, only_open=True, most=1)
    assert first.asked_on == TODAY - timedelta(9)
    assert len(loans.list_loans(house, archivist, only_open=True, most=6)) == 2


def test_what_waits_to_be_looked_at_is_found_without_walking_through_everything_stored(embedded):
    asked: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement: str, parameters: object, *_more: object) -> None:
        asked.append((statement, parameters))

    engine = embedded.house.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        counts.waiting(embedded.house, embedded["handler"])
    finally:
        event.remove(engine, "before_cursor_execute", note)
    found = [one for one in asked if "FROM documents" in one[0]]
    assert len(found) == 2  # to be looked at, and in open batches
    with engine.connect() as connection:
        plans = [
            " ".join(str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given))
            for statement, given in found
        ]
    assert not any("SCAN documents" in plan for plan in plans)
    assert all(index in plans[0] for index in ("ix_documents_status", "ix_documents_verification"))
    assert all(index in plans[1] for index in ("ix_batches_state", "ix_documents_batch"))


def test_batches_that_wait_for_their_release_are_counted_for_who_sees_them(office, tmp_path):
    house = office.house
    office.hire("scanner", "operator")
    far = people.create_department(house, OWNER, "CW", "财务部").id
    office.hire("far", "operator", department_id=far)
    office.hire("zhou", "credit_administrator", clearance="secret")

    def counted(*logins):
        found = [counts.waiting(house, office[login])["batches"] for login in logins]
        assert found == [len(batches.list_batches(house, office[login])) for login in logins]
        return found

    everybody = ("scanner", "handler", "administrator", "zhou", "far")
    assert counted(*everybody) == [0, 0, 0, 0, 0]
    receive(house, office["scanner"], DIGITAL, "a.pdf", batch="B-0")  # a single file is read, and waits for nobody
    for number in (1, 2, 3):
        path = stack(tmp_path / f"{number}.pdf", f"paper {number}")
        how = How(sheets=1, sides=1)
        receive_stack(house, office["far" if number == 3 else "scanner"], path, path.name, batch=f"B-{number}", how=how)
    assert counted(*everybody) == [2, 2, 3, 3, 1]
    (part,) = batches.get_batch(house, office["zhou"], "B-2").parts
    documents.set_tier(house, office["zhou"], part.document_id, "secret", "涉密")
    assert counted(*everybody) == [1, 1, 2, 3, 1]
    batches.release(house, office["scanner"], "B-1")
    assert counted(*everybody) == [0, 0, 1, 2, 1]
    assert counts.waiting(house, OWNER)["batches"] == 2
    assert '扫描批次<span class="num">1</span>' in open_site(office).signed_in("far").get("/batches").text
