"""The composition root: the only place where parts are chosen and put together."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from service.access.policy import ROLES
from service.clock import Clock
from service.errors import BadSetting, NotInitialised
from service.house import House
from service.records.database import Database
from service.records.migrate import has_tables, is_current, is_newer, require_whole, upgrade
from service.settings import place_of
from vault.adapters import open_store
from vault.adapters.keyfile import KeyFile
from vault.adapters.keyfolder import KeyFolder, open_key, provider_of
from vault.keyring import KeyRing
from vault.suites import NUMBERS, why_not
from vault.vault import Vault

if TYPE_CHECKING:  # the ports of intake bring NumPy with them, which a search never needs
    from collections.abc import Callable, Iterator

    from intake.ports import PageReader
    from retention.calendar import WorkCalendar
    from search.ports import SearchIndex
    from service.settings import Settings
    from vault.ports import ObjectStore

_AUDIT = b"audit head"
_FOLDERS = ("objects", "index", "keys", "logs", "tmp")


def make_home(settings: Settings) -> None:
    """Make the data directory and its folders where they are missing. Raises BadSetting."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings.home.chmod(0o700)  # it may have been there before, open to all
        for name in _FOLDERS:
            settings.home.joinpath(name).mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise BadSetting("JUANZONG_HOME", f"names {settings.home}, which cannot be used: {error.strerror}") from error


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Let one program at a time make the archive of this home; another waits, and then finds it made. A killed one lets go."""
    import fcntl

    make_home(settings)
    folder = os.open(settings.home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # a network's disk that knows no locks: the key file is created once all the same
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def prepare(settings: Settings) -> bool:
    """Make the home, the master key and the database where they are missing; returns whether anything was made.

    Run twice it changes nothing. A database that holds documents, or a trail, never gets a new master key.
    """
    _suite(settings)
    made = not settings.home.exists()
    make_home(settings)
    database = Database(settings.database_url)
    try:
        # Before anything is changed: an archive whose key is not here is left as it is.
        if not settings.key_file.exists() and _has_keys(database):
            raise BadSetting(
                "JUANZONG_KEY_FILE",
                f"names {settings.key_file}, which is not there, but the archive was sealed with a key: put it back",
            )
        require_whole(database)
        if settings.key_file.exists() and has_tables(database):
            _require_key(settings, database, _ring(settings))
        fresh = upgrade(database)
        if database.is_sqlite and database.url.database:
            Path(database.url.database).chmod(0o600)  # SQLite gives its log and its index the same mode
        if not settings.key_file.exists():
            settings.key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            KeyFile.create(settings.key_file)
            made = True
        _seal_trail(settings)
    finally:
        database.dispose()
    return made or fresh


def open_keys(settings: Settings) -> KeyFolder:
    """Return the master keys that the settings lead to. Raises KeyUnusable, which names the provider."""
    return KeyFolder(settings.key_file, lambda path: open_key(path, settings.key_secret_file))


def _ring(settings: Settings) -> KeyRing:
    keys = open_keys(settings)
    return KeyRing(keys.current(), keys)


def _seal_trail(settings: Settings) -> None:
    """Begin the audit chain of an empty database, and make the key that signs it. A trail that lost its end is never given a new one."""
    from service.records import audit, signing

    keys = _ring(settings)
    sealing = Database(settings.database_url, keys.derive(_AUDIT))
    try:
        with sealing.write() as session:
            audit.begin(session)
            signing.ensure(session, keys)
    finally:
        sealing.dispose()


def _has_keys(database: Database) -> bool:
    """Return whether the database, of whatever version, needs a master key that was there: for its documents, or for its trail alone."""
    from sqlalchemy import select

    from service.records.tables import AuditHead, WrappedKey

    if not has_tables(database):
        return False
    with database.read() as session:
        return any(
            session.scalar(select(column).limit(1)) is not None for column in (WrappedKey.document_id, AuditHead.id)
        )


def _sealed_with(database: Database) -> set[str]:
    """Return the names of master keys that the archive is sealed with: of its signing keys, of its first and its last document.

    A rotation goes from the first document to the last: where it stands in the middle, these are the old key and the new one.
    """
    from sqlalchemy import inspect, select

    from service.records.tables import AuditKey, WrappedKey

    with database.read() as session:
        signed = inspect(session.connection()).has_table(AuditKey.__tablename__)  # not before the third form
        found = set(session.scalars(select(AuditKey.master_key_id))) if signed else set()
        for order in (WrappedKey.document_id, WrappedKey.document_id.desc()):
            found |= set(session.scalars(select(WrappedKey.master_key_id).order_by(order).limit(1)))
        return found


def _require_fit(settings: Settings, database: Database, keys: KeyRing) -> None:
    """Raise unless database, program and master key belong together.

    NotInitialised: another version's database. BadSetting: the documents are sealed with another master key. A second key would go unnoticed until the day on which half of the archive cannot be opened.
    """
    require_whole(database)
    if is_newer(database):
        raise NotInitialised("the archive is of a newer program than this one: install that, this one changes nothing")
    if not is_current(database):
        raise NotInitialised("the database is not at this program's version: run `juanzong init`")
    _require_key(settings, database, keys)


def _require_key(settings: Settings, database: Database, keys: KeyRing) -> None:
    for sealed_with in sorted(_sealed_with(database)):
        if not keys.knows(sealed_with):
            raise BadSetting(
                "JUANZONG_KEY_FILE",
                f"names {settings.key_file} ({provider_of(settings.key_file)}), a key that did not seal this archive: "
                f"put the right one back ({sealed_with})",
            )


def _suite(settings: Settings) -> int:
    """Return the number of the ciphers that seal new objects. Raises BadSetting where this machine has them not."""
    number = NUMBERS[settings.suite]
    why = why_not(number)
    if why:
        raise BadSetting("JUANZONG_SUITE", f"asks for {settings.suite}, and {why}; aes-256-gcm is there everywhere")
    return number


def _check_ways_in(settings: Settings) -> None:
    """Raise BadSetting for what would otherwise be found out by the first person who signs in."""
    known = ("all", *ROLES)
    if not set(settings.second_factor_roles) <= set(known):
        raise BadSetting("JUANZONG_SECOND_FACTOR_ROLES", f"takes roles, of {', '.join(known)}")
    secret = settings.oidc_client_secret_file
    if secret is not None and not os.access(secret, os.R_OK):
        raise BadSetting("JUANZONG_OIDC_CLIENT_SECRET_FILE", f"names {secret}, which cannot be read")


def _demand_key_file(settings: Settings, *, empty: bool) -> None:
    """Raise NotInitialised where there is no archive yet, BadSetting where there is one and its key is not at hand."""
    try:
        settings.home.stat()
        there = settings.key_file.exists()
    except FileNotFoundError:
        there = False
    except OSError as error:
        raise BadSetting("JUANZONG_HOME", f"names {settings.home}, which cannot be read: {error.strerror}") from error
    if there:
        return
    if not empty and (settings.home / "juanzong.db").exists():
        raise BadSetting(
            "JUANZONG_KEY_FILE", f"names {settings.key_file}, which is not there: put the archive's master key back"
        )
    advice = "put the master key of the backup there" if empty else "run `juanzong init`"
    raise NotInitialised(f"there is no archive at {settings.home} (no {settings.key_file}): {advice}")


def build(settings: Settings, *, hint: Callable[[str], None] | None = None, empty: bool = False) -> House:
    """Return the house for `settings`. Raises NotInitialised, BadSetting, KeyUnusable, DatabaseUnavailable.

    empty: whether there is an archive already is asked by the caller. Costly parts (index, reader, holiday data) are made on
    first use.
    """
    _demand_key_file(settings, empty=empty)
    _check_ways_in(settings)
    suite = _suite(settings)
    keys = _ring(settings)
    database = Database(settings.database_url, keys.derive(_AUDIT))
    try:
        if not empty:
            _require_fit(settings, database, keys)
    except BaseException:
        database.dispose()
        raise
    store = _store(settings)
    house = House(
        settings=settings,
        clock=Clock(settings.today),
        database=database,
        vault=Vault(store, suite, getattr(store, "second", None)),
        keys=keys,
        make_index=_index(settings),
        make_reader=_reader(settings),
        make_calendar=lambda: _calendar(settings),
        make_parts=_parts(settings, suite),
    )
    if hint is not None:
        house.hint = hint
    house.vault.notice = lambda name, what: _notice(house, str(name), what)
    return house


def _notice(house: House, name: str, what: str) -> None:
    """Let a reader go on, who may be in the middle of a transaction of their own, while what they met is noted."""
    from threading import Thread

    from service.flow.trust.mend import note

    Thread(target=note, args=(house, name, what), name="noticed").start()


def _store(settings: Settings) -> ObjectStore:
    first = _open_store("JUANZONG_OBJECT_STORE", settings.object_store)
    if not settings.replica:
        return first
    from vault.replica import Replicated

    if settings.replica_place == place_of(settings.object_store):
        raise BadSetting("JUANZONG_REPLICA", "names the object store itself: a replica lies elsewhere")
    return Replicated(first, _open_store("JUANZONG_REPLICA", settings.replica))


def _open_store(setting: str, url: str) -> ObjectStore:
    try:
        return open_store(url)
    except ValueError as error:
        raise BadSetting(setting, f"is no address of an object store: {error}") from None


def _readable(setting: str, file: Path | None) -> Path | None:
    _line_of(setting, file)
    return file


def _line_of(setting: str, file: Path | None) -> str:
    """Return what a file says, without the line break at its end; "" where none is named. Raises BadSetting."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip() if file else ""
    except OSError as error:
        raise BadSetting(setting, f"names {file}, which cannot be read: {error.strerror}") from error


