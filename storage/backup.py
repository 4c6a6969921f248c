"""A backup: one file that holds the whole database, of either kind, and from which either kind is made again.

It is a ZIP file of two members: ``ajar.db``, an SQLite database with our schema, and ``manifest.json``, which says what
that holds and its SHA-256. So a history moves from SQLite to PostgreSQL and back, and ``unzip`` makes a backup a
database that ``ajar --db`` can be asked about. An SQLite database is copied by SQLite's online backup, a PostgreSQL one
in one repeatable-read transaction; both give the database as of one instant, while a night goes on writing.

A database that is older than this Ajar is copied as it is: one backs up before one upgrades.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson
from sqlalchemy import Engine, MetaData, Table, func, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from storage import schema
from storage.bulk import chunks, insert_rows
from storage.engine import StoreError, bare_engine, database_url, is_newer, migrate, schema_version

MANIFEST: Final = "manifest.json"
DATABASE: Final = "ajar.db"
FORM: Final = 1
ROWS_AT_ONCE: Final = 5_000
_PIECE: Final = 1 << 20
_VERSION_TABLE: Final = "alembic_version"


class BackupError(StoreError):
    """The backup cannot be made, or cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: the database's schema, its bytes and their SHA-256, the rows of each table."""

    form: int
    ajar: str
    schema: str
    kind: str
    made_at: str
    size: int
    sha256: str
    rows: Mapping[str, int]


def back_up(text_url: str, path: Path, now: datetime, ajar: str, *, force: bool = False) -> Manifest:
    """Write a backup of the database to ``path``, read it again and hold it against what was written.

    Nothing is at ``path`` before it is whole. Raises BackupError, and OSError where the file cannot be written.
    """
    url = database_url(text_url)
    if path.exists() and not force:
        raise BackupError(f"{path} is there already; name another file, or overwrite it with --force")
    with _folder_beside(path) as folder:
        copy = folder / DATABASE
        version = _copy_sqlite(url, copy) if url.get_backend_name() == "sqlite" else _copy_rows(url, copy)
        size, sha256 = _measure(copy)
        rows = _sound(copy)
        manifest = Manifest(FORM, ajar, version, url.get_backend_name(), now.isoformat(), size, sha256, rows)
        draft = folder / "backup.zip"
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            file.write(copy, DATABASE)
            file.writestr(MANIFEST, orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2))
        copy.unlink()
        with unpacked(draft, folder) as (again, _):
            if again != manifest:
                raise BackupError("the backup does not read as it was written; is the disk sound?")
        _publish(draft, path, force)
    return manifest


def _publish(draft: Path, path: Path, force: bool) -> None:
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    if force:
        draft.replace(path)
        return
    try:
        path.hardlink_to(draft)  # unlike a rename, refuses where somebody else was faster
    except FileExistsError:
        raise BackupError(f"{path} is there already; name another file, or overwrite it with --force") from None
    except OSError:  # a file system without hard links
        draft.replace(path)


@contextmanager
def _folder_beside(path: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=".ajar-", dir=path.absolute().parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# -- out of the database -----------------------------------------------------------------------------------------------
def _copy_sqlite(url: URL, copy: Path) -> str:
    source = Path(url.database or "")
    if not source.is_file():
        raise BackupError(f"there is no database at {source}; AJAR_DATABASE_URL or --db names it")
    engine = bare_engine(url)
    version = _version(engine)
    engine.dispose()
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(copy)) as new:
            # All pages in one step: a copy in several begins anew each time that somebody writes.
            old.backup(new, pages=-1)
            new.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    except sqlite3.Error as error:
        raise BackupError(f"{source} cannot be copied: {error}") from error
    return version


def _copy_rows(url: URL, copy: Path) -> str:
    """Copy a PostgreSQL database, row by row, into an SQLite file of the same schema."""
    source = bare_engine(url)
    target = bare_engine(URL.create("sqlite", database=str(copy)))
    try:
        version = _version(source)
        migrate(target, version)
        with source.connect().execution_options(isolation_level="REPEATABLE READ") as reading, reading.begin():
            for table in _tables(target):
                rows = reading.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table))
                for part in chunks(map(tuple, rows), ROWS_AT_ONCE):
                    with target.begin() as writing:
                        insert_rows(writing, table, part)
        with closing(target.raw_connection()) as raw:
            raw.cursor().execute("PRAGMA journal_mode=DELETE")
    except SQLAlchemyError as error:
        raise BackupError(f"the database cannot be copied: {getattr(error, 'orig', None) or error}") from error
    finally:
        source.dispose()
        target.dispose()
    return version


def _version(engine: Engine) -> str:
    try:
        version = schema_version(engine)
    except DBAPIError as error:
        raise BackupError(f"the database cannot be read: {error.orig}") from error
    if version is None:
        raise BackupError("the database is empty: there is nothing to back up")
    if is_newer(version):
        raise BackupError(f"the database has schema {version}, which this Ajar does not know; upgrade Ajar")
    return version


