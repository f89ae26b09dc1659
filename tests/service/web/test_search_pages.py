"""The result list as a page: sorted, paged, and clear about what cannot be."""

import re
from datetime import timedelta

import pytest

from search.fields import VALUE_WORDS
from service.flow.common.index import index_documents
from service.flow.search.find import find
from service.records.tables import Document
from service.web import words
from tests.service.test_find_orders import MANY, copies
from tests.service.web.conftest import Site

DOCUMENT = re.compile(r'class="title" href="/documents/([0-9a-f-]{36})')


def test_a_list_is_sorted_and_paged_by_its_links(site: Site) -> None:
    made = copies(site.office)
    person = site.signed_in("handler")
    page = person.get("/search?q=钢材").text
    link = re.search(r'href="([^"]*sort=oldest_received[^"]*)"', page)
    assert link
    shown, address = [], link.group(1).replace("&amp;", "&")
    while address:
        page = person.get(address).text
        shown += DOCUMENT.findall(page)
        following = re.search(r'<a rel="next" href="([^"]+)"', page)
        address = following.group(1).replace("&amp;", "&") if following else ""
    assert shown == made
    before = re.search(r'<a rel="prev" href="([^"]+)"', page)
    assert before
    assert DOCUMENT.findall(person.get(before.group(1).replace("&amp;", "&")).text) == made[20:40]


@pytest.mark.parametrize("page", ["1000000000", "9" * 5000, "-1", "abc", "0"])
def test_a_page_beyond_the_last_says_so(site: Site, page: str) -> None:
    copies(site.office, 3)
    answer = site.signed_in("handler").get(f"/search?q=钢材&page={page}")
    assert answer.status_code == 200
    assert ("这一页没有文件：一共 3 件。" in answer.text) == (page[0] in "19" and len(page) < 100)
    assert "第 " not in answer.text.split('class="pager"')[-1] or 'rel="next"' not in answer.text


def test_an_address_of_another_search_is_refused_on_the_page(site: Site) -> None:
    copies(site.office)
    person = site.signed_in("handler")
    cursor = find(site.office.house, site.office["handler"], "钢材", limit=20).next
    assert person.get(f"/search?q=钢材&cursor={cursor}&page=2").status_code == 200
    for address in (
        f"/search?q=钢&cursor={cursor}",
        "/search?q=钢材&cursor=x",
        f"/search?q=钢材&sort=number&cursor={cursor}",
    ):
        answer = person.get(address)
        assert answer.status_code == 400
        assert "这个翻页地址不属于这次检索，请从第一页看起。" in answer.text
    assert "没有这种排序。" in person.get("/search?q=钢材&sort=colour").text


@pytest.mark.parametrize("query", ["钢" * 10_000, '合同 "未完', "钢\x00材", "colour:red", "-钢材", "signed:昨天"])
def test_a_wrong_query_is_explained_on_the_page(site: Site, query: str) -> None:
    answer = site.signed_in("handler").get("/search", query_string={"q": query})
    assert answer.status_code == 400
    assert "看不懂这个检索式。" in answer.text
    assert "<mark>" in answer.text


def test_the_words_on_the_page_can_be_typed(site: Site) -> None:
    copies(site.office, 2)
    person = site.signed_in("handler")
    assert len(DOCUMENT.findall(person.get("/search?q=钢材 状态:已入库 密级:内部").text)) == 2
    assert DOCUMENT.findall(person.get("/search?q=钢材 状态:已归档").text) == []
    for kind, shown in (("status", words.DOCUMENT_STATES), ("tier", words.TIERS)):
        said = {code: word[1] if isinstance(word, tuple) else word for code, word in shown.items()}
        assert VALUE_WORDS[kind] == {said[code]: code for code in VALUE_WORDS[kind].values()}


def test_a_long_list_of_values_is_folded_away(site: Site) -> None:
    made = copies(site.office, 15)
    with site.office.house.database.write() as session:
        for number, document_id in enumerate(made):
            session.get_one(Document, document_id).received_at += timedelta(days=-366 * number)
    index_documents(site.office.house, made)
    page = site.signed_in("handler").get("/search?q=钢材").text
    years = page.partition("收到年份</h2>")[2].partition("<h2")[0]
    shown, _, folded = years.partition("<details>")
    assert (shown.count('class="facet"'), folded.partition("</details>")[0].count('class="facet"')) == (12, 3)
    assert "其余 3 项" in folded


def test_a_short_list_has_no_orders_to_choose(site: Site) -> None:
    site.office.take_in()
    assert 'class="why sorts' not in site.signed_in("handler").get("/search?q=技术服务").text
    assert MANY > 40


def test_the_box_and_the_page_suggest(site: Site) -> None:
    copies(site.office, 2)
    person = site.signed_in("handler")
    answer = person.get("/search/suggestions?q=钢材")
    assert [one["text"] for one in answer.json["suggestions"]] == ["钢材0号", "钢材1号"]
    assert 'list="suggested"' in person.get("/").text
    assert "是不是要找" not in person.get("/search?q=钢材").text


def test_the_list_is_saved_in_the_readers_language(site: Site) -> None:
    copies(site.office, 3)
    person = site.signed_in("handler")
    page = person.get("/search?q=钢材&sort=number").text
    link = re.search(r'href="(/search/export.csv[^"]+)"', page)
    assert link
    saved = person.get(link.group(1).replace("&amp;", "&"))
    rows = saved.data.decode("utf-8-sig").splitlines()
    assert rows[0].startswith("文件标识,题名,类目")
    assert len(rows) == 4
    assert person.get("/search/export.pdf?q=钢材").status_code == 404
    wrong = person.get('/search/export.csv?q="钢材')
    assert wrong.status_code == 400
    assert wrong.mimetype == "text/html"


def test_a_search_is_saved_renamed_run_and_deleted_on_its_page(site: Site) -> None:
    copies(site.office, 2)
    person = site.signed_in("handler")
    assert "保存这个检索" in person.get("/search?q=钢材&category=1.9").text
    sent = {"query": "钢材", "category": "1.9", "name": "钢材合同"}
    assert person.post("/search/saved", sent).status_code == 303
    page = person.get("/search/saved").text
    address = re.search(r'action="(/search/saved/[0-9a-f-]+)/name"', page)
    assert address
    assert "/search?q=%E9%92%A2%E6%9D%90&amp;category=1.9" in page
    assert person.post(f"{address.group(1)}/name", {"name": "另一个"}).status_code == 303
    assert "另一个" in person.get("/search/saved").text
    assert site.signed_in("archivist").post(f"{address.group(1)}/delete").status_code == 404
    assert person.post(f"{address.group(1)}/seen").status_code == 303
    assert person.post(f"{address.group(1)}/delete").status_code == 303
    assert "还没有保存的检索" in person.get("/search/saved").text
    assert person.post("/search/saved", {**sent, "name": ""}).status_code == 422
    assert person.post("/search/saved", {**sent, "query": '"钢'}).status_code == 400
