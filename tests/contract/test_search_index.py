"""One suite for every search engine: the same questions, the same answers."""

import random
import re
import ssl
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from threading import Thread
from uuid import uuid4

import pytest

from search.adapters import open_index
from search.errors import BadQuery, IndexUnavailable, SearchError
from search.fields import values
from search.highlight import spans, stands_in
from search.model import IndexedPage, Reader
from search.nearly import search_nearly
from search.syntax import Word, parse
from tests.search.pages import corpus, plain

EVERYONE = Reader(None)


@pytest.fixture(params=["tantivy", "elasticsearch"])
def url(request, tmp_path):
    """The address of an empty index of this test's own."""
    if request.param == "tantivy":
        yield f"tantivy://{tmp_path}/index"
        return
    address = f"{request.getfixturevalue('elasticsearch_url')}/t{uuid4().hex}"
    yield address
    _drop(address)


def _drop(address):
    """Remove the indices of a test from the server."""
    index = open_index(address)
    for name in index._behind():
        index._client.indices.delete(index=name)
    index._client.close()


@pytest.fixture
def index(url):
    return open_index(url)


def page(document, text, number=1, **about):
    return IndexedPage(document, number, text, **about)


def ids(index, query, reader=EVERYONE, **how):
    return [hit.document for hit in index.search(parse(query), reader, **how).hits]


CONTRACT = [
    page(
        "contract",
        text,
        number,
        title="钢材采购合同",
        category="1.9",
        kind="contract",
        customer="上海华东贸易有限公司",
        department="销售部",
        status="archived",
        contract_number="HT-XS-2026-0001",
        archive_number="J001-HT·2026-D30-XS-0001",
        numbers=("HT-XS-2026-0001", "91310000MA1FL5BE4K"),
        handler="王小明",
        fields={"amount": "6922000.00", "party_b": "北京远洋物流有限公司", "signed_on": "2026-02-19"},
        received_on="2026-03-01",
        access=("dept:sales",),
    )
    for number, text in enumerate(
        ["甲方向乙方采购\n钢材，价款见附件。", "附件：ＡＢＣ有限公司\n提供运 输，终止条款另议"], 1
    )
]
LICENCE = [
    page(
        "licence",
        "统一社会信用代码 91310000MA1FL5BE4K\n经营范围：钢材销售\n注册资本 叁仟贰佰万元整 成立于贰零壹玖年元月廿日",
        title="营业执照",
        category="1.2",
        department="采购部",
        status="stored",
        access=("dept:buying", "dept:sales"),
    )
]


@pytest.fixture
def filled(index):
    index.replace_many({"contract": CONTRACT, "licence": LICENCE})
    return index


