"""The table of who may do what, on PostgreSQL, object store and Elasticsearch.

test_access_matrix.py asks all of it on the embedded parts. Here every role is asked a fifth of it, another fifth each, so that every
operation is asked by some: the decisions are the same code, the questions to the database and the index are not.
"""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import TypeVar
from uuid import uuid4

import pytest

from tests.conftest import fresh_database
from tests.service import test_access_matrix as matrix
from tests.service.conftest import embedded_env
from tests.service.test_access_matrix import CALLERS, OPERATIONS, OTHERS, READERS, READS, ROWS, USUAL, City

_OF = 5
Case = TypeVar("Case")


def share(cases: Iterable[Case], turn: int) -> list[Case]:
    """Return every fifth case, beginning with another one at each turn."""
    return list(cases)[turn % _OF :: _OF]


@pytest.fixture(scope="module")
def city(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: str, minio_url: str, elasticsearch_url: str
) -> Iterator[City]:
    home, word = tmp_path_factory.mktemp("city"), uuid4().hex[:12]
    with fresh_database(postgres_server) as database:
        servers = {
            "JUANZONG_DATABASE_URL": database,
            "JUANZONG_OBJECT_STORE": f"{minio_url}/city-{word}",
            "JUANZONG_SEARCH": f"{elasticsearch_url}/city-{word}",
        }
        found = matrix.build_city({**embedded_env(home / "home"), **servers}, home)
        yield found
        found.office.house.database.dispose()


@pytest.fixture(scope="module")
def client(city: City):
    return matrix.client_of(city)


@pytest.mark.parametrize("role", CALLERS)
def test_lists_counts_facets_and_exports_hold_what_may_be_seen_and_nothing_else(city, client, role):
    login = "m." + role.replace("_", ".")
    always = {"search", "list_documents", "list_files", "customers_list"}
    for name in always.union(share(matrix.lists(), CALLERS.index(role))):
        answer = matrix.call(client, city, login, OPERATIONS[name], ROWS[name], None)
        assert (answer.status_code == 403) == (ROWS[name].cells[role] == "no"), (role, name, answer.status_code)
        assert answer.status_code < 500
        if ROWS[name].cells[role] == "yes" and role != "auditor":
            matrix.assert_nothing_hidden(city, role, name, answer, USUAL)
    if ROWS["show_document"].cells[role] != "no":
        matrix.assert_counts(city, client, role, login, USUAL)


@pytest.mark.parametrize(
    ("role", "other"),
    share(product(READERS, OTHERS), 1),
    ids=lambda given: given if isinstance(given, str) else given[0],
)
def test_another_clearance_opens_what_lies_up_to_it_and_nothing_else(city, client, role, other):
    word, _clearance, tiers, _papers = other
    login = f"m.{role.replace('_', '.')}{word}"
    faults = [
        (name, thing, matrix.fault(client, city, role, name, thing, login, tiers))
        for name in READS
        for thing in city.things[ROWS[name].thing]
    ]
    assert not [said for said in faults if said[2]]
    matrix.assert_counts(city, client, role, login, tiers)


@pytest.mark.parametrize("role", CALLERS)
def test_what_may_not_be_seen_answers_as_what_is_not_there(city, client, role):
    wrong = []
    for name, row in share(ROWS.items(), CALLERS.index(role)):
        for thing in city.things[row.thing] if row.thing != "-" else ():
            if found := matrix.fault(client, city, role, name, thing):
                wrong.append(f"{name} {thing.department} {thing.tier}: {found}")
    assert not wrong, "\n" + "\n".join(wrong)
