"""The main job, step by step, on both set-ups: file, transfer, archive, hold, review, destroy, prove."""

import json
from datetime import date

import pikepdf
import pytest
from sqlalchemy import select

from retention.errors import DestructionBlocked, FileIncomplete, TransitionRefused
from retention.why import Why
from search.errors import IndexUnavailable
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import destroy, filing, holds, ledger, ledger_rows, loans, reviews, transfer_lists, transfers
from service.flow.archive.checks import doctor, verify_audit
from service.flow.common import values
from service.flow.common.schedule import recompute_retention
from service.flow.intake import documents, render
from service.flow.search import find
from service.flow.trust import trail
from service.flow.trust.fixity import fixity
from service.records.tables import CaseFile, Document, Person, Rendition, Transfer, WrappedKey
from service.web import words
from tests.service.conftest import DIGITAL, OWNER, Office


def new_contract(office: Office, **more: str) -> tuple[str, str]:
    """Return (contract id, case file id) of a signed contract."""
    given = {
        "department_id": office.department_id,
        "title": "技术服务合同",
        "counterparty": "云桥智联信息技术有限公司",
        "handler_id": office["handler"].person_id,
        "amount": "48000.00",
        "signed_on": "2026-10-31",
    } | more
    contract = ledger.create_contract(office.house, office["handler"], ledger.ContractInput(**given))
    with office.house.database.read() as session:
        file_id = session.scalars(select(CaseFile.id).where(CaseFile.contract_id == contract.id)).one()
    return contract.id, file_id


def fill(office: Office, file_id: str) -> None:
    """Say of every missing category that it does not apply."""
    for category in filing.completeness(office.house, office["handler"], file_id).missing:
        filing.mark_not_applicable(office.house, office["handler"], file_id, category, "无此类材料")


def archive(office: Office, file_id: str) -> CaseFile:
    """Bring a file into the archive room."""
    house = office.house
    for item in transfers.transfers_of(house, office["handler"], file_id):
        if item.transfer.state == "pending":
            transfers.hand_over(house, office["handler"], item.transfer.id)
            transfers.accept(house, office["administrator"], item.transfer.id)
    for item in transfers.transfers_of(house, office["handler"], file_id):
        if item.transfer.state == "pending":
            transfers.hand_over(house, office["administrator"], item.transfer.id)
    return transfers.archive(house, office["archivist"], file_id)


def due_file(office: Office) -> tuple[str, str]:
    """Return (case file id, document id) of an archived file whose retention has ended."""
    contract_id, file_id = new_contract(office)
    document_id = office.take_in()
    filing.file_document(office.house, office["handler"], document_id, file_id)
    fill(office, file_id)
    archive(office, file_id)
    ledger.finish_event(office.house, office["handler"], contract_id, "performed", "2026-11-20")
    file = archive(office, file_id)
    assert (file.retention, file.due_on) == ("D10", date(2037, 1, 1))
    office.house.clock.move_to(date(2037, 1, 4))
    return file_id, document_id


def propose(office: Office, file_id: str, who: str = "archivist") -> str:
    ids = {name: office[name].person_id or "" for name in ("first", "second", "third", "head", "fourth", "fifth")}
    group = [ids["first"], ids["second"], ids["third"]]
    supervisors = [ids["fourth"], ids["fifth"]]
    return reviews.propose(office.house, office[who], [file_id], group, ids["head"], supervisors).id


def decide_all(office: Office, review_id: str, file_id: str) -> None:
    for name in ("first", "second", "third"):
        reviews.add_opinion(office.house, office[name], review_id, file_id, "destroy", reason="期满，无争议")
    reviews.approve(office.house, office["head"], review_id)