@pytest.fixture(scope="module", params=["tantivy", "elasticsearch"])
def standing(request, tmp_path_factory):
    """The two documents in an index that no test changes."""
    address = f"tantivy://{tmp_path_factory.mktemp('standing')}"
    if request.param == "elasticsearch":
        address = f"{request.getfixturevalue('elasticsearch_url')}/t{uuid4().hex}"
    index = open_index(address)
    index.replace_many({"contract": CONTRACT, "licence": LICENCE})
    yield index
    if request.param == "elasticsearch":
        _drop(address)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("采购钢材", ["contract"]),  # across a line wrap
        ("运输", ["contract"]),  # across a space on the page
        ("abc有限公司", ["contract"]),
        ("钢", ["contract", "licence"]),
        ("采购 终止", ["contract"]),  # on different pages
        ("钢材 -终止", ["licence"]),
        ("终止 OR 经营", ["contract", "licence"]),
        ("(终止 OR 经营) 代码", ["licence"]),
        ('"经营范围：钢材"', ["licence"]),
        ('"经营钢材"', []),
        ("材钢", []),
        ("附件附件", []),  # not from the end of one page to the beginning of the next
        ("HT-XS-2026-0001", ["contract"]),
        ("htxs20260001", ["contract"]),
        ("XS-2026", ["contract"]),
        ("J001HT2026", ["contract"]),
        ("6,922,000.00", ["contract"]),
        ("6922000", ["contract"]),
        ("陆佰玖拾贰万贰仟元整", ["contract"]),
        ("六百九十二万二千元", ["contract"]),
        ("32000000", ["licence"]),  # 叁仟贰佰万元整 on the page
        ("12.05", []),
        ("华东贸易", ["contract"]),
        ("远洋物流", ["contract"]),
        ("王小明", ["contract"]),
        ("採購鋼材", ["contract"]),
        ("customer:華東貿易", ["contract"]),
        ("營業執照", ["licence"]),
        ("hdmy", ["contract"]),  # initials
        ("YYWL", ["contract"]),
        ('"hdmy"', []),
        ("2026年2月19日", ["contract"]),
        ("二〇二六年二月十九日", ["contract"]),
        ("2026/2", ["contract"]),
        ("贰零贰陆年零贰月壹拾玖日", ["contract"]),
        ("19.02.2026", ["contract"]),
        ("2019-01-20", ["licence"]),  # 贰零壹玖年元月廿日 on the page
        ("2026年3月", []),
        ("19 Feb 2026", ["contract"]),
        ("Feb 2026", ["contract"]),
        ("2026.2", ["contract"]),
        ("692万2千元", ["contract"]),
        ("3200万元", ["licence"]),
        ("business license", ["licence"]),
        ("signed_on:Feb 2026", ["contract"]),
        ("signed:2026.2", ["contract"]),
        ("2026 年 2 月 19 日 钢材", ["contract"]),
        ("RMB 6,922,000.00", ["contract"]),
        ("6.922 million", ["contract"]),
        ("（终止 ＯＲ 经营） 代码", ["licence"]),
        ("钢材 －终止", ["licence"]),
        ("金额：》100万", ["contract"]),
        ("签订日期:2026-02至2026-03", ["contract"]),
        ("统一社会信用代码:91310000", ["contract"]),
        ("signed_on:2026.2.19", ["contract"]),
        ("营业执照", ["licence"]),
        ("法人营业执照", ["licence"]),  # a word for its category
        ("91310000MA1FL5BE4K", ["contract", "licence"]),
        ("category:1.9", ["contract"]),
        ("category:1", ["contract", "licence"]),
        ("category:1.", []),
        ("category:执照", ["licence"]),
        ("status:archived 钢材", ["contract"]),
        ("status:archive", []),
        ("状态:已归档", ["contract"]),
        ("类目:1.9", ["contract"]),
        ("密级:内部", ["contract", "licence"]),
        ("密级:公开", []),
        ("-department:销售部 钢材", ["licence"]),
        ("party:远洋", ["contract"]),
        ("party_b:华东", []),
        ("number:2026-0001", ["contract"]),
        ("code:91310000", ["contract"]),
        ("amount:6,922,000", ["contract"]),
        ("handler:王", ["contract"]),
        ("amount:922000", []),  # a value is the whole of it
        ("金额:692.2万元", ["contract"]),
        ("amount:>1000000", ["contract"]),
        ("amount:692.2万..", ["contract"]),
        ("amount:>6,922,000", []),
        ("金额:<=692.2万元", ["contract"]),
        ("signed:2026", ["contract"]),
        ("signed:2025-06..2026-02", ["contract"]),
        ("signed_on:>2026-02", []),
        ("签订:..2026年2月19日", ["contract"]),
        ("签订:2026年2月", ["contract"]),
        ("signed_on:2026-02-20", []),
        ("signed_on:11元", None),
        ("钢材 -signed:2026", ["licence"]),
        ("received:>1900", ["contract"]),
        ("甲方 near:1 乙方", ["contract"]),
        ("乙方 near:1 甲方", ["contract"]),
        ("甲方 near:2 采购", []),
        ("甲方 near:3 采购", ["contract"]),
        ("甲方 near:1 乙方 near:0 采购", ["contract"]),
        ("见附件 near:20 附件", []),  # the next page is not near
        ("甲方 相距:20 价款 -终止", []),
        ('title:"采购 合同"', ["contract"]),
        ("客户:华东", ["contract"]),
        ("kind:contract", ["contract"]),
        ("1.9", []),  # a code of a short list is no word of the text
        ("-001", []),
        ("*", []),
        ("text:*", None),
        ("+钢材 && title", []),
        ("_exists_", []),
        ("钢?", []),
        ("/钢材/", []),
        ("[a TO b]", []),
        ("\\", []),
    ],
)
def test_what_a_person_types_finds_what_they_mean(standing, query, found):
    if found is None:
        with pytest.raises(BadQuery):
            parse(query)
    else:
        assert sorted(ids(standing, query)) == found


def test_names_shares_sizes_and_short_years_are_found_as_a_person_means_them(index):
    pages = {
        "one": "甲方：华信（北京）\n有限公司，违约金百分之五，规格 100×200 毫米，签于26年2月19日，字号：京信〔2026〕第12号",
        "two": "乙方：华信北京有限公司，违约金15%，按3‰计，规格100x20，2026年2月9日",
    }
    index.replace_many(
        {name: [page(name, text, customer="大华会计师事务所（特殊普通合伙）")] for name, text in pages.items()}
    )
    for query, found in (
        ("华信北京有限公司", ["one", "two"]),
        ("华信（北京）有限公司", ["one", "two"]),
        ('"华信北京有限公司"', ["two"]),
        ("信北京有", ["one", "two"]),
        ("5%", ["one", "two"]),  # 15% has it, too
        ("百分之五", ["one"]),
        ("百分之15", ["two"]),
        ("千分之三", ["two"]),
        ("100*200", ["one"]),
        ("100x200", ["one"]),
        ("2026-02-19", ["one"]),
        ("26.2.19", ["one"]),
        ("京信2026第12号", ["one"]),
        ("大华会计师事务所特殊普通合伙", ["one", "two"]),
        ("customer:事务所特殊普通", ["one", "two"]),
        ("customer:华信北京有限公司", []),
    ):
        hits = index.search(parse(query), EVERYONE).hits
        assert sorted(hit.document for hit in hits) == found, query
    (hit,) = index.search(parse("京信2026第12号"), EVERYONE).hits
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["京信〔2026〕第12号"]


