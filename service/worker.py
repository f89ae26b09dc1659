"""The worker: reads what was received. `python -m service.worker`, or `juanzong worker`."""

import logging
import os

from huey.consumer import Consumer

from intake import memory
from service import worker_channels
from service.bootstrap import build
from service.flow.archive.outside import resume as resume_removals
from service.house import House
from service.jobs.queue import attach, hint_waiting, open_queue, or_later
from service.settings import Settings, load


def run(settings: Settings) -> None:
    """Work until told to stop (SIGINT: after the document in hand; SIGTERM: at once, it is taken up again later)."""
    memory.share_arenas()
    house: House = build(settings)
    queue = open_queue(settings)
    hint = attach(queue, lambda: house)
    or_later("a removal", lambda: resume_removals(house))
    hint_waiting(queue, house, hint)
    house.hint = hint
    worker_channels.start(house)
    _ = house.reader  # made before there are threads that would each make one
    # One document more than there are processes that read: while its pages wait for one, another is sealed and indexed.
    documents = settings.reading_processes + 1
    Consumer(queue, workers=documents, worker_type="thread", initial_delay=0.2, max_delay=1.0).run()


if __name__ == "__main__":
    os.umask(0o077)  # whatever the archive writes is its owner's alone
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells every table of every font it makes smaller
    run(load())
