"""Filing: what a file takes in and when, how long it is kept because of it, and when it is closed."""

import json
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.blockers import blocks
from retention.why import Why
from search.errors import IndexUnavailable
from service.access import people
from service.api.app import blueprint
from service.errors import BadInput, NotAllowed, RuleRefused
from service.flow.archive import filing, holds, ledger, loans, reviews, transfers
from service.flow.archive.schedules import follow_dealings
from service.flow.common.facts import file_facts
from service.flow.common.tiers import set_file_tier
from service.flow.intake import documents
from service.flow.intake.process import process, sweep
from service.flow.search import find
from service.flow.search.outlook import outlook
from service.flow.trust import trail
from service.records.tables import CaseFile, Document
from tests.service.conftest import DIGITAL, OWNER
from tests.service.test_flow import archive, decide_all, due_file, fill, new_contract, propose


def another_document(office) -> str:
    """Take in a document that differs from the sample by one byte; returns its id."""
    path = Path(office.env["JUANZONG_HOME"]).with_name("another.pdf")
    path.write_bytes(DIGITAL.read_bytes() + b"\n")
    return office.take_in(path)


def credit_file(office) -> CaseFile:
    """Return the credit file of a customer, open."""
    contract_id, _ = new_contract(office)
    ledger.finish_event(office.house, office["handler"], contract_id, "performed", "2026-11-10")
    customer_id = ledger.get_contract(office.house, office["handler"], contract_id).customer_id
    return filing.credit_file(office.house, office["handler"], customer_id)


def slot_of(office, file_id: str, category: str) -> tuple[str, str]:
    slots = filing.completeness(office.house, office["handler"], file_id).slots
    return next((s.state, s.why) for s in slots if s.category.code == category)


def test_B1_a_category_that_holds_a_document_is_not_marked_as_not_applicable(embedded):
    house = embedded.house
    _, file_id = new_contract(embedded)
    document_id = embedded.take_in()
    filing.file_document(house, embedded["handler"], document_id, file_id, "1.9")
    with pytest.raises(RuleRefused, match=r"category 1\.9 holds a document"):
        filing.mark_not_applicable(house, embedded["handler"], file_id, "1.9", "无")
    assert slot_of(embedded, file_id, "1.9")[0] == "present"
    filing.unfile_document(house, embedded["handler"], document_id)
    assert slot_of(embedded, file_id, "1.9")[0] == "missing"


def test_B9_a_document_taken_out_of_a_secret_file_stays_secret(embedded):
    house = embedded.house
    for login, role in (("zhou", "credit_administrator"), ("sec", "handler")):
        embedded.hire(login, role, clearance="secret")
    _, file_id = new_contract(embedded)
    document_id = embedded.take_in()
    filing.file_document(house, embedded["handler"], document_id, file_id, "1.9")
    set_file_tier(house, embedded["zhou"], file_id, "secret", "涉密")
    filing.unfile_document(house, embedded["sec"], document_id)
    assert not documents.can_read(house, embedded["handler"], document_id)
    assert documents.can_read(house, embedded["sec"], document_id)


def test_B1_a_document_that_comes_into_a_category_takes_back_that_it_does_not_apply(embedded):
    house = embedded.house
    _, file_id = new_contract(embedded)
    for category in ("1.8", "1.9"):
        filing.mark_not_applicable(house, embedded["handler"], file_id, category, "无")
    document_id = embedded.take_in()
    filing.file_document(house, embedded["handler"], document_id, file_id, "1.9")
    documents.set_category(house, embedded["handler"], document_id, "1.8")
    filing.unfile_document(house, embedded["handler"], document_id)
    assert [slot_of(embedded, file_id, category) for category in ("1.8", "1.9")] == [("missing", "")] * 2
    _, entries = trail.list_entries(house, embedded["auditor"], trail.TrailFilter(action="file.not_applicable"))
    withdrawn = [json.loads(entry.detail) for entry in entries[:2]]
    assert withdrawn == [{"category": c, "document": document_id, "reason": ""} for c in ("1.8", "1.9")]