def test_a_hit_shows_the_place_on_its_best_page(standing):
    (hit,) = standing.search(parse("终止条款"), EVERYONE).hits
    text = CONTRACT[1].text
    assert (hit.document, hit.page, hit.pages_matched, hit.approximate) == ("contract", 2, 1, False)
    assert [text[start:end] for start, end in hit.spans] == ["终止条款"]
    assert hit.snippet == "附件：ＡＢＣ有限公司提供运输，终止条款另议"
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["终止条款"]
    assert (hit.title, hit.category, hit.customer) == ("钢材采购合同", "1.9", "上海华东贸易有限公司")
    assert (hit.department, hit.status) == ("销售部", "archived")
    assert (hit.contract_number, hit.archive_number) == ("HT-XS-2026-0001", "J001-HT·2026-D30-XS-0001")


def test_a_hit_in_the_metadata_alone_has_no_places(standing):
    (hit,) = standing.search(parse("华东贸易"), EVERYONE).hits
    assert (hit.page, hit.spans, hit.marks) == (1, (), ())
    assert hit.snippet == "甲方向乙方采购钢材，价款见附件。"


def test_titles_and_numbers_outrank_other_metadata_and_that_the_body(index):
    filler = "本页另有其他内容。" * 5
    index.replace_many(
        {
            "body": [page("body", "远洋" * 30)],
            "customer": [page("customer", filler, customer="远洋物流")],
            "title": [page("title", filler, title="远洋合同")],
            "often": [page("often", filler + "远洋远洋远洋")],
            "once": [page("once", filler * 4 + "远洋")],
        }
    )
    assert ids(index, "远洋") == ["title", "customer", "body", "often", "once"]


def test_pages_collapse_into_their_document_and_are_counted(index):
    index.replace("d", [page("d", "合同" if number % 2 else "附件", number) for number in range(1, 8)])
    results = index.search(parse("合同"), EVERYONE)
    assert (results.total, len(results.hits), results.hits[0].page, results.hits[0].pages_matched) == (1, 1, 1, 4)


def test_only_what_the_reader_may_see_is_found_or_counted(standing):
    buyer = Reader(frozenset({"dept:buying", "dept:other"}))
    results = standing.search(parse("钢材"), buyer)
    assert (results.total, [hit.document for hit in results.hits]) == (1, ["licence"])
    assert results.facets["category"] == {"1.2": 1}
    assert standing.search(parse("终止"), buyer).total == 0
    assert standing.search(parse("钢材 -终止"), buyer).total == 1
    assert standing.search(parse("钢材"), Reader(frozenset())).total == 0
    assert standing.search(parse("钢材"), Reader(frozenset({"dept:sale", "dept"}))).total == 0


def test_a_withdrawn_grant_takes_effect_at_once(index):
    reader = Reader(frozenset({"a"}))
    index.replace("d", [page("d", "合同", access=("a",))])
    assert ids(index, "合同", reader) == ["d"]
    index.replace("d", [page("d", "合同", access=("b",))])
    assert ids(index, "合同", reader) == []


def test_facets_count_documents_most_first(filled):
    filled.replace("third", [page("third", "钢材", n, category="1.2", customer="甲") for n in (1, 2)])
    facets = filled.search(parse("钢材"), EVERYONE).facets
    assert list(facets["category"].items()) == [("1.2", 2), ("1.9", 1)]
    assert facets["customer"] == {"上海华东贸易有限公司": 1, "甲": 1}
    assert facets["department"] == {"采购部": 1, "销售部": 1}
    assert facets["status"] == {"archived": 1, "stored": 1}
    assert (facets["year"], facets["tier"]) == ({"2026": 1}, {"internal": 3})
    assert set(filled.search(parse("无此词"), EVERYONE).facets) == set(facets)
    assert filled.search(parse("钢材"), EVERYONE, limit=1).facets == facets
    uncounted = filled.search(parse("钢材"), EVERYONE, facets=False)
    assert (uncounted.total, len(uncounted.hits), uncounted.facets) == (3, 3, {})


