"""Ask both engines what a plain scan of all pages can answer, and compare: generated pages, generated queries of every kind.

python -m tools.differential_search [--pages N] [--queries N] [--url URL]

Prints one JSON object: what was asked, what was missed and what was wrongly found (the first of each). Without --url it asks the
embedded engine in a temporary directory; an index given by --url is emptied first. The scan shares no code with the engines.
"""

import argparse
import json
import random
import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import opencc
from pypinyin import Style, lazy_pinyin

from search.adapters import open_index
from search.model import IndexedPage, Reader
from search.ports import SearchIndex
from search.syntax import parse
from tests.search.pages import corpus, plain

_AT_ONCE = 2000
TIERS = ("tier:internal", "tier:secret")
_THOUSANDTHS = {"%": 10, "百": 10, "‰": 1, "千": 1}
_HAN_DIGITS = "〇一二三四五六七八九"
_CAPITAL_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_TO_CAPITALS = str.maketrans(_HAN_DIGITS + "十", _CAPITAL_DIGITS + "拾")


@dataclass(frozen=True)
class Scanned:
    """A document as the scan sees it: everything on it in simplified form, folded by `plain`."""

    about: IndexedPage
    pages: tuple[str, ...]
    whole: str
    squeezed: str
    amounts: frozenset[int]  # cents
    dates: frozenset[str]
    shares: frozenset[float]  # thousandths
    initials: tuple[str, ...]

    @cached_property
    def names(self) -> str:
        """Everything on it without brackets."""
        return re.sub("[()]", "", self.whole)

    @cached_property
    def sizes(self) -> str:
        """Everything on it with one sign for all that may stand between two measures."""
        return re.sub("[×*]", "x", self.whole)


@dataclass(frozen=True)
class Question:
    """A query and what must be true of a document that answers it."""

    kind: str
    query: str
    holds: Callable[[Scanned], bool]


@dataclass
class Outcome:
    """What came of asking: queries by kind, documents expected, and (query, document) pairs that differ."""

    asked: Counter[str] = field(default_factory=Counter)
    expected: int = 0
    missed: list[tuple[str, str]] = field(default_factory=list)
    false: list[tuple[str, str]] = field(default_factory=list)


def generate(seed: int, documents: int) -> tuple[dict[str, list[IndexedPage]], dict[str, Scanned]]:
    """Return the documents to index, every fifth in traditional characters, and the same for the scan."""
    rng = random.Random(seed)
    traditional = opencc.OpenCC("s2t")
    made: dict[str, list[IndexedPage]] = {}
    scans: dict[str, Scanned] = {}
    for order, (name, pages) in enumerate(corpus(seed, documents).items()):
        signed = f"{rng.randint(2019, 2026)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        dated = [replace(page, fields={**page.fields, "signed_on": signed}) for page in pages]
        dated[0] = replace(dated[0], text=f"{dated[0].text}\n{_in_other_forms(rng)}")
        scans[name] = _scan(dated)
        made[name] = [replace(page, text=traditional.convert(page.text)) for page in dated] if order % 5 == 0 else dated
    return made, scans


def _in_other_forms(rng: random.Random) -> str:
    """Return a sentence with a company's name, a share, a size and a date, each in one of the forms in which people write them."""
    place, trade, head = (
        rng.choice(known) for known in (("厦门", "大连", "青岛"), ("机电", "船舶", "粮油"), ("联泰", "隆昌"))
    )
    company = f"{head}{rng.choice(['（{}）', '({})', '{}']).format(place)}{trade}有限公司"
    whole = rng.randint(1, 99)
    share = rng.choice([f"{whole}%", f"{whole / 10}‰", f"百分之{_numeral(whole)}", f"千分之{_numeral(whole)}"])
    size = f"{rng.randint(10, 999)}{rng.choice('×*xX')}{rng.randint(10, 999)}"
    day = f"{rng.randint(19, 26)}年{rng.randint(1, 12)}月{rng.randint(1, 28)}日"
    return f"买方是{company}，于{day}付{share}，板材{size}毫米。"


