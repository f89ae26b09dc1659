"""An original in the clear, for as long as a library must see it as a file."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from service.flow.common.kept import open_kept
from service.flow.common.objects import original_of
from service.house import House
from service.records.tables import WrappedKey


@contextlib.contextmanager
def original_on_disk(house: House, document_id: str) -> Iterator[Path]:
    """Give a path that no name leads to: the file is unlinked before its first byte is written.

    So a killed process leaves nothing readable behind. Raises StoreUnavailable, ObjectMissing, ObjectDamaged.
    """
    with house.database.read() as session:
        wrapped = session.get_one(WrappedKey, document_id).wrapped
        original = original_of(session, document_id)
    key = house.keys.unwrap(UUID(document_id), wrapped)
    folder = house.settings.home / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        with open_kept(house, original, key) as plain:
            shutil.copyfileobj(plain, file, 1 << 20)
        file.flush()
        yield Path(f"/proc/self/fd/{file.fileno()}")