def test_filters_are_exact_values_of_facets(standing):
    assert ids(standing, "钢材", filters={"department": "采购部"}) == ["licence"]
    assert ids(standing, "钢材", filters={"category": "1.9", "status": "archived"}) == ["contract"]
    assert ids(standing, "钢材", filters={"customer": "上海华东"}) == []
    assert ids(standing, "钢材", filters={"year": "2026", "tier": "internal"}) == ["contract"]
    with pytest.raises(BadQuery):
        ids(standing, "钢材", filters={"stored": "x"})


def test_totals_are_true_whatever_part_is_shown(index):
    index.replace_many({f"d{n:02}": [page(f"d{n:02}", "合同" * (n + 1) + "附件")] for n in range(30)})
    everything = ids(index, "附件", limit=100)
    assert len(everything) == 30
    parts = [index.search(parse("附件"), EVERYONE, limit=7, offset=offset) for offset in range(0, 35, 7)]
    assert [part.total for part in parts] == [30] * 5
    assert sorted(hit.document for part in parts for hit in part.hits) == sorted(everything)
    for odd in ({"limit": 0}, {"offset": 30}, {"offset": 10**9}, {"limit": -1, "offset": -5}):
        results = index.search(parse("附件"), EVERYONE, **odd)
        assert (results.total, results.hits) == (30, ())
    assert len(ids(index, "附件", limit=10**9 if index.__class__.__name__ == "TantivyGenerations" else 1000)) == 30


def test_replacing_leaves_nothing_of_the_old_pages(filled):
    filled.replace("contract", [page("contract", "新文本")])
    assert ids(filled, "采购钢材") == ids(filled, "HT-XS-2026-0001") == ids(filled, "终止") == []
    assert ids(filled, "新文本") == ["contract"]
    filled.replace("contract", [page("contract", "新文本")])
    assert filled.search(parse("新文本"), EVERYONE).total == 1
    filled.replace("contract", [])
    assert list(filled.documents()) == ["licence"]


def test_removing_and_clearing(filled):
    filled.remove("contract")
    filled.remove("contract")
    filled.remove("never there")
    assert list(filled.documents()) == ["licence"]
    assert ids(filled, "华东") == []
    assert filled.search(parse("钢材"), EVERYONE).facets["category"] == {"1.2": 1}
    filled.clear()
    assert list(filled.documents()) == []
    assert filled.search(parse("钢材"), EVERYONE).total == 0
    filled.replace("licence", LICENCE)
    assert ids(filled, "钢材") == ["licence"]


def test_removing_many_at_once(index):
    index.remove_many([])
    index.replace_many({f"d{n}": [page(f"d{n}", "合同")] for n in range(5)})
    index.remove_many(["d0", "d3", "absent"])
    index.purge()
    assert sorted(index.documents()) == ["d1", "d2", "d4"]


def test_an_empty_index_answers(index):
    index.check()
    assert list(index.documents()) == []
    results = index.search(parse("合同"), EVERYONE)
    assert (results.total, results.hits) == (0, ())


def test_another_process_sees_what_was_just_written_and_the_other_way_round(url):
    here, there = open_index(url), open_index(url)
    here.replace("one", [page("one", "合同甲")])
    assert ids(there, "合同") == ["one"]
    program = (
        "import sys; from search.adapters import open_index; from search.model import IndexedPage;"
        "open_index(sys.argv[1]).replace('two', [IndexedPage('two', 1, '合同乙')])"
    )
    subprocess.run([sys.executable, "-c", program, url], check=True, timeout=300)
    assert sorted(ids(here, "合同")) == ["one", "two"]
    there.remove("one")
    assert ids(here, "合同") == ["two"]


def test_odd_text_is_kept_and_found(index):
    odd = "甲\x00乙\ud800丙\ue000丁\u2028戊<b>己&amp;\U0001f600\U00020000庚"
    index.replace("d", [page("d", odd, title="題\ud800名", customer="客\x00户", access=("a b", "ü"))])
    assert ids(index, "甲乙丙丁戊<b>己&amp;") == ["d"]
    assert ids(index, "\U0001f600\U00020000") == ["d"]
    (hit,) = index.search(parse("丁戊"), Reader(frozenset({"a b"}))).hits
    assert odd[slice(*hit.spans[0])] == "丁\u2028戊"


def test_pages_without_text_are_documents_all_the_same(index):
    index.replace("d", [page("d", "", title="空白"), page("d", " \n", 2)])
    (hit,) = index.search(parse("空白"), EVERYONE).hits
    assert (hit.snippet, hit.page) == ("", 1)


def test_long_words_and_many_words(standing):
    assert ids(standing, "钢材" * 400) == []
    assert ids(standing, " ".join(["钢材"] * 300)) != []


# --- the differential test ------------------------------------------------------------------------------------------------


