"""Small text files that keys live in: labelled lines, made once, readable by their owner alone."""

import os
import stat
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from vault.errors import KeyUnusable

_MAX_SIZE = 4096


def create(path: Path, text: str) -> None:
    """Write `text` to a new file of mode 0600, whole and durable or not at all. Raises KeyUnusable, also if `path` exists."""
    part = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(file, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            path.hardlink_to(part)  # unlike a rename, a link never replaces anything
        finally:
            with suppress(FileNotFoundError):
                part.unlink()
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileExistsError:
        raise KeyUnusable(f"{path} exists already and is not overwritten") from None
    except OSError as error:
        raise KeyUnusable(f"the key file {path} cannot be written: {error.strerror}") from error


def read(path: Path, first_line: str) -> dict[str, str]:
    """Return the `name: value` lines of a key file. Comments (`#`) are skipped.

    Raises KeyUnusable when it is missing, open to others than its owner, or does not begin with `first_line`.
    """
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise KeyUnusable(f"the key file {path} is not a file")
            if stat.S_IMODE(mode) & 0o077:
                raise KeyUnusable(f"the key file {path} is open to others: run `chmod 600 {path}`")
            data = stream.read(_MAX_SIZE + 1)
    except OSError as error:
        raise KeyUnusable(f"the key file {path} cannot be read: {error.strerror}") from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    if len(data) > _MAX_SIZE or not lines or lines[0] != first_line:
        raise KeyUnusable(f"{path} is not a key file of this program (its first line is not `{first_line}`)")
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}


def first_line(path: Path) -> str:
    """Return the line that says of which provider a key file is; "" where it has none. Raises KeyUnusable."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_SIZE)
    except OSError as error:
        raise KeyUnusable(f"the key file {path} cannot be read: {error.strerror}") from error
    return data.partition(b"\n")[0].decode("utf-8", "replace").strip()


def hexadecimal(text: str, path: Path) -> bytes:
    """Return the bytes that a line of the key file at `path` spells. Raises KeyUnusable."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise KeyUnusable(f"the key file {path} is damaged; restore it from your copy") from None


def secret_in(path: Path | None, what: str) -> str:
    """Return the passphrase, PIN or token that a file of its own holds, without the line's end. Raises KeyUnusable."""
    if path is None:
        raise KeyUnusable(f"{what} is needed: name the file it stands in with JUANZONG_KEY_SECRET_FILE")
    try:
        if path.stat().st_mode & 0o077:
            raise KeyUnusable(f"{path}, which holds {what}, is open to others: run `chmod 600 {path}`")
        text = path.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyUnusable(f"{path}, which should hold {what}, cannot be read: {error}") from error
    if not text:
        raise KeyUnusable(f"{path}, which should hold {what}, is empty")
    return text


def put_in_place(path: Path, new: Path, kept: Path) -> None:
    """Let `new` become `path`, and what `path` was `kept`. Killed at any moment, `path` is there; done again, it is finished."""
    with suppress(FileExistsError):
        kept.hardlink_to(path)
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
