"""Both languages say everything."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from credit.fact_kinds import OF_PAPERS
from intake.errors import Rejected
from service.flow.intake.categories import CATEGORIES
from service.web import trail_words, words
from service.web.refusals import REJECTIONS
from tests.service.web.conftest import CATALOGUE, Site, Town

WEB = Path(__file__).parents[3] / "service" / "web"
MAPPING = [("**.py", "python"), ("templates/**.html", "jinja2")]
HAN = re.compile(r"[\u4e00-\u9fff]")


def messages() -> set[object]:
    return {message for _file, _line, message, _comments, _context in extract_from_dir(str(WEB), MAPPING)}


def test_every_message_is_translated_and_none_is_left_over() -> None:
    with (Path(__file__).parents[3] / CATALOGUE).open("rb") as source:
        catalogue = read_po(source, locale="en")
    translated = {
        message.id for message in catalogue if message.id and all(as_tuple(message.string)) and not message.fuzzy
    }
    assert messages() - translated == set()
    assert translated - messages() == set()


def as_tuple(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def test_a_translation_fills_in_the_same_values() -> None:
    with (Path(__file__).parents[3] / CATALOGUE).open("rb") as source:
        catalogue = read_po(source, locale="en")
    value = re.compile(r"%\((\w+)\)")
    for message in catalogue:
        if message.id:
            wanted = set(value.findall(str(message.id)))
            for form in as_tuple(message.string):
                assert set(value.findall(str(form))) == wanted, message.id


def test_every_code_has_a_word() -> None:
    assert set(words.CATEGORIES) == set(CATEGORIES)
    understanding = (WEB.parents[1] / "intake" / "understand.py").read_text("utf-8")
    reasons = set(re.findall(r'"(\w+_(?:kind|failed|mismatch)|repaired)"', understanding)) | set(
        re.findall(r'f?"(\w+):[{k]', understanding)
    )
    assert {"low_confidence", "unknown_kind", "missing", "repaired"} <= reasons <= set(words.REASONS)
    documented = re.search(r"code: a stable word for programs \((.*?)\)", Rejected.__doc__ or "", re.DOTALL)
    assert documented
    assert {code.strip() for code in documented.group(1).replace("\n", " ").split(",")} <= set(REJECTIONS)


def test_only_the_review_of_a_destruction_is_called_certified() -> None:
    """One Chinese word may be two English ones: what merely ended has a word of its own."""
    certified = str(words.REVIEW_STATES["certified"][1])
    others = (words.RUN_STATES, words.LONG_RUN_STATES, words.MILESTONE_STATES)
    assert certified not in {str(word) for table in others for _colour, word in table.values()}


def test_every_action_of_the_trail_has_words() -> None:
    written = re.compile(r"""audit\.append\(\s*[\w.]+,\s*[\w.]+,\s*"([a-z_.]+)",""")
    actions = {a for path in (WEB.parent / "flow").rglob("*.py") for a in written.findall(path.read_text("utf-8"))}
    actions |= {a for path in (WEB.parent / "access").rglob("*.py") for a in written.findall(path.read_text("utf-8"))}
    assert len(actions) > 50
    assert {action for action in actions if not trail_words.known(action)} == set()


@pytest.mark.parametrize("login", ["handler", "administrator", "archivist", "auditor", "root"])
def test_an_english_page_has_no_chinese_but_the_archives_own(town: Town, login: str) -> None:
    browser = town.signed_in(login)
    browser.client.set_cookie("language", "en")
    own = (
        "云桥智联信息技术有限公司",
        "技术服务合同",
        "销售部",
        "采购部",
        "华岳实业集团有限公司",
        "某",
        "中文",
        "无此类材料",
    )
    paths = ("/", "/upload", "/to-review", "/contracts", "/files", "/transfers", "/holds", "/reviews", "/loans",
             "/customers", "/people", "/people/root", "/departments", "/me", "/contracts/new", "/audit", "/keys", "/register", "/no-such-page")  # fmt: skip
    for path in paths:
        text = re.sub(r"<[^>]*>", " ", browser.get(path).text)
        for name in own:
            text = text.replace(name, "")
        assert not HAN.search(text), (path, HAN.findall(text))


def test_the_language_is_switched_and_stays(site: Site) -> None:
    browser = site.visitor()
    page = browser.get("/sign-in").text
    assert 'lang="zh-CN"' in page
    for sentence in ("客户信用，我们共同守护。", "准确、及时、完整，信息管理三原则。", "风险预警，早发现，早应对。",
                     "尊重法规，合规经营，诚信为本。", "信用档案，助力决策，驱动发展。"):  # fmt: skip
        assert sentence in page  # RULES A7
    assert browser.post("/language", {"language": "en", "next": "/sign-in"}).headers["Location"] == "/sign-in"
    page = browser.get("/sign-in").text
    assert '<html lang="en">' in page
    assert "Customer credit: we guard it together." in page
    assert browser.get("/sign-in").text.count("Sign in") >= 1


def test_refusals_of_the_flows_are_known_in_chinese() -> None:
    """The plain sentences (those without values) that flows and rules raise all have a Chinese form."""
    from service.web.refusals import _KNOWN

    raised = re.compile(r'(?:RuleRefused|TransitionRefused|FileIncomplete)\(\s*"([^"{]+)"\s*\)')
    root = Path(__file__).parents[3]
    found: set[str] = set()
    rules = [
        root / "retention" / name for name in ("appraisal.py", "opinions.py", "transfer.py", "holds.py", "lending.py")
    ]
    for path in [*rules, *(root / "service/flow").rglob("*.py"), *(root / "service/web").rglob("*.py")]:
        found |= set(raised.findall(path.read_text("utf-8")))
    assert found
    assert {text for text in found if not any(pattern.fullmatch(text) for pattern, _said in _KNOWN)} == set()


@pytest.mark.parametrize("path", ["/upload", "/contracts?text=a"])
def test_the_switch_in_the_shell_comes_back_to_the_page(site: Site, path: str) -> None:
    form = re.search(r'<form action="/language".*?</form>', site.signed_in("handler").get(path).text, re.DOTALL)
    assert form
    assert f'name="next" value="{path}"' in form.group()


def test_whatever_papers_say_of_a_customer_can_be_added_by_hand():
    said = {
        name
        for paper in OF_PAPERS.values()
        for party in paper.parties
        for name in (*party.facts, *filter(None, (party.name, party.code)))
    }
    assert said | {day for paper in OF_PAPERS.values() for day in paper.since} <= set(words.FIELDS)
