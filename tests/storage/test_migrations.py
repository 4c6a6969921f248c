"""The migrations make the schema that the code speaks of, on both databases, and refuse what they do not know."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

import storage
from storage import schema
from storage.engine import HEAD, StoreError, database_url, open_engine, schema_version

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


def test_the_first_schema_is_migrated_with_its_data(database_url: str) -> None:
    url = database_url_of(database_url)
    engine = create_engine(url)
    with engine.begin() as connection:
        settings = config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001")
        connection.execute(text("INSERT INTO watch (target, added_at) VALUES ('hf:lab/a', 1)"))
    engine.dispose()
    migrated = open_engine(database_url)
    assert schema_version(migrated) == HEAD
    with migrated.connect() as connection:
        assert connection.execute(text("SELECT target FROM watch")).scalar() == "hf:lab/a"
    migrated.dispose()


def test_a_database_of_a_newer_ajar_is_left_alone(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match="newer than this Ajar"):
        open_engine(database_url)


def database_url_of(text_url: str) -> str:
    """The URL with the driver that the store takes."""
    return database_url(text_url).render_as_string(hide_password=False)
