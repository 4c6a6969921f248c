"""The migrations make the schema that the code speaks of, on both databases, and refuse what they do not know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Engine, MetaData, Table, insert, select, text
from sqlalchemy.engine import URL

import storage
from storage import schema
from storage.engine import HEAD, StoreError, bare_engine, database_url, migrate, open_engine, schema_version

MIGRATIONS = str(Path(storage.__file__).parent / "migrations")


def config() -> Config:
    """Alembic's view of our migrations."""
    found = Config()
    found.set_main_option("script_location", MIGRATIONS)
    return found


def test_the_newest_migration_is_the_one_that_the_store_asks_for() -> None:
    assert ScriptDirectory.from_config(config()).get_current_head() == HEAD


def test_migrations_and_tables_are_alike(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
    engine.dispose()


@pytest.mark.parametrize("version", [path.name[:4] for path in sorted(Path(MIGRATIONS, "versions").glob("0*.py"))])
def test_every_schema_is_migrated_with_its_data(database_url: str, version: str) -> None:
    """A row in each table of that schema is there in today's, column by column."""
    older = bare_engine(url_of(database_url))
    migrate(older, version)
    before = {}
    for table in tables_of(older):
        row = {column.name: some(column) for column in table.columns}
        with older.begin() as connection:
            connection.execute(insert(table).values(row))
        before[table.name] = row
    older.dispose()
    migrated = open_engine(database_url)
    assert schema_version(migrated) == HEAD
    assert {"run", "subject", "document", "observation", "interval", "revision", "watch"} <= before.keys()
    with migrated.connect() as connection:
        for table in tables_of(migrated):
            found = [dict(row) for row in connection.execute(select(table)).mappings()]
            if table.name in before:
                assert [{name: row[name] for name in before[table.name]} for row in found] == [before[table.name]]
            else:
                assert found == []
        for table in schema.metadata.sorted_tables:
            connection.execute(select(table)).all()
    migrated.dispose()


def tables_of(engine: Engine) -> list[Table]:
    """The tables of a database, Alembic's aside."""
    metadata = MetaData()
    metadata.reflect(engine)
    return [table for table in metadata.sorted_tables if table.name != "alembic_version"]


def some(column: Column[Any]) -> object:
    """A value that a column can hold."""
    kind = column.type.python_type
    return {int: 7, str: "7", bytes: b"seven", bool: True}[kind]


def test_a_database_of_a_newer_ajar_is_left_alone(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match="newer than this Ajar"):
        open_engine(database_url)


def url_of(text_url: str) -> URL:
    """The URL with the driver that the store takes."""
    return database_url(text_url)