def _scan(pages: list[IndexedPage]) -> Scanned:
    about = pages[0]
    texts = tuple(plain(page.text).replace("—", "-") for page in pages)
    values = [about.title, about.contract_number, about.customer, about.department, *about.fields.values()]
    whole = "\n".join([*texts, *map(plain, values)])
    names = (about.customer, about.fields["party_a"], about.fields["party_b"])
    # A line may break at a separator. Where it breaks between digits, nothing tells one number from two.
    raw = "\n".join([*(unicodedata.normalize("NFKC", page.text) for page in pages), about.fields["amount"]])
    return Scanned(
        about=about,
        pages=texts,
        whole=whole,
        squeezed=re.sub("[-,]", "", whole),
        amounts=frozenset(
            round(float(re.sub(r"[,\s]", "", found)) * 100)
            for found in re.findall(
                r"(?<![0-9])[0-9]+(?:\s?,\s?[0-9]{3})*\.[0-9]{2}(?![0-9])",
                raw,
            )
        ),
        dates=frozenset(
            f"{year}-{int(month):02}-{int(day):02}"
            for year, month, day in [
                *re.findall(r"(?<!\d)(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日", raw),
                *((f"20{year}", *rest) for year, *rest in re.findall(r"于(\d\d)年(\d{1,2})月(\d{1,2})日", raw)),
                about.fields["signed_on"].split("-"),
            ]
        ),
        shares=frozenset(
            [
                *(
                    round(float(number) * _THOUSANDTHS[sign], 3)
                    for number, sign in re.findall(r"(?<![\d.,])(\d+(?:\.\d+)?)([%‰])", raw)
                ),
                *(
                    float(_NUMERALS[numeral] * _THOUSANDTHS[of])
                    for of, numeral in re.findall("([百千])分之([一二三四五六七八九十]+)", raw)
                    if numeral in _NUMERALS
                ),
            ]
        ),
        initials=tuple(
            "".join(filter(str.isalnum, "".join(lazy_pinyin(plain(name), style=Style.FIRST_LETTER)))) for name in names
        ),
    )


def questions(rng: random.Random, scans: dict[str, Scanned]) -> Iterator[Question]:
    """Yield questions without end, a kind after the other."""
    known = list(scans.values())
    kinds = (
        *(_phrase, _traditional, _single, _code, _amount, _date, _initials, _near, _named, _range, _combined),
        *(_company, _share, _size),
    )
    while True:
        for kind in kinds:
            asked = kind(rng, rng.choice(known))
            if asked is not None:
                yield asked


def _part(rng: random.Random, scanned: Scanned, least: int, most: int) -> str:
    text = rng.choice(scanned.pages)
    length = rng.randint(least, most)
    start = rng.randrange(len(text) - length)
    return text[start : start + length].replace('"', "甲")


def _phrase(rng: random.Random, scanned: Scanned, kind: str = "phrase") -> Question:
    wanted = _part(rng, scanned, 2, 12)
    if rng.random() < 0.2:
        wanted = wanted[:-2] + wanted[-1] + wanted[-2]
    return Question(kind, f'"{wanted}"', lambda one: wanted in one.whole)


def _traditional(rng: random.Random, scanned: Scanned) -> Question:
    simplified = _phrase(rng, scanned)
    return replace(simplified, kind="traditional", query=opencc.OpenCC("s2t").convert(simplified.query))


def _single(rng: random.Random, scanned: Scanned) -> Question:
    wanted = _part(rng, scanned, 1, 1)
    return Question("one character", f'"{wanted}"', lambda one: wanted in one.whole)


def _code(rng: random.Random, scanned: Scanned) -> Question:
    code = plain(scanned.about.contract_number)
    typed = rng.choice([code, code.replace("-", ""), code.replace("-", "/"), code.upper(), code[3:].replace("-", "")])
    bare = re.sub("[-/]", "", typed.lower())
    return Question("code", typed, lambda one: bare in one.squeezed)


def _amount(rng: random.Random, scanned: Scanned) -> Question | None:
    cents = rng.choice(sorted(scanned.amounts))
    typed = rng.choice([f"{cents / 100:,.2f}", f"{cents / 100:.2f}", f"{cents / 100:,.2f}元"])
    bare = typed.replace(",", "")
    if cents < 100_000:
        return None  # `5.00` is rather a part of another number
    if cents % 100 == 0 and rng.random() < 0.25:
        return Question("amount", f"{_in_capitals(cents // 100)}元整", lambda one: cents in one.amounts)
    return Question("amount", typed, lambda one: cents in one.amounts or bare in one.squeezed or typed in one.whole)


