"""What only the embedded engine has: files that several processes share."""

import json
import multiprocessing
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from search.adapters import open_index, tantivy, tantivy_orders, tantivy_queries
from search.adapters.tantivy import TantivyIndex
from search.errors import IndexUnavailable
from search.model import IndexedPage, Reader
from search.nearly import CANDIDATES, search_nearly
from search.orders import ORDERS, RELEVANCE, anchor
from search.projection import MOST_VALUES
from search.syntax import parse

EVERYONE = Reader(None)


def page(document, text):
    return IndexedPage(document, 1, text)


def found(index, query):
    return sorted(hit.document for hit in index.search(parse(query), EVERYONE, limit=1000).hits)


def _write(path, name, count):
    index = TantivyIndex(path)
    for n in range(count):
        index.replace(f"{name}-{n}", [page(f"{name}-{n}", f"合同{name}第{n}号")])


def test_processes_take_turns_and_lose_nothing(tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(tmp_path, name, 8)) for name in "甲乙丙"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(300)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    index = TantivyIndex(tmp_path)
    assert index.search(parse("合同"), EVERYONE).total == 24
    assert len(list(index.documents())) == 24


def test_a_writer_killed_at_any_moment_leaves_a_sound_index(tmp_path):
    index = TantivyIndex(tmp_path)
    index.replace("first", [page("first", "合同")])
    program = (
        "import sys\n"
        "from search.adapters.tantivy import TantivyIndex\n"
        "from search.model import IndexedPage\n"
        "index = TantivyIndex(sys.argv[1])\n"
        "for n in range(10**6):\n"
        "    index.replace_many({f'd{n}-{m}': [IndexedPage(f'd{n}-{m}', 1, '合同文本' * 50)] for m in range(30)})\n"
        "    print(n, flush=True)\n"
    )
    rng = random.Random(1)
    for _ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
        writer.stdout.readline()
        time.sleep(rng.uniform(0, 0.3))
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        index.check()
        total = index.search(parse("合同"), EVERYONE).total
        assert total % 30 == 1
        assert total == len(list(index.documents()))
        index.replace("after", [page("after", "之后")])
        assert found(index, "之后") == ["after"]
        index.remove("after")


def test_removed_documents_leave_the_files(tmp_path):
    index = TantivyIndex(tmp_path)
    for n in range(6):
        index.replace_many({f"d{n}-{m}": [page(f"d{n}-{m}", f"留存文本{n}-{m}")] for m in range(3)})
    index.replace("gone", [page("gone", "机密甲")])
    index.replace("gone", [page("gone", "机密乙")])  # the first version now lies hidden in another file
    index.replace("d1-1", [page("d1-1", "留存改")])
    index.remove("gone")
    searcher = index._searcher()
    assert searcher.doc_freq("document", "gone") == 0
    assert searcher.doc_freq("text", "机密") == searcher.doc_freq("text", "密甲") == 0
    listed = {
        one["segment_id"].replace("-", "") for one in json.loads((tmp_path / "meta.json").read_text())["segments"]
    }
    assert {file.name.split(".")[0] for file in tmp_path.glob("*.store")} == listed
    assert index.search(parse("留存"), EVERYONE).total == 18
    assert found(index, "留存改") == ["d1-1"]
    assert found(index, "机密") == []


def test_purging_leaves_no_replaced_text(tmp_path):
    index = TantivyIndex(tmp_path)
    index.purge()
    for n in range(3):
        index.replace_many({f"d{n}": [page(f"d{n}", "旧版")], f"e{n}": [page(f"e{n}", "留存")]})
    for n in range(3):
        index.replace(f"d{n}", [page(f"d{n}", "新版")])
    index.purge()
    assert index._searcher().doc_freq("text", "旧版") == 0
    assert (len(found(index, "新版")), len(found(index, "留存"))) == (3, 3)


def test_rewriting_keeps_all_there_is_of_a_document(tmp_path):
    index = TantivyIndex(tmp_path)
    full = IndexedPage(
        "kept", 2, "正文\ud800", title="题", category="1.9", kind="contract", customer="客", department="部", status="stored",
        tier="", contract_number="HT-1", archive_number="J-1", numbers=("N1", "N2"), fields={"amount": "1.00"},
        received_on="2026-01-01", access=("a", "b"), handler="人",
    )  # fmt: skip
    index.replace_many({"kept": [full], "gone": [page("gone", "别的")]})
    before = index.search(parse("正文 amount:1 handler:人 number:N2 received_on:2026"), Reader(frozenset({"b"})))
    index.remove("gone")
    after = index.search(parse("正文 amount:1 handler:人 number:N2 received_on:2026"), Reader(frozenset({"b"})))
    assert before.total == after.total == 1
    assert before.facets == after.facets
    assert before.hits[0].spans == after.hits[0].spans


