"""Put a backup into an empty system, destroy again what was destroyed after it, and prove the result.

First all of it is verified and nothing is written. Then a mark says that the system is half restored; nothing but a restore
starts on it. The objects follow, each written once, so that a restore that was killed goes on where it was. Last, in one
transaction: the tables as they were, the migrations, the destructions, the audit entry, and the end of the mark.
"""

from collections.abc import Callable, Iterable
from hashlib import sha256
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import BadInput, RuleRefused
from service.flow.archive.destructions import Register
from service.flow.backup import form
from service.flow.backup.check import Chain, Found, each_object, each_row, verify
from service.flow.backup.container import FORMS
from service.flow.backup.own_forms import put_forms
from service.flow.backup.prove import Progress, Restored, prove
from service.flow.backup.replay import documents_of, put_review_files, replay
from service.flow.common.room import room
from service.house import House
from service.records import audit
from service.records.migrate import has_tables, mark_restoring, restoring, to_form
from service.records.tables import Batch, Checkpoint, Document, PageShare, Rendition, Stack
from vault.errors import ObjectDamaged, ObjectExists

_KEYS_AT_ONCE = 500


def demand_empty(house: House, chain: Chain) -> None:
    """Raise RuleRefused unless the system is empty, or half restored. A manifest needs the store that has the objects."""
    with house.database.read() as session:
        half = restoring(session)
    if half is not None:
        if half != str(chain.newest.id):
            raise RuleRefused(f"the system is half restored from backup {half}: go on with that one, or empty it")
        return
    if has_tables(house.database):
        raise RuleRefused("there is an archive in the database already: a restore goes into an empty system")
    if chain.newest.has_objects and next(iter(house.vault.store.names()), None) is not None:
        raise RuleRefused("there are objects in the object store already: a restore goes into an empty system")


def demand_register(chain: Chain, found: Found, register: Register | None, *, without: bool) -> list[dict[str, Any]]:
    """Return the destructions to carry out again, in their order: those during the backup, and those of the register.

    Raises RuleRefused when the register does not reach beyond the backup, or lacks what the backup knows.
    """
    reaches = int(chain.newest.first["reaches"])
    if register is None:
        if not without:
            raise RuleRefused(
                "no destruction register was given: what was destroyed after the backup would come back. Name it with "
                "--destructions, or say --no-register if there is none"
            )
        return list(found.destroyed)
    if register.reaches < reaches and not without:
        raise RuleRefused(
            f"the destruction register reaches to entry {register.reaches} of the audit trail and the backup to {reaches}: "
            "find a newer one, or say --no-register if there is none"
        )
    if found.stubs - register.destructions.keys() and not without:
        raise RuleRefused(
            "the destruction register lacks files that were destroyed before the backup: find the whole one"
        )
    lines = {line["stub"]["case_file_id"]: line for line in found.destroyed} | register.destructions
    return [line for file_id, line in lines.items() if file_id not in found.stubs]


def restore(
    house: House,
    actor: Actor,
    chain: Chain,
    register: Register | None,
    *,
    without_register: bool = False,
    progress: Progress | None = None,
) -> Restored:
    """Verify `chain`, put it into the empty system of `house`, and return the proof.

    Raises, before anything is written: ObjectDamaged, KeyUnusable, BadInput, RuleRefused (not empty, no register). Later:
    NoSpace, StoreUnavailable, DatabaseUnavailable; then the system is half restored and the same call goes on.
    """
    tell = progress or (lambda _what, _done, _total: None)
    demand_empty(house, chain)
    with house.database.read() as session:
        audit_key: bytes = session.info["audit_key"]
    found = verify(chain, house.keys, audit_key, lambda done, total: tell("verified", done, total))
    destroy = demand_register(chain, found, register, without=without_register)
    gone = {document_id for line in destroy for document_id in documents_of(line)}
    _demand_objects(house, chain, found, gone)
    with room():
        with house.database.write() as session:
            mark_restoring(session, str(chain.newest.id))
        _put_objects(house, chain, gone, lambda done, total: tell("written", done, total))
        result = Restored(str(chain.newest.id), str(chain.newest.first["taken_at"]))
        reviews = {} if register is None else register.reviews
        result.forms = put_forms(chain.newest, house.settings.home / FORMS)
        with house.database.write() as session:
            result.counts_ok = _put_tables(session, chain, gone)
            result.reread = _renew(session, found.renewed)
            _destroy(session, destroy, reviews)
            result.destroyed = [line["stub"]["case_file_id"] for line in destroy]
            _note(session, actor, chain, result, found)
            mark_restoring(session, None)
    return prove(house, chain, result, tell)


