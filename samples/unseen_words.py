"""Words for documents that nobody has seen: names, numbers, dates and sums, each in the many ways they are written."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from samples.invented import credit_code

OURS = "华岳实业集团有限公司"
_PLACES = [
    "霁州",
    "松陵",
    "岚屿",
    "望川",
    "沧浦",
    "昭宁",
    "琅溪",
    "安雒",
    "浔阳湾",
    "沐城",
    "东垣",
    "石棠",
    "栖霞岭",
    "白渡",
    "云麓",
    "越泉",
    "桐埠",
    "雁洲",
]
_FIRST, _SECOND = "宏泰鑫瑞博弘盛嘉永德景铭卓万凯锦旭晟亿润", "达源通和信诚创业发隆业丰康捷航腾华远升茂"
_TRADES = [
    "建材",
    "商贸",
    "机电设备",
    "化工",
    "食品",
    "医疗器械",
    "电子科技",
    "环保工程",
    "包装制品",
    "纺织",
    "农业开发",
    "物业管理",
    "广告传媒",
    "汽车配件",
    "能源科技",
    "供应链管理",
    "建筑劳务",
    "新材料",
    "仪表",
    "印务",
]
_FORMS = ["有限公司", "有限公司", "有限公司", "有限责任公司", "股份有限公司", "（集团）有限公司"]
_SURNAMES, _GIVEN = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜邹欧",
    "建国伟明丽华秀英志强晓东海燕文博思远雨桐俊杰春梅立新国庆永刚雪峰子涵佳怡德胜",
)
_ROADS = ["人民", "解放", "建设", "和平", "中山", "文昌", "朝阳", "长江", "黄河", "迎宾", "体育场", "工业"]
_CAPITALS, _UNITS = "零壹贰叁肆伍陆柒捌玖", ("", "拾", "佰", "仟")


@dataclass(frozen=True)
class Firm:
    """A company with the names and numbers its papers show."""

    name: str
    code: str
    head: str
    address: str
    place: str


def person(rng: random.Random) -> str:
    return rng.choice(_SURNAMES) + "".join(rng.choice(_GIVEN) for _ in range(rng.choice((1, 2, 2, 2))))


def firm(rng: random.Random, name: str = "") -> Firm:
    place = rng.choice(_PLACES)
    middle = rng.choice(_FIRST) + rng.choice(_SECOND)
    trade, form = rng.choice(_TRADES), rng.choice(_FORMS)
    made = rng.choice(
        (f"{place}{middle}{trade}{form}", f"{place}市{middle}{trade}{form}", f"{middle}{trade}（{place}）有限公司")
    )
    suffix = rng.choice(
        (
            f"{rng.randint(1, 30)}幢",
            f"{rng.randint(2, 25)}层{rng.randint(1, 9)}号",
            "",
            f"A座{rng.randint(101, 2509)}室",
        )
    )
    address = f"{place}市{rng.choice(['城东', '城西', '新', '高新', '江北'])}区{rng.choice(_ROADS)}路{rng.randint(1, 1999)}号{suffix}"
    region = rng.choice(("130102", "210202", "340104", "410105", "420106", "430102", "510104", "610103"))
    return Firm(name or made, credit_code(rng, region=region), person(rng), address, place)


# --- sums ------------------------------------------------------------------------------------------------------------


def capitals(yuan: int) -> str:
    """Return a whole number of yuan in capitals, as cheques write it: 1204500 -> 壹佰贰拾万肆仟伍佰."""
    parts, pending = "", False
    for power, mark in ((10**8, "亿"), (10**4, "万"), (1, "")):
        section, yuan = divmod(yuan, power)
        if not section:
            pending = pending or bool(parts)
            continue
        if parts and (pending or section < 1000):
            parts += "零"
        parts, pending = parts + _below_ten_thousand(section) + mark, False
    return parts


def _below_ten_thousand(n: int) -> str:
    text, gap = "", False
    for place in (3, 2, 1, 0):
        digit = n // 10**place % 10
        if digit:
            text += ("零" if gap and text else "") + _CAPITALS[digit] + _UNITS[place]
        gap = not digit
    return text


def tens(yuan: int) -> str:
    """Return the sum in 万元 as shortly as it goes: 1286000 -> 128.6."""
    return f"{yuan / 10000:.4f}".rstrip("0").rstrip(".")


def capital(rng: random.Random) -> tuple[str, str]:
    """Return (value, as printed) of a registered capital."""
    yuan = rng.choice((50, 100, 200, 500, 800, 1000, 1680, 3000, 5018, 12000, 20500)) * 10000
    way = rng.choice(
        (
            f"{capitals(yuan)}元整",
            f"人民币{capitals(yuan)}圆整",
            f"{yuan // 10000}万元人民币",
            f"{yuan // 10000}万元整",
            f"人民币{yuan // 10000}.00万元",
        )
    )
    return f"{yuan}.00", way


def price(rng: random.Random) -> tuple[int, str]:
    """Return (yuan, how a contract says it, with the field marked)."""
    yuan = rng.choice((rng.randint(20, 900) * 1000, rng.randint(100, 99999) * 100, rng.randint(1000, 9000) * 10000))
    value, digits = f"{yuan}.00", f"{yuan:,}.00"
    ways = (
        f"人民币（大写）{capitals(yuan)}元整（小写：￥{{amount={value}|{digits}}}）",
        f"￥{{amount={value}|{digits}}}元（大写：人民币{capitals(yuan)}元整）",
        f"人民币{{amount={value}|{tens(yuan)}万元}}",
        f"人民币{{amount={value}|{capitals(yuan)}元整}}",
        f"RMB {{amount={value}|{digits}}}",
        f"{{amount={value}|{yuan}元}}（人民币{capitals(yuan)}元整）",
    )
    return yuan, rng.choice(ways)


# --- days ------------------------------------------------------------------------------------------------------------


def han(day: date) -> str:
    """Return 二〇二六年二月十九日."""
    small = "〇一二三四五六七八九"

    def number(n: int) -> str:
        return (("" if n < 20 else small[n // 10]) + "十" if n >= 10 else "") + (small[n % 10] if n % 10 else "")

    return "".join(small[int(c)] for c in str(day.year)) + f"年{number(day.month)}月{number(day.day)}日"


def style(rng: random.Random, *, rare: bool = True):
    """Return a way of writing days that one document keeps to."""
    plain = (lambda d: f"{d.year}年{d.month}月{d.day}日", lambda d: f"{d.year}年{d.month:02}月{d.day:02}日")
    others = (
        han,
        lambda d: d.isoformat(),
        lambda d: f"{d.year}.{d.month}.{d.day}",
        lambda d: f"{d.year}/{d.month:02}/{d.day:02}",
    )
    return rng.choice((*plain, *plain, *others) if rare else plain)


def day(rng: random.Random, first: int = 2023, last: int = 2026) -> date:
    return date(first, 1, 1) + timedelta(days=rng.randint(0, 365 * (last - first + 1) - 1))


def later(start: date, years: int) -> date:
    """Return the last day of a term of `years` from `start`."""
    return start.replace(year=start.year + years, day=min(start.day, 28)) - timedelta(days=1)


def mark(name: str, when: date, how) -> str:
    return f"{{{name}={when.isoformat()}|{how(when)}}}"
