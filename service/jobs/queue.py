"""The job queue: huey on SQLite beside an embedded archive, on PostgreSQL beside a shared one."""

import logging
from collections.abc import Callable

from huey import SqliteHuey, crontab
from huey.api import Huey
from huey.contrib.sql_huey import SqlHuey
from sqlalchemy import make_url

from service.errors import KNOWN_ERRORS
from service.flow.destroy import resume
from service.flow.process import process, sweep
from service.house import House
from service.settings import Settings

log = logging.getLogger("juanzong.jobs")


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
        try:
            process(get_house(), document_id)
        except KNOWN_ERRORS as error:
            # A passing cause: the document keeps its state and the next sweep takes it up.
            log.warning("document %s waits: %s", document_id, error)

    @queue.periodic_task(crontab(minute="*"), name="sweep")  # type: ignore[untyped-decorator]  # huey has no types
    def sweep_task() -> None:
        resume_destructions(get_house())
        hint_waiting(queue, get_house(), hint)

    @queue.periodic_task(crontab(hour="3", minute="30"), name="purge")  # type: ignore[untyped-decorator]  # huey has no types
    def purge_task() -> None:
        try:
            get_house().index.purge()
        except KNOWN_ERRORS as error:
            log.warning("the index is purged tomorrow: %s", error)

    def hint(document_id: str) -> None:
        process_task(document_id)

    return hint


def resume_destructions(house: House) -> None:
    """Finish destructions that were broken off; a service that is down is tried again by the next sweep."""
    try:
        resume(house)
    except KNOWN_ERRORS as error:
        log.warning("a destruction waits to be finished: %s", error)


def hint_waiting(queue: Huey, house: House, hint: Callable[[str], None]) -> int:
    """Queue every document that waits, unless the queue still has work; returns how many."""
    if queue.pending_count():
        return 0
    try:
        waiting = sweep(house)
    except KNOWN_ERRORS as error:
        log.warning("sweep waits: %s", error)
        return 0
    for document_id in waiting:
        hint(document_id)
    return len(waiting)