def _demand_objects(house: House, chain: Chain, found: Found, gone: set[str]) -> None:
    """What a manifest only names, and was not destroyed, must be in the store. Raises BadInput."""
    if not found.absent:
        return
    there = set(house.vault.store.names())
    named_only = (entry for entry in chain.newest.manifest() if entry["in"] is None and entry["of"] not in gone)
    lacking = sum(UUID(entry["name"]) not in there for entry in named_only)
    if lacking:
        raise BadInput(f"the backup has a manifest only, and the object store lacks {lacking} of its objects")


def _put_objects(house: House, chain: Chain, gone: set[str], tell: Callable[[int, int], None]) -> None:
    store, done, total = house.vault.store, 0, int(chain.newest.first["objects"])
    for file in chain.files:
        for entry, sealed in each_object(file, chain.wanted(file)):
            done += 1
            tell(done, total)
            if entry["of"] not in gone:
                try:
                    store.put(UUID(entry["name"]), sealed)
                except ObjectExists:
                    if not _is_there(house, entry):
                        raise ObjectDamaged(
                            f"object {entry['name']} is in the store with other bytes: empty the store and begin again"
                        ) from None
            while sealed.read(1 << 20):  # what was not written is read past
                pass


def _is_there(house: House, entry: dict[str, Any]) -> bool:
    digest = sha256()
    with house.vault.store.open(UUID(entry["name"])) as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return bool(digest.hexdigest() == entry["sha256"])


def _put_tables(session: Session, chain: Chain, gone: set[str]) -> bool:
    """Fill the tables of the backup's form and bring them forward; returns whether all rows are there."""
    newest = chain.newest
    described: form.Form = newest.first["tables"]
    to_form(session, newest.first["form"])
    loader = form.Loader(session, described)
    loader.clear()  # what a migration puts into empty tables is in the backup already
    for name, rows in each_row(newest):
        loader.insert(name, rows)
    for name, entries in groupby(newest.key_lines(), lambda entry: entry.get("table")):
        if name is not None:
            _put_keys(loader, name, entries, gone)
    expected: dict[str, int] = newest.first["counts"]
    whole: bool = loader.counts(list(expected)) == expected
    to_form(session, "head")
    return whole


def _put_keys(loader: form.Loader, name: str, entries: Iterable[dict[str, Any]], gone: set[str]) -> None:
    rows = []
    for entry in entries:
        if "set" in entry:
            loader.update(name, entry["where"], entry["set"])
        elif entry["row"].get("document_id") not in gone:
            rows.append(entry["row"])
        if len(rows) == _KEYS_AT_ONCE:
            loader.insert(name, rows)
            rows = []
    loader.insert(name, rows)


def _renew(session: Session, documents: Iterable[str]) -> list[str]:
    """Documents that were read anew while the backup was taken are read once more, from their originals."""
    read = []
    for document_id in documents:
        document = session.get(Document, document_id)
        if document is not None:
            derived = (Rendition.document_id == document_id) & (Rendition.kind != "original")
            session.execute(delete(Rendition).where(derived))
            document.status, document.attempts, document.indexed = "received", 0, False
            read.append(document_id)
    return read


def _destroy(session: Session, lines: list[dict[str, Any]], reviews: dict[str, dict[str, Any]]) -> None:
    known: dict[str, dict[str, Any]] = {}
    for line in lines:
        review = line["review"]
        known[review["id"]] = reviews.get(review["id"], review)
        replay(session, line, known[review["id"]])
    for review in known.values():
        put_review_files(session, review)
    session.flush()


def _note(session: Session, actor: Actor, chain: Chain, result: Restored, found: Found) -> None:
    """Whatever the index held is made anew; the trail says what came from where."""
    session.execute(update(Document).values(indexed=False))
    session.execute(delete(PageShare))
    for table in (Document, Stack, Batch):  # whoever was at work on them is not any more
        session.execute(update(table).values(claimed_by="", claimed_until=None))
    # Only what is kept was in the backup: a key that was being renewed seals its document once more from the beginning.
    session.execute(update(Rendition).where(Rendition.state == "renewing").values(sha256=""))
    session.execute(update(Checkpoint).values(stored_at=None))  # the new store has none of them yet
    detail = {
        "taken_at": result.taken_at,
        "entries": found.entries,
        "rows": found.rows,
        "objects": chain.newest.first["objects"],
        "destroyed_again": len(result.destroyed),
    }
    audit.append(session, actor.name, "backup.restore", f"backup:{result.backup}", detail)