def archived_credit_file(office) -> str:
    """Return the id of a customer's credit file in the archive room."""
    file = credit_file(office)
    fill(office, file.id)
    transfers.archive(office.house, office["archivist"], file.id)
    return file.id


def the_file(office, file_id: str) -> CaseFile:
    """Return a file as the database has it now."""
    with office.house.database.read() as session:
        return session.get_one(CaseFile, file_id)


def test_nothing_is_filed_into_a_file_on_an_open_review(embedded):
    house = embedded.house
    file_id, document_id = due_file(embedded)
    late = another_document(embedded)
    review_id = propose(embedded, file_id)
    decide_all(embedded, review_id, file_id)
    with pytest.raises(RuleRefused, match="until the review ends"):
        filing.file_document(house, embedded["handler"], late, file_id, "1.7")
    with pytest.raises(RuleRefused, match="archived"):
        filing.unfile_document(house, embedded["handler"], document_id)
    reviews.stop(house, embedded["first"], review_id, "还有文件")
    filing.file_document(house, embedded["handler"], late, file_id, "1.7")
    assert len(filing.documents_of(house, embedded["handler"], file_id)) == 2


@pytest.mark.parametrize("step", ["hold", "file", "unfile", "ask", "decide"])
def test_a_file_destroyed_since_it_was_read_is_noticed(embedded, monkeypatch, step):
    """What another session destroyed between our reading and our lock is seen after the lock."""
    house, handler = embedded.house, embedded["handler"]
    _, file_id = new_contract(embedded)
    document_id = embedded.take_in()
    if step == "unfile":
        filing.file_document(house, handler, document_id, file_id)
    request = loans.ask(house, handler, file_id, "核对")
    refresh = Session.refresh
    locked: list[object] = []

    def destroyed_meanwhile(session, instance, *args, **more):
        if isinstance(instance, CaseFile) and more.get("with_for_update"):
            locked.append(more["with_for_update"])
            table = CaseFile.__table__
            session.execute(table.update().where(table.c.id == instance.id).values(state="destroyed"))
        refresh(session, instance, *args, **more)

    monkeypatch.setattr(Session, "refresh", destroyed_meanwhile)
    steps = {
        "hold": lambda: holds.place_hold(house, embedded["head"], "案件", "保全", [file_id]),
        "file": lambda: filing.file_document(house, handler, document_id, file_id),
        "unfile": lambda: filing.unfile_document(house, handler, document_id),
        "ask": lambda: loans.ask(house, handler, file_id, "再核对"),
        "decide": lambda: loans.decide_loan(
            house, embedded["archivist"], request.id, grant=True, due_back="2026-12-20"
        ),
    }
    with pytest.raises(RuleRefused, match="destroyed"):
        steps[step]()
    assert locked == [{"of": CaseFile}]


@pytest.mark.parametrize(("original", "retention"), [(True, "D30"), (False, "D10"), (None, "D10")])
def test_original_vouchers_bring_30_years_and_copies_follow_their_file(embedded, original, retention):
    house = embedded.house
    _, file_id = new_contract(embedded)  # 48 000 yuan: ten years
    document_id = embedded.take_in()
    filing.file_document(house, embedded["handler"], document_id, file_id, "1.11", original=original)
    fill(embedded, file_id)
    file = archive(embedded, file_id)
    assert file.retention == retention
    assert ("30 年" in file.retention_why or '"D30"' in file.retention_why) == (retention == "D30")


def test_an_original_voucher_that_comes_later_lengthens_the_period(embedded):
    file_id, _ = due_file(embedded)
    assert the_file(embedded, file_id).due_on == date(2037, 1, 1)
    late = another_document(embedded)
    filing.file_document(embedded.house, embedded["handler"], late, file_id, "1.11", original=True)
    file = the_file(embedded, file_id)
    assert (file.retention, file.due_on) == ("D30", date(2057, 1, 1))
    assert reviews.candidates(embedded.house, embedded["archivist"]) == []


