"""Customers that may be one are found as they come: after every step the pairs are those of comparing every two."""

import random
import threading
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from sqlalchemy import delete, func, select

from credit.identity import CROWD, Named, why_one
from service.flow.archive.ledger import find_or_make_customer
from service.flow.common import long_runs
from service.flow.credit import duplicates
from service.flow.credit.duplicates import catch_up, compare, list_duplicates
from service.records.tables import Customer, CustomerFact, DuplicateKey, DuplicatePair, LongRun, new_id
from tests.service.conftest import OWNER, TODAY, Office
from tests.service.web.conftest import open_site

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def pairs(office: Office) -> dict[tuple[str, str], str]:
    with office.house.database.read() as session:
        return {(row.first_id, row.second_id): row.why for row in session.scalars(select(DuplicatePair))}


def every_two(office: Office) -> dict[tuple[str, str], str]:
    """The pairs of comparing every two customers, the one known first first."""
    with office.house.database.read() as session:
        said: dict[str, list[str]] = {}
        facts = select(CustomerFact).where(CustomerFact.kind == "code", CustomerFact.withdrawn_at.is_(None))
        for fact in session.scalars(facts):
            said.setdefault(fact.customer_id, []).append(fact.value)
        order = (Customer.created_at, Customer.number)
        rows = list(session.scalars(select(Customer).where(Customer.merged_into.is_(None)).order_by(*order)))
    named = [Named(row.id, row.name, row.code or "", tuple(said.get(row.id, ()))) for row in rows]
    found = {(one.id, other.id): why_one(one, other) for one, other in combinations(named, 2)}
    return {pair: why for pair, why in found.items() if why}


def put(office: Office, number: int, name: str, *, known: bool = True, code: str | None = None) -> str:
    """A customer in the register, compared or, as those of before, not."""
    with office.house.database.write() as session:
        row = Customer(id=new_id(), number=f"K{number:05}", name=name, code=code)
        row.created_at = LONG_AGO + timedelta(days=number)
        session.add(row)
        session.flush()
        if known:
            compare(session, [row.id])
        return row.id


def code_said(customer_id: str, value: str, seq: int) -> CustomerFact:
    return CustomerFact(
        id=new_id(), customer_id=customer_id, kind="code", seq=seq, value=value, valid_from=TODAY, known_at=LONG_AGO,
        source="third_party", note="n", collected_by="x", collected_on=TODAY, entered_by="x", backed_by=[], heard=[],
    )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_the_pairs_are_those_of_comparing_every_two(office: Office, seed: int) -> None:
    draw, ids, seen = random.Random(seed), list[str](), set[str]()
    for step in range(40):
        name = "".join(draw.choices("甲乙一二", k=draw.randint(2, 3))) + draw.choice(("公司", "有限公司"))
        what = draw.choice(("new", "new", "new", "rename", "code", "say", "say", "unsay", "merge", "back", "back"))
        if what == "new" or len(ids) < 4:
            ids.append(put(office, step, name))
            continue
        one, other = draw.sample(ids, 2)
        with office.house.database.write() as session:
            row = session.get_one(Customer, one)
            if what == "rename":
                row.name = name
            elif what == "code":
                row.code = f"CODE{step}"
            elif what == "say":
                session.add(code_said(one, draw.choice(("CODEX", "CODEY", row.code or "CODEZ")), step))
            elif what == "unsay":
                session.execute(delete(CustomerFact).where(CustomerFact.customer_id == one))
            elif what == "merge":
                row.merged_into = other
            else:
                row.merged_into = None
            compare(session, [one, other] if what == "merge" else [one])
        found = pairs(office)
        assert found == every_two(office), (step, what)
        seen |= set(found.values())
    assert len(seen) > 1


def test_in_a_crowd_everybody_is_held_against_the_first_also_when_that_one_goes(embedded: Office) -> None:
    ids = [put(embedded, n, "同名公司") for n in range(CROWD + 9)]
    found = set(pairs(embedded))
    assert {(ids[0], other) for other in ids[1:]} <= found
    with embedded.house.database.write() as session:
        session.get_one(Customer, ids[0]).merged_into = ids[5]
        compare(session, [ids[0], ids[5]])
    found = set(pairs(embedded))
    assert {(ids[1], other) for other in ids[2:]} <= found
    assert not any(ids[0] in pair for pair in found)


def test_two_that_are_registered_at_once_find_each_other(office: Office) -> None:
    house, start = office.house, threading.Barrier(2)

    def register(name: str) -> None:
        start.wait(30)
        with house.database.write() as session:
            find_or_make_customer(house, session, OWNER, name)

    threads = [threading.Thread(target=register, args=(f"恒远机械制{x}有限公司",)) for x in "造浩"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total, found, _run = list_duplicates(house, office["administrator"])
    assert (total, [row.pair.why for row in found]) == (1, ["similar_name"])


class Killed(BaseException):
    """The process ends here."""


def test_customers_of_before_are_compared_once_by_a_run_that_goes_on_where_it_was_killed(office, monkeypatch) -> None:
    house, who = office.house, office["administrator"]
    names = ("华岳贸易有限公司", "华岳贸易有限责任公司", "恒远机械制造公司", "恒远机械制浩公司", "云桥公司")
    for n in range(20):
        put(office, n, f"{names[n % 5]}{'甲乙丙丁'[n // 5] if n > 9 else ''}", known=False)
    with house.database.write() as session:
        long_runs.order(session, house, duplicates.KIND, "system", {}, once=duplicates.KIND)
        session.scalars(select(LongRun)).one().total = 20
    monkeypatch.setattr(duplicates, "_SOME", 6)
    assert list_duplicates(house, who)[0] == 0
    real, calls = duplicates.compare, list[int]()

    def killed_at_the_third(session, ids):
        calls.append(len(ids))
        real(session, ids)
        if len(calls) == 3:
            raise Killed

    monkeypatch.setattr(duplicates, "compare", killed_at_the_third)
    with pytest.raises(Killed):
        catch_up(house)
    run = list_duplicates(house, who)[2]
    assert run is not None
    assert (run.state, run.done, run.total) == ("running", 12, 20)
    new = put(office, 99, "云桥公司")  # registered meanwhile
    catch_up(house)
    assert pairs(office) == every_two(office)
    assert any(new in pair for pair in pairs(office))
    assert list_duplicates(house, who)[2] is None
    with house.database.read() as session:
        keyed = session.scalar(select(func.count(DuplicateKey.customer_id.distinct())))
        run = session.scalars(select(LongRun)).one()
    assert (keyed, run.state) == (21, "done")
    assert run.done == run.total >= 20, "the new one may lie behind where the run was"
    calls.clear()
    catch_up(house)
    assert calls == []


def test_the_page_says_how_far_the_comparison_is(embedded: Office) -> None:
    house = embedded.house
    put(embedded, 1, "华岳贸易有限公司")
    put(embedded, 2, "华岳贸易有限责任公司")
    with house.database.write() as session:
        run = long_runs.order(session, house, duplicates.KIND, "system", {}, once=duplicates.KIND)
        run.done, run.total = 7, 30
    page = open_site(embedded).signed_in("administrator").get("/customers/duplicates").text
    assert "名称相同" in page
    assert "7 / 30" in page
