"""An independent look for what is left of destroyed files: not one line of the program's own searching is used.

Words that stand in nothing else are planted in documents: in their text, name, title and values. Before the destruction the
scan must find them; afterwards it looks, as somebody would who has the disks and the servers alone, at every byte below the
data directory, every column of every table, every object in every version, and every term and stored entry of the index.
"""

import json
import re
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, create_engine, make_url, select

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Planted:
    """What must be gone. words: planted in documents; objects: names in the store; keys: wrapped keys; documents: ids in the index."""

    words: frozenset[str]
    objects: frozenset[str]
    keys: frozenset[bytes]
    documents: frozenset[str]

    def needles(self) -> tuple[bytes, ...]:
        """Return what no file may hold: the words as UTF-8 and UTF-16, the keys as they are and as hexadecimal text."""
        words = [form for word in self.words for form in (word.encode(), word.encode("utf-16-le"))]
        keys = [form for key in self.keys for form in (key, key.hex().encode())]
        return (*words, *keys)


def planted(database_url: str, words: frozenset[str], document_ids: frozenset[str]) -> Planted:
    """Return what stands in the database of these documents now, before they are destroyed."""
    tables, engine = _tables(database_url)
    renditions, keys = tables["renditions"], tables["wrapped_keys"]
    with engine.connect() as connection:
        owned = connection.execute(select(renditions.c.id, renditions.c.document_id)).all()
        wrapped = connection.execute(select(keys.c.wrapped, keys.c.document_id)).all()
    engine.dispose()
    return Planted(
        words,
        frozenset(name for name, owner in owned if owner in document_ids),
        frozenset(bytes(key) for key, owner in wrapped if owner in document_ids),
        document_ids,
    )


def traces(env: Mapping[str, str], gone: Planted) -> list[str]:
    """Return one line for each place where something of `gone` is left; none when nothing is."""
    home = Path(env["JUANZONG_HOME"])
    database_url = env.get("JUANZONG_DATABASE_URL", f"sqlite:///{home}/juanzong.db")
    return [
        *_in_files(home, gone),
        *_in_tables(database_url, gone),
        *_in_store(env.get("JUANZONG_OBJECT_STORE", f"file://{home}/objects"), gone),
        *_in_index(env.get("JUANZONG_SEARCH", f"tantivy://{home}/index"), gone),
    ]


def _in_files(folder: Path, gone: Planted) -> Iterator[str]:
    needles = gone.needles()
    if not needles:
        return
    wanted = re.compile(b"|".join(map(re.escape, needles)))
    overlap = max(map(len, needles))
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        tail = b""
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                if wanted.search(tail + block):
                    yield f"file {path.relative_to(folder)}"
                    break
                tail = block[-overlap:]


def _tables(database_url: str) -> tuple[dict[str, Any], Any]:
    engine = create_engine(make_url(database_url))
    found = MetaData()
    found.reflect(engine)
    return dict(found.tables), engine


def _in_tables(database_url: str, gone: Planted) -> Iterator[str]:
    tables, engine = _tables(database_url)
    with engine.connect() as connection:
        for name, table in sorted(tables.items()):
            for row in connection.execute(select(table)).mappings():
                for column, value in row.items():
                    if _holds(value, gone):
                        yield f"column {name}.{column}"
    engine.dispose()


def _holds(value: object, gone: Planted) -> bool:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value) in gone.keys
    if value is None or isinstance(value, (int, float)):
        return False
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return any(word in text for word in gone.words)


def _in_store(url: str, gone: Planted) -> Iterator[str]:
    if url.startswith("file://"):
        root = Path(url.removeprefix("file://"))
        names = (path.name for path in root.rglob("*") if path.is_file())
    else:
        names = iter(_versions(url))
    for name in names:
        if any(object_name in name for object_name in gone.objects):
            yield f"object {name}"


def _versions(url: str) -> list[str]:
    """Return the names of all versions and delete markers in a bucket."""
    from minio import Minio

    found = re.fullmatch(r"s3\+(https?)://([^:]+):([^@]+)@([^/]+)/(.+)", url)
    if found is None:
        raise ValueError(f"no address of a bucket: {url.rpartition('@')[2]}")
    scheme, user, secret, host, bucket = found.groups()
    client = Minio(host, user, secret, secure=scheme == "https")
    return [str(one.object_name) for one in client.list_objects(bucket, recursive=True, include_version=True)]


def _in_index(url: str, gone: Planted) -> Iterator[str]:
    embedded = url.startswith("tantivy://")
    stored = _tantivy(Path(url.removeprefix("tantivy://")), gone) if embedded else _elastic(url)
    for place, text in stored:
        for word in gone.words | gone.documents:
            if word in text:
                yield f"index {place}: {word}"


def _tantivy(path: Path, gone: Planted) -> Iterator[tuple[str, str]]:
    """Yield every stored entry and every term of every generation, and the ids of entries that are only hidden."""
    for listed in sorted(path.rglob("meta.json")):
        yield from _generation(listed.parent, gone)


def _generation(path: Path, gone: Planted) -> Iterator[tuple[str, str]]:
    import tantivy

    index = tantivy.Index.open(str(path))
    searcher = index.searcher()
    everything = tantivy.Query.all_query()
    for _, address in searcher.search(everything, limit=max(searcher.num_docs, 1)).hits:
        for field, values in searcher.doc(address).to_dict().items():
            yield f"entry {field}", " ".join(_plain(value) for value in values)
    for field in json.loads((path / "meta.json").read_text())["schema"]:
        if field["type"] == "text":
            name = field["name"]
            yield f"terms {name}", "\n".join(term for term, _ in searcher.terms_with_prefix(name, "", everything))
    # Terms are given of what is found alone; how often one stands in the files counts what is hidden, too.
    yield "files", "\n".join(document for document in gone.documents if searcher.doc_freq("document", document))


def _plain(value: object) -> str:
    return (
        bytes(value).decode("gb18030", errors="replace") if isinstance(value, (bytes, bytearray, list)) else str(value)
    )


def _elastic(url: str) -> Iterator[tuple[str, str]]:
    """Yield every entry of the indices behind this address, as their sources stand."""
    base, _, name = url.rpartition("/")
    request = urllib.request.Request(
        f"{base}/{name}*/_search?size=10000", b'{"query":{"match_all":{}}}', {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        for found in json.load(answer)["hits"]["hits"]:
            yield f"entry {found['_index']}", json.dumps(found, ensure_ascii=False)
