"""Orders and deep pages, on both engines: the same hits at the same places, whatever comes or goes between two pages."""

import random
from uuid import uuid4

import pytest

from search.adapters import open_index
from search.model import IndexedPage, Reader
from search.nearly import search_nearly
from search.orders import KEYS, ORDERS, RANKED, RELEVANCE, anchor, order_keys
from search.syntax import parse
from tests.contract.test_search_index import _drop

EVERYONE = Reader(None)
MANY = 130


def _documents(count=MANY):
    """Documents that all match, with few different days and numbers, so that equals are everywhere."""
    rng = random.Random(4)
    days = ["", "2024-02-29", "2025-01-01", "2025-12-31"]
    numbers = ["", "HT-XS-2026-9", "HT-XS-2026-10", "HT-CG-2025-0003"]
    made = {}
    for _ in range(count):
        document = str(uuid4())
        made[document] = [
            IndexedPage(
                document,
                1,
                "钢材" * rng.randint(1, 3),
                contract_number=rng.choice(numbers),
                fields={"signed_on": rng.choice(days)},
                received_on="2026-03-01",
                received_at=f"2026-03-01T10:00:0{rng.randint(0, 3)}+00:00",
            )
        ]
    return made


@pytest.fixture(scope="module", params=["tantivy", "elasticsearch"])
def filled(request, tmp_path_factory):
    if request.param == "tantivy":
        address = f"tantivy://{tmp_path_factory.mktemp('orders')}"
    else:
        address = f"{request.getfixturevalue('elasticsearch_url')}/t{uuid4().hex}"
    index, documents = open_index(address), _documents()
    ids = list(documents)
    for at in range(0, len(ids), 50):  # several files
        index.replace_many({document: documents[document] for document in ids[at : at + 50]})
    yield index, documents
    if request.param == "elasticsearch":
        _drop(address)


def _all_pages(index, query, order, size, meanwhile=lambda: None):
    """Return the documents of all pages, each page behind the last hit of the one before."""
    found, after = [], None
    while True:
        hits = index.search(parse(query), EVERYONE, limit=size, order=order, after=after).hits
        if not hits:
            return found
        found += hits
        after = anchor(hits[-1], order, len(found))
        meanwhile()


@pytest.mark.parametrize("order", ORDERS)
def test_pages_one_behind_the_other_are_the_whole_list_in_its_order(filled, order):
    index, documents = filled
    whole = index.search(parse("钢材"), EVERYONE, limit=MANY + 10, order=order)
    found = _all_pages(index, "钢材", order, 17)
    assert [hit.document for hit in found] == [hit.document for hit in whole.hits]
    assert {hit.document for hit in found} == set(documents)
    by_offset = [
        hit.document
        for offset in range(0, MANY, 17)
        for hit in index.search(parse("钢材"), EVERYONE, limit=17, offset=offset, order=order).hits
    ]
    assert by_offset == [hit.document for hit in whole.hits]


@pytest.mark.parametrize("order", sorted(set(ORDERS) - {RELEVANCE}))
def test_an_order_is_that_of_its_values(filled, order):
    index, documents = filled
    found = index.search(parse("钢材"), EVERYONE, limit=MANY, order=order).hits
    key = ORDERS[order].key
    keys = [order_keys(documents[hit.document][0])[key] for hit in found]
    assert keys == sorted(keys, reverse=ORDERS[order].descending)
    assert keys == [hit.keys[key] for hit in found]
    shown = {
        "newest_received": lambda about: -int(about.received_at[18]),
        "oldest_received": lambda about: int(about.received_at[18]),
        "newest_signed": lambda about: -int(about.fields["signed_on"].replace("-", "") or 0),
        "oldest_signed": lambda about: int(about.fields["signed_on"].replace("-", "") or 99999999),
        "number": lambda about: ["HT-CG-2025-0003", "HT-XS-2026-9", "HT-XS-2026-10", ""].index(about.contract_number),
    }[order]
    values = [shown(documents[hit.document][0]) for hit in found]
    assert values == sorted(values)


