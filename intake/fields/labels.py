"""Labels and their values: where the value of a printed label stands, by geometry."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from intake.layout import END, GAP, Run, Sheet, join

_LEAD = r"(?:[(\[]?[0-9一二三四五六七八九十]{1,2}[.、)\]:][ \t]*|[·•●■◆★*\-]+[ \t]*)?"
_TAIL = r"(?:[ \t]*\([^()\n]{1,14}\))?[ \t]*"
_SEPARATORS = ":;：；"
_BRACKET = re.compile(r"\([^()]{1,14}\)")
_RUNS_ON = re.compile(
    r"[与和及或的]|有权|应[当按承在于向负予]|自愿|同意|承[诺担]|未[按经能]|可以|须|已[经按将]|依[据照法]"
)  # as a sentence does
_PART = re.compile(r"\w[^\t]*\t[\u4e00-\u9fff]{1,4}$")  # behind a value: the first letters of a longer label
_LABELLED = re.compile(
    r"[\u4e00-\u9fff]{2,10}(?<!项目)(?:\([^()]{1,8}\))?:"
)  # a line of its own; a scope says 许可项目:
_CELLS = 1.5  # heights of print between a label and its value at which they stand in cells of their own
_BROKEN = 0.3  # between two letters, at which a cell ends there
_APART = 0.15  # of the height of print, between two letters, at which the one may end a cell: within words they touch
_SHARED = 0.8  # of the height of a label, that what stands at its very height shares with it
_LONGEST = 10  # letters of the first line of a label
_CLOSE = 1.75  # heights of print between the middles of two lines of one label


@dataclass(frozen=True)
class Spot:
    """A label found on a page: its name, the row, the offsets in the row's run, and how sure it is a label.

    word: which of the printed forms of that name it is.
    """

    name: str
    sheet: int
    row: int
    start: int
    end: int
    x0: int
    x1: int
    strength: float
    word: str = ""


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    spaced = ["[ \\t]{0,4}".join(re.escape(c) for c in w) for w in words]
    return re.compile("|".join(f"(?P<w{i}>{s})" for i, s in enumerate(spaced)))


@cache
def _first_letters(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word[0] for word in words)


class _Loose:
    """Labels of four letters or more with one letter misread, where a colon or a gap follows.

    Not a pattern: one with a variant for every letter of every label takes seconds to compile.
    """

    _FOLLOWS = re.compile(r"[ \t]*(?:[:\t]|$)")

    def __init__(self, words: tuple[str, ...]) -> None:
        # One of the first two letters is right, so a label is looked up by either.
        self._by_letter: dict[tuple[int, str], list[tuple[int, str]]] = {}
        for i, word in enumerate(words):
            if len(word) >= 4 and not word.isascii():
                for k in (0, 1):
                    self._by_letter.setdefault((k, word[k]), []).append((i, word))

    def match(self, key: str, at: int) -> tuple[int, int] | None:
        """Return which label stands at an offset, the first of them that does, and where it ends; None when none does."""
        found: list[tuple[int, int]] = []
        for k in (0, 1):
            for i, word in self._by_letter.get((k, key[at + k : at + k + 1]), ()):
                there = key[at : at + len(word)]
                if len(there) == len(word) and self._is_misread(word, there):
                    found.append((i, at + len(word)))
        return next((f for f in sorted(found) if self._FOLLOWS.match(key, f[1])), None)

    @staticmethod
    def _is_misread(word: str, there: str) -> bool:
        wrong = [b for a, b in zip(word, there, strict=True) if a != b]
        return not wrong or (len(wrong) == 1 and "\u4e00" <= wrong[0] <= "\u9fff")


_loose = cache(_Loose)


@cache
def _beginnings(words: tuple[str, ...]) -> Mapping[str, frozenset[str]]:
    """Return the ends that turn a beginning of two letters or more into a label; "" for what is one already."""
    found: dict[str, set[str]] = {}
    for word in words:
        for k in range(2, len(word) + 1):
            found.setdefault(word[:k], set()).add(word[k:])
    return {beginning: frozenset(ends) for beginning, ends in found.items()}


def unbroken(sheets: Sequence[Sheet], labels: Mapping[str, Sequence[str]]) -> tuple[Sheet, ...]:
    """Return the sheets, every label that a narrow cell broke into lines in one piece, in the row its value stands in.

    Their rows stay as many as they are; a row may be left empty.
    """
    ends = _beginnings(tuple(dict.fromkeys(word for words in labels.values() for word in words)))
    return tuple(_unbroken(sheet, ends) for sheet in sheets)


def _unbroken(sheet: Sheet, ends: Mapping[str, frozenset[str]]) -> Sheet:
    rows = [list(row.chunks) for row in sheet.rows]
    changed = False
    for r in range(len(rows)):
        for first in list(rows[r]):
            stack, value = _stack(sheet, rows, r, first, ends), Run()
            if len(stack) < 2:
                stack, value = _stuck(sheet, rows, r, first, ends)
            if len(stack) < 2:
                continue
            changed = True
            if value.inked:
                rows[r] = [
                    piece for chunk in rows[r] for piece in ((stack[0][1], value) if chunk is first else (chunk,))
                ]
            for at, piece in stack:
                rows[at] = [chunk for chunk in rows[at] if chunk is not piece]
            whole = join([piece for _, piece in stack], "")
            wanted = (sheet.rows[r].y + sheet.rows[stack[-1][0]].y) / 2
            valued = [i for i in range(r, stack[-1][0] + 1) if any(c.box[0] > stack[0][1].box[2] for c in rows[i])]
            home = min(valued or [r], key=lambda i: abs(sheet.rows[i].y - wanted))
            rows[home] = sorted([*rows[home], whole], key=lambda c: c.box[0])
    if not changed:
        return sheet
    kept = tuple(replace(row, run=join(chunks, GAP)) for row, chunks in zip(sheet.rows, rows, strict=True))
    return replace(sheet, rows=kept)


def _stack(
    sheet: Sheet, rows: Sequence[Sequence[Run]], r: int, first: Run, ends: Mapping[str, frozenset[str]]
) -> list[tuple[int, Run]]:
    """Return the chunks, with their rows, of which a label is made that begins with `first`; a single one where it is none."""
    stack, said = [(r, first)], first.key
    while said in ends:
        at, last = stack[-1]
        high = sheet.rows[at].height
        below = (
            (i, chunk)
            for i in range(at + 1, min(at + 4, len(rows)))
            if sheet.rows[i].y - sheet.rows[at].y < _CLOSE * high
            for chunk in rows[i]
            if abs(chunk.box[0] - last.box[0]) < high or abs(sum(chunk.box[::2]) - sum(last.box[::2])) < 2 * high
        )
        step = next((s for s in below if _goes_on(s[1].key, ends[said])), None)
        if step is None:
            break
        stack.append(step)
        if step[1].key in ends[said] or _BRACKET.fullmatch(step[1].key):
            return stack
        said += step[1].key
    return stack[:1]


def _stuck(
    sheet: Sheet, rows: Sequence[Sequence[Run]], r: int, first: Run, ends: Mapping[str, frozenset[str]]
) -> tuple[list[tuple[int, Run]], Run]:
    """Return the pieces of a label whose first line was read as one with the value beside it (申请信用80万元, 额度 below), and that value."""
    for k in range(2, min(len(first), _LONGEST)):
        if first.key[:k] in ends and _ends_a_cell(first, k):
            stack = _stack(sheet, rows, r, first.cut(0, k), ends)
            if len(stack) > 1:
                return stack, first.cut(k).strip("")
    return [], Run()


def _goes_on(key: str, ends: frozenset[str]) -> bool:
    """Tell whether a line goes on with a label that has these ends: by a part of one, or a label's word in brackets (负责人)."""
    return any(end.startswith(key) for end in ends) or ("" in ends and bool(_BRACKET.fullmatch(key)))


