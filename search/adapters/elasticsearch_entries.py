"""What Elasticsearch is told: how an index is made, and the lines that a bulk sends for each document."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from search import projection as p
from search.model import IndexedPage
from search.orders import KEYS, NUMBER

WINDOW = 100_000  # the deepest hit that can be paged to
_BULK_BYTES = 4_000_000

Body = dict[str, Any]

SETTINGS: Body = {
    "max_result_window": WINDOW,
    "codec": "best_compression",
    # Destroyed documents must leave the files when we ask for it, however few they are, and soon.
    "merge.policy.expunge_deletes_allowed": 0,
    "soft_deletes.retention_lease.period": "1s",
}


def mappings() -> Body:
    """Return the fields of an index."""
    keyword = {"type": "keyword"}
    counted = {"type": "text", "analyzer": "whitespace"}
    uncounted = counted | {"norms": False}
    properties: dict[str, Body] = {
        "stamp": keyword | {"index": False},
        "stored": {"type": "keyword", "index": False, "doc_values": False},
        "access": keyword | {"doc_values": False},
        p.MARKS: uncounted | {"index_options": "docs"},
        **dict.fromkeys(p.STREAMS, counted),
        **dict.fromkeys(p.RUNS, uncounted),
        **dict.fromkeys(p.FACETS, keyword),
        **{name: {"type": "long"} for name in p.RANGES},
        **{name: {"type": "long", "index": False} for name in KEYS},
        NUMBER: keyword | {"index": False},
    }
    # What a hit is made of is kept, a third of what is sent: with all of it an index is three times its text and not two.
    return {"dynamic": "strict", "_source": {"includes": ["stored"]}, "properties": properties}


class Change(NamedTuple):
    """What a bulk tells of one document: `lines` as they are sent."""

    document: str
    lines: bytes


def deleting(documents: Iterable[str]) -> Iterator[Change]:
    """Return what makes documents go."""
    return (Change(document, _line({"delete": {"_id": document}})) for document in documents)


def replacing(documents: Mapping[str, Sequence[IndexedPage]]) -> Iterator[Change]:
    """Yield what makes the pages of each document all there is of it; one without pages goes."""
    for document, entry in p.project_all(documents):
        if entry is not None:
            source = _line(_source(entry))
            yield Change(document, _line({"index": {"_id": document}}) + b"\n" + source)
        else:
            yield from deleting([document])


def _line(said: Body) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def bulks(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Yield the changes in order, as many as a bulk takes at once."""
    bulk: list[Change] = []
    weight = 0
    for change in changes:
        bulk.append(change)
        weight += len(change.lines)
        if weight > _BULK_BYTES:
            yield bulk
            bulk, weight = [], 0
    if bulk:
        yield bulk


def _source(entry: p.Entry) -> Body:
    return {
        "stamp": entry.stamp,
        "stored": entry.stored,
        "access": list(entry.access),
        **{name: p.pairs(stream) for name, stream in entry.streams.items()},
        **entry.tokens,
        **entry.facets,
        **entry.ranges,
        **entry.orders,
    }