def test_main_job_from_contract_to_proved_destruction(office):
    house = office.house
    file_id, document_id = due_file(office)
    with house.database.read() as session:
        file = session.get_one(CaseFile, file_id)
        names = list(session.scalars(select(Rendition.id).where(Rendition.document_id == document_id)))
    assert file.archive_number == "J001-HT·2026-D10-XS-0001"
    assert len(names) >= 2
    word = "技术服务"
    assert find.find(house, office["handler"], word).hits[0].archive_number == file.archive_number

    review_id = propose(office, file_id)
    with pytest.raises(NotFound):  # a handler without a part does not learn of the review
        reviews.add_opinion(house, office["handler"], review_id, file_id, "destroy", reason="期满，无争议")
    with pytest.raises(TransitionRefused):
        reviews.add_opinion(house, office["auditor"], review_id, file_id, "destroy", reason="期满，无争议")
    with pytest.raises(TransitionRefused):
        reviews.approve(house, office["head"], review_id)
    decide_all(office, review_id, file_id)
    with pytest.raises(DestructionBlocked):  # the waiting period
        destroy.execute(house, office["archivist"], review_id)
    house.clock.move_to(date(2037, 1, 12))
    with pytest.raises(DestructionBlocked):  # no supervisor has confirmed
        destroy.execute(house, office["archivist"], review_id)
    reviews.supervise(house, office["fourth"], review_id)
    with pytest.raises(TransitionRefused):  # one of two, and not twice the same
        reviews.supervise(house, office["fourth"], review_id)
    with pytest.raises(DestructionBlocked):
        destroy.execute(house, office["archivist"], review_id)
    reviews.supervise(house, office["fifth"], review_id)
    (outcome,) = destroy.execute(house, office["archivist"], review_id)
    assert outcome.outcome == "destroyed"
    reviews.supervise(house, office["fourth"], review_id)
    reviews.supervise(house, office["fifth"], review_id)

    proof = destroy.prove(house, office["auditor"], file_id)
    assert proof.ok, proof
    assert all(house.vault.remains(_uuid(name)) == 0 for name in names)
    assert not set(map(str, house.vault.store.names())) & set(names)
    with house.database.read() as session:
        assert session.get(WrappedKey, document_id) is None
        assert session.get_one(Document, document_id).fields == []
    assert find.find(house, office["handler"], word).total == 0
    assert find.find(house, OWNER, word).total == 0
    with pytest.raises(NotFound, match="was destroyed"), render.open_rendition(house, OWNER, document_id, "original"):
        pass
    (row,) = destroy.register(house, office["auditor"])
    assert (row["archive_number"], row["retention"], row["kept"]) == (file.archive_number, "10 年", "11 年")
    assert row["remark"] == "鉴定意见一致：销毁（期满，无争议）"
    record = reviews.get_review(house, office["auditor"], review_id).record
    assert record.state == "certified"
    assert record.certificate["rows"][0]["archive_number"] == file.archive_number
    stub = destroy.get_stub(house, office["auditor"], file_id)
    assert stub.documents["documents"][0]["document_id"] == document_id
    assert verify_audit(house, OWNER).ok
    *_, report = fixity(house, OWNER)
    assert report.ok
    assert doctor(house, OWNER).ok


def _uuid(text):
    from uuid import UUID

    return UUID(text)


def test_B2_numbers_are_gap_free_per_department_and_kept_by_cancelled_contracts(office):
    house = office.house
    numbers = []
    for _ in range(3):
        contract_id, _ = new_contract(office, signed_on="")
        numbers.append(ledger.get_contract(house, office["handler"], contract_id).number)
    ledger.cancel_contract(house, office["handler"], contract_id, "谈判破裂")
    contract_id, _ = new_contract(office)
    numbers.append(ledger.get_contract(house, office["handler"], contract_id).number)
    assert numbers == [f"HT-XS-2026-{n:04}" for n in (1, 2, 3, 4)]
    total, rows = ledger_rows.list_contracts(house, office["administrator"])
    assert total == 4
    assert [row.contract.status for row in rows if row.contract.number == "HT-XS-2026-0003"] == ["cancelled"]


def test_B2_a_refused_contract_uses_up_no_number(embedded):
    with pytest.raises(BadInput):
        new_contract(embedded, amount="-1")
    contract_id, _ = new_contract(embedded)
    assert ledger.get_contract(embedded.house, embedded["handler"], contract_id).number == "HT-XS-2026-0001"


