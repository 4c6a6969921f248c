"""Opens the database: SQLite (a file, WAL) by default, PostgreSQL by URL; migrates it where its schema is older.

SQLite: https://www.sqlite.org/wal.html; the pragmas are set on every connection, since they are per connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError, ProgrammingError

from storage.bulk import copies_rows

HEAD: Final = "0010"
"""The newest migration; a test holds it against ``storage/migrations/versions``."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "cache_size=-32768",
    # 256 MiB: a first sweep touches the same leaves of the index of keys again and again, and each is copied once.
    "wal_autocheckpoint=65536",
)
_DRIVERS: Final = ("sqlite", "sqlite+pysqlite", "postgresql+psycopg")
CONNECT_SECONDS: Final = 15
"""How long a PostgreSQL server may take to answer at all; ``?connect_timeout=SECONDS`` says otherwise."""
BUSY_SECONDS: Final = 60
"""How long a transaction waits for another program's lock; ``?timeout=SECONDS`` in an SQLite URL says otherwise."""

_WRITER_LOCK: Final = 0x414A4152  # "AJAR"


class StoreError(RuntimeError):
    """The database cannot be used; the message says what to do."""


def is_full(error: DBAPIError) -> bool:
    """Whether there is no space for what was to be written (or the disk refuses it)."""
    words = ("disk is full", "disk I/O error")
    return any(word in str(error.orig) for word in words) or getattr(error.orig, "sqlstate", None) == "53100"


def trouble(error: DBAPIError) -> str:
    """What an error of the database means for people, and what to do about it."""
    said = str(error.orig).strip().partition("\n")[0]
    if is_full(error):
        return f"the database cannot be written ({said}); free some space on its disk"
    if "locked" in said or getattr(error.orig, "sqlstate", None) == "55P03":
        return f"another program holds a lock on the database ({said}); end it"
    if isinstance(error, OperationalError | InterfaceError):
        return f"the database went away ({said}); see that it is up"
    return f"the database refused ({said})"


def database_url(text_url: str) -> URL:
    """The SQLAlchemy URL; ``postgresql:`` and ``postgres:`` are taken with the driver that we ship."""
    try:
        url = make_url(text_url)
    except ArgumentError:
        raise StoreError(
            "AJAR_DATABASE_URL is not a database URL; write sqlite:///ajar.db or postgresql://user@host/name"
        ) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"AJAR_DATABASE_URL names {url.get_backend_name()}; Ajar keeps SQLite and PostgreSQL")
    if url.drivername not in _DRIVERS:
        raise StoreError(f"AJAR_DATABASE_URL names the driver {url.drivername}; write sqlite:// or postgresql://")
    return url


def patient(url: URL) -> URL:
    """The URL with the bounds of patience that it does not name itself: nothing waits for ever."""
    name, seconds = (
        ("timeout", BUSY_SECONDS) if url.get_backend_name() == "sqlite" else ("connect_timeout", CONNECT_SECONDS)
    )
    return url if name in url.query else url.update_query_dict({name: str(seconds)})


def open_engine(text_url: str) -> Engine:
    """An engine whose database exists and has today's schema. Raises :class:`StoreError`."""
    url = database_url(text_url)
    engine = bare_engine(url)
    try:
        _migrate(engine)
    except DatabaseError as error:  # that of a file which is no database among them
        shown = url.render_as_string(hide_password=True)
        raise StoreError(f"the database {shown} cannot be opened: {error.orig}; check AJAR_DATABASE_URL") from None
    return engine


def bare_engine(url: URL) -> Engine:
    """An engine of a database as it stands, whatever its schema; an SQLite file is made where there is none."""
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        Path(url.database).expanduser().parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(patient(url))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connection)
        event.listen(engine, "begin", _sqlite_begin)
    else:
        event.listen(engine, "connect", _postgresql_connection)
        copies_rows(engine)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that holds the writer's lock from its first statement; it commits unless something is raised."""
    with engine.connect().execution_options(ajar_writer=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER_LOCK})
        yield connection


def _sqlite_connection(raw: Any, _record: object) -> None:
    raw.isolation_level = None  # transactions are begun by _sqlite_begin, so that a writer can take its lock at once
    cursor = raw.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _postgresql_connection(raw: Any, _record: object) -> None:
    with raw.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
    raw.commit()


def _sqlite_begin(connection: Connection) -> None:
    writer = connection.get_execution_options().get("ajar_writer")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")


def schema_version(engine: Engine) -> str | None:
    """The migration that the database stands at, None for an empty one."""
    try:
        with engine.connect() as connection:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except (OperationalError, ProgrammingError) as error:
        if "alembic_version" in str(error.orig):
            return None
        raise


def _migrate(engine: Engine) -> None:
    found = schema_version(engine)
    if found == HEAD:
        return
    if is_newer(found):
        if is_foreign(found):
            raise StoreError(f"the database is another program's (its schema is {found}); give Ajar one of its own")
        raise StoreError(f"the database has schema {found}, newer than this Ajar ({HEAD}); upgrade Ajar")
    migrate(engine)


def is_newer(version: str | None) -> bool:
    """Whether a migration is one that this Ajar does not know. Their numbers need not be in order."""
    known = {path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")}
    return version is not None and version not in known


def is_foreign(version: str | None) -> bool:
    """Whether a migration is no number of ours: Prefect, for one, keeps a table of the same name."""
    return version is not None and not version.isdigit()


def migrate(engine: Engine, to: str = "head") -> None:
    """Bring the schema to a migration."""
    # Alembic costs a tenth of a second to import, and almost every start finds the schema as it should be.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)
