"""Alembic's entry: migrates over the connection that the store hands in (or over AJAR_DATABASE_URL, for developers)."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection, create_engine

from storage.engine import database_url
from storage.schema import metadata


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


_handed = context.config.attributes.get("connection")
if _handed is not None:
    _run(_handed)
else:
    with create_engine(database_url(os.environ.get("AJAR_DATABASE_URL", "sqlite:///ajar.db"))).begin() as _connection:
        _run(_connection)
