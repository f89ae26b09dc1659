"""The facts of many files are asked for together: a review of many files costs the database as many statements as one of a few."""

from sqlalchemy import event, update

from service.flow.archive import holds, loans, reviews
from service.flow.common.facts import facts_of_files, file_facts
from service.records.tables import CaseFile
from tests.service.conftest import Office
from tests.service.test_flow import archive, fill, new_contract


def archived(office: Office) -> str:
    _contract, file_id = new_contract(office)
    fill(office, file_id)
    archive(office, file_id)
    return file_id


def statements(office: Office, work) -> int:
    counted: list[str] = []

    def note(_connection, _cursor, statement: str, *_more: object) -> None:
        counted.append(statement)

    event.listen(office.house.database.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(office.house.database.engine, "before_cursor_execute", note)
    return len(counted)


def test_many_files_are_told_as_each_by_itself_with_as_many_statements_as_for_one(embedded):
    house = embedded.house
    ids = [archived(embedded) for _ in range(3)]
    holds.place_hold(house, embedded["archivist"], "（2026）1号", "诉讼", ids[:2])
    asked = loans.ask(house, embedded["handler"], ids[1], "核对")
    loans.decide_loan(house, embedded["archivist"], asked.id, grant=True, due_back="2026-12-01")
    with house.database.read() as session:
        files = [session.get_one(CaseFile, file_id) for file_id in ids]
        together = facts_of_files(session, files)
        assert together == {file.id: file_facts(session, file) for file in files}
        assert facts_of_files(session, []) == {}
    assert [len(together[i].holds) for i in ids] == [1, 1, 0]
    assert together[ids[1]].loans == ("handler 某",)
    with house.database.write() as session:
        session.execute(update(CaseFile).values(due_on=house.clock.today(), retention="D10"))
    one = statements(embedded, lambda: reviews.candidates(house, embedded["archivist"]))
    archived(embedded)
    with house.database.write() as session:
        session.execute(update(CaseFile).values(due_on=house.clock.today(), retention="D10"))
    assert statements(embedded, lambda: reviews.candidates(house, embedded["archivist"])) == one
