"""Both engines against a scan of all pages, with generated queries of every kind; `tools/differential_search` runs more of it."""

import random
from uuid import uuid4

import pytest

from search.adapters import open_index
from tools.differential_search import compare, generate, questions

ASKED = 336  # 24 of each kind


@pytest.mark.parametrize("engine", ["tantivy", "elasticsearch"])
def test_generated_queries_of_every_kind_are_answered_as_a_scan_answers_them(engine, request, tmp_path):
    address = f"tantivy://{tmp_path}/index"
    if engine == "elasticsearch":
        address = f"{request.getfixturevalue('elasticsearch_url')}/t{uuid4().hex}"
    index = open_index(address)
    documents, scans = generate(seed=31, documents=120)
    index.replace_many(documents)
    rng = random.Random(32)
    endless = questions(rng, scans)
    outcome = compare(index, scans, [next(endless) for _ in range(ASKED)], rng)
    if engine == "elasticsearch":
        for name in index._behind():
            index._client.indices.delete(index=name)
        index._client.close()
    assert (outcome.missed, outcome.false) == ([], [])
    assert len(outcome.asked) == 14
    assert outcome.expected > ASKED
