"""What every archive and every application of a test process compiles alike is compiled once: templates, statements.

In life a process has one archive and one application, and keeps what it compiled; here each test has its own.
"""

import io

import jinja2
import pytest
from argon2 import PasswordHasher
from flask import Flask
from jinja2.bccache import Bucket
from sqlalchemy import Engine, create_engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from service.access import people
from service.records import database

PASSWORDS = people._hasher  # as they are hashed in life


class Templates(jinja2.BytecodeCache):
    """Keeps the code of templates in memory, by name and content."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take the code where it is there."""
        code = self._kept.get((bucket.key, bucket.checksum))
        if code is not None:
            bucket.load_bytecode(io.BytesIO(code))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code."""
        code = io.BytesIO()
        bucket.write_bytecode(code)
        self._kept[bucket.key, bucket.checksum] = code.getvalue()


def share(patch: pytest.MonkeyPatch) -> None:
    """Let all applications and all databases of this process share what they compile, and hash passwords as fast as can be."""
    patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": Templates()})
    statements: dict[object, object] = {}

    def engine(url: object, **options: object) -> Engine:
        return create_engine(url, execution_options={"compiled_cache": statements}, **options)

    patch.setattr(database, "create_engine", engine)
    # The cache asks which dialect a statement was compiled for: one of a kind is as good as another.
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        patch.setattr(dialect, "__hash__", lambda self: hash(type(self)))
        patch.setattr(dialect, "__eq__", lambda self, other: type(self) is type(other))
    patch.setattr(people, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    patch.setattr(people, "_NOBODY", people._nobodys())
