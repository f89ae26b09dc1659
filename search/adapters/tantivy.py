"""The embedded engine: a directory of tantivy files that any number of processes read and take turns to write."""

import fcntl
import json
import logging
import os
import shutil
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from threading import RLock, Thread, current_thread
from typing import Any, TypeAlias

import tantivy
from tantivy import Query

from search import projection as p
from search.adapters.tantivy_orders import Page, places
from search.adapters.tantivy_queries import Bounds, bounds_of, may_match, newest_query, whole_query
from search.errors import IndexUnavailable
from search.model import Candidate, IndexedPage, Reader, Results
from search.orders import KEYS, NUMBER, ORDERS, RECEIVED, RELEVANCE, Anchor
from search.results import candidates, hit
from search.syntax import Node

LOCK = ".juanzong-lock"
_WAIT_SECONDS = 120.0  # a commit of a large batch, merges included, takes seconds
# (more documents than, bytes) of a writer's one thread: a second would share the processors with what makes the entries, and leave twice
# the files to put together. tantivy asks for 15 MB at least.
_LARGE_BATCH = 20
_HEAPS = ((5000, 400_000_000), (_LARGE_BATCH, 100_000_000), (-1, 15_000_000))
_COUNTED = {"customer": "customer_number"}  # facets of which there are so many values that their numbers are counted
_MOST_NUMBERS = 20_000  # numbers that a file of the index tells
_MOST_NAMES = 20_000  # remembered, with their numbers
_ALL = "all"
# What may match where counting waits for ranking, and mostly need not be done: to go through them takes about as long as to make the hits.
_ONE_PASS = 10_000
_AHEAD = 5_000_000  # characters that are made ready while the change before is still written
_STORED = "gb18030"  # all of Unicode, and two bytes where UTF-8 takes three: a quarter less room for what is shown
_MOST_FILES = 1000
_log = logging.getLogger("juanzong.search")

_Made: TypeAlias = tuple[str, tantivy.Document | None]


