"""The company's own forms and labels in a backup: the only files of the data directory that people write and no table holds."""

import logging
from collections.abc import Iterator
from pathlib import Path

from service.errors import BadInput
from service.flow.backup.container import FORMS, Reader
from service.flow.backup.fresh import fresh, said
from vault.errors import ObjectDamaged

_log = logging.getLogger("juanzong.restore")


def own_forms(folder: Path) -> list[tuple[str, bytes]]:
    """Return (member, content) of every form in a folder, by name. Raises BadInput for one that cannot be read."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        try:
            found.append((f"{FORMS}/{path.name}", path.read_bytes()))
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror or error}") from error
    return found


def forms_in(file: Reader) -> Iterator[tuple[str, bytes]]:
    """Yield (file name, content) of the forms in a backup; none in one of a program that left them out. Raises ObjectDamaged."""
    if FORMS not in file.first["parts"]:
        return
    for member, content in file.members(FORMS):
        name = member.removeprefix(f"{FORMS}/")
        if member == name or name != Path(name).name or not name.endswith(".toml"):
            raise ObjectDamaged(f"{file.path} is damaged: {member} does not belong into it")
        yield name, content


def put_forms(file: Reader, folder: Path) -> int:
    """Write the forms of a backup into a folder; returns how many. One that is there with another content stays, and the log names it.

    Raises BadInput when the disk does not take them, ObjectDamaged.
    """
    count = 0
    for name, content in forms_in(file):
        target = folder / name
        count += 1
        with said(target):
            folder.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                with fresh(target) as out:
                    out.write(content)
            elif target.read_bytes() != content:
                _log.warning("The form %s is there already and stays; the backup has another one of this name.", target)
    return count