def test_a_credit_file_becomes_due_ten_years_after_the_relationship_ended(embedded):
    house = embedded.house
    file_id = archived_credit_file(embedded)
    assert the_file(embedded, file_id).due_on is None
    for wrong in ("2026-11-26", "gestern", ""):
        with pytest.raises(BadInput, match="ended_on"):
            filing.close_credit_file(house, embedded["administrator"], file_id, wrong)
    with pytest.raises(NotAllowed):
        filing.close_credit_file(house, embedded["head"], file_id, "2026-11-20")
    file = filing.close_credit_file(house, embedded["administrator"], file_id, "2026-11-20")
    assert (file.closed_on, file.retention, file.due_on) == (date(2026, 11, 20), "D10", date(2037, 1, 1))
    with pytest.raises(RuleRefused, match="closed on 2026-11-20"):
        filing.close_credit_file(house, embedded["administrator"], file_id, "2026-11-24")
    house.clock.move_to(date(2037, 1, 1))
    assert [f.id for f in reviews.candidates(house, embedded["archivist"])] == [file_id]


def test_a_relationship_ends_after_its_last_contract_and_goes_on_with_the_next(office):
    house, administrator = office.house, office["administrator"]
    file_id = archived_credit_file(office)
    with pytest.raises(RuleRefused, match="HT-XS-2026-0001 with this customer ended on 2026-11-10, after 2026-11-09"):
        filing.close_credit_file(house, administrator, file_id, "2026-11-09")
    running, _ = new_contract(office)
    with pytest.raises(RuleRefused, match="HT-XS-2026-0002 with this customer is in force"):
        filing.close_credit_file(house, administrator, file_id, "2026-11-20")
    ledger.finish_event(house, office["handler"], running, "terminated", "2026-11-20")
    filing.close_credit_file(house, administrator, file_id, "2026-11-20")
    house.clock.move_to(date(2030, 5, 1))
    again, _ = new_contract(office, signed_on="2030-04-01")
    house.clock.move_to(date(2037, 1, 1))

    def candidates() -> list[str]:
        return [f.id for f in reviews.candidates(house, office["archivist"]) if f.kind == "credit"]

    def against() -> list[str]:
        with house.database.read() as session:
            return [
                block.kind
                for block in blocks(file_facts(session, session.get_one(CaseFile, file_id)), house.clock.today())
            ]

    assert (candidates(), against()) == ([], ["running_contract"])
    assert reviews.candidate_page(house, office["archivist"]).total == 0
    ledger.finish_event(house, office["handler"], again, "performed", "2036-12-31")
    assert (candidates(), against()) == ([], ["not_due"])
    before = the_file(office, file_id)
    assert (before.closed_on, before.due_on) == (date(2026, 11, 20), date(2037, 1, 1))
    assert (follow_dealings(house), follow_dealings(house)) == (1, 0)
    kept = the_file(office, file_id)
    assert (kept.closed_on, kept.due_on) == (date(2026, 11, 20), date(2047, 1, 1))
    assert "最后一份 2036-12-31 终了" in Why.from_json(kept.retention_why).zh
    assert filing.record_event(house, administrator, file_id, "bad_debt").due_on == date(2067, 1, 1)
    assert Why.from_json(the_file(office, file_id).retention_why).zh.count("从那时起算") == 1
    house.clock.move_to(date(2066, 12, 31))
    assert candidates() == []
    house.clock.move_to(date(2067, 1, 1))
    assert (candidates(), against()) == ([file_id], [])


def test_a_document_of_a_frozen_file_is_not_put_where_no_hold_stands(embedded):
    house = embedded.house
    _, file_id = new_contract(embedded)
    document_id = embedded.take_in()
    filing.file_document(house, embedded["handler"], document_id, file_id)
    hold = holds.place_hold(house, embedded["archivist"], "（2026）川01民初118号", "诉讼", [file_id])
    with pytest.raises(RuleRefused, match="is frozen; its documents stay in it") as refused:
        filing.unfile_document(house, embedded["handler"], document_id)
    assert "川01" not in str(refused.value)
    holds.ask_release(house, embedded["archivist"], hold.id, "结案")
    with pytest.raises(RuleRefused, match="frozen"):
        filing.unfile_document(house, embedded["handler"], document_id)
    holds.release(house, embedded["administrator"], hold.id)
    filing.unfile_document(house, embedded["handler"], document_id)


