"""A run's deep crawl cut into shards, for several workers on one PostgreSQL database.

A shard is a row: its targets in order, and how many of them are recorded. That number moves in the transaction of the
data that it counts, and only from the value that the worker read: of two workers that both believe a shard theirs, one
is rolled back. Who works on a shard holds an advisory lock of PostgreSQL's; the server lets go of it when the worker's
connection ends, however the worker died, so that a lock that nobody holds says more than any heartbeat.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import orjson
from sqlalchemy import Connection, Engine, delete, select, text, update

from crawlers.targets import Target
from storage import schema
from storage.bulk import insert_rows
from storage.engine import StoreError, writing
from storage.lock import SessionLock
from storage.runs import RUNNING, Run, run_of_row

_LOCK: Final = 0x4A53 << 48  # "JS"; the run's id and the shard's number follow
_NUMBERS: Final = 1 << 20


class ShardError(RuntimeError):
    """This shard is not ours to go on with: somebody else recorded it, or its run has ended."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a run's targets. The first ``done`` of ``targets`` are recorded; ``told`` are sentences for people."""

    run_id: int
    number: int
    targets: tuple[Target, ...]
    done: int
    told: tuple[str, ...]

    @property
    def left(self) -> tuple[Target, ...]:
        """The targets that are still to be looked at."""
        return self.targets[self.done :]


def cut(engine: Engine, run: Run, targets: Sequence[Target], size: int) -> list[Shard]:
    """The run's shards: those that it has (it was taken up again), else ``targets`` cut into shards of ``size``.

    For PostgreSQL: SQLite has neither locks of that kind nor room for several writers.
    """
    table = schema.shard
    with writing(engine) as connection:
        if connection.execute(select(table.c.number).where(table.c.run_id == run.id).limit(1)).first() is None:
            parts = [targets[start : start + size] for start in range(0, len(targets), size)]
            rows = [(run.id, n, orjson.dumps([str(t) for t in part]).decode(), 0, "[]") for n, part in enumerate(parts)]
            insert_rows(connection, table, rows)
    return shards(engine, run.id)


def shards(engine: Engine, run_id: int) -> list[Shard]:
    """The shards of a run, by number; none where the run has ended."""
    table = schema.shard
    with engine.connect() as connection:
        rows = connection.execute(select(table).where(table.c.run_id == run_id).order_by(table.c.number)).all()
    return [
        Shard(
            row.run_id,
            row.number,
            tuple(Target(*name.split(":", 1)) for name in orjson.loads(row.targets)),
            row.done,
            tuple(orjson.loads(row.told)),
        )
        for row in rows
    ]


def abandon(engine: Engine, run: Run) -> None:
    """Take a run's shards away: it goes on by itself, and a worker that still has one can record no more of it."""
    if run.resumed:
        with writing(engine) as connection:
            connection.execute(delete(schema.shard).where(schema.shard.c.run_id == run.id))


@contextmanager
def held(engine: Engine, run_id: int, number: int) -> Iterator[SessionLock | None]:
    """Work on a shard inside this block; None where somebody else does. The lock is to be held before each batch: a
    server that was restarted has forgotten it."""
    lock = SessionLock(engine, _key(run_id, number), f"shard {number} of run {run_id} has another worker by now")
    try:
        yield lock if _taken(lock) else None
    finally:
        lock.release()


def _taken(lock: SessionLock) -> bool:
    try:
        lock.hold()
    except StoreError:
        return False
    return True


def worked_on(engine: Engine, run_id: int) -> set[int]:
    """The numbers of the run's shards that somebody works on at this moment."""
    statement = text(
        "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 "
        "AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    first = _key(run_id, 0)
    with engine.connect() as connection:
        return {key - first for key in connection.execute(statement).scalars() if first <= key < first + _NUMBERS}


def shard_run(engine: Engine, run_id: int, rules: str, endpoint: str) -> Run:
    """The running run of a shard. Raises ShardError where it has ended, or where this worker would judge or ask
    elsewhere than the run does: two versions of the rules must not write one run."""
    t, r = schema.run, schema.rules
    with engine.connect() as connection:
        statement = select(t, r.c.version).join(r, r.c.id == t.c.rules_id).where(t.c.id == run_id)
        row = connection.execute(statement).one_or_none()
    if row is None:
        raise ShardError(f"there is no run {run_id} here: the worker's AJAR_DATABASE_URL is not the night's")
    if row.status != RUNNING:
        raise ShardError(f"run {run_id} has ended")
    if row.version != rules:
        raise ShardError(f"run {run_id} has rules {row.version}, this worker {rules}: install the same Ajar on both")
    if row.endpoint != endpoint:
        raise ShardError(f"run {run_id} asks {row.endpoint}, this worker {endpoint}: set the same HF_ENDPOINT on both")
    return run_of_row(row, 0)


def advance(connection: Connection, shard: Shard, told: Sequence[str], by: int) -> None:
    """Note that the next ``by`` targets of ``shard`` are recorded, in the transaction that records them.

    ``told`` are all the sentences of the shard so far. Raises ShardError where it is no longer as ``shard`` says, or
    its run has ended.
    """
    table, run = schema.shard, schema.run
    status = connection.execute(select(run.c.status).where(run.c.id == shard.run_id)).scalar()
    mine = (table.c.run_id == shard.run_id, table.c.number == shard.number, table.c.done == shard.done)
    values = {"done": shard.done + by, "told": orjson.dumps(list(told)).decode()}
    moved = connection.execute(update(table).where(*mine).values(values)).rowcount
    if status != RUNNING or moved != 1:
        raise ShardError(f"shard {shard.number} of run {shard.run_id} was taken over by another worker")


def _key(run_id: int, number: int) -> int:
    return _LOCK | (run_id * _NUMBERS + number)
