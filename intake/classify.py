"""What kind of document this is: by its headline first, by the words on its pages second, never by a file name."""

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from intake.fields.paper import Paper
from intake.kinds import KINDS, Kind
from intake.layout import Row, Run, join

_SENTENCE = re.compile(r"编号|日期|[Nn][Oo]\.|[。;,?!]|[:].{3,}|\.{4,}|_{3,}")
_NUMBER = re.compile(r"\d{6}")  # of a code or a printed receipt; no title has one
_LARGE = 1.15  # times the usual height of print
_QUOTED = re.compile(r"《[^》]*》|\"[^\"]*\"|“[^”]*”")
_TRAILING = re.compile(
    r"[ \t]*(?:\((?:[^()]{0,20})\)|复印件|样本|范本|格式|正本|副本|第[一二三四1-9]联|\d{4}年?版|[之:]|[-—]*[ \t]*\d{1,3}|[-—]+|附件[一二三\d]*)?[ \t]*$"
)


@dataclass(frozen=True)
class Verdict:
    """The kind (None: unknown), how sure (0..1), and the headline with its places (None: the page has none)."""

    kind: Kind | None
    confidence: float
    title: Run | None


@dataclass(frozen=True)
class _Headline:
    run: Run
    kind: Kind | None
    weight: float
    tail: int


def classify(paper: Paper) -> Verdict:
    """Return the kind of the document, from the headline's place, size and words and from the vocabulary."""
    headlines = _headlines(paper)
    text = re.sub(r"\s", "", paper.flow.key)
    evidence = {k.name: _evidence(k, text) for k in KINDS}
    scored = [(h.weight + 0.35 * evidence[h.kind.name], h) for h in headlines if h.kind]
    strongest, support = max(((k, evidence[k.name]) for k in KINDS), key=lambda p: p[1])
    if scored:
        score, best = max(scored, key=lambda p: p[0])
        rivals = [s for s, h in scored if h.kind and best.kind and h.kind.category != best.kind.category]
        confidence = min(0.99, 0.45 + 0.5 * score)
        if rivals and score - max(rivals) < 0.12:
            confidence *= 0.85
        if best.weight >= 0.5 or support < 0.6 or best.kind is strongest:
            return Verdict(best.kind, round(confidence, 3), best.run)
    if support >= 0.35:
        top = headlines[0].run if headlines and headlines[0].weight > 0.5 else None
        second = max(v for n, v in evidence.items() if n != strongest.name)
        return Verdict(strongest, round(min(0.8, 0.3 + 0.5 * support + 0.3 * (support - second)), 3), top)
    if scored:
        score, best = max(scored, key=lambda p: p[0])
        return Verdict(best.kind, round(min(0.7, 0.3 + 0.5 * score), 3), best.run)
    return Verdict(None, 0.0, headlines[0].run if headlines else None)


def closest(paper: Paper, kinds: Sequence[Kind]) -> Kind:
    """Return the one of `kinds` (at least one) that the paper looks most like; of equals the first."""
    named = classify(paper).kind
    if named is not None and named in kinds:
        return named
    text = re.sub(r"\s", "", paper.flow.key)
    return max(kinds, key=lambda kind: _evidence(kind, text))


def _evidence(kind: Kind, text: str) -> float:
    """Return the share of the kind's words that the pages say, 0..1; half of them is full evidence."""
    if not kind.words:
        return 0.0
    hits = sum(w in text for w in kind.words)
    return min(1.0, hits / max(3.0, min(7.0, 0.5 * len(kind.words))))


def _headlines(paper: Paper) -> list[_Headline]:
    """Return the lines that may be the title, strongest first: large, centred, high on the first page."""
    printed = [s for s in paper.sheets if s.rows]  # before them there may be blank pages, and such as could not be read
    if not printed:
        return []
    sheet = printed[0]
    tall = [_letter(row) for s in printed[:2] for row in s.rows for _ in row.run.inked]
    usual = statistics.median(tall)
    cover = len(sheet.rows) <= 14
    top = min(row.y for row in sheet.rows)
    found = []
    merged = _merged(list(sheet.rows), usual, sheet.width)
    for place, (row, whole) in enumerate(merged):
        if row.y - top > sheet.height * (0.85 if cover else 0.5) and place > 6:
            break
        run = _apart(row, whole, usual)
        bare = _bare(run)
        if not 2 <= len(bare) <= 60 or _says_more(bare):
            continue
        size = min(1.0, max(0.0, _letter(row) / usual - 1.0) / 0.6)
        centre = (run.box[0] + run.box[2]) / 2
        centred = abs(centre - sheet.width / 2) < sheet.width * 0.08
        early = max(0.0, 1.0 - place / 10)
        weight = 0.35 * size + 0.25 * centred + 0.2 * early
        kind, tail = _named(bare)
        if kind:
            weight += 0.2 if tail <= 0 else 0.08 if tail <= 4 else -0.1
        found.append(_Headline(run, kind, weight, tail))
    return sorted(found, key=lambda h: -h.weight)


def _bare(run: Run) -> str:
    """Return what a run says, without spaces and what it quotes."""
    return re.sub(r"\s", "", _QUOTED.sub(lambda m: "·" * len(m[0]), run.key))


def _says_more(bare: str) -> bool:
    return bool(_SENTENCE.search(re.sub(r"[:]$", "", bare)))


def _apart(row: Row, run: Run, usual: float) -> Run:
    """Return the large title of a row that holds a number or a day beside it, as slips and receipts print it; else the whole run."""
    chunks = row.chunks if _says_more(_bare(run)) or _NUMBER.search(_bare(run)) else []
    titles = [c for c in chunks if c.box[3] - c.box[1] > _LARGE * usual and _names(_bare(c))]
    return titles[0] if len(chunks) > 1 and len(titles) == 1 else run


def _names(bare: str) -> bool:
    """Tell whether a line ends with the name of a kind and says no more."""
    kind, tail = _named(bare)
    return kind is not None and tail <= 0 and not _says_more(bare)


def _letter(row: Row) -> float:
    """Return the size of the row's letters: the smaller of height and advance says it best when a seal widens a box."""
    return row.height


def _merged(rows: list[Row], usual: float, width: int) -> list[tuple[Row, Run]]:
    """Return the rows, with a large title that runs over two or three centred lines as one."""
    result: list[tuple[Row, Run]] = []
    for row in rows:
        if result:
            above, run = result[-1]
            both_large = min(above.height, row.height) > 1.25 * usual and 0.8 < above.height / row.height < 1.25
            near = row.y - above.y < 2.3 * row.height
            centred = all(abs((r.box[0] + r.box[2]) / 2 - width / 2) < 0.08 * width for r in (run, row.run))
            if both_large and near and centred and _named(re.sub(r"\s", "", run.key))[0] is None:
                result[-1] = (replace(row, run=join([run, row.run], "\n")), join([run, row.run], "\n"))
                continue
        result.append((row, row.run))
    return result


def _named(bare: str) -> tuple[Kind | None, int]:
    """Return the kind that a headline names, and how many letters follow the words that name it."""
    core = bare
    while (cut := _TRAILING.sub("", core)) != core:
        core = cut
    best: tuple[int, int, Kind] | None = None
    for kind in KINDS:
        whole = kind.at_end.search(core)
        for m in (whole,) if whole else kind.headline.finditer(core):
            if best is None or (m.end(), m.end() - m.start()) > best[:2]:
                best = (m.end(), m.end() - m.start(), kind)
    if best is None:
        return None, 0
    return best[2], len(core) - best[0]
