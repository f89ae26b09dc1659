"""The opinions of a review as plain values for storing: who said what once, with the places on the list it was said of.

A group says the same of thousands of files; kept file by file that would be the same words a hundred thousand times. Earlier
releases kept them so (file -> person -> opinion), and that form is still read.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from retention.errors import TransitionRefused
from retention.opinions import Opinion
from retention.plain import to_plain, with_dates

Opinions = dict[str, dict[str, Opinion]]


def to_rows(opinions: Mapping[str, Mapping[str, Opinion]], files: Sequence[str]) -> list[dict[str, Any]]:
    """Return an object for each different opinion of each person. files: its places on the list, from 0, as ``0-49,70``."""
    at = {file_id: place for place, file_id in enumerate(files)}
    said: dict[tuple[str, Opinion], list[int]] = defaultdict(list)
    for file_id, row in opinions.items():
        for person, opinion in row.items():
            said[person, opinion].append(at[file_id])
    return [{"person": person, **to_plain(o), "files": spans(places)} for (person, o), places in said.items()]


def spans(places: Iterable[int]) -> str:
    """Return places as text, runs as ``0-49``: ``0-49,70``."""
    ordered = sorted(places)
    if not ordered:
        return ""
    ends = [n for n, (a, b) in enumerate(pairwise(ordered), 1) if b != a + 1]
    runs = [ordered[first:last] for first, last in pairwise([0, *ends, len(ordered)])]
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def places(text: str, length: int) -> Iterator[int]:
    """Yield the places that `spans` wrote. Raises ValueError for what is no span, or lies beyond a list of that length."""
    for part in text.split(","):
        first, dash, last = part.partition("-")
        begin, end = int(first), int(last) if dash else int(first)
        if not 0 <= begin <= end < length:
            raise ValueError(f"{part!r} is no place on a list of {length}")
        yield from range(begin, end + 1)


def from_rows(rows: Sequence[Mapping[str, Any]], files: Sequence[str]) -> Opinions:
    """Return file -> person -> opinion. Raises KeyError, TypeError, ValueError for rows that `to_rows` does not write."""
    found: Opinions = {}
    for given in rows:
        row = dict(given)
        person, where = row.pop("person"), row.pop("files")
        opinion = Opinion(**with_dates(row))
        for place in places(where, len(files)):
            mine = found.setdefault(files[place], {})
            if person in mine:
                raise ValueError(f"two opinions of {person} on one file")
            mine[person] = opinion
    return found


def read(data: Mapping[str, Any]) -> Opinions:
    """Return the opinions of a stored review, of either form. Raises TransitionRefused: a stranger's, or of another file."""
    kept = data["opinions"]
    files = data["files"]
    if isinstance(kept, Mapping):
        found = {file: {who: Opinion(**with_dates(o)) for who, o in row.items()} for file, row in kept.items()}
    else:
        found = from_rows(kept, files)
    known, group = set(files), set(data["group"])
    asked = {one["person"]: set(one["files"]) for one in data.get("co_reviewers", ())}
    for file_id, row in found.items():
        strangers = row.keys() - group
        if file_id not in known or any(file_id not in asked.get(person, ()) for person in strangers):
            raise TransitionRefused(f"review {data['number']} has an opinion of a stranger or on another file")
    return found
