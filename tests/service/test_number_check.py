"""B2, DA/T 13: no number twice, no gap, whoever asks at the same moment; void numbers on record; a check that would find it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from service.errors import BadInput, NotAllowed, RuleRefused
from service.flow.archive.number_check import check_numbers, checked_as_json, gaps, void_number
from service.records.counters import next_serial
from service.records.tables import CaseFile, Contract, ContractEvent, Counter, Transfer
from tests.service.conftest import embedded_env
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_flow import archive, fill, new_contract

CLIENTS = 32


def test_B2_32_clients_at_once_get_every_serial_once(office):
    database = office.house.database

    def client_(_number: int) -> list[int]:
        got = []
        for _ in range(5):
            with database.write() as session:
                got.append(next_serial(session, "HT-XS-2026-#"))
        return got

    with ThreadPoolExecutor(CLIENTS) as pool:
        given_ = [serial for mine in pool.map(client_, range(CLIENTS)) for serial in mine]
    assert sorted(given_) == list(range(1, 5 * CLIENTS + 1))


@given(st.sets(st.integers(1, 40)), st.integers(0, 45))
def test_gaps_are_what_is_not_there(serials, last):
    told = set()
    for text in gaps(serials, last):
        first, _dash, end = text.partition("-")
        told |= set(range(int(first), int(end or first) + 1))
    assert told == set(range(1, last + 1)) - serials


def test_B2_a_sound_archive_has_no_fault_and_a_tampered_one_has(embedded):
    house, who = embedded.house, embedded["archivist"]
    for n in range(4):
        _contract, file_id = new_contract(embedded)
        if n < 2:
            fill(embedded, file_id)
            archive(embedded, file_id)
    sound = check_numbers(house, who)
    assert (sound.contracts, sound.archived, sound.void, sound.faults) == (4, 2, 0, ())
    with house.database.write() as session:
        gone = session.scalars(select(Contract).where(Contract.serial == 3)).one()
        file = session.scalars(select(CaseFile).where(CaseFile.contract_id == gone.id)).one()
        session.execute(delete(Transfer).where(Transfer.case_file_id == file.id))
        session.execute(delete(ContractEvent).where(ContractEvent.contract_id == gone.id))
        session.flush()
        session.delete(file)
        session.flush()
        session.delete(gone)
        last = session.scalars(select(CaseFile).where(CaseFile.archive_number.contains("0002"))).one()
        last.archive_number = "J001-HT·2026-D10-XS-0009"
    found = {(f.kind, f.prefix): f.numbers for f in check_numbers(house, who).faults}
    assert found == {
        ("gap", "HT-XS-2026-#"): ("3",),
        ("gap", "J001-HT·2026-D10-XS"): ("2-8",),
        ("beyond", "J001-HT·2026-D10-XS"): ("J001-HT·2026-D10-XS-0009",),
    }


def test_a_void_number_is_on_record_and_nothing_gets_it(embedded):
    house, who = embedded.house, embedded["archivist"]
    void_number(house, who, "J001-HT·2026-D10-XS-0001", "打印错了号")
    _contract, file_id = new_contract(embedded)
    fill(embedded, file_id)
    assert archive(embedded, file_id).archive_number == "J001-HT·2026-D10-XS-0002"
    found = check_numbers(house, who)
    assert (found.archived, found.void, found.faults) == (1, 1, ())
    for number, why in (("0001", "void already"), ("0002", "keeps it for ever"), ("0004", "not the next one; 3 is")):
        with pytest.raises(RuleRefused, match=why):
            void_number(house, who, f"J001-HT·2026-D10-XS-{number}", "x")
    for number, reason in (("J001", "x"), ("J001-HT·2026-D10-XS-0003", " "), ("J001-HT·2026-D10-XS-003", "x")):
        with pytest.raises(BadInput):
            void_number(house, who, number, reason)
    with house.database.write() as session:  # a serial that was counted and has no file
        session.get_one(Counter, "J001-HT·2026-D10-XS").value = 3
    assert [f.numbers for f in check_numbers(house, who).faults] == [("3",)]
    void_number(house, who, "J001-HT·2026-D10-XS-0003", "原登记簿缺号")
    assert check_numbers(house, who).faults == ()


def test_who_checks_and_who_voids(embedded):
    for login in ("handler", "head"):
        with pytest.raises(NotAllowed):
            check_numbers(embedded.house, embedded[login])
    for login in ("administrator", "auditor"):
        assert check_numbers(embedded.house, embedded[login]).faults == ()
        with pytest.raises(NotAllowed):
            void_number(embedded.house, embedded[login], "J001-HT·2026-D10-XS-0001", "x")


def test_through_api_and_command_line(client, headers, embedded, juanzong_here):  # noqa: F811 - the fixtures
    body = {"number": "J001-HT·2026-D10-XS-0001", "reason": "x"}
    assert client.post("/api/v1/numbers/void", json=body, headers=headers("archivist")).status_code == 204
    told = client.post("/api/v1/numbers/check", headers=headers("auditor")).get_json()
    found = checked_as_json(check_numbers(embedded.house, embedded["auditor"]))
    assert {name: told[name] for name in found} == found
    env = embedded_env(embedded.house.settings.home)
    assert "1 void: no gap, nothing twice" in juanzong_here(env, "ledger", "check").stdout
    with embedded.house.database.write() as session:
        session.get_one(Counter, "J001-HT·2026-D10-XS").value = 2
    assert juanzong_here(env, "ledger", "check", check=3).stdout.count("gap") == 1