def _damage_list(path):
    (path / "meta.json").write_text("{")


def _lose_list(path):
    (path / "meta.json").unlink()


def _lose_files(path):
    for file in path.glob("*.idx"):
        file.unlink()


def _cut_files(path):
    for pattern in ("*.term", "*.store", "*.idx"):
        for file in path.glob(pattern):
            file.write_bytes(file.read_bytes()[:20])


def _other_rules(path):
    meta = (path / "meta.json").read_text()
    (path / "meta.json").write_text(meta.replace('"rules_', '"rules_9'))


@pytest.mark.parametrize("damage", [_damage_list, _lose_list, _lose_files, _cut_files, _other_rules])
def test_a_damaged_directory_says_how_to_mend_it_and_can_be_rebuilt(tmp_path, damage):
    TantivyIndex(tmp_path).replace("d", [page("d", "合同")])
    damage(tmp_path)
    index = TantivyIndex(tmp_path)
    for attempt in (
        index.check,
        lambda: index.search(parse("合同"), EVERYONE),
        lambda: index.replace("e", [page("e", "合同")]),
        lambda: list(index.documents()),
    ):
        with pytest.raises(IndexUnavailable, match="juanzong reindex"):
            attempt()
    index.clear()
    index.check()
    index.replace("d", [page("d", "合同")])
    assert found(index, "合同") == ["d"]


def test_damage_under_a_running_process_is_told_and_passes_when_rebuilt(tmp_path):
    running = TantivyIndex(tmp_path)
    running.replace("d", [page("d", "合同")])
    _damage_list(tmp_path)
    with pytest.raises(IndexUnavailable, match="juanzong reindex"):
        running.search(parse("合同"), EVERYONE)
    other = TantivyIndex(tmp_path)
    other.clear()
    assert found(running, "合同") == []
    other.replace("d", [page("d", "合同")])
    assert found(running, "合同") == ["d"]


def test_a_place_that_cannot_be_written_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(IndexUnavailable):
        TantivyIndex(tmp_path / "file" / "index").check()


def test_a_batch_that_fails_half_way_changes_nothing(tmp_path, monkeypatch):
    index = TantivyIndex(tmp_path)
    index.replace("d", [page("d", "合同")])
    calls = []

    def stop(entry):
        calls.append(entry)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(entry)

    from search.adapters import tantivy as module

    original = module._entry
    monkeypatch.setattr(module, "_entry", stop)
    with pytest.raises(KeyboardInterrupt):
        index.replace_many({"d": [page("d", "别的")], "e": [page("e", "合同")]})
    monkeypatch.undo()
    assert found(index, "合同") == ["d"]
    index.replace("e", [page("e", "合同")])
    assert found(index, "合同") == ["d", "e"]


def test_a_cold_search_is_quick(tmp_path):
    url = f"tantivy://{tmp_path}/index"
    open_index(url).replace_many({f"d{n}": [page(f"d{n}", f"合同文本第{n}号")] for n in range(50)})
    program = (
        "import sys, time\n"
        "from search.adapters import open_index\n"
        "from search.model import Reader\n"
        "from search.syntax import parse\n"
        "assert open_index(sys.argv[1]).search(parse('合同 第7'), Reader(None)).total == 1\n"
        "print(time.process_time())\n"  # of this process alone, so that a busy machine fails nothing
        "assert 'elasticsearch' not in sys.modules\n"
    )
    taken = [
        float(subprocess.run([sys.executable, "-c", program, url], capture_output=True, check=True, text=True).stdout)
        for _ in range(3)
    ]
    assert min(taken) < 0.3