def _phrases(pages, rng, count):
    """Return (query, wanted folded string): random parts of 2 to 12 characters, quoted, now and then with two swapped."""
    made = []
    while len(made) < count:
        text = rng.choice(pages).text
        length = rng.randint(2, 12)
        start = rng.randrange(len(text) - length)
        part = text[start : start + length]
        if rng.random() < 0.25:
            part = part[:-2] + part[-1] + part[-2]
        if '"' not in part and plain(part):
            made.append((f'"{part}"', plain(part)))
    return made


def _scan(pages):
    """Return all that a word can stand in, folded, apart from one another."""
    about = pages[0]
    values = [about.title, about.contract_number, about.customer, about.department, *about.fields.values()]
    return "\n".join(plain(text) for text in [*(one.text for one in pages), *values])


def test_phrases_are_found_exactly_where_a_scan_of_all_pages_finds_them(url):
    documents = corpus(seed=3, documents=200)
    scans = {name: _scan(many) for name, many in documents.items()}
    index = open_index(url)
    index.replace_many(documents)
    pages = [one for many in documents.values() for one in many]
    assert len(pages) >= 250
    rng = random.Random(5)
    phrases = _phrases(pages, rng, 300)
    missed, false, hits = [], [], 0
    for query, wanted in phrases:
        expected = {name for name, scan in scans.items() if wanted in scan}
        found = set(ids(index, query, limit=500))
        hits += len(expected)
        missed += [(query, name) for name in expected - found]
        false += [(query, name) for name in found - expected]
    assert hits > 250
    assert (missed, false) == ([], [])


def test_words_typed_without_quotes_miss_nothing(url):
    documents = corpus(seed=4, documents=100)
    scans = {name: _scan(many) for name, many in documents.items()}
    index = open_index(url)
    index.replace_many(documents)
    pages = [one for many in documents.values() for one in many]
    for query, wanted in _phrases(pages, random.Random(6), 150):
        try:
            node = parse(query[1:-1])
        except BadQuery:  # a lone minus, `OR`, an unclosed quotation mark: those need quotes
            assert any(sign in query[1:-1] for sign in '-"')
            continue
        if " -" in f" {query[1:-1]}" or "\n-" in query:
            continue
        expected = {name for name, scan in scans.items() if wanted in scan}
        found = {hit.document for hit in index.search(node, EVERYONE, limit=500).hits}
        assert expected <= found, query


def _loosely(rng, text):
    """Return a word as someone might type it: part of a page, its separators or its fraction left out or put in."""
    codes = re.findall(r"HT-[A-Z]{2}-[-0-9]+|[0-9,]+[.][0-9]{2}", text)
    part = rng.choice(codes) if codes and rng.random() < 0.7 else text[(at := rng.randrange(len(text) - 12)) : at + 12]
    word = re.sub(r"\s", "", part)
    word = rng.choice([word, word[rng.randrange(3) :], word[: rng.randint(4, 12)]])
    return rng.choice([word, re.sub("[-,]", "", word), word.replace(".00", ""), word.lower()])


def test_a_word_finds_exactly_the_documents_on_which_it_can_be_marked(url):
    documents = corpus(seed=15, documents=100)
    index = open_index(url)
    index.replace_many(documents)
    texts = [one.text for many in documents.values() for one in many]
    rng = random.Random(16)
    marked, loose = 0, 0
    for _ in range(120):
        typed = _loosely(rng, rng.choice(texts))
        if not plain(typed):
            continue
        word = Word(typed)
        expected = {
            name
            for name, many in documents.items()
            if any(spans(word, one.text) for one in many) or any(stands_in(word, value) for value in values(many[0]))
        }
        results = index.search(word, EVERYONE, limit=500)
        assert {hit.document for hit in results.hits} == expected, typed
        marked += any(hit.spans for hit in results.hits)
        loose += any(
            plain(typed) not in plain(text) for hit in results.hits for text in [documents[hit.document][0].text]
        )
    assert marked > 80
    assert loose > 10


def _question(rng, pages, scans):
    """Return a random query and the function that tells, page texts and metadata given, whether a document fulfils it."""

    def part():
        text = plain(rng.choice(pages).text)
        start = rng.randrange(len(text) - 4)
        return text[start : start + rng.randint(1, 3)].replace('"', "甲")

    def leaf():
        about = rng.choice(pages)
        kind = rng.randrange(5)
        if kind == 0:
            return f"category:{about.category}", lambda d, v=about.category: d[0].category == v
        if kind == 1:
            return f'department:"{about.department[:2]}"', lambda d, v=about.department[:2]: v in d[0].department
        if kind == 2:
            name = plain(about.fields["party_a"])[1:5]
            return f'party_a:"{name}"', lambda d, v=name: v in plain(d[0].fields["party_a"])
        wanted = part()
        return f'"{wanted}"', lambda d, v=wanted: v in scans[d[0].document]

    (a, fa), (b, fb), (c, fc) = leaf(), leaf(), leaf()
    return rng.choice(
        [
            (f"{a} {b}", lambda d: fa(d) and fb(d)),
            (f"{a} -{b}", lambda d: fa(d) and not fb(d)),
            (f"{a} OR {b}", lambda d: fa(d) or fb(d)),
            (f"({a} OR {b}) {c}", lambda d: (fa(d) or fb(d)) and fc(d)),
            (f"{a} -({b} {c})", lambda d: fa(d) and not (fb(d) and fc(d))),
        ]
    )