def test_B3_each_event_starts_its_own_clock_and_the_reason_is_said(office):
    house = office.house
    contract_id, file_id = new_contract(office)
    ledger.finish_event(house, office["handler"], contract_id, "amended", "2026-11-10")
    items = transfers.transfers_of(house, office["handler"], file_id)
    # 31 October + one month = 30 November, a Monday; 10 December is a Thursday
    assert [(i.transfer.event_kind, i.transfer.due_on) for i in items] == [
        ("signed", date(2026, 11, 30)),
        ("amended", date(2026, 12, 10)),
    ]
    assert items[0].urgency == "soon"
    assert "2026-10-31" in items[0].why_zh
    assert "签订" in items[0].why_zh
    house.clock.move_to(date(2026, 12, 1))
    assert [i.urgency for i in transfers.list_transfers(house, office["head"])] == ["late", "later"]


def test_B3_a_file_is_returned_with_a_reason_and_its_deadline_stays(office):
    house = office.house
    _, file_id = new_contract(office)
    (item,) = transfers.transfers_of(house, office["handler"], file_id)
    transfers.hand_over(house, office["handler"], item.transfer.id)
    with pytest.raises(BadInput):
        transfers.return_file(house, office["administrator"], item.transfer.id, " ")
    transfers.return_file(house, office["administrator"], item.transfer.id, "缺验收记录")
    (again,) = transfers.transfers_of(house, office["handler"], file_id)
    assert (again.transfer.state, again.transfer.return_reason) == ("returned", "缺验收记录")
    assert again.transfer.due_on == item.transfer.due_on
    with pytest.raises(NotAllowed):
        transfers.accept(house, office["handler"], item.transfer.id)


def test_B3_a_file_is_handed_over_by_its_handler_or_for_them_by_name(office):
    house = office.house
    colleague = office.hire("colleague", "handler")
    _, file_id = new_contract(office)
    (item,) = transfers.transfers_of(house, office["handler"], file_id)
    with pytest.raises(TransitionRefused, match="person:handler hands this file over"):
        transfers.hand_over(house, colleague, item.transfer.id)
    transfers.hand_over(house, office["head"], item.transfer.id)
    (item,) = transfers.transfers_of(house, office["handler"], file_id)
    assert (item.transfer.handed_over_by, item.transfer.handed_over_for) == ("person:head", "person:handler")
    _, (entry, *_) = trail.list_entries(house, office["auditor"], trail.TrailFilter(action="transfer.hand_over"))
    assert (entry.actor, json.loads(entry.detail)["for"]) == ("person:head", "person:handler")


def test_B3_a_transfer_list_says_what_each_side_signed_for(office):
    house = office.house
    _, file_id = new_contract(office)
    filing.file_document(house, office["handler"], office.take_in(), file_id, "1.9", original=True)
    (item,) = transfers.transfers_of(house, office["handler"], file_id)

    def shown():
        return transfer_lists.transfer_list(house, office["handler"], item.transfer.id)

    draft = shown()
    assert (draft.draft, draft.number, len(draft.lines), draft.originals) == (True, "HT-XS-2026-0001-01", 1, 1)
    transfers.hand_over(house, office["handler"], item.transfer.id)
    another = house.settings.home.with_name("another.pdf")
    another.write_bytes(DIGITAL.read_bytes() + b"\n")
    late = office.take_in(another)
    filing.file_document(house, office["administrator"], late, file_id, "1.2")
    assert [line.category for line in shown().lines] == ["1.9"]
    transfers.accept(house, office["administrator"], item.transfer.id)
    fill(office, file_id)
    second = transfers.transfers_of(house, office["administrator"], file_id)[1]
    transfers.hand_over(house, office["administrator"], second.transfer.id)
    transfers.archive(house, office["archivist"], file_id)
    found = shown()
    assert [(line.category, line.original, line.change) for line in found.lines] == [
        ("1.2", False, "added"),
        ("1.9", True, ""),
    ]
    assert (found.draft, len(found.present), found.pages) == (False, 2, sum(line.pages for line in found.lines))
    assert [(t.stage, t.handed_over_by, t.decided_by) for t in found.steps] == [
        ("handler", "person:handler", "person:administrator"),
        ("archive", "person:administrator", "person:archivist"),
    ]