def test_the_short_way_to_what_few_may_see_finds_the_same(tmp_path):
    """Three characters make every pair frequent, so that tokens are left out and bounds are looked at first."""
    rng = random.Random(7)
    texts = {f"d{n}": "".join(rng.choices("甲乙丙", k=40)) for n in range(300)}
    titles = {name: "".join(rng.choices("甲乙丙", k=7)) for name in texts}
    index = TantivyIndex(tmp_path)
    index.replace_many(
        {
            name: [IndexedPage(name, 1, text, title=titles[name], category="1.2", access=("all", f"part{n % 10}"))]
            for n, (name, text) in enumerate(texts.items())
        }
    )
    few, most = frozenset({"part3"}), frozenset({"all"})
    for length in range(2, 10):
        for _ in range(10):
            asked = "".join(rng.choices("甲乙丙", k=length))
            for tokens in (few, most):
                seen = [name for n, name in enumerate(texts) if "all" in tokens or n % 10 == 3]
                answer = index.search(parse(f'"{asked}"'), Reader(tokens), limit=400)
                assert sorted(hit.document for hit in answer.hits) == sorted(
                    name for name in seen if asked in texts[name] or asked in titles[name]
                )
                assert sum(answer.facets["category"].values()) == answer.total
    near = index.search(parse("甲乙丙 near:3 丙甲甲"), Reader(few), limit=400)
    either_way = re.compile("甲乙丙.{0,3}丙甲甲|丙甲甲.{0,3}甲乙丙")
    assert {hit.document for hit in near.hits} == {
        name for n, (name, text) in enumerate(texts.items()) if n % 10 == 3 and either_way.search(text)
    }


def test_a_phrase_does_not_go_on_in_the_next_value_or_page(tmp_path):
    """The pairs of `丙丁` and of `己庚` stand two places apart in both."""
    index = TantivyIndex(tmp_path)
    named = IndexedPage("named", 1, "", fields={"subject": "甲乙丙丁", "address": "己庚辛"})
    paged = [IndexedPage("paged", 1, "甲乙丙丁"), IndexedPage("paged", 2, "己庚辛")]
    index.replace_many({"named": [named], "paged": paged})
    for asked in ("丙丁己庚", "丙丁戊己庚", "乙丙丁己庚辛"):
        assert not index.search(parse(f'"{asked}"'), EVERYONE).total
    assert index.search(parse('"乙丙丁"'), EVERYONE).total == 2


@pytest.mark.parametrize("tokens", [frozenset({"all"}), frozenset({"few"})])
@pytest.mark.parametrize("told_of_a_file", [tantivy._MOST_NUMBERS, MOST_VALUES["customer"]])
def test_of_customers_the_most_frequent_are_counted_to_the_last(tmp_path, monkeypatch, tokens, told_of_a_file):
    """Each commit makes a file of its own, in which most customers are among the rare ones, and where it may not tell of all of them."""
    monkeypatch.setattr(tantivy, "_MOST_NUMBERS", told_of_a_file)
    rng, index, told = random.Random(3), TantivyIndex(tmp_path), Counter()
    for batch in range(4):
        pages = {}
        for n in range(400):
            name, customer = f"d{batch}-{n}", f"客户{int(rng.random() ** 2 * 200):03}"
            few = rng.random() < 0.2
            told[customer] += few or "all" in tokens
            pages[name] = [IndexedPage(name, 1, "合同", customer=customer, access=("all", "few") if few else ("all",))]
        index.replace_many(pages)
    counted = index.search(parse("合同"), Reader(tokens)).facets["customer"]
    assert len(counted) == MOST_VALUES["customer"]
    assert counted == {customer: told[customer] for customer in counted}
    assert list(counted.values())[:5] == [count for _, count in told.most_common(5)]


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_all_shown_is_looked_for_once(tmp_path, monkeypatch, order):
    """Its facets are those of the hits, and the same that the engine counts where more match than are shown."""
    index, long = TantivyIndex(tmp_path), "甲" * 300
    assert not index.search(parse("采购合同"), Reader(frozenset({"a"})), order=order).total  # nothing is in it yet
    index.replace_many(
        {
            f"d{n}": [
                IndexedPage(f"d{n}", 1, "采购合同", category="1.9", customer=long if n else "乙", department="x" * n)
            ]
            for n in range(4)
        }
    )
    counted = TantivyIndex._counted
    monkeypatch.setattr(TantivyIndex, "_counted", lambda *_, **__: pytest.fail("it was looked for again"))
    shown = index.search(parse("采购合同"), EVERYONE, order=order)
    assert index.search(parse("租赁"), EVERYONE, order=order).facets == {name: {} for name in shown.facets}
    monkeypatch.setattr(TantivyIndex, "_counted", counted)
    assert shown.facets == index.search(parse("采购合同"), EVERYONE, order=order, limit=3).facets
    assert shown.facets == index.search(parse("采购合同"), EVERYONE, order=order, offset=1).facets
    assert list(shown.facets["customer"].items()) == [("甲" * 256, 3), ("乙", 1)]
    monkeypatch.setattr(tantivy, "_ONE_PASS", 0)  # so many may match that both passes begin at once
    assert shown == index.search(parse("采购合同"), EVERYONE, order=order)