def test_questions_are_answered_as_a_scan_of_all_documents_answers_them(url):
    documents = corpus(seed=8, documents=120)
    scans = {name: _scan(many) for name, many in documents.items()}
    index = open_index(url)
    index.replace_many(documents)
    pages = [one for many in documents.values() for one in many]
    rng = random.Random(9)
    sizes = []
    for _ in range(150):
        query, fulfils = _question(rng, pages, scans)
        tier = rng.choice([None, "tier:internal", "tier:secret"])
        reader = Reader(None if tier is None else frozenset({tier}))
        expected = {name for name, many in documents.items() if fulfils(many) and tier in (None, *many[0].access)}
        results = index.search(parse(query), reader, limit=500)
        assert {hit.document for hit in results.hits} == expected, query
        assert results.total == len(expected)
        assert sum(results.facets["category"].values()) == len(expected)
        assert _no_ties(index.search(parse(query), reader, limit=1).facets) == _no_ties(results.facets), query
        sizes.append(len(expected))
    assert sum(size > 0 for size in sizes) > 75


def _no_ties(facets):
    """Of customers the most frequent are counted; which of equals come last is each engine's own."""
    return {**facets, "customer": list(facets["customer"].values())}


def test_both_engines_show_the_same_places_excerpts_and_clear_order(tmp_path, elasticsearch_url):
    documents = corpus(seed=12, documents=60)
    address = f"{elasticsearch_url}/t{uuid4().hex}"
    engines = [open_index(f"tantivy://{tmp_path}/index"), open_index(address)]
    for engine in engines:
        engine.replace_many(documents)
    pages = [one for many in documents.values() for one in many]
    queries = [query for query, _ in _phrases(pages, random.Random(13), 60)]
    queries += ["合同", "华东", "6,922", "HTXS2026", "XS-2024", "客户 -合同", "有限公司 OR 贸易", "number:HT-CG", "款"]
    for query in queries:
        one, other = (engine.search(parse(query), EVERYONE, limit=100) for engine in engines)
        assert one.total == other.total, query
        customers, named = one.facets["customer"], other.facets["customer"]
        assert _no_ties(one.facets) == _no_ties(other.facets), query
        assert all(customers[name] == named[name] for name in customers.keys() & named.keys()), query
        shown = [
            {hit.document: (hit.page, hit.spans, hit.snippet, hit.marks, hit.pages_matched) for hit in results.hits}
            for results in (one, other)
        ]
        assert shown[0] == shown[1], query
        # Rarity is rounded differently, so only clear leads must agree: where a title or metadata value decides.
        ranks = [[round(hit.score / 50) for hit in results.hits] for results in (one, other)]
        assert all(first >= second for rank in ranks for first, second in pairwise(rank))
    _drop(address)


# --- near-misses ----------------------------------------------------------------------------------------------------------


def test_a_near_miss_is_found_marked_and_ranks_below_what_is_exact(index):
    index.replace_many(
        {
            "near": [page("near", "本采购台同自签字之日起生效", category="1.9")],
            "gap": [page("gap", "本采合同", category="1.9")],
            "exact": [page("exact", "另页" * 200 + "采购合同", category="1.2", access=("a",))],
            "other": [page("other", "采购清单与合同")],
            "name": [page("name", "无", customer="上海采购含同有限公司")],
        }
    )
    results = search_nearly(index, parse("采购合同"), EVERYONE)
    assert (results.hits[0].document, results.hits[0].approximate) == ("exact", False)
    assert {(hit.document, hit.approximate) for hit in results.hits[1:]} == {
        ("near", True),
        ("gap", True),
        ("name", True),
    }
    assert results.total == 4
    assert results.facets["category"] == {"1.9": 2, "1.2": 1}
    (shown,) = [hit for hit in results.hits if hit.document == "near"]
    assert shown.snippet[slice(*shown.marks[0])] == "采购台同"
    assert search_nearly(index, parse("采购合同"), Reader(frozenset({"a"}))).total == 1
    assert search_nearly(index, parse("采购合同 -生效"), EVERYONE).total == 3
    assert search_nearly(index, parse("采购合同"), EVERYONE, filters={"category": "1.9"}).total == 2
    assert [hit.document for hit in search_nearly(index, parse("采购合同"), EVERYONE, offset=1, limit=1).hits] == [
        results.hits[1].document
    ]
    assert search_nearly(index, parse("末同"), EVERYONE).total == 0


