"""The query language: one parser, one syntax tree. Engines and highlighter only ever see the tree.

    query     = either
    either    = all { "OR" all }
    all       = part { part | "near:" number part }
    part      = "-" part | "(" either ")" | '"' phrase '"' | field ":" value | field ":" range | word
    range     = value | value ".." [ value ] | ".." value | ( ">" | ">=" | "<" | "<=" ) value

Fields of dates and amounts take ranges, and a value alone is the range of it; all others take values. A word is a run without white space,
or a date or an amount that is written with some. Every sign is itself in its full width, too, as a Chinese keyboard gives it. `AND` between two parts says what is so without it.
What could be an operator but is not used as one (a lone bracket, a bracket inside a word, a dash between spaces, a dash before the only
word) has its plain meaning: it is part of the text to look for.
"""

import re
from dataclasses import dataclass, field
from typing import TypeAlias

from search.errors import BadQuery
from search.fields import ALIASES, FIELDS
from search.folding import fold, is_one_value
from search.ranges import AMOUNTS, SHORT, STORED, NoValue, bounds, is_range

MAX_LENGTH = 1000  # characters; longer ones are pasted pages, which no engine can look for in one piece
MAX_DEPTH = 20
MAX_NEAR = 20  # characters; pages are that far apart in the index


@dataclass(frozen=True)
class Word:
    """A run of characters; separators inside codes and amounts do not matter."""

    text: str
    position: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Phrase:
    """Quoted: exactly these characters in this order; only white space, width and case do not matter."""

    text: str
    position: int = field(default=0, compare=False)


@dataclass(frozen=True)
class FieldMatch:
    """The value of a field (a key of `search.fields.FIELDS`) holds `value`."""

    field: str
    value: Word | Phrase


@dataclass(frozen=True)
class Range:
    """The value of a field (one of `search.ranges.STORED`) lies from `low` to `high`, both included; None is no bound."""

    field: str
    low: int | None
    high: int | None


@dataclass(frozen=True)
class Near:
    """Both stand in the text of one page, in either order, with at most `distance` characters between them."""

    left: Word | Phrase
    right: Word | Phrase
    distance: int


@dataclass(frozen=True)
class Similar:
    """What `leaf` says, or what may have been meant by it; no query says so, see `search.nearly`."""

    leaf: Word | Phrase


@dataclass(frozen=True)
class Not:
    """Documents in which `part` stands nowhere."""

    part: "Node"
    position: int = field(default=0, compare=False)


