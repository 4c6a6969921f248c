"""What PostgreSQL's planner is told, so that a database that is filled in one night is asked by its indexes.

Its statistics are those of autovacuum's last visit: of a table that was empty a minute ago it knows nothing, takes a
key for one of two hundred values, and reads the whole table for each page of the listing. SQLite's needs no word: it
prefers an index.
"""

from __future__ import annotations

from typing import Final

import orjson
from sqlalchemy import Connection, select, text

from storage import schema

_TABLES: Final = (schema.subject, schema.observation, schema.interval, schema.document, schema.basis, schema.value)
_WORTH: Final = 10
"""Statistics are made anew where at least one row in so many is newer than they are."""


def by_index(connection: Connection) -> None:
    """Until the end of this transaction, ask for keys by their index: all that a page of the listing asks has one."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL enable_seqscan = off"))


def after_a_sweep(connection: Connection, run_id: int) -> None:
    """Make the statistics anew where a sweep found so many models that they tell of another database."""
    if connection.dialect.name != "postgresql":
        return
    run = schema.run
    counts = orjson.loads(connection.execute(select(run.c.counts).where(run.c.id == run_id)).scalar_one())
    known = connection.execute(text("SELECT reltuples FROM pg_class WHERE oid = CAST('subject' AS regclass)")).scalar()
    new = counts.get("new", 0)
    if new and new * _WORTH >= (known or 0):
        names = ", ".join(f'"{table.name}"' for table in _TABLES)
        connection.execute(text(f"ANALYZE {names}"))
