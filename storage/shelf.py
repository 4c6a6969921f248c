"""What a running backfill has read of a target and not recorded yet: a killed one does not ask for it again.

A release is judged by all its sources together, so they are recorded together; half of them recorded would be a false
answer for as long as nobody goes on. Until then what each source gave is kept here, packed, under the run.
"""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Engine, delete, select

from crawlers.hub.revision_list import Past
from crawlers.snapshot import FetchStatus, Snapshot
from storage import schema
from storage.bulk import insert_rows
from storage.engine import writing
from storage.runs import Run

_DATES: Final = ("fetched_at", "observed_at", "created_at", "modified_at")


class StoredShelf:
    """The parts that a run has read, in the database: a :class:`crawlers.past_source.Shelf`."""

    def __init__(self, engine: Engine, run: Run) -> None:
        self._engine: Final = engine
        self._run: Final = run

    def kept(self, part: str, read: Callable[[], Past]) -> Past:
        """A part as it was read before, else as ``read`` reads it now; kept where it lacks nothing."""
        t = schema.shelf
        with self._engine.connect() as connection:
            where = (t.c.run_id == self._run.id, t.c.part == part)
            body = connection.execute(select(t.c.body).where(*where)).scalar()
        if body is not None:
            return unpacked(body)
        found = read()
        if not found.told:  # what could not be read is asked for again
            with writing(self._engine) as connection:
                insert_rows(connection, t, [(self._run.id, part, packed(found))])
        return found


def cleared(connection: Connection, run_id: int) -> None:
    """Drop what a run kept: it is recorded, or nobody will go on with it."""
    connection.execute(delete(schema.shelf).where(schema.shelf.c.run_id == run_id))


def packed(past: Past) -> bytes:
    """A reading as bytes."""
    said = {field.name: getattr(past, field.name) for field in fields(past)}
    said["snapshots"] = [_snapshot_json(snapshot) for snapshot in past.snapshots]
    return zlib.compress(orjson.dumps(said), 3)


def unpacked(body: bytes) -> Past:
    """A reading from its bytes."""
    said = orjson.loads(zlib.decompress(body))
    snapshots = tuple(_snapshot(one) for one in said.pop("snapshots"))
    return Past(**{**said, "snapshots": snapshots, "told": tuple(said["told"])})


def _snapshot_json(snapshot: Snapshot) -> dict[str, object]:
    said = {field.name: getattr(snapshot, field.name) for field in fields(snapshot)}
    dates = {name: said[name] and said[name].isoformat() for name in _DATES}
    return {**said, **dates, "status": snapshot.status.value, "body": b64encode(snapshot.body).decode()}


def _snapshot(said: Mapping[str, Any]) -> Snapshot:
    dates = {name: said[name] and datetime.fromisoformat(said[name]) for name in _DATES}
    return Snapshot(**{**said, **dates, "status": FetchStatus(said["status"]), "body": b64decode(said["body"])})
