"""Elasticsearch 9, for many users and machines. Only what every distribution has: no plugin, no script, no by-query job."""

import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError

from search import projection as p
from search.adapters.elasticsearch_entries import SETTINGS, WINDOW, Body, Change, bulks, deleting, mappings, replacing
from search.errors import BadQuery, IndexUnavailable
from search.model import Candidate, IndexedPage, Reader, Results
from search.orders import ORDERS, RECEIVED, RELEVANCE, Anchor
from search.results import candidates, hit
from search.syntax import Node

_SECONDS, _BULK_SECONDS, _MERGE_SECONDS = 10.0, 60.0, 1800.0
_AT_ONCE = 2  # bulks under way: the server works on one while the next one travels
_FAILURES = "errors,items.*.error,items.*.status,items.*._id"  # all that is looked at of an answer to a bulk
_RETRIES, _PAUSE_SECONDS = 4, 0.25  # when the server says it has too much to do; the pause doubles
_LOCKED = "cluster_block_exception"
_FACETS = {
    name: {"terms": {"field": name, "size": most, "shard_size": 20 * most}} for name, most in p.MOST_VALUES.items()
}
_BATCH = 1000


@dataclass(frozen=True)
class Cluster:
    """How a cluster is reached and used. ca: the certificates its own leads to (PEM); api_key: as the server gave it, encoded.

    shards count for the next generation of an index, replicas from its first answer on.
    """

    ca: Path | None = None
    api_key: str = field(default="", repr=False)
    shards: int = 1
    replicas: int = 0


