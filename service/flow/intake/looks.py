"""Looks: the pages of a stack seen once, for separators and blank backs, and kept as small pictures until the release."""

import contextlib
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import update

from intake.batches.apart import Look, look
from intake.batches.payload import encode
from service.errors import DatabaseUnavailable
from service.flow.intake.holding import OfBatch
from service.house import House
from service.records.tables import Stack, new_id
from vault.model import FileKey

#: Stacks whose attempt this process has to take back.
_owed: set[str] = set()


def _key(house: House, stack: Stack) -> FileKey:
    return house.keys.unwrap(UUID(stack.id), stack.key or b"")


@contextlib.contextmanager
def stack_on_disk(house: House, stack: Stack, renew: Callable[[], None]) -> Iterator[Path]:
    """Give a path that no name leads to, for as long as a library must see the stack as a file.

    renew: called now and then while it is fetched. Raises StoreUnavailable, ObjectMissing, ObjectDamaged, KeyUnusable.
    """
    folder = house.settings.home / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        with house.vault.open(UUID(stack.id), _key(house, stack)) as plain:
            while block := plain.read(1 << 20):
                file.write(block)
                renew()
        file.flush()
        yield Path(f"/proc/self/fd/{file.fileno()}")


def look_at(house: House, stack: Stack, *, last: bool, hold: OfBatch | None = None) -> None:
    """Look at every page and write down what it is. last: looking killed its process before; take every page as a page.

    hold: the batch, which nobody else takes up meanwhile however long it takes; None when the stack itself is claimed. Raises
    Superseded, and what `stack_on_disk` raises.
    """
    renew = hold.renew if hold is not None else _nothing
    pages: list[dict[str, Any]] = []
    pictures: list[bytes] = []
    with _counted(house, stack) as thumbs:
        if not last:
            with stack_on_disk(house, stack, renew) as path:
                for found in look(path, stack.kind, stack.pages, house.limits, house.own_labels):
                    pages.append(_seen(stack, found))
                    pictures.append(found.thumbnail)
                    renew()
        pages += [{"kind": "page", "measured": "unseen"} for _ in range(stack.pages - len(pages))]
        house.vault.delete(UUID(thumbs))
        house.vault.put(UUID(thumbs), _key(house, stack), io.BytesIO(_pack(pictures)))
        with house.database.write() as session:
            if hold is not None:
                hold.still(session)
            # Its error stays empty: that says why a stack was left whole, and no page that was not seen is a reason for it.
            row = session.get_one(Stack, stack.id)
            row.looked, row.attempts = pages, 0


def _seen(stack: Stack, found: Look) -> dict[str, Any]:
    """Return what is written down of a page."""
    mark = encode(found.separator) if found.separator is not None else ""
    kind = found.kind if found.kind != "blank" or stack.drop_blanks else "page"
    page = {"kind": kind, "ink": round(found.ink, 6)} | ({"mark": mark, "how": found.how} if mark else {})
    if found.kind == "blank":
        page["measured"] = "blank"
    elif not found.thumbnail:  # it may have been a separator sheet: a person is told
        page["measured"] = "unseen"
    return page


@contextlib.contextmanager
def _counted(house: House, stack: Stack) -> Iterator[str]:
    """Count an attempt, which only the death of this process uses up: whatever else breaks it off is no fault of the pages.

    Gives the name of the object for the small pictures.
    """
    with house.database.write() as session:
        row = session.get_one(Stack, stack.id)
        row.attempts += 1
        row.thumbs = thumbs = row.thumbs or new_id()
    try:
        yield thumbs
    except BaseException:
        _owed.add(stack.id)
        with contextlib.suppress(DatabaseUnavailable):  # then as soon as it is back
            give_back(house)
        raise


def give_back(house: House) -> None:
    """Take back the attempts that used up nothing, whoever has these stacks by now. Raises DatabaseUnavailable."""
    for stack_id in list(_owed):
        with house.database.write() as session:
            counted = update(Stack).where(Stack.id == stack_id, Stack.attempts > 0)
            session.execute(counted.values(attempts=Stack.attempts - 1))
        _owed.discard(stack_id)


def _nothing() -> None:
    pass


def _pack(pictures: list[bytes]) -> bytes:
    head = json.dumps([len(picture) for picture in pictures]).encode()
    return head + b"\n" + b"".join(pictures)


def thumbnail(house: House, stack: Stack, number: int) -> bytes | None:
    """Return the small picture of a page (from 1) as JPEG; None when there is none."""
    if stack.thumbs is None:
        return None
    with house.vault.open(UUID(stack.thumbs), _key(house, stack)) as plain:
        data = plain.read()
    head, _, body = data.partition(b"\n")
    sizes = json.loads(head)
    if not 1 <= number <= len(sizes) or not sizes[number - 1]:
        return None
    start = sum(sizes[: number - 1])
    return body[start : start + sizes[number - 1]]
