"""Moving a file into another folder, where nothing is ever overwritten, on whatever file system the folder is."""

import contextlib
import errno
import itertools
import os
import shutil
import stat
from pathlib import Path

_LONGEST_NAME = 255  # bytes, on the usual file systems
REASON, RESCAN = ".reason.txt", ".rescan.txt"
#: What a share answers that knows no hard links, or a second file system.
_NO_LINK = (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)


def put_away(source: Path, folder: Path) -> Path:
    """Move the file into `folder` under its own name, or under `NAME (2)` and so on where that is taken; returns where it is.

    Raises OSError; then the file is where it was.
    """
    _make(folder, source.parent)
    for number in itertools.count(1):
        target = folder / _numbered(source.name, number, 0)
        if _moved(source, target):
            return target
    raise AssertionError("unreachable")


def put_away_with_reason(source: Path, folder: Path, reason: str, ending: str = REASON) -> Path:
    """Move the file as `put_away` does, with what is to be said of it in `NAME` + `ending` beside it. Raises OSError.

    The words are written first: killed in between, the file is still where it was, and comes to the same end again.
    """
    _make(folder, source.parent)
    for number in itertools.count(1):
        target = folder / _numbered(source.name, number, len(ending))
        if os.path.lexists(target) and not _is_same(source, target):
            continue
        beside = target.with_name(target.name + ending)
        beside.write_text(reason, encoding="utf-8")
        _open_like(beside, source)
        if _moved(source, target):
            return target
    raise AssertionError("unreachable")


def _make(folder: Path, like: Path) -> None:
    """Make the folder where it is missing, for the same people as the folder `like`."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True)
        _open_like(folder, like)


def _open_like(path: Path, like: Path) -> None:
    """Let those read `path` who may read `like`: our own files are ours alone, but these are for the people at the scanner."""
    mode = stat.S_IMODE(like.stat().st_mode)
    with contextlib.suppress(OSError):  # a share that knows no modes
        path.chmod(mode)


def _numbered(name: str, number: int, reserve: int) -> str:
    """Return `name`, from the second on with its number before the suffix, short enough with `reserve` bytes behind it."""
    suffix = Path(name).suffix
    stem = name.removesuffix(suffix)
    mark = f" ({number})" if number > 1 else ""
    if len(os.fsencode(suffix)) > 32:  # a name full of dots has no suffix worth keeping
        stem, suffix = name, ""
    room = _LONGEST_NAME - reserve - len(os.fsencode(mark + suffix))
    if len(os.fsencode(stem)) > room:
        stem = os.fsencode(stem)[:room].decode("utf-8", "ignore")
    return stem + mark + suffix


def _is_same(source: Path, target: Path) -> bool:
    """Whether both are one file: a move was killed between its two halves."""
    try:
        return os.path.samestat(source.lstat(), target.lstat())
    except FileNotFoundError:
        return False


def _moved(source: Path, target: Path) -> bool:
    """Give the file its new name; False when that is taken. Raises OSError."""
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        if not _is_same(source, target):
            return False
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        return _moved_without_link(source, target)
    source.unlink()
    return True


def _moved_without_link(source: Path, target: Path) -> bool:
    """Take the new name with an empty file and put the file over it; False when the name is taken. Raises OSError."""
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    part = target.with_name(f".{target.name[:60]}.part")
    try:
        try:
            source.replace(target)
        except FileExistsError:
            # A share that never replaces a file overwrites none either: the name may stand free for a moment.
            target.unlink()
            source.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            shutil.copy2(source, part)
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(target)
            source.unlink()
    except OSError:
        part.unlink(missing_ok=True)
        if source.exists():
            target.unlink(missing_ok=True)
        raise
    return True