def test_a_credit_file_closed_before_it_is_archived_gets_its_date_with_the_number(embedded):
    file = credit_file(embedded)
    filing.close_credit_file(embedded.house, embedded["handler"], file.id, "2026-11-20")
    fill(embedded, file.id)
    assert transfers.archive(embedded.house, embedded["archivist"], file.id).due_on == date(2037, 1, 1)


def test_litigation_lengthens_the_period_of_a_credit_file_and_nothing_shortens_it(embedded):
    house = embedded.house
    file_id = archived_credit_file(embedded)
    filing.close_credit_file(house, embedded["administrator"], file_id, "2026-11-20")
    with pytest.raises(BadInput, match="event"):
        filing.record_event(house, embedded["administrator"], file_id, "divorce")
    for _ in range(2):
        file = filing.record_event(house, embedded["administrator"], file_id, "litigation")
        assert (file.events, file.retention, file.due_on) == (["litigation"], "D30", date(2057, 1, 1))
    file = filing.record_event(house, embedded["administrator"], file_id, "bad_debt")
    assert (file.events, file.due_on) == (["litigation", "bad_debt"], date(2057, 1, 1))


def test_the_file_of_a_contract_follows_the_contract_alone(embedded):
    _, file_id = new_contract(embedded)
    with pytest.raises(RuleRefused, match="file of a contract"):
        filing.close_credit_file(embedded.house, embedded["handler"], file_id, "2026-11-20")


def test_a_contract_is_major_by_its_class_whatever_its_amount(office):
    house = office.house
    file_id, _document = due_file(office)  # 48 000 yuan: ten years
    ahead = outlook(house, office["administrator"], file_id, "major")
    assert (ahead.before.code, ahead.after.code, ahead.after.due_on) == ("D10", "Y", None)
    with pytest.raises(BadInput, match=r"one of major, litigation, bad_debt$"):
        filing.record_event(house, office["administrator"], file_id, "ended")
    with pytest.raises(NotAllowed):
        filing.record_event(house, office["archivist"], file_id, "major")
    file = filing.record_event(house, office["administrator"], file_id, "major", "董事会认定")
    assert (file.retention, file.due_on, file.events) == ("Y", None, ["major"])
    assert "重大合同（类别：重大）：永久" in Why.from_json(file.retention_why).zh
    assert reviews.candidates(house, office["archivist"]) == []
    with pytest.raises(BadInput):
        filing.record_event(house, office["administrator"], archived_credit_file(office), "major")


def test_a_filed_document_keeps_to_the_categories_of_its_file(embedded):
    house, handler = embedded.house, embedded["handler"]
    file_id, document_id = due_file(embedded)
    with pytest.raises(RuleRefused, match="not changed any more"):
        documents.set_category(house, handler, document_id, "1.7")
    _, open_file = new_contract(embedded)
    other = another_document(embedded)
    documents.set_category(house, handler, other, "5.1")  # in no file yet
    with pytest.raises(BadInput, match="does not belong"):
        filing.file_document(house, handler, other, open_file)
    filing.file_document(house, handler, other, open_file, "1.9")
    with pytest.raises(BadInput, match="does not belong"):
        documents.set_category(house, handler, other, "5.1")
    documents.set_category(house, handler, other, "1.7")
    assert documents.get_document(house, handler, other).category == "1.7"
    assert documents.get_document(house, handler, document_id).case_file_id == file_id


@pytest.mark.parametrize("ending", ["performed", "terminated"])
def test_nothing_happens_to_a_contract_after_its_end(embedded, ending):
    house = embedded.house
    contract_id, file_id = new_contract(embedded)
    ledger.finish_event(house, embedded["handler"], contract_id, "amended", "2026-11-10")
    ledger.finish_event(house, embedded["handler"], contract_id, ending, "2026-11-20")
    for kind in ledger.EVENTS:
        with pytest.raises(RuleRefused, match="nothing more happens"):
            ledger.finish_event(house, embedded["handler"], contract_id, kind, "2026-11-22")
    contract = ledger.get_contract(house, embedded["handler"], contract_id)
    assert (contract.status, contract.ended_on) == (ending, date(2026, 11, 20))
    assert the_file(embedded, file_id).closed_on == date(2026, 11, 20)