@dataclass(frozen=True)
class And:
    """Documents that have all parts, each on any page."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Or:
    """Documents that have one of the parts or more."""

    parts: tuple["Node", ...]


Node: TypeAlias = Word | Phrase | FieldMatch | Range | Near | Similar | Not | And | Or

__all__ = [
    "MAX_LENGTH",
    "MAX_NEAR",
    "And",
    "FieldMatch",
    "Near",
    "Node",
    "Not",
    "Or",
    "Phrase",
    "Range",
    "Similar",
    "Word",
    "parse",
]

_QUOTES = {'"': '"', "“": "”"}
_NEAR = re.compile(r"(?:near|相距):([^\s()\"“]*)", re.IGNORECASE)
_FIELD = re.compile(r"([a-z_]+|[\u3400-\u9fff]{2,8}):", re.IGNORECASE)
_AND = re.compile(r"AND\s+(?!OR(?:\s|$))(\S)")
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}  # Unicode: the full-width forms of ASCII, one for one
_CHUNKS = re.compile(r"[^\s()\"“]+(?:\s+[^\s()\"“]+){1,5}")  # `19th day of February, 2026` has five


def parse(text: str) -> Node:
    """Return the syntax tree of what a person typed. Raises BadQuery with the offset of the first wrong character."""
    if len(text) > MAX_LENGTH:
        raise BadQuery(f"the query is longer than {MAX_LENGTH} characters", MAX_LENGTH)
    node = _Parser(text).whole()
    lonely = _lonely(node)
    if lonely is not None:
        raise BadQuery("something must be there, not only words to leave out", lonely.position)
    return node


def _lonely(node: Node) -> Not | None:
    """Return a negation with nothing beside it that must be there, or None."""
    match node:
        case Not():
            return node
        case And(parts):
            lonely = [_lonely(part) for part in parts]
            return None if None in lonely else lonely[0]
        case Or(parts):
            return next((found for part in parts if (found := _lonely(part)) is not None), None)
        case _:
            return None


class _Parser:
    def __init__(self, text: str) -> None:
        self._typed = text
        self._text = text.translate(_NARROW)
        self._at = 0
        self._open: list[int] = []

    def whole(self) -> Node:
        node = self._either()
        if node is None:
            raise BadQuery("the query is empty", 0)
        if isinstance(node, Not) and isinstance(node.part, Word) and node.part.text[:1].isdigit():
            # `-001` alone is the tail of a number, not something to leave out of nothing.
            return Word("-" + node.part.text, node.position)
        return node

    def _either(self) -> Node | None:
        branches: list[Node] = []
        last_or = -1
        while True:
            branch = self._all()
            if branch is None:
                if self._or_here() or last_or >= 0:
                    raise BadQuery("OR stands between two words", self._at if self._or_here() else last_or)
                return None
            branches.append(branch)
            if not self._or_here():
                return branches[0] if len(branches) == 1 else Or(tuple(branches))
            last_or = self._at
            self._at += 2

    def _all(self) -> Node | None:
        parts: list[Node] = []
        while (part := self._part()) is not None:
            parts.append(part)
            last = part
            while (near := self._near(last)) is not None:
                parts[-1:] = [near] if parts[-1] is last else [parts[-1], near]
                last = near.right
            self._skip_and()
        return parts[0] if len(parts) == 1 else And(tuple(parts)) if parts else None

    def _part(self) -> Node | None:
        """Return the next part, or None where OR, a closing bracket or the end stands."""
        while True:
            self._skip_space()
            if self._at == len(self._text) or self._or_here() or (self._open and self._text[self._at] == ")"):
                return None
            here, negated = self._at, self._take_dash()
            node = self._term()
            if node is not None:
                return Not(node, here) if negated else node

    def _near(self, left: Node) -> Near | None:
        self._skip_space()
        start = self._at
        named = _NEAR.match(self._text, start)
        if named is None:
            return None
        if not re.fullmatch(r"[0-9]{1,2}", named[1]) or int(named[1]) > MAX_NEAR:
            raise BadQuery(f"“near:” takes a number of characters from 0 to {MAX_NEAR}", named.start(1))
        self._at = named.end()
        right = self._part()
        if not isinstance(left, Word | Phrase) or not isinstance(right, Word | Phrase):
            raise BadQuery("“near:” stands between two words", start)
        for word in (left, right):
            if len(fold(word.text).chars) < 2:
                raise BadQuery("“near:” needs words of two characters or more", word.position)
        return Near(left, right, int(named[1]))

    def _take_dash(self) -> bool:
        here, rest = self._at, self._text[self._at + 1 :]
        if self._text[here] != "-" or not rest[:1].strip() or rest[0] in "-)":
            return False
        self._at += 1
        return True

    def _term(self) -> Node | None:
        start, char = self._at, self._text[self._at]
        if char == "(" and self._groups(start):
            return self._group()
        if char in _QUOTES and (end := self._quote_end(start)):
            self._at = end + 1
            return self._leaf(Phrase(self._typed[start + 1 : end], start), start)
        if _NEAR.match(self._text, start):
            raise BadQuery("“near:” stands between two words", start)
        named = _FIELD.match(self._text, start)
        if named and (node := self._field(named)) is not None:
            return node
        word = self._spread() or self._word()
        if not self._text[start : self._at].strip("-"):
            return None  # a dash between spaces
        return self._leaf(Word(word, start), start)

    def _group(self) -> Node:
        start = self._at
        if len(self._open) == MAX_DEPTH:
            raise BadQuery(f"brackets are nested more than {MAX_DEPTH} deep", start)
        self._open.append(start)
        self._at += 1
        node = self._either()
        self._open.pop()
        if self._at == len(self._text):
            raise BadQuery("this bracket is never closed", start)
        self._at += 1
        if node is None:
            raise BadQuery("there is nothing between the brackets", start)
        return node

    def _groups(self, start: int) -> bool:
        """Tell whether the bracket at `start` groups: it is closed, and not part of a name such as `(集团)有限公司`."""
        end = self._closing(start)
        if end < 0:
            return False
        plain = not re.search(r'[\s"]', self._text[start + 1 : end])
        followed = self._text[end + 1 : end + 2]
        return not (plain and followed.strip() and followed not in '()"' and end > start + 1)

    def _closing(self, start: int) -> int:
        depth, quoted = 0, False
        for at in range(start, len(self._text)):
            char = self._text[at]
            if char == '"':
                quoted = not quoted
            elif not quoted and char in "()":
                depth += 1 if char == "(" else -1
                if depth == 0:
                    return at
        return -1

    def _quote_end(self, start: int) -> int:
        """Return where the quote at `start` is closed; 0 when a Chinese quotation mark is only part of a word."""
        char = self._text[start]
        end = self._text.find(_QUOTES[char], start + 1)
        if char == "“":
            after = self._text[end + 1 : end + 2]
            return end if end > 0 and (not after.strip() or after == ")") else 0
        if end < 0:
            raise BadQuery("this quotation mark is never closed", start)
        return end

    def _field(self, named: re.Match[str]) -> Node | None:
        name, start = fold(named[1]).chars, named.start()
        after = self._text[named.end() : named.end() + 2]
        if after == "//":
            return None  # the address of a web page
        chinese = not name.isascii()
        if chinese and name not in ALIASES and name not in SHORT:
            return None  # running text with a colon
        if name not in FIELDS and name not in ALIASES and name not in SHORT:
            known = ", ".join(sorted({*FIELDS, *(short for short in SHORT if short.isascii())}))
            raise BadQuery(f"there is no field “{name}”; known are {known}. Put quotes around text with a colon", start)
        self._at = named.end()
        if not after.strip() or after[0] in "()":
            if chinese:
                self._at = start
                return None
            raise BadQuery(f"a value must follow “{name}:” at once", self._at)
        stored = SHORT.get(name) or ALIASES.get(name, name)
        if stored in STORED:
            return self._range(stored, start if chinese else None)
        match = FieldMatch(stored, self._value())
        return self._or_as_printed(match, start) if chinese else match

    def _or_as_printed(self, match: FieldMatch | Range, start: int) -> Or:
        """`甲方：某公司` is also how a page reads, so the run itself counts, too."""
        return Or((match, Word(self._typed[start : self._at], start)))

    def _range(self, stored: str, printed: int | None) -> Range | Or | None:
        """Return the range that stands here. printed: where the run begins that is also how a page reads.

        For such a run it is None, and nothing taken, where what follows is no range: `签订：上海` is text alone.
        """
        start, value = self._at, self._value()
        word, begins = value.text, start + isinstance(value, Phrase)
        try:
            found = bounds(stored, word)
        except NoValue as error:
            if printed is not None and not is_range(word):
                self._at = printed
                return None
            wanted = "an amount (1000000, 100万)" if stored in AMOUNTS else "a date (2024, 2024-01, 2024-01-31)"
            raise BadQuery(f"{wanted} must stand here", begins + error.at) from error
        if found.low is not None and found.high is not None and found.low > found.high:
            raise BadQuery("this range ends before it begins", begins)
        node = Range(stored, found.low, found.high)
        return node if printed is None or is_range(word) else self._or_as_printed(node, printed)

    def _value(self) -> Word | Phrase:
        start, char = self._at, self._text[self._at]
        if char in _QUOTES and (end := self._quote_end(start)):
            self._at = end + 1
            return self._leaf(Phrase(self._typed[start + 1 : end], start), start)
        return self._leaf(Word(self._spread() or self._word(), start), start)

    def _spread(self) -> str:
        """Take a date or an amount that is written with white space; "" where none stands."""
        start = self._at
        if (found := _CHUNKS.match(self._text, start)) is None:
            return ""
        ends = [start + space.start() for space in re.finditer(r"\s+", found[0])][1:]
        for end in (found.end(), *reversed(ends)):
            if is_one_value(self._typed[start:end]):
                self._at = end
                return self._typed[start:end]
        return ""

    def _word(self) -> str:
        """Take characters up to white space, a quotation mark, or the bracket that closes the group we are in."""
        start, inner = self._at, 0
        while self._at < len(self._text):
            char = self._text[self._at]
            if char.isspace() or (char == '"' and self._at > start):
                break
            if char == "(":
                inner += 1
            elif char == ")":
                if inner == 0 and self._open:
                    break
                inner -= inner > 0
            self._at += 1
        return self._typed[start : self._at]

    def _leaf(self, leaf: "Word | Phrase", start: int) -> "Word | Phrase":
        if not fold(leaf.text).chars:
            raise BadQuery("there is nothing to look for here", start)
        return leaf

    def _or_here(self) -> bool:
        after = self._text[self._at + 2 : self._at + 3]
        return self._text.startswith("OR", self._at) and (not after.strip() or after in '()"“')

    def _skip_and(self) -> None:
        """Pass over AND where something stands behind it that it can mean."""
        self._skip_space()
        found = _AND.match(self._text, self._at)
        if found and not (self._open and found[1] == ")"):
            self._at += 3

    def _skip_space(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
