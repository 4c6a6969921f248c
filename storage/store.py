"""A database with its one writer and its one reader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Engine

from storage.engine import open_engine
from storage.lock import run_lock
from storage.reader import Reader
from storage.writer import Writer


class Store:
    """The database at one URL. ``writer`` and ``reader`` share its engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine: Final = engine
        self.reader: Final = Reader(engine)
        self.writer: Final = Writer(engine)

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    @contextmanager
    def one_run(self) -> Iterator[None]:
        """Hold the database's run lock; raises :class:`storage.engine.StoreError` while another run holds it."""
        with run_lock(self.engine) as lock, self.writer.held_by(lock):
            yield


def open_store(url: str) -> Store:
    """Open (and where needed create and migrate) the database at ``url``. Raises :class:`storage.engine.StoreError`."""
    return Store(open_engine(url))