WRONG = [
    {"tier": "cosmic"},
    {"department_id": "none"},
    {"category": "9.9"},
    {"fields": {"amount": "680001.00", "no name": "x"}},
    {"fields": {"amount": " "}},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_change_with_one_wrong_value_changes_nothing(embedded, wrong):
    house, administrator = embedded.house, embedded["administrator"]
    document_id = embedded.take_in()

    def state() -> tuple[object, ...]:
        found = documents.get_document(house, administrator, document_id)
        return found.category, found.tier, found.department_id, [(f.name, f.value) for f in found.fields]

    before = state()
    with pytest.raises(BadInput):
        documents.change(
            house, administrator, document_id, **{"category": "1.7", "tier": "public", "reason": "密级有误", **wrong}
        )
    assert state() == before
    documents.change(
        house, administrator, document_id, category="1.7", tier="public", reason="密级有误",
        fields={"amount": "1.00"}, as_printed=["amount"],
    )  # fmt: skip
    assert state()[:2] == ("1.7", "public")
    assert ("amount", "1.00") in state()[3]


def test_a_change_stands_while_the_index_is_down_and_is_indexed_later(embedded, monkeypatch):
    house, handler = embedded.house, embedded["handler"]
    contract_id, file_id = new_contract(embedded)
    document_id = embedded.take_in()

    def down(*_args, **_more):
        raise IndexUnavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(house.index, "replace_many", down)
        documents.correct_field(house, handler, document_id, "title", "云杉九号协议")
        documents.confirm_all(house, embedded["administrator"], document_id)
        documents.set_tier(house, embedded["administrator"], document_id, "public", "密级有误")
        filing.file_document(house, handler, document_id, file_id)
        fill(embedded, file_id)
        archive(embedded, file_id)
        ledger.finish_event(house, handler, contract_id, "performed", "2026-11-20")
    with house.database.read() as session:
        kept = session.get_one(Document, document_id)
        assert (kept.tier, kept.case_file_id, kept.indexed) == ("public", file_id, False)
        number = session.scalar(select(CaseFile.archive_number))
    for waiting in sweep(house):
        process(house, waiting)
    with house.database.read() as session:
        assert session.get_one(Document, document_id).indexed
    assert find.find(house, handler, "技术服务").hits[0].archive_number == number


@pytest.fixture
def handler_calls(embedded):
    """Call the API as the handler."""
    app = Flask("test")
    app.register_blueprint(blueprint(embedded.house))
    headers = {"Authorization": f"Bearer {people.create_token(embedded.house, OWNER, 'handler', 'test')}"}
    client = app.test_client()
    return lambda method, path, **body: client.open(f"/api/v1{path}", method=method, json=body, headers=headers)


def test_a_wrong_value_in_a_correction_by_api_changes_nothing(embedded, handler_calls):
    path = f"/documents/{embedded.take_in()}"
    before = handler_calls("GET", path).get_json()
    for wrong in ({"tier": "cosmic"}, {"department_id": "none"}, {"fields": {"no name": "x"}}):
        answer = handler_calls("PATCH", path, category="1.7", **wrong)
        assert answer.status_code == 422, wrong
        assert handler_calls("GET", path).get_json() == before
    assert handler_calls("PATCH", path, category="1.7").get_json()["category"] == "1.7"


def test_closing_events_and_originals_by_api(embedded, handler_calls):
    file = credit_file(embedded)
    _, contract_file = new_contract(embedded, counterparty="别家有限公司")
    day = {"ended_on": "2026-11-20"}
    assert handler_calls("POST", f"/files/{contract_file}/closing", **day).status_code == 409
    assert handler_calls("POST", f"/files/{file.id}/closing", **day).get_json()["closed_on"] == "2026-11-20"
    assert handler_calls("POST", f"/files/{file.id}/closing", **day).status_code == 409
    assert handler_calls("POST", f"/files/{file.id}/events", event="bad_debt").get_json()["events"] == ["bad_debt"]
    path = f"/documents/{embedded.take_in()}/file"
    put = handler_calls("PUT", path, case_file_id=contract_file, category="1.11", original=True)
    assert put.get_json()["original"] is True