class ElasticsearchIndex:
    """A SearchIndex behind the alias ``<prefix>-documents``; the index it stands for has a version and a generation."""

    def __init__(self, url: str, cluster: Cluster | None = None) -> None:
        """url: ``http(s)://[user:password@]host:port[/prefix]``; an API key of `cluster` stands in for user and password."""
        parts, cluster = urlsplit(url), cluster or Cluster()
        self._where = f"{parts.scheme}://{parts.hostname}:{parts.port or 9200}"
        who: Body = {}
        if cluster.api_key:
            who["api_key"] = cluster.api_key
        elif parts.username:
            who["basic_auth"] = (unquote(parts.username), unquote(parts.password or ""))
        if cluster.ca and parts.scheme == "https":
            who["ca_certs"] = str(cluster.ca)
        self._client = Elasticsearch(self._where, request_timeout=_SECONDS, max_retries=0, **who)
        # Indices are made and named by one machine for all of the cluster, which may be slow when it has much to do.
        self._patient = self._client.options(request_timeout=_BULK_SECONDS)
        self._shards, self._replicas = cluster.shards, cluster.replicas
        self._alias = f"{parts.path.strip('/') or 'juanzong'}-documents"
        self._next = f"{self._alias}-next"  # the alias of a generation that is being built
        self._stem = f"{self._alias}-v{p.VERSION}"
        self._known = False

    def replace(self, document: str, pages: Sequence[IndexedPage]) -> None:
        """Make `pages` all there is of `document`; findable and durable on return."""
        self.replace_many({document: pages})

    def replace_many(self, documents: Mapping[str, Sequence[IndexedPage]]) -> None:
        """As `replace`, for many documents; they become findable together."""
        if documents:
            self._write(lambda: replacing(documents))

    def remove(self, document: str) -> None:
        """Leave nothing of `document` in answers; see `remove_many` for the files."""
        self.remove_many([document])

    def remove_many(self, documents: Iterable[str]) -> None:
        """As `remove`; then have the server drop deleted entries from its files.

        The server keeps a deleted entry for up to half a minute for its replicas; `purge` after that leaves nothing.
        """
        gone = list(documents)
        self._write(lambda: deleting(gone))
        self.purge()

    def purge(self) -> None:
        """Have the server rewrite the files that hold deleted or replaced entries."""
        with self._guarded():
            self._ready()
            for name in self._targets():
                self._client.indices.flush(index=name, wait_if_ongoing=True)
                self._client.options(request_timeout=_BULK_SECONDS).indices.forcemerge(
                    index=name, only_expunge_deletes=True
                )
                self._client.indices.refresh(index=name)

    def search(
        self,
        query: Node,
        reader: Reader,
        *,
        limit: int = 20,
        offset: int = 0,
        filters: Mapping[str, str] | None = None,
        order: str = RELEVANCE,
        after: Anchor | None = None,
        facets: bool = True,
    ) -> Results:
        """Return the documents that match, in an order, only those `reader` may see.

        Pages begin behind a value (`search_after`). A point in time would keep the files of destroyed documents, so there is none.
        """
        first, size = 0 if after else max(offset, 0), max(limit, 0)
        if first + size > WINDOW:
            first, size = 0, 0
        wanted = {"bool": {"must": [_compile(p.plan(query))], "filter": _filter(reader, filters or {})}}
        with self._guarded():
            self._ready()
            answer = self._asked(
                index=self._alias,
                query=wanted,
                from_=first,
                size=size,
                sort=_sort(order),
                search_after=self._behind_hit(wanted, order, after) if after else None,
                track_total_hits=True,
                aggs=_FACETS if facets else None,
            )
        hits = [hit(query, _restored(found), found["_score"] or 0.0) for found in answer["hits"]["hits"]]
        counted = {name: _counts(answer["aggregations"][name]["buckets"]) for name in p.FACETS} if facets else {}
        return Results(int(answer["hits"]["total"]["value"]), tuple(hits), counted)

    def likeliest(
        self, query: Node, reader: Reader, *, limit: int, filters: Mapping[str, str] | None = None
    ) -> list[Candidate]:
        """Return those documents that match a query which allows near-misses, of the `limit` likeliest that may."""
        wanted = {"bool": {"must": [_compile(p.plan(query))], "filter": _filter(reader, filters or {})}}
        with self._guarded():
            self._ready()
            found = self._asked(
                index=self._alias,
                query=wanted,
                size=limit,
                sort=_sort(RELEVANCE),
                track_total_hits=False,
            )["hits"]["hits"]
        return candidates(query, ((one["_score"] or 0.0, partial(_restored, one)) for one in found))

    def _behind_hit(self, wanted: Body, order: str, after: Anchor) -> list[Any]:
        """Return the values of the hit a page begins behind, as of now."""
        if ORDERS[order].key:
            return [after.key]
        one = {"bool": {"must": [wanted], "filter": [{"ids": {"values": [after.document]}}]}}
        now = self._asked(index=self._alias, query=one, size=1, source=False, track_total_hits=False)["hits"]["hits"]
        return [now[0]["_score"] if now else after.score, after.key]

    def contains(self, document: str) -> bool:
        """Return whether the index answers with `document`."""
        with self._guarded():
            self._ready()
            return any(self._client.exists(index=name, id=document) for name in self._targets())

    def documents(self) -> Iterator[str]:
        """Yield the ids of all indexed documents, each once, as of the first one."""
        return (document for document, _ in self.states())

    def states(self) -> Iterator[tuple[str, str]]:
        """Yield (document, stamp) of all indexed documents, as of the first one."""
        return self._states(self._alias)

    # --- rebuilding ---

    def begin(self) -> None:
        """Begin the next generation, or go on with one that was begun. Raises IndexUnavailable."""
        with self._guarded():
            self._ready()
            if any(name.startswith(f"{self._stem}-") for name in self._behind(self._next)):
                return
            self._forget_next()
            # No copies and no looking for news while it is filled: both begin with `finish`.
            quick = {"number_of_replicas": 0, "refresh_interval": "-1"}
            self._create(self._fresh(), aliases={self._next: {"is_write_index": True}}, settings=quick)

    def begun(self) -> bool:
        """Return whether a rebuild was begun and is not finished."""
        with self._guarded():
            return bool(self._behind(self._next))

    def fill(self, documents: Mapping[str, Sequence[IndexedPage]]) -> None:
        """Write documents to the next generation alone."""
        with self._guarded():
            self._send(replacing(documents), self._next, refresh=False)

    def filled(self) -> Iterator[tuple[str, str]]:
        """Yield (document, stamp) of what the next generation holds."""
        with self._guarded():
            self._client.options(request_timeout=_BULK_SECONDS).indices.refresh(index=self._next)
        return self._states(self._next)

    def drop(self, documents: Iterable[str]) -> None:
        """Remove documents from the next generation alone."""
        with self._guarded():
            self._send(deleting(documents), self._next, refresh=True)

    def finish(self) -> None:
        """Let the next generation answer from now on, and remove the old one."""
        with self._guarded():
            built = self._behind(self._next)
            if len(built) != 1:
                raise IndexUnavailable(
                    "the rebuild of the search index was given up; `juanzong reindex` begins it anew"
                )
            settings = {"number_of_replicas": self._replicas, "refresh_interval": None}
            self._patient.indices.put_settings(index=built[0], settings=settings)
            self._client.options(request_timeout=_BULK_SECONDS).indices.refresh(index=built[0])
            self._switch(built[0])

    def _switch(self, new: str) -> None:
        """Let `new` answer and nothing else be there, in one step of the server's."""
        old = {*self._behind(), *self._behind(self._next)} - {new}
        actions: list[Body] = [{"add": {"index": new, "alias": self._alias, "is_write_index": True}}]
        if new in self._behind(self._next):
            actions.append({"remove": {"index": new, "alias": self._next}})
        self._patient.indices.update_aliases(
            actions=[*actions, *({"remove_index": {"index": name}} for name in sorted(old))]
        )
        self._known = True

    def _forget_next(self) -> None:
        for name in self._behind(self._next):
            self._patient.indices.delete(index=name)

    def _fresh(self) -> str:
        known = {*self._behind(), *self._behind(self._next)}
        numbers = (name.rpartition("-")[2] for name in known)
        return f"{self._stem}-{max((int(number) for number in numbers if number.isdigit()), default=0) + 1:06}"

    def _targets(self) -> list[str]:
        """Return what every change is written to: what answers, and what is being built."""
        return [self._alias, *([self._next] if self._behind(self._next) else [])]

    def _states(self, alias: str) -> Iterator[tuple[str, str]]:
        with self._guarded():
            self._ready()
            view = self._client.open_point_in_time(index=alias, keep_alive="5m")["id"]
        try:
            after = None
            while True:
                with self._guarded():
                    page = self._asked(
                        pit={"id": view, "keep_alive": "5m"},
                        sort=["_shard_doc"],
                        size=_BATCH,
                        source=False,
                        docvalue_fields=[{"field": "stamp"}],
                        track_total_hits=False,
                        search_after=after,
                    )["hits"]["hits"]
                if not page:
                    return
                yield from ((str(found["_id"]), str(found.get("fields", {}).get("stamp", [""])[0])) for found in page)
                after = page[-1]["sort"]
        finally:
            with self._guarded():
                self._client.close_point_in_time(id=view)

    def clear(self) -> None:
        """Start a new, empty generation of the index and drop the old ones."""
        with self._guarded():
            new = self._fresh()
            self._create(new)
            self._switch(new)

    def compact(self) -> None:
        """Have the server merge its files; may take minutes.

        Beside every entry it keeps what was sent, for copies that lag behind by up to half a minute, and drops that when it merges.
        """
        with self._guarded():
            self._client.indices.flush(index=self._alias, wait_if_ongoing=True)
            self._client.options(request_timeout=_MERGE_SECONDS).indices.forcemerge(
                index=self._alias, max_num_segments=1
            )
            self._client.indices.refresh(index=self._alias)

    def room(self) -> int:
        """Return the bytes that the index takes on the server, without its copies."""
        with self._guarded():
            self._ready()
            found = self._client.indices.stats(index=self._alias, metric="store")
        return int(found["_all"]["primaries"]["store"]["size_in_bytes"])

    def check(self) -> None:
        """Raise IndexUnavailable unless the server answers a search on the index."""
        with self._guarded():
            self._ready()
            self._asked(index=self._alias, size=0, track_total_hits=False)

    def _write(self, items: Callable[[], Iterable[Change]]) -> None:
        """Write to what answers, and to what is being built; where that began to answer meanwhile, to that."""
        with self._guarded():
            self._ready()
            building = len(self._targets()) > 1
            self._send(items(), self._alias, refresh=True)
            if not building:
                return
            try:
                self._send(items(), self._next, refresh=False)
            except (IndexUnavailable, ApiError):
                if self._behind(self._next):
                    raise
                self._send(items(), self._alias, refresh=True)

    def _send(self, items: Iterable[Change], alias: str, *, refresh: bool) -> None:
        """Send changes in bulks, some of them under way while the next one is made: server and caller both work."""
        with ThreadPoolExecutor(_AT_ONCE) as lines:
            under_way: deque[Future[None]] = deque()
            for bulk in bulks(items):
                if len(under_way) == _AT_ONCE:
                    under_way.popleft().result()
                under_way.append(lines.submit(self._bulk, bulk, alias))
            for sent in under_way:
                sent.result()
        if refresh:
            self._client.options(request_timeout=_BULK_SECONDS).indices.refresh(index=alias)

    def _bulk(self, changes: list[Change], alias: str) -> None:
        """Send changes; those the server had no room for are sent again after a pause."""
        client = self._client.options(request_timeout=_BULK_SECONDS)
        for attempt in range(_RETRIES + 1):
            if attempt:
                time.sleep(_PAUSE_SECONDS * 2 ** (attempt - 1))
            lines = cast("list[Body]", [change.lines for change in changes])  # what is bytes already goes out as it is
            try:
                answer = client.bulk(index=alias, operations=lines, require_alias=True, filter_path=_FAILURES)
            except ApiError as error:
                if error.meta.status == 429 and error.error != _LOCKED and attempt < _RETRIES:
                    continue
                raise
            failed = [result for item in answer.body.get("items", ()) for result in item.values() if "error" in result]
            if not failed:
                return
            if locked := next((one["error"] for one in failed if one["error"].get("type") == _LOCKED), None):
                raise IndexUnavailable(self._no_room(locked.get("reason", "")))
            others = [result for result in failed if result["status"] != 429]
            if others:
                if others[0]["status"] == 404:
                    self._known = False
                raise IndexUnavailable(
                    f"Elasticsearch at {self._where} refused a document: {others[0]['error'].get('reason', '')[:200]}"
                )
            again = {result["_id"] for result in failed}
            changes = [change for change in changes if change.document in again]
        raise IndexUnavailable(f"Elasticsearch at {self._where} has too much to do; try again later")

    def _asked(self, **question: Any) -> Any:
        """Return the server's answer of all shards: of some alone it would be a list with holes that looks whole."""
        return self._client.search(allow_partial_search_results=False, **question)

    def _no_room(self, said: str) -> str:
        """Return what to say of a server that locked its index; it does so when its disks are full, and unlocks it by itself."""
        return f"Elasticsearch at {self._where} takes nothing more, its disks are full or its index is locked: {said[:200]}"

    def _ready(self) -> None:
        """Make the index if there is none; refuse one that was made by other rules."""
        if self._known:
            return
        behind = self._behind()
        if not behind:
            self._create(f"{self._stem}-000001", aliases={self._alias: {"is_write_index": True}})
        elif not all(name.startswith(f"{self._stem}-") for name in behind):
            raise IndexUnavailable("the search index was made by another version; `juanzong reindex` builds it anew")
        self._known = True

    def _behind(self, alias: str = "") -> list[str]:
        try:
            return sorted(self._client.indices.get_alias(name=alias or self._alias).body)
        except NotFoundError:
            return []

    def _create(self, name: str, aliases: Body | None = None, settings: Body | None = None) -> None:
        chosen = {"number_of_shards": self._shards, "number_of_replicas": self._replicas}
        chosen = SETTINGS | chosen | (settings or {})
        try:
            self._patient.indices.create(index=name, settings=chosen, mappings=mappings(), aliases=aliases or {})
        except ApiError as error:
            if error.error != "resource_already_exists_exception":  # another process was faster
                raise

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn every failure of network and server into IndexUnavailable."""
        try:
            yield
        except NotFoundError as error:
            self._known = False
            raise IndexUnavailable("the search index is missing; `juanzong reindex` builds it anew") from error
        except ApiError as error:
            if error.meta.status == 400 and "too_many" in str(error):
                raise BadQuery("the query has more words than the engine can look for at once", 0) from error
            if error.error == _LOCKED:
                raise IndexUnavailable(self._no_room(str(error))) from error
            why = (
                "does not accept the user"
                if error.meta.status in (401, 403)
                else f"answered {error.meta.status} {error.error}"
            )
            raise IndexUnavailable(f"Elasticsearch at {self._where} {why}") from error
        except TransportError as error:
            raise IndexUnavailable(
                f"Elasticsearch at {self._where} cannot be reached ({type(error).__name__})"
            ) from error


def _restored(found: Body) -> p.Stored:
    return p.restore(found["_id"], found["_source"]["stored"])


def _sort(order: str) -> list[Body]:
    by = ORDERS[order]
    placed = {by.key or RECEIVED: "desc" if by.descending else "asc"}
    return [placed] if by.key else [{"_score": "desc"}, placed]


def _filter(reader: Reader, filters: Mapping[str, str]) -> list[Body]:
    narrowed: list[Body] = []
    if reader.tokens is not None:
        narrowed.append({"terms": {"access": sorted(reader.tokens)}})
    for name, value in filters.items():
        if name not in p.FACETS:
            raise BadQuery(f"there is no filter “{name}”; known are {', '.join(p.FACETS)}", 0)
        narrowed.append({"term": {name: p.keyword(value)}})
    return narrowed


def _compile(plan: p.Plan) -> Body:
    match plan:
        case p.Run(field, tokens, weight, before, hole):
            # Tokens hold no white space, and neither query has a syntax of its own.
            query: Body = (
                _holed(field, tokens, before, hole)
                if hole
                else {"match_phrase": {field: {"query": " ".join(tokens)}}}
                if len(tokens) > 1
                else {"term": {field: tokens[0]}}
            )
            return query if weight is None else _constant(query, weight)
        case p.Mark(token, weight):
            return _constant({"term": {p.MARKS: token}}, weight)
        case p.Begins(field, token, weight):
            begun = re.sub(r"[\\*?]", r"\\\g<0>", token)
            return _constant({"wildcard": {field: {"value": f"{begun}?"}}}, weight)
        case p.Between(field, low, high):
            within = {name: value for name, value in (("gte", low), ("lte", high)) if value is not None}
            return _constant({"range": {field: within}}, 1.0)
        case p.Without(part):
            return {"bool": {"must_not": [_compile(part)]}}
        case p.Every(parts):
            return {
                "bool": {
                    "must": [_compile(part) for part in parts if not isinstance(part, p.Without)],
                    "must_not": [_compile(part.part) for part in parts if isinstance(part, p.Without)],
                }
            }
        case p.Either(parts) | p.Holding(_, parts):
            return {"bool": {"should": [_compile(part) for part in parts], "minimum_should_match": 1}}


def _holed(field: str, tokens: Sequence[str], before: int, hole: int) -> Body:
    """Return the query for a run with a hole; a phrase of this engine cannot have one."""
    clauses: list[Body] = [{"span_term": {field: token}} for token in tokens]
    clauses.insert(before, {"span_gap": {field: hole}})
    return {"span_near": {"clauses": clauses, "slop": 0, "in_order": True}}


def _constant(query: Body, weight: float) -> Body:
    return {"constant_score": {"filter": query, "boost": weight}}


def _counts(buckets: list[Body]) -> dict[str, int]:
    ordered = sorted(buckets, key=lambda bucket: (-bucket["doc_count"], bucket["key"]))
    return {bucket["key"]: bucket["doc_count"] for bucket in ordered}