class TantivyIndex:
    """A SearchIndex in `path`, made at first use.

    A writer lives for one commit under a file lock, so command line, web and worker can share the directory; a reader
    looks at the directory's state before each search. Files are replaced, never changed, and one rename makes a commit.
    """

    def __init__(self, path: str | Path, *, fresh: bool = True) -> None:
        """fresh: make it where it is missing; otherwise a missing one is a lost one."""
        self._path, self._fresh = Path(path), fresh
        self._mutex = RLock()  # guards what this object remembers, for moments
        self._turn = RLock()  # one writer among this process's threads, for a whole commit
        self._held = -1  # the descriptor of the lock
        self._behind: Thread | None = None  # writes what was given last, and holds the lock until it ends
        self._failed: BaseException | None = None  # why it could not
        self._schema = _schema()
        self._names: dict[int, str] = {}  # values of facets by the numbers that stand for them
        self._index: tantivy.Index | None = None
        self._state: tuple[int, int, int] | None = None

    def replace(self, document: str, pages: Sequence[IndexedPage]) -> None:
        """Make `pages` all there is of `document`; findable and durable on return."""
        self.replace_many({document: pages})

    def replace_many(self, documents: Mapping[str, Sequence[IndexedPage]], *, behind: bool = False) -> None:
        """As `replace`, in one commit.

        behind: return while it is still written; `settle` waits for that, and the next such call goes on meanwhile as far as it can.
        """
        if not documents:
            return
        entries = ((name, _entry(entry) if entry else None) for name, entry in p.project_all(documents))
        ahead = self._made_ready(entries, documents)
        with self._writing(len(documents), behind=behind) as writer:
            known = self._known(documents)
            for document, entry in chain(ahead, entries):
                if known:
                    writer.delete_documents_by_term("document", document)
                if entry is not None:
                    writer.add_document(entry)

    def _made_ready(self, entries: Iterator[_Made], documents: Mapping[str, Sequence[IndexedPage]]) -> list[_Made]:
        """Return the first of the entries, as many as can be made while the change before is written."""
        ahead: list[_Made] = []
        room = _AHEAD
        while room > 0 and self._behind is not None and self._behind.is_alive():
            if (ready := next(entries, None)) is None:
                break
            ahead.append(ready)
            room -= sum(len(page.text) for page in documents[ready[0]])
        return ahead

    def settle(self) -> None:
        """Wait until nothing is being written behind a change of this object's. Raises IndexUnavailable if it could not be."""
        self._wait()
        with self._mutex:
            failed, self._failed = self._failed, None
        if failed is not None:
            with self._guarded():
                raise failed

    def _wait(self) -> None:
        behind = self._behind
        if behind is not None and behind is not current_thread():
            behind.join()
            self._behind = None

    def _known(self, documents: Collection[str]) -> bool:
        """Return whether any of them may be in the files: to delete what is not there costs a look into every file for each."""
        if len(documents) <= _LARGE_BATCH:
            return True
        some = Query.term_set_query(self._schema, "document", list(documents))
        return bool(self._searcher().search(some, limit=1, count=False).hits)

    def remove(self, document: str) -> None:
        """Leave nothing of `document`, neither in answers nor in the files."""
        self.remove_many([document])

    def remove_many(self, documents: Iterable[str]) -> None:
        """As `remove`; the files are rewritten once for all of them."""
        gone = set(documents)
        with self.exclusive():
            known = [document for document in gone if self._searcher().doc_freq("document", document)]
            if not known:
                return
            with self._writing(1) as writer:
                for document in known:
                    writer.delete_documents_by_term("document", document)
            self._wipe(known)

    def take_over(self, source: "TantivyIndex", documents: Collection[str]) -> None:
        """Make of `documents` what `source` holds of them now, or nothing where it holds nothing."""
        with self.exclusive():  # read while nobody writes here: what leaves both leaves `source` first
            held = source.held(documents)
            with self._writing(len(held)) as writer:
                for document, stored in held.items():
                    writer.delete_documents_by_term("document", document)
                    writer.add_document(_entry(p.unproject(document, stored)))
            self.remove_many(set(documents) - set(held))

    def held(self, documents: Iterable[str]) -> dict[str, str]:
        """Return, as it is stored, what it holds of `documents`."""
        with self._guarded():
            searcher = self._searcher()
            return {
                document: _stored(searcher.doc(address))
                for document in documents
                for _, address in searcher.search(
                    Query.term_query(self._schema, "document", document, "basic"), limit=1, count=False
                ).hits
            }

    def purge(self) -> None:
        """Drop from the files what was replaced and is only hidden so far."""
        with self.exclusive():
            self._wipe(None)

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
        """Return the documents that match, in an order, only those `reader` may see."""
        plan = p.plan(query)
        with self._guarded():
            searcher = self._searcher()
            bounds = bounds_of(reader, filters or {})
            wanted = whole_query(self._schema, searcher, plan, bounds)
            page = Page(
                min(max(offset, 0), searcher.num_docs), min(max(limit, 0), searcher.num_docs), ORDERS[order], after
            )
            newest = None
            if order == RELEVANCE:
                newest = newest_query(self._schema, searcher, plan, bounds, page.first + page.limit)
            # The engine goes through what matches twice, and lets another thread work meanwhile. Where all of it is shown, once is enough.
            once = newest is None and (not facets or may_match(self._schema, searcher, plan, bounds) <= _ONE_PASS)
            with ThreadPoolExecutor(1) as other:
                count = partial(self._counted, searcher, plan, bounds, facets=facets)
                counted = None if once else other.submit(count)
                total, shown = places(self._schema, searcher, wanted, page, newest=newest)
                if counted is None and facets and len(shown) < total:
                    counted = other.submit(count)
                hits = tuple(hit(query, _restored(searcher, address), score) for score, address in shown)
                if counted is None:
                    return Results(total, hits, p.counted(hits) if facets else {})
                every, facets_of = counted.result()
                return Results(every, hits, facets_of)

    def likeliest(
        self, query: Node, reader: Reader, *, limit: int, filters: Mapping[str, str] | None = None
    ) -> list[Candidate]:
        """Return those documents that match a query which allows near-misses, of the `limit` likeliest that may."""
        with self._guarded():
            searcher = self._searcher()
            wanted = whole_query(self._schema, searcher, p.plan(query), bounds_of(reader, filters or {}))
            page = Page(0, min(limit, searcher.num_docs), ORDERS[RELEVANCE], None)
            _, found = places(self._schema, searcher, wanted, page)
            return candidates(query, ((score, partial(self._again, searcher, address)) for score, address in found))

    def _again(self, searcher: tantivy.Searcher, address: tantivy.DocAddress) -> p.Stored:
        with self._guarded():
            return _restored(searcher, address)

    def contains(self, document: str) -> bool:
        """Return whether anything of `document` is in the files, hidden entries included."""
        with self._guarded():
            return bool(self._searcher().doc_freq("document", document))

    def documents(self) -> Iterator[str]:
        """Yield the ids of all indexed documents, each once."""
        with self._guarded():
            found = self._searcher().terms_with_prefix("document", "", Query.all_query())
        return iter([term for term, _ in found])

    def states(self) -> Iterator[tuple[str, str]]:
        """Yield (document, stamp) of all indexed documents."""
        with self._guarded():
            found = self._searcher().terms_with_prefix("state", "", Query.all_query())
        pairs = (term.rpartition(" ") for term, _ in found)
        return iter([(document, stamp) for document, _, stamp in pairs])

    def clear(self) -> None:
        """Remove everything, also what is damaged."""
        with self.exclusive():
            self._index = self._state = None
            try:
                for entry in self._path.iterdir():
                    if entry.name == LOCK:
                        continue
                    if entry.is_dir() and not entry.is_symlink():
                        shutil.rmtree(entry)
                    else:
                        entry.unlink()
            except OSError as error:
                raise IndexUnavailable(f"the search index {self._path} cannot be cleared: {error.strerror}") from error
            self._open()

    def check(self) -> None:
        """Raise IndexUnavailable unless the index can be opened and answers."""
        with self._guarded():
            self._searcher().search(Query.all_query(), limit=1)

    # --- reading ---

    def _searcher(self) -> tantivy.Searcher:
        """Return a view of the last commit of any process."""
        index = self._open()
        with self._mutex:
            state = self._stamp()
            if state != self._state:
                index.reload()
                self._state = state
            return index.searcher()

    def _open(self) -> tantivy.Index:
        if (known := self._index) is not None:
            return known
        with self._guarded():
            if not (self._path / "meta.json").exists():
                if not self._fresh:
                    raise IndexUnavailable(self._damaged("its list of files is missing"))
                with self.exclusive():
                    self._refuse_orphans()
                    tantivy.Index(self._schema, path=str(self._path), reuse=True)
            index = tantivy.Index(self._schema, path=str(self._path), reuse=True)
            index.register_tokenizer("spaces", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
            index.config_reader("manual")
            with self._mutex:
                self._state = None
                self._index = index
            return index

    def _refuse_orphans(self) -> None:
        """Files without the list that names them are a lost index, not a new one: an empty answer would be a lie."""
        if not (self._path / "meta.json").exists() and next(self._path.glob("*.store"), None):
            raise IndexUnavailable(self._damaged("its list of files is missing"))

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = (self._path / "meta.json").stat()
        except OSError as error:
            self._index = self._state = None
            raise IndexUnavailable(self._damaged("its list of files is missing")) from error
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _counted(
        self, searcher: tantivy.Searcher, plan: p.Plan, bounds: Bounds, *, facets: bool
    ) -> tuple[int, dict[str, dict[str, int]]]:
        """Return how many match, and how many of them have each value of a facet."""
        asked: dict[str, Any] = {_ALL: {"value_count": {"field": RECEIVED}}}
        if facets:
            asked |= {name: _terms(_COUNTED.get(name, name), most) for name, most in p.MOST_VALUES.items()}
        found = searcher.aggregate(whole_query(self._schema, searcher, plan, bounds), asked)
        total = int(found[_ALL]["value"])
        counts: dict[str, dict[str, int]] = {}
        for name in p.FACETS if facets else ():
            counts[name] = self._named(searcher, name, found[name]["buckets"])
            # What a file holds few of was not told of it: who the most frequent are is known now, how often not.
            if counts[name] and found[name]["doc_count_error_upper_bound"]:
                those = whole_query(self._schema, searcher, plan, [*bounds, (name, list(counts[name]))])
                again = searcher.aggregate(those, {name: _terms(name, p.MOST_VALUES[name])})
                counts[name] = _counts(again[name]["buckets"])
        return total, counts

    def _named(self, searcher: tantivy.Searcher, name: str, buckets: list[dict[str, Any]]) -> dict[str, int]:
        if name not in _COUNTED:
            return _counts(buckets)
        names = self._names if len(self._names) < _MOST_NAMES else {}
        if unknown := [bucket["key"] for bucket in buckets if bucket["key"] not in names]:
            some = Query.term_set_query(self._schema, _COUNTED[name], unknown)
            told = searcher.aggregate(some, {name: _terms(name, len(unknown))})[name]["buckets"]
            names = {**names, **{_number(one["key"]): one["key"] for one in told}}
            self._names = names
        return _counts([bucket | {"key": names[bucket["key"]]} for bucket in buckets])

    # --- writing ---

    @contextmanager
    def _writing(self, documents: int, *, behind: bool = False) -> Iterator[tantivy.IndexWriter]:
        """Give a writer; commit when the block ends, change nothing when it fails."""
        with self.exclusive():
            if behind:
                self.settle()
            heap = next(size for least, size in _HEAPS if documents > least)
            writer = self._open().writer(heap_size=heap, num_threads=1)
            try:
                yield writer
                if not behind:
                    writer.commit()
            except BaseException:
                self._abandon(writer)
                raise
            if behind:
                self._behind = Thread(target=self._conclude, args=(writer, self._held))
                self._held = -1
                self._behind.start()
                return
            writer.garbage_collect_files()
            # Merges of small segments belong to the commit: the next writer must not find them half done.
            writer.wait_merging_threads()

    def _conclude(self, writer: tantivy.IndexWriter, lock: int) -> None:
        """Commit, put files together, and let go of the lock."""
        try:
            try:
                writer.commit()
            except BaseException as error:  # noqa: BLE001  # told by `settle`, whatever it is
                self._failed = error
                self._abandon(writer)
                return
            writer.garbage_collect_files()
            writer.wait_merging_threads()
        except (ValueError, OSError, RuntimeError) as error:  # what was committed stands; it is merged another time
            _log.warning("files of the search index could not be put together: %s", error)
        finally:
            os.close(lock)

    @staticmethod
    def _abandon(writer: tantivy.IndexWriter) -> None:
        """Forget uncommitted work and give the engine's own lock back, which a traceback would otherwise keep."""
        with suppress(ValueError, OSError, RuntimeError):
            writer.rollback()
        with suppress(ValueError, OSError, RuntimeError):
            writer.wait_merging_threads()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the directory against all other writers, of this process and of others. May be nested."""
        with self._turn, self._guarded():
            if self._held >= 0:
                yield
                return
            self._wait()
            self._path.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                self._acquire(descriptor)
                self._held = descriptor
                yield
            finally:
                if self._behind is None:
                    os.close(descriptor)
                self._held = -1

    def _acquire(self, descriptor: int) -> None:
        until = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    message = f"another process has been writing the search index {self._path} for too long"
                    raise IndexUnavailable(message) from None
                time.sleep(0.005)
            else:
                return

    def _wipe(self, gone: Collection[str] | None) -> None:
        """Rewrite the files that still hold bytes of deleted documents, smallest first.

        Stops as soon as none of `gone` is left; None means: go on until no file holds any. tantivy only hides what is
        deleted until it merges a file one day; a file all of whose documents are written anew elsewhere is dropped.
        """
        for _ in range(_MOST_FILES):
            searcher = self._searcher()
            if gone is not None and not any(searcher.doc_freq("document", document) for document in gone):
                return
            segments = json.loads((self._path / "meta.json").read_text())["segments"]
            holed = [(segment["max_doc"], order) for order, segment in enumerate(segments) if segment["deletes"]]
            if not holed:
                break
            self._rewrite(min(holed)[1])
        if gone is not None:
            raise IndexUnavailable(self._damaged("a removed document is still in its files"))

    def _rewrite(self, order: int) -> None:
        searcher = self._searcher()
        found = searcher.search(Query.all_query(), limit=max(searcher.num_docs, 1), count=False)
        addresses = [address for _, address in found.hits if address.segment_ord == order]
        with self._writing(len(addresses)) as writer:
            for address in addresses:
                kept = searcher.doc(address)
                document = str(kept.get_first("document"))
                writer.delete_documents_by_term("document", document)
                writer.add_document(_entry(p.unproject(document, _stored(kept))))

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn what tantivy and the file system complain about into IndexUnavailable."""
        try:
            yield
        except (ValueError, OSError, RuntimeError) as error:
            self._index = self._state = None
            raise IndexUnavailable(self._damaged(str(error).splitlines()[0][:200] if str(error) else "")) from error
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # a failed assertion inside the engine; it has no public name
                raise
            self._index = self._state = None
            raise IndexUnavailable(self._damaged("the engine gave up")) from error

    def _damaged(self, why: str) -> str:
        return f"the search index {self._path} cannot be used ({why}); `juanzong reindex` builds it anew"


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("document", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("state", tokenizer_name="raw", index_option="basic")  # the id and the stamp, to list them
    builder.add_bytes_field("stored", stored=True)
    for name in (*p.STREAMS, *p.RUNS):
        builder.add_text_field(name, tokenizer_name="spaces", index_option="position")
    builder.add_text_field(p.MARKS, tokenizer_name="spaces", index_option="basic")
    for name in p.FACETS:
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in p.RANGES:
        builder.add_integer_field(name, fast=True)
    for name in KEYS:
        builder.add_integer_field(name, fast=True)
    for name in _COUNTED.values():
        builder.add_integer_field(name, fast=True, indexed=True)
    builder.add_text_field(NUMBER, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("access", tokenizer_name="raw", index_option="basic")
    # tantivy refuses a directory with another schema: a field named for the rules refuses one with other tokens, too.
    builder.add_bytes_field(f"rules_{p.VERSION}")
    return builder.build()


def _entry(entry: p.Entry) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("document", entry.document)
    document.add_text("state", f"{entry.document} {entry.stamp}")
    document.add_bytes("stored", entry.stored.encode(_STORED))
    for name, stream in entry.streams.items():
        document.add_text(name, p.pairs(stream))
    for name, tokens in entry.tokens.items():
        document.add_text(name, tokens)
    for name, value in entry.facets.items():
        document.add_text(name, value)
        if name in _COUNTED:
            document.add_integer(_COUNTED[name], _number(value))
    for name, number in entry.ranges.items():
        document.add_integer(name, number)
    for name in KEYS:
        document.add_integer(name, int(entry.orders[name]))
    document.add_text(NUMBER, str(entry.orders[NUMBER]))
    for token in entry.access:
        document.add_text("access", token)
    return document


def _restored(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> p.Stored:
    found = searcher.doc(address)
    return p.restore(str(found.get_first("document")), _stored(found))


def _stored(found: tantivy.Document) -> str:
    stored: bytes = bytes(found.get_first("stored") or b"")
    return stored.decode(_STORED)


def _terms(name: str, most: int) -> dict[str, Any]:
    """Return the question for the `most` frequent values of a field."""
    of_each_file = _MOST_NUMBERS if name in _COUNTED.values() else most
    return {"terms": {"field": name, "size": most, "segment_size": of_each_file}}


def _number(value: str) -> int:
    """Return the number that stands for a value of a facet: numbers are counted without being looked up one by one."""
    return int.from_bytes(blake2b(value.encode(), digest_size=8).digest(), "big", signed=True)


def _counts(buckets: list[dict[str, Any]]) -> dict[str, int]:
    ordered = sorted(buckets, key=lambda bucket: (-bucket["doc_count"], bucket["key"]))
    return {bucket["key"]: bucket["doc_count"] for bucket in ordered}
