"""What must hold for every kind: values on the page, boxes on the value alone, honest confidence."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from intake.model import PageText
from intake.understand import CONFIDENCE_LINE, understand
from tests.intake import authorizations, contracts, further, licences
from tests.intake.cases import Case, faults
from tests.intake.layouts import letter, line, page

ALL = [*licences.CASES, *authorizations.CASES, *contracts.CASES, *further.CASES]
#: Labels that may never be part of a value.
LABELS = (
    "名称",
    "法定代表人",
    "注册资本",
    "成立日期",
    "营业期限",
    "经营范围",
    "登记机关",
    "甲方",
    "乙方",
    "委托单位",
    "受委托人",
    "委托期限",
    "合同编号",
    "签订日期",
    "統一社會信用代碼",
    "統一社会",
    "统一社会信用代码",
    "：",
    "供方",
    "需方",
)


def test_there_are_enough_layouts_of_each_kind():
    assert len(licences.CASES) >= 15
    assert len(authorizations.CASES) >= 15
    assert len(contracts.CASES) >= 30


@pytest.mark.parametrize("case", ALL, ids=lambda c: f"{c.kind}: {c.name}")
def test_a_document_is_read_as_a_person_would(case: Case):
    assert faults(case, understand(case.pages, case.ours)) == []


def _letters_in(pages, field) -> str:
    """The characters whose middle lies inside the field's box."""
    x0, y0, x1, y1 = field.box
    found = []
    for p in pages:
        if p.number == field.page:
            for li in p.lines:
                for w in li.words:
                    cx, cy = (w.box[0] + w.box[2]) / 2, (w.box[1] + w.box[3]) / 2
                    if x0 <= cx <= x1 and y0 <= cy <= y1:
                        found.append(w.text)
    return "".join(found)


@pytest.mark.parametrize("case", ALL, ids=lambda c: f"{c.kind}: {c.name}")
def test_a_box_lights_up_the_value_and_no_label(case: Case):
    read = understand(case.pages, case.ours)
    for name, field in read.fields.items():
        inside = _letters_in(case.pages, field)
        assert inside, name
        if field.box[3] - field.box[1] > 60:  # a wrapped value: its box covers whole lines
            continue
        assert len(inside) <= 2 * len(field.value) + 4, (name, inside)
        for label in LABELS:
            assert label not in inside or label in field.value, (name, inside)


def _blind(pages, value_of) -> list[PageText]:
    """The same pages with every character that belongs to a field's value gone."""
    gone = []
    for p in pages:
        lines = []
        for li in p.lines:
            words = tuple(w for w in li.words if not value_of(p.number, w))
            starts = {w.start for w in words}
            text = "".join(c if i in starts or c.isspace() else " " for i, c in enumerate(li.text))
            lines.append(replace(li, text=text, words=words))
        gone.append(replace(p, lines=tuple(lines)))
    return gone


@pytest.mark.parametrize("case", [c for c in ALL if len(c.fields) > 5], ids=lambda c: f"{c.kind}: {c.name}")
def test_without_its_value_a_label_gives_nothing(case: Case):
    """Mutation: erase what was read; no field may then surely hold the words of a label."""
    read = understand(case.pages, case.ours)

    def belongs(number, word):
        cx, cy = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
        return any(
            f.page == number and f.box[0] <= cx <= f.box[2] and f.box[1] <= cy <= f.box[3]
            for n, f in read.fields.items()
            if n != "title"
        )

    again = understand(_blind(case.pages, belongs), case.ours)
    for name, field in again.fields.items():
        if name == "title" or field.confidence < CONFIDENCE_LINE:
            continue
        assert not any(label in field.value for label in LABELS if len(label) > 1), (name, field.value)


@pytest.mark.parametrize("case", licences.CASES[:6], ids=lambda c: c.name)
def test_uncertain_reading_makes_uncertain_fields(case: Case):
    dim = [
        replace(
            p, lines=tuple(replace(li, words=tuple(replace(w, confidence=0.5) for w in li.words)) for li in p.lines)
        )
        for p in case.pages
    ]
    read = understand(dim)
    assert read.fields
    assert all(f.confidence < CONFIDENCE_LINE for f in read.fields.values())
    assert any(r.startswith("low_confidence:") for r in read.needs_review)


