"""How forms are laid out. What is in TUNING may be looked at while reading is improved; what is in TEST may not."""

import copy
import random
from collections.abc import Callable, Sequence

from samples import stamps
from samples import unseen_facts as facts
from samples.paper import Sheet, plain
from samples.traditional import traditional
from samples.unseen_kinds import Form

Row = tuple[str, str]
_FACES = ("song", "ming", "kai", "hei", "zenhei", "song", "hei")


class _Drawn:
    """One form on its sheet: what every layout needs."""

    def __init__(self, rng: random.Random, form: Form) -> None:
        self.rng, self.form, self.tokens = rng, form, facts.facts(rng, form)
        self.sheet = Sheet(rng, dpi=rng.choice((150, 200, 200, 250, 300)))
        self.face, self.size = rng.choice(_FACES), rng.choice((10.5, 11, 12))
        script = traditional if rng.random() < 0.15 else str
        self.title = script(facts.spellings(rng, form.titles))
        self.rows: list[Row] = [
            (script(facts.spellings(rng, facts.fill(label, self.tokens))), script(facts.fill(value, self.tokens)))
            for label, value in form.rows
        ]
        self.said = [script(facts.fill(text, self.tokens)) for text in form.said]
        self.foot = [text for line in form.foot if (text := script(facts.fill(line, self.tokens)))]

    def head(self, y: float, size: float, face: str, spacing: float = 0.0) -> None:
        self.sheet.text(0, y, self.title, size, face, width=210, align="centre", spacing=spacing)

    def paragraphs(self, y: float, indent: float = 2, leading: float = 1.8) -> float:
        for text in self.said:
            ems = 0 if text.endswith("：") else indent
            y = self.sheet.text(26, y, text, self.size, self.face, width=158, leading=leading, indent=ems)
        return y

    def ending(self, y: float, x: float = 112) -> Sheet:
        s = self.sheet
        for k, line in enumerate(self.foot):
            s.text(x, y + 11 * k, line, self.size, self.face)
            if line.endswith(("：", "字：")) and self.rng.random() < 0.7:
                s.sign(x + s.width_of(plain(line), self.size, self.face) + 1, y + 11 * k + 2, 22, 9)
        if self.tokens["seal"]:
            s.seal(
                x + self.rng.uniform(25, 48),
                y + self.rng.uniform(4, 14),
                self.tokens["seal"],
                diameter=self.rng.choice((36, 40)),
            )
            self.further(x, y)
        if self.form.money:
            s.values["currency"], s.places["currency"] = "CNY", s.places["amount"]
        return s

    def further(self, x: float, y: float) -> None:
        """Stamp a seal that is not round beside the round one, on some forms: an oval one of invoices, a square one of a person."""
        own, s = copy.copy(self.rng), self.sheet  # draws of its own: without these seals everything would be as it is
        if self.form.kind == "voucher" and own.random() < 0.5:
            number = plain(self.tokens["code"])
            stamps.oval(s, 60, y + own.uniform(10, 18), self.tokens["seal"], number, "发票专用章", own)
        elif own.random() < 0.25:
            stamps.person(s, x + own.uniform(-18, 72), y + own.uniform(6, 26), plain(self.tokens["head"]), own)


# --- tuning ----------------------------------------------------------------------------------------------------------


def lines(rng: random.Random, form: Form) -> Sheet:
    """Label, colon and value one below the other, then the sentences."""
    d = _Drawn(rng, form)
    d.head(26, rng.choice((18, 22)), rng.choice(("hei-bold", "song-bold")), rng.choice((0, 0.2)))
    y = 48.0
    for label, value in d.rows:
        y = d.sheet.text(26, y, f"{label}：{value}", d.size, d.face, width=158, leading=1.85)
    return d.ending(d.paragraphs(y + 3) + 12)


def ruled(rng: random.Random, form: Form) -> Sheet:
    """A ruled table of two columns."""
    d = _Drawn(rng, form)
    d.head(24, 20, "hei-bold")
    y = (
        d.sheet.table(26, 42, [44, 114], [[a, b] for a, b in d.rows], d.size, d.face, row_height=11, left=(1,))
        if d.rows
        else 42
    )
    return d.ending(d.paragraphs(y + 6) + 12)


def pairs(rng: random.Random, form: Form) -> Sheet:
    """A ruled table with two labels and two values in a row; what is long has a row of its own."""
    d = _Drawn(rng, form)
    d.head(24, rng.choice((18, 20)), "song-bold", 0.1)
    rows, waiting = list[list[str]](), list[Row]()
    for label, value in d.rows:
        short = d.sheet.width_of(value, d.size, d.face) < 42 and d.sheet.width_of(label, d.size, d.face) < 32
        if not short:
            rows.append([label, value, "<", "<"])
        elif waiting:
            rows.append([*waiting.pop(), label, value])
        else:
            waiting.append((label, value))
    rows += [[label, value, "<", "<"] for label, value in waiting]
    y = d.sheet.table(22, 42, [36, 46, 36, 46], rows, d.size, d.face, row_height=12, left=(1, 3)) if rows else 42
    return d.ending(d.paragraphs(y + 6) + 12)


