"""A real terminal: somebody types at a prompt of the program, and what then stands on the screen can be kept as a picture."""

import fcntl
import html
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
COLUMNS, LINES = 110, 40
#: What is answered to a prompt that ends like this: typed, or made by a call that first does something else.
Answers = Sequence[tuple[str, str | Callable[[], str]]]
_COLOURS = {"31": "#e06c60", "32": "#7cc47c", "33": "#e0b050", "36": "#6fc3c9"}
_PAGE = """<!doctype html><meta charset="utf-8"><style>body {{ margin: 0; background: #1d2523 }} pre {{ margin: 0; padding: 18px 22px; width: 1060px; color: #e4e4e0;
background: #1d2523; font: 14px/1.55 "Noto Sans Mono CJK SC", "WenQuanYi Zen Hei Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere }}
b {{ color: #9fd8cb }}</style><pre>{}</pre>"""


def at_terminal(env: Mapping[str, str], cwd: Path, *words: object, answers: Answers = ()) -> tuple[int, str]:
    """Run `juanzong` at a terminal; returns how it ended and all that stood there, colours too."""
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    variables = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **env}
    process = subprocess.Popen(
        [sys.executable, "-m", "service", *map(str, words)],
        cwd=cwd, env=variables, stdin=far, stdout=far, stderr=far, start_new_session=True,
    )  # fmt: skip
    os.close(far)
    try:
        seen = _follow(near, list(answers))
        return process.wait(60), seen
    finally:
        os.close(near)
        process.kill()
        process.wait()


def _follow(near: int, answers: list[tuple[str, str | Callable[[], str]]]) -> str:
    said, new, last = b"", b"", time.monotonic() + 240
    while time.monotonic() < last:
        try:
            piece = os.read(near, 65536)
        except OSError:  # nobody has the other end any more
            piece = b""
        if not piece:
            assert not answers, f"never asked: {answers[0][0]}"
            return said.decode().replace("\r\n", "\n")
        said, new = said + piece, new + piece
        if answers and answers[0][0].encode() in new:
            typed = answers.pop(0)[1]
            os.write(near, (typed if isinstance(typed, str) else typed()).encode() + b"\n")
            new = b""
    raise AssertionError(said.decode())


def plain(text: str) -> str:
    """Return what stands there, without its colours."""
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)


def as_page(path: Path, *sessions: tuple[str, str]) -> str:
    """Write a page that shows a terminal in which these commands were typed, each with what it then said; returns its address."""
    text = "\n".join(f"<b>$ {html.escape(typed)}</b>\n{_coloured(said)}" for typed, said in sessions)
    path.write_text(_PAGE.format(text), "utf-8")
    return path.as_uri()


def _coloured(text: str) -> str:
    def span(found: re.Match[str]) -> str:
        return f'<span style="color:{_COLOURS[found[1]]}">{found[2]}</span>' if found[1] in _COLOURS else found[2]

    marked = re.sub(r"\x1b\[(\d+)m(.*?)\x1b\[0m", span, html.escape(text, quote=False), flags=re.DOTALL)
    return plain(marked).strip()