def test_a_phrase_is_looked_for_by_as_few_of_its_pairs_as_tell_it(tmp_path):
    """A pair that is hardly rarer than those is left to them; one that few have is looked for, too."""
    index = TantivyIndex(tmp_path)
    documents = {f"d{n}": [page(f"d{n}", "采购钢材合同")] for n in range(40)}
    documents |= {f"e{n}": [page(f"e{n}", "采购。钢材。材合。合同。" + ("购钢" if n else ""))] for n in range(2)}
    index.replace_many(documents)
    queries = tantivy_queries._Queries(tantivy._schema(), index._searcher(), ())
    assert queries._telling("text", ("采购", "购钢", "钢材", "材合", "合同"), 0) == [
        (0, "采购"),
        (2, "钢材"),
        (4, "合同"),
    ]
    index.replace_many({f"f{n}": [page(f"f{n}", "采购。钢材。材合。合同。")] for n in range(20)})
    queries = tantivy_queries._Queries(tantivy._schema(), index._searcher(), ())
    assert (1, "购钢") in queries._telling("text", ("采购", "购钢", "钢材", "材合", "合同"), 0)


@pytest.fixture
def few_are_ranked(monkeypatch):
    for module in (tantivy_orders, tantivy_queries):
        monkeypatch.setattr(module, "RANKED", 20)
    monkeypatch.setattr(tantivy_queries, "_MANY", 80)
    monkeypatch.setattr(tantivy_queries, "_ENOUGH", 40)


def _of_ten_years(index):
    """Index thirty documents of each year; the oldest are the shortest, which weighs most."""
    documents = {}
    for year in range(2015, 2025):
        for n in range(30):
            name = f"{year}-{n:02}"
            text = (
                ("甲乙丙" if year == 2015 else "甲乙。乙丙")
                + "采购合同"
                + ("违约金" if year < 2020 or n == 7 else "")
                + "条款" * (year - 2014)
            )
            title = "运输协议" if name == "2015-03" else "文件"
            tier = "all" if n % 2 else "half"
            documents[name] = [
                IndexedPage(name, 1, text, title=title, received_on=f"{year}-05-{n + 1:02}", access=(tier,))
            ]
    documents["2016-44"] = [IndexedPage("2016-44", 1, "采购单运输协议", received_on="2016-05-05", access=("all",))]
    index.replace_many(documents)
    return documents


def test_of_what_stands_on_very_many_pages_the_newest_are_ranked_and_all_are_counted(tmp_path, few_are_ranked):
    index = TantivyIndex(tmp_path)
    _of_ten_years(index)
    for asked, total in (("合同", 300), ('"采购合同"', 300), ("采购", 301), ("合同 OR 运输协议", 301)):
        for reader, part in ((EVERYONE, total), (Reader(frozenset({"all"})), total - 150)):
            found = index.search(parse(asked), reader, limit=10)
            assert found.total == part, asked
            assert sum(found.facets["year"].values()) == part, asked
            assert index.search(parse(asked), reader, limit=10, facets=False).total == part
            newest = {hit.document[:4] for hit in found.hits if hit.document not in ("2015-03", "2016-44")}
            assert newest <= {"2022", "2023", "2024"}, asked
    # Only few have it in the title: it comes first, from whatever year.
    assert next(hit.document for hit in index.search(parse("合同 OR 运输协议"), EVERYONE, limit=2).hits) == "2015-03"


def test_ranked_hits_of_very_many_follow_one_another_and_end(tmp_path, few_are_ranked):
    index = TantivyIndex(tmp_path)
    _of_ten_years(index)
    shown, after = [], None
    while len(shown) < 20:
        page = index.search(parse("合同"), EVERYONE, limit=6, after=after)
        shown += [hit.document for hit in page.hits]
        after = anchor(page.hits[-1], RELEVANCE, len(shown))
    assert len(set(shown)) == len(shown)
    assert shown[:20] == [hit.document for hit in index.search(parse("合同"), EVERYONE, limit=20).hits]
    # Whoever wants more than are ranked gets them of all years.
    assert {hit.document[:4] for hit in index.search(parse("合同"), EVERYONE, limit=300).hits} == {
        str(year) for year in range(2015, 2025)
    }


