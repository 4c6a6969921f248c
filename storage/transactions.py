"""What the one writer's parts share: one transaction a method, and what is remembered between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine

from storage.beliefs import Beliefs
from storage.deep import SnapshotRecorder
from storage.engine import writing
from storage.intern import Interner
from storage.lock import RunLock
from storage.looks import Looks
from storage.runs import Run, load_looks
from storage.sweep import Memory
from storage.witness import Witnesses


class Transactions:
    """Opens the transactions of a writer. Not for several threads at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine: Final = engine
        self._memory: Final = Memory()
        self._looks: tuple[int, Looks, dict[int, str]] | None = None
        self._lock = RunLock()

    @contextmanager
    def held_by(self, lock: RunLock) -> Iterator[None]:
        """Write only while the run's lock is held."""
        before, self._lock = self._lock, lock
        try:
            yield
        finally:
            self._lock = before

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            self._lock.hold()
            with writing(self._engine) as connection:
                yield connection
        except BaseException:
            self._memory.forget()
            raise

    def _parts(self, connection: Connection, run: Run) -> tuple[Interner, Beliefs, SnapshotRecorder]:
        interner = Interner(connection, self._memory.ids)
        looks, crawlers = self._looks_of(connection, run)
        beliefs = Beliefs(connection, interner, run, looks, crawlers, self._memory.judged)
        witnesses = Witnesses(connection, run, looks, crawlers)
        return interner, beliefs, SnapshotRecorder(connection, interner, run, beliefs, witnesses)

    def _looks_of(self, connection: Connection, run: Run) -> tuple[Looks, dict[int, str]]:
        """The looks of other runs, read once a run: they cannot change while it holds the run lock."""
        if self._looks is None or self._looks[0] != run.id:
            self._looks = (run.id, *load_looks(connection))
        return self._looks[1], self._looks[2]