@pytest.mark.parametrize(
    ("letter_", "sure", "marked"), [("川", 0.6, True), ("川", 0.8, False), ("；", 0.6, True), ("、", 0.6, False)]
)
def test_one_letter_read_badly_makes_its_value_uncertain(letter_, sure, marked):
    scope = "阀门、管道配件的批发；机械设备租赁"
    texts = (
        "营业执照",
        "名称：临溪市鼎川阀门有限公司",
        "类型：有限责任公司",
        "法定代表人：丁立群",
        f"经营范围：{scope}",
    )
    lines = [line(t, 200, 200 + 90 * i) for i, t in enumerate(texts)]
    lines = [
        replace(li, words=tuple(replace(w, confidence=sure if w.text == letter_ else 0.99) for w in li.words))
        for li in lines
    ]
    read = understand([page(*lines)])
    name = "name" if letter_ == "川" else "scope"
    assert (read.fields[name].confidence < CONFIDENCE_LINE) is marked


def test_our_own_authorization_is_1_5_however_the_brackets_are_printed():
    paper = letter("""
# 授权委托书
委托单位：北辰远航(上海)供应链管理有限公司
法定代表人：欧阳建国
受委托人：李晓明
> 2026年1月5日
""")
    assert understand([paper], ["北辰远航（上海）供应链管理有限公司"]).category == "1.5"
    assert understand([paper], ["云岭重工股份有限公司"]).category == "1.4"
    assert understand([paper]).category == "1.4"


@pytest.mark.parametrize(
    "pages", [[], [page()], [page(line("x", 10, 10))], [page(line("今天天气很好，我们去公园散步。", 100, 300))]]
)
def test_what_is_nothing_is_unknown(pages):
    read = understand(pages)
    assert (read.category, read.kind) == ("", "unknown")
    assert read.needs_review == ("unknown_kind",)


def test_lines_without_words_still_have_places():
    case = licences.CASES[3]
    bare = [replace(p, lines=tuple(replace(li, words=()) for li in p.lines)) for p in case.pages]
    read = understand(bare)
    assert read.fields["name"].value == case.fields["name"]
    assert read.fields["name"].box[0] > bare[0].lines[2].box[0]


_SNIPPETS = [
    "甲方：",
    "乙方（盖章）：",
    "营业执照",
    "授权委托书",
    "合同",
    "2026年2月19日",
    "至",
    "自",
    "￥1,000.00",
    "壹佰万元整",
    "(",
    ")",
    "（以下简称甲方）",
    "东湖实业有限公司",
    "|",
    "\n",
    "# ",
    "名称",
    "法定代表人",
    "张三",
    "一年",
    "91310115MA1K35JX78",
    "。",
    "：",
    "单价",
    "合计",
    "有效期",
    "姓名",
    " ",
    "系",
    "的法定代表人",
    "授权",
    "Party A",
    "Ltd.",
]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(_SNIPPETS), max_size=30).map("".join))
@example(f"{' ' * 100}Ltd.")  # begins beyond the edge of the paper
def test_no_text_breaks_it_and_every_field_has_its_place(text):
    paper = letter(text)
    read = understand([paper])
    for field in read.fields.values():
        x0, y0, x1, y1 = field.box
        assert x0 < x1
        assert y0 < y1
        assert field.value
        assert 0 <= field.confidence <= 1


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("202409-11", "2024-09-11"),
        ("2024-0911", "2024-09-11"),
        ("202413-11", None),
        ("202409-1", None),
        ("2024-09-11", "2024-09-11"),
    ],
)
@pytest.mark.parametrize("label", ["发证日期：", ""])
def test_a_day_that_lost_a_dash_under_a_seal_is_read_for_a_person_to_look_at(label, printed, value):
    text = (
        "# 营业执照\n统一社会信用代码：91310115MA1K35JX78\n名称：东湖实业有限公司\n类型：有限责任公司\n法定代表人：郭靖\n"
        f"注册资本：壹亿元整\n成立日期：2001年8月8日\n住所：武汉市高新大道999号\n登记机关\n{label}{printed}"
    )
    read = understand([letter(text)])
    found = read.fields.get("issued_on")
    assert (found and found.value) == value
    assert ("low_confidence:issued_on" in read.needs_review) == (value is not None and printed != value)


@pytest.mark.parametrize(
    ("printed", "value", "marked"),
    [
        ("RMB 2,293,800.00", "2293800.00", False),
        ("RMB 2,293800.00", "2293800.00", True),
        ("RMB 2.293,800.00", "2.29", True),
    ],
)
def test_a_sum_that_lost_a_comma_is_for_a_person_to_look_at(printed, value, marked):
    texts = (
        "采购合同",
        "甲方：安雒市德业新材料有限公司",
        "乙方：临溪市鼎川阀门有限公司",
        "第一条 价款",
        f"合同价款为{printed}。",
    )
    found = understand([page(*(line(t, 200, 200 + 90 * i) for i, t in enumerate(texts)))])
    assert found.fields["amount"].value == value
    assert (found.fields["amount"].confidence < CONFIDENCE_LINE) is marked
