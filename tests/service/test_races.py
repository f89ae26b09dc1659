"""Two people at the same moment, on both databases: whoever comes second sees what the first has done.

Each race is brought about, not waited for: the first stands still inside its transaction, just before it would commit, and goes
on only after the second has begun.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, inspect, select

from retention.errors import TransitionRefused
from service.access import people
from service.errors import RuleRefused
from service.flow.archive import deadlines, destroy, filing, holds, ledger, loans, outside, reviews, transfers
from service.flow.common.tiers import set_file_tier
from service.records import audit
from service.records.tables import AuditEntry, CaseFile, Contract, Counter, Transfer
from tests.service.conftest import OWNER, Office, embedded_env, open_office
from tests.service.test_flow import decide_all, due_file, fill, new_contract, propose
from tests.service.test_outside import decided as decided_to_leave
from tests.service.test_outside import handed_over, planted, stamped, transfer_of

# Long enough for the second to reach the lock, were there one to pass.
HEAD_START = 0.7


@pytest.fixture
def race(monkeypatch) -> Callable[..., tuple[Future[Any], Future[Any]]]:
    """Return a function (action, first, second): `first` is stopped when it writes audit entry `action`, until `second` runs."""

    def run(action: str, first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Future[Any], Future[Any]]:
        inside, go_on = threading.Event(), threading.Event()
        append = audit.append

        def stopping(session, actor, done, *more):
            append(session, actor, done, *more)
            if done == action and not inside.is_set():
                inside.set()
                go_on.wait(120)

        monkeypatch.setattr(audit, "append", stopping)
        with ThreadPoolExecutor(2) as people:
            one = people.submit(first)
            assert inside.wait(120), one.exception()
            two = people.submit(second)
            wait([two], HEAD_START)
            go_on.set()
        return one, two

    return run


@pytest.fixture
def decided(office) -> tuple[Office, str, str]:
    """An office, a review whose last step is due, and its file."""
    file_id, _ = due_file(office)
    review_id = propose(office, file_id)
    decide_all(office, review_id, file_id)
    office.house.clock.move_to(date(2037, 1, 12))
    for name in ("fourth", "fifth"):
        reviews.supervise(office.house, office[name], review_id)
    return office, review_id, file_id


def test_a_hold_placed_while_the_destruction_begins_stops_it(race, decided):
    office, review_id, file_id = decided
    placing, destroying = race(
        "hold.place",
        lambda: holds.place_hold(office.house, office["head"], "（2037）川01民初118号", "诉讼保全", [file_id]),
        lambda: destroy.execute(office.house, office["archivist"], review_id),
    )
    placing.result()
    assert [outcome.outcome for outcome in destroying.result()] == ["blocked"]


def test_a_hold_that_comes_after_the_keys_were_destroyed_is_refused(race, decided):
    office, review_id, file_id = decided
    destroying, placing = race(
        "file.destroy",
        lambda: destroy.execute(office.house, office["archivist"], review_id),
        lambda: holds.place_hold(office.house, office["head"], "（2037）川01民初118号", "诉讼保全", [file_id]),
    )
    assert [outcome.outcome for outcome in destroying.result()] == ["destroyed"]
    with pytest.raises(RuleRefused, match="too late"):
        placing.result()


def test_a_file_lent_while_the_destruction_begins_is_not_destroyed(race, decided):
    office, review_id, file_id = decided
    request = loans.ask(office.house, office["handler"], file_id, "核对付款条件")
    lending, destroying = race(
        "loan.decide",
        lambda: loans.decide_loan(office.house, office["archivist"], request.id, grant=True, due_back="2037-02-01"),
        lambda: destroy.execute(office.house, office["archivist"], review_id),
    )
    lending.result()
    assert [outcome.outcome for outcome in destroying.result()] == ["blocked"]


def test_two_who_execute_the_same_review_destroy_once(race, decided):
    office, review_id, file_id = decided
    one, two = race(
        "file.destroy",
        lambda: destroy.execute(office.house, office["archivist"], review_id),
        lambda: destroy.resume(office.house),
    )
    one.result()
    two.result()
    assert destroy.prove(office.house, office["auditor"], file_id).ok
    assert len(destroy.register(office.house, office["auditor"])) == 1


def test_a_review_stopped_while_it_is_executed_is_one_of_both(race, decided):
    office, review_id, _ = decided
    stopping, destroying = race(
        "review.stop",
        lambda: reviews.stop(office.house, office["fifth"], review_id, "有新的争议"),
        lambda: destroy.execute(office.house, office["archivist"], review_id),
    )
    stopping.result()
    assert destroying.exception() is not None
    assert reviews.get_review(office.house, office["auditor"], review_id).review.state == "stopped"


def test_a_file_proposed_twice_at_the_same_moment_stands_on_one_review(race, office):
    file_id, _ = due_file(office)
    office.hire("archivist2", "archivist")
    one, two = race(
        "review.propose",
        lambda: propose(office, file_id),
        lambda: propose(office, file_id, "archivist2"),
    )
    one.result()
    with pytest.raises(RuleRefused, match="another review"):
        two.result()
    assert len(reviews.list_reviews(office.house, office["auditor"])) == 1


def test_a_review_finds_its_file_destroyed_by_another_and_still_ends(office, monkeypatch):
    """Archives of the first form may hold such reviews; neither claims what the other did."""
    house = office.house
    file_id, _ = due_file(office)
    destroying = propose(office, file_id)
    decide_all(office, destroying, file_id)
    with monkeypatch.context() as patch:
        patch.setattr(reviews, "_demand_free", lambda *_args: None)
        keeping = propose(office, file_id)
    for name in ("first", "second", "third"):
        reviews.add_opinion(house, office[name], keeping, file_id, "keep_permanently", reason="史料价值")
    reviews.approve(house, office["head"], keeping)
    house.clock.move_to(date(2037, 1, 12))
    for review_id in (destroying, keeping):
        for name in ("fourth", "fifth"):
            reviews.supervise(house, office[name], review_id)
    (first,) = destroy.execute(house, office["archivist"], destroying)
    (second,) = destroy.execute(house, office["archivist"], keeping)
    assert (first.outcome, second.outcome) == ("destroyed", "gone")
    assert reviews.get_review(house, office["auditor"], destroying).record.number in second.why
    for name in ("fourth", "fifth"):
        reviews.supervise(house, office[name], keeping)
    certificate = reviews.get_review(house, office["auditor"], keeping).record.certificate
    assert (certificate["rows"], list(certificate["not_destroyed"])) == ([], [file_id])
    assert destroy.get_stub(house, office["auditor"], file_id).review_id == destroying


def test_a_request_is_decided_once(race, office):
    file_id, _ = due_file(office)
    request = loans.ask(office.house, office["handler"], file_id, "核对付款条件")
    lending, refusing = race(
        "loan.decide",
        lambda: loans.decide_loan(office.house, office["archivist"], request.id, grant=True, due_back="2037-02-01"),
        lambda: loans.decide_loan(office.house, office["archivist"], request.id, grant=False, reason="已借出"),
    )
    lending.result()
    with pytest.raises(TransitionRefused):
        refusing.result()


@pytest.mark.parametrize("code", ["91110108MA01ABCD4P", ""])
def test_two_contracts_with_one_new_counterparty_make_one_customer(race, office, code):
    elsewhere = people.create_department(office.house, OWNER, "CG", "采购部").id
    office.hire("buyer", "handler", department_id=elsewhere)

    def enter(department_id: str, login: str) -> Contract:
        given = ledger.ContractInput(department_id, "采购合同", "同名有限公司", office[login].person_id or "", code)
        return ledger.create_contract(office.house, office[login], given)

    one, two = race(
        "customer.create", lambda: enter(office.department_id, "handler"), lambda: enter(elsewhere, "buyer")
    )
    assert one.result().customer_id == two.result().customer_id


def test_a_credit_file_opened_twice_at_the_same_moment_is_one(race, office):
    contract_id, _ = new_contract(office)
    customer_id = ledger.get_contract(office.house, office["handler"], contract_id).customer_id
    opening = lambda: filing.credit_file(office.house, office["handler"], customer_id)  # noqa: E731 - two threads do it
    one, two = race("file.create", opening, opening)
    assert one.result().id == two.result().id


def test_a_contract_is_cancelled_or_signed_not_both(race, office):
    contract_id, _ = new_contract(office, signed_on="")
    cancelling, signing = race(
        "contract.cancel",
        lambda: ledger.cancel_contract(office.house, office["handler"], contract_id, "谈判破裂"),
        lambda: ledger.finish_event(office.house, office["handler"], contract_id, "signed", "2026-11-20"),
    )
    cancelling.result()
    with pytest.raises(RuleRefused, match="cancelled"):
        signing.result()
    other, _ = new_contract(office, signed_on="")
    signing, cancelling = race(
        "contract.signed",
        lambda: ledger.finish_event(office.house, office["handler"], other, "signed", "2026-11-20"),
        lambda: ledger.cancel_contract(office.house, office["handler"], other, "谈判破裂"),
    )
    signing.result()
    with pytest.raises(RuleRefused, match="terminated instead"):
        cancelling.result()


def test_B2_numbers_given_at_the_same_moment_differ_and_leave_no_gap(race, office):
    one, two = race("contract.create", lambda: new_contract(office), lambda: new_contract(office))
    contracts = [ledger.get_contract(office.house, office["handler"], made.result()[0]) for made in (one, two)]
    assert [contract.serial for contract in contracts] == [1, 2]


def _arriving(office: Office) -> str:
    """Make a file that was handed over to the archive room; returns its id."""
    house = office.house
    _contract_id, file_id = new_contract(office)
    fill(office, file_id)
    for login in ("handler", "administrator"):
        (row,) = transfers.transfers_of(house, office[login], file_id)[-1:]
        transfers.hand_over(house, office[login], row.transfer.id)
        if login == "handler":
            transfers.accept(house, office["administrator"], row.transfer.id)
    return file_id


def test_two_who_archive_the_same_file_at_once_give_it_one_number(race, office):
    house, keeper = office.house, office.hire("keeper", "archivist")
    file_id = _arriving(office)
    one, two = race(
        "file.archive",
        lambda: transfers.archive(house, office["archivist"], file_id),
        lambda: transfers.archive(house, keeper, file_id),
    )
    given = one.result().archive_number
    with pytest.raises(RuleRefused, match="nothing was handed over"):
        two.result()
    with house.database.read() as session:
        assert session.get_one(CaseFile, file_id).archive_number == given
        prefix, _sign, serial = (given or "").rpartition("-")
        assert (session.get_one(Counter, prefix).value, int(serial)) == (1, 1)
        assert session.scalar(select(func.count()).where(AuditEntry.action == "file.archive")) == 1


@pytest.mark.parametrize("first", ["file.tier", "transfer.accept"])
def test_a_clock_that_starts_while_its_file_changes_tier_is_of_the_new_one(race, office, first):
    house, boss = office.house, office.hire("boss", "credit_administrator", clearance="secret")
    _contract, file_id = new_contract(office)
    (item,) = transfers.transfers_of(house, boss, file_id)
    transfers.hand_over(house, office["handler"], item.transfer.id)
    acts = {
        "file.tier": lambda: set_file_tier(house, boss, file_id, "secret", "定密"),
        "transfer.accept": lambda: transfers.accept(house, boss, item.transfer.id),
    }
    second = next(act for name, act in acts.items() if name != first)
    for done in race(first, acts[first], second):
        done.result()
    with house.database.read() as session:
        rows = session.execute(select(Transfer.stage, Transfer.tier).where(Transfer.case_file_id == file_id))
        assert dict(rows.all()) == {"handler": "secret", "archive": "secret"}


def test_two_who_remove_the_same_file_that_leaves_do_it_once(race, embedded, tmp_path):
    office = embedded
    house, keeper, third = office.house, office.hire("keeper", "archivist"), office.hire("other", "archivist")
    file_id = planted(office, tmp_path, 1)
    decided_to_leave(office, [file_id], [file_id])
    transfer_id = transfer_of(office, file_id)
    stamped(office, transfer_id, handed_over(office, transfer_id))
    outside.verify(house, keeper, transfer_id)
    one, two = race(
        "outside.remove",
        lambda: outside.remove(house, office["archivist"], transfer_id),
        lambda: outside.remove(house, third, transfer_id),
    )
    assert one.result().ok
    with pytest.raises(TransitionRefused, match="is not the next step"):
        two.result()
    with house.database.read() as session:
        assert session.scalar(select(func.count()).where(AuditEntry.action == "file.destroy")) == 1


# --- the sweep, which takes some hundred transfers at once, beside those who work on one file ---


@pytest.fixture
def on_postgresql(tmp_path, postgres_url) -> Iterator[Office]:
    office = open_office(embedded_env(tmp_path / "home") | {"JUANZONG_DATABASE_URL": postgres_url})
    yield office
    office.house.database.dispose()


def _a_second_transfer(office: Office, file_id: str) -> tuple[str, str]:
    """Give a file one more transfer like its last, to which the sweep comes first; returns (id of the last, id of the new one)."""
    with office.house.database.write() as session:
        query = select(Transfer).where(Transfer.case_file_id == file_id, Transfer.state != "accepted")
        first = session.scalars(query).one()
        first.tell_on = office.house.clock.today()
        kept = {column.key: getattr(first, column.key) for column in inspect(Transfer).columns if column.key != "id"}
        overdue = {"due_on": first.tell_on - timedelta(days=1), "tell_on": first.tell_on - timedelta(days=1)}
        second = Transfer(**kept | overdue)
        session.flush()
        session.add(second)
        session.flush()
        return first.id, second.id


def test_a_file_whose_tier_changes_while_the_sweep_comes_to_it(on_postgresql):
    """The one locks the file's transfers as they lie, the other by their days: neither waits for what the other has."""
    office = on_postgresql
    house, (_contract_id, file_id) = office.house, new_contract(office)
    boss = office.hire("boss", "archivist", clearance="secret")
    first, _second = _a_second_transfer(office, file_id)
    with ThreadPoolExecutor(2) as people:
        with house.database.write() as session:
            session.get_one(Transfer, first, with_for_update={"of": Transfer})
            raising = people.submit(set_file_tier, house, boss, file_id, "secret", "定密")
            wait([raising], HEAD_START)
            sweeping = people.submit(deadlines.escalate, house)
            wait([sweeping], HEAD_START)
        assert raising.result().tier == "secret"
        sweeping.result()
    deadlines.escalate(house)
    with house.database.read() as session:
        rows = list(session.scalars(select(Transfer).where(Transfer.case_file_id == file_id)))
    assert [(row.tier, row.tell_on is None or row.tell_on > house.clock.today()) for row in rows] == [
        ("secret", True)
    ] * 2


def test_a_file_that_is_archived_while_the_sweep_comes_to_it(race, on_postgresql):
    office = on_postgresql
    house, file_id = office.house, _arriving(office)
    both = _a_second_transfer(office, file_id)
    archiving, sweeping = race(
        "transfer.accept",
        lambda: transfers.archive(house, office["archivist"], file_id),
        lambda: deadlines.escalate(house),
    )
    assert archiving.result().state == "archived"
    sweeping.result()
    with house.database.read() as session:
        assert {session.get_one(Transfer, transfer_id).state for transfer_id in both} == {"accepted"}
