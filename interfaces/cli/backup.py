"""The whole database in one file, and back: ``backup`` and ``restore``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interfaces.cli.context import App
from interfaces.cli.errors import AjarError, Exit
from interfaces.cli.options import common_options, json_option, pass_app
from interfaces.render import streams
from interfaces.render.clean import clean

if TYPE_CHECKING:
    from storage.backup import Manifest

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("backup")
@click.argument("file", metavar="FILE", type=_FILE)
@click.option("--force", is_flag=True, help="Overwrite FILE where it is there already.")
@json_option
@common_options
@pass_app
def backup_command(app: App, file: Path, force: bool, form: str | None) -> None:
    """Write the whole database to one file, while a night may go on writing.

    The file is read again and held against the database before it gets its name; it restores into SQLite and into
    PostgreSQL alike. Example: ajar backup ajar-2026-11-23.zip
    """
    from datetime import UTC, datetime

    from crawlers.settings import version
    from storage.backup import BackupError, back_up

    try:
        manifest = back_up(app.settings.database_url, file, datetime.now(UTC), version(), force=force)
    except BackupError as error:
        raise AjarError(str(error), Exit.WRONG_USE) from error
    except OSError as error:
        raise AjarError(f"{file} cannot be written: {error.strerror or error}") from error
    _say(app, f"{file} is written and verified", manifest, form)


@click.command("restore")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only verify FILE and say what it holds.")
@json_option
@common_options
@pass_app
def restore_command(app: App, file: Path, dry_run: bool, form: str | None) -> None:
    """Fill an empty database from a file that `ajar backup` wrote.

    The database that --db or AJAR_DATABASE_URL names must be empty or not there yet; an older backup is brought up to
    date. Example: ajar --db restored.db restore ajar-2026-11-23.zip
    """
    from storage.backup import BackupError
    from storage.restore import check_backup, restore

    try:
        manifest = check_backup(file) if dry_run else restore(file, app.settings.database_url)
    except BackupError as error:
        raise AjarError(str(error), Exit.WRONG_USE) from error
    except OSError as error:
        raise AjarError(f"{file} cannot be restored: {error.strerror or error}") from error
    _say(app, f"{file} is sound" if dry_run else f"{file} is restored", manifest, form)


def _say(app: App, what: str, manifest: Manifest, form: str | None) -> None:
    if form == "json":
        streams.write_document(asdict(manifest), app.out)
        return
    rows = ", ".join(f"{number:,} {name}" for name, number in sorted(manifest.rows.items()) if number)
    app.say(clean(f"{what}: schema {manifest.schema}, {manifest.size / 1e6:,.1f} MB, {rows or 'no rows'}"))
