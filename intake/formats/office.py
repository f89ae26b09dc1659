"""DOCX and XLSX: LibreOffice makes a PDF of them, where it is installed; the original stays what was sent.

It runs in a profile of its own, with macros, links and updates off, without a network where the system allows that, and
with a limit of time and memory. What it reads and writes lies in memory, not on a disk.
"""

import errno
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Self

from intake import pdf
from intake.errors import EngineUnavailable, Rejected
from intake.formats.package import opened
from intake.formats.pages import Picture
from intake.formats.pdf_pages import PdfPages
from intake.model import Limits
from intake.patience import Patience, family

_SECONDS = 60
_PREFIX = "juanzong-office-"
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableActiveContent" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>1</value></prop></item>
</oor:items>
"""


def check(path: Path, kind: str, limits: Limits) -> tuple[int, tuple[str, ...]]:
    """Return the pages LibreOffice makes of it, and the notes: "macros". Raises Rejected (also unsupported_here)."""
    with opened(path, limits) as package:
        package.check()
        notes = ("macros",) if any(name.endswith("vbaProject.bin") for name in package.names) else ()
    with _as_pdf(path, kind) as made:
        return pdf.check(made, limits)[0], notes


class OfficePages:
    """Implements Pages for what LibreOffice reads."""

    def __init__(self, path: Path, kind: str, limits: Limits) -> None:
        self._made = _as_pdf(path, kind)
        self._pages = PdfPages(self._made.__enter__(), limits)

    def picture(self, index: int) -> Picture:
        """Return page `index` (from 0). Raises Rejected."""
        return self._pages.picture(index)

    def close(self) -> None:
        """Remove what was made."""
        self._pages.close()
        self._made.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _as_pdf(path: Path, kind: str) -> Iterator[Path]:
    """Give the path of a PDF made of the file, for as long as it is needed."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        raise Rejected(
            "unsupported_here",
            "DOCX and XLSX files need LibreOffice, which is not installed here: install it, or send a PDF.",
        )
    memory = Path("/dev/shm")  # noqa: S108 - a folder of this process alone is made in it
    base = memory if memory.is_dir() and os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    _tidy(base)
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-", dir=base) as name:
        folder = Path(name)
        folder.joinpath("profile", "user").mkdir(parents=True)
        folder.joinpath("profile", "user", "registrymodifications.xcu").write_text(_PROFILE)
        source = folder / f"document.{kind}"
        try:
            shutil.copyfile(path, source)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise EngineUnavailable(f"LibreOffice has no room in {base} for the file: make it larger.") from error
        _convert(program, folder, source)
        made = folder / "document.pdf"
        if not made.is_file():
            raise Rejected("truncated", "LibreOffice cannot read the file: it is damaged or protected by a password.")
        yield made


def _convert(program: str, folder: Path, source: Path) -> None:
    command = [
        *_without_network(),
        program,
        f"-env:UserInstallation=file://{folder}/profile",
        *("--headless", "--norestore", "--nolockcheck", "--nodefault", "--nofirststartwizard"),
        *("--convert-to", "pdf", "--outdir", str(folder), str(source)),
    ]
    environment = {"PATH": os.defpath, "HOME": str(folder), "TMPDIR": str(folder)}
    environment |= {"LANG": "C.UTF-8", "SAL_USE_VCLPLUGIN": "svp"}
    process = subprocess.Popen(  # noqa: S603 - LibreOffice, with paths made here
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=folder,
    )
    patience = Patience(_SECONDS, process.pid)
    try:
        while process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(patience.until - time.monotonic())
            if process.poll() is None and not patience.left():
                raise Rejected("too_slow", f"LibreOffice needs longer than {_SECONDS} s for the file.")
    finally:
        if process.poll() is None:
            _end(process.pid)
        process.wait()


def _end(pid: int) -> None:
    """End a process and what it started: soffice is a script around the program."""
    for member in reversed(family(pid)):
        with suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)


@cache
def _without_network() -> tuple[str, ...]:
    """Return what goes before a command so that it has no network; nothing where the system does not allow that."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return ()
    prefix = (unshare, "--user", "--map-current-user", "--net")
    tried = subprocess.run([*prefix, "true"], capture_output=True, timeout=10, check=False)  # noqa: S603 - unshare by its whole path
    return prefix if tried.returncode == 0 else ()


def _tidy(base: Path) -> None:
    """Remove what killed processes left."""
    for folder in base.glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(folder, ignore_errors=True)
