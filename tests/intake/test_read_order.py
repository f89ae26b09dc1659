import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from intake.model import Line
from intake.reading_order import arrange, skew
from intake.words import Char, line_of


def text_line(text, x, y, size=30, slope=0.0):
    """A line of square characters beginning at x, its middle at y, falling by `slope`."""
    chars = []
    for i, c in enumerate(text):
        left, middle = x + i * size, y + slope * (x + (i + 0.5) * size)
        chars.append(
            None
            if c == "　"
            else Char(c, (round(left), round(middle - size / 2), round(left + size), round(middle + size / 2)))
        )
    return line_of(chars)


def texts(lines, **options):
    return [line.text.replace(" ", "") for line in arrange(reversed(lines), **options)]


LICENCE = {
    "left": [
        "名　　称　临溪市鼎川阀门有限公司",
        "类　　型　有限责任公司",
        "法定代表人　丁立群",
        "经营范围　阀门、管道配件、金属材料的批发与",
        "零售；机械设备租赁；机电设备安装。",
    ],
    "right": ["注册资本　叁仟贰佰万元整", "成立日期　2013年04月18日", "住　　所　临溪市城北区望江路216号"],
}


def licence(slope=0.0):
    lines = [text_line("营业执照", 1200, 100, 150, slope)]
    for side, x in (("left", 200), ("right", 1500)):
        lines += [text_line(t, x, 400 + 90 * i, 40, slope) for i, t in enumerate(LICENCE[side])]
    return [*lines, text_line("登记机关", 1900, 950, 40, slope)]


def flat(texts):
    return [t.replace("　", "") for t in texts]


def test_a_licence_with_two_columns_is_read_column_by_column():
    assert texts(licence()) == ["营业执照", *flat(LICENCE["left"]), *flat(LICENCE["right"]), "登记机关"]


def test_skew_changes_nothing():
    upright = texts(licence())
    for degrees in (-5, -3.5, -1, 2, 5):
        slope = math.tan(math.radians(degrees))
        assert texts(licence(slope)) == upright
        assert abs(skew(licence(slope)) - slope) < 0.01


def test_label_and_value_in_separate_boxes_become_one_line():
    lines = [text_line("名", 100, 100), text_line("称", 190, 101), text_line("鼎川阀门有限公司", 300, 99)]
    lines += [text_line("住所", 100, 160), text_line("临溪市望江路", 300, 161)]
    assert texts(lines) == ["名称鼎川阀门有限公司", "住所临溪市望江路"]


def test_a_table_is_read_row_by_row():
    rows = [
        ["序号", "货物名称", "规格", "数量"],
        ["1", "电动蝶阀", "DN300", "48"],
        ["2", "闸阀", "DN100", "120"],
        ["3", "止回阀", "DN80", "6"],
    ]
    lines = [
        text_line(c, x, 100 + 70 * i)
        for i, row in enumerate(rows)
        for c, x in zip(row, (100, 300, 700, 1000), strict=True)
    ]
    assert texts(lines) == ["".join(row) for row in rows]


def test_running_text_in_two_columns():
    left, right = (
        [f"左栏第{i}行的文字写到了边缘为止" for i in range(6)],
        [f"右栏第{i}行的文字写到了边缘为止" for i in range(6)],
    )
    lines = [text_line(t, x, 100 + 50 * i) for x, side in ((100, left), (700, right)) for i, t in enumerate(side)]
    assert texts(lines) == left + right


SIGNATURES = [
    ("甲方（盖章）：", "乙方（盖章）："),
    ("代表人（签字）：", "代表人（签字）："),
    ("2026年5月20日", "2026年5月21日"),
]


def signatures():
    return [
        text_line(t, x, 100 + 80 * i)
        for i, pair in enumerate(SIGNATURES)
        for t, x in zip(pair, (100, 900), strict=True)
    ]


def test_the_signatures_of_both_parties_are_two_blocks():
    assert texts(signatures()) == [p[0] for p in SIGNATURES] + [p[1] for p in SIGNATURES]


def test_in_a_ruled_table_they_are_rows():
    assert texts(signatures(), ruled=lambda *_: True) == ["".join(p) for p in SIGNATURES]


def test_a_cell_of_two_lines_stays_whole_between_its_neighbours():
    lines = [
        text_line("需方", 100, 120),
        text_line("青泽北岭钢铁贸易", 300, 100),
        text_line("有限公司", 300, 140),
        text_line("盖章", 800, 120),
    ]
    assert texts(lines) == ["需方青泽北岭钢铁贸易有限公司盖章"]


