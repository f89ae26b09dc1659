"""A hot folder: files that people and scanners put into a directory, handed in once each and put away.

It only ever lists the directory, so it works on SMB and NFS, where no events arrive. A file is copied into a private spool
before it is handed in: the bytes that are inspected are the bytes that are sealed, whatever its writer does meanwhile, and
a symbolic link put in its place leads nowhere. Killed at any point, the file is where it was or where it belongs; handed in
twice it is a duplicate.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from intake.adapters.putting_away import RESCAN, put_away, put_away_with_reason
from intake.channels.arrivals import Looked, Patience, Sign, is_ignored, is_settled, look, pause
from intake.channels.endings import Ending, ending
from intake.errors import DeliveryFailed, Rejected
from intake.model import Receipt
from intake.ports import Delivery

if TYPE_CHECKING:  # it brings OpenCV, which the folders on a server do not need
    from intake.glance import Below

_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Arrival:
    """What became of a file. status: received, duplicate, rejected; waiting (tried again later) or skipped, which `error` explains.

    code, about: of that, see `IntakeError`. below: its pages that are to be scanned again.
    """

    path: Path
    status: str
    receipt: Receipt | None = None
    error: str = ""
    code: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    below: "Sequence[Below]" = ()


class Glancing(Protocol):
    """Looks at the pages of a file before it is handed in, and tells of those that are to be scanned again."""

    def look(self, copy: Path, path: Path) -> "Sequence[Below]":
        """Return the pages below the line. copy: the bytes to look at; path: the file that people know."""

    def note(self, below: "Sequence[Below]") -> str:
        """Return what is to lie beside the file about them."""


@dataclass
class _Known:
    """What is remembered of a file between looks. fate: what remains is to put it away."""

    looked: Looked
    end: Ending | None = None
    fate: Receipt | Rejected | None = None
    below: "Sequence[Below] | None" = None
    failures: int = 0
    not_before: float = 0.0


class WatchedFolder:
    """Looks into one folder when told to. Of several on one machine only one may watch it; on several, each file goes in once.

    spool: a private directory of this watcher. reason: what stands beside a refused file. subfolders: look into those, too.
    glance: looks at every file before it is handed in, which it is all the same.
    """

    def __init__(
        self,
        folder: Path,
        delivery: Delivery,
        spool: Path,
        *,
        reason: Callable[[Rejected], str],
        done: Path | None = None,
        patience: Patience | None = None,
        subfolders: bool = False,
        glance: Glancing | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self._delivery, self._reason = delivery, reason
        self._done, self._refused = done or folder / "done", folder / "refused"
        self._patience = patience or Patience()
        self._subfolders, self._glance, self._clock = subfolders, glance, clock
        self._known: dict[Path, _Known] = {}
        self._said: dict[Path, str] = {}
        self._failures, self._not_before = 0, 0.0
        self._spool = spool / hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:16]
        self._lock = _locked(self._spool)
        if self._lock is None:
            raise DeliveryFailed(f"another process watches {folder}", code="watched", folder=str(folder))
        for left in self._spool.glob("arrival-*"):  # a watcher was killed while it had a copy in hand
            left.unlink()

    @property
    def settling(self) -> bool:
        """Whether a file that was there at the last look may still be taken soon."""
        return any(k.end is not Ending.CUT and not k.failures for k in self._known.values()) and not self._failures

    @property
    def incomplete(self) -> list[Path]:
        """The files that were there at the last look and are not complete."""
        return sorted(path for path, known in self._known.items() if not known.failures)

    def close(self) -> None:
        """Let others watch the folder."""
        if self._lock is not None:
            self._lock.close()

    def poll(self) -> Iterator[Arrival]:
        """Look once, take what is complete, and yield what became of it. A trouble that stays is told once."""
        files = dict(self._files())
        self._known = {path: known for path, known in self._known.items() if path in files}
        yield from self._tell(files)
        signs = {path: sign for path, sign in files.items() if isinstance(sign, Sign)}
        for path, sign in sorted(signs.items(), key=lambda item: (self._failures_of(item[0]), item[0])):
            if self._clock() < self._not_before:
                return
            before = self._known.get(path)
            looked = look(before.looked if before else None, sign, self._clock())
            if before is None or before.looked != looked:
                self._known[path] = before = _Known(looked)
            try:
                if self._is_due(path, before):
                    yield from self._take(path, before)
            except FileNotFoundError:
                self._known.pop(path, None)  # somebody took it away meanwhile
            except OSError as error:
                yield from self._postpone(path, before, _trouble_of(error))

    def _failures_of(self, path: Path) -> int:
        """Return how often a file failed: one at which everything stops again and again must not be the first for ever."""
        return self._known[path].failures if path in self._known else 0

    def _tell(self, files: dict[Path, Sign | DeliveryFailed]) -> Iterator[Arrival]:
        """Yield the troubles of the listing that are new, and forget those that are over."""
        self._said = {path: trouble for path, trouble in self._said.items() if path in files}
        for path, trouble in files.items():
            if isinstance(trouble, DeliveryFailed):
                yield from self._say(path, "skipped", trouble)

    def _say(self, path: Path, status: str, trouble: DeliveryFailed) -> Iterator[Arrival]:
        if self._said.get(path) != str(trouble):
            self._said[path] = str(trouble)
            yield Arrival(path, status, error=str(trouble), code=trouble.code, about=trouble.about)

    def _files(self) -> Iterator[tuple[Path, Sign | DeliveryFailed]]:
        """Yield every file that may be a document with what the look shows, and whatever cannot be looked at with the reason."""
        folders, own = [self.folder], {os.path.realpath(folder) for folder in (self._done, self._refused)}
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(folder) as entries:
                    found = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                yield folder, _trouble_of(error)
                continue
            for entry in found:
                path = folder / entry.name
                if is_ignored(entry.name):
                    continue
                if entry.is_symlink():
                    yield path, DeliveryFailed("a symbolic link is not followed", code="link")
                elif entry.is_dir(follow_symlinks=False):
                    if self._subfolders and os.path.realpath(path) not in own:
                        folders.append(path)
                elif not entry.is_file(follow_symlinks=False):
                    yield path, DeliveryFailed("not a regular file", code="no_file")
                else:
                    with contextlib.suppress(FileNotFoundError):  # taken away since the listing
                        yield path, _sign_of(path)

    def _is_due(self, path: Path, known: _Known) -> bool:
        now = self._clock()
        if now < known.not_before:
            return False
        if known.fate is not None:
            return True
        if known.end is None and is_settled(known.looked, Ending.WHOLE, now, self._patience):
            known.end = ending(path)
        return known.end is not None and is_settled(known.looked, known.end, now, self._patience)

    def _take(self, path: Path, known: _Known) -> Iterator[Arrival]:
        """Hand the file in, unless that has been done, and put it away."""
        if known.fate is None:
            try:
                known.fate = self._hand_in(path, known)
            except Rejected as error:
                known.fate = error
            except DeliveryFailed as error:
                yield from self._postpone(path, known, error)
                return
            except OSError:
                raise
            except Exception as error:  # noqa: BLE001 - what one file brings to light must not keep the others out
                said = f"{type(error).__name__}: {error}"
                unexpected = DeliveryFailed(f"unexpected {said}", one_file=True, code="unexpected", detail=said)
                yield from self._postpone(path, known, unexpected)
                return
            self._failures, known.failures = 0, 0
            if known.fate is not None:
                yield _arrival(path, known.fate, known.below or ())
        if known.fate is None or _sign_of(path) != known.looked.sign:
            del self._known[path]  # its writer went on: the longer file is another one
            return
        within = path.parent.relative_to(self.folder)
        if isinstance(known.fate, Rejected):
            put_away_with_reason(path, self._refused / within, self._reason(known.fate))
        elif known.below and self._glance is not None:
            put_away_with_reason(path, self._done / within, self._glance.note(known.below), RESCAN)
        else:
            put_away(path, self._done / within)
        del self._known[path]
        self._said.pop(path, None)

    def _hand_in(self, path: Path, known: _Known) -> Receipt | None:
        """Return the receipt for a copy of the file; None when it changed while it was copied."""
        sign = known.looked.sign
        copy = self._spool / f"arrival-{time.time_ns()}"
        try:
            with _opened_inside(self.folder, path) as source:
                with copy.open("xb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
                status = os.fstat(source.fileno())
            if Sign(status.st_size, status.st_mtime_ns) != sign or copy.stat().st_size != sign.size:
                return None
            if self._glance is not None and known.below is None:  # told before a slow line has taken it
                known.below = self._glance.look(copy, path)
            return self._delivery.deliver(copy, path.name)
        finally:
            copy.unlink(missing_ok=True)

    def _postpone(self, path: Path, known: _Known, why: DeliveryFailed) -> Iterator[Arrival]:
        """Leave the file where it is and try again later; when the next would fare no better, so do all."""
        known.failures += 1
        known.not_before = self._clock() + pause(known.failures)
        if not why.one_file:
            self._failures += 1
            self._not_before = self._clock() + pause(self._failures)
        if isinstance(known.fate, Receipt):
            why = DeliveryFailed(f"it is in the archive, but cannot be put away: {why}", code="put_away")
        elif not why.one_file and str(why) in self._said.values():
            return  # told of the file before it
        yield from self._say(path, "waiting", why)


def _arrival(path: Path, fate: Receipt | Rejected, below: "Sequence[Below]") -> Arrival:
    if isinstance(fate, Rejected):
        return Arrival(path, "rejected", error=str(fate), code=fate.code)
    return Arrival(path, fate.status, fate, below=below)


def _trouble_of(error: OSError) -> DeliveryFailed:
    if error.errno in _FULL:
        return DeliveryFailed("the disk is full", code="disk_full")
    why = error.strerror or str(error)
    return DeliveryFailed(f"it cannot be read or moved: {why}", one_file=True, code="unreadable_file", detail=why)


def _sign_of(path: Path) -> Sign:
    status = path.lstat()
    return Sign(status.st_size, status.st_mtime_ns)


def _locked(spool: Path) -> BinaryIO | None:
    """Return the lock of the spool, which is made where it is missing; None when another process holds it."""
    spool.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (spool / "lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _opened_inside(folder: Path, path: Path) -> BinaryIO:
    """Open a regular file without following any symbolic link below `folder`. Raises OSError, EBUSY while others lock it."""
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in path.parent.relative_to(folder).parts:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
        file = os.fdopen(os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at), "rb")
    finally:
        os.close(at)
    try:
        _require_usable(file)
    except BaseException:
        file.close()
        raise
    return file


def _require_usable(file: BinaryIO) -> None:
    """Raise OSError, EBUSY while a program holds a lock on the file; where the share knows no locks, nobody does."""
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file any more")
    for lock in (fcntl.flock, fcntl.lockf):
        try:
            lock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            lock(file, fcntl.LOCK_UN)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES):
                raise OSError(errno.EBUSY, "another program has locked it") from error
