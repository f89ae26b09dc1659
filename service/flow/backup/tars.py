"""Tars that are written and read as streams, in constant memory."""

import tarfile
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from vault.errors import ObjectDamaged

_BLOCK = 1 << 20


def tar_of(members: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """Yield the bytes of a tar with these members (GNU form), in constant memory."""
    for name, data in members:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(data), 0o600
        yield info.tobuf(tarfile.GNU_FORMAT)
        yield data
        if len(data) % tarfile.BLOCKSIZE:
            yield bytes(-len(data) % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def members_of(plain: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of each member of a tar that `tar_of` made. Raises ObjectDamaged."""
    try:
        with tarfile.open(fileobj=plain, mode="r|", bufsize=_BLOCK) as tar:
            for info in tar:
                content = tar.extractfile(info)
                if content is None:
                    raise ObjectDamaged("the backup is damaged: it holds something that is no file")
                yield info.name, content.read()
                tar.members = []  # type: ignore[attr-defined]  # not in the stubs; or all of them would stay in memory
    except tarfile.TarError as error:
        raise ObjectDamaged(f"the backup is damaged: {error}") from error
    while plain.read(_BLOCK):  # what follows a tar's end is sealed, too, and the last chunk says that this is all
        pass
