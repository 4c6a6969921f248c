"""Going on with a run: what is left of it after a lost connection, and reading a listing from its start once more."""

from __future__ import annotations

from dataclasses import replace

import orjson
from sqlalchemy import Connection, select, update

from storage import schema
from storage.looks import unpack_ids
from storage.runs import Run, pages_of


def reloaded(connection: Connection, run: Run) -> Run:
    """The run as its row and its pages say: a commit whose answer was lost is there all the same."""
    table = schema.run
    row = connection.execute(select(table.c.phase, table.c.cursor).where(table.c.id == run.id)).one()
    return replace(run, phase=row.phase, cursor=row.cursor, pages=pages_of(connection, run.id))


def restarted(connection: Connection, run: Run, start: str) -> Run:
    """The run with its listing to be read from ``start`` again. The pages that it recorded stay: they were looked at.

    What is counted a page at a time is counted anew; ``restarts`` and ``pages`` say what was asked for twice.
    """
    table = schema.run
    counts = orjson.loads(connection.execute(select(table.c.counts).where(table.c.id == run.id)).scalar() or "{}")
    counts |= {"seen": 0, "gated": 0, "malformed": 0, "restarts": counts.get("restarts", 0) + 1}
    values = {"counts": orjson.dumps(counts).decode(), "cursor": start}
    connection.execute(update(table).where(table.c.id == run.id).values(values))
    return replace(run, cursor=start)


def distinct_seen(connection: Connection, run: Run) -> int:
    """How many subjects the run's pages showed, each counted once."""
    pages = schema.look_page
    seen: set[int] = set()
    for packed in connection.execute(select(pages.c.seen).where(pages.c.run_id == run.id)).scalars():
        seen.update(unpack_ids(packed))
    return len(seen)