def _in_capitals(yuan: int) -> str:
    """Return an amount as bills write it."""
    written = ""
    for power, digit in zip(range(len(str(yuan)) - 1, -1, -1), str(yuan), strict=True):
        if digit != "0":
            written += _CAPITAL_DIGITS[int(digit)] + ("", "拾", "佰", "仟")[power % 4]
        elif written and not written.endswith("零"):
            written += "零"
        if power in (4, 8) and (power == 8 or yuan // 10**4 % 10**4):
            written = written.rstrip("零") + {4: "万", 8: "亿"}[power]
    return written.rstrip("零")


def _date(rng: random.Random, scanned: Scanned) -> Question:
    day = rng.choice(sorted(scanned.dates))
    year, month, date = map(int, day.split("-"))
    han = "".join(_HAN_DIGITS[int(digit)] for digit in str(year))
    months = (*_HAN_DIGITS[1:], "十", "十一", "十二")
    capitals = "".join(_CAPITAL_DIGITS[int(digit)] for digit in str(year))
    bill = [_numeral(number).translate(_TO_CAPITALS) for number in (month, date)]
    typed = rng.choice(
        [
            f"{capitals}年{bill[0]}月{bill[1]}日",
            f"{date:02}.{month:02}.{year}",
            day,
            f"{year}/{month}/{date}",
            f"{year}年{month}月{date}日",
            f"{han}年{months[month - 1]}月{_numeral(date)}日",
        ]
    )
    bare = re.sub("[-/.]", "", typed)
    return Question("date", typed, lambda one: day in one.dates or bare in one.squeezed)


def _numeral(number: int) -> str:
    """Return a number below a hundred in Chinese numerals."""
    tens, ones = divmod(number, 10)
    return (_HAN_DIGITS[tens] if tens > 1 else "") + ("十" if tens else "") + (_HAN_DIGITS[ones] if ones else "")


_NUMERALS = {_numeral(number): number for number in range(1, 100)}


def _company(rng: random.Random, scanned: Scanned) -> Question:
    found = re.search(r"买方是(.*?有限公司)", scanned.whole)
    assert found  # every document has one
    bare = re.sub("[()]", "", found[1])
    typed = rng.choice([found[1], bare, f"{bare[:2]}({bare[2:4]}){bare[4:]}", bare[1:-2]])
    bare = re.sub("[()]", "", typed)
    return Question("company", typed, lambda one: bare in one.names)


def _share(rng: random.Random, scanned: Scanned) -> Question:
    share = rng.choice(sorted(scanned.shares))
    typed = rng.choice([f"{share / 10:g}%", f"{share:g}‰"])
    number, sign = typed[:-1], typed[-1]
    if number.isdecimal() and int(number) < 100 and rng.random() < 0.5:
        typed = f"{'百' if sign == '%' else '千'}分之{_numeral(int(number))}"
    return Question("share", typed, lambda one: share in one.shares or typed in one.whole)


def _size(rng: random.Random, scanned: Scanned) -> Question:
    found = re.search(r"板材(\d+).(\d+)毫米", scanned.whole)
    assert found  # every document has one
    size = f"{found[1]}x{found[2]}"
    return Question("size", f"{found[1]}{rng.choice('×*xX')}{found[2]}", lambda one: size in one.sizes)


def _initials(rng: random.Random, scanned: Scanned) -> Question | None:
    name = rng.choice(scanned.initials)
    start = rng.randrange(len(name) - 3)
    letters = name[start : start + rng.randint(3, 6)]
    if not letters.isalpha():
        return None
    return Question("initials", letters, lambda one: letters in one.whole or any(letters in n for n in one.initials))


def _near(rng: random.Random, scanned: Scanned) -> Question:
    text = rng.choice(scanned.pages)
    start, gap, distance = rng.randrange(len(text) - 40), rng.randint(0, 24), rng.randint(0, 20)
    left = text[start : start + rng.randint(2, 4)].replace('"', "甲")
    right = text[start + len(left) + gap :][: rng.randint(2, 4)].replace('"', "甲")
    if len(right) < 2:
        right = "甲方"
    if rng.random() < 0.5:
        left, right = right, left
    return Question(
        "near",
        f'"{left}" near:{distance} "{right}"',
        lambda one: any(_close(page, left, right, distance) for page in one.pages),
    )


def _close(text: str, left: str, right: str, distance: int) -> bool:
    for first, second in ((left, right), (right, left)):
        at = text.find(first)
        while at >= 0:
            end = at + len(first)
            if second in text[end : end + distance + len(second)]:
                return True
            at = text.find(first, at + 1)
    return False


def _named(rng: random.Random, scanned: Scanned) -> Question:
    about = scanned.about
    party = plain(about.fields["party_a"])[1:6]
    return rng.choice(
        [
            Question("field", f"category:{about.category}", lambda one: one.about.category == about.category),
            Question("field", f"status:{about.status}", lambda one: one.about.status == about.status),
            Question("field", f'party_a:"{party}"', lambda one: party in plain(one.about.fields["party_a"])),
            Question(
                "field", f"department:{about.department[:2]}", lambda one: about.department[:2] in one.about.department
            ),
        ]
    )


def _range(rng: random.Random, scanned: Scanned) -> Question:
    fields = scanned.about.fields
    if rng.random() < 0.5:
        yuan = round(float(fields["amount"]))
        sign = rng.choice([">", ">=", "<", "<="])

        def compared(one: Scanned) -> bool:
            value = round(float(one.about.fields["amount"]))
            return {">": value > yuan, ">=": value >= yuan, "<": value < yuan, "<=": value <= yuan}[sign]

        return Question("range", f"amount:{sign}{rng.choice([f'{yuan}', f'{yuan:,}.00'])}", compared)
    first, last = sorted([fields["signed_on"][:7], f"{rng.randint(2019, 2026)}-{rng.randint(1, 12):02}"])
    return Question("range", f"signed:{first}..{last}", lambda one: first <= one.about.fields["signed_on"][:7] <= last)


def _combined(rng: random.Random, scanned: Scanned) -> Question:
    def leaf() -> Question:
        kind = rng.choice([_named, _range, _near, None, None])
        if kind is not None:
            return kind(rng, scanned)
        wanted = _part(rng, scanned, 1, 3)
        return Question("", f'"{wanted}"', lambda one: wanted in one.whole)

    a, b, c = leaf(), leaf(), leaf()
    query, holds = rng.choice(
        [
            (f"{a.query} {b.query}", lambda one: a.holds(one) and b.holds(one)),
            (f"{a.query} -({b.query})", lambda one: a.holds(one) and not b.holds(one)),
            (f"{a.query} OR {b.query}", lambda one: a.holds(one) or b.holds(one)),
            (f"({a.query} OR {b.query}) {c.query}", lambda one: (a.holds(one) or b.holds(one)) and c.holds(one)),
            (f"{a.query} -({b.query} {c.query})", lambda one: a.holds(one) and not (b.holds(one) and c.holds(one))),
        ]
    )
    return Question("combined", query, holds)


def compare(index: SearchIndex, scans: dict[str, Scanned], asked: list[Question], rng: random.Random) -> Outcome:
    """Ask an index that holds the documents and compare with the scan, as readers of different rights."""
    outcome = Outcome()
    for question in asked:
        tier = rng.choice((None, *TIERS))
        wanted = {
            name
            for name, scanned in scans.items()
            if (tier is None or tier in scanned.about.access) and question.holds(scanned)
        }
        reader = Reader(None if tier is None else frozenset({tier}))
        total, found = _asked(index, question.query, reader)
        outcome.asked[question.kind] += 1
        outcome.expected += len(wanted)
        outcome.missed += [(question.query, name) for name in wanted - found]
        outcome.false += [(question.query, name) for name in found - wanted]
        if total != len(found):
            outcome.false.append((question.query, f"total {total}, found {len(found)}"))
    return outcome


def _asked(index: SearchIndex, query: str, reader: Reader) -> tuple[int, set[str]]:
    """Return how many documents an engine says there are, and all that it gives, some at a time."""
    found: set[str] = set()
    offset, total = 0, 1
    while offset < total:
        results = index.search(parse(query), reader, limit=_AT_ONCE, offset=offset, facets=False)
        found |= {hit.document for hit in results.hits}
        offset, total = offset + _AT_ONCE, results.total
    return total, found


def main() -> None:
    """Run the comparison; exit code 1 when anything differs."""
    options = argparse.ArgumentParser(description="Compare an engine with a scan of all pages.")
    options.add_argument("--pages", type=int, default=20_000)
    options.add_argument("--queries", type=int, default=2000)
    options.add_argument("--url", help="a search address; its index is emptied")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="differential-") as place:
        index = open_index(given.url or f"tantivy://{place}/index")
        index.clear()
        documents, scans = generate(given.seed, round(given.pages / 1.6))  # 1.6 pages a document
        names = list(documents)
        for start in range(0, len(names), 500):
            index.replace_many({name: documents[name] for name in names[start : start + 500]})
        rng = random.Random(given.seed)
        endless = questions(rng, scans)
        outcome = compare(index, scans, [next(endless) for _ in range(given.queries)], rng)
    report = {
        "engine": type(index).__name__,
        "pages": sum(map(len, documents.values())),
        "queries": dict(outcome.asked),
        "expected": outcome.expected,
        "missed": len(outcome.missed),
        "false": len(outcome.false),
        "first": [outcome.missed[:5], outcome.false[:5]],
    }
    print(json.dumps(report, ensure_ascii=False))
    raise SystemExit(bool(outcome.missed or outcome.false))


if __name__ == "__main__":
    main()
