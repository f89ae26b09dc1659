"""What all commands share: the house, the actor, output for people and for programs, errors in one line."""

import contextlib
import getpass
import json
import logging
import os
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import click

from search.errors import BadQuery
from service.access.policy import Actor
from service.bootstrap import build
from service.errors import KNOWN_ERRORS, BadInput, outcome
from service.house import House
from service.settings import load

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object, or one per line for lists.")


class Typed(click.Command):
    """A command whose words may begin with a dash: `-001` is something to look for, not an option there is none of."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put its own options first, each with its values, and behind `--` whatever else was typed."""
        taken = {
            name: 0 if param.is_flag else param.nargs
            for param in self.get_params(ctx)
            if isinstance(param, click.Option)
            for name in param.opts
        }
        own, words, left = list[str](), list[str](), list(args)
        while left:
            word = left.pop(0)
            if word == "--":
                words += left
                break
            joined = word.startswith("--") or taken.get(word[:2], 0) > 0  # --sort=number, -oFILE
            if word in taken or (joined and len(word) > 2):
                values = taken.get(word, 0)
                own += [word, *left[:values]]
                del left[:values]
            else:
                words.append(word)
        return super().parse_args(ctx, [*own, "--", *words])


def run(command: click.Command) -> int:
    """Run the command line and turn every error into one line on stderr and an exit code, never a traceback."""
    logging.basicConfig(level=logging.ERROR, format="juanzong: %(message)s", stream=sys.stderr)
    try:
        result = command.main(standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        click.echo("juanzong: stopped", err=True)
        return 130
    except click.ClickException as error:
        click.echo(f"juanzong: {error.format_message()}", err=True)
        return 2
    except KNOWN_ERRORS as error:
        where = f" (character {error.position + 1} of the query)" if isinstance(error, BadQuery) else ""
        click.echo(f"juanzong: {plain(error)}{where}", err=True)
        return outcome(error).exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        click.echo("juanzong: stopped", err=True)
        return 130
    except Exception as error:
        if os.environ.get("JUANZONG_DEBUG"):
            raise
        click.echo(
            f"juanzong: unexpected {type(error).__name__}: {plain(error)}; JUANZONG_DEBUG=1 shows where", err=True
        )
        return 1


def cli_actor() -> Actor:
    """The owner of the machine: all rights, under their own name in the audit trail."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return Actor(f"cli:{user}", display=user, owner=True)


def with_house(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the house and the actor as its first two arguments."""

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        house: House = build(load())
        try:
            return function(house, cli_actor(), *args, **kwargs)
        finally:
            house.database.dispose()

    return wrapper


@contextlib.contextmanager
def new_file(output: Path) -> Iterator[BinaryIO]:
    """A file beside `output` that takes its name, and place, only when it is complete. Raises BadInput when it cannot be written."""
    try:
        with tempfile.NamedTemporaryFile(dir=output.absolute().parent, prefix=".juanzong-", delete=False) as part:
            try:
                yield cast("BinaryIO", part)
                part.flush()
                os.fsync(part.fileno())
            except BaseException:
                os.unlink(part.name)  # noqa: PTH108 - a name, not a path of ours
                raise
        os.replace(part.name, output)  # noqa: PTH105 - as above
    except OSError as error:
        raise BadInput(f"{output} cannot be written: {error.strerror}") from error


def plain(value: object) -> str:
    """Return text that a terminal shows and does not obey: what cannot be printed (ESC, line ends, bidi marks) is escaped."""
    return "".join(
        c if c.isprintable() or unicodedata.category(c) == "Zs" else c.encode("unicode_escape").decode()
        for c in str(value)
    )


def out_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on one line."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # A file's name need not be UTF-8: Python keeps such bytes as lone surrogates, which JSON can write only as \udcXX.
    click.echo(text.encode("utf-8", "backslashreplace").decode())


def done(value: Mapping[str, Any], said: str, *, as_json: bool) -> None:
    """Say what was done: for programs as one JSON object, for people in a line."""
    out_json(value) if as_json else click.echo(plain(said))


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table for people; plain tab-separated lines when stdout is no terminal."""
    rows = [[plain(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    drawn = Table(box=None, header_style="dim", pad_edge=False)
    for column in columns:
        drawn.add_column(column)
    for row in rows:
        drawn.add_row(*(escape(cell) for cell in row))
    Console().print(drawn)


class WrongCell(Protocol):
    """What is wrong in a row of a sheet that is imported."""

    @property
    def line(self) -> int:
        """Its number in the sheet."""

    @property
    def field(self) -> str:
        """The column, by its name here."""

    @property
    def why(self) -> str:
        """What is wrong with it."""


def show_judged(findings: Sequence[WrongCell], counted: str, *, applied: bool) -> None:
    """Print what an import found wrong, and in one line what it counted and what became of it."""
    if findings:
        table(("row", "column", "what is wrong"), [(str(f.line), f.field, f.why) for f in findings])
    said = "imported" if applied else "nothing was imported" if findings else "all can be imported"
    click.echo(f"{counted}: {said}")