def test_what_looks_frequent_and_is_not_is_found_in_all_years(tmp_path, few_are_ranked):
    index = TantivyIndex(tmp_path)
    documents = _of_ten_years(index)
    assert found(index, '"采购单运"') == ["2016-44"]
    # Its pairs are everywhere, the phrase is not.
    assert found(index, '"甲乙丙"') == [name for name in documents if name.startswith("2015")]
    assert len(index.search(parse('"甲乙丙"'), EVERYONE, limit=10).hits) == 10
    # Of what is left out nothing comes back because it is old.
    without = index.search(parse("合同 OR (运输协议 -采购)"), EVERYONE, limit=20)
    assert without.total == 300
    assert "2016-44" not in {hit.document for hit in without.hits}


# --- near-misses ---


def _misread(rng, word):
    at = rng.randrange(len(word))
    return word[:at] + rng.choice(["", "龘", "龘" + word[at]]) + word[at + 1 :]


def test_near_misses_are_the_same_by_what_holds_a_rare_part_and_by_every_candidate(tmp_path, monkeypatch):
    """None of these characters looks like another."""
    rng, index = random.Random(5), TantivyIndex(tmp_path)
    texts = {f"d{n}": "".join(rng.choices("钢材采购验收", k=30)) for n in range(300)}
    asked = ["".join(rng.choices("钢材采购验收", k=length)) for length in range(4, 16) for _ in range(4)]
    for n, word in enumerate(asked):
        texts[f"w{n}"] = f"{_misread(rng, word)}。" + "".join(rng.choices("钢材采购验收", k=20))
    index.replace_many(
        {
            name: [IndexedPage(name, 1, text, access=("all", f"part{n % 3}"))]
            for n, (name, text) in enumerate(texts.items())
        }
    )
    for reader in (EVERYONE, Reader(frozenset({"part1", "none"})), Reader(frozenset({"part0", "part2"}))):
        answers = []
        for rare in (lambda *_: True, lambda *_: False, tantivy_queries._Queries._rare):
            monkeypatch.setattr(tantivy_queries._Queries, "_rare", rare)
            found = (search_nearly(index, parse(f'"{word}"'), reader, limit=CANDIDATES) for word in asked)
            answers.append([({hit.document: hit.approximate for hit in one.hits}, one.total) for one in found])
        assert answers[0] == answers[1] == answers[2]
        seen = [any(name.startswith("w") for name in hits) for hits, _ in answers[0]]
        assert sum(seen) > len(asked) / 4


def test_a_rare_word_is_looked_for_by_its_halves(tmp_path, monkeypatch):
    index = TantivyIndex(tmp_path)
    index.replace_many({f"d{n}": [page(f"d{n}", "采购钢材合同书" if n else "采购钢村合同书")] for n in range(9)})
    looked, phrase = [], tantivy_queries._Queries._phrase
    monkeypatch.setattr(
        tantivy_queries._Queries, "_phrase", lambda self, run: looked.append(run.tokens) or phrase(self, run)
    )
    assert search_nearly(index, parse("采购钢村合同书"), EVERYONE).total == 9
    # The word itself, its halves, and those with a character that looks like another.
    assert looked.count(("采购", "购钢")) == 1
    assert len(looked) < 8


def test_what_has_a_character_somewhere_crowds_out_no_near_miss(tmp_path):
    """Many have the name's beginning, and its last character in another place."""
    index = TantivyIndex(tmp_path)
    many = {f"d{n}": [page(f"d{n}", f"法定代表人签字{n}。思")] for n in range(2 * CANDIDATES)}
    index.replace_many({**many, "near": [IndexedPage("near", 1, "法定代丧人白思", received_on="2001-01-01")]})
    found = search_nearly(index, parse("法定代表人白思"), EVERYONE)
    assert [hit.document for hit in found.hits] == ["near"]


@pytest.mark.parametrize("others", [0, tantivy_queries._FEW_VALUES])
def test_what_a_reader_may_see_is_found_by_lists_and_by_sets_of_entries(tmp_path, others):
    """Many values of a bound are put together before anything is looked at, a few are looked through."""
    index = TantivyIndex(tmp_path)
    index.replace_many({f"d{n}": [IndexedPage(f"d{n}", 1, "采购合同", access=(f"t{n}",))] for n in range(40)})
    reader = Reader(frozenset({"t3", "t5", "none", *(f"t{n}" for n in range(20, 20 + others))}))
    expected = {"d3", "d5", *(f"d{n}" for n in range(20, 20 + others))}
    for asked in ("采购合同", '"购合"', "采购 合同", "采购 OR 租赁", "合同 -租赁"):
        assert {hit.document for hit in index.search(parse(asked), reader).hits} == expected
    kept = tantivy_queries._Queries(tantivy._schema(), index._searcher(), [("access", sorted(reader.tokens))])._within
    assert ("TermSet" in str(kept[0][1])) == bool(others)