def test_B3_a_list_names_no_title_once_the_file_was_destroyed(embedded):
    house = embedded.house
    file_id, _ = due_file(embedded)
    transfer_id = transfers.transfers_of(house, embedded["handler"], file_id)[0].transfer.id
    (line,) = transfer_lists.transfer_list(house, embedded["handler"], transfer_id).lines
    assert line.title
    review_id = propose(embedded, file_id)
    decide_all(embedded, review_id, file_id)
    house.clock.move_to(date(2037, 1, 12))
    for name in ("fourth", "fifth"):
        reviews.supervise(house, embedded[name], review_id)
    destroy.execute(house, embedded["archivist"], review_id)
    (after,) = transfer_lists.transfer_list(house, embedded["archivist"], transfer_id).lines
    assert (after.title, after.pages, after.category) == ("", line.pages, line.category)
    with house.database.read() as session:
        assert line.title not in json.dumps(session.get_one(Transfer, transfer_id).contents, ensure_ascii=False)


def test_B1_an_incomplete_file_is_not_archived(office):
    _, file_id = new_contract(office)
    with pytest.raises(FileIncomplete, match=r"1\.9"):
        archive(office, file_id)
    state = filing.completeness(office.house, office["handler"], file_id)
    assert len(state.slots) == 11
    assert len(state.missing) == 11
    filing.mark_not_applicable(office.house, office["handler"], file_id, "1.6", "无担保")
    slot = next(
        s for s in filing.completeness(office.house, office["handler"], file_id).slots if s.category.code == "1.6"
    )
    assert (slot.state, slot.why, slot.by) == ("not_applicable", "无担保", "person:handler")


def test_B1_archiving_needs_the_hand_over(embedded):
    _, file_id = new_contract(embedded)
    fill(embedded, file_id)
    with pytest.raises(RuleRefused, match="handed over"):
        transfers.archive(embedded.house, embedded["archivist"], file_id)


def test_a_hold_stops_the_destruction_until_two_people_release_it(office):
    house = office.house
    file_id, document_id = due_file(office)
    review_id = propose(office, file_id)
    decide_all(office, review_id, file_id)
    house.clock.move_to(date(2037, 1, 12))
    for name in ("fourth", "fifth"):
        reviews.supervise(house, office[name], review_id)
    hold = holds.place_hold(house, office["head"], "（2037）川01民初118号", "诉讼保全", [file_id])
    (outcome,) = destroy.execute(house, office["archivist"], review_id)
    assert outcome.outcome == "blocked"
    assert "川01民初118号" in outcome.why
    assert find.find(house, office["handler"], "技术服务").total == 1
    holds.ask_release(house, office["head"], hold.id, "已结案")
    with pytest.raises(TransitionRefused, match="second person"):
        holds.release(house, office["head"], hold.id)
    holds.release(house, office["administrator"], hold.id)
    with house.database.read() as session:
        assert session.get(WrappedKey, document_id) is not None


def test_B6_a_lent_file_is_not_destroyed_and_comes_back_only_once(embedded):
    house = embedded.house
    file_id, _ = due_file(embedded)
    request = loans.ask(house, embedded["handler"], file_id, "核对付款条件")
    with pytest.raises(TransitionRefused):
        loans.give_back(house, embedded["archivist"], request.id, "whole")
    loans.decide_loan(house, embedded["archivist"], request.id, grant=True, due_back="2037-02-01")
    review_id = propose(embedded, file_id)
    decide_all(embedded, review_id, file_id)
    house.clock.move_to(date(2037, 1, 12))
    for name in ("fourth", "fifth"):
        reviews.supervise(house, embedded[name], review_id)
    (outcome,) = destroy.execute(house, embedded["archivist"], review_id)
    assert outcome.outcome == "blocked"
    loans.give_back(house, embedded["archivist"], request.id, "whole")
    with pytest.raises(TransitionRefused):
        loans.give_back(house, embedded["archivist"], request.id, "whole")