def find_labels(sheets: Sequence[Sheet], labels: Mapping[str, Sequence[str]]) -> list[Spot]:
    """Return every label in reading order of rows. `labels`: name -> printed forms; longer forms win.

    A label starts a chunk or follows a separator, and ends before a colon, a gap, or its value; inside a chunk it
    counts only after another label and with a colon, so that words inside values are not taken for labels.
    """
    pairs = sorted(((w, n) for n, ws in labels.items() for w in ws), key=lambda p: -len(p[0]))
    words = tuple(w for w, _ in pairs)
    spots: list[Spot] = []
    for s, sheet in enumerate(sheets):
        for r, row in enumerate(sheet.rows):
            spots += _in_row(row.run, s, r, words, pairs)
    return spots


def _in_row(run: Run, s: int, r: int, words: tuple[str, ...], pairs: list[tuple[str, str]]) -> list[Spot]:
    key = run.key
    spots: list[Spot] = []
    at = 0
    while at < len(key):
        m, strength = _match(run, at, words, spots[-1].end if spots else None)
        if m is None:
            at += 1
            continue
        word, over = m
        printed, name = pairs[word]
        tail = re.compile(_TAIL + ":").match(key, over)
        bracket = re.compile(_TAIL).match(key, over)
        end = tail.end() if tail else bracket.end() if bracket and ")" in bracket[0] else over
        strength *= 1.0 if tail or key[end : end + 1] in ("", "\t") or key[end - 1] == "\t" else 0.93
        if strength < 1.0 and spots and key[spots[-1].end : at].strip(GAP) == "" and GAP in key[spots[-1].start : at]:
            at = over  # the words with which the value of the label before begins
            continue
        boxes = [g.box for g in run.glyphs[at:end] if g.box]
        spots.append(Spot(name, s, r, at, end, boxes[0][0], max(b[2] for b in boxes), strength, printed))
        at = end
    return spots