def test_a_certificate_is_read_from_its_name_though_the_corners_are_higher():
    lines = [
        text_line("统一社会信用代码", 100, 200),
        text_line("91330109MA5UBLNE17", 100, 250),
        text_line("编号：S06", 100, 300),
    ]
    lines += [
        text_line(t, 2600, 150 + 40 * i, 26)
        for i, t in enumerate(["扫描二维码登录国", "家企业信用信息公", "示系统了解更多登", "记信息"])
    ]
    lines += [text_line("营业执照", 1250, 300, 120), text_line("（副本）", 1400, 420, 60)]
    lines += [
        text_line("名称鼎川阀门有限公司", 600, 600),
        text_line("住所临溪市望江路", 600, 700),
        text_line("国家市场监督管理总局监制", 600, 900),
    ]
    read = texts(lines)
    assert read[:5] == ["营业执照", "（副本）", "统一社会信用代码", "91330109MA5UBLNE17", "编号：S06"]
    assert read[5:9] == ["扫描二维码登录国", "家企业信用信息公", "示系统了解更多登", "记信息"]


boxes = st.tuples(st.integers(0, 1500), st.integers(0, 2000), st.integers(1, 900), st.integers(1, 200)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)
words = st.text("名称住所法定A1：", min_size=1, max_size=6)


@given(st.lists(st.tuples(words, boxes, st.booleans()), max_size=25))
def test_every_line_and_word_comes_out_exactly_once(items):
    lines = [
        line_of([Char(c, box) for c in text], box) if whole else Line(text, box, 1.0) for text, box, whole in items
    ]
    result = arrange(lines)
    assert Counter("".join(x.text for x in result).replace(" ", "")) == Counter("".join(t for t, _, _ in items))
    assert Counter((w.text, w.box) for x in result for w in x.words) == Counter(
        (w.text, w.box) for x in lines for w in x.words
    )
    for line in result:
        for word in line.words:
            assert line.text[word.start : word.start + len(word.text)] == word.text
            assert line.box[0] <= word.box[0] <= word.box[2] <= line.box[2]


@given(st.lists(st.tuples(words, boxes), max_size=12), st.randoms())
def test_the_order_of_finding_does_not_matter(items, random):
    lines = [Line(t, b, 1.0) for t, b in {b: (t, b) for t, b in items}.values()]
    shuffled = list(lines)
    random.shuffle(shuffled)
    assert sorted(x.text for x in arrange(lines)) == sorted(x.text for x in arrange(shuffled))


def test_a_label_between_two_lines_set_closely_stands_before_both():
    value = [text_line("对方表示货物已备齐请尽快", 500, 400), text_line("办理付款手续", 500, 440)]
    lines = [text_line("事由", 200, 300), text_line("设备采购", 500, 300), *value, text_line("内容", 200, 420)]
    assert texts(lines) == ["事由设备采购", "内容对方表示货物已备齐请尽快办理付款手续"]


def test_a_label_of_two_lines_in_a_ruled_table_stands_before_its_value():
    lines = [text_line("客户名称", 200, 300), text_line("沐城工程公司", 700, 300)]
    lines += [text_line("付款记录（权重", 200, 380), text_line("40%）", 240, 420), text_line("35", 700, 400)]
    lines += [text_line("评定等级", 200, 500), text_line("AAA", 700, 500)]

    def ruled(left, top, right, bottom, slope):
        return left < 600 < right

    assert texts(lines, ruled=ruled) == ["客户名称沐城工程公司", "付款记录（权重40%）35", "评定等级AAA"]


def test_a_line_wrapped_in_the_other_column_does_not_part_a_label_from_its_value():
    left = [text_line("经营范围", 200, 423, 50), text_line("食品生产凭有效许可证经营预包装", 500, 422, 50)]
    right = [text_line("注册资本叁仟万元整", 1500, 200, 50), text_line("营业期限自二〇二一年", 1500, 300, 50)]
    lines = [text_line("名称雁洲食品公司", 200, 200, 50), *left, *right, text_line("十一日", 1800, 398, 50)]
    assert "经营范围食品生产凭有效许可证经营预包装" in "".join(texts(lines))


def test_a_number_under_its_name_beside_a_high_headline_is_one_block_after_it():
    head = [
        text_line("营业执照", 200, 230, 110),
        text_line("（副本）", 900, 255, 50),
        text_line("统一社会信用代码", 1430, 182, 44),
        text_line("91410105MAF7GL0A7E", 1430, 240, 22),
    ]
    columns = [
        text_line(t, x, 440 + 90 * i, 40)
        for side, x in (("left", 200), ("right", 1500))
        for i, t in enumerate(LICENCE[side])
    ]
    assert texts([*head, *columns]) == [
        *("营业执照", "（副本）", "统一社会信用代码", "91410105MAF7GL0A7E"),
        *flat(LICENCE["left"]),
        *flat(LICENCE["right"]),
    ]


CARD = {
    "front": [("姓　名　赵建国", 100), ("性　别　男　民　族　汉", 160), ("出　生　1980年3月14日", 220), ("住　址　霁州市城东区人民路216号", 285), ("3幢", 325), ("公民身份号码　330106198003140017", 400)],
    "back": [("中华人民共和国", 108), ("居民身份证", 190), ("签发机关　霁州市公安局", 352), ("有效期限　2015.03.14-2035.03.14", 425)],
}  # fmt: skip