def _tables(engine: Engine) -> list[Table]:
    """Our tables as they are in a database, Alembic's aside."""
    metadata = MetaData()
    metadata.reflect(engine)
    return [table for table in metadata.sorted_tables if table.name != _VERSION_TABLE]


def count_rows(engine: Engine) -> dict[str, int]:
    """Table → number of its rows."""
    with engine.connect() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in _tables(engine)
        }


# -- out of the file ---------------------------------------------------------------------------------------------------
@contextmanager
def unpacked(path: Path, folder: Path) -> Iterator[tuple[Manifest, Path]]:
    """The manifest of a backup, and its database in a file of ``folder``, both sound. Raises BackupError.

    A backup may come from anywhere: two members are accepted, no more is unpacked than the manifest says and the disk
    holds, and the database may hold our tables and their indices only.
    """
    copy = folder / DATABASE
    damaged = f"{path} is no backup of Ajar's, or it is damaged"
    try:
        with zipfile.ZipFile(path) as file:
            manifest = _manifest(file)
            if manifest.size > shutil.disk_usage(folder).free:
                raise BackupError(f"{path} unpacks to {manifest.size / 1e9:.1f} GB, for which {folder} has no room")
            with file.open(DATABASE) as packed, copy.open("wb") as out:
                _unpack(packed, out, manifest)
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        if isinstance(error, BackupError):
            raise
        raise BackupError(f"{damaged}: {error}") from error
    except Exception as error:
        if type(error).__module__ == "zlib":
            raise BackupError(f"{damaged}: {error}") from error
        raise
    try:
        if is_newer(manifest.schema):
            raise BackupError(f"{path} has schema {manifest.schema}, which this Ajar does not know; upgrade Ajar")
        if _sound(copy) != manifest.rows or _stated(copy) != manifest.schema:
            raise BackupError(f"{damaged}: it does not hold what it says")
        yield manifest, copy
    finally:
        copy.unlink(missing_ok=True)


def _manifest(file: zipfile.ZipFile) -> Manifest:
    if sorted(info.filename for info in file.infolist()) != [DATABASE, MANIFEST]:
        raise BackupError("it is no backup of Ajar's: a backup holds ajar.db and manifest.json and nothing else")
    with file.open(MANIFEST) as member:
        fields = orjson.loads(member.read(_PIECE))
    try:
        manifest = Manifest(**fields)
        texts = (manifest.ajar, manifest.schema, manifest.kind, manifest.made_at, manifest.sha256)
        numbers = (manifest.form, manifest.size, *manifest.rows.values())
    except (TypeError, AttributeError) as error:
        raise ValueError("its manifest is none") from error
    if not all(isinstance(t, str) for t in texts) or not all(type(n) is int and n >= 0 for n in numbers):
        raise ValueError("its manifest is none")
    if manifest.form != FORM:
        raise BackupError(f"the backup has form {manifest.form}, which this Ajar does not know; upgrade Ajar")
    return manifest


def _unpack(packed: Any, out: BinaryIO, manifest: Manifest) -> None:
    digest, left = hashlib.sha256(), manifest.size
    while piece := packed.read(_PIECE):
        left -= len(piece)
        if left < 0:
            raise ValueError("it holds more than it says")
        digest.update(piece)
        out.write(piece)
    if left or digest.hexdigest() != manifest.sha256:
        raise ValueError("its database is not the one that was written")


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _sound(path: Path) -> dict[str, int]:
    """The rows of each table of an SQLite file that is whole and holds tables and indices only."""
    with _looking(path) as connection:
        said = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if said != "ok":
            raise BackupError(f"the database in the backup is damaged: {said}")
        found = connection.execute("SELECT type, name FROM sqlite_master").fetchall()
        if strange := sorted({kind for kind, _ in found} - {"table", "index"}):
            raise BackupError(f"the database in the backup holds what ours never do: a {strange[0]}")
        tables = {name for kind, name in found if kind == "table" and not name.startswith("sqlite_")}
        ours = tables & schema.metadata.tables.keys()
        if strange := sorted(tables - ours - {_VERSION_TABLE}):
            raise BackupError(f"the database in the backup holds a table that is not ours: {strange[0]}")
        counts = ((name, connection.execute(f'SELECT count(*) FROM "{name}"')) for name in sorted(ours))  # noqa: S608
        return {name: found.fetchone()[0] for name, found in counts}


def _stated(path: Path) -> str:
    with _looking(path) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else ""


@contextmanager
def _looking(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA trusted_schema=OFF")
            yield connection
    except sqlite3.Error as error:
        raise BackupError(f"the database in the backup is damaged: {error}") from error
