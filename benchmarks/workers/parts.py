"""What the measurements of several workers share: a way to do the work, a PostgreSQL server, a history to compare."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.workers.cluster import Cluster
from tests.postgres_server import start_postgres


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do the same work. ``same`` is whether the history is that of one worker."""

    name: str
    workers: int
    seconds: float
    requests: int
    same: bool
    note: str = ""
    asking: float = 0.0
    """Seconds between the first request and the last; of a reclassification the run's own seconds."""
    processor: float = 0.0
    """Seconds of a processor: of the command, and of judging in others."""


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of our own."""
    folder = Path(tempfile.mkdtemp(prefix="ajar-pg-"))
    server = start_postgres(folder)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def database(server: str, name: str, like: str = "template1") -> str:
    """A new database, or a copy of one that nobody uses, as a URL for us."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}".encode())
    head, _, query = server.partition("?")
    base = head.rpartition("/")[0].replace("postgresql://", "postgresql+psycopg://", 1)
    return f"{base}/{name}" + (f"?{query}" if query else "")


def history(made: Cluster, url: str, folder: Path) -> dict[str, Counter[str]]:
    """Every table of the history as a bag of lines, runs aside: a crawl and a reclassification count apart."""
    into = Path(tempfile.mkdtemp(dir=folder))
    made.ajar("--db", url, "export", str(into), "--format", "jsonl")
    tables = {path.name: Counter(path.read_text().splitlines()) for path in into.glob("*.jsonl")}
    return {name: lines for name, lines in tables.items() if name != "runs.jsonl"}
