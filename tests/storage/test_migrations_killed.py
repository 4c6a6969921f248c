"""A migration that is killed in the middle: the database is as before, and the next start migrates it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from sqlalchemy import insert, select

from storage.engine import HEAD, bare_engine, migrate, open_engine, schema_version
from tests.conftest import ROOT
from tests.storage.test_migrations import some, tables_of, url_of

KILLED = """
import os, signal, sys
from sqlalchemy import Engine, event
from storage.engine import open_engine
left = int(sys.argv[2])

@event.listens_for(Engine, "after_cursor_execute")
def count(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

open_engine(sys.argv[1]).dispose()
"""


def test_a_migration_that_is_killed_leaves_the_database_as_it_was(database_url: str) -> None:
    older = bare_engine(url_of(database_url))
    migrate(older, "0001")
    before = {}
    for table in tables_of(older):
        before[table.name] = {column.name: some(column) for column in table.columns}
        with older.begin() as connection:
            connection.execute(insert(table).values(before[table.name]))
    older.dispose()
    ended = []
    for statements in (4, 9, 14, 19):
        command = [sys.executable, "-c", KILLED, database_url, str(statements)]
        done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, capture_output=True)
        ended.append(done.returncode)
        again = bare_engine(url_of(database_url))
        assert schema_version(again) == "0001", done.stderr
        assert {table.name for table in tables_of(again)} == before.keys()
        again.dispose()
    assert ended == [-signal.SIGKILL] * 4
    migrated = open_engine(database_url)
    assert schema_version(migrated) == HEAD
    with migrated.connect() as connection:
        for table in tables_of(migrated):
            found = [dict(row) for row in connection.execute(select(table)).mappings()]
            if row := before.get(table.name):
                assert [{name: one[name] for name in row} for one in found] == [row]
    migrated.dispose()
