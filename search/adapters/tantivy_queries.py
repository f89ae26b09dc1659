"""What the embedded engine is asked for a plan: the same entries as the plan says, by the way that looks at the fewest."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import TypeAlias

import tantivy
from tantivy import Occur, Query

from search import projection as p
from search.adapters.tantivy_orders import count
from search.errors import BadQuery
from search.model import Reader
from search.orders import RANKED

_FEW = 4  # a bound that one entry in so many meets, or fewer, is looked at first
_FEW_VALUES = 8  # of a bound, the lists of which are looked through one by one
_RARER = 0.9  # so much rarer than what is looked for anyway, or more, is worth to be looked for, too
_A_TEXT = 3000  # entries the engine looks at while one text is held against a word that may be misspelt
_FEW_TEXTS, _MOST_TEXTS = 10, 150  # so many are not worth another question; more would leave others out
_MANY, _ENOUGH = 8 * RANKED, 2 * RANKED  # hits of which not all are ranked; how many of them are, about


Bounds: TypeAlias = Sequence[tuple[str, list[str]]]
"""Fields, and the values of which an entry must have one."""


def bounds_of(reader: Reader, filters: Mapping[str, str]) -> Bounds:
    """Return what `reader` may see and `filters` leave. Raises BadQuery at a filter that is none."""
    found = [] if reader.tokens is None else [("access", sorted(reader.tokens))]
    for name, value in filters.items():
        if name not in p.FACETS:
            raise BadQuery(f"there is no filter “{name}”; known are {', '.join(p.FACETS)}", 0)
        found.append((name, [p.keyword(value)]))
    return found


def whole_query(schema: tantivy.Schema, searcher: tantivy.Searcher, plan: p.Plan, bounds: Bounds) -> Query:
    """Return the query of a plan for the entries within all bounds."""
    return _Queries(schema, searcher, bounds).whole(plan)


def may_match(schema: tantivy.Schema, searcher: tantivy.Searcher, plan: p.Plan, bounds: Bounds) -> float:
    """Return how many entries the engine looks at for a plan, about: what has its rarest pair, within the bounds."""
    queries = _Queries(schema, searcher, bounds)
    return queries.in_common(plan) * queries.share()


def newest_query(
    schema: tantivy.Schema, searcher: tantivy.Searcher, plan: p.Plan, bounds: Bounds, most: int
) -> Query | None:
    """Return a query of entries among which the first `most` are looked for, where more match than anybody looks through; None elsewhere.

    That something stands on very many pages says little of each: of those only what came in the last years is ranked, about _ENOUGH
    entries. What few have in common (a word in their titles) is found in all years.
    """
    if most > RANKED or searcher.num_docs < _MANY:
        return None
    queries = _Queries(schema, searcher, bounds)
    share = queries.share()
    found = queries.in_common(plan) * share
    if found < _MANY:
        return None
    years: list[str] = []
    left = searcher.num_docs * _ENOUGH / found
    for year, many in sorted(searcher.terms_with_prefix("year", ""), reverse=True):
        years.append(year)
        left -= many
        if left <= 0:
            newest = _MANY / share, _one_of(schema, "year", years)
            return _Queries(schema, searcher, bounds, newest=newest).whole(plan)
    return None


def _one_of(schema: tantivy.Schema, field: str, values: list[str]) -> Query:
    return Query.const_score_query(Query.term_set_query(schema, field, values), 0.0)


class _Queries:
    """newest: what many entries have in common is looked for among few of them alone; how many are many, and which are the few."""

    def __init__(
        self,
        schema: tantivy.Schema,
        searcher: tantivy.Searcher,
        bounds: Bounds,
        *,
        newest: tuple[float, Query] | None = None,
    ) -> None:
        self._schema, self._searcher, self._newest = schema, searcher, newest
        self._within = [self._bound(*bound) for bound in bounds]
        few = [bound for bound in self._within if bound[0] * _FEW < searcher.num_docs]
        self._few = [kept for _, kept in few]
        self._least = min((left for left, _ in few), default=searcher.num_docs)
        self._frequencies: dict[tuple[str, str], int] = {}  # what may be a near-miss has the same pairs again and again

    def _bound(self, field: str, values: list[str]) -> tuple[int, Query]:
        """Return how many have one of the values, about, and the query of those.

        What matches is looked for in the lists of the values: the engine would put a set together from all of them before it looks at
        anything, for each part of a query and each pass anew.
        """
        there = {value: many for value in values if (many := self._searcher.doc_freq(field, value))}
        size = sum(there.values())
        if not 0 < len(there) <= _FEW_VALUES:
            return size, _one_of(self._schema, field, values)
        lists = [Query.term_query(self._schema, field, value, "basic") for value in there]
        kept = lists[0] if len(lists) == 1 else Query.boolean_query([(Occur.Should, one) for one in lists])
        return size, Query.const_score_query(kept, 0.0)

    def share(self) -> float:
        """Return which part of all entries is within the bounds, if those have nothing to do with one another."""
        return prod(min(left / max(self._searcher.num_docs, 1), 1.0) for left, _ in self._within)

    def whole(self, plan: p.Plan) -> Query:
        """Return the query of a plan within all bounds."""
        return _all_of([self.of(plan, alone=True), *(kept for _, kept in self._within)])

    def of(self, plan: p.Plan, *, alone: bool = False) -> Query:
        """Return the query of a plan. alone: what it finds is held against all bounds at once, not one alternative of several."""
        return self._of(plan, alone=alone) if self._may_match(plan) else Query.empty_query()

    def _of(self, plan: p.Plan, *, alone: bool) -> Query:
        """As `of`, of a plan that may match."""
        match plan:
            case p.Run(weight=weight):
                query = self._phrase(plan)
                query = self._of_newest(plan, query if alone else self._narrowed(plan, query))
                return query if weight is None else Query.const_score_query(query, weight)
            case p.Mark(token, weight):
                query = self._of_newest(plan, Query.term_query(self._schema, p.MARKS, token, "basic"))
                return Query.const_score_query(query, weight)
            case p.Begins(field, token, weight):
                begun = "".join(f"\\x{{{ord(char):x}}}" for char in token)
                return Query.const_score_query(Query.regex_query(self._schema, field, f"{begun}."), weight)
            case p.Between(field, low, high):
                within = Query.range_query(self._schema, field, tantivy.FieldType.Integer, low, high)
                return Query.const_score_query(within, 1.0)
            case p.Without(part):
                everything = Query.const_score_query(Query.all_query(), 0.0)
                wherever = _Queries(self._schema, self._searcher, ()).of(part)
                return Query.boolean_query([(Occur.Must, everything), (Occur.MustNot, wherever)])
            case p.Every(parts):
                return _all_of([self._of(part, alone=alone) for part in parts])
            case p.Either(parts):
                return self._either(parts, alone=alone)
            case p.Holding(run, parts):
                enough = self._rare(run, parts) or any(map(self._leaves_out_none, parts))
                return self._of(run, alone=alone) if enough else self._either(parts, alone=alone)

    def _either(self, parts: Sequence[p.Plan], *, alone: bool) -> Query:
        left = [part for part in parts if self._may_match(part)]
        if len(left) == 1:
            return self._of(left[0], alone=alone)
        return Query.boolean_query([(Occur.Should, self._of(part, alone=False)) for part in left])

    def _rare(self, run: p.Run, parts: Sequence[p.Plan]) -> bool:
        """Return whether it is less work to look at every text with a run than to let the engine look for what holds it.

        A phrase that stands nowhere costs the engine a look at every entry with all of its tokens, within the bounds or not, and there
        may be a dozen of them.
        """
        rarest = self._rarest(run)
        if rarest <= _FEW_TEXTS:
            return True
        most = min(sum(map(self._work, parts)) / _A_TEXT, _MOST_TEXTS)
        if rarest <= most:
            return True
        if most < _FEW_TEXTS:
            return False
        return count(self._searcher, _all_of([self._of(run, alone=False), *(kept for _, kept in self._within)])) <= most

    def _work(self, part: p.Plan) -> float:
        """Return how many entries the engine looks at for a part that may be a near-miss."""
        match part:
            case p.Run():
                return self._rarest(part)
            case p.Every(parts) | p.Holding(_, parts):
                return sum(map(self._work, parts))
            case _:
                return 0

    def _leaves_out_none(self, part: p.Plan) -> bool:
        """Return whether a part asks for a character that stands in so many entries that to look for it takes long and tells nothing."""
        match part:
            case p.Begins(field, token):
                begun = self._searcher.terms_with_prefix(field, token)
                return sum(frequency for _, frequency in begun) > self._searcher.num_docs
            case p.Every(parts):
                return any(map(self._leaves_out_none, parts))
            case _:
                return False

    def in_common(self, plan: p.Plan) -> int:
        """Return in how many entries stands what a plan looks for, by its rarest pairs."""
        match plan:
            case p.Run():
                return self._rarest(plan)
            case p.Mark(token):
                return self._frequency(p.MARKS, token)
            case p.Every(parts):
                return min([self._searcher.num_docs, *map(self.in_common, parts)])
            case p.Either(parts) | p.Holding(_, parts):
                return max([0, *map(self.in_common, parts)])
            case _:
                return self._searcher.num_docs

    def _may_match(self, plan: p.Plan) -> bool:
        """Return False where a token is missing without which nothing matches: most of what may be a near-miss is never evaluated."""
        match plan:
            case p.Run():
                return self._rarest(plan) > 0
            case p.Mark(token):
                return self._frequency(p.MARKS, token) > 0
            case p.Every(parts):
                return all(map(self._may_match, parts))
            case p.Either(parts) | p.Holding(_, parts):
                return any(map(self._may_match, parts))
            case _:
                return True

    def _narrowed(self, run: p.Run, query: Query) -> Query:
        """Return a query of the few alone, where the run stands in more.

        Of alternatives the engine goes through all entries that match one, and only then looks whether they match the rest.
        """
        if not self._few or self._rarest(run) < self._least:
            return query
        return _all_of([query, *self._few])

    def _of_newest(self, plan: p.Run | p.Mark, query: Query) -> Query:
        if self._newest is None or self.in_common(plan) < self._newest[0]:
            return query
        return _all_of([query, self._newest[1]])

    def _phrase(self, run: p.Run) -> Query:
        if len(run.tokens) == 1:
            return Query.term_query(self._schema, run.field, run.tokens[0], "freq")
        before, after = run.tokens[: run.before], run.tokens[run.before :]
        placed = self._telling(run.field, before, 0) + self._telling(run.field, after, run.before + run.hole)
        if len(placed) == 1:
            return Query.term_query(self._schema, run.field, placed[0][1], "freq")
        return Query.phrase_query(self._schema, run.field, list(placed))

    def _telling(self, field: str, tokens: Sequence[str], begin: int) -> list[tuple[int, str]]:
        """Return positions and tokens that say as much as all of `tokens`, which stand from `begin` on: the rarest that do.

        In a stream the token before and the one after tell what stands between them, so one of three may be left out. Not so in
        the other fields, where values stand one behind the other.
        """
        placed = list(enumerate(tokens, begin))
        if field not in p.STREAMS or len(tokens) < 3:
            return placed
        # The cheapest choice that ends with each token: behind the one before it, or behind the one before that.
        cost, chosen = [self._frequency(field, tokens[0])], [placed[:1]]
        for at, token in enumerate(tokens[1:], 1):
            last = min(range(max(at - 2, 0), at), key=cost.__getitem__)
            cost.append(cost[last] + self._frequency(field, token))
            chosen.append([*chosen[last], placed[at]])
        # One that is rarer than all of these pays, too: the engine looks at no entry without it.
        rarest = min(placed, key=lambda one: self._frequency(field, one[1]))
        least = min(self._frequency(field, token) for _, token in chosen[-1])
        pays = self._frequency(field, rarest[1]) <= _RARER * least
        return sorted({*chosen[-1], rarest}) if pays else chosen[-1]

    def _rarest(self, run: p.Run) -> int:
        return min(self._frequency(run.field, token) for token in run.tokens)

    def _frequency(self, field: str, token: str) -> int:
        found = self._frequencies.get((field, token))
        if found is None:
            found = self._frequencies[field, token] = self._searcher.doc_freq(field, token)
        return found


def _all_of(parts: Sequence[Query]) -> Query:
    return Query.boolean_query([(Occur.Must, part) for part in parts])
