"""One run at a time a database. The system lets go of the lock when the process dies, however it dies."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

from storage.engine import StoreError

_KEY: Final = 0x414A4153
_KEEPALIVE: Final = {"tcp_keepalives_idle": 30, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 3}
"""A machine that lost its power says no farewell: after a minute of silence the server lets go of its locks."""
_BUSY: Final = "another run is writing to this database; wait for it, or see 'ajar runs'"


class RunLock:
    """The lock of one run. :meth:`hold` is called before each transaction and takes it anew where it was lost."""

    def hold(self) -> None:
        """Return while the lock is ours; raises :class:`StoreError` where another run took it meanwhile."""


class SessionLock(RunLock):
    """PostgreSQL's advisory lock of a session: a restarted server has forgotten it, and with it who was running."""

    def __init__(self, engine: Engine, key: int = _KEY, busy: str = _BUSY) -> None:
        self._engine: Final = engine
        self._key: Final = key
        self._busy: Final = busy
        self._connection: Connection | None = None
        self._doubted = True
        event.listen(engine, "handle_error", self._noticed)

    def hold(self) -> None:
        """See :class:`RunLock`. Costs nothing unless a connection was lost since the last time."""
        if not self._doubted:
            return
        self._let_go()
        connection = self._engine.connect()
        for setting, seconds in _KEEPALIVE.items():
            connection.execute(text(f"SET {setting} = {seconds}"))
        taken = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": self._key}).scalar()
        connection.commit()
        if not taken:
            connection.close()
            raise StoreError(self._busy)
        self._connection, self._doubted = connection, False

    def release(self) -> None:
        """Let others run."""
        event.remove(self._engine, "handle_error", self._noticed)
        self._let_go()

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(DBAPIError):  # of a server that is not there any more nothing is held
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": self._key})
            connection.commit()
        with suppress(DBAPIError):
            connection.close()

    def _noticed(self, context: Any) -> None:
        if context.is_disconnect:
            self._doubted = True


@contextmanager
def run_lock(engine: Engine) -> Iterator[RunLock]:
    """Hold the run lock of a database. Raises :class:`StoreError` while another run holds it."""
    if engine.dialect.name == "postgresql":
        lock = SessionLock(engine)
        try:
            lock.hold()
            yield lock
        finally:
            lock.release()
        return
    if not engine.url.database or engine.url.database == ":memory:":
        yield RunLock()
        return
    file = Path(engine.url.database).resolve()  # one lock, by whatever link the database is named
    with file.with_name(f"{file.name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreError(_BUSY) from None
        yield RunLock()