def test_one_keep_keeps_the_file_longer(embedded):
    house = embedded.house
    file_id, _ = due_file(embedded)
    review_id = propose(embedded, file_id)
    reviews.add_opinion(house, embedded["first"], review_id, file_id, "destroy", reason="期满，无争议")
    reviews.add_opinion(house, embedded["second"], review_id, file_id, "keep_until", "2040-06-30", "质保责任未了")
    reviews.add_opinion(house, embedded["third"], review_id, file_id, "destroy", reason="期满，无争议")
    reviews.approve(house, embedded["head"], review_id)
    house.clock.move_to(date(2037, 1, 12))
    for name in ("fourth", "fifth"):
        reviews.supervise(house, embedded[name], review_id)
    (outcome,) = destroy.execute(house, embedded["archivist"], review_id)
    assert outcome.outcome == "kept"
    file = filing.get_case_file(house, embedded["archivist"], file_id)
    assert (file.state, file.due_on) == ("archived", date(2040, 6, 30))
    with house.database.write() as session:  # as when a document comes, or another version of the schedule counts
        recompute_retention(house, session, session.get_one(CaseFile, file_id))
    kept = filing.get_case_file(house, embedded["archivist"], file_id)
    assert (kept.due_on, kept.retention_why) == (file.due_on, file.retention_why)
    why = Why.from_json(file.retention_why).zh
    assert why.endswith("鉴定意见：延期至 2040-06-30（质保责任未了）"), "why it has its date, in a sentence"
    assert why.count("鉴定意见") == 1
    assert reviews.candidates(house, embedded["archivist"]) == []


def test_whoever_has_a_part_can_stop_it_in_the_waiting_period_and_nobody_else(embedded):
    house = embedded.house
    file_id, _ = due_file(embedded)
    review_id = propose(embedded, file_id)
    decide_all(embedded, review_id, file_id)
    with pytest.raises(TransitionRefused):
        reviews.stop(house, embedded["auditor"], review_id, "没有理由")
    with pytest.raises(TransitionRefused):
        reviews.stop(house, embedded["fifth"], review_id, " ")
    reviews.stop(house, embedded["fifth"], review_id, "有新的争议")
    house.clock.move_to(date(2037, 2, 12))
    with pytest.raises(DestructionBlocked):
        destroy.execute(house, embedded["archivist"], review_id)
    assert reviews.candidates(house, embedded["archivist"])[0].id == file_id


def test_only_who_could_do_their_step_is_given_a_part(embedded):
    house = embedded.house
    file_id, _ = due_file(embedded)
    scanning, left = embedded.hire("scanning", "operator"), embedded.hire("left", "department_head")
    with house.database.write() as session:
        session.get_one(Person, left.person_id).disabled_at = house.clock.now()
    for name, why in ((scanning, "no role that takes part"), (left, "no such person")):
        for place in ("first", "head", "fifth"):
            with pytest.MonkeyPatch.context() as patch:
                patch.setitem(embedded.actors, place, name)
                with pytest.raises(BadInput, match=why):
                    propose(embedded, file_id)
    assert reviews.list_reviews(house, embedded["auditor"]) == []


def test_whoever_appraises_approves_or_supervises_does_not_carry_it_out(embedded):
    house = embedded.house
    file_id, _ = due_file(embedded)
    for name in ("first", "head", "fifth"):
        embedded.hire(name + "-archivist", "archivist", "department_head")
        embedded.actors[name] = embedded[name + "-archivist"]
    review_id = propose(embedded, file_id)
    decide_all(embedded, review_id, file_id)
    house.clock.move_to(date(2037, 1, 12))
    for name in ("fourth", "fifth"):
        reviews.supervise(house, embedded[name], review_id)
    for name in ("first", "head", "fifth"):
        with pytest.raises(TransitionRefused, match="cannot carry it out"):
            destroy.execute(house, embedded[name], review_id)
        assert "execute" not in reviews.get_review(house, embedded[name], review_id).may
    assert destroy.execute(house, embedded["archivist"], review_id)[0].outcome == "destroyed"


def test_nobody_signs_for_another_when_a_file_is_taken_off(embedded):
    file_id, _ = due_file(embedded)
    review_id = propose(embedded, file_id)
    reviews.add_opinion(embedded.house, embedded["second"], review_id, file_id, "destroy", reason="期满")
    reviews.take_off(embedded.house, embedded["fifth"], review_id, file_id, "清点不到")
    view = reviews.get_review(embedded.house, embedded["auditor"], review_id)
    assert view.review.state == view.record.state == "stopped"
    signed = [(s.act, s.person) for s in view.review.signatures]
    assert signed == [("propose", "person:archivist"), ("open", "person:archivist"), ("stop", "person:fifth")]
    assert [file.id for file in reviews.candidates(embedded.house, embedded["archivist"])] == [file_id]