def narrow(rng: random.Random, form: Form) -> Sheet:
    """A ruled table whose column of labels is so narrow that long ones take two lines."""
    d = _Drawn(rng, form)
    d.head(24, rng.choice((18, 20)), "hei-bold", 0.1)
    label, room = rng.choice((20, 24, 28)), d.size * 25.4 / 72
    rows, waiting, wide = list[list[str]](), list[list[str]](), 82 - label - 4
    for pair in d.rows:
        if d.sheet.width_of(pair[1], d.size, d.face) > wide:
            rows.append([*pair, "<", "<"])
        elif waiting:
            rows.append([*waiting.pop(), *pair])
        else:
            waiting.append(list(pair))
    rows += [[*pair, "<", "<"] for pair in waiting]
    columns = [label, 82 - label, label, 82 - label]
    letters = max([len(plain(row[k])) for row in rows for k in (0, 2) if row[k] != "<"], default=1)
    height = room * 1.35 * max(2, -(-letters // int((label - 3) / room))) + 4
    y = d.sheet.table(23, 42, columns, rows, d.size, d.face, row_height=height, left=(1, 3)) if rows else 42
    return d.ending(d.paragraphs(y + 6) + 12)


def letter(rng: random.Random, form: Form) -> Sheet:
    """A letter: heading lines, sentences, who wrote it and when at the right."""
    d = _Drawn(rng, form)
    d.head(30, 22, rng.choice(("hei-bold", "song-bold")), rng.choice((0, 0.4)))
    d.size = rng.choice((12, 14))
    y = 54.0
    for label, value in d.rows:
        y = d.sheet.text(26, y, f"{label}：{value}", d.size, d.face, width=158, leading=1.8)
    y = d.paragraphs(y + 2) + 14
    s = d.sheet
    for k, line in enumerate(d.foot):
        s.text(40, y + 11 * k, line, d.size, d.face, width=144, align="right")
    d.foot = []
    return d.ending(y, 104)


# --- test ------------------------------------------------------------------------------------------------------------


def spaced(rng: random.Random, form: Form) -> Sheet:
    """Labels stretched to one width, no colons, no rules, values in a column of their own."""
    d = _Drawn(rng, form)
    d.head(28, 24, "kai-bold", 0.3)
    ems = max([len(label) for label, _ in d.rows], default=4)
    em, y = d.size * 25.4 / 72, 54.0
    for label, value in d.rows:
        if len(label) < ems and "（" not in label:
            d.sheet.spread(28, y, label, ems, d.size, d.face)
        else:
            d.sheet.text(28, y, label, d.size, d.face)
        x = 28 + (ems + 1.6) * em
        y = d.sheet.text(x, y, value, d.size, d.face, width=184 - x, leading=1.5, join=True) + 3.5
    return d.ending(d.paragraphs(y + 6) + 12, 96)


def blanks(rng: random.Random, form: Form) -> Sheet:
    """Values on underlines, as forms filled in by hand or typewriter."""
    d = _Drawn(rng, form)
    d.head(24, 18, "zenhei")
    y = 46.0
    for label, value in d.rows:
        d.sheet.text(24, y, f"{label}：", d.size, d.face)
        x = 24 + d.sheet.width_of(label + "：", d.size, d.face) + 1
        below = d.sheet.text(x, y, value, d.size, rng.choice(("kai", d.face)), width=184 - x, leading=1.7, join=True)
        d.sheet.rule(x, below - 0.7, 184, below - 0.7)
        y = below + 4
    return d.ending(d.paragraphs(y + 4, indent=0) + 14, 30)


def headed(rng: random.Random, form: Form) -> Sheet:
    """A letterhead with a rule under it; the rows as a ruled block with bold labels, sentences above it."""
    d = _Drawn(rng, form)
    s = d.sheet
    s.text(0, 14, "临溪市商务文书格式", 9, "song", width=190, align="right")
    s.rule(20, 21, 190, 21, 0.5)
    d.head(28, 20, "hei-bold")
    y = d.paragraphs(46) + 4 if d.said else 46.0
    for label, value in d.rows:
        width = s.width_of(value, d.size, d.face)
        height = 9.5 if width < 108 else 15
        s.frame(20, y, 60, y + height, 0.25)
        s.frame(60, y, 190, y + height, 0.25)
        s.text(22, y + height / 2 - d.size * 0.18, label, d.size, "hei-bold")
        s.text(63, y + (3 if width < 124 else 2), value, d.size, d.face, width=124, leading=1.3)
        y += height
    return d.ending(y + 14, 120)


TUNING: Sequence[Callable[[random.Random, Form], Sheet]] = (lines, ruled, pairs, narrow)
TEST: Sequence[Callable[[random.Random, Form], Sheet]] = (spaced, blanks, headed)


def draw(rng: random.Random, form: Form, *, test: bool) -> Sheet:
    """Draw `form` in one of the layouts of the split. A letter stays a letter; the test's is set otherwise."""
    if form.letter:
        return letter(rng, form) if not test else rng.choice((blanks, letter_left))(rng, form)
    return rng.choice(TEST if test else TUNING)(rng, form)


def letter_left(rng: random.Random, form: Form) -> Sheet:
    """A letter without indents, everything from the left edge."""
    d = _Drawn(rng, form)
    d.sheet.text(26, 24, d.title, 18, "song-bold")
    y = 42.0
    for label, value in d.rows:
        y = d.sheet.text(26, y, f"{label}: {value}", d.size, d.face, width=158, leading=1.7)
    return d.ending(d.paragraphs(y + 4, indent=0, leading=1.6) + 12, 26)
