"""The query language: one parser, one syntax tree. Engines and highlighter only ever see the tree.

    query     = either
    either    = all { "OR" all }
    all       = part { part }
    part      = "-" part | "(" either ")" | '"' phrase '"' | field ":" value | word

A word is a run without white space. What could be an operator but is not used as one (a lone bracket, a bracket inside a
word, a dash between spaces, a dash before the only word) has its plain meaning: it is part of the text to look for.
"""

import re
from dataclasses import dataclass, field
from typing import TypeAlias

from search.errors import BadQuery
from search.fields import ALIASES, FIELDS
from search.folding import fold

MAX_LENGTH = 1000  # characters; longer ones are pasted pages, which no engine can look for in one piece
MAX_DEPTH = 20


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


Node: TypeAlias = Word | Phrase | FieldMatch | Not | And | Or

__all__ = ["MAX_LENGTH", "And", "FieldMatch", "Node", "Not", "Or", "Phrase", "Word", "parse"]

_QUOTES = {'"': '"', "＂": "＂", "“": "”"}
_FIELD = re.compile(r"([a-z_]+|[\u4e00-\u9fff]{2,6})[:：]", re.IGNORECASE)


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
        self._text = text
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
            return self._leaf(Phrase(self._text[start + 1 : end], start), start)
        named = _FIELD.match(self._text, start)
        if named and (node := self._field(named)) is not None:
            return node
        word = self._word()
        if not word.strip("-"):
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
        name, start = named[1].lower(), named.start()
        after = self._text[named.end() : named.end() + 2]
        if after == "//":
            return None  # the address of a web page
        chinese = not name.isascii()
        if chinese and name not in ALIASES:
            return None  # running text with a colon
        if name not in FIELDS and name not in ALIASES:
            known = ", ".join(sorted(FIELDS))
            raise BadQuery(f"there is no field “{name}”; known are {known}. Put quotes around text with a colon", start)
        self._at = named.end()
        if not after.strip() or after[0] in "()":
            if chinese:
                self._at = start
                return None
            raise BadQuery(f"a value must follow “{name}:” at once", self._at)
        value = self._value()
        match = FieldMatch(ALIASES.get(name, name), value)
        # `甲方：某公司` is also how a page reads, so the run itself counts, too.
        return Or((match, Word(self._text[start : self._at], start))) if chinese else match

    def _value(self) -> Word | Phrase:
        start, char = self._at, self._text[self._at]
        if char in _QUOTES and (end := self._quote_end(start)):
            self._at = end + 1
            return self._leaf(Phrase(self._text[start + 1 : end], start), start)
        return self._leaf(Word(self._word(), start), start)

    def _word(self) -> str:
        """Take characters up to white space, a quotation mark, or the bracket that closes the group we are in."""
        start, inner = self._at, 0
        while self._at < len(self._text):
            char = self._text[self._at]
            if char.isspace() or (char in '"＂' and self._at > start):
                break
            if char == "(":
                inner += 1
            elif char == ")":
                if inner == 0 and self._open:
                    break
                inner -= inner > 0
            self._at += 1
        return self._text[start : self._at]

    def _leaf(self, leaf: "Word | Phrase", start: int) -> "Word | Phrase":
        if not fold(leaf.text).chars:
            raise BadQuery("there is nothing to look for here", start)
        return leaf

    def _or_here(self) -> bool:
        after = self._text[self._at + 2 : self._at + 3]
        return self._text.startswith("OR", self._at) and (not after.strip() or after in '()"“')

    def _skip_space(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