def test_only_due_files_are_proposed_and_only_by_different_people(embedded):
    house = embedded.house
    _, file_id = new_contract(embedded)
    with pytest.raises(RuleRefused):
        propose(embedded, file_id)
    file_id, _ = due_file(embedded)
    same = embedded["first"].person_id or ""
    with pytest.raises(BadInput, match="different people"):
        reviews.propose(house, embedded["archivist"], [file_id], [same] * 3, same, [same, same])
    propose(embedded, file_id)
    with pytest.raises(RuleRefused, match="another review"):
        propose(embedded, file_id)


@pytest.mark.parametrize("broken_at", ["delete", "remove_many", "scrub"])
def test_an_execution_killed_half_way_is_finished_by_the_next_start(embedded, monkeypatch, broken_at):
    house = embedded.house
    file_id, _ = due_file(embedded)
    review_id = propose(embedded, file_id)
    decide_all(embedded, review_id, file_id)
    house.clock.move_to(date(2037, 1, 12))
    for name in ("fourth", "fifth"):
        reviews.supervise(house, embedded[name], review_id)
    target = {"delete": house.vault, "remove_many": house.index, "scrub": house.database}[broken_at]

    def killed(*_args, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(target, broken_at, killed)
        with pytest.raises(KeyboardInterrupt):
            destroy.execute(house, embedded["archivist"], review_id)
    assert destroy.resume(house) == 1
    assert destroy.resume(house) == 0
    assert destroy.prove(house, embedded["auditor"], file_id).ok
    assert reviews.get_review(house, embedded["auditor"], review_id).review.state == "executed"


def test_a_destruction_that_is_stuck_holds_up_no_other(embedded, monkeypatch, caplog):
    house = embedded.house
    first, _ = due_file(embedded)
    house.clock.move_to(date(2026, 11, 25))
    contract_id, second = new_contract(embedded, title="年度采购合同")
    fill(embedded, second)
    archive(embedded, second)
    ledger.finish_event(house, embedded["handler"], contract_id, "performed", "2026-11-20")
    archive(embedded, second)
    house.clock.move_to(date(2037, 1, 4))
    chosen = {file_id: propose(embedded, file_id) for file_id in (first, second)}
    for file_id, review_id in chosen.items():
        decide_all(embedded, review_id, file_id)
    house.clock.move_to(date(2037, 1, 12))
    for review_id in chosen.values():
        for name in ("fourth", "fifth"):
            reviews.supervise(house, embedded[name], review_id)

    def killed(*_args, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(destroy, "remove_objects", killed)
        for review_id in chosen.values():
            with pytest.raises(KeyboardInterrupt):
                destroy.execute(house, embedded["archivist"], review_id)
    remove = destroy.remove_objects
    with house.database.read() as session:
        stuck = destroy.broken_off(session)[0]

    def damaged(house, file_id):
        if chosen[file_id] == stuck:
            raise ValueError("this object has no name")
        remove(house, file_id)

    with monkeypatch.context() as patch:
        patch.setattr(destroy, "remove_objects", damaged)
        assert destroy.resume(house) == 1
    assert stuck in caplog.text
    states = {r: reviews.get_review(house, embedded["auditor"], r).review.state for r in chosen.values()}
    assert sorted(states.values()) == ["executed", "executing"]
    assert states[stuck] == "executing"
    assert destroy.resume(house) == 1
    assert all(destroy.prove(house, embedded["auditor"], file_id).ok for file_id in chosen)


def test_other_departments_see_neither_document_nor_hit_nor_count(office):
    house = office.house
    from service.access import people

    other = people.create_department(house, OWNER, "CG", "采购部")
    stranger = office.hire("stranger", "handler", department_id=other.id)
    document_id = office.take_in()
    assert find.find(house, office["handler"], "技术服务").total == 1
    found = find.find(house, stranger, "技术服务")
    assert (found.total, found.hits) == (0, ())
    assert not any(found.facets.get("category", {}).values())
    with pytest.raises(NotFound):
        documents.get_document(house, stranger, document_id)
    assert documents.list_documents(house, stranger) == (0, [])
    documents.set_department(house, office["handler"], document_id, other.id)
    assert find.find(house, stranger, "技术服务").total == 1


def test_a_higher_tier_takes_effect_on_the_next_search(office):
    document_id = office.take_in()
    documents.set_tier(office.house, office["administrator"], document_id, "internal", "密级有误")
    boss = office.hire("boss", "credit_administrator", clearance="secret")
    documents.set_tier(office.house, boss, document_id, "secret", "密级有误")
    assert find.find(office.house, office["handler"], "技术服务").total == 0
    assert find.find(office.house, boss, "技术服务").total == 1


def test_A2_2_two_other_people_verify_a_value(embedded):
    house = embedded.house
    document_id = embedded.take_in()
    documents.correct_field(house, embedded["handler"], document_id, "amount", "680000.00")
    with pytest.raises(BadInput, match="dual verification"):
        documents.confirm_field(house, embedded["handler"], document_id, "amount")

    def verified() -> bool:
        found = documents.get_document(house, embedded["handler"], document_id).fields
        return values.is_verified(next(f for f in found if f.name == "amount"))

    documents.confirm_field(house, embedded["administrator"], document_id, "amount")
    documents.confirm_field(house, embedded["administrator"], document_id, "amount")
    assert not verified()
    documents.confirm_field(house, embedded["archivist"], document_id, "amount")
    assert verified()
    documents.change(house, embedded["handler"], document_id, fields={"amount": "1.00"}, as_printed=["amount"])
    assert not verified()


def test_every_reading_and_every_change_is_in_the_trail(embedded):
    from service.flow.trust import trail

    document_id = embedded.take_in()
    documents.get_document(embedded.house, embedded["archivist"], document_id)
    find.find(embedded.house, embedded["archivist"], "技术")
    _, entries = trail.list_entries(embedded.house, embedded["auditor"], limit=500)
    said = {(entry.actor, entry.action) for entry in entries}
    assert {
        ("person:handler", "document.receive"),
        ("system", "document.read"),
        ("person:archivist", "document.view"),
        ("person:archivist", "search"),
    } <= said
    assert not any("技术" in entry.detail for entry in entries)
    with pytest.raises(NotAllowed):
        trail.list_entries(embedded.house, embedded["archivist"])


def test_a_review_that_does_not_exist_destroys_nothing(embedded):
    with pytest.raises(NotFound):
        destroy.execute(embedded.house, embedded["archivist"], "no-such-review")


@pytest.mark.parametrize("broken_at", ["delete", "remove_many"])
def test_a_destruction_under_way_is_no_damage(embedded, monkeypatch, broken_at):
    house = embedded.house
    file_id, document_id = due_file(embedded)
    review_id = propose(embedded, file_id)
    decide_all(embedded, review_id, file_id)
    house.clock.move_to(date(2037, 1, 12))
    for name in ("fourth", "fifth"):
        reviews.supervise(house, embedded[name], review_id)

    def down(*_args):
        raise IndexUnavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr({"delete": house.vault, "remove_many": house.index}[broken_at], broken_at, down)
        with pytest.raises(IndexUnavailable):
            destroy.execute(house, embedded["archivist"], review_id)
    *_, report = fixity(house, OWNER)
    assert report.ok
    state = doctor(house, OWNER)
    assert (state.ok, state.waiting) == (True, [document_id])
    assert destroy.resume(house) == 1
    assert doctor(house, OWNER).waiting == []


def test_pages_that_lack_by_their_printed_numbers_are_told(embedded, tmp_path):
    path = tmp_path / "supplement.pdf"
    with pikepdf.new() as pdf:
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        for number in (1, 3, 5):
            page = pdf.add_blank_page(page_size=(595, 842))
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
            drawn = f"BT /F 14 Tf 60 700 Td (Supplement to the contract, part {number}) Tj 200 -670 Td (Page {number} of 5) Tj ET"
            page.Contents = pdf.make_stream(drawn.encode())
        pdf.save(path)
    document = documents.get_document(embedded.house, OWNER, embedded.take_in(path))
    assert "pages_missing:2,4" in document.review_reasons
    assert document.status == "needs_review"
    assert "pages_missing" in words.REASONS
