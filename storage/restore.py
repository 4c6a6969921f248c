"""Makes a database again from a backup (:mod:`storage.backup`): an empty one of either kind, in one transaction.

The backup's database is brought to today's schema first, in a copy, so that the target is written once and whole.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from storage import schema
from storage.backup import ROWS_AT_ONCE, BackupError, Manifest, count_rows, unpacked
from storage.engine import bare_engine, database_url, migrate, open_engine, writing
from storage.lock import run_lock

_TABLES: Final = schema.metadata.sorted_tables


def check_backup(path: Path) -> Manifest:
    """Unpack a backup beside nothing, hold it against its manifest, and say what it holds. Raises BackupError."""
    with tempfile.TemporaryDirectory(prefix="ajar-") as folder, unpacked(path, Path(folder)) as (manifest, _):
        return manifest


def restore(path: Path, text_url: str) -> Manifest:
    """Fill the empty (or missing) database with what the backup holds. Raises BackupError, StoreError.

    Whatever is wrong with the backup is found before the database is touched.
    """
    url = database_url(text_url)
    beside = Path(url.database or ".").absolute().parent if url.get_backend_name() == "sqlite" else None
    if beside is not None:
        beside.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".ajar-", dir=beside) as folder,
        unpacked(path, Path(folder)) as (manifest, copy),
    ):
        source = bare_engine(URL.create("sqlite", database=str(copy)))
        try:
            _today(source, path)
            target = open_engine(text_url)
            try:
                with run_lock(target):
                    (_fill_sqlite if target.dialect.name == "sqlite" else _fill_postgres)(source, target)
                    _same(source, target)
            finally:
                target.dispose()
        finally:
            source.dispose()
    return manifest


def _today(source: Engine, path: Path) -> None:
    """Bring the copy to today's schema, and see that it is ours, column by column."""
    try:
        migrate(source)
        with source.connect() as connection:
            for table in _TABLES:
                connection.execute(select(table).limit(1)).all()
    except (DBAPIError, KeyError, LookupError, ValueError) as error:
        why = getattr(error, "orig", None) or error
        raise BackupError(f"{path} does not hold our tables: {why}") from error


def _empty(counts: dict[str, int], target: Engine) -> None:
    if full := [name for name, number in counts.items() if number]:
        shown = target.url.render_as_string(hide_password=True)
        raise BackupError(
            f"{shown} is not empty ({counts[full[0]]:,} rows in {full[0]}); restore into a new database (--db), and "
            "put it in the old one's place when you have looked at it"
        )


def _fill_sqlite(source: Engine, target: Engine) -> None:
    _empty(count_rows(target), target)
    name = target.url.database or ""
    target.dispose()
    with closing(source.raw_connection()) as old, closing(sqlite3.connect(name)) as new:
        driver: Any = old.driver_connection
        driver.backup(new)  # a transaction of its own: all or nothing


def _fill_postgres(source: Engine, target: Engine) -> None:
    with writing(target) as connection:
        _empty(count_rows(target), target)
        raw: Any = connection.connection.driver_connection
        with source.connect() as reading:
            for table in _TABLES:
                names = ", ".join(f'"{column.name}"' for column in table.columns)
                rows = reading.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table))
                with raw.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
                    for row in rows:
                        copy.write_row(tuple(row))
        connection.execute(text("ANALYZE"))


def _same(source: Engine, target: Engine) -> None:
    wanted, found = count_rows(source), count_rows(target)
    if wanted != found:
        different = next(name for name in wanted if wanted[name] != found.get(name))
        raise BackupError(f"{different} has {found.get(different)} rows after the restore, and not {wanted[different]}")