def test_one_wrong_character_is_forgiven_in_every_length(url):
    documents = corpus(seed=21, documents=150)
    index = open_index(url)
    rng = random.Random(22)
    asked = []
    for name, many in documents.items():
        text = many[0].text
        size = rng.randint(4, 12)
        at = rng.randrange(20, len(text) - 40)
        wanted = plain(text[at : at + size + 6])[:size]
        # What stands elsewhere without an error ranks above, and company names stand everywhere.
        if len(wanted) < size or '"' in wanted or sum(wanted in _scan(other) for other in documents.values()) > 1:
            continue
        wrong = rng.randrange(size)
        bad = wanted[:wrong] + rng.choice(["", "龘", "龘" + wanted[wrong]]) + wanted[wrong + 1 :]
        documents[name] = [page(name, text + "\n。" + bad + "。\n")] + [page(name, "", one.page) for one in many[1:]]
        # The word itself must stand nowhere, or the near-miss would rank below it.
        documents[name][0] = page(name, documents[name][0].text.replace(text[at : at + size + 6], ""))
        asked.append((name, wanted))
    index.replace_many(documents)
    found = [
        name in [hit.document for hit in search_nearly(index, parse(f'"{wanted}"'), EVERYONE, limit=10).hits]
        for name, wanted in asked
    ]
    assert len(found) > 90
    assert sum(found) >= 0.95 * len(found)


# --- addresses and failures ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["", "tantivy://relative", "tantivy:///", "ftp://host/x", "http://", "/var/index"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(SearchError, match="address"):
        open_index(address)


def test_a_server_that_is_not_there_is_unavailable_at_once():
    index = open_index("http://user:hunter2@127.0.0.1:9/x")
    began = time.monotonic()
    for attempt in (
        index.check,
        index.clear,
        lambda: index.replace("d", LICENCE),
        lambda: index.remove("d"),
        lambda: list(index.documents()),
        lambda: index.search(parse("合同"), EVERYONE),
    ):
        with pytest.raises(IndexUnavailable) as told:
            attempt()
        assert "127.0.0.1:9" in str(told.value)
        assert "hunter2" not in str(told.value)
    assert time.monotonic() - began < 30  # not the minute that a connection is given


class _Overloaded(BaseHTTPRequestHandler):
    status = 503

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self.status)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815 - the base class looks for these names

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(("status", "told"), [(503, "503"), (500, "500"), (401, "does not accept the user")])
def test_a_server_that_fails_is_unavailable_at_once(status, told):
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Failing", (_Overloaded,), {"status": status}))
    Thread(target=server.serve_forever, daemon=True).start()
    index = open_index(f"http://127.0.0.1:{server.server_port}")
    began = time.monotonic()
    for attempt in (index.check, lambda: index.replace("d", LICENCE), lambda: index.search(parse("合同"), EVERYONE)):
        with pytest.raises(IndexUnavailable, match=told):
            attempt()
    assert time.monotonic() - began < 30  # not the minute that a connection is given
    index._client.close()
    server.shutdown()
    server.server_close()


def test_a_rebuild_gets_what_is_written_meanwhile_and_takes_over_in_one_step(index):
    index.replace_many({"a": [page("a", "合同甲", stamp="1")], "b": [page("b", "合同乙", stamp="1")]})
    assert not index.begun()
    index.begin()
    index.begin()  # goes on
    assert index.begun()
    index.fill({"a": [page("a", "合同甲", stamp="2")]})
    index.replace("c", [page("c", "合同丙", stamp="3")])
    index.fill({"lost": [page("lost", "合同丁", stamp="4")]})
    assert sorted(ids(index, "合同")) == ["a", "b", "c"]
    assert dict(index.states()) == {"a": "1", "b": "1", "c": "3"}
    assert dict(index.filled()) == {"a": "2", "c": "3", "lost": "4"}
    assert index.contains("lost")  # nothing of a destroyed document may lie in either
    index.drop(["lost"])
    index.remove("b")
    index.finish()
    assert dict(index.states()) == {"a": "2", "c": "3"}
    assert sorted(ids(index, "合同")) == ["a", "c"]
    index.replace("e", [page("e", "合同戊", stamp="5")])
    assert sorted(ids(index, "合同")) == ["a", "c", "e"]
    assert not index.begun()
    index.begin()
    index.clear()
    assert not index.begun()
    assert list(index.documents()) == []


