"""Archives that are made once in a test process and copied: every migration runs while one is made, and most tests are shorter.

A copy is what the first was when its maker closed it: the same people, the same master key. A test that is about making an
archive, or about two that have nothing in common, makes its own.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import psycopg

Env = dict[str, str]
Made = TypeVar("Made")
# What is not the archive's database and key: a copy has its own. A way to a key makes an archive that is not copied.
BESIDE = ("JUANZONG_OBJECT_STORE", "JUANZONG_REPLICA", "JUANZONG_SEARCH")
KEYS = ("JUANZONG_KEY_FILE", "JUANZONG_KEY_SECRET_FILE")


class Shelf:
    """The first of each archive: its folder, its database on a server, and what its maker returned."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._first: dict[tuple[str, str], tuple[Env, object]] = {}

    def put(self, env: Env, name: str, make: Callable[[Env], Made]) -> Made:
        """Put a copy of the archive `name` where `env` says; returns what `make` returned for the first."""
        server, _, database = env.get("JUANZONG_DATABASE_URL", "").rpartition("/")
        if (name, server) not in self._first:
            self._first[name, server] = self._make(env, make, server)
        first, made = self._first[name, server]
        shutil.copytree(first["JUANZONG_HOME"], env["JUANZONG_HOME"])
        if server:
            template = first["JUANZONG_DATABASE_URL"].rpartition("/")[2]
            _on(server, f'drop database "{database}"', f'create database "{database}" template "{template}"')
        return made  # type: ignore[return-value]  # the name says which

    def _make(self, env: Env, make: Callable[[Env], Made], server: str) -> tuple[Env, Made]:
        word = f"ready_{uuid4().hex}"
        first = {key: value for key, value in env.items() if key not in BESIDE}
        first |= {"JUANZONG_HOME": str(self.folder / word)}
        if server:
            _on(server, f'create database "{word}" template template0')
            first |= {"JUANZONG_DATABASE_URL": f"{server}/{word}"}
        return first, make(first)

    def clear(self) -> None:
        """Remove what lies on servers."""
        for (_, server), (first, _) in self._first.items():
            if server:
                word = first["JUANZONG_DATABASE_URL"].rpartition("/")[2]
                _on(server, f'drop database "{word}" with (force)')


_shelves: list[Shelf] = []


@contextmanager
def shelf(folder: Path) -> Iterator[None]:
    """Keep the first of each archive, in `folder` and on the servers, until this ends."""
    _shelves.append(Shelf(folder))
    yield
    _shelves.pop().clear()


def put(env: Env, name: str, make: Callable[[Env], Made]) -> Made:
    """Put the archive `name` where `env` says, as a copy where that can be; `make` makes it and leaves nothing of it open."""
    if Path(env["JUANZONG_HOME"]).exists() or not _shelves or any(key in env for key in KEYS):
        return make(env)
    return _shelves[-1].put(env, name, make)


def _on(server: str, *commands: str) -> None:
    with psycopg.connect(server.replace("+psycopg", "", 1) + "/postgres", autocommit=True) as connection:
        for command in commands:
            connection.execute(command.encode())