def _index(settings: Settings) -> Callable[[], SearchIndex]:
    def make() -> SearchIndex:
        from search.adapters import open_index
        from search.errors import IndexUnavailable, SearchError

        try:
            return open_index(
                settings.search,
                ca=_readable("JUANZONG_SEARCH_CA", settings.search_ca),
                api_key=_line_of("JUANZONG_SEARCH_API_KEY_FILE", settings.search_api_key_file),
                shards=settings.search_shards,
                replicas=settings.search_replicas,
            )
        except SearchError as error:
            if isinstance(error, IndexUnavailable):
                raise
            raise BadSetting("JUANZONG_SEARCH", f"is no address of a search engine: {error}") from None

    return make


def _parts(settings: Settings, suite: int) -> Callable[[], Vault]:
    """Unfinished uploads lie beside the archive, not in it: whatever is found there and belongs to none is deleted."""

    def make() -> Vault:
        from vault.adapters.filesystem import FilesystemStore

        return Vault(FilesystemStore(settings.home / "tmp" / "uploads"), suite)

    return make


def _reader(settings: Settings) -> Callable[[], PageReader]:
    def make() -> PageReader:
        return _crew(
            "+".join(filter(None, (settings.ocr, settings.ocr_languages))),
            settings.ocr_threads,
            settings.reading_processes,
            settings.page_seconds,
            settings.page_memory * 1024 * 1024,
        )

    return make


@cache
def _crew(engine: str, threads: int, processes: int, seconds: int, memory: int) -> PageReader:
    """One crew for a process: however many houses it has, its children are limited and start but once."""
    from intake.crew import Allowance, Crew

    return Crew(engine, processes, Allowance(threads, seconds, memory, without_settings()))


def without_settings() -> dict[str, str]:
    """Return this process's variables but the settings: they hold passwords, and whoever opens foreign files has no use for them."""
    return {name: value for name, value in os.environ.items() if not name.startswith("JUANZONG_")}


def _calendar(settings: Settings) -> WorkCalendar:
    from retention.adapters.china import ChinaCalendar
    from retention.adapters.notices import NoticedCalendar

    return NoticedCalendar(ChinaCalendar(), settings.holidays) if settings.holidays else ChinaCalendar()
