"""Open a chain of backups and verify all of it, writing nothing: every chunk, digest and count, and the audit chain."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, cast

from service.errors import BadInput
from service.flow.backup.container import OBJECTS, ROWS, NotABackup, Reader, header_of
from service.flow.backup.own_forms import forms_in
from service.records import audit
from service.records.audit import Head
from service.records.migrate import HEAD
from service.records.tables import AuditEntry
from vault.errors import KeyUnusable, ObjectDamaged
from vault.keyring import KeyRing
from vault.streams import Joined

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Chain:
    """The backup to be restored, and those in which the rest of its objects lies."""

    newest: Reader
    files: tuple[Reader, ...]

    def wanted(self, file: Reader) -> Iterator[dict[str, Any]]:
        """Yield the lines of the newest manifest whose objects lie in `file`, in their order there."""
        return (entry for entry in self.newest.manifest() if entry["in"] == str(file.id))


@dataclass
class Found:
    """What a verified backup holds. absent: objects that it names and does not hold, because only a manifest was made.

    trail_ok: whether the audit trail was whole when the backup was made; one that was not is restored as it is.
    stubs: files that were destroyed when it was taken. destroyed: those destroyed while it was taken.
    """

    rows: int = 0
    objects: int = 0
    forms: int = 0
    absent: int = 0
    keys: int = 0
    entries: int = 0
    trail_ok: bool = False
    stubs: frozenset[str] = frozenset()
    destroyed: tuple[dict[str, Any], ...] = ()
    renewed: tuple[str, ...] = ()


def open_chain(
    paths: Sequence[Path], keys: KeyRing, *, keys_from: Sequence[Path] = (), passphrase: str = "", alone: bool = False
) -> Chain:
    """Open the files of a backup, in whatever order they were named; the latest of them is the one that is meant.

    keys_from: the keys parts that lie apart, in the order of the files that need them. alone: the files it rests on need not be there.
    Raises BadInput (a file is missing or belongs to none), NotABackup, ObjectDamaged, KeyUnusable.
    """
    apart = iter(keys_from)
    files = [_reader(path, keys, apart, passphrase) for path in paths]
    by_id = {str(file.id): file for file in files}
    rested_on = {file.first["base"] for file in files}
    ends = [file for file in files if str(file.id) not in rested_on]
    if len(by_id) < len(files) or len(ends) != 1:
        raise BadInput("the files are not one chain of backups: name each backup once, and only those of one chain")
    needed = {entry["in"] for entry in ends[0].manifest() if entry["in"] is not None}
    missing = needed - by_id.keys()
    if missing and not alone:
        raise BadInput(
            f"{ends[0].path} rests on {len(missing)} earlier backup(s): name them, too ({', '.join(sorted(missing))})"
        )
    if ends[0].first["form"] > HEAD:
        raise NotABackup(f"{ends[0].path} is of a newer program than this one: install that, this one changes nothing")
    return Chain(ends[0], tuple(file for file in files if file is ends[0] or str(file.id) in needed))


def _reader(path: Path, keys: KeyRing, apart: Iterator[Path], passphrase: str) -> Reader:
    keys_from = next(apart, None) if header_of(path)["apart"] else None
    return Reader(path, keys, keys_from=keys_from, passphrase=passphrase)


def each_object(file: Reader, wanted: Iterator[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], BinaryIO]]:
    """Yield (line of the manifest, its sealed bytes) of every wanted object in `file`, read to its end before the next.

    Raises ObjectDamaged when one is not there, or not what the manifest says.
    """
    members = file.members(OBJECTS) if file.has_objects else iter(())
    held = next(members, None)
    for entry in wanted:
        mine = f"objects/{entry['name']}/"
        while held is not None and not held[0].startswith(mine):
            held = next(members, None)
        digest, size = sha256(), 0

        def blocks(mine: str = mine, digest: Any = digest) -> Iterator[bytes]:
            nonlocal held, size
            number = 0
            while held is not None and held[0] == f"{mine}{number:06}":
                digest.update(held[1])
                size += len(held[1])
                yield held[1]
                held, number = next(members, None), number + 1

        yield entry, cast("BinaryIO", Joined(blocks()))
        if (size, digest.hexdigest()) != (entry["size"], entry["sha256"]):
            raise ObjectDamaged(f"{file.path} is damaged: object {entry['name']} in it is not what was written")
    for _ in members:  # to the last chunk, which says that nothing was cut off
        pass


def verify(chain: Chain, keys: KeyRing, audit_key: bytes, progress: Progress | None = None) -> Found:
    """Read every part of every file to its end. Raises ObjectDamaged, KeyUnusable (sealed with another master key)."""
    found = Found()
    _verify_rows(chain.newest, found, audit_key)
    _verify_keys(chain.newest, found, keys)
    found.forms = sum(1 for _form in forms_in(chain.newest))
    owners, total = 0, int(chain.newest.first["objects"])
    for entry in chain.newest.manifest():
        owners += 1
        found.absent += entry["in"] is None
    if owners != total:
        raise ObjectDamaged(f"{chain.newest.path} is damaged: its manifest has {owners} of {total} objects")
    for file in chain.files:
        for _entry, sealed in each_object(file, chain.wanted(file)):
            while sealed.read(1 << 20):
                pass
            found.objects += 1
            if progress:
                progress(found.objects, total)
    return found


def each_row(file: Reader) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield (table, rows) of the rows part. Raises ObjectDamaged."""
    for name, content in file.members(ROWS):
        folder, _, rest = name.partition("/")
        table = rest.partition("/")[0]
        if folder != "tables" or table not in file.first["counts"]:
            raise ObjectDamaged(f"{file.path} is damaged: {name} does not belong into it")
        yield table, [json.loads(line) for line in content.splitlines()]


def _verify_rows(file: Reader, found: Found, audit_key: bytes) -> None:
    counts, stubs = Counter[str](), set[str]()
    sealed, last = ("", ""), audit.GENESIS

    def entries() -> Iterator[AuditEntry]:
        nonlocal sealed, last
        for table, rows in each_row(file):
            counts[table] += len(rows)
            for row in rows:
                if table == "audit":
                    last = row["hash"]
                    yield AuditEntry(**row)
                elif table == "audit_head":
                    head = Head(row["seq"], row["hash"])
                    sealed = (head.hash, row["seal"] if row["seal"] == audit.seal_of(audit_key, head) else "")
                elif table == "stubs":
                    stubs.add(row["case_file_id"])

    walk = entries()
    found.entries = audit.verify(walk, None).entries
    for _rest in walk:  # behind a broken place of the trail there are tables, too
        pass
    if counts != Counter(file.first["counts"]):
        raise ObjectDamaged(f"{file.path} is damaged: it has other rows than were counted when it was made")
    found.trail_ok = found.entries == counts["audit"] and sealed[0] == last and bool(sealed[1])
    found.rows, found.stubs = sum(counts.values()), frozenset(stubs)


def _verify_keys(file: Reader, found: Found, keys: KeyRing) -> None:
    destroyed, renewed = [], []
    for entry in file.key_lines():
        if "destroyed" in entry:
            destroyed.append(entry["destroyed"])
        elif "renewed" in entry:
            renewed.append(entry["renewed"])
        else:
            found.keys += 1
            wrapped_by = entry.get("row", {}).get("master_key_id", keys.key_id)
            if not keys.knows(wrapped_by):
                raise KeyUnusable(
                    f"{file.path} holds keys wrapped by another master key: put that one back ({wrapped_by})"
                )
    found.destroyed, found.renewed = tuple(destroyed), tuple(renewed)