def _match(run: Run, at: int, words: tuple[str, ...], last: int | None) -> tuple[tuple[int, int] | None, float]:
    """Return which of the words stands at an offset and where it ends, and how sure that is a label. last: where the label before it ends."""
    seen, key = last is not None, run.key
    free = at == 0 or key[at - 1] in "\t\n :;,。、)】]"
    if not free and not seen:
        lead = re.compile(_LEAD).match(key[:at])
        free = bool(lead and lead.end() == at)
    m = _pattern(words).match(key, at) if key[at] in _first_letters(words) else None
    if m is None:
        return (_loose(words).match(key, at), 0.8) if free else (None, 0.0)
    found = (int(str(m.lastgroup)[1:]), m.end())
    closed = re.compile(_TAIL + ":").match(key, m.end())
    free = free or (seen and _ends_a_cell(run, at) and _ends_a_cell(run, m.end()))
    # The number of a list that lost its point.
    free = free or bool(not seen and closed and re.fullmatch(r"\d{1,2}", key[:at]))
    if free:
        bare = re.sub(r"\s", "", m[0])
        follows = key[m.end() : m.end() + 1]
        # A single letter (致, 住) is a label before a gap, and at the start of a row before a colon.
        if len(bare) < 2 and (follows != "\t" or (at > 0 and key[at - 1] != "\t")) and not (at == 0 and closed):
            return None, 0.0
        if len(bare) < 3 and not closed and follows not in ("", "\t", "(") and at > 0 and key[at - 1] != "\t":
            return None, 0.0
        if bare[-1] in "人方" and _RUNS_ON.match(key, m.end()):  # 债权人有权要求
            return None, 0.0
        return found, 1.0
    longer = seen and _PART.search(key[last:at])  # 订单号 is no 单号
    if (
        seen
        and closed
        and not longer
        and GAP not in m[0]
        and len(re.sub(r"\s", "", m[0])) >= 2
        and key[at - 1] not in "的该本其"
    ):
        return found, 0.85
    return None, 0.0


def _ends_a_cell(run: Run, at: int) -> bool:
    """Tell whether the letter before an offset stands apart from the one there, as at the edge of a narrow cell of a table."""
    one, other = (run.glyphs[i].box if 0 <= i < len(run) else None for i in (at - 1, at))
    return bool(one and other and other[0] - one[2] > _APART * (one[3] - one[1]))


