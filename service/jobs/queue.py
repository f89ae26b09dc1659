"""The job queue: huey on SQLite beside an embedded archive, on PostgreSQL beside a shared one."""

import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable

from huey import SqliteHuey, crontab
from huey.api import Huey
from huey.contrib.sql_huey import SqlHuey
from peewee import PeeweeException
from sqlalchemy import make_url

from intake import memory
from service.errors import KNOWN_ERRORS
from service.flow.archive.destructions import note
from service.flow.archive.outside import resume as resume_removals
from service.flow.common.room import room
from service.flow.intake.finish_uploads import purge, tidy
from service.flow.intake.preserve import preserve, waiting
from service.flow.intake.process import process, sweep
from service.flow.intake.stacks import resume as resume_stacks
from service.flow.trust.checkpoints import checkpoint_when_due
from service.house import House
from service.settings import Settings

log = logging.getLogger("juanzong.jobs")
_SOON = 5  # seconds: a full disk, or a server that starts anew, is often over by then
_MANY = 1000  # hints that are looked through for those who are not among them
_QUEUE_DOWN = (PeeweeException, sqlite3.Error, OSError)  # huey speaks to SQLite itself


def open_queue(settings: Settings) -> Huey:
    """Return the queue that belongs to the database of `settings`."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        return SqliteHuey(name="juanzong", filename=str(settings.home / "jobs.db"), results=False)
    from playhouse.postgres_ext import Psycopg3Database

    database = Psycopg3Database(
        url.database, host=url.host, port=url.port, user=url.username, password=url.password, **dict(url.query)
    )
    return SqlHuey(name="juanzong", database=database, results=False)


def attach(queue: Huey, get_house: Callable[[], House]) -> Callable[[str], None]:
    """Register the tasks on `queue`; returns the function that hints at a waiting document."""

    @queue.task(name="process")  # type: ignore[untyped-decorator]  # huey has no types
    def process_task(document_id: str) -> None:
        if not or_later(f"document {document_id}", lambda: process(get_house(), document_id)):
            look_soon()
        memory.give_back()
        preserve_task(document_id)

    @queue.task(name="look")  # type: ignore[untyped-decorator]  # huey has no types
    def look_task() -> None:
        """Take up what waits before the next sweep does, once for however many wait."""
        hint_waiting(queue, get_house(), hint)

    look_soon = _at_most_every(_SOON, lambda: look_task.schedule(delay=_SOON))

    # Behind everything that is not searchable yet.
    @queue.task(name="preserve", priority=-1)  # type: ignore[untyped-decorator]  # huey has no types
    def preserve_task(document_id: str) -> None:
        or_later(f"the preservation copy of {document_id}", lambda: preserve(get_house(), document_id))
        memory.give_back()

    @queue.periodic_task(crontab(minute="*"), name="sweep")  # type: ignore[untyped-decorator]  # huey has no types
    def sweep_task() -> None:
        or_later("a removal", lambda: resume_removals(get_house()))
        or_later("the tidying of uploads", lambda: tidy(get_house()))
        or_later("a scanned stack", lambda: resume_stacks(get_house()))
        if not hint_waiting(queue, get_house(), hint) and not queue.pending_count():
            hint_waiting(queue, get_house(), preserve_task, waiting)

    _attach_seldom(queue, get_house)

    def hint(document_id: str) -> None:
        try:
            process_task(document_id)
        except _QUEUE_DOWN as error:
            # Whoever sent the document is not told of it: the document is durable, and the next sweep finds it.
            log.warning("document %s is found by the next sweep: %s", document_id, error)
            with contextlib.suppress(*_QUEUE_DOWN):
                queue.storage.close()  # the next call of this thread connects anew

    return hint


def _at_most_every(seconds: float, act: Callable[[], object]) -> Callable[[], None]:
    """Return what does `act` when it is called, and nothing for so many seconds after that."""
    before = time.monotonic()

    def perhaps() -> None:
        nonlocal before
        if (now := time.monotonic()) >= before:
            before = now + seconds
            act()

    return perhaps


def _attach_seldom(queue: Huey, get_house: Callable[[], House]) -> None:
    """Register what is done once a day, or every ten minutes."""

    @queue.periodic_task(crontab(hour="3", minute="30"), name="purge")  # type: ignore[untyped-decorator]  # huey has no types
    def purge_task() -> None:
        or_later("the purge of the index", lambda: get_house().index.purge())  # noqa: PLW0108 - opening it may fail, too
        or_later("the purge of upload pieces", lambda: purge(get_house()))
        or_later("the destruction register", lambda: note(get_house()))
        or_later("what was deleted in the database", lambda: get_house().database.scrub())  # noqa: PLW0108 - as above

    @queue.periodic_task(crontab(minute="*/10"), name="checkpoint")  # type: ignore[untyped-decorator]  # huey has no types
    def checkpoint_task() -> None:
        or_later("the checkpoint of the audit trail", lambda: checkpoint_when_due(get_house()))


def or_later(what: str, work: Callable[[], object]) -> bool:
    """Do `work` and return True; when a service is down, say so and leave it: what waits is found again by the next sweep."""
    try:
        with room():
            work()
    except KNOWN_ERRORS as error:
        log.warning("%s waits: %s", what, error)
        return False
    return True


def hint_waiting(
    queue: Huey, house: House, hint: Callable[[str], None], find: Callable[[House], list[str]] = sweep
) -> int:
    """Queue every document that `find` says waits and that nothing in the queue is about; returns how many.

    A long queue is left alone: its end is further off than the next look.
    """
    if queue.pending_count() > _MANY:
        return 0
    hinted = {document_id for task in queue.pending() for document_id in task.args or ()}
    found: list[str] = []
    or_later("the sweep", lambda: found.extend(find(house)))
    waiting = [document_id for document_id in found if document_id not in hinted]
    for document_id in waiting:
        hint(document_id)
    return len(waiting)