def test_settings_of_the_cluster_reach_its_indices(elasticsearch_url):
    address = f"{elasticsearch_url}/t{uuid4().hex}"
    index = open_index(address, shards=2, replicas=1)
    index.begin()
    (built,) = index._behind(index._next)
    index.finish()
    settings = index._client.indices.get_settings(index=built)[built]["settings"]["index"]
    assert (settings["number_of_shards"], settings["number_of_replicas"]) == ("2", "1")
    assert "refresh_interval" not in settings
    _drop(address)


def test_of_a_document_the_server_keeps_what_a_hit_is_made_of(elasticsearch_url):
    address = f"{elasticsearch_url}/t{uuid4().hex}"
    index = open_index(address)
    index.replace("a", [IndexedPage("a", 1, "违约责任")])
    kept = index._client.get(index=index._alias, id="a")["_source"]
    assert set(kept) == {"stored"}
    _drop(address)


def test_the_server_is_known_by_its_certificate_and_we_by_our_key(tmp_path):
    from tests.servers.plans import _certificate

    certificate = _certificate(tmp_path)
    keys = []

    class Keeper(_Overloaded):
        status = 200

        def do_GET(self):
            keys.append(self.headers["Authorization"])
            super().do_GET()

        do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815 - the same

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keeper)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, tmp_path / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"https://127.0.0.1:{server.server_port}"
    stranger, known = open_index(address), open_index(address, ca=certificate, api_key="a2V5")
    with pytest.raises(IndexUnavailable, match=r"TlsError|cannot be reached"):
        stranger.check()
    assert keys == []  # nobody was told anything
    known._client.ping()
    assert keys == ["ApiKey a2V5"]
    for index in (stranger, known):
        index._client.close()
    server.shutdown()
    server.server_close()


def test_an_answer_of_some_shards_alone_is_none(elasticsearch_url):
    address = f"{elasticsearch_url}/t{uuid4().hex}"
    index = open_index(address)
    index.replace("a", [IndexedPage("a", 1, "违约责任")])
    (name,) = index._behind()
    lost = f"{name.rpartition('-')[0]}-000099"
    index._client.indices.create(  # a part of the index that no machine holds
        index=lost,
        settings={"routing.allocation.require._name": "nowhere"},
        mappings=index._client.indices.get_mapping(index=name)[name]["mappings"],
        aliases={index._alias: {}},
        wait_for_active_shards="0",
    )
    with pytest.raises(IndexUnavailable):
        index.search(parse("违约"), EVERYONE)
    index._client.indices.delete(index=lost)
    assert index.search(parse("违约"), EVERYONE).total == 1
    _drop(address)


def test_a_server_without_room_says_so_answers_on_and_takes_it_later(elasticsearch_url):
    address = f"{elasticsearch_url}/t{uuid4().hex}"
    index = open_index(address)
    index.replace("a", [IndexedPage("a", 1, "违约责任")])
    (name,) = index._behind()
    lock = {"index.blocks.read_only_allow_delete": True}  # what the server does when its disks are full
    index._client.indices.put_settings(index=name, settings=lock)
    with pytest.raises(IndexUnavailable, match="disks are full"):
        index.replace("b", [IndexedPage("b", 1, "违约金")])
    assert index.search(parse("违约"), EVERYONE).total == 1
    index._client.indices.put_settings(index=name, settings=dict.fromkeys(lock))
    index.replace("b", [IndexedPage("b", 1, "违约金")])
    assert index.search(parse("违约"), EVERYONE).total == 2
    _drop(address)


def test_an_index_lost_under_way_is_unavailable_until_it_is_rebuilt(elasticsearch_url):
    address = f"{elasticsearch_url}/t{uuid4().hex}"
    index = open_index(address)
    index.replace("d", LICENCE)
    _drop(address)
    with pytest.raises(IndexUnavailable, match="reindex"):
        index.search(parse("钢材"), EVERYONE)
    index.clear()
    index.replace("d", LICENCE)
    assert ids(index, "钢材") == ["d"]
    _drop(address)


@pytest.mark.slow  # the server lets go of deleted entries every 30 seconds
def test_deleted_entries_can_be_driven_out_of_the_servers_files(elasticsearch_url):
    address = f"{elasticsearch_url}/t{uuid4().hex}"
    index = open_index(address)
    index.replace_many({"a": CONTRACT, "b": LICENCE})
    index.replace("a", CONTRACT)
    index.remove("a")
    until = time.monotonic() + 300
    while time.monotonic() < until:
        index.purge()
        counted = index._client.indices.stats(index=index._alias, metric="docs")["_all"]["primaries"]["docs"]
        if counted["deleted"] == 0:
            break
        time.sleep(1)
    assert (counted["count"], counted["deleted"]) == (1, 0)
    _drop(address)