class Regions:
    """The places of the values of one document's labels."""

    def __init__(self, sheets: Sequence[Sheet], spots: Sequence[Spot]) -> None:
        self._sheets = sheets
        self._by_row: dict[tuple[int, int], list[Spot]] = {}
        for spot in spots:
            self._by_row.setdefault((spot.sheet, spot.row), []).append(spot)
        self._heads = {at for at, labels in self._by_row.items() if self._is_head(at, labels)}

    def beside(self, spot: Spot) -> Run:
        """Return what stands right of the label in its row, up to the next label or the next column."""
        row = self._sheets[spot.sheet].rows[spot.row]
        after = [s.start for s in self._by_row[spot.sheet, spot.row] if s.start >= spot.end]
        run = row.run.cut(spot.end, min(after, default=None)).lstrip(_SEPARATORS)
        limit = self._limit(spot)
        chunks = run.chunks()
        kept = [
            c
            for i, c in enumerate(chunks)
            if c.box[0] < limit - row.height or (i == 0 and limit - spot.x1 < 2 * row.height)
        ]
        if (
            not kept
            and len(chunks) == len(self._by_row[spot.sheet, spot.row]) == 1
            and self._is_own(spot, chunks[0], limit)
        ):
            kept = chunks  # a wide cell
        return join(kept, GAP)

    def _is_own(self, spot: Spot, chunk: Run, limit: float) -> bool:
        """Tell whether a chunk beyond the next column's labels is in line with neither them nor their values: then it is no line of these."""
        rows = self._sheets[spot.sheet].rows
        height = rows[spot.row].height
        there = [
            s
            for (page, _), spots in self._by_row.items()
            if page == spot.sheet
            for s in spots
            if abs(s.x0 - limit) < height
        ]
        values = [g.box[0] for s in there for g in rows[s.row].run.cut(s.end).lstrip(_SEPARATORS).inked[:1] if g.box]
        return chunk.box[0] > limit and all(
            abs(chunk.box[0] - x) > 1.6 * height for x in (*values, *(s.x0 for s in there))
        )

    def under(self, spot: Spot) -> Run:
        """Return the first chunk below the label that stands in its column and is no label itself."""
        sheet = self._sheets[spot.sheet]
        here = sheet.rows[spot.row]
        for r in range(spot.row + 1, min(spot.row + 3, len(sheet.rows))):
            row = sheet.rows[r]
            if row.y - here.y > 4 * here.height:
                break
            for chunk in row.chunks:
                overlaps = chunk.box[0] < spot.x1 + here.height and chunk.box[2] > spot.x0 - here.height
                if overlaps and not self._is_label(spot.sheet, r, chunk):
                    return chunk
                if overlaps:
                    return Run()
        return Run()

    def block(self, spot: Spot) -> Run:
        """Return the whole value: beside the label, and the lines above and below that belong to it (joined by END)."""
        first = self.beside(spot) or self._level(spot)
        if not first.inked:
            first = self.under(spot)
            if not first.inked:
                return join(self._astride(spot), END)
        above = self._grow(spot, first, -1) if self.beside(spot).inked else []
        return join([*reversed(above), first, *self._grow(spot, first, 1)], END)

    def _level(self, spot: Spot) -> Run:
        """Return what stands right of the label at its very height, in a half row of its own: the labels of one row may take one line or two."""
        rows, row = self._sheets[spot.sheet].rows, self._sheets[spot.sheet].rows[spot.row]
        _, top, right, low = row.run.cut(spot.start, spot.end).box
        beyond = self._limit(spot) - row.height
        for r in (spot.row - 1, spot.row + 1):
            if not 0 <= r < len(rows) or abs(rows[r].y - row.y) > row.height:
                continue
            mine = next((c for c in rows[r].chunks if right - row.height / 2 < c.box[0] < beyond), None)
            shared = min(low, mine.box[3]) - max(top, mine.box[1]) if mine else 0
            if mine and shared > _SHARED * (low - top) and not self._is_label(spot.sheet, r, mine):
                return mine
        return Run()

    def _astride(self, spot: Spot) -> list[Run]:
        """Return the lines of a value whose label stands in the middle between two of them, as in a cell of an even number of lines."""
        rows, row = self._sheets[spot.sheet].rows, self._sheets[spot.sheet].rows[spot.row]
        beyond = self._limit(spot) - row.height
        halves = list[Run]()
        for r in (spot.row - 1, spot.row + 1):
            if not 0 <= r < len(rows) or abs(rows[r].y - row.y) > row.height:
                return []
            mine = [c for c in rows[r].chunks if spot.x1 - row.height / 2 < c.box[0] < beyond]
            if not mine or self._is_label(spot.sheet, r, mine[0]):
                return []
            halves.append(mine[0])
        above, below = halves
        if abs(above.box[0] - below.box[0]) > row.height:
            return []
        return [*reversed(self._grow(spot, above, -1)), above, below, *self._grow(spot, below, 1)]

    def _grow(self, spot: Spot, first: Run, step: int) -> list[Run]:
        sheet = self._sheets[spot.sheet]
        height = sheet.rows[spot.row].height
        limit = self._limit(spot)
        lines: list[Run] = []
        last, last_y = first, sheet.rows[spot.row].y
        r = next((i for i, row in enumerate(sheet.rows) if first.chunks()[-1].glyphs[-1] in row.run.glyphs), spot.row)
        last_y = sheet.rows[r].y
        while 0 <= (r := r + step) < len(sheet.rows):
            row = sheet.rows[r]
            if abs(row.y - last_y) > 2.6 * height:
                break
            mine = [c for c in row.chunks if spot.x0 - height < c.box[0] < limit - height]
            # Where labels are set in the middle of their column, a longer one begins further left.
            labels = [s for s in self._by_row.get((spot.sheet, r), []) if s.x0 < limit - height]
            if any(s.x0 > spot.x0 - 2 * height or s.x1 > spot.x0 for s in labels):
                break
            if any(self._heads_a_row(c, spot, first, height) for c in row.chunks):
                break
            if not mine or mine[0].box[0] > max(first.box[0], spot.x0) + 4 * height:  # another column's
                continue
            piece = join(mine, GAP)
            if not re.search(r"\w", piece.key):  # a star or a stroke of a seal
                break
            if (
                not self._continues(last, piece, first, spot, height)
                if step > 0
                else abs(piece.box[0] - first.box[0]) > height or _LABELLED.match(piece.key)
            ):
                break
            if self._nearer_beyond(spot, r, step, abs(row.y - last_y), limit):
                break
            lines.append(piece)
            last, last_y = piece, row.y
        return lines

    @staticmethod
    def _heads_a_row(chunk: Run, spot: Spot, first: Run, height: float) -> bool:
        """Tell whether a chunk stands where the label of a table's row does, its cell apart from that of the values; which words it says is not asked."""
        cells = first.box[0] - spot.x1 > _CELLS * height
        return cells and chunk.box[2] < first.box[0] - height / 4 and chunk.box[2] > spot.x0 and len(chunk.inked) > 1

    @staticmethod
    def _continues(last: Run, piece: Run, first: Run, spot: Spot, height: float) -> bool:
        """Tell whether `piece` is the wrapped rest of `last`: aligned, and `last` was filled before it broke.

        It stands under the value, or under the label where the value runs on from it; what is a row of a table then is broken where values begin.
        """
        under_label = abs(piece.box[0] - spot.x0) < 1.2 * height and GAP not in piece.key
        under_label &= not _LABELLED.match(piece.key)
        boxes = [g.box for g in piece.inked if g.box]
        under_label &= first.box[0] - spot.x1 < _CELLS * height and not any(
            abs(b[0] - first.box[0]) < height / 2 and b[0] - a[2] > _BROKEN * height for a, b in pairwise(boxes)
        )
        aligned = abs(piece.box[0] - first.box[0]) < 1.6 * height or under_label
        return aligned and piece.box[2] < last.box[2] + 2.2 * height

    def _nearer_beyond(self, spot: Spot, r: int, step: int, distance: float, limit: float) -> bool:
        """Tell whether row `r` stands nearer to a label's row on its far side than to the value it would join."""
        sheet = self._sheets[spot.sheet]
        beyond = r + step
        while 0 <= beyond < len(sheet.rows):
            gap = abs(sheet.rows[beyond].y - sheet.rows[r].y)
            spots = [
                s for s in self._by_row.get((spot.sheet, beyond), []) if abs(s.x0 - spot.x0) < 2 * sheet.rows[r].height
            ]
            chunks = [c for c in sheet.rows[beyond].chunks if spot.x0 - sheet.rows[r].height < c.box[0] < limit]
            if spots:
                return gap < 0.8 * distance if step > 0 else gap < 1.25 * distance
            if chunks:
                return step < 0 and gap < 1.25 * distance
            beyond += step
        return False

    def _limit(self, spot: Spot) -> float:
        """Return where the next column of labels starts, right of this label; the page's width when none does."""
        sheet = self._sheets[spot.sheet]
        height = sheet.rows[spot.row].height
        near = [
            s
            for (page, r), spots in self._by_row.items()
            if page == spot.sheet
            and (page, r) not in self._heads
            and abs(sheet.rows[r].y - sheet.rows[spot.row].y) < 9 * height
            for s in spots
            if s.x0 > spot.x1 + 3 * height
        ]
        # a label alone in its row and in its column (a centred code, the office above its date) opens no column
        starts = [s.x0 for s in near if s.start > 0 or sum(abs(o.x0 - s.x0) < 1.5 * height for o in near) > 1]
        return min(starts, default=float(sheet.width))

    def _is_head(self, at: tuple[int, int], labels: Sequence[Spot]) -> bool:
        """Tell whether a row is the head of a table: most of its cells are labels, and none has a value beside it. It parts no rows above it."""
        row = self._sheets[at[0]].rows[at[1]]
        return 4 <= len(row.chunks) < 2 * len(labels) and not re.search(r"[:\d]", row.run.key)

    def _is_label(self, sheet: int, row: int, chunk: Run) -> bool:
        return any(chunk.box[0] <= s.x0 < chunk.box[2] for s in self._by_row.get((sheet, row), []))