def card(left, right, off=0, slope=0.0):
    """Both sides of a card beside each other; off: how much lower the right one lies."""
    lines = [text_line(t, 100, y, 30, slope) for t, y in CARD[left]]
    return lines + [text_line(t, 1100 + 90 * ("华" in t or "居" in t), y + off, 30, slope) for t, y in CARD[right]]


def said(*sides):
    return [text.replace("　", "") for side in sides for text, _ in CARD[side]]


def test_the_sides_of_a_card_are_read_one_after_the_other():
    for off in range(-60, 61, 4):
        for slope in (-0.03, 0.0, 0.04):
            assert texts(card("front", "back", off, slope)) == said("front", "back"), off
            assert texts(card("back", "front", off, slope)) == said("back", "front"), off


def test_what_is_written_below_the_copies_comes_after_both():
    below = text_line("本复印件与原件一致，仅供存档。", 100, 560)
    assert texts([*card("front", "back"), below]) == [*said("front", "back"), "本复印件与原件一致，仅供存档。"]


def test_their_frames_are_no_table():
    assert texts(card("front", "back"), ruled=lambda *_: True) == said("front", "back")


def test_what_stands_below_on_the_other_side_is_no_column():
    lines = [text_line(f"第{i}行正文", 100, 100 + 60 * i) for i in range(4)]
    lines += [text_line(t, 900, 380 + 60 * i) for i, t in enumerate(("霁州市宏达公司", "2026年3月14日", "盖章处"))]
    assert texts(lines) == [f"第{i}行正文" for i in range(4)] + ["霁州市宏达公司", "2026年3月14日", "盖章处"]


def test_labels_of_two_lines_beside_each_other_in_a_ruled_table_stand_before_their_values():
    lines = [text_line("客户", 200, 300), text_line("沐城工程公司", 340, 300)]
    for x, label, rest, value in ((170, "年审年", "度", "2025年"), (700, "上年信", "用等级", "AA")):
        lines += [text_line(label, x, 380), text_line(rest, x + 45 - 15 * len(rest), 420)]
        lines.append(text_line(value, x + 170, 400))

    def ruled(left, top, right, bottom, slope):
        return left < 320 < right or left < 850 < right

    assert texts(lines, ruled=ruled) == ["客户沐城工程公司", "年审年度2025年上年信用等级AA"]


def test_the_short_last_line_of_a_paragraph_stands_before_the_indented_next_one():
    lines = [
        text_line("第六条　补充协议与本合同具有同等法律效", 262, 100),
        text_line("力。", 200, 132),
        text_line("第七条　本合同一式贰份，双方各执壹份。", 262, 164),
    ]
    assert texts(lines) == [line.text.replace(" ", "") for line in lines]


SCOPE = [
    "许可项目：建设工程施工；医疗器械经营。一",
    "般项目：劳务服务；环保咨询服务；消防技术",
    "服务；广告设计；国内贸易代理；会议服务；",
    "物业管理（以审批结果为准）",
]


def beside_a_block(lines, *, label="经营范围", y=300, leading=34, above=120):
    """A form whose last label stands at the middle height of a value of several lines."""
    block = [text_line(t, 340, y + leading * i) for i, t in enumerate(lines)]
    middle = y + leading * (len(lines) - 1) / 2
    return [
        text_line("名称", 120, y - above),
        text_line("临溪市鼎川阀门有限公司", 340, y - above),
        text_line(label, 120, middle),
        *block,
    ]


def test_a_label_at_the_middle_height_of_its_value_is_read_before_it():
    for count in (3, 4):
        assert texts(beside_a_block(SCOPE[:count])) == ["名称临溪市鼎川阀门有限公司", "经营范围", *SCOPE[:count]]


def test_a_number_with_which_an_item_begins_stays_between_the_lines_of_two_items():
    lines = beside_a_block(SCOPE[:3], label="1.")
    assert texts(lines) == ["名称临溪市鼎川阀门有限公司", SCOPE[0], "1." + SCOPE[1], SCOPE[2]]


def test_a_label_whose_value_begins_beside_it_stays_there():
    # The line above belongs to the label before, whose value fills its lines, too.
    lines = [text_line(label, 120, y) for label, y in (("住所", 100), ("经营范围", 168))]
    lines += [text_line(t, 340, 100 + 34 * i) for i, t in enumerate(SCOPE)]
    assert texts(lines) == ["住所" + SCOPE[0], SCOPE[1], "经营范围" + SCOPE[2], SCOPE[3]]
    # Nor is a line above that is not filled one of a text that goes on.
    short = beside_a_block(["建设工程施工。", *SCOPE[1:3]])
    assert texts(short)[1:] == ["建设工程施工。", "经营范围" + SCOPE[1], SCOPE[2]]