def test_equals_in_relevance_come_newest_first(filled):
    index, _ = filled
    found = index.search(parse("钢材"), EVERYONE, limit=MANY).hits
    places = [(-hit.score, -hit.keys["by_received"]) for hit in found]
    assert places == sorted(places)
    assert len({score for score, _ in places}) < 10


def test_total_and_facets_are_those_of_all_pages(filled):
    index, _ = filled
    for order in ORDERS:
        first = index.search(parse("钢材"), EVERYONE, limit=5, order=order)
        after = anchor(first.hits[-1], order, 5)
        second = index.search(parse("钢材"), EVERYONE, limit=5, order=order, after=after)
        assert (second.total, second.facets) == (first.total, first.facets)
        assert first.total == MANY


@pytest.mark.parametrize("name", ["tantivy", "elasticsearch"])
@pytest.mark.parametrize("order", ORDERS)
def test_nothing_comes_twice_or_is_left_out_while_documents_come_and_go(request, tmp_path, name, order):
    url = request.getfixturevalue("elasticsearch_url") if name == "elasticsearch" else ""
    address = f"{url}/t{uuid4().hex}" if url else f"tantivy://{tmp_path}/index"
    index, documents, gone = open_index(address), _documents(40), []
    index.replace_many(documents)

    def meanwhile():
        index.replace_many(_documents(3))
        gone.append(next(document for document in documents if document not in gone))
        index.remove(gone[-1])

    found = [hit.document for hit in _all_pages(index, "钢材", order, 7, meanwhile)[: MANY * 2]]
    if url:
        _drop(address)
    assert len(found) == len(set(found))
    assert set(documents) - set(gone) <= set(found)


def test_near_misses_are_paged_behind_a_hit_too(filled):
    index, _ = filled
    for order in ORDERS:
        whole = [hit.document for hit in search_nearly(index, parse("钢材"), EVERYONE, limit=MANY, order=order).hits]
        found, after = [], None
        while hits := search_nearly(index, parse("钢材"), EVERYONE, limit=30, order=order, after=after).hits:
            found += [hit.document for hit in hits]
            after = anchor(hits[-1], order, len(found))
        assert found == whole


def test_both_engines_have_one_order(tmp_path, elasticsearch_url):
    address = f"{elasticsearch_url}/t{uuid4().hex}"
    engines = [open_index(f"tantivy://{tmp_path}/index"), open_index(address)]
    documents = _documents(60)
    for engine in engines:
        engine.replace_many(documents)
    for order in sorted(set(ORDERS) - {RELEVANCE}):
        one, other = (
            [hit.document for hit in engine.search(parse("钢材"), EVERYONE, limit=60, order=order).hits]
            for engine in engines
        )
        assert one == other, order
    _drop(address)


@pytest.mark.parametrize(
    "about",
    [
        {},
        {"received_on": "1901-01-01", "received_at": "9999-12-31T23:59:59+00:00", "fields": {"signed_on": "long-term"}},
        {"received_on": "never", "contract_number": "\ud800" + "9" * 400, "fields": {"signed_on": "2025-02-31"}},
    ],
)
def test_whatever_a_document_says_it_has_a_place_engines_can_hold(about):
    keys = order_keys(IndexedPage("d", 1, "", **about))
    assert all(0 <= keys[name] < 2**63 for name in KEYS)
    assert len(keys["by_number"].encode()) < 1000


def test_more_equals_than_are_ranked_still_make_a_page(tmp_path):
    index = open_index(f"tantivy://{tmp_path}/index")
    index.replace_many({f"d{number}": [IndexedPage(f"d{number}", 1, "钢材")] for number in range(RANKED + 50)})
    first = index.search(parse("钢材"), EVERYONE, limit=20)
    second = index.search(parse("钢材"), EVERYONE, limit=20, after=anchor(first.hits[-1], RELEVANCE, 20))
    assert first.total == RANKED + 50
    assert len({hit.document for hit in first.hits + second.hits}) == 40
